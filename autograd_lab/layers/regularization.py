"""Layers that disturb in training, so that a net cannot rely on single neurons; (…) -> (…).

Outside training all of them give their input itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import ops, regularizers
from autograd_lab.errors import ShapeError
from autograd_lab.layers.base import Layer
from autograd_lab.ops.activations import SELU_ALPHA, SELU_SCALE
from autograd_lab.random import SeedGenerator
from autograd_lab.recording import draw
from autograd_lab.registry import register
from autograd_lab.settings import number, seed_generator, wrong

Seed = int | SeedGenerator | None
NoiseShape = Sequence[int | None] | None


class Dropping(Layer):
    """Base of the layers that drop entries at a ``rate``: who is kept, and in which pattern."""

    rate: float
    noise_shape: NoiseShape
    seed: Seed

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rate = number(self, "rate", at_least=0, below=1)
        self.seed_generator = seed_generator(self, "dropout")
        pattern = self.noise_shape
        if pattern is not None and not (
            isinstance(pattern, (list, tuple))
            and all(n is None or (type(n) is int and n > 0) for n in pattern)
        ):
            raise wrong(self, "noise_shape", "must hold positive whole numbers, or None for the "
                        "input's own length")  # fmt: skip

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.noise_shape is None:
            return shape
        pattern = tuple(self.noise_shape)
        lengths = tuple(n or own for n, own in zip(pattern, shape, strict=False))
        if len(pattern) != len(shape) or any(
            n not in (1, own) for n, own in zip(lengths, shape, strict=True)
        ):
            raise ShapeError(
                f"{type(self).__name__}(noise_shape={self.noise_shape!r}) does not fit inputs of "
                f"shape {shape}; give each axis its length, None or 1"
            )
        return lengths

    def _kept(self, shape: tuple[int, ...]) -> Any:
        return self.seed_generator.generator.random(shape) >= self.rate


@register("layers")
@dataclass(eq=False, repr=False)
class Dropout(Dropping):
    """In training, x mask / (1 - rate): each entry dropped with probability ``rate``.

    What is kept is scaled up, so that the expected value stays the same and nothing changes outside
    training (inverted dropout; Srivastava et al. 2014, section 10, scale at test time instead).
    ``noise_shape``: length 1 where entries along an axis are kept or dropped together.

    >>> Dropout(0.5, seed=1)(np.ones((1, 6)), training=True).value.tolist()
    [[2.0, 2.0, 0.0, 2.0, 0.0, 0.0]]
    """

    rate: float
    noise_shape: NoiseShape = None
    seed: Seed = None

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The inputs, with entries dropped in training."""
        if not training or self.rate == 0:
            return inputs
        shape, scale = self._mask_shape(inputs.shape), 1.0 / (1.0 - self.rate)
        return inputs * draw(
            lambda: np.multiply(self._kept(shape), scale, dtype=self.dtype), "mask"
        )


@register("layers")
@dataclass(eq=False, repr=False)
class AlphaDropout(Dropping):
    """Dropout for SELU: dropped entries become its lowest value, and mean and variance stay.

    In training a (x mask + α' (1 - mask)) + b with α' = -scale·alpha of SELU,
    a = ((1 - rate) (1 + rate α'²))^-½ and b = -a α' rate (Klambauer et al. 2017, section 3).

    >>> AlphaDropout(0.5)(np.ones((1, 2))).value.tolist()
    [[1.0, 1.0]]
    """

    rate: float
    noise_shape: NoiseShape = None
    seed: Seed = None

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The inputs, with entries dropped in training."""
        if not training or self.rate == 0:
            return inputs
        shape, lowest = self._mask_shape(inputs.shape), -SELU_ALPHA * SELU_SCALE
        a = ((1 - self.rate) * (1 + self.rate * lowest**2)) ** -0.5
        kept = draw(lambda: self._kept(shape), "mask")
        return a * ops.where(kept, inputs, lowest) + -a * lowest * self.rate


@register("layers")
@dataclass(eq=False, repr=False)
class GaussianNoise(Layer):
    """In training, x + normal numbers of mean 0 and standard deviation ``stddev``.

    >>> GaussianNoise(0.1)(np.ones((1, 2))).value.tolist()
    [[1.0, 1.0]]
    """

    stddev: float
    seed: Seed = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.stddev = number(self, "stddev", at_least=0)
        self.seed_generator = seed_generator(self, "dropout")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The inputs, with noise in training."""
        if not training or self.stddev == 0:
            return inputs
        shape = inputs.shape

        def noise() -> Any:
            drawn = self.seed_generator.generator.standard_normal(shape)
            return (self.stddev * drawn).astype(self.dtype)

        return inputs + draw(noise, "noise")


@register("layers")
@dataclass(eq=False, repr=False)
class ActivityRegularization(Layer):
    """The input itself, whose penalty l1 Σ |x| + l2 Σ x² is added to the loss.

    >>> ActivityRegularization(l1=0.1)(np.ones((1, 2))).value.tolist()
    [[1.0, 1.0]]
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.l1, self.l2 = number(self, "l1", at_least=0), number(self, "l2", at_least=0)
        self.activity_regularizer = regularizers.L1L2(self.l1, self.l2)

    def call(self, inputs: Any) -> Any:
        """The input itself."""
        return inputs
