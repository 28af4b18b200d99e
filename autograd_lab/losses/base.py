"""What every loss does: bring targets to the form of the outputs, weigh, and make one number.

``values`` are the losses of the single examples, ``N`` is how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd_lab import config, ops
from autograd_lab.errors import ShapeError
from autograd_lab.graph import Node
from autograd_lab.ops.axes import shape_of
from autograd_lab.registry import Configured, register, snake_case
from autograd_lab.settings import flag, number, whole_numbers, wrong

AVERAGE = "sum_over_batch_size"
REDUCTIONS = (AVERAGE, "mean", "sum", "mean_with_sample_weight", "none", None)
# What a setting of this name must be, whichever loss it belongs to.
SETTINGS: dict[str, Callable[[object, str], Any]] = {
    "from_logits": flag,
    "apply_class_balancing": flag,
    "axis": whole_numbers,
    "delta": partial(number, above=0),
    "gamma": partial(number, at_least=0),
    "label_smoothing": partial(number, at_least=0, at_most=1),
}

# --- targets in the form of the outputs -----------------------------------------------------------


def as_float(x: Any, dtype: Any = None) -> Any:
    """A node or array of floats: those of the given dtype, else as wide as they come.

    Lists and whole numbers have no width of their own and take ``config.floatx()``.

    >>> as_float([1, 2]).dtype, as_float([1, 2], "float64").dtype
    (dtype('float32'), dtype('float64'))
    """
    if isinstance(x, Node):
        wanted = np.dtype(dtype or (x.dtype if x.dtype.kind == "f" else config.floatx()))
        return x if x.dtype == wanted else ops.cast(x, wanted)
    if dtype is None:
        known = getattr(x, "dtype", None)
        dtype = known if known is not None and known.kind == "f" else config.floatx()
    return np.asarray(x, dtype=dtype)


def same_rank(a: Any, b: Any) -> tuple[Any, Any]:
    """Both with as many axes, where one has a last axis of length 1 that the other lacks.

    A row of numbers gains that axis; from more axes it is taken off.

    >>> [x.shape for x in same_rank(np.ones(4), np.ones((4, 1)))]
    [(4, 1), (4, 1)]
    """
    if len(shape_of(a)) < len(shape_of(b)):
        b, a = same_rank(b, a)
        return a, b
    longer, shorter = shape_of(a), shape_of(b)
    if len(longer) != len(shorter) + 1 or longer[-1] != 1:
        return a, b
    return (a, ops.expand_dims(b, -1)) if len(shorter) == 1 else (ops.squeeze(a, -1), b)


def matched(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Targets and outputs as floats of one dtype and one shape, or ShapeError.

    Broadcasting (4,) against (4, 1) would compare everyone with everyone, so no shape is stretched.
    """
    y_pred = as_float(y_pred)
    y_true, y_pred = same_rank(as_float(y_true, y_pred.dtype), y_pred)
    if shape_of(y_true) != shape_of(y_pred):
        raise ShapeError(
            f"{name}: y_true has shape {shape_of(y_true)} and y_pred {shape_of(y_pred)}; "
            "give both the same shape"
        )
    return y_true, y_pred


def target_form(y_true_shape: tuple[Any, ...], y_pred_shape: tuple[Any, ...]) -> str:
    """How Keras reads targets by their shape: "binary", "sparse" (labels) or "categorical".

    >>> target_form((32,), (32, 10)), target_form((32, 10), (32, 10)), target_form((32,), (32, 1))
    ('sparse', 'categorical', 'binary')
    """
    if y_pred_shape[-1] == 1:
        return "binary"
    fewer = len(y_true_shape) < len(y_pred_shape)
    return "sparse" if fewer or y_true_shape[-1] == 1 else "categorical"


# --- one number -----------------------------------------------------------------------------------


def divide_no_nan(a: Any, b: Any) -> Any:
    """A / b, and 0 where b is 0."""
    none = ops.equal(b, 0.0)
    return ops.where(none, 0.0, ops.divide(a, ops.where(none, 1.0, b)))


def weighed(values: Any, sample_weight: Any) -> tuple[Any, Any]:
    """The values times the weights, and these weights in the values' dtype and rank."""
    values, weight = same_rank(values, as_float(sample_weight, values.dtype))
    lengths, given = shape_of(values), shape_of(weight)
    if given and (len(given) != len(lengths) or any(map(_stretches, lengths, given))):
        raise ShapeError(
            f"sample_weight has shape {given} for losses of shape {lengths}; "
            "give one weight for each, or length 1 along the axes that share a weight"
        )
    return ops.multiply(values, weight), weight


def _stretches(length: int, weights: int) -> bool:
    return weights not in (1, length)


def reduced(
    values: Any, sample_weight: Any = None, reduction: str | None = AVERAGE, mask: Any = None
) -> Any:
    """The weighted losses as one number, by Keras's rules.

    "sum_over_batch_size" and "mean" are Σ w l / N, and never divide by Σ w; only
    "mean_with_sample_weight" does.  Where ``mask`` is false the loss does not count: N is then the
    number of the others.  Of no examples, the mean is 0.
    """
    values = as_float(values)
    weight = None
    if mask is not None:
        counts = ops.cast(mask, values.dtype)
        if reduction in (AVERAGE, "mean"):
            counts = counts * divide_no_nan(float(np.prod(shape_of(mask))), ops.sum(counts))
        sample_weight = counts if sample_weight is None else weighed(counts, sample_weight)[0]
    if sample_weight is not None:
        values, weight = weighed(values, sample_weight)
    if reduction in (None, "none") or not shape_of(values):
        return values
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divide_no_nan(ops.sum(values), ops.sum(weight))
    return ops.sum(values) if reduction == "sum" or 0 in shape_of(values) else ops.mean(values)


# --- losses ---------------------------------------------------------------------------------------


class Loss(Configured):
    """The base of losses; a subclass of one's own defines ``call(y_true, y_pred)``.

    ``call`` gives one number per example, and calling the loss makes one number of these:
    y_true (N, ...), y_pred (N, ...), sample_weight (N,) or of the losses' shape -> number.
    Nodes give nodes that can be differentiated, and arrays give numbers.

    reduction: "sum_over_batch_size" (Σ w l / N), "mean" (the same), "sum",
    "mean_with_sample_weight" (Σ w l / Σ w), or None for the losses of the examples.

    >>> from autograd_lab import ops
    >>> class Cubic(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ops.mean(ops.abs(y_pred - y_true) ** 3, axis=-1)
    >>> Cubic()([[0.0], [0.0]], [[1.0], [2.0]])
    np.float32(4.5)
    """

    family = "losses"
    reduction: str | None
    name: str

    def __init__(self, name: str | None = None, reduction: str | None = AVERAGE) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.reduction = reduction
        self.__post_init__()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise wrong(self, "name", "must be text")
        if self.reduction not in REDUCTIONS:
            raise wrong(self, "reduction", f"must be one of {', '.join(map(repr, REDUCTIONS))}")
        if is_dataclass(self):
            for setting in {field.name for field in fields(self)} & SETTINGS.keys():
                SETTINGS[setting](self, setting)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_pred = as_float(y_pred)
        y_true = as_float(y_true, y_pred.dtype)
        with np.errstate(all="ignore"):  # as in the graph, inf and nan are results and no alarm
            values = self.call(*same_rank(y_true, y_pred))
            return reduced(values, sample_weight, self.reduction, self.mask(y_true))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One loss for each example; subclasses say which."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def mask(self, y_true: Any) -> Any:  # noqa: ARG002 - a hook
        """True for the examples that count, or None if all do."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The settings as numbers, strings, lists and dictionaries: what JSON can hold."""
        if is_dataclass(self):
            return super().get_config()
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """A loss with these settings; the opposite of ``get_config``."""
        return super().from_config(config) if is_dataclass(cls) else cls(**config)


@register("losses")
@dataclass(eq=False)
class LossFunctionWrapper(Loss):
    """A plain function ``fn(y_true, y_pred)`` as a loss: its values, weighed and reduced.

    >>> from autograd_lab.losses import mean_absolute_error
    >>> LossFunctionWrapper(mean_absolute_error, reduction="sum")([[0.0], [0.0]], [[1.0], [2.0]])
    np.float32(3.0)
    """

    fn: Callable[..., Any]
    reduction: str | None = AVERAGE
    name: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.fn):
            raise wrong(self, "fn", "must be a function of (y_true, y_pred)")
        self.name = self.name or str(getattr(self.fn, "__name__", "loss"))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The function's own values."""
        return self.fn(y_true, y_pred)
