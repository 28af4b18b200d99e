"""What may stand on a command line beside an expression: values of variables, lists, file names."""

from __future__ import annotations

import re
from math import isfinite

from autograd_lab.language.lexer import MAX_DIGITS
from autograd_lab.language.names import name_fault
from autograd_lab.language.refusal import printable, refusal

MAX_ENTRIES = 100_000
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ENDINGS = (
    "csv|dot|gif|gz|h5|hdf5|html|ipynb|jpeg|jpg|json|keras|md|mmd|npy|npz|onnx|pdf|pkl|png|pt|py"
    "|safetensors|svg|tar|tex|toml|tsv|txt|xml|yaml|yml|zip"
)
_FILE = re.compile(
    r"(?:\.{0,2}/|~|[A-Za-z]:[\\/]|[a-z]+://|-$).*"  # a path, an address, standard input
    rf"|.*\.(?:{_ENDINGS})"
    r"|[^\s()*+=,;<>]*\\.*",
    re.IGNORECASE | re.DOTALL,
)


def looks_like_file(text: str) -> bool:
    """Whether a target was meant as a file (or as standard input, ``-``), there or not.

    >>> [looks_like_file(t) for t in ("net.json", "./net", "-", "w/x", "2.e5", "tanh(w*x)")]
    [True, True, True, False, False, False]
    """
    return _FILE.fullmatch(text.strip()) is not None


def parse_values(text: str) -> dict[str, float]:
    """Values of variables, as in ``w1=0.7,b1=-0.2``; ExpressionError if they cannot be read.

    Only finite decimal numbers are values: with infinity or nan no derivative would be a number.

    >>> parse_values("w1=0.7, b1=-0.2")
    {'w1': 0.7, 'b1': -0.2}
    """
    values: dict[str, float] = {}
    for entry, start in _entries(text, "Write name=value,...  for example w1=0.7,b1=-0.2"):
        name, equals, number = (part.strip(" ") for part in entry.partition("="))
        end = start + len(entry)
        if not equals or not name or not number:
            raise refusal(
                f"'{printable(entry)}' is no name=value", text, start, end,
                remedy="Write name=value,...  for example w1=0.7,b1=-0.2",
            )  # fmt: skip
        if fault := name_fault(name):
            raise refusal(f"'{printable(name)}' {fault[0]}", text, start, end, remedy=fault[1])
        if name in values:
            raise refusal(
                f"'{name}' is given a value twice", text, start, end, remedy="Leave one out."
            )
        values[name] = _number(
            number, text, start + len(entry) - len(entry.rpartition("=")[2]), end
        )
    return values


def parse_numbers(text: str) -> list[float]:
    """A list of numbers, as in ``0.8,-1.2``; ExpressionError if it cannot be read.

    >>> parse_numbers("0.8, -1.2")
    [0.8, -1.2]
    """
    return [
        _number(entry, text, start, start + len(entry))
        for entry, start in _entries(text, "Write numbers with commas: 0.8,-1.2")
    ]


def _entries(text: str, remedy: str) -> list[tuple[str, int]]:
    """What stands between the commas, with its place, without spaces around it."""
    if not text.strip():
        raise refusal("there is no value in an empty text", remedy=remedy)
    if text.count(",") >= MAX_ENTRIES:
        raise refusal(f"more than {MAX_ENTRIES:,} values", remedy="Give fewer.")
    found: list[tuple[str, int]] = []
    start = 0
    for part in text.split(","):
        lead = len(part) - len(part.lstrip(" "))
        found.append((part.strip(" "), start + lead))
        start += len(part) + 1
    return found


def _number(number: str, text: str, start: int, end: int) -> float:
    if sum(c.isdigit() for c in number) > MAX_DIGITS or not _NUMBER.fullmatch(number):
        raise refusal(
            f"'{printable(number)}' is no number" if number else "a number is missing",
            text, start, max(end, start + 1),
            remedy=f"Write decimal numbers of at most {MAX_DIGITS} digits: 0.5, -2, 1e-3.",
        )  # fmt: skip
    value = float(number)
    if not isfinite(value) or (value == 0.0 and re.match(r"[+-]?[0.]*[1-9]", number)):
        raise refusal(
            f"'{printable(number)}' is beyond the range of floats", text, start, end,
            remedy="Sizes from 5e-324 to 1.7e308 are read.",
        )  # fmt: skip
    return value
