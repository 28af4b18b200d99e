"""From statements to steps: the iterative walk over the few node types that are known here.

Python's parser only finds the order of the operations; no node of it is ever compiled or run.
"""

from __future__ import annotations

import ast
import math

from autograd_lab.graph import NO_ATTRS
from autograd_lab.language.functions import COMPARISONS, FUNCTIONS, Function, closest
from autograd_lab.language.grammar import Statement, statements
from autograd_lab.language.lexer import Token
from autograd_lab.language.program import Program, Step
from autograd_lab.language.refusal import refusal

MAX_NODES = 500
MAX_DEPTH = 100
CONSTANTS = {"pi": math.pi}  # the one fixed name; e is a variable like any other, exp(1) is e
_TOO_DEEP = f"operations more than {MAX_DEPTH} deep inside each other"
_SHALLOWER = "Name a part: b = ...; then use b.  Long sums: bracket their halves."

_PLUS = "+"  # stands for no operation: +x is x
_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide",
    ast.Pow: "power", ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater",
    ast.GtE: "greater_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
    ast.USub: "negative", ast.UAdd: _PLUS,
}  # fmt: skip


def parse(text: str) -> Program:
    """The steps that an expression spells; raises ExpressionError if it is refused."""
    reader = _Reader(text)
    ends: list[int] = []
    parts = statements(text)
    for statement in parts:
        if statement.target:
            reader.check_target(statement.target)
        elif statement is not parts[-1]:
            raise refusal(
                "a value that is not used: only the last statement may be without a name",
                *(text, statement.start, statement.end),
                remedy="Write name = in front of it, or leave it out.",
            )
        ends.append(reader.statement(statement))
    last = parts[-1].target
    return Program(
        tuple(reader.steps),
        tuple(ends),
        tuple(reader.variables),
        tuple(reader.assigned),
        last.text if last else None,
    )


class _Reader:
    """The walk over one expression, and what it has found so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps: list[Step] = []
        self.variables: dict[str, int] = {}
        self.assigned: dict[str, int] = {}
        self.offset = 0  # of the statement in the text

    def refuse(self, node: ast.expr, what: str, remedy: str) -> Exception:
        start = self.offset + node.col_offset
        end = self.offset + (node.end_col_offset or node.col_offset + 1)
        return refusal(what, self.text, start, end, remedy=remedy)

    def check_target(self, target: Token) -> None:
        name, what = target.text, ""
        if name in FUNCTIONS:
            what = f"'{name}' is a function"
        elif name in CONSTANTS:
            what = f"'{name}' is the number {CONSTANTS[name]:.6g}"
        elif name in self.assigned:
            what = f"'{name}' is given a value twice"
        elif name in self.variables:
            what = f"'{name}' is used before it is given a value"
        if what:
            raise refusal(
                what, self.text, target.start, target.end,
                remedy="Choose another name for this value.",
            )  # fmt: skip

    def statement(self, statement: Statement) -> int:
        """Read one statement; the answer is its last step."""
        self.offset = statement.start
        source = self.text[statement.start : statement.end]
        try:
            tree = ast.parse(source, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            raise refusal(  # the grammar has been checked, so depth is all that is left
                _TOO_DEEP, self.text, statement.start, statement.end, remedy=_SHALLOWER
            ) from error
        end = self.walk(tree)
        if name := statement.target:
            if name.text in self.variables:
                raise refusal(
                    f"'{name.text}' is used in its own definition", self.text, name.start, name.end,
                    remedy="Choose another name for the new value.",
                )  # fmt: skip
            self.assigned[name.text] = end
        return end

    def walk(self, tree: ast.expr) -> int:
        """Steps in order of evaluation, with a stack of our own instead of recursion."""
        done: list[int] = []  # the steps whose users have not come yet
        stack: list[tuple[ast.expr, int, bool, Step | None]] = [(tree, 1, False, None)]
        while stack:
            node, depth, condition, step = stack.pop()
            if step is None:
                if depth > MAX_DEPTH:
                    raise self.refuse(node, _TOO_DEEP, _SHALLOWER)
                step, inputs = self.enter(node)
                if (step.op in COMPARISONS) != condition:
                    raise self.misplaced(node, condition)
                stack.append((node, depth, condition, step))
                chooses = step.op == "where"
                stack += [
                    (x, depth + 1, chooses and x is inputs[0], None) for x in reversed(inputs)
                ]
                continue
            done.append(self.leave(step, done))
            if len(self.steps) > MAX_NODES:
                raise self.refuse(
                    node,
                    f"more than {MAX_NODES} operations, numbers and variables",
                    "Leave a part out; a sum of many terms shows nothing more.",
                )
        return done[0]

    def enter(self, node: ast.expr) -> tuple[Step, list[ast.expr]]:
        """What a node of Python's tree means here, and the parts that come before it."""
        parts: list[ast.expr] = []
        if (number := _literal(node)) is not None:
            return Step(number=number), parts
        match node:
            case ast.Name():
                step = self.name(node)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
                step, parts = Step(op=_SIGNS[type(op)]), [operand]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
                step, parts = Step(op=_SIGNS[type(op)]), [left, right]
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _SIGNS:
                step, parts = Step(op=_SIGNS[type(op)]), [left, right]
            case ast.Compare():
                raise self.refuse(
                    node, "two comparisons in one", "Nest: where(a < x, where(x < b, y, z), z)."
                )
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                step, parts = self.call(node, name, args)
            case _:
                raise self.refuse(
                    node, "this is not read here", "Known: + - * / ** ( ), names and functions."
                )
        return step, parts

    def misplaced(self, node: ast.expr, condition: bool) -> Exception:
        if condition:
            return self.refuse(
                node, "the condition of where must be a comparison", "Write where(x > 0, a, b)."
            )
        return self.refuse(
            node,
            "a comparison outside the condition of where",
            "Only where(x > 0, a, b) compares.  To give a name, write = once.",
        )

    def name(self, node: ast.Name) -> Step:
        name = node.id
        if name in FUNCTIONS:
            call = FUNCTIONS[name].call
            raise self.refuse(node, f"'{name}' is a function", f"Give it arguments: {call}")
        if name in CONSTANTS:
            return Step(number=CONSTANTS[name])
        return Step(variable=name)

    def call(self, node: ast.Call, name: str, args: list[ast.expr]) -> tuple[Step, list[ast.expr]]:
        function = FUNCTIONS.get(name)
        if function is None:
            raise self.unknown(node, name)
        if not function.least <= len(args) <= function.most:
            raise self.refuse(
                node,
                f"'{name}' takes {_count(function)}, not {len(args)}",
                f"Write {function.call}",
            )
        inputs, options = args[: function.least], args[function.least :]
        attrs: dict[str, float] = {}
        for key, option in zip(function.op.attrs, options, strict=False):
            number = _literal(option)
            if number is None:
                raise self.refuse(
                    option,
                    f"{key} of '{name}' is set by a number, not by an expression",
                    f"Write {function.call}\nprelu(x, alpha) takes a variable.",
                )
            attrs[key] = number
        return Step(op=name, attrs=attrs or NO_ATTRS), inputs

    def unknown(self, node: ast.Call, name: str) -> Exception:
        start = self.offset + node.col_offset
        listed = "All functions: autograd-lab explain --functions"
        near = closest(name)
        if near:
            remedy = f"Did you mean '{near}'?\n{listed}"
        else:
            remedy = f"To multiply, write {name}*(...)\n{listed}"
        return refusal(
            f"unknown function '{name}' in the expression", self.text, start, start + len(name),
            remedy=remedy,
        )  # fmt: skip

    def leave(self, step: Step, done: list[int]) -> int:
        """Enter a step whose parts are done; the answer is its place."""
        if step.op == _PLUS:
            return done.pop()
        if step.variable:
            known = self.assigned if step.variable in self.assigned else self.variables
            if step.variable in known:
                return known[step.variable]
            known[step.variable] = len(self.steps)
        elif step.op:
            arity = FUNCTIONS[step.op].least
            inputs = tuple(done[-arity:])
            del done[-arity:]
            step = Step(op=step.op, inputs=inputs, attrs=step.attrs)
        self.steps.append(step)
        return len(self.steps) - 1


def _literal(node: ast.expr) -> float | None:
    """The number that a literal with at most one sign spells, or None."""
    sign = 1.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        node = node.operand
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):  # bool is an int too
        return sign * float(node.value)  # type: ignore[arg-type]  # checked above
    return None


def _count(function: Function) -> str:
    if function.most > function.least:
        return f"{function.least} to {function.most} arguments"
    return f"{function.least} argument{'s' * (function.least != 1)}"
