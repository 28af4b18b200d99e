"""One name in every notation: ``lambda_1`` is λ₁ in text and a Greek letter in LaTeX."""

from __future__ import annotations

import re
from typing import NamedTuple

GREEK = dict(
    zip(
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "pi",
            "rho",
            "sigma",
            "tau",
            "upsilon",
            "phi",
            "chi",
            "psi",
            "omega",
        ],
        "αβγδεζηθικλμνξπρστυφχψω",
        strict=True,
    )
)
SUBSCRIPT = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
# Letters that the terminal's fonts have as subscripts; j and n index the slides' neurons.
_SUB_LETTERS = str.maketrans("aeijklmnoprstuvx", "ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_NAME = re.compile(r"(?P<base>.*?[^\W\d_])(?:_(?P<word>\w+)|(?P<digits>\d+))?")


class Formula(NamedTuple):
    """One formula as a line of text and in LaTeX."""

    text: str
    latex: str


def short(x: float) -> str:
    """The shortest decimal that reads back as ``x``; whole numbers without a point.

    >>> short(2.0), short(0.1), short(-1e-9)
    ('2', '0.1', '-1e-09')
    """
    return str(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x)


def split(name: str) -> tuple[str, str]:
    """The letter and its index.

    >>> split("b1"), split("lambda_1"), split("x_ab"), split("hidden")
    (('b', '1'), ('lambda', '1'), ('x', 'ab'), ('hidden', ''))
    """
    found = _NAME.fullmatch(name)
    if not found:
        return name, ""
    return found["base"], found["word"] or found["digits"] or ""


def unicode_name(name: str) -> str:
    """The name with Greek letters and real subscripts, as far as Unicode has them.

    >>> unicode_name("b1"), unicode_name("lambda_12"), unicode_name("x_ab")
    ('b₁', 'λ₁₂', 'x_ab')
    """
    base, index = split(name)
    base = GREEK.get(base, base)
    if index.isdigit():
        return base + index.translate(SUBSCRIPT)
    small = index.translate(_SUB_LETTERS)
    return base + (small if small.isascii() is False and len(index) == 1 else index and "_" + index)


def latex_name(name: str) -> str:
    r"""The name in LaTeX.

    >>> print(latex_name("b1"), latex_name("lambda_1"), latex_name("hidden_a"))
    b_{1} \lambda_{1} \mathrm{hidden}_{a}
    """
    base, index = split(name)
    if base in GREEK:
        # \omicron does not exist; every other name in GREEK is a command of plain TeX
        base = "\\" + base
    elif len(base) > 1:
        base = rf"\mathrm{{{base}}}".replace("_", r"\_")
    escaped = index.replace("_", r"\_")
    return base + (f"_{{{escaped}}}" if index else "")


_ASCII = {
    "∂": "d", "·": "*", "×": "x", "σ": "s", "′": "'", "″": "''", "−": "-", "─": "-", "½": "0.5*",
    "¼": "1/4", "⅓": "1/3", "√": "sqrt", "→": "->", "←": "<-", "↓": "v", "↑": "^", "÷": "/",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "✓": "ok", "✗": "FAILED", "…": "...", "∞": "inf",
    "█": "#", "▇": "#", "∈": "in", "Σ": "sum", "–": "-", "—": "-", "ᵀ": "^T", "ⱼ": "j", "ₙ": "n",
    "ᵢ": "i", "±": "+-", "⋮": ":", "’": "'", "“": '"', "”": '"', "Φ": "Phi",
}  # fmt: skip
_ASCII |= {chr(0x2080 + d): str(d) for d in range(10)} | {"₊": "+", "₋": "-"}
_ASCII |= {letter: name for name, letter in GREEK.items() if letter != "σ"}
_SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_PLAIN = {ord(s): p for p, s in zip("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", strict=True)}


def to_ascii(text: str) -> str:
    """The same text for a terminal that knows ASCII only.

    >>> to_ascii("∂C/∂b₁ = (a₄ − y) · σ′(z₄)²")
    "dC/db1 = (a4 - y) * s'(z4)^2"
    """
    text = _SUPERSCRIPTS.sub(lambda found: "^" + found[0].translate(_PLAIN), text)
    text = "".join(_ASCII.get(c, c) for c in text)
    return text.encode("ascii", "replace").decode("ascii")


def act_letter(act: str) -> str:
    """The sign of an activation function in formulas."""
    return {"sigmoid": "σ", "linear": "id"}.get(act, act)
