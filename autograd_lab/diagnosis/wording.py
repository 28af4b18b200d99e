"""What is said about a diagnosis: the sentences that all forms of it share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd_lab.diagnosis.layers_table import STEEPEST, LayerRow
from autograd_lab.diagnosis.verdicts import MUCH
from autograd_lab.notation import SUBSCRIPT, act_letter
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.diagnosis.diagnosis import Diagnosis

WORSE = 1.02  # times the loss of chance
LEVEL = 3.0  # the spread of gradients that passes for flat
SPAN = 1e3  # the spread of delta that this would hide


def number(x: Scaled | float, digits: int = 1) -> str:
    """Powers of ten for the very small and large: 1.1e+12; plain otherwise: 0.93.

    >>> number(0.9312), number(6.53), number(1.1e12), number(0.00123)
    ('0.93', '6.5', '1.1e+12', '1.2e-03')
    """
    x = x if isinstance(x, Scaled) else Scaled.of(x)
    value = float(x)
    if not x.is_finite:
        return "undefined" if math.isnan(value) else "infinite"
    if x.mantissa == 0.0:
        return "0"
    if 0.01 <= abs(value) < 1000 and not x.underflows:
        rounded = abs(float(f"{value:.{digits}e}"))
        places = max(0, digits - math.floor(math.log10(rounded)))
        return f"{value:.{places}f}"
    return x.format(digits, "-")


def times(x: float | None) -> str:
    """A factor: ×0.232, or in powers of ten where three decimals would say nothing."""
    if x is None:
        return "–"
    if math.isnan(x):
        return "undefined"
    return f"×{x:.3f}" if x == 0 or 0.01 <= abs(x) < 1000 else f"×{x:.1e}"


def share(x: float) -> str:
    """A share in per cent.

    >>> share(0.375), share(0.0)
    ('38 %', '0 %')
    """
    return f"{100 * x:.0f} %"


def indexed(number: int) -> str:
    """δ with its layer: δ₂₀."""
    return f"δ{str(number).translate(SUBSCRIPT)}"


def inverse_ratio(d: Diagnosis) -> Scaled | None:
    """Delta of the uppermost hidden layer over that of the lowest."""
    ratio = d.verdict.ratio
    return None if ratio is None else Scaled.of(1.0) / ratio


def ratio_name(d: Diagnosis) -> str:
    return f"{indexed(len(d.hidden))}/{indexed(1)}"


def slope_sign(d: Diagnosis) -> str:
    """σ′, tanh′ or act′, if there are several activations."""
    acts = {row.act for row in d.hidden if row.act != "linear"}
    return f"{act_letter(acts.pop())}′" if len(acts) == 1 else "act′"


def worse_than_chance(d: Diagnosis) -> bool:
    return d.chance is not None and d.loss > WORSE * d.chance.value


def reason(d: Diagnosis, word: str) -> str:
    """Why a word of the verdict holds."""
    v, top = d.verdict, len(d.hidden)
    if word == "EXPLODING" and not v.finite:
        return "a number is not finite"
    if word == "EXPLODING":
        assert v.ratio is not None
        return f"δ grows {number(v.ratio)} times on the way from layer {top} to layer 1"
    if word == "VANISHING":
        return _vanishing(d)
    if word == "DEAD":
        assert v.deadest is not None
        return dead_text(v.deadest)
    if word == "SATURATED":
        return _saturated(d)
    return _fine(d)


def _vanishing(d: Diagnosis) -> str:
    still = d.verdict.still
    if still and still == tuple(range(1, len(still) + 1)):
        which = "layer 1 moves" if len(still) == 1 else f"layers 1 to {len(still)} move"
    elif still:
        which = f"{len(still)} of {len(d.rows)} layers move"
    else:
        ratio = inverse_ratio(d)
        assert ratio is not None
        return f"δ falls to 1/{number(ratio)} on the way from layer {len(d.hidden)} to layer 1"
    return f"{which} by less than 1e-6 of their size per step"


def _saturated(d: Diagnosis) -> str:
    flat = [row for row in d.hidden if row.flatness is not None]
    mean = math.fsum(row.mean_slope or 0.0 for row in flat) / len(flat)
    text = f"mean {slope_sign(d)} is {mean:.2g}"
    tops = {STEEPEST[row.act] for row in flat}
    if len(tops) == 1:
        text += f", {d.verdict.flatness:.2f} of its maximum {tops.pop():.3g}"
    return f"{text}: most units sit where the activation is flat"


def _fine(d: Diagnosis) -> str:
    v, ratio = d.verdict, inverse_ratio(d)
    if ratio is None:
        return f"{len(d.hidden)} hidden layer{'s' * (len(d.hidden) != 1)}: nothing can vanish yet"
    theory = "" if v.predicted is None else f" (theory {times(v.predicted)})"
    changes = "" if v.factor is None else f"δ changes by {times(v.factor)} per layer{theory};  "
    return f"{changes}{ratio_name(d)} = {number(ratio)}"


def dead_text(row: LayerRow) -> str:
    return f"{share(row.dead or 0.0)} of layer {row.number}'s units output 0 for the whole batch"


def sentences(d: Diagnosis) -> list[str]:
    """The argument under the verdict, a sentence or two to a line."""
    v, lines = d.verdict, []
    bad = v.words != ("FINE",)
    steps = len(d.hidden) - 1
    if bad and v.factor is not None:
        lines.append(
            f"Each layer multiplies δ by {v.factor:.3g} on the way back (geometric mean of {steps} "
            f"layer{'s' * (steps != 1)})."
        )
    if bad and v.predicted is not None:
        lines.append(
            f"Theory: rms {slope_sign(d)} · √units · std(W) = {v.predicted:.3g}.   Same as the "
            "slide's w·σ′(z), for a layer."
        )
    if v.theory is not None and v.predicted is not None:
        lines.append(
            f"Infinite width: {times(v.theory)} per layer, from the variances of the weights alone."
        )
    lines += [f"{word}: {reason(d, word)}." for word in v.words[1:]]
    lines += [text for text in (_size_and_loss(d, bad), *warnings(d)) if text]
    return lines


def critical_line(d: Diagnosis) -> list[str]:
    """The weight scale at which gradients keep their size, beside that of this net."""
    from autograd_lab import activations
    from autograd_lab.diagnosis.mean_field import critical_points
    from autograd_lab.errors import AutogradLabError

    found = []
    for act in dict.fromkeys(row.act for row in d.hidden):
        rows = [row for row in d.hidden[1:] if row.act == act]
        try:
            points = critical_points(activations.get(act))
        except AutogradLabError:  # an activation with weights, or one that has no name
            continue
        scales = ", ".join(f"{p.scale:.4g} (q = {p.q:.3g})" for p in points) or "none"
        text = f"Critical line: {act} keeps gradients at n·Var(w) = {scales}"
        if rows:
            here = sum(row.kernel**2 / row.shape[1] for row in rows) / len(rows)
            text += f"; here {here:.4g}, mean of layers 2 to {len(d.hidden)}"
        found.append(text)
    return found


def _size_and_loss(d: Diagnosis, bad: bool) -> str:
    parts = []
    ratio = inverse_ratio(d)
    if bad and ratio is not None:
        parts.append(f"{indexed(len(d.hidden))} / {indexed(1)} = {number(ratio)}")
    if worse_than_chance(d):
        assert d.chance is not None
        parts.append(
            f"loss is worse than chance: {number(d.loss, 2)} > {number(d.chance.value, 2)}"
            + " (large random logits)" * (d.seed is not None)
        )
    return "     ".join(parts)


def warnings(d: Diagnosis) -> list[str]:
    """What the verdict does not say, and a reader must know."""
    found = []
    dead = d.verdict.deadest
    if dead is not None and (dead.dead or 0.0) >= MUCH and "DEAD" not in d.verdict.words:
        found.append(f"WARN  {dead_text(dead)} (dead on this batch)")
    if gradients_hide(d):
        found.append(
            f"WARN  ‖∂L/∂W‖ is flat, within ×{_spread(_gradients(d)):.1f} over layers 2 to "
            f"{len(d.hidden)}: it hides what δ shows"
        )
    return found


def gradients_hide(d: Diagnosis) -> bool:
    """Whether the usual plot of weight gradients looks healthy while delta vanishes or explodes."""
    if not {"VANISHING", "EXPLODING"} & set(d.verdict.words) or len(d.hidden) < 4:
        return False
    deltas = [row.delta for row in d.hidden]
    return _spread(_gradients(d)) < LEVEL and _spread(deltas) > SPAN


def _gradients(d: Diagnosis) -> list[Scaled]:
    return [row.gradient for row in d.hidden[1:]]


def _spread(sizes: Sequence[Scaled]) -> float:
    logs = [size.log10 for size in sizes]
    gap = max(logs) - min(logs)
    return 10.0**gap if gap < 300 else math.inf


def remark(d: Diagnosis) -> str:
    """A few words behind the verdict in a comparison."""
    v = d.verdict
    if gradients_hide(d):
        return "(‖∇W‖ is flat: do not trust it)"
    if "VANISHING" in v.words and v.words[0] == "VANISHING" and d.tries[:1] == ("--init he",):
        return "(use he)"
    if v.words[0] == "SATURATED":
        flat = [row.mean_slope or 0.0 for row in d.hidden if row.flatness is not None]
        return f"(mean {slope_sign(d)} {math.fsum(flat) / len(flat):.2f})"
    if v.words == ("FINE",) and v.deadest is not None and (v.deadest.dead or 0.0) >= MUCH:
        dead = v.deadest
        return f"({share(dead.dead or 0.0)} of layer {dead.number} dead on this batch)"
    return ""
