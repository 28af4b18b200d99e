"""Variants of a net in words: ``relu:he,sigmoid:glorot+bn,relu:N(0,0.01)``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autograd_lab.diagnosis.nets import NUMBER, NetSettings
from autograd_lab.errors import UsageError, did_you_mean

MOST = 100


def parse_variants(text: str, settings: NetSettings) -> list[NetSettings]:
    """The nets of "relu:he,sigmoid:glorot+bn,relu:N(0,0.01)", all else being equal.

    A variant is ACT, ACT:INIT, and +bn, +bn-after or +dropout=RATE behind it.

    >>> from autograd_lab.diagnosis.nets import NetSettings
    >>> [v.label for v in parse_variants("relu:he,tanh:N(0,1)+bn", NetSettings(sizes=(2, 3, 2)))]
    ['relu he', 'tanh N(0,1)+bn']
    """
    found = [_variant(word, settings) for word in _outside_brackets(text, ",")]
    if len(found) > MOST:
        raise UsageError(f"--compare: {len(found)} variants; give at most {MOST}")
    return found


def _variant(word: str, settings: NetSettings) -> NetSettings:
    first, *extras = _outside_brackets(word, "+")
    act, colon, init = first.partition(":")
    changes: dict[str, Any] = {"act": act.strip(), "batchnorm": "none", "dropout": 0.0}
    if colon:
        changes["init"] = init.strip()
    if not act.strip() or (colon and not init.strip()):
        raise UsageError(f"--compare {word[:32]!r}: write ACT:INIT, such as relu:he or tanh:glorot")
    for extra in map(str.strip, extras):
        name, _, value = extra.partition("=")
        if extra in ("bn", "bn-before", "bn-after"):
            changes["batchnorm"] = "after" if extra == "bn-after" else "before"
        elif name == "dropout" and NUMBER.fullmatch(value):
            changes["dropout"] = float(value)
        else:
            known = ("bn", "bn-after", "dropout=0.2")
            raise UsageError(
                f"--compare: +{extra[:24]} is none of +{', +'.join(known)}; "
                f"{did_you_mean(extra, known)}".rstrip("; ")
            )
    return replace(settings, **changes)


def _outside_brackets(text: str, sign: str) -> list[str]:
    """The pieces between the signs that no bracket encloses; 1e+5 keeps its sign."""
    pieces, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == sign and depth <= 0:
            pieces.append("")
        else:
            pieces[-1] += c
    return pieces
