"""A network as layers of neurons with links between them: what every question about paths reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from autograd_lab.errors import GradientError
from autograd_lab.pathways.links import Link
from autograd_lab.scaled import Scaled

Neuron: TypeAlias = tuple[int, int]  # the number of the layer, and of the neuron within it


@dataclass(frozen=True)
class Neurons:
    """The numbers of one tensor for one example; ``name`` is that of the layer or the leaf.

    >>> Neurons("dense_3", (5, 5)).neuron(7), Neurons("b1", ()).neuron(0)
    ('dense_3[1,2]', 'b1')
    """

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def neuron(self, number: int) -> str:
        """The name of one of them."""
        if not self.shape:
            return self.name
        places = np.unravel_index(number, self.shape)
        return f"{self.name}[{','.join(str(int(i)) for i in places)}]"


@dataclass(frozen=True, eq=False)
class Network:
    """Layers in a topological order, the links between them, and the ends of the paths.

    ``output`` is a layer and a neuron in it; ``leaves`` are the layers where paths end.
    """

    layers: Sequence[Neurons]
    links: Sequence[Link]
    output: Neuron
    leaves: Sequence[int]
    value: float = float("nan")
    notes: Sequence[str] = field(default_factory=tuple)

    @cached_property
    def into(self) -> Mapping[int, Sequence[Link]]:
        """The links that enter each layer."""
        found: dict[int, list[Link]] = {i: [] for i in range(len(self.layers))}
        for link in self.links:
            found[link.target].append(link)
        return found

    @property
    def edges(self) -> int:
        """How many edges there are between neurons."""
        return sum(link.edges for link in self.links)

    def neuron(self, layer: int, number: int) -> str:
        """The name of a neuron, such as ``dense_3[17]``."""
        return self.layers[layer].neuron(number)

    def checked(self) -> Network:
        """The network itself; GradientError where a local derivative is not finite."""
        for link in self.links:
            if not np.isfinite(link.slopes).all():
                place = int(np.flatnonzero(~np.isfinite(link.slopes))[0])
                raise GradientError(
                    f"the local derivative from {self.layers[link.source].name} to "
                    f"{self.layers[link.target].name} is {link.slopes.flat[place]} (entry {place}):"
                    " a product of such factors has no size; look at the values there"
                )
        return self


@dataclass(frozen=True)
class Factor:
    """One edge of a path: from a neuron up to another, and the local derivative between them.

    ``ends`` are both neurons as numbers: (layer, neuron within it).
    """

    source: str
    target: str
    symbol: str
    slope: float
    ends: tuple[Neuron, Neuron]


@dataclass(frozen=True, eq=False)
class RankedPath:
    """A path from the output down to a leaf: its edges, and the product of their slopes.

    ``edges`` are the neuron at the upper end, the link, the neuron at the lower end, and the slope.
    """

    network: Network = field(repr=False)
    edges: tuple[tuple[Neuron, Link, Neuron, float], ...] = field(repr=False)
    leaf: Neuron
    value: Scaled

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The local derivatives in the order of the chain rule, from the output down."""
        name = self.network.neuron
        return tuple(
            Factor(name(*low), name(*high), link.symbol(low[1], high[1]), slope, (low, high))
            for high, link, low, slope in self.edges
        )

    @cached_property
    def neurons(self) -> tuple[str, ...]:
        """The neurons on it, leaf first, each once: what a layer adds up and what it puts out."""
        upwards = [self.leaf, *(edge[0] for edge in reversed(self.edges))]
        names = [self.network.neuron(*one) for one in upwards]
        return tuple(name for i, name in enumerate(names) if i == 0 or name != names[i - 1])


def contracted(network: Network) -> Network:
    """The same paths over fewer layers: edges that hand a layer on unchanged are taken out.

    Adding a bias gives every path a factor of 1; reshaping does.  The layers at both ends of such
    edges become one if nothing else enters the upper one, or leaves the lower one; at a sum, only
    within one layer of the model.  Number and values of the paths stay the same.
    """
    links, leaves = list(network.links), set(network.leaves)
    stands_for = list(range(len(network.layers)))
    for link in [link for link in links if link.passes]:
        low, high = stands_for[link.source], stands_for[link.target]
        enters = [other for other in links if stands_for[other.target] == high]
        leaving = [other for other in links if stands_for[other.source] == low]
        within = network.layers[low].name == network.layers[high].name
        if not within and link.passes == "summed":
            continue
        if len(enters) == 1 and high not in leaves:
            stands_for = [low if one == high else one for one in stands_for]
        elif within and len(leaving) == 1 and low not in leaves and low != network.output[0]:
            stands_for = [high if one == low else one for one in stands_for]
        else:
            continue
        links.remove(link)
    kept = sorted(set(stands_for))
    number = {old: new for new, old in enumerate(kept)}
    place = [number[one] for one in stands_for]
    return replace(
        network,
        layers=[network.layers[old] for old in kept],
        links=[replace(k, source=place[k.source], target=place[k.target]) for k in links],
        output=(place[network.output[0]], network.output[1]),
        leaves=[place[leaf] for leaf in network.leaves],
    )
