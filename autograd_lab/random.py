"""Random numbers in streams that do not disturb each other: one seed gives them all.

Shuffling, dropout, initializers and augmentation draw from generators of their own, so that adding
a dropout layer changes no initial weight, and a resumed training goes on with the same numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.registry import Configured, register

STREAMS = ("initializers", "dropout", "shuffle", "augmentation")
_roots: dict[str, np.random.SeedSequence] = {}


def set_seed(seed: int) -> None:
    """Start every stream anew from one whole number; NumPy's and Python's own generators too.

    The same seed and the same calls after it give the same weights to the last bit, on one machine.
    """
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise UsageError(f"set_random_seed({seed!r}): give a whole number from 0 to 4294967295")
    random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 - Keras's function seeds it as well
    _start(np.random.SeedSequence(int(seed)))


def _start(root: np.random.SeedSequence) -> None:
    _roots.update(zip(STREAMS, root.spawn(len(STREAMS)), strict=True))


_start(np.random.SeedSequence())


def next_generator(stream: str) -> np.random.Generator:
    """The next independent generator of a stream."""
    return np.random.default_rng(_roots[stream].spawn(1)[0])


@register("random")
@dataclass(eq=False)
class SeedGenerator(Configured):
    """A generator with a seed of its own, or the next one of a stream.

    >>> SeedGenerator(7).generator.random() == SeedGenerator(7).generator.random()
    True
    """

    seed: int | None = None
    stream: str = "dropout"
    generator: np.random.Generator = field(init=False, repr=False)

    family = "random"

    def __post_init__(self) -> None:
        if self.stream not in STREAMS:
            raise UsageError(f"SeedGenerator(stream={self.stream!r}): choose one of {STREAMS}")
        self.generator = (
            next_generator(self.stream) if self.seed is None else np.random.default_rng(self.seed)
        )
