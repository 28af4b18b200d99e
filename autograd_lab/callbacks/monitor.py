"""Callbacks that watch one number of the logs: which way is better, and by how much."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from autograd_lab import config
from autograd_lab.callbacks.base import Callback, Logs
from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.settings import choice, number

MODES = ("auto", "min", "max")
_FALLS = re.compile(
    r"(.*_)?(loss|error|crossentropy|divergence|hinge|mse|mae|mape|msle|mean|poisson|log_?cosh"
    r"|logcosh|false_positives|false_negatives)"
)
_RISES = re.compile(
    r"(.*_)?(acc|accuracy|auc|precision|recall|score|iou|similarity|true_positives|true_negatives"
    r"|.*_at_(precision|recall|sensitivity|specificity))"
)


class MonitorCallback(Callback):
    """The number called ``monitor`` in the logs of an epoch, compared with the best one so far.

    A value is better if it beats the best by more than ``min_delta``, in the library's float
    width as Keras compares.  Anything is better than nan, unlike in Keras, where a first value
    that is nan remains the best for ever.
    """

    monitor: str
    mode: str
    min_delta: float
    best: float | None = None
    seen = False  # whether the number was in any logs so far

    def check_monitor(self) -> None:
        """Refuse a name, mode or least change that cannot be used."""
        if not isinstance(self.monitor, str) or not self.monitor:
            raise UsageError(
                f"{type(self).__name__}(monitor={self.monitor!r}): monitor must be a name from "
                "the logs, such as 'val_loss'."
            )
        self.mode = choice(self, "mode", MODES)
        self.min_delta = abs(number(self, "min_delta"))  # its sign means nothing, as in Keras

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether a value beats another one by more than ``min_delta``; anything beats None."""
        if reference is None or reference != reference:
            return reference is None or value == value
        width = np.dtype(config.floatx()).type
        if self.direction == "min":
            return bool(width(value + self.min_delta) < width(reference))
        return bool(width(value - self.min_delta) > width(reference))

    @property
    def direction(self) -> str:
        """Min or max: as ``mode`` says, else as the metric of that name, else by the name."""
        if self.mode != "auto":
            return self.mode
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self.model, "metrics", None) or ():
            found = getattr(metric, "direction", None)
            if getattr(metric, "name", None) == name and found in ("up", "down"):
                return "max" if found == "up" else "min"
        return self._by_name(re.sub(r"_\d+$", "", name).lower())

    def _by_name(self, name: str) -> str:
        if _FALLS.fullmatch(name):
            return "min"
        if _RISES.fullmatch(name):
            return "max"
        raise UsageError(
            f"{type(self).__name__}(monitor={self.monitor!r}): the name does not tell whether "
            "small or large values are good; pass mode='min' or mode='max'."
        )

    def watched(self, logs: Logs | None) -> float | None:
        """The watched number of this epoch; None and a warning if the logs lack it."""
        logs = logs or {}
        if self.monitor in logs:
            self.seen = True
            return float(logs[self.monitor])
        if not self.seen:  # else it comes only every few epochs: validation_freq
            _warn_missing(type(self).__name__, self.monitor, logs)
        return None


def _warn_missing(who: str, name: str, logs: Logs) -> None:
    remedy = ""
    if name.startswith("val_") and not any(known.startswith("val_") for known in logs):
        remedy = "  Validation values need fit(validation_data=...) or fit(validation_split=...)."
    warnings.warn(
        f"{who} watches {name!r}, which this epoch did not give; {did_you_mean(name, logs)}"
        f"available: {', '.join(logs) or 'nothing'}.{remedy}",
        stacklevel=4,
    )


def shown(value: Any) -> str:
    """A watched number with four significant digits."""
    return f"{value:.4g}"
