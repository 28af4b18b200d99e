"""The options of a training, made from the settings of experiments: declared once, there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from autograd_lab.experiments.options import Option
from autograd_lab.experiments.settings import OPTIONS, Settings, dashed, worded

DEFAULTS = {field: Settings.__dataclass_fields__[field].default for field in OPTIONS}


def training_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Every setting as an option of a command; their texts are read by ``read_settings``."""
    for name, option in reversed(OPTIONS.items()):
        if option.kind is bool:
            add = click.option(dashed(name), name, is_flag=True, help=f"{_line(option)}.")
        else:
            add = click.option(
                dashed(name), name, metavar=option.metavar or "|".join(option.choices),
                help=_help(name, option),
            )  # fmt: skip
        function = add(function)
    return function


def _line(option: Option) -> str:
    return option.help[0].upper() + option.help[1:]


def _help(name: str, option: Option) -> str:
    default = DEFAULTS[name]
    said = "" if default is None or default == 0 else f" ({worded(default)})"
    return f"{_line(option)}{said}."


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were given on the command line, read from their texts."""
    found = {}
    for name, option in OPTIONS.items():
        value = options.get(name)
        if value is None or value is False:
            continue
        found[name] = True if value is True else option.read(dashed(name), value)
    return found


def read_settings(data: str, options: Mapping[str, Any]) -> Settings:
    """The settings of one training."""
    return Settings(data=data, **given(options))


def names(options: Iterable[str]) -> list[str]:
    """Names as they are written on the command line."""
    return [dashed(name) for name in options]
