"""The best of one rate while another is at least so much: a point of operation on a curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.losses.labels import Array
from autograd_lab.metrics.base import Metric, ratio
from autograd_lab.metrics.confusion import counts, evenly, flat, prepared
from autograd_lab.registry import register
from autograd_lab.settings import number, wrong


class _AtRate(Metric):
    """The largest ``wanted`` among the thresholds at which ``kept`` is large enough."""

    direction = "up"
    sums = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    kept, wanted = "", ""
    num_thresholds: int
    class_id: int | None

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self, self.kept, at_least=0, at_most=1)
        if not isinstance(self.num_thresholds, int) or self.num_thresholds < 1:
            raise wrong(self, "num_thresholds", "must be a whole number from 1 on")

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Array, ...]:
        """The four counts at each threshold."""
        labels, scores, weight = prepared(self.name, y_true, y_pred, sample_weight, self.dtype)
        if self.class_id is not None:
            labels, scores, weight = (x[..., self.class_id] for x in (labels, scores, weight))
        levels = np.array(evenly(self.num_thresholds))
        found = counts(*flat(labels, scores, weight), thresholds=levels)
        return tuple(x[:, 0] for x in found)

    def result(self) -> float:
        """The best rate so far; 0 where no threshold keeps the other."""
        tp, fp, fn, tn = (self[name] for name in self.sums)
        rates = {
            "sensitivity": ratio(tp, tp + fn),
            "recall": ratio(tp, tp + fn),
            "specificity": ratio(tn, tn + fp),
            "precision": ratio(tp, tp + fp),
        }
        enough = rates[self.kept] >= getattr(self, self.kept)
        return float(np.max(np.where(enough, rates[self.wanted], 0.0)))


@register("metrics")
@dataclass(eq=False)
class SensitivityAtSpecificity(_AtRate):
    """The largest TP / (TP + FN) at which TN / (TN + FP) is at least ``specificity``.

    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    specificity: float
    num_thresholds: int = 200
    class_id: int | None = None
    name: str = ""
    dtype: str | None = None
    kept, wanted = "specificity", "sensitivity"


@register("metrics")
@dataclass(eq=False)
class SpecificityAtSensitivity(_AtRate):
    """The largest TN / (TN + FP) at which TP / (TP + FN) is at least ``sensitivity``.

    >>> round(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]), 4)
    0.6667
    """

    sensitivity: float
    num_thresholds: int = 200
    class_id: int | None = None
    name: str = ""
    dtype: str | None = None
    kept, wanted = "sensitivity", "specificity"


@register("metrics")
@dataclass(eq=False)
class PrecisionAtRecall(_AtRate):
    """The largest TP / (TP + FP) at which TP / (TP + FN) is at least ``recall``.

    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    recall: float
    num_thresholds: int = 200
    class_id: int | None = None
    name: str = ""
    dtype: str | None = None
    kept, wanted = "recall", "precision"


@register("metrics")
@dataclass(eq=False)
class RecallAtPrecision(_AtRate):
    """The largest TP / (TP + FN) at which TP / (TP + FP) is at least ``precision``.

    >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    0.5
    """

    precision: float
    num_thresholds: int = 200
    class_id: int | None = None
    name: str = ""
    dtype: str | None = None
    kept, wanted = "precision", "recall"
