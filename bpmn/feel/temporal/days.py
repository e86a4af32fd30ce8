"""The proleptic Gregorian calendar, as day numbers: 1 is 0001-01-01, as Python counts.

It has no first and no last day; who makes a date keeps within FEEL's years.
"""

from __future__ import annotations

LARGEST_YEAR = 999_999_999
_CYCLE = 146_097
"""Days of 400 years, after which the calendar repeats itself."""

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    return 29 if month == 2 and is_leap(year) else _LENGTHS[month - 1]


def number_of(year: int, month: int, day: int) -> int:
    """The number of the day, counted in years that begin in March."""
    marched = year - (month <= 2)
    cycle, of_cycle = divmod(marched, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return cycle * _CYCLE + of_cycle * 365 + of_cycle // 4 - of_cycle // 100 + of_year - 305


def day_of(number: int) -> tuple[int, int, int]:
    """Year, month and day of the number."""
    cycle, rest = divmod(number + 305, _CYCLE)
    of_cycle = (rest - rest // 1460 + rest // 36_524 - rest // 146_096) // 365
    of_year = rest - (365 * of_cycle + of_cycle // 4 - of_cycle // 100)
    marched = (5 * of_year + 2) // 153
    month = marched + 3 if marched < 10 else marched - 9
    return (
        cycle * 400 + of_cycle + (month <= 2),
        month,
        of_year - (153 * marched + 2) // 5 + 1,
    )


def same_in_cycle(year: int) -> int:
    """A year from 1600 to 1999 in which all days fall as in this one."""
    return 1600 + year % 400
