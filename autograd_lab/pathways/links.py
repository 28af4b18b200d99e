"""Edges between the neurons of two layers, with the local derivative on each.

A pass over paths needs two things of them: to bring what a neuron holds to its edges, and to join
what the edges hold at a neuron.  Everything else is the semiring's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
Symbol = Callable[[int, int], str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Link:
    """Edges from the neurons of layer ``source`` to those of layer ``target``.

    Layers are numbers in a topological order, neurons numbers within their layer.  ``slopes`` holds
    d(target neuron)/d(source neuron) for every edge; ``symbol(i, j)`` writes it as a formula.
    ``passes`` marks edges that hand every neuron on to the one of the same number, unchanged: into
    a sum, or into another shape.
    """

    source: int
    target: int
    slopes: Array
    symbol: Symbol = field(default=lambda _i, _j: "")
    passes: Literal["", "summed", "shaped"] = ""

    @property
    def edges(self) -> int:
        """How many there are."""
        return int(self.slopes.size)

    @cached_property
    def open(self) -> Array:
        """Which edges let anything through."""
        return np.asarray(self.slopes != 0)

    def at_targets(self, held: Array) -> Array:
        """For every edge what its upper end holds."""
        raise NotImplementedError

    def at_sources(self, held: Array) -> Array:
        """For every edge what its lower end holds."""
        raise NotImplementedError

    def to_sources(self, join: np.ufunc, values: Array, nothing: Any) -> Array:
        """The values on the edges joined at their lower ends; ``nothing`` where there is none."""
        raise NotImplementedError

    def to_targets(self, join: np.ufunc, values: Array, nothing: Any) -> Array:
        """The same at their upper ends."""
        raise NotImplementedError

    def into(self, target: int) -> tuple[Array, Array]:
        """The edges into one neuron: lower ends in ascending order, and places in ``slopes``."""
        raise NotImplementedError


class Matrix(Link):
    """Every neuron of the one layer with every one of the other: slopes (sources, targets)."""

    def at_targets(self, held: Array) -> Array:
        return np.broadcast_to(held[None, :], self.slopes.shape)

    def at_sources(self, held: Array) -> Array:
        return np.broadcast_to(held[:, None], self.slopes.shape)

    def to_sources(self, join: np.ufunc, values: Array, nothing: Any) -> Array:
        joined: Array = join.reduce(values, axis=1, initial=nothing)
        return joined

    def to_targets(self, join: np.ufunc, values: Array, nothing: Any) -> Array:
        joined: Array = join.reduce(values, axis=0, initial=nothing)
        return joined

    def into(self, target: int) -> tuple[Array, Array]:
        sources = np.arange(len(self.slopes))
        return sources, sources * self.slopes.shape[1] + target


@dataclass(frozen=True, eq=False, kw_only=True)
class Edges(Link):
    """Single edges: ``starts`` and ``ends`` are the neurons at either end of each.

    ``shape`` is the size of both layers.
    """

    starts: Array
    ends: Array
    shape: tuple[int, int]

    def at_targets(self, held: Array) -> Array:
        taken: Array = held[self.ends]
        return taken

    def at_sources(self, held: Array) -> Array:
        taken: Array = held[self.starts]
        return taken

    def to_sources(self, join: np.ufunc, values: Array, nothing: Any) -> Array:
        return _joined(join, self.starts, values, nothing, self.shape[0])

    def to_targets(self, join: np.ufunc, values: Array, nothing: Any) -> Array:
        return _joined(join, self.ends, values, nothing, self.shape[1])

    @cached_property
    def _by_end(self) -> Array:
        return np.lexsort((self.starts, self.ends))

    @cached_property
    def _sorted_ends(self) -> Array:
        ends: Array = self.ends[self._by_end]
        return ends

    def into(self, target: int) -> tuple[Array, Array]:
        first, last = np.searchsorted(self._sorted_ends, [target, target + 1])
        places = self._by_end[first:last]
        return self.starts[places], places


def _joined(join: np.ufunc, places: Array, values: Array, nothing: Any, size: int) -> Array:
    joined = np.full(size, nothing, dtype=values.dtype)
    join.at(joined, places, values)
    return joined
