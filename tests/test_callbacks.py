"""Callbacks: which hooks are called, what is remembered, what is refused."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lab.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from autograd_lab.errors import UsageError

HOOKS = [name for name in dir(Callback) if name.startswith("on_")]


class Recorder(Callback):
    """Remembers every call, whatever the hook."""

    def __init__(self, seen, name=""):
        self.seen, self.name = seen, name
        for hook in HOOKS:
            setattr(self, hook, lambda *args, hook=hook, **more: seen.append((name, hook, args)))


def call(callback, hook):
    arguments = {"epoch": (3, {"loss": 1.0}), "batch": (7, {"loss": 1.0}), "boundary": (3, 8)}
    found = [given for part, given in arguments.items() if part in hook]
    getattr(callback, hook)(*(found[0] if found else ({"loss": 1.0},)))


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if "on_batch" not in hook])
def test_the_list_calls_every_hook_of_all_in_order(hook):
    seen = []
    call(CallbackList([Recorder(seen, "a"), [Recorder(seen, "b")]]), hook)
    assert [(name, called) for name, called, _ in seen] == [("a", hook), ("b", hook)]
    assert seen[0][2] == seen[1][2]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_callback_does_nothing_by_itself(hook):
    callback = Callback()
    call(callback, hook)
    assert vars(callback) == {}


@pytest.mark.parametrize("end", ["begin", "end"])
def test_on_batch_is_another_name(end):
    seen = []
    callback = LambdaCallback(**{f"on_batch_{end}": lambda batch, logs: seen.append((batch, logs))})
    run = CallbackList([callback])
    assert run.wants_batches
    getattr(run, f"on_train_batch_{end}")(3, {"loss": 0.5})
    assert seen == [(3, {"loss": 0.5})]


@pytest.mark.parametrize("hook", HOOKS)
def test_batches_are_asked_for_only_by_hooks_of_batches(hook):
    of_batch = "batch" in hook
    by_class = type("Own", (Callback,), {hook: lambda self, *args, **more: None})()
    by_object = LambdaCallback(**{hook: lambda *args, **more: None})
    for callback in (by_class, by_object):
        assert callback.wants_batches is of_batch
        assert CallbackList([Callback(), callback]).wants_batches is of_batch


QUIET = [
    EarlyStopping(), ReduceLROnPlateau(), LearningRateScheduler(lambda e: 0.1), History(),
    CSVLogger("x.csv"), ModelCheckpoint("x.safetensors"), BackupAndRestore("x"), LambdaCallback(),
]  # fmt: skip
LOUD = [
    TerminateOnNaN(), ModelCheckpoint("x.safetensors", save_freq=5), BackupAndRestore("x", 5),
    type("Own", (ModelCheckpoint,), {})("x.safetensors"),  # whatever it defines
]  # fmt: skip


def test_which_callbacks_want_batches():
    assert [type(c).__name__ for c in QUIET if c.wants_batches] == []
    assert [type(c).__name__ for c in LOUD if not c.wants_batches] == []


def test_model_and_params_reach_all():
    first, second, model = Callback(), Callback(), SimpleNamespace()
    run = CallbackList([first], model=model, params={"epochs": 3}, verbose=0, steps=5)
    assert first.model is run.model is model
    assert first.params == {"epochs": 3, "steps": 5, "verbose": 0}
    run.append(second)
    run.set_params({"epochs": 4})
    assert second.params == {"epochs": 4}


def test_history_and_bar_are_added_once():
    own = History()
    assert [type(c) for c in CallbackList([own], add_history=True, verbose=2).callbacks] == [
        History, ProgbarLogger,
    ]  # fmt: skip
    assert CallbackList([own], add_history=True).history is own
    assert CallbackList(None).callbacks == []
    assert CallbackList(own).callbacks == [own]
    assert CallbackList(None, add_progbar=False, verbose=1).callbacks == []


def test_what_one_adds_to_the_logs_the_next_sees_but_not_the_caller():
    add = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=2.0))
    run = CallbackList([add], add_history=True)
    logs = {"loss": 1.0}
    run.on_epoch_end(0, logs)
    assert run.history.history == {"loss": [1.0], "extra": [2.0]}
    assert logs == {"loss": 1.0}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: CallbackList([EarlyStopping]),
            r"EarlyStopping is a class; give EarlyStopping\(\)",
        ),
        (lambda: CallbackList(["early"]), "'early' is no callback"),
        (lambda: CallbackList(print), "is no callback"),
        (lambda: CallbackList(None, verbose=3), "verbose=3: give 0"),
        (lambda: CallbackList(None, verbose="on"), "verbose='on'"),
        (lambda: LambdaCallback(on_epoch_ends=print), r"did you mean on_epoch_end\?"),
        (lambda: LambdaCallback(on_epoch_end=3), "on_epoch_end must be a function"),
        (lambda: ReduceLROnPlateau(factor=1.0), "factor=1.0.*below 1"),
        (lambda: ReduceLROnPlateau(patience=-1), "patience=-1"),
        (lambda: ReduceLROnPlateau(min_lr=-1), "min_lr=-1"),
        (lambda: ReduceLROnPlateau(mode="up"), "mode='up'"),
        (lambda: LearningRateScheduler(0.1), "schedule=0.1"),
        (lambda: CSVLogger("x.csv", separator=", "), "separator=', '"),
        (lambda: ModelCheckpoint("x.safetensors", save_freq=0), "save_freq=0"),
        (lambda: ModelCheckpoint("x.safetensors", save_freq="batch"), "save_freq='batch'"),
        (lambda: ModelCheckpoint("{epoch.safetensors"), "filepath='{epoch.safetensors'"),
        (lambda: BackupAndRestore(""), "backup_dir=''"),
        (lambda: BackupAndRestore("x", save_freq=1.5), "save_freq=1.5"),
    ],
)
def test_wrong_settings_are_refused(build, message):
    with pytest.raises(UsageError, match=message):
        build()


def test_history_tells_the_model_and_goes_on_after_a_break():
    model = SimpleNamespace()
    record, second = History(), History()
    record.set_model(model)
    record.on_train_begin()
    record.on_epoch_end(0, {"loss": 1.0})
    state = json.loads(json.dumps(record.get_state()[0]))
    record.on_epoch_end(1, {"loss": 0.5})
    second.set_state(state, {})
    second.on_epoch_end(1, {"loss": 0.5})
    assert model.history is record
    assert (second.epoch, second.history) == (record.epoch, record.history)


def test_states_by_class_survive_other_callbacks():
    run = CallbackList([EarlyStopping(), EarlyStopping("loss")], add_history=True, verbose=2)
    for callback, best in zip(run.callbacks, (0.25, 0.75), strict=False):
        callback.best, callback.best_weights = best, [np.array([best])]
    state, arrays = run.get_state()
    assert set(state) == {"EarlyStopping", "EarlyStopping_1", "History"}
    other = CallbackList([Callback(), EarlyStopping(), EarlyStopping("loss")])
    with pytest.warns(UserWarning, match="had a callback History, which is missing now"):
        other.set_state(state, arrays)
    assert [c.best for c in other.callbacks[1:]] == [0.25, 0.75]
    assert [c.best_weights[0].tolist() for c in other.callbacks[1:]] == [[0.25], [0.75]]


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_terminate_on_nan(loss, capsys):
    model = SimpleNamespace(stop_training=False)
    watch = TerminateOnNaN()
    watch.set_model(model)
    watch.on_train_batch_end(0, {"loss": 0.5})
    watch.on_train_batch_end(1, {})
    assert not model.stop_training
    watch.on_train_batch_end(2, {"loss": loss})
    assert model.stop_training
    assert f"batch 3: the loss is {loss}" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="batch 3"):
        TerminateOnNaN(raise_error=True).on_train_batch_end(2, {"loss": loss})
