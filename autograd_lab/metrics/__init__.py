"""Metrics by Keras's names: what a person wants to know of a model, over all examples at once.

A metric is called, or given batches by ``update_state(y_true, y_pred, sample_weight=None)``; its
``result()`` is that of all examples since ``reset_state()``, not the mean of the batches' results.
"""

from __future__ import annotations

from typing import Any

from autograd_lab import losses, registry
from autograd_lab.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from autograd_lab.losses.base import target_form
from autograd_lab.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from autograd_lab.metrics.area import AUC
from autograd_lab.metrics.base import MeanMetric, MeanMetricWrapper, Metric
from autograd_lab.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from autograd_lab.metrics.f_score import F1Score, FBetaScore
from autograd_lab.metrics.means import Mean, Sum
from autograd_lab.metrics.operating import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from autograd_lab.metrics.overlap import IoU, MeanIoU
from autograd_lab.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from autograd_lab.metrics.regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    R2Score,
    RootMeanSquaredError,
)
from autograd_lab.ops.axes import shape_of

_ACCURACIES = {
    "binary": BinaryAccuracy,
    "sparse": SparseCategoricalAccuracy,
    "categorical": CategoricalAccuracy,
}
_CROSSENTROPIES = {
    "binary": BinaryCrossentropy,
    "sparse": SparseCategoricalCrossentropy,
    "categorical": CategoricalCrossentropy,
}
_BY_SHAPE: dict[str, dict[str, type[Metric]]] = {
    "accuracy": _ACCURACIES,
    "acc": _ACCURACIES,
    "crossentropy": _CROSSENTROPIES,
    "ce": _CROSSENTROPIES,
}


def get(identifier: Any) -> Any:
    """The metric that a name, a settings dictionary, a class, a function or an object stands for.

    As in Keras, names in lower case give objects as well.  A name that only a loss has gives the
    loss's function.

    >>> get("mse"), get("TopKCategoricalAccuracy").k, get(None)
    (MeanSquaredError(name='mean_squared_error', dtype=None), 5, None)
    """
    if isinstance(identifier, str):
        known = identifier in registry.FAMILIES["metrics"]
        by_loss = not known and identifier in registry.FAMILIES["losses"]
        return registry.get("losses" if by_loss else "metrics", identifier)
    if isinstance(identifier, dict) and identifier.get("module") in ("losses", "metric_functions"):
        return registry.deserialize(identifier)
    return registry.get("metrics", identifier)


def resolve_accuracy(y_true_shape: tuple[Any, ...], y_pred_shape: tuple[Any, ...]) -> type[Metric]:
    """The accuracy that "accuracy" means for targets and outputs of these shapes.

    >>> resolve_accuracy((32,), (32, 10)).__name__, resolve_accuracy((32, 1), (32, 1)).__name__
    ('SparseCategoricalAccuracy', 'BinaryAccuracy')
    """
    return _ACCURACIES[target_form(y_true_shape, y_pred_shape)]


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """The metric object for targets and outputs like these, under the name it was asked by.

    "accuracy", "acc", "crossentropy" and "ce" become what the shapes call for; a function, or a
    loss, becomes its mean over examples.

    >>> import numpy as np
    >>> resolve("acc", np.zeros(4), np.zeros((4, 3)))
    SparseCategoricalAccuracy(name='acc', dtype=None)
    """
    by_shape = _BY_SHAPE.get(identifier.lower()) if isinstance(identifier, str) else None
    if by_shape is not None:
        found: Any = by_shape[target_form(shape_of(y_true), shape_of(y_pred))]()
    else:
        found = get(identifier)
    if isinstance(found, losses.Loss):
        found = MeanMetricWrapper(found.call, name=found.name)
    elif not isinstance(found, Metric):
        found = MeanMetricWrapper(found)
    if isinstance(identifier, str):
        found.name = identifier
    return found  # type: ignore[no-any-return]


def serialize(metric: Any) -> Any:
    """A metric as numbers, strings, lists and dictionaries; the opposite of ``deserialize``.

    >>> deserialize(serialize(Precision(top_k=3))).top_k
    3
    """
    return registry.serialize(metric)


def deserialize(config: Any) -> Any:
    """The metric that ``serialize`` wrote."""
    return get(config)


__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetric",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "resolve",
    "resolve_accuracy",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]
