"""Nets to diagnose from words: "784-20x100-10", an activation, an initializer, data and a seed."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import activations, initializers, layers
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.notation import short

MAX_LAYERS = 1000
MAX_UNITS = 100_000
MAX_PARAMETERS = 20_000_000
MAX_BATCH = 100_000
MAX_VALUES = 50_000_000  # batch times units: what one pass holds in memory
MAX_SEED = 2**32 - 1
PLACES = ("none", "before", "after")
SHORT = {"glorot": "glorot_normal", "xavier": "glorot_normal", "he": "he_normal",
         "kaiming": "he_normal", "lecun": "lecun_normal"}  # fmt: skip
_PART = re.compile(r"(?:([0-9]{1,6})[xX×])?([0-9]{1,9})")
_NORMAL = re.compile(r"[nN]\(\s*0\s*,\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*(?:\^2|²)?\s*\)")
NUMBER = re.compile(r"[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?")
LAYERS = {"prelu": layers.PReLU, "rrelu": layers.RReLU}


@dataclass(frozen=True, kw_only=True)
class NetSettings:
    """All that decides a net of words and the batch it is looked at with.

    ``init`` is an initializer's name, glorot, he or lecun for their normal forms, or N(0,0.01) for
    normal numbers of standard deviation 0.01.  ``data`` is "random" (x normal, labels even) or what
    ``datasets.read`` takes.

    Errors: UsageError that names the setting and what is wanted.
    """

    sizes: tuple[int, ...]
    act: str = "relu"
    init: str = "glorot"
    batchnorm: str = "none"
    dropout: float = 0.0
    seed: int = 0
    data: str = "random"
    batch: int = 64
    lr: float = 0.01

    def __post_init__(self) -> None:
        checks = {
            "batchnorm": (self.batchnorm in PLACES, f"choose {', '.join(PLACES)}"),
            "dropout": (_is_real(self.dropout) and 0 <= self.dropout < 1,
                        "give a number from 0 to below 1"),
            "seed": (type(self.seed) is int and 0 <= self.seed <= MAX_SEED,
                     f"give a whole number from 0 to {MAX_SEED}"),
            "batch": (type(self.batch) is int and 1 <= self.batch <= MAX_BATCH,
                      f"give 1 to {MAX_BATCH:,} examples"),
            "lr": (_is_real(self.lr) and 0 < self.lr < np.inf, "give a positive number"),
        }  # fmt: skip
        for name, (good, wanted) in checks.items():
            if not good:
                raise UsageError(f"--{name} {getattr(self, name)!r}: {wanted}")
        if self.batch * sum(self.sizes) > MAX_VALUES:
            raise UsageError(
                f"--batch {self.batch:,}: times {sum(self.sizes):,} units is more than "
                f"{MAX_VALUES:,} numbers; take a smaller batch"
            )
        check_activation(self.act)
        initializer(self.init)

    @property
    def size_text(self) -> str:
        return sizes_text(self.sizes)

    @property
    def init_text(self) -> str:
        """The initializer as headings call it: glorot_normal, N(0,0.01²)."""
        return init_text(self.init)

    @property
    def label(self) -> str:
        """The variant in a comparison."""
        more = "" if self.batchnorm == "none" else "+bn"
        more = "+bn-after" if self.batchnorm == "after" else more
        init = SHORT.get(self.init, self.init)
        known = init.removesuffix("_normal") if init in SHORT.values() else init_text(self.init)
        if self.dropout:
            more += f"+dropout={self.dropout:g}"
        return f"{self.act} {known}{more}"


def parse_sizes(text: str) -> tuple[int, ...]:
    """The numbers of units from the inputs to the outputs; 20x100 is twenty layers of 100.

    Errors: UsageError for what is no such text, or for far too many layers, units or weights.

    >>> parse_sizes("784-2x100-10")
    (784, 100, 100, 10)
    """
    sizes: list[int] = []
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    for part in text.strip().split("-"):
        found = _PART.fullmatch(part.strip())
        if found is None:
            raise UsageError(
                f"mlp {shown!r}: {part[:20]!r} is no size; write the units of each layer, such as "
                "784-20x100-10 (20x100 is twenty layers of 100)"
            )
        count, units = int(found[1] or 1), int(found[2])
        if not 0 < count <= MAX_LAYERS or len(sizes) + count > MAX_LAYERS + 2:
            raise UsageError(f"mlp {shown!r}: give 1 to {MAX_LAYERS:,} hidden layers")
        if not 0 < units <= MAX_UNITS:
            raise UsageError(f"mlp {shown!r}: a layer has 1 to {MAX_UNITS:,} units")
        sizes += [units] * count
    if len(sizes) < 2:
        raise UsageError(f"mlp {shown!r}: give inputs and outputs at least, such as 784-100-10")
    count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    if count > MAX_PARAMETERS:
        raise UsageError(
            f"mlp {shown!r}: {count:,} parameters; at most {MAX_PARAMETERS:,} are built here"
        )
    return tuple(sizes)


def sizes_text(sizes: tuple[int, ...]) -> str:
    """The shortest text for sizes; inputs and outputs stand by themselves.

    >>> sizes_text((64, 64, 64, 10))
    '64-2x64-10'
    """
    runs = [(n, len(list(group))) for n, group in itertools.groupby(sizes[1:-1])]
    hidden = [str(n) if count == 1 else f"{count}x{n}" for n, count in runs]
    return "-".join([str(sizes[0]), *hidden, str(sizes[-1])])


def initializer(word: str) -> Any:
    """The initializer that a word means, with a generator still to be given.

    >>> initializer("he"), initializer("N(0,0.01)")
    (HeNormal(seed=None), RandomNormal(mean=0.0, stddev=0.01, seed=None))
    """
    word = word.strip()
    normal = _NORMAL.fullmatch(word)
    if normal:
        return initializers.RandomNormal(stddev=float(normal[1]))
    if word.lower().startswith("n(") or NUMBER.fullmatch(word):
        raise UsageError(
            f"--init {word[:32]!r}: write N(0,0.01) for normal numbers of mean 0 and standard "
            "deviation 0.01"
        )
    try:
        return initializers.get(SHORT.get(word, word))
    except UsageError as error:
        raise UsageError(f"--init: {error}; or N(0,0.01), glorot, he, lecun") from error


def init_text(word: str) -> str:
    """The initializer as it is written in headings."""
    normal = _NORMAL.fullmatch(word.strip())
    if normal is None:
        return SHORT.get(word, word)
    deviation = float(normal[1])
    return "N(0,1)" if deviation == 1.0 else f"N(0,{short(deviation)}²)"


def check_activation(word: str) -> None:
    """Refuse a name that is no function of one array to one of the same shape."""
    if word in LAYERS:
        return
    try:
        function = activations.get(word)
        if np.shape(function(np.zeros((2, 4)))) == (2, 4):
            return
    except UsageError as error:
        raise UsageError(f"--act: {error}") from error
    except (TypeError, ShapeError):
        pass
    raise UsageError(f"--act {word}: that is no function from a layer's z to numbers like it")


def _is_real(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool)
