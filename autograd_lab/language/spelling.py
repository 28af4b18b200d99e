"""Signs of mathematics outside ASCII, and how an expression spells them instead.

Only ASCII is read: Python folds look-alike letters into one name, so that text which differs on
the screen could mean the same, and text which looks the same could differ.
"""

from __future__ import annotations

import unicodedata

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lam", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigmoid", "τ": "tau",
    "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_SIGNS = {
    "·": "*", "×": "*", "⋅": "*", "∙": "*", "∗": "*", "•": "*", "⨯": "*", "⊙": "*",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "÷": "/", "⁄": "/", "∕": "/", "∶": "/",
    "²": "**2", "³": "**3", "√": "sqrt(x)", "≤": "<=", "≥": ">=", "≠": "!=", "½": "0.5",
    "¼": "0.25", "¾": "0.75", "ς": "sigmoid", "ϵ": "epsilon", "ϕ": "phi", "ϑ": "theta",
    "Σ": "a + b", "∑": "a + b", "∞": "a finite number", "←": "=", "≔": "=",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Φ": "Phi",
    "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_SUPERSCRIPT = dict(zip("⁰¹⁴⁵⁶⁷⁸⁹", "01456789", strict=True))


def spelled(character: str) -> str | None:
    """What to write instead of a character outside ASCII, if that is known.

    >>> spelled("σ"), spelled("·"), spelled("₂"), spelled("⁴"), spelled("ｘ"), spelled("😀")
    ('sigmoid', '*', '2', '**4', 'x', None)
    """
    if character in _SUPERSCRIPT:
        return "**" + _SUPERSCRIPT[character]
    known = _SIGNS.get(character) or _GREEK.get(character)
    if known:
        return known
    folded = unicodedata.normalize("NFKC", character).strip()
    if folded in _GREEK:
        return _GREEK[folded]
    return folded if folded and folded.isascii() and folded.isprintable() else None


def described(character: str) -> str:
    """The character by name and code point.

    >>> described("σ")
    'GREEK SMALL LETTER SIGMA (U+03C3)'
    """
    name = unicodedata.name(character, "an unprintable character")
    return f"{name} (U+{ord(character):04X})"
