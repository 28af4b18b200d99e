"""What a panel needs beside its frame: names, numbers, notes and the space they take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.measure import fitted, label_width, wrapped
from autograd_lab.pictures.plots import heat_map
from autograd_lab.pictures.plots.axis import Axis, label_of
from autograd_lab.pictures.plots.frame import (
    LABEL_ROW,
    TICK,
    TICK_ROW,
)
from autograd_lab.pictures.plots.items import NAMED, Panel
from autograd_lab.pictures.plots.rulers import Ruler, category_ruler, place, ruler
from autograd_lab.pictures.plots.series import Band, Curve, Marker, Region, Rule, Scatter
from autograd_lab.pictures.plots.tables import Bars, Contours, HeatMap, Histogram
from autograd_lab.pictures.style import HEADING_SIZE, LINE_HEIGHT, SMALL_SIZE

LEAD = 22.0  # the line from a curve's end to its name
_NAME_LIMIT = 0.34  # of the panel's width
_NEAR_END = 0.85
ROW = LINE_HEIGHT * SMALL_SIZE
TITLE_ROW = LINE_HEIGHT * HEADING_SIZE
NAME_GAP = 15.0


@dataclass(frozen=True)
class Plan:
    """A panel of a known width with the space that its words need around the frame."""

    panel: Panel
    width: float
    height: float  # of the frame
    x: Ruler
    y: Ruler
    names: tuple[Label, ...]  # beside the ends of the curves; empty if a key tells them
    notes: tuple[Label, ...]

    @property
    def title(self) -> list[Label]:
        return wrapped(label_of(self.panel.title).plain(), HEADING_SIZE, self.width, 2)

    @property
    def header(self) -> float:
        """Height of the title and of the y axis's words, above the frame."""
        words = ROW + 5 if label_of(self.panel.y.label) else 6.0
        return len(self.title) * TITLE_ROW + words

    @property
    def footer(self) -> float:
        """Height of everything below the frame."""
        words = LABEL_ROW if label_of(self.panel.x.label) else 4.0
        scale = heat_map.scale_height(self.heat) if self.heat else 0.0
        return TICK_ROW + words + scale + (len(self.notes) * ROW + 4 if self.notes else 0)

    @property
    def heat(self) -> HeatMap | None:
        return next((item for item in self.panel.items if isinstance(item, HeatMap)), None)

    @property
    def left(self) -> float:
        """Width of the y axis's numbers, left of the frame."""
        ticks = self.y.along(self.height, 0.0).ticks_up()
        widest = max((label_width(words, SMALL_SIZE) for _, words in ticks), default=0.0)
        return widest + TICK + 6

    @property
    def right(self) -> float:
        """Width of the curves' names, right of the frame."""
        widest = max((label_width(name, SMALL_SIZE) for name in self.names), default=0.0)
        return widest + LEAD + 4 if self.names else 8.0


def plan(panel: Panel, width: float, x: Ruler, y: Ruler) -> Plan:
    """What a panel of this width looks like."""
    frame = width - 60
    height = min(max(0.62 * frame, 150.0), 300.0)
    for item in panel.items:
        if isinstance(item, HeatMap):
            height = min(max(24.0 * len(item.rows), 72.0), 420.0)
        elif isinstance(item, Bars) and panel.horizontal:
            number = sum(isinstance(other, Bars) for other in panel.items)
            height = min((13.0 * number + 9.0) * max(len(item.categories), 1) + 12, 900.0)
    if panel.square:
        height = min(max(frame, 150.0), 420.0)
    y = replace(y, longest=_NAME_LIMIT * width)
    names = _end_names(panel, width, height, x)
    notes = [line for note in _notes(panel) for line in wrapped(note, SMALL_SIZE, width, 3)]
    return Plan(panel, width, height, x, y, names, tuple(notes))


def rulers(panel: Panel, others: Iterable[Panel] = (), share: str = "") -> tuple[Ruler, Ruler]:
    """The two rulers of a panel, over its own data or over those of all panels."""
    every = tuple(others)
    return (
        _ruler(panel, every if "x" in share else (panel,), 0),
        _ruler(panel, every if "y" in share else (panel,), 1),
    )


def keyed(planned: Plan) -> list[str]:
    """The names in a panel that its curves' ends do not tell."""
    if planned.names:
        return []
    named = [item for item in planned.panel.items if isinstance(item, NAMED) and item.name]
    names = list(dict.fromkeys(item.name for item in named))
    alone = len(names) == 1 and all(isinstance(item, (Bars, Histogram)) for item in named)
    return [] if alone else names


def named_curves(panel: Panel) -> list[Curve]:
    """The curves of a panel that have a name."""
    return [item for item in panel.items if isinstance(item, Curve) and item.name]


def last_point(curve: Curve, x: Axis, y: Axis) -> tuple[float, float] | None:
    """The last point of a curve that has a place on both axes."""
    for a, b in zip(reversed(curve.x), reversed(curve.y), strict=True):
        if not math.isnan(place(a, x.scale) + place(b, y.scale)):
            return a, b
    return None


def _end_names(panel: Panel, width: float, height: float, x: Ruler) -> tuple[Label, ...]:
    """The names to be written beside the curves' ends; none if a key is clearer."""
    curves = named_curves(panel)
    names = {item.name for item in panel.items if isinstance(item, NAMED) and item.name}
    clear = (
        len(curves) == len({curve.name for curve in curves}) == len(names)
        and len(curves) * NAME_GAP <= height
        and not any(isinstance(item, Contours) for item in panel.items)
        and all(_ends_right(curve, panel, x) for curve in curves)
    )
    limit = _NAME_LIMIT * width
    found = tuple(fitted(Label.text(curve.name), SMALL_SIZE, limit) for curve in curves)
    return found if clear and len(set(found)) == len(found) else ()


def _ends_right(curve: Curve, panel: Panel, x: Ruler) -> bool:
    """Whether a curve runs to the right and ends near the frame's edge."""
    last = last_point(curve, panel.x, panel.y)
    if last is None or _goes_back(curve):
        return False
    return _NEAR_END <= x.along(0.0, 1.0).pixel(last[0]) <= 1.001


def _goes_back(curve: Curve) -> bool:
    return any(a > b for a, b in pairwise(curve.x))


def _ruler(panel: Panel, panels: tuple[Panel, ...], which: int) -> Ruler:
    axis = panel.y if which else panel.x
    for item in panel.items:
        if isinstance(item, HeatMap):
            return category_ruler(axis, item.rows if which else item.columns)
        if isinstance(item, Bars) and (which == 1) == panel.horizontal:
            return category_ruler(axis, item.categories)
    values: list[float] = []
    for other in panels:
        for item in other.items:
            turned = isinstance(item, Bars) and other.horizontal
            values.extend(item.extent[1 - which if turned else which])
    bars = any(isinstance(item, Bars) for item in panel.items)
    return ruler(axis, values, margin=_margin(panel, which, bars=bars), zero=bars)


def _margin(panel: Panel, which: int, *, bars: bool) -> float:
    """The share of an axis left free: none beyond contours and curves, much for bars' numbers."""
    if any(isinstance(item, Contours) for item in panel.items):
        return 0.0
    if bars:
        return 0.3 if panel.horizontal else 0.17
    lines = [item for item in panel.items if isinstance(item, NAMED)]
    tight = all(
        isinstance(item, (Band, Histogram))
        or (isinstance(item, Curve) and not item.marked and not _goes_back(item))
        for item in lines
    )
    return 0.0 if which == 0 and lines and tight else 0.04


def _notes(panel: Panel) -> list[str]:
    """What is not shown, and why."""
    found = [
        note for item in panel.items if isinstance(item, HeatMap) for note in heat_map.notes(item)
    ]
    unknown = low = 0
    for item in panel.items:
        if isinstance(item, Contours):
            found.append(f"Lines of equal {label_of(item.label).plain()}.")
        if isinstance(item, (HeatMap, Contours)):
            continue
        xs, ys = item.extent
        if isinstance(item, Bars) and panel.horizontal:
            xs, ys = ys, xs
        for values, axis in ((xs, panel.x), (ys, panel.y)):
            unknown += sum(not math.isfinite(v) for v in values)
            if axis.scale == "log" and not isinstance(item, Histogram):
                low += sum(math.isfinite(v) and v <= 0 for v in values)
    if unknown:
        found.append(f"Not drawn: {_count(unknown, 'value')} that {_are(unknown)} not finite.")
    if low:
        found.append(
            f"Not drawn: {_count(low, 'value')} that {_are(low)} 0 or below, "
            "which a logarithmic axis has no place for."
        )
    if not any(any(map(math.isfinite, values)) for item in panel.items for values in _data(item)):
        found.append("No data.")
    return found


def _data(item: object) -> list[tuple[float, ...]]:
    """All numbers of an item, row by row."""
    if isinstance(item, (HeatMap, Contours)):
        return [tuple(row) for row in item.values]
    assert isinstance(item, (Curve, Band, Scatter, Region, Marker, Rule, Bars, Histogram))
    return [tuple(values) for values in item.extent]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _are(number: int) -> str:
    return "are" if number != 1 else "is"
