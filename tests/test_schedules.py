"""Learning-rate schedules against their formulas in plain Python, as numbers and as graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab import registry
from autograd_lab.errors import UsageError
from autograd_lab.graph import Node
from autograd_lab.interpreters.replay import Program
from autograd_lab.optimizers import SGD, schedules
from autograd_lab.optimizers.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from autograd_lab.variables import Variable

# --- the same once more, with the branches that a graph has no use for ----------------------------


def polynomial(step, rate, steps, end=0.0001, power=1.0, cycle=False):
    if cycle:
        while step > steps:  # the next multiple that the step has not passed
            steps += polynomial.steps
    else:
        step = min(step, steps)
    return (rate - end) * (1 - step / steps) ** power + end


polynomial.steps = 6


def cosine(step, rate, steps, alpha=0.0, target=None, warmup=0):
    if target is not None:
        if step < warmup:
            return rate + (target - rate) * step / warmup
        rate, step = target, step - warmup
    if step >= steps:
        return rate * alpha
    return rate * (alpha + (1 - alpha) * (1 + math.cos(math.pi * step / steps)) / 2)


def restarts(step, rate, length, t_mul=2.0, m_mul=1.0, alpha=0.0):
    high = 1.0
    while step >= length * (1 - 1e-12):
        step, length, high = step - length, length * t_mul, high * m_mul
    return rate * (alpha + (1 - alpha) * high * (1 + math.cos(math.pi * step / length)) / 2)


def piecewise(step, boundaries, values):
    return values[sum(step > b for b in boundaries)]


# schedule -> its formula
FORMULAS = {
    "exponential": (ExponentialDecay(0.3, 5, 0.5), lambda k: 0.3 * 0.5 ** (k / 5)),
    "staircase": (ExponentialDecay(0.3, 5, 0.5, True), lambda k: 0.3 * 0.5 ** (k // 5)),
    "inverse": (InverseTimeDecay(0.3, 4, 0.8), lambda k: 0.3 / (1 + 0.8 * k / 4)),
    "inverse staircase": (
        InverseTimeDecay(0.3, 4, 0.8, staircase=True), lambda k: 0.3 / (1 + 0.8 * (k // 4)),
    ),
    "piecewise": (
        PiecewiseConstantDecay([3, 7, 15], [0.3, 0.2, 0.1, 0.05]),
        lambda k: piecewise(k, [3, 7, 15], [0.3, 0.2, 0.1, 0.05]),
    ),
    "constant": (PiecewiseConstantDecay([], [0.3]), lambda k: 0.3),
    "polynomial": (PolynomialDecay(0.3, 6, 0.01), lambda k: polynomial(k, 0.3, 6, 0.01)),
    "square": (PolynomialDecay(0.3, 6, power=2), lambda k: polynomial(k, 0.3, 6, power=2)),
    "cycle": (
        PolynomialDecay(0.3, 6, 0.01, 0.5, True), lambda k: polynomial(k, 0.3, 6, 0.01, 0.5, True),
    ),
    "rising": (PolynomialDecay(0.1, 6, 0.5), lambda k: polynomial(k, 0.1, 6, 0.5)),
    "cosine": (CosineDecay(0.3, 12, 0.2), lambda k: cosine(k, 0.3, 12, 0.2)),
    "warmup": (
        CosineDecay(0.1, 10, 0.1, warmup_target=0.4, warmup_steps=5),
        lambda k: cosine(k, 0.1, 10, 0.1, 0.4, 5),
    ),
    "no warmup": (
        CosineDecay(0.1, 10, warmup_target=0.4), lambda k: cosine(k, 0.1, 10, 0.0, 0.4, 0),
    ),
    "restarts": (CosineDecayRestarts(0.3, 3, 2.0, 0.5, 0.1),
                 lambda k: restarts(k, 0.3, 3, 2.0, 0.5, 0.1)),
    "triple": (CosineDecayRestarts(0.3, 2, 3.0), lambda k: restarts(k, 0.3, 2, 3.0)),
    "by a half": (CosineDecayRestarts(0.3, 2, 1.5), lambda k: restarts(k, 0.3, 2, 1.5)),
    "even": (CosineDecayRestarts(0.3, 4, 1.0), lambda k: restarts(k, 0.3, 4, 1.0)),
}  # fmt: skip
STEPS = [*range(30), 60, 61, 100, 242, 484, 1000]


@pytest.mark.parametrize("name", FORMULAS)
def test_rates_are_the_formula(name):
    schedule, formula = FORMULAS[name]
    found = [schedule(step) for step in STEPS]
    assert all(type(rate) is float for rate in found)
    np.testing.assert_allclose(found, [formula(step) for step in STEPS], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_node_of_steps_gives_the_same_rates(name):
    """Recorded at step 0 and replayed: no branch is followed once and for all."""
    schedule, _ = FORMULAS[name]
    step = Variable(0.0, name="iterations", dtype="float64")
    rate = schedule(step)
    if isinstance(rate, Node):
        program = Program([rate], [step])
        assert [program([float(k)])[0] for k in STEPS] == [schedule(k) for k in STEPS]
    else:
        assert name == "constant"


@pytest.mark.parametrize("name", FORMULAS)
def test_an_optimizer_follows(name):
    schedule, formula = FORMULAS[name]
    optimizer, w = SGD(schedule), Variable(0.0, name="w", dtype="float64")
    for k in range(8):
        assert optimizer.learning_rate == pytest.approx(formula(k))
        optimizer.apply([-1.0], [w])
    assert float(w) == pytest.approx(sum(map(formula, range(8))))


@pytest.mark.parametrize("name", FORMULAS)
def test_settings_round_trip(name):
    schedule, _ = FORMULAS[name]
    config = schedule.get_config()
    again = type(schedule).from_config(config)
    assert again.get_config() == config
    named = registry.serialize(schedule)
    assert named["module"] == "optimizers.schedules"
    assert schedules.deserialize(named).get_config() == config
    keras = {**named, "module": "keras.optimizers.schedules"}
    assert registry.deserialize(keras).get_config() == config
    assert schedules.get(schedule) is schedule


def test_every_schedule_has_a_formula_to_be_checked_by():
    assert {type(schedule) for schedule, _ in FORMULAS.values()} == set(
        registry.FAMILIES["optimizers.schedules"].values()
    )


def test_a_planted_mistake_is_found():
    class Late(ExponentialDecay):
        def __call__(self, step):
            return super().__call__(step + 1)

    formula = FORMULAS["exponential"][1]
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(
            [Late(0.3, 5, 0.5)(k) for k in STEPS], [formula(k) for k in STEPS], rtol=1e-10
        )


@given(st.integers(1, 5), st.integers(1, 40), st.integers(1, 6))
def test_every_restart_begins_at_the_top(t_mul, first, runs):
    """A quotient of logarithms is not quite whole where it should be: ln 243 / ln 3."""
    schedule = CosineDecayRestarts(0.1, first, float(t_mul))
    begun = first * sum(t_mul**i for i in range(runs))
    assert schedule(begun) == 0.1
    assert schedule(begun - 1) < 0.1 or first == 1
    assert schedule(begun + 0.5) < 0.1


@given(st.integers(0, 10_000))
def test_rates_stay_between_their_ends(step):
    for schedule, low, high in (
        (ExponentialDecay(0.1, 100, 0.9), 0.0, 0.1),
        (CosineDecay(0.1, 500, 0.2, warmup_target=0.4, warmup_steps=9), 0.08, 0.4),
        (PolynomialDecay(0.1, 300, 0.02, 2.0, cycle=True), 0.02, 0.1),
        (CosineDecayRestarts(0.1, 50, 2.0, 0.9, 0.1), 0.01, 0.1),
    ):
        assert low * (1 - 1e-12) <= schedule(step) <= high * (1 + 1e-12)


REFUSED = {
    "no steps": (lambda: ExponentialDecay(0.1, 0, 0.5), r"decay_steps=0\): decay_steps must be"),
    "negative rate": (lambda: CosineDecay(-0.1, 5), "initial_learning_rate must be"),
    "negative decay": (lambda: InverseTimeDecay(0.1, 5, -0.5), "decay_rate must be"),
    "rate in words": (lambda: PolynomialDecay("big", 5), "initial_learning_rate must be"),
    "power": (lambda: PolynomialDecay(0.1, 5, power=-1), "power must be"),
    "flag": (lambda: ExponentialDecay(0.1, 5, 0.5, staircase=1.5), "staircase must be"),
    "warmup": (lambda: CosineDecay(0.1, 5, warmup_steps=-1), "warmup_steps must be"),
    "t_mul": (lambda: CosineDecayRestarts(0.1, 5, t_mul=0.5), "t_mul must be"),
    "too few values": (lambda: PiecewiseConstantDecay([1, 2], [0.1, 0.2]), "3 values, but 2"),
    "falling": (lambda: PiecewiseConstantDecay([2, 1], [1, 1, 1]), "must grow"),
    "negative value": (lambda: PiecewiseConstantDecay([2], [1, -1]), "values must be finite"),
    "no list": (lambda: PiecewiseConstantDecay(2, [1, 1]), "boundaries must be a list"),
    "unknown name": (lambda: schedules.get("CosinDecay"), "did you mean CosineDecay?"),
    "unknown setting": (lambda: CosineDecay.from_config({"decay_step": 5}), "did you mean decay_s"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case):
    make, words = REFUSED[case]
    with pytest.raises(UsageError, match=words):
        make()


def test_a_schedule_without_a_formula_says_so():
    with pytest.raises(NotImplementedError, match="defines no __call__"):
        LearningRateSchedule()(0)
