"""A file is written whole or not at all, and what killed writers leave behind goes away."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crashes import PART, litter, run

from autograd_lab.files import atomic
from autograd_lab.files.atomic import atomic_write, remove_orphans
from autograd_lab.files.refusals import FileError
from autograd_lab.files.tensors import write_tensors

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, signals and modes of POSIX")
NAME = "m.safetensors"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("data", [b"new", bytearray(b"new"), lambda file: file.write(b"new")])
def test_the_new_content_takes_the_place_of_the_old(tmp_path, data):
    target = tmp_path / "a.txt"
    for before in (None, b"a longer old content"):
        if before:
            target.write_bytes(before)
        atomic_write(target, data)
        assert target.read_bytes() == b"new"
        assert names(tmp_path) == ["a.txt"]


@posix
def test_modes_follow_the_umask_or_the_old_file(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        atomic_write(old, b"x")
        atomic_write(new, b"x")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (old, new)] == [0o640, 0o640]
    old.chmod(0o600)
    atomic_write(old, b"x")
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


@posix
def test_links_are_followed_and_stay(tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real", tmp_path / "link"
    link.symlink_to(real)
    for content in (b"first, where the link led to nothing", b"second"):
        atomic_write(link, content)
        assert link.is_symlink()
        assert real.read_bytes() == content
    assert names(tmp_path / "there") == ["real"]


def unfit_targets(folder: Path) -> Iterator[tuple[Path, str]]:
    protected, pipe = folder / "protected", folder / "pipe"
    protected.write_bytes(b"kept")
    protected.chmod(0o444)
    os.mkfifo(pipe)
    yield folder, "a folder"
    yield pipe, "a pipe"
    yield Path(os.devnull), "a device"
    yield protected, "write-protected"


@posix
def test_only_files_are_replaced(tmp_path):
    for target, reason in unfit_targets(tmp_path):
        with pytest.raises(FileError, match=reason) as caught:
            atomic_write(target, b"new")
        assert str(caught.value).startswith(str(target))
    assert names(tmp_path) == ["pipe", "protected"]
    assert (tmp_path / "protected").read_bytes() == b"kept"
    assert Path(os.devnull).is_char_device()


@posix
def test_a_target_that_cannot_be_is_an_error_that_names_it(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for target in (tmp_path / "none" / "x", tmp_path / ("x" * 300), loop):
        with pytest.raises(OSError, match=r"\[Errno \d+\] .*: ") as caught:
            atomic_write(target, b"new")
        assert str(caught.value.filename) == str(target)
    assert names(tmp_path) == ["loop"]


ERRORS = {
    KeyboardInterrupt: (),
    OSError: (errno.ENOSPC, "No space left on device"),
    MemoryError: (),
}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", ["os.fsync", "os.replace", "content"])
def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, call, error):
    target = tmp_path / "a.txt"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise error(*ERRORS[error])

    if call != "content":
        monkeypatch.setattr(call, fail)
    with pytest.raises(error) as caught:
        atomic_write(target, fail if call == "content" else b"new")
    monkeypatch.undo()
    assert names(tmp_path) == ["a.txt"]
    assert target.read_bytes() == b"old"
    if isinstance(caught.value, OSError):
        assert caught.value.filename == str(target)


@posix
def test_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    done = []

    def noting(name: str) -> Callable[..., None]:
        real = getattr(os, name)

        def noted(what: Any, *others: Any) -> None:
            folder = isinstance(what, int) and stat.S_ISDIR(os.fstat(what).st_mode)
            real(what, *others)
            done.append(f"{name} folder" if folder else name)

        return noted

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noting(name))
    atomic_write(tmp_path / "a", b"x")
    assert done == ["fsync", "replace", "fsync folder"]


def test_an_error_about_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        atomic_write(tmp_path / "a", lambda _: (tmp_path / "source").read_bytes())
    assert str(caught.value.filename) == str(tmp_path / "source")
    with pytest.raises(io.UnsupportedOperation, match="read"):
        atomic_write(tmp_path / "a", lambda file: file.read())
    assert names(tmp_path) == []


FULL_DISK = """
import resource, sys
import numpy as np
from autograd_lab.files.tensors import write_tensors
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    write_tensors(sys.argv[1], {"w": np.ones(int(sys.argv[2]))})
except OSError as error:
    print(error)
"""


@posix
def test_a_file_larger_than_there_is_room_for(tmp_path):
    target = tmp_path / NAME
    write_tensors(target, {"w": np.arange(3.0)})
    old = target.read_bytes()
    for count, printed in ((5000, f"[Errno {errno.EFBIG}] File too large: '{target}'\n"), (5, "")):
        command = [sys.executable, "-c", FULL_DISK, str(target), str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == (printed, "")
        assert (target.read_bytes() == old) == (count == 5000)
        assert names(tmp_path) == [NAME]


# --- what killed programs leave behind -----------------------------------------------------------

WRITER = """
import sys
from autograd_lab.files.atomic import atomic_write
atomic_write(sys.argv[1], b"x" * 5000)
"""
# Blow -> the bytes of the temporary file that is left, and of the target.
LEFT = {
    "before write:1": (None, None),
    "mid-write:1": (PART, None),
    "before fsync:1": (5000, None),
    "before rename:1": (5000, None),
    "after rename:1": (None, 5000),
}


@posix
@pytest.mark.parametrize("crash", LEFT)
def test_litter_of_a_killed_program_goes_with_the_next_write(tmp_path, crash):
    program, folder = tmp_path / "writer.py", tmp_path / "out"
    program.write_text(WRITER)
    folder.mkdir()
    assert run(crash, str(program), str(folder / "a")).returncode < 0
    sizes = [(folder / name).stat().st_size for name in litter(folder)]
    partial, whole = LEFT[crash]
    assert sizes == [partial] * (partial is not None)
    assert names(folder) == litter(folder) + ["a"] * (whole is not None)
    atomic_write(folder / "b", b"next")
    assert names(folder) == ["a"] * (whole is not None) + ["b"]


@posix
def test_a_living_writer_keeps_its_file(tmp_path):
    def write(file: Any) -> None:
        (mine,) = litter(tmp_path)
        assert remove_orphans(tmp_path) == []
        atomic_write(tmp_path / "b", b"beside it")
        assert litter(tmp_path) == [mine]
        file.write(b"whole")

    atomic_write(tmp_path / "a", write)
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert names(tmp_path) == ["a", "b"]


@posix
def test_files_of_others_are_left_alone(tmp_path):
    kept = [".autograd-lab-x.tmp", ".autograd-lab-0123456789abcdef.tmp.safe", "x.tmp", "0.tmp"]
    for name in kept:
        (tmp_path / name).write_bytes(b"")
    folder, link, pipe = (tmp_path / f".autograd-lab-{c * 16}.tmp" for c in "abd")
    folder.mkdir()
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "x.tmp")
    orphan = tmp_path / f".autograd-lab-{'c' * 16}.tmp"
    orphan.write_bytes(b"")
    assert remove_orphans(tmp_path) == [orphan.name]
    assert names(tmp_path) == sorted([*kept, folder.name, link.name, pipe.name])
    assert remove_orphans(tmp_path / "none") == []


@posix
def test_a_file_that_was_taken_for_litter_before_its_lock_is_made_anew(tmp_path, monkeypatch):
    real, removed = atomic.fcntl.flock, []

    def removed_just_before(descriptor: int, operation: int) -> None:
        if not removed:
            removed.extend(litter(tmp_path))
            (tmp_path / removed[0]).unlink()
        real(descriptor, operation)

    monkeypatch.setattr(atomic.fcntl, "flock", removed_just_before)
    atomic_write(tmp_path / "a", b"whole")
    assert len(removed) == 1
    assert names(tmp_path) == ["a"]


def test_many_writers_in_one_folder(tmp_path):
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(30):
                atomic_write(tmp_path / f"{(number + turn) % 3}", bytes([number]) * 1000)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert names(tmp_path) == ["0", "1", "2"]
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert len(content) == 1000
        assert len(set(content)) == 1
