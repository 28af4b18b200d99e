"""From a diagram to cells in columns: boxes, room for labels, and bends where edges pass by.

Every edge becomes legs: chains of cells in neighbouring columns of one band. A line between two
neighbouring columns needs only the gap between them, so no edge can touch a box or a label that
is not its own, whichever engine places the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograd_lab.pictures.diagram import MAX_ARROWS, MAX_EFFORT, Diagram, TooLargeError
from autograd_lab.pictures.ranks import Edge, effort, folded, ranked, slots

CellKind = Literal["box", "label", "bend"]
Size = tuple[float, float]

GAP = 42.0
_MARGIN: dict[CellKind, float] = {"box": 20.0, "label": 12.0, "bend": 14.0}


@dataclass(frozen=True)
class Cell:
    """`length` along the direction of reading, `breadth` across it; `index` of box or arrow."""

    kind: CellKind
    index: int
    band: int
    column: int
    length: float = 0.0
    breadth: float = 0.0

    @property
    def room(self) -> float:
        """Breadth with the free space that this kind of cell wants around it."""
        return self.breadth + _MARGIN[self.kind]


@dataclass
class Skeleton:
    """Cells (the boxes first, in order) and, for each arrow, its legs as lists of cells."""

    cells: list[Cell] = field(default_factory=list)
    legs: list[list[list[int]]] = field(default_factory=list)
    bands: int = 1

    def add(self, cell: Cell) -> int:
        self.cells.append(cell)
        return len(self.cells) - 1


def skeleton(
    diagram: Diagram,
    box_sizes: Sequence[Size],
    label_sizes: Sequence[Size | None],
    limit: float,
) -> Skeleton:
    """Columns, bands and legs of a diagram; sizes are (length, breadth).

    `limit` is the length in pixels above which the diagram is folded into bands.
    Errors: TooLargeError above the budget, UsageError for a cycle.
    """
    number = {box.id: index for index, box in enumerate(diagram.boxes)}
    edges = [(number[arrow.tail], number[arrow.head]) for arrow in diagram.arrows]
    rank = ranked(len(diagram.boxes), edges)
    work = effort(rank, edges)
    if work > MAX_EFFORT or len(edges) > MAX_ARROWS:
        raise TooLargeError(len(diagram.boxes), len(edges), work)
    # With labels, every second column belongs to them.
    step = 2 if any(label_sizes) else 1
    band = _bands(diagram, edges, rank, box_sizes, label_sizes, limit)
    built = Skeleton(bands=max(band, default=0) + 1)
    for index, (length, breadth) in enumerate(box_sizes):
        built.add(Cell("box", index, band[index], step * rank[index], length, breadth))
    label_cells = []
    for index, ((_, head), size) in enumerate(zip(edges, label_sizes, strict=True)):
        column = step * rank[head] - 1
        cell = Cell("label", index, band[head], column, *size) if size else None
        label_cells.append(None if cell is None else built.add(cell))
    ends = _band_ends(built, edges)
    for (tail, head), label in zip(edges, label_cells, strict=True):
        built.legs.append(_legs(built, tail, head, label, ends))
    return built


def _bands(
    diagram: Diagram,
    edges: Sequence[Edge],
    rank: Sequence[int],
    box_sizes: Sequence[Size],
    label_sizes: Sequence[Size | None],
    limit: float,
) -> list[int]:
    """The band of each box."""
    slot = slots(rank, edges)
    count = max(slot, default=-1) + 1
    boxes, labels = [0.0] * count, [0.0] * count
    for own, (length, _) in zip(slot, box_sizes, strict=True):
        boxes[own] = max(boxes[own], length)
    for (_, head), size in zip(edges, label_sizes, strict=True):
        labels[slot[head]] = max(labels[slot[head]], size[0] if size else 0.0)
    lengths = [
        box + GAP + (label + GAP if label else 0.0)
        for box, label in zip(boxes, labels, strict=True)
    ]
    spans = [(slot[tail], slot[head]) for tail, head in edges]
    crossings = [sum(low <= s < high for low, high in spans) for s in range(count - 1)]
    band_of_slot = folded(lengths, limit, crossings, _splits(diagram, slot, count))
    return [band_of_slot[own] for own in slot]


def _splits(diagram: Diagram, slot: Sequence[int], count: int) -> list[bool]:
    """For each cut between slots s and s + 1, whether it divides a group."""
    reach: dict[str, tuple[int, int]] = {}
    for box, own in zip(diagram.boxes, slot, strict=True):
        if box.group:
            low, high = reach.get(box.group, (own, own))
            reach[box.group] = min(low, own), max(high, own)
    splits = [False] * max(count - 1, 0)
    for low, high in reach.values():
        splits[low:high] = [True] * (high - low)
    return splits


def _band_ends(built: Skeleton, edges: Sequence[Edge]) -> list[Edge]:
    """First and last column of each band, with a column more where edges enter or leave."""
    ends = []
    for band in range(built.bands):
        columns = [cell.column for cell in built.cells if cell.band == band]
        ends.append((min(columns, default=0), max(columns, default=0)))
    for tail, head in edges:
        if built.cells[tail].band != built.cells[head].band:
            leaving, entering = built.cells[tail].band, built.cells[head].band
            own = [cell.column for cell in built.cells if cell.band == leaving]
            ends[leaving] = ends[leaving][0], max(own) + 1
            own = [cell.column for cell in built.cells if cell.band == entering]
            ends[entering] = min(own) - 1, ends[entering][1]
    return ends


def _legs(
    built: Skeleton, tail: int, head: int, label: int | None, ends: Sequence[Edge]
) -> list[list[int]]:
    leaving, entering = built.cells[tail].band, built.cells[head].band
    if leaving == entering:
        return [_leg(built, [tail, label, head])]
    out = built.add(Cell("bend", -1, leaving, ends[leaving][1]))
    back = built.add(Cell("bend", -1, entering, ends[entering][0]))
    return [_leg(built, [tail, out]), _leg(built, [back, label, head])]


def _leg(built: Skeleton, stops: Sequence[int | None]) -> list[int]:
    """The chain of cells through `stops`, with a bend in every column between them."""
    chain: list[int] = []
    for stop in stops:
        if stop is None:
            continue
        if chain:
            before, band = built.cells[chain[-1]].column, built.cells[stop].band
            between = range(before + 1, built.cells[stop].column)
            chain += [built.add(Cell("bend", -1, band, column)) for column in between]
        chain.append(stop)
    return chain
