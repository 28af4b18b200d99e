"""Numbers on axes: round ticks, and their labels as exact decimals."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_lab.pictures.labels import Label

_PLAIN_LIMIT = 1_000_000
_MOST_DECIMALS = 4

Tick = tuple[float, Label]


def linear_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[Tick]:
    """At most `most` round numbers from low to high, a step of 1, 2 or 5 times 10^k apart.

    >>> [label.plain() for _, label in linear_ticks(-0.1, 1.05, 4)]
    ['0', '0.5', '1.0']
    >>> [label.plain() for _, label in linear_ticks(0, 3e-12, 4)]
    ['0', '10⁻¹²', '2·10⁻¹²', '3·10⁻¹²']
    """
    most = max(most, 2)
    for digit, power in _steps(low, high, most):
        if whole and power < 0:
            continue
        step = float(f"{digit}e{power}")
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < most:
            break
    counts = range(first, last + 1)
    ticks = ((float(f"{n * digit}e{power}"), n * digit) for n in counts)
    top = max((abs(n * digit) for n in counts), default=0)
    return [(value, _axis_label(n, power, top)) for value, n in ticks if low <= value <= high]


def log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """At most `most` powers of ten, or 1, 2, 5 times them, between 10^low and 10^high.

    Places are log10.  A range without two such numbers has round numbers instead.

    >>> [label.plain() for _, label in log_ticks(-2.5, 0.1, 9)]
    ['0.005', '0.01', '0.02', '0.05', '0.1', '0.2', '0.5', '1']
    >>> [label.plain() for _, label in log_ticks(-80, 120, 5)]
    ['10⁻⁵⁰', '1', '10⁵⁰', '10¹⁰⁰']
    """
    decades = range(math.ceil(low), math.floor(high) + 1)
    if len(decades) > most or high - low > 4:
        return power_ticks(low, high, most)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [
            (power + math.log10(digit), _rounded(digit, power))
            for power in range(math.floor(low), math.ceil(high) + 1)
            for digit in digits
        ]
        ticks = [tick for tick in ticks if low <= tick[0] <= high]
        if 2 <= len(ticks) <= most:
            return ticks
    if abs(low) > 300 or abs(high) > 300:
        return power_ticks(low, high, most)
    between = linear_ticks(10**low, 10**high, most)
    places = (min(max(math.log10(value), low), high) for value, _ in between)  # rounding
    return [(place, label) for place, (_, label) in zip(places, between, strict=True)]


def power_ticks(low: float, high: float, most: int) -> list[Tick]:
    """At most `most` whole powers of ten; places are the exponents.

    >>> [label.plain() for _, label in power_ticks(-4000, 0, 3)]
    ['10⁻⁴⁰⁰⁰', '10⁻²⁰⁰⁰', '1']
    """
    ticks = linear_ticks(low, high, most, whole=True)
    return [(place, power_label(round(place))) for place, _ in ticks]


def minor_ticks(low: float, high: float) -> list[float]:
    """log10 of 2 to 9 times every power of ten in the range, if there are few."""
    if high - low > 5:
        return []
    powers = range(math.floor(low), math.ceil(high))
    places = (power + math.log10(digit) for power in powers for digit in range(2, 10))
    return [place for place in places if low <= place <= high]


def power_label(power: int) -> Label:
    """Ten to a power, as the colour scale writes it."""
    return Label.of("10", sup=str(power).replace("-", "−")) if power else Label.of("1")


def number_label(value: float, digits: int = 4) -> Label:
    """A number with so many significant digits; below 10^-4 and from 10^6 on with a power of ten.

    >>> [number_label(v).plain() for v in (0.25, -1234.5678, 3e-12, 0.0, float("inf"))]
    ['0.25', '−1235', '3·10⁻¹²', '0', '∞']
    """
    if not math.isfinite(value):
        return Label.of("nan" if value != value else "∞" if value > 0 else "−∞")
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    return _rounded(int(mantissa.replace(".", "")), int(power) - (digits - 1))


def exponent_label(log10: float, digits: int = 2) -> Label:
    """The number 10^log10, which may be beyond the floats.

    >>> exponent_label(-4000.5).plain(), exponent_label(-0.30103).plain()
    ('3.2·10⁻⁴⁰⁰¹', '0.5')
    """
    if not math.isfinite(log10):
        return Label.of("nan" if log10 != log10 else "∞" if log10 > 0 else "0")
    power = math.floor(log10)
    n = round(10 ** (log10 - power + digits - 1))
    return _rounded(n, power - (digits - 1))


def _rounded(n: int, power: int) -> Label:
    """N times 10^power without the zeros at its end."""
    while n and n % 10 == 0:
        n, power = n // 10, power + 1
    first = power + len(str(abs(n))) - 1
    return _written_out(n, power) if n and -4 <= first < 6 else _scientific(n, power)


def _steps(low: float, high: float, most: int) -> Iterator[tuple[int, int]]:
    """Digits 1, 2, 5 and powers of ten, rising, from about the step that is wanted."""
    width = high / 2 - low / 2  # halves: the difference may be beyond the floats
    power = math.floor(math.log10(width / most)) if width / most > 0 else -323
    while True:
        for digit in (1, 2, 5):
            yield digit, power
        power += 1


def _axis_label(n: int, power: int, top: int) -> Label:
    """N times 10^power; `top` is the largest such n of the axis, whose labels are of one form."""
    if power >= 0:
        plain = top * 10 ** min(power, 7) < _PLAIN_LIMIT
    else:
        plain = -power <= _MOST_DECIMALS or top >= 10 ** (-power - 1)
    return _written_out(n, power) if plain and n else _scientific(n, power)


def _written_out(n: int, power: int) -> Label:
    sign, size = "−" if n < 0 else "", abs(n)
    if power >= 0:
        return Label.of(f"{sign}{size * 10**power}")
    whole, rest = divmod(size, 10**-power)
    return Label.of(f"{sign}{whole}.{rest:0{-power}d}")


def _scientific(n: int, power: int) -> Label:
    if n == 0:
        return Label.of("0")
    sign, digits = "−" if n < 0 else "", str(abs(n))
    power += len(digits) - 1
    digits = digits.rstrip("0")
    mantissa = digits[0] + (f".{digits[1:]}" if digits[1:] else "")
    start = "10" if mantissa == "1" else f"{mantissa}·10"
    return Label.of(sign + start, sup=str(power).replace("-", "−"))
