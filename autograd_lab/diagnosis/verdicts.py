"""The verdict on a net's gradients, by written rules: they are a teaching text.

Over the hidden layers 1 (nearest to the inputs) to L let R = delta_1 / delta_L.

EXPLODING   R above 1,000, or anything that is no finite number
VANISHING   R below 1/100
DEAD        a layer where more than half of the units give 0 for the whole batch
SATURATED   mean act'(z) below 0.3 of its maximum, in most layers whose activation is flat on both
            sides
FINE        none of these

Several can hold; the worst stands first.  A verdict belongs to its seed, batch and data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lab.diagnosis.layers_table import LayerRow
from autograd_lab.scaled import Scaled

EXPLODES = 1e3
VANISHES = 1e-2
DEAD_SHARE = 0.5
FLATNESS = 0.3
STANDSTILL = 1e-6  # a step below this share of the weights changes nothing that can be seen
MUCH = 0.1  # dead units that are worth a warning
WORST_FIRST = ("EXPLODING", "VANISHING", "DEAD", "SATURATED")
RULES = {
    "EXPLODING": "R = delta_1 / delta_L > 1e3, or a number that is not finite",
    "VANISHING": "R = delta_1 / delta_L < 1e-2",
    "DEAD": "more than half of a layer's units give 0 for the whole batch",
    "SATURATED": "mean act'(z) < 0.3 of its maximum in most layers that can saturate",
    "FINE": "none of these",
}


@dataclass(frozen=True)
class Verdict:
    """Words, worst first, and what they were decided by.

    ``ratio`` is R; None with fewer than two hidden layers, where nothing can vanish.  ``factor``,
    ``predicted`` and ``theory`` are geometric means over the layers 1 to L - 1.
    """

    words: tuple[str, ...]
    ratio: Scaled | None
    factor: float | None
    predicted: float | None
    theory: float | None
    still: tuple[int, ...]  # layers that stand still
    deadest: LayerRow | None
    flatness: float | None  # mean act' as a share of its maximum, over the layers that saturate
    finite: bool

    @property
    def word(self) -> str:
        return " ".join(self.words)


def judge(rows: Sequence[LayerRow], loss: float) -> Verdict:
    """The verdict on the rows of a net, from the inputs upwards, and its loss."""
    hidden = rows[:-1]
    ratio = hidden[0].delta / hidden[-1].delta if len(hidden) > 1 else None
    finite = math.isfinite(loss) and all(row.delta.is_finite for row in rows)
    deadest = max((row for row in hidden if row.dead), key=lambda r: r.dead or 0.0, default=None)
    flat = [row.flatness for row in hidden if row.flatness is not None]
    found = set()
    if not finite or (ratio is not None and Scaled.of(EXPLODES) < ratio):
        found.add("EXPLODING")
    elif ratio is not None and (ratio < Scaled.of(VANISHES) or _nothing_arrives(rows)):
        found.add("VANISHING")
    if deadest is not None and (deadest.dead or 0.0) > DEAD_SHARE:
        found.add("DEAD")
    if flat and 2 * sum(f < FLATNESS for f in flat) > len(flat):
        found.add("SATURATED")
    return Verdict(
        words=tuple(word for word in WORST_FIRST if word in found) or ("FINE",),
        ratio=ratio,
        factor=geometric_mean([row.factor for row in hidden[:-1]]),
        predicted=geometric_mean([row.predicted for row in hidden[:-1]]),
        theory=geometric_mean([row.theory for row in hidden[:-1]]),
        still=tuple(row.number for row in rows if row.step < Scaled.of(STANDSTILL)),
        deadest=deadest,
        flatness=sum(flat) / len(flat) if flat else None,
        finite=finite,
    )


def _nothing_arrives(rows: Sequence[LayerRow]) -> bool:
    return any(row.delta.mantissa == 0.0 for row in rows[:-1])


def geometric_mean(factors: Sequence[float | None]) -> float | None:
    """The number that, taken for each factor, gives the same product; None if one is missing.

    >>> geometric_mean([0.25, 4.0]), geometric_mean([0.5, None])
    (1.0, None)
    """
    known = [f for f in factors if f is not None]
    if not known or len(known) < len(factors):
        return None
    if min(known) <= 0.0 or not all(map(math.isfinite, known)):
        return 0.0 if min(known) == 0.0 else math.nan
    return math.exp(math.fsum(map(math.log, known)) / len(known))


def remedies(verdict: Verdict, act: str, settings: Any) -> list[str]:
    """What to try, as options of the command; those in use already are left out.

    ``settings`` has init, batchnorm and lr, or is None for a net that was given as it is.
    """
    init = "" if settings is None else str(settings.init)
    relu_like = act in ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "relu6")
    found = []
    for word in verdict.words:
        found += {
            "VANISHING": ["--init he"] if relu_like and not init.startswith("he")
            else ["--act relu --init he", "--batchnorm before", "--act tanh"],
            "EXPLODING": ["--init he" if relu_like else "--init glorot", "--batchnorm before",
                          "clipping: train --clipnorm 1"],
            "DEAD": ["--act leaky_relu --init he", "--init he", "--batchnorm before"],
            "SATURATED": ["--init glorot", "--batchnorm before", "--act relu --init he"],
        }.get(word, [])  # fmt: skip
    tried = {f"--init {init.partition('_')[0]}", f"--act {act}"}
    if settings is not None and settings.batchnorm != "none":
        tried.add("--batchnorm before")
    return [one for one in dict.fromkeys(found) if one not in tried][:3]
