"""The curves of a training: one panel for each number, training and validation together."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from autograd_lab.callbacks.monitor import MonitorCallback
from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.plots import Axis, Curve, Figure, Marker, Panel
from autograd_lab.pictures.plots.items import Item
from autograd_lab.pictures.plots.ticks import number_label

if TYPE_CHECKING:
    from autograd_lab.pictures.style import ThemeName

HELD_OUT = "val_"
RATES = ("learning_rate", "lr")
Points: TypeAlias = tuple[Sequence[float], Sequence[float]]


def plot(
    epochs: Sequence[int],
    history: Mapping[str, Sequence[float]],
    file: str | os.PathLike[str] | None = None,
    keys: Iterable[str] | None = None,
    theme: ThemeName = "light",
    *,
    seen: Mapping[str, Sequence[int]] | None = None,
    model: object = None,
    width: float = 760.0,
) -> Figure:
    """The figure of a history; written to `file` too, as svg, png, pdf or csv by its ending.

    `keys` are the names to draw, `loss` for both `loss` and `val_loss`; None is all of them.  Each
    panel marks the best epoch, of the validation where there is one, and says its value; epochs
    are counted from 1, as `fit` prints them.  `seen` has the epochs of names that not every epoch
    gave (`validation_freq`).  `model` tells of its metrics which way is better.

    Errors: UsageError for a name that the history does not have, and for another ending.

    >>> figure = plot([0, 1, 2], {"loss": [0.9, 0.5, 0.4], "val_loss": [0.9, 0.6, 0.7]})
    >>> figure.description
    'loss: best 0.6 on the validation data in epoch 2 of 3, at the end 0.7.'
    """
    names = _chosen(history, keys)
    seen = seen or {}
    points = {key: _points(seen.get(key, epochs), history[key]) for key in history}
    found = [_panel(name, points, model) for name in names]
    words = " ".join(claim for _, claim in found) or "Nothing was recorded."
    figure = Figure("Training history", [panel for panel, _ in found], words, width=width)
    if file is not None:
        figure.save(file, theme)
    return figure


def _chosen(history: Mapping[str, Sequence[float]], keys: Iterable[str] | None) -> list[str]:
    """The names without their validation twins, in the history's order or the one asked for."""
    known = list(dict.fromkeys(name.removeprefix(HELD_OUT) for name in history))
    if keys is None:
        return known
    wanted = [keys] if isinstance(keys, str) else list(keys)
    names = list(dict.fromkeys(str(key).removeprefix(HELD_OUT) for key in wanted))
    for name in names:
        if name not in known:
            raise UsageError(
                f"History.plot(keys={wanted!r}): {name!r} was not recorded; "
                f"{did_you_mean(name, known)}available: {', '.join(known) or 'nothing'}."
            )
    return names


def _panel(name: str, points: Mapping[str, Points], model: object) -> tuple[Panel, str]:
    """The panel of a number and the sentence that says what is to be seen."""
    pairs = (("training", name), ("validation", HELD_OUT + name))
    curves = [Curve(words, *points[key]) for words, key in pairs if key in points]
    watched = curves[-1]
    items: list[Item] = list(curves)
    best = None if name in RATES else _best(name, watched, model)
    if best is not None:
        words = "best " + number_label(best[1]) + f", epoch {best[0]:.0f}"
        items.append(Marker(words, *best))
    falls = name in RATES and all(v > 0 for v in watched.y)
    panel = Panel(
        Label.of(name), Axis("epoch", whole=True), Axis(scale="log" if falls else "linear"), items
    )
    return panel, _claim(name, watched, best)


def _claim(name: str, curve: Curve, best: tuple[float, float] | None) -> str:
    finite = [y for y in curve.y if math.isfinite(y)]
    if not finite:
        return f"{name}: no finite value."
    first, last = (number_label(y).plain() for y in (finite[0], finite[-1]))
    if best is None:
        return f"{name}: from {first} to {last}."
    where = " on the validation data" if curve.name == "validation" else ""
    value = number_label(best[1]).plain()
    return (
        f"{name}: best {value}{where} in epoch {best[0]:.0f} of {max(curve.x):.0f}, "
        f"at the end {last}."
    )


def _points(epochs: Sequence[int], values: Sequence[float]) -> Points:
    """Epochs from 1 on and the values.

    If values are missing and nobody says where, they are taken to be those of every n-th epoch.
    """
    if len(values) < len(epochs):
        counts = ([e for e in epochs if (e + 1) % n == 0] for n in range(2, len(epochs) + 2))
        epochs = next((found for found in counts if len(found) == len(values)), epochs)
    number = min(len(epochs), len(values))
    return [epoch + 1 for epoch in epochs[:number]], list(values[:number])


def _best(name: str, curve: Curve, model: object) -> tuple[float, float] | None:
    """The first best point; None if no value is finite, or the name tells no direction."""
    finite = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if math.isfinite(y)]
    rises = _rises(name, model)
    if not finite or rises is None:
        return None
    return max(finite, key=lambda point: point[1] if rises else -point[1])


def _rises(name: str, model: object) -> bool | None:
    """Whether larger is better; None if neither the model nor the name tells."""
    watch = MonitorCallback()
    watch.monitor, watch.mode = name, "auto"
    watch.model = model
    try:
        return watch.direction == "max"
    except UsageError:
        return None
