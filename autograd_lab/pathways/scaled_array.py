"""Arrays of numbers too small or too large for a float: ``Scaled``, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lab.scaled import Scaled

Array = np.ndarray[Any, Any]

NOTHING = -(2**40)  # the exponent of a zero: below that of any number
_LN2 = float(np.log(2.0))
_FAR = -1100  # shifts from here on leave nothing of a float


@dataclass(frozen=True, slots=True)
class ScaledArray:
    """mantissa · 2**exponent, entry by entry, with a float's precision and no underflow.

    >>> tiny = ScaledArray.of(np.array([1e-200, 2.0]))
    >>> (tiny * tiny * tiny).item(0).format(2)
    '+1.00e-600'
    """

    mantissa: Array
    exponent: Array

    @classmethod
    def of(cls, x: Array) -> ScaledArray:
        """The numbers of an array, each with a mantissa of size 1/2 to 1."""
        return cls.normal(np.asarray(x, dtype=float), 0)

    @classmethod
    def normal(cls, mantissa: Array, exponent: Any) -> ScaledArray:
        """Any mantissas and exponents as such numbers."""
        mantissa, shift = np.frexp(mantissa)
        return cls(mantissa, np.where(mantissa == 0, NOTHING, shift.astype(np.int64) + exponent))

    def __mul__(self, other: ScaledArray) -> ScaledArray:
        return self.normal(self.mantissa * other.mantissa, self.exponent + other.exponent)

    def __abs__(self) -> ScaledArray:
        return ScaledArray(np.abs(self.mantissa), self.exponent)

    def __add__(self, other: ScaledArray) -> ScaledArray:
        top = np.maximum(self.exponent, other.exponent)
        return self.normal(self.down_to(top) + other.down_to(top), top)

    def down_to(self, exponent: Any) -> Array:
        """The numbers over 2**exponent as floats; ``exponent`` is not below their own."""
        gap = np.maximum(self.exponent - exponent, _FAR)
        return np.asarray(np.ldexp(self.mantissa, gap.astype(np.int32)))

    def over(self, whole: ScaledArray) -> Array:
        """Shares of a whole that is not smaller, as floats; 0 of nothing."""
        top = whole.exponent
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(whole.mantissa == 0, 0.0, self.down_to(top) / whole.mantissa)

    def sum(self) -> Scaled:
        """The sum of all entries."""
        if not self.mantissa.size:
            return Scaled.of(0.0)
        top = int(self.exponent.max())
        total = Scaled.of(float(self.down_to(top).sum()))
        return Scaled(total.mantissa, total.exponent + top if total.mantissa else 0)

    def item(self, index: int) -> Scaled:
        """One entry of those in one row."""
        mantissa = float(self.mantissa[index])
        return Scaled(mantissa, int(self.exponent[index]) if mantissa else 0)

    def floats(self) -> Array:
        """The nearest floats: 0 for what is too small, infinite for what is too large."""
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(self.mantissa, np.clip(self.exponent, -2200, 2200).astype(np.int32))

    @property
    def log10(self) -> Array:
        """log10 of the sizes; -inf for 0."""
        with np.errstate(divide="ignore"):
            size = np.log10(np.abs(self.mantissa))
        return np.where(self.mantissa == 0, -np.inf, size + self.exponent * float(np.log10(2.0)))
