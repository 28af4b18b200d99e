"""The text of a derivation: the slide's forms, the walk back, sums over paths, closed forms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autograd_lab.explanations.derivation import Derivation, Factor, PathProduct, bracketed
from autograd_lab.explanations.layout import (
    MOST_ROWS,
    Column,
    Stack,
    Style,
    bar,
    product,
    shortened,
    table,
    wrap,
)
from autograd_lab.notation import Formula
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.explanations.explanation import Explanation

MOST_FACTORS = 13  # of a product written out; longer ones show both ends
MOST_PATHS = 10


def gradient_text(e: Explanation, x: Scaled, style: Style) -> str:
    """A chain's gradients are compared across layers, so all stand in powers of ten."""
    return style.scientific(x) if e.problem.chain else style.number(x)


def derivation(e: Explanation, d: Derivation, style: Style) -> list[tuple[str, list[str]]]:
    if d.count == 0:
        name = e.problem.label(d.wrt)
        why = f"no path leads to {name}: the gradient is exactly 0"
        if e.problem.leaves[d.wrt] in e.conditions:
            why += f"; {name} only decides which branch is taken, and a condition has no slope"
        return [("THE PRODUCT", wrap(why, style))]
    if d.count > 1:
        parts = [(f"A SUM OVER {d.count:,} PATHS", _sum_of_paths(e, d, style))]
    else:
        slide = ", AS ON THE SLIDE" if e.problem.chain else ""
        parts = [(f"THE PRODUCT{slide}", _product(e, d, style))]
        if e.mode != "symbolic":
            parts.append(
                (
                    "WALK BACK  each line multiplies one more local derivative",
                    _walk(e, d.paths[0], style),
                )
            )
    if e.mode != "numeric" and (d.closed_form is not None or e.problem.chain is None):
        parts.append((_closed_title(e), _closed(e, d, style)))
    if e.show_steps:
        parts.append(("STEP BY STEP", _steps(e, d, style)))
    return parts


def _ends(factors: tuple[Factor, ...], style: Style) -> tuple[list[Factor | None], int]:
    """The factors to write out; None marks a gap. Also how many were left out."""
    if style.verbose or len(factors) <= MOST_FACTORS:
        return list(factors), 0
    return [*factors[:5], None, *factors[-4:]], len(factors) - 9


def _product(e: Explanation, d: Derivation, style: Style) -> list[str]:
    path = d.paths[0]
    shown, left_out = _ends(path.factors, style)
    above, below = f"∂{e.problem.label(e.problem.output_name)}", f"∂{e.problem.label(d.wrt)}"
    lines: list[str] = []
    lines += product(Stack(above, below), [_fraction(f) for f in shown], style)
    if e.problem.chain is not None:
        lines += ["", *product(Stack("", ""), [_written(f) for f in shown], style)]
        if e.mode != "numeric":
            lines += ["", *product(Stack("", ""), [_with_weights(f) for f in shown], style)]
    under = [_under(e, f, style) for f in shown]
    lines += [""] * bool(e.problem.chain)
    for i in range(len(under[0])):
        lines += _row(" · ".join(u[i] for u in under), style)
    if left_out:
        lines += wrap(f"({left_out:,} factors between are left out here; -v writes all)", style)
    if e.mode != "symbolic":
        lines += wrap(f"= {gradient_text(e, d.total, style)}" + size_words(d, style), style)
    return lines


def _row(text: str, style: Style) -> list[str]:
    return wrap("= " + text, style, "   ", "     ")


def size_words(d: Derivation, style: Style) -> str:
    if d.total.underflows:
        return style.sign("   (smaller than a float can hold: reverse mode on floats says 0)")
    if d.total.overflows:
        return "   (larger than a float can hold)"
    return ""


def _fraction(factor: Factor | None) -> Stack:
    if factor is None:
        return Stack("…")
    above, _, below = factor.partial.text.partition("/")
    return Stack(above, below)


def _written(factor: Factor | None) -> Stack:
    """The slide's second form: z spelled out under the derivative."""
    if factor is None or factor.written == factor.partial:
        return _fraction(factor)
    above, _, below = factor.written.text.rpartition("/")
    return Stack(above, below)


def _with_weights(factor: Factor | None) -> Stack:
    """The slide's third form: what a sum leaves behind is its weight, or 1."""
    if factor is None or factor.written == factor.partial or factor.symbol is None:
        return _fraction(factor)
    return Stack(factor.symbol.text)


def _under(e: Explanation, factor: Factor | None, style: Style) -> list[str]:
    if factor is None:
        return ["…"] * ((e.mode != "numeric") + (e.mode != "symbolic"))
    lines = []
    if factor.symbol is not None:
        lines.append(bracketed(factor.symbol).text)
    if e.mode != "symbolic":
        value = style.brief(factor.value)
        lines.append(f"({value})" if value.startswith("-") else value)
    return lines


def _walk(e: Explanation, path: PathProduct, style: Style) -> list[str]:
    top = e.problem.label(e.problem.output_name)
    sizes = [f.running.log10 for f in path.factors if f.running.sign and f.running.is_finite]
    least, most = min(sizes, default=0.0) - 0.5, max(sizes, default=0.0)
    rows = []
    for f in path.factors:
        symbol = f" = {f.symbol.text}" if f.symbol is not None else ""
        equals = ", ".join(f"∂{top}/∂{e.problem.label(name)}" for name in f.equals)
        size = f.running.log10
        running = gradient_text(e, f.running, style)
        log10 = f"{size:+.2f}" if math.isfinite(size) else ""
        rows.append(
            [f"· {f.partial.text}{symbol}", style.number(f.value), running, equals, log10,
             bar(size, least, most, style)]
        )  # fmt: skip
    columns = [
        Column("local derivative", "<"), Column("value"), Column("product so far"),
        Column("which is", "<"), Column("log₁₀", ">", drop=1), Column("", "<", drop=2),
    ]  # fmt: skip
    return table(columns, shortened(rows, MOST_ROWS, style), style)


def _sum_of_paths(e: Explanation, d: Derivation, style: Style) -> list[str]:
    top, below = e.problem.label(e.problem.output_name), e.problem.label(d.wrt)
    most = len(d.paths) if e.show_paths or style.verbose else MOST_PATHS
    rows = []
    for path in d.paths[:most]:
        names = [e.problem.written[f.edge.source].text for f in path.factors[:-1]]
        symbols = " · ".join(_under(e, f, style)[0] for f in path.factors)
        row = ["via " + " ← ".join(names) if names else "directly", "= " + symbols]
        if e.mode == "both":
            row.append("= " + " × ".join(_under(e, f, style)[1] for f in path.factors))
        if e.mode != "symbolic":
            known = path.share is not None and math.isfinite(path.share)
            share = (
                f"{100 * path.share + 0.0:.1f} %"
                if known and path.share
                else "0 %"
                if known
                else ""
            )
            row += ["= " + gradient_text(e, path.product, style), share]
        rows.append(row)
    columns = [Column("", "<"), Column("product of the path", "<")]
    columns += [Column("with numbers", "<", drop=1)] * (e.mode == "both")
    columns += [Column("value", "<"), Column("share")] * (e.mode != "symbolic")
    lines = table(columns, rows, style)
    if d.count > most:
        found = (
            "all of them: --paths"
            if d.count <= len(d.paths)
            else f"the first {len(d.paths):,}: --paths"
        )
        lines += wrap(f"... and {d.count - most:,} more paths ({found})", style)
    if e.mode != "symbolic":
        lines.append(
            style.sign(f"   total: ∂{top}/∂{below} = ")
            + gradient_text(e, d.total, style)
            + size_words(d, style)
        )
    if d.count > 1 and (factored := e.factored(d.wrt)):
        lines += ["", "   Factored, as reverse mode computes it: each shared part once"]
        for formula in factored[:MOST_ROWS]:
            lines += wrap(formula.text, style, "   ", "       ")
    return lines


def _closed_title(e: Explanation) -> str:
    return "CLOSED FORM  (SymPy" + (
        ", exponentials written out)" if e.expand else "; --expand writes the exponentials)"
    )


def _closed(e: Explanation, d: Derivation, style: Style) -> list[str]:
    left = f"∂{e.problem.label(e.problem.output_name)}/∂{e.problem.label(d.wrt)}"
    if d.closed_form is None:
        return wrap(
            "too long to read for a graph of this size; the product above is the derivative", style
        )
    return wrap(f"{left} = {d.closed_form.text}", style, "   ", "       ")


def _steps(e: Explanation, d: Derivation, style: Style) -> list[str]:
    """Reverse mode as sentences, from the output down."""
    lines = [f"   forward: compute every value, inputs first ({len(e.problem.quantities())} steps)"]
    top = e.problem.label(e.problem.output_name)
    lines.append(style.sign(f"   backward: start with ∂{top}/∂{top} = 1, then"))
    x = e.problem.leaves[d.wrt]
    edges = e.edges_of(x)
    for node in sorted({edge.source for edge in edges}, key=lambda n: -n.serial):
        name = e.problem.written[node].text
        terms, numbers = [], []
        for edge in e.slopes.users(node):
            if edge in edges:
                above = e.problem.written[edge.node].text
                terms.append(f"∂{top}/∂{above} × {bracketed_text(e.symbol(edge))}")
                upper = style.brief(float(e.slopes.gradient(edge.node)))
                numbers.append(f"{upper} × {style.brief(edges[edge])}")
        value = "" if e.mode == "symbolic" else (
            f" = {' + '.join(numbers)} = {gradient_text(e, e.slopes.gradient(node), style)}"
        )  # fmt: skip
        lines += wrap(f"∂{top}/∂{name} = {' + '.join(terms)}{value}", style, "   ", "       ")
    return lines


def bracketed_text(text: str) -> str:
    return bracketed(Formula(text, "")).text
