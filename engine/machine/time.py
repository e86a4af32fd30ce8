"""When a timer is due: ISO 8601 dates, durations and recurrences, and cron (exact, no drift).

Instants are aware UTC. What names no zone means the tenant's (`ZONE`): a zoneless date-time, the
days, weeks, months and years of a duration, and cron. Hours and below are absolute: P1D keeps
the local time of day over a change of the clocks, PT24H does not. A local time that the change
skips is taken after it, one that comes twice the first time. Round n of a recurrence is counted
from its anchor, never from when the round before was noticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from bpmn.values import Value, YearsMonths
from engine.machine.cron import Cron, CronInvalid

SHORTEST_PERIOD = timedelta(seconds=1)
"""A recurrence that comes faster would always be due, and nothing else ever."""
ZONE = ZoneInfo("Europe/Berlin")


class TimeInvalid(ValueError):
    """A text or value that names no instant, duration or recurrence."""


class Cycle(msgspec.Struct, array_like=True, frozen=True):
    """A recurring timer: its rule as evaluated, where it counts from, and rounds armed."""

    rule: str
    anchor: datetime
    round: int


@dataclass(frozen=True, slots=True)
class Due:
    """The next instant, and what is needed to find the one after it."""

    at: datetime
    cycle: Cycle | None = None


@dataclass(frozen=True, slots=True)
class Duration:
    """An ISO 8601 duration: the calendar's part, then the absolute part."""

    months: int
    days: int
    exact: timedelta

    def times(self, n: int) -> Duration:
        return Duration(self.months * n, self.days * n, self.exact * n)

    def after(self, instant: datetime) -> datetime:
        """The instant this much later, in the tenant's calendar."""
        try:
            if self.months or self.days:
                local = instant.astimezone(ZONE)
                day = _add_months(local.date(), self.months) + timedelta(days=self.days)
                clock = local.timetz()
                fold = local.fold if day == local.date() else 0
                instant = datetime.combine(day, clock).replace(fold=fold).astimezone(UTC)
            return instant + self.exact
        except (OverflowError, ValueError) as error:
            raise TimeInvalid("the duration leads out of the calendar") from error


_DURATION = re.compile(
    r"(?P<sign>-)?P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?"
    r"(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?",
    re.ASCII,
)
_RECURRENCE = re.compile(r"R(?P<count>\d*)/(?:(?P<start>[^/]+)/)?(?P<second>[^/]+)", re.ASCII)


def parse_duration(text: str) -> Duration:
    """An ISO 8601 duration, e.g. `P1M`, `PT0.5S`, `-P1DT12H` (ISO 8601-1 §5.5.2)."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise TimeInvalid(f"{text!r} is no ISO 8601 duration")
    part = {name: int(match[name] or 0) for name in ("years", "months", "weeks", "days")}
    micros = Decimal((match["seconds"] or "0").replace(",", ".")) * 10**6
    try:
        exact = timedelta(
            hours=int(match["hours"] or 0),
            minutes=int(match["minutes"] or 0),
            microseconds=int(micros),
        )
    except OverflowError as error:
        raise TimeInvalid(f"{text!r} is too long") from error
    sign = -1 if match["sign"] else 1
    months, days = part["years"] * 12 + part["months"], part["weeks"] * 7 + part["days"]
    return Duration(months, days, exact).times(sign)


def parse_instant(text: str) -> datetime:
    """An ISO 8601 date or date-time; without a zone it is the tenant's local time."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TimeInvalid(f"{text!r} is no ISO 8601 date") from error
    return _utc(moment)


def instant(value: Value, now: datetime) -> datetime:
    """A value that names an instant, or a duration from now (as a task's due date may)."""
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return _utc(datetime.combine(value, time()))
    if isinstance(value, str) and not value.strip().lstrip("-").startswith("P"):
        return parse_instant(value)
    return duration(value).after(now)


def duration(value: Value) -> Duration:
    """A text or FEEL duration; a days-and-time duration is absolute (DMN 1.5 §10.3.2.3.7)."""
    if isinstance(value, timedelta):
        return Duration(0, 0, value)
    if isinstance(value, YearsMonths):
        return Duration(value.months, 0, timedelta())
    if isinstance(value, str):
        return parse_duration(value)
    raise TimeInvalid(f"{type(value).__name__} is no duration")


def first_due(kind: str, value: Value, now: datetime) -> Due:
    """When a timer of this kind (date, duration, cycle) is due for the first time."""
    if kind == "date":
        if isinstance(value, str):
            return Due(parse_instant(value))
        if not isinstance(value, date):
            raise TimeInvalid(f"{type(value).__name__} is no date")
        return Due(instant(value, now))
    if kind == "duration":
        return Due(duration(value).after(now))
    if not isinstance(value, str):
        raise TimeInvalid(f"{type(value).__name__} is no recurrence")
    due = _round(Cycle(value.strip(), now, 0))
    if due is None:
        raise TimeInvalid(f"{value!r} never occurs")
    return due


def next_due(cycle: Cycle) -> Due | None:
    """The round after the one that fired, None when that was the last (or of the calendar)."""
    try:
        return _round(cycle)
    except TimeInvalid:
        return None


def _round(cycle: Cycle) -> Due | None:
    """Arm round `cycle.round`, counting from 0."""
    if not cycle.rule.startswith("R"):
        return _cron_round(cycle)
    match = _RECURRENCE.fullmatch(cycle.rule)
    if match is None:
        raise TimeInvalid(f"{cycle.rule!r} is no ISO 8601 recurrence")
    if match["count"] and cycle.round >= int(match["count"]):
        return None
    anchor, period, first = _recurrence(match, cycle.anchor)
    if period.after(anchor) - anchor < SHORTEST_PERIOD:
        raise TimeInvalid(f"{cycle.rule!r} comes again sooner than after a second")
    at = period.times(cycle.round + first).after(anchor)
    return Due(at, Cycle(cycle.rule, cycle.anchor, cycle.round + 1))


def _recurrence(match: re.Match[str], anchor: datetime) -> tuple[datetime, Duration, int]:
    """Anchor, period, and which multiple is the first round: a stated start is itself one."""
    start, second = match["start"], match["second"]
    if start is None:
        return anchor, parse_duration(second), 1
    if start.startswith("P"):  # R/duration/end: counted back from the end
        period, end, count = parse_duration(start), parse_instant(second), match["count"]
        if not count:
            raise TimeInvalid("a recurrence up to an end needs a count")
        return period.times(-int(count)).after(end), period, 1
    if second.startswith("P"):
        return parse_instant(start), parse_duration(second), 0
    begin, end = parse_instant(start), parse_instant(second)
    return begin, Duration(0, 0, end - begin), 0


def _cron_round(cycle: Cycle) -> Due | None:
    try:
        at = Cron.parse(cycle.rule).after(cycle.anchor.astimezone(ZONE).replace(tzinfo=None))
    except CronInvalid as error:
        raise TimeInvalid(str(error)) from error
    while at is not None:
        instant_ = _utc(at)
        if instant_ > cycle.anchor:
            return Due(instant_, Cycle(cycle.rule, instant_, cycle.round + 1))
        at = Cron.parse(cycle.rule).after(at)
    return None


def _utc(moment: datetime) -> datetime:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise TimeInvalid(f"{moment} is out of the calendar") from error


def _add_months(day: date, months: int) -> date:
    """The same day of the month, or its last if that month is shorter (DMN, XSD 1.1 App. E)."""
    if not months:
        return day
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
