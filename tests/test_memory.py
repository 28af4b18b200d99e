"""Nodes leave no cycles behind: what goes out of use is gone at once, collector or not."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from autograd_lab import ops
from autograd_lab.graph import Node, leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import Program

STEPS = 10_000


@pytest.fixture
def without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def nodes_alive():
    return sum(type(x) is Node for x in gc.get_objects())


def step(w):
    y = ops.sum(ops.tanh(w * 2.0 + 1.0) ** 2)
    return w.value - 0.01 * gradient(y, [w])[0]


@pytest.mark.parametrize("start", [0.5, np.linspace(-1.0, 1.0, 8)], ids=["number", "array"])
def test_ten_thousand_steps_leave_nothing_behind(start, without_collector):
    w = start
    for _ in range(100):
        w = step(leaf(w))
    before, objects = nodes_alive(), len(gc.get_objects())
    for _ in range(STEPS):
        w = step(leaf(w))
    assert nodes_alive() == before
    assert len(gc.get_objects()) - objects < STEPS / 100
    assert gc.collect() < STEPS / 100


def test_the_watch_sees_a_cycle(without_collector):
    before, kept = nodes_alive(), []
    for _ in range(10):
        node = leaf(1.0)
        kept.append([node, kept])
    assert nodes_alive() == before + 10


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_graph_dies_with_its_last_name(create_graph, without_collector):
    x = leaf(np.ones(3), "x")
    y = ops.sum(ops.exp(x) * x)
    slopes = gradient(y, [x], create_graph=create_graph)
    alive = [weakref.ref(y), weakref.ref(x)]
    del y, x, slopes
    assert [ref() for ref in alive] == [None, None]


def test_a_program_keeps_no_values_of_the_first_walk(without_collector):
    x = leaf(np.ones(3), "x")
    middle = ops.exp(x)
    seen = weakref.ref(middle)
    program = Program([ops.sum(middle)], [x])
    del middle
    assert seen() is None
    assert program([np.zeros(3)]) == [3.0]
