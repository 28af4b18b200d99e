"""The few exceptions of the project; each message says what came, what was wanted, what to do."""

from __future__ import annotations

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
