"""Operations that make one number of many along axes: sums, means, extremes, products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.graph import Op, Value, op
from autograd_lab.ops.arithmetic import divide, multiply
from autograd_lab.ops.axes import Axes, Shape, count, kept, listed, many_axes, one_axis, shape_of
from autograd_lab.ops.choice import equal, where
from autograd_lab.ops.indexing import flip
from autograd_lab.ops.movement import (
    broadcast_to,
    cast,
    concatenate,
    narrow,
    reshape,
    stretched,
    transpose,
)

_REDUCTION = {"axis": None, "keepdims": False}


def _spread(g: Any, shape: Shape, axis: Axes) -> Any:
    """Give every entry along the axes its copy of a reduced value."""
    if type(g) is float or isinstance(g, np.ndarray):
        return stretched(np.reshape(g, kept(shape, axis)), shape)
    return broadcast_to(reshape(g, kept(shape, axis)), shape)


def _reduce(which: Op, x: Any, axis: Axes, keepdims: bool) -> Any:
    if axis is not None:
        axis = many_axes(which.name, axis, len(shape_of(x)))
    return which(x, axis=axis, keepdims=keepdims)


_total: Callable[..., Any] = np.add.reduce  # half the time of np.sum, which asks first who adds

# --- sums -----------------------------------------------------------------------------------------

_sum: Op = op(
    "sum", label="Σ", out=True, attrs=_REDUCTION,
    forward=lambda x, axis, keepdims: _total(x, axis, None, None, keepdims),
    vjp=(lambda g, y, x, axis, keepdims: _spread(g, shape_of(x), axis),),
)  # fmt: skip


def sum(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The sum of the entries along the axes, of all without ``axis``.

    >>> sum([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], axis=1).tolist()
    [6.0, 15.0]
    """
    return _reduce(_sum, x, axis, keepdims)


def _average(x: Value, axis: Axes, keepdims: bool) -> Value:
    total = np.asarray(_total(x, axis, None, None, keepdims))
    return total / count(np.shape(x), axis)  # np.mean warns where nothing is averaged; this is nan


_mean: Op = op(
    "mean", label="mean", out=True, attrs=_REDUCTION,
    forward=_average,
    vjp=(lambda g, y, x, axis, keepdims: divide(
        _spread(g, shape_of(x), axis), count(shape_of(x), axis)),),
    formula=lambda m, x, axis, keepdims: (
        np.sum(x, axis=axis, keepdims=keepdims) / count(np.shape(x), axis)),
)  # fmt: skip


def mean(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The sum of the entries along the axes divided by their number.

    >>> mean([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], axis=0).tolist()
    [2.5, 3.5, 4.5]
    """
    return _reduce(_mean, x, axis, keepdims)


_cumsum: Op = op(
    "cumsum", label="cumsum", attrs={"axis": 0},
    forward=lambda x, axis: np.cumsum(x, axis=axis),
    # an entry is part of all sums from its own place on
    vjp=(lambda g, y, x, axis: flip(_cumsum(flip(g, axis), axis=axis), axis),),
)  # fmt: skip


def cumsum(x: Any, axis: int | None = None) -> Any:
    """The sums of all entries up to each place along an axis, or of x as one row.

    >>> cumsum([1.0, 2.0, 4.0]).tolist()
    [1.0, 3.0, 7.0]
    """
    x, axis = (reshape(x, -1), 0) if axis is None else (x, axis)
    return _cumsum(x, axis=one_axis("cumsum", axis, len(shape_of(x))))


# --- the largest and the smallest -----------------------------------------------------------------


def _extreme(
    name: str, forward: Callable[..., Value], better: Callable[[Any, Any, Any], Any]
) -> Op:
    """The entry that no other is better than; equal ones share the slope equally."""

    def tied(y: Any, x: Any, axis: Axes) -> Any:
        return equal(x, _spread(y, shape_of(x), axis))

    def pull(g: Any, y: Any, x: Any, axis: Axes, keepdims: bool) -> Any:
        best = tied(y, x, axis)
        share = divide(
            reshape(g, kept(shape_of(x), axis)),
            _sum(cast(best, getattr(g, "dtype", float)), axis=axis, keepdims=True),
        )
        return where(best, share, 0.0)

    def formula(m: Any, x: Any, axis: Axes, keepdims: bool) -> Any:
        pick = np.frompyfunc(lambda a, b: m.where(better(m, a, b), b, a), 2, 1)
        y = np.asarray(x, dtype=object)
        for i in listed(axis, np.ndim(x)):
            y = pick.reduce(y, axis=i, keepdims=True)
        return y if keepdims else np.squeeze(y, listed(axis, np.ndim(x)))

    def kink(x: Value, axis: Axes, keepdims: bool) -> Any:
        best = np.equal(x, forward(x, axis=axis, keepdims=True))
        return np.sum(best, axis=axis, keepdims=keepdims) > 1

    return op(
        name, label=name, attrs=_REDUCTION, selects=True, out=True,
        forward=forward, vjp=(pull,), formula=formula, kink=kink,
    )  # fmt: skip


_max: Op = _extreme(
    "max", lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims),
    lambda m, a, b: m.less(a, b),
)  # fmt: skip
_min: Op = _extreme(
    "min", lambda x, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims),
    lambda m, a, b: m.less(b, a),
)  # fmt: skip


def max(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The largest entry along the axes; where several are largest they share the slope equally.

    >>> max([[1.0, 5.0], [7.0, 2.0]], axis=0).tolist()
    [7.0, 5.0]
    """
    return _reduce(_max, x, axis, keepdims)


def min(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The smallest entry along the axes; where several are smallest they share the slope equally.

    >>> min([[1.0, 5.0], [7.0, 2.0]], axis=0).tolist()
    [1.0, 2.0]
    """
    return _reduce(_min, x, axis, keepdims)


# --- products -------------------------------------------------------------------------------------


def prod(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The product of the entries along the axes: halves times halves, down to one.

    So each slope is a product of the others.  The product divided by the entry has none at zero.

    >>> prod([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], axis=1).tolist()
    [6.0, 120.0]
    """
    shape = shape_of(x)
    axis = many_axes("prod", axis, len(shape))
    along = listed(axis, len(shape))
    rest = [i for i in range(len(shape)) if i not in along]
    n = count(shape, axis)
    y = reshape(transpose(x, (*along, *rest)), (n, *[shape[i] for i in rest]))
    if not n:
        y, n = 1.0 + _sum(y, axis=0, keepdims=True), 1
    while n > 1:
        half = n // 2
        first, second, odd = (
            narrow(y, axis=0, start=k * half, length=size)
            for k, size in enumerate((half, half, n % 2))
        )
        y = multiply(first, second)
        y, n = concatenate([y, odd]) if n % 2 else y, half + n % 2
    return reshape(y, kept(shape, axis) if keepdims else [shape[i] for i in rest])
