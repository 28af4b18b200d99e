"""Jacobian and Hessian: every slope of every output, written out."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lab import ops
from autograd_lab.graph import OPS, Node, constant, plain
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.transforms.gradients import grad
from autograd_lab.transforms.recorded import Argnums, Call, Function, dot, record
from autograd_lab.transforms.tangents import push
from autograd_lab.transforms.trees import rebuild


def jacobian(f: Function, argnums: Argnums = 0) -> Function:
    """The function that gives df/d(argument), an array of shape f's shape + the argument's shape.

    For an f that returns a tuple, list or dict the answer is one too, of the slopes of each part;
    for such an argument each of them is again one.  Rows by reverse mode, or columns by forward
    mode where there are fewer of them.

    >>> from autograd_lab import ops
    >>> import numpy as np
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def slopes(*args: Any, **kwargs: Any) -> Any:
        call = record(f, args, kwargs, argnums)
        rows, columns = _size(call.outputs), _size(call.nodes)
        blocks = _by_rows(call) if rows <= columns else _by_columns(call)
        return rebuild(call.output, [call.like_arguments(block) for block in blocks])

    return slopes


def hessian(f: Function, argnums: Argnums = 0) -> Function:
    """The function that gives d²f/d(argument)², of shape the argument's shape twice.

    For trees and several ``argnums`` the answer is nested as in ``jacobian``.

    >>> hessian(lambda x, y: x * x * y, argnums=(0, 1))(2.0, 5.0)
    ((10.0, 4.0), (4.0, 0.0))
    """
    return jacobian(grad(f, argnums), argnums)


# --- blocks: dy/dx for one output y and one argument x -------------------------------------------


def _size(nodes: Sequence[Node]) -> int:
    return sum(math.prod(node.shape) for node in nodes)


def _units(node: Node) -> Iterator[Any]:
    """The unit vectors of a node's shape and dtype."""
    for at in np.ndindex(node.shape):
        unit = np.zeros(node.shape, node.dtype)
        unit[at] = 1
        yield plain(unit)


def _by_rows(call: Call) -> list[list[Any]]:
    """Reverse mode: one walk for each number that comes out."""
    blocks = []
    for y in call.outputs:
        rows = [
            gradient(dot([y], [unit]), call.nodes, create_graph=call.nested) for unit in _units(y)
        ]
        blocks.append([_block([row[k] for row in rows], y, x) for k, x in enumerate(call.nodes)])
    return blocks


def _by_columns(call: Call) -> list[list[Any]]:
    """Forward mode: one walk for each number that goes in."""
    blocks: list[list[Any]] = [[] for _ in call.outputs]
    for x in call.nodes:
        units = [constant(unit) if call.nested else unit for unit in _units(x)]
        columns = [push(call.outputs, {x: unit}, create_graph=call.nested) for unit in units]
        for k, (y, block) in enumerate(zip(call.outputs, blocks, strict=True)):
            block.append(_block([column[k] for column in columns], y, x, columns=True))
    return blocks


def _block(parts: list[Any], y: Node, x: Node, columns: bool = False) -> Any:
    """Rows (or columns) put together to the shape of y, then that of x; in x's dtype."""
    shape = (*y.shape, *x.shape)
    if not shape:
        return parts[0]
    if not parts or not any(isinstance(part, Node) for part in parts):
        flat = [np.ravel(part) for part in parts]
        block = np.array(flat, dtype=x.dtype).T if columns else np.array(flat, dtype=x.dtype)
        return block.reshape(shape).copy()
    size = math.prod(parts[0].shape)
    node = OPS["concatenate"](*[ops.reshape(part, shape=(1, size)) for part in parts], axis=0)
    node = ops.reshape(ops.transpose(node) if columns else node, shape=shape)
    return node if node.dtype == x.dtype else ops.cast(node, dtype=str(x.dtype))
