"""A diagnosis as text for a terminal: the table, the verdict, and a line for each variant."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd_lab.diagnosis import matrix_form, wording
from autograd_lab.diagnosis.layers_table import LayerRow
from autograd_lab.explanations.layout import Column, Style, bar, table
from autograd_lab.notation import short
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.diagnosis.diagnosis import Diagnosis

WHOLE = 14  # rows that are shown without gaps
DECADES = 12.0  # the least range of the bars, so that a level net looks level
STRIDES = (2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
MILESTONES = 4  # rows between the ends of a long table
KINDS = {"EXPLODING": "bad", "VANISHING": "bad", "DEAD": "bad", "SATURATED": "warn", "FINE": "good"}
_ASCII = str.maketrans({"‖": "|", "∇": "grad", "∞": "inf", "⊙": "*", "⋅": "*"})


def render(d: Diagnosis, theory: bool = False, matrices: bool = False, **options: Any) -> str:
    """The whole text; ``options`` make a Style.

    ``theory`` adds the columns of infinite width, ``matrices`` the equations with their shapes.
    """
    style = Style(**options)
    if style.quiet:
        return "\n".join(_verdict_line(d, style)) + "\n"
    lines = [*_heading(d, style), "", *_table(d, style, theory), ""]
    if matrices:
        lines += [*_matrices(d, style), ""]
    lines += _verdict(d, style)
    if theory:
        for sentence in wording.critical_line(d):
            lines += _wrapped(sentence, style, "  ", "    ")
    return "\n".join(lines) + "\n"


def render_comparison(diagnoses: Sequence[Diagnosis], **options: Any) -> str:
    """One line for each variant."""
    style = Style(**options)
    first = diagnoses[0]
    heading = f"{first.title}   {first.data}   η = {short(first.learning_rate)}"
    lines = [] if style.quiet else [*_wrapped(heading, style, ""), ""]
    top = wording.ratio_name(first)
    columns = [
        Column("variant", "<"), Column(top), Column("factor", ">", 2), Column("theory", ">", 3),
        Column("loss", ">", 6), Column("η‖∇W₁‖/‖W₁‖", ">", 5), Column("dead", ">", 4),
        Column("verdict", "<"), Column("", "<", 7),
    ]  # fmt: skip
    rows = [_variant(d) for d in diagnoses]
    lines += _lines(columns, rows, style)
    return "\n".join(lines) + "\n"


def _variant(d: Diagnosis) -> list[str]:
    v, ratio = d.verdict, wording.inverse_ratio(d)
    dead = v.deadest.dead if v.deadest is not None else 0.0
    return [
        d.label, "–" if ratio is None else wording.number(ratio), wording.times(v.factor),
        wording.times(v.predicted), f"{d.loss:.3g}", wording.number(d.rows[0].step),
        wording.share(dead or 0.0), v.word, wording.remark(d),
    ]  # fmt: skip


def _heading(d: Diagnosis, style: Style) -> list[str]:
    head = f"{'  '.join([d.title, *d.words])}   {d.parameters:,} parameters   {d.data}"
    loss = f"loss {_loss(d.loss)}"
    if d.chance is not None:
        chance = d.chance
        loss += f"   (chance = {chance.formula} = {chance.value:.4f})"
    notes = [line for text in d.notes for line in _wrapped(text, style, "", "   ")]
    return [*_wrapped(head, style, "", "   "), *notes, _plain(loss, style)]


def _loss(loss: float) -> str:
    return f"{loss:.4f}" if math.isfinite(loss) and abs(loss) < 1e6 else wording.number(loss, 4)


def _table(d: Diagnosis, style: Style, theory: bool) -> list[str]:
    logs = [row.delta.log10 for row in d.rows if math.isfinite(row.delta.log10)]
    most = max(logs, default=0.0)
    least = min([*logs, most - DECADES])
    hidden = [row.shape for row in d.hidden[1:]]
    dead = any(row.dead for row in d.rows)
    flat = any((row.saturated or 0.0) >= 0.005 for row in d.rows)
    columns = [
        Column("layer"), Column("shape", ">", 9 if len(set(hidden)) < 2 else 6),
        Column("rms act′", ">", 3), Column("rms dL/dz" if style.ascii else "rms δ=∂L/∂z"),
        Column("factor"),
        Column("predict", ">", 1), Column("η‖∇W‖/‖W‖", ">", 2),
    ]  # fmt: skip
    columns += [Column("∞ width", ">", 4), Column("rms z", ">", 4), Column("√q", ">", 4)] * theory
    columns += [Column("dead", ">", 8)] * dead + [Column("flat", ">", 8)] * flat
    columns.append(Column("log₁₀ δ", "<", 5))
    rows: list[list[str]] = []
    for row in chosen(d.rows, style.verbose):
        if row is None:
            rows.append(["⋮", *[""] * (len(columns) - 1)])
            continue
        cells = _cells(row)
        cells += _infinite(row) * theory
        cells += ["–" if row.dead is None else wording.share(row.dead)] * dead
        cells += ["–" if row.saturated is None else wording.share(row.saturated)] * flat
        rows.append([*cells, bar(row.delta.log10, least, most, style)])
    return _lines(columns, rows, style)


def _cells(row: LayerRow) -> list[str]:
    return [
        str(row.number), f"{row.shape[0]}→{row.shape[1]}",
        "–" if row.rms_slope is None else f"{row.rms_slope:.3f}",
        wording.number(row.delta) if not row.delta.is_finite else row.delta.format(1, "-"),
        wording.times(row.factor), wording.times(row.predicted),
        wording.number(row.step) if not row.step.is_finite else row.step.format(1, "-"),
    ]  # fmt: skip


def _infinite(row: LayerRow) -> list[str]:
    """The recursion of infinite width beside what was measured."""
    expected = "–" if row.theory_z is None else wording.number(row.theory_z, 2)
    return [wording.times(row.theory), wording.number(row.rms_z, 2), expected]


def chosen(rows: Sequence[LayerRow], everything: bool = False) -> list[LayerRow | None]:
    """From the output down; of a deep net both ends and milestones, None for what is left out."""
    down = list(reversed(rows))
    if everything or len(down) <= WHOLE:
        return list(down)
    stride = next(s for s in STRIDES if len(down) // s <= MILESTONES)
    kept = [
        row
        for i, row in enumerate(down)
        if i < 4 or row.number <= 2 or (row.number % stride == 0 and row.number > 3)
    ]
    shown: list[LayerRow | None] = []
    before = down[0].number + 1
    for row in kept:
        shown += [None] * (row.number < before - 1)
        shown.append(row)
        before = row.number
    return shown


def _matrices(d: Diagnosis, style: Style) -> list[str]:
    """The equations of the rows shown: a shape for every factor, and the length of delta."""
    shown = {row.number for row in chosen(d.rows, style.verbose) if row is not None}
    title = "BACKPROPAGATION IN MATRICES  for one example, W of shape in × out"
    columns = [Column("", "<"), Column("shapes", "<", 2), Column("‖δ‖"), Column("‖W‖", ">", 1),
               Column("‖∂L/∂W‖", ">", 3)]  # fmt: skip
    rows, before = [], 0
    of_weights = {one.number: one for one in matrix_form.weight_equations(d)}
    kernels = {row.number: row.kernel for row in d.rows}
    for one in matrix_form.equations(d):
        if one.number not in shown:
            if before in shown:
                rows.append(["⋮", *[""] * (len(columns) - 1)])
        else:
            gradient = of_weights[one.number].left.size
            rows.append([
                matrix_form.as_formula(one).text, matrix_form.with_shapes(one).text,
                _size(one.left.size), wording.number(kernels[one.number], 2), _size(gradient),
            ])  # fmt: skip
        before = one.number
    lines = [*_wrapped(title, style, ""), *_lines(columns, rows, style)]
    example = next(iter(of_weights.values()))
    text = f"{matrix_form.as_formula(example).text}, averaged over the batch, and so below"
    return [*lines, *_wrapped(text, style)]


def _size(x: Scaled | None) -> str:
    return "" if x is None else wording.number(x)


# --- verdict --------------------------------------------------------------------------------------


def _verdict_line(d: Diagnosis, style: Style) -> list[str]:
    words = style.paint(d.verdict.word, KINDS[d.verdict.words[0]])
    text = f"VERDICT  {d.verdict.word}   {wording.reason(d, d.verdict.words[0])}"
    lines = _wrapped(text, style, "", "   ")
    return [lines[0].replace(d.verdict.word, words, 1), *lines[1:]]


def _verdict(d: Diagnosis, style: Style) -> list[str]:
    lines = _verdict_line(d, style)
    for sentence in wording.sentences(d):
        lines += _wrapped(sentence, style, "  ", "    ")
    if d.tries:
        lines += _wrapped("Try  " + "   ·   ".join(d.tries), style, "  ", "    ")
    return lines


def _lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> list[str]:
    titles = [Column(_plain(c.title, style), c.align, c.drop) for c in columns]
    return table(titles, [[_plain(cell, style) for cell in row] for row in rows], style)


def _wrapped(text: str, style: Style, indent: str = "   ", again: str | None = None) -> list[str]:
    """A sentence in lines that fit; it breaks between words only."""
    text = _plain(text, style)
    if style.width is None:
        return [indent + text]
    more = indent if again is None else again
    return textwrap.wrap(text, style.width, initial_indent=indent, subsequent_indent=more) or [""]


def _plain(text: str, style: Style) -> str:
    if not style.ascii:
        return text
    return style.sign(text.replace("√units", "sqrt(units)").translate(_ASCII))
