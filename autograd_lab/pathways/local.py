"""The edges of one operation, neuron by neuron, from its own backward rule.

Entry by entry, a rule pulled on ones gives every slope at once.  What only moves numbers is asked
where it moved them.  A reduction hands each entry to one number.  A matrix product has an edge for
every entry of the other factor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.errors import GradientError
from autograd_lab.graph import Node
from autograd_lab.ops.axes import kept, listed, many_axes
from autograd_lab.pathways.links import Array, Edges, Link, Matrix, Symbol

MOST_EDGES = 20_000_000  # of one operation: 160 MB of slopes
SCALE = "scale"  # the symbol of a factor without a name, as batch normalization has
Naming = Callable[[Node, int], str]
Rule = Callable[[Node, int, dict[str, Any], Naming], Link]


def edges_of(node: Node, index: int, ends: dict[str, Any], name: Naming) -> Link:
    """The edges from input number ``index`` to the node; ``ends`` are the layers' numbers.

    GradientError for an operation whose edges are not known here.
    """
    assert node.op is not None
    if node.op.elementwise:
        return _entry_by_entry(node, index, ends, name)
    rule = RULES.get(node.op.name)
    if rule is None:
        shapes = " and ".join(str(x.shape) for x in node.inputs)
        raise GradientError(
            f"paths neuron by neuron: the edges of {node.op.name} on shape {shapes} are not known; "
            f"known are operations entry by entry, {', '.join(RULES)}"
        )
    return rule(node, index, ends, name)


def _pulled(node: Node, index: int, g: Array) -> Array:
    """The rule for an input on plain values, in the precision of the node."""
    assert node.op is not None
    pull = node.op.pull(index)
    assert pull is not None
    with np.errstate(all="ignore"):
        g = g.astype(node.dtype)
        found = pull(g, node.value, *[x.value for x in node.inputs], **node.attrs)
    return np.asarray(found, dtype=float)


def _constant_symbol(text: str) -> Symbol:
    return lambda _i, _j: text


# --- one entry to one entry -----------------------------------------------------------------------

_UNCHANGED = {"add": (0, 1), "subtract": (0,), "identity": (0,)}
_SHAPING = ("reshape", "cast")


def _entry_by_entry(node: Node, index: int, ends: dict[str, Any], name: Naming) -> Link:
    op, x = node.op, node.inputs[index]
    assert op is not None
    slopes = np.broadcast_to(_pulled(node, index, np.ones(node.shape)), node.shape).ravel()
    starts = np.broadcast_to(np.arange(x.size).reshape(x.shape), node.shape).ravel()
    one = index in _UNCHANGED.get(op.name, ())
    symbol = _constant_symbol("1" if one else f"{op.symbol or op.name}′")
    if op.name == "multiply":
        symbol = _other_factor(node, node.inputs[1 - index], name)
    return Edges(
        **ends, slopes=slopes, starts=starts, ends=np.arange(node.size), symbol=symbol,
        shape=(x.size, node.size), passes="summed" if one and x.size == node.size else "",
    )  # fmt: skip


def _other_factor(node: Node, other: Node, name: Naming) -> Symbol:
    """The slope of a product is the other factor: by name, or what a layer scales by."""
    if other.shape != node.shape or (other.op is not None and other.scope):
        return _constant_symbol(SCALE)
    return lambda _i, j: name(other, j)


def _moved(node: Node, index: int, ends: dict[str, Any], _name: Naming) -> Link:
    """The places of an input, numbered from 1, moved as its numbers are: 0 is no edge."""
    op = node.op
    assert op is not None
    values = [x.value for x in node.inputs]
    if op.name == "concatenate":
        values = [np.zeros(x.shape, dtype=int) for x in node.inputs]
    x = node.inputs[index]
    values[index] = np.arange(1, x.size + 1).reshape(x.shape)
    if op.name == "cast":
        places = values[index].ravel()
    else:
        places = np.asarray(op.forward(*values, **node.attrs)).ravel()
    found = np.flatnonzero(places)
    same = x.size == node.size and op.name in _SHAPING
    return Edges(
        **ends, slopes=np.ones(len(found)), starts=places[found] - 1, ends=found,
        shape=(x.size, node.size), passes="shaped" if same else "", symbol=_constant_symbol("1"),
    )  # fmt: skip


# --- many entries to one --------------------------------------------------------------------------


def _reduced(node: Node, index: int, ends: dict[str, Any], _name: Naming) -> Link:
    x, op = node.inputs[index], node.op
    assert op is not None
    if op.name == "sum_to":
        shape: tuple[int, ...] = node.shape
    else:
        shape = tuple(kept(x.shape, node.attrs["axis"]))
    targets = np.broadcast_to(np.arange(node.size).reshape(shape), x.shape).ravel()
    slopes = np.broadcast_to(_pulled(node, index, np.ones(node.shape)), x.shape).ravel()
    return Edges(
        **ends, slopes=slopes, starts=np.arange(x.size), ends=targets, shape=(x.size, node.size),
        symbol=_constant_symbol("1" if op.name.startswith("sum") else f"{op.name}′"),
    )  # fmt: skip


# --- all entries of a row to all ------------------------------------------------------------------


def _along_rows(node: Node, index: int, ends: dict[str, Any], _name: Naming) -> Link:
    """Softmax and its logarithm: along their axes, everything depends on everything."""
    size, op = node.size, node.op
    assert op is not None
    _refuse_large(node, size * size)
    one_hot = np.eye(size).reshape(size, *node.shape)
    slopes = np.stack([_pulled(node, index, row).ravel() for row in one_hot], axis=1)
    axes = listed(many_axes(op.name, node.attrs["axis"], node.ndim), node.ndim)
    others = tuple(1 if i in axes else n for i, n in enumerate(node.shape))
    row = np.broadcast_to(np.arange(np.prod(others, dtype=int)).reshape(others), node.shape).ravel()
    symbol = _constant_symbol(f"{op.name.replace('_', ' ')}′")
    if row.max(initial=0) == 0:
        return Matrix(**ends, slopes=slopes, symbol=symbol)
    starts, stops = np.nonzero(row[:, None] == row[None, :])
    return Edges(
        **ends,
        slopes=slopes[starts, stops],
        starts=starts,
        ends=stops,
        shape=(size, size),
        symbol=symbol,
    )


# --- matrix products ------------------------------------------------------------------------------


def _product(node: Node, index: int, ends: dict[str, Any], name: Naming) -> Link:
    """y[r,j] = Σ_i a[r,i] b[i,j]: by a the slope is b[i,j], by b it is a[r,i]."""
    a, b = node.inputs
    if b.ndim > 2:
        raise GradientError(
            f"paths neuron by neuron: matmul on shape {a.shape} and {b.shape} is a row of matrix "
            "products; only one matrix as the second factor is known"
        )
    left = np.asarray(a.value, dtype=float).reshape(-1, a.shape[-1])
    right = np.asarray(b.value, dtype=float).reshape(b.shape[0], -1)
    (rows, inner), columns = left.shape, right.shape[1]
    _refuse_large(node, rows * inner * columns)
    if index == 0 and rows == 1:
        return Matrix(**ends, slopes=right, symbol=lambda i, j: name(b, i * columns + j))
    if index == 1 and columns == 1:
        return Matrix(**ends, slopes=left.T, symbol=lambda i, r: name(a, r * inner + i))
    sizes = (node.inputs[index].size, node.size)
    r, i, j = (part.ravel() for part in np.indices((rows, inner, columns)))
    if index == 0:
        return Edges(
            **ends, slopes=right[i, j], starts=r * inner + i, ends=r * columns + j, shape=sizes,
            symbol=lambda start, end: name(b, start % inner * columns + end % columns),
        )  # fmt: skip
    return Edges(
        **ends, slopes=left[r, i], starts=i * columns + j, ends=r * columns + j, shape=sizes,
        symbol=lambda start, end: name(a, end // columns * inner + start // columns),
    )  # fmt: skip


def _refuse_large(node: Node, edges: int) -> None:
    if edges > MOST_EDGES:
        assert node.op is not None
        shapes = " and ".join(str(x.shape) for x in node.inputs)
        raise GradientError(
            f"paths neuron by neuron: {node.op.name} on shape {shapes} has {edges:,} edges, more "
            f"than {MOST_EDGES:,}; take one example, or a part of the network"
        )


RULES: dict[str, Rule] = {
    "matmul": _product,
    **dict.fromkeys(("softmax", "log_softmax"), _along_rows),
    **dict.fromkeys(("sum", "mean", "max", "min", "logsumexp", "sum_to"), _reduced),
    **dict.fromkeys(
        ("reshape", "transpose", "broadcast_to", "narrow", "widen", "concatenate", "getitem",
         "cast"), _moved
    ),
}  # fmt: skip
