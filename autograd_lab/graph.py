"""The graph in the middle: operations, nodes, and the one walk over edges that its readers share.

Letters used in every rule of the project: ``y`` is this node, ``x`` (or ``a, b``) its inputs,
``g`` the adjoint dC/dy that arrives from above.

A node always carries a value, so building the graph *is* evaluating it; ``interpreters.replay``
evaluates it again with other leaves.  A scalar holds a Python ``float``, a tensor a NumPy array.
Nodes keep no state of a backward pass: every reader answers with a dictionary of its own.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np

from autograd_lab.errors import (
    AutogradLabError,
    GradientError,
    LostGradientWarning,
    ShapeError,
    UsageError,
    warn_user,
)

Value: TypeAlias = Any  # a float, a bool (of a comparison) or a numpy array of them
Pull: TypeAlias = Callable[..., Any]  # (g, y, *inputs, **attrs) -> g times dy/dx, for one input x
T = TypeVar("T")

NO_ATTRS: Mapping[str, Any] = MappingProxyType({})
REQUIRED = "(required)"  # stands in Op.attrs for an attribute without a default
OPS: dict[str, Op] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}  # by NumPy's names; filled where they are defined
# NumPy's questions about values that no gradient passes through: answered on the plain values.
PLAIN_ANSWERS = {
    "shape", "ndim", "size", "zeros_like", "ones_like", "full_like", "empty_like", "allclose",
    "isclose", "array_equal", "isfinite", "isinf", "isnan", "array_repr", "array_str",
    "result_type", "may_share_memory", "shares_memory",
}  # fmt: skip
next_serial = itertools.count().__next__
_scope: tuple[str, ...] = ()
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)  # inf and nan are no alarm already
_recorded = False  # whether a step is being recorded
_watched_from = float("inf")  # nodes made since then are being differentiated


class Op:
    """One operation with all its faces; calling it records a node, or just computes.

    ``forward``  values -> value, NumPy's function where it has one.
    ``scalar``   the same for Python floats, with IEEE results (1/0 is inf) instead of exceptions.
    ``vjp``      one function per input, ``(g, y, *inputs, **attrs) -> g * dy/dx``, in operations
                 that work on plain values and on nodes alike; ``None`` where there is no slope on
                 purpose.  For an op of any number of inputs, a function index -> such a function.
    ``formula``  ``(m, *inputs, **attrs)`` in a mathematics ``m`` (SymPy's or mpmath's functions).
    ``label``    the sign used in pictures.  ``symbol`` is a letter that stands for the function in
                 formulas, so that its slope is written sigma'(z) and not spelled out.
    ``attrs``    its attributes and their defaults (REQUIRED where there is none).
    ``kink``     values -> True where the slope is a convention (see ``ops.KINKS``).
    ``selects``  the op passes an exact zero adjoint to a branch that was not taken;
    ``bounded``  its slope is finite whatever comes in, so that it keeps such a zero a zero.
    ``smooth``   every input has a slope.
    ``out`` and ``view`` tell a compiled plan whether forward takes ``out=`` or returns a view.
    """

    __slots__ = (
        "arity", "attrs", "bounded",
        "elementwise", "formula", "forward", "kink", "label", "name", "out",
        "scalar", "selects", "single", "smooth", "symbol", "view", "vjp",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        label: str,
        forward: Callable[..., Value],
        vjp: tuple[Pull | None, ...] | Callable[[int], Pull],
        formula: Callable[..., Any] | None = None,
        scalar: Callable[..., Value] | None = None,
        attrs: Mapping[str, Any] = NO_ATTRS,
        symbol: str = "",
        kink: Callable[..., Any] | None = None,
        elementwise: bool = False,
        selects: bool = False,
        bounded: bool = False,
        out: bool = False,
        view: bool = False,
    ) -> None:
        self.name = name
        self.label = label
        self.forward = forward
        self.vjp = vjp
        self.arity = len(vjp) if isinstance(vjp, tuple) else None
        self.single = scalar is not None and self.arity == 1 and not attrs
        self.smooth = not isinstance(vjp, tuple) or None not in vjp
        self.formula = formula or (lambda _m, *xs, **attrs: forward(*xs, **attrs))
        self.scalar = scalar
        self.attrs = attrs
        self.symbol = symbol
        self.kink = kink
        self.elementwise = elementwise
        self.selects = selects
        self.bounded = bounded
        self.out = out
        self.view = view

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _op_by_name, (self.name,)

    def pull(self, index: int) -> Pull | None:
        """The rule for input number ``index``, or None if it has no slope on purpose."""
        return self.vjp[index] if isinstance(self.vjp, tuple) else self.vjp(index)

    def evaluate(self, values: Sequence[Value], attrs: Mapping[str, Any] = NO_ATTRS) -> Value:
        """The forward value of plain inputs; floats stay floats, and inf and nan are no alarm."""
        if self.scalar is not None:
            for value in values:
                if type(value) is not float and type(value) is not bool:
                    break
            else:
                return self.scalar(*values, **attrs)
        if _quiet.get():
            return self.on_arrays(values, attrs)
        with np.errstate(all="ignore"):
            return self.on_arrays(values, attrs)

    def on_arrays(self, values: Sequence[Value], attrs: Mapping[str, Any]) -> Value:
        """The forward value by NumPy; a misfit names the operation and the shapes."""
        try:
            value = self.forward(*values, **attrs)
        except (ValueError, IndexError, TypeError) as error:
            shapes = " and ".join(str(np.shape(value)) for value in values)
            hint = (
                ": each axis must be equal or 1, counted from the last" if self.elementwise else ""
            )
            raise ShapeError(f"{self.name} of shape {shapes}: {error}{hint}") from error
        return value if np.ndim(value) else plain(value)

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        """Record a node if any input is one, else compute on the plain values."""
        if len(inputs) == 1 and type(inputs[0]) is Node and not attrs and self.single:
            value = inputs[0].value  # graphs of numbers are large: the short way for a number
            if type(value) is float:
                return Node(self, self.scalar(value), inputs[0])  # type: ignore[misc]
        if len(inputs) != self.arity and self.arity is not None:
            inputs, attrs = self._bind(inputs, attrs)
        if attrs or self.attrs is not NO_ATTRS:
            attrs = self._complete(attrs)
        recorded, values = False, []
        for x in inputs:
            if type(x) is not float:
                if isinstance(x, Node):
                    recorded, x = True, x.value
                else:
                    x = plain(x)
            values.append(x)
        value = self.evaluate(values, attrs)
        if not recorded:
            return value
        nodes = [
            x if isinstance(x, Node) else Node(None, v) for x, v in zip(inputs, values, strict=True)
        ]
        return Node.of(self, nodes, value, attrs or NO_ATTRS)

    def _bind(
        self, inputs: tuple[Any, ...], attrs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Surplus positional inputs as attributes, in their order: ``elu(x, 0.5)``."""
        assert self.arity is not None
        surplus = dict(zip(self.attrs, inputs[self.arity :], strict=False))
        count = len(inputs)
        if not self.arity < count <= self.arity + len(self.attrs) or surplus.keys() & attrs.keys():
            raise TypeError(
                f"{self.name} takes {self.arity} input{'s' * (self.arity != 1)}, not {count}"
            )
        return inputs[: self.arity], {**surplus, **attrs}

    def _complete(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        whole = {**self.attrs, **attrs}
        if len(whole) > len(self.attrs) or REQUIRED in whole.values():
            known = ", ".join(self.attrs) or "none"
            raise TypeError(f"{self.name} takes the attributes: {known}; given: {', '.join(attrs)}")
        return whole


def op(name: str, **faces: Any) -> Op:
    """Define an operation and enter it in the table ``OPS`` that every reader uses."""
    if name in OPS:
        raise AutogradLabError(f"operation {name!r} is defined twice; give the second one a name")
    OPS[name] = FUNCTIONS[name] = Op(name, **faces)
    return OPS[name]


def _op_by_name(name: str) -> Op:
    return OPS[name]


Binary: TypeAlias = "Callable[[Node, Any], Node]"


def _operator(
    name: str, on_floats: Callable[[float, float], float] | None = None
) -> tuple[Binary, Binary]:
    """The methods for ``node ∘ other`` and ``other ∘ node``; the rule is looked up when used.

    Sums and products of floats skip the general way in: graphs of single numbers consist of them.
    """

    def general(self: Node, other: Any) -> Node:
        return OPS[name](self, other)  # type: ignore[no-any-return]

    def reflected(self: Node, other: Any) -> Node:
        return OPS[name](other, self)  # type: ignore[no-any-return]

    if on_floats is None:
        return general, reflected

    def forward(self: Node, other: Any) -> Node:
        if type(other) is not Node and not isinstance(other, Node):
            other = constant(other)
        a, b = self.value, other.value
        if type(a) is float and type(b) is float:
            return Node(OPS[name], on_floats(a, b), self, other)
        return OPS[name](self, other)  # type: ignore[no-any-return]

    return forward, reflected


class Node:
    """A value and how it came about: an operation on input nodes, or a leaf (``op`` is None).

    Nodes compare by identity.  ``serial`` grows with creation, so sorting by it is a topological
    order.  ``scope`` names the part of a model that a node belongs to, outermost first.

    The inputs stand in two slots: ``left``, and ``right``, which from the third input on is a tuple
    of all but the first.  A tuple of inputs in every node would be one more object for the garbage
    collector to walk, and that is where large graphs of numbers spend their time.
    """

    __slots__ = (
        "__weakref__", "attrs", "left", "name", "op", "right", "scope", "serial", "value",
    )  # fmt: skip

    def __init__(
        self,
        op: Op | None,
        value: Value,
        left: Node | None = None,
        right: Node | tuple[Node, ...] | None = None,
        attrs: Mapping[str, Any] = NO_ATTRS,
        name: str | None = None,
    ) -> None:
        self.op = op
        self.value = value
        self.left = left
        self.right = right
        self.attrs = attrs
        self.name = name
        self.scope = _scope
        self.serial = next_serial()

    @classmethod
    def of(
        cls, op: Op, inputs: Sequence[Node], value: Value, attrs: Mapping[str, Any] = NO_ATTRS
    ) -> Node:
        """The node of an operation on any number of inputs."""
        if len(inputs) == 1:
            return cls(op, value, inputs[0], None, attrs)
        if len(inputs) == 2:
            return cls(op, value, inputs[0], inputs[1], attrs)
        first = inputs[0] if inputs else None
        return cls(op, value, first, tuple(inputs[1:]) or None, attrs)

    @property
    def inputs(self) -> tuple[Node, ...]:
        """What the operation was applied to, in order."""
        left, right = self.left, self.right
        if left is None:
            return ()
        if right is None:
            return (left,)
        return (left, *right) if isinstance(right, tuple) else (left, right)

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.asarray(self.value).dtype

    @property
    def ndim(self) -> int:
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        return np.size(self.value)

    @property
    def T(self) -> Node:  # noqa: N802 - NumPy's name
        """The transpose: axes in reverse order."""
        return OPS["transpose"](self)  # type: ignore[no-any-return]

    def item(self) -> Any:
        """The single number this node holds, as a Python number."""
        return np.asarray(self.value).item()

    @property
    def is_constant(self) -> bool:
        """A number written in the formula rather than a named variable."""
        return self.op is None and self.name is None

    def __repr__(self) -> str:
        what = self.op.name if self.op else "leaf"
        name = f" {self.name}" if self.name else ""
        return f"<{what}{name} {self.value!r}>"

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        if self.serial >= _watched_from and not self.is_constant:
            warn_user(
                f"lost gradient: float() of {self!r} while it is being differentiated, as "
                "math.sin does, lets no gradient through; use a function of autograd_lab.ops, or "
                "item() where no gradient is wanted",
                LostGradientWarning,
            )
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"{self!r} is a single number and has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Node]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Node:
        return FUNCTIONS["getitem"](self, index)  # type: ignore[no-any-return]

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "arrays in a graph cannot be assigned into, or gradients recorded before would be "
            "wrong; choose with ops.where, or make a new leaf"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """The plain value for NumPy; no gradient passes through."""
        if _recorded:
            raise GradientError(
                f"numpy was asked for the numbers of {self!r} while a step is recorded; the step "
                "would keep the numbers of this batch for all others.  Use autograd_lab.ops"
            )
        return np.array(self.value, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise TypeError(_no_rule(f"{ufunc.__name__}.{method}" if method != "__call__" else
                                     f"{ufunc.__name__} with {', '.join(options)}"))  # fmt: skip
        return _by_numpy(ufunc, inputs, {})

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        return _by_numpy(function, args, kwargs)

    __add__, __radd__ = _operator("add", operator.add)
    __sub__, __rsub__ = _operator("subtract", operator.sub)
    __mul__, __rmul__ = _operator("multiply", operator.mul)
    __truediv__, __rtruediv__ = _operator("divide")
    __pow__, __rpow__ = _operator("power")
    __matmul__, __rmatmul__ = _operator("matmul")
    __lt__, __gt__ = _operator("less")[0], _operator("greater")[0]
    __le__, __ge__ = _operator("less_equal")[0], _operator("greater_equal")[0]

    def __neg__(self) -> Node:
        return OPS["negative"](self)  # type: ignore[no-any-return]

    def __pos__(self) -> Node:
        return self

    def __abs__(self) -> Node:
        return OPS["abs"](self)  # type: ignore[no-any-return]


def _by_numpy(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """NumPy's function on nodes: ours of the same name, or a refusal that says which is missing."""
    name = {"absolute": "abs", "concat": "concatenate"}.get(function.__name__, function.__name__)
    if name in PLAIN_ANSWERS:
        return function(*map(_value_of, args), **kwargs)
    if name not in FUNCTIONS:
        raise TypeError(_no_rule(name))
    return FUNCTIONS[name](*args, **kwargs)


def _value_of(x: Any) -> Any:
    if isinstance(x, Node):
        return x.value
    return type(x)(map(_value_of, x)) if isinstance(x, (list, tuple)) else x


def _no_rule(name: str) -> str:
    return (
        f"numpy.{name} has no rule here and would lose the gradient; use a function of "
        "autograd_lab.ops, or numpy.asarray(t) if no gradient is wanted"
    )


def plain(x: Any) -> Value:
    """A number or array as the engine holds it: Python float, bool, or NumPy array.

    NumPy's 0-d float64 would turn float32 data into float64, so it becomes a Python float.
    Unsigned integers would wrap below zero, so they become signed.
    """
    if type(x) is float or type(x) is bool:
        return x
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise UsageError(f"{_brief(x)} is no rectangular array of numbers: {error}") from error
    if array.dtype.kind not in "fiub":
        raise UsageError(f"{_brief(x)} is no number; give a number, an array of numbers or a node")
    if array.ndim:
        return array.astype(np.int64) if array.dtype.kind == "u" else array
    if array.dtype == np.float64 or array.dtype.kind in "iu":
        return float(array)
    return bool(array) if array.dtype.kind == "b" else array[()]


def _brief(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 40 else text[:37] + "..."


def leaf(value: Any, name: str | None = None) -> Node:
    """A leaf of the graph: an input, a weight, a learning rate.

    An array is copied and cannot be written to, so that the graph stays true to its values.

    >>> leaf(2, "x")
    <leaf x 2.0>
    """
    if type(value) is np.ndarray and value.ndim and value.dtype.kind == "f":
        held: Value = value.copy()
    else:
        held = plain(value)
        held = held.copy() if isinstance(held, np.ndarray) else held
    if type(held) is np.ndarray:
        held.flags.writeable = False
    return Node(None, held, name=name)


def constant(value: Any) -> Node:
    """A leaf without a name: a number written in a formula."""
    return Node(None, plain(value))


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Nodes recorded inside belong to ``name``, as a layer's nodes belong to the layer."""
    global _scope
    outer, _scope = _scope, (*_scope, name)
    try:
        yield
    finally:
        _scope = outer


@contextmanager
def recorded() -> Iterator[None]:
    """A step is recorded inside, to be run on other values: nobody may take values out of it."""
    global _recorded
    outer, _recorded = _recorded, True
    try:
        yield
    finally:
        _recorded = outer


@contextmanager
def quiet() -> Iterator[None]:
    """Inf and nan are results and no alarm; said once for many operations, as it takes time."""
    token = _quiet.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _quiet.reset(token)


@contextmanager
def watched() -> Iterator[int]:
    """Nodes made inside are being differentiated: to take a float out of one is warned of.

    Gives the serial number from which on nodes are made inside.
    """
    global _watched_from
    outer, first = _watched_from, next_serial()
    _watched_from = min(outer, first)
    try:
        yield first
    finally:
        _watched_from = outer


def toposort(outputs: Iterable[Node], stop: Container[Node] = ()) -> list[Node]:
    """Every node the outputs depend on, inputs before their users; nothing below ``stop``."""
    found = list(dict.fromkeys(outputs))
    seen, stack = set(found), list(found)
    note, keep, push = seen.add, found.append, stack.append
    while stack:
        node = stack.pop()
        left, right = node.left, node.right
        if left is None or (stop and node in stop):
            continue
        if left not in seen:
            note(left)
            keep(left)
            push(left)
        if right is None:
            continue
        for x in right if isinstance(right, tuple) else (right,):
            if x not in seen:
                note(x)
                keep(x)
                push(x)
    found.sort(key=_serial)  # stretches of it are in order already: faster than sorting the set
    return found


_serial = operator.attrgetter("serial")


def active_nodes(order: Sequence[Node], leaves: Iterable[Node]) -> set[Node]:
    """The nodes of a topological order through which the leaves are reached."""
    active = set(leaves)
    for node in order:
        if node.op is not None and node not in active:
            for i, x in enumerate(node.inputs):
                if x in active and (node.op.smooth or node.op.pull(i) is not None):
                    active.add(node)
                    break
    return active


def sweep(
    order: Sequence[Node],
    seed: Mapping[Node, T],
    extend: Callable[[T, Node, int], T],
    combine: Callable[[T, T], T],
    active: set[Node],
    frontier: Iterable[Node] = (),
) -> dict[Node, T]:
    """Walk the edges from outputs to leaves once: the one loop behind every backward reading.

    ``extend(t, node, i)`` carries the total ``t`` of ``node`` over its edge to input ``i``;
    ``combine`` joins what meets at one node.  With (g times slope, +) this is reverse mode, with
    (t, +) and seed 1 it counts paths, with (t times |slope|, max) it finds the strongest path:
    backpropagation over any semiring (Goodman, Computational Linguistics 25(4), 1999, eq. 5).
    Edges below ``frontier`` and edges without a slope are not walked.
    """
    total: dict[Node, T] = dict(seed)
    halt = set(frontier)
    for node in reversed(order):
        if node.op is None or node not in total or node in halt or node not in active:
            continue
        t = total[node]
        for i, x in enumerate(node.inputs):
            if x in active and node.op.pull(i) is not None:
                carried = extend(t, node, i)
                total[x] = combine(total[x], carried) if x in total else carried
    return total


def slope(node: Node, index: int) -> float:
    """The local derivative d(node)/d(input) of a scalar node, from the operation's own rule."""
    assert node.op is not None
    pull = node.op.pull(index)
    if pull is None:
        raise GradientError(f"{node.op.name} has no slope by input {index}")
    with np.errstate(all="ignore"):
        return float(pull(1.0, node.value, *[x.value for x in node.inputs], **node.attrs))
