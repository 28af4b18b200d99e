"""Names for intermediate results of a step, for pictures and ``explain_step``."""

from __future__ import annotations

from typing import Any

from autograd_lab.graph import Node


def mark(node: Any, name: str) -> Any:
    """Give an intermediate result its name in pictures and in ``explain_step``."""
    if isinstance(node, Node) and node.op is not None:
        node.name = name
    return node
