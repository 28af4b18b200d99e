"""In which order a plan calculates: single nodes first, groups of weights as late as can be."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lab.graph import Node, toposort
from autograd_lab.plans.wide import Group


@dataclass(frozen=True, eq=False)
class Unit:
    """What is calculated at once: a node, or one step of a group for all its weights."""

    nodes: tuple[Node, ...]
    group: Group | None = None
    signature: Any = None

    @property
    def rank(self) -> tuple[bool, int]:
        """Steps of groups come last, so that many of them stand together."""
        return self.group is not None, self.nodes[0].serial


def schedule(
    results: Sequence[Node], leaves: Collection[Node], groups: Sequence[Group]
) -> list[Unit]:
    """The units in an order in which each comes after what it needs."""
    order = [n for n in toposort(results, stop=set(leaves)) if n.op is not None and n not in leaves]
    side_by_side = {
        node: unit
        for group in groups
        for signature in group.order
        for unit in [Unit(tuple(group.members[signature]), group, signature)]
        for node in unit.nodes
    }
    unit_of = {n: side_by_side.get(n) or Unit((n,)) for n in order}
    units = sorted(dict.fromkeys(unit_of.values()), key=lambda u: u.rank)
    number = {unit: i for i, unit in enumerate(units)}
    needs = [
        {number[unit_of[x]] for n in u.nodes for x in n.inputs if x in unit_of} - {number[u]}
        for u in units
    ]
    return [units[i] for i in _sorted(needs)]


def _sorted(needs: Sequence[set[int]]) -> list[int]:
    """Numbers so that each comes after those it needs, small ones first (Kahn 1962)."""
    users = defaultdict(list)
    for i, needed in enumerate(needs):
        for x in needed:
            users[x].append(i)
    waiting = [len(needed) for needed in needs]
    ready = [i for i, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    done = []
    while ready:
        i = heapq.heappop(ready)
        done.append(i)
        for user in users[i]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    return done
