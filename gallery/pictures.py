"""The pictures of the README and of the pages, one function each."""

from __future__ import annotations

from collections.abc import Callable

import autograd_lab
from autograd_lab import pictures


def chain() -> str:
    """The lecture's chain of four neurons: why b1 learns 34 times slower than b3."""
    return _svg(autograd_lab.explain("chain"))


def two_paths() -> str:
    """A variable that is used twice: its gradient is the sum over two paths."""
    return _svg(autograd_lab.explain(preset="colah"))


PICTURES: dict[str, Callable[[], str]] = {"chain.svg": chain, "two-paths.svg": two_paths}


def _svg(explanation: autograd_lab.Explanation) -> str:
    # The built-in layout, so that every machine draws the same bytes.
    return pictures.to_svg(explanation.diagram(), theme="auto", engine="builtin")
