"""One rate for every weight: Adagrad, RMSprop and Adadelta divide by the size of past gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from autograd_lab import ops
from autograd_lab.graph import Node
from autograd_lab.optimizers import conventions
from autograd_lab.optimizers.base import Optimizer, Scalars, Slots
from autograd_lab.optimizers.conventions import Conventions
from autograd_lab.optimizers.learning_rate import LearningRate
from autograd_lab.optimizers.marking import mark
from autograd_lab.registry import register
from autograd_lab.settings import flag, number


def root(s: Any, epsilon: Any, inside: bool) -> Any:
    """√(s + ε) or √s + ε: what a step is divided by, so that it is never 0."""
    return ops.sqrt(s + epsilon) if inside else ops.sqrt(s) + epsilon


def average(old: Any, new: Any, beta: Any) -> Any:
    """β old + (1 − β) new: a mean in which the past fades."""
    return beta * old + (1.0 - beta) * new


@register("optimizers")
@dataclass(eq=False)
class Adagrad(Optimizer):
    """s ← s + g²,  w ← w − ηg/√(s + ε): the more a weight's gradients were, the smaller its steps.

    initial_accumulator_value : s at first; 0.1 as in Keras, 0 under the other conventions.
    Source: slide AdaGrad (2/2); Duchi, Hazan and Singer 2011, JMLR 12.

    >>> slower = Adagrad(initial_accumulator_value=0.0).explain_step(1.0, steps=4).multiples
    >>> [round(x, 4) for x in slower]  # 1/√t
    [1.0, 0.7071, 0.5774, 0.5]
    """

    learning_rate: LearningRate = LearningRate(0.001)  # noqa: RUF009 - a descriptor
    initial_accumulator_value: float | None = None
    epsilon: float = 1e-7

    conventions: ClassVar[Conventions] = conventions.ADAGRAD
    symbols: ClassVar = {"epsilon": "epsilon"}
    letters: ClassVar = {"accumulator": "s"}

    def check(self) -> None:
        if self.initial_accumulator_value is None:
            self.initial_accumulator_value = self.form.start
        self.initial_accumulator_value = number(self, "initial_accumulator_value", at_least=0)
        self.epsilon = number(self, "epsilon", at_least=0)

    def slot_values(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value or 0.0}

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        s = old["accumulator"] + ops.square(g)
        return now["rate"] * g / root(s, self.epsilon, self.form.inside), {"accumulator": s}


@register("optimizers")
@dataclass(eq=False)
class RMSprop(Optimizer):
    """s ← βs + (1 − β)g²,  w ← w − ηg/√(s + ε): Adagrad that forgets the gradients of long ago.

    rho : β, at least 0 and below 1.
    momentum : μ; m ← μm + ηg/√(s + ε),  w ← w − m.
    centered : s less the square of the mean gradient, the variance, stands under the root.
    Source: slide RMSProp (2/2); Tieleman and Hinton 2012; centered: Graves 2013, arXiv 1308.0850.

    >>> round(RMSprop().explain_step(1.0).multiples[0], 4)  # 1/√(1 − 0.9)
    3.1623
    """

    learning_rate: LearningRate = LearningRate(0.001)  # noqa: RUF009 - a descriptor
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    conventions: ClassVar[Conventions] = conventions.RMSPROP
    symbols: ClassVar = {"rho": "beta", "momentum": "mu", "epsilon": "epsilon"}
    letters: ClassVar = {"velocity": "s", "momentum": "m", "average_gradient": "a"}

    def check(self) -> None:
        self.rho = number(self, "rho", at_least=0, below=1)
        self.momentum = number(self, "momentum", at_least=0, below=1)
        self.epsilon = number(self, "epsilon", at_least=0)
        self.centered = flag(self, "centered")

    def slot_values(self) -> dict[str, float]:
        names = ["velocity"] + ["momentum"] * bool(self.momentum)
        return dict.fromkeys(names + ["average_gradient"] * self.centered, 0.0)

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        s = average(old["velocity"], ops.square(g), self.rho)
        new, size = {"velocity": s}, s
        if self.centered:
            new["average_gradient"] = average(old["average_gradient"], g, self.rho)
            size = s - ops.square(new["average_gradient"])
        outside = self.form.eta_outside and self.momentum
        push = g if outside else now["rate"] * g
        step = push / root(size, self.epsilon, self.form.inside)
        if self.momentum:
            step = new["momentum"] = self.momentum * old["momentum"] + step
        return now["rate"] * step if outside else step, new


@register("optimizers")
@dataclass(eq=False)
class Adadelta(Optimizer):
    """s ← ρs + (1 − ρ)g²,  δ = g√(d + ε)/√(s + ε),  d ← ρd + (1 − ρ)δ²,  w ← w − ηδ.

    The steps are as large as steps were lately, so the rate has no unit: Zeiler's is 1.
    Source: Zeiler 2012, arXiv 1212.5701, algorithm 1.

    >>> round(Adadelta(learning_rate=1.0).explain_step(1.0).multiples[0], 9)  # √(ε/0.05)
    0.001414212
    """

    learning_rate: LearningRate = LearningRate(0.001)  # noqa: RUF009 - a descriptor
    rho: float = 0.95
    epsilon: float = 1e-7

    symbols: ClassVar = {"rho": "rho", "epsilon": "epsilon"}
    letters: ClassVar = {"accumulated_grad": "s", "accumulated_delta_var": "d"}

    def check(self) -> None:
        self.rho = number(self, "rho", at_least=0, below=1)
        self.epsilon = number(self, "epsilon", above=0)

    def slot_values(self) -> dict[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        s = average(old["accumulated_grad"], ops.square(g), self.rho)
        usual = root(old["accumulated_delta_var"], self.epsilon, inside=True)
        delta = mark(usual * g / root(s, self.epsilon, inside=True), "delta")
        d = average(old["accumulated_delta_var"], ops.square(delta), self.rho)
        return now["rate"] * delta, {"accumulated_grad": s, "accumulated_delta_var": d}
