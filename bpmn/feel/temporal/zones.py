"""Offsets from Greenwich: fixed ones, and those of named zones, which depend on the moment.

A zone's rules are known for Python's years. Beyond 9999 the last rules go on, before the year 1
the first ones (local mean time).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bpmn.feel.temporal import days

OFFICE_ZONE = ZoneInfo("Europe/Berlin")
"""The zone of `now()` and `today()`."""

_DAY = 86_400


def local_now(now: datetime) -> datetime:
    """The clock in the office's zone, with its offset."""
    here = now.astimezone(OFFICE_ZONE)
    offset = here.utcoffset()
    assert offset is not None
    return here.replace(tzinfo=timezone(offset))


def find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_name(value: Any) -> str | None:
    """The zone's name, None where the value has an offset only."""
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


def fixed_offset(zone: tzinfo | None) -> timedelta | None:
    """The zone's offset if it is the same at all times."""
    return None if zone is None else zone.utcoffset(None)


def offset_of(value: Any) -> timedelta | None:
    """The offset of a time or date and time; None if it has none, or its zone's needs a date."""
    if value.tzinfo is None:
        return None
    fixed = fixed_offset(value.tzinfo)
    if fixed is not None or not hasattr(value, "year"):
        return fixed
    if isinstance(value, datetime):
        return value.utcoffset()
    number = days.number_of(value.year, value.month, value.day)
    return at_local(number, value.hour * 3600 + value.minute * 60 + int(value.second), value.tzinfo)


def at_local(day: int, second: int, zone: tzinfo) -> timedelta:
    """The zone's offset when its own clocks show this second of the day."""
    year, month, of_month = days.day_of(day)
    hour, rest = divmod(second, 3600)
    local = datetime(_known(year), month, of_month, hour, rest // 60, rest % 60, tzinfo=zone)
    return local.utcoffset() or timedelta()


def at_instant(second: int, zone: tzinfo) -> timedelta:
    """The zone's offset at the instant, counted in seconds from day 0 in Greenwich."""
    fixed = fixed_offset(zone)
    if fixed is not None:
        return fixed
    day, of_day = divmod(second, _DAY)
    year, month, of_month = days.day_of(day)
    hour, rest = divmod(of_day, 3600)
    there = datetime(_known(year), month, of_month, hour, rest // 60, rest % 60, tzinfo=UTC)
    return there.astimezone(zone).utcoffset() or timedelta()


def _known(year: int) -> int:
    """A year for which Python knows the zone's offset in this year; 29 February stays one."""
    if 2 <= year <= 9998:
        return year
    return days.same_in_cycle(year) + (7600 if year > 9998 else -1200)
