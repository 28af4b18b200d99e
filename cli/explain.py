"""``autograd-lab explain``: parse, call the library, write what it renders."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from autograd_lab_cli.explain_mlp import explain_mlp, is_net_file
from autograd_lab_cli.outputs import emit, put, refuse_same
from autograd_lab_cli.streams import (
    Progress,
    can_unicode,
    check_writable,
    note,
    terminal_width,
    use_color,
)

from autograd_lab.errors import did_you_mean

if TYPE_CHECKING:
    from autograd_lab.explanations import Explanation

EXIT_FAIL_ON = 3
EXIT_CHECK = 4
TEXT_FORMATS = ("text", "markdown", "latex", "json", "dot", "mermaid", "tikz", "svg")
BINARY_FORMATS = ("png", "pdf")
FORMATS = (*TEXT_FORMATS, *BINARY_FORMATS)
ENDINGS = {
    ".txt": "text", ".md": "markdown", ".tex": "latex", ".json": "json", ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid", ".mermaid": "mermaid", ".tikz": "tikz", ".svg": "svg", ".png": "png",
    ".pdf": "pdf",
}  # fmt: skip
VERDICTS = ("vanishing", "exploding", "saturated")
MAX_INPUT = 10_000_000
_NEGATIVE = re.compile(r"-[A-Za-z0-9_.(].*[*+/()]")


class Explain(click.Command):
    """An expression may start with a minus sign; ``step`` and ``mlp`` have their own options."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:  # fmt: skip
        if args[:1] == ["step"]:
            from autograd_lab_cli.explain_step import explain_step

            return explain_step.make_context(f"{info_name} step", args[1:], parent, **extra)
        if args[:1] == ["mlp"] or (args and is_net_file(args[0])):
            words = args[1:] if args[0] == "mlp" else args
            return explain_mlp.make_context(f"{info_name} mlp", words, parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # a leading blank keeps click from reading -v**2 as the option -v
        return super().parse_args(ctx, [f" {a}" if _NEGATIVE.match(a) else a for a in args])


@click.command(
    cls=Explain,
    context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]},
)
@click.argument("target", nargs=-1)
@click.option("--at", metavar="NAME=VALUE,...", help="Values of the variables, or 'random'.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for --at random.")
@click.option(
    "--wrt", multiple=True, metavar="NAME", help="Explain the gradient by NAME (repeatable)."
)
@click.option("--preset", metavar="NAME", help="A well-known example; --presets lists them.")
@click.option("--w", metavar="NUMBERS", help="Chain: weights, one for all neurons or one each.")
@click.option("--b", metavar="NUMBERS", help="Chain: biases; 'auto' keeps every z at 0.")
@click.option("--x", type=float, help="Chain: the input (1).")
@click.option("--y", type=float, help="Chain: the target (1).")
@click.option("--n", type=int, help="Chain: number of neurons (4).")
@click.option("--act", metavar="NAME", help="Chain: activation (sigmoid).")
@click.option("--cost", metavar="FORMULA", help="Chain: cost in a and y (half-square: ½(a - y)²).")
@click.option(
    "--symbolic", "mode", flag_value="symbolic", help="Symbols only; values are not needed."
)
@click.option("--numeric", "mode", flag_value="numeric", help="Numbers only; SymPy is left out.")
@click.option(
    "--both", "mode", flag_value="both", default="both", help="Symbols and numbers (default)."
)
@click.option("--expand", is_flag=True, help="Write σ as 1/(1 + exp(-z)).")
@click.option("--paths", is_flag=True, help="List every path of a sum over paths.")
@click.option("--steps", is_flag=True, help="Reverse mode step by step.")
@click.option("--show-naive", is_flag=True, help="The walk without topological order beside it.")
@click.option("--functions", is_flag=True, help="List the functions that expressions can use.")
@click.option("--presets", is_flag=True, help="List the presets.")
@click.option("-f", "--format", "form", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")
@click.option("-o", "--output", metavar="FILE", help="Write there; the ending names the format.")
@click.option(
    "--graph", metavar="FILE", help="Also draw the graph: .svg .png .pdf .dot .mmd .tikz."
)
@click.option("--json", "json_file", metavar="FILE", help="Also write JSON ('-': standard output).")
@click.option("--latex", "latex_file", metavar="FILE", help="Also write LaTeX.")
@click.option("--markdown", "markdown_file", metavar="FILE", help="Also write Markdown.")
@click.option("--theme", type=click.Choice(["light", "dark", "auto"]), help="Colours of pictures.")
@click.option("--precision", type=click.IntRange(1, 17), default=6, show_default=True,
              help="Digits after the point.")  # fmt: skip
@click.option("--width", type=click.IntRange(40, 10_000), help="Width of the text.")
@click.option("--ascii", "plain", is_flag=True, help="ASCII signs only.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option("--no-color", is_flag=True, help="The same as --color never.")
@click.option("--fail-on", metavar="WORDS", help=f"Exit 3 on a verdict: {','.join(VERDICTS)}.")
@click.option("-q", "--quiet", is_flag=True, help="Only the gradient and the verdict.")
@click.option("-v", "--verbose", is_flag=True, help="Every row of long tables.")
def explain(target: tuple[str, ...], functions: bool, presets: bool, **options: Any) -> int:
    """Explain a gradient as the product of local derivatives along its paths.

    \b
    TARGET is
      chain            the lecture's chain of single neurons
      mlp SIZES        a deep net, layer by layer; see explain mlp --help
      FILE             weights in a .safetensors or .npz file, the same way
      step             a step of an optimizer; see explain step --help
      "EXPRESSION"     such as "sigmoid(w2*tanh(w1*x + b1) + b2)"
      FILE.json or -   a graph saved with --json, or on standard input

    \b
    Examples:
      autograd-lab explain chain
      autograd-lab explain chain --w 100 --b auto --graph exploding.svg
      autograd-lab explain "(a+b)*(b+1)" --at a=2,b=1 --wrt b
      autograd-lab explain "b=a+a; c=b+b" --at a=1 --show-naive
      autograd-lab explain --preset cs231n-sigmoid -f markdown
      autograd-lab explain chain --json - | autograd-lab explain -
      autograd-lab explain mlp 784-20x100-10 --act sigmoid --init glorot
      autograd-lab explain step --optimizer adam --g 1,0.5,0.25

    \b
    Exit status: 0 explained, 2 not understood, 3 --fail-on matched,
    4 a check disagreed, 5 a renderer is missing, 130 interrupted.
    """  # noqa: D301 - click reads the \b as a mark
    if functions or presets:
        return _list(functions, options)
    fail_on = _fail_on(options.pop("fail_on"))
    outputs = _outputs(options)
    explanation = _explanation(_one(target, options["preset"]), options)
    # render all, write files, print last: what fails leaves standard output empty
    rendered = [(_rendered(explanation, *output, options), *output) for output in outputs]
    for _, _, path in rendered:
        if path is not None:
            check_writable(Path(path))
    for data, form, path in sorted(rendered, key=lambda item: item[2] is None):
        emit(data, form, path)
    return _status(explanation, fail_on)


# --- what was asked -------------------------------------------------------------------------------


def _one(target: Sequence[str], preset: str | None) -> str | bytes | None:
    if "step" in target[1:]:
        raise click.UsageError("the target comes first: autograd-lab explain step --optimizer ...")
    for word in target:
        short = len(word) == 2 and word[0] == "-" and word[1].isalpha() and len(target) > 1
        if word.startswith("--") or short:
            raise click.UsageError(_no_option(word))
    if preset is not None:
        if target:
            raise click.UsageError(
                f"--preset {preset} is a target of its own; leave {target[0]!r} out"
            )
        return None
    if not target:
        raise click.UsageError("no target; for example: autograd-lab explain chain")
    if len(target) > 1:
        raise click.UsageError(
            f"one target at a time, not {len(target)}; put an expression with spaces in quotes"
        )
    return _standard_input() if target[0] == "-" else target[0]


def _no_option(word: str) -> str:
    name = word.partition("=")[0][:32]
    known = [option for param in explain.params for option in param.opts if option.startswith("--")]
    hint = did_you_mean(name, known).strip()
    return f"no option {name}" + (f"; {hint}" if hint else "")


def _standard_input() -> str | bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("'-' reads a graph from standard input, but nothing is piped in")
    data = sys.stdin.buffer.read(MAX_INPUT + 1).removeprefix(b"\xef\xbb\xbf")
    text = data.strip()
    if not text:
        raise click.UsageError("'-' reads standard input, and it is empty")
    if text and not text.startswith((b"{", b"[")) and len(text) <= 10_000:
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError:
            return data
    return data


def _explanation(target: str | bytes | None, options: dict[str, Any]) -> Explanation:
    from autograd_lab.explanations import explain as explain_library

    w, b = options["w"], options["b"]
    progress = Progress(quiet=options["quiet"])
    try:
        return explain_library(
            "chain" if target is None else target,
            at=options["at"], wrt=options["wrt"], mode=options["mode"], expand=options["expand"],
            paths=options["paths"], steps=options["steps"], naive=options["show_naive"],
            seed=options["seed"], preset=options["preset"], progress=progress,
            w=w if w is None else _numbers(w),
            b=b if b is None or b.strip().lower() == "auto" else _numbers(b),
            x=options["x"], y=options["y"], n=options["n"], act=options["act"],
            cost=options["cost"],
        )  # fmt: skip
    finally:
        progress.close()


def _numbers(text: str) -> list[float]:
    from autograd_lab.interpreters.text import parse_numbers

    return list(parse_numbers(text))


def _fail_on(words: str | None) -> set[str]:
    chosen = {word.strip().lower() for word in (words or "").split(",") if word.strip()}
    wrong = sorted(chosen - set(VERDICTS))
    if wrong or (words is not None and not chosen):
        raise click.UsageError(
            f"--fail-on {wrong[0] if wrong else ''!r}: choose from {', '.join(VERDICTS)}"
        )
    return {word.upper() for word in chosen}


# --- where it goes --------------------------------------------------------------------------------


def _outputs(options: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Pairs of format and file; the main output first (file None is standard output)."""
    form, output = options.pop("form"), options.pop("output")
    if form is not None and form not in FORMATS:
        hint = did_you_mean(form, FORMATS)
        raise click.UsageError(f"--format {form[:32]!r}: {hint}formats: {', '.join(FORMATS)}")
    if output == "" or options["graph"] == "":
        raise click.UsageError("the name of an output file is empty")
    if output == "-":
        output = None
    if form is None:
        form = _by_ending(output, "--output") if output else "text"
    extra = [
        ("json", options.pop("json_file")),
        ("latex", options.pop("latex_file")),
        ("markdown", options.pop("markdown_file")),
    ]
    graph = options.pop("graph")
    found = [(name, file) for name, file in extra if file is not None]
    if graph is not None:
        found.append((_by_ending(graph, "--graph", picture=True), graph))
    if any(file == "-" for _, file in found) and output is None:
        # an extra on standard output takes the place of the text
        if form != "text" or sum(file == "-" for _, file in found) > 1:
            raise click.UsageError("only one output can go to standard output ('-')")
        return [(name, None if file == "-" else file) for name, file in found]
    _refuse_terminal(form, output)
    refuse_same([output, *(file for _, file in found)])
    return [(form, output), *((name, None if file == "-" else file) for name, file in found)]


def _by_ending(name: str, option: str, picture: bool = False) -> str:
    ending = Path(name).suffix.lower()
    form = ENDINGS.get(ending)
    pictures = ("svg", "png", "pdf", "dot", "mermaid", "tikz")
    if form is None or (picture and form not in pictures):
        known = ", ".join(e for e, f in ENDINGS.items() if not picture or f in pictures)
        raise click.UsageError(
            f"{option} {name[-40:]!r}: the ending names the format; use one of {known}"
        )
    return form


def _refuse_terminal(form: str, output: str | None) -> None:
    if form in BINARY_FORMATS and output is None and sys.stdout.isatty():
        raise click.UsageError(f"{form.upper()} would go to your terminal; add -o file.{form}")


def _rendered(
    explanation: Explanation, form: str, path: str | None, options: dict[str, Any]
) -> str | bytes:
    theme, precision = options["theme"], options["precision"]
    if form == "text":
        return explanation.text(**_style(path, options))
    if form in ("markdown", "latex"):
        return getattr(explanation, form)(precision=precision)  # type: ignore[no-any-return]
    if form == "json":
        return explanation.to_json()
    if form == "svg":
        return explanation.svg(theme or "auto")
    if form in BINARY_FORMATS:
        return getattr(explanation, form)(theme or "light")  # type: ignore[no-any-return]
    return getattr(explanation, form)()  # type: ignore[no-any-return]


def _style(path: str | None, options: dict[str, Any]) -> dict[str, Any]:
    color = "never" if options["no_color"] else options["color"]
    return {
        "width": options["width"] or (terminal_width() if path is None else None),
        "ascii": options["plain"] or (path is None and not can_unicode(sys.stdout)),
        "color": path is None and use_color(sys.stdout, color),
        "precision": options["precision"],
        "quiet": options["quiet"],
        "verbose": options["verbose"],
    }


def _status(explanation: Explanation, fail_on: set[str]) -> int:
    if explanation.failed:
        note("error: a check disagreed with reverse mode; see CHECKS")
        return EXIT_CHECK
    matched = [word for word in explanation.verdict.words if word in fail_on]
    if matched:
        note(f"note: the verdict is {' '.join(matched)}, and --fail-on names it")
        return EXIT_FAIL_ON
    return 0


# --- lists ----------------------------------------------------------------------------------------


def _list(functions: bool, options: dict[str, Any]) -> int:
    from autograd_lab.explanations.layout import Column, Style, table

    style = Style(**_style(None, options))
    if functions:
        from autograd_lab.interpreters.text import FUNCTIONS

        columns = [Column("function", "<"), Column("what it is", "<"), Column("kink", "<", 1)]
        rows = [[f.call, f.meaning, f.kink] for f in FUNCTIONS.values()]
    else:
        from autograd_lab.explanations.presets import PRESETS

        columns = [Column("preset", "<"), Column("what it is", "<"), Column("from", "<", 1)]
        rows = [[p.name, p.title, p.source] for p in PRESETS.values()]
    put("\n".join(table(columns, rows, style)), "text")
    return 0
