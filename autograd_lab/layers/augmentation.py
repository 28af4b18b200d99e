"""Augmentation: images a little different every time they are seen, in training only.

Images are (batch, height, width) or (batch, height, width, channels).  Every image of a batch gets
random numbers of its own, and the whole batch is calculated at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import ops
from autograd_lab.errors import ShapeError
from autograd_lab.layers.base import Layer
from autograd_lab.layers.resampling import FILL_MODES, INTERPOLATIONS, resampling
from autograd_lab.random import SeedGenerator
from autograd_lab.recording import draw
from autograd_lab.registry import register
from autograd_lab.settings import choice, number, seed_generator, wrong

Array = np.ndarray[Any, Any]
Factor = float | Sequence[float]
Interval = tuple[float, float]
Seed = int | SeedGenerator | None


class Augmentation(Layer):
    """Base of the layers for images; a subclass says what happens to them in training."""

    seed: Seed
    data_format: str | None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seed_generator = seed_generator(self, "augmentation")
        if self.data_format not in (None, "channels_last"):
            raise wrong(self, "data_format", "must be 'channels_last': (batch, height, width, c)")

    def augment(self, images: Any) -> Any:
        """The images changed; there is at least one pixel."""
        raise NotImplementedError(f"{type(self).__name__} defines no augment(self, images)")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The images themselves, or changed ones in training."""
        if inputs.ndim not in (3, 4):
            raise ShapeError("images are (batch, height, width) or (batch, height, width, c)")
        return self.augment(inputs) if training and inputs.size else inputs

    def _uniform(self, interval: Interval, batch: int) -> Array:
        """One number for each image, between the bounds: (batch, 1, 1)."""
        return self.seed_generator.generator.uniform(*interval, (batch, 1, 1))

    def _interval(self, setting: str, low: float = -1.0, above: bool = False) -> Interval:
        """The bounds that a factor f stands for, -|f| and |f|, or a pair of bounds."""
        factor = getattr(self, setting)
        pair = tuple(factor) if isinstance(factor, (list, tuple)) else (factor,)
        for f in pair:
            real = isinstance(f, (int, float)) and not isinstance(f, bool)
            if not real or not low <= f <= 1.0 or (above and f == low):
                pair = ()
                break
        if len(pair) not in (1, 2):
            bounds = f"{'above' if above else 'from'} {low:g} to 1"
            raise wrong(self, setting, f"must be a number {bounds}, or two such numbers")
        return (min(pair), max(pair)) if len(pair) == 2 else (-abs(pair[0]), abs(pair[0]))


# --- every pixel from another place ---------------------------------------------------------------


class Moving(Augmentation):
    """Base of the layers that take every pixel from another place, perhaps between pixels."""

    fill_mode: str
    interpolation: str
    fill_value: float

    def __post_init__(self) -> None:
        super().__post_init__()
        choice(self, "fill_mode", FILL_MODES)
        choice(self, "interpolation", INTERPOLATIONS)
        self.fill_value = number(self, "fill_value")

    def sources(self, batch: int, rows: Array, columns: Array) -> tuple[Array, Array]:
        """The places that pixels at ``rows`` (1, h, 1) and ``columns`` (1, 1, w) are taken from.

        Two arrays that are stretched against each other to (batch, h, w).
        """
        raise NotImplementedError(f"{type(self).__name__} defines no sources")

    def augment(self, images: Any) -> Any:
        """The images with every pixel taken from its source."""
        batch, height, width = images.shape[:3]
        rows = np.arange(float(height)).reshape(1, -1, 1)
        columns = np.arange(float(width)).reshape(1, 1, -1)

        def sample() -> Array:
            places = self.sources(batch, rows, columns)
            return resampling(*places, (height, width), self.fill_mode, self.interpolation)

        return self._mixed(images, draw(sample, "places"))

    def _mixed(self, images: Any, table: Any) -> Any:
        """Σ weight · pixel over the neighbours that the table of ``resampling`` names."""
        pixels = ops.reshape(images, (math.prod(images.shape[:3]), -1))
        positions, weights = ops.cast(table[0], "int64"), ops.cast(table[1], self.dtype)
        y = ops.sum(ops.expand_dims(weights, -1) * ops.take(pixels, positions, axis=0), axis=0)
        if self.fill_mode == "constant" and self.fill_value:
            missing = 1.0 - ops.sum(weights, axis=0)
            y = y + self.fill_value * ops.expand_dims(missing, -1)
        return ops.reshape(y, images.shape)


@register("layers")
@dataclass(eq=False, repr=False)
class RandomTranslation(Moving):
    """Images shifted down by a random share of their height, and right by one of their width.

    A factor f draws from -|f| to |f|, a pair between its numbers; 0.5 is half of the image.
    ``fill_mode``: what comes in at the border, "reflect", "constant" (``fill_value``), "nearest" or
    "wrap".  ``interpolation``: "bilinear" or "nearest".

    >>> row = np.array([[[1.0, 2.0, 3.0, 4.0]]])
    >>> shift = RandomTranslation(0.0, (0.25, 0.25), fill_mode="wrap")
    >>> shift(row, training=True).value.tolist(), shift(row).value.tolist()
    ([[[4.0, 1.0, 2.0, 3.0]]], [[[1.0, 2.0, 3.0, 4.0]]])
    """

    height_factor: Factor
    width_factor: Factor
    fill_mode: str = "reflect"
    interpolation: str = "bilinear"
    seed: Seed = None
    fill_value: float = 0.0
    data_format: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._down, self._right = self._interval("height_factor"), self._interval("width_factor")

    def sources(self, batch: int, rows: Array, columns: Array) -> tuple[Array, Array]:
        down = self._uniform(self._down, batch) * rows.size
        return rows - down, columns - self._uniform(self._right, batch) * columns.size


@register("layers")
@dataclass(eq=False, repr=False)
class RandomRotation(Moving):
    """Images turned about their centre, counter-clockwise, by a random part of a full turn.

    A factor f draws from -|f| to |f|, a pair between its numbers; 0.25 is a right angle.
    ``fill_mode`` and ``interpolation`` as in RandomTranslation.

    >>> turn = RandomRotation((0.25, 0.25))
    >>> turn(np.array([[[1.0, 2.0], [3.0, 4.0]]]), training=True).value.tolist()
    [[[2.0, 4.0], [1.0, 3.0]]]
    """

    factor: Factor
    fill_mode: str = "reflect"
    interpolation: str = "bilinear"
    seed: Seed = None
    fill_value: float = 0.0
    data_format: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._turn = self._interval("factor")

    def sources(self, batch: int, rows: Array, columns: Array) -> tuple[Array, Array]:
        angle = 2.0 * math.pi * self._uniform(self._turn, batch)
        middle, centre = (rows.size - 1) / 2, (columns.size - 1) / 2
        y, x = rows - middle, columns - centre
        cos, sin = np.cos(angle), np.sin(angle)
        return sin * x + cos * y + middle, cos * x - sin * y + centre


@register("layers")
@dataclass(eq=False, repr=False)
class RandomZoom(Moving):
    """Images zoomed about their centre: a positive factor zooms out, a negative one in.

    A factor f draws from -|f| to |f|, a pair between its numbers; at 1 the image is half as large.
    Without ``width_factor`` both directions share one number.  ``fill_mode`` and ``interpolation``
    as in RandomTranslation.

    >>> zoom = RandomZoom(0.0, (1.0, 1.0), fill_mode="constant")
    >>> zoom(np.array([[[1.0, 2.0, 4.0, 8.0]]]), training=True).value.tolist()
    [[[0.0, 1.5, 6.0, 0.0]]]
    """

    height_factor: Factor
    width_factor: Factor | None = None
    fill_mode: str = "reflect"
    interpolation: str = "bilinear"
    seed: Seed = None
    fill_value: float = 0.0
    data_format: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._height = self._interval("height_factor", above=True)
        self._width = None
        if self.width_factor is not None:
            self._width = self._interval("width_factor", above=True)

    def sources(self, batch: int, rows: Array, columns: Array) -> tuple[Array, Array]:
        tall = 1.0 + self._uniform(self._height, batch)
        wide = tall if self._width is None else 1.0 + self._uniform(self._width, batch)
        middle, centre = (rows.size - 1) / 2, (columns.size - 1) / 2
        return tall * (rows - middle) + middle, wide * (columns - centre) + centre


# --- every pixel in its place or mirrored ---------------------------------------------------------


@register("layers")
@dataclass(eq=False, repr=False)
class RandomFlip(Augmentation):
    """Every second image mirrored: left to right ("horizontal"), top to bottom ("vertical"), or
    both at once, by the same toss of a coin as in Keras ("horizontal_and_vertical").

    >>> y = RandomFlip("horizontal", seed=1)(np.array([[[1.0, 2.0]]] * 4), training=True)
    >>> y.value[:, 0, 0].tolist()
    [1.0, 1.0, 2.0, 1.0]
    """

    mode: str = "horizontal_and_vertical"
    seed: Seed = None
    data_format: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        choice(self, "mode", ("horizontal", "vertical", "horizontal_and_vertical"))

    def augment(self, images: Any) -> Any:
        """The images, every second mirrored."""
        axes = {"horizontal": (2,), "vertical": (1,)}.get(self.mode, (1, 2))
        shape = (images.shape[0], *[1] * (images.ndim - 1))
        coins = draw(lambda: self.seed_generator.generator.random(shape) <= 0.5, "coins")
        return ops.where(coins, ops.flip(images, axes), images)


@register("layers")
@dataclass(eq=False, repr=False)
class RandomContrast(Augmentation):
    """(x - mean) c + mean, mean being that of the image's channel; then cut to ``value_range``.

    A factor f draws c from 1 - f to 1 + f, a pair (a, b) from 1 - a to 1 + b, as Keras documents;
    Keras 3.15 itself draws from 1 to 1 + f.

    >>> image = np.array([[[10.0, 30.0]]])
    >>> y = RandomContrast((0.0, 1.0), seed=1)(image, training=True).value
    >>> bool(y[0, 0, 0] <= 10.0), round(float(y.mean()), 3)
    (True, 20.0)
    """

    factor: Factor
    value_range: Sequence[float] = (0.0, 255.0)
    seed: Seed = None
    data_format: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._interval("factor", low=0.0)
        pair = self.factor if isinstance(self.factor, (list, tuple)) else (self.factor,) * 2
        self._contrast = 1.0 - pair[0], 1.0 + pair[1]
        try:
            low, high = (float(bound) for bound in self.value_range)
        except (TypeError, ValueError):
            low, high = math.nan, math.nan
        if not low < high:
            raise wrong(self, "value_range", "must be the lowest and the highest value of a pixel")
        self._low, self._high = low, high

    def augment(self, images: Any) -> Any:
        """The images with more or less contrast."""
        shape = (images.shape[0], *[1] * (images.ndim - 1))

        def sample() -> Array:
            drawn = self._uniform(self._contrast, images.shape[0])
            return drawn.reshape(shape).astype(self.dtype)

        mean = ops.mean(images, (1, 2), keepdims=True)
        y = (images - mean) * draw(sample, "contrast") + mean
        return ops.clip(y, self._low, self._high)
