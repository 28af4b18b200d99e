"""An explanation as text for a terminal: the slide's product, symbols above numbers."""

from __future__ import annotations

from typing import Any

from autograd_lab.explanations.chain import STEEPEST
from autograd_lab.explanations.derivation import Derivation, Factor, PathProduct, bracketed
from autograd_lab.explanations.explanation import Explanation, Gradient
from autograd_lab.explanations.layout import (
    Column,
    Stack,
    Style,
    bar,
    product,
    shortened,
    table,
    words_of,
    wrap,
)
from autograd_lab.explanations.problem import Chain
from autograd_lab.explanations.verdict import FACTOR, SATURATED_SHARE
from autograd_lab.graph import slope
from autograd_lab.notation import Formula, unicode_name
from autograd_lab.ops import KINKS
from autograd_lab.scaled import Scaled

MOST_ROWS = 24
MOST_FACTORS = 13  # of a product written out; longer ones show both ends
MOST_PATHS = 10
LETTERS = {"sigmoid": "σ", "linear": "id"}


def render(e: Explanation, **options: Any) -> str:
    """The whole text; ``options`` are the fields of ``layout.Style``."""
    style = Style(**options)
    if style.quiet:
        return "\n".join([*_answer(e, style), *_verdict(e, style), *_failures(e, style)]) + "\n"
    sections = [_heading(e, style)]
    sections += [
        [*_title(i, name, style), *lines] for i, (name, lines) in enumerate(_parts(e, style), 1)
    ]
    sections.append(_notes(e, style))
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _parts(e: Explanation, style: Style) -> list[tuple[str, list[str]]]:
    chain, symbolic = e.problem.chain, e.mode == "symbolic"
    parts: list[tuple[str, list[str]]] = []
    if chain is None:
        title = "FORWARD" if symbolic else "FORWARD AND BACKWARD"
        parts.append((title, _forward(e, style)))
    elif not symbolic:
        parts.append(("FORWARD", _chain_forward(e, chain, style)))
    for d in e.derivations:
        name = f"  ∂{unicode_name(e.problem.output_name)}/∂{unicode_name(d.wrt)}" * (
            len(e.derivations) > 1
        )
        parts += [(title + name, lines) for title, lines in _derivation(e, d, style)]
    if not symbolic:
        if chain is not None:
            parts.append(("EVERY LAYER", _layers(e, chain, style)))
        else:
            parts.append(("ALL GRADIENTS", _gradients(e, style)))
        if e.show_naive:
            parts.append(("WITHOUT TOPOLOGICAL ORDER", _naive(e, style)))
        parts.append(("VERDICT  " + _painted_words(e, style), _verdict_reasons(e, style)))
    parts.append(("CHECKS", _checks(e, style)))
    return parts


def _title(number: int, name: str, style: Style) -> list[str]:
    return [style.paint(style.sign(f"{number}  {name}"), "head")]


def _heading(e: Explanation, style: Style) -> list[str]:
    p = e.problem
    asked = ", ".join(f"∂{unicode_name(p.output_name)}/∂{unicode_name(name)}" for name in p.wrt)
    picked = "  (the smallest; choose with --wrt)" if p.wrt_chosen and len(p.leaves) > 1 else ""
    question = f"asked for: {asked}{picked}"
    lines = []
    if p.chain is not None:
        n, act = p.chain.size, p.chain.act
        title = f"{n} {act} neuron{'s' * (n > 1)} in a chain    {p.heading.text}"
        lines += _joined(title, question, style)
        sketch = style.sign(_sketch(p.chain))
        if style.fits(" " + sketch):
            lines += ["", " " + sketch]
    else:
        lines += _joined(p.heading.text, question, style)
    if e.seed is not None:
        values = ", ".join(f"{name}={float(x):.6g}" for name, x in list(p.leaves.items())[:12])
        more = ", ..." if len(p.leaves) > 12 else ""
        lines += wrap(f"values drawn from N(0, 1), seed {e.seed}: {values}{more}", style, "")
    for node, op in e.kinks.items():
        lines += _kink_warning(node, op, style)
    return lines


def _joined(title: str, question: str, style: Style) -> list[str]:
    whole = style.sign(f"{title}    {question}")
    if style.fits(whole):
        return [whole]
    return [*wrap(title, style, "", "    "), *wrap(question, style, "", "    ")]


def _kink_warning(node: str, op: str, style: Style) -> list[str]:
    rule = next((k for k in KINKS if k.op == op), None)
    said = (
        f": at {rule.where} the slope used is {_slopes(rule.slopes)} ({rule.reason})"
        if rule
        else ""
    )
    return wrap(
        f"warning: {op} has no derivative where {unicode_name(node)} is computed{said}", style, ""
    )


def _slopes(values: tuple[float, ...]) -> str:
    return " and ".join("infinite" if v == float("inf") else f"{v:.4g}" for v in values) or "none"


def _gradient(e: Explanation, x: Scaled, style: Style) -> str:
    """A chain's gradients are compared across layers, so all stand in powers of ten."""
    return style.scientific(x) if e.problem.chain else style.number(x)


def _sketch(chain: Chain) -> str:
    act = LETTERS.get(chain.act, chain.act)
    parts, n = ["b₁→ z₁"], chain.size
    for j in range(1, n + 1):
        parts.append(f"─{act}→ {unicode_name(f'a{j}')}")
        if j < n:
            parts.append(f"─{unicode_name(f'w{j + 1}')}→ {unicode_name(f'z{j + 1}')}")
    return " ".join(parts) + " → C"


# --- forward -------------------------------------------------------------------------------------


def _chain_forward(e: Explanation, chain: Chain, style: Style) -> list[str]:
    act = LETTERS.get(chain.act, chain.act)
    top = STEEPEST[chain.act]
    limit = "¼" if top == 0.25 else f"{top:.4g}"
    rows = []
    for j, (w, b, z, a) in enumerate(
        zip(chain.weights, chain.biases, chain.sums, chain.activations, strict=True), 1
    ):
        steep = slope(a, 0)
        share = abs(steep) / top
        bars = style.sign("▇") * round(10 * min(share, 1))
        rows.append(
            [str(j), *(style.number(float(v)) for v in (w, b, z)), f"{float(a):.6f}", f"{steep:.6f}",
             f"{100 * share:.1f} % {bars:<10}"]
        )  # fmt: skip
    columns = [
        Column("j"), Column("wⱼ"), Column("bⱼ"), Column("zⱼ = wⱼaⱼ₋₁ + bⱼ"),
        Column(f"aⱼ = {act}(zⱼ)"), Column(f"{act}′(zⱼ)"),
        Column(f"share of the limit {limit}", drop=1),
    ]  # fmt: skip
    lines = table(columns, shortened(rows, MOST_ROWS, style), style)
    cost = e.arithmetic(e.problem.view).text
    value = style.number(float(e.problem.view)).lstrip("+")
    return [*lines, *wrap(f"{e.problem.heading.text} = {cost} = {value}", style)]


def _forward(e: Explanation, style: Style) -> list[str]:
    p, rows = e.problem, []
    top = unicode_name(p.output_name)
    for node in p.quantities():
        name = p.written[node].text
        row = [name, "= " + p.formulas[node].text]
        if e.mode != "symbolic":
            backward = _gradient(e, e.slopes.gradient(node), style) if node is not p.view else "1"
            value = "true" if node.value is True else "false" if node.value is False else ""
            row += ["= " + e.arithmetic(node).text, value or style.number(float(node)).lstrip("+"),
                    f"∂{top}/∂{name} =", backward]  # fmt: skip
        rows.append(row)
    if e.mode == "symbolic":
        return table([Column("", "<"), Column("formula", "<")], rows, style)
    columns = [
        Column("", "<"), Column("formula", "<"), Column("with numbers", "<", drop=1), Column("value"),
        Column("", ">"), Column("backward, read upwards", "<"),
    ]  # fmt: skip
    return table(columns, shortened(rows, 2 * MOST_ROWS, style), style)


# --- the product ---------------------------------------------------------------------------------


def _derivation(e: Explanation, d: Derivation, style: Style) -> list[tuple[str, list[str]]]:
    if d.count == 0:
        name = unicode_name(d.wrt)
        return [("THE PRODUCT", wrap(f"no path leads to {name}: the gradient is exactly 0", style))]
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
    above, below = f"∂{unicode_name(e.problem.output_name)}", f"∂{unicode_name(d.wrt)}"
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
        lines.append(f"   = {_gradient(e, d.total, style)}" + _size_words(d, style))
    return lines


def _row(text: str, style: Style) -> list[str]:
    return wrap("= " + text, style, "   ", "     ")


def _size_words(d: Derivation, style: Style) -> str:
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
    top = unicode_name(e.problem.output_name)
    sizes = [f.running.log10 for f in path.factors if f.running.sign]
    least, most = min(sizes, default=0.0) - 0.5, max(sizes, default=0.0)
    rows = []
    for f in path.factors:
        symbol = f" = {f.symbol.text}" if f.symbol is not None else ""
        equals = ", ".join(f"∂{top}/∂{unicode_name(name)}" for name in f.equals)
        size = f.running.log10
        rows.append(
            [f"· {f.partial.text}{symbol}", style.number(f.value), _gradient(e, f.running, style), equals,
             f"{size:+.2f}" if f.running.sign else "", bar(size, least, most, style)]
        )  # fmt: skip
    columns = [
        Column("local derivative", "<"), Column("value"), Column("product so far"),
        Column("which is", "<"), Column("log₁₀", ">", drop=1), Column("", "<", drop=2),
    ]  # fmt: skip
    return table(columns, shortened(rows, MOST_ROWS, style), style)


def _sum_of_paths(e: Explanation, d: Derivation, style: Style) -> list[str]:
    top, below = unicode_name(e.problem.output_name), unicode_name(d.wrt)
    most = len(d.paths) if e.show_paths or style.verbose else MOST_PATHS
    rows = []
    for path in d.paths[:most]:
        names = [e.problem.written[f.edge.source].text for f in path.factors[:-1]]
        symbols = " · ".join(_under(e, f, style)[0] for f in path.factors)
        row = ["via " + " ← ".join(names) if names else "directly", "= " + symbols]
        if e.mode == "both":
            row.append("= " + " × ".join(_under(e, f, style)[1] for f in path.factors))
        if e.mode != "symbolic":
            share = "" if path.share is None else f"{100 * path.share:.1f} %"
            row += ["= " + _gradient(e, path.product, style), share]
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
            + _gradient(e, d.total, style)
            + _size_words(d, style)
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
    left = f"∂{unicode_name(e.problem.output_name)}/∂{unicode_name(d.wrt)}"
    if d.closed_form is None:
        return wrap(
            "too long to read for a graph of this size; the product above is the derivative", style
        )
    return wrap(f"{left} = {d.closed_form.text}", style, "   ", "       ")


def _steps(e: Explanation, d: Derivation, style: Style) -> list[str]:
    """Reverse mode as sentences, from the output down."""
    lines = [f"   forward: compute every value, inputs first ({len(e.problem.quantities())} steps)"]
    top = unicode_name(e.problem.output_name)
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
                numbers.append(
                    f"{style.brief(float(e.slopes.gradient(edge.node)))} × {style.brief(edges[edge])}"
                )
        value = "" if e.mode == "symbolic" else (
            f" = {' + '.join(numbers)} = {_gradient(e, e.slopes.gradient(node), style)}"
        )  # fmt: skip
        lines += wrap(f"∂{top}/∂{name} = {' + '.join(terms)}{value}", style, "   ", "       ")
    return lines


def bracketed_text(text: str) -> str:
    return bracketed(Formula(text, "")).text


# --- gradients, verdict, checks --------------------------------------------------------------------


def _layers(e: Explanation, chain: Chain, style: Style) -> list[str]:
    rows = []
    act = LETTERS.get(chain.act, chain.act)
    by_j = {bound.j: bound for bound in e.bounds}
    for j in range(chain.size, 0, -1):
        w, b = chain.weights[j - 1], chain.biases[j - 1]
        row = [
            str(j),
            _gradient(e, e.slopes.gradient(b), style),
            _gradient(e, e.slopes.gradient(w), style),
            "",
            "",
        ]
        if j in by_j:
            bound = by_j[j]
            row[3] = (
                f"{style.brief(bound.weight)} × {style.brief(bound.slope)} = {style.brief(bound.factor)}"
            )
            row[4] = _change(abs(bound.factor))
        rows.append(row)
    columns = [
        Column("j"), Column("∂C/∂bⱼ"), Column("∂C/∂wⱼ"),
        Column(f"factor from layer j+1: wⱼ₊₁·{act}′(zⱼ)", "<"), Column("", "<", drop=1),
    ]  # fmt: skip
    return table(columns, shortened(rows, MOST_ROWS, style), style)


def _change(factor: float) -> str:
    if factor == 0:
        return "↓ to 0"
    return (
        "unchanged" if factor == 1 else f"↓ ÷{1 / factor:.3g}" if factor < 1 else f"↑ ×{factor:.3g}"
    )


def _gradients(e: Explanation, style: Style) -> list[str]:
    top = unicode_name(e.problem.output_name)
    rows = []
    for g in sorted(e.gradients, key=lambda g: -abs(g.value).log10):
        rows.append(
            [f"∂{top}/∂{unicode_name(g.name)}", _gradient(e, g.value, style), f"{g.paths:,}",
             _named(e, g, "biggest", style), _named(e, g, "smallest", style)]
        )  # fmt: skip
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


def _answer(e: Explanation, style: Style) -> list[str]:
    top = unicode_name(e.problem.output_name)
    return [
        style.sign(f"∂{top}/∂{unicode_name(d.wrt)} = ")
        + _gradient(e, d.total, style)
        + _size_words(d, style)
        for d in e.derivations
    ]


def _painted_words(e: Explanation, style: Style) -> str:
    colors = {"FINE": "good", "SATURATED": "warn"}
    return " ".join(style.paint(w, colors.get(w, "bad")) for w in e.verdict.words) or "none"


def _verdict(e: Explanation, style: Style) -> list[str]:
    return [f"VERDICT {_painted_words(e, style)}"]


def _failures(e: Explanation, style: Style) -> list[str]:
    return _checks(e, style) if e.failed else []


def _verdict_reasons(e: Explanation, style: Style) -> list[str]:
    v = e.verdict
    if v.ratio is None:
        return wrap(v.reason, style)
    top = unicode_name(e.problem.output_name)
    lower, upper = f"∂{top}/∂{unicode_name(v.lower)}", f"∂{top}/∂{unicode_name(v.upper)}"
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
    if not v.ratio.sign or not v.ratio.is_finite:
        return ""
    top = e.problem.output_name
    lower, upper = unicode_name(v.lower), unicode_name(v.upper)
    one = Scaled.of(1.0)
    if v.ratio <= one:
        times = _plain_five(one / v.ratio)
        return f":  |∂{top}/∂{upper}| is {times} × |∂{top}/∂{lower}|"
    return f":  |∂{top}/∂{lower}| is {_plain_five(v.ratio)} × |∂{top}/∂{upper}|"


def _plain_five(x: Any) -> str:
    return f"{float(x):.5g}" if not (x.underflows or x.overflows) else x.format(3, "-")


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
    n, act = chain.size, LETTERS.get(chain.act, chain.act)
    if n >= 3 and chain.act == "sigmoid":
        pair = [b for b in e.bounds if b.j in (n - 2, n - 3 if n > 3 else n - 2)][-2:][::-1]
        parts, small = [], all(abs(b.factor) < 0.25 for b in pair)
        for b in pair:
            sign = "<" if abs(b.factor) < 0.25 else "=" if abs(b.factor) == 0.25 else ">"
            name = f"|{unicode_name(f'w{b.j + 1}')}σ′({unicode_name(f'z{b.j}')})|"
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
        w, z = unicode_name(f"w{first.j + 1}"), unicode_name(f"z{first.j}")
        lines += wrap(
            f"Note: |{w}| = {style.brief(abs(first.weight))} > 1 and the factor still shrinks, because "
            f"{act}′({z}) is {style.brief(first.slope)}",
            style,
        )
    if chain.act == "sigmoid":
        lines += _window(e, style)
    eta = 0.1
    last, start = chain.biases[-1], chain.biases[0]
    moves = [e.slopes.gradient(b) * eta for b in (last, start)]
    if chain.size > 1:
        lines += wrap(
            f"One SGD step with η = {eta} moves {unicode_name(f'b{n}')} by {abs(moves[0]).format(1, '-')} "
            f"and b₁ by {abs(moves[1]).format(1, '-')}",
            style,
        )
    return lines


def _window(e: Explanation, style: Style) -> list[str]:
    wide = [b for b in e.bounds if b.window > 0]
    if not wide:
        return wrap("No factor can reach 1: |wσ′(z)| ≥ 1 needs |w| ≥ 4, as σ′ ≤ ¼", style)
    b = max(wide, key=lambda b: abs(b.weight))
    width = "of any width" if b.window == float("inf") else f"{b.window:.4g} wide"
    return wrap(
        f"A factor can exceed 1 only for |w| > 4: for {unicode_name(f'w{b.j + 1}')} = "
        f"{style.brief(b.weight)} the window of inputs {unicode_name(f'a{b.j - 1}') if b.j > 1 else 'x'} "
        f"is {width}",
        style,
    )


def _naive(e: Explanation, style: Style) -> list[str]:
    lines = []
    for name, run in e.naive_runs.items():
        right = e.slopes.gradient(e.problem.leaves[name])
        top = unicode_name(e.problem.output_name)
        wrong = "the same here" if float(right) == float(run.value) else "wrong"
        if not run.complete:
            wrong = f"stopped after {run.visits:,} visits; the number is not final"
        lines += wrap(
            f"∂{top}/∂{unicode_name(name)}: correct {_whole(right)} · without topological order "
            f"{_whole(run.value)} ({wrong}) · {run.visits:,} visits instead of {len(e.edges_nodes(name)):,}",
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


def _checks(e: Explanation, style: Style) -> list[str]:
    rows = []
    for c in e.checks:
        counted = f"{c.done:,} of {c.total:,} gradients" if c.total else ""
        said = f"largest relative difference {c.largest:.0e}" if c.done else c.status
        rows.append([MARKS[c.status], c.witness, counted, said])
    columns = [Column("", "<"), Column("", "<"), Column("", ">"), Column("", "<")]
    lines = table(columns, rows, style)[1:]
    for c in e.checks:
        if c.worst is not None:
            top, name = unicode_name(e.problem.output_name), unicode_name(c.worst.name)
            lines += wrap(
                f"check failed: reverse mode and {c.witness} disagree for ∂{top}/∂{name}: reverse "
                f"{c.worst.reverse}, {c.witness} {c.worst.other}, relative {c.worst.relative:.1e}",
                style,
            )
        for note in c.notes:
            lines += wrap(f"{c.witness}: {note}", style, "      ")
    return lines


def _notes(e: Explanation, style: Style) -> list[str]:
    lines = [*e.problem.notes, *e.notes]
    if e.problem.chain is not None and e.mode == "both" and not e.show_steps:
        lines.append("Next: add --graph chain.svg, or try --act relu, --w 1 --b auto, --n 20")
    return [line for text in lines for line in wrap(text, style)]
