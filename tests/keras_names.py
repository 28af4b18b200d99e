"""Programs written for Keras, run on autograd_lab: its names, and code as a deck prints it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import autograd_lab

ROOTS = ("keras", "tensorflow.keras")


def names() -> dict[str, ModuleType]:
    """What ``import`` is to find: keras, keras.layers, tensorflow.keras.layers, ..."""
    tensorflow = ModuleType("tensorflow")
    tensorflow.keras = autograd_lab  # type: ignore[attr-defined]
    found = {"tensorflow": tensorflow, **dict.fromkeys(ROOTS, autograd_lab)}
    for name in autograd_lab.__all__:
        part = getattr(autograd_lab, name)
        if isinstance(part, ModuleType):
            found.update({f"{root}.{name}": part for root in ROOTS})
    return found


@contextmanager
def keras_names() -> Iterator[None]:
    """Inside, Keras's and TensorFlow's modules are autograd_lab's."""
    aliases = names()
    before = {name: sys.modules.get(name) for name in aliases}
    sys.modules.update(aliases)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


class AsPrinted(ast.NodeTransformer):
    """``...`` stands for the name ``body``; the value of the last line is kept as ``_``."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Name("body", ast.Load()) if node.value is ... else node

    def visit_Module(self, node: ast.Module) -> ast.Module:
        last = node.body[-1]
        if isinstance(last, ast.Expr):
            node.body[-1] = ast.Assign([ast.Name("_", ast.Store())], last.value)
        self.generic_visit(node)
        return ast.fix_missing_locations(node)


def run(path: Path, **given: Any) -> dict[str, Any]:
    """The names that a program leaves behind, given those it leaves open."""
    tree = AsPrinted().visit(ast.parse(path.read_text(encoding="utf-8")))
    space = {"keras": autograd_lab, **given}
    with keras_names():
        exec(compile(tree, str(path), "exec"), space)
    return space
