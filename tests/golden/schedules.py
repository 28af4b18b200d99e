"""Learning-rate schedules: their values, and training that follows them."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import Arrays, Case, array, inputs, net, targets, training

POLYNOMIAL = {"decay_steps": 6, "end_learning_rate": 0.01}
SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "exponential": ("ExponentialDecay", {"decay_steps": 5, "decay_rate": 0.5}),
    "exponential staircase": (
        "ExponentialDecay",
        {"decay_steps": 5, "decay_rate": 0.5, "staircase": True},
    ),
    "inverse time": ("InverseTimeDecay", {"decay_steps": 4, "decay_rate": 0.8}),
    "inverse time staircase": (
        "InverseTimeDecay",
        {"decay_steps": 4, "decay_rate": 0.8, "staircase": True},
    ),
    "polynomial": ("PolynomialDecay", POLYNOMIAL),
    "polynomial square": ("PolynomialDecay", {**POLYNOMIAL, "power": 2.0}),
    "polynomial cycle": ("PolynomialDecay", {**POLYNOMIAL, "power": 0.5, "cycle": True}),
    "polynomial defaults": ("PolynomialDecay", {"decay_steps": 10}),
    "cosine": ("CosineDecay", {"decay_steps": 12}),
    "cosine alpha": ("CosineDecay", {"decay_steps": 12, "alpha": 0.2}),
    "cosine warmup": (
        "CosineDecay",
        {"decay_steps": 10, "alpha": 0.1, "warmup_target": 0.4, "warmup_steps": 5},
    ),
}
STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 18, 20, 24, 25, 100]


def make(keras: ModuleType, name: str) -> Any:
    if name == "piecewise constant":
        return keras.optimizers.schedules.PiecewiseConstantDecay([3, 7, 15], [0.3, 0.2, 0.1, 0.05])
    rule, arguments = SCHEDULES[name]
    schedule = getattr(keras.optimizers.schedules, rule)
    return schedule(initial_learning_rate=0.3, **arguments)


def values(name: str, keras: ModuleType) -> Arrays:
    schedule = make(keras, name)
    return {"rates": np.array([float(array(schedule(step))) for step in STEPS])}


def inside_training(name: str, keras: ModuleType) -> Arrays:
    model = net(keras)
    model.compile(optimizer=keras.optimizers.SGD(make(keras, name), momentum=0.5), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x))


def decay_follows_the_schedule(keras: ModuleType) -> Arrays:
    """weight_decay is multiplied by the rate of the step."""
    model = net(keras)
    rate = make(keras, "exponential")
    model.compile(optimizer=keras.optimizers.SGD(rate, weight_decay=0.2), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x))


NAMES = [*SCHEDULES, "piecewise constant"]
CASES: dict[str, Case] = {
    **{f"{name}, values": partial(values, name) for name in NAMES},
    **{f"{name}, training": partial(inside_training, name) for name in NAMES},
    "weight decay follows the schedule": decay_follows_the_schedule,
}
