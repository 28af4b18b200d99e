"""What is to be learned: classes with names, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_lab.datasets.checks import quoted
from autograd_lab.errors import UsageError

Task = Literal["classification", "regression"]
TASKS = ("classification", "regression")
MAX_CLASSES = 1000
LONGEST = 200  # characters of a class's name
FEW = 20  # so many different whole numbers are still taken for classes
_EXACT = 2**53  # the largest numbers that float64 tells apart


class Targets(NamedTuple):
    """y (n,): int64 places in ``class_names``, or float64 for regression."""

    y: NDArray[Any]
    class_names: tuple[str, ...]
    task: Task


def targets_of(values: Sequence[str] | NDArray[Any], task: Task | None, where: str) -> Targets:
    """Classes in sorted order for text, and for few whole numbers; otherwise numbers.

    Few are one or two, or at most 20, each of them found twice on average; ``task`` decides
    otherwise.  Numbers are finite.  ``where`` names the source in messages.

    Errors: UsageError for text as regression, fractions as classes, or more than 1000 classes.

    >>> targets_of(["no", "yes", "no"], None, "y")
    Targets(y=array([0, 1, 0]), class_names=('no', 'yes'), task='classification')
    >>> targets_of(np.array([0.5, 1.0]), None, "y").task
    'regression'
    """
    if task is not None and task not in TASKS:
        raise UsageError(f"task={quoted(task)}: choose {' or '.join(TASKS)}.")
    if not isinstance(values, np.ndarray):
        if task == "regression":
            raise UsageError(
                f"{where}: the target is text, such as {quoted(values[0])}; regression needs "
                f"numbers."
            )
        return _classes(list(values), where)
    whole = bool((values == np.floor(values)).all()) and bool((np.abs(values) <= _EXACT).all())
    if task is None:
        different = len(np.unique(values)) if whole else FEW + 1
        task = "classification" if different <= max(2, min(FEW, len(values) // 2)) else "regression"
    if task == "regression":
        return Targets(values.astype(np.float64), (), task)
    if not whole:
        raise UsageError(
            f"{where}: the target has fractions; classes are whole numbers or text. Take "
            f"task='regression' for numbers."
        )
    return _classes(values.astype(np.int64).tolist(), where)


def _classes(values: list[Any], where: str) -> Targets:
    names = sorted(set(values))
    if len(names) > MAX_CLASSES:
        raise UsageError(
            f"{where}: the target has {len(names):,} different values, more than {MAX_CLASSES} "
            f"classes; name another column as target, or take task='regression' for numbers."
        )
    for name in names:
        if isinstance(name, str) and not (name.isprintable() and len(name) <= LONGEST):
            raise UsageError(
                f"{where}: {quoted(name)} is no name of a class; wanted are at most {LONGEST} "
                f"printable characters."
            )
    place = {name: k for k, name in enumerate(names)}
    y = np.array([place[value] for value in values], dtype=np.int64)
    return Targets(y, tuple(map(str, names)), "classification")
