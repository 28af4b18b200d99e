"""Make the goldens anew with real Keras: ``python tests/golden/generate.py [FAMILY ...]``.

Each dtype gets a process of its own: JAX decides when it is imported whether float64 exists.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from golden.cases import DTYPES, FAMILIES, run
from golden.store import path_of, save

ENVIRONMENT = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
X64 = {"float32": "0", "float64": "1"}


def environment(dtype: str) -> dict[str, str]:
    return {**ENVIRONMENT, "JAX_ENABLE_X64": X64[dtype]}


def real_keras(dtype: str) -> ModuleType:
    """Keras that computes in the dtype from end to end.

    On JAX, Keras's table of result types turns float64 into float32, whatever floatx and
    JAX_ENABLE_X64 say: tanh, var and mean round to seven digits in the middle of a float64 net.
    The entry is taken back here; the formulas stay Keras's own.
    """
    import keras
    from keras.src.backend.common import dtypes

    if dtype == "float64":
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    for function in (keras.ops.tanh, keras.ops.var):
        found = keras.backend.standardize_dtype(function(np.ones(2, dtype)).dtype)
        if found != dtype:
            raise TypeError(f"{function.__name__} of {dtype} gave {found}")
    return keras


def generate(keras: ModuleType, family: str, dtype: str) -> None:
    begun = time.monotonic()
    results = {name: run(case, keras, dtype) for name, case in FAMILIES[family].items()}
    path = path_of(family, dtype)
    save(path, results, f"keras {keras.__version__}", dtype)
    seconds = time.monotonic() - begun
    print(f"{path.name}: {len(results)} cases, {path.stat().st_size} bytes, {seconds:.0f} s")


def main(arguments: list[str]) -> None:
    families = [name for name in arguments if name not in DTYPES] or list(FAMILIES)
    dtypes = [name for name in arguments if name in DTYPES]
    if len(dtypes) == 1 and environment(dtypes[0]).items() <= os.environ.items():
        keras = real_keras(dtypes[0])
        for family in families:
            generate(keras, family, dtypes[0])
        return
    for dtype in dtypes or DTYPES:
        command = [sys.executable, __file__, dtype, *families]
        subprocess.run(command, env={**os.environ, **environment(dtype)}, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
