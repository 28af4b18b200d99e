"""The key under a figure: a swatch and a name for everything that no curve's end tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autograd_lab.pictures.canvas import Canvas
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.legend import Draw, Entry
from autograd_lab.pictures.measure import fitted
from autograd_lab.pictures.plots.curves import TINT
from autograd_lab.pictures.plots.items import NAMED, Item
from autograd_lab.pictures.plots.palette import Look
from autograd_lab.pictures.plots.series import Curve, Scatter
from autograd_lab.pictures.plots.tables import Bars
from autograd_lab.pictures.style import SMALL_SIZE

ROW = 24.0
_SWATCH = 34.0
_BETWEEN = 24.0


def key_rows(
    names: Iterable[str], items: Sequence[Item], looks: Mapping[str, Look], width: float
) -> list[list[Entry]]:
    """The entries of all names, in as many columns as `width` pixels hold."""
    entries = [
        Entry(
            _swatch(name, items, looks[name]),
            fitted(Label.text(name), SMALL_SIZE, width - _SWATCH - 8),
        )
        for name in names
    ]
    widest = max((entry.width for entry in entries), default=width)
    number = max(int((width + _BETWEEN) / (widest + _BETWEEN)), 1)
    return [entries[k : k + number] for k in range(0, len(entries), number)]


def draw_key(canvas: Canvas, rows: list[list[Entry]], x: float, y: float) -> None:
    """Draw the rows with their upper left corner at (x, y)."""
    step = max((entry.width for row in rows for entry in row), default=0.0) + _BETWEEN
    for row in rows:
        middle = y + ROW / 2
        for k, entry in enumerate(row):
            left = x + k * step
            entry.draw(canvas, left, middle)
            baseline = middle + 0.36 * SMALL_SIZE
            canvas.text(left + _SWATCH + 8, baseline, entry.words, SMALL_SIZE, "ink")
        y += ROW


def _swatch(name: str, items: Sequence[Item], look: Look) -> Draw:
    """A line, a sign or an area, as the items of that name are drawn."""
    kinds = {type(item) for item in items if isinstance(item, NAMED) and item.name == name}
    heavy = any(isinstance(item, Curve) and item.name == name and item.heavy for item in items)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        box: dict[str, object] = {"x": x, "y": y - 6, "width": _SWATCH, "height": 12}
        if Bars in kinds:
            canvas.add("rect", look.color, "none", **box)
        elif kinds - {Curve, Scatter}:
            canvas.add("rect", look.color, "none", **box, fill_opacity=TINT)
        if kinds - {Scatter, Bars}:
            look.line(canvas, f"M{x:.2f} {y:.2f}h{_SWATCH:.2f}", heavy=heavy)
        if Scatter in kinds:
            look.dot(canvas, (x + _SWATCH / 2, y))

    return draw
