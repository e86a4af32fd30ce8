"""An invoice that is not in euro: a person converts it before anything is compared."""

from __future__ import annotations

import json

import pytest

from bpmn.forms import FormInvalid
from eakte.dokumente import read_dokument
from eakte.vorgaenge import vorgang_head
from processes.house import House
from processes.rechnungseingang import demo, receipts, status
from processes.rechnungseingang.errors import CurrencyForeign
from tests.processes.desk import SYSTEM, UBL, Desk, Run, kontierung

CHF = UBL.replace(b'currencyID="EUR"', b'currencyID="CHF"').replace(
    b"<cbc:DocumentCurrencyCode>EUR<", b"<cbc:DocumentCurrencyCode>CHF<"
)
CONVERT = {
    "ergebnis": "erfassen",
    "betrag_eur": "20000.00",
    "art": "auszahlung",
    "begruendung": "1 CHF = 1,0622 EUR, EZB 27.11.2026",
}


def test_it_waits_for_a_person_with_a_clear_finding(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, CHF)

    with house.database.begin() as tx:
        said = status.status(tx, demo.principal(house, demo.INTAKE), house.blobs, desk.id)

    (finding,) = said["findings"]  # type: ignore[misc]
    assert desk.open_tasks == ["rechnung_klaeren"]
    assert (finding["rule"], finding["place"]) == ("WAEHRUNG", "BT-5")
    assert "CHF" in finding["text"]
    assert finding["line"] > 0
    assert (said["currency"], said["amount_due"]) == ("CHF", "18828.18")
    assert (said["verdict"], finding["refusal"]) == ("zu_klaeren", False)


def test_what_was_converted_goes_on_in_euro(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, CHF)

    desk.complete("rechnung_klaeren", "rita.rehbein", **CONVERT)
    desk.check(**kontierung("20000.00"))
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.order()

    row = desk.row
    with house.database.begin() as tx:
        betreff = vorgang_head(tx, SYSTEM, row.vorgang).betreff
        file = json.loads(read_dokument(tx, SYSTEM, row.booking_file, house.blobs, "Test"))
    assert (row.amount_due, row.currency) == ("20000.00", "EUR")
    assert (row.stated_amount, row.stated_currency) == ("18828.18", "CHF")
    assert betreff.endswith("über 20.000,00\N{NO-BREAK SPACE}€")
    assert (file["order"]["amount"], file["invoice"]["stated_currency"]) == ("20000.00", "CHF")
    (step,) = [step for step in desk.steps if step.kind == "rechnung_klaeren"]
    assert step.remark is not None
    assert step.remark.startswith("18.828,18\N{NO-BREAK SPACE}CHF sind 20.000,00")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"betrag_eur": None}, "betrag_eur"),
        ({"betrag_eur": "-20000.00"}, "betrag_eur"),
        ({"begruendung": " "}, "begruendung"),
    ],
)
def test_a_conversion_names_amount_rate_and_source(
    house: House, run_jobs: Run, change: dict[str, object], field: str
) -> None:
    desk = Desk(house, run_jobs, CHF)

    with pytest.raises(FormInvalid) as refused:
        desk.complete("rechnung_klaeren", "rita.rehbein", **{**CONVERT, **change})

    assert [error.key for error in refused.value.errors] == [field]
    assert desk.row.currency == "CHF"


def test_nothing_is_certified_in_another_currency(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    with house.database.begin() as tx:
        receipts.change(tx, desk.id, currency="CHF")

    with pytest.raises(CurrencyForeign):
        desk.check()


@pytest.mark.parametrize(("stated", "currency"), [("eur", "EUR"), ("EURO", "XXX"), ("", "XXX")])
def test_a_code_that_is_none_is_never_taken_for_the_euro(
    house: House, run_jobs: Run, stated: str, currency: str
) -> None:
    code = b"<cbc:DocumentCurrencyCode>EUR<"
    data = UBL.replace(code, f"<cbc:DocumentCurrencyCode>{stated}<".encode())

    desk = Desk(house, run_jobs, data)

    assert desk.row.currency == currency
    assert "sachlich_pruefen" not in desk.open_tasks
