"""Functions to functions: the gradient, and products of Jacobian and Hessian with a vector.

Arguments and answers may be numbers, arrays, and tuples, lists and dicts of them, nested.  Inside
the function every array of a chosen argument is a node of its own, so that derivatives of
derivatives cannot confuse their variables: nodes are told apart by identity, not by value.

Plain arguments give plain answers: float32 for a float32 argument, a Python float for a Python
float.  A node from outside, as an argument or used inside the function, gives nodes, which can be
differentiated again: that is all that ``grad(grad(f))`` needs.  What a function does not depend
on has slope zero.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node, constant
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.transforms.recorded import Argnums, Function, dot, in_dtype, record
from autograd_lab.transforms.tangents import push
from autograd_lab.transforms.trees import Tree, entries, matched, rebuild


def grad(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """The function that gives df/d(argument), in the shape of the argument.

    ``f`` must return one number.  For several ``argnums`` the answer is a tuple.  With ``has_aux``
    f returns (number, anything else) and the answer is (slopes, anything else).  What float(),
    math or numpy.asarray take out of a node is a constant: no gradient passes through.

    >>> from autograd_lab import ops
    >>> grad(ops.sin)(0.0)
    1.0
    >>> grad(grad(lambda x: x**3.0))(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 5.0})
    {'w': 5.0, 'b': 2.0}
    """
    both = value_and_grad(f, argnums, has_aux=has_aux)

    @functools.wraps(f)
    def slopes(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return slopes


def value_and_grad(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """The function that gives (value, slopes) of one evaluation; see ``grad``.

    With ``has_aux`` the value is the pair (number, anything else) that f returned.

    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (10.0, (5.0, 2.0))
    """

    @functools.wraps(f)
    def both(*args: Any, **kwargs: Any) -> Any:
        call = record(f, args, kwargs, argnums, has_aux)
        output = call.number()
        slopes = call.like_arguments(gradient(output, call.nodes, create_graph=call.nested))
        value = call.answer(output)
        return ((value, call.answer(call.aux)) if has_aux else value), slopes

    return both


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """f(*primals), and the function g -> (gᵀ df/d(primal), one for each primal).

    ``g`` has the shape of f's answer.  One backward walk for each call, however many primals.

    >>> y, pull = vjp(lambda a, b: (a * b, a + b), 2.0, 5.0)
    >>> y
    (10.0, 7.0)
    >>> pull((1.0, 0.0))
    (5.0, 2.0)
    """
    primals = tuple(rebuild(primals, [_own(x) for x in entries(primals)]))
    call = record(f, primals, {}, tuple(range(len(primals))))

    def pull(g: Tree) -> tuple[Any, ...]:
        seeds = [
            in_dtype(seed, y, "g")
            for seed, y in zip(matched(call.output, g, "g"), call.outputs, strict=True)
        ]
        nested = call.nested or any(isinstance(seed, Node) for seed in seeds)
        slopes = gradient(dot(call.outputs, seeds), call.nodes, create_graph=nested)
        return tuple(call.like_arguments(slopes))

    return rebuild(call.output, [_own(call.answer(y)) for y in call.outputs]), pull


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f(*primals), and its derivative along the tangents: d/dt f(primals + t tangents) at t = 0.

    Forward mode, made of the rules of reverse mode (``tangents.push``): one walk, however many
    outputs.

    >>> jvp(lambda a, b: (a * b, a + b), (2.0, 5.0), (1.0, 0.0))
    ((10.0, 7.0), (5.0, 1.0))
    """
    primals, tangents = tuple(primals), tuple(tangents)
    call = record(f, primals, {}, tuple(range(len(primals))))
    directions = call.directions(tangents)
    nested = call.nested or any(isinstance(t, Node) for t in directions)
    if nested:
        directions = [t if isinstance(t, Node) else constant(t) for t in directions]
    moved = push(call.outputs, dict(zip(call.nodes, directions, strict=True)), create_graph=nested)
    return call.answer(call.output), rebuild(call.output, moved)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """The Hessian of f times the tangents, one answer for each primal; no matrix is formed.

    The gradient of (gradient · tangents): two backward walks, however many numbers.

    >>> hvp(lambda x, y: x * x * y, (2.0, 5.0), (1.0, 0.0))
    (10.0, 4.0)
    """
    primals, tangents = tuple(primals), tuple(tangents)
    call = record(f, primals, {}, tuple(range(len(primals))))
    directions = call.directions(tangents)
    nested = call.nested or any(isinstance(t, Node) for t in directions)
    slopes = gradient(call.number(), call.nodes, create_graph=True)
    found = gradient(dot(slopes, directions), call.nodes, create_graph=nested)
    return tuple(call.like_arguments(found))


def _own(x: Any) -> Any:
    """A copy, where the caller could change an array that is still needed."""
    return x.copy() if isinstance(x, np.ndarray) else x
