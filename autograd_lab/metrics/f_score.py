"""The mean of precision and recall that is near the smaller of the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import config
from autograd_lab.errors import ShapeError
from autograd_lab.losses.base import as_float, matched
from autograd_lab.losses.labels import values_of
from autograd_lab.metrics.base import Metric
from autograd_lab.registry import register
from autograd_lab.settings import choice, number


class _FScore(Metric):
    """(1 + β²) precision recall / (β² precision + recall), of each class or of all."""

    direction = "up"
    sums = ("true_positives", "false_positives", "false_negatives", "support")
    average: str | None
    threshold: float | None
    beta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self, "beta", above=0)
        if self.average is not None:
            choice(self, "average", ("micro", "macro", "weighted"))
        if self.threshold is not None:
            number(self, "threshold", above=0, at_most=1)

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Sequence[Any]:
        """True positives, false ones, misses and positives of each class."""
        t, p = (values_of(x) for x in matched(self.name, y_true, as_float(y_pred, self.dtype)))
        if t.ndim != 2:
            raise ShapeError(
                f"{type(self).__name__}: shape {t.shape}; give y_true and y_pred of (N, classes)"
            )
        t = t.astype(float)
        w = np.asarray(1.0 if sample_weight is None else values_of(sample_weight), dtype=float)
        w = w[:, None] if w.ndim == 1 else w
        reported = self._reported(p)
        parts = (reported * t, reported * (1.0 - t), (1.0 - reported) * t, t)
        return [np.sum(w * part, axis=None if self.average == "micro" else 0) for part in parts]

    def _reported(self, p: Any) -> Any:
        """1 for the classes that are reported: those above the threshold, or the largest."""
        if self.threshold is not None:
            return (p > self.threshold).astype(float)
        largest = np.max(p, axis=-1, keepdims=True, initial=-np.inf)
        return ((p >= largest) & (np.abs(p) > 1e-9)).astype(float)

    def result(self) -> Any:
        """The score so far; an array of the classes without ``average``."""
        tp, fp, fn, support = (np.asarray(self[name]) for name in self.sums)
        tiny, square = config.epsilon(), self.beta**2
        precision, recall = tp / (tp + fp + tiny), tp / (tp + fn + tiny)
        score = (1 + square) * precision * recall / (square * precision + recall + tiny)
        if self.average == "weighted":
            score = np.sum(score * (support / (np.sum(support) + tiny)))
        elif self.average is not None:
            score = np.mean(score)
        return score if np.ndim(score) else float(score)


@register("metrics")
@dataclass(eq=False)
class FBetaScore(_FScore):
    """(1 + β²) precision recall / (β² precision + recall): recall counts β times as much.

    y_true (N, classes) of 0 and 1, y_pred (N, classes).  average: None for one score per class,
    "micro" over all entries, "macro" the mean of the classes, "weighted" by how many positives each
    has.  threshold: above it a class is reported; None for the largest output of each example.
    As in Keras, denominators are larger by 1e-7.

    >>> y_true, y_pred = [[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]
    >>> FBetaScore(beta=2.0)(y_true, y_pred).round(3).tolist()
    [0.833, 0.556]
    """

    average: str | None = None
    beta: float = 1.0
    threshold: float | None = None
    name: str = "fbeta_score"
    dtype: str | None = None


@register("metrics")
@dataclass(eq=False)
class F1Score(_FScore):
    """2 precision recall / (precision + recall); settings as for ``FBetaScore``.

    >>> F1Score()([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]).round(3).tolist()
    [0.667, 0.667]
    """

    average: str | None = None
    threshold: float | None = None
    name: str = "f1_score"
    dtype: str | None = None
