"""The README tells the truth: its commands run, its output is real, its table is complete."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from autograd_lab_gallery.__main__ import main as draw_gallery
from autograd_lab_gallery.pictures import PICTURES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SKIPPED = "⋮"


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """A section of the README, without its subsections' neighbours."""
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    return str(found)


def examples(title: str = "Use") -> list[str]:
    lines = "".join(blocks(section(title), "sh")).splitlines()
    return [line for line in lines if line.strip()]


def run(command: str, folder: Path) -> str:
    """Standard output of an ``autograd-lab ...`` line, which must end with status 0."""
    program, *arguments = shlex.split(command, comments=True)
    assert program == "autograd-lab", command
    done = subprocess.run(
        [sys.executable, "-m", "autograd_lab_cli", *arguments],
        capture_output=True, encoding="utf-8", cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def absent(shown: Sequence[str], real: Sequence[str]) -> str | None:
    """The first shown line that the real lines do not have; only ⋮ may stand for lines left out."""
    place, free = 0, False
    for line in shown:
        if line == SKIPPED:
            free = True
            continue
        rest = real[place:] if free else real[place : place + 1]
        if line not in rest:
            return line
        place, free = place + rest.index(line) + 1, False
    return None


# --- set-up --------------------------------------------------------------------------------------


def setup_commands() -> list[str]:
    return [block.rstrip("\n") for block in blocks(section("Set up"), "sh")]


def test_there_are_exactly_two_set_up_commands() -> None:
    see, test = setup_commands()
    assert README.count("-m venv") == 2
    for command in (see, test):
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
        assert not re.search(r"\b(activate|sudo|apt|dot|export|cd)\b", command)
    assert see.endswith(".venv/bin/autograd-lab explain chain")
    assert '".[test]"' in test
    assert ".venv/bin/python -m pytest" in test


def test_the_check_before_a_merge_runs_the_test_command_word_for_word() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert setup_commands()[1] in script
    assert script.count("-m pytest") == 1


# --- commands and output -------------------------------------------------------------------------


@pytest.mark.parametrize("command", examples())
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path) -> None:
    assert run(command, tmp_path).strip() or list(tmp_path.iterdir())


def test_the_commands_of_training_run_one_after_another(tmp_path: Path) -> None:
    """They share files: one trains the model that the next one evaluates."""
    for command in examples("Train"):
        assert run(command, tmp_path).strip()
    assert {path.name for path in tmp_path.iterdir()} == {"curves.svg", "moons.safetensors"}


def test_every_option_of_the_examples_is_used_for_something() -> None:
    assert len(examples()) >= 6
    assert all("#" in line for line in examples())


def test_the_shown_output_is_real(tmp_path: Path) -> None:
    (shown,) = blocks(section("What you see"), "console")
    command, *lines = shown.splitlines()
    real = run(command.removeprefix("$ "), tmp_path).splitlines()
    assert absent(lines, real) is None


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (["a", "b"], None),
        (["a", SKIPPED, "c", "d"], None),
        ([SKIPPED, "d"], None),
        (["a", "c"], "c"),
        (["a", SKIPPED, "a"], "a"),
        (["b"], "b"),
        (["a", "b "], "b "),
    ],
)
def test_shown_lines_that_are_not_real_are_found(shown: list[str], missing: str | None) -> None:
    assert absent(shown, ["a", "b", "c", "d"]) == missing


def test_python_examples_print_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # an example saves a model
    found = blocks(README, "python")
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(verbose=False)
    for number, block in enumerate(found):
        test = doctest.DocTestParser().get_doctest(block, names, f"block {number}", "README.md", 0)
        assert test.examples, block
        runner.run(test, clear_globs=False)
        names.update(test.globs)
    assert len(found) >= 2
    assert runner.summarize(verbose=False).failed == 0


# --- tables, links, pictures ---------------------------------------------------------------------


def table(title: str) -> dict[str, str]:
    """The rows of a section's two-column table, by their first column."""
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", section(title), re.MULTILINE)
    return dict(rows[1:])


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [re.split(r"[^\w.-]", one)[0] for one in project["dependencies"]]
    reasons = table("Dependencies")
    assert sorted(reasons) == sorted(required)
    assert list(reasons) == sorted(reasons)
    assert all(len(reason) > 15 for reason in reasons.values())
    for one in project["optional-dependencies"]["test"]:
        assert re.split(r"[^\w.-]", one)[0] in section("Dependencies")


def test_the_verdicts_are_those_of_the_program() -> None:
    from autograd_lab.explanations.verdict import FACTOR, SATURATED_SHARE, WORST_FIRST

    rules = table("What the verdict means")
    assert set(rules) == {*WORST_FIRST, "FINE"}
    assert f"R ≤ 1/{FACTOR:g}" in rules["VANISHING"]
    assert f"R ≥ {FACTOR:g}" in rules["EXPLODING"]
    assert f"{SATURATED_SHARE:g} of their maximum" in rules["SATURATED"]


def test_the_limits_are_those_of_the_program() -> None:
    from autograd_lab.language import grammar, parser

    limits = section("What it does not do")
    assert f"{grammar.MAX_CHARACTERS:,} characters" in limits
    assert f"{parser.MAX_NODES:,} nodes" in limits
    assert f"depth of {parser.MAX_DEPTH:,}" in limits


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "gallery" / "pages").glob("*.md")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("https://"):
            assert (page.parent / target).is_file(), target


def test_the_readme_shows_a_picture() -> None:
    assert "](gallery/chain.svg)" in README
    alternative = re.search(r"!\[(.*?)\]", README, re.DOTALL)
    assert alternative is not None
    assert len(alternative[1]) > 80


@pytest.mark.parametrize("name", PICTURES)
def test_a_committed_picture_is_up_to_date(name: str) -> None:
    same = PICTURES[name]() == (ROOT / "gallery" / name).read_text(encoding="utf-8")
    assert same, "draw it again (python -m autograd_lab_gallery), look at it, commit it"


def test_the_gallery_writes_every_picture(tmp_path: Path) -> None:
    draw_gallery([str(tmp_path / "new")])
    assert {file.name for file in (tmp_path / "new").iterdir()} == set(PICTURES)
    assert {file.name for file in (ROOT / "gallery").glob("*.svg")} == set(PICTURES)
