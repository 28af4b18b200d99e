"""Ranks of a directed acyclic graph, and the cuts that fold a long one into bands (rows)."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lab.errors import UsageError

Edge = tuple[int, int]

# Costs of a cut, against a band that is half empty (which costs 0.25).
_CROSSING_COST = 0.3
_SPLIT_GROUP_COST = 1.0
_BAND_COST = 0.05


def ranked(count: int, edges: Sequence[Edge]) -> list[int]:
    """A rank for each of `count` nodes, so that every edge goes up by at least one.

    Longest path from the sources; then sources and nodes with more ways out than in move up
    against their consumers, which shortens the edges.

    >>> ranked(4, [(0, 1), (1, 2), (3, 2)])
    [0, 1, 2, 1]
    """
    inputs: list[list[int]] = [[] for _ in range(count)]
    outputs: list[list[int]] = [[] for _ in range(count)]
    for tail, head in edges:
        inputs[head].append(tail)
        outputs[tail].append(head)
    order = _topological(inputs, outputs)
    rank = [0] * count
    for node in order:
        rank[node] = max((rank[tail] + 1 for tail in inputs[node]), default=0)
    for node in reversed(order):
        held = sum(1 for tail in inputs[node] if inputs[tail])
        if outputs[node] and (not inputs[node] or held < len(outputs[node])):
            rank[node] = min(rank[head] for head in outputs[node]) - 1
    return rank


def effort(rank: Sequence[int], edges: Sequence[Edge]) -> int:
    """Nodes plus the bends that long edges need: the size that a layered layout feels."""
    return len(rank) + sum(rank[head] - rank[tail] - 1 for tail, head in edges)


def slots(rank: Sequence[int], edges: Sequence[Edge]) -> list[int]:
    """Rank, except that a source counts with its first consumer: they stay in one band."""
    slot = list(rank)
    with_inputs = {head for _, head in edges}
    for tail, head in edges:
        if tail not in with_inputs:
            nearest = rank[head] if slot[tail] == rank[tail] else min(slot[tail], rank[head])
            slot[tail] = nearest
    return slot


def folded(
    lengths: Sequence[float],
    limit: float,
    crossings: Sequence[int],
    splits: Sequence[bool],
) -> list[int]:
    """The band of each slot, so that bands hold about `limit` pixels and cuts are cheap.

    `lengths[s]` is the length of slot s; `crossings[s]` counts the edges cut between s and s + 1,
    and `splits[s]` says that this cut would divide a group. Exact, by dynamic programming.

    >>> folded([10, 10, 10, 10], 20, [1, 1, 1], [False, False, False])
    [0, 0, 1, 1]
    """
    count = len(lengths)
    if sum(lengths) <= limit:
        return [0] * count
    best = [0.0] + [float("inf")] * count
    first = [0] * (count + 1)
    for end in range(1, count + 1):
        length = 0.0
        for start in range(end - 1, -1, -1):
            length += lengths[start]
            if length > limit and end - start > 1:
                break
            slack = max(0.0, 1 - length / limit) * (0.5 if end == count else 1.0)
            cut = 0.0 if start == 0 else _cut_cost(crossings[start - 1], splits[start - 1])
            cost = best[start] + slack**2 + cut + _BAND_COST
            if cost < best[end]:
                best[end], first[end] = cost, start
    return _bands(first, count)


def _cut_cost(crossing: int, split: bool) -> float:
    return _CROSSING_COST * (crossing - 1) + _SPLIT_GROUP_COST * split


def _bands(first: Sequence[int], count: int) -> list[int]:
    starts = []
    end = count
    while end > 0:
        end = first[end]
        starts.append(end)
    band = -1
    bands = []
    for slot in range(count):
        band += slot in starts
        bands.append(band)
    return bands


def _topological(inputs: Sequence[list[int]], outputs: Sequence[list[int]]) -> list[int]:
    waiting = [len(tails) for tails in inputs]
    order = [node for node, n in enumerate(waiting) if n == 0]
    for node in order:  # grows while it is read
        for head in outputs[node]:
            waiting[head] -= 1
            if waiting[head] == 0:
                order.append(head)
    if len(order) < len(inputs):
        raise UsageError("The arrows of the diagram form a cycle; a diagram must be acyclic.")
    return order
