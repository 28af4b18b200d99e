"""Contours: lines of equal value on a grid, by marching squares.

The plane's form of marching cubes (Lorensen and Cline, 1987).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.geometry import Point
from autograd_lab.pictures.measure import label_width
from autograd_lab.pictures.plots.frame import Frame
from autograd_lab.pictures.plots.lines import Area, clipped, path_data, sampled
from autograd_lab.pictures.plots.room import Room
from autograd_lab.pictures.plots.rulers import place
from autograd_lab.pictures.plots.tables import Contours
from autograd_lab.pictures.plots.ticks import linear_ticks, log_ticks, number_label
from autograd_lab.pictures.style import SMALL_SIZE, scale_color

_LEVELS = 12
_LINE = 1.4
_SMALLEST_RING = 7

# An edge of the grid: the cell's column and row, and whether it goes along x (0) or along y (1).
Edge = tuple[int, int, int]
# Which edges a line joins, by the corners above the level: 1 lower left, 2 lower right,
# 4 upper right, 8 upper left.  Edges: b below, r right, t above, l left.
_CASES = {
    1: ("l", "b"), 2: ("b", "r"), 3: ("l", "r"), 4: ("r", "t"), 6: ("b", "t"), 7: ("l", "t"),
    8: ("t", "l"), 9: ("t", "b"), 11: ("t", "r"), 12: ("r", "l"), 13: ("r", "b"), 14: ("b", "l"),
}  # fmt: skip


def chosen_levels(contours: Contours) -> list[float]:
    """The levels given, or round numbers between the smallest and the largest value."""
    if contours.levels:
        return sorted(v for v in contours.levels if math.isfinite(v))
    finite = [v for row in contours.values for v in row if math.isfinite(v)]
    if contours.log:
        finite = [math.log10(v) for v in finite if v > 0]
    if not finite or min(finite) == max(finite):
        return []
    low, high = min(finite), max(finite)
    if contours.log:
        return [10**place for place, _ in log_ticks(low, high, _LEVELS) if abs(place) < 300]
    return [level for level, _ in linear_ticks(low, high, _LEVELS) if low < level < high]


def contour_lines(
    x: Sequence[float], y: Sequence[float], values: Sequence[Sequence[float]], level: float
) -> list[list[Point]]:
    """The lines where the grid's values, linear along its edges, equal the level.

    Closed lines end where they begin.  A saddle is cut by the mean of its corners; cells with a
    corner that is no finite number are left out.

    >>> contour_lines([0, 1], [0, 1], [[0, 0], [1, 1]], 0.25)
    [[(0.0, 0.25), (1.0, 0.25)]]
    """
    links: dict[Edge, list[Edge]] = {}
    for j in range(len(y) - 1):
        for i in range(len(x) - 1):
            for a, b in _crossings(values, i, j, level):
                links.setdefault(a, []).append(b)
                links.setdefault(b, []).append(a)
    return [[_crossing(x, y, values, level, edge) for edge in chain] for chain in _chains(links)]


def draw_contours(canvas: Canvas, frame: Frame, contours: Contours, _: object, room: Room) -> None:
    """The lines, from dark (low) to light (high), each level's number on one of its lines."""
    levels = chosen_levels(contours)
    values = [[_height(v, contours) for v in row] for row in contours.values]
    for number, level in enumerate(levels):
        color = scale_color(number / max(len(levels) - 1, 1))
        longest: list[Point] = []
        lines = contour_lines(contours.x, contours.y, values, _height(level, contours))
        for line in filter(_is_told_by_the_grid, lines):
            for part in clipped([frame.point(a, b) for a, b in line], frame.area):
                for stroke, width in (("casing", _LINE + 1.2), (color, _LINE)):
                    canvas.add("path", "none", stroke, d=path_data(part), stroke_width=width,
                               stroke_linejoin="round")  # fmt: skip
                longest = max(longest, sampled(part, 8.0), key=len)
        words = number_label(level, 3)
        if len(longest) * 8.0 > 2.2 * label_width(words, SMALL_SIZE):
            room.write(canvas, words, _spots(longest, frame.area), "muted")


def _is_told_by_the_grid(line: list[Point]) -> bool:
    """Not a ring around one point of the grid or two, whose true form is finer than the grid."""
    return line[0] != line[-1] or len(line) > _SMALLEST_RING


def _height(value: float, contours: Contours) -> float:
    """What is linear between neighbours of the grid: the value, or its logarithm."""
    return place(value, "log") if contours.log else value


def _spots(line: list[Point], area: Area) -> list[Point]:
    """Points of a line, first those that lie away from the frame."""
    middle = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    step = max(len(line) // 24, 1)
    return sorted(line[::step], key=lambda p: (-(p[1] - middle[1]), abs(p[0] - middle[0])))


def _crossings(
    values: Sequence[Sequence[float]], i: int, j: int, level: float
) -> list[tuple[Edge, Edge]]:
    """The pieces of line in one cell, as pairs of its edges."""
    corners = values[j][i], values[j][i + 1], values[j + 1][i + 1], values[j + 1][i]
    if not all(map(math.isfinite, corners)):
        return []
    above = sum(1 << k for k, value in enumerate(corners) if value >= level)
    if above in (0, 15):
        return []
    edges = {"b": (i, j, 0), "t": (i, j + 1, 0), "l": (i, j, 1), "r": (i + 1, j, 1)}
    if above in (5, 10):
        high = sum(value / 4 for value in corners) >= level
        names = ("l", "t", "b", "r") if high == (above == 5) else ("l", "b", "r", "t")
        return [(edges[names[0]], edges[names[1]]), (edges[names[2]], edges[names[3]])]
    a, b = _CASES[above]
    return [(edges[a], edges[b])]


def _crossing(
    x: Sequence[float], y: Sequence[float], values: Sequence[Sequence[float]], level: float,
    edge: Edge,
) -> Point:  # fmt: skip
    i, j, upright = edge
    a = values[j][i]
    b = values[j + 1][i] if upright else values[j][i + 1]
    share = (level / 2 - a / 2) / (b / 2 - a / 2)
    if upright:
        return float(x[i]), y[j] + share * (y[j + 1] - y[j])
    return x[i] + share * (x[i + 1] - x[i]), float(y[j])


def _chains(links: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """Edges joined to lines: open ones from their ends first, then rings."""
    found: list[list[Edge]] = []
    seen: set[Edge] = set()
    starts = sorted(links, key=lambda edge: (len(links[edge]), edge))
    for start in starts:
        if start in seen:
            continue
        chain, step = [start], start
        seen.add(start)
        while True:
            after = next((edge for edge in links[step] if edge not in seen), None)
            if after is None:
                break
            seen.add(after)
            chain.append(after)
            step = after
        if len(chain) > 2 and len(links[start]) == 2:
            chain.append(start)
        found.append(chain)
    return found
