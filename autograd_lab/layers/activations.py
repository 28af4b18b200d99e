"""Activations as layers of their own, for those with settings or weights.

All work entry by entry, (batch, ...) -> (batch, ...), but Softmax, which works along an axis.
"""

from __future__ import annotations

import warnings
from dataclasses import InitVar, dataclass, field
from typing import Any

from autograd_lab import activations, constraints, initializers, ops, regularizers
from autograd_lab.errors import ShapeError
from autograd_lab.layers.base import Layer
from autograd_lab.random import SeedGenerator
from autograd_lab.recording import draw
from autograd_lab.registry import register
from autograd_lab.settings import number, seed_generator, whole_numbers, wrong


@register("layers", "relu")
@dataclass(eq=False, repr=False)
class ReLU(Layer):
    """max(x, 0); or min(x, max_value) above the threshold, negative_slope (x - threshold) below.

    >>> import numpy as np
    >>> ReLU(max_value=1.0)(np.array([[-1.0, 0.5, 2.0]])).value.tolist()
    [[0.0, 0.5, 1.0]]
    """

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_value is not None:
            self.max_value = number(self, "max_value", at_least=0)
        self.negative_slope = number(self, "negative_slope", at_least=0)
        self.threshold = number(self, "threshold", at_least=0)

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


@register("layers")
@dataclass(eq=False, repr=False)
class LeakyReLU(Layer):
    """max(x, 0) + negative_slope min(x, 0) (Maas, Hannun & Ng 2013).

    A slope of 0.3 unless told, though the function ``leaky_relu`` has 0.2: both are Keras's.
    ``alpha`` is the old name of ``negative_slope``.

    >>> import numpy as np
    >>> LeakyReLU(0.1)(np.array([[-1.0, 2.0]])).value.tolist() == [[np.float32(-0.1), 2.0]]
    True
    """

    negative_slope: float = 0.3
    alpha: InitVar[float | None] = field(default=None, kw_only=True)

    def __post_init__(self, alpha: float | None) -> None:
        super().__post_init__()
        if alpha is not None:
            warnings.warn(
                "LeakyReLU(alpha=...) is called LeakyReLU(negative_slope=...) now",
                DeprecationWarning,
                stacklevel=3,
            )
            self.negative_slope = alpha
        self.negative_slope = number(self, "negative_slope", at_least=0)

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)


@register("layers")
@dataclass(eq=False, repr=False)
class PReLU(Layer):
    """max(x, 0) + alpha min(x, 0) with a trained alpha for each entry (He et al. 2015).

    The weight has the shape of one example, with length 1 along the ``shared_axes`` (the batch is
    axis 0), along which one alpha serves all.

    >>> import numpy as np
    >>> layer = PReLU(alpha_initializer="ones", shared_axes=1)
    >>> layer(np.array([[-1.0, 2.0]])).value.tolist(), layer.alpha.shape
    ([[-1.0, 2.0]], (1,))
    """

    alpha_initializer: Any = "zeros"
    alpha_regularizer: Any = None
    alpha_constraint: Any = None
    shared_axes: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.alpha_initializer = initializers.get(self.alpha_initializer)
        self.alpha_regularizer = regularizers.get(self.alpha_regularizer)
        self.alpha_constraint = constraints.get(self.alpha_constraint)
        if self.shared_axes is not None:
            axes = whole_numbers(self, "shared_axes")
            self.shared_axes = axes if isinstance(axes, list) else [axes]
            if min(self.shared_axes) < 1:
                raise wrong(self, "shared_axes", "must be axes from 1 on; 0 is the batch")

    def _alpha_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        shared = self.shared_axes or []
        if max(shared, default=0) >= len(input_shape):
            raise ShapeError(
                f"layer {self.name!r}: PReLU(shared_axes={shared}) needs inputs with these axes; "
                f"got {input_shape}"
            )
        return tuple(1 if i in shared else n for i, n in enumerate(input_shape))[1:]

    def build(self, input_shape: Any) -> None:
        """Make one alpha for each entry of an example, or for each that is not shared."""
        shape = self._alpha_shape(input_shape)
        if None in shape:
            raise ShapeError(
                f"layer {self.name!r}: PReLU needs an input whose shape is known but for the "
                f"batch and the shared axes, not {input_shape}"
            )
        self.alpha = self.add_weight(
            [n or 0 for n in shape], self.alpha_initializer, name="alpha",
            regularizer=self.alpha_regularizer, constraint=self.alpha_constraint,
        )  # fmt: skip

    def _check_shape(self, shape: Any) -> None:
        if self._alpha_shape(shape) != self.alpha.shape:
            raise ShapeError(
                f"layer {self.name!r} was built for inputs of shape {self.build_shape}, "
                f"but got {shape}; only the batch and the shared axes may change"
            )

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return ops.prelu(inputs, self.alpha)


@register("layers")
@dataclass(eq=False, repr=False)
class RReLU(Layer):
    """max(x, 0) + a min(x, 0), a drawn for each entry between ``lower`` and ``upper`` in training.

    Outside training a is the mean, (lower + upper) / 2 (Xu, Wang, Chen & Li 2015).  Keras has no
    such layer; names and defaults are PyTorch's.

    >>> import numpy as np
    >>> RReLU(lower=0.1, upper=0.3)(np.array([[-1.0, 2.0]])).value.round(3).tolist()[0][1]
    2.0
    """

    lower: float = 1 / 8
    upper: float = 1 / 3
    seed: int | SeedGenerator | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.lower = number(self, "lower", at_least=0)
        self.upper = number(self, "upper", at_least=self.lower)
        self.seed_generator = seed_generator(self, "dropout")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The function of the inputs, with drawn slopes in training."""
        if not training:
            return ops.rrelu(inputs, lower=self.lower, upper=self.upper)
        shape = inputs.shape

        def slopes() -> Any:
            drawn = self.seed_generator.generator.uniform(self.lower, self.upper, shape)
            return drawn.astype(self.dtype)

        return ops.prelu(inputs, draw(slopes, "slopes"))


@register("layers")
@dataclass(eq=False, repr=False)
class ELU(Layer):
    """max(x, 0) + min(0, alpha (e^x - 1)) (Clevert, Unterthiner & Hochreiter 2016).

    >>> import numpy as np
    >>> ELU()(np.array([[-1000.0, 2.0]])).value.tolist()
    [[-1.0, 2.0]]
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.alpha = number(self, "alpha", at_least=0)

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return ops.elu(inputs, alpha=self.alpha)


@register("layers")
@dataclass(eq=False, repr=False)
class Softmax(Layer):
    """e^x / Σ e^x along an axis or axes: positive numbers of sum 1.

    >>> import numpy as np
    >>> Softmax()(np.array([[0.0, 0.0]])).value.tolist()
    [[0.5, 0.5]]
    """

    axis: Any = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.axis = whole_numbers(self, "axis")

    def call(self, inputs: Any) -> Any:
        """The softmax of the inputs."""
        return ops.softmax(inputs, self.axis)
