"""Operations that multiply and add up: matrix products and Einstein sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError
from autograd_lab.graph import REQUIRED, Op, Pull, op
from autograd_lab.ops.movement import _shape, broadcast_to, reshape, sum_to, transpose


def _swap(x: Any) -> Any:
    n = len(_shape(x))
    return transpose(x, axes=(*range(n - 2), n - 1, n - 2))


def _row(x: Any) -> Any:
    return reshape(x, shape=(1, *_shape(x))) if len(_shape(x)) == 1 else x


def _column(x: Any) -> Any:
    return reshape(x, shape=(*_shape(x), 1)) if len(_shape(x)) == 1 else x


def _as_matrix(g: Any, a: Any, b: Any) -> Any:
    """The adjoint with the axes of length one that a vector operand dropped."""
    shape = _shape(g)
    if len(_shape(b)) == 1:
        shape = (*shape, 1)
    if len(_shape(a)) == 1:
        shape = (*shape[:-1], 1, shape[-1])
    return reshape(g, shape=shape)


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    full = _as_matrix(g, a, b) @ _swap(_column(b))
    return reshape(sum_to(full, shape=_shape(_row(a))), shape=_shape(a))


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    full = _swap(_row(a)) @ _as_matrix(g, a, b)
    return reshape(sum_to(full, shape=_shape(_column(b))), shape=_shape(b))


matmul: Op = op(
    "matmul", label="@", out=True,
    forward=np.matmul,
    vjp=(_matmul_left, _matmul_right),
)  # fmt: skip


def _einsum_pull(index: int) -> Pull:
    """Swap the operand's letters with the output's; letters only it had are copies of the sum."""

    def pull(g: Any, y: Any, *xs: Any, subscripts: str) -> Any:
        left, output = subscripts.split("->")
        letters = left.split(",")
        mine = letters[index]
        others = [letters[i] for i in range(len(xs)) if i != index]
        found = "".join(c for c in mine if c in output or any(c in o for o in others))
        rest = [x for i, x in enumerate(xs) if i != index]
        g = einsum(g, *rest, subscripts=",".join([output, *others]) + "->" + found)
        shape = _shape(xs[index])
        kept = tuple(n if c in found else 1 for c, n in zip(mine, shape, strict=True))
        return broadcast_to(reshape(g, shape=kept), shape=shape)

    return pull


def _einsum(*xs: Any, subscripts: str) -> Any:
    left, arrow, _ = subscripts.partition("->")
    if not arrow or not set(subscripts) <= _EINSUM or _repeats(left):
        raise ShapeError(
            f"einsum({subscripts!r}): write letters and commas, the output after '->', no spaces, "
            "no '...', and no letter twice in one operand"
        )
    sizes: dict[str, int] = {}
    for letters, x in zip(left.split(","), xs, strict=True):
        for letter, size in zip(letters, np.shape(x), strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(
                    f"einsum({subscripts!r}): {letter} is both {sizes[letter]} and {size} long"
                )
    return np.einsum(subscripts, *xs)


_EINSUM = {*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,->"}


def _repeats(operands: str) -> bool:
    return any(len(set(letters)) < len(letters) for letters in operands.split(","))


einsum: Op = op(
    "einsum", label="Σ", attrs={"subscripts": REQUIRED}, forward=_einsum, vjp=_einsum_pull
)
