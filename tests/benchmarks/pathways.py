"""What path analysis costs: all numbers and the 100 strongest and weakest paths of one example.

    python -m benchmarks.pathways            5, 10, 20 and 40 hidden layers of 100 neurons
    python -m benchmarks.pathways --quick    one short round, to see that everything runs

Run it in the folder ``tests``.  Times are medians over rounds in turns; the whole run, from the
start of Python to the printed report, is a multiple of ``python -c "import numpy"``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lab.layers import Dense, Input
from autograd_lab.models import Sequential
from autograd_lab.pathways import PathReport, explain_paths
from autograd_lab.pathways.drawings import strongest_paths
from autograd_lab.pathways.layer_boxes import layer_boxes
from autograd_lab.pictures import to_svg
from autograd_lab.utils import set_random_seed
from benchmarks.ratios import in_turns, ratio

DEPTHS = (5, 10, 20, 40)
PATHS = 100


def net(depth: int, inputs: int = 784, units: int = 100, outputs: int = 10) -> Any:
    """A net of ``depth`` hidden relu layers with He's weights."""
    set_random_seed(0)
    hidden = [Dense(units, "relu", kernel_initializer="he_normal") for _ in range(depth)]
    return Sequential([Input((inputs,)), *hidden, Dense(outputs, "softmax")])


def example(inputs: int = 784) -> Any:
    """One row of numbers."""
    return np.random.default_rng(0).normal(size=(1, inputs))


def analysis(model: Any, k: int = PATHS) -> Callable[[], PathReport]:
    """A program that answers everything about the paths of one example."""
    x = example()
    return lambda: explain_paths(model, x, k=k)


def whole_run(depth: int) -> None:
    """What a fresh process does: build, analyse, print."""
    sys.stdout.write(analysis(net(depth))().text(100))


def in_process(code: str) -> Callable[[], object]:
    """A program that runs Python code in a process of its own."""
    around = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return lambda: subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=around
    )


def peak(program: Callable[[], object]) -> float:
    """The most memory that a program holds beyond what was there, in MB."""
    tracemalloc.start()
    program()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def by_depth(depths: Sequence[int], rounds: int) -> None:
    """Time, memory and the factor of each doubling."""
    programs = {str(depth): analysis(net(depth)) for depth in depths}
    times = in_turns(programs, rounds, 0.0)
    print(f"{'hidden layers':>13} {'paths':>10} {'ms':>7} {'MB':>6}   doubled")
    for i, depth in enumerate(depths):
        report = programs[str(depth)]()
        middle = statistics.median(times[str(depth)])
        factor = str(ratio(times, str(depth), str(depths[i - 1]))) if i else ""
        number = f"1e{len(str(report.count)) - 1}"
        size = peak(programs[str(depth)])
        print(f"{depth:13} {number:>10} {1e3 * middle:7.0f} {size:6.1f}   {factor}")


def against_numpy(depth: int, rounds: int) -> None:
    """The whole run over ``import numpy``."""
    ours = f"from benchmarks.pathways import whole_run; whole_run({depth})"
    programs = {"ours": in_process(ours), "numpy": in_process("import numpy")}
    times = in_turns(programs, rounds, 0.0)
    found = ratio(times, "ours", "numpy")
    print(f"whole run, {depth} hidden layers, over import numpy: {found.median:.2f} "
          f"({found.low:.2f} to {found.high:.2f})")  # fmt: skip


def pictures(depth: int, rounds: int) -> None:
    """Drawing layers, and paths over the dimmed network."""
    report = analysis(net(depth))()
    programs = {
        "layers": lambda: to_svg(layer_boxes(report)),
        "10 strongest paths": lambda: to_svg(strongest_paths(report, 10)),
    }
    for name, times in in_turns(programs, rounds, 0.0).items():
        print(f"picture of {depth} hidden layers, {name}: {statistics.median(times):.2f} s")


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.pathways", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="one short round")
    quick = parser.parse_args(given).quick
    rounds = 1 if quick else 15
    depths = DEPTHS[:2] if quick else DEPTHS
    by_depth(depths, rounds)
    against_numpy(depths[-2], rounds)
    pictures(depths[-2], rounds)


if __name__ == "__main__":
    main()
