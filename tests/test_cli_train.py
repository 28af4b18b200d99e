"""train, evaluate, predict and explain step as a user meets them: words, files, exit codes."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import (
    Result,
    assert_refused,
    call,
    done,
    environment,
    listed,
    posix,
    start,
)

from autograd_lab import callbacks, layers, losses, models
from autograd_lab.datasets import reading
from autograd_lab.experiments.settings import OPTIONS
from autograd_lab.optimizers import Adam

MOONS = "moons:n=60,noise=0.1"
SHORT = ("train", MOONS, "--layers", "5", "--epochs", "2")


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that knows the flowers a little."""
    path = tmp_path_factory.mktemp("models") / "iris.safetensors"
    done("train", "iris", "--lr", "0.05", "--save", str(path))
    return str(path)


@pytest.fixture(scope="module")
def diabetes(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("models") / "diabetes.safetensors"
    done("train", "diabetes", "--epochs", "2", "--save", str(path))
    return str(path)


# --- refusals ------------------------------------------------------------------------------------

REFUSED = [
    ((), "Missing argument 'DATA'"),
    (("iris", "wine"), "unexpected extra argument"),
    (("irs",), "did you mean iris"),
    (("moons:n=-1",), "n_samples"),
    (("missing.csv",), "missing.csv"),
    (("iris", "--layrs", "3"), "--layers"),
    (("iris", "--layers", "3-a"), "'a' is no size"),
    (("iris", "--layers", "784-128-3"), "--layers 4-784-128-3"),
    (("iris", "--act", "rellu"), "did you mean relu"),
    (("iris", "--init", "he_norml"), "did you mean he_normal"),
    (("iris", "--optimizer", "adem"), "did you mean adam"),
    (("iris", "--optimizer", "adam", "--momentum", "0.9"), "adam has none"),
    (("iris", "--optimizer", "sgd", "--nesterov"), "--momentum 0.9"),
    (("iris", "--lr", "0"), "--lr '0': give a number above 0"),
    (("iris", "--lr", "nan"), "--lr 'nan'"),
    (("iris", "--lr", "fast"), "--lr 'fast'"),
    (("iris", "--dropout", "1.5"), "at least 0, below 1"),
    (("iris", "--l2=-1"), "--l2 '-1'"),
    (("iris", "--max-norm", "0"), "--max-norm '0'"),
    (("iris", "--batchnorm", "befor"), "did you mean before"),
    (("iris", "--clipnorm", "1", "--clipvalue", "1"), "one way only"),
    (("iris", "--augment"), "needs images"),
    (("iris", "--early-stopping", "2", "--validation-split", "0"), "validation part"),
    (("iris", "--epochs", "0"), "at least 1"),
    (("iris", "--epochs", "1.5"), "whole number"),
    (("iris", "--batch", "0"), "at least 1"),
    (("iris", "--seed", "-1"), "--seed '-1'"),
    (("iris", "--seed", "1" * 400), "--seed"),
    (("iris", "--validation-split", "1"), "below 1"),
    (("iris", "--preprocessing", "some"), "auto, none"),
    (("iris", "--target", "0"), "files only"),
    (("iris", "--task", "regresion"), "did you mean regression"),
    (("iris", "--save", "m.h5"), "use .safetensors"),
    (("iris", "--history", "h.txt"), "use .csv or .json"),
    (("iris", "--plot", "p.gif"), "use .svg or .png or .pdf"),
    (("iris", "--save", "none/m.safetensors"), "no such folder"),
    (("iris", "--history", "h.json", "--plot", "h.json"), "--plot"),
    (("iris", "--backup", ""), "empty"),
    (("iris", "-f", "jsn"), "did you mean json"),
    (("\x1b[31miris",), "no data set"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=[repr(a)[:40] for a, _ in REFUSED])
def test_refusals_before_any_training(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call("train", *arguments)
    assert_refused(result)
    assert words in result.err
    assert listed(tmp_path) == []


def test_a_backup_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("kept")
    for name in ("file", "file/below"):
        result = call(*SHORT, "--backup", str(tmp_path / name))
        assert_refused(result)
        assert "no folder" in result.err
    assert (tmp_path / "file").read_text() == "kept"


def test_what_is_read_is_never_written_over(tmp_path, iris):
    table = tmp_path / "t.csv"
    table.write_text("".join(f"{i},{i},1,2,{i % 2}\n" for i in range(20)))
    before = table.read_text()
    for arguments in (
        ("train", str(table), "--history", str(table)),
        ("train", str(table), "--history", str(tmp_path / "." / "t.csv")),
        ("predict", iris, str(table), "-o", str(table)),
    ):
        result = call(*arguments)
        assert_refused(result)
        assert "is what is read" in result.err
    assert table.read_text() == before


def test_targets_that_are_all_alike_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("".join(f"{i},yes\n" for i in range(20)))
    result = call("train", str(tmp_path / "t.csv"))
    assert_refused(result)
    assert "all targets are yes" in result.err


def test_a_backup_of_another_training_is_refused(tmp_path):
    arguments = (*SHORT, "--backup", str(tmp_path / "b"))
    interrupted(*arguments[:-2], "--epochs", "400", *arguments[-2:])
    result = call("train", MOONS, "--layers", "6", "--backup", str(tmp_path / "b"))
    assert result.status == 2
    assert "another configuration" in result.err
    assert listed(tmp_path / "b")


# --- what is said --------------------------------------------------------------------------------


def test_the_heading_and_the_table():
    out = done("train", "iris", "--epochs", "3", "--seed", "7", "--test-split", "0.2").out
    for words in (
        "150 examples of 4 features", "3 classes: setosa", "4-32-3, relu, softmax output, 259",
        "96 train, 24 validation, 30 test", "chosen by the seed", "seed 7",
        "sparse_categorical_crossentropy", "learning rate 0.001", "standardized",
    ):  # fmt: skip
        assert words in out, words
    rows = re.findall(r"^   (train|validation|test) +([0-9.]+) +([0-9.]+)$", out, re.MULTILINE)
    assert [row[0] for row in rows] == ["train", "validation", "test"]
    assert re.search(r"best epoch [1-3] of 3 by val_loss", out)
    assert "per epoch" in out


def test_every_option_that_was_given_is_told(tmp_path):
    given = ["--dropout", "0.1", "--l1", "0.01", "--l2", "0.02", "--max-norm", "3", "--init",
             "he_normal", "--batchnorm", "after", "--clipnorm", "2", "--early-stopping", "4",
             "--momentum", "0.8", "--nesterov"]  # fmt: skip
    out = done(*SHORT, "--optimizer", "sgd", *given).out
    for word in given:
        assert word in out.replace("yes", ""), word
    assert "Early stopping watched val_loss" in out


def test_regression_is_linear_with_mse():
    out = done("train", "diabetes", "--epochs", "1").out
    assert "linear output" in out
    assert "mse (regression)" in out
    assert re.search(r"^ +loss +mae$", out, re.MULTILINE)


def test_json_is_a_contract():
    result = done(*SHORT, "--test-split", "0.2", "-f", "json", "--early-stopping", "5")
    data = json.loads(result.out, parse_constant=pytest.fail)
    assert data["schema"] == "autograd-lab/train/1"
    assert set(data) == {
        "schema", "settings", "data", "model", "epochs", "best_epoch", "watched", "diverged",
        "results", "history", "early_stopping", "seconds", "seconds_per_epoch",
    }  # fmt: skip
    assert set(data["settings"]) == {"data", *OPTIONS}
    assert data["data"]["parts"] == {"train": 38, "validation": 10, "test": 12}
    assert data["data"]["classes"] == ["0", "1"]
    assert data["model"] == {
        "layers": [2, 5, 2], "parameters": 27, "output": "softmax",
        "loss": "sparse_categorical_crossentropy", "metric": "accuracy", "learning_rate": 0.001,
    }  # fmt: skip
    assert set(data["results"]) == {"train", "validation", "test"}
    assert all(set(logs) == {"loss", "accuracy"} for logs in data["results"].values())
    assert set(data["history"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == data["epochs"] == 2 for values in data["history"].values())
    again = json.loads(done(*SHORT, "--test-split", "0.2", "-f", "json").out)
    assert again["history"] == data["history"], "one seed, one history"


def test_markdown():
    out = done(*SHORT, "-f", "markdown").out
    assert "| train | " in out
    assert "- net: 2-5-2, relu" in out


def test_a_training_that_diverges_is_exit_3_and_saves_no_such_model(tmp_path):
    path = tmp_path / "m.safetensors"
    arguments = ("train", "diabetes", "--optimizer", "sgd", "--lr", "100", "--save", str(path))
    result = call(*arguments)
    assert (result.status, path.exists()) == (3, False)
    assert "DIVERGED" in result.out
    assert "not saved" in result.err
    data = json.loads(call(*arguments, "-f", "json").out, parse_constant=pytest.fail)
    assert data["diverged"] == data["epochs"]
    assert data["history"]["loss"][-1] in ("nan", "inf")


def test_progress_is_for_terminals_and_words_of_callbacks_are_on_standard_error():
    silent = done(*SHORT)
    assert silent.err == ""
    bar = done(*SHORT, err_tty=True)
    assert "Epoch 2/2" in bar.err
    lines = done(*SHORT, "--verbose")
    assert lines.err.count("\n") == 2
    assert done(*SHORT, "--quiet", err_tty=True).err == ""
    texts = [re.sub(r"\d+ m?s", "", result.out) for result in (silent, bar, lines)]
    assert len(set(texts)) == 1
    assert "data " not in done(*SHORT, "--quiet").out


def test_poor_encodings_get_ascii():
    result = call(*SHORT, "--l2", "0.1", encoding="ascii")
    assert (result.status, result.data.isascii()) == (0, True)


# --- files ---------------------------------------------------------------------------------------


def test_history_as_csv_and_json(tmp_path):
    table, text = tmp_path / "h.csv", tmp_path / "h.json"
    out = json.loads(done(*SHORT, "-f", "json", "--history", str(table)).out)
    done(*SHORT, "--history", str(text))
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    found = json.loads(text.read_text())
    assert found["epoch"] == [1, 2]
    for name, values in out["history"].items():
        assert [float(row[name]) for row in rows] == values == found[name]


def test_a_saved_model_is_the_one_that_was_measured(tmp_path):
    path = tmp_path / "m.safetensors"
    result = done(*SHORT, "-f", "json", "--save", str(path))
    assert f"wrote {path}" in result.err
    kept = json.loads(result.out)
    model = models.load_model(path)
    logs = model.evaluate(*_arrays(MOONS), verbose=0, return_dict=True)
    n = kept["data"]["parts"]
    mean = sum(kept["results"][part]["loss"] * n[part] for part in n) / sum(n.values())
    assert logs["loss"] == pytest.approx(mean, rel=1e-5)


def _arrays(name: str) -> tuple[np.ndarray, np.ndarray]:
    data = reading.read(name)
    return data.x, data.y


@pytest.mark.skipif(not hasattr(callbacks.History, "plot"), reason="a history cannot be drawn yet")
@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_plots(tmp_path, ending):
    path = tmp_path / f"p.{ending}"
    done(*SHORT, "--plot", str(path))
    start = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(start)


# --- interruptions -------------------------------------------------------------------------------


def interrupted(*arguments: str, epoch: int = 2) -> tuple[int, str]:
    """Run with --verbose, send Ctrl-C when an epoch has been told; the status and what was said."""
    with start(*arguments, "--verbose") as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith(f"Epoch {epoch}/"):
                process.send_signal(signal.SIGINT)
        status = process.wait(60)
    return status, said


LONG = ("train", MOONS, "--layers", "8-8", "--epochs", "12", "--batch", "1", "--dropout", "0.2",
        "--early-stopping", "5")  # fmt: skip


@posix
def test_ctrl_c_keeps_what_is_needed_and_the_same_command_goes_on_to_the_same_bits(tmp_path):
    def arguments(name: str) -> tuple[str, ...]:
        return (*LONG, "--save", str(tmp_path / f"{name}.safetensors"),
                "--history", str(tmp_path / f"{name}.csv"))  # fmt: skip

    done(*arguments("whole"))
    backup = ("--backup", str(tmp_path / "backup"))
    status, said = interrupted(*arguments("part"), *backup)
    assert status == 130
    assert "Traceback" not in said
    assert re.search(r"interrupted after (batch \d+ of )?epoch \d", said)
    assert "the same command again" in said
    assert "part.safetensors" in listed(tmp_path), "the model so far"
    assert "part.csv" not in listed(tmp_path)
    result = done(*arguments("part"), *backup, "--verbose")
    assert "going on" in result.err
    for ending in ("safetensors", "csv"):
        whole, part = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("whole", "part"))
        assert whole == part or ending == "safetensors"
    weights = [
        [w.numpy().tobytes() for w in models.load_model(tmp_path / f"{name}.safetensors").weights]
        for name in ("whole", "part")
    ]
    assert weights[0] == weights[1]
    assert listed(tmp_path / "backup") == []


@posix
def test_ctrl_c_without_a_backup_says_so():
    status, said = interrupted(*LONG)
    assert status == 130
    assert "--backup DIR keeps what that needs" in said


@posix
@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_leaves_early_ends_the_command_quietly(lines):
    with start(*SHORT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(lines):
            assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, "")


# --- evaluate and predict ------------------------------------------------------------------------


def test_evaluate(iris):
    out = done("evaluate", iris, "iris").out
    assert "part   all, 150 examples" in out
    data = json.loads(done("evaluate", iris, "iris", "-f", "json").out)
    assert set(data) == {"schema", "model", "parameters", "data", "part", "examples", "results"}
    model = models.load_model(iris)
    assert data["results"] == model.evaluate(*_arrays("iris"), batch_size=512, verbose=0,
                                             return_dict=True)  # fmt: skip
    assert "| all | " in done("evaluate", iris, "iris", "-f", "markdown").out


def test_evaluate_on_the_part_for_testing(iris, tmp_path):
    x, y = _arrays("iris")
    np.savez(tmp_path / "d.npz", x_train=x[20:], y_train=y[20:], x_test=x[:20], y_test=y[:20])
    source = str(tmp_path / "d.npz")
    for more, count in (((), 20), (("--part", "train"), 130), (("--part", "all"), 150)):
        data = json.loads(done("evaluate", iris, source, "-f", "json", *more).out)
        assert data["examples"] == count


def predicted(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done("predict", *arguments).out)))


def test_predict_with_names_and_probabilities(iris, tmp_path):
    rows = predicted(iris, "iris", "--proba")
    x, _ = _arrays("iris")
    shares = models.load_model(iris).predict(x, batch_size=512, verbose=0)
    names = ["setosa", "versicolor", "virginica"]
    assert [row["prediction"] for row in rows] == [names[k] for k in shares.argmax(axis=1)]
    assert np.array_equal(
        [[float(row[f"p({name})"]) for name in names] for row in rows], shares.astype(float)
    )
    assert sum(row["prediction"] == row["target"] for row in rows) > 130
    target = tmp_path / "p.csv"
    assert done("predict", iris, "iris", "-o", str(target)).out == ""
    assert target.read_text() == done("predict", iris, "iris").out


def test_predict_for_a_table_without_targets(iris, diabetes, tmp_path):
    x, _ = _arrays("iris")
    rows = "".join(",".join(map(str, row)) + "\n" for row in x)
    for name, text in {"bare.csv": rows, "named.csv": "a,b,c,d\n" + rows}.items():
        (tmp_path / name).write_text(text)
        found = predicted(iris, str(tmp_path / name))
        assert set(found[0]) == {"prediction"}
        expected = models.load_model(iris).predict(x, verbose=0).argmax(axis=1)
        assert [int(row["prediction"]) for row in found] == expected.tolist()
    numbers = predicted(diabetes, "diabetes")
    expected = models.load_model(diabetes).predict(_arrays("diabetes")[0], batch_size=512,
                                                   verbose=0)[:, 0]  # fmt: skip
    assert [float(row["prediction"]) for row in numbers] == expected.tolist()


APPLIED = [
    (("evaluate", "MODEL"), "Missing argument 'DATA'"),
    (("evaluate", "none.safetensors", "iris"), "none.safetensors"),
    (("evaluate", "iris.csv", "iris"), ".safetensors"),
    (("evaluate", "MODEL", "moons"), "takes 4 features; moons has 2"),
    (("evaluate", "MODEL", "blobs"), "takes 4 features"),
    (("evaluate", "MODEL", "two.csv"), "tells 3 classes apart; two has 2"),
    (("evaluate", "MODEL", "numbers.csv", "--task", "regression"), "predicts classes"),
    (("evaluate", "NUMBERS", "iris"), "takes 10 features"),
    (("evaluate", "MODEL", "iris", "--part", "test"), "no part for testing"),
    (("evaluate", "MODEL", "iris", "--part", "tset"), "choose one of"),
    (("evaluate", "MODEL", "bare.csv"), "takes 4 features; bare has 3"),
    (("evaluate", "MODEL", "iris", "-f", "csv"), "formats: text"),
    (("predict", "MODEL", "iris", "-o", "p.txt"), "use .csv"),
    (("predict", "NUMBERS", "diabetes", "--proba"), "no probabilities"),
    (("predict", "MODEL", "damaged.csv"), "damaged.csv"),
    (("predict", "DAMAGED", "iris"), "damaged"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), APPLIED, ids=[" ".join(a) for a, _ in APPLIED])
def test_refusals_of_evaluate_and_predict(arguments, words, iris, diabetes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = Path(iris).read_bytes()
    Path("bad.safetensors").write_bytes(data[:-9] + b"x" + data[-8:])
    Path("two.csv").write_text("".join(f"{i},1,2,3,{'ab'[i % 2]}\n" for i in range(10)))
    Path("bare.csv").write_text("".join(f"{i},1,2,{i / 7}\n" for i in range(10)))
    Path("numbers.csv").write_text("".join(f"{i},1,2,3,{i / 7}\n" for i in range(10)))
    Path("damaged.csv").write_text("1,2,3,x,5\n1,2\n")
    known = {"MODEL": iris, "NUMBERS": diabetes, "DAMAGED": "bad.safetensors"}
    before = listed(tmp_path)
    result = call(*(known.get(word, word) for word in arguments))
    assert_refused(result)
    assert words in result.err
    assert listed(tmp_path) == before


def saved(path: Path, model: models.Model, loss: object) -> str:
    model.compile("sgd", loss)
    model.save(path)
    return str(path)


def test_models_made_in_python(tmp_path):
    """Sigmoid with one output, a layer Softmax, logits: all are told for what they are."""
    path = tmp_path / "m.safetensors"
    sigmoid = models.Sequential([layers.Input((2,)), layers.Dense(1, activation="sigmoid")])
    rows = predicted(saved(path, sigmoid, "binary_crossentropy"), MOONS, "--proba")
    for row in rows:
        assert float(row["p(0)"]) + float(row["p(1)"]) == pytest.approx(1)
        assert row["prediction"] == str(int(float(row["p(1)"]) > 0.5))
    last = models.Sequential([layers.Input((2,)), layers.Dense(2), layers.Softmax()])
    assert "p(1)" in predicted(saved(path, last, None), MOONS, "--proba")[0]
    logits = models.Sequential([layers.Input((2,)), layers.Dense(1)])
    name = saved(path, logits, losses.BinaryCrossentropy(from_logits=True))
    z = logits.predict(_arrays(MOONS)[0], verbose=0)[:, 0]
    assert [row["prediction"] for row in predicted(name, MOONS)] == [str(int(v > 0)) for v in z]
    assert "logits" in call("predict", name, MOONS, "--proba").err
    x = layers.Input((2,))
    for outputs, words in (
        ([layers.Dense(1)(x), layers.Dense(1)(x)], "several"), (layers.Dense(2)(x), "at a time"),
    ):  # fmt: skip
        result = call("predict", saved(path, models.Model(x, outputs), "mse"), MOONS)
        assert_refused(result)
        assert words in result.err


# --- help and imports ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("train",), ("evaluate",), ("predict",), ("compare",), ("explain", "step")], ids=str
)
def test_help_starts_with_examples(command):
    text = done(*command, "--help").out
    name = " ".join(command)
    assert text.index(f"autograd-lab {name} ", 60) < text.index("Options:")
    assert "Examples:" in text
    assert max(map(len, text.split("\n"))) <= 100


def test_every_option_of_a_training_is_in_the_help_of_train_and_compare():
    for command in ("train", "compare"):
        text = done(command, "--help").out
        for name in OPTIONS:
            assert f"--{name.replace('_', '-')} " in text.replace("\n", " "), name


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"numpy", "sympy", "joblib"}),
        (["train", "--help"], {"numpy", "sympy", "joblib"}),
        (["compare", "--help"], {"numpy", "sympy", "joblib"}),
        (["predict", "--help"], {"numpy", "sympy"}),
        (["train", "iris", "--dropout", "2"], {"numpy", "sympy", "joblib"}),
        (["explain", "step", "--optimizer", "adam", "--g", "1"], {"sympy", "sklearn", "joblib"}),
        (["train", "moons:n=20", "--epochs", "1"], {"sympy", "sklearn", "joblib", "reportlab"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_needed_is_not_imported(arguments, unwanted):
    program = (
        "import sys; from autograd_lab_cli.main import run; run(sys.argv[1:]);"
        "print('LOADED', *sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True,
        encoding="utf-8", timeout=60, env=environment(), check=True,
    )  # fmt: skip
    loaded = set(found.stdout.rpartition("LOADED")[2].split())
    assert "autograd_lab_cli.main" in loaded
    assert not loaded & unwanted


# --- explain step --------------------------------------------------------------------------------


def step(*arguments: str, **options: object) -> Result:
    return call("explain", "step", *arguments, **options)  # type: ignore[arg-type]


def test_a_step_in_every_format(tmp_path):
    given = ("--optimizer", "adam", "--g", "1,0.5", "--lr", "0.1", "--w", "2")
    expected = Adam(learning_rate=0.1).explain_step([1, 0.5], w=2)
    assert step(*given).out == expected.text()
    assert step(*given, "-f", "latex").out == expected.latex()
    data = json.loads(step(*given, "-f", "json").out)
    assert data == {"schema": "autograd-lab/explain-step/1", **expected.as_dict()}
    page = step(*given, "-f", "markdown").out
    assert page.count("\n| $w_{") == 2
    for line in expected.steps[0].lines:
        assert f"${line.formula.latex}$" in page
    for ending, form in {
        ".txt": "text",
        ".tex": "latex",
        ".json": "json",
        ".md": "markdown",
    }.items():
        path = tmp_path / f"step{ending}"
        assert step(*given, "-o", str(path)).out == ""
        assert path.read_text(encoding="utf-8") == step(*given, "-f", form).out
    assert step(*given, encoding="ascii").data.isascii()


def test_the_words_of_steps():
    def last(*arguments: str) -> float:
        data = json.loads(step(*arguments, "-f", "json").out)
        return float(data["steps"][-1]["step_over_learning_rate"])

    assert last("--optimizer", "sgd", "--g", "3") == 3
    assert last("--optimizer", "momentum", "--g", "1", "--steps", "3") == pytest.approx(2.71)
    assert last("--optimizer", "nesterov", "--g", "1") == pytest.approx(1.9)
    assert last("--optimizer", "sgd", "--momentum", "0.5", "--g", "1,1") == pytest.approx(1.5)
    assert last("--optimizer", "RMSprop", "--g", "1", "--rho", "0.75") == pytest.approx(2, rel=1e-5)
    adam = ("--optimizer", "adam", "--g", "1,2,3")
    assert last(*adam) != last(*adam, "--convention", "lecture")


STEPS = [
    ((), "Missing option"),
    (("--g", "1"), "Missing option '--optimizer'"),
    (("--optimizer", "adem", "--g", "1"), "did you mean adam"),
    (("--optimizer", "adam", "--g", "x"), "--g 'x': give a number"),
    (("--optimizer", "adam", "--g", "1,,2"), "--g ''"),
    (("--optimizer", "adam", "--g", "inf"), "--g 'inf'"),
    (("--optimizer", "adam", "--g", "1", "--w", "nan"), "--w 'nan'"),
    (("--optimizer", "adam", "--g", "1", "--lr=-1"), "learning_rate"),
    (("--optimizer", "adam", "--g", "1", "--momentum", "0.9"), "no such setting"),
    (("--optimizer", "adam", "--g", "1", "--convention", "lectur"), "did you mean lecture"),
    (("--optimizer", "adam", "--g", "1,2", "--steps", "2"), "a single gradient"),
    (("--optimizer", "adam", "--g", "1", "--steps", "0"), "--steps '0'"),
    (("--optimizer", "adam", "--g", "1", "--steps", "10001"), "at most 10000"),
    (("--optimizer", "adam", "--g", "1", "-f", "svg"), "formats: text"),
    (("--optimizer", "adam", "--g", "1", "-o", "x.pdf"), "use .txt"),
    (("--optimizer", "adam", "--g", "1", "--beta1", "0.5"), "--beta-1"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), STEPS, ids=[" ".join(a) for a, _ in STEPS])
def test_refusals_of_steps(arguments, words):
    result = step(*arguments)
    assert_refused(result)
    assert words in result.err


def test_the_target_step_comes_first():
    result = call("explain", "--optimizer", "adam", "step")
    assert_refused(result)
    assert "explain step --optimizer" in result.err
