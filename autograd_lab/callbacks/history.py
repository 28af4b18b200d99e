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
        self.seen: dict[str, list[int]] = {}  # the epochs of each name, where some have no value

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._tell_model()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self.seen.setdefault(name, []).append(epoch)
        self._tell_model()

    def _tell_model(self) -> None:
        if self.model is not None:
            self.model.history = self

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        history = {name: list(values) for name, values in self.history.items()}
        seen = {name: list(epochs) for name, epochs in self.seen.items()}
        return {"epoch": list(self.epoch), "history": history, "seen": seen}, {}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.epoch = list(state["epoch"])
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.seen = {name: list(epochs) for name, epochs in state["seen"].items()}

    def plot(self, file: Any = None, keys: Any = None, theme: Any = "light") -> Any:
        """The curves as a figure that shows itself in a notebook.

        file: where to save it as well, an SVG, PNG, PDF or CSV by its ending.  keys: which curves.
        """
        from autograd_lab.callbacks.history_plot import plot  # waits: pictures are rarely asked for

        return plot(self.epoch, self.history, file, keys, theme, seen=self.seen, model=self.model)

    def _repr_svg_(self) -> str:
        return str(self.plot().svg("auto"))
