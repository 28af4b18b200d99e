"""Tuples, lists and dicts of arrays, nested as one likes: their arrays, and the same shape again.

Everything that is no tuple, list or dict is an array (or number) of the tree; ``None`` holds none.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

from autograd_lab.errors import UsageError

Tree: TypeAlias = Any  # an array, or a tuple, list or dict of trees


def named_entries(tree: Tree, name: str = "") -> list[tuple[str, Any]]:
    """The arrays of a tree, each with the words that lead to it.

    >>> named_entries({"w": [1.0, 2.0], "b": 3.0}, "params")
    [("params['w'][0]", 1.0), ("params['w'][1]", 2.0), ("params['b']", 3.0)]
    """
    if tree is None:
        return []
    if not _is_branch(tree):
        return [(name, tree)]
    return [
        found for key, part in _parts(tree) for found in named_entries(part, f"{name}[{key!r}]")
    ]


def entries(tree: Tree) -> list[Any]:
    """The arrays of a tree, in the order in which they are written."""
    return [entry for _, entry in named_entries(tree)] if _is_branch(tree) else _single(tree)


def rebuild(like: Tree, found: Iterable[Any]) -> Tree:
    """A tree of the same shape with other arrays, taken in order.

    >>> rebuild({"w": [1.0, 2.0], "b": 3.0}, "xyz")
    {'w': ['x', 'y'], 'b': 'z'}
    """
    return _rebuild(like, iter(found))


def _rebuild(like: Tree, found: Iterator[Any]) -> Tree:
    if like is None:
        return None
    if not _is_branch(like):
        return next(found)
    parts = [(key, _rebuild(part, found)) for key, part in _parts(like)]
    if isinstance(like, dict):
        made = copy.copy(like)  # an OrderedDict or defaultdict stays one
        made.update(parts)
        return made
    values = [part for _, part in parts]
    if isinstance(like, list):
        return values
    return like._make(values) if hasattr(like, "_make") else tuple(values)


def matched(like: Tree, tree: Tree, what: str) -> list[Any]:
    """The arrays of ``tree``, which must have the shape of ``like`` in every branch and array.

    >>> matched((1.0, [2.0]), (5.0, [6.0]), "tangent")
    [5.0, 6.0]
    >>> matched((1.0, [2.0]), (5.0, 6.0), "tangent")
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: tangent[1]: a list of 1 is wanted, not a number
    """
    if not _is_branch(like) and not _is_branch(tree):
        if (like is None) != (tree is None) or np.shape(like) != np.shape(tree):
            raise UsageError(f"{what}: {_kind(like)} is wanted, not {_kind(tree)}")
        return _single(tree)
    if _branch(like) is not _branch(tree) or _keys(like) != _keys(tree):
        raise UsageError(f"{what}: {_kind(like)} is wanted, not {_kind(tree)}")
    if isinstance(like, dict):
        pairs = [(key, like[key], tree[key]) for key in like]  # the order of keys may differ
    else:
        pairs = [(i, a, b) for i, (a, b) in enumerate(zip(like, tree, strict=True))]
    return [found for key, a, b in pairs for found in matched(a, b, f"{what}[{key!r}]")]


def _single(tree: Tree) -> list[Any]:
    return [] if tree is None else [tree]


def _branch(tree: Tree) -> type | None:
    return next((kind for kind in (tuple, list, dict) if isinstance(tree, kind)), None)


def _is_branch(tree: Tree) -> bool:
    return isinstance(tree, (tuple, list, dict))


def _parts(tree: Tree) -> Iterable[tuple[Any, Tree]]:
    return tree.items() if isinstance(tree, dict) else enumerate(tree)


def _keys(tree: Tree) -> Any:
    return set(tree) if isinstance(tree, dict) else len(tree)


def _kind(tree: Tree) -> str:
    """What a tree is, in a few words for a message."""
    if isinstance(tree, dict):
        return f"a dict with {', '.join(map(repr, tree)) or 'no keys'}"
    if _is_branch(tree):
        return f"a {'tuple' if isinstance(tree, tuple) else 'list'} of {len(tree)}"
    if tree is None:
        return "None"
    shape = np.shape(tree)
    return f"an array of shape {shape}" if shape else "a number"
