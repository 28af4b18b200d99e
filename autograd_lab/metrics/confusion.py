"""Right and wrong answers by their kind, for one threshold or many.

A prediction is positive where it is above the threshold; a label is positive where it is not 0.
Everything else is made of the four counts, each of shape (thresholds,): true and false positives,
false and true negatives, weighted by sample_weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError
from autograd_lab.losses.base import as_float, matched
from autograd_lab.losses.labels import Array, values_of
from autograd_lab.metrics.base import Metric, ratio
from autograd_lab.registry import register
from autograd_lab.settings import wrong

Thresholds = float | Sequence[float] | None


def prepared(
    name: str, y_true: Any, y_pred: Any, sample_weight: Any, dtype: str | None = None
) -> tuple[Array, Array, Array]:
    """Labels as truth values, scores, and a weight for each of them, all of one shape."""
    t, p = matched(name, y_true, as_float(y_pred, dtype))
    labels, scores = values_of(t) != 0, values_of(p)
    weight = np.asarray(1.0 if sample_weight is None else values_of(sample_weight), dtype=float)
    if weight.ndim == labels.ndim - 1:
        weight = weight[..., None]
    elif weight.ndim == labels.ndim + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    try:
        return labels, scores, np.broadcast_to(weight, labels.shape)
    except ValueError as error:
        raise ShapeError(
            f"{name}: sample_weight has shape {np.shape(sample_weight)} for predictions of shape "
            f"{scores.shape}; give one weight for each example"
        ) from error


def counts(labels: Array, scores: Array, weight: Array, *, thresholds: Array) -> tuple[Array, ...]:
    """True and false positives, false and true negatives for rising thresholds.

    labels, scores, weight (N, columns) -> four arrays (thresholds, columns).  Each score is looked
    up once: it is positive for all thresholds below it, so the counts are running sums.

    >>> column = np.array([[0.2], [0.6], [0.9]])
    >>> two = np.array([0.0, 0.7])
    >>> tp, fp, fn, tn = counts(column > 0.5, column, np.ones((3, 1)), thresholds=two)
    >>> tp.ravel().tolist(), fn.ravel().tolist()
    ([2.0, 1.0], [0.0, 1.0])
    """
    columns = scores.shape[1]
    below = np.searchsorted(thresholds.astype(scores.dtype), scores, side="left")
    below[np.isnan(scores)] = 0  # no number is above nothing
    bins = len(thresholds) + 1
    places = (below + bins * np.arange(columns)).ravel()
    found = []
    for chosen in (labels, ~labels):
        weights = np.where(chosen, weight, 0.0).ravel()
        heap = np.bincount(places, weights, minlength=bins * columns).reshape(columns, bins).T
        above = np.cumsum(heap[::-1], axis=0)[::-1][1:]
        # in row order, so that later sums of these are the same to the last bit after a reload
        found.append((np.ascontiguousarray(above), np.ascontiguousarray(np.cumsum(heap, 0)[:-1])))
    (tp, fn), (fp, tn) = found
    return tp, fp, fn, tn


def flat(*arrays: Array) -> list[Array]:
    """The arrays as one column each."""
    return [x.reshape(-1, 1) for x in arrays]


def as_thresholds(metric: Metric, default: float) -> list[float]:
    """The setting ``thresholds`` as a list of numbers from 0 to 1."""
    given = getattr(metric, "thresholds", None)
    if given is None:
        return [default]
    several = list(given) if isinstance(given, (list, tuple, np.ndarray)) else [given]
    if not several or not all(isinstance(t, (int, float)) and 0 <= t <= 1 for t in several):
        raise wrong(metric, "thresholds", "must be a number from 0 to 1, or a list of them")
    return [float(t) for t in several]


def only_top(scores: Array, k: int) -> Array:
    """Scores of the k largest per row; the others can be no positives."""
    order = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    kept = np.full_like(scores, -np.inf)
    np.put_along_axis(kept, order, np.take_along_axis(scores, order, axis=-1), axis=-1)
    return kept


class ByThreshold(Metric):
    """A metric of the counts at its thresholds: a number for one, an array for several."""

    def _setup(self) -> None:
        top_k = getattr(self, "top_k", None)
        if top_k is not None and (not isinstance(top_k, int) or top_k < 1):
            raise wrong(self, "top_k", "must be a whole number from 1 on, or None")
        # without a threshold of their own, all of the top k are positive
        levels = as_thresholds(self, 0.5 if top_k is None else -1e10)
        self._order = np.argsort(levels, kind="stable")
        self._levels = np.asarray(levels)[self._order]

    def counted(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Array, ...]:
        """The four counts, in the order in which the thresholds were given."""
        labels, scores, weight = prepared(self.name, y_true, y_pred, sample_weight, self.dtype)
        if getattr(self, "top_k", None) is not None:
            scores = only_top(scores, self.top_k)  # type: ignore[attr-defined]
        column = getattr(self, "class_id", None)
        if column is not None:
            self._check_class(column, scores)
            labels, scores, weight = (x[..., column] for x in (labels, scores, weight))
        found = counts(*flat(labels, scores, weight), thresholds=self._levels)
        back = np.argsort(self._order)
        return tuple(x[back, 0] for x in found)

    def _check_class(self, column: Any, scores: Array) -> None:
        classes = scores.shape[-1] if scores.ndim > 1 else 1
        if not isinstance(column, int) or not 0 <= column < classes:
            raise wrong(
                self, "class_id", f"must be a column of the predictions, from 0 to {classes - 1}"
            )

    def one_or_all(self, values: Any) -> Any:
        """A plain number for a single threshold."""
        every = np.broadcast_to(values, len(self._levels))
        return float(every[0]) if len(every) == 1 else np.array(every)


class _Count(ByThreshold):
    """One of the four counts."""

    sums = ("accumulator",)
    which = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._setup()

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Array]:
        """The count at each threshold."""
        return (self.counted(y_true, y_pred, sample_weight)[self.which],)

    def result(self) -> Any:
        """The count so far; an array if there are several thresholds."""
        return self.one_or_all(self["accumulator"])


@register("metrics")
@dataclass(eq=False)
class TruePositives(_Count):
    """How many positives were found.

    >>> TruePositives()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7])
    2.0
    """

    thresholds: Thresholds = None
    name: str = ""
    dtype: str | None = None
    which = 0


@register("metrics")
@dataclass(eq=False)
class FalsePositives(_Count):
    """How many negatives were taken for positives.

    >>> FalsePositives()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7])
    1.0
    """

    thresholds: Thresholds = None
    name: str = ""
    dtype: str | None = None
    which = 1


@register("metrics")
@dataclass(eq=False)
class FalseNegatives(_Count):
    """How many positives were missed.

    >>> FalseNegatives()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7])
    1.0
    """

    thresholds: Thresholds = None
    name: str = ""
    dtype: str | None = None
    which = 2


@register("metrics")
@dataclass(eq=False)
class TrueNegatives(_Count):
    """How many negatives were left alone.

    >>> TrueNegatives()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7])
    0.0
    """

    thresholds: Thresholds = None
    name: str = ""
    dtype: str | None = None
    which = 3


@register("metrics")
@dataclass(eq=False)
class Precision(ByThreshold):
    """TP / (TP + FP): how many of the positives reported are ones; 0 where none was reported.

    thresholds: a number or several (then there are several results), 0.5 unless told.  top_k: only
    the k largest outputs of an example can be positive.  class_id: look at one column only.

    >>> Precision()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7])
    0.6666666666666666
    """

    thresholds: Thresholds = None
    top_k: int | None = None
    class_id: int | None = None
    name: str = ""
    dtype: str | None = None
    direction = "up"
    sums = ("true_positives", "false_positives")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._setup()

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Array, ...]:
        """True and false positives at each threshold."""
        return self.counted(y_true, y_pred, sample_weight)[:2]

    def result(self) -> Any:
        """The precision so far; an array if there are several thresholds."""
        found = self["true_positives"]
        return self.one_or_all(ratio(found, found + self["false_positives"]))


@register("metrics")
@dataclass(eq=False)
class Recall(ByThreshold):
    """TP / (TP + FN): how many of the positives that exist were reported; 0 where none exists.

    thresholds, top_k, class_id: as for ``Precision``.

    >>> Recall()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7])
    0.6666666666666666
    """

    thresholds: Thresholds = None
    top_k: int | None = None
    class_id: int | None = None
    name: str = ""
    dtype: str | None = None
    direction = "up"
    sums = ("true_positives", "false_negatives")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._setup()

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Array, ...]:
        """True positives and false negatives at each threshold."""
        return self.counted(y_true, y_pred, sample_weight)[0::2]

    def result(self) -> Any:
        """The recall so far; an array if there are several thresholds."""
        found = self["true_positives"]
        return self.one_or_all(ratio(found, found + self["false_negatives"]))


def evenly(count: int) -> list[float]:
    """So many thresholds from 0 to 1 at equal distances; 0.5 alone."""
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]


def ends(levels: Sequence[float], beyond: float) -> Array:
    """Thresholds whose first and last lie just outside [0, 1], so that every score is between."""
    return np.array([-beyond, *levels[1:-1], 1.0 + beyond])
