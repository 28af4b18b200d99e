"""The table of a model's layers."""

from __future__ import annotations

from typing import Any


def summary_text(model: Any) -> str:
    """Layers with their kind, output shape and number of parameters, and the totals below."""
    rows = [(_title(layer), _shape(model, layer), f"{layer.count_params():,}")
            for layer in model.layers]  # fmt: skip
    head = ("Layer (type)", "Output shape", "Parameters")
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(3)]

    def line(cells: tuple[str, str, str]) -> str:
        name, shape, count = cells
        return f" {name:<{widths[0]}}   {shape:<{widths[1]}}   {count:>{widths[2]}}"

    rule = " " + "-" * (sum(widths) + 6)
    total = model.count_params()
    trained = sum(w.size for w in model.trainable_weights)
    size = sum(w.numpy().nbytes for w in model.weights)
    return "\n".join(
        [
            f'Model "{model.name}"',
            line(head),
            rule,
            *map(line, rows),
            rule,
            f" Parameters: {total:,} ({bytes_text(size)})",
            f" Trainable: {trained:,};  not trainable: {total - trained:,}",
        ]
    )


def bytes_text(size: float) -> str:
    """A number of bytes to read.

    >>> bytes_text(512), bytes_text(108544)
    ('512 B', '106 kB')
    """
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GB"


def _title(layer: Any) -> str:
    frozen = "" if layer.trainable else ", frozen"
    return f"{layer.name} ({type(layer).__name__}{frozen})"


def _shape(model: Any, layer: Any) -> str:
    shapes = [t.shape for t in model.order if t.call.layer is layer]
    inputs = [t.shape for t in _leaves(model.inputs) if t.call.layer is layer]
    found = shapes or inputs
    return ", ".join(str(shape) for shape in found) if found else "?"


def _leaves(nest: Any) -> list[Any]:
    from autograd_lab.symbolic import leaves

    return leaves(nest)
