"""Deployment and machine agree on which timer texts mean something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.timers import duration, fault
from bpmn.values import YearsMonths
from engine.machine.time import TimeInvalid, first_due

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def due(kind: str, text: str) -> bool:
    try:
        first_due(kind, text, NOW)
    except TimeInvalid:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "2026-03-01"),
        ("date", "2026-03-01T08:00:00+01:00"),
        ("date", "2026-03-01T08:00:00Z"),
        ("duration", "PT0S"),
        ("duration", "PT0.5S"),
        ("duration", "P1Y2M3DT4H5M6S"),
        ("duration", "P2W"),
        ("cycle", "R/PT1H"),
        ("cycle", "R3/P1M"),
        ("cycle", "R5/2026-04-01T08:00:00/P1W"),
        ("cycle", "R3/P1D/2026-04-01T08:00:00"),
        ("cycle", "0 0 8 ? * MON-FRI"),
        ("cycle", "*/5 8-16 * * 1,2,3"),
        ("cycle", "@daily"),
    ],
)
def test_a_text_that_deploys_is_due_sometime(kind: str, text: str) -> None:
    assert fault(kind, text) is None
    assert due(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "morgen"),
        ("date", "2026-02-30"),
        ("duration", "P"),
        ("duration", "PT"),
        ("duration", "1h"),
        ("duration", "P1H"),
        ("cycle", "PT1H"),
        ("cycle", "R"),
        ("cycle", "R/PT0S"),
        ("cycle", "R0/PT1H"),
        ("cycle", "R/P1D/2026-04-01"),
        ("cycle", "0 0 8"),
        ("cycle", "jeden Tag um acht Uhr früh"),
    ],
)
def test_a_text_that_is_never_due_is_refused(kind: str, text: str) -> None:
    assert fault(kind, text) is not None
    assert not due(kind, text)


@given(st.from_regex(r"P(\d{1,2}[YMWD]){0,3}(T(\d{1,2}[HMS]){0,3})?", fullmatch=True))
def test_deployment_and_machine_read_the_same_durations(text: str) -> None:
    assert (duration(text) is not None) == due("duration", text)


def test_calendar_and_clock_stay_apart() -> None:
    assert duration("PT36H") == timedelta(hours=36)
    assert duration("P14M") == YearsMonths(14)
    assert duration("P1MT1H") == (YearsMonths(1), timedelta(hours=1))
