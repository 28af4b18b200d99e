"""Any expression, or a graph from a file, as a problem: every computed quantity gets a name."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from string import ascii_lowercase

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.explanations.problem import Problem, problem, shown_names
from autograd_lab.graph import Node, active_nodes, toposort
from autograd_lab.interpreters import text
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.interpreters.writing import named, write
from autograd_lab.notation import Formula, split

INTERMEDIATE = ("v", "u", "t", "q", "s", "r", "p")


def expression(
    source: str,
    at: Mapping[str, float] | None = None,
    wrt: Sequence[str] = (),
    random: np.random.Generator | None = None,
    symbolic_only: bool = False,
) -> Problem:
    """The problem that an expression poses at given values.

    ``at`` needs a value for every variable; ``random`` draws the missing ones from N(0, 1), and
    with ``symbolic_only`` they are drawn too, but never shown.

    >>> expression("w*x + b", {"w": 2, "x": 3, "b": 1}, wrt=["w"]).heading.text
    'y = w·x + b'
    """
    read = text.read(source)
    values = dict(at or {})
    drawn: tuple[str, ...] = ()
    if random is None and symbolic_only:
        random = np.random.default_rng(0)
    if random is not None:
        drawn = tuple(name for name in read.names if name not in values)
        values |= {name: round(random.normal(), 3) for name in drawn}
    with np.errstate(all="ignore"):
        built = read.build(values)
    names = {node: name for name, node in built.assigned.items()}
    output = read.output_name or read.free_name()
    return from_graph(
        "expression", built.output, built.leaves, names, output, wrt, symbolic_only, drawn
    )


def from_graph(
    target: str,
    output: Node,
    leaves: Mapping[str, Node],
    assigned: Mapping[Node, str],
    output_name: str,
    wrt: Sequence[str] = (),
    symbolic_only: bool = False,
    drawn: tuple[str, ...] = (),
    hidden: Collection[Node] = (),
) -> Problem:
    """The problem of a scalar graph; nodes without a name become v1, v2, ... in order.

    Those in ``hidden`` stay without one and are folded into their users.
    """
    order = toposort([output])
    reached = set(order)
    assigned = {node: name for node, name in assigned.items() if node in reached}
    names = {node: name for node, name in assigned.items() if node.op is not None}
    if output.op is None:
        raise UsageError(
            "the expression is a single number or variable, so there is nothing to multiply\n"
            "   Apply an operation to it, for example:   x*x"
        )
    names[output] = output_name
    letter = _free_letter({*leaves, *names.values()})
    inner = [node for node in order if node.op is not None and node not in names]
    active = active_nodes(order, leaves.values())
    inner = [node for node in inner if node in active and node not in hidden]
    names |= {node: f"{letter}{i}" for i, node in enumerate(inner, 1)}
    if not symbolic_only:
        refuse_unusable(output, {**names, **{x: name for name, x in leaves.items()}})
    return problem(
        target, output, leaves, names, wrt or _smallest(output, leaves),
        heading=_heading(output, output_name, assigned, leaves),
        wrt_chosen=not wrt, symbolic_only=symbolic_only,
        drawn=drawn,
    )  # fmt: skip


def _free_letter(taken: Collection[str]) -> str:
    used = {split(name)[0] for name in taken}
    pairs = (a + b for a in ascii_lowercase for b in ascii_lowercase)
    return next(letter for letter in (*INTERMEDIATE, *pairs) if letter not in used)


def _heading(
    output: Node, name: str, assigned: Mapping[Node, str], leaves: Mapping[str, Node]
) -> Formula:
    """The assignments and the output as equations, in the order of the text."""
    known = {**assigned, output: name, **{x: word for word, x in leaves.items()}}
    shown = shown_names(known.values())
    written = {node: shown[word] for node, word in known.items()}
    lines = []
    for node in sorted((n for n in known if n.op is not None), key=lambda n: n.serial):
        left, formula = written[node], write(node, written)
        lines.append(Formula(f"{left.text} = {formula.text}", f"{left.latex} = {formula.latex}"))
    return Formula(";  ".join(f.text for f in lines), r",\quad ".join(f.latex for f in lines))


def _smallest(output: Node, leaves: Mapping[str, Node]) -> tuple[str, ...]:
    """The variable with the smallest gradient other than zero, else the first one."""
    if not leaves:
        return ()
    slopes = gradient(output, list(leaves.values()), warn=False)
    sized = [(abs(g), name) for name, g in zip(leaves, slopes, strict=True) if g]
    return (min(sized)[1],) if sized else (next(iter(leaves)),)


def refuse_unusable(output: Node, names: Mapping[Node, str]) -> None:
    """A value that overflowed or does not exist is said in words, where it first appears."""
    if math.isfinite(output.value):
        return  # what is not finite stands in a branch that ``where`` did not take
    node = next(node for node in toposort([output]) if not math.isfinite(node.value))
    formula = write(node, {n: named(name) for n, name in names.items() if n is not node}).text
    operands = ", ".join(
        f"{names.get(x, '')} = {float(x):.6g}" for x in dict.fromkeys(node.inputs) if x in names
    )
    if math.isnan(node.value):
        what = "is undefined"
    else:
        what = "is larger than a float can hold" if _grew(node) else "is infinite"
    raise UsageError(
        f"the value of {_short(formula)} {what} here"
        + (f" ({_short(operands)})" * bool(operands))
        + "\n   So there is no gradient to explain at this point; choose other values with --at."
    )


def _grew(node: Node) -> bool:
    """Whether an infinite value is an overflow, and not a pole such as 1/0 or ln 0."""
    assert node.op is not None
    x = float(node.inputs[0])
    if node.op.name in ("log", "log1p"):
        return False
    return float(node.inputs[1]) != 0 if node.op.name == "divide" else not (
        node.op.name == "power" and x == 0
    )  # fmt: skip


def _short(line: str, most: int = 60) -> str:
    return line if len(line) <= most else line[: most - 1] + "…"
