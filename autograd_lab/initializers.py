"""Initializers: the numbers that weights start with.

An initializer is called with a shape and gives an array.  ``fan_in`` is the number of inputs that a
neuron adds up, ``fan_out`` the number of neurons that an input reaches: rows and columns of a dense
layer's kernel.  The scaled ones keep the variance of activations (fan_in), of gradients (fan_out),
or a compromise between both (fan_avg = (fan_in + fan_out) / 2) the same from layer to layer.  The
lecture's slide on Glorot's initialization prints fan_avg upside down; what stands here is equation
12 of Glorot & Bengio (2010), variance 1 / fan_avg.

``seed``: a whole number, and the initializer repeats itself at every call; or a SeedGenerator, from
which it goes on drawing; or None for new numbers at every call, which follow from
``utils.set_random_seed``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab import config, registry
from autograd_lab.errors import ShapeError
from autograd_lab.graph import Node
from autograd_lab.ops.axes import Shape, as_shape
from autograd_lab.random import SeedGenerator, next_generator
from autograd_lab.registry import Configured, register
from autograd_lab.settings import check_seed, choice, number, wrong

Seed = int | SeedGenerator | None
Array = np.ndarray[Any, Any]


class Initializer(Configured):
    """Base of all initializers: ``values(shape)`` defined by a subclass."""

    family = "initializers"

    def __call__(self, shape: Any, dtype: str | None = None) -> Array:
        """An array of this shape; of dtype ``floatx()`` unless told."""
        return np.asarray(self.values(as_shape(shape)), dtype=dtype or config.floatx())

    def values(self, shape: Shape) -> Any:
        """The numbers, in double precision: another dtype holds the same numbers, rounded."""
        raise NotImplementedError(f"{type(self).__name__} defines no values(self, shape)")

    def _matrix(self, shape: Shape, least: int, most: float = math.inf) -> None:
        if not least <= len(shape) <= most:
            raise ShapeError(f"{type(self).__name__} makes matrices; shape {shape} is none")


# --- constants ------------------------------------------------------------------------------------


@register("initializers", "zero")
@dataclass(eq=False)
class Zeros(Initializer):
    """0 everywhere: the usual start of biases.

    >>> Zeros()((2,)).tolist()
    [0.0, 0.0]
    """

    def values(self, shape: Shape) -> Any:
        return np.zeros(shape)


@register("initializers", "one")
@dataclass(eq=False)
class Ones(Initializer):
    """1 everywhere.

    >>> Ones()((2,)).tolist()
    [1.0, 1.0]
    """

    def values(self, shape: Shape) -> Any:
        return np.ones(shape)


@register("initializers")
@dataclass(eq=False)
class Constant(Initializer):
    """The given number everywhere, or the given array, stretched to the shape as in arithmetic.

    >>> Constant(0.5)((2,)).tolist(), Constant([1.0, 2.0])((2, 2)).tolist()
    ([0.5, 0.5], [[1.0, 2.0], [1.0, 2.0]])
    """

    value: Any = 0.0

    def __post_init__(self) -> None:
        try:
            np.asarray(self.value, dtype=float)
        except (TypeError, ValueError):
            raise wrong(self, "value", "must be a number or an array of numbers") from None

    def values(self, shape: Shape) -> Any:
        value = np.asarray(self.value, dtype=float)
        try:
            return np.broadcast_to(value, shape)
        except ValueError:
            raise ShapeError(
                f"Constant: a value of shape {value.shape} does not fill the shape {shape}"
            ) from None


@register("initializers", "IdentityInitializer")
@dataclass(eq=False)
class Identity(Initializer):
    """gain on the diagonal of a matrix, 0 elsewhere.

    >>> Identity(2.0)((2, 3)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        self.gain = number(self, "gain")

    def values(self, shape: Shape) -> Any:
        self._matrix(shape, 2, 2)
        return self.gain * np.eye(shape[0], shape[1])


# --- random numbers -------------------------------------------------------------------------------


class RandomInitializer(Initializer):
    """Base of the initializers that draw: their setting ``seed`` says from where."""

    seed: Seed

    def __post_init__(self) -> None:
        check_seed(self)

    def _generator(self) -> np.random.Generator:
        if isinstance(self.seed, SeedGenerator):
            return self.seed.generator
        return np.random.default_rng(self.seed) if self.seed is not None else next_generator(
            "initializers"
        )  # fmt: skip


def _truncated_normal(rng: np.random.Generator, shape: Shape) -> Array:
    """Normal numbers between -2 and 2; the few outside (4.6 %) are drawn again."""
    z = np.asarray(rng.standard_normal(shape))
    while np.any(outside := np.abs(z) > 2.0):
        z[outside] = rng.standard_normal(np.count_nonzero(outside))
    return z


@register("initializers", "normal")
@dataclass(eq=False)
class RandomNormal(RandomInitializer):
    """Normal numbers of a mean and a standard deviation.

    >>> RandomNormal(stddev=0.1, seed=1)((3, 2)).shape
    (3, 2)
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: Seed = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mean, self.stddev = number(self, "mean"), number(self, "stddev", at_least=0)

    def values(self, shape: Shape) -> Any:
        return self.mean + self.stddev * self._generator().standard_normal(shape)


@register("initializers")
@dataclass(eq=False)
class TruncatedNormal(RandomInitializer):
    """Normal numbers, those further than two ``stddev`` from the mean drawn again.

    So their standard deviation is 0.88 ``stddev``: not corrected, as in Keras.

    >>> float(abs(TruncatedNormal(stddev=1.0, seed=1)((1000,))).max()) <= 2.0
    True
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: Seed = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mean, self.stddev = number(self, "mean"), number(self, "stddev", at_least=0)

    def values(self, shape: Shape) -> Any:
        return self.mean + self.stddev * _truncated_normal(self._generator(), shape)


@register("initializers", "uniform")
@dataclass(eq=False)
class RandomUniform(RandomInitializer):
    """Numbers between ``minval`` and ``maxval``, all equally likely.

    >>> bool((RandomUniform(0.0, 1.0, seed=1)((100,)) >= 0.0).all())
    True
    """

    minval: float = -0.05
    maxval: float = 0.05
    seed: Seed = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.minval = number(self, "minval")
        self.maxval = number(self, "maxval", at_least=self.minval)

    def values(self, shape: Shape) -> Any:
        return self._generator().uniform(self.minval, self.maxval, shape)


@register("initializers", "OrthogonalInitializer")
@dataclass(eq=False)
class Orthogonal(RandomInitializer):
    """gain Q with orthonormal columns, or rows if there are fewer: QᵀQ = I or QQᵀ = I.

    Q comes from the QR decomposition of normal numbers, with the signs that make all orthogonal
    matrices equally likely (Saxe, McClelland & Ganguli 2014).  More than two axes: the last is
    columns, all others are rows.

    >>> q = Orthogonal(seed=1)((4, 2), dtype="float64")
    >>> bool(np.allclose(q.T @ q, np.eye(2)))
    True
    """

    gain: float = 1.0
    seed: Seed = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.gain = number(self, "gain")

    def values(self, shape: Shape) -> Any:
        self._matrix(shape, 2)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(self._generator().standard_normal(tall))
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        return self.gain * np.reshape(q if rows >= columns else q.T, shape)


# --- variance by the number of connections --------------------------------------------------------

# The standard deviation of normal numbers cut off at two standard deviations.
TRUNCATED_STDDEV = 0.87962566103423978


def fans(shape: Shape) -> tuple[int, int]:
    """fan_in and fan_out of a weight; axes before the last two count into both.

    >>> fans((784, 128)), fans((10,)), fans((3, 3, 8, 16))
    ((784, 128), (10, 10), (72, 144))
    """
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class ScaledInitializer(RandomInitializer):
    """Numbers of mean 0 and variance scale / fan; the subclass says which fan."""

    scale: float
    mode: str
    distribution: str

    def values(self, shape: Shape) -> Any:
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, fan))
        rng = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return stddev * rng.standard_normal(shape)
        return stddev / TRUNCATED_STDDEV * _truncated_normal(rng, shape)


@register("initializers")
@dataclass(eq=False)
class VarianceScaling(ScaledInitializer):
    """Numbers of mean 0 and variance scale / fan, whose fan and distribution are free.

    mode: "fan_in", "fan_out" or "fan_avg".  distribution: "truncated_normal" (cut off at two
    standard deviations before it is scaled to the variance wanted), "untruncated_normal" or
    "uniform" (within ±√(3 variance)).

    >>> VarianceScaling(2.0, "fan_out", seed=1)((3, 2)).shape
    (3, 2)
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"
    seed: Seed = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distribution == "normal":
            self.distribution = "truncated_normal"
        self.scale = number(self, "scale", above=0)
        choice(self, "mode", ("fan_in", "fan_out", "fan_avg"))
        choice(self, "distribution", ("truncated_normal", "untruncated_normal", "uniform"))


@register("initializers")
@dataclass(eq=False)
class GlorotUniform(ScaledInitializer):
    """Uniform within ±√(6 / (fan_in + fan_out)): variance 1 / fan_avg, for tanh and softmax.

    Glorot & Bengio (2010), equation 16; the usual start of kernels.

    >>> bool((abs(GlorotUniform(seed=1)((3, 3))) <= 1.0).all())
    True
    """

    scale, mode, distribution = 1.0, "fan_avg", "uniform"

    seed: Seed = None


@register("initializers")
@dataclass(eq=False)
class GlorotNormal(ScaledInitializer):
    """Truncated normal of variance 2 / (fan_in + fan_out) = 1 / fan_avg.

    Glorot & Bengio (2010), equation 12.

    >>> GlorotNormal(seed=1)((3, 2)).shape
    (3, 2)
    """

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"

    seed: Seed = None


@register("initializers")
@dataclass(eq=False)
class HeUniform(ScaledInitializer):
    """Uniform within ±√(6 / fan_in): variance 2 / fan_in, for ReLU and its kin.

    He, Zhang, Ren & Sun (2015), equation 10.

    >>> bool((abs(HeUniform(seed=1)((6, 3))) <= 1.0).all())
    True
    """

    scale, mode, distribution = 2.0, "fan_in", "uniform"

    seed: Seed = None


@register("initializers")
@dataclass(eq=False)
class HeNormal(ScaledInitializer):
    """Truncated normal of variance 2 / fan_in, for ReLU and its kin, which halve the square.

    He, Zhang, Ren & Sun (2015), equation 10.

    >>> HeNormal(seed=1)((3, 2)).shape
    (3, 2)
    """

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"

    seed: Seed = None


@register("initializers")
@dataclass(eq=False)
class LecunUniform(ScaledInitializer):
    """Uniform within ±√(3 / fan_in): variance 1 / fan_in.

    LeCun, Bottou, Orr & Müller (1998), section 4.6.

    >>> bool((abs(LecunUniform(seed=1)((3, 3))) <= 1.0).all())
    True
    """

    scale, mode, distribution = 1.0, "fan_in", "uniform"

    seed: Seed = None


@register("initializers")
@dataclass(eq=False)
class LecunNormal(ScaledInitializer):
    """Truncated normal of variance 1 / fan_in, for SELU (Klambauer et al. 2017).

    >>> LecunNormal(seed=1)((3, 2)).shape
    (3, 2)
    """

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"

    seed: Seed = None


# --- names ----------------------------------------------------------------------------------------


def get(identifier: Any) -> Any:
    """The initializer that a name, settings, a class, a function or an array stands for.

    A function is called with a shape and ``dtype=``; an array is what the weight starts with.

    >>> get("he_normal"), get([1.0, 2.0])
    (HeNormal(seed=None), Constant(value=[1.0, 2.0]))
    """
    if isinstance(identifier, Node):
        return Constant(np.asarray(identifier.value))
    if isinstance(identifier, (np.ndarray, np.generic, list)):
        return Constant(identifier)
    return registry.get("initializers", identifier)


# Keras's names for the ways from and to settings.
deserialize, serialize = get, registry.serialize
# Keras's other way to write the same classes: initializers.he_normal().
zeros, ones, constant, identity = Zeros, Ones, Constant, Identity
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
orthogonal, variance_scaling = Orthogonal, VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal
