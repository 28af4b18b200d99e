"""Reverse mode: from an output and leaves to the gradient, as values or as another graph."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import GradientError
from autograd_lab.graph import Node, Value, active_nodes, constant, sweep, toposort
from autograd_lab.ops import equal, sum_to, where


def gradient(output: Node, leaves: Sequence[Node], *, create_graph: bool = False) -> list[Any]:
    """d(sum of output)/d(leaf) for each leaf, of the leaf's shape; the graph stays as it is.

    Plain values by default.  With ``create_graph`` the answer is nodes, and can be differentiated,
    drawn and explained like any other.  A leaf that the output does not depend on gets zeros.

    >>> from autograd_lab.graph import leaf
    >>> x = leaf(3.0, "x")
    >>> gradient(x * x, [x])
    [6.0]
    >>> (slope,) = gradient(x * x * x, [x], create_graph=True)
    >>> gradient(slope, [x])
    [18.0]
    """
    found = backward(output, leaves, create_graph=create_graph)
    return [found[x] if x in found else _zeros(x, create_graph) for x in leaves]


def backward(
    output: Node, leaves: Sequence[Node], *, create_graph: bool = False
) -> dict[Node, Any]:
    """The adjoint d(sum of output)/d(node) of every node between the leaves and the output."""
    for x in leaves:
        if np.asarray(x.value).dtype.kind != "f":
            raise GradientError(
                f"{x!r} holds {x.dtype} values, which cannot change by small amounts; "
                "make it a float to differentiate by it"
            )
    order = toposort([output])
    active = active_nodes(order, leaves)
    guarded = any(node.op is not None and node.op.selects for node in order)
    seed = constant(_ones(output.value)) if create_graph else _ones(output.value)
    return sweep(order, {output: seed}, _puller(create_graph, guarded), operator.add, active)


def _puller(create_graph: bool, guarded: bool) -> Callable[[Any, Node, int], Any]:
    def pull(g: Any, node: Node, i: int) -> Any:
        x = node.inputs[i]
        op = node.op
        assert op is not None
        if create_graph:
            carried = op.pull(i)(g, node, *node.inputs, **node.attrs)  # type: ignore[misc]
        elif type(g) is float and g == 0.0 and type(x.value) is float:
            return 0.0  # nothing arrives, so nothing passes, even over an infinite slope
        else:
            values = [a.value for a in node.inputs]
            carried = op.pull(i)(g, node.value, *values, **node.attrs)  # type: ignore[misc]
        if guarded and op.elementwise and type(g) is not float:
            carried = where(equal(g, 0.0), 0.0, carried)  # the branch that ``where`` did not take
        if not (type(carried) is float and type(x.value) is float):
            if _shape(carried) != x.shape:  # x was broadcast on the way in: add the copies up
                carried = sum_to(carried, shape=x.shape)
        return carried

    return pull


def _shape(x: Any) -> tuple[int, ...]:
    return tuple(x.shape) if hasattr(x, "shape") else ()


def _ones(value: Value) -> Value:
    return 1.0 if type(value) is float else np.ones_like(value)


def _zeros(x: Node, create_graph: bool) -> Any:
    zero = 0.0 if type(x.value) is float else np.zeros_like(x.value)
    return constant(zero) if create_graph else zero
