"""Checkpoints: two are kept, damage is passed over and said, nothing foreign is continued."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crashes import POINTS, Crash, litter, plan, run
from kills import campaign

from autograd_lab.errors import UsageError
from autograd_lab.files.checkpoints import Checkpoints, differences
from autograd_lab.files.generators import generator_state, restore_generator
from autograd_lab.files.refusals import DamagedFileError, FileError
from autograd_lab.files.tensors import write_tensors

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def steps(folder: Path) -> list[int]:
    return [int(name[11:21]) for name in names(folder)]


def file_of(folder: Path, step: int) -> Path:
    return folder / f"checkpoint-{step:010d}.safetensors"


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def saved(tmp_path: Path, said: list[str]) -> Checkpoints:
    """A folder with the checkpoints of steps 1, 2 and 3, of which two are kept."""
    checkpoints = Checkpoints(tmp_path / "run", key={"units": 3}, say=said.append)
    for step in (1, 2, 3):
        checkpoints.save({"w": np.full((2, 3), step)}, {"epoch": step}, step)
    return checkpoints


def test_what_was_saved_comes_back(tmp_path):
    checkpoints = Checkpoints(tmp_path / "new" / "run")
    assert checkpoints.newest() is None
    assert not checkpoints.folder.exists()
    arrays = {"w": np.arange(6.0).reshape(2, 3).T, "permutation": np.arange(5)[::-1]}
    state = {"best": float("inf"), "loss": [0.1, 0.2], "large": 2**100, "done": None}
    checkpoints.save(arrays, state, np.int64(120))
    found = Checkpoints(checkpoints.folder).newest()
    assert found is not None
    assert (found.state, found.step) == (state, 120)
    assert list(found.arrays) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, strict=True)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_newest_are_kept(tmp_path, keep):
    checkpoints = Checkpoints(tmp_path, keep=keep)
    for step in (8, 9, 10, 100):
        checkpoints.save({}, {}, step)
        assert len(steps(tmp_path)) <= keep
    assert steps(tmp_path) == [8, 9, 10, 100][-keep:]
    checkpoints.save({}, {"again": True}, 100)
    assert steps(tmp_path) == [8, 9, 10, 100][-keep:]
    assert checkpoints.newest().state == {"again": True}


def test_what_a_run_that_was_killed_before_its_end_left_over_goes(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=4)
    for step in (1, 2, 3, 4):
        checkpoints.save({}, {}, step)
    damage(file_of(tmp_path, 4))
    assert Checkpoints(tmp_path, say=lambda _: None).newest().step == 3
    assert steps(tmp_path) == [2, 3, 4]


def test_other_files_in_the_folder_stay(saved):
    others = [
        "checkpoint-1.safetensors",
        "history.csv",
        "notes",
        "x-checkpoint-0000000001.safetensors",
    ]
    for name in others:
        (saved.folder / name).write_bytes(b"")
    saved.save({}, {}, 4)
    assert saved.newest().step == 4
    saved.clear()
    assert names(saved.folder) == others
    assert saved.newest() is None


def test_a_damaged_newest_is_passed_over_and_said(saved, said):
    damage(file_of(saved.folder, 3))
    found = saved.newest()
    assert (found.step, found.state, found.arrays["w"][0, 0]) == (2, {"epoch": 2}, 2)
    (words,) = said
    assert "checkpoint-0000000003.safetensors: the array 'w' is damaged" in words
    assert words.endswith("The one before is used: checkpoint-0000000002.safetensors.")
    assert steps(saved.folder) == [2, 3]  # nothing goes before a new one is there
    saved.save({}, {}, 3)
    assert steps(saved.folder) == [2, 3]
    assert saved.newest().step == 3
    assert len(said) == 1


def test_a_damaged_one_does_not_count_among_those_that_are_kept(saved):
    damage(file_of(saved.folder, 3))
    assert saved.newest().step == 2
    file_of(saved.folder, 3).rename(file_of(saved.folder, 9))
    other = Checkpoints(saved.folder, key={"units": 3}, say=lambda _: None)
    assert other.newest().step == 2
    other.save({}, {}, 4)  # though the folder seemed to hold a later step
    assert steps(saved.folder) == [2, 4]


def test_damage_is_told_on_standard_error_unless_told_otherwise(saved, capsys):
    damage(file_of(saved.folder, 3))
    Checkpoints(saved.folder, key={"units": 3}).newest()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "is damaged" in printed.err


def test_a_folder_of_damaged_ones_is_no_fresh_start(saved):
    for step in steps(saved.folder):
        file_of(saved.folder, step).write_bytes(b"")
    other = Checkpoints(saved.folder, key={"units": 3})
    for call in (other.newest, lambda: other.save({}, {}, 9)):
        with pytest.raises(FileError, match=r"no checkpoint in it can be read.*Remove them"):
            call()
    assert steps(saved.folder) == [2, 3]


def test_every_truncation_of_the_newest_falls_back(saved):
    path = file_of(saved.folder, 3)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert saved.newest().step == 2


def test_a_file_that_the_disk_cannot_read_counts_as_damaged(saved, said, monkeypatch):
    real = Path.open

    def failing(path: Path, *mode: str) -> Any:
        if path == file_of(saved.folder, 3):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return real(path, *mode)

    monkeypatch.setattr(Path, "open", failing)
    assert saved.newest().step == 2
    assert "the disk fails" in said[0]


def test_a_file_that_may_not_be_read_is_no_damage(saved, monkeypatch):
    def denied(path: Path, *_: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(PermissionError):
        saved.newest()
    assert steps(saved.folder) == [2, 3]


KEYS = (
    ({"units": 3}, {"units": 4}, "units was 3 and is 4"),
    ({"layers": [{"rate": 0.1}]}, {"layers": [{"rate": 0.2}]}, "layers.0.rate was 0.1 and is 0.2"),
    ({"a": 1}, {"b": 1}, "a was 1 and is absent, b was absent and is 1"),
    ({"a": [1]}, {"a": [1, 2]}, "a.1 was absent and is 2"),
    ({"a": 1}, {"a": 1.0}, "a was 1 and is 1.0"),
    ({"a": {}}, {"a": []}, "a was {} and is []"),
    ("abc", "abd", 'the key was "abc" and is "abd"'),
    ("abc", {"a": 1}, 'the key was "abc" and is {"a": 1}'),
    ({"a": "x" * 100}, {"a": None}, f'a was "{"x" * 59}... and is null'),
    ({}, dict.fromkeys("abcdefg"), "e was absent and is null and 2 more"),
)


@pytest.mark.parametrize(("before", "now", "words"), KEYS)
def test_another_configuration_is_refused_with_what_differs(tmp_path, before, now, words):
    Checkpoints(tmp_path, key=before).save({}, {"mine": 1}, 5)
    other = Checkpoints(tmp_path, key=now)
    for call in (other.newest, lambda: other.save({}, {}, 6)):
        with pytest.raises(UsageError, match="another configuration: ") as caught:
            call()
        assert f"{words}.  Take another folder" in str(caught.value)
    assert steps(tmp_path) == [5]
    assert Checkpoints(tmp_path, key=before).newest().state == {"mine": 1}


def test_equal_keys_are_equal_however_they_are_written(tmp_path):
    key = {"shape": (2, 3), "rate": float("nan"), "name": "é"}
    Checkpoints(tmp_path, key=key).save({}, {}, 1)
    again = {"name": "é", "rate": float("nan"), "shape": [2, 3]}
    assert Checkpoints(tmp_path, key=again).newest().step == 1
    assert list(differences(key["shape"], [2, 3])) == []


def test_steps_go_up(saved):
    for checkpoints in (saved, Checkpoints(saved.folder, key={"units": 3})):
        for step in (2, -1):
            with pytest.raises(UsageError, match=r"steps go up, and .* stands at step 3.*newest"):
                checkpoints.save({}, {}, step)
    assert steps(saved.folder) == [2, 3]


def test_what_cannot_be_saved_leaves_all_as_it_was(saved):
    bad: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"w": np.array([None])}, {}),
        ({}, {"generator": np.random.default_rng()}),
        ({}, {"loss": np.float32(1)}),
    ]
    for arrays, state in bad:
        with pytest.raises(UsageError):
            saved.save(arrays, state, 4)
    with pytest.raises(TypeError):
        saved.save({}, {}, 4.5)  # type: ignore[arg-type]
    assert steps(saved.folder) == [2, 3]


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"kept")
    checkpoints = Checkpoints(tmp_path / "file")
    for call in (checkpoints.newest, checkpoints.clear, lambda: checkpoints.save({}, {}, 1)):
        with pytest.raises(FileError, match="it is no folder"):
            call()
    with pytest.raises(UsageError, match="keep=0"):
        Checkpoints(tmp_path, keep=0)
    with pytest.raises(UsageError, match="key is a set"):
        Checkpoints(tmp_path, key={1})  # type: ignore[arg-type]


def test_files_that_are_sound_but_not_ours_are_neither_used_nor_removed(saved, monkeypatch):
    write_tensors(file_of(saved.folder, 7), {"w": [1.0]}, {"config": {}})
    with pytest.raises(FileError, match="something else than a checkpoint"):
        saved.newest()
    file_of(saved.folder, 7).unlink()
    monkeypatch.setattr("autograd_lab.files.seal.FORMAT", 2)  # as a later version reads and writes
    with pytest.raises(FileError, match="format 1") as caught:
        saved.newest()
    assert not isinstance(caught.value, DamagedFileError)
    assert steps(saved.folder) == [2, 3]


# --- generators ----------------------------------------------------------------------------------

GENERATORS = ("PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937")


def generator(kind: str, seed: int) -> np.random.Generator:
    return np.random.Generator(getattr(np.random, kind)(seed))


def numbers(g: np.random.Generator) -> list[Any]:
    """Draws of every kind, an odd count of 32-bit ones, which come in pairs."""
    return [
        g.random(3).tolist(), g.integers(0, 9, 3, dtype=np.uint32).tolist(),
        g.normal(size=2).tolist(), g.permutation(9).tolist(), g.integers(2**62),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_generator_goes_on_with_the_same_bits(tmp_path, kind):
    g = generator(kind, 1)
    numbers(g)
    Checkpoints(tmp_path).save({}, {"shuffle": generator_state(g)}, 1)
    expected = [numbers(g), numbers(g)]
    state = Checkpoints(tmp_path).newest().state["shuffle"]
    assert json.loads(json.dumps(state)) == state
    other = generator(kind, 2)
    assert numbers(other) != expected[0]
    restore_generator(other, state)
    assert [numbers(other), numbers(other)] == expected


BAD_STATES = {
    "another kind": generator_state(generator("Philox", 1)),
    "nothing": {},
    "no dict": [1, 2],
    "text for a number": {**generator_state(generator("PCG64", 1)), "has_uint32": "x"},
    "a part missing": {**generator_state(generator("PCG64", 1)), "state": {"state": 1}},
    "too large": {**generator_state(generator("PCG64", 1)), "uinteger": 2**70},
    "rounded": {**generator_state(generator("PCG64", 1)), "state": {"state": 0.5, "inc": 1}},
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_STATES)
def test_a_state_that_does_not_fit_changes_nothing(case):
    g, twin = generator("PCG64", 5), generator("PCG64", 5)
    with pytest.raises(UsageError, match="does not fit a PCG64 generator"):
        restore_generator(g, BAD_STATES[case])  # type: ignore[arg-type]
    assert numbers(g) == numbers(twin)


# --- kills ---------------------------------------------------------------------------------------


@posix
def test_killed_at_every_point_the_training_ends_with_the_same_numbers(tmp_path):
    """``python tests/kills.py --kills 200`` is the same with more of them."""
    assert campaign(8, tmp_path) == dict.fromkeys((*POINTS, "time"), 1)


# How a training could be wrong, and what the campaign says about it.
STARTS_ANEW = "kills.restore_generator = lambda *_: None"
OLD_GOES_FIRST = """
save = kills.Checkpoints.save
def clear_and_save(self, *values):
    self.clear()
    save(self, *values)
kills.Checkpoints.save = clear_and_save
"""
NAME_COMES_FIRST = """
import os
import autograd_lab.files.atomic as a
real = a._create
def hasty(folder):
    path, descriptor = real(folder)
    os.replace(path, sorted(folder.glob("checkpoint*"))[-1])
    path.touch()
    return path, descriptor
a._create = hasty
"""
LITTER_IS_LEFT = """
import autograd_lab.files.atomic as a, autograd_lab.files.checkpoints as c
a.remove_orphans = c.remove_orphans = lambda _: []
"""
BROKEN = {
    STARTS_ANEW: "ended with other numbers",
    OLD_GOES_FIRST: "no checkpoint",
    NAME_COMES_FIRST: "can be read|is used|bears no seal",
    LITTER_IS_LEFT: "left files behind",
}


@posix
@pytest.mark.parametrize("breakage", BROKEN, ids=list(BROKEN.values()))
def test_the_campaign_finds_a_broken_training(tmp_path, breakage, monkeypatch):
    program = tmp_path / "broken.py"
    found_here = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nimport kills\n"
    program.write_text(f"{found_here}{breakage}\nkills.main()\n")
    if breakage is LITTER_IS_LEFT:  # else the witness tidies before it can be seen
        monkeypatch.setattr("autograd_lab.files.checkpoints.remove_orphans", lambda _: [])
        monkeypatch.setattr("kills.litter", lambda _: [])
    with pytest.raises(AssertionError, match=BROKEN[breakage]):
        campaign(2, tmp_path, program=program)


# --- the crashes themselves ----------------------------------------------------------------------

PROGRAM = """
import sys
from autograd_lab.files.checkpoints import Checkpoints
try:
    saved = Checkpoints(sys.argv[1], keep=1)
    for step in range(3):
        saved.save({"w": [0.0] * 100}, {}, step)
finally:
    print("the end is seen", flush=True)
"""
# Blow at its second turn -> steps that are there, and whether there is litter.
SECOND = {
    "before write": ([0], False), "mid-write": ([0], True), "before fsync": ([0], True),
    "before rename": ([0], True), "after rename": ([0, 1], False),
    "before removal": ([1, 2], False), "after removal": ([2], False),
}  # fmt: skip


@posix
@pytest.mark.parametrize("point", POINTS)
def test_a_blow_strikes_where_it_should(tmp_path, point):
    program, folder = tmp_path / "program.py", tmp_path / "run"
    program.write_text(PROGRAM)
    done = run(f"{point}:2", str(program), str(folder))
    assert done.returncode < 0
    assert (done.stdout, done.stderr) == ("", "")
    there, littered = SECOND[point]
    left = litter(folder)
    assert len(left) == littered
    assert names(folder) == left + [file_of(folder, step).name for step in there]


@posix
def test_a_blow_that_is_never_reached_and_a_program_that_fails(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    for crash in ("before write:4", "time:600"):
        done = run(crash, str(program), str(tmp_path / crash))
        assert done.stdout == "the end is seen\n"
    program.write_text("raise SystemExit('its own words')")
    with pytest.raises(AssertionError, match=r"ended with 1\n.*its own words"):
        run("mid-write:1", str(program))
    with pytest.raises(ValueError, match="none of before write"):
        Crash("at lunch", 1)


def test_a_plan_has_every_point_and_repeats_itself():
    assert plan(40, 3) == plan(40, 3) != plan(40, 4)
    assert {crash.partition(":")[0] for crash in plan(8)} == {*POINTS, "time"}
