"""What is exactly right, by mpmath: values, slopes and second slopes that know no rule.

Of an operation on single numbers the formula is differentiated by SymPy, or the truth is written
down in its row; of a function of arrays differences of the formula are taken, at so many digits
that 50 are left.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from mpmath import mp
from samples import SAMPLES, Case
from witnesses import BY_MPMATH, BY_SYMPY, Subject, _inputs, by_formula, differentiable

from autograd_lab.graph import OPS

DIGITS = 50


class Truth(NamedTuple):
    """An operation on single numbers: its value, slopes (None: no slope on purpose), and second
    slopes by pairs of inputs."""

    value: Callable[..., Any]
    slopes: tuple[Callable[..., Any] | None, ...]
    seconds: dict[tuple[int, int], Callable[..., Any]]


@functools.cache
def truth(name: str) -> Truth:
    op, written = OPS[name], SAMPLES[name].accuracy
    symbols = [sp.Symbol(f"x{i}", real=True) for i in range(op.arity or 0)]
    attrs = {key: sp.Rational(value) for key, value in op.attrs.items()}
    formula = op.formula(BY_SYMPY, *symbols, **attrs)

    def compiled(expression: Any) -> Callable[..., Any]:
        # all digits of the constants, and no jump: floor is flat between its own
        return sp.lambdify(symbols, expression, [{"Step": mp.floor}, "mpmath"], cse=True)

    smooth = [i for i in range(len(symbols)) if op.pull(i) is not None]
    first = {i: sp.diff(formula, symbols[i]) for i in smooth}
    second = {(i, k): compiled(sp.diff(first[i], symbols[k])) for i in smooth for k in smooth}
    if written is not None:
        return Truth(written.exact, (written.slope,), second)
    slopes = tuple(compiled(first[i]) if i in smooth else None for i in range(len(symbols)))
    return Truth(compiled(formula), slopes, second)


class Derivatives(NamedTuple):
    """Of a function of arrays, in single entries: values (m), slopes (m, n), second (m, n, n)."""

    values: Any
    slopes: Any
    seconds: Any


def derivatives(what: Subject, case: Case, second: bool = True) -> Derivatives:
    """Central differences with a step of 1e-30: exact to about 1e-60 of what they are made of."""
    largest = max(float(np.max(np.abs(np.asarray(x, float)), initial=0)) for x in case.values)
    with mp.workdps(160 + int(min(largest, 2000))):  # e^-x needs x/2.3 digits beside 1
        return _differences(what, case, mp.mpf(10) ** -30, second)


def number(y: Any) -> Any:
    """A number of the formula; positions and truth values come as NumPy's."""
    return y if isinstance(y, mp.mpf) else mp.mpf(float(y))


def _clean(found: Any, noise: Any) -> Any:
    """Zeros instead of what is left where all digits cancel."""
    return np.where(abs(found) < noise, mp.mpf(0), found)


def _differences(what: Subject, case: Case, h: Any, second: bool) -> Derivatives:
    n = sum(int(np.size(case.values[i])) for i in differentiable(case))

    def at(*moves: tuple[int, int]) -> Any:
        shift = {k: sign * h for k, sign in moves}
        inputs = _inputs(case, BY_MPMATH, lambda x, k: mp.mpf(x) + shift.get(k, 0), False)
        y = by_formula(what, BY_MPMATH, inputs, {**what.attrs, **case.attrs}).ravel()
        return np.array([number(entry) for entry in y], dtype=object)

    here = at()
    one = {(k, s): at((k, s)) for k in range(n) for s in (1, -1)}
    slopes = np.zeros((here.size, n), dtype=object)
    seconds = np.zeros((here.size, *(n, n) * second), dtype=object)
    for k in range(n):
        slopes[:, k] = (one[k, 1] - one[k, -1]) / (2 * h)
        if second:
            seconds[:, k, k] = (one[k, 1] - 2 * here + one[k, -1]) / h**2
    for j, k in itertools.combinations(range(n), 2) if second else ():
        both = at((j, 1), (k, 1)) + at((j, -1), (k, -1))
        across = one[j, 1] + one[j, -1] + one[k, 1] + one[k, -1]
        seconds[:, j, k] = seconds[:, k, j] = (both - across + 2 * here) / (2 * h**2)
    noise = mp.mpf(10) ** (20 - mp.dps) * max([1, *abs(here)])
    return Derivatives(
        _clean(here, noise), _clean(slopes, noise / h), _clean(seconds, noise / h**2)
    )
