"""Committed goldens: one NPZ for each family and dtype, with an index in JSON inside.

A file holds two members only, as a member costs more bytes than most results: ``values`` is every
array of every case end to end, ``index`` says whose they are.  The same results give the same
bytes.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "data"
Results = dict[str, dict[str, np.ndarray]]  # case -> name -> array


def path_of(family: str, dtype: str) -> Path:
    return FOLDER / f"{family}-{dtype}.npz"


def save(path: Path, results: Results, made_with: str, dtype: str) -> None:
    shapes = {
        case: {name: list(values.shape) for name, values in arrays.items()}
        for case, arrays in results.items()
    }
    flat = [values.ravel() for arrays in results.values() for values in arrays.values()]
    index = json.dumps({"made_with": made_with, "shapes": shapes}, separators=(",", ":"))
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        path,
        index=np.frombuffer(index.encode(), dtype=np.uint8),
        values=np.concatenate(flat).astype(dtype),
    )


def load(path: Path) -> tuple[str, Results]:
    """What made the file, and its results."""
    with np.load(path, allow_pickle=False) as file:
        index, values = json.loads(file["index"].tobytes()), file["values"]
    results: Results = {}
    start = 0
    for case, arrays in index["shapes"].items():
        results[case] = {}
        for name, shape in arrays.items():
            size = prod(shape)
            results[case][name] = values[start : start + size].reshape(shape)
            start += size
    if start != len(values):
        raise ValueError(f"{path.name}: the index names {start} numbers, {len(values)} are there")
    return index["made_with"], results
