"""Activation functions by Keras's names, with Keras's arguments and defaults.

Each takes a number, an array or a node and gives one of the same shape.  Their slopes come from
``autograd_lab.ops``; where a function has a corner, the slope is the one in ``ops.KINKS``.
"""

from __future__ import annotations

import math
from typing import Any

from autograd_lab import ops, registry
from autograd_lab.errors import ShapeError
from autograd_lab.ops.axes import Axes, one_axis, shape_of
from autograd_lab.registry import register

_activation = register("activations")

# --- piecewise linear -----------------------------------------------------------------------------


@_activation
def linear(x: Any) -> Any:
    """The identity: x itself.

    >>> linear(2.0)
    2.0
    """
    return x


@_activation
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """max(x, 0); or min(x, max_value) above the threshold, negative_slope (x - threshold) below.

    >>> relu(-1.0), relu(7.0, max_value=6.0), relu(-2.0, negative_slope=0.5)
    (0.0, 6.0, -1.0)
    """
    if negative_slope == 0 and max_value is None and threshold == 0:
        return ops.relu(x)
    if max_value is None and threshold == 0:
        return ops.leaky_relu(x, negative_slope=negative_slope)
    y = ops.relu(x) if threshold == 0 else ops.where(ops.greater(x, threshold), x, 0.0)
    if max_value is not None:
        y = ops.clip(y, 0.0, max_value)
    if negative_slope:
        y = ops.subtract(y, negative_slope * ops.relu(ops.subtract(threshold, x)))
    return y


@_activation
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6).

    >>> relu6(7.0)
    6.0
    """
    return relu(x, max_value=6.0)


@_activation
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """max(x, 0) + negative_slope min(x, 0) (Maas, Hannun & Ng 2013).

    The layer of that name has a slope of 0.3 unless told: both defaults are Keras's.

    >>> leaky_relu(-1.0)
    -0.2
    """
    return ops.leaky_relu(x, negative_slope=negative_slope)


@_activation
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """If x > threshold then x, else default_value.

    >>> threshold(0.5, 1.0, 0.0)
    0.0
    """
    return ops.where(ops.greater(x, threshold), x, default_value)


@_activation
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """0 where |x| <= threshold, else x.

    >>> hard_shrink(0.4), hard_shrink(-2.0)
    (0.0, -2.0)
    """
    return ops.where(ops.greater(ops.abs(x), threshold), x, 0.0)


@_activation
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """sign(x) max(|x| - threshold, 0): x moved towards 0, but not across.

    >>> soft_shrink(0.4), soft_shrink(-2.0)
    (0.0, -1.5)
    """
    return ops.subtract(x, ops.clip(x, -threshold, threshold))


@_activation
def hard_tanh(x: Any) -> Any:
    """min(max(x, -1), 1).

    >>> hard_tanh(-2.0)
    -1.0
    """
    return ops.clip(x, -1.0, 1.0)


@_activation
def hard_sigmoid(x: Any) -> Any:
    """min(max(x / 6 + 1/2, 0), 1).

    >>> hard_sigmoid(0.0)
    0.5
    """
    return ops.hard_sigmoid(x)


@register("activations", "hard_swish")
def hard_silu(x: Any) -> Any:
    """x·hard_sigmoid(x) (Howard et al. 2019, section 5.2).

    >>> hard_silu(3.0)
    3.0
    """
    return ops.multiply(x, ops.hard_sigmoid(x))


# --- saturating -----------------------------------------------------------------------------------


@_activation
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x): between 0 and 1.

    >>> sigmoid(0.0)
    0.5
    """
    return ops.sigmoid(x)


@_activation
def log_sigmoid(x: Any) -> Any:
    """The logarithm of sigmoid(x), exact where the sigmoid rounds to 0 or 1.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    return ops.negative(ops.softplus(ops.negative(x)))


@_activation
def tanh(x: Any) -> Any:
    """The hyperbolic tangent: between -1 and 1.

    >>> tanh(0.0)
    0.0
    """
    return ops.tanh(x)


@_activation
def tanh_shrink(x: Any) -> Any:
    """The rest x - tanh(x).

    >>> tanh_shrink(0.0)
    0.0
    """
    return ops.subtract(x, ops.tanh(x))


@_activation
def softsign(x: Any) -> Any:
    """x/(1 + |x|).

    >>> softsign(1.0)
    0.5
    """
    return ops.softsign(x)


# --- smooth, with a linear side -------------------------------------------------------------------


@_activation
def softplus(x: Any) -> Any:
    """The logarithm of 1 + e^x.

    >>> softplus(1000.0)
    1000.0
    """
    return ops.softplus(x)


@_activation
def elu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(0, alpha (e^x - 1)) (Clevert, Unterthiner & Hochreiter 2016).

    >>> elu(-1000.0, alpha=0.5)
    -0.5
    """
    return ops.elu(x, alpha=alpha)


@_activation
def celu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(0, alpha (e^(x/alpha) - 1)): an ELU of slope 1 at 0 (Barron 2017).

    >>> celu(2.0), celu(-1000.0, alpha=0.5)
    (2.0, -0.5)
    """
    below = ops.expm1(ops.divide(ops.minimum(x, 0.0), alpha))
    return ops.add(ops.maximum(x, 0.0), alpha * below)


@_activation
def selu(x: Any) -> Any:
    """A scaled ELU that keeps mean 0 and variance 1 (Klambauer et al. 2017, equation 2).

    >>> round(selu(1.0), 4)
    1.0507
    """
    return ops.selu(x)


@register("activations", "swish")
def silu(x: Any) -> Any:
    """x·sigmoid(x), also called swish (Ramachandran, Zoph & Le 2017).

    >>> silu(0.0), silu(1000.0)
    (0.0, 1000.0)
    """
    return ops.silu(x)


@_activation
def gelu(x: Any, approximate: bool = False) -> Any:
    """x·Φ(x), where Φ is the normal distribution's; approximately by tanh if asked.

    Hendrycks & Gimpel (2016), section 2; their ½ x (1 + tanh u) is written x sigmoid(2u) here,
    which keeps its digits where tanh u is near -1.

    >>> round(gelu(1.0), 4), round(gelu(1.0, approximate=True), 4)
    (0.8413, 0.8412)
    """
    if not approximate:
        return ops.gelu(x)
    cube = ops.multiply(x, ops.square(x))
    u = math.sqrt(2.0 / math.pi) * ops.add(x, 0.044715 * cube)
    return ops.multiply(x, ops.sigmoid(2.0 * u))


@_activation
def mish(x: Any) -> Any:
    """x·tanh(softplus(x)) (Misra 2019).

    >>> round(mish(1.0), 4)
    0.8651
    """
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


@_activation
def exponential(x: Any) -> Any:
    """e^x.

    >>> exponential(0.0)
    1.0
    """
    return ops.exp(x)


# --- along an axis --------------------------------------------------------------------------------


@_activation
def softmax(x: Any, axis: Axes = -1) -> Any:
    """e^x / Σ e^x along the axis: positive numbers of sum 1.

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    return ops.softmax(x, axis)


@_activation
def log_softmax(x: Any, axis: Axes = -1) -> Any:
    """The logarithm of softmax(x), exact where the softmax rounds to 0 or 1.

    >>> log_softmax([0.0, -1000.0]).tolist()
    [0.0, -1000.0]
    """
    return ops.log_softmax(x, axis)


@_activation
def glu(x: Any, axis: int = -1) -> Any:
    """The product a · sigmoid(b) of the halves a, b of x along the axis (Dauphin et al. 2017).

    >>> glu([2.0, 0.0]).tolist()
    [1.0]
    """
    shape = shape_of(x)
    axis = one_axis("glu", axis, len(shape))
    if shape[axis] % 2:
        raise ShapeError(f"glu: axis {axis} of shape {shape} has no halves; give an even length")
    a, b = ops.split(x, 2, axis)
    return ops.multiply(a, ops.sigmoid(b))


# --- names ----------------------------------------------------------------------------------------


def get(identifier: Any) -> Any:
    """The activation that a name, settings or a function stands for; None for ``linear``.

    >>> get("relu") is relu, get(None) is linear
    (True, True)
    """
    return linear if identifier is None else registry.get("activations", identifier)


def serialize(activation: Any) -> Any:
    """The name of a function from here, the settings of anything else.

    >>> serialize(swish)
    'silu'
    """
    written = registry.serialize(activation)
    if isinstance(written, dict) and written.get("config") is None:
        return written["class_name"]
    return written


deserialize = get  # Keras's name for the way back
swish, hard_swish = silu, hard_silu
