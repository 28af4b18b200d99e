"""Models: layers in a row or in any graph, classes of one's own, weights, settings and tables."""

from __future__ import annotations

import gc
import json

import numpy as np
import pytest

import autograd_lab as keras
from autograd_lab import layers, models, ops, optimizers, utils
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import Node
from autograd_lab.random import SeedGenerator

RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(12, 3))
Z = RANDOM.normal(size=(12, 2))
Y = RANDOM.normal(size=(12, 1))


@pytest.fixture(autouse=True)
def _double_precision():
    keras.config.set_floatx("float64")
    utils.set_random_seed(6)
    yield
    keras.config.set_floatx("float32")


def bits(model):
    return b"".join(w.tobytes() for w in model.get_weights())


def dense(x, layer):
    return x @ layer.kernel.numpy() + layer.bias.numpy()


# --- graphs of layers -----------------------------------------------------------------------------


def branched():
    """Two inputs, a branch that is merged again, a layer used twice, two outputs."""
    a, b = layers.Input((3,), name="a"), layers.Input((2,), name="b")
    shared = layers.Dense(4, "tanh", name="shared")
    left = shared(a)
    right = shared(layers.Concatenate(name="wide")([b, layers.Dense(1, name="one")(a)]))
    total = layers.Add(name="total")([left, right])
    first = layers.Dense(1, name="first")(total)
    second = layers.Dense(2, name="second")(layers.Concatenate(name="all")([total, left]))
    return models.Model([a, b], [first, second])


def branched_by_hand(model, x, z):
    layer = model.get_layer
    left = np.tanh(dense(x, layer("shared")))
    right = np.tanh(dense(np.hstack([z, dense(x, layer("one"))]), layer("shared")))
    total = left + right
    return dense(total, layer("first")), dense(np.hstack([total, left]), layer("second"))


def test_a_graph_calculates_what_its_layers_do():
    model = branched()
    for found, wanted in zip(
        model.predict([X, Z], verbose=0), branched_by_hand(model, X, Z), strict=True
    ):
        assert np.allclose(found, wanted, atol=1e-14)


@pytest.mark.parametrize("given", [[X, Z], (X, Z), {"a": X, "b": Z}, {"b": Z, "a": X}])
def test_inputs_come_in_order_or_by_name(given):
    model = branched()
    wanted = branched_by_hand(model, X, Z)
    assert np.allclose(model.predict(given, verbose=0)[1], wanted[1], atol=1e-14)
    assert np.allclose(model(given)[0].value, wanted[0], atol=1e-14)


def test_a_layer_used_twice_has_its_weights_once():
    model = branched()
    names = [w.path for w in model.weights]
    assert names.count("shared/kernel") == 1
    assert model.count_params() == (3 * 4 + 4) + (3 + 1) + (4 + 1) + (8 * 2 + 2)
    assert [layer.name for layer in model.layers].count("shared") == 1


def test_slopes_of_a_layer_used_twice_add_up():
    """Both uses by differences, against one step of plain gradient descent."""
    model = branched()
    model.compile(optimizers.SGD(1.0), "mse", loss_weights=[0.5, 2.0])
    y = [Y, np.hstack([Y, -Y])]
    kernel = model.get_layer("shared").kernel
    before = kernel.numpy()

    def loss(w):
        kernel.assign(w)
        errors = [np.mean((p - t) ** 2) for p, t in zip(branched_by_hand(model, X, Z), y)]  # noqa: B905
        return 0.5 * errors[0] + 2.0 * errors[1]

    slope = np.zeros_like(before)
    for place in np.ndindex(*before.shape):
        step = np.zeros_like(before)
        step[place] = 1e-5
        slope[place] = (loss(before + step) - loss(before - step)) / 2e-5
    kernel.assign(before)
    model.train_on_batch([X, Z], y)
    assert np.allclose(before - kernel.numpy(), slope, rtol=0, atol=1e-8)


def test_a_part_of_a_graph_is_a_model():
    """Up to a layer inside, and from a layer inside on; both share the layers."""
    x = layers.Input((3,))
    h = layers.Dense(4, "tanh", name="h")(x)
    y = layers.Dense(1, name="y")(h)
    whole, front, back = models.Model(x, y), models.Model(x, h), models.Model(h, y)
    hidden = front.predict(X, verbose=0)
    assert np.array_equal(back.predict(hidden, verbose=0), whole.predict(X, verbose=0))
    assert [layer.name for layer in back.layers][1:] == ["y"]
    back.layers[1].set_weights([np.zeros((4, 1)), np.ones(1)])
    assert np.array_equal(whole.predict(X, verbose=0), np.ones((12, 1)))


def test_models_within_models():
    inner = models.Sequential([layers.Input((3,)), layers.Dense(4, "tanh")], name="inner")
    deeper = models.Sequential([inner, layers.Dense(2)], name="deeper")
    x = layers.Input((3,))
    model = models.Model(x, layers.Add()([deeper(x), layers.Dense(2, name="skip")(x)]))
    wanted = dense(np.tanh(dense(X, inner.layers[0])), deeper.layers[1]) + dense(
        X, model.get_layer("skip")
    )
    assert np.allclose(model.predict(X, verbose=0), wanted, atol=1e-14)
    assert model.count_params() == (3 * 4 + 4) + (4 * 2 + 2) + (3 * 2 + 2)
    model.compile("sgd", "mse")
    before = inner.get_weights()
    model.fit(X, np.hstack([Y, Y]), verbose=0)
    assert not np.array_equal(before[0], inner.get_weights()[0])


def test_a_model_called_twice_shares_its_weights():
    twin = models.Sequential([layers.Input((3,)), layers.Dense(2, "tanh")])
    a, b = layers.Input((3,)), layers.Input((3,))
    model = models.Model([a, b], layers.Subtract()([twin(a), twin(b)]))
    assert model.count_params() == 8
    wanted = np.tanh(dense(X, twin.layers[0])) - np.tanh(dense(X[::-1], twin.layers[0]))
    assert np.allclose(model.predict([X, X[::-1]], verbose=0), wanted, atol=1e-14)


def test_outputs_by_name():
    x = layers.Input((3,), name="x")
    model = models.Model({"x": x}, {"up": layers.Dense(1)(x), "down": layers.Dense(1)(x)})
    y = model.predict({"x": X}, verbose=0)
    assert y.keys() == {"up", "down"}
    model.compile("sgd", {"down": "mae", "up": "mse"}, metrics={"up": ["mae"]})
    logs = model.evaluate({"x": X}, {"down": Y, "up": 0 * Y}, verbose=0, return_dict=True)
    assert logs["up_loss"] == pytest.approx(np.mean(y["up"] ** 2))
    assert logs["down_loss"] == pytest.approx(np.mean(np.abs(y["down"] - Y)))
    assert logs["up_mae"] == pytest.approx(np.mean(np.abs(y["up"])))
    assert logs["loss"] == pytest.approx(logs["up_loss"] + logs["down_loss"])


def test_arithmetic_of_placeholders():
    x, z = layers.Input((3,)), layers.Input((3,))
    c = np.array([1.0, -2.0, 0.5])
    y = 2.0 - (x + 1.0) * z / 4.0 + (-x) - (z - c) + 1.0 * x + 1.0 / (x**2 + 1.0)
    model = models.Model([x, z], y)
    wanted = 2.0 - (X + 1.0) * X[::-1] / 4.0 - X - (X[::-1] - c) + X + 1.0 / (X**2 + 1.0)
    assert np.allclose(model.predict([X, X[::-1]], verbose=0), wanted, atol=1e-14)
    same = models.model_from_json(model.to_json())
    assert np.array_equal(
        same.predict([X, X[::-1]], verbose=0), model.predict([X, X[::-1]], verbose=0)
    )


class Twofold(layers.Layer):
    def call(self, inputs):
        return inputs * 2.0, {"more": inputs + 1.0}


def test_a_layer_may_have_several_outputs():
    x = layers.Input((3,))
    double, others = Twofold()(x)
    model = models.Model(x, [others["more"], double, layers.Subtract()([double, others["more"]])])
    for found, wanted in zip(model.predict(X, verbose=0), [X + 1.0, 2.0 * X, X - 1.0], strict=True):
        assert np.allclose(found, wanted, atol=1e-15)


def test_an_output_may_be_an_input():
    x = layers.Input((3,))
    model = models.Model(x, [x, layers.Dense(1)(x)])
    assert np.array_equal(model.predict(X, verbose=0)[0], X)


# --- several outputs: losses, targets and weights -------------------------------------------------


@pytest.fixture
def pair():
    x = layers.Input((3,))
    return models.Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])


def errors_of(model, *targets):
    predicted = model.predict(X, verbose=0)
    return [np.mean((p - y) ** 2, axis=1) for p, y in zip(predicted, targets, strict=True)]


W = RANDOM.uniform(0.0, 2.0, 12)


@pytest.mark.parametrize(
    ("y", "weights", "w"),
    [
        ([Y, -Y], None, (1, 1)),
        ({"a": Y, "b": -Y}, None, (1, 1)),
        ({"b": -Y, "a": Y}, None, (1, 1)),
        ([Y, -Y], W, (W, W)),
        ([Y, -Y], [W, None], (W, 1)),
        ([Y, -Y], [None, W], (1, W)),
        ([Y, -Y], {"b": W}, (1, W)),
    ],
)
def test_targets_and_weights_find_their_outputs(pair, y, weights, w):
    pair.compile("sgd", "mse", loss_weights={"b": 3.0})
    logs = pair.evaluate(X, y, sample_weight=weights, verbose=0, return_dict=True)
    a, b = (np.mean(e * v) for e, v in zip(errors_of(pair, Y, -Y), w, strict=True))
    assert logs == pytest.approx({"loss": a + 3.0 * b, "a_loss": a, "b_loss": b})


def test_each_form_of_weights_has_a_step_of_its_own(pair):
    pair.compile("sgd", "mse")
    a, b = errors_of(pair, Y, -Y)
    for weights, w in (([W, None], (W, 1)), ([None, W], (1, W)), (None, (1, 1))):
        found = pair.evaluate(X, [Y, -Y], sample_weight=weights, verbose=0)
        assert found[1:] == pytest.approx([np.mean(a * w[0]), np.mean(b * w[1])])


@pytest.mark.parametrize("y", [[Y, -Y], [None, -Y], {"b": -Y}, {"a": Y, "b": -Y}])
@pytest.mark.parametrize("loss", [[None, "mse"], {"b": "mse"}])
def test_an_output_may_have_no_loss(pair, loss, y):
    pair.layers[-1].kernel.regularizer = keras.regularizers.L2(0.5)
    pair.compile("sgd", loss, loss_weights=[7.0, 3.0])
    b = np.mean(errors_of(pair, Y, -Y)[1])
    penalty = 0.5 * np.sum(pair.layers[-1].kernel.numpy() ** 2)
    logs = pair.evaluate(X, y, verbose=0, return_dict=True)
    assert logs == pytest.approx({"loss": 3.0 * b + penalty, "b_loss": b})


@pytest.mark.parametrize(
    ("compiling", "y", "words"),
    [
        ({"loss": ["mse"]}, [Y, Y], "1 were given for a model of 2 outputs"),
        ({"loss": {"c": "mse"}}, [Y, Y], "no output 'c'.*outputs: a, b"),
        ({"loss": "mse", "metrics": "mae"}, [Y, Y], "metrics='mae': the model has 2 outputs"),
        ({"loss": "mse", "loss_weights": 2.0}, [Y, Y], "loss_weights=2.0: the model has 2"),
        ({"loss": "mse"}, Y, "y holds 1 arrays; the model has 2 outputs: a, b"),
        ({"loss": "mse"}, [Y, Y, Y], "y holds 3 arrays"),
        ({"loss": "mse"}, {"a": Y}, "no targets for the output 'b'"),
        ({"loss": "mse"}, {"a": Y, "bb": Y}, "no output 'bb'; did you mean b"),
        ({"loss": [None, "mse"], "metrics": [["mae"], None]}, [None, Y], "no targets for .* 'a'"),
    ],
)
def test_targets_that_fit_no_output_are_refused(pair, compiling, y, words):
    before = bits(pair)
    with pytest.raises(UsageError, match=words):
        pair.compile("sgd", **compiling) or pair.fit(X, y, verbose=0)
    assert bits(pair) == before


def test_outputs_of_one_layer_have_names_of_their_own():
    a, b, same = layers.Input((3,)), layers.Input((3,)), layers.Dense(1, name="same")
    model = models.Model([a, b], [same(a), same(b)])
    model.compile("sgd", "mse")
    logs = model.evaluate([X, X], [Y, -Y], verbose=0, return_dict=True)
    first, second = (np.mean((dense(X, same) - y) ** 2) for y in (Y, -Y))
    assert logs == pytest.approx(
        {"loss": first + second, "same_loss": first, "same_1_loss": second}
    )


def test_metrics_of_several_outputs(pair):
    pair.compile("sgd", "mse", metrics=[["mae", "mae"], ["mse"]], weighted_metrics={"b": ["mse"]})
    logs = pair.evaluate(X, [Y, -Y], sample_weight=[None, W], verbose=0, return_dict=True)
    a, b = errors_of(pair, Y, -Y)
    assert logs["a_mae"] == logs["a_mae_1"]
    assert logs["b_mse"] == pytest.approx(b.mean())
    assert logs["b_weighted_mse"] == pytest.approx(np.sum(b * W) / W.sum())
    assert logs["a_loss"] == pytest.approx(a.mean())


# --- layers in a row ------------------------------------------------------------------------------


def test_a_row_is_built_by_its_first_data():
    model = models.Sequential([layers.Dense(4, "tanh"), layers.Dropout(0.5), layers.Dense(1)])
    assert not model.built
    assert model.weights == []
    with pytest.raises(UsageError, match="no weights yet"):
        model.save_weights("nowhere.safetensors")
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert [w.shape for w in model.weights] == [(3, 4), (4,), (4, 1), (1,)]
    with pytest.raises(ShapeError, match=r"takes examples of shape \(3,\)"):
        model.predict(Z, verbose=0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: models.Sequential([layers.Dense(4, input_shape=(3,))]),
        lambda: models.Sequential([layers.Input((3,)), layers.Dense(4)]),
        lambda: models.Sequential([layers.InputLayer((3,)), layers.Dense(4)]),
    ],
)
def test_a_row_that_knows_its_input_is_built_at_once(make):
    model = make()
    assert model.count_params() == 16
    assert len(model.layers) == 1
    assert model.output_shape == (None, 4)


def test_build_tells_the_input():
    model = models.Sequential([layers.Flatten(), layers.Dense(2)])
    model.build((None, 4, 5))
    assert model.count_params() == 42


def test_add_and_pop():
    model = models.Sequential()
    model.add(layers.Input((3,)))
    model.add(layers.Dense(4, "tanh"))
    model.add(layers.Dense(5))
    first = model.layers[0].get_weights()
    assert model.pop().units == 5
    model.add(layers.Dense(1))
    assert [layer.units for layer in model.layers] == [4, 1]
    assert np.array_equal(model.layers[0].get_weights()[0], first[0])  # the others keep theirs
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.add(layers.Dense(2))
    assert model.predict(X, verbose=0).shape == (12, 2)
    while model.layers:
        model.pop()
    with pytest.raises(UsageError, match="there are no layers"):
        model.pop()


def test_a_layer_that_does_not_fit_is_not_added():
    model = models.Sequential([layers.Input((3,)), layers.Dense(4)])
    with pytest.raises(ShapeError, match="4 numbers do not fit the shape"):
        model.add(layers.Reshape((3, 3)))
    assert len(model.layers) == 1
    assert model.predict(X, verbose=0).shape == (12, 4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: models.Sequential([3]), "3 is no layer; give one, such as Dense"),
        (lambda: models.Sequential([layers.Dense]), "is no layer"),
        (lambda: models.Sequential([layers.Dense(1), layers.Input((3,))]), "can only stand first"),
        (
            lambda: models.Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]),
            "a layer named 'a' is there already",
        ),
        (lambda: models.Sequential().predict(X, verbose=0), "the model has no layers"),
        (lambda: models.Model(3, 4), "3 is no placeholder"),
        (
            lambda: models.Model(layers.Input((1,)), layers.Dense(1)(layers.Input((1,), name="q"))),
            "the outputs need q, which is not an input",
        ),
        (lambda: branched().predict(X, verbose=0), "the model has 2 inputs; 1 were given"),
        (lambda: branched().predict({"a": X}, verbose=0), "the inputs lack b"),
        (lambda: branched().get_layer("shard"), "did you mean shared"),
        (lambda: layers.Dense(3, unts=3), r"Dense\(unts=...\): .* did you mean units"),
        (lambda: layers.Dense(3, dtype="float16"), "must be float32 or float64"),
        (lambda: bool(layers.Input((3,))), "has no value yet"),
        (lambda: models.Model().predict(X, verbose=0), "defines no call"),
        (lambda: branched().call_twice, "no attribute"),
    ],
)
def test_refused(make, words):
    with pytest.raises((UsageError, AttributeError), match=words):
        make()


def test_two_layers_of_one_name_are_refused():
    x = layers.Input((3,))
    y = layers.Dense(1, name="same")(layers.Dense(2, name="same")(x))
    with pytest.raises(UsageError, match="two layers are named 'same'"):
        models.Model(x, y)


# --- classes of one's own -------------------------------------------------------------------------


class Block(layers.Layer):
    """A layer of layers: some in an attribute, some in a list, some in a dictionary."""

    def __init__(self, units, **settings):
        super().__init__(**settings)
        self.first = layers.Dense(units, "tanh")
        self.more = [layers.Dense(units), layers.Dropout(0.5)]
        self.named = {"norm": layers.BatchNormalization()}

    def call(self, inputs):
        x = self.first(inputs)
        for layer in self.more:
            x = layer(x)
        return self.named["norm"](x)


class Scale(layers.Layer):
    """A layer with one weight that is a single number."""

    def build(self, input_shape):
        self.factor = self.add_weight((), "ones", name="factor")

    def call(self, inputs):
        return inputs * self.factor


class Own(models.Model):
    def __init__(self):
        super().__init__()
        self.block = Block(4)
        self.scale = Scale()
        self.out = layers.Dense(1)
        self.noise = SeedGenerator(3)

    def call(self, inputs):
        return self.out(self.scale(self.block(inputs)))


class Two(models.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(1), layers.Dense(2)

    def call(self, inputs):
        return self.a(inputs), self.b(inputs)


def test_a_class_of_one_s_own_trains():
    model = Own()
    model.compile(optimizers.Adam(0.05), "mse")
    history = model.fit(X, Y, epochs=60, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert model.count_params() == (3 * 4 + 4) + (4 * 4 + 4) + 4 * 4 + 1 + (4 + 1)
    assert len(model.trainable_weights) == 4 + 2 + 1 + 2
    moved = model.block.named["norm"].moving_mean.numpy()
    assert np.abs(moved).max() > 0  # the layers inside know that it is training
    assert len(model.generators) == 3  # of the model, of its shuffling, of the dropout


def test_layers_inside_know_whether_it_is_training():
    block = Block(50)
    x = np.ones((2, 3))
    still = block(x).value
    assert np.array_equal(still, block(x).value)
    assert np.array_equal(still, block(x, training=False).value)
    one, two = (block.more[1](np.ones((1, 50)), training=t).value for t in (True, False))
    assert set(np.unique(one)) == {0.0, 2.0}
    assert np.array_equal(two, np.ones((1, 50)))
    assert not np.array_equal(block(x, training=True).value, block(x, training=True).value)
    assert np.array_equal(block.more[1](x).value, x)  # the call is over


def test_a_class_of_two_outputs():
    model = Two()
    first, second = model.predict(X, verbose=0)
    assert (first.shape, second.shape) == ((12, 1), (12, 2))
    model.compile("sgd", ["mse", "mae"])
    logs = model.evaluate(X, [Y, np.hstack([Y, Y])], verbose=0, return_dict=True)
    assert logs["output_1_loss"] == pytest.approx(np.mean((first - Y) ** 2))
    assert logs["output_2_loss"] == pytest.approx(np.mean(np.abs(second - Y)))
    model.compile("sgd", "mse")
    with pytest.raises(UsageError, match="gives 2 outputs, but compile was told of 1"):
        model.fit(X, Y, verbose=0)


def test_a_weight_that_is_one_number():
    keras.config.set_floatx("float32")
    layer = Scale()
    model = models.Sequential([layers.Input((3,)), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=3, verbose=0)
    assert layer.factor.numpy().shape == ()
    assert {w.dtype for w in model.get_weights()} == {np.dtype("float32")}
    assert float(layer.factor.numpy()) != 1.0


def test_a_layer_of_one_s_own_settings_refuses_others():
    with pytest.raises(UsageError, match=r"Scale\(factr=...\): there is no such setting"):
        Scale(factr=2)
    with pytest.raises(TypeError, match="size"):
        Block(3, size=2)


# --- freezing -------------------------------------------------------------------------------------


def test_a_frozen_layer_keeps_its_weights():
    model = models.Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(1)])
    model.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(X, Y, verbose=0)
    first, second = model.layers
    first.trainable = False
    frozen, free = first.get_weights(), second.get_weights()
    model.fit(X, Y, epochs=2, verbose=0)
    assert all(np.array_equal(*pair) for pair in zip(frozen, first.get_weights(), strict=True))
    assert not np.array_equal(free[0], second.get_weights()[0])
    assert model.trainable_weights == second.weights
    assert model.non_trainable_weights == first.weights
    first.trainable = True
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(frozen[0], first.get_weights()[0])


def test_a_frozen_variable_keeps_its_value():
    model = models.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    kernel, bias = model.weights
    kernel.trainable = False
    before = kernel.numpy(), bias.numpy()
    model.fit(X, Y, verbose=0)
    assert np.array_equal(kernel.numpy(), before[0])
    assert not np.array_equal(bias.numpy(), before[1])


@pytest.mark.parametrize("outer", [False, True])
def test_frozen_batch_normalization_infers(outer):
    norm = layers.BatchNormalization()
    inner = models.Sequential([layers.Input((3,)), norm])
    model = models.Sequential([layers.Input((3,)), inner, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    (inner if outer else norm).trainable = False
    before = norm.get_weights()
    model.fit(X, Y, epochs=2, verbose=0)
    assert all(np.array_equal(*pair) for pair in zip(before, norm.get_weights(), strict=True))
    assert np.array_equal(norm(X, training=True).value, norm(X).value)
    assert norm.trainable is False


def test_freezing_a_model_freezes_its_layers_and_thawing_thaws():
    model = branched()
    model.trainable = False
    assert model.trainable_weights == []
    assert not any(layer.trainable for layer in model.layers)
    model.trainable = True
    assert len(model.trainable_weights) == len(model.weights) == 8
    model.layers[-1].trainable = False
    assert len(model.trainable_weights) == 6


# --- settings, copies and tables ------------------------------------------------------------------


def in_a_row():
    return models.Sequential(
        [layers.Flatten(input_shape=(3, 1)), layers.Dense(2, "relu"), layers.Dropout(0.1)]
    )


def deferred():
    model = models.Sequential([layers.Dense(4), layers.BatchNormalization()])
    model.build((None, 3))
    return model


def nested():
    x = layers.Input((3,))
    inner = in_a_row()
    y = layers.Dense(2, name="skip")(x)
    inner.get_layer(index=1).trainable = False
    return models.Model(x, layers.Multiply()([inner(layers.Reshape((3, 1))(x)), y]))


FORMS = {
    "in a row": (in_a_row, X.reshape(12, 3, 1)),
    "deferred": (deferred, X),
    "branched": (branched, [X, Z]),
    "nested": (nested, X),
    "by name": (
        lambda: models.Model(
            {"p": (p := layers.Input((3,), name="p"))}, {"q": layers.Dense(1)(p)}, name="mine"
        ),
        {"p": X},
    ),
}
every_form = pytest.mark.parametrize(("make", "x"), FORMS.values(), ids=FORMS)


def flat(outputs):
    if isinstance(outputs, dict):
        return list(outputs.values())
    return outputs if isinstance(outputs, list) else [outputs]


@every_form
@pytest.mark.parametrize(
    "copied",
    [
        models.clone_model,
        lambda model: models.model_from_json(model.to_json()),
        lambda model: type(model).from_config(json.loads(json.dumps(model.get_config()))),
    ],
    ids=["clone", "JSON", "settings"],
)
def test_a_copy_by_settings(make, x, copied):
    model = make()
    copy = copied(model)
    assert copy.get_config() == model.get_config()
    assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]
    assert copy.trainable_flags() == model.trainable_flags()
    assert not set(copy.weights) & set(model.weights)
    assert bits(copy) != bits(model)
    copy.set_weights(model.get_weights())
    for found, wanted in zip(
        flat(copy.predict(x, verbose=0)), flat(model.predict(x, verbose=0)), strict=True
    ):
        assert np.array_equal(found, wanted)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"class_name": "Dense"}', "{}"])
def test_text_that_is_no_model_is_refused(text):
    with pytest.raises(UsageError):
        models.model_from_json(text)


def test_a_class_of_one_s_own_says_how_to_be_saved():
    with pytest.raises(UsageError, match="Own is a class of your own: define get_config"):
        Own().get_config()


def test_a_summary():
    utils.clear_session()
    model = models.Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(128, "relu"),
            layers.BatchNormalization(trainable=False),
            layers.Dense(10, "softmax"),
        ],
        name="net",
    )
    lines = []
    assert model.summary(print_fn=lines.append) is None
    (text,) = lines
    assert text == (
        'Model "net"\n'
        " Layer (type)                                       Output shape   Parameters\n"
        " ----------------------------------------------------------------------------\n"
        " flatten (Flatten)                                  (None, 784)             0\n"
        " dense (Dense)                                      (None, 128)       100,480\n"
        " batch_normalization (BatchNormalization, frozen)   (None, 128)           512\n"
        " dense_1 (Dense)                                    (None, 10)          1,290\n"
        " ----------------------------------------------------------------------------\n"
        " Parameters: 102,282 (799 kB)\n"
        " Trainable: 101,770;  not trainable: 512"
    )


def test_summaries_of_other_models(capsys):
    branched().summary()
    out = capsys.readouterr().out
    assert out.count("shared (Dense)") == 1
    assert "(None, 4), (None, 4)" in out
    models.Sequential([layers.Dense(4)]).summary()
    assert "?" in capsys.readouterr().out
    model = Own()
    model(X)
    model.summary()
    assert "block (Block)" in capsys.readouterr().out


def test_weights_are_copies():
    model = branched()
    held = model.get_weights()
    held[0][:] = 7.0
    assert not np.any(model.get_weights()[0] == 7.0)
    given = [np.ones_like(w) for w in held]
    model.set_weights(given)
    given[0][:] = 5.0
    assert np.all(model.get_weights()[0] == 1.0)


def test_every_layer_can_be_found():
    model = branched()
    assert model.get_layer("shared") is model.get_layer(index=model.layers.index(
        model.get_layer("shared")))  # fmt: skip
    assert {layer.name for layer in model.layers} == {
        "a", "b", "shared", "one", "wide", "total", "first", "second", "all",
    }  # fmt: skip


# --- widths of numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("floatx", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "nadam", "adadelta", "rmsprop"])
def test_one_width_of_numbers_throughout(floatx, optimizer):
    keras.config.set_floatx(floatx)
    model = models.Sequential(
        [
            layers.Input((3,)),
            layers.GaussianNoise(0.1),
            layers.Dense(4, "gelu", kernel_regularizer="l1_l2", kernel_constraint="max_norm"),
            layers.BatchNormalization(),
            layers.AlphaDropout(0.1),
            layers.PReLU(),
            layers.LayerNormalization(),
            layers.Dense(2, "softmax"),
        ]
    )
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy", "AUC"])
    one_hot = np.eye(2)[np.arange(12) % 2]
    model.fit(X, one_hot, batch_size=5, epochs=2, sample_weight=W, verbose=0)
    assert {w.dtype.name for w in model.get_weights()} == {floatx}
    slots = {slot.dtype.name for own in model.optimizer.slots.values() for slot in own.values()}
    assert slots <= {floatx}
    assert model.predict(X, verbose=0).dtype.name == floatx
    assert model(X).dtype.name == floatx
    nodes = {value.dtype.name for value in (model(X.astype("float32")), model(X.astype(int)))}
    assert nodes == {floatx}
    assert all(np.isfinite(w).all() for w in model.get_weights())


# --- memory ---------------------------------------------------------------------------------------


def nodes_alive():
    gc.collect()
    return sum(type(x) is Node for x in gc.get_objects())


def test_a_training_leaves_nothing_behind():
    model = models.Sequential(
        [layers.Input((3,)), layers.Dense(4, "tanh"), layers.Dropout(0.1), layers.Dense(1)]
    )
    model.compile("adam", "mse", metrics=["mae"])
    data = (np.tile(X, (20, 1)), np.tile(Y, (20, 1)))
    model.fit(*data, batch_size=5, epochs=2, verbose=0)
    model.predict(X, verbose=0)
    before, objects = nodes_alive(), len(gc.get_objects())
    model.fit(*data, batch_size=5, epochs=21, verbose=0)  # 1008 steps
    for _ in range(20):
        model.predict(X, verbose=0)
        model.train_on_batch(*data)
    model.steps.popitem()  # the step for the whole of the data
    assert nodes_alive() <= before
    assert len(gc.get_objects()) - objects < 200


def test_a_model_out_of_use_is_gone():
    import weakref

    model = models.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    seen = weakref.ref(model)
    del model
    gc.collect()
    assert seen() is None


def test_the_graph_of_a_model_is_there_to_be_read():
    """Calling a model on a node gives a graph whose nodes carry the names of the layers."""
    from autograd_lab.graph import leaf

    x = leaf(X)
    y = branched()([x, leaf(Z)])[0]
    assert isinstance(y, Node)
    (slope,) = keras.gradient(ops.sum(y), [x])
    assert slope.shape == X.shape
