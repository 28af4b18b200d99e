"""Reverse mode: from an output and leaves to the gradient, as values or as another graph."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import GradientError, KinkWarning, warn_user
from autograd_lab.graph import Node, Value, active_nodes, constant, plain, quiet, sweep, toposort
from autograd_lab.ops import add, cast, equal, multiply, sum_to, where


def gradient(
    output: Node, leaves: Sequence[Node], *, create_graph: bool = False, warn: bool = True
) -> list[Any]:
    """d(sum of output)/d(leaf) for each leaf, of the leaf's shape; the graph stays as it is.

    Plain values by default.  With ``create_graph`` the answer is nodes, and can be differentiated,
    drawn and explained like any other.  A leaf that the output does not depend on gets zeros.
    Where a value lies on a kink, a KinkWarning names the operation; ``warn=False`` is silent.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> x = leaf(3.0, "x")
    >>> gradient(x * x, [x])
    [6.0]
    >>> (slope,) = gradient(x * x * x, [x], create_graph=True)
    >>> gradient(slope, [x])
    [18.0]
    """
    found = backward(output, leaves, create_graph=create_graph, warn=warn)
    slopes = [found[x] if x in found else _zeros(x, create_graph) for x in leaves]
    return slopes if create_graph else _separate(slopes)


def backward(
    output: Node, leaves: Sequence[Node], *, create_graph: bool = False, warn: bool = False
) -> dict[Node, Any]:
    """The adjoint d(sum of output)/d(node) of every node between the leaves and the output."""
    for x in leaves:
        if np.asarray(x.value).dtype.kind != "f":
            raise GradientError(
                f"{x!r} holds {x.dtype} values, which cannot change by small amounts; "
                "make it a float to differentiate by it"
            )
    order = toposort([output])
    _refuse_stale(order)
    if not create_graph and set(map(type, map(_value, order))) == {float}:
        adjoint = _backward_floats(order, output)
        if warn:
            _tell_kinks([node for node in order if node.op and node.op.kink and adjoint[node]])
        return adjoint
    active = active_nodes(order, leaves)
    if warn:
        _tell_kinks([node for node in order if node.op and node.op.kink and node in active])
    seed: Value = 1.0
    if type(output.value) is not float:
        seed = np.empty_like(output.value, subok=False)
        seed.fill(1.0)  # a third of the time of ones_like
        seed = plain(seed)
    if create_graph:
        guarded = any(node.op is not None and node.op.selects for node in order)
        pull = _pull_nodes(guarded)
        return sweep(order, {output: constant(seed)}, pull, operator.add, active)
    with quiet():
        found = _backward_values(order, output, seed, active)
        if all(_finite(found[x]) for x in leaves if x in found):
            return found
        # somewhere an infinite slope may have met an adjoint of 0; once more, and carefully
        return _backward_values(order, output, seed, active, careful=True)


_value = operator.attrgetter("value")
SUM, PRODUCT = add.vjp, multiply.vjp


def _refuse_stale(order: Sequence[Node]) -> None:
    """A variable that got a new value after it was used would give slopes at a mixture of both."""
    changed = {
        x for x in order if type(x) is not Node and getattr(x, "assigned", x.serial) > x.serial
    }
    for node in order if changed else ():
        for x in node.inputs:
            if x in changed and x.assigned > node.serial:  # type: ignore[attr-defined]
                raise GradientError(
                    f"{x!r} got a new value after {node!r} was calculated from the old one; "
                    "calculate the output again, then take its gradient"
                )


def _tell_kinks(nodes: Sequence[Node]) -> None:
    """Warn where a slope is a convention, naming each operation once."""
    hit: dict[str, tuple[int, int]] = {}
    for node in nodes:
        op = node.op
        assert op is not None
        assert op.kink is not None
        told = op.kink(*[x.value for x in node.inputs], **node.attrs)
        if told is False:
            continue
        on = np.asarray(told)
        if on.any():
            count, size = hit.get(op.name, (0, 0))
            hit[op.name] = (count + int(on.sum()), size + on.size)
    if hit:
        places = ", ".join(f"{name} ({count} of {size})" for name, (count, size) in hit.items())
        warn_user(
            f"kink: there is no derivative at some values of {places}; the slopes used there are "
            "conventions, listed in autograd_lab.KINKS",
            KinkWarning,
        )


def _backward_floats(order: Sequence[Node], output: Node) -> dict[Node, float]:
    """The adjoints in a graph of single numbers: one product and one sum for each edge.

    Nodes that depend on no leaf are walked too: to find them out would take longer.
    """
    adjoint = dict.fromkeys(order, 0.0)
    adjoint[output] = 1.0
    for node in reversed(order):
        op, left, right, g = node.op, node.left, node.right, adjoint[node]
        if g == 0.0 or op is None:  # nothing arrives: nothing passes, even if the slope is inf
            continue
        rules = op.vjp
        if rules is SUM:  # sums and products are most of such a graph
            adjoint[left] += g  # type: ignore[index]
            adjoint[right] += g  # type: ignore[index]
            continue
        if rules is PRODUCT:
            adjoint[left] += g * right.value  # type: ignore[index,union-attr]
            adjoint[right] += g * left.value  # type: ignore[index,union-attr]
            continue
        if type(right) is Node and not node.attrs and type(rules) is tuple:
            a, b = left.value, right.value  # type: ignore[union-attr]
            first, second = rules
            if first is not None:
                adjoint[left] += first(g, node.value, a, b)  # type: ignore[index]
            if second is not None:
                adjoint[right] += second(g, node.value, a, b)
            continue
        inputs = node.inputs
        values = [x.value for x in inputs]
        for i, x in enumerate(inputs):
            rule = op.pull(i)
            if rule is not None:
                adjoint[x] += float(rule(g, node.value, *values, **node.attrs))
    return adjoint


def _backward_values(
    order: Sequence[Node], output: Node, seed: Value, active: set[Node], careful: bool = False
) -> dict[Node, Value]:
    """``graph.sweep`` for plain values, written out: graphs of numbers spend their time here.

    ``careful``: 0 times an infinite slope is 0.
    """
    adjoint = {output: seed}
    so_far = adjoint.get
    for node in reversed(order):
        op, inputs = node.op, node.inputs
        g = so_far(node)
        if g is None or op is None or node not in active:
            continue
        y, attrs, rules = node.value, node.attrs, op.vjp
        # written out for two inputs: most nodes have two, and a comprehension is a call
        values = (
            (inputs[0].value, inputs[1].value)
            if len(inputs) == 2
            else tuple([x.value for x in inputs])
        )
        for i, x in enumerate(inputs):
            if x not in active:
                continue
            rule = rules[i] if type(rules) is tuple else op.pull(i)
            if rule is None:
                continue
            value = values[i]
            if type(g) is float and g == 0.0 and type(value) is float:
                carried: Value = 0.0  # nothing arrives: nothing passes, even if the slope is inf
            else:
                carried = rule(g, y, *values, **attrs) if attrs else rule(g, y, *values)
                if type(carried) is not float or type(value) is not float:
                    carried = _fitted(carried, g, node, i, values, careful)
            before = so_far(x)
            adjoint[x] = carried if before is None else before + carried
    return adjoint


def _fitted(
    carried: Value, g: Value, node: Node, i: int, values: tuple[Value, ...], careful: bool
) -> Value:
    """An array's adjoint in the shape and dtype of the input it belongs to."""
    x = values[i]
    if careful and not _finite(carried):
        carried = _kept_zero(carried, g, node.value, values, node, i)
    if np.shape(carried) != np.shape(x):  # x was broadcast on the way in: add the copies up
        carried = sum_to(carried, shape=np.shape(x))
    if type(x) is float:
        return float(carried)
    return carried if carried.dtype == x.dtype else carried.astype(x.dtype)


def _finite(x: Value) -> bool:
    """Whether all entries are finite; their sum tells it in one pass, unless it overflows."""
    if type(x) is float:
        return math.isfinite(x)
    return bool(np.isfinite(np.add.reduce(x, None)) or np.isfinite(x).all())


def _kept_zero(carried: Any, g: Any, y: Any, inputs: Sequence[Any], node: Node, i: int) -> Any:
    """0 times anything is 0 for an adjoint, or ``where`` would leak from the branch not taken.

    In a product of arrays an infinite entry counts only where an adjoint other than 0 meets it.
    """
    op = node.op
    assert op is not None
    if op.elementwise:
        return where(equal(g, 0.0), 0.0, carried)
    rule = op.pull(i)
    assert rule is not None
    pairs = list(zip(inputs, [np.asarray(x.value) for x in node.inputs], strict=True))
    # indices, masks and labels go into the rule as they are
    finite = [where(np.isfinite(v), x, 0.0) if v.dtype.kind == "f" else x for x, v in pairs]
    holes = [(~np.isfinite(v)).astype(float) if v.dtype.kind == "f" else v for _, v in pairs]
    arrives = np.not_equal(g.value if isinstance(g, Node) else g, 0.0).astype(float)
    met = rule(arrives, node.value, *holes, **node.attrs)
    return where(np.not_equal(met, 0.0), carried, rule(g, y, *finite, **node.attrs))


def _pull_nodes(guarded: bool) -> Callable[[Node, Node, int], Node]:
    """Carry an adjoint that is itself a node, so that the answer can be differentiated again.

    ``guarded``: somewhere a branch is not taken; there an infinite slope must not meet the zero
    adjoint at any later leaf values either, so the guard becomes part of the graph.
    """

    def pull(g: Node, node: Node, i: int) -> Node:
        x, op = node.inputs[i], node.op
        assert op is not None
        rule = op.pull(i)
        assert rule is not None
        carried: Node = rule(g, node, *node.inputs, **node.attrs)
        sound = np.isfinite(carried.value).all()
        if not sound or (guarded and op.elementwise and not op.bounded):
            carried = _kept_zero(carried, g, node, node.inputs, node, i)
        if carried.shape != x.shape:
            carried = sum_to(carried, shape=x.shape)
        if carried.dtype != x.dtype:
            carried = cast(carried, dtype=str(x.dtype))
        return carried

    return pull


def _zeros(x: Node, create_graph: bool) -> Any:
    zero = 0.0 if type(x.value) is float else np.zeros_like(x.value)
    return constant(zero) if create_graph else zero


def _separate(slopes: list[Value]) -> list[Value]:
    """No two answers share memory, and all can be written to."""
    seen: set[int] = set()
    for i, slope in enumerate(slopes):
        if isinstance(slope, np.ndarray):
            if id(slope) in seen or slope.base is not None or not slope.flags.writeable:
                slopes[i] = slope.copy()
            seen.add(id(slopes[i]))
    return slopes
