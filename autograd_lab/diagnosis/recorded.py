"""One forward pass as a graph, and what is known of it: its weights, its layers, its loss."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import losses, ops
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import Node, leaf, scope, toposort
from autograd_lab.layers.base import Layer
from autograd_lab.losses import binary_crossentropy, sparse_categorical_crossentropy
from autograd_lab.losses.base import as_float, reduced
from autograd_lab.recording import recording
from autograd_lab.symbolic import leaves, like

Array = np.ndarray[Any, Any]
Scope = tuple[str, ...]


@dataclass(frozen=True)
class Chance:
    """The loss of a net that knows nothing but how the targets are spread."""

    value: float
    formula: str


@dataclass(frozen=True)
class Pass:
    """The graph from a batch to its loss.

    ``scale`` times the gradient of ``loss`` is the gradient of the sum over the examples, so that
    delta belongs to one example whatever the size of the batch.  ``parts`` are the layers by the
    scopes that their nodes carry.
    """

    prediction: Node
    loss: Node
    scale: float
    examples: int
    weights: tuple[Node, ...]
    parts: Mapping[Scope, Layer]
    chance: Chance | None


def record_model(model: Any, x: Any, y: Any, training: bool = True) -> Pass:
    """The pass of a model on a batch, as in a step of training; the model stays as it was.

    The loss is the one that the model was compiled with; without one it follows from the output:
    softmax and logits of classes take the cross-entropy, sigmoid its binary form, others the mean
    square.  Penalties of weights are left out.
    """
    several = isinstance(getattr(model, "inputs", None), (list, tuple, dict))
    inputs = like(x if several else np.asarray(x), lambda part: leaf(_floats(part), "x"))
    with _undrawn(model), recording():
        outputs = leaves(model.call_unscoped(inputs, training=training))
    if len(outputs) != 1:
        raise UsageError(
            f"explain_gradients: the model has {len(outputs)} outputs; give one of them a model of "
            "its own"
        )
    prediction = outputs[0]
    loss, scale = _model_loss(model, y, prediction)
    return Pass(
        prediction, loss, scale, len(prediction.value), tuple(model.weights), dict(_parts(model)),
        _chance(y, prediction, loss),
    )  # fmt: skip


def record_arrays(
    net: Sequence[Any], act: Callable[[Any], Any], output: Callable[[Any], Any] | None,
    x: Any, y: Any,
) -> Pass:  # fmt: skip
    """The pass of a net that is nothing but arrays: (W, b) or W of each layer, in order.

    W has the shape (in, out), and the activation follows every layer but the last.
    """
    pairs = [_pair(layer, i) for i, layer in enumerate(net, 1)]
    if not pairs:
        raise UsageError("explain_gradients: the list of (W, b) is empty")
    a: Any = leaf(_floats(x), "x")
    held: list[Node] = []
    for i, (kernel, bias) in enumerate(pairs, 1):
        with scope(f"layer {i}"):
            if a.shape[-1] != kernel.shape[0]:
                raise ShapeError(
                    f"layer {i} takes {kernel.shape[0]} numbers (its W has shape {kernel.shape}), "
                    f"but gets {a.shape[-1]}; W has the shape (in, out)"
                )
            held.append(leaf(kernel, "kernel"))
            z = a @ held[-1]
            if bias is not None:
                held.append(leaf(bias, "bias"))
                z = z + held[-1]
            last = i == len(pairs)
            a = act(z) if not last else z if output is None else output(z)
    values, chance = values_of(y, a)
    return Pass(a, reduced(values), float(len(a.value)), len(a.value), tuple(held), {}, chance)


def record_layers(row: Sequence[Layer], x: Any, y: Any) -> Pass:
    """The pass of layers in a row in training; labels y meet the last one's outputs as logits."""
    a: Any = leaf(x, "x")
    with recording():
        for layer in row:
            a = layer(a, training=True)
    values, chance = values_of(y, a)
    weights = tuple(w for layer in row for w in layer.weights)
    parts: dict[Scope, Layer] = {(str(layer.name),): layer for layer in row}
    return Pass(a, reduced(values), float(len(x)), len(x), weights, parts, chance)


def _floats(x: Any) -> Array:
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise UsageError(f"explain_gradients: x holds {array.dtype}, not numbers")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _pair(layer: Any, number: int) -> tuple[Array, Array | None]:
    kernel, bias = layer if isinstance(layer, (tuple, list)) and len(layer) == 2 else (layer, None)
    kernel = np.asarray(kernel)
    if kernel.ndim != 2 or kernel.dtype.kind not in "fiu":
        raise ShapeError(
            f"layer {number}: W must be a matrix of numbers, (in, out); got shape {kernel.shape}. "
            "Give a list with (W, b), or W alone, for each layer."
        )
    if bias is None:
        return _floats(kernel), None
    bias = np.asarray(bias)
    if bias.shape != kernel.shape[1:]:
        raise ShapeError(
            f"layer {number}: b has shape {bias.shape}; W of shape {kernel.shape} needs "
            f"{kernel.shape[1:]}"
        )
    return _floats(kernel), _floats(bias)


@contextmanager
def _undrawn(model: Any) -> Iterator[None]:
    """Give random generators their state back: a diagnosis changes no later training."""
    kept = [(g.generator, copy.deepcopy(g.generator.bit_generator.state)) for g in model.generators]
    try:
        yield
    finally:
        for generator, state in kept:
            generator.bit_generator.state = state


def _parts(layer: Layer, before: Scope = ()) -> Iterator[tuple[Scope, Layer]]:
    for inner in layer.sublayers:
        name = (*before, str(inner.name))
        yield name, inner
        yield from _parts(inner, name)


# --- losses ---------------------------------------------------------------------------------------


def _model_loss(model: Any, y: Any, prediction: Node) -> tuple[Node, float]:
    """The loss as the model is trained on it, and how many examples it averages over."""
    compiled = getattr(model, "compiled", None)
    if compiled is None or not compiled.used:
        values, _ = values_of(y, prediction)
        return reduced(values), float(len(prediction.value))
    loss = compiled.losses[0]
    losses.check_targets(loss, y, prediction.shape)
    value = loss(np.asarray(y), prediction)
    if not isinstance(value, Node) or np.ndim(value.value):
        raise UsageError(
            f"explain_gradients: the loss {loss.name} gives no single number; "
            "compile the model with a reduction"
        )
    return value, 1.0 if loss.reduction == "sum" else float(len(prediction.value))


def values_of(y: Any, prediction: Node) -> tuple[Node, Chance | None]:
    """A loss for each example that fits the output and the targets, and what chance gives."""
    y = np.asarray(y)
    if y.dtype.kind not in "fiub":
        raise UsageError("explain_gradients: y must hold numbers; number classes from 0")
    if len(y) != len(prediction.value):
        raise ShapeError(
            f"explain_gradients: {len(prediction.value)} examples, but {len(y)} targets"
        )
    last = prediction.op.name if prediction.op is not None else ""
    if y.ndim == prediction.ndim and y.shape[-1] == 1 != prediction.shape[-1]:
        y = y[..., 0]  # a column of labels
    binary = y.dtype.kind in "iub" and bool(np.isin(y, (0, 1)).all())
    if last == "sigmoid" or (prediction.shape[-1] == 1 and binary):
        t = y.reshape(prediction.shape)
        values = binary_crossentropy(t, prediction, from_logits=last != "sigmoid")
    elif last == "softmax" or (
        y.dtype.kind in "iub" and y.ndim < prediction.ndim and prediction.shape[-1] > 1
    ):
        labels = y if y.ndim < prediction.ndim else np.argmax(y, axis=-1)
        losses.check_targets(losses.SparseCategoricalCrossentropy(), labels, prediction.shape)
        values = sparse_categorical_crossentropy(labels, prediction, from_logits=last != "softmax")
    else:
        t = as_float(y.reshape(prediction.shape), prediction.dtype)
        values = ops.mean(ops.square(prediction - t), axis=-1)
    return values, _chance(y, prediction, values)


def _chance(y: Any, prediction: Node, loss: Node) -> Chance | None:
    """What guessing costs: the logarithm of the number of classes, or the targets' variance."""
    y = np.asarray(y)
    names = {node.op.name for node in toposort([loss], stop={prediction}) if node.op is not None}
    units = prediction.shape[-1]
    entropic = bool(names & {"log", "log_softmax", "softplus", "logsumexp"})
    if not entropic:
        return Chance(float(np.var(y)), "variance of y") if "square" in names else None
    if units == 1:
        return Chance(math.log(2), "ln 2")
    return Chance(math.log(units), f"ln {units}")
