"""How far predicted classes cover the true ones: intersection over union."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import config
from autograd_lab.errors import ShapeError
from autograd_lab.losses.labels import Array, values_of
from autograd_lab.metrics.base import Metric
from autograd_lab.registry import register
from autograd_lab.settings import wrong


class _Overlap(Metric):
    """TP / (TP + FP + FN) from a table of true and predicted classes."""

    direction = "up"
    sums = ("table",)
    num_classes: int
    ignore_class: int | None
    sparse_y_true: bool
    sparse_y_pred: bool
    axis: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.num_classes, int) or self.num_classes < 1:
            raise wrong(self, "num_classes", "must be a positive whole number")

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Array]:
        """The weight of each pair of a true class (row) and a predicted one (column)."""
        t, p = values_of(y_true), values_of(y_pred)
        t = (t if self.sparse_y_true else np.argmax(t, axis=self.axis)).ravel()
        p = (p if self.sparse_y_pred else np.argmax(p, axis=self.axis)).ravel()
        if t.shape != p.shape:
            raise ShapeError(f"{self.name}: {t.size} true classes and {p.size} predicted ones")
        w = np.asarray(1.0 if sample_weight is None else values_of(sample_weight), dtype=float)
        w = np.broadcast_to(w.ravel() if w.ndim else w, t.shape)
        n = self.num_classes
        known = (t >= 0) & (t < n) & (p >= 0) & (p < n) & (t != self.ignore_class)
        pairs = n * t[known].astype(int) + p[known].astype(int)
        return (np.bincount(pairs, w[known], minlength=n * n).reshape(n, n),)

    def _classes(self) -> Sequence[int]:
        return range(self.num_classes)

    def result(self) -> float:
        """The mean over the classes that occurred; 0 if none did."""
        table = np.broadcast_to(self["table"], (self.num_classes, self.num_classes))
        right = np.diag(table)
        union = table.sum(axis=0) + table.sum(axis=1) - right
        of = [k for k in self._classes() if union[k] > 1e-9]
        tiny = config.epsilon()
        return float(np.sum(right[of] / (union[of] + tiny)) / (len(of) + tiny))


@register("metrics", "io_u")
@dataclass(eq=False)
class IoU(_Overlap):
    """TP / (TP + FP + FN), averaged over the classes ``target_class_ids``.

    Labels, or with sparse_y_true=False and sparse_y_pred=False one number per class along ``axis``.
    As in Keras, denominators are larger by 1e-7.

    >>> round(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333
    """

    num_classes: int
    target_class_ids: Sequence[int]
    name: str = ""
    dtype: str | None = None
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(k in range(self.num_classes) for k in self.target_class_ids):
            raise wrong(self, "target_class_ids", f"must lie from 0 to {self.num_classes - 1}")

    def _classes(self) -> Sequence[int]:
        return self.target_class_ids


@register("metrics", "mean_io_u")
@dataclass(eq=False)
class MeanIoU(_Overlap):
    """TP / (TP + FP + FN), averaged over all classes that occur; settings as for ``IoU``.

    >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333
    """

    num_classes: int
    name: str = ""
    dtype: str | None = None
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1
