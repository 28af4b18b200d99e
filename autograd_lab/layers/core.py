"""The layers nets are made of: inputs, dense layers, activations, and shapes."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import activations, constraints, initializers, ops, regularizers
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import FUNCTIONS
from autograd_lab.layers.base import Layer, unique_name
from autograd_lab.registry import register
from autograd_lab.symbolic import Call, KerasTensor


@register("layers")
@dataclass(eq=False, repr=False)
class InputLayer(Layer):
    """Where a batch comes in: the shape of one example, without the batch.

    >>> InputLayer(shape=(4,)).shape
    (4,)
    """

    shape: Any = None
    batch_size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = self.shape if self.shape is not None else self.input_shape
        self.shape = as_lengths(shape, f"{type(self).__name__}(shape={shape!r})")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The input itself."""
        return inputs


def Input(  # noqa: N802 - Keras's name
    shape: Any = None, batch_size: int | None = None, dtype: str | None = None,
    name: str | None = None,
) -> KerasTensor:  # fmt: skip
    """A placeholder for batches of examples of a shape; the start of a functional model.

    >>> Input((4,)).shape
    (None, 4)
    """
    layer = InputLayer(
        shape=shape, batch_size=batch_size, dtype=dtype, name=name or unique_name("input_layer")
    )
    return KerasTensor((batch_size, *layer.shape), layer.dtype, name=layer.name, call=Call(layer))


def as_lengths(shape: Any, what: str) -> tuple[int | None, ...]:
    """A shape without the batch as whole numbers, None where a length is open."""
    if isinstance(shape, (int, np.integer)):
        shape = (shape,)
    try:
        lengths = tuple(None if n is None else operator.index(n) for n in shape)
    except TypeError:
        raise UsageError(f"{what}: give the lengths of one example, such as (28, 28)") from None
    if any(n is not None and n < 0 for n in lengths):
        raise UsageError(f"{what}: a length cannot be negative")
    return lengths


def positive(layer: Layer, setting: str) -> int:
    """A setting that must be a positive whole number."""
    value = getattr(layer, setting)
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise UsageError(f"{type(layer).__name__}({setting}={value!r}): {setting} must be a "
                         "positive integer.")  # fmt: skip
    return int(value)


@register("layers")
@dataclass(eq=False, repr=False)
class Dense(Layer):
    """y = activation(x @ kernel + bias): (..., features) -> (..., units).

    The kernel has shape (features, units), the bias (units,).

    >>> Dense(3)(np.ones((2, 5))).shape
    (2, 3)
    """

    units: int
    activation: Any = None
    use_bias: bool = True
    kernel_initializer: Any = "glorot_uniform"
    bias_initializer: Any = "zeros"
    kernel_regularizer: Any = None
    bias_regularizer: Any = None
    kernel_constraint: Any = None
    bias_constraint: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.units = positive(self, "units")
        self.activation = activations.get(self.activation)
        self.kernel_initializer = initializers.get(self.kernel_initializer)
        self.bias_initializer = initializers.get(self.bias_initializer)
        self.kernel_regularizer = regularizers.get(self.kernel_regularizer)
        self.bias_regularizer = regularizers.get(self.bias_regularizer)
        self.kernel_constraint = constraints.get(self.kernel_constraint)
        self.bias_constraint = constraints.get(self.bias_constraint)

    def build(self, input_shape: Any) -> None:
        """Make the kernel and the bias; the last axis of the input must be known."""
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ShapeError(
                f"layer {self.name!r}: Dense needs inputs of shape (batch, ..., features) with "
                f"features known; got {input_shape}"
            )
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), self.kernel_initializer, name="kernel",
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,), self.bias_initializer, name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        """activation(x @ kernel + bias)."""
        z = inputs @ self.kernel
        if self.bias is not None:
            z = z + self.bias
        return z if self.activation is None else self.activation(z)


@register("layers")
@dataclass(eq=False, repr=False)
class Activation(Layer):
    """y = activation(x), entry by entry.

    >>> Activation("relu")(np.array([[-1.0, 2.0]])).value.tolist()
    [[0.0, 2.0]]
    """

    activation: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        self.activation = activations.get(self.activation)

    def call(self, inputs: Any) -> Any:
        """activation(x)."""
        return self.activation(inputs)


@register("layers")
@dataclass(eq=False, repr=False)
class Flatten(Layer):
    """Each example as one row: (batch, ...) -> (batch, product of the other lengths).

    >>> Flatten()(np.ones((2, 28, 28))).shape
    (2, 784)
    """

    data_format: str | None = None

    def call(self, inputs: Any) -> Any:
        """The input with one axis beside the batch."""
        if inputs.ndim == 2:
            return inputs
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


@register("layers")
@dataclass(eq=False, repr=False)
class Reshape(Layer):
    """Each example in another shape: (batch, ...) -> (batch, *target_shape).

    One length may be -1: what is left for it.

    >>> Reshape((2, 2))(np.ones((3, 4))).shape
    (3, 2, 2)
    """

    target_shape: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = self.target_shape
        self.target_shape = tuple(int(n) for n in np.atleast_1d(shape))
        if list(self.target_shape).count(-1) > 1 or min(self.target_shape, default=0) < -1:
            raise UsageError(self._wrong("target_shape", "may hold one -1 and no other negative"))

    def call(self, inputs: Any) -> Any:
        """The input with each example in the target shape."""
        size, known = math.prod(inputs.shape[1:]), -math.prod(self.target_shape)
        target = self.target_shape
        if -1 in target:
            if not known or size % known:
                raise ShapeError(f"{size} numbers do not fit the shape {target}")
            target = tuple(size // known if n == -1 else n for n in target)
        if math.prod(target) != size:
            raise ShapeError(f"{size} numbers do not fit the shape {target}")
        return ops.reshape(inputs, (inputs.shape[0], *target))


@register("layers")
@dataclass(eq=False, repr=False)
class Rescaling(Layer):
    """y = scale x + offset: images of 0 to 255 to 0 to 1 with ``Rescaling(1 / 255)``.

    >>> Rescaling(0.5, 1.0)(np.array([[2.0]])).value.tolist()
    [[2.0]]
    """

    scale: Any
    offset: Any = 0.0

    def call(self, inputs: Any) -> Any:
        """Scale x + offset."""
        return inputs * _numbers(self.scale, self.dtype) + _numbers(self.offset, self.dtype)


def _numbers(value: Any, dtype: Any) -> Any:
    """A plain number stays one; a list is an array of the layer's dtype."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value, dtype)


@register("layers")
@dataclass(eq=False, repr=False)
class Operation(Layer):
    """A function of ``autograd_lab.ops`` as a layer: what ``a + b`` of two placeholders becomes."""

    function: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.function not in FUNCTIONS:
            raise UsageError(self._wrong("function", "must be a name in autograd_lab.ops"))

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return FUNCTIONS[self.function](*inputs)

    def _node(self, x: Any) -> Any:
        return super()._node(x) if np.ndim(x) or not isinstance(x, (int, float)) else x
