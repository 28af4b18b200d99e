"""A graph with fewer nodes: what has no name is folded into the operation that uses it.

The lecture's z = w a + b is two nodes to the engine and one to the reader.  Folding makes it one,
with an operation composed on the spot; every other reader takes the result like any graph.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from autograd_lab.graph import Node, Op, Pull, plain, toposort


class Step(NamedTuple):
    """One operation of a composition; it reads earlier results by position, inputs first."""

    op: Op
    reads: tuple[int, ...]
    attrs: tuple[tuple[str, Any], ...]


class Composition(NamedTuple):
    """Straight-line program over ``arity`` inputs and constants; its last step is the result."""

    arity: int
    constants: tuple[float, ...]
    steps: tuple[Step, ...]


def fold(output: Node, keep: Collection[Node]) -> tuple[Node, dict[Node, Node]]:
    """The graph of the output with only ``keep``, named leaves and the output as nodes.

    Returns the new output and the new node for each kept one.  Arrays stay as they are: only
    scalar nodes are folded.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> w, a, b = leaf(0.5, "w"), leaf(2.0, "a"), leaf(0.1, "b")
    >>> z, _ = fold(w * a + b, keep=[])
    >>> z, [x.name for x in z.inputs]
    (<add∘multiply 1.1>, ['w', 'a', 'b'])
    """
    kept = {*keep, output}
    made: dict[Node, Node] = {}
    ops: dict[Composition, Op] = {}
    for node in toposort([output]):
        if node.op is None:
            if node.name is not None or node in kept:
                made[node] = node
        elif node in kept:
            made[node] = _folded(node, made, ops)
    return made[output], made


def _folded(node: Node, made: dict[Node, Node], ops: dict[Composition, Op]) -> Node:
    inner = toposort([node], stop=made)
    inputs = _reading_order(node, made)
    if len(inner) - len(inputs) == 1 and node.op is not None:
        return _like(node, Node.of(node.op, [made[x] for x in node.inputs], node.value, node.attrs))
    constants = [x for x in inner if x.op is None and x not in made]
    place = {x: i for i, x in enumerate([*inputs, *constants])}
    steps = []
    for x in inner:
        if x not in place:
            assert x.op is not None
            reads = tuple(place[a] for a in x.inputs)
            steps.append(Step(x.op, reads, tuple(sorted(x.attrs.items()))))
            place[x] = len(place)
    program = Composition(len(inputs), tuple(x.value for x in constants), tuple(steps))
    if program not in ops:
        ops[program] = composed(program)
    return _like(node, Node.of(ops[program], [made[x] for x in inputs], node.value))


def _like(node: Node, new: Node) -> Node:
    new.name, new.scope = node.name, node.scope
    return new


def _reading_order(node: Node, made: dict[Node, Node]) -> list[Node]:
    """The kept nodes below, in the order in which the formula mentions them."""
    found: dict[Node, None] = {}
    seen: set[Node] = set()
    stack = list(reversed(node.inputs))
    while stack:
        x = stack.pop()
        if x in made:
            found.setdefault(x)
        elif x not in seen:
            seen.add(x)
            stack.extend(reversed(x.inputs))
    return list(found)


def composed(program: Composition) -> Op:
    """The operation that runs a composition, with all its faces."""
    name = "∘".join(step.op.name for step in reversed(program.steps))
    smooth = [step for step in program.steps if step.op.kink is not None]
    return Op(
        name,
        label=" ".join(step.op.label for step in reversed(program.steps)),
        forward=lambda *xs: _run(program, xs)[-1],
        vjp=tuple(_pull(program, i) for i in range(program.arity)),
        formula=lambda m, *xs: _formulas(program, m, xs)[-1],
        kink=(lambda *xs: _meets_kink(program, xs)) if smooth else None,
        selects=any(step.op.selects for step in program.steps),
    )


def _run(program: Composition, xs: Sequence[Any]) -> list[Any]:
    values = [*(plain(x) if not isinstance(x, Node) else x for x in xs), *program.constants]
    for op, reads, attrs in program.steps:
        values.append(op(*[values[i] for i in reads], **dict(attrs)))
    return values


def _formulas(program: Composition, m: Any, xs: Sequence[Any]) -> list[Any]:
    values = [*xs, *map(m.number, program.constants)]
    for op, reads, attrs in program.steps:
        numbers = {key: m.number(value) for key, value in attrs}
        values.append(op.formula(m, *[values[i] for i in reads], **numbers))
    return values


def _meets_kink(program: Composition, xs: Sequence[Any]) -> bool:
    values = _run(program, xs)
    first = len(values) - len(program.steps)
    return any(
        bool(step.op.kink(*[values[i] for i in step.reads], **dict(step.attrs)))
        for step in program.steps[: len(values) - first]
        if step.op.kink is not None
    )


def _pull(program: Composition, index: int) -> Pull:
    """Reverse mode along the straight line; works on values and on nodes, as every rule does."""

    def pull(g: Any, y: Any, *xs: Any) -> Any:  # noqa: ARG001
        values = _run(program, xs)
        adjoint: dict[int, Any] = {len(values) - 1: g}
        first = len(values) - len(program.steps)
        for at in range(len(values) - 1, first - 1, -1):
            if at not in adjoint:
                continue
            op, reads, attrs = program.steps[at - first]
            inputs = [values[i] for i in reads]
            for place, i in enumerate(reads):
                rule = op.pull(place)
                if rule is not None:
                    part = rule(adjoint[at], values[at], *inputs, **dict(attrs))
                    adjoint[i] = adjoint[i] + part if i in adjoint else part
        return adjoint.get(index, 0.0)

    return pull
