"""GradientFlow: how much gradient reaches each layer, epoch after epoch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lab.callbacks.base import Arrays, Callback, Logs, whole
from autograd_lab.errors import UsageError
from autograd_lab.files.generators import generator_state, restore_generator
from autograd_lab.graph import Node, active_nodes, constant, sweep, toposort
from autograd_lab.ops import sum_to
from autograd_lab.recording import recording
from autograd_lab.settings import choice, flag, wrong
from autograd_lab.symbolic import leaves, like
from autograd_lab.variables import Variable

if TYPE_CHECKING:
    from autograd_lab.pictures.plots import Figure
    from autograd_lab.pictures.style import ThemeName

MEASURES = ("delta", "gradient")
Array = np.ndarray[Any, Any]


@dataclass(eq=False)
class GradientFlow(Callback):
    """Record the root mean square of δ of every layer on one fixed small batch during ``fit``.

    ``measure``: "delta" is ∂loss/∂z of one example, z being what a layer adds up, before its
    activation; "gradient" is ∂loss/∂weight, the loss averaged as in training.  The first column is
    that before training, epoch 0; then one for every ``every`` epochs.  The net is called as in
    ``training``, and no random number is used up and no average moved by that.

    ``history`` is an array (layers, columns), ``layers`` and ``epochs`` name its rows and columns,
    inputs first.  A layer without weights has no row.

    >>> import numpy as np
    >>> from autograd_lab.layers import Dense
    >>> from autograd_lab.models import Sequential
    >>> x, y = np.ones((4, 2)), np.zeros((4, 1))
    >>> net = Sequential([Dense(3, activation="tanh", name="hidden"), Dense(1, name="top")])
    >>> net.compile(optimizer="sgd", loss="mse")
    >>> flow = GradientFlow(x, y)
    >>> _ = net.fit(x, y, epochs=2, verbose=0, callbacks=[flow])
    >>> flow.layers, flow.epochs, flow.history.shape
    (['hidden', 'top'], [0, 1, 2], (2, 3))
    """

    x: Any
    y: Any
    measure: str = "delta"
    every: int = 1
    training: bool = True

    def __post_init__(self) -> None:
        self.measure = choice(self, "measure", MEASURES)
        self.every, self.training = whole(self, "every", 1), flag(self, "training")
        self.x, self.y = like(self.x, np.asarray), like(self.y, np.asarray)
        sizes = {len(array) if array.ndim else 0 for array in leaves([self.x, self.y])}
        if len(sizes) != 1 or 0 in sizes:
            raise wrong(self, "x", "and y must be arrays of as many examples, at least one")
        self.layers: list[str] = []
        self.epochs: list[int] = []
        self.columns: list[Array] = []

    @property
    def history(self) -> Array:
        """What was recorded, (layers, columns); empty before the first epoch."""
        return np.array(self.columns).T if self.columns else np.zeros((len(self.layers), 0))

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.layers, self.epochs, self.columns = [], [], []

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.epochs:
            self._record(epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if (epoch + 1) % self.every == 0:
            self._record(epoch + 1)

    def _record(self, epoch: int) -> None:
        sizes = flow(self.model, self.x, self.y, self.measure, self.training)
        self.layers = list(sizes)
        self.epochs.append(epoch)
        self.columns.append(np.array(list(sizes.values())))

    # --- telling ----------------------------------------------------------------------------------

    def plot(
        self,
        file: str | os.PathLike[str] | None = None,
        theme: ThemeName = "light",
        width: float = 760.0,
    ) -> Figure:
        """The heat map layer x epoch, outputs on top, on a logarithmic scale of colours.

        Written to ``file`` too, as svg, png, pdf or csv by its ending.  UsageError if nothing was
        recorded.
        """
        from autograd_lab.pictures.plots import Axis, Figure, HeatMap, Panel

        if not self.columns:
            raise UsageError("GradientFlow.plot: nothing was recorded; give it to fit first")
        table = self.history[::-1]
        word = "δ = ∂loss/∂z, one example" if self.measure == "delta" else "∂loss/∂weight"
        heat = HeatMap(
            f"rms of {word}", table.tolist(), self.layers[::-1], [str(e) for e in self.epochs],
            scale="log",
        )  # fmt: skip
        panel = Panel("", Axis("epoch", whole=True), Axis("layer"), (heat,))
        figure = Figure("Gradient flow during training", (panel,), self.claim(), width=width)
        if file is not None:
            figure.save(file, theme)
        return figure

    def claim(self) -> str:
        """What the first and the last column say about the lowest and the highest layer."""
        if not self.columns:
            return "Nothing was recorded."
        first, last = (
            f"{column[0]:.3g} at {self.layers[0]} and {column[-1]:.3g} at {self.layers[-1]}"
            for column in (self.columns[0], self.columns[-1])
        )
        begin, end = self.epochs[0], self.epochs[-1]
        return f"rms {self.measure} at epoch {begin}: {first}; at epoch {end}: {last}."

    # --- going on after a break -------------------------------------------------------------------

    def get_state(self) -> tuple[dict[str, Any], Arrays]:
        columns = np.array(self.columns).reshape(len(self.epochs), len(self.layers))
        return {"layers": self.layers, "epochs": self.epochs}, {"columns": columns}

    def set_state(self, state: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.layers, self.epochs = list(state["layers"]), [int(e) for e in state["epochs"]]
        self.columns = list(np.asarray(arrays["columns"]))


# --- one measurement ------------------------------------------------------------------------------


def flow(model: Any, x: Any, y: Any, measure: str, training: bool) -> dict[str, float]:
    """The root mean square for every layer with weights, by name, on one batch."""
    with _undisturbed(model), recording():
        inputs = like(x, lambda array: constant(array.astype(str(model.dtype))))
        predictions = leaves(model.call_unscoped(inputs, training=training))
        loss = _loss(model, y, predictions)
    order = toposort([loss])
    wanted = _sums(order) if measure == "delta" else _weights(order)
    found = adjoints(loss, order, [node for nodes in wanted.values() for node in nodes])
    scale = float(_examples(model, y)) if measure == "delta" else 1.0
    return {
        layer: scale * _rms([found[node] for node in nodes if node in found])
        for layer, nodes in wanted.items()
    }


class _undisturbed:  # noqa: N801 - used like a function
    """The generators of a model stand afterwards where they stood before."""

    def __init__(self, model: Any) -> None:
        self.generators = [seed.generator for seed in model.generators]

    def __enter__(self) -> None:
        self.states = [generator_state(generator) for generator in self.generators]

    def __exit__(self, *_: object) -> None:
        for generator, state in zip(self.generators, self.states, strict=True):
            restore_generator(generator, state)


def _targets(model: Any, y: Any) -> list[Any]:
    """The targets in the order of the outputs."""
    if isinstance(y, Mapping):
        return [y.get(name) for name in model.compiled.names]
    return list(y) if isinstance(y, (list, tuple)) else [y]


def _loss(model: Any, y: Any, predictions: Sequence[Node]) -> Node:
    """The losses of all outputs by their weights, without penalties."""
    compiled, targets = model.compiled, _targets(model, y)
    compiled.check_targets(targets, predictions)
    losses = compiled.losses_of(targets, predictions, [None] * len(targets))
    terms = [loss * weight for loss, weight in zip(losses, compiled.weights, strict=True)]
    return sum(terms[1:], start=terms[0])  # type: ignore[no-any-return]


def _examples(model: Any, y: Any) -> int:
    """What the loss was divided by: the examples, unless it adds them up."""
    sums = any(getattr(loss, "reduction", None) == "sum" for loss in model.compiled.losses)
    return 1 if sums else len(leaves(y)[0])


def _sums(order: Iterable[Node]) -> dict[str, list[Node]]:
    """For every layer with weights, the last number that a weight of its own enters directly."""
    found: dict[str, list[Node]] = {}
    for node in order:
        if node.scope and any(isinstance(x, Variable) and x.trainable for x in node.inputs):
            found["/".join(node.scope)] = [node]
    return found


def _weights(order: Iterable[Node]) -> dict[str, list[Node]]:
    """For every layer the weights that training changes, where the layer is called."""
    found: dict[str, list[Node]] = {}
    for node in order:
        for x in node.inputs:
            if isinstance(x, Variable) and x.trainable and node.scope:
                held = found.setdefault("/".join(node.scope), [])
                held += [x] if x not in held else []
    return found


def adjoints(output: Node, order: Sequence[Node], nodes: Sequence[Node]) -> dict[Node, Array]:
    """d(output)/d(node) for some nodes in double precision, so that small ones stay numbers."""

    def extend(g: Array, node: Node, index: int) -> Array:
        x = node.inputs[index]
        assert node.op is not None
        pull = node.op.pull(index)
        assert pull is not None
        g = np.asarray(pull(g, node.value, *[i.value for i in node.inputs], **node.attrs))
        return g if g.shape == x.shape else np.asarray(sum_to(g, shape=x.shape))

    seed = {output: np.ones(output.shape, dtype=np.float64)}
    with np.errstate(all="ignore"):
        return sweep(order, seed, extend, np.add, active_nodes(order, nodes))


def _rms(parts: Sequence[Array]) -> float:
    numbers = np.concatenate([np.ravel(part) for part in parts]) if parts else np.zeros(1)
    largest = float(np.max(np.abs(numbers), initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.mean(np.square(numbers / largest))))  # no square underflows
