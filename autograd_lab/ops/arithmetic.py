"""Arithmetic on single numbers, applied entry by entry; and what all such operations share.

Each entry shows one operation with all its faces.  A slope is written so that it keeps its relative
accuracy when the function saturates: a formula like 1 - y*y has no digit left once y rounds to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.graph import Op, op


def ieee(fast: Callable[..., Any], exact: Callable[..., Any]) -> Callable[..., Any]:
    """Python's scalar function, with IEEE's inf and nan where Python would raise."""

    def scalar(*xs: float) -> Any:
        try:
            return fast(*xs)
        except (ArithmeticError, ValueError):
            with np.errstate(all="ignore"):
                return float(exact(*[np.float64(x) for x in xs]))

    return scalar


def elementwise(name: str, **faces: Any) -> Op:
    """Define an operation on single numbers."""
    return op(name, elementwise=True, **faces)


add: Op = elementwise(
    "add", bounded=True, label="+", out=True,
    forward=np.add,
    scalar=lambda a, b: a + b,
    vjp=(lambda g, y, a, b: g,
         lambda g, y, a, b: g),
    formula=lambda m, a, b: a + b,
)  # fmt: skip

subtract: Op = elementwise(
    "subtract", bounded=True, label="−", out=True,
    forward=np.subtract,
    scalar=lambda a, b: a - b,
    vjp=(lambda g, y, a, b: g,
         lambda g, y, a, b: -g),
    formula=lambda m, a, b: a - b,
)  # fmt: skip

multiply: Op = elementwise(
    "multiply", label="×", out=True,
    forward=np.multiply,
    scalar=lambda a, b: a * b,
    vjp=(lambda g, y, a, b: g * b,
         lambda g, y, a, b: g * a),
    formula=lambda m, a, b: a * b,
)  # fmt: skip

divide: Op = elementwise(
    "divide", label="÷", out=True,
    forward=np.divide,
    scalar=ieee(lambda a, b: a / b, np.divide),
    vjp=(lambda g, y, a, b: divide(g, b),
         lambda g, y, a, b: -divide(g * y, b)),
    formula=lambda m, a, b: a / b,
)  # fmt: skip

negative: Op = elementwise(
    "negative", bounded=True, label="−", out=True,
    forward=np.negative,
    scalar=lambda x: -x,
    vjp=(lambda g, y, x: -g,),
    formula=lambda m, x: -x,
)  # fmt: skip

identity: Op = elementwise(
    "identity", bounded=True, label="id",
    forward=lambda x: x,
    scalar=lambda x: x,
    vjp=(lambda g, y, x: g,),
    formula=lambda m, x: x,
)  # fmt: skip

square: Op = elementwise(
    "square", label="( )²", out=True,
    forward=np.square,
    scalar=lambda x: x * x,
    vjp=(lambda g, y, x: g * (2.0 * x),),
    formula=lambda m, x: x**2,
)  # fmt: skip
