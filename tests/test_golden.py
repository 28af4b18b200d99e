"""The cases of ``golden/``, run with autograd_lab, against what real Keras computed.

Keras is not needed here: its results are committed, see ``golden/README.md``.
"""

from __future__ import annotations

import numpy as np
import pytest
from golden.cases import DTYPES, FAMILIES, run
from golden.common import ABOUT, BAND
from golden.store import load, path_of

TOLERANCES = {"float64": 1e-6, "float32": 2e-5}
ALL = [
    pytest.param(family, name, dtype, id=f"{family}: {name}: {dtype}")
    for family, cases in FAMILIES.items()
    for name in cases
    for dtype in DTYPES
]
_loaded: dict[tuple[str, str], dict[str, dict[str, np.ndarray]]] = {}


def goldens(family: str, dtype: str) -> dict[str, dict[str, np.ndarray]]:
    if (family, dtype) not in _loaded:
        _loaded[family, dtype] = load(path_of(family, dtype))[1]
    return _loaded[family, dtype]


def difference(found: np.ndarray, golden: np.ndarray) -> float:
    """max|difference| over max|w| for arrays, over max(1, |value|) for numbers; inf by NaN."""
    if found.shape != golden.shape:
        return np.inf
    finite = np.isfinite(golden)
    if not np.array_equal(found[~finite], golden[~finite], equal_nan=True):
        return np.inf
    if not np.any(finite):
        return 0.0
    apart = np.abs(found[finite] - golden[finite]).max()
    scale = np.abs(golden[finite]).max()
    if not golden.shape:
        scale = max(1.0, scale)
    return float(apart / scale) if apart else 0.0


def disagreements(
    found: dict[str, np.ndarray], golden: dict[str, np.ndarray], tolerance: float
) -> list[str]:
    """A line for each array that is missing, not asked for, or too far from its golden."""
    lines = [f"{name}: missing" for name in golden.keys() - found.keys()]
    lines += [f"{name}: Keras has no such name" for name in found.keys() - golden.keys()]
    for name in golden.keys() & found.keys():
        ours, theirs = np.asarray(found[name], dtype=np.float64), golden[name].astype(np.float64)
        apart = difference(ours, theirs)
        if not apart <= (BAND if name.startswith(ABOUT) else tolerance):
            with np.printoptions(precision=9, threshold=60):
                lines.append(f"{name}: {apart:.2g} apart\nfound {ours}\nwanted {theirs}")
    return sorted(lines)


@pytest.mark.parametrize(("family", "name", "dtype"), ALL)
def test_equals_keras(family: str, name: str, dtype: str) -> None:
    import autograd_lab as keras

    found = run(FAMILIES[family][name], keras, dtype)
    lines = disagreements(found, goldens(family, dtype)[name], TOLERANCES[dtype])
    assert not lines, "\n".join(lines)


# --- the goldens themselves -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_has_its_golden(family: str, dtype: str) -> None:
    assert goldens(family, dtype).keys() == FAMILIES[family].keys()
    assert all(arrays for arrays in goldens(family, dtype).values())


@pytest.mark.parametrize("family", FAMILIES)
def test_cases_are_well_conditioned(family: str) -> None:
    """Where Keras's own float32 strays from its float64, nobody could be asked to follow.

    Hard inputs are meant to: 1 - 1e-7 is another number in float32.
    """
    exact = goldens(family, "float64")
    for name, arrays in goldens(family, "float32").items():
        if "hard " not in name:
            assert disagreements(arrays, exact[name], TOLERANCES["float32"]) == [], name


# --- the test of the test -------------------------------------------------------------------------

W = np.array([[1.0, -2.0], [0.5, 1e-3]])


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ({"w": W, "loss": np.float64(0.2 + 2e-6)}, "loss: 2e-06 apart"),
        ({"w": W + np.array([[0, 0], [0, 3e-6]]), "loss": np.float64(0.2)}, "w: 1.5e-06 apart"),
        ({"w": W[0], "loss": np.float64(0.2)}, "w: inf apart"),
        ({"w": W * [[1, 1], [1, np.nan]], "loss": np.float64(0.2)}, "w: nan apart"),
        ({"w": W}, "loss: missing"),
        ({"w": W, "loss": np.float64(0.2), "mae": W}, "mae: Keras has no such name"),
    ],
)
def test_a_difference_is_found(found: dict[str, np.ndarray], complaint: str) -> None:
    golden = {"w": W, "loss": np.float64(0.2)}
    (line,) = disagreements(found, golden, 1e-6)
    assert line.startswith(complaint)


def test_what_is_near_enough_passes() -> None:
    found = {"w": W + 1e-6, "not a number": np.array([np.nan, np.inf, 1.0]), "about x": W + 0.02}
    golden = {"w": W, "not a number": np.array([np.nan, np.inf, 1.0]), "about x": W}
    assert disagreements(found, golden, 1e-6) == []
