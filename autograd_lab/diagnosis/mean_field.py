r"""Nets of infinite width: what the variances of activations and gradients become with depth.

With weights of mean 0 and variance v, biases of variance v_b and n inputs to each unit,

    q_l   = n v E[f(√q_(l-1) x)²] + v_b        variance of z, forward
    chi_l = n v E[f'(√q_l x)²]                 factor of the mean square of delta, backward

with x normal (Poole et al. 2016, equation 3; Schoenholz et al. 2017, equation 6).  Gradients keep
their size where chi = 1, vanish below and explode above.  Glorot's and He's variances are chi = 1
for the identity and for the ReLU.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lab import activations, initializers
from autograd_lab.errors import UsageError
from autograd_lab.graph import Node, leaf
from autograd_lab.interpreters.differentiate import backward
from autograd_lab.settings import number

if TYPE_CHECKING:
    from autograd_lab.diagnosis.structure import Dense

Array = np.ndarray[Any, Any]
Function = Callable[[Any], Any]
REACH = 12.0  # standard deviations: beyond lies less than 1e-32
ORDER = 16  # nodes of Gauss-Legendre in each panel
# Corners of the library's activations, and cuts on both sides of where they bend.
CUTS = (0.0, 0.125, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 15.0, 20.0, 30.0, 45.0)
MAX_DEPTH = 100_000
CLOSE = 1e-14


@dataclass(frozen=True)
class MeanField:
    """The recursion through a stack of equal layers; entry l - 1 belongs to layer l.

    ``q`` is the variance of z, ``second`` the mean square of the activation, ``chi`` the factor by
    which a layer multiplies the mean square of a gradient on the way back.
    """

    q: tuple[float, ...]
    second: tuple[float, ...]
    chi: tuple[float, ...]

    @property
    def log10_rms(self) -> float:
        """log10 of the rms of the last layer's activation."""
        return 0.5 * math.log10(self.second[-1]) if self.second[-1] > 0 else -math.inf

    @property
    def log10_gradient(self) -> float:
        """log10 of the rms of the gradient below the first layer, over that above the last."""
        return 0.5 * sum(math.log10(c) if c > 0 else -math.inf for c in self.chi)


@dataclass(frozen=True)
class Stack:
    """The same for one layer of a net with widths of its own: rms of z, and delta's factor."""

    rms_z: float
    factor: float | None


@dataclass(frozen=True)
class CriticalPoint:
    """A weight scale n v with chi = 1, and the variance q of z that stays the same there.

    q = 0 is the limit in which signals fade out without a scale of their own.
    """

    scale: float
    q: float


def mean_field(
    act: Any, depth: int, scale: float, bias_variance: float = 0.0, start: float = 1.0
) -> MeanField:
    """The recursion through ``depth`` layers of an activation (a name or a function).

    scale: n·Var(w) of each layer, 1 for Glorot's and 2 for He's variance in layers of equal width;
    see ``weight_scale``.  start: the mean square of the inputs.

    Errors: UsageError for an unknown activation or a number that is none.

    >>> field = mean_field("relu", 50, scale=1.0)
    >>> round(field.log10_rms, 2), round(field.log10_gradient, 2)
    (-7.53, -7.53)
    """
    _check(depth, scale, bias_variance, start)
    f = _elementwise(act)
    q: list[float] = []
    second: list[float] = []
    chi: list[float] = []
    mean_square = start
    for _ in range(depth):
        q.append(scale * mean_square + bias_variance)
        if len(q) > 1 and abs(q[-1] - q[-2]) <= CLOSE * q[-1]:  # fixed: the rest is the same
            rest = depth - len(q) + 1
            q[-1:] = [q[-2]] * rest
            second += second[-1:] * rest
            chi += chi[-1:] * rest
            break
        mean_square, slope = moments(f, q[-1])
        second.append(mean_square)
        chi.append(scale * slope)
    return MeanField(tuple(q), tuple(second), tuple(chi))


def weight_scale(initializer: Any, fan_in: int = 256, fan_out: int | None = None) -> float:
    """n·Var(w) of an initializer: fan_in times the variance of what it draws.

    >>> weight_scale("glorot_normal"), weight_scale("he_uniform"), weight_scale("lecun", 64, 10)
    (1.0, 2.0, 1.0)
    """
    variance = variance_of(initializer, fan_in, fan_in if fan_out is None else fan_out)
    return fan_in * variance


def variance_of(initializer: Any, fan_in: int, fan_out: int) -> float:
    """The variance that an initializer gives a kernel of this shape."""
    name = {"glorot": "glorot_normal", "he": "he_normal", "lecun": "lecun_normal"}
    found = initializers.get(name.get(initializer, initializer))
    scaled = getattr(found, "mode", None)
    if scaled is not None:
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[scaled]
        return float(found.scale) / max(1.0, fan)
    if isinstance(found, initializers.TruncatedNormal):
        return float(found.stddev * initializers.TRUNCATED_STDDEV) ** 2
    if isinstance(found, initializers.RandomNormal):
        return float(found.stddev) ** 2
    if isinstance(found, initializers.RandomUniform):
        return float(found.maxval - found.minval) ** 2 / 12.0
    if isinstance(found, initializers.Orthogonal):
        return float(found.gain) ** 2 / max(fan_in, fan_out)
    raise UsageError(
        f"mean field: {type(found).__name__} draws no weights of a known variance; "
        "give the scale n·Var(w) itself"
    )


def fixed_point(act: Any, scale: float, bias_variance: float = 0.0) -> tuple[float, float]:
    """(q, chi) that the recursion tends to from q = 1: the nearest q, in its direction, that stays.

    q = 0 where signals fade out, inf where they grow without end; chi is then the limit.

    >>> q, chi = fixed_point("sigmoid", scale=1.0)
    >>> round(q, 4), round(chi, 4)
    (0.2647, 0.0557)
    """
    _check(1, scale, bias_variance, 1.0)
    f = _elementwise(act)

    def growth(q: float) -> float:
        return scale * moments(f, q)[0] + bias_variance - q

    q, first = 1.0, growth(1.0)
    if abs(first) <= 1e-12:
        return 1.0, scale * moments(f, 1.0)[1]
    step = 2.0 if first > 0 else 0.5
    while 1e-16 < q < 1e16:
        if (growth(q * step) > 0) != (first > 0):
            q = _bisected(growth, min(q, q * step), max(q, q * step))
            return q, scale * moments(f, q)[1]
        q *= step
    return 0.0 if q < 1.0 else math.inf, scale * moments(f, q)[1]


def critical_points(act: Any, bias_variance: float = 0.0) -> list[CriticalPoint]:
    """The weight scales n·Var(w) at which gradients keep their size through any depth.

    On the critical line n v = 1 / E[f'²] and v_b = q - E[f²] / E[f'²]; this finds the q, up to 1e4,
    that belong to the variance of the biases.  Without biases, an activation with f(0) = 0 is
    critical at q = 0 too: 1 / f'(0)², and 2 for the ReLU at any q.

    >>> [round(point.scale, 3) for point in critical_points("tanh")]
    [1.0]
    >>> [(round(point.scale, 2), round(point.q, 2)) for point in critical_points("sigmoid")]
    [(103.01, 45.62)]
    """
    f = _elementwise(act)

    def excess(q: float) -> float:
        second, slope = moments(f, q)
        return q - second / slope - bias_variance if slope > 0 else -math.inf

    grid = np.geomspace(1e-6, 1e4, 121)
    values = [excess(float(q)) for q in grid]
    found = []
    if bias_variance == 0.0 and float(np.asarray(f(np.float64(0.0)))) == 0.0:
        found.append(CriticalPoint(1.0 / moments(f, 1e-16)[1], 0.0))
    for i in range(len(grid) - 1):
        noise = 1e-9 * float(grid[i])  # homogeneous activations are critical at every q
        if values[i] * values[i + 1] < 0 and min(abs(values[i]), abs(values[i + 1])) > noise:
            q = _bisected(excess, float(grid[i]), float(grid[i + 1]))
            found.append(CriticalPoint(1.0 / moments(f, q)[1], q))
    return found


def propagate(layers: Sequence[Dense]) -> list[Stack]:
    """The recursion with the widths and variances of a real net, from its inputs upwards."""
    stages: list[Stack] = []
    mean_square = float(np.mean(np.square(layers[0].x.value, dtype=np.float64)))
    for i, layer in enumerate(layers):
        kernel = np.asarray(layer.kernel.value, dtype=np.float64)
        q = kernel.shape[0] * float(np.var(kernel)) * mean_square
        if layer.bias is not None:
            q += float(np.mean(np.square(layer.bias.value, dtype=np.float64)))
        factor = None
        last = i == len(layers) - 1
        if not last and layer.function(1.0) is not None and math.isfinite(q):
            mean_square, slope = moments(layer.function, q)
            above = layers[i + 1].kernel
            spread = float(np.var(above.value, dtype=np.float64))
            factor = math.sqrt(above.shape[1] * spread * slope)
        stages.append(Stack(math.sqrt(q), factor))
    return stages


# --- expectations ---------------------------------------------------------------------------------


def moments(f: Function, q: float) -> tuple[float, float]:
    """(E[f(√q x)²], E[f'(√q x)²]) for x normal, to about 12 digits.

    By Gauss-Legendre in panels that end at the corners of activations and grow with their distance
    from 0.  The nodes of Gauss-Hermite are 0.2 apart at the least: too far for sigmoid' at q = 256,
    a peak of width 0.1, and for corners.
    """
    if not math.isfinite(q):
        return math.nan, math.nan
    x, weights = _panels(math.sqrt(q))
    z = leaf(math.sqrt(q) * x)
    with np.errstate(all="ignore"):
        y = f(z)
        slopes = _slopes(y, z)
        value = np.asarray(y.value if isinstance(y, Node) else y, dtype=np.float64)
        return float(weights @ np.square(value)), float(weights @ np.square(slopes))


def _elementwise(act: Any) -> Function:
    """The activation; it must give each entry a value that depends on that entry alone."""
    f: Function = activations.get(act)
    x = np.array([0.25, 1.0])
    try:
        alone = np.shape(f(x)) == (2,) and np.allclose(np.asarray(f(x))[:1], f(x[:1]))
    except (ValueError, TypeError):  # it takes something else than an array
        alone = False
    if not alone:
        raise UsageError(f"mean field: {act!r} does not work entry by entry")
    return f


def _slopes(y: Any, z: Node) -> Array:
    if y is z:
        return np.ones_like(z.value)
    if not isinstance(y, Node) or y.shape != z.shape:
        raise UsageError("mean field: the activation must work entry by entry on ops")
    found = backward(y, [z])
    return np.asarray(found[z], dtype=np.float64) if z in found else np.zeros_like(z.value)


def _panels(scale: float) -> tuple[Array, Array]:
    """Places and weights for E[g(x)], x normal, cut where g(scale · x) may have corners."""
    even = np.arange(0.0, REACH + 0.5, 1.0)
    corners = np.array(CUTS) / scale if scale > 0 else np.zeros(1)
    positive = np.unique(np.concatenate([even, corners[corners < REACH]]))
    edges = np.concatenate([-positive[:0:-1], positive])
    nodes, weights = _gauss_legendre()
    half = np.diff(edges)[:, None] / 2
    x = (edges[:-1, None] + half * (1 + nodes)).ravel()
    density = np.exp(-0.5 * np.square(x)) / math.sqrt(2 * math.pi)
    return x, (half * weights).ravel() * density


@functools.cache
def _gauss_legendre() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(ORDER)


def _bisected(g: Callable[[float], float], low: float, high: float) -> float:
    rising = g(high) > 0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if (g(middle) > 0) == rising else (middle, high)
    return 0.5 * (low + high)


def _check(depth: int, scale: float, bias_variance: float, start: float) -> None:
    if type(depth) is not int or not 0 < depth <= MAX_DEPTH:
        raise UsageError(f"mean_field(depth={depth!r}): depth must be 1 to {MAX_DEPTH:,}.")
    from types import SimpleNamespace

    given = SimpleNamespace(scale=scale, bias_variance=bias_variance, start=start)
    for name in vars(given):
        number(given, name, at_least=0)
