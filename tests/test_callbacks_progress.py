"""ProgbarLogger on terminals, notebooks, pipes and none: what a reader sees in the end."""

from __future__ import annotations

import io
import math
import sys
from types import SimpleNamespace

import pytest

from autograd_lab.callbacks import (
    Callback,
    CallbackList,
    ProgbarLogger,
    progress,
    screen,
)

HOOKS = [name for name in dir(Callback) if name.startswith("on_")]


class Terminal(io.StringIO):
    """Standard output that says it is a terminal; ``screen`` is what a reader sees in the end."""

    encoding = "utf-8"

    def isatty(self):
        return True

    @property
    def screen(self):
        lines = []
        for line in self.getvalue().split("\n"):
            seen = ""
            for part in line.split("\r"):
                seen = part + seen[len(part) :]
            lines.append(seen.rstrip())
        return lines[:-1] if not lines[-1] else lines


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(ProgbarLogger, "clock", staticmethod(lambda: now.seconds))
    monkeypatch.setattr(screen, "_shown", 0)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("TERM", raising=False)
    return now


@pytest.fixture
def terminal(monkeypatch, clock):
    stream = Terminal()
    monkeypatch.setattr(screen, "sys", SimpleNamespace(stdout=stream))  # pytest sets its own anew
    return stream


LOGS = {"accuracy": 0.85, "loss": 0.4312}


def run_epochs(clock, verbose, *, epochs=2, steps=40, seconds=0.05, said=()):
    """A training with batches of equal length, the first one ten times as long."""
    run = CallbackList(None, verbose=verbose, epochs=epochs, steps=steps)
    batches = steps or 40
    run.on_train_begin()
    for epoch in range(epochs):
        run.on_epoch_begin(epoch)
        for batch in range(batches):
            clock.seconds += seconds * (1 if batch else 10)
            if run.wants_batches:
                run.on_train_batch_begin(batch)
                run.on_train_batch_end(batch, LOGS)
        for text in said:
            screen.say(text)
        run.on_test_begin()
        clock.seconds += 3
        run.on_epoch_end(epoch, LOGS)
    run.on_train_end()
    return run


FIGURES = "accuracy: 0.8500 - loss: 0.4312"


@pytest.mark.parametrize("verbose", [1, "auto"])
def test_on_a_terminal_each_epoch_leaves_a_line(terminal, clock, verbose):
    run_epochs(clock, verbose)
    assert terminal.screen == [
        "Epoch 1/2",
        f"40/40 ━━━━━━━━━━━━━━━━━━━━ 5s 50ms/step - {FIGURES}",
        "Epoch 2/2",
        f"40/40 ━━━━━━━━━━━━━━━━━━━━ 5s 50ms/step - {FIGURES}",
    ]


def test_the_line_is_rewritten_at_most_ten_times_a_second(terminal, clock):
    run_epochs(clock, 1, epochs=1, steps=1000, seconds=0.001)
    drawn = terminal.getvalue().count("\r")
    assert 8 <= drawn <= 12  # 1.009 seconds
    assert "ETA 1s 1ms/step" in terminal.getvalue()


def test_what_the_line_shows_on_the_way(terminal, clock):
    run = CallbackList(None, verbose=1, epochs=1, steps=400)
    run.on_train_begin()
    run.on_epoch_begin(0)
    for batch in range(100):
        clock.seconds += 1.0
        run.on_train_batch_end(batch, LOGS)
    assert terminal.screen == [f"100/400 ━━━━━─────────────── ETA 5:00 1s/step - {FIGURES}"]


@pytest.mark.parametrize("columns", [30, 50, 64, 200])
def test_no_line_on_the_way_is_wider_than_the_terminal(terminal, clock, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    run_epochs(clock, 1, epochs=1)
    *drawn, last = terminal.getvalue().rstrip("\n").split("\r")
    assert len(drawn) > 10
    assert max(map(len, drawn)) < columns
    assert last.rstrip().endswith(FIGURES)


def test_words_said_meanwhile_have_lines_of_their_own(terminal, clock):
    run_epochs(clock, 1, epochs=1, said=["one\ntwo \x1b[31m"])
    assert terminal.screen == [
        "one",
        "two ?[31m",
        f"40/40 ━━━━━━━━━━━━━━━━━━━━ 5s 50ms/step - {FIGURES}",
    ]


def test_an_unknown_number_of_batches_is_learnt(terminal, clock):
    run_epochs(clock, 1, steps=None)
    assert "\r7/? 1s" in terminal.getvalue()
    assert terminal.screen[1] == f"40/40 ━━━━━━━━━━━━━━━━━━━━ 5s 50ms/step - {FIGURES}"
    assert "ETA" in terminal.getvalue().partition("Epoch 2")[2]


def test_in_a_pipe_one_line_for_each_epoch(clock, capsys):
    assert not run_epochs(clock, "auto").wants_batches
    assert capsys.readouterr().out.splitlines() == [
        f"Epoch 1/2 - 40/40 - 5s - 61ms/step - {FIGURES}",
        f"Epoch 2/2 - 40/40 - 5s - 61ms/step - {FIGURES}",
    ]


def test_a_bar_in_a_pipe_is_not_rewritten(clock, capsys):
    assert not run_epochs(clock, 1, epochs=1).wants_batches
    assert capsys.readouterr().out == f"40/40 ━━━━━━━━━━━━━━━━━━━━ 5s 61ms/step - {FIGURES}\n"


def test_silence(clock, capsys):
    run = CallbackList([ProgbarLogger()], verbose=0, epochs=2, steps=3)
    run.on_train_begin()
    run.on_epoch_begin(0)
    run.on_epoch_end(0, LOGS)
    assert not run.wants_batches
    assert capsys.readouterr().out == ""


def test_a_dumb_terminal_gets_lines(terminal, clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    run_epochs(clock, "auto", epochs=1)
    assert terminal.screen == [f"40/40 - 5s - 61ms/step - {FIGURES}"]


def test_a_notebook_is_live(monkeypatch, clock):
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr(sys, "stdout", stream)
    run_epochs(clock, "auto", epochs=1)
    assert stream.getvalue().count("\r") > 10


def test_ascii_terminals_get_ascii(terminal, clock):
    terminal.encoding = "ascii"
    run_epochs(clock, 1, epochs=1)
    screen.say("η ≤ 0.1")
    assert terminal.getvalue().isascii()
    assert "40/40 ==================== 5s" in terminal.screen[0]
    assert "=====..." in terminal.getvalue()
    assert terminal.screen[-1] == "eta <= 0.1"


def test_no_standard_output_at_all(monkeypatch, clock):
    monkeypatch.setattr(sys, "stdout", None)
    run = run_epochs(clock, "auto")
    assert not run.wants_batches


@pytest.mark.parametrize(
    ("kind", "verbose", "line"),
    [
        ("test", 1, f"4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - {FIGURES}"),
        ("test", 2, f"4/4 - 2s - 500ms/step - {FIGURES}"),
        ("test", "auto", f"4/4 - 2s - 500ms/step - {FIGURES}"),
        ("predict", 1, "4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step"),
        ("predict", 2, "4/4 - 2s - 500ms/step"),
        ("predict", "auto", ""),
        ("predict", 0, ""),
    ],
)
def test_evaluate_and_predict(clock, capsys, kind, verbose, line):
    run = CallbackList(None, verbose=verbose, steps=4)
    getattr(run, f"on_{kind}_begin")()
    clock.seconds += 2
    getattr(run, f"on_{kind}_end")(LOGS if kind == "test" else None)
    assert capsys.readouterr().out.rstrip("\n") == line


@pytest.mark.parametrize("kind", ["test", "predict"])
def test_evaluate_and_predict_on_a_terminal(terminal, clock, kind):
    run = CallbackList(None, verbose="auto", steps=4)
    getattr(run, f"on_{kind}_begin")()
    for batch in range(4):
        clock.seconds += 0.5
        getattr(run, f"on_{kind}_batch_end")(batch, LOGS if kind == "test" else None)
    getattr(run, f"on_{kind}_end")(LOGS if kind == "test" else None)
    assert "2/4 ━━━━━━━━━━────────── ETA 1s" in terminal.getvalue()
    assert terminal.screen[0].startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step")
    assert len(terminal.screen) == 1


def test_numbers_of_the_line():
    given = {"a": 1, "b": 123456.0, "c": math.nan, "d": 0.00012345, "e": -0.5, "f": "text"}
    assert progress.figures(given) == [
        "a: 1.000", "b: 1.235e+05", "c: nan", "d: 0.0001234", "e: -0.5000", "f: text",
    ]  # fmt: skip
    assert [progress.span(s) for s in (0.4, 59.6, 3599.6, 86400)] == [
        "0s", "1:00", "1:00:00", "24:00:00",
    ]  # fmt: skip
    assert progress.bar(1.5, 4) + progress.bar(-1, 2) == "━━━━──"
