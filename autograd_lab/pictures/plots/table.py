"""The data of a figure as CSV, one row for each point."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import pairwise
from typing import TypeAlias

from autograd_lab.pictures.plots.axis import label_of
from autograd_lab.pictures.plots.items import Item, Panel
from autograd_lab.pictures.plots.series import Band, Curve, Marker, Region, Rule, Scatter
from autograd_lab.pictures.plots.tables import Bars, Contours, HeatMap, Histogram

HEADER = ("panel", "kind", "name", "x", "y", "value", "low", "high")
Cell: TypeAlias = str | float | None
_NONE = (None, None, None)


def csv_of(panels: Iterable[Panel]) -> str:
    """All values, exact to the last bit; cells that do not apply are empty."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for panel in panels:
        title = label_of(panel.title).plain()
        for item in panel.items:
            for name, *cells in _rows(item):
                kind = type(item).__name__.lower()
                writer.writerow(
                    ["" if cell is None else cell for cell in (title, kind, name, *cells)]
                )
    return file.getvalue()


def _rows(item: Item) -> Iterator[tuple[Cell, ...]]:
    """Name, x, y, value, low and high of every point."""
    match item:
        case Curve() | Scatter() | Region():
            yield from ((item.name, x, y, *_NONE) for x, y in zip(item.x, item.y, strict=True))
        case Band():
            for x, low, high in zip(item.x, item.low, item.high, strict=True):
                yield item.name, x, None, None, low, high
        case Marker() | Rule():
            yield label_of(item.words).plain(), item.x, item.y, *_NONE
        case Histogram():
            for (low, high), count in zip(pairwise(item.edges), item.counts, strict=True):
                yield item.name, None, None, count, low, high
        case _:
            yield from _table_rows(item)


def _table_rows(item: Bars | HeatMap | Contours) -> Iterator[tuple[Cell, ...]]:
    if isinstance(item, Bars):
        for k, (category, value) in enumerate(zip(item.categories, item.values, strict=True)):
            whisker = (item.low[k], item.high[k]) if item.low else (None, None)
            yield item.name, category, None, value, *whisker
        return
    xs: Sequence[Cell] = item.columns if isinstance(item, HeatMap) else item.x
    ys: Sequence[Cell] = item.rows if isinstance(item, HeatMap) else item.y
    for y, row in zip(ys, item.values, strict=True):
        for x, value in zip(xs, row, strict=True):
            yield label_of(item.label).plain(), x, y, value, None, None
