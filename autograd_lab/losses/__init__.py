"""Losses by Keras's names: how wrong a model's outputs are, as one number to make small.

An object is called as ``loss(y_true, y_pred, sample_weight=None)`` and gives one number; a function
gives one number for each example.  Both are made of ``autograd_lab.ops``, so on nodes they are
part of the graph and have derivatives of every order.
"""

from __future__ import annotations

from typing import Any

from autograd_lab import registry
from autograd_lab.losses.base import (
    AVERAGE,
    REDUCTIONS,
    Loss,
    LossFunctionWrapper,
    target_form,
)
from autograd_lab.losses.checks import check_targets
from autograd_lab.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from autograd_lab.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from autograd_lab.losses.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from autograd_lab.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kl_divergence
logcosh = log_cosh


def get(identifier: Any) -> Any:
    """The loss that a name, a settings dictionary, a class, a function or an object stands for.

    As in Keras, "MeanSquaredError" gives an object, and "mean_squared_error" or "mse" the function.

    >>> get("Huber"), get("mse").__name__
    (Huber(delta=1.0, reduction='sum_over_batch_size', name='huber_loss'), 'mean_squared_error')
    >>> get("huberr")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    autograd_lab.errors.UsageError: 'huberr' is none of the losses; did you mean huber?...
    """
    return registry.get("losses", identifier)


def as_loss(identifier: Any) -> Loss:
    """The loss object for whatever ``get`` takes; a function becomes one that averages.

    "crossentropy" and "ce" become the binary, sparse or categorical one by the shapes they meet.

    >>> as_loss("mse")([[0.0], [0.0]], [[1.0], [3.0]]), as_loss("ce").name
    (np.float32(5.0), 'ce')
    """
    found = get(identifier)
    if isinstance(found, Loss):
        return found
    return LossFunctionWrapper(found, name=identifier if isinstance(identifier, str) else "")


def serialize(loss: Any) -> Any:
    """A loss as numbers, strings, lists and dictionaries; the opposite of ``deserialize``.

    >>> deserialize(serialize(Huber(2.0))).delta
    2.0
    """
    return registry.serialize(loss)


def deserialize(config: Any) -> Any:
    """The loss that ``serialize`` wrote."""
    return registry.get("losses", config)


__all__ = [
    "AVERAGE",
    "BCE",
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "REDUCTIONS",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "as_loss",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "check_targets",
    "cosine_similarity",
    "crossentropy",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "target_form",
]
