"""``autograd-lab compare``: trainings side by side, their mean and spread."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from autograd_lab_cli.outputs import check_files, check_format, put
from autograd_lab_cli.streams import Progress, note
from autograd_lab_cli.train import EXIT_INTERRUPTED, PICTURES, check_folder, style
from autograd_lab_cli.training_options import given, training_options

from autograd_lab.experiments.options import Option

if TYPE_CHECKING:
    from autograd_lab.experiments.sweeping import Comparison, Outcome, Runner

FORMATS = ("text", "json", "markdown")
MAX_JOBS = 1024
JOBS = Option(int, "", least=1, most=MAX_JOBS)
RATE = Option(float, "", above=0)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1, metavar="NAME=VALUE,VALUE,...")
@click.option("--data", required=True, metavar="DATA", help="What all are trained on; see train.")
@training_options
@click.option("--rates", metavar="common|best", help="One learning rate for all (default), or the "
              "best of --grid for each.")  # fmt: skip
@click.option("--grid", metavar="NUMBERS", help="Rates that --rates best tries (0.001,0.01,0.1).")
@click.option("--jobs", metavar="NUMBER", help="How many trainings at a time (one for each core).")
@click.option("--out", metavar="DIR", help="Keep every run there; the same command goes on after "
              "an interruption.")  # fmt: skip
@click.option("--plot", metavar="FILE", help="Draw the curves: .svg, .png or .pdf.")
@click.option("-f", "--format", "form", metavar="FORMAT", default="text",
              help=f"One of {', '.join(FORMATS)}.")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def compare(words: tuple[str, ...], data: str, form: str, quiet: bool, **options: Any) -> int:
    """Train every combination of some options with several seeds, and compare.

    \b
    Examples:
      autograd-lab compare optimizer=sgd,momentum,nesterov,adagrad,rmsprop,adam --data digits
      autograd-lab compare optimizer=sgd,adam --rates best --data moons --out runs --plot c.svg
      autograd-lab compare l2=0,1e-3,1e-2 dropout=0,0.3 --data digits --layers 64-128-10
      autograd-lab compare batchnorm=none,before,after seeds=3 --data wine --format markdown
    \b
    NAME is any option of train: optimizer, layers, act, init, dropout, l2, batchnorm ...;
    seeds=5 says how many seeds.  The other options of train hold for all.
    \b
    Exit status: 0 compared, 1 a process was killed, 2 not understood, 5 data or a renderer
    is missing, 130 interrupted.
    """  # noqa: D301 - click reads the \b as a mark
    check_format(form, FORMATS)
    check_files({"--plot": (options["plot"], PICTURES)})
    check_folder("--out", options["out"])
    jobs = None if options["jobs"] is None else JOBS.read("--jobs", options["jobs"])

    from autograd_lab.experiments import sweeping

    comparison = _comparison(words, data, options, sweeping)
    runner = _runner(comparison, options, jobs, sweeping)
    outcome = _compared(comparison, runner, quiet, sweeping)
    if isinstance(outcome, int):
        return outcome
    _report(outcome, form, options["plot"])
    return 0


def _comparison(words: tuple[str, ...], data: str, options: dict[str, Any], sweeping: Any) -> Any:
    from autograd_lab.experiments.axes import read_words

    axes, seeds = read_words(words)
    rates, grid = options["rates"] or "common", options["grid"]
    if rates not in sweeping.RATES:
        raise click.UsageError(f"--rates {rates[:32]!r}: choose {' or '.join(sweeping.RATES)}")
    more: dict[str, Any] = {} if seeds is None else {"seeds": seeds}
    if grid is not None:
        if rates != "best":
            raise click.UsageError("--grid belongs to --rates best")
        more["grid"] = tuple(RATE.read("--grid", piece) for piece in grid.split(","))
    found = sweeping.Comparison({"data": data, **given(options)}, axes, rates=rates, **more)
    from autograd_lab.experiments.comparison_curves import MOST_CURVES

    if options["plot"] is not None and len(found.combinations) > MOST_CURVES:
        raise click.UsageError(f"--plot: {len(found.combinations)} curves are more than "
                               f"{MOST_CURVES}; compare fewer variants")  # fmt: skip
    return found


def _runner(
    comparison: Comparison, options: dict[str, Any], jobs: int | None, sweeping: Any
) -> Runner:
    from autograd_lab.experiments import parallel

    fingerprint = comparison.check()
    if options["out"] is not None:
        Path(options["out"]).mkdir(parents=True, exist_ok=True)
    if not parallel.available() and jobs != 1:
        note(
            "note: joblib is not installed, so the runs go one after another\n"
            '   Side by side:  pip install "autograd-lab[sweep]"'
        )
    runner: Runner = sweeping.Runner(fingerprint, options["out"], jobs or parallel.cores())
    return runner


def _compared(comparison: Comparison, runner: Runner, quiet: bool, sweeping: Any) -> Outcome | int:
    """The outcome, or the exit status of an early end."""
    from autograd_lab.experiments.parallel import WorkerLostError
    from autograd_lab.experiments.running import Interrupted

    progress = Progress(quiet=quiet)
    runner.progress = progress
    try:
        outcome: Outcome = sweeping.compare(comparison, runner)
    except (KeyboardInterrupt, Interrupted):
        progress.close()
        note(f"\ninterrupted; {_kept(runner)}")
        return EXIT_INTERRUPTED
    except WorkerLostError as error:
        progress.close()
        raise WorkerLostError(f"{error}\n   {_kept(runner)}") from error
    progress.close()
    if runner.found and not quiet:
        note(f"{runner.found} of {len(runner.done)} runs were in {runner.folder} already")
    if runner.damaged:
        note(f"note: {runner.damaged} damaged or foreign files in {runner.folder} were replaced")
    return outcome


def _kept(runner: Runner) -> str:
    if runner.folder is None:
        return "nothing is kept; with --out DIR the same command goes on where it was"
    return f"what is done is in {runner.folder}; the same command goes on from there"


def _report(outcome: Outcome, form: str, plot: str | None) -> None:
    from autograd_lab.datasets.reading import read
    from autograd_lab.experiments import comparison_curves, comparison_report

    fixed = outcome.comparison.fixed
    data = str(read(fixed["data"], target=fixed.get("target"), task=fixed.get("task")))
    if plot is not None:
        comparison_curves.curves(outcome, data).save(plot)
        note(f"wrote {plot}")
    if form == "text":
        put(comparison_report.text(outcome, data, style()))
    else:
        put(getattr(comparison_report, form)(outcome, data), form)
    sys.stdout.flush()
