"""Reading expressions: what is accepted means what mathematics says; a refusal points and helps."""

from __future__ import annotations

import math
import random

import pytest
from hostile import generated

from autograd_lab.errors import ExpressionError, UsageError
from autograd_lab.graph import OPS, Node
from autograd_lab.interpreters.text import (
    FUNCTIONS,
    looks_like_file,
    parse_numbers,
    parse_values,
    read,
)
from autograd_lab.language.functions import _MEANINGS, closest
from autograd_lab.language.names import name_fault
from autograd_lab.language.spelling import spelled
from autograd_lab.ops import KINKS

AT = {"x": 0.5, "w": -1.5, "b": 2.0, "a": 3.0}


def value(text: str) -> float:
    expression = read(text)
    return expression.build({name: AT[name] for name in expression.names}).output.value


def written(node: Node) -> str:
    """The graph as nested calls, to compare structure and not only values."""
    if node.op is None:
        return node.name or f"{node.value:g}"
    return f"{node.op.name}({', '.join(map(written, node.inputs))})"


def refusal(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        read(text)
    return str(caught.value)


# --- meaning -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        ("a+b*x", "add(a, multiply(b, x))"),
        ("(a+b)*x", "multiply(add(a, b), x)"),
        ("a-b-x", "subtract(subtract(a, b), x)"),
        ("a/b/x", "divide(divide(a, b), x)"),
        ("a**b**x", "power(a, power(b, x))"),
        ("-a**2", "negative(power(a, 2))"),
        ("a**-2", "power(a, -2)"),
        ("a*-b", "multiply(a, negative(b))"),
        ("-2*a", "multiply(-2, a)"),
        ("+a", "a"),
        ("--a", "negative(negative(a))"),
        ("2*pi", "multiply(2, 3.14159)"),
        ("where(a<=b, a, -b)", "where(less_equal(a, b), a, negative(b))"),
        ("where(a != b, 1, 0)", "where(not_equal(a, b), 1, 0)"),
        ("sigmoid(w*x + b)", "sigmoid(add(multiply(w, x), b))"),
        ("add(a, power(b, 2))", "add(a, power(b, 2))"),
    ],
)
def test_structure(text, graph):
    expression = read(text)
    assert written(expression.build(dict.fromkeys(expression.names, 0.5)).output) == graph


def test_a_variable_is_one_leaf():
    built = read("x*x + x").build({"x": 2})
    square, x = built.output.inputs
    assert square.inputs == (x, x)
    assert built.leaves == {"x": x}
    assert built.output.value == 6.0


def test_names_come_in_order_of_first_use():
    expression = read("sigmoid(w2*tanh(w1*x+b1)+b2)")
    assert expression.names == ("w2", "w1", "x", "b1", "b2")
    assert expression.assigned == ()
    assert expression.output_name is None


def test_assignments():
    expression = read("b=a+a; c=b+b")
    built = expression.build({"a": 1})
    b, c = built.assigned.values()
    assert (expression.names, expression.assigned, expression.output_name) == (
        ("a",), ("b", "c"), "c",
    )  # fmt: skip
    assert c is built.output
    assert c.inputs == (b, b)
    assert (b.name, c.name, c.value) == ("b", "c", 4.0)


def test_a_last_value_without_a_name_is_the_output():
    expression = read("b = a+a; b*3;")
    assert expression.output_name is None
    assert expression.free_name() == "y"
    assert expression.build({"a": 1}).output.value == 6.0


def test_another_word_for_a_node_makes_no_node():
    built = read("b=a; c=b; d=c*c; e=+d").build({"a": 3})
    assert built.assigned["b"] is built.assigned["c"] is built.leaves["a"]
    assert built.assigned["e"] is built.assigned["d"] is built.output
    assert (built.leaves["a"].name, built.output.name) == ("a", "d")


def test_free_name_avoids_the_variables():
    assert read("y*f").free_name() == "out"
    assert read("y*f*out*y0").free_name() == "y1"
    assert read("y*z").free_name(["z", "w"]) == "w"


def test_attributes_are_optional_numbers():
    node = read("leaky_relu(x, 0.1)").build({"x": -1}).output
    assert node.attrs == {"negative_slope": 0.1}
    assert read("leaky_relu(x)").build({"x": -1}).output.value == pytest.approx(-0.2)
    assert read("elu(x, -0.5)").build({"x": -1}).output.attrs == {"alpha": -0.5}
    assert read("rrelu(x, 0, 1)").build({"x": -2}).output.value == -1.0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("9**9**9**9", math.inf),
        ("10**400 - 10**400", math.nan),
        ("1/0", math.inf),
        ("-1/0", -math.inf),
        ("0/0", math.nan),
        ("log(0)", -math.inf),
        ("log(-1)", math.nan),
        ("sqrt(-1)", math.nan),
        ("(-8)**(1/3)", math.nan),
        ("exp(1000)", math.inf),
        ("where(x > 0, 1, log(0))", 1.0),
        ("1e308*10", math.inf),
        ("-0.0", -0.0),
    ],
)
def test_floats_as_floats_do(text, wanted):
    assert str(value(text)) == str(wanted)


# --- a law: the same number as an evaluator that knows nothing of the project --------------------

UNARY = {
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "exp": math.exp, "log": math.log,
    "sqrt": math.sqrt, "abs": abs, "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "relu": lambda z: max(z, 0.0), "square": lambda z: z**2, "erf": math.erf,
    "softplus": lambda z: math.log(1 + math.exp(z)), "negative": lambda z: 0 - z,
}  # fmt: skip
BINARY = {
    "+": lambda p, q: p + q, "-": lambda p, q: p - q, "*": lambda p, q: p * q,
    "/": lambda p, q: p / q, "**": math.pow,
    "maximum": max, "minimum": min, "<": lambda p, q: p < q, ">=": lambda p, q: p >= q,
}  # fmt: skip
STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}


def tree(rng: random.Random, depth: int) -> tuple:
    kind = rng.random()
    if depth == 0 or kind < 0.12:
        if rng.random() < 0.4:
            return ("number", rng.choice(["2", "0.5", "3.", ".25", "1e-1", "1.5E1", "0"]))
        return ("variable", rng.choice("xwba"))
    grow = lambda: tree(rng, depth - 1)  # noqa: E731
    if kind < 0.6:
        return (rng.choice([*STRENGTH]), grow(), grow())
    if kind < 0.7:
        return ("minus", grow())
    if kind < 0.75:
        return (rng.choice(["maximum", "minimum"]), grow(), grow())
    if kind < 0.82:
        return ("where", rng.choice(["<", ">="]), grow(), grow(), grow(), grow())
    return (rng.choice([*UNARY]), grow())


def spell(rng: random.Random, t: tuple, needed: int = 0) -> str:
    """The tree as text with no bracket more than needed, but for some at random."""
    kind, *parts = t
    strength = 5
    if kind in ("number", "variable"):
        text = parts[0]
    elif kind in STRENGTH:
        strength = STRENGTH[kind]
        left, right = (5, 3) if kind == "**" else (strength, strength + 1)
        gap = rng.choice(["", " "])
        text = f"{spell(rng, parts[0], left)}{gap}{kind}{gap}{spell(rng, parts[1], right)}"
    elif kind == "minus":
        strength, text = 3, "-" + spell(rng, parts[0], 3)
    elif kind == "where":
        sign, p, q, *rest = parts
        texts = [f"{spell(rng, p)}{sign}{spell(rng, q)}", *(spell(rng, r) for r in rest)]
        text = f"where({', '.join(texts)})"
    else:
        text = f"{kind}({', '.join(spell(rng, p) for p in parts)})"
    return f"({text})" if strength < needed or rng.random() < 0.05 else text


def evaluate(t: tuple) -> float:
    kind, *parts = t
    if kind == "number":
        return float(parts[0])
    if kind == "variable":
        return AT[parts[0]]
    if kind == "where":
        sign, p, q, yes, no = parts
        chosen = (evaluate(yes), evaluate(no))  # both, as a graph does
        return chosen[0] if BINARY[sign](evaluate(p), evaluate(q)) else chosen[1]
    values = [evaluate(p) for p in parts]
    if kind == "minus":
        return -values[0]
    return (UNARY[kind] if len(values) == 1 else BINARY[kind])(*values)


def test_five_hundred_expressions_have_the_value_of_another_evaluator():
    rng = random.Random(7)
    agreed, longest = 0, 0
    while agreed < 500:
        grown = tree(rng, rng.randint(1, 5))
        text = spell(rng, grown)
        if "--------" in text.replace(" ", "") or len(text) > 2000:
            continue
        try:
            wanted = evaluate(grown)
        except (ArithmeticError, ValueError):
            value(text)  # an undefined value must still be read
            continue
        assert value(text) == pytest.approx(wanted, rel=1e-9, abs=1e-9), text
        agreed, longest = agreed + 1, max(longest, len(text))
    assert longest > 100


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "sigmoide(w2*tanh(w1*x+b1)+b2)",
            """unknown function 'sigmoide' in the expression
   sigmoide(w2*tanh(w1*x+b1)+b2)
   ^^^^^^^^
   Did you mean 'sigmoid'?
   All functions: autograd-lab explain --functions""",
        ),
        (
            "w2*tanh(w1*x+b1",
            """the bracket opened at column 8 is never closed
   w2*tanh(w1*x+b1
          ^
   Close it with )""",
        ),
        (
            "x + y^2",
            """'^' at column 6 is not read
   x + y^2
        ^
   Write ** for a power: x**2.""",
        ),
        (
            "w·σ",
            """MIDDLE DOT (U+00B7) at column 2 is not read
   w<U+00B7><U+03C3>
    ^^^^^^^^
   Write * instead; only ASCII is read.""",
        ),
        (
            "a=1; 2x",
            """'2' and 'x' stand side by side without a sign between them
   a=1; 2x
        ^^
   Write * to multiply: 2*x""",
        ),
        (
            "b=a+a; sin(x, b)*2",
            """'sin' takes 1 argument, not 2
   b=a+a; sin(x, b)*2
          ^^^^^^^^^
   Write sin(x)""",
        ),
        (
            "a = a + 1",
            """'a' is used in its own definition
   a = a + 1
   ^
   Choose another name for the new value.""",
        ),
        ("", 'the expression is empty\n   Write one, for example "tanh(w*x + b)".'),
    ],
)
def test_refusals_to_the_letter(text, message):
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("σ(x)", ["GREEK SMALL LETTER SIGMA (U+03C3)", "column 1", "Write sigmoid"]),
        ("β*x", ["U+03B2", "Write beta"]),
        ("x²", ["SUPERSCRIPT TWO", "Write **2"]),
        ("a−b", ["MINUS SIGN", "Write -"]),
        ("2*ln(x)", ["'log'"]),
        ("max(a,b)", ["'maximum'"]),
        ("f(x)", ["f*(...)"]),
        ("(a)(b)", ["(a)*(b)"]),
        ("where(x, 1, 2)", ["must be a comparison", "where(x > 0, a, b)"]),
        ("0 < x < 1", ["two comparisons"]),
        ("x > 0", ["outside the condition"]),
        ("less(a, b)*2", ["outside the condition"]),
        ("a=1; a=2", ["twice"]),
        ("c=b; b=2", ["before it is given"]),
        ("pi=3", ["3.14159"]),
        ("sin=3", ["is a function"]),
        ("sin*2", ["sin(x)"]),
        ("a if b else c", ["where(x > 0, a, b)"]),
        ("lambda*x", ["lambda_1"]),
        ("0x10", ["decimal"]),
        ("1_000", ["decimal"]),
        ("012", ["Write 12"]),
        ("1e999", ["range of floats"]),
        ("1e-999", ["range of floats"]),
        ("1" * 41, ["41 digits", "40"]),
        ("v" * 33, ["33 characters", "32"]),
        ("x" * 2001, ["2,001", "2,000"]),
        ("(" * 101 + "x" + ")" * 101, ["100 brackets"]),
        ("+".join("x" * 102), ["100 deep"]),
        ("**".join("x" * 600), ["100 deep"]),
        ("-" * 9 + "x", ["8 signs"]),
        ("*".join(2 * ["(" + "+".join(f"x*{i}" for i in range(90)) + ")"]), ["500"]),
        ("x.real", ["dot"]),
        ("x\ty", ["U+0009", "space"]),
        ("a;b", ["only the last"]),
        ("elu(x, a)", ["by a number", "elu(x, alpha=1)"]),
        ("relu()", ["1 argument, not 0"]),
        ("rrelu(x,1,2,3)", ["1 to 3 arguments, not 4"]),
        ("sin(x=1)", ["inside brackets"]),
        ("0,5*x", ["0.5"]),
    ],
)  # fmt: skip
def test_refusals_help(text, words):
    message = refusal(text)
    assert not [word for word in words if word not in message], message


@pytest.mark.parametrize(
    "text",
    [
        "x" * 32,
        "1" * 40,
        "-" * 8 + "x",
        "+".join("x" * 100),
        "(" * 100 + "x" + ")" * 100,
        "+".join(["x"] * 98) + " " * 1700,
    ],
)
def test_limits_are_reached(text):
    assert len(text) <= 2000
    assert len(read(text).names) <= 1


def test_five_hundred_nodes_are_the_limit():
    terms = ["*".join([f"{i}"] * 2) for i in range(10, 93)]  # 3 nodes each and one to add: 331
    sums = ["+".join(terms), "+".join(terms[:42])]  # and 167
    assert len(read(f"a={sums[0]}; a+{sums[1]}").program.steps) == 499
    assert len(read(f"a={sums[0]}; -(a+{sums[1]})").program.steps) == 500
    assert "500" in refusal(f"a={sums[0]}; -(-(a+{sums[1]}))")


def test_a_caret_stands_under_its_place_in_a_long_line():
    text = "+".join(["abc"] * 40) + "^" + "+".join(["abc"] * 40)
    _, line, caret, _ = refusal(text).split("\n")
    assert len(line) <= 80
    assert line[caret.index("^")] == "^"
    assert line.strip().startswith("...")
    assert line.endswith("...")


def test_only_depth_is_left_to_the_parser():
    """What the token check passes, Python's parser takes: else its error would read 'too deep'."""
    wrong = []
    for case in generated(3000, seed=3):
        try:
            read(case.data)
        except ExpressionError as error:
            if "deep inside" in str(error):
                wrong.append(case.data)
    assert not wrong


# --- values --------------------------------------------------------------------------------------


def test_missing_values_are_listed():
    with pytest.raises(UsageError) as caught:
        read("w1*x + b1").build({"x": 1})
    assert str(caught.value) == (
        "no value for w1, b1\n"
        "   Give them:   --at w1=0.7,b1=-0.2\n"
        "   or let me pick:   --at random --seed 0"
    )


def test_many_missing_values_are_shortened():
    with pytest.raises(UsageError, match="and 14 more"):
        read("+".join(f"w{i}" for i in range(20))).build({})


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"a": 1, "q": 1}, "no variable 'q'"),
        ({"a": 1, "b": 1}, "computed"),
        ({"a": math.nan}, "finite"),
        ({"a": -math.inf}, "finite"),
        ({"a": "1"}, "finite"),
        ({"a": None}, "finite"),
    ],
)
def test_values_that_do_not_fit(values, word):
    with pytest.raises(UsageError, match=word):
        read("b=a+a").build(values)


def test_parse_values():
    assert parse_values("w1=0.7,b1=-0.2, x = 1e-3 ") == {"w1": 0.7, "b1": -0.2, "x": 1e-3}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("w1=0.7,w1=1", "twice"),
        ("w1=nan", "no number"),
        ("w1=1e999", "range"),
        ("w1", "no name=value"),
        ("w1=0,7", "no name=value"),
        ("__proto__=1", "no name"),
        ("lambda=1", "Python"),
        ("x=1/2", "no number"),
        ("", "no value"),
    ],
)
def test_parse_values_refuses(text, word):
    with pytest.raises(ExpressionError, match=word):
        parse_values(text)


def test_parse_numbers():
    assert parse_numbers("0.8,-1.2, .5") == [0.8, -1.2, 0.5]
    assert len(parse_numbers(",".join(["0.5"] * 5000))) == 5000
    with pytest.raises(ExpressionError, match="missing"):
        parse_numbers("1,,2")


@pytest.mark.parametrize("text", ["net.json", "./a", "../a", "/a/b", "~/a", "a b.json", "-"])
def test_looks_like_a_file(text):
    assert looks_like_file(text)


@pytest.mark.parametrize("text", ["w/x", "2.e5", "x*.5", "chain", "-x", "1./x"])
def test_looks_like_an_expression(text):
    assert not looks_like_file(text)
    assert read(text).text == text


# --- the tables ----------------------------------------------------------------------------------


def test_every_scalar_operation_is_a_function_with_a_meaning():
    assert set(FUNCTIONS) == {op.name for op in OPS.values() if op.elementwise}
    assert set(_MEANINGS) == set(FUNCTIONS)
    assert not [f.name for f in FUNCTIONS.values() if not f.call.isascii()]


def test_every_function_can_be_called_as_its_table_says():
    for function in FUNCTIONS.values():
        inputs = ["a<b" if p == "condition" else p for p in function.arguments.split(", ")]
        numbers = [p.partition("=")[2] or p for p in inputs]
        text = f"{function.name}({', '.join(numbers)})"
        text = f"where({text}, 1, 2)" if "condition of where" in function.meaning else text
        names = read(text).names
        built = read(text).build(dict.fromkeys(names, 0.5))
        assert math.isfinite(built.output.value), text


def test_kinks_are_told():
    kinked = {kink.op for kink in KINKS}
    assert kinked & set(FUNCTIONS) <= {
        name for name, function in FUNCTIONS.items() if function.kink
    }
    assert FUNCTIONS["relu"].kink == "at x = 0 the slope is 0"


@pytest.mark.parametrize("name", ["beta", "gamma", "E", "I", "S", "N", "lambda_1", "e", "match"])
def test_ordinary_names(name):
    assert name_fault(name) is None
    assert read(f"{name}*2").names == (name,)


def test_suggestions():
    assert closest("tanhh") == "tanh"
    assert closest("zzzz") is None
    assert spelled("₁") == "1"
    assert spelled("\u202e") is None
