"""An explanation as Markdown: tables for numbers, $ formulas $ for symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd_lab.explanations import as_latex
from autograd_lab.notation import latex_name

if TYPE_CHECKING:
    from autograd_lab.explanations.explanation import Explanation

MOST_ROWS = 60


def render(e: Explanation, precision: int = 6) -> str:
    """Headings, tables and formulas; user text appears in formulas only, never as markup."""
    top = latex_name(e.problem.output_name)
    lines = [f"# ${e.problem.heading.latex}$", ""]
    lines += [
        "## Forward",
        "",
        *_table(["", "formula", "value", "gradient"], _quantities(e, precision)),
    ]
    for d in e.derivations:
        left = rf"\partial {top} / \partial {latex_name(d.wrt)}"
        lines += ["", f"## ${left}$", ""]
        if d.count != 1:
            lines += [f"The sum over {d.count:,} paths.", ""]
        for path in d.paths[:1] if d.count == 1 else []:
            rows = [
                [
                    f"${f.partial.latex}$",
                    f"${f.symbol.latex}$" if f.symbol else "",
                    f"${as_latex.number(f.value, precision)}$" if e.mode != "symbolic" else "",
                    f"${as_latex.scaled(f.running, precision)}$" if e.mode != "symbolic" else "",
                    ", ".join(rf"$\partial {top}/\partial {latex_name(n)}$" for n in f.equals),
                ]
                for f in path.factors
            ]
            lines += _table(
                ["local derivative", "symbol", "value", "product so far", "which is"], rows
            )
        if d.count > 1:
            rows = [
                [" ← ".join(f"${e.problem.written[f.edge.source].latex}$" for f in path.factors),
                 f"${as_latex.scaled(path.product, precision)}$" if e.mode != "symbolic" else ""]
                for path in d.paths
            ]  # fmt: skip
            lines += _table(["path", "product"], rows)
        if e.mode != "symbolic":
            lines += ["", f"$$ {left} = {as_latex.scaled(d.total, precision)} $$"]
        if d.closed_form is not None:
            lines += ["", f"$$ {left} = {d.closed_form.latex} $$"]
    if e.mode != "symbolic":
        lines += ["", f"**Verdict: {e.verdict.word}**"]
    lines += ["", "## Checks", ""]
    lines += _table(
        ["witness", "says", "gradients", "largest relative difference"],
        [[c.witness, c.status, f"{c.done} of {c.total}", f"{c.largest:.0e}" if c.done else ""]
         for c in e.checks],
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def _quantities(e: Explanation, precision: int) -> list[list[str]]:
    rows = []
    for node in e.problem.quantities():
        row = [f"${e.problem.written[node].latex}$", f"${e.problem.formulas[node].latex}$", "", ""]
        if e.mode != "symbolic":
            row[2] = str(node.value) if isinstance(node.value, bool) else (
                f"${as_latex.number(float(node), precision)}$"
            )  # fmt: skip
            row[3] = f"${as_latex.scaled(e.slopes.gradient(node), precision)}$"
        rows.append(row)
    return rows


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if len(rows) > MOST_ROWS:
        half = MOST_ROWS // 2
        rows = [*rows[:half], ["⋮", *[""] * (len(titles) - 1)], *rows[-half:]]
    lines = [titles, ["---"] * len(titles), *rows]
    return [
        "| " + " | ".join(cell.replace("|", r"\vert ") for cell in line) + " |" for line in lines
    ]
