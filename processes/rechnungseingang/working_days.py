"""Working days of a municipal Kasse: what is neither weekend nor holiday in its Land.

Only what holds in the whole Land counts (Fronleichnam in parts of Saxony, Mariä Himmelfahrt in
parts of Bavaria do not), and 24 and 31 December, on which public employees are off (TVöD § 6 (3)).
Our own table, because the libraries that know German holidays know those of the whole world too;
Easter comes from dateutil, which celery brings along.
Invariant: a pure function of day and Land.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from dateutil.easter import easter

DEFAULT_LAND = "NW"
LAENDER = frozenset(
    ("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH")
)
"""By their codes in ISO 3166-2:DE."""

_EVERYWHERE = ((1, 1), (5, 1), (10, 3), (12, 24), (12, 25), (12, 26), (12, 31))
_AFTER_EASTER = (-2, 1, 39, 50)
"""Karfreitag, Ostermontag, Christi Himmelfahrt, Pfingstmontag."""
_FRONLEICHNAM = 60
_WITH_FRONLEICHNAM = ("BW", "BY", "HE", "NW", "RP", "SL")
_DATES: tuple[tuple[tuple[int, int], str], ...] = (
    ((1, 6), "BW BY ST"),  # Heilige Drei Könige
    ((3, 8), "BE MV"),  # Frauentag
    ((8, 15), "SL"),  # Mariä Himmelfahrt
    ((9, 20), "TH"),  # Weltkindertag
    ((10, 31), "BB HB HH MV NI SH SN ST TH"),  # Reformationstag
    ((11, 1), "BW BY NW RP SL"),  # Allerheiligen
)


@cache
def holidays(year: int, land: str = DEFAULT_LAND) -> frozenset[date]:
    """The days of a year on which a Kasse there does not work, weekends apart."""
    sunday = easter(year)
    found = {date(year, *day) for day in _EVERYWHERE}
    found |= {date(year, *day) for day, where in _DATES if land in where}
    found |= {sunday + timedelta(days=after) for after in _AFTER_EASTER}
    if land in _WITH_FRONLEICHNAM:
        found.add(sunday + timedelta(days=_FRONLEICHNAM))
    if land == "SN":
        found.add(_buss_und_bettag(year))
    return frozenset(found)


def is_working_day(day: date, land: str = DEFAULT_LAND) -> bool:
    return day.weekday() < 5 and day not in holidays(day.year, land)


def working_day_until(day: date, land: str = DEFAULT_LAND) -> date:
    """The day itself if it is a working day, else the last one before it."""
    return day if is_working_day(day, land) else working_days_before(day, 1, land)


def working_days_before(day: date, count: int, land: str = DEFAULT_LAND) -> date:
    """The day that lies `count` working days before another."""
    return _step(day, count, timedelta(days=-1), land)


def working_days_after(day: date, count: int, land: str = DEFAULT_LAND) -> date:
    """The day that lies `count` working days after another."""
    return _step(day, count, timedelta(days=1), land)


def _step(day: date, count: int, by: timedelta, land: str) -> date:
    while count > 0:
        day += by
        count -= is_working_day(day, land)
    return day


def _buss_und_bettag(year: int) -> date:
    """The Wednesday before 23 November."""
    day = date(year, 11, 22)
    return day - timedelta(days=(day.weekday() - 2) % 7)
