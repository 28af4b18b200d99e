"""Do targets fit a loss and a model's outputs?  Asked before any weight changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.losses.base import Loss, target_form
from autograd_lab.losses.focal import BinaryFocalCrossentropy, CategoricalFocalCrossentropy
from autograd_lab.losses.hinge import CategoricalHinge, Hinge, SquaredHinge
from autograd_lab.losses.labels import Array, check_labels, refuse_where, values_of
from autograd_lab.losses.probabilistic import (
    CROSSENTROPIES,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    crossentropy,
)
from autograd_lab.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
)
from autograd_lab.registry import snake_case

Shape = tuple[Any, ...]


def check_targets(loss: Any, y_true: Any, y_pred_shape: Shape) -> None:
    """UsageError or ShapeError that says which target does not fit the loss, and what would.

    loss: an object or function of this package; of others only the numbers themselves are checked.
    y_true: all targets.  y_pred_shape: the shape of the outputs; its first length does not matter.

    >>> check_targets(SparseCategoricalCrossentropy(), [0, 7], (None, 3))
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: y_true has 7 at row 1; there are 3 classes, labels from 0 to 2
    """
    y = values_of(y_true)
    if y.dtype.kind not in "fiub":
        raise UsageError(
            f"y_true holds {y.dtype.type.__name__.rstrip('_')} and not numbers; "
            "number classes from 0, and give lists of equal length"
        )
    if y.dtype.kind == "f":
        refuse_where(~np.isfinite(y), y, "targets must be finite; leave such rows out or fill them")
    loss = getattr(loss, "fn", loss)
    if loss is crossentropy:
        loss = CROSSENTROPIES[target_form(y.shape, y_pred_shape)]
    for kinds, check in _CHECKS:
        if any(_is_a(loss, kind) for kind in kinds):
            check(_name(loss), loss, y, y_pred_shape)


def _name(loss: Any) -> str:
    return str(getattr(loss, "__name__", type(loss).__name__))


def _is_a(loss: Any, kind: type[Loss]) -> bool:
    """An object of the class, or the function that bears its name in lower case."""
    if isinstance(loss, Loss):
        return isinstance(loss, kind)
    ours = getattr(loss, "__module__", None) == kind.__module__
    return ours and _name(loss) == snake_case(kind.__name__)


def _fits(y: Array, shape: Shape) -> bool:
    """True if the rows have one shape, but for a last axis of length 1."""
    given, wanted = y.shape[1:], tuple(shape[1:])
    return given == wanted or (*given, 1) == wanted or given == (*wanted, 1)


def _same_shape(name: str, _loss: Any, y: Array, shape: Shape) -> None:
    if not _fits(y, shape):
        raise ShapeError(
            f"{name}: y_true has shape {y.shape} and the outputs {shape}; "
            "after the first axis both must be the same"
        )


def _labels(name: str, loss: Any, y: Array, shape: Shape) -> None:
    axis = getattr(loss, "axis", -1) % len(shape)
    classes = shape[axis]
    if classes == 1:
        raise UsageError(
            f"{name}: the model has 1 output, which leaves no choice; "
            "use BinaryCrossentropy, or an output for each class"
        )
    rest = tuple(shape[1:axis]) + tuple(shape[axis + 1 :])
    if y.shape[1:] == tuple(shape[1:]):
        raise ShapeError(
            f"{name} takes one whole number per example; y_true of shape {y.shape} has one number "
            "for each class: use CategoricalCrossentropy, or y_true.argmax(axis=-1)"
        )
    if y.shape[1:] not in (rest, (*rest, 1)):
        raise ShapeError(
            f"{name}: y_true has shape {y.shape} and the outputs {shape}; "
            f"give labels of shape {(len(y) if y.ndim else 1, *rest)}"
        )
    check_labels(y, classes, getattr(loss, "ignore_class", None))


def _one_hot(name: str, loss: Any, y: Array, shape: Shape) -> None:
    classes = shape[getattr(loss, "axis", -1)]
    if classes == 1:
        raise UsageError(
            f"{name}: the model has 1 output, which leaves no choice; use BinaryCrossentropy"
        )
    if y.shape[1:] == tuple(shape[1:]):
        return
    if y.shape[1:] in (tuple(shape[1:-1]), (*shape[1:-1], 1)):
        raise ShapeError(
            f"{name} takes one number for each of the {classes} classes; y_true of shape {y.shape} "
            "has one per example: use SparseCategoricalCrossentropy, or utils.to_categorical"
        )
    _same_shape(name, loss, y, shape)


def _probabilities(name: str, loss: Any, y: Array, shape: Shape) -> None:
    if not _fits(y, shape) and y.shape[1:] in ((), (1,)):
        raise ShapeError(
            f"{name} takes a target for each of the {shape[-1]} outputs; y_true of shape "
            f"{y.shape} has one per example: for one class of many use "
            "SparseCategoricalCrossentropy, for a yes or no give the model 1 output"
        )
    _same_shape(name, loss, y, shape)
    sides = " (labels of -1 and 1 fit Hinge, or are (y + 1) / 2)" if _all_in(y, (-1, 1)) else ""
    refuse_where((y < 0) | (y > 1), y, f"{name} takes targets from 0 to 1{sides}")


def _sides(name: str, loss: Any, y: Array, shape: Shape) -> None:
    _same_shape(name, loss, y, shape)
    for pair in ((0, 1), (-1, 1)):
        if _all_in(y, pair):
            return
    strange = ~np.isin(y, (-1, 1))
    refuse_where(strange, y, f"{name} takes targets of -1 and 1, or of 0 and 1 throughout")


def _all_in(y: Array, values: tuple[int, ...]) -> bool:
    return bool(np.isin(y, values).all())


Check = Callable[[str, Any, Array, Shape], None]
_CHECKS: tuple[tuple[tuple[type[Loss], ...], Check], ...] = (
    ((SparseCategoricalCrossentropy,), _labels),
    ((CategoricalCrossentropy, CategoricalFocalCrossentropy, CategoricalHinge), _one_hot),
    ((BinaryCrossentropy, BinaryFocalCrossentropy), _probabilities),
    ((Hinge, SquaredHinge), _sides),
    (
        (
            CosineSimilarity, Huber, KLDivergence, LogCosh, MeanAbsoluteError,
            MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson,
        ),
        _same_shape,
    ),
)  # fmt: skip
