"""Constraints: what a weight must fulfil after every step of training.

A constraint is a function from a weight to the weight that may be kept.  Norms are taken along
``axis``: 0 for the columns of a dense layer's kernel, which are the weights that enter one neuron.
Keras's small number ε = ``config.epsilon()`` in the denominator keeps a column of zeros from 0/0;
so a weight that fulfils the norm already shrinks by a ten-millionth, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd_lab import config, ops, registry
from autograd_lab.registry import Configured, register
from autograd_lab.settings import number, whole_numbers

Axis = int | list[int]


class Constraint(Configured):
    """Base of all constraints: called with a weight, it gives the weight that may be kept."""

    family = "constraints"

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(self, w)")


def _norms(w: Any, axis: Axis) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


def _rescaled(w: Any, norms: Any, wanted: Any) -> Any:
    return ops.multiply(w, ops.divide(wanted, config.epsilon() + norms))


@register("constraints")
@dataclass(eq=False)
class MaxNorm(Constraint):
    """w min(‖w‖, max_value) / (ε + ‖w‖): no longer than max_value, in the same direction.

    The lecture's slide on max-norm regularization writes w r / ‖w‖ for longer ones only.

    >>> MaxNorm(1.0)([[3.0, 0.1], [4.0, 0.0]]).round(3).tolist()
    [[0.6, 0.1], [0.8, 0.0]]
    """

    max_value: float = 2.0
    axis: Axis = 0

    def __post_init__(self) -> None:
        self.max_value = number(self, "max_value", at_least=0)
        self.axis = whole_numbers(self, "axis")

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return _rescaled(w, norms, ops.clip(norms, 0.0, self.max_value))


@register("constraints")
@dataclass(eq=False)
class MinMaxNorm(Constraint):
    """w (rate clip(‖w‖, min_value, max_value) + (1 - rate) ‖w‖) / (ε + ‖w‖).

    With rate 1 the norm lies between the bounds; with less it moves only a part of the way there.

    >>> MinMaxNorm(min_value=1.0, max_value=2.0)([[0.3], [0.4]]).round(3).tolist()
    [[0.6], [0.8]]
    """

    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0
    axis: Axis = 0

    def __post_init__(self) -> None:
        self.min_value = number(self, "min_value", at_least=0)
        self.max_value = number(self, "max_value", at_least=self.min_value)
        self.rate = number(self, "rate", at_least=0, at_most=1)
        self.axis = whole_numbers(self, "axis")

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        bounded = ops.clip(norms, self.min_value, self.max_value)
        return _rescaled(w, norms, self.rate * bounded + (1.0 - self.rate) * norms)


@register("constraints")
@dataclass(eq=False)
class UnitNorm(Constraint):
    """w / (ε + ‖w‖): of length one.

    >>> UnitNorm()([[3.0], [4.0]]).round(3).tolist()
    [[0.6], [0.8]]
    """

    axis: Axis = 0

    def __post_init__(self) -> None:
        self.axis = whole_numbers(self, "axis")

    def __call__(self, w: Any) -> Any:
        return ops.divide(w, config.epsilon() + _norms(w, self.axis))


@register("constraints")
@dataclass(eq=False)
class NonNeg(Constraint):
    """max(w, 0), entry by entry.

    >>> NonNeg()([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        return ops.maximum(w, 0.0)


def get(identifier: Any) -> Any:
    """The constraint that a name, settings, a class or a function stands for; None for none.

    >>> get("max_norm")
    MaxNorm(max_value=2.0, axis=0)
    """
    return registry.get("constraints", identifier)


# Keras's names for the ways from and to settings.
deserialize, serialize = get, registry.serialize
# Keras's other way to write the same classes: constraints.max_norm(1.0).
max_norm, min_max_norm, unit_norm, non_neg = MaxNorm, MinMaxNorm, UnitNorm, NonNeg
