"""Plain text layout: tables, stacked fractions and rows that keep to a width."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autograd_lab.notation import to_ascii
from autograd_lab.scaled import Scaled

COLORS = {"bad": "\x1b[1;31m", "warn": "\x1b[1;33m", "good": "\x1b[1;32m", "head": "\x1b[1m"}
RESET = "\x1b[0m"
BAR = 15  # characters of the longest bar
LONGEST_WORD = 24
SHORTEST = 12  # characters that are left of a word that is cut
MOST_ROWS = 24  # of a table; longer ones show both ends


@dataclass(frozen=True)
class Style:
    """How text is written: ``width`` None is as wide as the content; ``precision`` counts digits
    after the point of a number in scientific notation, one more than that are significant.
    """

    width: int | None = None
    ascii: bool = False
    color: bool = False
    precision: int = 6
    verbose: bool = False
    quiet: bool = False

    def sign(self, text: str) -> str:
        return to_ascii(text) if self.ascii else text

    def paint(self, text: str, kind: str) -> str:
        return f"{COLORS[kind]}{text}{RESET}" if self.color else text

    def fits(self, line: str) -> bool:
        return self.width is None or cells(line) <= self.width

    def number(self, x: float | Scaled) -> str:
        """With sign: fixed point where that is readable, else powers of ten."""
        if isinstance(x, Scaled):
            if x.underflows or x.overflows:
                return x.format(self.precision)
            x = float(x)
        x = x or 0.0  # no sign on a zero
        if x == 0 or 1e-2 <= abs(x) < 1e5:
            return f"{x:+.{self.precision}f}"
        return words_of(Scaled.of(x)) or f"{x:+.{self.precision}e}"

    def scientific(self, x: Scaled) -> str:
        """Powers of ten throughout, for columns whose sizes are compared."""
        return words_of(x) or (x if x.mantissa else Scaled.of(0.0)).format(self.precision)

    def brief(self, x: float) -> str:
        """Four significant digits or fewer, for factors within a sentence."""
        return words_of(Scaled.of(x)) or f"{x or 0.0:.4g}"


def words_of(x: Scaled) -> str:
    """What is no number of use, in words; else nothing."""
    if x.mantissa != x.mantissa:
        return "undefined"
    return "" if x.is_finite else ("infinite" if x.sign > 0 else "-infinite")


def cells(text: str) -> int:
    """How many columns of a terminal a line takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def pad(text: str, width: int, align: str = "<") -> str:
    gap = " " * max(0, width - cells(text))
    if align == "^":
        half = len(gap) // 2
        return gap[:half] + text + gap[half:]
    return gap + text if align == ">" else text + gap


def bar(size: float, least: float, most: float, style: Style) -> str:
    """A bar for a log10 size between the least and the most of its table."""
    if not math.isfinite(size):
        return ""
    share = (size - least) / (most - least) if most > least else 1.0
    return style.sign("█") * max(1, round(BAR * min(max(share, 0.0), 1.0)))


class Column(NamedTuple):
    """A table column; those with a high ``drop`` go first when the width is short."""

    title: str
    align: str = ">"
    drop: int = 0


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> list[str]:
    """Aligned rows under their titles, without the columns that do not fit."""
    kept = list(range(len(columns)))
    while True:
        chosen = [columns[i] for i in kept]
        lines = _lines(chosen, [[row[i] for i in kept] for row in rows], style)
        droppable = [i for i in kept if columns[i].drop]
        if all(map(style.fits, lines)):
            return lines
        if not droppable:
            return _lines(
                chosen, _cut(chosen, [[row[i] for i in kept] for row in rows], style), style
            )
        kept.remove(max(droppable, key=lambda i: (columns[i].drop, i)))


def _cut(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> list[list[str]]:
    """The rows with the ends of their widest words left out, so that the table fits."""
    assert style.width is not None
    cut = [list(row) for row in rows]
    words = [i for i, column in enumerate(columns) if column.align == "<"] or [0]
    while True:
        excess = max(map(cells, _lines(columns, cut, style))) - style.width
        widest = max(words, key=lambda i: max(len(style.sign(row[i])) for row in cut))
        most = max(len(style.sign(row[widest])) for row in cut)
        if excess <= 0 or most <= SHORTEST:
            return cut
        keep = max(SHORTEST, most - excess)
        for row in cut:
            text = style.sign(row[widest])
            row[widest] = text if len(text) <= keep else text[: keep - 3] + "..."


def _lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> list[str]:
    every = [[column.title for column in columns], *rows]
    every = [[style.sign(cell) for cell in row] for row in every]
    widths = [max(cells(row[i]) for row in every) for i in range(len(columns))]
    return [
        "   "
        + "  ".join(
            pad(cell, width, column.align)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in every
    ]


@dataclass
class Stack:
    """A factor of a product: a fraction (above and below) and lines that belong under it."""

    above: str
    below: str = ""
    under: tuple[str, ...] = field(default_factory=tuple)


def product(left: Stack, factors: Sequence[Stack], style: Style) -> list[str]:
    """A product of stacked fractions, broken into rows that fit the width.

    Without a width the row is as long as the product.
    """
    lead = _column(left, style)
    columns = [_column(factor, style) for factor in factors]
    dot, equals = style.sign(" · "), " = "
    height = len(lead)
    blocks: list[list[str]] = []
    block = [f"   {line}" for line in lead]
    first = True
    for column in columns:
        joint = equals if first else dot
        widened = [
            line + (joint if i == 1 or i > 2 else "   ") + part
            for i, (line, part) in enumerate(zip(block, column, strict=True))
        ]
        if style.fits(widened[1]) or first:
            block = widened
        else:
            blocks.append(block)
            indent = " " * (cells(lead[0]) + 3)
            block = [
                indent + (dot if i == 1 or i > 2 else "   ") + part for i, part in enumerate(column)
            ]
        first = False
    blocks.append(block)
    assert height == len(blocks[0])
    return [line.rstrip() for block in blocks for line in block if line.strip()]


def _column(stack: Stack, style: Style) -> list[str]:
    above, below = style.sign(stack.above), style.sign(stack.below)
    under = [style.sign(text) for text in stack.under]
    width = max(map(cells, [above, below, *under]))
    line = style.sign("─") * width if below else pad(above, width, "^")
    top = pad(above, width, "^") if below else " " * width
    return [top, line, pad(below, width, "^"), *(pad(text, width, "^") for text in under)]


def wrap(text: str, style: Style, indent: str = "   ", again: str | None = None) -> list[str]:
    """A paragraph in lines that fit; a formula too long for a line breaks after a factor."""
    text = style.sign(text)
    if style.width is None:
        return [indent + text]
    lines, line = [], indent
    for word in _words(text):
        if line.strip() and not style.fits((line + word).rstrip()):
            lines.append(line.rstrip())
            line = (indent if again is None else again) + word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    """Pieces between which a line may break: after blanks, products, brackets; else anywhere."""
    found, piece = [], ""
    for c in text:
        piece += c
        if c in " ·*(" or len(piece) > LONGEST_WORD:
            found.append(piece)
            piece = ""
    return [*found, piece] if piece else found


def shortened(rows: Sequence[list[str]], most: int, style: Style) -> list[list[str]]:
    """The first and the last rows of a long list, with a mark for what was left out between."""
    if style.verbose or len(rows) <= most:
        return list(rows)
    half = most // 2
    gap = [""] * len(rows[0])
    gap[0] = "⋮"
    return [*rows[:half], gap, *rows[-half:]]
