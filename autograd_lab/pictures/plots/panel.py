"""One panel: everything on it, drawn in its frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.measure import fitted
from autograd_lab.pictures.plots import heat_map
from autograd_lab.pictures.plots.axis import label_of
from autograd_lab.pictures.plots.bars import draw_bars, draw_histogram
from autograd_lab.pictures.plots.contours import draw_contours
from autograd_lab.pictures.plots.curves import (
    draw_band,
    draw_curve,
    draw_marker,
    draw_region,
    draw_rule,
    draw_scatter,
    name_rule,
)
from autograd_lab.pictures.plots.frame import (
    LABEL_ROW,
    TICK_ROW,
    Frame,
    draw_axes,
    draw_grid,
)
from autograd_lab.pictures.plots.items import Item
from autograd_lab.pictures.plots.lines import Area, path_data
from autograd_lab.pictures.plots.palette import Look
from autograd_lab.pictures.plots.plan import (
    LEAD,
    NAME_GAP,
    ROW,
    TITLE_ROW,
    Plan,
    last_point,
    named_curves,
)
from autograd_lab.pictures.plots.room import Room, spread
from autograd_lab.pictures.plots.series import Band, Curve, Marker, Region, Rule, Scatter
from autograd_lab.pictures.plots.tables import Bars, Contours, HeatMap, Histogram
from autograd_lab.pictures.style import HEADING_SIZE, SMALL_SIZE

# What lies under the axes, and what over them, each in the order of drawing.
_AREAS: tuple[tuple[type[Item], Callable[..., None]], ...] = (
    (HeatMap, heat_map.draw_heat_map),
    (Band, draw_band),
    (Region, draw_region),
    (Histogram, draw_histogram),
)
_LINES: tuple[tuple[type[Item], Callable[..., None]], ...] = (
    (Rule, draw_rule),
    (Contours, draw_contours),
    (Curve, draw_curve),
    (Scatter, draw_scatter),
    (Marker, draw_marker),
    (Rule, name_rule),
)


def draw_panel(
    canvas: Canvas, planned: Plan, looks: Mapping[str, Look], corner: tuple[float, float],
    gutters: tuple[float, float], rows: tuple[float, float],
) -> None:  # fmt: skip
    """Draw a panel with its upper left corner given.

    `gutters` are the widths left and right of the frame, `rows` the heights of header and frame:
    those of a panel's neighbours, so that frames line up.
    """
    (left, top), (header, height) = corner, rows
    panel, right = planned.panel, left + planned.width
    area = Area(left + gutters[0], top + header, right - gutters[1], top + header + height)
    if panel.square:
        area = _square(area, planned)
    x = planned.x.along(area.left, area.right)
    downward = planned.heat is not None or panel.horizontal
    y = planned.y.along(*((area.top, area.bottom) if downward else (area.bottom, area.top)))
    frame = Frame(area, x, y, left, right)
    baseline = top + HEADING_SIZE
    for line in planned.title:
        canvas.text(left, baseline, line, HEADING_SIZE, "ink")
        baseline += TITLE_ROW
    words = fitted(label_of(panel.y.label), SMALL_SIZE, planned.width)
    canvas.text(left, area.top - 10, words, SMALL_SIZE, "ink")
    room = Room(area)
    _draw_items(canvas, frame, planned, looks, room)
    _draw_names(canvas, frame, planned, looks)
    below = area.bottom + TICK_ROW + (LABEL_ROW if label_of(panel.x.label) else 4.0)
    if planned.heat:
        heat_map.draw_colors(canvas, planned.heat, left, below + 6, planned.width)
        below += heat_map.scale_height(planned.heat)
    for note in planned.notes:
        canvas.text(left, below + SMALL_SIZE + 4, note, SMALL_SIZE, "muted")
        below += ROW


def _draw_items(
    canvas: Canvas, frame: Frame, planned: Plan, looks: Mapping[str, Look], room: Room
) -> None:
    """Areas first, then the axes, lines, points, and the words on top of all."""
    items = planned.panel.items

    def draw(layer: tuple[type[Item], Callable[..., None]]) -> None:
        for item in items:
            if isinstance(item, layer[0]):
                name = getattr(item, "name", "")
                tooltip = name or label_of(getattr(item, "words", "")).plain()
                with canvas.group(type(item).__name__.lower(), tooltip):
                    layer[1](canvas, frame, item, looks.get(name), room)

    draw_grid(canvas, frame)
    for layer in _AREAS:
        draw(layer)
    draw_bars(canvas, frame, [item for item in items if isinstance(item, Bars)], looks, room)
    draw_axes(canvas, frame)
    for layer in _LINES:
        draw(layer)


def _draw_names(canvas: Canvas, frame: Frame, planned: Plan, looks: Mapping[str, Look]) -> None:
    """The name of every curve beside its end, with a line that leads there."""
    if not planned.names:
        return
    curves = named_curves(planned.panel)
    ends = [_end(frame, curve) for curve in curves]
    heights = [end[1] for end in ends]
    area, left = frame.area, frame.area.right + LEAD
    for curve, end, y, name in zip(
        curves, ends, spread(heights, NAME_GAP, area.top, area.bottom), planned.names, strict=True
    ):
        look = looks[curve.name]
        start = min(end[0], area.right), min(max(end[1], area.top), area.bottom)
        bend = area.right + 7, start[1]
        data = path_data([start, bend, (left - 9, y), (left - 3, y)])
        canvas.add("path", "none", look.color, d=data, stroke_width=0.9)
        canvas.text(left, y + 0.36 * SMALL_SIZE, name, SMALL_SIZE, "ink")


def _end(frame: Frame, curve: Curve) -> tuple[float, float]:
    """The pixel of the last point of a curve that has a place."""
    last = last_point(curve, frame.x.axis, frame.y.axis)
    return frame.point(*last) if last else (frame.area.right, frame.area.bottom)


def _square(area: Area, planned: Plan) -> Area:
    """The largest part of an area, lower left, in which a unit is as long on both axes."""
    wide = planned.x.high - planned.x.low
    high = planned.y.high - planned.y.low
    unit = min(area.width / wide, area.height / high)
    return Area(area.left, area.bottom - unit * high, area.left + unit * wide, area.bottom)
