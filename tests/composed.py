"""Random compositions: a list of small whole numbers read as a program on nodes.

Each step takes the newest node, and perhaps another, so that n steps are at least n levels deep.
Steps are total and tame: no domain is left and no number grows large, so that a difference between
the engine and exact arithmetic is a fault and not a question of rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograd_lab import ops
from autograd_lab.graph import OPS, Node, leaf

MAX_DEPTH = 8
MAX_SIZE = 12  # entries of one array: exact arithmetic is slow
LARGE = 3.0  # larger numbers are scaled down before the next step

STEP = st.tuples(st.integers(0, 10**6), st.integers(0, 7), st.integers(0, 11))
STEPS = st.integers(1, MAX_DEPTH).flatmap(  # every depth is as likely as another
    lambda depth: st.lists(STEP, min_size=depth, max_size=depth)
)
SHAPES = st.sampled_from([1, 1, 1, 0]).flatmap(  # now and then without entries
    lambda least: npst.mutually_broadcastable_shapes(
        num_shapes=2, max_dims=3, min_side=least, max_side=3
    ).map(lambda found: found.input_shapes)
)
SCALARS = st.integers(1, 3).map(lambda count: [()] * count)
SEEDS = st.integers(0, 2**32)


def leaves_of(shapes: Sequence[tuple[int, ...]], seed: int) -> list[Node]:
    random = np.random.default_rng(seed)
    values = [random.uniform(0.2, 1.5, s) * random.choice([-1.0, 1.0], s) for s in shapes]
    return [leaf(value, f"x{i}") for i, value in enumerate(values)]


# --- the steps -----------------------------------------------------------------------------------


def _tame(x: Node) -> Node:
    largest = float(np.max(np.abs(x.value), initial=0.0))
    return x * (2.0 / largest) if largest > LARGE else x


ENTIRE = """
    sin cos tanh sigmoid softplus erf erfc gelu exp expm1 square negative sech2
    arctan sinh cosh arcsinh silu softsign
"""
SMOOTH: dict[str, Callable[[Node], Node]] = {
    **{name: OPS[name] for name in ENTIRE.split() if name in OPS},
    "sqrt": lambda x: ops.sqrt(1.0 + ops.square(x)),
    "log": lambda x: ops.log(1.5 + ops.sin(x)),
    "log1p": lambda x: ops.log1p(ops.square(x)),
    "tan": lambda x: ops.tan(ops.sin(x)),
    "cube": lambda x: x**3.0,
}
BENT: dict[str, Callable[[Node], Node]] = {
    name: OPS[name] for name in ("abs", "relu", "leaky_relu", "rrelu", "elu", "selu")
}
BINARY: dict[str, Callable[[Node, Node], Node]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (1.25 + ops.square(b)),
    "power": lambda a, b: ops.power(1.5 + ops.sin(a), b),
}
CHOICES: dict[str, Callable[[Node, Node], Node]] = {
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "prelu": ops.prelu,
    "where": lambda a, b: ops.where(a > b, a * b, ops.sin(b)),
}


def _axes(x: Node, salt: int) -> Any:
    """An axis, counted from either end, a pair of axes, or all of them."""
    n = len(x.shape)
    if not n or salt % 4 == 0:
        return None
    axis = salt % n
    if salt % 4 == 1 and n > 1:
        return (axis, (axis + 1) % n - n)
    return axis if salt % 2 else axis - n


def _matrix(x: Node) -> Node:
    return ops.reshape(x, (x.shape[0], math.prod(x.shape[1:])) if x.shape else (1, 1))


def _mean(x: Node, **attrs: Any) -> Node:
    """The mean, or 0 of nothing, which has none."""
    return ops.mean(x, **attrs) if x.size else ops.sum(x, **attrs)


def _stretched(x: Node, salt: int) -> Node:
    shape = (salt % 2 + 1, *x.shape)
    return ops.broadcast_to(x, shape=shape)


def _cut(x: Node, salt: int) -> Node:
    if not x.shape:
        return x
    axis = salt % len(x.shape)
    start = salt % (x.shape[axis] or 1)
    return ops.narrow(x, axis=axis, start=start, length=x.shape[axis] - start)


def _turned(x: Node, salt: int) -> Node:
    n = len(x.shape)
    return ops.transpose(x, axes=tuple((i + salt) % n - n * (salt % 2) for i in range(n)))


SHAPED: dict[str, Callable[[Node, int], Node]] = {
    "sum": lambda x, salt: ops.sum(x, axis=_axes(x, salt), keepdims=salt % 3 == 0),
    "mean": lambda x, salt: _mean(x, axis=_axes(x, salt), keepdims=salt % 3 == 0),
    "flat": lambda x, salt: ops.reshape(x, shape=(-1,)),
    "column": lambda x, salt: ops.reshape(x, shape=(-1, 1)),
    "transpose": _turned,
    "stretch": _stretched,
    "narrow": _cut,
    "gram": lambda x, salt: _matrix(x) @ ops.transpose(_matrix(x)),
    "einsum": lambda x, salt: ops.einsum(_matrix(x), _matrix(x), subscripts="ij,ij->j"),
    "join": lambda x, salt: OPS["concatenate"](_matrix(x), ops.sin(_matrix(x)), axis=salt % 2),
}


def _together(a: Node, b: Node) -> Node:
    """``b`` in a shape that goes with ``a``: itself, or its mean."""
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return _mean(b)
    return b if np.prod(shape, dtype=int) <= MAX_SIZE else _mean(b)


def grow(
    leaves: Sequence[Node],
    steps: Sequence[tuple[int, int, int]],
    families: str,
    partners: int | None = None,
    without: Container[str] = (),
) -> Node:
    """The node that the steps lead to; ``families`` names what may occur, ``without`` what not.

    Steps that take two nodes choose the other among the first ``partners``, or among all.
    """
    tables = {"smooth": SMOOTH, "bent": BENT, "binary": BINARY, "choice": CHOICES, "shaped": SHAPED}
    menu = [
        (family, name, step)
        for family in families.split()
        for name, step in tables[family].items()
        if name not in without
    ]
    pool = list(leaves)
    for which, pick, salt in steps:
        family, _, step = menu[which % len(menu)]
        newest = _tame(pool[-1])
        if family in ("binary", "choice"):
            made = step(newest, _together(newest, _tame(pool[pick % (partners or len(pool))])))
        elif family == "shaped":
            made = step(newest, salt)
        else:
            made = step(newest)
        pool.append(made if np.size(made.value) <= MAX_SIZE else ops.mean(made))
    return pool[-1]


def cost(y: Node) -> Node:
    """One number in which every entry of y shows with its own weight, and bends."""
    if not y.shape:
        return ops.sin(y) + y
    w = np.cos(np.arange(np.size(y.value))).reshape(y.shape) + 1.5
    return ops.sum(ops.sin(y) * w) + ops.sum(y)
