"""The small rules: amounts, dates, duplicates' keys, the routing table, the booking file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice.skonto import Skonto
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.dates import (
    OrderBy,
    clarify_by,
    due,
    order_by,
)
from processes.rechnungseingang.duplicates import seller_key
from processes.rechnungseingang.errors import RoutingTableInvalid
from processes.rechnungseingang.hkr.booking import canonical
from processes.rechnungseingang.routing import read_routes
from processes.rechnungseingang.working_days import (
    LAENDER,
    is_working_day,
    working_days_after,
    working_days_before,
)

HEADER = "leitweg_id;stelle;bezeichnung;fachgruppe;rechnerische_gruppe;anordnungsgruppe"


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("1190.00", "1190.00"),
        (Decimal("59.5"), "59.50"),
        (12, "12.00"),
        ("-5.10", "-5.10"),
        ("1.190,00", None),
        (Decimal("0.001"), None),
        (Decimal("1E+20"), None),
        (Decimal("NaN"), None),
        (True, None),
        (None, None),
    ],
)
def test_an_amount_has_at_most_two_places(value: object, amount: str | None) -> None:
    assert parse_amount(value) == (None if amount is None else Decimal(amount))


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_an_amount_survives_its_column(amount: Decimal) -> None:
    assert parse_amount(f"{amount:.2f}") == amount


def test_people_read_amounts_in_german() -> None:
    assert german(Decimal(1190)) == "1.190,00\N{NO-BREAK SPACE}€"


def test_a_stated_due_date_wins_and_a_computed_one_says_so() -> None:
    received = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)  # already the 2nd in Berlin

    stated, computed = due(date(2026, 11, 20), received), due(None, received)

    assert (stated.on, stated.source) == (date(2026, 11, 20), "BT-9")
    assert (computed.on, computed.source) == (date(2026, 12, 2), "errechnet")


def test_a_skonto_on_the_due_date_is_at_stake_until_then() -> None:
    issued_on = date(2026, 11, 16)

    last = order_by(date(2026, 12, 16), issued_on, (Skonto(30, Decimal(2)),), issued_on)

    assert last == OrderBy(date(2026, 12, 11), date(2026, 12, 16), "skonto")


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from(sorted(LAENDER)))
def test_a_period_that_ends_on_a_holiday_gives_no_day_more_to_order(day: date, land: str) -> None:
    """BGB § 193 moves the day to pay on to the next working day. Whether that holds for a Skonto
    may be left open: the last day to order is the same."""
    next_working_day = day if is_working_day(day, land) else working_days_after(day, 1, land)

    stated = order_by(day, None, (), day, land).on
    moved = order_by(next_working_day, None, (), day, land).on

    assert stated == moved


def test_the_order_must_be_out_working_days_before_the_first_skonto_ends() -> None:
    terms = (Skonto(7, Decimal(3)), Skonto(14, Decimal(2)))

    last = order_by(date(2026, 12, 16), date(2026, 11, 16), terms, date(2026, 11, 17))

    assert last == OrderBy(date(2026, 11, 18), date(2026, 11, 23), "skonto")


def test_a_skonto_that_nobody_can_earn_any_more_hurries_nobody() -> None:
    terms = (Skonto(7, Decimal(3)), Skonto(14, Decimal(2)))
    due_on, issued_on = date(2026, 12, 16), date(2026, 11, 16)

    second = order_by(due_on, issued_on, terms, date(2026, 11, 20))
    none = order_by(due_on, issued_on, terms, date(2026, 11, 28))

    assert (second.ends, second.reason) == (date(2026, 11, 30), "skonto")
    assert (none.on, none.reason) == (date(2026, 12, 11), "faelligkeit")


@given(st.dates(), st.sampled_from(sorted(LAENDER)))
def test_any_year_that_a_file_states_can_be_reckoned_with(day: date, land: str) -> None:
    last = order_by(day, day, (Skonto(999, Decimal(1)),), day, land).on

    assert is_working_day(last, land)


def test_a_weekend_is_no_working_day() -> None:
    assert working_days_before(date(2026, 11, 23), 1) == date(2026, 11, 20)


def test_holidays_are_no_days_of_the_kasse() -> None:
    # Karfreitag, Ostermontag, 1. Mai, Himmelfahrt, Pfingstmontag, Fronleichnam of 2026
    closed = [(4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (6, 4)]

    assert not any(is_working_day(date(2026, *day)) for day in closed)
    assert working_days_before(date(2026, 4, 7), 3) == date(2026, 3, 31)
    assert working_days_before(date(2027, 1, 4), 3) == date(2026, 12, 28)  # over the New Year
    assert working_days_after(date(2028, 2, 28), 2) == date(2028, 3, 1)  # over a 29 February


@pytest.mark.parametrize(
    ("day", "where"),
    [
        (date(2026, 1, 6), "BW BY ST"),
        (date(2027, 3, 8), "BE MV"),
        (date(2026, 6, 4), "BW BY HE NW RP SL"),
        (date(2028, 8, 15), "SL"),
        (date(2027, 9, 20), "TH"),
        (date(2025, 10, 31), "BB HB HH MV NI SH SN ST TH"),
        (date(2027, 11, 1), "BW BY NW RP SL"),
        (date(2026, 11, 18), "SN"),
    ],
)
def test_each_land_has_its_own_holidays(day: date, where: str) -> None:
    assert {land for land in LAENDER if not is_working_day(day, land)} == set(where.split())


def test_what_cannot_be_read_is_looked_at_within_three_working_days() -> None:
    late_on_thursday = datetime(2026, 12, 17, 23, 30, tzinfo=UTC)  # Friday in Berlin

    assert clarify_by(late_on_thursday) == date(2026, 12, 23)


def test_a_supplier_is_known_by_the_strongest_mark() -> None:
    assert seller_key("DE 123 456 789", "5/6", "X") == seller_key("de123456789", None, "Y")
    assert seller_key(None, None, "Müller & Söhne") == "name:müllersöhne"
    assert seller_key(None, None, None) is None


def test_equal_orders_are_equal_bytes() -> None:
    one = canonical({"b": Decimal("1.5"), "a": date(2026, 1, 2)})

    assert one == canonical({"a": date(2026, 1, 2), "b": Decimal("1.50")})
    assert one == b'{"a":"2026-01-02","b":"1.50"}'


def test_a_routing_table_is_read_line_by_line() -> None:
    (route,) = read_routes(f"{HEADER}\n04011000-x-03;tiefbau;Tiefbau;a;b;c\n\n")

    assert (route.leitweg_id, route.groups) == ("04011000-X-03", ("a", "b", "c"))


@pytest.mark.parametrize("text", ["", "falsch", f"{HEADER}\nnur;drei;Felder"])
def test_a_routing_table_with_a_fault_is_refused(text: str) -> None:
    with pytest.raises(RoutingTableInvalid):
        read_routes(text)
