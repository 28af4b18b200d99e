"""What the cases are made of: seeded data, small nets with given weights, recorded training.

Nothing here draws from the random numbers of the library under test: data and weights come from
NumPy's generator, and no fit shuffles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

Arrays = dict[str, Any]  # name -> array, number or list of numbers
Case = Callable[[Any], Arrays]  # the library, as `keras`, -> what it computed
BATCH = 8  # of 20 examples: the last batch is short
# Results so named are drawn: another generator's agree within the band only.
ABOUT, BAND = "about ", 0.03
KEPT = (1, 2, 3, 10)  # steps whose weights are recorded, besides the last


def real(keras: ModuleType, values: Any) -> np.ndarray:
    return np.asarray(values, dtype=keras.config.floatx())


def array(x: Any) -> np.ndarray:
    """The numbers in an array, tensor, variable or node of either library."""
    return np.asarray(getattr(x, "value", x))


def inputs(keras: ModuleType, columns: int = 2, rows: int = 20, seed: int = 1) -> np.ndarray:
    return real(keras, np.random.default_rng(seed).normal(size=(rows, columns)))


def targets(keras: ModuleType, x: np.ndarray, columns: int = 3) -> np.ndarray:
    """Smooth targets that the inputs explain, so that every optimizer has something to learn."""
    mixing = np.random.default_rng(7).normal(size=(x.shape[1], columns))
    return real(keras, np.sin(1.5 * x @ mixing) + 0.5)


def classes(x: np.ndarray, count: int = 3) -> np.ndarray:
    mixing = np.random.default_rng(8).normal(size=(x.shape[1], count))
    return np.argmax(x @ mixing, axis=1)


def one_hot(keras: ModuleType, labels: np.ndarray, count: int = 3) -> np.ndarray:
    return real(keras, np.eye(count)[labels])


def seeded_weights(keras: ModuleType, shapes: Sequence[tuple[int, ...]], seed: int = 3) -> list:
    rng = np.random.default_rng(seed)
    return [real(keras, rng.normal(scale=0.6, size=shape)) for shape in shapes]


def with_seeded_weights(keras: ModuleType, model: Any, seed: int = 3) -> Any:
    model.set_weights(seeded_weights(keras, [w.shape for w in model.get_weights()], seed))
    return model


def net(keras: ModuleType, hidden: Any = "tanh", output: Any = None, **dense: Any) -> Any:
    """2-4-3 with seeded weights; further arguments go to both Dense layers."""
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(4, activation=hidden, **dense),
            layers.Dense(3, activation=output, **dense),
        ]
    )
    return with_seeded_weights(keras, model)


def recorder(keras: ModuleType, kept: Sequence[int] = KEPT) -> Any:
    """A callback that keeps the running loss of every step and the weights after some steps."""

    class Recorder(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.losses: list[float] = []
            self.weights: list[list[np.ndarray]] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.losses.append(logs["loss"])
            if len(self.losses) in kept:
                self.weights.append(self.model.get_weights())

    return Recorder()


def variables(rows: list[list[np.ndarray]]) -> Arrays:
    """Weights at several moments -> one stack for each variable, in Keras's order."""
    return {f"w{i}": np.stack(moments) for i, moments in enumerate(zip(*rows, strict=True))}


def training(keras: ModuleType, model: Any, x: Any, y: Any, epochs: int = 7, **fit: Any) -> Arrays:
    """Fit in given order -> the running loss of each step, and weights along the way and after."""
    record = recorder(keras)
    settings = {"batch_size": BATCH, "shuffle": False, "verbose": 0, **fit}
    model.fit(x, y, epochs=epochs, callbacks=[record], **settings)
    return {"loss": record.losses, **variables([*record.weights, model.get_weights()])}


def predictions(keras: ModuleType, layers: Sequence[Any], x: np.ndarray) -> np.ndarray:
    """What a stack of layers answers at inference."""
    model = keras.models.Sequential([keras.layers.Input(x.shape[1:]), *layers])
    return array(model.predict(x, verbose=0))
