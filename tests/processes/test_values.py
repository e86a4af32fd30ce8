"""The small rules: amounts, dates, duplicates' keys, the routing table, the booking file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.booking import canonical
from processes.rechnungseingang.dates import (
    Skonto,
    due,
    order_by,
    skonto_terms,
    working_days_before,
)
from processes.rechnungseingang.duplicates import seller_key
from processes.rechnungseingang.errors import RoutingTableInvalid
from processes.rechnungseingang.routing import read_routes

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


def test_skonto_terms_are_read_as_xrechnung_writes_them() -> None:
    text = "#SKONTO#TAGE=7#PROZENT=3.00#\n#SKONTO#TAGE=14#PROZENT=2.00#BASISBETRAG=100.00#\nnetto"

    assert skonto_terms(text) == (
        Skonto(7, Decimal("3.00")),
        Skonto(14, Decimal("2.00"), Decimal("100.00")),
    )


def test_the_order_must_be_out_working_days_before_the_first_skonto_ends() -> None:
    terms = (Skonto(7, Decimal(3)), Skonto(14, Decimal(2)))

    last = order_by(date(2026, 12, 16), date(2026, 11, 16), terms)

    assert last == date(2026, 11, 18)  # Skonto ends on Monday the 23rd


@given(st.dates())
def test_any_year_that_a_file_states_can_be_reckoned_with(day: date) -> None:
    assert order_by(day, day, (Skonto(999, Decimal(1)),)).weekday() < 5


def test_a_weekend_is_no_working_day() -> None:
    assert working_days_before(date(2026, 11, 23), 1) == date(2026, 11, 20)


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
