"""Where words go: the explanation to standard output, everything else to standard error."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

UNICODE_SAMPLE = "∂σ′₁─▇✓←½"
MAX_MESSAGE_LINES = 5


def can_unicode(stream: TextIO) -> bool:
    """Whether a stream's encoding has the signs of mathematics."""
    try:
        UNICODE_SAMPLE.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError, AttributeError):
        return False
    return True


def use_color(stream: TextIO, choice: str) -> bool:
    """``always``, ``never``, or by the stream: a terminal, no NO_COLOR, TERM not dumb."""
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """The terminal's width; None when the output is piped, so that nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def note(text: str) -> None:
    """A line on standard error."""
    stream = sys.stderr
    if not can_unicode(stream):
        from autograd_lab.notation import to_ascii

        text = "\n".join(map(to_ascii, text.split("\n")))
    stream.write(text + "\n")


def failure(message: str) -> None:
    """An error of at most five lines on standard error, without control characters."""
    lines = [_printable(line) for line in message.split("\n")][:MAX_MESSAGE_LINES]
    word = "error:"
    if use_color(sys.stderr, "auto"):
        word = f"\x1b[1;31m{word}\x1b[0m"
    note(f"{word} " + "\n".join(lines))


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in line)


def check_writable(path: Path) -> None:
    """OSError, with the reason, for a name that cannot become a file."""
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder; name a file", os.fspath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(2, "no such folder", os.fspath(path.parent))
    with suppress(FileNotFoundError):
        path.stat()  # a link that leads to itself is an error here


def write_file(path: Path, data: bytes) -> None:
    """Write all or nothing; a device or a pipe takes the bytes as they come."""
    from autograd_lab.files.atomic import atomic_write  # waits: most commands write no file

    check_writable(path)
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        path.write_bytes(data)
        return
    atomic_write(path, data)
    note(f"wrote {_printable(os.fspath(path))} ({_size(len(data))})")


def _size(count: int) -> str:
    return f"{count} bytes" if count < 1000 else f"{count / 1000:.0f} kB"


class Progress:
    """A line on a terminal's standard error that says what is being done, after half a second."""

    DELAY = 0.5

    def __init__(self, *, quiet: bool = False) -> None:
        self._shows = sys.stderr.isatty() and not quiet
        self._start = time.monotonic()
        self._drawn = 0.0

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        now = time.monotonic()
        if not self._shows or now - self._start < self.DELAY or now - self._drawn < 0.1:
            return
        self._drawn = now
        share = done / total if total else 0.0
        bar = f"[{'#' * round(20 * share):<20}] {done:,}/{total:,}" if total else "..."
        sys.stderr.write(f"\r\x1b[K{what} {bar}")
        sys.stderr.flush()

    def close(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
