"""Functions of arrays over random shapes, axes and indices, against NumPy and the complex step."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograd_lab import ops
from autograd_lab.errors import ShapeError
from autograd_lab.graph import leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.replay import replay

SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
MATRICES = npst.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=3)
SIDES = st.integers(-4, 4)


def numbers(shape, salt=0):
    return np.random.default_rng([salt, 17, *shape]).uniform(-1.5, 1.5, shape)


# --- linear functions: the gradient is the transpose ----------------------------------------------


def several(data, ndim):
    """Any different axes, counted from either end."""
    axes = data.draw(st.lists(st.integers(0, ndim - 1), unique=True)) if ndim else []
    return tuple(i - ndim * data.draw(st.booleans()) for i in axes)


def one(data, ndim):
    assume(ndim)
    return data.draw(st.integers(-ndim, ndim - 1))


def either(data, ndim):
    return data.draw(st.sampled_from([None, several(data, ndim)]))


def shapes_of_size(data, shape):
    n = math.prod(shape)
    return data.draw(st.sampled_from([(n,), (1, n), (n, 1, 1), shape[::-1], *[(-1, 1)] * (n > 0)]))


def pad_width(data, ndim):
    return [[data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))] for _ in range(ndim)]


# Name -> the arguments after x, drawn for an array of a shape.
LINEAR = {
    "sum": lambda data, s: (either(data, len(s)),),
    "mean": lambda data, s: (either(data, len(s)),),
    "cumsum": lambda data, s: (data.draw(st.sampled_from([None, *range(-len(s), len(s))])),),
    "ravel": lambda data, s: (),
    "reshape": lambda data, s: (shapes_of_size(data, s),),
    "transpose": lambda data, s: (data.draw(st.permutations(range(len(s)))),),
    "swapaxes": lambda data, s: (one(data, len(s)), one(data, len(s))),
    "moveaxis": lambda data, s: (one(data, len(s)), one(data, len(s))),
    "expand_dims": lambda data, s: (one(data, len(s) + 1),),
    "squeeze": lambda data, s: (None,),
    "broadcast_to": lambda data, s: ((2, *[3 if n == 1 else n for n in s]),),
    "flip": lambda data, s: (either(data, len(s)),),
    "roll": lambda data, s: (
        data.draw(SIDES), data.draw(st.sampled_from([None, *range(-len(s), len(s))]))
    ),
    "tile": lambda data, s: (data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=4)),),
    "repeat": lambda data, s: (
        data.draw(st.integers(0, 3)), data.draw(st.sampled_from([None, *range(-len(s), len(s))]))
    ),
    "pad": lambda data, s: (pad_width(data, len(s)) or 1,),
}  # fmt: skip
OF_MATRICES = {
    "diagonal": lambda data, s: (data.draw(SIDES), *two(data, len(s))),
    "trace": lambda data, s: (data.draw(SIDES), *two(data, len(s))),
    "tril": lambda data, s: (data.draw(SIDES),),
    "triu": lambda data, s: (data.draw(SIDES),),
}


def two(data, ndim):
    a, b = data.draw(st.permutations(range(ndim)))[:2]
    return a - ndim * data.draw(st.booleans()), b


def by_numpy(name, x, arguments):
    with np.errstate(all="ignore"):
        if name == "mean":  # NumPy warns where nothing is averaged
            return np.divide(np.sum(x, *arguments), np.size(x) / max(np.sum(x, *arguments).size, 1))
        return getattr(np, name)(x, *arguments)


def check_linear(name, x, arguments):
    """The value is NumPy's, and <w, f(v)> = <gradient of <w, f>, v> for random w and v."""
    node = leaf(x, "x")
    y = getattr(ops, name)(node, *arguments)
    wanted = by_numpy(name, x, arguments)
    assert y.shape == wanted.shape
    np.testing.assert_allclose(y.value, wanted, rtol=1e-12, atol=1e-13)
    w, v = numbers(wanted.shape, 1), numbers(x.shape, 2)
    cost = ops.sum(w * y)
    (g,) = gradient(cost, [node])
    assert np.shape(g) == x.shape
    across = np.sum(w * by_numpy(name, v, arguments))
    assert np.sum(g * v) == pytest.approx(across, rel=1e-11, abs=1e-12)
    (again,) = gradient(cost, [node], create_graph=True)
    assert np.array_equal(again.value, g)


@pytest.mark.parametrize("name", LINEAR)
@given(st.data(), SHAPES)
def test_linear_functions_and_their_transpose(name, data, shape):
    assume(math.prod(shape) or name != "mean")
    check_linear(name, numbers(shape), LINEAR[name](data, shape))


@pytest.mark.parametrize("name", OF_MATRICES)
@given(st.data(), MATRICES)
def test_linear_functions_of_matrices_and_their_transpose(name, data, shape):
    check_linear(name, numbers(shape), OF_MATRICES[name](data, shape))


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
@given(st.data(), npst.array_shapes(min_dims=1, max_dims=3, max_side=3))
def test_borders_of_copies_and_their_transpose(mode, data, shape):
    check_linear("pad", numbers(shape), (pad_width(data, len(shape)), mode))


@given(st.data(), st.lists(st.integers(0, 3), min_size=1, max_size=4), SHAPES)
def test_parts_and_wholes(data, lengths, shape):
    axis = one(data, len(shape))
    parts = []
    for k, n in enumerate(lengths):
        part = list(shape)
        part[axis] = n
        parts.append(leaf(numbers(part, k), f"x{k}"))
    y = ops.concatenate(parts, axis)
    assert np.array_equal(y.value, np.concatenate([x.value for x in parts], axis))
    w = numbers(y.shape, 9)
    places = np.cumsum(lengths)[:-1]
    for g, wanted in zip(gradient(y * w, parts), np.split(w, places, axis), strict=True):
        assert np.array_equal(g, wanted)
    for part, x in zip(ops.split(y, places, axis), parts, strict=True):
        assert np.array_equal(part.value, x.value)
        assert np.array_equal(gradient(part, [x])[0], np.ones(x.shape))


# --- indexing -------------------------------------------------------------------------------------


def check_index(x, index):
    """x[index] as NumPy's; an entry's slope adds up the weights of all places it was taken to."""
    node = leaf(x, "x")
    y = node[index]
    wanted = x[index]
    assert np.array_equal(y.value, wanted)
    assert y.shape == np.shape(wanted)
    w = numbers(np.shape(wanted), 1)
    total = np.zeros(x.shape)
    np.add.at(total, index, w)
    (g,) = gradient(ops.sum(y * w), [node])
    np.testing.assert_allclose(g, total, rtol=1e-13, atol=1e-15)
    (slope,) = gradient(ops.sum(y * y * w), [node], create_graph=True)
    (second,) = gradient(ops.sum(slope), [node])
    np.testing.assert_allclose(second, 2 * total, rtol=1e-13, atol=1e-15)


@given(st.data(), npst.array_shapes(max_dims=3, max_side=4))
def test_basic_indices(data, shape):
    index = data.draw(npst.basic_indices(shape, allow_newaxis=True, max_dims=5))
    check_index(numbers(shape), index)


@given(st.data(), npst.array_shapes(max_dims=3, max_side=4))
def test_arrays_of_positions(data, shape):
    check_index(numbers(shape), data.draw(npst.integer_array_indices(shape)))


@given(st.data(), npst.array_shapes(max_dims=3, max_side=4))
def test_positions_beside_slices(data, shape):
    index = [data.draw(st.sampled_from([slice(None), slice(None, None, -1), 0])) for _ in shape]
    place = data.draw(st.integers(0, len(shape) - 1))
    size = shape[place]
    index[place] = np.array(data.draw(st.lists(st.integers(-size, size - 1), max_size=4)), int)
    check_index(numbers(shape), tuple(index))


@given(st.data(), npst.array_shapes(max_dims=3, max_side=4))
def test_masks(data, shape):
    mask = data.draw(npst.arrays(bool, shape[: data.draw(st.integers(1, len(shape)))]))
    check_index(numbers(shape), mask)


def test_labels_are_data():
    """Positions that come as a node are looked up anew when the graph is replayed."""
    z = leaf(numbers((4, 3)), "z")
    labels = leaf(np.array([2, 0, 1, 1]), "labels")
    cost = -ops.mean(ops.log_softmax(z)[np.arange(4), labels])
    other = np.array([0, 0, 2, -1])
    wanted = -ops.mean(ops.log_softmax(z.value)[np.arange(4), other])
    assert replay([cost], {labels: other}) == [pytest.approx(wanted, rel=1e-15)]
    (g,) = gradient(cost, [z])
    hot = ops.one_hot([2, 0, 1, 1], 3)
    np.testing.assert_allclose(g, (ops.softmax(z.value) - hot) / 4, rtol=1e-13)
    with pytest.raises(ShapeError, match=r"getitem.*out of bounds"):
        replay([cost], {labels: np.array([3, 0, 0, 0])})


def test_a_single_number_is_an_index_if_it_is_whole():
    x, i = leaf(np.array([5.0, 7.0]), "x"), leaf(1, "i")
    assert x[i].value == 7.0
    assert x[ops.argmin(x)].value == 5.0
    assert x[np.int8(-1)].value == 7.0
    with pytest.raises(ShapeError, match="integer"):
        x[leaf(0.5)]


def test_sort_follows_new_values():
    x = leaf(np.array([3.0, 1.0, 2.0]), "x")
    y = ops.sort(x)
    (again,) = replay([y], {x: np.array([1.0, 9.0, 4.0])})
    assert again.tolist() == [1.0, 4.0, 9.0]


@given(npst.array_shapes(max_dims=3, max_side=3), st.data())
def test_positions_of_extremes_are_numpys(shape, data):
    x = np.round(numbers(shape), 1)
    axis = data.draw(st.sampled_from([None, *range(-len(shape), len(shape))]))
    for name in ("argmax", "argmin"):
        keep = data.draw(st.booleans())
        wanted = getattr(np, name)(x, axis=axis, keepdims=keep)
        assert np.array_equal(getattr(ops, name)(x, axis, keep), wanted)
        assert np.array_equal(getattr(ops, name)(leaf(x), axis, keep).value, wanted)
    assert np.array_equal(ops.argsort(x, axis), np.argsort(x, axis, kind="stable"))
    assert np.array_equal(ops.sort(x, axis), np.sort(x, axis))


# --- reductions against the complex step ----------------------------------------------------------


def complex_variance(x, axis, keepdims):
    off = x - np.mean(x, axis=axis, keepdims=True)
    return np.mean(off * off, axis=axis, keepdims=keepdims)


def complex_softmax(x, axis):
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


REDUCED = {
    "var": (ops.var, complex_variance),
    "std": (ops.std, lambda x, *a: np.sqrt(complex_variance(x, *a))),
    "norm": (
        lambda x, axis, keepdims: ops.norm(x, axis=axis, keepdims=keepdims),
        lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
    ),
    "prod": (ops.prod, lambda x, axis, keep: np.prod(x, axis=axis, keepdims=keep)),
    "logsumexp": (
        ops.logsumexp,
        lambda x, axis, keep: np.log(np.sum(np.exp(x), axis=axis, keepdims=keep)),
    ),
    "softmax": (lambda x, axis, _: ops.softmax(x, axis), lambda x, a, _: complex_softmax(x, a)),
    "log_softmax": (
        lambda x, axis, _: ops.log_softmax(x, axis),
        lambda x, a, _: np.log(complex_softmax(x, a)),
    ),
    "max": (ops.max, None),
    "min": (ops.min, None),
}


@pytest.mark.parametrize("name", REDUCED)
@given(st.data(), npst.array_shapes(min_dims=0, max_dims=3, max_side=3))
def test_reductions_along_any_axes(name, data, shape):
    axes, keepdims = either(data, len(shape)), data.draw(st.booleans())
    mine, exact = REDUCED[name]
    x = numbers(shape, 5)
    if exact is None:  # a choice: its slope is that of the entry it takes
        exact = lambda z, a, k: getattr(np, name)(z.real, axis=a, keepdims=k) + 1j * np.sum(  # noqa: E731
            np.where(z.real == getattr(np, name)(z.real, axis=a, keepdims=True), z.imag, 0),
            axis=a, keepdims=k,
        )  # fmt: skip
    assume(name != "std" or np.all(complex_variance(x, axes, True) > 1e-6))
    node = leaf(x, "x")
    y = mine(node, axes, keepdims)
    wanted = exact(x.astype(complex), axes, keepdims)
    np.testing.assert_allclose(y.value, wanted.real, rtol=1e-12, atol=1e-14)
    assert y.shape == wanted.shape
    w = numbers(y.shape, 6)
    (g,) = gradient(ops.sum(y * w), [node])
    for at in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[at] += 1e-30j
        slope = np.sum(w * exact(moved, axes, keepdims).imag) / 1e-30
        assert np.asarray(g)[at] == pytest.approx(slope, rel=1e-11, abs=1e-12)


# --- far ends -------------------------------------------------------------------------------------

INF = math.inf


@pytest.mark.parametrize(
    ("x", "value", "slope"),
    [
        ([1000.0, 1000.0], 1000.0 + math.log(2), [0.5, 0.5]),
        ([-1000.0, -1000.0], -1000.0 + math.log(2), [0.5, 0.5]),
        ([1000.0, -1000.0], 1000.0, [1.0, 0.0]),
        ([0.0, -40.0], math.exp(-40), [1.0, math.exp(-40)]),
        ([-INF, 3.0], 3.0, [0.0, 1.0]),
        ([1e300, 1e300], 1e300, [0.5, 0.5]),
    ],
)
def test_logsumexp_keeps_its_digits(x, value, slope):
    node = leaf(np.array(x), "x")
    y = ops.logsumexp(node)
    assert y.value == pytest.approx(value, rel=1e-15)
    assert gradient(y, [node])[0].tolist() == pytest.approx(slope, rel=1e-15)


def test_logsumexp_of_nothing_likely_and_of_certainty():
    assert ops.logsumexp([-INF, -INF]) == -INF
    assert ops.logsumexp([INF, 0.0]) == INF
    assert ops.logsumexp(np.zeros((0, 2)), axis=0).tolist() == [-INF, -INF]
    assert math.isnan(ops.logsumexp([math.nan, 0.0]))


def test_softmax_is_sure_at_any_size():
    x = leaf(np.array([[1e300, 0.0, -INF], [-800.0, 0.0, -1000.0]]), "x")
    y = ops.softmax(x)
    assert y.value[0].tolist() == [1.0, 0.0, 0.0]
    assert y.value[1, 0] == pytest.approx(0.0, abs=1e-300)
    (g,) = gradient(y[:, 1], [x])
    assert np.isfinite(g).all()
    z = ops.log_softmax(np.array([0.0, -1000.0, -40.0]))
    assert z.tolist() == pytest.approx([-math.exp(-40), -1000.0, -40.0], rel=1e-15)


def test_variance_of_a_small_spread_around_a_large_mean():
    x = leaf(1e9 + np.array([0.0, 1.0, 2.0]), "x")
    assert ops.var(x).value == 2 / 3
    assert gradient(ops.var(x), [x])[0].tolist() == pytest.approx([-2 / 3, 0.0, 2 / 3])


def test_nothing_at_all():
    """Zero-size arrays go through; what has no answer is nan without a warning, or refused."""
    empty = leaf(np.zeros((0, 3)), "x")
    for y in (ops.mean(empty), ops.var(empty), ops.std(empty)):
        assert math.isnan(y.value)
        assert gradient(y, [empty])[0].shape == (0, 3)
    assert ops.norm(empty).value == 0.0
    assert ops.prod(empty, axis=0).value.tolist() == [1.0, 1.0, 1.0]
    assert math.isnan(ops.var([1.0], ddof=1))
    with pytest.raises(ShapeError, match=r"max of shape \(0, 3\)"):
        ops.max(empty)


# --- width of the numbers, and NumPy's own functions ----------------------------------------------

NARROW = {
    "one_hot": lambda x: ops.one_hot([0, 1], 2) * x[0, :2],
    "pad": lambda x: ops.pad(x, 1, constant_values=2.0),
    "tril": ops.tril,
    "prod": ops.prod,
    "norm": ops.norm,
    "std": lambda x: ops.std(x, axis=0, ddof=1),
    "clip": lambda x: ops.clip(x, -0.5, 0.5),
    "inv": lambda x: ops.inv(x[:, :2]),
    "logsumexp": ops.logsumexp,
    "take": lambda x: ops.take(x, [1, 0], axis=1),
    "max": lambda x: ops.max(x, axis=0),
    "hypot": lambda x: ops.hypot(x, 2.0),
    "gaussian": ops.gaussian,
    "silu": ops.silu,
}


@pytest.mark.parametrize("name", NARROW)
def test_float32_stays_float32(name):
    x = leaf(numbers((2, 3)).astype(np.float32), "x")
    y = NARROW[name](x)
    assert y.dtype == np.float32
    for g in (gradient(y, [x])[0], gradient(y, [x], create_graph=True)[0].value):
        assert g.dtype == np.float32


BY_NUMPY = {
    "clip": lambda x: np.clip(x, 0.0, 1.0),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, x),
    "concatenate": lambda x: np.concatenate([x, x], axis=1),
    "stack": lambda x: np.stack((x, x), axis=-1),
    "sum": lambda x: np.sum(x, axis=(0, 1), keepdims=True),
    "max": lambda x: np.max(x, axis=0),
    "var": lambda x: np.var(x, axis=1, ddof=1),
    "std": lambda x: np.std(x),
    "norm": lambda x: np.linalg.norm(x, axis=0),
    "prod": lambda x: np.prod(x, axis=1),
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "ravel": np.ravel,
    "transpose": lambda x: np.transpose(x, (1, 0)),
    "moveaxis": lambda x: np.moveaxis(x, 0, 1),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 2, 3)),
    "split": lambda x: np.split(x, 3, axis=1)[1],
    "flip": lambda x: np.flip(x, axis=0),
    "roll": lambda x: np.roll(x, 1, axis=1),
    "tile": lambda x: np.tile(x, (2, 1)),
    "repeat": lambda x: np.repeat(x, 2, axis=0),
    "pad": lambda x: np.pad(x, ((1, 0), (0, 2))),
    "take": lambda x: np.take(x, [0, 2], axis=1),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([[0], [1]]), axis=1),
    "diagonal": lambda x: np.diagonal(x, offset=1),
    "trace": np.trace,
    "sort": lambda x: np.sort(x, axis=0),
    "triu": lambda x: np.triu(x, 1),
    "outer": lambda x: np.outer(x, x),
    "tensordot": lambda x: np.tensordot(x, x, axes=([0], [0])),
    "dot": lambda x: np.dot(x, np.ones(3)),
    "solve": lambda x: np.linalg.solve(x[:, :2], np.ones(2)),
    "arctan2": lambda x: np.arctan2(x, 2.0),
}


@pytest.mark.parametrize("name", BY_NUMPY)
def test_numpys_functions_reach_ours(name):
    x = leaf(numbers((2, 3), 8), "x")
    y = BY_NUMPY[name](x)
    np.testing.assert_allclose(y.value, BY_NUMPY[name](x.value), rtol=1e-13)
    assert np.any(gradient(y, [x])[0])
