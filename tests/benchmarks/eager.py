"""What one operation costs when nothing is compiled: forward and backward, and micrograd's net.

    python -m benchmarks.eager            every peer that is installed
    python -m benchmarks.eager --quick    one short round, to see that all programs run

Run it in the folder ``tests``.  Peers: ``pip install mygrad autograd micrograd``.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lab import ops
from autograd_lab.graph import leaf
from autograd_lab.interpreters.differentiate import gradient
from benchmarks.ratios import Program, in_turns, ratio

OURS = "autograd-lab"
SHAPES: dict[str, tuple[int, ...]] = {"number": (), "32x128": (32, 128)}

# Operation -> how many arrays it takes; the same name in every library's namespace but for sigmoid.
OPERATIONS = {
    "add": 2, "multiply": 2, "divide": 2, "exp": 1, "log": 1, "tanh": 1, "sqrt": 1,
    "abs": 1, "sum": 1, "mean": 1, "matmul": 2, "maximum": 2, "reshape": 1, "transpose": 1,
}  # fmt: skip
OF_ARRAYS = {"matmul", "transpose", "reshape"}


def arguments(name: str, shape: tuple[int, ...]) -> list[Any]:
    """Positive numbers of a shape; for a product of matrices the second one transposed."""
    rng = np.random.default_rng(0)
    found = [rng.uniform(0.5, 1.5, shape) for _ in range(OPERATIONS[name])]
    if name == "matmul":
        found[1] = found[1].T.copy()
    return [float(x) if not shape else x for x in found]


# --- one operation, forward and backward, in each library -----------------------------------------


def ours(name: str, values: Sequence[Any]) -> Program:
    function = getattr(ops, name)
    more = [(-1,)] if name == "reshape" else []

    def run() -> Any:
        leaves = [leaf(x) for x in values]
        return gradient(function(*leaves, *more), leaves, warn=False)

    return run


def mygrad(name: str, values: Sequence[Any]) -> Program:
    import mygrad as mg

    function = getattr(mg, name)
    more = [(-1,)] if name == "reshape" else []

    def run() -> Any:
        leaves = [mg.tensor(x) for x in values]
        function(*leaves, *more).backward()
        return [x.grad for x in leaves]

    return run


def hips(name: str, values: Sequence[Any]) -> Program:
    import autograd
    import autograd.numpy as anp

    function = getattr(anp, name)
    more = [(-1,)] if name == "reshape" else []
    pull = autograd.make_vjp(lambda xs: function(*xs, *more))
    ones = np.ones_like(function(*values, *more))

    def run() -> Any:
        back, _ = pull(tuple(values))
        return back(ones)

    return run


PEERS: dict[str, tuple[str, Callable[[str, Sequence[Any]], Program]]] = {
    "MyGrad": ("mygrad", mygrad),
    "HIPS autograd": ("autograd", hips),
}


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


# --- micrograd's demo net of single numbers -------------------------------------------------------


def points(count: int) -> tuple[list[list[float]], list[float]]:
    rng = random.Random(1337)
    xs = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(count)]
    return xs, [1.0 if a * b > 0 else -1.0 for a, b in xs]


def weights(sizes: Sequence[int]) -> list[list[tuple[list[float], float]]]:
    rng = random.Random(7)
    return [
        [([rng.uniform(-1, 1) for _ in range(n)], 0.0) for _ in range(m)]
        for n, m in itertools.pairwise(sizes)
    ]


def net(layers: Any, x: Sequence[Any], relu: Callable[[Any], Any]) -> Any:
    """2-16-16-1, neuron by neuron, the last one linear: the demo's own way to write it."""
    for depth, layer in enumerate(layers, start=1):
        sums = [sum((w * a for w, a in zip(ws, x, strict=True)), b) for ws, b in layer]
        x = sums if depth == len(layers) else [relu(s) for s in sums]
    return x[0]


def loss(scores: Sequence[Any], labels: Sequence[float], flat: Sequence[Any], relu: Any) -> Any:
    """Hinge loss of all points, and an L2 penalty."""
    hinges = [relu(1 + -y * s) for s, y in zip(scores, labels, strict=True)]
    return sum(hinges) * (1.0 / len(hinges)) + 1e-4 * sum(w * w for w in flat)


def scalar_net(make: Callable[[float], Any], relu: Any, count: int) -> Callable[[], Any]:
    """A program that builds the loss of the whole data set from single numbers."""
    xs, labels = points(count)
    layers = [
        [([make(w) for w in ws], make(b)) for ws, b in one] for one in weights((2, 16, 16, 1))
    ]
    flat = [w for layer in layers for ws, b in layer for w in (*ws, b)]

    def build() -> tuple[Any, list[Any]]:
        scores = [net(layers, [make(a) for a in x], relu) for x in xs]
        return loss(scores, labels, flat, relu), flat

    return build


def our_demo(count: int) -> Program:
    build = scalar_net(leaf, ops.relu, count)

    def run() -> Any:
        total, flat = build()
        return total.value, gradient(total, flat, warn=False)

    return run


def micrograd_demo(count: int) -> Program:
    from micrograd.engine import Value

    build = scalar_net(Value, Value.relu, count)

    def run() -> Any:
        total, flat = build()
        for w in flat:
            w.grad = 0.0
        total.backward()
        return total.data, [w.grad for w in flat]

    return run


# --- tables ---------------------------------------------------------------------------------------


def rows(rounds: int, seconds: float) -> Iterator[str]:
    """One line for each operation and shape: our time, and the ratio to each peer."""
    peers = {name: make for name, (module, make) in PEERS.items() if installed(module)}
    yield f"{'operation':12}{'shape':10}{'us':>8}   " + "   ".join(f"{n:32}" for n in peers)
    for name in OPERATIONS:
        for label, shape in SHAPES.items():
            if not shape and name in OF_ARRAYS:
                continue
            values = arguments(name, shape)
            programs = {OURS: ours(name, values)}
            programs.update({peer: make(name, values) for peer, make in peers.items()})
            times = in_turns(programs, rounds, seconds)
            told = "   ".join(f"{ratio(times, OURS, peer)!s:32}" for peer in peers)
            yield f"{name:12}{label:10}{1e6 * sorted(times[OURS])[rounds // 2]:8.1f}   {told}"


def demo(rounds: int, count: int) -> Iterator[str]:
    """micrograd's demo net, built and differentiated."""
    programs = {OURS: our_demo(count)}
    if installed("micrograd"):
        sys.setrecursionlimit(100_000)  # micrograd walks its graph by recursion
        programs["micrograd"] = micrograd_demo(count)
    times = in_turns(programs, rounds, 0.0)
    mine = sorted(times[OURS])[rounds // 2]
    yield f"net 2-16-16-1 of single numbers, {count} points: {1e3 * mine:.0f} ms"
    if "micrograd" in programs:
        found = ratio(times, "micrograd", OURS)
        times_as_long = f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"
        yield f"micrograd takes {times_as_long} times as long"


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.eager", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round")
    quick = parser.parse_args(given).quick
    for name, (module, _) in {**PEERS, "micrograd": ("micrograd", None)}.items():
        if not installed(module):
            print(f"{name} is not installed, so it is left out")
    for line in rows(*((1, 0.0) if quick else (15, 0.05))):
        print(line, flush=True)
    for line in demo(*((1, 4) if quick else (15, 100))):
        print(line, flush=True)


if __name__ == "__main__":
    main()
