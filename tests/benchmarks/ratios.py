"""Several programs timed in turns, and how much longer one takes than another.

A machine has fast and slow minutes, so only times from the same round are compared: the ratio is
the median over rounds, its bounds come from the bootstrap, and 'ahead' is said only where the
upper bound is below 1.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Program = Callable[[], object]
Times = dict[str, list[float]]


@dataclass(frozen=True)
class Ratio:
    """Our time over a peer's: the median over rounds, and bounds that hold 90 % of resamples."""

    median: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """ahead, behind, or tie where 1 lies between the bounds."""
        return "ahead" if self.high < 1 else "behind" if self.low > 1 else "tie"

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f}) {self.verdict}"


def in_turns(
    programs: Mapping[str, Program],
    rounds: int = 15,
    seconds: float = 0.05,
    clock: Callable[[], float] = time.perf_counter,
) -> Times:
    """Seconds per run of each program in each round; the order changes from round to round.

    Each runs as often as fits into ``seconds``.  The collector is on for all, and starts clean, so
    that nobody pays for another's garbage.
    """
    counts = {name: _count(program, seconds, clock) for name, program in programs.items()}
    times: Times = {name: [] for name in programs}
    order = list(programs)
    shuffle = random.Random(0).shuffle
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            gc.collect()
            times[name].append(_time(programs[name], counts[name], clock))
    return times


def _count(program: Program, seconds: float, clock: Callable[[], float]) -> int:
    program()
    return max(1, int(seconds / max(_time(program, 1, clock), 1e-9)))


def _time(program: Program, count: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(count):
        program()
    return (clock() - start) / count


def ratio(times: Times, ours: str, peer: str, resamples: int = 2000) -> Ratio:
    """How long ours takes, in units of the peer's time."""
    found = [a / b for a, b in zip(times[ours], times[peer], strict=True)]
    draw = random.Random(0).choices
    medians = sorted(statistics.median(draw(found, k=len(found))) for _ in range(resamples))
    return Ratio(
        statistics.median(found),
        medians[int(0.05 * resamples)],
        medians[int(0.95 * resamples)],
    )
