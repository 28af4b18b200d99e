"""What this machine offers to autograd-lab, and whether the engine is right here."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any, Literal

from autograd_lab.datasets import places as datasets
from autograd_lab.errors import AutogradLabError
from autograd_lab.notation import to_ascii

SCHEMA = "autograd-lab/doctor/1"
NAME = "autograd-lab"
Status = Literal["ok", "note", "missing", "wrong"]
EXIT_CODES = {"wrong": 4, "missing": 5}  # a check that disagreed comes first
MARKS = {"ok": "✓", "note": "–", "missing": "✗", "wrong": "✗"}
PLAIN_MARKS = {"ok": "ok", "note": "--", "missing": "XX", "wrong": "XX"}

# Distribution -> what it is for; without the needed ones nothing works, the others have a stand-in.
NEEDED = {
    "click": "the command line",
    "mpmath": "differences with many digits",
    "numpy": "arrays",
    "sympy": "symbols",
}
HELPFUL = {
    "graphviz": "DOT text",
    "pygraphviz": "layout of pictures",
    "reportlab": "PDF",
    "resvg-py": "PNG",
    "safetensors": "files of models and checkpoints",
    "ziafont": "the font of pictures",
}


@dataclass(frozen=True)
class Finding:
    """One line of the survey; ``remedy`` says what to do where something could be better."""

    section: str
    name: str
    status: Status
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Survey:
    """Everything found, in the order in which it is shown."""

    heading: str
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """0 if usable, 4 if the self-check disagrees, 5 if something needed is missing."""
        found = {finding.status for finding in self.findings}
        return next((code for status, code in EXIT_CODES.items() if status in found), 0)

    def conclusion(self) -> str:
        for status, words in {"wrong": "Wrong", "missing": "Missing"}.items():
            names = [finding.name for finding in self.findings if finding.status == status]
            if names:
                return f"{words}: {', '.join(names)}."
        return "Everything needed is here."

    def text(self, *, plain: bool = False) -> str:
        """Aligned lines for a terminal; ``plain`` with ASCII signs only."""
        marks = PLAIN_MARKS if plain else MARKS
        width = max((len(finding.name) for finding in self.findings), default=0)
        lines, section = [self.heading], ""
        for finding in self.findings:
            if finding.section != section:
                section = finding.section
                lines += ["", section.upper()]
            start = f"  {marks[finding.status]}  {finding.name:<{width}}  "
            lines.append(start + finding.detail)
            lines += [" " * len(start) + line for line in finding.remedy.splitlines()]
        text = "\n".join([*lines, "", self.conclusion()])
        return "\n".join(map(to_ascii, text.split("\n"))) if plain else text

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "heading": self.heading,
            "usable": self.exit_code == 0,
            "findings": [asdict(finding) for finding in self.findings],
        }


def survey() -> Survey:
    """Look at packages, drawing, extras and data sets, and let the engine check itself.

    >>> survey().exit_code
    0
    """
    python = f"{platform.python_implementation()} {platform.python_version()}"
    heading = (
        f"{NAME} {_version(NAME) or '(not installed)'}, {python}, {platform.platform(terse=True)}"
    )
    parts: tuple[Callable[[], Iterator[Finding]], ...] = (
        _packages, _drawing, _extras, _data_sets, _self_check,
    )  # fmt: skip
    return Survey(heading, tuple(finding for part in parts for finding in part()))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _pip(what: str) -> str:
    return f"{sys.executable or 'python'} -m pip install {what}"


def _packages() -> Iterator[Finding]:
    for name, purpose in sorted((NEEDED | HELPFUL).items()):
        version = _version(name)
        if version:
            yield Finding("packages", name, "ok", version)
        else:
            status: Status = "missing" if name in NEEDED else "note"
            yield Finding("packages", name, status, f"not installed; for {purpose}", _pip(name))


def _unimportable(section: str, name: str, error: ImportError) -> Finding:
    return Finding(section, name, "missing", f"cannot be tried: {error}")


# --- drawing -------------------------------------------------------------------------------------

ENGINES = {
    "graphviz": "Graphviz, carried by pygraphviz",
    "dot": "the program dot on PATH",
    "builtin": "autograd-lab's own, a plainer one",
}


def _drawing() -> Iterator[Finding]:
    try:
        from autograd_lab import explanations, pictures
        from autograd_lab.pictures.measure import font_file

        picture = explanations.explain("x*x", at={"x": 3.0}, mode="numeric").diagram()
    except ImportError as error:
        yield _unimportable("drawing", "pictures", error)
        return
    found = pictures.available_engine()
    notes = "\n".join(f"({note})" for note in found.notes)
    status: Status = "note" if found.engine == "builtin" else "ok"
    yield Finding("drawing", "layout", status, ENGINES[found.engine], notes)
    yield _renderer("SVG", lambda: pictures.to_svg(picture).encode(), b"<svg")
    yield _renderer("PNG", lambda: pictures.to_png(picture), b"\x89PNG")
    yield _renderer("PDF", lambda: pictures.to_pdf(picture), b"%PDF")
    if font_file() is not None:
        yield Finding("drawing", "font", "ok", "DejaVu Sans, carried by ziafont")
    else:
        yield Finding(
            "drawing", "font", "note", "none; widths of text are guessed", _pip("ziafont")
        )


def _renderer(form: str, draw: Callable[[], bytes], start: bytes) -> Finding:
    """Draw something tiny: a library that is installed may still not work."""
    try:
        data = draw()
    except AutogradLabError as error:
        return Finding("drawing", form, "note", str(error))
    except Exception as error:  # a survey reports what fails, whatever it is
        return Finding("drawing", form, "note", f"fails with {type(error).__name__}: {error}")
    if not data.startswith(start):
        return Finding("drawing", form, "wrong", f"came out as {data[:8]!r}")
    return Finding("drawing", form, "ok", f"a test picture of {len(data):,} bytes")


# --- extras and data -----------------------------------------------------------------------------


def _extras() -> Iterator[Finding]:
    try:
        required = metadata.requires(NAME) or []
    except metadata.PackageNotFoundError:
        yield Finding("extras", NAME, "note", "not installed", _pip("-e .") + "   in its folder")
        return
    extras: dict[str, list[str]] = {}
    for line in required:
        belongs = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", line)
        name = re.match(r"[\w.-]+", line)
        if belongs and name:
            extras.setdefault(belongs[1], []).append(name[0])
    for extra, names in sorted(extras.items()):
        lacking = [name for name in names if not _version(name)]
        if lacking:
            remedy = _pip(f'-e ".[{extra}]"') + "   in the project's folder"
            yield Finding("extras", extra, "note", f"without {', '.join(lacking)}", remedy)
        else:
            yield Finding("extras", extra, "ok", f"{', '.join(names)}")


def _data_sets() -> Iterator[Finding]:
    folder, missing = datasets.fashion_mnist()
    if folder is not None:
        yield Finding("data sets", "Fashion-MNIST", "ok", str(folder))
    else:
        all_of_it = len(missing) == len(datasets.FASHION_MNIST)
        detail = "not found" if all_of_it else f"incomplete: {', '.join(missing)} not found"
        remedy = (
            f"searched: {', '.join(map(str, datasets.folders()))}\n"
            f"Debian: apt install dataset-fashion-mnist\n"
            f"elsewhere: put its four files into a folder and name that in {datasets.VARIABLE}"
        )
        yield Finding(
            "data sets", "Fashion-MNIST", "note", f"{detail}; train fashion_mnist needs it", remedy
        )


# --- self-check ----------------------------------------------------------------------------------


def _self_check() -> Iterator[Finding]:
    try:
        from autograd_lab import explanations

        explanation = explanations.explain("chain")
    except ImportError as error:
        yield _unimportable("self-check", "chain", error)
        return
    asked = explanation.derivations[0]
    product = f"the product of nine factors is {asked.total.format()}"
    yield Finding("self-check", "chain", "ok", product)
    for check in explanation.checks:
        detail = f"{check.status}s on {check.done} of {check.total} gradients"
        status: Status = "ok" if check.status == "agree" and check.done == check.total else "wrong"
        yield Finding("self-check", check.witness, status, detail)
