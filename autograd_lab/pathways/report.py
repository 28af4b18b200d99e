"""What is known about all paths between an output and leaves, and the paths at either end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lab.pathways.links import Array
from autograd_lab.pathways.network import Network, RankedPath
from autograd_lab.pathways.scaled_array import ScaledArray
from autograd_lab.scaled import Scaled


@dataclass(frozen=True, eq=False)
class LeafPaths:
    """The paths that end in one leaf, entry by entry, in the leaf's shape.

    ``gradient`` is the sum of the paths' values and ``absolute`` that of their sizes; ``count``
    and ``open`` are exact, ``strongest`` is log2 of the largest size, ``entropy`` is in nats.
    """

    name: str
    gradient: ScaledArray
    absolute: ScaledArray
    count: Array
    open: Array
    strongest: Array
    entropy: Array


@dataclass(frozen=True, eq=False)
class PathReport:
    """All paths from an output to leaves: a path is worth the product of its local derivatives.

    ``total`` is the sum over all paths and equals the sum of the gradient's entries, ``absolute``
    the sum of their sizes.  ``count`` and ``open`` count the paths and those without a factor of
    zero.  ``entropy`` is that of the shares |value| / absolute in nats.  ``strongest`` and
    ``weakest`` hold open paths, the most extreme first.
    """

    title: str
    begin: str
    end: str
    total: Scaled
    absolute: Scaled
    count: int
    open: int
    entropy: float
    strongest: tuple[RankedPath, ...]
    weakest: tuple[RankedPath, ...]
    leaves: Mapping[str, LeafPaths]
    network: Network = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def cancellation(self) -> float:
        """|sum| / sum of sizes: 1 if all paths agree in sign, 0 if they cancel; nan of no path."""
        return float(abs(self.total) / self.absolute)

    @property
    def effective(self) -> float:
        """e^entropy: how many paths of equal size would be as evenly spread; 0 without any."""
        if not self.open:
            return 0.0
        return math.exp(self.entropy) if self.entropy < 709 else math.inf

    def share(self, path: RankedPath) -> float:
        """The size of a path as a part of the sum of all sizes."""
        return float(abs(path.value) / self.absolute)

    def gradient(self, name: str) -> Array:
        """∂output/∂leaf as floats, in the leaf's shape."""
        return self.leaves[name].gradient.floats()

    def text(self, width: int | None = None, ascii: bool = False, most: int = 10) -> str:  # noqa: A002
        """Everything as plain text, with at most ``most`` paths from either end."""
        from autograd_lab.explanations.layout import Style
        from autograd_lab.pathways.as_text import render

        return render(self, Style(width=width, ascii=ascii), most)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold; sizes beyond a float as text too."""
        return {
            "title": self.title,
            "from": self.begin,
            "to": self.end,
            "paths": self.count,
            "open_paths": self.open,
            "sum": _plain(self.total),
            "sum_of_sizes": _plain(self.absolute),
            "cancellation": _finite(self.cancellation),
            "entropy": self.entropy,
            "effective_paths": _finite(self.effective),
            "strongest": self._rows(self.strongest),
            "weakest": self._rows(self.weakest),
            "notes": list(self.notes),
        }

    def _rows(self, paths: Sequence[RankedPath]) -> list[dict[str, Any]]:
        return [
            {
                "value": _plain(path.value),
                "share": self.share(path),
                "neurons": list(path.neurons),
                "factors": [
                    {"from": f.source, "to": f.target, "symbol": f.symbol, "slope": f.slope}
                    for f in path.factors
                ],
            }
            for path in paths
        ]

    def __repr__(self) -> str:
        return f"<PathReport {self.title}: {self.count} paths, {self.open} open>"


def _plain(x: Scaled) -> dict[str, Any]:
    return {"text": x.format(), "float": _finite(float(x)), "log10": _finite(x.log10)}


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None
