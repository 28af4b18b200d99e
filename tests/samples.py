"""The table of inputs: one row per operation.

A row holds the cases on which all faces must agree (scalars, non-square and broadcast shapes, so
that a wrong rule cannot hide behind the adding up of copies) and, for an operation on single
numbers, the range on which value and slope must be exact to a few units in the last place (ULP).
An operation without a row fails, and so does a row without an operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from mpmath import mp

from autograd_lab import ops
from autograd_lab.graph import OPS

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
    Numbers down to the size ``least`` are tried.
    """

    exact: Callable[[Any], Any]
    slope: Callable[[Any], Any] | None
    low: float
    high: float
    value_ulp: Bound = 4.0
    slope_ulp: Bound = 4.0
    hard: tuple[float, ...] = ()
    why: str = ""
    least: float = 1e-20


@dataclass(frozen=True)
class Sizes:
    """The powers of ten between which each of several numbers is tried; the formula is the truth.

    ``positive`` inputs have no sign, and a ``choice`` has a truth value before them.  In float32
    the powers are the share ``single`` of these.
    """

    decades: tuple[tuple[float, float], ...]
    positive: tuple[int, ...] = ()
    hard: tuple[tuple[float, ...], ...] = ()
    choice: bool = False
    single: float = 1 / 8


@dataclass(frozen=True)
class Vary:
    """How the cases of a function of arrays are varied: every entry times 1 - ``part`` to 1 +
    ``part``, and all of them times a scale.

    ``terms`` is the size of the terms that a slope is the sum of, by the values, where conditioning
    alone does not tell it; ``why`` the reason.  Of ``long`` cases the values alone are tried.
    """

    part: float = 0.5
    scales: tuple[float, ...] = (1.0, 1e-3, 1e3)
    terms: Callable[[Any], Any] | None = None
    why: str = ""
    long: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Row:
    cases: tuple[Case, ...]
    accuracy: Accuracy | None = None
    sizes: Sizes | None = None
    vary: Vary = Vary()


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
    sizes: Sizes,
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
        ),
        sizes=sizes,
    )


def _inside(*shape: int, salt: int = 1) -> Any:
    """Numbers between -1 and 1."""
    return signed(*shape, salt=salt) / 2


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
        ),
        sizes=Sizes((ADDED, ADDED), hard=((2.0, 2.0), (0.0, -0.0), (1.0, 1.0 + 2**-52))),
    )


def _with(row: Row, *cases: Case) -> Row:
    return replace(row, cases=(*row.cases, *cases))


def exact(row: Row, **faces: Any) -> Row:
    return replace(row, accuracy=Accuracy(**faces))


def straight(row: Row, below: float, above: float, **faces: Any) -> Row:
    """An operation with one slope for x < 0 and another above."""
    slope = lambda x: mp.mpf(above if x > 0 else below)  # noqa: E731
    hard = TINY[:-2]  # 0 itself is a kink
    return exact(row, exact=lambda x: x * slope(x), slope=slope, low=-1e150, high=1e150, hard=hard)


LONG = (Case((np.random.default_rng(1).normal(size=200),)),)
TWO_LONG = (Case(tuple(np.random.default_rng(2).normal(size=(2, 100)))),)
SOFT = (1.0, 1e-3, 30.0)  # far enough for one entry to take all
ADDED, MULTIPLIED = (-30.0, 30.0), (-150.0, 150.0)  # powers of ten for numbers that meet


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


def _cancelling(*terms: Callable[[float], Any]) -> Callable[[float], float]:
    """4 ULP of the terms of a sum, which is more in ULP of the sum where they cancel."""

    def bound(x: float) -> float:
        parts = [term(x) for term in terms]
        total = abs(sum(parts))
        return 4 * float(sum(abs(part) for part in parts) / total) if total else math.inf

    return bound


ZERO = "the slope crosses zero between two floats, where its terms cancel: 4 ULP of the terms"


def regular(n: int, *outer: int) -> Any:
    """Square matrices (a stack of them), well away from singular ones."""
    return signed(*outer, n, n, salt=5) / 3 + 1.5 * np.eye(n)


def definite(n: int, *outer: int) -> Any:
    """Symmetric matrices with positive eigenvalues."""
    a = regular(n, *outer)
    return a @ np.swapaxes(a, -1, -2)


POSITIONS = np.array([[0, -1], [1, 1]])
MASK = np.array([[True, False, True], [False, True, True]])
# Shape, index arrays, and the index as text, where each array has its place.
INDEXED: tuple[tuple[tuple[int, ...], tuple[Any, ...], str], ...] = (
    ((2, 3), (), "1"),
    ((2, 3), (), ":, -1"),
    ((4, 3), (), "1:3, ::-2"),
    ((2, 3, 2), (), "..., 0"),
    ((2, 3), (), "None, :, None, 1:"),
    ((3,), (), "2:0:-1"),
    ((2, 3), (), "5:"),
    ((2, 3), (POSITIONS,), "array"),
    ((2, 3), (POSITIONS,), ":, array"),
    ((2, 3), (np.array([0, 1, 0]), np.array([2, 2, 2])), "array, array"),
    ((2, 2, 3), (np.array([0, 1]), np.array([[1], [0]])), "array, :, array"),
    ((2, 3), (MASK,), "array"),
    ((2, 3), (np.array([True, False, True]),), ":, array"),
    ((3, 1), (2,), "array"),
    ((3,), (np.array([], dtype=int),), "array"),
)


def _by_numpy(text: str, arrays: Sequence[Any]) -> Any:
    """The index that the text means, read once more and independently."""
    given = iter(arrays)
    known: dict[str, Any] = {"None": None, "...": ...}

    def part(p: str) -> Any:
        if p == "array":
            return next(given)
        if ":" in p:
            return slice(*[int(n) if n else None for n in p.split(":")])
        return known[p] if p in known else int(p)

    return tuple(part(p) for p in text.split(", "))


SAMPLES: dict[str, Row] = {
    # arithmetic
    "add": binary(Sizes((ADDED, ADDED))),
    "subtract": binary(Sizes((ADDED, ADDED))),
    "multiply": binary(Sizes((MULTIPLIED, MULTIPLIED))),
    "divide": binary(Sizes(((-100, 100), (-100, 100)))),
    "negative": straight(unary(), -1, -1),
    "identity": straight(unary(), 1, 1),
    "square": exact(
        unary(), exact=lambda x: x * x, slope=lambda x: 2 * x, low=-1e150, high=1e150, hard=TINY
    ),
    # comparisons and choice
    "clip": Row(
        (
            Case((0.7, -1.0, 1.0)),
            Case((-1.3, -1.0, 1.0)),
            Case((1.3, -1.0, 1.0)),
            Case((0.7, 1.0, -1.0)),
            Case((signed(2, 3), -1.0, 1.0)),
            Case((signed(2, 3), signed(3, salt=2) - 1, 1.0 + positive(2, 1, salt=3))),
            Case((0.7, signed(3, salt=2), signed(2, 1, salt=4))),
            Case((signed(0, 2), -1.0, 1.0)),
        ),
        sizes=Sizes((ADDED, ADDED, ADDED)),
    ),
    "floor": exact(
        unary(), exact=mp.floor, slope=None, low=-1e150, high=1e150, hard=(*TINY, 2.0, -2.0, 2**52)
    ),
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
        ),
        sizes=Sizes((ADDED, ADDED), choice=True),
    ),
    "maximum": binary(Sizes((ADDED, ADDED))),
    "minimum": binary(Sizes((ADDED, ADDED))),
    "sign": exact(unary(), exact=mp.sign, slope=None, low=-1e150, high=1e150, hard=TINY),
    "abs": exact(unary(), exact=abs, slope=mp.sign, low=-1e150, high=1e150, hard=TINY),
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
        least=1e-300,
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
        least=1e-300,
    ),
    "power": _with(
        binary(
            Sizes(((-3, 3), (-3, 1.5)), positive=(0,), single=0.6),
            positive,
            signed,
            points=((0.7, -1.3), (1.6, 2.0)),
        ),
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
    "hypot": binary(Sizes(((-20, 20), (-20, 20)), hard=((3e200, 4e200), (1e-200, -3e-200)))),
    "arcsin": exact(
        unary(_inside, (0.7, -0.3)),
        exact=mp.asin,
        slope=lambda x: 1 / mp.sqrt((1 - x) * (1 + x)),
        low=-1 + 2**-24,
        high=1 - 2**-24,
        hard=(*TINY, 1 - 2**-53, -1 + 2**-53, 1 - 2**-30, 0.999, 0.5),
    ),
    "arccos": exact(
        unary(_inside, (0.7, -0.3)),
        exact=mp.acos,
        slope=lambda x: -1 / mp.sqrt((1 - x) * (1 + x)),
        low=-1 + 2**-24,
        high=1 - 2**-24,
        hard=(*TINY, 1 - 2**-53, -1 + 2**-53, 1 - 2**-30, 0.999, 0.5),
    ),
    "arctan": exact(
        unary(),
        exact=mp.atan,
        slope=lambda x: 1 / (1 + x * x),
        low=-1e300,
        high=1e300,
        hard=(*TINY, 1e154, 1e155, 1e160),
    ),
    "arctan2": binary(
        Sizes(((-20, 20), (-20, 20)), hard=((3e150, -4e150), (1e-150, 2e-150), (1.0, 1.0))),
        points=((0.7, -1.3), (-0.4, 0.9), (-0.4, -0.9), (0.5, 0.2)),
    ),
    "sinh": exact(unary(), exact=mp.sinh, slope=mp.cosh, low=-700, high=700, hard=(*TINY, 710.0)),
    "cosh": exact(unary(), exact=mp.cosh, slope=mp.sinh, low=-700, high=700, hard=(*TINY, 710.0)),
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
    "softsign": exact(
        unary(),
        exact=lambda x: x / (1 + abs(x)),
        slope=lambda x: 1 / (1 + abs(x)) ** 2,
        low=-1e150,
        high=1e150,
        hard=(*TINY, *SATURATION, 1e300),
    ),
    "hard_sigmoid": exact(
        unary(points=(0.7, -1.3, 3.5, -4.0)),
        exact=lambda x: min(max(x + 3, mp.mpf(0)), mp.mpf(6)) / 6,
        slope=lambda x: mp.mpf(int(abs(x) < 3)) / 6,
        low=-1e150,
        high=1e150,
        hard=(*TINY, 3.0, -3.0, -2.999, 2.999),
    ),
    "silu": exact(
        unary(),
        exact=lambda x: x * _sigmoid(x),
        slope=lambda x: _sigmoid(x) * (1 + x * _sigmoid(-x)),
        low=-700,
        high=700,
        slope_ulp=_cancelling(lambda x: _sigmoid(x), lambda x: x * _sigmoid(x) * _sigmoid(-x)),
        why=ZERO,
        hard=(*TINY, *SATURATION),
    ),
    # piecewise linear activations
    "relu": straight(unary(), 0, 1),
    "leaky_relu": _with(
        straight(unary(), 0.2, 1),
        Case((-1.3,), {"negative_slope": 3.0}),
        Case((0.7,), {"negative_slope": 3.0}),
    ),
    "rrelu": _with(
        straight(unary(), 11 / 48, 1), Case((signed(2, 3),), {"lower": 0.1, "upper": 0.6})
    ),
    "prelu": binary(Sizes((ADDED, ADDED)), points=((0.7, 0.25), (-1.3, 0.25))),
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
        low=-26,
        high=26,
        hard=TINY,
    ),
    "erfc": exact(
        unary(),
        exact=mp.erfc,
        slope=lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
        low=-26,
        high=26,
        hard=TINY,
    ),
    "gaussian": exact(
        _with(unary(), Case((signed(2, 3),), {"scale": 0.5})),
        exact=lambda x: mp.exp(-x * x),
        slope=lambda x: -2 * x * mp.exp(-x * x),
        low=-26,
        high=26,
        hard=TINY,
    ),
    "normal_cdf": exact(unary(), exact=_normal, slope=_density, low=-37, high=37, hard=TINY),
    "gelu": exact(
        unary(),
        exact=lambda x: x * _normal(x),
        slope=lambda x: _normal(x) + x * _density(x),
        low=-37,
        high=37,
        slope_ulp=_cancelling(_normal, lambda x: x * _density(x)),
        why=ZERO,
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
            ),
            vary=Vary(long=LONG),
        )
        for name in ("sum", "mean")
    },
    **{
        name: Row(
            (
                Case((signed(2, 3),), {"axis": 0}),
                Case((signed(3),), {"keepdims": True}),
                Case((signed(1, 3),), {"axis": -1, "keepdims": True}),
                Case((signed(2, 2, 1),), {"axis": (0, -1)}),
                Case((signed(2, 1),), {"axis": ()}),
                Case((0.7,)),
            ),
            vary=Vary(long=LONG),
        )
        for name in ("max", "min")
    },
    "cumsum": Row(
        (
            Case((signed(4),)),
            Case((signed(2, 3),), {"axis": 0}),
            Case((signed(2, 3, 2),), {"axis": -2}),
            Case((signed(1, 2),), {"axis": 0}),
            Case((signed(2, 0),), {"axis": 1}),
        ),
        vary=Vary(long=LONG),
    ),
    "logsumexp": Row(
        (
            Case((signed(2, 3),)),
            Case((signed(2, 3),), {"axis": 0}),
            Case((signed(2, 3),), {"axis": -1, "keepdims": True}),
            Case((signed(2, 3, 2),), {"axis": (0, 2)}),
            Case((signed(1, 2),), {"axis": 0}),
            Case((signed(0, 2),), {"axis": 1}),
            Case((0.7,)),
        ),
        vary=Vary(scales=SOFT, long=LONG),
    ),
    **{
        name: Row(
            (
                Case((signed(2, 3),)),
                Case((signed(3, 2),), {"axis": 0}),
                Case((signed(2, 2, 2),), {"axis": (0, -1)}),
                Case((signed(2, 1),), {"axis": 1}),
                Case((signed(2, 2),), {"axis": None}),
                Case((signed(0, 2),)),
            ),
            vary=Vary(scales=SOFT, terms=terms, why=why, long=LONG),
        )
        for name, terms, why in (
            (
                "softmax",
                abs,
                "the slope y (1 - y) cancels where y nears 1, and is counted in ULP of y",
            ),
            (
                "log_softmax",
                lambda y: 1,
                "the slope 1 - softmax cancels where that nears 1, and is counted in ULP of 1",
            ),
        )
    },
    # positions
    **{
        name: Row(
            (
                Case((signed(2, 3),), {"axis": 1}, held=(0,)),
                Case((signed(2, 3),), {"axis": 0, "keepdims": True}, held=(0,)),
                Case((signed(4),), held=(0,)),
            )
        )
        for name in ("argmax", "argmin")
    },
    "argsort": Row(
        (
            Case((signed(2, 3),), held=(0,)),
            Case((signed(3, 2),), {"axis": 0}, held=(0,)),
        )
    ),
    "getitem": Row(tuple(Case((signed(*s), *i), {"index": text}) for s, i, text in INDEXED)),
    "put": Row(
        tuple(
            Case(
                (signed(*np.zeros(s)[_by_numpy(text, i)].shape, salt=3), *i),
                {"index": text, "shape": s},
            )
            for s, i, text in INDEXED
            if np.zeros(s)[_by_numpy(text, i)].shape
        )
    ),
    # matrices
    "solve": Row(
        (
            Case((regular(2), signed(2, salt=2))),
            Case((regular(2), signed(2, 1, salt=2))),
            Case((signed(3, 1, 1) * 2, signed(1, 2, salt=2))),
            Case((signed(1, 1) * 2, signed(2, 1, 3, salt=2))),
            Case((signed(1, 1) * 2, signed(1, salt=2))),
            Case((signed(0, 0), signed(0, 2))),
        )
    ),
    "det": Row(
        (
            Case((regular(2),)),
            Case((regular(3),)),
            Case((regular(2, 2),)),
            Case((signed(1, 1),)),
            Case((signed(3, 0, 0),)),
        )
    ),
    "cholesky": Row(
        (
            Case((definite(2),)),
            Case((definite(3)[1:, 1:],)),
            Case((positive(2, 1, 1),)),
            Case((signed(2, 0, 0),)),
        ),
        vary=Vary(part=0.02),  # and stays positive definite
    ),
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
        ),
        vary=Vary(long=TWO_LONG),
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


# --- functions that are made of operations --------------------------------------------------------


@dataclass(frozen=True)
class Composed:
    """A public function without a rule of its own: what it means by NumPy, and its cases.

    ``formula(m, *inputs, **attrs)`` works on arrays of formulas; ``call`` is how it is called.
    """

    formula: Callable[..., Any]
    cases: tuple[Case, ...]
    call: Callable[..., Any]
    vary: Vary = Vary()


def each(function: Callable[[Any], Any], x: Any) -> Any:
    return np.asarray(np.frompyfunc(function, 1, 1)(x), dtype=object)


def _variance(x: Any, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> Any:
    off = x - np.mean(x, axis=axis, keepdims=True)
    total = np.sum(off * off, axis=axis, keepdims=True)
    total = total / (np.size(x) // np.size(total) - ddof)
    return total if keepdims else np.squeeze(total, axis)


def _length(m: Any, x: Any, axis: Any = None, keepdims: bool = False, **attrs: Any) -> Any:
    ord = attrs.get("ord")
    if ord in (None, "fro", 2):
        return each(m.sqrt, np.sum(x * x, axis=axis, keepdims=keepdims))
    size = each(m.abs, x)
    if ord == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if ord in (math.inf, -math.inf):
        name = "max" if ord > 0 else "min"
        return OPS[name].formula(m, size, axis=axis, keepdims=keepdims)
    p = m.number(float(ord))
    return each(
        lambda t: m.power(t, 1 / p),
        np.sum(each(lambda t: m.power(t, p), size), axis=axis, keepdims=keepdims),
    )


def _in_order(m: Any, x: Any, axis: Any = -1) -> Any:
    """Bubble sort, written in choices between two."""
    rows = list(np.moveaxis(np.ravel(x) if axis is None else x, axis or 0, 0))
    pick = np.frompyfunc(lambda a, b: m.where(m.less(b, a), b, a), 2, 1)
    rest = np.frompyfunc(lambda a, b: m.where(m.less(b, a), a, b), 2, 1)
    for last in range(len(rows) - 1, 0, -1):
        for i in range(last):
            rows[i], rows[i + 1] = pick(rows[i], rows[i + 1]), rest(rows[i], rows[i + 1])
    return np.moveaxis(np.array(rows, dtype=object), 0, axis or 0)


def _inverse(m: Any, a: Any) -> Any:
    return OPS["solve"].formula(m, a, np.eye(a.shape[-1], dtype=int).astype(object))


def numpy_does(name: str, *cases: Case, by: str = "") -> Composed:
    """A function whose meaning is NumPy's function of that name, which takes arrays of formulas."""
    function = getattr(np, by or name)
    return Composed(lambda m, *xs, **attrs: function(*xs, **attrs), cases, getattr(ops, name))


def of_a_list(name: str, *cases: Case) -> Composed:
    function, mine = getattr(np, name), getattr(ops, name)
    return Composed(
        lambda m, *xs, **attrs: function(xs, **attrs), cases, lambda *xs, **attrs: mine(xs, **attrs)
    )


def subscripted(*cases: tuple[str, tuple[Any, ...]]) -> Composed:
    return Composed(
        lambda m, *xs, text: np.einsum(text, *xs),
        tuple(Case(values, {"text": text}) for text, values in cases),
        lambda *xs, text: ops.einsum(text, *xs),
    )


X23, X32, X232, X33 = signed(2, 3), signed(3, 2, salt=2), signed(2, 3, 2), signed(3, 3, salt=4)
POINTS = (Case((X23,)), Case((X232,), {"axis": (0, -1), "keepdims": True}))

COMPOSED: dict[str, Composed] = {
    # shapes
    "ravel": numpy_does("ravel", Case((X232,)), Case((0.7,)), Case((signed(2, 0),))),
    "expand_dims": numpy_does(
        "expand_dims", Case((X23,), {"axis": 1}), Case((X23,), {"axis": (0, -1)}),
        Case((0.7,), {"axis": 0}),
    ),
    "squeeze": numpy_does(
        "squeeze", Case((signed(1, 3, 1),)), Case((signed(1, 3, 1),), {"axis": -1}),
        Case((signed(1, 1),), {"axis": (0, 1)}),
    ),
    "swapaxes": numpy_does(
        "swapaxes", Case((X232,), {"axis1": 0, "axis2": -2}), Case((X23,), {"axis1": 1, "axis2": 1})
    ),
    "moveaxis": numpy_does(
        "moveaxis", Case((signed(2, 3, 4),), {"source": 0, "destination": -1}),
        Case((signed(2, 3, 1),), {"source": (0, 2), "destination": (-1, 0)}),
    ),
    # together and apart
    "concatenate": of_a_list(
        "concatenate", Case((X23, signed(1, 3))), Case((X23, signed(2, 1)), {"axis": -1}),
        Case((X23, signed(2)), {"axis": None}), Case((signed(2), signed(0))),
    ),
    "stack": of_a_list(
        "stack", Case((X23, signed(2, 3, salt=3))), Case((X23, X23), {"axis": -1}),
        Case((0.7, 0.2)), Case((signed(0, 2), signed(0, 2)), {"axis": 1}),
    ),
    "split": Composed(
        lambda m, x, at, axis=0: np.concatenate(np.split(x, at, axis)[::-1], axis),
        (
            Case((signed(4, 2),), {"at": 2}),
            Case((signed(2, 5),), {"at": (1, 3), "axis": 1}),
            Case((signed(3),), {"at": (0, 0, 5)}),
        ),
        lambda x, at, axis=0: ops.concatenate(ops.split(x, at, axis)[::-1], axis),
    ),
    # repetition and borders
    "flip": numpy_does(
        "flip", Case((X23,)), Case((X232,), {"axis": (0, -1)}), Case((signed(4),), {"axis": 0})
    ),
    "roll": numpy_does(
        "roll", Case((X23,), {"shift": 2}), Case((X23,), {"shift": -1, "axis": 1}),
        Case((X232,), {"shift": (1, 5), "axis": (0, 1)}),
    ),
    "tile": Composed(
        lambda m, x, repeats: np.tile(x, repeats),
        (
            Case((X23,), {"repeats": 2}),
            Case((signed(2),), {"repeats": (2, 1, 3)}),
            Case((X232,), {"repeats": (2, 1)}),
            Case((X23,), {"repeats": (0, 1)}),
            Case((0.7,), {"repeats": 3}),
        ),
        ops.tile,
    ),
    "repeat": numpy_does(
        "repeat", Case((X23,), {"repeats": 2}), Case((X23,), {"repeats": [0, 1, 2], "axis": -1}),
        Case((X23,), {"repeats": [1, 2], "axis": 0}), Case((0.7,), {"repeats": 2}),
    ),
    "pad": numpy_does(
        "pad", Case((X23,), {"pad_width": 1}), Case((X23,), {"pad_width": ((0, 1), (2, 0))}),
        Case((signed(3),), {"pad_width": (2, 1), "mode": "reflect"}),
        Case((X23,), {"pad_width": ((1, 0), (2, 2)), "mode": "edge"}),
        Case((X23,), {"pad_width": 1, "mode": "wrap"}),
        Case((X23,), {"pad_width": (3, 0), "mode": "symmetric"}),
        Case((X23,), {"pad_width": 1, "constant_values": 2.0}),
    ),
    # entries
    "one_hot": Composed(
        lambda m, x, num_classes, axis=-1: np.stack([x == k for k in range(num_classes)], axis) * 1,
        (
            Case((np.array([2, 0, 1]),), {"num_classes": 3}),
            Case((np.array([[3, -1]]),), {"num_classes": 2, "axis": 0}),
        ),
        ops.one_hot,
    ),
    "take": numpy_does(
        "take", Case((X23, POSITIONS)), Case((X23, POSITIONS), {"axis": 1}),
        Case((X232, np.array([1, 0, 1])), {"axis": 0}), Case((X232, np.array(1)), {"axis": -2}),
    ),
    "take_along_axis": numpy_does(
        "take_along_axis", Case((X23, np.array([[0, 2], [1, 1]])), {"axis": 1}),
        Case((X23, np.array([[0, 1, 0]])), {"axis": 0}),
        Case((X23, np.array([[-1]])), {"axis": 1}),
        Case((signed(3), np.array([2, 0])), {"axis": 0}),
    ),
    "sort": Composed(
        _in_order,
        (
            Case((signed(3, salt=9),)),
            Case((signed(2, 2),), {"axis": 0}),
            Case((signed(3, 2, salt=4)[:, :1],), {"axis": None}),
            Case((signed(1),)),
        ),
        ops.sort,
    ),
    "diagonal": numpy_does(
        "diagonal", Case((X23,)), Case((X33,), {"offset": -1}),
        Case((X232,), {"offset": 1, "axis1": 2, "axis2": 0}),
        Case((X232,), {"axis1": -1, "axis2": 1}), Case((X23,), {"offset": 7}),
    ),
    "trace": numpy_does(
        "trace", Case((X23,)), Case((X33,), {"offset": 1}), Case((X232,), {"axis1": 2, "axis2": 0})
    ),
    "tril": numpy_does("tril", Case((X23,)), Case((X232,), {"k": -1}), Case((X33,), {"k": 1})),
    "triu": numpy_does("triu", Case((X23,)), Case((X232,), {"k": 1}), Case((X33,), {"k": -1})),
    # reductions
    "prod": numpy_does(
        "prod", Case((X23,)), Case((X23,), {"axis": 0}),
        Case((X232,), {"axis": (0, -1), "keepdims": True}),
        Case((np.array([2.0, 0.0, -3.0]),)), Case((np.array([[0.0, 1.5], [0.0, 0.0]]),)),
        Case((signed(5),)), Case((signed(2, 0),), {"axis": 1}), Case((0.7,)),
    ),
    "var": Composed(
        lambda m, x, **attrs: _variance(x, **attrs),
        (
            Case((X23,)),
            Case((X32,), {"axis": 0, "ddof": 1}),
            Case((signed(2, 2, 1),), {"axis": (0, -1), "keepdims": True}),
            Case((signed(2, 1),), {"axis": 1}),
        ),
        ops.var,
        Vary(long=LONG),
    ),
    "std": Composed(
        lambda m, x, **attrs: each(m.sqrt, _variance(x, **attrs)),
        (
            Case((signed(4),)),
            Case((signed(1, 3),), {"axis": -1, "keepdims": True}),
            Case((X32,), {"axis": 0, "ddof": 1}),
            Case((signed(2, 2, 1),), {"axis": (0, -1)}),
        ),
        ops.std,
        Vary(long=LONG),
    ),
    "norm": Composed(
        _length,
        (
            *POINTS,
            Case((X23,), {"ord": "fro"}),
            Case((X23,), {"axis": 0}),
            Case((X23,), {"ord": 1, "axis": -1}),
            Case((signed(3),), {"ord": 3, "keepdims": True}),
            Case((signed(3),), {"ord": math.inf}),
            Case((signed(3),), {"ord": -math.inf}),
        ),
        ops.norm,
        Vary(long=LONG),
    ),
    # products
    "dot": numpy_does(
        "dot", Case((signed(3), signed(3, salt=2))), Case((X23, X32)), Case((0.7, X23)),
        Case((X232, signed(2, salt=3))), Case((X23, signed(2, 3, 2, salt=3))),
    ),
    "inner": numpy_does(
        "inner", Case((signed(3), signed(3, salt=2))), Case((X23, signed(2, 3, salt=2))),
        Case((X23, 0.7)),
    ),
    "outer": numpy_does("outer", Case((signed(2), signed(3, salt=2))), Case((X23, signed(2)))),
    "tensordot": numpy_does(
        "tensordot", Case((X23, signed(2, 3, salt=2))), Case((X23, X32), {"axes": 1}),
        Case((X232, signed(3, 2, 2, salt=3)), {"axes": ((1, 0), (0, -1))}),
        Case((signed(2), signed(3, salt=2)), {"axes": 0}),
    ),
    "einsum": subscripted(
        ("ij,jk", (X23, X32)),
        ("ba", (X23,)),
        ("ii", (X33,)),
        ("ii->i", (X33,)),
        ("iji->j", (signed(2, 3, 2),)),
        ("i j -> j", (X23,)),
        ("...j,jk->...k", (X232, signed(2, 3, salt=3))),
        ("...ij->...ji", (X232,)),
        ("...,...", (X23, signed(3, salt=2))),
        ("a...,b...->ab...", (signed(2, 1, 2), signed(3, 2, 2, salt=2))),
        ("i,i,i->", (signed(2), signed(2, salt=2), signed(2, salt=3))),
    ),
    "inv": Composed(
        _inverse, (Case((regular(2),)), Case((signed(2, 1, 1),))), ops.inv
    ),
}  # fmt: skip
