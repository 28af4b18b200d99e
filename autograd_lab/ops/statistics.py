"""Spread and length: variance, standard deviation and norms, made of simpler operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.graph import Node
from autograd_lab.ops.arithmetic import divide, multiply, square, subtract
from autograd_lab.ops.axes import Axes, count, listed, many_axes, shape_of
from autograd_lab.ops.choice import abs, equal, not_equal, where
from autograd_lab.ops.exponential import power, sqrt
from autograd_lab.ops.reduce import max, mean, min, sum


def var(x: Any, axis: Axes = None, keepdims: bool = False, *, ddof: float = 0) -> Any:
    """The mean squared distance from the mean, Σ (x - mean)² / (n - ddof), along the axes.

    In two passes: the mean of squares less the square of the mean would lose all digits of a small
    spread around a large mean.

    >>> var([1.0, 2.0, 3.0, 6.0])
    3.5
    """
    off = subtract(x, mean(x, axis, keepdims=True))
    free = count(shape_of(x), axis) - ddof
    return divide(sum(square(off), axis, keepdims), free if free > 0 else 0.0)


def std(x: Any, axis: Axes = None, keepdims: bool = False, *, ddof: float = 0) -> Any:
    """The root of the variance; its slope is 0 where all entries are equal.

    >>> std([1.0, 3.0, 5.0, 7.0, 9.0], ddof=1) == 10**0.5
    True
    """
    return _root(var(x, axis, keepdims, ddof=ddof))


def _root(square_sum: Any, exponent: float = 0.5) -> Any:
    """The root of a sum of squares, of slope 0 at 0; the root alone has an infinite one."""
    zero = equal(square_sum, 0.0)
    inner = where(zero, 1.0, square_sum)
    return where(zero, 0.0, sqrt(inner) if exponent == 0.5 else power(inner, exponent))


def norm(
    x: Any,
    ord: float | str | None = None,  # noqa: A002 (NumPy's and Keras' name)
    axis: Axes = None,
    keepdims: bool = False,
) -> Any:
    """The length of a vector or of all entries, √Σ x², along the axes; its slope at 0 is 0.

    ord: 2, None or "fro" for √Σ x², 1 for Σ |x|, inf and -inf for the largest and smallest |x|,
    0 for how many are not 0, another number p for (Σ |x|^p)^(1/p).

    >>> norm([3.0, 4.0]), norm([3.0, -4.0], 1), norm([1e200, 1e200]) < 1.5e200
    (5.0, 7.0, True)
    """
    shape = shape_of(x)
    axes = listed(many_axes("norm", axis, len(shape)), len(shape))
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        scale = _scale(x)
        y = _root(sum(square(divide(x, scale)), axes, keepdims))
        return y if scale == 1 else multiply(y, scale)
    if isinstance(ord, str) or len(axes) != 1:
        raise UsageError(
            f"norm(ord={ord!r}) of {len(axes)} axes: ord may be None or, of two axes, 'fro'; "
            "a number needs one axis"
        )
    size = abs(x)
    if ord in (math.inf, -math.inf):
        return (max if ord == math.inf else min)(size, axes, keepdims)
    if ord == 0:
        return sum(not_equal(x, 0.0), axes, keepdims)
    if ord == 1:
        return sum(size, axes, keepdims)
    return _root(sum(power(size, float(ord)), axes, keepdims), 1.0 / ord)


def _scale(x: Any) -> float:
    """A power of two that keeps squares from over- and underflow; 1 for numbers of usual size.

    It drops out of √Σ (x/s)² s, so it counts as a constant and has no slope of its own.
    """
    x = np.asarray(x.value if isinstance(x, Node) else x)
    largest = float(np.max(np.abs(x), initial=0.0))
    exponent = math.frexp(largest)[1] if math.isfinite(largest) else 0
    usual = np.finfo(x.dtype if x.dtype.kind == "f" else float).maxexp // 2 - 32
    return math.ldexp(1.0, exponent) if not -usual < exponent < usual else 1.0
