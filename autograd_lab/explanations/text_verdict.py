"""The text of what follows from a derivation: every layer, all gradients, verdict, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd_lab.explanations.layout import (
    MOST_ROWS,
    Column,
    Style,
    shortened,
    table,
    words_of,
    wrap,
)
from autograd_lab.explanations.problem import Chain
from autograd_lab.explanations.text_product import gradient_text, size_words
from autograd_lab.explanations.verdict import FACTOR, SATURATED_SHARE
from autograd_lab.notation import act_letter
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.explanations.explanation import Explanation, Gradient


def layers(e: Explanation, chain: Chain, style: Style) -> list[str]:
    rows = []
    act = act_letter(chain.act)
    by_j = {bound.j: bound for bound in e.bounds}
    for j in range(chain.size, 0, -1):
        w, b = chain.weights[j - 1], chain.biases[j - 1]
        row = [
            str(j),
            gradient_text(e, e.slopes.gradient(b), style),
            gradient_text(e, e.slopes.gradient(w), style),
            "",
            "",
        ]
        if j in by_j:
            bound = by_j[j]
            weight, steep = style.brief(bound.weight), style.brief(bound.slope)
            row[3] = f"{weight} × {steep} = {style.brief(bound.factor)}"
            row[4] = _change(abs(bound.factor))
        rows.append(row)
    columns = [
        Column("j"), Column("∂C/∂bⱼ"), Column("∂C/∂wⱼ"),
        Column(f"factor from layer j+1: wⱼ₊₁·{act}′(zⱼ)", "<"), Column("", "<", drop=1),
    ]  # fmt: skip
    return table(columns, shortened(rows, MOST_ROWS, style), style)


def _change(factor: float) -> str:
    if factor == 1:
        return "unchanged"
    if not 1e-300 < factor < 1e300:
        return "↓ to 0" if factor == 0 else "↓ almost to 0" if factor < 1 else "↑ beyond measure"
    return f"↓ ÷{1 / factor:.3g}" if factor < 1 else f"↑ ×{factor:.3g}"


def gradients(e: Explanation, style: Style) -> list[str]:
    top = e.problem.label(e.problem.output_name)
    rows = []
    for g in sorted(e.gradients, key=lambda g: -abs(g.value).log10):
        name, value = f"∂{top}/∂{e.problem.label(g.name)}", gradient_text(e, g.value, style)
        extremes = [_named(e, g, which, style) for which in ("biggest", "smallest")]
        rows += [[name, value, f"{g.paths:,}", *extremes]]
    columns = [
        Column("", "<"), Column("value"), Column("paths"), Column("biggest factor", "<", drop=2),
        Column("smallest factor", "<", drop=1),
    ]  # fmt: skip
    return table(columns, shortened(rows, MOST_ROWS, style), style)


def _named(e: Explanation, gradient: Gradient, which: str, style: Style) -> str:
    edge = gradient.biggest if which == "biggest" else gradient.smallest
    if edge is None:
        return "–"
    symbol, value = e.symbol(edge), style.brief(e.slopes.on[edge])
    return f"{symbol} = {value}" if symbol != value else value


def answer(e: Explanation, style: Style) -> list[str]:
    top = e.problem.label(e.problem.output_name)
    return [
        style.sign(f"∂{top}/∂{e.problem.label(d.wrt)} = ")
        + gradient_text(e, d.total, style)
        + size_words(d, style)
        for d in e.derivations
    ]


def painted_words(e: Explanation, style: Style) -> str:
    colors = {"FINE": "good", "SATURATED": "warn"}
    return " ".join(style.paint(w, colors.get(w, "bad")) for w in e.verdict.words) or "none"


def verdict(e: Explanation, style: Style) -> list[str]:
    return [f"VERDICT {painted_words(e, style)}"]


def failures(e: Explanation, style: Style) -> list[str]:
    return checks(e, style) if e.failed else []


def verdict_reasons(e: Explanation, style: Style) -> list[str]:
    v = e.verdict
    if v.ratio is None:
        return wrap(v.reason, style)
    top = e.problem.label(e.problem.output_name)
    lower, upper = f"∂{top}/∂{e.problem.label(v.lower)}", f"∂{top}/∂{e.problem.label(v.upper)}"
    ratio = _plain_size(v.ratio)
    lines = wrap(f"R = |{lower}| / |{upper}| = {ratio}{_inverse(e)}", style)
    lines += wrap(_rule(e), style)
    if v.judged:
        lines += wrap(
            f"SATURATED needs most slopes below {SATURATED_SHARE} of their maximum: "
            f"{len(v.saturated)} of {v.judged} are",
            style,
        )
    if e.problem.chain is not None:
        lines += _slide_rule(e, e.problem.chain, style)
    return lines


def _plain_size(x: Any) -> str:
    return words_of(x) or (
        f"{float(x):.6g}" if not (x.underflows or x.overflows) else x.format(3, "-")
    )


def _inverse(e: Explanation) -> str:
    v = e.verdict
    assert v.ratio is not None
    if not v.ratio.is_finite:
        return ""
    if not v.ratio.sign:
        return _zero_reason(e)
    top = e.problem.output_name
    lower, upper = e.problem.label(v.lower), e.problem.label(v.upper)
    one = Scaled.of(1.0)
    if v.ratio <= one:
        times = _plain_five(one / v.ratio)
        return f":  |∂{top}/∂{upper}| is {times} × |∂{top}/∂{lower}|"
    return f":  |∂{top}/∂{lower}| is {_plain_five(v.ratio)} × |∂{top}/∂{upper}|"


def _zero_reason(e: Explanation) -> str:
    """Which factor is 0, since that is why nothing arrives."""
    on = e.slopes.on
    dead = next((edge for edge in reversed(e.asked_edges) if on[edge] == 0), None)
    if dead is None:
        return ":  the factors between them multiply to 0"
    above, below = e.problem.written[dead.node].text, e.problem.written[dead.source].text
    return f":  nothing passes {above}, since ∂{above}/∂{below} = 0"


def _plain_five(x: Any) -> str:
    """Five significant digits, a whole number without a point."""
    if x.underflows or x.overflows:
        return str(x.format(3, "-"))
    value = float(x)
    return f"{value:.0f}" if value.is_integer() and value < 1e5 else f"{value:#.5g}".rstrip(".")


def _rule(e: Explanation) -> str:
    v = e.verdict
    assert v.ratio is not None
    size = _plain_size(v.ratio)
    low, high = f"1/16 = {1 / FACTOR}", f"{FACTOR:g}"
    if "VANISHING" in v.words:
        return f"Rule: VANISHING if R ≤ {low}, and {size} ≤ {1 / FACTOR}"
    if "EXPLODING" in v.words:
        return f"Rule: EXPLODING if R ≥ {high}, and {size} ≥ {high}"
    return f"Rule: VANISHING if R ≤ {low}, EXPLODING if R ≥ {high}; R = {size} is neither"


def _slide_rule(e: Explanation, chain: Chain, style: Style) -> list[str]:
    """The slide's two inequalities with both sides evaluated, absolute values added."""
    lines: list[str] = []
    n, act = chain.size, act_letter(chain.act)
    if n >= 3 and chain.act == "sigmoid":
        pair = [b for b in e.bounds if b.j in (n - 2, n - 3 if n > 3 else n - 2)][-2:][::-1]
        parts, small = [], all(abs(b.factor) < 0.25 for b in pair)
        for b in pair:
            sign = "<" if abs(b.factor) < 0.25 else "=" if abs(b.factor) == 0.25 else ">"
            name = f"|{e.problem.label(f'w{b.j + 1}')}σ′({e.problem.label(f'z{b.j}')})|"
            parts.append(f"{name} = {style.brief(abs(b.factor))} {sign} ¼")
        need = 4 ** len(pair)
        end = (
            f"so the factor between them must exceed {need}  ✓"
            if small
            else "so the slide's rule does not decide"
        )
        if n == 4 or small:
            lines += wrap(f"Slide rule, with absolute values: {' and '.join(parts)}, {end}", style)
    first = e.bounds[0] if e.bounds else None
    if first is not None and abs(first.weight) > 1 and abs(first.factor) < 1:
        w, z = e.problem.label(f"w{first.j + 1}"), e.problem.label(f"z{first.j}")
        lines += wrap(
            f"Note: |{w}| = {style.brief(abs(first.weight))} > 1 and the factor still shrinks, "
            f"because {act}′({z}) is {style.brief(first.slope)}",
            style,
        )
    if chain.act == "sigmoid":
        lines += _window(e, style)
    eta = 0.1
    last, start = chain.biases[-1], chain.biases[0]
    moves = [e.slopes.gradient(b) * eta for b in (last, start)]
    if chain.size > 1 and all(move.is_finite and move.mantissa for move in moves):
        lines += wrap(
            f"One SGD step with η = {eta} moves {e.problem.label(f'b{n}')} by "
            f"{abs(moves[0]).format(1, '-')} and b₁ by {abs(moves[1]).format(1, '-')}",
            style,
        )
    return lines


def _window(e: Explanation, style: Style) -> list[str]:
    wide = [b for b in e.bounds if b.window > 0]
    if not wide:
        return wrap("No factor can reach 1: |wσ′(z)| ≥ 1 needs |w| ≥ 4, as σ′ ≤ ¼", style)
    b = max(wide, key=lambda b: abs(b.weight))
    width = "of any width" if b.window == float("inf") else f"{b.window:.4g} wide"
    inputs = e.problem.label(f"a{b.j - 1}") if b.j > 1 else "x"
    return wrap(
        f"A factor can exceed 1 only for |w| > 4: for {e.problem.label(f'w{b.j + 1}')} = "
        f"{style.brief(b.weight)} the window of inputs {inputs} is {width}",
        style,
    )


def naive(e: Explanation, style: Style) -> list[str]:
    lines = []
    for name, run in e.naive_runs.items():
        right = e.slopes.gradient(e.problem.leaves[name])
        top = e.problem.label(e.problem.output_name)
        wrong = "the same here" if float(right) == float(run.value) else "wrong"
        if not run.complete:
            wrong = f"stopped after {run.visits:,} visits; the number is not final"
        needed = len(e.edges_nodes(name))
        lines += wrap(
            f"∂{top}/∂{e.problem.label(name)}: correct {_whole(right)} · without topological order "
            f"{_whole(run.value)} ({wrong}) · {run.visits:,} visits instead of {needed:,}",
            style,
        )
        order = " ".join(e.problem.written[n].text for n in run.order[:14])
        right_order = " ".join(e.problem.written[n].text for n in e.edges_nodes(name)[:14])
        dots = " …" if run.visits > 14 else ""
        lines += wrap(f"visits {order}{dots}  instead of  {right_order}", style)
    return lines


def _whole(x: Any) -> str:
    value = float(x)
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else x.format(6, "-")


MARKS = {"agree": "✓", "disagree": "✗", "inconclusive": "?", "left out": "–"}


def checks(e: Explanation, style: Style) -> list[str]:
    rows = []
    for c in e.checks:
        counted = f"{c.done:,} of {c.total:,} gradients" if c.total else ""
        gap = f"relative difference ≤ {c.largest:.0e}" if c.largest else "no difference"
        said = gap if c.done else c.status
        rows.append([MARKS[c.status], c.witness, counted, said])
    columns = [Column("", "<"), Column("", "<"), Column("", ">"), Column("", "<")]
    lines = table(columns, rows, style)[1:]
    for c in e.checks:
        if c.worst is not None:
            top, name = e.problem.label(e.problem.output_name), e.problem.label(c.worst.name)
            lines += wrap(
                f"check failed: reverse mode and {c.witness} disagree for ∂{top}/∂{name}: reverse "
                f"{c.worst.reverse}, {c.witness} {c.worst.other}, relative {c.worst.relative:.1e}",
                style,
            )
        for note in c.notes:
            lines += wrap(f"{c.witness}: {note}", style, "      ")
    return lines
