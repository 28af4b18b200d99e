"""Curves, bands, points and marks, as plain data.

Every item turns what it is given, NumPy's arrays too, into tuples of floats: an item cannot change
after it was made.  `nan` and infinities are allowed and leave a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd_lab.errors import UsageError
from autograd_lab.pictures.plots.axis import Words
from autograd_lab.pictures.plots.values import freeze


@dataclass(frozen=True)
class Curve:
    """Points (x, y) joined by lines; `marked` adds a dot at each, `arrow` a tip at the end.

    Curves of one name have one colour and one dash in the whole figure.

    >>> Curve("loss", [1, 2, 3], [0.9, 0.5, None]).y
    (0.9, 0.5, nan)
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    marked: bool = False
    heavy: bool = False
    arrow: bool = False

    def __post_init__(self) -> None:
        freeze(self, "x", "y")

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return self.x, self.y


@dataclass(frozen=True)
class Band:
    """The area between `low` and `high` over x: mean and spread, in the colour of `name`."""

    name: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]

    def __post_init__(self) -> None:
        freeze(self, "x", "low", "high")

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return self.x, (*self.low, *self.high)


@dataclass(frozen=True)
class Scatter:
    """Points (x, y); every name has its own colour and its own sign."""

    name: str
    x: Sequence[float]
    y: Sequence[float]

    def __post_init__(self) -> None:
        freeze(self, "x", "y")

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return self.x, self.y


@dataclass(frozen=True)
class Region:
    """The area within the closed line through (x, y): the set a constraint allows."""

    name: str
    x: Sequence[float]
    y: Sequence[float]

    def __post_init__(self) -> None:
        freeze(self, "x", "y")

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return self.x, self.y


@dataclass(frozen=True)
class Marker:
    """One point with words beside it: the best epoch, an optimum."""

    words: Words
    x: float
    y: float

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return (self.x,), (self.y,)


@dataclass(frozen=True)
class Rule:
    """A line across the panel at `x` or at `y`, with words: a threshold, a prediction."""

    words: Words
    x: float | None = None
    y: float | None = None

    def __post_init__(self) -> None:
        if (self.x is None) == (self.y is None):
            raise UsageError(f"Rule(x={self.x}, y={self.y}): give x or y, one of them.")

    @property
    def extent(self) -> tuple[Sequence[float], Sequence[float]]:
        return () if self.x is None else (self.x,), () if self.y is None else (self.y,)
