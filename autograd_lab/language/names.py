"""What a variable may be called, so that it is safe in a formula, a picture, a file and a page."""

from __future__ import annotations

import keyword
import re

MAX_NAME = 32
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBERS = frozenset({"nan", "inf", "infinity"})  # JSON writes these values as such strings
# Members that every JavaScript object inherits: as a key they would be found where nothing is.
INHERITED = frozenset({
    "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "prototype",
    "toLocaleString", "toString", "valueOf",
})  # fmt: skip
_INSTEAD = {
    "lambda": "Write lam or lambda_1.",
    "if": "Write where(x > 0, a, b) for 'a if x > 0 else b'.",
    "else": "Write where(x > 0, a, b) for 'a if x > 0 else b'.",
    "and": "Write where(a > 0, where(b > 0, ...), ...) for two conditions.",
    "or": "Write where(a > 0, ..., where(b > 0, ...)) for two conditions.",
    "not": "Turn the comparison round: x <= 0 for 'not x > 0'.",
    "True": "Write a comparison such as x > 0.",
    "False": "Write a comparison such as x > 0.",
}


def name_fault(name: str) -> tuple[str, str] | None:
    """What is wrong with a name and what to do about it, or None if nothing is.

    >>> name_fault("beta"), name_fault("lambda_1")
    (None, None)
    >>> name_fault("lambda")
    ("is a word of Python's own", 'Write lam or lambda_1.')
    """
    if keyword.iskeyword(name):
        return "is a word of Python's own", _INSTEAD.get(name, "Choose another name.")
    if len(name) > MAX_NAME:
        return f"has {len(name):,} characters", f"A name has at most {MAX_NAME} characters."
    if not _NAME.fullmatch(name):
        return (
            "is no name",
            "A name starts with a letter A-Z or a-z; letters, digits and _ follow.",
        )
    if "__" in name or name in INHERITED:
        return "is a word that programs keep", "Choose another name."
    if name.lower() in _NUMBERS:
        return "is no number and no name here", "Only finite numbers are read."
    return None
