"""Losses: each example's value, every reduction, weights, and the slope by the predictions."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import Arrays, Case, array, real
from golden.kinds import pair, weights

# class -> variants as (kind of data, arguments)
LOSSES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "MeanSquaredError": [("real", {}), ("hard real", {})],
    "MeanAbsoluteError": [("real", {}), ("hard real", {})],
    "MeanAbsolutePercentageError": [("real", {}), ("hard real", {})],
    "MeanSquaredLogarithmicError": [("positive", {}), ("hard positive", {})],
    "Huber": [("real", {}), ("real", {"delta": 0.4}), ("hard real", {})],
    "LogCosh": [("real", {}), ("hard real", {})],
    "CosineSimilarity": [("real", {}), ("real", {"axis": 0}), ("hard directions", {})],
    "BinaryCrossentropy": [
        ("binary", {}),
        ("binary", {"label_smoothing": 0.2}),
        ("binary logits", {"from_logits": True}),
        ("binary logits", {"from_logits": True, "label_smoothing": 0.1}),
        ("hard binary", {}),
        ("hard binary logits", {"from_logits": True}),
    ],
    "BinaryFocalCrossentropy": [
        ("binary", {}),
        ("binary", {"gamma": 1.5}),
        ("binary", {"apply_class_balancing": True, "alpha": 0.7}),
        ("binary", {"label_smoothing": 0.2}),
        ("binary logits", {"from_logits": True}),
        ("hard binary", {}),
    ],
    "CategoricalCrossentropy": [
        ("classes", {}),
        ("classes", {"label_smoothing": 0.1}),
        ("class logits", {"from_logits": True}),
        ("class logits", {"from_logits": True, "label_smoothing": 0.3}),
        ("distributions", {}),
        ("hard classes", {}),
        ("hard class logits", {"from_logits": True}),
    ],
    "SparseCategoricalCrossentropy": [
        ("sparse", {}),
        ("sparse logits", {"from_logits": True}),
        ("hard sparse", {}),
        ("hard sparse logits", {"from_logits": True}),
    ],
    "KLDivergence": [("distributions", {}), ("hard distributions", {})],
    "Poisson": [("positive", {})],
    "Hinge": [("signs", {}), ("bits", {}), ("mixed signs", {}), ("few signs", {})],
    "SquaredHinge": [("signs", {}), ("bits", {}), ("mixed signs", {}), ("few signs", {})],
    "CategoricalHinge": [("class logits", {}), ("classes", {})],
}
UNTRAINED = {"mixed signs"}  # autograd_lab refuses such targets in fit
REDUCTIONS = ("none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight")
FUNCTIONS = {
    "mean_squared_error": "real",
    "mean_absolute_error": "real",
    "mean_absolute_percentage_error": "real",
    "mean_squared_logarithmic_error": "positive",
    "huber": "real",
    "log_cosh": "real",
    "cosine_similarity": "real",
    "binary_crossentropy": "binary",
    "binary_focal_crossentropy": "binary",
    "categorical_crossentropy": "classes",
    "sparse_categorical_crossentropy": "sparse",
    "kl_divergence": "distributions",
    "poisson": "positive",
    "hinge": "signs",
    "squared_hinge": "signs",
    "categorical_hinge": "classes",
}


def reductions(name: str, kind: str, arguments: dict[str, Any], keras: ModuleType) -> Arrays:
    y_true, y_pred = pair(keras, kind)
    sample_weight = weights(keras, len(y_pred))
    found: Arrays = {}
    for reduction in REDUCTIONS:
        loss = getattr(keras.losses, name)(reduction=reduction, **arguments)
        found[reduction] = array(loss(y_true, y_pred))
        if "axis" not in arguments:  # along axis 0 no value belongs to a row
            weighted = loss(y_true, y_pred, sample_weight=sample_weight)
            found[f"weighted {reduction}"] = array(weighted)
    return found


def slopes(name: str, kind: str, arguments: dict[str, Any], keras: ModuleType) -> Arrays:
    """N dL/dy_pred of every entry, from one step of a linear model.

    The rows of x are scale times the unit vectors, so the kernel is the predictions over the
    scale, and a step of size N / scale moves it by N times the slope.  Scaled so, logits of a
    thousand leave the digits of the slope alone.
    """
    y_true, y_pred = pair(keras, kind)
    rows, columns = y_pred.shape
    scale = 1000.0 if np.abs(y_pred).max() > 100 else 1.0
    layers = keras.layers
    model = keras.models.Sequential(
        [layers.Input((rows,)), layers.Dense(columns, use_bias=False, kernel_initializer="zeros")]
    )
    kernel = real(keras, y_pred / scale)
    model.set_weights([kernel])
    optimizer = keras.optimizers.SGD(learning_rate=rows / scale)
    model.compile(optimizer=optimizer, loss=getattr(keras.losses, name)(**arguments))
    model.fit(real(keras, scale * np.eye(rows)), y_true, batch_size=rows, verbose=0, shuffle=False)
    return {"slopes": kernel - model.get_weights()[0]}


def function(name: str, kind: str, keras: ModuleType) -> Arrays:
    return {"values": array(getattr(keras.losses, name)(*pair(keras, kind)))}


def title(name: str, kind: str, arguments: dict[str, Any]) -> str:
    return ", ".join([name, kind, *(f"{key}={value}" for key, value in arguments.items())])


def cases() -> dict[str, Case]:
    table: dict[str, Case] = {}
    for name, variants in LOSSES.items():
        for kind, arguments in variants:
            full = title(name, kind, arguments)
            table[f"{full}, reductions"] = partial(reductions, name, kind, arguments)
            if "axis" not in arguments and kind not in UNTRAINED:
                table[f"{full}, slopes"] = partial(slopes, name, kind, arguments)
    for name, kind in FUNCTIONS.items():
        table[f"{name}, function"] = partial(function, name, kind)
    return table


CASES = cases()
