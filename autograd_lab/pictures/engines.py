"""Who places the cells: Graphviz in a child process, a `dot` program, or our own layout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from autograd_lab.errors import AutogradLabError, MissingToolError, UsageError
from autograd_lab.pictures import layered
from autograd_lab.pictures.dot_text import layout_source
from autograd_lab.pictures.layered import Problem

Engine = Literal["auto", "graphviz", "dot", "builtin"]
EngineName = Literal["graphviz", "dot", "builtin"]
ENGINES: tuple[Engine, ...] = ("auto", "graphviz", "dot", "builtin")

TIME_LIMIT = 10.0
_POINTS_PER_INCH = 72
# The wheel carries an old fontconfig that reads newer system files; the layout uses no font.
_NOISE = ("Fontconfig",)


class LayoutError(AutogradLabError):
    """A layout program failed or took too long; the message says which and why."""


@dataclass(frozen=True)
class Placing:
    """Places for each problem, who made them, and why better engines were passed over."""

    places: tuple[tuple[float, ...], ...]
    engine: EngineName
    notes: tuple[str, ...] = ()


def placed(problems: Sequence[Problem], engine: Engine = "auto") -> Placing:
    """Place the cells of each problem. With "auto" the next engine takes over from a failing one.

    Errors: UsageError for an unknown engine; MissingToolError or LayoutError when the engine that
    was asked for by name is missing or fails.

    >>> placed([Problem((0, 1), (10.0, 10.0), ((0, 1, 1),))], "builtin").engine
    'builtin'
    """
    if engine not in ENGINES:
        raise UsageError(f"Unknown layout engine {engine!r}; choose one of {', '.join(ENGINES)}.")
    programs: tuple[tuple[EngineName, Callable[[Sequence[str]], list[str]]], ...] = (
        ("graphviz", _run_worker),
        ("dot", _run_dot),
    )
    notes: list[str] = []
    for name, run in programs:
        if engine not in ("auto", name):
            continue
        try:
            return Placing(_by_program(problems, run), name, tuple(notes))
        except (MissingToolError, LayoutError) as error:
            if engine == name:
                raise
            notes.append(f"{name}: {error}")
    return Placing(tuple(tuple(layered.place(p)) for p in problems), "builtin", tuple(notes))


def available_engine() -> Placing:
    """Lay out two boxes with "auto": `.engine` is what drawing uses here, `.notes` says why."""
    return placed([Problem((0, 1), (10.0, 10.0), ((0, 1, 1),))])


def _by_program(
    problems: Sequence[Problem], run: Callable[[Sequence[str]], list[str]]
) -> tuple[tuple[float, ...], ...]:
    plains = run([layout_source(problem) for problem in problems])
    if len(plains) != len(problems):
        raise LayoutError(f"asked for {len(problems)} layouts, {len(plains)} came back")
    return tuple(
        tuple(layered.legal(problem, _read_plain(plain, len(problem.columns))))
        for problem, plain in zip(problems, plains, strict=True)
    )


def _read_plain(plain: str, count: int) -> list[float]:
    """The places across the columns, from lines `node n0 x y width height ...` in inches."""
    at: dict[str, float] = {}
    for line in plain.splitlines():
        words = line.split()
        if words[:1] == ["node"]:
            at[words[1]] = -_POINTS_PER_INCH * float(words[3])
    if len(at) != count:
        raise LayoutError(f"a layout of {count} cells came back with {len(at)}")
    top = min(at.values(), default=0.0)
    return [round(at[f"n{index}"] - top, 3) for index in range(count)]


def _run_worker(sources: Sequence[str]) -> list[str]:
    if find_spec("pygraphviz") is None:
        raise MissingToolError("pygraphviz is not installed; pip install pygraphviz")
    worker = str(Path(__file__).with_name("layout_worker.py"))
    # -P: the worker's own folder must not come first on sys.path and shadow other modules.
    output = _run([sys.executable, "-P", worker], json.dumps(sources))
    try:
        plains = json.loads(output)
    except ValueError:
        raise LayoutError("the layout process did not answer in JSON") from None
    return [str(plain) for plain in plains]


def _run_dot(sources: Sequence[str]) -> list[str]:
    program = shutil.which("dot")
    if program is None:
        raise MissingToolError("there is no `dot` on PATH; install Graphviz")
    output = _run([program, "-Tplain"], "\n".join(sources))
    return [part for part in output.split("\nstop") if part.strip()]


def _run(command: Sequence[str], text: str) -> str:
    """Standard output of a program that is given `text` and killed after the time limit."""
    try:
        done = subprocess.run(  # noqa: S603 - our worker or `dot`, no shell
            command,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIME_LIMIT,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
    except subprocess.TimeoutExpired:
        raise LayoutError(f"stopped after {TIME_LIMIT:g} s") from None
    except OSError as error:
        raise LayoutError(f"could not be started ({error.strerror})") from None
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if not line.startswith(_NOISE)]
        last = said[-1][:200] if said else "no message"
        raise LayoutError(f"ended with status {done.returncode}: {last}")
    return done.stdout
