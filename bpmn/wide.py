"""Dates, times and durations that Python's own types cannot hold (DMN 1.5 §10.3.2.3.4 to 8).

Years outside of 1 to 9999, and seconds with more than six decimal places. Invariant: each value
has one representation, Python's where it fits; so values of the two families are never equal.
`bpmn.feel.temporal` makes them and computes with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class WideDate:
    year: int
    month: int
    day: int

    def isoformat(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class WideTime:
    """A time whose seconds have more than six decimal places."""

    hour: int
    minute: int
    second: int | Decimal
    tzinfo: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class WideDatetime:
    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int | Decimal
    tzinfo: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class WideDuration:
    """A days-and-time duration of more than 999,999,999 days, or of split microseconds."""

    seconds: Decimal


Wide = WideDate | WideTime | WideDatetime | WideDuration

_KINDS: dict[str, Callable[..., Wide]] = {
    "date": WideDate,
    "time": WideTime,
    "datetime": WideDatetime,
    "duration": WideDuration,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def wide_to_json(value: Wide) -> list[Any]:
    """The kind and the parts; a fraction is text, a zone its name or its offset in seconds."""
    return [_NAMES[type(value)], *(_part(getattr(value, each.name)) for each in fields(value))]


def _part(part: Any) -> Any:
    if isinstance(part, ZoneInfo):
        return {"zone": part.key}
    if isinstance(part, tzinfo):
        offset = part.utcoffset(None) or timedelta()
        return {"offset": offset.days * 86_400 + offset.seconds}
    return str(part) if isinstance(part, Decimal) else part


def wide_from_json(stored: list[Any]) -> Wide:
    """The inverse of `wide_to_json`."""
    return _KINDS[stored[0]](*map(_read_part, stored[1:]))


def _read_part(part: Any) -> Any:
    if isinstance(part, dict):
        if "zone" in part:
            return ZoneInfo(part["zone"])
        return timezone(timedelta(seconds=part["offset"]))
    return Decimal(part) if isinstance(part, str) else part
