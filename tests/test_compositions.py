"""Laws of random compositions of operations, up to eight levels deep.

Each law counts its cases, so that a run in which hypothesis tried fewer fails.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import sympy as sp
from composed import MAX_DEPTH, SCALARS, SEEDS, SHAPES, STEPS, cost, grow, leaves_of
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from mpmath import mp
from witnesses import BY_MPMATH, BY_SYMPY, by_formula, planted

from autograd_lab import ops
from autograd_lab.graph import leaf, toposort
from autograd_lab.interpreters import paths
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.scaled import Scaled
from autograd_lab.transforms.tangents import push

ARRAYS = "smooth bent binary choice shaped"
CASES = {"mpmath": 700, "sympy": 150, "paths": 500, "twice": 800, "forward": 400}


def run(law, name, *drawn):
    """Try a law on as many cases as it is to have, of every depth, some without entries."""
    depths, empty = Counter(), 0

    @settings(max_examples=CASES[name])
    @given(st.tuples(*drawn))
    def cases(values):
        nonlocal empty
        law(*values)
        depths[len(values[-1])] += 1  # those refused by an assumption do not come here
        empty += any(0 in shape for shape in values[0])

    cases()
    assert sum(depths.values()) >= CASES[name], f"{name}: only {sum(depths.values())} cases"
    assert set(depths) == set(range(1, MAX_DEPTH + 1))
    assert empty >= CASES[name] // 80 or drawn[0] is SCALARS


def test_there_are_two_thousand_cases():
    assert sum(CASES.values()) >= 2000


# --- exact arithmetic ----------------------------------------------------------------------------


def exact(order, moved):
    """Every node's value at 60 digits, as object arrays, with other values for some leaves."""
    values = dict(moved)
    for node in order:
        if node in values:
            continue
        if node.op is None:
            values[node] = np.asarray(np.frompyfunc(mp.mpf, 1, 1)(np.asarray(node.value)), object)
        else:
            inputs = [values[x] for x in node.inputs]
            values[node] = by_formula(node.op, BY_MPMATH, inputs, dict(node.attrs))
    return values


def leaves_a_kink(order, here, there):
    """Whether an operation sits on a kink whose inputs change: then there is no derivative."""
    for node in order:
        if node.op is not None and node.op.kink is not None:
            mask = node.op.kink(*[x.value for x in node.inputs], **node.attrs)
            moves = [np.asarray(here[x] != there[x]) for x in node.inputs]
            if any((np.asarray(mask) & move).any() for move in moves):
                return True
    return False


def differences(output, leaves, direction):
    """First and second derivative along a direction, by differences at 60 digits."""
    order = toposort([output])
    with mp.workdps(60):
        h = mp.mpf(10) ** -15
        start = {x: np.asarray(np.frompyfunc(mp.mpf, 1, 1)(x.value), object) for x in leaves}
        here, up, down = (
            exact(order, {x: start[x] + s * h * d for x, d in zip(leaves, direction, strict=True)})
            for s in (0, 1, -1)
        )
        assume(not leaves_a_kink(order, here, up))
        high, middle, low = (np.sum(values[output]) for values in (up, here, down))
        return float((high - low) / (2 * h)), float((high - 2 * middle + low) / h**2)


def by_rules(output, leaves, direction):
    """The same by the rules, and the size of what was added up for each."""
    nodes = gradient(output, leaves, create_graph=True)
    along = dot(nodes, direction)
    second = gradient(along, leaves)
    first, curved = ([g.value for g in nodes], second)
    sizes = [weigh(np.abs, first, direction), weigh(np.abs, curved, direction)]
    return (float(along), weigh(np.positive, curved, direction)), sizes


def dot(nodes, direction):
    """The slope along a direction, as a node."""
    total = leaf(0.0)
    for g, d in zip(nodes, direction, strict=True):
        total = total + ops.sum(g * d)
    return total


def weigh(how, slopes, direction):
    return sum(float(np.sum(how(g * d))) for g, d in zip(slopes, direction, strict=True))


def along_directions(shapes, seed, steps):
    leaves = leaves_of(shapes, seed)
    output = cost(grow(leaves, steps, ARRAYS))
    random = np.random.default_rng(seed + 1)
    everywhere = [random.uniform(-1.0, 1.0, x.shape) for x in leaves]
    single = [np.zeros(x.shape) for x in leaves]
    one = random.integers(len(leaves))
    if leaves[one].size:
        single[one][tuple(random.integers(n) for n in leaves[one].shape)] = 1.0
    for direction in (everywhere, single):
        (first, second), (size, curved) = by_rules(output, leaves, direction)
        slope, bend = differences(output, leaves, direction)
        assert abs(first - slope) <= 1e-11 * (size + abs(slope) + 1.0)
        assert abs(second - bend) <= 1e-10 * (curved + size + abs(bend) + 1.0)


def test_first_and_second_derivatives_against_exact_differences():
    run(along_directions, "mpmath", SHAPES, SEEDS, STEPS)


# --- formulas ------------------------------------------------------------------------------------


def formula(output, leaves):
    """The graph as one SymPy expression of the leaves and its constants, and all their values."""
    values, at = {}, {}
    for node in toposort([output, *leaves]):
        if node.op is None:
            values[node] = sp.Symbol(node.name or f"c{len(at)}")
            at[values[node]] = mp.mpf(node.value)
        else:
            inputs = [values[x] for x in node.inputs]
            values[node] = by_formula(node.op, BY_SYMPY, inputs, dict(node.attrs)).item()
    return values[output], [values[x] for x in leaves], at


def as_sympy_says(shapes, seed, steps):
    leaves = leaves_of(shapes, seed)
    # Partners are leaves, as in one expression other shared parts would multiply; the |x| in the
    # formula of sech² is smooth as a whole only.
    output = grow(leaves, steps, "smooth binary", partners=len(leaves), without=["sech2"])
    twice = [n for n in toposort([output]) if n.op and n.op.name in ("gelu", "silu", "softsign")]
    assume(len(twice) <= 3)  # x stands twice in their formulas, so each doubles the expression
    expression, symbols, at = formula(output, leaves)
    slopes = gradient(output, leaves, create_graph=True)
    found = [*[g.value for g in slopes], *gradient(slopes[-1], leaves)]
    first = [sp.diff(expression, symbol) for symbol in symbols]
    exact = [*first, *[sp.diff(first[-1], symbol) for symbol in symbols]]
    with mp.workdps(40):
        wanted = sp.lambdify(list(at), exact, "mpmath", cse=True)(*at.values())
    for got, want in zip(found, wanted, strict=True):
        assert abs(got - float(want)) <= 1e-10 * (1.0 + abs(float(want)))


def test_scalar_graphs_against_sympy():
    run(as_sympy_says, "sympy", SCALARS, SEEDS, STEPS)


# --- paths ---------------------------------------------------------------------------------------


def paths_add_up(shapes, seed, steps):
    leaves = leaves_of(shapes, seed)
    output = grow(leaves, steps, "smooth bent binary choice")
    on = paths.slopes(output, leaves)
    counted = paths.count(output, leaves)
    for x, slope in zip(leaves, gradient(output, leaves), strict=True):
        found = paths.enumerate_paths(output, x, limit=5000)
        assume(len(found) < 5000)
        assert len(found) == counted.get(x, 0)
        total, size = Scaled.of(0.0), 0.0
        for path in found:
            total = total + path.product(on)
            size += abs(float(path.product(on)))
        assert abs(float(total) - slope) <= 1e-12 * size


def test_the_sum_over_all_paths_is_the_gradient():
    run(paths_add_up, "paths", SCALARS, SEEDS, STEPS)


# --- twice, and forward --------------------------------------------------------------------------


def twice_is_equal(shapes, seed, steps):
    leaves = leaves_of(shapes, seed)
    output = grow(leaves, steps, ARRAYS)
    first, again = gradient(output, leaves), gradient(output, leaves)
    nodes = gradient(output, leaves, create_graph=True)
    for a, b, node, x in zip(first, again, nodes, leaves, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, node.value)
        assert np.shape(a) == x.shape
        assert type(a) is type(x.value)


def test_gradient_twice_is_equal():
    run(twice_is_equal, "twice", SHAPES, SEEDS, STEPS)


def forward_is_reverse(shapes, seed, steps):
    """u · (J v) = (u J) · v."""
    leaves = leaves_of(shapes, seed)
    output = grow(leaves, steps, ARRAYS)
    random = np.random.default_rng(seed + 2)
    v = [random.uniform(-1.0, 1.0, x.shape) for x in leaves]
    u = random.uniform(-1.0, 1.0, output.shape)
    (moved,) = push([output], dict(zip(leaves, v, strict=True)))
    slopes = gradient(ops.sum(output * u), leaves)
    size = weigh(np.abs, slopes, v) + float(np.sum(np.abs(moved * u)))
    assert abs(float(np.sum(moved * u)) - weigh(np.positive, slopes, v)) <= 1e-11 * (1e-3 + size)


def test_forward_mode_is_the_transpose_of_reverse_mode():
    run(forward_is_reverse, "forward", SHAPES, SEEDS, STEPS)


# --- the laws can fail ---------------------------------------------------------------------------

WRONG = {
    "tanh": (0, lambda g, y, x: g * (1.0 + 1e-8) * ops.sech2(x)),
    "multiply": (1, lambda g, y, a, b: g * a * (1.0 + 1e-8)),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("law", [along_directions, as_sympy_says])
def test_a_wrong_rule_breaks_the_law(law, name):
    index, wrong = WRONG[name]

    def broken(values):
        law(*values)

    shapes = SHAPES if law is along_directions else SCALARS
    quick = settings(max_examples=100, phases=[Phase.generate], report_multiple_bugs=False)
    tried = quick(given(st.tuples(shapes, SEEDS, STEPS))(broken))
    with planted(getattr(ops, name), index, wrong), pytest.raises(AssertionError):
        tried()
