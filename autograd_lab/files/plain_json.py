"""Values that JSON gives back exactly as they went in; all else is refused before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_lab.errors import UsageError


def to_plain(value: Any, argument: str) -> Any:
    """The value, made of nothing but dicts with string keys, lists, strings, numbers and None.

    Python's JSON gives back whole numbers of any size and all floats exactly, nan and infinity too;
    a tuple comes back as a list.

    Raises UsageError that names the first entry JSON has no form for; ``argument`` is its name.

    >>> to_plain({"step": 2**70, "shape": (2, 3)}, "state")
    {'step': 1180591620717411303424, 'shape': [2, 3]}
    >>> to_plain({"layers": [{1: "one"}]}, "config")
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: config['layers'][0] has the key 1: JSON has only strings as keys
    """
    try:
        return _plain(value, argument)
    except RecursionError:
        raise UsageError(f"{argument} is nested too deep, or holds itself") from None


def _plain(value: Any, where: str) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise UsageError(f"{where} has the key {key!r}: JSON has only strings as keys")
        return {key: _plain(entry, f"{where}[{key!r}]") for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry, f"{where}[{i}]") for i, entry in enumerate(value)]
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    raise UsageError(
        f"{where} is a {kind}, which JSON lacks: give numbers as float(x) or int(x), and arrays "
        "among the arrays"
    )
