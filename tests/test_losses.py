"""Losses against formulas in many digits, their slopes against differences, and what is refused."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from autograd_lab import config, losses, ops
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import Node, leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import replay
from autograd_lab.transforms.checking import check_gradients

EPSILON = mpf("1e-7")
RNG = np.random.default_rng(3)
T, P = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4))
SHARES, OUTPUTS = RNG.uniform(0.05, 0.95, (5, 4)), RNG.uniform(0.05, 0.95, (5, 4))
COUNTS = RNG.integers(0, 6, (5, 4)).astype(float)
LOGITS = 4 * RNG.normal(size=(5, 4))
BITS = (SHARES > 0.5).astype(float)
LABELS = np.array([0, 3, 1, 2, 3])
ONE_HOT = np.eye(4)[LABELS]


# --- values: every loss beside its formula, row by row --------------------------------------------


def mean(terms):
    terms = list(terms)
    return mp.fsum(terms) / len(terms)


def by_entry(term):
    """The mean of a formula of one target and one output."""
    return lambda t, p: mean(term(a, b) for a, b in zip(t, p, strict=True))


def kept(p, high=1 - EPSILON):
    return min(max(p, EPSILON), high)


def shares(p):
    total = mp.fsum(p)
    return [kept(x / total) for x in p]


def soft(x):
    total = mp.fsum(mp.exp(z) for z in x)
    return [mp.exp(z) / total for z in x]


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def entropy(t, p):
    return -t * mp.log(p) - (1 - t) * mp.log(1 - p)


def cross(t, p):
    return -mp.fsum(a * mp.log(b) for a, b in zip(t, p, strict=True))


def huber(delta):
    return by_entry(
        lambda t, p: (t - p) ** 2 / 2 if abs(t - p) <= delta else delta * (abs(t - p) - delta / 2)
    )


def angle(t, p):
    lengths = [mp.sqrt(mp.fsum(x * x for x in v)) for v in (t, p)]
    return -mp.fsum(a * b for a, b in zip(t, p, strict=True)) / (lengths[0] * lengths[1])


def smooth(t, s):
    return [(1 - s) * x + s / len(t) for x in t]


def focal(t, p):
    q = t * p + (1 - t) * (1 - p)
    return (1 - q) ** 2 * entropy(t, kept(p))


def focal_of_many(t, p):
    return mp.fsum(-mpf("0.25") * (1 - b) ** 2 * a * mp.log(b) for a, b in zip(t, p, strict=True))


def margin(t, p):
    right = mp.fsum(a * b for a, b in zip(t, p, strict=True))
    return max(max((1 - a) * b for a, b in zip(t, p, strict=True)) - right + 1, mpf(0))


def divergence(t, p):
    pairs = [(kept(a, mpf(1)), kept(b, mpf(1))) for a, b in zip(t, p, strict=True)]
    return mp.fsum(a * mp.log(a / b) for a, b in pairs)


def of_label(formula):
    return lambda label, p: -mp.log(formula(p)[int(label)])


S = 0.125  # smoothing: a number that binary floats hold exactly
# Loss, targets, outputs, the formula of one row in mpmath's numbers.
VALUES = [
    (losses.MeanSquaredError(), T, P, by_entry(lambda t, p: (t - p) ** 2)),
    (losses.MeanAbsoluteError(), T, P, by_entry(lambda t, p: abs(t - p))),
    (losses.MeanAbsolutePercentageError(), T, P, by_entry(lambda t, p: 100 * abs((t - p) / t))),
    (losses.MeanAbsolutePercentageError(), 0 * T, P, by_entry(lambda t, p: 100 * abs(p) / EPSILON)),
    (
        losses.MeanSquaredLogarithmicError(), COUNTS, P,
        by_entry(lambda t, p: (mp.log1p(max(t, EPSILON)) - mp.log1p(max(p, EPSILON))) ** 2),
    ),
    (losses.Huber(), T, P, huber(mpf(1))),
    (losses.Huber(0.5), T, P, huber(mpf("0.5"))),
    (losses.LogCosh(), 3 * T, P, by_entry(lambda t, p: mp.log(mp.cosh(t - p)))),
    (losses.LogCosh(), T, T + 1e-9 * P, by_entry(lambda t, p: mp.log(mp.cosh(t - p)))),
    (losses.CosineSimilarity(), T, P, angle),
    (losses.Poisson(), COUNTS, OUTPUTS, by_entry(lambda t, p: p - t * mp.log(p + EPSILON))),
    (losses.KLDivergence(), SHARES, OUTPUTS, divergence),
    (losses.BinaryCrossentropy(), SHARES, OUTPUTS, by_entry(entropy)),
    (
        losses.BinaryCrossentropy(label_smoothing=S), BITS, OUTPUTS,
        by_entry(lambda t, p: entropy(t * (1 - S) + S / 2, p)),
    ),
    (
        losses.BinaryCrossentropy(from_logits=True), BITS, LOGITS,
        by_entry(lambda t, x: entropy(t, sigmoid(x))),
    ),
    (losses.CategoricalCrossentropy(), SHARES, OUTPUTS, lambda t, p: cross(t, shares(p))),
    (
        losses.CategoricalCrossentropy(label_smoothing=S), ONE_HOT, OUTPUTS,
        lambda t, p: cross(smooth(t, S), shares(p)),
    ),
    (
        losses.CategoricalCrossentropy(from_logits=True), ONE_HOT, LOGITS,
        lambda t, x: cross(t, soft(x)),
    ),
    (losses.SparseCategoricalCrossentropy(), LABELS, OUTPUTS, of_label(shares)),
    (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS, LOGITS, of_label(soft)),
    (losses.BinaryFocalCrossentropy(), BITS, OUTPUTS, by_entry(focal)),
    (
        losses.BinaryFocalCrossentropy(True, from_logits=True), BITS, LOGITS,
        by_entry(lambda t, x: (t / 4 + (1 - t) * 3 / 4) * focal(t, sigmoid(x))),
    ),
    (losses.CategoricalFocalCrossentropy(), ONE_HOT, OUTPUTS,
     lambda t, p: focal_of_many(t, shares(p))),
    (losses.CategoricalFocalCrossentropy(from_logits=True), ONE_HOT, LOGITS,
     lambda t, x: focal_of_many(t, shares(soft(x)))),
    (losses.Hinge(), 2 * BITS - 1, P, by_entry(lambda t, p: max(1 - t * p, mpf(0)))),
    (losses.Hinge(), BITS, P, by_entry(lambda t, p: max(1 - (2 * t - 1) * p, mpf(0)))),
    (losses.SquaredHinge(), BITS, P, by_entry(lambda t, p: max(1 - (2 * t - 1) * p, mpf(0)) ** 2)),
    (losses.CategoricalHinge(), ONE_HOT, P, margin),
]  # fmt: skip


def name_of(row):
    return type(row[0]).__name__


def exact(x):
    return [mpf(float(v)) for v in x] if np.ndim(x) else mpf(float(x))


def rows_by_formula(formula, t, p):
    with mp.workdps(40):
        return [float(formula(exact(a), exact(b))) for a, b in zip(t, p, strict=True)]


@pytest.mark.parametrize("row", VALUES, ids=name_of)
def test_the_loss_of_each_row_is_its_formula(row):
    loss, t, p, formula = row
    wanted = rows_by_formula(formula, t, p)
    each = type(loss).from_config({**loss.get_config(), "reduction": None})
    assert np.allclose(each(t, p), wanted, rtol=1e-12, atol=0)
    assert loss(t, p) == pytest.approx(np.mean(wanted), rel=1e-12)


def test_every_loss_has_a_formula():
    named = {getattr(losses, name) for name in losses.__all__}
    classes = {thing for thing in named if isinstance(thing, type)}
    bases = {losses.Loss, losses.LossFunctionWrapper}
    assert {type(row[0]) for row in VALUES} == classes - bases


@pytest.mark.parametrize("row", VALUES, ids=name_of)
def test_nodes_give_a_node_with_the_same_number(row):
    loss, t, p, _ = row
    graph = loss(leaf(t, "t"), leaf(p, "p"))
    assert isinstance(graph, Node)
    assert graph.value == loss(t, p)


@pytest.mark.parametrize("row", VALUES, ids=name_of)
def test_float32_stays_float32(row):
    loss, t, p, formula = row
    t, p = t.astype("float32"), p.astype("float32")
    node = loss(leaf(t, "t"), leaf(p, "p"))
    assert node.dtype == np.float32
    wanted = np.mean(rows_by_formula(formula, t, p))
    # ln cosh of 1e-9 and probabilities of 0.9999 keep what float32 leaves of the inputs
    assert float(node) == pytest.approx(wanted, rel=5e-6)


def test_lists_become_the_floats_of_the_settings():
    assert losses.MeanSquaredError()([[1]], [[3]]).dtype == np.float32
    config.set_floatx("float64")
    try:
        assert losses.mean_squared_error([[1]], [[3]]).dtype == np.float64
    finally:
        config.set_floatx("float32")


# --- slopes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", VALUES, ids=name_of)
def test_slopes_of_first_and_second_order(row):
    loss, t, p, _ = row
    if isinstance(loss, losses.LogCosh):
        p = p + 0.1  # differences see nothing of slopes of 1e-9
    assert check_gradients(lambda p, w: loss(t[1:2], p, w), p[1:2], np.array([0.5]))


@pytest.mark.parametrize(
    "loss",
    [losses.MeanSquaredError(), losses.CosineSimilarity(), losses.KLDivergence(),
     losses.BinaryCrossentropy(), losses.CategoricalCrossentropy()],
    ids=lambda loss: loss.name,
)  # fmt: skip
def test_targets_have_slopes_too(loss):
    assert check_gradients(lambda t: loss(t, OUTPUTS[:1]), SHARES[:1])


def test_from_logits_the_slope_is_the_probability_less_the_target():
    """The famous p - t of softmax and sigmoid with cross-entropy, exact far outside too."""
    x = np.array([[1000.0, 0.0, -1000.0], [2.0, 1.0, 0.0]])
    t = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    with mp.workdps(40):
        p = np.array([[float(v) for v in soft(exact(row))] for row in x])
        q = np.array([[float(sigmoid(v)) for v in exact(row)] for row in x])
    node = leaf(x, "x")
    for loss, wanted in [
        (losses.CategoricalCrossentropy(True, reduction="sum"), p - t),
        (losses.SparseCategoricalCrossentropy(True, reduction="sum"), p - t),
        (losses.BinaryCrossentropy(True, reduction="sum"), (q - t) / 3),
    ]:
        targets = t.argmax(axis=1) if "Sparse" in type(loss).__name__ else t
        (slope,) = gradient(loss(targets, node), [node])
        assert np.allclose(slope, wanted, rtol=1e-12, atol=1e-300)


def test_a_perfect_fit_has_slope_zero():
    p = leaf(P, "p")
    for loss in (losses.MeanSquaredError(), losses.MeanAbsoluteError(), losses.Huber(),
                 losses.LogCosh()):  # fmt: skip
        assert not gradient(loss(P, p), [p], warn=False)[0].any()
    zero = leaf(np.zeros((1, 3)), "p")
    loss = losses.CosineSimilarity()([[0.0, 0.0, 1.0]], zero)
    (slope,) = gradient(loss, [zero], warn=False)
    assert np.isfinite(slope).all()


# --- hard inputs: what comes out where the formula breaks -----------------------------------------

LIMIT = float(-mp.log(EPSILON))  # 16.118: the loss of a probability of 0
NAN, INF = math.nan, math.inf
HARD = [
    (losses.BinaryCrossentropy(), [[1.0]], [[0.0]], LIMIT),
    (losses.BinaryCrossentropy(), [[0.0]], [[1.0]], LIMIT),
    (losses.BinaryCrossentropy(), [[1.0]], [[1.0]], -math.log1p(-1e-7)),
    (losses.BinaryCrossentropy(True), [[0.0]], [[1000.0]], 1000.0),
    (losses.BinaryCrossentropy(True), [[1.0]], [[-1000.0]], 1000.0),
    (losses.BinaryCrossentropy(True), [[1.0]], [[40.0]], math.exp(-40)),
    (losses.CategoricalCrossentropy(), [[0.0, 1.0]], [[1.0, 0.0]], LIMIT),
    (losses.CategoricalCrossentropy(True), [[0.0, 1.0]], [[1000.0, -1000.0]], 2000.0),
    (losses.CategoricalCrossentropy(True), [[1.0, 0.0]], [[1000.0, -1000.0]], 0.0),
    (losses.SparseCategoricalCrossentropy(), [1], [[1.0, 0.0]], LIMIT),
    (losses.SparseCategoricalCrossentropy(True), [1], [[1000.0, -1000.0]], 2000.0),
    (losses.SparseCategoricalCrossentropy(True), [0], [[0.0, -INF]], 0.0),
    (losses.SparseCategoricalCrossentropy(True), [1], [[0.0, -INF]], INF),
    (losses.KLDivergence(), [[0.0, 1.0]], [[0.0, 1.0]], 0.0),
    (losses.Poisson(), [[1.0]], [[0.0]], LIMIT),
    (losses.CosineSimilarity(), [[0.0, 0.0]], [[1.0, 1.0]], 0.0),
    (losses.CosineSimilarity(), [[1e200, 0.0]], [[1e200, 1e200]], -math.sqrt(0.5)),
    (losses.LogCosh(), [[0.0]], [[-1000.0]], 1000.0 - math.log(2.0)),
    (losses.LogCosh(), [[0.0]], [[1e-5]], 0.5e-10),
    (losses.MeanAbsolutePercentageError(), [[0.0]], [[0.0]], 0.0),
    (losses.MeanSquaredLogarithmicError(), [[0.0]], [[-5.0]], 0.0),
    (losses.MeanSquaredError(), [[INF]], [[INF]], NAN),
    (losses.MeanSquaredError(), [[0.0]], [[NAN]], NAN),
    (losses.MeanSquaredError(), [[0.0], [0.0]], [[NAN], [1.0]], NAN),
    (losses.Huber(), [[0.0]], [[NAN]], NAN),
    (losses.Hinge(), [[1.0]], [[NAN]], NAN),
    (losses.BinaryCrossentropy(), [[1.0]], [[NAN]], NAN),
    (losses.BinaryCrossentropy(True), [[1.0]], [[NAN]], NAN),
    (losses.CategoricalCrossentropy(), [[0.0, 1.0]], [[NAN, 1.0]], NAN),
    (losses.CategoricalCrossentropy(), [[0.0, 1.0]], [[0.0, 0.0]], NAN),
    (losses.SparseCategoricalCrossentropy(), [1], [[NAN, 1.0]], NAN),
    (losses.MeanSquaredError(), np.zeros((0, 3)), np.zeros((0, 3)), 0.0),
    (losses.SparseCategoricalCrossentropy(), np.zeros(0), np.zeros((0, 3)), 0.0),
    (losses.CategoricalHinge(), np.zeros((0, 3)), np.zeros((0, 3)), 0.0),
    (losses.Hinge(), np.zeros((0, 3)), np.zeros((0, 3)), 0.0),
]  # fmt: skip


@pytest.mark.parametrize("row", HARD, ids=lambda row: f"{name_of(row)} {row[1]} {row[2]}")
def test_hard_inputs(row):
    loss, t, p, wanted = row
    found = loss(np.asarray(t, dtype=float), np.asarray(p, dtype=float))
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-300, nan_ok=True)


FINITE = [row for row in HARD if math.isfinite(row[3]) and np.isfinite(row[2]).all()]


@pytest.mark.parametrize("row", FINITE, ids=lambda row: f"{name_of(row)} {row[2]}")
def test_slopes_at_hard_inputs_are_finite(row):
    loss, t, p, _ = row
    node = leaf(np.asarray(p, dtype=float), "p")
    (slope,) = gradient(loss(np.asarray(t, dtype=float), node), [node], warn=False)
    assert np.isfinite(slope).all()


# --- weights and reductions -----------------------------------------------------------------------

ROWS = np.array([1.0, 2.0, 4.0])
REDUCED = {
    "sum_over_batch_size": lambda w: np.sum(w * ROWS) / 3,
    "mean": lambda w: np.sum(w * ROWS) / 3,
    "sum": lambda w: np.sum(w * ROWS),
    "mean_with_sample_weight": lambda w: np.sum(w * ROWS) / np.sum(w),
    "none": lambda w: w * ROWS,
    None: lambda w: w * ROWS,
}


@pytest.mark.parametrize("reduction", REDUCED)
@pytest.mark.parametrize("weight", [None, [1.0, 0.5, 3.0], [[1.0], [0.5], [3.0]], 2.0])
def test_reductions(reduction, weight):
    loss = losses.MeanAbsoluteError(reduction=reduction)
    found = loss(np.zeros((3, 2)), np.repeat(ROWS, 2).reshape(3, 2), weight)
    w = np.ones(3) if weight is None else np.broadcast_to(np.ravel(weight), 3)
    wanted = REDUCED[reduction](w)
    if reduction == "mean_with_sample_weight" and np.ndim(weight) == 0 and weight is not None:
        wanted = np.sum(w * ROWS) / weight  # as Keras: one weight for all is counted once
    assert np.allclose(np.ravel(found), wanted, rtol=1e-12)


@pytest.mark.parametrize("reduction", REDUCED)
def test_weights_of_zero_leave_zero(reduction):
    loss = losses.MeanSquaredError(reduction=reduction)
    p = leaf(P, "p")
    found = loss(T, p, np.zeros(5))
    assert not np.any(found.value)
    assert not gradient(ops.sum(found) if found.shape else found, [p])[0].any()


def test_weights_along_time():
    t, p = RNG.normal(size=(2, 4, 3, 2))
    each = np.mean((t - p) ** 2, axis=-1)
    for weight in (RNG.uniform(size=(4, 3)), RNG.uniform(size=(4, 1)), RNG.uniform(size=(1, 3))):
        found = losses.MeanSquaredError()(t, p, weight)
        assert found == pytest.approx(np.sum(each * weight) / 12, rel=1e-12)
        assert found == pytest.approx(losses.MeanSquaredError()(t, p, weight[..., None]), rel=1e-12)


@pytest.mark.parametrize("weight", [np.ones(3), np.ones(4), np.ones((4, 4)), np.ones((4, 3, 2))])
def test_weights_that_fit_no_axis_are_refused(weight):
    """(4,) against (4, 4) would broadcast silently along the wrong axis."""
    t = np.zeros((4, 4, 2)) if weight.shape == (4,) else np.zeros((4, 3, 2))
    with pytest.raises(ShapeError, match="sample_weight has shape"):
        losses.MeanSquaredError()(t, t, weight)


def test_ignored_labels_count_in_nothing():
    labels = np.array([0, 255, 1, 255, 3])
    counted = labels != 255
    weight = np.linspace(1.0, 2.0, 5)
    whole = losses.SparseCategoricalCrossentropy(True, reduction="sum")
    part = whole(labels[counted], LOGITS[counted], weight[counted])
    for reduction, wanted in (
        ("sum", part),
        ("sum_over_batch_size", part / 3),
        ("mean_with_sample_weight", part / weight[counted].sum()),
    ):
        loss = losses.SparseCategoricalCrossentropy(True, ignore_class=255, reduction=reduction)
        assert loss(labels, LOGITS, weight) == pytest.approx(wanted, rel=1e-12)
        assert loss(labels[:, None], LOGITS, weight) == pytest.approx(wanted, rel=1e-12)
    x = leaf(LOGITS, "x")
    (slope,) = gradient(loss(labels, x), [x])
    assert not slope[~counted].any()
    assert slope[counted].all()
    assert loss(np.full(5, 255), LOGITS) == 0.0


def test_classes_may_lie_along_any_axis():
    turned = np.moveaxis(np.stack([LOGITS, 2 * LOGITS]), -1, 1)  # (2, classes, 5)
    labels = np.stack([LABELS, LABELS])
    sparse = losses.SparseCategoricalCrossentropy(True, axis=1, reduction=None)(labels, turned)
    dense = losses.CategoricalCrossentropy(True, axis=1, reduction=None)(
        np.moveaxis(np.eye(4)[labels], -1, 1), turned
    )
    each = losses.sparse_categorical_crossentropy(LABELS, LOGITS, True)
    assert np.allclose(sparse, dense, rtol=1e-13)
    assert np.allclose(sparse[0], each, rtol=1e-13)


# --- laws -----------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 5), classes=st.integers(2, 6))
def test_sparse_is_categorical_of_one_hot(seed, n, classes):
    rng = np.random.default_rng(seed)
    x, labels = 5 * rng.normal(size=(n, classes)), rng.integers(0, classes, n)
    one_hot = np.eye(classes)[labels]
    for y, from_logits in ((x, True), (np.exp(x), False)):
        sparse = losses.sparse_categorical_crossentropy(labels, y, from_logits)
        dense = losses.categorical_crossentropy(one_hot, y, from_logits)
        assert np.allclose(sparse, dense, rtol=1e-12, atol=1e-15)


@given(seed=st.integers(0, 2**32 - 1))
def test_logits_and_probabilities_agree(seed):
    x = 3 * np.random.default_rng(seed).normal(size=(3, 4))
    for loss, squash in ((losses.BinaryCrossentropy, ops.sigmoid),
                         (losses.CategoricalCrossentropy, ops.softmax)):  # fmt: skip
        t = np.eye(4)[:3]
        assert loss(True)(t, x) == pytest.approx(loss()(t, squash(x)), rel=1e-6)


def test_trailing_axis_of_one_is_added_or_taken_off():
    flat = losses.MeanSquaredError(reduction=None)(T[:, 0], P[:, :1])
    assert np.array_equal(flat, losses.MeanSquaredError(reduction=None)(T[:, :1], P[:, 0]))
    assert np.array_equal(flat, (T[:, 0] - P[:, 0]) ** 2)
    t, p = RNG.normal(size=(2, 4, 3, 1))
    assert losses.mean_squared_error(t, p[..., 0]).shape == (4,)


FUNCTIONS = (losses.mse, losses.bce, losses.hinge, losses.poisson, losses.categorical_crossentropy)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_shapes_are_never_stretched(function):
    with pytest.raises(ShapeError, match=r"y_true has shape \(5, 4\) and y_pred \(5, 1\)"):
        function(T, P[:, :1])


def test_whether_hinge_labels_are_bits_is_decided_when_the_graph_runs():
    t, p = leaf(BITS, "t"), leaf(P, "p")
    loss = losses.Hinge()(t, p)
    other = np.where(BITS == 0, -2.0, 1.0)
    wanted = np.mean(np.maximum(1 - other * P, 0))
    assert replay([loss], {t: other})[0] == pytest.approx(wanted, rel=1e-12)
    assert replay([loss], {t: 2 * BITS - 1})[0] == pytest.approx(float(loss), rel=1e-12)


def test_a_recorded_loss_takes_other_labels():
    t, p = leaf(LABELS, "t"), leaf(LOGITS, "p")
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)(t, p)
    other = LABELS[::-1].copy()
    wanted = losses.SparseCategoricalCrossentropy(from_logits=True)(other, LOGITS)
    assert replay([loss], {t: other})[0] == pytest.approx(wanted, rel=1e-14)


# --- names and settings ---------------------------------------------------------------------------

NAMES = {
    "mse": losses.mean_squared_error,
    "MSE": losses.mean_squared_error,
    "mean_squared_error": losses.mean_squared_error,
    "mae": losses.mean_absolute_error,
    "MAPE": losses.mean_absolute_percentage_error,
    "msle": losses.mean_squared_logarithmic_error,
    "bce": losses.binary_crossentropy,
    "kld": losses.kl_divergence,
    "KLD": losses.kl_divergence,
    "huber": losses.huber,
    "hinge": losses.hinge,
    "poisson": losses.poisson,
    "log_cosh": losses.log_cosh,
    "cosine_similarity": losses.cosine_similarity,
    "sparse_categorical_crossentropy": losses.sparse_categorical_crossentropy,
    "categorical_focal_crossentropy": losses.categorical_focal_crossentropy,
    "squared_hinge": losses.squared_hinge,
}


@pytest.mark.parametrize("name", NAMES)
def test_lower_case_names_are_functions(name):
    assert losses.get(name) is NAMES[name]


@pytest.mark.parametrize("row", VALUES, ids=name_of)
def test_a_class_name_is_an_object_and_settings_come_back(row):
    loss = row[0]
    assert type(losses.get(type(loss).__name__)) is type(loss)
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert losses.get(loss) is loss


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean mean_squared_error"):
        losses.get("mean_square_error")


SHAPES = [
    (LABELS, LOGITS, losses.sparse_categorical_crossentropy),
    (LABELS[:, None], LOGITS, losses.sparse_categorical_crossentropy),
    (ONE_HOT, LOGITS, losses.categorical_crossentropy),
    (BITS[:, 0], OUTPUTS[:, :1], losses.binary_crossentropy),
    (BITS[:, :1], OUTPUTS[:, :1], losses.binary_crossentropy),
]


@pytest.mark.parametrize(("t", "p", "wanted"), SHAPES)
def test_crossentropy_is_chosen_by_shape(t, p, wanted):
    p = np.abs(p)
    for name in ("crossentropy", "ce"):
        loss = losses.as_loss(name)
        assert loss.name == name
        assert loss(t, p) == np.mean(wanted(t, p))
        losses.check_targets(loss, t, (None, p.shape[1]))
    with pytest.raises(ValueError, match=r"y_true has (7 at row 0|shape)|from 0 to 1"):
        losses.check_targets(losses.as_loss("ce"), t + 7, (None, 2 if p.shape[1] > 1 else 1))


def test_functions_become_losses_that_average():
    assert losses.as_loss("mse").fn is losses.mse
    assert losses.as_loss("Huber").delta == 1.0
    assert losses.as_loss(losses.mae).name == "mean_absolute_error"
    with pytest.raises(UsageError, match="did you mean"):
        losses.as_loss("msee")


def test_a_loss_of_ones_own_by_class_and_by_function():
    class Cubic(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.abs(y_pred - y_true) ** 3, axis=-1)

    def cubic(y_true, y_pred):
        return ops.mean(ops.abs(y_pred - y_true) ** 3, axis=-1)

    wanted = np.mean(np.abs(P - T) ** 3)
    assert Cubic()(T, P) == pytest.approx(wanted, rel=1e-12)
    assert losses.LossFunctionWrapper(cubic)(T, P) == pytest.approx(wanted, rel=1e-12)
    assert Cubic(reduction="sum")(T, P, np.zeros(5)) == 0.0
    assert (Cubic().name, losses.LossFunctionWrapper(cubic).name) == ("cubic", "cubic")
    assert Cubic.from_config(Cubic(name="c").get_config()).name == "c"
    assert losses.LossFunctionWrapper(lambda t, p: ops.mean((t - p) ** 2))(T, P) > 0


SETTINGS = [
    (lambda: losses.MeanSquaredError(reduction="average"), r"reduction='average'"),
    (lambda: losses.Huber(delta=0), r"Huber\(delta=0\)"),
    (lambda: losses.Huber(delta=math.nan), r"delta must be a finite number, above 0"),
    (lambda: losses.BinaryCrossentropy(from_logits="yes"), r"from_logits='yes'"),
    (lambda: losses.CosineSimilarity(axis=0.5), r"axis=0.5"),
    (lambda: losses.BinaryFocalCrossentropy(gamma=-1), r"gamma=-1"),
    (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), r"label_smoothing=1.5"),
    (lambda: losses.CategoricalCrossentropy(label_smoothing=-0.1), r"label_smoothing=-0.1"),
    (lambda: losses.LossFunctionWrapper("mse"), r"fn='mse'"),
]


@pytest.mark.parametrize(("make", "match"), SETTINGS)
def test_settings_that_mean_nothing_are_refused(make, match):
    with pytest.raises(UsageError, match=match):
        make()


# --- targets that do not fit ----------------------------------------------------------------------

SPARSE = losses.SparseCategoricalCrossentropy()
REFUSED = [
    (SPARSE, [0, 10, 2], (3, 10), r"10 at row 1; there are 10 classes, labels from 0 to 9"),
    (SPARSE, [1, 10, 2], (3, 10), r"seem to start at 1: subtract 1"),
    (SPARSE, [0, -1, 2], (3, 10), r"-1 at row 1"),
    (SPARSE, [0, 1.5, 2], (3, 10), r"1.5 at row 1; labels are whole numbers"),
    (SPARSE, [[0], [1.5]], (2, 10), r"1.5 at row 1; labels"),
    (SPARSE, np.eye(3), (3, 3), r"use CategoricalCrossentropy, or y_true.argmax"),
    (SPARSE, [0, 1], (2, 1), r"1 output, which leaves no choice; use BinaryCrossentropy"),
    (SPARSE, np.zeros((4, 2)), (4, 3), r"give labels of shape \(4,\)"),
    (SPARSE, np.full((2, 3), 9), (2, 3, 5), r"9 at row 0, column 0"),
    (losses.sparse_categorical_crossentropy, [0, 3], (2, 3), r"3 at row 1"),
    (losses.LossFunctionWrapper(losses.sparse_categorical_crossentropy), [3], (1, 3), "3 at row 0"),
    (losses.CategoricalCrossentropy(), [0, 1, 2], (3, 3), r"use SparseCategoricalCrossentropy"),
    (losses.CategoricalCrossentropy(), [[0], [1]], (2, 3), r"use SparseCategoricalCrossentropy"),
    (losses.CategoricalCrossentropy(), np.eye(4), (4, 3), r"shape \(4, 4\) and the outputs"),
    (losses.CategoricalCrossentropy(), [[1.0]], (1, 1), r"use BinaryCrossentropy"),
    (losses.CategoricalHinge(), [0, 1, 2], (3, 3), r"use SparseCategoricalCrossentropy"),
    (losses.BinaryCrossentropy(), [0, 1, 2], (3, 1), r"2 at row 2; .* from 0 to 1"),
    (losses.BinaryCrossentropy(), [-1, 1], (2, 1), r"-1 at row 0; .*labels of -1 and 1 fit Hinge"),
    (losses.BinaryCrossentropy(), [0, 1, 2], (3, 3), r"target for each of the 3 outputs"),
    (losses.bce, [[0.5, 1.25]], (1, 2), r"1.25 at row 0, column 1"),
    (losses.Hinge(), [-1, 0, 1], (3, 1), r"0 at row 1; Hinge takes targets of -1 and 1"),
    (losses.SquaredHinge(), [1, 2], (2, 1), r"2 at row 1"),
    (losses.MeanSquaredError(), np.zeros((4, 2)), (4, 3), r"MeanSquaredError: y_true has shape"),
    (losses.mse, np.zeros((4, 2)), (4, 3), r"mean_squared_error: y_true has shape \(4, 2\)"),
    (losses.MeanSquaredError(), [[1.0, 2.0], [3.0, NAN]], (2, 2), r"nan at row 1, column 1"),
    (losses.Huber(), [0.0, -INF], (2, 1), r"-inf at row 1; targets must be finite"),
    (lambda t, p: 0.0, [NAN], (1, 1), r"nan at row 0"),
    (losses.MeanSquaredError(), ["cat"], (1, 1), r"y_true holds str and not numbers"),
]


@pytest.mark.parametrize(("loss", "y_true", "shape", "match"), REFUSED)
def test_targets_that_do_not_fit_are_refused(loss, y_true, shape, match):
    for batch in (shape[0], None):  # a model's output shape has no number of rows
        with pytest.raises(ValueError, match=match) as refused:
            losses.check_targets(loss, np.asarray(y_true), (batch, *shape[1:]))
        assert isinstance(refused.value, (UsageError, ShapeError))


ACCEPTED = [
    (SPARSE, [0, 9, 2], (3, 10)),
    (SPARSE, [[0], [9], [2.0]], (3, 10)),
    (SPARSE, np.zeros((2, 3), dtype="int8"), (2, 3, 5)),
    (losses.SparseCategoricalCrossentropy(ignore_class=-1), [0, -1], (2, 3)),
    (losses.SparseCategoricalCrossentropy(axis=1), np.zeros((2, 7)), (2, 3, 7)),
    (losses.CategoricalCrossentropy(), np.eye(3), (3, 3)),
    (losses.CategoricalCrossentropy(axis=1), np.zeros((2, 3, 7)), (2, 3, 7)),
    (losses.BinaryCrossentropy(), [0, 1, 0.5], (3, 1)),
    (losses.BinaryCrossentropy(), [True, False], (2, 1)),
    (losses.Hinge(), [0, 1, 1], (3, 1)),
    (losses.Hinge(), [[-1], [1]], (2, 1)),
    (losses.MeanSquaredError(), [1, 2, 3], (3, 1)),
    (losses.mse, np.zeros((3, 2, 1)), (3, 2)),
    (lambda t, p: 0.0, np.zeros((3, 9)), (3, 1)),
]


@pytest.mark.parametrize(("loss", "y_true", "shape"), ACCEPTED)
def test_targets_that_fit_pass_in_silence(loss, y_true, shape):
    assert losses.check_targets(loss, np.asarray(y_true), shape) is None
    assert losses.check_targets(loss, np.asarray(y_true), (None, *shape[1:])) is None


def test_a_label_out_of_range_is_refused_without_fit_too():
    with pytest.raises(UsageError, match="3 at row 1"):
        SPARSE([0, 3], np.ones((2, 3)))


def test_overflow_is_a_number_and_no_warning():
    big = np.full((2, 2), 3e38, dtype="float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert losses.MeanSquaredError()(big, -big) == INF
        assert losses.MeanSquaredError()(big, -big, [0.0, 1.0]) != 0  # inf times 0 shows as nan


def test_pairs_of_reduction_and_loss_all_run_on_nodes():
    for reduction, row in itertools.product(REDUCED, VALUES):
        loss = type(row[0]).from_config({**row[0].get_config(), "reduction": reduction})
        node = loss(leaf(row[1], "t"), leaf(row[2], "p"), np.ones(5))
        assert node.shape == (() if reduction not in (None, "none") else (5,))
