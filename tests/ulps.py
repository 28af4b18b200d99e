"""Errors in units in the last place (ULP), and the inputs on which they are counted.

One ULP is the distance between neighbouring floats at the exact value.  Floats below the smallest
normal one (2.2e-308, in float32 1.2e-38) have fewer digits.  So have the numbers on the way to
results as small as that, and a rough bound is all that holds for them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mpmath import mp
from samples import SAMPLES, Accuracy, Sizes

from autograd_lab.graph import OPS

STRICT = 4.0  # the bound of everything elementary
DENORMAL = 128.0  # for results that are nearly denormal: below 16 times the smallest normal float
SEED = 7


def ulps(got: Any, exact: Any, kind: Any = np.float64, size: Any = None) -> float:
    """|got - exact| in units of the last place of the exact value, or of a larger ``size``."""
    with np.errstate(over="ignore"):
        nearest = kind(float(exact))
    if not np.isfinite(nearest) or not np.isfinite(got):
        return 0.0 if got == nearest else math.inf
    unit = np.spacing(abs(nearest) if size is None else kind(float(size)))
    return float(abs(mp.mpf(float(got)) - exact) / mp.mpf(float(unit)))


def is_denormal(exact: Any, kind: Any) -> bool:
    return 0 < abs(exact) < 16 * float(np.finfo(kind).smallest_normal)


def points(a: Accuracy, count: int, kind: Any = np.float64) -> Any:
    """Random points of every size, dense where functions bend, and the hard ones; all in range."""
    most = min(float(np.finfo(kind).max), 1e300 if kind is np.float64 else 3e38)
    low, high = max(a.low, -most), min(a.high, most)
    random = np.random.default_rng(SEED)
    decades = random.uniform(math.log10(a.least), math.log10(max(-low, high)), count)
    xs = [
        *random.uniform(low, high, count),
        *random.uniform(max(low, -5.0), min(high, 5.0), count),
        *10.0**decades * random.choice([-1.0, 1.0], count),
    ]
    mixed = random.permutation([x for x in xs if low <= x <= high])  # so that any part has all
    chosen = np.array([x for x in [*a.hard, *mixed[:count]] if abs(x) <= most])
    with np.errstate(under="ignore"):
        found = chosen.astype(kind)
    return found[(found != 0) | (chosen == 0)]


def tuples(s: Sizes, count: int, kind: Any = np.float64) -> list[Any]:
    """Inputs of an operation of several numbers, one array for each: half of every size, half near
    one, and the hard ones."""
    random = np.random.default_rng(SEED)
    share = 1.0 if kind is np.float64 else s.single
    half, columns = random.random(count) < 0.5, []
    for i, (low, high) in enumerate(s.decades):
        powers = np.where(
            half,
            random.uniform(low, high, count) * share,
            random.uniform(max(low, -1.0), min(high, 1.0), count),
        )
        signs = 1.0 if i in s.positive else random.choice([-1.0, 1.0], count)
        columns.append(signs * 10.0**powers)
    if kind is np.float64 and s.hard:
        columns = [np.append(h, c) for h, c in zip(zip(*s.hard, strict=True), columns, strict=True)]
    found = [column.astype(kind) for column in columns]
    return [random.random(len(found[0])) < 0.5, *found] if s.choice else found


def inputs(name: str, count: int, kind: Any = np.float64) -> list[Any]:
    """What an operation on single numbers is tried on: one array for each input.

    Points at which it has a kink are left out; their slopes are conventions and have their tests.
    """
    op, row = OPS[name], SAMPLES[name]
    if row.accuracy is not None:
        xs = [points(row.accuracy, count, kind)]
    else:
        assert row.sizes is not None, f"{name}: its row names no sizes to try"
        xs = tuples(row.sizes, count, kind)
    if op.kink is None or not any(op.pull(i) for i in range(len(xs))):
        return xs
    away = ~np.asarray(op.kink(*xs, **op.attrs))
    return [x[away] for x in xs]
