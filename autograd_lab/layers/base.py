"""What every layer is: settings, weights made when the first input is seen, and one rule."""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from autograd_lab import config, initializers
from autograd_lab.errors import AutogradLabError, ShapeError, UsageError, did_you_mean
from autograd_lab.graph import Node, constant, scope
from autograd_lab.ops import cast
from autograd_lab.random import SeedGenerator
from autograd_lab.recording import penalize
from autograd_lab.registry import Configured, snake_case
from autograd_lab.symbolic import Call, KerasTensor, Nest, Shape, leaves, like
from autograd_lab.variables import Variable, note_thaw

_names: dict[str, int] = {}


def unique_name(base: str) -> str:
    """``dense``, then ``dense_1``, ``dense_2``, ..."""
    count = _names.get(base, 0)
    _names[base] = count + 1
    return f"{base}_{count}" if count else base


def reset_names() -> None:
    """Count names from the start again."""
    _names.clear()


_in_training = False  # whether the call that is running is one in training


@contextmanager
def calling(training: bool | None) -> Iterator[bool]:
    """A call, in training or not; where it is not told, as the call around it."""
    global _in_training
    outer = _in_training
    _in_training = outer if training is None else bool(training)
    try:
        yield _in_training
    finally:
        _in_training = outer


_room: int | None = None  # how many numbers new weights may still hold; None for any number


@contextmanager
def room_for(count: int) -> Iterator[None]:
    """New weights may hold ``count`` numbers together: the settings of a file could ask for any."""
    global _room
    outer, _room = _room, count
    try:
        yield
    finally:
        _room = outer


def _take_room(name: str, shape: Sequence[int]) -> None:
    global _room
    if _room is not None:
        _room -= math.prod(shape)
        if _room < 0:
            raise ShapeError(f"{name} of shape {tuple(shape)}: the file holds fewer numbers")


class Trainable:
    """Whether training changes a layer's weights; set on a layer, it holds for those inside too."""

    def __get__(self, layer: Any, owner: Any = None) -> bool:
        return True if layer is None else bool(vars(layer).get("_trainable", True))

    def __set__(self, layer: Any, value: bool) -> None:
        vars(layer)["_trainable"] = bool(value)
        note_thaw()
        for inner in layer.sublayers:
            inner.trainable = value


@dataclass(eq=False, repr=False, kw_only=True)
class Layer(Configured):
    """y = call(x), with weights of its own.

    A subclass is a dataclass whose fields are its settings.  It defines ``call`` in operations of
    ``autograd_lab.ops`` and, if it has weights, ``build``, which makes them with ``add_weight``
    once the shape of the input is known.  The first axis of every input is the batch.  Layers held
    in attributes, or in lists and dictionaries there, belong to it with their weights.
    """

    family = "layers"

    name: str | None = None
    trainable: Trainable = Trainable()
    dtype: str | None = None
    input_shape: Any = None
    activity_regularizer: Any = None

    def __new__(cls, *_: Any, **settings: Any) -> Self:
        """Refuse an unknown setting by name, and say which known one is near."""
        taken = inspect.signature(cls.__init__).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            known = [name for name in taken if name != "self"]
            for name in settings:
                if name not in known:
                    raise UsageError(
                        f"{cls.__name__}({name}=...): there is no such setting; "
                        f"{did_you_mean(name, known)}known: {', '.join(known)}"
                    )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        from autograd_lab import regularizers

        if self.name is not None and (not isinstance(self.name, str) or not self.name):
            raise UsageError(self._wrong("name", "must be a text, such as 'hidden'"))
        self.name = self.name or unique_name(snake_case(type(self).__name__))
        self.dtype = self.dtype or config.floatx()
        if self.dtype not in config.FLOATS:
            raise UsageError(self._wrong("dtype", f"must be {' or '.join(config.FLOATS)}"))
        self.activity_regularizer = regularizers.get(self.activity_regularizer)
        self.built = False
        self.own_weights: list[Variable] = []
        self.build_shape: Any = None
        parameters = inspect.signature(self.call).parameters
        self._asks_training = "training" in parameters

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _wrong(self, setting: str, wanted: str) -> str:
        """The message about a setting that cannot be used."""
        value = getattr(self, setting)
        return f"{type(self).__name__}({setting}={value!r}): {setting} {wanted}."

    # --- what a subclass defines ------------------------------------------------------------------

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let whoever calls ``build`` find the layer built, with the shape it was built for."""
        super().__init_subclass__(**kwargs)
        build = cls.__dict__.get("build")
        if build is not None:

            @functools.wraps(build)
            def noted(self: Layer, input_shape: Any) -> None:
                build(self, input_shape)
                self.built, self.build_shape = True, input_shape

            cls.build = noted  # type: ignore[method-assign]

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape, (None, ...) or a list of such."""

    def call(self, inputs: Any) -> Any:  # noqa: ARG002 - what subclasses take
        """The output as a graph; subclasses that differ in training take ``training`` too."""
        raise AutogradLabError(f"{type(self).__name__} defines no call(self, inputs)")

    # --- weights ----------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        *,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new weight, with the initializer's values: Glorot's, or 0 for a single number."""
        from autograd_lab import constraints, regularizers

        name = name or f"variable_{len(self.own_weights)}"
        initializer = initializer or ("glorot_uniform" if len(shape) else "zeros")
        _take_room(f"{self.name}/{name}", shape)
        start = initializers.get(initializer)(tuple(shape), dtype=self.dtype)
        with scope(str(self.name)):
            weight = Variable(
                start,
                name=name,
                trainable=trainable,
                dtype=self.dtype,
                regularizer=regularizers.get(regularizer),
                constraint=constraints.get(constraint),
            )
        self.own_weights.append(weight)
        return weight

    @property
    def sublayers(self) -> list[Layer]:
        """The layers inside this one."""
        return list(dict.fromkeys(_layers_in(vars(self).values())))

    @property
    def generators(self) -> list[SeedGenerator]:
        """Its random generators, then those of the layers inside."""
        own = [g for g in vars(self).values() if isinstance(g, SeedGenerator)]
        inner = [g for layer in self.sublayers for g in layer.generators]
        return list(dict.fromkeys([*own, *inner]))

    def trainable_flags(self) -> list[bool]:
        """Whether it is frozen, then the same of the layers inside."""
        inner = [flag for layer in self.sublayers for flag in layer.trainable_flags()]
        return [self.trainable, *inner]

    @property
    def weights(self) -> list[Variable]:
        """All weights: its own, those that training changes first, then those of layers inside."""
        own = sorted(self.own_weights, key=lambda w: not w.trainable)
        return _once([*own, *(w for layer in self.sublayers for w in layer.weights)])

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes: none if the layer is frozen."""
        if not self.trainable:
            return []
        own = [w for w in self.own_weights if w.trainable]
        return _once([*own, *(w for x in self.sublayers for w in x.trainable_weights)])

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone, and moving averages."""
        trained = set(self.trainable_weights)
        return [w for w in self.weights if w not in trained]

    @property
    def variables(self) -> list[Variable]:
        """All weights, by their other name in Keras."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        """The weights that training changes, by their other name in Keras."""
        return self.trainable_weights

    def count_params(self) -> int:
        """How many numbers the weights hold."""
        return sum(w.size for w in self.weights)

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Copies of the weights' arrays, in the order of ``weights``."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, values: Sequence[Any]) -> None:
        """Give all weights new values; nothing changes unless all shapes fit."""
        weights = self.weights
        if len(values) != len(weights):
            raise ShapeError(
                f"{self.name}.set_weights: {len(values)} arrays were given; "
                f"the layer has {len(weights)} weights"
            )
        for weight, value in zip(weights, values, strict=True):
            if np.shape(value) != weight.shape:
                raise ShapeError(
                    f"{self.name}.set_weights: {weight.path} has shape {weight.shape}, "
                    f"but the array for it {np.shape(value)}"
                )
        for weight, value in zip(weights, values, strict=True):
            weight.assign(value)

    @property
    def kernel_penalties(self) -> list[Any]:
        """The regularizers' penalties of the weights that training changes, as graphs."""
        return [w.regularizer(w) for w in self.trainable_weights if w.regularizer is not None]

    # --- calling ----------------------------------------------------------------------------------

    def __call__(self, inputs: Nest, *, training: bool | None = None) -> Any:
        """The output for arrays or nodes (as nodes), or for placeholders (as placeholders)."""
        if any(isinstance(x, KerasTensor) for x in leaves(inputs)):
            return self._placeholder(inputs)
        inputs = like(inputs, self._node)
        self._ensure_built(like(inputs, _open_shape))
        with scope(str(self.name)):
            output = self._run(inputs, training)
            if self.activity_regularizer is not None:
                for y in leaves(output):  # per example, so that the batch size does not matter
                    penalize(self.activity_regularizer(y) / max(len(y), 1))
        return output

    def _run(self, inputs: Nest, training: bool | None) -> Any:
        try:
            with calling(training) as told:
                if self._asks_training:
                    return self.call(inputs, training=told)  # type: ignore[call-arg]
                return self.call(inputs)
        except ShapeError as error:
            shapes = " and ".join(str(x.shape) for x in leaves(inputs))
            raise ShapeError(f"layer {self.name!r}, called on shape {shapes}: {error}") from error

    def _node(self, x: Any) -> Node:
        """An input as a node of this layer's dtype; whole numbers and images become floats."""
        node = x if isinstance(x, Node) else constant(np.asarray(x))
        return node if node.dtype == self.dtype else cast(node, dtype=str(self.dtype))

    def _ensure_built(self, shape: Any) -> None:
        if not self.built:
            self.build(shape)
            self.built, self.build_shape = True, shape  # also where no build is defined
        self._check_shape(shape)

    def _check_shape(self, shape: Any) -> None:
        """Refuse an input that does not fit the weights; here the last axis must stay the same."""
        before, now = leaves_of_shape(self.build_shape), leaves_of_shape(shape)
        if self.own_weights and [s[-1:] for s in before] != [s[-1:] for s in now]:
            raise ShapeError(
                f"layer {self.name!r} was built for inputs of shape {self.build_shape}, "
                f"but got {shape}; the last axis must stay the same"
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The output's shape for an input's: (None, 4) for example; calculated on zeros."""
        return like(self._placeholder(_like_shape(input_shape, KerasTensor)), lambda y: y.shape)

    def _placeholder(self, inputs: Nest) -> Any:
        """What the layer will give, calculated on one example of zeros."""
        self._ensure_built(like(inputs, _open_shape))
        output = self._run(like(inputs, self._example), training=False)
        call, index = Call(self, inputs), itertools.count()
        return like(
            output,
            lambda y: KerasTensor(_open_shape(y), self.dtype, call=call, index=next(index)),
        )

    def _example(self, x: Any) -> Node:
        if not isinstance(x, KerasTensor):
            return self._node(x)
        if None in x.shape[1:]:
            raise ShapeError(
                f"layer {self.name!r} needs an input whose shape is known but for the batch, "
                f"not {x.shape}"
            )
        return constant(np.zeros((1, *x.shape[1:]), self.dtype))


def _layers_in(values: Iterable[Any]) -> Iterator[Layer]:
    """Layers among values, and in lists and dictionaries of them."""
    for value in values:
        if isinstance(value, Layer):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _layers_in(value)
        elif isinstance(value, dict):
            yield from _layers_in(value.values())


def _open_shape(x: Any) -> Shape:
    """The shape of an input with an open batch; a plain number has none."""
    return (None, *x.shape[1:]) if getattr(x, "shape", ()) else ()


def is_shape(value: Any) -> bool:
    """A shape is a tuple of lengths, None where one is open."""
    return isinstance(value, tuple) and all(
        n is None or isinstance(n, (int, np.integer)) for n in value
    )


def leaves_of_shape(shapes: Any) -> list[Shape]:
    """All shapes in a shape, a list or a dictionary of shapes."""
    if shapes is None or is_shape(shapes):
        return [] if shapes is None else [shapes]
    items = shapes.values() if isinstance(shapes, dict) else shapes
    return [shape for item in items for shape in leaves_of_shape(item)]


def _like_shape(shapes: Any, function: Any) -> Any:
    if is_shape(shapes):
        return function(shapes)
    if isinstance(shapes, dict):
        return {key: _like_shape(item, function) for key, item in shapes.items()}
    return [_like_shape(item, function) for item in shapes]


def _once(weights: list[Variable]) -> list[Variable]:
    """Each weight at its first place: a layer used twice has its weights once."""
    return list(dict.fromkeys(weights))
