from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.german import (
    format_german_amount,
    format_german_date,
    parse_german_amount,
    parse_german_date,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.190,00", Decimal("1190.00")),
        ("1190,5", Decimal("1190.5")),
        (" -12 € ", Decimal(-12)),
        ("1 190,00", Decimal("1190.00")),
        ("1.190", Decimal(1190)),
        ("1.19", None),
        ("1,190.00", None),
        ("12,", None),
        ("", None),
        ("1e5", None),
        ("NaN", None),
    ],
)
def test_an_amount_is_read_as_it_is_written_here(text: str, amount: Decimal | None) -> None:
    assert parse_german_amount(text) == amount


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_an_amount_survives_being_written_and_read(amount: Decimal) -> None:
    assert parse_german_amount(format_german_amount(amount)) == amount


@given(st.dates())
def test_a_date_survives_being_written_and_read(day: date) -> None:
    assert parse_german_date(format_german_date(day)) == day
    assert parse_german_date(day.isoformat()) == day


@pytest.mark.parametrize("text", ["", "31.02.2026", "1.1.26", "2026-13-01", "heute", "1.1.0000"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_german_date(text) is None
