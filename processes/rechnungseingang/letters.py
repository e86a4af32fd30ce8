"""Letters and reports as HTML documents for the Akte: the refusal, the report of the check.

Invariant: a refusal names each fault that entitles to refuse, in plain German, and never a mere
warning; the system only drafts it, a person signs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from unicodedata import normalize

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from invoice.checking import Finding, Report, Verdict
from invoice.formats import upright
from invoice.model import Invoice
from invoice.rules.rule import SEVERITIES
from invoice.terms import name_of
from processes.rechnungseingang.amounts import german
from processes.rechnungseingang.dates import local_day
from storage.database import Row

MEDIA_TYPE = "text/html; charset=utf-8"
PDF = "application/pdf"
TEMPLATES = Path(__file__).parent / "templates"
LONGEST_LINE = 200
"""Characters of a line of an address."""
_FOREIGN = re.compile(r"[^\x20-\x7e\xa0-\u024f\u2010-\u2027\u20ac\ufffd]")
"""What is neither Latin script nor a sign of it."""
BASIS = (
    "Grundlage sind die Norm EN 16931 und die von der Rechnung genannte Spezifikation sowie die "
    "§§ 14 und 14a des Umsatzsteuergesetzes."
)
DUTY = "Diese Angabe ist nach § 14 Abs. 4 UStG Pflicht."
VERDICTS = {
    Verdict.ACCEPTABLE: "annehmbar",
    Verdict.WITH_NOTES: "annehmbar, mit Hinweisen",
    Verdict.TO_CLARIFY: "von einem Menschen zu klären",
    Verdict.OBJECTED: "zu beanstanden",
}
"""No verdict says that an invoice is valid."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to refuse, as the supplier reads it."""

    text: str
    place: str = ""
    rule: str = ""
    hint: str = ""
    duty: str = ""

    def sentence(self) -> str:
        """All of it in one line."""
        where = ", ".join(each for each in (self.place, self.rule) if each)
        said = " ".join(each for each in (self.text, self.hint, self.duty) if each)
        return f"{said} ({where})" if where else said


def day(value: date | datetime | None) -> str:
    """`16.11.2026`; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{local_day(value) if isinstance(value, datetime) else value:%d.%m.%Y}"


templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: upright(value) if isinstance(value, str) else value,
)
templates.globals.update(name_of=name_of, severities=SEVERITIES)
templates.filters["day"] = day
templates.filters["amount"] = german


def faults_of(findings: Sequence[Finding]) -> list[Fault]:
    """The findings that entitle to refuse."""
    return [
        Fault(f.text, _where(f.place), f.rule, for_supplier(f.hint), _duty(f))
        for f in findings
        if f.refusal
    ]


def _duty(finding: Finding) -> str:
    """That the law demands it, unless the finding says so itself."""
    told = "§ 14" in finding.hint
    return DUTY if finding.mandatory_vat_field and not told else ""


def _where(place: str) -> str:
    """`Verkäufer: USt-IdNr. (BT-31)`."""
    name = name_of(place)
    return f"{name}, {place}" if name else place


def for_supplier(hint: str) -> str:
    """What is right, without what the clerk does about it (see `invoice.rules.rule.FIX`)."""
    return re.split(r"(?:^|(?<=\s))Bitten? ", hint, maxsplit=1)[0].strip()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a letter of refusal says. Without `signed_by` it is a draft; `correctable`: a better
    invoice of the same kind is welcome."""

    receipt: Row
    geschaeftszeichen: str
    unit: str
    faults: Sequence[Fault]
    today: date
    signed_by: str | None = None
    correctable: bool = True
    address: Sequence[str] = ()


def address_of(invoice: Invoice | None) -> list[str]:
    """Where a letter to the supplier goes: the lines of BG-5, the country where it is another."""
    found = None if invoice is None else invoice.seller.address
    if found is None:
        return []
    town = " ".join(part for part in (found.post_code, found.city) if part)
    country = None if found.country == "DE" else found.country
    lines = (found.line1, found.line2, found.line3, town, country)
    return [line[:LONGEST_LINE] for line in lines if line]


def _addressee(letter: Refusal | Reduction) -> list[str]:
    return [letter.receipt.seller or "An den Absender der Rechnung", *letter.address]


def refusal_page(letter: Refusal) -> bytes:
    """The letter as an HTML document."""
    said = {field: getattr(letter, field) for field in Refusal.__dataclass_fields__}
    addressee = _addressee(letter)
    template = templates.get_template("ablehnung.html")
    return template.render(said, addressee=addressee, basis=BASIS).encode()


def refusal_pdf(letter: Refusal) -> bytes:
    """The same letter as an accessible PDF (PDF/UA-1). What it says goes in as data, not as code:
    a supplier's name cannot be markup."""
    return _typeset(_spoken(letter), letter.today)


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a letter says of an invoice that is paid in part. It is a draft: a person sends it."""

    receipt: Row
    geschaeftszeichen: str
    unit: str
    stated: Decimal
    paid: Decimal
    reasons: Sequence[str]
    today: date
    address: Sequence[str] = ()


def reduction_pdf(letter: Reduction) -> bytes:
    """The draft as an accessible PDF (PDF/UA-1)."""
    return _typeset(_spoken_of_reduction(letter), letter.today)


def _spoken_of_reduction(letter: Reduction) -> dict[str, object]:
    receipt = letter.receipt
    what, cut = f"Ihre Rechnung {receipt.number}", letter.stated - letter.paid
    opening = (
        f"Ihre Rechnung über {german(letter.stated)} erkennen wir in Höhe von "
        f"{german(letter.paid)} an; um {german(cut)} haben wir sie gekürzt. Unsere Gründe:"
    )
    return {
        "title": f"Kürzung: {what}",
        "draft": True,
        "unit": letter.unit,
        "reference": letter.geschaeftszeichen,
        "addressee": _addressee(letter),
        "day": day(letter.today),
        "heading": f"{what} vom {day(receipt.issued_on or receipt.received_at)}",
        "opening": ["Guten Tag,", opening],
        "faults": list(letter.reasons),
        "closing": [
            "Wenn Sie damit nicht einverstanden sind oder Fragen haben, schreiben Sie uns bitte "
            "unter dem Geschäftszeichen.",
        ],
        "signature": "[Zeichnung]",
    }


def _spoken(letter: Refusal) -> dict[str, object]:
    """The letter's sentences, as templates/schreiben.typ sets them."""
    receipt = letter.receipt
    what = f"Ihre Rechnung {receipt.number}" if receipt.number else "Ihre Sendung"
    again = "; sie darf dieselbe Nummer tragen" if receipt.number else ""
    asked = (
        f"Bitte senden Sie uns eine berichtigte Rechnung{again}. Eine Zahlungsfrist beginnt erst, "
        "wenn sie bei uns eingegangen ist."
    )
    final = "Wir bearbeiten diese Rechnung nicht weiter; eine Zahlung leisten wir darauf nicht."
    opening = (
        f"wir haben {'Ihre Rechnung' if receipt.number else 'Ihre Sendung'} am "
        f"{day(receipt.received_at)} erhalten. Wir können sie so nicht als Rechnung annehmen und "
        "geben sie Ihnen zurück. Unsere Gründe:"
    )
    return {
        "title": f"Ablehnung: {what}",
        "draft": letter.signed_by is None,
        "unit": letter.unit,
        "reference": letter.geschaeftszeichen,
        "addressee": _addressee(letter),
        "day": day(letter.today),
        "heading": f"{what} vom {day(receipt.issued_on or receipt.received_at)}",
        "opening": ["Guten Tag,", opening],
        "faults": [fault.sentence() for fault in letter.faults],
        "closing": [
            BASIS,
            asked if letter.correctable else final,
            "Wenn Sie Fragen haben, nennen Sie uns bitte das Geschäftszeichen.",
        ],
        "signature": letter.signed_by or "[Zeichnung]",
    }


def _typeset(words: Mapping[str, object], today: date) -> bytes:
    """The PDF. A character that no font has would be no accessible text: where there is one, all
    of foreign scripts are shown as such, and the page beside it has them as they came."""
    import typst  # noqa: PLC0415 large, and only letters need it

    letter = upright(json.dumps(words, ensure_ascii=False))

    def made(text: str) -> bytes:
        pdf: bytes = typst.compile(
            TEMPLATES / "schreiben.typ",
            root=TEMPLATES,
            sys_inputs={"letter": text},
            pdf_standards=["ua-1"],
            timestamp=int(datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp()),
        )
        return pdf

    try:
        return made(letter)
    except typst.TypstError:
        return made(_FOREIGN.sub("\N{REPLACEMENT CHARACTER}", normalize("NFC", letter)))


def check_report(sha256: str, received_at: datetime, report: Report, at: datetime) -> bytes:
    """The verdict with all findings, for the Akte."""
    verdict = VERDICTS[report.verdict]
    template = templates.get_template("pruefbericht.html")
    return template.render(
        sha256=sha256, received_at=received_at, report=report, verdict=verdict, at=at
    ).encode()
