"""Functions of the calendar and the clock (DMN 1.5 §10.3.4.7 and §10.3.4.11)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bpmn.feel import temporal
from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run
from bpmn.feel.temporal.days import day_of, number_of

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@builtin("now")
def now(run: Run) -> datetime:
    return temporal.local_now(run.now)


@builtin("today")
def today(run: Run) -> date:
    return temporal.local_now(run.now).date()


@builtin("day of year", "date: day")
def day_of_year(_run: Run, day: Any) -> int:
    return temporal.day_number(day) - number_of(day.year, 1, 1) + 1


@builtin("day of week", "date: day")
def day_of_week(_run: Run, day: Any) -> str:
    return _DAYS[_weekday(day)]


@builtin("month of year", "date: day")
def month_of_year(_run: Run, day: Any) -> str:
    return _MONTHS[day.month - 1]


@builtin("week of year", "date: day")
def week_of_year(_run: Run, day: Any) -> int:
    """ISO 8601: the week belongs to the year that its Thursday is in."""
    thursday = temporal.day_number(day) - _weekday(day) + 3
    year = day_of(thursday)[0]
    return (thursday - number_of(year, 1, 1)) // 7 + 1


def _weekday(day: Any) -> int:
    """0 for Monday."""
    return (temporal.day_number(day) - 1) % 7
