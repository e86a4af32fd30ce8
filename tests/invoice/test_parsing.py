from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from invoice.errors import NotAnInvoice
from invoice.parsing import parse_invoice

SAMPLES = Path(__file__).parent / "samples"


def test_an_xrechnung_in_ubl_gives_what_accounting_asks_for() -> None:
    data = (SAMPLES / "ubl_tiefbau.xml").read_bytes()

    invoice = parse_invoice(data)

    assert invoice.number == "TB-2026-0417"
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 11, 2), date(2026, 12, 2))
    assert invoice.leitweg_id == "059990001-TIEFBAU-02"
    assert (invoice.order, invoice.accounting_reference) == ("B-2026-1187", "KST-6610")
    assert (invoice.seller.vat_id, invoice.seller.identifier) == ("DE123456789", "L-70412")
    assert invoice.iban == "DE27000000000055501234"
    assert invoice.remittance == "TB-2026-0417"
    assert invoice.amount_due == Decimal("7544.60")
    assert [line.net for line in invoice.lines] == [Decimal("5400.00"), Decimal("1040.00")]


def test_an_xrechnung_in_cii_gives_what_accounting_asks_for() -> None:
    data = (SAMPLES / "cii_jugendamt.xml").read_bytes()

    invoice = parse_invoice(data)

    assert invoice.number == "R-26-00931"
    assert invoice.due_date == date(2026, 12, 5)
    assert invoice.leitweg_id == "059990001-JUGEND-47"
    assert (invoice.seller.vat_id, invoice.seller.tax_number) == (None, "303/5711/0428")
    assert invoice.iban == "DE34000000000077702468"
    assert invoice.totals.tax == Decimal("70.93")
    assert [b.rate for b in invoice.breakdown] == [Decimal(19), Decimal(7)]


def test_an_attachment_is_decoded_when_asked_for_and_typed_by_its_content() -> None:
    invoice = parse_invoice((SAMPLES / "ubl_tiefbau.xml").read_bytes())

    (attachment,) = invoice.attachments

    assert attachment.name == "aufmass.csv"
    assert attachment.content.startswith(b"Position;Menge")
    assert attachment.size == len(attachment.content)
    assert attachment.media_type == "text/plain"


@pytest.mark.parametrize("data", [b"", b"<letter/>", b"Guten Tag", b"%PDF-1.7", b"<a><b></a>"])
def test_what_is_no_invoice_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAnInvoice):
        parse_invoice(data)


def test_an_invoice_can_be_pickled_without_its_xml() -> None:
    invoice = parse_invoice((SAMPLES / "cii_jugendamt.xml").read_bytes())

    again = pickle.loads(pickle.dumps(invoice))

    assert again == invoice
