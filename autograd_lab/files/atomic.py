"""Writing a file whole or not at all, whatever stops the program in between.

The new content goes into a temporary file in the same folder, is forced to the disk, and takes the
target's name in one step: at every moment the name leads to the old content or to the new one.
A killed program leaves its temporary file behind.  The next write into that folder removes it,
known by its name, and known to be abandoned because nobody holds its lock: the system releases a
lock when the process ends, however it ends, and unlike process numbers locks are never reused.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

from autograd_lab.files.refusals import kind_of, refusal

if os.name == "posix":
    import fcntl

PathLike: TypeAlias = str | os.PathLike[str]
Content: TypeAlias = bytes | bytearray | Callable[[BinaryIO], object]
TEMPORARY = re.compile(r"\.autograd-lab-[0-9a-f]{16}\.tmp")
HOUR = 3600.0
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def atomic_write(path: PathLike, data: Content) -> None:
    """Write ``data``, bytes or a function that fills an open file: all of it is there, or none.

    A link is followed.  A file that exists keeps its mode; a new one gets what the umask leaves.

    Raises FileError if the target is a folder, device, pipe, socket or write-protected; OSError,
    with the target's name, if the disk is full or the folder missing.  The old content is then
    untouched, and no temporary file remains.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     atomic_write(Path(folder, "a.txt"), b"whole")
    ...     print([file.name for file in Path(folder).iterdir()])
    ['a.txt']
    """
    with _naming(path):
        target, mode = _target(path)
        remove_orphans(target.parent)
        temporary, descriptor = _create(target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if mode is not None:
                    temporary.chmod(mode)
                data(file) if callable(data) else file.write(data)
                file.flush()
                os.fsync(descriptor)
                if os.name == "posix":
                    temporary.replace(target)  # while the lock is held: nobody takes it for litter
            if os.name != "posix":
                temporary.replace(target)  # Windows renames no open file
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(target.parent)


def remove_orphans(folder: PathLike) -> list[str]:
    """Remove the temporary files that killed programs left in a folder; their names.

    Those that a living process is still writing, and all files of other names, are left alone.

    >>> remove_orphans("a folder that is not there")
    []
    """
    try:
        with os.scandir(folder) as entries:
            ours = [Path(entry.path) for entry in entries if _is_temporary(entry)]
    except OSError:  # no such folder, or one that may be written but not listed
        return []
    return sorted(path.name for path in ours if _remove_if_abandoned(path))


@contextmanager
def _naming(path: PathLike) -> Iterator[None]:
    """Let an OSError name the file that was asked for, not the temporary one or none."""
    try:
        yield
    except OSError as error:
        about = error.filename
        ours = about is None or TEMPORARY.fullmatch(Path(os.fsdecode(about)).name)
        if ours and error.errno is not None:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise


def _target(path: PathLike) -> tuple[Path, int | None]:
    """Where the bytes go, links followed, and the mode of the file that is there."""
    target = Path(os.path.realpath(path))
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "there is no such folder to write to") from None
        return target, None
    if not stat.S_ISREG(mode):
        raise refusal(path, f"it is {kind_of(mode)}, which is not replaced", "Name a file.")
    if not mode & 0o222:
        raise refusal(path, "it is write-protected", "Choose another name, or make it writable.")
    return target, stat.S_IMODE(mode)


def _create(folder: Path) -> tuple[Path, int]:
    """A new temporary file, open and locked."""
    while True:
        path = folder / f".autograd-lab-{os.urandom(8).hex()}.tmp"
        descriptor = os.open(path, NEW, 0o666)
        if os.name != "posix":
            return path, descriptor
        with suppress(OSError):  # a file system without locks: then nobody takes it for litter
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            path.stat()
            return path, descriptor
        os.close(descriptor)  # removed by another writer between the two lines that open and lock


def _is_temporary(entry: os.DirEntry[str]) -> bool:
    return bool(TEMPORARY.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)


def _remove_if_abandoned(path: Path) -> bool:
    """Remove a temporary file unless somebody is writing it; True if it is gone by this."""
    with suppress(OSError):  # locked, removed meanwhile, or not ours to remove
        if os.name != "posix":
            if time.time() - path.stat().st_mtime > HOUR:
                path.unlink()
                return True
            return False
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return True
        finally:
            os.close(descriptor)
    return False


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk, where folders can be opened; the file itself is there."""
    if os.name != "posix":
        return
    with suppress(PermissionError):  # a folder that may be written but not listed
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # network file systems may refuse
                raise
        finally:
            os.close(descriptor)
