"""Loops over pieces of flat arrays: one formula for many weights, while they are in the cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node
from autograd_lab.plans.memory import Array, Memory, side_by_side, word
from autograd_lab.plans.schedule import Unit
from autograd_lab.plans.singles import Singles
from autograd_lab.plans.wide import Group
from autograd_lab.variables import Variable

CHUNK = 16_384  # entries worked on at a time: four such arrays of float32 take 256 kB

Flat = dict[tuple[int, Any], str]  # (number of the group, signature) -> name of the flat array


class Loop:
    """One loop: consecutive steps of a group, piece by piece.

    Values that only this loop reads are as long as a piece; the others lie in flat arrays.
    """

    def __init__(
        self,
        units: Sequence[Unit],
        number: int,
        flat: Flat,
        singles: Singles,
        read_outside: Collection[Node],
        position: Mapping[Unit, int],
    ) -> None:
        assert units[0].group is not None
        self.units, self.number, self.flat = units, number, flat
        self.group: Group = units[0].group
        self.singles, self.memory = singles, singles.memory
        self.read_outside, self.position = read_outside, position
        self.local: dict[Any, str] = {}
        self.arrays: dict[str, Array] = {}
        self.kinds: dict[str, str] = {}  # of the passing values, by name
        self.idle: dict[str, list[str]] = defaultdict(list)
        self.left: dict[Any, int] = defaultdict(int)
        for unit in units:
            for part in set(unit.signature[2]):
                self.left[part] += 1

    def lines(self) -> list[str]:
        """The loop as it stands in the plan."""
        body = [line for unit in self.units for line in self._step(unit)]
        heads, pieces = self._pieces()
        loop = self.memory.fresh("pieces", pieces)
        names = ", ".join(word(row[0].path) for row in self.group.rows)
        return [
            f"for {', '.join(heads)}{',' * (len(heads) == 1)} in {loop}:  # {names}",
            *[f"    {line}" for line in body],
        ]

    def _pieces(self) -> tuple[list[str], list[tuple[Array, ...]]]:
        size = sum(node.size for node in self.units[0].nodes)
        step = max(1, min(CHUNK, size))
        passing = {name: np.empty(step, kind) for name, kind in self.kinds.items()}
        pieces = [
            tuple(
                [a[i : i + step] for a in self.arrays.values()]
                + [b[: min(step, size - i)] for b in passing.values()]
            )
            for i in range(0, size, step)
        ]
        return [*self.arrays, *passing], pieces

    def _step(self, unit: Unit) -> list[str]:
        node, parts = unit.nodes[0], unit.signature[2]
        operands = [self._operand(part) for part in parts]
        for part in set(parts):
            self.left[part] -= 1
        out = self._own(unit) or self._passing(node, parts)
        for part in set(parts):
            name = self.local.get(part)
            if name in self.kinds and name != out and not self.left[part]:
                self.idle[self.kinds[name]].append(name)
        self.local[unit.signature] = out
        return self.singles.written(node, out, operands)

    def _operand(self, part: Any) -> str:
        if part[0] == "number" and len(part) == 2:
            return self.memory.names[part[1]]
        if part not in self.local:
            self.local[part] = self._use(self.flat[self.number, part])
        return self.local[part]

    def _use(self, name: str) -> str:
        self.arrays[name] = self.memory.arrays[name]
        return name

    def _passing(self, node: Node, parts: Sequence[Any]) -> str:
        """A piece for a value that only this loop reads; an input's, where that is done with."""
        kind = node.dtype.str
        for part in parts:
            name = self.local.get(part)
            if name in self.kinds and not self.left[part] and self.kinds[name] == kind:
                return name
        if self.idle[kind]:
            return self.idle[kind].pop()
        name = f"t{len(self.kinds)}"
        self.kinds[name] = kind
        return name

    def _own(self, unit: Unit) -> str | None:
        """The flat array of the variables whose new value this is, or one that others read."""
        index = self._variables_of(unit)
        if index is not None:
            return self._use(self.flat[self.number, ("held", index)])
        if not any(n in self.read_outside for n in unit.nodes):
            return None
        array, views = side_by_side(unit.nodes, unit.nodes[0].dtype)
        name = self.flat[self.number, unit.signature] = self.memory.array("wide", array)
        for node, view in zip(unit.nodes, views, strict=True):
            self.memory.names[node] = self.memory.array("w", view)
        return self._use(name)

    def _variables_of(self, unit: Unit) -> int | None:
        """Which slot of all weights becomes this value and may be written over here."""
        becomes, position = self.singles.becomes, self.position[unit]
        for index in range(len(self.group.rows[0])):
            slots: list[Variable] = [row[index] for row in self.group.rows]
            if (self.number, ("held", index)) not in self.flat:
                continue
            if all(
                v in becomes.get(n, ()) and self.singles.may_overwrite(v, n, position)
                for v, n in zip(slots, unit.nodes, strict=True)
            ):
                self.singles.done.update(slots)
                for v, n in zip(slots, unit.nodes, strict=True):
                    self.memory.names[n] = self.memory.names[v]
                return index
        return None


def read_outside(
    units: Sequence[Unit], runs: Sequence[Sequence[Unit]], results: Collection[Node]
) -> set[Node]:
    """Nodes of groups that are read by other units than those of the same loop."""
    home = {n: i for i, run in enumerate(runs) for u in run for n in u.nodes}
    found = set(results)
    for unit in units:
        for node in unit.nodes:
            mine = home.get(node)
            found.update(x for x in node.inputs if home.get(x, mine) != mine)
    return found


class Gradients:
    """Flat arrays for what comes from elsewhere into the formulas: the gradients.

    Who calculates such a node writes it into its part of the flat array.  A node that has another
    place, as a leaf or as the gradient of two weights, is copied there before it is read.
    """

    def __init__(self, memory: Memory, groups: Sequence[Group]) -> None:
        self.memory = memory
        self.flat: Flat = {}
        self.copies: dict[tuple[int, Any], list[tuple[str, Node]]] = defaultdict(list)
        for number, group in enumerate(groups):
            for signature in group.given:
                members = group.members[signature]
                array, views = side_by_side(members, members[0].dtype)
                self.flat[number, signature] = memory.array(f"gradient_{number}", array)
                for node, view in zip(members, views, strict=True):
                    name = memory.array("g", view)
                    if memory.names.setdefault(node, name) != name:
                        self.copies[number, signature].append((name, node))

    def brought(self, number: int, units: Sequence[Unit]) -> list[str]:
        """The copies that a loop over these units needs before it."""
        parts = dict.fromkeys(part for u in units for part in u.signature[2])
        return [
            f"copyto({name}, {self.memory.names[node]})"
            for part in parts
            for name, node in self.copies.pop((number, part), ())
        ]
