"""A figure: panels in a grid under a title, written as SVG, PNG, PDF or CSV."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from autograd_lab.errors import UsageError
from autograd_lab.files.atomic import atomic_write
from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.measure import font_file, wrapped
from autograd_lab.pictures.plots.axis import Words, label_of
from autograd_lab.pictures.plots.coarse import coarse
from autograd_lab.pictures.plots.items import Item, Panel
from autograd_lab.pictures.plots.key import ROW, draw_key, key_rows
from autograd_lab.pictures.plots.palette import looks
from autograd_lab.pictures.plots.panel import draw_panel
from autograd_lab.pictures.plots.plan import Plan, keyed, plan, rulers
from autograd_lab.pictures.plots.table import csv_of
from autograd_lab.pictures.style import LINE_HEIGHT, MARGIN, TEXT_SIZE, TITLE_SIZE, ThemeName

FORMATS = ("svg", "png", "pdf", "csv")
NARROWEST, WIDEST = 320, 2400
_NARROWEST_PANEL = 250.0
_COLUMN_GAP = 26.0
_ROW_GAP = 22.0
_ALIGNED = 40.0  # pixels that a panel gives up to line up with its neighbours

Gutters: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """Panels side by side, at most `columns` in a row, with the words around them.

    `description` is the text alternative and states the claim; `share` ("x", "y" or "xy") gives
    all panels the same range.  Narrow figures have fewer columns.

    >>> from autograd_lab.pictures.plots.series import Curve
    >>> figure = Figure("Loss", (Panel(items=[Curve("loss", [1, 2], [0.9, 0.5])]),))
    >>> "<title>Loss</title>" in figure.svg()
    True
    >>> print(figure.csv().splitlines()[1])
    ,curve,loss,1.0,0.9,,,
    """

    title: Words
    panels: Sequence[Panel] = ()
    description: str = ""
    caption: str = ""
    columns: int = 2
    width: float = 760.0
    share: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "panels", tuple(self.panels))
        if not NARROWEST <= self.width <= WIDEST:
            raise UsageError(
                f"Figure(width={self.width!r}): width must be {NARROWEST} to {WIDEST} pixels."
            )
        if isinstance(self.columns, bool) or not isinstance(self.columns, int) or self.columns < 1:
            raise UsageError(f"Figure(columns={self.columns!r}): columns must be 1 or more.")
        if self.share not in ("", "x", "y", "xy"):
            raise UsageError(f"Figure(share={self.share!r}): share must be '', 'x', 'y' or 'xy'.")

    def svg(self, theme: ThemeName = "light") -> str:
        """One self-contained SVG document, the same for the same data."""
        return _drawn(self, theme)

    def png(self, theme: ThemeName = "light", zoom: float = 2.0) -> bytes:
        """PNG, `zoom` pixels per SVG pixel; theme "auto" is drawn light."""
        from autograd_lab.pictures.raster import png_of

        return png_of(self.svg("light" if theme == "auto" else theme), zoom)

    def pdf(self, theme: ThemeName = "light") -> bytes:
        """PDF with selectable text; theme "auto" is drawn light."""
        from autograd_lab.errors import MissingToolError
        from autograd_lab.pictures.pdf import pdf_of

        font = font_file()
        if font is None:
            raise MissingToolError("The font comes with ziafont; pip install ziafont")
        return pdf_of(self.svg("light" if theme == "auto" else theme), font)

    def csv(self) -> str:
        """The data behind the figure: panel, kind, name, x, y, value, low, high."""
        return csv_of(self.panels)

    def save(self, path: str | os.PathLike[str], theme: ThemeName = "light") -> None:
        """Write the file whole or not at all, in the format that its name ends with.

        Errors: UsageError for other endings than svg, png, pdf, csv; those of the format.
        """
        ending = Path(path).suffix.lower().removeprefix(".")
        if ending not in FORMATS:
            raise UsageError(
                f"{os.fspath(path)}: a figure is written as {', '.join(FORMATS)}; end the file's "
                "name with one of them."
            )
        text = {"svg": lambda: self.svg(theme), "csv": self.csv}
        data = {"png": lambda: self.png(theme), "pdf": lambda: self.pdf(theme)}
        content = text[ending]().encode() if ending in text else data[ending]()
        atomic_write(path, content)

    def _repr_svg_(self) -> str:
        return self.svg("auto")


def _drawn(figure: Figure, theme: ThemeName) -> str:
    canvas = Canvas(theme)
    inner = figure.width - 2 * MARGIN
    items: list[Item] = [item for panel in figure.panels for item in panel.items]
    every = looks(items)
    title = label_of(figure.title).plain()
    y = MARGIN
    for text, size, color, most in (
        (title, TITLE_SIZE, "ink", 4),
        (figure.caption, TEXT_SIZE, "muted", 6),
    ):
        for line in wrapped(text, size, inner, most):
            canvas.text(MARGIN, y + size, line, size, color)
            y += LINE_HEIGHT * size
    y += 12
    rows = _rows(figure, inner)
    for row, gutters in zip(rows, _gutters(rows), strict=True):
        header, height = max(p.header for p in row), max(p.height for p in row)
        for k, planned in enumerate(row):
            x = MARGIN + k * (planned.width + _COLUMN_GAP)
            draw_panel(canvas, planned, every, (x, y), gutters[k], (header, height))
        y += header + height + max(p.footer for p in row) + _ROW_GAP
    names = dict.fromkeys(name for row in rows for planned in row for name in keyed(planned))
    key = key_rows(names, items, every, inner)
    draw_key(canvas, key, MARGIN, y - _ROW_GAP + 8)
    y += ROW * len(key) + (8 if key else 0)
    height = max(y - _ROW_GAP + MARGIN - 8, 2 * MARGIN)
    return canvas.finished(figure.width, height, title, figure.description)


def _rows(figure: Figure, inner: float) -> list[list[Plan]]:
    """The panels planned, in rows of as many columns as have room."""
    room = int((inner + _COLUMN_GAP) / (_NARROWEST_PANEL + _COLUMN_GAP))
    columns = max(1, min(figure.columns, room, len(figure.panels)))
    width = (inner + _COLUMN_GAP) / columns - _COLUMN_GAP
    panels = [coarse(panel, width) for panel in figure.panels]
    plans = [plan(panel, width, *rulers(panel, panels, figure.share)) for panel in panels]
    return [plans[k : k + columns] for k in range(0, len(plans), columns)]


def _gutters(rows: list[list[Plan]]) -> list[list[Gutters]]:
    """Left and right of every frame: those of one column line up unless that costs much width."""
    columns = [[row[k] for row in rows if k < len(row)] for k in range(len(rows[0]) if rows else 0)]
    widest = [(max(p.left for p in c), max(p.right for p in c)) for c in columns]
    return [
        [
            (_lined_up(planned.left, left), _lined_up(planned.right, right))
            for planned, (left, right) in zip(row, widest, strict=False)
        ]
        for row in rows
    ]


def _lined_up(own: float, widest: float) -> float:
    return widest if widest - own <= _ALIGNED else own
