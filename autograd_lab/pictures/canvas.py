"""Writing SVG by hand: escaped text, theme colours, and nothing that links, loads or runs.

Curves, contours and heat maps draw with the same `Canvas`: one look, one set of colours, no
second plotting library with fonts and defaults of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from autograd_lab.errors import UsageError
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.measure import clean, label_width, run_size, text_width
from autograd_lab.pictures.style import (
    DARK,
    FONT_FAMILY,
    LIGHT,
    ROLES,
    SUB_SHIFT,
    SUP_SHIFT,
    TEXT_SIZE,
    ThemeName,
)

Anchor = Literal["start", "middle", "end"]
_SCOPE = "autograd-lab-picture"
_SHIFT = {"": 0.0, "sub": SUB_SHIFT, "sup": SUP_SHIFT}


class Canvas:
    """Collects SVG elements; colours are theme roles ("ink", "paper", ...) or #rrggbb.

    With theme "auto" the roles are CSS variables that follow the reader's light or dark setting,
    defined on this picture alone; otherwise every colour is written out, as rasterizers need it.

    >>> canvas = Canvas("light")
    >>> canvas.text(5, 15, Label.of("b", sub="1"))
    >>> "<svg" in canvas.finished(40, 20, "title", "description")
    True
    """

    def __init__(self, theme: ThemeName = "light") -> None:
        if theme not in ("light", "dark", "auto"):
            raise UsageError(f"Unknown theme {theme!r}; choose light, dark or auto.")
        self.theme = theme
        self.parts: list[str] = []

    def add(self, tag: str, fill: str = "none", stroke: str = "none", **attributes: object) -> None:
        """An element without content; `stroke_width=2` becomes stroke-width="2"."""
        self.parts.append(f"<{tag}{_attributes(attributes)}{self._paint(fill, stroke)}/>")

    @contextmanager
    def group(self, name: str, tooltip: str = "") -> Iterator[None]:
        """A <g class=name> around what is drawn meanwhile, with a tooltip."""
        note = f"<title>{escape(clean(tooltip))}</title>" if tooltip else ""
        self.parts.append(f"<g class={quoteattr(name)}>{note}")
        yield
        self.parts.append("</g>")

    def text(
        self,
        x: float,
        y: float,
        label: Label,
        size: float = TEXT_SIZE,
        fill: str = "ink",
        anchor: Anchor = "start",
    ) -> None:
        """A label on the baseline y; each run is fitted to its measured width in any font."""
        x -= {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * label_width(label, size)
        spans = []
        for run in (run for run in label.runs if run[0]):
            own, width = run_size(run, size), text_width(run[0], run_size(run, size))
            place: dict[str, object] = {"x": x, "y": y + _SHIFT[run[1]] * size}
            if run[1]:
                place["font_size"] = own
            if len(run[0]) > 1:
                place["textLength"] = width
            spans.append(f"<tspan{_attributes(place)}>{escape(run[0])}</tspan>")
            x += width
        if spans:
            self.parts.append(
                f"<text{_attributes({'font_size': size})}{self._paint(fill, 'none')}>"
                f"{''.join(spans)}</text>"
            )

    def gradient(self, colors: Sequence[str]) -> str:
        """Define a horizontal colour gradient; returns the paint that refers to it."""
        stops = "".join(
            f'<stop offset="{_number(k / (len(colors) - 1))}" stop-color="{color}"/>'
            for k, color in enumerate(colors)
        )
        name = "g" + hashlib.sha256(stops.encode()).hexdigest()[:10]
        self.parts.append(f'<defs><linearGradient id="{name}">{stops}</linearGradient></defs>')
        return f"url(#{name})"

    def finished(self, width: float, height: float, title: str, description: str) -> str:
        """The whole SVG document, with the text alternative in <title> and <desc>."""
        body = "\n".join(self.parts)
        words = f"<title>{escape(clean(title))}</title><desc>{escape(clean(description))}</desc>"
        size = f'width="{_number(width)}" height="{_number(height)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {_number(width)} {_number(height)}" role="img" class="{_SCOPE}" '
            f'aria-label={quoteattr(clean(title))} font-family="{FONT_FAMILY}">\n'
            f"{words}\n{self._variables()}"
            f'<rect width="100%" height="100%"{self._paint("paper", "none")}/>\n{body}\n</svg>\n'
        )

    def _paint(self, fill: str, stroke: str) -> str:
        paints = {"fill": fill, "stroke": stroke}
        if stroke == "none":
            del paints["stroke"]
        if self.theme == "auto" and (fill in ROLES or stroke in ROLES):
            rules = (f"{k}:{f'var(--al-{v})' if v in ROLES else v}" for k, v in paints.items())
            return f' style="{";".join(rules)}"'
        colors = DARK if self.theme == "dark" else LIGHT
        found = ((k, getattr(colors, v) if v in ROLES else v) for k, v in paints.items())
        return "".join(f' {k}="{v}"' for k, v in found)

    def _variables(self) -> str:
        if self.theme != "auto":
            return ""
        light, dark = (
            "".join(f"--al-{role}:{getattr(theme, role)};" for role in ROLES)
            for theme in (LIGHT, DARK)
        )
        return (
            f"<style>.{_SCOPE}{{{light}}}"
            f"@media (prefers-color-scheme:dark){{.{_SCOPE}{{{dark}}}}}</style>\n"
        )


def _attributes(values: dict[str, object]) -> str:
    """Attributes in the order given; numbers are rounded, names get hyphens."""
    found = []
    for name, value in values.items():
        text = _number(value) if isinstance(value, (int, float)) else str(value)
        found.append(f" {name.replace('_', '-')}={quoteattr(text)}")
    return "".join(found)


def _number(value: float) -> str:
    """At most two decimals, no trailing zeros, no negative zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
