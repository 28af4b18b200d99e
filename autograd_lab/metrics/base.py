"""What every metric does: add up a few numbers per batch, and answer from the sums.

Because only sums are kept, the result is that of all examples at once, however they came in
batches.  ``tally`` gives what a batch adds; where it is made of ``autograd_lab.ops`` it works on
nodes as well, so that it can be part of a recorded step, which then calls ``add``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from autograd_lab import ops, registry
from autograd_lab.config import FLOATS
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.losses.base import as_float, same_rank
from autograd_lab.ops.axes import shape_of
from autograd_lab.registry import Configured, register, serialize, snake_case
from autograd_lab.settings import wrong

Sums = dict[str, Any]


def ratio(a: Any, b: Any) -> Any:
    """A / b, and 0 where b is 0: the answer of a metric that has seen nothing.

    >>> ratio(1.0, 4.0), ratio(0.0, 0.0), ratio(np.array([1.0, 2.0]), 0.0).tolist()
    (0.25, 0.0, [0.0, 0.0])
    """
    with np.errstate(all="ignore"):
        found = np.where(np.equal(b, 0.0), 0.0, np.divide(a, b))
    return found if found.ndim else float(found)


def totals(values: Any, sample_weight: Any = None) -> tuple[Any, Any]:
    """What values add to a mean: their weighted sum, and the sum of the weights.

    values (N, ...): an example counts once, with the mean of its values.  sample_weight: a number,
    (N,), or more axes of the values; the rest of the axes are averaged before weighing.

    >>> values = np.array([1.0, 2.0, 6.0])
    >>> totals(values), totals(values, np.array([0.0, 1.0, 0.5]))
    ((9.0, 3), (5.0, 1.5))
    """
    if sample_weight is None:
        return ops.sum(_per_example(values)), shape_of(values)[0] if shape_of(values) else 1
    dtype = getattr(values, "dtype", np.dtype(float))
    weight = as_float(sample_weight, dtype if dtype.kind == "f" else None)
    values, weight = same_rank(as_float(values, weight.dtype), weight)
    within = len(shape_of(weight))
    if within < len(shape_of(values)):
        values = ops.mean(values, axis=tuple(range(within, len(shape_of(values)))))
    try:
        weight = ops.broadcast_to(weight, shape_of(values))
    except ShapeError as error:
        raise ShapeError(
            f"sample_weight has shape {shape_of(sample_weight)} for values of shape "
            f"{shape_of(values)}; give one weight for each"
        ) from error
    return ops.sum(_per_example(ops.multiply(values, weight))), ops.sum(_per_example(weight))


def _per_example(values: Any) -> Any:
    ndim = len(shape_of(values))
    return ops.mean(values, axis=tuple(range(1, ndim))) if ndim > 1 else values


class Metric(Configured):
    """The base of metrics.

    A metric of one's own lists its ``sums`` and defines ``tally``, what a batch adds to each of
    them, and ``result``; one that is a mean over examples only needs ``MeanMetric``.

    dtype: "float32" or "float64", the format in which a metric computes; None for that of the
    predictions.  The sums are always held in double precision.

    >>> class Largest(Metric):
    ...     sums = ("error", "batches")
    ...     def tally(self, y_true, y_pred, sample_weight=None):
    ...         return np.max(np.abs(np.subtract(y_pred, y_true))), 1
    ...     def result(self):
    ...         return ratio(self["error"], self["batches"])
    >>> metric = Largest("largest")
    >>> metric([0.0, 0.0], [1.0, -3.0]), metric([0.0], [1.0])
    (3.0, 2.0)
    """

    family = "metrics"
    sums: tuple[str, ...] = ()
    direction = ""  # "up" or "down" where better results are larger or smaller
    name: str
    dtype: str | None

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        self.name, self.dtype = name or "", dtype
        self.__post_init__()

    def __post_init__(self) -> None:
        self.name = self.name or snake_case(type(self).__name__)
        if not isinstance(self.name, str):
            raise wrong(self, "name", "must be text")
        if self.dtype is not None and self.dtype not in FLOATS:
            raise wrong(self, "dtype", f"must be {' or '.join(FLOATS)}, or None")
        self.reset_state()

    def __getitem__(self, name: str) -> Any:
        """One of the sums so far: a number, or an array of them."""
        return self._sums[name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count one batch and give the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Sequence[Any]:
        """What a batch adds to each of the ``sums``, in their order."""
        raise NotImplementedError(f"{type(self).__name__} must define tally(y_true, y_pred)")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch: y_true (N, ...), y_pred (N, ...), sample_weight (N,) or None."""
        with np.errstate(all="ignore"):  # inf and nan are results and no alarm
            self.add(self.tally(y_true, y_pred, sample_weight))

    def add(self, tally: Sequence[Any]) -> None:
        """Add what ``tally`` gave to the sums."""
        for name, part in zip(self.sums, tally, strict=True):
            self._sums[name] = self._sums[name] + part

    def result(self) -> Any:
        """The answer for all examples since the last reset: a number."""
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def reset_state(self) -> None:
        """Forget all examples."""
        self._sums: Sums = dict.fromkeys(self.sums, 0.0)

    def state(self) -> dict[str, Any]:
        """The sums as numbers and lists, which JSON holds to the last bit."""
        return {name: np.asarray(value, dtype=float).tolist() for name, value in self._sums.items()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from sums that ``state`` gave."""
        if set(state) != set(self.sums):
            raise UsageError(
                f"{self.name}.set_state: the sums are {', '.join(self.sums)}; "
                f"given: {', '.join(map(str, state))}"
            )
        arrays = {name: np.asarray(state[name], dtype=float) for name in self.sums}
        self._sums = {name: x if x.ndim else float(x) for name, x in arrays.items()}

    def get_config(self) -> dict[str, Any]:
        """The settings as numbers, strings, lists and dictionaries: what JSON can hold."""
        if is_dataclass(self):
            return super().get_config()
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """A metric with these settings; the opposite of ``get_config``."""
        return super().from_config(config) if is_dataclass(cls) else cls(**config)


class MeanMetric(Metric):
    """The weighted mean of ``values(y_true, y_pred)``, which subclasses define.

    ``values`` gives one number (N,) or more (N, ...) for each example, in ``autograd_lab.ops``.

    >>> class Close(MeanMetric):
    ...     def values(self, y_true, y_pred):
    ...         return ops.less(ops.abs(ops.subtract(y_pred, y_true)), 0.5)
    >>> metric = Close()
    >>> metric([0.0, 0.0], [0.1, 3.0]), metric([0.0], [0.2])
    (0.5, 0.6666666666666666)
    """

    sums = ("total", "count")

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """The numbers of each example that are averaged."""
        raise NotImplementedError(f"{type(self).__name__} must define values(y_true, y_pred)")

    def tally(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Any, Any]:
        """The weighted sum of the values, and the sum of the weights."""
        return totals(self.values(y_true, as_float(y_pred, self.dtype)), sample_weight)

    def result(self) -> float:
        """The mean over all examples; 0 if there were none."""
        return float(ratio(self["total"], self["count"]))


class MeanMetricWrapper(MeanMetric):
    """The mean of a function ``fn(y_true, y_pred, **kwargs)`` of one's own.

    >>> from autograd_lab.losses import huber
    >>> MeanMetricWrapper(huber, delta=0.5)([[0.0], [0.0]], [[0.0], [1.0]])
    0.1875
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.fn, self.kwargs = fn, kwargs
        if not callable(fn):
            raise wrong(self, "fn", "must be a function of (y_true, y_pred)")
        super().__init__(name or str(getattr(fn, "__name__", "")), dtype)

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """The function's own values."""
        return self.fn(y_true, y_pred, **self.kwargs)

    def get_config(self) -> dict[str, Any]:
        """The settings, the function by its name."""
        return {**super().get_config(), "fn": serialize(self.fn), **serialize(self.kwargs)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> MeanMetricWrapper:
        """A metric with these settings; the opposite of ``get_config``."""
        return cls(**registry.revive(config))


register("metrics")(MeanMetricWrapper)
