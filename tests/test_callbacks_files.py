"""CSVLogger and ModelCheckpoint: what is in the files, also after a break."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from autograd_lab.callbacks import (
    Callback,
    CSVLogger,
    ModelCheckpoint,
    saving,
)
from autograd_lab.errors import UsageError
from autograd_lab.files.refusals import FileError

HOOKS = [name for name in dir(Callback) if name.startswith("on_")]


# --- CSV ------------------------------------------------------------------------------------------


def rows(path, separator=","):
    with Path(path).open(newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def log(callback, epochs, start=0, **more):
    for epoch in range(start, epochs):
        callback.on_epoch_end(epoch, {"val_loss": epoch / 8, "loss": epoch / 4, **more})


def test_csv_has_a_row_for_each_epoch(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old")
    callback = CSVLogger(path, separator=";")
    callback.on_train_begin()
    log(callback, 2)
    callback.on_epoch_end(2, {"loss": math.nan})
    assert rows(path, ";") == [
        ["epoch", "loss", "val_loss"], ["0", "0.0", "0.0"], ["1", "0.25", "0.125"],
        ["2", "nan", "NA"],
    ]  # fmt: skip


def test_numbers_in_csv_read_back_exactly(tmp_path):
    callback = CSVLogger(tmp_path / "log.csv")
    callback.on_train_begin()
    values = [0.1 + 0.2, 1e-300, 2 / 3]
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"loss": value})
    assert [float(row[1]) for row in rows(tmp_path / "log.csv")[1:]] == values


def test_csv_leaves_room_for_validation_that_comes_later(tmp_path):
    callback = CSVLogger(tmp_path / "log.csv")
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": 1.0})
    callback.on_epoch_end(1, {"loss": 0.5, "val_loss": 0.75})
    assert rows(tmp_path / "log.csv") == [
        ["epoch", "loss", "val_loss"], ["0", "1.0", "NA"], ["1", "0.5", "0.75"],
    ]  # fmt: skip


def test_csv_appends_below_the_columns_there_are(tmp_path):
    path = tmp_path / "log.csv"
    first, second = CSVLogger(path), CSVLogger(path, append=True)
    first.on_train_begin()
    log(first, 2)
    second.on_train_begin()
    with pytest.warns(UserWarning, match="no column mae; its columns are epoch, loss, val_loss"):
        log(second, 3, start=2, mae=1.0)
    assert rows(path)[2:] == [["1", "0.25", "0.125"], ["2", "0.5", "0.25"]]


def test_csv_appends_to_nothing(tmp_path):
    for path in (tmp_path / "new.csv", tmp_path / "empty.csv"):
        if path.stem == "empty":
            path.touch()
        callback = CSVLogger(path, append=True)
        callback.on_train_begin()
        log(callback, 1)
        assert rows(path) == [["epoch", "loss", "val_loss"], ["0", "0.0", "0.0"]]


def test_csv_refuses_early(tmp_path):
    (tmp_path / "other.csv").write_text("name,age\nAnn,3\n")
    with pytest.raises(UsageError, match="does not begin with a column 'epoch'"):
        CSVLogger(tmp_path / "other.csv", append=True).on_train_begin()
    with pytest.raises(FileNotFoundError):
        CSVLogger(tmp_path / "missing" / "log.csv").on_train_begin()
    with pytest.raises(IsADirectoryError):
        CSVLogger(tmp_path).on_train_begin()


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("saved", range(4))
@pytest.mark.parametrize("lost", range(3))
def test_csv_has_no_gaps_or_repeats_after_a_break(tmp_path, append, saved, lost):
    """A checkpoint after ``saved`` epochs, ``lost`` more before the blow, then all the rest."""
    path = tmp_path / "log.csv"
    before = "epoch,loss,val_loss\n9,9,9\n" if append else "old\n"
    path.write_text(before)
    first, second = (CSVLogger(path, append=append) for _ in range(2))
    first.on_train_begin()
    log(first, saved)
    state = json.loads(json.dumps(first.get_state()[0]))
    log(first, saved + lost, start=saved)
    second.on_train_begin()
    second.set_state(state, {})
    log(second, 6, start=saved)
    told = [row[0] for row in rows(path)]
    assert told == ["epoch", *(["9"] if append else []), *map(str, range(6))]


def test_csv_tells_of_rows_that_are_gone(tmp_path):
    path = tmp_path / "log.csv"
    first, second = CSVLogger(path), CSVLogger(path)
    first.on_train_begin()
    log(first, 3)
    state = first.get_state()[0]
    path.unlink()
    second.on_train_begin()
    with pytest.warns(UserWarning, match="are gone since the checkpoint"):
        second.set_state(state, {})
    log(second, 4, start=3)
    assert rows(path) == [["epoch", "loss", "val_loss"], ["3", "0.75", "0.375"]]


# --- ModelCheckpoint ------------------------------------------------------------------------------


class Saver:
    """A model that writes which of its methods was called."""

    def save(self, path):
        Path(path).write_text("model")

    def save_weights(self, path):
        Path(path).write_text("weights")


def checkpoint(tmp_path, name="m.safetensors", **settings):
    callback = ModelCheckpoint(tmp_path / name, **settings)
    callback.set_model(Saver())
    return callback


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("weights", [False, True])
def test_checkpoints_by_template(tmp_path, weights):
    callback = checkpoint(
        tmp_path, "run/{epoch:02d}-{val_loss:.2f}.safetensors", save_weights_only=weights
    )
    log(callback, 3)
    assert names(tmp_path) == [
        "run/01-0.00.safetensors", "run/02-0.12.safetensors", "run/03-0.25.safetensors",
    ]  # fmt: skip
    text = (tmp_path / "run/01-0.00.safetensors").read_text()
    assert text == ("weights" if weights else "model")


@pytest.mark.parametrize(
    ("settings", "values", "saved"),
    [
        ({}, [0.5, 0.4, 0.45, 0.4, 0.3], [1, 2, 5]),
        ({"mode": "max"}, [0.5, 0.4, 0.45, 0.6], [1, 4]),
        ({"initial_value_threshold": 0.42}, [0.5, 0.4, 0.45, 0.3], [2, 4]),
        ({}, [math.nan, 0.5, math.nan, 0.4], [1, 2, 4]),
    ],
)
def test_only_the_best(tmp_path, settings, values, saved, capsys):
    first, second = (
        checkpoint(tmp_path, "{epoch}.safetensors", save_best_only=True, verbose=1, **settings)
        for _ in range(2)
    )
    for epoch, value in enumerate(values):
        if epoch == 2:
            second.set_state(*first.get_state())
        (first if epoch < 2 else second).on_epoch_end(epoch, {"val_loss": value})
    assert names(tmp_path) == [f"{epoch}.safetensors" for epoch in saved]
    assert capsys.readouterr().out.count("val_loss is the best so far") == len(saved)


def test_every_so_many_batches(tmp_path):
    callback = checkpoint(tmp_path, "{epoch}-{batch}.safetensors", save_freq=3)
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in range(4):
            callback.on_train_batch_end(batch, {"loss": 1.0})
        callback.on_epoch_end(epoch, {"loss": 1.0})
    assert names(tmp_path) == ["1-3.safetensors", "2-2.safetensors"]


def test_best_only_without_the_monitor_saves_and_warns(tmp_path):
    callback = checkpoint(tmp_path, save_best_only=True)
    with pytest.warns(UserWarning, match="ModelCheckpoint watches 'val_loss'"):
        callback.on_epoch_end(0, {"loss": 1.0})
    assert names(tmp_path) == ["m.safetensors"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{val_los}.safetensors", r"no 'val_los'; did you mean val_loss\?"),
        ("{epoch.__class__}.safetensors", "there is no 'epoch.__class__'"),
        ("{0}.safetensors", "there is no '0'"),
        ("{epoch:zz}.safetensors", "{epoch:zz}"),
    ],
)
def test_templates_name_what_is_in_the_logs_and_nothing_else(tmp_path, template, message):
    with pytest.raises(UsageError, match=message):
        log(checkpoint(tmp_path, template), 1)
    assert names(tmp_path) == []


def test_braces_can_be_written():
    assert saving.fill("{{{epoch}}}", {"epoch": 3}) == "{3}"


def test_other_endings_are_refused_before_training():
    with pytest.raises(FileError, match=r"best\.keras"):
        ModelCheckpoint("best.keras")
