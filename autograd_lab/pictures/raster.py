"""PNG and PDF of a diagram, with the font brought along: the only door to resvg.

A machine without fonts would drop all text without a word, so system fonts are never used.
"""

from __future__ import annotations

from pathlib import Path

from autograd_lab.errors import MissingToolError, UsageError
from autograd_lab.pictures.diagram import Diagram
from autograd_lab.pictures.engines import Engine
from autograd_lab.pictures.measure import font_file
from autograd_lab.pictures.pdf import pdf_of
from autograd_lab.pictures.style import ThemeName
from autograd_lab.pictures.svg import to_svg

_LARGEST_SIDE = 16_000


def to_png(
    diagram: Diagram, theme: ThemeName = "light", engine: Engine = "auto", zoom: float = 2.0
) -> bytes:
    """The diagram as PNG, `zoom` pixels per SVG pixel; theme "auto" is drawn light.

    Errors: MissingToolError without resvg-py or ziafont; those of `to_svg`.
    """
    return png_of(to_svg(diagram, _fixed(theme), engine), zoom)


def to_pdf(diagram: Diagram, theme: ThemeName = "light", engine: Engine = "auto") -> bytes:
    """The diagram as PDF with selectable text; theme "auto" is drawn light.

    Errors: MissingToolError without reportlab or ziafont; those of `to_svg`.
    """
    return pdf_of(to_svg(diagram, _fixed(theme), engine), _font())


def png_of(svg: str, zoom: float = 2.0) -> bytes:
    """PNG of an SVG of ours (theme light or dark). UsageError if it would be too large."""
    try:
        import resvg_py
    except ImportError:
        raise MissingToolError("PNG needs resvg-py; pip install resvg-py") from None
    sides = [float(svg.split(f'{side}="', 1)[1].split('"', 1)[0]) for side in ("width", "height")]
    if not 0 < zoom * max(sides) <= _LARGEST_SIDE:
        raise UsageError(
            f"A PNG of {zoom * sides[0]:.0f} by {zoom * sides[1]:.0f} pixels is out of range; "
            f"choose another zoom (at most {_LARGEST_SIDE} pixels a side) or draw SVG."
        )
    font = str(_font())
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, skip_system_fonts=True, font_files=[font], zoom=zoom,
            font_family="DejaVu Sans", sans_serif_family="DejaVu Sans",
        )
    )  # fmt: skip


def _font() -> Path:
    path = font_file()
    if path is None:
        raise MissingToolError("The font comes with ziafont; pip install ziafont")
    return path


def _fixed(theme: ThemeName) -> ThemeName:
    return "light" if theme == "auto" else theme
