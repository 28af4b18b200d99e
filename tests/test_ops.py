"""All faces of every operation agree, by one table; and the checker is checked."""

from __future__ import annotations

import math

import numpy as np
import pytest
from samples import COMPOSED, SAMPLES
from witnesses import check_faces, differentiable, planted, wrong_rules

from autograd_lab import ops
from autograd_lab.errors import ShapeError
from autograd_lab.graph import FUNCTIONS, OPS, leaf
from autograd_lab.interpreters.differentiate import gradient

CASES = [
    *[(name, i) for name, row in SAMPLES.items() for i in range(len(row.cases))],
    *[(f"of {name}", i) for name, row in COMPOSED.items() for i in range(len(row.cases))],
]
ARITHMETIC = [name for name, op in OPS.items() if op.elementwise]


def test_every_operation_has_a_row_and_every_row_an_operation():
    assert set(OPS) == set(SAMPLES)


@pytest.mark.parametrize("name", OPS)
def test_a_row_tries_all_inputs_in_hard_shapes(name):
    cases = SAMPLES[name].cases
    arity = OPS[name].arity or 3
    for i in range(arity):
        if OPS[name].pull(i) is not None:
            assert any(i in differentiable(case) for case in cases)
    shapes = [[np.shape(x) for x in case.values] for case in cases]
    assert any(len(s) > 1 and len(set(s)) == len(s) for group in shapes for s in group) or any(
        len(s) > 1 and s[0] != s[1] for group in shapes for s in group
    )
    if OPS[name].elementwise:
        assert any(all(s == () for s in group) for group in shapes), "no case of scalars"
        assert OPS[name].arity == 1 or any(len(set(group)) > 1 for group in shapes), "no broadcast"


@pytest.mark.parametrize(("name", "index"), CASES)
def test_faces_agree(name, index):
    check_faces(name, index)


@pytest.mark.parametrize("name", ops.__all__)
def test_everything_public_is_checked_and_found_by_name(name):
    if name not in ("KINKS", "Kink"):
        assert name in SAMPLES or name in COMPOSED or name == "one_hot"
        assert FUNCTIONS[name] is getattr(ops, name)


@pytest.mark.parametrize("name", OPS)
def test_public_function_is_the_operation_or_leads_to_it(name):
    assert name in ops.__all__
    if getattr(ops, name) is not OPS[name]:
        x = leaf(np.array([[2.0, 1.0], [1.0, 3.0]]), "x")
        y = CALLS[name](x)
        assert y.op is OPS[name]
        assert y.inputs[0] is x


# Operations whose public function has a signature of its own, by position and by name.
CALLS = {
    "clip": lambda x: ops.clip(x, 0.0, a_max=2.0),
    "reshape": lambda x: ops.reshape(x, -1),
    "transpose": lambda x: ops.transpose(x, (1, 0)),
    "broadcast_to": lambda x: ops.broadcast_to(x, shape=[3, 2, 2]),
    "cast": lambda x: ops.cast(x, np.float32),
    "concatenate": lambda x: ops.concatenate([x, x], 1),
    "einsum": lambda x: ops.einsum("ij->j", x),
    "getitem": lambda x: ops.getitem(x, (..., 0)),
    "argmax": lambda x: ops.argmax(x, 1),
    "argmin": lambda x: ops.argmin(x, axis=-1, keepdims=True),
    "argsort": lambda x: ops.argsort(x, 0),
    "sum": lambda x: ops.sum(x, 0, True),
    "mean": lambda x: ops.mean(x, axis=[0, 1]),
    "max": lambda x: ops.max(x, (0, -1)),
    "min": lambda x: ops.min(x, np.int64(1), keepdims=True),
    "cumsum": lambda x: ops.cumsum(x, 1),
    "logsumexp": lambda x: ops.logsumexp(x, 1),
    "softmax": lambda x: ops.softmax(x, axis=(0, 1)),
    "log_softmax": lambda x: ops.log_softmax(x, 0),
}


RULES = [(n, i) for n, op in OPS.items() for i in range(op.arity or 3) if op.pull(i) is not None]


@pytest.mark.parametrize(("name", "index"), RULES)
def test_checker_reports_a_wrong_rule(name, index):
    for fault, wrong in wrong_rules(OPS[name].pull(index)).items():
        assert _fails(name, index, wrong), f"{name}, input {index}, {fault}: not noticed"
    check_faces(name, 0)  # the right rule is back


def _fails(name, index, wrong):
    with planted(OPS[name], index, wrong):
        for i, case in enumerate(SAMPLES[name].cases):
            if index in differentiable(case):
                try:
                    check_faces(name, i)
                except AssertionError:
                    return True
    return False


# --- scalars and arrays are one function ---------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-310, -1e-310, 1e308, -1e308, 800.0, -800.0,
           math.inf, -math.inf, math.nan]  # fmt: skip


@pytest.mark.parametrize("name", [n for n in ARITHMETIC if OPS[n].scalar is not None])
def test_scalar_face_is_the_array_face(name):
    op = OPS[name]
    grids = np.meshgrid(*[np.array(SPECIAL)] * op.arity, indexing="ij")
    inputs = [grid.ravel() for grid in grids]
    with np.errstate(all="ignore"):
        arrays = op(*inputs)
    scalars = [op(*map(float, row)) for row in zip(*inputs, strict=True)]
    assert {type(y) for y in scalars} <= {float, bool}
    np.testing.assert_allclose(arrays, scalars, rtol=1e-15, atol=0)


ODD = [
    *["negative", "abs", "sqrt", "sin", "tan", "tanh", "expm1", "log1p", "erf"],
    *["divide", "multiply", "elu", "selu", "leaky_relu"],
]


@pytest.mark.parametrize("name", ODD)
def test_negative_zero_keeps_its_sign_alike(name):
    op = OPS[name]
    rest = [1.5] * (op.arity - 1)
    scalar, array = op(-0.0, *rest), op(np.array([-0.0]), *rest)
    assert math.copysign(1.0, scalar) == np.copysign(1.0, array[0])
    assert math.copysign(1.0, scalar) == (1.0 if name in ("negative", "abs") else -1.0)


@pytest.mark.parametrize("name", ARITHMETIC)
def test_whole_numbers_count_as_numbers(name):
    """Integer arrays give what the same floats give."""
    op = OPS[name]
    whole = [np.array([1, 2, 3]), np.array([3, 1, 2]), np.array([2, 2, 2])][: op.arity]
    wanted = op(*[x.astype(float) for x in whole])
    assert np.array_equal(op(*whole), wanted, equal_nan=True)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_zero_d_numpy_numbers_behave_as_scalars(name, kind):
    op = OPS[name]
    values = [0.5, 0.25, 0.75][: op.arity]
    if name == "where":
        values = [True, 0.5, 0.25]
    plain = op(*values)
    for wrap in (kind, lambda v: np.array(v, dtype=kind)):
        y = op(*[wrap(v) if type(v) is float else v for v in values])
        assert np.ndim(y) == 0
        assert y == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_full_reduction_holds_a_python_float(name):
    x = leaf(np.array([1.0, 2.0, 4.0]), "x")
    assert type(OPS[name](x).value) is float


@pytest.mark.parametrize(
    "build",
    [
        lambda x: x @ x,
        lambda x: ops.einsum(x, x, subscripts="i,i->"),
        lambda x: ops.sum_to(x, shape=()),
        lambda x: ops.reshape(ops.narrow(x, axis=0, start=1, length=1), shape=()),
        lambda x: ops.where(ops.sum(x) > 1.0, 2.0, 3.0),
        lambda x: ops.reshape(leaf(2.0), shape=()),
        lambda x: ops.transpose(leaf(2.0)),
        lambda x: ops.broadcast_to(leaf(2.0), shape=()),
    ],
)
def test_scalar_results_hold_a_python_float(build):
    x = leaf(np.array([1.0, 2.0, 4.0]), "x")
    assert type(build(x).value) is float


def test_scalar_from_a_wide_array_does_not_widen_a_narrow_one():
    total = ops.sum(leaf(np.ones(3), "wide"))
    assert (total * leaf(np.ones(2, np.float32), "narrow")).dtype == np.float32


@pytest.mark.parametrize("axis", [np.int64(1), np.int64(-1)])
@pytest.mark.parametrize("name", ["sum", "mean"])
def test_axis_may_be_a_numpy_integer(name, axis):
    x = leaf(np.arange(6.0).reshape(2, 3), "x")
    (g,) = gradient(OPS[name](x, axis=axis), [x])
    assert np.array_equal(g, np.full((2, 3), 1.0 if name == "sum" else 1 / 3))


def test_sum_to_refuses_a_shape_it_cannot_reach():
    for shape in [(4,), (2, 2), (3, 2), (6,), (2, 3, 1)]:
        with pytest.raises(ValueError, match="sum_to"):
            ops.sum_to(np.ones((2, 3)), shape=shape)


def test_einsum_of_a_stretched_axis_is_refused_or_differentiated():
    """NumPy stretches an axis of length one inside einsum; its slope must be added up again."""
    a, b = leaf(np.array([2.0]), "a"), leaf(np.array([1.0, 2.0, 3.0]), "b")
    try:
        y = ops.einsum(a, b, subscripts="i,i->i")
    except ValueError:
        return
    assert np.array_equal(gradient(y, [a])[0], [6.0])


@pytest.mark.parametrize("x", [2.0, np.ones(2)])
def test_unknown_attribute_is_no_misfit_of_shapes(x):
    with pytest.raises(TypeError, match="foo"):
        ops.relu(leaf(x), foo=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: leaf(np.ones((2, 3))) + np.ones((3, 2)), ["add", "(2, 3)", "(3, 2)"]),
        (lambda: leaf(np.ones((2, 3))) @ np.ones((2, 3)), ["matmul", "(2, 3)"]),
        (lambda: leaf(2.0) @ np.ones(3), ["matmul", "()"]),
        (lambda: ops.reshape(leaf(np.ones(6)), shape=(4,)), ["reshape", "(6,)"]),
        (
            lambda: ops.concatenate(leaf(np.ones((2, 2))), np.ones((3, 3))),
            ["concatenate", "(3, 3)"],
        ),
        (lambda: OPS["einsum"](leaf(np.ones((2, 2))), subscripts="ii->i"), ["einsum", "ii->i"]),
        (lambda: OPS["einsum"](leaf(np.ones((2, 2))), subscripts="ij"), ["einsum", "->"]),
        (lambda: OPS["einsum"](leaf(np.ones((2, 2))), subscripts="i j->i"), ["einsum", "spaces"]),
        (lambda: ops.einsum("...i,i->i", leaf(np.ones((2, 2)))), ["einsum", "of 1 arrays"]),
        (lambda: ops.einsum("i", leaf(np.ones((2, 2)))), ["einsum", "one letter for each axis"]),
        (lambda: ops.einsum("ij,jk", np.ones((2, 3)), np.ones((2, 3))), ["j is both 3 and 2"]),
        (lambda: ops.einsum("i;j", np.ones((2, 3))), ["einsum", "commas"]),
        (lambda: ops.einsum(leaf(np.ones(2))), ["einsum", "subscripts come first"]),
        (lambda: ops.tensordot(np.ones((2, 3)), np.ones((2, 3)), 1), ["(2, 3)", "pairs of equal"]),
        (lambda: ops.max(np.ones((0, 2)), axis=0), ["max", "(0, 2)"]),
        (lambda: leaf(np.ones((2, 3)))[2], ["getitem", "(2, 3)", "out of bounds"]),
        (lambda: leaf(np.ones(3))[1, 1], ["getitem", "(3,)", "too many"]),
        (lambda: leaf(np.ones(3))["x"], ["getitem", "'x'", "slices"]),
        (lambda: leaf(np.ones(3))[0.5], ["getitem", "integer"]),
        (lambda: ops.take_along_axis(np.ones((2, 3)), [0], 1), ["(1,)", "(2, 3)"]),
        (lambda: ops.take(np.ones((2, 3)), [3], axis=1), ["getitem", "out of bounds"]),
        (lambda: ops.squeeze(np.ones((2, 1)), 0), ["squeeze", "(2, 1)"]),
        (lambda: ops.stack([np.ones(2), np.ones(3)]), ["stack", "(2,) and (3,)"]),
        (lambda: ops.stack([]), ["stack", "none"]),
        (lambda: ops.concatenate([]), ["concatenate", "at least one"]),
        (lambda: ops.split(np.ones(5), 2), ["split", "5 entries", "2 equal parts"]),
        (lambda: ops.moveaxis(np.ones((2, 3)), (0, 1), 0), ["moveaxis", "2 axes to 1"]),
        (lambda: ops.repeat(np.ones(3), [1, 2]), ["repeat", "3 entries"]),
        (lambda: ops.tril(np.ones(3)), ["tril", "(3,)", "matrix"]),
        (lambda: ops.diagonal(np.ones((2, 2)), 0, 1, -1), ["diagonal", "different"]),
        (lambda: ops.inv(np.ones((2, 3))), ["inv", "(2, 3)", "square"]),
        (lambda: ops.solve(np.ones((2, 2)), np.ones(2)), ["solve", "Singular"]),
        (lambda: ops.sum(np.ones((2, 2)), axis=(0, -2)), ["sum", "twice"]),
        (lambda: ops.sum(np.ones((2, 2)), axis=0.5), ["sum", "0.5", "whole"]),
        (lambda: ops.cumsum(2.0, axis=0), ["cumsum", "a number has none"]),
        (lambda: ops.transpose(leaf(np.ones((2, 2))), axes=(0, 0)), ["transpose", "(2, 2)"]),
        (lambda: ops.sum(leaf(np.ones((2, 2))), axis=2), ["sum", "axis 2", "0 to 1, or -2 to -1"]),
    ],
)
def test_misfit_names_operation_and_shapes(call, words):
    with pytest.raises(ShapeError) as caught:
        call()
    assert all(word in str(caught.value) for word in words)


def test_wrong_number_of_inputs_is_named():
    with pytest.raises(TypeError, match="multiply takes 2 inputs, not 3"):
        ops.multiply(leaf(1.0), 2.0, 3.0)
    with pytest.raises(TypeError, match="exp takes 1 input, not 0"):
        ops.exp()
