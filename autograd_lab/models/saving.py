"""Models and weights in files: settings as JSON, numbers as safetensors, nothing that could run."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_lab import registry
from autograd_lab.errors import UsageError
from autograd_lab.files.refusals import FileError, refusal
from autograd_lab.files.tensors import Arrays, check_suffix, read_tensors, write_tensors
from autograd_lab.layers.base import Layer, room_for
from autograd_lab.variables import Variable

if TYPE_CHECKING:
    from autograd_lab.models.model import Model

KIND = "autograd-lab model"
FORMAT = 1
PathLike = str | os.PathLike[str]


def named_weights(model: Layer) -> dict[str, Variable]:
    """Each weight by the names of the layers around it: "dense/kernel", then "dense/kernel_1"."""
    found: dict[str, Variable] = {}
    for name, weight in _within(model):
        numbered = (f"{name}_{i}" if i else name for i in itertools.count())
        found[next(free for free in numbered if free not in found)] = weight
    return found


def _within(layer: Layer, before: str = "") -> Iterator[tuple[str, Variable]]:
    for weight in layer.own_weights:
        yield f"{before}{weight.name}", weight
    for inner in layer.sublayers:
        yield from _within(inner, f"{before}{inner.name}/")


def optimizer_state(model: Model) -> dict[str, Variable]:
    """The leaves of the optimizer: those of the weights by their names, the others numbered."""
    optimizer = model.optimizer
    if optimizer is None:
        return {}
    names = {weight: name for name, weight in named_weights(model).items()}
    own = {slot for slots in optimizer.slots.values() for slot in slots.values()}
    shared = [variable for variable in optimizer.variables if variable not in own]
    return {
        **{f"optimizer/{i}": variable for i, variable in enumerate(shared)},
        **{
            f"optimizer/{names[weight]}/{slot}": variable
            for weight, slots in optimizer.slots.items()
            if weight in names
            for slot, variable in slots.items()
        },
    }


def save_model(model: Model, filepath: PathLike, overwrite: bool = True) -> None:
    """Write a model that ``load_model`` gives back: settings, weights, optimizer and its state."""
    _check(filepath, overwrite)
    if not model.built:
        raise UsageError(f"{model.name} has no weights yet; build it, or call it on data, first")
    weights = {f"weights/{name}": w for name, w in named_weights(model).items()}
    write_tensors(
        filepath,
        {name: v.numpy() for name, v in {**weights, **optimizer_state(model)}.items()},
        {
            "kind": KIND,
            "format": FORMAT,
            "model": registry.serialize(model),
            "compile": model.get_compile_config(),
        },
    )


def load_model(filepath: PathLike, compile: bool = True) -> Any:  # noqa: A002 - Keras's name
    """The model of a file that ``save`` wrote, ready to go on; nothing in the file is executed.

    Raises FileError for a file that is damaged or holds something else; a part of a model is never
    given.  ``compile=False`` leaves out loss, metrics and optimizer.
    """
    arrays, metadata = read_tensors(filepath)
    config = _settings(filepath, metadata)
    try:
        with room_for(sum(array.size for array in _part(arrays, "weights/").values())):
            model = registry.deserialize(config, "models")
    except Exception as error:  # whatever strange settings lead to
        raise refusal(
            Path(filepath),
            f"its settings make no model: {error}",
            "Was it written by a newer version, or with layers of your own that are not "
            "registered?",
        ) from error
    weights = {f"weights/{name}": w for name, w in named_weights(model).items()}
    _assign_all(filepath, weights, _part(arrays, "weights/"))
    if compile and metadata.get("compile") is not None:
        _compile(filepath, model, metadata["compile"], arrays)
    return model


def save_weights(model: Model, filepath: PathLike, overwrite: bool = True) -> None:
    """Write the weights alone, each under the names of the layers around it."""
    _check(filepath, overwrite)
    if not model.built:
        raise UsageError(f"{model.name} has no weights yet; build it, or call it on data, first")
    arrays = {f"weights/{name}": w.numpy() for name, w in named_weights(model).items()}
    write_tensors(filepath, arrays, {"kind": KIND, "format": FORMAT})


def load_weights(model: Model, filepath: PathLike) -> None:
    """Give a model the weights of a file; all of them fit, or none changes.

    Weights are found by their names; where a layer has another name, by their order and shape.
    """
    arrays, metadata = read_tensors(filepath)
    if metadata.get("kind") != KIND:
        raise _stranger(filepath)
    if not model.built:
        raise UsageError(
            f"{model.name} has no weights yet; build it, or call it on data, before load_weights"
        )
    found = _part(arrays, "weights/")
    weights = {f"weights/{name}": w for name, w in named_weights(model).items()}
    if weights.keys() != found.keys():
        if len(weights) != len(found):
            raise refusal(
                Path(filepath),
                f"it holds {len(found)} weights, but the model has {len(weights)}",
                "Load it into a model with the same layers.",
            )
        weights = dict(zip(found, weights.values(), strict=True))
    _assign_all(filepath, weights, found)


def _check(filepath: PathLike, overwrite: bool) -> None:
    check_suffix(filepath)
    if not overwrite and Path(filepath).exists():
        raise FileError(f"{filepath} is there already; give another name, or overwrite=True")


def _stranger(filepath: PathLike) -> FileError:
    return refusal(
        Path(filepath),
        "it holds something else than a model of autograd-lab",
        "Arrays of other programs are read with autograd_lab.files.foreign.read_foreign.",
    )


def _settings(filepath: PathLike, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    config = metadata.get("model")
    if metadata.get("kind") != KIND:
        raise _stranger(filepath)
    if metadata.get("format") != FORMAT:
        raise refusal(
            Path(filepath),
            f"it has the format {metadata.get('format')!r}; this version reads {FORMAT}",
            "Read it with the version that wrote it.",
        )
    if not isinstance(config, Mapping):
        raise refusal(
            Path(filepath), "it holds weights only", "Build the model and use load_weights."
        )
    return config


def _part(arrays: Arrays, before: str) -> Arrays:
    return {name: array for name, array in arrays.items() if name.startswith(before)}


def _assign_all(filepath: PathLike, weights: Mapping[str, Variable], arrays: Arrays) -> None:
    for name in [*weights, *arrays]:
        if name not in arrays or name not in weights:
            side = "lacks" if name not in arrays else "holds"
            raise refusal(
                Path(filepath),
                f"it {side} {name.removeprefix('weights/')}, which the model "
                f"{'needs' if side == 'lacks' else 'does not have'}",
                "Load it into the model that wrote it.",
            )
        if weights[name].shape != arrays[name].shape:
            raise refusal(
                Path(filepath),
                f"{name.removeprefix('weights/')} has shape {arrays[name].shape} there, but "
                f"{weights[name].shape} in the model",
                "Load it into the model that wrote it.",
            )
    for name, weight in weights.items():
        weight.assign(arrays[name])


def _compile(filepath: PathLike, model: Model, config: Any, arrays: Arrays) -> None:
    try:
        model.compile(**{name: registry.revive(value) for name, value in config.items()})
        saved = _part(arrays, "optimizer/")
        with_slots = {name.rpartition("/")[0] for name in saved}
        weights = named_weights(model).items()
        slotted = [w for name, w in weights if f"optimizer/{name}" in with_slots]
        if slotted:
            model.optimizer.build(slotted)
        _assign_all(filepath, optimizer_state(model), saved)
    except FileError:
        raise
    except Exception as error:  # whatever strange settings lead to
        raise refusal(
            Path(filepath),
            f"what compile was given cannot be made again: {error}",
            "Load it with compile=False, and call compile yourself.",
        ) from error
