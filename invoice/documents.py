"""A received file, whatever its format: XML, a PDF with XML in it, a PDF that is only an image.

Invariant: one answer for all of them, a `Report`; what is no e-invoice in law is a "sonstige
Rechnung", which a person types in, and is refused for its format only where the tenant wants so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from invoice.checking import Finding, Report, Verdict, check_invoice
from invoice.errors import InvoiceRefused, NotAnInvoice, PdfRefused
from invoice.model import Invoice
from invoice.parsing import parse_invoice
from invoice.pdf.comparison import differences, has_text
from invoice.pdf.reading import EmbeddedXml, PdfContents, is_pdf, read_pdf
from invoice.places import place_of
from invoice.profiles import Profile, profile_of
from invoice.rules.rule import Klass

NAMES = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml"})
"""Factur-X and ZUGFeRD 2.1 on; ZUGFeRD 1 and 2.0, in both spellings; the XRECHNUNG profile."""
ORDERS = frozenset({"order-x.xml"})
REFUSED = "PDF"
"""The finding on a PDF that is not read."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, unchecked: `invoice`, `stated` and `profile` as a `Report` has them."""

    invoice: Invoice | None = None
    stated: Invoice | None = None
    profile: str | None = None
    may_be_opened: bool = True
    """By a person: not what the reader has refused."""


def check_document(
    data: bytes, received_on: date | None = None, *, others_refused: bool = False
) -> Report:
    """Check a file of any format. `others_refused`: only e-invoices are taken."""
    if not is_pdf(data):
        return check_invoice(data, received_on=received_on)
    try:
        contents = read_pdf(data)
    except PdfRefused as error:
        hint = "Bitte öffnen Sie die Datei nicht und bitten Sie den Absender um eine einwandfreie."
        return _without_invoice(_finding(REFUSED, str(error), hint))
    candidates = _candidates(contents)
    if len(candidates) > 1:
        return _without_invoice(_several(candidates))
    if not candidates:
        return _without_invoice(
            _other("Das PDF enthält keine strukturierten Daten.", others_refused)
        )
    return _check_embedded(candidates[0], contents, received_on, others_refused)


def read_document(data: bytes) -> Document:
    """Read a file of any format and ask no rule: for what was checked before."""
    try:
        invoice = invoice_in(data)
    except PdfRefused:
        return Document(may_be_opened=False)
    except (NotAnInvoice, InvoiceRefused):
        return Document()
    profile = profile_of(invoice.specification)
    if is_pdf(data) and not profile.is_an_invoice:
        return Document(stated=invoice, profile=profile.value)
    return Document(invoice, profile=profile.value)


def invoice_in(data: bytes) -> Invoice:
    """The invoice in the file, unchecked. Raises an InvoiceError."""
    return parse_invoice(xml_in(data))


def xml_in(data: bytes) -> bytes:
    """The XML of the file, whether it is all of it or lies in a PDF. Raises an InvoiceError."""
    if not is_pdf(data):
        return data
    candidates = _candidates(read_pdf(data))
    if len(candidates) != 1:
        raise NotAnInvoice("das PDF enthält nicht genau eine XML-Rechnung")
    return candidates[0].content


def _candidates(contents: PdfContents) -> list[EmbeddedXml]:
    """Any XML may be taken for the invoice by somebody else's software; an order never is."""
    return [each for each in contents.files if _base(each.name) not in ORDERS]


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].strip().lower()


def _check_embedded(
    xml: EmbeddedXml, contents: PdfContents, received_on: date | None, others_refused: bool
) -> Report:
    report = check_invoice(xml.content, received_on=received_on)
    if report.invoice is None:
        words = "Die XML-Datei im PDF ist keine Rechnung, die hier gelesen werden kann."
        return _without_invoice(_other(words, others_refused), *report.findings)
    profile = profile_of(report.invoice.specification)
    if not profile.is_an_invoice:
        words = f"Das Profil {profile.value} enthält keine vollständige Rechnung."
        other = _other(words, others_refused)
        made = _without_invoice(other, *_differing(report.invoice, contents))
        return replace(made, profile=profile.value, stated=report.invoice)
    told = [*_below(profile), *_unusual(xml, profile), *_compared(report.invoice, contents)]
    if not told:
        return report
    return replace(report, verdict=Verdict.TO_CLARIFY, findings=(*told, *report.findings))


def _below(profile: Profile) -> list[Finding]:
    """BASIC is an e-invoice in law, so never refused for its format, but below EN 16931: a person
    compares the head, which its XML fills in, with the image."""
    if profile is not Profile.ZUGFERD_BASIC:
        return []
    words = f"Das Profil {profile.value} liegt unter dem Umfang der EN 16931."
    hint = "Sie ist eine E-Rechnung. Bitte vergleichen Sie die Kopfdaten trotzdem mit dem Bild."
    return [_finding("SONSTIGE", words, hint)]


def _unusual(xml: EmbeddedXml, profile: Profile) -> list[Finding]:
    if _base(xml.name) in NAMES:
        return []
    words = f"Die XML-Datei im PDF heißt „{_shown(xml.name)}“, nicht wie ZUGFeRD es vorschreibt."
    hint = f"Bitte vergleichen Sie, ob sie ({profile.value}) die Rechnung ist, die das Bild zeigt."
    return [_finding("PDF-NAME", words, hint)]


def _compared(invoice: Invoice, contents: PdfContents) -> list[Finding]:
    if not has_text(contents):
        words = "Das PDF ist ein Bild ohne Text: es ließ sich nicht mit den XML-Daten vergleichen."
        hint = "Bitte vergleichen Sie Rechnungsnummer, Gesamtbetrag und IBAN selbst."
        return [_finding("PDF-BILD", words, hint)]
    return _differing(invoice, contents)


def _differing(invoice: Invoice, contents: PdfContents) -> list[Finding]:
    if not has_text(contents):
        return []
    hint = "Das PDF und seine XML-Daten widersprechen sich. Bitte fragen Sie beim Lieferanten nach."
    if not contents.whole:
        hint = "Nur die ersten Seiten wurden gelesen. Bitte vergleichen Sie selbst."
    found = []
    for each in differences(invoice, contents):
        place = place_of(invoice, each.group, each.field)
        told = _finding("PDF-XML", each.words, hint)
        found.append(replace(told, place=place.term, path=place.path, line=place.line))
    return found


def _several(candidates: list[EmbeddedXml]) -> Finding:
    names = ", ".join(f"„{_shown(each.name)}“" for each in candidates[:5])
    return _finding(
        "PDF-MEHRERE",
        f"Das PDF enthält {len(candidates)} verschiedene XML-Dateien: {names}.",
        "Welche gilt, ist unklar. Bitte erfassen Sie die Kopfdaten am Bild, oder lehnen Sie ab.",
    )


def _other(words: str, refused: bool) -> Finding:
    hint = "Es ist eine sonstige Rechnung. Bitte erfassen Sie die Kopfdaten am Bild."
    if refused:
        hint = (
            "Hier werden nur E-Rechnungen angenommen: XRechnung, oder ZUGFeRD ab dem Profil BASIC."
        )
    return replace(_finding("SONSTIGE", words, hint), refusal=refused)


def _without_invoice(*findings: Finding) -> Report:
    return Report(Verdict.TO_CLARIFY, None, None, findings, None)


def _finding(rule: str, text: str, hint: str) -> Finding:
    return Finding(rule, "fatal", Klass.FORMAT.value, "", "", 0, text, hint, refusal=False)


def _shown(name: str) -> str:
    """Names come from outside and may pretend to be paths."""
    return "".join(c for c in _base(name) if c.isprintable())[:80]
