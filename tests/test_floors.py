"""The house: every module stands on a written floor, and every import goes down.

The floors are read from the bottom up.  On a floor of ``strangers`` no module imports another of
the same floor; elsewhere a module imports from those listed before it.  Imports for type checkers
only do not exist when the program runs, so inside one floor they may point anywhere.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "autograd_lab": "autograd_lab",
    "autograd_lab_cli": "cli",
    "autograd_lab_gallery": "gallery",
}


@dataclass(frozen=True)
class Floor:
    """Modules that stand side by side; ``only`` narrows the modules below they may use."""

    modules: tuple[str, ...]
    strangers: bool = False
    only: frozenset[str] | None = None


def _within(package: str, names: str) -> tuple[str, ...]:
    """Full names; a dot stands for the package itself."""
    return tuple(package if name == "." else f"{package}.{name}" for name in names.split())


FLOORS = {
    "foundations": Floor(
        _within(
            "autograd_lab",
            "errors config datasets.places datasets.names datasets.checks datasets.targets "
            "datasets.dataset datasets.generators datasets.bundled datasets.arrays datasets.idx "
            "datasets.npz_file datasets.csv_file datasets.options datasets.fashion_mnist "
            "datasets.mnist datasets.reading datasets notation registry random settings "
            "scaled reals graph language language.names language.spelling "
            "language.refusal language.lexer language.grammar language.arguments "
            "language.json_text language.leaf_values language.program language.attributes "
            "language.node_table",
        )
    ),
    "operations": Floor(
        _within(
            "autograd_lab",
            "ops.axes ops.arithmetic ops.choice ops.exponential ops.trigonometry ops.activations "
            "ops.error_function ops.movement ops.indexing ops.reduce ops.soft ops.statistics "
            "ops.contract ops.arrange ops.linear ops.kinks ops "
            "language.functions language.parser",
        )
    ),
    "readers": Floor(
        _within(
            "autograd_lab.interpreters",
            ". algebra differentiate document fold paths precise replay simplify text writing",
        ),
        strangers=True,
    ),
    "pictures": Floor(
        _within(
            "autograd_lab.pictures",
            "geometry labels ranks style layered diagram measure dot_text engines skeleton ports "
            "routes layout canvas shapes legend svg exports layout_worker pdf raster .",
        ),
        only=frozenset({"autograd_lab.errors", "autograd_lab.notation"}),
    ),
    "transformations": Floor(
        _within(
            "autograd_lab.transforms",
            "trees tangents recorded gradients jacobians differences check_report comparison "
            "checking .",
        )
    ),
    "explanations": Floor(
        _within(
            "autograd_lab.explanations",
            "presets problem chain expression derivation verdict underflow layout witnesses "
            "text_product text_verdict as_text as_latex as_markdown as_json as_diagram "
            "explanation .",
        )
    ),
    "files": Floor(
        _within(
            "autograd_lab.files",
            "refusals atomic plain_json generators seal tensors foreign checkpoints .",
        ),
        only=frozenset({"autograd_lab.errors"}),
    ),
    "plots": Floor(
        _within(
            "autograd_lab.pictures.plots",
            "axis values series tables items ticks rulers lines palette room frame curves bars "
            "contours heat_map coarse plan key table panel figure .",
        )
    ),
    "parts": Floor(
        _within(
            "autograd_lab",
            "variables recording symbolic initializers regularizers constraints activations "
            "losses.base losses.labels losses.regression losses.probabilistic losses.focal "
            "losses.hinge losses.checks losses metrics.base metrics.means metrics.accuracy "
            "metrics.confusion metrics.area metrics.f_score metrics.operating metrics.overlap "
            "metrics.probabilistic metrics.regression metrics optimizers.schedules "
            "optimizers.conventions optimizers.marking optimizers.learning_rate "
            "optimizers.clipping optimizers.step_report optimizers.explain_step optimizers.base "
            "optimizers.sgd optimizers.adaptive optimizers.adam optimizers",
        )
    ),
    "layers": Floor(
        _within(
            "autograd_lab.layers",
            "base core activations merging regularization normalization resampling augmentation .",
        )
    ),
    "diagnosis": Floor(
        _within(
            "autograd_lab.diagnosis",
            "adjoints recorded structure mean_field layers_table verdicts nets building variants "
            "wording matrix_form as_text as_json as_markdown as_latex diagnosis blocks "
            "zero_gradient weights_files .",
        )
    ),
    "training": Floor(
        _within(
            "autograd_lab",
            "callbacks.screen callbacks.base callbacks.monitor callbacks.history_plot "
            "callbacks.history callbacks.progress callbacks.callback_list callbacks.prechelt "
            "callbacks.stopping "
            "callbacks.rates callbacks.saving callbacks.csv_logger callbacks.gradient_flow "
            "callbacks plans.wide "
            "plans.emitters plans.schedule plans.memory plans.singles plans.loops plans.plan plans "
            "training.step "
            "training.data training.compiled training.loop training.trainer training "
            "models.summary models.saving models.model models.sequential models.cloning models "
            "utils",
        )
    ),
    "anchors": Floor(_within("autograd_lab.diagnosis", "anchors")),
    "pathways": Floor(
        _within(
            "autograd_lab.pathways",
            "scaled_array links network local recording semirings ranking endpoints as_text report "
            "explain cells sketch drawings layer_boxes .",
        )
    ),
    "experiments": Floor(
        _within(
            "autograd_lab.experiments",
            "options settings sizes building tables running training_report applying parallel runs "
            "axes sweeping comparison_report comparison_curves steps .",
        )
    ),
    "front door": Floor(_within("autograd_lab", "environment .")),
    "commands": Floor(
        _within(
            "autograd_lab_cli",
            ". streams outputs training_options doctor explain_step explain_mlp explain train "
            "evaluate compare main __main__",
        )
    ),
    "gallery": Floor(_within("autograd_lab_gallery", ". pictures __main__")),
}

# Large or rarely installed libraries, and the only modules that may name them.
DOORS = {
    "click": _within(
        "autograd_lab_cli",
        "outputs training_options doctor explain_step explain_mlp explain train evaluate compare "
        "main",
    ),
    "graphviz": _within("autograd_lab.pictures", "dot_text"),
    "joblib": _within("autograd_lab.experiments", "parallel"),
    "mpmath": (
        *_within("autograd_lab", "reals interpreters.algebra interpreters.precise"),
        *_within("autograd_lab.explanations", "underflow witnesses"),
    ),
    "pygraphviz": _within("autograd_lab.pictures", "layout_worker"),
    "reportlab": _within("autograd_lab.pictures", "pdf"),
    "resvg_py": _within("autograd_lab.pictures", "raster"),
    "safetensors": _within("autograd_lab.files", "tensors"),
    "sklearn": _within("autograd_lab", "datasets.bundled"),
    "sympy": _within("autograd_lab.interpreters", "algebra"),
    "threadpoolctl": _within("autograd_lab.experiments", "parallel"),
    "ziafont": _within("autograd_lab.pictures", "measure"),
}
# NumPy is the floor of the engine itself; those that only write or print do without.
WITHOUT_NUMPY = ("pictures", "plots", "commands", "gallery", "front door")


@dataclass(frozen=True)
class Import:
    """One name imported by a module; ``typing`` if only type checkers see it."""

    line: int
    target: str
    typing: bool = False


@dataclass
class House:
    """The modules found, by full name, with what each imports."""

    imports: dict[str, list[Import]] = field(default_factory=dict)

    def resolve(self, target: str) -> str:
        """The module of ours that a dotted name is, or lies in; other names as they are."""
        parts = target.split(".")
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            if name in self.imports:
                return name
        return target


def module_name(package: str, folder: Path, file: Path) -> str:
    parts = list(file.relative_to(folder).with_suffix("").parts)
    return ".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])


def imports_of(source: str, module: str, is_package: bool) -> Iterator[Import]:
    """Every import statement of a file, also those inside functions."""
    tree = ast.parse(source)
    for_typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, id(node) in for_typing)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                above = parts[: len(parts) - node.level + is_package]
                base = ".".join([*above, *([base] if base else [])])
            for alias in node.names:
                yield Import(node.lineno, f"{base}.{alias.name}", id(node) in for_typing)


def read_house(folders: Mapping[str, Path]) -> House:
    house = House()
    for package, folder in folders.items():
        for file in sorted(folder.rglob("*.py")):
            name = module_name(package, folder, file)
            source = file.read_text(encoding="utf-8")
            house.imports[name] = list(imports_of(source, name, file.name == "__init__.py"))
    return house


def faults(
    house: House,
    floors: Mapping[str, Floor] = FLOORS,
    doors: Mapping[str, Sequence[str]] = DOORS,
    without_numpy: Sequence[str] = WITHOUT_NUMPY,
) -> list[str]:
    """Every violation in words; an empty list if the house stands."""
    level = {
        module: (height, place)
        for height, floor in enumerate(floors.values())
        for place, module in enumerate(floor.modules)
    }
    names = list(floors)
    found = [f"{module} is in no row of FLOORS" for module in house.imports if module not in level]
    found += [
        f"{module} is in FLOORS but not in the house"
        for module in level
        if module not in house.imports
    ]
    for module, imports in house.imports.items():
        if module not in level:
            continue
        height, place = level[module]
        floor = floors[names[height]]
        for one in imports:
            where = f"{module}:{one.line}"
            target = house.resolve(one.target)
            top = target.split(".")[0]
            if top in doors and module not in doors[top]:
                found.append(f"{where} imports {top}, whose door is {', '.join(doors[top])}")
            if top == "numpy" and names[height] in without_numpy:
                found.append(f"{where} imports numpy on the floor {names[height]!r}")
            if target not in level or target == module:
                continue
            other, spot = level[target]
            same = other == height
            if same and floor.strangers:
                found.append(f"{where} imports {target}: {names[height]} are strangers")
            elif other > height or (same and spot > place and not one.typing):
                found.append(f"{where} imports {target}, which stands above it")
            elif not same and floor.only is not None and target not in floor.only:
                found.append(
                    f"{where} imports {target}: {names[height]} use only {sorted(floor.only)}"
                )
    return found


@pytest.fixture(scope="module")
def house() -> House:
    return read_house({package: ROOT / folder for package, folder in FOLDERS.items()})


def test_every_import_goes_down_and_through_its_door(house: House) -> None:
    assert faults(house) == []


def test_the_whole_house_was_read(house: House) -> None:
    files = sum(len(list((ROOT / folder).rglob("*.py"))) for folder in FOLDERS.values())
    assert len(house.imports) == files > 50


def test_no_module_stands_twice() -> None:
    modules = [module for floor in FLOORS.values() for module in floor.modules]
    assert len(modules) == len(set(modules))


# --- the checker itself must be able to fail ------------------------------------------------------

PLANTED = {
    "a reader reads another": ("lab.read.one", "from lab.read import two", "strangers"),
    "and one deeper": ("lab.read.one", "from lab.read.two import thing", "strangers"),
    "relative": ("lab.read.one", "from . import two", "strangers"),
    "relative, from the package": ("lab.read", "from .two import thing", "strangers"),
    "upwards": ("lab.base", "import lab.read.one", "stands above"),
    "upwards inside a function": (
        "lab.base",
        "def f():\n    from lab.top import x",
        "stands above",
    ),
    "upwards for types": (
        "lab.base",
        "if TYPE_CHECKING:\n    from lab.top import Thing",
        "stands above",
    ),
    "up on one floor": ("lab.draw.pen", "from lab.draw.ink import wet", "stands above"),
    "past the narrow floor": ("lab.draw.ink", "from lab.other import x", "use only"),
    "heavy library": ("lab.top", "import sympy as sp", "whose door"),
    "heavy part of a library": ("lab.top", "from sympy.printing import latex", "whose door"),
    "heavy and lazy": ("lab.top", "def f():\n    import sympy", "whose door"),
    "numpy where it is not used": (
        "lab.draw.pen",
        "from numpy import linalg",
        "numpy on the floor",
    ),
}
ALLOWED = {
    "down": ("lab.top", "from lab.read.one import x\nfrom lab import base"),
    "the package root's own module": ("lab.read.one", "from ..base import thing"),
    "down on one floor": ("lab.draw.ink", "from lab.draw.pen import nib"),
    "types on one floor": (
        "lab.draw.pen",
        "if TYPE_CHECKING:\n    from lab.draw.ink import Wet",
    ),
    "through the door": ("lab.read.one", "import sympy"),
    "the standard library": ("lab.base", "import json, os.path"),
}
TOY_FLOORS = {
    "base": Floor(("lab.base", "lab.other")),
    "read": Floor(("lab.read", "lab.read.one", "lab.read.two"), strangers=True),
    "draw": Floor(("lab.draw", "lab.draw.pen", "lab.draw.ink"), only=frozenset({"lab.base"})),
    "top": Floor(("lab.top", "lab")),
}


def _toy(tmp_path: Path, module: str, source: str) -> list[str]:
    packages = {"lab", "lab.read", "lab.draw"}
    for floor in TOY_FLOORS.values():
        for name in floor.modules:
            path = tmp_path.joinpath(*name.split("."))
            file = path / "__init__.py" if name in packages else path.with_suffix(".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source if name == module else "", encoding="utf-8")
    toy = read_house({"lab": tmp_path / "lab"})
    return faults(toy, TOY_FLOORS, {"sympy": ("lab.read.one",)}, ("draw",))


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_violation_is_found(tmp_path: Path, case: str) -> None:
    module, source, complaint = PLANTED[case]
    (found,) = _toy(tmp_path, module, source)
    assert complaint in found
    assert found.startswith(f"{module}:")


@pytest.mark.parametrize("case", ALLOWED)
def test_an_honest_import_passes(tmp_path: Path, case: str) -> None:
    assert _toy(tmp_path, *ALLOWED[case]) == []


def test_a_module_without_a_floor_is_found(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "stray.py").write_text("", encoding="utf-8")
    assert any("stray is in no row" in fault for fault in _toy(tmp_path, "lab.base", ""))


# --- what a command really loads -----------------------------------------------------------------

HEAVY = (
    "sympy",
    "mpmath",
    "numpy",
    "pygraphviz",
    "graphviz",
    "resvg_py",
    "reportlab",
    "safetensors",
    "ziafont",
    "sklearn",
)
LOADED = f"""
import sys
from autograd_lab_cli.main import main
sys.argv = ["autograd-lab", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
# Arguments -> the heavy libraries that may be loaded for them.
COMMANDS = {
    "--help": set(),
    "--version": set(),
    "explain --help": set(),
    "doctor --help": set(),
    "explain chain --numeric": {"numpy", "mpmath"},
}


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_command_loads_only_what_it_needs(tmp_path: Path, arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments.split()],
        capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert set(done.stderr.split()) <= COMMANDS[arguments]


def test_the_check_of_loaded_libraries_can_fail(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "explain", "chain"],
        capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=True,
    )  # fmt: skip
    assert {"sympy", "numpy"} <= set(done.stderr.split())
