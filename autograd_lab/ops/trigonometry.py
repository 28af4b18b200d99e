"""Circular and hyperbolic functions of single numbers, and their inverses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.graph import OPS, Op, Value
from autograd_lab.ops.arithmetic import divide, elementwise, ieee, square
from autograd_lab.ops.choice import equal, where
from autograd_lab.ops.exponential import hypot, sqrt


def _wide(function: Callable[[Any], Any], x: Any) -> Any:
    """The function of x, of float32 in double: where products double the error of NumPy's own."""
    if getattr(x, "dtype", None) != np.float32:
        return function(x)
    cast = OPS["cast"]
    return cast(function(cast(x, dtype="float64")), dtype="float32")


sin: Op = elementwise(
    "sin", label="sin", out=True,
    forward=np.sin,
    scalar=ieee(math.sin, np.sin),
    vjp=(lambda g, y, x: g * cos(x),),
    formula=lambda m, x: m.sin(x),
)  # fmt: skip

cos: Op = elementwise(
    "cos", label="cos", out=True,
    forward=np.cos,
    scalar=ieee(math.cos, np.cos),
    vjp=(lambda g, y, x: -(g * sin(x)),),
    formula=lambda m, x: m.cos(x),
)  # fmt: skip

tan: Op = elementwise(
    "tan", label="tan", out=True,
    forward=np.tan,
    scalar=ieee(math.tan, np.tan),
    vjp=(lambda g, y, x: divide(g, _wide(lambda x: square(cos(x)), x)),),
    formula=lambda m, x: m.tan(x),
)  # fmt: skip

# --- inverses -------------------------------------------------------------------------------------


def _leg(x: Any) -> Any:
    """√(1 - x²): as a product, since 1 - x*x has lost half its digits near x = 1."""
    return sqrt((1.0 - x) * (1.0 + x))


arcsin: Op = elementwise(
    "arcsin", label="arcsin", out=True,
    forward=np.arcsin,
    scalar=ieee(math.asin, np.arcsin),
    vjp=(lambda g, y, x: divide(g, _leg(x)),),
    formula=lambda m, x: m.asin(x),
    kink=lambda x: (x == 1) | (x == -1),
)  # fmt: skip

arccos: Op = elementwise(
    "arccos", label="arccos", out=True,
    forward=np.arccos,
    scalar=ieee(math.acos, np.arccos),
    vjp=(lambda g, y, x: -divide(g, _leg(x)),),
    formula=lambda m, x: m.acos(x),
    kink=lambda x: (x == 1) | (x == -1),
)  # fmt: skip

arctan: Op = elementwise(
    "arctan", label="arctan", out=True,
    forward=np.arctan,
    scalar=math.atan,
    vjp=(lambda g, y, x: divide(divide(g, hypot(1.0, x)), hypot(1.0, x)),),  # x² overflows
    formula=lambda m, x: m.atan(x),
)  # fmt: skip


def _by_radius(g: Any, part: Any, y: Any, x: Any) -> Any:
    """G part / (x² + y²), one division at a time, as the squares over- and underflow; 0 at 0."""
    r = hypot(y, x)
    r = where(equal(r, 0.0), 1.0, r)
    return g * divide(divide(part, r), r)


arctan2: Op = elementwise(
    "arctan2", label="arctan2", out=True,
    # the angle of the point (x, y), from -π to π
    forward=np.arctan2,
    scalar=math.atan2,
    vjp=(lambda g, angle, y, x: _by_radius(g, x, y, x),
         lambda g, angle, y, x: _by_radius(g, -y, y, x)),
    formula=lambda m, y, x: m.atan2(y, x),
    kink=lambda y, x: (y == 0) & (x <= 0),
)  # fmt: skip

# --- hyperbolic -----------------------------------------------------------------------------------

sinh: Op = elementwise(
    "sinh", label="sinh", out=True,
    forward=np.sinh,
    scalar=ieee(math.sinh, np.sinh),
    vjp=(lambda g, y, x: g * cosh(x),),
    formula=lambda m, x: m.sinh(x),
)  # fmt: skip

cosh: Op = elementwise(
    "cosh", label="cosh", out=True,
    forward=np.cosh,
    scalar=ieee(math.cosh, np.cosh),
    vjp=(lambda g, y, x: g * sinh(x),),
    formula=lambda m, x: m.cosh(x),
)  # fmt: skip


def _sech2(x: Value) -> Value:
    e = np.exp(-2.0 * np.abs(x))
    return 4.0 * e / (1.0 + e * (2.0 + e))  # (1 + e)² has twice the rounding of 1 + e


def _sech2_scalar(x: float) -> float:
    e = math.exp(-2.0 * math.fabs(x))
    return 4.0 * e / (1.0 + e * (2.0 + e))


tanh: Op = elementwise(
    "tanh", label="tanh", out=True,
    forward=np.tanh,
    scalar=math.tanh,
    vjp=(lambda g, y, x: g * sech2(x),),
    formula=lambda m, x: m.tanh(x),
)  # fmt: skip

sech2: Op = elementwise(
    "sech2", label="sech²", symbol="sech²",
    # through exp(-2|x|): 1 - tanh² has no digit left at |x| = 19, and cosh overflows at 711
    forward=_sech2,
    scalar=_sech2_scalar,
    vjp=(lambda g, y, x: g * _wide(lambda x: -2.0 * (tanh(x) * sech2(x)), x),),
    formula=lambda m, x: 1 - m.tanh(x) ** 2,
)  # fmt: skip
