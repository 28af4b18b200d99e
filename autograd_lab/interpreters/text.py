"""From the text of an expression to the graph, and nothing is ever run as Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real

from autograd_lab.errors import UsageError
from autograd_lab.graph import OPS, Node, constant, leaf
from autograd_lab.language.arguments import looks_like_file, parse_numbers, parse_values
from autograd_lab.language.functions import FUNCTIONS, Function
from autograd_lab.language.parser import MAX_NODES, parse
from autograd_lab.language.program import Program
from autograd_lab.language.refusal import printable, refusal, shown

__all__ = [
    "FUNCTIONS",
    "Built",
    "Expression",
    "Function",
    "looks_like_file",
    "parse_numbers",
    "parse_values",
    "read",
]


@dataclass(frozen=True)
class Built:
    """The graph of an expression: the output, its variables, and what was given a name."""

    output: Node
    leaves: dict[str, Node]
    assigned: dict[str, Node]


@dataclass(frozen=True)
class Expression:
    """An expression that was read: its text, its variables, and the steps that build its graph.

    ``names`` are the free variables in order of first use, ``assigned`` the names given with
    ``name = ...;``, and ``output_name`` is the last of them if the text ends with it, else None.

    >>> e = read("b = a + a; c = b*b")
    >>> e.names, e.assigned, e.output_name
    (('a',), ('b', 'c'), 'c')
    >>> e.build({"a": 3}).output
    <multiply c 36.0>
    """

    text: str
    program: Program = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        return self.program.variables

    @property
    def assigned(self) -> tuple[str, ...]:
        return self.program.assigned

    @property
    def output_name(self) -> str | None:
        return self.program.output_name

    def free_name(self, wanted: Sequence[str] = ("y", "f", "out")) -> str:
        """A name for an output without one that no variable has."""
        taken = {*self.names, *self.assigned}
        return next(
            name for name in (*wanted, *(f"y{i}" for i in range(MAX_NODES))) if name not in taken
        )

    def build(self, values: Mapping[str, float]) -> Built:
        """The graph with these values of the variables, evaluated on the way.

        Overflow, 1/0 and the logarithm of a negative number give inf and nan, as floats do.
        ``b = a`` makes no node: ``b`` is then another word for ``a``.

        Raises UsageError if a variable has no value, or a value no variable.
        """
        self._check(values)
        leaves = {name: leaf(float(values[name]), name) for name in self.names}
        nodes: list[Node] = []
        # strict=False: a last value may have no name
        pairs = list(zip(self.program.ends, self.assigned, strict=False))
        named = dict(reversed(pairs))  # of two words for one node, the first names it
        for place, step in enumerate(self.program.steps):
            if step.op:
                node = OPS[step.op](*[nodes[i] for i in step.inputs], **step.attrs)
            else:
                node = leaves[step.variable] if step.variable else constant(step.number)
            if place in named and node.name is None:
                node.name = named[place]
            nodes.append(node)
        assigned = {name: nodes[end] for end, name in pairs}
        return Built(nodes[self.program.ends[-1]], leaves, assigned)

    def _check(self, values: Mapping[str, float]) -> None:
        missing = [name for name in self.names if name not in values]
        if missing:
            raise UsageError(_no_value_for(missing))
        for name, value in values.items():
            if name in self.assigned:
                raise refusal(
                    f"'{name}' is computed by the expression, so it takes no value",
                    remedy=f"Leave {name}= out.",
                )
            if name not in self.names:
                known = printable(", ".join(self.names) or "none", 60)
                raise refusal(
                    f"the expression has no variable '{printable(str(name))}'",
                    remedy=f"Its variables: {known}",
                )
            if not isinstance(value, Real) or not math.isfinite(value):
                raise refusal(
                    f"{name} = {shown(value)} is no value", remedy="A value is a finite number."
                )


def _no_value_for(missing: Sequence[str]) -> str:
    some, samples = missing[:6], ("0.7", "-0.2", "1.3", "0.1", "0.5", "2")
    more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
    example = ",".join(f"{name}={value}" for name, value in zip(some, samples, strict=False))
    dots = ",..." if more else ""
    return (
        f"no value for {', '.join(some)}{more}\n"
        f"   Give them:   --at {example}{dots}\n"
        "   or let me pick:   --at random --seed 0"
        + ("\n   (e is a variable here; Euler's number is exp(1))" if "e" in some else "")
    )


def read(text: str) -> Expression:
    """The expression that a text spells, or an ExpressionError that says what, where, what to do.

    Read are + - * / ** ( ), decimal numbers, ``pi``, variables, the functions of ``FUNCTIONS``,
    comparisons as the condition of ``where``, and ``name = expression;`` before the last statement.

    >>> read("sigmoid(w*x + b)").names
    ('w', 'x', 'b')
    >>> read("2x")
    Traceback (most recent call last):
    autograd_lab.errors.ExpressionError: '2' and 'x' stand side by side without a sign between them
       2x
       ^^
       Write * to multiply: 2*x
    """
    return Expression(text, parse(text))
