"""BatchNormalization in training, at inference and frozen; LayerNormalization."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import Arrays, Case, array, inputs, real, targets, training

# Arguments of BatchNormalization and the shape of one example.
BATCHES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "defaults": ({}, (4,)),
    "momentum": ({"momentum": 0.8}, (4,)),
    "epsilon": ({"epsilon": 0.5}, (4,)),
    "no center": ({"center": False}, (4,)),
    "no scale": ({"scale": False}, (4,)),
    "neither": ({"center": False, "scale": False}, (4,)),
    "matrices": ({"momentum": 0.9}, (2, 3)),
    "matrices axis 1": ({"momentum": 0.9, "axis": 1}, (2, 3)),
}
LAYERS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "defaults": ({}, (4,)),
    "epsilon": ({"epsilon": 0.5}, (4,)),
    "no center": ({"center": False}, (4,)),
    "no scale": ({"scale": False}, (4,)),
    "matrices": ({}, (2, 3)),
    "matrices axis 1": ({"axis": 1}, (2, 3)),
    "matrices both axes": ({"axis": [1, 2]}, (2, 3)),
}


def positive_weights(keras: ModuleType, model: Any, seed: int = 3) -> Any:
    """A moving variance must be positive, so all vectors are; kernels are of either sign."""
    rng = np.random.default_rng(seed)
    drawn = [
        rng.uniform(0.3, 1.5, size=w.shape) if w.ndim < 2 else rng.normal(scale=0.5, size=w.shape)
        for w in model.get_weights()
    ]
    model.set_weights([real(keras, w) for w in drawn])
    return model


def examples(keras: ModuleType, shape: tuple[int, ...], rows: int = 20) -> np.ndarray:
    drawn = np.random.default_rng(4).normal(loc=0.7, scale=1.8, size=(rows, *shape))
    return real(keras, drawn)


def alone(layer: str, arguments: dict, shape: tuple[int, ...], keras: ModuleType) -> Arrays:
    """The answers in training and at inference, and the weights after the call in training."""
    model = keras.models.Sequential(
        [keras.layers.Input(shape), getattr(keras.layers, layer)(**arguments)]
    )
    positive_weights(keras, model)
    x = examples(keras, shape, rows=6)
    at_inference = array(model.predict(x, verbose=0))
    in_training = array(model(x, training=True))
    after = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    return {
        "at inference": at_inference,
        "in training": in_training,
        **after,
        "at inference afterwards": array(model.predict(x, verbose=0)),
    }


def trained(layer: str, arguments: dict, shape: tuple[int, ...], keras: ModuleType) -> Arrays:
    """Dense layers around the normalization learn through it."""
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.Input(shape),
            getattr(layers, layer)(**arguments),
            layers.Flatten(),
            layers.Dense(4, activation="tanh"),
            getattr(layers, layer)(),
            layers.Dense(3),
        ]
    )
    positive_weights(keras, model)
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    x = examples(keras, shape)
    y = targets(keras, x.reshape(len(x), -1))
    return training(keras, model, x, y, epochs=2)


def order(before: bool, keras: ModuleType) -> Arrays:
    """The normalization before or after the activation, as on the lecture's slides."""
    layers = keras.layers
    parts = [layers.BatchNormalization(), layers.Activation("elu")]
    model = keras.models.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(4, use_bias=not before),
            *(parts if before else parts[::-1]),
            layers.Dense(3),
        ]
    )
    positive_weights(keras, model)
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    x = inputs(keras)
    y = targets(keras, x)
    found = training(keras, model, x, y, epochs=2)
    return {**found, "loss at inference": model.evaluate(x, y, verbose=0)}


def frozen(keras: ModuleType) -> Arrays:
    """trainable = False means inference in training too: neither gamma nor statistics move."""
    layers = keras.layers
    model = keras.models.Sequential(
        [layers.Input((2,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(3)]
    )
    positive_weights(keras, model)
    model.layers[1].trainable = False
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    x = inputs(keras)
    return {
        **training(keras, model, x, targets(keras, x), epochs=2),
        "in training": array(model(x, training=True)),
        "trainable": [w.shape[0] for w in model.trainable_weights],
    }


def penalized_gamma(keras: ModuleType) -> Arrays:
    layers, regularizers = keras.layers, keras.regularizers
    model = keras.models.Sequential(
        [
            layers.Input((2,)),
            layers.BatchNormalization(
                gamma_regularizer=regularizers.L2(0.1),
                beta_regularizer=regularizers.L1(0.1),
                gamma_constraint=keras.constraints.MaxNorm(1.0),
            ),
            layers.Dense(3),
        ]
    )
    positive_weights(keras, model)
    optimizer = keras.optimizers.SGD(0.05, weight_decay=0.1)
    model.compile(optimizer=optimizer, loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=2)


def initial_weights(keras: ModuleType) -> Arrays:
    model = keras.models.Sequential([keras.layers.Input((2,)), keras.layers.BatchNormalization()])
    return {"weights": np.stack(model.get_weights()), "trainable": len(model.trainable_weights)}


CASES: dict[str, Case] = {
    **{
        f"{layer}, {name}, {function.__name__}": partial(function, layer, *description)
        for layer, table in {"BatchNormalization": BATCHES, "LayerNormalization": LAYERS}.items()
        for name, description in table.items()
        for function in (alone, trained)
    },
    "BatchNormalization before the activation": partial(order, True),
    "BatchNormalization after the activation": partial(order, False),
    "BatchNormalization frozen": frozen,
    "BatchNormalization with penalties, constraint and decay": penalized_gamma,
    "BatchNormalization, initial weights": initial_weights,
}
