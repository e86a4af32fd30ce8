"""Numbers and dates as people here write and read them. The only place that knows these forms."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d+(?:,\d+)?", re.ASCII)
_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_MAX_LENGTH = 40


def parse_german_amount(text: str) -> Decimal | None:
    """`1.190,00`, `1190,5`, `-12 €` as a number; None if it is none. A point groups thousands."""
    plain = text.strip().removesuffix("€").removesuffix("EUR").strip().replace("\u2212", "-")
    plain = re.sub(r"(?<=\d)[\u00a0\u202f ](?=\d{3})", "", plain)
    if len(plain) > _MAX_LENGTH or not (_GROUPED.fullmatch(plain) or _PLAIN.fullmatch(plain)):
        return None
    return Decimal(plain.replace(".", "").replace(",", "."))


def format_german_amount(value: Decimal | int, places: int = 2) -> str:
    """`1.190,00`, without a currency."""
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))


def parse_german_date(text: str) -> date | None:
    """`24.12.2026`, or `2026-12-24`, as a date; None if it is none."""
    plain = text.strip()
    if match := _DATE.fullmatch(plain):
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO_DATE.fullmatch(plain):
        year, month, day = (int(part) for part in match.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def format_german_date(value: date) -> str:
    """`24.12.2026`."""
    return f"{value.day:02d}.{value.month:02d}.{value.year:04d}"
