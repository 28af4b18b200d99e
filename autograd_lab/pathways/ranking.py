"""The strongest and the weakest paths, best first, found one by one.

The best paths to a neuron are best paths to the neurons below, each with one more edge.  So a
neuron's next best path needs only the next best of the neuron that its last one came through: the
recursive enumeration algorithm of Jiménez & Marzal (1999).  One pass over the edges finds the best
of every neuron; each further path costs a few steps per layer, however many there are.

Sizes are compared as sums of log2|factor| in whole units of 2^-b.  Such sums are exact, so paths
with the same factors in another order tie exactly, and ties can be broken by the neurons' numbers.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

import numpy as np

from autograd_lab.pathways.links import Array, Link
from autograd_lab.pathways.network import Network, Neuron, RankedPath
from autograd_lab.scaled import Scaled

NO_PATH = -(2**62)
_BITS = 61  # of a sum of sizes
_FINEST = 52

Entry = tuple[int, int, int, int, int]  # -size, place among links, lower neuron, edge, rank there


class Ranking:
    """The paths from the leaves to each neuron in order of size, kept as far as they were needed.

    Equal sizes are ordered by the last link, then by the number of the neuron below, and so on
    down.  ``weakest``: the smallest first; paths with a factor of zero are none at all.

    >>> from autograd_lab.graph import leaf
    >>> from autograd_lab.pathways.recording import network_of
    >>> a = leaf(2.0, "a")
    >>> [float(path.value) for path in Ranking(network_of(a * a + 3.0 * a, [a])).best(5)]
    [3.0, 2.0, 2.0]
    """

    def __init__(self, network: Network, weakest: bool = False) -> None:
        self.network = network
        self.sign = -1 if weakest else 1
        self.bits = _resolution(network)
        self.sizes: dict[int, Array] = {}
        self.found: dict[Neuron, list[Entry | None]] = {}
        self.waiting: dict[Neuron, list[Entry]] = {}
        self._first_pass()

    def best(self, k: int) -> list[RankedPath]:
        """The first k paths to the output, or all if there are fewer."""
        top = self.network.output
        if self.sizes[top[0]][top[1]] == NO_PATH:
            return []
        return [self._path(top, rank) for rank in range(k) if self._reaches(top, rank)]

    # --- the best of every neuron -----------------------------------------------------------------

    def _first_pass(self) -> None:
        for layer, neurons in enumerate(self.network.layers):
            held = np.full(neurons.size, 0 if layer in self.network.leaves else NO_PATH)
            for link in self.network.into[layer]:
                np.maximum(held, self._into_layer(link), out=held)
            self.sizes[layer] = held

    def _into_layer(self, link: Link) -> Array:
        below = link.at_sources(self.sizes[link.source])
        sizes = below + self._sizes_of(link.slopes)
        reach = np.where(link.open & (below != NO_PATH), sizes, NO_PATH)
        return link.to_targets(np.maximum, reach, NO_PATH)

    def _sizes_of(self, slopes: Array) -> Array:
        with np.errstate(divide="ignore"):
            logs = np.log2(np.abs(slopes))
        logs = np.where(slopes == 0, 0.0, logs)
        return np.asarray(np.rint(np.ldexp(self.sign * logs, self.bits)), dtype=np.int64)

    # --- one more -------------------------------------------------------------------------------

    def _reaches(self, neuron: Neuron, rank: int) -> bool:
        """Whether a neuron has a path of this rank; the paths before it are known then."""
        ranked = self._entered(neuron)
        while len(ranked) <= rank and ranked[-1] is not None:
            self._extend(neuron)
        return rank < len(ranked) and ranked[rank] is not None

    def _extend(self, neuron: Neuron) -> None:
        """Find one more path to a neuron, or None, and whatever that needs further down."""
        chain = [neuron]
        while (below := self._wanted(chain[-1])) is not None:
            chain.append(below)
        for one in reversed(chain):
            self._take_next(one)

    def _wanted(self, neuron: Neuron) -> Neuron | None:
        """The neuron below that must have one more path before this one can."""
        last = self.found[neuron][-1]
        if last is None or last[1] < 0:
            return None
        below = self._below(neuron, last), last[4] + 1
        ranked = self._entered(below[0])
        return below[0] if len(ranked) <= below[1] and ranked[-1] is not None else None

    def _take_next(self, neuron: Neuron) -> None:
        ranked, waiting = self.found[neuron], self.waiting[neuron]
        last = ranked[-1]
        if last is not None and last[1] >= 0:
            below, rank = self._below(neuron, last), last[4] + 1
            after = self.found[below][rank] if rank < len(self.found[below]) else None
            if after is not None:
                before = self.found[below][rank - 1]
                assert before is not None
                size = last[0] + after[0] - before[0]
                heapq.heappush(waiting, (size, *last[1:4], rank))
        ranked.append(heapq.heappop(waiting) if waiting else None)

    def _entered(self, neuron: Neuron) -> list[Entry | None]:
        """The paths to a neuron known so far: the best at least."""
        if neuron not in self.found:
            layer, number = neuron
            entries: list[Entry] = [(0, -1, 0, 0, 0)] if layer in self.network.leaves else []
            for place, link in enumerate(self.network.into[layer]):
                entries += self._candidates(place, link, number)
            heapq.heapify(entries)
            self.waiting[neuron] = entries
            self.found[neuron] = [heapq.heappop(entries)] if entries else [None]
        return self.found[neuron]

    def _candidates(self, place: int, link: Link, number: int) -> Iterator[Entry]:
        """The best path over each edge into a neuron."""
        starts, edges = link.into(number)
        slopes, below = link.slopes.flat[edges], self.sizes[link.source][starts]
        alive = (slopes != 0) & (below != NO_PATH)
        sizes = -(below + self._sizes_of(slopes))
        for size, start, edge in zip(
            sizes[alive].tolist(), starts[alive].tolist(), edges[alive].tolist(), strict=True
        ):
            yield size, place, start, edge, 0

    def _below(self, neuron: Neuron, entry: Entry) -> Neuron:
        return self.network.into[neuron[0]][entry[1]].source, entry[2]

    # --- reading one ------------------------------------------------------------------------------

    def _path(self, neuron: Neuron, rank: int) -> RankedPath:
        """A known path: its edges from the top, and their product."""
        edges: list[tuple[Neuron, Link, Neuron, float]] = []
        mantissa, exponent = 1.0, 0
        while True:
            entry = self._entered(neuron)[rank]
            assert entry is not None
            if entry[1] < 0:
                value = Scaled(mantissa, exponent) * 1.0
                return RankedPath(self.network, tuple(edges), neuron, value)
            link, below = self.network.into[neuron[0]][entry[1]], self._below(neuron, entry)
            slope = float(link.slopes.flat[entry[3]])
            edges.append((neuron, link, below, slope))
            mantissa, shift = math.frexp(mantissa * slope)
            exponent, neuron, rank = exponent + shift, below, entry[4]


def _resolution(network: Network) -> int:
    """How many bits after the point leave room for the longest sum of logarithms."""
    total = 1.0
    for link in network.links:
        sizes = np.abs(link.slopes[link.open])
        if sizes.size:
            total += max(abs(math.log2(sizes.min())), abs(math.log2(sizes.max())))
    return min(_FINEST, _BITS - math.ceil(math.log2(total)))
