"""Random numbers in streams: one seed gives them all, and none disturbs another."""

from __future__ import annotations

import random

import numpy as np
import pytest

import autograd_lab as keras
from autograd_lab import initializers, layers, models, utils
from autograd_lab.errors import UsageError
from autograd_lab.random import STREAMS, SeedGenerator, next_generator

X = np.random.default_rng(1).normal(size=(30, 3)).astype("float32")
Y = np.arange(30) % 2


def net(*between, **settings):
    model = models.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(8, "relu"),
            *between,
            layers.Dense(2, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", **settings)
    return model


def bits(model):
    return [w.tobytes() for w in model.get_weights()]


@pytest.fixture(autouse=True)
def _seeded():
    utils.set_random_seed(1)


@pytest.mark.parametrize("eagerly", [False, True])
def test_the_same_seed_gives_the_same_bits(eagerly):
    found = []
    for seed in (3, 3, 4):
        utils.set_random_seed(seed)
        model = net(layers.Dropout(0.3), layers.GaussianNoise(0.1), run_eagerly=eagerly)
        model.fit(X, Y, batch_size=7, epochs=2, verbose=0)
        found.append(bits(model))
    assert found[0] == found[1]
    assert all(a != b for a, b in zip(found[0], found[2], strict=True))


def test_a_dropout_layer_changes_no_initial_weight_and_no_order():
    utils.set_random_seed(5)
    plain = net()
    utils.set_random_seed(5)
    noisy = net(layers.Dropout(0.0), layers.GaussianNoise(0.0), layers.RReLU(0.0, 0.0))
    noisy.layers[3].trainable = False
    assert bits(plain) == bits(noisy)
    orders = [model.shuffler.generator.permutation(30).tolist() for model in (plain, noisy)]
    assert orders[0] == orders[1]


def test_looking_does_not_disturb():
    """Predictions, evaluation and recording draw nothing that training would draw."""
    utils.set_random_seed(5)
    plain = net(layers.Dropout(0.5))
    plain.fit(X, Y, epochs=2, verbose=0)
    utils.set_random_seed(5)
    watched = net(layers.Dropout(0.5))
    watched.predict(X[:3], verbose=0)
    watched.evaluate(X, Y, verbose=0)
    looks = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: watched.predict(X, verbose=0)
    )
    watched.fit(X, Y, epochs=2, validation_data=(X, Y), callbacks=[looks], verbose=0)
    assert bits(plain) == bits(watched)


@pytest.mark.parametrize("stream", STREAMS)
def test_streams_are_independent(stream):
    """What is drawn from the others changes nothing in a stream."""
    utils.set_random_seed(7)
    wanted = [next_generator(stream).random(4).tolist() for _ in range(3)]
    utils.set_random_seed(7)
    for other in STREAMS:
        if other != stream:
            next_generator(other).random(99)
    assert [next_generator(stream).random(4).tolist() for _ in range(3)] == wanted


def test_no_two_generators_begin_alike():
    utils.set_random_seed(7)
    drawn = [tuple(next_generator(stream).random(3)) for stream in STREAMS for _ in range(50)]
    assert len(set(drawn)) == 200


def test_two_layers_drop_differently_and_every_step_anew():
    first, second = layers.Dropout(0.5), layers.Dropout(0.5)
    x = np.ones((1, 64), np.float32)
    masks = [layer(x, training=True).value.tolist() for layer in (first, second, first)]
    assert masks[0] != masks[1] != masks[2] != masks[0]


def test_a_recorded_step_draws_anew():
    model = models.Sequential([layers.Input((64,)), layers.Dropout(0.5)])
    model.compile("sgd", "mse")
    ones = np.ones((4, 64), np.float32)
    losses = [model.train_on_batch(ones, 0 * ones) for _ in range(6)]
    assert len(set(losses)) > 3
    assert np.mean(losses) == pytest.approx(2.0, abs=0.3)  # half of the entries are 2


def test_layers_with_seeds_repeat_themselves():
    x = np.ones((2, 8), np.float32)
    one, two = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    for _ in range(3):
        assert np.array_equal(one(x, training=True).value, two(x, training=True).value)
    shared = SeedGenerator(9)
    first, second = layers.Dropout(0.5, seed=shared), layers.Dropout(0.5, seed=shared)
    assert first.seed_generator is second.seed_generator
    model = models.Sequential([layers.Input((8,)), first, second])
    assert model.generators == [model.shuffler, shared]


def test_numpy_and_python_are_seeded_too():
    utils.set_random_seed(11)
    drawn = random.random(), np.random.random()  # noqa: NPY002
    utils.set_random_seed(np.int64(11))
    assert (random.random(), np.random.random()) == drawn  # noqa: NPY002


def test_initializers_take_turns():
    first, second = initializers.GlorotUniform()((4, 4)), initializers.GlorotUniform()((4, 4))
    assert not np.array_equal(first, second)
    utils.set_random_seed(1)
    assert np.array_equal(initializers.GlorotUniform()((4, 4)), first)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", None, True])
def test_seeds_that_are_refused(seed):
    with pytest.raises(UsageError, match="give a whole number from 0 to 4294967295"):
        utils.set_random_seed(seed)


def test_a_stream_of_another_name_is_refused():
    with pytest.raises(UsageError, match="choose one of"):
        SeedGenerator(stream="drop")
