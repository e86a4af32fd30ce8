"""Temporal values as texts, in the form that reads back as the same value."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from bpmn.feel.temporal.parts import (
    DAY,
    Datelike,
    Datetimelike,
    Lengthlike,
    Timelike,
    date_of,
    magnitude,
    number_of,
    second_of,
    seconds_of,
)
from bpmn.feel.temporal.zones import offset_of, zone_name
from bpmn.values import YearsMonths


def print_date(value: Datelike) -> str:
    return value.isoformat()


def print_time(value: Timelike) -> str:
    """The time with its zone or offset, `Z` for none from Greenwich."""
    return _clock(value) + _zone(value)


def print_datetime(value: Datetimelike) -> str:
    """The date and time with its zone or offset."""
    return f"{date_of(value).isoformat()}T{_clock(value)}{_zone(value)}"


def _clock(value: Any) -> str:
    second = second_of(value)
    shown = f"{second:02d}" if type(second) is int else _padded(Decimal(second))
    return f"{value.hour:02d}:{value.minute:02d}:{shown}"


def _padded(second: Decimal) -> str:
    text = format(second, "f")
    return text if second >= 10 else f"0{text}"


def _zone(value: Any) -> str:
    name = zone_name(value)
    return f"@{name}" if name else _offset(offset_of(value))


def _offset(offset: timedelta | None) -> str:
    if offset is None:
        return ""
    if not offset:
        return "Z"
    sign, length = ("-", -offset) if offset < timedelta() else ("+", offset)
    minutes, seconds = divmod(length.seconds, 60)
    text = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


def print_duration(value: Lengthlike | YearsMonths) -> str:
    """The duration in its canonical form (XML Schema)."""
    if isinstance(value, YearsMonths):
        years, rest = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{rest}M" if rest else "")
        return ("-" if value.months < 0 else "") + "P" + (body or "0M")
    total = seconds_of(value)
    length = magnitude(total)
    whole = int(length)
    days, of_day = divmod(whole, DAY)
    hours, rest = divmod(of_day, 3600)
    minutes, second = divmod(rest, 60)
    exact = number_of(second + length - whole)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{exact:f}S" if isinstance(exact, Decimal) else (f"{exact}S" if exact else "")
    body = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if total < 0 else "") + f"P{body or 'T0S'}"
