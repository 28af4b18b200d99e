"""The few exceptions of the project; each message says what came, what was wanted, what to do."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean NAME?  `` for the nearest known name, or nothing.

    >>> did_you_mean("sigmoide", ["sigmoid", "tanh"])
    'did you mean sigmoid?  '
    """
    from difflib import get_close_matches  # waits: only mistakes need it

    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}?  " if near else ""


class AutogradLabError(Exception):
    """Base of every error raised on purpose.  ``exit_code`` is the status a command ends with."""

    exit_code = 2


class UsageError(AutogradLabError, ValueError):
    """A value, name or option that cannot be used as given."""


class ExpressionError(UsageError):
    """An expression, or a graph read from a file, that is refused."""


class GradientError(AutogradLabError, ValueError):
    """A derivative was asked for that does not exist, or whose rule is missing."""


class ShapeError(AutogradLabError, ValueError):
    """Shapes that do not fit an operation."""


class MissingToolError(AutogradLabError):
    """A renderer, extra or data set is not installed and nothing can stand in for it."""

    exit_code = 5


class KinkWarning(UserWarning):
    """A slope was taken where there is none: the number used is a convention (``KINKS``)."""


class LostGradientWarning(UserWarning):
    """A value was taken out of a function that is being differentiated, and its slope with it."""


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn about the line of the user's program that led here, not about one of ours."""
    depth, frame = 2, sys._getframe(1)  # stack level 2 is whoever called this
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("autograd_lab"):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, category, stacklevel=depth)
