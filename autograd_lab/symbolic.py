"""Placeholders for the functional way to build a model: what a layer will give, by shape alone.

Calling a layer on a placeholder calculates nothing: it answers with another placeholder that
remembers the layer and what it was called on.  ``Model(inputs, outputs)`` follows these memories
back, and calls the layers again for every batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lab import config, registry
from autograd_lab.errors import UsageError

Shape = tuple[int | None, ...]
Nest = Any  # a placeholder, an array, or a list or dictionary of them

_next_serial = itertools.count().__next__


@dataclass(frozen=True, eq=False)
class Call:
    """A layer and what it was called on: placeholders, arrays, or lists of them."""

    layer: Any
    args: Nest = None


class KerasTensor:
    """What a layer will give: a shape, None where it is open, a dtype, and where it comes from.

    ``call`` says which layer gives it, ``index`` which of its outputs it is.  An input comes from
    an InputLayer called on nothing.
    """

    __array_ufunc__ = None  # array * placeholder asks the placeholder

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: str | None = None,
        *,
        name: str | None = None,
        call: Call = Call(None),
        index: int = 0,
    ) -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = dtype or config.floatx()
        self.call = call
        self.index = index
        self.serial = _next_serial()
        self.name = name or f"keras_tensor_{self.serial}"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __bool__(self) -> bool:
        raise UsageError(f"{self!r} has no value yet; only a model that is called on data has one")

    def _apply(self, function: str, *args: Any) -> KerasTensor:
        operation = registry.find("layers", "Operation")  # a layer stands above this file
        return operation(function)(list(args))  # type: ignore[no-any-return]

    def __add__(self, other: Any) -> KerasTensor:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> KerasTensor:
        return self._apply("add", other, self)

    def __sub__(self, other: Any) -> KerasTensor:
        return self._apply("subtract", self, other)

    def __rsub__(self, other: Any) -> KerasTensor:
        return self._apply("subtract", other, self)

    def __mul__(self, other: Any) -> KerasTensor:
        return self._apply("multiply", self, other)

    def __rmul__(self, other: Any) -> KerasTensor:
        return self._apply("multiply", other, self)

    def __truediv__(self, other: Any) -> KerasTensor:
        return self._apply("divide", self, other)

    def __rtruediv__(self, other: Any) -> KerasTensor:
        return self._apply("divide", other, self)

    def __pow__(self, other: Any) -> KerasTensor:
        return self._apply("power", self, other)

    def __neg__(self) -> KerasTensor:
        return self._apply("negative", self)


def leaves(nest: Nest) -> list[Any]:
    """What a list or dictionary holds, in order; anything else is its own only leaf.

    >>> leaves({"a": 1, "b": [2, 3]})
    [1, 2, 3]
    """
    if isinstance(nest, (list, tuple)):
        return [leaf for item in nest for leaf in leaves(item)]
    if isinstance(nest, dict):
        return [leaf for item in nest.values() for leaf in leaves(item)]
    return [] if nest is None else [nest]


def like(nest: Nest, function: Callable[[Any], Any]) -> Nest:
    """The same lists and dictionaries with ``function`` of each leaf.

    >>> like({"a": 1, "b": [2, 3]}, str)
    {'a': '1', 'b': ['2', '3']}
    """
    if isinstance(nest, (list, tuple)):
        return type(nest)([like(item, function) for item in nest])
    if isinstance(nest, dict):
        return {key: like(item, function) for key, item in nest.items()}
    return None if nest is None else function(nest)


def history(
    outputs: Iterable[KerasTensor], stop: Collection[KerasTensor] = ()
) -> list[KerasTensor]:
    """Every placeholder the outputs depend on, inputs before their users; none behind ``stop``."""
    seen: dict[KerasTensor, None] = dict.fromkeys(outputs)
    stack = list(seen)
    while stack:
        t = stack.pop()
        for x in [] if t in stop else leaves(t.call.args):
            if isinstance(x, KerasTensor) and x not in seen:
                seen[x] = None
                stack.append(x)
    return sorted(seen, key=lambda x: x.serial)
