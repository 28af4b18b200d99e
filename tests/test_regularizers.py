"""Regularizers against sums written out, as functions, slopes, names and settings."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from autograd_lab import check_gradients, regularizers
from autograd_lab.errors import UsageError
from autograd_lab.graph import leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.registry import FAMILIES

R = regularizers
WEIGHTS = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -4.0]])
ABSOLUTE, SQUARES = 10.75, 1 + 4 + 0.25 + 0.0625 + 9 + 16
TABLE = {
    "L1": (R.L1(0.1), 0.1 * ABSOLUTE),
    "L2": (R.L2(0.1), 0.1 * SQUARES),
    "L1L2": (R.L1L2(0.1, 0.3), 0.1 * ABSOLUTE + 0.3 * SQUARES),
    "L1L2 of nothing": (R.L1L2(), 0.0),
}
every_row = pytest.mark.parametrize(("regularizer", "wanted"), TABLE.values(), ids=TABLE)


@every_row
def test_penalty_of_arrays_lists_and_nodes(regularizer, wanted):
    assert regularizer(WEIGHTS) == pytest.approx(wanted, rel=1e-15)
    assert regularizer(WEIGHTS.tolist()) == pytest.approx(wanted, rel=1e-15)
    assert regularizer(leaf(WEIGHTS, "w")).value == pytest.approx(wanted, rel=1e-15)


@every_row
def test_slopes(regularizer, wanted):
    assert check_gradients(regularizer, WEIGHTS).ok
    w = leaf(WEIGHTS, "w")
    (slopes,) = gradient(regularizer(w), [w])
    settings = regularizer.get_config()
    by_hand = settings.get("l1", 0.0) * np.sign(WEIGHTS) + 2 * settings.get("l2", 0.0) * WEIGHTS
    assert np.allclose(slopes, by_hand, rtol=1e-15, atol=0)


@every_row
def test_float32_stays_float32(regularizer, wanted):
    w = leaf(WEIGHTS.astype("float32"), "w")
    penalty = regularizer(w)
    assert penalty.dtype == "float32"
    assert penalty.value == pytest.approx(wanted, rel=1e-6)
    assert gradient(penalty, [w])[0].dtype == "float32"


def test_no_weights_cost_nothing():
    assert R.L1L2(1.0, 1.0)(np.ones((0, 3))) == 0.0


@every_row
def test_settings_survive_json(regularizer, wanted):
    again = R.deserialize(json.loads(json.dumps(R.serialize(regularizer))))
    assert type(again) is type(regularizer)
    assert again(WEIGHTS) == regularizer(WEIGHTS)


@pytest.mark.parametrize(
    ("identifier", "kind", "settings"),
    [
        ("l1", R.L1, {"l1": 0.01}),
        ("L2", R.L2, {"l2": 0.01}),
        ("l1_l2", R.L1L2, {"l1": 0.0, "l2": 0.0}),  # as in Keras 3: nothing unless given
        (R.l1(0.5), R.L1, {"l1": 0.5}),
        (R.l2(l2=0.5), R.L2, {"l2": 0.5}),
        (R.l1_l2(l1=0.5, l2=0.25), R.L1L2, {"l1": 0.5, "l2": 0.25}),
        ({"class_name": "L1", "config": {"l1": 0.5}}, R.L1, {"l1": 0.5}),
    ],
)
def test_names_of_keras(identifier, kind, settings):
    found = R.get(identifier)
    assert type(found) is kind
    assert found.get_config() == settings


def test_a_function_is_a_regularizer():
    def own(w):
        return 3.0

    assert R.get(own) is own
    assert R.get(None) is None


def test_every_regularizer_has_a_row():
    assert {type(r) for r, _ in TABLE.values()} == set(FAMILIES["regularizers"].values())


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "0.1", None, True])
@pytest.mark.parametrize(("kind", "name"), [(R.L1, "l1"), (R.L2, "l2"), (R.L1L2, "l2")])
def test_wrong_setting_is_named(kind, name, value):
    with pytest.raises(UsageError) as refusal:
        kind(**{name: value})
    assert f"{kind.__name__}({name}={value!r}): {name} must be" in str(refusal.value)
