"""One training step as one graph: loss, penalties, gradient, clipping, update and constraints.

All state lies in leaves, so a step is a list of (leaf, new value).  The new values are all
calculated first and assigned last: the updates are simultaneous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_lab.graph import Node, Value, leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import Program, graft
from autograd_lab.plans.plan import Plan
from autograd_lab.recording import Recording, recording
from autograd_lab.symbolic import Nest, leaves, like
from autograd_lab.variables import Variable


class Step:
    """A recorded step: arrays in, values out, and new values for variables.

    It runs as a plan, or with ``eagerly`` node by node, which is what the plan must equal.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        outputs: Sequence[Node],
        tape: Recording,
        updates: Sequence[tuple[Variable, Node]] = (),
        rows: Sequence[tuple[Variable, ...]] = (),
        eagerly: bool = False,
    ) -> None:
        self.plan = None if eagerly else Plan(inputs, outputs, tape.draws, updates, rows)
        self.samples = [sample for _, sample in tape.draws]
        self.variables = [variable for variable, _ in updates]
        self.outputs = len(outputs)
        if eagerly:
            new = [value for _, value in updates]
            self.program = Program([*outputs, *new], [*inputs, *[leaf for leaf, _ in tape.draws]])

    def __call__(self, arrays: Sequence[Value]) -> list[Value]:
        """Run once: draw new random numbers, calculate, then assign."""
        if self.plan is not None:
            return self.plan(arrays)
        values = self.program([*arrays, *[sample() for sample in self.samples]])
        for variable, new in zip(self.variables, values[self.outputs :], strict=True):
            variable.assign(new)
        return values[: self.outputs]


def record(
    model: Any,
    batch: Sequence[Nest],
    compiled: Any = None,
    *,
    training: bool = False,
    eagerly: bool = False,
) -> Step:
    """The step of a model on batches like this one: (x,) to predict, (x, y, weights) for a loss.

    The outputs are the predictions, and before them, with a loss, the total and each output's own.
    """
    inputs = [like(part, leaf) for part in batch]
    with recording() as tape:
        predictions = leaves(model.call_unscoped(inputs[0], training=training))
        given = [node for part in inputs for node in leaves(part)]
        if compiled is None:
            return Step(given, predictions, tape, eagerly=eagerly)
        losses = compiled.losses_of(inputs[1], predictions, inputs[2])
        total = _total([*losses, *model.kernel_penalties, *tape.penalties], compiled.weights)
        outputs = [total, *losses, *predictions]
        if not training:
            return Step(given, outputs, tape, eagerly=eagerly)
        updates = [*tape.updates, *_updates(model, compiled.optimizer, total)]
    slots = compiled.optimizer.slots
    rows = [(w, *slots[w].values()) for w in model.trainable_weights]
    return Step(given, outputs, tape, updates, rows, eagerly)


def _total(terms: Sequence[Any], weights: Sequence[float]) -> Any:
    """The losses by their weights, and the penalties as they are."""
    scale = [*weights, *[1.0] * (len(terms) - len(weights))]
    parts = [t if s == 1.0 else t * s for t, s in zip(terms, scale, strict=True)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _updates(model: Any, optimizer: Any, total: Node) -> list[tuple[Variable, Node]]:
    variables = model.trainable_weights
    ahead: dict[Node, Node] = dict(optimizer.lookahead(variables))
    if ahead:  # a rule that measures the slope elsewhere than at the weights
        total = graft(total, ahead)
    slopes = gradient(optimizer.scale_loss(total), variables, create_graph=True, warn=False)
    updates: Callable[..., list[tuple[Variable, Node]]] = optimizer.updates
    return updates(list(zip(variables, slopes, strict=True)))
