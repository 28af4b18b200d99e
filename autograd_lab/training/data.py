"""Data in batches: arrays in a given or shuffled order, and anything that gives batches itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lab import config
from autograd_lab.errors import UsageError, did_you_mean
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


def as_arrays(nest: Nest) -> Nest:
    """The same lists and dictionaries of arrays; a list of numbers, however nested, is an array.

    >>> as_arrays([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if isinstance(nest, Mapping):
        return {key: as_arrays(item) for key, item in nest.items()}
    if not isinstance(nest, (list, tuple)):
        return None if nest is None else as_array(nest)
    found = leaves(nest)
    if not found or any(map(np.ndim, found)):
        return type(nest)([as_arrays(item) for item in nest])
    try:
        array = np.asarray(nest)
    except ValueError as error:
        raise UsageError("the data are lists of unequal length; give rows of one length") from error
    return as_array(array)


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
        self.x, self.y = (like(as_arrays(part), as_floats) for part in (self.x, self.y))
        self.weights = like(as_arrays(self.weights), lambda a: a.astype(config.floatx()))
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
            f"{name} holds {array[tuple(bad[0])]} in {place} ({len(bad)} such entries); "
            "remove or replace what is not a finite number"
        )


@dataclass
class BatchStream:
    """Batches made elsewhere: a generator, an iterable, or an object with numbered ones.

    ``prepare`` is done to every batch.  ``length``: how many batches there are, None if not known;
    ``once``: whether they can be had a single time only.
    """

    source: Any
    steps: int | None = None
    prepare: Callable[[Batch], Batch] = lambda batch: batch
    _items: Iterator[Any] | None = None
    _taken: int = 0

    def __post_init__(self) -> None:
        numbered = hasattr(self.source, "__getitem__") and hasattr(self.source, "__len__")
        self.length = len(self.source) if numbered else None
        self.once = not numbered and iter(self.source) is self.source
        if self.steps is None:
            self.steps = self.length

    def batches(self, order: Array | None = None, start: int = 0) -> Iterator[Batch]:
        """The batches of one pass from number ``start`` on; a generator goes on where it stood."""
        for item in self._on_from(start) if self.length is None else self._numbered(order, start):
            yield self.prepare(as_batch(item))

    def first(self) -> Batch:
        """The first batch, which is not used up by looking at it; UsageError if there is none."""
        if self.length is not None:
            items = iter([self.source[0]] if self.length else [])
        else:
            items = iter(self.source)
        for item in items:
            self._items, self._taken = itertools.chain([item], items), 0
            return self.prepare(as_batch(item))
        raise UsageError("the data gave no batch at all")

    def _numbered(self, order: Array | None, start: int) -> Iterator[Any]:
        assert self.length is not None
        for i in (range(self.length) if order is None else order)[start:]:
            yield self.source[int(i)]

    def _on_from(self, start: int) -> Iterator[Any]:
        if self._items is None or start < self._taken:  # another pass
            self._items, self._taken = iter(self.source), 0
        for item in self._items:
            self._taken += 1
            if self._taken > start:  # those before were seen by the training that goes on here
                yield item

    def end_epoch(self) -> None:
        """Tell the source that an epoch is over; it may shuffle itself."""
        getattr(self.source, "on_epoch_end", lambda: None)()


def as_batch(item: Any) -> Batch:
    """(x,), (x, y) or (x, y, sample_weight) with None for what is missing."""
    parts: Sequence[Any] = item if isinstance(item, tuple) else (item,)
    if not 1 <= len(parts) <= 3:
        raise UsageError(
            f"a batch is x, (x, y) or (x, y, sample_weight); a tuple of {len(parts)} was given"
        )
    x, y, weights = [*parts, None, None][:3]
    return x, y, weights


def is_stream(x: Any) -> bool:
    """Whether ``x`` gives whole batches rather than being the data."""
    if isinstance(x, (list, tuple, dict, Node)) or hasattr(x, "__array__") or np.isscalar(x):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__getitem__")


def class_weights(y: Array, class_weight: Mapping[int, float], weights: Array | None) -> Array:
    """A weight for each example from its class; classes not named weigh 1."""
    labels = np.argmax(y, axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    found = np.ones(len(y), config.floatx())
    for label, weight in _checked_classes(class_weight).items():
        found[labels == label] = weight
    return found if weights is None else found * weights


def _checked_classes(class_weight: Any) -> Mapping[int, float]:
    if isinstance(class_weight, Mapping):
        kinds = (int, float, np.integer, np.floating)
        if all(
            isinstance(label, kinds) and isinstance(weight, kinds) and 0 <= weight < np.inf
            for label, weight in class_weight.items()
        ):
            return class_weight
    raise UsageError(
        f"class_weight={class_weight!r}: give a dictionary with a number, 0 or more, for each "
        "class, such as {0: 1.0, 1: 2.5}"
    )


def by_output(what: str, given: Any, names: Sequence[str]) -> list[Any]:
    """Targets or weights in the order of the outputs, None for those that have none.

    >>> by_output("y", {"b": 2, "a": 1}, ["a", "b"])
    [1, 2]
    """
    if given is None:
        return [None] * len(names)
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                raise UsageError(
                    f"{what}: the model has no output {name!r}; "
                    f"{did_you_mean(str(name), names)}outputs: {', '.join(names)}"
                )
        return [given.get(name) for name in names]
    parts = list(given) if isinstance(given, (list, tuple)) else [given]
    if len(parts) != len(names):
        raise UsageError(
            f"{what} holds {len(parts)} arrays; the model has {len(names)} outputs: "
            + ", ".join(names)
        )
    return parts
