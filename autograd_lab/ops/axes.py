"""Shapes and axes as NumPy counts them, and what to say where an axis does not exist."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError

Shape = tuple[int, ...]
Axes = int | Sequence[int] | None


def shape_of(x: Any) -> Shape:
    """The shape of a node, an array, a number or a nested list."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def as_shape(shape: int | Sequence[int]) -> Shape:
    """A length or lengths as a tuple of whole numbers."""
    lengths = shape if isinstance(shape, (tuple, list, np.ndarray)) else (shape,)
    return tuple(operator.index(n) for n in lengths)


def one_axis(name: str, axis: int, ndim: int) -> int:
    """An axis of an array of ``ndim`` axes, counted from the first; ``name`` asks for it.

    >>> one_axis("sum", -1, 3)
    2
    >>> one_axis("sum", 3, 3)
    Traceback (most recent call last):
    autograd_lab.errors.ShapeError: sum: there is no axis 3; choose one from 0 to 2, or -3 to -1
    """
    try:
        number = operator.index(axis)
    except TypeError:
        raise ShapeError(f"{name}: the axis {axis!r} is no whole number") from None
    if -ndim <= number < ndim:
        return number % ndim
    choice = f"choose one from 0 to {ndim - 1}, or {-ndim} to -1" if ndim else "a number has none"
    raise ShapeError(f"{name}: there is no axis {number}; {choice}")


def many_axes(name: str, axis: Axes, ndim: int) -> int | tuple[int, ...] | None:
    """None (all axes), one axis, or several different ones, each counted from the first."""
    if axis is None:
        return None
    if not isinstance(axis, Sequence):
        return one_axis(name, axis, ndim)
    found = tuple(one_axis(name, i, ndim) for i in axis)
    if len(set(found)) < len(found):
        raise ShapeError(f"{name}: axis {axis!r} names one axis twice; name each once")
    return found


def listed(axis: Axes, ndim: int) -> tuple[int, ...]:
    """The axes meant, counted from the first."""
    if axis is None:
        return tuple(range(ndim))
    several = axis if isinstance(axis, Sequence) else (axis,)
    return tuple(operator.index(i) % ndim for i in several)


def kept(shape: Shape, axis: Axes) -> Shape:
    """The shape with length one along the axes: what keepdims leaves."""
    axes = listed(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def count(shape: Shape, axis: Axes) -> int:
    """How many entries lie along the axes."""
    return math.prod(shape[i] for i in listed(axis, len(shape)))
