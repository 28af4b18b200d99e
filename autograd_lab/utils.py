"""Small helpers by Keras's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from autograd_lab import config, registry
from autograd_lab.errors import UsageError
from autograd_lab.layers.base import reset_names
from autograd_lab.random import set_seed

T = TypeVar("T")


def set_random_seed(seed: int) -> None:
    """Start all random streams anew: initializers, dropout, shuffling, augmentation.

    The same seed and the same calls after it give the same weights to the last bit, on one machine
    with the same versions and number of threads.

    >>> from autograd_lab.initializers import GlorotUniform
    >>> set_random_seed(1)
    >>> first = GlorotUniform()((2, 2))
    >>> set_random_seed(1)
    >>> bool((GlorotUniform()((2, 2)) == first).all())
    True
    """
    set_seed(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray[Any, Any]:
    """Labels 0, 1, 2, ... as rows with a single one: (N,) or (N, 1) -> (N, num_classes).

    >>> to_categorical([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.asarray(x)
    if labels.dtype.kind not in "fiub" or not np.array_equal(labels, np.floor(labels)):
        raise UsageError("to_categorical: labels must be whole numbers 0, 1, 2, ...")
    whole = isinstance(num_classes, (int, np.integer)) and num_classes >= 0
    if num_classes is not None and not whole:
        raise UsageError(f"to_categorical(num_classes={num_classes!r}): give a whole number")
    labels = labels.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = int(labels.max(initial=-1)) + 1 if num_classes is None else num_classes
    if labels.size and not 0 <= labels.min() <= labels.max() < count:
        wrong = int(labels[(labels < 0) | (labels >= count)].flat[0])
        raise UsageError(f"to_categorical: label {wrong} is none of the {count} classes 0, 1, ...")
    rows: np.ndarray[Any, Any] = np.eye(count, dtype=config.floatx())[labels]
    return rows


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Make a class or function of one's own known, so that models with it can be read back.

    It is entered in the family its base class belongs to, a function among the activations.
    UsageError if the library has a part of its own by that name.
    """

    def enter(thing: T) -> T:
        family = getattr(thing, "family", "") or "activations"
        own = str(thing.__name__)  # type: ignore[attr-defined]
        for known in (registry.FAMILIES.get(family, {}).get(key) for key in (own, name or own)):
            if getattr(known, "__module__", "").startswith("autograd_lab."):
                raise UsageError(
                    f"register_keras_serializable: {own!r} is one of the library's own {family}; "
                    "give it another name"
                )
        registry.register(family, *([name] if name else []), f"{package}>{name or thing.__name__}")(  # type: ignore[attr-defined]
            thing
        )
        return thing

    return enter


def clear_session() -> None:
    """Count the names of layers from the start again."""
    reset_names()
