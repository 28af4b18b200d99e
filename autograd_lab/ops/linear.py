"""Systems of linear equations, determinants and factors of matrices; stacks of them work alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lab.errors import ShapeError
from autograd_lab.graph import Op, op
from autograd_lab.ops.arrange import expand_dims, swapaxes, tril
from autograd_lab.ops.axes import shape_of
from autograd_lab.ops.contract import matmul
from autograd_lab.ops.movement import broadcast_to


def _t(x: Any) -> Any:
    return swapaxes(x, -1, -2)


def _per_matrix(function: Callable[..., Any], *xs: Any) -> Any:
    """A formula for one matrix (and what goes with it), for each of a stack."""
    outer = np.broadcast_shapes(*[np.shape(x)[:-2] for x in xs])
    full = [np.broadcast_to(x, (*outer, *np.shape(x)[-2:])) for x in xs]
    found = np.array([function(*[x[at] for x in full]) for at in np.ndindex(outer)], dtype=object)
    return found.reshape((*outer, *found.shape[1:]))


# --- equations ------------------------------------------------------------------------------------


def _eliminated(a: Any, b: Any) -> Any:
    """The solution of a y = b by Gauss's elimination."""
    a, b, n = a.copy(), b.copy(), len(a)
    for k in range(n):
        for i in range(n):
            if i != k:
                factor = a[i, k] / a[k, k]
                a[i], b[i] = a[i] - factor * a[k], b[i] - factor * b[k]
    return b / np.diag(a)[:, None]


def _solve_formula(m: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) == 1:
        return _per_matrix(_eliminated, a, b[:, None])[..., 0]
    return _per_matrix(_eliminated, a, b)


def _solve_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    w = solve(_t(a), g)
    if len(shape_of(b)) == 1:
        w, y = expand_dims(w, -1), expand_dims(y, -1)
    return -matmul(w, _t(y))


solve: Op = op(
    "solve", label="solve",
    forward=np.linalg.solve,
    vjp=(_solve_left, lambda g, y, a, b: solve(_t(a), g)),
    formula=_solve_formula,
)  # fmt: skip


def inv(a: Any) -> Any:
    """The matrix whose product with a is the unit matrix.

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    shape = shape_of(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"inv: shape {shape} is no square matrix")
    kind = getattr(a, "dtype", np.dtype(float))
    return solve(a, np.eye(shape[-1], dtype=kind if kind.kind == "f" else float))


# --- determinants ---------------------------------------------------------------------------------


def _leibniz(a: Any) -> Any:
    """The determinant by minors of the first row."""
    if len(a) == 0:
        return 1
    minors = [np.delete(a[1:], k, axis=1) for k in range(len(a))]
    terms = [(-1) ** k * a[0, k] * _leibniz(minor) for k, minor in enumerate(minors)]
    return np.sum(np.array(terms, dtype=object))


def _det_pull(g: Any, y: Any, a: Any) -> Any:
    """G det(a) a⁻ᵀ; a singular matrix has no inverse, and is refused by name."""
    scale = broadcast_to(expand_dims(g * y, (-1, -2)), shape_of(a))
    return scale * _t(inv(a))


def _det(a: Any) -> Any:
    """NumPy's, of rows scaled to about 1: it takes exp of a sum of logarithms, which costs as many
    ULP as that sum is large.
    """
    largest = np.max(np.abs(a), axis=-1, keepdims=True, initial=0.0)
    exponents = np.frexp(largest)[1]
    return np.ldexp(np.linalg.det(np.ldexp(a, -exponents)), np.sum(exponents, axis=(-1, -2)))


det: Op = op(
    "det", label="det",
    forward=_det,
    vjp=(_det_pull,),
    formula=lambda m, a: _per_matrix(_leibniz, a),
)  # fmt: skip

# --- factors --------------------------------------------------------------------------------------


def _lower_factor(m: Any, a: Any) -> Any:
    n = len(a)
    lower = np.full((n, n), 0 * a[0, 0], dtype=object) if n else a
    for i in range(n):
        for j in range(i + 1):
            rest = a[i, j] - np.sum(lower[i, :j] * lower[j, :j])
            lower[i, j] = m.sqrt(rest) if i == j else rest / lower[j, j]
    return lower


def _half(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return 0.5 * (tril(x) + tril(x, -1))


def _cholesky_pull(g: Any, y: Any, a: Any) -> Any:
    """From dL = L half(L⁻¹ dA L⁻ᵀ), Murray 2016, arXiv 1602.07527, equation 8."""
    up = _t(y)
    inner = solve(up, _half(matmul(up, tril(g))))
    both = _t(solve(up, _t(inner)))
    return _half(both + _t(both))


cholesky: Op = op(
    "cholesky", label="cholesky",
    # reads the lower triangle only, so only that has slopes
    forward=np.linalg.cholesky,
    vjp=(_cholesky_pull,),
    formula=lambda m, a: _per_matrix(lambda one: _lower_factor(m, one), a),
)  # fmt: skip
