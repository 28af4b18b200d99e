"""Lines between placed cells: ports on the boxes, curves in the gaps, tracks between bands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from autograd_lab.pictures.layered import spread
from autograd_lab.pictures.skeleton import Cell, Skeleton

Point = tuple[float, float]
# The first piece is the start; then (end,) is a straight line, (c1, c2, end) a cubic curve.
Stroke = tuple[tuple[Point, ...], ...]

TIP = 10.0
_PORT_DISTANCE = 12.0
_PORT_INSET = 10.0
_NARROW, _WIDE, _STEEPNESS = 26.0, 96.0, 0.22
_TRACK, _GUTTER, _TURN = 11.0, 34.0, 9.0


@dataclass(frozen=True)
class Rect:
    """A rectangle by its centre and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2

    def turned(self, turn: Callable[[Point], Point]) -> Rect:
        """The rectangle with its centre and size passed through `turn`."""
        return Rect(*turn((self.x, self.y)), *turn((self.width, self.height)))


@dataclass
class Routed:
    """Geometry along (x) and across (y) the direction of reading."""

    length: float
    breadth: float
    boxes: list[Rect]
    labels: list[Rect | None]
    strokes: list[list[Stroke]]


@dataclass
class _Pen:
    """Collects one stroke; straight pieces of no length are left out."""

    pieces: list[tuple[Point, ...]] = field(default_factory=list)

    def move(self, *points: Point) -> None:
        if not self.pieces or self.pieces[-1][-1] != points[-1]:
            self.pieces.append(points)

    def corner(self, at: Point, toward: Point) -> None:
        """Go straight to `at` and turn there, rounded, toward the next point."""
        x, y = self.pieces[-1][-1]
        before = at[0] - _TURN * _sign(at[0] - x), at[1] - _TURN * _sign(at[1] - y)
        after = at[0] + _TURN * _sign(toward[0] - at[0]), at[1] + _TURN * _sign(toward[1] - at[1])
        self.move(before)
        self.move(_between(before, at), _between(after, at), after)


class _Plan:
    """Coordinates of every cell: bands stacked across, columns along, ports on each side."""

    def __init__(self, built: Skeleton, across: Sequence[float]) -> None:
        self.cells = built.cells
        self.legs = built.legs
        self.y = list(across)
        self.hops = _hops(built)
        self.gutters = _stack(built, self.y)
        self.ports = _ports(built, self.y)
        self.starts, self.ends = _columns(built, self.ports)

    def x(self, cell: Cell) -> float:
        key = cell.band, cell.column
        return (self.starts[key] + self.ends[key]) / 2


def routed(built: Skeleton, across: Sequence[float], emphasis: Sequence[bool]) -> Routed:
    """Rectangles and strokes for a skeleton whose cells lie at `across`; all from (0, 0) on."""
    plan = _Plan(built, across)
    rects = [
        Rect(plan.x(cell), y, cell.length, cell.breadth)
        for cell, y in zip(plan.cells, plan.y, strict=True)
    ]
    boxes = [rect for rect, cell in zip(rects, plan.cells, strict=True) if cell.kind == "box"]
    labels: list[Rect | None] = [None] * len(plan.legs)
    for rect, cell in zip(rects, plan.cells, strict=True):
        if cell.kind == "label":
            labels[cell.index] = rect
    strokes = [_strokes(plan, arrow) for arrow in range(len(plan.legs))]
    return _shifted(boxes, labels, strokes)


def _hops(built: Skeleton) -> dict[int, tuple[int, int]]:
    """For each arrow that changes band: its last cell there and its first cell here."""
    return {
        arrow: (legs[0][-1], legs[1][0]) for arrow, legs in enumerate(built.legs) if len(legs) == 2
    }


def _stack(built: Skeleton, y: list[float]) -> list[float]:
    """Move each band below the one before it; the place of the gutter under each band."""
    hops = list(_hops(built).values())
    gutters: list[float] = []
    top = 0.0
    for band in range(built.bands):
        own = [i for i, cell in enumerate(built.cells) if cell.band == band]
        lift = top - min((y[i] - built.cells[i].breadth / 2 for i in own), default=top)
        for i in own:
            y[i] += lift
        bottom = max((y[i] + built.cells[i].breadth / 2 for i in own), default=top)
        tracks = sum(built.cells[out].band == band for out, _ in hops)
        gutters.append(bottom + _GUTTER / 2)
        top = bottom + _GUTTER + _TRACK * max(tracks - 1, 0)
    return gutters


def _ports(built: Skeleton, y: Sequence[float]) -> dict[tuple[int, int, int], float]:
    """Where arrow a, on its way from cell i, enters cell j: key (a, i, j), and out of: (a, j, -1-k).

    Lines arrive as straight as they can, in the order of where they come from, and keep apart.
    """
    entering: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    leaving: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for arrow, legs in enumerate(built.legs):
        for leg in legs:
            for a, b in zip(leg, leg[1:], strict=False):
                leaving[a].append((y[b], arrow, b))
                entering[b].append((y[a], arrow, a))
    ports: dict[tuple[int, int, int], float] = {}
    for sign, side in ((1, entering), (-1, leaving)):
        for cell, links in side.items():
            links.sort()
            half = max(built.cells[cell].breadth / 2 - _PORT_INSET, 0.0)
            if built.cells[cell].kind != "box":
                half = 0.0
            places = _fanned([wish for wish, _, _ in links], y[cell] - half, y[cell] + half)
            for (_, arrow, other), place in zip(links, places, strict=True):
                ports[(arrow, other, cell) if sign > 0 else (arrow, cell, -1 - other)] = place
    return ports


def _fanned(wish: Sequence[float], low: float, high: float) -> list[float]:
    """Places in [low, high], in order, near `wish` and apart from each other."""
    gaps = len(wish) - 1
    apart = min(_PORT_DISTANCE, (high - low) / gaps) if gaps else 0.0
    held = [min(max(w, low), high) for w in wish]
    places = spread(held, [apart] * gaps)
    places = [min(p, high - apart * (gaps - k)) for k, p in enumerate(places)]
    return [max(p, low + apart * k) for k, p in enumerate(places)]


def _columns(
    built: Skeleton, ports: dict[tuple[int, int, int], float]
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """First and last x of each (band, column). A gap is wider where its lines are steeper."""
    length: dict[tuple[int, int], float] = defaultdict(float)
    climb: dict[tuple[int, int], float] = defaultdict(float)
    for cell in built.cells:
        key = cell.band, cell.column
        length[key] = max(length[key], cell.length)
    for arrow, legs in enumerate(built.legs):
        for leg in legs:
            for a, b in zip(leg, leg[1:], strict=False):
                key = built.cells[a].band, built.cells[a].column
                rise = abs(ports[arrow, a, b] - ports[arrow, a, -1 - b])
                climb[key] = max(climb[key], rise)
    starts, ends = {}, {}
    x, band = 0.0, -1
    for key in sorted(length):
        if key[0] != band:
            x, band = 0.0, key[0]
        starts[key], ends[key] = x, x + length[key]
        x = ends[key] + min(_NARROW + _STEEPNESS * climb[key], _WIDE)
    return starts, ends


def _strokes(plan: _Plan, arrow: int) -> list[Stroke]:
    """The strokes of an arrow: a new one begins behind its label."""
    strokes: list[Stroke] = []
    pen = _Pen()
    for number, leg in enumerate(plan.legs[arrow]):
        if number == 1:
            _hop(plan, arrow, pen)
        for a, b in zip(leg, leg[1:], strict=False):
            _step(plan, arrow, a, b, pen)
            if plan.cells[b].kind == "label":
                strokes.append(tuple(pen.pieces))
                pen = _Pen()
    return [*strokes, tuple(pen.pieces)]


def _step(plan: _Plan, arrow: int, a: int, b: int, pen: _Pen) -> None:
    """From the side of cell a across the gap to the side of cell b."""
    tail, head = plan.cells[a], plan.cells[b]
    y0, y1 = plan.ports[arrow, a, -1 - b], plan.ports[arrow, a, b]
    x0, x1 = plan.ends[tail.band, tail.column], plan.starts[head.band, head.column]
    pen.move((plan.x(tail) + tail.length / 2, y0))
    if y0 != y1:
        x1 -= TIP if head.kind == "box" else 0.0
        pen.move((x0, y0))
        bend = (x1 - x0) * 0.55
        pen.move((x0 + bend, y0), (x1 - bend, y1), (x1, y1))
    pen.move((plan.x(head) - head.length / 2, y1))


def _hop(plan: _Plan, arrow: int, pen: _Pen) -> None:
    """From the end of one band, along the gutter below it, to the start of a later band."""
    out, back = plan.hops[arrow]
    tail, head = plan.cells[out], plan.cells[back]
    right, down, left = _tracks(plan, arrow)
    y0, y1 = plan.y[out], plan.y[back]
    x0, x1 = plan.ends[tail.band, tail.column], plan.starts[head.band, head.column]
    xr, xl = x0 + _GUTTER / 2 + _TRACK * right, -_GUTTER / 2 - _TRACK * left
    y = plan.gutters[tail.band] + _TRACK * down
    pen.corner((xr, y0), (xr, y))
    pen.corner((xr, y), (xl, y))
    pen.corner((xl, y), (xl, y1))
    pen.corner((xl, y1), (x1, y1))
    pen.move((x1, y1))


def _tracks(plan: _Plan, arrow: int) -> tuple[int, int, int]:
    """Numbers of the right, gutter and left track, such that neighbours nest, not cross.

    The lowest line out of a band turns first: innermost right, highest in the gutter.
    """
    out, back = plan.hops[arrow]
    band = plan.cells[out].band
    mates = [a for a, (o, _) in plan.hops.items() if plan.cells[o].band == band]
    mates.sort(key=lambda a: (-plan.y[plan.hops[a][0]], a))
    order = mates.index(arrow)
    if plan.cells[back].band == band + 1:
        return order, order, len(mates) - 1 - order
    skipping = [a for a, (o, b) in plan.hops.items() if plan.cells[b].band > plan.cells[o].band + 1]
    return order, order, _most_mates(plan) + skipping.index(arrow)


def _most_mates(plan: _Plan) -> int:
    bands = [plan.cells[out].band for out, _ in plan.hops.values()]
    return max(bands.count(band) for band in bands)


def _shifted(
    boxes: list[Rect], labels: list[Rect | None], strokes: list[list[Stroke]]
) -> Routed:
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


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _between(a: Point, b: Point) -> Point:
    """The control point of a quarter circle, on the way from `a` to the corner `b`."""
    return a[0] + 0.55 * (b[0] - a[0]), a[1] + 0.55 * (b[1] - a[1])
