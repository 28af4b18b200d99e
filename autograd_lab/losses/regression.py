"""Losses of numbers against numbers, from the squared error to the angle between two vectors.

Letters: t is a target, p the output for it.  Each function gives one number per example, the mean
over the last axis: y_true (..., n), y_pred (..., n) -> (...).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from autograd_lab import config, ops
from autograd_lab.losses.base import AVERAGE, Loss, matched
from autograd_lab.registry import register

# Each class is registered before its function, so that the lower-case name means the function.


@register("losses")
@dataclass(eq=False)
class MeanSquaredError(Loss):
    """(t - p)², averaged: the loss under which Gaussian noise is most likely.

    >>> MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]])
    np.float32(2.5)
    """

    reduction: str | None = AVERAGE
    name: str = "mean_squared_error"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean (t - p)² of each example."""
        return mean_squared_error(y_true, y_pred)


@register("losses", "mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean (t - p)² over the last axis.

    >>> mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
    [2.5]
    """
    t, p = matched("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(t - p), axis=-1)


@register("losses")
@dataclass(eq=False)
class MeanAbsoluteError(Loss):
    """|t - p|, averaged.

    >>> MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 3.0]])
    np.float32(1.5)
    """

    reduction: str | None = AVERAGE
    name: str = "mean_absolute_error"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean |t - p| of each example."""
        return mean_absolute_error(y_true, y_pred)


@register("losses", "mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean |t - p| over the last axis; at t = p the slope is 0.

    >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    t, p = matched("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(t - p), axis=-1)


@register("losses")
@dataclass(eq=False)
class MeanAbsolutePercentageError(Loss):
    """100 |t - p| / |t|, averaged, in percent; |t| counts as at least 1e-7.

    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])
    np.float32(25.0)
    """

    reduction: str | None = AVERAGE
    name: str = "mean_absolute_percentage_error"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """100 mean |t - p| / |t| of each example."""
        return mean_absolute_percentage_error(y_true, y_pred)


@register("losses", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 mean |t - p| / max(|t|, ε) over the last axis, ε = ``config.epsilon()``.

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    t, p = matched("mean_absolute_percentage_error", y_true, y_pred)
    size = ops.maximum(ops.abs(t), config.epsilon())
    return 100.0 * ops.mean(ops.abs((t - p) / size), axis=-1)


@register("losses")
@dataclass(eq=False)
class MeanSquaredLogarithmicError(Loss):
    """(ln(1 + t) - ln(1 + p))², averaged; numbers below 1e-7 count as that.

    >>> round(float(MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    reduction: str | None = AVERAGE
    name: str = "mean_squared_logarithmic_error"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean (ln(1 + t) - ln(1 + p))² of each example."""
        return mean_squared_logarithmic_error(y_true, y_pred)


@register("losses", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Mean (ln(1 + t) - ln(1 + p))² over the last axis, t and p at least ``config.epsilon()``.

    >>> round(float(mean_squared_logarithmic_error([[0.0]], [[1.0]])[0]), 4)
    0.4805
    """
    t, p = matched("mean_squared_logarithmic_error", y_true, y_pred)
    low = config.epsilon()
    difference = ops.log1p(ops.maximum(p, low)) - ops.log1p(ops.maximum(t, low))
    return ops.mean(ops.square(difference), axis=-1)


@register("losses")
@dataclass(eq=False)
class Huber(Loss):
    """e² / 2 where |e| = |t - p| is at most delta, delta |e| - delta² / 2 beyond (Huber 1964).

    Quadratic for small errors and linear for large ones, so that an outlier pulls no harder than
    delta.

    >>> Huber()([[0.0, 0.0]], [[1.0, 3.0]])
    np.float32(1.5)
    """

    delta: float = 1.0
    reduction: str | None = AVERAGE
    name: str = "huber_loss"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The mean of Huber's function for each example."""
        return huber(y_true, y_pred, self.delta)


@register("losses")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """The mean over the last axis of e² / 2 where |e| <= delta, else delta |e| - delta² / 2.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    t, p = matched("huber", y_true, y_pred)
    size = ops.abs(p - t)
    near, far = 0.5 * ops.square(size), delta * size - 0.5 * delta**2
    return ops.mean(ops.where(ops.less_equal(size, delta), near, far), axis=-1)


@register("losses")
@dataclass(eq=False)
class LogCosh(Loss):
    """ln cosh(p - t), averaged: about e² / 2 near 0 and |e| - ln 2 far away, smooth everywhere.

    >>> round(float(LogCosh()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    reduction: str | None = AVERAGE
    name: str = "log_cosh"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean ln cosh(p - t) of each example."""
        return log_cosh(y_true, y_pred)


@register("losses", "logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Mean ln cosh(p - t) over the last axis.

    >>> log_cosh([[0.0]], [[1000.0]]).tolist()
    [999.3068237304688]
    """
    t, p = matched("log_cosh", y_true, y_pred)
    return ops.mean(_ln_cosh(p - t), axis=-1)


def _ln_cosh(e: Any) -> Any:
    """Ln cosh e = ln(1 + 2 sinh²(e/2)) near 0, where |e| + ln(1 + exp(-2|e|)) - ln 2 cancels."""
    near = ops.less(ops.abs(e), 1.0)
    size = ops.abs(ops.where(near, 1.0, e))
    far = size + ops.softplus(-2.0 * size) - math.log(2.0)
    inside = ops.where(near, e, 0.0)
    return ops.where(near, ops.log1p(2.0 * ops.square(ops.sinh(0.5 * inside))), far)


@register("losses")
@dataclass(eq=False)
class CosineSimilarity(Loss):
    """The negative cosine of the angle between t and p: -1 for one direction, 1 for the opposite.

    >>> CosineSimilarity()([[0.0, 2.0]], [[3.0, 0.0]])
    np.float32(0.0)
    """

    axis: int = -1
    reduction: str | None = AVERAGE
    name: str = "cosine_similarity"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """-cos of the angle for each example."""
        return cosine_similarity(y_true, y_pred, self.axis)


@register("losses")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """-Σ t p / (|t| |p|) along an axis, lengths at least ``config.epsilon()``.

    So the loss of a vector of zeros is 0.

    >>> cosine_similarity([[0.0, 2.0], [1.0, 1.0]], [[0.0, 5.0], [0.0, 0.0]]).tolist()
    [-1.0, -0.0]
    """
    t, p = matched("cosine_similarity", y_true, y_pred)
    return -cosine(t, p, axis)


def cosine(t: Any, p: Any, axis: int) -> Any:
    """The cosine of the angle between two vectors along an axis; 0 if one is zero."""
    return ops.sum(_unit(t, axis) * _unit(p, axis), axis=axis)


def _unit(x: Any, axis: int) -> Any:
    return x / ops.maximum(ops.norm(x, axis=axis, keepdims=True), config.epsilon())
