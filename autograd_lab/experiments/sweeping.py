"""A comparison: every combination of some settings, several seeds each, run and gathered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd_lab.datasets.dataset import DataSet
from autograd_lab.errors import UsageError
from autograd_lab.experiments import runs
from autograd_lab.experiments.axes import Variant
from autograd_lab.experiments.building import make_optimizer, prepare
from autograd_lab.experiments.parallel import run_all
from autograd_lab.experiments.runs import Record
from autograd_lab.experiments.settings import (
    MAX_SEED,
    OPTIMIZERS,
    Settings,
    dashed,
    worded,
)

MAX_RUNS = 10_000
GRID = (0.001, 0.01, 0.1)
COMMON_RATE = 0.01
RATES = ("common", "best")
UNASKED = "the same, though each has another best one; see --lr and --rates best"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Comparison:
    """What is to be compared: fixed settings, what varies, how often, and by which rates.

    Every combination of the axes' values is trained once with each seed.  One seed means one split,
    one start and one order for all of them, as far as their sizes agree.  ``rates``: "common", one
    rate for all; "best", the best of ``grid`` for each variant.

    Errors: UsageError for what cannot be compared; ``check`` finds what does not fit the data.
    """

    fixed: Mapping[str, Any]
    axes: Mapping[str, tuple[Any, ...]]
    seeds: int = 5
    rates: str = "common"
    grid: tuple[float, ...] = GRID

    def __post_init__(self) -> None:
        for name in self.axes:
            if name in self.fixed:
                raise UsageError(f"{dashed(name)} is fixed, and {name}= varies it; say one")
        if self.rates not in RATES:
            raise UsageError(f"rates={self.rates!r}: choose {' or '.join(RATES)}")
        if self.rates == "best":
            for name in ("lr", *(["lr="] if "lr" in self.axes else [])):
                if name in self.fixed or name == "lr=":
                    raise UsageError("--rates best looks for the rate; leave lr out, or --rates")
        if len(set(self.grid)) < len(self.grid) or not self.grid:
            raise UsageError("--grid: give different rates")
        if self.first + self.seeds > MAX_SEED:
            raise UsageError(f"--seed {self.first}: there are no {self.seeds} seeds from it on")
        count = math.prod(map(len, self.axes.values())) * (
            self.seeds + (len(self.grid) if self.rates == "best" else 0)
        )
        if count > MAX_RUNS:
            raise UsageError(f"that makes {count:,} trainings; at most {MAX_RUNS:,} are compared")

    @property
    def first(self) -> int:
        """The first seed."""
        return int(self.fixed.get("seed", 0))

    @property
    def combinations(self) -> list[dict[str, Any]]:
        """The values of every variant, the last axis fastest."""
        return [
            dict(zip(self.axes, values, strict=True))
            for values in itertools.product(*self.axes.values())
        ]

    def settings(self, values: Mapping[str, Any], **more: Any) -> Settings:
        return Settings(**{**self.fixed, **values, **more})

    def check(self) -> dict[str, Any]:
        """Build every variant once, so that all refusals come before any training.

        The result is the fingerprint of the data.
        """
        data: DataSet | None = None
        for values in self.combinations:
            settings = self.settings(values)
            if not settings.validation_split:
                raise UsageError("--validation-split 0: variants are compared on a validation part")
            data = prepare(settings, data).data
        assert data is not None
        return runs.fingerprint(data)

    def common_rates(self) -> tuple[list[float], str]:
        """The rate of every variant without a search, and the rule in words.

        It is what is asked for; else the default of the optimizer, if there is but one; else 0.01.
        """
        settings = [self.settings(values) for values in self.combinations]
        if "lr" in self.axes or "lr" in self.fixed:
            own = [float(make_optimizer(s).learning_rate) for s in settings]
            if "lr" in self.fixed:
                return own, f"{worded(self.fixed['lr'])} for all (--lr)"
            return own, "as compared; none is each optimizer's default"
        if len({OPTIMIZERS[s.optimizer][0] for s in settings}) == 1:
            rate = float(make_optimizer(settings[0]).learning_rate)
            return [rate] * len(settings), (
                f"{worded(rate)} for all (the default of {settings[0].optimizer})"
            )
        return [COMMON_RATE] * len(settings), f"{worded(COMMON_RATE)} for all ({UNASKED})"


@dataclass(frozen=True)
class Outcome:
    """All runs of a comparison: for each variant one record for each seed."""

    comparison: Comparison
    variants: Sequence[Variant]
    records: Sequence[Sequence[Record]]
    rule: str
    searched: Sequence[Mapping[float, float]] = ()
    metric: str = "accuracy"
    notes: Sequence[str] = ()


@dataclass
class Runner:
    """Runs what is not there yet, and remembers the rest."""

    fingerprint: Mapping[str, Any]
    folder: str | None = None
    jobs: int = 1
    progress: Progress = lambda *_: None
    done: dict[str, Record] = field(default_factory=dict)
    found: int = 0  # how many were read from the folder
    damaged: int = 0

    def records(self, wanted: Sequence[Settings], what: str) -> list[Record]:
        """The record of each of the settings, in their order."""
        keys = [runs.key_of(settings, self.fingerprint) for settings in wanted]
        names = [runs.name_of(key) for key in keys]
        missing = {}
        for settings, key, name in zip(wanted, keys, names, strict=True):
            if name not in self.done and name not in missing and not self._kept(name, key):
                missing[name] = (settings.as_dict(), key, self.folder)
        total, ready = len(set(names)), len(set(names)) - len(missing)
        self.progress(what, ready, total)
        for name, record in run_all(runs.run, list(missing.values()), self.jobs):
            self.done[name] = record
            ready += 1
            self.progress(what, ready, total)
        return [self.done[name] for name in names]

    def _kept(self, name: str, key: runs.Key) -> bool:
        if self.folder is None:
            return False
        path = Path(self.folder, name)
        record = runs.read(path, key)
        if record is None:
            self.damaged += path.exists()
            return False
        self.done[name] = record
        self.found += 1
        return True


def compare(comparison: Comparison, runner: Runner) -> Outcome:
    """Choose the rates, run every variant with every seed, and gather the records.

    Raises WorkerLostError or KeyboardInterrupt in the middle; what was done is in the folder then.
    """
    combinations = comparison.combinations
    notes: list[str] = []
    searched: list[dict[float, float]] = []
    if comparison.rates == "best":
        searched = _search(comparison, runner)
        rates = [min(losses, key=lambda rate: losses[rate]) for losses in searched]
        rule = _search_rule(comparison)
        notes = list(_edges(comparison, combinations, searched, rates))
    else:
        rates, rule = comparison.common_rates()
    variants = [Variant(v, rate) for v, rate in zip(combinations, rates, strict=True)]
    wanted = [
        comparison.settings(variant.values, lr=variant.rate, seed=comparison.first + k)
        for variant in variants
        for k in range(comparison.seeds)
    ]
    flat = runner.records(wanted, "runs")
    n = comparison.seeds
    records = [flat[i * n : (i + 1) * n] for i in range(len(variants))]
    metric = next(name for name in records[0][0].results["validation"] if name != "loss")
    return Outcome(comparison, variants, records, rule, searched, metric, notes)


def _search(comparison: Comparison, runner: Runner) -> list[dict[float, float]]:
    """For each variant the lowest val_loss of every rate; infinite if the training diverged."""
    grid = sorted(comparison.grid)
    seed = comparison.first + comparison.seeds
    wanted = [
        comparison.settings(values, lr=rate, seed=seed)
        for values in comparison.combinations
        for rate in grid
    ]
    records = iter(runner.records(wanted, "search for rates"))
    return [
        {rate: _judged(next(records)) for rate in grid} for _ in comparison.combinations
    ]  # fmt: skip


def _judged(record: Record) -> float:
    best = record.best("loss", rises=False)
    return math.inf if record.diverged or math.isnan(best) else best


def _search_rule(comparison: Comparison) -> str:
    grid = ", ".join(map(worded, sorted(comparison.grid)))
    return (
        f"the best of {grid} for each variant: lowest val_loss of any epoch in one run with seed "
        f"{comparison.first + comparison.seeds}, which is not among those compared"
    )


def _edges(
    comparison: Comparison, combinations: Sequence[Mapping[str, Any]],
    searched: Sequence[Mapping[float, float]], rates: Sequence[float],
) -> Iterator[str]:  # fmt: skip
    """Warnings of a search whose best rate may lie outside the grid, or nowhere."""
    ends = {min(comparison.grid), max(comparison.grid)}
    for values, losses, rate in zip(combinations, searched, rates, strict=True):
        label = Variant(values, rate).label or "the training"
        if all(map(math.isinf, losses.values())):
            yield f"{label}: every rate of the grid diverged; add smaller ones with --grid"
        elif rate in ends and len(comparison.grid) > 1:
            yield f"{label}: the best rate, {worded(rate)}, is at the edge of --grid; widen it"
