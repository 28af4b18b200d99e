"""One option of an experiment: how its text is read, which values fit, and what is wanted."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass, fields
from typing import Any

from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.notation import short

WORDS = {"yes": True, "no": False, "true": True, "false": False, "on": True, "off": False}
NONE = "none"  # the word for a setting that is not given
MAX_SHOWN = 60
_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")
_REAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Option:
    """A setting: its kind, its bounds or choices, and the line that describes it."""

    kind: type
    help: str
    metavar: str = ""
    least: float = -math.inf
    above: float = -math.inf
    most: float = math.inf
    below: float = math.inf
    choices: tuple[str, ...] = ()
    optional: bool = False

    @property
    def wanted(self) -> str:
        """What fits, in words.

        >>> Option(float, "", least=0, below=1).wanted
        'a number at least 0, below 1'
        """
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind is bool:
            return "yes or no"
        if self.kind is str:
            return "a word"
        bounds = {
            "at least": self.least, "above": self.above, "at most": self.most, "below": self.below,
        }  # fmt: skip
        named = [f"{word} {short(float(b))}" for word, b in bounds.items() if math.isfinite(b)]
        kind = "a whole number" if self.kind is int else "a number"
        return f"{kind} {', '.join(named)}".strip()

    def fits(self, value: Any) -> bool:
        """Whether a value may be used."""
        if value is None:
            return self.optional
        if self.kind in (bool, str):
            return type(value) is self.kind and (not self.choices or value in self.choices)
        if isinstance(value, bool) or not isinstance(value, (int, self.kind)):
            return False
        x = float(value)  # type: ignore[arg-type]
        within = self.least <= x <= self.most and self.above < x < self.below
        return math.isfinite(x) and within

    def read(self, name: str, text: str) -> Any:
        """The value that a text stands for; ``name`` is how messages call the option."""
        value = self._value(text.strip())
        if value is not ... and self.fits(value):
            return value
        near = did_you_mean(text, self.choices).strip()
        shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
        space = "" if name.endswith("=") else " "
        raise UsageError(
            f"{name}{space}{shown!r}: give {self.wanted}{f' ({near})' if near else ''}"
            + (f", or {NONE}" if self.optional and not self.choices else "")
        )

    def _value(self, text: str) -> Any:
        """The value, or ... if the text stands for none of this kind."""
        if self.optional and text == NONE:
            return None
        if self.kind is bool:
            return WORDS.get(text.lower(), ...)
        if self.kind is str:
            return text or ...
        pattern = _WHOLE if self.kind is int else _REAL
        return self.kind(text) if pattern.fullmatch(text) else ...


def option(default: Any, kind: type, text: str, metavar: str = "", **bounds: Any) -> Any:
    """A dataclass field that carries its option."""
    found = Option(kind, text, metavar, optional=default is None, **bounds)
    return dataclasses.field(default=default, metadata={"option": found})


def options_of(settings: type) -> dict[str, Option]:
    """The options of a dataclass, by name, in order."""
    return {
        field.name: field.metadata["option"]
        for field in fields(settings)
        if "option" in field.metadata
    }
