"""GradientFlow: the numbers it records, that it disturbs nothing, and that it goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from picture_boxes import faults

from autograd_lab.callbacks import LambdaCallback
from autograd_lab.callbacks.gradient_flow import GradientFlow
from autograd_lab.errors import UsageError
from autograd_lab.graph import leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.layers import BatchNormalization, Dense, Dropout, Input
from autograd_lab.models import Model, Sequential
from autograd_lab.utils import set_random_seed

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 5)), RNG.integers(0, 3, size=24)


def net(*between, loss="sparse_categorical_crossentropy"):
    set_random_seed(3)
    layers = [Input((5,)), Dense(6, "tanh", name="one"), *between, Dense(3, "softmax", name="two")]
    model = Sequential(layers)
    model.compile(optimizer="adam", loss=loss)
    return model


def by_hand(weights, x, y):
    """δ of both layers and the gradients of all weights, written out."""
    w1, b1, w2, b2 = weights
    a = np.tanh(x @ w1 + b1)
    z = a @ w2 + b2
    p = np.exp(z - z.max(axis=1, keepdims=True))
    top = p / p.sum(axis=1, keepdims=True) - np.eye(3)[y]
    low = (top @ w2.T) * (1 - a**2)
    pairs = [(x.T @ low, low.sum(axis=0)), (a.T @ top, top.sum(axis=0))]
    n = len(x)
    return [low, top], [np.concatenate([w.ravel() / n, b / n]) for w, b in pairs]


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


@pytest.mark.parametrize("measure", ["delta", "gradient"])
def test_every_column_is_that_of_the_weights_of_its_epoch(measure):
    model, seen = net(), []
    keep = LambdaCallback(on_epoch_end=lambda *_: seen.append(model.get_weights()))
    seen.append(model.get_weights())
    watch = GradientFlow(X[:8], Y[:8], measure=measure)
    model.fit(X, Y, epochs=3, batch_size=8, verbose=0, callbacks=[keep, watch])
    assert (watch.layers, watch.epochs) == (["one", "two"], [0, 1, 2, 3])
    for column, weights in zip(watch.history.T, seen, strict=True):
        found = by_hand(weights, X[:8], Y[:8])[measure == "gradient"]
        np.testing.assert_allclose(column, [rms(part) for part in found], rtol=1e-4)


def test_it_disturbs_nothing():
    def trained(callbacks):
        model = net(BatchNormalization(), Dropout(0.4))
        model.fit(X, Y, epochs=3, batch_size=8, verbose=0, callbacks=callbacks)
        return model.get_weights()

    watch = GradientFlow(X[:4], Y[:4])
    for plain, watched in zip(trained([]), trained([watch]), strict=True):
        np.testing.assert_array_equal(plain, watched)
    assert len(watch.layers) == 3
    assert (watch.history > 0).all()


def test_outside_training_the_averages_and_no_masks_are_used():
    model = net(BatchNormalization(name="norm"), Dropout(0.9))
    watch = GradientFlow(X, Y, training=False)
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[watch])
    engine = leaf(X.astype("float32"))
    p = model.call_unscoped(engine, training=False)
    loss = model.compiled.losses_of([Y], [p], [None])[0]
    z = p.inputs[0]
    slope = np.asarray(gradient(loss, [z], warn=False)[0]) * len(X)
    assert watch.history[-1, -1] == pytest.approx(rms(slope), rel=1e-4)


def test_what_a_single_precision_float_cannot_hold_is_recorded():
    set_random_seed(0)
    hidden = [Dense(8, "sigmoid", kernel_initializer="random_normal") for _ in range(30)]
    model = Sequential([Input((5,)), *hidden, Dense(3, "softmax")])
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    watch = GradientFlow(X, Y)
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[watch])
    assert 0 < watch.history[0, 0] < 1e-37


def test_a_loss_that_adds_up_its_examples():
    from autograd_lab.losses import SparseCategoricalCrossentropy

    found = []
    for loss in ("sparse_categorical_crossentropy", SparseCategoricalCrossentropy(reduction="sum")):
        watch = GradientFlow(X, Y)
        net(loss=loss).fit(X, Y, epochs=1, verbose=0, callbacks=[watch])
        found.append(watch.history[:, 0])
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_two_outputs_and_two_inputs():
    set_random_seed(0)
    a, b = Input((2,), name="a"), Input((3,), name="b")
    low = Dense(4, "tanh", name="low")
    outputs = [Dense(1, name="p")(low(a)), Dense(2, name="q")(b)]
    model = Model([a, b], outputs)
    model.compile(loss=["mse", "mae"], optimizer="sgd")
    x, y = [X[:, :2], X[:, 2:]], [Y[:, None] * 1.0, X[:, :2]]
    watch = GradientFlow(x, y)
    model.fit(x, y, epochs=1, verbose=0, callbacks=[watch])
    assert sorted(watch.layers) == ["low", "p", "q"]
    assert (watch.history > 0).all()


def test_it_goes_on_from_a_state():
    whole, first = GradientFlow(X, Y), GradientFlow(X, Y)
    net().fit(X, Y, epochs=4, verbose=0, callbacks=[whole])
    model = net()
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[first])
    state, arrays = first.get_state()
    second = GradientFlow(X, Y)
    second.on_train_begin()
    second.set_state(json.loads(json.dumps(state)), arrays)
    second.set_model(model)
    second.on_epoch_begin(2)
    assert second.epochs == [0, 1, 2]
    np.testing.assert_array_equal(second.history, first.history)
    np.testing.assert_array_equal(second.history, whole.history[:, :3])
    empty = GradientFlow(X, Y)
    empty.set_state(*GradientFlow(X, Y).get_state())
    assert empty.history.shape == (0, 0)


def test_every_second_epoch():
    watch = GradientFlow(X, Y, every=2)
    net().fit(X, Y, epochs=5, verbose=0, callbacks=[watch])
    assert watch.epochs == [0, 2, 4]


def test_the_heat_map(tmp_path):
    watch = GradientFlow(X, Y)
    net().fit(X, Y, epochs=3, verbose=0, callbacks=[watch])
    figure = watch.plot(tmp_path / "flow.svg")
    svg = (tmp_path / "flow.svg").read_text()
    assert svg == figure.svg()
    assert faults(svg) == []
    heat = figure.panels[0].items[0]
    assert (heat.rows, heat.columns) == (("two", "one"), ("0", "1", "2", "3"))
    np.testing.assert_array_equal(heat.values, watch.history[::-1])
    assert "at epoch 3" in figure.description
    with pytest.raises(UsageError, match="nothing was recorded"):
        GradientFlow(X, Y).plot()


@pytest.mark.parametrize(
    "asked",
    [
        {"measure": "norm"}, {"every": 0}, {"every": 1.5}, {"training": "yes"},
        {"y": Y[:3]}, {"x": np.ones((0, 5)), "y": Y[:0]}, {"x": 3.0},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(asked):
    with pytest.raises(UsageError, match="GradientFlow"):
        GradientFlow(**{"x": X, "y": Y, **asked})
