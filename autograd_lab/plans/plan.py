"""A plan: the step as straight-line code over buffers that are made once."""

from __future__ import annotations

import heapq
import linecache
import math
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.graph import Node, Value, next_serial, plain, toposort
from autograd_lab.interpreters.simplify import simplify
from autograd_lab.plans import emitters
from autograd_lab.plans.wide import Group, Row, groups
from autograd_lab.variables import Variable

Array = np.ndarray[Any, Any]
CHUNK = 16_384  # entries of a flat array worked on at a time, so that they stay in the cache


@dataclass(frozen=True, eq=False)
class Unit:
    """What is calculated at once: a node, or a step of a group of weights side by side."""

    nodes: tuple[Node, ...]
    group: Group | None = None
    signature: Hashable = None

    @property
    def serial(self) -> tuple[bool, int]:
        return self.group is not None, self.nodes[0].serial


class Plan:
    """The same values as ``Program``, by code written for these shapes.

    inputs: leaves given at each run.  draws: leaves with the functions that give them new numbers.
    outputs: what a run answers.  updates: variables and the nodes of their new values.  rows: each
    weight with its slots, so that weights of one formula are updated side by side.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        outputs: Sequence[Node],
        draws: Sequence[tuple[Node, Callable[[], Any]]] = (),
        updates: Sequence[tuple[Variable, Node]] = (),
        rows: Sequence[Row] = (),
    ) -> None:
        leaves = [*inputs, *(leaf for leaf, _ in draws)]
        tidy = simplify([*outputs, *(new for _, new in updates)], leaves)
        self.outputs = tidy[: len(outputs)]
        self.updates = dict(zip([v for v, _ in updates], tidy[len(outputs) :], strict=True))
        self.leaves = leaves
        self.samples = [sample for _, sample in draws]
        self.given = len(inputs)
        self.groups = groups(rows, self.updates)
        self._build()

    # --- from nodes to code -----------------------------------------------------------------------

    def _build(self) -> None:
        self.names: dict[Node, str] = {}
        self.arrays: dict[str, Array] = {}
        self.namespace: dict[str, Any] = dict(emitters.NAMESPACE)
        self.lines: list[str] = []
        self.done: set[Variable] = set()  # whose new value is written where it belongs
        self.pooled: set[str] = set()
        self.results = list(dict.fromkeys([*self.outputs, *self.updates.values()]))
        self.units = self._scheduled()
        self._place_variables()
        self._place_leaves()
        self._find_last_uses()
        self._place_groups()
        self.free: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        pending: list[Unit] = []
        for position, unit in enumerate(self.units):
            if unit.group is not None:
                if pending and pending[-1].group is not unit.group:
                    self._emit_wide(pending)
                    pending = []
                pending.append(unit)
                continue
            if pending:
                self._emit_wide(pending)
                pending = []
            self._emit_single(unit.nodes[0], position)
        if pending:
            self._emit_wide(pending)
        self._finish()
        self._write()

    def _scheduled(self) -> list[Unit]:
        """The units in an order in which each comes after what it needs, wide ones as late."""
        order = [n for n in toposort(self.results, stop=set(self.leaves)) if n.op is not None]
        wide: dict[Node, Unit] = {}
        for group in self.groups:
            for signature in group.order:
                unit = Unit(tuple(group.members[signature]), group, signature)
                wide.update(dict.fromkeys(unit.nodes, unit))
        unit_of = {n: wide.get(n) or Unit((n,)) for n in order if n not in self.leaves}
        units = dict.fromkeys(unit_of.values())
        needs = {
            u: {unit_of[x] for n in u.nodes for x in n.inputs if x in unit_of} - {u} for u in units
        }
        users = defaultdict(list)
        for u, needed in needs.items():
            for x in needed:
                users[x].append(u)
        numbered = {u: i for i, u in enumerate(sorted(units, key=lambda u: u.serial))}
        by_number = {i: u for u, i in numbered.items()}
        waiting = {u: len(needed) for u, needed in needs.items()}
        ready = [numbered[u] for u in units if not waiting[u]]
        heapq.heapify(ready)
        done = []
        while ready:
            u = by_number[heapq.heappop(ready)]
            done.append(u)
            for user in users[u]:
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, numbered[user])
        return done

    # --- where values live ------------------------------------------------------------------------

    def _place_variables(self) -> None:
        """Every array variable in an array that the plan owns; those of a group side by side."""
        self.held: dict[Variable, Array] = {}
        self.flat: dict[tuple[int, Hashable], str] = {}
        for g, group in enumerate(self.groups):
            for signature in group.held:
                members: list[Any] = [row[signature[1]] for row in group.rows]  # type: ignore[index]
                flat, views = _homes(members) or _side_by_side(members)
                self.flat[g, signature] = self._named(f"{_slot_name(members[0])}_{g}", flat)
                for variable, view in zip(members, views, strict=True):
                    self._hold(variable, view)
        reachable = [n for n in toposort(self.results) if isinstance(n, Variable)]
        for variable in dict.fromkeys([*reachable, *self.updates]):
            if variable not in self.held and variable.ndim:
                home = variable.home
                self._hold(variable, np.array(variable.value) if home is None else home)
        self.numbers = [v for v in reachable if not v.ndim]
        for variable in self.numbers:
            self.names[variable] = self._fresh(_word(variable.name or "number"))

    def _hold(self, variable: Variable, array: Array) -> None:
        self.held[variable] = variable.home = array
        self.names[variable] = self._named(_path_name(variable), array)

    def _place_leaves(self) -> None:
        for i, node in enumerate(self.leaves):
            if node.ndim:
                name = f"x{i}" if i < self.given else f"draw{i - self.given}"
                self.names[node] = self._named(name, np.array(node.value))
            else:
                self.names[node] = self._fresh(f"x{i}")
        for node in toposort(self.results, stop=set(self.leaves)):
            if node.op is None and node not in self.names:
                if node.ndim:
                    self.names[node] = self._named("constant", np.array(node.value))
                else:
                    plain_number = type(node.value) in (float, bool) and math.isfinite(node.value)
                    self.names[node] = (
                        repr(node.value) if plain_number else self._constant(node.value)
                    )

    def _constant(self, value: Any) -> str:
        name = self._fresh("c")
        self.namespace[name] = value
        return name

    def _find_last_uses(self) -> None:
        self.last: dict[Node, int] = {}
        self.users: dict[Node, int] = defaultdict(int)
        for position, unit in enumerate(self.units):
            for node in unit.nodes:
                for x in node.inputs:
                    self.last[x] = position
                    self.users[x] += 1
        for node in self.results:
            self.last[node] = len(self.units)
        self.position = {n: i for i, unit in enumerate(self.units) for n in unit.nodes}
        self.base: dict[str, str] = {}
        self.lives: dict[str, int] = {}

    def _place_groups(self) -> None:
        """Gradients beside each other, so that the formula reads one flat array."""
        for g, group in enumerate(self.groups):
            for signature in group.given:
                members = group.members[signature]
                flat, views = _side_by_side(members, members[0].dtype)
                self.flat[g, signature] = self._named(f"gradient_{g}", flat)
                for node, view in zip(members, views, strict=True):
                    if node not in self.names and self.users[node] >= 1:
                        self.names[node] = self._named("g", view)
                        self.lives[self.names[node]] = len(self.units) + 1

    def _fresh(self, base: str) -> str:
        name, count = base, 1
        while name in self.namespace:
            count += 1
            name = f"{base}_{count}"
        self.namespace[name] = None
        return name

    def _named(self, base: str, array: Array) -> str:
        name = self._fresh(base)
        self.namespace[name] = self.arrays[name] = array
        return name

    # --- single nodes -----------------------------------------------------------------------------

    def _emit_single(self, node: Node, position: int) -> None:
        assert node.op is not None
        operands = [self.names[x] for x in node.inputs]
        if not node.ndim:
            self._emit_number(node, operands)
        elif node.op.name in ("reshape", "transpose", "broadcast_to") and self._as_view(node):
            pass
        else:
            out = self._target(node, position)
            found = emitters.lines(node, out, operands)
            if found is None:
                found = [f"copyto({out}, {self._call(node, operands)})"]
            note = f"  # {node.op.name} {'x'.join(map(str, node.shape))} {'/'.join(map(_word, node.scope))}"
            self.lines += [*found[:-1], found[-1] + note.rstrip()]
        self._release(node, position)

    def _emit_number(self, node: Node, operands: Sequence[str]) -> None:
        assert node.op is not None
        name = self.names[node] = self._fresh("s")
        if node.op.scalar is not None and all(type(x.value) in (float, bool) for x in node.inputs):
            self.lines.append(f"{name} = {self._scalar(node, operands)}  # {node.op.name}")
        else:
            kind = "float" if type(node.value) is float else ""
            self.lines.append(f"{name} = {kind}({self._call(node, operands)})  # {node.op.name}")

    def _scalar(self, node: Node, operands: Sequence[str]) -> str:
        assert node.op is not None
        sign = {"add": "+", "subtract": "-", "multiply": "*"}.get(node.op.name)
        if sign:
            return f" {sign} ".join(operands)
        return self._apply(node, operands, node.op.scalar)

    def _call(self, node: Node, operands: Sequence[str]) -> str:
        assert node.op is not None
        if node.op.name == "sum" and node.attrs["axis"] is None:
            return f"sum_of({operands[0]}, None)"
        if node.op.name == "mean" and node.attrs["axis"] is None:
            return f"sum_of({operands[0]}, None) / {float(node.inputs[0].size)!r}"
        return self._apply(node, operands, node.op.forward)

    def _apply(self, node: Node, operands: Sequence[str], function: Any) -> str:
        assert node.op is not None
        name = f"{node.op.name}_"
        if self.namespace.get(name) is not function:
            name = self._fresh(name)
            self.namespace[name] = function
        attrs = [f"{key}={self._written(value)}" for key, value in node.attrs.items()]
        return f"{name}({', '.join([*operands, *attrs])})"

    def _written(self, value: Any) -> str:
        if value is None or isinstance(value, (bool, int, float, str, tuple)):
            return (
                repr(value)
                if not isinstance(value, float) or math.isfinite(value)
                else (f"float({str(value)!r})")
            )
        return self._constant(value)

    def _as_view(self, node: Node) -> bool:
        """Another look at an array that is there: no code at all."""
        assert node.op is not None
        (x,) = node.inputs
        source = self.arrays.get(self.names[x])
        if source is None or node in self.names:
            return False
        broadcast = node.op.name == "broadcast_to"  # eager code copies; here a view will do
        look = np.broadcast_to if broadcast else node.op.forward
        view = look(source, **node.attrs)
        if not np.shares_memory(view, source) and source.size:
            return False
        name = self.names[node] = self._named(f"{self.names[x]}_{node.op.name[0]}", view)
        root = self.base.get(self.names[x], self.names[x])
        self.base[name] = root
        self.lives[root] = max(self.lives.get(root, -1), self.last.get(node, -1))
        return True

    def _target(self, node: Node, position: int) -> str:
        """The array to write into: the variable itself, an input that is done with, or a free one."""
        if node in self.names:
            return self.names[node]
        for variable in self._becomes(node):
            if self._may_overwrite(variable, node, position):
                self.names[node] = self.names[variable]
                self.done.add(variable)
                return self.names[node]
        for i, x in enumerate(node.inputs):
            name = self.names[x]
            if (
                x.ndim and emitters.in_place(node, i) and x.dtype == node.dtype
                and self._dies(x, name, position)
            ):  # fmt: skip
                self.names[node] = name
                self.lives[name] = self.last.get(node, -1)
                return name
        pool = self.free[node.shape, node.dtype.str]
        name = pool.pop() if pool else self._named("b", np.empty(node.shape, node.dtype))
        self.pooled.add(name)
        self.names[node] = name
        self.lives[name] = self.last.get(node, -1)
        return name

    def _becomes(self, node: Node) -> list[Variable]:
        return [v for v, new in self.updates.items() if new is node and v.ndim]

    def _may_overwrite(self, variable: Variable, node: Node, position: int) -> bool:
        """Whether nobody reads the variable's old value from here on, this node apart."""
        last = self.last.get(variable, -1)
        name = self.names[variable]
        views = [n for n, root in self.base.items() if root == name]
        if views and self.lives.get(name, -1) > position:
            return False
        if variable in self.results or last > position:
            return False
        return last < position or all(
            emitters.in_place(node, i) for i, x in enumerate(node.inputs) if x is variable
        )

    def _dies(self, x: Node, name: str, position: int) -> bool:
        if isinstance(x, Variable) or x.op is None or name in self.base:
            return False
        return self.last[x] == position and self.lives.get(name, -1) <= position

    def _release(self, node: Node, position: int) -> None:
        """Arrays read for the last time go back to the pool."""
        for x in dict.fromkeys(node.inputs):
            name = self.names[x]
            root = self.base.get(name, name)
            if x.op is None or not x.ndim or isinstance(x, Variable):
                continue
            if root in self.pooled and self.lives.get(root, len(self.units) + 1) <= position:
                array = self.arrays[root]
                if root != self.names.get(node) and self.base.get(self.names[node]) != root:
                    self.free[array.shape, array.dtype.str].append(root)
                    self.lives[root] = len(self.units) + 1

    # --- steps of a group, side by side -----------------------------------------------------------

    def _emit_wide(self, units: Sequence[Unit]) -> None:
        """A loop over pieces of flat arrays that fit into the cache."""
        group = units[0].group
        assert group is not None
        g = self.groups.index(group)
        inside = {u.signature for u in units}
        positions = {u.signature: self.position[u.nodes[0]] for u in units}
        size = sum(node.size for node in group.members[units[0].signature])
        local: dict[Hashable, str] = {}
        temps: dict[str, list[str]] = defaultdict(list)
        arrays: dict[str, Array] = {}
        kinds: dict[str, str] = {}
        body: list[str] = []
        uses: dict[Hashable, int] = defaultdict(int)
        for u in units:
            for part in dict.fromkeys(u.signature[2]):  # type: ignore[index]
                uses[part] += 1

        def name_of(part: Any) -> str:
            if part[0] == "number" and len(part) == 2:
                return self.names[part[1]]
            if part in local:
                return local[part]
            flat = self.flat[g, part]
            local[part] = flat
            arrays[flat] = self.arrays[flat]
            return flat

        for u in units:
            node = u.nodes[0]
            parts = u.signature[2]  # type: ignore[index]
            operands = [name_of(part) for part in parts]
            for part in dict.fromkeys(parts):
                uses[part] -= 1
            out = self._wide_target(u, g, inside, positions, arrays)
            if out is None:
                for part, name in zip(parts, operands, strict=True):
                    if name in kinds and not uses[part] and kinds[name] == node.dtype.str:
                        out = name
                        break
                else:
                    pool = temps[node.dtype.str]
                    out = pool.pop() if pool else f"t{len(kinds)}"
                    kinds[out] = node.dtype.str
            for part, name in zip(parts, operands, strict=True):
                if name in kinds and not uses[part] and name != out and local.get(part) == name:
                    temps[kinds[name]].append(name)
            local[u.signature] = out
            found = emitters.lines(node, out, operands)
            if found is None:
                found = [f"copyto({out}, {self._call(node, operands)})"]
            body += found
        chunk = max(1, min(CHUNK, size))
        buffers = {t: np.empty(chunk, kind) for t, kind in kinds.items()}
        pieces = [
            tuple(
                [a[i : i + chunk] for a in arrays.values()]
                + [b[: min(chunk, size - i)] for b in buffers.values()]
            )
            for i in range(0, size, chunk)
        ]
        loop = self._fresh("pieces")
        self.namespace[loop] = pieces
        heads = [*arrays, *buffers]
        weights = ", ".join(_path_name(row[0]) for row in group.rows)
        self.lines.append(
            f"for {', '.join(heads)}{',' * (len(heads) == 1)} in {loop}:  # {weights}"
        )
        self.lines += [f"    {line}" for line in body]

    def _wide_target(
        self, unit: Unit, g: int, inside: set[Hashable], positions: Any, arrays: dict[str, Array]
    ) -> str | None:
        """The variables' own flat array, a flat array that others read, or None: a passing value."""
        group = unit.group
        assert group is not None
        position = self.position[unit.nodes[0]]
        for node, row in zip(unit.nodes[:1], group.rows[:1], strict=True):
            for variable in self._becomes(node):
                index = row.index(variable) if variable in row else -1
                whole = [
                    row2[index] for row2, n in zip(group.rows, unit.nodes, strict=True)
                    if index >= 0 and self.updates.get(row2[index]) is n
                ]  # fmt: skip
                held = ("held", index)
                if (
                    len(whole) == len(group.rows)
                    and (g, held) in self.flat
                    and all(
                        self._may_overwrite(v, n, position)
                        for v, n in zip(whole, unit.nodes, strict=True)
                    )
                ):
                    flat = self.flat[g, held]
                    arrays[flat] = self.arrays[flat]
                    self.done.update(whole)
                    for v, n in zip(whole, unit.nodes, strict=True):
                        self.names[n] = self.names[v]
                    return flat
        outside = any(
            self.last.get(n, -1) >= len(self.units)
            or any(
                n in user.inputs
                for other in self.units
                if other.group is not group or other.signature not in inside
                for user in other.nodes
            )
            for n in unit.nodes
        )
        if not outside:
            return None
        flat_array, views = _side_by_side(unit.nodes, unit.nodes[0].dtype)
        flat = self._named(f"wide_{g}", flat_array)
        self.flat[g, unit.signature] = flat
        arrays[flat] = flat_array
        for n, view in zip(unit.nodes, views, strict=True):
            self.names[n] = self._named("w", view)
            self.lives[self.names[n]] = len(self.units) + 1
        return flat

    # --- the end ----------------------------------------------------------------------------------

    def _finish(self) -> None:
        """New values that could not be written in place are copied last."""
        pending = [(v, n) for v, n in self.updates.items() if v.ndim and v not in self.done]
        moves = []
        for variable, new in pending:
            source = self.names[new]
            if any(np.shares_memory(self.arrays[source], self.held[v]) for v, _ in pending):
                kept = self._named("kept", np.empty(variable.shape, variable.dtype))
                self.lines.append(f"copyto({kept}, {source})")
                source = kept
            moves.append(f"copyto({self.names[variable]}, {source})")
        self.lines += moves
        self.new_numbers = [v for v in self.updates if not v.ndim]

    def _write(self) -> None:
        names = [self.names[v] for v in self.numbers]
        single = [self.names[leaf] for leaf in self.leaves if not leaf.ndim]
        news = [self.names[self.updates[v]] for v in self.new_numbers]
        answers = [self.names[node] for node in self.outputs]
        head = f"def step({', '.join([*names, *single])}):"
        tail = f"    return ({''.join(f'{n}, ' for n in [*answers, *news])})"
        self.source = "\n".join([head, *[f"    {line}" for line in self.lines], tail, ""])
        name = f"<plan {id(self):x}>"
        linecache.cache[name] = (len(self.source), None, self.source.splitlines(True), name)
        # Every word of the text is ours: names are cut down to letters by _word.
        exec(compile(self.source, name, "exec"), self.namespace)  # noqa: S102
        self.step = self.namespace["step"]
        self.views = [(v, _read_only(array)) for v, array in self.held.items()]
        self.buffers = [(self.arrays.get(self.names[leaf]), leaf) for leaf in self.leaves]

    # --- running ----------------------------------------------------------------------------------

    def attach(self) -> None:
        """Take the variables' values into the plan's arrays, wherever another one was assigned."""
        for variable, view in self.views:
            if variable.value is not view:
                array = self.held[variable]
                if not np.shares_memory(variable.value, array):
                    np.copyto(array, variable.value)
                variable.value = view

    def __call__(self, values: Sequence[Value]) -> list[Value]:
        """One run; the variables have their new values after it."""
        self.attach()
        single = []
        for (array, leaf), value in zip(
            self.buffers, [*values, *(sample() for sample in self.samples)], strict=True
        ):
            if array is None:
                single.append(plain(value))
            else:
                np.copyto(array, value)
        with np.errstate(all="ignore"):
            found = self.step(*[v.value for v in self.numbers], *single)
        count = len(self.outputs)
        for variable, value in zip(self.new_numbers, found[count:], strict=True):
            variable.assign(value)
        moment = next_serial()
        for variable in self.updates:
            variable.assigned = moment
        return [np.array(x) if isinstance(x, np.ndarray) else x for x in found[:count]]


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view


def _homes(members: Sequence[Variable]) -> tuple[Array, list[Array]] | None:
    """The flat array in which these variables lie side by side already, if another plan put them so."""
    homes = [m.home for m in members if m.home is not None]
    if len(homes) != len(members) or homes[0].base is None:
        return None
    flat = homes[0].base
    at = flat.__array_interface__["data"][0]
    for home in homes:
        if home.base is not flat or home.__array_interface__["data"][0] != at:
            return None
        at += home.nbytes
    whole = at == flat.__array_interface__["data"][0] + flat.nbytes
    return (flat, homes) if flat.ndim == 1 and whole else None


def _side_by_side(members: Iterable[Any], dtype: Any = None) -> tuple[Array, list[Array]]:
    """One flat array that holds the values of all, and a view of each one's part."""
    members = list(members)
    flat = np.concatenate([np.ravel(m.value) for m in members]).astype(dtype or members[0].dtype)
    ends = np.cumsum([m.size for m in members])
    views = [
        flat[end - m.size : end].reshape(m.shape) for m, end in zip(members, ends, strict=True)
    ]
    return flat, views


def _path_name(variable: Variable) -> str:
    return _word(variable.path)


def _slot_name(variable: Variable) -> str:
    return "all_" + _word(str(variable.name).split("/")[-1])


def _word(text: str) -> str:
    """A name that may stand in code: ASCII letters, digits and underlines."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text if text[:1].isalpha() else f"v_{text}")
