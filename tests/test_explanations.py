"""The numbers, forms and verdicts of explanations, against truths computed here from scratch."""

from __future__ import annotations

import json
import math
import re

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lab.errors import UsageError
from autograd_lab.explanations import explain, from_bytes
from autograd_lab.explanations.chain import ACTIVATIONS, STEEPEST
from autograd_lab.explanations.presets import PRESETS
from autograd_lab.explanations.verdict import escape_window
from autograd_lab.graph import OPS
from autograd_lab.interpreters.precise import MPMATH
from autograd_lab.interpreters.text import FUNCTIONS
from autograd_lab.language.functions import COMPARISONS

LECTURE = {"w": [0.8, -1.2, 0.5, 1.5], "b": [0.1, 0.4, -0.3, -0.2]}


def by_hand(w, b, x, y):
    """The chain's gradients with every step written out; independent of the engine."""
    a, z = [mpmath.mpf(x)], []
    for wj, bj in zip(w, b, strict=True):
        z.append(mpmath.mpf(wj) * a[-1] + mpmath.mpf(bj))
        a.append(1 / (1 + mpmath.exp(-z[-1])))
    delta, found = a[-1] - y, {}
    for j in range(len(w), 0, -1):
        delta *= a[j] * (1 - a[j])
        found[f"b{j}"], found[f"w{j}"] = delta, delta * a[j - 1]
        delta *= w[j - 1]
    return found


def test_the_lectures_chain_by_hand():
    e = explain("chain", w=LECTURE["w"], b=LECTURE["b"], x=1, y=1, wrt="b1")
    expected = by_hand(**LECTURE, x=1, y=1)
    for gradient in e.gradients:
        if gradient.name in expected:
            assert float(gradient.value) == pytest.approx(float(expected[gradient.name]), rel=1e-14)
    assert e.derivations[0].total.format() == "+9.632086e-04"
    assert len(e.derivations[0].paths[0].factors) == 9
    ratio = abs(expected["b3"] / expected["b1"])
    assert 1 / float(e.verdict.ratio) == pytest.approx(float(ratio), rel=1e-14)
    assert f"{float(ratio):.3f}" == "34.135"
    assert e.verdict.words == ("VANISHING",)


@pytest.mark.parametrize(("w", "ratio"), [([0.5] * 4, 79.475), ([0.8, -0.9, 0.5, 0.7], 43.880)])
def test_the_other_chains_of_the_lecture(w, ratio):
    e = explain("chain", w=w, b=LECTURE["b"])
    assert 1 / float(e.verdict.ratio) == pytest.approx(ratio, abs=5e-4)
    assert f"is {ratio:.3f} × |∂C/∂b₁|" in e.text()
    assert not e.failed


def test_auto_biases_hold_every_sum_at_zero_and_the_bound_is_met_exactly():
    e = explain("chain", w=1, b="auto", y=1)
    assert all(float(z) == 0 for z in e.problem.chain.sums)
    assert 1 / float(e.verdict.ratio) == 16
    assert e.verdict.words == ("VANISHING",)


def test_the_exploding_mirror_case_raises_no_false_alarm():
    e = explain("chain", w=100, b="auto", y=1)
    assert [b.factor for b in e.bounds] == [25, 25, 25]
    assert float(e.verdict.ratio) == 625
    assert e.verdict.words == ("EXPLODING",)
    assert [c.status for c in e.checks] == ["agree", "agree"]


@pytest.mark.parametrize("n", [4, 20, 540, 1000])
def test_deep_chains_are_right_or_inconclusive_never_a_false_alarm(n):
    e = explain("chain", n=n, w=1, b="auto")
    # every factor is exactly 1/4, the last is a - y = -1/2
    assert e.derivations[0].total.log10 == pytest.approx(math.log10(0.5) - n * math.log10(4))
    assert not e.failed
    assert e.checks[0].status == "agree"


@pytest.mark.parametrize("n", [1, 2])
def test_short_chains_have_no_verdict(n):
    e = explain("chain", n=n, w=0.1, b=0)
    assert e.verdict.words == ()
    assert str(n) in e.verdict.reason


def test_saturation_is_a_word_of_its_own():
    e = explain("chain", w=8, b=4)
    assert "SATURATED" in e.verdict.words
    assert len(e.verdict.saturated) > 2


def test_underflow_is_said_in_words_and_never_printed_as_zero():
    text = explain("chain", n=540, w=1, b="auto").text()
    assert "-3.859888e-326" in text
    assert "smaller than a float can hold" in text


def test_forms_are_the_slides_three():
    factors = explain("chain").derivations[0].paths[0].factors
    assert [f.partial.text for f in factors] == [
        "∂C/∂a₄", "∂a₄/∂z₄", "∂z₄/∂a₃", "∂a₃/∂z₃", "∂z₃/∂a₂", "∂a₂/∂z₂", "∂z₂/∂a₁", "∂a₁/∂z₁",
        "∂z₁/∂b₁",
    ]  # fmt: skip
    assert factors[2].written.text == "∂(w₄·a₃ + b₄)/∂a₃"
    assert [f.symbol.text for f in factors] == [
        "a₄ − y", "σ′(z₄)", "w₄", "σ′(z₃)", "w₃", "σ′(z₂)", "w₂", "σ′(z₁)", "1",
    ]  # fmt: skip
    assert factors[1].equals == ("z4", "b4")
    assert factors[-1].equals == ("b1",)


def test_every_prefix_of_the_product_is_the_gradient_it_is_said_to_be():
    e = explain("chain")
    named = {name: node for node, name in e.problem.names.items()}
    for factor in e.derivations[0].paths[0].factors:
        for name in factor.equals:
            assert float(e.slopes.gradient(named[name])) == float(factor.running)


def test_the_mock_of_an_expression():
    e = explain("sigmoid(w2*tanh(w1*x+b1)+b2)", at="w1=0.7,b1=-0.2,w2=1.3,b2=0.1,x=0.5", wrt="w1")
    names = {name: node for node, name in e.problem.names.items()}
    values = {"v1": 0.35, "v2": 0.15, "v3": 0.148885, "v4": 0.193551, "v5": 0.293551, "y": 0.572865}
    slopes = {"v1": 0.311047, "v2": 0.311047, "v3": 0.318098, "v4": 0.244691, "v5": 0.244691}
    gradients = {"b1": 0.311047, "b2": 0.244691, "x": 0.217733, "w1": 0.155523, "w2": 0.036431}
    for name, value in values.items():
        assert float(names[name]) == pytest.approx(value, abs=5e-7)
    for name, value in slopes.items():
        assert float(e.slopes.gradient(names[name])) == pytest.approx(value, abs=5e-7)
    for gradient in e.gradients:
        assert float(gradient.value) == pytest.approx(gradients[gradient.name], abs=5e-7)
    assert e.derivations[0].closed_form.text == (
        "w₂·x·(1 − tanh(b₁ + w₁·x)²)·σ′(b₂ + w₂·tanh(b₁ + w₁·x))"
    )
    text = e.text()
    for number in ("0.155523", "0.318098", "0.036431", "0.572865", "0.148885"):
        assert number in text


def test_factors_of_one_are_not_ranked():
    e = explain("(a+b)*(b+1)", at="a=2,b=1", wrt="a")
    (gradient,) = [g for g in e.gradients if g.name == "a"]
    assert gradient.biggest is not None
    assert e.slopes.on[gradient.biggest] == 2
    assert gradient.smallest is None


def test_a_fork_is_a_sum_over_paths_with_shares():
    d = explain("(a+b)*(b+1)", at="a=2,b=1", wrt="b").derivations[0]
    assert d.count == 2
    assert sorted(float(p.product) for p in d.paths) == [2, 3]
    assert sum(p.share for p in d.paths) == pytest.approx(1)
    assert float(d.total) == 5


def test_the_wrong_recursion_counts_visits_and_shares_twice():
    run = explain("b=a+a; c=b+b", at="a=1", naive=True).naive_runs["a"]
    assert (float(run.value), run.visits) == (8, 7)


def test_ten_doublings():
    source = "; ".join(
        f"{new} = {old} + {old}" for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    e = explain(source, at="a=1", naive=True)
    assert float(e.slopes.gradient(e.problem.leaves["a"])) == 1024
    assert e.derivations[0].count == 1024
    run = e.naive_runs["a"]
    assert (float(run.value), run.visits) == (2_345_233_639_424, 2047)
    assert "2,345,233,639,424" in e.text()


def test_path_counts_are_exact_far_beyond_enumeration():
    source = "a1 = a0 + a0; " + "; ".join(f"a{i} = a{i - 1} + a{i - 1}" for i in range(2, 101))
    d = explain(source, at="a0=1").derivations[0]
    assert d.count == 2**100
    assert len(d.paths) == 1000


@pytest.mark.parametrize("name", [a for a in ACTIVATIONS if a != "linear"])
def test_the_steepest_slope_of_each_activation(name):
    grid = np.linspace(-40, 40, 160_001)
    op = OPS[name]
    steepest = max(abs(op.pull(0)(1.0, float(op(z)), z, **op.attrs)) for z in map(float, grid))
    assert steepest == pytest.approx(STEEPEST[name], rel=1e-6)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_all_witnesses_agree_for_every_function(name):
    inputs = ["x > y", "x", "y"] if name == "where" else ["x", "y", "q"][: OPS[name].arity]
    if name in ("arcsin", "arccos"):
        inputs = ["x/3"]  # they are defined from -1 to 1
    if name in COMPARISONS:
        source = f"where({name}({', '.join(inputs)}), x*w, y)"
    else:
        source = f"w*{name}({', '.join(inputs)}) + x"
    for x, y in ((0.3, 0.7), (0.7, 0.3), (2.5, 0.1)):
        e = explain(
            source,
            at={
                n: {"x": x, "y": y}.get(n, 1.1)
                for n in "xywq"
                if n in re.findall("[a-z_0-9]+", source)
            },
        )
        assert [c.status for c in e.checks] == ["agree", "agree"]


@pytest.mark.parametrize("act", ACTIVATIONS)
@pytest.mark.parametrize("cost", ["half-square", "square", "none"])
def test_all_witnesses_agree_for_every_activation_and_cost(act, cost):
    e = explain("chain", act=act, cost=cost)
    assert not e.failed
    assert any(c.status == "agree" for c in e.checks)


def test_the_escape_window_is_the_width_where_the_factor_reaches_one():
    for w in (4.5, 6.9, 50.0):
        # where w sigma'(z) falls through 1, by bisection
        low, high = 0.0, 50.0
        for _ in range(200):
            middle = (low + high) / 2
            steep = w * math.exp(-middle) / (1 + math.exp(-middle)) ** 2
            low, high = (middle, high) if steep > 1 else (low, middle)
        assert escape_window(w) == pytest.approx(2 * low / w, rel=1e-9)
    widest = max(np.linspace(4, 12, 8001), key=escape_window)
    assert widest == pytest.approx(6.9, abs=0.02)
    assert escape_window(widest) == pytest.approx(0.4477, abs=5e-5)


def test_cancelling_values_are_inconclusive_not_a_disagreement():
    y = float(explain("chain").problem.chain.activations[-1]) * (1 + 4e-16)
    e = explain("chain", y=y)
    assert not e.failed


def test_a_wrong_rule_is_found_by_both_witnesses(monkeypatch):
    rule = OPS["sigmoid"].vjp
    monkeypatch.setattr(OPS["sigmoid"], "vjp", (lambda g, y, x: rule[0](g, y, x) * 1.0001,))
    e = explain("chain")
    assert [c.status for c in e.checks] == ["disagree", "disagree"]
    assert "check failed" in e.text()
    assert e.failed


def test_a_wrong_formula_is_found(monkeypatch):
    monkeypatch.setattr(OPS["tanh"], "formula", lambda m, x: m.tanh(x) + x / 1000)
    assert explain("tanh(x)*w", at="x=0.3,w=2", mode="numeric").failed


def test_kinks_are_said_and_skipped():
    e = explain("relu(x)*w", at="x=0,w=2", wrt="x")
    assert "no derivative" in e.text()
    assert all(any("kink" in note for note in c.notes) for c in e.checks)
    assert not e.failed


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_are_explained_and_agree(preset):
    e = explain(preset=preset)
    assert not e.failed
    assert all(c.status == "agree" for c in e.checks)


def test_known_answers_of_the_presets():
    assert float(explain(preset="colah").derivations[0].total) == 5
    assert float(explain(preset="cs231n-product").derivations[0].total) == -4
    sigmoid = explain(preset="cs231n-sigmoid")
    # w0 x0 + w1 x1 + w2 = 1, so sigma' = 0.196612 and dx0 = -1 times that
    assert float(sigmoid.derivations[0].total) == pytest.approx(-0.19661193324148185)
    neuron = explain(preset="micrograd-neuron")
    assert float(neuron.derivations[0].total) == pytest.approx(1.0, abs=1e-4)


# --- laws -----------------------------------------------------------------------------------------

NAMES = ("a", "b", "c")


@st.composite
def sources(draw, depth=4):
    if depth == 0 or (draw(st.booleans()) and depth < 3):
        return draw(st.sampled_from((*NAMES, "0.5", "2")))
    kind = draw(st.sampled_from(("+", "-", "*", "tanh", "sigmoid", "sin", "exp")))
    if len(kind) == 1:
        return f"({draw(sources(depth - 1))} {kind} {draw(sources(depth - 1))})"
    return f"{kind}({draw(sources(depth - 1))})"


@given(sources(), st.tuples(*[st.floats(-2, 2)] * 3))
@settings(max_examples=60, deadline=None)
def test_any_expression_agrees_with_sympys_own_derivative(source, values):
    at = dict(zip(NAMES, values, strict=True))
    used = {name: v for name, v in at.items() if name in source.replace("tanh", "")}
    used = {n: v for n, v in used.items() if n in _names(source)}
    if not used or not any(c in source for c in "(+-*"):
        return
    e = explain(source, at=used)
    assert not e.failed
    symbols = {name: sp.Symbol(name) for name in NAMES}
    functions = {"tanh": sp.tanh, "sin": sp.sin, "exp": sp.exp,
                 "sigmoid": lambda z: 1 / (1 + sp.exp(-z))}  # fmt: skip
    whole = _tree(source, symbols, functions)
    for gradient in e.gradients:
        slope = sp.diff(whole, symbols[gradient.name])
        expected = sp.N(slope.subs({symbols[n]: sp.Float(v, 40) for n, v in used.items()}), 30)
        assert float(gradient.value) == pytest.approx(float(expected), rel=1e-9, abs=1e-12)


def _names(source):
    import ast

    return {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)} & set(NAMES)


def _tree(source, symbols, functions):
    import ast
    import operator

    signs = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}

    def walk(node):
        match node:
            case ast.BinOp(left, sign, right):
                return signs[type(sign)](walk(left), walk(right))
            case ast.Call(func, args):
                return functions[func.id](walk(args[0]))
            case ast.Name(name):
                return symbols[name]
            case ast.Constant(value):
                return sp.Float(value, 40)
        raise AssertionError(node)

    return walk(ast.parse(source, mode="eval").body)


# --- renderings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["both", "symbolic", "numeric"])
@pytest.mark.parametrize("target", ["chain", "(a+b)*tanh(b+1)"])
def test_every_line_fits_eighty_columns(mode, target):
    at = None if target == "chain" else "a=2,b=1"
    for options in ({}, {"ascii": True}, {"color": True}):
        text = explain(target, at=at, mode=mode, paths=True, steps=True, naive=True).text(
            width=80, **options
        )
        plain = text.replace("\x1b[0m", "")
        for code in ("\x1b[1m", "\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m"):
            plain = plain.replace(code, "")
        assert max(map(len, plain.split("\n"))) <= 80
        assert options.get("ascii") is None or plain.isascii()


def test_symbolic_mode_needs_no_values_and_shows_none():
    text = explain("sigmoid(w*x+b)", mode="symbolic", wrt="w").text()
    assert "σ′(v₂) · 1 · x" in text
    assert "0.0" not in text


def test_json_round_trip():
    e = explain("chain")
    data = json.loads(e.to_json())
    assert data["schema"] == "autograd-lab/explain/1"
    assert [f["running"] for f in data["factors"]][-1] == data["gradients"]["b1"]["value"]
    again = from_bytes(e.to_json().encode())
    assert again.wrt == ("b1",)
    assert float(again.view) == float(e.problem.view)
    names = {entry["name"] for entry in data["nodes"]}
    assert {"z1", "a4", "C", "b1"} <= names
    for key in ("id", "op", "inputs", "attrs", "shape", "dtype", "scope", "value"):
        assert all(key in entry for entry in data["nodes"])


def test_json_has_no_number_that_json_lacks():
    e = explain("sqrt(x)*w", at="x=0,w=2", wrt="x")

    def refuse(word):
        raise AssertionError(word)

    assert json.loads(e.to_json(), parse_constant=refuse)["gradients"]["x"]["value"] == "inf"
    assert "infinite" in e.text()


def test_latex_grows_in_proportion_to_the_depth():
    sizes = [len(explain("chain", n=n, w=1, b="auto").latex()) for n in (50, 100, 200)]
    assert sizes[2] - sizes[1] < 2.2 * (sizes[1] - sizes[0])


def test_latex_brackets_balance():
    latex = explain("chain").latex()
    assert latex.count(r"\left(") == latex.count(r"\right)")
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}")


def test_pictures_of_long_chains_collapse():
    diagram = explain("chain", n=540, w=1, b="auto").diagram()
    assert len(diagram.boxes) < 60
    assert any("neurons 5 to 536" in box.title.plain() for box in diagram.boxes)


def test_pictures_name_the_weakest_edge_and_halo_the_path():
    diagram = explain("chain").diagram()
    weakest = [arrow for arrow in diagram.arrows if arrow.weakest]
    assert [arrow.label.plain() for arrow in weakest] == ["σ′(z₁) = 0.206"]
    assert sum(arrow.emphasized for arrow in diagram.arrows) == 9


def test_the_same_explanation_is_the_same_bytes():
    first, second = explain("chain"), explain("chain")
    assert first.text() == second.text()
    assert first.svg() == second.svg()
    assert first.to_json() == second.to_json()


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": "x*x"}, "no value for x"),
        ({"target": "x*x", "at": "x=1", "wrt": "y"}, "no such variable"),
        ({"target": "x*x", "at": "x=1", "wrt": ["x", "x"]}, "twice"),
        ({"target": "x", "at": "x=1"}, "nothing to multiply"),
        ({"target": "1+2"}, "no variables"),
        ({"target": "1/x", "at": "x=0"}, "infinite"),
        ({"target": "exp(x)", "at": "x=1000"}, "larger than a float"),
        ({"target": "log(x)", "at": "x=-1"}, "undefined"),
        ({"target": "x*x", "at": "x=1", "n": 5}, "belongs to the target 'chain'"),
        ({"target": "chain", "at": "x=1"}, "--at belongs to expressions"),
        ({"target": "chain", "n": 0}, "1 to 5,000"),
        ({"target": "chain", "n": 10**9}, "1 to 5,000"),
        ({"target": "chain", "w": [1, 2], "b": [1, 2, 3]}, "unclear"),
        ({"target": "chain", "act": "sigmoide"}, "unknown activation"),
        ({"target": "chain", "cost": "q*q"}, "a formula in a"),
        ({"target": "chain", "x": math.inf}, "finite"),
        ({"target": "graph.json"}, "no file"),
        ({"preset": "colha"}, "did you mean colah"),
        ({"target": "chain", "mode": "both?"}, "choose both"),
        ({"target": "chain", "seed": -1}, "--seed"),
    ],
)
def test_refusals_say_what_and_what_to_do(arguments, words):
    with pytest.raises(UsageError) as caught:
        explain(**arguments)
    assert words in str(caught.value)
    assert str(caught.value).count("\n") < 5


def test_mpmath_vocabulary_covers_every_formula():
    for op in OPS.values():
        if op.elementwise and op.arity:
            attrs = {key: MPMATH.number(v) for key, v in op.attrs.items()}
            op.formula(MPMATH, *[mpmath.mpf("0.3")] * op.arity, **attrs)
