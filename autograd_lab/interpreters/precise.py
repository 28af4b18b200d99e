"""The graph evaluated by mpmath at any precision, and differences of it: the third witness.

Values come from the formula face and slopes from no rule at all, so this reading shares nothing
with reverse mode but the graph.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import mpmath

from autograd_lab.graph import OPS, Node, toposort
from autograd_lab.reals import power

MAX_DIGITS = 1000
BUDGET = 5_000_000  # nodes times digits times evaluations: about half a second of mpmath


class Budget:
    """Work that may still be done; differences of a deep graph at many digits use it up."""

    def __init__(self, work: int = BUDGET) -> None:
        self.left = work

    def spend(self, work: int) -> bool:
        """Whether there was enough left."""
        self.left -= work
        return self.left >= 0


def _number(x: Any) -> Any:
    return mpmath.mpf(x) if isinstance(x, float) else x


# The mathematics that formula faces are written in, done by mpmath.
MPMATH = SimpleNamespace(
    exp=mpmath.exp, expm1=mpmath.expm1, log=mpmath.log, log1p=mpmath.log1p, sqrt=mpmath.sqrt,
    sin=mpmath.sin, cos=mpmath.cos, tan=mpmath.tan, tanh=mpmath.tanh,
    asin=mpmath.asin, acos=mpmath.acos, atan=mpmath.atan, atan2=mpmath.atan2,
    sinh=mpmath.sinh, cosh=mpmath.cosh, floor=mpmath.floor,
    erf=mpmath.erf, erfc=mpmath.erfc, sign=mpmath.sign, abs=abs, power=power,
    less=operator.lt, less_equal=operator.le, equal=operator.eq, not_equal=operator.ne,
    where=lambda condition, a, b: a if condition else b,
    number=_number,
)  # fmt: skip


def evaluate(order: Sequence[Node], leaves: Mapping[Node, Any]) -> dict[Node, Any]:
    """Every node's value by the formula faces, in mpmath's working precision.

    ``order`` is a topological order; leaves that are not given keep the graph's value.
    """
    m = MPMATH
    values: dict[Node, Any] = dict(leaves)
    for node in order:
        if node in values:
            continue
        if node.op is None:
            values[node] = m.number(node.value)
        else:
            attrs = {key: m.number(value) for key, value in node.attrs.items()}
            values[node] = _real(node.op.formula, m, *[values[x] for x in node.inputs], **attrs)
    return values


def _real(formula: Callable[..., Any], *arguments: Any, **attrs: Any) -> Any:
    """A formula's value, nan where it has no real one (1/0, ln -1), as in the engine."""
    try:
        value = formula(*arguments, **attrs)
    except (ArithmeticError, ValueError, TypeError):
        return mpmath.nan
    return value if isinstance(value, (mpmath.mpf, bool)) else _number(_as_float(value))


def _as_float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


@dataclass(frozen=True)
class Difference:
    """A slope by central differences, the digits it took, and whether it can be relied on."""

    value: Any
    digits: int
    conclusive: bool


def difference(
    output: Node, direction: Mapping[Node, float], budget: Budget | None = None
) -> Difference:
    """d(output) along a direction in the leaves: (f(x + h d) - f(x - h d)) / 2h in mpmath.

    Steps h = 1e-25 and 1e-28 must agree to 10 digits (the error is h²/6 times the third
    derivative), and so must the two sides, or a kink lies within the step and it shrinks.  The
    working precision starts from the depth, since each level of a saturating chain takes a factor
    of 1/4, and doubles until they agree; past MAX_DIGITS, or when the budget is spent, the answer
    is inconclusive.

    >>> from autograd_lab import ops
    >>> from autograd_lab.graph import leaf
    >>> x = leaf(3.0, "x")
    >>> float(difference(x * x, {x: 3.0}).value)
    18.0
    """
    order = toposort([output])
    digits, places = digits_needed(order), 25
    budget = budget or Budget()
    while digits <= MAX_DIGITS and budget.spend(5 * len(order) * digits):
        with mpmath.workdps(digits):
            wide = _central(output, order, direction, places)
            if wide.flat:
                return Difference(mpmath.mpf(0), digits, conclusive=True)
            close = _central(output, order, direction, places + 3)
            if not (mpmath.isfinite(wide.slope) and mpmath.isfinite(close.slope)):
                break
            steady = wide.slope and _near(wide.slope, close.slope)
            if steady and _near(wide.left, wide.right):
                return Difference(wide.slope, digits, conclusive=True)
            if steady:  # the two sides differ: a kink lies within the step
                places *= 4
        digits = max(2 * digits, 3 * places)
    return Difference(mpmath.nan, digits, conclusive=False)


def _near(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= max(abs(a), abs(b)) * mpmath.mpf("1e-10"))


def digits_needed(order: Sequence[Node]) -> int:
    """The working precision a difference starts from: a quarter digit for each level of depth.

    A level of the lecture's chain is three operations and takes a factor of 1/4 or 0.6 digits.
    """
    level: dict[Node, int] = {}
    for node in order:
        level[node] = 1 + max(level[x] for x in node.inputs) if node.inputs else 0
    return 60 + max(level.values(), default=0) // 4


class _Quotient(NamedTuple):
    slope: Any
    left: Any
    right: Any
    flat: bool  # the output does not move here, and that is no rounding


def _central(
    output: Node, order: Sequence[Node], direction: Mapping[Node, float], places: int
) -> _Quotient:
    """Difference quotients with the step 10^-places, to both sides and to each alone."""
    h = mpmath.mpf(10) ** -places
    below, here, above = (
        evaluate(
            order, {x: mpmath.mpf(x.value) + s * h * mpmath.mpf(d) for x, d in direction.items()}
        )
        for s in (-1, 0, 1)
    )
    flat = below[output] == here[output] == above[output] and all(
        _passes_nothing(node, above)
        for node in order
        if above[node] == below[node] and any(above[x] != below[x] for x in node.inputs)
    )
    low, middle, high = below[output], here[output], above[output]
    if isinstance(low, bool):
        return _Quotient(mpmath.nan, mpmath.nan, mpmath.nan, flat)
    return _Quotient((high - low) / (2 * h), (middle - low) / h, (high - middle) / h, flat)


def _passes_nothing(node: Node, values: Mapping[Node, Any]) -> bool:
    """Whether a change that dies at this node dies for good, not by rounding."""
    op = node.op
    assert op is not None
    if op is OPS.get("multiply"):
        return any(values[x] == 0 for x in node.inputs)
    if op is OPS.get("power"):
        return bool(values[node.inputs[1]] == 0)
    return op.selects or all(op.pull(i) is None for i in range(len(node.inputs)))
