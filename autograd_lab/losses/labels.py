"""Labels of classes: whole numbers from 0, or a message that says which is not, and where."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.graph import Node

Array = np.ndarray[Any, np.dtype[Any]]


def values_of(x: Any) -> Array:
    """The plain array behind a node, a list or a number."""
    return np.asarray(x.value if isinstance(x, Node) else x)


def first_place(found: Array) -> tuple[tuple[int, ...], str]:
    """Where the first true entry is: its index, and in words.

    >>> first_place(np.array([[False, False], [False, True]]))[1]
    'row 1, column 1'
    """
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(found)), found.shape))
    row, inner = index[:1], index[1:] if found.shape[1:] != (1,) else ()
    words = f"row {row[0]}" if row else "its only place"
    if inner:
        words += f", column {inner[0]}" if len(inner) == 1 else f", position {inner}"
    return index, words


def refuse_where(found: Array, values: Array, reason: str) -> None:
    """UsageError with the first value for which ``found`` is true, where it is, and why not."""
    if found.any():
        index, place = first_place(found)
        value = values[index].item()
        whole = isinstance(value, float) and value.is_integer()
        raise UsageError(f"y_true has {int(value) if whole else value!r} at {place}; {reason}")


def check_labels(labels: Array, classes: int, ignore_class: int | None = None) -> None:
    """UsageError unless every label is a whole number from 0 to classes - 1, or ignore_class.

    >>> check_labels(np.array([0, 3, 1]), classes=3)
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: y_true has 3 at row 1; there are 3 classes, labels from 0 to 2
    """
    counted = True if ignore_class is None else labels != ignore_class
    if labels.dtype.kind == "f":
        refuse_where(
            (labels != np.floor(labels)) & counted, labels,
            "labels are whole numbers, one for each class",
        )  # fmt: skip
    outside = ((labels < 0) | (labels >= classes)) & counted
    if outside.any():
        known = labels[np.broadcast_to(counted, labels.shape)]
        from_one = known.min() == 1 and known.max() == classes
        refuse_where(
            outside, labels,
            f"there are {classes} classes, labels from 0 to {classes - 1}"
            + ("; these seem to start at 1: subtract 1" if from_one else ""),
        )  # fmt: skip
