"""The survey behind ``autograd-lab doctor``: complete, honest, never fatal."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from autograd_lab_cli.doctor import doctor
from click.testing import CliRunner

from autograd_lab import environment, explanations, pictures
from autograd_lab.datasets import places as datasets
from autograd_lab.environment import Finding, Survey, survey
from autograd_lab.errors import MissingToolError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _no_data_sets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(datasets.VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def _finding(name: str, found: Survey | None = None) -> Finding:
    (one,) = (finding for finding in (found or survey()).findings if finding.name == name)
    return one


def _without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make distributions look as if they were not installed."""
    real: Callable[[str], str] = metadata.version

    def version(name: str) -> str:
        if name in names:
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)


def test_every_dependency_is_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.split(r"[^\w.-]", one)[0] for one in project["dependencies"]}
    assert required == {*environment.NEEDED, *environment.HELPFUL}
    assert {f.name for f in survey().findings if f.section == "packages"} == required
    assert {f.name for f in survey().findings if f.section == "extras"} == set(
        project["optional-dependencies"]
    )


def test_a_complete_machine_is_usable_and_right() -> None:
    found = survey()
    assert found.exit_code == 0
    assert found.conclusion() == "Everything needed is here."
    assert _finding("chain", found).detail.endswith("+9.632086e-04")
    assert _finding("central differences", found).detail == "agrees on 10 of 10 gradients"
    assert _finding("numpy", found).detail == metadata.version("numpy")


def test_a_missing_need_is_exit_5_with_the_command_that_helps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _without(monkeypatch, "sympy")
    found = survey()
    assert found.exit_code == 5
    assert _finding("sympy", found).status == "missing"
    assert "-m pip install sympy" in _finding("sympy", found).remedy
    assert found.conclusion() == "Missing: sympy."


def test_a_missing_help_is_only_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "pygraphviz", "hypothesis")
    found = survey()
    assert found.exit_code == 0
    assert _finding("pygraphviz", found).status == "note"
    assert "without hypothesis" in _finding("test", found).detail
    assert '".[test]"' in _finding("test", found).remedy


def test_an_import_that_fails_does_not_end_the_survey(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ImportError("No module named 'mpmath'")

    monkeypatch.setattr(explanations, "explain", broken)
    found = survey()
    assert found.exit_code == 5
    assert _finding("chain", found).detail == "cannot be tried: No module named 'mpmath'"


def test_a_witness_that_disagrees_is_exit_4(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd_lab.explanations.witnesses import Check

    real = explanations.explain

    def wrong(*args: object, **options: object) -> object:
        explanation = real(*args, **options)  # type: ignore[arg-type]
        object.__setattr__(explanation, "checks", (Check("SymPy", "disagree", 9, 10),))
        return explanation

    monkeypatch.setattr(explanations, "explain", wrong)
    found = survey()
    assert found.exit_code == 4
    assert _finding("SymPy", found).status == "wrong"
    assert found.conclusion() == "Wrong: SymPy."


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (MissingToolError("PNG needs resvg-py"), "PNG needs resvg-py"),
        (RuntimeError("bad library"), "fails with RuntimeError: bad library"),
    ],
)
def test_a_renderer_that_fails_is_a_note(
    monkeypatch: pytest.MonkeyPatch, error: Exception, detail: str
) -> None:
    def broken(*_: object) -> bytes:
        raise error

    monkeypatch.setattr(pictures, "to_png", broken)
    found = survey()
    assert found.exit_code == 0
    assert (_finding("PNG", found).status, _finding("PNG", found).detail) == ("note", detail)


def test_a_renderer_that_draws_something_else_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "to_png", lambda _: b"GIF89a")
    assert _finding("PNG").status == "wrong"


def test_the_layout_of_our_own_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd_lab.pictures.engines import Placing

    own = Placing(((0.0,),), "builtin", ("graphviz: stopped after 10 s",))
    monkeypatch.setattr(pictures, "available_engine", lambda: own)
    one = _finding("layout")
    assert one.status == "note"
    assert "own" in one.detail
    assert "stopped after 10 s" in one.remedy


# --- data sets -----------------------------------------------------------------------------------


def _fashion_mnist(folder: Path, names: tuple[str, ...] = datasets.FASHION_MNIST) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.gz").write_bytes(gzip.compress(b""))


def test_the_search_order_is_own_then_system_then_keras(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path / "own"))
    assert datasets.folders() == (
        tmp_path / "own",
        Path("/usr/share/datasets"),
        tmp_path / "home" / ".keras" / "datasets",
    )


@pytest.mark.parametrize("below", ["", "fashion-mnist"])
def test_own_data_come_before_those_of_keras(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, below: str
) -> None:
    own, keras = tmp_path / "own" / below, tmp_path / "home" / ".keras" / "datasets"
    monkeypatch.setattr(datasets, "folders", lambda: (tmp_path / "own", keras))
    _fashion_mnist(keras / "fashion-mnist")
    assert datasets.fashion_mnist() == (keras / "fashion-mnist", ())
    _fashion_mnist(own)
    assert datasets.fashion_mnist() == (own, ())
    assert _finding("Fashion-MNIST").detail == str(own)


def test_missing_data_come_with_the_way_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(datasets, "folders", lambda: (tmp_path / "data",))
    one = _finding("Fashion-MNIST")
    assert one.status == "note"
    assert one.detail.startswith("not found")
    assert "apt install dataset-fashion-mnist" in one.remedy
    assert datasets.VARIABLE in one.remedy


def test_an_incomplete_folder_names_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(datasets, "folders", lambda: (tmp_path,))
    _fashion_mnist(tmp_path / "fashion-mnist", datasets.FASHION_MNIST[:3])
    assert datasets.fashion_mnist() == (None, datasets.FASHION_MNIST[3:])
    assert "t10k-labels-idx1-ubyte not found" in _finding("Fashion-MNIST").detail


# --- the command ---------------------------------------------------------------------------------


def _invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(doctor, list(arguments), standalone_mode=False)
    assert result.exception is None
    assert isinstance(result.return_value, int)
    return result.return_value, result.stdout


def test_the_text_is_aligned_and_complete() -> None:
    status, text = _invoke()
    assert status == 0
    assert text.startswith("autograd-lab ")
    assert text.rstrip().endswith("Everything needed is here.")
    rows = [line for line in text.splitlines() if re.match(r"  [✓–✗]  \S", line)]
    assert len(rows) == len(survey().findings)
    starts = {re.match(r"  .  (?:\S+ )*\S+ +", row).end() for row in rows}  # type: ignore[union-attr]
    assert min(starts) == 5 + max(len(f.name) for f in survey().findings) + 2


def test_plain_signs_are_ascii() -> None:
    _, text = _invoke("--ascii")
    assert text.isascii()
    assert "\n  ok  numpy " in text


def test_plain_signs_for_everything_that_can_be_found() -> None:
    findings = tuple(Finding("s", status, status, "∂") for status in environment.MARKS)  # type: ignore[arg-type]
    text = Survey("h", findings).text(plain=True)
    assert text.isascii()
    assert "XX  wrong" in text


def test_json_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "click")
    status, text = _invoke("--json")
    read = json.loads(text)
    assert status == 5
    assert read["schema"] == "autograd-lab/doctor/1"
    assert read["usable"] is False
    assert [one["name"] for one in read["findings"]] == [f.name for f in survey().findings]
    assert {"section", "name", "status", "detail", "remedy"} == set(read["findings"][0])
