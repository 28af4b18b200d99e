"""Documents: what was written comes back; what is no graph is refused where it is wrong."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
from hostile import SCHEMA, X, array, graph, node

from autograd_lab.errors import ExpressionError
from autograd_lab.graph import OPS, Node, constant, leaf, scope, toposort
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.document import from_document, read_json, to_document
from autograd_lab.interpreters.text import read
from autograd_lab.language.attributes import KINDS
from autograd_lab.language.node_table import MAX_NODES
from autograd_lab.ops import concatenate, einsum, elu, narrow, reshape, sum, transpose, where, widen


def there_and_back(output: Node, wrt: tuple[Node, ...] = ()):
    text = json.dumps(to_document(output, wrt), allow_nan=False)
    return from_document(read_json(text.encode()))


def same(a: Node, b: Node) -> None:
    """Equal node by node: operation, attributes, name, scope, dtype and every number."""
    for p, q in zip(toposort([a]), toposort([b]), strict=True):
        assert (p.op, p.name, p.scope, p.shape, p.dtype) == (
            q.op,
            q.name,
            q.scope,
            q.shape,
            q.dtype,
        )
        assert dict(p.attrs) == dict(q.attrs)
        np.testing.assert_array_equal(p.value, q.value)


def refused(data: bytes) -> str:
    with pytest.raises(ExpressionError) as caught:
        from_document(read_json(data))
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "sigmoid(w2*tanh(w1*x+b1)+b2)",
        "b=a+a; c=b+b",
        "where(x > 0, x**2, log(x))",
        "elu(x, 0.5) + leaky_relu(-x)",
        "a=3; y=a*x",
        "9**9**9**9 * x",
        "-0.0*x",
    ],
)
def test_an_expression_comes_back(text):
    built = read(text).build(dict.fromkeys(read(text).names, 0.5))
    found = there_and_back(built.output, tuple(built.leaves.values()))
    same(built.output, found.output)
    assert [x.name for x in found.wrt] == list(built.leaves)
    assert found.leaves.keys() >= built.leaves.keys()
    assert found.assigned.keys() == {
        name for name, node in built.assigned.items() if node.op is not None
    }
    wanted = gradient(built.output, list(built.leaves.values()))
    assert str(gradient(found.output, found.wrt)) == str(wanted)


def test_a_small_net_comes_back():
    rng = np.random.default_rng(0)
    x = leaf(rng.normal(size=(4, 2)), "x")
    w, b = leaf(rng.normal(size=(2, 3)).astype(np.float32), "w"), leaf(np.zeros(3), "b")
    with scope("hidden"):
        h = elu(x @ w + b, alpha=0.5)
    h = concatenate(h, widen(narrow(h, axis=1, start=0, length=2), axis=1, start=1, shape=(4, 3)))
    t = transpose(reshape(h, shape=(2, 4, 3)), axes=(2, 0, 1))
    y = sum(einsum(t, t, subscripts="ijk,ijk->ij"), axis=(0,), keepdims=True)
    found = there_and_back(where(y > 1.0, y, constant(math.inf)), (w, b))
    same(where(y > 1.0, y, constant(math.inf)), found.output)
    assert found.output.inputs[1].inputs[0].op is OPS["einsum"]
    assert {n.scope for n in found.nodes.values()} == {(), ("hidden",)}


def test_special_values_are_strings():
    found = to_document(leaf(np.array([math.nan, math.inf, -math.inf, 1.0]), "x"))
    assert found["nodes"][0]["value"] == ["nan", "inf", "-inf", 1.0]
    assert from_document(found).output.value[2] == -math.inf


def test_names_become_ids_where_they_can():
    x = leaf(2.0, "x")
    z = x * x
    out = z + z
    ids = [n["id"] for n in to_document(out, names={z: "z1", out: "x"})["nodes"]]
    assert ids == ["x", "z1", "n2"]
    ids = [n["id"] for n in to_document(out, names={z: "z₁", out: "__proto__"})["nodes"]]
    assert ids == ["x", "n1", "n2"]
    clash = leaf(1.0, "n1") * x
    assert len({n["id"] for n in to_document(clash + out)["nodes"]}) == 6


def test_order_in_the_file_is_free():
    document = to_document(read("sin(x)*exp(x) + x").build({"x": 0.3}).output)
    nodes = document["nodes"]
    random.Random(1).shuffle(nodes)
    wanted = math.sin(0.3) * math.exp(0.3) + 0.3
    assert from_document(document).output.value == pytest.approx(wanted)


def test_values_of_inner_nodes_are_computed_and_not_believed():
    assert from_document(read_json(graph(node("square", value=99.0)))).output.value == 4.0


def test_unknown_keys_are_ignored():
    found = from_document(read_json(graph(node("square", label="x", grad=[[1]]), later={"a": 1})))
    assert found.output.value == 4.0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[1]", "no graph of autograd-lab"),
        (b'{"schema": "autograd-lab/explain/9"}', SCHEMA),
        (b"\xff", "UTF-8"),
        (b"{", "no JSON"),
        (b'{"a": 1, "a": 2}', "'a' is given twice"),
        (b'{"a": 1e999}', "range of floats"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b"[" * 10_000, "too deep"),
        (b" " * 10_000_001, "10,000,001 bytes"),
        (graph(node("sin", ["y"])), "depends on itself"),
        (graph(node("sin", ["q"])), "'q', which is no node"),
        (graph(node("system")), "unknown operation 'system'"),
        (graph(node("add")), "has 1 inputs, not 2"),
        (graph(node("sin"), node("sin")), "two nodes have the id 'y'"),
        (graph(node("sin", name="x")), "two nodes have the name 'x'"),
        (graph(node("sin", name="__proto__")), "'__proto__'"),
        (graph({**node("sin"), "id": "__proto__"}), "has the id '__proto__'"),
        (graph(node("elu", attrs={"beta": 1})), "no attribute 'beta'"),
        (graph(node("elu", attrs={"alpha": "1"})), "wants a finite number"),
        (graph(node("cast", attrs={"dtype": "object"})), "wants one of float64"),
        (graph(node("reshape")), "needs the attribute 'shape'"),
        (graph(node("broadcast_to", attrs={"shape": [1000, 1000]})), "more than 100,000 numbers"),
        (graph(array([1, 2]), node("add", ["a", "a"], shape=[3])), "has shape [2], not a list"),
        (graph(array([1, [2]])), "is no number"),
        (graph(array([[1], [2, 3]])), "different lengths"),
        (graph(array([1.5], dtype="int64")), "does not fit into int64"),
        (
            graph(*({"id": f"a{i}", "value": 1} for i in range(MAX_NODES))),
            f"{MAX_NODES + 1:,} nodes",
        ),
        (graph(output="q"), "output 'q' is no node"),
        (graph(node("sin"), wrt=["q"]), "wrt 'q' is no node"),
        (graph({"id": "y"}), "neither an operation nor a value"),
    ],
)
def test_refusals(data, words):
    assert words in refused(data)


def test_too_much_work_is_refused_before_it_is_done():
    many = {"id": "a", "value": [[1] * 200] * 200}
    product = node("einsum", ["a", "a", "a"], attrs={"subscripts": "ij,kl,mn->"})
    assert "10,000,000 products" in refused(graph(many, product))


def test_every_attribute_of_every_operation_is_known():
    for op in OPS.values():
        # files refuse operations with an index: how much it makes of its arrays is not bounded
        assert op.attrs.keys() <= {*KINDS, "index"}, op


def test_the_example_of_the_other_tests_is_a_graph():
    assert from_document(read_json(graph(node("square")))).leaves["x"].value == X["value"]
