"""The error function and the normal distribution, exact in the far tails.

exp(-x²) needs x² to more digits than a float has: half a unit in the last place of x² = 700 is
6e-14 of the result.  So x² is carried as a sum of two floats (Dekker, Numerische Mathematik 18,
1971).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.graph import Op, Value
from autograd_lab.ops.arithmetic import elementwise, ieee


def _each(function: Callable[[float], float]) -> Callable[[Value], Value]:
    """A function of the standard library over an array: NumPy has no error function."""

    def forward(x: Value) -> Value:
        flat = np.asarray(x)
        values = np.fromiter(map(function, flat.ravel().tolist()), np.float64, flat.size)
        return values.reshape(flat.shape).astype(
            flat.dtype if flat.dtype.kind == "f" else np.float64
        )

    return forward


_FAR = 1e150  # squares of larger numbers overflow, and every function here has long saturated
_SPLIT = 134217729.0  # 2**27 + 1 halves the 53 bits of a float


def _product(a: Value, b: Value) -> tuple[Value, Value]:
    """A b as a rounded product and what the rounding left out (Dekker 1971, section 5)."""
    high_a, high_b = _SPLIT * a - (_SPLIT * a - a), _SPLIT * b - (_SPLIT * b - b)
    low_a, low_b = a - high_a, b - high_b
    c = a * b
    return c, ((high_a * high_b - c) + high_a * low_b + low_a * high_b) + low_a * low_b


def _in_double(function: Callable[..., Value]) -> Callable[..., Value]:
    """The function of a float64, then rounded to the width of the array that came."""

    def forward(x: Value, **attrs: Any) -> Value:
        kind = np.result_type(x)
        x = np.clip(np.asarray(x, np.float64), -_FAR, _FAR)
        return np.asarray(function(x, np.exp, **attrs)).astype(kind if kind.kind == "f" else float)

    return forward


_exp = ieee(math.exp, np.exp)


def _of_float(function: Callable[..., Any]) -> Callable[..., float]:
    def scalar(x: float, **attrs: Any) -> float:
        return float(function(min(max(x, -_FAR), _FAR), _exp, **attrs))

    return scalar


def _gaussian(x: Value, exp: Callable[[Value], Value], scale: float) -> Value:
    square, rest = _product(x, x)
    e = exp(-scale * square)
    return e - e * (scale * rest)


gaussian: Op = elementwise(
    "gaussian", label="gaussian", symbol="gaussian", attrs={"scale": 1.0},
    forward=_in_double(_gaussian),
    scalar=_of_float(_gaussian),
    vjp=(lambda g, y, x, scale: g * (-2.0 * scale * x * y),),
    formula=lambda m, x, scale: m.exp(-scale * x**2),
)  # fmt: skip

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)

erf: Op = elementwise(
    "erf", label="erf",
    forward=_each(math.erf),
    scalar=math.erf,
    vjp=(lambda g, y, x: g * (_TWO_OVER_ROOT_PI * gaussian(x)),),
    formula=lambda m, x: m.erf(x),
)  # fmt: skip

erfc: Op = elementwise(
    "erfc", label="erfc",
    forward=_each(math.erfc),
    scalar=math.erfc,
    vjp=(lambda g, y, x: g * (-_TWO_OVER_ROOT_PI * gaussian(x)),),
    formula=lambda m, x: m.erfc(x),
)  # fmt: skip

# --- the normal distribution ----------------------------------------------------------------------

_ROOT_HALF, _ROOT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17  # √½ to 32 digits
_ONE_OVER_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


def _normal_cdf(x: Value, exp: Callable[[Value], Value]) -> Value:
    """Half of erfc(z) at z = -x √½, whose rounding error times the slope is added back."""
    z, rest = _product(-x, _ROOT_HALF)
    rest = rest - x * _ROOT_HALF_REST
    erfc_z = math.erfc(z) if isinstance(z, float) else _each(math.erfc)(z)
    return 0.5 * (erfc_z - _TWO_OVER_ROOT_PI * exp(-z * z) * rest)


_cdf_of_float = _of_float(_normal_cdf)

normal_cdf: Op = elementwise(
    "normal_cdf", label="Φ", symbol="Φ",
    forward=_in_double(_normal_cdf),
    scalar=_cdf_of_float,
    vjp=(lambda g, y, x: g * _density(x),),
    formula=lambda m, x: m.erfc(-x / m.sqrt(2)) / 2,
)  # fmt: skip


def _gelu(x: Value, exp: Callable[[Value], Value]) -> Value:
    return x * _normal_cdf(x, exp)


_gelu_of_array, _gelu_of_float = _in_double(_gelu), _of_float(_gelu)


def _density(x: Any) -> Any:
    return _ONE_OVER_ROOT_TWO_PI * gaussian(x, scale=0.5)


gelu: Op = elementwise(
    "gelu", label="gelu", symbol="gelu",
    # exact, Hendrycks & Gimpel 2016; through erfc, as 1 + erf(x) cancels for x < 0
    forward=lambda x: np.where(np.greater(x, 40.0), x, _gelu_of_array(x)),
    scalar=lambda x: x if x > 40.0 else _gelu_of_float(x),
    vjp=(lambda g, y, x: g * (normal_cdf(x) + x * _density(x)),),
    formula=lambda m, x: x / 2 * m.erfc(-x / m.sqrt(2)),
)  # fmt: skip
