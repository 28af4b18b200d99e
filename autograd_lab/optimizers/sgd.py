"""Gradient descent, with momentum and with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from autograd_lab.graph import Node
from autograd_lab.optimizers import conventions
from autograd_lab.optimizers.base import Optimizer, Scalars, Slots, Update
from autograd_lab.optimizers.conventions import Conventions
from autograd_lab.optimizers.learning_rate import LearningRate
from autograd_lab.optimizers.marking import mark
from autograd_lab.registry import register
from autograd_lab.settings import flag, number
from autograd_lab.variables import Variable


@register("optimizers")
@dataclass(eq=False)
class SGD(Optimizer):
    """w ← w − ηg, or with momentum: m ← βm + ηg,  w ← w − m.

    With ``nesterov``: w ← w − (βm + ηg) with the new m, which is Nesterov's method for the points
    w − βm at which it takes its gradients.  Under the conventions "lecture" and "lecture-fixed"
    the weights are Nesterov's own, and ``lookahead`` says where gradients are to be taken.

    momentum : β, at least 0 and below 1.
    Source: slides Momentum (3/3) and Nesterov Momentum (2/2); Sutskever et al. 2013.

    >>> w = Variable(1.0, name="w", dtype="float64")
    >>> optimizer = SGD(learning_rate=0.1, momentum=0.9)
    >>> for _ in range(3):
    ...     optimizer.apply([w.value], [w])  # the gradient of w²/2
    >>> round(float(w), 3)
    0.486
    """

    learning_rate: LearningRate = LearningRate(0.01)  # noqa: RUF009 - a descriptor
    momentum: float = 0.0
    nesterov: bool = False

    conventions: ClassVar[Conventions] = conventions.SGD
    symbols: ClassVar = {"momentum": "beta"}
    letters: ClassVar = {"momentum": "m"}

    def check(self) -> None:
        self.momentum = number(self, "momentum", at_least=0, below=1)
        self.nesterov = flag(self, "nesterov")

    def slot_values(self) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        rate = now["rate"]
        if not self.momentum:
            return rate * g, {}
        push = g if self.form.eta_outside else rate * g
        m = self.momentum * old["momentum"] + push
        ahead = self.nesterov and not self.form.lookahead
        step = self.momentum * m + push if ahead else m
        return rate * step if self.form.eta_outside else step, {"momentum": m}

    def lookahead(self, variables: Sequence[Variable]) -> list[Update]:
        sign = self.form.lookahead
        if not (sign and self.nesterov and self.momentum):
            return []
        self.build(variables)
        shifts = [(w, self.momentum * self.slots[w]["momentum"]) for w in variables]
        return [(w, mark(w + d if sign > 0 else w - d, "ahead")) for w, d in shifts]
