r"""Inputs as an enemy would write them, in groups, each with what must become of it.

Run as a program, it reads every input in this one process, guarded by a limit of memory and a
watchdog, and prints one line of JSON per fault:  ``python hostile.py corpus|generated``.
With ``hang`` or ``greedy`` it reads one planted input that the guards must catch.
The data here is only ever read by the project's own readers.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd_lab.language.node_table import MAX_DEPTH, MAX_NODES

SECONDS = 5
MEGABYTES = 400
ADDRESS_SPACE = 1_500_000_000  # NumPy's libraries alone reserve several hundred megabytes


@dataclass(frozen=True)
class Case:
    """One input: its group, what reads it, the data, and the outcome, "refused" or "ok"."""

    group: str
    reader: str
    data: Any
    outcome: str


def _cases(group: str, reader: str, outcome: str, *inputs: Any) -> list[Case]:
    return [Case(group, reader, data, outcome) for data in inputs]


SCHEMA = "autograd-lab/explain/1"
X = {"id": "x", "op": None, "inputs": [], "name": "x", "value": 2.0}


def graph(*nodes: dict[str, Any], output: Any = "y", **more: Any) -> bytes:
    """A document of a leaf x and these nodes."""
    data = {"schema": SCHEMA, "nodes": [X, *nodes], "output": output, "wrt": ["x"], **more}
    return json.dumps(data).encode()


def node(op: Any, inputs: Any = ("x",), **more: Any) -> dict[str, Any]:
    """The node ``y`` of a document."""
    return {"id": "y", "op": op, "inputs": list(inputs) if inputs.__class__ is tuple else inputs,
            **more}  # fmt: skip


def array(value: Any, **more: Any) -> dict[str, Any]:
    """A leaf ``a`` of a document."""
    return {"id": "a", "value": value, **more}


def _renamed(name: Any) -> bytes:
    return graph(node("square", name=name))


CODE = _cases(
    "code execution", "text", "refused",
    "__import__('os').system('touch F')",
    "exec('x=1')",
    "eval('1')",
    "open('/etc/hostname').read()",
    "print(1)",
    "globals()",
    "x.subs.__globals__['__builtins__']['__import__']('os').system('id')",
    "().__class__.__bases__[0].__subclasses__()",
    "(lambda: 1)()",
    "[x for x in (1,2)]",
    "{1: 2}[1]",
    "f'{x}'",
    "getattr(x, '__class__')",
    "compile('1', '', 'eval')",
    "import os",
    "x if x else os",
    "(y := 3)",
    "breakpoint()",
    "sin.__call__(1)",
    "sin(*[1])",
    "sin(**{'x': 1})",
    "await x",
    "yield x",
    "x; import os",
    "`id`",
    "$(id)",
    "sin(x)\nimport os",
    "os.system",
    "vars()",
    "help()",
    "input()",
    "exit()",
    "type(x)",
    "__builtins__",
    "sympify('x')",
)  # fmt: skip

BLOW_UPS = [
    *_cases(
        "blow-ups", "text", "ok",
        "9**9**9",
        "9**9**9**9",
        "10**10**10",
        "exp(exp(exp(exp(99))))",
        "1/0",
        "0/0",
        "log(0)",
        "log(-1)",
        "sqrt(-1)",
        "(-8)**(1/3)",
        "0**-1",
        "tan(1e308)",
        "sin(1e308*10)",
        "sigmoid(-1e308)",
        "softplus(1e308*10)",
        "elu(-1e308)",
        "expm1(1e308)",
        "; ".join(f"a{i + 1}=a{i}+a{i}" for i in range(100)),
        "; ".join(f"a{i + 1}=a{i}*a{i}" for i in range(100)),
        "+".join("x" * 99),
        "(" * 99 + "x" + ")" * 99,
        "sin(" * 98 + "x" + ")" * 98,
    ),
    *_cases(
        "blow-ups", "text", "refused",
        "factorial(100000)",
        "**".join("9" * 600),
        "**".join("x" * 900),
        "x" + "**x" * 600,
        "x" + "*x" * 900,
        "-" * 1999 + "x",
        "- " * 900 + "x",
        "(" * 1000 + "x" + ")" * 1000,
        "(" * 101 + "x" + ")" * 101,
        "sin(" * 101 + "x" + ")" * 101,
        "+".join("x" * 150),
        "+".join("x" * 1000),
        "x" * 1_000_000,
        "+".join("x" * 350_000),
        "(" * 700_000,
        " " * 3000 + "x",
        "maximum(" * 60 + "x" + ",x)" * 60 + "+x" * 300,
        "(x+x+x+x+x+x)*" * 140 + "x",
        "sum(range(10**9))",
        "x<<10**9",
    ),
]  # fmt: skip

LEXING = _cases(
    "lexing", "text", "refused",
    "2x", "2(x+1)", "(a)(b)", "a b", "x y z", "x 2", "2 3", "x(3)", "3 sin(x)", "sin x", "1..x",
    "1.2.3", "x^2", "x^2+1", "x//2", "x%2", "x@y", "x&y", "x|y", "~x", "x<<1", "x>>1", "!x",
    "x!", "x?", "a->b", "a:=b", "a+=1", "a**=2", "a<>b", "x\\y", "#", "x # note", "x\t+1",
    "x\n+1", "x\r\n", "\x00", "x\x00y", "x\x1b[31m", "\x07", "x\x7f", "'x'", '"x"', "x.", ".",
    "..", "...", "[x]", "{x}", "x[0]", "x:y", "1if x else 2", "1or 2", "0or x", "x,", "x;;y",
    "&&", "a && b", "a || b", "@", "$x",
)  # fmt: skip

UNICODE = _cases(
    "Unicode", "text", "refused",
    "σ(x)", "w·x", "w×x", "a−b", "a–b", "x²", "x³", "β*x", "π*r", "√x", "½*x", "w₁*x",
    "ｘ+1", "ſin(x)", "ℯ**x", "x\u200b+1", "x\u00a0+1", "\u202ex+1", "\ufeffx", "x\u0301",
    "а*b", "x＋y", "（x）", "２*x", "٣*x", "x′", "∂x", "Σ(x)", "∞", "x≤y", "x≠y", "😀",
    "\ud800", "x\udcff", "𝐱+1", "lambda λ: λ", "x÷y", "x\u2028+1", "x\x85+1", "é", "ªb", "µ*x",
    "x‐y", "“x”", "x…", "\U0010ffff", "\ue000",
)  # fmt: skip

STRUCTURE = [
    *_cases(
        "structure", "text", "refused",
        "", " ", ";", "x+", "+", "*x", "x*", "x**", "()", "(x", "x)", "((x)", "(x))", ")x(", "x,y",
        "(x,y)", "sin()", "sin(x,y)", "sin(x,)", "sin(,x)", "sin(x=1)", "maximum(x)",
        "maximum(x,y,z)", "where(x>0,1)", "where(x,1,2)", "where(1,2,3)", "x>0", "x==y", "a<b<c",
        "where(a<b<c,1,2)", "where((a<b)<c,1,2)", "where(a<b and c<d,1,2)", "where(not a<b,1,2)",
        "(x>0)*y", "where(x>0,x>1,2)", "less(a,b)", "relu(x>0)", "a=b=c", "a=", "=a", "(a)=b",
        "a+b=c", "2=x", "a=b,c=d", "a=b c=d", "a;b", "a=1;a=2", "a=a+1", "c=b+b;b=a", "a=b;;c",
        "sin=3", "pi=3", "if x", "x if y else z", "leaky_relu(x,a)", "leaky_relu(x,1,2)",
        "elu(x,1+1)", "elu()", "leaky_relu(x, negative_slope=0.1)", "sin", "sin+1", "matmul(a,b)",
        "sum(x)", "reshape(x)", "f(x)", "2sin(x)", "sin(sin)", "where", "a==", "where(a=b,1,2)",
    ),
    *_cases(
        "structure", "text", "ok",
        "x", "x;", "-x", "--x", "+x", "a=b;c=a", "b=a+a; c=b+b", "a=2; a*x", "(x)", " x ",
        "where(x>0,x,0)", "where((x>0),x,0)", "where(less(a,b),a,b)", "where(x!=0,1/x,0)",
        "leaky_relu(x,0.1)", "elu(x,-0.5)", "selu(x,1.5,1)", "rrelu(x,0.1,0.3)", "x*-y", "x**-2",
        "2**-x", "((((x))))", "maximum(a,minimum(b,c))",
    ),
]  # fmt: skip

NUMBERS = [
    *_cases(
        "numbers", "text", "refused",
        "0x1F", "0b101", "0o17", "017", "00x", "1_000", "1__0", "3j", "1e5j", "1e999", "-1e999",
        "1e-999", "1e+400*x", "1" * 41, "0." + "1" * 41, "1" * 1999, "1e", "1e+", "1.5.2", "1e5.5",
        "0xx", "True", "False", "None", "nan", "inf", "Infinity", "1,5", "1 000", "5L", "1f", "0x",
        "00", "1e1000000000", "1.e", "NaN+x", "Ellipsis+True",
    ),
    *_cases(
        "numbers", "values", "refused",
        "x=nan", "x=inf", "x=-inf", "x=1e999", "x=1e-999", "x=0x1F", "x=1_0", "x=1j", "x=", "=1",
        "x", "x==1", "x=1=2", "x=1,x=2", "x=1,", ",x=1", "x=1,,y=2", "", " ", "x=1;y=2", "x=1/2",
        "x=y", "x=--1", "x=1e5e5", "x=" + "1" * 41, "x=1" + "0" * 100_000, "x=٣", "x=1\n", "x=True",
        "x=(1)", "x=1 y=2", "=", ",", "x=1" + ",x=1" * 200_000, "x=0.5\x00",
    ),
    *_cases(
        "numbers", "numbers", "refused",
        "", ",", "1,", "1,,2", "nan", "1,inf", "1 2", "x", "1;2", "0x1", "1_0", "1e999", "[1,2]",
        "1" * 500, "-", "+", "1e", ".", "--1", "1,\x1b",
    ),
    *_cases("numbers", "text", "ok", "0", "0.0", ".5", "5.", "1e5", "1.5E-3", "1e308",
            "5e-324", "0e999", "1" * 40, "-0.0", "007.5"),
    *_cases("numbers", "values", "ok", "x=1", "x=-.5", "x=+1e-3 , y=5.", " x = 1 ", "e=2.7"),
    *_cases("numbers", "numbers", "ok", "1", "0.8,-1.2", " 1 , 2 ", "1e5,.5"),
]  # fmt: skip

NAMES = [
    *_cases(
        "names", "text", "refused",
        "__proto__", "__class__", "a__b", "_x", "_", "__", "constructor", "prototype", "toString",
        "valueOf", "hasOwnProperty", "isPrototypeOf", "lambda", "lambda*x", "and", "is", "not x",
        "None*2", "x" * 33, "x" * 500, "class=3", "def", "yield", "pi=2", "exp=2", "nan*x",
        "__init__=x;x", "True=x", "inf=2; x*inf", "constructor=x; x",
    ),
    *_cases(
        "names", "values", "refused",
        "__proto__=1", "_x=1", "lambda=1", "constructor=2", "a b=1", "1x=1", "x.y=1", "σ=1",
        "a-b=1", "x" * 33 + "=1", "nan=1", "x[0]=1", "'x'=1", "toString=0",
    ),
    *_cases(
        "names", "text", "ok",
        "beta*x", "gamma*x+beta", "E*I*S*N*Q*C*O", "zeta", "lambda_1*x", "x" * 32, "a_b", "e*x",
        "match+case+type", "var+new+this+let", "y", "Pi", "oo", "print+open", "None_",
        "undefined+NaN_", "A1", "im+re", "Symbol*x",
    ),
]  # fmt: skip

INJECTION = [
    *_cases(
        "injection", "text", "refused",
        "<script>alert(1)</script>", "</script><script>", '"];graph{}', 'a" URL="javascript:1',
        "<TABLE HREF='javascript:alert(1)'>", "x<b>y", "&lt;", "&#x3C;", "-->", "<!--", "]]>",
        "\\N", "\\G", "x\\", "x\\input{f}", "$x$", "%x", "{x}", "x'y", "[/]", "[bold]x[/bold]",
        "x`y`", "\x1b]8;;http://a\x07x", "<b", "x<b>", "javascript:alert(1)", "onload=alert(1)",
        "a=<b>;a", "url(x)",
    ),
    *_cases("injection", "text", "ok", "digraph", "script*svg", "href+onload", "graph*node*edge"),
    *_cases(
        "injection", "document", "refused",
        _renamed("<script>alert(1)</script>"), _renamed('x"]; y'), _renamed("<b>"),
        _renamed("\\N"), _renamed("a\x00"), _renamed("a\nb"), _renamed("\u202ex"),
        _renamed("__proto__"), _renamed("constructor"), _renamed("javascript:x"), _renamed("x y"),
        _renamed(""), _renamed(7), _renamed(["x"]), _renamed({"a": 1}), _renamed("\ud800"),
        _renamed("&amp;"), graph(node("square", scope=["<b>"])),
        graph(node("square", scope="hidden")), graph(node("square", scope=["a\nb"])),
        graph(node("square", scope=["a"] * 17)), graph(node("square", scope=[["a"]])),
    ),
]  # fmt: skip

TRAPS = [
    *_cases(
        "command-line traps", "text", "refused",
        "-", "--", "-x -y z", "--wrt=x", "-f svg", "*.py", "$HOME", "~", "!!", "%PATH%",
        "x > out.txt", "x | cat", "x & y", "x; rm -rf /", "'x*y", '"x*y"', "`x`", "@file",
        "x\\ y", "$(x)", "x 2>&1", "--at x=1", "-1 -2 3",
    ),
    *_cases("command-line traps", "text", "ok", "explain", "-x", "-1", "chain", "--x", "-x-y",
            "--help"),
    *_cases(
        "command-line traps", "values", "refused",
        "random", "--seed", "w1 = ", "w1:0.7", "w1=0,7", "w1=0.7 b1=2", "w1=$x", "w1='0.7'",
        "@values", "w1=0.7\x1b[0m",
    ),
    *_cases(
        "command-line traps", "target", "file",
        "net.json", "./net", "../net", "/etc/passwd", "~/net", "-", "my net.json", "NET.JSON",
        "dir/net.json", "C:\\net.json", "dir\\net", "file:///etc/passwd", "https://a.b/c",
        "x*y.json", "a.csv", "/dev/stdin", "W.npz", "model.onnx", "./x*y", "out.svg",
    ),
    *_cases(
        "command-line traps", "target", "expression",
        "x", "w/x", "a/b/c", "2.e5", "x*.5", "tanh(w*x + b)", "1./x", "b=a+a; c=b+b", "-x", "x-",
        "json", "sin(x)/x", "0.5", "3.", "", "--x",
    ),
]  # fmt: skip

_LEAVES = [{"id": f"x{i}", "value": 1.0} for i in range(MAX_NODES + 1)]
_CHAIN = [
    {"id": f"c{i}", "op": "sin", "inputs": [f"c{i - 1}" if i else "x"]}
    for i in range(MAX_DEPTH + 50)
]
FILES = [
    *_cases(
        "files", "document", "refused",
        b"", b" ", b"{", b"[]", b"{}", b"null", b"1", b'"x"', b"x", b"nan", b"\xff\xfe{", b"\x00",
        b"\x80abc", b"{'a': 1}", b'{"a": 1,}', b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -1e999}',
        b'{"a": 1, "a": 2}', b'{"a": ' + b"9" * 5000 + b"}", b"[" * 100_000,
        b'{"a":' * 100_000, b"[" * 900 + b"]" * 900, b"[" + b"[]," * 300_000 + b"[]]",
        b"[" + b"0," * 2_000_000 + b"0]", b" " * 10_000_001, b"PK\x03\x04", b"\x93NUMPY",
        b'{"schema": "autograd-lab/explain/2"}', b'{"schema": "autograd-lab/explain/1"}',
        b'{"schema": "autograd-lab/explain/1", "nodes": []}',
        b'{"schema": "autograd-lab/explain/1", "nodes": {}}',
        b'{"schema": "autograd-lab/explain/1", "nodes": [1]}',
        b'{"schema": ' + b"[" * 500 + b"]" * 500 + b"}",
        graph(), graph(output=None), graph(output=["x"]), graph(output="z"),
        graph(node("square"), wrt="x"), graph(node("square"), wrt=["z"]),
        graph(node("square"), wrt=[1]), graph(node("system")), graph(node("__class__")),
        graph(node(1)), graph(node(["sin"])), graph(node("")), graph(node(None)),
        graph(node("sin", ["z"])), graph(node("sin", "x")), graph(node("sin", [1])),
        graph(node("sin", [])), graph(node("sin", ["x", "x"])), graph(node("add")),
        graph(node("sin", None)), graph(node("sin", ["y"])), graph(node("concatenate", ["x"] * 27)),
        graph(node("sin", ["z"]), {"id": "z", "op": "sin", "inputs": ["y"]}),
        graph(node("sin"), node("sin")), graph({**node("sin"), "id": "x"}),
        graph({**node("sin"), "id": 1}), graph({**node("sin"), "id": ""}),
        graph({**node("sin"), "id": "__proto__"}), graph({**node("sin"), "id": "constructor"}),
        graph({**node("sin"), "id": "a b"}), graph({**node("sin"), "id": "x" * 65}),
        graph({**node("sin"), "id": "<b>"}), graph({"op": "sin", "inputs": ["x"]}),
        graph(node("sin", name="x")), graph(node("sin", attrs=[])), graph(node("sin", attrs=None)),
        graph(node("sin", attrs={"alpha": 1})), graph(node("elu", attrs={"alpha": "1"})),
        graph(node("elu", attrs={"alpha": True})), graph(node("elu", attrs={"alpha": [1]})),
        graph(node("elu", attrs={"alpha": "nan"})),
        graph(node("elu", attrs={"alpha": 1e101})),
        graph(node("elu", attrs={"__class__": 1})), graph(node("reshape")),
        graph(node("reshape", attrs={"shape": [-1]})), graph(node("reshape", attrs={"shape": "1"})),
        graph(node("reshape", attrs={"shape": [1] * 9})),
        graph(node("broadcast_to", attrs={"shape": [10**30]})),
        graph(node("broadcast_to", attrs={"shape": [100_000, 100_000]})),
        graph(node("broadcast_to", attrs={"shape": [1.5]})), graph(node("matmul", ["x", "x"])),
        graph(node("transpose", attrs={"axes": [0]})), graph(node("sum", attrs={"axis": 5})),
        graph(node("sum", attrs={"keepdims": 1})), graph(node("einsum", attrs={"subscripts": "i"})),
        graph(node("einsum", attrs={"subscripts": "...->"})),
        graph(node("einsum", ["x", "x"], attrs={"subscripts": "->"})),
        graph(node("widen", attrs={"axis": 0, "start": 0, "shape": [3]})),
        graph(node("narrow", attrs={"axis": 0, "start": 0, "length": 1})),
        graph(array([1, 2]), node("narrow", ["a"], attrs={"axis": 0, "start": 1, "length": 5})),
        graph(array([1, 2]), node("widen", ["a"], attrs={"axis": 0, "start": 2, "shape": [3]})),
        graph(array([1, 2]), node("transpose", ["a"], attrs={"axes": [-1]})),
        graph(array([1, 2]), node("concatenate", ["a"], attrs={"axis": None})),
        graph(array([[1, 2, 3]]), node("sum_to", ["a"], attrs={"shape": [3, 1]})),
        graph(array([1] * 300), array([[1]] * 300) | {"id": "b"}, node("matmul", ["b", "a"])),
        graph(array([1] * 500), array([[1]] * 500) | {"id": "b"}, node("add", ["a", "b"])),
        graph(array([[1] * 200] * 200), node("einsum", ["a"] * 3,
              attrs={"subscripts": "ij,kl,mn->"})),
        graph(array([1, [2]]), node("sum", ["a"])), graph(array([[1], [2, 3]])), graph(array([])),
        graph(array("1")), graph(array(None)), graph(array({})), graph(array([True, 1])),
        graph(array("NaN")), graph(array([1], dtype="object")), graph(array([1], dtype=7)),
        graph(array([1.5], dtype="int64")), graph(array([300], dtype="uint8")),
        graph(array([1e300], dtype="float32")), graph(array([1], dtype="bool")),
        graph(array([1], shape=[2])), graph(array(1, shape="[]")), graph(array(1, attrs={"a": 1})),
        graph({"id": "a"}), graph(array([[[[[[[[[1]]]]]]]]])), graph(array([0] * 100_001)),
        graph(*_LEAVES), graph(*_CHAIN, output=_CHAIN[-1]["id"]),
        graph(array([True, False]), node("negative", ["a"])),
    ),
    *_cases(
        "files", "document", "ok",
        graph(node("square")), graph(node("square"), extra=[1, {"a": None}]), graph(output="x"),
        b"\xef\xbb\xbf" + graph(node("sin")), graph(node("elu", attrs={"alpha": 2})),
        graph(node("sin", value="nan", label="<b>", grad=[1])), graph(array("inf"), output="a"),
        graph(array([[1, "nan"], [2, "-inf"]]), node("matmul", ["a", "a"])),
        graph(node("add", ["z", "x"]), {"id": "z", "op": "sin", "inputs": ["x"]}),
        graph(array([1.5], dtype="float32"), node("log", ["a"], scope=["hidden", "dense_1"])),
        graph(array([-1, 0, 1e308]), node("sqrt", ["a"])),
        graph(array([1, 2]), node("einsum", ["a", "a"], attrs={"subscripts": "i,i->"})),
        graph(array([1, 2]), node("concatenate", ["a", "a"])),
        graph(*_CHAIN[:MAX_DEPTH], output=f"c{MAX_DEPTH - 1}"),
    ),
]  # fmt: skip

CORPUS: list[Case] = [
    *CODE, *BLOW_UPS, *LEXING, *UNICODE, *STRUCTURE, *NUMBERS, *NAMES, *INJECTION, *TRAPS, *FILES,
]  # fmt: skip


# --- reading one input -------------------------------------------------------------------------


def _read_text(text: str) -> str:
    from autograd_lab.interpreters.text import read

    expression = read(text)
    built = expression.build(dict.fromkeys(expression.names, 0.5))
    assert isinstance(built.output.value, float), "a number comes out"
    return "ok"


def _read_document(data: bytes) -> str:
    from autograd_lab.interpreters.document import from_document, read_json

    assert from_document(read_json(data)).output.shape is not None
    return "ok"


def _read_values(text: str) -> str:
    from autograd_lab.interpreters.text import parse_values

    assert all(isinstance(x, float) for x in parse_values(text).values())
    return "ok"


def _read_numbers(text: str) -> str:
    from autograd_lab.interpreters.text import parse_numbers

    assert all(isinstance(x, float) for x in parse_numbers(text))
    return "ok"


def _read_target(text: str) -> str:
    from autograd_lab.interpreters.text import looks_like_file

    return "file" if looks_like_file(text) else "expression"


def _hang(_: str) -> str:
    while True:
        pass


def _greedy(_: str) -> str:
    return str(len(bytearray(2 * ADDRESS_SPACE)))


READERS: dict[str, Callable[[Any], str]] = {
    "text": _read_text,
    "document": _read_document,
    "values": _read_values,
    "numbers": _read_numbers,
    "target": _read_target,
    "hang": _hang,
    "greedy": _greedy,
}


def outcome(case: Case, readers: dict[str, Callable[[Any], str]] = READERS) -> str:
    """What becomes of an input: the reader's answer, "refused", or what is wrong about it."""
    from autograd_lab.errors import ExpressionError

    try:
        return readers[case.reader](case.data)
    except ExpressionError as error:
        return message_fault(str(error)) or "refused"
    except Exception as error:
        return f"broken: {type(error).__name__}: {str(error)[:200]!r}"


def message_fault(message: str) -> str:
    """What is wrong with the message of a refusal, or nothing."""
    lines = message.split("\n")
    if len(lines) > 5:
        return f"a message of {len(lines)} lines"
    if any(not (" " <= c <= "~") for line in lines for c in line):
        return f"a message with control or foreign characters: {message!r}"
    if any(len(line) > 80 for line in ("error: " + message).split("\n")):
        return f"a line of {max(map(len, lines))} characters: {message!r}"
    if len(message.strip()) < 15:
        return f"a message that says nothing: {message!r}"
    return ""


# --- generated inputs --------------------------------------------------------------------------

_WORDS = [
    "x", "y", "w1", "b", "a=b", "c", "a=", "1", "2", "0.5", "1e9", ".5", "3.", "00", "9**9", "+",
    "-", "*", "/", "**", "(", ")", "(", ")", ",", ";", "=", "<", ">", "<=", "==", "!=", "sin(",
    "tanh(", "where(", "where(x>0,", "maximum(", "elu(", "sigmoid(", "log(", "relu", "exp", "pi",
    "e", "if", "and", "lambda", "None", "_", "__", ".", "^", "@", "[", "]", "{", "}", "'", "\"",
    "\\", "#", ":", "!", "~", "|", "&", "%", "//", "\t", "\n", "\x00", "σ", "·", "x²", "0x1",
    "1_0", "3j", "nan", "inf", "in", "is", "not", "--", "-", "+", ")", ")", ")",
]  # fmt: skip
_VALID = (
    "sigmoid(w2*tanh(w1*x+b1)+b2)", "b=a+a; c=b+b", "where(x>0, x**2, -x/3)", "elu(x, 0.5)+1e-3",
    "maximum(a, minimum(b, 2.5))*(a-b)", "z=w*x+b; a=tanh(z); (y-a)**2/2", "log(x*x+1)**-0.5",
)  # fmt: skip


def generated(count: int, seed: int) -> Iterator[Case]:
    """Strings of tokens: random ones, and valid expressions with a token or two gone astray."""
    rng = random.Random(seed)
    for i in range(count):
        if i % 2:
            words = [rng.choice(_WORDS) for _ in range(rng.randint(1, 20))]
            yield Case("generated", "text", rng.choice(["", " "]).join(words), "any")
            continue
        text = rng.choice(_VALID)
        for _ in range(rng.randint(1, 2)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice([*_WORDS, ""]) + text[at + rng.randint(0, 2) :]
        yield Case("generated", "text", text, "any")


# --- the child process -------------------------------------------------------------------------


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    with contextlib.suppress(ValueError, OSError):  # macOS refuses this limit
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def peak_megabytes() -> float:
    """The most memory this process has held, 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    with contextlib.suppress(OSError):  # Linux counts the parent's memory in ru_maxrss
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main(which: str) -> None:
    """Read the inputs and print each fault, a count of the outcomes, and the peak of memory."""
    import autograd_lab.interpreters.document
    import autograd_lab.interpreters.text  # noqa: F401 - before the limit of memory and the watchdog

    planted = [Case("self-test", which, "planted", "refused")]
    cases = {"corpus": CORPUS, "generated": generated(10_000, seed=20)}.get(which, planted)
    seconds = 0.5 if which == "hang" else SECONDS
    _limit_memory()
    warnings.simplefilter("error")
    counts: dict[str, int] = {}
    for place, case in enumerate(cases):
        print(f"{place} {case.group} {case.data[:80]!r}", file=sys.stderr, flush=True)
        faulthandler.dump_traceback_later(seconds, exit=True)
        found = outcome(case)
        faulthandler.cancel_dump_traceback_later()
        kind = found.partition(":")[0]
        counts[kind] = counts.get(kind, 0) + 1
        expected = ("ok", "refused") if case.outcome == "any" else (case.outcome,)
        if found not in expected:
            print(json.dumps([case.group, repr(case.data[:80]), case.outcome, found]))
    print(json.dumps({"counts": counts, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main(sys.argv[1])
