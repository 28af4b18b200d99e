"""Refusals: one short message that says what came, where, and what to do.

The text of a user is shown in printable ASCII only, shortened around the place in question, with a
caret under it.  It is never markup and never a format string.
"""

from __future__ import annotations

from autograd_lab.errors import ExpressionError

MAX_LINES = 5
_BEFORE, _MARKED, _AFTER = 30, 24, 14  # columns shown left of the place, of it, and right of it


def printable(text: str, limit: int = 40) -> str:
    r"""The text in printable ASCII, other characters as ``<U+XXXX>``, cut to ``limit`` columns.

    >>> printable("a\x1b[2J\u202e")
    'a<U+001B>[2J<U+202E>'
    >>> printable("x" * 100, limit=9)
    'xxxxxx...'
    """
    head = text[: limit + 1]
    shown = "".join(c if " " <= c <= "~" else f"<U+{ord(c):04X}>" for c in head)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


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
    before = printable(text[max(0, start - _BEFORE) : start], 9 * _BEFORE)
    if start > _BEFORE or len(before) > _BEFORE:
        before = "..." + before[-(_BEFORE - 3) :]
    marked = printable(text[start:end], _MARKED)
    after = printable(text[end : end + _AFTER + 1], _AFTER)
    return before + marked + after, " " * len(before) + "^" * max(1, len(marked))
