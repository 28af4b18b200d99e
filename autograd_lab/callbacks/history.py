"""History: what ``fit`` returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_lab.callbacks.base import Arrays, Callback, Logs


class History(Callback):
    """Every epoch's loss and metrics: ``history`` has a list for each name, ``epoch`` the numbers.

    >>> record = History()
    >>> record.on_epoch_end(0, {"loss": 0.7, "val_loss": 0.8})
    >>> record.on_epoch_end(1, {"loss": 0.5, "val_loss": 0.6})
    >>> record.epoch, record.history
    ([0, 1], {'loss': [0.7, 0.5], 'val_loss': [0.8, 0.6]})
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._tell_model()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self._tell_model()

    def _tell_model(self) -> None:
        if self.model is not None:
            self.model.history = self

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        history = {name: list(values) for name, values in self.history.items()}
        return {"epoch": list(self.epoch), "history": history}, {}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.epoch = list(state["epoch"])
        self.history = {name: list(values) for name, values in state["history"].items()}
