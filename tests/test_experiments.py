"""Experiments as a library: settings, plans, runs and their records."""

from __future__ import annotations

import json
import math
import os
import signal
import statistics
from pathlib import Path

import numpy as np
import pytest
from commands import posix

from autograd_lab import callbacks, layers, models, registry
from autograd_lab.datasets import reading
from autograd_lab.datasets.dataset import DataSet
from autograd_lab.errors import UsageError
from autograd_lab.experiments import axes as words_of_axes
from autograd_lab.experiments import building, parallel, runs, sweeping
from autograd_lab.experiments.axes import read_words
from autograd_lab.experiments.building import Plan, prepare
from autograd_lab.experiments.comparison_curves import curves
from autograd_lab.experiments.comparison_report import Spread, as_dict
from autograd_lab.experiments.running import Interrupted, Interruption, train
from autograd_lab.experiments.settings import OPTIMIZERS, OPTIONS, Settings
from autograd_lab.experiments.sizes import MAX_LAYERS, hidden_sizes, parse_sizes
from autograd_lab.experiments.sweeping import Comparison, Runner, compare

MOONS = "moons:n=60,noise=0.1"


def settings(**given: object) -> Settings:
    return Settings(**{"data": MOONS, "layers": "6", "epochs": 2, **given})  # type: ignore[arg-type]


@pytest.fixture
def images(tmp_path: Path) -> str:
    """A file of 40 small images of two classes, as bytes."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = (rng.integers(0, 100, (40, 6, 5)) + 100 * y[:, None, None]).astype(np.uint8)
    np.savez(tmp_path / "images.npz", x=x, y=y)
    return str(tmp_path / "images.npz")


# --- settings ------------------------------------------------------------------------------------

WRONG = {
    "layers": [3, ""],
    "act": [1],
    "optimizer": ["adem", None],
    "lr": [0, -1.0, math.nan, math.inf, "0.1", True],
    "momentum": [1, -0.1],
    "nesterov": [1, "yes"],
    "dropout": [1, 1.5, -0.1, None],
    "l1": [-1e-9],
    "l2": [math.inf],
    "max_norm": [0],
    "batchnorm": ["between", True],
    "clipnorm": [0],
    "clipvalue": [-1],
    "global_clipnorm": [0],
    "augment": [None],
    "early_stopping": [-1, 1.5],
    "epochs": [0, 1.0, True],
    "batch": [0],
    "validation_split": [1, -0.1],
    "test_split": [1],
    "preprocessing": ["all"],
    "seed": [-1, 2**32],
    "task": ["clustering"],
    "target": [0],
    "init": [0],
}


def test_every_setting_has_values_that_it_refuses():
    assert set(WRONG) == set(OPTIONS)
    for name, values in WRONG.items():
        for value in values:
            if name == "layers" and value == "":
                continue  # refused where sizes are read
            with pytest.raises(UsageError, match=f"^{name}=.*: give "):
                settings(**{name: value})


TOGETHER = [
    ({"optimizer": "adam", "momentum": 0.9}, "adam has none"),
    ({"optimizer": "adam", "nesterov": True}, "form of sgd"),
    ({"optimizer": "sgd", "nesterov": True}, "without momentum"),
    ({"optimizer": "nesterov", "momentum": 0.0}, "without momentum"),
    ({"clipnorm": 1.0, "clipvalue": 1.0}, "one way only"),
    ({"early_stopping": 3, "validation_split": 0.0}, "validation part"),
]


@pytest.mark.parametrize(("given", "words"), TOGETHER, ids=[words for _, words in TOGETHER])
def test_settings_that_do_not_go_together(given, words):
    with pytest.raises(UsageError, match=words):
        settings(**given)


def test_whole_numbers_and_floats_are_one_experiment():
    assert settings(lr=1) == settings(lr=1.0)
    assert runs.name_of(runs.key_of(settings(lr=1), {})) == runs.name_of(
        runs.key_of(settings(lr=1.0), {})
    )


@pytest.mark.parametrize("name", [n for n, option in OPTIONS.items() if option.kind is float])
def test_numbers_are_read_as_people_write_them_and_not_as_python_does(name):
    option = OPTIONS[name]
    assert option.read(name, "5e-1") == option.read(name, " .5 ") == 0.5
    for text in ("", "nan", "inf", "1_0", "0x1", "1e999", "½", "٣", "0.5.5", "--1"):
        with pytest.raises(UsageError, match="give a number"):
            option.read(name, text)


# --- sizes ---------------------------------------------------------------------------------------

SIZES = [
    (None, 4, 3, (32,)),
    ("10", 4, 3, (10,)),
    ("3", 4, 3, (3,)),
    ("64-32", 4, 3, (64, 32)),
    ("4-3", 4, 3, ()),
    ("4-8-3", 4, 3, (8,)),
    ("4-2x8-3", 4, 3, (8, 8)),
    ("2X5", 4, 3, (5, 5)),
    ("4-4-3-3", 4, 3, (4, 3)),
]


@pytest.mark.parametrize(("text", "inputs", "outputs", "hidden"), SIZES, ids=str)
def test_hidden_sizes(text, inputs, outputs, hidden):
    assert hidden_sizes(text, inputs, outputs) == hidden


WRONG_SIZES = [
    ("4-8", "begins with the 4 features .* 8 instead of their 3 outputs", "4-8-3", "4-4-8-3"),
    ("8-3", "ends with the 3 outputs .* 8 instead of their 4 features", "4-8-3", "8"),
    ("784-128-3", "784 instead of their 4", "4-784-128-3", "784-128"),
]


@pytest.mark.parametrize(("text", "words", "whole", "hidden"), WRONG_SIZES)
def test_a_net_that_fits_one_end_of_the_data_only_is_refused_with_both_ways_out(
    text, words, whole, hidden
):
    with pytest.raises(UsageError, match=words) as refused:
        hidden_sizes(text, 4, 3)
    said = str(refused.value)
    for remedy in (whole, hidden):
        assert f"--layers {remedy}" in said
        assert hidden_sizes(remedy, 4, 3)  # what is proposed works


@pytest.mark.parametrize(
    "text", ["", "-", "4-", "-4", "a", "4,3", "4.5", "0", "4-0-3", "0x4", "4x", "x4", "99999x4",
             "100001", f"{MAX_LAYERS + 1}x2", "½", "4--3"],
)  # fmt: skip
def test_texts_that_are_no_sizes(text):
    with pytest.raises(UsageError, match=r"^--layers "):
        parse_sizes(text)


# --- plans ---------------------------------------------------------------------------------------

# For every setting a value whose effect must be seen in the plan, or in what fit is given.
EFFECTS = {
    "layers": "7", "act": "tanh", "init": "he_normal", "optimizer": "sgd", "lr": 0.5,
    "dropout": 0.5, "l1": 0.1, "l2": 0.1, "max_norm": 1.0, "batchnorm": "before", "clipnorm": 1.0,
    "clipvalue": 1.0, "global_clipnorm": 1.0, "augment": True, "early_stopping": 1, "epochs": 3,
    "batch": 7, "validation_split": 0.4, "test_split": 0.25, "preprocessing": "none", "seed": 1,
    "momentum": 0.5, "nesterov": True, "task": "regression", "target": "a",
}  # fmt: skip
WITH = {
    "momentum": {"optimizer": "sgd"},
    "nesterov": {"optimizer": "sgd", "momentum": 0.9},
}


def effect(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> str:
    """All that a training is given, as text."""
    told: dict[str, object] = {}

    class StopHere(Exception):  # noqa: N818
        pass

    def fit(x, y, callbacks, **given):
        told.update(given, callbacks=[(type(c).__name__, getattr(c, "patience", 0))
                                      for c in callbacks])  # fmt: skip
        raise StopHere

    monkeypatch.setattr(plan.model, "fit", fit, raising=False)
    with pytest.raises(StopHere):
        train(plan)
    told.pop("validation_data")
    parts = {k: (x.sum(), y.sum(), len(x)) for k, (x, y) in plan.parts.items()}
    weights = [w.numpy().sum() for w in plan.model.weights]
    made = registry.serialize(plan.model), plan.model.get_compile_config()
    return repr((made, told, parts, weights))


@pytest.mark.parametrize("name", EFFECTS)
def test_no_option_is_silently_ignored(name, images, tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text(
        "a,b,c\n" + "".join(f"{i % 3},{i},{i % 2}\n" for i in range(30))
    )
    data = str(tmp_path / "t.csv") if name in ("target", "task") else images
    given = WITH.get(name, {})
    before = effect(prepare(settings(data=data, **given)), monkeypatch)
    again = effect(prepare(settings(data=data, **given)), monkeypatch)
    after = effect(prepare(settings(data=data, **given, **{name: EFFECTS[name]})), monkeypatch)
    assert before == again, "the same settings are the same plan"
    assert before != after


def test_the_effects_are_those_of_all_options():
    assert set(EFFECTS) == set(OPTIONS)


def kinds(plan: Plan) -> list[str]:
    return [type(layer).__name__ for layer in plan.model.layers]


def test_the_order_of_layers(images):
    assert kinds(prepare(settings())) == ["Normalization", "Dense", "Activation", "Dense"]
    before = prepare(settings(batchnorm="before", dropout=0.1))
    after = prepare(settings(batchnorm="after", dropout=0.1))
    assert kinds(before)[1:] == ["Dense", "BatchNormalization", "Activation", "Dropout", "Dense"]
    assert kinds(after)[1:] == ["Dense", "Activation", "BatchNormalization", "Dropout", "Dense"]
    assert [before.model.layers[1].use_bias, after.model.layers[1].use_bias] == [False, True]
    pictures = prepare(settings(data=images, augment=True))
    assert kinds(pictures)[:5] == [
        "RandomTranslation", "RandomRotation", "RandomZoom", "Flatten", "Rescaling",
    ]  # fmt: skip
    assert pictures.sizes == (30, 6, 2)
    assert kinds(prepare(settings(act="prelu")))[2] == "PReLU"


@pytest.mark.parametrize("word", OPTIMIZERS)
def test_the_words_of_optimizers(word):
    optimizer = prepare(settings(optimizer=word)).model.optimizer
    assert type(optimizer).__name__ == OPTIMIZERS[word][0]
    assert (getattr(optimizer, "momentum", 0), getattr(optimizer, "nesterov", False)) == {
        "momentum": (0.9, False), "nesterov": (0.9, True),
    }.get(word, (0, False))  # fmt: skip


def test_features_are_standardized_by_the_training_part_and_constant_ones_do_no_harm(tmp_path):
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(1000, 5, 40), np.full(40, 7.0), rng.normal(0, 1e-3, 40)])
    np.savez(tmp_path / "x.npz", x=x, y=rng.normal(size=40))
    plan = prepare(settings(data=str(tmp_path / "x.npz")))
    train_x = plan.parts["train"][0]
    normal = next(layer for layer in plan.model.layers if isinstance(layer, layers.Normalization))
    seen = normal(train_x).value
    assert seen.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-3)
    assert seen.std(axis=0) == pytest.approx([1, 0, 1], rel=1e-3)
    other = train_x[:1] + np.array([0, 1.0, 0])
    assert float(normal(other).value[0, 1]) == pytest.approx(1.0)


def test_parts_are_disjoint_stratified_and_chosen_by_the_seed():
    whole = reading.read("iris")
    plans = [prepare(settings(data="iris", test_split=0.2, seed=s)) for s in (0, 0, 1)]
    for plan in plans:
        rows = np.concatenate([x for x, _ in plan.parts.values()])
        assert sorted(map(tuple, rows)) == sorted(map(tuple, whole.x))
        assert {name: np.bincount(y).tolist() for name, (_, y) in plan.parts.items()} == {
            "train": [32] * 3, "validation": [8] * 3, "test": [10] * 3,
        }  # fmt: skip
    same, other = (
        np.array_equal(plans[0].parts["train"][0], plan.parts["train"][0]) for plan in plans[1:]
    )
    assert (same, other) == (True, False)


def test_a_saved_model_takes_raw_data(tmp_path):
    plan = prepare(settings(data="iris", epochs=3))
    train(plan)
    plan.model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors")
    raw = reading.read("iris").x
    assert np.array_equal(again.predict(raw, verbose=0), plan.model.predict(raw, verbose=0))


REFUSED = [
    ({"act": "rellu"}, "--act.*did you mean relu"),
    ({"act": "glu"}, "something else"),
    ({"act": "threshold"}, "something else"),
    ({"init": "he_norml"}, "--init.*did you mean"),
    ({"layers": "2-2", "dropout": 0.1}, "has none"),
    ({"layers": "2-2", "act": "tanh"}, "has none"),
    ({"layers": "2-2", "batchnorm": "after"}, "has none"),
    ({"layers": "2x100000"}, "at most 100,000,000"),
    ({"augment": True}, "needs images"),
    ({"data": "moons:n=2"}, "leaves nothing"),
    ({"data": "nothing"}, "no data set"),
    ({"target": "x"}, "files only"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_does_not_fit_the_data_is_refused(given, words):
    with pytest.raises(UsageError, match=words):
        prepare(settings(**given))


def test_a_test_part_of_the_data_is_used_and_not_cut_again():
    data = DataSet("toy", np.eye(6), np.arange(6) % 2, np.eye(6)[:2], np.array([0, 1]), ("a", "b"))
    parts = building.split(data, settings(validation_split=0.34))
    assert [len(parts[name][0]) for name in ("train", "validation", "test")] == [3, 3, 2]
    with pytest.raises(UsageError, match="already"):
        building.split(data, settings(test_split=0.2))


# --- running -------------------------------------------------------------------------------------


def test_the_best_epoch_is_that_of_the_lowest_validation_loss():
    result = train(prepare(settings(epochs=6, lr=0.3, early_stopping=2)))
    losses = result.history["val_loss"]
    assert result.best_epoch == losses.index(min(losses)) + 1
    assert result.epochs == len(losses) == result.epochs_here
    assert result.metrics["validation"]["loss"] == pytest.approx(min(losses), rel=1e-5)
    assert result.stopping is not None
    assert result.diverged is None
    alone = train(prepare(settings(validation_split=0.0)))
    assert (alone.watched, set(alone.metrics)) == ("loss", {"train"})


def test_a_training_that_diverges_ends_and_says_when():
    result = train(prepare(settings(data="diabetes", optimizer="sgd", lr=100.0, epochs=9)))
    assert result.diverged == result.epochs < 9
    assert not math.isfinite(result.history["loss"][-1])


class InterruptAt(callbacks.Callback):
    """Ctrl-C in the middle of a certain batch."""

    def __init__(self, epoch: int, batch: int) -> None:
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            os.kill(os.getpid(), signal.SIGINT)


MANY = {"dropout": 0.3, "batch": 8, "epochs": 4, "batchnorm": "after", "optimizer": "adam",
        "early_stopping": 2, "l2": 1e-3}  # fmt: skip


def bits(plan: Plan) -> list[bytes]:
    return [w.numpy().tobytes() for w in plan.model.weights]


@posix
@pytest.mark.parametrize("at", [(0, 0), (1, 3), (2, 5), (3, 5)], ids=str)
def test_after_ctrl_c_the_same_training_goes_on_to_the_same_bits(tmp_path, at):
    whole = train(prepare(settings(**MANY)))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted) as ended:
        train(prepare(settings(**MANY)), backup=tmp_path, more=(InterruptAt(*at),))
    assert (ended.value.epoch - 1, ended.value.batch) == (at[0], at[1] + 1)
    assert signal.getsignal(signal.SIGINT) is before
    assert any(tmp_path.iterdir())
    rest = train(prepare(settings(**MANY)), backup=tmp_path)
    assert bits(rest.plan) == bits(whole.plan)
    assert (rest.history, rest.metrics, rest.stopping) == (
        whole.history, whole.metrics, whole.stopping,
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_second_ctrl_c_ends_at_once():
    with Interruption() as wish:
        os.kill(os.getpid(), signal.SIGINT)
        assert wish.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_where_interrupts_are_ignored_they_stay_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


# --- comparisons ---------------------------------------------------------------------------------


def comparison(*words: str, **given: object) -> Comparison:
    axes, seeds = read_words(words)
    fixed = {"data": MOONS, "layers": "4", "epochs": 2, **given}
    rates = {k: fixed.pop(k) for k in ("rates", "grid") if k in fixed}
    return Comparison(fixed, axes, seeds=seeds or 2, **rates)  # type: ignore[arg-type]


def outcome(*words: str, folder: Path | None = None, jobs: int = 1, **given: object):
    what = comparison(*words, **given)
    runner = Runner(what.check(), None if folder is None else str(folder), jobs)
    return compare(what, runner), runner


def test_every_option_can_be_varied_but_those_that_name_the_data():
    for name, option in OPTIONS.items():
        text = option.choices[0] if option.choices else "yes" if option.kind is bool else "1"
        text = "0.5" if option.below == 1 else text
        if name in words_of_axes.NOT_VARIED:
            with pytest.raises(UsageError, match=f"^{name}=: "):
                read_words([f"{name}={text}"])
        else:
            axes, _ = read_words([f"{name.replace('_', '-')}={text}"])
            assert list(axes) == [name]


def test_combinations_are_a_cartesian_product():
    found = comparison("l2=0,0.1", "act=relu,tanh,elu").combinations
    assert len(found) == 6
    assert found[:2] == [{"l2": 0.0, "act": "relu"}, {"l2": 0.0, "act": "tanh"}]


def test_each_seed_gives_all_variants_the_same_split_and_start():
    weights = set()
    for word in ("sgd", "adam"):
        plan = prepare(settings(optimizer=word, seed=5))
        weights.add((plan.model.weights[0].numpy().tobytes(),
                     plan.parts["train"][0].tobytes()))  # fmt: skip
    assert len(weights) == 1


def test_common_rates():
    rates = {
        ("optimizer=sgd,momentum",): ([0.01] * 2, "default of sgd"),
        ("l2=0,1",): ([0.001] * 2, "default of adam"),
        ("optimizer=sgd,adam",): ([0.01] * 2, "each has another best one"),
        ("lr=0.5,none",): ([0.5, 0.001], "as compared"),
    }
    for words, (expected, said) in rates.items():
        found, rule = comparison(*words).common_rates()
        assert found == expected
        assert said in rule
    found, rule = comparison("optimizer=sgd,adam", lr=0.3).common_rates()
    assert (found, "0.3 for all" in rule) == ([0.3, 0.3], True)


def test_the_best_rate_is_that_of_the_lowest_loss_with_a_seed_of_its_own():
    found, _ = outcome("optimizer=sgd,adam", rates="best", grid=(1e-4, 0.1, 1e-3), seed=3)
    for variant, losses in zip(found.variants, found.searched, strict=True):
        by_hand = {}
        for rate in (1e-4, 1e-3, 0.1):
            run = train(prepare(settings(layers="4", lr=rate, seed=5, **variant.values)))
            by_hand[rate] = min(run.history["val_loss"])
        assert losses == by_hand
        assert variant.rate == min(by_hand, key=lambda rate: by_hand[rate])
        assert any(variant.label in note for note in found.notes) == (variant.rate != 1e-3)
    assert "seed 5, which is not among" in found.rule


def test_a_rate_that_diverges_is_never_the_best():
    record = runs.Record({"loss": [1, math.nan], "val_loss": [0.1, math.nan]}, {}, 2, 2, 0.0)
    assert sweeping._judged(record) == math.inf


def test_records_come_back_exactly_and_damage_is_found(tmp_path):
    given = settings(data="diabetes", optimizer="sgd", lr=100.0)
    key = runs.key_of(given, {"x": "0"})
    name, record = runs.run(given.as_dict(), key, str(tmp_path))
    path = tmp_path / name
    back = runs.read(path, key)
    assert back is not None
    assert repr(back) == repr(record), "nan and infinities, too"
    json.loads(path.read_text(), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert runs.read(path, {**key, "floatx": "float64"}) is None
    assert runs.read(tmp_path / "none.json", key) is None
    data = path.read_bytes()
    for i in range(0, len(data), 7):
        path.write_bytes(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
        found = runs.read(path, key)
        assert found is None or repr(found) == repr(record), data[i - 9 : i + 9]
        path.write_bytes(data[:i])
        assert runs.read(path, key) is None


def test_a_comparison_goes_on_where_it_was_and_uses_nothing_that_is_damaged(tmp_path):
    first, runner = outcome("l2=0,0.1", "seeds=2", folder=tmp_path)
    assert (runner.found, len(list(tmp_path.iterdir()))) == (0, 4)
    one, other = sorted(tmp_path.iterdir())[:2]
    one.unlink()
    other.write_text("{")
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir() if p != other}
    again, runner = outcome("l2=0,0.1", "seeds=2", folder=tmp_path)
    assert (runner.found, runner.damaged) == (2, 1)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert as_dict(again, "") == as_dict(first, "")
    _, runner = outcome("l2=0,0.1", "seeds=3", folder=tmp_path)
    assert runner.found == 4, "more seeds: only the new ones are trained"
    _, runner = outcome("l2=0,0.1", "seeds=2", folder=tmp_path, epochs=3)
    assert runner.found == 0, "other settings are other runs"


def test_other_data_under_the_same_name_are_other_runs(tmp_path):
    table = tmp_path / "t.csv"
    keys = set()
    for shift in (0, 1):
        rows = "".join(f"{i + shift},{i % 2}\n" for i in range(20))
        table.write_text("a,b\n" + rows)
        what = comparison("l2=0,1", data=str(table))
        keys.add(runs.name_of(runs.key_of(settings(data=str(table)), what.check())))
    assert len(keys) == 2


@pytest.mark.skipif(not parallel.available(), reason="joblib is an extra")
def test_how_many_run_at_a_time_changes_no_number():
    words = ("optimizer=sgd,adam", "seeds=2")
    one, _ = outcome(*words)
    two, _ = outcome(*words, jobs=2)
    assert as_dict(one, "") == as_dict(two, "")


def test_without_joblib_runs_go_one_after_another(monkeypatch):
    monkeypatch.setattr(parallel, "available", lambda: False)
    assert list(parallel.run_all(divmod, [(7, 2), (9, 4)], jobs=8)) == [(3, 1), (2, 1)]


def test_spread_against_the_statistics_of_the_standard_library():
    values = [0.91, 0.95, 0.97, 0.9]
    found = Spread.of(values)
    assert found.mean == pytest.approx(statistics.mean(values), rel=1e-15)
    assert found.sd == pytest.approx(statistics.stdev(values), rel=1e-14)
    assert found.se == pytest.approx(statistics.stdev(values) / 2, rel=1e-14)
    assert Spread.of([1.0]).as_dict() == {"mean": 1.0, "sd": None, "se": None, "n": 1}


def test_runs_that_diverged_are_counted_and_not_averaged():
    found, _ = outcome("lr=0.001,100", "seeds=2", data="diabetes", optimizer="sgd")
    sound, lost = as_dict(found, "")["variants"]
    assert (sound["diverged"], lost["diverged"]) == (0, 2)
    assert sound["spreads"]["final val_loss"]["n"] == 2
    assert lost["spreads"]["final val_loss"] == {"mean": None, "sd": None, "se": None, "n": 0}
    assert curves(found, "diabetes").svg().count("lr 100") == 0


def test_the_numbers_of_a_comparison_are_those_of_its_runs():
    found, _ = outcome("l2=0,0.1", "seeds=3")
    for variant in as_dict(found, "")["variants"]:
        expected = []
        for seed in range(3):
            given = settings(layers="4", seed=seed, **variant["values"])
            expected.append(train(prepare(given)).history["val_loss"])
        spreads = variant["spreads"]
        assert spreads["best val_loss"]["mean"] == pytest.approx(
            statistics.mean(map(min, expected)), rel=1e-6
        )
        assert spreads["final val_loss"]["sd"] == pytest.approx(
            statistics.stdev(losses[-1] for losses in expected), rel=1e-4
        )
        assert [run["history"]["val_loss"] for run in variant["runs"]] == expected
