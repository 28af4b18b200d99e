"""Why a gradient is zero: nets built so that one known node blocks it."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_lab import layers, models
from autograd_lab.diagnosis import mlp
from autograd_lab.diagnosis.blocks import KINDS
from autograd_lab.diagnosis.recorded import record_model
from autograd_lab.diagnosis.zero_gradient import why_zero, why_zero_in
from autograd_lab.errors import UsageError
from autograd_lab.interpreters.differentiate import backward

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 3))
X[:, 2] = 0.0
Y = RNG.integers(0, 2, 6)


def net(*row, **weights):
    """A model on X, with some of its weights replaced by name."""
    model = models.Sequential([layers.Input((3,)), *row])
    for w in model.weights:
        name = w.path.replace("/", "_")
        if name in weights:
            w.assign(np.broadcast_to(weights[name], w.shape))
    return model


def dense(units, act, name):
    return layers.Dense(units, act, name=name, bias_initializer="zeros")


def two_layers(act="relu", **weights):
    return net(dense(4, act, "a"), dense(4, act, "b"), dense(2, None, "c"), **weights)


def only(model, weight, index, x=X, y=Y):
    """The single kind of block, its place, and the number of examples it explains."""
    found = why_zero(model, x, y, weight, index)
    assert found.gradient == 0.0 or abs(found.gradient) < 1e-6
    (block,) = found.blocks
    assert block.kind in found.text()
    return block.kind, block.where, block.examples


DEAD = np.array([0.0, -50.0, 0.0, 0.0])
ROWS = np.ones((4, 2)) * np.array([[0.0], [1.0], [1.0], [1.0]])
BLOCKED = {
    "zero input": (lambda: two_layers(), "a/kernel", (2, 0), "input 2"),
    "dead unit": (lambda: two_layers(a_bias=DEAD), "a/kernel", (0, 1), "unit 1 of a"),
    "dead unit below": (lambda: two_layers(a_bias=DEAD), "b/kernel", (1, 1), "unit 1 of a"),
    "dead layer above": (
        lambda: two_layers(a_bias=9.0, b_bias=-99.0), "a/kernel", (0, 1), "b",
    ),
    "saturated unit": (
        lambda: two_layers("sigmoid", a_bias=300.0), "a/kernel", (0, 1), "unit 1 of a",
    ),
    "saturated tanh": (lambda: two_layers("tanh", a_bias=300.0), "a/bias", 2, "unit 2 of a"),
    "clipped": (lambda: two_layers("hard_tanh", a_bias=9.0), "a/kernel", (0, 1), "unit 1 of a"),
    "clipped relu6": (lambda: two_layers("relu6", a_bias=99.0), "a/kernel", (0, 1), "unit 1 of a"),
    "leads nowhere": (
        lambda: two_layers("tanh", c_kernel=ROWS), "b/bias", 0, "unit 0 of b",
    ),
    "symmetric": (lambda: two_layers("tanh", c_kernel=0.0), "b/kernel", (0, 1), "c"),
    "disconnected": (
        lambda: net(dense(4, "tanh", "a"), layers.BatchNormalization(name="n"),
                    dense(2, None, "c")),
        "n/moving_mean", 0, "n/moving_mean",
    ),
    "gamma is 0": (
        lambda: net(dense(4, None, "a"), layers.BatchNormalization(name="n"),
                    layers.Activation("tanh"), dense(2, None, "c"), n_gamma=0.0),
        "a/kernel", (0, 1), "unit 1 of a",
    ),
    "removed by normalization": (
        lambda: net(dense(4, None, "a"), layers.BatchNormalization(name="n"),
                    layers.Activation("tanh"), dense(2, None, "c")),
        "a/bias", 1, "a/bias",
    ),
    "underflow": (
        lambda: net(*[dense(6, "sigmoid", f"d{i}") for i in range(80)], dense(2, None, "c")),
        "d0/kernel", (0, 1), "the layers above together",
    ),
}  # fmt: skip


SAME = {"dead unit below": "dead unit", "dead layer above": "dead unit",
        "saturated tanh": "saturated unit", "clipped relu6": "clipped"}  # fmt: skip


@pytest.mark.parametrize("case", BLOCKED)
def test_the_blocking_node_is_named(case):
    make, weight, index, where = BLOCKED[case]
    kind, place, examples = only(make(), weight, index)
    assert case.startswith(kind) or (kind in ("dead unit", "saturated unit") and kind[:4] in case)
    assert (place, examples) == (where, 6)


def test_dropout_masks_a_unit():
    model = net(dense(40, "tanh", "a"), layers.Dropout(0.5, seed=1), dense(2, None, "c"))
    found = why_zero(model, X[:1], Y[:1], "c/kernel", (0, 0))
    again = why_zero(model, X[:1], Y[:1], "c/kernel", (0, 0))
    assert found.text() == again.text()  # a question changes no generator
    dropped_units = 0
    for j in range(40):
        one = why_zero(model, X[:1], Y[:1], "a/kernel", (0, j))
        dropped = [b.kind for b in one.blocks] == ["masked by dropout"]
        assert one.is_zero == dropped == (one.gradient == 0.0)
        dropped_units += dropped
    assert 5 < dropped_units < 35


def test_every_example_may_have_its_own_reason():
    """Where the unit is on, the input is 0: neither is dead, and both are named."""
    x = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    kernel = np.array([[-1.0], [1.0], [0.0]])
    model = net(dense(1, "relu", "a"), dense(2, None, "c"), a_kernel=kernel, c_kernel=[[1.0, -1.0]])
    found = why_zero(model, x, np.array([0, 1]), "a/kernel", (0, 0))
    assert {(b.kind, b.examples) for b in found.blocks} == {("unit is off", 1), ("zero input", 1)}


def test_a_loss_that_holds_a_logarithm_lets_nothing_through():
    model = net(dense(2, "softmax", "c"), c_kernel=0.0, c_bias=[90.0, -90.0])
    wrong, right = np.ones(6, dtype=int), np.zeros(6, dtype=int)
    for y in (wrong, right):
        kind, where, examples = only(model, "c/bias", 0, y=y)
        assert (kind, where, examples) == ("clipped", "a value in the loss", 6)


def test_shares_that_cancel():
    x = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    model = net(dense(2, None, "c"), c_kernel=0.0)
    found = why_zero(model, x, np.array([1, 1]), "c/kernel", (0, 0))
    assert [b.kind for b in found.blocks] == ["cancels"]


@pytest.mark.parametrize("act", ["relu", "tanh", "relu6", "hard_sigmoid"])
def test_blocks_are_told_for_zeros_and_for_nothing_else(act):
    """Every entry of every kernel and bias: blocks exactly where reverse mode gives 0."""
    rng = np.random.default_rng(4)
    model = two_layers(act, a_kernel=rng.normal(0, 3, (3, 4)), b_kernel=rng.normal(0, 3, (4, 4)))
    recorded = record_model(model, X, Y)
    slopes = backward(recorded.loss, model.trainable_weights)
    zeros = 0
    for w in model.trainable_weights:
        for place in np.ndindex(w.shape):
            found = why_zero_in(recorded, w, place)
            zero = slopes[w][place] == 0.0
            assert found.is_zero == zero
            assert found.gradient == pytest.approx(float(slopes[w][place]), rel=1e-5, abs=1e-12)
            if zero:
                assert sum(b.examples for b in found.blocks) == 6
                assert all(b.meaning == KINDS[b.kind] for b in found.blocks)
            zeros += zero
    assert zeros >= 4


def test_a_net_of_words_can_be_asked():
    d = mlp("5-3x4-2", init="zeros", seed=1)
    text = why_zero_in(d.recorded, "dense_2/kernel", (0, 0)).text()
    assert "dead unit: unit 0 of dense_1, in 64 of 64 examples" in text


@pytest.mark.parametrize(
    ("weight", "index", "words"),
    [("a/kernal", (0, 0), "did you mean a/kernel"), ("a/kernel", (9, 0), "has the shape"),
     ("a/kernel", 0, "has the shape"), ("a/bias", (0, 0), "has the shape"),
     (np.ones(3), 0, "give a weight"), ("a/kernel", (-1, 0), "has the shape")],
)  # fmt: skip
def test_refusals(weight, index, words):
    with pytest.raises(UsageError, match=words):
        why_zero(two_layers(), X, Y, weight, index)
