"""The command group, and what all commands share: streams, colour, errors, exit codes.

Nothing heavy is imported here: ``--help`` must not wait for SymPy or NumPy.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click
from autograd_lab_cli.streams import failure, note

from autograd_lab.errors import AutogradLabError, did_you_mean

EXIT_UNEXPECTED = 1
EXIT_INTERRUPTED = 130
# command -> (module, one line of help); a module is imported when its command is named
COMMANDS = {
    "explain": (
        "autograd_lab_cli.explain",
        "A gradient as a product: symbols, numbers, a picture.",
    ),
    "train": ("autograd_lab_cli.train", "Train a network on data, and show what it has learned."),
    "evaluate": ("autograd_lab_cli.evaluate", "Loss and metrics of a saved model on data."),
    "predict": ("autograd_lab_cli.evaluate", "What a saved model makes of data, as a table."),
    "compare": ("autograd_lab_cli.compare", "Trainings side by side: mean and spread over seeds."),
    "doctor": ("autograd_lab_cli.doctor", "What is installed, what is found, and a self-check."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        command: click.Command = getattr(module, name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name not in COMMANDS and not name.startswith("-"):
            hint = did_you_mean(name, COMMANDS)
            raise click.UsageError(
                f"no command {name[:32]!r}; {hint}commands: {', '.join(COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"autograd-lab {version('autograd-lab')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
              help="Show the version and exit.")  # fmt: skip
def cli() -> None:
    """See what backpropagation multiplies: symbols, numbers and pictures of gradients.

    \b
    Examples:
      autograd-lab explain chain
      autograd-lab explain "sigmoid(w*x + b)" --at w=0.5,x=1,b=0 --wrt w
      autograd-lab explain chain --n 20 --graph chain.svg
      autograd-lab explain step --optimizer adam --g 1,0.5,0.25
      autograd-lab train digits --layers 64-32-10 --dropout 0.2
      autograd-lab compare optimizer=sgd,adam seeds=3 --data moons
      autograd-lab doctor
    """  # noqa: D301 - click reads the \b as a mark


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; every failure ends in words, not in a trace."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # not cli.main, which answers a broken pipe itself, with exit status 1
        with cli.make_context("autograd-lab", arguments) as context:
            status = cli.invoke(context)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except BrokenPipeError:
        _close_output()  # the reader has gone
        return 0
    except (KeyboardInterrupt, click.Abort):
        note("\ninterrupted")
        return EXIT_INTERRUPTED
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return error.exit_code
    except click.ClickException as error:
        where = " ".join(["autograd-lab", *(word for word in arguments[:1] if word in COMMANDS)])
        failure(f"{_one_line(error.format_message())}\n   Help:   {where} --help")
        return error.exit_code
    except Exception as error:
        return _unexpected(error, arguments)


def _close_output() -> None:
    """Send what is left to nowhere: Python would complain once more when it flushes at exit."""
    with suppress(OSError):  # a stream without a file has nothing left to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception, arguments: Sequence[str]) -> int:
    if isinstance(error, AutogradLabError):
        failure(str(error))
        return error.exit_code
    if isinstance(error, OSError):
        failure(f"{error.filename or 'standard output'}: {error.strerror or error}")
        if error.filename is None:
            _close_output()
        return 2
    failure(
        f"unexpected {type(error).__name__}: {_one_line(str(error))[:200]}\n"
        "   This is a defect of autograd-lab; please report it with the output of -v."
    )
    if {"-v", "--verbose"} & set(arguments):
        traceback.print_exc()
    return EXIT_UNEXPECTED


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main(arguments: Any = None) -> None:
    """Entry point of the console script."""
    # A command lives for a second: looking for garbage every 700 objects only slows its imports.
    gc.set_threshold(50_000, 20, 20)
    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
