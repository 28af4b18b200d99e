"""The frame of a panel: grid, axes with their ticks, and the way from values to pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.geometry import Point
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.measure import fitted, label_width
from autograd_lab.pictures.plots.axis import label_of
from autograd_lab.pictures.plots.lines import Area
from autograd_lab.pictures.plots.rulers import Ruler
from autograd_lab.pictures.style import SMALL_SIZE

GRID_DASH = "1 3"
TICK = 4.0
TICK_ROW = 20.0  # the words of a horizontal axis
LABEL_ROW = 18.0


@dataclass(frozen=True)
class Frame:
    """An area with its two rulers; `left` and `right` bound the words under it."""

    area: Area
    x: Ruler
    y: Ruler
    left: float
    right: float

    def point(self, x: float, y: float) -> Point:
        """The pixel of a pair of values; nan where one of them has no place."""
        found = self.x.pixel(x), self.y.pixel(y)
        return found if all(map(math.isfinite, found)) else (math.nan, math.nan)


def draw_grid(canvas: Canvas, frame: Frame) -> None:
    """Dotted lines at the ticks of axes with numbers."""
    area = frame.area
    if frame.y.categories is None:
        for spot, _ in frame.y.ticks_up():
            y = frame.y.at(spot)
            data = f"M{area.left:.2f} {y:.2f}H{area.right:.2f}"
            canvas.add("path", "none", "rule", d=data, stroke_width=0.8, stroke_dasharray=GRID_DASH)
    if frame.x.categories is None:
        for spot, _ in frame.x.ticks_across(frame.left, frame.right):
            x = frame.x.at(spot)
            data = f"M{x:.2f} {area.top:.2f}V{area.bottom:.2f}"
            canvas.add("path", "none", "rule", d=data, stroke_width=0.8, stroke_dasharray=GRID_DASH)


def draw_axes(canvas: Canvas, frame: Frame) -> None:
    """The lower and the left edge with ticks, their numbers, and the words of the x axis."""
    area = frame.area
    corner = f"M{area.left:.2f} {area.top:.2f}V{area.bottom:.2f}H{area.right:.2f}"
    canvas.add("path", "none", "rule", d=corner, stroke_width=1.2)
    for spot in frame.x.minor():
        _tick(canvas, f"M{frame.x.at(spot):.2f} {area.bottom:.2f}v{TICK / 2:.2f}")
    for spot in frame.y.minor():
        _tick(canvas, f"M{area.left:.2f} {frame.y.at(spot):.2f}h{-TICK / 2:.2f}")
    for spot, words in frame.y.ticks_up():
        y = frame.y.at(spot)
        if frame.y.categories is None:
            _tick(canvas, f"M{area.left:.2f} {y:.2f}h{-TICK:.2f}")
        baseline = y + 0.36 * SMALL_SIZE
        canvas.text(area.left - TICK - 4, baseline, words, SMALL_SIZE, "muted", "end")
    for tick in frame.x.ticks_across(frame.left, frame.right):
        if frame.x.categories is None:
            _tick(canvas, f"M{frame.x.at(tick[0]):.2f} {area.bottom:.2f}v{TICK:.2f}")
        left, _ = frame.x.tick_span(tick, frame.left, frame.right)
        canvas.text(left, area.bottom + TICK + SMALL_SIZE + 1, tick[1], SMALL_SIZE, "muted")
    words = fitted(label_of(frame.x.axis.label), SMALL_SIZE, frame.right - frame.left)
    y = area.bottom + TICK_ROW + SMALL_SIZE + 3
    middle = (area.left + area.right) / 2
    canvas.text(_start(middle, words, frame), y, words, SMALL_SIZE, "ink")


def _start(middle: float, words: Label, frame: Frame) -> float:
    """The left end of words centred on `middle`, moved so that they stay between left and right."""
    width = label_width(words, SMALL_SIZE)
    return min(max(middle - width / 2, frame.left), frame.right - width)


def _tick(canvas: Canvas, data: str) -> None:
    canvas.add("path", "none", "rule", d=data)
