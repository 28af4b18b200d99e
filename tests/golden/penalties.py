"""Regularizers and constraints: called on an array, and at work in training."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import Arrays, Case, array, inputs, net, real, targets, training

REGULARIZERS: dict[str, tuple[str, dict[str, float]]] = {
    "L1": ("L1", {"l1": 0.03}),
    "L2": ("L2", {"l2": 0.05}),
    "L1L2": ("L1L2", {"l1": 0.02, "l2": 0.04}),
    "l1": ("l1", {}),
    "l2": ("l2", {}),
    "l1_l2": ("l1_l2", {"l1": 0.01, "l2": 0.01}),
    "L1L2 without arguments": ("L1L2", {}),
}
CONSTRAINTS: dict[str, tuple[str, dict[str, Any]]] = {
    "MaxNorm": ("MaxNorm", {"max_value": 0.8}),
    "MaxNorm default": ("MaxNorm", {}),
    "MaxNorm axis 1": ("MaxNorm", {"max_value": 0.8, "axis": 1}),
    "MaxNorm both axes": ("MaxNorm", {"max_value": 0.8, "axis": [0, 1]}),
    "max_norm": ("max_norm", {"max_value": 0.8}),
    "NonNeg": ("NonNeg", {}),
    "UnitNorm": ("UnitNorm", {}),
    "UnitNorm axis 1": ("UnitNorm", {"axis": 1}),
    "MinMaxNorm": ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0}),
    "MinMaxNorm rate": ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.3}),
    "MinMaxNorm axis 1": ("MinMaxNorm", {"min_value": 0.5, "max_value": 0.9, "axis": 1}),
}
ATTACHED: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "kernel and bias": {
        "kernel_regularizer": REGULARIZERS["L1"],
        "bias_regularizer": REGULARIZERS["L2"],
    },
    "activity l1": {"activity_regularizer": REGULARIZERS["L1"]},
    "activity l2": {"activity_regularizer": REGULARIZERS["L2"]},
}


def fitted(keras: ModuleType, learning_rate: float = 0.3, **dense: Any) -> Arrays:
    model = net(keras, **dense)
    model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=4)


def penalty(name: str, keras: ModuleType) -> Arrays:
    rule, arguments = REGULARIZERS[name]
    w = real(keras, [[1.0, -2.0, 0.0], [0.5, 3.0, -0.25]])
    return {"penalty": array(getattr(keras.regularizers, rule)(**arguments)(w))}


def penalized(name: str, keras: ModuleType) -> Arrays:
    rule, arguments = REGULARIZERS[name]
    return fitted(keras, kernel_regularizer=getattr(keras.regularizers, rule)(**arguments))


def attached(name: str, keras: ModuleType) -> Arrays:
    given = ATTACHED[name].items()
    return fitted(
        keras, **{key: getattr(keras.regularizers, rule)(**a) for key, (rule, a) in given}
    )


def by_name(names: dict[str, str], keras: ModuleType) -> Arrays:
    return fitted(keras, **names)


def projected(name: str, keras: ModuleType) -> Arrays:
    """Columns too long, compliant, too short, and of zeros."""
    rule, arguments = CONSTRAINTS[name]
    w = real(keras, [[3.0, 0.3, -0.1, 0.0], [-4.0, 0.5, 0.0, 0.0], [0.5, -0.2, 0.05, 0.0]])
    return {"projected": array(getattr(keras.constraints, rule)(**arguments)(w))}


def constrained(name: str, keras: ModuleType) -> Arrays:
    rule, arguments = CONSTRAINTS[name]
    return fitted(keras, kernel_constraint=getattr(keras.constraints, rule)(**arguments))


def constrained_bias(keras: ModuleType) -> Arrays:
    return fitted(
        keras,
        kernel_constraint=keras.constraints.MaxNorm(0.7),
        bias_constraint=keras.constraints.NonNeg(),
        kernel_regularizer=keras.regularizers.L2(0.1),
    )


def compliant_weights_shrink(keras: ModuleType) -> Arrays:
    """Dividing by the norm + 1e-7 shrinks a compliant column too, a little each step."""
    w = real(keras, np.full((2, 2), 1e-4))
    constraint = keras.constraints.MaxNorm(2.0)
    for _ in range(10):
        w = array(constraint(w))
    return {"w": 1e4 * w}


CASES: dict[str, Case] = {
    **{f"{name}, called": partial(penalty, name) for name in REGULARIZERS},
    **{f"{name}, training": partial(penalized, name) for name in REGULARIZERS},
    **{name: partial(attached, name) for name in ATTACHED},
    "regularizers by name": partial(
        by_name, {"kernel_regularizer": "l1", "bias_regularizer": "l2"}
    ),
    **{f"{name}, called": partial(projected, name) for name in CONSTRAINTS},
    **{f"{name}, training": partial(constrained, name) for name in CONSTRAINTS},
    "constraints by name": partial(
        by_name, {"kernel_constraint": "unit_norm", "bias_constraint": "non_neg"}
    ),
    "constraints and penalty": constrained_bias,
    "compliant weights shrink": compliant_weights_shrink,
}
