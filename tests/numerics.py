"""``python tests/numerics.py`` counts the errors of every function against mpmath, as a page.

The functions are those of the library, the truths those of the tests, and the reasons stand beside
the rows of ``samples.py``; nothing but the words around them is written here.
"""

from __future__ import annotations

import argparse
import importlib
import math
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import mpmath
import numpy as np
import sympy
from figures import COUNT, SECOND, Figures, figures
from samples import COMPOSED, SAMPLES
from truths import DIGITS, truth
from ulps import DENORMAL, SEED, STRICT

from autograd_lab import ops

PAGE = Path(__file__).resolve().parent.parent / "gallery" / "pages" / "numerics.md"
QUICK = 400  # a quick run takes every so many of the inputs
# The files of autograd_lab/ops, in the order in which they build on each other.
FAMILIES = {
    "arithmetic": "Arithmetic",
    "choice": "Comparisons and choice",
    "exponential": "Exponentials, logarithms, roots and powers",
    "trigonometry": "Circular and hyperbolic functions",
    "activations": "Activations",
    "error_function": "Error function and normal distribution",
    "movement": "Movement of entries",
    "indexing": "Entries by position",
    "reduce": "Sums, products, extremes",
    "soft": "Soft maximum",
    "statistics": "Spread and length",
    "contract": "Products of arrays",
    "arrange": "Arrangements",
    "linear": "Equations and matrices",
}
COLUMNS = {"y64": "float64 value", "s64": "float64 slope", "y32": "float32 value",
           "s32": "float32 slope", "second": "second order"}  # fmt: skip
NOT_FUNCTIONS = {"KINKS", "Kink"}


def names() -> dict[str, str]:
    """Every public function, and the file in which it is defined."""
    modules = {name: importlib.import_module(f"autograd_lab.ops.{name}") for name in FAMILIES}
    return {
        name: next(
            family
            for family, module in modules.items()
            if getattr(module, name, None) is getattr(ops, name)
        )
        for name in ops.__all__
        if name not in NOT_FUNCTIONS
    }


# --- the page -------------------------------------------------------------------------------------

INTRO = """\
# Numerical report

How far is each function from the truth?  The truth is mpmath's, at {digits} digits: of an operation
on single numbers its formula, differentiated by SymPy or written down by hand; of a function of
arrays the differences of its formula at 160 digits and more.  None of them knows a backward rule of
the library.

**{functions} functions, {cases} numbers compared, {failures}.**

What is counted is the distance from the exact result in ULP, units in the last place: the distance
of neighbouring floats at the exact result.  The nearest float is at most 0.5 ULP away.

- **Operations on single numbers** stay within {strict:g} ULP in value and slope, in float64 and in
  float32, saturated tails included.  Each is tried on {count} random inputs of every size and on
  hard ones (denormals, ends of the range, neighbours of 1, multiples of π/2 ...), as an array in
  both widths and as Python's floats.  Float32 is held against the truth at the float32 input.
- **Functions of arrays** are tried on many shapes and axes, empty ones included.  Each of the n
  numbers that go in has been rounded once, and a result cannot be surer than that, so one ULP is
  one of Σ |x ∂y/∂x|, or of |y| if that is more: for a sum, of the sum of the sizes of its terms.
  They stay within n + {strict:g} of these.  Slopes are counted likewise, where a number is expected
  or found: most of a Jacobian's entries are zeros.
- **Second order**: slopes of slopes, in ULP of the second slope or of slope / x, and how many;
  none at all where none is expected or found.  Bound {second:g}, or that of the function if it is
  more.
- **Very small results**, less than 16 times the smallest normal float (2.2e-308, in float32
  1.2e-38), have fewer digits, or the numbers on the way to them have.  They stay within
  {denormal:g} ULP and are not part of the columns.
- **Kinks** are conventions and no figures: the slope used there, by the library's table `KINKS`.

A number in brackets leads to a note below the table.  The worst input is that of the largest error
in the four columns before it.
"""

END = """\
## How this page is made

`python tests/numerics.py` wrote it, with Python {python}, NumPy {numpy}, mpmath {mpmath} and SymPy
{sympy} on {machine}, seed {seed}.  The same command gives the same page again; NumPy chooses its
instructions by processor, so that on another machine a figure may differ in its first decimal.
`--quick` is a run of a few seconds that writes nothing unless told where.
"""


def page(found: Mapping[str, Figures]) -> str:
    """The report in Markdown."""
    families = names()
    failures = [text for one in found.values() for text in one.failures]
    parts = [
        INTRO.format(
            digits=DIGITS, functions=len(found), count=f"{COUNT:,}", strict=STRICT,
            second=SECOND, denormal=DENORMAL, cases=f"{sum(f.cases for f in found.values()):,}",
            failures=f"{len(failures)} failure{'s' * (len(failures) != 1)}",
        )
    ]  # fmt: skip
    for family, title in FAMILIES.items():
        members = [one for name, one in found.items() if families[name] == family]
        if members:
            parts.append(f"## {title}\n\n{table(members)}")
    if failures:
        parts.append("## Failures\n\n" + "\n".join(f"- {text}" for text in failures) + "\n")
    parts.append(
        END.format(
            python=platform.python_version(), numpy=np.__version__, mpmath=mpmath.__version__,
            sympy=sympy.__version__, machine=_machine(), seed=SEED,
        )
    )  # fmt: skip
    return "\n".join(parts)


def _machine() -> str:
    return f"{platform.machine().replace('_', '-')} {platform.system()}"


def table(members: Sequence[Figures]) -> str:
    """One row for each function, and the notes."""
    head = ["function", "cases", "failures", *COLUMNS.values(), "worst input", "kinks"]
    lines = [_line(head), _line(["---", *["---:"] * (2 + len(COLUMNS)), "---", "---"])]
    notes: list[str] = []
    for one in members:
        mark = ""
        if text := note(one):
            notes.append(f"[{len(notes) + 1}] `{one.name}`: {text}")
            mark = f" [{len(notes)}]"
        counts = [f"{one.cases:,}", str(len(one.failures))]
        errors = [error(one, column) for column in COLUMNS]
        lines.append(_line([f"`{one.name}`{mark}", *counts, *errors, worst(one), kinks(one.name)]))
    return "\n".join(lines) + "\n" + "".join(f"\n{text}\n" for text in notes)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def error(one: Figures, column: str) -> str:
    """An error in ULP, rounded up; a dash where there is nothing to count."""
    if column not in one.worst:
        return "–"
    off = one.worst[column][0]
    text = f"{math.ceil(off * 100) / 100:.2f}" if off and math.isfinite(off) else f"{off:g}"
    return f"{text} ({one.second:,})" if column == "second" and one.second else text


def worst(one: Figures) -> str:
    """The column and the input of the largest error."""
    ranked = [(off, column, at) for column, (off, at) in one.worst.items() if column in COLUMNS]
    off, column, at = max([r for r in ranked if r[1] != "second"], default=(0.0, "", ""))
    return f"{COLUMNS[column]} at {at}" if off else "exact"


def kinks(name: str) -> str:
    """Where there is no slope and what is used, by the table of conventions."""
    return "; ".join(
        f"{kink.where}: {', '.join(map(_slope, kink.slopes)) if kink.slopes else 'no slope'}"
        for kink in ops.KINKS
        if kink.op == name
    )


def _slope(slope: object) -> str:
    if isinstance(slope, tuple):
        return f"({', '.join(map(_slope, slope))})"
    return f"{slope:.5g}".replace("inf", "∞")


def note(one: Figures) -> str:
    """Why errors are counted in ULP of terms, with the conditioning number where it is worst."""
    row = SAMPLES.get(one.name) or COMPOSED.get(one.name)
    if row is None:
        return ""
    accuracy = getattr(row, "accuracy", None)
    if accuracy is None or not accuracy.why:
        return row.vary.why
    off, x = one.raw
    exact = truth(one.name)
    with mpmath.workdps(4 * DIGITS):
        number = abs(x * exact.seconds[0, 0](mpmath.mpf(x)) / exact.slopes[0](mpmath.mpf(x)))
    return (
        f"{accuracy.why}. In ULP of the slope itself the largest error is {off:.2g}, at x = {x!r}; "
        f"there the conditioning number |x f″/f′| is {float(number):.2g}, so that rounding the "
        f"input alone moves the slope by up to {float(number) / 2:.2g} ULP."
    )


# --- the command ----------------------------------------------------------------------------------


def measure(chosen: Iterable[str], thin: int = 1) -> dict[str, Figures]:
    """The figures of functions by name; progress on a terminal."""
    found = {}
    for name in chosen:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{name:<20}")
        found[name] = figures(name, thin)
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{'':<20}\r")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, by default the committed one; 1 if anything is out of its bound."""
    parser = argparse.ArgumentParser(description="The numerical report of every function.")
    parser.add_argument("--quick", action="store_true", help="few inputs; printed, not written")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where the page goes")
    options = parser.parse_args(arguments)
    found = measure(names(), QUICK if options.quick else 1)
    text, output = page(found), options.output or (None if options.quick else PAGE)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8", newline="\n")
    return int(any(one.failures for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
