"""Numbers as a figure keeps them: tuples of floats, whatever they came as."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from autograd_lab.errors import UsageError


def floats(values: Iterable[Any], owner: object, part: str) -> tuple[float, ...]:
    """Numbers as floats; None is nan, a whole number beyond the floats infinite."""
    if hasattr(values, "tolist"):  # a NumPy array: its numbers are slow to take one by one
        values = values.tolist()
    try:
        return tuple(map(_float, values))
    except (TypeError, ValueError):
        who = f"{type(owner).__name__}: " if owner is not None else ""
        raise UsageError(f"{who}{part} must be a row of numbers.") from None


def _float(value: Any) -> float:
    try:
        return math.nan if value is None else float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def freeze(item: Any, *parts: str) -> None:
    for part in parts:
        object.__setattr__(item, part, floats(getattr(item, part), item, part))
    same_length(item, *parts)


def same_length(item: Any, *parts: str) -> None:
    lengths = {part: len(getattr(item, part)) for part in parts}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{part} has {length}" for part, length in lengths.items())
        raise UsageError(
            f"{type(item).__name__}({item.name[:40]!r}): {told}; give as many of each."
        )


def rises(values: Sequence[float]) -> bool:
    pairs = pairwise(values)
    return all(map(math.isfinite, values)) and all(a < b for a, b in pairs)
