"""Models in files: read back equal, refused when damaged or hostile, never half loaded."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_layers import TABLE

import autograd_lab as keras
from autograd_lab import layers, models, optimizers, utils
from autograd_lab.errors import UsageError
from autograd_lab.files.refusals import DamagedFileError, FileError
from autograd_lab.files.tensors import read_tensors, write_tensors

RANDOM = np.random.default_rng(12)
X = RANDOM.normal(size=(10, 3))
Y = np.arange(10) % 2


@pytest.fixture(autouse=True)
def _same_numbers():
    utils.set_random_seed(2)


def small():
    model = models.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, "tanh", kernel_regularizer="l2", kernel_constraint="max_norm"),
            layers.BatchNormalization(),
            layers.Dense(2, "softmax"),
        ]
    )
    model.compile(
        optimizers.Adam(0.01, amsgrad=True),
        keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
        weighted_metrics=["ce"],
    )
    model.fit(X, Y, batch_size=4, verbose=0)
    return model


@pytest.fixture
def saved(tmp_path):
    model = small()
    model.save(tmp_path / "m.safetensors")
    return model, tmp_path / "m.safetensors"


def bits(model):
    return [w.tobytes() for w in model.get_weights()]


# --- there and back -------------------------------------------------------------------------------


def test_a_model_comes_back_ready_to_go_on(saved):
    model, path = saved
    other = models.load_model(path)
    assert bits(other) == bits(model)
    assert [v.numpy().tolist() for v in other.optimizer.variables] == [
        v.numpy().tolist() for v in model.optimizer.variables
    ]
    assert other.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    found, wanted = (
        m.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0).history
        for m in (other, model)
    )
    assert found == wanted
    assert bits(other) == bits(model)


def test_equal_models_give_equal_files(saved):
    model, path = saved
    model.save(path.with_name("again.safetensors"))
    models.load_model(path).save(path.with_name("loaded.safetensors"))
    first, again, loaded = (
        path.with_name(f"{name}.safetensors").read_bytes() for name in ("m", "again", "loaded")
    )
    assert first == again == loaded


def test_without_compile(saved):
    model, path = saved
    other = models.load_model(path, compile=False)
    assert other.compiled is None
    assert bits(other) == bits(model)
    with pytest.raises(UsageError, match="was not compiled"):
        other.fit(X, Y)


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layer(row, dtype, tmp_path):
    layer = row.make(dtype=dtype)
    if isinstance(layer, layers.InputLayer):
        pytest.skip("an input is no layer to call")
    shapes = row.shapes if isinstance(row.shapes, list) else [row.shapes]
    inputs = [layers.Input(shape[1:], dtype=dtype) for shape in shapes]
    several = isinstance(row.shapes, list)
    model = models.Model(inputs, layer(inputs if several else inputs[0]))
    model.save(tmp_path / "m.safetensors")
    other = models.load_model(tmp_path / "m.safetensors")
    assert bits(other) == bits(model)
    assert other.get_config() == model.get_config()
    keras.config.set_floatx(dtype)
    try:
        x = row.inputs(dtype)
        assert np.array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))
    finally:
        keras.config.set_floatx("float32")


def test_every_form_of_model(tmp_path):
    from test_models import FORMS

    for name, (make, x) in FORMS.items():
        path = tmp_path / f"{name}.safetensors"
        model = make()
        model.save(path)
        other = models.load_model(path)
        assert other.trainable_flags() == model.trainable_flags()
        found, wanted = (m.predict(x, verbose=0) for m in (other, model))
        assert str(found) == str(wanted)


@pytest.mark.parametrize("frozen", ["before", "between"])
def test_frozen_layers_and_the_optimizer(frozen, tmp_path):
    """The slots belong to the weights that were trained, whatever is frozen by now."""
    model = small()
    if frozen == "before":
        model.layers[0].trainable = False
        model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        model.fit(X, Y, verbose=0)
        model.layers[0].trainable = True
        model.layers[2].trainable = False
        model.layers[0].trainable = False
    else:
        model.layers[0].trainable = False
    model.save(tmp_path / "m.safetensors")
    other = models.load_model(tmp_path / "m.safetensors")
    assert other.trainable_flags() == model.trainable_flags()
    state = [[v.numpy().tolist() for v in m.optimizer.variables] for m in (model, other)]
    assert state[0] == state[1]
    for m in (model, other):
        m.fit(X, Y, shuffle=False, verbose=0)
    assert bits(model) == bits(other)


def test_a_rate_that_was_changed_stays(tmp_path):
    model = models.Sequential([layers.Input((3,)), layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.optimizer.learning_rate = 0.125
    model.save(tmp_path / "m.safetensors")  # before the first step
    assert float(models.load_model(tmp_path / "m.safetensors").optimizer.learning_rate) == 0.125


def test_a_model_that_was_never_compiled(tmp_path):
    model = models.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.save(tmp_path / "m.safetensors")
    assert models.load_model(tmp_path / "m.safetensors").compiled is None


# --- weights alone --------------------------------------------------------------------------------


def test_weights_into_another_model(saved):
    model, path = saved
    for file in (path, path.with_name("w.safetensors")):
        if file != path:
            model.save_weights(file)
        other = small()
        other.set_weights([w + 1 for w in other.get_weights()])
        other.load_weights(file)  # its layers have other names
        assert bits(other) == bits(model)
    with pytest.raises(FileError, match="holds weights only"):
        models.load_model(path.with_name("w.safetensors"))


class Twice(layers.Layer):
    """Two weights of one name, and a layer inside named like another."""

    def build(self, input_shape):
        self.one = self.add_weight((3,), "normal", name="w")
        self.two = self.add_weight((3,), "normal", name="w")
        self.other = self.add_weight((3,), "normal", name="w_1")

    def call(self, inputs):
        return inputs * self.one + inputs * self.two * self.other


class Pair(models.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = Twice(name="same"), Twice(name="same")

    def call(self, inputs):
        return self.b(self.a(inputs))


def test_weights_of_equal_names_do_not_cover_each_other(tmp_path):
    model, other = Pair(), Pair()
    wanted = model.predict(X, verbose=0)
    model.save_weights(tmp_path / "w.safetensors")
    other(X)
    other.load_weights(tmp_path / "w.safetensors")
    assert len(model.get_weights()) == 6
    assert np.array_equal(other.predict(X, verbose=0), wanted)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: [layers.Dense(4), layers.BatchNormalization(), layers.Dense(3)], "has shape"),
        (lambda: [layers.Dense(4), layers.Dense(2)], "holds 8 weights, but the model has 4"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(make, words, saved):
    other = models.Sequential([layers.Input((3,)), *make()])
    before = bits(other)
    with pytest.raises(FileError, match=words):
        other.load_weights(saved[1])
    assert bits(other) == before


def test_weights_wait_for_the_model_to_be_built(saved):
    with pytest.raises(UsageError, match="no weights yet; build it"):
        models.Sequential([layers.Dense(4)]).load_weights(saved[1])


# --- what is refused ------------------------------------------------------------------------------


def test_every_97th_byte_matters(saved):
    _, path = saved
    whole = path.read_bytes()
    other = small()
    before = bits(other)
    for i in range(0, len(whole), 97):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0x10]) + whole[i + 1 :])
        with pytest.raises(FileError):
            models.load_model(path)
        with pytest.raises(FileError):
            other.load_weights(path)
    for i in range(0, len(whole), 97):
        path.write_bytes(whole[:i])
        with pytest.raises(FileError):
            models.load_model(path)
    assert bits(other) == before


def test_files_of_other_programs_are_refused(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "f.safetensors"
    save_file({"dense/kernel": np.ones((3, 4), np.float32)}, path)
    for act in (models.load_model, small().load_weights):
        with pytest.raises(DamagedFileError, match="no seal of autograd-lab"):
            act(path)
    write_tensors(path, {"x": np.ones(3)}, {"kind": "a checkpoint"})
    for act in (models.load_model, small().load_weights):
        with pytest.raises(FileError, match="something else than a model"):
            act(path)


def test_other_formats_are_refused(saved):
    _, path = saved
    arrays, note = read_tensors(path)
    write_tensors(path, arrays, {**note, "format": 99})
    with pytest.raises(FileError, match="has the format 99; this version reads 1"):
        models.load_model(path)


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "m.pkl", "m"])
def test_other_endings_are_refused(name, tmp_path):
    for act in (small().save, small().save_weights, models.load_model):
        with pytest.raises(FileError, match=r"is not \.safetensors"):
            act(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_may_be_kept(saved):
    _, path = saved
    before = path.read_bytes()
    with pytest.raises(FileError, match="is there already"):
        small().save(path, overwrite=False)
    assert path.read_bytes() == before


def test_a_missing_file(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        models.load_model(tmp_path / "nowhere.safetensors")


def test_a_function_of_one_s_own_must_be_known(tmp_path):
    model = models.Sequential([layers.Input((3,)), layers.Dense(1, activation=lambda x: x * 2.0)])
    with pytest.raises(UsageError, match="register_keras_serializable"):
        model.save(tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


JUNK = [
    None, True, -1, 0, 1.5, 1e308, "x", "", [], [1], {}, {"class_name": "Dense"}, 10**15,
    {"module": "layers", "class_name": "Dense", "config": {"units": -1}},
    {"module": "layers", "class_name": "Sequential", "config": {}},
    {"module": "os", "class_name": "system", "config": {"command": "true"}},
    {"module": "callbacks", "class_name": "CSVLogger", "config": {"filename": "hostile.csv"}},
    {"module": "activations", "class_name": "relu", "config": None},
    "__class__", "autograd_lab.models",
]  # fmt: skip


def places(value, path=()):
    """Every place in settings, outermost first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items if isinstance(value, (dict, list)) else ():
        if isinstance(item, (dict, list)):
            yield from places(item, (*path, key))
        else:
            yield (*path, key)


def replaced(value, path, junk):
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], junk)
    return copy


def test_hostile_settings_are_refused_or_harmless(tmp_path, monkeypatch):
    """Whatever stands in a sealed file: a model like the saved one, or FileError."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "m.safetensors"
    x = layers.Input((3,))
    model = models.Model(x, layers.Dense(2, "softmax")(layers.Dense(2)(x)) + 1.0)
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, np.ones((10, 2)), verbose=0)
    model.save(path)
    arrays, note = read_tensors(path)
    random = np.random.default_rng(3)
    refused = loaded = 0
    for place in places(note):
        junk = JUNK[random.integers(len(JUNK))]
        write_tensors(path, arrays, replaced(note, place, junk) if place else {"kind": junk})
        try:
            other = models.load_model(path)
        except FileError:
            refused += 1
        else:
            loaded += 1
            assert bits(other) == bits(model)
    assert refused > 40
    assert loaded > 5
    assert [file.name for file in tmp_path.iterdir()] == ["m.safetensors"]


def test_settings_that_ask_for_more_memory_than_the_file_has(saved):
    """The weights are those of the file: no more are made, however many are asked for."""
    _, path = saved
    arrays, note = read_tensors(path)
    for units in (5, 10**9):
        settings = json.loads(json.dumps(note["model"]).replace('"units": 4', f'"units": {units}'))
        assert settings != note["model"]
        write_tensors(path, arrays, {**note, "model": settings})
        with pytest.raises(FileError, match=r"kernel of shape .* the file holds fewer"):
            models.load_model(path)


def test_settings_nested_without_end_are_refused(saved):
    _, path = saved
    arrays, note = read_tensors(path)
    deep = note["model"]
    for _ in range(150):
        deep = {"module": "models", "class_name": "Sequential", "config": {"layers": [deep]}}
    write_tensors(path, arrays, {**note, "model": deep})
    with pytest.raises(FileError):
        models.load_model(path)


def test_a_file_with_an_array_too_many_or_too_few(saved):
    _, path = saved
    arrays, note = read_tensors(path)
    for name in list(arrays):
        write_tensors(path, {k: v for k, v in arrays.items() if k != name}, note)
        with pytest.raises(FileError, match=r"lacks|the file holds fewer numbers"):
            models.load_model(path)
        write_tensors(path, {**arrays, f"{name}_": arrays[name]}, note)
        with pytest.raises(FileError, match="holds"):
            models.load_model(path)
        write_tensors(path, {**arrays, name: arrays[name][None]}, note)
        with pytest.raises(FileError, match="has shape"):
            models.load_model(path)


def test_nothing_in_a_file_is_a_program(saved):
    data = saved[1].read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header.keys() - {"__metadata__"} == set(read_tensors(saved[1])[0])
    assert b"lambda" not in data
    assert b"pickle" not in data
