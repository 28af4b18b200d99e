"""Lines in pixels: where they break, what of them can be seen, and what lies inside the frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograd_lab.pictures.geometry import Point

_TINY = 0.3  # pixels: nearer points of a path that goes back and forth look like one


@dataclass(frozen=True)
class Area:
    """The inside of a frame, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def holds(self, point: Point, slack: float = 0.01) -> bool:
        """Whether a point lies inside or on the edge."""
        return (
            self.left - slack <= point[0] <= self.right + slack
            and self.top - slack <= point[1] <= self.bottom + slack
        )


def pieces(points: Iterable[Point]) -> list[list[Point]]:
    """The runs of points between those that have no place.

    >>> nan = float("nan")
    >>> pieces([(0, 1), (1, nan), (2, 3), (3, 4)])
    [[(0, 1)], [(2, 3), (3, 4)]]
    """
    runs: list[list[Point]] = [[]]
    for x, y in points:
        if x == x and y == y:
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def thinned(points: list[Point]) -> list[Point]:
    """What the eye can tell apart: of each column of pixels first, lowest, highest and last.

    A line that turns back keeps every point that is not on top of the one before.

    >>> thinned([(0.1, 5), (0.2, 9), (0.3, 1), (0.4, 6), (0.5, 4), (7, 4)])
    [(0.1, 5), (0.2, 9), (0.3, 1), (0.5, 4), (7, 4)]
    """
    if all(a[0] <= b[0] for a, b in pairwise(points)):
        columns: dict[int, list[Point]] = {}
        for point in points:
            columns.setdefault(math.floor(point[0]), []).append(point)
        return [point for column in columns.values() for point in _extremes(column)]
    kept = points[:1]
    for x, y in points[1:-1]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= _TINY:
            kept.append((x, y))
    return [*kept, points[-1]]


def _extremes(column: list[Point]) -> list[Point]:
    if len(column) <= 4:
        return column
    heights = [y for _, y in column]
    ends = (0, heights.index(min(heights)), heights.index(max(heights)), len(column) - 1)
    return [column[k] for k in sorted(set(ends))]


def clipped(points: Sequence[Point], area: Area) -> list[list[Point]]:
    """The parts of a line inside the area (Liang and Barsky, 1984)."""
    if all(area.holds(point) for point in points):
        return [list(points)]
    parts: list[list[Point]] = []
    for start, end in pairwise(points):
        found = _inside(start, end, area)
        if found is None:
            continue
        if parts and parts[-1][-1] == found[0]:
            parts[-1].append(found[1])
        else:
            parts.append(list(found))
    return parts


def _inside(start: Point, end: Point, area: Area) -> tuple[Point, Point] | None:
    dx, dy = end[0] - start[0], end[1] - start[1]
    first, last = 0.0, 1.0
    for step, room in (
        (-dx, start[0] - area.left),
        (dx, area.right - start[0]),
        (-dy, start[1] - area.top),
        (dy, area.bottom - start[1]),
    ):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first > last:
        return None

    def at(t: float) -> Point:
        return start[0] + t * dx, start[1] + t * dy

    return (start if first == 0 else at(first), end if last == 1 else at(last))


def clipped_polygon(corners: Sequence[Point], area: Area) -> list[Point]:
    """The part of a polygon inside the area (Sutherland and Hodgman, 1974).

    >>> clipped_polygon([(-1, 0), (1, 0), (1, 1), (-1, 1)], Area(0, 0, 2, 2))
    [(0.0, 0.0), (1, 0), (1, 1), (0.0, 1.0)]
    """
    found = list(corners)
    for axis, sign, edge in ((0, 1, area.left), (0, -1, area.right), (1, 1, area.top),
                             (1, -1, area.bottom)):  # fmt: skip
        before, found = found, []
        for k, corner in enumerate(before):
            last = before[k - 1]
            inside, was = sign * (corner[axis] - edge) >= 0, sign * (last[axis] - edge) >= 0
            if inside != was:
                share = (edge - last[axis]) / (corner[axis] - last[axis])
                found.append(
                    (
                        last[0] + share * (corner[0] - last[0]),
                        last[1] + share * (corner[1] - last[1]),
                    )
                )
            if inside:
                found.append(corner)
    return found


def path_data(points: Sequence[Point], *, closed: bool = False) -> str:
    """SVG path data through the points."""
    data = "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    return f"M{data}{'Z' if closed else ''}"


def sampled(points: Sequence[Point], step: float = 5.0) -> list[Point]:
    """Points along a line, at most `step` pixels apart: what a text must not cover."""
    found = list(points[:1])
    for (x0, y0), (x1, y1) in pairwise(points):
        parts = max(1, min(int(math.hypot(x1 - x0, y1 - y0) / step), 400))
        found += [
            (x0 + (x1 - x0) * k / parts, y0 + (y1 - y0) * k / parts) for k in range(1, parts + 1)
        ]
    return found
