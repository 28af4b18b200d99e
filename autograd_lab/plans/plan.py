"""A plan: the step as straight-line code over arrays that are made once."""

from __future__ import annotations

import itertools
import linecache
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node, Value, next_serial, plain, quiet, toposort
from autograd_lab.interpreters.simplify import simplify
from autograd_lab.plans import emitters
from autograd_lab.plans.loops import Flat, Gradients, Loop, read_outside
from autograd_lab.plans.memory import Array, Memory, homes, read_only, side_by_side, word
from autograd_lab.plans.schedule import Unit, schedule
from autograd_lab.plans.singles import Singles
from autograd_lab.plans.wide import Group, Row, groups
from autograd_lab.variables import Variable

Draw = tuple[Node, Callable[[], Any]]


class Plan:
    """The same values as ``interpreters.replay.Program``, by code written for these shapes.

    inputs: leaves given at each run.  draws: leaves with the functions that give them new numbers.
    outputs: what a run answers.  updates: variables and the nodes of their new values.  rows: each
    weight with its slots, so that weights of one formula are updated side by side.

    ``source`` is the code; it stands in tracebacks as well.

    >>> from autograd_lab.graph import leaf
    >>> x = leaf(np.zeros(2), "x")
    >>> plan = Plan([x], [x * 2.0 + 1.0])
    >>> plan([np.array([1.0, 2.0])])[0].tolist()
    [3.0, 5.0]
    >>> print(plan.source.splitlines()[1])
        multiply(x, 2.0, b)  # 2
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        outputs: Sequence[Node],
        draws: Sequence[Draw] = (),
        updates: Sequence[tuple[Variable, Node]] = (),
        rows: Sequence[Row] = (),
    ) -> None:
        writer = _Writer(inputs, outputs, draws, updates, rows)
        self.source = writer.source
        self.step = _defined(self.source, writer.memory.namespace)
        self.samples = [sample for _, sample in draws]
        self.places = [writer.memory.of(x) for x in writer.leaves]
        self.read = writer.read  # numbers that the step takes
        self.changed = list(writer.updates)
        self.told = writer.told  # numbers that it gives new
        self.answers = len(outputs)
        self.held = [(v, array, read_only(array)) for v, array in writer.held.items()]

    def __call__(self, values: Sequence[Value]) -> list[Value]:
        """One run; the variables have their new values after it."""
        self.attach()
        single = []
        given = itertools.chain(values, (sample() for sample in self.samples))
        for place, value in zip(self.places, given, strict=True):
            if place is None:
                single.append(plain(value))
            else:
                np.copyto(place, value)
        with quiet():
            found = self.step(*[v.value for v in self.read], *single)
        for variable, value in zip(self.told, found[self.answers :], strict=True):
            variable.assign(value)
        moment = next_serial()
        for variable in self.changed:
            variable.assigned = moment
        return [np.array(x) if isinstance(x, np.ndarray) else x for x in found[: self.answers]]

    def attach(self) -> None:
        """Take over the variables' values wherever another array was assigned."""
        for variable, array, view in self.held:
            if variable.value is not view:
                if not np.shares_memory(variable.value, array):
                    np.copyto(array, variable.value)
                variable.value = view


def _defined(source: str, namespace: dict[str, Any]) -> Callable[..., tuple[Any, ...]]:
    """The function of a plan's text, which is kept for tracebacks.

    Every word of the text is ours: names of users are cut down to letters by ``memory.word``.
    """
    name = f"<plan {next_serial()}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), namespace)  # noqa: S102
    step: Callable[..., tuple[Any, ...]] = namespace["step"]
    return step


class _Writer:
    """Writes the code of a plan: gives everything a place, then line after line."""

    def __init__(
        self,
        inputs: Sequence[Node],
        outputs: Sequence[Node],
        draws: Sequence[Draw],
        updates: Sequence[tuple[Variable, Node]],
        rows: Sequence[Row],
    ) -> None:
        self.leaves = [*inputs, *(drawn for drawn, _ in draws)]
        tidy = simplify([*outputs, *(new for _, new in updates)], self.leaves)
        self.outputs = tidy[: len(outputs)]
        self.updates = dict(zip([v for v, _ in updates], tidy[len(outputs) :], strict=True))
        self.results = list(dict.fromkeys(tidy))
        self.groups = groups(rows, self.updates)
        self.units = schedule(self.results, self.leaves, self.groups)
        self.position = {unit: i for i, unit in enumerate(self.units)}
        self.memory = Memory(emitters.NAMESPACE)
        self._place_variables()
        self._place_leaves()
        self.gradients = Gradients(self.memory, self.groups)
        self.flat.update(self.gradients.flat)
        self.singles = Singles(self.memory, self._last_reads(), self._becomes())
        self.source = self._text(self._lines())

    # --- places -----------------------------------------------------------------------------------

    def _place_variables(self) -> None:
        """Every array variable in an array that the plan owns; those of a group side by side."""
        self.held: dict[Variable, Array] = {}
        self.flat: Flat = {}
        for number, group in enumerate(self.groups):
            for held in group.held:
                slots: list[Any] = [row[held[1]] for row in group.rows]
                flat, views = homes(slots) or side_by_side(slots)
                every = f"all_{word(str(slots[0].name).split('/')[-1])}"
                self.flat[number, held] = self.memory.array(every, flat)
                for variable, view in zip(slots, views, strict=True):
                    self._hold(variable, view)
        found = [n for n in toposort(self.results) if isinstance(n, Variable)]
        for variable in dict.fromkeys([*found, *self.updates]):
            if variable.ndim and variable not in self.held:
                home = variable.home
                self._hold(variable, np.array(variable.value) if home is None else home)
        self.read = [v for v in found if not v.ndim]
        self.told = [v for v in self.updates if not v.ndim]
        for variable in self.read:
            self.memory.names[variable] = self.memory.fresh(word(variable.name))

    def _hold(self, variable: Variable, array: Array) -> None:
        self.held[variable] = variable.home = array
        self.memory.names[variable] = self.memory.array(word(variable.path), array)

    def _place_leaves(self) -> None:
        memory = self.memory
        for node in self.leaves:
            name = word(node.name or "x")
            array = np.array(node.value) if node.ndim else None
            memory.names[node] = memory.fresh(name) if array is None else memory.array(name, array)
        for node in toposort(self.results, stop=set(self.leaves)):
            if node.op is not None or node in memory.names:
                continue
            if node.ndim:
                memory.names[node] = memory.array("constant", np.array(node.value))
            elif type(node.value) in (float, bool) and math.isfinite(node.value):
                memory.names[node] = repr(node.value)
            else:
                memory.names[node] = memory.fresh("c", node.value)

    # --- lines ------------------------------------------------------------------------------------

    def _last_reads(self) -> dict[Node, int]:
        last: dict[Node, int] = {}
        for i, unit in enumerate(self.units):
            last.update(dict.fromkeys((x for node in unit.nodes for x in node.inputs), i))
        last.update(dict.fromkeys(self.results, len(self.units)))
        return last

    def _becomes(self) -> dict[Node, list[Variable]]:
        found: dict[Node, list[Variable]] = defaultdict(list)
        for variable, new in self.updates.items():
            if variable.ndim:
                found[new].append(variable)
        return found

    def _lines(self) -> list[str]:
        runs = [
            (group, list(run)) for group, run in itertools.groupby(self.units, lambda u: u.group)
        ]
        outside = read_outside(self.units, [run for group, run in runs if group], self.results)
        lines: list[str] = []
        for group, run in runs:
            if group is None:
                for unit in run:
                    lines += self.singles.lines(unit.nodes[0], self.position[unit])
            else:
                lines += self._loop(group, run, outside)
        return [*lines, *self._moves()]

    def _loop(self, group: Group, run: Sequence[Unit], outside: set[Node]) -> list[str]:
        number = self.groups.index(group)
        copies = self.gradients.brought(number, run)
        loop = Loop(run, number, self.flat, self.singles, outside, self.position)
        return [*copies, *loop.lines()]

    def _moves(self) -> list[str]:
        """New values that are not in their variables yet; first those that others may overwrite."""
        memory, done = self.memory, self.singles.done
        pending = [(v, n) for v, n in self.updates.items() if v.ndim and v not in done]
        first, moves = [], []
        for variable, new in pending:
            source = memory.names[new]
            if any(np.shares_memory(memory.arrays[source], self.held[v]) for v, _ in pending):
                kept = memory.array("kept", np.empty(variable.shape, variable.dtype))
                first.append(f"copyto({kept}, {source})")
                source = kept
            moves.append(f"copyto({memory.names[variable]}, {source})")
        return [*first, *moves]

    def _text(self, lines: Sequence[str]) -> str:
        names = self.memory.names
        taken = [names[v] for v in self.read] + [names[x] for x in self.leaves if not x.ndim]
        given = [names[x] for x in self.outputs] + [names[self.updates[v]] for v in self.told]
        body = [*lines, f"return ({''.join(f'{name}, ' for name in given)})"]
        return "\n".join([f"def step({', '.join(taken)}):", *(f"    {x}" for x in body), ""])
