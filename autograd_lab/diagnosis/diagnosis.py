"""The diagnosis of a net: its layers, the verdict, and where it all comes from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lab import activations
from autograd_lab.diagnosis.building import batch_of, build
from autograd_lab.diagnosis.layers_table import LayerRow, measure
from autograd_lab.diagnosis.nets import NetSettings, parse_sizes, sizes_text
from autograd_lab.diagnosis.recorded import (
    Chance,
    Pass,
    record_arrays,
    record_layers,
    record_model,
)
from autograd_lab.diagnosis.variants import parse_variants
from autograd_lab.diagnosis.verdicts import Verdict, judge, remedies
from autograd_lab.errors import UsageError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Diagnosis:
    """Where the gradient of a net goes, layer by layer, from one batch.

    ``rows`` from the inputs upwards; ``recorded`` is the pass it was measured on.  ``text()``,
    ``markdown()``, ``latex()`` and ``to_json()`` write it.
    """

    title: str
    words: tuple[str, ...]  # activation, initializer and the like
    parameters: int
    data: str
    loss: float
    chance: Chance | None
    learning_rate: float
    rows: tuple[LayerRow, ...]
    verdict: Verdict
    tries: tuple[str, ...] = ()
    seed: int | None = None
    notes: tuple[str, ...] = ()
    label: str = ""
    recorded: Pass | None = field(default=None, repr=False)

    @property
    def hidden(self) -> tuple[LayerRow, ...]:
        return self.rows[:-1]

    def text(self, **style: Any) -> str:
        """The table and the verdict for a terminal; ``style`` are the fields of ``Style``."""
        from autograd_lab.diagnosis import as_text

        return as_text.render(self, **style)

    def to_json(self) -> str:
        """All numbers under the keys of a versioned contract."""
        from autograd_lab.diagnosis import as_json

        return as_json.render(self)

    def markdown(self, precision: int = 3) -> str:
        """The table in Markdown."""
        from autograd_lab.diagnosis import as_markdown

        return as_markdown.render(self, precision)

    def latex(self, precision: int = 3) -> str:
        """The table, and the equations of backpropagation with this net's shapes and norms."""
        from autograd_lab.diagnosis import as_latex

        return as_latex.render(self, precision)

    def __str__(self) -> str:
        return self.text()


def explain_gradients(
    net: Any,
    x: Any,
    y: Any,
    *,
    act: str | Callable[[Any], Any] = "relu",
    output: str | Callable[[Any], Any] | None = None,
    learning_rate: float | None = None,
    training: bool = True,
    title: str | None = None,
    data: str | None = None,
) -> Diagnosis:
    """Where the gradient goes in a net on one batch: a row for each dense layer, and a verdict.

    net: a model, or a list with (W, b) or W for each layer, W of shape (in, out); ``act`` is then
    the activation of the hidden layers and ``output`` that of the last, which is left out for
    logits.  x (n, ...) and y (n,) labels or (n, ...) targets: the batch that delta is measured on.
    learning_rate: for the step relative to the weights; the optimizer's own, else 0.01.
    training: dropout and batch normalization as in training; nothing of the model changes.

    Errors: UsageError or ShapeError for what does not fit.

    >>> rng = np.random.default_rng(0)
    >>> net = [rng.normal(0, 0.1, (50, 50)) for _ in range(6)]
    >>> x, y = rng.normal(size=(20, 50)), rng.integers(0, 50, 20)
    >>> found = explain_gradients(net, x, y, act="tanh")
    >>> found.verdict.word, len(found.rows)
    ('FINE', 6)
    """
    if isinstance(net, (list, tuple)):
        function = activations.get(act)
        last = None if output is None else activations.get(output)
        recorded = record_arrays(net, function, last, x, y)
        words: tuple[str, ...] = (_name(act),)
    elif hasattr(net, "call_unscoped"):
        recorded = record_model(net, x, y, training)
        words = ()
        optimizer = getattr(net, "optimizer", None)
        if learning_rate is None and optimizer is not None:
            learning_rate = float(optimizer.learning_rate)
    else:
        raise UsageError(
            f"explain_gradients: {type(net).__name__} is no net; give a model, or a list with "
            "(W, b) for each layer"
        )
    name = title or (f"model {net.name}" if hasattr(net, "name") else "")
    return diagnose(
        recorded, learning_rate=0.01 if learning_rate is None else learning_rate, title=name,
        words=words, data=data or f"batch {recorded.examples} of the data given",
    )  # fmt: skip


def mlp(
    sizes: str,
    act: str = "relu",
    init: str = "glorot",
    batchnorm: str = "none",
    dropout: float = 0.0,
    seed: int = 0,
    data: str = "random",
    batch: int = 64,
    lr: float = 0.01,
) -> Diagnosis:
    """The diagnosis of a new net of such sizes, as ``autograd-lab explain mlp`` prints it.

    See ``NetSettings`` for the words.

    >>> mlp("784-20x100-10", act="sigmoid", seed=42).verdict.word
    'VANISHING'
    """
    settings = NetSettings(
        sizes=parse_sizes(sizes), act=act, init=init, batchnorm=batchnorm, dropout=dropout,
        seed=seed, data=data, batch=batch, lr=lr,
    )  # fmt: skip
    return of_settings(settings)


def of_settings(settings: NetSettings) -> Diagnosis:
    """The diagnosis of the net and the batch that settings describe."""
    batch = batch_of(settings)
    row = build(settings)
    recorded = record_layers(row, batch.x, batch.y)
    words = [settings.act, settings.init_text]
    if settings.batchnorm != "none":
        words.append(f"batch normalization {settings.batchnorm} the activation")
    if settings.dropout:
        words.append(f"dropout {settings.dropout:g}")
    return diagnose(
        recorded, learning_rate=settings.lr, title=f"MLP {settings.size_text}", words=tuple(words),
        data=batch.text, seed=settings.seed, settings=settings, label=settings.label,
    )  # fmt: skip


def compare(variants: str, sizes: str = "784-20x100-10", **settings: Any) -> list[Diagnosis]:
    """The diagnoses of variants such as "relu:he,tanh:glorot,sigmoid:glorot+bn,relu:N(0,0.01)".

    All have the same sizes, seed and batch; ``settings`` are those of ``mlp``.

    >>> [d.label for d in compare("relu:he,sigmoid:glorot", "20-4x10-3")]
    ['relu he', 'sigmoid glorot']
    """
    given = NetSettings(sizes=parse_sizes(sizes), **settings)
    return [of_settings(variant) for variant in parse_variants(variants, given)]


def diagnose(
    recorded: Pass, *, learning_rate: float, title: str, words: Sequence[str], data: str,
    seed: int | None = None, settings: NetSettings | None = None, label: str = "",
    notes: Sequence[str] = (),
) -> Diagnosis:  # fmt: skip
    """The diagnosis of a recorded pass."""
    rows = measure(recorded, learning_rate)
    if not rows:
        raise UsageError("explain_gradients: the net has no dense layer, x @ W with a weight W")
    loss = float(recorded.loss)
    verdict = judge(rows, loss)
    sizes = (rows[0].shape[0], *(row.shape[1] for row in rows))
    acts = list(dict.fromkeys(row.act for row in rows[:-1]))
    chained = all(a.shape[1] == b.shape[0] for a, b in itertools.pairwise(rows))
    return Diagnosis(
        title=title or (f"net {sizes_text(sizes)}" if chained else f"net of {len(rows)} layers"),
        words=tuple(words) or tuple(acts),
        parameters=sum(weight.size for weight in recorded.weights),
        data=data, loss=loss, chance=recorded.chance, learning_rate=learning_rate,
        rows=tuple(rows), verdict=verdict,
        tries=tuple(remedies(verdict, acts[0] if acts else "", settings)),
        seed=seed, notes=tuple(notes), label=label or " ".join(words), recorded=recorded,
    )  # fmt: skip


def _name(act: Any) -> str:
    return act if isinstance(act, str) else str(getattr(act, "__name__", "activation"))
