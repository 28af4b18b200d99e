"""Figures of papers at toy size; ``python -m autograd_lab.diagnosis.anchors`` does them all."""

from __future__ import annotations

import pytest

from autograd_lab.diagnosis import anchors
from autograd_lab.diagnosis.anchors import Figure


@pytest.mark.parametrize("name", [name for name in anchors.ANCHORS if name != "P08"])
def test_the_figures_hold(name):
    figures = list(anchors.ANCHORS[name](True))
    assert figures
    assert [f.what for f in figures if not f.holds] == []


def test_neighbouring_layers_learn_at_speeds_five_times_apart():
    found = anchors.speed_ratios(2, anchors._digits(), seeds=3)
    assert all(2.5 < ratio < 9.0 for ratio in found)


def test_a_figure_can_be_off_and_the_command_says_so(capsys, monkeypatch):
    off = Figure("P99", "one plus one", "2", 3.0, 2.0, 2.0)
    assert not off.holds
    monkeypatch.setitem(anchors.ANCHORS, "P99", lambda quick: iter([off]))
    assert anchors.main(["P99"]) == 1
    assert "OFF" in capsys.readouterr().out
    assert anchors.main(["P98"]) == 2
