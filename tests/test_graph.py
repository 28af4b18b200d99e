"""The graph: recording, plain values, operators, scope, memory, and the one walk over edges."""

from __future__ import annotations

import gc
import itertools
import operator
import pickle
import sys
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab import ops
from autograd_lab.errors import AutogradLabError, GradientError, UsageError
from autograd_lab.graph import (
    OPS,
    Node,
    active_nodes,
    constant,
    leaf,
    op,
    scope,
    slope,
    sweep,
    toposort,
)
from autograd_lab.interpreters.differentiate import gradient

# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "held", "kind"),
    [
        (2, 2.0, float),
        (2.5, 2.5, float),
        (True, True, bool),
        (np.float64(2.5), 2.5, float),
        (np.int32(3), 3.0, float),
        (np.uint8(200), 200.0, float),
        (np.bool_(False), False, bool),
        (np.array(2.5), 2.5, float),
        (np.array(7), 7.0, float),
        (np.array(True), True, bool),
        (np.float32(0.5), 0.5, np.float32),
        (np.array(0.5, np.float32), 0.5, np.float32),
    ],
)
def test_scalars_are_held_as_python_numbers(given_, held, kind):
    value = leaf(given_).value
    assert value == held
    assert type(value) is kind


@pytest.mark.parametrize("value", [[1.0, 2.0], ((1, 2), (3, 4)), np.ones((2, 0)), np.ones(3, bool)])
def test_sequences_are_held_as_arrays(value):
    assert np.array_equal(leaf(value).value, np.asarray(value))
    assert leaf(value).shape == np.shape(value)


def test_a_leaf_holds_a_copy_that_nobody_can_change():
    array = np.ones(3, np.float32)
    x = leaf(array)
    y = ops.sum(x * x)
    array[:] = 7.0
    assert x.dtype == np.float32
    assert x.value.tolist() == [1, 1, 1]
    assert gradient(y, [x])[0].tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="read-only"):
        x.value[0] = 5.0
    with pytest.raises(TypeError, match="assigned into"):
        x[0] = 5.0


@pytest.mark.parametrize(
    "value",
    ["2", None, 1j, {}, object(), np.array(["a"]), np.array([1j]), [[1.0], [1.0, 2.0]], 10**400,
     np.array([None]), [None, 1.0], b"2"],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_its_name(value):
    with pytest.raises(UsageError) as caught:
        leaf(value)
    assert repr(value)[:20] in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_long_value_is_shortened_in_the_message():
    with pytest.raises(UsageError) as caught:
        leaf("x" * 100_000)
    assert len(str(caught.value)) < 400


def test_unsigned_pictures_do_not_wrap():
    dark, light = leaf(np.array([1, 2], np.uint8)), leaf(np.array([2, 250], np.uint8))
    assert (dark - light).value.tolist() == [-1, -248]
    assert (-light).value.tolist() == [-2, -250]


# --- operators -----------------------------------------------------------------------------------

ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARE = [operator.lt, operator.le, operator.gt, operator.ge]
OTHERS = [
    *[3, 3.0, True, np.float64(3.0), np.float32(3.0), np.int64(3), np.array(3.0)],
    *[np.array([1.0, 2.0]), np.array([[1.0], [2.0]], np.float32), [1.0, 2.0], (1, 2)],
]


@pytest.mark.parametrize("apply", ARITHMETIC + COMPARE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", OTHERS, ids=repr)
@pytest.mark.parametrize("own", [1.5, np.array([1.5, 2.5])], ids=repr)
def test_number_or_array_on_either_side(apply, other, own):
    if isinstance(other, (bool, list, tuple)):
        other_value = np.asarray(other, float) if not isinstance(other, bool) else 1.0
    else:
        other_value = other
    node = leaf(own, "x")
    for mine, wanted in (
        (apply(node, other), apply(own, other_value)),
        (apply(other, node), apply(other_value, own)),
    ):
        assert isinstance(mine, Node)
        digits = np.finfo(np.result_type(wanted, np.float32)).eps
        np.testing.assert_allclose(mine.value, wanted, rtol=2 * digits)
        assert mine.shape == np.shape(wanted)
        assert node in mine.inputs


def test_matrix_product_on_either_side():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    for y in (leaf(a) @ b, a @ leaf(b), leaf(a) @ leaf(b), leaf(a) @ b.tolist()):
        assert isinstance(y, Node)
        assert np.array_equal(y.value, a @ b)


def test_signs():
    x = leaf(-2.0, "x")
    assert (-x).value == 2.0
    assert (+x) is x
    assert abs(x).value == 2.0
    assert float(x) == -2.0
    assert bool(x)
    assert not leaf(0.0)


def test_numpys_functions_reach_ours_or_are_refused_by_name():
    x = leaf(np.array([0.3, 0.7]), "x")
    assert np.sin(x).op is OPS["sin"]
    assert np.absolute(x).op is OPS["abs"]
    assert np.add(np.ones(2), x).op is OPS["add"]
    assert np.shape(x) == (2,)
    assert np.asarray(x) is not x
    assert gradient(ops.sum(np.tanh(x) * 2), [x])[0] == pytest.approx(2 / np.cosh(x.value) ** 2)
    for name, call in {
        "add.reduce": lambda: np.add.reduce(x),
        "fft": lambda: np.fft.fft(x),
        "sin with out": lambda: np.sin(x, out=np.zeros(2)),
        "heaviside": lambda: np.heaviside(x, 0.5),
    }.items():
        with pytest.raises(TypeError, match=f"numpy.{name}.* would lose the gradient"):
            call()


def test_a_node_reads_like_an_array():
    x = leaf(np.arange(6.0).reshape(2, 3), "x")
    assert (len(x), x.ndim, x.size, x.T.shape) == (2, 2, 6, (3, 2))
    assert leaf(2.5).item() == 2.5
    with pytest.raises(TypeError, match="no length"):
        len(leaf(1.0))


def test_nodes_compare_by_identity():
    a, b = leaf(1.0), leaf(1.0)
    assert a != b
    assert len({a, b}) == 2


def test_a_constant_is_a_leaf_without_a_name():
    y = leaf(2.0, "x") * 3
    assert [x.is_constant for x in y.inputs] == [False, True]
    assert not y.is_constant
    assert constant(2).is_constant


def test_narrow_floats_meet_numbers_of_every_kind_and_stay_narrow():
    narrow = leaf(np.ones(3, np.float32), "x")
    for c in (2, 2.0, True, np.float64(2.0), np.array(2.0), np.int64(2), leaf(2.0, "c"),
              leaf(np.array(2.0), "c"), leaf(np.float64(2.0))):  # fmt: skip
        for apply in ARITHMETIC:
            assert apply(narrow, c).dtype == np.float32
            assert apply(c, narrow).dtype == np.float32


def test_plain_calls_record_nothing():
    assert ops.tanh(0.0) == 0.0
    assert type(ops.add(1, 2)) is float
    assert isinstance(ops.add([1.0], 2), np.ndarray)


def test_scalar_arithmetic_records_python_floats():
    x = leaf(0.5, "x")
    y = ops.sigmoid(3 * x + 1) ** 2 / ops.sqrt(x) - ops.maximum(x, 0)
    assert {type(node.value) for node in toposort([y])} == {float}


def test_repr_names_operation_name_and_value():
    assert repr(leaf(2, "w")) == "<leaf w 2.0>"
    assert repr(leaf(2.0) * 3) == "<multiply 6.0>"
    assert repr(OPS["tanh"]) == "<op tanh>"


def test_an_operation_is_defined_once():
    with pytest.raises(AutogradLabError, match="'tanh' is defined twice"):
        op("tanh", label="", forward=np.tanh, vjp=(None,))


def test_operations_travel_by_name():
    for operation in OPS.values():
        assert pickle.loads(pickle.dumps(operation)) is operation


# --- scope ---------------------------------------------------------------------------------------


def test_scope_nests_and_ends():
    x = leaf(1.0, "x")
    with scope("net"):
        a = x + 1
        with scope("hidden"):
            b = a * 2
        c = b - 1
    d = c * c
    assert [node.scope for node in (x, a, b, c, d)] == [
        (),
        ("net",),
        ("net", "hidden"),
        ("net",),
        (),
    ]


def test_scope_ends_when_an_error_is_raised():
    with pytest.raises(ZeroDivisionError), scope("net"):
        _ = 1 // 0
    assert leaf(1.0).scope == ()


# --- memory --------------------------------------------------------------------------------------


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_graph_has_no_reference_cycle(no_collector):
    for start in (0.5, np.ones(3)):
        x = leaf(start, "x")
        y = ops.where(x > 0.0, ops.tanh(x * x) @ x if x.shape else ops.tanh(x * x), x)
        watched = [weakref.ref(node) for node in toposort([y])]
        assert len(watched) > 4
        del x, y
        assert [ref() for ref in watched] == [None] * len(watched)


def test_differentiating_leaves_nothing_behind(no_collector):
    x = leaf(0.5, "x")
    y = ops.tanh(x * x)
    inner = weakref.ref(y)
    (g,) = gradient(y, [x], create_graph=True)
    (h,) = gradient(g, [x], create_graph=True)
    gradient(h, [x])
    watched = [weakref.ref(node) for node in toposort([g, h]) if node is not x]
    del y, g, h
    assert inner() is None
    assert [ref() for ref in watched] == [None] * len(watched)
    assert x.value == 0.5


def test_a_long_chain_is_freed(no_collector):
    limit = sys.getrecursionlimit()
    x = leaf(1.0, "x")
    y, watched = x, []
    for k in range(100_000):
        y = y + 1.0
        if k % 1000 == 0:
            watched.append(weakref.ref(y))
    assert y.value == 100_001.0
    del y
    assert not any(ref() for ref in watched)
    assert sys.getrecursionlimit() == limit == 1000


# --- the walk ------------------------------------------------------------------------------------


@st.composite
def dags(draw, most=9):
    """A random graph of sums over one or two leaves: node k adds two earlier nodes."""
    count = draw(st.integers(1, most))
    return [
        (draw(st.integers(0, k + 1)), draw(st.integers(0, k + 1))) for k in range(count)
    ]  # fmt: skip


def build(edges, join=operator.add):
    nodes = [leaf(0.75, "x"), leaf(-1.25, "z")]
    for a, b in edges:
        nodes.append(join(nodes[a], nodes[b]))
    return nodes


def all_paths(node, target):
    """Every path by brute force, as tuples of (node, input number) from the output down."""
    if node is target:
        yield ()
    for i, x in enumerate(node.inputs):
        for rest in all_paths(x, target):
            yield ((node, i), *rest)


def product(path):
    total = 1.0
    for node, i in path:
        total *= slope(node, i)
    return total


@given(dags())
def test_sweep_counts_paths(edges):
    x, *_, y = build(edges)
    order = toposort([y])
    counts = sweep(order, {y: 1}, lambda t, node, i: t, operator.add, active_nodes(order, [x]))
    assert counts.get(x, 0) == sum(1 for _ in all_paths(y, x))


@given(dags())
def test_sum_over_all_paths_is_the_gradient(edges):
    x, z, *_, y = build(edges, lambda a, b: ops.sin(a) * b)
    for target, g in zip((x, z), gradient(y, [x, z]), strict=True):
        total = sum(product(path) for path in all_paths(y, target))
        assert g == pytest.approx(total, rel=1e-9, abs=1e-12)


@given(dags())
def test_sweep_finds_the_strongest_path(edges):
    x, *_, y = build(edges, lambda a, b: ops.sin(a) * b)
    order = toposort([y])
    best = sweep(
        order, {y: 1.0}, lambda t, n, i: t * abs(slope(n, i)), max, active_nodes(order, [x])
    )
    strongest = max((abs(product(p)) for p in all_paths(y, x)), default=0.0)
    assert best.get(x, 0.0) == pytest.approx(strongest, rel=1e-12)


def test_sweep_counts_what_no_one_could_list():
    x = leaf(1.0, "x")
    y = x
    for _ in range(200):
        y = y + y
    order = toposort([y])
    counts = sweep(order, {y: 1}, lambda t, node, i: t, operator.add, active_nodes(order, [x]))
    assert counts[x] == 2**200


def test_sweep_skips_edges_without_a_slope():
    x = leaf(0.5, "x")
    y = ops.where(x > 0.0, x, -x)
    order = toposort([y])
    counts = sweep(order, {y: 1}, lambda t, node, i: t, operator.add, active_nodes(order, [x]))
    assert counts[x] == 2


def test_sweep_stops_at_the_frontier():
    x = leaf(0.5, "x")
    middle = x * x
    y = middle + x
    order = toposort([y])
    active = active_nodes(order, [x])
    counts = sweep(order, {y: 1}, lambda t, n, i: t, operator.add, active, frontier=[middle])
    assert counts == {y: 1, middle: 1, x: 1}


@given(dags())
def test_toposort_puts_inputs_first_and_each_node_once(edges):
    *_, y = build(edges)
    order = toposort([y])
    place = {node: k for k, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is y
    assert all(place[x] < place[node] for node in order for x in node.inputs)


def test_toposort_stops_where_told():
    x = leaf(0.5, "x")
    middle = x * x
    y = middle + 1.0
    assert x not in toposort([y], stop=[middle])
    assert toposort([y, middle]) == sorted({x, middle, y, *y.inputs}, key=lambda n: n.serial)


def test_local_slope_comes_from_the_rule_and_refuses_where_there_is_none():
    x, w = leaf(3.0, "x"), leaf(-0.5, "w")
    assert [slope(w * x, i) for i in (0, 1)] == [3.0, -0.5]
    assert slope(ops.log(leaf(0.0)), 0) == float("inf")
    with pytest.raises(GradientError, match=r"less.*0"):
        slope(x < w, 0)


def test_serials_grow():
    nodes = list(itertools.chain.from_iterable((leaf(1.0), leaf(2.0) + 1) for _ in range(5)))
    assert [n.serial for n in nodes] == sorted({n.serial for n in nodes})
