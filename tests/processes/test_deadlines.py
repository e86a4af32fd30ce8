"""Skonto und Fälligkeiten: what is lost, when, how much, and who may know of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from invoice.skonto import Skonto
from processes.house import House
from processes.rechnungseingang import deadlines, demo, receipts
from processes.rechnungseingang.deadlines import Loss, discount, next_loss
from tests.processes.desk import SAMPLES, UBL, Desk, Run
from tests.processes.test_http import URL, Client, client  # noqa: F401 the fixture

TWO_TERMS = "#SKONTO#TAGE=7#PROZENT=3.00#\n#SKONTO#TAGE=14#PROZENT=2.00#BASISBETRAG=500.00#\n"


def row(**more: object) -> Any:
    """As the table holds it."""
    return SimpleNamespace(
        **{
            "due_on": date(2026, 12, 16),
            "issued_on": date(2026, 11, 16),
            "received_at": datetime(2026, 11, 16, 9, tzinfo=UTC),
            "amount_due": "1000.50",
            "stated_amount": None,
            "payment_terms": TWO_TERMS,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("today", "loss"),
    [
        (
            date(2026, 11, 17),
            Loss(date(2026, 11, 18), date(2026, 11, 23), "skonto", Decimal("30.02")),
        ),
        (
            date(2026, 11, 19),
            Loss(date(2026, 11, 25), date(2026, 11, 30), "skonto", Decimal("10.00")),
        ),
        (
            date(2026, 11, 26),
            Loss(date(2026, 12, 11), date(2026, 12, 16), "faelligkeit", Decimal("0.00")),
        ),
    ],
)
def test_the_next_loss_is_the_first_that_can_still_be_prevented(today: date, loss: Loss) -> None:
    assert next_loss(row(), today, "NW") == loss


def test_a_credit_note_has_no_discount_at_stake() -> None:
    assert discount(Skonto(7, Decimal(3)), row(amount_due="-100.00")) == 0


def test_the_base_of_a_discount_is_converted_as_the_invoice_was() -> None:
    term = Skonto(7, Decimal(3), Decimal("1000.00"))
    converted = row(amount_due="450.00", stated_amount="500.00")

    assert discount(term, converted) == Decimal("27.00")


def test_what_was_not_read_is_in_no_list() -> None:
    assert next_loss(row(due_on=None), date(2026, 11, 17), "NW") is None


def test_what_is_lost_first_stands_first_and_what_is_ordered_not_at_all(
    house: House, run_jobs: Run
) -> None:
    later, sooner = Desk(house, run_jobs), Desk(house, run_jobs, SAMPLES["04_lastschrift_ubl.xml"])
    ordered = Desk(house, run_jobs, SAMPLES["02_jugendamt_cii.xml"])
    with house.database.begin() as tx:
        receipts.change(tx, later.id, due_on=date(2031, 8, 4), payment_terms=None)
        receipts.change(tx, sooner.id, due_on=date(2031, 5, 1), payment_terms=None)
        receipts.change(tx, ordered.id, booking_file="v1")

    with house.database.begin() as tx:
        who = demo.principal(house, demo.INTAKE)
        found = [each.id for each, _ in deadlines.queue(tx, who, "NW")]

    assert found == [sooner.id, later.id]


def test_the_list_over_http_hides_what_the_akte_hides(
    client: Client,  # noqa: F811
    run_jobs: Run,
) -> None:
    pushed = client.post(URL, content=UBL).json()["id"]
    hidden = client.post(URL, content=SAMPLES["02_jugendamt_cii.xml"]).json()["id"]
    run_jobs()

    seen = client.get(f"{URL}/deadlines", headers={"x-login": "tim.tannhaus"}).json()["items"]

    assert [each["id"] for each in seen] == [pushed]
    assert hidden not in str(seen)
