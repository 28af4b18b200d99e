"""BackupAndRestore: a training that was killed ends like one that was not."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lab.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ReduceLROnPlateau,
)
from autograd_lab.errors import UsageError

HOOKS = [name for name in dir(Callback) if name.startswith("on_")]


class Killed(Exception):  # noqa: N818 - an event
    """In the place of a real blow: what the callbacks hold in memory is lost."""


class Trainee:
    """The smallest model whose training depends on all that a checkpoint must hold."""

    EPOCHS, BATCHES = 6, 2

    def __init__(self, key="same"):
        self.key = key
        self.optimizer = SimpleNamespace(learning_rate=0.5)
        self.generator = np.random.default_rng(5)
        self.w = np.array([4.0, -3.0])
        self.pending = None

    def logs(self):
        return {"loss": float(np.abs(self.w).sum())}

    def get_weights(self):
        return [self.w.copy()]

    def set_weights(self, weights):
        self.w = weights[0].copy()

    def training_key(self):
        return self.key

    def training_state(self):
        state, arrays = self.run.get_state()
        own = {
            "epoch": self.epoch, "batch": self.batch, "rate": self.optimizer.learning_rate,
            "generator": self.generator.bit_generator.state, "callbacks": state,
        }  # fmt: skip
        return {"w": self.w, **{f"callbacks/{k}": v for k, v in arrays.items()}}, own

    def restore_training_state(self, arrays, state):
        self.pending = arrays, state

    def _restore(self, arrays, state):
        self.w = arrays["w"]
        self.epoch, self.batch = state["epoch"], state["batch"]
        self.optimizer.learning_rate = state["rate"]
        self.generator.bit_generator.state = state["generator"]
        self.run.set_state(
            state["callbacks"],
            {k.removeprefix("callbacks/"): v for k, v in arrays.items() if k != "w"},
        )

    def fit(self, callbacks, dies_at=None):
        """Noisy steps downhill; ``dies_at`` counts boundaries."""
        self.run = CallbackList(callbacks, model=self, add_history=True)
        self.stop_training, self.epoch, self.batch = False, 0, 0
        self.run.on_train_begin()
        if self.pending:
            self._restore(*self.pending)
        boundaries = 0
        while self.epoch < self.EPOCHS and not self.stop_training:
            self.run.on_epoch_begin(self.epoch)
            while self.batch < self.BATCHES:
                noise = self.generator.normal(size=2)
                self.w = self.w - self.optimizer.learning_rate * (self.w + noise)
                self.batch += 1
                self.run.on_train_batch_end(self.batch - 1, self.logs())
                self.run.on_boundary(self.epoch, self.batch)
                boundaries += 1
                if boundaries == dies_at:
                    raise Killed
            self.epoch, self.batch = self.epoch + 1, 0
            self.run.on_epoch_end(self.epoch - 1, {**self.logs(), "val_loss": self.logs()["loss"]})
            self.run.on_boundary(self.epoch, 0)
            boundaries += 1
            if boundaries == dies_at:
                raise Killed
        self.run.on_train_end()
        return boundaries


def result(folder, name, dies=(), **settings):
    """What a training leaves behind that was killed at these boundaries and started again."""
    table = folder / f"{name}.csv"
    for dies_at in [*dies, None]:
        model = Trainee()
        watch = EarlyStopping(patience=2, restore_best_weights=True)
        slow = ReduceLROnPlateau(patience=1, factor=0.5)
        decay = LearningRateScheduler(lambda epoch, rate: rate * 0.9)
        backup = BackupAndRestore(folder / name, **settings)
        try:
            model.fit([backup, decay, watch, slow, CSVLogger(table)], dies_at)
        except Killed:
            continue
        return {
            "w": model.w.tolist(),
            "rate": model.optimizer.learning_rate,
            "history": model.run.history.history,
            "epoch": model.run.history.epoch,
            "report": watch.report(),
            "table": table.read_text(),
            "backup": len(list((folder / name).glob("*"))),
        }
    return None


@pytest.mark.parametrize(("save_freq", "every"), [("epoch", 1), (1, 4), (2, 3), (3, 1)])
def test_a_killed_training_ends_like_one_that_was_not(tmp_path, save_freq, every, capsys):
    wanted = result(tmp_path, "whole")
    assert 2 < len(wanted["epoch"]) < Trainee.EPOCHS  # it stopped early, with the best weights
    assert wanted["backup"] == 0
    for dies_at in range(1, 3 * len(wanted["epoch"]) + 1, every):
        found = result(tmp_path, f"killed{dies_at}", [dies_at], save_freq=save_freq)
        assert found == wanted
    assert "BackupAndRestore: going on " in capsys.readouterr().out


def test_killed_again_and_again(tmp_path, capsys):
    wanted = result(tmp_path, "whole")
    assert result(tmp_path, "often", [2, 2, 3, 1, 3], save_freq=1) == wanted
    said = capsys.readouterr().out.splitlines()
    assert said[0] == (
        f"BackupAndRestore: going on in epoch 1 after 2 batches, from {tmp_path / 'often'}"
    )
    assert len(said) == 5


def test_another_configuration_is_refused(tmp_path):
    with pytest.raises(Killed):
        Trainee().fit([BackupAndRestore(tmp_path / "run")], 9)
    model = Trainee(key="other")
    with pytest.raises(UsageError, match="another configuration"):
        model.fit([BackupAndRestore(tmp_path / "run")])
    assert model.w.tolist() == [4.0, -3.0]


@pytest.mark.parametrize(("double", "count"), [(True, 2), (False, 1)])
def test_backups_are_kept_if_asked(tmp_path, double, count):
    callback = BackupAndRestore(tmp_path / "run", delete_checkpoint=False, double_checkpoint=double)
    Trainee().fit([callback])
    assert len(list((tmp_path / "run").iterdir())) == count


def test_a_damaged_backup_falls_back_to_the_one_before(tmp_path, capsys):
    wanted = Trainee()
    wanted.fit([])
    with pytest.raises(Killed):
        Trainee().fit([BackupAndRestore(tmp_path / "run", save_freq=1)], 9)
    newest = max((tmp_path / "run").iterdir())
    newest.write_bytes(newest.read_bytes()[:-3])
    model = Trainee()
    model.fit([BackupAndRestore(tmp_path / "run", save_freq=1)])
    assert "The one before is used" in capsys.readouterr().out
    assert model.w.tolist() == wanted.w.tolist()
    assert model.run.history.history == wanted.run.history.history
