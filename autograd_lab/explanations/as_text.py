"""An explanation as text for a terminal: the slide's product, symbols above numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd_lab.explanations import text_product, text_verdict
from autograd_lab.explanations.chain import STEEPEST
from autograd_lab.explanations.layout import MOST_ROWS, Column, Style, shortened, table, wrap
from autograd_lab.explanations.problem import Chain
from autograd_lab.graph import Node, slope
from autograd_lab.notation import act_letter, short
from autograd_lab.ops import KINKS

if TYPE_CHECKING:
    from autograd_lab.explanations.explanation import Explanation


LONG_NAME = 7  # letters of an activation that fit above a column


def render(e: Explanation, **options: Any) -> str:
    """The whole text; ``options`` are the fields of ``layout.Style``."""
    style = Style(**options)
    if style.quiet:
        return (
            "\n".join(
                [
                    *text_verdict.answer(e, style),
                    *text_verdict.verdict(e, style),
                    *text_verdict.failures(e, style),
                ]
            )
            + "\n"
        )
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
        name = f"  ∂{e.problem.label(e.problem.output_name)}/∂{e.problem.label(d.wrt)}" * (
            len(e.derivations) > 1
        )
        parts += [(title + name, lines) for title, lines in text_product.derivation(e, d, style)]
    if not symbolic:
        if chain is not None:
            parts.append(("EVERY LAYER", text_verdict.layers(e, chain, style)))
        else:
            parts.append(("ALL GRADIENTS", text_verdict.gradients(e, style)))
        if e.show_naive:
            parts.append(("WITHOUT TOPOLOGICAL ORDER", text_verdict.naive(e, style)))
        parts.append(
            (
                "VERDICT  " + text_verdict.painted_words(e, style),
                text_verdict.verdict_reasons(e, style),
            )
        )
    parts.append(("CHECKS", text_verdict.checks(e, style)))
    return parts


def _title(number: int, name: str, style: Style) -> list[str]:
    return [style.paint(style.sign(f"{number}  {name}"), "head")]


def _heading(e: Explanation, style: Style) -> list[str]:
    p = e.problem
    asked = ", ".join(
        f"∂{e.problem.label(p.output_name)}/∂{e.problem.label(name)}" for name in p.wrt
    )
    picked = "  (the smallest; choose with --wrt)" if p.wrt_chosen and len(p.leaves) > 1 else ""
    question = f"asked for: {asked}{picked}"
    lines = []
    if p.chain is not None:
        n, act = p.chain.size, p.chain.act
        title = f"{n} {act} neuron{'s' * (n > 1)} in a chain    {p.heading.text}"
        lines += _joined(title, question, style)
        sketch = style.sign(_sketch(e, p.chain))
        if style.fits(" " + sketch):
            lines += ["", " " + sketch]
    else:
        lines += _joined(p.heading.text, question, style)
    if e.seed is not None:
        drawn = [f"{name}={float(p.leaves[name]):.6g}" for name in p.drawn]
        values = ", ".join(drawn[:12])
        more = ", ..." if len(drawn) > 12 else ""
        lines += wrap(f"values drawn from N(0, 1), seed {e.seed}: {values}{more}", style, "")
    for node in e.kinks:
        lines += _kink_warning(e, node, style)
    return [*lines, *_lost_warning(e, style)]


def _joined(title: str, question: str, style: Style) -> list[str]:
    whole = style.sign(f"{title}    {question}")
    if style.fits(whole):
        return [whole]
    return [*wrap(title, style, "", "    "), *wrap(question, style, "", "    ")]


def _kink_warning(e: Explanation, node: Node, style: Style) -> list[str]:
    """Where the slope is a convention: the place, and the number used there."""
    op, names = node.op, e.problem.written
    assert op is not None
    at = ", ".join(
        f"{names[x].text if x in names else 'its argument'} = {short(float(x))}"
        for x in dict.fromkeys(node.inputs)
        if not x.is_constant
    )
    slopes = [slope(node, i) for i in range(len(node.inputs)) if op.pull(i) is not None]
    rules = [rule for rule in KINKS if rule.op == op.name]
    rule = next((r for r in rules if list(r.slopes) == slopes), rules[0] if rules else None)
    used = " and ".join(style.brief(v) for v in slopes)
    said = f"the slope used is {used} ({rule.reason})" if slopes and rule else rule and rule.reason
    return wrap(f"warning: {op.name} has no derivative at {at}: {said}", style, "", "    ")


def _lost_warning(e: Explanation, style: Style) -> list[str]:
    """What a float cannot hold, in words: otherwise a reader takes 0 or infinite for the truth."""
    lines = []
    for lost in e.lost:
        size, shown = ("smaller", "0") if lost.small else ("larger", "infinite")
        lines += wrap(
            f"warning: {lost.what} is about {lost.size}, {size} than a float can hold: "
            f"it is shown and used as {shown}",
            style, "", "    ",
        )  # fmt: skip
    return lines


def _sketch(e: Explanation, chain: Chain) -> str:
    act = act_letter(chain.act)
    parts, n = ["b₁→ z₁"], chain.size
    for j in range(1, n + 1):
        parts.append(f"─{act}→ {e.problem.label(f'a{j}')}")
        if j < n:
            parts.append(f"─{e.problem.label(f'w{j + 1}')}→ {e.problem.label(f'z{j + 1}')}")
    return " ".join(parts) + " → C"


# --- forward -------------------------------------------------------------------------------------


def _chain_forward(e: Explanation, chain: Chain, style: Style) -> list[str]:
    act = act_letter(chain.act) if len(chain.act) <= LONG_NAME else "act"
    top = STEEPEST[chain.act]
    limit = "¼" if top == 0.25 else f"{top:.4g}"
    rows = []
    for j, (w, b, z, a) in enumerate(
        zip(chain.weights, chain.biases, chain.sums, chain.activations, strict=True), 1
    ):
        steep = slope(a, 0)
        share = abs(steep) / top
        bars = style.sign("▇") * round(10 * min(share, 1))
        values = [style.number(float(v)) for v in (w, b, z)]
        unsigned = [style.number(v).lstrip("+") for v in (float(a), steep)]
        rows.append([str(j), *values, *unsigned, f"{100 * share:.1f} % {bars:<10}"])
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
    top = e.problem.label(p.output_name)
    for node in p.quantities():
        name = p.written[node].text
        row = [name, "= " + p.formulas[node].text]
        if e.mode != "symbolic":
            backward = (
                text_product.gradient_text(e, e.slopes.gradient(node), style)
                if node is not p.view
                else "1"
            )
            value = "true" if node.value is True else "false" if node.value is False else ""
            row += ["= " + e.arithmetic(node).text, value or style.number(float(node)).lstrip("+"),
                    f"∂{top}/∂{name} =", backward]  # fmt: skip
        rows.append(row)
    if e.mode == "symbolic":
        return table([Column("", "<"), Column("formula", "<")], rows, style)
    columns = [
        Column("", "<"), Column("formula", "<"), Column("with numbers", "<", drop=1),
        Column("value"), Column("", ">"), Column("backward, read upwards", "<"),
    ]  # fmt: skip
    return table(columns, shortened(rows, 2 * MOST_ROWS, style), style)


def _notes(e: Explanation, style: Style) -> list[str]:
    lines = [*e.problem.notes, *e.notes]
    if e.problem.chain is not None and e.mode == "both" and not e.show_steps:
        lines.append("Next: add --graph chain.svg, or try --act relu, --w 1 --b auto, --n 20")
    return [line for text in lines for line in wrap(text, style)]
