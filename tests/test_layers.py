"""One contract for all layers, a row for each; and what single layers do beyond it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autograd_lab import check_gradients, config, initializers, layers, ops, regularizers
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import Node, leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import replay
from autograd_lab.random import set_seed
from autograd_lab.recording import recording
from autograd_lab.registry import FAMILIES

# --- the table -----------------------------------------------------------------------------------


def numbers(*shape: int) -> np.ndarray:
    """Fixed numbers between 0.2 and 1.9 in size, of both signs: away from every kink at 0."""
    random = np.random.default_rng([11, *shape])
    return random.uniform(0.2, 1.9, shape) * random.choice([-1.0, 1.0], shape)


ROWS, IMAGES = (4, 3), (3, 4, 5, 2)


@dataclass(frozen=True)
class Row:
    """A layer, the shapes of its inputs (a list for several), and what it promises.

    ``draws``: how many leaves with random numbers a call in training has; ``trains``: its output is
    another one in training, and ``moves``: its state changes then.
    """

    make: Callable[..., Any]
    shapes: Any = ROWS
    draws: int = 0
    trains: bool = False
    moves: bool = False

    def inputs(self, dtype: str = "float64", batch: int | None = None) -> Any:
        def one(shape: tuple[int, ...]) -> np.ndarray:
            x = numbers(*shape) if batch is None else numbers(batch, *shape[1:])
            return x.astype(dtype)

        several = isinstance(self.shapes, list)
        return [one(shape) for shape in self.shapes] if several else one(self.shapes)


L = layers
NORMALS = {"gamma_initializer": "normal", "beta_initializer": "normal"}
THREE = [(4, 3), (4, 3), (4, 1)]
TABLE: dict[str, Row] = {
    "InputLayer": Row(lambda **kw: L.InputLayer(shape=(3,), **kw)),
    "Dense": Row(lambda **kw: L.Dense(2, activation="tanh", bias_initializer="normal", **kw)),
    "Dense plain": Row(lambda **kw: L.Dense(2, use_bias=False, **kw), (4, 2, 3)),
    "Activation": Row(lambda **kw: L.Activation("gelu", **kw)),
    "Flatten": Row(L.Flatten, (3, 2, 4)),
    "Reshape": Row(lambda **kw: L.Reshape((2, -1), **kw), (3, 8)),
    "Rescaling": Row(lambda **kw: L.Rescaling(0.5, offset=1.0, **kw)),
    "Operation": Row(lambda **kw: L.Operation("multiply", **kw), [(4, 3), (4, 3)]),
    "ReLU": Row(L.ReLU),
    "ReLU with all": Row(lambda **kw: L.ReLU(1.0, 0.1, 0.25, **kw)),
    "LeakyReLU": Row(L.LeakyReLU),
    "PReLU": Row(lambda **kw: L.PReLU("uniform", **kw)),
    "PReLU shared": Row(lambda **kw: L.PReLU("uniform", shared_axes=[1], **kw), (3, 4, 2)),
    "RReLU": Row(lambda **kw: L.RReLU(seed=3, **kw), draws=1, trains=True),
    "ELU": Row(lambda **kw: L.ELU(0.7, **kw)),
    "Softmax": Row(L.Softmax),
    "Softmax of two axes": Row(lambda **kw: L.Softmax([1, 2], **kw), (3, 4, 2)),
    "Dropout": Row(lambda **kw: L.Dropout(0.5, seed=3, **kw), draws=1, trains=True),
    "Dropout together": Row(
        lambda **kw: L.Dropout(0.5, noise_shape=(None, 1), seed=3, **kw), draws=1, trains=True
    ),
    "Dropout of nothing": Row(lambda **kw: L.Dropout(0.0, **kw)),
    "AlphaDropout": Row(lambda **kw: L.AlphaDropout(0.5, seed=3, **kw), draws=1, trains=True),
    "GaussianNoise": Row(lambda **kw: L.GaussianNoise(0.5, seed=3, **kw), draws=1, trains=True),
    "ActivityRegularization": Row(lambda **kw: L.ActivityRegularization(0.1, 0.2, **kw)),
    "BatchNormalization": Row(
        lambda **kw: L.BatchNormalization(**NORMALS, **kw), trains=True, moves=True
    ),
    "BatchNormalization of axis 1": Row(
        lambda **kw: L.BatchNormalization(axis=1, center=False, scale=False, **kw),
        (4, 3, 2), trains=True, moves=True,
    ),
    "LayerNormalization": Row(lambda **kw: L.LayerNormalization(**NORMALS, **kw)),
    "LayerNormalization of two": Row(
        lambda **kw: L.LayerNormalization([1, 2], scale=False, **kw), (3, 2, 4)
    ),
    "Normalization": Row(
        lambda **kw: L.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 1.0, 9.0], **kw)
    ),
    "Normalization of axis 1": Row(lambda **kw: L.Normalization(axis=1, **kw), (3, 2, 4)),
    "Add": Row(L.Add, THREE),
    "Subtract": Row(L.Subtract, [(3, 2, 4), (3, 4)]),
    "Multiply": Row(L.Multiply, THREE),
    "Average": Row(L.Average, THREE),
    "Maximum": Row(L.Maximum, THREE),
    "Minimum": Row(L.Minimum, THREE),
    "Concatenate": Row(L.Concatenate, THREE),
    "Concatenate of axis 1": Row(lambda **kw: L.Concatenate(axis=1, **kw), [(3, 2, 4), (3, 1, 4)]),
    "RandomTranslation": Row(
        lambda **kw: L.RandomTranslation(0.3, 0.4, seed=3, **kw), IMAGES, draws=1, trains=True
    ),
    "RandomRotation": Row(
        lambda **kw: L.RandomRotation(0.2, "constant", fill_value=2.0, seed=3, **kw),
        IMAGES[:3], draws=1, trains=True,
    ),
    "RandomZoom": Row(lambda **kw: L.RandomZoom(0.4, seed=3, **kw), IMAGES, draws=1, trains=True),
    "RandomFlip": Row(lambda **kw: L.RandomFlip(seed=3, **kw), IMAGES, draws=1, trains=True),
    "RandomContrast": Row(
        lambda **kw: L.RandomContrast(0.5, value_range=(-9.0, 9.0), seed=3, **kw),
        IMAGES, draws=1, trains=True,
    ),
}  # fmt: skip
every_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


def test_every_layer_has_a_row():
    known = {
        layer.__name__
        for layer in FAMILIES["layers"].values()
        if "autograd_lab.layers" in layer.__module__
    }
    assert known == {name.split()[0] for name in TABLE}


def built(row: Row, dtype: str = "float64") -> Any:
    set_seed(0)  # the same weights each time
    layer = row.make(dtype=dtype)
    layer(row.inputs(dtype))
    return layer


def twin(layer: Any, row: Row) -> Any:
    """A layer of the same settings, through JSON, with the same weights."""
    other = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    other(row.inputs(layer.dtype))
    other.set_weights(layer.get_weights())
    return other


def leaves_of(x: Any) -> list[Any]:
    return x if isinstance(x, list) else [x]


# --- the contract --------------------------------------------------------------------------------


@every_row
def test_shape_is_foreseen_without_data(row):
    layer, x = row.make(), row.inputs()
    shapes = [(None, *part.shape[1:]) for part in leaves_of(x)]
    foreseen = layer.compute_output_shape(shapes if isinstance(x, list) else shapes[0])
    assert foreseen == (None, *layer(x).shape[1:])
    placeholders = [layers.Input(shape[1:]) for shape in shapes]
    symbolic = row.make()(placeholders if isinstance(x, list) else placeholders[0])
    assert symbolic.shape == foreseen


@every_row
def test_settings_survive_json(row):
    layer = built(row)
    other = twin(layer, row)
    assert other.get_config() == layer.get_config()
    assert other.name == layer.name
    assert np.array_equal(other(row.inputs()).value, layer(row.inputs()).value)


@every_row
def test_weights_are_all_that_is_needed(row):
    layer = built(row)
    layer(row.inputs(), training=True)
    saved = layer.get_weights()
    assert [w.shape for w in saved] == [w.shape for w in layer.weights]
    before = layer(row.inputs()).value
    layer.set_weights([w + 1.0 for w in saved])
    if saved:
        assert not np.array_equal(layer(row.inputs()).value, before)
    layer.set_weights(saved)
    assert np.array_equal(layer(row.inputs()).value, before)


@every_row
def test_training_makes_the_difference_it_should(row):
    layer, x = built(row), row.inputs()
    weights = layer.get_weights()
    plain = layer(x).value
    assert np.array_equal(layer(x).value, plain)
    assert all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), weights, strict=True))
    trained = layer(x, training=True).value
    assert np.array_equal(trained, plain) != row.trains
    moved = [np.array_equal(a, b) for a, b in zip(layer.get_weights(), weights, strict=True)]
    assert all(moved) != row.moves


@every_row
def test_recorded_step_draws_anew_and_changes_nothing_yet(row):
    layer, x = built(row), row.inputs()
    weights = layer.get_weights()
    with recording() as step:
        y = layer(x, training=True)
    assert len(step.draws) == row.draws
    assert bool(step.updates) == row.moves
    assert all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), weights, strict=True))
    for drawn, sample in step.draws:
        assert sample().shape == drawn.shape
        again = replay([y], {drawn: drawn.value})[0]
        assert np.array_equal(again, y.value)
        assert any(not np.array_equal(replay([y], {drawn: sample()})[0], again) for _ in range(9))


@pytest.mark.parametrize(
    ("row", "training"),
    [
        pytest.param(row, training, id=f"{name} {'in training' if training else 'at inference'}")
        for name, row in TABLE.items()
        for training in ([False, True] if row.trains else [False])  # else they are the same
    ],
)
def test_slopes_by_inputs(row, training):
    layer = built(row)

    def fresh(*x: Any) -> Any:
        return twin(layer, row)(
            list(x) if isinstance(row.shapes, list) else x[0], training=training
        )

    assert check_gradients(fresh, *leaves_of(row.inputs()), order=1).ok


@every_row
def test_slopes_by_weights(row):
    layer = built(row)
    x = row.inputs()
    y = twin(layer, row)(x, training=True)
    mixing = numbers(*y.shape)

    def cost(values: list[np.ndarray]) -> tuple[Node, Any]:
        other = twin(layer, row)
        other.set_weights(values)
        return ops.sum(other(x, training=True) * mixing), other

    values = layer.get_weights()
    output, other = cost(values)
    trained = other.trainable_weights
    for slopes, weight in zip(gradient(output, trained), trained, strict=True):
        which = other.weights.index(weight)
        assert slopes.shape == weight.shape
        for place in np.ndindex(weight.shape):
            high, low = [v.copy() for v in values], [v.copy() for v in values]
            high[which][place] += 1e-6
            low[which][place] -= 1e-6
            by_difference = (cost(high)[0].value - cost(low)[0].value) / 2e-6
            assert slopes[place] == pytest.approx(by_difference, rel=1e-6, abs=1e-8)


@every_row
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_float32_stays_float32(row, training):
    layer = row.make()
    assert layer.dtype == "float32"
    for dtype in ("float32", "float64", "int64"):
        y = layer(row.inputs(dtype), training=training)
        assert y.dtype == "float32"
        assert all(np.isfinite(y.value).ravel())
    assert {w.dtype for w in layer.weights} <= {np.dtype("float32")}
    with recording() as step:
        y = layer(row.inputs("float32"), training=training)
    assert all(value.dtype == "float32" for _, value in step.updates)
    assert all(g.dtype == "float32" for g in gradient(y, layer.trainable_weights))


@every_row
def test_double_precision_is_kept(row):
    layer = row.make(dtype="float64")
    assert layer(row.inputs("float32"), training=True).dtype == "float64"
    assert {w.dtype for w in layer.weights} <= {np.dtype("float64")}


@every_row
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_batch_of_nothing(row, training):
    layer = built(row)
    weights, shape = layer.get_weights(), layer(row.inputs()).shape
    assert layer(row.inputs(batch=0), training=training).shape == (0, *shape[1:])
    assert all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), weights, strict=True))


@every_row
def test_another_batch_size_is_another_number_of_rows(row):
    layer = built(row)
    assert layer(row.inputs(batch=7)).shape == (7, *layer(row.inputs()).shape[1:])


# --- refusals ------------------------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "rate 1": (
        lambda: L.Dropout(1.0),
        "Dropout(rate=1.0): rate must be a finite number, at least 0 and below 1.",
    ),
    "rate -0.1": (lambda: L.Dropout(rate=-0.1), "Dropout(rate=-0.1)"),
    "rate NaN": (lambda: L.AlphaDropout(np.nan), "AlphaDropout(rate=nan)"),
    "rate True": (lambda: L.Dropout(True), "Dropout(rate=True)"),
    "rate text": (lambda: L.Dropout("0.5"), "Dropout(rate='0.5')"),
    "noise_shape": (lambda: L.Dropout(0.5, noise_shape=(2, 0)), "Dropout(noise_shape=(2, 0))"),
    "seed": (lambda: L.Dropout(0.5, seed=-1), "Dropout(seed=-1): seed must be a whole number"),
    "seed text": (lambda: L.RandomFlip(seed="a"), "RandomFlip(seed='a')"),
    "stddev": (lambda: L.GaussianNoise(-1), "GaussianNoise(stddev=-1)"),
    "l1": (lambda: L.ActivityRegularization(l1=-1), "ActivityRegularization(l1=-1)"),
    "slope": (lambda: L.LeakyReLU(-0.1), "LeakyReLU(negative_slope=-0.1)"),
    "max_value": (lambda: L.ReLU(max_value=-1), "ReLU(max_value=-1)"),
    "threshold": (lambda: L.ReLU(threshold=None), "ReLU(threshold=None)"),
    "shared_axes": (lambda: L.PReLU(shared_axes=[0]), "PReLU(shared_axes=[0])"),
    "alpha_initializer": (lambda: L.PReLU("zeroes"), "did you mean zeros?"),
    "upper": (lambda: L.RReLU(0.5, 0.1), "RReLU(upper=0.1)"),
    "elu alpha": (lambda: L.ELU(-1), "ELU(alpha=-1)"),
    "softmax axis": (lambda: L.Softmax("last"), "Softmax(axis='last')"),
    "momentum": (lambda: L.BatchNormalization(momentum=1.5), "BatchNormalization(momentum=1.5)"),
    "epsilon": (lambda: L.BatchNormalization(epsilon=-1), "BatchNormalization(epsilon=-1)"),
    "center": (lambda: L.BatchNormalization(center="yes"), "BatchNormalization(center='yes')"),
    "two axes": (lambda: L.BatchNormalization(axis=[1, 2]), "BatchNormalization(axis=[1, 2])"),
    "layer axis": (lambda: L.LayerNormalization(axis=1.5), "LayerNormalization(axis=1.5)"),
    "mean alone": (lambda: L.Normalization(mean=1.0), "Normalization(mean=1.0): mean is given"),
    "variance": (lambda: L.Normalization(mean=0, variance=-1), "Normalization(variance=-1)"),
    "concatenate axis": (lambda: L.Concatenate(axis=0), "Concatenate(axis=0)"),
    "mode": (lambda: L.RandomFlip("horisontal"), "did you mean horizontal?"),
    "fill_mode": (lambda: L.RandomZoom(0.1, fill_mode="mirror"), "RandomZoom(fill_mode='mirror')"),
    "interpolation": (lambda: L.RandomZoom(0.1, interpolation="cubic"), "(interpolation='cubic')"),
    "height_factor": (lambda: L.RandomTranslation(1.5, 0), "RandomTranslation(height_factor=1.5)"),
    "width_factor": (lambda: L.RandomTranslation(0, (0, 0, 0)), "RandomTranslation(width_factor="),
    "zoom": (lambda: L.RandomZoom(-1.0), "RandomZoom(height_factor=-1.0)"),
    "factor": (lambda: L.RandomRotation("a lot"), "RandomRotation(factor='a lot')"),
    "contrast": (lambda: L.RandomContrast(-0.1), "RandomContrast(factor=-0.1)"),
    "value_range": (lambda: L.RandomContrast(0.1, (1, 0)), "RandomContrast(value_range=(1, 0))"),
    "data_format": (lambda: L.RandomFlip(data_format="channels_first"), "RandomFlip(data_format="),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_wrong_setting_is_named(make, message):
    with pytest.raises(UsageError) as refusal:
        make()
    assert message in str(refusal.value)


MISFITS: dict[str, tuple[Callable[[], Any], str]] = {
    "one input": (lambda: L.Add()(np.ones((2, 3))), "a list of inputs"),
    "no input": (lambda: L.Add()([]), "a list of inputs"),
    "three": (lambda: L.Subtract()([np.ones((2, 3))] * 3), "two inputs, not 3"),
    "batches": (lambda: L.Add()([np.ones((1, 3)), np.ones((2, 3))]), "as many examples"),
    "lengths": (lambda: L.Add(name="both")([np.ones((2, 3)), np.ones((2, 4))]), "layer 'both'"),
    "joined": (lambda: L.Concatenate(axis=1)([np.ones((2, 3)), np.ones((2, 3, 2))]), "(2, 3, 2)"),
    "mask": (lambda: L.Dropout(0.5, (2, 3))(np.ones((2, 4)), training=True), "noise_shape=(2, 3)"),
    "shared": (lambda: L.PReLU(shared_axes=2)(np.ones((2, 4))), "shared_axes=[2]"),
    "batch axis": (lambda: L.BatchNormalization(axis=0)(np.ones((2, 4))), "axis=0"),
    "no axis": (lambda: L.LayerNormalization(axis=3)(np.ones((2, 4))), "no axis 3"),
    "data axis": (lambda: L.Normalization(axis=0).adapt(np.ones((2, 4))), "axis=0"),
    "given mean": (lambda: L.Normalization(mean=[1, 2], variance=[1, 2])(np.ones((2, 3))), "(2,)"),
    "vectors": (lambda: L.RandomFlip()(np.ones((2, 4))), "(batch, height, width)"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), MISFITS.values(), ids=MISFITS)
def test_input_that_does_not_fit_is_refused(call, message):
    with pytest.raises((ShapeError, UsageError)) as refusal:
        call()
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("layer", "first", "then"),
    [
        (L.PReLU(), (2, 4, 3), (2, 1, 3)),
        (L.BatchNormalization(axis=1), (2, 4, 3), (2, 5, 3)),
        (L.BatchNormalization(), (2, 3), (2, 4, 3)),
        (L.LayerNormalization([1, 2]), (2, 4, 3), (2, 5, 3)),
    ],
)
def test_another_shape_than_the_weights_is_refused(layer, first, then):
    layer(np.ones(first))
    with pytest.raises(ShapeError, match="was built for inputs of shape"):
        layer(np.ones(then))


# --- single layers -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "GaussianNoise", "RandomFlip"])
def test_inference_adds_no_node(name):
    row = TABLE[name]
    x = leaf(row.inputs("float32"), "x")
    assert row.make()(x) is x


def test_dropout_keeps_or_drops_and_scales():
    x = numbers(400, 50)
    y = L.Dropout(0.2, seed=1, dtype="float64")(x, training=True).value
    kept = y != 0
    assert np.allclose(y[kept], x[kept] / 0.8, rtol=1e-15)
    assert abs(kept.mean() - 0.8) < 5 * np.sqrt(0.2 * 0.8 / x.size)
    assert not np.array_equal(kept[0], kept[1]), "every example has a mask of its own"


def test_noise_shape_drops_together():
    y = L.Dropout(0.5, noise_shape=[None, 1, 3], seed=1)(np.ones((5, 4, 3)), training=True).value
    assert np.array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert len(np.unique(y[:, 0], axis=0)) > 1


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(2).standard_normal((1000, 200))
    y = L.AlphaDropout(0.3, seed=1, dtype="float64")(x, training=True).value
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1.0) < 0.02
    lowest = np.unique(y.round(12), return_counts=True)
    assert lowest[1].max() / y.size == pytest.approx(0.3, abs=0.01)


def test_gaussian_noise_has_its_spread():
    noise = L.GaussianNoise(0.3, seed=1, dtype="float64")(np.zeros((500, 200)), training=True).value
    assert abs(noise.mean()) < 5 * 0.3 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(0.3, rel=0.02)


@pytest.mark.parametrize("name", [n for n, row in TABLE.items() if row.draws])
def test_the_seed_decides_and_the_draws_go_on(name):
    row = TABLE[name]
    first, second = row.make(), row.make()
    x = row.inputs()
    runs = [layer(x, training=True).value for layer in (first, second, first)]
    assert np.array_equal(runs[0], runs[1])
    assert not all(np.array_equal(runs[0], first(x, training=True).value) for _ in range(5))


def test_rrelu_slopes_lie_between_the_bounds():
    x = -np.ones((200, 50))
    slopes = -L.RReLU(0.1, 0.4, seed=1, dtype="float64")(x, training=True).value
    assert slopes.min() >= 0.1
    assert slopes.max() <= 0.4
    assert slopes.mean() == pytest.approx(0.25, abs=0.005)
    assert np.allclose(L.RReLU(0.1, 0.4)(x).value, -0.25, rtol=1e-6)


def test_leaky_relu_takes_its_old_name_with_a_warning():
    with pytest.warns(DeprecationWarning, match="negative_slope"):
        layer = L.LeakyReLU(alpha=0.1)
    assert layer.negative_slope == 0.1
    assert "alpha" not in layer.get_config()
    assert L.LeakyReLU().negative_slope == 0.3


def test_activity_regularization_charges_its_input():
    with recording() as step:
        L.ActivityRegularization(0.1, 0.2, dtype="float64")(np.array([[1.0, -2.0]]))
    assert [float(p.value) for p in step.penalties] == [pytest.approx(0.1 * 3 + 0.2 * 5)]


def test_merging_is_arithmetic():
    a, b, c = numbers(2, 3, 4), numbers(2, 4), numbers(2, 3, 1)
    wide = b[:, None, :]
    several = np.stack(np.broadcast_arrays(a, wide, c))
    wanted = {
        "Add": several.sum(0), "Multiply": several.prod(0), "Average": several.mean(0),
        "Maximum": several.max(0), "Minimum": several.min(0),
    }  # fmt: skip
    for name, y in wanted.items():
        found = getattr(L, name)(dtype="float64")([a, b, c]).value
        assert np.allclose(found, y, rtol=1e-15, atol=0), name


# --- normalization -------------------------------------------------------------------------------


def test_batch_normalization_in_training_by_its_formula():
    layer = L.BatchNormalization(momentum=0.9, epsilon=0.01, dtype="float64", **NORMALS)
    x = numbers(6, 2, 3)
    y = layer(x, training=True).value
    mean, variance = x.mean((0, 1)), ((x - x.mean((0, 1))) ** 2).mean((0, 1))
    gamma, beta, moving_mean, moving_variance = layer.get_weights()
    assert np.allclose(y, gamma * (x - mean) / np.sqrt(variance + 0.01) + beta, rtol=1e-12)
    assert np.allclose(moving_mean, 0.1 * mean, rtol=1e-12)
    assert np.allclose(moving_variance, 0.9 + 0.1 * variance, rtol=1e-12)
    y = layer(x).value
    root = np.sqrt(moving_variance + 0.01)
    assert np.allclose(y, gamma * (x - moving_mean) / root + beta, rtol=1e-12)


def test_frozen_batch_normalization_infers():
    layer = L.BatchNormalization(trainable=False)
    x = numbers(6, 3)
    before = layer(x).value
    assert np.array_equal(layer(x, training=True).value, before)
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 4


@pytest.mark.parametrize("make", [L.BatchNormalization, L.LayerNormalization])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e5])
def test_variance_keeps_its_digits_at_large_offsets(make, offset):
    x = (numbers(64, 48) + offset).astype("float32")
    y = (
        make(epsilon=1e-6)(x, training=True).value
        if make is L.BatchNormalization
        else make(epsilon=1e-6)(x).value
    )
    exact, axis = x.astype(float), 0 if make is L.BatchNormalization else 1
    wanted = (exact - exact.mean(axis, keepdims=True)) / exact.std(axis, keepdims=True)
    assert np.abs(y - wanted).max() < 1e-3 + 3e-7 * offset


def test_layer_normalization_by_its_formula():
    layer = L.LayerNormalization([2, 1], epsilon=0.01, dtype="float64", **NORMALS)
    x = numbers(5, 2, 3)
    y = layer(x).value
    gamma, beta = layer.get_weights()
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    assert gamma.shape == (2, 3)
    assert np.allclose(y, gamma * (x - mean) / np.sqrt(variance + 0.01) + beta, rtol=1e-12)


def test_regularizer_and_constraint_reach_gamma():
    layer = L.BatchNormalization(gamma_regularizer="l2", gamma_constraint="non_neg")
    layer(numbers(4, 3))
    assert isinstance(layer.gamma.regularizer, regularizers.L2)
    assert layer.gamma.constraint([-1.0]).tolist() == [0.0]
    assert layer.beta.regularizer is None


@pytest.mark.parametrize("axis", [-1, 1, None, (1, 2)])
@pytest.mark.parametrize("cut", [[5, 6], [], [1, 2, 3]], ids=str)
def test_adapt_is_mean_and_variance_of_all_batches(axis, cut):
    data = numbers(9, 2, 3) * 3.0 + 1e6
    layer = L.Normalization(axis=axis, dtype="float64")
    layer.adapt([(part, "labels") for part in np.split(data, cut)] if cut else data)
    kept = {-1: (2,), 1: (1,), None: (), (1, 2): (1, 2)}[axis]
    others = tuple(i for i in range(3) if i not in kept)
    wanted = (data - data.mean(others, keepdims=True)) / data.std(others, keepdims=True)
    assert np.allclose(layer(data).value, wanted, rtol=1e-7, atol=1e-8)
    back = L.Normalization(axis=axis, invert=True, dtype="float64")
    back.adapt(data)
    assert np.allclose(back(wanted).value, data, rtol=1e-12)


def test_feature_without_spread_does_not_divide_by_zero():
    layer = L.Normalization(dtype="float64")
    layer.adapt(np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert layer(np.array([[3.0, 5.0]])).value.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.array([[1.0, np.nan], [2.0, 3.0]]), r"hold nan at \[0, 1\]"),
        (np.array([[np.inf, 1.0]]), r"hold inf at \[0, 0\]"),
        (np.ones((0, 2)), "no data"),
        ([], "no data"),
        ([[1.0, 2.0]], "an array with a batch axis"),
        (3.0, "neither an array nor an iterable"),
        ([np.ones((2, 2)), np.ones((2, 3))], "was built for inputs"),
    ],
    ids=str,
)
def test_data_that_cannot_be_adapted_to(data, message):
    layer = L.Normalization()
    with pytest.raises(ValueError, match=message):
        layer.adapt(data)


def test_adapt_beside_given_numbers_is_refused():
    with pytest.raises(UsageError, match="given mean"):
        L.Normalization(mean=0.0, variance=1.0).adapt(np.ones((2, 2)))


def test_prelu_learns_one_alpha_for_shared_axes():
    layer = L.PReLU(initializers.Constant(0.5), shared_axes=[1], dtype="float64")
    x = numbers(3, 4, 2)
    assert np.array_equal(layer(x).value, np.where(x > 0, x, 0.5 * x))
    assert layer.alpha.shape == (1, 2)


def test_new_layers_follow_floatx():
    config.set_floatx("float64")
    try:
        assert L.PReLU()(numbers(2, 3)).dtype == "float64"
    finally:
        config.set_floatx("float32")
