"""The losses of probabilities and of margins, averaged over all examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd_lab import losses
from autograd_lab.losses.base import SETTINGS
from autograd_lab.metrics.base import MeanMetric
from autograd_lab.registry import register


class _OfLoss(MeanMetric):
    """The mean of a loss with its settings."""

    direction = "down"

    def __post_init__(self) -> None:
        super().__post_init__()
        for setting in vars(self).keys() & SETTINGS.keys():
            SETTINGS[setting](self, setting)


@register("metrics", "bce", "BCE")
@dataclass(eq=False)
class BinaryCrossentropy(_OfLoss):
    """The mean of -t ln p - (1 - t) ln(1 - p).

    >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]), 4)
    0.6931
    """

    name: str = "binary_crossentropy"
    dtype: str | None = None
    from_logits: bool = False
    label_smoothing: float = 0.0

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """The mean cross-entropy of the outputs of each example."""
        return losses.binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)


@register("metrics")
@dataclass(eq=False)
class CategoricalCrossentropy(_OfLoss):
    """The mean of -Σ t ln p, t one-hot.

    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]), 4)
    0.6931
    """

    name: str = "categorical_crossentropy"
    dtype: str | None = None
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """-Σ t ln p of each example."""
        return losses.categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.label_smoothing, self.axis
        )


@register("metrics")
@dataclass(eq=False)
class SparseCategoricalCrossentropy(_OfLoss):
    """The mean of -ln p of the right class, targets labels; an ignored class counts as 0.

    >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]), 4)
    0.6931
    """

    name: str = "sparse_categorical_crossentropy"
    dtype: str | None = None
    from_logits: bool = False
    ignore_class: int | None = None
    axis: int = -1

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """-ln p of the right class of each example."""
        return losses.sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignore_class, self.axis
        )


@register("metrics")
@dataclass(eq=False)
class KLDivergence(_OfLoss):
    """The mean of Σ t ln(t / p).

    >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    """

    name: str = "kl_divergence"
    dtype: str | None = None

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Σ t ln(t / p) of each example."""
        return losses.kl_divergence(y_true, y_pred)


@register("metrics")
@dataclass(eq=False)
class Poisson(_OfLoss):
    """The mean of p - t ln p.

    >>> Poisson()([[0.0]], [[1.0]])
    1.0
    """

    name: str = "poisson"
    dtype: str | None = None

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Mean p - t ln p of each example."""
        return losses.poisson(y_true, y_pred)


@register("metrics")
@dataclass(eq=False)
class Hinge(_OfLoss):
    """The mean of max(1 - t p, 0), t of -1 and 1 (or 0 and 1 throughout a batch).

    >>> Hinge()([[-1.0], [1.0]], [[0.5], [3.0]])
    0.75
    """

    name: str = "hinge"
    dtype: str | None = None

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Mean max(1 - t p, 0) of each example."""
        return losses.hinge(y_true, y_pred)


@register("metrics")
@dataclass(eq=False)
class SquaredHinge(_OfLoss):
    """The mean of max(1 - t p, 0)².

    >>> SquaredHinge()([[-1.0], [1.0]], [[0.5], [3.0]])
    1.125
    """

    name: str = "squared_hinge"
    dtype: str | None = None

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """Mean max(1 - t p, 0)² of each example."""
        return losses.squared_hinge(y_true, y_pred)


@register("metrics")
@dataclass(eq=False)
class CategoricalHinge(_OfLoss):
    """The mean of max(1 + best wrong score - right score, 0), t one-hot.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.75]])
    0.75
    """

    name: str = "categorical_hinge"
    dtype: str | None = None

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """The margin of each example."""
        return losses.categorical_hinge(y_true, y_pred)
