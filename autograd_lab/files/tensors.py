"""Named arrays and what belongs to them, in one file of the safetensors format.

Other programs read such a file as they read any safetensors file; reading it executes nothing.
``seal`` says how damage is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd_lab.errors import UsageError
from autograd_lab.files.atomic import PathLike, atomic_write
from autograd_lab.files.plain_json import to_plain
from autograd_lab.files.refusals import DamagedFileError, damage, read_bytes, refusal
from autograd_lab.files.seal import blank_note, read_note, seal

Arrays: TypeAlias = dict[str, NDArray[Any]]
SUFFIX = ".safetensors"
LIMIT = 2 << 30  # bytes read at most, unless told otherwise
DTYPES = {
    "BOOL": "?", "I8": "i1", "U8": "u1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4",
    "I64": "<i8", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
}  # fmt: skip
NO_METADATA: Mapping[str, Any] = MappingProxyType({})


def write_tensors(
    path: PathLike, arrays: Mapping[str, ArrayLike], metadata: Mapping[str, Any] = NO_METADATA
) -> None:
    """Write named arrays and JSON-able metadata to a ``.safetensors`` file, all or nothing.

    Arrays may have any shape, layout and byte order, and hold booleans, whole numbers, floats of 16
    to 64 bits or complex64.  Equal arrays and metadata give equal files.  What was encoded is
    decoded again and compared by its digests before the file takes its name.

    Raises UsageError for an array or an entry that has no form in the file, FileError for another
    ending, OSError for a full disk; whatever stood at ``path`` is then untouched.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "line.safetensors")
    ...     write_tensors(path, {"kernel": [[1.0], [2.0]]}, {"name": "line"})
    ...     read_tensors(path)
    ({'kernel': array([[1.],
           [2.]])}, {'name': 'line'})
    """
    check_suffix(path)
    data = encode(arrays, metadata)
    try:
        decode(path, data)
    except DamagedFileError as error:
        raise refusal(
            path,
            "it was not written: safetensors did not give back what it was given",
            "Install another version of safetensors.",
        ) from error
    atomic_write(path, data)


def read_tensors(path: PathLike, limit: int | None = LIMIT) -> tuple[Arrays, dict[str, Any]]:
    """The arrays of a file that ``write_tensors`` wrote, in their order, and its metadata.

    Raises DamagedFileError if a single byte differs from what was written, FileError if the file
    has more than ``limit`` bytes (None: any number) or a newer format; OSError if it is missing.
    """
    check_suffix(path)
    return decode(path, read_bytes(path, limit))


def check_suffix(path: PathLike) -> None:
    """FileError unless the name ends with ``.safetensors``."""
    found = Path(path).suffix
    if found.lower() != SUFFIX:
        other = f"{Path(path).stem or 'model'}{SUFFIX}"
        raise refusal(
            path,
            f"the ending {found or '(none)'} is not {SUFFIX}",
            f"Name it {other}, for example.",
        )


def encode(arrays: Mapping[str, ArrayLike], metadata: Mapping[str, Any]) -> bytearray:
    """The bytes of a sealed file."""
    from safetensors import SafetensorError
    from safetensors.numpy import save

    flat = {_checked(name): _flat(name, array) for name, array in arrays.items()}
    digests = {name: digest(array) for name, array in flat.items()}
    try:
        data = bytearray(save(flat, blank_note(digests, to_plain(metadata, "metadata"))))
    except SafetensorError as error:
        raise UsageError(f"arrays: they have no form in a {SUFFIX} file ({error})") from error
    seal(data)
    return data


def decode(path: PathLike, data: bytes | bytearray) -> tuple[Arrays, dict[str, Any]]:
    """What a sealed file's bytes hold, every one of them verified; ``path`` is for messages."""
    note = read_note(path, data)
    arrays = parse_tensors(path, data)
    digests = note["sha256"]
    if arrays.keys() != digests.keys():
        raise damage(path, "its arrays are not those that its header counts up")
    for name, array in arrays.items():
        if digest(array) != digests[name]:
            raise damage(path, f"the array {name!r} is damaged: its SHA-256 differs")
    return {name: arrays[name] for name in digests}, note["metadata"]


def parse_tensors(path: PathLike, data: bytes | bytearray) -> Arrays:
    """The arrays of any safetensors file's bytes, sorted by name, verified by their sizes alone.

    PyTorch's bfloat16 becomes float32, which holds each of its numbers.
    """
    import safetensors

    parse: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = safetensors.deserialize
    try:
        parts = dict(parse(bytes(data)))
    except safetensors.SafetensorError as error:
        raise damage(path, f"it is no whole {SUFFIX} file ({error})") from error
    return {name: _array(path, name, **parts[name]) for name in sorted(parts)}


def digest(array: NDArray[Any]) -> str:
    """SHA-256 of an array's bytes in C order, lowest byte first."""
    ordered = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return hashlib.sha256(ordered.reshape(-1).view(np.uint8).data).hexdigest()


def _checked(name: Any) -> str:
    if not isinstance(name, str) or name == "__metadata__" or not name.isprintable():
        raise UsageError(
            f"arrays has the name {name!r}: give printable text other than '__metadata__'"
        )
    return name


def _flat(name: str, array: ArrayLike) -> NDArray[Any]:
    """The array in C order, lowest byte first.

    safetensors 0.8.0 takes the bytes as they lie and scrambles a transposed array without a word.
    """
    values = np.asarray(array)  # ascontiguousarray would make a vector of a single number
    dtype = values.dtype.newbyteorder("<")
    if dtype not in map(np.dtype, DTYPES.values()):
        raise UsageError(
            f"arrays[{name!r}] holds {values.dtype}: a {SUFFIX} file has booleans, whole numbers, "
            "float16, float32, float64 and complex64; convert it with astype"
        )
    return np.asarray(values, dtype=dtype, order="C")


def _array(path: PathLike, name: str, *, dtype: str, shape: list[int], data: Any) -> NDArray[Any]:
    if dtype == "BF16":  # the upper half of a float32
        wide = np.frombuffer(data, "<u2").astype(np.uint32) << 16
        return wide.view(np.float32).reshape(shape)
    if dtype not in DTYPES:
        raise refusal(
            path,
            f"the array {name!r} holds {dtype} numbers, which NumPy lacks",
            "Convert it to float32 with the program that wrote it.",
        )
    values = np.frombuffer(data, DTYPES[dtype])
    return values.astype(values.dtype.newbyteorder("="), copy=False).reshape(shape)
