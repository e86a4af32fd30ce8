"""Whether a PDF shows what its XML says: number, total, IBAN.

Invariant: what is paid comes from the XML, what a person sees from the image; where the two
differ, somebody has to look, and is told what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from invoice.model import Group, Invoice
from invoice.pdf.reading import PdfContents

FEWEST_CHARACTERS = 40
"""A page with less text than this is an image of a page."""

_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that the image does not show as the XML has it."""

    group: Group
    field: str
    words: str


def has_text(contents: PdfContents) -> bool:
    """Whether there is text to compare with; a scan has none."""
    return len("".join(contents.text.split())) >= FEWEST_CHARACTERS


def differences(invoice: Invoice, contents: PdfContents) -> Iterator[Difference]:
    """What the XML says and the visible text does not."""
    compact = "".join(contents.text.split()).casefold()
    number = "".join((invoice.number or "").split())
    if number and number.casefold() not in compact:
        words = f"Die Rechnungsnummer {number} steht nicht im PDF-Bild."
        yield Difference(invoice, "number", words)
    yield from _total(invoice, contents.text)
    iban = "".join((invoice.iban or "").split())
    if iban and iban.casefold() not in compact:
        seen = sorted({"".join(found[0].split()) for found in _IBAN.finditer(contents.text)})
        shown = f" Es zeigt {', '.join(seen[:3])}." if seen else ""
        words = f"Die IBAN {iban} steht nicht im PDF-Bild.{shown}"
        yield Difference(invoice.account or invoice, "iban", words)


def _total(invoice: Invoice, text: str) -> Iterator[Difference]:
    stated = invoice.totals.gross
    if stated is not None and not _shows(text, stated):
        amount = f"{stated:.2f}".replace(".", ",")
        words = f"Der Gesamtbetrag {amount} steht nicht im PDF-Bild."
        yield Difference(invoice.totals, "gross", words)


def _shows(text: str, amount: Decimal) -> bool:
    """The amount in any usual writing, not as a part of a longer number."""
    whole, _, cents = f"{abs(amount):.2f}".partition(".")
    groups = f"{int(whole):,}".split(",")
    written = r"[.,'’\s]?".join(groups)
    return re.search(rf"(?<!\d)(?<!\d[.,'’]){written}[.,]{cents}(?!\d)", text) is not None
