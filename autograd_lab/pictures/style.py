"""The look of every picture and plot: type sizes, themes, and one colour scale for magnitudes.

Magnitudes are drawn on viridis, which rises evenly in luminance and stays readable with
colour-vision deficiency and in grey print (van der Walt and Smith, 2015). Sign is never told by
hue: it is a dash and a printed minus.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

ThemeName = Literal["light", "dark", "auto"]

FONT_FAMILY = "'DejaVu Sans', sans-serif"
TITLE_SIZE = 19.0
HEADING_SIZE = 15.0
TEXT_SIZE = 12.0
SMALL_SIZE = 11.0
LINE_HEIGHT = 1.46
SCRIPT_SCALE = 0.72
SUB_SHIFT = 0.24
SUP_SHIFT = -0.36
MARGIN = 28.0
CORNER = 9.0
NEGATIVE_DASH = "7 4"

SCALE_STOPS = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)


@dataclass(frozen=True)
class Theme:
    """Colours that change between light and dark; each is a CSS colour."""

    paper: str
    surface: str
    ink: str
    muted: str
    rule: str
    casing: str
    accent: str
    halo: str


LIGHT = Theme(
    paper="#ffffff",
    surface="#f5f6f8",
    ink="#1d2330",
    muted="#5a6372",
    rule="#8b94a3",
    casing="#3c4454",
    accent="#b34700",
    halo="#ffc999",
)
DARK = Theme(
    paper="#14171d",
    surface="#20252e",
    ink="#eceff4",
    muted="#a9b2c0",
    rule="#7b8594",
    casing="#98a2b1",
    accent="#ffa869",
    halo="#74451f",
)
ROLES = tuple(field.name for field in fields(Theme))


def scale_color(fraction: float) -> str:
    """The colour at `fraction` of the scale, 0 (smallest) to 1 (largest), as #rrggbb.

    >>> scale_color(0.0), scale_color(1.0)
    ('#440154', '#fde725')
    """
    place = min(max(fraction, 0.0), 1.0) * (len(SCALE_STOPS) - 1)
    index = min(int(place), len(SCALE_STOPS) - 2)
    low, high = channels(SCALE_STOPS[index]), channels(SCALE_STOPS[index + 1])
    mixed = [round(a + (b - a) * (place - index)) for a, b in zip(low, high, strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def channels(color: str) -> tuple[int, int, int]:
    """Red, green and blue of #rrggbb, each 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb, 0 to 1 (WCAG 2.2)."""

    def linear(channel: int) -> float:
        c = channel / 255
        return c / 12.92 if c <= 0.04045 else math.pow((c + 0.055) / 1.055, 2.4)

    red, green, blue = (linear(channel) for channel in channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_on(color: str) -> str:
    """Black or white, whichever reads better; the worst case over all colours is 4.58.

    >>> text_on("#440154"), text_on("#fde725")
    ('#ffffff', '#000000')
    """
    return max("#000000", "#ffffff", key=lambda text: contrast(text, color))


@dataclass(frozen=True)
class Scale:
    """A logarithmic scale of whole decades: log10 values `low` to `high`, both integers.

    >>> scale = Scale.over([-3.02, -0.43])
    >>> scale.low, scale.high, scale.ticks()
    (-4, 0, (-4, -3, -2, -1, 0))
    """

    low: int
    high: int

    @staticmethod
    def over(magnitudes: list[float]) -> Scale | None:
        """The whole decades that hold every finite magnitude (log10); None without any."""
        finite = [m for m in magnitudes if math.isfinite(m)]
        if not finite:
            return None
        low, high = math.floor(min(finite)), math.ceil(max(finite))
        return Scale(low - 1 if low == high else low, high)

    def color(self, magnitude: float) -> str:
        """The colour of a log10 magnitude; beyond the ends it stays at the end."""
        return scale_color((magnitude - self.low) / (self.high - self.low))

    def ticks(self, most: int = 6) -> tuple[int, ...]:
        """At most about `most` whole decades, evenly spaced, the first at `low`."""
        span = self.high - self.low
        steps = (s * 10**k for k in range(9) for s in (1, 2, 5))
        step = next(step for step in steps if span / step < most)
        return tuple(range(self.low, self.high + 1, step))
