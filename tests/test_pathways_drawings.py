"""Pictures of networks: what is drawn is what was measured, what is left out is said."""

from __future__ import annotations

import re

import numpy as np
import pytest
from picture_boxes import faults

from autograd_lab import ops
from autograd_lab.errors import UsageError
from autograd_lab.graph import leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.layers import Add, BatchNormalization, Dense, Input
from autograd_lab.models import Model, Sequential
from autograd_lab.pathways import explain_paths
from autograd_lab.pathways.cells import Cells
from autograd_lab.pathways.drawings import (
    MOST_ON_PATHS,
    MOST_WIRES,
    neighbourhood,
    neurons,
    strongest_paths,
    weakest_paths,
)
from autograd_lab.pathways.layer_boxes import layer_boxes
from autograd_lab.pictures import to_dot, to_mermaid, to_svg
from autograd_lab.utils import set_random_seed

ENGINE = "builtin"


@pytest.fixture(scope="module")
def deep():
    set_random_seed(0)
    hidden = [
        Dense(100, "relu", kernel_initializer="he_normal", name=f"hidden_{i}") for i in range(20)
    ]
    model = Sequential([Input((784,)), *hidden, Dense(10, "softmax", name="top")])
    model.compile(loss="sparse_categorical_crossentropy")
    return model, np.random.default_rng(0).normal(size=(1, 784))


@pytest.fixture(scope="module")
def report(deep):
    return explain_paths(*deep, unit=3, k=300)


def residual():
    set_random_seed(1)
    start = Input((6,))
    layer = Add(name="sum")([Dense(6, "tanh", name="first")(start), start])
    layer = BatchNormalization(name="norm")(layer)
    model = Model(start, Dense(3, "softmax", name="last")(layer))
    x = np.linspace(-1, 1, 6)[None]
    return explain_paths(model, x, output="probability", unit=1, k=20)


def numbers():
    a, b = leaf(0.5, "a"), leaf(-1.5, "b")
    return explain_paths(ops.tanh(a * b + a) * ops.exp(b))


def weights(deep):
    return explain_paths(*deep, np.array([4]), output="loss", wrt="hidden_17", k=5)


# --- no text meets another, whatever is drawn -----------------------------------------------------


def test_nothing_overlaps(deep, report):
    small, few, inner = residual(), numbers(), weights(deep)
    diagrams = [
        layer_boxes(report), layer_boxes(report, collapse=True), layer_boxes(small),
        layer_boxes(inner), strongest_paths(report, 10), weakest_paths(report, 4, beside=2),
        strongest_paths(small, 20), strongest_paths(few, 9), strongest_paths(inner, 5),
        neurons(small), neurons(few), neurons(report, 3), neurons(inner, 4),
        neighbourhood(report, "hidden_7[17]"), neighbourhood(report, "top[3]", 12),
        neighbourhood(report, "x[400]"), neighbourhood(few, "a"),
    ]  # fmt: skip
    for diagram in diagrams:
        assert faults(to_svg(diagram, engine=ENGINE)) == []
        assert diagram.title
        assert diagram.description.endswith(".")
        assert to_dot(diagram)
        assert to_mermaid(diagram)


# --- layers ---------------------------------------------------------------------------------------


def test_one_box_for_each_layer(report):
    diagram = layer_boxes(report)
    titles = [box.title.plain() for box in diagram.boxes]
    assert titles == [*[f"hidden_{i}" for i in range(20)], "top"]
    assert len(diagram.arrows) == 20
    assert diagram.boxes[0].lines[0].plain() == "784 → 100, relu"
    assert diagram.boxes[-1].kind == "output"


def test_twenty_layers_as_one_box(report):
    diagram = layer_boxes(report, collapse=True)
    block, top = diagram.boxes
    assert block.title.plain() == "×20  hidden_0 to hidden_19"
    assert [line.plain() for line in block.lines[:2]] == ["784 → 100, relu", "then 100 → 100"]
    assert top.title.plain() == "top"
    whole = layer_boxes(report)
    assert diagram.arrows[0].label == whole.arrows[-1].label
    factor = 10 ** ((whole.boxes[0].magnitude - whole.boxes[-2].magnitude) / 19)
    assert f"×{factor:.3f} per layer" in block.lines[-1].plain()


def test_the_gradient_of_a_layer_is_that_of_the_engine(deep, report):
    model, x = deep
    nodes = {}
    logits = model.call_unscoped(leaf(x.astype("float32"))).inputs[0]
    stack = [logits]
    while stack:
        node = stack.pop()
        if node.op is not None and node.op.name == "add":
            nodes[node.scope[0]] = node
        stack += node.inputs
    found = gradient(logits[0, 3], list(nodes.values()), warn=False)
    for box in layer_boxes(report).boxes:
        slope = np.asarray(found[list(nodes).index(box.title.plain())])
        assert box.magnitude == pytest.approx(np.log10(np.sqrt(np.mean(slope**2))), abs=1e-5)


def test_a_branch_is_drawn_with_its_input():
    diagram = layer_boxes(residual())
    titles = [box.title.plain() for box in diagram.boxes]
    assert titles == ["x", "first", "sum", "norm", "last"]
    assert diagram.boxes[2].lines[0].plain() == "6, 6 → 6"
    assert diagram.boxes[4].lines[0].plain() == "6 → 3, softmax"
    ends = {(titles[int(a.tail)], titles[int(a.head)]) for a in diagram.arrows}
    assert ("x", "sum") in ends
    assert ("first", "sum") in ends
    assert diagram.title.startswith("4 layers")


# --- paths ----------------------------------------------------------------------------------------


def halo(diagram):
    names = {box.id: box.title.plain() for box in diagram.boxes}
    return {(names[a.tail], names[a.head]) for a in diagram.arrows if a.emphasized}


@pytest.mark.parametrize("draw", [strongest_paths, weakest_paths])
def test_the_halo_follows_the_first_path(report, draw):
    path = (report.strongest if draw is strongest_paths else report.weakest)[0]
    diagram = draw(report, 3)
    steps = set(zip(path.neurons, path.neurons[1:], strict=False))
    assert halo(diagram) == steps
    assert {b.title.plain() for b in diagram.boxes if b.emphasized} == set(path.neurons)


def test_every_path_asked_for_is_there(report):
    diagram = strongest_paths(report, 8)
    names = {box.id: box.title.plain() for box in diagram.boxes}
    labelled = {(names[a.tail], names[a.head]) for a in diagram.arrows if a.label}
    for path in report.strongest[:8]:
        assert set(zip(path.neurons, path.neurons[1:], strict=False)) <= labelled
    assert "8 strongest" in diagram.caption


def test_what_is_left_out_is_counted(report):
    diagram = strongest_paths(report, 5, beside=2)
    for layer, size in [("x", 784), ("hidden_0", 100), ("hidden_19", 100)]:
        own = [box for box in diagram.boxes if box.group == layer]
        counted = [re.fullmatch(r"… ([\d,]+) more", box.title.plain()) for box in own]
        rest = [int(found[1].replace(",", "")) for found in counted if found]
        assert len(rest) == 1
        assert len(own) - 1 + rest[0] == size
    grey = [box for box in diagram.boxes if box.magnitude is None and "…" not in box.title.plain()]
    assert len(grey) == 2 * 21


def test_too_many_paths_are_fewer_and_said_so(report):
    diagram = strongest_paths(report, 300)
    coloured = [box for box in diagram.boxes if box.magnitude is not None]
    assert len(coloured) <= MOST_ON_PATHS
    said = int(re.match(r"The (\d+) strongest", diagram.caption)[1])
    on = {name for path in report.strongest[:said] for name in path.neurons}
    assert {box.title.plain() for box in coloured} == on


def test_no_open_path_cannot_be_drawn():
    model = Sequential([Dense(2, "relu", input_shape=(2,)), Dense(1)])
    model.layers[0].set_weights([np.ones((2, 2)), np.full(2, -9.0)])
    dead = explain_paths(model, np.ones((1, 2)))
    with pytest.raises(UsageError, match="here 0 are"):
        strongest_paths(dead)


# --- neurons --------------------------------------------------------------------------------------


def test_every_neuron_of_a_small_net():
    small = residual()
    diagram = neurons(small)
    assert len(diagram.boxes) == 6 * 4 + 3 + 1
    cells = Cells(small.network)
    wires = sum(len(list(cells.into(cells.cell((layer, i)))))
                for layer in cells.layers for i in range(small.network.layers[layer].size)
                if layer != cells.top[0] or i == cells.top[1])  # fmt: skip
    assert len(diagram.arrows) == wires == 36 + 6 + 6 + 6 + 18 + 3
    assert "left out" not in diagram.caption


def test_neurons_of_a_large_net_are_chosen_and_counted(report):
    diagram = neurons(report, 50)
    assert len(diagram.arrows) <= MOST_WIRES
    drawn = len(diagram.boxes)
    assert f"{784 + 2000 + 1 - drawn:,} others" in diagram.caption


def test_a_neuron_and_what_it_is_joined_to(report):
    diagram = neighbourhood(report, "hidden_7[17]", 4)
    titles = [box.title.plain() for box in diagram.boxes]
    assert sum(title.startswith("hidden_6[") for title in titles) == 4
    assert sum(title.startswith("hidden_8[") for title in titles) == 4
    assert titles.count("… 96 more") == 2
    assert "100 edges enter hidden_7[17], 100 leave it" in diagram.caption


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hiden_7[17]", "did you mean hidden_7"),
        ("hidden_7[100]", "no such neuron"),
        ("", "layers:"),
    ],
)
def test_an_unknown_neuron_is_refused(report, name, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        neighbourhood(report, name)
