"""Data in batches: arrays in a given or shuffled order, and anything that gives batches itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lab import config
from autograd_lab.errors import UsageError
from autograd_lab.graph import Node
from autograd_lab.symbolic import Nest, leaves, like

Array = np.ndarray[Any, Any]
Batch = tuple[Nest, Nest, Nest]


def as_array(value: Any) -> Array:
    """Numbers as an array; a node's value; a table of a data frame."""
    array = np.asarray(value.value if isinstance(value, Node) else value)
    if array.dtype.kind not in "fiub":
        raise UsageError(
            f"the data hold {array.dtype} values, which are no numbers; give numbers, "
            "and turn labels into 0, 1, 2, ..."
        )
    return array


def as_floats(array: Array) -> Array:
    """Floats of the library's width; whole numbers stay as they are."""
    return array.astype(config.floatx(), copy=False) if array.dtype.kind == "f" else array


@dataclass
class ArrayData:
    """Arrays of equal length, batch by batch."""

    x: Nest
    y: Nest = None
    weights: Nest = None
    batch_size: int = 32
    length: int = field(init=False)

    def __post_init__(self) -> None:
        self.x, self.y = (like(part, lambda a: as_floats(as_array(a))) for part in (self.x, self.y))
        self.weights = like(self.weights, lambda a: as_array(a).astype(config.floatx()))
        size = self.batch_size
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size <= 0:
            raise UsageError(f"batch_size={size!r}: batch_size must be a positive integer.")
        self.length = self._common_length()

    def _common_length(self) -> int:
        parts = {"x": self.x, "y": self.y, "sample_weight": self.weights}
        lengths: dict[int, str] = {}
        for name, part in parts.items():
            for array in leaves(part):
                if not array.ndim:
                    raise UsageError(f"{name} is a single number; give one entry per example")
                lengths.setdefault(len(array), name)
        if len(lengths) > 1:
            told = ", ".join(f"{name} holds {n}" for n, name in lengths.items())
            raise UsageError(f"x, y and sample_weight must have equally many examples: {told}")
        if not lengths:
            raise UsageError("there are no data: give x")
        return next(iter(lengths))

    @property
    def steps(self) -> int:
        """How many batches there are; the last may be short."""
        return -(-self.length // self.batch_size)

    def batches(self, order: Array | None = None, start: int = 0) -> Iterator[Batch]:
        """The batches from number ``start`` on, in the order of the examples given."""
        for i in range(start * self.batch_size, self.length, self.batch_size):
            stop = min(i + self.batch_size, self.length)
            chosen: Any = slice(i, stop) if order is None else order[i:stop]
            yield self.take(chosen)

    def take(self, chosen: Any) -> Batch:
        """The examples of these numbers."""
        x, y, weights = (like(part, lambda a: a[chosen]) for part in (self.x, self.y, self.weights))
        return x, y, weights

    def split(self, fraction: float) -> tuple[ArrayData, ArrayData]:
        """The first examples, and the last ``fraction`` of them."""
        if isinstance(fraction, bool) or not 0 < fraction < 1:
            raise UsageError(
                f"validation_split={fraction!r}: give a fraction between 0 and 1, such as 0.1"
            )
        at = int(self.length * (1 - fraction))
        if not 0 < at < self.length:
            raise UsageError(
                f"validation_split={fraction!r} of {self.length} examples leaves one side empty"
            )
        first, last = self.take(slice(0, at)), self.take(slice(at, None))
        return ArrayData(*first, self.batch_size), ArrayData(*last, self.batch_size)

    def check_finite(self) -> None:
        """Refuse NaN and infinities, naming where the first one stands."""
        for name, part in (("x", self.x), ("y", self.y), ("sample_weight", self.weights)):
            for array in leaves(part):
                if array.dtype.kind == "f" and not np.isfinite(_total(array)):
                    _refuse_first(name, array)


def _total(array: Array) -> Any:
    """A sum that is finite if all entries are and none is huge: one pass without a copy."""
    with np.errstate(all="ignore"):
        return np.sum(array, dtype=np.float64)


def _refuse_first(name: str, array: Array) -> None:
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, *column = (int(i) for i in bad[0])
        place = f"row {row}" + (f", column {', '.join(map(str, column))}" if column else "")
        raise UsageError(
            f"{name} holds {array[tuple(bad[0])]!r} in {place} ({len(bad)} such entries); "
            "remove or replace what is not a finite number"
        )


@dataclass
class BatchStream:
    """Batches made elsewhere: a generator, a list of batches, or an object with numbered ones."""

    source: Any
    steps: int | None = None
    _running: Iterator[Any] | None = None

    def __post_init__(self) -> None:
        numbered = hasattr(self.source, "__getitem__") and hasattr(self.source, "__len__")
        if self.steps is None and numbered:
            self.steps = len(self.source)
        self.numbered = numbered
        self.once = iter(self.source) is self.source if not numbered else False

    def batches(self, order: Array | None = None, start: int = 0) -> Iterator[Batch]:  # noqa: ARG002
        """The next batches, from number ``start`` on; a generator goes on where it stood."""
        source: Iterable[Any] = (
            (self.source[i] for i in range(start, len(self.source)))
            if self.numbered
            else self._going_on()
        )
        for count, item in enumerate(source, start=start):
            yield as_batch(item)
            if self.steps is not None and count + 1 >= self.steps:
                return

    def _going_on(self) -> Iterator[Any]:
        if self._running is None or not self.once:
            self._running = iter(self.source)
        return self._running


def as_batch(item: Any) -> Batch:
    """(x,), (x, y) or (x, y, sample_weight) with arrays in place of whatever came."""
    parts: Sequence[Any] = item if isinstance(item, tuple) else (item,)
    if not 1 <= len(parts) <= 3:
        raise UsageError(
            f"a batch is x, (x, y) or (x, y, sample_weight); a tuple of {len(parts)} was given"
        )
    x, y, weights = [*parts, None, None][:3]
    data = ArrayData(x, y, weights)
    data.check_finite()
    return data.x, data.y, data.weights


def is_stream(x: Any) -> bool:
    """Whether ``x`` gives whole batches rather than being the data."""
    if isinstance(x, (list, tuple, dict, Node)) or hasattr(x, "__array__") or np.isscalar(x):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__getitem__")


def class_weights(y: Array, class_weight: dict[int, float], weights: Array | None) -> Array:
    """A weight for each example from its class; classes not named weigh 1."""
    labels = np.argmax(y, axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    found = np.ones(len(y), config.floatx())
    for label, weight in class_weight.items():
        found[labels == label] = weight
    return found if weights is None else found * weights
