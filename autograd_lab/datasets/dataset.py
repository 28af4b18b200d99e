"""One data set: examples, targets, their names, and a part kept for testing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lab.datasets.checks import fraction as checked_fraction
from autograd_lab.datasets.checks import quoted
from autograd_lab.datasets.checks import seed as checked_seed
from autograd_lab.datasets.targets import Task
from autograd_lab.errors import UsageError

Array = NDArray[Any]
Pair = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class DataSet:
    """x (n, ...) with y (n,), and the same for testing if ``x_test`` is there.

    ``y`` holds places in ``class_names`` (int64), or float64 where ``task`` is "regression".
    ``x`` is as it was found: images are uint8 from 0 to 255, everything else is float64 unless a
    file of the user's own says otherwise.

    >>> data = DataSet("toy", np.eye(4), np.array([0, 1, 0, 1]), class_names=("no", "yes"))
    >>> print(data)
    toy: 4 examples of 4 features; 2 classes: no, yes
    >>> print(data.split(0.5))
    toy: 2 examples of 4 features and 2 for testing; 2 classes: no, yes
    """

    name: str
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    x_test: Array | None = field(default=None, repr=False)
    y_test: Array | None = field(default=None, repr=False)
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    task: Task = "classification"

    def __post_init__(self) -> None:
        for part, x, y in (("", self.x, self.y), ("_test", self.x_test, self.y_test)):
            if (x is None) != (y is None):
                raise UsageError(f"DataSet({quoted(self.name)}): x{part} and y{part} go together.")
            if x is not None and y is not None and (y.ndim != 1 or len(x) != len(y)):
                raise UsageError(
                    f"DataSet({quoted(self.name)}): x{part} {x.shape} and y{part} {y.shape} do "
                    f"not fit; wanted are n examples and n targets."
                )

    def split(self, fraction: float = 0.2, seed: int = 0, stratify: bool = True) -> DataSet:
        """The same data with a share of the examples, rounded up, kept for testing.

        Which ones, and their order, is decided by the seed.  ``stratify`` gives each class its
        share of both parts, to within one example; numbers to predict have no classes, so it
        changes nothing for them.

        Errors: UsageError for a fraction that leaves a part empty, or data that have a test part.
        """
        if self.x_test is not None:
            raise UsageError(
                f"{self.name} has a part for testing already ({len(self.x_test):,} examples); use "
                f"x_test and y_test."
            )
        classes = self.y if stratify and self.task == "classification" else None
        kept, held = held_out(len(self.x), classes, fraction, seed)
        return replace(
            self, x=self.x[kept], y=self.y[kept], x_test=self.x[held], y_test=self.y[held]
        )

    def pairs(self) -> tuple[Pair, Pair]:
        """((x_train, y_train), (x_test, y_test)), the form of Keras's ``load_data``."""
        if self.x_test is None or self.y_test is None:
            raise UsageError(f"{self.name} has no examples for testing; call split() first.")
        return (self.x, self.y), (self.x_test, self.y_test)

    def __str__(self) -> str:
        form = self.x.shape[1:]
        features = f"{form[0]} features" if len(form) == 1 else " x ".join(map(str, form))
        tests = "" if self.x_test is None else f" and {len(self.x_test):,} for testing"
        aim = "a number to predict"
        if self.task == "classification":
            more = ", ..." if len(self.class_names) > 10 else ""
            aim = f"{len(self.class_names)} classes: {', '.join(self.class_names[:10])}{more}"
        return f"{self.name}: {len(self.x):,} examples of {features}{tests}; {aim}"


def held_out(
    n: int, classes: Array | None, fraction: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of n examples are for training and which for testing, both in random order.

    As many are held out as ``train_test_split`` of scikit-learn does: the share, rounded up.
    """
    checked_fraction("split", "fraction", fraction)
    order = np.random.default_rng(checked_seed("split", seed)).permutation(n)
    wanted = math.ceil(fraction * n)
    held = np.zeros(n, dtype=bool)
    if classes is None:
        held[:wanted] = True
    else:
        _, sorted_in = np.unique(classes[order], return_inverse=True)
        for k, count in enumerate(_shares(np.bincount(sorted_in), wanted)):
            held[np.flatnonzero(sorted_in == k)[:count]] = True
    if held.all() or not held.any():
        raise UsageError(
            f"split(fraction={fraction:g}) of {n} examples leaves nothing to train on or nothing "
            f"to test on; take more examples, another fraction, or stratify=False."
        )
    return order[~held], order[held]


def _shares(sizes: NDArray[np.intp], total: int) -> NDArray[np.intp]:
    """How many of each class: its share rounded down, then one more by largest remainder.

    A class never goes to the test part as a whole, for then nothing could learn it.
    """
    share, remainder = np.divmod(sizes * total, sizes.sum())
    counts = np.minimum(share, sizes - 1)
    spare = [k for k in np.argsort(-remainder, kind="stable") if counts[k] + 1 < sizes[k]]
    counts[spare[: total - counts.sum()]] += 1
    return counts
