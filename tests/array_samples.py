"""Arrays of every layout and kind that a file may hold, and the comparison by bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lab.files.tensors import DTYPES

draw = np.random.default_rng(3)
MATRIX = draw.normal(size=(4, 6))
LAYOUTS = {
    "number": np.array(2.5),
    "python number": 2.5,
    "list": [[1, 2], [3, 4]],
    "vector": np.arange(5, dtype=np.int32),
    "transposed": MATRIX.T,
    "Fortran": np.asfortranarray(MATRIX),
    "every second": MATRIX[::2, 1::2],
    "reversed": MATRIX[::-1, ::-1],
    "broadcast": np.broadcast_to(np.arange(3.0), (2, 3)),
    "three axes": np.moveaxis(draw.normal(size=(2, 3, 4)), 0, 2),
    "big-endian": MATRIX.astype(">f8").T,
    "empty": np.zeros((0, 3)),
    "empty inside": np.zeros((2, 0, 3), np.float32),
    "special": np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324]),
}
LAYOUTS |= {
    f"dtype {name}": (draw.integers(0, 2, (3, 5)) * 3).astype(name).T for name in DTYPES.values()
}


def same(a: Any, b: np.ndarray) -> bool:
    a = np.asarray(a)
    return (
        a.dtype == b.dtype
        and a.shape == b.shape
        and a.astype(b.dtype).tobytes() == b.tobytes()
        and b.dtype.isnative
    )
