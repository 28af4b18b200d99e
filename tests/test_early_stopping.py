"""EarlyStopping on scripted curves: Keras's decisions, Prechelt's criteria, and what it tells."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab import config
from autograd_lab.callbacks import EarlyStopping, prechelt
from autograd_lab.errors import UsageError

CURVES = {
    "slide": [1, 0.8, 0.6, 0.5, 0.55, 0.5, 0.45, 0.46, 0.47, 0.48],
    "flat": [0.5] * 7,
    "rising": [0.2, 0.3, 0.4, 0.5, 0.6],
    "falling": [0.9, 0.7, 0.5, 0.4, 0.3],
    "steps": [0.8, 0.7, 0.6, 0.5, 0.4, 0.3],
    "zigzag": [0.5, 0.7, 0.4, 0.6, 0.3, 0.5, 0.2, 0.4],
    "accuracy": [0.5, 0.54, 0.58, 0.62, 0.66, 0.7, 0.74, 0.78, 0.82, 0.86, 0.9, 0.94, 0.98],
    "late": [0.9, 0.91, 0.92, 0.6, 0.7, 0.5, 0.8, 0.8],
}

# Keras 3.15.1 run by hand: the last epoch, whether it stopped, the epoch whose weights come back.
BY_KERAS = [
    ("slide", {}, 4, True, 3),
    ("slide", {"patience": 1}, 4, True, 3),
    ("slide", {"patience": 2}, 5, True, 3),
    ("slide", {"patience": 3}, 9, True, 6),
    ("slide", {"patience": 4}, 9, False, 6),
    ("flat", {}, 1, True, 0),
    ("flat", {"patience": 1}, 1, True, 0),
    ("flat", {"patience": 5}, 5, True, 0),
    ("flat", {"patience": 7}, 6, False, 0),
    ("rising", {}, 1, True, 0),
    ("falling", {}, 4, False, 4),
    ("rising", {"mode": "max"}, 4, False, 4),
    ("falling", {"mode": "max", "patience": 2}, 2, True, 0),
    ("steps", {"min_delta": 0.1}, 1, True, 0),  # 0.7 + 0.1 < 0.8 in float64, but not in float32
    ("steps", {"min_delta": 0.1, "patience": 3}, 5, False, 4),
    ("steps", {"min_delta": -0.1, "patience": 2}, 5, False, 4),
    ("steps", {"min_delta": 0.15, "patience": 2}, 5, False, 4),
    ("steps", {"min_delta": 0.099}, 5, False, 5),
    ("zigzag", {}, 1, True, 0),
    ("zigzag", {"patience": 2}, 7, False, 6),
    ("zigzag", {"min_delta": 0.1, "patience": 2}, 2, True, 0),
    ("slide", {"baseline": 0.7, "patience": 1}, 4, True, 3),
    ("slide", {"baseline": 0.7, "patience": 2}, 5, True, 3),
    ("slide", {"baseline": 0.7, "patience": 3}, 9, True, 6),
    ("slide", {"baseline": 0.4, "patience": 4}, 4, True, 3),
    ("slide", {"baseline": 0.4, "patience": 8}, 7, True, 6),
    ("late", {"start_from_epoch": 2}, 4, True, 3),
    ("late", {"start_from_epoch": 3, "patience": 2}, 7, True, 5),
    ("rising", {"start_from_epoch": 3}, 4, True, 3),
    ("rising", {"start_from_epoch": 9}, 4, False, None),
    ("accuracy", {"monitor": "accuracy", "min_delta": 0.05, "patience": 1}, 1, True, 0),
    ("accuracy", {"monitor": "accuracy", "min_delta": 0.03, "patience": 1}, 12, False, 12),
    ("accuracy", {"monitor": "val_accuracy", "mode": "min", "patience": 3}, 3, True, 0),
]


class Model:
    """Weights that tell the epoch they are of."""

    def __init__(self):
        self.stop_training = False
        self.weights = [np.array([-1.0])]

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = [w.copy() for w in weights]

    @property
    def epoch(self):
        return int(self.weights[0][0])


def train(callback, curve, *, model=None, start=0, begin=True, **others):
    """Epochs of a training whose curve is given; the model afterwards."""
    model = model or Model()
    callback.set_model(model)
    if begin:
        callback.on_train_begin()
    for epoch in range(start, len(curve)):
        model.weights = [np.array([float(epoch)])]
        more = {name: values[epoch] for name, values in others.items()}
        callback.on_epoch_end(epoch, {**more, callback.monitor: curve[epoch]})
        if model.stop_training:
            break
    callback.on_train_end()
    return model


@pytest.mark.parametrize("restore", [False, True])
@pytest.mark.parametrize(("curve", "settings", "last", "stops", "kept"), BY_KERAS)
def test_decides_as_keras(curve, settings, last, stops, kept, restore):
    watch = EarlyStopping(**settings, restore_best_weights=restore)
    model = train(watch, CURVES[curve])
    assert model.stop_training is stops
    assert watch.stopped_epoch == (last if stops else 0)
    assert model.epoch == (last if kept is None or not restore else kept)
    assert watch.best_epoch == (kept or 0)
    assert watch.best == (None if kept is None else CURVES[curve][kept])


curves = st.lists(st.integers(0, 9).map(lambda n: n / 10), min_size=1, max_size=12)


def by_the_definition(curve, patience, sign):
    """The epoch after which to stop, from the curve as a whole."""
    for epoch in range(1, len(curve)):
        gains = [sign * v for v in curve[: epoch + 1]]
        best = gains.index(max(gains))
        if best < epoch and epoch - best >= patience:
            return epoch
    return None


@given(curves, st.integers(0, 4), st.sampled_from(["min", "max"]))
def test_stops_patience_epochs_after_the_best(curve, patience, mode):
    watch = EarlyStopping(patience=patience, mode=mode)
    model = train(watch, curve)
    wanted = by_the_definition(curve, patience, 1 if mode == "max" else -1)
    assert (watch.stopped_epoch if model.stop_training else None) == wanted


@given(curves)
def test_patience_0_and_1_are_the_same(curve):
    assert (
        train(EarlyStopping(patience=0), curve).epoch
        == train(EarlyStopping(patience=1), curve).epoch
    )


@pytest.mark.parametrize(
    ("floatx", "stopped"), [("float32", 1), ("float64", 0)]
)  # in float64 0.7 + 0.1 is below 0.8
def test_compares_in_the_library_width(floatx, stopped):
    config.set_floatx(floatx)
    try:
        watch = EarlyStopping(min_delta=0.1)
        train(watch, [0.8, 0.7])
        assert watch.stopped_epoch == stopped
    finally:
        config.set_floatx("float32")


def test_nan_is_never_better_and_any_number_is_better_than_nan():
    watch = EarlyStopping(patience=3, restore_best_weights=True)
    model = train(watch, [math.nan, 0.5, math.nan, 0.4, math.nan, math.nan, math.nan, 0.1])
    assert (watch.best, watch.best_epoch, watch.stopped_epoch, model.epoch) == (0.4, 3, 6, 3)
    watch = EarlyStopping(patience=2)
    assert train(watch, [math.nan] * 5).epoch == 2


def test_used_twice_it_begins_anew():
    watch = EarlyStopping(patience=1, restore_best_weights=True)
    assert train(watch, CURVES["slide"]).epoch == 3
    assert train(watch, CURVES["falling"]).epoch == 4
    assert watch.stopped_epoch == 0


# --- which way is better --------------------------------------------------------------------------

RISES = "accuracy acc auc_3 precision recall_1 f1_score r2_score cosine_similarity binary_accuracy"
FALLS = (
    "loss mse mae mean_squared_error hinge kl_divergence head_loss sparse_categorical_crossentropy"
)


@pytest.mark.parametrize("name", RISES.split())
@pytest.mark.parametrize("prefix", ["", "val_"])
def test_scores_rise(name, prefix):
    assert EarlyStopping(prefix + name).direction == "max"


@pytest.mark.parametrize("name", FALLS.split())
@pytest.mark.parametrize("prefix", ["", "val_"])
def test_errors_fall(name, prefix):
    assert EarlyStopping(prefix + name).direction == "min"


def test_the_metric_of_that_name_knows_best():
    watch = EarlyStopping("val_wins")
    with pytest.raises(UsageError, match=r"monitor='val_wins'.*mode='min' or mode='max'"):
        train(watch, [0.5, 0.4])
    model = Model()
    model.metrics = [SimpleNamespace(name="wins", direction="up")]
    assert train(watch, [0.5, 0.6, 0.7, 0.1], model=model).epoch == 3
    assert watch.best_epoch == 2


def test_a_missing_monitor_is_told_with_the_names_there_are():
    watch = EarlyStopping("val_acuracy")
    watch.set_model(Model())
    with pytest.warns(UserWarning, match=r"did you mean val_accuracy\?.*loss, val_accuracy"):
        watch.on_epoch_end(0, {"loss": 1.0, "val_accuracy": 0.5})
    assert "no epoch gave" in watch.report()
    with pytest.warns(UserWarning, match="validation_data"):
        EarlyStopping().on_epoch_end(0, {"loss": 1.0})


def test_a_monitor_that_comes_every_other_epoch_is_not_missed():
    watch = EarlyStopping(patience=1)
    watch.set_model(Model())
    for epoch, value in enumerate([0.5, None, 0.4, None, 0.45]):
        watch.on_epoch_end(epoch, {"loss": 1.0} | ({"val_loss": value} if value else {}))
    assert (watch.best_epoch, watch.stopped_epoch) == (2, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": -1}, r"EarlyStopping\(patience=-1\): patience must be a whole number"),
        ({"patience": 1.5}, "patience=1.5"),
        ({"patience": True}, "patience=True"),
        ({"start_from_epoch": -2}, "start_from_epoch=-2"),
        ({"mode": "minimum"}, "mode='minimum'.*did you mean min"),
        ({"min_delta": "0.1"}, "min_delta='0.1'"),
        ({"min_delta": math.nan}, "min_delta=nan"),
        ({"baseline": math.inf}, "baseline=inf"),
        ({"monitor": None}, "monitor=None"),
        ({"criterion": "GQ"}, "criterion='GQ'.*GL, PQ, UP"),
        ({"criterion": "GL", "alpha": -1}, "alpha=-1"),
        ({"criterion": "PQ", "k": 0}, "k=0"),
        ({"criterion": "UP", "s": 0}, "s=0"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        EarlyStopping(**settings)


# --- Prechelt's criteria --------------------------------------------------------------------------


def test_values_of_the_paper():
    assert prechelt.generalization_loss([1, 0.8, 0.6, 0.5, 0.45, 0.6]) == pytest.approx(100 / 3)
    assert prechelt.training_progress([0.5, 0.4, 0.35, 0.33, 0.32], 5) == pytest.approx(187.5)
    assert prechelt.training_progress([9.0, 0.5, 0.4, 0.35, 0.33, 0.32], 5) == pytest.approx(187.5)


@pytest.mark.parametrize(
    ("errors", "loss"),
    [
        ([0.0], 0.0),
        ([0.0, 0.1], math.inf),
        ([0.5, math.nan], math.inf),
        ([math.nan, 0.5], 0.0),
        ([math.nan], math.inf),
        ([math.inf, 1.0, math.inf], math.inf),
    ],
)
def test_generalization_loss_at_the_edges(errors, loss):
    assert prechelt.generalization_loss(errors) == loss


def test_negative_errors_have_no_generalization_loss():
    with pytest.raises(UsageError, match=r"-0\.5 has no generalization loss"):
        prechelt.generalization_loss([-0.5, -0.4])


UP_AND_DOWN = [5, 4, 3, 2, 2.2, 2.1, 2.3, 2.2, 2.4, 2.5, 2.6, 2.7]
PRECHELT = [  # by hand, epochs from 0
    ({"criterion": "GL"}, 4),  # 2.2 / 2 - 1 = 10 %
    ({"criterion": "GL", "alpha": 10.1}, 6),  # 2.3: 15 %
    ({"criterion": "GL", "alpha": 20}, 9),  # 2.4 is 20 % only
    ({"criterion": "GL", "alpha": 40}, None),
    ({"criterion": "UP", "k": 1, "s": 1}, 4),
    ({"criterion": "UP", "k": 1, "s": 3}, 10),  # 2.2 2.4 2.5 2.6
    ({"criterion": "UP", "k": 2, "s": 1}, 5),  # ends of strips: 4 2 2.1 2.2 2.5 2.7
    ({"criterion": "UP", "k": 2, "s": 2}, 7),
    ({"criterion": "UP", "k": 3, "s": 2}, 11),  # 3 2.1 2.4 2.7
    ({"criterion": "UP", "k": 4, "s": 2}, 11),  # 2 2.2 2.7
    ({"criterion": "UP", "k": 5, "s": 2}, None),
]


@pytest.mark.parametrize(("settings", "stopped"), PRECHELT)
def test_criteria_by_hand(settings, stopped):
    watch = EarlyStopping(**settings, restore_best_weights=True)
    model = train(watch, UP_AND_DOWN)
    assert (watch.stopped_epoch if model.stop_training else None) == stopped
    assert model.epoch == 3


def test_pq_waits_while_training_gets_on():
    """GL is 10 % at the end of the second strip; P is 1000 (1.5 / (2 · 0.5) - 1) = 500."""
    validation, training = [3, 2, 2.1, 2.2, 2.3, 2.4], [4, 2, 1, 0.5, 0.5, 0.5]
    for alpha, stopped in ((0.0199, 3), (0.0201, 5), (1e9, 5)):  # P is 0 in the third strip
        watch = EarlyStopping(criterion="PQ", alpha=alpha, k=2)
        train(watch, validation, loss=training)
        assert watch.stopped_epoch == stopped


def test_pq_needs_the_training_error():
    with pytest.raises(UsageError, match=r"needs 'loss'.*available: mae, val_loss"):
        train(EarlyStopping(criterion="PQ"), [0.5], mae=[0.1])


def test_criteria_want_an_error():
    with pytest.raises(UsageError, match=r"val_accuracy.*errors, which fall"):
        train(EarlyStopping("val_accuracy", criterion="GL"), [0.5])


# --- what it tells --------------------------------------------------------------------------------


def test_report_of_a_late_stop():
    watch = EarlyStopping(patience=3, restore_best_weights=True)
    train(watch, CURVES["slide"])
    assert watch.report() == (
        "Early stopping watched val_loss (min, patience 3) and stopped after epoch 10; "
        "best: 0.45 in epoch 7; 3 epochs past it: 0.48, worse by 0.03; "
        "the weights of epoch 7 are kept"
    )


REPORTS = [
    ({"patience": 3}, "slide", "the weights of epoch 10 are kept"),
    ({"patience": 9}, "slide", "did not stop; the training ended with epoch 10"),
    ({}, "falling", "best: 0.3 in epoch 5; that is the last epoch, whose weights are kept"),
    ({"patience": 2}, "flat", "2 epochs past it: 0.5; the"),
    ({"monitor": "accuracy", "min_delta": 0.05}, "accuracy", "of the training data, which show no"),
    ({"min_delta": 0.2}, "steps", "1 epoch past it: 0.7, better by 0.1"),
    ({"baseline": 0.4, "patience": 4}, "slide", "the baseline 0.4 was never beaten"),
    ({"criterion": "GL"}, "slide", "(min, GL above 5)"),
    ({"criterion": "UP", "k": 2}, "slide", "(min, UP, 3 rises of strips of 2)"),
]


@pytest.mark.parametrize(("settings", "curve", "part"), REPORTS)
def test_report_tells(settings, curve, part):
    watch = EarlyStopping(**settings)
    train(watch, CURVES[curve])
    assert part in watch.report()


def test_the_training_data_are_named_only_when_they_are_watched():
    watch = EarlyStopping(patience=3)
    train(watch, CURVES["slide"])
    assert "training data" not in watch.report()


@pytest.mark.parametrize("verbose", [0, 1])
def test_prints_one_line_if_asked(verbose, capsys):
    watch = EarlyStopping(verbose=verbose)
    train(watch, CURVES["slide"])
    assert capsys.readouterr().out == (watch.report() + "\n") * verbose


# --- going on after a break -----------------------------------------------------------------------

RESUMED = [
    {"patience": 3, "restore_best_weights": True},
    {"patience": 2},
    {"patience": 8, "baseline": 0.4, "restore_best_weights": True},
    {"criterion": "GL", "alpha": 9, "restore_best_weights": True},
    {"criterion": "UP", "k": 2, "s": 1},
    {"criterion": "PQ", "k": 2, "alpha": 0.01},
]


@pytest.mark.parametrize("settings", RESUMED)
@pytest.mark.parametrize("cut", range(1, 10))
def test_a_resumed_run_equals_one_without_a_break(settings, cut):
    curve, training = CURVES["slide"], [1 / (epoch + 1) for epoch in range(10)]
    whole, first, second = (EarlyStopping(**settings) for _ in range(3))
    wanted = train(whole, curve, loss=training)
    first.on_train_end = lambda logs=None: None  # it was killed
    killed = train(first, curve[:cut], loss=training)
    state, arrays = first.get_state()
    model = Model()
    model.set_weights(killed.get_weights())
    second.set_model(model)
    second.on_train_begin()
    second.set_state(json.loads(json.dumps(state)), arrays)
    start = len(curve) if model.stop_training else cut
    train(second, curve, model=model, start=start, begin=False, loss=training)
    assert model.epoch == wanted.epoch
    assert model.stop_training == wanted.stop_training
    assert second.report() == whole.report()
    assert second.get_state()[0] == whole.get_state()[0]
