"""A diagnosis as LaTeX: a table for ``tabular`` and the equations for amsmath's ``align*``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd_lab.diagnosis import matrix_form, wording
from autograd_lab.diagnosis.as_text import chosen
from autograd_lab.diagnosis.layers_table import LayerRow
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.diagnosis.diagnosis import Diagnosis

_TITLES = (
    "layer", "shape", r"rms $\varphi'$", r"rms $\delta$", "factor", "predicted",
    r"$\eta\|\nabla W\|/\|W\|$",
)  # fmt: skip
_SPECIAL = re.compile(r"([#$%&_{}])")
_WRITTEN = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def render(d: Diagnosis, precision: int = 3) -> str:
    """The table, the equations with a shape under every factor, and lengths beside them."""
    lines = ["% autograd-lab: gradients of a net, layer by layer; needs amsmath"]
    lines += [f"% {_comment('  '.join([d.title, *d.words]))}; {_comment(d.data)}"]
    lines += [rf"\begin{{tabular}}{{{'r' * len(_TITLES)}}}", " & ".join(_TITLES) + r" \\ \hline"]
    for row in chosen(d.rows):
        cells = [r"$\vdots$", *[""] * (len(_TITLES) - 1)] if row is None else _cells(row, precision)
        lines.append(" & ".join(cells) + r" \\")
    lines += [r"\end{tabular}", "", "% backpropagation for one example, W of shape in x out"]
    lines += [r"\begin{align*}", *_equations(d, precision), r"\end{align*}"]
    lines.append(f"% verdict: {d.verdict.word}")
    return "\n".join(lines) + "\n"


def render_comparison(diagnoses: Sequence[Diagnosis], precision: int = 3) -> str:
    """A row for each variant."""
    lines = ["% autograd-lab: gradients of variants of a net", r"\begin{tabular}{lrrrl}"]
    lines.append(r"variant & $\delta_L/\delta_1$ & factor & theory & verdict \\ \hline")
    for d in diagnoses:
        ratio, v = wording.inverse_ratio(d), d.verdict
        cells = [escaped(d.label), "--" if ratio is None else _number(ratio, precision),
                 _times(v.factor), _times(v.predicted), v.word]  # fmt: skip
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\end{tabular}"]) + "\n"


def _equations(d: Diagnosis, precision: int) -> list[str]:
    shown = {row.number for row in chosen(d.rows) if row is not None}
    lines = []
    for one in matrix_form.equations(d):
        if one.number in shown:
            left, _, right = matrix_form.with_shapes(one).latex.partition(" = ")
            assert one.left.size is not None
            length = rf"\|{one.left.sign.latex}\| = {_scaled(one.left.size, precision)}"
            lines.append(rf"  {left} &= {right} & {length} \\")
    lines[-1] = lines[-1].removesuffix(r" \\")
    return lines


def _cells(row: LayerRow, precision: int) -> list[str]:
    return [
        str(row.number), rf"${row.shape[0]} \to {row.shape[1]}$",
        "--" if row.rms_slope is None else f"{row.rms_slope:.{precision}f}",
        _number(row.delta, precision), _times(row.factor), _times(row.predicted),
        _number(row.step, precision),
    ]  # fmt: skip


def _times(x: float | None) -> str:
    return "--" if x is None else rf"$\times {_scaled(Scaled.of(x), 3)}$"


def _number(x: Scaled, precision: int) -> str:
    return f"${_scaled(x, precision)}$"


def _scaled(x: Scaled, precision: int) -> str:
    """About ``precision`` digits, with a power of ten where that is shorter."""
    if not x.is_finite:
        return r"\text{undefined}" if x.mantissa != x.mantissa else r"\infty"
    mantissa, _, power = x.format(max(precision - 1, 0), "-").partition("e")
    if -3 <= int(power) <= 3:
        return f"{float(x):.{max(precision - 1 - int(power), 0)}f}"
    return rf"{mantissa} \cdot 10^{{{int(power)}}}"


def escaped(text: str) -> str:
    """Text that LaTeX shows as it is."""
    text = "".join(_WRITTEN.get(c, c) for c in _SPECIAL.sub(r"\\\1", text.replace("\\", "/")))
    return text.replace("²", "$^2$").replace("–", "--")


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
