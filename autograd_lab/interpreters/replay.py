"""New leaf values in, new values out: the reference meaning of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd_lab.graph import Node, Value, plain, toposort


def replay(outputs: Sequence[Node], leaves: Mapping[Node, Any]) -> list[Value]:
    """The values the outputs would have if the leaves had other values; the graph stays as it is.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> x = leaf(2.0, "x")
    >>> replay([x * x], {x: 3.0})
    [9.0]
    """
    values = {node: plain(value) for node, value in leaves.items()}
    for node in toposort(outputs, stop=values):
        if node not in values:
            values[node] = (
                node.value
                if node.op is None
                else node.op.evaluate([values[x] for x in node.inputs], node.attrs)
            )
    return [values[node] for node in outputs]


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
