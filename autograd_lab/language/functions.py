"""The functions an expression may call: every operation on single numbers, by its own name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from autograd_lab.graph import OPS, Op
from autograd_lab.ops import KINKS

COMPARISONS = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})


@dataclass(frozen=True)
class Function:
    """One function as shown to a reader: name, arguments, meaning, and its kinks by convention."""

    op: Op
    arguments: str
    meaning: str
    kink: str

    @property
    def name(self) -> str:
        return self.op.name

    @property
    def call(self) -> str:
        """How it is written, optional arguments with their defaults: ``elu(x, alpha=1)``."""
        return f"{self.name}({self.arguments})"

    @property
    def least(self) -> int:
        """The number of arguments that must be given; the optional ones follow."""
        return self.op.arity or 0

    @property
    def most(self) -> int:
        return self.least + len(self.op.attrs)


_MEANINGS = {
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a*b",
    "divide": "a/b",
    "negative": "-x",
    "square": "x**2",
    "identity": "x itself, the activation of a linear neuron",
    "less": "a < b, as the condition of where",
    "less_equal": "a <= b, as the condition of where",
    "greater": "a > b, as the condition of where",
    "greater_equal": "a >= b, as the condition of where",
    "equal": "a == b, as the condition of where",
    "not_equal": "a != b, as the condition of where",
    "where": "a where the condition holds, else b: where(x > 0, x, 0)",
    "maximum": "the larger of two numbers",
    "minimum": "the smaller of two numbers",
    "clip": "x, or the nearer bound where it lies outside: low <= clip(x, low, high) <= high",
    "sign": "-1, 0 or 1",
    "floor": "the largest whole number that is not above x",
    "abs": "the size |x|",
    "exp": "e to the power x",
    "expm1": "exp(x) - 1, exact for small x",
    "log": "natural logarithm",
    "log1p": "log(1 + x), exact for small x",
    "sqrt": "square root",
    "power": "a**b",
    "sin": "sine, x in radians",
    "cos": "cosine, x in radians",
    "tan": "tangent, x in radians",
    "hypot": "sqrt(a**2 + b**2), without overflow",
    "arcsin": "inverse of the sine, from -pi/2 to pi/2",
    "arccos": "inverse of the cosine, from 0 to pi",
    "arctan": "inverse of the tangent, from -pi/2 to pi/2",
    "arctan2": "angle of the point (x, y), from -pi to pi",
    "sinh": "hyperbolic sine",
    "cosh": "hyperbolic cosine",
    "tanh": "hyperbolic tangent, from -1 to 1",
    "sech2": "1 - tanh(x)**2, the slope of tanh",
    "sigmoid": "1/(1 + exp(-x)), from 0 to 1",
    "softplus": "log(1 + exp(x)), a smooth relu",
    "softsign": "x/(1 + abs(x)), from -1 to 1",
    "hard_sigmoid": "x/6 + 1/2, cut off below 0 and above 1",
    "silu": "x*sigmoid(x), also called swish",
    "relu": "x where x > 0, else 0",
    "leaky_relu": "x where x >= 0, else negative_slope*x",
    "rrelu": "x where x >= 0, else x*(lower + upper)/2, as outside training",
    "prelu": "x where x >= 0, else alpha*x, with alpha learned",
    "elu": "x where x > 0, else alpha*(exp(x) - 1)",
    "selu": "scale*elu(x, alpha): keeps mean 0 and variance 1",
    "gaussian": "exp(-scale*x**2), exact for large x",
    "normal_cdf": "the normal distribution: how likely a normal number is below x",
    "erf": "error function, from -1 to 1",
    "erfc": "1 - erf(x), exact for large x",
    "gelu": "x times the normal distribution at x",
}
_INPUTS = {
    "arctan2": "y, x", "clip": "x, low, high", "prelu": "x, alpha", "where": "condition, a, b",
}  # fmt: skip
_COMMON = {
    "ln": "log", "max": "maximum", "min": "minimum", "pow": "power", "logistic": "sigmoid",
    "sigma": "sigmoid", "sig": "sigmoid", "fabs": "abs", "sgn": "sign", "neg": "negative",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "swish": "silu",
    "lrelu": "leaky_relu", "leakyrelu": "leaky_relu", "root": "sqrt",
}  # fmt: skip


def _function(op: Op) -> Function:
    inputs = _INPUTS.get(op.name) or ("x", "a, b")[(op.arity or 1) - 1]
    options = [f"{name}={value:.6g}" for name, value in op.attrs.items()]
    kinks = [
        f"at {kink.where} the slope is {' and '.join(f'{slope:g}' for slope in kink.slopes)}"
        if kink.slopes
        else f"{kink.where}: {kink.reason}"
        for kink in KINKS
        if kink.op == op.name
    ]
    return Function(
        op, ", ".join([inputs, *options]), _MEANINGS.get(op.name, op.label), "; ".join(kinks)
    )


FUNCTIONS: dict[str, Function] = {
    op.name: _function(op) for op in OPS.values() if op.elementwise and op.arity
}


def closest(name: str) -> str | None:
    """The function that was probably meant.

    >>> closest("sigmoide"), closest("ln"), closest("qqq")
    ('sigmoid', 'log', None)
    """
    if name.lower() in _COMMON:
        return _COMMON[name.lower()]
    near = difflib.get_close_matches(name.lower(), FUNCTIONS, n=1, cutoff=0.6)
    return near[0] if near else None
