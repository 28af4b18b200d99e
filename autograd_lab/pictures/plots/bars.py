"""Bars and histograms, drawn into a frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.geometry import Point
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.measure import label_width
from autograd_lab.pictures.plots.curves import TINT
from autograd_lab.pictures.plots.frame import Frame
from autograd_lab.pictures.plots.lines import Area, clipped, clipped_polygon, path_data
from autograd_lab.pictures.plots.palette import Look
from autograd_lab.pictures.plots.room import Room, draw_words, meet
from autograd_lab.pictures.plots.tables import Bars, Histogram
from autograd_lab.pictures.plots.ticks import exponent_label, number_label
from autograd_lab.pictures.style import SMALL_SIZE

_FILLED = 0.76  # of a category; the rest is the gap to the next one
_CAP = 3.0
_THIN = 4.0
_LINE = 1.5 * SMALL_SIZE


@dataclass(frozen=True)
class _Bar:
    """One bar in pixels: its two edges, its tip, and the ends of its whisker."""

    name: str
    value: float
    edges: tuple[float, float]
    tip: float
    whisker: tuple[float, float] | None

    @property
    def middle(self) -> float:
        return sum(self.edges) / 2

    @property
    def far(self) -> float:
        """Where the bar and its whisker end."""
        if self.whisker is None or not all(map(math.isfinite, self.whisker)):
            return self.tip
        return self.whisker[0 if self.value < 0 else 1]


def draw_bars(
    canvas: Canvas, frame: Frame, group: Sequence[Bars], looks: Mapping[str, Look], room: Room
) -> None:
    """Bars of one or more series side by side, with their numbers if all of them have room."""
    if not group:
        return
    across = frame.y.categories is not None
    values = frame.x if across else frame.y
    linear = values.axis.scale == "linear"
    ground = values.at(min(max(0.0, values.low), values.high) if linear else values.low)
    bars = list(_bars(frame, group))
    for bar in bars:
        a, b = bar.edges
        corners = [(a, ground), (a, bar.tip), (b, bar.tip), (b, ground)]
        inside = clipped_polygon(_turned(corners, across), frame.area)
        if len(inside) > 2:
            data = path_data(inside, closed=True)
            edge = "paper" if abs(b - a) > _THIN else "none"
            canvas.add("path", looks[bar.name].color, edge, d=data, stroke_width=0.8)
        _whisker(canvas, frame, bar, across)
    start, end = (frame.y.start, frame.y.end) if across else (frame.x.start, frame.x.end)
    base = path_data(_turned([(start, ground), (end, ground)], across))
    canvas.add("path", "none", "rule", d=base, stroke_width=1.2)
    numbers = [_number_box(frame, bar, across) for bar in bars]
    fit = all(_within(box, frame.area) for box, _ in numbers)
    if fit and not any(meet(a, b) for (a, _), (b, _) in pairwise(numbers)):
        for box, words in numbers:
            room.taken.append(box)
            draw_words(canvas, box, words, "muted")


def draw_histogram(
    canvas: Canvas, frame: Frame, histogram: Histogram, look: Look, room: Room
) -> None:
    """A tinted area of steps with its outline, so that several can lie over each other."""
    ground = frame.y.at(max(frame.y.low, 0.0)) if frame.y.axis.scale == "linear" else frame.y.start
    line: list[Point] = []
    sides = zip(histogram.edges, histogram.edges[1:], histogram.counts, strict=False)
    for left, right, count in sides:
        y = frame.y.pixel(count)
        y = y if math.isfinite(y) else ground
        line += [(x, y) for x in (frame.x.pixel(left), frame.x.pixel(right)) if math.isfinite(x)]
    if not line:
        return
    line = [(line[0][0], ground), *line, (line[-1][0], ground)]
    corners = clipped_polygon(line, frame.area)
    if len(corners) > 2:
        canvas.add("path", look.color, d=path_data(corners, closed=True), fill_opacity=TINT)
    for part in clipped(line, frame.area):
        look.line(canvas, path_data(part))
        room.draws(part)


def _bars(frame: Frame, group: Sequence[Bars]) -> Iterator[_Bar]:
    """All bars that have a place, category by category."""
    across = frame.y.categories is not None
    values, places = (frame.x, frame.y) if across else (frame.y, frame.x)
    thick = _FILLED / len(group)
    for k in range(len(group[0].values)):
        for number, bars in enumerate(group):
            tip = values.pixel(bars.values[k])
            side = k - _FILLED / 2 + number * thick
            edges = places.at(side), places.at(side + thick)
            ends = (values.pixel(bars.low[k]), values.pixel(bars.high[k])) if bars.low else None
            if math.isfinite(tip):
                yield _Bar(bars.name, bars.values[k], edges, tip, ends)


def _turned(points: list[Point], across: bool) -> list[Point]:
    return [(y, x) for x, y in points] if across else points


def _whisker(canvas: Canvas, frame: Frame, bar: _Bar, across: bool) -> None:
    if bar.whisker is None or not all(map(math.isfinite, bar.whisker)):
        return
    strokes = [[(bar.middle, bar.whisker[0]), (bar.middle, bar.whisker[1])]]
    strokes += [[(bar.middle - _CAP, end), (bar.middle + _CAP, end)] for end in bar.whisker]
    for stroke in strokes:
        for part in clipped(_turned(stroke, across), frame.area):
            canvas.add("path", "none", "ink", d=path_data(part), stroke_width=1.4)


def _number_box(frame: Frame, bar: _Bar, across: bool) -> tuple[Area, Label]:
    """The value beyond the end of its bar."""
    axis = (frame.x if across else frame.y).axis
    words = exponent_label(bar.value) if axis.scale == "exponent" else number_label(bar.value, 3)
    width = label_width(words, SMALL_SIZE) + 3
    sign = -1 if bar.value < 0 and axis.scale == "linear" else 1
    if across:
        x, y = bar.far + sign * (width / 2 + 3), bar.middle
    else:
        x, y = bar.middle, bar.far - sign * (_LINE / 2 + 1)
    return Area(x - width / 2, y - _LINE / 2, x + width / 2, y + _LINE / 2), words


def _within(box: Area, area: Area) -> bool:
    return area.holds((box.left, box.top)) and area.holds((box.right, box.bottom))
