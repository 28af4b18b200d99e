"""Text with real subscripts, as data: a `Label` is a tuple of runs, never markup to be parsed.

User text can therefore not ask for anything: a brace, a tag or a backslash is drawn as itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autograd_lab.notation import split

LONGEST_INDEX = 6  # characters; longer ones are no index but words

Script = Literal["", "sub", "sup"]
Run = tuple[str, Script]

_SUBSCRIPTS = dict(
    zip(
        "0123456789+-=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
_SUBSCRIPTS["−"] = "₋"
_SUPERSCRIPTS = dict(zip("0123456789+-=()in", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿ", strict=True))
_SUPERSCRIPTS["−"] = "⁻"
_SCRIPT_OF: dict[str, Run] = {
    **{mark: (plain, "sub") for plain, mark in _SUBSCRIPTS.items()},
    **{mark: (plain, "sup") for plain, mark in _SUPERSCRIPTS.items()},
}


@dataclass(frozen=True)
class Label:
    """A line of text as runs of (text, script), script being "", "sub" or "sup".

    >>> label = Label.of("∂C/∂b", sub="1") + " = 0.25"
    >>> label.runs
    (('∂C/∂b', ''), ('1', 'sub'), (' = 0.25', ''))
    >>> label.plain()
    '∂C/∂b₁ = 0.25'
    """

    runs: tuple[Run, ...] = ()

    @staticmethod
    def of(base: str, *, sub: str = "", sup: str = "") -> Label:
        """The text `base` with a subscript, then a superscript; empty ones are left out."""
        runs: list[Run] = [(base, ""), (sub, "sub"), (sup, "sup")]
        return _joined(runs)

    @staticmethod
    def text(text: str) -> Label:
        """Plain text, in which Unicode's own small digits and letters become real scripts.

        >>> Label.text("σ′(z₁₂)").runs
        (('σ′(z', ''), ('12', 'sub'), (')', ''))
        """
        return _joined([_SCRIPT_OF.get(char, (char, "")) for char in text])

    def __add__(self, other: Label | str) -> Label:
        return _joined([*self.runs, *(other.runs if isinstance(other, Label) else [(other, "")])])

    def __radd__(self, other: str) -> Label:
        return Label.of(other) + self

    def __bool__(self) -> bool:
        return bool(self.runs)

    def plain(self) -> str:
        """One string: Unicode scripts where they exist, else `_(...)` and `^(...)`."""
        return "".join(_plain_run(text, script) for text, script in self.runs)


def variable(name: str) -> Label:
    """A variable's name as mathematics: Greek names as letters, digits as a subscript.

    >>> [variable(name).plain() for name in ("b1", "lambda_1", "beta", "w12", "gain")]
    ['b₁', 'λ₁', 'β', 'w₁₂', 'gain']
    >>> variable("x_ab").runs
    (('x', ''), ('ab', 'sub'))
    """
    base, indices = split(name)
    if sum(map(len, indices)) > LONGEST_INDEX:
        return Label.of(name)
    return Label.of(base, sub=",".join(indices))


def _joined(runs: list[Run]) -> Label:
    """Drop empty runs and melt neighbours of one script together."""
    merged: list[Run] = []
    for text, script in runs:
        if not text:
            continue
        if merged and merged[-1][1] == script:
            text = merged.pop()[0] + text
        merged.append((text, script))
    return Label(tuple(merged))


def _plain_run(text: str, script: Script) -> str:
    if not script:
        return text
    table, mark = (_SUBSCRIPTS, "_") if script == "sub" else (_SUPERSCRIPTS, "^")
    if all(char in table for char in text):
        return "".join(table[char] for char in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"
