"""Outputs of commands: which format, to standard output or a file, all or nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from autograd_lab_cli.streams import check_writable, write_file

from autograd_lab.errors import did_you_mean


def emit(data: str | bytes, form: str, path: str | None) -> None:
    """To the file, or to standard output if there is none."""
    if path is not None:
        write_file(Path(path), data if isinstance(data, bytes) else data.encode("utf-8"))
    elif isinstance(data, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        put(data, form)


def put(text: str, form: str = "text") -> None:
    """Text to standard output; formats other than "text" are UTF-8 whatever its encoding."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    except UnicodeEncodeError:
        if form == "text":
            raise
        sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.flush()


def refuse_same(files: Sequence[str | None]) -> None:
    """Refuse two outputs of one name."""
    named = [Path(os.path.realpath(f)) for f in files if f is not None and f != "-"]
    twice = [path for path in named if named.count(path) > 1 and not path.is_char_device()]
    if twice:
        raise click.UsageError(f"two outputs would go to {twice[0].name}; give each its own file")


def check_format(form: str, known: Sequence[str]) -> str:
    """A format that there is."""
    if form in known:
        return form
    hint = did_you_mean(form, known)
    raise click.UsageError(f"--format {form[:32]!r}: {hint}formats: {', '.join(known)}")


def check_files(
    files: Mapping[str, tuple[str | None, Sequence[str]]], inputs: Sequence[str] = ()
) -> None:
    """Refuse files that cannot be written: (name, endings) by option, None for not asked.

    ``inputs`` are read, and are never written over.
    """
    for option, (name, endings) in files.items():
        if name is None:
            continue
        if Path(name).suffix.lower() not in endings:
            raise click.UsageError(
                f"{option} {name[-40:]!r}: the ending names the format; use {' or '.join(endings)}"
            )
        check_writable(Path(name))
        if os.path.realpath(name) in map(os.path.realpath, inputs) and Path(name).is_file():
            raise click.UsageError(f"{option} {name[-40:]!r} is what is read; name another file")
    refuse_same([name for name, _ in files.values()])
