"""The area under a curve of rates, drawn through thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import config, ops
from autograd_lab.errors import ShapeError
from autograd_lab.losses.base import as_float
from autograd_lab.losses.labels import Array
from autograd_lab.metrics.base import Metric, ratio
from autograd_lab.metrics.confusion import as_thresholds, counts, ends, evenly, flat, prepared
from autograd_lab.registry import register
from autograd_lab.settings import choice, flag, wrong


@register("metrics")
@dataclass(eq=False)
class AUC(Metric):
    """The area under the ROC curve, or under the curve of precision over recall.

    The curve is drawn through ``num_thresholds`` points at equal distances (or ``thresholds`` of
    one's own), so the area is that of the exact curve but for what lies between two of them.
    y_pred are probabilities, or anything with ``from_logits``.

    curve: "ROC" or "PR".  summation_method: "interpolation" (trapezoids; for PR the curve of Davis
    and Goadrich 2006, section 3.1), "minoring" or "majoring" (the lower or upper side of each
    step).  multi_label: an area for each column, averaged with ``label_weights``; otherwise all
    columns are one list.

    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    0.75
    """

    num_thresholds: int = 200
    curve: str = "ROC"
    summation_method: str = "interpolation"
    name: str = ""
    dtype: str | None = None
    thresholds: Sequence[float] | None = None
    multi_label: bool = False
    num_labels: int | None = None
    label_weights: Sequence[float] | None = None
    from_logits: bool = False
    direction = "up"
    sums = ("true_positives", "false_positives", "false_negatives", "true_negatives")

    def __post_init__(self) -> None:
        super().__post_init__()
        choice(self, "curve", ("ROC", "PR"))
        choice(self, "summation_method", ("interpolation", "minoring", "majoring"))
        flag(self, "multi_label")
        flag(self, "from_logits")
        if self.num_labels is not None and not self.multi_label:
            raise wrong(self, "num_labels", "is only for multi_label=True")
        if self.thresholds is not None:
            inner = sorted(as_thresholds(self, 0.5))
            self.num_thresholds = len(inner) + 2
            levels = [0.0, *inner, 1.0]
        elif not isinstance(self.num_thresholds, int) or self.num_thresholds < 2:
            raise wrong(self, "num_thresholds", "must be a whole number from 2 on")
        else:
            levels = evenly(self.num_thresholds)
        self._levels = ends(levels, config.epsilon())

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Array, ...]:
        """The four counts at each threshold, and of each column with ``multi_label``."""
        p = as_float(y_pred, self.dtype)
        p = ops.sigmoid(p) if self.from_logits else p
        labels, scores, weight = prepared(self.name, y_true, p, sample_weight)
        scores = np.clip(scores, 0.0, 1.0)
        if self.multi_label:
            if scores.ndim != 2 or self.num_labels not in (None, scores.shape[1]):
                raise ShapeError(
                    f"AUC(multi_label=True): y_pred has shape {scores.shape}; "
                    f"give (N, {self.num_labels or 'labels'})"
                )
            return counts(labels, scores, weight, thresholds=self._levels)
        if self.label_weights is not None:
            weight = weight * np.asarray(self.label_weights, dtype=float)
        found = counts(*flat(labels, scores, weight), thresholds=self._levels)
        return tuple(x[:, 0] for x in found)

    def result(self) -> float:
        """The area so far; 0 if there were no examples."""
        if not np.ndim(self["true_positives"]):
            return 0.0
        with np.errstate(all="ignore"):
            areas = np.sum(self._strips(), axis=0)
        if not self.multi_label:
            return float(areas)
        if self.label_weights is None:
            return float(np.mean(areas))
        return float(ratio(np.sum(areas * self.label_weights), np.sum(self.label_weights)))

    def _strips(self) -> Any:
        """The area between each two thresholds."""
        tp, fp, fn, tn = (self[name] for name in self.sums)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _strips_of_precision(tp, fp, fn)
        recall = ratio(tp, tp + fn)
        x, y = (ratio(fp, fp + tn), recall) if self.curve == "ROC" else (recall, ratio(tp, tp + fp))
        heights = {
            "interpolation": (y[:-1] + y[1:]) / 2.0,
            "minoring": np.minimum(y[:-1], y[1:]),
            "majoring": np.maximum(y[:-1], y[1:]),
        }
        return (x[:-1] - x[1:]) * heights[self.summation_method]


def _strips_of_precision(tp: Any, fp: Any, fn: Any) -> Any:
    """∫ precision d recall, where TP grows linearly with TP + FP from one threshold to the next.

    With TP = slope P + intercept, the integral of TP / P over TP is slope (ΔTP + intercept ln of
    the ratio of the P).
    """
    reported = tp + fp
    gained = tp[:-1] - tp[1:]
    slope = ratio(gained, reported[:-1] - reported[1:])
    intercept = tp[1:] - slope * reported[1:]
    both = (reported[:-1] > 0) & (reported[1:] > 0)
    growth = np.where(both, ratio(reported[:-1], reported[1:]), 1.0)
    return ratio(slope * (gained + intercept * np.log(growth)), tp[1:] + fn[1:])
