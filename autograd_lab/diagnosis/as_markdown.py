"""A diagnosis as Markdown: the table, the verdict, the equations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd_lab.diagnosis import matrix_form, wording
from autograd_lab.diagnosis.as_text import chosen
from autograd_lab.diagnosis.layers_table import LayerRow

if TYPE_CHECKING:
    from autograd_lab.diagnosis.diagnosis import Diagnosis

TITLES = (
    "layer", "shape", "rms act′", "rms δ = ∂L/∂z", "factor", "predicted", "η‖∇W‖/‖W‖", "dead",
    "saturated",
)  # fmt: skip
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def render(d: Diagnosis, precision: int = 3) -> str:
    """Headings, a table and formulas; names from outside are escaped."""
    lines = [f"# {escaped('  '.join([d.title, *d.words]))}", ""]
    lines += [f"{d.parameters:,} parameters, {escaped(d.data)}.", ""]
    loss = f"Loss {wording.number(d.loss, 4)}"
    if d.chance is not None:
        loss += f", chance {escaped(d.chance.formula)} = {d.chance.value:.4f}"
    lines += [f"{loss}.", "", *(f"{escaped(note)}\n" for note in d.notes)]
    rows = [
        ["⋮", *[""] * (len(TITLES) - 1)] if row is None else _cells(row, precision)
        for row in chosen(d.rows)
    ]
    lines += [*table(TITLES, rows), ""]
    first = d.verdict.words[0]
    lines += [f"**Verdict: {d.verdict.word}** {escaped(wording.reason(d, first))}", ""]
    lines += [f"- {escaped(sentence)}" for sentence in wording.sentences(d)]
    if d.tries:
        lines.append(f"- Try {', '.join(f'`{one}`' for one in d.tries)}")
    lines += ["", "## Backpropagation in matrices", ""]
    lines += [f"$$ {one} $$" for one in equations_latex(d)]
    return "\n".join(lines) + "\n"


def render_comparison(diagnoses: Sequence[Diagnosis], precision: int = 3) -> str:
    """A row for each variant."""
    first = diagnoses[0]
    titles = ("variant", wording.ratio_name(first), "factor", "theory", "loss", "η‖∇W₁‖/‖W₁‖",
              "dead", "verdict")  # fmt: skip
    rows = []
    for d in diagnoses:
        ratio = wording.inverse_ratio(d)
        dead = d.verdict.deadest
        rows.append(
            [escaped(d.label), "–" if ratio is None else wording.number(ratio, precision - 1),
             wording.times(d.verdict.factor), wording.times(d.verdict.predicted),
             wording.number(d.loss, precision), wording.number(d.rows[0].step, precision - 1),
             wording.share((dead.dead or 0.0) if dead else 0.0),
             f"{d.verdict.word} {escaped(wording.remark(d))}".strip()]
        )  # fmt: skip
    head = [f"# {escaped(first.title)}", "", f"{escaped(first.data)}.", ""]
    return "\n".join([*head, *table(titles, rows)]) + "\n"


def equations_latex(d: Diagnosis) -> list[str]:
    """The equations of the rows that the table shows, with shapes."""
    shown = {row.number for row in chosen(d.rows) if row is not None}
    return [
        matrix_form.with_shapes(one).latex
        for one in matrix_form.equations(d)
        if one.number in shown
    ]


def _cells(row: LayerRow, precision: int) -> list[str]:
    digits = max(precision - 1, 0)
    return [
        str(row.number), f"{row.shape[0]}→{row.shape[1]}",
        "–" if row.rms_slope is None else f"{row.rms_slope:.{precision}f}",
        row.delta.format(digits, "-"), wording.times(row.factor), wording.times(row.predicted),
        row.step.format(digits, "-"),
        "–" if row.dead is None else wording.share(row.dead),
        "–" if row.saturated is None else wording.share(row.saturated),
    ]  # fmt: skip


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of Markdown; cells hold no markup of their own."""
    lines = [titles, ["---"] * len(titles), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is.

    >>> print(escaped("he_normal *x*"))
    he\_normal \*x\*
    """
    return _SPECIAL.sub(r"\\\1", text)
