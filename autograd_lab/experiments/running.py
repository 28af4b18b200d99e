"""One training from its plan to its result; Ctrl-C ends it between two batches."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_lab import callbacks
from autograd_lab.callbacks.base import Logs
from autograd_lab.experiments.building import Plan

PathLike = str | os.PathLike[str]
EVALUATION_BATCH = 512


@dataclass(frozen=True, eq=False)
class Result:
    """What a training gave.

    ``metrics`` has the loss and the metric of every part, with the weights that were kept.
    ``seconds`` and ``epochs_here`` count what this process did, which may have gone on from a
    backup.  Epochs count from 1.
    """

    plan: Plan
    record: Any
    metrics: Mapping[str, Mapping[str, float]]
    seconds: float
    epochs_here: int
    stopping: str | None = None

    @property
    def history(self) -> dict[str, list[float]]:
        """The loss and metrics of each epoch, by name."""
        found: dict[str, list[float]] = self.record.history
        return found

    @property
    def epochs(self) -> int:
        return len(self.record.epoch)

    @property
    def watched(self) -> str:
        """What the best epoch is judged by."""
        return "val_loss" if "val_loss" in self.history else "loss"

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the lowest loss, on the validation part if there is one."""
        values = self.history[self.watched]
        finite = [(value, i) for i, value in enumerate(values, 1) if math.isfinite(value)]
        return min(finite)[1] if finite else None

    @property
    def diverged(self) -> int | None:
        """The first epoch whose loss is no number any more."""
        rows = zip(self.history["loss"], self.history[self.watched], strict=True)
        return next((i for i, row in enumerate(rows, 1) if not all(map(math.isfinite, row))), None)


class Interrupted(Exception):  # noqa: N818 - not an error
    """A training was asked to end, and did so after ``batch`` batches of ``epoch``, from 1."""

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__(epoch, batch)
        self.epoch, self.batch = epoch, batch

    def __str__(self) -> str:
        if self.batch:
            return f"after batch {self.batch} of epoch {self.epoch}"
        return f"after epoch {self.epoch - 1}"


@dataclass
class Interruption:
    """While it is entered, the first Ctrl-C is a wish, and the second one ends at once."""

    asked: bool = False
    _before: Any = field(default=None, repr=False)

    def __enter__(self) -> Interruption:
        ignored = signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)
        if threading.current_thread() is threading.main_thread() and not ignored:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, *_: object) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._before)


class Watch(callbacks.Callback):
    """Ends the training between two batches when that is asked for."""

    wants_batches = True

    def __init__(self, interruption: Interruption) -> None:
        self.interruption = interruption

    def on_boundary(self, epoch: int, batch: int) -> None:
        if self.interruption.asked:
            self.leave()
            raise Interrupted(epoch + 1, batch)

    def leave(self) -> None:
        """What is still to be done."""


class Backup(callbacks.BackupAndRestore):
    """BackupAndRestore, with one more checkpoint where the training is interrupted."""

    def now(self) -> None:
        """Write a checkpoint of this very batch."""
        self._step += 1
        arrays, state = self.model.training_state()
        self.store.save(arrays, state, step=self._step)


class SavingWatch(Watch):
    """A watch that leaves a checkpoint."""

    def __init__(self, interruption: Interruption, backup: Backup) -> None:
        super().__init__(interruption)
        self.backup = backup

    def leave(self) -> None:
        self.backup.now()


def train(
    plan: Plan, *, backup: PathLike | None = None, verbose: int = 0, more: tuple[Any, ...] = ()
) -> Result:
    """Train the plan's model to the end, and evaluate it on every part.

    ``backup`` is a folder from which an interrupted training goes on, to the same bits.
    ``verbose`` is that of ``fit``; ``more`` are further callbacks.

    Raises Interrupted after Ctrl-C, once the batch is finished and the backup, if any, is written.

    >>> from autograd_lab.experiments.building import prepare
    >>> from autograd_lab.experiments.settings import Settings
    >>> result = train(prepare(Settings(data="moons:n=50", epochs=2)))
    >>> result.epochs, sorted(result.metrics["validation"])
    (2, ['accuracy', 'loss'])
    """
    settings, (x, y) = plan.settings, plan.parts["train"]
    stopping = _early_stopping(settings.early_stopping)
    count = _Count()
    start = time.perf_counter()
    with Interruption() as interruption:
        kept = Backup(backup) if backup is not None else None
        watch = SavingWatch(interruption, kept) if kept else Watch(interruption)
        asked = [stopping, _StopAtNaN(), count, *more, kept, watch]
        record = plan.model.fit(
            x, y, batch_size=settings.batch, epochs=settings.epochs, verbose=verbose,
            callbacks=[one for one in asked if one is not None],
            validation_data=plan.parts.get("validation"), validation_batch_size=EVALUATION_BATCH,
        )  # fmt: skip
    seconds = time.perf_counter() - start
    metrics = {
        name: plan.model.evaluate(
            *part, batch_size=EVALUATION_BATCH, verbose=0, return_dict=True
        )
        for name, part in plan.parts.items()
    }  # fmt: skip
    report = None if stopping is None else stopping.report()
    return Result(plan, record, metrics, seconds, count.epochs, report)


class _StopAtNaN(callbacks.Callback):
    """Ends the training after a batch whose loss is no number; the history says which epoch."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self.model.stop_training = True


class _Count(callbacks.Callback):
    """How many epochs this process ended."""

    epochs = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        self.epochs += 1


def _early_stopping(patience: int | None) -> callbacks.EarlyStopping | None:
    if patience is None:
        return None
    return callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
