"""Activations, near 0 and far out and in training, and the layers without statistics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import (
    Arrays,
    Case,
    array,
    inputs,
    net,
    predictions,
    real,
    seeded_weights,
    targets,
    training,
    with_seeded_weights,
)

# name -> variants of arguments
ACTIVATIONS: dict[str, list[dict[str, Any]]] = {
    "relu": [
        {},
        {"negative_slope": 0.1},
        {"max_value": 1.5},
        {"threshold": 0.75},
        {"negative_slope": 0.1, "max_value": 1.5, "threshold": 0.75},
    ],
    "leaky_relu": [{}, {"negative_slope": 0.05}],
    "relu6": [{}],
    "elu": [{}, {"alpha": 0.4}],
    "selu": [{}],
    "celu": [{}, {"alpha": 0.4}],
    "gelu": [{}, {"approximate": True}],
    "silu": [{}],
    "swish": [{}],
    "hard_silu": [{}],
    "hard_swish": [{}],
    "mish": [{}],
    "sigmoid": [{}],
    "hard_sigmoid": [{}],
    "log_sigmoid": [{}],
    "tanh": [{}],
    "hard_tanh": [{}],
    "tanh_shrink": [{}],
    "softplus": [{}],
    "softsign": [{}],
    "soft_shrink": [{}],
    "hard_shrink": [{}],
    "threshold": [{"threshold": 0.5, "default_value": -0.25}],
    "exponential": [{}],
    "linear": [{}],
    "softmax": [{}, {"axis": 0}],
    "log_softmax": [{}, {"axis": 0}],
    "glu": [{}],
}
NEAR = np.linspace(-7.875, 7.875, 64).reshape(8, 8)
AT = np.array([[-6.0, -3.0, -1.0, -0.5], [-0.0, 0.0, 0.5, 0.75], [1.0, 1.5, 3.0, 6.0]])
FAR = np.array([[-1000.0, -100.0, -50.0, -20.0], [20.0, 50.0, 100.0, 1000.0]])
OVERFLOWING = {"exponential"}  # far out there is nothing to compare


def values(name: str, arguments: dict[str, Any], keras: ModuleType) -> Arrays:
    function = getattr(keras.activations, name)
    points = {"near": NEAR, "at kinks": AT}
    if name not in OVERFLOWING:
        points["far"] = FAR
    return {where: array(function(real(keras, x), **arguments)) for where, x in points.items()}


def in_training(name: str, keras: ModuleType) -> Arrays:
    """By its name, in the hidden layer: the slope is at work."""
    model = net(keras, hidden=name)
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=2)


def at_the_output(name: str, keras: ModuleType) -> Arrays:
    model = net(keras, output=name)
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=2)


SHAPES: dict[str, tuple[tuple[int, ...], Callable[[Any], Any]]] = {
    "ReLU": ((3,), lambda layers: layers.ReLU()),
    "ReLU options": ((3,), lambda layers: layers.ReLU(1.0, 0.1, 0.25)),
    "LeakyReLU": ((3,), lambda layers: layers.LeakyReLU()),
    "LeakyReLU 0.1": ((3,), lambda layers: layers.LeakyReLU(negative_slope=0.1)),
    "PReLU at 0": ((3,), lambda layers: layers.PReLU()),
    "ELU": ((3,), lambda layers: layers.ELU()),
    "ELU 0.5": ((3,), lambda layers: layers.ELU(alpha=0.5)),
    "Softmax": ((2, 3), lambda layers: layers.Softmax()),
    "Softmax axis 1": ((2, 3), lambda layers: layers.Softmax(axis=1)),
    "Activation": ((3,), lambda layers: layers.Activation("softplus")),
    "Flatten": ((2, 3, 2), lambda layers: layers.Flatten()),
    "Reshape": ((2, 3), lambda layers: layers.Reshape((3, 2))),
    "Reshape -1": ((2, 3, 2), lambda layers: layers.Reshape((-1, 4))),
    "Rescaling": ((3,), lambda layers: layers.Rescaling(0.25, offset=-1.0)),
    "Dropout": ((3,), lambda layers: layers.Dropout(0.4)),
    "AlphaDropout": ((3,), lambda layers: layers.AlphaDropout(0.4)),
    "GaussianNoise": ((3,), lambda layers: layers.GaussianNoise(0.4)),
}


def answer(name: str, keras: ModuleType) -> Arrays:
    shape, make = SHAPES[name]
    x = real(keras, np.random.default_rng(2).normal(size=(4, *shape)))
    return {"answers": predictions(keras, [make(keras.layers)], x)}


INSIDE: dict[str, Callable[[Any, Any], Any]] = {
    "LeakyReLU": lambda layers, keras: layers.LeakyReLU(),
    "ELU": lambda layers, keras: layers.ELU(0.7),
    "PReLU": lambda layers, keras: layers.PReLU(),
    "PReLU shared": lambda layers, keras: layers.PReLU(shared_axes=[1]),
    "PReLU penalized": lambda layers, keras: layers.PReLU(
        alpha_regularizer=keras.regularizers.L2(0.1), alpha_constraint=keras.constraints.NonNeg()
    ),
    "Softmax": lambda layers, keras: layers.Softmax(),
    "Rescaling": lambda layers, keras: layers.Rescaling(0.5, 0.1),
    "Dropout of 0": lambda layers, keras: layers.Dropout(0.0),
    "GaussianNoise of 0": lambda layers, keras: layers.GaussianNoise(0.0),
    "AlphaDropout of 0": lambda layers, keras: layers.AlphaDropout(0.0),
}


def inside_a_net(name: str, keras: ModuleType) -> Arrays:
    layers = keras.layers
    between = INSIDE[name](layers, keras)
    model = keras.models.Sequential([layers.Input((2,)), layers.Dense(4), between, layers.Dense(3)])
    with_seeded_weights(keras, model)
    model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=2)


def dense_on_matrices(keras: ModuleType) -> Arrays:
    """Dense acts on the last axis; the loss is the mean over all others."""
    layers = keras.layers
    model = keras.models.Sequential(
        [layers.Input((4, 2)), layers.Dense(3, activation="tanh"), layers.Dense(2)]
    )
    with_seeded_weights(keras, model)
    model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
    x = real(keras, np.random.default_rng(2).normal(size=(20, 4, 2)))
    found = training(keras, model, x, np.cos(x), epochs=2)
    return {**found, "answers": array(model.predict(x[:3], verbose=0))}


def weighted_matrices(keras: ModuleType) -> Arrays:
    """One weight for each row of an example, or one column that all rows share."""
    layers = keras.layers
    x = real(keras, np.random.default_rng(2).normal(size=(20, 4, 2)))
    found: Arrays = {}
    for shape in ((20, 1), (20, 4)):
        model = keras.models.Sequential([layers.Input((4, 2)), layers.Dense(2)])
        with_seeded_weights(keras, model)
        model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
        weight = real(keras, np.random.default_rng(9).uniform(0, 2, size=shape))
        fitted = training(keras, model, x, np.cos(x), epochs=1, sample_weight=weight)
        found |= {f"{shape[1]} for each, {name}": value for name, value in fitted.items()}
    return found


def without_bias(keras: ModuleType) -> Arrays:
    model = net(keras, use_bias=False)
    model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=2)


def given_initializers(keras: ModuleType) -> Arrays:
    """Constant initializers, and the order of get_weights."""
    constant = keras.initializers.Constant
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(2, kernel_initializer=constant(1.0), bias_initializer=constant(2.0)),
            layers.PReLU(alpha_initializer=constant(3.0)),
            layers.BatchNormalization(
                gamma_initializer=constant(4.0),
                beta_initializer=constant(5.0),
                moving_mean_initializer=constant(6.0),
                moving_variance_initializer=constant(7.0),
            ),
            layers.Dense(2, kernel_initializer="ones", bias_initializer="ones"),
        ]
    )
    return {
        "first numbers": [w.ravel()[0] for w in model.get_weights()],
        "parameters": model.count_params(),
    }


def deferred_build(keras: ModuleType) -> Arrays:
    """Without an Input the first call builds."""
    layers = keras.layers
    model = keras.models.Sequential([layers.Dense(4, activation="relu"), layers.Dense(3)])
    x = inputs(keras)
    model(x)
    with_seeded_weights(keras, model)
    return {"answers": array(model.predict(x, verbose=0))}


def built_by_hand(keras: ModuleType) -> Arrays:
    """build(shape) makes the weights that the call then uses."""
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    layer.set_weights(seeded_weights(keras, [(2, 3), (3,)]))
    answers = array(layer(inputs(keras, rows=4)))
    return {"answers": answers, "weights": len(layer.get_weights())}


def normalization(arguments: dict[str, Any], shape: tuple, keras: ModuleType) -> Arrays:
    layer = keras.layers.Normalization(**arguments)
    x = real(keras, np.random.default_rng(2).normal(1.0, 3.0, size=(50, *shape)))
    x[..., -1] = 2.5  # a column without variance
    if "mean" not in arguments:
        layer.adapt(x)
    return {"answers": predictions(keras, [layer], x[:5])}


def merging(keras: ModuleType) -> Arrays:
    layers = keras.layers
    a, b = layers.Input((3,)), layers.Input((3,))
    outputs = [layers.Concatenate()([a, b]), layers.Add()([a, b, a])]
    outputs.append(layers.Concatenate(axis=1)([outputs[0], a]))
    model = keras.models.Model([a, b], outputs)
    x, y = (real(keras, w) for w in seeded_weights(keras, [(4, 3), (4, 3)]))
    found = model.predict([x, y], verbose=0)
    return dict(zip(("concatenated", "added", "both"), map(array, found), strict=True))


def branches(keras: ModuleType) -> Arrays:
    """A skip, a merge, and one layer called twice: its gradients add."""
    layers = keras.layers
    x_in = layers.Input((2,))
    shared = layers.Dense(2, activation="tanh")
    first = shared(x_in)
    second = shared(first)
    skip = layers.Add()([x_in, second])
    out = layers.Dense(3)(layers.Concatenate()([skip, first]))
    model = with_seeded_weights(keras, keras.models.Model(x_in, out))
    model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=2)


SOFT = ("softmax", "log_softmax", "sigmoid", "exponential", "softplus")
UNTRAINED = {"glu", "exponential"}  # halves its width; diverges between two Dense layers
TRAINED = [name for name, variants in ACTIVATIONS.items() if {} in variants]
CASES: dict[str, Case] = {
    **{
        ", ".join([name, *(f"{k}={v}" for k, v in arguments.items()), "values"]): partial(
            values, name, arguments
        )
        for name, variants in ACTIVATIONS.items()
        for arguments in variants
    },
    **{
        f"{name}, training": partial(in_training, name) for name in TRAINED if name not in UNTRAINED
    },
    **{f"{name}, at the output": partial(at_the_output, name) for name in SOFT},
    **{f"layer {name}, answers": partial(answer, name) for name in SHAPES},
    **{f"layer {name}, training": partial(inside_a_net, name) for name in INSIDE},
    "Dense on matrices": dense_on_matrices,
    "Dense on matrices, weighted": weighted_matrices,
    "Dense without bias": without_bias,
    "given initializers": given_initializers,
    "deferred build": deferred_build,
    "built by hand": built_by_hand,
    "Normalization adapted": partial(normalization, {}, (3,)),
    "Normalization adapted, matrices": partial(normalization, {}, (2, 3)),
    "Normalization adapted, axis None": partial(normalization, {"axis": None}, (3,)),
    "Normalization given": partial(normalization, {"mean": 1.5, "variance": 4.0}, (3,)),
    "merging": merging,
    "branches and a shared layer": branches,
}
