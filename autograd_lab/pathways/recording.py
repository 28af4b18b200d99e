"""From a recorded graph to layers of neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node, active_nodes, toposort
from autograd_lab.pathways.links import Link, Matrix
from autograd_lab.pathways.local import edges_of
from autograd_lab.pathways.network import Network, Neurons
from autograd_lab.variables import Variable

Head = tuple[str, float, np.ndarray[Any, Any]]


def network_of(
    output: Node,
    leaves: Sequence[Node],
    unit: int = 0,
    names: Mapping[Node, str] | None = None,
    head: Head | None = None,
    batched: bool = False,
) -> Network:
    """The neurons between an output and leaves, with the edges of every operation between.

    ``unit`` is the neuron of the output where paths begin.  ``head`` puts one more on top of the
    whole output: its name, its value and its slopes.  ``batched``: a first axis of length 1
    is a batch of one example but for variables, and no part of a neuron's name.

    >>> from autograd_lab.graph import leaf
    >>> a = leaf(2.0, "a")
    >>> network_of(a * a, [a]).edges
    2
    """
    order = toposort([output])
    active = active_nodes(order, leaves)
    nodes = [node for node in order if node in active] if output in active else [output]
    called = _names(order, names or {}, batched)
    number = {node: i for i, node in enumerate(nodes)}

    def name(node: Node, place: int) -> str:
        return called[node].neuron(place) if node in called else f"{_entry(node, place):.3g}"

    links: list[Link] = []
    for node in nodes:
        for i, x in enumerate(node.inputs):
            if node.op is not None and x in number and node.op.pull(i) is not None:
                ends = {"source": number[x], "target": number[node]}
                links.append(edges_of(node, i, ends, name))
    network = Network(
        layers=[called.get(node, Neurons("constant", node.shape)) for node in nodes],
        links=links,
        output=(number[output], unit),
        leaves=[number[x] for x in dict.fromkeys(leaves) if x in number],
        value=_entry(output, unit),
    )
    return (network if head is None else _with_head(network, head)).checked()


def _with_head(network: Network, head: Head) -> Network:
    """One neuron more, on top of all neurons of the output."""
    name, value, slopes = head
    below, top = network.output[0], len(network.layers)
    neurons = network.layers[below]
    link = Matrix(
        source=below, target=top, slopes=np.asarray(slopes, dtype=float).reshape(-1, 1),
        symbol=lambda i, _j: f"∂{name}/∂{neurons.neuron(i)}",
    )  # fmt: skip
    layers = [*network.layers, Neurons(name, ())]
    return Network(layers, [*network.links, link], (top, 0), network.leaves, value)


def _entry(node: Node, place: int) -> float:
    return float(np.asarray(node.value).flat[place])


def _names(order: Sequence[Node], given: Mapping[Node, str], batched: bool) -> dict[Node, Neurons]:
    """A name for every tensor: its own, its layer's, or that of its operation with a number.

    Numbers written into a formula have none.
    """
    found: dict[Node, Neurons] = {}
    calls: dict[str, int] = {}
    before, counts, used = "", dict[str, int](), set[Node]()
    for node in order:
        layer = "/".join(node.scope)
        own = {x for x in node.inputs if isinstance(x, Variable)}
        if node in given:
            name = given[node]
        elif isinstance(node, Variable):
            name = node.path
        elif node.op is None or (node.name and not layer):
            if node.is_constant:
                continue
            name = str(node.name)
        elif layer:
            if layer != before or own & used:  # called again: another layer of neurons
                calls[layer] = calls.get(layer, 0) + 1
                used = set()
            before, used = layer, used | own
            name = layer if calls[layer] == 1 else f"{layer}#{calls[layer]}"
        else:
            counts[node.op.name] = counts.get(node.op.name, 0) + 1
            name = f"{node.op.name}_{counts[node.op.name]}"
        of_example = batched and not isinstance(node, Variable) and node.shape[:1] == (1,)
        found[node] = Neurons(name, node.shape[1:] if of_example else node.shape)
    return found
