"""Cron texts: five fields, or six and seven as Quartz writes them (seconds first, year last).

Invariant: `Cron.after(local)` is the earliest matching local time after `local`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_EVERY = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_HORIZON = 2199
"""The last year looked at; a rule without a match until then never occurs."""


class CronInvalid(ValueError):
    """A text that is not a cron expression of the supported kind."""


@dataclass(frozen=True, slots=True)
class Cron:
    """The matching values of each field; weekdays count from Sunday = 0."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    either_day: bool
    """Both day fields restrict: one of them is enough (POSIX crontab)."""

    @classmethod
    def parse(cls, text: str) -> Cron:
        fields = _EVERY.get(text.strip().lower(), text).upper().split()
        quartz = len(fields) > 5
        if len(fields) == 5:
            fields.insert(0, "0")
        if len(fields) == 6:
            fields.append("*")
        if len(fields) != 7:
            raise CronInvalid(f"{text!r} is neither an ISO 8601 recurrence nor a cron expression")
        second, minute, hour, day, month, weekday, year = fields
        first = 1 if quartz else 0
        weekdays = _field(weekday, first, 7, text, names=_DAYS, base=first)
        return cls(
            tuple(sorted(_field(second, 0, 59, text))),
            tuple(sorted(_field(minute, 0, 59, text))),
            tuple(sorted(_field(hour, 0, 23, text))),
            _field(day, 1, 31, text),
            _field(month, 1, 12, text, names=_MONTHS, base=1),
            frozenset((number - first) % 7 for number in weekdays),
            _field(year, 1970, _HORIZON, text),
            not day.startswith(("*", "?")) and not weekday.startswith(("*", "?")),
        )

    def after(self, local: datetime) -> datetime | None:
        """The next match after a local time without zone, None if there is none."""
        moment = local.replace(microsecond=0) + timedelta(seconds=1)
        if self._matches(moment.date()):
            clock = self._clock(moment.hour, moment.minute, moment.second)
            if clock:
                return datetime.combine(moment.date(), time(*clock))
        day = self._day(moment.date() + timedelta(days=1))
        if day is None:
            return None
        return datetime.combine(day, time(self.hours[0], self.minutes[0], self.seconds[0]))

    def _matches(self, day: date) -> bool:
        if day.year not in self.years or day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (in_month or in_week) if self.either_day else (in_month and in_week)

    def _day(self, day: date) -> date | None:
        while day.year <= _HORIZON:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = day.replace(day=monthrange(day.year, day.month)[1]) + timedelta(days=1)
            elif self._matches(day):
                return day
            else:
                day += timedelta(days=1)
        return None

    def _clock(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """The first matching time of day that is not before the given one."""
        for h in self.hours:
            if h < hour:
                continue
            for m in self.minutes:
                if h == hour and m < minute:
                    continue
                for s in self.seconds:
                    if (h, m, s) >= (hour, minute, second):
                        return h, m, s
        return None


def _field(
    text: str, low: int, high: int, whole: str, *, names: Sequence[str] = (), base: int = 0
) -> frozenset[int]:
    """One field: `*`, `?`, numbers, names, ranges, steps, lists."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        try:
            if span in ("*", "?"):
                first, last = low, high
            else:
                begin, dash, end = span.partition("-")
                first = _number(begin, names, base)
                last = _number(end, names, base) if dash else high if step else first
            width = int(step) if step else 1
        except ValueError as error:
            raise CronInvalid(f"{part!r} in cron expression {whole!r} is not supported") from error
        if not (low <= first <= last <= high and width > 0):
            raise CronInvalid(f"{part!r} in cron expression {whole!r} is out of range")
        values.update(range(first, last + 1, width))
    return frozenset(values)


def _number(text: str, names: Sequence[str], base: int) -> int:
    if text in names:
        return names.index(text) + base
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
