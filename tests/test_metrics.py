"""Metrics against sums written out, scikit-learn, and the law that batches do not matter."""

from __future__ import annotations

import itertools
import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from autograd_lab import losses, metrics, ops
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.graph import Node, leaf

NAN, INF = math.nan, math.inf
N, CLASSES = 17, 4
RNG = np.random.default_rng(5)
T, P = RNG.normal(size=(2, N, CLASSES))
SHARES = RNG.dirichlet(np.ones(CLASSES), N)
OUTPUTS = RNG.dirichlet(np.ones(CLASSES), N)
ROUNDED = np.round(OUTPUTS, 1)  # many equal scores, many on a threshold
BITS = (RNG.uniform(size=(N, CLASSES)) > 0.5).astype(float)
LABELS = np.array([*range(CLASSES), *RNG.integers(0, CLASSES, N - CLASSES)])
ONE_HOT = np.eye(CLASSES)[LABELS]
WEIGHTS = RNG.integers(0, 4, N).astype(float)


# --- means over examples, written out -------------------------------------------------------------


def rank(p, k):
    """How many scores are larger than that of class k."""
    return sum(x > p[k] for x in p)


def each(term):
    return lambda t, p: sum(map(term, t, p)) / len(t)


def cos(t, p):
    return np.dot(t, p) / math.hypot(*t) / math.hypot(*p)


def first_largest(p):
    return next(k for k, x in enumerate(p) if x == max(p))


def binary(t, p):
    return -math.log(p) if t else -math.log(1 - p)


# Metric, targets, outputs, the value of one example in plain Python.
MEANS = [
    (metrics.MeanSquaredError(), T, P, each(lambda t, p: (t - p) ** 2)),
    (metrics.MeanAbsoluteError(), T, P, each(lambda t, p: abs(t - p))),
    (metrics.MeanAbsolutePercentageError(), T, P, each(lambda t, p: 100 * abs((t - p) / t))),
    (
        metrics.MeanSquaredLogarithmicError(), SHARES, OUTPUTS,
        each(lambda t, p: (math.log(1 + t) - math.log(1 + p)) ** 2),
    ),
    (metrics.LogCoshError(), T, P, each(lambda t, p: math.log(math.cosh(t - p)))),
    (metrics.CosineSimilarity(), T, P, cos),
    (metrics.Accuracy(), LABELS.astype(float), LABELS % 3, lambda t, p: t == p),
    (metrics.BinaryAccuracy(), BITS, OUTPUTS, each(lambda t, p: t == (p > 0.5))),
    (metrics.BinaryAccuracy(threshold=0.25), BITS, OUTPUTS, each(lambda t, p: t == (p > 0.25))),
    (metrics.CategoricalAccuracy(), ONE_HOT, ROUNDED, lambda t, p: t[first_largest(p)]),
    (metrics.SparseCategoricalAccuracy(), LABELS, ROUNDED, lambda t, p: t == first_largest(p)),
    (metrics.TopKCategoricalAccuracy(k=2), ONE_HOT, ROUNDED,
     lambda t, p: rank(p, first_largest(t)) < 2),
    (metrics.SparseTopKCategoricalAccuracy(k=2), LABELS, ROUNDED, lambda t, p: rank(p, t) < 2),
    (metrics.BinaryCrossentropy(), BITS, OUTPUTS, each(binary)),
    (
        metrics.CategoricalCrossentropy(), SHARES, OUTPUTS,
        lambda t, p: -sum(a * math.log(b) for a, b in zip(t, p, strict=True)),
    ),
    (metrics.SparseCategoricalCrossentropy(), LABELS, OUTPUTS, lambda t, p: -math.log(p[t])),
    (
        metrics.SparseCategoricalCrossentropy(from_logits=True), LABELS, P,
        lambda t, p: math.log(sum(map(math.exp, p))) - p[t],
    ),
    (
        metrics.KLDivergence(), SHARES, OUTPUTS,
        lambda t, p: sum(a * math.log(a / b) for a, b in zip(t, p, strict=True)),
    ),
    (metrics.Poisson(), BITS, SHARES, each(lambda t, p: p - t * math.log(p + 1e-7))),
    (metrics.Hinge(), 2 * BITS - 1, P, each(lambda t, p: max(0, 1 - t * p))),
    (metrics.SquaredHinge(), BITS, P, each(lambda t, p: max(0, 1 - (2 * t - 1) * p) ** 2)),
    (
        metrics.CategoricalHinge(), ONE_HOT, P,
        lambda t, p: max(0, 1 + max(x * (1 - a) for a, x in zip(t, p, strict=True)) - np.dot(t, p)),
    ),
    (metrics.MeanMetricWrapper(losses.huber, delta=0.5), T, P,
     each(lambda t, p: (t - p) ** 2 / 2 if abs(t - p) <= 0.5 else abs(t - p) / 2 - 0.125)),
]  # fmt: skip


def name_of(row):
    return type(row[0]).__name__


def fresh(metric):
    return type(metric).from_config(metric.get_config())


@pytest.mark.parametrize("row", MEANS, ids=name_of)
def test_a_mean_is_that_of_its_examples(row):
    metric, t, p, of_one = row
    values = np.array([float(of_one(a, b)) for a, b in zip(t, p, strict=True)])
    metric = fresh(metric)
    assert metric(t, p) == pytest.approx(np.mean(values), rel=1e-11)
    metric.reset_state()
    wanted = np.sum(WEIGHTS * values) / np.sum(WEIGHTS)
    assert metric(t, p, WEIGHTS) == pytest.approx(wanted, rel=1e-11)
    assert type(metric.result()) is float


@pytest.mark.parametrize("row", MEANS, ids=name_of)
def test_on_nodes_a_tally_is_part_of_the_graph(row):
    metric, t, p, _ = row
    metric = fresh(metric)
    total, count = metric.tally(leaf(t, "t"), leaf(p, "p"), leaf(WEIGHTS, "w"))
    assert isinstance(total, Node)
    assert isinstance(count, Node)
    metric.add([total.value, count.value])
    assert metric.result() == pytest.approx(fresh(metric)(t, p, WEIGHTS), rel=1e-14)
    assert isinstance(metric.tally(leaf(t, "t"), leaf(p, "p"))[0], Node)


# --- the law: only the examples count, not how they came ------------------------------------------

ONE, SCORES = BITS[:, 0], OUTPUTS[:, 0]
COUNTED = [
    (metrics.RootMeanSquaredError(), T, P),
    (metrics.R2Score(), T, T + P / 4),
    (metrics.R2Score("variance_weighted_average", num_regressors=2), T, T + P / 4),
    (metrics.R2Score(None), T, T + P / 4),
    *[
        (kind(thresholds), BITS, ROUNDED)
        for thresholds in (None, 0.3, [0.1, 0.9, 0.4])
        for kind in (metrics.TruePositives, metrics.FalsePositives, metrics.TrueNegatives,
                     metrics.FalseNegatives, metrics.Precision, metrics.Recall)
    ],
    (metrics.Precision(top_k=2), ONE_HOT, OUTPUTS),
    (metrics.Recall(top_k=2, class_id=1), ONE_HOT, OUTPUTS),
    (metrics.Recall(class_id=0, thresholds=[0.2, 0.4]), ONE_HOT, OUTPUTS),
    *[
        (metrics.AUC(num_thresholds=7, curve=curve, summation_method=method), ONE, SCORES)
        for curve in ("ROC", "PR")
        for method in ("interpolation", "minoring", "majoring")
    ],
    (metrics.AUC(multi_label=True), BITS, OUTPUTS),
    (metrics.AUC(curve="PR", multi_label=True, label_weights=[1, 2, 3, 4]), BITS, OUTPUTS),
    (metrics.AUC(from_logits=True, thresholds=[0.5]), ONE, P[:, 0]),
    *[
        (metrics.FBetaScore(average=average, beta=2.0, threshold=threshold), ONE_HOT, OUTPUTS)
        for average in (None, "micro", "macro", "weighted")
        for threshold in (None, 0.3)
    ],
    (metrics.F1Score(), ONE_HOT, OUTPUTS),
    (metrics.SensitivityAtSpecificity(0.5), ONE, SCORES),
    (metrics.SpecificityAtSensitivity(0.5), ONE, SCORES),
    (metrics.PrecisionAtRecall(0.5), ONE, SCORES),
    (metrics.RecallAtPrecision(0.5), ONE, SCORES),
    (metrics.MeanIoU(CLASSES), LABELS, (LABELS + (T[:, 0] > 0)) % CLASSES),
    (metrics.IoU(CLASSES, [0, 2], sparse_y_pred=False), LABELS, OUTPUTS + ONE_HOT / 2),
]  # fmt: skip
ALL = [row[:3] for row in MEANS] + COUNTED


def test_every_metric_is_tried():
    classes = {getattr(metrics, name) for name in metrics.__all__}
    classes = {thing for thing in classes if isinstance(thing, type)}
    bases = {metrics.Metric, metrics.MeanMetric, metrics.Mean, metrics.Sum}
    assert {type(row[0]) for row in ALL} == classes - bases


@pytest.mark.parametrize("row", ALL, ids=name_of)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_batches_and_their_order_do_not_matter(row, seed):
    metric, t, p = row
    rng = np.random.default_rng(seed)
    order = rng.permutation(N)
    cuts = np.sort(rng.integers(0, N + 1, 3))
    batched, whole = fresh(metric), fresh(metric)
    for part in np.split(order, cuts):  # some of these batches are empty
        batched.update_state(t[part], p[part], WEIGHTS[part])
    whole.update_state(t, p, WEIGHTS)
    assert np.allclose(batched.result(), whole.result(), rtol=1e-9, atol=1e-12)


# As in Keras, the score adjusted for regressors counts rows and not weights.
WEIGHED = [row for row in ALL if not getattr(row[0], "num_regressors", 0)]


@pytest.mark.parametrize("row", WEIGHED, ids=name_of)
def test_a_weight_is_a_number_of_copies(row):
    """Weight 0 leaves an example out, weight 3 counts it three times."""
    metric, t, p = row
    copies = np.repeat(np.arange(N), WEIGHTS.astype(int))
    weighted, copied = fresh(metric), fresh(metric)
    weighted.update_state(t, p, WEIGHTS)
    copied.update_state(t[copies], p[copies])
    assert np.allclose(weighted.result(), copied.result(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("row", ALL, ids=name_of)
def test_a_metric_goes_on_where_its_state_was_saved(row):
    metric, t, p = row
    first, second = fresh(metric), fresh(metric)
    first.update_state(t[:9], p[:9], WEIGHTS[:9])
    second.set_state(json.loads(json.dumps(first.state())))
    assert np.array_equal(first.result(), second.result())
    for one in (first, second):
        one.update_state(t[9:], p[9:], WEIGHTS[9:])
    assert np.array_equal(first.result(), second.result())
    assert first.state() == second.state()


@pytest.mark.parametrize("row", ALL, ids=name_of)
def test_of_no_examples_the_result_is_zero(row):
    metric, t, p = row
    metric = fresh(metric)
    assert not np.any(metric.result())
    metric.update_state(t[:0], p[:0])
    assert not np.any(metric.result())
    metric.update_state(t, p)
    assert np.any(metric.result())
    metric.reset_state()
    assert not np.any(metric.result())
    metric.update_state(t, p, np.zeros(N))
    assert not np.any(np.nan_to_num(metric.result()))


@pytest.mark.parametrize("row", ALL, ids=name_of)
def test_settings_come_back_and_names_are_known(row):
    metric = row[0]
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert metrics.get(metric) is metric


def test_hundred_million_examples_still_count():
    """In float32 a sum stops growing at 2^24."""
    metric = metrics.Mean()
    metric.set_state({"total": 2.0**24, "count": 2.0**24})
    metric.update_state(np.zeros(1, dtype="float32"))
    assert metric["count"] == 2**24 + 1


# --- scikit-learn ---------------------------------------------------------------------------------


def sklearn_truths():
    truth = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    chosen = OUTPUTS.argmax(axis=1)
    w = {"sample_weight": WEIGHTS}
    quiet = {"zero_division": 0.0, **w}
    decided = OUTPUTS > 0.3
    rows = [
        (metrics.SparseCategoricalAccuracy(), LABELS, OUTPUTS,
         truth.accuracy_score(LABELS, chosen, **w)),
        (metrics.SparseTopKCategoricalAccuracy(k=3), LABELS, OUTPUTS,
         truth.top_k_accuracy_score(LABELS, OUTPUTS, k=3, **w)),
        (metrics.SparseCategoricalCrossentropy(), LABELS, OUTPUTS,
         truth.log_loss(LABELS, OUTPUTS, **w)),
        (metrics.MeanSquaredError(), T, P, truth.mean_squared_error(T, P, **w)),
        (metrics.MeanAbsoluteError(), T, P, truth.mean_absolute_error(T, P, **w)),
        (metrics.RootMeanSquaredError(), T, P, math.sqrt(truth.mean_squared_error(T, P, **w))),
        (metrics.MeanAbsolutePercentageError(), T, P,
         100 * truth.mean_absolute_percentage_error(T, P, **w)),
        (metrics.R2Score(), T, P, truth.r2_score(T, P, **w)),
        (metrics.R2Score(None), T, P, truth.r2_score(T, P, multioutput="raw_values", **w)),
        (metrics.R2Score("variance_weighted_average"), T, P,
         truth.r2_score(T, P, multioutput="variance_weighted", **w)),
        (metrics.Precision(0.3, class_id=1), ONE_HOT, OUTPUTS,
         truth.precision_score(LABELS == 1, decided[:, 1], **quiet)),
        (metrics.Recall(0.3, class_id=1), ONE_HOT, OUTPUTS,
         truth.recall_score(LABELS == 1, decided[:, 1], **quiet)),
        (metrics.Precision(0.3), BITS, OUTPUTS,
         truth.precision_score(BITS, decided, average="micro", **quiet)),
        (metrics.Recall(0.3), BITS, OUTPUTS,
         truth.recall_score(BITS, decided, average="micro", **quiet)),
        (metrics.MeanIoU(CLASSES, sparse_y_pred=False), LABELS, OUTPUTS,
         truth.jaccard_score(LABELS, chosen, average="macro", **quiet)),
    ]  # fmt: skip
    for average in (None, "micro", "macro", "weighted"):
        for beta in (0.5, 1.0, 2.0):
            rows += [
                (metrics.FBetaScore(average, beta), ONE_HOT, OUTPUTS,
                 truth.fbeta_score(LABELS, chosen, average=average, beta=beta, **quiet)),
                (metrics.FBetaScore(average, beta, 0.3), BITS, OUTPUTS,
                 truth.fbeta_score(BITS, decided, average=average, beta=beta, **quiet)),
            ]  # fmt: skip
    return rows


def test_scikit_learn_agrees():
    for metric, t, p, wanted in sklearn_truths():
        # Keras's denominators are larger by 1e-7 in scores of F and in intersections over unions
        assert np.allclose(metric(t, p, WEIGHTS), wanted, rtol=1e-6), metric


def test_area_under_roc_as_scikit_learn():
    truth = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    middle = np.sort(np.unique(SCORES))
    exact = metrics.AUC(thresholds=list((middle[1:] + middle[:-1]) / 2))
    wanted = truth.roc_auc_score(ONE, SCORES, sample_weight=WEIGHTS)
    assert exact(ONE, SCORES, WEIGHTS) == pytest.approx(wanted, rel=1e-12)
    fine = metrics.AUC(num_thresholds=20001, multi_label=True)
    assert fine(BITS, OUTPUTS) == pytest.approx(truth.roc_auc_score(BITS, OUTPUTS), rel=1e-12)


# --- counts and areas, by brute force -------------------------------------------------------------


def brute_counts(labels, scores, weights, threshold):
    found = {"TP": 0.0, "FP": 0.0, "FN": 0.0, "TN": 0.0}
    for label, score, weight in zip(labels, scores, weights, strict=True):
        positive = score > threshold
        found[("T" if positive == bool(label) else "F") + ("P" if positive else "N")] += weight
    return found


@given(
    seed=st.integers(0, 2**32 - 1),
    thresholds=st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0]), min_size=1),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_counts_are_those_of_one_look_at_each_example(seed, thresholds, dtype):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 12))
    labels, weights = rng.integers(0, 2, n), rng.integers(0, 3, n).astype(float)
    scores = rng.choice([0.0, 0.1, 0.2, 0.3, 0.5, 0.9, 1.0, NAN], n).astype(dtype)
    kinds = {"TP": metrics.TruePositives, "FP": metrics.FalsePositives,
             "FN": metrics.FalseNegatives, "TN": metrics.TrueNegatives}  # fmt: skip
    for name, kind in kinds.items():
        # a threshold is rounded like the scores, so that 0.1 is not above 0.1
        levels = np.array(thresholds).astype(dtype)
        wanted = [brute_counts(labels, scores, weights, t)[name] for t in levels]
        assert np.ravel(kind(thresholds)(labels, scores, weights)).tolist() == wanted


@given(seed=st.integers(0, 2**32 - 1))
def test_area_under_roc_is_the_share_of_pairs_in_order(seed):
    """Scores between thresholds: Mann and Whitney's statistic, equal scores count half."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 15))
    labels, scores = rng.integers(0, 2, n), 0.05 + 0.1 * rng.integers(0, 10, n)
    labels[:2] = 0, 1
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a in scores[labels == 1]
        for b in scores[labels == 0]
    ]
    area = metrics.AUC(num_thresholds=11)(labels, scores)
    assert area == pytest.approx(sum(pairs) / len(pairs), rel=1e-12)


def test_area_under_precision_is_the_integral_between_thresholds():
    """Between two thresholds TP grows linearly with all that is reported."""
    labels = np.array([1, 0, 1, 1, 0, 0, 1, 0])
    scores = np.array([0.95, 0.85, 0.8, 0.65, 0.6, 0.35, 0.3, 0.05])
    metric = metrics.AUC(num_thresholds=5, curve="PR")
    area = metric(labels, scores)
    levels = [-1e-7, 0.25, 0.5, 0.75, 1 + 1e-7]
    points = [brute_counts(labels, scores, np.ones(8), t) for t in levels]
    wanted = mp.mpf(0)
    for more, fewer in itertools.pairwise(points):
        gained, extra = more["TP"] - fewer["TP"], more["FP"] - fewer["FP"]
        if gained:
            steps = [fewer["TP"], more["TP"]]
            others = lambda tp: fewer["FP"] + extra / gained * (tp - fewer["TP"])  # noqa: B023, E731
            wanted += mp.quad(lambda tp: tp / (tp + others(tp)), steps) / 4  # noqa: B023
    assert area == pytest.approx(float(wanted), rel=1e-6)


@pytest.mark.parametrize("curve", ["ROC", "PR"])
def test_steps_enclose_the_trapezoids(curve):
    low, middle, high = (
        metrics.AUC(num_thresholds=9, curve=curve, summation_method=method)(ONE, SCORES)
        for method in ("minoring", "interpolation", "majoring")
    )
    assert low < middle < high
    assert middle == pytest.approx((low + high) / 2) or curve == "PR"


OPERATING = [
    (metrics.SensitivityAtSpecificity, ("TN", "FP"), ("TP", "FN")),
    (metrics.SpecificityAtSensitivity, ("TP", "FN"), ("TN", "FP")),
    (metrics.PrecisionAtRecall, ("TP", "FN"), ("TP", "FP")),
    (metrics.RecallAtPrecision, ("TP", "FP"), ("TP", "FN")),
]


@pytest.mark.parametrize(("kind", "kept", "wanted"), OPERATING)
def test_the_best_rate_while_another_is_kept(kind, kept, wanted):
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    scores = np.array([0.05, 0.3, 0.6, 0.8, 0.2, 0.45, 0.7, 0.95])
    points = [brute_counts(labels, scores, np.ones(8), i / 10) for i in range(11)]

    def rate(point, names):
        right, wrong = (point[name] for name in names)
        return right / (right + wrong) if right + wrong else 0.0

    for least in {rate(point, kept) for point in points} | {0.0, 0.6, 1.0}:
        best = max((rate(x, wanted) for x in points if rate(x, kept) >= least), default=0.0)
        assert kind(least, num_thresholds=11)(labels, scores) == pytest.approx(best, rel=1e-12)


def test_an_ignored_class_covers_nothing():
    chosen = (LABELS + (T[:, 0] > 0)) % CLASSES
    counted = LABELS != 1
    ignoring = metrics.MeanIoU(CLASSES, ignore_class=1)(LABELS, chosen)
    assert ignoring == metrics.MeanIoU(CLASSES)(LABELS[counted], chosen[counted])


def test_perfect_and_reversed_scores():
    assert metrics.AUC()([0, 0, 1], [0.1, 0.2, 0.9]) == 1.0
    assert metrics.AUC()([1, 1, 0], [0.1, 0.2, 0.9]) == 0.0
    assert metrics.AUC(curve="PR")([0, 0, 1], [0.1, 0.2, 0.9]) == pytest.approx(1.0)
    assert metrics.AUC(from_logits=True)([0, 1], [-1000.0, 1000.0]) == 1.0


# --- hard inputs ----------------------------------------------------------------------------------

ROW = [[0.1, 0.2, 0.7]]
HARD = [
    (metrics.SparseCategoricalAccuracy(), [2], [[0.1, NAN, 0.7]], 0.0),
    (metrics.SparseCategoricalAccuracy(), [1], [[0.5, 0.5, 0.5]], 0.0),  # the first of equal ones
    (metrics.SparseCategoricalAccuracy(), [0], [[0.5, 0.5, 0.5]], 1.0),
    (metrics.SparseTopKCategoricalAccuracy(k=1), [1], [[0.5, 0.5, 0.5]], 1.0),  # ties are shared
    (metrics.SparseTopKCategoricalAccuracy(k=1), [2], [[0.1, 0.2, NAN]], 0.0),
    (metrics.SparseTopKCategoricalAccuracy(k=9), [0], ROW, 1.0),
    (metrics.SparseTopKCategoricalAccuracy(k=1), [1], [[-INF, INF, 0.0]], 1.0),
    (metrics.BinaryAccuracy(), [[1.0]], [[0.5]], 0.0),  # above, not at
    (metrics.BinaryAccuracy(), [[0.0]], [[NAN]], 1.0),
    (metrics.MeanSquaredError(), [[0.0]], [[NAN]], NAN),
    (metrics.MeanSquaredError(), [[0.0]], [[INF]], INF),
    (metrics.RootMeanSquaredError(), [[0.0]], [[NAN]], NAN),
    (metrics.SparseCategoricalCrossentropy(from_logits=True), [1], [[1000.0, -1000.0]], 2000.0),
    (metrics.BinaryCrossentropy(), [[1.0]], [[0.0]], -math.log(1e-7)),
    (metrics.Precision(), [1, 0], [NAN, 0.2], 0.0),
    (metrics.Precision(), [1, 0, 1], [0.45, 0.55, 0.5], 0.0),
    (metrics.Recall(), [1, 1], [0.45, 0.55], 0.5),
    (metrics.Precision(), [0, 0], [0.1, 0.2], 0.0),
    (metrics.Recall(), [0, 0], [0.9, 0.9], 0.0),
    (metrics.AUC(), [1, 1], [0.9, 0.9], 0.0),
    (metrics.AUC(), [0, 1], [-3.0, 5.0], 1.0),
    (metrics.R2Score(), [[1.0], [1.0]], [[1.0], [2.0]], 0.0),
    (metrics.R2Score(), [[1e8], [1e8 + 2]], [[1e8], [1e8 + 1]], 0.5),
    (metrics.MeanIoU(2), [0, 1, 9, -1], [0, 1, 0, 1], 1.0),  # unknown classes count nowhere
]


@pytest.mark.parametrize("row", HARD, ids=lambda row: f"{name_of(row)} {row[1]} {row[2]}")
def test_hard_inputs(row):
    metric, t, p, wanted = row
    metric = fresh(metric)
    p = np.asarray(p, dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = metric(np.asarray(t), p)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-12, nan_ok=True)


def test_one_nan_stays_until_the_reset():
    metric = metrics.MeanAbsoluteError()
    metric.update_state([[0.0]], [[NAN]])
    assert math.isnan(metric([[0.0]], [[1.0]]))
    metric.reset_state()
    assert metric([[0.0]], [[1.0]]) == 1.0


# --- shapes ---------------------------------------------------------------------------------------

VALUES = RNG.normal(size=(6, 3, 2))
MEAN_WEIGHTS = [
    (None, VALUES.mean()),
    (2.0, VALUES.mean()),
    (w := np.arange(6.0), np.average(VALUES.mean(axis=(1, 2)), weights=w)),
    (w[:, None], np.average(VALUES.mean(axis=(1, 2)), weights=w)),
    (v := RNG.uniform(size=(6, 3)), (VALUES.mean(axis=2) * v).sum() / v.sum()),
    (v[..., None], (VALUES.mean(axis=2) * v).sum() / v.sum()),
]


@pytest.mark.parametrize(("weight", "wanted"), MEAN_WEIGHTS)
def test_weights_of_a_mean_may_have_more_axes(weight, wanted):
    assert metrics.Mean()(VALUES, weight) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(("weight", "wanted"), MEAN_WEIGHTS)
def test_a_sum_counts_every_value_times_its_weight(weight, wanted):
    w = np.ones(()) if weight is None else np.asarray(weight)
    w = w.reshape(*w.shape, *[1] * (3 - w.ndim))
    assert metrics.Sum()(VALUES, weight) == pytest.approx(np.sum(VALUES * w), rel=1e-12)


def test_columns_and_rows_of_numbers_are_the_same_targets():
    for metric in (metrics.MeanSquaredError, metrics.BinaryAccuracy, metrics.AUC,
                   metrics.Precision, metrics.BinaryCrossentropy):  # fmt: skip
        columns = metric()(ONE[:, None], SCORES[:, None], WEIGHTS)
        assert columns > 0
        assert metric()(ONE, SCORES[:, None], WEIGHTS) == columns
        assert metric()(ONE[:, None], SCORES, WEIGHTS[:, None]) == columns
    sparse = metrics.SparseCategoricalAccuracy()
    assert sparse(LABELS[:, None], OUTPUTS) == sparse(LABELS, OUTPUTS)


def test_one_dtype_for_all_computations():
    third = np.array([[1 / 3]])
    assert metrics.MeanAbsoluteError()(0 * third, third) == 1 / 3
    assert metrics.MeanAbsoluteError(dtype="float32")(0 * third, third) == float(np.float32(1 / 3))


MISFITS = [
    (metrics.MeanSquaredError(), np.zeros((4, 3)), np.zeros((4, 1))),
    (metrics.BinaryAccuracy(), np.zeros((4, 3)), np.zeros((4, 1))),
    (metrics.SparseCategoricalAccuracy(), np.zeros((4, 3)), np.zeros((4, 3))),
    (metrics.SparseCategoricalAccuracy(), np.zeros(3), np.zeros((4, 3))),
    (metrics.CategoricalAccuracy(), np.zeros(4), np.zeros((4, 3))),
    (metrics.TopKCategoricalAccuracy(), np.zeros(4), np.zeros((4, 3))),
    (metrics.Precision(), np.zeros((4, 3)), np.zeros((4, 2))),
    (metrics.AUC(multi_label=True), np.zeros(4), np.zeros(4)),
    (metrics.AUC(multi_label=True, num_labels=2), np.zeros((4, 3)), np.zeros((4, 3))),
    (metrics.F1Score(), np.zeros(4), np.zeros(4)),
    (metrics.R2Score(), np.zeros(4), np.zeros(4)),
    (metrics.MeanIoU(3), np.zeros(4), np.zeros(3)),
]


@pytest.mark.parametrize(("metric", "t", "p"), MISFITS)
def test_shapes_that_do_not_fit_are_refused_and_nothing_is_counted(metric, t, p):
    before = metric.state()
    with pytest.raises(ShapeError):
        metric.update_state(t, p)
    assert metric.state() == before


@pytest.mark.parametrize(
    "metric", [metrics.MeanSquaredError(), metrics.Precision(), metrics.Mean()]
)
def test_weights_that_do_not_fit_are_refused(metric):
    given = (T, P) if not isinstance(metric, metrics.Mean) else (T,)
    with pytest.raises(ShapeError, match=r"sample_weight has shape \(5,\)"):
        metric.update_state(*given, sample_weight=np.ones(5))


# --- names and settings ---------------------------------------------------------------------------

NAMES = {
    "mse": metrics.MeanSquaredError,
    "MAE": metrics.MeanAbsoluteError,
    "mape": metrics.MeanAbsolutePercentageError,
    "msle": metrics.MeanSquaredLogarithmicError,
    "bce": metrics.BinaryCrossentropy,
    "mean_squared_error": metrics.MeanSquaredError,
    "RootMeanSquaredError": metrics.RootMeanSquaredError,
    "root_mean_squared_error": metrics.RootMeanSquaredError,
    "auc": metrics.AUC,
    "AUC": metrics.AUC,
    "precision": metrics.Precision,
    "sparse_categorical_accuracy": metrics.SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": metrics.TopKCategoricalAccuracy,
    "r2_score": metrics.R2Score,
    "cosine_similarity": metrics.CosineSimilarity,
    "kl_divergence": metrics.KLDivergence,
    "hinge": metrics.Hinge,
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_objects(name):
    assert type(metrics.get(name)) is NAMES[name]


RESOLVED = [
    ("accuracy", (8,), (8, 10), metrics.SparseCategoricalAccuracy),
    ("acc", (8, 1), (8, 10), metrics.SparseCategoricalAccuracy),
    ("accuracy", (8, 10), (8, 10), metrics.CategoricalAccuracy),
    ("Accuracy", (8,), (8, 1), metrics.BinaryAccuracy),
    ("accuracy", (8, 1), (8, 1), metrics.BinaryAccuracy),
    ("accuracy", (8, 5), (8, 5, 10), metrics.SparseCategoricalAccuracy),
    ("crossentropy", (8,), (8, 10), metrics.SparseCategoricalCrossentropy),
    ("ce", (8, 10), (8, 10), metrics.CategoricalCrossentropy),
    ("ce", (8, 1), (8, 1), metrics.BinaryCrossentropy),
    ("mse", (8, 1), (8, 1), metrics.MeanSquaredError),
]


@pytest.mark.parametrize(("name", "y_true", "y_pred", "wanted"), RESOLVED)
def test_accuracy_is_chosen_by_shape_and_keeps_its_name(name, y_true, y_pred, wanted):
    metric = metrics.resolve(name, np.zeros(y_true), np.zeros(y_pred))
    assert type(metric) is wanted
    assert metric.name == name
    if "acc" in name.lower():
        assert metrics.resolve_accuracy(y_true, y_pred) is wanted


def test_functions_and_losses_become_means():
    def worst(y_true, y_pred):
        return ops.max(ops.abs(y_pred - y_true), axis=-1)

    wanted = np.abs(T - P).max(axis=1).mean()
    metric = metrics.resolve(worst, T, P)
    assert metric.name == "worst"
    assert metric(T, P) == pytest.approx(wanted, rel=1e-12)
    huber = metrics.resolve(losses.Huber(0.5), T, P)
    assert huber(T, P) == pytest.approx(float(losses.Huber(0.5)(T, P)), rel=1e-12)
    assert metrics.resolve("kld", SHARES, OUTPUTS).name == "kld"
    assert metrics.get("huber") is losses.huber
    wrapped = metrics.MeanMetricWrapper(metrics.binary_accuracy, threshold=0.25)
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(wrapped))))
    assert again(BITS, OUTPUTS) == wrapped(BITS, OUTPUTS)


def test_an_object_is_used_as_it_is():
    metric = metrics.Precision(name="mine")
    assert metrics.resolve(metric, ONE, SCORES) is metric
    assert metric.name == "mine"
    assert metrics.resolve(metrics.Recall, ONE, SCORES).name == "recall"


def test_directions_say_what_is_better():
    better = {type(row[0]).__name__: row[0].direction for row in ALL}
    assert better["SparseCategoricalAccuracy"] == better["AUC"] == better["R2Score"] == "up"
    assert better["MeanSquaredError"] == better["BinaryCrossentropy"] == better["Hinge"] == "down"


REFUSED = [
    (lambda: metrics.get("acuracy"), "did you mean"),
    (lambda: metrics.TopKCategoricalAccuracy(k=0), r"k=0"),
    (lambda: metrics.SparseTopKCategoricalAccuracy(k=2.5), r"k=2.5"),
    (lambda: metrics.BinaryAccuracy(threshold="half"), r"threshold='half'"),
    (lambda: metrics.Precision(thresholds=1.5), r"thresholds=1.5"),
    (lambda: metrics.Recall(thresholds=[0.5, NAN]), r"from 0 to 1"),
    (lambda: metrics.Recall(thresholds=[]), r"thresholds=\[\]"),
    (lambda: metrics.Precision(top_k=0), r"top_k=0"),
    (lambda: metrics.Precision(class_id=7)(ONE_HOT, OUTPUTS), r"class_id=7.*from 0 to 3"),
    (lambda: metrics.AUC(num_thresholds=1), r"num_thresholds=1"),
    (lambda: metrics.AUC(curve="RCO"), r"did you mean ROC"),
    (lambda: metrics.AUC(summation_method="middle"), r"summation_method='middle'"),
    (lambda: metrics.AUC(num_labels=3), r"only for multi_label"),
    (lambda: metrics.FBetaScore(beta=0), r"beta=0"),
    (lambda: metrics.F1Score(average="mean"), r"average='mean'"),
    (lambda: metrics.F1Score(threshold=0.0), r"threshold=0.0"),
    (lambda: metrics.R2Score("average"), r"class_aggregation='average'"),
    (lambda: metrics.R2Score(num_regressors=-1), r"num_regressors=-1"),
    (lambda: metrics.SensitivityAtSpecificity(1.5), r"specificity=1.5"),
    (lambda: metrics.MeanIoU(0), r"num_classes=0"),
    (lambda: metrics.IoU(2, [2]), r"target_class_ids=\[2\]"),
    (lambda: metrics.MeanSquaredError(dtype="int8"), r"dtype='int8'"),
    (lambda: metrics.BinaryCrossentropy(label_smoothing=2), r"label_smoothing=2"),
    (lambda: metrics.MeanMetricWrapper("mse"), r"fn='mse'"),
    (lambda: metrics.BinaryCrossentropy(True), r"name=True"),
    (lambda: metrics.Mean().set_state({"total": 1.0}), r"the sums are total, count"),
]


@pytest.mark.parametrize(("make", "match"), REFUSED)
def test_settings_that_mean_nothing_are_refused(make, match):
    with pytest.raises(UsageError, match=match):
        make()
