"""The soft maximum and its kin; the largest entry is taken out first, so that nothing overflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.graph import Op, Value, op
from autograd_lab.ops.axes import Axes, kept, many_axes, shape_of
from autograd_lab.ops.movement import broadcast_to, reshape
from autograd_lab.ops.reduce import _reduce, sum


def _shifted(x: Value, axis: Axes) -> tuple[Value, Value]:
    """The entries less the largest, and the largest; an infinite one is not taken out."""
    x = np.asarray(x) * 1.0  # whole numbers become floats
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    largest = largest.astype(x.dtype)
    return x - np.where(np.isfinite(largest), largest, 0.0), largest


def _log_total(z: Value, axis: Axes) -> Value:
    """The logarithm of Σ e^z, the largest z being 0; a tiny rest keeps its digits by log1p."""
    largest = np.sum(z == 0.0, axis=axis, keepdims=True)
    rest = np.sum(np.where(z == 0.0, 0.0, np.exp(z)), axis=axis, keepdims=True)
    alone = np.maximum(largest, 1).astype(rest.dtype)
    return np.where(largest > 0, np.log(alone) + np.log1p(rest / alone), np.log(rest))


def _logsumexp_value(x: Value, axis: Axes, keepdims: bool) -> Value:
    z, largest = _shifted(x, axis)
    y = np.where(np.isfinite(largest), largest, 0.0) + _log_total(z, axis)
    return y if keepdims else np.squeeze(y, axis)


def _softmax_value(x: Value, axis: Axes) -> Value:
    z = np.exp(_shifted(x, axis)[0])
    return z / np.sum(z, axis=axis, keepdims=True)


def _log_softmax_value(x: Value, axis: Axes) -> Value:
    z, _ = _shifted(x, axis)
    return z - _log_total(z, axis)


def _each(function: Callable[[Any], Any], x: Any) -> Any:
    """A function of single numbers on an array of formulas."""
    return np.asarray(np.frompyfunc(function, 1, 1)(x), dtype=object)


def _total(m: Any, x: Any, axis: Axes, keepdims: bool = True) -> Any:
    return np.asarray(np.sum(_each(m.exp, x), axis=axis, keepdims=keepdims), dtype=object)


_logsumexp: Op = op(
    "logsumexp", label="ln Σ exp", attrs={"axis": None, "keepdims": False},
    forward=_logsumexp_value,
    vjp=(lambda g, y, x, axis, keepdims: (
        broadcast_to(reshape(g, kept(shape_of(x), axis)), shape_of(x)) * _softmax(x, axis=axis)),),
    formula=lambda m, x, axis, keepdims: _each(m.log, _total(m, x, axis, keepdims)),
)  # fmt: skip

_softmax: Op = op(
    "softmax", label="softmax", attrs={"axis": -1},
    forward=_softmax_value,
    vjp=(lambda g, y, x, axis: y * (g - sum(g * y, axis, keepdims=True)),),
    formula=lambda m, x, axis: _each(m.exp, x) / _total(m, x, axis),
)  # fmt: skip

_log_softmax: Op = op(
    "log_softmax", label="log softmax", attrs={"axis": -1},
    forward=_log_softmax_value,
    vjp=(lambda g, y, x, axis: g - _softmax(x, axis=axis) * sum(g, axis, keepdims=True),),
    formula=lambda m, x, axis: x - _each(m.log, _total(m, x, axis)),
)  # fmt: skip


def logsumexp(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The logarithm of Σ e^x along the axes, for any size of x.

    >>> round(logsumexp([1000.0, 1000.0]), 6)
    1000.693147
    """
    return _reduce(_logsumexp, x, axis, keepdims)


def softmax(x: Any, axis: Axes = -1) -> Any:
    """e^x / Σ e^x along the axes: positive numbers of sum 1, of the shape of x.

    >>> softmax([0.0, 0.0, -1000.0]).tolist()
    [0.5, 0.5, 0.0]
    """
    return _soft(_softmax, x, axis)


def log_softmax(x: Any, axis: Axes = -1) -> Any:
    """The logarithm of softmax, x - ln Σ e^x, exact where softmax would be 0 or 1.

    >>> log_softmax([0.0, -1000.0]).tolist()
    [0.0, -1000.0]
    """
    return _soft(_log_softmax, x, axis)


def _soft(which: Op, x: Any, axis: Axes) -> Any:
    return which(x, axis=many_axes(which.name, axis, len(shape_of(x))))
