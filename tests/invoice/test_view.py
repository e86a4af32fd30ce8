"""The view holds everything: each term has a label, its number, its value, and an anchor."""

from __future__ import annotations

import re

import pytest
from lxml import etree, html

from invoice.checking import check_invoice
from invoice.model import Invoice
from invoice.parsing import parse_invoice
from invoice.plain_text import invoice_text
from invoice.rendering import invoice_html
from invoice.schema import schema_faults
from invoice.terms import GROUPS, LABELS
from tests.invoice import every_term
from tests.invoice.every_term import EXTENSION, SHOWN
from tests.invoice.miniature import UBL

BOTH = {"UBL": every_term.ubl, "CII": every_term.cii}
NUMBERS = {*range(1, 166)} - {4}
"""EN 16931-1 has no BT-4."""
SUBLINE = b"""<cac:SubInvoiceLine><cbc:ID>1.1</cbc:ID>
<cbc:InvoicedQuantity unitCode="C62">3</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">7.77</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Teil einer Leistung</cbc:Name></cac:Item>
<cac:SubInvoiceLine><cbc:ID>1.1.1</cbc:ID><cac:Item><cbc:Name>Teil des Teils</cbc:Name></cac:Item>
</cac:SubInvoiceLine></cac:SubInvoiceLine></cac:InvoiceLine>"""
THIRD_PARTY = b"""<cac:PrepaidPayment><cbc:ID>Wert BT-DEX-001</cbc:ID>
<cbc:PaidAmount currencyID="EUR">1002.25</cbc:PaidAmount>
<cbc:InstructionID>Wert BT-DEX-003</cbc:InstructionID></cac:PrepaidPayment><cac:AllowanceCharge>"""


def _page(data: bytes) -> html.HtmlElement:
    report = check_invoice(data)
    assert report.invoice is not None
    return html.fromstring(invoice_html(report.invoice))


def _texts_at(page: html.HtmlElement, term: str) -> list[str]:
    """The values at the anchors of this term, wherever they are."""
    wanted = re.compile(rf"(?:position-[\d-]+-)?{term.lower()}(?:-\d+)?\Z")
    found = [e for e in page.xpath("//*[@id]") if wanted.match(e.get("id"))]
    values = [value for element in found for value in element.xpath("(dd|td|self::span)[1]")]
    return [_plain(value.text_content()) for value in values]


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("syntax", BOTH)
def test_the_sample_of_every_term_is_valid_by_its_schema(syntax: str) -> None:
    root = etree.fromstring(BOTH[syntax]())

    assert schema_faults(root, "cii" if syntax == "CII" else "ubl-invoice") == []


def test_each_term_of_the_standard_has_a_german_name() -> None:
    named = {int(term[3:]) for term in LABELS if re.fullmatch(r"BT-\d+", term)}
    groups = {int(term[3:]) for term in GROUPS if re.fullmatch(r"BG-\d+", term)}

    assert named == NUMBERS
    assert groups == {*range(1, 33)}


@pytest.mark.parametrize("term", sorted(set(LABELS) - EXTENSION, key=lambda t: int(t[3:])))
@pytest.mark.parametrize("syntax", BOTH)
def test_each_term_is_shown_with_its_value_and_has_an_anchor(syntax: str, term: str) -> None:
    page = _PAGES.setdefault(syntax, _page(BOTH[syntax]()))

    assert _plain(SHOWN[term]) in _texts_at(page, term)


_PAGES: dict[str, html.HtmlElement] = {}


@pytest.mark.parametrize("syntax", BOTH)
def test_each_term_is_named_beside_its_value(syntax: str) -> None:
    page = _page(BOTH[syntax]())

    named = {term for small in page.xpath("//small") for term in small.text.split(", ")}

    assert set(LABELS) - EXTENSION <= named


@pytest.mark.parametrize("syntax", BOTH)
def test_the_plain_text_holds_every_value_too(syntax: str) -> None:
    text = invoice_text(parse_invoice(BOTH[syntax]()))

    assert [term for term in set(SHOWN) - EXTENSION if SHOWN[term] not in text] == []


def test_the_same_invoice_in_both_syntaxes_is_the_same_page() -> None:
    ubl, cii = parse_invoice(every_term.ubl()), parse_invoice(every_term.cii())

    assert ubl == cii
    assert invoice_html(ubl) == invoice_html(cii)
    assert invoice_text(ubl) == invoice_text(cii)


def test_what_only_the_extension_knows_is_shown_too() -> None:
    data = every_term.ubl().replace(b"</cac:InvoiceLine>", SUBLINE, 1)
    page = _page(data.replace(b"<cac:AllowanceCharge>", THIRD_PARTY, 1))

    below = page.get_element_by_id("position-1-1").text_content()
    deepest = page.get_element_by_id("position-1-1-1").text_content()

    assert all(said in below for said in ("1.1", "Teil einer Leistung", "3", "7,77"))
    assert "Teil des Teils" in deepest
    for term in EXTENSION:
        assert _plain(SHOWN[term]) in _texts_at(page, term)


def test_attributes_of_a_clean_vehicle_are_shown_with_name_and_value() -> None:
    data = (
        every_term.ubl().replace(b"Wert BT-160", b"cva").replace(b"Wert BT-161", b"zero-emission")
    )
    page = _page(data)

    assert list(_texts_at(page, "BT-160")) == ["cva"]
    assert list(_texts_at(page, "BT-161")) == ["zero-emission"]


@pytest.mark.parametrize(
    ("good", "bad", "term"),
    [
        (b"<cbc:IssueDate>2026-03-03", b"<cbc:IssueDate>03.03.2026", "BT-2"),
        (b'currencyID="EUR">1115.25', b'currencyID="EUR">viel', "BT-115"),
    ],
)
def test_what_cannot_be_read_is_shown_as_it_stands(good: bytes, bad: bytes, term: str) -> None:
    data = every_term.ubl()
    assert good in data

    page = _page(data.replace(good, bad))

    assert any(
        bad.decode().rpartition(">")[2] in text and "nicht lesbar" in text
        for text in _texts_at(page, term)
    )


def test_signs_that_turn_text_around_are_made_visible() -> None:
    data = every_term.ubl().replace(b"Wert BT-27<", "Muster\u202eGmbH<".encode())

    page = invoice_html(parse_invoice(data))

    assert "\u202e" not in page
    assert "Muster\N{REPLACEMENT CHARACTER}GmbH" in page


def test_a_value_of_many_pages_is_cut_and_says_so() -> None:
    data = every_term.ubl().replace(b"Wert BT-22", b"x" * 190_000)

    page = invoice_html(parse_invoice(data))

    assert len(page) < 100_000
    assert "gekürzt" in page


def _of_lines(count: int) -> bytes:
    head, rest = every_term.ubl().split(b"<cac:InvoiceLine>", 1)
    line, foot = rest.split(b"</cac:InvoiceLine>", 1)
    lines = (
        b"<cac:InvoiceLine>" + line.replace(b"Wert BT-126", b"%d" % n) + b"</cac:InvoiceLine>"
        for n in range(1, count + 1)
    )
    return head + b"".join(lines) + foot


def test_many_lines_come_in_parts() -> None:
    invoice: Invoice = parse_invoice(_of_lines(450))

    first, last = (html.fromstring(invoice_html(invoice, part=part)) for part in (1, 3))

    assert len(first.xpath("//tr[starts-with(@id, 'position-')]")) == 200
    assert len(last.xpath("//tr[starts-with(@id, 'position-')]")) == 50
    assert first.xpath("//nav//a/@href") == [f"?teil={n}#positionen" for n in (1, 2, 3)]
    assert "401 bis 450 von 450" in last.text_content()


def test_a_line_with_a_finding_is_on_every_part() -> None:
    data = _of_lines(450).replace(b"<cbc:ID>433</cbc:ID>", b"<cbc:ID> </cbc:ID>")
    report = check_invoice(data)
    assert report.invoice is not None

    page = html.fromstring(invoice_html(report.invoice, report.findings))

    assert page.get_element_by_id("position-433-bt-126") is not None


@pytest.mark.parametrize("code", ["30", "31", "42", "58"])
def test_every_usual_code_of_a_transfer_has_a_word(code: str) -> None:
    page = _page(
        UBL.replace(b">58</cbc:PaymentMeansCode>", f">{code}</cbc:PaymentMeansCode>".encode())
    )

    (shown,) = _texts_at(page, "BT-81")

    assert shown.endswith(f" ({code})")
