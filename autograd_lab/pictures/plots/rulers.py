"""Axes: from values to places to pixels, and which ticks fit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.measure import fitted, label_width
from autograd_lab.pictures.plots.axis import Axis, ScaleKind
from autograd_lab.pictures.plots.ticks import (
    Tick,
    linear_ticks,
    log_ticks,
    minor_ticks,
    power_ticks,
)
from autograd_lab.pictures.style import SMALL_SIZE

_LARGEST = 1.7e308
_MARGIN = 0.04  # of the range, so that no curve runs along the frame
_CATEGORY_GAP, _NUMBER_GAP = 10.0, 24.0
_ROW, _CATEGORY_ROW = 32.0, 15.0
_LONGEST_CATEGORY = 150.0
_SHORTEST_CATEGORY = 36.0


@dataclass(frozen=True)
class Ruler:
    """A range of places, or of categories 0, 1, ..., laid along pixels `start` to `end`.

    A place is the value itself, or its log10 on a logarithmic axis.

    >>> Ruler(Axis(scale="log"), 0.0, 2.0, start=100.0, end=300.0).pixel(10.0)
    200.0
    """

    axis: Axis
    low: float
    high: float
    categories: tuple[str, ...] | None = None
    start: float = 0.0
    end: float = 1.0
    longest: float = _LONGEST_CATEGORY

    def pixel(self, value: float) -> float:
        """Where a value lies; nan if it has no place on this axis."""
        return self.at(place(value, self.axis.scale))

    def at(self, spot: float) -> float:
        """Where a place lies, in pixels; far beyond the ends it stays within reach."""
        share = (spot / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.start + min(max(share, -50.0), 50.0) * (self.end - self.start)

    def along(self, start: float, end: float) -> Ruler:
        """The same range on other pixels."""
        return replace(self, start=start, end=end)

    def ticks(self, most: int) -> list[Tick]:
        """At most about `most` places with their labels, within the range."""
        if self.categories is not None:
            step = max(-(-len(self.categories) // max(most, 1)), 1)
            return [
                (float(k), fitted(Label.text(name), SMALL_SIZE, self.longest))
                for k, name in enumerate(self.categories)
                if k % step == 0
            ]
        if self.axis.scale == "log":
            return log_ticks(self.low, self.high, most)
        if self.axis.scale == "exponent":
            return power_ticks(self.low, self.high, most)
        return linear_ticks(self.low, self.high, most, whole=self.axis.whole)

    def minor(self) -> list[float]:
        """Places of the small ticks between the powers of ten."""
        return minor_ticks(self.low, self.high) if self.axis.scale == "log" else []

    def ticks_across(self, least: float, most: float) -> list[Tick]:
        """As many ticks as fit side by side, their words kept between pixels least and most."""
        if self.categories is not None:
            return self._categories_across(least, most)
        ticks: list[Tick] = []
        for count in range(max(2, int(abs(self.end - self.start) / 32)), 0, -1):
            ticks = self.ticks(count)
            if self._apart(ticks, least, most):
                return ticks
        return ticks[:1]

    def _categories_across(self, least: float, most: float) -> list[Tick]:
        """Every name, cut if need be; else every n-th name, uncut."""
        number = len(self.categories or ())
        room = abs(self.end - self.start) / max(number, 1) - _CATEGORY_GAP
        short = replace(self, longest=max(room, 0.0))
        ticks = short.ticks(number)
        if room >= _SHORTEST_CATEGORY and len({words for _, words in ticks}) == number:
            return ticks
        counts = range(number, 0, -1)
        found = (ticks for ticks in map(self.ticks, counts) if self._apart(ticks, least, most))
        return next(found, [])

    def _apart(self, ticks: list[Tick], least: float, most: float) -> bool:
        gap = _NUMBER_GAP if self.categories is None else _CATEGORY_GAP
        boxes = [self.tick_span(tick, least, most) for tick in ticks]
        return all(a[1] + gap <= b[0] for a, b in pairwise(boxes))

    def tick_span(self, tick: Tick, least: float, most: float) -> tuple[float, float]:
        """Left and right end of a tick's words under a horizontal axis."""
        width = label_width(tick[1], SMALL_SIZE)
        left = min(max(self.at(tick[0]) - width / 2, least), most - width)
        return left, left + width

    def ticks_up(self) -> list[Tick]:
        """As many ticks as fit one above the other."""
        apart = _ROW if self.categories is None else _CATEGORY_ROW
        return self.ticks(max(2, int(abs(self.end - self.start) / apart)))


def place(value: float, scale: ScaleKind) -> float:
    """The place of a value on a scale; nan for none: log of 0 and below, infinities.

    >>> place(100.0, "log"), place(-1.0, "log"), place(-4000.0, "exponent")
    (2.0, nan, -4000.0)
    """
    if not math.isfinite(value) or (scale == "log" and value <= 0):
        return math.nan
    return math.log10(value) if scale == "log" else value


def ruler(
    axis: Axis, values: Iterable[float], *, margin: float = _MARGIN, zero: bool = False
) -> Ruler:
    """The range of an axis that holds all values with a place on it; 0 to 1 if there is none.

    `margin` is left beyond the data, as a share of their range; `zero` belongs to the range.

    >>> ruler(Axis(), []).low, ruler(Axis(low=-1.0), [0.0, 5.0], margin=0).high
    (0.0, 5.0)
    """
    places = [p for p in (place(v, axis.scale) for v in values) if p == p]
    if (zero or axis.zero) and axis.scale == "linear":
        places.append(0.0)
    ends = [place(end, axis.scale) for end in (axis.low, axis.high) if end is not None]
    low, high = _range(places or ends)
    beyond = 2 * margin * (high / 2 - low / 2)
    lowest, highest = low, high
    low, high = max(low - beyond, -_LARGEST), min(high + beyond, _LARGEST)
    if axis.scale == "linear" and 0 <= lowest <= 0.3 * highest and margin:
        low = 0.0
    if axis.scale == "linear" and 0.3 * lowest <= highest <= 0 and margin:
        high = 0.0
    if axis.scale == "exponent":
        low, high = float(math.floor(lowest)), float(math.ceil(highest))
        high += low == high
    low = low if axis.low is None else place(axis.low, axis.scale)
    high = high if axis.high is None else place(axis.high, axis.scale)
    if low >= high:  # only one end was given, beyond all data
        low, high = (low, low + 1.0) if axis.high is None else (high - 1.0, high)
    return Ruler(axis, low, high)


def category_ruler(axis: Axis, names: Sequence[str]) -> Ruler:
    """An axis of categories, each one unit wide around 0, 1, ..."""
    return Ruler(axis, -0.5, max(len(names), 1) - 0.5, tuple(names))


def _range(places: list[float]) -> tuple[float, float]:
    """Lowest and highest, widened if they are so close that no decimals tell them apart."""
    if not places:
        return 0.0, 1.0
    low, high = min(places), max(places)
    size = max(abs(low), abs(high))
    if high / 2 - low / 2 > 1e-9 * size:
        return low, high
    room = 0.1 * size or 0.5
    return max(low - room, -_LARGEST), min(high + room, _LARGEST)
