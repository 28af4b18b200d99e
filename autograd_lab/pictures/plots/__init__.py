"""Plots in one visual language with the graphs: plain data in; SVG, PNG, PDF and CSV out."""

from autograd_lab.pictures.plots.axis import Axis
from autograd_lab.pictures.plots.figure import Figure
from autograd_lab.pictures.plots.items import Panel
from autograd_lab.pictures.plots.series import Band, Curve, Marker, Region, Rule, Scatter
from autograd_lab.pictures.plots.tables import Bars, Contours, HeatMap, Histogram

__all__ = [
    "Axis",
    "Band",
    "Bars",
    "Contours",
    "Curve",
    "Figure",
    "HeatMap",
    "Histogram",
    "Marker",
    "Panel",
    "Region",
    "Rule",
    "Scatter",
]
