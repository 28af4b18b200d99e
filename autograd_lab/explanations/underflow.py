"""What a float cannot hold: values and slopes that underflowed to 0 or overflowed to infinity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import mpmath

from autograd_lab.explanations.derivation import TINY, Slopes
from autograd_lab.explanations.problem import Problem
from autograd_lab.graph import Node, leaf, toposort
from autograd_lab.interpreters import precise
from autograd_lab.interpreters.paths import Edge
from autograd_lab.reals import power_of_ten

MOST = 6


@dataclass(frozen=True)
class Lost:
    """A quantity in words, the power of ten that it really is, and whether that is a small one."""

    what: str
    size: str
    small: bool


def lost(problem: Problem, slopes: Slopes) -> list[Lost]:
    """The first few quantities whose float is 0, subnormal or infinite and should not be.

    Values come from the formula faces in mpmath, slopes from differences of one operation there.
    """
    found = []
    for node, value in _suspect_values(problem).items():
        exact = value if isinstance(value, mpmath.mpf) else mpmath.nan
        if mpmath.isfinite(exact) and exact != 0:
            found.append(_lost(problem.written[node].text, exact))
    budget = precise.Budget()
    for edge, steep in slopes.on.items():
        if abs(steep) >= TINY and math.isfinite(steep):
            continue
        result = _true_slope(edge, budget)
        if result.conclusive and result.value != 0:
            above, below = problem.written[edge.node].text, problem.written[edge.source].text
            found.append(_lost(f"∂{above}/∂{below}", result.value))
        if len(found) >= MOST:
            break
    return found[:MOST]


def _suspect_values(problem: Problem) -> dict[Node, Any]:
    order = toposort([problem.view])
    suspect = [
        node
        for node in order
        if node.op is not None and not isinstance(node.value, bool)
        and not TINY <= abs(float(node)) < math.inf
    ]  # fmt: skip
    if not suspect:
        return {}
    with mpmath.workdps(30):
        values = precise.evaluate(order, {})
    return {node: values[node] for node in suspect}


def _true_slope(edge: Edge, budget: precise.Budget) -> precise.Difference:
    """The local derivative by differences of this one operation."""
    node = edge.node
    assert node.op is not None
    inputs = {x: leaf(x.value, x.name) for x in node.inputs if not isinstance(x.value, bool)}
    alone = Node.of(node.op, [inputs.get(x, x) for x in node.inputs], node.value, node.attrs)
    scale = abs(float(edge.source)) or 1.0
    result = precise.difference(alone, {inputs[edge.source]: scale}, budget)
    return precise.Difference(result.value / scale, result.digits, result.conclusive)


def _lost(what: str, x: Any) -> Lost:
    return Lost(what, power_of_ten(x), abs(x) < 1)
