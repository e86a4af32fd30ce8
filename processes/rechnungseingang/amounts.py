"""Amounts of money: decimals with at most two places, never a float.

Invariant: an amount is text in tables and files (`1190.00`), a Decimal in between, and German only
for people (`1.190,00 €`); forms have turned what people type into decimals already.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bpmn.german import format_german_amount

_PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,2})?", re.ASCII)
_CENT = Decimal("0.01")
_TOO_MUCH = Decimal(10**15)
"""Beyond any budget: what claims to be more is a fault, not an amount."""


def parse_amount(value: object) -> Decimal | None:
    """The amount that a variable or a column holds; None when it holds none."""
    if isinstance(value, str):
        return Decimal(value).quantize(_CENT) if _PLAIN.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        return None
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= _TOO_MUCH or amount != round(amount, 2):
        return None
    return amount.quantize(_CENT)


def german(amount: Decimal, currency: str = "EUR") -> str:
    """`1.190,00 €`, with a no-break space before the currency."""
    return (
        f"{format_german_amount(amount)}\N{NO-BREAK SPACE}{'€' if currency == 'EUR' else currency}"
    )
