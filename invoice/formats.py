"""Amounts, dates and numbers as one writes them in German."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

_SYMBOLS = {"EUR": "€", "USD": "US-$", "GBP": "£", "CHF": "CHF"}
_CENT = Decimal("0.01")
_LONGEST_UNIT = 12
"""A code has three letters; what a stranger writes there instead stands beside every amount."""


def amount(value: Decimal | None, currency: str | None = "EUR") -> str:
    """`1.190,00 €`. More decimals than two are shown, not rounded away."""
    if value is None:
        return ""
    exponent = value.as_tuple().exponent
    exact = isinstance(exponent, int) and (exponent < -2 or value.adjusted() > 20)
    shown = value if exact else value.quantize(_CENT, rounding=ROUND_HALF_UP)
    unit = _SYMBOLS.get(currency or "", (currency or "")[:_LONGEST_UNIT])
    return f"{_german(f'{shown:,f}')}\N{NO-BREAK SPACE}{unit}".rstrip()


def number(value: Decimal | None) -> str:
    """`1.250,5`: no zeros behind the last digit that counts."""
    if value is None:
        return ""
    text = f"{value:,f}"
    return _german(text.rstrip("0").rstrip(".") if "." in text else text)


def percent(value: Decimal | None) -> str:
    return "" if value is None else f"{number(value)}\N{NO-BREAK SPACE}%"


def day(value: date | None) -> str:
    """`31.12.2026`."""
    return "" if value is None else value.strftime("%d.%m.%Y")


def iban(text: str | None) -> str:
    """In groups of four."""
    plain = "".join((text or "").split())
    return " ".join(plain[i : i + 4] for i in range(0, len(plain), 4))


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1024:
        return f"{count} Byte"
    if count < 1024 * 1024:
        return f"{number(Decimal(count) / 1024 // 1)} KB"
    return f"{number((Decimal(count) / 1048576).quantize(Decimal('0.1')))} MB"


_TURNING = dict.fromkeys(
    map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    "\N{REPLACEMENT CHARACTER}",
)


def upright(text: str) -> str:
    """Without signs that turn the text behind them around, so that it reads as another."""
    return text if text.isascii() else text.translate(_TURNING)


def _german(text: str) -> str:
    return text.translate(str.maketrans(",.", ".,"))


def harmless(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() or c == "\N{NO-BREAK SPACE}"))
