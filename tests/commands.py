"""Calling the command: in this process on streams of our own, or as a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from autograd_lab_cli.main import run

posix = pytest.mark.skipif(os.name != "posix", reason="terminals and signals of POSIX")


@dataclass(frozen=True)
class Result:
    status: int
    data: bytes
    err: str

    @property
    def out(self) -> str:
        return self.data.decode("utf-8")


class Stream(io.TextIOWrapper):
    """A stream that keeps its bytes and may say that it is a terminal."""

    def __init__(self, encoding: str = "utf-8", tty: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty

    def taken(self) -> bytes:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue()


@contextmanager
def standard(**given: object) -> Iterator[None]:
    kept = {name: getattr(sys, name) for name in given}
    for name, stream in given.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in kept.items():
            setattr(sys, name, stream)


def call(
    *arguments: str, encoding: str = "utf-8", out_tty: bool = False, err_tty: bool = False
) -> Result:
    """Run the command in this process on streams of our own."""
    out, err = Stream(encoding, out_tty), Stream(encoding, err_tty)
    with standard(stdout=out, stderr=err):
        status = run(arguments)
    return Result(status, out.taken(), err.taken().decode("utf-8"))


def done(*arguments: str, **options: object) -> Result:
    """As ``call``, and it must work."""
    result = call(*arguments, **options)  # type: ignore[arg-type]
    assert result.status == 0, result.err
    return result


def environment(**more: str) -> dict[str, str]:
    ours = {"PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
    left = {name: v for name, v in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    return {**left, **ours, **more}


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    """The command as a process of its own, with pipes for what it says."""
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "autograd_lab_cli", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, encoding="utf-8", env=environment(), **options,
    )  # fmt: skip


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_refused(result: Result, status: int = 2) -> None:
    """The contract of every refusal: words on standard error, nothing on standard output."""
    assert result.status == status, result
    assert result.data == b""
    assert result.err.startswith("error: ")
    assert 1 <= len(result.err.rstrip("\n").split("\n")) <= 5, result.err
    assert all(c.isprintable() for c in result.err.replace("\n", "")), result.err
    assert "Traceback" not in result.err
