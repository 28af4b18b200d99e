"""A report on paths as plain text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd_lab.explanations.layout import MOST_ROWS, Column, Style, shortened, table, wrap
from autograd_lab.pathways.network import RankedPath
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.pathways.report import PathReport

_LONGEST_NUMBER = 15  # digits of a count that are read at a glance


def render(report: PathReport, style: Style, most: int) -> str:
    """The whole text: how many paths, how they add up, and those at either end."""
    sections = [wrap(report.title, style, "", "   "), _sums(report, style)]
    for title, paths in (("STRONGEST PATHS", report.strongest), ("WEAKEST OPEN", report.weakest)):
        if paths[:most]:
            sections.append([title, *_ranked(report, paths[:most], style)])
    if most and report.strongest and report.strongest[0].edges:
        sections.append(["FACTORS OF THE STRONGEST PATH", *_factors(report.strongest[0], style)])
    sections += [wrap(note, style, "", "") for note in report.notes]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _sums(report: PathReport, style: Style) -> list[str]:
    rows = [
        ["paths", count(report.count), ""],
        ["open", count(report.open), "no factor is zero" + _one_in(report)],
        ["sum", style.scientific(report.total), "all paths: the entries of the gradient added up"],
        ["sum of sizes", style.scientific(report.absolute), "all paths, without their signs"],
    ]
    if report.open:
        entropy = f"nats: as even as {report.effective:.3g} paths of equal size"
        if math.isinf(report.effective):
            entropy = "nats"
        rows += [
            ["cancellation", f"{report.cancellation:.3g}", "|sum| / sum of sizes"],
            ["entropy", f"{report.entropy:.4g}", entropy],
        ]
    lines = table([Column("", "<"), Column(""), Column("", "<", 1)], rows, style)
    return [line for line in lines if line.strip()]


def count(number: int) -> str:
    """A whole number with commas; a long one with its size.

    >>> count(1234567), count(10**42)
    ('1,234,567', '1.000e+42')
    """
    if len(str(number)) <= _LONGEST_NUMBER:
        return f"{number:,}"
    return _scaled(number).format(3, "-")


def _one_in(report: PathReport) -> str:
    if not report.open or report.open == report.count:
        return ""
    ratio = _scaled(report.count) / _scaled(report.open)
    return f": 1 in {float(ratio):.3g}"


def _scaled(number: int) -> Scaled:
    """A whole number of any length."""
    shift = max(0, number.bit_length() - 64)
    lead = Scaled.of(float(number >> shift))
    return Scaled(lead.mantissa, lead.exponent + shift)


def _ranked(report: PathReport, paths: Sequence[RankedPath], style: Style) -> list[str]:
    columns = [Column("#"), Column("value"), Column("share", drop=1), Column("neurons", "<")]
    rows = [
        [str(i), style.scientific(path.value), f"{report.share(path):.2g}", chain(path.neurons)]
        for i, path in enumerate(paths, 1)
    ]
    return table(columns, rows, style)


def chain(neurons: Sequence[str]) -> str:
    """Neurons with arrows between them.

    >>> chain(["x[2]", "dense[0]"])
    'x[2] → dense[0]'
    """
    return " → ".join(neurons)


def _factors(path: RankedPath, style: Style) -> list[str]:
    columns = [Column("from", "<"), Column("to", "<"), Column("local derivative", "<", 1),
               Column("factor"), Column("product so far", drop=2)]  # fmt: skip
    rows, running = [], Scaled.of(1.0)
    for factor in path.factors:
        running = running * factor.slope
        rows.append(
            [factor.target, factor.source, factor.symbol, style.number(factor.slope),
             style.scientific(running)]
        )  # fmt: skip
    return table(columns, shortened(rows, MOST_ROWS, style), style)
