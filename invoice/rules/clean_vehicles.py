"""BR-DE-CVD: what XRechnung CVD demands of invoices for clean vehicles (Directive 2009/33/EC)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from invoice.model import Invoice
from invoice.rules.code_lists import LISTS
from invoice.rules.elements import element_rule, plain
from invoice.rules.peppol_paths import CII, UBL, found
from invoice.rules.rule import RuleBook

book = RuleBook()
_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."
_VEHICLES = frozenset({"M1", "M2", "M3", "N1", "N2", "N3"})
_CLEAN = frozenset({"clean", "zero-emission", "other"})
_SCHEMES = LISTS["classifications"] | {"CVD"}


def _items(invoice: Invoice) -> Iterator[etree._Element]:
    paths, name = (
        (CII, "ram:SpecifiedTradeProduct") if invoice.syntax == "cii" else (UBL, "cac:Item")
    )
    if invoice.source is not None:
        for line in paths.lines(invoice.source):
            yield from found(line, name)


def _codes(item: etree._Element) -> list[etree._Element]:
    return found(item, "cac:CommodityClassification/cbc:ItemClassificationCode") + found(
        item, "ram:DesignatedProductClassification/ram:ClassCode"
    )


def _vehicles(item: etree._Element) -> list[etree._Element]:
    return [code for code in _codes(item) if code.get("listID") == "CVD"]


def _properties(item: etree._Element) -> list[etree._Element]:
    """The properties named cva."""
    every = found(item, "cac:AdditionalItemProperty") + found(
        item, "ram:ApplicableProductCharacteristic"
    )
    return [
        each
        for each in every
        if any(n.text == "cva" for n in found(each, "cbc:Name") + found(each, "ram:Description"))
    ]


def _filled(above: etree._Element, path: str) -> bool:
    return any(plain("".join(map(str, e.itertext()))) for e in found(above, path))


def _agreement(invoice: Invoice) -> list[etree._Element]:
    root = invoice.source
    if root is None:
        return []
    deal = "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement"
    return found(root, deal) if invoice.syntax == "cii" else [root]


@element_rule(book, "BR-DE-CVD-01", "Die Nummer des Vertrags fehlt.",
              f"BT-12 muss angegeben sein. {_FIX}", "BT-12")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    path = "cac:ContractDocumentReference/cbc:ID"
    if invoice.syntax == "cii":
        path = "ram:ContractReferencedDocument/ram:IssuerAssignedID"
    for above in _agreement(invoice):
        if not _filled(above, path):
            yield above


@element_rule(book, "BR-DE-CVD-02", "Die Nummer der Vergabe fehlt.",
              f"BT-17 muss angegeben sein. {_FIX}", "BT-17")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    for above in _agreement(invoice):
        if invoice.syntax != "cii":
            if not _filled(above, "cac:OriginatorDocumentReference/cbc:ID"):
                yield above
        elif not any(
            any(plain(code.text) == "50" for code in found(reference, "ram:TypeCode"))
            and _filled(reference, "ram:IssuerAssignedID")
            for reference in found(above, "ram:AdditionalReferencedDocument")
        ):
            yield above


@element_rule(book, "BR-DE-CVD-03", "Keine Position nennt Klasse und Antrieb eines Fahrzeugs.",
              f"Eine Position braucht BT-158 nach CVD und die Eigenschaft cva. {_FIX}",
              "BT-158 BT-160")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    if not any(_vehicles(item) and _properties(item) for item in _items(invoice)):
        if invoice.syntax != "cii" and invoice.source is not None:
            yield invoice.source
        elif invoice.source is not None:
            yield from found(invoice.source, "rsm:SupplyChainTradeTransaction")


@element_rule(book, "BR-DE-CVD-04", "Die Klasse eines Fahrzeugs ist unbekannt.",
              f"Zulässig sind M1 bis M3 und N1 bis N3. {_FIX}", "BT-158")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    for item in _items(invoice):
        for code in _codes(item):
            if plain(code.get("listID")) == "CVD" and plain(code.text) not in _VEHICLES:
                yield code


@element_rule(book, "BR-DE-CVD-05", "Der Wert der Eigenschaft cva ist unbekannt.",
              f"Zulässig sind clean, zero-emission und other. {_FIX}", "BT-161")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    for item in _items(invoice):
        for each in _properties(item):
            values = found(each, "cbc:Value") + found(each, "ram:Value")
            if plain(values[0].text if values else "") not in _CLEAN:
                yield each


@element_rule(book, "BR-DE-CVD-06-a", "Zur Klasse eines Fahrzeugs steht cva nicht genau einmal.",
              f"Die Eigenschaft cva (BT-160) gehört genau einmal dazu. {_FIX}",
              "BT-160 BT-158")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    yield from (i for i in _items(invoice) if _vehicles(i) and len(_properties(i)) != 1)


@element_rule(book, "BR-DE-CVD-06-b", "Zu cva steht die Klasse des Fahrzeugs nicht genau einmal.",
              f"BT-158 nach CVD gehört genau einmal dazu. {_FIX}", "BT-158 BT-160")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    yield from (i for i in _items(invoice) if _properties(i) and len(_vehicles(i)) != 1)


@element_rule(book, "BR-TMP-CVD-01", "Das Verzeichnis einer Artikeleinordnung ist unbekannt.",
              f"listID muss aus UNTDID 7143 stammen oder CVD sein. {_FIX}", "BT-158")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    for item in _items(invoice):
        yield from (c for c in _codes(item) if plain(c.get("listID")) not in _SCHEMES)
