"""What a newcomer tries first, and what would have gone wrong without a word."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lab as keras
from autograd_lab.errors import GradientError, UsageError

layers = keras.layers


def two_inputs():
    """y = 1 a_0 + 10 a_1 + 100 b_0 + 1000 b_1."""
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    model = keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
    model.set_weights([np.array([[1.0], [10.0], [100.0], [1000.0]]), np.zeros(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


A, B = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])
RIGHT = 4321.0


@pytest.mark.parametrize(
    "x", [{"a": A, "b": B}, {"b": B, "a": A}, [A, B]], ids=["ab", "ba", "list"]
)
def test_inputs_by_name_are_matched_by_name(x):
    model = two_inputs()
    assert model.predict({"a": A, "b": B}, verbose=0).item() == RIGHT
    y = np.array([[RIGHT]])
    assert model.predict(x, verbose=0).item() == RIGHT
    assert model.predict_on_batch(x).item() == RIGHT
    assert model.evaluate(x, y, verbose=0) == 0.0
    assert model.fit(x, y, verbose=0).history["loss"] == [0.0]


@pytest.mark.parametrize(
    ("x", "words"),
    [({"a": A, "c": B}, "no input 'c'"), ({"a": A}, "lack b"),
     ({"a": A, "b": B, "bb": B}, "no input 'bb'; did you mean b")],
)  # fmt: skip
def test_wrong_names_of_inputs_are_refused(x, words):
    with pytest.raises(UsageError, match=words):
        two_inputs().predict(x, verbose=0)


def line(loss, **settings):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", loss, **settings)
    return model


def test_numbers_taken_out_of_a_recorded_step_are_refused():
    def frozen(y, p):
        return keras.ops.mean((p - np.asarray(y)) ** 2, axis=-1)

    model = line(frozen)
    before = model.get_weights()
    with pytest.raises(GradientError, match="while a step is recorded"):
        model.fit(A, np.ones((1, 1)), verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))


def test_a_layer_as_the_tutorials_write_it():
    class Linear(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], 3), initializer="ones", trainable=True)
            self.b = self.add_weight(shape=(3,), initializer="zeros", regularizer="l2", name="b")

        def call(self, inputs):
            return keras.ops.matmul(inputs, self.w) + self.b

    model = keras.Sequential([keras.Input((2,)), Linear()])
    assert model.predict(A, verbose=0).tolist() == [[3.0, 3.0, 3.0]]
    assert model.count_params() == 9


def test_the_old_name_of_the_rate_takes_a_schedule():
    with pytest.warns(DeprecationWarning, match="lr"):
        optimizer = keras.optimizers.Adam(lr=keras.optimizers.schedules.CosineDecay(0.1, 10))
    assert float(optimizer.learning_rate) == pytest.approx(0.1)


def test_metrics_in_third_place_are_refused_at_once():
    with pytest.raises(UsageError, match="write metrics="):
        line("mse").compile("sgd", "mse", ["accuracy"])


def test_a_list_of_a_list_of_metrics_is_that_list():
    model = line("mse", metrics=[["mae"]])
    assert "mae" in model.fit(A, np.ones((1, 1)), verbose=0).history
