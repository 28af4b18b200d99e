"""What a comparison found: mean and spread over the seeds, as table and JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lab.experiments.axes import Variant
from autograd_lab.experiments.runs import Record
from autograd_lab.experiments.settings import Settings, dashed, worded
from autograd_lab.experiments.sweeping import Outcome
from autograd_lab.experiments.tables import figure, json_text, markdown_table, pairs_text
from autograd_lab.explanations.layout import Column, Style, table, wrap

SCHEMA = "autograd-lab/compare/1"


@dataclass(frozen=True)
class Spread:
    """Mean, standard deviation (of n - 1) and standard error of the mean of n numbers.

    >>> Spread.of([1.0, 2.0, 3.0])
    Spread(mean=2.0, sd=1.0, se=0.5773502691896258, n=3)
    >>> print(Spread.of([0.5]), Spread.of([]), Spread.of([0.9, 0.8]))
    0.5000  0.8500 ± 0.0707 (0.0500)
    """

    mean: float
    sd: float
    se: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        n = len(values)
        mean = math.fsum(values) / n if n else math.nan
        squares = math.fsum((v - mean) ** 2 for v in values)
        sd = math.sqrt(squares / (n - 1)) if n > 1 else math.nan
        return cls(mean, sd, sd / math.sqrt(n) if n else math.nan, n)

    def __str__(self) -> str:
        if not self.n:
            return ""
        if self.n == 1:
            return figure(self.mean)
        return f"{figure(self.mean)} ± {figure(self.sd)} ({figure(self.se)})"

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values; null for what one run alone does not have."""
        known = {"mean": self.mean, "sd": self.sd, "se": self.se}
        return {**{k: None if math.isnan(v) else v for k, v in known.items()}, "n": self.n}


@dataclass(frozen=True)
class Summary:
    """One variant: spreads by the title of their column, over the runs that did not diverge."""

    variant: Variant
    spreads: dict[str, Spread]
    epochs: Spread
    diverged: int


def summaries(outcome: Outcome) -> list[Summary]:
    """A summary of each variant, in order."""
    pairs = zip(outcome.variants, outcome.records, strict=True)
    return [_summary(outcome, variant, records) for variant, records in pairs]


def _summary(outcome: Outcome, variant: Variant, records: Sequence[Record]) -> Summary:
    sound = [record for record in records if not record.diverged]
    spreads = {}
    for name in (outcome.metric, "loss"):
        rises = name == "accuracy"
        spreads[f"final val_{name}"] = Spread.of([r.final(name) for r in sound])
        spreads[f"best val_{name}"] = Spread.of([r.best(name, rises) for r in sound])
    epochs = Spread.of([float(record.epochs) for record in sound])
    return Summary(variant, spreads, epochs, len(records) - len(sound))


# --- table ----------------------------------------------------------------------------------------


def rows(outcome: Outcome) -> tuple[list[str], list[list[str]]]:
    """Titles and cells: what varies, the rate unless it is common, spreads, epochs."""
    found = summaries(outcome)
    axes = [name for name in outcome.comparison.axes if name != "lr"]
    own_rates = len({variant.rate for variant in outcome.variants}) > 1
    failed = any(summary.diverged for summary in found)
    titles = [*(axes or ["training"]), *["rate"] * own_rates, *found[0].spreads, "epochs",
              *["diverged"] * failed]  # fmt: skip
    cells = []
    for one in found:
        named = [worded(one.variant.values[name]) for name in axes] or ["as given"]
        epochs = f"{one.epochs.mean:.4g}" if one.epochs.n else ""
        cells.append([
            *named, *[worded(one.variant.rate)] * own_rates, *map(str, one.spreads.values()),
            epochs, *[f"{one.diverged} of {outcome.comparison.seeds}"] * failed,
        ])  # fmt: skip
    return titles, cells


def heading(outcome: Outcome, data: str) -> list[tuple[str, str]]:
    """Pairs of a word and what is so called."""
    comparison = outcome.comparison
    first, last = comparison.first, comparison.first + comparison.seeds - 1
    fixed = {k: v for k, v in comparison.fixed.items() if k not in ("data", "seed")}
    seeds = f"{first} to {last}" if last > first else str(first)
    said = [
        ("data", data),
        ("seeds", f"{seeds}; each gives all variants one split, start and order"),
        ("rates", outcome.rule),
    ]
    words = [dashed(k) if v is True else f"{dashed(k)} {worded(v)}" for k, v in fixed.items()]
    said += [("fixed", " ".join(words))] if words else []
    return [*said, ("default", ", ".join(_defaults(outcome)))]


def _defaults(outcome: Outcome) -> Iterator[str]:
    """What nobody asked for but decides: those of the main settings that are left alone."""
    default = Settings(data="default")
    for name, words in {
        "layers": "hidden layers 32", "act": "relu", "optimizer": "adam",
        "batch": f"batches of {default.batch}", "epochs": f"{default.epochs} epochs",
        "validation_split": f"validation {default.validation_split:.0%}",
    }.items():  # fmt: skip
        if name not in outcome.comparison.axes and name not in outcome.comparison.fixed:
            yield words


def legend(outcome: Outcome) -> list[str]:
    """How the numbers are to be read, and what is to be minded."""
    n = outcome.comparison.seeds
    found = [f"mean ± standard deviation (standard error of the mean) of {n} runs"] if n > 1 else []
    if any(record.diverged for records in outcome.records for record in records):
        found.append("runs that diverged are counted, but not averaged")
    penalties = sorted({"l1", "l2"} & outcome.comparison.axes.keys())
    if penalties:
        found.append(
            f"val_loss holds the penalty, so it does not compare {' and '.join(penalties)}"
        )
    best = _highest(outcome)
    return [*found, *([best] if best else []), *(f"note: {text}" for text in outcome.notes)]


def _highest(outcome: Outcome) -> str:
    """Which variant has the best mean, if there is more than one."""
    rises = outcome.metric == "accuracy"
    name = f"final val_{outcome.metric}"
    known = [s for s in summaries(outcome) if s.spreads[name].n]
    if len(known) < 2:
        return ""
    extreme = (max if rises else min)(s.spreads[name].mean for s in known)
    those = [s.variant.label for s in known if s.spreads[name].mean == extreme]
    return f"{'highest' if rises else 'lowest'} mean {name}: {' and '.join(those)}"


def text(outcome: Outcome, data: str, style: Style) -> str:
    pairs = heading(outcome, data)
    lines = pairs_text(pairs, style)
    titles, cells = rows(outcome)
    words = len(outcome.comparison.axes) or 1
    drops = {"best val_loss": 3, f"best val_{outcome.metric}": 2, "final val_loss": 1}
    columns = [
        Column(title, "<" if i < words else ">", drops.get(title, 0))
        for i, title in enumerate(titles)
    ]
    lines += ["", *table(columns, cells, style), ""]
    for said in legend(outcome):
        lines += wrap(said, style, "", "   ")
    return "\n".join(map(style.sign, lines)) + "\n"


def markdown(outcome: Outcome, data: str) -> str:
    lines = [f"- {word}: {said}" for word, said in heading(outcome, data)]
    table_lines = markdown_table(*rows(outcome))
    return "\n".join([*lines, "", *table_lines, "", *(f"- {s}" for s in legend(outcome))]) + "\n"


# --- JSON -----------------------------------------------------------------------------------------


def as_dict(outcome: Outcome, data: str) -> dict[str, Any]:
    """Everything but times, which alone differ from one execution to the next."""
    comparison = outcome.comparison
    return {
        "schema": SCHEMA,
        "data": data,
        "fixed": dict(comparison.fixed),
        "axes": {name: list(values) for name, values in comparison.axes.items()},
        "seeds": list(range(comparison.first, comparison.first + comparison.seeds)),
        "rates": {
            "rule": comparison.rates,
            "text": outcome.rule,
            "searched": [
                [{"rate": rate, "best_val_loss": loss} for rate, loss in losses.items()]
                for losses in outcome.searched
            ],
        },
        "metric": outcome.metric,
        "variants": list(_variants(outcome)),
        "notes": list(outcome.notes),
    }


def _variants(outcome: Outcome) -> Iterator[dict[str, Any]]:
    first = outcome.comparison.first
    for one, records in zip(summaries(outcome), outcome.records, strict=True):
        yield {
            "values": dict(one.variant.values),
            "learning_rate": one.variant.rate,
            "diverged": one.diverged,
            "spreads": {name: spread.as_dict() for name, spread in one.spreads.items()},
            "epochs": one.epochs.as_dict(),
            "runs": [
                {
                    "seed": first + k,
                    "results": {part: dict(logs) for part, logs in record.results.items()},
                    "epochs": record.epochs,
                    "diverged": record.diverged,
                    "history": dict(record.history),
                }
                for k, record in enumerate(records)
            ],
        }


def json(outcome: Outcome, data: str) -> str:
    return json_text(as_dict(outcome, data)) + "\n"
