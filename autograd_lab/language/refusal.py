"""Refusals: one short message that says what came, where, and what to do.

The text of a user is shown in printable ASCII only, shortened around the place in question, with a
caret under it.  It is never markup and never a format string.
"""

from __future__ import annotations

from typing import Any

from autograd_lab.errors import ExpressionError

MAX_LINES = 5
_WIDTH = 70  # columns of the text that are shown
_BEFORE = 30  # of them, left of the place, when not all fit


def printable(text: str, limit: int = 40) -> str:
    r"""The text in printable ASCII, other characters as ``<U+XXXX>``, cut to ``limit`` columns.

    >>> printable("a\x1b[2J\u202e")
    'a<U+001B>[2J<U+202E>'
    >>> printable("x" * 100, limit=9)
    'xxxxxx...'
    """
    head = text[: limit + 1]
    shown = "".join(map(_visible, head))
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def shown(value: Any) -> str:
    """A value of unknown kind in a few words; never the inside of a list or object.

    >>> shown("x"), shown(2), shown([[1]]), shown(None)
    ("'x'", '2', 'a list', 'null')
    """
    if isinstance(value, str):
        return f"'{printable(value)}'"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "null" if value is None else printable(repr(value))


def refusal(
    what: str, text: str = "", start: int = 0, end: int | None = None, *, remedy: str = ""
) -> ExpressionError:
    """The error to raise: ``what``, the text around ``start:end`` with a caret, the remedy.

    >>> print(refusal("'^' is no power here", "x^2", 1, remedy="Write x**2."))
    '^' is no power here
       x^2
        ^
       Write x**2.
    """
    lines = [what]
    if text:
        lines += _pointed(text, start, start + 1 if end is None else end)
    lines += remedy.splitlines()
    return ExpressionError("\n   ".join(lines[:MAX_LINES]))


def _pointed(text: str, start: int, end: int) -> tuple[str, str]:
    before = "".join(map(_visible, text[max(0, start - _WIDTH) : start]))
    marked = printable(text[start:end], _WIDTH // 2)
    after = text[end : end + _WIDTH + 1]
    if start > _WIDTH or (len(before + marked + after) > _WIDTH and len(before) > _BEFORE):
        before = "..." + before[3 - _BEFORE :]
    after = printable(after, _WIDTH - len(before) - len(marked))
    return before + marked + after, " " * len(before) + "^" * max(1, len(marked))


def _visible(character: str) -> str:
    return character if " " <= character <= "~" else f"<U+{ord(character):04X}>"
