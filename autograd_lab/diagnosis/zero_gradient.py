"""Why is this gradient zero?  The nodes that block it, each with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.diagnosis.blocks import Block, Inquiry, path
from autograd_lab.diagnosis.recorded import Pass, record_model
from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.graph import Node


class ZeroGradient:
    """The answer for one entry of one weight; ``blocks`` is empty if its gradient is not 0."""

    def __init__(
        self, weight: str, index: tuple[int, ...], gradient: float, examples: int,
        blocks: tuple[Block, ...],
    ) -> None:  # fmt: skip
        self.weight, self.index, self.gradient = weight, index, gradient
        self.examples, self.blocks = examples, blocks

    @property
    def is_zero(self) -> bool:
        return bool(self.blocks)

    def text(self) -> str:
        """A line for the gradient and one for each block."""
        place = ", ".join(map(str, self.index))
        head = f"∂L/∂{self.weight}[{place}] = {self.gradient:.3g} on {self.examples} examples"
        if not self.blocks:
            return f"{head}: it is not 0\n"
        lines = [
            f"   {b.kind}: {b.where}, in {b.examples} of {self.examples} examples: {b.numbers}"
            for b in self.blocks
        ]
        return "\n".join([head, *lines]) + "\n"

    def __str__(self) -> str:
        return self.text()


def why_zero(
    model: Any, x: Any, y: Any, weight: Any, index: int | Sequence[int], training: bool = True
) -> ZeroGradient:
    """The nodes that keep the gradient of one entry of a weight at 0, on one batch.

    weight: a variable of the model, or its path, such as "dense_1/kernel".  index: (input, unit) of
    a kernel, a unit of a bias, gamma or beta.  All is measured in the model's own precision.

    Errors: UsageError for an unknown weight, or an index outside.

    >>> from autograd_lab.layers import Dense
    >>> from autograd_lab.models import Sequential
    >>> model = Sequential([Dense(1, "relu", name="h", input_shape=(1,)), Dense(1, name="out")])
    >>> model.set_weights([[[1.0]], [-9.0], [[1.0]], [0.0]])
    >>> print(why_zero(model, [[1.0], [2.0]], [[3.0], [4.0]], "h/kernel", (0, 0)))
    ∂L/∂h/kernel[0, 0] = 0 on 2 examples
       dead unit: unit 0 of h, in 2 of 2 examples: relu′(z) = 0, z between -8 and -7
    <BLANKLINE>
    """
    recorded = record_model(model, np.asarray(x), np.asarray(y), training)
    return why_zero_in(recorded, weight, index)


def why_zero_in(recorded: Pass, weight: Any, index: int | Sequence[int]) -> ZeroGradient:
    """The same for a pass that is recorded already, such as ``Diagnosis.recorded``."""
    found, name = _find(recorded.weights, weight)
    place = (int(index),) if isinstance(index, (int, np.integer)) else tuple(map(int, index))
    if len(place) != found.ndim or any(
        not 0 <= i < n for i, n in zip(place, found.shape, strict=True)
    ):
        raise UsageError(f"why_zero(index={index!r}): {name} has the shape {found.shape}")
    inquiry = Inquiry(recorded, found, place)
    return ZeroGradient(name, place, inquiry.gradient, recorded.examples, inquiry.blocks())


def _find(weights: Sequence[Node], wanted: Any) -> tuple[Node, str]:
    paths = {path(w): w for w in weights}
    if isinstance(wanted, str):
        if wanted not in paths:
            raise UsageError(
                f"why_zero: the net has no weight {wanted[:40]!r}; {did_you_mean(wanted, paths)}"
                f"weights: {', '.join([*paths][:8])}"
            )
        return paths[wanted], wanted
    for name, w in paths.items():
        if w is wanted:
            return w, name
    raise UsageError("why_zero: give a weight of the model, or its path, such as 'dense/kernel'")
