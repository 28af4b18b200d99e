"""Functions to functions: the gradient and its relatives, on numbers, arrays and trees of them."""

from __future__ import annotations

import functools
import gc
from collections import namedtuple

import numpy as np
import pytest
from samples import SAMPLES
from witnesses import differentiable

from autograd_lab import ops
from autograd_lab.errors import GradientError, UsageError
from autograd_lab.graph import OPS, Node, leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.transforms.checking import check_gradients
from autograd_lab.transforms.gradients import grad, hvp, jvp, value_and_grad, vjp
from autograd_lab.transforms.jacobians import _by_columns, _by_rows, hessian, jacobian
from autograd_lab.transforms.recorded import record
from autograd_lab.transforms.tangents import push
from autograd_lab.transforms.trees import entries

CUBE = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


def numbers(*shape, salt=0):
    return np.random.default_rng([salt, 7, *shape]).uniform(-1.5, 1.5, shape)


def flat(tree):
    return np.concatenate([np.ravel(x) for x in entries(tree)]) if entries(tree) else np.zeros(0)


def close(got, wanted, rtol=1e-12, atol=1e-13):
    assert np.shape(got) == np.shape(wanted)
    np.testing.assert_allclose(got, wanted, rtol, atol, equal_nan=False)


# --- grad ----------------------------------------------------------------------------------------


def test_grad_of_a_number_is_a_python_float():
    slope = grad(lambda x: ops.sin(x) * x)(0.5)
    assert type(slope) is float
    assert slope == pytest.approx(np.cos(0.5) * 0.5 + np.sin(0.5), rel=1e-15)


def test_argnums_choose_and_order_the_answers():
    def f(a, b, c):
        return a * b * b * c

    assert grad(f)(2.0, 3.0, 5.0) == 45.0
    assert grad(f, 1)(2.0, 3.0, 5.0) == 60.0
    assert grad(f, -1)(2.0, 3.0, 5.0) == 18.0
    assert grad(f, (2, 0))(2.0, 3.0, 5.0) == (18.0, 45.0)
    assert grad(f, (1,))(2.0, 3.0, 5.0) == (60.0,)
    assert grad(f, ())(2.0, 3.0, 5.0) == ()
    assert grad(f, (0,))(2.0, b=3.0, c=5.0) == (45.0,)


def test_other_arguments_arrive_as_they_are():
    seen = []

    def f(x, steps, mode, *, labels):
        seen.append((steps, mode, labels))
        return x * steps if mode == "times" else x

    labels = np.array([1, 2])
    assert grad(f)(2.0, 3, "times", labels=labels) == 3.0
    assert seen == [(3, "times", labels)]


Pair = namedtuple("Pair", "w b")


def test_slopes_have_the_shape_of_their_argument():
    tree = {"layers": [(CUBE, 2.0), Pair(numbers(3), None)], "scale": np.float32(3.0)}

    def f(p):
        (w, c), (v, _) = p["layers"]
        return ops.sum((w @ v) * (w @ v)) * c * p["scale"]

    slopes = grad(f)(tree)
    (w, c), pair = slopes["layers"]
    z = CUBE @ numbers(3)
    close(w, 12.0 * np.outer(z, numbers(3)))
    close(pair.w, 12.0 * CUBE.T @ z)
    assert isinstance(pair, Pair)
    assert pair.b is None
    assert type(c) is float
    assert c == pytest.approx(3.0 * z @ z)
    assert slopes["scale"].dtype == np.float32
    assert list(slopes) == ["layers", "scale"]


def test_one_array_given_twice_is_two_variables():
    x = np.array([2.0, 3.0])
    a, b = grad(lambda p, q: ops.sum(p * p * q), (0, 1))(x, x)
    assert a.tolist() == [8.0, 18.0]
    assert b.tolist() == [4.0, 9.0]
    assert grad(lambda p: ops.sum(p[0] * p[0] * p[1]))([x, x])[1].tolist() == [4.0, 9.0]


def test_value_and_grad_evaluates_once():
    calls = []

    def f(x):
        calls.append(x)
        return x * x

    assert value_and_grad(f)(3.0) == (9.0, 6.0)
    assert len(calls) == 1


def test_aux_comes_out_as_plain_values():
    def f(x):
        h = x * 2.0
        return ops.sum(h * h), {"hidden": h, "note": "seen", "count": 3}

    (value, aux), slopes = value_and_grad(f, has_aux=True)(np.array([1.0, 2.0]))
    assert value == 20.0
    assert slopes.tolist() == [8.0, 16.0]
    assert aux["hidden"].tolist() == [2.0, 4.0]
    assert not isinstance(aux["hidden"], Node)
    assert (aux["note"], aux["count"]) == ("seen", 3)
    again, aux = grad(f, has_aux=True)(np.array([1.0, 2.0]))
    assert np.array_equal(again, slopes)
    assert aux["note"] == "seen"


@pytest.mark.parametrize("constant", [3, 3.0, np.float32(3.0), np.int64(3), np.array(3.0)])
def test_what_does_not_depend_on_the_argument_has_slope_zero(constant):
    assert grad(lambda x: constant)(2.0) == 0.0
    assert grad(lambda x: leaf(constant, "c") * 1.0)(np.ones(2)).tolist() == [0.0, 0.0]
    found = grad(lambda p: p["a"] * 1.0)({"a": 1.0, "b": np.ones((2, 0)), "c": np.float32(1)})
    assert found["a"] == 1.0
    assert found["b"].shape == (2, 0)
    assert found["c"] == 0.0
    assert found["c"].dtype == np.float32
    assert grad(grad(lambda x: constant))(2.0) == 0.0
    assert jacobian(lambda x: [constant, x])(2.0) == [0.0, 1.0]
    assert vjp(lambda x: constant, 2.0)[1](1.0) == (0.0,)
    assert jvp(lambda x: constant, (2.0,), (1.0,)) == (constant, 0.0)


def test_answers_own_their_memory():
    x = np.array([1.0, 2.0])
    first, second = grad(lambda a, b: ops.sum(a + b), (0, 1))(x, x)
    first *= 9.0
    assert second.tolist() == [1.0, 1.0]
    assert x.tolist() == [1.0, 2.0]


def test_nothing_is_left_for_the_garbage_collector():
    """Without reference cycles, memory is free as soon as an answer is no longer held."""
    x, tree = np.array([0.5, 2.0]), {"a": np.ones(2), "b": 2.0}

    def f(p):
        return ops.sum(ops.sin(p["a"]) * p["b"])

    uses = [
        lambda: grad(f)(tree),
        lambda: grad(grad(lambda z: z**3.0))(2.0),
        lambda: vjp(f, tree)[1](1.0),
        lambda: jvp(f, (tree,), (tree,)),
        lambda: jacobian(ops.sin)(x),
        lambda: hessian(lambda z: ops.sum(z**3.0))(x),
        lambda: hvp(lambda z: ops.sum(z**3.0), (x,), (x,)),
        lambda: check_gradients(f, tree),
    ]
    for use in uses:
        use()
    gc.collect()
    gc.disable()
    try:
        for use in uses:
            use()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_new_function_is_named_after_the_old():
    def loss(x):
        """How far off."""
        return x

    assert grad(loss).__name__ == "loss"
    assert grad(loss).__doc__ == "How far off."
    assert grad(functools.partial(lambda a, x: a * x, 3.0))(2.0) == 3.0
    assert grad(OPS["sin"])(0.0) == 1.0


# --- gradients of gradients ----------------------------------------------------------------------


def test_nested_variables_are_not_confused():
    """d/dx (x · d/dy (x + y)) is 1, and 2 where x and y are taken for one variable."""
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(3.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 12.0
    array = np.array([1.0, 2.0])
    inner = grad(lambda x: ops.sum(x * grad(lambda y: ops.sum(x + y))(x)))(array)
    assert inner.tolist() == [1.0, 1.0]


def test_forward_in_reverse_and_reverse_in_forward_are_not_confused():
    """d/dx (x² y + ... ) where the inner derivative is by another variable of equal value."""

    def along(f, x):
        return jvp(f, (x,), (1.0,))[1]

    assert along(lambda x: x * along(lambda y: x + y, 1.0), 1.0) == 1.0
    assert along(lambda x: x * along(lambda y: x + y, x), 3.0) == 1.0
    assert along(lambda x: x * grad(lambda y: x + y)(x), 3.0) == 1.0
    assert grad(lambda x: x * along(lambda y: x + y, x))(3.0) == 1.0
    assert along(lambda x: along(lambda y: x * y * y, x), 3.0) == 12.0


@pytest.mark.parametrize("start", [0.3, np.array([0.3, -0.8])])
def test_all_ways_to_a_third_derivative_agree(start):
    f = ops.tanh
    y = np.tanh(start)
    wanted = (1 - y * y) * (6 * y * y - 2)
    ones = 1.0 if type(start) is float else np.ones(2)

    def by_reverse(g):
        return lambda x: vjp(g, x)[1](ones)[0]

    def by_forward(g):
        return lambda x: jvp(g, (x,), (ones,))[1]

    for a in (by_reverse, by_forward):
        for b in (by_reverse, by_forward):
            for c in (by_reverse, by_forward):
                close(a(b(c(f)))(start), wanted, rtol=1e-11)


def test_derivatives_of_high_order():
    f, wanted = ops.sin, [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin]
    for slope in wanted:
        f = grad(f)
        assert f(0.7) == pytest.approx(slope(0.7), rel=1e-13)


def test_plain_in_plain_out_and_nodes_in_nodes_out():
    x = leaf(2.0, "x")
    inside = grad(lambda y: y * y * y)(x)
    assert isinstance(inside, Node)
    assert gradient(inside, [x]) == [12.0]
    closed = grad(lambda y: x * x * y)(5.0)  # a node used inside counts as well
    assert isinstance(closed, Node)
    assert gradient(closed, [x]) == [4.0]
    beside = grad(lambda y, k: k * y * y)(5.0, x)
    assert gradient(beside, [x]) == [10.0]
    assert type(grad(lambda y: y * y)(2.0)) is float
    value, slope = value_and_grad(lambda y: x * y)(5.0)
    assert [type(value), type(slope)] == [Node, Node]
    assert isinstance(grad(lambda y: (y * y, x), has_aux=True)(5.0)[1], Node)


def test_nodes_made_inside_do_not_count_as_outer_ones():
    slope = grad(lambda y: y * leaf(3.0, "inner"))(2.0)
    assert type(slope) is float


@pytest.mark.parametrize("vector", ["g", "primal", "both"])
def test_products_with_a_vector_can_be_differentiated_by_the_vector(vector):
    v, x = leaf(np.array([2.0, 5.0]), "v"), leaf(np.array([0.5, 0.25]), "x")
    at = x if vector != "g" else x.value
    along = v if vector != "primal" else v.value

    def f(z):
        return z * z * z

    for found in (
        vjp(f, at)[1](along)[0],
        jvp(f, (at,), (along,))[1],
        hvp(lambda z: ops.sum(z**4.0) / 4.0, (at,), (along,))[0],
    ):
        assert isinstance(found, Node)
        close(found.value, 3 * x.value**2 * v.value)
        by_v, by_x = gradient(found, [v, x])
        close(by_v, 3 * x.value**2 * (vector != "primal"))
        close(by_x, 6 * x.value * v.value * (vector != "g"))


# --- vjp, jvp and the matrices -------------------------------------------------------------------


def program(p, x):
    """Several outputs of several shapes from a tree and an array."""
    h = ops.tanh(x @ p["w"] + p["b"])
    return {"hidden": h, "parts": (ops.sum(h, axis=0), ops.mean(h * h) * p["c"]), "x": x}


PARAMETERS = {"w": numbers(3, 2), "b": numbers(2), "c": 1.25}
DATA = numbers(4, 3)


def test_both_products_and_the_jacobian_are_one_matrix():
    whole = jacobian(program, (0, 1))(PARAMETERS, DATA)
    sizes = [np.size(x) for x in entries((PARAMETERS, DATA))]
    y, pull = vjp(program, PARAMETERS, DATA)
    outs = [np.size(z) for z in entries(y)]
    matrix = np.concatenate(
        [
            np.concatenate(
                [np.reshape(block, (m, n)) for block, n in zip(entries(row), sizes, strict=True)],
                axis=1,
            )
            for row, m in zip([whole["hidden"], *whole["parts"], whole["x"]], outs, strict=True)
        ]
    )
    along = {"w": numbers(3, 2, salt=1), "b": numbers(2, salt=2), "c": 0.5}
    tangents = (along, numbers(4, 3, salt=3))
    value, moved = jvp(program, (PARAMETERS, DATA), tangents)
    assert all(np.array_equal(a, b) for a, b in zip(entries(value), entries(y), strict=True))
    close(flat(moved), matrix @ flat(tangents))
    g = {"hidden": numbers(4, 2, salt=4), "parts": (numbers(2, salt=5), 2.0), "x": numbers(4, 3)}
    close(flat(pull(g)), matrix.T @ flat(g))
    assert type(moved["parts"][1]) is float
    assert pull(g)[0].keys() == PARAMETERS.keys()


SHAPES = [  # of the output and of the argument
    ((), ()), ((), (3,)), ((2,), ()), ((2, 3), (3,)), ((4,), (2, 2)), ((0,), (2,)), ((2,), (0, 3)),
]  # fmt: skip


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("y", "x"), SHAPES)
def test_jacobian_by_rows_is_the_one_by_columns(y, x, nested):
    w, v = numbers(*y, *x), numbers(*x, salt=3) if x else 0.75
    inner = tuple(range(len(y), len(y) + len(x)))

    def f(z):
        return ops.sin(ops.sum(z * w, axis=inner))

    at = leaf(v, "v") if nested else v
    call = record(f, (at,), {}, 0)
    ((rows,),), ((columns,),) = _by_rows(call), _by_columns(call)
    turned = np.cos(np.sum(w * v, axis=inner)).reshape((*y, *[1] * len(x)))
    for block in (rows, columns, jacobian(f)(at)):
        value = block.value if isinstance(block, Node) else block
        close(value, turned * w)
    if not y and not x:
        assert type(jacobian(f)(v)) is float


def test_jacobian_nests_output_then_arguments():
    def f(a, b):
        return {"sum": a + b, "product": [a * b]}

    found = jacobian(f, (0, 1))(2.0, np.array([3.0, 5.0]))
    assert found["sum"][0].tolist() == [1.0, 1.0]
    assert found["sum"][1].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert found["product"][0][0].tolist() == [3.0, 5.0]
    assert found["product"][0][1].tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_hessian_and_its_product_are_those_of_the_formula():
    a, x = numbers(3, 3), numbers(3, salt=1)

    def f(z):
        return ops.sum(ops.exp(a @ z))

    wanted = a.T @ np.diag(np.exp(a @ x)) @ a
    close(hessian(f)(x), wanted)
    v = numbers(3, salt=2)
    close(hvp(f, (x,), (v,))[0], wanted @ v)
    close(jvp(grad(f), (x,), (v,))[1], wanted @ v)
    close(grad(lambda z: ops.sum(grad(f)(z) * v))(x), wanted @ v)
    close(jacobian(jacobian(f))(x), wanted)


def test_hessian_of_a_tree():
    found = hessian(lambda p: p["a"] * p["a"] * ops.sum(p["b"]))({"a": 3.0, "b": np.ones(2)})
    assert found["a"]["a"] == 4.0
    assert found["a"]["b"].tolist() == [6.0, 6.0]
    assert found["b"]["a"].tolist() == [6.0, 6.0]
    assert found["b"]["b"].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_third_derivatives_as_an_array():
    x = np.array([0.5, 2.0])
    found = jacobian(hessian(lambda z: ops.sum(z**4.0)))(x)
    wanted = np.zeros((2, 2, 2))
    wanted[[0, 1], [0, 1], [0, 1]] = 24 * x
    close(found, wanted)


def test_pullback_outlives_changes_of_its_surroundings():
    x = np.array([1.0, 2.0])
    y, pull = vjp(lambda z: z * z, x)
    x[:] = 100.0
    y[:] = 100.0
    assert pull(np.ones(2))[0].tolist() == [2.0, 4.0]
    assert pull(np.ones(2))[0].tolist() == [2.0, 4.0]


# --- dtype ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("start", [0.5, [0.5, 0.25]])
def test_width_in_is_width_out(kind, start):
    x = np.asarray(start, kind) if isinstance(start, list) else kind(start)
    wide = np.linspace(-1.0, 1.0, 6).reshape(3, 2)

    def f(z):
        return ops.sum(ops.sin(z * 3.0) * z)

    def many(z):
        return ops.sin(z * wide)

    assert np.asarray(grad(f)(x)).dtype == kind
    assert np.asarray(hessian(f)(x)).dtype == kind
    assert jacobian(many)(x).dtype == kind
    assert np.asarray(hvp(f, (x,), (np.ones(np.shape(x)),))[0]).dtype == kind
    y, pull = vjp(lambda z: z * 2.0, x)
    assert np.asarray(y).dtype == kind
    assert np.asarray(pull(np.ones(np.shape(x)))[0]).dtype == kind
    y, moved = jvp(lambda z: z * 2.0, (x,), (np.ones(np.shape(x)),))
    assert [np.asarray(y).dtype, np.asarray(moved).dtype] == [kind, kind]
    if kind is np.float64 and np.ndim(x) == 0:
        assert type(grad(f)(x)) is float


def test_whole_numbers_are_good_directions():
    (found,) = hvp(lambda x: ops.sum(x**3.0), (np.array([1.0, 2.0]),), (np.array([0, 1]),))
    assert found.tolist() == [0.0, 12.0]
    assert jvp(ops.sin, (0.0,), (1,))[1] == 1.0


# --- forward mode, by the rules of reverse mode --------------------------------------------------

CASES = [(name, i) for name, row in SAMPLES.items() for i in range(len(row.cases))]


@pytest.mark.parametrize(("name", "index"), CASES)
def test_forward_mode_is_the_transpose_of_reverse_mode(name, index):
    """u · (J v) = (u J) · v for every operation, in values and in nodes."""
    op, case = OPS[name], SAMPLES[name].cases[index]
    random = np.random.default_rng(5)
    chosen = differentiable(case)
    if not chosen:
        return
    leaves = {i: leaf(case.values[i], f"x{i}") for i in chosen}
    y = op(*[leaves.get(i, x) for i, x in enumerate(case.values)], **case.attrs)
    if y.dtype.kind != "f":
        return
    directions = {x: _random(random, x.shape) for x in leaves.values()}
    (moved,) = push([y], directions)
    assert np.shape(moved) == y.shape
    u = _random(random, y.shape)
    slopes = gradient(ops.sum(y * u) if y.shape else y * u, list(leaves.values()))
    reverse = sum(np.sum(g * v) for g, v in zip(slopes, directions.values(), strict=True))
    np.testing.assert_allclose(np.sum(moved * u), reverse, rtol=1e-12, atol=1e-13)
    as_nodes = {x: leaf(v, "v") for x, v in directions.items()}
    (node,) = push([y], as_nodes, create_graph=True)
    close(node.value, moved)


def _random(random, shape):
    return random.uniform(0.5, 1.5, shape) if shape else float(random.uniform(0.5, 1.5))


@pytest.mark.parametrize("name", ["matmul", "sum", "einsum", "reshape", "multiply", "where"])
def test_a_tangent_as_a_node_can_be_differentiated(name):
    """d/dx of (J(x) v) by reverse mode over forward mode, against forward over forward."""
    case = SAMPLES[name].cases[0]
    chosen = differentiable(case)
    base = [np.asarray(case.values[i], float) for i in chosen]

    def f(*xs):
        rest = iter(xs)
        filled = [next(rest) if i in chosen else x for i, x in enumerate(case.values)]
        return ops.sin(OPS[name](*filled, **case.attrs))

    random = np.random.default_rng(8)
    v = tuple(random.uniform(-1, 1, x.shape) for x in base)
    w = tuple(random.uniform(-1, 1, x.shape) for x in base)

    def along(*xs):
        return jvp(f, xs, v)[1]

    value, moved = jvp(along, tuple(base), w)
    slopes = vjp(along, *base)[1](np.ones(np.shape(value)))
    close(np.sum(moved), sum(np.sum(g * d) for g, d in zip(slopes, w, strict=True)))


def test_a_branch_not_taken_passes_no_tangent():
    x = np.array([0.0, 4.0])
    safe = lambda z: ops.where(z > 0.0, ops.sqrt(z), 0.0)  # noqa: E731
    assert jvp(safe, (x,), (np.ones(2),))[1].tolist() == [0.0, 0.25]
    assert jvp(lambda z: ops.sqrt(z), (x,), (np.array([0.0, 1.0]),))[1].tolist() == [0.0, 0.25]
    assert jvp(ops.sqrt, (0.0,), (0.0,))[1] == 0.0
    assert jvp(ops.sqrt, (0.0,), (1.0,))[1] == np.inf


def test_tangents_of_a_long_chain_and_of_a_node_used_often():
    x = leaf(0.5, "x")
    y = x
    for _ in range(20_000):
        y = ops.sin(y) + 1e-5
    (by_forward,), (by_reverse,) = push([y], {x: 1.0}), gradient(y, [x])
    assert by_forward == pytest.approx(by_reverse, rel=1e-9)
    y = x * 1.0
    for _ in range(999):
        y = y + x
    assert push([y, x, leaf(1.0)], {x: 1.0}) == [1000.0, 1.0, 0.0]


# --- refusals ------------------------------------------------------------------------------------


def returns(value):
    def loss(x):
        return value(x) if callable(value) else value

    return loss


REFUSALS = [
    (lambda: grad(returns(lambda x: x * 2.0))(np.ones((2, 3))), GradientError,
     ["loss", "(2, 3)", "sum", "jacobian"]),
    (lambda: grad(returns(lambda x: x * 2.0))(np.ones(1)), GradientError, ["(1,)", "sum"]),
    (lambda: grad(returns(lambda x: (x, x)))(1.0), GradientError, ["tuple", "has_aux", "jacobian"]),
    (lambda: grad(returns(lambda x: [x]))(1.0), GradientError, ["list"]),
    (lambda: grad(returns(None))(1.0), GradientError, ["loss", "None", "return"]),
    (lambda: grad(returns("high"))(1.0), GradientError, ["loss", "'high'", "number"]),
    (lambda: grad(returns(lambda x: x > 0.0))(1.0), GradientError, ["loss", "bool", "floats"]),
    (lambda: grad(returns(True))(1.0), GradientError, ["loss", "bool"]),
    (lambda: grad(returns(lambda x: x), has_aux=True)(1.0), GradientError, ["has_aux", "pair"]),
    (lambda: grad(returns(lambda x: (x, 1, 2)), has_aux=True)(1.0), GradientError, ["pair"]),
    (lambda: jacobian(returns(lambda x: [x, x > 0.0]))(1.0), GradientError, ["bool"]),
    (lambda: hvp(returns(lambda x: x), (np.ones(2),), (np.ones(2),)), GradientError, ["(2,)"]),
    (lambda: grad(returns(0.0))(3), GradientError, ["argument 0", "int64", "3.0"]),
    (lambda: grad(returns(0.0))(True), GradientError, ["argument 0", "bool", "float"]),
    (lambda: grad(returns(0.0))(np.array([1, 2])), GradientError, ["int64", "small amounts"]),
    (lambda: grad(returns(0.0))({"w": [1.0, 2]}), GradientError, ["argument 0['w'][1]", "int64"]),
    (lambda: grad(returns(0.0))(leaf(np.array([1, 2]))), GradientError, ["argument 0", "int64"]),
    (lambda: grad(returns(0.0))("high"), UsageError, ["argument 0", "'high'"]),
    (lambda: grad(returns(0.0))(1j), UsageError, ["argument 0", "1j"]),
    (lambda: grad(returns(0.0))(np.array([None])), UsageError, ["argument 0"]),
    (lambda: grad(returns(0.0), 1)(1.0), UsageError, ["argnums=1", "loss", "1 positional"]),
    (lambda: grad(returns(0.0), -2)(1.0), UsageError, ["argnums=-2"]),
    (lambda: grad(returns(0.0))(), UsageError, ["0 positional arguments"]),
    (lambda: grad(returns(0.0), (0, 0))(1.0), UsageError, ["(0, 0)", "twice"]),
    (lambda: grad(returns(0.0), (0, -1))(1.0), UsageError, ["(0, -1)", "twice"]),
    (lambda: grad(returns(0.0), "x")(1.0), UsageError, ["argnums='x'", "whole number"]),
    (lambda: grad(returns(0.0), True)(1.0), UsageError, ["argnums=True"]),
    (lambda: jvp(ops.sin, (1.0,), (np.ones(2),)), UsageError, ["tangents[0]", "(2,)", "number"]),
    (lambda: jvp(ops.sin, (1.0,), ()), UsageError, ["tangents", "tuple of 1", "tuple of 0"]),
    (lambda: jvp(ops.sin, (1.0,), ("x",)), UsageError, ["tangents", "'x'"]),
    (lambda: hvp(ops.sin, (1.0,), ([1.0],)), UsageError, ["tangents[0]", "list of 1"]),
    (lambda: vjp(lambda x: (x, x), 1.0)[1](1.0), UsageError, ["g", "tuple of 2", "a number"]),
    (lambda: vjp(ops.sin, np.ones(2))[1](np.ones(3)), UsageError, ["g", "(2,)", "(3,)"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_a_refusal_says_what_came_and_what_to_do(number):
    call, kind, words = REFUSALS[number]
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_errors_of_the_function_itself_pass_through():
    def broken(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        grad(broken)(1.0)
