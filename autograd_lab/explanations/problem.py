"""What is to be explained: a graph of numbers, the names of its parts, and the question asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.graph import Node, active_nodes, toposort
from autograd_lab.interpreters.fold import fold
from autograd_lab.interpreters.writing import named, write
from autograd_lab.notation import Formula

MAX_LISTED = 8  # names in an error message


@dataclass(frozen=True)
class Chain:
    """What the slide's chain of neurons is made of; lists run from neuron 1 to neuron n."""

    act: str
    cost: str
    weights: tuple[Node, ...]
    biases: tuple[Node, ...]
    sums: tuple[Node, ...]
    activations: tuple[Node, ...]
    x: Node
    y: Node | None

    @cached_property
    def is_sum(self) -> frozenset[Node | None]:
        """The z of every neuron, to ask whether a node is one."""
        return frozenset(self.sums)

    @property
    def size(self) -> int:
        return len(self.weights)


@dataclass(frozen=True)
class Problem:
    """A graph with names and a question.

    ``output`` is the graph as written, ``view`` the same with unnamed nodes folded away; readers
    of explanations walk ``view``, witnesses check ``output``.  ``names`` holds plain names of the
    nodes of both, ``formulas`` how each node of ``view`` follows from its inputs.
    """

    target: str
    heading: Formula
    output: Node
    view: Node
    leaves: dict[str, Node]
    names: dict[Node, str]
    formulas: dict[Node, Formula]
    raw: dict[Node, Node]
    wrt: tuple[str, ...]
    wrt_chosen: bool = False
    chain: Chain | None = None
    notes: tuple[str, ...] = ()
    symbolic_only: bool = False
    written: dict[Node, Formula] = field(default_factory=dict)
    shown: dict[str, Formula] = field(default_factory=dict)
    drawn: tuple[str, ...] = ()

    def label(self, name: str) -> str:
        """How a plain name is written in text."""
        return self.shown[name].text

    @property
    def output_name(self) -> str:
        return self.names[self.view]

    def quantities(self) -> list[Node]:
        """The nodes of ``view`` that are computed, inputs before their users."""
        return [node for node in toposort([self.view]) if node.op is not None]

    def asked(self) -> list[Node]:
        return [self.leaves[name] for name in self.wrt]


def problem(
    target: str,
    output: Node,
    leaves: Mapping[str, Node],
    names: Mapping[Node, str],
    wrt: Sequence[str] = (),
    **rest: object,
) -> Problem:
    """Fold the graph to its named nodes and check the question.

    ``names`` gives plain names to inner nodes of ``output`` and to the output itself; nodes
    without a name are folded into their users.
    """
    every = {**names, **{node: name for name, node in leaves.items()}}
    fixed = [x for x in toposort([output]) if x.op is None and x.name and x not in every]
    every |= {x: str(x.name) for x in fixed}  # numbers with a name, as in "a = 2; a*x"
    unknown = [name for name in wrt if name not in leaves]
    if unknown:
        raise UsageError(_unknown(unknown[0], list(leaves)))
    if not leaves:
        raise UsageError(
            "the expression has no variables, so there is no gradient to explain\n"
            '   Name one:   explain "x**2" --at x=3'
        )
    repeated = [name for i, name in enumerate(wrt) if name in wrt[:i]]
    if repeated:
        raise UsageError(f"--wrt {repeated[0]} is given twice; once is enough")
    shown = shown_names(every.values())
    written = {node: shown[name] for node, name in every.items()}
    inner = {node for node in names if node.op is not None}
    view, made = fold(output, inner)
    formulas = {made[node]: write(node, written) for node in inner}
    raw = {made[node]: node for node in every if node in made}
    return Problem(
        target=target,
        output=output,
        view=view,
        leaves=dict(leaves),
        names={**every, **{made[node]: name for node, name in every.items() if node in made}},
        written={**written, **{made[n]: f for n, f in written.items() if n in made}},
        formulas=formulas,
        raw=raw,
        wrt=tuple(wrt),
        shown=shown,
        **rest,  # type: ignore[arg-type]
    )


def shown_names(names: Iterable[str]) -> dict[str, Formula]:
    """Every name as mathematics; those that would look alike (x1 and x_1) as they are spelled."""
    found = {name: named(name) for name in names}
    twice = {text for text, n in Counter(f.text for f in found.values()).items() if n > 1}
    return {
        name: Formula(name, rf"\texttt{{{name}}}".replace("_", r"\_")) if f.text in twice else f
        for name, f in found.items()
    }


def _unknown(name: str, known: list[str]) -> str:
    listed = ", ".join(known[:MAX_LISTED]) + (", ..." if len(known) > MAX_LISTED else "")
    shown = name if len(name) <= 32 else name[:29] + "..."
    hint = did_you_mean(name, known)
    return f"--wrt {shown!r}: no such variable; {hint}choose one of {listed}"


def reaches(view: Node, x: Node) -> bool:
    """Whether the output depends on ``x`` at all."""
    return view in active_nodes(toposort([view]), [x])
