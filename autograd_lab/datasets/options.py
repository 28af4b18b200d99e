"""Options written behind a name: ``moons:n=500,noise=0.1``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from autograd_lab.datasets.checks import quoted
from autograd_lab.errors import UsageError, did_you_mean

_KINDS: dict[type, str] = {int: "a whole number", float: "a number"}


def options_of(function: Callable[..., Any], text: str) -> dict[str, int | float]:
    """The numbers after the colon as arguments of a generator, whose defaults tell their kinds.

    Errors: UsageError for an unknown or repeated option, or a value that is no such number.

    >>> from autograd_lab.datasets.generators import moons
    >>> options_of(moons, "n=500,noise=0.1")
    {'n_samples': 500, 'noise': 0.1}
    """
    call = function.__name__
    kinds = {p.name: type(p.default) for p in inspect.signature(function).parameters.values()}
    known = {"n" if long == "n_samples" else long: long for long in kinds}
    found: dict[str, int | float] = {}
    for piece in filter(None, text.split(",")):
        name, _, value = (part.strip() for part in piece.partition("="))
        if name not in known:
            raise UsageError(
                f"{call} has no option {quoted(name)}; {did_you_mean(name, known)}"
                f"its options: {', '.join(known)}."
            )
        if known[name] in found:
            raise UsageError(f"{call}: {name} is given twice; give it once.")
        try:
            found[known[name]] = kinds[known[name]](value)
        except ValueError:
            wanted = _KINDS[kinds[known[name]]]
            raise UsageError(
                f"{call}:{name}={quoted(value)}: wanted is {wanted}, as in {call}:n=500,noise=0.1"
            ) from None
    return found
