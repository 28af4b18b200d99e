"""Heat maps: a table of values as colours, with the scale under it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.legend import draw_scale
from autograd_lab.pictures.measure import fitted, label_width
from autograd_lab.pictures.plots.axis import Axis, label_of
from autograd_lab.pictures.plots.frame import Frame
from autograd_lab.pictures.plots.rulers import Ruler, ruler
from autograd_lab.pictures.plots.tables import HeatMap
from autograd_lab.pictures.plots.ticks import exponent_label, number_label
from autograd_lab.pictures.style import (
    SCALE_STOPS,
    SMALL_SIZE,
    Scale,
    scale_color,
    text_on,
)

_SCALE_HEIGHT = 68.0
_BAR = 240.0, 12.0
_INDENT = 12.0
_OVERLAP = 1.0  # a cell reaches under the next one, or a seam would shine through


@dataclass(frozen=True)
class Colors:
    """How the values of a heat map become colours; `nan` and exact zeros have none."""

    map: HeatMap

    @cached_property
    def decades(self) -> Scale | None:
        """The scale of sizes in whole powers of ten; None on a linear scale or without any."""
        if self.map.scale == "linear":
            return None
        return Scale.over([self.size(v) for row in self.map.values for v in row])

    @cached_property
    def ruler(self) -> Ruler:
        """The scale of a linear heat map, from the smallest to the largest value."""
        values = [v for row in self.map.values for v in row]
        return ruler(Axis(), values, margin=0.0).along(0.0, 1.0)

    @property
    def any(self) -> bool:
        """Whether a value has a colour."""
        return any(self.color(v) for row in self.map.values for v in row)

    def size(self, value: float) -> float:
        """log10 of a value's size; nan for none, -inf for an exact zero."""
        if self.map.scale == "exponent" or value != value:
            return value
        return math.log10(abs(value)) if value else -math.inf

    def color(self, value: float) -> str:
        """#rrggbb, or nothing for a value without colour."""
        if self.map.scale == "linear":
            return scale_color(self.ruler.pixel(value)) if math.isfinite(value) else ""
        size = self.size(value)
        if self.decades is None or not math.isfinite(size):
            return ""
        return self.decades.color(size)

    def words(self, value: float) -> Label:
        """The value as it is written into its cell."""
        return exponent_label(value) if self.map.scale == "exponent" else number_label(value, 2)


def draw_heat_map(canvas: Canvas, frame: Frame, heat: HeatMap, *_: object) -> None:
    """The cells, row by row; their values, or the minus of those below zero."""
    colors = Colors(heat)
    columns = _edges(frame.x, len(heat.columns))
    rows = _edges(frame.y, len(heat.rows))
    area = frame.area
    canvas.add("rect", "surface", "rule", x=area.left, y=area.top, width=area.width,
               height=area.height)  # fmt: skip
    for j, row in enumerate(heat.values):
        top = rows[j]
        height = rows[j + 1] - top + (_OVERLAP if j + 2 < len(rows) else 0)
        for start, end, color in _runs([colors.color(v) for v in row]):
            width = columns[end] - columns[start] + (_OVERLAP if end + 1 < len(columns) else 0)
            data = f"M{columns[start]:.2f} {top:.2f}h{width:.2f}v{height:.2f}h{-width:.2f}Z"
            canvas.add("path", color, d=data)
    _write_cells(canvas, heat, colors, columns, rows)


def notes(heat: HeatMap) -> list[str]:
    """What cells without colour mean, if there are any, and what a minus in a cell means."""
    values = [v for row in heat.values for v in row]
    zeros = sum(_is_zero(heat, v) for v in values)
    unknown = sum(not math.isfinite(v) and not _is_zero(heat, v) for v in values)
    found = []
    if heat.cells != (1, 1):
        down, across = heat.cells
        found.append(f"Each cell shows the largest of {down} × {across} values.")
    if zeros:
        found.append(f"Empty cells: exactly 0 ({zeros}).")
    if unknown:
        found.append(f"Struck cells: not a finite number ({unknown}).")
    if heat.scale == "log" and any(v < 0 for v in values):
        found.append("Colour tells the size, a minus in the cell the sign.")
    return found


def scale_height(heat: HeatMap) -> float:
    """Height of the colour scale under a frame; none without colours."""
    return _SCALE_HEIGHT if Colors(heat).any else 0.0


def draw_colors(canvas: Canvas, heat: HeatMap, x: float, y: float, width: float) -> None:
    """The colour scale with its numbers, upper left corner at (x, y)."""
    colors, heading = Colors(heat), fitted(label_of(heat.label), SMALL_SIZE, width)
    if colors.decades is not None:
        draw_scale(canvas, colors.decades, heading, x, y)
    elif colors.any:
        _draw_linear_scale(canvas, colors.ruler, heading, (x, y), width)


def _draw_linear_scale(
    canvas: Canvas, scale: Ruler, heading: Label, corner: tuple[float, float], width: float
) -> None:
    """The colour bar of a linear scale, in the form of `legend.draw_scale`."""
    (x, y), long, high = corner, min(_BAR[0], width - 2 * _INDENT), _BAR[1]
    canvas.text(x, y + SMALL_SIZE, heading, SMALL_SIZE, "muted")
    top = y + SMALL_SIZE + 9
    left = x + _INDENT
    canvas.add("rect", canvas.gradient(SCALE_STOPS), "rule", x=left, y=top, width=long,
               height=high, rx=3)  # fmt: skip
    bar = scale.along(left, left + long)
    for tick in bar.ticks_across(x, x + width):
        at = bar.at(tick[0])
        canvas.add("path", "none", "rule", d=f"M{at:.2f} {top + high:.2f}v4")
        start, _ = bar.tick_span(tick, x, x + width)
        canvas.text(start, top + high + 17, tick[1], SMALL_SIZE, "muted")


def _is_zero(heat: HeatMap, value: float) -> bool:
    """Whether a value is an exact zero on a scale that has no colour for it."""
    return heat.scale != "linear" and value == (-math.inf if heat.scale == "exponent" else 0)


def _edges(axis: Ruler, count: int) -> list[float]:
    """Whole pixels where cells meet."""
    return [float(round(axis.at(k - 0.5))) for k in range(count)] + [axis.at(count - 0.5)]


def _runs(colors: list[str]) -> list[tuple[int, int, str]]:
    """Neighbours of one colour as (first, after the last, colour); those without are left out."""
    found: list[tuple[int, int, str]] = []
    for k, color in enumerate(colors):
        if found and found[-1][1] == k and found[-1][2] == color:
            found[-1] = (found[-1][0], k + 1, color)
        elif color:
            found.append((k, k + 1, color))
    return found


def _write_cells(
    canvas: Canvas, heat: HeatMap, colors: Colors, columns: list[float], rows: list[float]
) -> None:
    words = [[colors.words(v) for v in row] for row in heat.values] if len(rows) < 60 else []
    width = min((b - a for a, b in pairwise(columns)), default=0.0)
    height = min((b - a for a, b in pairwise(rows)), default=0.0)
    widest = max((label_width(w, SMALL_SIZE) for row in words for w in row), default=math.inf)
    full = widest + 6 <= width and height >= 1.4 * SMALL_SIZE
    for j, row in enumerate(heat.values):
        for i, value in enumerate(row):
            x, y = (columns[i] + columns[i + 1]) / 2, (rows[j] + rows[j + 1]) / 2
            color = colors.color(value)
            ink = text_on(color) if color else "muted"
            if full and math.isfinite(value):
                baseline = y + 0.36 * SMALL_SIZE
                canvas.text(x, baseline, words[j][i], SMALL_SIZE, ink, "middle")
            elif not color and not _is_zero(heat, value):
                box = columns[i], rows[j], columns[i + 1], rows[j + 1]
                data = f"M{box[0]:.2f} {box[1]:.2f}L{box[2]:.2f} {box[3]:.2f}"
                canvas.add("path", "none", "rule", d=data, stroke_width=0.8)
            elif heat.scale == "log" and value < 0 and min(width, height) >= 6:
                reach = min(width, height, 12.0) / 4
                data = f"M{x - reach:.2f} {y:.2f}h{2 * reach:.2f}"
                canvas.add("path", "none", ink, d=data, stroke_width=1.3)
