"""Learning rates that change between epochs: on a plateau, or by a schedule of one's own."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.callbacks.base import Arrays, Callback, Logs, whole
from autograd_lab.callbacks.monitor import MonitorCallback, shown
from autograd_lab.callbacks.screen import say
from autograd_lab.errors import UsageError
from autograd_lab.settings import number, wrong


def learning_rate(callback: Callback) -> float:
    """The rate of the optimizer of the callback's model."""
    optimizer: Any = getattr(callback.model, "optimizer", None)
    if not hasattr(optimizer, "learning_rate"):
        raise UsageError(
            f"{type(callback).__name__}: the model has no optimizer with a learning_rate; "
            "call compile(optimizer=...) first"
        )
    return float(optimizer.learning_rate)


def set_learning_rate(callback: Callback, rate: float) -> None:
    callback.model.optimizer.learning_rate = rate


@dataclass(eq=False)
class ReduceLROnPlateau(MonitorCallback):
    """learning_rate <- max(factor learning_rate, min_lr) after ``patience`` epochs without gain.

    An epoch gains if it beats the best one by more than ``min_delta``.  After a reduction
    ``cooldown`` epochs pass before waiting starts again.  The rate of the epoch is entered into the
    logs as ``learning_rate``, and so into the History.

    >>> ReduceLROnPlateau(factor=1.5)
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: ReduceLROnPlateau(factor=1.5): factor must be a finite number, \
above 0 and below 1.
    """

    monitor: str = "val_loss"
    factor: float = 0.1
    patience: int = 10
    verbose: int = 0
    mode: str = "auto"
    min_delta: float = 1e-4
    cooldown: int = 0
    min_lr: float = 0.0

    def __post_init__(self) -> None:
        self.check_monitor()
        number(self, "factor", above=0, below=1)
        number(self, "min_lr", at_least=0)
        for setting in ("patience", "verbose", "cooldown"):
            whole(self, setting)
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = learning_rate(self)
        value = self.watched(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best = value
            self.wait = 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        rate = learning_rate(self)
        if not np.float32(rate) > np.float32(self.min_lr):  # a rate in float32 may lie just above
            return
        set_learning_rate(self, max(rate * self.factor, self.min_lr))
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose:
            say(
                f"Epoch {epoch + 1}: {self.monitor} gains nothing on its best, {shown(self.best)}; "
                f"the learning rate goes from {shown(rate)} to {shown(learning_rate(self))}"
            )

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        names = ("best", "wait", "cooldown_counter")
        return {name: getattr(self, name) for name in names}, {}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.best, self.wait = state["best"], state["wait"]
        self.cooldown_counter = state["cooldown_counter"]


@dataclass(eq=False)
class LearningRateScheduler(Callback):
    """learning_rate <- schedule(epoch, learning_rate) before each epoch, or schedule(epoch).

    ``epoch`` counts from 0.  The rate of the epoch is entered into the logs as ``learning_rate``.

    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.1))
    >>> halve = LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    >>> halve.set_model(model)
    >>> for epoch in range(3):
    ...     halve.on_epoch_begin(epoch)
    >>> model.optimizer.learning_rate
    0.025
    """

    schedule: Callable[..., float]
    verbose: int = 0

    def __post_init__(self) -> None:
        if not callable(self.schedule):
            raise wrong(self, "schedule", "must be a function of the epoch and the learning rate")
        whole(self, "verbose")
        self._takes_rate = _takes_two(self.schedule)
        self._begun: int | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._begun = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if epoch == self._begun:  # a training that goes on in the middle: the rate is set already
            return
        now = learning_rate(self)
        rate = self.schedule(epoch, now) if self._takes_rate else self.schedule(epoch)
        set_learning_rate(self, _checked(rate, epoch))
        self._begun = epoch
        if self.verbose:
            say(f"Epoch {epoch + 1}: the learning rate is {shown(learning_rate(self))}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = learning_rate(self)

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        return {"begun": self._begun}, {}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self._begun = state["begun"]


def _takes_two(function: Callable[..., Any]) -> bool:
    """Whether a function can be called with two values; so it is taken if that cannot be known."""
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # some functions written in C do not tell
        return True
    return True


def _checked(rate: Any, epoch: int) -> float:
    try:
        value = math.nan if isinstance(rate, (bool, str)) else float(rate)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value < math.inf:
        raise UsageError(
            f"LearningRateScheduler: schedule gave {rate!r} for epoch {epoch}; "
            "it must return a number, 0 or more"
        )
    return value
