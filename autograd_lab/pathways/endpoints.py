"""Where paths begin and end: an output of a model for one example, and leaves by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.graph import Node, leaf, toposort
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.pathways.network import Network, contracted
from autograd_lab.pathways.recording import network_of
from autograd_lab.symbolic import leaves as parts
from autograd_lab.symbolic import like
from autograd_lab.training.data import as_array, as_arrays, by_output
from autograd_lab.variables import Variable

OUTPUTS = ("logit", "probability", "loss")
_SQUASHING = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Ends:
    """A network with the words for its ends."""

    network: Network
    begin: str
    end: str
    about: tuple[str, ...] = ()


def of_model(
    model: Any, x: Any, y: Any, output: str | int, unit: int | None, wrt: Any, example: int
) -> Ends:
    """The model called on one example outside training, between the ends that were asked for."""
    x, y = _example(x, example, "x"), None if y is None else _example(y, example, "y")
    inputs = like(x, lambda a: leaf(a.astype(str(model.dtype))))
    predictions = parts(model.call_unscoped(inputs, training=False))
    if len(predictions) != 1:
        raise UsageError(
            f"explain_paths: the model has {len(predictions)} outputs; give a model of one, "
            "Model(inputs, output)"
        )
    names = _input_names(model, parts(inputs))
    chosen, end = _leaves(model, wrt, names)
    prediction = predictions[0]
    logits = _logits(prediction)
    if output == "loss":
        network = _from_loss(model, y, prediction, logits, chosen, names)
        return Ends(network, f"loss = {network.value:.6g}", end, (_HEAD,))
    node = _output_node(output, prediction, logits)
    unit = _unit(node, output, unit)
    network = contracted(network_of(node, chosen, unit, names, batched=True))
    top = network.neuron(*network.output)
    kind = "logit" if node is logits and logits is not prediction else "output"
    return Ends(network, f"{kind} {top} = {network.value:.6g}", end)


_HEAD = (
    "The loss is one edge from every number the last layer gives before softmax or sigmoid, "
    "with the factor ∂loss/∂z: what the lecture calls δ of the last layer."
)


def of_graph(output: Node, wrt: Sequence[Node] | Node | None, unit: int | None) -> Ends:
    """A recorded graph between a node and leaves: by default all that have a name."""
    given = [wrt] if isinstance(wrt, Node) else wrt
    if given is None or isinstance(given, str):
        given = [node for node in toposort([output]) if node.op is None and node.name]
    if not given or not all(isinstance(node, Node) for node in given):
        raise UsageError(f"explain_paths(wrt={wrt!r}): give the node or nodes where paths end")
    network = network_of(output, list(given), _unit(output, "output", unit))
    top = network.neuron(*network.output)
    names = ", ".join(dict.fromkeys(network.layers[i].name for i in network.leaves))
    return Ends(network, f"{top} = {network.value:.6g}", names or "nothing it depends on")


# --- the example ----------------------------------------------------------------------------------


def _example(nest: Any, number: int, what: str) -> Any:
    """One example as a batch of its own."""

    def one(array: Any) -> Any:
        array = as_array(array)
        if array.ndim == 0 or not -len(array) <= number < len(array):
            raise UsageError(
                f"explain_paths(example={number}): {what} of shape {array.shape} has no such "
                f"example; its first axis counts them"
            )
        number_from_0 = number % len(array)
        return array[number_from_0 : number_from_0 + 1]

    return like(as_arrays(nest), one)


def _input_names(model: Any, inputs: Sequence[Node]) -> dict[Node, str]:
    if len(inputs) == 1:
        return {inputs[0]: "x"}
    wanted = [str(t.name) for t in parts(model.inputs)] if model.inputs is not None else []
    numbered = [f"x{i + 1}" for i in range(len(inputs))]
    return dict(zip(inputs, wanted or numbered, strict=True))


# --- the output -----------------------------------------------------------------------------------


def _logits(prediction: Node) -> Node:
    op = prediction.op
    return prediction.inputs[0] if op is not None and op.name in _SQUASHING else prediction


def _output_node(output: str | int, prediction: Node, logits: Node) -> Node:
    if output == "logit":
        return logits
    if output == "probability" and prediction is logits:
        raise UsageError(
            "explain_paths(output='probability'): the model does not end with softmax or sigmoid; "
            "ask for output='logit'"
        )
    if output != "probability":
        raise UsageError(
            f"explain_paths(output={output!r}): {did_you_mean(str(output), OUTPUTS)}"
            f"known: {', '.join(OUTPUTS)}; the number of a neuron is unit="
        )
    return prediction


def _unit(node: Node, output: str | int, unit: int | None) -> int:
    """The neuron that was asked for, by default the one with the largest value."""
    if unit is None:
        return int(np.argmax(node.value))
    if (
        isinstance(unit, bool)
        or not isinstance(unit, (int, np.integer))
        or not (-node.size <= unit < node.size)
    ):
        raise UsageError(
            f"explain_paths(unit={unit!r}): the {output} has {node.size} numbers; give 0 to "
            f"{node.size - 1}"
        )
    return int(unit) % node.size


def _from_loss(
    model: Any, y: Any, prediction: Node, logits: Node, chosen: Sequence[Node],
    names: dict[Node, str],
) -> Network:  # fmt: skip
    """The loss of one example on top of the last layer: one edge from each of its numbers."""
    if model.compiled is None or not model.compiled.used:
        raise UsageError(
            "explain_paths(output='loss'): the model was not compiled with a loss; call "
            "compile(loss=...) first"
        )
    if y is None:
        raise UsageError("explain_paths(output='loss'): give the target y of the example")
    targets = by_output("y", y, model.compiled.names)
    model.compiled.check_targets(targets, [prediction])
    (loss,) = model.compiled.losses_of(targets, [prediction], [None])
    base = logits if _passes_all(loss, logits, chosen) else prediction
    slopes = np.asarray(gradient(loss, [base], warn=False)[0])
    head = ("loss", float(loss.value), slopes.ravel())
    return contracted(network_of(base, chosen, 0, names, head, batched=True))


def _passes_all(loss: Node, node: Node, chosen: Sequence[Node]) -> bool:
    """Whether the loss sees the leaves through this node alone."""
    return not set(chosen) & set(toposort([loss], stop={node}))


# --- the leaves -----------------------------------------------------------------------------------


def _leaves(model: Any, wrt: Any, names: dict[Node, str]) -> tuple[list[Node], str]:
    """The nodes where paths end, and what they are in words."""
    asked = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    found: dict[Node, None] = {}
    words = []
    for one in asked:
        nodes, word = _some_leaves(model, one, names)
        found |= dict.fromkeys(nodes)
        words.append(word)
    size = sum(node.size for node in found)
    return list(found), f"{', '.join(words)} ({size:,} number{'s' * (size != 1)})"


def _some_leaves(model: Any, wrt: Any, names: dict[Node, str]) -> tuple[list[Node], str]:
    if isinstance(wrt, Variable):
        return [wrt], wrt.path
    if wrt == "inputs":
        return list(names), "the inputs" if len(names) > 1 else "the input x"
    if wrt == "weights":
        return list(model.weights), "all weights"
    inputs = {name: node for node, name in names.items()}
    weights = {w.path: w for w in model.weights}
    layers = {str(layer.name): layer for layer in model.layers}
    if wrt in inputs:
        return [inputs[wrt]], f"the input {wrt}"
    if wrt in weights:
        return [weights[wrt]], wrt
    if wrt in layers and layers[wrt].weights:
        return list(layers[wrt].weights), f"the weights of {wrt}"
    known = ["inputs", "weights", *[n for n, layer in layers.items() if layer.weights], *weights]
    raise UsageError(
        f"explain_paths(wrt={wrt!r}): {did_you_mean(str(wrt), known)}"
        f"known: {', '.join(known[:12])}{', ...' * (len(known) > 12)}"
    )
