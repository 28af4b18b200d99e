"""Activation functions against mpmath, their slopes, limits, names and Keras's arguments."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from autograd_lab import activations, check_gradients, ops
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import OPS, leaf
from autograd_lab.registry import FAMILIES, find

A = activations
POINTS = [-30.0, -4.5, -2.2, -0.7, -0.3, -1e-3, 1e-3, 0.3, 0.7, 2.2, 4.5, 30.0]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def clip(x: Any, low: Any, high: Any) -> Any:
    return min(max(x, low), high)


def keras_relu(x: Any, slope: float, most: float, threshold: float) -> Any:
    """The three cases of Keras's documentation, for thresholds from 0 on."""
    return min(x, most) if x > threshold else slope * (x - threshold)


def shrunk(x: Any, by: float) -> Any:
    return mp.sign(x) * max(abs(x) - by, 0)


# name, arguments -> the function in exact mathematics
EXACT: dict[str, tuple[str, dict[str, Any], Callable[[Any], Any]]] = {
    "linear": ("linear", {}, lambda x: x),
    "relu": ("relu", {}, lambda x: max(x, 0)),
    "relu leaky": ("relu", {"negative_slope": 0.1}, lambda x: keras_relu(x, 0.1, mp.inf, 0)),
    "relu cut": ("relu", {"max_value": 2.0}, lambda x: keras_relu(x, 0, 2, 0)),
    "relu late": ("relu", {"threshold": 1.5}, lambda x: keras_relu(x, 0, mp.inf, 1.5)),
    "relu with all": (
        "relu", {"negative_slope": 0.1, "max_value": 4.0, "threshold": 0.5},
        lambda x: keras_relu(x, 0.1, 4, 0.5),
    ),
    "relu6": ("relu6", {}, lambda x: clip(x, 0, 6)),
    "leaky_relu": ("leaky_relu", {}, lambda x: x if x > 0 else mp.mpf(0.2) * x),
    "threshold": ("threshold", {"threshold": 1.0, "default_value": -7.0},
                  lambda x: x if x > 1 else mp.mpf(-7)),
    "hard_shrink": ("hard_shrink", {}, lambda x: x if abs(x) > 0.5 else mp.mpf(0)),
    "hard_shrink 2": ("hard_shrink", {"threshold": 2.0}, lambda x: x if abs(x) > 2 else mp.mpf(0)),
    "soft_shrink": ("soft_shrink", {}, lambda x: shrunk(x, 0.5)),
    "soft_shrink 2": ("soft_shrink", {"threshold": 2.0}, lambda x: shrunk(x, 2)),
    "hard_tanh": ("hard_tanh", {}, lambda x: clip(x, -1, 1)),
    "hard_sigmoid": ("hard_sigmoid", {}, lambda x: clip(x / 6 + 0.5, 0, 1)),
    "hard_silu": ("hard_silu", {}, lambda x: x * clip(x / 6 + 0.5, 0, 1)),
    "sigmoid": ("sigmoid", {}, sigmoid),
    "log_sigmoid": ("log_sigmoid", {}, lambda x: mp.log(sigmoid(x))),
    "tanh": ("tanh", {}, mp.tanh),
    "tanh_shrink": ("tanh_shrink", {}, lambda x: x - mp.tanh(x)),
    "softsign": ("softsign", {}, lambda x: x / (1 + abs(x))),
    "softplus": ("softplus", {}, lambda x: mp.log(1 + mp.exp(x))),
    "elu": ("elu", {}, lambda x: x if x > 0 else mp.expm1(x)),
    "elu 0.3": ("elu", {"alpha": 0.3}, lambda x: x if x > 0 else mp.mpf(0.3) * mp.expm1(x)),
    "celu": ("celu", {}, lambda x: x if x > 0 else mp.expm1(x)),
    "celu 0.3": ("celu", {"alpha": 0.3},
                 lambda x: x if x > 0 else mp.mpf(0.3) * mp.expm1(x / mp.mpf(0.3))),
    "selu": ("selu", {}, lambda x: mp.mpf(1.0507009873554805) * (
        x if x > 0 else mp.mpf(1.6732632423543772) * mp.expm1(x))),
    "silu": ("silu", {}, lambda x: x * sigmoid(x)),
    "gelu": ("gelu", {}, lambda x: x * mp.ncdf(x)),
    "gelu by tanh": ("gelu", {"approximate": True}, lambda x: x / 2 * (
        1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3)))),
    "mish": ("mish", {}, lambda x: x * mp.tanh(mp.log(1 + mp.exp(x)))),
    "exponential": ("exponential", {}, mp.exp),
}  # fmt: skip
ALONG_AN_AXIS = {"softmax", "log_softmax", "glu"}
every_row = pytest.mark.parametrize(("name", "arguments", "exact"), EXACT.values(), ids=EXACT)


@every_row
def test_value_is_exact(name, arguments, exact):
    function = getattr(A, name)
    found = function(np.array(POINTS), **arguments)
    with mp.workdps(50):
        for x, y in zip(POINTS, found, strict=True):
            wanted = float(exact(mp.mpf(x)))
            # the rest of x - tanh(x) for small x is a difference of nearly equal numbers
            slack = 1e-16 if name == "tanh_shrink" else 1e-300
            assert y == pytest.approx(wanted, rel=4e-14, abs=slack), x
            assert function(x, **arguments) == pytest.approx(y, rel=4e-15, abs=1e-300)


@every_row
def test_slopes(name, arguments, exact):
    points = np.array([x for x in POINTS if abs(x) < 10])
    assert check_gradients(lambda x: getattr(A, name)(x, **arguments), points).ok


@every_row
def test_shape_and_dtype_are_kept(name, arguments, exact):
    for shape in [(2, 3), (0, 3), (1,)]:
        y = getattr(A, name)(leaf(np.ones(shape, "float32"), "x"), **arguments)
        assert y.shape == shape
        assert y.dtype == "float32"


@every_row
def test_large_numbers_give_limits_without_a_warning(name, arguments, exact):
    if name in ("exponential", "gelu") and (name == "exponential" or arguments):
        return  # without a limit that is a number
    y = getattr(A, name)(np.array([-1e4, 1e4]), **arguments)
    with mp.workdps(50):
        wanted = [float(exact(mp.mpf(x))) for x in (-1e4, 1e4)]
    assert np.allclose(y, wanted, rtol=1e-12, atol=1e-12)


def test_plain_relu_is_the_operation_itself():
    x = leaf(np.ones(3), "x")
    assert A.relu(x).op is OPS["relu"]
    assert A.relu(x).inputs == (x,)
    assert A.relu(x, 0.1).op is OPS["leaky_relu"]
    assert A.linear(x) is x


def test_softmax_sums_to_one_along_its_axis():
    x = np.random.default_rng(1).normal(size=(3, 4, 5))
    for axis in (-1, 0, 1, (1, 2)):
        exp = np.exp(x)
        wanted = exp / exp.sum(axis=axis, keepdims=True)
        assert np.allclose(A.softmax(x, axis=axis), wanted, rtol=1e-14)
        assert np.allclose(A.log_softmax(x, axis=axis), np.log(wanted), rtol=1e-13)
    assert A.softmax(np.array([0.0, 1e4])).tolist() == [0.0, 1.0]
    assert A.log_softmax(np.array([0.0, 1e4])).tolist() == [-1e4, 0.0]


def test_glu_gates_one_half_by_the_other():
    x = np.random.default_rng(1).normal(size=(4, 6))
    for axis in (0, 1, -1):
        a, b = np.split(x, 2, axis)
        assert np.allclose(A.glu(x, axis=axis), a / (1 + np.exp(-b)), rtol=1e-14)
    assert check_gradients(A.glu, x).ok
    with pytest.raises(ShapeError, match=r"glu: axis 1 of shape .* has no halves"):
        A.glu(np.ones((2, 3)))


# --- names ---------------------------------------------------------------------------------------


def test_every_function_has_a_row():
    known = {function.__name__ for function in FAMILIES["activations"].values()}
    assert known == {name for name, _, _ in EXACT.values()} | ALONG_AN_AXIS


@pytest.mark.parametrize("name", sorted(FAMILIES["activations"]))
def test_names_lead_to_functions_and_back(name):
    function = A.get(name)
    assert function is find("activations", name)
    assert A.get(json.loads(json.dumps(A.serialize(function)))) is function


def test_other_names_of_keras():
    assert A.get("swish") is A.swish is A.silu
    assert A.get("hard_swish") is A.hard_swish is A.hard_silu
    assert A.serialize(A.swish) == "silu"
    assert A.get(None) is A.linear
    assert A.get(math.sin) is math.sin


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("relu", {"negative_slope": 0.0, "max_value": None, "threshold": 0.0}),
        ("leaky_relu", {"negative_slope": 0.2}), ("elu", {"alpha": 1.0}), ("celu", {"alpha": 1.0}),
        ("gelu", {"approximate": False}), ("softmax", {"axis": -1}), ("log_softmax", {"axis": -1}),
        ("glu", {"axis": -1}), ("hard_shrink", {"threshold": 0.5}),
        ("soft_shrink", {"threshold": 0.5}), ("selu", {}), ("sigmoid", {}),
    ],
)  # fmt: skip
def test_arguments_and_defaults_are_those_of_keras(name, arguments):
    parameters = list(inspect.signature(getattr(A, name)).parameters.values())
    assert {p.name: p.default for p in parameters[1:]} == arguments


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=r"'sigmod' is none of the activations; did you mean sig"):
        A.get("sigmod")


def test_float_in_float_out():
    assert all(type(getattr(A, n)(0.5)) is float for n in ("relu", "gelu", "selu", "mish", "celu"))
    assert ops.relu(0.5) == A.relu(0.5)
