"""From settings to what is trained: data in parts, and a compiled model that fits them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_lab import initializers, layers, optimizers, registry, regularizers, utils
from autograd_lab.constraints import MaxNorm
from autograd_lab.datasets.dataset import DataSet
from autograd_lab.datasets.reading import read
from autograd_lab.errors import ShapeError, UsageError
from autograd_lab.experiments.settings import OPTIMIZERS, Settings
from autograd_lab.experiments.sizes import hidden_sizes
from autograd_lab.models import Sequential

Array = np.ndarray[Any, Any]
MAX_PARAMETERS = 100_000_000
# Activations that are layers: with weights of their own, or random in training.
LAYERS = {"prelu": layers.PReLU, "rrelu": layers.RReLU}
LOSSES = {
    "classification": ("softmax", "sparse_categorical_crossentropy", "accuracy"),
    "regression": ("linear", "mse", "mae"),
}


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything checked and built, before any weight changes.

    ``parts`` holds (x, y) by name: train, validation and test, as far as there are such parts.
    ``sizes`` are the numbers of units from the features to the outputs.
    """

    settings: Settings
    data: DataSet
    parts: Mapping[str, tuple[Array, Array]]
    sizes: tuple[int, ...]
    model: Any

    @property
    def metric(self) -> str:
        """What is measured beside the loss: accuracy or mae."""
        return LOSSES[self.data.task][2]

    @property
    def loss(self) -> str:
        return LOSSES[self.data.task][1]

    @property
    def output(self) -> str:
        """The activation of the last layer."""
        return LOSSES[self.data.task][0]


def prepare(settings: Settings, data: DataSet | None = None) -> Plan:
    """The plan of an experiment: data read and split, the model built and compiled.

    The seed starts every random stream anew, so the same settings give the same plan.  ``data``
    are those that ``settings.data`` names, if they have been read before.

    Errors: UsageError for settings that do not fit the data, and those of ``datasets.read``.

    >>> plan = prepare(Settings(data="moons:n=50", layers="8"))
    >>> plan.sizes, plan.model.count_params(), len(plan.parts["validation"][0])
    ((2, 8, 2), 42, 10)
    """
    if data is None:
        data = read(settings.data, target=settings.target, task=settings.task)  # type: ignore[arg-type]
    parts = split(data, settings)
    x = parts["train"][0]
    outputs = len(data.class_names) if data.task == "classification" else 1
    inputs = int(np.prod(x.shape[1:]))
    sizes = (inputs, *hidden_sizes(settings.layers, inputs, outputs), outputs)
    _check(settings, data, sizes)
    utils.clear_session()
    utils.set_random_seed(settings.seed)
    model = Sequential([*_first(settings, x), *_rest(settings, sizes, LOSSES[data.task][0])])
    model.compile(make_optimizer(settings), LOSSES[data.task][1], metrics=[LOSSES[data.task][2]])
    return Plan(settings, data, parts, sizes, model)


def split(data: DataSet, settings: Settings) -> dict[str, tuple[Array, Array]]:
    """Train, validation and test: shares chosen by the seed, the same in every class."""
    if data.x_test is not None and settings.test_split:
        raise UsageError(
            f"--test-split: {data.name} has a part for testing already "
            f"({len(data.x_test):,} examples); leave the option out"
        )
    if settings.test_split:
        data = data.split(settings.test_split, settings.seed)
    test = {} if data.x_test is None else {"test": data.pairs()[1]}
    if not settings.validation_split:
        return {"train": (data.x, data.y), **test}
    rest = replace(data, x_test=None, y_test=None).split(settings.validation_split, settings.seed)
    train, validation = rest.pairs()
    return {"train": train, "validation": validation, **test}


def make_optimizer(settings: Settings) -> Any:
    """The optimizer with its settings, and its own rate unless one is given."""
    rate = {} if settings.lr is None else {"learning_rate": settings.lr}
    name = OPTIMIZERS[settings.optimizer][0]
    return getattr(optimizers, name)(**rate, **settings.optimizer_settings())


# --- checks ---------------------------------------------------------------------------------------


def _check(settings: Settings, data: DataSet, sizes: tuple[int, ...]) -> None:
    if data.task == "classification" and sizes[-1] < 2:
        raise UsageError(
            f"{data.name}: all targets are {', '.join(data.class_names)}; there is nothing to tell "
            "apart"
        )
    count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    if count > MAX_PARAMETERS:
        raise UsageError(
            f"--layers: {'-'.join(map(str, sizes))} has {count:,} parameters; at most "
            f"{MAX_PARAMETERS:,} are trained here"
        )
    if len(sizes) == 2:
        given = {"act": settings.act, "dropout": settings.dropout,
                 "batchnorm": settings.batchnorm != "none"}  # fmt: skip
        for name, value in given.items():
            if value:
                raise UsageError(
                    f"--{name} belongs to hidden layers, and --layers {settings.layers} has none"
                )
    if settings.augment and data.x.ndim not in (3, 4):
        raise UsageError(
            f"--augment needs images of rows and columns; {data.name} has rows of {sizes[0]} "
            "numbers"
        )
    check_activation(settings.act)
    with _naming("--init"):
        initializers.get(settings.init)


class _naming:  # noqa: N801 - read as a verb
    """Let a refusal begin with the option that it is about."""

    def __init__(self, option: str) -> None:
        self.option = option

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UsageError):
            raise UsageError(f"{self.option}: {error}") from error


def check_activation(word: str | None) -> None:
    """Refuse a name that is no function of one array to one of the same shape."""
    if word is None or word in LAYERS:
        return
    with _naming("--act"):
        function = registry.find("activations", word)
    try:
        same = np.shape(function(np.zeros((2, 4)))) == (2, 4)
    except (TypeError, ShapeError):
        same = False
    if not same:
        raise UsageError(f"--act {word}: that takes or gives something else than a layer's z")


# --- layers ---------------------------------------------------------------------------------------


def _first(settings: Settings, x: Array) -> Iterator[Any]:
    """From raw data to features of about unit size, within the model: it is saved with it."""
    yield layers.Input(x.shape[1:])
    if settings.augment:
        yield layers.RandomTranslation(0.1, 0.1)
        yield layers.RandomRotation(0.03)  # of a full turn
        yield layers.RandomZoom(0.1)
    if x.ndim > 2:
        yield layers.Flatten()
    if settings.preprocessing == "none":
        return
    if x.dtype == np.uint8 and x.ndim > 2:
        yield layers.Rescaling(1 / 255)
        return
    rows = x.reshape(len(x), -1).astype(np.float64)
    variance = rows.var(axis=0)
    variance[variance == 0] = 1.0  # a feature that never changes stays 0, whatever new data bring
    yield layers.Normalization(mean=rows.mean(axis=0).tolist(), variance=variance.tolist())


def _rest(settings: Settings, sizes: tuple[int, ...], output: str) -> Iterator[Any]:
    for units in sizes[1:-1]:
        yield from _hidden(settings, units)
    yield _dense(settings, sizes[-1], activation=output)


def _hidden(settings: Settings, units: int) -> Iterator[Any]:
    word = settings.act or "relu"
    activation = LAYERS[word]() if word in LAYERS else layers.Activation(word)
    if settings.batchnorm == "before":
        # its beta takes the place of the bias
        yield _dense(settings, units, use_bias=False)
        yield layers.BatchNormalization()
        yield activation
    else:
        yield _dense(settings, units)
        yield activation
        if settings.batchnorm == "after":
            yield layers.BatchNormalization()
    if settings.dropout:
        yield layers.Dropout(settings.dropout)


def _dense(settings: Settings, units: int, **more: Any) -> Any:
    penalized = settings.l1 or settings.l2
    return layers.Dense(
        units,
        kernel_initializer=settings.init or "glorot_uniform",
        kernel_regularizer=regularizers.L1L2(settings.l1, settings.l2) if penalized else None,
        kernel_constraint=None if settings.max_norm is None else MaxNorm(settings.max_norm),
        **more,
    )
