"""Metrics over several batches: the result after each update, with and without weights."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import BATCH, Arrays, Case, array, real
from golden.kinds import pair, weights
from golden.losses import title

METRICS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "BinaryAccuracy": [("binary", {}), ("binary", {"threshold": 0.3})],
    "CategoricalAccuracy": [("classes", {}), ("class logits", {})],
    "SparseCategoricalAccuracy": [("sparse", {}), ("sparse logits", {})],
    "TopKCategoricalAccuracy": [("classes", {"k": 2})],
    "SparseTopKCategoricalAccuracy": [("sparse", {"k": 2})],
    "Precision": [
        ("binary", {}),
        ("binary", {"thresholds": 0.8}),
        ("binary", {"thresholds": [0.2, 0.5, 0.9]}),
        ("classes", {"top_k": 2}),
        ("classes", {"class_id": 1}),
        ("classes", {"class_id": 1, "top_k": 2}),
    ],
    "Recall": [
        ("binary", {}),
        ("binary", {"thresholds": 0.8}),
        ("binary", {"thresholds": [0.2, 0.5, 0.9]}),
        ("classes", {"top_k": 2}),
        ("classes", {"class_id": 1}),
        ("classes", {"class_id": 1, "top_k": 2}),
    ],
    "AUC": [
        ("binary", {}),
        ("binary", {"curve": "PR"}),
        ("binary", {"num_thresholds": 5}),
        ("binary", {"num_thresholds": 5, "curve": "PR"}),
        ("binary", {"summation_method": "minoring"}),
        ("binary", {"summation_method": "majoring"}),
        ("binary", {"thresholds": [0.1, 0.35, 0.7]}),
        ("binary logits", {"from_logits": True}),
    ],
    "F1Score": [
        ("classes", {}),
        ("classes", {"average": "micro"}),
        ("classes", {"average": "macro"}),
        ("classes", {"average": "weighted"}),
        ("binary", {"threshold": 0.4}),
    ],
    "MeanSquaredError": [("real", {})],
    "RootMeanSquaredError": [("real", {})],
    "MeanAbsoluteError": [("real", {})],
    "MeanAbsolutePercentageError": [("real", {})],
    "MeanSquaredLogarithmicError": [("positive", {})],
    "CosineSimilarity": [("real", {})],
    "LogCoshError": [("real", {})],
    "Hinge": [("signs", {}), ("bits", {})],
    "SquaredHinge": [("signs", {}), ("bits", {})],
    "CategoricalHinge": [("class logits", {})],
    "BinaryCrossentropy": [
        ("binary", {}),
        ("binary logits", {"from_logits": True, "label_smoothing": 0.1}),
    ],
    "CategoricalCrossentropy": [
        ("classes", {}),
        ("class logits", {"from_logits": True, "label_smoothing": 0.1}),
    ],
    "SparseCategoricalCrossentropy": [("sparse", {}), ("sparse logits", {"from_logits": True})],
    "KLDivergence": [("distributions", {})],
    "Poisson": [("positive", {})],
}
ROWS = 20


def results(metric: Any, batches: list[tuple], sample_weights: list[Any]) -> list[np.ndarray]:
    found = []
    for batch, sample_weight in zip(batches, sample_weights, strict=True):
        metric.update_state(*batch, sample_weight=sample_weight)
        found.append(array(metric.result()))
    return found


def updates(make: Any, keras: ModuleType, *columns: np.ndarray) -> Arrays:
    """Three unequal batches, then the same with weights, then the first again after a reset."""
    cuts = [slice(i, i + BATCH) for i in range(0, ROWS, BATCH)]
    batches = [tuple(column[cut] for column in columns) for cut in cuts]
    weighted = [weights(keras, ROWS)[cut] for cut in cuts]
    metric = make()
    plain = results(metric, batches, [None] * len(cuts))
    metric.reset_state()
    again = results(metric, batches[:1], [None])
    return {
        "plain": np.stack(plain),
        "weighted": np.stack(results(make(), batches, weighted)),
        "after a reset": np.stack(again),
    }


def over_batches(name: str, kind: str, arguments: dict[str, Any], keras: ModuleType) -> Arrays:
    make = partial(getattr(keras.metrics, name), **arguments)
    return updates(make, keras, *pair(keras, kind, ROWS))


def accuracy(keras: ModuleType) -> Arrays:
    """Accuracy counts equal entries."""
    rng = np.random.default_rng(5)
    y_true, y_pred = real(keras, rng.integers(0, 3, size=(2, ROWS, 1)))
    return updates(keras.metrics.Accuracy, keras, y_true, y_pred)


def of_values(name: str, keras: ModuleType) -> Arrays:
    values = real(keras, np.random.default_rng(6).normal(size=ROWS))
    return updates(getattr(keras.metrics, name), keras, values)


def of_matrices(name: str, keras: ModuleType) -> Arrays:
    values = real(keras, np.random.default_rng(6).normal(size=(ROWS, 2)))
    return updates(getattr(keras.metrics, name), keras, values)


def of_scalars(keras: ModuleType) -> Arrays:
    """A number counts as one example."""
    metric = keras.metrics.Mean()
    found = []
    for value in (1.0, 4.0, 4.0):
        metric.update_state(value)
        found.append(array(metric.result()))
    return {"means": np.stack(found)}


def before_any_update(keras: ModuleType) -> Arrays:
    """Nothing seen gives 0, not NaN."""
    names = ("Mean", "Sum", "MeanSquaredError", "BinaryAccuracy", "Precision", "Recall", "AUC")
    return {name: array(getattr(keras.metrics, name)().result()) for name in names}


def at_the_threshold(keras: ModuleType) -> Arrays:
    """A prediction equal to the threshold is negative; equal predictions choose the first class."""
    metrics = keras.metrics
    y_true, y_pred = real(keras, [[1], [0], [1], [0]]), real(keras, [[0.5], [0.5], [0.75], [0.25]])
    ties = real(keras, [[0.4, 0.4, 0.2], [0.2, 0.4, 0.4], [0.3, 0.3, 0.4]])
    labels = np.array([1, 1, 0])
    found: Arrays = {}
    for name in ("BinaryAccuracy", "Precision", "Recall"):
        metric = getattr(metrics, name)()
        metric.update_state(y_true, y_pred)
        found[name] = array(metric.result())
    for name, metric in {
        "first": metrics.SparseCategoricalAccuracy(),
        "top 1": metrics.SparseTopKCategoricalAccuracy(k=1),
        "top 2": metrics.SparseTopKCategoricalAccuracy(k=2),
    }.items():
        metric.update_state(labels, ties)
        found[name] = array(metric.result())
    return found


CASES: dict[str, Case] = {
    **{
        title(name, kind, arguments): partial(over_batches, name, kind, arguments)
        for name, variants in METRICS.items()
        for kind, arguments in variants
    },
    "Accuracy": accuracy,
    "Mean": partial(of_values, "Mean"),
    "Sum": partial(of_values, "Sum"),
    "Mean of matrices": partial(of_matrices, "Mean"),
    "Sum of matrices": partial(of_matrices, "Sum"),
    "Mean of scalars": of_scalars,
    "before any update": before_any_update,
    "at the threshold": at_the_threshold,
}
