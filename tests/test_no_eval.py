"""Nothing in the project turns text or files into code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("autograd_lab", "cli", "gallery")

BUILT_IN = {"eval", "exec", "compile", "__import__"}
# lambdify is left out: it spells a SymPy tree, which is never made from text here, as a function
ANYWHERE = {"sympify", "parse_expr", "parse_latex", "literal_eval"}
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "runpy"}


def faults(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        place = f"line {getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Name) and node.id in BUILT_IN | ANYWHERE | MODULES:
            if node.id not in parameters:  # load_model(compile=False) names Keras's method
                yield f"{place}: {node.id}"
        elif isinstance(node, ast.Attribute):
            of_models = node.attr == "compile" and _name(node.value) != "builtins"
            if node.attr in ANYWHERE | BUILT_IN and not of_models:
                yield f"{place}: .{node.attr}"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or ""
            for name in [module, *(alias.name for alias in node.names)]:
                if name.split(".")[0] in MODULES | {"builtins"} or name in BUILT_IN | ANYWHERE:
                    yield f"{place}: import {name}"
        elif isinstance(node, ast.Call):
            yield from (f"{place}: {fault}" for fault in _call_faults(node))


def _call_faults(node: ast.Call) -> Iterator[str]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)
    numbers = all(isinstance(x, ast.Constant) and type(x.value) is int for x in node.args)
    if called == "S" and not numbers:
        yield "S(...)"
    if called in ("system", "popen"):
        yield f"{called}(...)"
    for keyword in node.keywords:
        if keyword.arg in ("shell", "allow_pickle") and not (
            isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        ):
            yield f"{keyword.arg}="


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


# A plan is written as code from a graph.  Names of users are cut down to letters there, which a
# test of plans shows; no text of anybody else's comes in.
WRITES_CODE = {"autograd_lab/plans/plan.py": ["exec", "compile"]}


def test_no_file_turns_text_into_code():
    found = {
        str(path.relative_to(ROOT)): list(faults(path.read_text(encoding="utf-8")))
        for path in sources()
    }
    wrong = {path: [line.split(": ")[1] for line in lines] for path, lines in found.items()}
    assert {path: names for path, names in wrong.items() if names} == WRITES_CODE


def test_the_readers_are_among_the_files():
    names = {path.name for path in sources()}
    assert {"text.py", "document.py", "parser.py", "lexer.py", "algebra.py"} <= names


@pytest.mark.parametrize(
    "planted",
    [
        "eval('1')",
        "f = exec",
        "compile(text, '', 'eval')",
        "__import__('os')",
        "sympy.sympify(text)",
        "from sympy import sympify",
        "from sympy.parsing.sympy_parser import parse_expr as p",
        "import pickle",
        "from pickle import loads",
        "import builtins",
        "builtins.eval(text)",
        "sp.S(text)",
        "S('x')",
        "np.load(f, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
        "os.system(x)",
        "ast.literal_eval(x)",
    ],
)
def test_a_planted_line_is_found(planted):
    assert list(faults(planted))


@pytest.mark.parametrize(
    "harmless",
    [
        "re.compile('x')",
        "model.compile(loss='mse')",
        "def f(compile=True): return compile",
        "sp.S(1)",
        "sp.S.Half",
        "ast.parse(text, mode='eval')",
        "evaluate(x)",
        "np.load(f, allow_pickle=False)",
        "# eval(x)",
        "'exec'",
    ],
)
def test_a_harmless_line_is_not(harmless):
    assert not list(faults(harmless))
