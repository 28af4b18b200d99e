"""The shapes of a diagram: outlines that tell the kind, lines that tell size and sign."""

from __future__ import annotations

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.diagram import Kind
from autograd_lab.pictures.geometry import Rect, Stroke
from autograd_lab.pictures.style import CORNER, NEGATIVE_DASH, text_on

_HALO = 5.0


def box_outline(
    canvas: Canvas,
    rect: Rect,
    kind: Kind,
    fill: str,
    stroke: str,
    *,
    width: float = 1.2,
    dashed: bool = False,
) -> None:
    """The outline that tells the kind: input round, parameter cut corners, constant square,
    operation rounded, output rounded with a double line.
    """
    extra: dict[str, object] = {"stroke_width": width}
    if dashed:
        extra["stroke_dasharray"] = NEGATIVE_DASH
    canvas.add("path", fill, stroke, d=_outline(rect, kind), **extra)
    if kind == "output":
        inner = Rect(rect.x, rect.y, rect.width - 7, rect.height - 7)
        path = _outline(inner, kind, CORNER - 3)
        ink = text_on(fill) if fill.startswith("#") else stroke
        canvas.add("path", "none", ink, d=path, stroke_width=1)


def halo(canvas: Canvas, rect: Rect, kind: Kind) -> None:
    """The glow behind a box on the asked-for path."""
    canvas.add(
        "path", "halo", "halo", d=_outline(rect, kind), stroke_width=2 * _HALO,
        stroke_linejoin="round",
    )  # fmt: skip


def line_halo(canvas: Canvas, path: str) -> None:
    """The glow behind a line on the asked-for path."""
    canvas.add("path", "none", "halo", d=path, stroke_width=2 * _HALO + 2, stroke_linecap="round")


def line(canvas: Canvas, path: str, color: str, *, sign: int = 0, heavy: bool = False) -> None:
    """A line: dashed when negative, wider when heavy.

    Scale colours get a casing, without which the pale end would vanish on paper.
    """
    width = 2.6 if heavy else 1.6
    dash: dict[str, object] = {"stroke_dasharray": NEGATIVE_DASH} if sign < 0 else {}
    if color.startswith("#"):
        canvas.add("path", "none", "casing", d=path, stroke_width=width + 1.6, **dash)
        width += 0.2
    canvas.add("path", "none", color, d=path, stroke_width=width, **dash)


def stroke_path(stroke: Stroke) -> str:
    """SVG path data of a stroke."""
    found = []
    for index, piece in enumerate(stroke):
        command = "M" if index == 0 else "LxC"[len(piece) - 1]
        found.append(command + " ".join(f"{x:.2f} {y:.2f}" for x, y in piece))
    return "".join(found)


def _outline(rect: Rect, kind: Kind, corner: float = CORNER) -> str:
    left, top, right, bottom = rect.left, rect.top, rect.right, rect.bottom
    if kind == "constant":
        return f"M{left:.2f} {top:.2f}H{right:.2f}V{bottom:.2f}H{left:.2f}Z"
    if kind == "parameter":
        c = min(10.0, 0.3 * rect.height)
        return (
            f"M{left + c:.2f} {top:.2f}H{right - c:.2f}L{right:.2f} {top + c:.2f}"
            f"V{bottom - c:.2f}L{right - c:.2f} {bottom:.2f}H{left + c:.2f}"
            f"L{left:.2f} {bottom - c:.2f}V{top + c:.2f}Z"
        )
    r = rect.height / 2 if kind == "input" else min(corner, 0.24 * rect.height)
    r = min(r, rect.height / 2, rect.width / 2)
    return (
        f"M{left + r:.2f} {top:.2f}H{right - r:.2f}A{r:.2f} {r:.2f} 0 0 1 {right:.2f} {top + r:.2f}"
        f"V{bottom - r:.2f}A{r:.2f} {r:.2f} 0 0 1 {right - r:.2f} {bottom:.2f}H{left + r:.2f}"
        f"A{r:.2f} {r:.2f} 0 0 1 {left:.2f} {bottom - r:.2f}V{top + r:.2f}"
        f"A{r:.2f} {r:.2f} 0 0 1 {left + r:.2f} {top:.2f}Z"
    )
