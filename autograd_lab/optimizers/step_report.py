"""Steps of an optimizer, written: symbols beside numbers, as text, JSON or LaTeX."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd_lab.interpreters.writing import decimal, named
from autograd_lab.notation import Formula, short

if TYPE_CHECKING:
    from autograd_lab.explanations.layout import Style

# Names that notation.named would spell out.
SIGNS = {
    "m_hat": Formula("m̂", r"\hat{m}"), "s_hat": Formula("ŝ", r"\hat{s}"),
    "s_max": Formula("s′", "s'"), "clipped": Formula("g′", "g'"), "ahead": Formula("w′", "w'"),
    "u_next": Formula("u⁺", "u^{+}"), "step": Formula("Δ", r"\Delta"),
    "average": Formula("w̄", r"\bar{w}"),
}  # fmt: skip
_ASCII = str.maketrans({"ŝ": "s_hat", "\u0302": "_hat", "\u0304": "_mean"})


@dataclass(frozen=True)
class Setting:
    """A setting by its name, the letter it has in formulas, and its value."""

    name: str
    symbol: Formula
    value: float


@dataclass(frozen=True)
class Line:
    """One quantity: its name, its formula, the formula with numbers put in, and its value."""

    key: str
    name: Formula
    formula: Formula
    numbers: Formula
    value: float


@dataclass(frozen=True)
class Step:
    """One step: the gradient given, what is calculated of it, and the change of w over η."""

    t: int
    gradient: float
    lines: tuple[Line, ...]
    multiple: float

    def value(self, key: str) -> float:
        """The number called m, s, m_hat, s_hat, step, w, ...; KeyError if there is none."""
        return {line.key: line.value for line in self.lines}[key]


@dataclass(frozen=True)
class StepExplanation:
    """The first steps of an optimizer, to be read, stored or typeset."""

    optimizer: str
    convention: str
    settings: tuple[Setting, ...]
    steps: tuple[Step, ...]

    @property
    def multiples(self) -> list[float]:
        """What each step takes off w, in units of the learning rate."""
        return [step.multiple for step in self.steps]

    def text(self, width: int | None = None, ascii: bool = False) -> str:  # noqa: A002
        """A table for each step; columns that do not fit ``width`` are left out."""
        from autograd_lab.explanations.layout import Column, Style, table  # waits: text needs it

        style = Style(width=width, ascii=ascii)
        titles = ("", "<", 0), ("formula", "<", 1), ("with numbers", "<", 2), ("value", ">", 0)
        columns = [Column(*title) for title in titles]
        lines = [_plain(self._heading(), style)]
        for step in self.steps:
            rows = [
                [one.name.text, one.formula.text, one.numbers.text, style.number(one.value)]
                for one in step.lines
            ]
            rows.append(["step/η", "", "", style.number(step.multiple)])
            cells = [[_plain(cell, style) for cell in row] for row in rows]
            title = f"t = {step.t}, {indexed('g', step.t).text} = {brief(step.gradient).text}"
            lines += ["", _plain(title, style), *table(columns, cells, style)]
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        return self.text()

    def _heading(self) -> str:
        settings = ", ".join(f"{s.symbol.text} = {short(s.value)}" for s in self.settings)
        return f"{self.optimizer}  {settings}  convention: {self.convention}"

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values; numbers that JSON lacks are the strings nan, inf and -inf."""
        return {
            "optimizer": self.optimizer,
            "convention": self.convention,
            "settings": {s.name: s.value for s in self.settings},
            "steps": [
                {
                    "t": step.t,
                    "gradient": _json(step.gradient),
                    "lines": [
                        {
                            "key": one.key,
                            "name": one.name._asdict(),
                            "formula": one.formula._asdict(),
                            "numbers": one.numbers._asdict(),
                            "value": _json(one.value),
                        }
                        for one in step.lines
                    ],
                    "step_over_learning_rate": _json(step.multiple),
                }
                for step in self.steps
            ],
        }

    def latex(self) -> str:
        """The same lines for amsmath's ``align*``."""
        blocks = [f"% {self.optimizer}, convention {self.convention}; needs amsmath"]
        for step in self.steps:
            lines = [
                f"{one.name.latex} &= {one.formula.latex} = {one.numbers.latex} "
                f"= {brief(one.value).latex}"
                for one in step.lines
            ]
            lines.append(rf"\text{{step}} / \eta &= {brief(step.multiple).latex}")
            body = " \\\\\n  ".join(lines)
            blocks.append(f"\\begin{{align*}}\n  {body}\n\\end{{align*}}")
        return "\n".join(blocks) + "\n"


def indexed(key: str, t: int) -> Formula:
    """A quantity after step t, such as m̂₁."""
    index = named(f"x{t}")
    sign = SIGNS.get(key) or named(key)
    return Formula(sign.text + index.text[1:], sign.latex + index.latex[1:])


def _plain(text: str, style: Style) -> str:
    return style.sign(text.translate(_ASCII) if style.ascii else text)


def brief(x: float) -> Formula:
    return decimal(float(f"{x:.6g}"))


def _json(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)
