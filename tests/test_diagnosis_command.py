"""``explain mlp`` as a command: its outputs, its exit status and what it loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import numpy as np
import pytest
from autograd_lab_cli.explain_mlp import explain_mlp, is_net_file

from autograd_lab.errors import UsageError


def ask(capsys, *words):
    """Exit status, standard output, standard error."""
    with explain_mlp.make_context("mlp", list(words)) as context:
        status = explain_mlp.invoke(context)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


NET = ("30-20x20-10", "--act", "sigmoid", "--seed", "42")


def test_the_table(capsys):
    status, out, err = ask(capsys, *NET)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("MLP 30-20x20-10  sigmoid  glorot_normal   ")
    assert lines[1].startswith("loss ")
    assert lines[3].split()[0] == "layer"
    assert any(line.startswith("VERDICT  VANISHING") for line in lines)
    assert lines[-1].startswith("  Try  ")


@pytest.mark.parametrize(
    ("words", "status"),
    [("vanishing", 3), ("exploding,vanishing", 3), ("exploding,dead", 0), ("VANISHING", 3)],
)
def test_fail_on(capsys, words, status):
    found, out, err = ask(capsys, *NET, "-q", "--fail-on", words)
    assert found == status
    assert out.startswith("VERDICT")
    assert ("--fail-on" in err) == (status == 3)


def test_forms_and_files(capsys, tmp_path):
    _, out, _ = ask(capsys, *NET, "--json", "-")
    assert json.loads(out)["verdict"]["word"] == "VANISHING"
    for ending, sign in ((".md", "| layer |"), (".tex", r"\begin{align*}"), (".txt", "VERDICT")):
        file = tmp_path / f"d{ending}"
        _, out, err = ask(capsys, *NET, "-o", str(file))
        assert out == ""
        assert "wrote" in err
        assert sign in file.read_text(encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.json", "a.tex")]
    _, out, _ = ask(capsys, *NET, "--json", files[0], "--latex", files[1], "--ascii")
    assert out.isascii()
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["seed"] == 42


@pytest.mark.parametrize("form", ["text", "json", "markdown", "latex"])
def test_comparisons_in_every_form(capsys, form):
    variants = "sigmoid:glorot,relu:N(0,0.01),tanh:he+bn"
    _, out, _ = ask(capsys, "20-8x20-5", "--compare", variants, "-f", form)
    if form == "json":
        labels = [d["label"] for d in json.loads(out)["variants"]]
        assert labels == ["sigmoid glorot", "relu N(0,0.01²)", "tanh he+bn"]
    else:
        assert all(word in out for word in ("sigmoid glorot", "VANISHING", "tanh he+bn"))


def test_why(capsys):
    _, out, _ = ask(capsys, "5-3x4-2", "--init", "zeros", "--why", "dense_2/kernel[0,1]", "--ascii")
    assert "dead unit: unit 0 of dense_1" in out
    assert out.isascii()


def test_a_file_as_target(capsys, tmp_path):
    file = tmp_path / "w.npz"
    rng = np.random.default_rng(0)
    np.savez(file, **{"dense/kernel": rng.normal(size=(6, 5)), "out/kernel": np.ones((5, 3))})
    assert is_net_file(str(file))
    assert not is_net_file("784-100-10")
    _, out, _ = ask(capsys, str(file), "--act", "tanh")
    assert "kernels there are (in, out): the shapes fit no other way" in out
    with pytest.raises(click.UsageError, match="has its own weights"):
        ask(capsys, str(file), "--init", "he")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give the sizes of one net"),
        (("4-3", "4-2"), "not 2 words"),
        (("4-3", "--fail-on", "sad"), "choose from"),
        (("4-3", "--fail-on", ""), "choose from"),
        (("4-3", "-f", "pdf"), "formats"),
        (("4-3", "-o", "x.png"), "the ending names the format"),
        (("4-3", "--layout", "in-out"), "belongs to a net in a file"),
        (("4-3", "--compare", "relu", "--act", "tanh"), "each variant"),
        (("4-3", "--why", "kernel"), "name one entry"),
        (("4-3", "--json", "-", "--latex", "-"), "only one output"),
        (("4-3-", "--act", "relu"), "is no size"),
        (("missing.npz",), "No such file"),
    ],
)
def test_usage_errors(capsys, words, message):
    with pytest.raises((click.UsageError, UsageError, FileNotFoundError), match=message):
        ask(capsys, *words)


LOADS = """
import sys
from autograd_lab_cli.explain_mlp import explain_mlp
with explain_mlp.make_context("mlp", ["784-20x100-10", "--act", "sigmoid"]) as context:
    explain_mlp.invoke(context)
heavy = ("sympy", "mpmath", "safetensors", "sklearn", "graphviz", "autograd_lab.models",
         "autograd_lab.callbacks", "autograd_lab.pictures")
print(*[name for name in heavy if name in sys.modules], file=sys.stderr)
"""


def test_only_what_is_needed_is_loaded(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOADS], capture_output=True, text=True, encoding="utf-8",
        cwd=tmp_path, check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "VERDICT  VANISHING" in done.stdout
    assert done.stderr.split() == []
