"""Points in the plane with classes, made from a seed: what a small network learns to separate.

All return x (n_samples, 2) float64 and y (n_samples,) int64 in random order, the classes as equal
in size as possible.  The same arguments give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autograd_lab.datasets.checks import quoted, real, seed, whole
from autograd_lab.errors import UsageError

Points = NDArray[np.float64]
Classes = NDArray[np.int64]
MAX_SAMPLES = 10_000_000
MAX_CLASSES = 1000


def moons(n_samples: int = 100, noise: float = 0.0, seed: int = 0) -> tuple[Points, Classes]:
    """Two half circles that reach into each other, as in scikit-learn's ``make_moons``.

    Class 0 (cos t, sin t), class 1 (1 - cos t, 1/2 - sin t), t from 0 to π; ``noise`` is the
    standard deviation of what is added to each coordinate.

    Errors: UsageError for a number out of range.

    >>> x, y = moons(6)
    >>> sorted(zip(y.tolist(), x.round(3).tolist()))[0]
    (0, [-1.0, 0.0])
    """
    rng = _generator("moons", n_samples, noise, seed)
    upper, lower = (np.linspace(0, np.pi, n) for n in _sizes(n_samples, 2))
    arcs = [_plane(np.cos(upper), np.sin(upper)), _plane(1 - np.cos(lower), 0.5 - np.sin(lower))]
    return _shuffled(arcs, noise, rng)


def circles(
    n_samples: int = 100, noise: float = 0.0, seed: int = 0, factor: float = 0.8
) -> tuple[Points, Classes]:
    """Class 0 on a circle of radius 1, class 1 on one of radius ``factor`` within it.

    As in scikit-learn's ``make_circles``: equal angles, noise added afterwards.

    Errors: UsageError for a number out of range; 0 <= factor < 1.

    >>> x, y = circles(200, factor=0.5)
    >>> float(np.linalg.norm(x[y == 1], axis=1).max().round(12))
    0.5
    """
    rng = _generator("circles", n_samples, noise, seed)
    radii = (1.0, real("circles", "factor", factor, 0, 1))
    if radii[1] == 1:
        raise UsageError("circles(factor=1): both circles would be one; take factor below 1.")
    angles = (np.arange(n) * (2 * np.pi / n) for n in _sizes(n_samples, 2))
    rings = [r * _plane(np.cos(t), np.sin(t)) for r, t in zip(radii, angles, strict=True)]
    return _shuffled(rings, noise, rng)


def blobs(
    n_samples: int = 100,
    noise: float = 1.0,
    seed: int = 0,
    centers: int | Sequence[Sequence[float]] = 3,
) -> tuple[Points, Classes]:
    """Round clouds of points about centers: normal, with standard deviation ``noise``.

    ``centers`` is a number of classes, whose centers are drawn evenly from the square from -10 to
    10, or the centers themselves, (classes, 2).  As in scikit-learn's ``make_blobs``.

    Errors: UsageError for a number out of range, or centers that are no points of the plane.

    >>> x, y = blobs(4, noise=0, centers=[[0, 0], [3, 4]])
    >>> sorted(zip(y.tolist(), x.tolist()))[-1]
    (1, [3.0, 4.0])
    """
    given = None if isinstance(centers, (int, np.integer)) else _centers(centers)
    if given is None:
        count = whole("blobs", "centers", centers, 1, MAX_CLASSES)
        rng = _generator("blobs", n_samples, noise, seed, count)
        given = rng.uniform(-10, 10, (count, 2))
    else:
        rng = _generator("blobs", n_samples, noise, seed, len(given))
    sizes = _sizes(n_samples, len(given))
    return _shuffled([np.tile(c, (n, 1)) for c, n in zip(given, sizes, strict=True)], noise, rng)


def spirals(
    n_samples: int = 100, noise: float = 0.0, seed: int = 0, arms: int = 2, turns: float = 1.75
) -> tuple[Points, Classes]:
    """Spirals wound into each other, one class each: r (sin t, cos t), t = 2π (turns r + k/arms).

    The radius r grows evenly up to 1, and never is 0, where all classes would meet; k is the class.
    Two arms of 1.75 turns are those of TensorFlow Playground.

    Errors: UsageError for a number out of range.

    >>> x, y = spirals(90, arms=3)
    >>> np.bincount(y).tolist()
    [30, 30, 30]
    """
    arms = whole("spirals", "arms", arms, 1, MAX_CLASSES)
    turns = real("spirals", "turns", turns, -100, 100)
    rng = _generator("spirals", n_samples, noise, seed, arms)
    curves = []
    for k, n in enumerate(_sizes(n_samples, arms)):
        radius = np.arange(1, n + 1) / n
        angle = 2 * np.pi * (turns * radius + k / arms)
        curves.append(radius[:, None] * _plane(np.sin(angle), np.cos(angle)))
    return _shuffled(curves, noise, rng)


def xor(n_samples: int = 100, noise: float = 0.0, seed: int = 0) -> tuple[Points, Classes]:
    """Points of the square from -1 to 1; class 1 where the two coordinates differ in sign.

    The quadrants get equal numbers; ``noise`` moves points after they got their class.

    Errors: UsageError for a number out of range.

    >>> x, y = xor(100)
    >>> bool(((x[:, 0] * x[:, 1] < 0) == y).all())
    True
    """
    rng = _generator("xor", n_samples, noise, seed)
    same, differ = _sizes(n_samples, 2)
    halves = []
    for n, product in ((same, 1.0), (differ, -1.0)):
        first = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
        signs = _plane(first, product * first)
        halves.append(signs * (1 - rng.random((n, 2))))  # never 0, which has no sign
    return _shuffled(halves, noise, rng)


def _generator(
    call: str, n_samples: int, noise: float, start: int, classes: int = 2
) -> np.random.Generator:
    whole(call, "n_samples", n_samples, classes, MAX_SAMPLES)
    real(call, "noise", noise, 0, 1e6)
    return np.random.default_rng(seed(call, start))


def _sizes(n: int, classes: int) -> list[int]:
    """As equal as possible; the later classes get one more where it does not come out even."""
    return [(n + k) // classes for k in range(classes)]


def _plane(first: Points, second: Points) -> Points:
    return np.stack([first, second], axis=1)


def _centers(given: Sequence[Sequence[float]]) -> Points:
    try:
        centers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        centers = np.empty(0)
    if centers.ndim != 2 or centers.shape[1] != 2 or not np.isfinite(centers).all():
        raise UsageError(
            f"blobs(centers={quoted(given)}): give a number of centers, or a list of finite "
            f"points [x, y]."
        )
    return centers


def _shuffled(
    parts: Sequence[Points], noise: float, rng: np.random.Generator
) -> tuple[Points, Classes]:
    """The points of all classes in random order: fit(validation_split=...) takes the last ones."""
    x = np.concatenate(parts)
    y = np.repeat(np.arange(len(parts), dtype=np.int64), [len(part) for part in parts])
    order = rng.permutation(len(y))
    return x[order] + noise * rng.standard_normal(x.shape), y[order]
