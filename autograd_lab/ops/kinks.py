"""The written table of the points where an operation has no derivative."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

INF = math.inf
SHARED = "ties share equally and the sum is kept"
TIE = (2.0, 2.0, 1.0)


@dataclass(frozen=True)
class Kink:
    """A point where an operation has no derivative, and the number used in its place.

    ``at`` holds the inputs (a tuple of numbers is an array), ``slopes`` what is used there by each;
    no slopes at all where the operation has none on purpose.
    """

    op: str
    where: str
    at: tuple[Any, ...]
    slopes: tuple[Any, ...]
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
    Kink("maximum", "a = b", (1.0, 1.0), (0.5, 0.5), SHARED),
    Kink("minimum", "a = b", (1.0, 1.0), (0.5, 0.5), SHARED),
    Kink("leaky_relu", "x = 0", (0.0,), (1.0,), "the upper side, as Keras"),
    Kink("rrelu", "x = 0", (0.0,), (1.0,), "the upper side, as leaky_relu"),
    Kink("prelu", "x = 0", (0.0, 0.25), (1.0, 0.0), "the upper side, as leaky_relu"),
    Kink("elu", "x = 0, alpha != 1", (0.0,), (1.0,), "the lower side: alpha e^0"),
    Kink("selu", "x = 0", (0.0,), (1.0507009873554805 * 1.6732632423543772,), "the lower side"),
    Kink("sqrt", "x = 0", (0.0,), (INF,), "the slope grows without bound"),
    Kink("log", "x = 0", (0.0,), (INF,), "the slope 1/x grows without bound"),
    Kink("log1p", "x = -1", (-1.0,), (INF,), "as log at 0"),
    Kink("power", "a = 0, 0 < b < 1", (0.0, 0.5), (INF, 0.0), "as the root"),
    Kink("power", "a = 0, b = 0", (0.0, 0.0), (0.0, 0.0), "x^0 is 1 everywhere, 0^0 included"),
    Kink("sign", "x = 0", (0.0,), (), "a jump: no slope on purpose, here and everywhere"),
    Kink("floor", "x whole", (2.0,), (), "a jump: no slope on purpose, here and everywhere"),
    Kink("clip", "x = low", (-1.0, -1.0, 1.0), (1.0, 0.0, 0.0), "a bound itself passes, as Keras"),
    Kink("clip", "x = high", (1.0, -1.0, 1.0), (1.0, 0.0, 0.0), "a bound itself passes, as Keras"),
    Kink("hard_sigmoid", "x = -3", (-3.0,), (0.0,), "flat, as the side it borders on"),
    Kink("hard_sigmoid", "x = 3", (3.0,), (0.0,), "flat, as the side it borders on"),
    Kink("arcsin", "x = 1 or -1", (1.0,), (INF,), "the slope grows without bound"),
    Kink("arccos", "x = 1 or -1", (1.0,), (-INF,), "the slope grows without bound"),
    Kink("hypot", "a = b = 0", (0.0, 0.0), (0.0, 0.0), "the middle of all directions, as norm"),
    Kink("arctan2", "y = x = 0", (0.0, 0.0), (0.0, 0.0), "no direction; 0 keeps numbers finite"),
    Kink("arctan2", "y = 0, x < 0", (0.0, -1.0), (-1.0, 0.0), "a jump by 2π; both sides are equal"),
    *(
        Kink(name, "a = b", (1.0, 1.0), (), "a choice changes here; the branch taken counts")
        for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
    ),
    Kink("max", "largest entries equal", (TIE,), ((0.5, 0.5, 0.0),), SHARED),
    Kink("min", "smallest entries equal", ((1.0, 2.0, 1.0),), ((0.5, 0.0, 0.5),), SHARED),
    Kink("sort", "entries equal", (TIE,), ((1.0, 1.0, 1.0),), "each keeps one place, in order"),
    Kink("norm", "x = 0", ((0.0, 0.0),), ((0.0, 0.0),), "the middle of all directions"),
    Kink("std", "all entries equal", ((2.0, 2.0),), ((0.0, 0.0),), "as norm, of x - mean"),
)
