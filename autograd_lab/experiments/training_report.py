"""What a training was and what it gave: heading, table, history; as text, Markdown and JSON."""

from __future__ import annotations

from typing import Any

from autograd_lab.experiments.building import Plan
from autograd_lab.experiments.running import Result
from autograd_lab.experiments.settings import dashed, worded
from autograd_lab.experiments.tables import (
    csv_text,
    figure,
    json_text,
    markdown_table,
    pairs_text,
    seconds,
    text_table,
)
from autograd_lab.explanations.layout import Style, wrap
from autograd_lab.notation import short

SCHEMA = "autograd-lab/train/1"
HISTORY_SCHEMA = "autograd-lab/history/1"


def heading(plan: Plan) -> list[tuple[str, str]]:
    """Pairs of a word and what is so called: the data, the net and how it is trained."""
    settings = plan.settings
    counts = [f"{len(x):,} {name}" for name, (x, _) in plan.parts.items()]
    hidden = f"{settings.act or 'relu'}, " if len(plan.sizes) > 2 else ""
    rate = short(float(plan.model.optimizer.learning_rate))
    net = [
        f"{'-'.join(map(str, plan.sizes))}", f"{hidden}{plan.output} output",
        f"{plan.model.count_params():,} parameters",
    ]  # fmt: skip
    training = [
        settings.optimizer, f"learning rate {rate}", f"batches of {settings.batch}",
        f"{settings.epochs} epoch{'s' * (settings.epochs > 1)}", f"seed {settings.seed}",
    ]  # fmt: skip
    found = [
        ("data", str(plan.data)),
        ("parts", ", ".join(counts) + _chosen(plan)),
        ("features", features(plan)),
        ("net", ", ".join(net)),
        ("loss", f"{plan.loss} ({plan.data.task})"),
        ("training", ", ".join(training)),
    ]
    more = [f"{dashed(name)} {worded(value)}" for name, value in settings.changed().items()
            if name not in SAID]  # fmt: skip
    return [*found, ("also", " ".join(more))] if more else found


def _chosen(plan: Plan) -> str:
    """How the parts came about."""
    if not (plan.settings.validation_split or plan.settings.test_split):
        return ""
    alike = " with equal shares of each class" if plan.data.task == "classification" else ""
    return f"; chosen by the seed{alike}"


# What the heading says in other words.
SAID = {"target", "task", "layers", "act", "optimizer", "lr", "batch", "epochs", "seed",
        "validation_split", "test_split", "preprocessing"}  # fmt: skip


def features(plan: Plan) -> str:
    """What happens to the data before the first weights; a part of the model."""
    kinds = {type(layer).__name__ for layer in plan.model.layers}
    moved = "shifted, turned and zoomed a little in training, " if plan.settings.augment else ""
    if "Rescaling" in kinds:
        return f"{moved}pixels divided by 255"
    if "Normalization" in kinds:
        return f"{moved}standardized by mean and deviation of the training part"
    return f"{moved}as they are"


def heading_text(plan: Plan, style: Style) -> str:
    """The heading as lines of text."""
    return "\n".join(map(style.sign, pairs_text(heading(plan), style))) + "\n"


# --- results --------------------------------------------------------------------------------------


def rows(result: Result) -> tuple[list[str], list[list[str]]]:
    """Titles and rows of the final table."""
    names = ["loss", result.plan.metric]
    return ["", *names], [
        [part, *(figure(logs[name]) for name in names)] for part, logs in result.metrics.items()
    ]


def remarks(result: Result) -> list[str]:
    """Best epoch, time, early stopping, and what went wrong."""
    found = []
    if result.best_epoch is not None:
        best = result.history[result.watched][result.best_epoch - 1]
        found.append(
            f"best epoch {result.best_epoch} of {result.epochs} by {result.watched} "
            f"({figure(best)})"
        )
    if result.epochs_here:
        found.append(
            f"{seconds(result.seconds)}, {seconds(result.seconds / result.epochs_here)} per epoch"
        )
    if result.stopping:
        found.append(result.stopping)
    if result.diverged:
        found.append(divergence(result))
    return found


def divergence(result: Result) -> str:
    """That, and when, the loss was no number any more."""
    rate = float(result.plan.model.optimizer.learning_rate)
    return (
        f"DIVERGED: the loss is no finite number from epoch {result.diverged} on; try a smaller "
        f"rate than --lr {rate:.3g}, or --clipnorm 1"
    )


def result_text(result: Result, style: Style) -> str:
    titles, cells = rows(result)
    lines = text_table(titles, cells, style)
    for remark in remarks(result):
        lines += wrap(remark, style, "", "   ")
    return "\n".join(style.sign(line) for line in lines) + "\n"


def result_markdown(result: Result) -> str:
    """Heading and table for a page."""
    lines = [f"- {word}: {said}" for word, said in heading(result.plan)]
    table = markdown_table(*rows(result))
    return "\n".join([*lines, "", *table, "", *(f"- {said}" for said in remarks(result))]) + "\n"


def as_dict(result: Result) -> dict[str, Any]:
    """Everything as JSON values: a contract, to which entries may be added."""
    plan = result.plan
    best = result.best_epoch
    return {
        "schema": SCHEMA,
        "settings": plan.settings.as_dict(),
        "data": {
            "name": plan.data.name,
            "task": plan.data.task,
            "classes": list(plan.data.class_names),
            "parts": {name: len(x) for name, (x, _) in plan.parts.items()},
            "features": features(plan),
        },
        "model": {
            "layers": list(plan.sizes),
            "parameters": plan.model.count_params(),
            "output": plan.output,
            "loss": plan.loss,
            "metric": plan.metric,
            "learning_rate": float(plan.model.optimizer.learning_rate),
        },
        "epochs": result.epochs,
        "best_epoch": best,
        "watched": result.watched,
        "diverged": result.diverged,
        "results": {part: dict(logs) for part, logs in result.metrics.items()},
        "history": result.history,
        "early_stopping": result.stopping,
        "seconds": result.seconds,
        "seconds_per_epoch": result.seconds / result.epochs_here if result.epochs_here else None,
    }


def result_json(result: Result) -> str:
    return json_text(as_dict(result)) + "\n"


def history_csv(result: Result) -> str:
    """A row for each epoch, from 1."""
    names = list(result.history)
    columns = [range(1, result.epochs + 1), *result.history.values()]
    return csv_text(["epoch", *names], list(zip(*columns, strict=True)))


def history_json(result: Result) -> str:
    """A list for each column, and the numbers of the epochs, from 1."""
    epochs = list(range(1, result.epochs + 1))
    return json_text({"schema": HISTORY_SCHEMA, "epoch": epochs, **result.history}) + "\n"
