"""Laws of the gradient: a pure function from graph to values, or to another graph."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograd_lab import ops
from autograd_lab.errors import GradientError
from autograd_lab.graph import OPS, leaf, scope, toposort
from autograd_lab.interpreters.differentiate import backward, gradient


def total(y):
    return ops.sum(y) if y.shape else y


def snapshot(nodes):
    return [
        (n.op, n.inputs, np.array(n.value), dict(n.attrs), n.name, n.scope, n.serial) for n in nodes
    ]


def unchanged(before, nodes):
    return all(
        a[:2] == b[:2] and np.array_equal(a[2], b[2]) and a[3:] == b[3:]
        for a, b in zip(before, snapshot(nodes), strict=True)
    )


# --- size ----------------------------------------------------------------------------------------


def test_chain_of_a_hundred_thousand_nodes():
    assert sys.getrecursionlimit() == 1000
    x = leaf(0.5, "x")
    y = x
    for _ in range(50_000):
        y = ops.sin(y) + 1e-5
    (g,) = gradient(y, [x])
    exact, value = 1.0, 0.5
    for _ in range(50_000):
        exact, value = exact * np.cos(value), np.sin(value) + 1e-5
    assert g == pytest.approx(exact, rel=1e-9)
    (node,) = gradient(y, [x], create_graph=True)
    assert node.value == g


def test_node_used_ten_thousand_times():
    for start in (2.0, np.array([2.0, -1.0])):
        x = leaf(start, "x")
        y = x * 1.0
        for _ in range(9_999):
            y = y + x
        (g,) = gradient(y, [x])
        assert np.array_equal(g, np.full(x.shape, 10_000.0))


def test_wide_operation_on_one_node():
    x = leaf(np.array([1.0, 2.0]), "x")
    y = ops.concatenate(*[x] * 1000)
    assert gradient(y, [x])[0].tolist() == [1000.0, 1000.0]


# --- purity --------------------------------------------------------------------------------------


@pytest.fixture(params=["scalar", "array"])
def program(request):
    start = (
        (0.7, -1.3) if request.param == "scalar" else (np.array([0.7, 0.2]), np.array([-1.3, 2.0]))
    )
    a, b = leaf(start[0], "a"), leaf(start[1], "b")
    return total(ops.tanh(a * b) + ops.where(a > b, a / b, b) ** 2.0), [a, b]


@pytest.mark.parametrize("create_graph", [False, True])
def test_twice_is_equal_and_leaves_the_graph_alone(program, create_graph):
    y, leaves = program
    nodes = toposort([y])
    before = snapshot(nodes)
    first = gradient(y, leaves, create_graph=create_graph)
    second = gradient(y, leaves, create_graph=create_graph)
    if create_graph:
        first, second = [n.value for n in first], [n.value for n in second]
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert unchanged(before, nodes)


def test_order_and_repetition_of_leaves_do_not_matter(program):
    y, (a, b) = program
    ga, gb = gradient(y, [a, b])
    again = gradient(y, [b, a, b])
    assert all(np.array_equal(g, h) for g, h in zip(again, [gb, ga, gb], strict=True))
    assert np.array_equal(gradient(y, [a])[0], ga)
    assert gradient(y, []) == []


def test_answers_share_no_memory_and_can_be_written_to():
    def programs(p, q):
        yield p + q
        yield ops.sum(p + q)
        yield ops.reshape(p, shape=(4,))
        yield ops.transpose(p) + q
        yield ops.broadcast_to(p, shape=(3, 2, 2)) * ops.sum(q)
        yield ops.concatenate(p, q)
        yield p * 1.0
        yield p

    for k in range(8):
        p, q = leaf(np.ones((2, 2)), "p"), leaf(np.full((2, 2), 2.0), "q")
        y = list(programs(p, q))[k]
        nodes = toposort([y, p, q])
        before = snapshot(nodes)
        answers = [*gradient(y, [p, q, p])]
        copies = [g.copy() for g in answers]
        for i, g in enumerate(answers):
            g *= 5.0
            assert all(
                np.array_equal(h, c) for h, c in zip(answers[i + 1 :], copies[i + 1 :], strict=True)
            )
        assert unchanged(before, nodes)


def test_gradient_graph_may_be_built_inside_a_scope():
    x = leaf(0.5, "x")
    y = ops.tanh(x)
    with scope("backward"):
        (g,) = gradient(y, [x], create_graph=True)
    assert g.scope == ("backward",)
    assert y.scope == ()


# --- which leaves --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unrelated", [3.0, np.ones((2, 3)), np.ones((0, 2)), np.ones(2, np.float32), np.float32(1.0)]
)
def test_unrelated_leaf_gets_zeros_of_its_kind(unrelated):
    x, other = leaf(2.0, "x"), leaf(unrelated, "other")
    fast = gradient(x * x, [other, x])
    nodes = gradient(x * x, [other, x], create_graph=True)
    assert fast[1] == 4.0
    for g in (fast[0], nodes[0].value):
        assert np.array_equal(g, np.zeros(np.shape(unrelated)))
        assert np.asarray(g).dtype == np.asarray(unrelated).dtype
    assert type(gradient(x, [leaf(1.0)])[0]) is float


def test_by_an_intermediate_node():
    x = leaf(0.7, "x")
    middle = ops.exp(x)
    y = middle * middle + x
    by_middle, by_x = gradient(y, [middle, x])
    assert by_middle == pytest.approx(2 * np.exp(0.7))
    assert by_x == pytest.approx(2 * np.exp(1.4) + 1)
    assert gradient(y, [middle]) == [by_middle]
    assert gradient(y, [y]) == [1.0]
    assert gradient(middle, [y]) == [0.0]


def test_backward_knows_every_node_on_the_way():
    x = leaf(0.7, "x")
    middle = ops.exp(x)
    y = middle * 3.0
    found = backward(y, [x])
    assert found[y] == 1.0
    assert found[middle] == 3.0
    assert found[x] == pytest.approx(3 * np.exp(0.7))


@pytest.mark.parametrize(
    ("value", "kind"), [(np.array([1, 2]), "int64"), (True, "bool"), (np.array([True]), "bool")]
)
def test_whole_and_truth_values_are_refused_with_the_reason(value, kind):
    x = leaf(value, "switch")
    with pytest.raises(GradientError, match=rf"switch.*{kind}.*float"):
        gradient(x * 1.0, [x])
    with pytest.raises(GradientError, match="float"):
        gradient(leaf(1.0), [x])


def test_whole_numbers_may_take_part_as_data():
    x, k = leaf(np.array([0.5, 2.0]), "x"), leaf(np.array([1, 2]), "k")
    assert gradient(x * k, [x])[0].tolist() == [1.0, 2.0]
    assert gradient(ops.sum(x * k * (x > 1.0)), [x])[0].tolist() == [0.0, 2.0]


def test_gradient_has_the_width_of_its_leaf():
    narrow, wide = leaf(np.ones(3, np.float32), "narrow"), leaf(np.ones(3), "wide")
    scalar = leaf(2.0, "scalar")
    y = ops.sum(narrow * wide * scalar)
    for create_graph in (False, True):
        found = gradient(y, [narrow, wide, scalar], create_graph=create_graph)
        kinds = [np.asarray(getattr(g, "value", g)).dtype for g in found]
        assert kinds == [np.float32, np.float64, np.float64]
    y = ops.sum(narrow * scalar)
    assert type(gradient(y, [scalar])[0]) is float


@pytest.mark.parametrize("wide", ["float32", "float64"])
def test_cast_carries_the_slope_back_in_the_width_it_came(wide):
    x = leaf(np.array([0.5, -1.25], wide), "x")
    for to in ("float32", "float64"):
        y = ops.cast(x, dtype=to)
        assert y.dtype == to
        (g,) = gradient(y * y, [x])
        assert g.dtype == wide
        assert g.tolist() == [1.0, -2.5]


# --- broadcasting --------------------------------------------------------------------------------

SHAPES = npst.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3)


@given(SHAPES)
def test_copies_are_added_up(shapes):
    """d/da sum(w·(a + b)) by counting: each entry of a gets the weights of all its copies."""
    inputs, result = shapes.input_shapes, shapes.result_shape
    leaves = [leaf(np.full(s, 0.5) if s else 0.5, f"x{i}") for i, s in enumerate(inputs)]
    w = np.arange(1.0, 1.0 + np.prod(result, dtype=int)).reshape(result)
    y = (leaves[0] + leaves[1] + leaves[2]) * w
    for s, g, node in zip(
        inputs, gradient(y, leaves), gradient(y, leaves, create_graph=True), strict=True
    ):
        wanted = np.zeros(s)
        where = [np.broadcast_to(i, result) for i in np.indices(s)] if s else []
        np.add.at(wanted, tuple(where), w) if s else wanted.__setitem__((), w.sum())
        assert np.shape(g) == s
        assert np.array_equal(g, wanted)
        assert np.array_equal(node.value, wanted)


@given(SHAPES, st.sampled_from(["multiply", "divide", "maximum", "power", "prelu"]))
def test_broadcast_operation_is_the_operation_on_spread_out_copies(shapes, name):
    random = np.random.default_rng(3)
    a, b = (random.uniform(0.5, 2.0, s) if s else 1.25 for s in shapes.input_shapes[:2])
    result = np.broadcast_shapes(np.shape(a), np.shape(b))
    full_a, full_b = (leaf(np.broadcast_to(v, result).copy()) for v in (a, b))
    full = gradient(OPS[name](full_a, full_b), [full_a, full_b])
    xa, xb = leaf(a, "a"), leaf(b, "b")
    for x, g, f in zip((xa, xb), gradient(OPS[name](xa, xb), [xa, xb]), full, strict=True):
        assert np.shape(g) == x.shape
        extra = len(result) - len(x.shape)
        axes = (
            *range(extra),
            *[extra + i for i, n in enumerate(x.shape) if n != result[extra + i]],
        )
        np.testing.assert_allclose(
            g, np.sum(f, axis=axes, keepdims=True).reshape(x.shape), rtol=1e-13, atol=1e-300
        )


def test_empty_arrays_have_empty_gradients():
    x, c = leaf(np.ones((0, 3)), "x"), leaf(2.0, "c")
    for y in (x * c, ops.sum(x * c), ops.sum(ops.tanh(x) * c, axis=0), ops.mean(x * c, axis=1)):
        gx, gc = gradient(y, [x, c])
        assert gx.shape == (0, 3)
        assert gc == 0.0
        assert type(gc) is float


# --- against the complex step --------------------------------------------------------------------


def complex_step(f, values):
    """df/dx of an analytic scalar function, Im f(x + ih)/h: exact, as nothing is subtracted."""
    answers = []
    for k, value in enumerate(values):
        slope = np.zeros(np.shape(value))
        for at in np.ndindex(slope.shape):
            moved = [np.array(v, complex) for v in values]
            moved[k][at] += 1e-30j
            slope[at] = f(*moved).imag / 1e-30
        answers.append(slope)
    return answers


def numbers(*shape, salt=0):
    return np.random.default_rng([salt, 99, *shape]).uniform(-1.5, 1.5, shape)


W = numbers(200, salt=5)


def weigh(y, np_like):
    """A number in which every entry of y shows with its own weight, and bends."""
    size = int(np.prod(y.shape))
    flat = np_like.reshape(y, (size,))
    return np_like.sum(np_like.sin(flat) * W[:size])


class Engine:
    """The names of NumPy, answered by the engine."""

    sum = staticmethod(
        lambda x, axis=None, keepdims=False: ops.sum(x, axis=axis, keepdims=keepdims)
    )
    mean = staticmethod(
        lambda x, axis=None, keepdims=False: ops.mean(x, axis=axis, keepdims=keepdims)
    )
    reshape = staticmethod(lambda x, shape: ops.reshape(x, shape=shape))
    transpose = staticmethod(lambda x, axes=None: ops.transpose(x, axes=axes))
    concatenate = staticmethod(lambda xs, axis=0: ops.concatenate(*xs, axis=axis))
    einsum = staticmethod(lambda subscripts, *xs: ops.einsum(*xs, subscripts=subscripts))
    sin, tanh, exp = staticmethod(ops.sin), staticmethod(ops.tanh), staticmethod(ops.exp)


PROGRAMS = {
    "matrix times matrix": (lambda m, a, b: a @ b, [(2, 3), (3, 4)]),
    "vector times matrix": (lambda m, a, b: a @ b, [(3,), (3, 4)]),
    "matrix times vector": (lambda m, a, b: a @ b, [(2, 3), (3,)]),
    "inner product": (lambda m, a, b: a @ b, [(3,), (3,)]),
    "batch times batch": (lambda m, a, b: a @ b, [(2, 3, 2), (2, 2, 4)]),
    "batch times matrix": (lambda m, a, b: a @ b, [(2, 3, 2), (2, 4)]),
    "matrix times batch": (lambda m, a, b: a @ b, [(3, 2), (2, 2, 4)]),
    "stretched batches": (lambda m, a, b: a @ b, [(2, 1, 3, 2), (4, 2, 1)]),
    "batch times vector": (lambda m, a, b: a @ b, [(2, 3, 2), (2,)]),
    "vector times batch": (lambda m, a, b: a @ b, [(3,), (2, 3, 2)]),
    "same matrix twice": (lambda m, a: a @ m.transpose(a) @ a, [(2, 3)]),
    "sum of one axis": (lambda m, a: m.sum(a, axis=1), [(2, 3, 2)]),
    "sum of a negative axis": (lambda m, a: m.sum(m.sin(a), axis=-2, keepdims=True), [(2, 3, 2)]),
    "sum of two axes": (lambda m, a: m.sum(m.sin(a), axis=(2, 0)), [(2, 3, 2)]),
    "mean of one axis": (lambda m, a: m.mean(a, axis=0), [(2, 3)]),
    "mean of two axes": (lambda m, a: m.mean(m.exp(a), axis=(0, -1), keepdims=True), [(2, 3, 2)]),
    "centred": (lambda m, a: a - m.mean(a, axis=1, keepdims=True), [(2, 3)]),
    "reshape": (lambda m, a: m.tanh(m.reshape(a, (3, -1))), [(2, 3, 2)]),
    "transpose": (lambda m, a: m.tanh(m.transpose(a)), [(2, 3, 4)]),
    "permuted": (lambda m, a: m.tanh(m.transpose(a, (1, 2, 0))), [(2, 3, 4)]),
    "permuted from the end": (lambda m, a: m.tanh(m.transpose(a, (-1, 0, -2))), [(2, 3, 4)]),
    "joined": (lambda m, a, b: m.concatenate([a, m.sin(b), a], axis=1), [(2, 1), (2, 3)]),
    "joined at the end": (lambda m, a, b: m.concatenate([a, b * b], -1), [(2, 2, 1), (2, 2, 2)]),
    "trace of a product": (lambda m, a, b: m.einsum("ij,ji->", a, b), [(2, 3), (3, 2)]),
    "outer": (lambda m, a, b: m.einsum("i,j->ji", a, b), [(2,), (3,)]),
    "bilinear": (lambda m, a, w, b: m.einsum("i,oij,j->o", a, w, b), [(3,), (2, 3, 2), (2,)]),
    "letters summed alone": (lambda m, a, b: m.einsum("ijk,l->j", a, b), [(2, 3, 2), (3,)]),
    "einsum of one node": (lambda m, a: m.einsum("ij,kj->ik", a, a), [(2, 3)]),
    "two layers": (lambda m, x, v, b, w: m.tanh(x @ v + b) @ w, [(4, 3), (3, 2), (2,), (2, 1)]),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_against_the_complex_step(name):
    f, shapes = PROGRAMS[name]
    values = [numbers(*shape, salt=k) for k, shape in enumerate(shapes)]
    leaves = [leaf(v, f"x{k}") for k, v in enumerate(values)]
    y = weigh(f(Engine, *leaves), Engine)
    wanted = complex_step(lambda *xs: weigh(f(np, *xs), np), values)
    nodes = gradient(y, leaves, create_graph=True)
    for g, node, exact in zip(gradient(y, leaves), nodes, wanted, strict=True):
        np.testing.assert_allclose(g, exact, rtol=1e-12, atol=1e-13)
        assert np.array_equal(g, node.value)


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_order_is_symmetric_and_right(name):
    """H u by gradient of gradient, against the difference of gradients along u."""
    f, shapes = PROGRAMS[name]
    values = [numbers(*shape, salt=k) for k, shape in enumerate(shapes)]
    leaves = [leaf(v, f"x{k}") for k, v in enumerate(values)]
    u = [numbers(*shape, salt=50 + k) for k, shape in enumerate(shapes)]
    first = gradient(weigh(f(Engine, *leaves), Engine), leaves, create_graph=True)
    along = ops.sum(first[0] * u[0])
    for g, d in zip(first[1:], u[1:], strict=True):
        along = along + ops.sum(g * d)
    h = 1e-5

    def moved(step):
        xs = [v + step * d for v, d in zip(values, u, strict=True)]
        return complex_step(lambda *zs: weigh(f(np, *zs), np), xs)

    for hu, above, below in zip(gradient(along, leaves), moved(h), moved(-h), strict=True):
        np.testing.assert_allclose(hu, (above - below) / (2 * h), rtol=1e-6, atol=1e-8)


def test_the_complex_step_itself():
    (found,) = complex_step(lambda x: np.sum(x**3), [np.array([2.0, -1.0])])
    assert found.tolist() == [12.0, 3.0]


# --- higher order --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "at", "slopes"),
    [
        (ops.exp, 0.5, [np.exp(0.5)] * 6),
        (ops.sin, 0.3, [np.cos(0.3), -np.sin(0.3), -np.cos(0.3), np.sin(0.3), np.cos(0.3)]),
        (lambda x: 1.0 / x, 2.0, [-1 / 4, 2 / 8, -6 / 16, 24 / 32, -120 / 64]),
        (ops.log, 2.0, [1 / 2, -1 / 4, 2 / 8, -6 / 16, 24 / 32]),
        (lambda x: x * x * x, 2.0, [12.0, 12.0, 6.0, 0.0, 0.0]),
        (ops.tanh, 0.0, [1.0, 0.0, -2.0, 0.0, 16.0, 0.0]),
        (ops.sigmoid, 0.0, [1 / 4, 0.0, -1 / 8, 0.0, 1 / 4]),
        (ops.softplus, 0.0, [1 / 2, 1 / 4, 0.0, -1 / 8, 0.0, 1 / 4]),
        (ops.erf, 0.0, [2 / np.pi**0.5, 0.0, -4 / np.pi**0.5, 0.0, 24 / np.pi**0.5]),
        (ops.relu, 1.5, [1.0, 0.0, 0.0]),
        (ops.elu, -0.5, [np.exp(-0.5)] * 4),
    ],
)
def test_derivatives_of_high_order(f, at, slopes):
    for start in (at, np.array([at, at])):
        x = leaf(start, "x")
        y = f(x)
        for wanted in slopes:
            (y,) = gradient(y, [x], create_graph=True)
            np.testing.assert_allclose(y.value, np.full(x.shape, wanted), rtol=1e-12, atol=1e-14)


def test_linearity():
    x = leaf(np.array([0.3, -0.8]), "x")
    f, g = ops.tanh(x), ops.exp(x)
    (sum_,) = gradient(2.0 * f - 3.0 * g, [x])
    (by_f,), (by_g,) = gradient(f, [x]), gradient(g, [x])
    np.testing.assert_allclose(sum_, 2 * by_f - 3 * by_g, rtol=1e-14)


def test_output_of_many_entries_counts_as_its_sum():
    x = leaf(np.array([[0.3, -0.8]]), "x")
    y = ops.sin(x * np.array([[1.0], [2.0]]))
    assert np.array_equal(gradient(y, [x])[0], gradient(ops.sum(y), [x])[0])
