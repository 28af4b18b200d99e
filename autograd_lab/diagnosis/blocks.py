"""The search for what blocks a gradient: example by example, from a weight upwards.

The gradient of a weight is a sum over the examples, dL/dW_ij = Σ a_i δ_j for a kernel.  It is 0 if
in every example one of the two is 0, or if the sum cancels.  From a δ_j of 0 the question goes on
upwards: is act'(z_j) 0, is the unit masked, does it lead nowhere, or does nothing arrive above?
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.diagnosis.adjoints import Array, adjoints
from autograd_lab.diagnosis.recorded import Pass
from autograd_lab.diagnosis.structure import Dense, Part, Reader
from autograd_lab.graph import Node, toposort

ROUNDING = 64  # units in the last place that a sum of shares which is 0 may be off
BOUNDED = ("hard_sigmoid", "hard_tanh")  # clips that are activations
KINDS = {
    "dead unit": "the activation gives 0, with slope 0, for every example of the batch",
    "unit is off": "the same in this example, but not in all",
    "saturated unit": "the slope of the activation underflows to 0",
    "clipped": "a value stands beyond the bound of a clip, where the slope is 0",
    "masked by dropout": "the unit is dropped in this pass",
    "zero input": "what the weight multiplies is 0",
    "gamma is 0": "the normalization multiplies by 0",
    "leads nowhere": "all weights from the unit upwards are 0",
    "symmetric": "all weights of a layer are the same, so its units cannot be told apart",
    "cancels": "shares that are not 0 add up to 0",
    "removed by normalization": "the mean that is subtracted takes a constant away again",
    "disconnected": "the loss does not depend on the weight",
    "underflow": "the product of all slopes above is below the smallest number of its dtype",
    "flat loss": "the loss itself has slope 0 there",
}


@dataclass(frozen=True)
class Block:
    """A node that lets no gradient through: what it is, in how many examples, with numbers."""

    kind: str
    where: str
    numbers: str
    examples: int

    @property
    def meaning(self) -> str:
        return KINDS[self.kind]


@dataclass(frozen=True)
class Use:
    """Where a weight acts: each example adds below · delta to its gradient.

    ``below`` is None for what is added, whose gradient is delta itself.
    """

    layer: Dense
    unit: int
    below: Array | None
    delta: Array
    above_activation: bool = False

    @property
    def shares(self) -> Array:
        return self.delta if self.below is None else self.below * self.delta


class Inquiry:
    """The search for one entry of one weight."""

    def __init__(self, recorded: Pass, weight: Node, place: tuple[int, ...]) -> None:
        self.recorded, self.weight, self.place = recorded, weight, place
        self.reader = Reader(recorded)
        self.layers = self.reader.layers()
        self.found = adjoints(recorded.loss, [w for w in recorded.weights if w.dtype.kind == "f"])
        self.tally: Counter[tuple[str, str, str]] = Counter()

    @property
    def gradient(self) -> float:
        """The entry of dL/dW, 0 where it is below the smallest number."""
        if self.weight not in self.found:
            return 0.0
        t = self.found[self.weight]
        entry = np.ldexp(t.array[self.place], max(t.exponent, -2000))  # in the weight's precision
        return float(entry)

    def blocks(self) -> tuple[Block, ...]:
        """What blocks, most examples first; nothing if the gradient is not 0."""
        use = self._use() if self.weight in self.found else None
        if use is None:
            if self.gradient == 0.0:
                self._note("disconnected", path(self.weight), self._disconnected(), self._count)
        elif np.any(use.shares):
            self._sum_of(use)
        else:
            for b in range(len(use.delta)):
                self._example(use, b)
        return tuple(Block(*key, n) for key, n in self.tally.most_common())

    @property
    def _count(self) -> int:
        return self.recorded.examples

    def _note(self, kind: str, where: str, numbers: str, examples: int = 1) -> None:
        assert kind in KINDS
        self.tally[kind, where, numbers] += examples

    # --- the weight -------------------------------------------------------------------------------

    def _disconnected(self) -> str:
        if self.weight not in set(self.reader.order):
            return "no node of the loss uses it"
        return "no way from it to the loss has a slope"

    def _use(self) -> Use | None:
        for layer in self.layers:
            if self.weight is layer.kernel:
                i, j = self.place
                return Use(layer, j, _rows(layer.x.value)[:, i], self._delta(layer.u, j))
            if self.weight is layer.bias:
                return Use(layer, self.place[0], None, self._delta(layer.u, self.place[0]))
            for n, part in enumerate(layer.parts):
                if part.kind == "normalization" and part.end.scope == self.weight.scope:
                    after = any(p.kind == "activation" for p in layer.parts[:n])
                    return self._normal_use(layer, part, after)
        return None

    def _normal_use(self, layer: Dense, part: Part, after: bool) -> Use:
        """Gamma multiplies x̂ and beta is added to it."""
        j, below = self.place[0], None
        if self.weight.name == "gamma":
            inside = toposort([part.end], stop={part.source})
            product = next(n for n in inside if n.op is not None and n.op.name == "divide")
            gamma = _rows(product.value)[0, j]
            shift = _rows(part.end.value)[:, j] - self._beta(j)
            below = shift if gamma else np.ones_like(shift)
        return Use(layer, j, below, self._delta(part.end, j), after)

    def _beta(self, j: int) -> float:
        for w in self.recorded.weights:
            if w.scope == self.weight.scope and w.name == "beta":
                return float(np.asarray(w.value)[j])
        return 0.0

    def _delta(self, node: Node, unit: int) -> Array:
        """dL/d(node) of a unit in every example, without its power of two: only 0 matters."""
        if node not in self.found:
            return np.zeros(self._count)
        column: Array = _rows(self.found[node].array)[:, unit]
        return column

    def _sum_of(self, use: Use) -> None:
        """Shares that are not 0: does their sum cancel, or fall below the smallest number?"""
        shares = use.shares
        sizes, left = float(np.sum(np.abs(shares))), abs(float(np.sum(shares)))
        eps = float(np.finfo(shares.dtype).eps)
        if left > ROUNDING * eps * sizes and self.gradient != 0.0:
            return
        counted = (
            f"{np.count_nonzero(shares)} shares that are not 0 leave {left / sizes:.0e} of them"
        )
        parts = use.layer.parts
        if self.weight is use.layer.bias and parts and parts[0].kind == "normalization":
            self._note("removed by normalization", path(self.weight), counted, self._count)
        elif left > ROUNDING * eps * sizes:
            size = self.found[self.weight].rms().log10
            text = f"about 1e{size:.0f}, below the smallest {self.weight.dtype}"
            self._note("underflow", "the layers above together", text, self._count)
        else:
            self._note("cancels", path(self.weight), counted, self._count)

    def _example(self, use: Use, b: int) -> None:
        if use.below is not None and use.below[b] == 0.0:
            self._no_input(use, b)
        elif use.above_activation:
            self._nothing_from_above(use.layer, use.unit, b)
        else:
            self._no_delta(use.layer, use.unit, b)

    # --- what the weight multiplies is 0 ----------------------------------------------------------

    def _no_input(self, use: Use, b: int) -> None:
        i = self.place[0]
        below = next((one for one in self.layers if one.follower is use.layer.product), None)
        if self.weight is not use.layer.kernel:
            self._note("zero input", f"unit {i} of {use.layer.name}", "x̂ = 0")
        elif below is None:
            self._note("zero input", f"input {i}", "x = 0")
        elif mask := self._mask(below, i, b):
            self._note("masked by dropout", f"unit {i} of {below.name}", mask)
        elif below.slopes is not None and _rows(below.slopes)[b, i] == 0.0:
            self._flat(below, i, b)
        else:
            self._note("zero input", f"unit {i} of {below.name}", "a = 0")

    def _mask(self, layer: Dense, j: int, b: int) -> str:
        """How dropout masks the unit in this example; nothing if it does not."""
        for part in layer.parts:
            if part.kind == "dropout":
                mask = next(x for x in part.end.inputs if x is not part.source)
                if np.broadcast_to(mask.value, part.end.shape).reshape(-1, layer.units)[b, j] == 0:
                    return "mask = 0"
        return ""

    # --- nothing arrives at the unit --------------------------------------------------------------

    def _no_delta(self, layer: Dense, j: int, b: int) -> None:
        """Why δ_j of a layer is 0 in an example."""
        where = f"unit {j} of {layer.name}"
        if self._delta(layer.z, j)[b] != 0.0:
            self._note("gamma is 0", where, f"δ = {self._delta(layer.z, j)[b]:.2g} above it")
        elif layer.slopes is not None and _rows(layer.slopes)[b, j] == 0.0:
            self._flat(layer, j, b)
        else:
            self._nothing_from_above(layer, j, b)

    def _nothing_from_above(self, layer: Dense, j: int, b: int) -> None:
        above = next((one for one in self.layers if one.product is layer.follower), None)
        mask = self._mask(layer, j, b)
        if mask:
            self._note("masked by dropout", f"unit {j} of {layer.name}", mask)
        elif above is None:
            self._flat_loss(layer, j, b)
        else:
            self._from(layer, above, j, b)

    def _from(self, layer: Dense, above: Dense, j: int, b: int) -> None:
        """The weights that lead upwards, and what arrives through them."""
        kernel = np.asarray(above.kernel.value)
        ways = np.flatnonzero(kernel[j])
        if not len(ways) and np.all(kernel == kernel.flat[0]):
            self._note("symmetric", above.name, f"all {kernel.size:,} weights of it are 0")
        elif not len(ways):
            text = f"its {kernel.shape[1]} weights in {above.name} are 0"
            self._note("leads nowhere", f"unit {j} of {layer.name}", text)
        elif any(self._delta(above.u, int(k))[b] != 0.0 for k in ways):
            text = f"what comes from the units of {above.name} adds up to 0"
            self._note("cancels", f"unit {j} of {layer.name}", text)
        elif above.slopes is not None and not np.any(_rows(above.slopes)[b, ways]):
            kind, _ = self._kind(above, int(ways[0]), b)
            if kind in ("dead unit", "unit is off"):
                kind = "unit is off" if np.any(_rows(above.a.value)[:, ways]) else "dead unit"
            text = f"{above.word}′(z) = 0 in all {len(ways)} units it leads to"
            self._note(kind, above.name, text)
        else:  # all are blocked; the first one that is not flat stands for them
            flat = np.zeros(above.units) if above.slopes is None else _rows(above.slopes)[b]
            open_ways = [int(k) for k in ways if flat[k] != 0.0] or [int(ways[0])]
            self._no_delta(above, open_ways[0], b)

    def _flat(self, layer: Dense, j: int, b: int) -> None:
        """act'(z_j) is 0."""
        kind, numbers = self._kind(layer, j, b)
        self._note(kind, f"unit {j} of {layer.name}", f"{layer.word}′(z) = 0, {numbers}")

    def _kind(self, layer: Dense, j: int, b: int) -> tuple[str, str]:
        z, a = _rows(layer.z.value)[:, j], _rows(layer.a.value)[:, j]
        numbers = f"z between {z.min():.3g} and {z.max():.3g}"
        if layer.word in BOUNDED or (self._clips(layer) and a[b] != 0.0):
            return "clipped", numbers
        if a[b] != 0.0:
            return "saturated unit", numbers
        return ("dead unit", numbers) if not np.any(a) else ("unit is off", numbers)

    def _clips(self, layer: Dense) -> bool:
        part = layer.activation
        assert part is not None
        return any(
            n.op is not None and n.op.name == "clip"
            for n in toposort([part.end], stop={part.source})
        )

    def _flat_loss(self, layer: Dense, j: int, b: int) -> None:
        """The slope of the loss by the output is 0: a logarithm is held, or the aim is met."""
        for clip in toposort([self.recorded.loss], stop={layer.u}):
            if clip.op is None or clip.op.name != "clip" or clip not in self.found:
                continue
            held = _rows(clip.value) != _rows(clip.inputs[0].value)
            held &= _rows(self.found[clip].array) != 0.0
            if len(held) == self._count and held[b].any():
                numbers = f"held at {_rows(clip.value)[b][held[b]][0]:.3g}"
                self._note("clipped", "a value in the loss", numbers)
                return
        z = _rows(layer.u.value)[b, j]
        self._note("flat loss", f"output {j} of {layer.name}", f"z = {z:.3g}")


def path(weight: Node) -> str:
    """A weight's name with the layers around it: dense/kernel."""
    return "/".join([*weight.scope, str(weight.name)])


def _rows(values: Any) -> Array:
    """A row for each example (and place, where there are more axes)."""
    array = np.asarray(values)
    return array.reshape(-1, array.shape[-1]) if array.ndim != 1 else array[:, None]
