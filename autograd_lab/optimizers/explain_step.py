"""Steps of an optimizer as arithmetic.

Nothing is calculated here.  The optimizer records its graph for one weight with its settings as
named leaves, and every line is a node of that graph, written once with names and once with values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.graph import Node, leaf, toposort
from autograd_lab.interpreters.writing import decimal, named, write
from autograd_lab.notation import Formula
from autograd_lab.optimizers.step_report import Line, Setting, Step, StepExplanation, brief, indexed
from autograd_lab.variables import Variable

if TYPE_CHECKING:
    from autograd_lab.optimizers.base import Optimizer

Gradients = float | Sequence[float] | Callable[[float], float]
MOST_STEPS = 10_000
SHARED_SYMBOLS = {
    "weight_decay": "lambda", "clipnorm": "c", "clipvalue": "c", "global_clipnorm": "c",
    "loss_scale_factor": "k",
}  # fmt: skip


def explain_step(
    optimizer: Optimizer, g: Gradients, w: float = 0.0, steps: int | None = None
) -> StepExplanation:
    """See ``Optimizer.explain_step``."""
    model = type(optimizer).from_config(optimizer.get_config())
    weight = Variable(_finite("w", w), name="w", dtype="float64")
    model.build([weight])
    settings = _name_settings(model)
    taken = []
    for t, gradient_at in enumerate(_gradients(g, steps), 1):
        point = dict(model.lookahead([weight])).get(weight, weight)
        gradient = leaf(_finite("g", gradient_at(float(point))), "g")
        updates = dict(model.updates([(weight, gradient)]))
        taken.append(_Record(model, t, weight, gradient, point, updates, settings).step())
        for x, value in updates.items():
            x.assign(value)
    return StepExplanation(
        type(model).__name__, model.convention, tuple(settings.values()), tuple(taken)
    )


def _name_settings(model: Optimizer) -> dict[Node, Setting]:
    """Put named leaves in place of the numbers, so that formulas show their letters."""
    found: dict[Node, Setting] = {}
    if isinstance(model.rate, Variable):
        found[model.rate] = Setting("learning_rate", named("eta"), float(model.rate))
    for name, letter in {**model.symbols, **SHARED_SYMBOLS}.items():
        value = getattr(model, name, None)
        if value:
            node = leaf(value, letter)
            setattr(model, name, node)
            found[node] = Setting(name, named(letter), float(value))
    return found


def _gradients(g: Gradients, steps: int | None) -> Iterator[Callable[[float], Any]]:
    """For each step the function that gives its gradient at a point."""
    listed = list(g) if isinstance(g, (Sequence, np.ndarray)) and np.ndim(g) == 1 else None
    n = steps if steps is not None else 1 if listed is None else len(listed)
    if type(n) is not int or not 0 < n <= MOST_STEPS or (listed and len(listed) != n):
        raise UsageError(
            f"explain_step(steps={steps!r}): give one gradient for each step, or one number (or "
            f"function of w) and how many steps, 1 to {MOST_STEPS}."
        )
    if callable(g):
        return itertools.repeat(g, n)
    values: Sequence[Any] = listed or [g] * n
    return (lambda _, x=x: x for x in values)  # type: ignore[misc]


def _finite(name: str, x: Any) -> float:
    try:
        found = float(x)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise UsageError(f"explain_step({name}={x!r}): {name} must be a finite number.")
    return found


@dataclass(frozen=True)
class _Record:
    """The graph of one step, and what its nodes are called."""

    model: Optimizer
    t: int
    weight: Variable
    gradient: Node
    point: Node
    updates: Mapping[Variable, Node]
    settings: Mapping[Node, Setting]

    def step(self) -> Step:
        shown = self._shown()
        names = {**self._leaves(), **{n: indexed(key, self.t) for n, key in shown.items()}}
        values = {node: brief(float(node)) for node in names}
        for node in toposort(shown):
            if node.name == "t":
                names[node], values[node] = Formula("t", "t"), decimal(self.t)
        lines = tuple(
            Line(key, names[node], write(node, names), write(node, values), float(node))
            for node, key in shown.items()
        )
        rate = float(self.model.learning_rate)
        multiple = float(self._taken()) / rate if rate else math.nan
        return Step(self.t, float(self.gradient), lines, multiple)

    def _taken(self) -> Node:
        """What the rule takes off the weight."""
        return next(n for n in toposort([self.updates[self.weight]]) if n.name == "step")

    def _shown(self) -> dict[Node, str]:
        """The computed quantities that have a name, in the order they are read in."""
        keys = {self.updates[x]: key for x, key in self._state().items()}
        aside = self._aside()
        place = dict.fromkeys(aside, self._taken().serial)  # just before the step
        order = toposort([*keys, *aside, self.point])
        order.sort(key=lambda node: (place.get(node, node.serial), node not in place))
        return {
            node: keys.get(node, str(node.name))
            for node in order
            if node.op is not None and (node in keys or node.name not in (None, "t"))
        }

    def _aside(self) -> list[Node]:
        slots = self.model.slots[self.weight]
        new = {name: self.updates[slot] for name, slot in slots.items()}
        return self.model.aside(new, self.model.now())

    def _state(self) -> dict[Variable, str]:
        """What the step changes, but for the count of steps, and how it is called."""
        slots = self.model.slots[self.weight]
        names = {x: str(x.name) for x in self.updates} | {x: name for name, x in slots.items()}
        letters = {self.weight: "w", **{x: self.model.letters.get(n, n) for x, n in names.items()}}
        return {x: letter for x, letter in letters.items() if x is not self.model.iterations}

    def _leaves(self) -> dict[Node, Formula]:
        before = {x: indexed(key, self.t - 1) for x, key in self._state().items()}
        return {
            **before,
            **{node: setting.symbol for node, setting in self.settings.items()},
            self.gradient: indexed("g", self.t),
            self.model.iterations: Formula("(t − 1)", "(t - 1)"),
        }
