"""``autograd-lab evaluate`` and ``predict``: a saved model on data."""

from __future__ import annotations

from typing import Any

import click
from autograd_lab_cli.outputs import check_files, check_format, emit, put
from autograd_lab_cli.train import style

FORMATS = ("text", "json", "markdown")
NAMES = {"help_option_names": ["-h", "--help"]}
PART = click.option("--part", default="auto", metavar="auto|train|test|all",
                    help="Which examples; auto: those for testing if there are any, "
                    "else all.")  # fmt: skip
TARGET = click.option("--target", metavar="COLUMN", help="Column of a table that is the target.")
TASK = click.option("--task", metavar="classification|regression",
                    help="What the targets of a file are.")  # fmt: skip


@click.command(context_settings=NAMES)
@click.argument("model")
@click.argument("data")
@PART
@TARGET
@TASK
@click.option("-f", "--format", "form", metavar="FORMAT", default="text",
              help=f"One of {', '.join(FORMATS)}.")  # fmt: skip
def evaluate(model: str, data: str, form: str, **options: Any) -> int:
    """Measure the loss and the metrics of a saved MODEL on DATA.

    \b
    Examples:
      autograd-lab evaluate m.safetensors iris
      autograd-lab evaluate m.safetensors new.csv --target species -f json
      autograd-lab evaluate m.safetensors fashion_mnist --part train
    \b
    MODEL is a file that train --save or model.save wrote; DATA is what train takes.
    """  # noqa: D301 - click reads the \b as a mark
    check_format(form, FORMATS)
    from autograd_lab.experiments import applying

    applied = applying.apply(model, data, **options)
    logs = applying.evaluate(applied)
    if form == "text":
        put(applying.evaluation_text(applied, logs, style()))
    else:
        put(getattr(applying, f"evaluation_{form}")(applied, logs), form)
    return 0


@click.command(context_settings=NAMES)
@click.argument("model")
@click.argument("data")
@PART
@TARGET
@TASK
@click.option("--proba", is_flag=True, help="The probability of every class as well.")
@click.option("-o", "--output", metavar="FILE", help="Write there: .csv.")
def predict(model: str, data: str, proba: bool, output: str | None, **options: Any) -> int:
    """Predict the target of every example of DATA with a saved MODEL, as CSV.

    \b
    Examples:
      autograd-lab predict m.safetensors new.csv
      autograd-lab predict m.safetensors iris --proba -o iris-predicted.csv
    \b
    MODEL is a file that train --save or model.save wrote; DATA is what train takes, or a
    table of the features alone.  Classes have the names that DATA gives them; without a
    target they are numbered from 0 as in training.
    """  # noqa: D301 - click reads the \b as a mark
    output = None if output == "-" else output
    check_files({"--output": (output, (".csv",))}, [model, data])
    from autograd_lab.experiments import applying

    applied = applying.apply(model, data, labelled=False, **options)
    emit(applying.predictions_csv(applied, probabilities=proba), "csv", output)
    return 0
