"""Gradients compared with differences: is every slope of a function what its values say it is?"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import GradientError, UsageError
from autograd_lab.graph import Node, plain
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.transforms.check_report import Entry, GradientCheck
from autograd_lab.transforms.comparison import Comparison, Cost, Point
from autograd_lab.transforms.recorded import Function, dot


def check_gradients(
    f: Function,
    *args: Any,
    order: int = 2,
    rtol: float | None = None,
    small: int = 64,
    directions: int = 8,
    seed: int = 0,
    raises: bool = True,
) -> GradientCheck:
    """Compare the slopes of ``f`` at ``args`` with differences; the report is true if all agree.

    Arguments may be numbers, arrays and trees of them; those that hold no floats are passed on.
    Arrays of up to ``small`` numbers are checked entry by entry, larger ones in random
    ``directions`` (where one differs, halving finds an entry).  If f returns more than one number,
    a sum of them with random weights is differentiated; ``order=2`` does the same again with a sum
    of the slopes of a curved sum of them, so that a rule that is right once and cut off from later
    slopes shows.

    Two slopes agree within ``rtol`` of the larger one (1e-9 for float64, 2.4e-5 for float32, for
    which differences are taken in float64), ten times the uncertainty of the difference, and
    rounding.  Where an argument sits on a kink of ``KINKS``, a disagreement is reported as that.

    Raises GradientError with the report where slopes differ, or where differences cannot tell;
    with ``raises=False`` the report says so.

    >>> from autograd_lab import ops
    >>> report = check_gradients(lambda x: x * ops.exp(-x * x), 0.5)
    >>> print(report)  # doctest: +ELLIPSIS
    check_gradients of <lambda>: 2 slopes compared, 2 agree
    worst: order ..., x: ... by the rules, ... by differences (step ...
    """
    if type(order) is not int or order < 1:
        raise UsageError(f"order={order!r}: give 1 for first slopes, 2 for second ones as well")
    point = Point(f, args)
    rng = np.random.default_rng(seed)
    found: list[Entry] = []
    for k, cost in enumerate(_costs(point, order, rng), start=1):
        level = Comparison(k, point, cost, rtol)
        for place in range(len(point.values)):
            found += level.entries(place, small, directions, rng)
    report = GradientCheck(point.name, tuple(found))
    if raises and not report.ok:
        raise GradientError(str(report))
    return report


# --- the numbers that are differentiated ---------------------------------------------------------


def _costs(point: Point, order: int, rng: np.random.Generator) -> Iterator[Cost]:
    """One number for each order, whose slopes are compared."""
    outputs = point.outputs(point.leaves(point.wide()))
    again = point.outputs(point.leaves(point.wide()))
    if not all(np.isfinite(y.value).all() for y in outputs):
        raise GradientError(f"{point.name} is not finite at these arguments; nothing to compare")
    if any(not np.array_equal(y.value, z.value) for y, z in zip(outputs, again, strict=True)):
        raise GradientError(f"{point.name} gives other values when called again; fix its seed")
    weights = [_weights(y.shape, rng) for y in outputs]
    bends = [_weights(y.shape, rng) / (1.0 + np.abs(y.value)) for y in outputs]
    if len(outputs) == 1 and outputs[0].shape == ():
        yield lambda leaves: point.outputs(leaves)[0]
    else:
        yield lambda leaves: dot(point.outputs(leaves), weights)

    def bent(leaves: Sequence[Node]) -> Node:
        ys = point.outputs(leaves)
        return dot(ys, weights) + dot([y * y for y in ys], bends)

    cost: Cost = bent
    for _ in range(1, order):
        on_slopes = [_weights(x.shape, rng) for x in point.values]
        cost = functools.partial(_slopes_of, cost, on_slopes)
        yield cost


def _slopes_of(cost: Cost, weights: Sequence[Any], leaves: Sequence[Node]) -> Node:
    slopes = gradient(cost(leaves), leaves, create_graph=True, warn=False)
    return dot(slopes, weights)


def _weights(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    return plain(rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape))
