"""Two witnesses that know no rule of the engine, and the checker that compares them with it.

An operation's values y are folded into one cost, C = sum(w y + v y²/2), whose gradient shows each
slope and whose Hessian shows each second slope.  SymPy differentiates the formula; mpmath takes
differences of it at 80 digits.  Neither looks at a vjp.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from mpmath import mp
from samples import COMPOSED, SAMPLES, Case

from autograd_lab import ops
from autograd_lab.graph import OPS, Node, Op, constant, leaf
from autograd_lab.interpreters.differentiate import gradient

# --- the mathematics that formulas are written in ------------------------------------------------


class Step(sp.Function):
    """A whole number, flat between its jumps; no sample lies on one."""

    is_real = True

    def fdiff(self, argindex=1):
        return sp.Integer(0)


BY_SYMPY = SimpleNamespace(
    exp=sp.exp, expm1=lambda x: sp.exp(x) - 1, log=sp.log, log1p=lambda x: sp.log(1 + x),
    sqrt=sp.sqrt, sin=sp.sin, cos=sp.cos, tan=sp.tan, tanh=sp.tanh, erf=sp.erf, erfc=sp.erfc,
    asin=sp.asin, acos=sp.acos, atan=sp.atan, atan2=sp.atan2, sinh=sp.sinh, cosh=sp.cosh,
    floor=Step,
    abs=lambda x: sp.Piecewise((-x, x < 0), (x, True)), sign=sp.sign, power=sp.Pow,
    where=lambda c, a, b: sp.Piecewise((a, c), (b, True)),
    less=sp.Lt, less_equal=sp.Le, equal=sp.Eq, not_equal=sp.Ne,
    number=sp.Rational,
)  # fmt: skip

BY_MPMATH = SimpleNamespace(
    exp=mp.exp, expm1=mp.expm1, log=mp.log, log1p=mp.log1p,
    sqrt=mp.sqrt, sin=mp.sin, cos=mp.cos, tan=mp.tan, tanh=mp.tanh, erf=mp.erf, erfc=mp.erfc,
    asin=mp.asin, acos=mp.acos, atan=mp.atan, atan2=mp.atan2, sinh=mp.sinh, cosh=mp.cosh,
    floor=mp.floor,
    abs=abs, sign=mp.sign, power=mp.power,
    where=lambda c, a, b: a if c else b,
    less=operator.lt, less_equal=operator.le, equal=operator.eq, not_equal=operator.ne,
    number=mp.mpf,
)  # fmt: skip


class Subject(NamedTuple):
    """What is checked: an operation, or a function that is made of operations."""

    call: Callable[..., Any]
    formula: Callable[..., Any]
    cases: tuple[Case, ...]
    attrs: dict[str, Any]
    elementwise: bool


def subject(name: str) -> Subject:
    """Operations by their name; "of" before it for the function of that name made of operations."""
    if name.startswith("of "):
        made = COMPOSED[name.removeprefix("of ")]
        return Subject(made.call, made.formula, made.cases, {}, elementwise=False)
    op = OPS[name]
    return Subject(op, op.formula, SAMPLES[name].cases, dict(op.attrs), op.elementwise)


def by_formula(one: Op | Subject, m: Any, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """The formula face, entry by entry for an elementwise operation: an object array."""
    if one.elementwise:
        attrs = {key: m.number(v) if type(v) is float else v for key, v in attrs.items()}
        entry = np.frompyfunc(lambda *xs: one.formula(m, *xs, **attrs), len(inputs), 1)
        return np.asarray(entry(*inputs), dtype=object)
    return np.asarray(one.formula(m, *inputs, **attrs), dtype=object)


def differentiable(case: Case) -> list[int]:
    return [
        i
        for i, x in enumerate(case.values)
        if i not in case.held and np.asarray(x).dtype.kind == "f"
    ]


def weights(size: int) -> tuple[Any, Any]:
    k = np.arange(1, size + 1)
    return np.cos(k) + 1.5, np.sin(k) - 1.2  # all different, none zero


class Witness(NamedTuple):
    """Values of the operation, and gradient and Hessian of the cost, over all entries."""

    value: Any
    gradient: Any
    hessian: Any


def _inputs(case: Case, m: Any, entry: Callable[[float, int], Any], elementwise: bool) -> list[Any]:
    """The inputs as object arrays; ``entry(x, k)`` stands for differentiable number ``k``."""
    count, found = 0, []
    for i, x in enumerate(case.values):
        if np.asarray(x).dtype.kind != "f" and not elementwise:
            found.append(np.asarray(x))  # positions and masks are used as they are
            continue
        array = np.array(x, dtype=object)
        if i in differentiable(case):
            for at in np.ndindex(array.shape):
                array[at] = entry(float(array[at]), count)
                count += 1
        elif np.asarray(x).dtype.kind == "f":
            array = np.asarray(np.frompyfunc(m.number, 1, 1)(array), dtype=object)
        found.append(array)
    return found


def _points(case: Case) -> Any:
    parts = [np.ravel(case.values[i]) for i in differentiable(case)]
    return np.concatenate(parts) if parts else np.zeros(0)


@functools.cache
def sympy_witness(name: str, index: int) -> Witness:
    """Local derivatives of the formula by SymPy, put together by the chain rule."""
    what = subject(name)
    case = what.cases[index]
    point = _points(case)
    symbols = [sp.Symbol(f"x{k}", real=True) for k in range(point.size)]
    inputs = _inputs(case, BY_SYMPY, lambda _, k: symbols[k], what.elementwise)
    outputs = by_formula(what, BY_SYMPY, inputs, {**what.attrs, **case.attrs})
    jacobian, second, flat = {}, {}, []
    for i, y in enumerate(outputs.ravel()):
        y = sp.sympify(y)
        flat.append(y if isinstance(y, sp.Expr) else sp.Piecewise((1, y), (0, True)))
        near = [k for k, s in enumerate(symbols) if s in flat[i].free_symbols]
        for j in near:
            jacobian[i, j] = sp.diff(flat[i], symbols[j])
            second.update({(i, j, k): sp.diff(jacobian[i, j], symbols[k]) for k in near})
    with mp.workdps(50):
        expressions = [flat, list(jacobian.values()), list(second.values())]
        # no sample lies on a jump
        flat_spikes = {"DiracDelta": lambda *_: mp.mpf(0), "Step": mp.floor}
        evaluate = sp.lambdify(symbols, expressions, [flat_spikes, "mpmath"], cse=True)
        values, slopes, seconds = evaluate(*[mp.mpf(float(x)) for x in point])
        w, v = weights(outputs.size)
        outer = [mp.mpf(a) + mp.mpf(b) * y for a, b, y in zip(w, v, values, strict=True)]
        gradient_ = np.full(point.size, mp.mpf(0), dtype=object)
        hessian = np.full((point.size, point.size), mp.mpf(0), dtype=object)
        for ((i, j), _), slope in zip(jacobian.items(), slopes, strict=True):
            gradient_[j] += outer[i] * slope
            for ((other, k), _), by_k in zip(jacobian.items(), slopes, strict=True):
                if other == i:
                    hessian[j, k] += mp.mpf(v[i]) * slope * by_k
        for (i, j, k), curve in zip(second, seconds, strict=True):
            hessian[j, k] += outer[i] * curve
        value = np.array([float(y) for y in values]).reshape(outputs.shape)
        return Witness(value, gradient_.astype(float), hessian.astype(float))


@functools.cache
def mpmath_witness(name: str, index: int) -> Witness:
    """Differences of the formula at 80 digits with a step of 1e-20: exact to about 1e-40."""
    what = subject(name)
    case = what.cases[index]
    point = _points(case)
    n = point.size

    def outputs(shift: dict[int, Any]) -> Any:
        inputs = _inputs(
            case, BY_MPMATH, lambda x, k: mp.mpf(x) + shift.get(k, 0), what.elementwise
        )
        return by_formula(what, BY_MPMATH, inputs, {**what.attrs, **case.attrs})

    def cost(shift: dict[int, Any]) -> Any:
        y = outputs(shift).ravel()
        w, v = weights(y.size)
        return mp.fsum(
            mp.mpf(a) * t + mp.mpf(b) * t * t / 2 for a, b, t in zip(w, v, y, strict=True)
        )

    with mp.workdps(80):
        h = mp.mpf(10) ** -20
        here, one = cost({}), {(k, s): cost({k: s * h}) for k in range(n) for s in (1, -1)}
        slopes = [(one[k, 1] - one[k, -1]) / (2 * h) for k in range(n)]
        hessian = np.zeros((n, n))
        for k in range(n):
            hessian[k, k] = (one[k, 1] - 2 * here + one[k, -1]) / h**2
            for j in range(k):
                both = cost({j: h, k: h}) + cost({j: -h, k: -h})
                across = one[j, 1] + one[j, -1] + one[k, 1] + one[k, -1]
                hessian[j, k] = hessian[k, j] = (both - across + 2 * here) / (2 * h**2)
        value = outputs({})
        return Witness(value.astype(float), np.array(slopes, dtype=float), hessian)


# --- the checker ---------------------------------------------------------------------------------


def close(got: Any, wanted: Any, what: str, rtol: float = 1e-12, atol: float = 1e-13) -> None:
    """Equal to a few digits less than double precision, in every entry; nan is never equal."""
    assert np.shape(got) == np.shape(wanted), (
        f"{what}: shape {np.shape(got)}, not {np.shape(wanted)}"
    )
    np.testing.assert_allclose(
        np.asarray(got, float), np.asarray(wanted, float), rtol, atol, equal_nan=False, err_msg=what
    )


def same(got: Any, wanted: Any, what: str) -> None:
    """Exactly equal, with the same shape, dtype and kind of scalar."""
    assert np.array_equal(got, wanted, equal_nan=True), f"{what}: {got!r} is not {wanted!r}"
    assert np.shape(got) == np.shape(wanted), what
    assert np.asarray(got).dtype == np.asarray(wanted).dtype, what


def record(
    call: Callable[..., Any], case: Case, dtype: Any = None
) -> tuple[Node, Node, list[Node]]:
    """The operation's node, the cost above it, and the leaves."""
    leaves, inputs = [], []
    for i, x in enumerate(case.values):
        if dtype is not None and np.ndim(x) and x.dtype.kind == "f":
            x = x.astype(dtype)
        inputs.append(leaf(x, f"x{i}") if i in differentiable(case) else x)
        leaves += [inputs[-1]] * (i in differentiable(case))
    y = call(*[inputs[0] if leaves else constant(inputs[0]), *inputs[1:]], **case.attrs)
    w, v = weights(int(np.prod(y.shape)))
    if y.shape:
        w, v = w.reshape(y.shape), v.reshape(y.shape)
        kind = y.dtype if y.dtype.kind == "f" else float
        return y, ops.sum(w.astype(kind) * y + (0.5 * v.astype(kind) * y) * y), leaves
    return y, float(w[0]) * y + (0.5 * float(v[0]) * y) * y, leaves


def _flat(parts: Sequence[Any]) -> Any:
    return np.concatenate([np.ravel(p) for p in parts]) if parts else np.zeros(0)


def _hessian(slopes: Sequence[Node], leaves: Sequence[Node]) -> Any:
    rows = []
    for s in slopes:
        for at in np.ndindex(s.shape):
            pick = np.zeros(s.shape)
            pick[at] = 1.0
            rows.append(_flat(gradient(ops.sum(pick * s) if s.shape else s, leaves)))
    return np.array(rows).reshape(len(rows), len(rows))


def check_faces(name: str, index: int) -> None:
    """Every face of one operation on one case; AssertionError where any two disagree."""
    what = subject(name)
    case = what.cases[index]
    y, cost, leaves = record(what.call, case)
    fast = gradient(cost, leaves)
    nodes = gradient(cost, leaves, create_graph=True)
    for x, g, node in zip(leaves, fast, nodes, strict=True):
        same(g, node.value, f"{name}: value mode and create_graph")
        assert np.shape(g) == x.shape, f"{name}: gradient of shape {np.shape(g)} for {x.shape}"
        assert (type(g) is float) == (type(x.value) is float), f"{name}: {type(g)} for {x!r}"
    hessian = _hessian(nodes, leaves)
    for witness in (sympy_witness(name, index), mpmath_witness(name, index)):
        close(y.value, witness.value, f"{name}: value")
        close(_flat(fast), witness.gradient, f"{name}: gradient")
        close(hessian, witness.hessian, f"{name}: second order", rtol=1e-10, atol=1e-11)
    _check_twice(name, nodes, leaves)
    _check_single_precision(name, what.call, case, y, fast)


def _check_twice(name: str, nodes: Sequence[Node], leaves: Sequence[Node]) -> None:
    """Value mode and create_graph agree at second order too."""
    for s in nodes:
        total = ops.sum(s * s) if s.shape else s * s
        fast = gradient(total, leaves)
        for g, node in zip(fast, gradient(total, leaves, create_graph=True), strict=True):
            same(g, node.value, f"{name}: value mode and create_graph, second order")


def _check_single_precision(
    name: str, call: Callable[..., Any], case: Case, y: Node, fast: Sequence[Any]
) -> None:
    """float32 stays float32, in value and gradient."""
    if not case.single or not any(np.ndim(case.values[i]) for i in differentiable(case)):
        return
    small, cost, leaves = record(call, case, np.float32)
    assert small.dtype == (np.float32 if y.dtype.kind == "f" else y.dtype), f"{name}: {small.dtype}"
    close(small.value, y.value, f"{name}: float32 value", 1e-5, 1e-6)
    for x, g, wide in zip(leaves, gradient(cost, leaves), fast, strict=True):
        assert np.asarray(g).dtype == x.dtype, f"{name}: {np.asarray(g).dtype} for {x.dtype}"
        close(g, wide, f"{name}: float32 gradient", 1e-4, 1e-5)


# --- the test of the test ------------------------------------------------------------------------


@contextmanager
def planted(op: Op, index: int, wrong: Callable[..., Any] | None) -> Iterator[None]:
    """The operation with another rule for one input."""
    right = op.vjp
    if isinstance(right, tuple):
        op.vjp = (*right[:index], wrong, *right[index + 1 :])
    else:
        op.vjp = lambda i: wrong if i == index else right(i)
    try:
        yield
    finally:
        op.vjp = right


def wrong_rules(right: Callable[..., Any]) -> dict[str, Callable[..., Any] | None]:
    """Rules that are wrong in one way each."""

    def detached(*xs: Any, **attrs: Any) -> Any:
        found = right(*xs, **attrs)
        return constant(found.value) if isinstance(found, Node) else found

    return {
        "dropped": None,
        "wrong in the eighth digit": lambda *xs, **attrs: 1.00000001 * right(*xs, **attrs),
        "wrong sign": lambda *xs, **attrs: -right(*xs, **attrs),
        "right once, cut off from later slopes": detached,
    }
