"""21 steps of every optimizer with every option that all optimizers share."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

from golden.common import Arrays, Case, inputs, net, real, targets, training

# name -> (class, arguments); the rates are large enough to move the weights in 21 steps.
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {"learning_rate": 0.3}),
    "SGD momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "SGD nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "Adagrad": ("Adagrad", {"learning_rate": 0.2}),
    "RMSprop": ("RMSprop", {"learning_rate": 0.05}),
    "RMSprop momentum": ("RMSprop", {"learning_rate": 0.02, "rho": 0.8, "momentum": 0.7}),
    "RMSprop centered": ("RMSprop", {"learning_rate": 0.05, "centered": True}),
    "Adam": ("Adam", {"learning_rate": 0.05}),
    "Adam amsgrad": ("Adam", {"learning_rate": 0.05, "amsgrad": True, "beta_2": 0.9}),
    "AdamW": ("AdamW", {"learning_rate": 0.05}),
    "Adamax": ("Adamax", {"learning_rate": 0.05}),
    "Nadam": ("Nadam", {"learning_rate": 0.05}),
    "Adadelta": ("Adadelta", {"learning_rate": 2.0, "rho": 0.9}),
}

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "clipvalue": {"clipvalue": 0.1},
    "clipnorm": {"clipnorm": 0.2},
    "global_clipnorm": {"global_clipnorm": 0.3},
    "weight_decay": {"weight_decay": 0.2},
    "use_ema": {"use_ema": True, "ema_momentum": 0.8},
    "use_ema overwriting": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
}


# rule, further arguments, of the optimizer and of the layers
ALONE: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "SGD defaults": ("SGD", {}, {}),
    "Adagrad defaults": ("Adagrad", {}, {}),
    "RMSprop defaults": ("RMSprop", {}, {}),
    "Adam defaults": ("Adam", {}, {}),
    "Adamax defaults": ("Adamax", {}, {}),
    "Nadam defaults": ("Nadam", {}, {}),
    "Adadelta defaults": ("Adadelta", {}, {}),
    "Adagrad large epsilon": ("Adagrad", {"learning_rate": 0.2, "epsilon": 0.5}, {}),
    "Adagrad from zero": ("Adagrad", {"learning_rate": 0.2, "initial_accumulator_value": 0.0}, {}),
    "RMSprop large epsilon": ("RMSprop", {"learning_rate": 0.05, "epsilon": 0.5}, {}),
    "Adam large epsilon": ("Adam", {"learning_rate": 0.05, "epsilon": 0.5}, {}),
    "Adam betas": ("Adam", {"learning_rate": 0.05, "beta_1": 0.6, "beta_2": 0.7}, {}),
    "Adamax large epsilon": ("Adamax", {"learning_rate": 0.05, "epsilon": 0.5}, {}),
    "Nadam large epsilon": ("Nadam", {"learning_rate": 0.05, "epsilon": 0.5}, {}),
    "Adadelta large epsilon": ("Adadelta", {"learning_rate": 0.1, "epsilon": 0.5}, {}),
    "clipnorm and weight_decay": ("SGD", {"clipnorm": 0.1, "weight_decay": 0.5}, {}),
    "clipvalue and nesterov": ("SGD", {"clipvalue": 0.05, "momentum": 0.9, "nesterov": True}, {}),
    "clipnorm and penalty": ("SGD", {"clipnorm": 0.2}, {"kernel_regularizer": "l2"}),
    "ema and constraint": (
        "SGD",
        {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
        {"kernel_constraint": "unit_norm"},
    ),
    "weight_decay and constraint": (
        "SGD",
        {"weight_decay": 0.5},
        {"kernel_constraint": "unit_norm"},
    ),
}


def steps(rule: str, arguments: dict[str, Any], layer: dict[str, Any], keras: ModuleType) -> Arrays:
    model = net(keras, **layer)
    model.compile(optimizer=getattr(keras.optimizers, rule)(**arguments), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x))


def zero_gradients(rule: str, options: dict[str, Any], keras: ModuleType) -> Arrays:
    """The first layer's kernel sees only zeros, so its gradient is exactly 0."""
    model = net(keras)
    model.compile(
        optimizer=getattr(keras.optimizers, rule)(learning_rate=0.1, **options), loss="mse"
    )
    x = inputs(keras)
    return training(keras, model, 0 * x, targets(keras, x), epochs=1)


def frozen_layer(keras: ModuleType) -> Arrays:
    """What is frozen neither moves nor counts in the global norm."""
    model = net(keras)
    model.layers[0].trainable = False
    model.compile(optimizer=keras.optimizers.SGD(0.1, global_clipnorm=0.3), loss="mse")
    x = inputs(keras)
    return training(keras, model, x, targets(keras, x), epochs=2)


def changed_rate(keras: ModuleType) -> Arrays:
    """The rate is set between two fits; momentum and step count go on."""
    model = net(keras)
    model.compile(optimizer=keras.optimizers.Nadam(learning_rate=0.05), loss="mse")
    x = inputs(keras)
    first = training(keras, model, x, targets(keras, x), epochs=2)
    model.optimizer.learning_rate = 0.2
    second = training(keras, model, x, targets(keras, x), epochs=2)
    return {
        **{f"first {name}": value for name, value in first.items()},
        **{f"second {name}": value for name, value in second.items()},
        "rate": real(keras, float(model.optimizer.learning_rate)),
        "steps": int(model.optimizer.iterations),
    }


CASES: dict[str, Case] = {
    **{
        f"{name}, {option}": partial(steps, rule, {**arguments, **OPTIONS[option]}, {})
        for name, (rule, arguments) in RULES.items()
        for option in OPTIONS
    },
    **{name: partial(steps, *description) for name, description in ALONE.items()},
    "zero gradient, clipnorm": partial(zero_gradients, "SGD", {"clipnorm": 0.1}),
    "zero gradient, global_clipnorm": partial(zero_gradients, "SGD", {"global_clipnorm": 0.1}),
    "zero gradient, Adam": partial(zero_gradients, "Adam", {}),
    "zero gradient, Adadelta": partial(zero_gradients, "Adadelta", {}),
    "zero gradient, Adamax": partial(zero_gradients, "Adamax", {}),
    "frozen layer": frozen_layer,
    "changed rate": changed_rate,
}
