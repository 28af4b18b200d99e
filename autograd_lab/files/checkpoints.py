"""Checkpoints of a training: at every moment one can be read, whatever stops the program.

A folder holds ``checkpoint-0000000120.safetensors`` and its like, numbered by training step.  A new
one is written whole before an old one goes, so that a damaged newest one has a predecessor.
"""

from __future__ import annotations

import json
import operator
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from autograd_lab.errors import UsageError
from autograd_lab.files.atomic import PathLike, remove_orphans
from autograd_lab.files.plain_json import to_plain
from autograd_lab.files.refusals import DamagedFileError, FileError, refusal
from autograd_lab.files.tensors import Arrays, read_tensors, write_tensors

NAME = re.compile(r"checkpoint-([0-9]{10,})\.safetensors")
MAX_NAMED = 5  # differences between two configurations that a message lists
MAX_SHOWN = 60  # characters of a value in it
ABSENT = object()


class Checkpoint(NamedTuple):
    """What was saved: arrays by name, the JSON-able rest, and the step after which it was saved."""

    arrays: Arrays
    state: dict[str, Any]
    step: int


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)


class Checkpoints:
    """The newest ``keep`` checkpoints of one training, in a folder of their own.

    ``key`` is what must be equal for one training to go on where another stopped: configuration,
    fingerprint of the data, dtype, versions, as a text or a (nested) dict.  ``say`` is called with
    a text when a damaged checkpoint was passed over.  One training at a time uses a folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = Checkpoints(folder, key={"units": 3})
    ...     print(run.newest())
    ...     run.save({"w": [0.5]}, {"epoch": 1}, step=120)
    ...     print(Checkpoints(folder, key={"units": 3}).newest())
    None
    Checkpoint(arrays={'w': array([0.5])}, state={'epoch': 1}, step=120)
    """

    def __init__(
        self,
        folder: PathLike,
        *,
        keep: int = 2,
        key: str | Mapping[str, Any] = MappingProxyType({}),
        say: Callable[[str], object] = _to_stderr,
    ) -> None:
        if keep < 1:
            raise UsageError(
                f"Checkpoints(keep={keep!r}): keep at least 1; 2 outlive a damaged one"
            )
        self.folder = Path(folder)
        self.keep = keep
        self.key = to_plain(key, "key")
        self.say = say
        self._looked = False
        self._damaged: set[int] = set()

    def save(self, arrays: Mapping[str, ArrayLike], state: Mapping[str, Any], step: int) -> None:
        """Write a checkpoint whole, then remove those that are too old or were found damaged.

        Raises UsageError if the folder belongs to another configuration or holds a later step, and
        what ``write_tensors`` raises; the checkpoints that are there are then untouched.
        """
        step = operator.index(step)
        if not self._looked:
            self.newest()
        last = max(self._sound(), default=0)
        if step < last:
            raise UsageError(
                f"save(step={step}): steps go up, and {self.folder} stands at step {last}.  Go on "
                "from newest(), clear() the folder, or take another one"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        metadata = {"key": self.key, "step": step, "state": to_plain(state, "state")}
        write_tensors(self._path(step), arrays, metadata)
        self._damaged.discard(step)
        self._remove([*self._sound()[: -self.keep], *self._damaged])

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is sound; None if there is none at all.

        Damaged ones are passed over, which is said, and removed when the next one has been saved.
        What a killed run left behind goes at once: temporary files, and more than ``keep`` sound
        checkpoints.

        Raises UsageError if it belongs to another configuration, FileError if all are damaged.
        """
        self._check_folder()
        reasons = []
        for step in reversed(self._steps()):
            path = self._path(step)
            try:
                arrays, metadata = read_tensors(path, limit=None)
            except FileNotFoundError:  # removed since the folder was listed
                continue
            except DamagedFileError as error:
                self._damaged.add(step)
                reasons.append(str(error))
                continue
            self._compare(path, metadata)
            self._looked = True
            self._remove(self._sound()[: -self.keep])
            if reasons:
                self.say("\n".join([*reasons, f"The one before is used: {path.name}."]))
            return Checkpoint(arrays, metadata["state"], metadata["step"])
        if reasons:
            raise FileError(
                f"{self.folder}: no checkpoint in it can be read.  Remove them to start from the "
                f"beginning.  The newest: {reasons[0]}"
            )
        self._looked = True
        return None

    def clear(self) -> None:
        """Remove all checkpoints, damaged ones too; other files in the folder stay."""
        self._check_folder()
        self._remove(self._steps())

    def _check_folder(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise refusal(self.folder, "it is no folder", "Name a folder for the checkpoints.")
        remove_orphans(self.folder)

    def _compare(self, path: Path, metadata: dict[str, Any]) -> None:
        """Refuse a checkpoint with which this training cannot go on."""
        if metadata.keys() != {"key", "step", "state"}:
            raise refusal(path, "it holds something else than a checkpoint", "Move it away.")
        found = list(differences(metadata["key"], self.key))
        if found:
            more = f" and {len(found) - MAX_NAMED} more" * (len(found) > MAX_NAMED)
            raise UsageError(
                f"{self.folder} holds checkpoints of another configuration: "
                f"{', '.join(found[:MAX_NAMED])}{more}.  Take another folder, or train as before"
            )

    def _path(self, step: int) -> Path:
        return self.folder / f"checkpoint-{step:010d}.safetensors"

    def _steps(self) -> list[int]:
        """The steps of the checkpoints in the folder, rising."""
        if not self.folder.is_dir():
            return []
        names = (NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(found[1]) for found in names if found)

    def _sound(self) -> list[int]:
        """The steps that were not found damaged, rising."""
        return [step for step in self._steps() if step not in self._damaged]

    def _remove(self, steps: list[int]) -> None:
        for step in steps:
            self._path(step).unlink(missing_ok=True)
        self._damaged.difference_update(steps)


def differences(before: Any, now: Any, name: str = "") -> Iterator[str]:
    """Where two JSON-able values differ, entry by entry.

    >>> list(differences({"units": [3, 4], "lr": 0.1}, {"units": [3, 5], "seed": 0}))
    ['lr was 0.1 and is absent', 'seed was absent and is 0', 'units.1 was 4 and is 5']
    """
    if isinstance(before, list) and isinstance(now, list):
        before, now = (dict(enumerate(entries)) for entries in (before, now))
    if isinstance(before, dict) and isinstance(now, dict):
        for entry in sorted(before.keys() | now.keys()):
            inner = f"{name}.{entry}" if name else str(entry)
            yield from differences(before.get(entry, ABSENT), now.get(entry, ABSENT), inner)
    elif _text(before) != _text(now):
        yield f"{name or 'the key'} was {_short(before)} and is {_short(now)}"


def _text(value: Any) -> str:
    return "absent" if value is ABSENT else json.dumps(value)  # in which nan equals nan


def _short(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
