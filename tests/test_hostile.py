"""Hostile inputs are refused in words: no crash, no hang, no warning, no other exception."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hostile import CORPUS, MEGABYTES, SECONDS, Case, generated, message_fault, outcome

GROUPS = (
    "code execution", "blow-ups", "lexing", "Unicode", "structure", "numbers", "names",
    "injection", "command-line traps", "files",
)  # fmt: skip


def in_child(which: str) -> tuple[list[list[str]], dict[str, int], float]:
    child = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("hostile.py")), which],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
    )
    reading = [line for line in child.stderr.splitlines() if line]
    assert child.returncode == 0, f"stopped while reading, or after {SECONDS} s: {reading[-20:]}"
    *faults, summary = map(json.loads, child.stdout.splitlines())
    return faults, summary["counts"], summary["megabytes"]


def test_every_group_is_large_enough():
    counts = Counter(case.group for case in CORPUS)
    assert set(counts) == set(GROUPS)
    assert min(counts.values()) >= 20, counts


def test_corpus():
    faults, counts, megabytes = in_child("corpus")
    assert not faults, "\n".join(map(str, faults))
    assert sum(counts.values()) == len(CORPUS)
    assert megabytes <= MEGABYTES


def test_generated_strings():
    faults, counts, megabytes = in_child("generated")
    assert not faults, "\n".join(map(str, faults[:20]))
    assert sum(counts.values()) == 10_000
    assert counts["ok"] > 300, "enough strings are valid for the test to mean something"
    assert counts["refused"] > 3_000
    assert megabytes <= MEGABYTES


def test_a_planted_hang_is_stopped_and_named():
    with pytest.raises(AssertionError, match=r"self-test 'planted'.*in _hang"):
        in_child("hang")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit of memory")
def test_a_planted_greed_is_stopped_and_named():
    ((group, data, _, found),), _, _ = in_child("greedy")
    assert (group, data) == ("self-test", "'planted'")
    assert found.startswith("broken: MemoryError")


def test_generated_strings_repeat():
    assert [*generated(50, seed=1)] == [*generated(50, seed=1)]
    assert [*generated(50, seed=1)] != [*generated(50, seed=2)]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (ValueError("x"), "broken: ValueError: 'x'"),
        (Warning("x"), "broken: Warning: 'x'"),
        ("what\n" * 6, "a message of 7 lines"),
        ("a control character \x1b", "a message with control or foreign characters"),
        ("a foreign character σ", "a message with control or foreign characters"),
        ("no", "a message that says nothing"),
        ("long " * 30, "a line of 150 characters"),
    ],
)
def test_a_bad_refusal_is_found(data, found):
    from autograd_lab.errors import ExpressionError

    def reader(given):
        raise given if isinstance(given, Exception) else ExpressionError(given)

    case = Case("self-test", "text", data, "refused")
    assert outcome(case, {"text": reader}).startswith(found)


def test_a_good_refusal_passes():
    assert message_fault("'^' at column 2 is not read\n   x^2\n    ^") == ""
