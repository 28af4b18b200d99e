"""NPZ archives of the user's own: arrays x and y, or x_train, y_train, x_test, y_test.

Anybody's file may be opened.  Every header is read before any entry: dtype and shape, whether they
fit the number of bytes, and how far it unpacks.  Pickled objects are never loaded.
"""

from __future__ import annotations

import math
import tokenize
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from numpy.lib import format as npy
from numpy.typing import NDArray

from autograd_lab.datasets.checks import MAX_BYTES, quoted, reading
from autograd_lab.errors import UsageError

Array = NDArray[Any]
_TRAIN = (("x", "y"), ("x_train", "y_train"))
_TEST = ("x_test", "y_test")
_HARMLESS = 1 << 26  # bytes that may come of any packing
_RATIO = 100  # beyond it: images pack to a fifth, zeros to a thousandth
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_ENCRYPTED = 1
_UNREADABLE = (
    KeyError, TypeError, ValueError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError,
    Warning,
)  # fmt: skip


class Arrays(NamedTuple):
    """What an archive holds, as it is there."""

    x: Array
    y: Array
    x_test: Array | None = None
    y_test: Array | None = None


def read_arrays(path: Path) -> Arrays:
    """The two or four arrays of an archive; others in it are left alone.

    Errors: UsageError for an archive that lacks them, is damaged, too large or a bomb, or holds
    objects instead of numbers and text.
    """
    with reading(path, MAX_BYTES), ZipFile(path) as archive:
        members = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
        return Arrays(*[_array(path, archive, members[key]) for key in _keys(path, members)])


def _keys(path: Path, members: Mapping[str, ZipInfo]) -> tuple[str, ...]:
    for train in _TRAIN:
        if members.keys() >= {*train}:
            tests = [key for key in _TEST if key in members]
            if len(tests) == 1:
                raise _refusal(path, f"has {tests[0]} without its other half")
            return (*train, *tests)
    held = ", ".join(quoted(key) for key in list(members)[:8]) or "nothing"
    raise _refusal(
        path, f"holds {held}; wanted are x and y, or x_train and y_train (with x_test and y_test)"
    )


def _array(path: Path, archive: ZipFile, member: ZipInfo) -> Array:
    name = quoted(member.filename)
    if member.flag_bits & _ENCRYPTED or member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _refusal(path, f"packs {name} as NumPy never does; write it with np.savez")
    if member.file_size > max(_HARMLESS, _RATIO * member.compress_size):
        raise _refusal(
            path,
            f"would unpack {name} to {member.file_size:,} bytes, over {_RATIO} times what it has; "
            f"if the data are your own, write them with np.savez, which does not pack",
        )
    with archive.open(member) as stream:
        fault = _header_fault(stream, member.file_size)
    if fault:
        raise _refusal(path, f"cannot be used: {name} {fault}")
    with archive.open(member) as stream:
        return npy.read_array(stream, allow_pickle=False)


def _header_fault(stream: IO[bytes], size: int) -> str:
    """What is wrong with an array of ``size`` bytes, header included; nothing for a good one."""
    try:
        with warnings.catch_warnings(action="error"):  # of spellings that NumPy gave up
            shape, _, dtype = _HEADERS[npy.read_magic(stream)](stream)
    except _UNREADABLE:
        return "is no array of NumPy; write it with np.savez"
    if dtype.hasobject:
        return "holds Python objects, which could run code and are never loaded; save numbers"
    if dtype.kind not in "biufU":
        return f"has dtype {quoted(str(dtype))}; wanted are real numbers, or text in y"
    entries, held = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if min(shape, default=0) < 0 or entries > MAX_BYTES:
        return f"announces shape {quoted(shape)}; at most {MAX_BYTES:,} bytes are read"
    if entries != held:
        return f"announces {entries:,} bytes of entries, but has {held:,}; write it anew"
    return ""


def _refusal(path: Path, what: str) -> UsageError:
    return UsageError(f"{quoted(str(path), 200)} {what}. Nothing of it was used.")
