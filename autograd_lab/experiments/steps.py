"""``explain step``: an optimizer's first steps as arithmetic, from words of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lab import optimizers, registry
from autograd_lab.errors import UsageError
from autograd_lab.experiments.settings import OPTIMIZERS
from autograd_lab.experiments.tables import json_text, markdown_table
from autograd_lab.optimizers import StepExplanation
from autograd_lab.optimizers.step_report import brief

SCHEMA = "autograd-lab/explain-step/1"


def explain_step(
    optimizer: str, g: Sequence[float], *, w: float = 0.0, steps: int | None = None,
    settings: dict[str, Any] | None = None,
) -> StepExplanation:  # fmt: skip
    """The first steps of an optimizer, by a word of ``train`` or a name of Keras.

    One gradient is repeated ``steps`` times; several are those of one step each.

    Errors: UsageError for unknown names and settings that the optimizer does not have.

    >>> explain_step("momentum", [1.0, 0.5], settings={"learning_rate": 0.5}).multiples
    [1.0, 1.4]
    """
    name, own = OPTIMIZERS.get(optimizer, ("", {}))
    made = (
        getattr(optimizers, name) if name else _class_of(registry.find("optimizers", optimizer))
    )(**{**own, **(settings or {})})
    found: StepExplanation = made.explain_step(g[0] if len(g) == 1 else list(g), w=w, steps=steps)
    return found


def _class_of(found: Any) -> Any:
    if isinstance(found, type) and issubclass(found, optimizers.Optimizer):
        return found
    raise UsageError(f"{found!r} is no optimizer")


def step_json(explanation: StepExplanation) -> str:
    return json_text({"schema": SCHEMA, **explanation.as_dict()}) + "\n"


def step_markdown(explanation: StepExplanation) -> str:
    """A table for each step, whose formulas are LaTeX between dollars."""
    said = ", ".join(
        f"${one.symbol.latex} = {brief(one.value).latex}$" for one in explanation.settings
    )
    lines = [f"**{explanation.optimizer}**, {said}, convention: {explanation.convention}"]
    for step in explanation.steps:
        cells = [
            [_math(one.name.latex), _math(one.formula.latex), _math(one.numbers.latex),
             _math(brief(one.value).latex)]
            for one in step.lines
        ]  # fmt: skip
        cells.append([_math(r"\text{step}/\eta"), "", "", _math(brief(step.multiple).latex)])
        table = markdown_table(["quantity", "formula", "with numbers", "value"], cells)
        lines += ["", f"Step {step.t}, gradient {_math(brief(step.gradient).latex)}", "", *table]
    return "\n".join(lines) + "\n"


def _math(latex: str) -> str:
    return f"${latex}$"
