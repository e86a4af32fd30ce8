"""Dates, times and durations (DMN 1.5 §10.3.2.3.4 ff., tables 45 to 48 and 65)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.feel import Run, compile_expression, evaluate_feel
from bpmn.feel.builtins.conversion import print_value
from bpmn.feel.temporal import (
    add_length,
    add_months,
    between,
    day_number,
    make_date,
    make_length,
    moment,
    read_literal,
)
from bpmn.feel.temporal.days import day_of, number_of
from bpmn.values import Value, decode, encode

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def printed(text: str, **variables: Value) -> str:
    return print_value(compile_expression(text, variables).value(variables, Run(NOW)))


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-28",
        "0000-02-29",
        "-0001-12-31",
        "-999999999-01-01",
        "999999999-12-31",
        "12026-01-01",
        "00:00:00",
        "23:59:59.999999",
        "23:59:59.123456789",
        "10:00:00Z",
        "10:00:00+14:00",
        "10:00:00-00:30",
        "10:00:00+01:00:30",
        "10:00:00@Europe/Berlin",
        "2026-01-01T10:00:00",
        "2026-01-01T10:00:00.5Z",
        "2026-07-01T10:00:00@Europe/Berlin",
        "-2026-01-01T10:00:00.000000001-05:00",
        "12026-07-01T10:00:00@America/New_York",
        "P1D",
        "-P1DT2H3M4S",
        "PT0S",
        "PT0.000000001S",
        "P999999999999D",
        "P1Y2M",
        "-P11M",
        "P0M",
    ],
)
def test_a_literal_is_printed_as_it_is_read_and_survives_storage(text: str) -> None:
    value = read_literal(text)

    assert print_value(value) == text
    assert decode(encode(value)) == value
    assert printed(f'@"{text}"') == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "2026-2-1",
        "26-01-01",
        "02026-01-01",
        "-0000-01-01",
        "+2026-01-01",
        "1000000000-01-01",
        "2026-01-01Z",
        "24:00:01",
        "23:60:00",
        "23:00:60",
        "7:00:00",
        "07:00",
        "07:00:00+14:01",
        "07:00:00@Nowhere/City",
        "07:00:00+01:00@Europe/Berlin",
        "2026-01-01T",
        "2026-01-01T10:00",
        "2026-01-01 10:00:00",
        "P",
        "PT",
        "P1DT",
        "P1S",
        "P1Y2D",
        "P1W",
        "p1d",
        "P1.5D",
        "--P1D",
        "today",
        "",
    ],
)
def test_what_is_no_literal_is_null(text: str) -> None:
    assert read_literal(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@"2026-01-31" + @"P1M"', "2026-02-28"),
        ('@"2024-02-29" + @"P1Y"', "2025-02-28"),
        ('@"2026-03-31" - @"P1M"', "2026-02-28"),
        ('@"2026-01-01" + @"PT36H"', "2026-01-02"),
        ('@"2026-01-01" - @"PT1S"', "2025-12-31"),
        ('@"P1D" + @"2026-01-01"', "2026-01-02"),
        ('@"9999-12-31" + @"P1D"', "10000-01-01"),
        ('@"10000-01-01" - @"P1D"', "9999-12-31"),
        ('@"0001-01-01" - @"P1D"', "0000-12-31"),
        ('@"999999999-12-31" + @"P1D"', "null"),
        ('@"999999999-12-31" + @"P1M"', "null"),
        ('@"2026-01-01T23:30:00" + @"PT1H"', "2026-01-02T00:30:00"),
        ('@"2026-01-31T10:00:00Z" + @"P1M"', "2026-02-28T10:00:00Z"),
        ('@"2026-03-28T02:30:00@Europe/Berlin" + @"P1D"', "2026-03-29T03:30:00@Europe/Berlin"),
        ('@"2026-10-25T02:30:00@Europe/Berlin" + @"PT2H"', "2026-10-25T03:30:00@Europe/Berlin"),
        ('@"23:30:00" + @"PT1H"', "00:30:00"),
        ('@"00:30:00Z" - @"PT1H"', "23:30:00Z"),
        ('@"10:00:00" + @"P1Y"', "null"),
        ('@"2026-01-03" - @"2026-01-01"', "P2D"),
        ('@"2026-01-01T10:00:00Z" - @"2026-01-01T10:00:00+01:00"', "PT1H"),
        ('@"2026-01-01T10:00:00Z" - @"2026-01-01T10:00:00"', "null"),
        ('@"2026-01-02" - @"2026-01-01T12:00:00Z"', "PT12H"),
        ('@"10:00:00" - @"08:30:00"', "PT1H30M"),
        ('@"10:00:00Z" - @"08:30:00"', "null"),
        ('@"999999999-12-31" - @"-999999999-01-01"', "P730484999633D"),
        ('@"P1D" + @"PT1H"', "P1DT1H"),
        ('@"P1D" - @"PT25H"', "-PT1H"),
        ('@"P1Y" - @"P1M"', "P11M"),
        ('@"P1D" + @"P1M"', "null"),
        ('@"P1D" * 2', "P2D"),
        ('2.5 * @"P1D"', "P2DT12H"),
        ('@"P1D" / 24', "PT1H"),
        ('@"P1D" / @"PT6H"', "4"),
        ('@"P1Y" / @"P1M"', "12"),
        ('@"P1Y" * 2', "P2Y"),
        ('@"P1Y" / 4', "P3M"),
        ('@"P1M" / 2', "P0M"),
        ('@"P1Y" / 5', "P2M"),
        ('@"P1Y" * 0.3', "P3M"),
        ('-@"P5M" / 2', "-P2M"),
        ('@"P1Y" / 0', "null"),
        ('@"P1D" / 0', "null"),
        ('@"P1D" * @"P1D"', "null"),
        ('@"PT1S" / 3', "PT0.3333333333333333333333333333333333S"),
        ('-@"P1Y2M"', "-P1Y2M"),
        ('-@"PT1H"', "-PT1H"),
        ('@"P1D" ** 2', "null"),
        ('@"2026-01-01" + 1', "null"),
        ('@"2026-01-01" + @"2026-01-01"', "null"),
    ],
)
def test_temporal_arithmetic_is_that_of_the_standard(text: str, value: str) -> None:
    assert printed(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@"P1D" = @"PT24H"', True),
        ('@"P1Y" = @"P12M"', True),
        ('@"P1Y" = @"P365D"', None),
        ('@"P1M" < @"P2M"', True),
        ('@"PT1M" >= @"PT60S"', True),
        ('@"2026-01-01" < @"12026-01-01"', True),
        ('@"-0001-01-01" < @"0001-01-01"', True),
        ('@"2026-01-01" = @"2026-01-01T00:00:00"', None),
        ('@"2026-01-01T10:00:00Z" = @"2026-01-01T11:00:00+01:00"', True),
        ('@"2026-01-01T10:00:00@Europe/Berlin" = @"2026-01-01T09:00:00Z"', True),
        ('@"2026-01-01T10:00:00@Europe/Berlin" < @"2026-01-01T10:00:00"', False),
        ('@"2026-01-01T10:00:00" < @"2026-01-01T10:00:01Z"', True),
        ('@"2026-01-01T10:00:00" in [@"2026-01-01T10:00:00Z"..@"2026-01-02T10:00:00Z"]', True),
        ('@"2026-01-01T10:00:00" = @"2026-01-01T10:00:00Z"', None),
        ('@"2026-01-01" < @"2026-01-01T10:00:00"', None),
        ('@"10:00:00" > @"09:00:00+05:00"', True),
        ('@"10:00:00.00000001" > @"10:00:00Z"', True),
        ('@"12026-01-01T10:00:00" >= @"2026-01-01T10:00:00Z"', True),
        ('@"10:00:00@Europe/Berlin" < @"10:00:01"', True),
        ('@"10:00:00@Europe/Berlin" < @"11:00:00@Europe/Berlin"', True),
        ('@"10:00:00@Europe/Berlin" < @"11:00:00@Europe/Paris"', None),
        ('@"10:00:00@Europe/Berlin" = @"10:00:00"', None),
        ('@"10:00:00@Etc/UTC" = @"10:00:00Z"', True),
        ('@"10:00:00.0000001" > @"10:00:00"', True),
        ('@"2026-01-01" between @"2025-12-31" and @"2026-01-02"', True),
        ('@"2026-01-01" in [@"2025-12-31"..@"12026-01-02"]', True),
        ('is(@"10:00:00Z", @"10:00:00+00:00")', True),
        ('is(@"10:00:00Z", @"11:00:00+01:00")', False),
        ('is(@"2026-01-01", @"2026-01-01T00:00:00")', False),
    ],
)
def test_temporal_values_have_an_order_where_it_means_something(text: str, value: object) -> None:
    assert evaluate_feel(text, {}, NOW) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@"2026-11-23".year', 2026),
        ('@"2026-11-23".month', 11),
        ('@"2026-11-23".day', 23),
        ('@"2026-11-23".weekday', 1),
        ('@"12026-11-23".weekday', 1),
        ('@"2026-11-23".hour', None),
        ('@"2026-11-23T10:20:30.5+01:00".second', Decimal("30.5")),
        ('@"2026-11-23T10:20:30.5+01:00".hour', 10),
        ('@"2026-11-23T10:20:30.5+01:00".weekday', 1),
        ('@"2026-11-23T10:20:30+01:00".time offset', timedelta(hours=1)),
        ('@"2026-11-23T10:20:30+01:00".timezone', None),
        ('@"2026-11-23T10:20:30@Europe/Berlin".timezone', "Europe/Berlin"),
        ('@"2026-07-23T10:20:30@Europe/Berlin".time offset', timedelta(hours=2)),
        ('@"12026-07-23T10:20:30@Europe/Berlin".time offset', timedelta(hours=2)),
        ('@"2026-11-23T10:20:30".time offset', None),
        ('@"10:20:30Z".minute', 20),
        ('@"10:20:30@Europe/Berlin".time offset', None),
        ('@"10:20:30.123456789".second', Decimal("30.123456789")),
        ('@"P1DT25H61M61.5S".days', 2),
        ('@"P1DT25H61M61.5S".hours', 2),
        ('@"P1DT25H61M61.5S".minutes', 2),
        ('@"P1DT25H61M61.5S".seconds', Decimal("1.5")),
        ('@"-P1DT2H".hours', -2),
        ('@"P1Y14M".years', 2),
        ('@"-P1Y14M".months', -2),
        ('@"P1D".years', None),
        ('[@"2026-11-23", @"2025-11-23"].year', [2026, 2025]),
    ],
)
def test_temporal_values_have_parts(text: str, value: object) -> None:
    assert evaluate_feel(text, {}, NOW) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('date("2026-11-23")', "2026-11-23"),
        ('date("2026-11-23T10:00:00")', "null"),
        ("date(2026, 11, 23)", "2026-11-23"),
        ("date(2026, 2, 30)", "null"),
        ("date(2026.5, 2, 3)", "null"),
        ("date(-1000000000, 2, 3)", "null"),
        ("date(-5, 2, 3)", "-0005-02-03"),
        ('date(@"2026-11-23T10:00:00Z")', "2026-11-23"),
        ('date(from: @"12026-11-23T10:00:00Z")', "12026-11-23"),
        ("date(null)", "null"),
        ("date(1)", "null"),
        ('date and time("2026-11-23T24:00:00")', "2026-11-24T00:00:00"),
        ('date and time("2026-11-23")', "2026-11-23T00:00:00"),
        ('date and time(@"2026-11-23", @"10:00:00Z")', "2026-11-23T10:00:00Z"),
        (
            'date and time(date: @"2026-11-23T01:00:00", time: @"10:00:00@Europe/Paris")',
            "2026-11-23T10:00:00@Europe/Paris",
        ),
        ('date and time(@"2026-11-23", null)', "null"),
        ('time("24:00:00")', "00:00:00"),
        ('time(@"2026-11-23T10:00:00+01:00")', "10:00:00+01:00"),
        ('time(@"2026-11-23T10:00:00@Europe/Berlin")', "10:00:00@Europe/Berlin"),
        ('time(@"2026-11-23")', "00:00:00Z"),
        ('time(@"10:00:00")', "10:00:00"),
        ("time(10, 5, 6.5)", "10:05:06.5"),
        ('time(10, 5, 6, @"-PT1H")', "10:05:06-01:00"),
        ('time(hour: 10, minute: 5, second: 6, offset: @"PT1H")', "10:05:06+01:00"),
        ("time(10, 5, 6, null)", "10:05:06"),
        ("time(24, 0, 0)", "null"),
        ('time(10, 0, 0, @"PT15H")', "null"),
        ('time(10, 0, 0, @"P1M")', "null"),
        ('duration("P1DT2H")', "P1DT2H"),
        ('duration("P1Y2M3D")', "null"),
        ('years and months duration(@"2025-12-31", @"2026-12-30")', "P11M"),
        ('years and months duration(@"2026-12-30", @"2025-12-31")', "-P11M"),
        ('years and months duration(@"2026-01-01T10:00:00", @"2027-01-01")', "P1Y"),
        ('years and months duration(from: @"2026-01-31", to: @"2026-02-28")', "P0M"),
        ('abs(@"-P1D")', "P1D"),
        ('abs(n: @"-P1M")', "P1M"),
        ('day of year(@"2024-12-31")', "366"),
        ('day of week(@"2026-11-23T10:00:00")', "Monday"),
        ('month of year(@"-0044-03-15")', "March"),
        ('week of year(@"2026-12-31")', "53"),
        ('week of year(@"2027-01-03")', "53"),
        ('week of year(@"2027-01-04")', "1"),
        ('week of year(date: @"12026-01-01")', "1"),
        ("now()", "2026-11-23T13:00:00+01:00"),
        ("today()", "2026-11-23"),
        ('for d in @"2026-02-27"..@"2026-03-01" return d.day', "[27, 28, 1]"),
        ('count(for d in [@"9999-12-31"..@"10000-01-02"] return d)', "3"),
    ],
)
def test_functions_on_days_and_clocks(text: str, value: str) -> None:
    assert printed(text) == value


YEARS = st.integers(-999_999_999, 999_999_999)
DAYS = st.builds(number_of, YEARS, st.integers(1, 12), st.integers(1, 28))
SECONDS = st.fractions(-(10**15), 10**15, max_denominator=1000) | st.integers(-(10**15), 10**15)
ZONES = st.sampled_from(
    [None, UTC, timezone(timedelta(hours=-3)), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")]
)


def _moment(day: int, seconds: int, zone: Any) -> Any:
    clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60, tzinfo=zone)
    made = make_date(day)
    assert made is not None
    return moment(made, clock)


MOMENTS = st.builds(_moment, st.integers(-(10**9), 10**9), st.integers(0, 86_399), ZONES)


@given(st.integers(-(10**12), 10**12))
def test_a_day_has_one_number(number: int) -> None:
    assert number_of(*day_of(number)) == number


@given(st.dates())
def test_days_are_counted_as_python_counts_them(day: date) -> None:
    assert number_of(day.year, day.month, day.day) == day.toordinal()
    assert make_date(day.toordinal()) == day


@given(DAYS)
def test_a_date_survives_printing_and_storage(number: int) -> None:
    day = make_date(number)

    assert day_number(day) == number
    assert read_literal(print_value(day)) == day
    assert decode(encode(day)) == day


@given(MOMENTS)
def test_a_moment_survives_printing_and_storage(value: Any) -> None:
    assert read_literal(print_value(value)) == value
    assert decode(encode(value)) == value


@given(SECONDS)
def test_a_duration_survives_printing_and_storage(seconds: Any) -> None:
    length = make_length(seconds)

    assert read_literal(print_value(length)) == length
    assert decode(encode(length)) == length


@given(MOMENTS, st.integers(-(10**12), 10**12))
def test_what_is_added_lies_between(start: Any, seconds: int) -> None:
    length = make_length(seconds)
    assert length is not None

    end = add_length(start, length)

    assert between(end, start) == length


@given(DAYS, st.integers(0, 10**6))
def test_months_lead_to_the_month_they_say(number: int, months: int) -> None:
    start = make_date(number)
    assert start is not None

    end = add_months(start, months)

    if end is not None:
        assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
        assert end.day == start.day
