"""Weights side by side: what an optimizer does to each of them alike, done to all at once.

Every weight's new value, and those of its slots, is a formula of the weight, its slots, numbers of
the step, and arrays that come from elsewhere: the gradient.  Weights with the same formula form a
group.  Their arrays lie one after another in one flat array, and the formula is calculated once.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lab.graph import Node
from autograd_lab.variables import Variable

Row = tuple[Variable, ...]  # a weight and its slots
Signature = Any  # nested tuples of names


@dataclass
class Group:
    """Weights of one formula: the nodes that stand side by side, by what they calculate.

    ``members`` holds, for each signature, the nodes of all weights in the same order.  ``given``
    are the signatures of arrays that come from elsewhere, ``held`` those of variables.
    """

    rows: list[Row]
    members: dict[Signature, list[Node]] = field(default_factory=dict)
    given: list[Signature] = field(default_factory=list)
    held: list[Signature] = field(default_factory=list)
    order: list[Signature] = field(default_factory=list)


def groups(rows: Sequence[Row], updates: Mapping[Variable, Node]) -> list[Group]:
    """The groups of weights whose formulas are alike, in the order of the rows."""
    found: dict[Hashable, Group] = {}
    for row in rows:
        formula = _Formula(row, updates)
        if not formula.steps:
            continue
        key = (row[0].dtype, tuple(formula.order), tuple(formula.results))
        group = found.setdefault(key, Group([], order=formula.order))
        group.rows.append(row)
        for signature, node in formula.nodes.items():
            group.members.setdefault(signature, []).append(node)
        group.given = formula.given
        group.held = formula.held
    return list(found.values())


class _Formula:
    """How the new values of one weight and its slots are calculated, entry by entry.

    ``order`` lists what is calculated, inputs first; ``results`` the new values themselves.
    """

    def __init__(self, row: Row, updates: Mapping[Variable, Node]) -> None:
        self.row = row
        self.shape, self.dtype = row[0].shape, row[0].dtype
        self.nodes: dict[Signature, Node] = {}
        self.signatures: dict[Node, Signature] = {}
        self.given: list[Signature] = []
        self.held: list[Signature] = []
        self.order: list[Signature] = []
        targets = [updates[v] for v in row if v in updates and updates[v].shape == self.shape]
        for node in targets:
            self._visit(node)
        self.results = [self.signatures[node] for node in targets]
        self.steps = len(self.order)

    def _visit(self, output: Node) -> None:
        stack = [output]
        while stack:
            node = stack[-1]
            waiting = [x for x in self._wide_inputs(node) if x not in self.signatures]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if node not in self.signatures:
                self._sign(node)

    def _wide_inputs(self, node: Node) -> list[Node]:
        """The inputs that are arrays of the weight's shape, if this node works entry by entry."""
        return [x for x in node.inputs if x.ndim] if self._is_step(node) else []

    def _is_step(self, node: Node) -> bool:
        op = node.op
        return (
            op is not None
            and op.elementwise
            and node.shape == self.shape
            and node.dtype.kind in "fb"
            and all(x.shape in ((), self.shape) for x in node.inputs)
        )

    def _sign(self, node: Node) -> None:
        signature: Signature
        if node in self.row:
            signature = ("held", self.row.index(node))
            self.held.append(signature)
        elif self._is_step(node):
            assert node.op is not None
            parts = tuple(self.signatures[x] if x.ndim else ("number", x) for x in node.inputs)
            attrs = tuple(sorted((k, repr(v)) for k, v in node.attrs.items()))
            signature = (node.op.name, attrs, parts)
            if signature not in self.nodes:
                self.order.append(signature)
        else:
            signature = ("given", len(self.given), node.dtype.str)
            self.given.append(signature)
        self.signatures[node] = signature
        self.nodes.setdefault(signature, node)
