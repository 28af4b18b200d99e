"""Files written while a training runs: ModelCheckpoint for models, BackupAndRestore for itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from autograd_lab.callbacks.base import Arrays, Callback, Logs, whole
from autograd_lab.callbacks.monitor import MonitorCallback, shown
from autograd_lab.callbacks.screen import say
from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.files.checkpoints import Checkpoints
from autograd_lab.files.tensors import check_suffix
from autograd_lab.settings import flag, number, wrong


def fill(template: str, values: Mapping[str, Any]) -> str:
    """The template with values in the places of their names; nothing else is looked up.

    >>> fill("m-{epoch:02d}-{val_loss:.2f}.safetensors", {"epoch": 3, "val_loss": 0.4567})
    'm-03-0.46.safetensors'
    """
    parts = []
    for text, name, form, _ in _places(template):
        parts.append(text)
        if name is None:
            continue
        if name not in values:
            raise UsageError(
                f"filepath={template!r}: there is no {name!r}; "
                f"{did_you_mean(name, values)}available: {', '.join(values)}"
            )
        try:
            parts.append(format(values[name], form or ""))
        except ValueError as error:
            raise UsageError(f"filepath={template!r}: {{{name}:{form}}}: {error}") from error
    return "".join(parts)


def _places(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(f"filepath={template!r}: {error}; write {{{{ for a brace") from error


def every(callback: Any) -> int:
    """``save_freq`` as a number of batches; 0 for "epoch"."""
    return 0 if callback.save_freq == "epoch" else whole(callback, "save_freq", 1)


@dataclass(eq=False)
class ModelCheckpoint(MonitorCallback):
    """Save the model after every epoch, or after every ``save_freq`` batches.

    ``filepath`` may hold the epoch, from 1, and anything in the logs as a template:
    "{epoch:02d}-{val_loss:.2f}.safetensors".  ``save_best_only`` saves when ``monitor`` beats its
    best, or ``initial_value_threshold`` at first.  ``save_weights_only`` leaves out the rest.  To
    go on with an interrupted training, use ``BackupAndRestore``.

    Raises FileError for another ending than .safetensors, UsageError for a name not in the logs.

    >>> ModelCheckpoint("best.safetensors", save_best_only=True).direction
    'min'
    """

    filepath: str | os.PathLike[str]
    monitor: str = "val_loss"
    verbose: int = 0
    save_best_only: bool = False
    save_weights_only: bool = False
    mode: str = "auto"
    save_freq: int | str = "epoch"
    initial_value_threshold: float | None = None
    min_delta = 0.0

    def __post_init__(self) -> None:
        self.template = os.fspath(self.filepath)
        _places(self.template)
        check_suffix(self.template)
        self.check_monitor()
        for setting in ("save_best_only", "save_weights_only"):
            flag(self, setting)
        whole(self, "verbose")
        if self.initial_value_threshold is not None:
            number(self, "initial_value_threshold")
        self.best = self.initial_value_threshold
        self._every = every(self)
        self._epoch = self._batches = 0

    @property
    def wants_batches(self) -> bool:
        return bool(self._every) or type(self) is not ModelCheckpoint  # which may define more

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self._every and self._batches % self._every == 0:
            self._consider({"epoch": self._epoch + 1, "batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self._every:
            self._consider({"epoch": epoch + 1, **(logs or {})})

    def _consider(self, logs: Logs) -> None:
        """Save the model, unless only the best is wanted and this is not it."""
        path = Path(fill(self.template, logs))
        reason = ""
        if self.save_best_only:
            value = self.watched(logs)
            if value is not None:  # without a value it is saved, as in Keras
                if not self.improves(value, self.best):
                    return
                self.best = value
                reason = f"{self.monitor} is the best so far, {shown(value)}; "
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        if self.verbose:
            say(f"Epoch {logs['epoch']}: {reason}saved {path}")

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        return {"best": self.best, "batches": self._batches}, {}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.best, self._batches = state["best"], state["batches"]


@dataclass(eq=False)
class BackupAndRestore(Callback):
    """Go on where an interrupted training stopped, as if nothing had happened.

    ``backup_dir`` is a folder for this training alone.  A checkpoint is written after each epoch,
    or after every ``save_freq`` batches, with all that the rest of the training depends on: the
    weights, the optimizer's state, every random generator, the order of the examples and the states
    of the callbacks.  ``fit`` with the same model, data and settings finds it and goes on; with
    others it is refused.  Two are kept, lest one be damaged; one only without
    ``double_checkpoint``.  When the training has ended they are removed, unless
    ``delete_checkpoint`` is False.

    >>> BackupAndRestore("backup", save_freq=0)
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: BackupAndRestore(save_freq=0): save_freq must be a whole \
number, 1 or more.
    """

    backup_dir: str | os.PathLike[str]
    save_freq: int | str = "epoch"
    double_checkpoint: bool = True
    delete_checkpoint: bool = True

    def __post_init__(self) -> None:
        if not os.fspath(self.backup_dir):
            raise wrong(self, "backup_dir", "must name a folder")
        for setting in ("double_checkpoint", "delete_checkpoint"):
            flag(self, setting)
        self._every = every(self)
        self._step = 0

    @property
    def wants_batches(self) -> bool:
        return bool(self._every) or super().wants_batches

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.store = Checkpoints(
            self.backup_dir,
            keep=2 if self.double_checkpoint else 1,
            key=self.model.training_key(),
            say=say,
        )
        found = self.store.newest()
        self._step = found.step if found else 0
        if found:
            self.model.restore_training_state(found.arrays, found.state)
            epoch, batch = found.state["epoch"] + 1, found.state["batch"]
            where = f"in epoch {epoch} after {batch} batches" if batch else f"with epoch {epoch}"
            say(f"BackupAndRestore: going on {where}, from {self.store.folder}")

    def on_boundary(self, epoch: int, batch: int) -> None:
        if bool(batch) != bool(self._every):  # batches are counted, or epochs
            return
        self._step += 1
        if self._step % (self._every or 1) == 0:
            arrays, state = self.model.training_state()
            self.store.save(arrays, state, step=self._step)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            self.store.clear()
