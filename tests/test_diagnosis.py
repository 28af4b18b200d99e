"""The per-layer diagnosis against backpropagation by hand, exact nets, and its written rules."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from autograd_lab import activations, layers, models, optimizers, utils
from autograd_lab.diagnosis import Diagnosis, compare, explain_gradients, mlp
from autograd_lab.diagnosis.adjoints import adjoints, rms
from autograd_lab.diagnosis.as_text import chosen, render_comparison
from autograd_lab.diagnosis.matrix_form import equations, weight_equations
from autograd_lab.diagnosis.recorded import record_arrays, record_model
from autograd_lab.diagnosis.structure import Reader
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.interpreters.differentiate import backward
from autograd_lab.losses import SparseCategoricalCrossentropy
from autograd_lab.notation import to_ascii

SIGMOID = (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2)
TANH = (np.tanh, lambda z: np.cosh(z) ** -2.0)
RELU = (lambda z: np.maximum(z, 0.0), lambda z: (z > 0) * 1.0)


def random_net(rng, sizes, gain=1.0):
    return [
        (rng.normal(0, gain / math.sqrt(a), (a, b)), rng.normal(0, 0.1, b))
        for a, b in itertools.pairwise(sizes)
    ]


def by_hand(net, x, y, act):
    """Backpropagation written out for softmax and cross-entropy; nothing of the engine in it."""
    f, slope = act
    z, a = [], [x]
    for i, (kernel, bias) in enumerate(net):
        z.append(a[-1] @ kernel + bias)
        a.append(f(z[-1]) if i < len(net) - 1 else z[-1])
    e = np.exp(z[-1] - z[-1].max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    delta = p - np.eye(p.shape[1])[y]
    found = []
    for i in reversed(range(len(net))):
        found.append((delta, a[i].T @ delta / len(x), slope(z[i]), a[i + 1]))
        if i:
            delta = (delta @ net[i][0].T) * slope(z[i - 1])
    return float(-np.mean(np.log(p[np.arange(len(y)), y]))), found[::-1]


@pytest.mark.parametrize(("name", "act"), [("sigmoid", SIGMOID), ("tanh", TANH), ("relu", RELU)])
def test_every_column_against_backpropagation_by_hand(name, act):
    rng = np.random.default_rng(5)
    net = random_net(rng, (7, 9, 5, 6, 4), 1.5)
    x, y = rng.normal(size=(11, 7)), rng.integers(0, 4, 11)
    d = explain_gradients(net, x, y, act=name, learning_rate=0.3)
    loss, truth = by_hand(net, x, y, act)
    assert d.loss == pytest.approx(loss, rel=1e-12)
    assert d.chance.value == math.log(4)
    for i, (row, (delta, gradient, slope, a)) in enumerate(zip(d.rows, truth, strict=True)):
        size = np.sqrt(np.mean(delta**2))
        assert float(row.delta) == pytest.approx(size, rel=1e-11)
        norm = np.linalg.norm(gradient)
        assert float(row.gradient) == pytest.approx(norm, rel=1e-11)
        kernel = net[i][0]
        assert float(row.step) == pytest.approx(0.3 * norm / np.linalg.norm(kernel), rel=1e-11)
        assert row.kernel == pytest.approx(np.linalg.norm(kernel))
        if i == len(net) - 1:
            assert row.rms_slope is row.factor is row.predicted is None
            continue
        above = net[i + 1][0]
        assert row.rms_slope == pytest.approx(np.sqrt(np.mean(slope**2)), rel=1e-11)
        assert row.factor == pytest.approx(size / np.sqrt(np.mean(truth[i + 1][0] ** 2)), rel=1e-11)
        predicted = row.rms_slope * math.sqrt(above.shape[1]) * np.std(above)
        assert row.predicted == pytest.approx(predicted, rel=1e-11)
        assert row.dead == np.mean(np.all(a == 0, axis=0))
        if name != "relu":
            steepest = {"sigmoid": 0.25, "tanh": 1.0}[name]
            assert row.saturated == np.mean(slope < 0.04 * steepest)


def small_model(dtype="float64"):
    """Everything a plain net may hold between its products."""
    utils.set_random_seed(3)
    row = [
        layers.Dense(6, use_bias=False, dtype=dtype), layers.BatchNormalization(dtype=dtype),
        layers.Activation("sigmoid", dtype=dtype), layers.Dropout(0.3, seed=1, dtype=dtype),
        layers.Dense(5, "gelu", dtype=dtype), layers.LayerNormalization(dtype=dtype),
        layers.Dense(5, dtype=dtype), layers.LeakyReLU(dtype=dtype),
        layers.Dense(5, "relu6", dtype=dtype), layers.Dense(4, dtype=dtype),
        layers.PReLU(dtype=dtype), layers.Dense(3, "softmax", dtype=dtype),
    ]  # fmt: skip
    return models.Sequential([layers.Input((4,), dtype=dtype), *row])


def batch(n=8, features=4, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)), rng.integers(0, classes, n)


def test_the_parts_between_two_products_are_found():
    model, (x, y) = small_model(), batch()
    found = Reader(record_model(model, x, y)).layers()
    words = [(layer.word, [part.kind for part in layer.parts]) for layer in found]
    assert words == [
        ("sigmoid", ["normalization", "activation", "dropout"]),
        ("gelu", ["activation", "normalization"]), ("leaky_relu", ["activation"]),
        ("relu6", ["activation"]), ("prelu", ["activation"]), ("linear", []),
    ]  # fmt: skip
    assert [layer.follower is not None for layer in found] == [True] * 5 + [False]
    assert found[0].bias is None
    assert found[1].bias is not None


def test_adjoints_equal_reverse_mode():
    model, (x, y) = small_model(), batch()
    recorded = record_model(model, x, y)
    weights = model.trainable_weights
    plain, scaled = backward(recorded.loss, weights), adjoints(recorded.loss, weights)
    assert plain.keys() == scaled.keys()
    for node, slope in plain.items():
        found = np.ldexp(scaled[node].array, max(scaled[node].exponent, -2000))
        np.testing.assert_allclose(found, slope, rtol=1e-11, atol=1e-13 * np.max(np.abs(slope)))


@pytest.mark.parametrize(
    "name",
    ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "celu",
     "softplus", "softsign", "hard_sigmoid", "hard_tanh", "relu6", "hard_silu", "exponential",
     "log_sigmoid", "tanh_shrink", "soft_shrink"],
)  # fmt: skip
def test_the_slopes_of_every_activation_are_central_differences(name):
    rng = np.random.default_rng(2)
    net, (x, y) = random_net(rng, (4, 6, 3)), batch()
    f = activations.get(name)
    layer = Reader(record_arrays(net, f, None, x, y)).layers()[0]
    z, h = np.asarray(layer.z.value), 1e-6
    wanted = (np.asarray(f(z + h)) - np.asarray(f(z - h))) / (2 * h)
    np.testing.assert_allclose(layer.slopes, wanted, rtol=1e-6, atol=1e-9)
    assert layer.follower is not None


def test_a_model_and_its_arrays_have_one_diagnosis():
    utils.set_random_seed(1)
    hidden = [layers.Dense(6, "tanh", dtype="float64") for _ in range(3)]
    last = layers.Dense(3, dtype="float64")
    model = models.Sequential([layers.Input((4,), dtype="float64"), *hidden, last])
    x, y = batch()
    x = x.astype(np.float32)  # what a model makes of its inputs
    arrays = model.get_weights()
    net = list(zip(arrays[::2], arrays[1::2], strict=True))
    one, other = explain_gradients(model, x, y), explain_gradients(net, x, y, act="tanh")
    assert one.loss == pytest.approx(other.loss, rel=1e-12)
    for a, b in zip(one.rows, other.rows, strict=True):
        assert float(a.delta) == pytest.approx(float(b.delta), rel=1e-9)
        assert (a.factor is None) == (b.factor is None)
        assert float(a.step) == pytest.approx(float(b.step), rel=1e-9)


def test_delta_is_that_of_one_example_whatever_the_reduction():
    x, y = batch()
    found = []
    for reduction in ("sum", "sum_over_batch_size"):
        model = small_model()
        model.compile("sgd", SparseCategoricalCrossentropy(reduction=reduction))
        found.append([float(row.delta) for row in explain_gradients(model, x, y).rows])
    assert found[0] == pytest.approx(found[1], rel=1e-9)
    twice = explain_gradients(random_net(np.random.default_rng(0), (4, 5, 3)),
                              np.concatenate([x, x]), np.concatenate([y, y]))  # fmt: skip
    once = explain_gradients(random_net(np.random.default_rng(0), (4, 5, 3)), x, y)
    assert float(once.rows[0].delta) == pytest.approx(float(twice.rows[0].delta), rel=1e-12)
    assert float(once.rows[0].step) == pytest.approx(float(twice.rows[0].step), rel=1e-12)


def test_the_diagnosis_changes_nothing_of_a_model():
    x, y = batch()
    histories = []
    for looked in (False, True):
        model = small_model("float32")
        model.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        if looked:
            before = model.get_weights()
            d = explain_gradients(model, x, y)
            assert all(
                np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)
            )
            assert d.learning_rate == pytest.approx(0.1)
        model.fit(x, y, epochs=2, verbose=0, shuffle=False)
        histories.append([w.tolist() for w in model.get_weights()])
    assert histories[0] == histories[1]


@pytest.mark.parametrize(("factor", "depth"), [(0.1, 900), (10.0, 900), (0.5, 40)])
def test_a_linear_net_is_exact_at_any_depth(factor, depth):
    """Each layer is c·I, so delta shrinks by exactly c, far below the smallest float."""
    net = [factor * np.eye(4) for _ in range(depth)] + [np.eye(4)]
    d = explain_gradients(net, np.zeros((3, 4)), np.array([0, 1, 2]), act="linear")
    top = d.rows[-1].delta.log10
    for row in d.rows[:-1]:
        wanted = top + (depth - row.number) * math.log10(factor)
        assert row.delta.log10 == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    assert d.verdict.words == (("VANISHING",) if factor < 1 else ("EXPLODING",))
    assert d.verdict.factor == pytest.approx(factor, rel=1e-9)


# --- verdicts -------------------------------------------------------------------------------------


def diagonal(ratio, steps=4, last=1.0):
    """A linear net whose delta_1 / delta_L is the ratio."""
    c = ratio ** (1 / steps)
    net = [np.eye(4)] + [c * np.eye(4)] * steps + [last * np.eye(4)]
    return explain_gradients(net, np.zeros((4, 4)), np.arange(4), act="linear")


@pytest.mark.parametrize(
    ("ratio", "word"),
    [(1.01e3, "EXPLODING"), (0.99e3, "FINE"), (1.01e-2, "FINE"), (0.99e-2, "VANISHING")],
)
def test_the_bounds_of_the_ratio(ratio, word):
    found = diagonal(ratio)
    assert float(found.verdict.ratio) == pytest.approx(ratio)
    assert found.verdict.words == (word,)


def test_dead_saturated_and_several_at_once():
    rng = np.random.default_rng(0)
    x, y = batch()
    net = random_net(rng, (4, 10, 10, 3))
    for dead, words in ((5, ("FINE",)), (6, ("DEAD",)), (10, ("VANISHING", "DEAD"))):
        bias = np.where(np.arange(10) < dead, -99.0, 9.0)
        d = explain_gradients([net[0], (net[1][0], bias), net[2]], x, y, act="relu")
        assert d.verdict.deadest.dead == dead / 10
        assert d.verdict.words == words
    flat = [(w, b + 2.5) for w, b in random_net(rng, (4, 10, 10, 10, 3), 0.1)]
    d = explain_gradients(flat, x, y, act="tanh")
    assert d.verdict.flatness < 0.3
    assert d.verdict.words == ("VANISHING", "SATURATED")
    assert d.text().count("SATURATED") == 2  # the word, and its reason


def test_a_number_that_is_none_is_exploding_and_everything_is_still_written():
    net = random_net(np.random.default_rng(0), (4, 6, 6, 3))
    for poison in (math.nan, math.inf):
        net[1][0][2, 2] = poison
        d = explain_gradients(net, *batch(), act="tanh")
        assert d.verdict.words[0] == "EXPLODING"
        assert "not finite" in d.text()
        json.loads(d.to_json(), parse_constant=lambda _: pytest.fail("no JSON"))
        assert d.markdown()
        assert d.latex()


def test_zero_weights_are_vanishing_and_not_an_error():
    d = explain_gradients([np.zeros((4, 5)), np.zeros((5, 5)), np.zeros((5, 3))], *batch())
    assert d.verdict.words == ("VANISHING", "DEAD")
    assert "undefined" in d.text()  # 0 / 0: the step relative to weights that are 0
    json.loads(d.to_json(), parse_constant=lambda _: pytest.fail("no JSON"))


def test_with_one_hidden_layer_nothing_can_vanish():
    for sizes in ("5-3", "5-4-3"):
        d = mlp(sizes, act="tanh")
        assert d.verdict.ratio is None
        assert d.verdict.words == ("FINE",)
        assert "nothing can vanish" in d.text()


def test_what_to_try_is_not_what_is_done_already():
    assert mlp("30-30x30-4", act="relu", init="glorot").tries[0] == "--init he"
    tries = mlp("20-12x20-4", act="sigmoid", init="he", batchnorm="none").tries
    assert tries == ("--act relu --init he", "--batchnorm before", "--act tanh")
    assert mlp("20-4x20-4", act="relu", init="he").tries == ()


# --- other nets -----------------------------------------------------------------------------------


def test_branches_are_measured_and_not_predicted():
    utils.set_random_seed(0)
    x = layers.Input((4,))
    h = layers.Dense(5, "relu")(x)
    both = layers.Add()([h, layers.Dense(5, "relu")(h)])
    model = models.Model(x, layers.Dense(3, "softmax")(both))
    d = explain_gradients(model, *batch())
    assert [row.predicted is None for row in d.rows] == [True, True, True]
    assert [row.factor is None for row in d.rows] == [False, False, True]
    assert all(row.delta.sign == 1 for row in d.rows)
    assert "⋯" in d.text(matrices=True)


def test_layers_without_kernels_are_passed_over():
    inner = [layers.Reshape((2, 2)), layers.Flatten(), layers.Dense(5, "tanh"),
             layers.Rescaling(0.5), layers.Dense(3, "softmax")]  # fmt: skip
    model = models.Sequential([layers.Input((4,)), *inner])
    d = explain_gradients(model, *batch())
    assert [row.shape for row in d.rows] == [(4, 5), (5, 3)]
    assert d.rows[0].predicted is not None


@pytest.mark.parametrize("place", ["before", "after"])
def test_batch_normalization_keeps_delta_within_its_prediction(place):
    d = mlp("50-12x50-10", act="sigmoid", batchnorm=place, seed=1)
    for row in d.rows[:-2]:
        assert row.factor == pytest.approx(row.predicted, rel=0.25)
    assert d.verdict.words == ("FINE",)
    assert d.verdict.theory is None


def test_regression_and_binary_targets_have_their_own_chance():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4))
    d = explain_gradients(random_net(rng, (4, 5, 1)), x, rng.normal(2, 3, 30), act="tanh")
    assert d.chance.formula == "variance of y"
    d = explain_gradients(random_net(rng, (4, 5, 1)), x, rng.integers(0, 2, 30), act="tanh")
    assert d.chance.value == pytest.approx(math.log(2))
    d = explain_gradients(
        random_net(rng, (4, 5, 1)), x, rng.integers(0, 2, 30), act="tanh", output="sigmoid"
    )
    assert d.chance.value == pytest.approx(math.log(2))


def test_targets_in_every_form_mean_the_same():
    """Labels, a column of labels, one-hot rows: one loss."""
    utils.set_random_seed(0)
    last = layers.Dense(3, "softmax", dtype="float64")
    model = models.Sequential([layers.Input((4,)), layers.Dense(5, "tanh"), last])
    x, y = batch()
    forms = [y, y[:, None], np.eye(3)[y], y.tolist()]
    assert len({explain_gradients(model, x.tolist(), form).loss for form in forms}) == 1
    net = random_net(np.random.default_rng(0), (4, 5, 1))
    assert explain_gradients(net, x, y).chance.formula == "variance of y"  # whole numbers, not 0, 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: explain_gradients([], *batch()), "empty"),
        (lambda: explain_gradients([np.ones((3, 2))], *batch()), "takes 3 numbers"),
        (lambda: explain_gradients([np.ones(3)], *batch()), "must be a matrix"),
        (lambda: explain_gradients([(np.ones((4, 3)), np.ones(2))], *batch()), "b has shape"),
        (lambda: explain_gradients([np.ones((4, 3))], batch()[0], [0, 1]), "8 examples, but 2"),
        (lambda: explain_gradients([np.ones((4, 3))], batch()[0], [9] * 8), "there are 3 classes"),
        (lambda: explain_gradients(7, *batch()), "is no net"),
        (lambda: explain_gradients([np.ones((1, 3))], ["a"], [0]), "not numbers"),
        (lambda: explain_gradients([np.ones((4, 3))], *batch(), act="tanhh"), "did you mean tanh"),
        (lambda: mlp("784"), "inputs and outputs"),
        (lambda: mlp("784-0-10"), "1 to 100,000 units"),
        (lambda: mlp("784-1001x3-10"), "hidden layers"),
        (lambda: mlp("9-9999999999-2"), "is no size"),
        (lambda: mlp("10000-10000-10"), "at most 20,000,000"),
        (lambda: mlp("784-__import__('os')-10"), "is no size"),
        (lambda: mlp("4-3", act="softplus()"), "none of the activations"),
        (lambda: mlp("4-3", act="glu"), "no function from"),
        (lambda: mlp("4-3", init="N(1,2)"), "write N"),
        (lambda: mlp("4-3", init="0.01"), "write N"),
        (lambda: mlp("4-3", batch=0), "1 to 100,000"),
        (lambda: mlp("4-3", batch=True), "1 to 100,000"),
        (lambda: mlp("4-3", seed=-1), "whole number"),
        (lambda: mlp("4-3", lr=math.nan), "positive number"),
        (lambda: mlp("4-3", dropout=1.0), "below 1"),
        (lambda: mlp("4-3", batchnorm="yes"), "none, before, after"),
        (lambda: mlp("100-900x1000-10", batch=100_000), "."),
        (lambda: mlp("4-3", data="moonss"), "did you mean moons"),
        (lambda: mlp("4-3", data="moons"), "Try:   mlp 2-2"),
        (lambda: compare("relu:he,,tanh", "4-3"), "ACT:INIT"),
        (lambda: compare("relu:he+b", "4-3"), r"\+bn"),
        (lambda: compare(",".join(["relu"] * 101), "4-3"), "at most 100"),
    ],
)
def test_refusals_say_what_is_wanted(call, words):
    with pytest.raises((UsageError, ShapeError), match=words):
        call()


# --- forms ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deep() -> Diagnosis:
    return mlp("30-20x20-10", act="sigmoid", seed=42)


@pytest.mark.parametrize("width", [60, 72, 80, 100, 160])
@pytest.mark.parametrize("plain", [False, True])
def test_text_keeps_to_its_width(deep, width, plain):
    for text in (
        deep.text(width=width, ascii=plain, theory=True, matrices=True),
        render_comparison(compare("relu:he,tanh:N(0,1)+bn", "8-3x8-4"), width=width, ascii=plain),
    ):
        assert max(map(len, text.splitlines())) <= width
        assert not plain or (text.isascii() and "?" not in text)


def test_at_eighty_columns_the_table_is_the_one_of_the_manual(deep):
    lines = deep.text(width=80).splitlines()
    title = next(line for line in lines if "layer" in line and "factor" in line)
    assert title.split("  ")[-1] == "log₁₀ δ"
    assert "shape" not in title
    assert "predict" in title
    assert deep.text().splitlines()[0].endswith("batch 64 of N(0,1), seed 42")


def test_deep_tables_show_both_ends_and_milestones(deep):
    shown = [None if row is None else row.number for row in chosen(deep.rows)]
    assert shown == [21, 20, 19, 18, None, 15, None, 10, None, 5, None, 2, 1]
    assert len(chosen(deep.rows, True)) == 21
    assert deep.text(verbose=True).count("×") > 2 * 19


def test_json_has_every_number(deep):
    found = json.loads(deep.to_json(), parse_constant=lambda _: pytest.fail("no JSON"))
    assert found["schema"] == "autograd-lab/explain/1"
    assert [row["layer"] for row in found["layers"]] == list(range(21, 0, -1))
    for row, mine in zip(reversed(found["layers"]), deep.rows, strict=True):
        assert row["delta"]["value"] == float(mine.delta)
        assert row["factor"] == mine.factor
    assert found["verdict"]["word"] == "VANISHING"
    assert found["verdict"]["numbers"]["R_log10"] == deep.verdict.ratio.log10
    assert len(found["equations"]) == 21
    far = json.loads(mlp("8-700x8-4", act="sigmoid").to_json())
    delta = far["layers"][-1]["delta"]
    assert delta["value"] == 0.0
    assert delta["log10"] < -400


def test_markdown_and_latex_are_whole(deep):
    rows = [line for line in deep.markdown().splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1
    for text in (deep.latex(), deep.markdown()):
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
        assert r"\odot" in text
    assert r"\underset{20 \times 10}{W^{21}}" in deep.latex()
    table = deep.latex().partition(r"\end{tabular}")[0]
    assert {line.count("&") for line in table.splitlines() if line.endswith(r"\\")} == {6}


def test_names_from_outside_are_no_markup():
    net = [np.eye(3)] * 3
    d = explain_gradients(net, np.eye(3), np.arange(3), title="<b>|$x_$|%\n[a](b)", data="_*`\\")
    assert "<b>" not in d.markdown().replace(r"\<b\>", "")
    assert r"\end" in d.latex()
    assert "%\n" not in d.latex().partition("\n")[2].partition("\n")[0][2:]


def test_the_shapes_of_every_product_fit(deep):
    for one in [*equations(deep), *weight_equations(deep)]:
        parts = list(one.factors[:-1] if one.entrywise else one.factors)
        shape = parts[0].shape
        for part in parts[1:]:
            assert shape[1] == part.shape[0]
            shape = (shape[0], part.shape[1])
        assert shape == one.left.shape
        if one.entrywise:
            assert one.factors[-1].shape == shape


def test_the_lengths_beside_the_equations_are_those_of_the_columns():
    rng = np.random.default_rng(1)
    net, (x, y) = random_net(rng, (4, 6, 5, 3)), batch()
    d = explain_gradients(net, x, y, act="tanh")
    _, truth = by_hand(net, x, y, TANH)
    for one in equations(d):
        delta = truth[one.number - 1][0]
        length = np.sqrt(np.mean(np.sum(delta**2, axis=1)))
        assert float(one.left.size) == pytest.approx(length, rel=1e-11)


def test_rms_of_what_squares_cannot_hold():
    assert rms([3e-200, 4e-200]) == pytest.approx(math.sqrt(12.5) * 1e-200)
    assert math.isnan(rms([math.nan, 1.0]))
    assert rms([]) == 0.0


def test_ascii_knows_every_sign_that_is_used(deep):
    assert "?" not in to_ascii("σ′ δ ⋮ × → √ · η")
    assert "sqrt(units)" in deep.text(ascii=True)
