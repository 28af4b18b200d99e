"""A diagram as plain data: boxes, arrows and words; it knows nothing of graphs or gradients."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from autograd_lab.errors import AutogradLabError, UsageError
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.style import Scale

Kind = Literal["input", "parameter", "constant", "operation", "output"]
Direction = Literal["LR", "TB"]
KINDS: tuple[Kind, ...] = ("input", "parameter", "constant", "operation", "output")

MAX_EFFORT = 1_500
MAX_ARROWS = 3_000


class TooLargeError(AutogradLabError):
    """The diagram is above the drawing budget; `boxes`, `arrows` and `effort` are its counts."""

    def __init__(self, boxes: int, arrows: int, effort: int) -> None:
        self.boxes, self.arrows, self.effort = boxes, arrows, effort
        super().__init__(
            f"The diagram has {boxes:,} boxes and {arrows:,} arrows (layout effort {effort:,}); "
            f"a drawing takes at most effort {MAX_EFFORT:,} and {MAX_ARROWS:,} arrows. "
            "Collapse it into blocks, or draw a part of it."
        )


@dataclass(frozen=True)
class Box:
    """A node. `magnitude` is log10|gradient|, or None for no gradient or an exact zero.

    `group` names what the box belongs to (a neuron, a layer): a long diagram that is folded into
    rows breaks between groups if it can. `sign` (-1, 0, +1) dashes the border when negative.
    """

    id: str
    title: Label
    lines: tuple[Label, ...] = ()
    kind: Kind = "operation"
    magnitude: float | None = None
    sign: int = 0
    emphasized: bool = False
    tooltip: str = ""
    group: str = ""


@dataclass(frozen=True)
class Arrow:
    """An edge from `tail` to `head` (box ids); `label` is the local derivative.

    `emphasized` puts it on the asked-for path, `weakest` names it there.
    """

    tail: str
    head: str
    label: Label = field(default_factory=Label)
    magnitude: float | None = None
    sign: int = 0
    emphasized: bool = False
    weakest: bool = False
    tooltip: str = ""

    def drawn_label(self) -> Label:
        """The label with its sign visible: a negative `w₂` without a minus reads `w₂ < 0`."""
        if self.sign < 0 and not any(mark in self.label.plain() for mark in "-−<"):
            return self.label + (" < 0" if self.label else "< 0")
        return self.label


@dataclass(frozen=True)
class Diagram:
    """Boxes and arrows with the words around them. The arrows must not form a cycle.

    `description` becomes the text alternative (SVG `<desc>`), `scale_label` the heading of the
    colour scale, `scale` fixes its decades (by default they are taken from the magnitudes).

    >>> x, y = Box("x", Label.of("x"), kind="input"), Box("y", Label.of("y"), kind="output")
    >>> Diagram("y = x", boxes=(x, y), arrows=(Arrow("x", "y", Label.of("1")),)).checked().title
    'y = x'
    """

    title: str
    description: str = ""
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    direction: Direction = "LR"
    scale_label: Label = field(default_factory=lambda: Label.text("size of the gradient"))
    caption: str = ""
    scale: Scale | None = None

    def checked(self) -> Diagram:
        """The diagram itself, or a UsageError that names the first thing wrong with it."""
        twice = [name for name, n in Counter(box.id for box in self.boxes).items() if n > 1]
        if twice:
            raise UsageError(f"Box id {twice[0][:40]!r} occurs twice; ids must differ.")
        known = {box.id for box in self.boxes}
        for arrow in self.arrows:
            for end in (arrow.tail, arrow.head):
                if end not in known:
                    raise UsageError(f"An arrow names box {end[:40]!r}, which is not there.")
        return self

    def color_scale(self) -> Scale | None:
        """The scale of all magnitudes, boxes and arrows alike; None when nothing is coloured."""
        if self.scale is not None:
            return self.scale
        items: tuple[Box | Arrow, ...] = (*self.boxes, *self.arrows)
        return Scale.over([item.magnitude for item in items if item.magnitude is not None])


def is_colored(magnitude: float | None) -> bool:
    """Whether a magnitude has a colour: None, NaN and -inf (an exact zero) have none."""
    return magnitude is not None and not math.isnan(magnitude) and magnitude != -math.inf
