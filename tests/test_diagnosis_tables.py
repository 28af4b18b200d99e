"""The printed tables of 784-20x100-10, six nets of one seed, against nets of other seeds.

What is printed is one draw.  A figure agrees if it lies within three standard errors of prediction,
s √(1 + 1/n), of the mean over n seeds, and half a unit of its last printed digit.  Here a few seeds
are run, with the spread s of twenty.  ``python tests/test_diagnosis_tables.py 20`` runs twenty,
measures s anew and prints all.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from autograd_lab.diagnosis import Diagnosis, compare
from autograd_lab.diagnosis.verdicts import geometric_mean

SIZES = "784-20x100-10"
FEW = 3
ERRORS = 3.0
# variant: delta_20 / delta_1, factor, theory, step of layer 1, verdict
PRINTED = {
    "sigmoid:glorot": (1.1e12, 0.232, 0.233, 7.7e-16, "VANISHING"),
    "sigmoid:N(0,1)": (1.9, 0.966, 0.968, 1.1e-4, "SATURATED"),
    "tanh:glorot": (6.5, 0.906, 0.909, 5.3e-4, "FINE"),
    "relu:glorot": (7.4e2, 0.706, 0.712, 3.2e-6, "VANISHING"),
    "relu:N(0,0.01)": (7.4e21, 0.071, 0.071, 1.1e-25, "VANISHING"),
    "relu:he": (0.93, 1.004, 1.007, 2.7e-3, "FINE"),
}
DEAD = {"relu:glorot": 0.38, "relu:N(0,0.01)": 0.38, "relu:he": 0.38}  # of layer 20
# layer: rms act', rms delta, factor, predicted, relative step
TABLES = {
    "sigmoid:glorot": {
        21: (None, 3.1e-1, None, None, 2.2e-3), 20: (0.237, 3.2e-2, 0.106, 0.101, 3.6e-4),
        19: (0.238, 7.4e-3, 0.229, 0.238, 7.7e-5), 18: (0.236, 1.8e-3, 0.236, 0.236, 2.0e-5),
        15: (0.239, 2.5e-5, 0.251, 0.239, 3.1e-7), 10: (0.236, 1.9e-8, 0.243, 0.236, 2.3e-10),
        5: (0.236, 1.1e-11, 0.231, 0.236, 1.4e-13), 2: (0.234, 1.4e-13, 0.246, 0.234, 2.0e-15),
        1: (0.195, 2.9e-14, 0.204, 0.195, 7.7e-16),
    },
    "relu:he": {
        21: (None, 3.2e-1, None, None, 1.2e-2), 20: (0.699, 1.0e-1, 0.321, 0.313, 4.8e-3),
        19: (0.690, 9.2e-2, 0.891, 0.975, 3.3e-3), 18: (0.732, 9.4e-2, 1.028, 1.035, 3.4e-3),
        15: (0.695, 1.2e-1, 1.046, 0.983, 3.3e-3), 10: (0.704, 9.6e-2, 1.035, 0.995, 2.7e-3),
        5: (0.737, 1.1e-1, 1.021, 1.042, 2.6e-3), 2: (0.722, 1.1e-1, 1.022, 1.021, 1.4e-3),
        1: (0.707, 1.1e-1, 1.017, 1.000, 2.7e-3),
    },
}  # fmt: skip
# s over twenty seeds: of the printed summary, and the largest of each column of the tables
SPREAD = {
    "sigmoid:glorot": (0.057, 0.0016, 0.00055, 0.059), "sigmoid:N(0,1)": (0.15, 0.017, 0.017, 0.17),
    "tanh:glorot": (0.053, 0.0058, 0.002, 0.055), "relu:glorot": (0.095, 0.0082, 0.0068, 0.11),
    "relu:N(0,0.01)": (0.12, 0.001, 0.00067, 0.11), "relu:he": (0.12, 0.014, 0.0097, 0.16),
}  # fmt: skip
DEAD_SPREAD = 0.075
COLUMN_SPREAD = {
    "sigmoid:glorot": (0.0024, 0.058, 0.0098, 0.0025, 0.17),
    "relu:he": (0.039, 0.15, 0.062, 0.048, 0.43),
}
NAMES = ("rms act'", "rms delta", "factor", "predicted", "relative step")


def summary(d: Diagnosis) -> tuple[float, float, float, float]:
    v = d.verdict
    return -v.ratio.log10, v.factor, v.predicted, d.rows[0].step.log10


def row_figures(d: Diagnosis, number: int) -> tuple[float | None, ...]:
    row = d.rows[number - 1]
    return row.rms_slope, row.delta.log10, row.factor, row.predicted, row.step.log10


def misfit(printed: float, drawn: list[float], half: float, spread: float | None = None) -> float:
    """How many standard errors of prediction the printed figure is off, less its rounding."""
    n = len(drawn)
    s = float(np.std(drawn, ddof=1)) if spread is None else spread
    off = max(abs(printed - float(np.mean(drawn))) - half, 0.0)
    return off / (s * math.sqrt(1 + 1 / n))


def comparisons(
    nets: dict[str, list[Diagnosis]],
) -> Iterator[tuple[str, float, float, list[float], float]]:
    """Name, printed figure, half a unit of its last digit, the drawn ones, s of twenty seeds."""
    for name, printed in PRINTED.items():
        drawn = list(zip(*map(summary, nets[name]), strict=True))
        for i, what in enumerate(("ratio", "factor", "theory", "step")):
            yield (f"{name} {what}", *_logged(printed[i], i in (0, 3), 0.0005),
                   drawn[i], SPREAD[name][i])  # fmt: skip
    for name, share in DEAD.items():
        yield f"{name} dead", share, 0.005, [d.rows[19].dead for d in nets[name]], DEAD_SPREAD
    for name, rows in TABLES.items():
        for number, printed in rows.items():
            drawn = list(zip(*(row_figures(d, number) for d in nets[name]), strict=True))
            for i, figure in enumerate(printed):
                if figure is not None:
                    yield (f"{name} layer {number} {NAMES[i]}",
                           *_logged(figure, i in (1, 4), 0.0005),
                           drawn[i], COLUMN_SPREAD[name][i])  # fmt: skip


def _logged(figure: float, logs: bool, half: float) -> tuple[float, float]:
    """A figure and half a unit of its last digit, both in powers of ten if it spans many."""
    if not logs:
        return figure, half
    unit = 10.0 ** (math.floor(math.log10(figure)) - 1)
    return math.log10(figure), 0.5 * unit / figure / math.log(10)


def draw(seeds: range) -> dict[str, list[Diagnosis]]:
    found: dict[str, list[Diagnosis]] = {name: [] for name in PRINTED}
    for seed in seeds:
        for name, d in zip(PRINTED, compare(",".join(PRINTED), SIZES, seed=seed), strict=True):
            found[name].append(d)
    return found


@pytest.fixture(scope="module")
def nets() -> dict[str, list[Diagnosis]]:
    return draw(range(FEW))


def test_every_printed_figure_is_one_that_other_seeds_could_give(nets):
    off = {
        name: misfit(printed, drawn, half, spread)
        for name, printed, half, drawn, spread in comparisons(nets)
    }
    assert len(off) == 111
    assert {name: round(error, 1) for name, error in off.items() if error > ERRORS} == {}


def test_the_figures_of_another_net_are_found_out(nets):
    swapped = {**nets, "relu:he": nets["relu:glorot"], "sigmoid:glorot": nets["tanh:glorot"]}
    off = [misfit(printed, drawn, half, spread)
           for name, printed, half, drawn, spread in comparisons(swapped)
           if name.startswith(("relu:he", "sigmoid:glorot"))]  # fmt: skip
    assert sum(error > ERRORS for error in off) > len(off) / 2


def test_the_verdicts_are_those_printed(nets):
    for name, (*_, word) in PRINTED.items():
        assert {d.verdict.words[0] for d in nets[name]} == {word}


def test_the_argument_predicts_each_net_to_two_per_cent(nets):
    for drawn in nets.values():
        gaps = [d.verdict.factor / d.verdict.predicted for d in drawn]
        assert geometric_mean(gaps) == pytest.approx(1.0, abs=0.02)


def test_weight_gradients_hide_what_delta_shows(nets):
    """Flat within a small factor over layers 2 to 20, while delta spans more than 20 decades."""
    for d in nets["relu:N(0,0.01)"]:
        sizes = [row.gradient.log10 for row in d.rows[1:20]]
        deltas = [row.delta.log10 for row in d.rows[:20]]
        assert max(sizes) - min(sizes) < math.log10(3)
        assert max(deltas) - min(deltas) > 20
        assert "it hides what δ shows" in d.text()
    assert not any("it hides" in d.text() for d in nets["relu:he"] + nets["sigmoid:glorot"])


def main(count: int) -> int:
    """Print every comparison with the spread measured anew."""
    nets = draw(range(count))
    worst = 0.0
    for name, printed, half, drawn, _ in comparisons(nets):
        off = misfit(printed, drawn, half)
        worst = max(worst, off)
        mean, s = np.mean(drawn), np.std(drawn, ddof=1)
        print(f"{name:42} printed {printed:9.4g}  mean {mean:9.4g}  s {s:8.2g}  {off:4.1f} errors")
    for name, drawn in nets.items():
        gap = geometric_mean([d.verdict.factor / d.verdict.predicted for d in drawn])
        print(f"{name:42} measured / predicted {gap:.4f}")
    print(f"worst: {worst:.2f} standard errors")
    return 0 if worst <= ERRORS else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
