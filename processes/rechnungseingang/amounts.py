"""Amounts as people write them: `1.190,00` and `1190.00` are one number, never a float.

Invariant: an amount has at most two decimals; what could mean two numbers is refused.
"""

from __future__ import annotations

import re
from decimal import Decimal

_GERMAN = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d{1,2})?")
_PLAIN = re.compile(r"-?\d+(\.\d{1,2})?")
_CENT = Decimal("0.01")


def parse_amount(value: object) -> Decimal | None:
    """The amount that a form field or a variable holds; None when it holds none or no amount.

    `1.190` is one thousand one hundred and ninety, as a German clerk means it.
    """
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        amount = Decimal(value)
        return amount.quantize(_CENT) if amount == amount.quantize(_CENT) else None
    if not isinstance(value, str):
        return None
    text = value.replace("€", "").replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    text = text.replace("\N{MINUS SIGN}", "-")
    if _GERMAN.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", ".")).quantize(_CENT)
    if _PLAIN.fullmatch(text):
        return Decimal(text).quantize(_CENT)
    return None


def german(amount: Decimal, currency: str = "EUR") -> str:
    """`1.190,00 €`, with a no-break space before the currency."""
    digits = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{digits}\N{NO-BREAK SPACE}{'€' if currency == 'EUR' else currency}"
