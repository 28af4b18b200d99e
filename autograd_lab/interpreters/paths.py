"""Paths between an output and a leaf: how many, which, and what each contributes.

All of it is the one walk of ``graph.sweep`` with other sums and products.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from autograd_lab.graph import Node, active_nodes, slope, sweep, toposort
from autograd_lab.scaled import Scaled


class Edge(NamedTuple):
    """From a node to its input number ``place``."""

    node: Node
    place: int

    @property
    def source(self) -> Node:
        return self.node.inputs[self.place]


@dataclass(frozen=True)
class Path:
    """Edges from the output down to a leaf."""

    edges: tuple[Edge, ...]

    def product(self, slopes: dict[Edge, float]) -> Scaled:
        total = Scaled.of(1.0)
        for edge in self.edges:
            total = total * slopes[edge]
        return total


def slopes(output: Node, leaves: Sequence[Node]) -> dict[Edge, float]:
    """The local derivative on every edge that leads from the output to one of the leaves."""
    order = toposort([output])
    active = active_nodes(order, leaves)
    return {
        Edge(node, i): slope(node, i)
        for node in order
        if node in active and node.op is not None
        for i, x in enumerate(node.inputs)
        if x in active and node.op.pull(i) is not None
    }


def adjoints(output: Node, leaves: Sequence[Node], on: dict[Edge, float]) -> dict[Node, Scaled]:
    """Reverse mode that neither under- nor overflows: d(output)/d(node) for the nodes between.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> a, b = leaf(2.0, "a"), leaf(1.0, "b")
    >>> f = (a + b) * (b + 1)
    >>> float(adjoints(f, [b], slopes(f, [b]))[b])
    5.0
    """
    order = toposort([output])

    def extend(g: Scaled, node: Node, index: int) -> Scaled:
        # 0 times an infinite slope stays 0: nothing arrives, so nothing passes
        return g * on[Edge(node, index)] if g.mantissa else g

    one = {output: Scaled.of(1.0)}
    return sweep(order, one, extend, operator.add, active_nodes(order, leaves))


def count(output: Node, leaves: Sequence[Node]) -> dict[Node, int]:
    """The exact number of paths from the output to every node on the way to the leaves.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> a = leaf(1.0, "a")
    >>> b = a + a
    >>> count(b + b, [a])[a]
    4
    """
    order = toposort([output])
    active = active_nodes(order, leaves)
    return sweep(order, {output: 1}, lambda n, _node, _index: n, operator.add, active)


def enumerate_paths(output: Node, x: Node, limit: int = 1000) -> list[Path]:
    """The first ``limit`` paths from the output to ``x``, in the order the formula is written."""
    return list(islice(_walk(output, x), limit))


def _walk(output: Node, x: Node) -> Iterator[Path]:
    active = active_nodes(toposort([output]), [x])
    if output is x:
        yield Path(())
        return
    stack = [iter(_edges(output, active))] if output in active else []
    taken: list[Edge] = []
    while stack:
        edge = next(stack[-1], None)
        if edge is None:
            stack.pop()
            if taken:
                taken.pop()
        elif edge.source is x:
            yield Path((*taken, edge))
        else:
            taken.append(edge)
            stack.append(iter(_edges(edge.source, active)))


def _edges(node: Node, active: set[Node]) -> list[Edge]:
    if node.op is None:
        return []
    return [
        Edge(node, i)
        for i, x in enumerate(node.inputs)
        if x in active and node.op.pull(i) is not None
    ]


class NaiveRun(NamedTuple):
    """What the recursion without a topological order computes, and how often it visits."""

    value: Scaled
    visits: int
    order: tuple[Node, ...]
    complete: bool


def naive(output: Node, x: Node, on: dict[Edge, float], limit: int = 100_000) -> NaiveRun:
    """Backpropagation in the wrong order: visit(n) adds to both inputs, then visits each.

    A node that is reached twice passes on everything it has collected so far both times, so
    early shares are counted again.  Stops after ``limit`` visits.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> a = leaf(1.0, "a")
    >>> b = a + a
    >>> c = b + b
    >>> run = naive(c, a, slopes(c, [a]))
    >>> float(run.value), run.visits
    (8.0, 7)
    """
    total: dict[Node, Scaled] = {output: Scaled.of(1.0)}
    zero = Scaled.of(0.0)
    visited: list[Node] = []
    stack = [output]
    active = active_nodes(toposort([output]), [x])
    while stack and len(visited) < limit:
        node = stack.pop()
        visited.append(node)
        edges = _edges(node, active)
        for edge in edges:
            total[edge.source] = total.get(edge.source, zero) + total[node] * on[edge]
        stack.extend(edge.source for edge in reversed(edges))
    return NaiveRun(total.get(x, zero), len(visited), tuple(visited[:100]), not stack)
