"""Callbacks on scripted curves, driven directly, and at work in fit."""

from __future__ import annotations

import math
from functools import partial
from types import ModuleType
from typing import Any

from golden.common import Arrays, Case, array, inputs, net, real, targets

CURVES = {
    "falling": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3],
    "falling, then rising": [1.0, 0.6, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    "plateau": [0.5] * 8,
    "slowly falling": [1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93],
    "uneven": [1.0, 0.8, 0.9, 0.7, 0.85, 0.75, 0.72, 0.65],
    "rising": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    "late": [1.0, 1.1, 1.2, 0.3, 0.9, 0.8, 0.7, 0.6],
    "not a number": [1.0, math.nan, 0.8, 0.9, math.nan, 0.95, 0.7, 0.6],
}
STOPPING: dict[str, dict[str, Any]] = {
    "defaults": {},
    "patience 1": {"patience": 1},
    "patience 2": {"patience": 2},
    "patience 3": {"patience": 3},
    "min_delta": {"patience": 2, "min_delta": 0.12},
    "small min_delta": {"patience": 2, "min_delta": 0.015},
    "negative min_delta": {"patience": 2, "min_delta": -0.12},
    "baseline": {"patience": 3, "baseline": 0.65},
    "start_from_epoch": {"patience": 1, "start_from_epoch": 3},
    "restoring": {"patience": 2, "restore_best_weights": True},
    "restoring, min_delta": {"patience": 2, "min_delta": 0.12, "restore_best_weights": True},
    "restoring, start_from_epoch": {
        "patience": 1,
        "start_from_epoch": 3,
        "restore_best_weights": True,
    },
    "restoring, baseline": {"patience": 2, "baseline": 0.65, "restore_best_weights": True},
    "restoring, unreachable baseline": {
        "patience": 2,
        "baseline": 0.01,
        "restore_best_weights": True,
    },
    "mode max": {"patience": 2, "mode": "max", "restore_best_weights": True},
    "mode max, min_delta": {"patience": 2, "mode": "max", "min_delta": 0.15},
    "long patience restores at the end": {"patience": 50, "restore_best_weights": True},
}
PLATEAU: dict[str, dict[str, Any]] = {
    "patience 1": {"patience": 1},
    "patience 2": {"patience": 2, "factor": 0.5},
    "patience 0": {"patience": 0, "factor": 0.5},
    "min_delta": {"patience": 1, "factor": 0.5, "min_delta": 0.12},
    "no min_delta": {"patience": 1, "factor": 0.5, "min_delta": 0.0},
    "cooldown": {"patience": 1, "factor": 0.5, "cooldown": 2},
    "min_lr": {"patience": 1, "factor": 0.3, "min_lr": 0.02},
    "mode max": {"patience": 1, "factor": 0.5, "mode": "max"},
}


def small(keras: ModuleType, **compiled: Any) -> Any:
    model = keras.models.Sequential(
        [keras.layers.Input((1,)), keras.layers.Dense(1, use_bias=False)]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.25), loss="mse", **compiled)
    model.stop_training = False
    return model


def drive(keras: ModuleType, callback: Any, curve: list[float], monitor: str) -> dict[str, Any]:
    """Call the hooks as fit does; the weight is the number of the epoch."""
    model = small(keras)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(curve):
        callback.on_epoch_begin(epoch)
        model.set_weights([real(keras, [[epoch]])])
        callback.on_epoch_end(epoch, {monitor: value})
        rates.append(float(array(model.optimizer.learning_rate)))
        if model.stop_training:
            break
    callback.on_train_end()
    return {"rates": rates, "epochs": len(rates), "weight": model.get_weights()[0][0, 0]}


def stopping(settings: dict[str, Any], keras: ModuleType) -> Arrays:
    found: Arrays = {}
    for name, curve in CURVES.items():
        callback = keras.callbacks.EarlyStopping(**settings)
        seen = drive(keras, callback, curve, "val_loss")
        found[f"{name}: epochs, kept weight"] = [seen["epochs"], seen["weight"]]
        found[f"{name}: stopped_epoch, wait, best_epoch"] = [
            callback.stopped_epoch,
            callback.wait,
            callback.best_epoch,
        ]
        if callback.best is not None:
            found[f"{name}: best"] = callback.best
    return found


def plateau(settings: dict[str, Any], keras: ModuleType) -> Arrays:
    found: Arrays = {}
    for name, curve in CURVES.items():
        callback = keras.callbacks.ReduceLROnPlateau(**settings)
        found[name] = drive(keras, callback, [*curve, *curve[::-1]], "val_loss")["rates"]
    return found


def used_twice(keras: ModuleType) -> Arrays:
    """on_train_begin forgets the first training."""
    callback = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    found: Arrays = {}
    for name in ("falling, then rising", "rising"):
        seen = drive(keras, callback, CURVES[name], "val_loss")
        found[name] = [seen["epochs"], seen["weight"], callback.best, callback.stopped_epoch]
    return found


def automatic_mode(keras: ModuleType) -> Arrays:
    """mode="auto" knows that accuracy and AUC rise and that losses and errors fall."""
    x = inputs(keras, columns=1)
    y = real(keras, x > 0)
    curve = [0.1, 0.2, 0.3, 0.25, 0.24, 0.23]
    found: Arrays = {}
    for metric, monitor in {
        "accuracy": "val_accuracy",
        "AUC": "val_auc",
        "mae": "val_mae",
        "mse": "mse",
        "Precision": "precision",
        "cosine_similarity": "cosine_similarity",
    }.items():
        given = keras.metrics.AUC(name="auc") if metric == "AUC" else metric
        given = keras.metrics.Precision(name="precision") if metric == "Precision" else given
        model = small(keras, metrics=[given])
        model.fit(x, y, verbose=0, shuffle=False)  # Keras builds its metrics at the first step
        callback = keras.callbacks.EarlyStopping(monitor=monitor, patience=2)
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, value in enumerate(curve):
            callback.on_epoch_end(epoch, {monitor: value})
        found[monitor] = callback.best
    return found


def problem(keras: ModuleType) -> tuple[Any, Any, Any]:
    x = inputs(keras)
    return net(keras), x, targets(keras, x)


def history(keras: ModuleType, model: Any, x: Any, y: Any, callbacks: list, **fit: Any) -> Arrays:
    settings = {"batch_size": 8, "shuffle": False, "verbose": 0, **fit}
    kept = model.fit(x, y, callbacks=callbacks, **settings)
    weights = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    return {**kept.history, "epochs": kept.epoch, **weights}


def stopping_in_fit(restore: bool, keras: ModuleType) -> Arrays:
    """A rate so large that the validation loss soon rises."""
    model, x, y = problem(keras)
    model.compile(optimizer=keras.optimizers.SGD(0.9, momentum=0.9), loss="mse")
    callback = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=restore)
    return history(keras, model, x, y, [callback], epochs=12, validation_split=0.3)


def plateau_in_fit(keras: ModuleType) -> Arrays:
    model, x, y = problem(keras)
    model.compile(optimizer=keras.optimizers.SGD(0.9, momentum=0.9), loss="mse")
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, factor=0.5)
    return history(keras, model, x, y, [callback], epochs=8)


def scheduler(keras: ModuleType) -> Arrays:
    """schedule(epoch, rate); the history names the rate of each epoch."""
    model, x, y = problem(keras)
    model.compile(optimizer="sgd", loss="mse")
    callback = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: 0.2 if epoch == 0 else rate * 0.8
    )
    return history(keras, model, x, y, [callback], epochs=5)


def scheduler_of_epoch(keras: ModuleType) -> Arrays:
    """schedule(epoch), counted from initial_epoch."""
    model, x, y = problem(keras)
    model.compile(optimizer="sgd", loss="mse")
    callback = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch))
    return history(keras, model, x, y, [callback], epochs=6, initial_epoch=2)


def terminate_on_nan(keras: ModuleType) -> Arrays:
    """The first step is so long that the second loss overflows: training ends with this batch."""
    model, x, y = problem(keras)
    rate = 1e30 if keras.config.floatx() == "float32" else 1e200
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    seen: list[int] = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    stop = keras.callbacks.TerminateOnNaN()
    kept = model.fit(
        x, y, batch_size=2, shuffle=False, verbose=0, epochs=6, callbacks=[count, stop]
    )
    return {"batches": seen, "epochs": kept.epoch}


HOOKS = [
    f"on_{what}_{when}"
    for what in ("train", "test", "predict", "epoch", "train_batch", "test_batch", "predict_batch")
    for when in ("begin", "end")
]


def order_of_hooks(keras: ModuleType) -> Arrays:
    """Which hook is called when, as numbers in HOOKS, with the epoch or batch it was given."""
    calls: list[list[int]] = []

    def note(number: int, *given: Any) -> None:
        calls.append([number, given[0] if given and isinstance(given[0], int) else -1])

    class Listener(keras.callbacks.Callback):
        pass

    for number, hook in enumerate(HOOKS):
        setattr(
            Listener, hook, partial(lambda number, *given, **named: note(number, *given), number)
        )
    listener = Listener()
    model, x, y = problem(keras)
    model.compile(optimizer="sgd", loss="mse")
    model.fit(
        x,
        y,
        batch_size=8,
        epochs=2,
        shuffle=False,
        verbose=0,
        callbacks=[listener],
        validation_data=(x[:10], y[:10]),
        validation_batch_size=8,
    )
    model.evaluate(x[:10], y[:10], batch_size=8, verbose=0, callbacks=[listener])
    model.predict(x[:10], batch_size=8, verbose=0, callbacks=[listener])
    return {"calls": calls}


def stop_from_a_batch(keras: ModuleType) -> Arrays:
    """stop_training set in a batch ends the epoch after this batch."""
    model, x, y = problem(keras)
    model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mse")

    class Stopper(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                self.model.stop_training = True

    return history(keras, model, x, y, [Stopper()], epochs=4, validation_data=(x[:5], y[:5]))


def several_in_fit(keras: ModuleType) -> Arrays:
    """A rate lowered by one callback is the rate that the next one sees."""
    model, x, y = problem(keras)
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
    callbacks = [
        keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=0, factor=0.5, min_delta=1.0),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
    ]
    return history(keras, model, x, y, callbacks, epochs=5)


CASES: dict[str, Case] = {
    **{f"EarlyStopping, {name}": partial(stopping, given) for name, given in STOPPING.items()},
    **{f"ReduceLROnPlateau, {name}": partial(plateau, given) for name, given in PLATEAU.items()},
    "EarlyStopping, used twice": used_twice,
    "EarlyStopping, automatic mode": automatic_mode,
    "EarlyStopping in fit": partial(stopping_in_fit, False),
    "EarlyStopping in fit, restoring": partial(stopping_in_fit, True),
    "ReduceLROnPlateau in fit": plateau_in_fit,
    "LearningRateScheduler": scheduler,
    "LearningRateScheduler, of the epoch": scheduler_of_epoch,
    "TerminateOnNaN": terminate_on_nan,
    "order of hooks": order_of_hooks,
    "stop_training from a batch": stop_from_a_batch,
    "several callbacks": several_in_fit,
}
