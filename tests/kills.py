"""A small training that is killed again and again: ``python tests/kills.py --kills 200``.

The training is a walk of a matrix under noise from a generator, with a checkpoint after each step
that holds the matrix and where the generator stands.  Killed at whatever moment, and started again,
it must end with the numbers of a run that nobody disturbed, and the folder must hold a checkpoint
that can be read after each blow, not older than the one read before.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from crashes import litter, plan, run_until_done

from autograd_lab.files.checkpoints import Checkpoints
from autograd_lab.files.generators import generator_state, restore_generator
from autograd_lab.files.refusals import FileError

STEPS = 20
KEY = {"steps": STEPS, "shape": [12, 12]}


def train(folder: Path, steps: int) -> str:
    """Train, or go on training, up to a step; SHA-256 of the matrix in the end."""
    saved = Checkpoints(folder, key=KEY)
    generator = np.random.default_rng(7)
    w, start = np.eye(12), 0
    found = saved.newest()
    if found is not None:
        w, start = found.arrays["w"], found.step
        restore_generator(generator, found.state["generator"])
    for step in range(start + 1, steps + 1):
        w = np.tanh(w @ generator.normal(size=w.shape)) + 0.1 * w.T
        saved.save({"w": w}, {"generator": generator_state(generator)}, step)
    return hashlib.sha256(w.tobytes()).hexdigest()


class Watch:
    """What must hold after each blow."""

    def __init__(self, folder: Path, key: Any = KEY) -> None:
        self.folder, self.key = folder, key
        self.step = 0
        self.struck: Counter[str] = Counter()
        self.littered = 0

    def __call__(self, crash: str) -> None:
        left = litter(self.folder)
        assert len(left) <= 1, f"{crash}: {left}"
        said: list[str] = []
        try:
            found = Checkpoints(self.folder, key=self.key, say=said.append).newest()
        except FileError as error:
            raise AssertionError(f"{crash}: {error}") from error
        assert found is not None, f"{crash}: no checkpoint"
        assert not said, f"{crash}: {said}"
        assert found.step >= self.step, f"{crash}: step {found.step} after {self.step}"
        assert not litter(self.folder), crash
        self.step = found.step
        self.struck[crash.partition(":")[0]] += 1
        self.littered += len(left)


def campaign(
    kills: int,
    folder: Path,
    seed: int = 0,
    program: Path = Path(__file__),
    train: Callable[[Path, int], str] = train,
    key: Any = KEY,
) -> Counter[str]:
    """Kill trainings until ``kills`` blows have struck; how many there were at each point.

    ``program --train FOLDER`` is the training, ``train`` the same as a function and ``key`` that of
    its checkpoints; what must hold and does not is an AssertionError.
    """
    undisturbed = train(folder / "undisturbed", STEPS)
    total: Counter[str] = Counter()
    for number in range(kills + 1):
        left = plan(kills, seed)[total.total() :]
        if not left:
            return total
        watch = Watch(folder / str(number), key)
        train(watch.folder, 1)  # the first checkpoint is there before the first blow
        _, printed = run_until_done(left, [str(program), "--train", str(watch.folder)], watch)
        told = printed.strip().splitlines()[-1]  # what went before says where it goes on
        assert told == undisturbed, f"training {number} ended with other numbers"
        assert len(list(watch.folder.iterdir())) == 2, f"training {number} left files behind"
        total += watch.struck
    raise AssertionError("the crashes do not strike")


def main(program: Path = Path(__file__), train: Any = train, key: Any = lambda: KEY) -> None:
    options = argparse.ArgumentParser(description="Kill a training again and again.")
    options.add_argument("--kills", type=int, default=200, help="blows in all (default 200)")
    options.add_argument("--seed", type=int, default=0, help="of the points and times drawn")
    options.add_argument("--train", type=Path, metavar="FOLDER", help="be the training")
    chosen = options.parse_args()
    if chosen.train:
        print(train(chosen.train, STEPS))
        return
    folder = Path(tempfile.mkdtemp())
    try:
        total = campaign(chosen.kills, folder, chosen.seed, program, train, key())
    finally:
        shutil.rmtree(folder)
    for point, count in sorted(total.items()):
        print(f"{count:5d}  {point}")
    print(f"{total.total()} kills: 0 differences, always a checkpoint that can be read")


if __name__ == "__main__":
    main()
