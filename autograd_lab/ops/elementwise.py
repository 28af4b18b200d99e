"""Operations on single numbers, applied entry by entry; sorted from simple to involved.

Each entry shows one operation with all its faces.  A slope is written so that it keeps its relative
accuracy when the function saturates: a formula like 1 - y*y has no digit left once y rounds to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.graph import Op, Value, op


def _ieee(fast: Callable[..., Any], exact: Callable[..., Any]) -> Callable[..., Any]:
    """Python's scalar function, with IEEE's inf and nan where Python would raise."""

    def scalar(*xs: float) -> Any:
        try:
            return fast(*xs)
        except (ArithmeticError, ValueError):
            with np.errstate(all="ignore"):
                return float(exact(*[np.float64(x) for x in xs]))

    return scalar


def _elementwise(name: str, **faces: Any) -> Op:
    return op(name, elementwise=True, **faces)


# --- arithmetic -----------------------------------------------------------------------------------

add: Op = _elementwise(
    "add", bounded=True, label="+", out=True,
    forward=np.add,
    scalar=lambda a, b: a + b,
    vjp=(lambda g, y, a, b: g,
         lambda g, y, a, b: g),
    formula=lambda m, a, b: a + b,
)  # fmt: skip

subtract: Op = _elementwise(
    "subtract", bounded=True, label="−", out=True,
    forward=np.subtract,
    scalar=lambda a, b: a - b,
    vjp=(lambda g, y, a, b: g,
         lambda g, y, a, b: -g),
    formula=lambda m, a, b: a - b,
)  # fmt: skip

multiply: Op = _elementwise(
    "multiply", label="×", out=True,
    forward=np.multiply,
    scalar=lambda a, b: a * b,
    vjp=(lambda g, y, a, b: g * b,
         lambda g, y, a, b: g * a),
    formula=lambda m, a, b: a * b,
)  # fmt: skip

divide: Op = _elementwise(
    "divide", label="÷", out=True,
    forward=np.divide,
    scalar=_ieee(lambda a, b: a / b, np.divide),
    vjp=(lambda g, y, a, b: divide(g, b),
         lambda g, y, a, b: -divide(g * y, b)),
    formula=lambda m, a, b: a / b,
)  # fmt: skip

negative: Op = _elementwise(
    "negative", bounded=True, label="−", out=True,
    forward=np.negative,
    scalar=lambda x: -x,
    vjp=(lambda g, y, x: -g,),
    formula=lambda m, x: -x,
)  # fmt: skip

identity: Op = _elementwise(
    "identity", bounded=True, label="id",
    forward=lambda x: x,
    scalar=lambda x: x,
    vjp=(lambda g, y, x: g,),
    formula=lambda m, x: x,
)  # fmt: skip

square: Op = _elementwise(
    "square", label="( )²", out=True,
    forward=np.square,
    scalar=lambda x: x * x,
    vjp=(lambda g, y, x: g * (2.0 * x),),
    formula=lambda m, x: x**2,
)  # fmt: skip

# --- comparisons and choice: no slope through a condition -----------------------------------------


def _comparison(name: str, label: str, forward: Any, scalar: Any, formula: Any) -> Op:
    return _elementwise(
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


def _choose(condition: Value, a: Value, b: Value) -> Value:
    if isinstance(condition, (bool, float)) and type(a) is float and type(b) is float:
        return a if condition else b
    return np.where(condition, a, b)


where: Op = _elementwise(
    "where", bounded=True, label="where", selects=True,
    forward=_choose,
    vjp=(None,
         lambda g, y, c, a, b: where(c, g, 0.0),
         lambda g, y, c, a, b: where(c, 0.0, g)),
    formula=lambda m, c, a, b: m.where(c, a, b),
)  # fmt: skip

maximum: Op = _elementwise(
    "maximum", bounded=True, label="max", out=True, selects=True,
    forward=np.maximum,
    scalar=lambda a, b: a if a >= b or a != a else b,
    vjp=(lambda g, y, a, b: where(greater(a, b), g, where(equal(a, b), 0.5 * g, 0.0)),
         lambda g, y, a, b: where(greater(b, a), g, where(equal(a, b), 0.5 * g, 0.0))),
    formula=lambda m, a, b: m.where(m.less(a, b), b, a),
    kink=lambda a, b: a == b,
)  # fmt: skip

minimum: Op = _elementwise(
    "minimum", bounded=True, label="min", out=True, selects=True,
    forward=np.minimum,
    scalar=lambda a, b: a if a <= b or a != a else b,
    vjp=(lambda g, y, a, b: where(less(a, b), g, where(equal(a, b), 0.5 * g, 0.0)),
         lambda g, y, a, b: where(less(b, a), g, where(equal(a, b), 0.5 * g, 0.0))),
    formula=lambda m, a, b: m.where(m.less(b, a), b, a),
    kink=lambda a, b: a == b,
)  # fmt: skip

sign: Op = _elementwise(
    "sign", bounded=True, label="sign", out=True,
    forward=np.sign,
    scalar=lambda x: float((x > 0) - (x < 0)) if x == x else x,
    vjp=(None,),
    formula=lambda m, x: m.sign(x),
    kink=lambda x: x == 0,
)  # fmt: skip

abs: Op = _elementwise(
    "abs", label="|·|", out=True,
    forward=np.abs,
    scalar=math.fabs,
    vjp=(lambda g, y, x: g * sign(x),),
    formula=lambda m, x: m.abs(x),
    kink=lambda x: x == 0,
)  # fmt: skip

# --- exponentials, roots and powers ---------------------------------------------------------------

exp: Op = _elementwise(
    "exp", label="exp", out=True,
    forward=np.exp,
    scalar=_ieee(math.exp, np.exp),
    vjp=(lambda g, y, x: g * y,),
    formula=lambda m, x: m.exp(x),
)  # fmt: skip

expm1: Op = _elementwise(
    "expm1", label="expm1", out=True,
    forward=np.expm1,
    scalar=_ieee(math.expm1, np.expm1),
    vjp=(lambda g, y, x: g * exp(x),),
    formula=lambda m, x: m.expm1(x),
)  # fmt: skip

log: Op = _elementwise(
    "log", label="ln", out=True,
    forward=np.log,
    scalar=_ieee(math.log, np.log),
    vjp=(lambda g, y, x: divide(g, x),),
    formula=lambda m, x: m.log(x),
    kink=lambda x: x == 0,
)  # fmt: skip

log1p: Op = _elementwise(
    "log1p", label="log1p", out=True,
    forward=np.log1p,
    scalar=_ieee(math.log1p, np.log1p),
    vjp=(lambda g, y, x: divide(g, 1.0 + x),),
    formula=lambda m, x: m.log1p(x),
)  # fmt: skip

sqrt: Op = _elementwise(
    "sqrt", label="√", out=True,
    forward=np.sqrt,
    scalar=_ieee(math.sqrt, np.sqrt),
    vjp=(lambda g, y, x: divide(0.5 * g, y),),
    formula=lambda m, x: m.sqrt(x),
    kink=lambda x: x == 0,
)  # fmt: skip


def _power_slope(g: Any, a: Any, b: Any) -> Any:
    """B a^(b-1), with x^0 flat at 0 too: the inner ``where`` keeps 0^-1 out of it."""
    base = where(equal(b, 0.0), where(equal(a, 0.0), 1.0, a), a)
    return g * (b * power(base, b - 1.0))


power: Op = _elementwise(
    "power", label="^", out=True,
    forward=np.power,
    scalar=_ieee(math.pow, np.power),
    vjp=(lambda g, y, a, b: _power_slope(g, a, b),
         lambda g, y, a, b: g * (y * log(where(equal(a, 0.0), 1.0, a)))),  # 0^b has slope 0 by b
    formula=lambda m, a, b: m.power(a, b),
    kink=lambda a, b: (a == 0) & (b < 1),
)  # fmt: skip

# --- trigonometry ---------------------------------------------------------------------------------

sin: Op = _elementwise(
    "sin", label="sin", out=True,
    forward=np.sin,
    scalar=_ieee(math.sin, np.sin),
    vjp=(lambda g, y, x: g * cos(x),),
    formula=lambda m, x: m.sin(x),
)  # fmt: skip

cos: Op = _elementwise(
    "cos", label="cos", out=True,
    forward=np.cos,
    scalar=_ieee(math.cos, np.cos),
    vjp=(lambda g, y, x: -(g * sin(x)),),
    formula=lambda m, x: m.cos(x),
)  # fmt: skip

tan: Op = _elementwise(
    "tan", label="tan", out=True,
    forward=np.tan,
    scalar=_ieee(math.tan, np.tan),
    vjp=(lambda g, y, x: divide(g, square(cos(x))),),
    formula=lambda m, x: m.tan(x),
)  # fmt: skip

# --- saturating activations -----------------------------------------------------------------------


def _sech2(x: Value) -> Value:
    e = np.exp(-2.0 * np.abs(x))
    return 4.0 * e / np.square(1.0 + e)


def _sech2_scalar(x: float) -> float:
    e = math.exp(-2.0 * math.fabs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


tanh: Op = _elementwise(
    "tanh", label="tanh", out=True,
    forward=np.tanh,
    scalar=math.tanh,
    vjp=(lambda g, y, x: g * sech2(x),),
    formula=lambda m, x: m.tanh(x),
)  # fmt: skip

sech2: Op = _elementwise(
    "sech2", label="sech²", symbol="sech²",
    # through exp(-2|x|): 1 - tanh² has no digit left at |x| = 19, and cosh overflows at 711
    forward=_sech2,
    scalar=_sech2_scalar,
    vjp=(lambda g, y, x: g * (-2.0 * (tanh(x) * y)),),
    formula=lambda m, x: 1 - m.tanh(x) ** 2,
)  # fmt: skip


def _sigmoid(x: Value) -> Value:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(np.signbit(x), e, 1.0) / (1.0 + e)


def _sigmoid_scalar(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


sigmoid: Op = _elementwise(
    "sigmoid", label="σ", symbol="σ",
    forward=_sigmoid,
    scalar=_sigmoid_scalar,
    vjp=(lambda g, y, x: g * (y * sigmoid(-x)),),  # y (1 - y) is 0 from x = 37 on
    formula=lambda m, x: 1 / (1 + m.exp(-x)),
)  # fmt: skip

softplus: Op = _elementwise(
    "softplus", label="softplus", symbol="softplus",
    forward=lambda x: np.logaddexp(x, np.asarray(x).dtype.type(0)),
    scalar=lambda x: math.log1p(math.exp(-math.fabs(x))) + max(x, 0.0),
    vjp=(lambda g, y, x: g * sigmoid(x),),
    formula=lambda m, x: m.log(1 + m.exp(x)),
)  # fmt: skip

# --- piecewise linear activations -----------------------------------------------------------------

relu: Op = _elementwise(
    "relu", bounded=True, label="relu", symbol="relu", selects=True,
    forward=lambda x: np.maximum(x, 0.0),
    scalar=lambda x: x if x > 0 or x != x else 0.0,
    vjp=(lambda g, y, x: where(greater(x, 0.0), g, 0.0),),
    formula=lambda m, x: m.where(m.less(0, x), x, 0),
    kink=lambda x: x == 0,
)  # fmt: skip


def _leaky(x: Any, slope: Any) -> Any:
    """X where x >= 0, else slope x: a choice, since max(slope x, x) is wrong for slope > 1."""
    return where(greater_equal(x, 0.0), x, slope * x)


def _leaky_family(name: str, **faces: Any) -> Op:
    return _elementwise(name, label=name, symbol=name, selects=True, **faces)


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

# --- smooth activations with a linear side --------------------------------------------------------


def _below_zero(x: Any) -> Any:
    """X where x <= 0, else 0: keeps exp(x) of the branch not taken from overflowing."""
    return where(greater(x, 0.0), 0.0, x)


elu: Op = _elementwise(
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

selu: Op = _elementwise(
    "selu", label="selu", symbol="selu", selects=True,
    attrs={"alpha": SELU_ALPHA, "scale": SELU_SCALE},
    forward=lambda x, alpha, scale: scale * elu.forward(x, alpha),
    scalar=lambda x, alpha, scale: scale * (x if x > 0 else alpha * math.expm1(x)),
    vjp=(lambda g, y, x, alpha, scale: where(
        greater(x, 0.0), scale * g, g * (scale * alpha * exp(_below_zero(x)))),),
    formula=lambda m, x, alpha, scale: scale * m.where(m.less(0, x), x, alpha * m.expm1(x)),
    kink=lambda x, alpha, scale: x == 0,
)  # fmt: skip


def _each(function: Callable[[float], float]) -> Callable[[Value], Value]:
    """A function of the standard library over an array: NumPy has no error function."""

    def forward(x: Value) -> Value:
        flat = np.asarray(x)
        values = np.fromiter(map(function, flat.ravel().tolist()), np.float64, flat.size)
        return values.reshape(flat.shape).astype(
            flat.dtype if flat.dtype.kind == "f" else np.float64
        )

    return forward


def _two_over_root_pi_exp(g: Any, x: Any) -> Any:
    return g * (2.0 / math.sqrt(math.pi) * exp(-square(x)))


erf: Op = _elementwise(
    "erf", label="erf",
    forward=_each(math.erf),
    scalar=math.erf,
    vjp=(lambda g, y, x: _two_over_root_pi_exp(g, x),),
    formula=lambda m, x: m.erf(x),
)  # fmt: skip

erfc: Op = _elementwise(
    "erfc", label="erfc",
    forward=_each(math.erfc),
    scalar=math.erfc,
    vjp=(lambda g, y, x: -_two_over_root_pi_exp(g, x),),
    formula=lambda m, x: m.erfc(x),
)  # fmt: skip

_ROOT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def _gelu_slope(g: Any, x: Any) -> Any:
    """Phi(x) + x phi(x), the normal distribution and its density."""
    return g * (0.5 * erfc(-_ROOT_HALF * x) + x * (exp(-0.5 * square(x)) / _ROOT_TWO_PI))


gelu: Op = _elementwise(
    "gelu", label="gelu", symbol="gelu",
    # exact, Hendrycks & Gimpel 2016; through erfc, as 1 + erf(x) cancels for x < 0
    forward=lambda x: 0.5 * x * erfc(-_ROOT_HALF * x),
    scalar=lambda x: 0.5 * x * math.erfc(-_ROOT_HALF * x),
    vjp=(lambda g, y, x: _gelu_slope(g, x),),
    formula=lambda m, x: x / 2 * m.erfc(-x / m.sqrt(2)),
)  # fmt: skip
