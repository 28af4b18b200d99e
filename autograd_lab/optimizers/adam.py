"""Momentum and a rate for every weight at once: Adam and its relatives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from autograd_lab import ops
from autograd_lab.graph import Node
from autograd_lab.optimizers import conventions
from autograd_lab.optimizers.adaptive import average, root
from autograd_lab.optimizers.base import Optimizer, Scalars, Slots, Update
from autograd_lab.optimizers.conventions import Conventions
from autograd_lab.optimizers.learning_rate import LearningRate
from autograd_lab.optimizers.marking import mark
from autograd_lab.registry import register
from autograd_lab.settings import flag, number, wrong
from autograd_lab.variables import Variable


def nearer(old: Any, new: Any, beta: Any) -> Any:
    """The same average as β old + (1 − β) new, the way Keras calculates it."""
    return old + (new - old) * (1.0 - beta)


@dataclass(eq=False)
class _TwoMoments(Optimizer):
    """What Adam's family shares: two decay rates and ε."""

    learning_rate: LearningRate = LearningRate(0.001)  # noqa: RUF009 - a descriptor
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    symbols: ClassVar = {"beta_1": "beta_1", "beta_2": "beta_2", "epsilon": "epsilon"}
    letters: ClassVar = {"momentum": "m", "velocity": "s", "velocity_hat": "s_max", "norm": "u"}

    def check(self) -> None:
        self.beta_1 = number(self, "beta_1", at_least=0, below=1)
        self.beta_2 = number(self, "beta_2", at_least=0, below=1)
        self.epsilon = number(self, "epsilon", at_least=0)

    def slot_values(self) -> dict[str, float]:
        return {"momentum": 0.0, "velocity": 0.0}


@register("optimizers")
@dataclass(eq=False)
class Adam(_TwoMoments):
    """m and s, running means of g and g²;  w ← w − η·√(1 − β₂^t)/(1 − β₁^t)·m/(√s + ε).

    amsgrad : the largest s so far stands in for s (Reddi, Kale and Kumar 2018, arXiv 1904.09237).
    Both means start at 0 and are too small at first; in full, m̂ = m/(1 − β₁^t), ŝ = s/(1 − β₂^t),
    w ← w − ηm̂/(√ŝ + ε/√(1 − β₂^t)) is the same.
    Source: slide Adam Optimization (2/3); Kingma and Ba 2015, arXiv 1412.6980, algorithm 1.

    >>> [round(x, 4) for x in Adam(convention="lecture").explain_step(1.0, steps=5).multiples]
    [1.0, 0.2353, 0.0437, 0.0073, 0.0011]
    """

    amsgrad: bool = False

    conventions: ClassVar[Conventions] = conventions.ADAM

    def check(self) -> None:
        super().check()
        self.amsgrad = flag(self, "amsgrad")
        if self.amsgrad and self.form.overwrites:
            raise wrong(self, "amsgrad", f"is not defined under {self.convention!r}")

    def slot_values(self) -> dict[str, float]:
        return {**super().slot_values(), **({"velocity_hat": 0.0} if self.amsgrad else {})}

    def scalars(self, rate: Node, t: Node) -> Scalars:
        """The correction of the bias, once for all weights."""
        m_bias, s_bias = 1.0 - ops.power(self.beta_1, t), 1.0 - ops.power(self.beta_2, t)
        now = {"rate": rate, "t": t, "m_bias": m_bias, "s_bias": s_bias}
        if self.form.folded:
            now["alpha"] = mark(rate * ops.sqrt(s_bias) / m_bias, "alpha")
        return now

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        mean = nearer if self.form.folded else average
        m = mark(mean(old["momentum"], g, self.beta_1), "m")
        s = mark(mean(old["velocity"], ops.square(g), self.beta_2), "s")
        new, size = {"momentum": m, "velocity": s}, s
        if self.amsgrad:
            size = new["velocity_hat"] = ops.maximum(old["velocity_hat"], s)
        if self.form.folded:
            return m * now["alpha"] / (ops.sqrt(size) + self.epsilon), new
        m, size = self.corrected(m, size, now)
        if self.form.overwrites:
            new = {"momentum": m, "velocity": size}
        return now["rate"] * m / root(size, self.epsilon, self.form.inside), new

    def aside(self, new: Slots, now: Scalars) -> list[Node]:
        size = new["velocity_hat"] if self.amsgrad else new["velocity"]
        return [*self.corrected(new["momentum"], size, now)] if self.form.folded else []

    def corrected(self, m: Node, s: Node, now: Scalars) -> tuple[Node, Node]:
        """The averages without their pull towards 0."""
        return mark(m / now["m_bias"], "m_hat"), mark(s / now["s_bias"], "s_hat")


@register("optimizers", "adamw")
@dataclass(eq=False)
class AdamW(Adam):
    """Adam with weight decay that is no part of the gradient: w ← w − w·weight_decay·η first.

    Source: Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2.

    >>> AdamW().weight_decay
    0.004
    """

    weight_decay: float | None = field(default=0.004, kw_only=True)

    def check(self) -> None:
        super().check()
        if self.weight_decay is None:
            raise wrong(self, "weight_decay", "must be a number at least 0; Adam has none")


@register("optimizers")
@dataclass(eq=False)
class Adamax(_TwoMoments):
    """m as in Adam,  u ← max(β₂u, |g|),  w ← w − ηm/((1 − β₁^t)(u + ε)).

    Source: Kingma and Ba 2015, arXiv 1412.6980, algorithm 2.

    >>> round(Adamax().explain_step(5.0).multiples[0], 6)
    1.0
    """

    def slot_values(self) -> dict[str, float]:
        return {"momentum": 0.0, "norm": 0.0}

    def scalars(self, rate: Node, t: Node) -> Scalars:
        alpha = mark(rate / (1.0 - ops.power(self.beta_1, t)), "alpha")
        return {"rate": rate, "t": t, "alpha": alpha}

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        m = nearer(old["momentum"], g, self.beta_1)
        u = ops.maximum(self.beta_2 * old["norm"], ops.abs(g))
        return m * now["alpha"] / (u + self.epsilon), {"momentum": m, "norm": u}


DOZAT = 0.96  # from which β₁ grows to its full value; Dozat 2016, section 3


@register("optimizers")
@dataclass(eq=False)
class Nadam(_TwoMoments):
    """Adam with Nesterov's momentum, and a β₁ that grows: u_t = β₁(1 − ½·0.96^t).

    m and s as in Adam,  m̂ = u_{t+1} m/(1 − U u_{t+1}) + (1 − u_t) g/(1 − U),  U = u_1 … u_t,
    ŝ = s/(1 − β₂^t),  w ← w − ηm̂/(√ŝ + ε).
    Source: Dozat 2016, "Incorporating Nesterov Momentum into Adam"; form and constants of Keras.

    >>> round(Nadam().explain_step(1.0).multiples[0], 3)
    1.063
    """

    u_product: Variable = field(init=False, repr=False)

    letters: ClassVar = {"momentum": "m", "velocity": "s", "u_product": "U"}

    def check(self) -> None:
        super().check()
        self.u_product = Variable(1.0, name="u_product", trainable=False, dtype="float64")

    @property
    def variables(self) -> list[Variable]:
        return [*super().variables, self.u_product]

    def _fading(self, t: Node) -> Any:
        return self.beta_1 * (1.0 - 0.5 * ops.power(DOZAT, t))

    def scalars(self, rate: Node, t: Node) -> Scalars:
        u, u_next = mark(self._fading(t), "u"), mark(self._fading(t + 1.0), "u_next")
        product = self.u_product * u
        of_m = mark(rate * u_next / (1.0 - product * u_next), "a")
        of_g = mark(rate * (1.0 - u) / (1.0 - product), "b")
        s_bias = 1.0 - ops.power(self.beta_2, t)
        return {"rate": rate, "t": t, "U": product, "of_m": of_m, "of_g": of_g, "s_bias": s_bias}

    def shared_updates(self, now: Scalars) -> list[Update]:
        return [(self.u_product, now["U"])]

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        m = nearer(old["momentum"], g, self.beta_1)
        s = nearer(old["velocity"], ops.square(g), self.beta_2)
        s_hat = mark(s / now["s_bias"], "s_hat")
        step = (m * now["of_m"] + g * now["of_g"]) / (ops.sqrt(s_hat) + self.epsilon)
        return step, {"momentum": m, "velocity": s}
