"""The loop of ``fit``: epochs, batches, validation, and a state from which it goes on exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lab.errors import UsageError, warn_user
from autograd_lab.files.generators import generator_state, restore_generator
from autograd_lab.training.data import ArrayData, Batch, BatchStream

Arrays = dict[str, np.ndarray[Any, Any]]


class Fit:
    """One run of ``fit``: where it stands, and how it goes on."""

    def __init__(
        self,
        model: Any,
        data: ArrayData | BatchStream,
        callbacks: Any,
        *,
        epochs: int,
        initial_epoch: int,
        shuffle: bool,
        validation: Any = None,
        validation_freq: int = 1,
        steps: int | None = None,
    ) -> None:
        self.model, self.data, self.callbacks = model, data, callbacks
        self.epochs, self.epoch, self.batch = epochs, initial_epoch, 0
        self.shuffle = shuffle
        self.validation, self.validation_freq = validation, validation_freq
        self.steps = steps
        self.order: np.ndarray[Any, Any] | None = None
        self.position = 0  # batches that one pass over the data has given so far
        self.pending: tuple[Arrays, Mapping[str, Any]] | None = None

    def run(self) -> None:
        """Every epoch that is left."""
        model, callbacks = self.model, self.callbacks
        model.stop_training = False
        callbacks.on_train_begin()
        if self.pending is not None:
            self._apply(*self.pending)
        logs: dict[str, float] = {}
        while self.epoch < self.epochs and not model.stop_training:
            callbacks.on_epoch_begin(self.epoch)
            logs = self._epoch()
            if self.validation is not None and (self.epoch + 1) % self.validation_freq == 0:
                logs = {**logs, **{f"val_{k}": v for k, v in self.validation(callbacks).items()}}
            done, self.epoch, self.batch = self.epoch, self.epoch + 1, 0
            if self.steps is None:
                self.position, self.order = 0, None
            callbacks.on_epoch_end(done, logs)
            callbacks.on_boundary(self.epoch, 0)
        model.optimizer.finalize_variable_values(model.trainable_weights)
        callbacks.on_train_end(logs)

    def _epoch(self) -> dict[str, float]:
        """The batches of one epoch that are left; the means over all its examples."""
        model, callbacks = self.model, self.callbacks
        if self.batch == 0:
            model.compiled.reset()
            if not self.position:
                self.order = self._new_order()
        for x, y, weights in self._batches():
            if callbacks.wants_batches:
                callbacks.on_train_batch_begin(self.batch)
            model.train_step(x, y, weights)
            self.batch += 1
            if callbacks.wants_batches:
                callbacks.on_train_batch_end(self.batch - 1, model.compiled.logs())
                callbacks.on_boundary(self.epoch, self.batch)
            if model.stop_training:
                break
        self._check_batches()
        logs: dict[str, float] = model.compiled.logs()
        return logs

    def _check_batches(self) -> None:
        """Say so if the data ran out."""
        if isinstance(self.data, BatchStream):
            self.data.end_epoch()
        if not self.batch:
            raise UsageError(
                f"fit: the data gave no batch for epoch {self.epoch + 1}; a generator gives its "
                "batches once: make it endless and give steps_per_epoch, or give an object with "
                "numbered batches"
            )
        if self.steps is not None and self.batch < self.steps and not self.model.stop_training:
            warn_user(
                f"fit: the data gave only {self.batch} of {self.steps} batches for epoch "
                f"{self.epoch + 1}; a generator must give steps_per_epoch * epochs of them",
                UserWarning,
            )

    def _new_order(self) -> np.ndarray[Any, Any] | None:
        if not self.shuffle or self.data.length is None:
            return None
        order: np.ndarray[Any, Any] = self.model.shuffler.generator.permutation(self.data.length)
        return order

    def _batches(self) -> Iterator[Batch]:
        """One pass over the data; with ``steps``, that many, going on in the next epoch."""
        while self.batch != self.steps:
            for batch in self.data.batches(self.order, self.position):
                self.position += 1
                yield batch
                if self.batch == self.steps:
                    return
            if self.steps is None or not self.position or getattr(self.data, "once", False):
                return
            self.position, self.order = 0, self._new_order()

    # --- going on after a break -------------------------------------------------------------------

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything needed to go on from this moment as if nothing had happened."""
        model = self.model
        arrays: Arrays = {f"weight/{i}": w.numpy() for i, w in enumerate(model.weights)}
        slots = model.optimizer.variables
        arrays.update({f"optimizer/{i}": v.numpy() for i, v in enumerate(slots)})
        if self.order is not None:
            arrays["order"] = self.order
        callbacks, more = self.callbacks.get_state()
        arrays.update({f"callback/{name}": array for name, array in more.items()})
        return arrays, {
            "epoch": self.epoch,
            "batch": self.batch,
            "position": self.position,
            "totals": model.compiled.state(),
            "generators": [generator_state(g.generator) for g in model.generators],
            "callbacks": callbacks,
        }

    def _apply(self, arrays: Arrays, state: Mapping[str, Any]) -> None:
        model = self.model
        self.epoch, self.batch = int(state["epoch"]), int(state["batch"])
        self.position = int(state["position"])
        self.order = arrays.get("order")
        for i, weight in enumerate(model.weights):
            weight.assign(arrays[f"weight/{i}"])
        model.optimizer.build(model.trainable_weights)
        for i, slot in enumerate(model.optimizer.variables):
            slot.assign(arrays[f"optimizer/{i}"])
        for generator, saved in zip(model.generators, state["generators"], strict=True):
            restore_generator(generator.generator, saved)
        own = {k.removeprefix("callback/"): v for k, v in arrays.items() if k.startswith("call")}
        self.callbacks.set_state(state["callbacks"], own)
        if self.batch:
            model.compiled.set_state(state["totals"])
