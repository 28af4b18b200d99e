"""Names, settings and objects are three ways to say the same thing, for every family."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_layers import TABLE

from autograd_lab import (
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)  # fmt: skip
from autograd_lab.errors import UsageError
from autograd_lab.registry import FAMILIES, Configured, deserialize, find, get, serialize

MODULES = (
    activations, callbacks, constraints, initializers, layers, losses, metrics, models, optimizers,
    regularizers,
)  # fmt: skip
SCHEDULES = optimizers.schedules
# What a class cannot be made without.
NEEDED = {
    "Activation": {"activation": "relu"},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "Dense": {"units": 2},
    "Dropout": {"rate": 0.5},
    "AlphaDropout": {"rate": 0.5},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    "GaussianNoise": {"stddev": 0.1},
    "InputLayer": {"shape": (2,)},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    "IoU": {"num_classes": 3, "target_class_ids": [0]},
    "LossFunctionWrapper": {"fn": losses.mean_squared_error},
    "MeanIoU": {"num_classes": 3},
    "MeanMetricWrapper": {"fn": losses.mean_squared_error},
    "Operation": {"function": "add"},
    "PiecewiseConstantDecay": {"boundaries": [1, 2], "values": [0.1, 0.2, 0.3]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "PrecisionAtRecall": {"recall": 0.5},
    "RandomContrast": {"factor": 0.5},
    "RandomRotation": {"factor": 0.5},
    "RandomTranslation": {"height_factor": 0.5, "width_factor": 0.5},
    "RandomZoom": {"height_factor": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "Rescaling": {"scale": 0.5},
    "Reshape": {"target_shape": (1, -1)},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}  # fmt: skip
BASES = {"Model", "Operation"}


def members():
    """Every class and function that the library itself registers, once."""
    for module in MODULES:
        assert module.__name__.startswith("autograd_lab")
    for family, known in FAMILIES.items():
        for thing in dict.fromkeys(known.values()):
            if thing.__module__.startswith("autograd_lab."):
                yield pytest.param(family, thing, id=f"{family}: {thing.__name__}")


def made(thing):
    return thing(**NEEDED.get(thing.__name__, {}))


# --- there and back -------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "thing"), list(members()))
def test_settings_make_the_same_again(family, thing):
    whole = made(thing) if isinstance(thing, type) else thing
    if thing is models.Model:
        pytest.skip("a model of nothing is a class of one's own")
    settings = json.loads(json.dumps(serialize(whole)))
    again = deserialize(settings)
    assert type(again) is type(whole)
    assert serialize(again) == settings
    assert serialize(deserialize(settings, family)) == settings
    if isinstance(thing, type):
        assert whole.family == family
    else:
        assert again is thing


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_every_layer_s_settings_make_it_again(row):
    layer = row.make()
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    assert again.get_config() == layer.get_config()
    assert again.name == layer.name


@pytest.mark.parametrize(("family", "thing"), list(members()))
def test_every_name_finds_it(family, thing):
    names = [name for name, known in FAMILIES[family].items() if known is thing]
    assert thing.__name__ in names
    for name in names:
        assert find(family, name) is thing
    if not (isinstance(thing, type) and (thing.__name__ in NEEDED or thing.__name__ in BASES)):
        found = get(family, thing.__name__)
        assert (type(found) if isinstance(thing, type) else found) is thing


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("he_normal", initializers.HeNormal),
        ("HeNormal", initializers.HeNormal),
        (initializers.HeNormal, initializers.HeNormal),
        (initializers.HeNormal(), initializers.HeNormal),
        (serialize(initializers.HeNormal(3)), initializers.HeNormal),
        ({"class_name": "HeNormal", "config": {"seed": None}}, initializers.HeNormal),
        ({"module": "keras.initializers", "class_name": "HeNormal", "config": {}},
         initializers.HeNormal),
    ],
)  # fmt: skip
def test_ways_to_say_it(identifier, kind):
    assert type(initializers.get(identifier)) is kind
    layer = layers.Dense(2, kernel_initializer=identifier)
    assert type(layer.kernel_initializer) is kind


def test_none_and_objects_stay():
    one = losses.Huber(2.0)
    assert losses.get(None) is None
    assert losses.get(one) is one
    assert losses.get(abs) is abs


def test_settings_may_hold_arrays_and_numbers_of_numpy():
    layer = layers.Normalization(mean=np.array([1.0, 2.0]), variance=np.float64(4.0))
    settings = json.loads(json.dumps(serialize(layer)))
    assert settings["config"]["mean"] == [1.0, 2.0]
    x = np.array([[3.0, 4.0]])
    assert np.array_equal(deserialize(settings)(x).value, layer(x).value)


def test_objects_within_settings_come_back():
    rate = SCHEDULES.CosineDecay(0.1, 10)
    optimizer = deserialize(json.loads(json.dumps(serialize(optimizers.SGD(rate)))))
    assert serialize(optimizer.rate) == serialize(rate)
    layer = layers.Dense(
        2, activation="gelu", kernel_regularizer=regularizers.L1L2(0.1, 0.2),
        kernel_constraint=constraints.MinMaxNorm(0.5, 1.5), bias_initializer="he_uniform",
    )  # fmt: skip
    again = deserialize(json.loads(json.dumps(serialize(layer))))
    assert again.activation is activations.gelu
    assert (again.kernel_regularizer.l1, again.kernel_regularizer.l2) == (0.1, 0.2)
    assert again.kernel_constraint.max_value == 1.5
    assert type(again.bias_initializer) is initializers.HeUniform


# --- what is refused ------------------------------------------------------------------------------

WRONG = {
    "an unknown name": (lambda: layers.Dense(1, "rellu"), "'rellu' is none of .* did you mean rel"),
    "another family": (
        lambda: losses.get(serialize(layers.Dense(1))), "'Dense' is of the layers, but one of the l"
    ),
    "an unknown setting": (
        lambda: layers.Dense.from_config({"units": 1, "actvation": "relu"}),
        "Dense has no setting 'actvation'; did you mean activation",
    ),
    "no class_name": (lambda: deserialize({"config": {}}), "need a class_name"),
    "a number for a name": (lambda: deserialize({"class_name": 3}), "need a class_name"),
    "an unknown family": (
        lambda: deserialize({"module": "os", "class_name": "system", "config": {}}), "none of the o"
    ),
    "settings of a function": (
        lambda: deserialize({"module": "activations", "class_name": "relu", "config": {"a": 1}}),
        "takes no settings",
    ),
    "settings that are none": (
        lambda: deserialize({"module": "layers", "class_name": "Dense", "config": 3}),
        "must be a dictionary",
    ),
    "a number": (lambda: regularizers.get(3), "3 is none of the regularizers"),
    "what has no form": (lambda: serialize({"a": object()}), "cannot be written to a file"),
}  # fmt: skip


@pytest.mark.parametrize(("act", "words"), WRONG.values(), ids=WRONG)
def test_refused(act, words):
    with pytest.raises(UsageError, match=words):
        act()


# --- parts of one's own ---------------------------------------------------------------------------


@pytest.fixture
def _as_before():
    kept = {family: dict(known) for family, known in FAMILIES.items()}
    yield
    for family, known in kept.items():
        FAMILIES[family].clear()
        FAMILIES[family].update(known)


@pytest.mark.usefixtures("_as_before")
def test_a_function_and_a_class_of_one_s_own(tmp_path):
    @utils.register_keras_serializable("mine")
    def double(x):
        return x * 2.0

    @utils.register_keras_serializable("mine", name="Biased")
    class Shift(layers.Layer):
        def __init__(self, by=1.0, **settings):
            super().__init__(**settings)
            self.by = by

        def call(self, inputs):
            return inputs + self.by

        def get_config(self):
            return {**super().get_config(), "by": self.by}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    model = models.Sequential(
        [layers.Input((2,)), layers.Dense(2, double), Shift(3.0), layers.Dense(1, "double")]
    )
    model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors")
    assert again.layers[1].by == 3.0
    x = np.ones((3, 2), np.float32)
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert find("activations", "mine>double") is double
    assert find("layers", "mine>Biased") is Shift


@pytest.mark.usefixtures("_as_before")
def test_parts_of_the_library_cannot_be_replaced():
    with pytest.raises(UsageError, match="'Dense' is one of the library's own layers"):

        @utils.register_keras_serializable()
        class Dense(layers.Layer):
            pass

    with pytest.raises(UsageError, match="'relu' is one of the library's own activations"):

        @utils.register_keras_serializable()
        def relu(x):
            return x

    assert find("layers", "Dense") is layers.Dense

    for _ in range(2):  # a cell of a notebook may run again

        @utils.register_keras_serializable()
        def own(x):
            return x

    assert find("activations", "own") is own


def test_every_configured_class_is_registered_or_a_base():
    """A class that can be a setting but has no name could be written and not read."""

    def below(cls):
        for sub in cls.__subclasses__():
            yield sub
            yield from below(sub)

    known = [x for family in FAMILIES.values() for x in family.values() if isinstance(x, type)]
    lost = {
        cls.__name__
        for cls in below(Configured)
        if cls.__module__.startswith("autograd_lab.")
        and not any(issubclass(found, cls) for found in known)
    }
    assert lost == set()
