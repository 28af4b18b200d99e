"""The table of inputs: one row per operation.

A row holds the cases on which all faces must agree (scalars, non-square and broadcast shapes, so
that a wrong rule cannot hide behind the adding up of copies) and, for a function of one number,
the range on which value and slope must be exact to a few units in the last place (ULP).
An operation without a row fails, and so does a row without an operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mpmath import mp

Bound = float | Callable[[float], float]


@dataclass(frozen=True)
class Case:
    """Inputs and attributes of one call.

    Inputs numbered in ``held`` are not differentiated by; ``single``: float32 in is float32 out.
    """

    values: tuple[Any, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    held: tuple[int, ...] = ()
    single: bool = True


@dataclass(frozen=True)
class Accuracy:
    """Exact value and slope by mpmath, the range tried, and the bounds in ULP.

    A bound that grows with the argument is a function of it and carries its reason in ``why``.
    """

    exact: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    low: float
    high: float
    value_ulp: Bound = 4.0
    slope_ulp: Bound = 4.0
    hard: tuple[float, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Row:
    cases: tuple[Case, ...]
    accuracy: Accuracy | None = None


def _numbers(shape: tuple[int, ...], salt: int, signed: bool = True) -> Any:
    """Fixed numbers between 0.3 and 1.9 in size, away from every kink."""
    random = np.random.default_rng([salt, *shape])
    size = random.uniform(0.3, 1.9, shape)
    return size * random.choice([-1.0, 1.0], shape) if signed else size


def signed(*shape: int, salt: int = 1) -> Any:
    return _numbers(shape, salt)


def positive(*shape: int, salt: int = 1) -> Any:
    return _numbers(shape, salt, signed=False)


Draw = Callable[..., Any]


def unary(draw: Draw = signed, points: Sequence[float] = (0.7, -1.3), **attrs: Any) -> Row:
    cases = [Case((x,), attrs) for x in points]
    shapes = [(2, 3), (1,), (0, 2)]
    return Row((*cases, *[Case((draw(*shape),), attrs) for shape in shapes]))


def binary(
    left: Draw = signed,
    right: Draw = signed,
    points: Sequence[tuple[float, float]] = ((0.7, -1.3), (-0.4, 0.9)),
) -> Row:
    """Scalars, equal shapes, and every way of broadcasting."""
    a, b = (lambda *s: left(*s, salt=2)), (lambda *s: right(*s, salt=3))
    return Row(
        (
            *[Case(point) for point in points],
            Case((a(2, 3), b(2, 3))),
            Case((a(2, 3), b(3))),
            Case((a(3), b(2, 3))),
            Case((a(2, 1), b(1, 3))),
            Case((a(2, 1, 2), b(3, 1))),
            Case((points[0][0], b(3))),
            Case((a(3), points[0][1])),
            Case((a(1), b(0, 2))),
        )
    )


def _comparison() -> Row:
    held = (0, 1)
    tie = np.array([[1.0, 2.0, -3.0], [0.0, 5.0, 2.0]])
    return Row(
        (
            Case((0.7, -1.3)),
            Case((-1.3, 0.7)),
            Case((2.0, 2.0), held=held),
            Case((signed(2, 3), signed(3, salt=4))),
            Case((tie, np.array([1.0, 3.0, -3.0])), held=held),
        )
    )


def _with(row: Row, *cases: Case, accuracy: Accuracy | None = None) -> Row:
    return Row((*row.cases, *cases), accuracy)


def exact(row: Row, **faces: Any) -> Row:
    return Row(row.cases, Accuracy(**faces))


# --- mathematics at 50 digits, written so that nothing cancels -----------------------------------


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _normal(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _density(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _sigmoid_slope(x: Any) -> Any:
    return mp.exp(-abs(x)) / (1 + mp.exp(-abs(x))) ** 2


def _sech2(x: Any) -> Any:
    return 4 * mp.exp(-2 * abs(x)) / (1 + mp.exp(-2 * abs(x))) ** 2


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805
TINY = (5e-324, -5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, -1e-300, 1e-17, -1e-17, 0.0, -0.0)
SATURATION = (18.99, -18.99, 19.1, -19.1, 20.0, -20.0, 22.0, 36.7, -36.7, 37.5, 40.0, -40.0)
ENDS = (700.0, -700.0, 372.6, -372.6, 354.2, 354.9, -355.0, 350.0)


def _squared(x: float) -> float:
    return 4 + 2 * x * x


def _gelu_slope_bound(x: float) -> float:
    """The terms Phi(x) and x phi(x) cancel near x = -0.7518, where the slope crosses zero."""
    terms = _normal(x), x * _density(x)
    return _squared(x) * float((abs(terms[0]) + abs(terms[1])) / abs(terms[0] + terms[1]))


SQUARED = "half a ULP of rounding in x² (or in x/√2) is up to x² ULP of exp(-x²) (of erfc)"

SAMPLES: dict[str, Row] = {
    # arithmetic
    "add": binary(),
    "subtract": binary(),
    "multiply": binary(),
    "divide": binary(),
    "negative": unary(),
    "identity": unary(),
    "square": exact(
        unary(), exact=lambda x: x * x, slope=lambda x: 2 * x, low=-1e150, high=1e150, hard=TINY
    ),
    # comparisons and choice
    "less": _comparison(),
    "less_equal": _comparison(),
    "greater": _comparison(),
    "greater_equal": _comparison(),
    "equal": _comparison(),
    "not_equal": _comparison(),
    "where": Row(
        (
            Case((True, 0.7, -1.3)),
            Case((False, 0.7, -1.3)),
            Case((np.array([[True, False, True], [False, False, True]]), signed(2, 3), signed(3))),
            Case((np.array([True, False]), signed(3, 1), signed(3, 2))),
            Case((np.array([[True], [False]]), 0.7, signed(3))),
            Case((True, signed(2, 1), signed(3))),
            Case((np.array([True, False, True]), 0.7, -1.3)),
        )
    ),
    "maximum": binary(),
    "minimum": binary(),
    "sign": unary(),
    "abs": unary(),
    # exponentials, roots and powers
    "exp": exact(
        unary(), exact=mp.exp, slope=mp.exp, low=-700, high=700, hard=(*TINY, -745.1, 709.7)
    ),
    "expm1": exact(
        unary(), exact=mp.expm1, slope=mp.exp, low=-700, high=700, hard=(*TINY, 1e-9, -1e-9)
    ),
    "log": exact(
        unary(positive, (0.7, 1.3)),
        exact=mp.log,
        slope=lambda x: 1 / x,
        low=1e-300,
        high=1e300,
        hard=(1 - 2**-53, 1 + 2**-52, 0.999, 1.001, 1.0, 5e-308, 1.7e308),
    ),
    "log1p": exact(
        unary(positive, (0.7, -0.3)),
        exact=mp.log1p,
        slope=lambda x: 1 / (1 + x),
        low=-0.999999,
        high=1e10,
        hard=(*TINY, 1e-9, -1e-9, -1 + 2**-53, 1e300),
    ),
    "sqrt": exact(
        unary(positive, (0.7, 1.3)),
        exact=mp.sqrt,
        slope=lambda x: 1 / (2 * mp.sqrt(x)),
        low=1e-300,
        high=1e300,
        hard=(5e-324, 1e-310, 2.0, 1.7e308),
    ),
    "power": _with(
        binary(positive, signed, points=((0.7, -1.3), (1.6, 2.0))),
        Case((-1.2, 3.0), held=(1,)),
        Case((-1.2, 2.0), held=(1,)),
        Case((-1.2, -2.0), held=(1,)),
        Case((signed(2, 3), np.array([2.0, 3.0, -1.0])), held=(1,)),
        Case((0.0, 3.0), held=(1,)),
        Case((0.0, 1.0), held=(1,)),
        Case((np.array([0.0, 1.5]), np.array([2.0, 1.0])), held=(1,)),
        Case((1.5, 0.0)),
    ),
    # trigonometry
    "sin": exact(
        unary(), exact=mp.sin, slope=mp.cos, low=-100, high=100, hard=(*TINY, math.pi, math.pi / 2)
    ),
    "cos": exact(
        unary(),
        exact=mp.cos,
        slope=lambda x: -mp.sin(x),
        low=-100,
        high=100,
        hard=(*TINY, math.pi, math.pi / 2),
    ),
    "tan": exact(
        unary(),
        exact=mp.tan,
        slope=lambda x: 1 / mp.cos(x) ** 2,
        low=-100,
        high=100,
        hard=(*TINY, math.pi, math.pi / 2),
    ),
    # saturating activations
    "tanh": exact(
        unary(),
        exact=mp.tanh,
        slope=_sech2,
        low=-700,
        high=700,
        hard=(*TINY, *SATURATION, *ENDS),
    ),
    "sech2": exact(
        unary(),
        exact=_sech2,
        slope=lambda x: -2 * mp.tanh(x) * _sech2(x),
        low=-700,
        high=700,
        slope_ulp=5.0,
        why="a second derivative, -2 tanh sech²: the roundings of both factors add up",
        hard=(*TINY, *SATURATION, *ENDS),
    ),
    "sigmoid": exact(
        unary(),
        exact=_sigmoid,
        slope=_sigmoid_slope,
        low=-700,
        high=700,
        hard=(*TINY, *SATURATION, *ENDS, -740.0),
    ),
    "softplus": exact(
        unary(),
        exact=lambda x: mp.log1p(mp.exp(x)),
        slope=_sigmoid,
        low=-700,
        high=700,
        hard=(*TINY, *SATURATION, *ENDS, -740.0, 1e300),
    ),
    # piecewise linear activations
    "relu": unary(),
    "leaky_relu": _with(
        unary(), Case((-1.3,), {"negative_slope": 3.0}), Case((0.7,), {"negative_slope": 3.0})
    ),
    "rrelu": _with(unary(), Case((signed(2, 3),), {"lower": 0.1, "upper": 0.6})),
    "prelu": binary(points=((0.7, 0.25), (-1.3, 0.25))),
    # smooth activations with a linear side
    "elu": exact(
        _with(unary(), Case((-1.3,), {"alpha": 0.5}), Case((signed(2, 3),), {"alpha": 2.0})),
        exact=lambda x: x if x > 0 else mp.expm1(x),
        slope=lambda x: mp.mpf(1) if x > 0 else mp.exp(x),
        low=-700,
        high=700,
        hard=(*TINY, *SATURATION),
    ),
    "selu": exact(
        _with(unary(), Case((-1.3,), {"alpha": 0.5, "scale": 3.0})),
        exact=lambda x: mp.mpf(SCALE) * (x if x > 0 else mp.mpf(ALPHA) * mp.expm1(x)),
        slope=lambda x: mp.mpf(SCALE) * (1 if x > 0 else mp.mpf(ALPHA) * mp.exp(x)),
        low=-700,
        high=700,
        hard=(*TINY, *SATURATION),
    ),
    "erf": exact(
        unary(),
        exact=mp.erf,
        slope=lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
        low=-6,
        high=6,
        slope_ulp=_squared,
        why=SQUARED,
        hard=TINY,
    ),
    "erfc": exact(
        unary(),
        exact=mp.erfc,
        slope=lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
        low=-6,
        high=26,
        slope_ulp=_squared,
        why=SQUARED,
        hard=TINY,
    ),
    "gelu": exact(
        unary(),
        exact=lambda x: x * _normal(x),
        slope=lambda x: _normal(x) + x * _density(x),
        low=-37,
        high=37,
        value_ulp=_squared,
        slope_ulp=_gelu_slope_bound,
        why=SQUARED + "; the slope has a zero, where no bound on the relative error can hold",
        hard=TINY,
    ),
    # movement
    "reshape": Row(
        (
            Case((signed(2, 3),), {"shape": (3, 2)}),
            Case((signed(2, 3),), {"shape": (-1,)}),
            Case((signed(1, 1),), {"shape": ()}),
            Case((signed(2, 0),), {"shape": (0, 3)}),
            Case((0.7,), {"shape": (1, 1)}),
        )
    ),
    "transpose": Row(
        (
            Case((signed(2, 3),)),
            Case((signed(2, 3, 2),)),
            Case((signed(2, 3, 2),), {"axes": (1, 2, 0)}),
            Case((signed(2, 1, 3),), {"axes": (-1, 0, 1)}),
            Case((signed(2, 1, 3),), {"axes": (1, -1, 0)}),
            Case((signed(4),)),
        )
    ),
    "broadcast_to": Row(
        (
            Case((signed(3),), {"shape": (2, 3)}),
            Case((signed(2, 1),), {"shape": (3, 2, 2)}),
            Case((signed(1, 1),), {"shape": (2, 3)}),
            Case((signed(1),), {"shape": (0,)}),
            Case((0.7,), {"shape": (2, 3)}),
        )
    ),
    "sum_to": Row(
        (
            Case((signed(2, 3),), {"shape": (3,)}),
            Case((signed(2, 3),), {"shape": (2, 1)}),
            Case((signed(2, 3, 2),), {"shape": (3, 1)}),
            Case((signed(2, 3),), {"shape": ()}),
            Case((signed(2, 3),), {"shape": (2, 3)}),
            Case((signed(0, 3),), {"shape": (3,)}),
        )
    ),
    "concatenate": Row(
        (
            Case((signed(2, 3),)),
            Case((signed(2, 2), signed(2, 1, salt=2)), {"axis": 1}),
            Case((signed(1, 2), signed(2, 2), signed(3, 2))),
            Case((signed(2, 2, 1), signed(2, 2, 2)), {"axis": -1}),
            Case((signed(2), signed(0), signed(3))),
        )
    ),
    "narrow": Row(
        (
            Case((signed(4),), {"axis": 0, "start": 1, "length": 2}),
            Case((signed(2, 5),), {"axis": 1, "start": 2, "length": 3}),
            Case((signed(2, 3, 2),), {"axis": -2, "start": 0, "length": 1}),
            Case((signed(2, 3),), {"axis": 1, "start": 1, "length": 0}),
        )
    ),
    "widen": Row(
        (
            Case((signed(2),), {"axis": 0, "start": 1, "shape": (4,)}),
            Case((signed(2, 3),), {"axis": 1, "start": 2, "shape": (2, 5)}),
            Case((signed(2, 1, 3),), {"axis": -2, "start": 1, "shape": (2, 3, 3)}),
        )
    ),
    "cast": Row(
        (
            Case((0.7,), {"dtype": "float64"}),
            Case((signed(2, 3),), {"dtype": "float64"}, single=False),
        )
    ),
    # reductions
    **{
        name: Row(
            (
                Case((signed(2, 3),)),
                Case((signed(2, 3),), {"axis": 0}),
                Case((signed(2, 3),), {"axis": -1, "keepdims": True}),
                Case((signed(2, 3, 2),), {"axis": (0, 2)}),
                Case((signed(2, 3, 2),), {"axis": (-1, 0), "keepdims": True}),
                Case((signed(2, 3),), {"keepdims": True}),
                Case((signed(2, 3),), {"axis": ()}),
                Case((0.7,)),
            )
        )
        for name in ("sum", "mean")
    },
    # contractions
    "matmul": Row(
        (
            Case((signed(2, 3), signed(3, 2, salt=2))),
            Case((signed(1, 3), signed(3, 4, salt=2))),
            Case((signed(3), signed(3, salt=2))),
            Case((signed(3), signed(3, 2, salt=2))),
            Case((signed(2, 3), signed(3, salt=2))),
            Case((signed(2, 1, 2), signed(2, 2, 3, salt=2))),
            Case((signed(2, 1, 2), signed(2, 3, salt=2))),
            Case((signed(1, 2), signed(2, 2, 3, salt=2))),
            Case((signed(2), signed(2, 2, 2, salt=2))),
            Case((signed(2, 2, 3), signed(3, salt=2))),
            Case((signed(2, 1, 1, 2), signed(3, 2, 1, salt=2))),
            Case((signed(2, 0), signed(0, 3))),
        )
    ),
    "einsum": Row(
        (
            Case((signed(2, 3),), {"subscripts": "ij->ji"}),
            Case((signed(2, 3),), {"subscripts": "ij->j"}),
            Case((signed(2, 3),), {"subscripts": "ij->"}),
            Case((signed(2, 3), signed(3, 2, salt=2)), {"subscripts": "ij,jk->ik"}),
            Case((signed(2, 3), signed(3, 2, salt=2)), {"subscripts": "ij,jk->ki"}),
            Case((signed(3), signed(3, salt=2)), {"subscripts": "i,i->"}),
            Case((signed(2), signed(3, salt=2)), {"subscripts": "i,j->ij"}),
            Case((signed(2, 3), signed(2, salt=2)), {"subscripts": "ij,k->j"}),
            Case((signed(2, 1, 2), signed(2, 2, 2, salt=2)), {"subscripts": "bij,bjk->bik"}),
            Case(
                (signed(2, 2), signed(2, 3, salt=2), signed(3, salt=3)),
                {"subscripts": "ij,jk,k->i"},
            ),
        )
    ),
}
