"""Explanations of gradients: the lecture's products with symbols, numbers and checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.explanations.chain import chain
from autograd_lab.explanations.explanation import Explanation, Mode, Progress, build, nothing
from autograd_lab.explanations.problem import Problem
from autograd_lab.graph import Node, toposort

# What only expressions and files need is imported where it is used: `explain chain` starts sooner.

__all__ = ["TARGETS", "Explanation", "explain"]

MAX_SEED = 2**32 - 1


def explain(
    target: str | bytes | Node = "chain",
    *,
    at: Mapping[str, float] | str | None = None,
    wrt: str | Sequence[str] = (),
    mode: Mode = "both",
    expand: bool = False,
    paths: bool = False,
    steps: bool = False,
    naive: bool = False,
    seed: int = 0,
    preset: str | None = None,
    progress: Progress = nothing,
    **chain_options: Any,
) -> Explanation:
    """Explain the gradient of a target, as a product of local derivatives along its paths.

    target
        ``"chain"`` (options ``w, b, x, y, n, act, cost``), an expression such as
        ``"sigmoid(w*x + b)"``, the name of a JSON file that ``to_json`` wrote, its bytes, or a
        recorded node.
    at
        a value for every variable, as a mapping or as ``"w=0.5,x=1"``; ``"random"`` draws them
        from N(0, 1) with ``seed``.
    wrt
        the variable or variables asked for; by default b1 of a chain, and of an expression the
        variable with the smallest gradient.
    mode
        ``"both"``, ``"symbolic"`` (no numbers; values are not needed) or ``"numeric"`` (no
        symbols; SymPy is not imported).
    progress
        called as ``progress(what, done, total)`` while the work goes on.

    Raises UsageError (an ExpressionError for text that is refused).

    >>> e = explain("chain", wrt="b1")
    >>> e.derivations[0].total.format(), e.verdict.word
    ('+9.632086e-04', 'VANISHING')
    """
    if mode not in ("both", "symbolic", "numeric"):
        raise UsageError(f"mode {mode!r}: choose both, symbolic or numeric")
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"--seed {seed}: give a whole number from 0 to {MAX_SEED}")
    wrt = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    if preset is not None:
        from autograd_lab.explanations import presets

        found = presets.find(preset)
        target, at, wrt = found.expression or "chain", at or found.at, wrt or found.wrt
    random = np.random.default_rng(seed) if isinstance(at, str) and at.strip() == "random" else None
    values = None if random is not None else _values(at)
    problem = _problem(target, values, wrt, random, mode == "symbolic", chain_options)
    return build(
        problem, mode, expand, show_paths=paths, show_steps=steps, show_naive=naive,
        seed=seed if random is not None else None, progress=progress,
    )  # fmt: skip


def _values(at: Mapping[str, float] | str | None) -> dict[str, float] | None:
    if at is None or at == "":
        return None
    if not isinstance(at, str):
        return dict(at)
    from autograd_lab.interpreters.text import parse_values

    return parse_values(at)


Maker = Callable[..., Problem]


def _problem(
    target: str | bytes | Node, values: dict[str, float] | None, wrt: Sequence[str],
    random: np.random.Generator | None, symbolic_only: bool, chain_options: Mapping[str, Any],
) -> Problem:  # fmt: skip
    given = {key: value for key, value in chain_options.items() if value is not None}
    if isinstance(target, str) and target in TARGETS:
        return TARGETS[target](values, wrt, random, **given)
    if given:
        raise UsageError(
            f"--{next(iter(given))} belongs to the target 'chain'; an expression takes --at"
        )
    if isinstance(target, Node):
        return _recorded(target, wrt)
    if isinstance(target, bytes):
        return from_bytes(target, values, wrt)
    from autograd_lab.explanations.expression import expression
    from autograd_lab.interpreters.text import looks_like_file

    if looks_like_file(target):
        return _file(target, values, wrt)
    return expression(target, values, wrt, random, symbolic_only)


def _chain(
    values: dict[str, float] | None, wrt: Sequence[str], random: np.random.Generator | None,
    **options: Any,
) -> Problem:  # fmt: skip
    if values:
        raise UsageError(
            "--at belongs to expressions; the chain takes --w, --b, --x and --y (or --at random)"
        )
    return chain(wrt=wrt, random=random, **options)


# The named targets; anything else is an expression, a file or a node.
TARGETS: dict[str, Maker] = {"chain": _chain}


def _file(name: str, values: dict[str, float] | None, wrt: Sequence[str]) -> Problem:
    from autograd_lab.language.json_text import MAX_BYTES
    from autograd_lab.language.refusal import printable

    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"no file '{printable(name)}', and the name of a file is not read as an expression\n"
            "   Save a graph with:   autograd-lab explain chain --json FILE.json"
        )
    with path.open("rb") as file:
        return from_bytes(file.read(MAX_BYTES + 1), values, wrt)


def from_bytes(
    data: bytes, values: Mapping[str, float] | None = None, wrt: Sequence[str] = ()
) -> Problem:
    """The problem stored in a JSON document of ``to_json``."""
    from autograd_lab.explanations.expression import from_graph
    from autograd_lab.interpreters import document

    raw = document.read_json(data)
    read = document.from_document(raw)
    _refuse_arrays(read.output)
    folded = raw.get("folded")
    hidden = {read.nodes[key] for key in folded if key in read.nodes} if _ids(folded) else set()
    if values:
        raise UsageError("--at: a saved graph carries its own values; change them in the file")
    names = {node: name for name, node in read.assigned.items()}
    asked = wrt or [node.name for node in read.wrt if node.name]
    return from_graph(
        "graph", read.output, read.leaves, names, _output_name(read.output), asked, hidden=hidden
    )


def _ids(data: Any) -> bool:
    return isinstance(data, list) and all(isinstance(key, str) for key in data)


def _refuse_arrays(output: Node) -> None:
    for node in toposort([output]):
        if not isinstance(node.value, (float, bool)):
            raise UsageError(
                "explain takes a graph of numbers, and this one holds an array of shape "
                f"{node.shape}\n   Explain one number of it, or use gradient() for arrays."
            )


def _output_name(output: Node) -> str:
    return output.name or "y"


def _recorded(output: Node, wrt: Sequence[str]) -> Problem:
    from autograd_lab.explanations.expression import from_graph

    _refuse_arrays(output)
    order = toposort([output])
    leaves = {node.name: node for node in order if node.op is None and node.name is not None}
    named = sum(node.op is None and node.name is not None for node in order)
    if len(leaves) < named:
        raise UsageError("two leaves of the graph have the same name; names must differ")
    assigned = {node: node.name for node in order if node.op is not None and node.name is not None}
    return from_graph("graph", output, leaves, assigned, _output_name(output), wrt)
