"""Where everything is drawn: boxes, labels and lines of a diagram, in pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from autograd_lab.pictures.diagram import Arrow, Box, Diagram, Direction
from autograd_lab.pictures.engines import Engine, EngineName, placed
from autograd_lab.pictures.geometry import Point, Rect, Stroke
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.layered import Problem
from autograd_lab.pictures.measure import fitted, label_width, text_width
from autograd_lab.pictures.routes import hops, routed
from autograd_lab.pictures.skeleton import GAP, Skeleton, skeleton
from autograd_lab.pictures.style import HEADING_SIZE, LINE_HEIGHT, SMALL_SIZE, TEXT_SIZE

ROW_LENGTH: dict[Direction, float] = {"LR": 1_560.0, "TB": 1_100.0}
WEAKEST = "weakest"

_WIDEST_TEXT = 260.0
_BOX_PADDING = 13.0, 8.0
_LABEL_PADDING = 7.0, 3.0
_SMALLEST_BOX = 46.0


@dataclass(frozen=True)
class Layout:
    """Rectangles in the order of boxes and arrows (None: an arrow without a label), and strokes.

    The strokes of an arrow leave its label free and end at the head, where the tip is drawn.
    """

    width: float
    height: float
    boxes: tuple[Rect, ...]
    labels: tuple[Rect | None, ...]
    strokes: tuple[tuple[Stroke, ...], ...]
    bands: int
    engine: EngineName
    notes: tuple[str, ...] = ()


def layout(diagram: Diagram, engine: Engine = "auto") -> Layout:
    """Place a diagram. A long one is folded into rows (columns for direction "TB").

    Errors: UsageError for a broken diagram or a cycle, TooLargeError above the budget, and those
    of the engine asked for by name.

    >>> x, y = Box("x", Label.of("x")), Box("y", Label.of("y"))
    >>> found = layout(Diagram("t", boxes=(x, y), arrows=(Arrow("x", "y"),)), "builtin")
    >>> found.boxes[0].right < found.boxes[1].left
    True
    """
    diagram = diagram.checked()
    turn = _turned if diagram.direction == "TB" else _as_is
    sizes = [turn(box_size(box)) for box in diagram.boxes]
    labels = [_turned_label(arrow, turn) for arrow in diagram.arrows]
    built = skeleton(diagram, sizes, labels, _row_length(diagram, sizes, labels))
    problems, members = _problems(built, diagram)
    placing = placed(problems, engine)
    across = [0.0] * len(built.cells)
    for cells, places in zip(members, placing.places, strict=True):
        for cell, place in zip(cells, places, strict=True):
            across[cell] = place
    _mirror(built, across)
    found = routed(built, across, emphasis=[arrow.emphasized for arrow in diagram.arrows])
    width, height = turn((found.length, found.breadth))
    return Layout(
        width,
        height,
        boxes=tuple(rect.turned(turn) for rect in found.boxes),
        labels=tuple(rect and rect.turned(turn) for rect in found.labels),
        strokes=tuple(
            tuple(tuple(tuple(map(turn, piece)) for piece in stroke) for stroke in strokes)
            for strokes in found.strokes
        ),
        bands=built.bands,
        engine=placing.engine,
        notes=placing.notes,
    )


def box_texts(box: Box) -> tuple[Label, tuple[Label, ...]]:
    """Title and lines of a box as they are drawn: safe, and no wider than a box may be."""
    lines = tuple(fitted(line, TEXT_SIZE, _WIDEST_TEXT) for line in box.lines)
    return fitted(box.title, HEADING_SIZE, _WIDEST_TEXT), lines


def arrow_text(arrow: Arrow) -> Label:
    """The label of an arrow as it is drawn, its sign included."""
    return fitted(arrow.drawn_label(), TEXT_SIZE, _WIDEST_TEXT)


def box_size(box: Box) -> tuple[float, float]:
    """Width and height of a box, in pixels, from its measured text."""
    title, lines = box_texts(box)
    widths = [label_width(title, HEADING_SIZE), *(label_width(x, TEXT_SIZE) for x in lines)]
    height = LINE_HEIGHT * (HEADING_SIZE + TEXT_SIZE * len(lines)) + 2 * _BOX_PADDING[1]
    # Round and slanted ends take room from the text in them.
    ends = {"input": 0.3, "parameter": 0.16}.get(box.kind, 0.0) * height
    width = max(widths) + 2 * _BOX_PADDING[0] + ends
    return float(math.ceil(max(width, _SMALLEST_BOX))), float(math.ceil(height))


def label_size(arrow: Arrow) -> tuple[float, float] | None:
    """Width and height of an arrow's label with its tag, or None when it has neither."""
    text = arrow_text(arrow)
    if not text and not arrow.weakest:
        return None
    width, height = label_width(text, TEXT_SIZE), LINE_HEIGHT * TEXT_SIZE
    if arrow.weakest:
        width = max(width, text_width(WEAKEST, SMALL_SIZE))
        height += LINE_HEIGHT * SMALL_SIZE
    across, down = _LABEL_PADDING
    return float(math.ceil(width + 2 * across)), float(math.ceil(height + 2 * down))


def _turned(point: Point) -> Point:
    return point[1], point[0]


def _as_is(point: Point) -> Point:
    return point


def _turned_label(arrow: Arrow, turn: Callable[[Point], Point]) -> Point | None:
    size = label_size(arrow)
    return size and turn(size)


def _row_length(diagram: Diagram, sizes: list[Point], labels: list[Point | None]) -> float:
    """Rows grow with the diagram, so that a very long one does not become a narrow tower."""
    area = sum((length + GAP) * (breadth + GAP) for length, breadth in sizes)
    area += sum((size[0] + GAP) * (size[1] + GAP) for size in labels if size)
    return max(ROW_LENGTH[diagram.direction], min(1.1 * math.sqrt(area), 2_400.0))


def _problems(built: Skeleton, diagram: Diagram) -> tuple[list[Problem], list[list[int]]]:
    """One placing problem per band, and the cells that each is about."""
    members: list[list[int]] = [[] for _ in range(built.bands)]
    local = []
    for index, cell in enumerate(built.cells):
        local.append(len(members[cell.band]))
        members[cell.band].append(index)
    links: list[list[tuple[int, int, int]]] = [[] for _ in range(built.bands)]
    for arrow, legs in zip(diagram.arrows, built.legs, strict=True):
        for leg in legs:
            for a, b in pairwise(leg):
                bends = (built.cells[a].kind == "bend") + (built.cells[b].kind == "bend")
                weight = (1, 3, 6)[bends] + 8 * arrow.emphasized
                links[built.cells[a].band].append((local[a], local[b], weight))
    problems = [
        Problem(
            tuple(built.cells[c].column for c in cells),
            tuple(built.cells[c].room for c in cells),
            tuple(links[band]),
        )
        for band, cells in enumerate(members)
    ]
    return problems, members


def _mirror(built: Skeleton, across: list[float]) -> None:
    """Turn a band upside down where the lines that enter it would mostly cross each other."""
    for band in range(1, built.bands):
        pairs = [(o, i) for o, i in hops(built).values() if built.cells[i].band == band]
        order = [across[i] for _, i in sorted(pairs, key=lambda p: (across[p[0]], p))]
        crossed = sum(a > b for k, b in enumerate(order) for a in order[:k])
        if 4 * crossed > len(order) * (len(order) - 1):
            for index, cell in enumerate(built.cells):
                if cell.band == band:
                    across[index] = -across[index]
