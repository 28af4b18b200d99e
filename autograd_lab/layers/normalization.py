"""Layers that give mean 0 and variance 1: by the batch, by the example, or by data seen before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import config, constraints, initializers, ops, regularizers
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.layers.base import Layer
from autograd_lab.ops.axes import Shape, listed, many_axes
from autograd_lab.recording import update
from autograd_lab.registry import register
from autograd_lab.settings import flag, number, whole_numbers, wrong
from autograd_lab.variables import Variable

Array = np.ndarray[Any, Any]


class AlongAxes(Layer):
    """Base of the layers whose weights lie along some axes of the input."""

    axis: Any

    def _lay_out(self, input_shape: Any) -> Shape:
        """Find the axes; the answer is their lengths, the shape of the weights."""
        ndim = len(input_shape)
        wanted = () if self.axis is None else self.axis
        axes = listed(many_axes(f"layer {self.name!r}", wanted, ndim), ndim)
        self.axes = tuple(sorted(axes))
        self.others = tuple(i for i in range(ndim) if i not in axes)
        lengths = tuple(input_shape[i] for i in self.axes)
        if None in lengths:
            raise ShapeError(
                f"layer {self.name!r}: {type(self).__name__}(axis={self.axis!r}) needs inputs "
                f"whose length along the axis is known, which the batch's is not; got {input_shape}"
            )
        self.stretched = tuple(n if i in axes else 1 for i, n in enumerate(input_shape))
        return lengths

    def _along(self, weight: Any) -> Any:
        """A weight with axes of length 1 wherever the input has others, ready for arithmetic."""
        last = self.axes == (len(self.stretched) - 1,)
        return weight if last else ops.reshape(weight, self.stretched)

    def _check_shape(self, shape: Any) -> None:
        same = len(shape) == len(self.stretched) and all(
            shape[i] == self.stretched[i] for i in self.axes
        )
        if not same:
            raise ShapeError(
                f"layer {self.name!r} was built for inputs of shape {self.build_shape}, but got "
                f"{shape}; the lengths along axis {self.axis!r} must stay the same"
            )


# --- with a trained scale and shift ---------------------------------------------------------------


class Normalizing(AlongAxes):
    """Base of the layers that end with a trained gamma and beta: y = gamma x̂ + beta."""

    epsilon: float
    center: bool
    scale: bool
    beta_initializer: Any
    gamma_initializer: Any
    beta_regularizer: Any
    gamma_regularizer: Any
    beta_constraint: Any
    gamma_constraint: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        self.axis = whole_numbers(self, "axis")
        self.epsilon = number(self, "epsilon", at_least=0)
        self.center, self.scale = flag(self, "center"), flag(self, "scale")
        self.beta_initializer = initializers.get(self.beta_initializer)
        self.gamma_initializer = initializers.get(self.gamma_initializer)
        self.beta_regularizer = regularizers.get(self.beta_regularizer)
        self.gamma_regularizer = regularizers.get(self.gamma_regularizer)
        self.beta_constraint = constraints.get(self.beta_constraint)
        self.gamma_constraint = constraints.get(self.gamma_constraint)

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta, one number for each place along the axes."""
        shape = self._lay_out(input_shape)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, name="gamma",
                regularizer=self.gamma_regularizer, constraint=self.gamma_constraint,
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                shape, self.beta_initializer, name="beta",
                regularizer=self.beta_regularizer, constraint=self.beta_constraint,
            )  # fmt: skip

    def _moments(self, inputs: Any, axes: Shape) -> tuple[Any, Any, Any]:
        """The mean, the distances from it, and their mean square.

        In two passes: the mean of squares less the square of the mean has no digits left where the
        mean is large and the spread small.
        """
        mean = ops.mean(inputs, axes, keepdims=True)
        off = inputs - mean
        return mean, off, ops.mean(ops.square(off), axes, keepdims=True)

    def _scaled(self, off: Any, variance: Any) -> Any:
        """Gamma off / √(variance + epsilon) + beta."""
        gamma = 1.0 if self.gamma is None else self._along(self.gamma)
        y = off * (gamma / ops.sqrt(variance + self.epsilon))
        return y if self.beta is None else y + self._along(self.beta)


@register("layers")
@dataclass(eq=False, repr=False)
class BatchNormalization(Normalizing):
    """y = gamma (x - mean) / √(variance + epsilon) + beta, for each place along ``axis``.

    In training, mean and variance are those of the batch, taken over all other axes, and the
    gradient passes through both; the moving averages go on by
    moving = momentum · moving + (1 - momentum) · batch, with the variance Σ (x - mean)² / n.
    Outside training, and in a frozen layer (``trainable=False``), the moving averages take their
    place (Ioffe & Szegedy 2015, algorithms 1 and 2).

    >>> layer = BatchNormalization(momentum=0.5, epsilon=0.0)
    >>> layer(np.array([[1.0], [3.0]]), training=True).value.tolist()
    [[-1.0], [1.0]]
    >>> layer.moving_mean.numpy().tolist()
    [1.0]
    """

    axis: int = -1
    momentum: float = 0.99
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True
    beta_initializer: Any = "zeros"
    gamma_initializer: Any = "ones"
    moving_mean_initializer: Any = "zeros"
    moving_variance_initializer: Any = "ones"
    beta_regularizer: Any = None
    gamma_regularizer: Any = None
    beta_constraint: Any = None
    gamma_constraint: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.axis, list):
            raise wrong(self, "axis", "must be one whole number")
        self.momentum = number(self, "momentum", at_least=0, at_most=1)
        self.moving_mean_initializer = initializers.get(self.moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(self.moving_variance_initializer)

    def build(self, input_shape: Any) -> None:
        """Make gamma, beta, and the moving averages of mean and variance."""
        super().build(input_shape)
        shape = self._lay_out(input_shape)
        self.moving_mean = self.add_weight(
            shape, self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The inputs with mean beta and standard deviation gamma."""
        # A batch of nothing has no mean: it would make the moving averages no numbers.
        if not (training and self.trainable and inputs.size):
            off = inputs - self._along(self.moving_mean)
            return self._scaled(off, self._along(self.moving_variance))
        mean, off, variance = self._moments(inputs, self.others)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return self._scaled(off, variance)

    def _move(self, average: Variable, batch: Any) -> None:
        new = (1.0 - self.momentum) * ops.reshape(batch, average.shape)
        update(average, self.momentum * average + new)


@register("layers")
@dataclass(eq=False, repr=False)
class LayerNormalization(Normalizing):
    """y = gamma (x - mean) / √(variance + epsilon) + beta, each example by its own mean.

    Mean and variance are taken along ``axis``, one or several, which gamma and beta span as well;
    training and inference are the same (Ba, Kiros & Hinton 2016).

    >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]])).value.tolist()
    [[-1.0, 1.0]]
    """

    axis: int | list[int] = -1
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True
    beta_initializer: Any = "zeros"
    gamma_initializer: Any = "ones"
    beta_regularizer: Any = None
    gamma_regularizer: Any = None
    beta_constraint: Any = None
    gamma_constraint: Any = None

    def call(self, inputs: Any) -> Any:
        """The inputs with mean beta and standard deviation gamma, example by example."""
        _, off, variance = self._moments(inputs, self.axes)
        return self._scaled(off, variance)


# --- by data seen before --------------------------------------------------------------------------


@register("layers")
@dataclass(eq=False, repr=False)
class Normalization(AlongAxes):
    """y = (x - mean) / √variance, with the mean and variance of data seen before: no training.

    ``axis``: for each place along it a mean of its own; None for one mean of all numbers.  Mean and
    variance are given, or found by ``adapt(data)``.  ``invert``: x = mean + √variance y instead.

    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 10.0], [2.0, 30.0]]))
    >>> layer(np.array([[2.0, 20.0]])).value.tolist()
    [[1.0, 0.0]]
    """

    axis: Any = -1
    mean: Any = None
    variance: Any = None
    invert: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.axis = None if self.axis is None or self.axis == [] else whole_numbers(self, "axis")
        self.invert = flag(self, "invert")
        if (self.mean is None) != (self.variance is None):
            given = "mean" if self.variance is None else "variance"
            raise wrong(self, given, "is given alone; give mean and variance, or none and adapt")
        if self.mean is not None:
            self._check_given("mean", -np.inf)
            self._check_given("variance", 0.0)

    def _check_given(self, setting: str, least: float) -> None:
        try:
            given = np.asarray(getattr(self, setting), dtype=float)
        except (TypeError, ValueError):
            given = np.asarray(np.nan)
        if not (np.isfinite(given).all() and (given >= least).all()):
            raise wrong(self, setting, "must be finite numbers" + ", at least 0" * (least == 0))

    def build(self, input_shape: Any) -> None:
        """Make the weights that ``adapt`` fills, or stretch what was given to the axes."""
        shape = self._lay_out(input_shape)
        if self.mean is None:
            self.adapt_mean: Any = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance: Any = self.add_weight(
                shape, "ones", trainable=False, name="variance"
            )
        else:
            self.adapt_mean = self._stretched("mean", shape)
            self.adapt_variance = self._stretched("variance", shape)

    def _stretched(self, setting: str, shape: Shape) -> Array:
        given = np.asarray(getattr(self, setting), self.dtype)
        try:
            return np.broadcast_to(given, shape)
        except ValueError:
            raise ShapeError(
                f"layer {self.name!r}: {setting} has shape {given.shape}, which does not fit the "
                f"shape {shape} along axis {self.axis!r}"
            ) from None

    def adapt(self, data: Any) -> None:
        """Take mean and variance of an array, or of an iterable of batches x or (x, y).

        UsageError if they are given already, or the data hold no number, NaN or infinity.
        """
        if self.mean is not None:
            raise UsageError(f"layer {self.name!r} has a given mean; adapt would not change it")
        n, mean, squares = 0, np.zeros(()), np.zeros(())
        for batch in _batches(data):
            self._ensure_built((None, *batch.shape[1:]))
            new = int(np.prod([batch.shape[i] for i in self.others]))
            if new:  # Chan, Golub & LeVeque (1983), equation 2.1, which loses no digits
                here = np.mean(batch, axis=self.others)
                squares = squares + np.sum((batch - self._spread(here)) ** 2, axis=self.others)
                squares = squares + (here - mean) ** 2 * (n * new / (n + new))
                mean, n = mean + (here - mean) * (new / (n + new)), n + new
        if not n:
            raise UsageError(f"layer {self.name!r}: adapt was given no data")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(squares / n)

    def _spread(self, along: Array) -> Array:
        return np.reshape(along, self.stretched)

    def call(self, inputs: Any) -> Any:
        """The inputs in units of the data's standard deviation."""
        deviation = ops.maximum(ops.sqrt(self._along(self.adapt_variance)), config.epsilon())
        mean = self._along(self.adapt_mean)
        return inputs * deviation + mean if self.invert else (inputs - mean) / deviation


def _batches(data: Any) -> Iterator[Array]:
    """The batches of an iterable, or an array as the only one, in double precision."""
    if not hasattr(data, "shape") and not isinstance(data, Iterable):
        raise UsageError(f"adapt: {data!r} is neither an array nor an iterable of arrays")
    for item in [data] if hasattr(data, "shape") else data:
        x = item[0] if isinstance(item, tuple) else item
        if not hasattr(x, "shape") or not x.shape:
            raise UsageError("adapt: give an array with a batch axis, or an iterable of such")
        batch = np.asarray(x, dtype=float)
        if not np.isfinite(batch).all():
            place = np.argwhere(~np.isfinite(batch))[0].tolist()
            raise UsageError(f"adapt: the data hold {batch[tuple(place)]} at {place}")
        yield batch
