"""An explanation as data: what was asked, every number and symbol found, and what was checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from autograd_lab.errors import AutogradLabError
from autograd_lab.explanations.derivation import (
    Derivation,
    Slopes,
    Symbols,
    derive,
    extremes,
    factored,
)
from autograd_lab.explanations.problem import Problem
from autograd_lab.explanations.verdict import Bound, Verdict, bounds, judge, kinks
from autograd_lab.graph import Node, toposort
from autograd_lab.interpreters.paths import Edge, NaiveRun, naive
from autograd_lab.interpreters.writing import decimal, write
from autograd_lab.notation import Formula
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.explanations.underflow import Lost
    from autograd_lab.explanations.witnesses import Check

Mode = Literal["both", "symbolic", "numeric"]


@dataclass(frozen=True)
class Gradient:
    """d(output)/d(variable): its value, how many paths add up to it, and its extreme factors."""

    name: str
    value: Scaled
    paths: int
    biggest: Edge | None
    smallest: Edge | None


@dataclass(frozen=True)
class Explanation:
    """Everything ``explain`` found out about one problem; it renders itself.

    ``str`` and ``print`` give the text; ``text()``, ``markdown()``, ``latex()``, ``to_json()``,
    ``svg()``, ``png()``, ``pdf()``, ``dot()``, ``mermaid()`` and ``tikz()`` the other forms.  A
    notebook shows the picture and the text.
    """

    problem: Problem
    slopes: Slopes
    derivations: tuple[Derivation, ...]
    verdict: Verdict
    checks: tuple[Check, ...]
    mode: Mode = "both"
    expand: bool = False
    show_paths: bool = False
    show_steps: bool = False
    show_naive: bool = False
    seed: int | None = None
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def symbols(self) -> Symbols | None:
        return None if self.mode == "numeric" else Symbols(self.problem, self.expand)

    @cached_property
    def gradients(self) -> tuple[Gradient, ...]:
        """One for every variable, in the order of the formula."""
        found = []
        for name, x in self.problem.leaves.items():
            biggest, smallest = extremes(self.edges_of(x))
            found.append(
                Gradient(
                    name, self.slopes.gradient(x), self.slopes.count.get(x, 0), biggest, smallest
                )
            )
        return tuple(found)

    def edges_of(self, x: Node) -> dict[Edge, float]:
        """The edges on the paths from the output to ``x``."""
        seen, stack, found = {x}, [x], {}
        while stack:
            for edge in self.slopes.users(stack.pop()):
                found[edge] = self.slopes.on[edge]
                if edge.node not in seen:
                    seen.add(edge.node)
                    stack.append(edge.node)
        return found

    @cached_property
    def asked_edges(self) -> list[Edge]:
        """The edges of all asked-for gradients, from the leaves up to the output."""
        edges = {
            edge for name in self.problem.wrt for edge in self.edges_of(self.problem.leaves[name])
        }
        return sorted(edges, key=lambda edge: edge.node.serial)

    def edges_nodes(self, name: str) -> list[Node]:
        """The nodes on the paths to a variable, in the order in which reverse mode visits them."""
        edges = self.edges_of(self.problem.leaves[name])
        nodes = {edge.node for edge in edges} | {edge.source for edge in edges}
        return sorted(nodes, key=lambda node: -node.serial)

    @cached_property
    def bounds(self) -> tuple[Bound, ...]:
        return tuple(bounds(self.problem.chain)) if self.problem.chain else ()

    @cached_property
    def conditions(self) -> set[Node]:
        """What the conditions of the graph are computed from."""
        order = toposort([self.problem.view])
        return set(
            toposort(x for n in order for x in n.inputs if n.op is not None and n.op.name == "where"
                     and x is n.inputs[0])
        )  # fmt: skip

    @cached_property
    def kinks(self) -> list[Node]:
        """The nodes whose slope is a convention at these values."""
        return list(kinks(self.problem))

    @cached_property
    def lost(self) -> list[Lost]:
        """Values and slopes that are not 0 or infinite, though a float says so."""
        from autograd_lab.explanations.underflow import lost

        return [] if self.mode == "symbolic" else lost(self.problem, self.slopes)

    @cached_property
    def naive_runs(self) -> dict[str, NaiveRun]:
        """What the walk without topological order makes of each asked-for gradient."""
        view, on = self.problem.view, self.slopes.on
        return {name: naive(view, self.problem.leaves[name], on) for name in self.problem.wrt}

    def arithmetic(self, node: Node) -> Formula:
        """The node's formula with its inputs' numbers put in."""
        raw = self.problem.raw[node]
        numbers = {
            self.problem.raw.get(x, x): decimal(float(f"{float(x):.6g}")) for x in node.inputs
        }
        return write(raw, numbers)

    def factored(self, name: str) -> list[Formula]:
        """Reverse mode's lines for one variable."""
        return factored(self.problem, self.slopes, self.problem.leaves[name], self.symbols)

    def symbol(self, edge: Edge | None) -> str:
        """How a local derivative is called: its symbol, or the partial derivative."""
        if edge is None:
            return "–"
        if self.symbols is not None:
            return self.symbols.slope(edge).text
        above, below = self.problem.written[edge.node], self.problem.written[edge.source]
        return f"∂{above.text}/∂{below.text}"

    @property
    def failed(self) -> bool:
        """Whether a witness disagrees with reverse mode."""
        return any(check.status == "disagree" for check in self.checks)

    # --- renderings, each in a module of its own -------------------------------------------------

    def text(self, **options: Any) -> str:
        """The explanation for a terminal; options as in ``as_text.Style``."""
        from autograd_lab.explanations.as_text import render

        return render(self, **options)

    def markdown(self, **options: Any) -> str:
        """The explanation for a page that shows Markdown with $ formulas $."""
        from autograd_lab.explanations.as_markdown import render

        return render(self, **options)

    def latex(self, **options: Any) -> str:
        """The derivation as LaTeX, to be put into a document that loads amsmath."""
        from autograd_lab.explanations.as_latex import render

        return render(self, **options)

    def to_dict(self) -> dict[str, Any]:
        """The explanation under the keys of the versioned contract."""
        from autograd_lab.explanations.as_json import to_dict

        return to_dict(self)

    def to_json(self, indent: int | None = 2) -> str:
        from autograd_lab.explanations.as_json import render

        return render(self, indent)

    def diagram(self) -> Any:
        """The picture as data, for the renderers of ``autograd_lab.pictures``."""
        from autograd_lab.explanations.as_diagram import diagram

        return diagram(self)

    def svg(self, theme: str = "auto") -> str:
        from autograd_lab import pictures

        return pictures.to_svg(self.diagram(), theme=theme)  # type: ignore[arg-type]

    def png(self, theme: str = "light") -> bytes:
        from autograd_lab import pictures

        return pictures.to_png(self.diagram(), theme=theme)  # type: ignore[arg-type]

    def pdf(self, theme: str = "light") -> bytes:
        from autograd_lab import pictures

        return pictures.to_pdf(self.diagram(), theme=theme)  # type: ignore[arg-type]

    def dot(self) -> str:
        from autograd_lab import pictures

        return pictures.to_dot(self.diagram())

    def mermaid(self) -> str:
        from autograd_lab import pictures

        return pictures.to_mermaid(self.diagram())

    def tikz(self) -> str:
        from autograd_lab import pictures

        return pictures.to_tikz(self.diagram())

    def __str__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        bundle = {"text/plain": self.text(), "text/latex": self.latex()}
        with suppress(AutogradLabError):  # too large to draw: a notebook still shows the text
            bundle["image/svg+xml"] = self.svg()
        return bundle


Progress = Callable[[str, int, int], None]


def nothing(what: str, done: int = 0, total: int = 0) -> None:
    """The progress that shows nothing."""


def build(
    problem: Problem,
    mode: Mode = "both",
    expand: bool = False,
    progress: Progress = nothing,
    **show: Any,
) -> Explanation:
    """Derive, judge and check one problem."""
    from autograd_lab.explanations.witnesses import examine

    progress("local derivatives", 0, 0)
    slopes = Slopes(problem)
    symbols = None if mode == "numeric" else Symbols(problem, expand)
    derivations = tuple(derive(problem, slopes, x, symbols) for x in problem.asked())
    return Explanation(
        problem=problem,
        slopes=slopes,
        derivations=derivations,
        verdict=judge(problem, derivations),
        checks=examine(problem, slopes, mode != "numeric", progress),
        mode=mode,
        expand=expand,
        **show,
    )
