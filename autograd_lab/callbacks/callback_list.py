"""CallbackList: several callbacks called as one."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from autograd_lab.callbacks.base import Arrays, Callback, Logs
from autograd_lab.callbacks.history import History
from autograd_lab.callbacks.progress import ProgbarLogger
from autograd_lab.errors import UsageError

VERBOSE = (0, 1, 2, "auto")


class CallbackList(Callback):
    """Calls every callback's hook in order: those given, then a History, then a ProgbarLogger.

    The two are added if asked for and not among those given: History by ``add_history``, the
    logger by ``add_progbar``, which is so unless ``verbose`` is 0.  Other named values, and those
    of ``params``, are what callbacks find in ``self.params``.

    >>> run = CallbackList(None, add_history=True, epochs=3)
    >>> run.on_train_begin()
    >>> run.on_epoch_end(0, {"loss": 0.5})
    >>> run.history.history, run.wants_batches
    ({'loss': [0.5]}, False)
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool | None = None,
        model: Any = None,
        params: Mapping[str, Any] | None = None,
        *,
        verbose: int | str = 0,
        **more: Any,
    ) -> None:
        if verbose not in VERBOSE:
            raise UsageError(
                f"verbose={verbose!r}: give 0 (nothing), 1 (a bar), 2 (lines) or 'auto'"
            )
        self.callbacks = list(flat(callbacks))
        self.history = self._only(History, add_history)
        shows = verbose != 0 if add_progbar is None else add_progbar
        self._only(ProgbarLogger, shows)
        self.set_params({"verbose": verbose, **(params or {}), **more})
        if model is not None:
            self.set_model(model)

    def _only(self, kind: type[Any], add: bool) -> Any:
        """The callback of this class, added if it is missing and wanted."""
        if add and not any(isinstance(callback, kind) for callback in self.callbacks):
            self.callbacks.append(kind())
        return next((c for c in self.callbacks if isinstance(c, kind)), None)

    def append(self, callback: Callback) -> None:
        """Add one more; call ``set_params`` and ``set_model`` afterwards."""
        self.callbacks += flat(callback)

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)
        self._sort_out()

    def set_model(self, model: Any) -> None:
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def _sort_out(self) -> None:
        """Those that hear of batches; the others cost nothing there."""
        self._of_batches = [callback for callback in self.callbacks if callback.wants_batches]
        self._of_boundaries = [c for c in self.callbacks if c.overrides("on_boundary")]

    @property
    def wants_batches(self) -> bool:
        return bool(self._of_batches)

    # --- training ---------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._sort_out()
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = dict(logs or {})  # callbacks add to it; the caller's stays as it is
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self._of_batches:
            callback.on_train_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self._of_batches:
            callback.on_train_batch_end(batch, logs=logs)

    def on_boundary(self, epoch: int, batch: int) -> None:
        for callback in self._of_boundaries:
            callback.on_boundary(epoch, batch)

    # --- evaluation and prediction ----------------------------------------------------------------

    def on_test_begin(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_test_begin(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_test_end(logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self._of_batches:
            callback.on_test_batch_begin(batch, logs=logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self._of_batches:
            callback.on_test_batch_end(batch, logs=logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_predict_begin(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_predict_end(logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self._of_batches:
            callback.on_predict_batch_begin(batch, logs=logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self._of_batches:
            callback.on_predict_batch_end(batch, logs=logs)

    # --- going on after a break -------------------------------------------------------------------

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        """The states of all callbacks that have one, by the names of their classes."""
        states, arrays = {}, {}
        for name, callback in self._named():
            state, own = callback.get_state()
            if state or own:
                states[name] = state
                arrays.update({f"{name}/{key}": array for key, array in own.items()})
        return states, arrays

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        """Give every callback its state back; warns of states whose callback is missing."""
        named = dict(self._named())
        for name, own in state.items():
            if name not in named:
                warnings.warn(
                    f"the training that goes on had a callback {name}, which is missing now",
                    stacklevel=2,
                )
                continue
            within = {k: v for k, v in arrays.items() if k.startswith(f"{name}/")}
            named[name].set_state(own, {k.partition("/")[2]: v for k, v in within.items()})

    def _named(self) -> Iterator[tuple[str, Callback]]:
        """Callbacks by class: EarlyStopping, EarlyStopping_1, ..."""
        counts: Counter[str] = Counter()
        for callback in self.callbacks:
            name = type(callback).__name__
            yield f"{name}_{counts[name]}" if counts[name] else name, callback
            counts[name] += 1


def flat(callbacks: Any) -> Iterator[Callback]:
    """The callbacks of one, a list, or lists in lists; anything else is refused."""
    if isinstance(callbacks, Callback):
        yield callbacks
    elif isinstance(callbacks, (list, tuple)):
        for entry in callbacks:
            yield from flat(entry)
    elif isinstance(callbacks, type) and issubclass(callbacks, Callback):
        raise UsageError(f"callbacks: {callbacks.__name__} is a class; give {callbacks.__name__}()")
    elif callbacks is not None:
        raise UsageError(
            f"callbacks: {callbacks!r} is no callback; give objects of classes that extend "
            "autograd_lab.callbacks.Callback, or LambdaCallback(on_epoch_end=...)"
        )
