"""A saved model on data: what it predicts, and how well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lab.datasets.dataset import DataSet
from autograd_lab.datasets.names import NAMES, TABLES
from autograd_lab.datasets.reading import read
from autograd_lab.errors import UsageError
from autograd_lab.experiments.tables import csv_text, figure, json_text, markdown_table, text_table
from autograd_lab.explanations.layout import Style
from autograd_lab.models import load_model

Array = np.ndarray[Any, Any]
PARTS = ("auto", "train", "test", "all")
SCHEMA = "autograd-lab/evaluate/1"
BATCH = 512


@dataclass(frozen=True, eq=False)
class Applied:
    """A model beside the data it is used on; ``part`` says which part of them."""

    name: str
    model: Any
    data: DataSet
    x: Array
    y: Array | None
    part: str

    @property
    def outputs(self) -> int:
        return int(self.model.output_shape[-1])

    @property
    def classes(self) -> tuple[str, ...]:
        """What the model's outputs are called; empty for numbers to predict."""
        if _is_regression(self.model):
            return ()
        if self.y is not None:
            return self.data.class_names
        return tuple(map(str, range(max(self.outputs, 2))))


def apply(
    model: str | os.PathLike[str], source: str, *, part: str = "auto", target: str | None = None,
    task: str | None = None, labelled: bool = True,
) -> Applied:  # fmt: skip
    """Load a model and the data it is to be used on, and see that they fit.

    ``part`` "auto" is the part for testing if there is one, else all examples.  Unless
    ``labelled``, a table may also come without its target: all its columns are features then.

    Errors: FileError for what is no model; UsageError for data whose features or classes are not
    those that the model was made for.
    """
    if part not in PARTS:
        raise UsageError(f"part={part!r}: choose one of {', '.join(PARTS)}")
    loaded = load_model(model)
    _check_model(os.fspath(model), loaded)
    wanted = tuple(loaded.inputs.shape[1:])
    task = task or ("regression" if _is_file(source) and _is_regression(loaded) else None)
    data = read(source, target=target, task=task)  # type: ignore[arg-type]
    if data.x.shape[1:] != wanted and not labelled and target is None:
        bare = _without_target(source, wanted)
        if bare is not None:
            return Applied(os.fspath(model), loaded, bare, bare.x, None, "all")
    _check_features(os.fspath(model), data, wanted)
    _check_classes(os.fspath(model), loaded, data)
    x, y, part = _part(data, part)
    return Applied(os.fspath(model), loaded, data, x, y, part)


def _is_file(source: str) -> bool:
    return source.partition(":")[0] not in NAMES


def _check_model(name: str, model: Any) -> None:
    """Refuse what these commands have no words for."""
    ends = (model.inputs, model.outputs)
    if any(isinstance(end, (list, tuple, dict)) for end in ends) or len(model.output_shape) != 2:
        raise UsageError(
            f"{name} has several inputs or outputs, or gives no row of numbers for an example; use "
            "load_model and its methods in Python"
        )
    count = model.output_shape[1]
    if _is_regression(model) and count != 1:
        raise UsageError(f"{name} predicts {count} numbers at a time; data here have one")


def _is_regression(model: Any) -> bool:
    """Whether the model predicts numbers, by its loss, or else by its last layer."""
    last = model.layers[-1]
    words = f"{model.loss or type(last).__name__ + repr(getattr(last, 'activation', ''))}".lower()
    return not any(word in words for word in ("crossentropy", "softmax", "sigmoid", "hinge"))


def _without_target(source: str, wanted: tuple[int, ...]) -> DataSet | None:
    """A table of features alone, if the column taken for the target makes it fit."""
    if not _is_file(source) or Path(source).suffix.lower() not in TABLES or len(wanted) != 1:
        return None
    try:
        data = read(source, task="regression")
    except UsageError:  # its last column is text: that is a target
        return None
    if data.x.shape[1] + 1 != wanted[0]:
        return None
    return replace(data, x=np.column_stack([data.x, data.y]))


def _check_features(name: str, data: DataSet, wanted: tuple[int, ...]) -> None:
    if data.x.shape[1:] != wanted:
        raise UsageError(
            f"{name} takes {_shape(wanted)}; {data.name} has {_shape(data.x.shape[1:])}"
        )


def _shape(shape: Sequence[int]) -> str:
    return f"{shape[0]} features" if len(shape) == 1 else f"images of {' x '.join(map(str, shape))}"


def _check_classes(name: str, model: Any, data: DataSet) -> None:
    outputs = int(model.output_shape[-1])
    if _is_regression(model) != (data.task == "regression"):
        kinds = ("numbers", "classes")
        first, second = kinds if _is_regression(model) else kinds[::-1]
        raise UsageError(f"{name} predicts {first}, but the targets of {data.name} are {second}")
    if data.task == "classification" and len(data.class_names) != max(outputs, 2):
        raise UsageError(
            f"{name} tells {max(outputs, 2)} classes apart; {data.name} has "
            f"{len(data.class_names)}: {', '.join(data.class_names[:10])}"
        )


def _part(data: DataSet, part: str) -> tuple[Array, Array, str]:
    has_test = data.x_test is not None and data.y_test is not None
    if part == "auto":
        part = "test" if has_test else "all"
    if part != "test":
        if part == "train" or not has_test:
            return data.x, data.y, part
        (x, y), (x_test, y_test) = data.pairs()
        return np.concatenate([x, x_test]), np.concatenate([y, y_test]), part
    if not has_test:
        raise UsageError(f"{data.name} has no part for testing; leave --part out")
    return (*data.pairs()[1], part)


# --- evaluate -------------------------------------------------------------------------------------


def evaluate(applied: Applied) -> dict[str, float]:
    """The loss and the metrics that the model was compiled with."""
    if applied.model.compiled is None:
        raise UsageError(f"{applied.name} was saved without loss and metrics; nothing to measure")
    found: dict[str, float] = applied.model.evaluate(
        applied.x, applied.y, batch_size=BATCH, verbose=0, return_dict=True
    )
    return found


def evaluation_text(applied: Applied, logs: dict[str, float], style: Style) -> str:
    lines = [
        f"model  {applied.name}, {applied.model.count_params():,} parameters",
        f"data   {applied.data}",
        f"part   {applied.part}, {len(applied.x):,} examples",
        "",
        *text_table(["", *logs], [[applied.part, *map(figure, logs.values())]], style),
    ]
    return "\n".join(map(style.sign, lines)) + "\n"


def evaluation_markdown(applied: Applied, logs: dict[str, float]) -> str:
    said = f"{applied.name} on {applied.data.name} ({len(applied.x):,} examples)"
    rows = [[applied.part, *map(figure, logs.values())]]
    return "\n".join([said, "", *markdown_table(["part", *logs], rows)]) + "\n"


def evaluation_json(applied: Applied, logs: dict[str, float]) -> str:
    found = {
        "schema": SCHEMA,
        "model": applied.name,
        "parameters": applied.model.count_params(),
        "data": applied.data.name,
        "part": applied.part,
        "examples": len(applied.x),
        "results": logs,
    }
    return json_text(found) + "\n"


# --- predict --------------------------------------------------------------------------------------


def predictions_csv(applied: Applied, *, probabilities: bool = False) -> str:
    """A row for each example: what is predicted, the target if it is known, probabilities.

    Errors: UsageError for probabilities of a model that predicts numbers or logits.
    """
    classes = applied.classes
    if probabilities and not classes:
        raise UsageError(f"--proba: {applied.name} predicts numbers, which have no probabilities")
    logits = bool(getattr(applied.model.loss, "from_logits", False))
    if probabilities and logits:
        raise UsageError(f"--proba: {applied.name} gives logits, which are no probabilities")
    given = applied.model.predict(applied.x, batch_size=BATCH, verbose=0)
    titles, columns = ["prediction"], [_predicted(given, classes, 0.0 if logits else 0.5)]
    if applied.y is not None:
        titles.append("target")
        columns.append([classes[k] for k in applied.y] if classes else applied.y.tolist())
    if probabilities:
        shares = given if given.shape[1] > 1 else np.column_stack([1 - given, given])
        titles += [f"p({name})" for name in classes]
        columns += shares.T.tolist()
    return csv_text(titles, list(zip(*columns, strict=True)))


def _predicted(given: Array, classes: tuple[str, ...], middle: float) -> list[Any]:
    if not classes:
        found: list[Any] = given[:, 0].tolist()
        return found
    best = given.argmax(axis=1) if given.shape[1] > 1 else (given[:, 0] > middle).astype(int)
    return [classes[k] for k in best]
