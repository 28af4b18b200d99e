"""What every reader and generator here checks first: numbers, names and files, in words."""

from __future__ import annotations

import gzip
import math
import numbers
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograd_lab.errors import UsageError

MAX_BYTES = 1 << 30  # of one array in a file: MNIST in float64 is a third of it


def whole(call: str, name: str, value: Any, least: int, most: int) -> int:
    """A whole number within bounds, or a UsageError that names the argument.

    >>> whole("moons", "n_samples", 0, 2, 100)
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: moons(n_samples=0): n_samples must be a whole number, 2 to 100.
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_whole or not least <= value <= most:
        raise UsageError(
            f"{call}({name}={quoted(value)}): {name} must be a whole number, {least} to {most}."
        )
    return int(value)


def real(call: str, name: str, value: Any, least: float, most: float = math.inf) -> float:
    """A finite number within bounds, or a UsageError that names the argument."""
    is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_real or not math.isfinite(value) or not least <= value <= most:
        bounds = f"from {least:g} to {most:g}" if math.isfinite(most) else f"of at least {least:g}"
        raise UsageError(
            f"{call}({name}={quoted(value)}): {name} must be a finite number {bounds}."
        )
    return float(value)


def fraction(call: str, name: str, value: Any) -> float:
    """A number between 0 and 1, neither of them."""
    share = real(call, name, value, 0, 1)
    if not 0 < share < 1:
        raise UsageError(
            f"{call}({name}={share:g}): {name} must lie between 0 and 1, so that both parts get "
            f"examples."
        )
    return share


def seed(call: str, value: Any) -> int:
    """A seed: a whole number of at most 32 bits, as in ``set_random_seed``."""
    return whole(call, "seed", value, 0, 2**32 - 1)


def quoted(value: Any, limit: int = 60) -> str:
    r"""What a user wrote, as Python writes it: no control characters, never long.

    >>> quoted("a\x1b[2J"), quoted("x" * 100, limit=9)
    ("'a\\x1b[2J'", "'xxxxx...")
    """
    if isinstance(value, str):
        value = value[: limit + 1]
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


# --- files ----------------------------------------------------------------------------------------

_DAMAGED = (
    EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile,
    NotImplementedError,  # what zipfile says to versions and packings that do not exist
)  # fmt: skip


@contextmanager
def reading(path: Path, most: int) -> Iterator[None]:
    """Reading of one file of at most ``most`` bytes; whatever fails becomes a UsageError."""
    name = quoted(str(path), 200)
    try:
        if path.is_dir():
            raise UsageError(f"{name} is a folder; name a file.")
        if not path.is_file():  # a pipe or a device could go on for ever
            raise UsageError(f"{name}: there is no such file; check the name and the folder.")
        if path.stat().st_size > most:
            raise UsageError(
                f"{name} has {path.stat().st_size:,} bytes, more than the {most:,} that are read; "
                f"give a part of it."
            )
        yield
    except _DAMAGED as error:
        reason = quoted(str(error) or type(error).__name__)[1:-1]
        raise UsageError(
            f"{name} is damaged or incomplete ({reason}). Nothing of it was used; fetch it anew."
        ) from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}.") from None
