"""A plan gives the numbers of replay: every operation, random graphs, layers and optimizers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SAMPLES

import autograd_lab as keras
from autograd_lab import ops
from autograd_lab.graph import OPS, Node, leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import Program
from autograd_lab.plans.plan import Plan
from autograd_lab.training import step as training_step
from autograd_lab.variables import Variable

CLOSE = 2e-6  # of the largest entry, where a plan adds up in another order


def agree(found, wanted, what=""):
    for a, b in zip(found, wanted, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        assert a.dtype == b.dtype, what
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b))))
        wide = 1e-13 if b.dtype == np.float64 else CLOSE
        np.testing.assert_allclose(
            a.astype(float), b.astype(float), rtol=wide, atol=wide * scale, err_msg=what
        )


def both(outputs, leaves, *runs):
    """The outputs by a plan and by replay, run after run on different values."""
    plan, program = Plan(leaves, outputs), Program(outputs, leaves)
    for values in runs:
        agree(plan(values), program(values), plan.source)


# --- operations -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number"),
    [(name, i) for name, row in SAMPLES.items() for i in range(len(row.cases))],
)
def test_every_operation_and_its_gradient(name, number):
    case = SAMPLES[name].cases[number]
    leaves = [leaf(x, f"x{i}") for i, x in enumerate(case.values)]
    y = OPS[name](*leaves, **case.attrs)
    free = [x for i, x in enumerate(leaves) if i not in case.held and x.dtype.kind == "f"]
    slopes = []
    if y.dtype.kind == "f" and OPS[name].smooth:
        slopes = gradient(ops.sum(y * y), free, create_graph=True, warn=False)
    values = [x.value for x in leaves]
    both([y, *slopes], leaves, values, values)


# --- random graphs --------------------------------------------------------------------------------

UNARY = ("negative", "exp", "tanh", "square", "relu", "abs", "sigmoid", "softplus", "sin")
BINARY = ("add", "subtract", "multiply", "maximum", "minimum")
MOVES = ("transpose", "reshape", "sum", "mean", "softmax", "broadcast", "matmul", "scalar")


def grown(data, leaves, count):
    """A graph that uses what it has made again and again."""
    made = list(leaves)
    for _ in range(count):
        kind = data.draw(st.sampled_from([*UNARY, *BINARY, *MOVES]))
        x = data.draw(st.sampled_from(made))
        if kind in UNARY:
            new = OPS[kind](x * 0.3)
        elif kind in BINARY:
            fitting = [a for a in made if a.shape == x.shape or not a.shape]
            new = OPS[kind](x, data.draw(st.sampled_from(fitting)))
        elif kind == "transpose":
            new = ops.transpose(x)
        elif kind == "reshape":
            new = ops.reshape(x, x.shape[::-1])
        elif kind in ("sum", "mean"):
            new = getattr(ops, kind)(x, axis=0, keepdims=True) if x.shape else x
        elif kind == "softmax":
            new = ops.softmax(x) if x.shape else x
        elif kind == "broadcast":
            new = ops.broadcast_to(x, (2, *x.shape))[0]
        elif kind == "matmul":
            new = ops.transpose(x) @ x * 0.1 if x.ndim == 2 else x
        else:
            new = ops.sum(x) * 0.01
        made.append(new)
    return made


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["float32", "float64"]))
def test_random_graphs_and_their_gradients(data, kind):
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    leaves = [leaf(rng.uniform(-1, 1, (3, 4)).astype(kind), "a"), leaf(0.5, "b")]
    made = grown(data, leaves, data.draw(st.integers(1, 14)))
    total = sum((ops.sum(x) for x in made[-4:]), ops.sum(made[0]))
    slopes = gradient(total, leaves, create_graph=True, warn=False)
    other = [rng.uniform(-1, 1, (3, 4)).astype(kind), -0.25]
    outputs = [total, *slopes, *made[-3:]]
    both(outputs, leaves, [x.value for x in leaves], other, other)


# --- updates --------------------------------------------------------------------------------------


def test_updates_are_simultaneous():
    a, b, c = (
        Variable([1.0, 2.0], name="a"),
        Variable([3.0, 4.0], name="b"),
        Variable(5.0, name="c"),
    )
    plan = Plan([], [ops.sum(a)], updates=[(a, b), (b, a), (c, c + ops.sum(a))])
    assert plan([]) == [3.0]
    assert (a.numpy().tolist(), b.numpy().tolist(), c.numpy()) == ([3.0, 4.0], [1.0, 2.0], 8.0)
    plan([])
    assert (a.numpy().tolist(), b.numpy().tolist(), c.numpy()) == ([1.0, 2.0], [3.0, 4.0], 15.0)


def test_the_old_value_is_read_before_it_is_written_over():
    w, v = Variable(np.ones((2, 2)), name="w"), Variable(np.ones((2, 2)), name="v")
    x = leaf(np.eye(2, dtype="float32"), "x")
    new = w * 2.0
    plan = Plan([x], [x @ ops.transpose(w), new], updates=[(w, new), (v, v + w)], rows=[(w, v)])
    before, after = plan([x.value])
    assert before.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert after.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert v.numpy().tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_a_value_assigned_between_runs_counts():
    w = Variable([1.0], name="w")
    plan = Plan([], [w * 10.0], updates=[(w, w + 1.0)], rows=[(w,)])
    assert plan([])[0].tolist() == [10.0]
    w.assign([7.0])
    assert plan([])[0].tolist() == [70.0]
    assert w.numpy().tolist() == [8.0]


def test_two_plans_on_the_same_variables_see_each_other():
    w, m = Variable([1.0, 2.0], name="w"), Variable([0.0, 0.0], name="m")
    step = Plan([], [w], updates=[(m, m + w), (w, w + m)], rows=[(w, m)])
    look = Plan([], [w * 1.0, m * 1.0])
    for _ in range(3):
        step([])
        assert [x.tolist() for x in look([])] == [w.numpy().tolist(), m.numpy().tolist()]


def test_a_gradient_that_two_weights_share_reaches_both():
    v, w = Variable([1.0, 2.0], name="v"), Variable([3.0, 4.0], name="w")
    x, rate = leaf(np.ones(2, "float32"), "x"), leaf(np.full(2, 0.5, "float32"), "rate")
    shared = ops.sum(ops.reshape(x, (1, 2)) * 1.5, axis=0)
    updates = [(v, v - rate * ops.exp(shared)), (w, w - rate * ops.exp(shared))]
    plan = Plan([x, rate], [], updates=updates, rows=[(v,), (w,)])
    start = np.array([v.numpy(), w.numpy()])
    for scale in (1.0, 2.0):
        plan([np.full(2, scale), np.full(2, 0.5)])
        start = start - 0.5 * np.exp(1.5 * scale)
        np.testing.assert_allclose([v.numpy(), w.numpy()], start, rtol=1e-6)


def test_answers_are_copies():
    x = leaf(np.ones(3), "x")
    plan = Plan([x], [x + 1.0])
    (first,) = plan([np.zeros(3)])
    plan([np.full(3, 9.0)])
    assert first.tolist() == [1.0, 1.0, 1.0]


def test_names_of_users_are_no_code():
    evil = 'w"); import os; os.abort()\n    os.abort() #'
    w = Variable([1.0], name=evil)
    with_scope = keras.layers.Dense(1, name=evil)
    y = with_scope(leaf(np.ones((1, 1), "float32"), evil))
    plan = Plan([], [w * 2.0, y * 1.0], updates=[(w, w * 3.0)], rows=[(w,)])
    plan([])
    assert w.numpy().tolist() == [3.0]
    assert "os.abort" not in plan.source


# --- training steps -------------------------------------------------------------------------------

LAYERS = {
    "dense": lambda of: [of.Dense(5, "relu"), of.Dense(3, "softmax")],
    "no bias": lambda of: [of.Dense(5, "tanh", use_bias=False), of.Dense(3, "softmax")],
    "batchnorm": lambda of: [
        of.Dense(5), of.BatchNormalization(), of.ELU(), of.Dense(3, "softmax"),
    ],
    "layernorm": lambda of: [
        of.Dense(5), of.LayerNormalization(), of.ReLU(), of.Dense(3, "softmax"),
    ],
    "dropout": lambda of: [
        of.Dropout(0.2), of.Dense(8, "selu"), of.Dropout(0.5), of.Dense(3, "softmax"),
    ],
    "noise": lambda of: [of.GaussianNoise(0.1), of.Dense(5, "gelu"), of.Dense(3, "softmax")],
    "slopes": lambda of: [
        of.Dense(5), of.PReLU(), of.Dense(5), of.LeakyReLU(), of.RReLU(), of.Dense(3, "softmax"),
    ],
    "shapes": lambda of: [
        of.Reshape((2, 2)), of.Flatten(), of.Rescaling(0.5, 1.0), of.Dense(3, "softmax"),
    ],
    "penalties": lambda of: [
        of.Dense(5, "sigmoid", kernel_regularizer="l2", kernel_constraint="max_norm"),
        of.Dense(3, "softmax", activity_regularizer="l1", bias_constraint="non_neg"),
    ],
}  # fmt: skip
OPTIMIZERS = {
    "sgd": lambda of: of.SGD(0.1),
    "momentum": lambda of: of.SGD(0.1, momentum=0.9),
    "nesterov": lambda of: of.SGD(0.1, momentum=0.9, nesterov=True),
    "adagrad": lambda of: of.Adagrad(0.1),
    "rmsprop": lambda of: of.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": lambda of: of.Adam(0.01),
    "amsgrad": lambda of: of.Adam(0.01, amsgrad=True, clipnorm=0.5),
    "adamw": lambda of: of.AdamW(0.01, clipvalue=0.01),
    "adamax": lambda of: of.Adamax(0.01, global_clipnorm=0.5),
    "nadam": lambda of: of.Nadam(0.01, weight_decay=0.01),
    "adadelta": lambda of: of.Adadelta(0.5, use_ema=True, ema_overwrite_frequency=3),
    "schedule": lambda of: of.SGD(of.schedules.ExponentialDecay(0.1, 2, 0.5)),
    "lecture": lambda of: of.SGD(0.05, momentum=0.5, nesterov=True, convention="lecture-fixed"),
}  # fmt: skip
LOSSES = ("sparse_categorical_crossentropy", "mse")


def trained(layers, optimizer, loss, eagerly):
    """Weights and losses after steps on batches of two sizes."""
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), *LAYERS[layers](keras.layers)])
    model.compile(OPTIMIZERS[optimizer](keras.optimizers), loss, run_eagerly=eagerly)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(22, 4))
    y = rng.integers(0, 3, 22) if loss.startswith("sparse") else rng.normal(size=(22, 3))
    history = model.fit(x, y, epochs=3, batch_size=8, verbose=0)
    losses = np.array(history.history["loss"], "float32")
    return [*model.get_weights(), losses, model.predict(x, verbose=0)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("layers", "optimizer"),
    [*[(layers, "adam") for layers in LAYERS], *[("dense", name) for name in OPTIMIZERS],
     ("penalties", "momentum"), ("batchnorm", "rmsprop"), ("penalties", "adamax")],
)  # fmt: skip
def test_training_by_plan_is_training_by_replay(layers, optimizer, loss):
    agree(trained(layers, optimizer, loss, False), trained(layers, optimizer, loss, True))


def test_every_step_of_fit_is_a_plan(monkeypatch):
    made = []
    monkeypatch.setattr(training_step, "Plan", lambda *a: made.append(Plan(*a)) or made[-1])
    trained("dense", "adam", "mse", False)
    assert len(made) == 3  # two sizes of batches to train on, one to predict
    assert not any(isinstance(x, Node) for plan in made for x in vars(plan).values())


# --- the helper can fail --------------------------------------------------------------------------


def test_a_planted_mistake_is_seen(monkeypatch):
    from autograd_lab.plans import emitters

    monkeypatch.setitem(emitters.EMITTERS, "relu", lambda node, out, x: [f"copyto({out}, {x})"])
    with pytest.raises(AssertionError):
        both(
            [ops.relu(leaf_ := leaf(np.array([-1.0, 2.0]), "x"))], [leaf_], [np.array([-1.0, 2.0])]
        )
