"""Values of leaves as a JSON document writes them: numbers, or nested lists of equal lengths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lab.errors import ExpressionError
from autograd_lab.language.json_text import SPECIAL
from autograd_lab.language.refusal import refusal, shown

MAX_AXES = 8
MAX_NUMBERS = 100_000  # in all nodes of a document together
DTYPES = ("float64", "float32", "float16", "int64", "int32", "uint8", "bool")


def leaf_value(value: Any, dtype: Any, place: str, room: int) -> Any:
    """A number or array of at most ``room`` numbers; ``place`` names the node in a refusal.

    >>> leaf_value([[1, "inf"]], None, "node 'x'", 100)
    array([[ 1., inf]])
    """
    numbers, shape = _flat(value, place, room)
    truths = isinstance(numbers[0], bool)
    if dtype is None:
        dtype = "bool" if truths else "float64"
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise refusal(
            f"{place}: the dtype {shown(dtype)} is not read", remedy=f"Known: {', '.join(DTYPES)}."
        )
    if not all(_holds(dtype, x) for x in numbers):
        raise refusal(f"{place}: a value does not fit into {dtype}", remedy="Leave dtype out.")
    array = np.array(numbers, dtype=dtype).reshape(shape)
    return array if shape else array[()]


def _flat(value: Any, place: str, room: int) -> tuple[list[Any], tuple[int, ...]]:
    """The numbers of nested lists of equal lengths in order, and their shape."""
    level: list[Any] = [value]
    shape: list[int] = []
    while isinstance(level[0], list):
        length = len(level[0])
        if not all(isinstance(x, list) and len(x) == length for x in level):
            raise refusal(f"{place}: the lists of its value have different lengths")
        if not length or len(shape) == MAX_AXES:
            raise refusal(f"{place}: the value has an empty list, or more than {MAX_AXES} axes")
        if length * len(level) > room:
            raise too_many_numbers()
        shape.append(length)
        level = [x for row in level for x in row]
    return [_number(x, place) for x in level], tuple(shape)


def _number(x: Any, place: str) -> Any:
    if isinstance(x, str) and x in SPECIAL:
        return SPECIAL[x]
    if type(x) not in (bool, int, float):
        raise refusal(
            f"{place}: {shown(x)} is no number",
            remedy='Values are numbers, "nan", "inf", "-inf", or lists of them.',
        )
    return x


def _holds(dtype: str, x: float) -> bool:
    if dtype == "bool":
        return isinstance(x, bool)
    if "int" in dtype:
        limits = np.iinfo(dtype)
        return type(x) is int and int(limits.min) <= x <= int(limits.max)
    if isinstance(x, bool):
        return False
    return not (math.isfinite(x) and abs(x) > float(np.finfo(dtype).max))


def too_many_numbers() -> ExpressionError:
    return refusal(
        f"the nodes hold more than {MAX_NUMBERS:,} numbers", remedy="Give a smaller graph."
    )
