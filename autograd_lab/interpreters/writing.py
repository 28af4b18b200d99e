"""The graph written down: one line of text, LaTeX, or the same line with numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from autograd_lab.graph import Node, toposort
from autograd_lab.notation import Formula, latex_name, short, unicode_name


class _Infix(NamedTuple):
    """A sign between two operands, how tightly it binds, and if a - (b - c) needs its brackets."""

    binds: int
    text: str
    latex: str
    right: bool


_INFIX = {
    "add": _Infix(1, " + ", " + ", False),
    "subtract": _Infix(1, " − ", " - ", True),
    "multiply": _Infix(2, "·", r" \cdot ", False),
    "divide": _Infix(2, "/", "", True),
    "matmul": _Infix(2, "·", " ", False),
    "less": _Infix(0, " < ", " < ", True),
    "less_equal": _Infix(0, " ≤ ", r" \le ", True),
    "greater": _Infix(0, " > ", " > ", True),
    "greater_equal": _Infix(0, " ≥ ", r" \ge ", True),
    "equal": _Infix(0, " = ", " = ", True),
    "not_equal": _Infix(0, " ≠ ", r" \ne ", True),
}
_ATOM, _POWER, _SIGN = 9, 4, 3
_LATEX_FUNCTIONS = {
    "exp": r"\exp", "log": r"\ln", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan",
    "tanh": r"\tanh", "sigmoid": r"\sigma", "maximum": r"\max", "minimum": r"\min",
}  # fmt: skip
_TEXT_FUNCTIONS = {"sigmoid": "σ", "log": "ln", "maximum": "max", "minimum": "min"}


class _Piece(NamedTuple):
    formula: Formula
    binds: int


def write(
    output: Node, names: Mapping[Node, Formula], number: Callable[[float], Formula] | None = None
) -> Formula:
    """The formula of a node in terms of the nodes that have names; iterative, so of any depth.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> w, a, b = leaf(0.5, "w1"), leaf(2.0, "x"), leaf(0.1, "b1")
    >>> write(2 * (w * a + b), {}).text
    '2·(w₁·x + b₁)'
    """
    number = number or decimal
    pieces: dict[Node, _Piece] = {}
    for node in [*toposort(output.inputs, stop=names), output]:
        if node in names and node is not output:
            name = names[node]
            pieces[node] = _Piece(name, _binding(name.text))
        elif node.op is None:
            name = named(node.name) if node.name else number(node.value)
            pieces[node] = _Piece(name, _binding(name.text))
        else:
            pieces[node] = _operation(node, [pieces[x] for x in node.inputs])
    return pieces[output].formula


def named(name: str) -> Formula:
    return Formula(unicode_name(name), latex_name(name))


def decimal(x: float) -> Formula:
    """A number as it was written, with real minus sign."""
    text = short(x) if isinstance(x, float) else str(x)
    mantissa, _, power = text.partition("e")
    latex = mantissa + (rf" \cdot 10^{{{int(power)}}}" if power else "")
    return Formula(text.replace("-", "−"), latex)


def _binding(text: str) -> int:
    return _SIGN if text.startswith(("−", "-")) else _ATOM


def _operation(node: Node, inputs: list[_Piece]) -> _Piece:
    assert node.op is not None
    name = node.op.name
    if name in _INFIX:
        return _between(_INFIX[name], name, inputs[0], inputs[1])
    if name == "negative":
        inner = _wrap(inputs[0], _SIGN)
        return _Piece(Formula("−" + inner.text, "-" + inner.latex), 1)
    if name == "square":
        inner = _wrap(inputs[0], _POWER + 1)
        return _Piece(Formula(inner.text + "²", inner.latex + "^{2}"), _POWER)
    if name == "power":
        base, top = _wrap(inputs[0], _POWER + 1), inputs[1].formula
        text = base.text + (_raised(top.text) or "^" + _wrap(inputs[1], _ATOM).text)
        return _Piece(Formula(text, f"{base.latex}^{{{top.latex}}}"), _POWER)
    if name == "abs":
        inner = inputs[0].formula
        return _Piece(Formula(f"|{inner.text}|", rf"\left|{inner.latex}\right|"), _ATOM)
    if name == "sqrt":
        inner = inputs[0].formula
        return _Piece(Formula(f"√({inner.text})", rf"\sqrt{{{inner.latex}}}"), _ATOM)
    return _call(node, inputs)


def _call(node: Node, inputs: list[_Piece]) -> _Piece:
    assert node.op is not None
    name = node.op.name
    latex = _LATEX_FUNCTIONS.get(name, rf"\operatorname{{{name}}}".replace("_", r"\_"))
    extra = [decimal(v) for k, v in node.attrs.items() if v != node.op.attrs.get(k)]
    parts = [*(piece.formula for piece in inputs), *extra]
    text = f"{_TEXT_FUNCTIONS.get(name, name)}({', '.join(p.text for p in parts)})"
    return _Piece(Formula(text, rf"{latex}\left({', '.join(p.latex for p in parts)}\right)"), _ATOM)


def _between(sign: _Infix, name: str, a: _Piece, b: _Piece) -> _Piece:
    left = _wrap(a, sign.binds)
    right = _wrap(b, sign.binds + sign.right)
    if b.formula.text.startswith("−") and not right.text.startswith("("):
        right = _brackets(b.formula)
    if name == "multiply" and a.formula.text == "0.5" and right.text.startswith("("):
        return _Piece(Formula("½" + right.text, r"\tfrac{1}{2} " + right.latex), sign.binds)
    if name == "divide":
        latex = rf"\frac{{{a.formula.latex}}}{{{b.formula.latex}}}"
    else:
        latex = left.latex + sign.latex + right.latex
    return _Piece(Formula(left.text + sign.text + right.text, latex), sign.binds)


def _wrap(piece: _Piece, binds: int) -> Formula:
    return piece.formula if piece.binds >= binds else _brackets(piece.formula)


def _brackets(formula: Formula) -> Formula:
    return Formula(f"({formula.text})", rf"\left({formula.latex}\right)")


def _raised(text: str) -> str:
    digits = "⁰¹²³⁴⁵⁶⁷⁸⁹"
    return "".join(digits[int(c)] for c in text) if text.isascii() and text.isdigit() else ""
