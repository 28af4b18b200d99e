r"""The equations of backpropagation for a net, with a shape under every factor and norms beside.

For one example, with columns of numbers and W of shape (in × out), as in the lecture:

    δ^L = ∂L/∂z^L,    δ^l = (W^(l+1) δ^(l+1)) ⊙ φ'(z^l),    ∂L/∂W^l = a^(l-1) (δ^l)ᵀ

Where a normalization stands before the activation, N is its Jacobian, transposed; M is that of what
stands behind the activation, such as the mask of dropout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograd_lab.diagnosis.layers_table import LayerRow
from autograd_lab.notation import SUPERSCRIPT, Formula, act_letter
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.diagnosis.diagnosis import Diagnosis


@dataclass(frozen=True)
class Factor:
    """A factor of an equation, its shape, and its size: a norm, or the rms of slopes."""

    sign: Formula
    shape: tuple[int, int]
    size: Scaled | None


@dataclass(frozen=True)
class Equation:
    """left = product of the factors, entrywise from ``entrywise`` on; norms over one example."""

    left: Factor
    factors: tuple[Factor, ...]
    entrywise: bool  # whether the last factor multiplies entry by entry
    number: int
    branches: bool = False  # there are more ways than this one


def equations(d: Diagnosis) -> list[Equation]:
    """Delta of every layer from the output down; the lengths are rms over the batch."""
    rows = d.rows
    top = rows[-1]
    loss = Factor(
        Formula(f"∂L/∂z{_up(top.number)}", rf"\frac{{\partial L}}{{\partial z^{{{top.number}}}}}"),
        (top.shape[1], 1),
        _length(top),
    )
    found = [Equation(_delta(top), (loss,), False, top.number)]
    found += [_through(rows[i], rows[i + 1]) for i in reversed(range(len(rows) - 1))]
    return found


def weight_equations(d: Diagnosis) -> list[Equation]:
    """The gradient of every kernel, averaged over the batch, from the output down."""
    return [_weights(row) for row in reversed(d.rows)]


def _through(row: LayerRow, above: LayerRow) -> Equation:
    n = above.number
    units, more = above.shape
    factors = [Factor(Formula(f"W{_up(n)}", f"W^{{{n}}}"), (units, more), Scaled.of(above.kernel))]
    if above.before != 1.0:
        sign = Formula(f"N{_up(n)}", f"N^{{{n}}}")
        factors.append(Factor(sign, (more, more), Scaled.of(above.before)))
    factors.append(_delta(above))
    if row.after != 1.0:
        sign = Formula(f"M{_up(row.number)}", f"M^{{{row.number}}}")
        factors.insert(0, Factor(sign, (units, units), Scaled.of(row.after)))
    if row.rms_slope is None:
        return Equation(_delta(row), tuple(factors), False, row.number, not row.follows)
    act, k = act_letter(row.act), row.number
    latex = r"\sigma" if row.act == "sigmoid" else rf"\mathrm{{{row.act}}}".replace("_", r"\_")
    slope = Formula(f"{act}′(z{_up(k)})", rf"{latex}'(z^{{{k}}})")
    factors.append(Factor(slope, (row.shape[1], 1), Scaled.of(row.rms_slope)))
    return Equation(_delta(row), tuple(factors), True, k, not row.follows)


def _weights(row: LayerRow) -> Equation:
    n, (inputs, units) = row.number, row.shape
    left = Formula(f"∂L/∂W{_up(n)}", rf"\frac{{\partial L}}{{\partial W^{{{n}}}}}")
    below = Formula("x", "x") if n == 1 else Formula(f"a{_up(n - 1)}", f"a^{{{n - 1}}}")
    row_vector = Formula(f"(δ{_up(n)})ᵀ", rf"(\delta^{{{n}}})^{{\mathsf T}}")
    factors = (Factor(below, (inputs, 1), None), Factor(row_vector, (1, units), _length(row)))
    return Equation(Factor(left, row.shape, row.gradient), factors, False, n)


def _delta(row: LayerRow) -> Factor:
    n = row.number
    return Factor(Formula(f"δ{_up(n)}", rf"\delta^{{{n}}}"), (row.shape[1], 1), _length(row))


def _length(row: LayerRow) -> Scaled:
    """The length of delta for one example: its rms over units times √units."""
    return row.delta * math.sqrt(row.shape[1])


def _up(number: int) -> str:
    return str(number).translate(SUPERSCRIPT)


def as_formula(equation: Equation) -> Formula:
    """One equation as text and in LaTeX, without shapes."""
    return Formula(
        _joined(equation, [f.sign.text for f in equation.factors], " ⊙ ", equation.left.sign.text),
        _joined(
            equation, [f.sign.latex for f in equation.factors], r" \odot ", equation.left.sign.latex
        ),
    )


def with_shapes(equation: Equation) -> Formula:
    """One equation in LaTeX with the shape under every factor, and the shapes alone as text."""

    def under(f: Factor) -> str:
        rows, columns = f.shape
        return rf"\underset{{{rows} \times {columns}}}{{{f.sign.latex}}}"

    shapes = [f"({f.shape[0]}×{f.shape[1]})" for f in equation.factors]
    left = f"({equation.left.shape[0]}×{equation.left.shape[1]})"
    return Formula(
        _joined(equation, shapes, " ⊙ ", left),
        _joined(equation, [under(f) for f in equation.factors], r" \odot ", under(equation.left)),
    )


def _joined(equation: Equation, parts: Sequence[str], sign: str, left: str) -> str:
    if not equation.entrywise:
        product = " ".join(parts)
    else:
        product = f"({' '.join(parts[:-1])}){sign}{parts[-1]}"
    dots = " + ⋯" if left.startswith(("δ", "(")) else r" + \cdots"
    return f"{left} = {product}" + dots * equation.branches
