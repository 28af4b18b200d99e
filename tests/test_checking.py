"""The gradient checker: right slopes pass, wrong ones are found and named, kinks are told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from samples import SAMPLES
from witnesses import differentiable, planted, wrong_rules

from autograd_lab import ops
from autograd_lab.errors import GradientError, UsageError
from autograd_lab.graph import OPS, leaf
from autograd_lab.transforms.check_report import Entry, GradientCheck
from autograd_lab.transforms.checking import check_gradients
from autograd_lab.transforms.differences import derivative

# --- differences ---------------------------------------------------------------------------------

FUNCTIONS = {
    "exp": (math.exp, math.exp),
    "sin": (math.sin, math.cos),
    "waves": (lambda x: math.sin(100.0 * x), lambda x: 100.0 * math.cos(100.0 * x)),
    "log": (lambda x: math.log(x) if x > 0 else math.nan, lambda x: 1.0 / x),
    "root": (lambda x: math.sqrt(x) if x >= 0 else math.nan, lambda x: 0.5 / math.sqrt(x)),
    "cube": (lambda x: x**3, lambda x: 3.0 * x * x),
    "line": (lambda x: 3.0 * x - 1.0, lambda x: 3.0),
    "level": (lambda x: 7.0, lambda x: 0.0),
    "bend": (lambda x: abs(x - 0.25), lambda x: math.copysign(1.0, x - 0.25)),
    "on a hill": (lambda x: 1e6 + math.sin(x), math.cos),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_differences_know_how_far_they_are_off(name):
    f, slope = FUNCTIONS[name]
    random = np.random.default_rng(4)
    for x in (10.0 ** random.uniform(-4, 1, 300)).tolist():
        found = derivative(lambda h: f(x + h), 0.1 * max(1.0, x), x)  # noqa: B023
        assert abs(found.slope - slope(x)) <= 5 * found.error, x
        assert found.error < (1e-5 if name == "on a hill" else 1e-8) * max(abs(slope(x)), 1.0)
        assert 0 < found.step <= 0.1 * max(1.0, x)


def test_differences_of_what_has_no_slope_are_uncertain():
    for f in (lambda h: math.copysign(1.0, h), lambda h: math.nan, lambda h: math.inf):
        assert not derivative(f, 0.1).error < 1e-3


def test_rounder_values_are_less_certain():
    fine = derivative(math.exp, 0.1)
    coarse = derivative(lambda h: float(np.float32(math.exp(h))), 0.1, eps=2.0**-23)
    assert fine.error < 1e-11
    assert abs(coarse.slope - 1.0) <= 5 * coarse.error < 1e-3


# --- right rules pass ----------------------------------------------------------------------------


def of(name, index):
    """One operation on one case, as a function of the inputs that may move; and those inputs."""
    case = SAMPLES[name].cases[index]
    chosen = differentiable(case)

    def f(*xs):
        rest = iter(xs)
        filled = [next(rest) if i in chosen else x for i, x in enumerate(case.values)]
        return OPS[name](*filled, **case.attrs)

    return f, [case.values[i] for i in chosen]


CASES = [(n, i) for n, row in SAMPLES.items() for i, c in enumerate(row.cases) if differentiable(c)]
SMOOTH = [(n, i) for n, i in CASES if np.asarray(of(n, i)[0](*of(n, i)[1])).dtype.kind == "f"]


@pytest.mark.parametrize(("name", "index"), SMOOTH)
def test_right_rules_pass(name, index):
    f, values = of(name, index)
    report = check_gradients(f, *values)
    assert report
    assert report.of("agrees") == list(report.entries)
    assert len(report.entries) == 2 * sum(np.size(x) for x in values)


def network(parameters, x, labels):
    """Two layers and softmax cross-entropy, from a tree, data and whole numbers."""
    h = ops.tanh(x @ parameters["w"] + parameters["b"][0])
    z = h @ parameters["v"]
    shifted = z - ops.reshape(ops.sum(ops.exp(z), axis=1), shape=(-1, 1))
    return -ops.mean(ops.sum(shifted * (labels[:, None] == np.arange(3)), axis=1))


def numbers(*shape, salt=0):
    return np.random.default_rng([salt, 3, *shape]).uniform(-1.0, 1.0, shape)


PARAMETERS = {"w": numbers(4, 30), "b": [numbers(30)], "v": numbers(30, 3)}
DATA, LABELS = numbers(5, 4), np.array([0, 2, 1, 1, 0])


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_network_passes_in_directions_and_entry_by_entry(kind):
    tree = {
        key: [v.astype(kind) for v in value] if isinstance(value, list) else value.astype(kind)
        for key, value in PARAMETERS.items()
    }
    report = check_gradients(network, tree, DATA.astype(kind), LABELS)
    entries = [(e.parameter, e.index is None) for e in report.entries if e.order == 1]
    assert entries == [
        *[("parameters['w']", True)] * 8,
        *[("parameters['b'][0]", False)] * 30,
        *[("parameters['v']", True)] * 8,
        *[("x", False)] * 20,
    ]
    assert report.ok


def test_float32_slopes_are_held_to_float32_only():
    x = numbers(3).astype(np.float32)
    right, wrong = lambda z: ops.sum(ops.sin(z)), ops.sin.vjp[0]
    assert check_gradients(right, x)
    with planted(ops.sin, 0, lambda *xs: wrong(*xs) * np.float32(1.001)):
        assert not check_gradients(right, x, raises=False)


def test_third_order():
    assert check_gradients(lambda x: ops.tanh(x) * x, numbers(2), order=3).entries[-1].order == 3


def test_functions_of_all_shapes_of_answer():
    tree = {"a": 0.5, "b": numbers(2)}
    assert check_gradients(lambda p: [p["a"] * p["b"], (ops.sin(p["a"]),)], tree)
    assert check_gradients(lambda p: 3.0, tree)
    assert check_gradients(lambda p: p, tree)
    assert check_gradients(lambda x: x * 0.0, np.zeros((0, 2))).entries == ()
    assert check_gradients(ops.sin, leaf(0.5, "x"))


# --- wrong rules do not --------------------------------------------------------------------------

RULES = [
    (n, i) for n, op in OPS.items() for i in range(op.arity or 3) if op.pull(i) is not None
]  # fmt: skip


@pytest.mark.parametrize(("name", "index"), RULES)
def test_each_wrong_rule_is_found(name, index):
    cases = [i for i, case in enumerate(SAMPLES[name].cases) if index in differentiable(case)]
    for fault, wrong in wrong_rules(OPS[name].pull(index)).items():
        with planted(OPS[name], index, wrong):
            found = any(_fails(*of(name, i)) for i in cases)
        assert found, f"{name}, input {index}, {fault}: not noticed"


def _fails(f, values):
    return any(np.size(x) for x in values) and not check_gradients(f, *values, raises=False)


def test_the_worst_entry_is_named():
    right = ops.multiply.vjp[0]
    wrong = np.ones((2, 3))
    wrong[1, 2], wrong[0, 1] = 1.01, 1.001
    with planted(ops.multiply, 0, lambda g, y, a, b: right(g, y, a, b) * wrong):
        report = check_gradients(
            lambda p: ops.sum(p["w"] * 2.0), {"w": np.ones((2, 3))}, order=1, raises=False
        )
    worst = report.worst
    assert (worst.parameter, worst.index, worst.order) == ("p['w']", (1, 2), 1)
    assert worst.by_rules == pytest.approx(2.02)
    assert worst.by_differences == pytest.approx(2.0, abs=1e-10)
    assert worst.relative_error == pytest.approx(0.02 / 2.02)
    assert 0 < worst.step <= 0.1
    assert [entry.index for entry in report.of("differs")] == [(0, 1), (1, 2)]
    for words in ("6 slopes compared", "2 differ", "4 agree", "p['w'][1, 2]", "2.02", "9.9e-03"):
        assert words in str(report)


def test_halving_finds_the_entry_of_a_large_array():
    right = ops.sin.vjp[0]
    wrong = np.ones((20, 30))
    wrong[17, 4] = 1.5
    with planted(ops.sin, 0, lambda g, y, x: right(g, y, x) * wrong):
        report = check_gradients(lambda x: ops.sum(ops.sin(x)), numbers(20, 30), raises=False)
    assert {entry.index for entry in report.of("differs") if entry.order == 1} == {(17, 4)}
    assert report.worst.index == (17, 4)


def test_a_wrong_report_is_raised():
    def sine(x):
        return ops.sin(x)

    with (
        planted(ops.sin, 0, ops.cos.vjp[0]),
        pytest.raises(GradientError, match=r"check_gradients of sine.*differ"),
    ):
        check_gradients(sine, 0.5)


def test_repeated_checks_are_the_same():
    reports = [check_gradients(network, PARAMETERS, DATA, LABELS, order=1) for _ in range(2)]
    assert reports[0] == reports[1]
    other = check_gradients(network, PARAMETERS, DATA, LABELS, order=1, seed=1)
    assert other.entries[0] != reports[0].entries[0]


# --- kinks ---------------------------------------------------------------------------------------


# the kinks of single numbers; those of arrays are tested with the operations
OF_NUMBERS = [kink for kink in ops.KINKS if not isinstance(kink.at[0], tuple)]


@pytest.mark.parametrize("kink", OF_NUMBERS, ids=lambda kink: f"{kink.op} {kink.where}")
def test_every_kink_of_the_table_is_told_apart(kink):
    op = OPS[kink.op]
    attrs = {"alpha": 0.5} if kink.op == "elu" else {}
    f = lambda *xs: op(*xs, **attrs) * 1.0  # noqa: E731
    if not math.isfinite(f(*kink.at)):
        with pytest.raises(GradientError, match="not finite"):
            check_gradients(f, *kink.at)
        return
    report = check_gradients(f, *kink.at, order=1)
    found = [(entry.verdict, entry.kinks) for entry in report.entries]
    assert {verdict for verdict, _ in found} <= {"kink", "agrees"}  # some have the middle slope
    assert any(kink.op in kinks for _, kinks in found)


def test_entries_beside_the_kink_are_compared():
    report = check_gradients(ops.relu, np.array([0.0, 0.5, -0.5]))
    assert [entry.index for entry in report.of("kink")] == [(0,), (0,)]
    assert len(report.of("agrees")) == 4
    assert "on a kink of" in str(report)
    assert "relu" in str(report)


@pytest.mark.parametrize("choose", [ops.less, ops.less_equal, ops.greater, ops.greater_equal])
def test_a_choice_that_changes_here_is_a_kink(choose):
    report = check_gradients(lambda x: ops.where(choose(x, 1.0), x, 3.0 * x), 1.0, order=1)
    assert report.entries[0].kinks == (choose.name,)


def test_a_tie_that_stays_a_tie_is_smooth():
    assert check_gradients(lambda x: ops.maximum(x, x), 1.0).of("kink") == []


def test_close_to_a_kink_is_not_on_it():
    for x in (1e-3, -1e-6, 1e-9):
        report = check_gradients(lambda z: 2.0 * ops.abs(z) + ops.sin(z), x, order=1)
        assert report.entries[0].verdict == "agrees"


def test_a_wrong_rule_beside_a_kink_is_no_kink():
    with planted(ops.sin, 0, ops.cos.vjp[0]):
        report = check_gradients(
            lambda x: ops.relu(x[0]) + ops.sin(x[1]), [0.0, 0.5], order=1, raises=False
        )
    assert [entry.verdict for entry in report.entries] == ["kink", "differs"]


def test_what_differences_cannot_tell_is_not_called_right():
    jump = lambda x: ops.where(ops.sin(1.0 / x) > 0.0, 1.0, 0.0) + x  # noqa: E731
    report = check_gradients(jump, 1e-4, order=1, raises=False)
    entry = Entry(1, "x", (), 1.0, 0.5, 1e-3, 0.3, 3.0, conclusive=False)
    assert entry.verdict == "unknown"
    assert not GradientCheck("f", (entry,)).ok
    assert "cannot be told" in str(GradientCheck("f", (entry,)))
    assert report.entries[0].verdict in ("agrees", "unknown")


# --- refusals ------------------------------------------------------------------------------------


def test_refusals_say_what_to_do():
    random = np.random.default_rng(0)
    with pytest.raises(GradientError, match="other values when called again; fix its seed"):
        check_gradients(lambda x: x * float(random.uniform()), 1.0)
    with pytest.raises(GradientError, match="not finite"):
        check_gradients(ops.log, -1.0)
    with pytest.raises(UsageError, match="no argument holds floats"):
        check_gradients(lambda n: n, 3)
    with pytest.raises(UsageError, match="order=0"):
        check_gradients(ops.sin, 1.0, order=0)
    with pytest.raises(GradientError, match="None"):
        check_gradients(lambda x: None, 1.0)


@pytest.mark.parametrize(
    ("by_rules", "by_differences", "allowed", "conclusive", "kinks", "verdict"),
    [
        (1.0, 1.0, 0.0, True, (), "agrees"),
        (1.0, 1.5, 0.1, True, (), "differs"),
        (1.0, 1.5, 0.1, True, ("relu",), "kink"),
        (1.0, 1.0, 0.1, True, ("relu",), "agrees"),
        (math.nan, 1.0, 0.1, True, (), "differs"),
        (math.inf, 1.0, math.inf, True, (), "differs"),
        (1.0, math.nan, math.nan, False, (), "unknown"),
        (1.0, math.nan, math.nan, False, ("sqrt",), "kink"),
        (1.0, 1.0, math.inf, False, (), "unknown"),
    ],
)
def test_verdicts(by_rules, by_differences, allowed, conclusive, kinks, verdict):
    entry = Entry(1, "x", (), by_rules, by_differences, 0.1, 0.0, allowed, conclusive, kinks)
    assert entry.verdict == verdict
    assert GradientCheck("f", (entry,)).ok == (verdict in ("agrees", "kink"))
