"""An equal, smaller graph: what is known is calculated, what is there twice is shared.

The values stay the same to the last bit, but for two liberties.  A sum with -0.0 may change the
sign of a zero.  And the guards that keep 0 times infinity from spreading (``where`` of a zero
adjoint) fall where nothing on their way can be infinite short of an overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Sequence

import numpy as np

from autograd_lab.graph import OPS, Node, toposort

Rule = Callable[[Node, Sequence[Node]], Node | None]


def simplify(outputs: Sequence[Node], leaves: Collection[Node] = ()) -> list[Node]:
    """Nodes of the same values as the outputs, from a graph that has been tidied up.

    The given ``leaves`` and all with a name, variables among them, may change their values later;
    other leaves are constants.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> x = leaf(2.0, "x")
    >>> (y,) = simplify([ops.exp(x) * (3.0 - 2.0) + -ops.exp(x)])
    >>> len(toposort([y])), y
    (3, <subtract 0.0>)
    """
    tidy = _Tidy(leaves)
    for node in toposort(outputs):
        tidy.take(node)
    return [tidy.made[node] for node in outputs]


class _Tidy:
    """The nodes made so far, by the node they stand for and by what they calculate."""

    def __init__(self, leaves: Collection[Node]) -> None:
        self.made: dict[Node, Node] = {leaf: leaf for leaf in leaves}
        self.known: dict[Hashable, Node] = {}
        self.constants: set[Node] = set()
        self.shared: set[Node] = set(leaves)

    def take(self, node: Node) -> None:
        if node in self.made:
            return
        if node.op is None:
            self.made[node] = self._constant(node) if _is_number(node) else node
            return
        inputs = [self.made[x] for x in node.inputs]
        if inputs and all(x in self.constants for x in inputs):
            self.made[node] = self._constant(Node(None, node.value))
            return
        rule = RULES.get(node.op.name)
        found = rule(node, inputs) if rule else None
        self.made[node] = self._shared(_like(node, inputs) if found is None else found)

    def _shared(self, node: Node) -> Node:
        """The node that calculates this already, or this one, with its own inputs shared too."""
        if node in self.shared or (node.op is None and not _is_number(node)):
            return node
        if node.op is None:
            return self._constant(node)
        node = _like(node, [self._shared(x) for x in node.inputs])
        attrs = tuple(sorted((k, repr(v)) for k, v in node.attrs.items()))
        one = self.known.setdefault((node.op, node.inputs, attrs), node)
        self.shared.add(one)
        return one

    def _constant(self, node: Node) -> Node:
        value = np.asarray(node.value)
        key = (type(node.value), value.dtype.str, value.shape, value.tobytes())
        shared = self.known.setdefault(key, node)
        self.constants.add(shared)
        self.shared.add(shared)
        return shared


def _is_number(node: Node) -> bool:
    """A constant: a leaf without a name that nobody will give another value."""
    return type(node) is Node and node.is_constant


def _like(node: Node, inputs: Sequence[Node]) -> Node:
    """The same operation on other inputs of equal values."""
    assert node.op is not None
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    new = Node.of(node.op, inputs, node.value, node.attrs)
    new.name, new.scope = node.name, node.scope
    return new


def _made(name: str, inputs: Sequence[Node], like: Node) -> Node:
    """Another operation with the value of ``like``."""
    new = Node.of(OPS[name], inputs, like.value)
    new.name, new.scope = like.name, like.scope
    return new


# --- identities -----------------------------------------------------------------------------------


def _same_form(node: Node, inputs: Sequence[Node]) -> Node | None:
    """A reshape, cast or sum that changes nothing; one after another of the same kind."""
    (x,) = inputs
    if x.shape == node.shape and x.dtype == node.dtype:
        return x
    if node.op is x.op and node.op is not None and node.op.name == "reshape":
        return _like(node, x.inputs)
    return None


def _transpose(node: Node, inputs: Sequence[Node]) -> Node | None:
    (x,) = inputs
    if x.op is node.op and not node.attrs.get("axes") and not x.attrs.get("axes"):
        return x.inputs[0]
    axes, before = node.attrs.get("axes"), x.attrs.get("axes")
    if x.op is node.op and axes and before and [before[i] for i in axes] == list(range(x.ndim)):
        return x.inputs[0]
    return None


def _times(node: Node, inputs: Sequence[Node]) -> Node | None:
    a, b = inputs
    for x, other in ((a, b), (b, a)):
        if _is(other, 1.0) and x.shape == node.shape and x.dtype == node.dtype:
            return x
    return None


def _over(node: Node, inputs: Sequence[Node]) -> Node | None:
    a, b = inputs
    return a if _is(b, 1.0) and a.shape == node.shape and a.dtype == node.dtype else None


def _plus(node: Node, inputs: Sequence[Node]) -> Node | None:
    a, b = inputs
    for x, other in ((a, b), (b, a)):
        if _is(other, 0.0) and x.shape == node.shape and x.dtype == node.dtype:
            return x
    if _name(b) == "negative":
        return _made("subtract", [a, b.inputs[0]], node)
    if _name(a) == "negative":
        return _made("subtract", [b, a.inputs[0]], node)
    return None


def _minus(node: Node, inputs: Sequence[Node]) -> Node | None:
    a, b = inputs
    if _is(b, 0.0) and a.shape == node.shape and a.dtype == node.dtype:
        return a
    return _made("add", [a, b.inputs[0]], node) if _name(b) == "negative" else None


def _negative(_: Node, inputs: Sequence[Node]) -> Node | None:
    (x,) = inputs
    return x.inputs[0] if _name(x) == "negative" else None


def _where(node: Node, inputs: Sequence[Node]) -> Node | None:
    """The guard ``where(g == 0, 0, e)``: e itself, if it is g times something finite."""
    condition, yes, no = inputs
    if _name(condition) != "equal" or not _is(yes, 0.0) or not _is(condition.inputs[1], 0.0):
        return None
    if no.shape != node.shape or no.dtype != node.dtype:
        return None
    return no if _scales(no, condition.inputs[0]) else None


def _scales(e: Node, g: Node) -> bool:
    """Whether e is g times something without a pole."""
    name, inputs = _name(e), e.inputs
    if name == "negative":
        return _scales(inputs[0], g)
    if name == "multiply":
        a, b = inputs
        return (_is_or_scales(a, g) and _tame(b)) or (_is_or_scales(b, g) and _tame(a))
    if name == "divide":
        return _is_or_scales(inputs[0], g) and _above_zero(inputs[1])
    return False


def _is_or_scales(x: Node, g: Node) -> bool:
    return x is g or _scales(x, g)


# Operations that are finite for finite inputs, overflow apart.
TAME = {
    "add", "subtract", "multiply", "negative", "identity", "square", "abs", "exp", "expm1",
    "sigmoid", "tanh", "sech2", "relu", "leaky_relu", "rrelu", "prelu", "elu", "selu", "silu",
    "gelu", "softplus", "softsign", "hard_sigmoid", "erf", "erfc", "gaussian", "normal_cdf", "sin",
    "cos", "arctan", "sinh", "cosh", "sign", "floor", "maximum", "minimum", "where", "clip",
    "matmul", "einsum", "sum", "mean", "max", "min", "cumsum", "softmax", "log_softmax",
    "logsumexp", "reshape", "transpose", "broadcast_to", "sum_to", "concatenate", "narrow", "widen",
    "cast", "getitem", "put", "take_along_axis", "equal", "less", "greater", "less_equal",
    "greater_equal", "not_equal",
}  # fmt: skip
DEPTH = 12  # how far back the questions below look


def _tame(x: Node, depth: int = DEPTH) -> bool:
    """Whether x cannot be infinite or nan, overflow apart, if its leaves are finite."""
    if x.op is None:
        return not _is_number(x) or bool(np.isfinite(x.value).all())
    if not depth:
        return False
    if x.op.name == "divide":
        return _tame(x.inputs[0], depth - 1) and _above_zero(x.inputs[1], depth - 1)
    if x.op.name in ("sqrt", "log", "log1p"):
        return _above_zero(x.inputs[0], depth - 1)
    return x.op.name in TAME and all(_tame(a, depth - 1) for a in x.inputs)


def _above_zero(x: Node, depth: int = DEPTH) -> bool:
    """Whether some positive number lies below every value of x."""
    if x.op is None:
        return _is_number(x) and bool((np.asarray(x.value) > 0).all())
    if not depth:
        return False
    name, below = x.op.name, depth - 1
    if name == "add":
        a, b = x.inputs
        return (_above_zero(a, below) and _not_negative(b, below)) or (
            _above_zero(b, below) and _not_negative(a, below)
        )
    if name == "sum":
        return _name(x.inputs[0]) == "softmax" and (x.attrs["axis"] == x.inputs[0].attrs["axis"])
    if name == "maximum":
        return any(_above_zero(a, below) for a in x.inputs)
    if name == "clip":
        return _above_zero(x.inputs[1], below) and _above_zero(x.inputs[2], below)
    if name in (
        "sqrt",
        "square",
        "multiply",
        "mean",
        "reshape",
        "broadcast_to",
        "cast",
        "identity",
    ):
        return all(_above_zero(a, below) for a in x.inputs)
    return False


def _not_negative(x: Node, depth: int = DEPTH) -> bool:
    """Whether no value of x is below zero."""
    if x.op is None:
        return _is_number(x) and bool((np.asarray(x.value) >= 0).all())
    if not depth:
        return False
    name, below = x.op.name, depth - 1
    if name in ("square", "abs", "relu", "sqrt", "exp", "softmax", "sigmoid", "softplus"):
        return True
    if name in ("add", "multiply", "mean", "sum", "maximum", "reshape", "broadcast_to", "cast"):
        return all(_not_negative(a, below) for a in x.inputs)
    return _above_zero(x, below)


def _is(x: Node, number: float) -> bool:
    return _is_number(x) and np.ndim(x.value) == 0 and x.value == number


def _name(x: Node) -> str:
    return x.op.name if x.op is not None else ""


def _softmax_of(x: Node) -> Node | None:
    """The softmax whose logarithm x is."""
    if _name(x) != "log_softmax":
        return None
    op = OPS["softmax"]
    z = x.inputs[0]
    return Node.of(op, [z], op.evaluate([z.value], x.attrs), x.attrs)


def _clipped(node: Node, inputs: Sequence[Node]) -> Node | None:
    """The logarithm of softmax between bounds: softmax, which is mostly there already, first."""
    x, low, high = inputs
    p = _softmax_of(x)
    if p is None or not _is_number(low) or not _is_number(high) or low.value < LEAST:
        return None
    bounds = [Node(None, math.exp(bound.value)) for bound in (low, high)]
    within = Node.of(OPS["clip"], [p, *bounds], np.exp(node.value))
    return _made("log", [within], node)


def _compared(node: Node, inputs: Sequence[Node]) -> Node | None:
    """Whether the logarithm of softmax lies on one side of a bound: whether softmax does."""
    x, bound = inputs
    p = _softmax_of(x)
    if p is None or not _is_number(bound) or bound.value < LEAST:
        return None
    return _made(_name(node), [p, Node(None, math.exp(bound.value))], node)


LEAST = -80.0  # below its e-th power float32 has no ordinary numbers

RULES: dict[str, Rule] = {
    "clip": _clipped, "less": _compared, "greater": _compared,
    "reshape": _same_form, "cast": _same_form, "sum_to": _same_form, "broadcast_to": _same_form,
    "identity": _same_form, "transpose": _transpose, "multiply": _times, "divide": _over,
    "add": _plus, "subtract": _minus, "negative": _negative, "where": _where,
}  # fmt: skip
