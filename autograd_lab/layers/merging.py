"""Layers of several inputs: [(batch, ...), (batch, ...), ...] -> (batch, ...).

But for Concatenate the inputs are merged entry by entry; lengths of 1 are stretched, and shorter
shapes get axes of length 1 after the batch.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any

from autograd_lab import ops
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.layers.base import Layer
from autograd_lab.registry import register
from autograd_lab.settings import wrong


class Merge(Layer):
    """Base of the layers with a list of inputs; ``merge`` joins two of them."""

    def merge(self, a: Any, b: Any) -> Any:
        """The two as one."""
        raise NotImplementedError(f"{type(self).__name__} defines no merge(self, a, b)")

    def call(self, inputs: Any) -> Any:
        """All inputs as one, joined from the left."""
        return functools.reduce(self.merge, self._aligned(inputs))

    def _aligned(self, inputs: Any) -> list[Any]:
        """The inputs with equally many axes."""
        xs = self._listed(inputs)
        longest = max(x.ndim for x in xs)
        return [
            x if x.ndim == longest
            else ops.reshape(x, (*x.shape[:1], *[1] * (longest - x.ndim), *x.shape[1:]))
            for x in xs
        ]  # fmt: skip

    def _listed(self, inputs: Any) -> list[Any]:
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise UsageError(f"layer {self.name!r}: {type(self).__name__} is called on a list of "
                             "inputs, such as [a, b]")  # fmt: skip
        if len({x.shape[:1] for x in inputs}) > 1:
            raise ShapeError("all inputs must have as many examples")
        return list(inputs)


@register("layers")
@dataclass(eq=False, repr=False)
class Add(Merge):
    """The sum a + b + ...

    >>> import numpy as np
    >>> Add()([np.ones((1, 2)), np.ones((1, 2))]).value.tolist()
    [[2.0, 2.0]]
    """

    def merge(self, a: Any, b: Any) -> Any:
        return a + b


@register("layers")
@dataclass(eq=False, repr=False)
class Subtract(Merge):
    """The difference a - b of exactly two.

    >>> import numpy as np
    >>> Subtract()([np.ones((1, 2)), np.ones((1, 2))]).value.tolist()
    [[0.0, 0.0]]
    """

    def merge(self, a: Any, b: Any) -> Any:
        return a - b

    def _listed(self, inputs: Any) -> list[Any]:
        xs = super()._listed(inputs)
        if len(xs) != 2:
            raise UsageError(f"layer {self.name!r}: Subtract takes two inputs, not {len(xs)}")
        return xs


@register("layers")
@dataclass(eq=False, repr=False)
class Multiply(Merge):
    """The product a b ..., entry by entry.

    >>> import numpy as np
    >>> Multiply()([np.full((1, 2), 2.0), np.full((1, 2), 3.0)]).value.tolist()
    [[6.0, 6.0]]
    """

    def merge(self, a: Any, b: Any) -> Any:
        return a * b


@register("layers")
@dataclass(eq=False, repr=False)
class Average(Merge):
    """The mean (a + b + ...) / n.

    >>> import numpy as np
    >>> Average()([np.zeros((1, 2)), np.ones((1, 2))]).value.tolist()
    [[0.5, 0.5]]
    """

    def merge(self, a: Any, b: Any) -> Any:
        return a + b

    def call(self, inputs: Any) -> Any:
        """The sum of all inputs divided by their number."""
        return super().call(inputs) / float(len(inputs))


@register("layers")
@dataclass(eq=False, repr=False)
class Maximum(Merge):
    """The larger of both, entry by entry.

    >>> import numpy as np
    >>> Maximum()([np.zeros((1, 2)), np.ones((1, 2))]).value.tolist()
    [[1.0, 1.0]]
    """

    def merge(self, a: Any, b: Any) -> Any:
        return ops.maximum(a, b)


@register("layers")
@dataclass(eq=False, repr=False)
class Minimum(Merge):
    """The smaller of both, entry by entry.

    >>> import numpy as np
    >>> Minimum()([np.zeros((1, 2)), np.ones((1, 2))]).value.tolist()
    [[0.0, 0.0]]
    """

    def merge(self, a: Any, b: Any) -> Any:
        return ops.minimum(a, b)


@register("layers")
@dataclass(eq=False, repr=False)
class Concatenate(Merge):
    """The inputs one after another along an axis, the others being equal.

    >>> import numpy as np
    >>> Concatenate()([np.zeros((1, 2)), np.ones((1, 1))]).value.tolist()
    [[0.0, 0.0, 1.0]]
    """

    axis: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            self.axis = operator.index(self.axis)
        except TypeError:
            raise wrong(self, "axis", "must be a whole number") from None
        if self.axis == 0:
            raise wrong(self, "axis", "must not be 0: the batch keeps its length")

    def call(self, inputs: Any) -> Any:
        """The inputs one after another."""
        return ops.concatenate(self._listed(inputs), axis=self.axis)
