"""The table of all cases: family -> name -> function of the library.

A case is written once, against Keras's API, and run with two libraries: ``generate.py`` gives it
real Keras and commits what comes out, ``tests/test_golden.py`` gives it autograd_lab.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from golden import (
    callbacks,
    compiling,
    fitting,
    initializers,
    layers,
    losses,
    metrics,
    normalizing,
    optimizers,
    penalties,
    schedules,
)
from golden.common import Case

FAMILIES: dict[str, dict[str, Case]] = {
    "schedules": schedules.CASES,
    "initializers": initializers.CASES,
    "losses": losses.CASES,
    "metrics": metrics.CASES,
    "penalties": penalties.CASES,
    "layers": layers.CASES,
    "normalizing": normalizing.CASES,
    "optimizers": optimizers.CASES,
    "callbacks": callbacks.CASES,
    "fitting": {**fitting.CASES, **compiling.CASES},
}

DTYPES = ("float32", "float64")


def run(case: Case, keras: ModuleType, dtype: str) -> dict[str, np.ndarray]:
    """The case's results as arrays, computed in a dtype; the library's own dtype comes back."""
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        return {name: np.asarray(values) for name, values in case(keras).items()}
    finally:
        keras.config.set_floatx(before)
