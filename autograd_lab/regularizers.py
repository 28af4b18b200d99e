"""Regularizers: penalties of weights, or of activations, that are added to the loss.

A regularizer is a function from an array or node to one number, so a function of one's own is as
good as those here.  As in Keras, and unlike some textbooks, the squared penalty has no factor ½.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd_lab import ops, registry
from autograd_lab.registry import Configured, register
from autograd_lab.settings import number


class Regularizer(Configured):
    """Base of all regularizers: called with a weight, it gives the penalty."""

    family = "regularizers"

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(self, w)")


@register("regularizers")
@dataclass(eq=False)
class L1(Regularizer):
    """l1 Σ |w|: pulls every weight towards 0 by the same force, so that many become 0 (lasso).

    >>> L1(0.1)([1.0, -2.0])
    0.30000000000000004
    """

    l1: float = 0.01

    def __post_init__(self) -> None:
        self.l1 = number(self, "l1", at_least=0)

    def __call__(self, w: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(w))


@register("regularizers")
@dataclass(eq=False)
class L2(Regularizer):
    """l2 Σ w²: pulls large weights more than small ones (ridge).

    >>> L2(0.5)([1.0, -2.0])
    2.5
    """

    l2: float = 0.01

    def __post_init__(self) -> None:
        self.l2 = number(self, "l2", at_least=0)

    def __call__(self, w: Any) -> Any:
        return self.l2 * ops.sum(ops.square(w))


@register("regularizers")
@dataclass(eq=False)
class L1L2(Regularizer):
    """l1 Σ |w| + l2 Σ w² (elastic net); both 0 unless given.

    >>> L1L2(l1=1.0, l2=0.5)([1.0, -2.0])
    5.5
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        self.l1, self.l2 = number(self, "l1", at_least=0), number(self, "l2", at_least=0)

    def __call__(self, w: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(w)) + self.l2 * ops.sum(ops.square(w))


def get(identifier: Any) -> Any:
    """The regularizer that a name, settings, a class or a function stands for; None for none.

    >>> get("l2")
    L2(l2=0.01)
    """
    return registry.get("regularizers", identifier)


# Keras's names for the ways from and to settings.
deserialize, serialize = get, registry.serialize
# Keras's other way to write the same classes: regularizers.l2(0.01).
l1, l2, l1_l2 = L1, L2, L1L2
