"""CSV files of the user's own: numbers as features, one column as target."""

from __future__ import annotations

import csv
import operator
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from autograd_lab.datasets.checks import quoted, reading
from autograd_lab.datasets.dataset import DataSet
from autograd_lab.datasets.targets import Targets, Task, targets_of
from autograd_lab.errors import UsageError, did_you_mean

MAX_FILE = 100_000_000  # bytes; as text, beyond it NPZ is the better form
MAX_LINE = 1_000_000  # characters
MAX_COLUMNS = 10_000
DELIMITERS = ("\t", ";", ",")  # the comma last: it may be that of decimals
MISSING = {"", "na", "n/a", "nan", "null", "?"}
_SAMPLE = 20  # rows that show the delimiter


def read_csv(path: Path, target: str | int | None = None, task: Task | None = None) -> DataSet:
    """The data set of a CSV file: x float64 (n, columns - 1), and y (n,) of the target column.

    Cells are separated by comma, semicolon or tab.  The first row is a header if none of its cells
    is a number.  ``target`` is a column's name, or its place from 0 (-1 is the last, the default).
    Text in the target becomes classes in sorted order.  Empty rows are passed over.

    Errors: UsageError that names line and column: cells that are missing, infinite or no numbers,
    rows of another length, text that is not UTF-8, a target that is not there, more than 100 MB.
    """
    with reading(path, MAX_FILE):
        rows = _rows(path, _delimiter(path))
        line, first = next(rows, (0, []))
        _check_width(path, line, len(first))
        has_header = not any(map(_is_number, first))
        names = _header(path, line, first) if has_header else ()
        table = _Table(path, len(first), names, _place(path, target, names, len(first)))
        for row in rows if has_header else chain([(line, first)], rows):
            table.add(*row)
    x, (y, class_names, found_task) = table.features(), table.targets(task)
    features = [*names] or [f"x{i}" for i in range(1, table.width + 1)]
    del features[table.target]
    return DataSet(
        path.stem, x, y, class_names=class_names, feature_names=tuple(features), task=found_task
    )


def _check_width(path: Path, line: int, width: int) -> None:
    if width > MAX_COLUMNS:
        raise _refusal(
            path, f"{width:,} columns are more than {MAX_COLUMNS:,}; save them as NPZ", line
        )
    if width < 2:
        found = "only one column" if width else "nothing"
        raise _refusal(
            path,
            f"there is {found}; wanted are rows of features and a target, separated by comma, "
            f"semicolon or tab",
        )


# --- rows -----------------------------------------------------------------------------------------


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The line where each row ends, with its cells."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(
            _lines(path, file), delimiter=delimiter, skipinitialspace=True, strict=True
        )
        try:
            for cells in rows:
                if any(map(str.strip, cells)):
                    yield rows.line_num, cells
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise _refusal(
                path, f"byte 0x{byte:02x} is not UTF-8; save the file as CSV UTF-8"
            ) from None
        except csv.Error as error:
            raise _refusal(
                path, f"this is no CSV ({error}); look at the quotation marks", rows.line_num
            ) from None


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """The lines of a file; one that does not end is refused before it fills the memory."""
    number = 1
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise _refusal(path, f"the line is longer than {MAX_LINE:,} characters", number)
        yield line
        number += 1


def _delimiter(path: Path) -> str:
    """The sign by which rows come out equally long, and most cells as numbers."""

    def fit(delimiter: str) -> tuple[bool, int]:
        rows: list[list[str]] = []
        with suppress(UsageError):  # told when the whole file is read
            for _, cells in islice(_rows(path, delimiter), _SAMPLE):
                rows.append(cells)  # those before an error stay
        widths = {len(cells) for cells in rows} or {1}
        numbers = sum(_is_number(cell.replace(",", ".")) for cell in rows[-1]) if rows else 0
        return len(widths) == 1 and widths != {1}, numbers if widths != {1} else -1

    return max(DELIMITERS, key=fit)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # 1_000 is a number in Python only


# --- columns --------------------------------------------------------------------------------------


def _header(path: Path, line: int, cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not name:
            raise _refusal(
                path,
                f"column {i + 1} has no name; give it one, or leave it out if it only counts rows "
                f"(in pandas: to_csv(..., index=False))",
                line,
            )
        if not name.isprintable():
            raise _refusal(path, f"the name {quoted(name)} has control characters", line)
        if name in seen:
            raise _refusal(path, f"two columns are called {quoted(name)}; rename one", line)
        seen.add(name)
    return names


def _place(path: Path, target: str | int | None, names: Sequence[str], width: int) -> int:
    if target is None:
        return width - 1
    if isinstance(target, str) and target in names:
        return names.index(target)
    with suppress(TypeError, ValueError):
        place = int(target) if isinstance(target, str) else operator.index(target)
        if -width <= place < width and not isinstance(target, bool):
            return place % width
    near = did_you_mean(target, names) if isinstance(target, str) else ""
    known = f"the columns are {', '.join(map(quoted, names[:12]))}; " if names else ""
    raise _refusal(
        path,
        f"target={quoted(target)} is no column; {near}{known}name one, or count from 0 to "
        f"{width - 1} (-1 is the last)",
    )


@dataclass
class _Table:
    """Rows as they come: features as numbers, the target as text, and the line of each."""

    path: Path
    width: int
    names: Sequence[str]
    target: int
    numbers: array[float] = field(default_factory=lambda: array("d"))
    labels: list[str] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("q"))

    def add(self, line: int, cells: list[str]) -> None:
        if len(cells) != self.width:
            raise _refusal(
                self.path,
                f"the row has {len(cells)} cells, but the first has {self.width}",
                line,
            )
        self.labels.append(cells.pop(self.target).strip())
        self.lines.append(line)
        try:
            self.numbers.extend(map(float, cells))
        except ValueError:
            pass
        else:
            if "_" not in "".join(cells):
                return
        wrong = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise self._fault(line, wrong, _complaint(cells[wrong]))

    def features(self) -> NDArray[np.float64]:
        if not self.labels:
            raise _refusal(self.path, "there is a header, but no row below it")
        x = np.frombuffer(self.numbers).reshape(len(self.labels), self.width - 1)
        if not np.isfinite(x).all():
            row, column = map(int, np.argwhere(~np.isfinite(x))[0])
            raise self._fault(self.lines[row], column, _unusable(x[row, column]))
        return x

    def targets(self, task: Task | None) -> Targets:
        numeric = [_is_number(label) for label in self.labels]
        for row, label in enumerate(self.labels):
            if label.casefold() in MISSING:
                raise self._fault(self.lines[row], None, _complaint(label))
        if any(numeric) and not all(numeric):
            row = numeric.index(False)
            raise self._fault(
                self.lines[row],
                None,
                f"{quoted(self.labels[row])} is text, but other targets are numbers; write all as "
                f"numbers, or all as text",
            )
        where = f"{quoted(self.path.name)}, {self._column(self.target)}"
        if not numeric[0]:
            return targets_of(self.labels, task, where)
        y = np.array([float(label) for label in self.labels])
        for row in np.flatnonzero(~np.isfinite(y))[:1]:
            raise self._fault(self.lines[row], None, _unusable(y[row]))
        return targets_of(y, task, where)

    def _fault(self, line: int, feature: int | None, what: str) -> UsageError:
        """The error for a cell: of a feature by its place among the features, or the target."""
        column = self.target if feature is None else feature + (feature >= self.target)
        return _refusal(self.path, what, line, self._column(column))

    def _column(self, place: int) -> str:
        return f"column {quoted(self.names[place]) if self.names else place + 1}"


def _complaint(cell: str) -> str:
    if cell.strip().casefold() in MISSING:
        missing = f" ({quoted(cell)})" if cell.strip() else ""
        return f"the value is missing{missing}; fill it in, or leave the row out"
    if _is_number(cell.replace(",", ".")):
        return f"{quoted(cell)} is not a number; write decimals with a point"
    return (
        f"{quoted(cell)} is not a number; only the target may be text (name its column with "
        f"target=...), so give each category of a feature a column of 0 and 1"
    )


def _unusable(value: float) -> str:
    return _complaint("nan") if np.isnan(value) else "the value is infinite; leave the row out"


def _refusal(path: Path, what: str, line: int = 0, column: str = "") -> UsageError:
    place = [quoted(path.name), *([f"line {line}"] if line else []), *([column] if column else [])]
    return UsageError(f"{', '.join(place)}: {what}.")
