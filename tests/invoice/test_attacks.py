"""What a hostile sender may try. Nothing is read, fetched, expanded or executed for it."""

from __future__ import annotations

import base64
import re
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from invoice.attachments import MAX_ATTACHMENT, Attachment
from invoice.checking import Verdict, check_invoice
from invoice.errors import AttachmentRefused, InvoiceRefused
from invoice.parsing import parse_invoice
from invoice.plain_text import invoice_text
from invoice.reading import MAX_BYTES, read_tree
from invoice.rendering import LINES_A_PART, invoice_html

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()
CII = (SAMPLES / "cii_jugendamt.xml").read_bytes()
NS = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"

XXE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "'
    + b"&a;" * 100
    + b'"><!ENTITY c "'
    + b"&b;" * 100
    + b'">]>'
)


def _after_declaration(data: bytes, insert: bytes) -> bytes:
    head, body = data.split(b"?>", 1)
    return head + b"?>" + insert + body


@pytest.mark.parametrize("doctype", [XXE, BOMB, b"<!DOCTYPE x>", b'<!DOCTYPE x SYSTEM "x.dtd">'])
def test_a_document_type_is_refused(doctype: bytes) -> None:
    with pytest.raises(InvoiceRefused):
        parse_invoice(_after_declaration(UBL, doctype))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-7"])
def test_a_document_type_is_refused_in_whatever_encoding(encoding: str) -> None:
    text = _after_declaration(UBL, BOMB).decode().replace("UTF-8", encoding)

    report = check_invoice(text.encode(encoding))

    assert report.verdict is Verdict.TO_CLARIFY
    assert report.findings[0].rule in ("invoice_refused", "not_an_invoice")


HOSTILE = {
    "too many bytes": b"<a>" + b" " * MAX_BYTES + b"</a>",
    "attributes": b"<a " + b" ".join(b'a%d="1"' % n for n in range(1_000_000)) + b"/>",
    "depth": b"<a>" * 100_000 + b"</a>" * 100_000,
    "some depth": f'<Invoice xmlns="{NS}">'.encode() + b"<a>" * 500 + b"</a>" * 500 + b"</Invoice>",
    "elements": b"<a>" + b"<b/>" * 6_000_000 + b"</a>",
    "a million lines": f'<Invoice xmlns="{NS}">'.encode() + b"<a/>" * 1_000_000 + b"</Invoice>",
    "attributes on lines of their own": b"<a "
    + b" ".join(b"a%d=\n'1'" % n for n in range(300_000))
    + b"/>",
    "namespaces": b"<a " + b" ".join(b'xmlns:a%d="u"' % n for n in range(1_000_000)) + b"/>",
    "a name": f'<Invoice xmlns="{NS}"><'.encode() + b"u" * 1_000_000 + b"/></Invoice>",
    "a namespace": f'<Invoice xmlns="{NS}"><b xmlns="'.encode()
    + b"u" * 1_000_000
    + b"'u\">"
    + b"<c/>" * 20_000
    + b"</b></Invoice>",
    "a text": UBL.replace(b"Baustelle", b"A" * 20_000_000),
    "an attribute's text": UBL.replace(b'"EUR"', b'"' + b"E" * 20_000_000 + b'"', 1),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_flood_is_refused_at_once(data: bytes) -> None:
    began = time.process_time()

    report = check_invoice(data)

    assert report.invoice is None
    assert report.findings[0].rule in ("invoice_refused", "not_an_invoice")
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "element",
    [
        b"<x%d_%d/>",
        b"<aBinaryObject " + b"x" * 900 + b'%d_%d=""/>',
        b"<aBinaryObject a='>' " + b"y" * 900 + b'%d_%d=""/>',
    ],
    ids=["elements", "attributes of files", "attributes behind what looks like an end"],
)
def test_names_that_nobody_knows_leave_nothing_behind_in_a_worker(element: bytes) -> None:
    page = resource.getpagesize()

    def held(document: int) -> int:
        names = b"".join(element % (document, n) for n in range(20_000))
        check_invoice(f'<Invoice xmlns="{NS}">'.encode() + names + b"</Invoice>")
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    before = [held(n) for n in range(3)][-1]
    after = [held(n) for n in range(3, 9)][-1]

    assert after - before < 30_000_000  # else some 20 MB a document


def test_what_is_nested_too_deep_is_not_opened() -> None:
    report = check_invoice(b"<a>" * 100_000 + b"</a>" * 100_000)

    assert report.findings[0].rule == "invoice_refused"
    assert "verschachtelt" in report.findings[0].hint


def test_a_page_shows_no_more_rows_than_a_browser_bears() -> None:
    invoice = parse_invoice(HEAD + b"<cac:InvoiceLine/>" * 10_000 + b"</Invoice>")

    page = invoice_html(invoice)

    assert page.count('<tr id="position-') == LINES_A_PART
    assert "von 10000" in page


def test_a_currency_of_any_length_stands_not_beside_every_amount() -> None:
    invoice = parse_invoice(UBL.replace(b">EUR</cbc:Doc", b">" + b"E" * 100_000 + b"</cbc:Doc"))

    assert len(invoice_html(invoice)) < 300_000


def test_an_attachment_beyond_the_cap_is_not_decoded() -> None:
    bomb = Attachment("A" * (MAX_ATTACHMENT * 2), "application/pdf", "bombe.pdf")

    with pytest.raises(AttachmentRefused):
        _ = bomb.content


@pytest.mark.parametrize("text", ["nicht base64!", "QQ", "Q=Q=", "ÄÖÜ="])
def test_an_attachment_that_is_no_strict_base64_is_refused(text: str) -> None:
    with pytest.raises(AttachmentRefused):
        _ = Attachment(text, "application/pdf", "a.pdf").content


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\rechnung.pdf", "rechnung.pdf"),
        ("a\x00b\u202egnp.pdf", "abgnp.pdf"),
        ("..", "Anhang"),
        (None, "Anhang"),
    ],
)
def test_an_attachments_name_is_for_display_only(given: str | None, shown: str) -> None:
    assert Attachment("QQ==", None, given).name == shown


def test_an_attachment_that_is_not_what_it_claims_to_be_is_seen_through() -> None:
    program = Attachment(
        base64.b64encode(b"MZ\x90\x00" + bytes(60)).decode(), "application/pdf", ""
    )
    page = Attachment(base64.b64encode(b"%PDF-1.7\n%abc").decode(), "application/pdf", "")

    assert program.media_type != "application/pdf"
    assert page.media_type == "application/pdf"


def test_a_script_in_free_text_stays_text() -> None:
    evil = b"&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"
    data = UBL.replace(b"Baustelle", evil).replace(b"Kulanz", evil).replace(b"Verkehrs", evil)
    report = check_invoice(data)
    assert report.invoice is not None

    page = invoice_html(report.invoice, report.findings)

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_a_terminal_is_told_no_control_sequences() -> None:
    invoice = parse_invoice(UBL.replace(b"Baustelle", "\u009b31mBau\u202e".encode()))

    text = invoice_text(invoice)

    assert "\u009b" not in text
    assert "\u202e" not in text


def test_numbers_beyond_reason_do_no_harm() -> None:
    data = UBL.replace(b"7544.60", b"9" * 59).replace(b"6440.00", b"9" * 5000)
    data = data.replace(b"TAGE=14", b"TAGE=" + b"9" * 5000)

    report = check_invoice(data)

    assert report.invoice is not None
    assert report.verdict is Verdict.OBJECTED
    assert invoice_html(report.invoice, report.findings)
    assert invoice_text(report.invoice, report.findings)


def test_a_fault_in_every_line_is_told_a_bounded_number_of_times() -> None:
    head, rest = UBL.split(b"<cac:InvoiceLine>", 1)
    data = head + b"<cac:InvoiceLine/>" * 3000 + b"<cac:InvoiceLine>" + rest

    began = time.process_time()
    report = check_invoice(data)

    assert {"BR-21", "BR-22", "BR-25"} <= {f.rule for f in report.findings}
    assert len(report.findings) < 1000
    assert time.process_time() - began < 5


HEAD, LINE = UBL.split(b"<cac:InvoiceLine>", 1)
LINE = b"<cac:InvoiceLine>" + LINE.split(b"</cac:InvoiceLine>")[0] + b"</cac:InvoiceLine>"
ALLOWANCE = (
    b"<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
    b'<cbc:Amount currencyID="EUR">1</cbc:Amount></cac:AllowanceCharge>'
)
ATTACHED = (
    b"<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment>"
    b'<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="a.pdf">%s'
    b"</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    b"<cac:AccountingSupplierParty>"
)


def rated(data: bytes, times: int) -> bytes:
    """Each line and each row of the VAT breakdown so often, every time at another rate."""
    line = re.search(
        rb"<ram:IncludedSupplyChainTradeLineItem>.*?</ram:IncludedSupplyChainTradeLineItem>",
        data, re.DOTALL,
    )  # fmt: skip
    row = re.search(
        rb"<ram:ApplicableTradeTax>\s*<ram:CalculatedAmount>.*?</ram:ApplicableTradeTax>",
        data, re.DOTALL,
    )  # fmt: skip
    assert line
    assert row
    for part in (row[0], line[0]):
        rate = re.compile(rb"(<ram:RateApplicablePercent>)[^<]*")
        many = (rate.sub(rb"\g<1>%d.%02d" % divmod(n, 100), part) for n in range(times))
        data = data.replace(part, b"".join(many))
    return data


WIDE = {
    "a rate for each line": rated(CII, 6_000),
    "lines": HEAD + LINE * 10_000 + b"</Invoice>",
    "empty lines": HEAD + b"<cac:InvoiceLine/>" * 100_000 + b"</Invoice>",
    "empty elements": HEAD + b"<cbc:Note/>" * 240_000 + b"</Invoice>",
    "empty codes": HEAD + b"<cbc:DocumentCurrencyCode/>" * 240_000 + b"</Invoice>",
    "allowances": UBL.replace(b"<cac:AllowanceCharge>", ALLOWANCE * 10_000 + ALLOWANCE[:21], 1),
    "an attachment": UBL.replace(
        b"<cac:AccountingSupplierParty>", ATTACHED % (b"QUJD" * 4_000_000), 1
    ),
    "a comment made to be searched": UBL + b"<!--" + b"xmlns" * 4_000_000 + b"<a-->",
    "digits": UBL.replace(b"6440.00", b"9" * 190_000),
    "an exponent": UBL.replace(b"6440.00", b"1e999999999"),
    "decimals": UBL.replace(b"6440.00", b"0." + b"3" * 190_000),
    "words": UBL.replace(b"Baustelle", b"&lt;script&gt;" * 20_000),
}


@pytest.mark.parametrize("data", WIDE.values(), ids=WIDE.keys())
def test_a_flood_inside_of_what_is_allowed_is_checked_in_bounded_time(data: bytes) -> None:
    began = time.process_time()

    report = check_invoice(data)

    assert report.invoice is not None
    assert len(report.findings) < 1000
    assert sum(len(f.text) + len(f.hint) + len(f.path) for f in report.findings) < 1_000_000
    assert time.process_time() - began < 20


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_taken_out_of_an_invoice_gives_a_report(data: st.DataObject) -> None:
    root = etree.fromstring(data.draw(st.sampled_from([UBL, CII])))
    for _ in range(data.draw(st.integers(1, 6))):
        elements = list(root.iter())[1:]
        if not elements:
            break
        victim = data.draw(st.sampled_from(elements))
        change = data.draw(st.sampled_from(["remove", "empty", "garble", "double"]))
        parent = victim.getparent()
        assert parent is not None
        if change == "remove":
            parent.remove(victim)
        elif change == "double":
            parent.append(etree.fromstring(etree.tostring(victim)))
        else:
            victim.text = "" if change == "empty" else data.draw(st.text("0aB-.# \n", max_size=9))

    report = check_invoice(etree.tostring(root))

    assert report.invoice is not None
    assert invoice_html(report.invoice, report.findings)
    assert report.as_json()["verdict"] in {v.value for v in Verdict}


def test_no_long_text_hides_beside_an_embedded_file() -> None:
    file = b"<cbc:EmbeddedDocumentBinaryObject>" + b"QUJD" * 60_000
    file += b"</cbc:EmbeddedDocumentBinaryObject>"
    note = b"<cbc:Note>" + b"x" * 200_001 + b"</cbc:Note>"

    with pytest.raises(InvoiceRefused, match="200000 Zeichen"):
        read_tree(HEAD + file + note + b"</Invoice>")
