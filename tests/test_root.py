"""The package root: every name is there, typed, and costs nothing before it is used."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lab

SOURCE = Path(autograd_lab.__file__).read_text(encoding="utf-8")


def _child(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_root_imports_nothing_heavy() -> None:
    code = (
        "import sys, autograd_lab; dir(autograd_lab); autograd_lab.UsageError; "
        "print([m for m in ('numpy', 'sympy', 'mpmath', 'click', 'graphviz') if m in sys.modules])"
    )
    assert _child(code) == "[]"


def test_the_check_of_heavy_imports_can_fail() -> None:
    code = "import sys, autograd_lab; autograd_lab.gradient; print('numpy' in sys.modules)"
    assert _child(code) == "True"


def test_a_leaf_from_the_root_can_be_used_at_once() -> None:
    code = "import autograd_lab as keras; x = keras.leaf(2.0, 'x'); print((x * x).value)"
    assert _child(code) == "4.0"


def test_a_star_import_brings_every_name() -> None:
    names = "[n for n in autograd_lab.__all__ if n not in globals()]"
    assert _child(f"import autograd_lab; from autograd_lab import *; print({names})") == "[]"


@pytest.mark.parametrize("name", autograd_lab.__all__)
def test_every_public_name_is_found(name: str) -> None:
    assert getattr(autograd_lab, name) is not None
    assert name in dir(autograd_lab)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'autograd_lab' has no attribute 'lstm'"):
        autograd_lab.lstm  # noqa: B018


def test_the_version_has_one_home() -> None:
    project = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{autograd_lab.__version__}"\n' in project
    assert autograd_lab.__version__ not in SOURCE


def _typed_names() -> dict[str, str]:
    """Public name -> "module:name" as the lines under TYPE_CHECKING say it."""
    (block,) = (
        node
        for node in ast.parse(SOURCE).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    found = {}
    for node in block.body:
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None
            home = node.module.removeprefix("autograd_lab").removeprefix(".")
            for alias in node.names:
                found[alias.asname or alias.name] = f"{home}:{alias.name}" if home else alias.name
    return found


def test_type_checkers_and_the_lazy_table_say_the_same() -> None:
    assert _typed_names() == autograd_lab._HOMES
    assert sorted(autograd_lab.__all__) == sorted([*autograd_lab._HOMES, "__version__"])


@pytest.mark.parametrize(("name", "home"), autograd_lab._HOMES.items())
def test_a_name_is_the_object_in_its_home(name: str, home: str) -> None:
    module, _, attribute = home.partition(":")
    there = importlib.import_module(f"autograd_lab.{module}")
    assert getattr(autograd_lab, name) is (getattr(there, attribute) if attribute else there)
