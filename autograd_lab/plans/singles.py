"""Lines for single nodes: numbers of one run, views, and arrays written in place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node
from autograd_lab.plans import emitters
from autograd_lab.plans.memory import NEVER, Memory, word
from autograd_lab.variables import Variable

VIEWS = ("reshape", "transpose", "broadcast_to")
SIGNS = {"add": "+", "subtract": "-", "multiply": "*"}


class Singles:
    """Writes nodes one by one into the lines of a plan.

    ``last`` is the position at which each node is read for the last time; ``becomes`` names the
    variables whose new value a node is, and ``done`` collects those that hold it already.
    """

    def __init__(
        self, memory: Memory, last: Mapping[Node, int], becomes: Mapping[Node, list[Variable]]
    ) -> None:
        self.memory, self.last, self.becomes = memory, last, becomes
        self.done: set[Variable] = set()

    def lines(self, node: Node, position: int) -> list[str]:
        """The lines that calculate a node; none for a view."""
        operands = [self.memory.names[x] for x in node.inputs]
        if not node.ndim:
            found = [self._number(node, operands)]
        elif self._is_view(node):
            found = []
        else:
            out = self._target(node, position)
            found = self.written(node, out, operands)
            scope = "/".join(map(word, node.scope))
            found[-1] += f"  # {'x'.join(map(str, node.shape))} {scope}".rstrip()
        arrays = [x for x in node.inputs if x.ndim]
        self.memory.release(arrays, position, self.memory.names[node])
        return found

    def written(self, node: Node, out: str, operands: Sequence[str]) -> list[str]:
        """The lines that write a node's value into an array."""
        found = emitters.lines(node, out, operands)
        return [f"copyto({out}, {self._call(node, operands)})"] if found is None else found

    # --- numbers ----------------------------------------------------------------------------------

    def _number(self, node: Node, operands: Sequence[str]) -> str:
        assert node.op is not None
        name = self.memory.names[node] = self.memory.fresh("s")
        if node.op.scalar is not None and all(type(x.value) in (float, bool) for x in node.inputs):
            sign = SIGNS.get(node.op.name)
            if sign:
                return f"{name} = {f' {sign} '.join(operands)}"
            return f"{name} = {self._applied(node, operands, node.op.scalar)}"
        call = self._call(node, operands)
        return f"{name} = float({call})" if type(node.value) is float else f"{name} = {call}"

    def _call(self, node: Node, operands: Sequence[str]) -> str:
        assert node.op is not None
        if node.op.name in ("sum", "mean") and node.attrs["axis"] is None:
            total = f"sum_of({operands[0]}, None)"
            size = float(max(node.inputs[0].size, 1))
            return total if node.op.name == "sum" else f"{total} / {size!r}"
        return self._applied(node, operands, node.op.forward)

    def _applied(self, node: Node, operands: Sequence[str], function: Any) -> str:
        assert node.op is not None
        name = f"{node.op.name}_"
        if self.memory.namespace.get(name) is not function:
            name = self.memory.fresh(name, function)
        attrs = [f"{key}={self.spelled(value)}" for key, value in node.attrs.items()]
        return f"{name}({', '.join([*operands, *attrs])})"

    def spelled(self, value: Any) -> str:
        """A constant as it stands in code."""
        known = (bool, int, str, tuple)
        if value is None or (type(value) is float and math.isfinite(value)) or type(value) in known:
            return repr(value)
        return self.memory.fresh("c", value)

    # --- arrays -----------------------------------------------------------------------------------

    def _is_view(self, node: Node) -> bool:
        """Whether the value is another look at an array that is there: no code at all."""
        assert node.op is not None
        if node.op.name not in VIEWS or node in self.memory.names:
            return False
        (x,) = node.inputs
        source = self.memory.of(x)
        if source is None:
            return False
        # where eager code copies to broadcast, a view will do
        look = np.broadcast_to if node.op.name == "broadcast_to" else node.op.forward
        view = look(source, **node.attrs)
        if source.size and not np.shares_memory(view, source):
            return False
        self.memory.look(node, x, view, self.last.get(node, NEVER))
        return True

    def _target(self, node: Node, position: int) -> str:
        """The array to write into: its own, that of a variable or of an input, or a free one."""
        memory = self.memory
        if node in memory.names:
            return memory.names[node]
        for variable in self.becomes.get(node, ()):
            if self.may_overwrite(variable, node, position):
                self.done.add(variable)
                memory.names[node] = memory.names[variable]
                return memory.names[node]
        for i, x in enumerate(node.inputs):
            fits = x.ndim and x.dtype == node.dtype and emitters.in_place(node, i)
            if fits and memory.dies(x, self.last[x], position):
                memory.names[node] = memory.names[x]
                memory.lives[memory.names[x]] = self.last.get(node, NEVER)
                return memory.names[x]
        return memory.take(node, self.last.get(node, NEVER))

    def may_overwrite(self, variable: Variable, node: Node, position: int) -> bool:
        """Whether nobody reads the variable's old value from here on, this node apart."""
        last = self.last.get(variable, NEVER)
        if max(last, self.memory.looked.get(self.memory.names[variable], NEVER)) > position:
            return False
        return last < position or all(
            emitters.in_place(node, i) for i, x in enumerate(node.inputs) if x is variable
        )
