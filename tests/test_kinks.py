"""Where a derivative does not exist: the written table, the branch not taken, poles and zeros."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from witnesses import BY_MPMATH

from autograd_lab import ops
from autograd_lab.graph import OPS, leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import replay
from autograd_lab.ops import KINKS

INF, NAN = math.inf, math.nan
# The attributes with which an entry of the table is a kink, where the defaults make none.
ATTRS = {"elu": {"alpha": 0.5}}


def both_modes(y, leaves):
    """The gradient in value mode, which must be what the gradient graph holds."""
    fast = gradient(y, leaves)
    for g, node in zip(fast, gradient(y, leaves, create_graph=True), strict=True):
        assert np.array_equal(g, node.value, equal_nan=True), f"{g} in value mode, {node} as graph"
    return fast


def second_order(y, leaves):
    return [
        both_modes(s if not s.shape else ops.sum(s), leaves)
        for s in gradient(y, leaves, create_graph=True)
    ]


def as_scalars_and_arrays(values):
    """The same numbers as floats, and as arrays beside ordinary neighbours."""
    yield [leaf(v, f"x{i}") for i, v in enumerate(values)], lambda g: g
    yield [leaf(np.array([0.7, v]), f"x{i}") for i, v in enumerate(values)], lambda g: g[1]


def of_arrays(kink):
    return isinstance(kink.at[0], tuple)


# --- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kink", KINKS, ids=lambda k: f"{k.op} {k.where}")
def test_table_is_what_gradient_answers(kink):
    function = getattr(ops, kink.op)
    if of_arrays(kink):
        leaves = [leaf(np.array(x), f"x{i}") for i, x in enumerate(kink.at)]
        for g, wanted in zip(both_modes(function(*leaves), leaves), kink.slopes, strict=True):
            assert np.array_equal(g, wanted)
        return
    for leaves, entry in as_scalars_and_arrays(kink.at):
        found = [float(entry(g)) for g in both_modes(function(*leaves), leaves)]
        assert found == pytest.approx(list(kink.slopes) or [0.0] * len(leaves), rel=1e-15)
        if not kink.slopes:
            assert all(OPS[kink.op].pull(i) is None for i in range(len(leaves)))


@pytest.mark.parametrize("kink", [k for k in KINKS if of_arrays(k)], ids=lambda k: k.op)
def test_second_slopes_at_the_kinks_of_arrays_are_numbers(kink):
    leaves = [leaf(np.array(x), f"x{i}") for i, x in enumerate(kink.at)]
    for rows in second_order(getattr(ops, kink.op)(*leaves), leaves):
        assert not np.any(rows)


def test_elu_takes_the_lower_side():
    x = leaf(0.0, "x")
    for alpha in (0.5, 1.0, 3.0):
        assert gradient(ops.elu(x, alpha=alpha), [x]) == [alpha]


@pytest.mark.parametrize("name", ["max", "min"])
def test_kink_face_of_reductions_sees_ties(name):
    op = OPS[name]
    ties = np.array([[1.0, 1.0], [1.0, 2.0]])
    assert op.kink(ties, axis=1, keepdims=False).tolist() == [True, False]
    assert op.kink(ties, axis=None, keepdims=True).tolist() == [[name == "min"]]


OF_NUMBERS = [kink for kink in KINKS if not of_arrays(kink)]


@pytest.mark.parametrize("kink", OF_NUMBERS, ids=lambda k: f"{k.op} {k.where}")
def test_kink_face_knows_the_table(kink):
    op = OPS[kink.op]
    attrs = {**op.attrs, **ATTRS.get(kink.op, {})}
    assert op.kink is not None
    assert op.kink(*kink.at, **attrs)
    assert not op.kink(*[x + 0.625 * (i + 1) for i, x in enumerate(kink.at)], **attrs)
    assert list(op.kink(*[np.array([x, x]) for x in kink.at], **attrs)) == [True, True]


GRID = [-3.0, -2.0, -1.0, -0.25, -0.0, 0.0, 0.25, 0.5, 1.0, 2.0]


def grid(op):
    return itertools.product(GRID, repeat=op.arity)


@pytest.mark.parametrize("name", [n for n, op in OPS.items() if op.kink and op.elementwise])
def test_every_kink_is_in_the_table(name):
    op = OPS[name]
    attrs = {**op.attrs, **ATTRS.get(name, {})}
    assert any(op.kink(*at, **attrs) for at in grid(op))
    assert name in {kink.op for kink in KINKS}


def one_sided(op, at, i, attrs):
    """Slopes to the left and to the right of one input by mpmath, or None at a pole."""
    attrs = {key: mp.mpf(v) if type(v) is float else v for key, v in attrs.items()}

    def f(shift):
        x = [mp.mpf(v) for v in at]
        x[i] += shift
        y = op.formula(BY_MPMATH, *x, **attrs)
        return y if isinstance(y, (bool, mp.mpf, int)) else None

    with mp.workdps(60):
        h = mp.mpf(10) ** -20
        try:
            here, left, right = f(0), f(-h), f(h)
        except ZeroDivisionError:
            return None
        if None in (here, left, right) or not all(map(mp.isfinite, (here, left, right))):
            return None
        return (here - left) / h, (right - here) / h


SMOOTH_OR_KINKED = [n for n, op in OPS.items() if op.elementwise and op.vjp != (None, None)]


@pytest.mark.parametrize("name", SMOOTH_OR_KINKED)
def test_a_slope_that_differs_to_the_left_and_right_is_a_declared_kink(name):
    """Found by differences of the formula, which know nothing of the kink face."""
    op = OPS[name]
    attrs = {**op.attrs, **ATTRS.get(name, {})}
    inputs = [i for i in range(op.arity) if name != "where" or i > 0]
    for at in grid(op):
        for i in inputs:
            sides = one_sided(op, at, i, attrs)
            if sides is not None and abs(sides[0] - sides[1]) > 1e-6:
                assert op.kink is not None, f"{name} has a kink at {at}"
                assert op.kink(*at, **attrs), f"{name} has a kink at {at}"


@pytest.mark.parametrize("name", [n for n, op in OPS.items() if op.kink and not op.elementwise])
def test_kinks_of_reductions_are_in_the_table(name):
    assert name in {kink.op for kink in KINKS}


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=6))
def test_largest_smallest_and_sorted_entries_keep_the_sum(entries):
    x = leaf(np.array(entries), "x")
    for name in ("max", "min"):
        (g,) = both_modes(getattr(ops, name)(x), [x])
        chosen = np.array(entries) == getattr(np, name)(entries)
        assert g.tolist() == pytest.approx((chosen / chosen.sum()).tolist(), rel=1e-15)
    weights = np.arange(1.0, 1.0 + len(entries))
    (g,) = both_modes(ops.sort(x) * weights, [x])
    assert sorted(g.tolist()) == weights.tolist()
    assert [g[i] for i in np.argsort(entries, kind="stable")] == weights.tolist()


def test_a_root_of_squares_is_exact_at_any_size():
    for size in (1e-310, 1e-200, 1.0, 1e200, 1e300):
        x = leaf(np.array([3.0, -4.0]) * size, "x")
        assert ops.norm(x).value == pytest.approx(5.0 * size, rel=1e-14)
        assert both_modes(ops.norm(x), [x])[0] == pytest.approx([0.6, -0.8], rel=1e-13)
        a, b = leaf(3.0 * size, "a"), leaf(-4.0 * size, "b")
        assert both_modes(ops.hypot(a, b), [a, b]) == pytest.approx([0.6, -0.8], rel=1e-13)
        assert both_modes(ops.arctan2(b, a), [b]) == pytest.approx([0.12 / size], rel=1e-13)


@pytest.mark.parametrize("function", [ops.norm, ops.std])
@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_no_length_has_no_slope_beside_ordinary_rows(function, shape):
    rows = np.zeros(shape)
    if len(shape) == 2:
        rows[1] = [3.0, 1.5, 1.5]
    x = leaf(rows, "x")
    y = function(x, axis=-1)
    (g,), ((h,),) = both_modes(y, [x]), second_order(y, [x])
    assert np.isfinite(g).all()
    assert np.isfinite(h).all()
    assert not g[0].any()
    if len(shape) == 2:
        assert g[1].any()


def test_ties_keep_the_sum():
    for op in (ops.maximum, ops.minimum):
        x = leaf(3.0, "x")
        assert gradient(op(x, x), [x]) == [1.0]
        a, b = leaf(np.array([1.0, 2.0, 5.0]), "a"), leaf(np.array([1.0, 3.0, 5.0]), "b")
        ga, gb = both_modes(op(a, b), [a, b])
        assert np.array_equal(ga + gb, np.ones(3))
        assert list(ga[[0, 2]]) == [0.5, 0.5]
        (against,) = both_modes(op(2.0, b), [b])
        larger = [0.0, 1.0, 1.0]
        assert against.tolist() == (larger if op is ops.maximum else [1.0, 0.0, 0.0])


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_maximum_and_minimum_share_one_unit_each(a, b):
    x, y = leaf(a, "a"), leaf(b, "b")
    for op in (ops.maximum, ops.minimum):
        assert sum(both_modes(op(x, y), [x, y])) == 1.0
    assert both_modes(ops.maximum(x, y) + ops.minimum(x, y), [x, y]) == [1.0, 1.0]


# --- the branch that was not taken ---------------------------------------------------------------

BAD = {
    "log at 0": (lambda x: ops.log(x), 0.0),
    "log below 0": (lambda x: ops.log(x), -1.0),
    "sqrt at 0": (lambda x: ops.sqrt(x), 0.0),
    "sqrt below 0": (lambda x: ops.sqrt(x), -2.0),
    "1/x at 0": (lambda x: 1.0 / x, 0.0),
    "x/x at 0": (lambda x: x / x, 0.0),
    "x**-2 at 0": (lambda x: x**-2.0, 0.0),
    "x**0.5 at 0": (lambda x: x**0.5, 0.0),
    "x**x below 0": (lambda x: x**x, -0.5),
    "exp overflows": (lambda x: ops.exp(x), 1000.0),
    "exp(exp) overflows": (lambda x: ops.exp(ops.exp(x)), 100.0),
    "expm1 overflows": (lambda x: ops.expm1(x), 1000.0),
    "log1p at -1": (lambda x: ops.log1p(x), -1.0),
    "tan of inf": (lambda x: ops.tan(x), INF),
    "deep": (lambda x: ops.tanh(ops.square(ops.log(ops.sqrt(x) * 2.0))), 0.0),
    "inner where": (lambda x: ops.where(x < 5.0, ops.log(x), ops.sqrt(x)), 0.0),
    "sqrt(x²) at 0": (lambda x: ops.sqrt(x * x), 0.0),
    "sin(exp) overflows": (lambda x: ops.sin(ops.exp(x)), 1000.0),
    "exp² overflows": (lambda x: ops.square(ops.exp(x)), 1000.0),
    "gelu(exp) overflows": (lambda x: ops.gelu(-ops.exp(x)), 1000.0),
    "exp·x overflows": (lambda x: ops.exp(x) * x, 1000.0),
    "sin(x)/x at 0": (lambda x: ops.sin(x) / x, 0.0),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("order", ["taken first", "taken second"])
def test_where_keeps_out_the_branch_not_taken(name, order):
    """First and second order, value mode and graph, floats and arrays."""
    branch, at = BAD[name]
    x = leaf(at, "x")
    y = ops.where(True, x * 3.0, branch(x)) if order == "taken first" else ops.where(
        False, branch(x), x * 3.0
    )  # fmt: skip
    assert both_modes(y, [x]) == [3.0]
    assert second_order(y, [x]) == [[0.0]]
    xs = leaf(np.array([at, 0.6, at]), "x")
    left = np.array([True, False, True])
    y = ops.where(left, 3.0 * xs, branch(xs)) if order == "taken first" else ops.where(
        ~left, branch(xs), 3.0 * xs
    )  # fmt: skip
    (g,), ((h,),) = both_modes(y, [xs]), second_order(y, [xs])
    alone = leaf(0.6, "x")
    assert g[[0, 2]].tolist() == [3.0, 3.0]
    assert h[[0, 2]].tolist() == [0.0, 0.0]
    assert g[1] == pytest.approx(gradient(branch(alone), [alone])[0], rel=1e-14)
    assert h[1] == pytest.approx(second_order(branch(alone), [alone])[0][0], rel=1e-12)


@pytest.mark.parametrize("name", BAD)
def test_maximum_and_relu_keep_it_out_too(name):
    """A value that is -inf or finite loses against a larger one; its slope must not show."""
    branch, at = BAD[name]
    x = leaf(at, "x")
    y = branch(x)
    if y.value < 50.0:
        winner = ops.maximum(y, 50.0 + x)
        assert both_modes(winner, [x]) == [1.0]
        assert second_order(winner, [x]) == [[0.0]]
    if y.value < 0.0:
        assert both_modes(ops.relu(y), [x]) == [0.0]


@pytest.mark.parametrize("name", BAD)
def test_gradient_graph_stays_clean_at_other_leaf_values(name):
    """Recorded where all is finite, replayed where the branch not taken is not."""
    branch, at = BAD[name]
    for good, bad in ((0.6, at), (np.array([0.6, 0.7]), np.array([at, at]))):
        x, c = leaf(good, "x"), leaf(np.ones(np.shape(good)) if np.shape(good) else 1.0, "c")
        y = ops.where(c > 0.0, branch(x), x * 3.0)
        (g,) = gradient(y, [x], create_graph=True)
        (h,) = gradient(g, [x], create_graph=True)
        slope, curve = replay([g, h], {x: bad, c: c.value * 0.0})
        assert np.array_equal(slope, np.full(np.shape(good), 3.0))
        assert np.array_equal(curve, np.full(np.shape(good), 0.0))


def test_where_through_a_matrix_product():
    """log(0) in a row that is not taken meets a zero adjoint inside the product: 0 times inf."""
    m = leaf(np.array([[0.0, 1.0], [1.0, 2.0]]), "m")
    w = leaf(np.eye(2), "w")
    taken = np.array([[False], [True]])
    for product in (
        lambda a, b: a @ b,
        lambda a, b: ops.einsum(a, b, subscripts="ij,jk->ik"),
    ):
        y = ops.where(taken, product(ops.log(m), w), 0.0)
        gm, gw = both_modes(y, [m, w])
        assert gm[0].tolist() == [0.0, 0.0]
        assert np.isfinite(gw).all()


def test_zero_times_an_infinite_slope_is_one_answer():
    """0·sqrt(x) at x = 0: the same in every mode and for floats and arrays."""
    for leaves, entry in as_scalars_and_arrays([0.0]):
        (g,) = both_modes(0.0 * ops.sqrt(leaves[0]), leaves)
        assert entry(g) == 0.0


def test_where_condition_has_no_slope():
    x = leaf(0.5, "x")
    c = x > 0.0
    assert both_modes(ops.where(c, 2.0, 3.0) * 1.0, [x]) == [0.0]
    assert both_modes(ops.where(x, x * x, 3.0), [x]) == [1.0]


@pytest.mark.parametrize("op", [n for n in OPS if OPS[n].vjp == (None, None)])
def test_comparisons_pass_nothing(op):
    for leaves, _ in as_scalars_and_arrays([0.5, 0.75]):
        for g in both_modes(OPS[op](*leaves), leaves):
            assert not np.any(g)
        a, b = leaves
        ga, gb = both_modes(OPS[op](a, b) * a + b, leaves)
        assert np.array_equal(ga, OPS[op](a, b).value)
        assert np.array_equal(gb, np.ones(np.shape(b.value)))


# --- powers, roots, poles ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "value", "by_a", "by_b"),
    [
        (0.0, 0.0, 1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0, 1.0, 0.0),
        (0.0, 2.0, 0.0, 0.0, 0.0),
        (0.0, 3.5, 0.0, 0.0, 0.0),
        (0.0, 0.5, 0.0, INF, 0.0),
        (-0.0, 3.0, -0.0, 0.0, 0.0),
        (-2.0, 3.0, -8.0, 12.0, NAN),
        (-2.0, 2.0, 4.0, -4.0, NAN),
        (-2.0, -1.0, -0.5, -0.25, NAN),
        (-2.0, 0.5, NAN, NAN, NAN),
        (5.0, 0.0, 1.0, 0.0, math.log(5.0)),
        (1.0, 7.0, 1.0, 7.0, 0.0),
    ],
)
def test_power(a, b, value, by_a, by_b):
    for leaves, entry in as_scalars_and_arrays([a, b]):
        y = leaves[0] ** leaves[1]
        assert entry(y.value) == pytest.approx(value, nan_ok=True)
        for x, wanted in zip(leaves, (by_a, by_b), strict=True):
            assert entry(both_modes(y, [x])[0]) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("n", [0.0, 1.0, 2.0, 3.0, 4.0])
def test_whole_powers_at_zero_to_any_order(n):
    """d^k/dx^k x^n at 0 is n! for k = n and 0 else, with no nan on the way."""
    for leaves, entry in as_scalars_and_arrays([0.0]):
        x = leaves[0]
        y = x**n
        for k in range(1, 6):
            (y,) = gradient(y, [x], create_graph=True)
            assert entry(y.value) == (math.factorial(int(n)) if k == n else 0.0)


def test_mixed_slope_of_power_at_exponent_zero():
    """d²(a^b)/da db = a^(b-1) (1 + b ln a) is 1/a at b = 0, in either order."""
    a, b = leaf(1.5, "a"), leaf(0.0, "b")
    by_a, by_b = gradient(a**b, [a, b], create_graph=True)
    assert gradient(by_b, [a])[0] == pytest.approx(1 / 1.5)
    assert gradient(by_a, [b])[0] == pytest.approx(1 / 1.5)


@pytest.mark.parametrize(
    ("build", "at", "value", "slope"),
    [
        (lambda x: ops.sqrt(x), 0.0, 0.0, INF),
        (lambda x: ops.sqrt(x), -0.0, -0.0, -INF),
        (lambda x: ops.sqrt(x), -1.0, NAN, NAN),
        (lambda x: ops.log(x), 0.0, -INF, INF),
        (lambda x: ops.log(x), -1.0, NAN, None),
        (lambda x: ops.log1p(x), -1.0, -INF, INF),
        (lambda x: 1.0 / x, 0.0, INF, -INF),
        (lambda x: 1.0 / x, -0.0, -INF, -INF),
        (lambda x: x / 0.0, 2.0, INF, INF),
        (lambda x: x / 0.0, 0.0, NAN, INF),
        (lambda x: x**-1.0, 0.0, INF, -INF),
        (lambda x: x**-2.0, 0.0, INF, -INF),
        (lambda x: ops.exp(x), 1000.0, INF, INF),
        (lambda x: x * 1e308, 1e10, INF, 1e308),
        (lambda x: ops.square(x), 1e200, INF, 2e200),
        (lambda x: x**400.0, 10.0, INF, INF),
        (lambda x: ops.sin(x), INF, NAN, NAN),
        (lambda x: ops.cos(x), -INF, NAN, NAN),
        (lambda x: ops.abs(x), -0.0, 0.0, 0.0),
        (lambda x: ops.relu(x), -0.0, 0.0, 0.0),
        (lambda x: ops.leaky_relu(x), -0.0, -0.0, 1.0),
        (lambda x: ops.sigmoid(x), -0.0, 0.5, 0.25),
        (lambda x: ops.tanh(x), -0.0, -0.0, 1.0),
        (lambda x: -x, 0.0, -0.0, -1.0),
    ],
)
def test_poles_and_signed_zeros_are_ieee(build, at, value, slope):
    """Never an exception, never a warning; floats and arrays agree, signs of zero included."""
    for leaves, entry in as_scalars_and_arrays([at]):
        y = build(leaves[0])
        (g,) = both_modes(y, leaves)
        assert entry(y.value) == pytest.approx(value, nan_ok=True)
        assert math.copysign(1, entry(y.value)) == math.copysign(1, value) or math.isnan(value)
        if slope is not None:
            assert entry(g) == pytest.approx(slope, nan_ok=True)


NAN_IN = [n for n, op in OPS.items() if op.elementwise and op.arity == 1]


@pytest.mark.parametrize("name", NAN_IN)
def test_nan_is_never_hidden(name):
    for leaves, entry in as_scalars_and_arrays([NAN]):
        assert math.isnan(entry(OPS[name](*leaves).value))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum", "minimum"])
@pytest.mark.parametrize("at", [(NAN, 1.0), (1.0, NAN), (NAN, NAN)])
def test_nan_in_either_input_is_never_hidden(name, at):
    for leaves, entry in as_scalars_and_arrays(at):
        assert math.isnan(entry(OPS[name](*leaves).value))
