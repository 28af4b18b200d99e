"""New leaf values in, new values out: the reference meaning of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node, Op, Value, plain, toposort


def replay(outputs: Sequence[Node], leaves: Mapping[Node, Any]) -> list[Value]:
    """The values the outputs would have if the leaves had other values; the graph stays as it is.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> x = leaf(2.0, "x")
    >>> replay([x * x], {x: 3.0})
    [9.0]
    """
    return Program(outputs, list(leaves))([plain(value) for value in leaves.values()])


class Program:
    """A graph walked once and replayed many times.

    It keeps operations and the places of their inputs, not the nodes between, so that the values
    of the first walk are dropped.  Leaves that are not given keep the values they have when it
    runs; a value is dropped after its last use.

    >>> from autograd_lab.graph import leaf
    >>> x = leaf(2.0, "x")
    >>> program = Program([x * x + 1.0], [x])
    >>> program([3.0]), program([4.0])
    ([10.0], [17.0])
    """

    def __init__(self, outputs: Sequence[Node], leaves: Sequence[Node]) -> None:
        given = set(leaves)
        order = toposort(outputs, stop=given)
        places = {node: i for i, node in enumerate(dict.fromkeys([*leaves, *order]))}
        self.inputs = len(leaves)
        self.outputs = [places[node] for node in outputs]
        self.size = len(places)
        self.kept = [(places[n], n) for n in order if n.op is None and n not in given]
        last = {places[x]: i for i, node in enumerate(order) for x in node.inputs}
        wanted = set(self.outputs)
        self.lines: list[tuple[int, Op, tuple[int, ...], Mapping[str, Any], tuple[int, ...]]] = []
        for i, node in enumerate(order):
            if node.op is not None and node not in given:
                used = tuple(places[x] for x in node.inputs)
                over = tuple({u for u in used if last[u] == i and u not in wanted})
                self.lines.append((places[node], node.op, used, node.attrs, over))

    def __call__(self, values: Sequence[Value]) -> list[Value]:
        """The outputs for these values of the leaves, in their order."""
        slots: list[Value] = [*values, *[None] * (self.size - self.inputs)]
        for place, leaf in self.kept:
            slots[place] = leaf.value
        with np.errstate(all="ignore"):
            for place, op, used, attrs, over in self.lines:
                inputs = [slots[u] for u in used]
                if op.scalar is not None and all(type(x) in (float, bool) for x in inputs):
                    slots[place] = op.scalar(*inputs, **attrs)
                else:
                    slots[place] = op.on_arrays(inputs, attrs)
                for u in over:
                    slots[u] = None
        return [slots[place] for place in self.outputs]


def graft(output: Node, swap: Mapping[Node, Node]) -> Node:
    """The same graph grown on other leaves: each leaf in ``swap`` replaced by another node.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> x, y = leaf(2.0, "x"), leaf(3.0, "y")
    >>> graft(x * x, {x: x + y})
    <multiply 25.0>
    """
    made = dict(swap)
    for node in toposort([output], stop=swap):
        if node not in made:
            made[node] = (
                node if node.op is None else node.op(*[made[x] for x in node.inputs], **node.attrs)
            )
    return made[output]
