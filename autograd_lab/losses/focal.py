"""Cross-entropies that look away from what is already right (Lin et al. 2017, equation 5).

As in Keras, logits become probabilities first, so beyond |x| = 16 these losses are flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd_lab import config, ops
from autograd_lab.losses.base import AVERAGE, Loss, matched
from autograd_lab.losses.probabilistic import clipped, normalized, smoothed
from autograd_lab.registry import register


@register("losses")
@dataclass(eq=False)
class BinaryFocalCrossentropy(Loss):
    """(1 - q)^gamma (-ln q), q the probability of the truth: p where t is 1, else 1 - p.

    With ``apply_class_balancing`` the class 1 weighs alpha and the class 0 weighs 1 - alpha.

    >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    apply_class_balancing: bool = False
    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = AVERAGE
    name: str = "binary_focal_crossentropy"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The mean focal loss of the outputs of each example."""
        return binary_focal_crossentropy(
            y_true, y_pred, self.apply_class_balancing, self.alpha, self.gamma,
            self.from_logits, self.label_smoothing, self.axis,
        )  # fmt: skip


@register("losses")
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The mean along an axis of (1 - q)^gamma (-ln q), q = t p + (1 - t)(1 - p).

    >>> binary_focal_crossentropy([[1.0, 0.0]], [[0.5, 0.5]]).round(4).tolist()
    [0.17329999804496765]
    """
    t, p = matched("binary_focal_crossentropy", y_true, y_pred)
    t = t * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else t
    # σ(-x) and not 1 - σ(x), which has few digits left for large x
    p, q = (ops.sigmoid(p), ops.sigmoid(-p)) if from_logits else (p, 1.0 - p)
    focal = ops.power(t * q + (1.0 - t) * p, gamma) * _entropy(t, p, q)
    if apply_class_balancing:
        focal = (t * alpha + (1.0 - t) * (1.0 - alpha)) * focal
    return ops.mean(focal, axis=axis)


def _entropy(t: Any, p: Any, q: Any) -> Any:
    """-t ln p - (1 - t) ln q, where q is 1 - p; both stop where 1 - (1 - ε) does in this dtype."""
    high = 1.0 - config.epsilon()
    q = ops.clip(q, 1.0 - float(p.dtype.type(high)), high)
    return -(t * ops.log(clipped(p)) + (1.0 - t) * ops.log(q))


@register("losses")
@dataclass(eq=False)
class CategoricalFocalCrossentropy(Loss):
    """-Σ alpha (1 - p)^gamma t ln p over the classes, t one-hot; alpha a number or one per class.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    alpha: Any = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = AVERAGE
    name: str = "categorical_focal_crossentropy"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The focal loss of each example."""
        return categorical_focal_crossentropy(
            y_true, y_pred, self.alpha, self.gamma,
            self.from_logits, self.label_smoothing, self.axis,
        )  # fmt: skip


@register("losses")
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-Σ alpha (1 - p)^gamma t ln p along the axis of classes.

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4).tolist()
    [0.043299999088048935]
    """
    t, p = matched("categorical_focal_crossentropy", y_true, y_pred)
    t = smoothed(t, label_smoothing, axis)
    p = normalized(ops.softmax(p, axis) if from_logits else p, axis)
    alpha = ops.cast(alpha, p.dtype) if isinstance(alpha, (list, tuple)) else alpha
    return ops.sum(alpha * ops.power(1.0 - p, gamma) * -(t * ops.log(p)), axis=axis)
