"""A comparison drawn: the variants over the epochs on common axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograd_lab.experiments.comparison_report import legend
from autograd_lab.experiments.sweeping import Outcome
from autograd_lab.pictures.plots import Axis, Band, Curve, Figure, Panel

MOST_CURVES = 24
MOST_BANDS = 3  # more of them hide each other


def curves(outcome: Outcome, data: str) -> Figure:
    """The mean of the variants over the epochs on common axes, a standard deviation around it."""
    names = [outcome.metric, "loss"]
    panels = [
        Panel(f"val_{name}", Axis("epoch", whole=True), Axis(), list(_items(outcome, name)))
        for name in names
    ]
    varied = ", ".join(outcome.comparison.axes) or "training"
    n = outcome.comparison.seeds
    mean = f"Mean of {n} seeds" if n > 1 else "One seed"
    band = ", band: one standard deviation" if _has_bands(outcome) else ""
    return Figure(
        f"{varied} on {data.partition(':')[0]}",
        panels,
        description=" ".join([*legend(outcome), f"Learning rate: {outcome.rule}."]),
        caption=f"{mean}{band}. Learning rate: {outcome.rule}.",
    )


def _has_bands(outcome: Outcome) -> bool:
    return outcome.comparison.seeds > 1 and len(outcome.variants) <= MOST_BANDS


def _items(outcome: Outcome, name: str) -> Iterator[Curve | Band]:
    drawn = []
    for variant, records in zip(outcome.variants, outcome.records, strict=True):
        values = [record.history[f"val_{name}"] for record in records if not record.diverged]
        if not values:
            continue
        label = variant.label or "as given"
        x, mean, sd = _over_epochs(values)
        if len(values) > 1 and _has_bands(outcome):
            yield Band(label, x, [m - s for m, s in zip(mean, sd, strict=True)],
                       [m + s for m, s in zip(mean, sd, strict=True)])  # fmt: skip
        drawn.append(Curve(label, x, mean))
    yield from drawn


def _over_epochs(values: Sequence[Sequence[float]]) -> tuple[list[float], list[float], list[float]]:
    """Epochs that every run has reached, the mean there and the standard deviation."""
    length = min(map(len, values))
    table_of = np.array([run[:length] for run in values], dtype=float)
    sd = table_of.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(length)
    return list(map(float, range(1, length + 1))), table_of.mean(axis=0).tolist(), sd.tolist()
