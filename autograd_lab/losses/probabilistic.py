"""Losses of probabilities: cross-entropies, the Kullback-Leibler divergence, counts.

Letters: t is a target, p the probability put out for it, x a logit.  On probabilities, p is kept
within [ε, 1 - ε], ε = ``config.epsilon()``, so that no logarithm is infinite; from logits nothing
is cut off: -ln softmax and softplus stay exact however large x is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import config, ops
from autograd_lab.errors import ShapeError
from autograd_lab.graph import OPS, Node
from autograd_lab.losses.base import AVERAGE, Loss, as_float, matched, target_form
from autograd_lab.losses.labels import check_labels, values_of
from autograd_lab.ops.axes import one_axis, shape_of
from autograd_lab.registry import register

# --- two classes ----------------------------------------------------------------------------------


@register("losses")
@dataclass(eq=False)
class BinaryCrossentropy(Loss):
    """-t ln p - (1 - t) ln(1 - p), averaged over the outputs, each a yes or no of its own.

    label_smoothing s moves targets from 0 and 1 to s/2 and 1 - s/2.

    >>> round(float(BinaryCrossentropy()([[0.0], [1.0]], [[0.5], [0.25]])), 4)
    1.0397
    >>> BinaryCrossentropy(from_logits=True)([[0.0], [1.0]], [[1000.0], [1000.0]])
    np.float32(500.0)
    """

    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = AVERAGE
    name: str = "binary_crossentropy"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The mean cross-entropy of the outputs of each example."""
        return binary_crossentropy(
            y_true, y_pred, self.from_logits, self.label_smoothing, self.axis
        )


@register("losses", "bce", "BCE")
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The mean along an axis of -t ln p - (1 - t) ln(1 - p).

    >>> binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4).tolist()
    [0.6930999755859375]
    """
    t, p = matched("binary_crossentropy", y_true, y_pred)
    t = t * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else t
    return ops.mean(entropy_of_two(t, p, from_logits), axis=axis)


def entropy_of_two(t: Any, p: Any, from_logits: bool = False) -> Any:
    """-t ln p - (1 - t) ln(1 - p) for each entry."""
    if from_logits:
        # not softplus(x) - t x: for t = 1 and large x that cancels to nothing
        return t * ops.softplus(-p) + (1.0 - t) * ops.softplus(p)
    p = clipped(p)
    return -(t * ops.log(p) + (1.0 - t) * ops.log(1.0 - p))


def clipped(p: Any) -> Any:
    """Probabilities within [ε, 1 - ε]."""
    return ops.clip(p, config.epsilon(), 1.0 - config.epsilon())


# --- many classes ---------------------------------------------------------------------------------


@register("losses")
@dataclass(eq=False)
class CategoricalCrossentropy(Loss):
    """-Σ t ln p over the classes, t one-hot or probabilities.

    Outputs that are no logits are divided by their sum first.  label_smoothing s gives every class
    s / classes and the right one 1 - s more (Szegedy et al. 2016, section 7).

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    >>> CategoricalCrossentropy(from_logits=True)([[0.0, 1.0]], [[1000.0, 0.0]])
    np.float32(1000.0)
    """

    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = AVERAGE
    name: str = "categorical_crossentropy"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """-Σ t ln p of each example."""
        return categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.label_smoothing, self.axis
        )


@register("losses")
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-Σ t ln p along the axis of classes.

    >>> categorical_crossentropy([[0.0, 1.0]], [[1.0, 3.0]]).round(4).tolist()
    [0.28769999742507935]
    """
    t, p = matched("categorical_crossentropy", y_true, y_pred)
    t = smoothed(t, label_smoothing, axis)
    return -ops.sum(t * log_probabilities(p, from_logits, axis), axis=axis)


def smoothed(t: Any, label_smoothing: float, axis: int) -> Any:
    """Targets with a share of ``label_smoothing`` spread evenly over the classes."""
    if not label_smoothing:
        return t
    return t * (1.0 - label_smoothing) + label_smoothing / shape_of(t)[axis]


def normalized(p: Any, axis: int) -> Any:
    """Outputs divided by their sum, within [ε, 1 - ε]."""
    return clipped(ops.divide(p, ops.sum(p, axis=axis, keepdims=True)))


def log_probabilities(p: Any, from_logits: bool, axis: int) -> Any:
    """Ln p of logits, or of outputs divided by their sum."""
    if from_logits:
        return ops.log_softmax(p, axis)
    place = one_axis("crossentropy", axis, len(shape_of(p)))
    if isinstance(p, Node) and p.op is OPS["softmax"] and p.attrs["axis"] == place:
        # their sum is 1 already, and the slope of ln softmax needs no quotient: p - t
        low, high = math.log(config.epsilon()), math.log1p(-config.epsilon())
        return ops.clip(ops.log_softmax(p.inputs[0], axis), low, high)
    return ops.log(normalized(p, axis))


@register("losses")
@dataclass(eq=False)
class SparseCategoricalCrossentropy(Loss):
    """-ln p of the class that the label names: labels are whole numbers from 0.

    The numbers of ``CategoricalCrossentropy`` without writing the targets out.  Examples labelled
    ``ignore_class`` do not count, neither in the sum nor in the number of examples.

    Raises UsageError for a label that is no class, or no whole number.

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    from_logits: bool = False
    ignore_class: int | None = None
    reduction: str | None = AVERAGE
    axis: int = -1
    name: str = "sparse_categorical_crossentropy"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """-ln p of the right class of each example."""
        return sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignore_class, self.axis
        )

    def mask(self, y_true: Any) -> Any:
        """False for the examples of the class to ignore."""
        return None if self.ignore_class is None else ops.not_equal(y_true, self.ignore_class)


@register("losses")
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """-ln p of the class that the label names.

    labels (N, ...), y_pred (N, ..., classes) -> (N, ...); labels may have a last axis of
    length 1.  The loss of an ignored class is 0.

    >>> sparse_categorical_crossentropy([1], [[1.0, 3.0]]).round(4).tolist()
    [0.28769999742507935]
    """
    p = as_float(y_pred)
    labels, classes = labels_for(y_true, p, axis)
    check_labels(values_of(labels), shape_of(p)[axis], ignore_class)
    if ignore_class is not None:
        labels = ops.where(ops.equal(labels, ignore_class), -1.0, labels)
    # a choice, not a product with 0 and 1: an infinite logit of another class stays out of it
    right = ops.equal(ops.expand_dims(labels, axis), classes)
    return ops.sum(ops.where(right, -log_probabilities(p, from_logits, axis), 0.0), axis=axis)


def labels_for(y_true: Any, p: Any, axis: int) -> tuple[Any, Any]:
    """Labels without the axis of classes, and the numbers of the classes along that axis."""
    shape = shape_of(p)
    place = one_axis("sparse_categorical_crossentropy", axis, len(shape))
    labels = y_true if hasattr(y_true, "shape") else np.asarray(y_true)
    if len(shape_of(labels)) == len(shape) and shape_of(labels)[place] == 1:
        labels = ops.squeeze(labels, place)
    without = shape[:place] + shape[place + 1 :]
    if shape_of(labels) != without:
        raise ShapeError(
            f"sparse_categorical_crossentropy: y_true has shape {shape_of(y_true)} and y_pred "
            f"{shape}; give labels of shape {without}"
        )
    return labels, np.arange(shape[place]).reshape(-1, *[1] * (len(shape) - 1 - place))


@register("losses", "ce")
def crossentropy(y_true: Any, y_pred: Any) -> Any:
    """The binary, sparse or categorical cross-entropy, by Keras's rule for the shapes.

    >>> crossentropy([1], [[1.0, 3.0]]).round(4).tolist()
    [0.28769999742507935]
    """
    return CROSSENTROPIES[target_form(shape_of(y_true), shape_of(y_pred))](y_true, y_pred)


CROSSENTROPIES = {
    "binary": binary_crossentropy,
    "sparse": sparse_categorical_crossentropy,
    "categorical": categorical_crossentropy,
}

# --- distributions --------------------------------------------------------------------------------


@register("losses")
@dataclass(eq=False)
class KLDivergence(Loss):
    """Σ t ln(t / p): how far p is from t, both of them probabilities.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    reduction: str | None = AVERAGE
    name: str = "kl_divergence"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Σ t ln(t / p) of each example."""
        return kl_divergence(y_true, y_pred)


@register("losses", "kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Σ t ln(t / p) over the last axis, both within [ε, 1].

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).round(4).tolist()
    [0.14380000531673431]
    """
    t, p = (ops.clip(x, config.epsilon(), 1.0) for x in matched("kl_divergence", y_true, y_pred))
    return ops.sum(t * ops.log(t / p), axis=-1)


@register("losses")
@dataclass(eq=False)
class Poisson(Loss):
    """p - t ln p, averaged: -ln of the Poisson probability of t, but for ln t!, at rate p.

    >>> Poisson()([[0.0, 3.0]], [[1.0, 1.0]])
    np.float32(0.9999998)
    """

    reduction: str | None = AVERAGE
    name: str = "poisson"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean p - t ln p of each example."""
        return poisson(y_true, y_pred)


@register("losses")
def poisson(y_true: Any, y_pred: Any) -> Any:
    """Mean p - t ln(p + ε) over the last axis.

    >>> poisson([[0.0, 2.0]], [[1.0, 1.0]]).round(4).tolist()
    [1.0]
    """
    t, p = matched("poisson", y_true, y_pred)
    return ops.mean(p - t * ops.log(p + config.epsilon()), axis=-1)
