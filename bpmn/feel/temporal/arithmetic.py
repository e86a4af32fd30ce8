"""Sums, differences, multiples and order of temporal values (DMN 1.5 tables 45 to 48, 53).

Python's types compute for themselves where they can; whatever they cannot hold goes through days
and seconds. None is what has no value: two kinds without an order, a day beyond FEEL's years.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from bpmn.feel.temporal import days, zones
from bpmn.feel.temporal.parts import (
    DAY,
    Lengthlike,
    Seconds,
    at,
    clock_of,
    dated,
    day_number,
    make_date,
    make_length,
    make_time,
    moment,
    months,
    seconds_of,
    time_of,
)
from bpmn.values import Number, YearsMonths
from bpmn.wide import WideDate, WideDatetime, WideDuration, WideTime

DATES = (date, WideDate)
TIMES = (time, WideTime)
MOMENTS = (datetime, WideDatetime)
LENGTHS = (timedelta, WideDuration)
_FAMILIES: dict[type, str] = {
    **dict.fromkeys(DATES, "date"),
    **dict.fromkeys(TIMES, "time"),
    **dict.fromkeys(MOMENTS, "moment"),
    **dict.fromkeys(LENGTHS, "length"),
    YearsMonths: "months",
}
_COMPARED_BY_PYTHON = frozenset({date, timedelta, YearsMonths})


# --- order ---


def keys(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Two things that Python compares as FEEL compares the values; None if it does not: they are
    of two kinds, or only one of them has an offset."""
    if type(left) is type(right) and type(left) in _COMPARED_BY_PYTHON:
        return left, right
    one, other = key(left), key(right)
    if one is None or other is None or one[0] != other[0]:
        return None
    return one[1], other[1]


def key(value: Any) -> tuple[Any, Seconds] | None:
    """What the value can be ordered among, and its place there; None if it is not temporal.
    A time in a zone whose offset depends on the date is ordered among its zone's only."""
    family = _FAMILIES.get(type(value))
    if family == "date":
        return family, day_number(value)
    if family == "months":
        return family, value.months
    if family == "length":
        return family, seconds_of(value)
    if family is None:
        return None
    offset = zones.offset_of(value)
    among = zones.zone_name(value) if offset is None else True
    return (family, among), _since(value, offset)


def order_keys(left: Any, right: Any) -> tuple[Any, Any] | None:
    """As `keys`, for the order alone: of two times, or dates and times, the one without an offset
    has that of the other (§10.3.2.15, semantics of `<`)."""
    found = keys(left, right)
    for family in () if found else (MOMENTS, TIMES):
        if type(left) in family and type(right) in family:
            return keys(_placed(left, right.tzinfo), _placed(right, left.tzinfo))
    return found


def _placed(value: Any, zone: tzinfo | None) -> Any:
    """The value in the zone, if it has none."""
    if value.tzinfo is not None or zone is None:
        return value
    change = value.replace if isinstance(value, datetime | time) else partial(replace, value)
    return change(tzinfo=zone)


def _since(value: Any, offset: timedelta | None) -> Seconds:
    """Seconds since midnight, or since day 0; in Greenwich where there is an offset."""
    day = day_number(value) * DAY if type(value) in MOMENTS else 0
    return day + clock_of(value) - _whole(offset)


def _whole(offset: timedelta | None) -> int:
    return 0 if offset is None else offset.days * DAY + offset.seconds


def comparable(left: Any, right: Any) -> bool:
    return keys(left, right) is not None


# --- sums ---


def add_months(value: Any, count: int) -> Any:
    """The same day so many months on, or the month's last (of a date, or a date and time)."""
    year, month = divmod(value.year * 12 + value.month - 1 + count, 12)
    if abs(year) > days.LARGEST_YEAR:
        return None
    day = min(value.day, days.month_length(year, month + 1))
    if 1 <= year <= 9999 and isinstance(value, date):
        return value.replace(year=year, month=month + 1, day=day)
    found = dated(year, month + 1, day)
    if found is None or type(value) not in MOMENTS:
        return found
    return moment(found, time_of(value))


def add_length(value: Any, length: Lengthlike) -> Any:
    """The date, time, or date and time so much later on the time line; a time goes round."""
    family = _FAMILIES[type(value)]
    if family == "time":
        return make_time(clock_of(value) + seconds_of(length), value.tzinfo)
    if family == "moment":
        return _later(value, length)
    return make_date(day_number(value) + floor(seconds_of(length)) // DAY)


def _later(value: Any, length: Lengthlike) -> Any:
    plain = type(value) is datetime and type(length) is timedelta
    if plain and not isinstance(value.tzinfo, ZoneInfo):
        with suppress(OverflowError):
            return value + length
    seconds = clock_of(value) + seconds_of(length)
    if value.tzinfo is None or zones.fixed_offset(value.tzinfo) is not None:
        return at(day_number(value), seconds, value.tzinfo)
    instant = day_number(value) * DAY + seconds - _whole(zones.offset_of(value))
    offset = zones.at_instant(floor(instant), value.tzinfo)
    made = at(0, instant + _whole(offset), value.tzinfo)
    if type(made) is datetime and made.utcoffset() != offset:
        return made.replace(fold=1)  # the second of two equal hours
    return made


def between(left: Any, right: Any) -> Lengthlike | None:
    """`left - right` of two dates, times, or dates and times; None where they have no order."""
    if type(left) is type(right) is date:
        return left - right
    if keys(left, right) is None:
        return None
    if _FAMILIES[type(left)] == "date":
        return make_length((day_number(left) - day_number(right)) * DAY)
    first = _since(left, zones.offset_of(left))
    return make_length(first - _since(right, zones.offset_of(right)))


# --- durations ---


def negative(length: Lengthlike) -> Lengthlike:
    made = make_length(-seconds_of(length))
    assert made is not None
    return made


def lengthened(left: Lengthlike, right: Lengthlike) -> Lengthlike | None:
    """The sum of two durations."""
    if type(left) is timedelta and type(right) is timedelta:
        with suppress(OverflowError):
            return left + right
    return make_length(seconds_of(left) + seconds_of(right))


def scaled(length: Lengthlike, factor: Number) -> Lengthlike | None:
    """The duration times the factor."""
    return make_length(seconds_of(length) * Fraction(factor))


def shortened(length: Lengthlike, divisor: Number) -> Lengthlike | None:
    """The duration through the divisor, which is not 0."""
    return make_length(seconds_of(length) / Fraction(divisor))


def whole_months(total: Decimal) -> YearsMonths | None:
    """The duration of so many months (DMN 1.5 §10.3.2.3.8: a whole number); what is left of a month
    is dropped, of a negative duration too: -(a / b) is -a / b."""
    return months(int(total))
