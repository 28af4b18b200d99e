"""Operations that move numbers without changing them; each stands beside its adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError
from autograd_lab.graph import REQUIRED, Op, Pull, Value, op

Shape = tuple[int, ...]

reshape: Op = op(
    "reshape", label="reshape", view=True, attrs={"shape": REQUIRED},
    forward=lambda x, shape: np.reshape(x, shape),
    vjp=(lambda g, y, x, shape: reshape(g, shape=_shape(x)),),
)  # fmt: skip


def _inverse(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    return (
        None if axes is None else tuple(int(i) for i in np.argsort([i % len(axes) for i in axes]))
    )


transpose: Op = op(
    "transpose", label="ᵀ", view=True, attrs={"axes": None},
    forward=lambda x, axes: np.transpose(x, axes),
    vjp=(lambda g, y, x, axes: transpose(g, axes=_inverse(axes)),),
)  # fmt: skip


def _sum_to(x: Value, shape: Shape) -> Value:
    """Add up the copies that broadcasting from ``shape`` made."""
    extra = np.ndim(x) - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + i for i, n in enumerate(shape) if n == 1 and np.shape(x)[extra + i] != 1
    )
    total = np.sum(x, axis=axes, keepdims=True) if axes else np.asarray(x)
    if total.shape[extra:] != shape:
        raise ShapeError(f"broadcasting {shape} does not give {np.shape(x)}")
    return np.reshape(total, shape)


def _shape(x: Any) -> Shape:
    return tuple(x.shape) if hasattr(x, "shape") else ()


broadcast_to: Op = op(
    "broadcast_to", label="broadcast", view=True, attrs={"shape": REQUIRED},
    forward=lambda x, shape: np.broadcast_to(x, shape),
    vjp=(lambda g, y, x, shape: sum_to(g, shape=_shape(x)),),
)  # fmt: skip

sum_to: Op = op(
    "sum_to", label="Σ copies", attrs={"shape": REQUIRED},
    forward=_sum_to,
    vjp=(lambda g, y, x, shape: broadcast_to(g, shape=_shape(x)),),
)  # fmt: skip


def _concatenate_pull(index: int) -> Pull:
    def pull(g: Any, y: Any, *xs: Any, axis: int) -> Any:
        start = sum(_shape(x)[axis] for x in xs[:index])
        return narrow(g, axis=axis, start=start, length=_shape(xs[index])[axis])

    return pull


concatenate: Op = op(
    "concatenate", label="concat", attrs={"axis": 0},
    forward=lambda *xs, axis: np.concatenate(xs, axis=axis),
    vjp=_concatenate_pull,
)  # fmt: skip


def _narrow(x: Value, axis: int, start: int, length: int) -> Value:
    return np.moveaxis(np.moveaxis(x, axis, 0)[start : start + length], 0, axis)


def _widen(x: Value, axis: int, start: int, shape: Shape) -> Value:
    whole = np.zeros(shape, dtype=x.dtype)
    np.moveaxis(whole, axis, 0)[start : start + x.shape[axis]] = np.moveaxis(x, axis, 0)
    return whole


narrow: Op = op(
    "narrow", label="slice", view=True,
    attrs={"axis": REQUIRED, "start": REQUIRED, "length": REQUIRED},
    forward=_narrow,
    vjp=(lambda g, y, x, axis, start, length: widen(g, axis=axis, start=start, shape=_shape(x)),),
)  # fmt: skip

widen: Op = op(
    "widen", label="pad 0",
    attrs={"axis": REQUIRED, "start": REQUIRED, "shape": REQUIRED},
    forward=_widen,
    vjp=(lambda g, y, x, axis, start, shape: narrow(
        g, axis=axis, start=start, length=_shape(x)[axis]),),
)  # fmt: skip

cast: Op = op(
    "cast", label="dtype", attrs={"dtype": REQUIRED},
    forward=lambda x, dtype: np.asarray(x).astype(dtype),
    vjp=(lambda g, y, x, dtype: cast(g, dtype=str(getattr(x, "dtype", "float64"))),),
    formula=lambda m, x, dtype: x,
)  # fmt: skip
