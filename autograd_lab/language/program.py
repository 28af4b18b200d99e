"""An expression as a list of steps, before its variables have values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_lab.graph import NO_ATTRS


@dataclass(frozen=True)
class Step:
    """One node to build: a variable, a number, or an operation on earlier steps."""

    op: str = ""
    inputs: tuple[int, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=lambda: NO_ATTRS)
    variable: str = ""
    number: float = 0.0


@dataclass(frozen=True)
class Program:
    """The steps of an expression; ``ends[i]`` is the last step of statement ``i``."""

    steps: tuple[Step, ...]
    ends: tuple[int, ...]
    variables: tuple[str, ...]
    assigned: tuple[str, ...]
    output_name: str | None
