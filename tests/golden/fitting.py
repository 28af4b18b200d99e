"""What fit, evaluate and predict mean: histories, weights of examples and classes, validation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import (
    BATCH,
    Arrays,
    Case,
    array,
    classes,
    inputs,
    net,
    one_hot,
    real,
    targets,
)

CLASS_WEIGHT = {0: 2.0, 2: 0.5}  # class 1 is missing: it weighs 1


def example_weights(keras: ModuleType, rows: int = 20) -> np.ndarray:
    return real(keras, np.random.default_rng(12).uniform(0, 2, size=rows))


def fitted(keras: ModuleType, model: Any, *data: Any, epochs: int = 3, **fit: Any) -> Arrays:
    """The history, in its order of names, and the weights."""
    settings = {"batch_size": BATCH, "shuffle": False, "verbose": 0, **fit}
    kept = model.fit(*data, epochs=epochs, **settings)
    weights = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    return {**kept.history, "epoch": kept.epoch, **weights}


def regression(keras: ModuleType, **dense: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    model = net(keras, **dense)
    x = inputs(keras)
    model.compile(
        optimizer=keras.optimizers.SGD(0.2, momentum=0.5),
        loss="mse",
        metrics=["mae"],
        weighted_metrics=["mse"],
    )
    return model, x, targets(keras, x)


def classification(keras: ModuleType, sparse: bool) -> tuple[Any, np.ndarray, np.ndarray]:
    model = net(keras, output="softmax")
    x = inputs(keras)
    labels = classes(x)
    loss = "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
    model.compile(
        optimizer=keras.optimizers.SGD(0.5),
        loss=loss,
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    )
    return model, x, labels if sparse else one_hot(keras, labels)


def plain(keras: ModuleType) -> Arrays:
    return fitted(keras, *regression(keras))


def sample_weight(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    return fitted(keras, model, x, y, sample_weight=example_weights(keras))


def class_weight(sparse: bool, keras: ModuleType) -> Arrays:
    model, x, y = classification(keras, sparse)
    return fitted(keras, model, x, y, class_weight=CLASS_WEIGHT)


def without_weights(sparse: bool, keras: ModuleType) -> Arrays:
    return fitted(keras, *classification(keras, sparse))


def validation_split(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    return fitted(keras, model, x, y, validation_split=0.3)


def validation_split_weighted(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    weight = example_weights(keras)
    return fitted(keras, model, x, y, validation_split=0.3, sample_weight=weight)


def odd_validation_split(keras: ModuleType) -> Arrays:
    """A fraction that does not divide the rows: which row goes where."""
    model, x, y = regression(keras)
    return fitted(keras, model, x[:11], y[:11], validation_split=0.25)


def validation_data(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    return fitted(keras, model, x[:12], y[:12], validation_data=(x[12:], y[12:]))


def weighted_validation_data(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    weight = example_weights(keras)
    kept = (x[12:], y[12:], weight[12:])
    given = {"validation_data": kept, "validation_batch_size": 3}
    return fitted(keras, model, x[:12], y[:12], sample_weight=weight[:12], **given)


def class_weight_and_validation(keras: ModuleType) -> Arrays:
    """Class weights do not touch the validation."""
    model, x, y = classification(keras, sparse=True)
    kept = (x[12:], y[12:])
    return fitted(keras, model, x[:12], y[:12], class_weight=CLASS_WEIGHT, validation_data=kept)


def penalties(keras: ModuleType) -> Arrays:
    """The loss, of training and of validation, includes the penalties; metrics do not."""
    model, x, y = regression(keras, kernel_regularizer="l2", activity_regularizer="l1")
    weight = example_weights(keras)
    found = fitted(keras, model, x, y, sample_weight=weight, validation_split=0.3)
    return {**found, "evaluated": model.evaluate(x, y, batch_size=BATCH, verbose=0)}


def initial_epoch(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    return fitted(keras, model, x, y, epochs=5, initial_epoch=2)


def batches(x: np.ndarray, y: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        for start in range(0, len(x), size):
            yield x[start : start + size], y[start : start + size]


def generator(keras: ModuleType) -> Arrays:
    """An endless generator goes on where the last epoch stopped."""
    model, x, y = regression(keras)
    return fitted(keras, model, batches(x, y, 6), steps_per_epoch=3, batch_size=None)


def generator_with_weights(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    weight = example_weights(keras)
    triples = ((*pair, weight[: len(pair[0])]) for pair in batches(x, y, 5))
    return fitted(keras, model, triples, steps_per_epoch=4, batch_size=None)


def finite_generator(keras: ModuleType) -> Arrays:
    """One epoch of a generator that ends."""
    model, x, y = regression(keras)
    pairs = ((x[i : i + 8], y[i : i + 8]) for i in range(0, 20, 8))
    return fitted(keras, model, pairs, epochs=1, batch_size=None)


def steps_of_arrays(keras: ModuleType) -> Arrays:
    """steps_per_epoch with arrays: the next epoch goes on with the next batch."""
    model, x, y = regression(keras)
    return fitted(keras, model, x, y, epochs=2, batch_size=4, steps_per_epoch=2)


def validation_steps(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    given = {"validation_data": (x[8:], y[8:]), "validation_batch_size": 4, "validation_steps": 2}
    return fitted(keras, model, x[:8], y[:8], **given)


def fit_twice(keras: ModuleType) -> Arrays:
    """The optimizer's state lives on; compiling anew forgets it."""
    model, x, y = regression(keras)
    found: Arrays = {}
    for moment in ("first", "second"):
        kept = fitted(keras, model, x, y, epochs=2)
        found |= {f"{moment} {name}": value for name, value in kept.items()}
    model.compile(
        optimizer=keras.optimizers.SGD(0.2, momentum=0.5),
        loss="mse",
        metrics=["mae"],
        weighted_metrics=["mse"],
    )
    kept = fitted(keras, model, x, y, epochs=1)
    return {**found, **{f"compiled anew {name}": value for name, value in kept.items()}}


def evaluated(keras: ModuleType) -> Arrays:
    model, x, y = regression(keras)
    weight = example_weights(keras)
    as_dict = model.evaluate(x, y, batch_size=6, verbose=0, return_dict=True)
    return {
        "list": model.evaluate(x, y, batch_size=6, verbose=0),
        "weighted": model.evaluate(x, y, batch_size=6, verbose=0, sample_weight=weight),
        **{f"dict {name}": value for name, value in as_dict.items()},
        "predicted": model.predict(x, batch_size=7, verbose=0),
        "called": array(model(x[:3])),
        "predicted on batch": array(model.predict_on_batch(x[:3])),
    }


def evaluated_without_metrics(keras: ModuleType) -> Arrays:
    """Only a loss: a number, not a list."""
    model, x, y = net(keras), inputs(keras), targets(keras, inputs(keras))
    model.compile(optimizer="sgd", loss="mse")
    return {"number": model.evaluate(x, y, batch_size=6, verbose=0)}


def on_batches(keras: ModuleType) -> Arrays:
    """train_on_batch and test_on_batch answer for their batch alone, not with running means."""
    model, x, y = regression(keras)
    weight = example_weights(keras)
    found: Arrays = {}
    for i in range(3):
        cut = slice(6 * i, 6 * i + 6)
        trained = model.train_on_batch(x[cut], y[cut], sample_weight=weight[cut])
        found[f"trained {i}"] = np.array([float(value) for value in trained])
    tested = model.test_on_batch(x, y, return_dict=True)
    found |= {f"tested {name}": float(value) for name, value in tested.items()}
    return {**found, **{f"w{i}": w for i, w in enumerate(model.get_weights())}}


def batch_sizes(keras: ModuleType) -> Arrays:
    """A batch larger than the data, and batch_size=None, which is 32."""
    found: Arrays = {}
    for size in (100, None):
        model, x, y = regression(keras)
        kept = fitted(keras, model, np.tile(x, (2, 1)), np.tile(y, (2, 1)), batch_size=size)
        found |= {f"{size} {name}": value for name, value in kept.items()}
    return found


def running_means(keras: ModuleType) -> Arrays:
    """The logs of a batch are means over the epoch so far; the loss weighs by batch size."""
    model, x, y = regression(keras)
    seen: list[list[float]] = []
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append([logs[key] for key in ("loss", "mae")])
    )
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=[callback])
    return {"seen": seen}


CASES: dict[str, Case] = {
    "plain": plain,
    "sample_weight": sample_weight,
    "class_weight, sparse": partial(class_weight, True),
    "class_weight, one hot": partial(class_weight, False),
    "no weights, sparse": partial(without_weights, True),
    "no weights, one hot": partial(without_weights, False),
    "validation_split": validation_split,
    "validation_split, sample_weight": validation_split_weighted,
    "validation_split, odd": odd_validation_split,
    "validation_data": validation_data,
    "validation_data, weighted": weighted_validation_data,
    "validation_data, class_weight": class_weight_and_validation,
    "validation_steps": validation_steps,
    "penalties": penalties,
    "initial_epoch": initial_epoch,
    "generator": generator,
    "generator with weights": generator_with_weights,
    "generator that ends": finite_generator,
    "steps_per_epoch of arrays": steps_of_arrays,
    "fit twice": fit_twice,
    "evaluate and predict": evaluated,
    "evaluate without metrics": evaluated_without_metrics,
    "train_on_batch and test_on_batch": on_batches,
    "batch sizes": batch_sizes,
    "running means": running_means,
}
