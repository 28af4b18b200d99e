"""Graph to JSON document and back, so that what one command wrote another can replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.errors import ExpressionError
from autograd_lab.graph import OPS, Node, Op, leaf, toposort
from autograd_lab.language.attributes import (
    MAX_WORK,
    check_fit,
    checked_attributes,
    size,
    work,
)
from autograd_lab.language.json_text import read_json, to_json_number
from autograd_lab.language.leaf_values import MAX_NUMBERS, leaf_value, too_many_numbers
from autograd_lab.language.names import name_fault
from autograd_lab.language.node_table import REWRITE, Entry, in_order, is_id, node_table
from autograd_lab.language.refusal import printable, refusal, shown

__all__ = ["SCHEMA", "Document", "from_document", "read_json", "to_document"]

SCHEMA = "autograd-lab/explain/1"
MAX_SCOPES = 16

_NO_NAME = ("is no text", "Write a name in quotes, or null.")


@dataclass(frozen=True)
class Document:
    """A graph read from a document: as an expression's graph, with ``wrt`` and all nodes by id."""

    output: Node
    leaves: dict[str, Node]
    assigned: dict[str, Node]
    wrt: list[Node]
    nodes: dict[str, Node]


def to_document(
    output: Node, wrt: Sequence[Node] = (), names: Mapping[Node, str] | None = None
) -> dict[str, Any]:
    """The graph below ``output`` as data for JSON; ``names`` become ids where they can.

    >>> from autograd_lab.graph import leaf
    >>> x = leaf(3.0, "x")
    >>> document = to_document(x * x, [x])
    >>> document["output"], document["wrt"], document["nodes"][1]["inputs"]
    ('n1', ['x'], ['x', 'x'])
    >>> from_document(document).output
    <multiply 9.0>
    """
    order = toposort([output, *wrt])
    ids: dict[Node, str] = {}
    taken: set[str] = set()
    for place, node in enumerate(order):
        wanted = (names or {}).get(node) or node.name or ""
        if not is_id(wanted) or wanted in taken:
            wanted = f"n{place}"
        while wanted in taken:
            wanted += "-"
        ids[node] = wanted
        taken.add(wanted)
    return {
        "schema": SCHEMA,
        "nodes": [_entry(node, ids) for node in order],
        "output": ids[output],
        "wrt": [ids[node] for node in wrt],
    }


def _entry(node: Node, ids: Mapping[Node, str]) -> Entry:
    return {
        "id": ids[node],
        "op": node.op.name if node.op else None,
        "inputs": [ids[x] for x in node.inputs],
        "name": node.name,
        "attrs": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in node.attrs.items()
        },
        "shape": list(node.shape),
        "dtype": str(node.dtype),
        "scope": list(node.scope),
        "value": to_json_number(np.asarray(node.value).tolist()),
    }


def from_document(data: Any) -> Document:
    """The graph that a document describes; values of inner nodes are computed afresh.

    Keys that are not known are ignored.  Raises ExpressionError for anything that is no graph:
    another schema, cycles, unknown operations and ids, attributes and values that do not fit, more
    than MAX_NODES nodes, MAX_DEPTH operations in a row or MAX_NUMBERS numbers.
    """
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise refusal(
            "the file is no graph of autograd-lab",
            remedy=f'It must be an object with "schema": "{SCHEMA}".',
        )
    entries = node_table(data.get("nodes"))
    nodes: dict[str, Node] = {}
    room = MAX_NUMBERS
    with np.errstate(all="ignore"):  # inf and nan are values here, and said in words later
        for key in in_order(entries):
            nodes[key] = _node(entries[key], nodes, room)
            room -= size(nodes[key].shape)
            if room < 0:
                raise too_many_numbers()
    output = _reference(data.get("output"), nodes, "output")
    wrt = data.get("wrt", [])
    if not isinstance(wrt, list):
        raise refusal("wrt is no list of ids", remedy=REWRITE)
    named = _named(entries, nodes)
    return Document(
        output,
        {name: node for name, node in named.items() if node.op is None},
        {name: node for name, node in named.items() if node.op is not None},
        [_reference(key, nodes, "wrt") for key in wrt],
        nodes,
    )


def _node(entry: Entry, nodes: Mapping[str, Node], room: int) -> Node:
    key, op = entry["id"], entry.get("op")
    name = entry.get("name")
    if name is not None and (fault := name_fault(name) if isinstance(name, str) else _NO_NAME):
        raise refusal(f"node '{key}': the name {shown(name)} {fault[0]}", remedy=fault[1])
    inputs = [nodes[x] for x in entry.get("inputs", [])]
    if op is None:
        node = leaf(_leaf_value(entry, room), name)
    else:
        node = _applied(OPS[op], inputs, entry, room)
        node.name = name
    node.scope = _scope(entry)
    shape = entry.get("shape")
    if shape is not None and shape != list(node.shape):
        raise refusal(
            f"node '{key}' has shape {list(node.shape)}, not {shown(shape)}",
            remedy="Leave shape out, or correct it.",
        )
    return node


def _applied(op: Op, inputs: Sequence[Node], entry: Entry, room: int) -> Node:
    """The operation on its inputs, after a look at how much work it would be."""
    place = f"node '{entry['id']}'"
    attrs = checked_attributes(op, entry.get("attrs", {}), place)
    shapes = [x.shape for x in inputs]
    try:
        numbers, products = work(op, shapes, attrs)
        if numbers > room:
            raise too_many_numbers()
        if products > MAX_WORK:
            raise refusal(
                f"{place}: '{op.name}' would add up more than {MAX_WORK:,} products",
                remedy="Give a smaller graph.",
            )
        check_fit(op, shapes, attrs)
        node: Node = op(*inputs, **attrs)
    except ExpressionError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise refusal(
            f"{place}: '{op.name}' cannot take inputs of shape "
            f"{printable(', '.join(map(str, shapes)))}",
            remedy=printable(str(error).partition("\n")[0], 74),
        ) from error
    return node


def _leaf_value(entry: Entry, room: int) -> Any:
    place = f"node '{entry['id']}'"
    if entry.get("attrs"):
        raise refusal(f"{place} has attrs but no operation", remedy="Leave attrs out.")
    if "value" not in entry:
        raise refusal(f"{place} has neither an operation nor a value", remedy=REWRITE)
    return leaf_value(entry["value"], entry.get("dtype"), place, room)


def _scope(entry: Entry) -> tuple[str, ...]:
    parts = entry.get("scope", [])
    fits = isinstance(parts, list) and len(parts) <= MAX_SCOPES
    if not fits or not all(is_id(part) for part in parts):
        raise refusal(
            f"node '{entry['id']}': scope {shown(parts)} is no list of names",
            remedy=f'At most {MAX_SCOPES} words, as in ["hidden"].',
        )
    return tuple(parts)


def _reference(key: Any, nodes: Mapping[str, Node], what: str) -> Node:
    if not isinstance(key, str) or key not in nodes:
        raise refusal(f"{what} {shown(key)} is no node of the graph", remedy=REWRITE)
    return nodes[key]


def _named(entries: Mapping[str, Entry], nodes: Mapping[str, Node]) -> dict[str, Node]:
    named: dict[str, Node] = {}
    for key in entries:
        name = nodes[key].name
        if name is not None and name in named:
            raise refusal(f"two nodes have the name '{name}'", remedy="Give each its own.")
        if name is not None:
            named[name] = nodes[key]
    return named
