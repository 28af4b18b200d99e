"""Trees of arrays: what is in them, and the same shape again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab.errors import UsageError
from autograd_lab.graph import leaf
from autograd_lab.transforms.trees import entries, matched, named_entries, rebuild

Layer = namedtuple("Layer", "kernel bias")
TREES = st.recursive(
    st.floats(-9, 9) | st.none() | st.just(np.ones((2, 1))),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("wbx"), inner, max_size=3)
        | st.tuples(inner, inner).map(lambda pair: Layer(*pair))
    ),
    max_leaves=8,
)


def alike(a, b):
    if isinstance(a, dict):
        return (
            type(a) is type(b) and list(a) == list(b) and all(alike(v, b[k]) for k, v in a.items())
        )
    if isinstance(a, (list, tuple)):
        return (
            type(a) is type(b)
            and len(a) == len(b)
            and all(alike(x, y) for x, y in zip(a, b, strict=True))
        )
    return a is b


@given(TREES)
def test_taken_apart_and_put_together_is_the_same(tree):
    assert alike(rebuild(tree, entries(tree)), tree)
    assert [x for _, x in named_entries(tree)] == entries(tree) or not entries(tree)
    assert matched(tree, tree, "x") is not None


@given(TREES)
def test_every_name_leads_to_its_array(tree):
    for name, x in named_entries(tree, "tree"):
        assert _follow(tree, name.removeprefix("tree")) is x


def _follow(tree, name):
    """The part of a tree that a name such as ['w'][0] leads to."""
    for key in name.replace("][", "] [").split():
        inner = key[1:-1]
        tree = tree[inner.strip("'") if inner.startswith("'") else int(inner)]
    return tree


@given(TREES)
def test_matched_arrays_come_in_the_order_of_the_first(tree):
    numbers = list(range(len(entries(tree))))
    flat = rebuild(tree, [np.full(np.shape(x), n) for n, x in zip(numbers, entries(tree))])  # noqa: B905
    assert [int(np.ravel(x)[0]) for x in matched(tree, flat, "x")] == numbers


def test_kinds_of_branches_are_kept():
    ordered = OrderedDict(b=1.0, a=2.0)
    counted = defaultdict(list, w=3.0)
    named = Layer([4.0], (5.0,))
    made = rebuild((ordered, counted, named, None, ()), [10, 20, 30, 40, 50])
    assert made == (OrderedDict(b=10, a=20), {"w": 30}, Layer([40], (50,)), None, ())
    assert [type(part) for part in made[:3]] == [OrderedDict, defaultdict, Layer]
    assert ordered["b"] == 1.0, "the tree itself was changed"


def test_a_node_is_an_array_of_a_tree():
    x = leaf(np.ones(3), "x")
    assert entries([x]) == [x]
    assert rebuild(x, [1.0]) == 1.0


def test_the_order_of_keys_is_that_of_the_first():
    assert matched({"w": 1.0, "b": 2.0}, {"b": 20.0, "w": 10.0}, "x") == [10.0, 20.0]


@pytest.mark.parametrize(
    ("like", "tree", "words"),
    [
        (1.0, [1.0], ["tangent: a number", "list of 1"]),
        ((1.0,), [1.0], ["tuple of 1", "list of 1"]),
        ([1.0], [1.0, 2.0], ["list of 1", "list of 2"]),
        ({"w": 1.0}, {"v": 1.0}, ["dict with 'w'", "dict with 'v'"]),
        ({"w": 1.0}, {}, ["dict with 'w'", "dict with no keys"]),
        ({"w": [1.0, 2.0]}, {"w": [1.0, (2.0,)]}, ["tangent['w'][1]", "a number", "tuple of 1"]),
        (np.ones((2, 3)), np.ones(3), ["array of shape (2, 3)", "array of shape (3,)"]),
        (np.ones(3), 1.0, ["array of shape (3,)", "a number"]),
        (1.0, None, ["a number", "None"]),
        (None, 1.0, ["None is wanted", "a number"]),
    ],
)
def test_a_misfit_says_where_and_what(like, tree, words):
    with pytest.raises(UsageError) as caught:
        matched(like, tree, "tangent")
    assert all(word in str(caught.value) for word in words)
