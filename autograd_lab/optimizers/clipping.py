"""Gradients kept from being too large, after backpropagation and before the step.

The lecture's slide on gradient clipping; Pascanu, Mikolov and Bengio 2013, arXiv 1211.5063.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd_lab import ops
from autograd_lab.graph import Node
from autograd_lab.optimizers.marking import mark

if TYPE_CHECKING:
    from autograd_lab.optimizers.base import Optimizer


def clip(optimizer: Optimizer, gradients: list[Node]) -> list[Node]:
    """The gradients as the optimizer's settings allow them, in the true size of the loss."""
    if optimizer.loss_scale_factor is not None:
        gradients = [g / optimizer.loss_scale_factor for g in gradients]
    if optimizer.clipvalue is not None:
        return [by_value(g, optimizer.clipvalue) for g in gradients]
    if optimizer.clipnorm is not None:
        return [by_norm(g, square_sum(g), optimizer.clipnorm) for g in gradients]
    if optimizer.global_clipnorm is not None and gradients:
        first, *others = map(square_sum, gradients)
        total = sum(others, start=first)
        return [by_norm(g, total, optimizer.global_clipnorm) for g in gradients]
    return gradients


def by_value(g: Node, largest: float) -> Node:
    """Each entry at most ``largest`` in size; this turns the gradient."""
    return mark(ops.clip(g, -largest, largest), "clipped")  # type: ignore[no-any-return]


def by_norm(g: Node, squares: Node, longest: float) -> Node:
    """G itself if √squares is at most ``longest``, else g scaled down; zero stays zero."""
    norm = ops.sqrt(squares)
    return mark(g * (longest / ops.maximum(norm, longest)), "clipped")  # type: ignore[no-any-return]


def square_sum(g: Node) -> Node:
    """Σ g² in double precision: the square of 1e20 is no float32."""
    squares = ops.square(g if g.dtype == np.float64 else ops.cast(g, "float64"))
    return ops.sum(squares) if g.shape else squares  # type: ignore[no-any-return]
