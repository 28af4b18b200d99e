"""Arrays of the user's own as a data set: shapes that fit, finite numbers, classes found."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lab.datasets.checks import quoted
from autograd_lab.datasets.dataset import DataSet
from autograd_lab.datasets.targets import Targets, Task, targets_of
from autograd_lab.errors import UsageError

Array = NDArray[Any]


def data_set(
    name: str,
    x: Array,
    y: Array,
    x_test: Array | None = None,
    y_test: Array | None = None,
    task: Task | None = None,
) -> DataSet:
    """Examples x (n, ...) with y (n,) or (n, 1), numbers or text, and maybe the same for testing.

    ``name`` is also what messages call the source.

    Errors: UsageError for shapes that do not fit, NaN, infinity, or a test class never trained.

    >>> print(data_set("pets", np.eye(4), np.array(["cat", "dog", "cat", "dog"])))
    pets: 4 examples of 4 features; 2 classes: cat, dog
    """
    x, y = _examples(name, "x", x), _column(name, "y", y)
    if x_test is None or y_test is None:
        found = targets_of(_values(y), task, f"{name}, y")
        kept, held = found.y, None
    else:
        x_test, y_test = _examples(name, "x_test", x_test), _column(name, "y_test", y_test)
        if x.shape[1:] != x_test.shape[1:] or (y.dtype.kind == "U") != (y_test.dtype.kind == "U"):
            raise UsageError(
                f"{name}: training has {x.dtype} {x.shape} with {y.dtype}, testing {x_test.dtype} "
                f"{x_test.shape} with {y_test.dtype}; both need examples of the same form."
            )
        found = targets_of(_values(np.concatenate([y, y_test])), task, f"{name}, y")
        kept, held = found.y[: len(y)], found.y[len(y) :]
        _check_classes(name, found, kept, held)
    features = tuple(f"x{i}" for i in range(1, x.shape[1] + 1)) if x.ndim == 2 else ()
    return DataSet(name, x, kept, x_test, held, found.class_names, features, found.task)


def _examples(name: str, what: str, x: Array) -> Array:
    if x.dtype.kind not in "biuf" or x.ndim < 2 or not x.size:
        raise UsageError(
            f"{name}: {what} is {x.dtype} of shape {x.shape}; wanted are numbers (n, features) or "
            f"(n, ...), one example after the other. One feature: x.reshape(-1, 1)."
        )
    _check_finite(name, what, x)
    if x.dtype.kind == "b":
        return x.astype(np.uint8)
    if x.dtype.kind == "f" and x.dtype.itemsize not in (4, 8):
        return x.astype(np.float64)
    return x.astype(x.dtype.newbyteorder("="), copy=False)


def _column(name: str, what: str, y: Array) -> Array:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or not y.size or y.dtype.kind not in "biufU":
        raise UsageError(
            f"{name}: {what} is {y.dtype} of shape {y.shape}; wanted is one number or text for "
            f"each example, (n,). Rows with a single 1: take y.argmax(axis=1)."
        )
    if y.dtype.kind != "U":
        _check_finite(name, what, y)
    elif y.dtype.itemsize and _codes(y).max() > sys.maxunicode:  # Python fails on such text
        raise UsageError(f"{name}: {what} holds characters that do not exist; write it anew.")
    return y


def _codes(text: Array) -> NDArray[np.uint32]:
    native = text.astype(text.dtype.newbyteorder("="))  # a copy, so its entries lie side by side
    return native.view(np.uint32)


def _check_finite(name: str, what: str, a: Array) -> None:
    if a.dtype.kind != "f" or np.isfinite(a).all():
        return
    place = np.argwhere(~np.isfinite(a))[0]
    value = "NaN (missing)" if np.isnan(a[tuple(place)]) else "infinite"
    raise UsageError(
        f"{name}: {what}[{', '.join(map(str, place))}] is {value}; fill such values in or leave "
        f"their examples out."
    )


def _values(y: Array) -> list[str] | Array:
    return [str(value) for value in y] if y.dtype.kind == "U" else y.astype(np.float64)


def _check_classes(name: str, found: Targets, kept: Array, held: Array) -> None:
    if found.task == "classification":
        for place in np.setdiff1d(held, kept)[:1]:
            raise UsageError(
                f"{name}: class {quoted(found.class_names[place])} is in y_test, but never in the "
                f"training targets, so nothing can learn it."
            )
