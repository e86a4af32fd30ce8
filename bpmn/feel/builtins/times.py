"""Functions of the calendar and the clock (DMN 1.5 §10.3.4.7 and §10.3.4.11)."""

from __future__ import annotations

from datetime import date, datetime

from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run
from bpmn.feel.temporal import local_now

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
    return local_now(run.now)


@builtin("today")
def today(run: Run) -> date:
    return local_now(run.now).date()


@builtin("day of year", "date: day")
def day_of_year(_run: Run, day: date) -> int:
    return day.timetuple().tm_yday


@builtin("day of week", "date: day")
def day_of_week(_run: Run, day: date) -> str:
    return _DAYS[day.weekday()]


@builtin("month of year", "date: day")
def month_of_year(_run: Run, day: date) -> str:
    return _MONTHS[day.month - 1]


@builtin("week of year", "date: day")
def week_of_year(_run: Run, day: date) -> int:
    """ISO 8601 weeks."""
    return day.isocalendar().week
