"""The benchmarks run, at toy size; what they say of time is not tested, how they count is."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="digits come from scikit-learn")
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # as "python -m benchmarks.eager" in this folder

from benchmarks import accuracy, eager, pathways
from benchmarks.ratios import Ratio, in_turns, ratio

from autograd_lab.interpreters.differentiate import gradient


class Clock:
    """Time that passes only when a program says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def program(self, seconds):
        def run():
            self.now += seconds

        return run


def test_programs_take_turns_and_are_counted_fairly():
    clock = Clock()
    programs = {"slow": clock.program(0.3), "fast": clock.program(0.1)}
    times = in_turns(programs, rounds=5, seconds=1.0, clock=clock)
    assert times["slow"] == pytest.approx([0.3] * 5)
    assert times["fast"] == pytest.approx([0.1] * 5)
    found = ratio(times, "fast", "slow")
    assert (found.median, found.verdict) == (pytest.approx(1 / 3), "ahead")


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [([1.0] * 9, "tie"), ([0.5] * 9, "ahead"), ([2.0] * 9, "behind"),
     ([0.5, 1.5] * 5, "tie")],
)  # fmt: skip
def test_only_a_bound_below_one_is_ahead(ours, verdict):
    found = ratio({"ours": ours, "peer": [1.0] * len(ours)}, "ours", "peer")
    assert found.verdict == verdict
    assert found.low <= found.median <= found.high


def test_a_ratio_is_of_the_same_round():
    times = {"ours": [1.0, 10.0, 100.0], "peer": [2.0, 20.0, 200.0]}
    assert ratio(times, "ours", "peer") == Ratio(0.5, 0.5, 0.5)


def test_the_eager_table_runs(capsys):
    eager.main(["--quick"])
    told = capsys.readouterr().out
    assert all(f"\n{name}" in f"\n{told}" for name in eager.OPERATIONS)
    assert "net 2-16-16-1 of single numbers" in told


def test_the_demo_of_single_numbers_has_the_gradient_of_arrays():
    total, flat = eager.scalar_net(eager.leaf, eager.ops.relu, 6)()
    xs, labels = eager.points(6)
    x, arrays = np.array(xs), []
    for layer in eager.weights((2, 16, 16, 1)):
        arrays += [np.array([ws for ws, _ in layer]).T, np.array([b for _, b in layer])]
    leaves = [eager.leaf(a) for a in arrays]
    for i in range(0, len(leaves), 2):
        x = x @ leaves[i] + leaves[i + 1]
        x = eager.ops.relu(x) if i < 4 else x
    scores = eager.ops.reshape(x, -1)
    hinge = eager.ops.mean(eager.ops.relu(1.0 - np.array(labels) * scores))
    whole = hinge + 1e-4 * sum(eager.ops.sum(w * w) for w in leaves)
    assert total.value == pytest.approx(whole.value)
    slopes = gradient(whole, leaves, warn=False)
    written = [
        np.concatenate([w.T, b[:, None]], axis=1).ravel()
        for w, b in zip(slopes[::2], slopes[1::2], strict=True)
    ]
    found = gradient(total, flat, warn=False)
    np.testing.assert_allclose(found, np.concatenate(written), rtol=1e-9, atol=1e-12)


def test_the_accuracy_of_digits_runs(capsys):
    accuracy.main(["digits", "--seeds", "2", "--epochs", "1", "--examples", "200"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == [
        "digits, autograd_lab, seed 0", "digits, autograd_lab, seed 1",
    ]  # fmt: skip
    assert math.isfinite(float(lines[-1].split()[1].rstrip(",")))


def test_the_table_of_paths_runs(capsys):
    pathways.main(["--quick"])
    assert "hidden" in capsys.readouterr().out
