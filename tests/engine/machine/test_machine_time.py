"""When timers are due: zones, calendars, recurrences, cron."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bpmn.values import YearsMonths
from engine.machine.time import ZONE, TimeInvalid, first_due, instant, next_due

NOW = datetime(2026, 3, 28, 9, 0, tzinfo=UTC)  # the day before the clocks go forward


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE).astimezone(UTC)  # type: ignore[misc,arg-type]


def rounds(rule: str, n: int, now: datetime = NOW) -> list[datetime]:
    due = first_due("cycle", rule, now)
    dues = [due.at]
    while len(dues) < n and due.cycle is not None:
        following = next_due(due.cycle)
        if following is None:
            break
        due = following
        dues.append(due.at)
    return dues


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1D", berlin(2026, 3, 29, 10, 0)),
        ("PT24H", NOW + timedelta(hours=24)),
        ("P1M", berlin(2026, 4, 28, 10, 0)),
        ("P1Y2M", berlin(2027, 5, 28, 10, 0)),
        ("P1W", berlin(2026, 4, 4, 10, 0)),
        ("PT0.25S", NOW + timedelta(milliseconds=250)),
        ("-PT1H", NOW - timedelta(hours=1)),
        ("P1DT1H", berlin(2026, 3, 29, 11, 0)),
        (timedelta(days=1), NOW + timedelta(days=1)),
        (YearsMonths(1), berlin(2026, 4, 28, 10, 0)),
    ],
)
def test_days_and_months_follow_the_calendar_and_hours_the_clock(
    text: Any, expected: datetime
) -> None:
    assert first_due("duration", text, NOW).at == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-01", berlin(2026, 7, 1)),
        ("2026-07-01T12:00:00", berlin(2026, 7, 1, 12)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00+05:00", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2026-03-29T02:30:00", berlin(2026, 3, 29, 3, 30)),
        (date(2026, 7, 1), berlin(2026, 7, 1)),
        (datetime(2026, 7, 1, 12), berlin(2026, 7, 1, 12)),  # noqa: DTZ001
    ],
)
def test_a_date_without_a_zone_is_local(value: Any, expected: datetime) -> None:
    assert first_due("date", value, NOW).at == expected


def test_the_last_day_of_a_month_does_not_drift() -> None:
    dues = rounds("R4/2026-01-31T08:00:00/P1M", 9)

    assert [due.astimezone(ZONE).day for due in dues] == [31, 28, 31, 30]


def test_a_recurrence_counts_its_rounds_from_its_anchor() -> None:
    assert rounds("R3/PT10S", 9) == [NOW + timedelta(seconds=s) for s in (10, 20, 30)]
    assert len(rounds("R/P1D", 40)) == 40
    assert rounds("R2/2026-04-01T00:00:00Z/2026-04-02T00:00:00Z", 9) == [
        datetime(2026, 4, 1, tzinfo=UTC),
        datetime(2026, 4, 2, tzinfo=UTC),
    ]
    assert rounds("R2/PT1H/2026-04-01T00:00:00Z", 9)[-1] == datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("0 2 * * *", [(2026, 3, 29, 3), (2026, 3, 30, 2)]),  # 2 o'clock is skipped on the 29th
        ("*/20 10 * * *", [(2026, 3, 28, 10, 20), (2026, 3, 28, 10, 40), (2026, 3, 29, 10)]),
        ("0 0 8 ? * MON-FRI", [(2026, 3, 30, 8), (2026, 3, 31, 8)]),
        ("0 0 12 1 JAN ? 2030", [(2030, 1, 1, 12)]),
        ("30 7 29 2 *", [(2028, 2, 29, 7, 30), (2032, 2, 29, 7, 30)]),
        ("0 0 1,15 * 1", [(2026, 3, 30), (2026, 4, 1), (2026, 4, 6)]),
        ("@monthly", [(2026, 4, 1), (2026, 5, 1)]),
        ("0 9 * * 7", [(2026, 3, 29, 9), (2026, 4, 5, 9)]),
    ],
)
def test_cron_means_local_time(rule: str, expected: list[tuple[int, ...]]) -> None:
    dues = rounds(rule, len(expected))

    assert dues == [berlin(*parts) for parts in expected]


def test_an_hour_that_comes_twice_fires_a_daily_rule_once() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert rounds("30 2 * * *", 2, before) == [
        berlin(2026, 10, 25, 2, 30),
        berlin(2026, 10, 26, 2, 30),
    ]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("duration", "P"),
        ("duration", "PT"),
        ("duration", "1 day"),
        ("duration", "P99999Y"),
        ("duration", 5),
        ("duration", None),
        ("date", "tomorrow"),
        ("date", True),
        ("date", None),
        ("cycle", "R0/PT1H"),
        ("cycle", "R/PT0S"),
        ("cycle", "R3"),
        ("cycle", "PT1H"),
        ("cycle", "0 0 30 2 *"),
        ("cycle", "61 * * * *"),
        ("cycle", "0 0 L * *"),
        ("cycle", 3),
    ],
)
def test_what_names_no_time_is_invalid(kind: str, value: Any) -> None:
    with pytest.raises(TimeInvalid):
        first_due(kind, value, NOW)


def test_a_due_date_may_be_a_date_or_a_duration() -> None:
    assert instant("P1D", NOW) == berlin(2026, 3, 29, 10)
    assert instant("2026-03-29", NOW) == berlin(2026, 3, 29)
