"""What an axis measures, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from autograd_lab.errors import UsageError
from autograd_lab.pictures.labels import Label

ScaleKind = Literal["linear", "log", "exponent"]
SCALES: tuple[ScaleKind, ...] = ("linear", "log", "exponent")
Words: TypeAlias = str | Label


@dataclass(frozen=True)
class Axis:
    """What an axis measures and how: `linear`, `log` or `exponent`.

    `log` takes positive values; `exponent` takes their log10, so that 10^-4000 fits, and writes
    powers of ten.  `low` and `high` fix the ends, in the values' own terms; else the data do.
    `whole` allows whole numbers only as ticks (epochs), `zero` draws from 0 on (bars, errors).
    """

    label: Words = ""
    scale: ScaleKind = "linear"
    low: float | None = None
    high: float | None = None
    whole: bool = False
    zero: bool = False

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise UsageError(
                f"Axis(scale={self.scale!r}): scale must be one of {', '.join(SCALES)}."
            )
        ends = [end for end in (self.low, self.high) if end is not None]
        if not all(map(math.isfinite, ends)) or (len(ends) == 2 and ends[0] >= ends[1]):
            raise UsageError(
                f"Axis(low={self.low}, high={self.high}): low and high must be finite, low below "
                "high."
            )
        if self.scale == "log" and any(end <= 0 for end in ends):
            raise UsageError(f"Axis(low={self.low}, high={self.high}): log needs positive ends.")


def label_of(words: Words) -> Label:
    """Words as a label; Unicode's small digits become real scripts."""
    return words if isinstance(words, Label) else Label.text(words)
