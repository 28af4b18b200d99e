"""JSON as bytes from anywhere, read with the same distrust as an expression."""

from __future__ import annotations

import json
import math
from typing import Any

from autograd_lab.language.refusal import printable, refusal

MAX_BYTES = 10_000_000
MAX_CONTAINERS = 200_000  # a list or object costs some 100 bytes of memory for two of text
MAX_ENTRIES = 1_000_000
MAX_DIGITS = 40
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}  # JSON has no such numbers


def read_json(data: bytes) -> Any:
    """The data that JSON text in UTF-8 holds, or an ExpressionError.

    >>> read_json(b'{"value": 1.5}')
    {'value': 1.5}
    """
    if len(data) > MAX_BYTES:
        raise refusal(
            f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read",
            remedy="Give a smaller graph.",
        )
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS or data.count(b",") > MAX_ENTRIES:
        raise refusal("the file holds too many lists or entries", remedy="Give a smaller graph.")
    try:
        text = data.decode("utf-8-sig")
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError as error:
        raise refusal(
            f"the file is no UTF-8 text (byte {error.start:,})",
            remedy="Save the graph as JSON in UTF-8.",
        ) from error
    except json.JSONDecodeError as error:
        raise refusal(
            f"the file is no JSON: {printable(error.msg, 40)}, line {error.lineno:,}",
            text, error.pos,
            remedy="Write one with --format json.",
        ) from error  # fmt: skip
    except (RecursionError, MemoryError) as error:
        raise refusal(
            "lists and objects too deep inside each other", remedy="Write one with --format json."
        ) from error


def to_json_number(value: Any) -> Any:
    """A float, with nan and infinities as strings; lists entry by entry; all else as it is.

    >>> to_json_number([1.0, float("-inf")])
    [1.0, '-inf']
    """
    if isinstance(value, list):
        return [to_json_number(x) for x in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise refusal(f"the key '{printable(twice)}' is given twice", remedy="Leave one out.")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise refusal(
            f"a number of {len(digits):,} digits: {printable(digits, 20)}",
            remedy=f"At most {MAX_DIGITS} digits are read.",
        )
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise refusal(
            f"the number {printable(digits, 30)} is beyond the range of floats",
            remedy='Write infinity as "inf" or "-inf", in quotes.',
        )
    return number


def _no_constant(word: str) -> float:
    raise refusal(f"{word} is no JSON", remedy='Write "nan", "inf" or "-inf", in quotes.')
