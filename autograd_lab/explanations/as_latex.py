"""An explanation as LaTeX: named intermediates, so that its length grows with the depth only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_lab.explanations.derivation import Derivation, Factor, PathProduct, bracketed
from autograd_lab.notation import latex_name
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.explanations.explanation import Explanation

PER_LINE = 9  # factors on a line: the slide's product fits on one
MOST_PATHS = 20


def render(e: Explanation, precision: int = 6) -> str:
    """Formulas for amsmath's ``align*``, with comments that say which is which."""
    parts = [f"% {_comment(e)}", rf"\[ {e.problem.heading.latex} \]", *_forward(e, precision)]
    for d in e.derivations:
        parts += _derivation(e, d, precision)
    if e.mode != "symbolic":
        parts.append(f"% verdict: {e.verdict.word}")
    return "\n".join(parts) + "\n"


def _comment(e: Explanation) -> str:
    asked = ", ".join(f"d{e.problem.output_name}/d{name}" for name in e.problem.wrt)
    return f"autograd-lab: {asked}; needs amsmath"


def _align(lines: list[str]) -> list[str]:
    body = [line + r" \\" for line in lines[:-1]] + lines[-1:]
    return [r"\begin{align*}", *("  " + line for line in body), r"\end{align*}"]


def _forward(e: Explanation, precision: int) -> list[str]:
    lines = []
    for node in e.problem.quantities():
        line = f"{e.problem.written[node].latex} &= {e.problem.formulas[node].latex}"
        if e.mode != "symbolic" and not isinstance(node.value, bool):
            line += f" = {number(float(node), precision)}"
        lines.append(line)
    return ["% forward", *_align(lines)]


def _derivation(e: Explanation, d: Derivation, precision: int) -> list[str]:
    left = rf"\frac{{\partial {latex_name(e.problem.output_name)}}}{{\partial {latex_name(d.wrt)}}}"
    if not d.paths:
        return [rf"\[ {left} = 0 \]"]
    if d.count == 1:
        lines = _forms(e, d.paths[0], left, precision)
    else:
        lines = [f"{left} &= {_times(d.paths[0].factors, 'symbol')}"]
        lines += [f"&+ {_times(path.factors, 'symbol')}" for path in d.paths[1:MOST_PATHS]]
        if d.count > MOST_PATHS:
            lines.append(rf"&+ \cdots \quad \text{{({d.count:,} paths)}}")
    if e.mode != "symbolic":
        lines.append(f"&= {scaled(d.total, precision)}")
    out = [f"% the product for {d.wrt}" if d.count == 1 else f"% {d.count:,} paths", *_align(lines)]
    if d.count == 1 and e.mode != "symbolic":
        out += _running(e, d.paths[0], precision)
    if d.closed_form is not None:
        out += ["% closed form", rf"\[ {left} = {d.closed_form.latex} \]"]
    return out


def _forms(e: Explanation, path: PathProduct, left: str, precision: int) -> list[str]:
    """The slide's three forms, then symbols and numbers."""
    kinds = ["partial"]
    if e.problem.chain is not None:
        kinds += ["written"] + ["weights"] * (e.mode != "numeric")
    kinds += ["symbol"] * (e.mode != "numeric") + ["value"] * (e.mode != "symbolic")
    lines = []
    for kind in kinds:
        for i in range(0, len(path.factors), PER_LINE):
            chunk = _times(path.factors[i : i + PER_LINE], kind, precision)
            lines.append(f"&= {chunk}" if i == 0 else rf"&\quad \times {chunk}")
    lines[0] = f"{left} {lines[0]}"
    return lines


def _times(factors: tuple[Factor, ...], kind: str, precision: int = 6) -> str:
    return r" \times ".join(_one(factor, kind, precision) for factor in factors)


def _one(factor: Factor, kind: str, precision: int) -> str:
    if kind == "value":
        text = number(factor.value, precision)
        return rf"\left({text}\right)" if text.startswith("-") else text
    if kind == "weights":
        kind = "partial" if factor.written == factor.partial else "symbol"
    if kind == "symbol" and factor.symbol is not None:
        return bracketed(factor.symbol).latex
    return factor.written.latex if kind == "written" else factor.partial.latex


def _running(e: Explanation, path: PathProduct, precision: int) -> list[str]:
    """Each prefix of the product, and the gradients that it is."""
    top = latex_name(e.problem.output_name)
    lines = []
    for factor in path.factors:
        names = [
            rf"\frac{{\partial {top}}}{{\partial {latex_name(name)}}}" for name in factor.equals
        ]
        what = " = ".join(names) or r"\text{product so far}"
        step = factor.symbol.latex if factor.symbol is not None else factor.partial.latex
        lines.append(rf"\cdot\; {step} &: \quad {what} = {scaled(factor.running, precision)}")
    return ["% every prefix of the product is a gradient", *_align(lines)]


def number(x: float, precision: int = 6) -> str:
    return (
        scaled(Scaled.of(x), precision) if x and not 1e-3 <= abs(x) < 1e5 else f"{x:.{precision}f}"
    )


def scaled(x: Scaled, precision: int = 6) -> str:
    r"""A number of any size in LaTeX.

    >>> print(scaled(Scaled.of(0.0009765625), 3))
    9.766 \cdot 10^{-4}
    """
    if not x.is_finite:
        return r"\text{undefined}" if x.mantissa != x.mantissa else ("-" * (x.sign < 0) + r"\infty")
    mantissa, _, power = x.format(precision, "-").partition("e")
    return mantissa if int(power) == 0 else rf"{mantissa} \cdot 10^{{{int(power)}}}"
