"""Figures of well-known papers, at a size that a laptop has, beside what comes out here.

``python -m autograd_lab.diagnosis.anchors`` prints all; names such as P02 and P08 choose some.
P02 trains nets for about a minute, ``--quick`` leaves that out.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import datasets, initializers, layers, models, ops, optimizers, utils
from autograd_lab.diagnosis.adjoints import adjoints
from autograd_lab.diagnosis.building import Batch
from autograd_lab.diagnosis.mean_field import mean_field
from autograd_lab.explanations.layout import Column, Style, table
from autograd_lab.graph import leaf
from autograd_lab.scaled import Scaled
from autograd_lab.variables import Variable

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Figure:
    """One figure: what the paper or the argument says, and what comes out; both within bounds."""

    anchor: str
    what: str
    paper: str
    got: float
    least: float
    most: float

    @property
    def holds(self) -> bool:
        return self.least <= self.got <= self.most


# --- P02: He, Zhang, Ren & Sun (2015), Delving Deep into Rectifiers, section 2.2 ------------------


def he_initialization(quick: bool = False) -> Iterator[Figure]:
    """Forward through 50 layers of 256 ReLUs, and 10 x 64 nets on digits."""
    depth = 50
    for init, paper in (("he", "keeps rms 1"), ("glorot", "2^-25, 10^-7.53")):
        scale = {"he": 2.0, "glorot": 1.0}[init]
        expected = mean_field("relu", depth, scale).log10_rms
        got = float(np.mean([relu_rms(init, depth, seed) for seed in range(3)]))
        yield Figure("P02", f"log10 rms after {depth} ReLU layers, {init}", paper, got,
                     expected - 0.5, expected + 0.5)  # fmt: skip
    if quick:
        return
    he, glorot = (np.mean([digits_accuracy(init, seed) for seed in range(3)])
                  for init in ("he_normal", "glorot_normal"))  # fmt: skip
    yield Figure("P02", "accuracy on digits, 10x64 ReLU, he", "learns", float(he), 0.93, 1.0)
    yield Figure("P02", "the same less that of glorot", "glorot stalls in deep nets",
                 float(he - glorot), 0.0, 1.0)  # fmt: skip


def relu_rms(init: str, depth: int, seed: int, width: int = 256, batch: int = 128) -> float:
    """log10 of the rms of the last layer's output, in double precision."""
    random = np.random.default_rng(seed)
    variance = {"he": 2.0, "glorot": 1.0}[init] / width
    a = random.standard_normal((batch, width))
    for _ in range(depth):
        a = np.maximum(a @ random.normal(0.0, math.sqrt(variance), (width, width)), 0.0)
    return 0.5 * math.log10(float(np.mean(np.square(a))))


def digits_accuracy(init: str, seed: int, epochs: int = 25) -> float:
    """Accuracy on the test part of a net of ten layers of 64 ReLUs; SGD 0.1, batches of 32."""
    utils.set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.digits.load_data(0.2, seed)
    hidden = [layers.Dense(64, "relu", kernel_initializer=init) for _ in range(10)]
    model = models.Sequential(
        [layers.Input((64,)), *hidden, layers.Dense(10, "softmax", kernel_initializer=init)]
    )
    rate = optimizers.SGD(0.1)
    model.compile(rate, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x / 16.0, y, batch_size=32, epochs=epochs, verbose=0)
    return float(model.evaluate(x_test / 16.0, y_test, verbose=0)[1])


# --- P07: Duchi, Hazan & Singer (2011), Adaptive Subgradient Methods ------------------------------


def adagrad(quick: bool = False) -> Iterator[Figure]:  # noqa: ARG001 - one signature for all
    """Steps under a constant slope, and two coordinates of very different scale."""
    steps, rate = 10_000, 0.001
    distance, last = adagrad_distance(steps, rate)
    yield Figure("P07", f"distance after {steps:,} steps, slope 1", "2η√T = 0.2", distance,
                 0.99 * 0.1985, 1.01 * 0.1985)  # fmt: skip
    yield Figure(
        "P07", "last step over first", "1/√T = 0.01", last / rate, 0.01 - 1e-6, 0.01 + 1e-6
    )
    yield Figure("P07", "gap of two coordinates, curvature 1 and 10^4", "0: scale does not matter",
                 adagrad_gap(), 0.0, 1e-8)  # fmt: skip


def adagrad_distance(steps: int, rate: float) -> tuple[float, float]:
    """How far a weight goes, and its last step, with the paper's rule and a gradient of 1."""
    w = Variable([0.0], name="w", dtype="float64")
    rule = optimizers.Adagrad(rate, initial_accumulator_value=0.0, epsilon=1e-14)
    before = 0.0
    for _ in range(steps):
        before = float(w.numpy()[0])
        rule.apply([np.ones(1)], [w])
    after = float(w.numpy()[0])
    return -after, before - after


def adagrad_gap(steps: int = 200) -> float:
    """The largest difference between the coordinates of ½(w₁² + 10⁴ w₂²), from the same start."""
    w = Variable([1.0, 1.0], name="w", dtype="float64")
    rule = optimizers.Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-10)
    curvature, gap = np.array([1.0, 1e4]), 0.0
    for _ in range(steps):
        rule.apply([curvature * w.numpy()], [w])
        gap = max(gap, float(np.ptp(w.numpy())))
    return gap


# --- P08: Nielsen, Neural Networks and Deep Learning, chapter 5 -----------------------------------


def nielsen(quick: bool = False) -> Iterator[Figure]:
    """Speeds of learning ‖∂C/∂b‖ of neighbouring layers, digits instead of MNIST."""
    batch = _digits()
    papers = {2: (4.43,), 3: (5.0, 4.72), 4: (5.67, 4.12, 4.07)}  # from the printed speeds
    for hidden, ratios in papers.items():
        found = speed_ratios(hidden, batch, seeds=5 if quick else 20)
        for i, (ratio, paper) in enumerate(zip(found, ratios, strict=True), 1):
            what = f"{hidden} hidden layers of 30: speed of layer {i + 1} over layer {i}"
            yield Figure("P08", what, f"{paper:.2f}", ratio, 2.5, 9.0)
        if hidden == 4:
            whole = float(np.prod(found))
            yield Figure("P08", "first to last of four", "about 100", whole, 2.5**3, 9.0**3)


def _digits() -> Batch:
    (x, y), _ = datasets.digits.load_data()
    return Batch(x[:1000] / 16.0, y[:1000], "1000 digits")


def speed_ratios(hidden: int, batch: Batch, seeds: int = 20) -> list[float]:
    """Speed of each hidden layer over the one below it, speeds averaged over seeds."""
    speeds = np.mean([_speeds(hidden, batch, seed) for seed in range(seeds)], axis=0)
    return [float(b / a) for a, b in itertools.pairwise(speeds)]


def _speeds(hidden: int, batch: Batch, seed: int) -> list[float]:
    """‖∂C/∂b‖ of the hidden layers: C = ½‖a - y‖², weights N(0, 1/n), biases N(0, 1)."""
    random = np.random.default_rng(seed)
    sizes = [64, *[30] * hidden, 10]
    row = []
    for n, units in itertools.pairwise(sizes):
        kernel = random.normal(0.0, 1.0 / math.sqrt(n), (n, units))
        shift = random.standard_normal(units)
        row.append(
            layers.Dense(
                units,
                "sigmoid",
                dtype="float64",
                kernel_initializer=initializers.Constant(kernel),
                bias_initializer=initializers.Constant(shift),
            )
        )
    a: Any = leaf(batch.x)
    for layer in row:
        a = layer(a)
    cost = 0.5 * ops.sum(ops.square(a - np.eye(10)[batch.y])) / float(len(batch.x))
    biases = [layer.weights[1] for layer in row[:-1]]
    found = adjoints(cost, biases)
    return [float(found[b].norm()) for b in biases]


# --- P09: Sutskever, Martens, Dahl & Hinton (2013) ------------------------------------------------


def nesterov(quick: bool = False) -> Iterator[Figure]:  # noqa: ARG001 - one signature for all
    """Nesterov is momentum with β(1 - ηλ), and what that gains in a ravine."""
    worst = max(
        abs(_determinant(beta, h) - beta * (1.0 - h))
        for beta in (0.5, 0.9, 0.99)
        for h in (0.01, 0.5, 1.0, 1.5)
    )
    yield Figure("P09", "gap of det of the iteration from β(1 - h)", "0", worst, 0.0, 1e-12)
    rules: dict[str, tuple[dict[str, Any], int]] = {
        "gradient descent": ({}, 688),
        "momentum": ({"momentum": 0.9}, 124),
        "Nesterov": ({"momentum": 0.9, "nesterov": True, "convention": "paper"}, 62),
    }
    for name, (settings, steps) in rules.items():
        yield Figure("P09", f"steps in a ravine of condition 100, {name}", str(steps),
                     ravine_steps(settings), steps, steps)  # fmt: skip


def _determinant(beta: float, h: float) -> float:
    """Det of the linear map (w, v) -> (w, v) of the optimizer itself, slope h w at rate 1.

    Keras evaluates the slope where the weight already stands ahead, so the map of its (w, v) has
    the determinant of Nesterov's own: the two differ by a change of coordinates.
    """
    columns = [_mapped(beta, h, np.array(start)) for start in ((1.0, 0.0), (0.0, 1.0))]
    return float(np.linalg.det(np.stack(columns, axis=1)))


def _mapped(beta: float, h: float, start: Array) -> Array:
    w = Variable([start[0]], name="w", dtype="float64")
    rule = optimizers.SGD(1.0, momentum=beta, nesterov=True)
    rule.build([w])
    (velocity,) = rule.slots[w].values()
    velocity.assign(start[1:])
    rule.apply([h * w.numpy()], [w])
    return np.concatenate([w.numpy(), velocity.numpy()])


def ravine_steps(settings: dict[str, Any], most: int = 2000) -> int:
    """Steps until both |w| are below 1e-3 in ½(w₁² / 100 + w₂²) from (1, 1), at rate 1.

    In the paper's form of Nesterov w is the point itself, which is one step behind Keras's w: that
    is the point ahead, where the slope is taken.
    """
    w = Variable([1.0, 1.0], name="w", dtype="float64")
    rule = optimizers.SGD(1.0, **settings)
    rule.build([w])
    curvature = np.array([0.01, 1.0])
    for step in range(1, most):
        point = dict(rule.lookahead([w])).get(w, w)
        rule.apply([curvature * np.asarray(point.value)], [w])
        if float(np.max(np.abs(w.numpy()))) < 1e-3:
            return step
    return most


# --- the command ----------------------------------------------------------------------------------

ANCHORS: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "P02": he_initialization, "P07": adagrad, "P08": nielsen, "P09": nesterov,
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Print the figures; 1 if one is off."""
    chosen = [a for a in arguments if not a.startswith("-")] or list(ANCHORS)
    unknown = [a for a in chosen if a not in ANCHORS]
    if unknown:
        sys.stderr.write(f"no anchor {unknown[0]}; known: {', '.join(ANCHORS)}\n")
        return 2
    figures = [f for name in chosen for f in ANCHORS[name]("--quick" in arguments)]
    columns = [Column("", "<"), Column("what", "<"), Column("paper", "<"), Column("here"),
               Column("", "<")]  # fmt: skip
    rows = [
        [f.anchor, f.what, f.paper, _shown(f.got), "holds" if f.holds else "OFF"] for f in figures
    ]
    sys.stdout.write("\n".join(table(columns, rows, Style())) + "\n")
    return 0 if all(f.holds for f in figures) else 1


def _shown(x: float) -> str:
    return f"{x:.4g}" if x == 0 or abs(x) >= 1e-4 else Scaled.of(x).format(1, "-")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
