"""One slope after another compared with differences, and the kinks in the way."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.graph import Node, leaf, plain, toposort
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import replay
from autograd_lab.transforms.check_report import Entry
from autograd_lab.transforms.differences import Estimate, derivative
from autograd_lab.transforms.recorded import Function, output_nodes
from autograd_lab.transforms.trees import entries, named_entries, rebuild

Cost: TypeAlias = Callable[[Sequence[Node]], Node]  # leaves -> one number
FIRST_STEP, FINE_STEP = 0.1, 1e-6  # of max(1, |x|)
STEPS_OFF = (1e-3, -1e-3)  # away from a kink, to either side


class Point:
    """The function, its arguments that hold floats, and their names."""

    def __init__(self, f: Function, args: tuple[Any, ...]) -> None:
        self.f, self.args = f, args
        self.name = getattr(f, "__name__", type(f).__name__)
        given = [
            (name, x.value if isinstance(x, Node) else plain(x))
            for k, arg in enumerate(args)
            for name, x in named_entries(arg, _argument_name(f, k))
            if _holds_floats(x)
        ]
        if not given:
            raise UsageError(f"{self.name}: no argument holds floats, so there is no slope")
        self.names = [name for name, _ in given]
        self.values = [np.asarray(x) for _, x in given]

    def wide(self) -> list[Any]:
        """The values in float64: differences of float32 values would show three digits."""
        return [x.astype(np.float64) for x in self.values]

    def leaves(self, values: Sequence[Any]) -> list[Node]:
        return [leaf(x, name) for name, x in zip(self.names, values, strict=True)]

    def outputs(self, leaves: Sequence[Node]) -> list[Node]:
        """The function called with these in place of its arguments that hold floats."""
        rest = iter(leaves)
        filled = [next(rest) if _holds_floats(x) else x for x in entries(self.args)]
        return output_nodes(self.f(*rebuild(self.args, filled)), self.name)


def _holds_floats(x: Any) -> bool:
    kind = x.dtype if isinstance(x, Node) else np.asarray(x).dtype
    return kind.kind == "f"


def _argument_name(f: Function, k: int) -> str:
    """The name that the function's text gives its argument number ``k``."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some built-in functions tell nothing
        return f"argument {k}"
    fixed = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return fixed[k] if k < len(fixed) else f"argument {k}"


class Comparison:
    """A cost at a point, its slopes by the rules, and what is needed to take differences of it."""

    def __init__(self, order: int, point: Point, cost: Cost, rtol: float | None) -> None:
        self.order, self.point, self.cost = order, point, cost
        leaves = point.leaves(point.values)
        self.slopes = [np.asarray(g, float) for g in gradient(cost(leaves), leaves, warn=False)]
        self.leaves = point.leaves(point.wide())
        self.output = cost(self.leaves)
        self.kinked = list(_kinked(self.output))
        self.unit = max(abs(float(self.output)), *(_largest(g) for g in self.slopes))
        rounding = _rounding(point.values)
        self.rtol = max(1e-9, 200 * rounding) if rtol is None else rtol
        self.atol = 50 * rounding * self.unit
        self.eps = _rounding([y.value for y in point.outputs(self.leaves)])

    def entries(
        self, place: int, small: int, directions: int, rng: np.random.Generator
    ) -> Iterator[Entry]:
        """Every entry of a small array; a large one along random directions."""
        shape = self.point.values[place].shape
        if math.prod(shape) <= small:
            for index in np.ndindex(shape):
                yield self.entry(place, *_part(np.ones(shape), [index]))
            return
        for _ in range(directions):
            v = rng.uniform(0.5, 1.0, shape) * rng.choice([-1.0, 1.0], shape)
            found = self.entry(place, v)
            yield self.narrowed(place, v, found) if found.verdict == "differs" else found

    def narrowed(self, place: int, v: Any, found: Entry) -> Entry:
        """Halve a direction that differs for as long as a half of it differs too."""
        support = list(np.ndindex(v.shape))
        while len(support) > 1:
            middle = len(support) // 2
            for half in (support[:middle], support[middle:]):
                closer = self.entry(place, *_part(v, half))
                if closer.verdict == "differs":
                    support, found = half, closer
                    break
            else:
                break
        return found

    def entry(self, place: int, v: Any, index: tuple[int, ...] | None = None) -> Entry:
        """The slope along ``v`` in one array, by the rules and by differences.

        Where the two do not agree, much smaller steps are tried: a kink may be close by.
        """
        slopes, x = self.slopes[place], np.asarray(self.leaves[place].value)
        if index is None:
            along, size = float(np.sum(slopes * v)), _largest(x)
        else:  # one is picked, as 0 times an infinite one would be nan
            along, size = float(slopes[index]), abs(float(x[index]))

        def f(h: float) -> float:
            return float(self.cost(self.point.leaves(self.moved(place, h * v))))

        def differences(step: float) -> Estimate:
            return derivative(f, step * max(1.0, size), size, self.eps)

        def compared(seen: Estimate) -> Entry:
            known = max(abs(along), abs(seen.slope), self.unit, seen.largest)
            return Entry(
                order=self.order,
                parameter=self.point.names[place],
                index=index,
                by_rules=along,
                by_differences=seen.slope,
                step=seen.step,
                uncertainty=seen.error,
                allowed=self.rtol * max(abs(along), abs(seen.slope)) + 10 * seen.error + self.atol,
                conclusive=seen.error <= 1e-4 * known,
            )

        seen = differences(FIRST_STEP)
        found = compared(seen)
        if found.verdict != "agrees":
            closer = differences(FINE_STEP)
            if closer.contradicts(seen) or closer.error < seen.error:
                found = compared(closer)
        touched = found.verdict == "unknown"
        return dataclasses.replace(found, kinks=self.kinks(place, v, touched))

    def moved(self, place: int, by: Any) -> list[Any]:
        return [x.value + by if i == place else x.value for i, x in enumerate(self.leaves)]

    def kinks(self, place: int, v: Any, touched: bool) -> tuple[str, ...]:
        """The operations that sit on a kink here, and leave it by a small step along ``v``.

        With ``touched`` it is enough that their inputs change there (0^b is on the kink of the
        power for every b < 1); if the number itself is infinite, all of them may be why.
        """
        everywhere = not math.isfinite(float(self.output))
        names = set()
        for node, here in self.kinked:
            for h in STEPS_OFF:
                move = dict(zip(self.leaves, self.moved(place, h * v), strict=True))
                there = replay(node.inputs, move)
                left = here & ~_on_kink(node, there)
                if touched:
                    for x, value in zip(node.inputs, there, strict=True):
                        left = left | (here & (x.value != value))
                if everywhere or left.any():
                    names.add(node.op.name if node.op is not None else "")
        return tuple(sorted(names))


def _kinked(output: Node) -> Iterator[tuple[Node, Any]]:
    """The nodes that sit on a kink of their operation, and where."""
    for node in toposort([output]):
        if node.op is not None and node.op.kink is not None:
            here = _on_kink(node, [x.value for x in node.inputs])
            if here.any():
                yield node, here


def _on_kink(node: Node, inputs: Sequence[Any]) -> Any:
    assert node.op is not None
    assert node.op.kink is not None
    return np.asarray(node.op.kink(*inputs, **node.attrs), bool)


def _part(v: Any, indices: Sequence[tuple[int, ...]]) -> tuple[Any, tuple[int, ...] | None]:
    """A direction in these entries only, and its index if it is one: then it is a unit vector."""
    part = np.zeros_like(v)
    for index in indices:
        part[index] = v[index] if len(indices) > 1 else 1.0
    return part, indices[0] if len(indices) == 1 else None


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))


def _rounding(values: Sequence[Any]) -> float:
    """The coarsest rounding of these numbers, relative to them."""
    return max([2.0**-52, *(float(np.finfo(np.asarray(x).dtype).eps) for x in values)])
