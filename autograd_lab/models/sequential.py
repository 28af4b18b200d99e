"""A model of layers in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograd_lab import registry
from autograd_lab.errors import AutogradLabError, UsageError
from autograd_lab.layers.base import Layer
from autograd_lab.layers.core import Input, InputLayer
from autograd_lab.models.model import Model
from autograd_lab.symbolic import KerasTensor
from autograd_lab.variables import note_thaw


@registry.register("models")
@dataclass(eq=False, repr=False, init=False)
class Sequential(Model):
    """Layers in a row, each called on what the one before gave.

    The first may say what it takes (``input_shape=``, or an ``Input``); otherwise the weights are
    made when the first data are seen.

    >>> from autograd_lab.layers import Dense
    >>> Sequential([Dense(4, activation="relu", input_shape=(2,)), Dense(3)]).count_params()
    27
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        self.row: list[Layer] = []
        super().__init__(trainable=trainable, name=name)
        for layer in layers if layers is not None else []:
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Put a layer, or an ``Input`` at the start, at the end of the row."""
        if isinstance(layer, KerasTensor):
            layer = layer.call.layer
        if isinstance(layer, type) or not isinstance(layer, Layer):
            raise UsageError(f"Sequential.add: {layer!r} is no layer; give one, such as Dense(10)")
        if any(layer.name == other.name for other in self.row):
            raise UsageError(
                f"Sequential.add: a layer named {layer.name!r} is there already; "
                "give each layer a name of its own"
            )
        if isinstance(layer, InputLayer) and self.row:
            raise UsageError("Sequential.add: an Input can only stand first")
        if not self.row and layer.input_shape is not None and not isinstance(layer, InputLayer):
            self.row.append(Input(layer.input_shape).call.layer)
        self.row.append(layer)
        try:
            self._reconnect()
        except AutogradLabError:  # it does not fit: the row stays as it was
            self.row.pop()
            self._reconnect()
            raise

    def pop(self) -> Layer:
        """Take the last layer off the row."""
        if not self.layers:
            raise UsageError("Sequential.pop: there are no layers")
        last = self.row.pop()
        self._reconnect()
        return last

    def _reconnect(self) -> None:
        """Follow the row from its input, once the input's shape is known."""
        self.inputs, self.outputs, self.order = None, None, []
        self.steps, self.examples = {}, {}
        note_thaw()
        self.built = False
        if self.row and isinstance(self.row[0], InputLayer):
            self._follow(self.row[0])

    def _follow(self, start: InputLayer) -> None:
        from autograd_lab.symbolic import Call

        x: Any = KerasTensor(
            (start.batch_size, *start.shape), start.dtype, name=start.name, call=Call(start)
        )
        self.inputs = x
        for layer in self.row:
            if not isinstance(layer, InputLayer):
                x = layer(x)
        self.outputs = x
        self._connect()

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of shape (None, ...)."""
        if not self.row:
            raise UsageError("the model has no layers; add some, such as Dense(10)")
        if self.outputs is None:
            shape = input_shape[1:]
            self._follow(InputLayer(shape=shape, dtype=self.dtype))
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Every layer on what the one before gave."""
        if self.outputs is not None:
            return super().call(inputs, training=training)
        for layer in self.row:
            inputs = layer(inputs, training=training)
        return inputs

    @property
    def sublayers(self) -> list[Layer]:
        """The layers of the row, the input apart."""
        return [layer for layer in self.row if not isinstance(layer, InputLayer)]

    @property
    def output_names(self) -> list[str]:
        """The name of the last layer."""
        return [str(self.row[-1].name)] if self.row else ["output"]

    def get_config(self) -> dict[str, Any]:
        """The layers of the row."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": [registry.serialize(layer) for layer in self.row],
            "build_shape": None if self.inputs is None else list(self.inputs.shape),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The model again, with new weights."""
        layers = [registry.deserialize(settings) for settings in config["layers"]]
        model = cls(layers, name=config.get("name"), trainable=config.get("trainable", True))
        shape = config.get("build_shape")
        if shape is not None and not model.built:
            model.build(tuple(shape))
        return model
