"""Initializers: their statistics against calculated ones, seeds, names and refusals."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from autograd_lab import config, initializers
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import leaf
from autograd_lab.initializers import fans
from autograd_lab.random import SeedGenerator, set_seed
from autograd_lab.registry import FAMILIES

I = initializers  # noqa: E741 - one letter, as the tests of layers have it
SHAPE = (300, 700)  # fan_in 300, fan_out 700, fan_avg 500
N = math.prod(SHAPE)


def cut_variance() -> float:
    """The variance of normal numbers cut off at ±2, by integration."""
    density = mp.npdf
    return float(mp.quad(lambda z: z**2 * density(z), [-2, 2]) / mp.quad(density, [-2, 2]))


CUT = cut_variance()
# Kurtosis E[z⁴]/E[z²]², which tells the kinds apart: 9/5, 3, and 2.4 after the cut at ±2.
KURTOSIS = {
    "uniform": 1.8,
    "normal": 3.0,
    "cut": float(mp.quad(lambda z: z**4 * mp.npdf(z), [-2, 2]) / mp.quad(mp.npdf, [-2, 2]))
    / CUT**2,
}


@dataclass(frozen=True)
class Row:
    """What an initializer is drawn with, and the mean, variance and kind it must have."""

    make: Callable[..., Any]
    variance: float
    kind: str
    mean: float = 0.0
    bound: float = math.inf


def scaled(mode: str, distribution: str) -> Row:
    variance = 3.0 / {"fan_in": 300, "fan_out": 700, "fan_avg": 500}[mode]
    kind = {"uniform": "uniform", "untruncated_normal": "normal"}.get(distribution, "cut")
    bound = {"uniform": math.sqrt(3 * variance), "cut": 2 * math.sqrt(variance / CUT)}
    return Row(
        lambda seed: I.VarianceScaling(3.0, mode, distribution, seed=seed),
        variance, kind, bound=bound.get(kind, math.inf),
    )  # fmt: skip


ROWS = {
    "GlorotUniform": Row(I.GlorotUniform, 1 / 500, "uniform", bound=math.sqrt(6 / 1000)),
    "GlorotNormal": Row(I.GlorotNormal, 1 / 500, "cut", bound=2 * math.sqrt(1 / 500 / CUT)),
    "HeUniform": Row(I.HeUniform, 2 / 300, "uniform", bound=math.sqrt(6 / 300)),
    "HeNormal": Row(I.HeNormal, 2 / 300, "cut", bound=2 * math.sqrt(2 / 300 / CUT)),
    "LecunUniform": Row(I.LecunUniform, 1 / 300, "uniform", bound=math.sqrt(3 / 300)),
    "LecunNormal": Row(I.LecunNormal, 1 / 300, "cut", bound=2 * math.sqrt(1 / 300 / CUT)),
    "RandomNormal": Row(lambda seed: I.RandomNormal(1.0, 0.2, seed), 0.04, "normal", 1.0),
    "RandomUniform": Row(lambda seed: I.RandomUniform(1.0, 3.0, seed), 4 / 12, "uniform", 2.0, 1.0),
    "TruncatedNormal": Row(
        lambda seed: I.TruncatedNormal(1.0, 0.2, seed), 0.04 * CUT, "cut", 1.0, 0.4
    ),
    **{
        f"VarianceScaling {mode} {distribution}": scaled(mode, distribution)
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("truncated_normal", "untruncated_normal", "uniform", "normal")
    },
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_statistics(row):
    w = row.make(seed=5)(SHAPE, dtype="float64")
    off = w - row.mean
    assert abs(off.mean()) < 5 * math.sqrt(row.variance / N)
    assert off.var() == pytest.approx(row.variance, rel=5 * math.sqrt(2 / N))
    assert (off**4).mean() / off.var() ** 2 == pytest.approx(KURTOSIS[row.kind], rel=0.02)
    assert np.abs(off).max() <= row.bound * (1 + 1e-12)
    if row.bound < math.inf:
        assert np.abs(off).max() > 0.99 * row.bound


def test_the_constant_of_the_cut_is_its_standard_deviation():
    assert pytest.approx(math.sqrt(CUT), rel=1e-15) == initializers.TRUNCATED_STDDEV


DRAWING = {name: row.make for name, row in ROWS.items()} | {"Orthogonal": I.Orthogonal}
for_drawing = pytest.mark.parametrize(
    "make", [lambda seed=None, make=make: make(seed=seed) for make in DRAWING.values()], ids=DRAWING
)


# --- seeds ---------------------------------------------------------------------------------------


@for_drawing
def test_a_whole_number_repeats_itself(make):
    first, second = make(7), make(7)
    w = first((4, 5))
    assert np.array_equal(w, first((4, 5)))
    assert np.array_equal(w, second((4, 5)))
    assert not np.array_equal(w, make(8)((4, 5)))


@for_drawing
def test_no_seed_is_new_numbers_that_the_common_seed_decides(make):
    initializer = make()
    set_seed(3)
    runs = [initializer((4, 5)), initializer((4, 5)), make()((4, 5))]
    assert len({w.tobytes() for w in runs}) == 3
    set_seed(3)
    assert np.array_equal(make()((4, 5)), runs[0])


@for_drawing
def test_a_seed_generator_goes_on(make):
    initializer = make(SeedGenerator(1, "initializers"))
    first, second = initializer((4, 5)), initializer((4, 5))
    assert not np.array_equal(first, second)
    again = make(SeedGenerator(1, "initializers"))
    assert np.array_equal(again((4, 5)), first)
    assert np.array_equal(again((4, 5)), second)


@for_drawing
def test_single_precision_is_the_same_numbers_rounded(make):
    assert np.array_equal(make(7)((4, 5), dtype="float64").astype("float32"), make(7)((4, 5)))


@for_drawing
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1), (0, 3), (3, 0)], ids=str)
def test_shapes_and_dtype(make, shape):
    w = make(1)(shape)
    assert w.shape == shape
    assert w.dtype == "float32"
    assert np.isfinite(w).all()


def test_dtype_follows_floatx():
    config.set_floatx("float64")
    try:
        assert I.HeNormal()((2, 2)).dtype == "float64"
        assert I.Zeros()((2, 2)).dtype == "float64"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((), (1, 1)),
        ((6,), (6, 6)),
        ((2, 3), (2, 3)),
        ((5, 2, 3), (10, 15)),
        ((3, 5, 2, 4), (30, 60)),
    ],
)
def test_fans(shape, wanted):
    assert fans(shape) == wanted


def test_weights_without_inputs_do_not_divide_by_zero():
    assert I.HeNormal(seed=1)((0, 5)).shape == (0, 5)


# --- exact ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (2, 3, 4), (7,) * 2, (1, 3)], ids=str)
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape, gain):
    q = I.Orthogonal(gain, seed=3)(shape, dtype="float64").reshape(-1, shape[-1]) / gain
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    assert np.allclose(product, np.eye(min(q.shape)), atol=1e-13)


def test_orthogonal_matrices_are_all_equally_likely():
    """Both signs of the determinant occur, and no entry has a side it prefers."""
    drawn = np.array([I.Orthogonal(seed=k)((3, 3), dtype="float64") for k in range(2000)])
    signs = np.sign(np.linalg.det(drawn))
    assert abs(signs.mean()) < 5 / math.sqrt(2000)
    assert np.abs(drawn.mean(0)).max() < 5 * math.sqrt(1 / 3 / 2000)
    assert np.allclose((drawn**2).mean(0), 1 / 3, atol=5 * math.sqrt(4 / 45 / 2000))


@pytest.mark.parametrize(("initializer", "wanted"), [
    (I.Zeros(), [[0, 0, 0], [0, 0, 0]]), (I.Ones(), [[1, 1, 1], [1, 1, 1]]),
    (I.Constant(2.5), [[2.5] * 3] * 2), (I.Constant([1, 2, 3]), [[1, 2, 3], [1, 2, 3]]),
    (I.Identity(), [[1, 0, 0], [0, 1, 0]]), (I.Identity(3.0), [[3, 0, 0], [0, 3, 0]]),
    (I.get(np.array([[1.0, 2, 3], [4, 5, 6]])), [[1, 2, 3], [4, 5, 6]]),
    (I.get(leaf([[1.0, 2, 3], [4, 5, 6]])), [[1, 2, 3], [4, 5, 6]]),
    (I.get(lambda shape, dtype=None: np.full(shape, 7.0, dtype)), [[7, 7, 7], [7, 7, 7]]),
], ids=["zeros", "ones", "constant", "constants", "identity", "scaled", "array", "node", "own"],
)  # fmt: skip
def test_constants(initializer, wanted):
    w = initializer((2, 3), dtype="float32")
    assert w.tolist() == wanted
    assert w.dtype == "float32"


# --- names and settings --------------------------------------------------------------------------

KERAS_NAMES = {
    "zeros": I.Zeros, "zero": I.Zeros, "Zeros": I.Zeros, "ones": I.Ones, "one": I.Ones,
    "constant": I.Constant, "identity": I.Identity, "IdentityInitializer": I.Identity,
    "orthogonal": I.Orthogonal, "OrthogonalInitializer": I.Orthogonal,
    "normal": I.RandomNormal, "random_normal": I.RandomNormal, "uniform": I.RandomUniform,
    "random_uniform": I.RandomUniform, "truncated_normal": I.TruncatedNormal,
    "variance_scaling": I.VarianceScaling, "glorot_uniform": I.GlorotUniform,
    "glorot_normal": I.GlorotNormal, "GlorotNormal": I.GlorotNormal, "he_uniform": I.HeUniform,
    "he_normal": I.HeNormal, "lecun_uniform": I.LecunUniform, "lecun_normal": I.LecunNormal,
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), KERAS_NAMES.items())
def test_names_of_keras(name, kind):
    assert type(initializers.get(name)) is kind
    assert getattr(initializers, name, kind) is kind


def test_every_initializer_is_among_the_names():
    assert set(KERAS_NAMES.values()) == set(FAMILIES["initializers"].values())


@pytest.mark.parametrize("initializer", [
    *[make(seed=4) for make in DRAWING.values()], I.Zeros(), I.Ones(), I.Identity(2.0),
    I.Constant(0.5), I.Constant(np.ones((2, 2))), I.HeNormal(SeedGenerator(3, "initializers")),
], ids=lambda i: type(i).__name__)  # fmt: skip
def test_settings_survive_json(initializer):
    again = initializers.deserialize(json.loads(json.dumps(initializers.serialize(initializer))))
    assert type(again) is type(initializer)
    assert again.get_config() == initializer.get_config()
    assert np.array_equal(again((2, 2)), initializer((2, 2)))


def test_none_a_class_and_settings():
    assert initializers.get(None) is None
    assert isinstance(initializers.get(I.HeNormal), I.HeNormal)
    assert initializers.get({"class_name": "Constant", "config": {"value": 3.0}}).value == 3.0


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "scale": (lambda: I.VarianceScaling(0.0), "VarianceScaling(scale=0.0): scale must be"),
    "mode": (lambda: I.VarianceScaling(1.0, "fan_inn"), "did you mean fan_in?"),
    "distribution": (lambda: I.VarianceScaling(distribution="cauchy"), "distribution='cauchy'"),
    "stddev": (lambda: I.RandomNormal(stddev=-1.0), "RandomNormal(stddev=-1.0)"),
    "mean": (lambda: I.TruncatedNormal(mean=math.nan), "TruncatedNormal(mean=nan)"),
    "maxval": (lambda: I.RandomUniform(1.0, 0.0), "RandomUniform(maxval=0.0): maxval must be"),
    "seed": (lambda: I.HeNormal(-1), "HeNormal(seed=-1): seed must be a whole number from 0 on"),
    "seed float": (lambda: I.HeNormal(1.5), "HeNormal(seed=1.5)"),
    "gain": (lambda: I.Orthogonal("2"), "Orthogonal(gain='2')"),
    "value": (lambda: I.Constant("one"), "Constant(value='one')"),
    "name": (lambda: I.get("he_norml"), "did you mean he_normal?"),
    "thing": (lambda: I.get(5), "5 is none of the initializers"),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_wrong_setting_is_named(make, message):
    with pytest.raises(UsageError) as refusal:
        make()
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("initializer", "shape"),
    [(I.Identity(), (3,)), (I.Identity(), (2, 2, 2)), (I.Orthogonal(), (3,)),
     (I.Constant([1.0, 2.0]), (2, 3))],
)  # fmt: skip
def test_shape_that_does_not_fit(initializer, shape):
    with pytest.raises(ShapeError, match=type(initializer).__name__):
        initializer(shape)
