"""Checks of settings, and the one sentence that refuses a wrong one.

``thing`` is the object whose attribute ``setting`` is looked at: a layer, an initializer, a
constraint.  The sentence names the class, the setting and the value, and says what is wanted.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.notation import short
from autograd_lab.random import SeedGenerator


def wrong(thing: object, setting: str, wanted: str) -> UsageError:
    """The error about a setting that cannot be used, to be raised.

    >>> from types import SimpleNamespace
    >>> raise wrong(SimpleNamespace(rate=2), "rate", "must be below 1")
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: SimpleNamespace(rate=2): rate must be below 1.
    """
    value = getattr(thing, setting)
    return UsageError(f"{type(thing).__name__}({setting}={value!r}): {setting} {wanted}.")


def number(
    thing: object,
    setting: str,
    *,
    at_least: float = -math.inf,
    above: float = -math.inf,
    at_most: float = math.inf,
    below: float = math.inf,
) -> float:
    """A setting that must be one finite number within the bounds."""
    value = getattr(thing, setting)
    if _is_number(value) and at_least <= value <= at_most and above < value < below:
        return float(value)
    bounds = {"at least": at_least, "above": above, "at most": at_most, "below": below}
    named = [f"{name} {short(float(b))}" for name, b in bounds.items() if math.isfinite(b)]
    within = f", {' and '.join(named)}" if named else ""
    raise wrong(thing, setting, f"must be a finite number{within}")


def _is_number(value: Any) -> bool:
    real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return real and math.isfinite(value)


def choice(thing: object, setting: str, options: Sequence[str]) -> str:
    """A setting that must be one of a few words."""
    value = getattr(thing, setting)
    if isinstance(value, str) and value in options:
        return value
    near = did_you_mean(str(value), options)
    raise wrong(
        thing, setting, f"must be one of {', '.join(options)}{near and f'; {near.strip()}'}"
    )


def flag(thing: object, setting: str) -> bool:
    """A setting that is on or off."""
    value = getattr(thing, setting)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise wrong(thing, setting, "must be True or False")


def whole_numbers(thing: object, setting: str) -> int | list[int]:
    """A setting that must be a whole number, or several in a list: an axis or axes."""
    value = getattr(thing, setting)
    try:
        if isinstance(value, (list, tuple)) and value:
            return [operator.index(n) for n in value]
        if not isinstance(value, bool):
            return operator.index(value)
    except TypeError:
        pass
    raise wrong(thing, setting, "must be a whole number or a list of them")


def check_seed(thing: object) -> None:
    """Refuse a setting ``seed`` that no generator starts from."""
    value = getattr(thing, "seed", None)
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not (value is None or isinstance(value, SeedGenerator) or (whole and int(value) >= 0)):
        raise wrong(thing, "seed", "must be a whole number from 0 on, a SeedGenerator or None")


def seed_generator(thing: object, stream: str) -> SeedGenerator:
    """The generator that the setting ``seed`` stands for; None for the stream's next one."""
    check_seed(thing)
    value = getattr(thing, "seed", None)
    return value if isinstance(value, SeedGenerator) else SeedGenerator(value, stream)
