"""Learning rates between epochs: Keras's reductions on a plateau, and schedules."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lab.callbacks import (
    Callback,
    LearningRateScheduler,
    ReduceLROnPlateau,
)
from autograd_lab.errors import UsageError

HOOKS = [name for name in dir(Callback) if name.startswith("on_")]


# Keras 3.15.1 run by hand, from 0.1 on.
PLATEAUS = [
    ([0.5] * 7, {"patience": 0}, [0.1, 0.05, 0.025, 0.0125, 0.00625, 0.003125, 0.0015625]),
    ([0.5] * 7, {"patience": 1}, [0.1, 0.05, 0.025, 0.0125, 0.00625, 0.003125, 0.0015625]),
    ([0.5] * 7, {"patience": 2}, [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125]),
    ([0.5] * 7, {"patience": 2, "cooldown": 1}, [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125]),
    ([0.5] * 7, {"patience": 1, "cooldown": 2}, [0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125]),
    ([0.5] * 7, {"patience": 1, "min_lr": 0.02}, [0.1, 0.05, 0.025, 0.02, 0.02, 0.02, 0.02]),
    ([0.8, 0.7, 0.6, 0.5, 0.4, 0.3], {"patience": 2, "min_delta": 0.1}, [0.1] * 6),
    ([0.9, 0.7, 0.5, 0.4], {"patience": 1, "mode": "max"}, [0.1, 0.05, 0.025, 0.0125]),
    (
        [1, 0.8, 0.6, 0.5, 0.55, 0.5, 0.45, 0.46, 0.47, 0.48],
        {"patience": 2},
        [0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025],
    ),
    (
        [0.5, 0.7, 0.4, 0.6, 0.3, 0.5, 0.2, 0.4],
        {"patience": 1, "cooldown": 1},
        [0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.00625],
    ),
]


def model_with_rate(rate=0.1):
    return SimpleNamespace(optimizer=SimpleNamespace(learning_rate=rate), stop_training=False)


def plateau(callback, curve, model, start=0):
    rates = []
    for epoch in range(start, len(curve)):
        logs = {"val_loss": curve[epoch]}
        used = model.optimizer.learning_rate
        callback.on_epoch_end(epoch, logs)
        assert logs["learning_rate"] == used  # the one this epoch was trained with
        rates.append(model.optimizer.learning_rate)
    return rates


@pytest.mark.parametrize(("curve", "settings", "rates"), PLATEAUS)
@pytest.mark.parametrize("cut", [None, 3])
def test_reduces_as_keras(curve, settings, rates, cut):
    first, second = (ReduceLROnPlateau(factor=0.5, **settings) for _ in range(2))
    model = model_with_rate()
    for callback in (first, second):
        callback.set_model(model)
        callback.on_train_begin()
    seen = plateau(first, curve[:cut], model)
    if cut is not None:
        second.set_state(*first.get_state())
        seen += plateau(second, curve, model, start=cut)
    assert seen == pytest.approx(rates)


def test_a_reduction_is_told(capsys):
    callback = ReduceLROnPlateau(patience=1, verbose=1)
    callback.set_model(model_with_rate())
    plateau(callback, [0.5, 0.5], callback.model)
    assert capsys.readouterr().out == (
        "Epoch 2: val_loss gains nothing on its best, 0.5; "
        "the learning rate goes from 0.1 to 0.01\n"
    )


def test_a_model_without_optimizer_is_refused():
    callback = ReduceLROnPlateau()
    callback.set_model(SimpleNamespace())
    with pytest.raises(UsageError, match="no optimizer"):
        callback.on_epoch_end(0, {"val_loss": 1.0})


def only_epoch(epoch):
    return 0.1 / (epoch + 1)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (only_epoch, [0.1, 0.05, 0.1 / 3]),
        (lambda epoch, rate: rate * 0.5, [0.05, 0.025, 0.0125]),
        (lambda epoch, lr=1.0: np.float32(lr / 4), [0.025, 0.00625, 0.0015625]),
        (lambda *both: both[1] * 2, [0.2, 0.4, 0.8]),
        (pow, [0.0, 1.0, 2.0]),  # 0 ** 0.1, then 1 ** rate, then 2 ** 1
    ],
)
def test_schedules(schedule, rates):
    callback = LearningRateScheduler(schedule)
    callback.set_model(model_with_rate())
    seen = []
    for epoch in range(3):
        callback.on_epoch_begin(epoch)
        logs = {}
        callback.on_epoch_end(epoch, logs)
        seen.append(logs["learning_rate"])
    assert seen == pytest.approx(rates)


def test_a_schedule_is_not_applied_twice_to_an_epoch_that_goes_on():
    model = model_with_rate()
    first, second = (LearningRateScheduler(lambda epoch, rate: rate / 2) for _ in range(2))
    for callback in (first, second):
        callback.set_model(model)
        callback.on_train_begin()
    first.on_epoch_begin(0)
    first.on_epoch_begin(1)
    second.set_state(*first.get_state())
    second.on_epoch_begin(1)
    assert model.optimizer.learning_rate == 0.025
    second.on_epoch_begin(2)
    assert model.optimizer.learning_rate == 0.0125


@pytest.mark.parametrize("bad", [None, "0.1", True, -0.1, math.nan, math.inf, [0.1, 0.2]])
def test_a_schedule_must_return_a_rate(bad):
    callback = LearningRateScheduler(lambda epoch: bad)
    callback.set_model(model_with_rate())
    with pytest.raises(UsageError, match=r"schedule gave .* for epoch 4"):
        callback.on_epoch_begin(4)
    assert callback.model.optimizer.learning_rate == 0.1


def test_an_error_in_a_schedule_is_not_taken_for_another_signature():
    callback = LearningRateScheduler(lambda epoch, rate: rate + "0.1")
    callback.set_model(model_with_rate())
    with pytest.raises(TypeError, match="unsupported operand"):
        callback.on_epoch_begin(0)
