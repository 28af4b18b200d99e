"""What a comparison varies: words of the command line, and the variants they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lab.errors import UsageError
from autograd_lab.experiments.settings import OPTIONS, find_option, worded

MAX_SEEDS = 1000
Axes = dict[str, tuple[Any, ...]]
ONE_DATA = "a comparison is made on one data set; name it with"
NOT_VARIED = {
    "seed": "seeds=5 says how many, and --seed names the first of them",
    "data": f"{ONE_DATA} --data",
    "target": f"{ONE_DATA} --data and --target",
    "task": f"{ONE_DATA} --data and --task",
}


def read_words(words: Sequence[str]) -> tuple[Axes, int | None]:
    """What varies, from words such as ``l2=0,1e-3``, and how many seeds ``seeds=5`` asks for.

    Errors: UsageError for unknown names and values, and what is said twice.

    >>> read_words(["optimizer=sgd,adam", "dropout=0,0.3", "seeds=3"])
    ({'optimizer': ('sgd', 'adam'), 'dropout': (0.0, 0.3)}, 3)
    """
    axes: Axes = {}
    seeds = None
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(
                f"{word[:40]!r} is no NAME=VALUE,VALUE,...; for example optimizer=sgd,adam"
            )
        if name == "seeds":
            if seeds is not None:
                raise UsageError("seeds is said twice")
            seeds = _seeds(text)
        elif name in NOT_VARIED:
            raise UsageError(f"{name}=: {NOT_VARIED[name]}")
        else:
            found = find_option(name)
            if found in axes:
                raise UsageError(f"{name} is said twice; put all its values after one =")
            axes[found] = _values(found, text)
    return axes, seeds


def _seeds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_SEEDS:
        raise UsageError(f"seeds={text[:20]}: say how many seeds, 1 to {MAX_SEEDS:,}")
    return int(text)


def _values(name: str, text: str) -> tuple[Any, ...]:
    values = [OPTIONS[name].read(f"{name}=", piece) for piece in text.split(",")]
    if len(set(values)) < len(values):
        raise UsageError(f"{name}={text[:60]}: a value is there twice")
    return tuple(values)


@dataclass(frozen=True)
class Variant:
    """One combination of what varies, and the rate it learns with."""

    values: Mapping[str, Any]
    rate: float

    @property
    def label(self) -> str:
        """Its values in words: those of optimizers, activations and the like speak for themselves.

        >>> Variant({"optimizer": "adam", "l2": 0.01}, 0.001).label
        'adam, l2 0.01'
        """
        spoken = ("optimizer", "act", "init", "layers")
        return ", ".join(
            worded(value) if name in spoken else f"{name} {worded(value)}"
            for name, value in self.values.items()
        )  # fmt: skip
