"""Instalments, final and corrected invoices: what may be paid twice is put before a person."""

from __future__ import annotations

import pytest

from invoice.documents import invoice_in
from processes.house import House
from processes.rechnungseingang import demo, receipts
from processes.rechnungseingang.duplicates import why_suspected
from processes.rechnungseingang.instalments import Instalments, instalments_of
from processes.rechnungseingang.related import related
from tests.processes.desk import BOOKED, UBL, Desk, Run

NUMBER = b"WL-2026-1042"
TYPE = b"<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>"


def naming(*numbers: str, code: str = "877", prepaid: str = "0.00") -> bytes:
    """A later invoice over the same sum that names earlier ones."""
    references = "".join(
        "<cac:BillingReference><cac:InvoiceDocumentReference>"
        f"<cbc:ID>{number}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>"
        for number in numbers
    ).encode()
    text = UBL.replace(NUMBER, b"WL-2026-9999")
    text = text.replace(TYPE, TYPE.replace(b"380", code.encode()))
    text = text.replace(
        b'<cbc:PayableAmount currencyID="EUR">18828.18<',
        b'<cbc:PrepaidAmount currencyID="EUR">%s</cbc:PrepaidAmount>'
        b'<cbc:PayableAmount currencyID="EUR">%.2f<'
        % (prepaid.encode(), 18828.18 - float(prepaid)),
    )
    at = text.index(b"<cac:AdditionalDocumentReference>")
    return text[:at] + references + text[at:]


def instalments(house: House, desk: Desk) -> Instalments | None:
    with house.database.reading() as tx:
        row = desk.row
        invoice = invoice_in(house.blobs.read(tx, row.blob_id))
        return instalments_of(tx, row, invoice)


def booked(house: House, run_jobs: Run) -> Desk:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    desk.report(BOOKED)
    return desk


def test_what_is_taken_off_for_booked_instalments_raises_no_doubt(
    house: House, run_jobs: Run
) -> None:
    first = booked(house, run_jobs)
    final = Desk(house, run_jobs, naming("WL-2026-1042", prepaid="18828.18"))

    found = instalments(house, final)

    assert found is not None
    assert ([row.id for row in found.known], found.unknown, found.doubt) == ([first.id], (), None)


def test_what_was_booked_and_not_taken_off_is_doubted(house: House, run_jobs: Run) -> None:
    booked(house, run_jobs)
    final = Desk(house, run_jobs, naming("WL-2026-1042", prepaid="8828.18"))

    found = instalments(house, final)

    assert found is not None
    assert "8.828,18" in (found.doubt or "")
    assert "18.828,18" in (found.doubt or "")


def test_an_instalment_that_is_not_booked_yet_is_named(house: House, run_jobs: Run) -> None:
    Desk(house, run_jobs)
    final = Desk(house, run_jobs, naming("WL-2026-1042", prepaid="18828.18"))

    found = instalments(house, final)

    assert found is not None
    assert found.doubt == "Noch nicht gebucht: WL-2026-1042."


def test_an_instalment_that_is_not_known_here_is_said_to_be_unknown(
    house: House, run_jobs: Run
) -> None:
    final = Desk(house, run_jobs, naming("A-1", "A-2", prepaid="100.00"))

    found = instalments(house, final)

    assert found is not None
    assert (found.known, found.unknown, found.doubt) == ((), ("A-1", "A-2"), None)


def test_another_units_instalments_are_counted_and_not_shown(house: House, run_jobs: Run) -> None:
    first = booked(house, run_jobs)
    final = Desk(house, run_jobs, naming("WL-2026-1042", prepaid="18828.18"))
    with house.database.begin() as tx:
        invoice = invoice_in(house.blobs.read(tx, final.row.blob_id))
        stranger = demo.principal(house, "jule.jansen")
        own = demo.principal(house, "tim.tannhaus")

        seen_by_a_stranger = related(tx, stranger, final.row, invoice)["instalments_shown"]
        seen = related(tx, own, final.row, invoice)["instalments_shown"]

    assert seen_by_a_stranger == []
    assert [row.id for row in seen] == [first.id]  # type: ignore[attr-defined]


def test_a_corrected_invoice_beside_what_it_corrects_is_put_before_a_person(
    house: House, run_jobs: Run
) -> None:
    first = Desk(house, run_jobs)
    corrected = Desk(house, run_jobs, naming("WL-2026-1042", code="384", prepaid="1000.00"))

    assert corrected.open_tasks == ["dublette_pruefen"]
    assert corrected.row.predecessor == first.id
    assert "berichtigt" in why_suspected(corrected.row, first.row)


@pytest.mark.parametrize("state", ["abgelehnt", "dublette"])
def test_a_corrected_invoice_after_a_refused_one_goes_its_way(
    house: House, run_jobs: Run, state: str
) -> None:
    first = Desk(house, run_jobs)
    with house.database.begin() as tx:
        receipts.change(tx, first.id, state=state)

    corrected = Desk(house, run_jobs, naming("WL-2026-1042", code="384", prepaid="1000.00"))

    assert corrected.open_tasks == ["sachlich_pruefen"]
