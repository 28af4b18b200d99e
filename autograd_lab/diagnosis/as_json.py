"""A diagnosis under the keys of a versioned contract; changes to it are additions only."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd_lab.diagnosis import matrix_form, wording
from autograd_lab.diagnosis.layers_table import LayerRow
from autograd_lab.diagnosis.verdicts import RULES
from autograd_lab.interpreters import document
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.diagnosis.diagnosis import Diagnosis


def render(d: Diagnosis, indent: int | None = 2) -> str:
    """JSON text; numbers that JSON lacks are the strings nan, inf and -inf."""
    return json.dumps(to_dict(d), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def render_comparison(diagnoses: Sequence[Diagnosis], indent: int | None = 2) -> str:
    """All variants in one document."""
    found = {
        "schema": document.SCHEMA,
        "target": "mlp comparison",
        "variants": [to_dict(d) for d in diagnoses],
    }
    return json.dumps(found, ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def to_dict(d: Diagnosis) -> dict[str, Any]:
    """Everything as JSON values.

    A quantity that a float cannot hold carries ``log10`` and ``sign`` beside its value.
    """
    return {
        "schema": document.SCHEMA,
        "target": "mlp",
        "heading": d.title,
        "label": d.label,
        "words": list(d.words),
        "convention": "autograd-lab",
        "seed": d.seed,
        "data": d.data,
        "parameters": d.parameters,
        "learning_rate": d.learning_rate,
        "loss": number(d.loss),
        "chance": None
        if d.chance is None
        else {"value": number(d.chance.value), "formula": d.chance.formula},
        "layers": [_row(row) for row in reversed(d.rows)],
        "equations": [
            {
                "text": matrix_form.as_formula(one).text,
                "shapes": matrix_form.with_shapes(one).text,
                "latex": matrix_form.with_shapes(one).latex,
            }
            for one in matrix_form.equations(d)
        ],
        "gradients": {f"W{row.number}": scaled(row.gradient) for row in d.rows},
        "verdict": _verdict(d),
        "notes": list(d.notes),
        "checks": [],
    }


def _row(row: LayerRow) -> dict[str, Any]:
    return {
        "layer": row.number,
        "name": row.name,
        "shape": list(row.shape),
        "act": row.act,
        "rms_z": number(row.rms_z),
        "rms_a": number(row.rms_a),
        "rms_slope": number(row.rms_slope),
        "mean_slope": number(row.mean_slope),
        "delta": scaled(row.delta),
        "factor": number(row.factor),
        "predicted": number(row.predicted),
        "infinite_width": number(row.theory),
        "infinite_width_rms_z": number(row.theory_z),
        "gradient_norm": scaled(row.gradient),
        "weight_norm": number(row.kernel),
        "relative_step": scaled(row.step),
        "dead": number(row.dead),
        "saturated": number(row.saturated),
    }


def _verdict(d: Diagnosis) -> dict[str, Any]:
    v = d.verdict
    return {
        "word": v.word,
        "words": list(v.words),
        "rule": "; ".join(f"{word} if {rule}" for word, rule in RULES.items() if word != "FINE")
        + "; FINE else",
        "numbers": {
            "R": None if v.ratio is None else number(float(v.ratio)),
            "R_log10": None if v.ratio is None else number(v.ratio.log10),
            "factor": number(v.factor),
            "predicted": number(v.predicted),
            "infinite_width": number(v.theory),
            "still": list(v.still),
            "dead": None if v.deadest is None else number(v.deadest.dead),
            "dead_layer": None if v.deadest is None else v.deadest.number,
            "mean_slope_of_maximum": number(v.flatness),
        },
        "reasons": {word: wording.reason(d, word) for word in v.words},
        "warnings": wording.warnings(d),
        "try": list(d.tries),
    }


def scaled(x: Scaled) -> dict[str, Any]:
    """A number of any size."""
    return {"value": number(float(x)), "log10": number(x.log10), "sign": x.sign}


def number(x: float | None) -> float | str | None:
    """A finite number, or the name of what JSON has no number for."""
    if x is None or math.isfinite(x):
        return None if x is None else float(x)
    return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
