"""Paths through networks: which carries the gradient, how many there are, how they add up."""

from autograd_lab.pathways.explain import explain_paths
from autograd_lab.pathways.network import Factor, Network, Neurons, RankedPath
from autograd_lab.pathways.ranking import Ranking
from autograd_lab.pathways.recording import network_of
from autograd_lab.pathways.report import LeafPaths, PathReport
from autograd_lab.pathways.semirings import (
    Absolute,
    Count,
    Entropy,
    Open,
    Semiring,
    Strongest,
    Sum,
    backward,
)

__all__ = [
    "Absolute",
    "Count",
    "Entropy",
    "Factor",
    "LeafPaths",
    "Network",
    "Neurons",
    "Open",
    "PathReport",
    "RankedPath",
    "Ranking",
    "Semiring",
    "Strongest",
    "Sum",
    "backward",
    "explain_paths",
    "network_of",
]
