"""Mean and sum of plain values, which have no targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import ops
from autograd_lab.losses.base import as_float, same_rank
from autograd_lab.metrics.base import Metric, ratio, totals
from autograd_lab.ops.axes import shape_of
from autograd_lab.registry import register


@register("metrics")
@dataclass(eq=False)
class Mean(Metric):
    """Σ w v / Σ w of the values given so far.

    >>> metric = Mean()
    >>> metric([1.0, 3.0]), metric([5.0, 7.0], sample_weight=[1.0, 0.0])
    (2.0, 3.0)
    """

    name: str = "mean"
    dtype: str | None = None
    sums = ("total", "count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count values (N, ...) with weights (N,), or 1 each."""
        with np.errstate(all="ignore"):
            self.add(totals(as_float(values, self.dtype), sample_weight))

    def result(self) -> float:
        """The mean so far; 0 if there were no values."""
        return float(ratio(self["total"], self["count"]))


@register("metrics")
@dataclass(eq=False)
class Sum(Metric):
    """Σ w v of the values given so far.

    >>> metric = Sum()
    >>> metric([1.0, 3.0]), metric([5.0, 7.0], sample_weight=[1.0, 0.0])
    (4.0, 9.0)
    """

    name: str = "sum"
    dtype: str | None = None
    sums = ("total",)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count values (N, ...) with weights of as many axes or fewer, or 1 each."""
        values = as_float(values, self.dtype)
        weight = as_float(1.0 if sample_weight is None else sample_weight, values.dtype)
        values, weight = same_rank(values, weight)
        missing = len(shape_of(values)) - len(shape_of(weight))
        weight = ops.reshape(weight, (*shape_of(weight), *[1] * missing))
        with np.errstate(all="ignore"):
            self.add([ops.sum(ops.multiply(values, weight))])

    def result(self) -> float:
        """The sum so far."""
        return float(self["total"])
