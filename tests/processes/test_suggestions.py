"""What a clerk is shown before they decide: units, posting lines, the invoice of a credit note."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bpmn.forms import FormInvalid
from bpmn.values import Value
from engine import queries
from engine.tables import user_task
from processes.house import House
from processes.rechnungseingang import PACKAGE, demo, receipts
from processes.rechnungseingang.credit_notes import credited_by
from processes.rechnungseingang.suggestions import suggested_units
from tests.processes.desk import BOOKED, SAMPLES, SYSTEM, UBL, Desk, Run, kontierung

CREDIT_NOTE = SAMPLES["03_gutschrift_ubl.xml"]


def unrouted(*changes: tuple[bytes, bytes]) -> bytes:
    """The supplier's next invoice, with a Leitweg-ID that no line of the table has."""
    data = UBL
    for old, new in (
        (b"WL-2026-1042", b"WL-2026-1043"),
        (b"05999-TIEFBAU-93", b"05999-FREMD-11"),
        *changes,
    ):
        assert old in data
        data = data.replace(old, new)
    return data


def reasons(house: House, desk: Desk) -> dict[str, str]:
    with house.database.reading() as tx:
        return {each.unit: " ".join(each.reasons) for each in suggested_units(tx, desk.row)}


def lines(house: House, desk: Desk) -> Value:
    with house.database.reading() as tx:
        return queries.variables(tx, SYSTEM, desk.id)["buchungszeilen"].value


def shown(house: House, desk: Desk, login: str) -> str:
    with house.database.begin() as tx:
        where = (user_task.c.instance_id == desk.id, user_task.c.closed_at.is_(None))
        task = tx.first(select(user_task).where(*where))
        assert PACKAGE.task_panel is not None
        panel = PACKAGE.task_panel(house, tx, demo.principal(house, login), task)
    assert panel is not None
    return panel.html


@pytest.fixture
def paid(house: House, run_jobs: Run) -> Desk:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    desk.report(BOOKED)
    return desk


def test_an_order_and_a_supplier_that_a_unit_had_before_suggest_it_with_the_reason(
    house: House, run_jobs: Run
) -> None:
    Desk(house, run_jobs)

    desk = Desk(house, run_jobs, unrouted())

    assert reasons(house, desk) == {
        "tiefbau": "1 von 1 früheren Rechnungen zur Bestellung TB-2026-0311 (BT-13). "
        "1 von 1 früheren Rechnungen dieses Lieferanten."
    }


def test_a_suggestion_decides_nothing(house: House, run_jobs: Run) -> None:
    Desk(house, run_jobs)

    desk = Desk(house, run_jobs, unrouted())

    assert desk.open_tasks == ["zuordnen"]
    assert "1 von 1 früheren Rechnungen dieses Lieferanten" in shown(house, desk, demo.INTAKE)


@pytest.mark.parametrize(
    ("leitweg_id", "reason"),
    [
        (b"05999-TIEFBAU-94", "nur in der Prüfziffer"),
        (b"05998-TIEFBAU-11", "Gleicher Feinteil TIEFBAU"),
    ],
    ids=["check digits", "fine part"],
)
def test_a_leitweg_id_that_is_almost_known_suggests_its_unit(
    house: House, run_jobs: Run, leitweg_id: bytes, reason: str
) -> None:
    desk = Desk(house, run_jobs, unrouted((b"05999-FREMD-11", leitweg_id)))

    assert reason in reasons(house, desk)["tiefbau"]


def test_what_was_refused_is_no_precedent(house: House, run_jobs: Run) -> None:
    first = Desk(house, run_jobs)
    with house.database.begin() as tx:
        receipts.change(tx, first.id, state="abgelehnt")

    desk = Desk(house, run_jobs, unrouted())

    assert reasons(house, desk) == {}


def test_the_suppliers_last_posting_stands_in_the_form(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = Desk(house, run_jobs, unrouted((b"05999-FREMD-11", b"05999-TIEFBAU-93")))

    (line,) = lines(house, desk)  # type: ignore[misc]

    assert (line["produkt"], line["sachkonto"]) == ("54.10.01", "523110")  # type: ignore[index,call-overload]
    assert "Wie bei WL-2026-1042" in shown(house, desk, "tim.tannhaus")


def test_a_suggested_posting_that_nobody_sent_is_not_certified(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = Desk(house, run_jobs, unrouted((b"05999-FREMD-11", b"05999-TIEFBAU-93")))
    form = {name: value for name, value in kontierung().items() if name != "buchungszeilen"}

    with pytest.raises(FormInvalid):
        desk.complete("sachlich_pruefen", "tim.tannhaus", **form)


def test_the_cost_centre_that_the_invoice_names_is_suggested(house: House, run_jobs: Run) -> None:
    data = UBL.replace(
        b"<cbc:BuyerReference>",
        b"<cbc:AccountingCost>6699</cbc:AccountingCost><cbc:BuyerReference>",
    )

    desk = Desk(house, run_jobs, data)

    (line,) = lines(house, desk)  # type: ignore[misc]
    assert line["kostenstelle"] == "6699"  # type: ignore[index,call-overload]


def credit(house: House, run_jobs: Run, **original: object) -> tuple[Desk, Desk]:
    """An invoice, made the credit note's supplier's, and the credit note."""
    invoice, note = Desk(house, run_jobs), Desk(house, run_jobs, CREDIT_NOTE)
    with house.database.begin() as tx:
        receipts.change(tx, invoice.id, **{"seller_key": note.row.seller_key, **original})
    return invoice, note


def test_a_credit_note_belongs_to_the_invoice_that_it_names(house: House, run_jobs: Run) -> None:
    invoice, note = credit(house, run_jobs, number="FK-2026-0815")

    with house.database.reading() as tx:
        found = credited_by(tx, note.row)

    assert found is not None
    assert (found.row.id, "BT-25" in found.reason) == (invoice.id, True)


def test_a_credit_note_that_names_none_belongs_to_the_only_one_of_its_amount(
    house: House, run_jobs: Run
) -> None:
    invoice, note = credit(house, run_jobs)
    with house.database.begin() as tx:
        receipts.change(tx, note.id, preceding=None)
        receipts.change(tx, invoice.id, amount_due=note.row.amount_due)

    with house.database.reading() as tx:
        found = credited_by(tx, note.row)

    assert found is not None
    assert (found.row.id, "denselben Betrag" in found.reason) == (invoice.id, True)


def test_a_credit_note_without_its_invoice_goes_on_with_a_note(house: House, run_jobs: Run) -> None:
    note = Desk(house, run_jobs, CREDIT_NOTE)

    assert note.open_tasks == ["sachlich_pruefen"]
    assert "sie nennt FK-2026-0815 (BT-25)" in shown(house, note, "ralf.rieger")


def test_credit_notes_beyond_the_invoice_are_told(house: House, run_jobs: Run) -> None:
    invoice, note = credit(house, run_jobs, number="FK-2026-0815", amount_due="400.00")
    second = Desk(house, run_jobs, CREDIT_NOTE.replace(b"FK-2026-G007", b"FK-2026-G007-2"))
    with house.database.begin() as tx:
        receipts.change(tx, second.id, preceding="FK-2026-0815")

    beside_the_note = shown(house, note, "ralf.rieger")
    beside_the_invoice = shown(house, invoice, "tim.tannhaus")

    for html in (beside_the_note, beside_the_invoice):
        assert "Gutgeschrieben sind zusammen 711,14" in html
    assert str(second.row.number) in beside_the_note


def test_another_invoice_over_the_same_amount_is_shown_and_stops_nobody(
    house: House, run_jobs: Run
) -> None:
    Desk(house, run_jobs)
    second = Desk(house, run_jobs, UBL.replace(b"WL-2026-1042", b"WL-2026-1043"))
    third = Desk(
        house,
        run_jobs,
        UBL.replace(b"WL-2026-1042", b"WL-2026-1044").replace(b"2026-11-16", b"2026-10-16"),
    )

    assert second.open_tasks == ["sachlich_pruefen"]
    assert "WL-2026-1042 vom 16.11.2026" in shown(house, second, "tim.tannhaus")
    assert "über denselben Betrag" not in shown(house, third, "tim.tannhaus")


def test_what_was_booked_after_the_task_came_up_is_suggested_beside_the_empty_form(
    house: House, run_jobs: Run
) -> None:
    waiting = Desk(house, run_jobs, UBL.replace(b"WL-2026-1042", b"WL-2026-1043"))
    earlier = Desk(house, run_jobs)
    earlier.certify()
    earlier.order()
    earlier.report(BOOKED)

    beside = shown(house, waiting, "tim.tannhaus")

    assert lines(house, waiting) == []
    assert "Vorschlag zur Kontierung" in beside
    assert "vorbelegte" not in beside
    assert "Sachkonto 523110" in beside


def test_lines_that_a_person_wrote_are_not_called_prefilled(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = Desk(house, run_jobs, unrouted((b"05999-FREMD-11", b"05999-TIEFBAU-93")))
    before = shown(house, desk, "tim.tannhaus")
    desk.check()
    desk.complete(
        "rechnerisch_feststellen", "ralf.rieger", ergebnis="zurueck", begruendung="anderes Konto"
    )

    after = shown(house, desk, "tim.tannhaus")

    assert desk.open_tasks == ["sachlich_pruefen"]
    assert "vorbelegte" in before
    assert "vorbelegte" not in after
