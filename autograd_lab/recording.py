"""What happens beside the graph while a step is recorded: random draws, new values, penalties.

A layer that needs random numbers or changes a state of its own says so here.  While a step is
being recorded, a draw is a leaf that gets new numbers each time the step runs, and a new value is
one of the step's updates.  Otherwise both happen at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from autograd_lab.graph import Node, leaf, recorded
from autograd_lab.variables import Variable

Sample = Callable[[], Any]


@dataclass
class Recording:
    """The draws, updates and penalties of one recorded step, in the order they occurred."""

    draws: list[tuple[Node, Sample]] = field(default_factory=list)
    updates: list[tuple[Variable, Node]] = field(default_factory=list)
    penalties: list[Node] = field(default_factory=list)


_current: Recording | None = None


@contextmanager
def recording() -> Iterator[Recording]:
    """Everything inside belongs to one step."""
    global _current
    outer, _current = _current, Recording()
    try:
        with recorded():
            yield _current
    finally:
        _current = outer


def draw(sample: Sample, name: str) -> Node:
    """A leaf with random numbers; a recorded step calls ``sample`` again each time it runs."""
    drawn = leaf(sample(), name)
    if _current is not None:
        _current.draws.append((drawn, sample))
    return drawn


def update(variable: Variable, value: Node) -> None:
    """Give a variable a new value, when the step has run or now."""
    if _current is not None:
        _current.updates.append((variable, value))
    else:
        variable.assign(value)


def penalize(penalty: Any) -> None:
    """Add a number to the loss of the step being recorded; nothing happens without one."""
    if _current is not None:
        _current.penalties.append(penalty)
