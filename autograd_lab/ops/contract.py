"""Operations that multiply and add up: matrix products and Einstein sums."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError
from autograd_lab.graph import REQUIRED, Op, Pull, op
from autograd_lab.ops.arithmetic import multiply
from autograd_lab.ops.axes import listed, many_axes, shape_of
from autograd_lab.ops.indexing import diagonal
from autograd_lab.ops.movement import broadcast_to, reshape, sum_to, transpose


def _swap(x: Any) -> Any:
    n = len(shape_of(x))
    return transpose(x, axes=(*range(n - 2), n - 1, n - 2))


def _row(x: Any) -> Any:
    return reshape(x, shape=(1, *shape_of(x))) if len(shape_of(x)) == 1 else x


def _column(x: Any) -> Any:
    return reshape(x, shape=(*shape_of(x), 1)) if len(shape_of(x)) == 1 else x


def _as_matrix(g: Any, a: Any, b: Any) -> Any:
    """The adjoint with the axes of length one that a vector operand dropped."""
    shape = shape_of(g)
    if len(shape_of(b)) == 1:
        shape = (*shape, 1)
    if len(shape_of(a)) == 1:
        shape = (*shape[:-1], 1, shape[-1])
    return reshape(g, shape=shape)


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(shape_of(a)) == len(shape_of(b)) == 2:
        return g @ b.T
    full = _as_matrix(g, a, b) @ _swap(_column(b))
    return reshape(sum_to(full, shape=shape_of(_row(a))), shape=shape_of(a))


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(shape_of(a)) == len(shape_of(b)) == 2:
        return a.T @ g
    full = _swap(_row(a)) @ _as_matrix(g, a, b)
    return reshape(sum_to(full, shape=shape_of(_column(b))), shape=shape_of(b))


matmul: Op = op(
    "matmul", label="@", out=True,
    forward=np.matmul,
    vjp=(_matmul_left, _matmul_right),
)  # fmt: skip


def dot(a: Any, b: Any) -> Any:
    """A @ b up to two axes of b, else Σ over the last of a and the last but one of b.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    if not shape_of(a) or not shape_of(b):
        return multiply(a, b)
    if len(shape_of(b)) <= 2:
        return matmul(a, b)
    return tensordot(a, b, (-1, -2))


def inner(a: Any, b: Any) -> Any:
    """Σ over the last axis of both: of vectors Σ a_i b_i.

    >>> inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    return tensordot(a, b, (-1, -1)) if shape_of(a) and shape_of(b) else multiply(a, b)


def outer(a: Any, b: Any) -> Any:
    """Every entry of a times every entry of b: y_ij = a_i b_j.

    >>> outer([1.0, 2.0], [3.0, 4.0]).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Σ over pairs of axes: the last ``axes`` of a with the first of b, or (axes of a, axes of b).

    The other axes stay in order, those of a first.

    >>> import numpy as np
    >>> tensordot(np.ones((2, 3, 4)), np.ones((4, 3, 5)), ((1, 2), (1, 0))).shape
    (2, 5)
    """
    n, m = len(shape_of(a)), len(shape_of(b))
    pair = (range(n - axes, n), range(axes)) if isinstance(axes, int) else axes
    left, right = (
        listed(many_axes("tensordot", tuple(np.atleast_1d(some).tolist()), ndim), ndim)
        for some, ndim in zip(pair, (n, m), strict=True)
    )
    if len(left) != len(right) or any(
        shape_of(a)[i] != shape_of(b)[j] for i, j in zip(left, right, strict=True)
    ):
        raise ShapeError(
            f"tensordot of shape {shape_of(a)} and {shape_of(b)}: axes {left} of the first and "
            f"{right} of the second are not equally long; name pairs of equal length"
        )
    of_a = list(string.ascii_lowercase[:n])
    of_b = list(string.ascii_uppercase[:m])
    for i, j in zip(left, right, strict=True):
        of_b[j] = of_a[i]
    free = [of_a[i] for i in range(n) if i not in left] + [
        of_b[j] for j in range(m) if j not in right
    ]
    return _einsum(a, b, subscripts=f"{''.join(of_a)},{''.join(of_b)}->{''.join(free)}")


# --- Einstein sums --------------------------------------------------------------------------------


def _einsum_pull(index: int) -> Pull:
    """Swap the operand's letters with the output's; letters only it had are copies of the sum."""

    def pull(g: Any, y: Any, *xs: Any, subscripts: str) -> Any:
        left, output = subscripts.split("->")
        letters = left.split(",")
        mine = letters[index]
        others = [letters[i] for i in range(len(xs)) if i != index]
        found = "".join(c for c in mine if c in output or any(c in o for o in others))
        rest = [x for i, x in enumerate(xs) if i != index]
        g = _einsum(g, *rest, subscripts=",".join([output, *others]) + "->" + found)
        shape = shape_of(xs[index])
        kept = tuple(n if c in found else 1 for c, n in zip(mine, shape, strict=True))
        return broadcast_to(reshape(g, shape=kept), shape=shape)

    return pull


def _einsum_value(*xs: Any, subscripts: str) -> Any:
    left, arrow, _ = subscripts.partition("->")
    if not arrow or not set(subscripts) <= _SIGNS or _repeats(left):
        raise ShapeError(
            f"einsum({subscripts!r}): write letters and commas, the output after '->', no spaces, "
            "no '...', and no letter twice in one operand"
        )
    operands = left.split(",")
    if [len(letters) for letters in operands] != [np.ndim(x) for x in xs]:
        raise ShapeError(f"einsum({subscripts!r}): write one letter for each axis of each array")
    sizes: dict[str, int] = {}
    for letters, x in zip(operands, xs, strict=True):
        for letter, size in zip(letters, np.shape(x), strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(
                    f"einsum({subscripts!r}): {letter} is both {sizes[letter]} and {size} long"
                )
    many = max((np.size(x) for x in xs), default=0) > 1000  # planning takes longer than small sums
    return np.einsum(subscripts, *xs, optimize=many)


_SIGNS = {*string.ascii_letters, *",->"}


def _repeats(operands: str) -> bool:
    return any(len(set(letters)) < len(letters) for letters in operands.split(","))


_einsum: Op = op(
    "einsum", label="Σ", attrs={"subscripts": REQUIRED}, forward=_einsum_value, vjp=_einsum_pull
)


def einsum(*operands: Any, subscripts: str | None = None) -> Any:
    """Σ of products over the letters that the output does not have: ``einsum("ij,jk->ik", a, b)``.

    As in NumPy: ``...`` stands for axes without letters, which broadcast; without ``->`` the output
    has the letters that occur once, in the order of the alphabet; a letter twice in one operand
    takes its diagonal.

    >>> einsum("ij,jk", [[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    >>> einsum("ii", [[1.0, 2.0], [3.0, 4.0]])
    5.0
    """
    if subscripts is None:
        if not operands or not isinstance(operands[0], str):
            raise ShapeError("einsum: the subscripts come first, as in einsum('ij,jk->ik', a, b)")
        subscripts, operands = operands[0], operands[1:]
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    parts = left.split(",")
    if not set(text) <= _SIGNS | {"."} or len(parts) != len(operands):
        raise ShapeError(
            f"einsum({subscripts!r}) of {len(operands)} arrays: write the letters of each array, "
            "commas between them, and the output after '->'"
        )
    xs = list(operands)
    if "..." in text:
        parts, xs, dots = _spelled(subscripts, parts, xs)
        output = output.replace("...", dots) if arrow else dots + _once(parts, dots)
    elif not arrow:
        output = _once(parts)
    pairs = [_without_repeats(letters, x) for letters, x in zip(parts, xs, strict=True)]
    joined = ",".join(letters for letters, _ in pairs)
    return _einsum(*[x for _, x in pairs], subscripts=f"{joined}->{output}")


def _once(parts: Sequence[str], besides: str = "") -> str:
    letters = "".join(parts)
    return "".join(c for c in sorted(set(letters)) if letters.count(c) == 1 and c not in besides)


def _spelled(
    subscripts: str, parts: Sequence[str], xs: Sequence[Any]
) -> tuple[list[str], list[Any], str]:
    """Letters for the axes that '...' stands for; axes of length one that stretch lose theirs."""
    counts = [len(shape_of(x)) - len(p.replace("...", "")) for p, x in zip(parts, xs, strict=True)]
    if any(n < 0 or (n and "..." not in p) for n, p in zip(counts, parts, strict=True)):
        raise ShapeError(f"einsum({subscripts!r}): write one letter for each axis of each array")
    unused = [c for c in reversed(string.ascii_letters) if c not in subscripts]
    dots = "".join(reversed(unused[: max(counts)]))
    places = [p.partition("...")[0] for p in parts]
    middles = [
        shape_of(x)[len(before) : len(before) + n]
        for before, n, x in zip(places, counts, xs, strict=True)
    ]
    whole = np.broadcast_shapes(*middles)
    spelled, kept = [], []
    for p, before, middle, x in zip(parts, places, middles, xs, strict=True):
        mine = dots[len(dots) - len(middle) :]
        full = whole[len(dots) - len(middle) :]
        there = "".join(c for c, n, m in zip(mine, middle, full, strict=True) if n == m)
        if there != mine:
            lengths = [n for n, m in zip(middle, full, strict=True) if n == m]
            shape = shape_of(x)
            x = reshape(x, (*shape[: len(before)], *lengths, *shape[len(before) + len(middle) :]))
        spelled.append(p.replace("...", there))
        kept.append(x)
    return spelled, kept, dots


def _without_repeats(letters: str, x: Any) -> tuple[str, Any]:
    """A letter twice in one operand: its diagonal, which becomes the last axis."""
    for c in sorted(set(letters)):
        while letters.count(c) > 1 and len(letters) == len(shape_of(x)):
            first = letters.index(c)
            second = letters.index(c, first + 1)
            x = diagonal(x, axis1=first, axis2=second)
            letters = letters[:first] + letters[first + 1 : second] + letters[second + 1 :] + c
    return letters, x
