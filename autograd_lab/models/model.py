"""A model: layers joined from inputs to outputs, with all that training needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograd_lab import registry
from autograd_lab.errors import ShapeError, UsageError, did_you_mean
from autograd_lab.layers.base import Layer
from autograd_lab.layers.core import Input, InputLayer
from autograd_lab.models import saving
from autograd_lab.models.summary import summary_text
from autograd_lab.symbolic import Call, KerasTensor, Nest, history, leaves, like
from autograd_lab.training.trainer import Trainer


@registry.register("models", "Functional")
@dataclass(eq=False, repr=False)
class Model(Layer, Trainer):
    """The layers between placeholders: ``Model(inputs, outputs)``, with branches and merging.

    Or a class of the user's own: layers as attributes, made in ``__init__`` after
    ``super().__init__()``, and a method ``call``.

    >>> from autograd_lab.layers import Dense, Input
    >>> x = Input((2,))
    >>> Model(x, Dense(3)(Dense(4, activation="relu")(x))).count_params()
    27
    """

    inputs: Any = None
    outputs: Any = None

    family = "models"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.start_trainer()
        self.order: list[KerasTensor] = []
        if self.outputs is not None:
            self._connect()

    def _connect(self) -> None:
        for x in [*leaves(self.inputs), *leaves(self.outputs)]:
            if not isinstance(x, KerasTensor):
                raise UsageError(
                    f"Model(inputs, outputs): {x!r} is no placeholder; start from Input(shape) "
                    "and call layers on it"
                )
        self.order = self._between()
        within = [t for t in leaves(self.inputs) if not isinstance(t.call.layer, InputLayer)]
        if within:  # a part of another graph: it is followed again from inputs of its own
            own = {t: Input(t.shape[1:], dtype=t.dtype) for t in within}
            self.outputs = self._through({t: own.get(t, t) for t in leaves(self.inputs)})
            self.inputs = like(self.inputs, lambda t: own.get(t, t))
            self.order = self._between()
        self._check_names()
        self.built = True

    def _between(self) -> list[KerasTensor]:
        """The placeholders from the inputs to the outputs, in the order of calculation."""
        given = set(leaves(self.inputs))
        order = [t for t in history(leaves(self.outputs), stop=given) if t not in given]
        for t in order:
            if isinstance(t.call.layer, InputLayer):
                raise UsageError(
                    f"Model(inputs, outputs): the outputs need {t.name}, which is not an input"
                )
        return order

    def _check_names(self) -> None:
        seen: dict[str, Layer] = {}
        for layer in self.layers:
            if seen.setdefault(str(layer.name), layer) is not layer:
                raise UsageError(
                    f"two layers are named {layer.name!r}; give each a name of its own"
                )

    # --- layers -----------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers in the order of calculation, inputs first."""
        return self.sublayers

    @property
    def sublayers(self) -> list[Layer]:
        """The layers of the graph, or those held in attributes."""
        if self.outputs is None:
            return super().sublayers
        calls = [t.call for t in sorted([*leaves(self.inputs), *self.order], key=_serial)]
        return list(dict.fromkeys(call.layer for call in calls))

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name, or at a place."""
        if index is not None:
            return self.layers[index]
        by_name = {str(layer.name): layer for layer in self.layers}
        if name not in by_name:
            raise UsageError(
                f"the model has no layer {name!r}; {did_you_mean(str(name), by_name)}"
                f"layers: {', '.join(by_name)}"
            )
        return by_name[name]

    # --- calling ----------------------------------------------------------------------------------

    def call(self, inputs: Nest, training: bool = False) -> Any:
        """The outputs for these inputs: every layer called once, in order."""
        if self.outputs is None:
            raise UsageError(f"{type(self).__name__} has no outputs and defines no call(inputs)")
        return self._through(self._named(inputs), training)

    def _through(self, values: dict[Any, Any], training: bool = False) -> Any:
        """The outputs from the inputs' values; from placeholders, placeholders."""
        results: dict[Call, list[Any]] = {}
        for t in self.order:
            call = t.call
            if call not in results:
                args = like(call.args, lambda x: values[x] if isinstance(x, KerasTensor) else x)
                results[call] = leaves(call.layer(args, training=training))
            values[t] = results[call][t.index]
        return like(self.outputs, lambda t: values[t])

    def call_unscoped(self, inputs: Nest, training: bool = False) -> Any:
        """The outputs, whose nodes carry the names of layers but not of this model."""
        inputs = like(inputs, self._node)
        if not self.built:
            self._ensure_built(like(inputs, lambda x: (None, *x.shape[1:])))
        outputs = self._run(inputs, training)
        self.answer = like(outputs, lambda _: True)
        return outputs

    def _named(self, inputs: Nest) -> dict[Any, Any]:
        """Each input placeholder with its value; a dictionary is matched by names."""
        wanted = leaves(self.inputs)
        given = leaves(self.in_order(inputs))
        if len(given) != len(wanted):
            raise UsageError(f"the model has {len(wanted)} inputs; {len(given)} were given")
        return {t: _fitting(t, x) for t, x in zip(wanted, given, strict=True)}

    def in_order(self, inputs: Nest) -> Nest:
        """Inputs given by name in the order of the model's, each name checked; others as given."""
        if not isinstance(inputs, Mapping) or self.inputs is None:
            return inputs
        wanted = leaves(self.inputs)
        names = list(self.inputs) if isinstance(self.inputs, dict) else [t.name for t in wanted]
        for name in inputs:
            if name not in names:
                raise UsageError(
                    f"the model has no input {name!r}; {did_you_mean(str(name), names)}"
                    f"inputs: {', '.join(map(str, names))}"
                )
        missing = [name for name in names if name not in inputs]
        if missing:
            raise UsageError(f"the inputs lack {', '.join(missing)}; given: {list(inputs)}")
        return {name: inputs[name] for name in names}

    def _check_shape(self, shape: Any) -> None:
        """Each layer checks its own."""

    @property
    def output_names(self) -> list[str]:
        """A name for each output: that of the layer it comes from; none if they are not known."""
        if isinstance(self.outputs, dict):
            return list(self.outputs)
        names = [str(t.call.layer.name) for t in leaves(self.outputs)]
        before = [names[:i].count(name) for i, name in enumerate(names)]
        return [f"{name}_{n}" if n else name for name, n in zip(names, before, strict=True)]

    def like_outputs(self, arrays: list[Any]) -> Any:
        """Arrays in the order of the outputs, in the lists or dictionaries the model answers in."""
        rest = iter(arrays)
        return like(self.answer, lambda _: next(rest))

    @property
    def output_shape(self) -> Any:
        """The shape of the output, or of each."""
        return like(self.outputs, lambda t: t.shape)

    # --- telling ----------------------------------------------------------------------------------

    def summary(self, print_fn: Callable[[str], Any] | None = None) -> None:
        """Print the layers, their output shapes and how many numbers their weights hold."""
        (print_fn or print)(summary_text(self))

    def explain_gradients(self, x: Any, y: Any, **options: Any) -> Any:
        """Where the gradient goes on a batch, layer by layer: a table and a verdict."""
        from autograd_lab.diagnosis.diagnosis import explain_gradients  # waits: rarely asked for

        return explain_gradients(self, x, y, **options)

    def to_json(self, **options: Any) -> str:
        """The settings of the model and its layers as JSON text, without weights."""
        return json.dumps(registry.serialize(self), **options)

    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Write settings, weights, compile arguments and the optimizer's state to a file."""
        saving.save_model(self, filepath, overwrite=overwrite)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights alone."""
        saving.save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: Any) -> None:
        """Read weights that ``save_weights`` or ``save`` wrote; all or none."""
        saving.load_weights(self, filepath)

    # --- settings ---------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The layers and how they are joined."""
        if self.outputs is None:
            raise UsageError(
                f"{type(self).__name__} is a class of your own: define get_config to save it"
            )
        calls: list[Call] = []
        for t in sorted([*leaves(self.inputs), *self.order], key=_serial):
            if t.call not in calls:
                calls.append(t.call)
        number = {call: i for i, call in enumerate(calls)}

        def point(x: Any) -> Any:
            if isinstance(x, KerasTensor):
                return {"call": number[x.call], "output": x.index}
            return {"constant": registry.serialize(x)}

        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": [registry.serialize(layer) for layer in self.layers],
            "calls": [{"layer": call.layer.name, "args": like(call.args, point)} for call in calls],
            "inputs": like(self.inputs, point),
            "outputs": like(self.outputs, point),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The model again, with new weights."""
        if cls is not Model:
            return cls(**config)
        layers = {s["config"]["name"]: registry.deserialize(s) for s in config["layers"]}
        made: list[list[KerasTensor]] = []

        def find(pointer: Any) -> Any:
            if "constant" in pointer:
                return pointer["constant"]
            return made[pointer["call"]][pointer["output"]]

        for entry in config["calls"]:
            layer = layers[entry["layer"]]
            if isinstance(layer, InputLayer):
                shape = (layer.batch_size, *layer.shape)
                made.append([KerasTensor(shape, layer.dtype, name=layer.name, call=Call(layer))])
            else:
                made.append(leaves(layer(_pointed(entry["args"], find))))
        return cls(
            inputs=_pointed(config["inputs"], find),
            outputs=_pointed(config["outputs"], find),
            name=config["name"],
            trainable=config["trainable"],
        )


def _pointed(nest: Any, find: Callable[[Any], Any]) -> Any:
    """Pointers in lists and dictionaries replaced by what they point to."""
    if isinstance(nest, dict) and ("call" in nest or "constant" in nest):
        return find(nest)
    if isinstance(nest, dict):
        return {key: _pointed(item, find) for key, item in nest.items()}
    return [_pointed(item, find) for item in nest]


def _fitting(placeholder: KerasTensor, x: Any) -> Any:
    """The value, if its shape is what the input was made for."""
    wanted, shape = placeholder.shape[1:], x.shape[1:]
    if len(wanted) != len(shape) or any(
        w is not None and w != n for w, n in zip(wanted, shape, strict=True)
    ):
        raise ShapeError(
            f"input {placeholder.name!r} takes examples of shape {wanted}; "
            f"an array of shape {x.shape} holds examples of shape {shape}"
        )
    return x


def _serial(t: KerasTensor) -> int:
    return t.serial
