"""The setting ``learning_rate`` of an optimizer: a number that may change, or a schedule."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.graph import Node
from autograd_lab.optimizers.schedules import LearningRateSchedule
from autograd_lab.variables import Variable

if TYPE_CHECKING:
    from autograd_lab.optimizers.base import Optimizer


class CurrentRate(float):
    """The learning rate as it stands: a float that can be assigned, like Keras's variable."""

    __slots__ = ("_owner",)
    _owner: Optimizer

    @classmethod
    def of(cls, owner: Optimizer, value: float) -> CurrentRate:
        rate = cls(value)
        rate._owner = owner
        return rate

    def assign(self, value: float) -> None:
        self._owner.learning_rate = value

    def numpy(self) -> Any:
        return np.float64(self)


class LearningRate:
    """The setting ``learning_rate``: read it for the rate of the next step, set it to change it.

    Behind a number stands a leaf, so that a recorded step goes on with the new rate.
    """

    def __init__(self, default: float) -> None:
        self.default = default

    @overload
    def __get__(self, optimizer: None, owner: type) -> float: ...
    @overload
    def __get__(self, optimizer: Optimizer, owner: type) -> CurrentRate: ...
    def __get__(self, optimizer: Optimizer | None, owner: type) -> float:
        if optimizer is None:
            return self.default
        rate = optimizer.rate
        now = rate(float(optimizer.iterations)) if callable(rate) else float(rate)
        return CurrentRate.of(optimizer, now)

    def __set__(self, optimizer: Optimizer, value: float | LearningRateSchedule) -> None:
        held = vars(optimizer).get("rate")
        if held is None and isinstance(value, LearningRateSchedule):
            optimizer.rate = value
            return
        if isinstance(value, LearningRateSchedule) or callable(held):
            raise UsageError(
                f"{type(optimizer).__name__}.learning_rate = {value!r}: a schedule is given when "
                "the optimizer is made, and stays; make another optimizer."
            )
        if held is None:
            held = Variable(0.0, name="learning_rate", trainable=False, dtype="float64")
        held.assign(_checked_rate(optimizer, value))
        optimizer.rate = held


def _checked_rate(optimizer: Optimizer, value: Any) -> float:
    array = np.asarray(value.value if isinstance(value, Node) else value)
    if array.dtype.kind in "fiu" and array.size == 1 and 0 <= array.item() < math.inf:
        return float(array.item())
    raise UsageError(
        f"{type(optimizer).__name__}(learning_rate={value!r}): learning_rate must be a finite "
        "number, at least 0, or a schedule."
    )


class OldName:
    """``lr``, as older books write ``learning_rate``; each use of it warns."""

    def __get__(self, optimizer: Optimizer | None, owner: type) -> CurrentRate | None:
        if optimizer is None:
            return None
        warn_of_old_name(optimizer)
        return optimizer.learning_rate

    def __set__(self, optimizer: Optimizer, value: float) -> None:
        warn_of_old_name(optimizer)
        optimizer.learning_rate = value


def warn_of_old_name(optimizer: Optimizer, stacklevel: int = 3) -> None:
    warnings.warn(
        f"{type(optimizer).__name__}: lr is the old name of learning_rate; use the new one.",
        DeprecationWarning,
        stacklevel=stacklevel,
    )
