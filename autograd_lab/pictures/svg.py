"""A diagram as SVG: title, boxes, arrows with their labels, caption and legend."""

from __future__ import annotations

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.diagram import Arrow, Box, Diagram, is_colored
from autograd_lab.pictures.engines import Engine
from autograd_lab.pictures.geometry import Point, Rect, Stroke
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.layout import WEAKEST, Layout, arrow_text, box_texts, layout
from autograd_lab.pictures.legend import draw_legend, legend_height
from autograd_lab.pictures.measure import wrapped
from autograd_lab.pictures.routes import TIP
from autograd_lab.pictures.shapes import box_outline, halo, line, line_halo, stroke_path
from autograd_lab.pictures.style import (
    HEADING_SIZE,
    LINE_HEIGHT,
    MARGIN,
    SMALL_SIZE,
    TEXT_SIZE,
    TITLE_SIZE,
    Scale,
    ThemeName,
    text_on,
)

_NARROWEST = 560.0
_MIDDLE = 0.36  # of the font size: from the middle of a line of text down to its baseline


def to_svg(diagram: Diagram, theme: ThemeName = "light", engine: Engine = "auto") -> str:
    """The diagram as one self-contained SVG document, the same for the same input.

    Theme "auto" follows the reader's setting; it is for web pages, rasterizers need the others.
    Errors: UsageError, TooLargeError, and those of an engine asked for by name.

    >>> from autograd_lab.pictures.diagram import Box
    >>> svg = to_svg(Diagram("One", boxes=(Box("x", Label.of("x")),)), engine="builtin")
    >>> "<title>One</title>" in svg
    True
    """
    return drawn(diagram, layout(diagram, engine), theme)


def drawn(diagram: Diagram, found: Layout, theme: ThemeName = "light") -> str:
    """The SVG of a diagram that is laid out already."""
    canvas = Canvas(theme)
    width = max(found.width, _NARROWEST)
    titles = wrapped(diagram.title, TITLE_SIZE, width, 2)
    captions = wrapped(diagram.caption, TEXT_SIZE, width, 4)
    y = MARGIN
    y = _paragraph(canvas, titles, TITLE_SIZE, "ink", y)
    y = _paragraph(canvas, captions, TEXT_SIZE, "muted", y + 2) + 16
    left = MARGIN + (width - found.width) / 2
    canvas.parts.append(f'<g transform="translate({left:.2f} {y:.2f})">')
    _draw_graph(canvas, diagram, found)
    canvas.parts.append("</g>")
    y += found.height + 26
    draw_legend(canvas, diagram, MARGIN, y, width)
    height = y + legend_height(diagram, width) + MARGIN - 8
    return canvas.finished(width + 2 * MARGIN, height, diagram.title, diagram.description)


def _paragraph(canvas: Canvas, lines: list[Label], size: float, fill: str, y: float) -> float:
    for text in lines:
        canvas.text(MARGIN, y + size, text, size, fill)
        y += LINE_HEIGHT * size
    return y


def _draw_graph(canvas: Canvas, diagram: Diagram, found: Layout) -> None:
    """Halos first, so that none covers a line; then lines, boxes and labels."""
    scale = diagram.color_scale()
    rows = list(zip(diagram.arrows, found.strokes, found.labels, strict=True))
    for arrow, strokes, _ in rows:
        if arrow.emphasized:
            for stroke in strokes:
                line_halo(canvas, stroke_path(stroke))
    for box, rect in zip(diagram.boxes, found.boxes, strict=True):
        if box.emphasized:
            halo(canvas, rect, box.kind)
    for arrow, strokes, label in rows:
        with canvas.group("arrow", arrow.tooltip):
            _draw_arrow(canvas, arrow, strokes, label, scale)
    for box, rect in zip(diagram.boxes, found.boxes, strict=True):
        with canvas.group(f"box {box.kind}", box.tooltip):
            _draw_box(canvas, box, rect, scale)


def _draw_box(canvas: Canvas, box: Box, rect: Rect, scale: Scale | None) -> None:
    fill = _color(box.magnitude, scale) or "surface"
    ink = text_on(fill) if fill.startswith("#") else "ink"
    title, lines = box_texts(box)
    edge = "accent" if box.emphasized else "casing"
    box_outline(
        canvas, rect, box.kind, fill, edge, width=2 if box.emphasized else 1.2, dashed=box.sign < 0
    )
    height = LINE_HEIGHT * (HEADING_SIZE + TEXT_SIZE * len(lines))
    y = rect.y - height / 2
    for text, size in ((title, HEADING_SIZE), *((text, TEXT_SIZE) for text in lines)):
        middle = y + LINE_HEIGHT * size / 2
        canvas.text(rect.x, middle + _MIDDLE * size, text, size, ink, "middle")
        y += LINE_HEIGHT * size


def _draw_arrow(
    canvas: Canvas, arrow: Arrow, strokes: tuple[Stroke, ...], label: Rect | None,
    scale: Scale | None,
) -> None:  # fmt: skip
    color = _color(arrow.magnitude, scale) or "casing"
    for stroke in strokes[:-1]:
        line(canvas, stroke_path(stroke), color, sign=arrow.sign, heavy=arrow.emphasized)
    shaft, tip = _with_tip(strokes[-1])
    line(canvas, stroke_path(shaft), color, sign=arrow.sign, heavy=arrow.emphasized)
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in tip)
    canvas.add("polygon", color, "casing", points=points, stroke_linejoin="round")
    if label is not None:
        _draw_label(canvas, arrow, label)


def _draw_label(canvas: Canvas, arrow: Arrow, rect: Rect) -> None:
    if arrow.emphasized or arrow.weakest:
        radius = min(rect.height, rect.width) / 2 if not arrow.weakest else 9
        place = {"x": rect.left, "y": rect.top, "width": rect.width, "height": rect.height}
        edge = ("accent", 1.8) if arrow.weakest else ("halo", 3.0)
        canvas.add("rect", "paper", edge[0], **place, rx=radius, stroke_width=edge[1])
    text = arrow_text(arrow)
    y = rect.y
    if arrow.weakest:
        tag = Label.of(WEAKEST)
        above = rect.y - LINE_HEIGHT * TEXT_SIZE / 2 if text else rect.y
        canvas.text(rect.x, above + _MIDDLE * SMALL_SIZE, tag, SMALL_SIZE, "accent", "middle")
        y += LINE_HEIGHT * SMALL_SIZE / 2
    canvas.text(rect.x, y + _MIDDLE * TEXT_SIZE, text, TEXT_SIZE, "ink", "middle")


def _with_tip(stroke: Stroke) -> tuple[Stroke, tuple[Point, Point, Point]]:
    """The stroke ended early, and the triangle of its tip; it arrives along x or along y."""
    x, y = stroke[-1][-1]
    before = stroke[-1][-2] if len(stroke[-1]) > 1 else stroke[-2][-1]
    if abs(x - before[0]) >= abs(y - before[1]):
        base, wings = (x - TIP, y), ((x - TIP, y - TIP / 2), (x - TIP, y + TIP / 2))
    else:
        base, wings = (x, y - TIP), ((x - TIP / 2, y - TIP), (x + TIP / 2, y - TIP))
    return (*stroke[:-1], (*stroke[-1][:-1], base)), ((x, y), *wings)


def _color(magnitude: float | None, scale: Scale | None) -> str:
    if scale is None or magnitude is None or not is_colored(magnitude):
        return ""
    return scale.color(magnitude)
