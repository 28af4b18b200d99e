"""Settings of the whole library, by Keras's names: the width of floats, and the fuzz factor."""

from __future__ import annotations

from autograd_lab.errors import UsageError

FLOATS = ("float32", "float64")
_floatx = "float32"
_epsilon = 1e-7


def floatx() -> str:
    """The dtype of new weights and of the data that models see: "float32" unless set otherwise.

    >>> floatx()
    'float32'
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Choose the dtype of everything made from now on: "float32" or "float64".

    >>> set_floatx("float16")
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: set_floatx('float16'): choose float32 or float64
    """
    global _floatx
    if value not in FLOATS:
        raise UsageError(f"set_floatx({value!r}): choose {' or '.join(FLOATS)}")
    _floatx = value


def epsilon() -> float:
    """The small number that keeps logarithms and quotients of probabilities finite: 1e-7.

    >>> epsilon()
    1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Choose another fuzz factor; a positive number."""
    global _epsilon
    if not 0 < value < 1:
        raise UsageError(f"set_epsilon({value!r}): choose a number between 0 and 1")
    _epsilon = float(value)
