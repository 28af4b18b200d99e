"""Schedules: the learning rate η as a function of the number of steps taken so far.

A schedule is called with a step, a plain number or the node that counts steps, and answers in
kind: inside a training step it is a few nodes, so nothing has to be set from outside.
Steps count from 0, and all is calculated in double precision (Keras: float32).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lab import ops, registry
from autograd_lab.errors import UsageError
from autograd_lab.registry import Configured, register
from autograd_lab.settings import flag, number, wrong

FAMILY = "optimizers.schedules"  # where Keras keeps them, and so its settings find them
# The number of a restart is a quotient of logarithms: ln 243 / ln 3 is 4.999999999999999.
ROUNDING = 1e-12


class LearningRateSchedule(Configured):
    """Base of all schedules: called with a step, it gives the learning rate of that step.

    A schedule of one's own chooses with ``ops.where``: an ``if`` is followed once, when the step is
    recorded.

    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.5 ** (step + 1)
    >>> Halving()(2)
    0.125
    """

    family = FAMILY

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(self, step)")


def _ceil(x: Any) -> Any:
    return -ops.floor(-x)


def _half_wave(fraction: Any) -> Any:
    """From 1 to 0 as the fraction goes from 0 to 1: ½(1 + cos(π fraction))."""
    return 0.5 * (1.0 + ops.cos(math.pi * fraction))


@dataclass(eq=False)
class _Decay(LearningRateSchedule):
    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False

    def __post_init__(self) -> None:
        self.initial_learning_rate = number(self, "initial_learning_rate", at_least=0)
        self.decay_steps = number(self, "decay_steps", above=0)
        self.decay_rate = number(self, "decay_rate", at_least=0)
        self.staircase = flag(self, "staircase")

    def _periods(self, step: Any) -> Any:
        """How many times decay_steps have passed; whole times only on a staircase."""
        passed = ops.divide(step, self.decay_steps)
        return ops.floor(passed) if self.staircase else passed


@register(FAMILY)
@dataclass(eq=False)
class ExponentialDecay(_Decay):
    """η = initial_learning_rate · decay_rate^(step / decay_steps).

    With ``staircase`` the exponent is rounded down, so that the rate stays and then jumps.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    name: str = "ExponentialDecay"

    def __call__(self, step: Any) -> Any:
        return self.initial_learning_rate * ops.power(self.decay_rate, self._periods(step))


@register(FAMILY)
@dataclass(eq=False)
class InverseTimeDecay(_Decay):
    """η = initial_learning_rate / (1 + decay_rate · step / decay_steps).

    With ``staircase`` the quotient step / decay_steps is rounded down.

    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.05
    """

    name: str = "InverseTimeDecay"

    def __call__(self, step: Any) -> Any:
        slower = 1.0 + self.decay_rate * self._periods(step)
        return ops.divide(self.initial_learning_rate, slower)


@register(FAMILY)
@dataclass(eq=False)
class PiecewiseConstantDecay(LearningRateSchedule):
    """η = values[i] for boundaries[i - 1] < step <= boundaries[i]; one value more than boundaries.

    >>> schedule = PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    >>> [schedule(step) for step in (0, 100, 101, 1000)]
    [0.1, 0.1, 0.01, 0.001]
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        for setting in ("boundaries", "values"):
            self._require_numbers(setting)
        if len(self.boundaries) != len(self.values) - 1:
            raise UsageError(
                f"PiecewiseConstantDecay: {len(self.boundaries)} boundaries separate "
                f"{len(self.boundaries) + 1} values, but {len(self.values)} were given."
            )
        if sorted(set(self.boundaries)) != self.boundaries:
            raise wrong(self, "boundaries", "must grow from one to the next")

    def _require_numbers(self, setting: str) -> None:
        try:
            numbers = [float(x) for x in getattr(self, setting)]
        except (TypeError, ValueError):
            raise wrong(self, setting, "must be a list of numbers") from None
        low = 0.0 if setting == "values" else -math.inf
        if not all(math.isfinite(x) and x >= low for x in numbers):
            raise wrong(self, setting, "must be finite and, for values, not below 0")
        setattr(self, setting, numbers)

    def __call__(self, step: Any) -> Any:
        *earlier, rate = self.values
        for boundary, value in zip(reversed(self.boundaries), reversed(earlier), strict=True):
            rate = ops.where(ops.less_equal(step, boundary), value, rate)
        return rate


@register(FAMILY)
@dataclass(eq=False)
class PolynomialDecay(LearningRateSchedule):
    """η = (initial - end)(1 - step / decay_steps)^power + end, and then the end rate.

    With ``cycle`` the decay never ends: decay_steps is replaced by its next multiple that the step
    has not passed, so that the rate jumps up whenever it has reached the end.

    >>> PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0, power=2.0)(5)
    0.025
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __post_init__(self) -> None:
        self.initial_learning_rate = number(self, "initial_learning_rate", at_least=0)
        self.decay_steps = number(self, "decay_steps", above=0)
        self.end_learning_rate = number(self, "end_learning_rate", at_least=0)
        self.power = number(self, "power", at_least=0)
        self.cycle = flag(self, "cycle")

    def __call__(self, step: Any) -> Any:
        if self.cycle:
            begun = ops.maximum(_ceil(ops.divide(step, self.decay_steps)), 1.0)
            passed = ops.divide(step, self.decay_steps * begun)
        else:
            passed = ops.divide(ops.minimum(step, self.decay_steps), self.decay_steps)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(1.0 - passed, self.power) + self.end_learning_rate


@register(FAMILY)
@dataclass(eq=False)
class CosineDecay(LearningRateSchedule):
    """η = initial · ((1 - alpha) ½(1 + cos(π step / decay_steps)) + alpha), then initial · alpha.

    With ``warmup_target`` the rate first grows in a straight line from the initial rate to the
    target, over ``warmup_steps``, and decays from there.
    Source: Loshchilov and Hutter 2016, arXiv 1608.03983; warmup: Goyal et al. 2017, 1706.02677.

    >>> schedule = CosineDecay(0.0, decay_steps=10, warmup_target=0.1, warmup_steps=5)
    >>> [round(schedule(step), 3) for step in (0, 1, 5, 10, 15, 99)]
    [0.0, 0.02, 0.1, 0.05, 0.0, 0.0]
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: float = 0

    def __post_init__(self) -> None:
        self.initial_learning_rate = number(self, "initial_learning_rate", at_least=0)
        self.decay_steps = number(self, "decay_steps", above=0)
        self.alpha = number(self, "alpha", at_least=0)
        if self.warmup_target is not None:
            self.warmup_target = number(self, "warmup_target", at_least=0)
        self.warmup_steps = number(self, "warmup_steps", at_least=0)

    def __call__(self, step: Any) -> Any:
        if self.warmup_target is None:
            return self._decayed(self.initial_learning_rate, step)
        decayed = self._decayed(self.warmup_target, step - self.warmup_steps)
        if not self.warmup_steps:
            return decayed
        slope = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        warming = slope * step + self.initial_learning_rate
        return ops.where(ops.less(step, self.warmup_steps), warming, decayed)

    def _decayed(self, rate: float, step: Any) -> Any:
        wave = _half_wave(ops.divide(ops.minimum(step, self.decay_steps), self.decay_steps))
        return rate * ((1.0 - self.alpha) * wave + self.alpha)


@register(FAMILY)
@dataclass(eq=False)
class CosineDecayRestarts(LearningRateSchedule):
    """The cosine decay again and again: each run is t_mul times as long, from m_mul times the rate.

    η = initial · ((1 - alpha) m_mul^i ½(1 + cos(π fraction of run i)) + alpha).
    Source: Loshchilov and Hutter 2016, arXiv 1608.03983.

    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=10)
    >>> [round(schedule(step), 3) for step in (0, 5, 10, 20, 30)]
    [0.1, 0.05, 0.1, 0.05, 0.1]
    """

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __post_init__(self) -> None:
        self.initial_learning_rate = number(self, "initial_learning_rate", at_least=0)
        self.first_decay_steps = number(self, "first_decay_steps", above=0)
        self.t_mul = number(self, "t_mul", at_least=1)
        self.m_mul = number(self, "m_mul", at_least=0)
        self.alpha = number(self, "alpha", at_least=0)

    def __call__(self, step: Any) -> Any:
        run, fraction = self._run(ops.divide(step, self.first_decay_steps))
        wave = ops.power(self.m_mul, run) * _half_wave(fraction)
        return self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha)

    def _run(self, passed: Any) -> tuple[Any, Any]:
        """Which run it is, from 0, and how much of it has passed; the first takes 1."""
        t = self.t_mul
        if t == 1:
            run = ops.floor(passed)
            return run, passed - run
        run = ops.floor(ops.log(1.0 + passed * (t - 1.0)) / math.log(t) + ROUNDING)
        length = ops.power(t, run)
        begun = (length - 1.0) / (t - 1.0)
        return run, ops.divide(passed - begun, length)


def get(identifier: Any) -> Any:
    """The schedule that settings or an object stand for; None for none."""
    return registry.get(FAMILY, identifier)


# Keras's names for the ways from and to settings.
deserialize, serialize = get, registry.serialize
