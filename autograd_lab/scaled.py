"""Numbers too small or too large for a float: a mantissa and a power of two of any size."""

from __future__ import annotations

import math
from dataclasses import dataclass

_LOG10_2 = math.log10(2.0)


@dataclass(frozen=True, slots=True)
class Scaled:
    """mantissa * 2**exponent, with a float's relative precision and no underflow.

    The product of 1,000 slopes of 1/4 is 1e-602, which a float can only call 0.

    >>> quarter = Scaled.of(0.25)
    >>> product = Scaled.of(1.0)
    >>> for _ in range(1000):
    ...     product = product * quarter
    >>> float(product), round(product.log10, 2)
    (0.0, -602.06)
    """

    mantissa: float
    exponent: int

    @classmethod
    def of(cls, x: float) -> Scaled:
        mantissa, exponent = math.frexp(x)
        return cls(mantissa, exponent)

    def __mul__(self, other: Scaled | float) -> Scaled:
        if not isinstance(other, Scaled):
            other = Scaled.of(other)
        mantissa, shift = math.frexp(self.mantissa * other.mantissa)
        return Scaled(mantissa, self.exponent + other.exponent + shift if mantissa else 0)

    def __add__(self, other: Scaled) -> Scaled:
        if not self.mantissa or not other.mantissa:
            return other if not self.mantissa else self
        if self.exponent < other.exponent:
            self, other = other, self
        gap = self.exponent - other.exponent
        if gap > 1100 and math.isfinite(other.mantissa):
            return self
        mantissa, shift = math.frexp(self.mantissa + math.ldexp(other.mantissa, -gap))
        return Scaled(mantissa, self.exponent + shift if mantissa else 0)

    def __abs__(self) -> Scaled:
        return Scaled(abs(self.mantissa), self.exponent)

    def __neg__(self) -> Scaled:
        return Scaled(-self.mantissa, self.exponent)

    def __truediv__(self, other: Scaled) -> Scaled:
        """The ratio; a zero divisor gives inf or nan as IEEE does."""
        if not other.mantissa:
            return Scaled(
                math.nan if not self.mantissa else math.copysign(math.inf, self.mantissa), 0
            )
        mantissa, shift = math.frexp(self.mantissa / other.mantissa)
        return Scaled(mantissa, self.exponent - other.exponent + shift if mantissa else 0)

    def __float__(self) -> float:
        try:
            return math.ldexp(self.mantissa, self.exponent)
        except OverflowError:
            return math.copysign(math.inf, self.mantissa)

    def __lt__(self, other: Scaled) -> bool:
        return (self + -other).mantissa < 0

    def __le__(self, other: Scaled) -> bool:
        return (self + -other).mantissa <= 0

    @property
    def sign(self) -> int:
        """-1, 0 or 1; 0 for nan as well."""
        return (self.mantissa > 0) - (self.mantissa < 0)

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.mantissa)

    @property
    def underflows(self) -> bool:
        """Not zero, yet a float would say 0 or keep fewer digits than it has."""
        return bool(self.mantissa) and abs(float(self)) < 2.2250738585072014e-308

    @property
    def overflows(self) -> bool:
        """Finite, yet a float would say inf."""
        return self.is_finite and math.isinf(float(self))

    @property
    def log10(self) -> float:
        """log10 of the absolute value; -inf for 0."""
        if not self.mantissa:
            return -math.inf
        if not self.is_finite:
            return self.mantissa if math.isnan(self.mantissa) else math.inf
        return math.log10(abs(self.mantissa)) + self.exponent * _LOG10_2

    def format(self, digits: int = 6, sign: str = "+") -> str:
        """Scientific notation with ``digits`` after the point, at any size.

        >>> Scaled.of(-0.00390625).format(3)
        '-3.906e-03'
        """
        if not self.is_finite or not self.mantissa or not (self.underflows or self.overflows):
            return format(float(self), f"{sign}.{digits}e")
        power = math.floor(self.log10)
        lead = math.copysign(10.0 ** (self.log10 - power), self.mantissa)
        if round(abs(lead), digits) >= 10:
            lead, power = lead / 10, power + 1
        return f"{lead:{sign}.{digits}f}e{power:+03d}"
