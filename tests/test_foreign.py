"""Weights from elsewhere: plain arrays, or a refusal; nothing in a file is ever run."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from array_samples import LAYOUTS, MATRIX, same
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from autograd_lab.files import foreign
from autograd_lab.files.foreign import read_foreign
from autograd_lab.files.refusals import DamagedFileError, FileError
from autograd_lab.files.tensors import decode, read_tensors, write_tensors

NAME = "m.safetensors"


def raw_safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype: str = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


FOUR = bytes(4)
MALFORMED = {
    "empty": b"",
    "short": b"\0" * 7,
    "no header": raw_safetensors(b""),
    "no JSON": raw_safetensors(b"not json"),
    "endless header": raw_safetensors({}, length=2**63),
    "largest header": raw_safetensors({}, length=2**64 - 1),
    "list": raw_safetensors([]),
    "deep": raw_safetensors(b'{"a":' + b"[" * 100_000),
    "overlap": raw_safetensors({"a": entry(), "b": entry()}, FOUR),
    "hole": raw_safetensors({"a": entry(offsets=(4, 8))}, bytes(8)),
    "more data": raw_safetensors({"a": entry()}, bytes(8)),
    "less data": raw_safetensors({"a": entry()}, bytes(3)),
    "backwards": raw_safetensors({"a": entry(offsets=(4, 0))}, FOUR),
    "negative": raw_safetensors({"a": entry(shape=(-1,))}, FOUR),
    "overflowing": raw_safetensors({"a": entry(shape=(2**32, 2**32))}, FOUR),
    "wrong size": raw_safetensors({"a": entry(shape=(2,))}, FOUR),
    "unknown dtype": raw_safetensors({"a": entry("PY")}, FOUR),
    "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x04none\x94.",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_safetensors_file_is_refused(tmp_path, case):
    path = tmp_path / NAME
    path.write_bytes(MALFORMED[case])
    for read in (read_foreign, read_tensors):
        with pytest.raises(DamagedFileError, match=str(path)):
            read(path)


def test_a_well_formed_raw_file_is_read(tmp_path):
    (tmp_path / NAME).write_bytes(raw_safetensors({"a": entry()}, np.float32(1.5).tobytes()))
    assert same(np.array([1.5], np.float32), read_foreign(tmp_path / NAME)["a"])


def test_bfloat16_becomes_float32_and_eight_bits_are_refused(tmp_path):
    numbers = np.array([1.0, -2.5, 3.0e38, np.inf, -0.0], np.float32)
    upper = (numbers.view(np.uint32) >> 16).astype("<u2")
    header = {"layer.0.weight": entry("BF16", (5,), (0, 10))}
    (tmp_path / NAME).write_bytes(raw_safetensors(header, upper.tobytes()))
    expected = (upper.astype(np.uint32) << 16).view(np.float32)
    assert abs(expected[2] / numbers[2] - 1) < 2**-8
    assert same(expected, read_foreign(tmp_path / NAME)["layer.0.weight"])
    (tmp_path / NAME).write_bytes(raw_safetensors({"a": entry("F8_E4M3", (4,))}, FOUR))
    with pytest.raises(FileError, match=r"F8_E4M3 numbers, which NumPy lacks.*float32"):
        read_foreign(tmp_path / NAME)


@given(data=st.data())
def test_no_bytes_at_all_raise_anything_else(data):
    good = save({"a": np.arange(3.0), "b": np.ones((2, 2), np.float32)}, {"k": "v"})
    changed = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=6)):
        changed[place] = data.draw(st.integers(0, 255))
    whole = bytes(changed[: data.draw(st.integers(0, len(good)))])
    for parse in (lambda: decode(NAME, whole), lambda: foreign.parse_tensors(NAME, whole)):
        try:
            arrays = parse()
        except FileError:
            continue
        assert all(type(array) is np.ndarray for array in arrays.values())


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


NUMBERS = {name: np.asarray(x) for name, x in LAYOUTS.items()}
NUMBERS |= {"wide": np.array([1 + 2j]), "fc1.weight": MATRIX, "dense/kernel:0": MATRIX}


@pytest.mark.parametrize("save_npz", [np.savez, np.savez_compressed])
def test_npz_is_read_with_names_order_and_bits(tmp_path, save_npz):
    save_npz(tmp_path / "w.npz", **NUMBERS)
    found = read_foreign(tmp_path / "w.npz")
    assert list(found) == list(NUMBERS)
    for name, array in NUMBERS.items():
        assert same(array.astype(array.dtype.newbyteorder("=")), found[name]), name
        found[name][...] = 0


class Trap:
    """Unpickling it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_is_never_opened(tmp_path):
    sprung = tmp_path / "sprung"
    np.savez(tmp_path / "w.npz", w=np.array([Trap(sprung)]), allow_pickle=True)
    with pytest.raises(FileError, match="holds object, not numbers"):
        read_foreign(tmp_path / "w.npz")
    assert not sprung.exists()
    np.load(tmp_path / "w.npz", allow_pickle=True)["w"]
    assert sprung.exists()  # the trap was one


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name.rstrip("+"), data)
    return content.getvalue()


def npy(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode() + b"\n"
    width = 2 if version == (1, 0) else 4
    return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(width, "little") + text + data


def npy_of(shape: str, descr: str = "'<f8'", data: bytes = bytes(8)) -> bytes:
    return npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", data)


BAD_NPZ = {
    "no archive": b"PK no archive",
    "empty": b"",
    "no header": zipped({"a.npy": b""}),
    "no array": zipped({"readme.txt": b"hello"}),
    "header of the future": zipped({"a.npy": npy("{}", version=(9, 0))}),
    "terabytes": zipped({"a.npy": npy_of("(500000000000,)")}),
    "negative": zipped({"a.npy": npy_of("(-1, -1)")}),
    "too short": zipped({"a.npy": npy_of("(1,)", data=bytes(7))}),
    "too long": zipped({"a.npy": npy_of("(1,)", data=bytes(9))}),
    "objects": zipped({"a.npy": npy_of("(1,)", "'|O'")}),
    "text": zipped({"a.npy": npy_of("(1,)", "'<U2'")}),
    "records": zipped({"a.npy": npy_of("(1,)", "[('x', '<f8')]")}),
    "a program as header": zipped({"a.npy": npy("__import__('os').abort()")}),
    "a deep header": zipped({"a.npy": npy("(" * 5000)}),
    "a long header": zipped({"a.npy": npy_of("(" + "1," * 20_000 + ")")}),
    "no kind": zipped({"a.npy": npy_of("(1,)", "'<f7'")}),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_a_hostile_npz_is_refused(tmp_path, case):
    (tmp_path / "w.npz").write_bytes(BAD_NPZ[case])
    with pytest.raises(FileError, match=r"w\.npz: .*[.]  \w"):
        read_foreign(tmp_path / "w.npz")


def test_an_npz_made_by_hand_is_read(tmp_path):
    (tmp_path / "w.npz").write_bytes(zipped({"a.npy": npy_of("(1,)")}))
    assert same(np.zeros(1), read_foreign(tmp_path / "w.npz")["a"])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_is_refused(tmp_path):
    (tmp_path / "w.npz").write_bytes(zipped({"a.npy": npy_of("(1,)"), "a.npy+": npy_of("(1,)")}))
    with pytest.raises(DamagedFileError, match="same name"):
        read_foreign(tmp_path / "w.npz")


def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "HARMLESS", 1 << 20)
    bomb = zipped({"a.npy": npy_of(f"({1 << 18},)", data=bytes(2 << 20))}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 5000
    (tmp_path / "w.npz").write_bytes(bomb)
    with pytest.raises(FileError, match="would unpack to 2,097"):
        read_foreign(tmp_path / "w.npz")
    monkeypatch.setattr(foreign, "HARMLESS", 4 << 20)
    assert read_foreign(tmp_path / "w.npz")["a"].size == 1 << 18
    with pytest.raises(FileError, match=r"unpacks to .* at most 1,000,000.*limit="):
        read_foreign(tmp_path / "w.npz", limit=1_000_000)


def test_a_size_that_lies_is_not_believed(tmp_path):
    """The directory of the archive says 136 bytes; the member unpacks to two million."""
    content = npy_of(f"({1 << 18},)", data=bytes(2 << 20))
    bomb = zipped({"a.npy": content}, zipfile.ZIP_DEFLATED)
    lie = bomb.replace(len(content).to_bytes(4, "little"), (136).to_bytes(4, "little"))
    assert lie != bomb
    (tmp_path / "w.npz").write_bytes(lie)
    with pytest.raises(DamagedFileError, match=r"no sound \.npz"):
        read_foreign(tmp_path / "w.npz")


def test_a_changed_npz_is_refused_or_means_the_same(tmp_path):
    whole = npz(tmp_path / "w.npz", w=np.arange(4.0)).read_bytes()
    renamed = 0
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        (tmp_path / "w.npz").write_bytes(data)
        try:
            found = read_foreign(tmp_path / "w.npz")
        except FileError:
            continue
        if found.keys() == {"w"}:
            assert same(np.arange(4.0), found["w"]), place
        else:  # an .npz protects its arrays, not their names
            renamed += 1
    assert renamed < 40


FOREIGN_ENDINGS = {
    "m.h5": "Keras", "m.keras": "Keras", "m.weights.h5": "Keras", "m.pt": "pickle",
    "m.pth": "pickle", "m.bin": "pickle", "m.pkl": "pickle", "m.txt": ".npz", "m": ".npz",
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN_ENDINGS)
def test_other_formats_are_refused_with_a_way_out(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(FileError, match=FOREIGN_ENDINGS[name]):
        read_foreign(tmp_path / name)


def test_a_sealed_file_is_verified_when_it_is_read_as_foreign(tmp_path):
    path = tmp_path / NAME
    write_tensors(path, {"dense/kernel": MATRIX.T})
    assert same(MATRIX.T, read_foreign(path)["dense/kernel"])
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(DamagedFileError, match="is damaged"):
        read_foreign(path)
