"""Programs that are killed while they write, and started again until they are done.

``python crashes.py POINT:N program.py arguments...`` (or ``-m module arguments...``) runs a program
that the system kills when it passes a point for the N-th time.  The points lie around the calls by
which ``autograd_lab.files`` writes files and removes checkpoints; the program itself knows nothing
of it.  ``time:S`` kills it S seconds after it began its first file, wherever it then is.

Nothing of the program runs after the blow, no ``finally`` and no flush: the signals are those whose
effect is as SIGKILL's, or SIGKILL itself.
"""

from __future__ import annotations

import os
import random
import re
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

TEMPORARY = re.compile(r"\.autograd-lab-[0-9a-f]{16}\.tmp")  # written anew: an independent witness
POINTS = (
    "before write", "mid-write", "before fsync", "before rename", "after rename",
    "before removal", "after removal",
)  # fmt: skip
PART = 700  # bytes that are on the disk when a program dies in the middle of a write
KILLED = {-signal.SIGKILL, -signal.SIGALRM, -signal.SIGXFSZ} if os.name == "posix" else set()


class Crash:
    """Kills this process when a point is passed for the ``turn``-th time, counted from 1."""

    def __init__(self, point: str, turn: float) -> None:
        if point not in (*POINTS, "time"):
            raise ValueError(f"{point!r} is none of {', '.join(POINTS)}, time")
        self.point = point
        self.left = turn
        self.descriptors: set[int] = set()

    def arm(self) -> None:
        """Put a watch around the calls that write files."""
        self._watch("open", self._around_open)
        self._watch("fsync", self._around_fsync)
        for name in ("replace", "rename"):
            self._watch(name, self._around_rename)
        for name in ("unlink", "remove"):
            self._watch(name, self._around_removal)

    def _watch(self, name: str, around: Callable[..., Iterator[None]]) -> None:
        real = getattr(os, name)

        def watched(*args: Any, **options: Any) -> Any:
            steps = around(*args, **options)
            next(steps, None)
            result = real(*args, **options)
            if name == "open" and _is_temporary(args[0]):
                self.descriptors.add(result)
            next(steps, None)
            return result

        setattr(os, name, watched)

    def _passing(self, point: str) -> bool:
        """Whether this is the moment: the point, for the last time that is counted."""
        if point != self.point:
            return False
        self.left -= 1
        return self.left == 0

    def _strike(self, point: str) -> None:
        if self._passing(point):
            os.kill(os.getpid(), signal.SIGKILL)

    def _around_open(self, path: Any, flags: int = 0, *_: Any, **__: Any) -> Iterator[None]:
        if _is_temporary(path) and flags & os.O_CREAT:
            self._strike("before write")
            if self._passing("mid-write"):
                _limit_file_size()
            if self.point == "time" and self.left:
                # no handler: the system itself ends the process
                signal.setitimer(signal.ITIMER_REAL, max(self.left, 1e-6))
                self.left = 0
        yield

    def _around_fsync(self, descriptor: int) -> Iterator[None]:
        if descriptor in self.descriptors:
            self.descriptors.discard(descriptor)
            self._strike("before fsync")
        yield

    def _around_rename(self, source: Any, *_: Any, **__: Any) -> Iterator[None]:
        if _is_temporary(source):
            self._strike("before rename")
        yield
        if _is_temporary(source):
            self._strike("after rename")

    def _around_removal(self, path: Any, **_: Any) -> Iterator[None]:
        if str(path).endswith(".safetensors"):
            self._strike("before removal")
        yield
        if str(path).endswith(".safetensors"):
            self._strike("after removal")


def _is_temporary(path: Any) -> bool:
    return isinstance(path, (str, os.PathLike)) and bool(TEMPORARY.fullmatch(Path(path).name))


def _limit_file_size() -> None:
    """Let the system kill the process inside its write, when PART bytes of the file are there."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (PART, PART))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it, and gets an OSError instead


def plan(kills: int, seed: int = 0, *, turns: int = 3, seconds: float = 0.01) -> list[str]:
    """Crashes at each point in turn, on one of its first ``turns``, and at times up to ``seconds``.

    >>> plan(3)
    ['before write:2', 'mid-write:2', 'before fsync:1']
    """
    draw = random.Random(seed)
    kinds = [(*POINTS, "time")[i % (len(POINTS) + 1)] for i in range(kills)]
    return [
        f"time:{draw.uniform(0, seconds):.6f}"
        if kind == "time"
        else f"{kind}:{draw.randint(1, turns)}"
        for kind in kinds
    ]


def litter(folder: Path) -> list[str]:
    """The temporary files in a folder."""
    return sorted(path.name for path in folder.iterdir() if TEMPORARY.fullmatch(path.name))


def run(crash: str | None, *command: str) -> subprocess.CompletedProcess[str]:
    """Run ``program.py arguments...`` or ``-m module arguments...``, to die at ``crash`` if given.

    An end that is neither success nor the blow is an AssertionError with the program's words.
    """
    head = [sys.executable, *([__file__, crash] if crash else [])]
    done = subprocess.run([*head, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or (crash and done.returncode in KILLED), (
        f"{crash}: ended with {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return done


def run_until_done(
    crashes: Sequence[str], command: Sequence[str], after_kill: Callable[[str], object]
) -> tuple[int, str]:
    """Start a program again and again, each time with the next crash, at last without one.

    ``after_kill`` looks at what is left on the disk after each blow.  Gives the number of blows
    that struck and what the program printed when it was done; a crash whose point is never passed
    lets the program finish early.
    """
    for struck, crash in enumerate([*crashes, None]):
        done = run(crash, *command)
        if done.returncode == 0:
            return struck, done.stdout
        after_kill(str(crash))
    raise AssertionError("a program that no one kills was killed")


def main() -> None:
    point, _, turn = sys.argv[1].partition(":")
    del sys.argv[:2]
    Crash(point, float(turn)).arm()
    if sys.argv[0] == "-m":
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
