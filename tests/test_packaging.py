"""What is installed is what is in the folders; the wheel itself is tried by ``.ci/run``."""

from __future__ import annotations

import fnmatch
import importlib
import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
FOLDERS: dict[str, str] = SETUPTOOLS["package-dir"]
NOT_DATA = {".py", ".pyc"}


def packages_in(folders: dict[str, Path]) -> set[str]:
    """Dotted names of every folder that holds an ``__init__.py``."""
    found = set()
    for package, folder in folders.items():
        for file in folder.rglob("__init__.py"):
            found.add(".".join([package, *file.parent.relative_to(folder).parts]))
    return found


def data_files() -> list[Path]:
    return [
        file
        for folder in FOLDERS.values()
        for file in sorted((ROOT / folder).rglob("*"))
        if file.is_file() and file.suffix not in NOT_DATA
    ]


def test_the_listed_packages_are_the_folders() -> None:
    folders = {package: ROOT / folder for package, folder in FOLDERS.items()}
    assert set(SETUPTOOLS["packages"]) == packages_in(folders)
    assert len(SETUPTOOLS["packages"]) == len(set(SETUPTOOLS["packages"]))


def test_a_forgotten_package_is_found(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    for folder in (tmp_path, tmp_path / "new"):
        (folder / "__init__.py").touch()
    assert packages_in({"lab": tmp_path}) == {"lab", "lab.new"}


def test_every_python_file_lies_in_a_package() -> None:
    for folder in FOLDERS.values():
        for file in (ROOT / folder).rglob("*.py"):
            assert (file.parent / "__init__.py").is_file(), file


@pytest.mark.parametrize("file", data_files(), ids=lambda file: file.name)
def test_every_data_file_matches_the_package_data(file: Path) -> None:
    """Patterns are relative to the nearest package, as setuptools reads them."""
    package = file.parent
    while not (package / "__init__.py").is_file():
        package = package.parent
    name = file.relative_to(package).as_posix()
    assert any(fnmatch.fnmatch(name, pattern) for pattern in SETUPTOOLS["package-data"]["*"])


def test_the_library_says_that_it_is_typed() -> None:
    for folder in FOLDERS.values():
        assert (ROOT / folder / "py.typed").is_file(), folder


@pytest.mark.parametrize("command", PROJECT["project"]["scripts"])
def test_the_console_script_leads_to_a_function(command: str) -> None:
    (entry,) = (
        entry
        for entry in importlib.metadata.entry_points(group="console_scripts")
        if entry.name == command
    )
    assert entry.value == PROJECT["project"]["scripts"][command]
    module, _, function = entry.value.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_installed_metadata_is_that_of_the_project() -> None:
    meta = importlib.metadata.metadata("autograd-lab")
    assert meta["Version"] == PROJECT["project"]["version"]
    assert meta["License-Expression"] == PROJECT["project"]["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_every_required_package_is_imported_somewhere() -> None:
    """A dependency that nobody imports should go."""
    imported_as = {"resvg-py": "resvg_py"}
    sources = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in FOLDERS.values()
        for file in (ROOT / folder).rglob("*.py")
    )
    for requirement in PROJECT["project"]["dependencies"]:
        (name,) = re.findall(r"^[\w.-]+", requirement)
        module = imported_as.get(name, name)
        assert re.search(rf"^\s*(import|from) {module}\b", sources, re.MULTILINE), name
