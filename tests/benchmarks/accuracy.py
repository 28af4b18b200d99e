"""How well training works: the lecture's net on Fashion-MNIST beside Keras, and digits.

    python -m benchmarks.accuracy fashion                      784-128-10, 5 epochs, 5 seeds
    python -m benchmarks.accuracy fashion --library keras      the same code run by Keras
    python -m benchmarks.accuracy digits                       five stratified splits

Run it in the folder ``tests``.  Fashion-MNIST must be on the machine, digits need scikit-learn.
"""

from __future__ import annotations

import argparse
import importlib
import math
import statistics
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab import datasets


def fashion(keras: Any, seed: int, epochs: int, examples: int | None) -> float:
    """Accuracy on the 10,000 test images after training 784-128-10 with Adam."""
    (x, y), (x_test, y_test) = datasets.fashion_mnist.load_data()
    x, y = x[:examples] / 255.0, y[:examples]
    keras.utils.set_random_seed(seed)
    model = keras.models.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=epochs, verbose=0)
    return float(model.evaluate(x_test / 255.0, y_test, verbose=0)[1])


def digits(keras: Any, seed: int, epochs: int, examples: int | None) -> float:
    """Accuracy on a fifth of the digits, with the lecture's dropout, L2 and max-norm."""
    (x, y), (x_test, y_test) = datasets.digits.load_data(test_split=0.2, seed=seed, stratify=True)
    x, y = x[:examples], y[:examples]
    mean, spread = x.mean(0), x.std(0) + 1e-7
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.models.Sequential(
        [
            keras.Input((64,)),
            layers.Dropout(0.2),
            layers.Dense(
                128,
                activation="relu",
                kernel_initializer="he_normal",
                kernel_regularizer=keras.regularizers.L2(1e-4),
                kernel_constraint=keras.constraints.MaxNorm(3.0),
            ),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit((x - mean) / spread, y, epochs=epochs, verbose=0)
    return float(model.evaluate((x_test - mean) / spread, y_test, verbose=0)[1])


TASKS = {"fashion": (fashion, 5), "digits": (digits, 60)}


def main(given: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="benchmarks.accuracy", description="Accuracy of nets.")
    options.add_argument("task", choices=list(TASKS))
    options.add_argument("--library", default="autograd_lab", choices=["autograd_lab", "keras"])
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--epochs", type=int)
    options.add_argument("--examples", type=int, help="train on the first so many only")
    chosen = options.parse_args(given)
    run, epochs = TASKS[chosen.task]
    keras = importlib.import_module(chosen.library)
    found = []
    for seed in range(chosen.seeds):
        found.append(run(keras, seed, chosen.epochs or epochs, chosen.examples))
        sys.stdout.write(f"{chosen.task}, {chosen.library}, seed {seed}: {found[-1]:.4f}\n")
        sys.stdout.flush()
    if len(found) > 1:
        error = statistics.stdev(found) / math.sqrt(len(found))
        sys.stdout.write(f"mean {np.mean(found):.4f}, standard error {error:.4f}\n")


if __name__ == "__main__":
    main()
