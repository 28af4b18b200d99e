"""The few exceptions of the project; each message says what came, what was wanted, what to do."""

from __future__ import annotations


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
