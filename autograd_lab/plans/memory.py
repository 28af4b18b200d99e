"""Where the values of a plan live: named arrays, made once, and used again when they are free."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab.graph import Node
from autograd_lab.variables import Variable

Array = np.ndarray[Any, Any]
NEVER = -1
ALWAYS = 1 << 60


class Memory:
    """Names for values, the arrays behind them, and until when each is needed.

    ``names`` gives the name of every node that has a place; ``arrays`` what stands behind a name,
    unless it is a number of one run.  ``lives`` is the position up to which an array is needed.  A
    view lives in the array it looks at: its ``base``.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace: dict[str, Any] = dict(namespace)
        self.names: dict[Node, str] = {}
        self.arrays: dict[str, Array] = {}
        self.base: dict[str, str] = {}
        self.lives: dict[str, int] = {}
        self.looked: dict[str, int] = {}  # until when views of an array are read
        self.free: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        self.pooled: set[str] = set()

    # --- names ------------------------------------------------------------------------------------

    def fresh(self, word: str, value: Any = None) -> str:
        """A name nobody has yet, for a value or for a number of one run."""
        name, count = word, 1
        while name in self.namespace:
            count += 1
            name = f"{word}_{count}"
        self.namespace[name] = value
        return name

    def array(self, word: str, array: Array, lives: int = ALWAYS) -> str:
        """A name for an array that is there."""
        name = self.fresh(word, array)
        self.arrays[name] = array
        self.lives[name] = lives
        return name

    def of(self, node: Node) -> Array | None:
        """The array in which a node's value lives, if it is one."""
        return self.arrays.get(self.names.get(node, ""))

    # --- places that are used again ---------------------------------------------------------------

    def take(self, node: Node, lives: int) -> str:
        """An array of the node's form that nobody needs any more, or a new one."""
        pool = self.free[node.shape, node.dtype.str]
        name = pool.pop() if pool else self.array("b", np.empty(node.shape, node.dtype))
        self.pooled.add(name)
        self.names[node] = name
        self.lives[name] = lives
        return name

    def look(self, node: Node, x: Node, view: Array, lives: int) -> None:
        """The node's value is another look at the array of x."""
        source = self.names[x]
        root = self.base.get(source, source)
        self.names[node] = self.array(f"{source}_view", view)
        self.base[self.names[node]] = root
        self.lives[root] = max(self.lives[root], lives)
        self.looked[root] = max(self.looked.get(root, NEVER), lives)

    def release(self, nodes: Iterable[Node], position: int, kept: str) -> None:
        """Arrays of these nodes go back to the pool, if nobody needs them from here on."""
        kept = self.base.get(kept, kept)
        for x in dict.fromkeys(nodes):
            name = self.names[x]
            root = self.base.get(name, name)
            if root in self.pooled and root != kept and self.lives[root] <= position:
                array = self.arrays[root]
                self.free[array.shape, array.dtype.str].append(root)
                self.lives[root] = ALWAYS

    def dies(self, x: Node, last: int, position: int) -> bool:
        """Whether the array of x may be written over: it is ours, and read for the last time."""
        name = self.names[x]
        return name in self.pooled and last == position and self.lives[name] <= position


# --- arrays side by side --------------------------------------------------------------------------


def side_by_side(members: Sequence[Any], dtype: Any = None) -> tuple[Array, list[Array]]:
    """One flat array that holds the values of all, and a view of each one's part."""
    flat = np.concatenate([np.ravel(m.value) for m in members]).astype(dtype or members[0].dtype)
    ends = np.cumsum([m.size for m in members])
    views = [
        flat[end - m.size : end].reshape(m.shape) for m, end in zip(members, ends, strict=True)
    ]
    return flat, views


def homes(members: Sequence[Variable]) -> tuple[Array, list[Array]] | None:
    """The flat array in which these lie side by side already, if another plan put them so."""
    found = [m.home for m in members if m.home is not None]
    if len(found) != len(members) or not isinstance(found[0].base, np.ndarray):
        return None
    flat = found[0].base
    at = start = _address(flat)
    for home in found:
        if home.base is not flat or _address(home) != at:
            return None
        at += home.nbytes
    return (flat, found) if flat.ndim == 1 and at == start + flat.nbytes else None


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def read_only(array: Array) -> Array:
    """A view that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def word(text: Any) -> str:
    """A name that may stand in code: ASCII letters, digits and underlines.

    >>> word("dense/kernel"), word("1st")
    ('dense_kernel', 'v_1st')
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", str(text))
    return plain if plain[:1].isalpha() else f"v_{plain}"
