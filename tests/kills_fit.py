"""A real ``fit`` that is killed again and again: ``python tests/kills_fit.py --kills 200``.

Adam, dropout, noise, batch normalization, shuffling, early stopping and a validation: whatever a
training depends on must come back from the checkpoint, or the weights end with other bits.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import kills
import numpy as np

import autograd_lab as keras

BATCHES = 4
EPOCHS = kills.STEPS // BATCHES


class StopAfter(keras.callbacks.Callback):
    """Breaks the training off when a number of batches is done, as Ctrl-C would."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1


class Tell(keras.callbacks.Callback):
    """Remembers the key by which checkpoints of this training are known."""

    key: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        self.key = self.model.training_key()


def fit(folder: Path | None, *callbacks: Any) -> str:
    """Train, or go on training; SHA-256 of the weights and the history in the end."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(11)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Dense(12, "relu", input_shape=(2,), kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.GaussianNoise(0.1),
            layers.Dense(2, "softmax", kernel_constraint="max_norm"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = keras.datasets.moons(40, noise=0.1, seed=0)
    watching: list[Any] = [keras.callbacks.EarlyStopping(patience=100), *callbacks]
    if folder is not None:
        backup = keras.callbacks.BackupAndRestore(folder, save_freq=1, delete_checkpoint=False)
        watching.append(backup)
    history = model.fit(
        x, y, epochs=EPOCHS, batch_size=8, validation_split=0.2, verbose=0, callbacks=watching
    )
    told = json.dumps(history.history, sort_keys=True).encode()
    return hashlib.sha256(
        b"".join([*map(np.ndarray.tobytes, model.get_weights()), told])
    ).hexdigest()


def train(folder: Path, steps: int) -> str:
    """The whole training, or its first steps."""
    if steps == kills.STEPS:
        return fit(folder)
    try:
        return fit(folder, StopAfter(steps))
    except KeyboardInterrupt:
        return ""


def key() -> Any:
    """What the checkpoints of this training are known by."""
    tell = Tell()
    fit(None, tell)
    return tell.key


if __name__ == "__main__":
    kills.main(Path(__file__), train, key)
