"""What stands after a dot: entries of contexts, and the parts of dates, durations and ranges.

A list gives the list of its items' parts. What has no such part gives null (DMN 1.5 §10.3.2.5).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from bpmn.feel.operators import whole
from bpmn.feel.temporal import microseconds, zone_name
from bpmn.feel.values import Range
from bpmn.values import ARITHMETIC, YearsMonths

Part = Callable[[Any], Any]


def _second(value: Any) -> Any:
    if not value.microsecond:
        return value.second
    return whole(ARITHMETIC.divide(value.second * 10**6 + value.microsecond, 10**6))


def _seconds(value: timedelta) -> Any:
    """The seconds beside days, hours and minutes, with the duration's sign."""
    total = microseconds(value)
    rest = abs(total) % (60 * 10**6)
    return _signed(whole(ARITHMETIC.divide(rest, 10**6)), total)


def _signed(amount: Any, by: int) -> Any:
    return -amount if by < 0 else amount


def _unit(length: int, below: int) -> Part:
    """The part of a duration that counts `length` microseconds and stays under `below`."""

    def part(value: timedelta) -> int:
        total = microseconds(value)
        count = abs(total) // length
        return int(_signed(count % below if below else count, total))

    return part


_DAY: dict[str, Part] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "weekday": lambda value: value.isoweekday(),
}
_CLOCK: dict[str, Part] = {
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": _second,
    "time offset": lambda value: value.utcoffset(),
    "timezone": zone_name,
}
_PARTS: dict[type, dict[str, Part]] = {
    date: _DAY,
    time: _CLOCK,
    datetime: {**_DAY, **_CLOCK},
    timedelta: {
        "days": _unit(86_400 * 10**6, 0),
        "hours": _unit(3_600 * 10**6, 24),
        "minutes": _unit(60 * 10**6, 60),
        "seconds": _seconds,
    },
    YearsMonths: {
        "years": lambda value: _signed(abs(value.months) // 12, value.months),
        "months": lambda value: _signed(abs(value.months) % 12, value.months),
    },
    Range: {
        "start": lambda value: value.low,
        "end": lambda value: value.high,
        "start included": lambda value: value.low_included,
        "end included": lambda value: value.high_included,
    },
}


def part(value: Any, name: str) -> Any:
    """`value.name`."""
    if type(value) is dict:
        return value.get(name)
    if type(value) is list:
        return [part(item, name) for item in value]
    found = _PARTS.get(type(value), {}).get(name)
    return None if found is None else found(value)
