"""CSVLogger: a table of the epochs, as a file that spreadsheets read."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd_lab.callbacks.base import Arrays, Callback, Logs
from autograd_lab.errors import UsageError
from autograd_lab.settings import flag, wrong


@dataclass(eq=False)
class CSVLogger(Callback):
    """One row for each epoch: its number from 0, and the loss and metrics by name.

    The columns are those of the first epoch, sorted; if it was not validated, also those that
    validation may bring, as Keras does.  What an epoch lacks is NA.  ``append`` goes on below the
    rows, and with the columns, of a file that exists; otherwise it is replaced when the first epoch
    ends.  A training that goes on from a checkpoint cuts off the rows that came after it: no
    epoch is missing or told twice.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = CSVLogger(Path(folder, "log.csv"))
    ...     log.on_train_begin()
    ...     log.on_epoch_end(0, {"loss": 0.5, "accuracy": 0.75})
    ...     print(Path(folder, "log.csv").read_text())
    epoch,accuracy,loss,val_accuracy,val_loss
    0,0.75,0.5,NA,NA
    <BLANKLINE>
    """

    filename: str | os.PathLike[str]
    separator: str = ","
    append: bool = False

    def __post_init__(self) -> None:
        self.path = Path(self.filename)
        if not isinstance(self.separator, str) or len(self.separator) != 1:
            raise wrong(self, "separator", "must be a single character, such as ',' or '\\t'")
        flag(self, "append")
        self.keys: list[str] | None = None
        self._fresh = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._fresh = not self.append
        with self.path.open("ab"):  # a name that cannot be written is told before training
            pass
        self.keys = self._columns() if self.append else None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        text = ""
        if self.keys is None:
            self.keys = _columns_for(logs)
            text = self._row(["epoch", *self.keys])
        self._tell_unknown(logs)
        text += self._row([epoch, *(logs.get(key, "NA") for key in self.keys)])
        with self.path.open("wb" if self._fresh else "ab") as file:
            file.write(text.encode())
        self._fresh = False

    def _columns(self) -> list[str] | None:
        """The columns after the first of a file that exists; None if it is empty."""
        with self.path.open(newline="", encoding="utf-8", errors="replace") as file:
            header = next(csv.reader(file, delimiter=self.separator), None)
        if header is None:
            return None
        if header[:1] != ["epoch"]:
            raise UsageError(
                f"CSVLogger(append=True): {self.path} does not begin with a column 'epoch'; "
                "name another file, or the separator it was written with"
            )
        return header[1:]

    def _row(self, cells: list[Any]) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self.separator, lineterminator="\n").writerow(cells)
        return text.getvalue()

    def _tell_unknown(self, logs: Logs) -> None:
        assert self.keys is not None
        unknown = [name for name in logs if name not in self.keys]
        if unknown:
            warnings.warn(
                f"CSVLogger: {self.path} has no column {', '.join(unknown)}; "
                f"its columns are epoch, {', '.join(self.keys)}",
                stacklevel=3,
            )

    # --- going on after a break -------------------------------------------------------------------

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        """The columns, and how many bytes are surely on the disk."""
        if self._fresh or not self.path.exists():
            return {"keys": None, "size": 0}, {}
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())  # else a power cut could leave fewer rows than the checkpoint
            size = file.seek(0, os.SEEK_END)
        return {"keys": self.keys, "size": size}, {}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self._fresh = False
        self.keys = state["keys"]
        with self.path.open("rb+") as file:
            held = file.seek(0, os.SEEK_END)
            file.truncate(min(held, state["size"]))
        if held < state["size"]:
            self.keys = self._columns()
            warnings.warn(
                f"CSVLogger: rows of {self.path} are gone since the checkpoint; "
                "the table goes on without them",
                stacklevel=2,
            )


def _columns_for(logs: Logs) -> list[str]:
    names = sorted(logs)
    if any(name.startswith("val_") for name in names):
        return names
    return [*names, *(f"val_{name}" for name in names)]  # validation_freq: they may come later
