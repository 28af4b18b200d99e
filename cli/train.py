"""``autograd-lab train``: read the options, train, write what was asked for."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from autograd_lab_cli.outputs import check_files, check_format, emit, put
from autograd_lab_cli.streams import can_unicode, note, terminal_width
from autograd_lab_cli.training_options import read_settings, training_options

if TYPE_CHECKING:
    from autograd_lab.experiments.building import Plan
    from autograd_lab.experiments.running import Interrupted, Result
    from autograd_lab.explanations.layout import Style

EXIT_DIVERGED = 3
EXIT_INTERRUPTED = 130
FORMATS = ("text", "json", "markdown")
MODELS = (".safetensors",)
HISTORIES = (".csv", ".json")
PICTURES = (".svg", ".png", ".pdf")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("data")
@training_options
@click.option("--save", metavar="FILE", help="Write the model: .safetensors.")
@click.option("--history", metavar="FILE", help="Write loss and metrics of every epoch: "
              ".csv or .json.")  # fmt: skip
@click.option("--plot", metavar="FILE", help="Draw them: .svg, .png or .pdf.")
@click.option("--backup", metavar="DIR", help="Keep checkpoints there; after an interruption the "
              "same command goes on, to the same bits.")  # fmt: skip
@click.option("-f", "--format", "form", metavar="FORMAT", default="text",
              help=f"One of {', '.join(FORMATS)}.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="A line for every epoch on standard error.")
@click.option("-q", "--quiet", is_flag=True, help="No heading and no progress.")
def train(data: str, form: str, verbose: bool, quiet: bool, **options: Any) -> int:
    """Train a feedforward network on DATA and show what it has learned.

    \b
    Examples:
      autograd-lab train iris --lr 0.02
      autograd-lab train moons:n=500,noise=0.2 --layers 16-16 --act tanh --optimizer nesterov
      autograd-lab train digits --layers 64-128-10 --dropout 0.3 --early-stopping 5
      autograd-lab train table.csv --target price --save m.safetensors --history h.csv
      autograd-lab train fashion_mnist --layers 784-128-10 --epochs 5 --backup going-on
    \b
    DATA is a name (moons, circles, blobs, spirals, xor, iris, wine, breast_cancer, digits,
    diabetes, fashion_mnist, mnist), a table (.csv, .tsv), an archive .npz with x and y,
    or a folder with the files of MNIST.
    \b
    Exit status: 0 trained, 2 not understood, 3 the loss became no number, 5 data or a
    renderer is missing, 130 interrupted.  The first Ctrl-C finishes the batch and writes
    what --save and --backup name; a second one ends at once.
    """  # noqa: D301 - click reads the \b as a mark
    check_format(form, FORMATS)
    check_files({"--save": (options["save"], MODELS), "--history": (options["history"], HISTORIES),
                 "--plot": (options["plot"], PICTURES)}, [data])  # fmt: skip
    check_folder("--backup", options["backup"])
    settings = read_settings(data, options)

    from autograd_lab.experiments import building, running, training_report

    plan = building.prepare(settings)
    if form == "text" and not quiet:
        put(training_report.heading_text(plan, style()))
    try:
        with redirect_stdout(sys.stderr):  # where callbacks speak; results alone go to the other
            result = running.train(
                plan, backup=options["backup"], verbose=_verbosity(verbose, quiet)
            )
    except running.Interrupted as wish:
        return _interrupted(plan, wish, options)
    _write(result, options)
    if form == "text":
        put(("" if quiet else "\n") + training_report.result_text(result, style()))
    else:
        put(getattr(training_report, f"result_{form}")(result), form)
    return EXIT_DIVERGED if result.diverged else 0


def check_folder(option: str, name: str | None) -> None:
    """Refuse a name that cannot be a folder to write into."""
    if name is None:
        return
    if not name:
        raise click.UsageError(f"{option}: the name of the folder is empty")
    path = Path(name)
    while not os.path.lexists(path) and path.parent != path:
        path = path.parent
    if not path.is_dir():
        raise click.UsageError(f"{option} {name[-40:]!r}: {path.name} is no folder")
    if not os.access(path, os.W_OK):
        raise click.UsageError(f"{option} {name[-40:]!r}: {path} may not be written to")


def style() -> Style:
    """How text goes to standard output."""
    from autograd_lab.explanations.layout import Style

    return Style(width=terminal_width(), ascii=not can_unicode(sys.stdout))


def _verbosity(verbose: bool, quiet: bool) -> int:
    """What ``fit`` calls so: 0 nothing, 1 a bar, 2 a line for every epoch."""
    if verbose:
        return 2
    return 1 if sys.stderr.isatty() and not quiet else 0


def _write(result: Result, options: dict[str, Any]) -> None:
    from autograd_lab.experiments.training_report import history_csv, history_json

    if options["save"] is not None:
        if result.diverged:
            note("note: the model is not saved: its weights are no numbers")
        else:
            _save(result.plan, options["save"])
    if options["history"] is not None:
        writes = history_json if options["history"].lower().endswith(".json") else history_csv
        emit(writes(result), "text", options["history"])
    if options["plot"] is not None:
        result.record.plot().save(options["plot"])
        note(f"wrote {options['plot']}")


def _save(plan: Plan, name: str) -> None:
    plan.model.save(name)
    note(f"wrote {name}")


def _interrupted(plan: Plan, wish: Interrupted, options: dict[str, Any]) -> int:
    note(f"\ninterrupted {wish}")
    if options["save"] is not None:
        _save(plan, options["save"])
    if options["backup"] is not None:
        note(f"   To go on from there: the same command again, with --backup {options['backup']}")
    else:
        note("   It cannot go on later; --backup DIR keeps what that needs.")
    return EXIT_INTERRUPTED
