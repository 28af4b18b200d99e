"""Where words go: beside the ends of curves, and around points without covering anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.geometry import Point
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.measure import fitted, label_width
from autograd_lab.pictures.plots.lines import Area
from autograd_lab.pictures.style import SMALL_SIZE

_PAD = 4.0
_HEIGHT = 1.5 * SMALL_SIZE
_BASELINE = 0.36 * SMALL_SIZE


@dataclass
class Room:
    """What is taken inside a frame: boxes of words, and points of lines."""

    area: Area
    taken: list[Area] = field(default_factory=list)
    ink: list[Point] = field(default_factory=list)

    def draws(self, points: Iterable[Point]) -> None:
        """Remember points of a line."""
        self.ink.extend(points)

    def write(
        self, canvas: Canvas, words: Label, spots: Iterable[Point], color: str = "ink"
    ) -> Area | None:
        """Write words centred on the free spot that covers the fewest points, and remember it.

        Nothing is written if every spot is taken or reaches beyond the frame.
        """
        words = fitted(words, SMALL_SIZE, max(0.8 * self.area.width, 40.0))
        width = label_width(words, SMALL_SIZE) + 2 * _PAD
        best: tuple[float, int, Area] | None = None
        for number, (x, y) in enumerate(spots):
            box = Area(x - width / 2, y - _HEIGHT / 2, x + width / 2, y + _HEIGHT / 2)
            if not self._free(box):
                continue
            covered = sum(box.holds(point) for point in self.ink)
            if best is None or (covered, number) < best[:2]:
                best = (covered, number, box)
            if covered == 0:
                break
        if best is None:
            return None
        self.taken.append(best[2])
        draw_words(canvas, best[2], words, color)
        return best[2]

    def around(self, point: Point, words: Label) -> Iterator[Point]:
        """Spots for words about a point: close by first, then anywhere in the frame."""
        x, y = point
        words = fitted(words, SMALL_SIZE, max(0.8 * self.area.width, 40.0))
        half = label_width(words, SMALL_SIZE) / 2 + _PAD
        for gap in (8.0, 20.0, 36.0, 56.0):
            up = gap + _HEIGHT / 2
            yield from (
                (x, y - up),
                (x + gap + half, y - up + 4),
                (x - gap - half, y - up + 4),
                (x + gap + half, y),
                (x - gap - half, y),
                (x, y + up),
                (x + gap + half, y + up - 4),
                (x - gap - half, y + up - 4),
            )
        rows = int(self.area.height / (_HEIGHT + 2))
        for row in range(rows):
            height = self.area.top + (row + 0.5) * (self.area.height / rows)
            for share in (0.5, 0.25, 0.75, 0.0, 1.0):
                inside = self.area.width - 2 * half - 2
                yield self.area.left + half + 1 + share * inside, height

    def _free(self, box: Area) -> bool:
        corners = (box.left, box.top), (box.right, box.bottom)
        inside = all(self.area.holds(corner) for corner in corners)
        return inside and not any(meet(box, other) for other in self.taken)


def meet(one: Area, other: Area) -> bool:
    """Whether two boxes overlap."""
    across = one.left < other.right and other.left < one.right
    return across and one.top < other.bottom and other.top < one.bottom


def draw_words(canvas: Canvas, box: Area, words: Label, color: str = "ink") -> None:
    """Words in the middle of a box, on a ground that hides the grid."""
    canvas.add("rect", "paper", x=box.left, y=box.top, width=box.width, height=box.height, rx=3)
    middle = (box.left + box.right) / 2
    baseline = (box.top + box.bottom) / 2 + _BASELINE
    canvas.text(middle, baseline, words, SMALL_SIZE, color, "middle")


def spread(heights: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Heights moved as little as possible so that neighbours are `gap` apart, within top to bottom.

    Least squares, by pooling neighbours that are too close; gaps shrink if there is no room.

    >>> spread([10, 12, 50], 10, 0, 100)
    [6.0, 16.0, 50]
    """
    order = sorted(range(len(heights)), key=lambda k: (heights[k], k))
    if len(heights) > 1:
        gap = min(gap, (bottom - top) / (len(heights) - 1))
    pools: list[tuple[float, int]] = []  # the mean of heights less their share of gaps, and count
    for rank, k in enumerate(order):
        pools.append((heights[k] - rank * gap, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [((a * m + b * n) / (m + n), m + n)]
    levels = [mean for mean, count in pools for _ in range(count)]
    highest = bottom - gap * (len(heights) - 1)
    found = [0.0] * len(heights)
    for rank, k in enumerate(order):
        found[k] = min(max(levels[rank], top), highest) + rank * gap
    return found
