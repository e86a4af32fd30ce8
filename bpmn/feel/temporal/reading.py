"""Texts that say a date, time or duration, as XML Schema writes them (DMN 1.5 §10.3.4.1).

What is none gives None. A time may name a zone after `@`. 24:00:00 is midnight, of the next day
where there is a date (XML Schema part 2, §3.2.7 and §3.2.8).
"""

from __future__ import annotations

import re
from datetime import UTC, time, timedelta, timezone, tzinfo
from fractions import Fraction

from bpmn.feel.temporal.days import LARGEST_YEAR
from bpmn.feel.temporal.parts import (
    DAY,
    Datelike,
    Datetimelike,
    Lengthlike,
    Seconds,
    Timelike,
    at,
    dated,
    day_number,
    make_length,
    make_time,
    moment,
    months,
    plain,
)
from bpmn.feel.temporal.zones import find_zone
from bpmn.values import Value, YearsMonths

_DATE = re.compile(r"(-?)(\d{4}|[1-9]\d{4,8})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(
    r"(\d\d):(\d\d):(\d\d(?:\.\d{1,60})?)"
    r"(?:(Z|z|[+-]\d\d:\d\d(?::\d\d)?)|@([A-Za-z][\w/+-]{0,60}))?",
    re.ASCII,
)
_DAYS_TIME = re.compile(
    r"(-)?P(?:(\d{1,20})D)?"
    r"(?:T(?=\d)(?:(\d{1,20})H)?(?:(\d{1,20})M)?(?:(\d{1,20}(?:\.\d{1,60})?)S)?)?",
    re.ASCII,
)
_YEARS_MONTHS = re.compile(r"(-)?P(?:(\d{1,20})Y)?(?:(\d{1,20})M)?", re.ASCII)


def read_date(text: str) -> Datelike | None:
    """A date without a zone."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year = int(match[2])
    if (match[1] and not year) or year > LARGEST_YEAR:
        return None
    return dated(-year if match[1] else year, int(match[3]), int(match[4]))


def read_time(text: str) -> Timelike | None:
    """A time with an offset, a zone, or neither."""
    match = _TIME.fullmatch(text)
    found = _clock(match) if match else None
    return None if found is None else make_time(*found)


def _clock(match: re.Match[str]) -> tuple[Seconds, tzinfo | None] | None:
    """Seconds since midnight, a whole day for 24:00:00, and the zone."""
    hour, minute = int(match[1]), int(match[2])
    second = plain(Fraction(match[3]))
    seconds = hour * 3600 + minute * 60 + second
    if minute > 59 or second >= 60 or seconds > DAY:
        return None
    if match[5]:
        zone: tzinfo | None = find_zone(match[5])
    else:
        zone = read_offset(match[4]) if match[4] else None
    return None if zone is None and (match[4] or match[5]) else (seconds, zone)


def read_offset(text: str) -> timezone | None:
    """The offset `Z`, `+01:00` or `-00:30:15`; at most 14 hours."""
    if text in ("Z", "z"):
        return UTC
    parts = [int(part) for part in text[1:].split(":")]
    if any(part > 59 for part in parts[1:]):
        return None
    length = timedelta(hours=parts[0], minutes=parts[1], seconds=sum(parts[2:]))
    if length > timedelta(hours=14):
        return None
    return timezone(-length if text[0] == "-" else length) if length else UTC


def read_datetime(text: str) -> Datetimelike | None:
    """A date and time with an offset, a zone by name, or neither; a bare date is midnight."""
    day_text, mark, time_text = text.partition("T")
    day = read_date(day_text)
    if day is None:
        return None
    if not mark:
        return moment(day, time())
    match = _TIME.fullmatch(time_text)
    found = _clock(match) if match else None
    return None if found is None else at(day_number(day), *found)


def read_duration(text: str) -> Lengthlike | YearsMonths | None:
    """A duration of days and times, or of years and months."""
    if (match := _YEARS_MONTHS.fullmatch(text)) and (match[2] or match[3]):
        total = int(match[2] or 0) * 12 + int(match[3] or 0)
        return months(-total if match[1] else total)
    match = _DAYS_TIME.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups()[1:4])
    seconds = days * DAY + hours * 3600 + minutes * 60 + plain(Fraction(match[5] or 0))
    return make_length(-seconds if match[1] else seconds)


def read_literal(text: str) -> Value:
    """What `@"…"` means, None if it is no temporal value (DMN 1.5 §10.3.1.2 rule 62)."""
    if text[:1] == "P" or text[:2] == "-P":
        return read_duration(text)
    if "T" in text.partition("@")[0]:
        return read_datetime(text)
    return read_time(text) if ":" in text else read_date(text)
