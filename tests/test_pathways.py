"""Paths neuron by neuron against brute force: nets wired edge by edge, every path walked."""

from __future__ import annotations

import doctest
import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from autograd_lab import layers, ops
from autograd_lab.errors import GradientError, UsageError
from autograd_lab.graph import leaf
from autograd_lab.interpreters import paths as scalar_paths
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.layers import (
    Activation,
    Add,
    BatchNormalization,
    Concatenate,
    Dense,
    Dropout,
    Flatten,
    Input,
)
from autograd_lab.models import Model, Sequential
from autograd_lab.pathways import Open, Ranking, backward, explain_paths, network_of
from autograd_lab.pathways.network import Network, Neurons
from autograd_lab.pathways.scaled_array import ScaledArray
from autograd_lab.scaled import Scaled

EVERYTHING = 10_000  # more paths than any small net here has

# --- an independent truth: every edge written down, every path walked -------------------------

ACTIVATIONS = {  # function, derivative; written from their definitions
    None: (lambda z: z, lambda _z: 1.0),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0)),
    "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
    "sigmoid": (
        lambda z: 1 / (1 + math.exp(-z)),
        lambda z: 1 / (2 + math.exp(-z) + math.exp(z)),
    ),
    "elu": (lambda z: z if z > 0 else math.expm1(z), lambda z: 1.0 if z > 0 else math.exp(z)),
    "leaky_relu": (lambda z: z if z > 0 else 0.2 * z, lambda z: 1.0 if z > 0 else 0.2),
}


class Truth:
    """Neurons with a value and a name, and the edges that enter each, with their slopes."""

    def __init__(self, x):
        self.values = list(x)
        self.names = [f"x[{i}]" for i in range(len(x))]
        self.into = [[] for _ in x]

    def neuron(self, name, value, edges):
        self.values.append(value)
        self.names.append(name)
        self.into.append(edges)
        return len(self.values) - 1

    def dense(self, name, below, kernel, bias, act):
        function, slope = ACTIVATIONS[act]
        found = []
        for j in range(kernel.shape[1]):
            edges = [(i, kernel[row, j]) for row, i in enumerate(below)]
            weights = [
                (self.neuron(f"{name}/kernel[{row},{j}]", kernel[row, j], []), self.values[i])
                for row, i in enumerate(below)
            ]
            z = sum(w * self.values[i] for i, w in edges) + bias[j]
            total = self.neuron(f"{name}[{j}]", z, edges + weights)
            if act is not None:
                total = self.neuron(f"{name}[{j}]", function(z), [(total, slope(z))])
            found.append(total)
        return found

    def scaled(self, name, below, scale, shift):
        return [
            self.neuron(f"{name}[{j}]", s * self.values[i] + t, [(i, s)])
            for j, (i, s, t) in enumerate(zip(below, scale, shift, strict=True))
        ]

    def added(self, name, one, other):
        return [
            self.neuron(f"{name}[{j}]", self.values[a] + self.values[b], [(a, 1.0), (b, 1.0)])
            for j, (a, b) in enumerate(zip(one, other, strict=True))
        ]

    def joined(self, name, *parts):
        return [
            self.neuron(f"{name}[{j}]", self.values[i], [(i, 1.0)])
            for j, i in enumerate(itertools.chain(*parts))
        ]

    def walk(self, top, prefix):
        """Every path from a neuron down to those whose name begins so: names, and factors."""
        found, stack = [], [(top, (self.names[top],), ())]
        while stack:
            here, names, factors = stack.pop()
            if self.names[here].startswith(prefix):
                found.append((names[::-1], factors))
            for below, slope in self.into[here]:
                name = self.names[below]
                more = names if name == names[-1] else (*names, name)
                stack.append((below, more, (*factors, slope)))
        return found


def grown(seed):
    """A random small net as a model and, wired by hand, as its truth; and the top neurons."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, size=2)
    x = rng.normal(size=sizes[0])
    truth = Truth(x)
    layer = start = Input((int(sizes[0]),), dtype="float64")
    here, dense = list(range(sizes[0])), []
    for number in range(int(rng.integers(1, 6))):
        kinds = ["dense", "dense", "norm", "residual", "join", "activation"]
        kind = str(rng.choice(kinds)) if number else "dense"
        act = [None, "relu", "tanh", "sigmoid", "elu", "leaky_relu"][int(rng.integers(0, 6))]
        name, width = f"{kind}{number}", len(here)
        if kind == "norm":
            gamma, beta, mean = rng.normal(size=(3, width))
            variance = rng.uniform(0.1, 2.0, size=width)
            made = BatchNormalization(name=name, dtype="float64")
            layer = made(layer)
            made.set_weights([gamma, beta, mean, variance])
            scale = gamma / np.sqrt(variance + 1e-3)
            here = truth.scaled(name, here, scale, beta - mean * scale)
        elif kind == "activation" and act is not None:
            layer = Activation(act, name=name, dtype="float64")(layer)
            function, slope = ACTIVATIONS[act]
            here = [
                truth.neuron(
                    f"{name}[{j}]", function(truth.values[i]), [(i, slope(truth.values[i]))]
                )
                for j, i in enumerate(here)
            ]
        else:
            units = width if kind == "residual" else int(rng.integers(1, 4))
            kernel, bias = rng.normal(size=(width, units)), rng.normal(size=units)
            dense.append(f"d{number}")
            made = Dense(units, activation=act, name=f"d{number}", dtype="float64")
            above = made(layer)
            made.set_weights([kernel, bias])
            top = truth.dense(f"d{number}", here, kernel, bias, act)
            if kind == "residual":
                layer = Add(name=name, dtype="float64")([above, layer])
                here = truth.added(name, top, here)
            elif kind == "join" and width + units < 5:
                layer = Concatenate(name=name, dtype="float64")([above, layer])
                here = truth.joined(name, top, here)
            else:
                layer, here = above, top
    return Model(start, layer, dtype="float64"), x, truth, here, str(rng.choice(dense))


def agrees(report, truth, top, prefix):
    """Every number of a report against all the paths, walked one by one."""
    walked = truth.walk(top, prefix)
    values = [(names, math.prod(factors)) for names, factors in walked]
    open_ = [(names, v) for (names, v), (_, f) in zip(values, walked, strict=True) if 0.0 not in f]
    total, sizes = sum(v for _, v in values), math.fsum(abs(v) for _, v in values)
    assert (report.count, report.open) == (len(values), len(open_))
    assert float(report.total) == pytest.approx(total, rel=1e-11, abs=1e-12 * sizes)
    assert float(report.absolute) == pytest.approx(sizes, rel=1e-12)
    shares = [abs(v) / sizes for _, v in open_]
    assert report.entropy == pytest.approx(-sum(s * math.log(s) for s in shares), abs=1e-11)
    known = {}
    for names, v in open_:
        known.setdefault(names, []).append(v)
    for found, sign in ((report.strongest, -1), (report.weakest, 1)):
        wanted = sorted((abs(v) for _, v in open_), key=lambda size: sign * size)
        assert [abs(float(p.value)) for p in found] == pytest.approx(
            wanted[: len(found)], rel=1e-12
        )
        for path in found:
            assert any(
                v == pytest.approx(float(path.value), rel=1e-12) for v in known[path.neurons]
            )
            assert math.prod(f.slope for f in path.factors) == pytest.approx(float(path.value))


@pytest.mark.parametrize("seed", range(200))
def test_random_small_nets(seed):
    model, x, truth, here, weights = grown(seed)
    unit = seed % len(here)
    engine = leaf(x[None], "x")
    outputs = model.call_unscoped(engine)
    asked = {"unit": unit, "k": (EVERYTHING, 1, 5)[seed % 3]}
    asked["output"] = "probability" if outputs.op.name == "sigmoid" else "logit"
    report = explain_paths(model, x[None], **asked)
    agrees(report, truth, here[unit], "x[")
    kernel = f"{weights}/kernel"
    agrees(explain_paths(model, x[None], wrt=kernel, **asked), truth, here[unit], kernel)
    slope = gradient(outputs[0, unit], [engine], warn=False)[0]
    found = report.leaves["x"] if report.leaves else None
    if found is not None:
        bound = found.absolute.floats() * 1e-13
        assert (np.abs(found.gradient.floats() - np.asarray(slope)[0]) <= bound).all()
        per_leaf = [truth.walk(here[unit], f"x[{i}]") for i in range(len(x))]
        assert found.count.tolist() == [len(paths) for paths in per_leaf]
        sizes = [max((abs(math.prod(f)) for _, f in paths), default=0.0) for paths in per_leaf]
        np.testing.assert_allclose(np.exp2(found.strongest), sizes, rtol=1e-11)
        entropies = []
        for paths in per_leaf:
            parts = np.abs([math.prod(f) for _, f in paths])
            parts = parts[parts > 0] / max(parts.sum(), 1e-300)
            entropies.append(-(parts * np.log(parts)).sum())
        np.testing.assert_allclose(found.entropy, entropies, atol=1e-11)


def test_the_nets_of_the_test_are_of_all_kinds():
    kinds, blocked, counts = set(), 0, []
    for seed in range(200):
        model, x, *_ = grown(seed)
        kinds |= {type(layer).__name__ for layer in model.layers}
        report = explain_paths(model, x[None], k=0)
        blocked += report.open < report.count
        counts.append(report.count)
    assert {"Dense", "Add", "Concatenate", "BatchNormalization", "Activation"} <= kinds
    assert blocked > 20
    assert max(counts) > 200


# --- ties -------------------------------------------------------------------------------------


def walked(network):
    """All open paths with what orders them: size, then link and neuron from the top down."""
    found, stack = [], [(network.output, Fraction(1), ())]
    while stack:
        (layer, number), value, key = stack.pop()
        if layer in network.leaves:
            found.append((-abs(value), (*key, (-1, 0)), value))
        for place, link in enumerate(network.into[layer]):
            starts, edges = link.into(number)
            for start, edge in zip(starts.tolist(), edges.tolist(), strict=True):
                slope = Fraction(float(link.slopes.flat[edge]))
                if slope:
                    step = (*key, (place, start))
                    stack.append(((link.source, start), value * slope, step))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_ties_are_broken_by_numbers_from_the_top(seed):
    rng = np.random.default_rng(seed)
    sizes = [*rng.integers(1, 5, size=3).tolist(), 2]
    row = [Dense(n, use_bias=False, dtype="float64") for n in sizes[1:]]
    model = Sequential(row)
    model.build((None, sizes[0]))
    for layer in row:
        signs = rng.choice([-1.0, 1.0], size=layer.kernel.shape)
        layer.set_weights([signs * np.exp2(rng.integers(-1, 2, size=layer.kernel.shape))])
    report = explain_paths(model, np.ones((1, sizes[0])), k=EVERYTHING)
    for found, sign in ((report.strongest, 1), (report.weakest, -1)):
        wanted = sorted(walked(report.network), key=lambda p: (sign * p[0], p[1]))
        assert [float(p.value) for p in found] == [float(value) for *_, value in wanted]
        keys = [tuple(edge[2][1] for edge in path.edges) for path in found]
        assert keys == [tuple(start for _, start in key[:-1]) for _, key, _ in wanted]
    few = explain_paths(model, np.ones((1, sizes[0])), k=3)
    assert [p.neurons for p in few.strongest] == [p.neurons for p in report.strongest[:3]]


def test_the_same_factors_in_another_order_tie_exactly():
    x = leaf(1.0, "x")
    factors = (0.1, 0.7, 1.3)
    y = sum((math.prod(order, start=x) for order in itertools.permutations(factors)), start=x * 0.0)
    ranking = Ranking(network_of(y, [x]))
    found = ranking.best(10)
    assert len(found) == 6  # the path through 0.0 is no open one
    sizes = {-ranking.found[ranking.network.output][rank][0] for rank in range(6)}
    assert len(sizes) == 1


# --- ends of the scale ------------------------------------------------------------------------


def test_a_single_neuron():
    one = Dense(1, activation="tanh", input_shape=(1,), dtype="float64", name="one")
    model = Sequential([one])
    model.layers[0].set_weights([np.array([[0.5]]), np.array([0.25])])
    report = explain_paths(model, np.array([[2.0]]))
    assert (report.count, report.open, report.entropy, report.effective) == (1, 1, 0.0, 1.0)
    assert float(report.total) == pytest.approx(0.5 / math.cosh(1.25) ** 2)
    assert report.strongest[0].neurons == ("x[0]", "one[0]")
    assert report.cancellation == 1.0


def test_all_paths_blocked():
    model = Sequential(
        [Dense(2, activation="relu", input_shape=(3,)), Dense(2), Dense(1, activation="relu")]
    )
    model.layers[0].set_weights([np.ones((3, 2)), np.full(2, -9.0)])
    report = explain_paths(model, np.ones((1, 3)), k=5)
    assert (report.count, report.open, report.strongest, report.weakest) == (12, 0, (), ())
    assert (float(report.total), report.entropy, report.effective) == (0.0, 0.0, 0.0)
    assert math.isnan(report.cancellation)
    assert "open" in report.text()
    json.dumps(report.as_dict(), allow_nan=False)


def test_no_path_at_all():
    a, b = leaf(2.0, "a"), leaf(3.0, "b")
    report = explain_paths(a * a, wrt=[b])
    assert (report.count, report.open, dict(report.leaves)) == (0, 0, {})
    assert report.text()


def test_the_output_is_the_leaf():
    a = leaf(2.0, "a")
    report = explain_paths(a, wrt=[a])
    assert (report.count, float(report.total), report.strongest[0].edges) == (1, 1.0, ())
    assert report.text()


def test_a_leaf_below_another():
    a = leaf(0.5, "a")
    b = a * a
    report = explain_paths(b * 3.0 + a, wrt=[a, b])
    assert (report.count, float(report.leaves["a"].gradient.floats())) == (4, 4.0)
    assert sorted(float(p.value) for p in report.strongest) == [1.0, 1.5, 1.5, 3.0]


def test_nothing_underflows_in_a_deep_net():
    rng = np.random.default_rng(0)
    row = [Dense(4, activation="sigmoid", dtype="float64") for _ in range(400)]
    model = Sequential(row)
    model.build((None, 4))
    for layer in row:
        layer.set_weights([rng.normal(size=(4, 4)) / 3, rng.normal(size=4)])
    report = explain_paths(model, rng.normal(size=(1, 4)), unit=0, k=2)
    assert report.count == 4**400
    assert report.strongest[0].value.log10 < -320
    assert float(report.strongest[0].value) == 0.0
    assert report.absolute.log10 > report.strongest[0].value.log10
    assert 0 < report.entropy < 400 * math.log(4)
    assert report.share(report.strongest[0]) == pytest.approx(
        10 ** (report.strongest[0].value.log10 - report.absolute.log10)
    )


def test_paths_on_which_the_weights_agree_have_the_entropy_of_their_number():
    row = [Dense(10, use_bias=False) for _ in range(12)]
    model = Sequential([*row, Dense(1, use_bias=False)])
    model.build((None, 10))
    for layer in model.layers:
        layer.set_weights([np.full(layer.kernel.shape, 1e-30)])
    report = explain_paths(model, np.ones((1, 10)), k=3)
    assert report.count == report.open == 10**13
    assert report.effective == pytest.approx(1e13)
    assert report.absolute.log10 == pytest.approx(13 - 30 * 13, rel=1e-6)


# --- one net at three zoom levels -------------------------------------------------------------


def test_the_same_net_as_numbers_tensors_and_layers():
    rng = np.random.default_rng(3)
    kernels, biases = [rng.normal(size=(2, 3)), rng.normal(size=(3, 1))], rng.normal(size=(2, 3))
    x = rng.normal(size=2)

    numbers = [leaf(v, f"x{i}") for i, v in enumerate(x)]
    scalars = [[[leaf(w, "w") for w in row] for row in kernel] for kernel in kernels]
    here = numbers
    for depth, kernel in enumerate(scalars):
        columns = list(zip(*kernel, strict=True))
        sums = [
            sum((w * a for w, a in zip(column, here, strict=True)), leaf(b, "b"))
            for column, b in zip(columns, biases[depth], strict=False)
        ]
        here = [ops.tanh(z) for z in sums]
    by_numbers = explain_paths(here[0], wrt=numbers)

    tensor = leaf(x, "x")
    weights = [leaf(k, "W") for k in kernels]
    hidden = ops.tanh(tensor @ weights[0] + biases[0])
    by_tensors = explain_paths(ops.tanh(hidden @ weights[1] + biases[1][:1]), wrt=[tensor])

    start = Input((2,), dtype="float64")
    layer = Dense(1, "tanh", dtype="float64")(Dense(3, "tanh", dtype="float64")(start))
    model = Model(start, layer, dtype="float64")
    model.set_weights([kernels[0], biases[0], kernels[1], biases[1][:1]])
    by_layers = explain_paths(model, x[None])

    reports = (by_numbers, by_tensors, by_layers)
    gradients = [
        np.array([by_numbers.gradient(f"x{i}") for i in range(2)]),
        by_tensors.gradient("x"),
        by_layers.gradient("x"),
    ]
    for report, slopes in zip(reports, gradients, strict=True):
        assert (report.count, report.open) == (6, 6)
        np.testing.assert_allclose(slopes, gradients[0], rtol=1e-15, atol=1e-17)
        found = [float(p.value) for p in report.strongest]
        assert found == pytest.approx([float(p.value) for p in by_numbers.strongest], rel=1e-14)
        assert report.entropy == pytest.approx(by_numbers.entropy, rel=1e-13)


def test_numbers_agree_with_the_reader_of_scalar_graphs():
    a, b, c = leaf(0.3, "a"), leaf(-1.2, "b"), leaf(2.0, "c")
    y = ops.tanh(a * b + c) * (a + ops.exp(b) * c) / (c - a * a)
    leaves = [a, b, c]
    on = scalar_paths.slopes(y, leaves)
    counts, slopes = scalar_paths.count(y, leaves), scalar_paths.adjoints(y, leaves, on)
    report = explain_paths(y, wrt=leaves, k=EVERYTHING)
    for x in leaves:
        found = report.leaves[x.name]
        assert int(found.count) == counts[x]
        assert float(found.gradient.floats()) == pytest.approx(float(slopes[x]), rel=1e-14)
        listed = scalar_paths.enumerate_paths(y, x)
        wanted = sorted(float(path.product(on)) for path in listed)
        mine = sorted(float(p.value) for p in report.strongest if p.neurons[0] == x.name)
        assert mine == pytest.approx(wanted, rel=1e-14)


# --- a real size ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deep():
    from autograd_lab.utils import set_random_seed

    set_random_seed(0)
    hidden = [Dense(100, "relu", kernel_initializer="he_normal") for _ in range(20)]
    model = Sequential([Input((784,)), Flatten(), *hidden, Dropout(0.5), Dense(10, "softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    return model, np.random.default_rng(0).normal(size=(2, 784))


def test_more_than_1e42_paths(deep):
    model, x = deep
    report = explain_paths(model, x, unit=3, k=100)
    assert report.count == 784 * 100**20
    assert (
        len({p.neurons for p in report.strongest})
        == len({p.neurons for p in report.weakest})
        == 100
    )
    sizes = [p.value.log10 for p in report.strongest]
    assert sizes == sorted(sizes, reverse=True)
    assert max(p.value.log10 for p in report.weakest) < min(sizes) - 20
    assert all(len(p.neurons) == 22 and len(p.factors) == 41 for p in report.strongest)
    engine = leaf(x[:1].astype("float32"), "x")
    logits = model.call_unscoped(engine).inputs[0]
    slope = np.asarray(gradient(logits[0, 3], [engine], warn=False)[0])[0]
    np.testing.assert_allclose(report.gradient("x"), slope, rtol=1e-4, atol=1e-4 * abs(slope).max())
    strongest = float(np.exp2(report.leaves["x"].strongest.max()))
    assert strongest == pytest.approx(abs(float(report.strongest[0].value)), rel=1e-12)


def test_open_paths_are_those_through_active_units(deep):
    model, x = deep
    report = explain_paths(model, x, unit=3, k=0)
    active = [int((layer > 0).sum()) for layer in _activations(model, x[:1])]
    assert report.open == 784 * math.prod(active)  # no weight is exactly zero


def _activations(model, x):
    here = x.astype("float32")
    for kernel, bias in zip(*[iter(model.get_weights()[:-2])] * 2, strict=True):
        here = np.maximum(here @ kernel + bias, 0)
        yield here


def test_the_loss_is_one_edge_from_every_logit(deep):
    model, x = deep
    report = explain_paths(model, x, np.array([1, 7]), output="loss", example=1, k=1)
    assert report.count == 10 * 784 * 100**20
    p = model.predict(x[1:], verbose=0)[0]
    factor = report.strongest[0].factors[0]
    place = int(factor.source.split("[")[1][:-1])
    assert factor.slope == pytest.approx(float(p[place] - (place == 7)), abs=1e-6)
    assert factor.symbol == f"∂loss/∂{factor.source}"
    assert "one edge" in report.text()


def test_weights_as_leaves(deep):
    model, x = deep
    names = [str(layer.name) for layer in model.layers if layer.weights]
    kernel = explain_paths(model, x, wrt=f"{names[5]}/kernel", unit=0, k=2)
    whole = explain_paths(model, x, wrt=names[5], unit=0, k=2)
    assert kernel.count == 100 * 100 * 100**14
    assert whole.count == kernel.count + 100 * 100**14
    assert list(whole.leaves) == [f"{names[5]}/kernel", f"{names[5]}/bias"]
    last = kernel.strongest[0].factors[-1]
    assert last.symbol.startswith(names[4])
    node = leaf(x[:1].astype("float32"), "x")
    logits = model.call_unscoped(node).inputs[0]
    slope = gradient(logits[0, 0], [model.layers[6].kernel], warn=False)[0]
    np.testing.assert_allclose(
        kernel.gradient(f"{names[5]}/kernel"), np.asarray(slope), rtol=1e-4, atol=1e-6
    )
    everything = explain_paths(model, x, wrt="weights", unit=0, k=1)
    assert len(everything.leaves) == len(model.weights)


def test_a_probability_goes_through_softmax(deep):
    model, x = deep
    report = explain_paths(model, x, output="probability", unit=2, k=1)
    assert report.count == 10 * 784 * 100**20
    assert report.strongest[0].factors[0].symbol == "softmax′"


def test_text_keeps_to_its_width_and_to_ascii(deep):
    model, x = deep
    report = explain_paths(model, x, np.array([1, 7]), output="loss", k=12)
    for width in (60, 80, 120):
        assert max(map(len, report.text(width).splitlines())) <= width
    text = report.text(80, ascii=True)
    assert text.isascii()
    for part in ("7.840e+43", "STRONGEST PATHS", "WEAKEST OPEN", "FACTORS"):
        assert part in text
    rows = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert rows["paths"] == report.count
    assert len(rows["strongest"]) == 12


# --- tensors of a user's own ------------------------------------------------------------------


@pytest.mark.parametrize(
    "build",
    [
        lambda x, w: ops.softmax(x @ w)[0, 1],
        lambda x, w: ops.log_softmax(x @ w, axis=0)[1, 0],
        lambda x, w: ops.mean(ops.tanh(x @ w)),
        lambda x, w: ops.max(x @ w, axis=1)[1],
        lambda x, w: ops.sum(ops.transpose(x) * 2.0 + ops.broadcast_to(x[:, :1], (2, 2))),
        lambda x, w: ops.logsumexp(ops.concatenate([x, x @ w], axis=1)),
        lambda x, w: ops.sum(w[0, :2] * x) + ops.sum(ops.where(x > 0, x, w[:, :2])),
        lambda x, w: (x @ ops.transpose(x) @ w)[1, 2],
        lambda x, w: ops.sum(ops.reshape(x, (4,)) @ ops.reshape(x, (4,))),
        lambda x, w: ops.sum(w @ (ops.transpose(w) @ x[0])),
        lambda x, w: ops.sum(ops.cast(x, "float64") / (1.0 + ops.square(w[:, 1:]))),
    ],
)
def test_tensors_of_several_rows(build):
    rng = np.random.default_rng(8)
    x, w = leaf(rng.normal(size=(2, 2)), "x"), leaf(rng.normal(size=(2, 3)), "w")
    y = build(x, w)
    report = explain_paths(y, wrt=[x, w], k=EVERYTHING)
    for node, slope in zip([x, w], gradient(y, [x, w], warn=False), strict=True):
        if node.name in report.leaves:
            np.testing.assert_allclose(report.gradient(node.name), np.asarray(slope), atol=1e-13)
    values = [float(p.value) for p in report.strongest]
    assert len(values) == report.open
    assert sum(values) == pytest.approx(float(report.total))
    assert sum(map(abs, values)) == pytest.approx(float(report.absolute))
    assert all(f.symbol for p in report.strongest for f in p.factors)


def test_a_layer_called_twice_has_two_names():
    shared = Dense(2, name="shared", dtype="float64")
    start = Input((2,), dtype="float64")
    model = Model(start, shared(shared(start)))
    found = explain_paths(model, np.ones((1, 2)), k=1).strongest[0].neurons
    assert [name.split("[")[0] for name in found] == ["x", "shared", "shared#2"]


@pytest.mark.parametrize(
    "between",
    [
        lambda x: layers.LayerNormalization(dtype="float64")(x),
        lambda x: layers.PReLU(alpha_initializer="ones", dtype="float64")(x),
        lambda x: layers.Softmax(dtype="float64")(layers.Reshape((2, 3), dtype="float64")(x)),
        lambda x: layers.Multiply(dtype="float64")([x, Dense(6, "elu", dtype="float64")(x)]),
        lambda x: layers.Maximum(dtype="float64")([x, Dense(6, "gelu", dtype="float64")(x)]),
        lambda x: layers.Average(dtype="float64")([x, layers.Rescaling(3.0, dtype="float64")(x)]),
        lambda x: Dense(4, "silu", dtype="float64")(layers.Reshape((3, 2), dtype="float64")(x)),
        lambda x: layers.Operation("tanh", dtype="float64")(x),  # no batch behind it
    ],
)
def test_the_sum_over_paths_is_the_gradient_through_any_layer(between):
    start = Input((6,), dtype="float64")
    flat = Flatten(dtype="float64")(between(start))
    model = Model(start, Dense(1, dtype="float64")(flat), dtype="float64")
    x = np.random.default_rng(4).normal(size=(1, 6))
    report = explain_paths(model, x, k=EVERYTHING)
    node = leaf(x, "x")
    slope = gradient(ops.reshape(model.call_unscoped(node), -1)[report.network.output[1]], [node])
    np.testing.assert_allclose(report.gradient("x"), np.asarray(slope[0])[0], atol=1e-13)
    assert len(report.strongest) == len(report.weakest) == report.open > 0
    assert math.fsum(float(p.value) for p in report.strongest) == pytest.approx(float(report.total))


# --- the page -------------------------------------------------------------------------------------


def test_the_page_about_paths_runs():
    page = Path(__file__).resolve().parent.parent / "gallery" / "pages" / "paths.md"
    test = doctest.DocTestParser().get_doctest(
        page.read_text(encoding="utf-8").replace("```", ""), {}, "paths.md", str(page), 0
    )
    assert test.examples
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test).failed == 0


# --- refusals ---------------------------------------------------------------------------------


def small():
    model = Sequential([Dense(3, "tanh", input_shape=(2,), name="hidden"), Dense(2, name="top")])
    return model, np.ones((4, 2))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"wrt": "hiden"}, "did you mean hidden"),
        ({"output": "logits"}, "did you mean logit"),
        ({"output": 3}, "unit="),
        ({"output": "probability"}, "does not end with softmax"),
        ({"output": "loss"}, "not compiled"),
        ({"unit": 2}, "give 0 to 1"),
        ({"unit": True}, "give 0 to 1"),
        ({"k": -1}, "k must be"),
        ({"k": 2.5}, "k must be"),
        ({"example": 4}, "no such example"),
        ({"x": None}, "give x"),
    ],
)
def test_what_does_not_fit_is_refused(asked, said):
    model, x = small()
    with pytest.raises(UsageError, match=said):
        explain_paths(model, **{"x": x, **asked})


def test_the_loss_needs_a_target():
    model, x = small()
    model.compile(loss="mse")
    with pytest.raises(UsageError, match="target y"):
        explain_paths(model, x, output="loss")
    assert explain_paths(model, x, np.ones((4, 2)), output="loss").count == 12


def test_an_operation_without_known_edges_is_named():
    x = leaf(np.eye(2), "x")
    with pytest.raises(GradientError, match="det"):
        explain_paths(ops.det(x), wrt=[x])


def test_an_infinite_slope_is_refused():
    x = leaf(0.0, "x")
    with pytest.raises(GradientError, match="inf"):
        explain_paths(ops.sqrt(x), wrt=[x])


def test_a_graph_takes_no_data():
    x = leaf(1.0, "x")
    with pytest.raises(UsageError, match="no x"):
        explain_paths(x * x, np.ones(3))


# --- numbers of any size ----------------------------------------------------------------------


def test_scaled_arrays_are_scaled_numbers():
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(2, 50)) * 10.0 ** rng.integers(-300, 300, size=(2, 50))
    raw[0, :3] = 0.0
    a, b = map(ScaledArray.of, raw)
    ours = [(a * a * b + b).item(i) for i in range(50)]
    for i, found in enumerate(ours):
        x, y = Scaled.of(float(raw[0, i])), Scaled.of(float(raw[1, i]))
        wanted = x * x * y + y
        assert found.format(12) == wanted.format(12)
        assert (a * a * b + b).log10[i] == pytest.approx(wanted.log10)
    total = sum(ours, Scaled.of(0.0))
    assert (a * a * b + b).sum().format(10) == total.format(10)


def test_a_walk_leaves_out_layers_that_are_not_reached():
    network = Network([Neurons("a", ()), Neurons("b", ())], [], (1, 0), [0])
    assert list(backward(network, Open())) == [1]
