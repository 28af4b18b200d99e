"""Ending a training before its last epoch: EarlyStopping and TerminateOnNaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.callbacks import prechelt
from autograd_lab.callbacks.base import Arrays, Callback, Logs, whole
from autograd_lab.callbacks.monitor import MonitorCallback, shown
from autograd_lab.callbacks.screen import say
from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.settings import choice, number


@dataclass(eq=False)
class EarlyStopping(MonitorCallback):
    """Stop when ``monitor`` has not improved for ``patience`` epochs; afterwards ``report()``.

    An epoch improves if it beats the best one by more than ``min_delta``; a patience of 0 is one of
    1, and the first epoch never stops.  With a ``baseline`` only improvements that beat it as well
    count against ``patience``; epochs before ``start_from_epoch`` do not count at all.
    ``restore_best_weights`` goes back to the best epoch, also when training ran to its end.  The
    mode "auto" takes the larger value for accuracies and scores, the smaller one for errors.

    ``criterion`` puts a rule of Prechelt (1998) in the place of ``patience``, for an error that
    falls: "GL" and "PQ" with the threshold ``alpha`` (5 and 0.5 unless given), "UP" with ``s``
    rises in a row; strips for PQ and UP have ``k`` epochs.  See ``callbacks.prechelt``.

    Afterwards ``best``, ``best_epoch`` and ``stopped_epoch`` (0: it did not stop) count from 0.

    >>> EarlyStopping(patience=-1)
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: EarlyStopping(patience=-1): patience must be a whole number, \
0 or more.
    """

    monitor: str = "val_loss"
    min_delta: float = 0
    patience: int = 0
    verbose: int = 0
    mode: str = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: int = 0
    criterion: str | None = None
    alpha: float | None = None
    k: int = 5
    s: int = 3

    def __post_init__(self) -> None:
        self.check_monitor()
        for setting in ("patience", "verbose", "start_from_epoch"):
            whole(self, setting)
        if self.baseline is not None:
            number(self, "baseline")
        if self.criterion is not None:
            choice(self, "criterion", ("GL", "PQ", "UP"))
            if self.alpha is None:
                self.alpha = prechelt.ALPHA.get(self.criterion, 0.0)
            number(self, "alpha", at_least=0)
            whole(self, "k", 1)
            whole(self, "s", 1)
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[np.ndarray[Any, Any]] | None = None
        self.stopped_epoch = 0
        self.last: tuple[int, float] | None = None
        self.errors: list[float] = []
        self.training_errors: list[float] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.watched(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.last = epoch, value
        self._remember_errors(value, logs or {})
        self.wait += 1
        if self.improves(value, self.best):
            self._keep(epoch, value)
        elif self._is_over() and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int, value: float) -> None:
        """Take the epoch for the best so far."""
        self.best, self.best_epoch = value, epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()
        if self.baseline is None or self.improves(value, self.baseline):
            self.wait = 0

    def _is_over(self) -> bool:
        if self.criterion is None:
            return self.wait >= self.patience
        assert self.alpha is not None
        return prechelt.stops(
            self.criterion, self.errors, self.training_errors,
            alpha=self.alpha, k=self.k, s=self.s,
        )  # fmt: skip

    def _remember_errors(self, value: float, logs: Logs) -> None:
        """What a criterion needs: the watched error, and the same on the training data."""
        if self.criterion is None:
            return
        if self.direction == "max":
            raise UsageError(
                f"EarlyStopping(criterion={self.criterion!r}, monitor={self.monitor!r}): "
                "Prechelt's criteria compare errors, which fall; watch an error such as 'val_loss'."
            )
        self.errors.append(value)
        if self.criterion == "PQ":
            name = self.monitor.removeprefix("val_")
            if name not in logs:
                raise UsageError(
                    f"EarlyStopping(criterion='PQ') needs {name!r} of the training data; "
                    f"{did_you_mean(name, logs)}available: {', '.join(logs)}."
                )
            self.training_errors.append(float(logs[name]))

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
        if self.verbose:
            say(self.report())

    # --- what happened ----------------------------------------------------------------------------

    def report(self) -> str:
        """What was watched, which epoch was kept, what it cost to be late; epochs count from 1.

        >>> from types import SimpleNamespace
        >>> watch = EarlyStopping(patience=1)
        >>> watch.set_model(SimpleNamespace(stop_training=False))
        >>> for epoch, value in enumerate([0.6, 0.5, 0.55]):
        ...     watch.on_epoch_end(epoch, {"val_loss": value})
        >>> print(watch.report())
        Early stopping watched val_loss (min, patience 1) and stopped after epoch 3; best: 0.5 in \
epoch 2; 1 epoch past it: 0.55, worse by 0.05; the weights of epoch 3 are kept
        """
        if self.last is None or self.best is None:
            return f"Early stopping watched {self.monitor}, but no epoch gave a value of it"
        end = "stopped after" if self.stopped_epoch else "did not stop; the training ended with"
        watched = f"{self.monitor} ({self.direction}, {self._rule()})"
        told = [
            f"Early stopping watched {watched} and {end} epoch {self.last[0] + 1}",
            f"best: {shown(self.best)} in epoch {self.best_epoch + 1}",
            self._lateness(*self.last),
        ]
        if self.baseline is not None and not self.improves(self.best, self.baseline):
            told.append(f"the baseline {shown(self.baseline)} was never beaten")
        if not self.monitor.startswith("val_"):
            told.append(f"{self.monitor} is of the training data, which show no overfitting")
        return "; ".join(told)

    def _rule(self) -> str:
        if self.criterion is None:
            return f"patience {self.patience}"
        if self.criterion == "UP":
            return f"UP, {self.s} rises of strips of {self.k}"
        strips = f", strips of {self.k}" if self.criterion == "PQ" else ""
        return f"{self.criterion} above {self.alpha:g}{strips}"

    def _lateness(self, last: int, value: float) -> str:
        assert self.best is not None
        kept = self.best_epoch if self.best_weights is not None else last
        late = last - self.best_epoch
        if not late:
            return "that is the last epoch, whose weights are kept"
        cost = value - self.best if self.direction == "min" else self.best - value
        change = f", {'worse' if cost > 0 else 'better'} by {shown(abs(cost))}" if cost else ""
        return (
            f"{late} epoch{'s' * (late > 1)} past it: {shown(value)}{change}; "
            f"the weights of epoch {kept + 1} are kept"
        )

    # --- going on after a break -------------------------------------------------------------------

    _REMEMBERED = (
        "wait", "best", "best_epoch", "stopped_epoch", "last", "errors", "training_errors",
    )  # fmt: skip

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        weights = self.best_weights
        state = {name: copy(getattr(self, name)) for name in self._REMEMBERED}
        state["weights"] = None if weights is None else len(weights)
        return state, {f"best_weights/{i}": array for i, array in enumerate(weights or [])}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        for name in self._REMEMBERED:
            value = state[name]
            setattr(self, name, list(value) if isinstance(value, list) else value)
        self.last = None if state["last"] is None else (state["last"][0], state["last"][1])
        count = state["weights"]
        self.best_weights = (
            None if count is None else [np.array(arrays[f"best_weights/{i}"]) for i in range(count)]
        )
        if self.stopped_epoch:  # the program was killed between the decision and the end
            self.model.stop_training = True


@dataclass(eq=False)
class TerminateOnNaN(Callback):
    """Stop after the first batch that makes the loss nan or infinite.

    With ``raise_error`` it raises RuntimeError instead, so that nothing that other callbacks do at
    a regular end happens: a backup stays.
    """

    raise_error: bool = False

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if math.isfinite(loss):
            return
        text = f"batch {batch + 1}: the loss is {loss}; the training ends"
        if self.raise_error:
            raise RuntimeError(text)
        say(f"TerminateOnNaN: {text}")
        self.model.stop_training = True
