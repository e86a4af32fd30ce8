"""Dates, times and durations as FEEL reads, prints and adds them (DMN 1.5 §10.3.2.3.4 to 10).

Years 1 to 9999 and microseconds: what lies beyond is an error, not a rounded value. A text that is
no date (time, duration) gives None, which FEEL functions pass on as null.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bpmn.errors import ExpressionFailed
from bpmn.values import ARITHMETIC, Number, Value, YearsMonths

OFFICE_ZONE = ZoneInfo("Europe/Berlin")
"""The zone of `now()` and `today()`."""

_DATE = re.compile(r"(-?\d{4,9})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:(Z|z|[+-]\d\d:\d\d(?::\d\d)?)|@([\w/+-]{1,60}))?", re.ASCII
)
_DAYS_TIME = re.compile(
    r"(-)?P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?", re.ASCII
)
_YEARS_MONTHS = re.compile(r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?", re.ASCII)
_MONTHS = 10**15
_LONG = 12
"""Digits of one number in a duration; more overflow anyway."""


def read_date(text: str) -> date | None:
    """An ISO 8601 date without a zone."""
    match = _DATE.fullmatch(text)
    if match is None or (len(match[1].lstrip("-")) > 4 and match[1].lstrip("-")[0] == "0"):
        return None
    month, day = int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    year = int(match[1])
    if not 1 <= year <= 9999:
        raise ExpressionFailed(f"the year {year} is outside of 1 to 9999")
    return date(year, month, day) if day <= monthrange(year, month)[1] else None


def read_time(text: str) -> time | None:
    """A time with an offset or none. A zone by name needs a date to mean anything."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    if match[6]:
        raise ExpressionFailed(f"a time in the zone {match[6]} has no offset without its date")
    return _time(match)


def _time(match: re.Match[str]) -> time | None:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3])
    if hour > 23 or minute > 59 or second > 59:
        return None
    zone: tzinfo | None = None
    if match[5]:
        zone = read_offset(match[5])
        if zone is None:
            return None
    return time(hour, minute, second, _microseconds(match[4]), zone)


def _microseconds(digits: str | None) -> int:
    digits = (digits or "").rstrip("0")
    if len(digits) > 6:
        raise ExpressionFailed("a second has at most six decimal places here")
    return int(digits.ljust(6, "0"))


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
    return timezone(-length if text[0] == "-" else length)


def read_datetime(text: str) -> datetime | None:
    """A date and time with an offset, a zone by name, or neither; a bare date is midnight."""
    day_text, mark, time_text = text.partition("T")
    day = read_date(day_text)
    if day is None:
        return None
    if not mark:
        return datetime.combine(day, time())
    match = _TIME.fullmatch(time_text)
    moment = _time(match) if match else None
    if match is None or moment is None:
        return None
    made = datetime.combine(day, moment)
    if not match[6]:
        return made
    zone = _zone(match[6])
    return None if zone is None else made.replace(tzinfo=zone)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_duration(text: str) -> timedelta | YearsMonths | None:
    """An ISO 8601 duration of days and times, or of years and months."""
    if (match := _YEARS_MONTHS.fullmatch(text)) and (match[2] or match[3]):
        _check_length(match.groups())
        total = int(match[2] or 0) * 12 + int(match[3] or 0)
        return months(-total if match[1] else total)
    match = _DAYS_TIME.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        return None
    _check_length(match.groups()[:5])
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:5])
    try:
        length = timedelta(
            days=days,
            hours=hours,
            minutes=minutes,
            seconds=seconds,
            microseconds=_microseconds(match[6]),
        )
    except OverflowError:
        raise ExpressionFailed(f"the duration {text} is too long") from None
    return -length if match[1] else length


def _check_length(parts: tuple[str | None, ...]) -> None:
    if any(part and len(part) > _LONG for part in parts):
        raise ExpressionFailed("the duration is too long")


def read_literal(text: str) -> Value:
    """What `@"…"` means, None if it is no temporal value (DMN 1.5 §10.3.1.2 rule 62)."""
    if text[:1] == "P" or text[:2] == "-P":
        return read_duration(text)
    if "T" in text:
        return read_datetime(text)
    return read_time(text) if ":" in text else read_date(text)


def months(total: int) -> YearsMonths:
    if abs(total) > _MONTHS:
        raise ExpressionFailed("the duration is too long")
    return YearsMonths(total)


def print_duration(value: timedelta | YearsMonths) -> str:
    """The duration in its canonical form (XML Schema)."""
    if isinstance(value, YearsMonths):
        years, rest = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{rest}M" if rest else "")
        return ("-" if value.months < 0 else "") + "P" + (body or "0M")
    sign, length = ("-", -value) if value < timedelta() else ("", value)
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{length.microseconds:06d}".rstrip("0") if length.microseconds else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    body = (f"{length.days}D" if length.days else "") + (f"T{clock}" if clock else "")
    return f"{sign}P{body or 'T0S'}"


def print_time(value: time) -> str:
    """The time with its offset, `Z` for none from Greenwich."""
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    return f"{value:%H:%M:%S}{fraction}{_print_offset(value.utcoffset())}"


def print_datetime(value: datetime) -> str:
    """The date and time with its offset or zone."""
    plain = print_time(value.time())
    zone = zone_name(value)
    tail = f"@{zone}" if zone else _print_offset(value.utcoffset())
    return f"{value.date().isoformat()}T{plain}{tail}"


def zone_name(value: datetime | time) -> str | None:
    """The zone's name, None where the value has an offset only."""
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


def _print_offset(offset: timedelta | None) -> str:
    if offset is None:
        return ""
    if not offset:
        return "Z"
    sign, length = ("-", -offset) if offset < timedelta() else ("+", offset)
    minutes, seconds = divmod(length.seconds, 60)
    text = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


def add_months(value: date, count: int) -> date:
    """The same day so many months on, or the month's last (works for date and datetime)."""
    total = value.year * 12 + value.month - 1 + count
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        raise ExpressionFailed(f"the year {year} is outside of 1 to 9999")
    day = min(value.day, monthrange(year, month + 1)[1])
    return value.replace(year=year, month=month + 1, day=day)


def add_length(value: date, length: timedelta) -> date:
    """The date (or date and time) so much later on the time line."""
    try:
        if not isinstance(value, datetime):
            return (datetime.combine(value, time()) + length).date()
        if isinstance(value.tzinfo, ZoneInfo):
            return (value.astimezone(UTC) + length).astimezone(value.tzinfo)
        return value + length
    except OverflowError:
        raise ExpressionFailed("the date lies outside of the years 1 to 9999") from None


def add_to_time(value: time, length: timedelta) -> time:
    """The time so much later, round the clock."""
    since = timedelta(
        hours=value.hour,
        minutes=value.minute,
        seconds=value.second,
        microseconds=value.microsecond,
    )
    seconds, part = divmod(microseconds((since + length) % timedelta(days=1)), 10**6)
    hours, rest = divmod(seconds, 3600)
    return time(hours, rest // 60, rest % 60, part, value.tzinfo)


def time_length(value: time) -> timedelta:
    """The time since midnight, in Greenwich where the time has an offset."""
    since = timedelta(
        hours=value.hour,
        minutes=value.minute,
        seconds=value.second,
        microseconds=value.microsecond,
    )
    return since - (value.utcoffset() or timedelta())


def microseconds(length: timedelta) -> int:
    return (length.days * 86400 + length.seconds) * 10**6 + length.microseconds


def scaled_length(length: timedelta, factor: Number) -> timedelta:
    """The duration times the factor, if it is whole microseconds."""
    return from_microseconds(ARITHMETIC.multiply(microseconds(length), factor))


def from_microseconds(total: Decimal) -> timedelta:
    if total != total.to_integral_value():
        raise ExpressionFailed("the duration is no whole number of microseconds")
    try:
        return timedelta(microseconds=int(total))
    except OverflowError:
        raise ExpressionFailed("the duration is too long") from None


def local_now(now: datetime) -> datetime:
    """The clock in the office's zone, with its offset."""
    here = now.astimezone(OFFICE_ZONE)
    offset = here.utcoffset()
    assert offset is not None
    return here.replace(tzinfo=timezone(offset))
