"""Operations that add numbers up along axes."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd_lab.graph import Op, op
from autograd_lab.ops.movement import Shape, _shape, broadcast_to, reshape

Axis = int | tuple[int, ...] | None


def _axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return tuple(operator.index(i) % ndim for i in (axis if isinstance(axis, tuple) else (axis,)))


def _spread(g: Any, shape: Shape, axis: Axis) -> Any:
    """Give every summand its copy of the adjoint of the sum."""
    axes = _axes(axis, len(shape))
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return broadcast_to(reshape(g, shape=kept), shape=shape)


def _count(shape: Shape, axis: Axis) -> int:
    return math.prod(shape[i] for i in _axes(axis, len(shape)))


sum: Op = op(
    "sum", label="Σ", out=True, attrs={"axis": None, "keepdims": False},
    forward=lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    vjp=(lambda g, y, x, axis, keepdims: _spread(g, _shape(x), axis),),
)  # fmt: skip

mean: Op = op(
    "mean", label="mean", out=True, attrs={"axis": None, "keepdims": False},
    forward=lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
    vjp=(lambda g, y, x, axis, keepdims: _spread(g, _shape(x), axis) / _count(_shape(x), axis),),
    formula=lambda m, x, axis, keepdims: (
        np.sum(x, axis=axis, keepdims=keepdims) / _count(np.shape(x), axis)
    ),
)  # fmt: skip
