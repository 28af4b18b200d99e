"""Optimizers against the formulas of their papers in plain Python, and against their own laws."""

from __future__ import annotations

import itertools
import math
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab import constraints, ops, optimizers, registry
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import leaf, toposort
from autograd_lab.interpreters.algebra import to_sympy
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import Program, graft
from autograd_lab.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Nadam,
    RMSprop,
    schedules,
)
from autograd_lab.optimizers.base import Optimizer
from autograd_lab.variables import Variable

ALL = [SGD, Adagrad, RMSprop, Adadelta, Adam, AdamW, Adamax, Nadam]
GRADIENTS = [0.7, -1.3, 0.02, 0.0, 2.5, -0.4, 1e-4, 1.1]
ETA = 0.05

# --- the rules once more, in plain Python, for one weight -----------------------------------------
# Each gets the settings by name and yields, for every gradient, what the rule takes off w.


def sgd(gs, eta, momentum=0.0, nesterov=False):
    v = 0.0
    for g in gs:
        v = momentum * v - eta * g
        yield -(momentum * v - eta * g) if nesterov else -v


def sgd_pytorch(gs, eta, momentum=0.0, nesterov=False):
    b = 0.0
    for g in gs:
        b = momentum * b + g
        yield eta * (g + momentum * b) if nesterov else eta * b


def adagrad(gs, eta, epsilon=1e-7, inside=True, start=0.1):
    s = start
    for g in gs:
        s += g * g
        yield eta * g / (math.sqrt(s + epsilon) if inside else math.sqrt(s) + epsilon)


def rmsprop(gs, eta, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, pytorch=False):
    s = a = m = 0.0
    for g in gs:
        s, a = rho * s + (1 - rho) * g * g, rho * a + (1 - rho) * g
        size = s - a * a if centered else s
        push = g / (math.sqrt(size) + epsilon if pytorch else math.sqrt(size + epsilon))
        m = momentum * m + (push if pytorch else eta * push)
        yield eta * m if pytorch else m


def adadelta(gs, eta, rho=0.95, epsilon=1e-7):
    s = d = 0.0
    for g in gs:
        s = rho * s + (1 - rho) * g * g
        delta = math.sqrt(d + epsilon) / math.sqrt(s + epsilon) * g
        d = rho * d + (1 - rho) * delta * delta
        yield eta * delta


def adam(gs, eta, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, form="keras"):
    m = s = largest = 0.0
    for t, g in enumerate(gs, 1):
        m, s = beta_1 * m + (1 - beta_1) * g, beta_2 * s + (1 - beta_2) * g * g
        largest = max(largest, s)
        used = largest if amsgrad else s
        m_hat, s_hat = m / (1 - beta_1**t), used / (1 - beta_2**t)
        if form == "lecture":
            m, s = m_hat, s_hat
        if form == "keras":  # ε of the uncorrected root
            yield eta * m_hat / (math.sqrt(s_hat) + epsilon / math.sqrt(1 - beta_2**t))
        elif form == "pytorch":
            yield eta * m_hat / (math.sqrt(s_hat) + epsilon)
        else:
            yield eta * m_hat / math.sqrt(s_hat + epsilon)


def adamax(gs, eta, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = u = 0.0
    for t, g in enumerate(gs, 1):
        m, u = beta_1 * m + (1 - beta_1) * g, max(beta_2 * u, abs(g))
        yield eta / (1 - beta_1**t) * m / (u + epsilon)


def nadam(gs, eta, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = s = 0.0
    product = 1.0
    for t, g in enumerate(gs, 1):
        u, u_next = (beta_1 * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
        product *= u
        m, s = beta_1 * m + (1 - beta_1) * g, beta_2 * s + (1 - beta_2) * g * g
        m_hat = u_next * m / (1 - product * u_next) + (1 - u) * g / (1 - product)
        yield eta * m_hat / (math.sqrt(s / (1 - beta_2**t)) + epsilon)


# (class, settings, convention) and the rule with its arguments
RULES = {
    "sgd": (SGD, {}, "keras", sgd, {}),
    "momentum": (SGD, {"momentum": 0.9}, "keras", sgd, {}),
    "nesterov": (SGD, {"momentum": 0.8, "nesterov": True}, "keras", sgd, {}),
    "nesterov without momentum": (SGD, {"nesterov": True}, "keras", sgd, {}),
    "momentum pytorch": (SGD, {"momentum": 0.9}, "pytorch", sgd_pytorch, {}),
    "nesterov pytorch": (SGD, {"momentum": 0.9, "nesterov": True}, "pytorch", sgd_pytorch, {}),
    "momentum lecture": (SGD, {"momentum": 0.9}, "lecture", sgd, {}),
    "momentum lecture-fixed": (SGD, {"momentum": 0.9}, "lecture-fixed", sgd, {}),
    "momentum paper": (SGD, {"momentum": 0.9}, "paper", sgd, {}),
    "adagrad": (Adagrad, {}, "keras", adagrad, {}),
    "adagrad from 0.5": (
        Adagrad,
        {"initial_accumulator_value": 0.5, "epsilon": 0.3},
        "keras",
        lambda gs, eta, initial_accumulator_value, epsilon: adagrad(
            gs, eta, epsilon, start=initial_accumulator_value
        ),
        {},
    ),
    "adagrad pytorch": (Adagrad, {}, "pytorch", adagrad, {"inside": False, "start": 0.0}),
    "adagrad paper": (Adagrad, {}, "paper", adagrad, {"inside": False, "start": 0.0}),
    "adagrad lecture": (Adagrad, {}, "lecture", adagrad, {"start": 0.0}),
    "adagrad lecture-fixed": (Adagrad, {}, "lecture-fixed", adagrad, {"start": 0.0}),
    "rmsprop": (RMSprop, {"epsilon": 0.01}, "keras", rmsprop, {}),
    "rmsprop momentum": (RMSprop, {"rho": 0.7, "momentum": 0.6}, "keras", rmsprop, {}),
    "rmsprop centered": (RMSprop, {"centered": True, "momentum": 0.5}, "keras", rmsprop, {}),
    "rmsprop pytorch": (
        RMSprop,
        {"momentum": 0.5, "epsilon": 0.1, "centered": True},
        "pytorch",
        rmsprop,
        {"pytorch": True},
    ),
    "rmsprop lecture": (RMSprop, {"epsilon": 0.1}, "lecture", rmsprop, {}),
    "rmsprop lecture-fixed": (RMSprop, {"epsilon": 0.1}, "lecture-fixed", rmsprop, {}),
    "adadelta": (Adadelta, {"rho": 0.9, "epsilon": 1e-3}, "keras", adadelta, {}),
    "adam": (Adam, {"epsilon": 0.01}, "keras", adam, {}),
    "adam betas": (Adam, {"beta_1": 0.5, "beta_2": 0.7}, "keras", adam, {}),
    "amsgrad": (Adam, {"amsgrad": True, "beta_2": 0.5}, "keras", adam, {}),
    "adam pytorch": (Adam, {"epsilon": 0.01}, "pytorch", adam, {"form": "pytorch"}),
    "amsgrad pytorch": (
        Adam, {"amsgrad": True, "beta_2": 0.5}, "pytorch", adam, {"form": "pytorch"},
    ),
    "adam paper": (Adam, {"epsilon": 0.01}, "paper", adam, {"form": "pytorch"}),
    "adam lecture": (Adam, {"epsilon": 0.01}, "lecture", adam, {"form": "lecture"}),
    "adam lecture-fixed": (Adam, {"epsilon": 0.01}, "lecture-fixed", adam, {"form": "fixed"}),
    "adamax": (Adamax, {"epsilon": 0.01, "beta_2": 0.9}, "keras", adamax, {}),
    "nadam": (Nadam, {"epsilon": 0.01}, "keras", nadam, {}),
}  # fmt: skip


def weights_by(rule, gs, w, **settings):
    path = itertools.accumulate(rule(gs, ETA, **settings), lambda w, step: w - step, initial=w)
    return list(path)[1:]


def weights_of(optimizer, gs, w=0.3):
    """The path of one weight, a single number in float64."""
    variable, path = Variable(w, name="w", dtype="float64"), []
    for g in gs:
        optimizer.apply([g], [variable])
        path.append(float(variable))
    return path


def made(name):
    cls, settings, convention, _, _ = RULES[name]
    return cls(ETA, **settings, convention=convention)


def check_rule(optimizer, name):
    _, settings, _, rule, more = RULES[name]
    wanted = weights_by(rule, GRADIENTS, 0.3, **settings, **more)
    np.testing.assert_allclose(weights_of(optimizer, GRADIENTS), wanted, rtol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_rule_is_its_formula(name):
    check_rule(made(name), name)


def test_every_convention_has_a_formula_to_be_checked_by():
    checked = {(cls, convention) for cls, _, convention, _, _ in RULES.values()}
    wanted = {(cls, name) for cls in ALL for name in cls.conventions if cls is not AdamW}
    assert checked == wanted


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RULES)
def test_arrays_are_many_numbers_and_keep_their_dtype(name, dtype):
    """Every entry goes the way of a single number; neither weights nor slots change dtype."""
    optimizer = made(name)
    start = np.array([[0.3, -2.0, 0.0], [5.0, 1e-3, -0.7]], dtype=dtype)
    factors = np.array([[1.0, -0.5, 3.0], [0.1, 2.0, 0.0]])
    w = Variable(start, name="w", dtype=dtype)
    for g in GRADIENTS:
        pairs = [(w, leaf((g * factors).astype(dtype)))]
        updates = optimizer.updates(pairs)
        arrays = {value.dtype for x, value in updates if x.shape}
        assert arrays == {np.dtype(dtype)}
        for node in toposort([value for _, value in updates]):
            assert not node.shape or node.dtype in (np.dtype(dtype), np.dtype(bool))
        optimizer.apply([g * factors], [w])  # float64 comes: the weight's dtype stays
        assert w.dtype == dtype
    _, settings, _, rule, more = RULES[name]
    wanted = [
        weights_by(rule, [g * f for g in GRADIENTS], float(w0), **settings, **more)[-1]
        for w0, f in zip(start.ravel(), factors.ravel(), strict=True)
    ]
    tolerance = {"float32": 2e-5, "float64": 1e-12}[dtype]
    np.testing.assert_allclose(w.numpy().ravel(), wanted, rtol=tolerance, atol=tolerance)


# --- planted mistakes are caught ------------------------------------------------------------------


@dataclass(eq=False)
class NoCorrection(Adam):
    """Adam without bias correction."""

    def scalars(self, rate, t):
        return {**super().scalars(rate, t), "alpha": rate}


@dataclass(eq=False)
class LateStep(Adam):
    """Adam that counts steps from 0 in its correction of s."""

    def scalars(self, rate, t):
        return super().scalars(rate, t + 1.0)


@dataclass(eq=False)
class Uphill(SGD):
    def rule(self, g, old, now):
        step, new = super().rule(g, old, now)
        return -step, new


@dataclass(eq=False)
class OldMomentum(SGD):
    """Moves by the momentum of the step before."""

    def rule(self, g, old, now):
        _, new = super().rule(g, old, now)
        return old["momentum"], new


@dataclass(eq=False)
class Outside(RMSprop):
    """ε outside the root."""

    def rule(self, g, old, now):
        s = super().rule(g, old, now)[1]["velocity"]
        return now["rate"] * g / (ops.sqrt(s) + self.epsilon), {"velocity": s}


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (NoCorrection, "adam"), (LateStep, "adam"), (Uphill, "momentum"),
        (OldMomentum, "momentum"), (Outside, "rmsprop"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_found(cls, name):
    with pytest.raises(AssertionError):
        check_rule(cls(ETA, **RULES[name][1]), name)


# --- what the formulas say, by algebra ------------------------------------------------------------


def symbolic_momentum(**settings):
    """An SGD whose settings are named leaves, and those leaves."""
    optimizer = SGD(0.1, momentum=0.9, **settings)
    eta, beta = leaf(0.1, "eta"), leaf(0.9, "beta")
    optimizer.momentum = beta
    return optimizer, eta, beta


def formula(node):
    return to_sympy(node)[0]


def symbols(names):
    return sp.symbols(names, real=True)


def test_momentum_is_a_decaying_sum_of_gradients():
    """m_t = η Σ β^(t−k) g_k, and so η g / (1 − β) at last for a constant gradient."""
    optimizer, rate, _ = symbolic_momentum()
    m = leaf(0.0)
    for k in range(1, 6):
        _, new = optimizer.rule(leaf(1.0, f"g{k}"), {"momentum": m}, {"rate": rate})
        m = new["momentum"]
    eta, beta = symbols("eta beta")
    gs = symbols("g1:6")
    assert sp.expand(formula(m) - eta * sum(beta ** (5 - k) * g for k, g in enumerate(gs, 1))) == 0
    same = formula(m).subs(dict.fromkeys(gs, gs[0]))
    assert sp.simplify(same - eta * gs[0] * (1 - beta**5) / (1 - beta)) == 0


def test_keras_nesterov_is_the_lookahead_form_seen_from_where_it_looks():
    """With φ = w − βm the mended slide's step is Keras's: φ ← φ − (βm + ηg) with the new m."""
    keras, rate, beta = symbolic_momentum(nesterov=True)
    slide = SGD(0.1, momentum=0.9, nesterov=True, convention="lecture-fixed")
    slide.momentum = beta
    w, m, g = leaf(1.0, "w"), leaf(0.5, "m"), leaf(2.0, "g")
    step, new = keras.rule(g, {"momentum": m}, {"rate": rate})
    moved, same = slide.rule(g, {"momentum": m}, {"rate": rate})
    phi_next = (w - beta * m) - step
    assert sp.simplify(formula(new["momentum"] - same["momentum"])) == 0
    assert sp.simplify(formula(phi_next - ((w - moved) - beta * same["momentum"]))) == 0


def test_the_literal_slide_is_another_method():
    """On J = h w²/2 a step has the determinant β(1 + ηh), which may exceed 1; mended β(1 − ηh)."""
    eta, beta, h = symbols("eta beta h")
    for convention, wanted in (("lecture", 1 + eta * h), ("lecture-fixed", 1 - eta * h)):
        optimizer, rate, factor = symbolic_momentum(nesterov=True, convention=convention)
        w, m = Variable(1.0, name="w", dtype="float64"), leaf(0.5, "m")
        optimizer.build([w])
        optimizer.slots[w] = {"momentum": m}
        ((_, point),) = optimizer.lookahead([w])
        step, new = optimizer.rule(leaf(1.0, "h") * point, {"momentum": m}, {"rate": rate})
        after = sp.Matrix([formula(w - step), formula(new["momentum"])])
        matrix = after.jacobian(symbols("w m"))
        assert sp.simplify(matrix.det() - beta * wanted) == 0
        assert factor.name == "beta"


def test_adam_corrects_the_bias_exactly():
    """The weights of past gradients sum to 1 − β^t, so m̂ of a constant gradient is the gradient."""
    optimizer = Adam(convention="lecture-fixed", epsilon=0.0)
    beta = optimizer.beta_1 = optimizer.beta_2 = leaf(0.9, "beta")
    g, t = leaf(2.0, "g"), leaf(3.0, "t")
    now = optimizer.scalars(leaf(0.1, "eta"), t)
    m = s = leaf(0.0)
    for _ in range(3):
        step, new = optimizer.rule(g, {"momentum": m, "velocity": s}, now)
        m, s = new["momentum"], new["velocity"]
    gs, b = symbols("g beta")
    assert sp.simplify(formula(m) - gs * (1 - b**3)) == 0
    eta, steps = symbols("eta t")
    assert sp.simplify(formula(step).subs(steps, 3) ** 2 - eta**2) == 0
    assert beta.name == "beta"


# --- and by numbers of the lecture ----------------------------------------------------------------


def descent(optimizer, steps, w=1.0):
    """The path of w on J = w²/2, gradients taken where the optimizer wants them."""
    variable, path = Variable(w, name="w", dtype="float64"), []
    for _ in range(steps):
        point = dict(optimizer.lookahead([variable])).get(variable, variable)
        optimizer.apply([float(point)], [variable])
        path.append(float(variable))
    return path


def test_lecture_momentum_on_a_parabola():
    assert descent(SGD(0.1, momentum=0.9), 3) == pytest.approx([0.9, 0.72, 0.486])
    keras = descent(SGD(0.1, momentum=0.9, nesterov=True), 5)
    assert keras == pytest.approx([0.81, 0.5751, 0.32732, 0.09389, -0.10458], abs=1e-5)


def test_lecture_nesterov_diverges_and_the_mended_one_does_not():
    options = {"momentum": 0.9, "nesterov": True}
    literal = descent(SGD(0.12, **options, convention="lecture"), 2000)
    assert max(map(abs, literal[150:200])) > 2.0
    assert max(map(abs, literal[-50:])) > 2000
    assert abs(descent(SGD(0.12, **options, convention="lecture-fixed"), 200)[-1]) < 1e-10


def test_rate_inside_or_outside_the_buffer_matters_when_it_changes():
    def path(convention):
        optimizer = SGD(0.1, momentum=0.9, convention=convention)
        first = descent(optimizer, 1)
        assert first == [0.9]
        w = Variable(0.9, name="again", dtype="float64")
        other = SGD(0.1, momentum=0.9, convention=convention)
        other.apply([1.0], [w])
        other.learning_rate = 0.01
        other.apply([0.0], [w])
        return float(w)

    assert path("keras") == pytest.approx(0.9 - 0.1 - 0.09)
    assert path("pytorch") == pytest.approx(0.9 - 0.1 - 0.009)


@pytest.mark.parametrize(
    ("convention", "share"),
    [("lecture-fixed", 0.0099995), ("lecture", 0.0099995), ("paper", 0.99010), ("keras", 0.75975)],
)
def test_the_place_of_epsilon_decides_for_small_gradients(convention, share):
    (w,) = weights_of(Adam(1.0, epsilon=1e-8, convention=convention), [1e-6], w=0.0)
    assert -w == pytest.approx(share, rel=1e-4)


def test_adagrad_of_a_constant_gradient_slows_as_the_root_of_time():
    path = weights_of(Adagrad(0.01, convention="lecture", epsilon=0.0), [3.0] * 50, w=0.0)
    steps = -np.diff([0.0, *path])
    np.testing.assert_allclose(steps, 0.01 / np.sqrt(np.arange(1, 51)), rtol=1e-12)


def test_rmsprop_starts_with_a_large_step():
    (w,) = weights_of(RMSprop(0.001, epsilon=0.0), [-7.0], w=0.0)
    assert w == pytest.approx(0.001 / math.sqrt(0.1))


@pytest.mark.parametrize("cls", [Adam, Adamax])
@given(st.floats(1e-3, 1e3), st.booleans())
def test_the_first_step_has_the_size_of_the_rate(cls, size, negative):
    g = -size if negative else size
    (w,) = weights_of(cls(0.01, epsilon=0.0), [g], w=0.0)
    assert w == pytest.approx(-math.copysign(0.01, g), rel=1e-10)


@given(st.floats(0.01, 100.0))
def test_adam_does_not_see_the_size_of_gradients(factor):
    one = weights_of(Adam(0.01, epsilon=0.0), [0.5, -1.0, 2.0], w=0.0)
    other = weights_of(Adam(0.01, epsilon=0.0), [factor * g for g in (0.5, -1.0, 2.0)], w=0.0)
    assert one == pytest.approx(other, rel=1e-9)


def test_adam_conventions_agree_without_epsilon():
    paths = {
        name: weights_of(Adam(0.01, epsilon=0.0, convention=name), GRADIENTS)
        for name in Adam.conventions
        if name != "lecture"
    }
    for path in paths.values():
        assert path == pytest.approx(paths["keras"], rel=1e-12)


# --- clipping -------------------------------------------------------------------------------------


def moved_by(gradients, dtype="float64", **options):
    """What SGD with rate 1 takes off zeros: the clipped gradients."""
    weights = [
        Variable(np.zeros(np.shape(g)), name=f"w{i}", dtype=dtype) for i, g in enumerate(gradients)
    ]
    SGD(1.0, **options).apply([np.asarray(g, dtype) for g in gradients], weights)
    return [-w.numpy() for w in weights]


def test_the_lecture_clips():
    (by_value,) = moved_by([[0.9, 100.0]], clipvalue=1.0)
    assert by_value.tolist() == [0.9, 1.0]
    (by_norm,) = moved_by([[0.9, 100.0]], clipnorm=1.0)
    np.testing.assert_allclose(by_norm, [0.00899964, 0.9999595], atol=5e-9)


def test_each_norm_or_all_together():
    pair = [[3.0, 4.0], [0.3, 0.4]]
    alone = moved_by(pair, clipnorm=1.0)
    np.testing.assert_allclose(np.concatenate(alone), [0.6, 0.8, 0.3, 0.4], rtol=1e-14)
    together = moved_by(pair, global_clipnorm=1.0)
    wanted = np.array([3.0, 4.0, 0.3, 0.4]) / math.sqrt(25.25)
    np.testing.assert_allclose(np.concatenate(together), wanted, rtol=1e-14)


NUMBERS = st.lists(st.floats(-100, 100), min_size=1, max_size=5)


@given(NUMBERS, st.floats(0.1, 10.0))
def test_clipped_norms_keep_direction_and_never_grow(entries, longest):
    g = np.array(entries)
    (clipped,) = moved_by([g], clipnorm=longest)
    norm = np.linalg.norm(g)
    assert np.linalg.norm(clipped) <= min(norm, longest) * (1 + 1e-12)
    wanted = g if norm <= longest else g * (longest / norm)
    np.testing.assert_allclose(clipped, wanted, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm", "clipvalue"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_clipping_at_the_ends_of_the_range(option, dtype):
    zero, huge = np.zeros(3), np.full(3, 1e20)
    (still,) = moved_by([zero], dtype, **{option: 1.0})
    assert still.tolist() == [0.0, 0.0, 0.0]
    (short,) = moved_by([huge], dtype, **{option: 1.0})
    np.testing.assert_allclose(short, 1.0 if option == "clipvalue" else 3**-0.5, rtol=1e-6)
    with np.errstate(all="raise"):
        (infinite,) = moved_by([[np.inf, 1.0]], dtype, **{option: 1.0})
    if option == "clipvalue":
        assert infinite.tolist() == [1.0, 1.0]
    else:
        assert math.isnan(infinite[0])
        assert infinite[1] == 0
    (unknown,) = moved_by([[np.nan, 1.0]], dtype, **{option: 1.0})
    assert math.isnan(unknown[0])


# --- decay, averages, constraints -----------------------------------------------------------------


def test_weight_decay_is_no_part_of_the_gradient():
    """Without gradient the weight shrinks by 1 − η·decay, whatever the rule makes of gradients."""
    for cls in ALL:
        path = weights_of(cls(0.1, weight_decay=0.5), [0.0, 0.0], w=2.0)
        assert path == pytest.approx([2.0 * 0.95, 2.0 * 0.95**2], rel=1e-14), cls


def test_adamw_is_adam_and_decay():
    assert AdamW().weight_decay == 0.004
    one = weights_of(AdamW(0.1), GRADIENTS)
    assert one == weights_of(Adam(0.1, weight_decay=0.004), GRADIENTS)
    assert one != weights_of(Adam(0.1), GRADIENTS)
    assert weights_of(AdamW(0.1, weight_decay=0.0), GRADIENTS) == weights_of(Adam(0.1), GRADIENTS)


def test_some_weights_do_not_decay():
    kernel, bias, scale = (Variable(1.0, name=n, dtype="float64") for n in ("kernel", "bias", "s"))
    optimizer = SGD(0.1, weight_decay=1.0)
    optimizer.exclude_from_weight_decay(var_list=[scale], var_names=["bias"])
    optimizer.apply([0.0, 0.0, 0.0], [kernel, bias, scale])
    assert [float(w) for w in (kernel, bias, scale)] == [0.9, 1.0, 1.0]
    with pytest.raises(UsageError, match="built already"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def averaged(gradients, every=None):
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=every)
    w, path = Variable(0.0, name="w", dtype="float64"), []
    for g in gradients:
        optimizer.apply([g], [w])
        path.append((float(w), float(optimizer.slots[w]["average"])))
    return optimizer, w, path


def test_the_average_follows_the_weight():
    optimizer, w, path = averaged([-1.0, -1.0, -1.0])
    assert path == [(1.0, 1.0), (2.0, 1.25), (3.0, 0.75 * 1.25 + 0.75)]
    optimizer.finalize_variable_values([w])
    assert float(w) == path[-1][1]


def test_the_average_overwrites_the_weight_now_and_then():
    _, _, path = averaged([-1.0, -1.0, -1.0, -1.0], every=2)
    second = 0.75 * 1.0 + 0.25 * 2.0
    third = 0.75 * second + 0.25 * (second + 1.0)
    fourth = 0.75 * third + 0.25 * (second + 2.0)
    assert path == [(1.0, 1.0), (second, second), (second + 1.0, third), (fourth, fourth)]


def test_without_averages_the_end_changes_nothing():
    w = Variable(1.0, name="w")
    optimizer = SGD()
    optimizer.apply([1.0], [w])
    before = float(w)
    optimizer.finalize_variable_values([w])
    SGD(use_ema=True).finalize_variable_values([w])
    assert float(w) == before


def test_constraints_come_last():
    w = Variable([0.5, -0.5], name="w", dtype="float64", constraint=constraints.NonNeg())
    optimizer = SGD(1.0, momentum=0.5)
    optimizer.apply([[1.0, -2.0]], [w])
    assert w.numpy().tolist() == [0.0, 1.5]
    assert optimizer.slots[w]["momentum"].numpy().tolist() == [1.0, -2.0]


def test_a_scaled_loss_gives_the_same_step():
    optimizer = SGD(1.0, loss_scale_factor=8.0, clipvalue=1.0)
    assert optimizer.scale_loss(2.0) == 16.0
    assert weights_of(optimizer, [4.0, 16.0], w=0.0) == [-0.5, -1.5]
    assert SGD().scale_loss(2.0) == 2.0


# --- a step is a graph ----------------------------------------------------------------------------

EVERYTHING = {
    "weight_decay": 0.1, "clipnorm": 0.7, "use_ema": True, "ema_overwrite_frequency": 3,
}  # fmt: skip


@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["plain", "everything"])
@pytest.mark.parametrize("cls", ALL)
def test_recorded_once_and_replayed_is_the_same_as_every_step_anew(cls, options):
    """The graph holds no Python decision of the step it was recorded in; the rate is a leaf."""
    rng = np.random.default_rng(0)
    starts = [rng.normal(size=(3, 2)), rng.normal(size=2)]
    eager, replayed = (
        [Variable(x, name=f"w{i}", dtype="float32") for i, x in enumerate(starts)] for _ in "12"
    )
    one, other = cls(0.1, **options), cls(0.1, **options)
    gradients = [leaf(np.zeros(x.shape, np.float32), "g") for x in replayed]
    updates = other.updates(list(zip(replayed, gradients, strict=True)))
    leaves = [x for x, _ in updates]
    program = Program([value for _, value in updates], [*leaves, *gradients, other.rate])
    for t in range(8):
        if t == 4:
            one.learning_rate = other.learning_rate = 0.02
        given = [rng.normal(size=x.shape).astype(np.float32) for x in eager]
        one.apply(given, eager)
        values = program([*(x.value for x in leaves), *given, other.rate.value])
        for x, value in zip(leaves, values, strict=True):
            x.assign(value)
    for a, b in zip(eager, replayed, strict=True):
        assert np.array_equal(a.value, b.value)
    assert [x.numpy().tolist() for x in one.variables] == [
        x.numpy().tolist() for x in other.variables
    ]


def test_updates_are_simultaneous_and_change_nothing_themselves():
    """Each new value is made of old ones, so that the order of assigning cannot matter."""
    orders = []
    for reverse in (False, True):
        w = Variable([1.0, -2.0], name="w", dtype="float64")
        optimizer = Adam(0.1, **EVERYTHING)
        for g in GRADIENTS:
            before = [x.numpy().tolist() for x in (w, *optimizer.variables)]
            updates = optimizer.updates([(w, leaf(np.array([g, 1.0])))])
            if g != GRADIENTS[0]:
                assert before == [x.numpy().tolist() for x in (w, *optimizer.variables)]
            for x, value in reversed(updates) if reverse else updates:
                x.assign(value)
        orders.append([x.numpy().tolist() for x in (w, *optimizer.variables)])
    assert orders[0] == orders[1]


def test_every_changing_leaf_is_updated_once():
    w, b = Variable([1.0], name="w"), Variable([1.0, 2.0], name="b")
    for cls in ALL:
        optimizer = cls(use_ema=True)
        changed = [x for x, _ in optimizer.updates([(w, leaf([1.0])), (b, leaf([1.0, 2.0]))])]
        state = [x for x in optimizer.variables if x is not optimizer.rate]
        assert len(changed) == len(set(changed))
        assert set(changed) == {w, b, *state}


# Operations on whole arrays that one weight's step may cost.
COST = {SGD: 2, Adagrad: 7, RMSprop: 9, Adadelta: 16, Adam: 12, AdamW: 14, Adamax: 10, Nadam: 15}


@pytest.mark.parametrize("cls", ALL)
def test_a_step_is_a_small_graph(cls):
    w, v = Variable(np.ones(3), name="w"), Variable(np.ones(3), name="v")
    counts = []
    for weights in ([w], [w, v]):
        pairs = [(x, leaf(np.ones(3, np.float32), "g")) for x in weights]
        nodes = toposort([value for _, value in cls().updates(pairs)])
        computed = [n for n in nodes if n.op is not None]
        counts.append((sum(n.shape == (3,) for n in computed), len(computed)))
    (arrays, one), (both, two) = counts
    assert arrays <= COST[cls]
    assert both == 2 * arrays
    assert two - one == arrays, "scalars are computed once for all weights"


def test_nesterov_grafted_into_a_loss():
    """A trainer differentiates the loss at the shifted weights, and gives that gradient."""
    w = Variable([1.0, -2.0], name="w", dtype="float64")
    curvature = np.array([1.0, 3.0])
    optimizer = SGD(0.1, momentum=0.9, nesterov=True, convention="lecture-fixed")
    loss = ops.sum(curvature * ops.square(w)) * 0.5
    m, x = np.zeros(2), w.numpy()
    for _ in range(4):
        ahead = graft(loss, dict(optimizer.lookahead([w])))
        (g,) = gradient(ahead, [w])
        optimizer.apply([g], [w])
        m = 0.9 * m + 0.1 * curvature * (x - 0.9 * m)
        x = x - m
    np.testing.assert_allclose(w.numpy(), x, rtol=1e-12)


@pytest.mark.parametrize("cls", ALL)
def test_others_take_gradients_where_they_are(cls):
    assert cls().lookahead([Variable(1.0, name="w")]) == []
    assert SGD(momentum=0.9, convention="lecture").lookahead([Variable(1.0, name="w")]) == []


# --- the learning rate ----------------------------------------------------------------------------


def test_the_rate_is_a_number_that_can_be_set():
    optimizer = SGD(0.5)
    rate = optimizer.learning_rate
    assert (rate, float(rate), f"{rate:.2f}", float(rate.numpy())) == (0.5, 0.5, "0.50", 0.5)
    optimizer.learning_rate = 0.25
    assert optimizer.learning_rate == 0.25
    optimizer.learning_rate.assign(np.float32(0.125))
    assert optimizer.learning_rate == 0.125
    assert weights_of(optimizer, [1.0], w=0.0) == [-0.125]
    assert optimizer.get_config()["learning_rate"] == 0.125


def test_the_old_name_warns_and_works():
    with pytest.warns(DeprecationWarning, match="lr is the old name") as caught:
        optimizer = Adam(lr=0.25)
    assert caught[0].filename == __file__
    assert optimizer.learning_rate == 0.25
    assert "lr" not in optimizer.get_config()
    with pytest.warns(DeprecationWarning, match="SGD: lr") as caught:
        SGD(momentum=0.9, lr=0.1)
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="lr"):
        assert optimizer.lr == 0.25
    with pytest.warns(DeprecationWarning, match="lr"):
        optimizer.lr = 0.5
    assert optimizer.learning_rate == 0.5
    with pytest.raises(UsageError, match="give one"):
        SGD(lr=0.1, learning_rate=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SGD(0.5).learning_rate == 0.5


def test_a_schedule_is_part_of_the_graph():
    optimizer = SGD(schedules.ExponentialDecay(1.0, decay_steps=1, decay_rate=0.5))
    assert weights_of(optimizer, [1.0, 1.0, 1.0], w=0.0) == [-1.0, -1.5, -1.75]
    assert optimizer.learning_rate == 0.125
    assert optimizer.variables == [optimizer.iterations]
    for value in (0.1, schedules.CosineDecay(0.1, 5)):
        with pytest.raises(UsageError, match="a schedule is given when"):
            optimizer.learning_rate = value
    with pytest.raises(UsageError, match="a schedule is given when"):
        SGD().learning_rate = schedules.CosineDecay(0.1, 5)


# --- state and settings ---------------------------------------------------------------------------


def test_state_is_named_after_the_weights():
    w = Variable([1.0], name="dense/kernel")
    optimizer = Adam(amsgrad=True)
    optimizer.build([w])
    assert [x.name for x in optimizer.variables] == [
        "iterations", "learning_rate", "dense/kernel/momentum", "dense/kernel/velocity",
        "dense/kernel/velocity_hat",
    ]  # fmt: skip
    assert [x.name for x in Nadam().variables] == ["iterations", "learning_rate", "u_product"]
    assert not any(x.trainable for x in optimizer.variables)
    optimizer.apply([[1.0]])
    assert float(optimizer.iterations) == 1


@pytest.mark.parametrize("cls", ALL)
def test_state_continues_where_it_was_kept(cls):
    """All leaves copied into a new optimizer: it goes on as the old one would have."""
    w = Variable([0.3, -1.0], name="w", dtype="float64")
    first = cls(0.1, use_ema=True)
    for g in GRADIENTS[:4]:
        first.apply([[g, 1.0]], [w])
    again = Variable(w.numpy(), name="w", dtype="float64")
    second = cls(0.7, use_ema=True)
    second.build([again])
    for x, kept in zip(second.variables, first.variables, strict=True):
        x.assign(kept.numpy())
    for g in GRADIENTS[4:]:
        first.apply([[g, 1.0]], [w])
        second.apply([[g, 1.0]], [again])
    assert again.numpy().tolist() == w.numpy().tolist()


@pytest.mark.parametrize("name", RULES)
def test_settings_round_trip(name):
    cls, settings, convention, _, _ = RULES[name]
    one = cls(0.125, **settings, convention=convention, clipvalue=2.0, name="mine")
    config = one.get_config()
    assert config["learning_rate"] == 0.125
    assert {**config, **settings} == config
    two = cls.from_config(config)
    assert two.get_config() == config
    other = registry.deserialize(registry.serialize(one), "optimizers")
    assert type(other) is cls
    assert other.get_config() == config
    assert weights_of(two, GRADIENTS) == weights_of(one, GRADIENTS)


def test_settings_with_a_schedule_round_trip():
    one = Adam(schedules.PiecewiseConstantDecay([2], [0.5, 0.25]))
    config = one.get_config()
    assert config["learning_rate"]["class_name"] == "PiecewiseConstantDecay"
    two = Adam.from_config(config)
    assert two.get_config() == config
    assert weights_of(two, GRADIENTS) == weights_of(one, GRADIENTS)


def test_keras_names_and_defaults():
    names = {"sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "Adagrad": Adagrad}
    for name, cls in names.items():
        assert type(optimizers.get(name)) is cls
    config = {cls.__name__: cls().get_config() for cls in ALL}
    assert {name: c["learning_rate"] for name, c in config.items()} == {
        **dict.fromkeys(config, 0.001), "SGD": 0.01,
    }  # fmt: skip
    assert config["Adagrad"]["initial_accumulator_value"] == 0.1
    assert {c["epsilon"] for name, c in config.items() if name != "SGD"} == {1e-7}
    assert (config["RMSprop"]["rho"], config["Adadelta"]["rho"]) == (0.9, 0.95)
    assert (config["Adam"]["beta_1"], config["Adam"]["beta_2"]) == (0.9, 0.999)
    assert config["Nadam"]["name"] == "nadam"
    optimizer = SGD(0.1, 0.9, True)
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)


REFUSED = {
    "negative rate": (lambda: SGD(-0.1), r"SGD\(learning_rate=-0.1\): learning_rate must be"),
    "rate of nan": (lambda: SGD(math.nan), "learning_rate must be a finite number"),
    "rate in words": (lambda: SGD("fast"), "learning_rate='fast'"),
    "rate is a function": (lambda: SGD(lambda: 0.1), "a finite number, at least 0, or a schedule"),
    "negative old name": (lambda: SGD(learning_rate=-1), "learning_rate=-1"),
    "momentum of 1": (lambda: SGD(momentum=1.0), r"SGD\(momentum=1.0\): momentum must be"),
    "beta_1": (lambda: Adam(beta_1=1.5), r"Adam\(beta_1=1.5\): beta_1 must be .* below 1"),
    "beta_2": (lambda: Nadam(beta_2=-0.1), "beta_2 must be"),
    "rho": (lambda: RMSprop(rho=1), r"RMSprop\(rho=1\): rho must be"),
    "epsilon": (lambda: Adam(epsilon=-1e-7), "epsilon must be"),
    "epsilon of 0": (lambda: Adadelta(epsilon=0.0), "epsilon must be .* above 0"),
    "accumulator": (lambda: Adagrad(initial_accumulator_value=-1), "initial_accumulator_value"),
    "two ways to clip": (lambda: SGD(clipnorm=1.0, clipvalue=1.0), "clipnorm and clipvalue are"),
    "clipnorm of 0": (lambda: SGD(clipnorm=0), "clipnorm must be a finite number,? above 0"),
    "decay": (lambda: SGD(weight_decay=-1), "weight_decay must be"),
    "no decay": (lambda: AdamW(weight_decay=None), "weight_decay must be a number"),
    "ema_momentum": (lambda: SGD(use_ema=True, ema_momentum=1.1), "ema_momentum must be"),
    "ema frequency": (lambda: SGD(ema_overwrite_frequency=0), "ema_overwrite_frequency must be"),
    "a flag": (lambda: SGD(nesterov="yes"), "nesterov must be True or False"),
    "unknown setting": (lambda: SGD(momentun=0.9), "did you mean momentum?"),
    "decay of old": (lambda: SGD(decay=1e-6), r"SGD\(decay=...\): there is no such setting"),
    "unknown convention": (lambda: Adam(convention="lectur"), "did you mean lecture?"),
    "foreign convention": (lambda: Nadam(convention="pytorch"), "must be one of keras"),
    "amsgrad": (lambda: Adam(amsgrad=True, convention="lecture"), "not defined under 'lecture'"),
    "the base": (lambda: Optimizer(0.1), "choose one, such as SGD"),
    "unknown name": (lambda: optimizers.get("adan"), "did you mean adam?"),
    "no optimizer": (lambda: optimizers.get(len), "is no optimizer"),
    "unknown in settings": (lambda: SGD.from_config({"mometum": 1}), "did you mean momentum?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case):
    make, words = REFUSED[case]
    with pytest.raises(UsageError, match=words):
        make()


def test_gradients_that_do_not_fit_are_refused_before_any_change():
    w, v = Variable([1.0, 2.0], name="w"), Variable([1.0], name="v")
    optimizer = SGD(0.1, momentum=0.9)
    with pytest.raises(ShapeError, match=r"gradient of v has shape \(2,\)"):
        optimizer.apply([[1.0, 1.0], [1.0, 1.0]], [w, v])
    assert w.numpy().tolist() == [1.0, 2.0]
    assert float(optimizer.iterations) == 0
    with pytest.raises(UsageError, match="1 gradients were given for 2 weights"):
        optimizer.apply([[1.0]], [w, v])
    with pytest.raises(UsageError, match="no gradient"):
        optimizer.apply([None, None], [w, v])
    with pytest.raises(UsageError, match="new is none of the 2 weights"):
        optimizer.apply([[1.0]], [Variable([1.0], name="new")])


def test_weights_without_a_gradient_stay():
    w, v = Variable([1.0], name="w"), Variable([1.0], name="v")
    steps = SGD(0.5).apply_gradients([([1.0], w), (None, v)])
    assert (float(w.value[0]), float(v.value[0]), float(steps)) == (0.5, 1.0, 1.0)


def test_an_optimizer_of_ones_own():
    """Fields and a rule are all it takes."""

    @registry.register("optimizers")
    @dataclass(eq=False)
    class SignDescent(Optimizer):
        strength: float = 1.0

        def rule(self, g, old, now):
            return now["rate"] * self.strength * ops.sign(g), {}

    assert weights_of(SignDescent(0.5, strength=2.0), [3.0, -7.0, 0.0], w=0.0) == [-1.0, 0.0, 0.0]
    assert SignDescent(0.5).explain_step([3.0]).multiples == [1.0]
    with pytest.raises(UsageError, match="did you mean strength"):
        SignDescent(strenght=1.0)
    registry.FAMILIES["optimizers"] = {
        name: x for name, x in registry.FAMILIES["optimizers"].items() if x is not SignDescent
    }
