"""One call of a user's function, recorded: what went in as nodes, and what came out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import ops
from autograd_lab.errors import GradientError, UsageError
from autograd_lab.graph import Node, constant, leaf, plain, toposort, watched
from autograd_lab.transforms.trees import Tree, entries, matched, named_entries, rebuild

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


@dataclass(frozen=True)
class Call:
    """A call of a function: its chosen arguments as nodes, its output, and how to answer.

    ``nested``: a node from outside took part, so that answers are nodes too.
    """

    name: str
    arguments: Tree  # the chosen ones, as they were given
    nodes: list[Node]
    output: Tree
    outputs: list[Node]
    aux: Any
    nested: bool

    def number(self) -> Node:
        """The output, if it is one number."""
        if isinstance(self.output, (tuple, list, dict)):
            raise GradientError(
                f"{self.name} returned a {type(self.output).__name__}, but a gradient is of one "
                "number; add the parts up, use has_aux=True for a pair (number, anything else), "
                "or jacobian or vjp"
            )
        (output,) = self.outputs
        if output.shape:
            raise GradientError(
                f"{self.name} returned an array of shape {output.shape}, but a gradient is of one "
                "number; return its sum or mean, or use jacobian or vjp"
            )
        return output

    def answer(self, tree: Tree) -> Tree:
        """What a caller may see of nodes: their values, or the nodes themselves if nested."""
        if self.nested:
            return tree
        return rebuild(tree, [x.value if isinstance(x, Node) else x for x in entries(tree)])

    def like_arguments(self, slopes: list[Any]) -> Tree:
        return rebuild(self.arguments, slopes)

    def directions(self, tangents: Tree) -> list[Any]:
        """One vector for each node, from a tree of the arguments' shape."""
        found = matched(self.arguments, tangents, "tangents")
        return [in_dtype(t, x, "tangents") for t, x in zip(found, self.nodes, strict=True)]


def record(
    f: Function,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    argnums: Argnums,
    has_aux: bool = False,
) -> Call:
    """Call f with a node of its own for every number of the chosen arguments."""
    name = getattr(f, "__name__", type(f).__name__)
    nodes: list[Node] = []
    inside = list(args)
    chosen = _positions(argnums, len(args), name)
    with watched() as first:  # nodes made before come from outside
        for k in chosen:
            fresh = [_fresh(x, what) for what, x in named_entries(args[k], f"argument {k}")]
            inside[k] = rebuild(args[k], fresh)
            nodes += fresh
        output, aux = f(*inside, **kwargs), None
    if has_aux:
        output, aux = _pair(output, name)
    outputs = output_nodes(output, name)
    roots = [*outputs, *(x for x in entries(aux) if isinstance(x, Node))]
    below = toposort(roots, stop=set(nodes))
    nested = any(x.inputs for x in nodes) or bool(below and below[0].serial < first)
    arguments = args[chosen[0]] if isinstance(argnums, int) else tuple(args[k] for k in chosen)
    return Call(name, arguments, nodes, output, outputs, aux, nested)


def _positions(argnums: Argnums, count: int, name: str) -> list[int]:
    """The places of the chosen arguments, counted from 0."""
    asked = argnums if isinstance(argnums, tuple) else (argnums,)
    for k in asked:
        if type(k) is not int:
            raise UsageError(f"argnums={argnums!r}: give a whole number or a tuple of them")
        if not -count <= k < count:
            raise UsageError(
                f"argnums={argnums!r}: {name} was called with {count} positional "
                f"argument{'s' * (count != 1)}; they count from 0"
            )
    places = [k % count for k in asked]
    if len(set(places)) < len(places):
        raise UsageError(f"argnums={argnums!r} names one argument twice; name each once")
    return places


def _fresh(x: Any, what: str) -> Node:
    """A node of its own for a number: a leaf, or for a node of an outer graph its identity."""
    if type(x) is float:
        return leaf(x, what)
    if isinstance(x, Node):
        kind = x.dtype
    else:
        try:
            kind = np.asarray(x).dtype  # before plain makes a float of a Python int
            plain(x)
        except (UsageError, ValueError) as error:
            raise UsageError(f"{what}: {error}") from error
    if kind.kind != "f":
        raise GradientError(
            f"{what} holds {kind} values, which cannot change by small amounts; make it a float "
            "(3.0 instead of 3), or leave it out of argnums"
        )
    return ops.identity(x) if isinstance(x, Node) else leaf(x, what)


def _pair(output: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(output, tuple) or len(output) != 2:
        raise GradientError(f"has_aux=True: {name} must return a pair (number, anything else)")
    return output


def output_nodes(output: Tree, name: str) -> list[Node]:
    """What a function returned, as nodes; a plain number is a constant."""
    if output is None:
        raise GradientError(f"{name} returned None; does it lack a return?")
    return [_output(y, name) for y in entries(output)]


def _output(y: Any, name: str) -> Node:
    try:
        node = y if isinstance(y, Node) else constant(y)
    except UsageError as error:
        raise GradientError(f"{name} returned what is no number: {error}") from error
    if isinstance(y, Node) or node.dtype.kind == "b":
        if node.dtype.kind != "f":
            raise GradientError(
                f"{name} returned {node.dtype} values, which have no slope; return floats"
            )
        return node
    return node if node.dtype.kind == "f" else constant(np.asarray(y, float))


# --- vectors -------------------------------------------------------------------------------------


def in_dtype(t: Any, like: Node, what: str) -> Any:
    """A vector in the width of what it is multiplied with: float32 stays float32."""
    if isinstance(t, Node):
        return t if t.dtype == like.dtype else ops.cast(t, dtype=str(like.dtype))
    try:
        value = plain(t)
    except UsageError as error:
        raise UsageError(f"{what}: {error}") from error
    return plain(np.asarray(value, like.dtype))


def dot(nodes: Sequence[Node], weights: Sequence[Any]) -> Node:
    """The sum of all products of entries."""
    terms = [ops.sum(y * w) if y.shape else y * w for y, w in zip(nodes, weights, strict=True)]
    return functools.reduce(lambda a, b: a + b, terms) if terms else constant(0.0)
