"""Steps as arithmetic: the lines say what the optimizer does, and each line is true."""

from __future__ import annotations

import json
import math
import re

import pytest

from autograd_lab.errors import UsageError
from autograd_lab.interpreters import text as expressions
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
from autograd_lab.variables import Variable

EVERY = [
    cls(convention=convention, **settings)
    for cls, settings in [
        (SGD, {}), (SGD, {"momentum": 0.9}), (SGD, {"momentum": 0.9, "nesterov": True}),
        (Adagrad, {}), (RMSprop, {"momentum": 0.5, "centered": True}), (Adadelta, {}), (Adam, {}),
        (Adamax, {}), (Nadam, {}),
    ]
    for convention in cls.conventions
] + [
    AdamW(0.1), Adam(amsgrad=True, convention="pytorch"), SGD(0.1, clipvalue=0.5, use_ema=True),
    SGD(0.1, clipnorm=0.5, momentum=0.5, weight_decay=0.1),
    SGD(0.1, global_clipnorm=0.5, loss_scale_factor=4.0),
    Adam(schedules.ExponentialDecay(0.1, 10, 0.5)),
    SGD(0.1, use_ema=True, ema_overwrite_frequency=2),
]  # fmt: skip


def name_of(optimizer):
    return repr(optimizer)[:60]


every = pytest.mark.parametrize("optimizer", EVERY, ids=name_of)
SIGNS = {
    "·": "*", "−": "-", "²": "**2", "¹": "**1", "³": "**3", "^": "**", "½": "0.5*",
    "√(": "sqrt(", "max(": "maximum(",
}  # fmt: skip


def calculated(numbers):
    """The value of a line's arithmetic, by the reader of expressions."""
    line = re.sub(r"\|([^|]*)\|", r"abs(\1)", numbers)
    for sign, spelled in SIGNS.items():
        line = line.replace(sign, spelled)
    line = re.sub(r"where\((\d+) = 0,", r"where(\1 < 0.5,", line)
    line = re.sub(r"where\(2\*floor\((\d+)/2\) = \1,", r"where(2*floor(\1/2) >= \1,", line)
    line = re.sub(r"clip\(([^,]*), ([^,]*), ([^,]*)\)", r"minimum(maximum(\1, \2), \3)", line)
    return float(expressions.read(line).build({}).output)


@every
def test_every_line_is_true_arithmetic(optimizer):
    """Six digits of every operand are printed, so cancellation leaves about four of the result."""
    for step in optimizer.explain_step([1.0, -0.5, 0.25], w=0.7).steps:
        for line in step.lines:
            assert calculated(line.numbers.text) == pytest.approx(line.value, rel=2e-3, abs=1e-9)


def test_a_wrong_line_would_be_found():
    assert calculated("0.9·0 + (1 − 0.9)·2²/√(4)") == pytest.approx(0.2)
    assert calculated("max(2, |−3|) − 1e−07") == pytest.approx(3.0)
    assert calculated("clip(3, −0.5, 0.5)·where(0 = 0, 2, 5)") == 1.0
    line = Adam().explain_step(1.0).steps[0].lines[0]
    assert calculated(line.numbers.text.replace("0.999", "0.9")) != pytest.approx(line.value, 2e-3)


@every
def test_the_numbers_are_those_of_a_step(optimizer):
    """The explained path is the path of a weight that is really updated."""
    explained = optimizer.explain_step([1.0, -0.5, 0.25], w=0.7)
    again = type(optimizer).from_config(optimizer.get_config())
    w = Variable(0.7, name="w", dtype="float64")
    for step, g in zip(explained.steps, [1.0, -0.5, 0.25], strict=True):
        again.apply([g], [w])
        assert step.value("w") == float(w)
        for slot, x in again.slots[w].items():
            assert step.value(again.letters.get(slot, slot)) == float(x)


@every
def test_the_optimizer_stays_as_it_is(optimizer):
    before = (optimizer.get_config(), [float(x) for x in optimizer.variables])
    optimizer.explain_step([1.0, 2.0])
    assert before == (optimizer.get_config(), [float(x) for x in optimizer.variables])
    assert not optimizer.built


@every
def test_no_symbol_is_left_over(optimizer):
    """Every name on the right of a line stands on the left of an earlier one, or was given."""
    for step in optimizer.explain_step([1.0, -0.5], w=0.7).steps:
        for line in step.lines:
            assert "leaf" not in line.formula.text
            assert not re.search(
                r"[A-Za-zα-ωΑ-Ω]{4,}", re.sub("where|clip|floor", "", line.formula.text)
            )
            assert not re.search(r"[α-ω]|[msw][₀-₉]", line.numbers.text)


TEXT = """\
Adam  η = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e-07  convention: keras

t = 1, g₁ = 1
           formula                   with numbers                                value
   α₁      η·√(1 − β₂^t)/(1 − β₁^t)  0.001·√(1 − 0.999¹)/(1 − 0.9¹)      +3.162278e-04
   m₁      m₀ + (g₁ − m₀)·(1 − β₁)   0 + (1 − 0)·(1 − 0.9)                   +0.100000
   s₁      s₀ + (g₁² − s₀)·(1 − β₂)  0 + (1² − 0)·(1 − 0.999)            +1.000000e-03
   m̂₁      m₁/(1 − β₁^t)             0.1/(1 − 0.9¹)                          +1.000000
   ŝ₁      s₁/(1 − β₂^t)             0.001/(1 − 0.999¹)                      +1.000000
   Δ₁      m₁·α₁/(√(s₁) + ε)         0.1·0.000316228/(√(0.001) + 1e−07)  +9.999968e-04
   w₁      w₀ − Δ₁                   0 − 0.000999997                     -9.999968e-04
   step/η                                                                    +0.999997
"""


def test_text_has_symbols_beside_numbers():
    explained = Adam().explain_step([1.0, 0.5])
    assert explained.text().startswith(TEXT)
    assert str(explained) == explained.text()
    assert explained.text().count("step/η") == 2


@every
def test_narrow_and_ascii(optimizer):
    explained = optimizer.explain_step([1.0, -0.5])
    plain = explained.text(ascii=True)
    assert plain.isascii()
    assert "?" not in plain
    widths = {len(line) for line in plain.splitlines() if line.endswith(tuple("0123456789"))}
    assert len([w for w in widths if w > 40]) <= 4, "columns stand under each other"
    narrow = explained.text(width=40).splitlines()
    assert all(len(line) <= 40 for line in narrow if line.startswith("   "))


@every
def test_json_and_latex(optimizer):
    explained = optimizer.explain_step([1.0, -0.5])
    back = json.loads(json.dumps(explained.as_dict(), allow_nan=False))
    assert back["optimizer"] == type(optimizer).__name__
    assert back["convention"] == optimizer.convention
    assert [s["gradient"] for s in back["steps"]] == [1.0, -0.5]
    assert [s["step_over_learning_rate"] for s in back["steps"]] == explained.multiples
    values = {line["key"]: line["value"] for line in back["steps"][1]["lines"]}
    assert values["w"] == explained.steps[1].value("w")
    latex = explained.latex()
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") == 2
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert not re.search("[α-ωΔ√·−₀-₉̂]", latex)


# --- the numbers of the lecture's slides ----------------------------------------------------------


def test_the_literal_adam_slide_dies_away():
    explained = Adam(convention="lecture").explain_step(1.0, steps=5)
    assert explained.multiples == pytest.approx([1, 0.2353, 0.0437, 0.00728, 0.00112], rel=2e-2)
    assert [step.value("m") for step in explained.steps] == pytest.approx(
        [1, 5.263, 17.85, 47.00, 103.5], rel=1e-3
    )
    assert [step.value("s") for step in explained.steps][:4] == pytest.approx(
        [1, 500.25, 1.67e5, 4.17e7], rel=2e-3
    )
    text = explained.text()
    assert "m₂      β₁·m₁ + (1 − β₁)·g₂" in text
    assert "m₂      m₂/(1 − β₁^t)" in text, "the slide assigns the corrected m to m"


def test_the_literal_adam_slide_overflows():
    explained = Adam(convention="lecture").explain_step(1.0, steps=330)
    sizes = [step.value("s") for step in explained.steps]
    assert math.isfinite(sizes[327])
    assert sizes[328] == math.inf
    assert explained.multiples[329] == 0.0
    assert explained.as_dict()["steps"][329]["lines"][-3]["value"] == "inf"
    assert "infinite" in explained.text()


@pytest.mark.parametrize("convention", ["keras", "pytorch", "paper", "lecture-fixed"])
def test_the_mended_adam_keeps_the_rate(convention):
    explained = Adam(convention=convention).explain_step(1.0, steps=5)
    assert explained.multiples == pytest.approx([1.0] * 5, rel=1e-5)
    for step in explained.steps:
        assert step.value("m_hat") == pytest.approx(1.0)
        assert step.value("s_hat") == pytest.approx(1.0)


def test_nesterov_looks_the_other_way_on_the_slide():
    def lines(convention):
        optimizer = SGD(0.1, momentum=0.9, nesterov=True, convention=convention)
        return optimizer.explain_step(lambda w: w, w=1.0, steps=2)

    slide, mended = lines("lecture"), lines("lecture-fixed")
    assert "w′₂     w₁ + β·m₁" in slide.text()
    assert "w′₂     w₁ − β·m₁" in mended.text()
    assert [step.gradient for step in slide.steps] == pytest.approx([1.0, 0.9 + 0.09])
    assert [step.gradient for step in mended.steps] == pytest.approx([1.0, 0.9 - 0.09])
    keras = SGD(0.1, momentum=0.9, nesterov=True).explain_step(lambda w: w, w=1.0, steps=2)
    assert [step.gradient for step in keras.steps] == pytest.approx([1.0, 0.81])


def test_momentum_reaches_ten_times_the_rate():
    multiples = SGD(0.1, momentum=0.9).explain_step(1.0, steps=45).multiples
    assert multiples == pytest.approx([(1 - 0.9**t) / 0.1 for t in range(1, 46)])
    assert multiples[43] > 9.9
    assert multiples[42] < 9.9


def test_a_schedule_is_a_line_of_its_own():
    schedule = schedules.ExponentialDecay(0.1, 10, 0.5)
    step = SGD(schedule).explain_step([1.0, 2.0]).steps[1]
    line = step.lines[0]
    assert (line.key, line.name.text) == ("eta", "η₂")
    assert line.formula.text == "0.1·0.5^((t − 1)/10)"
    assert line.value == 0.1 * 0.5**0.1
    assert step.multiple == pytest.approx(2.0)


def test_a_rate_of_zero_has_no_multiple():
    explained = SGD(0.0).explain_step(1.0)
    assert math.isnan(explained.multiples[0])
    assert "undefined" in explained.text()
    assert explained.as_dict()["steps"][0]["step_over_learning_rate"] == "nan"


REFUSED = {
    "no gradient": (lambda o: o.explain_step([]), r"explain_step\(steps=None\): give one gradient"),
    "steps and list": (lambda o: o.explain_step([1.0, 2.0], steps=3), "give one gradient for each"),
    "no steps": (lambda o: o.explain_step(1.0, steps=0), "1 to 10000"),
    "half steps": (lambda o: o.explain_step(1.0, steps=1.5), "steps=1.5"),
    "words": (lambda o: o.explain_step("steep"), "g must be a finite number"),
    "nan": (lambda o: o.explain_step([1.0, math.nan]), "g=nan"),
    "infinite weight": (lambda o: o.explain_step(1.0, w=math.inf), "w must be a finite number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case):
    call, words = REFUSED[case]
    with pytest.raises(UsageError, match=words):
        call(SGD())
