"""What compile makes of its arguments: losses, metrics and targets by name, shape and output."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

from golden.common import (
    BATCH,
    Arrays,
    Case,
    classes,
    inputs,
    net,
    one_hot,
    real,
    targets,
    training,
    with_seeded_weights,
)
from golden.fitting import classification, example_weights, fitted


def accuracy_by_name(keras: ModuleType) -> Arrays:
    """ "accuracy" becomes binary, sparse or categorical by the shapes of target and output."""
    x = inputs(keras)
    labels = classes(x)
    table = {
        "sparse": ("sparse_categorical_crossentropy", "softmax", 3, labels),
        "categorical": ("categorical_crossentropy", "softmax", 3, one_hot(keras, labels)),
        "binary": ("binary_crossentropy", "sigmoid", 1, real(keras, labels == 1)),
        "binary columns": ("binary_crossentropy", "sigmoid", 1, real(keras, labels == 1)[:, None]),
        "several labels": ("binary_crossentropy", "sigmoid", 3, one_hot(keras, labels)),
    }
    found: Arrays = {}
    for name, (loss, activation, units, y) in table.items():
        layers = keras.layers
        model = keras.models.Sequential(
            [layers.Input((2,)), layers.Dense(units, activation=activation)]
        )
        with_seeded_weights(keras, model)
        model.compile(optimizer="sgd", loss=loss, metrics=["accuracy", "acc"])
        kept = model.fit(x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0)
        found |= {f"{name}: {key}": values for key, values in kept.history.items()}
    return found


def names_of_metrics(keras: ModuleType) -> Arrays:
    """Strings, objects and functions as metrics, and the names their columns get."""
    model, x, y = net(keras), inputs(keras), targets(keras, inputs(keras))
    model.compile(
        optimizer="sgd",
        loss=keras.losses.MeanSquaredError(),
        metrics=[
            "mse",
            "mean_absolute_error",
            keras.metrics.RootMeanSquaredError(),
            keras.metrics.MeanAbsoluteError(name="mine"),
            "cosine_similarity",
        ],
    )
    return fitted(keras, model, x, y, epochs=2)


def own_loss(keras: ModuleType) -> Arrays:
    """A function of two tensors, averaged over all its entries."""

    def quartic(y_true: Any, y_pred: Any) -> Any:
        return (y_pred - y_true) ** 4

    model, x, y = net(keras), inputs(keras), targets(keras, inputs(keras))
    model.compile(optimizer=keras.optimizers.SGD(0.02), loss=quartic)
    return training(keras, model, x, y, epochs=2)


def summed_loss(keras: ModuleType) -> Arrays:
    """With reduction="sum" the short batch weighs by its size in the epoch's mean all the same."""
    model, x, y = net(keras), inputs(keras), targets(keras, inputs(keras))
    loss = keras.losses.MeanSquaredError(reduction="sum")
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss)
    return training(keras, model, x, y, epochs=2, sample_weight=example_weights(keras))


def mean_with_sample_weight(keras: ModuleType) -> Arrays:
    """The one reduction that divides by the sum of the weights."""
    model, x, y = net(keras), inputs(keras), targets(keras, inputs(keras))
    loss = keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss)
    return training(keras, model, x, y, epochs=2, sample_weight=example_weights(keras))


def flat_targets(keras: ModuleType) -> Arrays:
    """Targets (n,) beside outputs (n, 1), and the other way round: never a table of all pairs."""
    layers = keras.layers
    x = inputs(keras)
    found: Arrays = {}
    for loss in ("mse", "binary_crossentropy", "hinge"):
        model = keras.models.Sequential([layers.Input((2,)), layers.Dense(1, activation="sigmoid")])
        with_seeded_weights(keras, model)
        model.compile(optimizer=keras.optimizers.SGD(0.5), loss=loss, metrics=["mae"])
        kept = fitted(keras, model, x, real(keras, classes(x) == 1), epochs=2)
        found |= {f"{loss} {name}": value for name, value in kept.items()}
    return found


def sparse_columns(keras: ModuleType) -> Arrays:
    """Integer labels as (n, 1), and as floats."""
    found: Arrays = {}
    for name, labels in {
        "column": classes(inputs(keras))[:, None],
        "floats": real(keras, classes(inputs(keras))),
    }.items():
        model, x, _ = classification(keras, sparse=True)
        kept = fitted(keras, model, x, labels, epochs=2)
        found |= {f"{name} {key}": value for key, value in kept.items()}
    return found


def two_outputs(keras: ModuleType) -> Any:
    layers = keras.layers
    x_in = layers.Input((2,))
    hidden = layers.Dense(4, activation="tanh")(x_in)
    first = layers.Dense(3, name="a")(hidden)
    second = layers.Dense(3, activation="softmax", name="b")(hidden)
    return with_seeded_weights(keras, keras.models.Model(x_in, [first, second]))


LOSSES = {"a": "mse", "b": "sparse_categorical_crossentropy"}


def several_outputs(as_dict: bool, keras: ModuleType) -> Arrays:
    """Losses, loss_weights and metrics for each output; the total includes the weights."""
    model = two_outputs(keras)
    metrics = {"a": ["mae"], "b": ["accuracy"]}
    loss_weights = {"a": 0.3, "b": 2.0}
    names = ("a", "b")
    model.compile(
        optimizer=keras.optimizers.SGD(0.2),
        loss=LOSSES if as_dict else [LOSSES[name] for name in names],
        metrics=metrics if as_dict else [metrics[name] for name in names],
        loss_weights=loss_weights if as_dict else [loss_weights[name] for name in names],
    )
    x = inputs(keras)
    y = [targets(keras, x), classes(x)]
    given: Any = dict(zip(names, y, strict=True)) if as_dict else y
    found = fitted(keras, model, x, given, validation_data=(x[:6], _cut(given, 6)))
    found["evaluated"] = model.evaluate(x, given, verbose=0)
    answers = model.predict(x, verbose=0)
    found["first answer"], found["second answer"] = answers
    return found


def _cut(y: Any, rows: int) -> Any:
    if isinstance(y, dict):
        return {name: values[:rows] for name, values in y.items()}
    return [values[:rows] for values in y]


def one_loss_for_all(keras: ModuleType) -> Arrays:
    model = two_outputs(keras)
    x = inputs(keras)
    y = targets(keras, x)
    model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
    return fitted(keras, model, x, [y, y])


def several_inputs(as_dict: bool, keras: ModuleType) -> Arrays:
    layers = keras.layers
    a, b = layers.Input((2,), name="a"), layers.Input((3,), name="b")
    both = layers.Concatenate()([layers.Dense(2, activation="tanh")(a), b])
    model = with_seeded_weights(keras, keras.models.Model([a, b], layers.Dense(3)(both)))
    model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")
    x, z = inputs(keras), inputs(keras, columns=3, seed=2)
    given: Any = {"a": x, "b": z} if as_dict else [x, z]
    found = fitted(keras, model, given, targets(keras, x))
    return {**found, "answers": model.predict(given, verbose=0)}


CASES: dict[str, Case] = {
    "accuracy by name": accuracy_by_name,
    "names of metrics": names_of_metrics,
    "own loss": own_loss,
    "summed loss": summed_loss,
    "mean_with_sample_weight": mean_with_sample_weight,
    "flat targets": flat_targets,
    "sparse columns": sparse_columns,
    "two outputs": partial(several_outputs, False),
    "two outputs by name": partial(several_outputs, True),
    "two outputs, one loss": one_loss_for_all,
    "two inputs": partial(several_inputs, False),
    "two inputs by name": partial(several_inputs, True),
}
