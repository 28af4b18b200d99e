"""One name in every notation: ``lambda_1`` is λ₁ in text and a Greek letter in LaTeX."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

# fmt: off
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}
# fmt: on
SUBSCRIPT = str.maketrans("0123456789+-aeijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_NAME = re.compile(r"(?P<letter>[A-Za-z]+)(?P<digits>[0-9]*)(?P<rest>(?:_[A-Za-z0-9]+)*)")


class Formula(NamedTuple):
    """One formula as a line of text and in LaTeX."""

    text: str
    latex: str


def short(x: float) -> str:
    """The shortest decimal that reads back as ``x``; whole numbers without a point.

    >>> short(2.0), short(0.1), short(-1e-9)
    ('2', '0.1', '-1e-09')
    """
    if not math.isfinite(x):
        return "undefined" if x != x else "infinite" if x > 0 else "-infinite"
    return str(int(x)) if x.is_integer() and abs(x) < 1e15 else repr(x)


def split(name: str) -> tuple[str, tuple[str, ...]]:
    """The letter, Greek if it is called so, and its indices; anything else stays as it is.

    >>> split("b1"), split("lambda_1"), split("x_ab"), split("w1_2"), split("hidden")
    (('b', ('1',)), ('λ', ('1',)), ('x', ('ab',)), ('w', ('1', '2')), ('hidden', ()))
    """
    found = _NAME.fullmatch(name)
    if not found:
        return name, ()
    indices = [found["digits"], *found["rest"].split("_")]
    base, *rest = (GREEK.get(word, word) for word in [found["letter"], *filter(None, indices)])
    return base, tuple(rest)


def unicode_name(name: str) -> str:
    """The name with Greek letters and real subscripts, as far as Unicode has them.

    >>> unicode_name("b1"), unicode_name("lambda_12"), unicode_name("x_ab")
    ('b₁', 'λ₁₂', 'x_ab')
    """
    base, indices = split(name)
    if len(indices) == 1:
        small = indices[0].translate(SUBSCRIPT)
        if indices[0].isdigit() or (len(small) == 1 and not small.isascii()):
            return base + small
    return "_".join([base, *indices])


def latex_name(name: str) -> str:
    r"""The name in LaTeX.

    >>> print(latex_name("b1"), latex_name("lambda_1"), latex_name("hidden_a"))
    b_{1} \lambda_{1} \mathrm{hidden}_{a}
    """
    base, indices = split(name)
    if base in _COMMANDS:
        base = _COMMANDS[base]
    elif len(base) > 1:
        escaped = base.replace("_", r"\_")
        base = rf"\mathrm{{{escaped}}}"
    below = ",".join(_COMMANDS.get(index, index) for index in indices)
    return base + (f"_{{{below}}}" if below else "")


_COMMANDS = {letter: "\\" + name for name, letter in GREEK.items()}
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
