"""Pairs of targets and predictions of every kind that losses and metrics take."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from golden.common import real

WEIGHTS = [0.0, 0.5, 1.0, 2.0, 0.25, 3.0]


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def soft(rows: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(y_true, y_pred) without special values, in float64; labels of classes are integers."""
    rng = np.random.default_rng(sum(map(ord, kind)))
    normal = rng.normal(size=(rows, 3))
    bits = rng.integers(0, 2, size=(rows, 3))
    bits[0], bits[1] = 0, 1
    labels = rng.integers(0, 3, size=rows)
    other = rng.normal(size=(rows, 3))
    pairs = {
        "real": (normal, other),
        "positive": (np.abs(normal) + 0.1, np.abs(other) + 0.1),
        "binary": (bits, 1 / (1 + np.exp(-2 * other))),
        "binary logits": (bits, 2 * other),
        "classes": (np.eye(3)[labels], softmax(1.5 * other)),
        "class logits": (np.eye(3)[labels], 2 * other),
        "sparse": (labels, softmax(1.5 * other)),
        "sparse logits": (labels, 2 * other),
        "distributions": (softmax(normal), softmax(other)),
        "signs": (2 * bits - 1, other),
        "bits": (bits, other),
    }
    return pairs[kind]


# Rows beyond what a formula was made for.  No value sits on a kink of its loss.
HARD: dict[str, tuple[list, list]] = {
    "hard real": (
        [[0, 1], [2, 0], [1e4, -1e4], [0.5, 0.5]],
        [[1e-3, 1.25], [1e-3, -2], [-1e4, 1e4], [0.25, 3.0]],
    ),
    "hard positive": (
        [[0, 1], [2, 0], [1e4, 3.0]],
        [[0, -5], [1e-9, 2], [1, 1e4]],
    ),
    "hard binary": (
        [[0, 1], [1, 0], [0, 1], [1, 0], [0.5, 0.25]],
        [[0, 1], [0, 1], [1e-9, 1e-9], [1 - 1e-5, 1 - 1e-5], [0, 1]],
    ),
    "hard binary logits": (
        [[0, 1], [1, 0], [0, 1], [1, 0]],
        [[1000, 1000], [-1000, -1000], [0, 0], [40, -40]],
    ),
    "hard classes": (
        [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]],
        [[1, 0, 0], [0, 1, 0], [0.2, 0.3, 0.1], [1, 1, 2], [1e-9, 1, 0]],
    ),
    "hard class logits": (
        [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]],
        [[1000, -1000, 0], [1000, -1000, 0], [0, 0, 0], [50, -50, 50]],
    ),
    "hard sparse": (
        [0, 0, 1, 2],
        [[1, 0, 0], [0, 1, 0], [0.2, 0.3, 0.1], [1, 1, 2]],
    ),
    "hard sparse logits": (
        [0, 1, 2, 0],
        [[1000, -1000, 0], [1000, -1000, 0], [0, 0, 0], [50, -50, 50]],
    ),
    "hard distributions": (
        [[1, 0, 0], [0, 0.5, 0.5], [0.2, 0.3, 0.5]],
        [[0, 1, 0], [0.5, 0.5, 0], [0.3, 0.3, 0.9]],
    ),
    "hard directions": (
        [[0, 0, 0], [1, 2, 2], [0, 0, 1], [1e3, 0, 0]],
        [[1, 2, 3], [1, 2, 2], [1, 0, 0], [-1e-3, 0, 0]],
    ),
    "mixed signs": (
        [[0, 1], [-1, 1], [0, 0]],
        [[0.5, -2], [3, 0.25], [-1000, 1000]],
    ),
    "few signs": ([[-1, 1], [1, 1]], [[1000, -1000], [0.5, 2]]),
}


def pair(keras: ModuleType, kind: str, rows: int = 6) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = map(np.asarray, HARD[kind] if kind in HARD else soft(rows, kind))
    return (y_true if "sparse" in kind else real(keras, y_true)), real(keras, y_pred)


def weights(keras: ModuleType, rows: int) -> np.ndarray:
    return real(keras, np.resize(WEIGHTS, rows))
