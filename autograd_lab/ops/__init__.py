"""Every operation by name, and the written table of the kinks.

The functions here work on plain numbers, arrays and nodes alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lab.ops.contract import einsum, matmul
from autograd_lab.ops.elementwise import (
    abs,
    add,
    cos,
    divide,
    elu,
    equal,
    erf,
    erfc,
    exp,
    expm1,
    gelu,
    greater,
    greater_equal,
    identity,
    leaky_relu,
    less,
    less_equal,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    prelu,
    relu,
    rrelu,
    sech2,
    selu,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    where,
)
from autograd_lab.ops.movement import (
    broadcast_to,
    cast,
    concatenate,
    narrow,
    reshape,
    sum_to,
    transpose,
    widen,
)
from autograd_lab.ops.reduce import mean, sum

__all__ = [
    "KINKS",
    "Kink",
    "abs",
    "add",
    "broadcast_to",
    "cast",
    "concatenate",
    "cos",
    "divide",
    "einsum",
    "elu",
    "equal",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "gelu",
    "greater",
    "greater_equal",
    "identity",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "log1p",
    "matmul",
    "maximum",
    "mean",
    "minimum",
    "multiply",
    "narrow",
    "negative",
    "not_equal",
    "power",
    "prelu",
    "relu",
    "reshape",
    "rrelu",
    "sech2",
    "selu",
    "sigmoid",
    "sign",
    "sin",
    "softplus",
    "sqrt",
    "square",
    "subtract",
    "sum",
    "sum_to",
    "tan",
    "tanh",
    "transpose",
    "where",
    "widen",
]


@dataclass(frozen=True)
class Kink:
    """A point where an operation has no derivative, and the number used in its place."""

    op: str
    where: str
    at: tuple[float, ...]
    slopes: tuple[float, ...]
    reason: str


KINKS: tuple[Kink, ...] = (
    Kink(
        "relu",
        "x = 0",
        (0.0,),
        (0.0,),
        "as Keras and PyTorch; any number in [0, 1] is a subgradient",
    ),
    Kink("abs", "x = 0", (0.0,), (0.0,), "the middle of [-1, 1]"),
    Kink("maximum", "a = b", (1.0, 1.0), (0.5, 0.5), "ties share equally and the sum is kept"),
    Kink("minimum", "a = b", (1.0, 1.0), (0.5, 0.5), "ties share equally and the sum is kept"),
    Kink("leaky_relu", "x = 0", (0.0,), (1.0,), "the upper side, as Keras"),
    Kink("rrelu", "x = 0", (0.0,), (1.0,), "the upper side, as leaky_relu"),
    Kink("prelu", "x = 0", (0.0, 0.25), (1.0, 0.0), "the upper side, as leaky_relu"),
    Kink("elu", "x = 0, alpha != 1", (0.0,), (1.0,), "the lower side: alpha e^0"),
    Kink("selu", "x = 0", (0.0,), (1.0507009873554805 * 1.6732632423543772,), "the lower side"),
    Kink("sqrt", "x = 0", (0.0,), (float("inf"),), "the slope grows without bound"),
    Kink("log", "x = 0", (0.0,), (float("inf"),), "the slope 1/x grows without bound"),
    Kink("power", "a = 0, 0 < b < 1", (0.0, 0.5), (float("inf"), 0.0), "as the root"),
    Kink("power", "a = 0, b = 0", (0.0, 0.0), (0.0, 0.0), "x^0 is 1 everywhere, 0^0 included"),
    Kink("sign", "x = 0", (0.0,), (), "a jump: no slope on purpose, here and everywhere"),
    *(
        Kink(name, "a = b", (1.0, 1.0), (), "a choice changes here; the branch taken counts")
        for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
    ),
)
