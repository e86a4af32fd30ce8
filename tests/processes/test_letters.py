"""The refusal as an accessible PDF, and what a supplier's texts cannot do in it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pypdf import PdfReader

from processes.rechnungseingang.letters import Fault, refusal_letter, refusal_pdf

CODE = '#panic("boom") *x* $y$ <script>alert(1)</script> #read("/etc/hostname") ] } \\'


def letter(write: Any, seller: str = CODE, **more: Any) -> bytes:
    row = SimpleNamespace(
        number=CODE,
        seller=seller,
        issued_on=date(2026, 11, 2),
        received_at=datetime(2026, 11, 3, tzinfo=UTC),
    )
    made: bytes = write(
        row,
        geschaeftszeichen="66-2026-1",
        unit="Tiefbauamt",
        faults=[Fault("Die Summe stimmt nicht.", "BT-112", "BR-CO-15", "Bitte neu rechnen.")],
        today=date(2026, 11, 5),
        **more,
    )
    return made


def test_the_pdf_is_tagged_titled_and_in_german() -> None:
    reader = PdfReader(io.BytesIO(letter(refusal_pdf)))

    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower().startswith("de")
    assert reader.xmp_metadata is not None
    assert "Zurückweisung" in str(reader.metadata.title if reader.metadata else "")


def test_texts_of_the_supplier_are_only_text_in_the_pdf() -> None:
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(letter(refusal_pdf))).pages)

    assert '#panic("boom") *x* $y$' in " ".join(text.split())
    assert '#read("/etc/hostname")' in " ".join(text.split())


def test_texts_of_the_supplier_are_only_text_in_the_page() -> None:
    assert b"<script>" not in letter(refusal_letter)


@pytest.mark.parametrize("write", [refusal_letter, refusal_pdf])
def test_without_a_signature_it_is_a_draft(write: Any) -> None:
    draft, signed = letter(write), letter(write, signed_by="Karla Kranz")

    assert draft != signed
    if write is refusal_letter:
        assert b"Entwurf" in draft
        assert b"Entwurf" not in signed


def test_the_letter_says_what_to_do_and_on_what_basis() -> None:
    page = letter(refusal_letter).decode()

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
