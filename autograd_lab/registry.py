"""Names and settings to objects, and back: one home for every family of exchangeable parts.

A family is the module a user knows it by: "layers", "optimizers", "losses".  Its members are
classes whose dataclass fields are their settings, or plain functions.  A string, a settings
dictionary and an object are three ways to say the same thing, and ``get`` takes all of them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np

from autograd_lab.errors import UsageError, did_you_mean

FAMILIES: dict[str, dict[str, Any]] = {}
T = TypeVar("T")


def snake_case(name: str) -> str:
    """The way Keras writes a class in lower case.

    >>> snake_case("BatchNormalization"), snake_case("ReLU"), snake_case("SGD")
    ('batch_normalization', 're_lu', 'sgd')
    """
    spaced = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


def register(family: str, *aliases: str) -> Callable[[T], T]:
    """Enter a class or function under its name, its name in lower case, and other names."""

    def enter(thing: T) -> T:
        name = str(getattr(thing, "__name__", thing))
        members = FAMILIES.setdefault(family, {})
        for key in dict.fromkeys((name, name.lower(), snake_case(name), *aliases)):
            members[key] = thing
        return thing

    return enter


def find(family: str, name: str) -> Any:
    """The member of a family by name; an unknown one is answered with the nearest known."""
    members = FAMILIES.get(family, {})
    if name in members:
        return members[name]
    known = sorted({str(getattr(thing, "__name__", name)) for name, thing in members.items()})
    raise UsageError(
        f"{name!r} is none of the {family}; {did_you_mean(name, members)}known: {', '.join(known)}"
    )


def get(family: str, identifier: Any) -> Any:
    """The object that a name, a settings dictionary, a class or an object stands for.

    None stays None.  A name gives a class without settings, or a function.

    >>> from autograd_lab import initializers
    >>> get("initializers", "zeros")
    Zeros()
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = find(family, identifier)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, Mapping):
        return deserialize(identifier, family)
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier) or isinstance(identifier, Configured):
        return identifier
    raise UsageError(
        f"{identifier!r} is none of the {family}: give a name, an object or its settings"
    )


class Configured:
    """A dataclass whose fields are its settings."""

    family: ClassVar[str] = ""

    def get_config(self) -> dict[str, Any]:
        """The settings as numbers, strings, lists and dictionaries: what JSON can hold."""
        return {
            field.name: serialize(getattr(self, field.name))
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
            if field.init
        }

    @classmethod
    def from_config(cls: type[T], config: Mapping[str, Any]) -> T:
        """An object with these settings; the opposite of ``get_config``."""
        known = [field.name for field in dataclasses.fields(cls) if field.init]  # type: ignore[arg-type]
        for name in config:
            if name not in known:
                raise UsageError(
                    f"{cls.__name__} has no setting {name!r}; "
                    f"{did_you_mean(str(name), known)}known: {', '.join(known)}"
                )
        return cls(**{name: revive(value) for name, value in config.items()})


def serialize(value: Any) -> Any:
    """Anything that a setting may be, as numbers, strings, lists and dictionaries."""
    if isinstance(value, Configured):
        return {
            "module": value.family,
            "class_name": type(value).__name__,
            "config": value.get_config(),
        }
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [serialize(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): serialize(item) for key, item in value.items()}
    for family, members in FAMILIES.items():
        for name, thing in members.items():
            if thing is value:
                return {"module": family, "class_name": name, "config": None}
    raise UsageError(
        f"{value!r} cannot be written to a file: it is no setting known to the library; "
        "register it with autograd_lab.utils.register_keras_serializable"
    )


def deserialize(config: Mapping[str, Any], family: str | None = None) -> Any:
    """The object that ``serialize`` wrote; ``family`` if it may only be of that one."""
    name, module = config.get("class_name"), config.get("module", family)
    if not isinstance(name, str) or not isinstance(module, str):
        raise UsageError(f"settings of an object need a class_name and a module; given: {config!r}")
    module = module.removeprefix("keras.").removeprefix("keras_core.")
    if family is not None and module != family:
        raise UsageError(f"{name!r} is of the {module}, but one of the {family} is needed")
    found = find(module, name)
    settings = config.get("config")
    if settings is None and not isinstance(found, type):
        return found
    if not (isinstance(found, type) and issubclass(found, Configured)):
        raise UsageError(f"{name!r} of the {module} takes no settings")
    if not isinstance(settings, Mapping):
        raise UsageError(f"the settings of {name!r} must be a dictionary; given: {settings!r}")
    return found.from_config(settings)


def revive(value: Any) -> Any:
    """A setting as it was before ``serialize``: settings of objects become objects."""
    if isinstance(value, Mapping) and "class_name" in value and "config" in value:
        return deserialize(value)
    if isinstance(value, Mapping):
        return {key: revive(item) for key, item in value.items()}
    return [revive(item) for item in value] if isinstance(value, list) else value
