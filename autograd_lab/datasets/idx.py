"""IDX files: the form in which MNIST and Fashion-MNIST are handed out.

Two zero bytes, the type of the entries, the number of axes; the length of each axis as four bytes,
the highest first; then the entries, the last axis running fastest (LeCun, Cortes and Burges, "The
MNIST database of handwritten digits", section on file formats).
"""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from autograd_lab.datasets.checks import MAX_BYTES, quoted, reading
from autograd_lab.datasets.places import IDX_FILES, idx_file
from autograd_lab.errors import UsageError

Bytes = NDArray[np.uint8]
Pairs = tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]
_UNSIGNED_BYTES = 8
_GZIP = b"\x1f\x8b"


def read_idx(path: Path, axes: int) -> Bytes:
    """The array of unsigned bytes that a file holds, plain or packed with gzip.

    Nothing is returned unless magic number, lengths and number of bytes fit each other.

    Errors: UsageError for a file that is absent, damaged, truncated, too long or of another kind.
    """
    with reading(path, MAX_BYTES), path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            return _read(path, file, axes)
        with gzip.GzipFile(fileobj=file) as unpacked:
            return _read(path, unpacked, axes)


def _read(path: Path, file: IO[bytes] | gzip.GzipFile, axes: int) -> Bytes:
    lengths = _lengths(path, file.read(4 + 4 * axes), axes)
    size = math.prod(lengths)
    if size > MAX_BYTES:
        raise _refusal(path, f"announces {size:,} bytes; at most {MAX_BYTES:,} are read")
    data = file.read(size + 1)  # one more: a bomb is not unpacked, and gzip checks its sum
    if len(data) < size:
        raise _refusal(path, f"ends after {len(data):,} of {size:,} bytes; fetch it anew")
    if len(data) > size:
        raise _refusal(path, f"goes on after its {size:,} bytes; fetch it anew")
    return np.frombuffer(bytearray(data), np.uint8, count=size).reshape(lengths)


def _lengths(path: Path, header: bytes, axes: int) -> tuple[int, ...]:
    wanted = bytes([0, 0, _UNSIGNED_BYTES, axes])
    if header[:4] != wanted:
        raise _refusal(
            path,
            f"starts with {header[:4].hex(' ') or 'nothing'} instead of {wanted.hex(' ')}, "
            f"so it is no IDX file of unsigned bytes with {axes} axes",
        )
    if len(header) < 4 + 4 * axes:
        raise _refusal(path, "ends within its header; fetch it anew")
    return struct.unpack(f">{axes}I", header[4:])


def _refusal(path: Path, what: str) -> UsageError:
    return UsageError(f"{quoted(str(path), 200)} {what}. Nothing of it was used.")


def read_folder(folder: Path) -> Pairs:
    """((x_train, y_train), (x_test, y_test)) of the four files that MNIST's form consists of.

    x (n, height, width) and y (n,), both uint8.

    Errors: UsageError for files that are absent, damaged or do not belong together.
    """
    arrays = []
    for name in IDX_FILES:
        file = idx_file(folder, name)
        if file is None:
            raise UsageError(
                f"{quoted(str(folder), 200)} has no file {name} (or {name}.gz); wanted are "
                f"{', '.join(IDX_FILES)}."
            )
        arrays.append(read_idx(file, 3 if "images" in name else 1))
    x_train, y_train, x_test, y_test = arrays
    for part, x, y in (("training", x_train, y_train), ("test", x_test, y_test)):
        if len(x) != len(y) or not len(y):
            raise _refusal(folder, f"has {len(x):,} {part} images, but {len(y):,} labels for them")
    if x_train.shape[1:] != x_test.shape[1:]:
        raise _refusal(folder, f"has images of {x_train.shape[1:]} and of {x_test.shape[1:]}")
    return (x_train, y_train), (x_test, y_test)


# The first training labels tell the two apart, whose files have the same names and sizes.
_FIRST_LABELS = {
    "MNIST": (5, 0, 4, 1, 9, 2, 1, 3, 1, 4),
    "Fashion-MNIST": (9, 0, 0, 3, 0, 2, 7, 2, 5, 5),
}


def checked_images(what: str, where: Path, pairs: Pairs) -> Pairs:
    """The pairs as they are, if they can be ``what``: images with labels 0 to 9.

    Errors: UsageError where a label has no class, or the data are those of the other set.
    """
    (_, y_train), (_, y_test) = pairs
    for y in (y_train, y_test):
        if y.max() > 9:
            raise _refusal(where, f"has a label {y.max()}, but {what} has ten classes, 0 to 9")
    first = tuple(y_train[:10].tolist())
    for other, labels in _FIRST_LABELS.items():
        if other != what and first == labels:
            raise _refusal(where, f"holds {other}, not {what}")
    return pairs
