"""The neurons of a network as a reader sees them: what it adds up and puts out is one cell."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograd_lab.pathways.links import Array, Edges, Link
from autograd_lab.pathways.network import Network, Neuron
from autograd_lab.pathways.scaled_array import ScaledArray
from autograd_lab.pathways.semirings import Sum, backward

Cell = tuple[int, int]  # the number of the lowest layer that it consists of, and of the neuron


@dataclass(frozen=True)
class Wire:
    """An edge between two cells; ``passed`` is log10 of what it hands down, -inf for nothing."""

    low: Cell
    high: Cell
    slope: float
    symbol: str
    passed: float


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a network: layers of one name, joined neuron by neuron, are the same cells.

    >>> from autograd_lab.graph import leaf
    >>> from autograd_lab.pathways.recording import network_of
    >>> a = leaf(2.0, "a")
    >>> cells = Cells(network_of(a * a, [a]))
    >>> cells.layers, [wire.slope for wire in cells.into((1, 0))]
    ([0, 1], [2.0, 2.0])
    """

    network: Network

    @cached_property
    def home(self) -> list[int]:
        """For every layer the one whose cells it belongs to."""
        found = list(range(len(self.network.layers)))
        for link in sorted(self.network.links, key=lambda link: link.target):
            if self._inside(link):
                found[link.target] = found[link.source]
        return found

    def _inside(self, link: Link) -> bool:
        """Whether the edges lie within the cells: neuron by neuron, and nothing else enters."""
        layers = self.network.layers
        return (
            isinstance(link, Edges)
            and layers[link.source].name == layers[link.target].name
            and link.source not in self.network.leaves
            and len(self.network.into[link.target]) == 1
            and np.array_equal(link.starts, link.ends)
            and link.edges == layers[link.target].size
        )

    @cached_property
    def layers(self) -> list[int]:
        """The layers that cells are named after, from the leaves up."""
        return sorted(set(self.home))

    def cell(self, neuron: Neuron) -> Cell:
        """The cell of a neuron."""
        return self.home[neuron[0]], neuron[1]

    def name(self, cell: Cell) -> str:
        """Its name, such as ``dense_3[17]``."""
        return self.network.neuron(*cell)

    @cached_property
    def top(self) -> Cell:
        """Where the paths begin."""
        return self.cell(self.network.output)

    @cached_property
    def gradients(self) -> dict[int, ScaledArray]:
        """∂output/∂neuron of every layer that the output depends on."""
        return backward(self.network, Sum())

    @cached_property
    def sizes(self) -> dict[int, Array]:
        """log10 |∂output/∂neuron| by layer, -inf for an exact zero."""
        return {layer: held.log10 for layer, held in self.gradients.items()}

    def slopes(self, cell: Cell) -> list[tuple[str, float]]:
        """The local derivatives within a cell, such as relu′ and its value."""
        found = []
        for link in self.network.links:
            if self.home[link.target] == cell[0] and self._inside(link):
                _, places = link.into(cell[1])
                slope = float(link.slopes.flat[places[0]])
                found.append((link.symbol(cell[1], cell[1]), slope))
        return found

    def into(self, cell: Cell, among: Container[Cell] | None = None) -> Iterator[Wire]:
        """The edges that enter a cell, from all below or from some."""
        for link in self._between:
            if self.home[link.target] == cell[0] and link.target in self.sizes:
                starts, places = link.into(cell[1])
                for start, slope in zip(starts.tolist(), link.slopes.flat[places], strict=True):
                    if among is None or (self.home[link.source], start) in among:
                        yield self._wire(link, start, cell[1], float(slope))

    def out_of(self, cell: Cell) -> Iterator[Wire]:
        """The edges that leave a cell, upwards, to neurons that the output depends on."""
        for link in self._between:
            if self.home[link.source] == cell[0] and link.target in self.sizes:
                if isinstance(link, Edges):
                    chosen = np.flatnonzero(link.starts == cell[1])
                    ends, slopes = link.ends[chosen], link.slopes[chosen]
                else:
                    ends, slopes = np.arange(link.slopes.shape[1]), link.slopes[cell[1]]
                for end, slope in zip(ends.tolist(), slopes.tolist(), strict=True):
                    yield self._wire(link, cell[1], end, slope)

    @cached_property
    def _between(self) -> list[Link]:
        return [link for link in self.network.links if not self._inside(link)]

    def _wire(self, link: Link, start: int, end: int, slope: float) -> Wire:
        low, high = (self.home[link.source], start), (self.home[link.target], end)
        size = np.log10(abs(slope)) if slope else -np.inf
        passed = float(size + self.sizes[link.target][end])
        return Wire(low, high, slope, link.symbol(start, end), passed)
