"""BR-TMP: what XRechnung asks until EN 16931 or the bindings to its syntaxes ask it.

`book` holds those since 3.0, `since_autumn_2026` those that the bundle of 2026-08-31 (Schematron
2.6.0) added as warnings: a reference to a paper holds one description and one file, and a day is
written as the syntax writes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from invoice.elements import below, trimmed
from invoice.model import Group, Invoice, SupportingDocument
from invoice.rules.rule import BySyntax, Klass, RuleBook, nothing

book = RuleBook()
rule = book.rule
since_autumn_2026 = RuleBook()

_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."


def _linked(invoice: Invoice) -> Sequence[Any]:
    if invoice.syntax != "cii":
        return [r for r in invoice.references if r.links]
    return [r for r in invoice.references if r.uri is not None and r.type_code == "916"]


_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")


@rule("BR-TMP-2", _linked, "uri", "Der Verweis auf eine Unterlage ist keine vollständige Adresse.",
      "Sie muss mit einem Verfahren beginnen, etwa https:. Die Unterlage bitte anfordern.",
      terms="BT-124", severity="warning")  # fmt: skip
def link_is_absolute(found: SupportingDocument, _: Invoice) -> bool:
    written = (found.indented or {}).get("uri", found.uri)
    return _ADDRESS.match(written or "") is not None


def _cii_lines(invoice: Invoice) -> Sequence[Any]:
    return invoice.lines if invoice.syntax == "cii" else ()


@rule("BR-TMP-3", _cii_lines, "price.base_quantity",
      "Die Preisbasis von Brutto- und Nettopreis einer Position ist verschieden.",
      "BT-149 und BT-150 müssen bei beiden Preisen gleich sein. " + _FIX,
      terms="BT-149 BT-150")  # fmt: skip
def one_price_base(line: Any, _: Invoice) -> bool:
    price = line.price
    if price.net_base is None or price.gross_base is None:
        return True
    units = (price.net_base.scheme, price.gross_base.scheme)
    return price.net_base.value == price.gross_base.value and (
        None in units or units[0] == units[1]
    )


# Since autumn 2026


def _papers(invoice: Invoice) -> Sequence[Any]:
    agreements = invoice.named("ram:ApplicableHeaderTradeAgreement")
    found = [below(each, "ram:AdditionalReferencedDocument") for each in agreements]
    return [Group(source=paper) for papers in found for paper in papers]


def _at_most_one(rule_id: str, name: str, term: str, text: str) -> None:
    since_autumn_2026.rule(
        rule_id, BySyntax(_papers, nothing), "", text, "Für jede weitere eine eigene Unterlage "
        "(BG-24) angeben.", terms=term, severity="warning", klass=Klass.FORMAT,
    )(lambda found, _: len(below(found.source, name)) <= 1)  # fmt: skip


_at_most_one("BR-TMP-4", "ram:Name", "BT-123", "Eine Unterlage hat mehrere Beschreibungen.")
_at_most_one("BR-TMP-5", "ram:AttachmentBinaryObject", "BT-125",
             "Eine Unterlage enthält mehrere Dateien.")  # fmt: skip

_UBL_DAYS = (
    "cbc:IssueDate", "cbc:DueDate", "cbc:PaymentDueDate", "cbc:TaxPointDate", "cbc:StartDate",
    "cbc:EndDate", "cbc:ActualDeliveryDate",
)  # fmt: skip
_CII_DAYS = "udt:DateTimeString", "udt:DateString", "qdt:DateTimeString"
_UBL_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_CII_DAY = re.compile(r"\d{8}\Z")


def _ubl_days(invoice: Invoice) -> Sequence[Any]:
    return [Group(source=e) for name in _UBL_DAYS for e in invoice.named(name)]


def _cii_days(invoice: Invoice) -> Sequence[Any]:
    return [Group(source=e) for name in _CII_DAYS for e in invoice.named(name)]


@since_autumn_2026.rule(
    "BR-TMP-6", BySyntax(nothing, _ubl_days), "", "Ein Datum ist nicht in der Form JJJJ-MM-TT "
    "angegeben.", "Auch eine Zeitzone gehört nicht dazu. " + _FIX, severity="warning",
    klass=Klass.FORMAT,
)  # fmt: skip
def ubl_day_is_plain(found: Group, _: Invoice) -> bool:
    assert found.source is not None
    return _UBL_DAY.match(trimmed(found.source)) is not None


@since_autumn_2026.rule(
    "BR-TMP-7", BySyntax(_cii_days, nothing), "", "Ein Datum ist nicht in der Form JJJJMMTT mit "
    "dem Format 102 angegeben.", _FIX, severity="warning", klass=Klass.FORMAT,
)  # fmt: skip
def cii_day_is_plain(found: Group, _: Invoice) -> bool:
    assert found.source is not None
    is_102 = found.source.get("format") == "102"
    return is_102 and _CII_DAY.match(trimmed(found.source)) is not None
