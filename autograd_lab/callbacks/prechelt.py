"""When to stop, from the curve of validation errors: Prechelt's three classes of criteria.

L. Prechelt, Early Stopping - But When?, in: Neural Networks: Tricks of the Trade, 1998, section
2.2.  His findings: slow criteria gain about 4 % generalization for about 4 times the training time;
GL finds a good solution most surely, PQ the best on average where a net hardly overfits, UP where
it does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from autograd_lab.errors import UsageError

ALPHA = {"GL": 5.0, "PQ": 0.5}


def generalization_loss(errors: Sequence[float]) -> float:
    """GL(t) = 100 (E(t) / min E - 1): the last validation error over the least one, in percent.

    Raises UsageError if an error is negative: then the quotient means nothing.

    >>> round(generalization_loss([1.0, 0.8, 0.6, 0.5, 0.45, 0.6]), 3)
    33.333
    """
    return 100 * _excess(errors[-1], min(_valid(errors), default=math.nan))


def training_progress(errors: Sequence[float], k: int) -> float:
    """P_k(t) = 1000 (mean of the last k training errors / their least - 1), in per mille.

    >>> round(training_progress([0.5, 0.4, 0.35, 0.33, 0.32], k=5), 3)
    187.5
    """
    strip = errors[-k:]
    return 1000 * _excess(math.fsum(strip) / k, min(_valid(strip), default=math.nan))


def stops(
    criterion: str,
    errors: Sequence[float],
    training_errors: Sequence[float],
    *,
    alpha: float,
    k: int,
    s: int,
) -> bool:
    """Whether a criterion says stop after the last of these epochs.

    GL: the generalization loss exceeds ``alpha``.  PQ: after a strip of k epochs, its quotient by
    the training progress does.  UP: the error at the ends of strips has risen s times in a row.

    >>> stops("UP", [3, 2, 3, 4, 5, 6], [], alpha=0, k=2, s=2)
    True
    """
    if criterion == "GL":
        return generalization_loss(errors) > alpha
    if len(errors) % k:
        return False
    if criterion == "PQ":
        return generalization_loss(errors) > alpha * training_progress(training_errors, k)
    ends = errors[k - 1 :: k][-s - 1 :]
    return len(ends) == s + 1 and all(a < b for a, b in pairwise(ends))


def _excess(value: float, least: float) -> float:
    """Value / least - 1; infinite for nan, and for anything over 0."""
    if least < 0:
        raise UsageError(
            f"an error of {least:.4g} has no generalization loss: Prechelt's criteria divide by "
            "the least error.  Watch one that is never negative"
        )
    if value == least:
        return 0.0
    return value / least - 1 if value == value and least else math.inf


def _valid(errors: Sequence[float]) -> list[float]:
    return [error for error in errors if error == error]
