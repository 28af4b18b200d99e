"""Entries by their position: NumPy's indexing, its adjoint, and what is made of the two.

An index is recorded as text in NumPy's notation, where the word ``array`` stands for an index array
among the inputs.  So positions can be data: labels that change from batch to batch.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError
from autograd_lab.graph import REQUIRED, Node, Op, Pull, Value, op
from autograd_lab.ops.axes import Axes, Shape, listed, many_axes, one_axis, shape_of
from autograd_lab.ops.movement import reshape, transpose

_ARRAY = "array"


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[Any, ...]:
    """The parts of an index; ``_ARRAY`` where an index array has its place."""
    known = {"None": None, "...": ..., _ARRAY: _ARRAY}
    return tuple(known[p] if p in known else _numbers(p) for p in text.split(", ") if p)


def _numbers(part: str) -> slice | int:
    bounds = [int(n) if n else None for n in part.split(":")]
    return slice(*bounds) if len(bounds) > 1 else int(part)


def _index(text: str, arrays: Sequence[Any]) -> tuple[Any, ...]:
    """The index as NumPy takes it.  A single number is a float here; as an index it is whole."""
    given = iter(arrays)
    return tuple(_whole(next(given)) if p is _ARRAY else p for p in _parsed(text))


def _whole(position: Any) -> Any:
    return int(position) if type(position) is float and position.is_integer() else position


def _written(parts: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Each part of an index as text, and the array it stands for, or None."""
    for part in parts:
        if part is None or part is ...:
            yield ("None" if part is None else "..."), None
        elif isinstance(part, slice):
            bounds = [
                "" if n is None else str(operator.index(n))
                for n in (part.start, part.stop, part.step)
            ]
            yield ":".join(bounds if bounds[2] else bounds[:2]), None
        elif isinstance(part, (int, np.integer)) and not isinstance(part, bool):
            yield str(part), None
        elif isinstance(part, (Node, np.ndarray, bool, np.bool_)):
            yield _ARRAY, part
        else:
            array = np.asarray(part)
            if array.dtype.kind not in "fiub":
                raise TypeError(f"{part!r} is no position")
            yield _ARRAY, array if array.size else array.astype(np.intp)


def _pull(i: int) -> Pull | None:
    if i:
        return None
    return lambda g, y, x, *arrays, index: put(g, *arrays, index=index, shape=shape_of(x))


def _put(g: Value, *arrays: Any, index: str, shape: Shape) -> Value:
    """Zeros with g added at the positions: an entry that was taken twice gets both shares."""
    whole = np.zeros(shape, dtype=np.asarray(g).dtype)
    if arrays:
        np.add.at(whole, _index(index, arrays), g)
    else:
        whole[_index(index, arrays)] = g
    return whole


def _put_pull(i: int) -> Pull | None:
    return None if i else lambda g, y, x, *arrays, index, shape: _getitem(g, *arrays, index=index)


_getitem: Op = op(
    "getitem", label="[ ]", view=True, attrs={"index": REQUIRED},
    forward=lambda x, *arrays, index: np.asarray(x)[_index(index, arrays)],
    vjp=_pull,
)  # fmt: skip

put: Op = op(
    "put", label="[ ]ᵀ", attrs={"index": REQUIRED, "shape": REQUIRED}, forward=_put, vjp=_put_pull
)


def getitem(x: Any, index: Any) -> Any:
    """x[index] with whole numbers, slices, ..., None, and arrays of positions or of truth values.

    >>> getitem([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], (slice(None), [0, -1])).tolist()
    [[1.0, 3.0], [4.0, 6.0]]
    """
    try:
        parts = list(_written(index if isinstance(index, tuple) else (index,)))
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"getitem: {index!r} is no index; give whole numbers, slices, None, ..., or arrays"
        ) from error
    arrays = [array for _, array in parts if array is not None]
    return _getitem(x, *arrays, index=", ".join(text for text, _ in parts))


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The entries at the positions ``indices`` along an axis, or of x as one row.

    x (..., n, ...), indices (any shape) -> y (..., *shape of indices, ...).

    >>> take([10.0, 20.0, 30.0], [2, 0, 2]).tolist()
    [30.0, 10.0, 30.0]
    """
    if axis is None:
        return getitem(reshape(x, -1), (indices,))
    before = one_axis("take", axis, len(shape_of(x)))
    return getitem(x, (*[slice(None)] * before, indices))


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Any:
    """Along one axis the entries at positions of their own for each row, as argsort gives them.

    x (..., n, ...), indices (..., k, ...) -> y (..., k, ...).

    >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1).tolist()
    [[2.0], [3.0]]
    """
    shape = shape_of(x)
    here = one_axis("take_along_axis", axis, len(shape))
    if len(shape_of(indices)) != len(shape):
        raise ShapeError(
            f"take_along_axis: indices of shape {shape_of(indices)} for x of shape {shape}; "
            "give both the same number of axes"
        )
    grid = [np.arange(n).reshape(-1, *[1] * (len(shape) - 1 - i)) for i, n in enumerate(shape)]
    return getitem(x, (*grid[:here], indices, *grid[here + 1 :]))


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The entries x[..., i, i + offset, ...]; the diagonal becomes the last axis.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [1.0, 4.0]
    """
    shape = shape_of(x)
    a, b = (one_axis("diagonal", axis, len(shape)) for axis in (axis1, axis2))
    if a == b:
        raise ShapeError(f"diagonal: axis1 and axis2 are both {a}; give two different axes")
    row, column = max(-offset, 0), max(offset, 0)
    steps = np.arange(max(min(shape[a] - row, shape[b] - column), 0))
    index: list[Any] = [slice(None)] * len(shape)
    index[a], index[b] = row + steps, column + steps
    y = getitem(x, tuple(index))
    if abs(a - b) > 1:  # NumPy puts the axis of parted index arrays first
        return _moved(y, 0)
    return _moved(y, min(a, b))


def _moved(y: Any, source: int) -> Any:
    order = [i for i in range(len(shape_of(y))) if i != source]
    return transpose(y, (*order, source)) if order and source != len(order) else y


def flip(x: Any, axis: Axes = None) -> Any:
    """The entries in the opposite order along the axes, along all without ``axis``.

    >>> flip([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [[2.0, 1.0], [4.0, 3.0]]
    """
    ndim = len(shape_of(x))
    turned = listed(many_axes("flip", axis, ndim), ndim)
    return getitem(x, tuple(slice(None, None, -1 if i in turned else None) for i in range(ndim)))


# --- positions of the largest, smallest, next: no slope -------------------------------------------

_argmax: Op = op(
    "argmax", label="argmax", attrs={"axis": None, "keepdims": False},
    forward=lambda x, axis, keepdims: np.argmax(x, axis=axis, keepdims=keepdims), vjp=(None,),
)  # fmt: skip

_argmin: Op = op(
    "argmin", label="argmin", attrs={"axis": None, "keepdims": False},
    forward=lambda x, axis, keepdims: np.argmin(x, axis=axis, keepdims=keepdims), vjp=(None,),
)  # fmt: skip

_argsort: Op = op(
    "argsort", label="argsort", attrs={"axis": -1},
    forward=lambda x, axis: np.argsort(x, axis=axis, kind="stable"), vjp=(None,),
)  # fmt: skip


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The position of the largest entry, the first of equal ones; no slope, on purpose.

    >>> argmax([[1.0, 5.0], [7.0, 2.0]], axis=1).tolist()
    [1, 0]
    """
    return _position(_argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The position of the smallest entry, the first of equal ones; no slope, on purpose.

    >>> argmin([[1.0, 5.0], [7.0, 2.0]], axis=1).tolist()
    [0, 1]
    """
    return _position(_argmin, x, axis, keepdims)


def _position(which: Op, x: Any, axis: int | None, keepdims: bool) -> Any:
    if axis is not None:
        axis = one_axis(which.name, axis, len(shape_of(x)))
    y = which(x, axis=axis, keepdims=keepdims)
    return int(y) if isinstance(y, float) else y  # as an index, a single plain number is whole


def argsort(x: Any, axis: int | None = -1) -> Any:
    """The positions that put the entries in rising order, equal ones as they come; no slope.

    >>> argsort([3.0, 1.0, 2.0]).tolist()
    [1, 2, 0]
    """
    x, axis = (reshape(x, -1), 0) if axis is None else (x, axis)
    return _argsort(x, axis=one_axis("argsort", axis, len(shape_of(x))))


def sort(x: Any, axis: int | None = -1) -> Any:
    """The entries in rising order; each slope goes to the entry it came from.

    Equal entries keep their order, so each of them has one place: the sum of slopes is kept.

    >>> sort([3.0, 1.0, 2.0]).tolist()
    [1.0, 2.0, 3.0]
    """
    x, axis = (reshape(x, -1), 0) if axis is None else (x, axis)
    return take_along_axis(x, argsort(x, axis), axis)
