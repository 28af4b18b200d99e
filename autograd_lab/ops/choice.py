"""Comparisons and choice: no slope through a condition, and kinks by the written table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lab.graph import Op
from autograd_lab.ops.arithmetic import elementwise, ieee


def _comparison(name: str, label: str, forward: Any, scalar: Any, formula: Any) -> Op:
    return elementwise(
        name, label=label, out=True, forward=forward, scalar=scalar, vjp=(None, None),
        formula=formula, kink=lambda a, b: a == b,
    )  # fmt: skip


less: Op = _comparison("less", "<", np.less, lambda a, b: a < b, lambda m, a, b: m.less(a, b))
less_equal: Op = _comparison(
    "less_equal", "≤", np.less_equal, lambda a, b: a <= b, lambda m, a, b: m.less_equal(a, b)
)
greater: Op = _comparison(
    "greater", ">", np.greater, lambda a, b: a > b, lambda m, a, b: m.less(b, a)
)
greater_equal: Op = _comparison(
    "greater_equal", "≥", np.greater_equal, lambda a, b: a >= b,
    lambda m, a, b: m.less_equal(b, a),
)  # fmt: skip
equal: Op = _comparison("equal", "=", np.equal, lambda a, b: a == b, lambda m, a, b: m.equal(a, b))
not_equal: Op = _comparison(
    "not_equal", "≠", np.not_equal, lambda a, b: a != b, lambda m, a, b: m.not_equal(a, b)
)


where: Op = elementwise(
    "where", bounded=True, label="where", selects=True,
    forward=np.where,
    scalar=lambda c, a, b: a if c else b,
    vjp=(None,
         lambda g, y, c, a, b: where(c, g, 0.0),
         lambda g, y, c, a, b: where(c, 0.0, g)),
    formula=lambda m, c, a, b: m.where(c, a, b),
)  # fmt: skip


def _larger(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _smaller(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _won(g: Any, mine: Any, other: Any, better: Op) -> Any:
    """The adjoint where mine is the one that is chosen, half of it where both are equal."""
    if type(mine) is np.ndarray and not np.equal(mine, other).any():
        return np.where(better.forward(mine, other), g, np.result_type(g).type(0))
    return where(better(mine, other), g, where(equal(mine, other), 0.5 * g, 0.0))


def _formula_min(m: Any, a: Any, b: Any) -> Any:
    return m.where(m.less(b, a), b, a)


maximum: Op = elementwise(
    "maximum", bounded=True, label="max", out=True, selects=True,
    forward=np.maximum,
    scalar=_larger,
    vjp=(lambda g, y, a, b: _won(g, a, b, greater),
         lambda g, y, a, b: _won(g, b, a, greater)),
    formula=lambda m, a, b: m.where(m.less(a, b), b, a),
    kink=lambda a, b: a == b,
)  # fmt: skip

minimum: Op = elementwise(
    "minimum", bounded=True, label="min", out=True, selects=True,
    forward=np.minimum,
    scalar=_smaller,
    vjp=(lambda g, y, a, b: _won(g, a, b, less),
         lambda g, y, a, b: _won(g, b, a, less)),
    formula=_formula_min,
    kink=lambda a, b: a == b,
)  # fmt: skip

sign: Op = elementwise(
    "sign", bounded=True, label="sign", out=True,
    forward=np.sign,
    scalar=lambda x: float((x > 0) - (x < 0)) if x == x else x,
    vjp=(None,),
    formula=lambda m, x: m.sign(x),
    kink=lambda x: x == 0,
)  # fmt: skip

abs: Op = elementwise(
    "abs", label="|·|", out=True,
    forward=np.abs,
    scalar=math.fabs,
    vjp=(lambda g, y, x: g * sign(x),),
    formula=lambda m, x: m.abs(x),
    kink=lambda x: x == 0,
)  # fmt: skip

_clip: Op = elementwise(
    "clip", bounded=True, label="clip", selects=True,
    # the upper bound wins where the bounds are the wrong way round, as in NumPy
    forward=lambda x, low, high: np.minimum(np.maximum(x, low), high),
    scalar=lambda x, low, high: _smaller(_larger(x, low), high),
    vjp=(lambda g, y, x, low, high: where(less(x, low), 0.0, where(greater(x, high), 0.0, g)),
         lambda g, y, x, low, high: where(less(x, low), where(greater(low, high), 0.0, g), 0.0),
         lambda g, y, x, low, high: where(greater(maximum(x, low), high), g, 0.0)),
    formula=lambda m, x, low, high: _formula_min(m, m.where(m.less(x, low), low, x), high),
    kink=lambda x, low, high: (x == low) | (x == high) | (low == high),
)  # fmt: skip


def clip(x: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """x, or the nearer bound where x lies outside them; None for no bound on that side.

    >>> clip([-2.0, 0.5, 3.0], -1.0, 1.0).tolist(), clip(-2.0, a_max=1.0)
    ([-1.0, 0.5, 1.0], -2.0)
    """
    return _clip(x, -math.inf if a_min is None else a_min, math.inf if a_max is None else a_max)


floor: Op = elementwise(
    "floor", bounded=True, label="⌊·⌋", out=True,
    forward=np.floor,
    scalar=ieee(lambda x: float(math.floor(x)) or x * 0.0, np.floor),
    vjp=(None,),
    formula=lambda m, x: m.floor(x),
    kink=lambda x: np.floor(x) == x,
)  # fmt: skip
