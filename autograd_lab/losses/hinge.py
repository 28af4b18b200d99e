"""Losses of scores against sides: right by a margin of one costs nothing.

Targets t are -1 and 1; where all of them are 0 and 1 they are read as -1 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd_lab import ops
from autograd_lab.losses.base import AVERAGE, Loss, matched
from autograd_lab.registry import register


@register("losses")
@dataclass(eq=False)
class Hinge(Loss):
    """max(1 - t p, 0), averaged, for t of -1 and 1.

    >>> Hinge()([[-1.0, 1.0]], [[0.5, 3.0]])
    np.float32(0.75)
    """

    reduction: str | None = AVERAGE
    name: str = "hinge"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean max(1 - t p, 0) of each example."""
        return hinge(y_true, y_pred)


@register("losses")
def hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean max(1 - t p, 0) over the last axis.

    >>> hinge([[0.0, 1.0]], [[0.5, 3.0]]).tolist()
    [0.75]
    """
    return ops.mean(_shortfall("hinge", y_true, y_pred), axis=-1)


@register("losses")
@dataclass(eq=False)
class SquaredHinge(Loss):
    """max(1 - t p, 0)², averaged, for t of -1 and 1.

    >>> SquaredHinge()([[-1.0, 1.0]], [[0.5, 3.0]])
    np.float32(1.125)
    """

    reduction: str | None = AVERAGE
    name: str = "squared_hinge"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean max(1 - t p, 0)² of each example."""
        return squared_hinge(y_true, y_pred)


@register("losses")
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean max(1 - t p, 0)² over the last axis.

    >>> squared_hinge([[0.0, 1.0]], [[0.5, 3.0]]).tolist()
    [1.125]
    """
    return ops.mean(ops.square(_shortfall("squared_hinge", y_true, y_pred)), axis=-1)


def _shortfall(name: str, y_true: Any, y_pred: Any) -> Any:
    t, p = matched(name, y_true, y_pred)
    return ops.maximum(1.0 - as_sides(t) * p, 0.0)


def as_sides(t: Any) -> Any:
    """2t - 1 if every target is 0 or 1, else t; the question is part of the graph."""
    other = ops.where(ops.equal(t, 0.0), 0.0, ops.where(ops.equal(t, 1.0), 0.0, 1.0))
    return ops.where(ops.equal(ops.sum(other), 0.0), 2.0 * t - 1.0, t)


@register("losses")
@dataclass(eq=False)
class CategoricalHinge(Loss):
    """max(1 + best wrong score - right score, 0) for one-hot targets (Crammer and Singer 2001).

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.75]])
    np.float32(0.75)
    """

    reduction: str | None = AVERAGE
    name: str = "categorical_hinge"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """max(1 + max (1 - t) p - Σ t p, 0) of each example."""
        return categorical_hinge(y_true, y_pred)


@register("losses")
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + max (1 - t) p - Σ t p, 0) along the last axis, t one-hot.

    The place of the right class counts as a score of 0 among the wrong ones, as in Keras.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.75]]).tolist()
    [0.75]
    """
    t, p = matched("categorical_hinge", y_true, y_pred)
    right = ops.sum(t * p, axis=-1)
    wrong = ops.max((1.0 - t) * p, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)
