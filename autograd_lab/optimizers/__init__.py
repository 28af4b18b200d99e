"""Optimizers and schedules by Keras's names; each builds its step as a graph."""

from __future__ import annotations

from typing import Any

from autograd_lab import registry
from autograd_lab.errors import UsageError
from autograd_lab.optimizers import schedules
from autograd_lab.optimizers.adam import Adam, Adamax, AdamW, Nadam
from autograd_lab.optimizers.adaptive import Adadelta, Adagrad, RMSprop
from autograd_lab.optimizers.base import Optimizer
from autograd_lab.optimizers.sgd import SGD
from autograd_lab.optimizers.step_report import StepExplanation

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "StepExplanation",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]


def get(identifier: Any) -> Optimizer:
    """The optimizer that a name, settings, a class or an object stands for.

    >>> get("sgd").learning_rate
    0.01
    """
    found = registry.get("optimizers", identifier)
    if not isinstance(found, Optimizer):
        raise UsageError(f"{identifier!r} is no optimizer; give a name such as 'sgd', or an object")
    return found


# Keras's names for the ways from and to settings.
deserialize, serialize = get, registry.serialize
