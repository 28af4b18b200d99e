"""The lecture's chain of neurons: z_j = w_j a_(j-1) + b_j, a_j = act(z_j) (claims C27 to C30)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from autograd_lab import ops
from autograd_lab.errors import UsageError
from autograd_lab.explanations.problem import Chain, Problem, problem
from autograd_lab.graph import OPS, Node, leaf
from autograd_lab.interpreters.replay import graft
from autograd_lab.interpreters.writing import write
from autograd_lab.notation import Formula, unicode_name

ACTIVATIONS = (
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "softplus", "sin", "linear",
)  # fmt: skip
# The largest |act'|, where it has one: the 1/4 of the slide for sigmoid (claim C26).
STEEPEST = {
    "sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, "leaky_relu": 1.0, "elu": 1.0, "softplus": 1.0,
    "sin": 1.0, "linear": 1.0, "selu": 1.7580993408473766, "gelu": 1.1289042,
}  # fmt: skip
COSTS: dict[str, Callable[[Node, Node], Node]] = {
    "half-square": lambda a, y: 0.5 * (a - y) ** 2,
    "square": lambda a, y: (a - y) ** 2,
    "cross-entropy": lambda a, y: -(y * ops.log(a) + (1.0 - y) * ops.log(1.0 - a)),
    "none": lambda a, y: cast("Node", ops.identity(a)),  # noqa: ARG005
}
DEFAULT_W = (0.8, -1.2, 0.5, 1.5)
DEFAULT_B = (0.1, 0.4, -0.3, -0.2)
MAX_NEURONS = 5000


def chain(
    w: float | Sequence[float] | None = None,
    b: float | Sequence[float] | str | None = None,
    x: float = 1.0,
    y: float = 1.0,
    n: int | None = None,
    act: str = "sigmoid",
    cost: str = "half-square",
    wrt: Sequence[str] = (),
    random: np.random.Generator | None = None,
) -> Problem:
    """A chain of n neurons of one unit each and a cost C.

    ``w`` and ``b`` are one number for every neuron or one each; ``b="auto"`` keeps every z at 0,
    where the sigmoid is steepest (Nielsen's exploding case).  Without any of them the chain of
    the README is built.

    >>> chain(w=1, b="auto", n=3).heading.text
    'C = ½(a₃ − y)²'
    """
    _check(act, n, x, y)
    n = _size(n, w, b)
    drawn: list[str] = []
    if random is not None:
        if w is None:
            w, drawn = random.normal(size=n).tolist(), [f"w{j}" for j in range(1, n + 1)]
        if b is None:
            b = random.normal(size=n).tolist()
            drawn += [f"b{j}" for j in range(1, n + 1)]
    if isinstance(b, str):
        b = b.strip().lower()
    weights = _spread("w", DEFAULT_W if w is None else w, n, given=w is not None)
    biases = (
        None if b == "auto" else _spread("b", DEFAULT_B if b is None else b, n, given=b is not None)
    )

    a = start = leaf(float(x), "x")
    parts: dict[str, list[Node]] = {"w": [], "b": [], "z": [], "a": []}
    names: dict[Node, str] = {}
    for j in range(1, n + 1):
        wj = leaf(weights[j - 1], f"w{j}")
        bj = leaf(biases[j - 1] if biases else -float(wj) * float(a), f"b{j}")
        z = wj * a + bj
        a = ops.identity(z) if act == "linear" else OPS[act](z)
        for letter, node in zip("wbza", (wj, bj, z, a), strict=True):
            parts[letter].append(node)
        names |= {z: f"z{j}", a: f"a{j}"}

    target = leaf(float(y), "y")
    output, uses_y = _cost(cost, a, target)
    names[output] = "C"
    pairs = zip(parts["w"], parts["b"], strict=True)
    leaves = {str(node.name): node for pair in pairs for node in pair}
    leaves |= {"x": start} | ({"y": target} if uses_y else {})
    built = Chain(
        act=act, cost=cost, weights=tuple(parts["w"]), biases=tuple(parts["b"]),
        sums=tuple(parts["z"]), activations=tuple(parts["a"]), x=start,
        y=target if uses_y else None,
    )  # fmt: skip
    return problem(
        "chain", output, leaves, names, wrt or ("b1",),
        heading=_heading(output, a, n), chain=built, drawn=tuple(drawn),
    )  # fmt: skip


def _heading(output: Node, last: Node, n: int) -> Formula:
    name = Formula(unicode_name(f"a{n}"), f"a_{{{n}}}")
    formula = write(output, {last: name})
    return Formula("C = " + formula.text, "C = " + formula.latex)


def _check(act: str, n: int | None, x: float, y: float) -> None:
    if act not in ACTIVATIONS:
        raise UsageError(
            f"--act {act!r}: unknown activation; choose one of {', '.join(ACTIVATIONS)}"
        )
    if n is not None and not 1 <= n <= MAX_NEURONS:
        raise UsageError(f"--n {n}: a chain has 1 to {MAX_NEURONS:,} neurons")
    for name, value in {"x": x, "y": y}.items():
        if not np.isfinite(value):
            raise UsageError(f"--{name} {value}: give a finite number")


def _size(n: int | None, *given: object) -> int:
    lengths = {len(v) for v in given if isinstance(v, (list, tuple)) and len(v) > 1}
    if n is not None:
        lengths.add(n)
    if len(lengths) > 1:
        raise UsageError(
            "the chain's length is unclear: --w, --b and --n say "
            f"{' and '.join(map(str, sorted(lengths)))} neurons; give one for all or one each"
        )
    size = lengths.pop() if lengths else 4
    if size > MAX_NEURONS:
        raise UsageError(f"{size:,} neurons: a chain has 1 to {MAX_NEURONS:,} neurons")
    return size


def _spread(letter: str, values: object, n: int, given: bool) -> list[float]:
    """One value for each neuron; the README's four repeat in a longer chain."""
    if isinstance(values, (int, float)):
        values = [float(values)]
    if isinstance(values, str) or not isinstance(values, (list, tuple)) or not values:
        raise UsageError(f"--{letter} {values!r}: give numbers such as 0.8,-1.2")
    numbers = [float(v) for v in values]
    if not np.isfinite(numbers).all():
        raise UsageError(f"--{letter}: every value must be finite")
    if len(numbers) == n:
        return numbers
    if len(numbers) == 1 or not given:
        return [numbers[i % len(numbers)] for i in range(n)]
    raise UsageError(f"--{letter} has {len(numbers)} values for {n} neurons; give 1 or {n}")


def _cost(cost: str, a: Node, y: Node) -> tuple[Node, bool]:
    """The cost as a graph on the last activation; formulas may use ``a`` and ``y``."""
    if cost in COSTS:
        return COSTS[cost](a, y), cost != "none"
    from autograd_lab.interpreters import text  # waits: the usual costs need no reader

    expression = text.read(cost)
    extra = sorted({*expression.names} - {"a", "y"})
    if extra or "a" not in expression.names:
        named = ", ".join(COSTS)
        raise UsageError(
            f"--cost: a formula in a (the last activation) and y, or one of {named}"
            + (f"; {extra[0]!r} is neither" if extra else "")
        )
    values = {"a": float(a), "y": float(y)}
    built = expression.build({name: values[name] for name in expression.names})
    swap = {built.leaves["a"]: a}
    if "y" in built.leaves:
        swap[built.leaves["y"]] = y
    return graft(built.output, swap), "y" in expression.names
