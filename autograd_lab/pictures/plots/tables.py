"""Bars, histograms, heat maps and contours, as plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograd_lab.errors import UsageError
from autograd_lab.pictures.plots.axis import SCALES, ScaleKind, Words
from autograd_lab.pictures.plots.values import floats, freeze, rises, same_length


@dataclass(frozen=True)
class Bars:
    """A bar for each of `categories`; several `Bars` in a panel stand side by side.

    `low` and `high` are the ends of a whisker on each bar.
    """

    name: str
    categories: Sequence[str]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "categories", tuple(map(str, self.categories)))
        freeze(self, "values", *(("low", "high") if len(self.low) or len(self.high) else ()))
        same_length(self, "categories", "values")

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return (), (*self.values, *self.low, *self.high)


@dataclass(frozen=True)
class Histogram:
    """Counts between neighbouring `edges`, which rise; one more edge than counts."""

    name: str
    edges: Sequence[float]
    counts: Sequence[float]

    def __post_init__(self) -> None:
        for part in ("edges", "counts"):
            object.__setattr__(self, part, floats(getattr(self, part), self, part))
        if len(self.edges) != len(self.counts) + 1 or not rises(self.edges):
            raise UsageError(
                f"Histogram({self.name!r}): {len(self.counts)} counts need "
                f"{len(self.counts) + 1} finite edges that rise; {len(self.edges)} came."
            )

    @staticmethod
    def of(name: str, values: Iterable[float], bins: int = 30) -> Histogram:
        """Count the finite values in `bins` intervals of one width; the last one is closed.

        >>> Histogram.of("w", [0.0, 0.1, 0.9, 1.0], bins=2).counts
        (2.0, 2.0)
        """
        if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= 1000:
            raise UsageError(f"Histogram.of(bins={bins!r}): bins must be 1 to 1000.")
        finite = [v for v in floats(values, None, "values") if math.isfinite(v)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        if low == high:
            low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
        edges = [low * (1 - k / bins) + high * (k / bins) for k in range(bins + 1)]
        counts = [0.0] * bins
        width = high / 2 - low / 2
        for value in finite:
            counts[min(int((value / 2 - low / 2) / width * bins), bins - 1)] += 1
        return Histogram(name, edges, counts)

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return self.edges, (0.0, *self.counts)


@dataclass(frozen=True)
class HeatMap:
    """A table of values as colours, first row on top; `rows` and `columns` name them.

    On the scales `log` and `exponent` colour tells the size alone, a minus in the cell the sign.
    On `exponent` the values are log10 of sizes: -inf is an exact zero.  `cells` is how many rows
    and columns of the data each cell stands for; it shows the largest of them.
    """

    label: Words
    values: Sequence[Sequence[float]]
    rows: Sequence[str]
    columns: Sequence[str]
    scale: ScaleKind = "linear"
    cells: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise UsageError(
                f"HeatMap(scale={self.scale!r}): scale must be one of {', '.join(SCALES)}."
            )
        for part in ("rows", "columns"):
            object.__setattr__(self, part, tuple(map(str, getattr(self, part))))
        table = tuple(floats(row, self, "values") for row in self.values)
        object.__setattr__(self, "values", table)
        if len(table) != len(self.rows) or any(len(row) != len(self.columns) for row in table):
            raise UsageError(
                f"HeatMap: {len(self.rows)} rows and {len(self.columns)} columns are named, but "
                f"the values have {len(table)} rows of {sorted({len(row) for row in table})}."
            )

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return (), ()


@dataclass(frozen=True)
class Contours:
    """Lines of equal value of a function known on a grid: `values[j][i]` belongs to x[i], y[j].

    `levels` are chosen if none are given: evenly, or by decades if `log`.
    """

    label: Words
    x: Sequence[float]
    y: Sequence[float]
    values: Sequence[Sequence[float]]
    levels: Sequence[float] = ()
    log: bool = False

    def __post_init__(self) -> None:
        for part in ("x", "y", "levels"):
            object.__setattr__(self, part, floats(getattr(self, part), self, part))
        table = tuple(floats(row, self, "values") for row in self.values)
        object.__setattr__(self, "values", table)
        for part in ("x", "y"):
            if not rises(getattr(self, part)):
                raise UsageError(f"Contours: {part} must be finite numbers that rise.")
        if len(table) != len(self.y) or any(len(row) != len(self.x) for row in table):
            raise UsageError(
                f"Contours: {len(self.x)} x and {len(self.y)} y need {len(self.y)} rows of "
                f"{len(self.x)} values."
            )

    @staticmethod
    def of(
        label: Words,
        function: Callable[[float, float], float],
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        levels: Sequence[float] = (),
        log: bool = False,
        steps: int = 120,
    ) -> Contours:
        """The contours of function(x, y) between the ends of `x` and `y`, on steps+1 points each.

        >>> Contours.of("x²", lambda x, y: x * x, (0, 2), (0, 1), steps=2).values[0]
        (0.0, 1.0, 4.0)
        """
        xs, ys = ([a + (b - a) * k / steps for k in range(steps + 1)] for a, b in (x, y))
        return Contours(label, xs, ys, [[function(a, b) for a in xs] for b in ys], levels, log)

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return self.x, self.y
