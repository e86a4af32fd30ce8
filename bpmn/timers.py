"""The texts that timer definitions may hold (ISO 8601, cron), checked at deployment where literal.

Invariant: what is refused here would be an incident, or lie before the moment it is asked for.
The machine reads the same texts when it arms a timer; what depends on the calendar (a rule for
31 February, a date beyond the year 9999) is found only there.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bpmn.values import YearsMonths

_DURATION = re.compile(
    r"P(?!$)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,10})(?:[.,](\d{1,6}))?S)?)?",
    re.ASCII,
)
_CRON_PART = r"(?:[*?]|(?:\d{1,4}|[A-Za-z]{3})(?:-(?:\d{1,4}|[A-Za-z]{3}))?)(?:/\d{1,4})?"
_CRON_FIELD = re.compile(rf"{_CRON_PART}(?:,{_CRON_PART})*", re.ASCII)
_EVERY = frozenset(
    {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
)
_CYCLE = re.compile(r"R(\d{0,9})((?:/[^/]+){1,2})", re.ASCII)


def duration(text: str) -> timedelta | YearsMonths | tuple[YearsMonths, timedelta] | None:
    """The duration, a pair where years or months and shorter parts are mixed, None if not one."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(g or 0) for g in match.groups()[:7])
    micros = int((match[8] or "").ljust(6, "0") or 0)
    short = timedelta(
        weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros
    )
    long = YearsMonths(12 * years + months)
    if not long.months:
        return short
    return (long, short) if short else long


def instant(text: str) -> datetime | None:
    """An ISO 8601 date or date-time; without offset it means the tenant's zone."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def fault(kind: str, text: str) -> str | None:
    """What is wrong with a literal timer text, or None."""
    if kind == "date":
        if instant(text) is None:
            return f'"{text}" is not an ISO 8601 date, like 2026-03-01T08:00:00+01:00.'
    elif kind == "duration":
        if duration(text) is None:
            return f'"{text}" is not an ISO 8601 duration, like PT15M or P3D.'
    elif not text.startswith("R"):
        return _cron_fault(text)
    else:
        return _cycle_fault(text)
    return None


def _cycle_fault(text: str) -> str | None:
    hint = f'"{text}" is not a cycle, like R3/PT10M, R/P1D or R5/2026-03-01T08:00:00/P1W.'
    match = _CYCLE.fullmatch(text)
    if match is None or match[1] == "0":
        return hint
    first, *rest = match[2][1:].split("/")
    if not rest:
        return None if _moves(first) else hint
    begun_at = instant(first) is not None and (_moves(rest[0]) or instant(rest[0]) is not None)
    counted_back = bool(match[1]) and _moves(first) and instant(rest[0]) is not None
    return None if begun_at or counted_back else hint


def _moves(text: str) -> bool:
    found = duration(text)
    return found is not None and not (isinstance(found, timedelta) and found < timedelta(seconds=1))


def _cron_fault(text: str) -> str | None:
    fields = text.split()
    if text.lower() in _EVERY:
        return None
    if 5 <= len(fields) <= 7 and all(_CRON_FIELD.fullmatch(field) for field in fields):
        return None
    return (
        f'"{text}" is neither an ISO 8601 cycle, like R/PT1H, nor a cron expression of five to '
        "seven fields with numbers, names, ranges, steps and lists."
    )
