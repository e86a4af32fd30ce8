"""The texts that timer definitions may hold (ISO 8601), checked at deployment where literal.

Invariant: a text accepted here is understood by the machine; what depends on a calendar
(years, months, days) stays apart from exact durations.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bpmn.values import YearsMonths

_DURATION = re.compile(
    r"P(?!$)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,10})(?:[.,](\d{1,6}))?S)?)?"
)
_CYCLE = re.compile(r"R(\d{0,9})((?:/[^/]+){1,2})")


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
    elif len(text.split()) >= 5:
        return "Cron expressions are not executed yet; write a cycle like R/PT1H."
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
        return hint if duration(first) in (None, timedelta(0)) else None
    start_given = instant(first) is not None and duration(rest[0]) not in (None, timedelta(0))
    return None if start_given else hint
