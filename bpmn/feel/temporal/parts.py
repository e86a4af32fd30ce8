"""Temporal values taken apart into days and seconds, and put together again.

Invariant: what is put together is Python's type where that holds the value, else the wide one; so
two equal values have the same type. None stands for what FEEL has no value for.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from bpmn.feel.temporal import days
from bpmn.values import ARITHMETIC, Number, YearsMonths
from bpmn.wide import WideDate, WideDatetime, WideDuration, WideTime

Datelike: TypeAlias = date | WideDate
Timelike: TypeAlias = time | WideTime
Datetimelike: TypeAlias = datetime | WideDatetime
Lengthlike: TypeAlias = timedelta | WideDuration
Seconds: TypeAlias = int | Fraction
"""An exact length; an int where it is one."""

DAY = 86_400
_MICRO = 10**6
_MONTHS = 12 * 10**18
"""Months of the longest duration; longer ones serve nobody and cost time."""
_LONGEST = 10**24
"""Seconds of the longest duration, a million times all of FEEL's years."""
_OF_PYTHON = 999_999_999 * DAY
"""The seconds of Python's longest negative duration; the positive ones go a day further."""


# --- apart ---


def day_number(value: Any) -> int:
    """The day of a date or date and time."""
    if isinstance(value, date):
        return value.toordinal()
    return days.number_of(value.year, value.month, value.day)


def second_of(value: Any) -> Number:
    """The seconds of the minute, with their fraction."""
    if isinstance(value, WideTime | WideDatetime):
        return value.second
    second, micro = int(value.second), int(value.microsecond)
    return number_of(Fraction(second * _MICRO + micro, _MICRO)) if micro else second


def clock_of(value: Any) -> Seconds:
    """The seconds since midnight."""
    second = second_of(value)
    whole = int(value.hour) * 3600 + int(value.minute) * 60
    return whole + (second if type(second) is int else Fraction(second))


def seconds_of(length: Lengthlike) -> Seconds:
    """The length of a days-and-time duration."""
    if isinstance(length, WideDuration):
        return plain(Fraction(length.seconds))
    whole = length.days * DAY + length.seconds
    return whole + Fraction(length.microseconds, _MICRO) if length.microseconds else whole


def plain(value: Seconds) -> Seconds:
    """An int where the number is one."""
    return value if type(value) is int or value.denominator > 1 else int(value)


def magnitude(value: Seconds) -> Seconds:
    """The length without its sign."""
    return -value if value < 0 else value


def number_of(value: Seconds) -> Number:
    """The length as a FEEL number, of 34 digits."""
    if value.denominator == 1:
        return int(value)
    return ARITHMETIC.normalize(ARITHMETIC.divide(value.numerator, value.denominator))


# --- together ---


def make_date(number: int) -> Datelike | None:
    """The date of the day with this number."""
    if 1 <= number <= date.max.toordinal():
        return date.fromordinal(number)
    return dated(*days.day_of(number))


def dated(year: int, month: int, day: int) -> Datelike | None:
    """The date, if the calendar has it."""
    if not 1 <= month <= 12 or not 1 <= day <= days.month_length(year, month):
        return None
    if 1 <= year <= 9999:
        return date(year, month, day)
    return WideDate(year, month, day) if abs(year) <= days.LARGEST_YEAR else None


def make_time(seconds: Seconds, zone: tzinfo | None) -> Timelike:
    """The time so many seconds after midnight, round the clock."""
    rest = seconds % DAY
    whole = int(rest)
    hour, of_hour = divmod(whole, 3600)
    minute, second = divmod(of_hour, 60)
    micro = (rest - whole) * _MICRO
    if micro.denominator == 1:
        return time(hour, minute, second, int(micro), zone)
    return WideTime(hour, minute, number_of(second + rest - whole), zone)


def moment(day: Datelike, clock: Timelike) -> Datetimelike:
    """The date and time of the two."""
    if type(day) is date and type(clock) is time:
        return datetime.combine(day, clock)
    return WideDatetime(
        day.year, day.month, day.day, clock.hour, clock.minute, second_of(clock), clock.tzinfo
    )


def at(number: int, seconds: Seconds, zone: tzinfo | None) -> Datetimelike | None:
    """The date and time so many seconds after the beginning of a day; they may run over it."""
    day = make_date(number + int(seconds // DAY))
    return None if day is None else moment(day, make_time(seconds, zone))


def date_of(value: Any) -> Datelike:
    """The date of a date and time, or the date itself."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, WideDatetime):
        found = dated(value.year, value.month, value.day)
        assert found is not None
        return found
    return value  # type: ignore[no-any-return]


def time_of(value: Datetimelike) -> Timelike:
    """The time of a date and time, with its zone."""
    return (
        value.timetz() if isinstance(value, datetime) else make_time(clock_of(value), value.tzinfo)
    )


def make_length(seconds: Seconds) -> Lengthlike | None:
    """The days-and-time duration of so many seconds."""
    if magnitude(seconds) > _LONGEST:
        return None
    micro = seconds * _MICRO
    if -_OF_PYTHON <= seconds < _OF_PYTHON + DAY and micro.denominator == 1:
        return timedelta(microseconds=int(micro))
    return WideDuration(Decimal(number_of(seconds)))


def months(total: int) -> YearsMonths | None:
    return None if abs(total) > _MONTHS else YearsMonths(total)
