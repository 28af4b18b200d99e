"""PDF from an SVG of ours, element by element, with its text as text: the only door to reportlab.

`canvas` writes few elements, and all of them are known here. Any other is refused: a picture that
lacks a part without a word would be worse than none.
"""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from autograd_lab.errors import MissingToolError, UsageError
from autograd_lab.pictures.geometry import Point
from autograd_lab.pictures.labels import Label, Run, Script
from autograd_lab.pictures.style import channels

_FONT = "autograd-lab DejaVu Sans"  # reportlab keeps one list of fonts for the whole program
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NUMBER = re.compile(r"-?[\d.]+")
_QUARTER = 0.5523  # a cubic whose handles are this long is a quarter circle, to 0.03 percent
_STYLES = {"butt": 0, "miter": 0, "round": 1}
_MITER_LIMIT = 4  # SVG's; PDF's own is 10
_NON_ZERO = 1


def pdf_of(svg: str, font: Path) -> bytes:
    """PDF of an SVG of ours (theme light or dark), a point for each pixel, the same every time.

    Right-to-left script is drawn from left to right: ordering it would need a further package.
    Errors: MissingToolError without reportlab; UsageError for what `canvas` does not write.

    >>> from autograd_lab.pictures.canvas import Canvas
    >>> from autograd_lab.pictures.measure import font_file
    >>> pdf_of(Canvas().finished(40, 20, "title", "description"), font_file())[:5]
    b'%PDF-'
    """
    try:
        from reportlab.pdfgen.canvas import Canvas as Page
    except ImportError:
        raise MissingToolError("PDF needs reportlab; pip install reportlab") from None
    _register(font)
    root = ElementTree.fromstring(svg)  # noqa: S314  canvas escapes all text and declares nothing
    file = BytesIO()
    size = _number(root, "width"), _number(root, "height")
    page = Page(
        file, pagesize=size, bottomup=0, pageCompression=1, invariant=1, initialFontName=_FONT,
        lang="en",
    )  # fmt: skip
    page.setTitle(root.findtext(f"{_NAMESPACE}title", ""))
    page.setSubject(root.findtext(f"{_NAMESPACE}desc", ""))
    page.setAuthor("")
    page.setCreator("autograd-lab")
    page.setViewerPreference("DisplayDocTitle", "true")
    page.setMiterLimit(_MITER_LIMIT)
    _Drawing(page, size).element(root)
    page.save()
    return file.getvalue()


def _register(font: Path) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(_FONT, str(font)))


class _Drawing:
    """Draws the elements of an SVG on a page whose y axis points down, as SVG's does."""

    def __init__(self, page: Any, size: Point) -> None:
        self.page, self.size = page, size
        self.gradients: dict[str, list[tuple[tuple[float, ...], float]]] = {}

    def element(self, element: ElementTree.Element) -> None:
        self.page.saveState()
        match element.tag.removeprefix(_NAMESPACE):
            case "svg" | "g" | "defs":
                self.group(element)
            case "rect" | "path" | "polygon":
                self.shape(element)
            case "text":
                self.text(element)
            case "linearGradient":
                self.gradient(element)
            case "title" | "desc":
                pass
            case tag:
                raise UsageError(f"PDF cannot draw <{tag}>; draw the SVG with theme light or dark.")
        self.page.restoreState()

    def group(self, element: ElementTree.Element) -> None:
        moved = _numbers(element.get("transform", ""))
        if moved:
            self.page.translate(*moved)
        for child in element:
            self.element(child)

    def gradient(self, element: ElementTree.Element) -> None:
        self.gradients[f"url(#{element.attrib['id']})"] = [
            (_rgb(stop.attrib["stop-color"]), _number(stop, "offset")) for stop in element
        ]

    def text(self, element: ElementTree.Element) -> None:
        """Each run at its own place, and what is copied from it where that is not what is drawn.

        Readers take a script for a line of its own, and reportlab misspells signs beyond U+FFFF.
        """
        self.page.setFillColorRGB(*_rgb(element.attrib["fill"]))
        words = self.page.beginText()
        for run in element:
            words.setFont(_FONT, _number(run, "font-size", _number(element, "font-size")))
            words.setTextOrigin(_number(run, "x"), _number(run, "y"))
            words.textOut(run.text or "")
        copied = _label(element).plain()
        if copied == "".join(element.itertext()) and max(copied) <= "\uffff":
            self.page.drawText(words)
            return
        self.page.addLiteral(f"/Span <</ActualText <FEFF{copied.encode('utf-16-be').hex()}>>> BDC")
        self.page.drawText(words)
        self.page.addLiteral("EMC")

    def shape(self, element: ElementTree.Element) -> None:
        fill, stroke = element.attrib["fill"], element.get("stroke", "none")
        path = self.outline(element)
        if fill in self.gradients:
            self.shade(element, path, fill)
            fill = "none"
        if fill != "none":
            self.page.setFillColorRGB(*_rgb(fill))
            self.page.setFillAlpha(_number(element, "fill-opacity", 1.0))
        if stroke != "none":
            self.pen(element, stroke)
        self.page.drawPath(path, stroke != "none", fill != "none", _NON_ZERO)

    def outline(self, element: ElementTree.Element) -> Any:
        path = self.page.beginPath()
        if "d" in element.attrib:
            _trace(path, element.attrib["d"])
        elif "points" in element.attrib:
            _trace(path, "M" + element.attrib["points"].replace(" ", "L") + "Z")
        elif element.get("width") == "100%":
            path.rect(0, 0, *self.size)
        else:
            width, height = _number(element, "width"), _number(element, "height")
            radius = min(_number(element, "rx"), width / 2, height / 2)
            path.roundRect(_number(element, "x"), _number(element, "y"), width, height, radius)
        return path

    def pen(self, element: ElementTree.Element, stroke: str) -> None:
        self.page.setStrokeColorRGB(*_rgb(stroke))
        self.page.setLineWidth(_number(element, "stroke-width", 1.0))
        self.page.setLineCap(_STYLES[element.get("stroke-linecap", "butt")])
        self.page.setLineJoin(_STYLES[element.get("stroke-linejoin", "miter")])
        self.page.setDash(_numbers(element.get("stroke-dasharray", "")))

    def shade(self, element: ElementTree.Element, path: Any, paint: str) -> None:
        """Fill with a gradient from left to right; PDF pours it over all that is not clipped."""
        colors, places = zip(*self.gradients[paint], strict=True)
        left = _number(element, "x")
        right = left + _number(element, "width")
        self.page.saveState()
        self.page.clipPath(path, stroke=0, fill=0, fillMode=_NON_ZERO)
        self.page.linearGradient(left, 0, right, 0, colors, places)
        self.page.restoreState()


def _trace(path: Any, data: str) -> None:
    """Draw SVG path data, in the commands that our pictures use."""
    at = 0.0, 0.0
    for command, text in _COMMAND.findall(data):
        start, numbers = at, _numbers(text)
        at = _end(command, numbers, start)
        if command == "M":
            path.moveTo(*at)
        elif command == "C":
            path.curveTo(*numbers)
        elif command == "A":
            path.curveTo(*_quarter(start, at))
        elif command == "Z":
            path.close()
        else:
            path.lineTo(*at)


def _end(command: str, numbers: list[float], start: Point) -> Point:
    x, y = start
    match command:
        case "M" | "L" | "C" | "A":
            return numbers[-2], numbers[-1]
        case "H":
            return numbers[0], y
        case "V":
            return x, numbers[0]
        case "h":
            return x + numbers[0], y
        case "v":
            return x, y + numbers[0]
        case "Z":
            return start
    raise UsageError(
        f"PDF cannot draw the path command {command!r}; use M, L, H, V, h, v, C, A, Z."
    )


def _quarter(start: Point, end: Point) -> tuple[float, ...]:
    """Handles and end of a quarter circle that turns right, as the corners of `shapes` do."""
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    if dx * dy > 0:  # it leaves along x
        return x + _QUARTER * dx, y, end[0], end[1] - _QUARTER * dy, *end
    return x, y + _QUARTER * dy, end[0] - _QUARTER * dx, end[1], *end


def _label(element: ElementTree.Element) -> Label:
    """The label that a <text> draws: a run of its own size is a script, above or below the line."""
    line = next((_number(run, "y") for run in element if "font-size" not in run.attrib), None)
    runs: list[Run] = []
    for run in element:
        y = _number(run, "y")
        script: Script = "" if line is None or y == line else "sub" if y > line else "sup"
        runs.append((run.text or "", script))
    return Label(tuple(runs))


def _number(element: ElementTree.Element, name: str, otherwise: float = 0.0) -> float:
    return float(element.get(name, otherwise))


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


def _rgb(color: str) -> tuple[float, ...]:
    """Red, green and blue from 0 to 1; by reportlab's own reader a colour could be a program."""
    return tuple(channel / 255 for channel in channels(color))
