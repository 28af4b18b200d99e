"""Points, rectangles and strokes: what a layout is made of, in pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Point = tuple[float, float]
# The first piece is the start; then (end,) is a straight line, (c1, c2, end) a cubic curve.
Stroke = tuple[tuple[Point, ...], ...]

_TURN = 9.0
_QUARTER = 0.5523  # control points of a cubic that comes closest to a quarter circle


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
class Pen:
    """Collects the pieces of one stroke; a piece of no length is left out."""

    pieces: list[tuple[Point, ...]] = field(default_factory=list)

    def move(self, *points: Point) -> None:
        """Start at a point, go straight to a point, or along the cubic (c1, c2, end)."""
        if not self.pieces or self.pieces[-1][-1] != points[-1]:
            self.pieces.append(points)

    def corner(self, at: Point, toward: Point) -> None:
        """Go straight to `at` and turn there toward the next point, with a round corner."""
        before, after = _short_of(at, self.pieces[-1][-1]), _short_of(at, toward)
        self.move(before)
        self.move(_between(before, at), _between(after, at), after)


def _short_of(corner: Point, other: Point) -> Point:
    """The point one radius before the corner (or half of a shorter way), seen from `other`."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    way = abs(dx) + abs(dy)
    part = min(_TURN, way / 2) / way if way else 0.0
    return corner[0] + part * dx, corner[1] + part * dy


def _between(start: Point, corner: Point) -> Point:
    x, y = start
    return x + _QUARTER * (corner[0] - x), y + _QUARTER * (corner[1] - y)
