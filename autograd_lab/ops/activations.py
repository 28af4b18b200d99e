"""Activations of neurons: saturating, piecewise linear, and smooth with a linear side."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lab.graph import Op, Value
from autograd_lab.ops.arithmetic import divide, elementwise
from autograd_lab.ops.choice import greater, greater_equal, less, where
from autograd_lab.ops.exponential import exp
from autograd_lab.ops.trigonometry import sech2

# --- saturating -----------------------------------------------------------------------------------


def _sigmoid(x: Value) -> Value:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(np.signbit(x), e, 1.0) / (1.0 + e)


def _sigmoid_scalar(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


sigmoid: Op = elementwise(
    "sigmoid", label="σ", symbol="σ",
    forward=_sigmoid,
    scalar=_sigmoid_scalar,
    # sech²(x/2) / 4, since y (1 - y) is 0 from x = 37 on
    vjp=(lambda g, y, x: g * (0.25 * sech2(0.5 * x)),),
    formula=lambda m, x: 1 / (1 + m.exp(-x)),
)  # fmt: skip

softplus: Op = elementwise(
    "softplus", label="softplus", symbol="softplus",
    forward=lambda x: np.logaddexp(x, np.asarray(x).dtype.type(0)),
    scalar=lambda x: math.log1p(math.exp(-math.fabs(x))) + max(x, 0.0),
    vjp=(lambda g, y, x: g * sigmoid(x),),
    formula=lambda m, x: m.log(1 + m.exp(x)),
)  # fmt: skip

softsign: Op = elementwise(
    "softsign", label="softsign", symbol="softsign",
    forward=lambda x: x / (1.0 + np.abs(x)),
    scalar=lambda x: x / (1.0 + math.fabs(x)) if math.isfinite(x) else x / x,
    vjp=(lambda g, y, x: divide(divide(g, 1.0 + abs(x)), 1.0 + abs(x)),),  # x² overflows
    formula=lambda m, x: x / (1 + m.abs(x)),
)  # fmt: skip

# --- piecewise linear -----------------------------------------------------------------------------

relu: Op = elementwise(
    "relu", bounded=True, label="relu", symbol="relu", selects=True,
    forward=lambda x: np.maximum(x, 0.0),
    scalar=lambda x: x if x > 0 or x != x else 0.0,
    vjp=(lambda g, y, x: where(greater(x, 0.0), g, 0.0),),
    formula=lambda m, x: m.where(m.less(0, x), x, 0),
    kink=lambda x: x == 0,
)  # fmt: skip

hard_sigmoid: Op = elementwise(
    "hard_sigmoid", bounded=True, label="hard_sigmoid", symbol="hard_sigmoid", selects=True,
    forward=lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0,  # as Keras 3
    scalar=lambda x: x if x != x else min(max(x + 3.0, 0.0), 6.0) / 6.0,
    vjp=(lambda g, y, x: where(less(abs(x), 3.0), g / 6.0, 0.0),),
    formula=lambda m, x: m.where(
        m.less(x, -3), 0, m.where(m.less(3, x), 1, (x + 3) / 6)),
    kink=lambda x: (x == 3) | (x == -3),
)  # fmt: skip


def _leaky(x: Any, slope: Any) -> Any:
    """X where x >= 0, else slope x: a choice, since max(slope x, x) is wrong for slope > 1."""
    return where(greater_equal(x, 0.0), x, slope * x)


def _leaky_family(name: str, **faces: Any) -> Op:
    return elementwise(name, label=name, symbol=name, selects=True, **faces)


leaky_relu: Op = _leaky_family(
    "leaky_relu", bounded=True, attrs={"negative_slope": 0.2},
    forward=lambda x, negative_slope: _leaky(x, negative_slope),
    scalar=lambda x, negative_slope: x if x >= 0 else negative_slope * x,
    vjp=(lambda g, y, x, negative_slope: where(greater_equal(x, 0.0), g, negative_slope * g),),
    formula=lambda m, x, negative_slope: m.where(m.less_equal(0, x), x, negative_slope * x),
    kink=lambda x, negative_slope: x == 0,
)  # fmt: skip

# The slope of RReLU outside training is the mean of its range (Xu et al. 2015, section 2.4).
rrelu: Op = _leaky_family(
    "rrelu", bounded=True, attrs={"lower": 1 / 8, "upper": 1 / 3},
    forward=lambda x, lower, upper: _leaky(x, (lower + upper) / 2),
    scalar=lambda x, lower, upper: x if x >= 0 else (lower + upper) / 2 * x,
    vjp=(lambda g, y, x, lower, upper: where(
        greater_equal(x, 0.0), g, (lower + upper) / 2 * g),),
    formula=lambda m, x, lower, upper: m.where(m.less_equal(0, x), x, (lower + upper) / 2 * x),
    kink=lambda x, lower, upper: x == 0,
)  # fmt: skip

prelu: Op = _leaky_family(
    "prelu",
    forward=_leaky,
    scalar=lambda x, alpha: x if x >= 0 else alpha * x,
    vjp=(lambda g, y, x, alpha: where(greater_equal(x, 0.0), g, alpha * g),
         lambda g, y, x, alpha: where(greater_equal(x, 0.0), 0.0, x * g)),
    formula=lambda m, x, alpha: m.where(m.less_equal(0, x), x, alpha * x),
    kink=lambda x, alpha: x == 0,
)  # fmt: skip

# --- smooth, with a linear side -------------------------------------------------------------------


def _below_zero(x: Any) -> Any:
    """X where x <= 0, else 0: keeps exp(x) of the branch not taken from overflowing."""
    return where(greater(x, 0.0), 0.0, x)


elu: Op = elementwise(
    "elu", label="elu", symbol="elu", selects=True, attrs={"alpha": 1.0},
    forward=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0.0, x))),
    scalar=lambda x, alpha: x if x > 0 else alpha * math.expm1(x),
    vjp=(lambda g, y, x, alpha: where(greater(x, 0.0), g, g * (alpha * exp(_below_zero(x)))),),
    formula=lambda m, x, alpha: m.where(m.less(0, x), x, alpha * m.expm1(x)),
    kink=lambda x, alpha: (x == 0) & (alpha != 1),
)  # fmt: skip

# Constants that make mean 0 and variance 1 a fixed point (Klambauer et al. 2017, equation 14).
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

selu: Op = elementwise(
    "selu", label="selu", symbol="selu", selects=True,
    attrs={"alpha": SELU_ALPHA, "scale": SELU_SCALE},
    forward=lambda x, alpha, scale: scale * elu.forward(x, alpha),
    scalar=lambda x, alpha, scale: scale * (x if x > 0 else alpha * math.expm1(x)),
    vjp=(lambda g, y, x, alpha, scale: where(
        greater(x, 0.0), scale * g, g * (scale * alpha * exp(_below_zero(x)))),),
    formula=lambda m, x, alpha, scale: scale * m.where(m.less(0, x), x, alpha * m.expm1(x)),
    kink=lambda x, alpha, scale: x == 0,
)  # fmt: skip


# Far below zero exp(-x) overflows and 1 + exp(x) is 1.  There exp(x) is denormal before x exp(x)
# is, so the factor e^-32 comes last; and -inf times 0 is no number.
_FAR, _SHIFT = -80.0, 32.0


def _silu_scalar(x: float) -> float:
    if x < _FAR:
        return max(x, -1e300) * math.exp(x + _SHIFT) * math.exp(-_SHIFT)
    return x / (1.0 + math.exp(-x))


def _silu(x: Value) -> Value:
    far = np.less(x, _FAR)
    e = np.exp(np.where(far, np.add(x, _SHIFT), np.negative(x)))
    least = np.nan_to_num(x, nan=np.nan, posinf=np.inf)
    return np.where(far, least * e * math.exp(-_SHIFT), x / (1.0 + e))


silu: Op = elementwise(
    "silu", label="silu", symbol="silu",
    forward=_silu,
    scalar=_silu_scalar,
    vjp=(lambda g, y, x: g * (sigmoid(x) + y * sigmoid(-x)),),
    formula=lambda m, x: x / (1 + m.exp(-x)),
)  # fmt: skip
