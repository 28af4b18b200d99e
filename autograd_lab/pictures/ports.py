"""Where lines leave and enter the cells, and how wide the gaps between columns are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from autograd_lab.pictures.layered import spread
from autograd_lab.pictures.skeleton import Skeleton

_PORT_DISTANCE, _PORT_INSET = 12.0, 10.0
_NARROW, _WIDE, _STEEPNESS = 26.0, 96.0, 0.22
_FIXED, _WANTED = 1e6, 10.0
_PASSES = 2

# A side of a cell: (arrow, cell).
Side = tuple[int, int]
Column = tuple[int, int]


@dataclass
class Ports:
    """Places across the direction of reading where an arrow leaves and enters a cell."""

    leaving: dict[Side, float] = field(default_factory=dict)
    entering: dict[Side, float] = field(default_factory=dict)


def steps(built: Skeleton) -> Iterator[tuple[int, int, int]]:
    """All (arrow, cell, next cell), in the order of the arrows."""
    for arrow, legs in enumerate(built.legs):
        for leg in legs:
            for a, b in pairwise(leg):
                yield arrow, a, b


def ports(built: Skeleton, y: Sequence[float]) -> Ports:
    """Lines arrive as straight as they can, in the order of where they come from, and apart."""
    tails: dict[int, list[tuple[float, int]]] = defaultdict(list)
    heads: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for arrow, a, b in steps(built):
        heads[a].append((y[b], arrow))
        tails[b].append((y[a], arrow))
    found = Ports()
    for links_of, side in ((heads, found.leaving), (tails, found.entering)):
        for cell, links in links_of.items():
            links.sort()
            box = built.cells[cell].kind == "box"
            half = max(built.cells[cell].breadth / 2 - _PORT_INSET, 0.0) if box else 0.0
            places = _fanned([wish for wish, _ in links], y[cell] - half, y[cell] + half)
            for (_, arrow), place in zip(links, places, strict=True):
                side[arrow, cell] = place
    return found


def straightened(built: Skeleton, y: Sequence[float], emphasis: Sequence[bool]) -> list[float]:
    """Labels and bends moved to where their line comes from, as far as their column has room.

    The boxes stay, and so does the order in every column: only needless waves go.
    """
    y = list(y)
    columns: dict[Column, list[int]] = defaultdict(list)
    for index, own in enumerate(built.cells):
        columns[own.band, own.column].append(index)
    loose = [cell.kind != "box" for cell in built.cells]
    before = {b: (arrow, a) for arrow, a, b in steps(built) if loose[b]}
    after = {a: (arrow, b) for arrow, a, b in steps(built) if loose[a]}
    for _ in range(_PASSES):
        found = ports(built, y)
        for key in sorted(columns):
            cells = sorted(columns[key], key=lambda cell: (y[cell], cell))
            wish, weights = [], []
            for cell in cells:
                line = cell in before
                goal = (
                    _straight(built, y, found, before[cell], after.get(cell)) if line else y[cell]
                )
                wish.append(goal)
                wanted = line and emphasis[before[cell][0]]
                weights.append((_WANTED if wanted else 1.0) if loose[cell] else _FIXED)
            rooms = [built.cells[cell].room / 2 for cell in cells]
            gaps = [a + b for a, b in pairwise(rooms)]
            for cell, place in zip(cells, spread(wish, gaps, weights), strict=True):
                y[cell] = place
    return y


def _straight(
    built: Skeleton, y: Sequence[float], found: Ports, tail: Side, head: Side | None
) -> float:
    """Where a line needs no wave: at its port on the head, if the tail reaches so far."""
    box = built.cells[tail[1]]
    if box.kind != "box":
        return y[tail[1]]
    reach = box.breadth / 2 - _PORT_INSET
    goal = found.entering[head] if head else found.leaving[tail]
    return goal if abs(goal - y[tail[1]]) <= reach else found.leaving[tail]


def columns_along(built: Skeleton, found: Ports) -> tuple[dict[Column, float], dict[Column, float]]:
    """First and last x of each (band, column). A gap is wider where its lines are steeper."""
    length: dict[Column, float] = defaultdict(float)
    climb: dict[Column, float] = defaultdict(float)
    for cell in built.cells:
        key = cell.band, cell.column
        length[key] = max(length[key], cell.length)
    for arrow, a, b in steps(built):
        key = built.cells[a].band, built.cells[a].column
        climb[key] = max(climb[key], abs(found.entering[arrow, b] - found.leaving[arrow, a]))
    starts, ends = {}, {}
    x, band = 0.0, -1
    for key in sorted(length):
        if key[0] != band:
            x, band = 0.0, key[0]
        starts[key], ends[key] = x, x + length[key]
        x = ends[key] + min(_NARROW + _STEEPNESS * climb[key], _WIDE)
    return starts, ends


def _fanned(wish: Sequence[float], low: float, high: float) -> list[float]:
    """Places in [low, high], in order, near `wish` and apart from each other."""
    gaps = len(wish) - 1
    apart = min(_PORT_DISTANCE, (high - low) / gaps) if gaps else 0.0
    places = spread([min(max(w, low), high) for w in wish], [apart] * gaps)
    places = [min(p, high - apart * (gaps - k)) for k, p in enumerate(places)]
    return [max(p, low + apart * k) for k, p in enumerate(places)]
