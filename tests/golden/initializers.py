"""Initializers: the statistics of 10^5 numbers, and the exact ones exactly."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from golden.common import Arrays, Case, array

SHAPE = (200, 500)  # unequal, so that fan_in, fan_out and fan_avg differ
FANS = {"fan_in", "fan_out", "fan_avg"}
DRAWN: dict[str, tuple[str, dict[str, Any], tuple[int, ...]]] = {
    **{
        name: (name, {}, SHAPE)
        for name in (
            "GlorotUniform",
            "GlorotNormal",
            "HeUniform",
            "HeNormal",
            "LecunUniform",
            "LecunNormal",
            "RandomUniform",
            "RandomNormal",
            "TruncatedNormal",
            "VarianceScaling",
        )
    },
    "RandomUniform shifted": ("RandomUniform", {"minval": 0.5, "maxval": 2.0}, SHAPE),
    "RandomNormal shifted": ("RandomNormal", {"mean": 1.5, "stddev": 0.5}, SHAPE),
    "TruncatedNormal shifted": ("TruncatedNormal", {"mean": 1.5, "stddev": 0.5}, SHAPE),
    **{
        f"VarianceScaling {mode} {distribution}": (
            "VarianceScaling",
            {"scale": 2.0, "mode": mode, "distribution": distribution},
            SHAPE,
        )
        for mode in sorted(FANS)
        for distribution in ("truncated_normal", "untruncated_normal", "uniform")
    },
    "HeNormal of a vector": ("HeNormal", {}, (100_000,)),
    "GlorotUniform of a convolution": ("GlorotUniform", {}, (5, 5, 40, 100)),
}


def statistics(name: str, arguments: dict[str, Any], shape: tuple, keras: ModuleType) -> Arrays:
    """Named "about": the band is that of drawing anew.  Logarithms make differences relative."""
    drawn = array(getattr(keras.initializers, name)(seed=11, **arguments)(shape))
    mean, deviation = drawn.mean(dtype=float), drawn.std(dtype=float)
    standard = (drawn - mean) / deviation
    found: Arrays = {
        "shape": drawn.shape,
        "about log of the deviation": np.log(deviation),
        "about mean in deviations": mean / deviation,
        "about fourth moment": np.mean(standard**4, dtype=float) / 3,
    }
    bounded = name != "RandomNormal" and arguments.get("distribution") != "untruncated_normal"
    if bounded:
        found["about log of the largest"] = np.log(np.abs(drawn - mean).max())
    return found


def exact(keras: ModuleType) -> Arrays:
    initializers = keras.initializers
    made = {
        "zeros": initializers.Zeros(),
        "ones": initializers.Ones(),
        "constant": initializers.Constant(-1.25),
        "identity": initializers.Identity(),
        "identity gain": initializers.Identity(gain=0.5),
    }
    return {name: array(initializer((3, 4))) for name, initializer in made.items()}


def orthogonal(shape: tuple[int, int], gain: float, keras: ModuleType) -> Arrays:
    """The shorter side is orthonormal, up to the gain; the numbers themselves are drawn."""
    w = array(keras.initializers.Orthogonal(gain=gain, seed=1)(shape))
    return {"product": w @ w.T if shape[0] <= shape[1] else w.T @ w}


def repeats(keras: ModuleType) -> Arrays:
    """An integer seed makes an instance repeat itself; without a seed two instances differ."""
    seeded = keras.initializers.HeNormal(seed=3)
    other = keras.initializers.HeNormal(seed=4)
    first, second = keras.initializers.HeNormal(), keras.initializers.HeNormal()
    draw = {"shape": (4, 5)}
    return {
        "again": bool(np.all(array(seeded(**draw)) == array(seeded(**draw)))),
        "other seed": bool(np.all(array(seeded(**draw)) == array(other(**draw)))),
        "no seed": bool(np.all(array(first(**draw)) == array(second(**draw)))),
    }


def dense_defaults(keras: ModuleType) -> Arrays:
    """Dense draws its kernel by glorot_uniform and starts its bias at 0."""
    keras.utils.set_random_seed(1)
    layer = keras.layers.Dense(500)
    keras.models.Sequential([keras.layers.Input((200,)), layer])
    kernel, bias = layer.get_weights()
    return {
        "bias": np.abs(bias).max(),
        "about log of the largest": np.log(np.abs(kernel).max()),
        "about log of the deviation": np.log(kernel.std()),
    }


CASES: dict[str, Case] = {
    **{name: partial(statistics, *description) for name, description in DRAWN.items()},
    "exact": exact,
    "Orthogonal wide": partial(orthogonal, (3, 5), 1.0),
    "Orthogonal tall": partial(orthogonal, (6, 3), 0.5),
    "seeds": repeats,
    "Dense defaults": dense_defaults,
}
