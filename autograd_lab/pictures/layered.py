"""A layered layout of our own: order cells in columns, then place them, without any program.

Ordering is the barycentre heuristic (Sugiyama, Tagawa and Toda, 1981); places are least squares
with minimal distances, solved exactly per column by pooling adjacent violators.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 16
_RELAXATIONS = 24


@dataclass(frozen=True)
class Problem:
    """Cells in columns: each has a column and a breadth (with its margins) across the columns.

    `links` are (tail, head, weight) between neighbouring columns; heavy links want to be straight.
    """

    columns: tuple[int, ...]
    breadths: tuple[float, ...]
    links: tuple[tuple[int, int, int], ...]


def place(problem: Problem) -> list[float]:
    """The centre of each cell across the columns, in pixels.

    >>> place(Problem((0, 0, 1), (10.0, 10.0, 10.0), ((0, 2, 1), (1, 2, 1))))
    [0.0, 10.0, 5.0]
    """
    columns = _ordered(problem)
    at = [0.0] * len(problem.columns)
    for cells in columns:
        for index, cell in enumerate(cells[1:]):
            before = cells[index]
            at[cell] = at[before] + (problem.breadths[before] + problem.breadths[cell]) / 2
    neighbours = _neighbours(problem)
    pull = [1.0 + sum(weight for _, weight in near) ** 2 for near in neighbours]
    for sweep in range(_RELAXATIONS):
        for cells in columns if sweep % 2 else columns[::-1]:
            wish = [_mean(at, neighbours[cell], at[cell]) for cell in cells]
            _settle(cells, wish, problem.breadths, at, [pull[cell] for cell in cells])
    top = min(at, default=0.0)
    return [round(y - top, 3) for y in at]


def legal(problem: Problem, at: Sequence[float]) -> list[float]:
    """The nearest places (least squares) in the same order, with no two cells of a column closer
    than their breadths allow.

    >>> legal(Problem((0, 0), (10.0, 10.0), ()), [0.0, 4.0])
    [-3.0, 7.0]
    """
    settled = list(at)
    for column in sorted(set(problem.columns)):
        cells = [c for c, own in enumerate(problem.columns) if own == column]
        cells.sort(key=lambda cell: (at[cell], cell))
        _settle(cells, [at[cell] for cell in cells], problem.breadths, settled)
    return settled


def spread(
    wish: Sequence[float], gaps: Sequence[float], weights: Sequence[float] | None = None
) -> list[float]:
    """Places nearest to `wish` (weighted least squares), place k + 1 `gaps[k]` or more after k.

    >>> spread([0.0, 0.0, 9.0], [2.0, 2.0])
    [-1.0, 1.0, 9.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    weights = weights or [1.0] * len(wish)
    pools: list[tuple[float, float, int]] = []
    for value, offset, weight in zip(wish, offsets, weights, strict=False):
        level, mass, size = value - offset, weight, 1
        while pools and pools[-1][0] > level:
            other, weight, count = pools.pop()
            level = (level * mass + other * weight) / (mass + weight)
            mass, size = mass + weight, size + count
        pools.append((level, mass, size))
    levels = [level for level, _, size in pools for _ in range(size)]
    return [level + offset for level, offset in zip(levels, offsets, strict=False)]


def _settle(
    cells: Sequence[int],
    wish: Sequence[float],
    breadths: Sequence[float],
    at: list[float],
    weights: Sequence[float] | None = None,
) -> None:
    halves = [breadths[cell] / 2 for cell in cells]
    gaps = [a + b for a, b in pairwise(halves)]
    for cell, y in zip(cells, spread(wish, gaps, weights), strict=True):
        at[cell] = y


def _neighbours(problem: Problem) -> list[list[tuple[int, int]]]:
    found: list[list[tuple[int, int]]] = [[] for _ in problem.columns]
    for tail, head, weight in problem.links:
        found[tail].append((head, weight))
        found[head].append((tail, weight))
    return found


def _mean(at: Sequence[float], near: Sequence[tuple[int, int]], own: float) -> float:
    total = sum(weight for _, weight in near)
    return sum(at[cell] * weight for cell, weight in near) / total if total else own


def _ordered(problem: Problem) -> list[list[int]]:
    """Columns as lists of cells, ordered so that few links cross."""
    names = sorted(set(problem.columns))
    start = {column: [c for c, own in enumerate(problem.columns) if own == column]
             for column in names}  # fmt: skip
    columns = [start[name] for name in names]
    neighbours = _neighbours(problem)
    best, fewest = columns, _crossings(columns, problem)
    for sweep in range(_SWEEPS):
        step = 1 if sweep % 2 == 0 else -1
        place_of = {cell: float(k) for cells in columns for k, cell in enumerate(cells)}
        swept: list[list[int]] = []
        for cells in columns[::step]:
            column = problem.columns[cells[0]]
            centre = {
                cell: _mean_place(place_of, neighbours[cell], problem.columns, column - step)
                for cell in cells
            }
            ordered = sorted(cells, key=lambda cell: (centre[cell], place_of[cell]))
            place_of.update({cell: float(k) for k, cell in enumerate(ordered)})
            swept.append(ordered)
        columns = swept[::step]
        crossings = _crossings(columns, problem)
        if crossings < fewest:
            best, fewest = columns, crossings
    return best


def _mean_place(
    place_of: dict[int, float],
    near: Sequence[tuple[int, int]],
    columns: Sequence[int],
    column: int,
) -> float:
    """Barycentre of the neighbours in `column`; without any, of all neighbours."""
    places = [place_of[cell] for cell, _ in near if columns[cell] == column]
    places = places or [place_of[cell] for cell, _ in near]
    return sum(places) / len(places) if places else 0.0


def _crossings(columns: Sequence[Sequence[int]], problem: Problem) -> int:
    place_of = {cell: k for cells in columns for k, cell in enumerate(cells)}
    gaps: dict[int, list[tuple[int, int]]] = {}
    for tail, head, _ in problem.links:
        gaps.setdefault(problem.columns[tail], []).append((place_of[tail], place_of[head]))
    total = 0
    for links in gaps.values():
        heads: list[int] = []
        for _, head in sorted(links):
            total += len(heads) - bisect_right(heads, head)
            insort(heads, head)
    return total
