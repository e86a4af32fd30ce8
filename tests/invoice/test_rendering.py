from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from lxml import html

from invoice import formats
from invoice.checking import check_invoice
from invoice.leitweg import leitweg_fault
from invoice.plain_text import invoice_text
from invoice.rendering import invoice_html
from invoice.skonto import Skonto, prose, skonti, skonto_is_well_formed

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()


def test_a_person_reads_the_invoice_in_german() -> None:
    report = check_invoice(UBL)
    assert report.invoice is not None

    page = invoice_html(report.invoice)

    for said in ("7.544,60\N{NO-BREAK SPACE}€", "02.12.2026", "DE27 0000 0000 0055 5012 34",
                 "Rheintal Tiefbau GmbH", "Rechnung TB-2026-0417", "aufmass.csv",
                 "2\N{NO-BREAK SPACE}% binnen 14 Tagen"):  # fmt: skip
        assert said in page


def test_tables_have_captions_and_heads_with_a_scope() -> None:
    invoice = check_invoice(UBL).invoice
    assert invoice is not None

    page = html.fromstring(invoice_html(invoice))

    assert page.xpath("count(//table)") == page.xpath("count(//table/caption)")
    assert page.xpath("count(//th[not(@scope)])") == 0
    assert page.xpath("count(//script)") == 0


def test_every_finding_links_to_a_field_that_is_on_the_page() -> None:
    data = UBL.replace(b"059990001-TIEFBAU-02", b"").replace(b"7544.60", b"1").replace(
        b"<cbc:Name>Verkehrssicherung</cbc:Name>", b"<cbc:Name/>"
    )  # fmt: skip
    report = check_invoice(data)
    assert report.invoice is not None

    page = html.fromstring(invoice_html(report.invoice, report.findings))

    ids = page.xpath("//@id")
    targets = [str(href)[1:] for href in page.xpath("//a/@href")]
    assert len(ids) == len(set(ids))
    assert {"bt-10", "bt-112", "position-2-bt-153"} <= set(targets) <= set(ids)


def test_the_plain_text_says_the_same() -> None:
    report = check_invoice(UBL)
    assert report.invoice is not None

    text = invoice_text(report.invoice)

    assert "Fälliger Betrag: 7.544,60\N{NO-BREAK SPACE}€" in text
    assert "Verkehrssicherung: 18 Std." in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1190", "1.190,00"), ("-0.5", "-0,50"), ("1234567.891", "1.234.567,891"), ("0", "0,00")],
)
def test_amounts_are_written_as_in_german(value: str, shown: str) -> None:
    assert formats.amount(Decimal(value)) == f"{shown}\N{NO-BREAK SPACE}€"


def test_discounts_are_read_from_the_terms_of_payment() -> None:
    terms = "#SKONTO#TAGE=14#PROZENT=2.00#\n#SKONTO#TAGE=7#PROZENT=3.00#BASISBETRAG=10.00#\nDanke\n"

    found = skonti(terms)

    assert found == (Skonto(7, Decimal("3.00"), Decimal("10.00")), Skonto(14, Decimal("2.00")))
    assert prose(terms) == "Danke"


@pytest.mark.parametrize(
    ("terms", "good"),
    [
        ("Zahlbar sofort", True),
        ("#SKONTO#TAGE=7#PROZENT=2.00#\n", True),
        ("#SKONTO#TAGE=7#PROZENT=2.00#", False),  # no newline behind it
        ("#SKONTO#TAGE=7#PROZENT=2.0#\n", False),
        ("#skonto#TAGE=7#PROZENT=2.00#\n", False),
    ],
)
def test_a_discount_that_cannot_be_read_is_noticed(terms: str, good: bool) -> None:
    assert skonto_is_well_formed(terms) is good


def test_a_leitweg_id_with_wrong_digits_is_a_word_of_caution() -> None:
    assert leitweg_fault("059990001-TIEFBAU-02") is None
    assert leitweg_fault("059990001-TIEFBAU-03") is not None
    assert leitweg_fault(None) is None


def test_the_page_says_whether_a_finding_is_about_a_mandatory_fact_of_the_vat_act() -> None:
    data = UBL.replace(b"<cbc:IssueDate>2026-11-02</cbc:IssueDate>", b"").replace(
        b'PayableAmount currencyID="EUR">7544.60', b'PayableAmount currencyID="EUR">1'
    )
    report = check_invoice(data)
    assert report.invoice is not None

    page = html.fromstring(invoice_html(report.invoice, report.findings))

    said = {
        str(each.text): "".join(each.getparent().itertext())
        for each in page.xpath("//p[@class='herkunft']/code")
    }
    assert "· Pflichtangabe nach § 14 UStG" in said["BR-03"]
    assert "· keine Pflichtangabe nach § 14 UStG" in said["BR-CO-16"]
    assert "§ 14" not in said["XSD"]  # it stands at no field, so nothing is known of it
