"""Images read between their pixels: for every pixel of the result, which pixels it is a mixture of.

A place is given in rows and columns, whole numbers at the centres of pixels.  Beyond the border
``fill_mode`` says what is there (for a row a b c d, as Keras writes it):

- reflect: d c b a | a b c d | d c b a,    wrap: a b c d | a b c d | a b c d,
- nearest: a a a a | a b c d | d d d d,    constant: k k k k | a b c d | k k k k.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


def folded(place: Array, length: int, fill_mode: str) -> Array:
    """Whole numbers beyond 0 ... length - 1 as the numbers inside that stand for them.

    >>> folded(np.arange(-3, 6), 3, "reflect").tolist()
    [2, 1, 0, 0, 1, 2, 2, 1, 0]
    >>> folded(np.arange(-3, 6), 3, "wrap").tolist()
    [0, 1, 2, 0, 1, 2, 0, 1, 2]
    """
    inside: Array = np.clip(place, 0, length - 1)
    if fill_mode == "wrap":
        inside = np.mod(place, length)
    elif fill_mode == "reflect":
        there = np.mod(place, 2 * length)
        inside = np.minimum(there, 2 * length - 1 - there)  # there, or on the way back
    return inside


def neighbours(
    at: Array, length: int, fill_mode: str, interpolation: str
) -> list[tuple[Array, Array]]:
    """Along one axis, the pixels that a place lies between or next to, and their weights.

    >>> [(i.tolist(), w.tolist()) for i, w in neighbours(np.array([0.25]), 3, "wrap", "bilinear")]
    [([0.0], [0.75]), ([1.0], [0.25])]
    """
    if interpolation == "nearest":  # halves go away from zero, as in Keras
        found = [(np.copysign(np.floor(np.abs(at) + 0.5), at), np.ones_like(at))]
    else:
        below = np.floor(at)
        found = [(below, 1.0 - (at - below)), (below + 1.0, at - below)]
    if fill_mode == "constant":
        found = [(i, np.where((i >= 0) & (i < length), w, 0.0)) for i, w in found]
    return [(folded(i, length, fill_mode), w) for i, w in found]


def resampling(
    rows: Array, columns: Array, size: tuple[int, int], fill_mode: str, interpolation: str
) -> Array:
    """Where every pixel of a batch comes from: (2, neighbours, batch * height * width).

    rows and columns: places in images of ``size`` (height, width), stretched against each other to
    (batch, height, width).  First come positions in the batch as one row of pixels, then weights.
    """
    height, width = size
    whole = np.broadcast_shapes(rows.shape, columns.shape)
    start = np.arange(whole[0]).reshape(-1, 1, 1) * (height * width)
    down = neighbours(rows, height, fill_mode, interpolation)
    right = neighbours(columns, width, fill_mode, interpolation)
    table = np.empty((2, len(down) * len(right), *whole))
    pairs = [(i, j) for i in down for j in right]
    for k, ((row, of_row), (column, of_column)) in enumerate(pairs):
        table[0, k] = start + row * width + column
        table[1, k] = of_row * of_column
    return table.reshape(*table.shape[:2], -1)
