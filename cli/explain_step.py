"""``autograd-lab explain step``: an optimizer's step printed as arithmetic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from autograd_lab_cli.outputs import check_files, check_format, emit
from autograd_lab_cli.streams import can_unicode, terminal_width

from autograd_lab.experiments.options import Option

FORMATS = ("text", "latex", "json", "markdown")
ENDINGS = {".txt": "text", ".tex": "latex", ".json": "json", ".md": "markdown"}
NUMBER = Option(float, "")
COUNT = Option(int, "", least=1, most=10_000)
# option -> the setting of the optimizers' classes
SETTINGS = {
    "lr": "learning_rate", "momentum": "momentum", "beta_1": "beta_1", "beta_2": "beta_2",
    "rho": "rho", "epsilon": "epsilon", "weight_decay": "weight_decay", "clipvalue": "clipvalue",
    "clipnorm": "clipnorm",
}  # fmt: skip


def _settings(function: Any) -> Any:
    for name in reversed(SETTINGS):
        function = click.option(f"--{name.replace('_', '-')}", name, metavar="NUMBER",
                                help=f"The setting {SETTINGS[name]}.")(function)  # fmt: skip
    return function


@click.command(
    "step", context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
@click.option("--optimizer", required=True, metavar="NAME",
              help="sgd, momentum, nesterov, adagrad, rmsprop, adam, ...")  # fmt: skip
@click.option("--g", "g", required=True, metavar="NUMBERS", help="The gradient of each step.")
@click.option("--w", "w", default="0", metavar="NUMBER", help="The weight before them (0).")
@click.option("--steps", metavar="NUMBER", help="How many steps one gradient is repeated for.")
@click.option("--convention", metavar="NAME", help="Whose formulas: keras, lecture, "
              "lecture-fixed, pytorch or paper.")  # fmt: skip
@_settings
@click.option("-f", "--format", "form", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")
@click.option("-o", "--output", metavar="FILE", help="Write there; the ending names the format.")
@click.option("--width", type=click.IntRange(40, 10_000), help="Width of the text.")
@click.option("--ascii", "plain", is_flag=True, help="ASCII signs only.")
def explain_step(
    optimizer: str, g: str, w: str, steps: str | None, form: str | None, output: str | None,
    width: int | None, plain: bool, **options: Any,
) -> int:  # fmt: skip
    """Print the first steps of an optimizer for one weight, line by line.

    \b
    Examples:
      autograd-lab explain step --optimizer adam --g 1,0.5,0.25
      autograd-lab explain step --optimizer nesterov --g 1 --steps 5 --lr 0.1 --w 2
      autograd-lab explain step --optimizer adam --g 1,1 --convention lecture -f markdown
    """  # noqa: D301 - click reads the \b as a mark
    output = None if output == "-" else output
    check_files({"--output": (output, tuple(ENDINGS))})
    if form is None:
        form = "text" if output is None else ENDINGS[Path(output).suffix.lower()]
    check_format(form, FORMATS)
    numbers = [NUMBER.read("--g", piece) for piece in g.split(",")]
    settings: dict[str, Any] = {
        SETTINGS[name]: NUMBER.read(f"--{name.replace('_', '-')}", options[name])
        for name in SETTINGS
        if options[name] is not None
    }
    if options["convention"] is not None:
        settings["convention"] = options["convention"]
    if steps is not None and len(numbers) > 1:
        raise click.UsageError("--steps repeats a single gradient; --g names one for each step")

    from autograd_lab.experiments import steps as library

    found = library.explain_step(
        optimizer, numbers, w=NUMBER.read("--w", w), settings=settings,
        steps=None if steps is None else COUNT.read("--steps", steps),
    )  # fmt: skip
    if form == "text":
        ascii_only = plain or (output is None and not can_unicode(sys.stdout))
        kept = width or (terminal_width() if output is None else None)
        text = found.text(width=kept, ascii=ascii_only)
    elif form == "latex":
        text = found.latex()
    else:
        text = getattr(library, f"step_{form}")(found)
    emit(text, form, output)
    return 0
