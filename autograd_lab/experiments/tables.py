"""Tables and numbers of experiments, as text, Markdown and JSON values."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_lab.explanations.layout import Column, Style, table, wrap

Rows = Sequence[Sequence[str]]


def figure(x: float | None) -> str:
    """A loss or a share with four digits; nothing for None.

    >>> figure(0.97222), figure(1234.5), figure(1e-7), figure(float("nan"))
    ('0.9722', '1234', '1.000e-07', 'nan')
    """
    if x is None:
        return ""
    if not math.isfinite(x):
        return str(x)
    if x == 0:
        return "0.0000"
    return f"{x:.4f}" if 1e-3 <= abs(x) < 10 else f"{x:#.4g}".removesuffix(".")


def seconds(x: float) -> str:
    """A time to read.

    >>> seconds(0.0123), seconds(4.56), seconds(185)
    ('12 ms', '4.6 s', '3:05 min')
    """
    if x < 1:
        return f"{x * 1000:.0f} ms"
    return f"{x:.1f} s" if x < 100 else f"{int(x) // 60}:{int(x) % 60:02} min"


def pairs_text(pairs: Sequence[tuple[str, str]], style: Style) -> list[str]:
    """Words in one column and what is so called beside them.

    >>> pairs_text([("data", "iris"), ("net", "4-3")], Style())
    ['data  iris', 'net   4-3']
    """
    width = max(len(word) for word, _ in pairs) + 2
    return [
        line for word, said in pairs for line in wrap(said, style, f"{word:<{width}}", " " * width)
    ]


def text_table(titles: Sequence[str], rows: Rows, style: Style) -> list[str]:
    """Columns of numbers beside a first column of words."""
    columns = [Column(title, "<" if i == 0 else ">") for i, title in enumerate(titles)]
    return table(columns, rows, style)


def markdown_table(titles: Sequence[str], rows: Rows) -> list[str]:
    """The same for a page that reads Markdown.

    >>> markdown_table(["part", "loss"], [["train", "0.5"]])
    ['| part | loss |', '|:---|---:|', '| train | 0.5 |']
    """
    rule = ["|:---|" + "---:|" * (len(titles) - 1)]
    return [_row(titles), *rule, *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def csv_text(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The same for spreadsheets; floats in full."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([titles, *rows])
    return text.getvalue()


def json_text(value: Any) -> str:
    """JSON for people and programs; nan and infinities, which it lacks, as "nan", "inf", "-inf".

    >>> print(json_text({"loss": float("inf")}))
    {
      "loss": "inf"
    }
    """
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """The value with words in the places of numbers that JSON lacks."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
