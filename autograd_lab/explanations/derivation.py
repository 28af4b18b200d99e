"""The chain rule along a problem's paths: factors, running products, sums over paths."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from autograd_lab.explanations.problem import Problem
from autograd_lab.graph import Node, active_nodes, toposort
from autograd_lab.interpreters import paths
from autograd_lab.interpreters.paths import Edge, Path
from autograd_lab.notation import Formula
from autograd_lab.scaled import Scaled

MAX_PATHS = 1000
TINY = 2.2250738585072014e-308  # below it a float loses digits, then everything


@dataclass(frozen=True)
class Factor:
    """One local derivative of a path.

    ``partial`` is ∂z₄/∂a₃, ``written`` the same with z₄ spelled out, ``symbol`` what SymPy makes
    of it (None when symbols were not asked for).  ``running`` is the product down to here, and
    ``equals`` the gradients that it is: names of nodes n such that it equals d(output)/dn.
    """

    edge: Edge
    partial: Formula
    written: Formula
    symbol: Formula | None
    value: float
    running: Scaled
    equals: tuple[str, ...]


@dataclass(frozen=True)
class PathProduct:
    """One path's factors and product, and its part of the sum over all paths."""

    factors: tuple[Factor, ...]
    product: Scaled
    share: float | None


@dataclass(frozen=True)
class Derivation:
    """d(output)/d(wrt) as a sum over ``count`` paths, of which the first ones are listed."""

    wrt: str
    count: int
    paths: tuple[PathProduct, ...]
    total: Scaled
    closed_form: Formula | None = None
    expanded_form: Formula | None = None


class Slopes:
    """Every local derivative, adjoint and path count of a problem, computed once."""

    def __init__(self, problem: Problem) -> None:
        leaves = list(problem.leaves.values())
        self.problem = problem
        self.on = paths.slopes(problem.view, leaves)
        self.adjoint = paths.adjoints(problem.view, leaves, self.on)
        self.count = paths.count(problem.view, leaves)
        self._users: dict[Node, list[Edge]] = {}
        for edge in self.on:
            self._users.setdefault(edge.source, []).append(edge)

    def gradient(self, node: Node) -> Scaled:
        return self.adjoint.get(node, Scaled.of(0.0))

    @cached_property
    def _magnitudes(self) -> dict[Node, Scaled]:
        sizes = {edge: abs(v) for edge, v in self.on.items()}
        return paths.adjoints(self.problem.view, list(self.problem.leaves.values()), sizes)

    def magnitude(self, node: Node) -> Scaled:
        """The sum of the sizes of all paths' products, which cancellation leaves untouched."""
        return self._magnitudes.get(node, Scaled.of(0.0))

    def loses_digits(self, x: Node) -> bool:
        """Whether a slope between the output and ``x`` is beyond what a float can hold."""
        active = active_nodes(toposort([self.problem.view]), [x])
        return any(
            edge.source in active and (not math.isfinite(v) or abs(v) < TINY)
            for edge, v in self.on.items()
        )

    def users(self, node: Node) -> list[Edge]:
        """The edges that arrive at a node from above."""
        return self._users.get(node, [])

    def passes_on(self, node: Node) -> list[Node]:
        """Leaves whose gradient equals the node's: its inputs over a slope of exactly 1."""
        return [
            x
            for i, x in enumerate(node.inputs)
            if x.op is None and len(self.users(x)) == 1 and self.on.get(Edge(node, i)) == 1.0
        ]


def derive(
    problem: Problem, slopes: Slopes, x: Node, symbols: Symbols | None, limit: int = MAX_PATHS
) -> Derivation:
    """The chain rule for one leaf, path by path."""
    total = slopes.gradient(x)
    found = paths.enumerate_paths(problem.view, x, limit)
    parts: dict[Edge, _Parts] = {}  # paths share edges
    for edge in {edge for path in found for edge in path.edges}:
        parts[edge] = _parts(problem, slopes, edge, symbols)
    products = tuple(_along(slopes, path, total, parts) for path in found)
    closed = symbols.closed_form(x) if symbols else None
    return Derivation(
        wrt=problem.names[x], count=slopes.count.get(x, 0), paths=products, total=total,
        closed_form=closed,
    )  # fmt: skip


class _Parts(NamedTuple):
    """What a factor is, whichever path it is on."""

    partial: Formula
    written: Formula
    symbol: Formula | None
    equals: tuple[str, ...]


def _parts(problem: Problem, slopes: Slopes, edge: Edge, symbols: Symbols | None) -> _Parts:
    equals: list[Node] = []
    if slopes.count.get(edge.source) == 1:
        equals = [edge.source, *slopes.passes_on(edge.source)]
    return _Parts(
        partial=partial(problem, edge.node, edge.source),
        written=_written_out(problem, edge),
        symbol=symbols.slope(edge) if symbols else None,
        equals=tuple(problem.names[node] for node in equals),
    )


def _along(slopes: Slopes, path: Path, total: Scaled, parts: Mapping[Edge, _Parts]) -> PathProduct:
    factors: list[Factor] = []
    running = Scaled.of(1.0)
    for edge in path.edges:
        if running.mantissa:  # nothing passes on where nothing arrives
            running = running * slopes.on[edge]
        part = parts[edge]
        factors.append(
            Factor(
                edge, part.partial, part.written, part.symbol, slopes.on[edge], running, part.equals
            )
        )
    share = float(running / total) if total.mantissa and total.is_finite else None
    return PathProduct(tuple(factors), running, share)


def partial(problem: Problem, node: Node, x: Node) -> Formula:
    """∂node/∂x."""
    above, below = problem.written[node], problem.written[x]
    return Formula(
        f"∂{above.text}/∂{below.text}",
        rf"\frac{{\partial {above.latex}}}{{\partial {below.latex}}}",
    )


def _written_out(problem: Problem, edge: Edge) -> Formula:
    """The slide's second form: ∂(w₄·a₃ + b₄)/∂a₃ where a node is a sum, else as in the first."""
    chain = problem.chain
    if chain is None or problem.raw.get(edge.node) not in chain.is_sum:
        return partial(problem, edge.node, edge.source)
    above, below = problem.formulas[edge.node], problem.written[edge.source]
    return Formula(
        f"∂({above.text})/∂{below.text}",
        rf"\frac{{\partial \left({above.latex}\right)}}{{\partial {below.latex}}}",
    )


def at_kink(node: Node) -> bool:
    """Whether the slope of a node is a convention at its inputs' values."""
    return bool(
        node.op is not None
        and node.op.kink is not None
        and node.op.kink(*[x.value for x in node.inputs], **node.attrs)
    )


class Symbols:
    """SymPy's part of a derivation; making one imports SymPy."""

    def __init__(self, problem: Problem, expand: bool = False) -> None:
        from autograd_lab.interpreters import algebra

        self._algebra: Any = algebra
        self._problem = problem
        self._expand = expand
        self._by_convention = {
            node
            for node in toposort([problem.view])
            if node.op is not None and node.op.name in ("maximum", "minimum") and at_kink(node)
        }

    def slope(self, edge: Edge) -> Formula:
        """The local derivative as a formula; by its name where the slope is a convention."""
        problem = self._problem
        found: Formula | None = None
        if edge.node not in self._by_convention:
            found = self._algebra.local_slope(edge.node, edge.place, problem.written, self._expand)
        return found or partial(problem, edge.node, edge.source)

    def closed_form(self, x: Node) -> Formula | None:
        """The whole derivative as one formula, None where it would be too long."""
        if not self._algebra.fits_closed_form(self._problem.view):
            return None
        found: Formula | None = self._algebra.closed_form(
            self._problem.view, x, self._problem.written, self._expand
        )
        return found


def factored(problem: Problem, slopes: Slopes, x: Node, symbols: Symbols | None) -> list[Formula]:
    """Reverse mode as lines of formulas: each shared part is used, not multiplied out again.

    ∂y/∂b = ∂y/∂v₁·1 + ∂y/∂v₂·1, once for every node that several paths meet at.
    """
    lines: list[Formula] = []
    top = problem.view
    active = active_nodes(toposort([top]), [x])
    for node in reversed(toposort([top])):
        edges = [edge for edge in slopes.users(node) if edge.node in active]
        if node not in active or node is top or (len(edges) < 2 and node is not x):
            continue
        terms = [_term(problem, edge, symbols) for edge in edges]
        left = partial(problem, top, node)
        lines.append(
            Formula(
                f"{left.text} = " + " + ".join(t.text for t in terms),
                f"{left.latex} = " + " + ".join(t.latex for t in terms),
            )
        )
    return lines


def _term(problem: Problem, edge: Edge, symbols: Symbols | None) -> Formula:
    slope = symbols.slope(edge) if symbols else partial(problem, edge.node, edge.source)
    slope = bracketed(slope)
    if edge.node is problem.view:
        return slope
    above = partial(problem, problem.view, edge.node)
    return Formula(f"{above.text}·{slope.text}", rf"{above.latex} \cdot {slope.latex}")


def bracketed(formula: Formula) -> Formula:
    """In brackets if it is a sum or starts with a sign, so that it can be a factor."""
    plain = formula.text
    level, sums = 0, plain.startswith("−")
    for i, c in enumerate(plain):
        level += (c == "(") - (c == ")")
        sums |= level == 0 and i > 0 and c in "+−" and plain[i - 1] == " "
    return Formula(f"({plain})", rf"\left({formula.latex}\right)") if sums else formula


def extremes(on_path: Mapping[Edge, float]) -> tuple[Edge | None, Edge | None]:
    """The edges with the biggest and the smallest factor in size; a factor of 1 is neither.

    With a single factor left there is nothing to compare: it is the smallest if it shrinks, else
    the biggest.
    """
    sized = sorted(
        ((abs(v), edge) for edge, v in on_path.items() if abs(v) != 1.0), key=lambda pair: pair[0]
    )
    if not sized:
        return None, None
    if len(sized) == 1:
        size, edge = sized[0]
        return (None, edge) if size < 1 else (edge, None)
    return sized[-1][1], sized[0][1]
