"""Accuracies: the share of examples that were answered rightly.

Each function gives for every example whether it is right; each class is the mean of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import ops
from autograd_lab.errors import ShapeError
from autograd_lab.losses.base import as_float, matched
from autograd_lab.metrics.base import MeanMetric
from autograd_lab.ops.axes import shape_of
from autograd_lab.registry import register
from autograd_lab.settings import number, wrong


@register("metric_functions")
def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether target and prediction are equal, entry by entry.

    >>> accuracy([1.0, 2.0], [1.0, 3.0]).tolist()
    [True, False]
    """
    return ops.equal(*matched("accuracy", y_true, y_pred))


@register("metrics")
@dataclass(eq=False)
class Accuracy(MeanMetric):
    """How often predictions equal targets exactly: for predictions that are labels themselves.

    >>> Accuracy()([1, 2, 3], [1, 2, 4])
    0.6666666666666666
    """

    name: str = "accuracy"
    dtype: str | None = None
    direction = "up"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Right or wrong, entry by entry."""
        return accuracy(y_true, y_pred)


@register("metric_functions")
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Whether t is 1 where p is above the threshold, and 0 elsewhere, entry by entry.

    >>> binary_accuracy([[1.0, 0.0]], [[0.6, 0.7]]).tolist()
    [[True, False]]
    """
    t, p = matched("binary_accuracy", y_true, y_pred)
    return ops.equal(t, ops.greater(p, threshold))


@register("metrics")
@dataclass(eq=False)
class BinaryAccuracy(MeanMetric):
    """How often p is on the side of the threshold that t is on.

    >>> BinaryAccuracy()([[1.0], [0.0], [0.0]], [[0.9], [0.2], [0.7]])
    0.6666666666666666
    """

    name: str = "binary_accuracy"
    dtype: str | None = None
    threshold: float = 0.5
    direction = "up"

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self, "threshold")

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Right or wrong, entry by entry."""
        return binary_accuracy(y_true, y_pred, self.threshold)


def labels_like(name: str, y_true: Any, y_pred: Any) -> Any:
    """Labels (N, ...) for outputs (N, ..., classes); a last axis of length 1 is taken off."""
    labels = y_true if hasattr(y_true, "shape") else np.asarray(y_true)
    outer = shape_of(y_pred)[:-1]
    if shape_of(labels) == (*outer, 1):
        labels = ops.reshape(labels, outer)
    if shape_of(labels) != outer:
        raise ShapeError(
            f"{name}: y_true has shape {shape_of(y_true)} and y_pred {shape_of(y_pred)}; "
            f"give labels of shape {outer}"
        )
    return labels


def labels_of(name: str, y_true: Any, y_pred: Any) -> Any:
    """The labels that one-hot targets stand for."""
    one_hot = y_true if hasattr(y_true, "shape") else np.asarray(y_true)
    if shape_of(one_hot) != shape_of(y_pred):
        raise ShapeError(
            f"{name}: y_true has shape {shape_of(one_hot)} and y_pred {shape_of(y_pred)}; "
            "give one number for each class, or use the sparse metric for labels"
        )
    return ops.argmax(one_hot, axis=-1)


@register("metric_functions")
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether targets and outputs are largest at the same class.

    >>> categorical_accuracy([[0, 1], [0, 1]], [[0.1, 0.9], [0.8, 0.2]]).tolist()
    [True, False]
    """
    y_pred = as_float(y_pred)
    labels = labels_of("categorical_accuracy", y_true, y_pred)
    return ops.equal(labels, ops.argmax(y_pred, axis=-1))


@register("metrics")
@dataclass(eq=False)
class CategoricalAccuracy(MeanMetric):
    """How often the largest output is that of the right class, targets one-hot.

    >>> CategoricalAccuracy()([[0, 1], [0, 1]], [[0.1, 0.9], [0.8, 0.2]])
    0.5
    """

    name: str = "categorical_accuracy"
    dtype: str | None = None
    direction = "up"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Right or wrong, example by example."""
        return categorical_accuracy(y_true, y_pred)


@register("metric_functions")
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the largest output is that of the label.

    >>> sparse_categorical_accuracy([1, 1], [[0.1, 0.9], [0.8, 0.2]]).tolist()
    [True, False]
    """
    y_pred = as_float(y_pred)
    labels = labels_like("sparse_categorical_accuracy", y_true, y_pred)
    return ops.equal(labels, ops.argmax(y_pred, axis=-1))


@register("metrics")
@dataclass(eq=False)
class SparseCategoricalAccuracy(MeanMetric):
    """How often the largest output is that of the right class, targets labels.

    >>> SparseCategoricalAccuracy()([1, 1], [[0.1, 0.9], [0.8, 0.2]])
    0.5
    """

    name: str = "sparse_categorical_accuracy"
    dtype: str | None = None
    direction = "up"

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Right or wrong, example by example."""
        return sparse_categorical_accuracy(y_true, y_pred)


def among_largest(labels: Any, y_pred: Any, k: int) -> Any:
    """Whether fewer than k outputs are larger than that of the label; nan is never large."""
    right = ops.equal(ops.expand_dims(labels, -1), np.arange(shape_of(y_pred)[-1]))
    own = ops.max(ops.where(right, y_pred, -math.inf), axis=-1, keepdims=True)
    own = ops.where(ops.equal(own, own), own, -math.inf)
    return ops.less(ops.sum(ops.greater(y_pred, own), axis=-1), k)


def _check_k(metric: MeanMetric, k: Any) -> None:
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool) or k < 1:
        raise wrong(metric, "k", "must be a whole number from 1 on")


@register("metric_functions")
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Whether the class of a one-hot target is among the k largest outputs.

    >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.2, 0.3]], k=2).tolist()
    [True]
    """
    y_pred = as_float(y_pred)
    return among_largest(labels_of("top_k_categorical_accuracy", y_true, y_pred), y_pred, k)


@register("metrics")
@dataclass(eq=False)
class TopKCategoricalAccuracy(MeanMetric):
    """How often the right class is among the k largest outputs, targets one-hot.

    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1], [0, 1, 0]], [[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]])
    0.5
    """

    k: int = 5
    name: str = "top_k_categorical_accuracy"
    dtype: str | None = None
    direction = "up"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_k(self, self.k)

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Right or wrong, example by example."""
        return top_k_categorical_accuracy(y_true, y_pred, self.k)


@register("metric_functions")
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Whether the label is among the k largest outputs.

    >>> sparse_top_k_categorical_accuracy([2, 1], [[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]], 2).tolist()
    [True, False]
    """
    y_pred = as_float(y_pred)
    labels = labels_like("sparse_top_k_categorical_accuracy", y_true, y_pred)
    return among_largest(labels, y_pred, k)


@register("metrics")
@dataclass(eq=False)
class SparseTopKCategoricalAccuracy(MeanMetric):
    """How often the right class is among the k largest outputs, targets labels.

    >>> SparseTopKCategoricalAccuracy(k=2)([2, 1], [[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]])
    0.5
    """

    k: int = 5
    name: str = "sparse_top_k_categorical_accuracy"
    dtype: str | None = None
    direction = "up"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_k(self, self.k)

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Right or wrong, example by example."""
        return sparse_top_k_categorical_accuracy(y_true, y_pred, self.k)
