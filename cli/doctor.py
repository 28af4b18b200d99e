"""``autograd-lab doctor``: what is installed, what is found, and a self-check."""

from __future__ import annotations

import sys

import click
from autograd_lab_cli.streams import can_unicode


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.option("--ascii", "plain", is_flag=True, help="ASCII signs only.")
def doctor(as_json: bool, plain: bool) -> int:
    """Show what this machine offers, and check the engine against SymPy and differences.

    \b
    Examples:
      autograd-lab doctor
      autograd-lab doctor --json

    \b
    Exit status: 0 usable, 4 the self-check disagrees, 5 something needed is missing.
    """  # noqa: D301 - click reads the \b as a mark
    from autograd_lab.environment import survey

    found = survey()
    if as_json:
        import json

        text = json.dumps(found.to_dict(), indent=2)
    else:
        text = found.text(plain=plain or not can_unicode(sys.stdout))
    sys.stdout.write(text + "\n")
    return found.exit_code
