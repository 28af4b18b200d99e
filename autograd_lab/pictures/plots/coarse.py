"""Heat maps with more cells than can be seen: blocks of cells become one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from autograd_lab.pictures.plots.items import Panel
from autograd_lab.pictures.plots.tables import HeatMap

_SMALLEST = 2.5  # pixels
_MOST_ROWS = 160


def coarse(panel: Panel, width: float) -> Panel:
    """The panel with a heat map that a frame of this width can show, and none of its peaks lost."""
    items = [
        _fewer(item, int(width / _SMALLEST)) if isinstance(item, HeatMap) else item
        for item in panel.items
    ]
    return replace(panel, items=items)


def blocks(heat: HeatMap, most: int) -> tuple[int, int]:
    """How many rows and columns of a heat map become one cell."""
    rows, columns = len(heat.rows), len(heat.columns)
    return max(-(-rows // _MOST_ROWS), 1), max(-(-columns // max(most, 1)), 1)


def _fewer(heat: HeatMap, most: int) -> HeatMap:
    down, across = blocks(heat, most)
    if down == across == 1:
        return heat
    values = [
        [
            _largest([v for row in heat.values[j : j + down] for v in row[i : i + across]], heat)
            for i in range(0, len(heat.columns), across)
        ]
        for j in range(0, len(heat.rows), down)
    ]
    return HeatMap(
        heat.label, values, heat.rows[::down], heat.columns[::across], heat.scale,
        cells=(down, across),
    )  # fmt: skip


def _largest(values: Sequence[float], heat: HeatMap) -> float:
    """The largest of a block, on a logarithmic scale by size; nan only if all are."""
    known = [v for v in values if not math.isnan(v)]
    return max(known, key=abs if heat.scale == "log" else None, default=math.nan)
