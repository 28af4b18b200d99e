"""Forward mode: tangents of the leaves in, tangents of the outputs out, by the reverse rules.

No second table of rules stands beside the first, so none can disagree with it.  Reverse mode
multiplies by the transpose of an operation's Jacobian.  For an elementwise operation that matrix
is diagonal and its own transpose: the very same rule carries a tangent.  For the others the rule
is linear in g, so its own gradient by g turns it round (the double-vjp trick, one operation at a
time; Townsend 2017, "A new trick for calculating Jacobian vector products").  Over the whole
graph at once the trick would differentiate through the guards that keep a zero adjoint zero.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node, constant, leaf, toposort
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import graft
from autograd_lab.ops import broadcast_to, cast, equal, sum, where


def push(
    outputs: Sequence[Node], tangents: Mapping[Node, Any], *, create_graph: bool = False
) -> list[Any]:
    """The tangent of each output, of its shape and dtype: sum of d(output)/d(leaf) tangent(leaf).

    Plain values by default; with ``create_graph`` nodes, for tangents that are nodes.  An output
    that does not depend on the leaves gets zeros.  A tangent of 0 stays 0 behind an infinite slope.

    >>> from autograd_lab.graph import leaf
    >>> x, y = leaf(3.0, "x"), leaf(2.0, "y")
    >>> push([x * y], {x: 1.0, y: 10.0})
    [32.0]
    """
    found: dict[Node, Any] = dict(tangents)
    carry = _carry_node if create_graph else _carry_value
    with np.errstate(all="ignore"):
        for node in toposort(outputs, stop=tangents):
            if node.op is None or node in found:
                continue
            parts = [
                carry(node, i, found[x])
                for i, x in enumerate(node.inputs)
                if x in found and node.op.pull(i) is not None
            ]
            if parts:
                found[node] = functools.reduce(operator.add, parts)
    return [found[y] if y in found else _zeros(y, create_graph) for y in outputs]


def _carry_value(node: Node, i: int, t: Any) -> Any:
    """d(node)/d(input i) times t, as a plain value."""
    values = [x.value for x in node.inputs]
    carry = _through_diagonal if node.op is not None and node.op.elementwise else _turned_round
    carried = carry(node, i, t, node.value, values)
    if type(node.value) is float:
        return float(carried)
    return carried if carried.dtype == node.dtype else carried.astype(node.dtype)


def _carry_node(node: Node, i: int, t: Node) -> Node:
    """The same as a node, built on stand-ins: the graph below the operation is not walked."""
    op = node.op
    assert op is not None
    if op.elementwise:
        carried = _through_diagonal(node, i, t, node, node.inputs)
    else:
        inputs, y, tangent = [leaf(x.value) for x in node.inputs], leaf(node.value), leaf(t.value)
        local = _turned_round(node, i, tangent, y, inputs, create_graph=True)
        carried = graft(local, {**dict(zip(inputs, node.inputs, strict=True)), y: node, tangent: t})
    if carried.dtype != node.dtype:
        carried = cast(carried, dtype=str(node.dtype))
    return carried  # type: ignore[no-any-return]


def _through_diagonal(node: Node, i: int, t: Any, y: Any, inputs: Sequence[Any]) -> Any:
    rule = node.op.pull(i) if node.op is not None else None
    assert rule is not None
    if np.shape(_value(t)) != node.shape:  # the input is broadcast on its way in
        t = broadcast_to(t, shape=node.shape)
    carried = rule(t, y, *inputs, **node.attrs)
    if np.shape(_value(carried)) != node.shape:
        carried = broadcast_to(carried, shape=node.shape)
    if not np.isfinite(_value(carried)).all():  # nothing moves: nothing passes, if the slope is inf
        carried = where(equal(t, 0.0), 0.0, carried)
    return carried


def _turned_round(
    node: Node, i: int, t: Any, y: Any, inputs: Sequence[Any], create_graph: bool = False
) -> Any:
    """The gradient by g of (rule(g) · t): the rule's matrix, transposed, times t."""
    rule = node.op.pull(i) if node.op is not None else None
    assert rule is not None
    g = leaf(1.0 if type(node.value) is float else np.ones_like(node.value))
    (carried,) = gradient(
        sum(rule(g, y, *inputs, **node.attrs) * t), [g], create_graph=create_graph
    )
    return carried


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Node) else x


def _zeros(y: Node, create_graph: bool) -> Any:
    zero = 0.0 if type(y.value) is float else np.zeros_like(y.value)
    return constant(zero) if create_graph else zero
