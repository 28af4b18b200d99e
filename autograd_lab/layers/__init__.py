"""Layers by Keras's names: the parts that ``models.Sequential`` and ``models.Model`` consist of."""

from __future__ import annotations

from autograd_lab.layers.activations import ELU, LeakyReLU, PReLU, ReLU, RReLU, Softmax
from autograd_lab.layers.augmentation import (
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from autograd_lab.layers.base import Layer
from autograd_lab.layers.core import (
    Activation,
    Dense,
    Flatten,
    Input,
    InputLayer,
    Operation,
    Rescaling,
    Reshape,
)
from autograd_lab.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
)
from autograd_lab.layers.normalization import (
    BatchNormalization,
    LayerNormalization,
    Normalization,
)
from autograd_lab.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianNoise,
)

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "Average",
    "BatchNormalization",
    "Concatenate",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "Operation",
    "PReLU",
    "RReLU",
    "RandomContrast",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "Subtract",
]
