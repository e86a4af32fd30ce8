"""BR-CL: codes come from the lists that EN 16931 names.

These rules ask for elements wherever they stand, so they look at the source and not at the
model. `UBL_ROWS` and `CII_ROWS` say which elements hold codes of which list; what is in the lists
says the edition in force (`codes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from lxml import etree

from invoice.cii_parties import NAMES as CII_NAMES
from invoice.model import Group, Invoice
from invoice.rules.codes import CodeLists
from invoice.rules.rule import RuleBook
from invoice.shapes import flag, normal
from invoice.ubl_parties import NAMES as UBL_NAMES

book = RuleBook()

Only = Literal["", "allowance", "charge", "object", "not product", "not tax number", "ship to"]


@dataclass(frozen=True, slots=True)
class Row:
    """Elements (`parent/child`, any depth above) whose text or attribute is a code."""

    rule: str
    path: str
    codes: str
    attribute: str = ""
    only: Only = ""


_AMOUNTS = [
    "Amount",
    "BaseAmount",
    "PriceAmount",
    "TaxAmount",
    "TaxableAmount",
    "LineExtensionAmount",
    "TaxExclusiveAmount",
    "TaxInclusiveAmount",
    "AllowanceTotalAmount",
    "ChargeTotalAmount",
    "PrepaidAmount",
    "PayableRoundingAmount",
    "PayableAmount",
]
_SCHEME, _LIST, _UNIT = "schemeID", "listID", "unitCode"
_ALLOWANCE = "ram:SpecifiedTradeAllowanceCharge/ram:ReasonCode"

UBL_ROWS = (
    Row("01", "cbc:InvoiceTypeCode", "invoice_types"),
    Row("01", "cbc:CreditNoteTypeCode", "credit_note_types"),
    *(Row("03", f"cbc:{name}", "currencies", "currencyID") for name in _AMOUNTS),
    Row("04", "cbc:DocumentCurrencyCode", "currencies"),
    Row("05", "cbc:TaxCurrencyCode", "currencies"),
    Row("06", "cac:InvoicePeriod/cbc:DescriptionCode", "tax_points_ubl"),
    Row("07", "cac:AdditionalDocumentReference/cbc:ID", "references", _SCHEME, "object"),
    Row("07", "cac:DocumentReference/cbc:ID", "references", _SCHEME, "object"),
    Row("10", "cac:PartyIdentification/cbc:ID", "identifier_schemes", _SCHEME),
    Row("11", "cac:PartyLegalEntity/cbc:CompanyID", "identifier_schemes", _SCHEME),
    Row("13", "cac:CommodityClassification/cbc:ItemClassificationCode", "classifications", _LIST),
    Row("14", "cac:Country/cbc:IdentificationCode", "countries_ubl"),
    Row("15", "cac:OriginCountry/cbc:IdentificationCode", "countries_ubl"),
    Row("16", "cac:PaymentMeans/cbc:PaymentMeansCode", "payment_means"),
    Row("17", "cac:TaxCategory/cbc:ID", "categories"),
    Row("18", "cac:ClassifiedTaxCategory/cbc:ID", "categories"),
    Row("19", "cac:AllowanceCharge/cbc:AllowanceChargeReasonCode", "allowance_reasons",
        only="allowance"),
    Row("20", "cac:AllowanceCharge/cbc:AllowanceChargeReasonCode", "charge_reasons",
        only="charge"),
    Row("21", "cac:StandardItemIdentification/cbc:ID", "identifier_schemes", _SCHEME),
    Row("22", "cbc:TaxExemptionReasonCode", "exemptions"),
    Row("23", "cbc:InvoicedQuantity", "units", _UNIT),
    Row("23", "cbc:BaseQuantity", "units", _UNIT),
    Row("23", "cbc:CreditedQuantity", "units", _UNIT),
    Row("24", "cbc:EmbeddedDocumentBinaryObject", "mime", "mimeCode"),
    Row("25", "cbc:EndpointID", "endpoint_schemes", _SCHEME),
    Row("26", "cac:DeliveryLocation/cbc:ID", "identifier_schemes", _SCHEME),
)  # fmt: skip
CII_ROWS = (
    Row("01", "rsm:ExchangedDocument/ram:TypeCode", "document_types"),
    Row("03", "ram:TaxTotalAmount", "currencies", "currencyID"),
    Row("04", "ram:InvoiceCurrencyCode", "currencies"),
    Row("05", "ram:TaxCurrencyCode", "currencies"),
    Row("06", "ram:DueDateTypeCode", "tax_points_cii"),
    Row("07", "ram:ReferenceTypeCode", "references"),
    Row("08", "ram:SubjectCode", "subjects_cii"),
    Row("10", "ram:GlobalID", "identifier_schemes", _SCHEME, "not product"),
    Row("11", "ram:ID", "identifier_schemes", _SCHEME, "not tax number"),
    Row("13", "ram:ClassCode", "classifications", _LIST),
    Row("14", "ram:CountryID", "countries_cii"),
    Row("15", "ram:OriginTradeCountry/ram:ID", "countries_cii"),
    Row("16", "ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode", "payment_means"),
    Row("17", "ram:CategoryTradeTax/ram:CategoryCode", "categories"),
    Row("18", "ram:ApplicableTradeTax/ram:CategoryCode", "categories"),
    Row("19", _ALLOWANCE, "allowance_reasons", only="allowance"),
    Row("20", _ALLOWANCE, "charge_reasons", only="charge"),
    Row("21", "ram:SpecifiedTradeProduct/ram:GlobalID", "identifier_schemes", _SCHEME),
    Row("22", "ram:ExemptionReasonCode", "exemptions"),
    Row("23", "ram:BasisQuantity", "units", _UNIT),
    Row("23", "ram:BilledQuantity", "units", _UNIT),
    Row("24", "ram:AttachmentBinaryObject", "mime", "mimeCode"),
    Row("25", "ram:URIUniversalCommunication/ram:URIID", "endpoint_schemes", _SCHEME),
    Row("26", "ram:ShipToTradeParty/ram:GlobalID", "identifier_schemes", _SCHEME, "ship to"),
)

Prepared = tuple[str, str | None, Row]


def _prepared(rows: Sequence[Row], names: Any) -> dict[str, list[Prepared]]:
    """By rule: tag of the element, tag of its parent, row."""
    found: dict[str, list[Prepared]] = {}
    for row in rows:
        *parent, child = names.tags(row.path)
        found.setdefault(row.rule, []).append((child, parent[0] if parent else None, row))
    return found


_UBL, _CII = _prepared(UBL_ROWS, UBL_NAMES), _prepared(CII_ROWS, CII_NAMES)


def outside(
    rule: str, invoice: Invoice, *, codes: CodeLists, more: frozenset[str] = frozenset()
) -> Iterator[Group]:
    """The elements whose code is neither in its list nor one of `more`."""
    for tag, parent, row in (_CII if invoice.syntax == "cii" else _UBL).get(rule, ()):
        listed = codes[row.codes]
        for element in invoice.elements.get(tag, ()):
            above = element.getparent()
            if parent is not None and (above is None or above.tag != parent):
                continue
            raw = element.get(row.attribute) if row.attribute else element.text or ""
            if raw is None and (row.rule != "03" or invoice.syntax == "cii"):
                continue
            if not _listed(raw or "", row, element, listed, more) and _applies(row.only, element):
                yield Group(source=element)


def _listed(
    raw: str, row: Row, element: etree._Element, codes: frozenset[str], more: frozenset[str]
) -> bool:
    if row.codes == "mime":
        return raw in codes or raw in more
    code = normal(raw)
    if row.codes == "exemptions":
        code = code.upper()
    if code == "SEPA" and row.path == "cac:PartyIdentification/cbc:ID":
        return _below(element, "AccountingSupplierParty") or _below(element, "PayeeParty")
    return code in codes or code in more


def _applies(only: Only, element: etree._Element) -> bool:
    match only:
        case "allowance" | "charge":
            return _is_charge(element) is (only == "charge")
        case "object":
            above = element.getparent()
            name = UBL_NAMES.tags("cbc:DocumentTypeCode")[0]
            return above is not None and any(e.text == "130" for e in above.findall(name))
        case "not product":
            return not _below(element, "SpecifiedTradeProduct") and not _below(
                element, "ShipToTradeParty"
            )
        case "not tax number":
            return not _below(element, "SpecifiedTaxRegistration")
        case "ship to":
            return _below(element, "ApplicableHeaderTradeDelivery")
    return True


def _is_charge(element: etree._Element) -> bool | None:
    """Whether the allowance or charge that this reason belongs to is a charge."""
    above = element.getparent()
    if above is None:
        return None
    for child in above:
        if str(child.tag).endswith("}ChargeIndicator"):
            raw = (child[0].text if len(child) else child.text) or ""
            return flag(raw) if raw.strip() in ("true", "false", "1", "0") else None
    return None


def _below(element: etree._Element, name: str) -> bool:
    return any(str(above.tag).endswith(f"}}{name}") for above in element.iterancestors())


def never(_: Any, __: Invoice) -> bool:
    return False


_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."
TEXTS = (
    ("01", "BT-3", "Die Art des Belegs", "UNTDID 1001"),
    ("03", "BT-110", "Die Währung eines Betrags", "ISO 4217"),
    ("04", "BT-5", "Die Währung der Rechnung", "ISO 4217"),
    ("05", "BT-6", "Die Währung der Umsatzsteuer", "ISO 4217"),
    ("06", "BT-8", "Der Code für das Steuerdatum", "UNTDID 2005 oder 2475"),
    ("07", "BT-18", "Die Art der Objektkennung", "UNTDID 1153"),
    ("08", "BT-21", "Der Betreff einer Bemerkung", "UNTDID 4451"),
    ("10", "BT-29", "Die Art der Kennung eines Beteiligten", "ISO 6523"),
    ("11", "BT-30", "Die Art der Registernummer", "ISO 6523"),
    ("13", "BT-158", "Das Verzeichnis der Artikeleinordnung", "UNTDID 7143"),
    ("14", "BT-40", "Ein Land", "ISO 3166-1"),
    ("15", "BT-159", "Das Herkunftsland eines Artikels", "ISO 3166-1"),
    ("16", "BT-81", "Die Zahlungsart", "UNTDID 4461"),
    ("17", "BT-118", "Eine Steuerkategorie", "UNTDID 5305"),
    ("18", "BT-151", "Die Steuerkategorie einer Position", "UNTDID 5305"),
    ("19", "BT-98", "Der Grund eines Nachlasses", "UNTDID 5189"),
    ("20", "BT-105", "Der Grund eines Zuschlags", "UNTDID 7161"),
    ("21", "BT-157", "Die Art der Artikelnummer", "ISO 6523"),
    ("22", "BT-121", "Der Grund der Steuerbefreiung", "VATEX"),
    ("23", "BT-130", "Eine Mengeneinheit", "UN/ECE Rec. 20 oder 21"),
    ("24", "BT-125", "Der Dateityp eines Anhangs", "EN 16931"),
    ("25", "BT-34", "Die Art einer elektronischen Adresse", "EAS"),
    ("26", "BT-71", "Die Art der Kennung des Lieferorts", "ISO 6523"),
)
"""Rule, business term, what is coded, the list."""


def _subject_outside(invoice: Invoice, *, codes: CodeLists) -> Iterable[Group]:
    """UBL has BT-21 inside the note, between two hash signs (BR-CL-08)."""
    if invoice.syntax == "cii":
        return outside("08", invoice, codes=codes)
    tag, root = UBL_NAMES.tags("cbc:Note")[0], invoice.source
    notes = [e for e in invoice.elements.get(tag, ()) if e.getparent() is root]
    return [Group(source=e) for e in notes if not _subject_listed(e.text or "", codes)]


def _subject_listed(note: str, codes: CodeLists) -> bool:
    code, closed, _ = note.partition("#")[2].partition("#")
    return not closed or len(code) != 3 or code in codes["subjects_ubl"]


for _number, _term, _what, _list in TEXTS:
    book.rule(
        f"BR-CL-{_number}",
        _subject_outside if _number == "08" else partial(outside, _number),
        "",
        f"{_what} ist nicht mit einem zulässigen Code angegeben.",
        f"Der Code muss aus der Liste {_list} stammen. {_FIX}",
        terms=_term,
        asks="on",
    )(never)
