"""The dense layers of a recorded net, found in its graph.

A layer is a product x @ W with a matrix of weights.  From there the graph is followed upwards:
bias, normalization, activation, dropout, until the next product, or a place where it branches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lab.diagnosis.adjoints import Adjoint, Array, rms, walk
from autograd_lab.diagnosis.recorded import Pass, Scope
from autograd_lab.graph import Node, leaf, toposort
from autograd_lab.interpreters.replay import graft
from autograd_lab.layers.base import Layer
from autograd_lab.layers.normalization import Normalizing

Inside = Mapping[Node, Node]
MOVING = ("reshape", "transpose", "identity")  # change places, not sizes
WITH_SLOPES = ("prelu",)  # activations whose second input is a weight or a draw


@dataclass(frozen=True)
class Part:
    """A piece of the way between two products: what it is, where it ends, and its rms slope."""

    kind: str  # activation, normalization, dropout, moving
    source: Node
    end: Node
    local: Array = field(default_factory=lambda: np.ones(1), repr=False)  # d end / d source

    @property
    def gain(self) -> float:
        """The rms slope."""
        return rms(self.local)


@dataclass(frozen=True)
class Dense:
    """A layer with a kernel: u = x @ W + b, z what its activation acts on, a what that gives.

    z is u, or what a normalization before the activation makes of it.  ``slopes`` is act'(z),
    ``through`` the slope of the next product's input by z, entry by entry; the batch's mean and
    variance count as constants.  ``gain_before`` is the rms slope from u to z, ``gain_after`` that
    from a to the next product, which is ``follower``; None where the way branches.
    """

    name: str
    kernel: Node
    bias: Node | None
    product: Node
    u: Node
    z: Node
    a: Node
    slopes: Array | None = field(repr=False)
    through: Array = field(repr=False)
    gain_before: float
    gain_after: float
    follower: Node | None
    parts: tuple[Part, ...] = field(repr=False)
    word: str  # the activation's name

    @property
    def x(self) -> Node:
        """What the kernel is applied to."""
        return self.product.inputs[0]

    @property
    def units(self) -> int:
        return int(self.kernel.shape[1])

    @property
    def normalized(self) -> bool:
        return any(part.kind == "normalization" for part in self.parts)

    @property
    def activation(self) -> Part | None:
        """The first activation on the way, if there is one."""
        return next((part for part in self.parts if part.kind == "activation"), None)

    def function(self, x: Any) -> Node | None:
        """The activation of other numbers; None if it is not one function for all units."""
        part = self.activation
        point = x if isinstance(x, Node) else leaf(x)
        if part is None:
            return point
        try:
            return graft(part.end, {part.source: point})
        except ValueError:  # slopes of its own for each unit
            return None


class Reader:
    """Follows the graph of a pass upwards."""

    def __init__(self, recorded: Pass) -> None:
        self.recorded = recorded
        self.order = toposort([recorded.loss])
        self.users: dict[Node, list[Node]] = {}
        for node in self.order:
            for x in dict.fromkeys(node.inputs):
                self.users.setdefault(x, []).append(node)
        self.weights = set(recorded.weights)

    def layers(self) -> list[Dense]:
        """Every dense layer, in the order of calculation."""
        products = [node for node in self.order if self._is_product(node)]
        return [self._dense(node, i) for i, node in enumerate(products, 1)]

    def _is_product(self, node: Node) -> bool:
        if node.op is None or node.op.name != "matmul":
            return False
        kernel = node.inputs[1]
        return kernel in self.weights and kernel.ndim == 2

    def _dense(self, product: Node, number: int) -> Dense:
        u, bias = self._biased(product)
        parts, follower = self._way(u)
        first = next((i for i, part in enumerate(parts) if part.kind == "activation"), None)
        if first is None:
            before, after, z, a, slopes = parts[:0], parts, u, u, None
            if follower is None and parts:  # a linear output: nothing tells before from after
                a = parts[-1].end
        else:
            before, after = parts[:first], parts[first + 1 :]
            z, a, slopes = parts[first].source, parts[first].end, parts[first].local
        return Dense(
            name=self._name(product, number), kernel=product.inputs[1], bias=bias, product=product,
            u=u, z=z, a=a, slopes=slopes,
            through=_product(parts[first:] if first is not None else parts),
            gain_before=float(np.prod([p.gain for p in before])),
            gain_after=float(np.prod([p.gain for p in after])),
            follower=follower, parts=tuple(parts),
            word=_word(self.recorded.parts, parts[first]) if first is not None else "linear",
        )  # fmt: skip

    def _name(self, product: Node, number: int) -> str:
        where = "/".join(product.scope)
        return where or f"layer {number}"

    def _biased(self, product: Node) -> tuple[Node, Node | None]:
        users = self.users.get(product, [])
        if len(users) == 1 and users[0].op is not None and users[0].op.name == "add":
            for x in users[0].inputs:
                if x in self.weights and x.ndim == 1:
                    return users[0], x
        return product, None

    # --- the way to the next product --------------------------------------------------------------

    def _way(self, node: Node) -> tuple[list[Part], Node | None]:
        parts: list[Part] = []
        while node is not self.recorded.prediction:
            users = self.users.get(node, [])
            if len(users) == 1 and self._is_product(users[0]) and users[0].inputs[0] is node:
                return parts, users[0]
            part = self._normalization(node) or self._dropout(node) or self._moving(node)
            part = part or self._activation(node)
            if part is None:
                break
            parts.append(part)
            node = part.end
        return parts, None

    def _normalization(self, node: Node) -> Part | None:
        """A whole layer that normalizes; its rms slope is that of gamma / √(variance + epsilon)."""
        scopes = {user.scope for user in self.users.get(node, [])}
        if len(scopes) != 1:
            return None
        (where,) = scopes
        if not isinstance(self.recorded.parts.get(where), Normalizing):
            return None
        inside = self._within(node, lambda user, _: user.scope == where)
        ends = self._ends(inside)
        scales = [n for n in inside.values() for n in n.inputs if _is_op(n, "divide")]
        if len(ends) != 1 or not scales:
            return None
        return Part("normalization", node, ends[0], np.asarray(scales[0].value))

    def _dropout(self, node: Node) -> Part | None:
        users = self.users.get(node, [])
        if len(users) != 1 or not _is_op(users[0], "multiply"):
            return None
        others = [x for x in users[0].inputs if x is not node]
        if len(others) != 1 or others[0].op is not None or others[0].name != "mask":
            return None
        return Part("dropout", node, users[0], np.asarray(others[0].value))

    def _moving(self, node: Node) -> Part | None:
        users = self.users.get(node, [])
        if len(users) == 1 and any(_is_op(users[0], name) for name in MOVING):
            return Part("moving", node, users[0])
        return None

    def _activation(self, node: Node) -> Part | None:
        """Elementwise operations of this node and of numbers alone, as far as they go."""
        inside = self._within(node, _acts_on)
        ends = self._ends(inside)
        if len(inside) < 2 or len(ends) != 1:
            return None
        end = ends[0]
        order = sorted(inside, key=lambda n: n.serial)
        seed = {end: Adjoint(np.ones_like(np.asarray(end.value)))}
        found = walk(order, seed, set(order)).get(node)
        slopes = np.zeros_like(np.asarray(node.value)) if found is None else _plain(found)
        return Part("activation", node, end, slopes)

    def _within(self, node: Node, belongs: Callable[[Node, Inside], bool]) -> dict[Node, Node]:
        """The node and those above it that belong; inputs are asked before their users."""
        inside = {node: node}
        waiting = {user.serial: user for user in self._above(node)}
        while waiting:
            user = waiting.pop(min(waiting))
            if belongs(user, inside):
                inside[user] = user
                waiting |= {one.serial: one for one in self._above(user)}
        return inside

    def _above(self, node: Node) -> list[Node]:
        return [] if node is self.recorded.prediction else self.users.get(node, [])

    def _ends(self, inside: Inside) -> list[Node]:
        """Where a part is left: the nodes that others use, or the prediction."""
        return [
            node
            for node in sorted(inside, key=lambda n: n.serial)
            if node is self.recorded.prediction
            or any(user not in inside for user in self.users.get(node, []))
        ]


def _product(parts: Sequence[Part]) -> Array:
    """The slopes of parts one after the other; places that move are followed on average only."""
    found = np.ones(1)
    for part in parts:
        found = np.array([rms(found)]) if part.kind == "moving" else found * part.local
    return found


def _acts_on(user: Node, inside: Inside) -> bool:
    """Whether an operation works entry by entry, on nodes inside and on nothing but numbers."""
    if user.op is None or not user.op.elementwise:
        return False
    return all(
        x in inside
        or (x.op is None and x.size == 1 and x.name is None)
        or (user.op.name in WITH_SLOPES and i == 1)
        for i, x in enumerate(user.inputs)
    )


def _is_op(node: Node, name: str) -> bool:
    return node.op is not None and node.op.name == name


def _plain(found: Adjoint) -> Array:
    return np.asarray(np.ldexp(found.array.astype(np.float64), max(found.exponent, -2000)))


def _word(parts: Mapping[Scope, Layer], part: Part) -> str:
    """What an activation is called: by its layer, else by its operations."""
    layer = parts.get(part.end.scope)
    function = getattr(layer, "activation", None)
    name = getattr(function, "__name__", None)
    if name is not None and name != "linear":
        return str(name)
    ops = [n.op.name for n in _between(part) if n.op is not None]
    return ops[0] if len(ops) == 1 else "+".join(dict.fromkeys(ops)) or "linear"


def _between(part: Part) -> Sequence[Node]:
    return [n for n in toposort([part.end], stop={part.source}) if n is not part.source]
