"""Curves, bands, regions, points, markers and rules, drawn into a frame."""

from __future__ import annotations

import math
from itertools import chain, islice

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.geometry import Point
from autograd_lab.pictures.plots.axis import label_of
from autograd_lab.pictures.plots.frame import Frame
from autograd_lab.pictures.plots.lines import (
    clipped,
    clipped_polygon,
    path_data,
    pieces,
    sampled,
    thinned,
)
from autograd_lab.pictures.plots.palette import Look
from autograd_lab.pictures.plots.room import Room
from autograd_lab.pictures.plots.series import Band, Curve, Marker, Region, Rule, Scatter

TINT = 0.22  # opacity of an area: three of them on top of each other stay readable
_TIP = 9.0


def draw_band(canvas: Canvas, frame: Frame, band: Band, look: Look, _: object) -> None:
    """The area between two curves, in every run where both have a place."""
    rows = zip(band.x, band.low, band.high, strict=True)
    both = [(frame.point(x, low), frame.point(x, high)) for x, low, high in rows]
    lower, upper = [], []
    for low, high in both:
        gap = low[0] != low[0] or high[0] != high[0]
        lower.append((math.nan, math.nan) if gap else low)
        upper.append((math.nan, math.nan) if gap else high)
    for below, above in zip(pieces(lower), pieces(upper), strict=True):
        corners = clipped_polygon([*thinned(below), *reversed(thinned(above))], frame.area)
        if len(corners) > 2:
            data = path_data(corners, closed=True)
            canvas.add("path", look.color, d=data, fill_opacity=TINT)


def draw_region(canvas: Canvas, frame: Frame, region: Region, look: Look, room: Room) -> None:
    """A tinted area with its edge."""
    for run in pieces(frame.point(x, y) for x, y in zip(region.x, region.y, strict=True)):
        corners = clipped_polygon(run, frame.area)
        if len(corners) > 2:
            canvas.add("path", look.color, d=path_data(corners, closed=True), fill_opacity=TINT)
        for part in clipped([*run, run[0]], frame.area):
            look.line(canvas, path_data(part))
            room.draws(sampled(part))


def draw_curve(canvas: Canvas, frame: Frame, curve: Curve, look: Look, room: Room) -> None:
    """The line; a point without neighbours is a dot."""
    points = (frame.point(x, y) for x, y in zip(curve.x, curve.y, strict=True))
    for run in pieces(points):
        for part in clipped(thinned(run), frame.area):
            shaft = _with_tip(canvas, part, look) if curve.arrow and part[-1] == run[-1] else part
            if len(shaft) > 1:
                look.line(canvas, path_data(shaft), heavy=curve.heavy)
            room.draws(sampled(part))
        for point in run if curve.marked or len(run) == 1 else ():
            if frame.area.holds(point):
                look.dot(canvas, point, 3.0)


def draw_scatter(canvas: Canvas, frame: Frame, scatter: Scatter, look: Look, room: Room) -> None:
    """Every point once: those on one spot of half a pixel are one sign."""
    points = (frame.point(x, y) for x, y in zip(scatter.x, scatter.y, strict=True))
    seen: dict[tuple[int, int], Point] = {}
    for x, y in points:
        if x == x and frame.area.holds((x, y)):
            seen.setdefault((round(2 * x), round(2 * y)), (x, y))
    for point in seen.values():
        look.dot(canvas, point)
    room.draws(seen.values())


def draw_marker(canvas: Canvas, frame: Frame, marker: Marker, _: object, room: Room) -> None:
    """A ring around a point, and its words where they cover least."""
    x, y = point = frame.point(marker.x, marker.y)
    if x != x or not frame.area.holds(point):
        return
    words = label_of(marker.words)
    if words:
        box = room.write(canvas, words, room.around(point, words))
        if box is not None:
            near = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
            if math.dist(point, near) > 12:
                data = path_data([near, point])
                canvas.add("path", "none", "muted", d=data, stroke_width=1)
    for reach, stroke, width in ((4.6, "paper", 4.0), (4.6, "ink", 1.8)):
        canvas.add(
            "rect", "none", stroke, x=x - reach, y=y - reach, width=2 * reach, height=2 * reach,
            rx=reach, stroke_width=width,
        )  # fmt: skip


def draw_rule(canvas: Canvas, frame: Frame, rule: Rule, *_: object) -> None:
    """A thin line across the frame."""
    area = frame.area
    if rule.x is not None:
        x = frame.x.pixel(rule.x)
        ends = [(x, area.top), (x, area.bottom)]
    else:
        y = frame.y.pixel(rule.y if rule.y is not None else math.nan)
        ends = [(area.left, y), (area.right, y)]
    if all(math.isfinite(v) for v in ends[0]) and area.holds(ends[0]):
        canvas.add(
            "path", "none", "muted", d=path_data(ends), stroke_width=1.2, stroke_dasharray="4 3"
        )


def name_rule(canvas: Canvas, frame: Frame, rule: Rule, _: object, room: Room) -> None:
    """The words of a rule, on the line near one of its ends."""
    area, words = frame.area, label_of(rule.words)
    shares = [k / 16 for k in range(1, 16)]
    if rule.x is not None:
        x = frame.x.pixel(rule.x)
        near = [(x, area.top + share * area.height) for share in shares]
    else:
        y = frame.y.pixel(rule.y if rule.y is not None else math.nan)
        near = [(area.right - share * area.width, y) for share in shares]
    if words and all(map(math.isfinite, near[0])) and area.holds(near[0]):
        close = (spot for point in near for spot in (point, *islice(room.around(point, words), 8)))
        room.write(canvas, words, chain(close, room.around(near[0], words)), "muted")


def _with_tip(canvas: Canvas, points: list[Point], look: Look) -> list[Point]:
    """Draw the tip of an arrow at the end; return the line shortened to its base."""
    x, y = points[-1]
    start = next((p for p in reversed(points) if math.dist(p, (x, y)) >= _TIP), None)
    if start is None:
        return points
    length = math.dist(start, (x, y))
    dx, dy = (x - start[0]) / length, (y - start[1]) / length
    base = x - _TIP * dx, y - _TIP * dy
    wing = 0.42 * _TIP
    corners = [(x, y), (base[0] - wing * dy, base[1] + wing * dx),
               (base[0] + wing * dy, base[1] - wing * dx)]  # fmt: skip
    canvas.add("path", look.color, d=path_data(corners, closed=True))
    last = points.index(start)
    return [*points[: last + 1], base] if length > _TIP else points[: last + 1]
