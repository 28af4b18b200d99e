"""Values and slopes against mpmath at 50 digits, in units in the last place (ULP).

A slope must keep its digits where the function saturates.
"""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from figures import single_numbers
from mpmath import mp
from samples import SAMPLES
from ulps import STRICT, inputs, is_denormal, ulps

from autograd_lab.graph import OPS, leaf
from autograd_lab.interpreters.differentiate import gradient

ELEMENTWISE = [name for name, op in OPS.items() if op.elementwise]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_and_slopes_are_accurate(name):
    """As arrays in both widths and as Python's floats; the numerical report tries more of them."""
    found = single_numbers(name, thin=12)
    assert found.cases > 900
    assert not found.failures


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_bound_is_four_or_has_a_reason(name):
    row = SAMPLES[name]
    assert (row.accuracy is None) != (row.sizes is None)
    if row.accuracy and not row.accuracy.why:
        assert (row.accuracy.value_ulp, row.accuracy.slope_ulp) == (STRICT, STRICT)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_saturating_functions_are_strict_on_the_whole_range(name):
    a = SAMPLES[name].accuracy
    assert (a.low, a.high, a.value_ulp, a.slope_ulp) == (-700, 700, STRICT, STRICT)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_inputs_reach_the_ends_in_both_widths(name, kind):
    xs = inputs(name, 200, kind)
    assert len(xs) == OPS[name].arity
    for x in xs:
        assert x.dtype in (kind, bool)
        assert np.isfinite(x).all()
        assert x.dtype == bool or np.ptp(np.log10(abs(x[x != 0]))) > 2


def slope(name, x):
    node = leaf(x, "x")
    return gradient(OPS[name](node), [node])[0]


def test_the_measure_sees_one_unit():
    with mpmath.workdps(50):
        third = mp.mpf(1) / 3
        nearest = float(third)
        assert ulps(nearest, third) <= 0.5
        assert 0.5 < ulps(math.nextafter(nearest, 1.0), third) < 1.5
        assert ulps(0.0, mp.mpf("1e-310")) > 1e13
        assert ulps(math.nan, third) == math.inf
        assert ulps(math.inf, mp.mpf(10) ** 400) == 0.0


def test_only_the_smallest_results_are_denormal():
    assert is_denormal(mp.mpf("1e-310"), np.float64)
    assert is_denormal(mp.mpf("-1e-38"), np.float32)
    assert not is_denormal(mp.mpf("1e-300"), np.float64)
    assert not is_denormal(mp.mpf(0), np.float64)


def test_the_obvious_formula_would_fail():
    """1 - y² has lost everything at x = 20, where the slope is 1.7e-17."""
    a = SAMPLES["tanh"].accuracy
    with mpmath.workdps(50):
        assert ulps(1.0 - math.tanh(20.0) ** 2, a.slope(mp.mpf(20))) > 1e15
        assert ulps(slope("tanh", 20.0), a.slope(mp.mpf(20))) <= STRICT


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
