"""Pictures: a plain description of a diagram in; SVG, PNG, PDF, DOT, Mermaid and TikZ out."""

from autograd_lab.pictures.diagram import Arrow, Box, Diagram, TooLargeError
from autograd_lab.pictures.dot_text import to_dot
from autograd_lab.pictures.engines import LayoutError, available_engine
from autograd_lab.pictures.exports import to_mermaid, to_tikz
from autograd_lab.pictures.labels import Label, variable
from autograd_lab.pictures.layout import Layout, layout
from autograd_lab.pictures.raster import to_pdf, to_png
from autograd_lab.pictures.style import Scale
from autograd_lab.pictures.svg import to_svg

__all__ = [
    "Arrow",
    "Box",
    "Diagram",
    "Label",
    "Layout",
    "LayoutError",
    "Scale",
    "TooLargeError",
    "available_engine",
    "layout",
    "to_dot",
    "to_mermaid",
    "to_pdf",
    "to_png",
    "to_svg",
    "to_tikz",
    "variable",
]
