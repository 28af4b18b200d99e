"""An explanation under the keys of a versioned contract; changes to it are additions only."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from autograd_lab.explanations.derivation import Derivation
from autograd_lab.graph import toposort
from autograd_lab.interpreters import document
from autograd_lab.interpreters.paths import Edge
from autograd_lab.notation import Formula
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.explanations.explanation import Explanation


def render(e: Explanation, indent: int | None = 2) -> str:
    return json.dumps(to_dict(e), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def to_dict(e: Explanation) -> dict[str, Any]:
    """Everything as JSON values; numbers that JSON lacks are the strings nan, inf and -inf.

    A quantity that a float cannot hold carries ``log10`` and ``sign`` beside its value.
    """
    p = e.problem
    names = {node: name for node, name in p.names.items() if node.op is not None}
    graph = document.to_document(p.output, p.asked(), names)
    return {
        "schema": document.SCHEMA,
        "target": p.target,
        "heading": _formula(p.heading),
        "convention": "autograd-lab",
        "seed": e.seed,
        "mode": e.mode,
        "nodes": _nodes(e, graph["nodes"]),
        "folded": [entry["id"] for entry in graph["nodes"] if entry["op"] and not entry["name"]],
        "output": graph["output"],
        "wrt": graph["wrt"],
        "factors": _factors(e, e.derivations[0]) if e.derivations else [],
        "derivations": [_derivation(e, d) for d in e.derivations],
        "gradients": {g.name: {**_scaled(g.value), "paths": g.paths} for g in e.gradients},
        "verdict": _verdict(e),
        "checks": [_check(c) for c in e.checks],
    } | ({"naive": _naive(e)} if e.show_naive else {})


def _nodes(e: Explanation, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The document's nodes with what the explanation knows of the named ones."""
    view = {raw: node for node, raw in e.problem.raw.items()}
    order = toposort([e.problem.output, *e.problem.asked()])
    for entry, raw in zip(entries, order, strict=True):
        node = view.get(raw)
        if node is None:
            continue
        label = e.problem.written[node]
        entry |= {"name": e.problem.names[node], "label": label.text, "latex": label.latex}
        entry["grad"] = _number(float(e.slopes.gradient(node)))
        entry["local"] = [
            {"by": e.problem.names[x], "value": _number(e.slopes.on[Edge(node, i)])}
            for i, x in enumerate(node.inputs)
            if Edge(node, i) in e.slopes.on
        ]
    return entries


def _derivation(e: Explanation, d: Derivation) -> dict[str, Any]:
    return {
        "wrt": d.wrt,
        "paths": d.count,
        "total": _scaled(d.total),
        "closed_form": _formula(d.closed_form) if d.closed_form else None,
        "listed": [
            {
                "via": [e.problem.names[f.edge.source] for f in path.factors],
                "product": _scaled(path.product),
                "share": _number(path.share),
            }
            for path in d.paths
        ],
    }


def _factors(e: Explanation, d: Derivation) -> list[dict[str, Any]]:
    if not d.paths:
        return []
    return [
        {
            "partial": f.partial.text,
            "symbol": f.symbol.text if f.symbol else None,
            "latex": (f.symbol or f.partial).latex,
            "value": _number(f.value),
            "running": _number(float(f.running)),
            "running_log10": _number(f.running.log10),
            "running_sign": f.running.sign,
            "equals": [f"d{e.problem.output_name}/d{name}" for name in f.equals],
        }
        for f in d.paths[0].factors
    ]


def _verdict(e: Explanation) -> dict[str, Any]:
    v = e.verdict
    return {
        "word": v.word,
        "words": list(v.words),
        "rule": "VANISHING if R <= 1/16, EXPLODING if R >= 16, SATURATED if most slopes of "
        "saturating functions are below 0.3 of their maximum, FINE else",
        "numbers": {
            "R": _number(float(v.ratio)) if v.ratio is not None else None,
            "R_log10": _number(v.ratio.log10) if v.ratio is not None else None,
            "lower": v.lower,
            "upper": v.upper,
            "saturated": list(v.saturated),
            "judged": v.judged,
        },
        "reason": v.reason,
    }


def _check(c: Any) -> dict[str, Any]:
    found = {
        "witness": c.witness,
        "status": c.status,
        "compared": c.done,
        "of": c.total,
        "largest_relative_difference": _number(c.largest),
        "notes": list(c.notes),
    }
    if c.worst is not None:
        found["worst"] = {
            "name": c.worst.name, "reverse": c.worst.reverse, "other": c.worst.other,
            "relative": _number(c.worst.relative),
        }  # fmt: skip
    return found


def _naive(e: Explanation) -> dict[str, Any]:
    return {
        name: {"value": _number(float(run.value)), "visits": run.visits, "complete": run.complete}
        for name, run in e.naive_runs.items()
    }


def _formula(formula: Formula) -> dict[str, str]:
    return {"text": formula.text, "latex": formula.latex}


def _scaled(x: Scaled) -> dict[str, Any]:
    return {"value": _number(float(x)), "log10": _number(x.log10), "sign": x.sign}


def _number(x: float | None) -> float | str | None:
    """A finite number, or the name of what JSON has no number for."""
    if x is None or math.isfinite(x):
        return x
    return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
