"""compare as a user meets it: words, tables, files, interruptions, killed processes."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
from commands import assert_refused, call, done, listed, posix, start

from autograd_lab.experiments import parallel

MOONS = ("--data", "moons:n=60,noise=0.1", "--layers", "4", "--epochs", "2", "--jobs", "1")
needs_joblib = pytest.mark.skipif(not parallel.available(), reason="joblib is an extra")

REFUSED = [
    (("adam",), "NAME=VALUE"),
    (("optmizer=sgd",), "did you mean optimizer"),
    (("optimizer=sgd,adem",), "did you mean adam"),
    (("optimizer=",), "optimizer=''"),
    (("l2=0,-1",), "l2='-1': give a number at least 0"),
    (("l2=0,0.0",), "twice"),
    (("l2=0", "l2=1"), "twice"),
    (("l2=0,1", "--l2", "1"), "--l2 is fixed"),
    (("seeds=0",), "seeds=0"),
    (("seeds=1001",), "1 to 1,000"),
    (("seeds=two",), "seeds=two"),
    (("seeds=1", "seeds=2"), "twice"),
    (("seed=1",), "seeds=5 says how many"),
    (("data=iris",), "--data"),
    (("optimizer=adam,sgd", "--momentum", "0.9"), "adam has none"),
    (("layers=4,100-2",), "hidden layers alone:  --layers 100"),
    (("augment=no,yes",), "needs images"),
    (("act=relu,glu",), "--act glu"),
    (("l2=0,1", "--validation-split", "0"), "validation part"),
    (("l2=0,1", "--rates", "bset"), "common or best"),
    (("lr=0.1,1", "--rates", "best"), "leave lr out"),
    (("l2=0,1", "--lr", "1", "--rates", "best"), "leave lr out"),
    (("l2=0,1", "--grid", "1"), "--rates best"),
    (("l2=0,1", "--rates", "best", "--grid", "1,x"), "--grid 'x'"),
    (("l2=0,1", "--rates", "best", "--grid", "1,1.0"), "different rates"),
    (("l2=0,1", "--jobs", "0"), "--jobs '0'"),
    (("l2=0,1", "--plot", "p.gif"), "use .svg or .png or .pdf"),
    (("l2=0,1", "--out", "file"), "no folder"),
    (("l2=0,1", "-f", "jsn"), "did you mean json"),
    (("epochs=1,2,3,4,5,6,7,8,9,10,11", "seeds=1000"), "at most 10,000"),
    (("seeds=2", "--seed", "4294967295"), "no 2 seeds"),
    ((f"seed{'s' * 5000}=1",), "no option of train"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[" ".join(a)[:40] for a, _ in REFUSED])
def test_refusals_before_any_training(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept")
    fixed = MOONS if not any(w.startswith(("layers=", "epochs=")) for w in words) else MOONS[:2]
    fixed = fixed[:-2] if "--jobs" in words else fixed
    result = call("compare", *words, *fixed)
    assert_refused(result)
    assert said in result.err
    assert listed(tmp_path) == ["file"]


def test_data_must_be_named():
    for arguments in (("l2=0,1",), ("l2=0,1", "--data", "irs")):
        assert_refused(call("compare", *arguments))


def test_the_table():
    out = done("compare", "optimizer=sgd,adam", "dropout=0,0.3", "seeds=2", *MOONS).out
    rows = [line.split() for line in out.split("\n") if re.match(r"   (sgd|adam) ", line)]
    assert [row[:2] for row in rows] == [
        ["sgd", "0"], ["sgd", "0.3"], ["adam", "0"], ["adam", "0.3"],
    ]  # fmt: skip
    assert all(row.count("±") == 4 for row in rows)
    for words in (
        "60 examples", "seeds    0 to 1", "0.01 for all", "--layers 4 --epochs 2",
        "standard deviation (standard error of the mean) of 2 runs", "best val_accuracy",
    ):  # fmt: skip
        assert words in out, words


def test_a_loss_with_a_penalty_is_no_measure_of_penalties():
    assert "does not compare l2" in done("compare", "l2=0,0.1", "seeds=1", *MOONS).out
    assert "does not compare" not in done("compare", "act=relu,elu", "seeds=1", *MOONS).out


def test_one_seed_has_no_spread():
    out = done("compare", "l2=0,0.1", "seeds=1", *MOONS).out
    assert "±" not in out


def test_json_is_a_contract_and_numbers_agree_with_train():
    words = ("compare", "l2=0,0.1", "seeds=2", "--seed", "3", *MOONS, "-f", "json")
    data = json.loads(done(*words).out, parse_constant=pytest.fail)
    assert data["schema"] == "autograd-lab/compare/1"
    assert set(data) == {"schema", "data", "fixed", "axes", "seeds", "rates", "metric",
                         "variants", "notes"}  # fmt: skip
    assert (data["axes"], data["seeds"]) == ({"l2": [0.0, 0.1]}, [3, 4])
    one = data["variants"][1]
    assert set(one) == {"values", "learning_rate", "diverged", "spreads", "epochs", "runs"}
    alone = json.loads(
        done("train", MOONS[1], "--layers", "4", "--epochs", "2", "--l2", "0.1", "--seed", "4",
             "-f", "json").out
    )  # fmt: skip
    run = one["runs"][1]
    assert (run["seed"], run["epochs"]) == (4, 2)
    for name, values in alone["history"].items():
        assert run["history"][name] == pytest.approx(values, rel=1e-5)


def test_the_best_rates_are_told():
    words = ("compare", "optimizer=sgd,adam", "seeds=1", *MOONS, "--rates", "best", "--grid",
             "0.1,0.001")  # fmt: skip
    out = done(*words).out
    assert "the best of 0.001, 0.1 for each variant" in out
    assert "with seed 1, which is not among those compared" in out
    assert re.search(r"note: .* at the edge of --grid", out)
    data = json.loads(done(*words, "-f", "json").out)
    for variant, losses in zip(data["variants"], data["rates"]["searched"], strict=True):
        best = min(losses, key=lambda entry: entry["best_val_loss"])
        assert variant["learning_rate"] == best["rate"]


def test_markdown_and_curves(tmp_path):
    out = done("compare", "act=relu,tanh", "seeds=2", *MOONS, "-f", "markdown",
               "--plot", str(tmp_path / "c.svg"), "--out", str(tmp_path / "runs"))  # fmt: skip
    assert "| relu | " in out.out
    assert f"wrote {tmp_path / 'c.svg'}" in out.err
    picture = (tmp_path / "c.svg").read_text(encoding="utf-8")
    for words in ("relu", "tanh", "val_accuracy", "act on moons"):
        assert words in picture
    assert len(listed(tmp_path / "runs")) == 4
    again = done("compare", "act=relu,tanh", "seeds=2", *MOONS, "-f", "markdown",
                 "--out", str(tmp_path / "runs"))  # fmt: skip
    assert again.out == out.out
    assert "4 of 4 runs were in" in again.err


def test_progress_is_for_terminals():
    assert done("compare", "l2=0,1", "seeds=1", *MOONS).err == ""


def test_without_joblib_it_is_said_that_runs_go_one_after_another(monkeypatch):
    monkeypatch.setattr(parallel, "available", lambda: False)
    words = ("compare", "l2=0,1", "seeds=1", *MOONS[:-2])
    assert "pip install" in done(*words).err
    assert done(*words, "--jobs", "1").err == "", "that is what was asked for"


# --- interruptions and killed processes ----------------------------------------------------------

SLOW = ("compare", "l2=0,1e-4,1e-3", "seeds=4", "--data", "moons:n=600,noise=0.2", "--epochs", "12",
        "--jobs", "2", "-f", "json")  # fmt: skip


def workers(process: int) -> list[int]:
    """The processes that a process has started to train in."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    commands = {int(c): Path(f"/proc/{c}/cmdline").read_text() for c in children}
    return [child for child, command in commands.items() if "popen_loky" in command]


def break_off(folder: Path, number: int, group: bool) -> tuple[int, str, str]:
    """Start, and send a signal when two more runs are done: to all, or to one that trains."""
    before = len(list(folder.glob("*.json")))
    with start(*SLOW, "--out", str(folder), start_new_session=True) as process:
        while len(list(folder.glob("*.json"))) < before + 2:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        if group:
            os.killpg(process.pid, number)
        else:
            os.kill(workers(process.pid)[0], number)
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@posix
@needs_joblib
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks processes up in /proc")
def test_what_is_done_stays_when_a_worker_is_killed_or_all_are_interrupted(tmp_path):
    status, out, err = break_off(tmp_path, signal.SIGKILL, group=False)
    assert (status, out) == (1, "")
    assert "has been killed" in err
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    status, out, err = break_off(tmp_path, signal.SIGINT, group=True)
    assert (status, out) == (130, "")
    assert err.strip().startswith("interrupted; what is done is in ")
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    assert 4 <= len(kept) < 12
    rest = done(*SLOW, "--out", str(tmp_path))
    assert f"{len(kept)} of 12 runs were in" in rest.err
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "only the rest was trained"
    assert len(listed(tmp_path)) == 12, "no temporary file is left"
    assert rest.out == done(*SLOW[:-4], "--jobs", "1", "-f", "json").out
