"""Counting: the errors of one function's values, slopes and second slopes against the truth."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from mpmath import mp
from samples import COMPOSED, SAMPLES, Case, Vary
from truths import DIGITS, Derivatives, Truth, derivatives, number, truth
from ulps import DENORMAL, SEED, STRICT, inputs, is_denormal, ulps
from witnesses import Subject, differentiable, record, subject

from autograd_lab import ops
from autograd_lab.graph import OPS, Node, leaf
from autograd_lab.interpreters.differentiate import gradient

COUNT = 5000  # inputs of an operation on single numbers, in each width
WIDTHS = {"64": np.float64, "32": np.float32}
SECOND = 16.0  # the bound of second slopes, which are sums of products of several


@dataclass
class Figures:
    """What was counted for one function: worst errors by column, and where they were.

    Columns are y (value), s (slope) with the width, "second", and "denormal" for results too small
    to have all digits.  ``raw`` is the largest error in ULP of the result itself and its input,
    where ``worst`` counts in ULP of terms.
    """

    name: str
    cases: int = 0
    second: int = 0
    worst: dict[str, tuple[float, str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    raw: tuple[float, float] = (0.0, 0.0)

    def count(self, column: str, off: float, bound: float, at: str) -> None:
        self.cases += 1
        self.second += column == "second"
        off = off if off > 1e-30 else 0.0  # the truth has 50 digits
        if not off <= bound:
            self.failures.append(f"{self.name}, {column}: {off:.3g} ULP at {at}")
        if off >= self.worst.get(column, (-1.0, ""))[0]:
            self.worst[column] = (off, at)


def figures(name: str, thin: int = 1) -> Figures:
    """All counts of a function; every ``thin``-th input only, and one draw of each case."""
    if name in OPS and OPS[name].elementwise:
        return single_numbers(name, thin)
    return arrays(name, thin)


# --- operations on single numbers -----------------------------------------------------------------


def single_numbers(name: str, thin: int) -> Figures:
    """Value and slopes in both widths, of arrays and of Python's floats, and second slopes."""
    found, exact = Figures(name), truth(name)
    for width, kind in WIDTHS.items():
        xs = [x[::thin] for x in inputs(name, COUNT, kind)]
        compare(found, width, exact, xs, computed(name, xs))
    few = [x[:: 4 * thin] for x in inputs(name, COUNT)]
    floats = [x.tolist() for x in few]
    each = [computed(name, row) for row in zip(*floats, strict=True)]
    compare(found, "64", exact, floats, list(zip(*each, strict=True)))
    second_slopes(found, exact, few)
    return found


def computed(name: str, xs: Sequence[Any]) -> list[Any]:
    """The value and the slope by each input as the engine has them, None for no slope."""
    op = OPS[name]
    leaves = {i: leaf(x) for i, x in enumerate(xs) if op.pull(i) is not None}
    y = op(*[leaves.get(i, x) for i, x in enumerate(xs)])
    if not leaves:
        return [y, *[None] * len(xs)]
    slopes = dict(zip(leaves, gradient(y, list(leaves.values())), strict=True))
    return [y.value, *[slopes.get(i) for i in range(len(xs))]]


def compare(
    found: Figures, width: str, exact: Truth, xs: Sequence[Any], got: Sequence[Any]
) -> None:
    """Count each entry of value and slopes."""
    accuracy = SAMPLES[found.name].accuracy
    for k, right in enumerate([exact.value, *exact.slopes]):
        if right is not None:
            column = ("s" if k else "y") + width
            bound = (accuracy.slope_ulp if k else accuracy.value_ulp) if accuracy else STRICT
            for row, y in zip(zip(*xs, strict=True), got[k], strict=True):
                one_number(found, column, right, row, y, bound)


def one_number(
    found: Figures, column: str, right: Any, row: Sequence[Any], y: Any, bound: Any
) -> None:
    kind = WIDTHS[column[1:]]
    with mp.workdps(DIGITS):
        wanted = number(right(*exactly(row)))
        off = ulps(float(y), wanted, kind)
    if is_denormal(wanted, kind):
        found.count("denormal", off, DENORMAL, point(row))
        return
    if callable(bound):  # counted in ULP of the terms, of which it is so many times more
        x = float(row[0])
        found.raw = max(found.raw, (off, x))
        off *= STRICT / bound(x)
    found.count(column, off, STRICT, point(row))


def exactly(row: Sequence[Any]) -> list[Any]:
    return [bool(x) if isinstance(x, (bool, np.bool_)) else mp.mpf(float(x)) for x in row]


def point(row: Sequence[Any]) -> str:
    return ", ".join(str(x) if isinstance(x, (bool, np.bool_)) else f"{x:.6g}" for x in row)


def second_slopes(found: Figures, exact: Truth, xs: Sequence[Any]) -> None:
    """Where numbers are of usual size, in ULP of the second slope or of slope / x."""
    usual = np.all([(abs(x) < 40) & (abs(x) > 1e-6) for x in xs if x.dtype != bool], axis=0)
    xs = [x[usual] for x in xs]
    leaves = {i: leaf(x) for i, x in enumerate(xs) if exact.slopes[i] is not None}
    if not leaves:
        return
    y = OPS[found.name](*[leaves.get(i, x) for i, x in enumerate(xs)])
    slopes = dict(zip(leaves, gradient(y, list(leaves.values()), create_graph=True), strict=True))
    for (j, k), right in exact.seconds.items():
        (got,) = gradient(slopes[j], [leaves[k]])
        for row, curve in zip(zip(*xs, strict=True), got, strict=True):
            with mp.workdps(4 * DIGITS):
                entry = exactly(row)
                wanted, by_j, by_k = (
                    number(f(*entry)) for f in (right, exact.slopes[j], exact.slopes[k])
                )
                size = max(abs(wanted), abs(by_j / entry[k]), abs(by_k / entry[j]))
                off = ulps(curve, wanted, size=size)
            found.count("second", off, SECOND, point(row))


# --- functions of arrays --------------------------------------------------------------------------


def arrays(name: str, thin: int) -> Figures:
    """Every case of the tables, with other numbers in each draw."""
    found = Figures(name)
    for full, vary in _subjects(name):
        what = subject(full)
        for i in range(0, len(what.cases), 1 + thin // 20):
            case = what.cases[i]
            for draw in range(1 if thin > 1 else _draws(case)):
                drawn = varied(case, vary, [zlib.crc32(full.encode()), i, draw])
                one_case(found, what, drawn, vary, "64", second=draw == 0)
                if case.single and any(np.ndim(case.values[k]) for k in differentiable(case)):
                    one_case(found, what, narrow(drawn), vary, "32", second=False)
        for case in vary.long if thin == 1 else ():
            values(found, what, case, "64"), values(found, what, narrow(case), "32")
    return found


def _subjects(name: str) -> Iterator[tuple[str, Vary]]:
    if name in SAMPLES:
        yield name, SAMPLES[name].vary
    if name in COMPOSED:
        yield f"of {name}", COMPOSED[name].vary


def _draws(case: Case) -> int:
    entries = sum(np.size(x) for x in case.values)
    return 6 if entries <= 6 else 2 if entries <= 12 else 1  # exact second slopes take their square


def varied(case: Case, vary: Vary, salt: Sequence[int]) -> Case:
    """The case with other numbers; positions, masks and labels stay."""
    random = np.random.default_rng([SEED, *salt])
    scale = vary.scales[salt[-1] % len(vary.scales)]

    def moved(x: Any) -> Any:
        if np.asarray(x).dtype.kind != "f":
            return x
        y = x * random.uniform(1 - vary.part, 1 + vary.part, np.shape(x)) * scale
        return y if np.ndim(x) else float(y)

    return replace(case, values=tuple(moved(x) for x in case.values))


def narrow(case: Case) -> Case:
    """The same in float32, single numbers too, so that the truth is that of the input."""

    def rounded(x: Any) -> Any:
        if np.asarray(x).dtype.kind != "f":
            return x
        return x.astype(np.float32) if np.ndim(x) else float(np.float32(x))

    return replace(case, values=tuple(rounded(x) for x in case.values))


def one_case(
    found: Figures, what: Subject, case: Case, vary: Vary, width: str, second: bool
) -> None:
    """Count every entry, in ULP of |y| or, if that is more, of Σ |x dy/dx|: of the terms."""
    exact, x, y, leaves = values(found, what, case, width, slopes=True)
    bound, at = STRICT + x.size, words(case)
    apart = by_product if found.name in ("getitem", "put") else by_index
    first, curved = slopes_of(y, leaves, second, apart)
    with mp.workdps(DIGITS):
        for i, j in np.argwhere((exact.slopes != 0) | (first != 0)):
            size = max(abs(exact.slopes[i, j]), total(exact.seconds[i, j] * x))
            if vary.terms is not None:
                size = max(size, vary.terms(exact.values[i]))
            off = ulps(float(first[i, j]), exact.slopes[i, j], WIDTHS[width], size)
            found.count("s" + width, off, bound, at)
        if second:
            count_second(found, exact, x, curved, bound, at)


def values(
    found: Figures, what: Subject, case: Case, width: str, slopes: bool = False
) -> tuple[Derivatives, Any, Node, list[Node]]:
    """Count the values; the truth, the inputs in one row, and what the engine recorded."""
    exact = derivatives(what, case, second=slopes)
    y, _, leaves = record(what.call, case)
    x = flat([case.values[i] for i in differentiable(case)])
    got = np.ravel(np.asarray(y.value))
    assert got.shape == exact.values.shape, f"{found.name}: {got.shape}"
    with mp.workdps(DIGITS):
        for i, wanted in enumerate(exact.values):
            size = max(abs(wanted), total(exact.slopes[i] * x))
            off = ulps(float(got[i]), wanted, WIDTHS[width], size)
            found.count("y" + width, off, STRICT + x.size, words(case))
    return exact, x, y, leaves


def count_second(
    found: Figures, exact: Derivatives, x: Any, got: Any, bound: float, at: str
) -> None:
    """Count the second slopes, in ULP of the second slope or of slope / x; none may be right."""
    found.worst.setdefault("second", (0.0, at))
    for i, j, k in np.argwhere((exact.seconds != 0) | (got != 0)):
        size = abs(exact.seconds[i, j, k])
        if x[k] and x[j]:
            size = max(size, abs(exact.slopes[i, j] / x[k]), abs(exact.slopes[i, k] / x[j]))
        off = ulps(got[i, j, k], exact.seconds[i, j, k], size=size)
        found.count("second", off, max(SECOND, bound), at)


def total(terms: Any) -> Any:
    return sum(abs(terms), start=mp.mpf(0))


def words(case: Case) -> str:
    """The shapes and attributes of a case."""
    shapes = " and ".join(str(np.shape(x)) for x in case.values)
    return ", ".join([shapes, *[f"{key} {value}" for key, value in case.attrs.items()]])


def flat(parts: Sequence[Any]) -> Any:
    return np.concatenate([np.ravel(p) for p in parts]).astype(float) if parts else np.zeros(0)


def slopes_of(
    y: Node, leaves: Sequence[Node], second: bool, entries: Callable[[Node], list[Node]]
) -> tuple[Any, Any]:
    """The slopes of every entry of y by every entry of the leaves, and theirs if wanted."""
    n = sum(x.size for x in leaves)
    first, curved = np.zeros((y.size, n)), np.zeros((y.size, n, n))
    for i, entry in enumerate(entries(y) if leaves else []):
        nodes = gradient(entry, leaves, create_graph=True)
        first[i] = flat([s.value for s in nodes])
        if second:
            curved[i] = [flat(gradient(e, leaves)) for s in nodes for e in entries(s)]
    return first, curved


def by_index(y: Node) -> list[Node]:
    return [y[at] for at in np.ndindex(y.shape)] if y.shape else [y]


def by_product(y: Node) -> list[Node]:
    """The entries without an index, which would take back a wrong sign of its own."""
    picks = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
    return [ops.sum(pick * y) for pick in picks] if y.shape else [y]
