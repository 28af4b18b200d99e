"""Weights that other programs wrote: NumPy's ``.npz`` and ``.safetensors``, as plain arrays.

Nothing in such a file is executed: object arrays, which hold pickles, are refused, and so are the
formats that are pickles or programs themselves.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lab.files.atomic import PathLike
from autograd_lab.files.refusals import FileError, damage, read_bytes, refusal
from autograd_lab.files.seal import is_sealed
from autograd_lab.files.tensors import LIMIT, Arrays, decode, parse_tensors

# Deflate shrinks zeros a thousandfold.  A small archive may do so; one that promises more than this
# many bytes and grows more than a hundredfold was made to fill the memory.
HARMLESS = 64 << 20
MAX_GROWTH = 100
ADVICE = {
    ".h5": "Load it with Keras, then numpy.savez('weights.npz', *model.get_weights()).",
    ".pt": "Save it with safetensors.torch.save_file instead: a pickle can run any program.",
}
ADVICE |= dict.fromkeys((".keras", ".hdf5"), ADVICE[".h5"])
ADVICE |= dict.fromkeys((".pth", ".bin", ".pkl", ".pickle", ".ckpt"), ADVICE[".pt"])


def read_foreign(path: PathLike, limit: int = LIMIT) -> Arrays:
    """The named arrays of an ``.npz`` or ``.safetensors`` file from elsewhere.

    Names stay as they are: ``fc1.weight``, ``dense/kernel``, ``arr_0``.  An array keeps its shape
    and dtype in this machine's byte order; bfloat16 becomes float32.  A ``.safetensors`` file has
    no checksum of its own, so a changed number in it is not noticed; an ``.npz`` file has.

    Raises FileError for another ending, more than ``limit`` bytes on the disk or unpacked, an array
    of objects or text; DamagedFileError for a file that is not what its name says.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder, "w.npz"), kernel=np.eye(2))
    ...     read_foreign(Path(folder, "w.npz"))
    {'kernel': array([[1., 0.],
           [0., 1.]])}
    """
    ending = Path(path).suffix.lower()
    if ending == ".safetensors":
        data = read_bytes(path, limit)
        return decode(path, data)[0] if is_sealed(data) else parse_tensors(path, data)
    if ending == ".npz":
        return _parse_npz(path, read_bytes(path, limit), limit)
    raise refusal(
        path,
        f"weights are not read from files ending with {ending or 'nothing'}",
        ADVICE.get(ending, "Give an .npz or a .safetensors file."),
    )


def _parse_npz(path: PathLike, data: bytes, limit: int) -> Arrays:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_sizes(path, archive, len(data), limit)
            return {
                member.filename.removesuffix(".npy"): _member(path, archive, member)
                for member in archive.infolist()
            }
    except FileError:
        raise
    except Exception as error:  # bytes in memory: whatever a parser raises, the file is at fault
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise damage(path, f"it is no sound .npz file ({reason})") from error


def _check_sizes(path: PathLike, archive: zipfile.ZipFile, packed: int, limit: int) -> None:
    """Refuse names that occur twice, and sizes that are too large, before anything is unpacked."""
    members = archive.infolist()
    if len({member.filename for member in members}) < len(members):
        raise damage(path, "two of its arrays have the same name")
    whole = sum(member.file_size for member in members)
    if whole > limit:
        raise refusal(
            path,
            f"it unpacks to {whole:,} bytes; at most {limit:,} are read",
            f"If you trust it, read it with limit={whole}.",
        )
    if whole > HARMLESS and whole > MAX_GROWTH * packed:
        raise refusal(
            path,
            f"its {packed:,} bytes would unpack to {whole:,}",
            "If you trust it, save it again with numpy.savez, which does not compress.",
        )


def _member(path: PathLike, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; its header is believed only if it fits the size of the member exactly."""
    if not member.filename.endswith(".npy"):
        raise refusal(path, f"{member.filename!r} in it is no array", "Give arrays only.")
    with archive.open(member) as file:  # one byte more is the end, where the CRC is checked
        content = io.BytesIO(file.read(member.file_size + 1))
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, columns_first, dtype = read_header[np.lib.format.read_magic(content)](content)
    if dtype.kind not in "biufc":
        raise refusal(
            path,
            f"the array {member.filename.removesuffix('.npy')!r} holds {dtype}, not numbers",
            "Give arrays of numbers.",
        )
    rest = content.read()
    if len(rest) != math.prod(shape) * dtype.itemsize:
        raise damage(path, f"{member.filename!r} in it has not the size that its header says")
    values = np.frombuffer(rest, dtype).reshape(shape, order="F" if columns_first else "C")
    return values.astype(dtype.newbyteorder("="))
