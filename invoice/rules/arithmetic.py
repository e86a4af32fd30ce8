"""Sums and rounding as XPath 2.0 has them.

A missing number makes every comparison false, as an empty sequence does in XPath. Where the
official rule computes in xs:double (CII amounts that it does not cast), so do we, for the
rounded halves would differ otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

HUNDRED = Decimal(100)
HALF = Decimal("0.5")
ONE = Decimal(1)
ZERO = Decimal(0)


def rounded(value: Decimal) -> Decimal:
    """XPath's round(): halves go up, also below zero."""
    return (value + HALF).to_integral_value(ROUND_FLOOR)


def cents(value: Decimal) -> Decimal:
    """Rounded to two decimals as the rules do: round(x * 100) div 100."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -2:
        return value
    return rounded(value * HUNDRED) / HUNDRED


def total(values: Iterable[Decimal | None]) -> Decimal:
    """The sum of those that are there."""
    return sum((v for v in values if v is not None), ZERO)


def double_cents(values: Iterable[Decimal | None]) -> float:
    """round(sum(x) * 10 * 10) div 100 in xs:double."""
    return math.floor(sum(float(v) for v in values if v is not None) * 10 * 10 + 0.5) / 100


def near(a: Decimal | None, b: Decimal | None) -> bool:
    """Whether the two are less than one apart."""
    return a is not None and b is not None and a - ONE < b < a + ONE


def near_in_ubl(stated: Decimal | None, summed: Decimal) -> bool:
    """As `near`, but the official rule takes one off the stated amount in xs:double."""
    if stated is None:
        return False
    return Decimal(float(stated) - 1) < summed < Decimal(float(stated) + 1)


def near_in_cii(stated: Decimal | None, summed: Decimal) -> bool:
    """As `near`, but the official rule compares in xs:double."""
    return stated is not None and float(stated) - 1 < float(summed) < float(stated) + 1


def plus(first: Decimal | None, *others: Decimal | None) -> Decimal | None:
    """The sum, or nothing where one of them is missing."""
    if first is None:
        return None
    result = first
    for other in others:
        if other is None:
            return None
        result += other
    return result


def same(a: Decimal | None, b: Decimal | None) -> bool:
    """Whether both are there and equal."""
    return a is not None and a == b


def decimals(value: Decimal | None) -> int:
    """Digits behind the point, as written."""
    if value is None:
        return 0
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
