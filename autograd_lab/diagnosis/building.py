"""From settings to layers, and the batch that they are looked at with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import layers
from autograd_lab.diagnosis.nets import LAYERS, MAX_SEED, NetSettings, initializer, sizes_text
from autograd_lab.errors import UsageError
from autograd_lab.random import SeedGenerator

Array = np.ndarray[Any, Any]


def build(settings: NetSettings) -> list[Any]:
    """The layers of the net in double precision, weights drawn by the seed, biases 0.

    Two nets of one seed and the same sizes start from the same random numbers.
    """
    drawn = SeedGenerator(settings.seed)
    row: list[Any] = []
    for number, units in enumerate(settings.sizes[1:], 1):
        last = number == len(settings.sizes) - 1
        kernel = initializer(settings.init)
        if hasattr(kernel, "seed"):
            kernel.seed = drawn
        before = settings.batchnorm == "before" and not last
        row.append(
            layers.Dense(
                units,
                use_bias=not before,
                kernel_initializer=kernel,
                name=f"dense_{number}",
                dtype="float64",
            )
        )
        if not last:
            row += _hidden(settings, number)
    return row


def _hidden(settings: NetSettings, number: int) -> list[Any]:
    act = LAYERS.get(settings.act)
    name = f"act_{number}"
    found = [
        layers.Activation(settings.act, name=name, dtype="float64")
        if act is None
        else act(name=name, dtype="float64")
    ]
    if settings.batchnorm != "none":
        normal = layers.BatchNormalization(name=f"norm_{number}", dtype="float64")
        found.insert(0 if settings.batchnorm == "before" else 1, normal)
    if settings.dropout:
        seed = (settings.seed + 7919 * number) % MAX_SEED
        found.append(layers.Dropout(settings.dropout, seed=seed, dtype="float64"))
    return found


@dataclass(frozen=True, eq=False)
class Batch:
    """Examples x, labels y and the words for them."""

    x: Array
    y: Array
    text: str


def batch_of(settings: NetSettings) -> Batch:
    """The batch that the settings name: random numbers, or examples drawn by the seed."""
    random = np.random.default_rng([settings.seed, 1])
    inputs, outputs = settings.sizes[0], settings.sizes[-1]
    if settings.data == "random":
        x = random.standard_normal((settings.batch, inputs))
        y = random.integers(0, max(outputs, 2), settings.batch)
        return Batch(x, y, f"batch {settings.batch} of N(0,1), seed {settings.seed}")
    x, y, name = read_examples(settings.data)
    _check_fit(settings, x, y, name)
    chosen = random.permutation(len(x))[: settings.batch]
    text = f"batch {len(chosen)} of {name}, seed {settings.seed}"
    return Batch(x[chosen], y[chosen], text)


def read_examples(data: str) -> tuple[Array, Array, str]:
    """All examples of a data set as rows: pixels divided by 255, other features standardized."""
    from autograd_lab.datasets.reading import read

    found = read(data)
    rows = found.x.reshape(len(found.x), -1).astype(np.float64)
    if found.x.dtype == np.uint8:
        return rows / 255.0, found.y, f"{found.name}, pixels / 255"
    deviation = rows.std(axis=0)
    deviation[deviation == 0.0] = 1.0  # a feature that never changes is 0
    return (rows - rows.mean(axis=0)) / deviation, found.y, f"{found.name}, standardized"


def _check_fit(settings: NetSettings, x: Array, y: Array, name: str) -> None:
    inputs, outputs = settings.sizes[0], settings.sizes[-1]
    name = name.partition(",")[0]
    wanted = 1 if y.dtype.kind == "f" else int(y.max()) + 1
    if x.shape[1] == inputs and (outputs == wanted or (wanted == 2 and outputs == 1)):
        return
    fitting = sizes_text((x.shape[1], *settings.sizes[1:-1], wanted))
    raise UsageError(
        f"--data {name} has {x.shape[1]} features and {wanted} "
        f"output{'s' * (wanted != 1)}, the net {inputs} and {outputs}\n   Try:   mlp {fitting}"
    )
