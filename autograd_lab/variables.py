"""Variables: the leaves of a graph that training changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab import config
from autograd_lab.errors import ShapeError
from autograd_lab.graph import Node, next_serial, plain

_thaws = 0


def thaws() -> int:
    """How often any layer or variable was frozen or thawed: a step recorded before may be stale."""
    return _thaws


def note_thaw() -> None:
    """One more."""
    global _thaws
    _thaws += 1


class Variable(Node):
    """A named leaf that owns its array: a weight, a slot of an optimizer, a learning rate.

    ``assign`` gives it another value of the same shape and dtype.  The array itself cannot be
    written to, so that whoever holds the value from before still holds that.  ``assigned`` is the
    moment of the last change: a graph recorded before it no longer tells the truth.  ``home`` is
    the array in which a plan keeps the value while training runs: ``value`` then changes in place.

    >>> w = Variable([1.0, 2.0], name="w")
    >>> w.assign([3.0, 4.0])
    >>> w.numpy().tolist(), w.dtype
    ([3.0, 4.0], dtype('float32'))
    """

    __slots__ = ("_trainable", "assigned", "constraint", "home", "regularizer")

    def __init__(
        self,
        value: Any,
        *,
        name: str = "variable",
        trainable: bool = True,
        dtype: str | None = None,
        regularizer: Callable[[Any], Any] | None = None,
        constraint: Callable[[Any], Any] | None = None,
    ) -> None:
        held = _frozen(np.asarray(value, dtype=dtype or config.floatx()))
        super().__init__(None, held, name=name)
        self._trainable = bool(trainable)
        self.regularizer = regularizer
        self.constraint = constraint
        self.assigned = self.serial
        self.home: np.ndarray[Any, Any] | None = None

    @property
    def trainable(self) -> bool:
        """Whether training may change it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        note_thaw()

    def assign(self, value: Any) -> None:
        """Replace the value; ShapeError if the shape is another, and nothing changes then."""
        new = np.asarray(value.value if isinstance(value, Node) else value)
        if new.shape != self.shape:
            raise ShapeError(
                f"{self.name}.assign: a value of shape {new.shape} was given; "
                f"the variable has shape {self.shape}"
            )
        self.value = _frozen(new.astype(self.dtype))
        self.assigned = next_serial()

    def numpy(self) -> np.ndarray[Any, Any]:
        """A copy of the value as an array."""
        return np.array(self.value)

    @property
    def path(self) -> str:
        """The name with the layers around it: "dense/kernel"."""
        return "/".join([*self.scope, str(self.name)])

    def __repr__(self) -> str:
        return f"<Variable {self.path} {self.shape} {self.dtype}>"


def _frozen(array: np.ndarray[Any, Any]) -> Any:
    if not array.ndim:
        return plain(array)
    array = array.copy()
    array.flags.writeable = False
    return array
