"""Small helpers by Keras's names, and the settings of the whole library."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lab as keras
from autograd_lab import config, layers, utils
from autograd_lab.errors import UsageError


@pytest.mark.parametrize(
    ("labels", "count", "rows"),
    [
        ([0, 2, 1], None, [[1, 0, 0], [0, 0, 1], [0, 1, 0]]),
        ([0, 2], 4, [[1, 0, 0, 0], [0, 0, 1, 0]]),
        ([[1], [0]], None, [[0, 1], [1, 0]]),
        ([[0, 1], [1, 1]], None, [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]),
        ([1.0, 0.0], None, [[0, 1], [1, 0]]),
        (np.array([True, False]), None, [[0, 1], [1, 0]]),
        (np.array([3], dtype=np.uint8), None, [[0, 0, 0, 1]]),
        (1, 3, [0, 1, 0]),
    ],
)
def test_to_categorical(labels, count, rows):
    found = utils.to_categorical(labels, count)
    assert found.tolist() == rows
    assert found.dtype == config.floatx()


def test_to_categorical_of_nothing():
    assert utils.to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "count", "words"),
    [
        ([0, 3], 3, "label 3 is none of the 3 classes"),
        ([0, -1], 3, "label -1 is none"),
        ([0.5], None, "whole numbers"),
        ([np.nan], None, "whole numbers"),
        (["a"], None, "whole numbers"),
        ([0, 1], 0, "label 0 is none of the 0 classes"),
        ([0, 1], 2.5, "num_classes=2.5"),
        ([0, 1], -2, "num_classes=-2"),
    ],
)
def test_to_categorical_refuses(labels, count, words):
    with pytest.raises(UsageError, match=words):
        utils.to_categorical(labels, count)


def test_names_begin_again():
    utils.clear_session()
    assert [layers.Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert layers.BatchNormalization().name == "batch_normalization"
    assert layers.ReLU().name == "re_lu"
    utils.clear_session()
    assert layers.Dense(1).name == "dense"
    assert layers.Dense(1, name="mine").name == "mine"


@pytest.mark.parametrize("name", [3, "", ["a"]])
def test_names_that_are_refused(name):
    with pytest.raises(UsageError, match="name must be a text"):
        layers.Dense(1, name=name)


def test_the_width_of_floats():
    assert keras.backend.floatx() == "float32"
    try:
        config.set_floatx("float64")
        layer = layers.Dense(2)
        assert layer(np.ones((1, 3), np.float32)).dtype == "float64"
        assert utils.to_categorical([0]).dtype == "float64"
    finally:
        config.set_floatx("float32")
    assert layer(np.ones((1, 3), np.float32)).dtype == "float64"  # a layer keeps its own
    for wrong in ("float16", "int32", None, 32):
        with pytest.raises(UsageError, match="choose float32 or float64"):
            config.set_floatx(wrong)


def test_the_fuzz_factor():
    assert config.epsilon() == 1e-7
    try:
        config.set_epsilon(1e-5)
        assert config.epsilon() == 1e-5
        for wrong in (0, -1.0, 2.0, float("nan")):
            with pytest.raises(UsageError, match="between 0 and 1"):
                config.set_epsilon(wrong)
    finally:
        config.set_epsilon(1e-7)
