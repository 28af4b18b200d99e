"""The graph read by SymPy: local slopes, their text and LaTeX, and closed forms.

SymPy differentiates one operation at a time, in placeholders, and the answers are kept; they are
multiplied along the graph as the lecture does.  Composed formulas grow exponentially with depth,
so a closed form is made on request and inside stated bounds only.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from autograd_lab.errors import AutogradLabError
from autograd_lab.graph import Node, Op, sweep, toposort
from autograd_lab.notation import SUPERSCRIPT, Formula, short
from autograd_lab.reals import power

Attrs = tuple[tuple[str, Any], ...]

MAX_CLOSED_NODES = 60
MAX_CLOSED_DEPTH = 15


class TooLargeError(AutogradLabError):
    """A closed form would explode; read the graph edge by edge instead."""


class FlatSign(sp.Function):  # type: ignore[misc]
    """The sign of a number, with slope 0 by convention where SymPy's has a delta at the jump."""

    is_real = True

    def fdiff(self, argindex: int = 1) -> Any:
        return sp.Integer(0)

    def _sympystr(self, printer: Any) -> str:
        return f"sign({printer._print(self.args[0])})"

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{sign}}\left({printer._print(self.args[0])}\right)"


class FlatFloor(sp.Function):  # type: ignore[misc]
    """The whole number below, with slope 0 where SymPy's derivative has no value."""

    is_real = True

    def fdiff(self, argindex: int = 1) -> Any:
        return sp.Integer(0)

    def _sympystr(self, printer: Any) -> str:
        return f"⌊{printer._print(self.args[0])}⌋"

    def _latex(self, printer: Any) -> str:
        return rf"\left\lfloor {printer._print(self.args[0])} \right\rfloor"


class SymPyMath:
    """The mathematics that formula faces are written in, done by SymPy.

    With ``expand`` off, an operation that has a letter of its own (sigmoid is σ) stays one.
    """

    exp, log, sin, cos, tan, tanh = sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.tanh
    asin, acos, atan, atan2, sinh, cosh = sp.asin, sp.acos, sp.atan, sp.atan2, sp.sinh, sp.cosh
    erf, erfc, sign, abs, floor = sp.erf, sp.erfc, FlatSign, sp.Abs, FlatFloor
    sqrt = staticmethod(sp.sqrt)
    less, less_equal, equal, not_equal = sp.Lt, sp.Le, sp.Eq, sp.Ne
    power = staticmethod(sp.Pow)

    def __init__(self, expand: bool = True) -> None:
        self.expand = expand

    @staticmethod
    def expm1(x: Any) -> Any:
        return sp.exp(x) - 1

    @staticmethod
    def log1p(x: Any) -> Any:
        return sp.log(1 + x)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        return sp.Piecewise((a, condition), (b, True))

    @staticmethod
    def number(x: Any) -> Any:
        """A float as an exact integer, or with all its binary digits; anything else unchanged."""
        if not isinstance(x, float):
            return x
        return sp.Integer(int(x)) if x.is_integer() and abs(x) < 1e6 else sp.Float(x, 60)

    def apply(self, op: Op, attrs: Mapping[str, Any], inputs: Sequence[Any]) -> Any:
        if op.symbol and not self.expand and len(inputs) == 1 and dict(attrs) == dict(op.attrs):
            return named_function(op, 0)(*inputs)
        return op.formula(self, *inputs, **{key: self.number(v) for key, v in attrs.items()})


@functools.cache
def named_function(op: Op, order: int) -> Any:
    """σ, σ′, σ″ ... as functions of SymPy, each the derivative of the one before."""
    text = op.symbol + ("′", "″", "‴")[order - 1] if 0 < order < 4 else op.symbol
    latex = LATEX_LETTERS.get(op.symbol, rf"\operatorname{{{op.symbol}}}").replace("_", r"\_")

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return named_function(op, order + 1)(self.args[0])

    def _sympystr(self: Any, printer: Any) -> str:
        return f"{text}({printer._print(self.args[0])})"

    def _latex(self: Any, printer: Any, exp: Any = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        inner = printer._print(self.args[0])
        return latex + "'" * order + power + rf"\left({inner}\right)"

    members = {
        "fdiff": fdiff, "_sympystr": _sympystr, "_latex": _latex, "is_real": True,
        "stands_for": (op, order),
    }  # fmt: skip
    return type(f"{op.name}_{order}", (sp.Function,), members)


@functools.cache
def _spelled_out(op: Op, order: int) -> Any:
    x = placeholder(0)
    return sp.diff(SymPyMath().apply(op, op.attrs, [x]), x, order)


LATEX_LETTERS = {"σ": r"\sigma", "sech²": r"\operatorname{sech}^{2}"}


# --- local slopes: one operation, placeholders, cached --------------------------------------------


OUTPUT = "y"
_NO_NUMBER = (sp.nan, sp.zoo, sp.oo, -sp.oo)


def placeholder(index: int | str) -> Any:
    """The symbol for an operation's input (or OUTPUT); names are filled in afterwards."""
    return sp.Symbol(f"⟪{index}⟫", real=True)


@functools.cache
def _local_slope(
    op: Op, attrs: tuple[tuple[str, Any], ...], arity: int, index: int, expand: bool
) -> Any:
    inputs = [placeholder(i) for i in range(arity)]
    formula = SymPyMath(expand).apply(op, dict(attrs), inputs)
    slope = sp.diff(formula, inputs[index])
    if not expand and formula.is_Function and slope.has(formula):
        slope = slope.subs(formula, placeholder(OUTPUT))  # tanh' = 1 - y², in terms of the output
    return _whole(slope)


def _whole(expression: Any) -> Any:
    """2.0 as 2, so that a factor 1.0 disappears."""
    floats = [f for f in expression.atoms(sp.Float) if abs(f) < 1e6 and float(f).is_integer()]
    return expression.xreplace({f: sp.Integer(int(f)) for f in floats})


def _key(node: Node, index: int, expand: bool) -> tuple[Any, ...]:
    return node.op, tuple(sorted(node.attrs.items())), len(node.inputs), index, expand


def local_slope(
    node: Node, index: int, names: Mapping[Node, Formula], expand: bool = False
) -> Formula | None:
    """d(node)/d(its input), derived by SymPy and written with the names of the nodes.

    None where SymPy has no formula for it, as for 0^x.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> w, a = leaf(0.5, "w"), leaf(2.0, "a")
    >>> local_slope(w * a, 1, {w: Formula("w₁", "w_{1}"), a: Formula("a₀", "a_{0}")}).text
    'w₁'
    """
    template = _template(*_key(node, index, expand))
    if template is None:
        return None
    known: dict[int | str, Formula] = {i: names[x] for i, x in enumerate(node.inputs) if x in names}
    if node in names:
        known[OUTPUT] = names[node]
    text, latex = template
    for i, name in known.items():
        text = text.replace(f"⟪{i}⟫", name.text)
        latex = latex.replace(f"⟪{i}⟫", name.latex)
    return Formula(text, latex)


@functools.cache
def _template(op: Op, attrs: Any, arity: int, index: int, expand: bool) -> Formula | None:
    slope = _local_slope(op, attrs, arity, index, expand)
    return None if slope.has(*_NO_NUMBER) else write(slope)


def evaluate(expression: Any, values: Mapping[Any, Any], known: dict[Any, Any]) -> Any:
    """A SymPy expression in mpmath numbers; nan where it has no real value, such as 1/0.

    Written out here, since SymPy's own ways to numbers build and run program text.  ``known``
    keeps the value of every part, so that the parts that formulas share are computed once.
    """
    if expression in known:
        return known[expression]
    if expression.is_Symbol:
        found = values[expression]
    elif expression in (sp.true, sp.false):
        found = bool(expression)
    elif expression.is_Number:
        found = mpmath.mpmathify(expression._to_mpmath(mpmath.mp.prec))
    else:
        try:
            found = _apply(expression, values, known)
        except (ArithmeticError, ValueError, TypeError):
            found = mpmath.nan
    known[expression] = found
    return found


def _apply(expression: Any, values: Mapping[Any, Any], known: dict[Any, Any]) -> Any:
    if isinstance(expression, sp.Piecewise):
        for value, condition in expression.args:  # only the branch that holds is computed
            if condition == True or evaluate(condition, values, known):
                return evaluate(value, values, known)
        return mpmath.nan
    inputs = [evaluate(part, values, known) for part in expression.args]
    if hasattr(expression, "stands_for"):
        op, order = expression.stands_for
        return evaluate(_spelled_out(op, order), {placeholder(0): inputs[0]}, {})
    return _FUNCTIONS[expression.func](*inputs)


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    sp.Add: lambda *xs: mpmath.fsum(xs), sp.Mul: lambda *xs: mpmath.fprod(xs),
    sp.Pow: power, sp.exp: mpmath.exp, sp.log: mpmath.log, sp.sin: mpmath.sin,
    sp.cos: mpmath.cos, sp.tan: mpmath.tan, sp.tanh: mpmath.tanh, sp.erf: mpmath.erf,
    sp.erfc: mpmath.erfc, sp.sign: mpmath.sign, sp.Abs: abs, sp.Lt: operator.lt,
    sp.Le: operator.le, sp.Gt: operator.gt, sp.Ge: operator.ge, sp.Eq: operator.eq,
    sp.Ne: operator.ne, sp.Or: lambda *xs: any(xs), sp.And: lambda *xs: all(xs),
    sp.Not: operator.not_, sp.ITE: lambda c, a, b: a if c else b, FlatSign: mpmath.sign,
    FlatFloor: mpmath.floor, sp.asin: mpmath.asin, sp.acos: mpmath.acos, sp.atan: mpmath.atan,
    sp.atan2: mpmath.atan2, sp.sinh: mpmath.sinh, sp.cosh: mpmath.cosh,
    type(sp.pi): lambda: mpmath.pi,
}  # fmt: skip


def precise_gradient(
    output: Node, leaves: Sequence[Node], values: Mapping[Node, Any], active: set[Node]
) -> dict[Node, Any]:
    """SymPy's local slopes, evaluated by mpmath and multiplied along the graph.

    ``values`` holds every node's value as an mpmath number; its precision is the caller's.
    """
    order = toposort([output])

    def extend(g: Any, node: Node, index: int) -> Any:
        slope = _local_slope(*_key(node, index, True))
        at = {placeholder(i): values[x] for i, x in enumerate(node.inputs)}
        return g * evaluate(slope, at, {})

    total = sweep(order, {output: mpmath.mpf(1)}, extend, lambda a, b: a + b, active)
    return {x: total.get(x, mpmath.mpf(0)) for x in leaves}


# --- closed forms: composed on request, inside bounds ---------------------------------------------


def depth(output: Node) -> int:
    """The number of operations on the longest path below the output."""
    level: dict[Node, int] = {}
    for node in toposort([output]):
        level[node] = 1 + max(level[x] for x in node.inputs) if node.inputs else 0
    return level[output]


def fits_closed_form(output: Node) -> bool:
    """Whether a closed form of this graph stays readable and quick."""
    return len(toposort([output])) <= MAX_CLOSED_NODES and depth(output) <= MAX_CLOSED_DEPTH


def to_sympy(output: Node, expand: bool = True) -> tuple[Any, dict[Node, Any]]:
    """The whole graph as one SymPy expression, and the symbol of each named leaf.

    Raises TooLargeError outside the stated bounds.
    """
    if not fits_closed_form(output):
        raise TooLargeError(
            f"a closed form of {len(toposort([output]))} nodes, {depth(output)} deep, would be too "
            f"long to read; the limits are {MAX_CLOSED_NODES} nodes and depth {MAX_CLOSED_DEPTH}"
        )
    m = SymPyMath(expand)
    found: dict[Node, Any] = {}
    for node in toposort([output]):
        if node.op is not None:
            found[node] = m.apply(node.op, node.attrs, [found[x] for x in node.inputs])
        elif node.name is None:
            found[node] = m.number(node.value)
        else:
            found[node] = sp.Symbol(node.name, real=True)
    return found[output], {x: s for x, s in found.items() if x.op is None and x.name is not None}


def closed_slopes(output: Node, leaves: Sequence[Node]) -> Callable[[], dict[Node, Any]]:
    """d(output)/d(leaf) from one composed formula, differentiated as a whole.

    Returns a function that evaluates it in mpmath's working precision.
    """
    expression, symbols = to_sympy(output, expand=False)
    slopes = {x: sp.diff(expression, symbols[x]) for x in leaves if x in symbols}

    def gradient() -> dict[Node, Any]:
        values = {symbol: mpmath.mpf(x.value) for x, symbol in symbols.items()}
        known: dict[Any, Any] = {}
        return {
            x: evaluate(slopes[x], values, known) if x in slopes else mpmath.mpf(0) for x in leaves
        }

    return gradient


def closed_form(
    output: Node, x: Node, names: Mapping[Node, Formula], expand: bool = False
) -> Formula | None:
    """d(output)/dx as one formula in the leaves; None where SymPy has none."""
    expression, symbols = to_sympy(output, expand)
    if x not in symbols:
        return Formula("0", "0")
    slope = _whole(sp.diff(expression, symbols[x]))
    if slope.has(*_NO_NUMBER):
        return None
    return write(slope, {s: names[n] for n, s in symbols.items()})


# --- writing --------------------------------------------------------------------------------------


def positive_first(terms: Sequence[Any]) -> list[Any]:
    """A - y rather than -y + a."""
    return sorted(terms, key=lambda term: bool(term.could_extract_minus_sign()))


class _Text(StrPrinter):  # type: ignore[misc]
    """SymPy's one-line form; the signs of mathematics are put in afterwards."""

    def __init__(self, names: Mapping[Any, Formula]) -> None:
        super().__init__()
        self._names = names

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return positive_first(super()._as_ordered_terms(expr, order))

    def _print_Symbol(self, symbol: Any) -> str:
        return self._names[symbol].text if symbol in self._names else str(symbol.name)

    def _print_Float(self, number: Any) -> str:
        return short(float(number))

    def _print_Integer(self, number: Any) -> str:
        return str(number) if abs(number) < 10**15 else short(float(number))

    def _print_Relational(self, expr: Any) -> str:
        sign = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(expr.rel_op, expr.rel_op)
        return f"{self._print(expr.lhs)} {sign} {self._print(expr.rhs)}"

    def _print_log(self, expr: Any) -> str:
        return f"ln({self._print(expr.args[0])})"

    def _print_arc(self, expr: Any) -> str:
        name = expr.func.__name__.replace("a", "arc", 1)  # asin is written arcsin, as it is read
        return f"{name}({', '.join(map(self._print, expr.args))})"

    _print_asin = _print_acos = _print_atan = _print_atan2 = _print_arc

    def _print_Abs(self, expr: Any) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_Piecewise(self, expr: Any) -> str:
        parts = [
            self._print(value) + ("" if condition == True else f" if {self._print(condition)}")
            for value, condition in expr.args
        ]
        return "(" + " else ".join(parts) + ")"


class _Latex(LatexPrinter):  # type: ignore[misc]
    def __init__(self, names: Mapping[Any, Formula]) -> None:
        super().__init__({"ln_notation": True, "inv_trig_style": "full"})
        self._names = names

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return positive_first(super()._as_ordered_terms(expr, order))

    def _print_Symbol(self, symbol: Any, style: str = "plain") -> str:
        return self._names[symbol].latex if symbol in self._names else str(symbol.name)

    def _print_Float(self, number: Any) -> str:
        mantissa, _, power = short(float(number)).partition("e")
        return mantissa + (rf" \cdot 10^{{{int(power)}}}" if power else "")


_POWER = re.compile(r"\*\*(?:(\d+)(?![\d./])|\((-\d+)\))")


def write(expression: Any, names: Mapping[Any, Formula] | None = None) -> Formula:
    """A SymPy expression as one line of text and as LaTeX.

    >>> x = sp.Symbol("x")
    >>> write(1 - 2 * x**2).text
    '1 − 2·x²'
    """
    text = _Text(names or {}).doprint(expression)
    text = _POWER.sub(lambda found: (found[1] or found[2]).translate(SUPERSCRIPT), text)
    text = text.replace("**", "^").replace("*", "·").replace("-", "−")
    return Formula(text, _Latex(names or {}).doprint(expression))
