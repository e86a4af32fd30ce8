"""The refusal as an accessible PDF, and what a supplier's texts cannot do in it."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pypdf import PdfReader

from invoice.checking import check_invoice
from invoice.parsing import parse_invoice
from processes.rechnungseingang import demo
from processes.rechnungseingang.letters import (
    DUTY,
    Fault,
    Refusal,
    address_of,
    check_report,
    faults_of,
    refusal_page,
    refusal_pdf,
)
from tests.processes.desk import UBL

CODE = '#panic("boom") *x* $y$ <script>alert(1)</script> #read("/etc/hostname") ] } \\'


def letter(write: Any, seller: str = CODE, **more: Any) -> bytes:
    row: Any = SimpleNamespace(
        number=CODE,
        seller=seller,
        issued_on=date(2026, 11, 2),
        received_at=datetime(2026, 11, 3, tzinfo=UTC),
    )
    fault = Fault("Die Summe stimmt nicht.", "BT-112", "BR-CO-15", "Bitte neu rechnen.")
    said = {"faults": [fault], **more}
    made: bytes = write(Refusal(row, "66-2026-1", "Tiefbauamt", today=date(2026, 11, 5), **said))
    return made


def test_the_letter_goes_to_the_sellers_address() -> None:
    invoice = parse_invoice(demo.samples()[0].data)
    address = address_of(invoice)

    page = letter(refusal_page, seller="Wegebau Lindental GmbH", address=address).decode()
    pdf = PdfReader(io.BytesIO(letter(refusal_pdf, seller="Wegebau", address=address)))

    assert address == ["Am Steinbruch 4", "99991 Lindental"]
    assert "Wegebau Lindental GmbH<br>Am Steinbruch 4<br>99991 Lindental" in page
    assert "Am Steinbruch 4" in pdf.pages[0].extract_text()
    assert address_of(None) == []


def test_the_pdf_is_tagged_titled_and_in_german() -> None:
    reader = PdfReader(io.BytesIO(letter(refusal_pdf)))

    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower().startswith("de")
    assert reader.xmp_metadata is not None
    assert "Ablehnung" in str(reader.metadata.title if reader.metadata else "")


def test_texts_of_the_supplier_are_only_text_in_the_pdf() -> None:
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(letter(refusal_pdf))).pages)

    assert '#panic("boom") *x* $y$' in " ".join(text.split())
    assert '#read("/etc/hostname")' in " ".join(text.split())


def test_texts_of_the_supplier_are_only_text_in_the_page() -> None:
    assert b"<script>" not in letter(refusal_page)


@pytest.mark.parametrize("write", [refusal_page, refusal_pdf])
def test_without_a_signature_it_is_a_draft(write: Any) -> None:
    draft, signed = letter(write), letter(write, signed_by="Karla Kranz")

    assert draft != signed
    if write is refusal_page:
        assert b"Entwurf" in draft
        assert b"Entwurf" not in signed


def test_the_letter_says_what_to_do_and_on_what_basis() -> None:
    page = letter(refusal_page).decode()

    assert "Bitte neu rechnen." in page
    assert "EN 16931" in page


@pytest.mark.parametrize(
    "seller",
    ["北京公司 Köln", "Firma 😀 Köln", "\ue000\U000f0000 Köln", "\x80\u0378 Köln", "회사 Köln"],
)
def test_a_name_that_no_font_has_stops_no_letter(seller: str) -> None:
    pdf = letter(refusal_pdf, seller=seller)

    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "Köln" in text
    assert "Unsere Gründe" in " ".join(text.split())


def test_letters_of_greek_names_are_printed_as_they_are() -> None:
    pdf = letter(refusal_pdf, seller="Ελλάδα Α.Ε.")

    assert "Ελλάδα" in "".join(p.extract_text() for p in PdfReader(io.BytesIO(pdf)).pages)


def undated() -> bytes:
    broken = re.sub(rb"<cbc:IssueDate>[^<]*</cbc:IssueDate>", b"", UBL)
    assert broken != UBL
    return re.sub(rb"(PayableAmount currencyID=.EUR.>)[^<]*", rb"\g<1>1", broken)


@pytest.mark.parametrize("write", [refusal_page, refusal_pdf])
def test_the_letter_says_which_fault_is_about_a_mandatory_fact_of_the_vat_act(write: Any) -> None:
    faults = faults_of(check_invoice(undated()).findings)

    page = letter(write, faults=faults)

    if write is refusal_page:
        text = page.decode()
    else:
        text = "".join(each.extract_text() for each in PdfReader(io.BytesIO(page)).pages)
    said = " ".join(text.split())
    assert {fault.rule: fault.duty for fault in faults}["BR-CO-16"] == ""
    assert said.count(DUTY) == len([f for f in faults if f.rule == "BR-03"]) == 1


def test_the_report_of_the_check_names_its_rules_and_what_the_vat_act_demands() -> None:
    report = check_invoice(undated())

    page = check_report("ab", datetime(2026, 11, 3, tzinfo=UTC), report, report_day())
    text = " ".join(page.decode().split())

    assert report.basis is not None
    assert report.basis.pack in text
    assert f"<dd>{report.basis.code_lists}</dd>" in text
    assert "in Kraft ab" in text
    assert ", Pflichtangabe nach § 14 UStG" in text
    assert ", keine Pflichtangabe nach § 14 UStG" in text


def test_the_report_on_what_was_no_invoice_names_no_rules() -> None:
    page = check_report("ab", report_day(), check_invoice(b"<letter/>"), report_day()).decode()

    assert "Codelisten" not in page


def report_day() -> datetime:
    return datetime(2026, 11, 3, tzinfo=UTC)
