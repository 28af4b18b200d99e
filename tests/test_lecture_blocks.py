"""Every code block of the lecture runs as printed, and what it builds does what its slide says.

What a block computes is compared with the slide's formula, written here in NumPy.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest
from keras_names import ROOTS, keras_names, run

import autograd_lab as lab
from autograd_lab import layers, models, utils

FOLDER = Path(__file__).parent / "lecture_blocks"
TABLE = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| File")
]


@pytest.fixture(autouse=True)
def _same_numbers():
    utils.set_random_seed(7)


@pytest.fixture
def three_classes():
    """Points around three corners of a triangle: 2 features, labels 0, 1, 2."""
    random = np.random.default_rng(3)
    labels = random.integers(0, 3, 90)
    corners = np.array([[0.0, 2.0], [-2.0, -1.0], [2.0, -1.0]])
    return corners[labels] + random.normal(0, 0.4, (90, 2)), labels


@pytest.fixture
def images():
    return np.random.default_rng(4).random((16, 28, 28), dtype=np.float32)


def play(name, *, deprecated=False, **given):
    """The names a block leaves behind; exactly the names of the table are given to it."""
    (row,) = [row for row in TABLE if row[0] == name]
    assert {*given} == {part for part in row[2].split(", ") if part}
    path = FOLDER / f"{name}.py.txt"
    if not deprecated:
        return run(path, **given)
    with pytest.warns(DeprecationWarning, match="lr is the old name of learning_rate") as told:
        left = run(path, **given)
    assert [Path(warning.filename) for warning in told] == [path]  # the line of the lecture
    return left


def test_every_block_has_its_row():
    assert sorted(row[0] for row in TABLE) == sorted(
        path.name.removesuffix(".py.txt") for path in FOLDER.glob("*.py.txt")
    )
    assert all(row[1] for row in TABLE)


def test_every_block_is_played():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [row[0] for row in TABLE if f'"{row[0]}"' not in source] == []


# --- the names ------------------------------------------------------------------------------------


def test_keras_is_a_name_only_inside():
    before = {name: sys.modules.get(name) for name in ("tensorflow", "keras", "keras.layers")}
    with keras_names():
        import keras.layers
        import tensorflow as tf
        from tensorflow.keras.layers import Dense

        assert tf.keras is keras is lab
        assert Dense is keras.layers.Dense is layers.Dense
        assert {f"{root}.optimizers" for root in ROOTS} <= set(sys.modules)
    assert {name: sys.modules.get(name) for name in before} == before


# --- feedforward networks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["feedforward-network-in-tensorflow", "regular-gradient-descent-optimization-2-of-2"]
)
def test_a_feedforward_network(name, three_classes, capsys):
    x, y = three_classes
    left = play(name, X_train=x, y_train=y)
    model, history = left["model"], left["_"]
    assert model.count_params() == 2 * 4 + 4 + 4 * 3 + 3 == 27
    assert [w.shape for w in model.weights] == [(2, 4), (4,), (4, 3), (3,)]
    assert {key: len(curve) for key, curve in history.history.items()} == {
        "loss": 30, "accuracy": 30,
    }  # fmt: skip
    assert history.history["loss"][-1] < 0.7 * history.history["loss"][0]
    assert history.history["accuracy"][-1] > 0.8
    w1, b1, w2, b2 = model.get_weights()
    z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    softmax = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert np.allclose(model.predict(x, verbose=0), softmax, atol=1e-5)
    assert "Epoch 30/30" in capsys.readouterr().out


# --- overfitting ----------------------------------------------------------------------------------


def stops_after(accuracies, min_delta, patience):
    """The epoch after which early stopping stops, by its definition alone."""
    best, waited = -np.inf, 0
    for epoch, accuracy in enumerate(accuracies):
        waited += 1
        if accuracy - min_delta > best:
            best, waited = accuracy, 0
        if waited >= patience and epoch > 0:
            return epoch + 1
    return None


def test_early_stopping(three_classes, capsys):
    x, y = three_classes
    body = [layers.Dense(4, "relu", input_shape=(2,)), layers.Dense(3, "softmax")]
    left = play(
        "early-stopping-2-of-2",
        tf=types.SimpleNamespace(keras=lab), body=body, x_train=x, y_train=y,
    )  # fmt: skip
    history, callback = left["_"], left["earlystop_callback"]
    assert type(callback) is lab.callbacks.EarlyStopping
    assert left["model"].layers == body
    epochs = len(history.history["loss"])
    assert 1 < epochs == stops_after(history.history["accuracy"], 0.05, 1) < 500
    assert "Epoch 1/500" in capsys.readouterr().out


def penalty_of(layer):
    """The loss of a net of this layer, above the mean squared error."""
    x, y = np.ones((4, 5)), np.zeros((4, 100))
    model = models.Sequential([layers.Input((5,)), layer])
    model.compile("sgd", "mse")
    squares = np.mean(np.square(np.maximum(x @ layer.kernel.numpy(), 0)))
    return model.evaluate(x, y, verbose=0) - squares


@pytest.mark.parametrize(
    ("name", "penalty"),
    [
        ("l1-and-l2-regularization-2-of-3", lambda w: 0.1 * np.abs(w).sum()),
        ("l1-and-l2-regularization-3-of-3", lambda w: 0.01 * np.square(w).sum()),
    ],
)
def test_a_penalty(name, penalty):
    layer = play(name)["_"]
    assert (layer.units, layer.activation) == (100, lab.activations.relu)
    found = penalty_of(layer)
    assert found == pytest.approx(penalty(layer.kernel.numpy()), rel=1e-5)
    assert found > 0.05


def test_max_norm():
    layer = play("max-norm-regularization")["_"]
    model = models.Sequential([layers.Input((5,)), layer])
    model.compile(lab.optimizers.SGD(300.0), "mse")
    random = np.random.default_rng(1)
    model.fit(random.normal(size=(8, 5)), random.normal(size=(8, 100)), verbose=0)
    norms = np.linalg.norm(layer.kernel.numpy(), axis=0)
    assert layer.units == 100
    assert np.all(norms <= 1 + 1e-6)
    assert np.sum(norms > 0.999) > 30  # it was needed


def test_dropout(images):
    model = play("dropout-4-of-4")["model"]
    assert model.count_params() == 784 * 128 + 128 + 128 * 10 + 10 == 101_770
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Flatten", "Dropout", "Dense", "Dropout", "Dense"]
    first = model.layers[1]
    x = np.ones((50, 784), np.float32)
    scaled = first(x, training=True).value
    assert set(np.unique(scaled)) == {np.float32(0.0), np.float32(1.25)}
    assert np.mean(scaled == 0.0) == pytest.approx(0.2, abs=0.01)
    assert np.array_equal(first(x).value, x)
    y = model.predict(images, verbose=0)
    assert np.array_equal(y, model.predict(images, verbose=0))
    assert np.allclose(y.sum(axis=1), 1.0, atol=1e-6)


# --- vanishing gradients --------------------------------------------------------------------------


def test_he_initialization():
    layer = play("parameter-initialization-strategies-4-of-4")["_"]
    layer(np.ones((1, 2000)))
    kernel = layer.kernel.numpy()
    sigma = np.sqrt(2 / 2000)
    assert kernel.std() == pytest.approx(sigma, rel=0.02)
    assert abs(kernel.mean()) < 4 * sigma / np.sqrt(kernel.size)
    assert np.abs(kernel).max() <= 2 * sigma / 0.8796  # cut off at two standard deviations
    assert np.array_equal(layer.bias.numpy(), np.zeros(10))


def test_elu():
    layer = play("nonsaturating-activation-functions-4-of-4-elu")["_"]
    x = np.random.default_rng(2).normal(size=(4, 3))
    y = layer(x).value
    z = x @ layer.kernel.numpy()
    assert y.shape == (4, 10)
    assert np.allclose(y, np.where(z < 0, np.exp(z) - 1, z), atol=1e-6)
    assert z.min() < 0 < z.max()


def test_leaky_relu(images):
    model = play("nonsaturating-activation-functions-4-of-4-leaky-relu")["model"]
    assert model.count_params() == 101_770
    w1, b1, w2, b2 = model.get_weights()
    z = images.reshape(16, 784) @ w1 + b1
    scores = np.maximum(0.3 * z, z) @ w2 + b2
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(model.predict(images, verbose=0), softmax, atol=1e-5)
    assert type(model.layers[1].kernel_initializer) is lab.initializers.HeNormal


def test_batch_normalization(images):
    model = play("batch-normalization-4-of-4")["model"]
    assert model.count_params() == 4 * 784 + 784 * 128 + 128 + 4 * 128 + 128 * 10 + 10
    assert sum(w.size for w in model.non_trainable_weights) == 2 * 784 + 2 * 128
    x = images.reshape(16, 784)
    y = model.layers[1](x, training=True).value
    assert np.allclose(y, (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3), atol=1e-4)
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.layers[1].moving_mean.numpy()
    model.train_on_batch(images, np.arange(16) % 10)
    moved = 0.99 * before + 0.01 * x.mean(axis=0)
    assert np.allclose(model.layers[1].moving_mean.numpy(), moved, atol=1e-6)


def line(x):
    """A model of one weight for each entry of x, whose mean squared error has a steep slope."""
    return models.Sequential([layers.Input((x.shape[1],)), layers.Dense(1, use_bias=False)])


def test_gradient_clipping():
    x = np.array([[1.0, 500.0]])
    model = line(x)
    left = play("gradient-clipping", model=model)
    model.set_weights([np.array([[0.45], [0.0]])])
    model.train_on_batch(x, np.array([[0.0]]))  # the slope is 2 y x = (0.9, 450)
    moved = np.array([[0.45], [0.0]]) - model.get_weights()[0]
    assert np.allclose(moved, 0.01 * np.array([[0.9], [1.0]]), atol=1e-7)
    assert (left["optimizer"].clipvalue, model.loss) == (1.0, "mse")


@pytest.mark.parametrize(
    ("clipping", "wanted"),
    [({"clipvalue": 1.0}, [0.9, 1.0]), ({"clipnorm": 1.0}, [0.00899964, 0.9999595])],
)
def test_the_slide_s_two_ways_to_clip(clipping, wanted):
    w = lab.Variable([0.0, 0.0], dtype="float64")
    lab.optimizers.SGD(1.0, **clipping).apply([np.array([0.9, 100.0])], [w])
    assert np.allclose(-w.numpy(), wanted, atol=5e-9)


# --- optimizers -----------------------------------------------------------------------------------


def momentum(g):
    m = 0.0
    while True:
        m = 0.9 * m + 0.001 * g
        g = yield m


def nesterov(g):
    m = 0.0
    while True:
        m = 0.9 * m + 0.001 * g
        g = yield 0.9 * m + 0.001 * g  # Keras's form: no slope is taken ahead


def adagrad(g):
    s = 0.1
    while True:
        s = s + g**2
        g = yield 0.001 * g / np.sqrt(s + 1e-7)


def rmsprop(g):
    s = 0.0
    while True:
        s = 0.9 * s + 0.1 * g**2
        g = yield 0.001 * g / np.sqrt(s + 1e-7)


def adam(g):
    m = s = t = 0.0
    while True:
        t += 1
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        g = yield 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("momentum-3-of-3", momentum),
        ("nesterov-momentum-2-of-2", nesterov),
        ("adagrad-2-of-2", adagrad),
        ("rmsprop-2-of-2", rmsprop),
        ("adam-optimization-3-of-3", adam),
    ],
)
def test_an_optimizer(name, rule):
    """Three steps of logistic regression, whose slope is x (p - one-hot)."""
    x, y = np.array([[1.0, -2.0]]), np.array([1])
    model = models.Sequential(
        [layers.Input((2,)), layers.Dense(3, "softmax", use_bias=False, kernel_initializer="zeros")]
    )
    left = play(name, deprecated=True, model=model)
    assert float(left["optimizer"].learning_rate) == pytest.approx(0.001)
    assert model.optimizer is left["optimizer"]
    w, steps = np.zeros((2, 3)), None
    for _ in range(3):
        p = np.exp(x @ w) / np.exp(x @ w).sum()
        g = x.T @ (p - np.eye(3)[y])
        steps = steps or rule(g)
        w = w - (next(steps) if not w.any() else steps.send(g))
        logs = model.train_on_batch(x, y, return_dict=True)
    assert np.allclose(model.get_weights()[0], w, rtol=0, atol=2e-5 * np.abs(w).max())
    assert list(logs) == ["loss", "accuracy"]
