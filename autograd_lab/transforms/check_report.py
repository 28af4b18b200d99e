"""What a comparison of slopes found, entry by entry, and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One slope by the rules and by differences.

    ``index`` is its place in the array ``parameter``; None: a random direction in the whole array.
    ``step`` is the one the differences relied on, ``uncertainty`` their likely error, ``allowed``
    the largest distance that counts as agreement.  ``kinks``: operations on whose kink the
    argument sits.
    """

    order: int
    parameter: str
    index: tuple[int, ...] | None
    by_rules: float
    by_differences: float
    step: float
    uncertainty: float
    allowed: float
    conclusive: bool
    kinks: tuple[str, ...] = ()

    @property
    def relative_error(self) -> float:
        """|difference of the two| / the larger of them; 0 if both are 0."""
        distance = abs(self.by_rules - self.by_differences)
        if not distance > 0:  # 0 or nan
            return distance
        return distance / max(abs(self.by_rules), abs(self.by_differences))

    @property
    def verdict(self) -> str:
        """``agrees``, ``differs``, ``kink`` (no derivative there) or ``unknown``."""
        distance = abs(self.by_rules - self.by_differences)
        if self.conclusive and math.isfinite(distance) and distance <= self.allowed:
            return "agrees"
        if self.kinks:
            return "kink"
        known = self.conclusive and math.isfinite(self.by_differences)
        return "differs" if known else "unknown"

    def __str__(self) -> str:
        index = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        where = f"{self.parameter}{index}"
        if self.index is None:
            where += ", along a random direction"
        return (
            f"order {self.order}, {where}: {self.by_rules:.12g} by the rules, "
            f"{self.by_differences:.12g} by differences (step {self.step:.1e}, "
            f"uncertain by {self.uncertainty:.1e}), relative error {self.relative_error:.1e}"
        )


@dataclass(frozen=True)
class GradientCheck:
    """All slopes compared; true if none differs and none is unknown."""

    function: str
    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        return all(entry.verdict in ("agrees", "kink") for entry in self.entries)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def worst(self) -> Entry | None:
        """The entry farthest out: one that differs, else one unknown, else the largest error."""
        return max(self.entries, key=_badness, default=None)

    def of(self, verdict: str) -> Sequence[Entry]:
        return [entry for entry in self.entries if entry.verdict == verdict]

    def __str__(self) -> str:
        names = sorted({name for entry in self.of("kink") for name in entry.kinks})
        said = {
            "differs": "differ",
            "unknown": "cannot be told by differences",
            "kink": f"on a kink of {', '.join(names)}",
            "agrees": "agree",
        }
        words = [f"{len(self.of(v))} {say}" for v, say in said.items() if self.of(v)]
        total = len(self.entries)
        lines = [f"check_gradients of {self.function}: {total} slopes compared, {', '.join(words)}"]
        if self.worst is not None:
            lines.append(f"worst: {self.worst}")
        return "\n".join(lines)


def _badness(entry: Entry) -> tuple[int, float]:
    rank = ("kink", "agrees", "unknown", "differs").index(entry.verdict)
    error = entry.relative_error
    return rank, math.inf if math.isnan(error) else error
