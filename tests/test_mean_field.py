"""The recursion of infinite width against closed forms, integrals of mpmath, and measured nets."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from autograd_lab import activations
from autograd_lab.diagnosis import critical_points, fixed_point, mean_field, mlp
from autograd_lab.diagnosis.mean_field import moments, variance_of, weight_scale
from autograd_lab.errors import UsageError

N, LAYERS = 256, 50
# activation, n Var(w), log10 of the rms at layer 50, log10 of the gradient at layer 1
TABLE = [
    ("linear", 1.0, -0.00, -0.00),
    ("linear", N**2, 120.41, 120.41),
    ("sigmoid", N, -0.17, 4.70),
    ("sigmoid", N * 1e-4, -0.30, -69.93),
    ("sigmoid", 1.0, -0.29, -31.40),
    ("sigmoid", 2.0, -0.28, -24.97),
    ("sigmoid", 16.0, -0.22, -10.09),
    ("sigmoid", N**2, -0.15, 34.49),
    ("tanh", N, -0.01, 23.52),
    ("tanh", N * 1e-4, -39.80, -39.80),
    ("tanh", 1.0, -1.00, -0.92),
    ("tanh", 2.0, -0.26, 0.91),
    ("tanh", N**2, -0.00, 53.37),
    ("tanh", 1 / N, -60.21, -60.21),
    ("relu", N, 52.68, 52.68),
    ("relu", 1.0, -7.53, -7.53),
    ("relu", 2.0, -0.00, -0.00),
    ("leaky", 2.0, 0.94, 0.94),
    ("leaky", 2.0 / 1.09, -0.00, -0.00),
    ("elu", 1.0, -1.28, -1.24),
    ("elu", 2.0, 0.63, 1.15),
    ("selu", 1.0, -0.00, 0.75),
]


def named(act):
    """Slope 0.3 below zero, as the layer has it; the function's own is 0.2."""
    return (lambda x: activations.leaky_relu(x, 0.3)) if act == "leaky" else act


@pytest.mark.parametrize(("act", "scale", "rms", "gradient"), TABLE)
def test_the_table_of_fifty_layers(act, scale, rms, gradient):
    field = mean_field(named(act), LAYERS, scale)
    assert field.log10_rms == pytest.approx(rms, abs=0.0051)
    assert field.log10_gradient == pytest.approx(gradient, abs=0.0051)


@pytest.mark.parametrize("q", [1e-6, 0.1, 1.0, 256.0, 65536.0])
def test_relu_and_its_kin_have_closed_forms(q):
    assert moments(activations.relu, q) == pytest.approx((q / 2, 0.5), rel=1e-12)
    second, slope = moments(named("leaky"), q)
    assert (second, slope) == pytest.approx((q * 1.09 / 2, 1.09 / 2), rel=1e-12)
    assert moments(activations.linear, q) == pytest.approx((q, 1.0), rel=1e-12)
    assert moments(activations.exponential, min(q, 1.0)) == pytest.approx(
        (math.exp(2 * min(q, 1.0)),) * 2, rel=1e-12
    )


FUNCTIONS = {
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "hard_sigmoid": lambda z: min(max(z / 6 + mpmath.mpf(1) / 2, 0), 1),
    "relu6": lambda z: min(max(z, 0), 6),
}


@pytest.mark.parametrize("act", FUNCTIONS)
@pytest.mark.parametrize("q", [0.01, 1.0, 300.0])
def test_expectations_against_integrals_of_thirty_digits(act, q):
    f, s = FUNCTIONS[act], mpmath.sqrt(q)
    cuts = sorted({c / s for c in (-30, -6, -3, -1, 0, 1, 3, 6, 30) if abs(c / s) < 13})
    points = [-13, *cuts, 13]
    with mpmath.workdps(20):
        wanted = mpmath.quad(lambda x: f(s * x) ** 2 * mpmath.npdf(x), points)
    assert moments(getattr(activations, act), q)[0] == pytest.approx(float(wanted), rel=1e-9)


def test_slopes_against_integrals():
    s = mpmath.sqrt(256)
    wanted = mpmath.quad(
        lambda x: mpmath.sech(s * x) ** 4 * mpmath.npdf(x), [-5, -1, -0.2, 0, 0.2, 1, 5]
    )
    assert moments(activations.tanh, 256.0)[1] == pytest.approx(float(wanted), rel=1e-10)


def test_gauss_hermite_agrees_where_it_can():
    """With 100 nodes it is exact for smooth functions of moderate q, and poor for steep ones."""
    x, w = np.polynomial.hermite_e.hermegauss(100)
    w = w / math.sqrt(2 * math.pi)
    assert moments(activations.tanh, 1.0)[0] == pytest.approx(float(w @ np.tanh(x) ** 2), rel=1e-9)
    steep = float(w @ np.cosh(np.minimum(np.abs(64.0 * x), 300.0)) ** -4.0)
    assert moments(activations.tanh, 64.0**2)[1] != pytest.approx(steep, rel=0.05)


def test_glorots_bound_on_the_sigmoid():
    """With n Var(w) = 1 a sigmoid layer multiplies the mean square by at most 1/16."""
    assert max(mean_field("sigmoid", 100, 1.0).chi) <= 1 / 16


def test_fixed_points():
    for act, scale in (("tanh", 2.0), ("sigmoid", 1.0), ("selu", 1.0), ("softplus", 1.0)):
        q, chi = fixed_point(act, scale)
        second, slope = moments(getattr(activations, act), q)
        assert scale * second == pytest.approx(q, rel=1e-9)
        assert chi == pytest.approx(scale * slope, rel=1e-9)
        assert mean_field(act, 400, scale).q[-1] == pytest.approx(q, rel=1e-6)
    assert fixed_point("selu", 1.0)[0] == pytest.approx(1.0, rel=1e-12)  # what SELU is made for
    assert fixed_point("relu", 1.9)[0] == 0.0
    assert fixed_point("relu", 2.1)[0] == math.inf
    assert fixed_point("relu", 2.0) == pytest.approx((1.0, 1.0))


def test_the_critical_line():
    scales = {act: critical_points(act)[0].scale for act in ("linear", "tanh", "relu", "elu")}
    assert scales == pytest.approx({"linear": 1, "tanh": 1, "relu": 2, "elu": 1}, rel=1e-6)
    for act, bias in (("sigmoid", 0.0), ("tanh", 0.05), ("tanh", 1.0), ("hard_sigmoid", 0.0)):
        (point,) = critical_points(act, bias)
        second, slope = moments(getattr(activations, act), point.q)
        assert point.scale * slope == pytest.approx(1.0, rel=1e-9)
        assert point.scale * second + bias == pytest.approx(point.q, rel=1e-9)
    assert critical_points("relu", 0.1) == []  # a ReLU with random biases has no such scale


def test_on_the_critical_line_a_deep_net_keeps_its_gradient():
    point = critical_points("sigmoid")[0]
    field = mean_field("sigmoid", 1000, point.scale, start=1.0)
    assert abs(field.log10_gradient) < 1.0
    assert mean_field("sigmoid", 1000, 0.8 * point.scale).log10_gradient < -10
    assert mean_field("sigmoid", 1000, 1.25 * point.scale).log10_gradient > 10


@pytest.mark.parametrize(
    "name",
    ["glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "orthogonal"],
)
def test_variances_are_those_of_drawn_weights(name):
    from autograd_lab import initializers

    kernel = initializers.get({"class_name": name, "config": {"seed": 1}})((300, 200))
    assert variance_of(name, 300, 200) == pytest.approx(float(np.var(kernel)), rel=0.03)


def test_other_variances():
    from autograd_lab import initializers as i

    for one in (i.RandomNormal(0, 0.3, 1), i.TruncatedNormal(0, 0.3, 1), i.RandomUniform(-1, 2, 1)):
        drawn = np.var(one((400, 400)))
        assert variance_of(one, 400, 400) == pytest.approx(float(drawn), rel=0.02)
    assert weight_scale("he") == 2.0
    with pytest.raises(UsageError, match="n·Var"):
        weight_scale("zeros")


def test_theory_stands_beside_the_measurement_in_a_wide_net():
    d = mlp("400-8x400-10", act="tanh", init="glorot", seed=3)
    for row in d.rows[:-2]:
        assert row.rms_z == pytest.approx(row.theory_z, rel=0.06)
        assert row.factor == pytest.approx(row.theory, rel=0.06)
    assert "√q" in d.text(theory=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("relu", 0, 1.0), "depth"), (("relu", 2, -1.0), "scale"), (("relu", 2, math.nan), "scale"),
        (("reluu", 2, 1.0), "did you mean relu"), (("softmax", 2, 1.0), "entry by entry"),
    ],
)  # fmt: skip
def test_refusals(arguments, words):
    with pytest.raises(UsageError, match=words):
        mean_field(*arguments)
