"""``compile``, ``fit``, ``evaluate`` and ``predict``: what a model does with data."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lab import callbacks as callback_library
from autograd_lab import config
from autograd_lab.errors import UsageError
from autograd_lab.files.generators import generator_state, restore_generator
from autograd_lab.files.tensors import digest
from autograd_lab.graph import Value
from autograd_lab.random import SeedGenerator
from autograd_lab.registry import serialize
from autograd_lab.symbolic import Nest, leaves, like
from autograd_lab.training.compiled import Compiled
from autograd_lab.training.data import (
    ArrayData,
    Batch,
    BatchStream,
    as_arrays,
    by_output,
    class_weights,
    is_stream,
)
from autograd_lab.training.loop import Arrays, Fit
from autograd_lab.training.step import Step, record
from autograd_lab.variables import Variable, thaws

KEPT_STEPS = 16  # recorded steps for batches of different shapes; the oldest makes way


class Trainer:
    """The training half of a model; the other half says what the model calculates."""

    compiled: Compiled | None
    stop_training: bool
    steps: dict[Any, Step]
    examples: dict[Any, list[Any]]
    running: Fit | None

    if TYPE_CHECKING:  # what the other half gives

        @property
        def weights(self) -> list[Variable]: ...
        @property
        def trainable_weights(self) -> list[Variable]: ...
        @property
        def output_names(self) -> list[str]: ...
        @property
        def generators(self) -> list[SeedGenerator]: ...
        def in_order(self, inputs: Nest) -> Nest: ...
        def trainable_flags(self) -> list[bool]: ...
        def call_unscoped(self, inputs: Nest, training: bool = False) -> Any: ...
        def like_outputs(self, arrays: list[Any]) -> Any: ...

    def start_trainer(self) -> None:
        """The state before ``compile``."""
        self.compiled = None
        self.stop_training = False
        self.run_eagerly = False
        self.frozen: tuple[bool, ...] = ()
        self.seen_thaws = -1
        self.steps, self.examples = {}, {}
        self.running = None
        self.shuffler = SeedGenerator(stream="shuffle")

    # --- compile ----------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,  # noqa: ARG002
        jit_compile: bool | str = "auto",  # noqa: ARG002
        auto_scale_loss: bool = True,  # noqa: ARG002
    ) -> None:
        """Choose how the model is trained: the optimizer, a loss and metrics, by name or object.

        Several outputs take lists in their order, or dictionaries by their names.  The last four
        arguments are Keras's and change no number here; ``run_eagerly`` goes node by node, slowly.
        """
        self.run_eagerly = run_eagerly
        self.compile_arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }
        self.compiled = Compiled(
            optimizer, loss, loss_weights, metrics, weighted_metrics, self.output_names
        )
        self.compile_arguments["optimizer"] = self.compiled.optimizer
        self.steps, self.examples = {}, {}

    @property
    def optimizer(self) -> Any:
        """The optimizer given to ``compile``, or None."""
        return None if self.compiled is None else self.compiled.optimizer

    @property
    def loss(self) -> Any:
        """The loss given to ``compile``, as given."""
        return None if self.compiled is None else self.compile_arguments["loss"]

    @property
    def metrics(self) -> list[Any]:
        """The metrics made so far; before the first batch there are none."""
        return [] if self.compiled is None else self.compiled.all_metrics

    @property
    def metrics_names(self) -> list[str]:
        """The columns of ``fit`` and ``evaluate``."""
        return list(self._ready("metrics_names").logs())

    def reset_metrics(self) -> None:
        """Start the running means anew."""
        self._ready("reset_metrics").reset()

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of ``compile`` as settings."""
        return None if self.compiled is None else serialize(self.compile_arguments)

    def _ready(self, method: str) -> Compiled:
        if self.compiled is None:
            raise UsageError(
                f"{method}: the model was not compiled; call compile(optimizer=..., loss=...) first"
            )
        return self.compiled

    # --- one batch --------------------------------------------------------------------------------

    def train_step(self, x: Nest, y: Nest, weights: Nest) -> list[Value]:
        """Train on one batch that was checked; the total loss, each output's, the predictions."""
        return self._run_step("train", (x, y, weights))

    def _run_step(self, kind: str, batch: Sequence[Nest]) -> list[Value]:
        batch = self._as_floats(batch)
        arrays = [array for part in batch for array in leaves(part)]
        values = self._step(kind, batch, arrays)(arrays)
        if kind != "predict":
            assert self.compiled is not None
            count = 1 + len(self.compiled.used)
            self.compiled.update(values[:count], batch[1], values[count:], batch[2])
        return values

    def _step(self, kind: str, batch: Sequence[Nest], arrays: Sequence[Any]) -> Step:
        """The recorded step for batches of these shapes; recorded when first needed."""
        shapes = tuple((a.shape, a.dtype.str) for a in arrays)
        parts = tuple(like(part, lambda _: True) for part in batch[1:])
        parts = (*(tuple(part) for part in parts), len(leaves(batch[0])))
        if self.seen_thaws != thaws():
            self.seen_thaws = thaws()
            self.frozen = (*[w.trainable for w in self.weights], *self.trainable_flags())
        key = (kind, parts, shapes, self.frozen)
        if key not in self.steps:
            compiled = None if kind == "predict" else self.compiled
            self.call_unscoped(like(batch[0], lambda a: a[:1]), training=False)  # builds weights
            if kind == "train" and compiled is not None:
                compiled.optimizer.build(self.trainable_weights)
            while len(self.steps) >= KEPT_STEPS:
                del self.steps[next(iter(self.steps))]
            # To record draws numbers too; a training that goes on records anew, and must not differ
            states = [generator_state(g.generator) for g in self.generators]
            self.steps[key] = record(
                self, batch, compiled, training=kind == "train", eagerly=self.run_eagerly
            )
            for g, state in zip(self.generators, states, strict=True):
                restore_generator(g.generator, state)
        return self.steps[key]

    def _as_floats(self, batch: Sequence[Nest]) -> list[Nest]:
        kind = config.floatx()
        x = like(batch[0], lambda a: a.astype(kind, copy=False))
        return [x, *batch[1:]]

    # --- fit --------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> Any:
        """Train for a number of epochs; returns the History.

        x: arrays (or a list or dictionary of them for several inputs), or anything that gives
        batches (x, y) or (x, y, sample_weight).  y and sample_weight of several outputs are lists
        in their order, or dictionaries by name.  ``validation_split`` takes the last fraction of
        the arrays before they are shuffled; ``shuffle`` mixes examples, or batches that have
        numbers.  With ``steps_per_epoch`` an epoch goes on where the one before stopped.
        Everything is checked before any weight changes, of batches when they come.
        """
        self._ready("fit")
        _check_counts(epochs=epochs, initial_epoch=initial_epoch, validation_freq=validation_freq)
        _check_counts(steps_per_epoch=steps_per_epoch, validation_steps=validation_steps)
        data = self._data("fit", x, y, sample_weight, batch_size, class_weight, steps_per_epoch)
        if validation_split and validation_data is None:
            if isinstance(data, BatchStream):
                raise UsageError("validation_split needs arrays; give validation_data instead")
            data, held = data.split(validation_split)
            validation_data = (held.x, held.y, held.weights)
        self._prepare(data, class_weight)
        validation = None
        if validation_data is not None:
            size = batch_size if validation_batch_size is None else validation_batch_size
            held_out = self._validation_data(validation_data, size, validation_steps)
            validation = functools.partial(self._test, held_out, validation_steps)
        total = data.steps if steps_per_epoch is None else steps_per_epoch
        watching = callback_library.CallbackList(
            callbacks,
            model=self,
            add_history=True,
            verbose=verbose,
            params={"epochs": epochs, "steps": total, "verbose": verbose},
        )
        self.running = Fit(
            self, data, watching, epochs=epochs, initial_epoch=initial_epoch, shuffle=bool(shuffle),
            validation=validation, validation_freq=validation_freq, steps=steps_per_epoch,
        )  # fmt: skip
        try:
            self.running.run()
        finally:
            self.running = None
        return watching.history

    def _data(
        self, method: str, x: Any, y: Any, weights: Any, batch_size: int | None,
        class_weight: Mapping[int, float] | None = None, steps: int | None = None,
    ) -> ArrayData | BatchStream:  # fmt: skip
        if x is None:
            raise UsageError(f"{method}: there are no data: give x")
        compiled = None if method == "predict" else self.compiled
        if is_stream(x):
            if y is not None or weights is not None:
                raise UsageError(f"{method}: batches bring their own y; give x alone")

            def prepare(batch: Batch) -> Batch:
                x, y, weights = batch if compiled else (batch[0], None, None)
                data = self._arrays(x, y, weights, compiled)
                if compiled:
                    self._prepare(data, class_weight)
                return data.x, data.y, data.weights

            return BatchStream(x, steps, prepare)
        return self._arrays(x, y, weights, compiled, 32 if batch_size is None else batch_size)

    def _arrays(
        self, x: Any, y: Any, weights: Any, compiled: Compiled | None, batch_size: int = 32
    ) -> ArrayData:
        """The data as arrays, targets and weights in the order of the outputs."""
        names = [] if compiled is None else compiled.names
        y, weights = as_arrays(y), as_arrays(weights)
        if weights is not None and not isinstance(weights, (list, tuple, Mapping)):
            weights = [weights] * len(names)
        weights = by_output("sample_weight", weights, names)
        data = ArrayData(self.in_order(x), by_output("y", y, names), weights, batch_size)
        data.check_finite()
        return data

    def _prepare(
        self, data: ArrayData | BatchStream, class_weight: Mapping[int, float] | None = None
    ) -> None:
        """Build the model on the first example and check all targets against losses and metrics."""
        if isinstance(data, BatchStream):
            data.first()
            return
        if data.length == 0:
            raise UsageError("x holds no examples")
        compiled = self._ready("fit")
        shapes = tuple(a.shape[1:] for a in leaves(data.x))
        x, y, _ = data.take(slice(0, 1))
        known = shapes in self.examples
        if not known:
            x = self._as_floats([x])[0]
            self.examples[shapes] = leaves(self.call_unscoped(x, training=False))
        compiled.check_targets(data.y, self.examples[shapes])
        if not known:
            compiled.try_metrics(y, self.examples[shapes])
        if class_weight is not None:
            if len(data.y) != 1:
                raise UsageError("class_weight needs a model of one output")
            data.weights = [class_weights(data.y[0], class_weight, data.weights[0])]

    def _validation_data(self, given: Any, batch_size: int | None, steps: int | None) -> Any:
        if isinstance(given, (tuple, list)) and 2 <= len(given) <= 3:
            x, y, weights = [*given, None][:3]
            data = self._data("validation_data", x, y, weights, batch_size)
            self._prepare(data)
            return data
        if is_stream(given):
            stream = self._data("validation_data", given, None, None, None, None, steps)
            self._prepare(stream)
            return stream
        raise UsageError("validation_data: give (x, y), (x, y, sample_weight) or batches")

    # --- evaluate and predict ---------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics on data, weights unchanged: a list, or a dictionary by name."""
        self._ready("evaluate")
        _check_counts(steps=steps)
        data = self._data("evaluate", x, y, sample_weight, batch_size, None, steps)
        self._prepare(data)
        watching = callback_library.CallbackList(
            callbacks, model=self, verbose=verbose,
            params={"steps": data.steps, "verbose": verbose},
        )  # fmt: skip
        with self._aside():
            logs = self._test(data, steps, watching)
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """What callbacks measure while a fit runs leaves its running means as they are."""
        compiled = self._ready("fit")
        kept = None if self.running is None else compiled.state()
        yield
        if kept is not None:
            compiled.set_state(kept)

    def _test(
        self, data: ArrayData | BatchStream, steps: int | None, watching: Any
    ) -> dict[str, float]:
        compiled = self._ready("evaluate")
        compiled.reset()
        if watching is not None:
            watching.on_test_begin()
        for number, batch in enumerate(itertools.islice(data.batches(), steps)):
            if watching is not None and watching.wants_batches:
                watching.on_test_batch_begin(number)
            self._run_step("test", batch)
            if watching is not None and watching.wants_batches:
                watching.on_test_batch_end(number, compiled.logs())
        logs = compiled.logs()
        if watching is not None:
            watching.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for all examples as arrays, calculated batch by batch."""
        _check_counts(steps=steps)
        data = self._data("predict", x, None, None, batch_size, None, steps)
        watching = callback_library.CallbackList(
            callbacks, model=self, verbose=verbose,
            params={"steps": data.steps, "verbose": verbose},
        )  # fmt: skip
        watching.on_predict_begin()
        parts: list[list[Any]] = []
        for number, (x_batch, _, _) in enumerate(itertools.islice(data.batches(), steps)):
            watching.on_predict_batch_begin(number)
            parts.append(self._run_step("predict", (x_batch,)))
            watching.on_predict_batch_end(number)
        watching.on_predict_end()
        if not parts:
            raise UsageError("predict: the data gave no batch at all")
        joined = [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]
        return self.like_outputs(joined)

    # --- single batches ---------------------------------------------------------------------------

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None, return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """Train on one batch; its loss and metrics, earlier batches forgotten."""
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and metrics of one batch, earlier ones forgotten; weights unchanged."""
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch as arrays."""
        return self.like_outputs(self._run_step("predict", (self._arrays(x, None, None, None).x,)))

    def _on_batch(
        self, kind: str, x: Any, y: Any, weights: Any,
        class_weight: Mapping[int, float] | None, return_dict: bool,
    ) -> Any:  # fmt: skip
        compiled = self._ready(f"{kind}_on_batch")
        data = self._data(f"{kind}_on_batch", x, y, weights, None)
        if not isinstance(data, ArrayData):
            raise UsageError(f"{kind}_on_batch: give one batch as arrays x and y")
        self._prepare(data, class_weight)
        with self._aside():
            compiled.reset()
            self._run_step(kind, (data.x, data.y, data.weights))
            logs = compiled.logs()
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    # --- going on after a break -------------------------------------------------------------------

    def training_state(self) -> tuple[Arrays, dict[str, Any]]:
        """All that a running ``fit`` needs to go on from here, for a checkpoint."""
        if self.running is None:
            raise UsageError("training_state: only a running fit has a state")
        return self.running.state()

    def restore_training_state(self, arrays: Arrays, state: Mapping[str, Any]) -> None:
        """Let the running ``fit`` go on from such a state; it takes hold once all have begun."""
        if self.running is None:
            raise UsageError("restore_training_state: only a running fit can go on from a state")
        self.running.pending = (arrays, state)

    def training_key(self) -> dict[str, Any]:
        """What must be equal for a training to go on: model, compile arguments, data, versions."""
        if self.running is None:
            raise UsageError("training_key: only a running fit has one")
        data = self.running.data
        arrays = leaves([data.x, data.y, data.weights]) if isinstance(data, ArrayData) else []
        return {
            "model": _numbered(_described(self), {}),
            "compile": {k: _described(v) for k, v in self.compile_arguments.items()},
            "floatx": config.floatx(),
            "data": [[list(a.shape), a.dtype.str, digest(a)] for a in arrays],
            "batch_size": getattr(data, "batch_size", None),
            "shuffle": self.running.shuffle,
            "numpy": np.__version__,
        }


def _described(value: Any) -> Any:
    try:
        return serialize(value)
    except UsageError:
        return getattr(value, "__name__", type(value).__name__)


def _numbered(config: Any, numbers: dict[str, str]) -> Any:
    """Settings with layers numbered in order: their names count on within one process."""
    if isinstance(config, dict):
        name = config.get("name")
        if isinstance(name, str):
            numbers.setdefault(name, str(len(numbers)))
        return {key: _numbered(value, numbers) for key, value in config.items()}
    if isinstance(config, list):
        return [_numbered(item, numbers) for item in config]
    return numbers.get(config, config) if isinstance(config, str) else config


def _check_counts(**counts: Any) -> None:
    for name, value in counts.items():
        low = 0 if name in ("epochs", "initial_epoch") else 1
        if value is None and "steps" in name:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
            raise UsageError(f"{name}={value!r}: give a whole number from {low} up")
