"""Exponentials, logarithms, roots and powers of single numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lab.graph import Op
from autograd_lab.ops.arithmetic import divide, elementwise, ieee
from autograd_lab.ops.choice import equal, less, where

exp: Op = elementwise(
    "exp", label="exp", out=True,
    forward=np.exp,
    scalar=ieee(math.exp, np.exp),
    vjp=(lambda g, y, x: g * y,),
    formula=lambda m, x: m.exp(x),
)  # fmt: skip

expm1: Op = elementwise(
    "expm1", label="expm1", out=True,
    forward=np.expm1,
    scalar=ieee(math.expm1, np.expm1),
    vjp=(lambda g, y, x: g * exp(x),),
    formula=lambda m, x: m.expm1(x),
)  # fmt: skip

log: Op = elementwise(
    "log", label="ln", out=True,
    forward=np.log,
    scalar=ieee(math.log, np.log),
    vjp=(lambda g, y, x: divide(g, x),),
    formula=lambda m, x: m.log(x),
    kink=lambda x: x == 0,
)  # fmt: skip

log1p: Op = elementwise(
    "log1p", label="log1p", out=True,
    forward=np.log1p,
    scalar=ieee(math.log1p, np.log1p),
    vjp=(lambda g, y, x: divide(g, 1.0 + x),),
    formula=lambda m, x: m.log1p(x),
    kink=lambda x: x == -1,
)  # fmt: skip

sqrt: Op = elementwise(
    "sqrt", label="√", out=True,
    forward=np.sqrt,
    scalar=ieee(math.sqrt, np.sqrt),
    vjp=(lambda g, y, x: divide(0.5 * g, y),),
    formula=lambda m, x: m.sqrt(x),
    kink=lambda x: x == 0,
)  # fmt: skip


def _power_slope(g: Any, y: Any, a: Any, b: Any) -> Any:
    """B a^(b-1), with x^0 flat at 0 too: the inner ``where`` keeps 0^-1 out of it.

    Below 1/2 the exponent b - 1 would be rounded, at the cost of ln(a) times that; there the slope
    is b y/a, and y cannot underflow before it does.
    """
    zero = equal(a, 0.0)
    base = where(equal(b, 0.0), where(zero, 1.0, a), a)
    lower = power(base, b - 1.0)
    return g * (b * where(less(b, 0.5), where(zero, lower, divide(y, base)), lower))


power: Op = elementwise(
    "power", label="^", out=True,
    forward=np.power,
    scalar=ieee(math.pow, np.power),
    vjp=(lambda g, y, a, b: _power_slope(g, y, a, b),
         lambda g, y, a, b: g * (y * log(where(equal(a, 0.0), 1.0, a)))),  # 0^b has slope 0 by b
    formula=lambda m, a, b: m.power(a, b),
    kink=lambda a, b: (a == 0) & (b < 1),
)  # fmt: skip

hypot: Op = elementwise(
    "hypot", label="hypot", out=True,
    forward=np.hypot,
    scalar=math.hypot,
    vjp=(lambda g, y, a, b: g * divide(a, where(equal(y, 0.0), 1.0, y)),  # 0 at (0, 0)
         lambda g, y, a, b: g * divide(b, where(equal(y, 0.0), 1.0, y))),
    formula=lambda m, a, b: m.sqrt(a**2 + b**2),
    kink=lambda a, b: (a == 0) & (b == 0),
)  # fmt: skip
