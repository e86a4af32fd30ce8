"""What stands after a dot: entries of contexts, and the parts of dates, durations and ranges.

A list gives the list of its items' parts. What has no such part gives null (DMN 1.5 §10.3.2.5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpmn.feel import temporal
from bpmn.feel.limits import Run, weight
from bpmn.feel.values import Range, kind

Part = Callable[[Any], Any]


def _signed(amount: Any, by: Any) -> Any:
    return -amount if by < 0 else amount


def _unit(length: int, below: int) -> Part:
    """The part of a duration that counts `length` seconds and stays under `below`."""

    def part(value: Any) -> int:
        total = temporal.seconds_of(value)
        count = int(temporal.magnitude(total) // length)
        return int(_signed(count % below if below else count, total))

    return part


def _seconds(value: Any) -> Any:
    """The seconds beside days, hours and minutes, with the duration's sign."""
    total = temporal.seconds_of(value)
    return _signed(temporal.number_of(temporal.magnitude(total) % 60), total)


def _end(value: Range, end: Any) -> Any:
    return None if value.outside else end


_DAY: dict[str, Part] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "weekday": lambda value: (temporal.day_number(value) - 1) % 7 + 1,
}
_CLOCK: dict[str, Part] = {
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": temporal.second_of,
    "time offset": temporal.offset_of,
    "timezone": temporal.zone_name,
}
_PARTS: dict[str, dict[str, Part]] = {
    "date": _DAY,
    "time": _CLOCK,
    "date and time": {**_DAY, **_CLOCK},
    "days and time duration": {
        "days": _unit(86_400, 0),
        "hours": _unit(3_600, 24),
        "minutes": _unit(60, 60),
        "seconds": _seconds,
    },
    "years and months duration": {
        "years": lambda value: _signed(abs(value.months) // 12, value.months),
        "months": lambda value: _signed(abs(value.months) % 12, value.months),
    },
    "range": {
        "start": lambda value: _end(value, value.low),
        "end": lambda value: _end(value, value.high),
        "start included": lambda value: value.low_included,
        "end included": lambda value: value.high_included,
    },
}


def part(value: Any, name: str, run: Run) -> Any:
    """`value.name`."""
    if type(value) is dict:
        return value.get(name)
    if type(value) is list:
        run.spend(1 + weight(value))
        return [part(item, name, run) for item in value]
    found = _PARTS.get(kind(value), {}).get(name)
    return None if found is None else found(value)
