"""Sizes of layers: from a text such as "784-3x100-10" to hidden layers that fit the data."""

from __future__ import annotations

import re

from autograd_lab.errors import UsageError

MAX_LAYERS = 1000
MAX_UNITS = 100_000
DEFAULT = (32,)
_PART = re.compile(r"(?:([0-9]{1,6})[xX])?([0-9]{1,9})")


def parse_sizes(text: str) -> tuple[int, ...]:
    """The numbers of units, in order; 3x100 is three layers of 100.

    Errors: UsageError for what is no such text, layers without units, or far too many.

    >>> parse_sizes("784-2x100-10")
    (784, 100, 100, 10)
    """
    sizes: list[int] = []
    for part in text.split("-"):
        found = _PART.fullmatch(part.strip())
        if found is None:
            raise UsageError(
                f"--layers {text[:40]!r}: {part[:20]!r} is no size; "
                "write hidden layers as 64-32, or the whole net as 784-128-10"
            )
        count, units = int(found[1] or 1), int(found[2])
        if not 0 < count <= MAX_LAYERS or len(sizes) + count > MAX_LAYERS:
            raise UsageError(f"--layers {text[:40]!r}: give 1 to {MAX_LAYERS:,} layers")
        if not 0 < units <= MAX_UNITS:
            raise UsageError(f"--layers {text[:40]!r}: a layer has 1 to {MAX_UNITS:,} units")
        sizes += [units] * count
    return tuple(sizes)


def hidden_sizes(text: str | None, inputs: int, outputs: int) -> tuple[int, ...]:
    """The hidden layers that a text means for data of so many inputs and outputs.

    Sizes that begin with the inputs or end with the outputs are those of the whole net and must do
    both; others, and a single number, are hidden layers alone.

    Errors: UsageError for a whole net that does not fit, with the two ways to write what is meant.

    >>> hidden_sizes("64-32-10", 64, 10), hidden_sizes("100-50", 64, 10), hidden_sizes("10", 64, 10)
    ((32,), (100, 50), (10,))
    >>> hidden_sizes("784-128-10", 64, 10)
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: --layers 784-128-10 ends with the 10 outputs of the data, \
but begins with 784 instead of their 64 features
       The whole net:  --layers 64-784-128-10      hidden layers alone:  --layers 784-128
    """
    if text is None:
        return DEFAULT
    sizes = parse_sizes(text)
    begins, ends = sizes[0] == inputs, sizes[-1] == outputs
    if len(sizes) == 1 or not (begins or ends):
        return sizes
    if begins and ends:
        return sizes[1:-1]
    many = f"{outputs} output{'s' * (outputs != 1)}"
    if begins:
        raise UsageError(
            f"--layers {text} begins with the {inputs} features of the data, but ends with "
            f"{sizes[-1]} instead of their {many}\n"
            f"   The whole net:  --layers {text}-{outputs}      "
            f"all of them hidden:  --layers {inputs}-{text}-{outputs}"
        )
    raise UsageError(
        f"--layers {text} ends with the {many} of the data, but begins with {sizes[0]} instead of "
        f"their {inputs} features\n"
        f"   The whole net:  --layers {inputs}-{text}      "
        f"hidden layers alone:  --layers {text.rpartition('-')[0]}"
    )
