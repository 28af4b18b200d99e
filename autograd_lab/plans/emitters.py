"""How each operation is spelled in a plan: lines of NumPy calls that write into a given array.

``out`` and the operands are names.  An operation without an entry here is called by its own
forward function and its result copied, which is always right and seldom fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node

Emit = Callable[..., list[str]]  # (node, out, *operand names) -> lines
EMITTERS: dict[str, Emit] = {}


def emits(*names: str) -> Callable[[Emit], Emit]:
    """Enter the spelling of some operations."""

    def enter(emit: Emit) -> Emit:
        EMITTERS.update(dict.fromkeys(names, emit))
        return emit

    return enter


def in_place(node: Node, position: int) -> bool:
    """Whether the result may be written over an input: entry by entry, each read just before."""
    assert node.op is not None
    if node.op.elementwise and (is_ufunc(node) or node.op.name in SAFE):
        return node.inputs[position].shape == node.shape
    return False


SAFE = {"relu", "where", "clip", "softmax"}


def is_ufunc(node: Node) -> bool:
    """Whether NumPy calculates it in one call that takes the array to write into."""
    return node.op is not None and isinstance(node.op.forward, np.ufunc)


def lines(node: Node, out: str, operands: Sequence[str]) -> list[str] | None:
    """The spelling of a node, or None if there is none."""
    assert node.op is not None
    emit = EMITTERS.get(node.op.name)
    if emit is not None:
        return emit(node, out, *operands)
    if is_ufunc(node):
        # NumPy wants the keyword here alone, since a third number might be meant to compare
        key = "out=" if node.op.name in ("maximum", "minimum") else ""
        return [f"{node.op.forward.__name__}({', '.join(operands)}, {key}{out})"]
    return None


@emits("relu")
def _relu(node: Node, out: str, x: str) -> list[str]:
    return [f"maximum({x}, 0.0, out={out})"]


@emits("clip")
def _clip(node: Node, out: str, x: str, low: str, high: str) -> list[str]:
    return [f"maximum({x}, {low}, out={out})", f"minimum({out}, {high}, out={out})"]


@emits("where")
def _where(node: Node, out: str, c: str, a: str, b: str) -> list[str]:
    condition, yes, no = node.inputs
    if _is_zero(no) and yes.shape == node.shape == condition.shape:
        return [f"multiply({a}, {c}, {out})"]
    if no.shape == node.shape and out == b:
        return [f"copyto({out}, {a}, where={c})"]
    return (
        [f"copyto({out}, {b})", f"copyto({out}, {a}, where={c})"]
        if out not in (a, c)
        else [f"copyto({out}, where({c}, {a}, {b}))"]
    )


def _is_zero(x: Node) -> bool:
    return x.op is None and x.is_constant and np.ndim(x.value) == 0 and x.value == 0.0


@emits("matmul")
def _matmul(node: Node, out: str, a: str, b: str) -> list[str]:
    two = all(x.ndim == 2 for x in node.inputs)
    return [f"dot({a}, {b}, {out})" if two else f"matmul({a}, {b}, {out})"]


@emits("softmax")
def _softmax(node: Node, out: str, x: str) -> list[str]:
    axis = node.attrs["axis"]
    return [
        f"subtract({x}, max_of({x}, {axis}, None, None, True), {out})",
        f"exp({out}, {out})",
        f"divide({out}, sum_of({out}, {axis}, None, None, True), {out})",
    ]


@emits("sum")
def _sum(node: Node, out: str, x: str) -> list[str]:
    return [f"sum_of({x}, {node.attrs['axis']}, None, {out}, {node.attrs['keepdims']})"]


@emits("max")
def _max(node: Node, out: str, x: str) -> list[str]:
    return [f"max_of({x}, {node.attrs['axis']}, None, {out}, {node.attrs['keepdims']})"]


@emits("mean")
def _mean(node: Node, out: str, x: str) -> list[str]:
    count = max(node.inputs[0].size // max(node.size, 1), 1)
    return [*_sum(node, out, x), f"divide({out}, {float(count)!r}, {out})"]


@emits("sum_to")
def _sum_to(node: Node, out: str, x: str) -> list[str]:
    before, after = node.inputs[0].shape, node.shape
    lead = len(before) - len(after)
    axes = [*range(lead), *(i + lead for i, n in enumerate(after) if n == 1 != before[i + lead])]
    if not axes:
        return [f"copyto({out}, {x}.reshape({after}))"]
    if lead and len(axes) > lead:
        return [f"copyto({out}, sum_of({x}, {tuple(axes)}).reshape({after}))"]
    return [f"sum_of({x}, {tuple(axes)}, None, {out}, {not lead})"]


@emits("cast")
def _cast(node: Node, out: str, x: str) -> list[str]:
    return [f"copyto({out}, {x}, 'unsafe')"]


@emits("sigmoid")
def _sigmoid(node: Node, out: str, x: str) -> list[str]:
    # half of tanh(x/2) + 1 loses the small values, so 1 / (1 + e^-x) with its overflow to 0
    return [
        f"negative({x}, {out})",
        f"exp({out}, {out})",
        f"add({out}, 1.0, {out})",
        f"reciprocal({out}, {out})",
    ]


NAMESPACE: dict[str, Any] = {
    "max_of": np.maximum.reduce, "sum_of": np.add.reduce, "dot": np.dot, "copyto": np.copyto,
    "where": np.where,
    **{
        f.__name__: f
        for f in (
            np.add, np.subtract, np.multiply, np.divide, np.negative, np.exp, np.log, np.log1p,
            np.expm1, np.sqrt, np.square, np.abs, np.sign, np.sin, np.cos, np.tan, np.tanh,
            np.sinh, np.cosh, np.arcsin, np.arccos, np.arctan, np.arctan2, np.hypot, np.power,
            np.floor, np.maximum, np.minimum, np.greater, np.greater_equal, np.less,
            np.less_equal, np.equal, np.not_equal, np.matmul, np.logaddexp, np.reciprocal,
        )
    },
}  # fmt: skip
