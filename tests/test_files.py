"""Files of arrays: what comes back is what went in, and whatever else is there is refused."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from array_samples import LAYOUTS, MATRIX, same
from safetensors.numpy import load_file, save

from autograd_lab.errors import UsageError
from autograd_lab.files import seal
from autograd_lab.files.foreign import read_foreign
from autograd_lab.files.plain_json import to_plain
from autograd_lab.files.refusals import DamagedFileError, FileError
from autograd_lab.files.tensors import decode, encode, read_tensors, write_tensors

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, signals and modes of POSIX")
NAME = "m.safetensors"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("case", LAYOUTS)
def test_an_array_comes_back_bit_by_bit(tmp_path, case):
    given_array = LAYOUTS[case]
    write_tensors(tmp_path / NAME, {case: given_array})
    arrays, metadata = read_tensors(tmp_path / NAME)
    assert metadata == {}
    assert list(arrays) == [case]
    native = np.asarray(given_array)
    assert same(native.astype(native.dtype.newbyteorder("=")), arrays[case])
    arrays[case][...] = 0  # ours to change


def test_the_comparison_of_arrays_can_fail():
    assert not same(np.zeros(2), np.array([0.0, -0.0]))
    assert not same(np.zeros(2), np.zeros(2, np.float32))
    assert not same(np.zeros((1, 2)), np.zeros(2))
    assert not same(np.zeros(2), np.zeros(2, ">f8"))


METADATA = {
    "config": {"layers": [{"units": 3, "name": "Größe ∂ \ud800 \"'\\"}], "none": None},
    "large": 2**127 + 1, "float": 0.1 + 0.2, "inf": float("-inf"), "yes": True, "": [],
    '{"seal": "' + "0" * 64: '"{\\"seal\\": \\"' + "0" * 64,
}  # fmt: skip


def test_metadata_and_order_come_back(tmp_path):
    arrays = {name: np.arange(i) for i, name in enumerate(("z", "a/kernel:0", "ß", "m", ""))}
    write_tensors(tmp_path / NAME, arrays, METADATA)
    found, metadata = read_tensors(tmp_path / NAME)
    assert list(found) == list(arrays)
    assert metadata == METADATA
    assert list(metadata) == list(METADATA)
    write_tensors(tmp_path / NAME, {}, {"nan": float("nan"), "pair": (1, 2)})
    _, metadata = read_tensors(tmp_path / NAME)
    assert metadata["nan"] != metadata["nan"]
    assert metadata["pair"] == [1, 2]


def test_equal_content_gives_equal_files():
    assert len({bytes(encode({"b": MATRIX, "a": MATRIX.T}, METADATA)) for _ in range(8)}) == 1


def test_the_safetensors_library_reads_the_same(tmp_path):
    arrays = {name: np.asarray(x) for name, x in LAYOUTS.items() if name != "big-endian"}
    write_tensors(tmp_path / NAME, arrays, METADATA)
    found = load_file(tmp_path / NAME)
    assert found.keys() == arrays.keys()
    assert all(same(arrays[name], found[name]) for name in arrays)


def test_digests_are_those_of_the_bytes(tmp_path):
    data = encode({"w": MATRIX.T}, {})
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    note = json.loads(header["__metadata__"]["autograd_lab"])
    assert note["format"] == 1
    assert note["sha256"] == {"w": hashlib.sha256(MATRIX.T.tobytes()).hexdigest()}
    assert bytes(data).endswith(MATRIX.T.tobytes())


def test_a_library_that_scrambles_writes_nothing(tmp_path, monkeypatch):
    def scrambling(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
        return save({name: array[::-1].copy() for name, array in arrays.items()}, metadata)

    monkeypatch.setattr("safetensors.numpy.save", scrambling)
    with pytest.raises(FileError, match=r"not written.*Install another version"):
        write_tensors(tmp_path / NAME, {"w": np.arange(3.0)})
    assert names(tmp_path) == []


# What cannot be written -> what the message says.
REFUSED: dict[str, tuple[dict[Any, Any], Any, str]] = {
    "objects": ({"w": np.array([None])}, {}, r"arrays\['w'\] holds object"),
    "text": ({"w": ["a"]}, {}, "holds <U1"),
    "dates": ({"w": np.array(["2020-01-01"], "M8[D]")}, {}, "holds datetime64"),
    "complex128": ({"w": [1j]}, {}, "holds complex128"),
    "records": ({"w": np.zeros(2, [("a", "f4")])}, {}, "holds "),
    "number as name": ({1: [1.0]}, {}, "the name 1"),
    "the reserved name": ({"__metadata__": [1.0]}, {}, "the name '__metadata__'"),
    "control character": ({"a\n": [1.0]}, {}, r"the name 'a\\n'"),
    "lone surrogate": ({"\ud800": [1.0]}, {}, "the name"),
    "array in metadata": ({}, {"a": [{"b": np.ones(2)}]}, r"\['a'\]\[0\]\['b'\] is a numpy"),
    "numpy number": ({}, {"a": np.float32(1)}, r"metadata\['a'\] is a numpy.float32"),
    "set": ({}, {"a": {1}}, r"metadata\['a'\] is a set"),
    "number as key": ({}, {"a": {1: 2}}, r"metadata\['a'\] has the key 1"),
    "function": ({}, {"a": len}, "is a builtin_function"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_form_in_a_file_is_refused_before_writing(tmp_path, case):
    arrays, metadata, message = REFUSED[case]
    (tmp_path / NAME).write_bytes(b"old")
    with pytest.raises(UsageError, match=message):
        write_tensors(tmp_path / NAME, arrays, metadata)
    assert (tmp_path / NAME).read_bytes() == b"old"
    assert names(tmp_path) == [NAME]


def test_values_that_hold_themselves_are_refused():
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(UsageError, match="nested too deep"):
        to_plain(endless, "state")


@pytest.mark.parametrize(
    "name", ["m.h5", "m.keras", "m.npz", "m", ".safetensors", "m.safetensors.bak"]
)
def test_other_endings_are_refused_with_a_name_that_works(tmp_path, name):
    (tmp_path / name).write_bytes(b"old")
    for call in (lambda path: write_tensors(path, {}), read_tensors):
        with pytest.raises(
            FileError, match=r"the ending .* is not .safetensors.*Name it .*[.]safetensors"
        ):
            call(tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"old"


# --- damage --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> bytes:
    """A file of about a kilobyte that holds what files hold."""
    arrays = {"dense/kernel": MATRIX.T, "dense/bias": np.zeros(40, np.float32), "step": 7}
    return bytes(encode(arrays, {"config": {"units": 3, "name": "ü"}, "rate": 0.1}))


def refused(data: bytes) -> bool:
    try:
        decode(NAME, data)
    except DamagedFileError as error:
        return str(error).startswith(f"{NAME}: ")
    return False


def changes(data: bytes) -> Iterator[bytes]:
    """Every flipped bit, every byte inverted, every byte replaced by those that JSON overlooks."""
    for place, byte in enumerate(data):
        for other in {*(byte ^ 1 << bit for bit in range(8)), byte ^ 0xFF, 0x20, 0x30, 0} - {byte}:
            yield b"%b%c%b" % (data[:place], other, data[place + 1 :])


def test_every_changed_byte_is_refused(small):
    assert 900 < len(small) < 1600
    assert not refused(small)
    tried = list(changes(small))
    assert len(tried) > 10 * len(small)
    assert [data for data in tried if not refused(data)] == []


def test_every_truncation_and_every_addition_is_refused(small):
    cut = [small[:length] for length in range(len(small))]
    longer = [small + tail for tail in (b"\0", b" ", b"\0" * 8, small)]
    moved = [small[1:], b"\0" + small, small[8:]]
    for data in (*cut, *longer, *moved):
        assert refused(data), len(data)


def test_damage_in_a_file_is_named(tmp_path, small):
    path = tmp_path / NAME
    path.write_bytes(small[:-1] + bytes([small[-1] ^ 1]))
    with pytest.raises(DamagedFileError, match=r"m[.]safetensors: the array '.*' is damaged.*copy"):
        read_tensors(path)
    path.write_bytes(small[:-1])
    with pytest.raises(DamagedFileError, match="no whole"):
        read_tensors(path)


def sealed(note: Any, arrays: dict[str, np.ndarray] | None = None) -> bytes:
    """A file whose seal is intact, made by another hand."""
    text = note if isinstance(note, str) else json.dumps({"seal": seal.BLANK, **note})
    data = bytearray(save(arrays or {}, {"autograd_lab": text}))
    seal.seal(data)
    return bytes(data)


ZEROS = {"w": np.zeros(2)}
SHA = hashlib.sha256(bytes(16)).hexdigest()
HOSTILE = {
    "nothing else": ({}, {}),
    "no metadata": ({"format": 1, "sha256": {}}, {}),
    "lists": ({"format": 1, "sha256": [], "metadata": []}, {}),
    "an array too few": ({"format": 1, "sha256": {"w": SHA, "v": SHA}, "metadata": {}}, ZEROS),
    "an array too many": ({"format": 1, "sha256": {}, "metadata": {}}, ZEROS),
    "a wrong digest": ({"format": 1, "sha256": {"w": SHA[::-1]}, "metadata": {}}, ZEROS),
    "a number as digest": ({"format": 1, "sha256": {"w": 1}, "metadata": {}}, ZEROS),
    "no JSON": ('{"seal": "' + seal.BLANK + '", ', {}),
    "deep": ('{"seal": "' + seal.BLANK + '", "a": ' + "[" * 100_000, {}),
    "long number": ('{"seal": "' + seal.BLANK + '", "a": ' + "9" * 10_000 + "}", {}),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_seal_by_another_hand_opens_nothing(case):
    assert refused(sealed(*HOSTILE[case]))


def test_a_file_sealed_as_we_do_is_read():
    note = {"format": 1, "sha256": {"w": SHA}, "metadata": {"a": 1}}
    arrays, metadata = decode(NAME, sealed(note, ZEROS))
    assert same(np.zeros(2), arrays["w"])
    assert metadata == {"a": 1}


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_format_is_told_apart_from_damage(version):
    with pytest.raises(FileError, match=r"has format .*reads format 1.*newer") as caught:
        decode(NAME, sealed({"format": version, "something": "else"}))
    assert not isinstance(caught.value, DamagedFileError)


def test_foreign_files_are_sent_to_their_reader(tmp_path):
    (tmp_path / NAME).write_bytes(save({"fc.weight": np.zeros(3)}, {"format": "pt"}))
    with pytest.raises(DamagedFileError, match="read_foreign"):
        read_tensors(tmp_path / NAME)
    assert same(np.zeros(3), read_foreign(tmp_path / NAME)["fc.weight"])


@posix
@pytest.mark.parametrize("name", [NAME, "w.npz"])
def test_only_files_of_a_bearable_size_are_read(tmp_path, name):
    read = read_tensors if name == NAME else read_foreign
    path = tmp_path / name
    with pytest.raises(FileNotFoundError, match=name):
        read(path)
    os.mkfifo(path)
    with pytest.raises(FileError, match="it is a pipe"):
        read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(FileError, match="it is a folder"):
        read(path)
    path.rmdir()
    with path.open("wb") as file:
        file.truncate((2 << 30) + 1)  # a hole, no bytes on the disk
    with pytest.raises(
        FileError, match=r"2,147,483,649 bytes; at most 2,147,483,648.*limit=2147483649"
    ):
        read(path)


def test_the_limit_can_be_set(tmp_path):
    write_tensors(tmp_path / NAME, {"w": np.zeros(1000)})
    with pytest.raises(FileError, match="at most 1,000"):
        read_tensors(tmp_path / NAME, limit=1000)
    assert read_tensors(tmp_path / NAME, limit=None)[0]["w"].size == 1000


def test_libraries_are_loaded_when_a_file_is_written():
    code = (
        "import sys, autograd_lab.files.atomic as a; print('numpy' in sys.modules);"
        "import autograd_lab.files.checkpoints; print('safetensors' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
