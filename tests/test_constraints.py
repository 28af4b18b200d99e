"""Constraints: by the formula, and as the laws that the formula is there for."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd_lab import constraints
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import leaf
from autograd_lab.registry import FAMILIES

C = constraints
EPSILON = 1e-7
WEIGHTS = np.random.default_rng(4).normal(size=(4, 3)) * [0.1, 1.0, 5.0]
matrices = hnp.arrays(
    float, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.floats(-1e3, 1e3)
)


def rescaled(w: np.ndarray, axis, wanted) -> np.ndarray:
    """w times wanted(norm) / (ε + norm), one vector after the other."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    norms = np.sqrt((w**2).sum(axis=axis, keepdims=True))
    return w * np.vectorize(wanted)(norms) / (EPSILON + norms)


def between(low: float, high: float, rate: float = 1.0):
    return lambda norm: rate * min(max(norm, low), high) + (1 - rate) * norm


TABLE = {
    "MaxNorm": (C.MaxNorm(1.0), rescaled(WEIGHTS, 0, between(0, 1))),
    "MaxNorm by default": (C.MaxNorm(), rescaled(WEIGHTS, 0, between(0, 2))),
    "MaxNorm of rows": (C.MaxNorm(0.5, axis=1), rescaled(WEIGHTS, 1, between(0, 0.5))),
    "MaxNorm of all": (C.MaxNorm(3, axis=[0, 1]), rescaled(WEIGHTS, [0, 1], between(0, 3))),
    "UnitNorm": (C.UnitNorm(), rescaled(WEIGHTS, 0, lambda norm: 1.0)),
    "UnitNorm of rows": (C.UnitNorm(axis=-1), rescaled(WEIGHTS, -1, lambda norm: 1.0)),
    "NonNeg": (C.NonNeg(), np.where(WEIGHTS > 0, WEIGHTS, 0.0)),
    "MinMaxNorm": (C.MinMaxNorm(0.5, 1.0), rescaled(WEIGHTS, 0, between(0.5, 1))),
    "MinMaxNorm in part": (
        C.MinMaxNorm(0.5, 1.0, rate=0.3, axis=1), rescaled(WEIGHTS, 1, between(0.5, 1, 0.3)),
    ),
}  # fmt: skip
every_row = pytest.mark.parametrize(("constraint", "wanted"), TABLE.values(), ids=TABLE)


@every_row
def test_formula_for_arrays_and_nodes(constraint, wanted):
    assert np.allclose(constraint(WEIGHTS), wanted, rtol=1e-14, atol=0)
    assert np.array_equal(constraint(leaf(WEIGHTS, "w")).value, constraint(WEIGHTS))
    assert np.array_equal(constraint(WEIGHTS.tolist()), constraint(WEIGHTS))


@every_row
def test_float32_stays_float32(constraint, wanted):
    found = constraint(leaf(WEIGHTS.astype("float32"), "w"))
    assert found.dtype == "float32"
    assert np.allclose(found.value, wanted, rtol=1e-5)


@every_row
def test_zeros_and_nothing_stay_what_they_are(constraint, wanted):
    assert np.array_equal(constraint(np.zeros((3, 2))), np.zeros((3, 2)))
    assert constraint(np.ones((0, 2))).shape == (0, 2)


@every_row
def test_settings_survive_json(constraint, wanted):
    again = C.deserialize(json.loads(json.dumps(C.serialize(constraint))))
    assert type(again) is type(constraint)
    assert np.array_equal(again(WEIGHTS), constraint(WEIGHTS))


@given(w=matrices, most=st.floats(0.0, 100.0))
def test_max_norm_shortens_and_keeps_the_direction(w, most):
    found = C.MaxNorm(most)(w)
    before, after = np.linalg.norm(w, axis=0), np.linalg.norm(found, axis=0)
    assert (after <= np.minimum(before, most) * (1 + 1e-12) + 1e-300).all()
    assert (after >= np.minimum(before, most) - 2e-7 * (1 + most)).all()
    assert np.allclose(found * before, w * after, rtol=1e-9, atol=1e-9)


@given(w=matrices)
def test_norms_come_between_the_bounds(w):
    w = w + np.where(w >= 0, 0.1, -0.1)  # away from 0, which no factor makes longer
    after = np.linalg.norm(C.MinMaxNorm(2.0, 3.0)(w), axis=0)
    assert ((after > 2.0 - 1e-5) & (after <= 3.0 + 1e-9)).all()
    assert np.allclose(np.linalg.norm(C.UnitNorm()(w), axis=0), 1.0, atol=2e-6)


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("max_norm", C.MaxNorm), ("MaxNorm", C.MaxNorm), (C.max_norm(1.0), C.MaxNorm),
        ("non_neg", C.NonNeg), (C.non_neg(), C.NonNeg), ("unit_norm", C.UnitNorm),
        (C.unit_norm(axis=1), C.UnitNorm), ("min_max_norm", C.MinMaxNorm),
        (C.min_max_norm(0.1, 2.0), C.MinMaxNorm),
        ({"class_name": "MaxNorm", "config": {"max_value": 3}}, C.MaxNorm),
    ],
)  # fmt: skip
def test_names_of_keras(identifier, kind):
    assert type(C.get(identifier)) is kind
    assert C.get(None) is None


def test_every_constraint_has_a_row():
    assert {type(c) for c, _ in TABLE.values()} == set(FAMILIES["constraints"].values())


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        (C.MaxNorm, "max_value", -1.0), (C.MaxNorm, "max_value", math.nan),
        (C.MaxNorm, "max_value", "1"), (C.MaxNorm, "axis", 0.5), (C.MaxNorm, "axis", None),
        (C.UnitNorm, "axis", True), (C.UnitNorm, "axis", [0, "1"]),
        (C.MinMaxNorm, "rate", 1.5), (C.MinMaxNorm, "rate", -0.1),
        (C.MinMaxNorm, "min_value", -1), (C.MinMaxNorm, "max_value", -1),
    ],
)  # fmt: skip
def test_wrong_setting_is_named(kind, setting, value):
    with pytest.raises(UsageError) as refusal:
        kind(**{setting: value})
    assert f"{kind.__name__}({setting}={value!r}): {setting} must be" in str(refusal.value)


def test_bounds_the_wrong_way_round():
    with pytest.raises(UsageError, match=r"MinMaxNorm\(max_value=1\): .* at least 2"):
        C.MinMaxNorm(min_value=2, max_value=1)


def test_an_axis_that_the_weight_has_not():
    with pytest.raises(ShapeError, match="no axis 2"):
        C.MaxNorm(axis=2)(WEIGHTS)
