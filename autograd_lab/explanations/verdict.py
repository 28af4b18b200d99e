"""The verdict on a chain of factors: VANISHING, EXPLODING, SATURATED or FINE, and its rule.

The slide's rule (claims C29, C30, with the absolute values that erratum E08 adds): with n = 4 the
ratio of dC/db_1 to dC/db_3 is exactly (w3 act'(z2)) (w2 act'(z1)); if both are below 1/4 in size,
the ratio is below 1/16.  The rule here asks for what follows from it: R <= 1/16 is VANISHING,
R >= 16 is EXPLODING, and most slopes below 0.3 of their maximum is SATURATED.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd_lab.explanations.chain import STEEPEST
from autograd_lab.explanations.derivation import Derivation, PathProduct, at_kink
from autograd_lab.explanations.problem import Chain, Problem
from autograd_lab.graph import Node, slope, toposort
from autograd_lab.scaled import Scaled

FACTOR = 16.0
SATURATED_SHARE = 0.3
WORST_FIRST = ("EXPLODING", "VANISHING", "SATURATED")
SATURATING = ("sigmoid", "tanh")  # bounded on both sides, so that both tails are flat


@dataclass(frozen=True)
class Verdict:
    """Words, worst first, and the numbers the rule was applied to; no words when it cannot be."""

    words: tuple[str, ...]
    upper: str  # names of the two gradients compared: |lower| = ratio * |upper|
    lower: str
    ratio: Scaled | None
    saturated: tuple[str, ...] = ()
    judged: int = 0  # saturating units that were looked at
    reason: str = ""  # why there is no verdict

    @property
    def word(self) -> str:
        return " ".join(self.words) or "NONE"


@dataclass(frozen=True)
class Bound:
    """The slide's bound on one factor |w_(j+1) act'(z_j)| of a chain."""

    j: int
    weight: float
    slope: float
    window: float  # width of the inputs a_(j-1) for which the factor can reach 1; 0 if it never can

    @property
    def factor(self) -> float:
        return self.weight * self.slope


def judge(problem: Problem, derivations: tuple[Derivation, ...]) -> Verdict:
    """The verdict for the chain, or for the strongest asked-for path of an expression."""
    if problem.chain is not None:
        return _judge_chain(problem, problem.chain)
    listed = [path for derivation in derivations for path in derivation.paths]
    if not listed:
        return Verdict(
            (), "", "", None, reason="no path leads from the output to what was asked for"
        )
    best = max(listed, key=lambda path: path.product.log10)
    return _judge_path(problem, best)


def _judge_chain(problem: Problem, chain: Chain) -> Verdict:
    n = chain.size
    if n < 3:
        return Verdict(
            (),
            "",
            "",
            None,
            reason=f"b1 is compared with b(n-1), and a chain of {n} has none above b1: n >= 3 has",
        )
    flat = tuple(
        problem.names[z]
        for z, a in zip(chain.sums, chain.activations, strict=True)
        if _is_flat(chain.act, slope(a, 0) if a.op else 1.0)
    )
    ratio = Scaled.of(1.0)
    for bound in bounds(chain)[: n - 2]:
        ratio = ratio * bound.weight * bound.slope
    words = _words(ratio, len(flat), n)
    judged = n if chain.act in SATURATING else 0
    return Verdict(words, f"b{n - 1}", "b1", abs(ratio), flat, judged)


def _judge_path(problem: Problem, path: PathProduct) -> Verdict:
    factors = path.factors
    if len(factors) < 3:
        return Verdict(
            (), "", "", None, reason="a path of fewer than 3 factors has nothing to shrink"
        )
    ratio = Scaled.of(1.0)
    for factor in factors[1:]:
        ratio = ratio * factor.value
    units = [f for f in factors if f.edge.node.op is not None and f.edge.node.op.name in SATURATING]
    flat = tuple(
        problem.names[f.edge.source]
        for f in units
        if _is_flat(f.edge.node.op.name, f.value)  # type: ignore[union-attr]
    )
    upper = problem.names[factors[0].edge.source]
    lower = problem.names[factors[-1].edge.source]
    return Verdict(_words(ratio, len(flat), len(units)), upper, lower, abs(ratio), flat, len(units))


def _words(ratio: Scaled, saturated: int, judged: int) -> tuple[str, ...]:
    size = abs(ratio)
    found = set()
    if not size.is_finite or Scaled.of(FACTOR) <= size:
        found.add("EXPLODING")
    elif size <= Scaled.of(1 / FACTOR):
        found.add("VANISHING")
    if judged and 2 * saturated > judged:
        found.add("SATURATED")
    return tuple(word for word in WORST_FIRST if word in found) or ("FINE",)


def _is_flat(act: str, value: float) -> bool:
    steepest = STEEPEST.get(act)
    return act in SATURATING and steepest is not None and abs(value) < SATURATED_SHARE * steepest


def bounds(chain: Chain) -> list[Bound]:
    """The factor that links each neuron to the next one, w_(j+1) act'(z_j), for j = 1 .. n-1."""
    found = []
    for j in range(1, chain.size):
        a, weight = chain.activations[j - 1], float(chain.weights[j])
        found.append(
            Bound(
                j,
                weight,
                slope(a, 0),
                escape_window(weight, float(chain.weights[j - 1]))
                if chain.act == "sigmoid"
                else math.nan,
            )
        )
    return found


def escape_window(weight: float, inner: float | None = None) -> float:
    """Width of the inputs a with |w sigma'(u a + b)| >= 1, for a weight u (default w) inside.

    sigma'(z) = 1 / (4 cosh²(z/2)) reaches 1/|w| for |z| <= 2 arccosh(sqrt(|w|)/2), so the width
    is 4 arccosh(sqrt(|w|)/2) / |u|, and 0 for |w| < 4.  With u = w it is at most 0.4477, at
    |w| = 6.9 (claim C30; Nielsen, Neural Networks and Deep Learning, chapter 5, exercise).

    >>> round(escape_window(6.9), 4), escape_window(3.9)
    (0.4477, 0.0)
    """
    inner = weight if inner is None else inner
    if abs(weight) < 4:
        return 0.0
    return math.inf if inner == 0 else 4 * math.acosh(math.sqrt(abs(weight)) / 2) / abs(inner)


def kinks(problem: Problem) -> dict[Node, str]:
    """The nodes of the graph whose slope is a convention at these values, and the op's name."""
    return {
        node: node.op.name
        for node in toposort([problem.output])
        if node.op is not None and at_kink(node)
    }
