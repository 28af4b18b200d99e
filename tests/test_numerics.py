"""The committed numerical report is whole, true and reproducible, and it can fail."""

from __future__ import annotations

import math
import re

import numerics
import numpy as np
import pytest
from figures import figures
from numerics import COLUMNS, PAGE, main, measure, names, page
from samples import SAMPLES
from ulps import STRICT
from witnesses import planted, wrong_rules

from autograd_lab import ops
from autograd_lab.graph import OPS

TEXT = PAGE.read_text(encoding="utf-8")


def rows(text):
    """Function -> cells, by column name, and whether a note belongs to it."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if cells[0].strip() == "function":
            head = [cell.strip() for cell in cells]
        elif match := re.fullmatch(r"`(\w+)`( \[\d+\])?", cells[0].strip()):
            name, mark = match.groups()
            assert name not in found, f"{name} has two rows"
            found[name] = {**dict(zip(head, cells, strict=True)), "note": bool(mark)}
    return found


def ulp(cell):
    return float(cell.split()[0]) if cell != "–" else -1.0


PUBLISHED = rows(TEXT)


def test_every_function_is_on_the_page_once():
    assert set(PUBLISHED) == set(ops.__all__) - {"KINKS", "Kink"}
    assert set(OPS) <= set(PUBLISHED)
    assert all(int(row["cases"].replace(",", "")) > 0 for row in PUBLISHED.values())


def test_nothing_failed():
    assert {row["failures"] for row in PUBLISHED.values()} == {"0"}
    assert "0 failures.**" in TEXT
    assert "## Failures" not in TEXT


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.elementwise])
def test_elementary_operations_are_within_four_ulp(name):
    for column in list(COLUMNS.values())[:4]:
        assert ulp(PUBLISHED[name][column]) <= STRICT
    accuracy = SAMPLES[name].accuracy
    assert PUBLISHED[name]["note"] == bool(accuracy and accuracy.why)


def test_every_function_with_slopes_has_figures_for_them():
    for name, row in PUBLISHED.items():
        if name in OPS and any(OPS[name].pull(i) for i in range(OPS[name].arity or 1)):
            assert "–" not in (row["float64 slope"], row["second order"]), name
            assert "–" not in (row["float32 value"], row["float32 slope"]) or name == "cast"


def test_every_kink_is_told():
    for kink in ops.KINKS:
        assert kink.where in PUBLISHED[kink.op]["kinks"]


def test_a_quick_run_finds_no_more_than_was_published():
    """Its inputs are some of those of the page."""
    quick = rows(page(measure(names(), numerics.QUICK)))
    for name, row in quick.items():
        assert row["failures"] == "0"
        for column in COLUMNS.values():
            # another processor, other instructions: half a ULP
            assert ulp(row[column]) <= ulp(PUBLISHED[name][column]) + 0.5, f"{name}: {column}"


FEW = {"exp": "exponential", "silu": "activations", "softmax": "soft", "ravel": "arrange"}


def test_the_same_command_gives_the_same_page(tmp_path, monkeypatch):
    monkeypatch.setattr(numerics, "names", lambda: FEW)
    files = [tmp_path / "a.md", tmp_path / "b.md"]
    assert [main(["--quick", "-o", str(file)]) for file in files] == [0, 0]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert set(rows(files[0].read_text(encoding="utf-8"))) == set(FEW)


def test_without_an_option_the_committed_page_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(numerics, "names", lambda: {"floor": "choice"})
    monkeypatch.setattr(numerics, "PAGE", tmp_path / "numerics.md")
    assert main([]) == 0
    assert "`floor`" in (tmp_path / "numerics.md").read_text(encoding="utf-8")


# --- the report can fail --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["exp", "multiply", "matmul", "softmax", "sum", "getitem", "solve"]
)
def test_wrong_rules_are_failures(name):
    assert not figures(name, 100).failures
    for fault, wrong in wrong_rules(OPS[name].pull(0)).items():
        cut_off = fault.startswith("right once")  # of a linear function there is no later slope
        if wrong is not None and not (cut_off and name in ("sum", "getitem")):
            with planted(OPS[name], 0, wrong):
                assert figures(name, 100).failures, fault


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("tanh", lambda x: np.tanh(x) * (1 + 1e-15)),
        ("log1p", lambda x: np.log(1 + x)),
        ("sqrt", lambda x: np.where(x > 1e200, math.nan, np.sqrt(x))),
        ("less", np.less_equal),
    ],
)
def test_wrong_values_are_failures(name, wrong, monkeypatch):
    monkeypatch.setattr(OPS[name], "forward", wrong)
    assert figures(name, 20).failures


def test_a_failure_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(numerics, "names", lambda: FEW)
    file = tmp_path / "page.md"
    with planted(OPS["exp"], 0, lambda g, y, x: -g * y):
        assert main(["--quick", "-o", str(file)]) == 1
    text = file.read_text(encoding="utf-8")
    assert rows(text)["exp"]["failures"] != "0"
    assert "0 failures.**" not in text
    assert re.search(r"^- exp, s64: \S+ ULP at ", text, re.MULTILINE)
