"""Nets from files of other programs: which arrays are kernels, in which order, and which way round.

PyTorch calls a dense layer's arrays ``fc1.weight`` (out, in) and ``fc1.bias``, Keras
``dense/kernel`` (in, out) and ``dense/bias``; ``numpy.savez`` of a list makes ``arr_0``, ``arr_1``.
The shapes decide: one layer's outputs are the next one's inputs.  What fits both ways is decided by
the names, and said; without such names it is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_lab.diagnosis.building import Batch, read_examples
from autograd_lab.diagnosis.diagnosis import Diagnosis, explain_gradients
from autograd_lab.diagnosis.nets import sizes_text
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.files.foreign import read_foreign
from autograd_lab.files.refusals import read_bytes
from autograd_lab.files.seal import is_sealed
from autograd_lab.files.tensors import LIMIT, decode
from autograd_lab.language.refusal import printable

Array = np.ndarray[Any, Any]
Pair = tuple[Array, Array | None]
LAYOUTS = ("in-out", "out-in")
NORMALIZING = ("running_mean", "running_var", "moving_mean", "moving_variance", "gamma")
COUNTERS = ("num_batches_tracked", "iterations", "step")
_NUMBERS = re.compile(r"([0-9]+)")
_LAST = re.compile(r"(?:^|[./:])([A-Za-z_]+)(?::0)?$")
_PLAIN = re.compile(r"arr_[0-9]+")


@dataclass(frozen=True)
class Weights:
    """(W, b) of each layer in order, W of shape (in, out), and how that was found out."""

    pairs: tuple[Pair, ...]
    names: tuple[str, ...]
    layout: str
    evidence: str

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.pairs[0][0].shape[0], *(kernel.shape[1] for kernel, _ in self.pairs))


def read_weights(path: str, layout: str | None = None) -> Weights:
    """The dense layers of an ``.npz`` or ``.safetensors`` file of another program.

    layout: "in-out" or "out-in", the shape of W there, if it is not to be found out.

    Errors: FileError for a file that cannot be read; UsageError for arrays that make no plain stack
    of dense layers, or fit both layouts without a name that tells them apart.
    """
    return as_weights(read_foreign(path), layout)


def is_model(path: str) -> bool:
    """Whether a file holds a whole model that this library saved, which ``load_model`` reads."""
    if not path.lower().endswith(".safetensors"):
        return False
    data = read_bytes(path, LIMIT)
    if not is_sealed(data):
        return False
    return isinstance(decode(path, data)[1].get("model"), Mapping)


def as_weights(arrays: Mapping[str, Array], layout: str | None = None) -> Weights:
    """The same from named arrays.

    >>> found = as_weights({"0.weight": np.ones((3, 2)), "0.bias": np.ones(3),
    ...                     "2.weight": np.ones((1, 3)), "2.bias": np.ones(1)})
    >>> found.sizes, found.layout
    ((2, 3, 1), 'out-in')
    """
    if layout is not None and layout not in LAYOUTS:
        raise UsageError(f"--layout {layout[:20]!r}: choose {' or '.join(LAYOUTS)}")
    kernels, biases = _sorted_out(arrays)
    fitting = {
        (order, way): _chain(kernels, biases, order, way)
        for order in dict.fromkeys((tuple(kernels), tuple(sorted(kernels, key=_natural))))
        for way in (LAYOUTS if layout is None else (layout,))
    }
    found = {key: chain for key, chain in fitting.items() if chain is not None}
    if not found:
        shapes = ", ".join(f"{printable(n, 24)} {a.shape}" for n, a in [*kernels.items()][:6])
        raise UsageError(
            "the arrays make no chain in which each layer takes what the one before gives\n"
            f"   Found: {shapes}{', ...' if len(kernels) > 6 else ''}"
        )
    ways = list(dict.fromkeys(way for _, way in found))
    way, evidence = _decided(kernels, ways, layout)
    names, chain = next((order, c) for (order, one), c in found.items() if one == way)
    return Weights(tuple(chain), names, way, evidence)


def _decided(
    kernels: Mapping[str, Array], ways: Sequence[str], told: str | None
) -> tuple[str, str]:
    if told is not None:
        return told, "as told"
    if len(ways) == 1:
        return ways[0], "the shapes fit no other way"
    ends = {_end(name) for name in kernels}
    for word, way, program in (("kernel", "in-out", "Keras"), ("weight", "out-in", "PyTorch")):
        if ends == {word}:
            return way, f"the shapes fit both ways, and {word!r} is {program}'s name"
    raise UsageError(
        "the shapes of the kernels fit both ways, (in, out) and (out, in), and their names do not "
        "tell\n   Say which:   --layout in-out   or   --layout out-in"
    )


def _sorted_out(arrays: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Matrices and vectors, without counters; anything that is no dense layer is refused."""
    useful = {name: a for name, a in arrays.items() if _end(name) not in COUNTERS}
    for name, array in useful.items():
        if _end(name) in NORMALIZING:
            raise UsageError(
                f"{printable(name)} belongs to a normalization, and a list of dense layers has "
                "none\n   Build the model with autograd_lab.layers and set_weights."
            )
        if not 0 < array.ndim <= 2 or array.dtype.kind not in "fiu":
            raise UsageError(
                f"{printable(name)} has shape {array.shape} and is {array.dtype}; only nets of "
                "dense layers are read: matrices and vectors of numbers"
            )
    kernels = {name: _floats(a) for name, a in useful.items() if a.ndim == 2}
    biases = {name: _floats(a) for name, a in useful.items() if a.ndim == 1}
    if not kernels:
        raise UsageError("the file holds no matrix, so no dense layer")
    return kernels, biases


def _floats(array: Array) -> Array:
    return array.astype(np.float64)


def _chain(
    kernels: Mapping[str, Array], biases: Mapping[str, Array], order: Sequence[str], way: str
) -> list[Pair] | None:
    """(W, b) with W of shape (in, out), if this order and layout fit."""
    matrices = [kernels[name] if way == "in-out" else kernels[name].T for name in order]
    if any(a.shape[1] != b.shape[0] for a, b in itertools.pairwise(matrices)):
        return None
    free = dict(biases)
    pairs: list[Pair] = []
    for name, matrix in zip(order, matrices, strict=True):
        partner = _partner(name, free)
        bias = free.pop(partner) if partner is not None else None
        if bias is not None and bias.shape != matrix.shape[1:]:
            return None
        pairs.append((matrix, bias))
    if free:
        raise UsageError(f"{printable(next(iter(free)))} is no bias of any matrix in the file")
    return pairs


def _partner(name: str, biases: Mapping[str, Array]) -> str | None:
    """The bias that belongs to a kernel by its name; in a numbered list, the one that follows."""
    if _PLAIN.fullmatch(name):
        after = f"arr_{int(name[4:]) + 1}"
        return after if after in biases else None
    end = _end(name)
    before = name[: name.rindex(end)] if end and end in ("kernel", "weight", "W", "w") else name
    for candidate in (f"{before}bias", f"{before}bias:0", f"{before}b", name.replace("W", "b")):
        if candidate in biases:
            return candidate
    return None


def _end(name: str) -> str:
    """The last word of a name: weight of ``fc1.weight``.

    >>> _end("dense/kernel:0"), _end("layers.0.weight"), _end("W")
    ('kernel', 'weight', 'W')
    """
    found = _LAST.search(name)
    return found[1] if found else ""


def _natural(name: str) -> list[Any]:
    """A key that puts layer 2 before layer 10; ``dense`` comes before ``dense_1``."""
    return [
        (int(p), "") if p.isdigit() else (-1, p) for p in _NUMBERS.split(name.replace("/", "!"))
    ]


# --- diagnosing -----------------------------------------------------------------------------------


def explain_weights(
    weights: Weights,
    *,
    title: str,
    act: str | Callable[[Any], Any] = "relu",
    output: str | None = None,
    data: str = "random",
    batch: int = 64,
    seed: int = 0,
    lr: float = 0.01,
) -> Diagnosis:
    """The diagnosis of a net from a file on a batch of data; the layout is stated in its notes."""
    inputs, outputs = weights.sizes[0], weights.sizes[-1]
    found = examples((inputs,), outputs, data, batch, seed)
    way = "(in, out)" if weights.layout == "in-out" else "(out, in)"
    d = explain_gradients(
        list(weights.pairs), found.x, found.y, act=act, output=output, learning_rate=lr,
        title=f"{title} {sizes_text(weights.sizes)}", data=found.text,
    )  # fmt: skip
    note = f"kernels there are {way}: {weights.evidence}"
    return replace(d, notes=(note,), label=title, seed=None)


def explain_model(
    model: Any, *, title: str, data: str = "random", batch: int = 64, seed: int = 0,
    lr: float | None = None,
) -> Diagnosis:  # fmt: skip
    """The diagnosis of a model on a batch of data, which it gets as they are."""
    if model.inputs is None or isinstance(model.inputs, (list, tuple, dict)):
        raise UsageError("explain: the model must have one input")
    shape = tuple(model.inputs.shape[1:])
    if None in shape:
        raise ShapeError(f"explain: the model takes examples of the open shape {shape}")
    found = examples(shape, int(model.output_shape[-1]), data, batch, seed, raw=True)
    d = explain_gradients(model, found.x, found.y, learning_rate=lr, title=title, data=found.text)
    return replace(d, label=title)


def examples(
    shape: tuple[int, ...], outputs: int, data: str, batch: int, seed: int, raw: bool = False
) -> Batch:
    """A batch for a net that takes examples of a shape: random numbers or drawn from a data set."""
    random = np.random.default_rng([seed, 1])
    if data == "random":
        x = random.standard_normal((batch, *shape))
        y = random.integers(0, max(outputs, 2), batch)
        return Batch(x, y, f"batch {batch} of N(0,1), seed {seed}")
    rows, y, name = _raw(data) if raw else read_examples(data)
    size = int(np.prod(shape))
    if rows[0].size != size:
        raise UsageError(
            f"--data {name.partition(',')[0]} has {rows[0].size} features; the net takes {size}"
        )
    if y.dtype.kind != "f" and outputs > 1 and y.max() >= outputs:
        raise UsageError(
            f"--data {name.partition(',')[0]} has {int(y.max()) + 1} classes; the net has "
            f"{outputs} outputs"
        )
    chosen = random.permutation(len(rows))[:batch]
    text = f"batch {len(chosen)} of {name}, seed {seed}"
    return Batch(rows[chosen].reshape(-1, *shape), y[chosen], text)


def _raw(data: str) -> tuple[Array, Array, str]:
    from autograd_lab.datasets.reading import read

    found = read(data)
    return found.x, found.y, found.name
