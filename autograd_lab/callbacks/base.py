"""What every callback is: hooks that a training calls, each of which does nothing by itself."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.settings import wrong

Logs: TypeAlias = dict[str, float]
Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]

BATCH_HOOKS = [
    f"on_{kind}batch_{end}"
    for kind in ("", "train_", "test_", "predict_")
    for end in ("begin", "end")
]


class Callback:
    """Hooks into ``fit``, ``evaluate`` and ``predict``, by Keras's names; override what you need.

    ``epoch`` and ``batch`` count from 0.  ``logs`` holds the loss and metrics as plain numbers, in
    a batch's hook their means over the epoch so far; what a callback adds to it in
    ``on_epoch_end`` is seen by those after it, History last.  ``self.model`` is the model, and
    ``self.model.stop_training = True`` ends the training after the current batch or epoch.
    ``self.params`` tells ``epochs``, ``steps`` and ``verbose``.

    >>> class Announce(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"epoch {epoch}: loss {logs['loss']}")
    >>> Announce().on_epoch_end(0, {"loss": 0.5})
    epoch 0: loss 0.5
    """

    params: Mapping[str, Any] = {}
    model: Any = None

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    @property
    def wants_batches(self) -> bool:
        """Whether a hook for batches is defined, by the class or for this object alone."""
        return any(self.overrides(hook) for hook in BATCH_HOOKS)

    def overrides(self, hook: str) -> bool:
        """Whether calling this hook does more than nothing."""
        return getattr(getattr(self, hook), "__func__", None) is not getattr(Callback, hook)

    # --- training ---------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch of ``fit``."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, unless an error ended the training."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch; again when a training goes on in the middle of it."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of ``fit``."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of ``fit``."""
        self.on_batch_end(batch, logs=logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of ``on_train_batch_end``."""

    def on_boundary(self, epoch: int, batch: int) -> None:
        """A moment to go on from: ``batch`` batches of ``epoch`` are done, by all callbacks too."""

    # --- evaluation and prediction ----------------------------------------------------------------

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before ``evaluate``, or before the validation of an epoch."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After it."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of it."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of it."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before ``predict``."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After it."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of it."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of it."""

    # --- going on after a break -------------------------------------------------------------------

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        """What the callback remembers between epochs: what JSON can hold, and arrays by name."""
        return {}, {}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        """Remember what ``get_state`` gave; called after ``on_train_begin``."""


class LambdaCallback(Callback):
    """A callback made of functions, each named after its hook.

    >>> seen = []
    >>> note = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]))
    >>> note.on_epoch_end(0, {"loss": 0.5})
    >>> seen, note.wants_batches
    ([0.5], False)
    """

    def __init__(
        self,
        on_epoch_begin: Any = None,
        on_epoch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        on_train_batch_begin: Any = None,
        on_train_batch_end: Any = None,
        **hooks: Any,
    ) -> None:
        hooks |= {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for hook, function in hooks.items():
            if function is not None:
                self._define(hook, function)

    def _define(self, hook: str, function: Any) -> None:
        known = [name for name in dir(Callback) if name.startswith("on_")]
        if hook not in known:
            raise UsageError(
                f"LambdaCallback({hook}=...): a callback has no such hook; "
                f"{did_you_mean(hook, known)}hooks: {', '.join(known)}"
            )
        if not callable(function):
            raise UsageError(f"LambdaCallback({hook}={function!r}): {hook} must be a function.")
        setattr(self, hook, function)


def whole(thing: object, setting: str, at_least: int = 0) -> int:
    """A setting that must be a whole number from ``at_least`` up."""
    value = getattr(thing, setting)
    try:
        if not isinstance(value, bool) and operator.index(value) >= at_least:
            return operator.index(value)
    except TypeError:
        pass
    raise wrong(thing, setting, f"must be a whole number, {at_least} or more")
