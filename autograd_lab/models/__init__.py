"""Models: layers in a row, or any graph of layers, that can be trained, saved and explained."""

from autograd_lab.models.cloning import clone_model, model_from_json
from autograd_lab.models.model import Model
from autograd_lab.models.saving import load_model
from autograd_lab.models.sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json"]
