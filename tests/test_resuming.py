"""A training that was broken off at any batch, and begun again, ends with the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lab as keras
from autograd_lab import callbacks, layers, models, optimizers, utils
from autograd_lab.errors import UsageError

RANDOM = np.random.default_rng(8)
X = RANDOM.normal(size=(22, 2)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
IMAGES = RANDOM.random((22, 4, 4, 1), dtype=np.float32)
WEIGHT = RANDOM.uniform(0.5, 2.0, 22)
SIZE, EPOCHS = 6, 2  # four batches in each epoch, the last a short one


class Broken(Exception):  # noqa: N818 - an event
    """The blow that ends a training."""


class Blow(callbacks.Callback):
    """Ends the training at its ``at``-th batch."""

    def __init__(self, at):
        self.left = at

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise Broken


def noisy():
    return [
        layers.Input((2,)),
        layers.GaussianNoise(0.1),
        layers.Dense(6, "relu", kernel_regularizer="l2"),
        layers.Dropout(0.3),
        layers.BatchNormalization(momentum=0.8),
        layers.RReLU(),
        layers.Dense(2, "softmax"),
    ]


def augmented():
    return [
        layers.Input((4, 4, 1)),
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.RandomZoom(0.2),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomContrast(0.2, value_range=(0.0, 1.0)),
        layers.Flatten(),
        layers.Dense(2, "softmax"),
    ]


def branched():
    """A graph with a model inside, whose layers draw numbers too."""
    inner = models.Sequential([layers.Input((2,)), layers.Dense(3, "tanh"), layers.Dropout(0.2)])
    x = layers.Input((2,))
    y = layers.Concatenate()([inner(x), layers.AlphaDropout(0.2)(x)])
    return models.Model(x, layers.Dense(2, "softmax")(y))


def in_a_row(make):
    return lambda: models.Sequential(make())


class Numbered:
    """Batches by number."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return X[i * SIZE : (i + 1) * SIZE], Y[i * SIZE : (i + 1) * SIZE]


def endless():
    while True:
        yield from (Numbered()[i] for i in range(4))


ARRAYS = {"x": X, "y": Y, "batch_size": SIZE}
CASES = {
    "noise and dropout": (in_a_row(noisy), lambda: ARRAYS),
    "augmentation": (in_a_row(augmented), lambda: {**ARRAYS, "x": IMAGES}),
    "a graph": (branched, lambda: ARRAYS),
    "validation": (
        in_a_row(noisy),
        lambda: {**ARRAYS, "validation_split": 0.2, "sample_weight": WEIGHT, "batch_size": 5},
    ),
    "in order": (in_a_row(noisy), lambda: {**ARRAYS, "shuffle": False}),
    "fewer steps than batches": (in_a_row(noisy), lambda: {**ARRAYS, "steps_per_epoch": 3}),
    "more steps than batches": (in_a_row(noisy), lambda: {**ARRAYS, "steps_per_epoch": 5}),
    "numbered batches": (in_a_row(noisy), lambda: {"x": Numbered()}),
    "an endless generator": (in_a_row(noisy), lambda: {"x": endless(), "steps_per_epoch": 3}),
}


FIRST = next(iter(CASES))


def optimizer():
    rate = optimizers.schedules.ExponentialDecay(0.05, 4, 0.9)
    return optimizers.Adam(rate, use_ema=True, ema_overwrite_frequency=5, clipnorm=1.0)


def train(case, folder=None, blow=None, save_freq=1):
    """The model, and what is left of the training: its weights, history and the next numbers."""
    make, data = CASES[case]
    utils.set_random_seed(9)
    model = make()
    model.compile(
        optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"],
        run_eagerly=case != FIRST,  # which takes less time to begin
    )  # fmt: skip
    watching = [callbacks.EarlyStopping("loss", patience=30, restore_best_weights=True)]
    if folder is not None:
        watching.append(callbacks.BackupAndRestore(folder, save_freq=save_freq))
    if blow is not None:
        watching.append(Blow(blow))
    history = model.fit(**data(), epochs=EPOCHS, callbacks=watching, verbose=0)
    draws = [g.generator.random() for g in model.generators]
    slots = [v.numpy().tolist() for v in model.optimizer.variables]
    return [w.tobytes() for w in model.get_weights()], history.history, draws, slots


def steps_of(case):
    return EPOCHS * CASES[case][1]().get("steps_per_epoch", 4)


@pytest.mark.parametrize("case", CASES)
def test_broken_off_at_any_batch(case, tmp_path, capsys):
    wanted = train(case)
    last = steps_of(case)
    for blow in range(1, last + 1) if case == FIRST else (1, last // 2, last // 2 + 1, last):
        folder = tmp_path / str(blow)
        with pytest.raises(Broken):
            train(case, folder, blow)
        assert train(case, folder) == wanted
    assert capsys.readouterr().out.count("going on in epoch") > 0


@pytest.mark.parametrize("save_freq", ["epoch", 3])
def test_however_often_it_is_saved(save_freq, tmp_path, capsys):
    wanted = train("validation")
    for blow in (2, 5, 7):
        folder = tmp_path / str(blow)
        with pytest.raises(Broken):
            train("validation", folder, blow, save_freq)
        assert train("validation", folder, None, save_freq) == wanted


def test_again_and_again(tmp_path, capsys):
    wanted = train("validation")
    for blow in (2, 1, 4, 3):
        with pytest.raises(Broken):
            train("validation", tmp_path, blow)
    assert train("validation", tmp_path) == wanted


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    with pytest.raises(Broken):
        train("noise and dropout", tmp_path, 3)
    utils.set_random_seed(9)
    model = models.Sequential(noisy())
    model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    watching = [callbacks.BackupAndRestore(tmp_path)]
    before = [w.tobytes() for w in model.get_weights()]
    with pytest.raises(UsageError, match="another configuration"):
        model.fit(-X, Y, batch_size=SIZE, epochs=EPOCHS, callbacks=watching, verbose=0)
    assert [w.tobytes() for w in model.get_weights()] == before


@pytest.mark.parametrize(
    "form", [lambda: models.Sequential(noisy()[1:]), branched], ids=["row", "graph"]
)
@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        lambda: optimizers.Nadam(0.01),
        lambda: optimizers.RMSprop(0.01, centered=True, momentum=0.5),
        optimizer,
    ],
)
def test_a_saved_model_goes_on_like_the_one_in_memory(form, make, tmp_path):
    """Weights, slots, steps and rate: only the random numbers are begun anew."""
    utils.set_random_seed(4)
    model = form()
    model.compile(make(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, batch_size=11, epochs=2, verbose=0)
    model.save(tmp_path / "m.safetensors")
    other = models.load_model(tmp_path / "m.safetensors")
    assert type(other) is type(model)
    for a, b in zip(model.generators, other.generators, strict=True):
        b.generator.bit_generator.state = a.generator.bit_generator.state
    found, wanted = (m.fit(X, Y, batch_size=11, epochs=3, verbose=0) for m in (other, model))
    assert found.history == wanted.history
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))


def test_only_a_running_fit_has_a_state():
    model = models.Sequential(noisy())
    for act in (
        model.training_state,
        model.training_key,
        lambda: model.restore_training_state({}, {}),
    ):
        with pytest.raises(UsageError, match="only a running fit"):
            act()
    assert keras.config.floatx() == "float32"
