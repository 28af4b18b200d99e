"""New leaf values in, new values out: the same as building the graph anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SAMPLES
from witnesses import differentiable

from autograd_lab import ops
from autograd_lab.graph import OPS, leaf, toposort
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import replay

CASES = [(name, i) for name, row in SAMPLES.items() for i in range(len(row.cases))]


@pytest.mark.parametrize(("name", "index"), CASES)
def test_new_values_are_those_of_a_new_graph(name, index):
    case, op = SAMPLES[name].cases[index], OPS[name]
    leaves = {i: leaf(case.values[i], f"x{i}") for i in range(len(case.values))}
    y = op(*leaves.values(), **case.attrs)
    shifted = {
        i: x if i not in differentiable(case) else np.abs(x) * 0.75 if np.ndim(x) else abs(x) * 0.75
        for i, x in enumerate(case.values)
    }
    (again,) = replay([y], {leaves[i]: shifted[i] for i in leaves})
    wanted = op(*[leaf(shifted[i]) for i in leaves], **case.attrs).value
    assert np.array_equal(again, wanted)
    assert type(again) is type(wanted)
    assert np.asarray(again).dtype == np.asarray(wanted).dtype
    (same,) = replay([y], {})
    assert np.array_equal(same, y.value)


STEPS = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (1.5 + b * b),
    "tanh": lambda a, b: ops.tanh(a),
    "sigmoid": lambda a, b: ops.sigmoid(a - b),
    "where": lambda a, b: ops.where(a > b, a, ops.sin(b)),
    "maximum": ops.maximum,
    "relu": lambda a, b: ops.relu(a),
    "sqrt": lambda a, b: ops.sqrt(a * a + 0.5),
    "power": lambda a, b: ops.power(ops.exp(0.1 * a), b),
}
PROGRAM = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 99), st.integers(0, 99)),
    min_size=1,
    max_size=10,
)
NUMBER = st.floats(-2, 2, allow_subnormal=False)
PAIR = st.one_of(
    st.tuples(NUMBER, NUMBER),
    st.tuples(*[st.lists(NUMBER, min_size=3, max_size=3).map(np.array)] * 2),
)


def run(program, values):
    nodes = [leaf(v, f"x{k}") for k, v in enumerate(values)]
    leaves = list(nodes)
    for name, a, b in program:
        nodes.append(STEPS[name](nodes[a % len(nodes)], nodes[b % len(nodes)]))
    y = nodes[-1]
    return (ops.sum(y) if y.shape else y), leaves


@given(PROGRAM, PAIR, st.tuples(NUMBER, NUMBER))
def test_value_and_gradient_graph_replay_as_a_new_graph(program, first, shift):
    """Gradient graphs too: where a branch changes sides, the replayed gradient follows."""
    y, leaves = run(program, first)
    slopes = gradient(y, leaves, create_graph=True)
    second = [v + s for v, s in zip(first, shift, strict=True)]
    value, *replayed = replay([y, *slopes], dict(zip(leaves, second, strict=True)))
    fresh, fresh_leaves = run(program, second)
    assert np.array_equal(value, fresh.value, equal_nan=True)
    for g, wanted in zip(replayed, gradient(fresh, fresh_leaves), strict=True):
        assert np.array_equal(g, wanted, equal_nan=True)


@given(PROGRAM, PAIR)
def test_value_mode_is_what_the_gradient_graph_holds(program, values):
    y, leaves = run(program, values)
    fast, nodes = gradient(y, leaves), gradient(y, leaves, create_graph=True)
    for g, node in zip(fast, nodes, strict=True):
        assert np.array_equal(g, node.value, equal_nan=True)
        assert np.shape(g) == node.shape
        assert type(g) is type(node.value)


def test_graph_stays_as_it_is():
    x = leaf(2.0, "x")
    y = ops.exp(x) * x
    before = [n.value for n in toposort([y])]
    replay([y], {x: 3.0})
    assert [n.value for n in toposort([y])] == before


def test_an_inner_node_may_be_replaced():
    x = leaf(2.0, "x")
    middle = x * x
    y = middle + x
    assert replay([y], {middle: 10.0}) == [12.0]
    assert replay([y, middle, x], {middle: 10.0, x: 1.0}) == [11.0, 10.0, 1.0]


def test_kept_constants_and_missing_leaves_hold_their_values():
    x, w = leaf(2.0, "x"), leaf(5.0, "w")
    assert replay([w * x + 1.0], {x: 3.0}) == [16.0]
    assert replay([], {x: 3.0}) == []


def test_new_values_are_taken_in_as_leaves_are():
    x = leaf(2.0, "x")
    for value in (3, np.float64(3.0), np.array(3.0), np.int64(3)):
        (y,) = replay([x * x], {x: value})
        assert y == 9.0
        assert type(y) is float
    (y,) = replay([x * x], {x: [1.0, 2.0]})
    assert y.tolist() == [1.0, 4.0]


def test_a_long_chain_replays():
    x = leaf(0.0, "x")
    y = x
    for _ in range(100_000):
        y = y + 1.0
    assert replay([y], {x: 5.0}) == [100_005.0]


def test_deep_use_of_one_node_is_computed_once():
    x = leaf(1.0, "x")
    y = x
    for _ in range(300):
        y = y + y
    assert replay([y], {x: 3.0}) == [3.0 * 2.0**300]
