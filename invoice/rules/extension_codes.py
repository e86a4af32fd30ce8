"""BR-DEX-01 and 04 to 08: the code lists as the Extension of XRechnung widens them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lxml import etree

from invoice.model import Group, Invoice
from invoice.rules.code_lists import LISTS, MIME_TYPES
from invoice.rules.elements import element_rule, is_below, plain
from invoice.rules.peppol_paths import found
from invoice.rules.rule import RuleBook
from invoice.syntax.table import clark

book = RuleBook()
_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."
_OWN = frozenset({"XR01", "XR02", "XR03"})
_PARTIES = LISTS["identifier_schemes"] | _OWN
_ENDPOINTS = LISTS["endpoint_schemes"] | _OWN


def _coded(ubl: str, cii: str, codes: frozenset[str], invoice: Invoice) -> Iterator[etree._Element]:
    """Elements `parent/child`, anywhere, whose scheme is given and not in the list."""
    names = (cii if invoice.syntax == "cii" else ubl).split("/")
    parent = clark(names[-2]) if len(names) > 1 else None
    for element in invoice.elements.get(clark(names[-1]), ()):
        above = element.getparent()
        scheme = element.get("schemeID")
        if scheme is None or (parent and (above is None or above.tag != parent)):
            continue
        if plain(scheme) not in codes and not _is_out(names, element, plain(scheme)):
            yield element


def _is_out(names: list[str], element: etree._Element, scheme: str) -> bool:
    """What another rule asks of, and the creditor's SEPA number."""
    if names == ["ram:GlobalID"]:
        return is_below(element, "SpecifiedTradeProduct") or is_below(element, "ShipToTradeParty")
    if names == ["ram:ID"]:
        return is_below(element, "SpecifiedTaxRegistration")
    if names == ["ram:ShipToTradeParty", "ram:GlobalID"]:
        return not is_below(element, "ApplicableHeaderTradeDelivery")
    if names == ["cac:PartyIdentification", "cbc:ID"] and scheme == "SEPA":
        return is_below(element, "AccountingSupplierParty") or is_below(element, "PayeeParty")
    return False


for _id, _bt, _what, _ubl, _cii, _codes in (
    ("04", "BT-29", "Kennung eines Beteiligten", "cac:PartyIdentification/cbc:ID",
     "ram:GlobalID", _PARTIES),
    ("05", "BT-30", "Registernummer", "cac:PartyLegalEntity/cbc:CompanyID", "ram:ID", _PARTIES),
    ("06", "BT-157", "Artikelnummer", "cac:StandardItemIdentification/cbc:ID",
     "ram:SpecifiedTradeProduct/ram:GlobalID", _PARTIES),
    ("07", "BT-34", "elektronischen Adresse", "cbc:EndpointID",
     "ram:URIUniversalCommunication/ram:URIID", _ENDPOINTS),
    ("08", "BT-71", "Kennung des Lieferorts", "cac:DeliveryLocation/cbc:ID",
     "ram:ShipToTradeParty/ram:GlobalID", _PARTIES),
):  # fmt: skip
    element_rule(
        book, f"BR-DEX-{_id}", f"Die Art der {_what} ist kein zulässiger Code.",
        f"schemeID muss aus der Liste der XRechnung Extension stammen. {_FIX}", _bt,
    )(partial(_coded, _ubl, _cii, _codes))  # fmt: skip


@element_rule(book, "BR-DEX-01", "Ein Anhang hat einen Dateityp, der nicht zugelassen ist.",
              f"In der Extension sind PDF, Bild, Tabelle und XML zugelassen. {_FIX}",
              "BT-125")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    is_cii = invoice.syntax == "cii"
    name = "ram:AttachmentBinaryObject" if is_cii else "cbc:EmbeddedDocumentBinaryObject"
    for element in invoice.elements.get(clark(name), ()):
        if element.get("mimeCode") not in MIME_TYPES | {"application/xml"}:
            yield element


def _numbered(invoice: Invoice) -> list[Group]:
    """The lines' numbers, where any line has another above it: no sub-lines in CII."""
    parents = invoice.elements.get(clark("ram:ParentLineID"), ())
    if invoice.source is None or not parents:
        return []
    line = "rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem"
    documents = found(invoice.source, f"{line}/ram:AssociatedDocumentLineDocument")
    return [Group(source=element) for element in documents]


@book.rule("BR-DEX-15", _numbered, "", "Die Rechnung enthält Unterpositionen.",
           "In CII sind sie nicht vorgesehen. Bitte die Positionen von Hand prüfen.",
           terms="BT-126", severity="warning")  # fmt: skip
def has_no_sublines(_: Group, __: Invoice) -> bool:
    return False
