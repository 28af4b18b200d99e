"""Gradients of deep feedforward networks: derived, evaluated, checked and drawn.

The names below are looked up when they are first used, so that ``import autograd_lab`` costs
nothing: neither NumPy nor SymPy is imported for it.

>>> import autograd_lab as lab
>>> x = lab.leaf(3.0, "x")
>>> lab.gradient(x * x, [x])
[6.0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_lab import (
        activations,
        callbacks,
        config,
        constraints,
        datasets,
        diagnosis,
        errors,
        initializers,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        random,
        regularizers,
        utils,
    )
    from autograd_lab import config as backend
    from autograd_lab.errors import (
        AutogradLabError,
        ExpressionError,
        GradientError,
        MissingToolError,
        ShapeError,
        UsageError,
    )
    from autograd_lab.explanations import Explanation, explain
    from autograd_lab.graph import OPS, Node, leaf
    from autograd_lab.graph import leaf as tensor
    from autograd_lab.interpreters.differentiate import gradient
    from autograd_lab.interpreters.replay import replay
    from autograd_lab.layers import Input, Layer
    from autograd_lab.models import Model, Sequential
    from autograd_lab.ops import KINKS
    from autograd_lab.pathways import explain_paths
    from autograd_lab.symbolic import KerasTensor
    from autograd_lab.transforms.check_report import GradientCheck
    from autograd_lab.transforms.checking import check_gradients
    from autograd_lab.transforms.gradients import grad, hvp, jvp, value_and_grad, vjp
    from autograd_lab.transforms.jacobians import hessian, jacobian
    from autograd_lab.variables import Variable

    __version__: str

# Name -> where it lives, as "module" or "module:name"; the typed names above say the same.
_HOMES = {
    "AutogradLabError": "errors:AutogradLabError",
    "Explanation": "explanations:Explanation",
    "ExpressionError": "errors:ExpressionError",
    "GradientCheck": "transforms.check_report:GradientCheck",
    "GradientError": "errors:GradientError",
    "Input": "layers:Input",
    "KINKS": "ops:KINKS",
    "KerasTensor": "symbolic:KerasTensor",
    "Layer": "layers:Layer",
    "MissingToolError": "errors:MissingToolError",
    "Model": "models:Model",
    "Node": "graph:Node",
    "OPS": "graph:OPS",
    "Sequential": "models:Sequential",
    "ShapeError": "errors:ShapeError",
    "UsageError": "errors:UsageError",
    "Variable": "variables:Variable",
    "activations": "activations",
    "backend": "config",
    "callbacks": "callbacks",
    "check_gradients": "transforms.checking:check_gradients",
    "config": "config",
    "constraints": "constraints",
    "datasets": "datasets",
    "diagnosis": "diagnosis",
    "errors": "errors",
    "explain": "explanations:explain",
    "explain_paths": "pathways:explain_paths",
    "grad": "transforms.gradients:grad",
    "gradient": "interpreters.differentiate:gradient",
    "hessian": "transforms.jacobians:hessian",
    "hvp": "transforms.gradients:hvp",
    "initializers": "initializers",
    "jacobian": "transforms.jacobians:jacobian",
    "jvp": "transforms.gradients:jvp",
    "layers": "layers",
    "leaf": "graph:leaf",
    "losses": "losses",
    "metrics": "metrics",
    "models": "models",
    "ops": "ops",
    "optimizers": "optimizers",
    "random": "random",
    "regularizers": "regularizers",
    "replay": "interpreters.replay:replay",
    "tensor": "graph:leaf",
    "utils": "utils",
    "value_and_grad": "transforms.gradients:value_and_grad",
    "vjp": "transforms.gradients:vjp",
}

__all__ = [
    "KINKS",
    "OPS",
    "AutogradLabError",
    "Explanation",
    "ExpressionError",
    "GradientCheck",
    "GradientError",
    "Input",
    "KerasTensor",
    "Layer",
    "MissingToolError",
    "Model",
    "Node",
    "Sequential",
    "ShapeError",
    "UsageError",
    "Variable",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "check_gradients",
    "config",
    "constraints",
    "datasets",
    "diagnosis",
    "errors",
    "explain",
    "explain_paths",
    "grad",
    "gradient",
    "hessian",
    "hvp",
    "initializers",
    "jacobian",
    "jvp",
    "layers",
    "leaf",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "replay",
    "tensor",
    "utils",
    "value_and_grad",
    "vjp",
]


def _find(name: str) -> Any:
    """The object behind a public name; found once, then an ordinary attribute."""
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        found: Any = version("autograd-lab")
    elif name in _HOMES:
        module, _, attribute = _HOMES[name].partition(":")
        if module == "graph":
            # Operators look their rule up in the table OPS, which is filled by importing ops.
            import_module("autograd_lab.ops")
        found = import_module(f"autograd_lab.{module}")
        found = getattr(found, attribute) if attribute else found
    else:
        raise AttributeError(f"module 'autograd_lab' has no attribute {name!r}")
    globals()[name] = found
    return found


if not TYPE_CHECKING:  # a type checker would take __getattr__ as leave to use any name
    __getattr__ = _find


def __dir__() -> list[str]:
    return __all__
