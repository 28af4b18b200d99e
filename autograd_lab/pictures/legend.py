"""The legend under a diagram: the colour scale, and every mark that the diagram uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.diagram import KINDS, Arrow, Box, Diagram, Kind, is_colored
from autograd_lab.pictures.geometry import Rect
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.measure import fitted, label_width
from autograd_lab.pictures.shapes import box_outline, line, line_halo
from autograd_lab.pictures.style import SCALE_STOPS, SMALL_SIZE, Scale

Draw = Callable[[Canvas, float, float], None]

_BAR = 240.0, 12.0
_SWATCH = 34.0
_ROW = 27.0
_BETWEEN = 26.0
_SCALE_HEIGHT = 62.0


@dataclass(frozen=True)
class Entry:
    """A swatch, drawn from its left end and middle line, and the words beside it."""

    draw: Draw
    words: Label

    @property
    def width(self) -> float:
        return _SWATCH + 8 + label_width(self.words, SMALL_SIZE)


def legend_height(diagram: Diagram, width: float) -> float:
    """Height of the legend in a picture whose content is `width` pixels wide."""
    scale = _SCALE_HEIGHT if diagram.color_scale() else 0.0
    return scale + _ROW * len(_rows(_entries(diagram), width))


def draw_legend(canvas: Canvas, diagram: Diagram, x: float, y: float, width: float) -> None:
    """Draw the legend with its upper left corner at (x, y)."""
    scale = diagram.color_scale()
    if scale:
        draw_scale(canvas, scale, fitted(diagram.scale_label, SMALL_SIZE, width), x, y)
        y += _SCALE_HEIGHT
    for row in _rows(_entries(diagram), width):
        left, middle = x, y + _ROW / 2
        for entry in row:
            entry.draw(canvas, left, middle)
            canvas.text(
                left + _SWATCH + 8, middle + 0.36 * SMALL_SIZE, entry.words, SMALL_SIZE, "muted"
            )
            left += entry.width + _BETWEEN
        y += _ROW


def draw_scale(canvas: Canvas, scale: Scale, heading: Label, x: float, y: float) -> None:
    """The colour bar with its decades, 10⁻⁴ and so on, under a heading."""
    width, height = _BAR
    canvas.text(x, y + SMALL_SIZE, heading, SMALL_SIZE, "muted")
    top = y + SMALL_SIZE + 9
    paint = canvas.gradient(SCALE_STOPS)
    x += 12  # half of the first decade's words
    canvas.add("rect", paint, "rule", x=x, y=top, width=width, height=height, rx=3)
    for power in scale.ticks():
        at = x + width * (power - scale.low) / (scale.high - scale.low)
        canvas.add("path", "none", "rule", d=f"M{at:.2f} {top + height:.2f}v4")
        words = Label.of("10", sup=str(power).replace("-", "−")) if power else Label.of("1")
        canvas.text(at, top + height + 17, words, SMALL_SIZE, "muted", "middle")


def _entries(diagram: Diagram) -> list[Entry]:
    used = {box.kind for box in diagram.boxes}
    entries = [Entry(_kind_swatch(kind), Label.of(kind)) for kind in KINDS if kind in used]
    items: tuple[Box | Arrow, ...] = (*diagram.boxes, *diagram.arrows)
    if diagram.color_scale() and any(not is_colored(box.magnitude) for box in diagram.boxes):
        entries.append(Entry(_plain_swatch, Label.of("no gradient, or exactly 0")))
    if any(item.sign < 0 for item in items):
        entries.append(Entry(_line_swatch(sign=-1), Label.of("dashed: negative")))
    if any(item.emphasized for item in items):
        entries.append(Entry(_line_swatch(emphasized=True), Label.of("on the asked-for path")))
    if any(arrow.weakest for arrow in diagram.arrows):
        entries.append(Entry(_weakest_swatch, Label.of("weakest: smallest factor on that path")))
    return entries


def _rows(entries: list[Entry], width: float) -> list[list[Entry]]:
    rows: list[list[Entry]] = []
    left = width + 1
    for entry in entries:
        if left + entry.width > width:
            rows.append([])
            left = 0.0
        rows[-1].append(entry)
        left += entry.width + _BETWEEN
    return rows


def _kind_swatch(kind: Kind) -> Draw:
    def draw(canvas: Canvas, x: float, y: float) -> None:
        box_outline(canvas, Rect(x + _SWATCH / 2, y, _SWATCH - 4, 16), kind, "surface", "casing")

    return draw


def _plain_swatch(canvas: Canvas, x: float, y: float) -> None:
    rect = {"x": x + 7, "y": y - 7, "width": 20, "height": 14, "rx": 3}
    canvas.add("rect", "surface", "rule", **rect)


def _line_swatch(*, sign: int = 0, emphasized: bool = False) -> Draw:
    def draw(canvas: Canvas, x: float, y: float) -> None:
        path = f"M{x:.2f} {y:.2f}h{_SWATCH:.2f}"
        if emphasized:
            line_halo(canvas, path)
        line(canvas, path, "casing", sign=sign, heavy=emphasized)

    return draw


def _weakest_swatch(canvas: Canvas, x: float, y: float) -> None:
    rect = {"x": x + 2, "y": y - 8, "width": _SWATCH - 4, "height": 16, "rx": 8}
    canvas.add("rect", "paper", "accent", stroke_width=1.8, **rect)
