"""Other arrangements of the same numbers, made of the few that have rules of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.ops.axes import Axes, as_shape, listed, many_axes, one_axis, shape_of
from autograd_lab.ops.choice import equal, where
from autograd_lab.ops.indexing import diagonal, getitem, put, take
from autograd_lab.ops.movement import broadcast_to, cast, concatenate, reshape, transpose
from autograd_lab.ops.reduce import sum

# --- shapes ---------------------------------------------------------------------------------------


def ravel(x: Any) -> Any:
    """All entries in one row, in row order.

    >>> ravel([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    return reshape(x, -1)


def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """New axes of length one, at the places that ``axis`` names in the result.

    >>> expand_dims([1.0, 2.0], 1).tolist()
    [[1.0], [2.0]]
    """
    shape = list(shape_of(x))
    new = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = len(shape) + len(new)
    places = listed(many_axes("expand_dims", tuple(new), ndim), ndim)
    for place in sorted(places):
        shape.insert(place, 1)
    return reshape(x, shape)


def squeeze(x: Any, axis: Axes = None) -> Any:
    """Without the axes of length one, or without those that ``axis`` names.

    >>> squeeze([[[1.0, 2.0]]], axis=0).tolist()
    [[1.0, 2.0]]
    """
    shape = shape_of(x)
    gone = listed(many_axes("squeeze", axis, len(shape)), len(shape))
    if axis is not None and any(shape[i] != 1 for i in gone):
        raise ShapeError(f"squeeze(axis={axis}): shape {shape} is not of length 1 there")
    return reshape(x, [n for i, n in enumerate(shape) if i not in gone or n != 1])


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes in each other's place.

    >>> swapaxes([[1.0, 2.0, 3.0]], 0, 1).tolist()
    [[1.0], [2.0], [3.0]]
    """
    order = list(range(len(shape_of(x))))
    a, b = (one_axis("swapaxes", axis, len(order)) for axis in (axis1, axis2))
    order[a], order[b] = b, a
    return transpose(x, order)


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Axes put in other places, the others in order between them.

    >>> import numpy as np
    >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    ndim = len(shape_of(x))
    starts, ends = (
        listed(many_axes("moveaxis", as_shape(axes), ndim), ndim) for axes in (source, destination)
    )
    if len(starts) != len(ends):
        raise ShapeError(
            f"moveaxis: {len(starts)} axes to {len(ends)} places; give one place for each axis"
        )
    order = [i for i in range(ndim) if i not in starts]
    for end, start in sorted(zip(ends, starts, strict=True)):
        order.insert(end, start)
    return transpose(x, order)


# --- together and apart ---------------------------------------------------------------------------


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of equal shape side by side along a new axis.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    shapes = {shape_of(x) for x in arrays}
    if len(shapes) != 1:
        found = " and ".join(map(str, sorted(shapes))) or "none"
        raise ShapeError(f"stack: arrays of one shape are wanted; the shapes are {found}")
    axis = one_axis("stack", axis, len(shapes.pop()) + 1)
    return concatenate([expand_dims(x, axis) for x in arrays], axis=axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """The parts between the given places along an axis, or so many parts of equal length.

    >>> [part.tolist() for part in split([1.0, 2.0, 3.0, 4.0], [1, 3])]
    [[1.0], [2.0, 3.0], [4.0]]
    """
    axis = one_axis("split", axis, len(shape_of(x)))
    n = shape_of(x)[axis]
    if isinstance(indices_or_sections, (tuple, list, np.ndarray)):
        places = as_shape(indices_or_sections)
    else:
        parts = as_shape(indices_or_sections)[0]
        if parts < 1 or n % parts:
            raise ShapeError(
                f"split: {n} entries along axis {axis} cannot be cut into {parts} equal parts"
            )
        places = tuple(n // parts * k for k in range(1, parts))
    before = [slice(None)] * axis
    return [
        getitem(x, (*before, slice(a, b))) for a, b in zip((0, *places), (*places, n), strict=True)
    ]


# --- repetition and borders -----------------------------------------------------------------------


def roll(x: Any, shift: int | Sequence[int], axis: Axes = None) -> Any:
    """The entries moved on along the axes; those pushed off the end come in at the start.

    >>> roll([1.0, 2.0, 3.0, 4.0], 1).tolist()
    [4.0, 1.0, 2.0, 3.0]
    """
    if axis is None:
        return reshape(roll(ravel(x), int(np.sum(as_shape(shift))), 0), shape_of(x))
    axes = listed(many_axes("roll", axis, len(shape_of(x))), len(shape_of(x)))
    for by, i in zip(np.broadcast_to(as_shape(shift), len(axes)).tolist(), axes, strict=True):
        n = shape_of(x)[i]
        x = take(x, np.roll(np.arange(n), by), axis=i)
    return x


def tile(x: Any, repeats: int | Sequence[int]) -> Any:
    """Copies of the whole side by side: so many along each axis, counted from the last.

    >>> tile([1.0, 2.0], (2, 2)).tolist()
    [[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]]
    """
    times, shape = as_shape(repeats), shape_of(x)
    ndim = max(len(times), len(shape))
    times = (*[1] * (ndim - len(times)), *times)
    shape = (*[1] * (ndim - len(shape)), *shape)
    pairs = list(zip(times, shape, strict=True))
    apart = reshape(x, [length for _, n in pairs for length in (1, n)])
    copies = broadcast_to(apart, [length for pair in pairs for length in pair])
    return reshape(copies, [t * n for t, n in pairs])


def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Each entry so many times along an axis, or of x as one row.

    >>> repeat([1.0, 2.0], [2, 1]).tolist()
    [1.0, 1.0, 2.0]
    """
    x, axis = (ravel(x), 0) if axis is None else (x, axis)
    axis = one_axis("repeat", axis, len(shape_of(x)))
    try:
        places = np.repeat(np.arange(shape_of(x)[axis]), as_shape(repeats))
    except ValueError as error:
        raise ShapeError(
            f"repeat: {shape_of(x)[axis]} entries along axis {axis}: {error}"
        ) from error
    return take(x, places, axis=axis)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """The array with a border: ``pad_width`` is (before, after), or one such pair for each axis.

    mode: "constant", or "edge", "reflect", "symmetric" or "wrap" for copies of entries.

    >>> pad([1.0, 2.0], 1).tolist(), pad([1.0, 2.0, 3.0], (2, 0), mode="reflect").tolist()
    ([0.0, 1.0, 2.0, 0.0], [3.0, 2.0, 1.0, 2.0, 3.0])
    """
    shape = shape_of(x)
    widths = np.broadcast_to(pad_width, (len(shape), 2)).tolist()
    if mode == "constant":
        inside = tuple(slice(a, a + n) for (a, _), n in zip(widths, shape, strict=True))
        whole = tuple(a + n + b for (a, b), n in zip(widths, shape, strict=True))
        border = np.full(whole, True)
        border[inside] = False
        index = ", ".join(f"{part.start}:{part.stop}" for part in inside)
        y = put(x, index=index, shape=whole)
        return y if constant_values == 0 else where(border, constant_values, y)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise UsageError(f"pad(mode={mode!r}): choose constant, edge, reflect, symmetric or wrap")
    for i, width in enumerate(widths):
        x = take(x, np.pad(np.arange(shape[i]), width, mode=mode), axis=i)  # type: ignore[call-overload]
    return x


# --- matrices -------------------------------------------------------------------------------------


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal.

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    5.0
    """
    return sum(diagonal(x, offset, axis1, axis2), axis=-1)


def tril(x: Any, k: int = 0) -> Any:
    """The entries up to the k-th diagonal of each matrix, and zeros above it.

    >>> tril([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 0.0], [3.0, 4.0]]
    """
    return where(np.tri(*_rows_and_columns("tril", x), k, dtype=bool), x, 0.0)


def triu(x: Any, k: int = 0) -> Any:
    """The entries from the k-th diagonal of each matrix on, and zeros below it.

    >>> triu([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 2.0], [0.0, 4.0]]
    """
    return where(np.tri(*_rows_and_columns("triu", x), k - 1, dtype=bool), 0.0, x)


def _rows_and_columns(name: str, x: Any) -> tuple[int, int]:
    shape = shape_of(x)
    if len(shape) < 2:
        raise ShapeError(f"{name}: shape {shape} has no rows and columns; give a matrix")
    return shape[-2], shape[-1]


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = "float32") -> Any:
    """For each whole number k a row of zeros with a one at place k; all zeros outside.

    float32 by default, as Keras has it: it holds 0 and 1 exactly and widens nothing it meets.

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    axis = one_axis("one_hot", axis, len(shape_of(x)) + 1)
    labels = expand_dims(x, axis)
    classes = np.arange(num_classes).reshape(-1, *[1] * (len(shape_of(labels)) - 1 - axis))
    return cast(equal(labels, classes), dtype)
