"""What a graph from a file may ask of an operation: its attributes, and how much work it makes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import REQUIRED, Op
from autograd_lab.language.leaf_values import DTYPES, MAX_AXES
from autograd_lab.language.refusal import printable, refusal, shown

MAX_INPUTS = 26
MAX_LENGTH = 100_000  # of one axis
MAX_WORK = 10_000_000  # products that one operation adds up
Shape = tuple[int, ...]

_SUBSCRIPTS = re.compile(r"[a-zA-Z]{0,8}(?:,[a-zA-Z]{0,8}){0,25}->[a-zA-Z]{0,8}")


def _number(x: Any) -> bool:
    return type(x) in (int, float) and abs(x) <= 1e100  # also refuses nan


def _length(x: Any) -> bool:
    return type(x) is int and 0 <= x <= MAX_LENGTH


def _axis(x: Any) -> bool:
    return type(x) is int and -MAX_AXES <= x < MAX_AXES


def _list_of(entry: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda x: isinstance(x, list) and len(x) <= MAX_AXES and all(map(entry, x))


def _axes(x: Any) -> bool:
    return x is None or _axis(x) or _list_of(_axis)(x)


def _permutation(x: Any) -> bool:
    return x is None or (_list_of(_length)(x) and sorted(x) == list(range(len(x))))


def _subscripts(x: Any) -> bool:
    return isinstance(x, str) and _SUBSCRIPTS.fullmatch(x) is not None


KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(
        ("alpha", "lower", "negative_slope", "scale", "upper"), (_number, "a finite number")
    ),
    "shape": (_list_of(_length), "a list of at most 8 lengths"),
    "axes": (_permutation, "null or the axes 0, 1, ... in another order"),
    "axis": (_axes, "an axis, a list of axes, or null"),
    "keepdims": (lambda x: isinstance(x, bool), "true or false"),
    "start": (_length, "a whole number, 0 or more"),
    "length": (_length, "a whole number, 0 or more"),
    "dtype": (lambda x: isinstance(x, str) and x in DTYPES, f"one of {', '.join(DTYPES)}"),
    "subscripts": (_subscripts, "letters as in ij,jk->ik"),
}
_ONE_AXIS = (_axis, "one axis")


def checked_attributes(op: Op, given: Any, place: str) -> dict[str, Any]:
    """The attributes of an operation as it expects them, or an ExpressionError.

    ``place`` says in the message which node it is about.
    """
    if not isinstance(given, dict):
        raise refusal(f"{place}: attrs must be an object", remedy='Write "attrs": {}')
    for name, default in op.attrs.items():
        if default == REQUIRED and name not in given:
            raise refusal(f"{place}: '{op.name}' needs the attribute '{name}'")
    if not op.attrs.keys() <= KINDS.keys():
        raise refusal(f"{place}: '{op.name}' is an operation on arrays that files do not hold")
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in op.attrs:
            raise refusal(
                f"{place}: '{op.name}' has no attribute '{printable(name)}'",
                remedy=f"Its attributes: {', '.join(op.attrs) or 'none'}",
            )
        single = name == "axis" and op.name in ("concatenate", "narrow", "widen")
        allowed, wanted = _ONE_AXIS if single else KINDS[name]
        if not allowed(value):
            raise refusal(
                f"{place}: {name} = {shown(value)} cannot be used",
                remedy=f"'{op.name}' wants {wanted}.",
            )
        found[name] = tuple(value) if isinstance(value, list) else value
        if type(value) is int and KINDS[name][0] is _number:
            found[name] = float(value)
    return found


def size(shape: Sequence[int]) -> int:
    return math.prod(shape)


def work(op: Op, shapes: Sequence[Shape], attrs: Mapping[str, Any]) -> tuple[int, int]:
    """At most how many numbers the result has, and how many are computed on the way.

    Raises ValueError if the shapes do not fit together.
    """
    if op.elementwise:
        numbers = size(np.broadcast_shapes(*shapes))
        return numbers, numbers
    if op.name == "matmul":
        (*batch_a, rows, inner), (*batch_b, _, columns) = _matrices(*shapes)
        numbers = size(np.broadcast_shapes(tuple(batch_a), tuple(batch_b))) * rows * columns
        return numbers, numbers * inner
    if op.name == "einsum":
        return _einsum_work(shapes, attrs["subscripts"])
    total = sum(map(size, shapes))
    numbers = size(attrs["shape"]) if "shape" in attrs else total
    return numbers, numbers + total


def _matrices(a: Shape, b: Shape) -> tuple[Shape, Shape]:
    if not a or not b:
        raise ValueError("a matrix product of a single number; multiply it instead")
    return (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b


def _einsum_work(shapes: Sequence[Shape], subscripts: str) -> tuple[int, int]:
    left, output = subscripts.split("->")
    lengths: dict[str, int] = {}
    for letters, shape in zip(left.split(","), shapes, strict=True):
        lengths.update(zip(letters, shape, strict=True))
    if not set(output) <= set(lengths):
        raise ValueError("a letter of the output is in no input")
    return size([lengths[c] for c in output]), size(list(lengths.values()))


def check_fit(op: Op, shapes: Sequence[Shape], attrs: Mapping[str, Any]) -> None:
    """ValueError where NumPy would take a misfit in silence and the slope would fail later."""
    if op.name == "sum_to" and np.broadcast_shapes(attrs["shape"], shapes[0]) != shapes[0]:
        raise ValueError("the shape is not one that broadcasting came from")
    if op.name in ("narrow", "widen"):
        whole = shapes[0] if op.name == "narrow" else attrs["shape"]
        part = attrs["length"] if op.name == "narrow" else shapes[0][attrs["axis"]]
        if len(whole) != len(shapes[0]) or attrs["start"] + part > whole[attrs["axis"]]:
            raise ValueError("the part does not lie inside the whole")
        if part == 0:
            raise ValueError("the part is empty")
