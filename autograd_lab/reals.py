"""mpmath where its own functions would take for ever or fall out of a float's range."""

from __future__ import annotations

from typing import Any

import mpmath

LARGE_EXPONENT = 1_000_000


def power(a: Any, b: Any) -> Any:
    """a**b for real numbers; large whole exponents go through the logarithm.

    mpmath multiplies whole powers out, which for 2**(10**308) never ends.

    >>> mpmath.nstr(power(mpmath.mpf(2), mpmath.mpf(10)), 5)
    '1024.0'
    >>> power(mpmath.mpf("0.5"), mpmath.mpf("1e300")) < mpmath.mpf("1e-1000")
    True
    """
    if abs(b) < LARGE_EXPONENT or not mpmath.isfinite(b) or a == 0:
        return mpmath.power(a, b)
    size = mpmath.exp(b * mpmath.log(abs(a)))
    if a > 0:
        return size
    if b != mpmath.floor(b):
        return mpmath.nan
    return size if b % 2 == 0 else -size


def power_of_ten(x: Any) -> str:
    """About how large a number is, as 10^n; n may itself be beyond a float.

    >>> power_of_ten(mpmath.mpf("3e-350"))
    '10^-350'
    """
    n = mpmath.nint(mpmath.log10(abs(x)))
    return f"10^{int(n)}" if abs(n) < 10**15 else f"10^({mpmath.nstr(n, 3)})"
