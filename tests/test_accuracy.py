"""Values and slopes against mpmath at 50 digits, in units in the last place (ULP).

A slope must keep its digits where the function saturates.  Below 2.2e-308 floats are denormal: the
last place is worth 4.9e-324 there, so a bound in ULP is an absolute one.
"""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from mpmath import mp
from samples import SAMPLES, Accuracy

from autograd_lab.graph import OPS, leaf
from autograd_lab.interpreters.differentiate import gradient

GRADED = [name for name, row in SAMPLES.items() if row.accuracy]
STRICT = 4.0


def ulps(got, exact, kind=np.float64):
    """|got - exact| in units of the last place of the rounded exact value."""
    with np.errstate(over="ignore"):
        nearest = kind(float(exact))
    if not np.isfinite(nearest) or not np.isfinite(got):
        return 0.0 if got == nearest else math.inf
    return float(abs(mp.mpf(float(got)) - exact) / mp.mpf(float(np.spacing(abs(nearest)))))


def points(a: Accuracy, count: int = 500, low: float = -math.inf, high: float = math.inf):
    """A dense grid, random points of every size, and the hard ones, all between the ends."""
    low, high = max(low, a.low), min(high, a.high)
    random = np.random.default_rng(7)
    size = math.log10(min(max(abs(low), abs(high)), 1e300))
    xs = [
        *np.linspace(low, high, count),
        *random.uniform(low, high, count // 2),
        *random.uniform(-3, 3, count // 2),
        *10.0 ** random.uniform(-20, size, count) * random.choice([-1, 1], count),
    ]
    hard = [x for x in a.hard if low == a.low or low <= x <= high]
    return np.array([*[x for x in xs if low <= x <= high], *hard])


def slopes(name, xs):
    x = leaf(xs, "x")
    return gradient(OPS[name](x), [x])[0]


def check(what, got, xs, exact, bound, kind=np.float64):
    """Every point inside its bound; the worst one is named."""
    bound_at = bound if callable(bound) else lambda _: bound
    with mpmath.workdps(50):
        off = [ulps(y, exact(mp.mpf(float(x))), kind) for x, y in zip(xs, got, strict=True)]
        share, worst = max(
            (u / bound_at(float(x)), i) for i, (x, u) in enumerate(zip(xs, off, strict=True))
        )
    assert share <= 1, f"{what} off by {off[worst]:.2f} ULP at x = {float(xs[worst])!r}"


@pytest.mark.parametrize("name", GRADED)
def test_bound_is_four_or_has_a_reason(name):
    a = SAMPLES[name].accuracy
    assert a.why or (a.value_ulp == STRICT and a.slope_ulp == STRICT)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_saturating_functions_are_strict_on_the_whole_range(name):
    a = SAMPLES[name].accuracy
    assert (a.low, a.high, a.value_ulp, a.slope_ulp) == (-700, 700, STRICT, STRICT)


@pytest.mark.parametrize("name", GRADED)
def test_arrays_are_accurate(name):
    a = SAMPLES[name].accuracy
    xs = points(a)
    check("value", OPS[name](xs), xs, a.exact, a.value_ulp)
    check("slope", slopes(name, xs), xs, a.slope, a.slope_ulp)


@pytest.mark.parametrize("name", GRADED)
def test_scalars_are_accurate(name):
    a = SAMPLES[name].accuracy
    xs = points(a, 250).tolist()
    check("value", [OPS[name](x) for x in xs], xs, a.exact, a.value_ulp)
    check("slope", [slopes(name, x) for x in xs], xs, a.slope, a.slope_ulp)


@pytest.mark.parametrize("name", GRADED)
def test_single_precision_is_accurate(name):
    """float32 against its own last place, where nothing over- or underflows."""
    a = SAMPLES[name].accuracy
    xs = points(a, 200, max(a.low, -a.single) + 1e-3, a.single)
    xs = xs[abs(xs) > 1e-30].astype(np.float32)
    assert xs.size > 300
    check("value", OPS[name](xs), xs, a.exact, a.value_ulp, np.float32)
    check("slope", slopes(name, xs), xs, a.slope, a.slope_ulp, np.float32)


def test_the_measure_sees_one_unit():
    with mpmath.workdps(50):
        third = mp.mpf(1) / 3
        nearest = float(third)
        assert ulps(nearest, third) <= 0.5
        assert 0.5 < ulps(math.nextafter(nearest, 1.0), third) < 1.5
        assert ulps(0.0, mp.mpf("1e-310")) > 1e13
        assert ulps(math.nan, third) == math.inf
        assert ulps(math.inf, mp.mpf(10) ** 400) == 0.0


def test_the_obvious_formula_would_fail():
    """1 - y² has lost everything at x = 20, where the slope is 1.7e-17."""
    a = SAMPLES["tanh"].accuracy
    with mpmath.workdps(50):
        assert ulps(1.0 - math.tanh(20.0) ** 2, a.slope(mp.mpf(20))) > 1e15
        assert ulps(slopes("tanh", 20.0), a.slope(mp.mpf(20))) <= STRICT


@pytest.mark.parametrize(("x", "value"), [(1e-18, 1e-18), (-1e-18, -1e-18), (1e-300, 1e-300)])
@pytest.mark.parametrize("name", ["log1p", "expm1", "tanh", "sin", "tan", "elu"])
def test_small_arguments_pass_through(name, x, value):
    assert OPS[name](x) == value
    assert OPS[name](np.array([x]))[0] == value


@pytest.mark.parametrize(
    ("name", "x", "value", "slope"),
    [
        ("sigmoid", 1000.0, 1.0, 0.0),
        ("sigmoid", -1000.0, 0.0, 0.0),
        ("softplus", 1000.0, 1000.0, 1.0),
        ("softplus", -1000.0, 0.0, 0.0),
        ("tanh", 1000.0, 1.0, 0.0),
        ("tanh", -1000.0, -1.0, 0.0),
        ("elu", 1000.0, 1000.0, 1.0),
        ("elu", -1000.0, -1.0, 0.0),
        ("gelu", 1000.0, 1000.0, 1.0),
        ("gelu", -1000.0, 0.0, 0.0),
        ("erf", 1000.0, 1.0, 0.0),
        ("sigmoid", math.inf, 1.0, 0.0),
        ("sigmoid", -math.inf, 0.0, 0.0),
        ("tanh", math.inf, 1.0, 0.0),
        ("tanh", -math.inf, -1.0, 0.0),
        ("softplus", math.inf, math.inf, 1.0),
        ("softplus", -math.inf, 0.0, 0.0),
        ("elu", -math.inf, -1.0, 0.0),
        ("exp", 1000.0, math.inf, math.inf),
        ("exp", -1000.0, 0.0, 0.0),
    ],
)
def test_far_ends_are_limits(name, x, value, slope):
    for xs in (x, np.array([x])):
        node = leaf(xs, "x")
        y = OPS[name](node)
        (g,) = gradient(y, [node])
        assert y.value == value
        assert g == slope
