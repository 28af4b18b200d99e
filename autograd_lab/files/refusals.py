"""How a file is refused: its name, the reason, and what to do about it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from autograd_lab.errors import UsageError


class FileError(UsageError):
    """A file that cannot be used as asked, though it may be in good order."""


class DamagedFileError(FileError):
    """A file whose bytes are not those that were written, or that never was what its name says."""


def refusal(path: str | os.PathLike[str], reason: str, remedy: str) -> FileError:
    """The error for a file that is sound but unfit.

    >>> print(refusal("m.h5", "the ending .h5 is not known", "Name it m.safetensors."))
    m.h5: the ending .h5 is not known.  Name it m.safetensors.
    """
    return FileError(f"{os.fspath(path)}: {reason}.  {remedy}")


def damage(
    path: str | os.PathLike[str], reason: str, remedy: str = "Take another copy of it."
) -> DamagedFileError:
    """The error for a file whose content cannot be trusted."""
    return DamagedFileError(f"{os.fspath(path)}: {reason}.  {remedy}")


def read_bytes(path: str | os.PathLike[str], limit: int | None) -> bytes:
    """The content of a regular file of at most ``limit`` bytes (None: any number).

    A folder, device, pipe or socket is refused unopened (reading a pipe might wait for ever), and
    a larger file before anything of it is read.

    Raises FileError as above, DamagedFileError if the disk fails; OSError if the file is missing or
    may not be read.
    """
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        raise refusal(path, f"it is {kind_of(status.st_mode)}, not a file", "Name a file.")
    if limit is not None and status.st_size > limit:
        raise refusal(
            path,
            f"it has {status.st_size:,} bytes; at most {limit:,} are read",
            f"If you trust it, read it with limit={status.st_size}.",
        )
    try:
        with Path(path).open("rb") as file:
            return file.read(status.st_size)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        raise damage(path, "the disk fails to give it back") from error


def kind_of(mode: int) -> str:
    """What a path that is no regular file is, in words."""
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "a special file")
