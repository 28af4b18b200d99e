"""Errors of numbers against numbers, averaged over all examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import losses, ops
from autograd_lab.errors import ShapeError
from autograd_lab.losses.base import matched
from autograd_lab.losses.labels import values_of
from autograd_lab.losses.regression import cosine
from autograd_lab.metrics.base import MeanMetric, Metric, ratio
from autograd_lab.registry import register
from autograd_lab.settings import whole_numbers, wrong


@register("metrics", "mse", "MSE")
@dataclass(eq=False)
class MeanSquaredError(MeanMetric):
    """The mean of (t - p)².

    >>> MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]])
    5.0
    """

    name: str = "mean_squared_error"
    dtype: str | None = None
    direction = "down"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Mean (t - p)² of each example."""
        return losses.mean_squared_error(y_true, y_pred)


@register("metrics")
@dataclass(eq=False)
class RootMeanSquaredError(MeanMetric):
    """The root of the mean of (t - p)², in the unit of the targets.

    >>> RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]])
    5.0
    """

    name: str = "root_mean_squared_error"
    dtype: str | None = None
    direction = "down"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """(t - p)², entry by entry."""
        t, p = matched(self.name, y_true, y_pred)
        return ops.square(ops.subtract(t, p))

    def result(self) -> float:
        """The root of the mean so far."""
        return math.sqrt(super().result())


@register("metrics", "mae", "MAE")
@dataclass(eq=False)
class MeanAbsoluteError(MeanMetric):
    """The mean of |t - p|.

    >>> MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [3.0]])
    2.0
    """

    name: str = "mean_absolute_error"
    dtype: str | None = None
    direction = "down"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Mean |t - p| of each example."""
        return losses.mean_absolute_error(y_true, y_pred)


@register("metrics", "mape", "MAPE")
@dataclass(eq=False)
class MeanAbsolutePercentageError(MeanMetric):
    """The mean of 100 |t - p| / |t|, in percent.

    >>> MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]])
    25.0
    """

    name: str = "mean_absolute_percentage_error"
    dtype: str | None = None
    direction = "down"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """100 mean |t - p| / |t| of each example."""
        return losses.mean_absolute_percentage_error(y_true, y_pred)


@register("metrics", "msle", "MSLE")
@dataclass(eq=False)
class MeanSquaredLogarithmicError(MeanMetric):
    """The mean of (ln(1 + t) - ln(1 + p))².

    >>> round(MeanSquaredLogarithmicError()([[0.0]], [[1.0]]), 4)
    0.4805
    """

    name: str = "mean_squared_logarithmic_error"
    dtype: str | None = None
    direction = "down"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Mean (ln(1 + t) - ln(1 + p))² of each example."""
        return losses.mean_squared_logarithmic_error(y_true, y_pred)


@register("metrics")
@dataclass(eq=False)
class LogCoshError(MeanMetric):
    """The mean of ln cosh(p - t).

    >>> round(LogCoshError()([[0.0]], [[1.0]]), 4)
    0.4338
    """

    name: str = "logcosh"
    dtype: str | None = None
    direction = "down"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Mean ln cosh(p - t) of each example."""
        return losses.log_cosh(y_true, y_pred)


@register("metrics")
@dataclass(eq=False)
class CosineSimilarity(MeanMetric):
    """The mean cosine of the angle between t and p: 1 for one direction.  The loss is its negative.

    >>> CosineSimilarity()([[0.0, 2.0], [1.0, 0.0]], [[0.0, 3.0], [0.0, 1.0]])
    0.5
    """

    name: str = "cosine_similarity"
    dtype: str | None = None
    axis: int = -1
    direction = "up"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_numbers(self, "axis")

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """The cosine for each example."""
        t, p = matched(self.name, y_true, y_pred)
        return cosine(t, p, self.axis)


@register("metrics")
@dataclass(eq=False)
class R2Score(Metric):
    """1 - Σ (t - p)² / Σ (t - mean t)²: the share of the variance that is explained.

    y_true (N, outputs), y_pred (N, outputs).  class_aggregation: "uniform_average" over the
    outputs, "variance_weighted_average", or None for one score per output.  num_regressors > 0
    adjusts the score for so many predictors, if there are more examples than that.

    >>> R2Score()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.0]])
    0.5
    """

    class_aggregation: str | None = "uniform_average"
    num_regressors: int = 0
    name: str = "r2_score"
    dtype: str | None = None
    direction = "up"
    sums = ("count", "mean", "spread", "residual", "num_samples")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise wrong(
                self, "class_aggregation",
                "must be uniform_average, variance_weighted_average or None",
            )  # fmt: skip
        if not isinstance(self.num_regressors, int) or self.num_regressors < 0:
            raise wrong(self, "num_regressors", "must be a whole number from 0 on")

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Sequence[Any]:
        """Of each output: Σ w, the mean of t, Σ w (t - mean)², Σ w (t - p)²; and how many numbers.

        Not Σ t²: with targets far from 0, Σ t² - (Σ t)² / N has no digit left.
        """
        t, p = (values_of(x) for x in matched(self.name, y_true, y_pred))
        if t.ndim != 2:
            raise ShapeError(f"R2Score: shape {t.shape}; give y_true and y_pred of (N, outputs)")
        t, p = t.astype(float), p.astype(float)
        w = np.asarray(1.0 if sample_weight is None else values_of(sample_weight), dtype=float)
        w = np.broadcast_to(w[:, None] if w.ndim == 1 else w, t.shape)
        count = np.sum(w, axis=0)
        mean = ratio(np.sum(w * t, axis=0), count)
        spread, residual = (np.sum(w * np.square(t - x), axis=0) for x in (mean, p))
        return count, mean, spread, residual, t.size

    def add(self, tally: Sequence[Any]) -> None:
        """Join two means and the spreads about them (Chan, Golub and LeVeque 1979)."""
        count, mean, spread, residual, size = tally
        before, apart = self["count"], mean - self["mean"]
        share = ratio(count, before + count)
        moved = (count, apart * share, spread + np.square(apart) * before * share, residual, size)
        super().add(moved)

    def result(self) -> Any:
        """The score for all examples; 0 if there were none."""
        if not self["num_samples"]:
            return 0.0
        with np.errstate(all="ignore"):
            spread = self["spread"]
            scores = 1.0 - self["residual"] / spread
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "uniform_average":
                scores = np.mean(scores)
            elif self.class_aggregation is not None:
                scores = np.sum(spread * scores) / np.sum(spread)
        n, k = self["num_samples"], self.num_regressors
        if 0 < k < n - 1:
            scores = 1.0 - (1.0 - scores) * (n - 1.0) / (n - k - 1.0)
        return scores if np.ndim(scores) else float(scores)
