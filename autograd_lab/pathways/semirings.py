"""Sums over all paths, each by one walk from the output to the leaves (Goodman 1999, eq. 5).

A semiring says what one path is worth (⊗ along it) and how paths join (⊕).  Backpropagation is the
one walk with ⊗ = × and ⊕ = +; other pairs count paths, find the strongest, or give the entropy of
their sizes (Du et al., ACL 2023).  Here every step of the walk is arithmetic on whole layers.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import numpy as np

from autograd_lab.pathways.links import Array, Link
from autograd_lab.pathways.network import Network
from autograd_lab.pathways.scaled_array import NOTHING, ScaledArray

T = TypeVar("T")


class Semiring(Protocol[T]):
    """What a layer of neurons holds, and how that travels over edges."""

    def start(self, size: int, unit: int) -> T:
        """One for the output, nothing for the other neurons of its layer."""

    def carry(self, link: Link, held: T) -> T:
        """What the upper layer holds, extended over the edges and joined at the lower one."""

    def join(self, held: T, more: T) -> T:
        """⊕, entry by entry."""


def backward(network: Network, semiring: Semiring[T]) -> dict[int, T]:
    """For every neuron the ⊕ over all paths from the output down to it; layers not reached lack.

    >>> from autograd_lab.graph import leaf
    >>> from autograd_lab.pathways.recording import network_of
    >>> a = leaf(2.0, "a")
    >>> b = a * a
    >>> network = network_of(b * b, [a])
    >>> backward(network, Sum())[0].floats(), backward(network, Count())[0]
    (array([32.]), array([4], dtype=object))
    """
    top, unit = network.output
    held = {top: semiring.start(network.layers[top].size, unit)}
    for target in range(top, -1, -1):
        if target not in held:
            continue
        for link in network.into[target]:
            more = semiring.carry(link, held[target])
            known = link.source in held
            held[link.source] = semiring.join(held[link.source], more) if known else more
    return held


class Sum:
    """(+, ×): the gradient."""

    def start(self, size: int, unit: int) -> ScaledArray:
        return ScaledArray.of(np.arange(size) == unit)

    def carry(self, link: Link, held: ScaledArray) -> ScaledArray:
        return reduced(link, self.on_edges(link, held))

    def on_edges(self, link: Link, held: ScaledArray) -> ScaledArray:
        """What each edge carries."""
        above = ScaledArray(link.at_targets(held.mantissa), link.at_targets(held.exponent))
        return ScaledArray.of(link.slopes) * above

    def join(self, held: ScaledArray, more: ScaledArray) -> ScaledArray:
        return held + more


class Absolute(Sum):
    """(+, ×) on sizes: the sum of the absolute values of all paths."""

    def on_edges(self, link: Link, held: ScaledArray) -> ScaledArray:
        return abs(super().on_edges(link, held))


def reduced(link: Link, values: ScaledArray) -> ScaledArray:
    """Numbers on edges added up at the lower ends, each sum relative to its largest term."""
    top = link.to_sources(np.maximum, values.exponent, NOTHING)
    terms = values.down_to(link.at_sources(top))
    return ScaledArray.normal(link.to_sources(np.add, terms, 0.0), top)


class Count:
    """(+, ×) on whole numbers: how many paths there are, exactly."""

    def start(self, size: int, unit: int) -> Array:
        return np.array([int(i == unit) for i in range(size)], dtype=object)

    def carry(self, link: Link, held: Array) -> Array:
        return link.to_sources(np.add, link.at_targets(held), 0)

    def join(self, held: Array, more: Array) -> Array:
        joined: Array = held + more
        return joined


class Open(Count):
    """The same for paths on which no factor is zero."""

    def carry(self, link: Link, held: Array) -> Array:
        return link.to_sources(np.add, np.where(link.open, link.at_targets(held), 0), 0)


class Entropy(Absolute):
    """Sizes and their entropy: with shares s of a sum of sizes, H = Σ s (H above - ln s).

    The entropy of |value| / Σ|value| over all paths by the chain rule of entropies; it is the
    expectation semiring of Eisner (2002) and Li & Eisner (2009), with the second number divided by
    the first, so that no term is large and none cancels.
    """

    def start(self, size: int, unit: int) -> Any:
        return super().start(size, unit), np.zeros(size)

    def carry(self, link: Link, held: Any) -> Any:
        sizes, entropies = held
        each = self.on_edges(link, sizes)
        whole = reduced(link, each)
        shares = each.over(
            ScaledArray(link.at_sources(whole.mantissa), link.at_sources(whole.exponent))
        )
        terms = shares * link.at_targets(entropies) + surprise(shares)
        return whole, link.to_sources(np.add, terms, 0.0)

    def join(self, held: Any, more: Any) -> Any:
        whole = held[0] + more[0]
        shares = held[0].over(whole), more[0].over(whole)
        return whole, sum(
            s * h + surprise(s) for s, h in zip(shares, (held[1], more[1]), strict=True)
        )


def surprise(shares: Array) -> Array:
    """-s ln s, and 0 for s = 0."""
    return -shares * np.log(np.where(shares > 0, shares, 1.0))


class Strongest:
    """(max, ×) on sizes: log2 of the strongest path's size, -inf where none is open."""

    def start(self, size: int, unit: int) -> Array:
        return np.where(np.arange(size) == unit, 0.0, -np.inf)

    def carry(self, link: Link, held: Array) -> Array:
        with np.errstate(divide="ignore"):
            sizes = np.log2(np.abs(link.slopes)) + link.at_targets(held)
        return link.to_sources(np.maximum, sizes, -np.inf)

    def join(self, held: Array, more: Array) -> Array:
        return np.maximum(held, more)
