"""A model again from its settings: a copy with new weights."""

from __future__ import annotations

import json
from typing import Any

from autograd_lab import registry
from autograd_lab.errors import UsageError
from autograd_lab.models.model import Model


def clone_model(model: Model) -> Any:
    """The same layers joined in the same way, with new weights."""
    return registry.deserialize(registry.serialize(model), "models")


def model_from_json(text: str) -> Any:
    """The model whose settings ``to_json`` wrote, with new weights."""
    try:
        config = json.loads(text)
    except ValueError as error:
        raise UsageError(f"model_from_json: this is no JSON text: {error}") from error
    if not isinstance(config, dict):
        raise UsageError("model_from_json: the text holds no settings of a model")
    return registry.deserialize(config, "models")
