"""``autograd-lab explain mlp SIZES``, and a net from a file: where the gradient goes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from autograd_lab_cli.outputs import check_format, emit, refuse_same
from autograd_lab_cli.streams import (
    can_unicode,
    check_writable,
    note,
    terminal_width,
    use_color,
)

if TYPE_CHECKING:
    from autograd_lab.diagnosis import Diagnosis

EXIT_FAIL_ON = 3
FORMATS = ("text", "markdown", "latex", "json")
ENDINGS = {".txt": "text", ".md": "markdown", ".tex": "latex", ".json": "json"}
VERDICTS = ("exploding", "vanishing", "dead", "saturated")
FILES = (".safetensors", ".npz")  # a target with such an ending is a net in a file
_ENTRY = re.compile(r"(.+)\[([0-9]{1,9})(?:,\s*([0-9]{1,9}))?\]")


def is_net_file(word: str) -> bool:
    """Whether a target of ``explain`` names a net in a file."""
    return Path(word).suffix.lower() in FILES


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", nargs=-1, metavar="SIZES|FILE")
@click.option("--act", metavar="NAME", help="Activation of the hidden layers (relu).")
@click.option("--init", metavar="NAME", help="Initializer: glorot (default), he, lecun, N(0,0.01) "
              "for a standard deviation of 0.01, or any name of Keras's.")  # fmt: skip
@click.option("--batchnorm", metavar="none|before|after", help="Batch normalization before or "
              "after the activation (none).")  # fmt: skip
@click.option("--dropout", type=float, help="Share of each hidden layer dropped (0).")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of weights and batch.")
@click.option("--data", metavar="DATA", default="random", help="random (default): N(0,1) and even "
              "labels; digits, fashion_mnist, iris, ... or a file.")  # fmt: skip
@click.option("--batch", type=int, default=64, show_default=True, help="Examples.")
@click.option("--lr", type=float, help="Learning rate of the relative step (0.01).")
@click.option("--compare", metavar="VARIANTS", help="A line for each variant, such as "
              "relu:he,tanh:glorot,sigmoid:glorot+bn,relu:N(0,0.01).")  # fmt: skip
@click.option("--layout", metavar="in-out|out-in", help="File: the shape of its kernels.")
@click.option("--output-act", metavar="NAME", help="File: activation of the last layer (logits).")
@click.option("--theory", is_flag=True, help="Columns of infinite width beside the measurement.")
@click.option("--matrices", is_flag=True, help="The equations, with shapes and norms.")
@click.option("--why", metavar="WEIGHT[I,J]", help="Why the gradient of one entry is 0, such as "
              "dense_1/kernel[0,3].")  # fmt: skip
@click.option("-f", "--format", "form", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")
@click.option("-o", "--output", metavar="FILE", help="Write there; the ending names the format.")
@click.option("--json", "json_file", metavar="FILE", help="Also write JSON ('-': standard output).")
@click.option("--latex", "latex_file", metavar="FILE", help="Also write LaTeX.")
@click.option("--markdown", "markdown_file", metavar="FILE", help="Also write Markdown.")
@click.option("--precision", type=click.IntRange(1, 17), default=3, show_default=True,
              help="Digits in Markdown and LaTeX.")  # fmt: skip
@click.option("--width", type=click.IntRange(40, 10_000), help="Width of the text.")
@click.option("--ascii", "plain", is_flag=True, help="ASCII signs only.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option("--no-color", is_flag=True, help="The same as --color never.")
@click.option("--fail-on", metavar="WORDS", help=f"Exit 3 on a verdict: {','.join(VERDICTS)}.")
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict.")
@click.option("-v", "--verbose", is_flag=True, help="Every layer.")
def explain_mlp(**options: Any) -> int:
    """Follow the gradient through a deep net, layer by layer, and judge it.

    \b
    Examples:
      autograd-lab explain mlp 784-20x100-10 --act sigmoid
      autograd-lab explain mlp 784-20x100-10 --compare relu:he,tanh:glorot,sigmoid:glorot+bn
      autograd-lab explain mlp 64-10x64-10 --act tanh --data digits --theory
      autograd-lab explain model.safetensors --data digits
      autograd-lab explain weights.npz --act relu --layout out-in

    \b
    delta = dL/dz is that of one example, rms over batch and units; factor is its change over a
    layer, predict what rms act'(z) * sqrt(units) * std(W) says of it.

    \b
    Exit status: 0 explained, 2 not understood, 3 --fail-on matched, 5 data are missing.
    """  # noqa: D301 - click reads the \b as a mark
    return run(options)


def run(options: Mapping[str, Any]) -> int:
    """The command for options by their names, as ``explain_mlp`` gets them."""
    if "numpy" not in sys.modules:
        # products of a hundred rows: threads cost more than they bring, above all on a busy machine
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    fail_on = _fail_on(options["fail_on"])
    outputs = _outputs(options)
    found = _diagnoses(options)
    if options["why"] is not None:
        rendered = [(_why(found, options), "text", options["output"])]
    else:
        rendered = [(_rendered(found, form, path, options), form, path) for form, path in outputs]
    for _, _, path in rendered:
        if path is not None:
            check_writable(Path(path))
    for text, form, path in sorted(rendered, key=lambda item: item[2] is None):
        emit(text, form, path)
    matched = sorted({w for d in found for w in d.verdict.words if w in fail_on})
    if matched:
        note(f"note: the verdict is {' '.join(matched)}, and --fail-on names it")
    return EXIT_FAIL_ON if matched else 0


# --- what was asked -------------------------------------------------------------------------------


def _diagnoses(options: Mapping[str, Any]) -> list[Diagnosis]:
    target = options["target"]
    if len(target) != 1:
        raise click.UsageError(
            f"give the sizes of one net, such as mlp 784-20x100-10, not {len(target)} words"
        )
    if is_net_file(target[0]):
        return [_from_file(target[0], options)]
    for name in ("layout", "output_act"):
        if options[name] is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} belongs to a net in a file")
    return _from_sizes(target[0], options)


def _from_sizes(sizes: str, options: Mapping[str, Any]) -> list[Diagnosis]:
    from autograd_lab import diagnosis

    names = ("act", "init", "batchnorm", "dropout", "seed", "data", "batch", "lr")
    given = {name: options[name] for name in names if options[name] is not None}
    if options["compare"] is None:
        return [diagnosis.mlp(sizes, **given)]
    for name in ("act", "batchnorm", "dropout"):
        if name in given:
            raise click.UsageError(f"--{name} is said by each variant of --compare")
    return diagnosis.compare(options["compare"], sizes, **given)


def _from_file(name: str, options: Mapping[str, Any]) -> Diagnosis:
    for option in ("init", "batchnorm", "dropout", "compare"):
        if options[option] is not None:
            raise click.UsageError(f"--{option} makes a new net; {name[-40:]} has its own weights")
    from autograd_lab.diagnosis import weights_files

    title = Path(name).name
    given = {key: options[key] for key in ("data", "batch", "seed")}
    if weights_files.is_model(name):
        from autograd_lab.models import load_model

        for option in ("act", "layout", "output_act"):
            if options[option] is not None:
                raise click.UsageError(f"--{option.replace('_', '-')}: the model in {title} "
                                       "says that itself")  # fmt: skip
        return weights_files.explain_model(load_model(name), title=title, lr=options["lr"], **given)
    weights = weights_files.read_weights(name, options["layout"])
    return weights_files.explain_weights(
        weights, title=title, act=options["act"] or "relu", output=options["output_act"],
        lr=options["lr"] or 0.01, **given,
    )  # fmt: skip


def _fail_on(words: str | None) -> set[str]:
    chosen = {word.strip().lower() for word in (words or "").split(",") if word.strip()}
    wrong = sorted(chosen - set(VERDICTS))
    if wrong or (words is not None and not chosen):
        raise click.UsageError(
            f"--fail-on {wrong[0] if wrong else ''!r}: choose from {', '.join(VERDICTS)}"
        )
    return {word.upper() for word in chosen}


# --- where it goes --------------------------------------------------------------------------------


def _outputs(options: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Pairs of format and file; file None is standard output."""
    form, output = options["form"], options["output"]
    output = None if output == "-" else output
    if form is None:
        form = "text" if output is None else _by_ending(output)
    check_format(form, FORMATS)
    extra = [(name, options[f"{name}_file"]) for name in ("json", "latex", "markdown")]
    found = [(name, file) for name, file in extra if file is not None]
    if any(file == "-" for _, file in found) and output is None:
        # an extra on standard output takes the place of the text
        if form != "text" or sum(file == "-" for _, file in found) > 1:
            raise click.UsageError("only one output can go to standard output ('-')")
        return [(name, None if file == "-" else file) for name, file in found]
    refuse_same([output, *(file for _, file in found)])
    return [(form, output), *((name, None if file == "-" else file) for name, file in found)]


def _by_ending(name: str) -> str:
    form = ENDINGS.get(Path(name).suffix.lower())
    if form is None:
        raise click.UsageError(
            f"--output {name[-40:]!r}: the ending names the format; use one of {', '.join(ENDINGS)}"
        )
    return form


def _rendered(
    found: Sequence[Diagnosis], form: str, path: str | None, options: Mapping[str, Any]
) -> str:
    several = options["compare"] is not None
    if form == "text":
        style = _style(path, options)
        if several:
            from autograd_lab.diagnosis import as_text

            return as_text.render_comparison(found, **style)
        return found[0].text(theory=options["theory"], matrices=options["matrices"], **style)
    if several:
        from autograd_lab.diagnosis import as_json, as_latex, as_markdown

        if form == "json":
            return as_json.render_comparison(found)
        if form == "markdown":
            return as_markdown.render_comparison(found, options["precision"])
        return as_latex.render_comparison(found, options["precision"])
    if form == "json":
        return found[0].to_json()
    text: str = getattr(found[0], form)(precision=options["precision"])
    return text


def _why(found: Sequence[Diagnosis], options: Mapping[str, Any]) -> str:
    entry = _ENTRY.fullmatch(options["why"])
    if entry is None or len(found) != 1:
        raise click.UsageError(
            f"--why {options['why'][:40]!r}: name one entry of one net, such as "
            "dense_1/kernel[0,3] or dense_1/bias[2]"
        )
    from autograd_lab.diagnosis.zero_gradient import why_zero_in
    from autograd_lab.notation import to_ascii

    index = [int(i) for i in entry.groups()[1:] if i is not None]
    recorded = found[0].recorded
    assert recorded is not None
    text = why_zero_in(recorded, entry[1], index).text()
    if _style(options["output"], options)["ascii"]:
        return "\n".join(map(to_ascii, text.split("\n")))
    return text


def _style(path: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    color = "never" if options["no_color"] else options["color"]
    return {
        "width": options["width"] or (terminal_width() if path is None else None),
        "ascii": options["plain"] or (path is None and not can_unicode(sys.stdout)),
        "color": path is None and use_color(sys.stdout, color),
        "quiet": options["quiet"],
        "verbose": options["verbose"],
    }
