"""Words on standard output while a training runs: whole lines, and one line that is rewritten."""

from __future__ import annotations

import os
import shutil
import sys

from autograd_lab.notation import to_ascii

_shown = 0  # characters of the line that the next rewriting covers


def is_live() -> bool:
    """Whether standard output is a terminal or a notebook, where a line can be rewritten."""
    stream = sys.stdout
    if type(stream).__module__.startswith("ipykernel"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """The characters of one line; the last column stays free, where some terminals break."""
    return max(20, shutil.get_terminal_size().columns - 1)


def can_write(text: str) -> bool:
    """Whether the encoding of standard output has these characters."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(text: str) -> None:
    """Lines of their own; a line that was being rewritten makes way for them."""
    global _shown
    for line in text.split("\n"):
        _write(_over(line) + "\n")
        _shown = 0


def rewrite(text: str) -> None:
    """A line in place of the one rewritten before; the next one takes its place."""
    global _shown
    _write(_over(text))
    _shown = len(text)


def _over(text: str) -> str:
    """The text, and blanks over what would still show of the line before it."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    return "\r" + text.ljust(_shown) if _shown else text


def _write(text: str) -> None:
    if sys.stdout is not None:  # as under pythonw
        sys.stdout.write(text if can_write(text) else to_ascii(text))
        sys.stdout.flush()
