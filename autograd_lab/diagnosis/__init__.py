"""Where the gradient goes in real nets: layer by layer, with the lecture's argument beside it."""

from autograd_lab.diagnosis.diagnosis import Diagnosis, compare, explain_gradients, mlp
from autograd_lab.diagnosis.mean_field import critical_points, fixed_point, mean_field

__all__ = [
    "Diagnosis",
    "compare",
    "critical_points",
    "explain_gradients",
    "fixed_point",
    "mean_field",
    "mlp",
]
