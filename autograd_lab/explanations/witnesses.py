"""Three witnesses to every gradient, who share nothing but the graph: does reverse mode agree?

Reverse mode uses each operation's vjp on floats.  SymPy differentiates the formula face, composed
where that stays readable, else one operation at a time at 30 digits.  Differences use no rule at
all, only values of the formula face at as many digits as the depth needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import mpmath

from autograd_lab.explanations.derivation import Slopes
from autograd_lab.explanations.problem import Problem
from autograd_lab.explanations.verdict import kinks
from autograd_lab.graph import Node, active_nodes, leaf, toposort
from autograd_lab.interpreters import precise
from autograd_lab.interpreters.replay import graft
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from random import Random

Status = Literal["agree", "disagree", "inconclusive", "left out"]
DIGITS = 30
MOST_DIGITS = 480
LIMIT = 1e-9  # relative difference between a float product and 30 digits
ROUNDING = 2.0**-46  # of the sum of the paths' sizes: what terms that cancel leave behind
MAX_EACH = 100  # leaves that are checked one by one
MAX_WORK = 25_000  # leaves times nodes for that


@dataclass(frozen=True)
class Disagreement:
    """The worst gradient on which two witnesses differ."""

    name: str
    reverse: str
    other: str
    relative: float


@dataclass(frozen=True)
class Check:
    """What one witness says; ``done`` of ``total`` gradients could be compared."""

    witness: str
    status: Status
    done: int = 0
    total: int = 0
    largest: float = 0.0
    worst: Disagreement | None = None
    notes: tuple[str, ...] = field(default=())


def examine(
    problem: Problem, slopes: Slopes, symbolic: bool, progress: Callable[[str, int, int], None]
) -> tuple[Check, ...]:
    """Ask every witness; ``symbolic`` off leaves SymPy out, and says so."""
    touched = _touched_by_kinks(problem)
    progress("SymPy", 0, 0)
    sympy = _sympy(problem, slopes, touched) if symbolic else Check(
        "SymPy", "left out", notes=("left out by --numeric",)
    )  # fmt: skip
    return sympy, _differences(problem, slopes, touched, progress)


# --- SymPy ----------------------------------------------------------------------------------------


def _sympy(problem: Problem, slopes: Slopes, touched: set[Node]) -> Check:
    from autograd_lab.interpreters import algebra

    leaves = list(problem.leaves.values())
    view, order = problem.view, toposort([problem.view])
    closed = algebra.fits_closed_form(view)
    name = "SymPy, closed form" if closed else "SymPy, slope by slope"
    if closed:
        gradient = algebra.closed_slopes(view, leaves)
    else:
        active = active_nodes(order, leaves)

        def gradient() -> dict[Node, Any]:
            values = precise.evaluate(order, {})
            return algebra.precise_gradient(view, leaves, values, active)

    found = _settled(gradient)
    return _compare(problem, slopes, name, found, touched, len(leaves))


def _settled(gradient: Callable[[], dict[Node, Any]]) -> dict[Node, Any]:
    """The gradient at a precision that no longer changes it: 1 - tanh² needs many digits at 40."""
    digits = DIGITS
    with mpmath.workdps(digits):
        found = gradient()
    while digits < MOST_DIGITS:
        digits *= 2
        with mpmath.workdps(digits):
            better = gradient()
            if all(_same(found[x], better[x]) for x in found):
                return better
            found = better
    return found


def _same(a: Any, b: Any) -> bool:
    if not (mpmath.isfinite(a) and mpmath.isfinite(b)):
        return bool(mpmath.isfinite(a) == mpmath.isfinite(b))
    return bool(abs(a - b) <= abs(b) * mpmath.mpf("1e-20"))


# --- differences ----------------------------------------------------------------------------------


def _differences(
    problem: Problem,
    slopes: Slopes,
    touched: set[Node],
    progress: Callable[[str, int, int], None],
) -> Check:
    leaves = list(problem.leaves.values())
    order = toposort([problem.output])
    name = "central differences"
    budget = precise.Budget()
    each = len(leaves) <= MAX_EACH and len(leaves) * len(order) <= MAX_WORK
    chosen = leaves if each else problem.asked()
    found: dict[Node, Any] = {}
    lost = 0
    for i, x in enumerate(chosen):
        progress("differences", i, len(chosen))
        if x in touched:
            continue
        scale = abs(float(x)) or 1.0
        result = precise.difference(problem.output, {x: scale}, budget)
        if result.conclusive:
            found[x] = result.value / scale
        else:
            lost += 1
    check = _compare(problem, slopes, name, found, touched, len(leaves), lost=lost)
    return check if each else _with_direction(problem, slopes, check, touched, budget)


def _with_direction(
    problem: Problem, slopes: Slopes, check: Check, touched: set[Node], budget: precise.Budget
) -> Check:
    """Too many leaves to try each: one random direction in all of them tests every gradient."""
    free = [x for x in problem.leaves.values() if x not in touched]
    source = _generator(0)
    direction = {x: source.choice((-1.0, 1.0)) * (abs(float(x)) or 1.0) for x in free}
    result = precise.difference(problem.output, direction, budget)
    total = Scaled.of(0.0)
    size = Scaled.of(0.0)
    for x, d in direction.items():
        total = total + slopes.gradient(x) * d
        size = size + abs(slopes.gradient(x) * d)
    note = f"one random direction in all {len(free):,} variables"
    if not result.conclusive:
        return _replaced(check, check.status, (*check.notes, f"{note}: inconclusive"))
    with mpmath.workdps(result.digits):
        gap = abs(result.value - _exact(total)) / (_exact(size) or 1)
    if gap > LIMIT and not _rounding(problem, None, gap):
        worst = Disagreement(note, total.format(), mpmath.nstr(result.value, 7), float(gap))
        return _replaced(check, "disagree", (*check.notes, note), worst)
    return _replaced(check, check.status, (*check.notes, f"and {note}"))


def _generator(seed: int) -> Random:
    from random import Random  # waits: small graphs need no random direction

    return Random(seed)  # noqa: S311 - directions, no secrets


def _replaced(
    check: Check, status: Status, notes: tuple[str, ...], worst: Disagreement | None = None
) -> Check:
    return Check(
        check.witness, status, check.done, check.total, check.largest, worst or check.worst, notes
    )


# --- comparing ------------------------------------------------------------------------------------


def _compare(
    problem: Problem, slopes: Slopes, witness: str, found: dict[Node, Any], touched: set[Node],
    total: int, lost: int = 0,
) -> Check:  # fmt: skip
    done, largest, worst, notes = 0, 0.0, None, []
    unsure: list[str] = []
    for x, value in found.items():
        if x in touched:
            continue
        ours = slopes.gradient(x)
        gap = _gap(ours, value, slopes, x)
        if gap is None or (gap > LIMIT and _rounding(problem, x, gap)):
            unsure.append(problem.names[x])
            continue
        done += 1
        if gap > largest:
            largest = gap
            if gap > LIMIT:
                worst = Disagreement(problem.names[x], ours.format(), mpmath.nstr(value, 7), gap)
    if touched:
        notes.append(f"{len(touched)} skipped: a kink lies on their path")
    if unsure:
        some = ", ".join(unsure[:3]) + (", ..." if len(unsure) > 3 else "")
        notes.append(f"{len(unsure)} below the rounding noise ({some})")
    if lost:
        notes.append(f"{lost} need more digits than {precise.MAX_DIGITS:,}, or more time")
    status: Status = "disagree" if worst else "agree" if done else "inconclusive"
    return Check(witness, status, done, total, largest, worst, tuple(notes))


def _exact(x: Scaled) -> Any:
    return mpmath.ldexp(mpmath.mpf(x.mantissa), x.exponent)


def _gap(ours: Scaled, theirs: Any, slopes: Slopes, x: Node) -> float | None:
    """The relative difference; None where floats cannot tell (a slope under- or overflowed)."""
    if not ours.is_finite or not mpmath.isfinite(theirs):
        return None
    mine = _exact(ours)
    if mine == theirs:
        return 0.0
    gap = abs(mine - theirs) / max(abs(mine), abs(theirs))
    terms = _exact(slopes.magnitude(x))
    if gap > LIMIT and (slopes.loses_digits(x) or abs(mine - theirs) <= terms * ROUNDING):
        return None
    return float(gap)


def _rounding(problem: Problem, x: Node | None, gap: Any) -> bool:
    """Whether rounding of the forward values alone moves the gradient as much as ``gap``.

    Every variable is moved by a few units in its last place; a gradient that moves with them
    (a - y where both are almost equal) has no digits for a float to get right.
    """
    asked = [x] if x is not None else problem.asked()
    source = _generator(1)
    moved = {
        node: leaf(float(node) * (1 + source.choice((-8, 8)) * 2.0**-52), node.name)
        for node in problem.leaves.values()
    }
    other = graft(problem.output, moved)
    for node in asked:
        here = precise.difference(problem.output, {node: 1.0})
        there = precise.difference(other, {moved[node]: 1.0})
        if not here.conclusive:
            return True
        if not there.conclusive:
            continue
        size = max(abs(here.value), abs(there.value))
        if size and abs(here.value - there.value) / size * 100 > gap:
            return True
    return False


def _touched_by_kinks(problem: Problem) -> set[Node]:
    """The leaves with a kink on one of their paths: no difference can judge those."""
    below = set(toposort(kinks(problem)))  # conditions count: they decide without a slope
    return {x for x in problem.leaves.values() if x in below}


def failed(checks: Sequence[Check]) -> list[Check]:
    return [check for check in checks if check.status == "disagree"]
