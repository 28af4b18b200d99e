"""Lines between placed cells: curves in the gaps, and tracks around the bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograd_lab.pictures.geometry import Pen, Point, Rect, Stroke
from autograd_lab.pictures.ports import columns_along, ports, straightened
from autograd_lab.pictures.skeleton import Cell, Skeleton

TIP = 10.0
_TRACK, _GUTTER = 11.0, 34.0
_BEND = 0.55


@dataclass
class Routed:
    """Geometry along (x) and across (y) the direction of reading."""

    length: float
    breadth: float
    boxes: list[Rect]
    labels: list[Rect | None]
    strokes: list[list[Stroke]]


class _Plan:
    """Coordinates of every cell: bands stacked across, columns along, ports on each side."""

    def __init__(self, built: Skeleton, across: Sequence[float], emphasis: Sequence[bool]) -> None:
        self.cells = built.cells
        self.legs = built.legs
        self.hops = hops(built)
        self.y = straightened(built, across, emphasis)
        self.gutters = self._stack(built.bands)
        self.ports = ports(built, self.y)
        self.starts, self.ends = columns_along(built, self.ports)

    def _stack(self, bands: int) -> list[float]:
        """Move each band below the one before it; returns the gutter under each band."""
        gutters: list[float] = []
        top = 0.0
        for band in range(bands):
            own = [(i, c.breadth / 2) for i, c in enumerate(self.cells) if c.band == band]
            lift = top - min((self.y[i] - half for i, half in own), default=top)
            for i, _ in own:
                self.y[i] += lift
            bottom = max((self.y[i] + half for i, half in own), default=top)
            tracks = sum(self.cells[out].band == band for out, _ in self.hops.values())
            gutters.append(bottom + _GUTTER / 2)
            top = bottom + _GUTTER + _TRACK * max(tracks - 1, 0)
        return gutters

    def x(self, cell: Cell) -> float:
        key = cell.band, cell.column
        return (self.starts[key] + self.ends[key]) / 2


def hops(built: Skeleton) -> dict[int, tuple[int, int]]:
    """For each arrow that changes band: its last cell there and its first cell here."""
    return {
        arrow: (legs[0][-1], legs[1][0]) for arrow, legs in enumerate(built.legs) if len(legs) == 2
    }


def routed(built: Skeleton, across: Sequence[float], emphasis: Sequence[bool]) -> Routed:
    """Rectangles and strokes for a skeleton whose cells lie at `across`; all from (0, 0) on."""
    plan = _Plan(built, across, emphasis)
    boxes: list[Rect] = []
    labels: list[Rect | None] = [None] * len(plan.legs)
    for cell, y in zip(plan.cells, plan.y, strict=True):
        rect = Rect(plan.x(cell), y, cell.length, cell.breadth)
        if cell.kind == "box":
            boxes.append(rect)
        elif cell.kind == "label":
            labels[cell.index] = rect
    strokes = [_strokes(plan, arrow) for arrow in range(len(plan.legs))]
    return _shifted(boxes, labels, strokes)


def _strokes(plan: _Plan, arrow: int) -> list[Stroke]:
    """The strokes of an arrow: a new one begins behind its label."""
    strokes: list[Stroke] = []
    pen = Pen()
    for number, leg in enumerate(plan.legs[arrow]):
        if number == 1:
            _hop(plan, arrow, pen)
        for a, b in pairwise(leg):
            _step(plan, arrow, a, b, pen)
            if plan.cells[b].kind == "label":
                strokes.append(tuple(pen.pieces))
                pen = Pen()
    return [*strokes, tuple(pen.pieces)]


def _step(plan: _Plan, arrow: int, a: int, b: int, pen: Pen) -> None:
    """From the side of cell a across the gap to the side of cell b."""
    tail, head = plan.cells[a], plan.cells[b]
    y0, y1 = plan.ports.leaving[arrow, a], plan.ports.entering[arrow, b]
    x0, x1 = plan.ends[tail.band, tail.column], plan.starts[head.band, head.column]
    pen.move((plan.x(tail) + tail.length / 2, y0))
    if y0 != y1:
        x1 -= TIP if head.kind == "box" else 0.0
        pen.move((x0, y0))
        pen.move((x0 + _BEND * (x1 - x0), y0), (x1 - _BEND * (x1 - x0), y1), (x1, y1))
    pen.move((plan.x(head) - head.length / 2, y1))


def _hop(plan: _Plan, arrow: int, pen: Pen) -> None:
    """From the end of one band, along the gutter below it, to the start of a later band."""
    out, back = plan.hops[arrow]
    tail, head = plan.cells[out], plan.cells[back]
    near, far = _tracks(plan, arrow)
    y0, y1 = plan.y[out], plan.y[back]
    x0, x1 = plan.ends[tail.band, tail.column], plan.starts[head.band, head.column]
    right, left = x0 + _GUTTER / 2 + _TRACK * near, -_GUTTER / 2 - _TRACK * far
    y = plan.gutters[tail.band] + _TRACK * near
    pen.corner((right, y0), (right, y))
    pen.corner((right, y), (left, y))
    pen.corner((left, y), (left, y1))
    pen.corner((left, y1), (x1, y1))
    pen.move((x1, y1))


def _tracks(plan: _Plan, arrow: int) -> tuple[int, int]:
    """Number of the right and gutter track, and of the left one: lines nest instead of crossing.

    The lowest line out of a band turns first, innermost right, uppermost in the gutter, and
    outermost left. Lines to a band further down run left of all others.
    """
    out, back = plan.hops[arrow]
    band = plan.cells[out].band
    mates = [a for a, (o, _) in plan.hops.items() if plan.cells[o].band == band]
    mates.sort(key=lambda a: (-plan.y[plan.hops[a][0]], a))
    order = mates.index(arrow)
    if plan.cells[back].band == band + 1:
        return order, len(mates) - 1 - order
    far = [a for a, (o, b) in plan.hops.items() if plan.cells[b].band > plan.cells[o].band + 1]
    leaving = [plan.cells[o].band for o, _ in plan.hops.values()]
    return order, max(map(leaving.count, leaving)) + far.index(arrow)


def _shifted(boxes: list[Rect], labels: list[Rect | None], strokes: list[list[Stroke]]) -> Routed:
    """Everything moved so that the upper left corner is (0, 0), and rounded."""
    rects = [*boxes, *(rect for rect in labels if rect)]
    points = [p for arrow in strokes for stroke in arrow for piece in stroke for p in piece]
    xs = [x for rect in rects for x in (rect.left, rect.right)] + [x for x, _ in points]
    ys = [y for rect in rects for y in (rect.top, rect.bottom)] + [y for _, y in points]
    left, top = min(xs, default=0.0), min(ys, default=0.0)

    def point(p: Point) -> Point:
        return round(p[0] - left, 2), round(p[1] - top, 2)

    def rect(r: Rect) -> Rect:
        return Rect(*point((r.x, r.y)), r.width, r.height)

    return Routed(
        length=round(max(xs, default=0.0) - left, 2),
        breadth=round(max(ys, default=0.0) - top, 2),
        boxes=[rect(r) for r in boxes],
        labels=[r and rect(r) for r in labels],
        strokes=[
            [tuple(tuple(map(point, piece)) for piece in stroke) for stroke in arrow]
            for arrow in strokes
        ],
    )
