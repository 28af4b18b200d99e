"""How series are told apart: colour, dash and sign together, so that none is needed alone.

Every colour has a contrast of at least 3 to the paper of both themes (WCAG 2.2, 1.4.11), so a
figure may change its theme without being drawn again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.geometry import Point
from autograd_lab.pictures.plots.items import NAMED, Item

COLORS = (
    "#1f77c9",
    "#d1570e",
    "#12906f",
    "#b0529e",
    "#8b7a17",
    "#7a66d6",
    "#c94a5a",
    "#178fa3",
)
DASHES = ("", "8 3", "2.5 2.5", "10 3 2.5 3", "5 2", "12 3 2.5 3 2.5 3", "1.5 4")
WIDTH = 1.9
HEAVY_WIDTH = 3.0
_SIGNS = ("dot", "square", "diamond", "triangle", "ring", "cross")
_REACH = 3.4


@dataclass(frozen=True)
class Look:
    """The colour, dash and sign of the n-th name."""

    number: int

    @property
    def color(self) -> str:
        return COLORS[self.number % len(COLORS)]

    @property
    def dash(self) -> dict[str, object]:
        found = DASHES[self.number % len(DASHES)]
        return {"stroke_dasharray": found} if found else {}

    @property
    def sign(self) -> str:
        return _SIGNS[self.number % len(_SIGNS)]

    def line(self, canvas: Canvas, data: str, *, heavy: bool = False) -> None:
        """Draw path data as a line of this look."""
        width = HEAVY_WIDTH if heavy else WIDTH
        canvas.add(
            "path", "none", self.color, d=data, stroke_width=width, stroke_linejoin="round",
            **self.dash,
        )  # fmt: skip

    def dot(self, canvas: Canvas, point: Point, reach: float = _REACH) -> None:
        """Draw the sign of this look."""
        draw_sign(canvas, self.sign, self.color, point, reach)


def looks(items: Iterable[Item]) -> dict[str, Look]:
    """A look for every name, in the order of first appearance."""
    names = dict.fromkeys(item.name for item in items if isinstance(item, NAMED))
    return {name: Look(number) for number, name in enumerate(names)}


def draw_sign(canvas: Canvas, sign: str, color: str, point: Point, reach: float) -> None:
    """A dot, square, diamond, triangle, ring or cross around a point."""
    x, y = point
    r = reach
    if sign in ("dot", "ring"):
        fill, stroke = ("none", color) if sign == "ring" else (color, "paper")
        width = 1.5 if sign == "ring" else 0.8
        canvas.add(
            "rect", fill, stroke, x=x - r, y=y - r, width=2 * r, height=2 * r, rx=r,
            stroke_width=width,
        )  # fmt: skip
        return
    if sign == "cross":
        data = f"M{x - r:.2f} {y - r:.2f}L{x + r:.2f} {y + r:.2f}"
        data += f"M{x - r:.2f} {y + r:.2f}L{x + r:.2f} {y - r:.2f}"
        canvas.add("path", "none", color, d=data, stroke_width=1.7)
        return
    corners = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "triangle": ((0, -1.25), (1.15, 0.85), (-1.15, 0.85)),
    }[sign]
    points = " ".join(f"{x + a * r:.2f},{y + b * r:.2f}" for a, b in corners)
    canvas.add("polygon", color, "paper", points=points, stroke_width=0.8)
