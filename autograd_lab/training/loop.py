"""The loop of ``fit``: epochs, batches, validation, and a state from which it goes on exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lab.errors import UsageError
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
        self.running: Iterator[Batch] | None = None
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
            done, self.epoch, self.batch, self.order = self.epoch, self.epoch + 1, 0, None
            callbacks.on_epoch_end(done, logs)
            callbacks.on_boundary(self.epoch, 0)
        model.optimizer.finalize_variable_values(model.trainable_weights)
        callbacks.on_train_end(logs)

    def _epoch(self) -> dict[str, float]:
        """The batches of one epoch that are left; the means over all its examples."""
        model, callbacks = self.model, self.callbacks
        if self.batch == 0:
            model.compiled.reset()
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
        if not self.batch:
            raise UsageError("fit: the data gave no batch at all")
        logs: dict[str, float] = model.compiled.logs()
        return logs

    def _new_order(self) -> np.ndarray[Any, Any] | None:
        if not self.shuffle or not isinstance(self.data, ArrayData):
            return None
        order: np.ndarray[Any, Any] = self.model.shuffler.generator.permutation(self.data.length)
        return order

    def _batches(self) -> Iterator[Batch]:
        """The epoch's batches; with ``steps``, that many, going on in the next epoch."""
        if self.steps is None or isinstance(self.data, BatchStream):
            yield from self.data.batches(self.order, self.batch)
            return
        while self.batch < self.steps:
            if self.running is None:
                self.running = self.data.batches(self.order)
            item = next(self.running, None)
            if item is None:
                self.running, self.order = None, self._new_order()
            else:
                yield item

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
        generators = [model.shuffler, *model.generators]
        return arrays, {
            "epoch": self.epoch,
            "batch": self.batch,
            "totals": model.compiled.state(),
            "generators": [generator_state(g.generator) for g in generators],
            "callbacks": callbacks,
        }

    def _apply(self, arrays: Arrays, state: Mapping[str, Any]) -> None:
        model = self.model
        self.epoch, self.batch = int(state["epoch"]), int(state["batch"])
        self.order = arrays.get("order")
        for i, weight in enumerate(model.weights):
            weight.assign(arrays[f"weight/{i}"])
        model.optimizer.build(model.trainable_weights)
        for i, slot in enumerate(model.optimizer.variables):
            slot.assign(arrays[f"optimizer/{i}"])
        for generator, saved in zip(
            [model.shuffler, *model.generators], state["generators"], strict=True
        ):
            restore_generator(generator.generator, saved)
        own = {k.removeprefix("callback/"): v for k, v in arrays.items() if k.startswith("call")}
        self.callbacks.set_state(state["callbacks"], own)
        if self.batch and model.compiled.metrics is None and isinstance(self.data, ArrayData):
            model.resolve_metrics(next(self.data.batches()))
        if self.batch:
            model.compiled.set_state(state["totals"])
