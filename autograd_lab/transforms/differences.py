"""The slope of a function of one number by differences, and how far they can be trusted.

A complex step would be exact, but most operations take real numbers only.  Central differences
have an error in h², h⁴, ...; those of several steps h together remove the first terms of it
(Richardson), and the best step is chosen by what the neighbouring ones say (Ridders 1982,
"Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4(2)).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAX_STEPS = 28  # halvings of the first step: down to 4e-9 of it
MIN_STEPS = 6  # fewer may agree by accident
MAX_ORDER = 6  # terms of the error that are removed
CONTRADICTION = 10.0  # in units of the errors


class Estimate(NamedTuple):
    """A slope, its likely error, and the step relied on, or (nan, inf, nan); f's largest value."""

    slope: float
    error: float
    step: float
    largest: float = 0.0

    def contradicts(self, other: Estimate) -> bool:
        """Whether both cannot be right; then the one of the smaller step is."""
        return abs(self.slope - other.slope) > CONTRADICTION * (self.error + other.error)


def derivative(
    f: Callable[[float], float], step: float, at: float = 1.0, eps: float = 2.0**-52
) -> Estimate:
    """f'(0) from f(h) and f(-h) for h = step, step/2, ...

    ``eps`` is the rounding of f's values, and of its argument if that is h + ``at``.  A step at
    which f is no finite number is passed over.  Halving ends when rounding is the larger error.

    >>> import math
    >>> found = derivative(math.exp, 0.1)
    >>> abs(found.slope - 1.0) <= found.error < 1e-11
    True
    """
    best = Estimate(math.nan, math.inf, math.nan)
    above: list[float] = []
    largest = 0.0
    for count in range(1, MAX_STEPS + 1):
        high, low = f(step), f(-step)
        slope = (high - low) / (2 * step)
        size = max(abs(high), abs(low))
        largest = max(largest, size) if math.isfinite(size) else largest
        rounding = eps * (size + abs(at * slope)) / step
        row = list(_extrapolated(slope, above)) if math.isfinite(slope) else []
        for finer, coarser, older in zip(row[1:], row, above, strict=False):
            spread = max(abs(finer - coarser), abs(finer - older))
            found = Estimate(finer, spread + rounding, step)
            if found.error < best.error or found.contradicts(best):
                best = found
        above = row
        exact = best.error < 2 * rounding and bool(row)
        if count >= MIN_STEPS and exact and not Estimate(row[-1], 0.0, step).contradicts(best):
            break
        step /= 2
    return best._replace(largest=largest)


def _extrapolated(slope: float, above: list[float]) -> Iterator[float]:
    """The difference, then without its error in h², then without that in h⁴, ..."""
    yield slope
    for order, old in enumerate(above[:MAX_ORDER], start=1):
        slope += (slope - old) / (4.0**order - 1)
        yield slope
