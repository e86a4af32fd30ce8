"""Files of any format: ZUGFeRD, PDFs that are only images, and PDFs that mean harm."""

from __future__ import annotations

import io
import time
import zlib
from pathlib import Path

import pytest
import typst
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from invoice.checking import Verdict
from invoice.documents import check_document, invoice_in, read_document
from invoice.errors import PdfRefused
from invoice.parsing import parse_invoice
from invoice.pdf.reading import read_pdf

SAMPLES = Path(__file__).parents[2] / "processes" / "rechnungseingang" / "samples"
CII = (SAMPLES / "02_jugendamt_cii.xml").read_bytes()
SHOWN = "Rechnung KR-2026-0219, Gesamtbetrag 3.340,92 EUR auf DE64 9999 9999 0000 0200 20"


def image(text: str = SHOWN) -> bytes:
    return typst.compile(text.encode())


def carrying(*files: tuple[str, bytes], text: str = SHOWN) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(image(text)))
    for name, content in files:
        writer.add_attachment(name, content)
    return saved(writer)


def saved(writer: PdfWriter) -> bytes:
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def bomb(pages: int = 1) -> bytes:
    """300 KB of page content that inflate to 300 MB."""
    packed = zlib.compress(b" " * 300_000_000, 9)
    kids = " ".join(["3 0 R"] * pages)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    made, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 5\n0000000000 65535 f \n" + rows
    trailer = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(made)
    return made + table + trailer


@pytest.mark.parametrize(
    "name", ["factur-x.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml"]
)
def test_the_xml_of_a_zugferd_pdf_is_the_invoice_under_every_name_it_had(name: str) -> None:
    data = carrying((name, CII))

    report = check_document(data)

    assert (report.verdict, report.findings) == (Verdict.ACCEPTABLE, ())
    assert invoice_in(data) == parse_invoice(CII)


def test_an_order_in_a_pdf_is_no_invoice() -> None:
    report = check_document(carrying(("order-x.xml", CII)))

    assert [f.rule for f in report.findings] == ["SONSTIGE"]
    assert report.invoice is None


def test_several_xml_files_go_to_a_person_who_is_told_their_names() -> None:
    report = check_document(carrying(("factur-x.xml", CII), ("../../etc/other.xml", b"<a/>")))

    assert report.verdict is Verdict.TO_CLARIFY
    assert "„factur-x.xml“" in report.findings[0].text
    assert "„other.xml“" in report.findings[0].text
    assert "../" not in report.findings[0].text


@pytest.mark.parametrize("profile", ["minimum", "basicwl"])
@pytest.mark.parametrize("refused", [True, False])
def test_a_profile_that_is_no_invoice_is_refused_only_where_the_tenant_wants_so(
    profile: str, refused: bool
) -> None:
    small = CII.replace(
        parse_invoice(CII).specification.encode(),  # type: ignore[union-attr]
        f"urn:factur-x.eu:1p0:{profile}".encode(),
    )

    report = check_document(carrying(("factur-x.xml", small)), others_refused=refused)

    assert [(f.rule, f.refusal) for f in report.findings] == [("SONSTIGE", refused)]
    assert report.verdict is Verdict.TO_CLARIFY
    assert report.invoice is None
    assert report.stated is not None
    assert report.stated.number == "KR-2026-0219"


def test_what_the_xml_below_an_invoice_says_otherwise_than_the_image_is_told() -> None:
    named = (parse_invoice(CII).specification or "").encode()
    small = CII.replace(named, b"urn:factur-x.eu:1p0:minimum")

    report = check_document(
        carrying(("factur-x.xml", small), text=SHOWN.replace("3.340,92", "9.340,92"))
    )

    assert [f.rule for f in report.findings] == ["SONSTIGE", "PDF-XML"]


def test_zugferd_basic_without_a_pdf_has_no_image_to_compare_with() -> None:
    """The rules of EN 16931 alone decide on it."""
    named = (parse_invoice(CII).specification or "").encode()
    basic = CII.replace(named, b"urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic")

    report = check_document(basic)

    assert (report.verdict, report.profile) == (Verdict.ACCEPTABLE, "ZUGFeRD BASIC")
    assert report.invoice is not None


def test_zugferd_basic_is_compared_by_a_person_and_never_refused_for_its_format() -> None:
    named = parse_invoice(CII).specification or ""
    basic = CII.replace(
        named.encode(), b"urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic"
    )

    report = check_document(carrying(("factur-x.xml", basic)), others_refused=True)

    assert report.verdict is Verdict.TO_CLARIFY
    assert [(f.rule, f.refusal) for f in report.findings] == [("SONSTIGE", False)]
    assert "ist eine E-Rechnung" in report.findings[0].hint
    assert report.invoice is not None
    assert report.invoice.number == "KR-2026-0219"


@pytest.mark.parametrize(
    ("shown", "term"),
    [
        (SHOWN.replace("0219", "0218"), "BT-1"),
        (SHOWN.replace("3.340,92", "13.340,92"), "BT-112"),
        (SHOWN.replace("0200 20", "0200 21"), "BT-84"),
    ],
)
def test_what_the_image_shows_otherwise_is_named_to_a_person(shown: str, term: str) -> None:
    report = check_document(carrying(("factur-x.xml", CII), text=shown))

    assert report.verdict is Verdict.TO_CLARIFY
    assert [(f.rule, f.place) for f in report.findings] == [("PDF-XML", term)]
    assert report.findings[0].path


@pytest.mark.parametrize("written", ["3340,92", "3.340,92", "3,340.92", "3 340,92", "3340.92"])
def test_an_amount_is_found_in_every_usual_writing(written: str) -> None:
    report = check_document(
        carrying(("factur-x.xml", CII), text=SHOWN.replace("3.340,92", written))
    )

    assert report.findings == ()


def test_a_scan_cannot_be_compared_and_says_so() -> None:
    report = check_document(carrying(("factur-x.xml", CII), text="#rect()"))

    assert [f.rule for f in report.findings] == ["PDF-BILD"]
    assert report.verdict is Verdict.TO_CLARIFY


def test_an_encrypted_pdf_is_refused() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(image()))
    writer.encrypt("geheim", algorithm="RC4-128")

    assert refusal(saved(writer)) == "encrypted"


def test_a_pdf_that_runs_javascript_is_refused_and_not_opened() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(image()))
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    data = saved(writer)

    assert refusal(data) == "active"
    assert not read_document(data).may_be_opened


ACTION = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def by_hand(catalogue: bytes, root: bytes = b"1 0 R", *, generation: int = 0) -> bytes:
    """A page without a word, and an action as the fourth object."""
    objects = [
        (0, catalogue),
        (0, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        (0, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"),
        (generation, ACTION),
    ]
    data, table = b"%PDF-1.7\n", b"0000000000 65535 f \n"
    for number, (of, words) in enumerate(objects, start=1):
        table += b"%010d %05d n \n" % (len(data), of)
        data += b"%d %d obj %s endobj\n" % (number, of, words)
    trailer = b"trailer << /Size 5 /Root %s >>\nstartxref\n%d\n%%%%EOF" % (root, len(data))
    return data + b"xref\n0 5\n" + table + trailer


OPENS = b"<< /Type /Catalog /Pages 2 0 R /OpenAction %s >>"


@pytest.mark.parametrize(
    "data",
    [
        by_hand(OPENS % b"4 0 R"),
        by_hand(OPENS % b"4 1 R", generation=1),
        by_hand(b"null", root=OPENS % ACTION, generation=7).replace(b"4 7 obj " + ACTION, b""),
        by_hand(OPENS % b"<< /S /SubmitForm /F (http://example.org) >>").replace(ACTION, b"null"),
    ],
    ids=["an object", "an object of a later generation", "the trailer", "a form that is sent"],
)
def test_what_acts_is_found_wherever_it_stands(data: bytes) -> None:
    assert refusal(data) == "active"


def test_a_bomb_is_refused_in_bounded_time() -> None:
    started = time.monotonic()

    assert refusal(bomb()) == "bomb"
    assert time.monotonic() - started < 20


def test_more_pages_than_anybody_sends_are_refused() -> None:
    writer = PdfWriter()
    for _ in range(2_001):
        writer.add_blank_page(9, 9)

    assert refusal(saved(writer)) == "pages"


@pytest.mark.parametrize("cut", [9, 200, 2_000])
def test_a_broken_pdf_gives_a_report(cut: int) -> None:
    report = check_document(image()[:cut])

    assert report.verdict is Verdict.TO_CLARIFY
    assert report.invoice is None


def test_a_reader_that_takes_too_long_is_killed() -> None:
    with pytest.raises(PdfRefused) as refused:
        read_pdf(carrying(("b.xml", b"<b/>")), seconds=0.001)

    assert refused.value.why == "time"


def refusal(data: bytes) -> str:
    with pytest.raises(PdfRefused) as refused:
        read_pdf(data)
    return refused.value.why


def _minimum() -> bytes:
    named = (parse_invoice(CII).specification or "").encode()
    return CII.replace(named, b"urn:factur-x.eu:1p0:minimum")


@pytest.mark.parametrize(
    "data",
    [
        CII,
        _minimum(),
        b"<letter/>",
        b"<!DOCTYPE a><a/>",
        image(),
        image()[:200],
        carrying(("factur-x.xml", CII)),
        carrying(("factur-x.xml", _minimum())),
        carrying(("factur-x.xml", b"<letter/>")),
        carrying(("factur-x.xml", CII), ("other.xml", b"<a/>")),
        by_hand(OPENS % b"4 0 R"),
    ],
    ids=[
        "XML", "XML below an invoice", "a letter", "what is not read", "an image", "half a PDF",
        "ZUGFeRD", "MINIMUM", "a PDF with a letter", "two files", "a PDF that acts",
    ],
)  # fmt: skip
def test_what_is_read_without_the_rules_is_what_the_check_read(data: bytes) -> None:
    report = check_document(data)

    found = read_document(data)

    assert (found.invoice, found.stated) == (report.invoice, report.stated)
    assert found.profile == report.profile
    assert found.may_be_opened == all(finding.rule != "PDF" for finding in report.findings)
