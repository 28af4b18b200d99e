"""A panel, as plain data: two axes and the items on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from autograd_lab.errors import UsageError
from autograd_lab.pictures.plots.axis import Axis, Words
from autograd_lab.pictures.plots.series import Band, Curve, Marker, Region, Rule, Scatter
from autograd_lab.pictures.plots.tables import Bars, Contours, HeatMap, Histogram

Item: TypeAlias = (
    Curve | Band | Scatter | Region | Marker | Rule | Bars | Histogram | HeatMap | Contours
)
NAMED = (Curve, Band, Scatter, Region, Bars, Histogram)


@dataclass(frozen=True)
class Panel:
    """A pair of axes and the items on it; `horizontal` turns bars on their side."""

    title: Words = ""
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    items: Sequence[Item] = ()
    horizontal: bool = False
    square: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        tables = [item for item in self.items if isinstance(item, (HeatMap, Bars))]
        kinds = {type(item) for item in tables}
        if len(kinds) > 1 or (HeatMap in kinds and len(tables) > 1):
            raise UsageError("Panel: one heat map, or bars; give the others panels of their own.")
        if len({item.categories for item in tables if isinstance(item, Bars)}) > 1:
            raise UsageError("Panel: bars side by side need the same categories.")
