"""BR-01 to BR-16: what every invoice has to say (EN 16931-1, 6.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from invoice.model import Invoice
from invoice.rules.rule import BySyntax, Klass, RuleBook, document, filled, present

book = RuleBook()
rule, needs, fills = book.rule, book.needs, book.fills

_ASK = "Bitte den Rechnungssteller um eine berichtigte Rechnung mit dieser Angabe."
_LAW = "Die Angabe ist nach § 14 Abs. 4 UStG Pflicht. "

fills(
    "BR-01",
    document,
    "specification",
    "Die Rechnung sagt nicht, nach welcher Spezifikation sie erstellt ist.",
    "BT-24 muss zum Beispiel die Kennung von XRechnung oder EN 16931 nennen.",
    terms="BT-24",
)
fills(
    "BR-02",
    document,
    "number",
    "Die Rechnungsnummer fehlt.",
    _LAW + _ASK,
    terms="BT-1",
    klass=Klass.CONTENT,
)
fills(
    "BR-04",
    document,
    "type_code",
    "Die Art des Belegs ist nicht angegeben.",
    "BT-3 muss einen Code nennen, etwa 380 für Rechnung oder 381 für Gutschrift.",
    terms="BT-3",
)
fills(
    "BR-05",
    document,
    "currency",
    "Die Währung der Rechnung ist nicht angegeben.",
    "BT-5 muss einen Währungscode nennen, etwa EUR.",
    terms="BT-5",
)


@rule(
    "BR-03",
    document,
    "issue_date",
    "Das Rechnungsdatum fehlt.",
    _LAW + _ASK,
    terms="BT-2",
    klass=Klass.CONTENT,
)
def issue_date(invoice: Invoice, _: Invoice) -> bool:
    return filled(invoice, "issue_date")


@rule(
    "BR-06",
    document,
    "seller.name",
    "Der Name des Verkäufers fehlt.",
    _LAW + _ASK,
    terms="BT-27",
    klass=Klass.CONTENT,
)
def seller_name(invoice: Invoice, _: Invoice) -> bool:
    return filled(invoice.seller, "name")


@rule(
    "BR-07",
    document,
    "buyer.name",
    "Der Name des Käufers fehlt.",
    _LAW + "Hier muss die empfangende Stelle stehen. " + _ASK,
    terms="BT-44",
    klass=Klass.CONTENT,
)
def buyer_name(invoice: Invoice, _: Invoice) -> bool:
    return filled(invoice.buyer, "name")


@rule(
    "BR-08",
    document,
    "seller.address",
    "Die Anschrift des Verkäufers fehlt.",
    _LAW + _ASK,
    terms="BG-5",
    klass=Klass.CONTENT,
)
def seller_address(invoice: Invoice, _: Invoice) -> bool:
    return invoice.seller.address is not None


@rule(
    "BR-10",
    document,
    "buyer.address",
    "Die Anschrift des Käufers fehlt.",
    _LAW + _ASK,
    terms="BG-8",
    klass=Klass.CONTENT,
)
def buyer_address(invoice: Invoice, _: Invoice) -> bool:
    return invoice.buyer.address is not None


def _sellers_with_address(invoice: Invoice) -> Sequence[Any]:
    """UBL asks for the country only where there is an address; CII always does."""
    return present(invoice.seller.address) and (invoice,)


def _buyers_with_address(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.buyer.address) and (invoice,)


@rule(
    "BR-09",
    BySyntax(document, _sellers_with_address),
    "seller.address.country",
    "In der Anschrift des Verkäufers fehlt das Land.",
    "BT-40 muss einen zweistelligen Ländercode nennen, etwa DE.",
    terms="BT-40 BG-5",
)
def seller_country(invoice: Invoice, _: Invoice) -> bool:
    address = invoice.seller.address
    return address is not None and filled(address, "country")


@rule(
    "BR-11",
    BySyntax(document, _buyers_with_address),
    "buyer.address.country",
    "In der Anschrift des Käufers fehlt das Land.",
    "BT-55 muss einen zweistelligen Ländercode nennen, etwa DE.",
    terms="BT-55 BG-8",
)
def buyer_country(invoice: Invoice, _: Invoice) -> bool:
    address = invoice.buyer.address
    return address is not None and filled(address, "country")


def totals(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.totals)


_TOTAL = "Ohne diesen Betrag lässt sich die Rechnung nicht nachrechnen. " + _ASK
needs("BR-12", totals, "lines", "Die Summe der Positionsbeträge fehlt.", _TOTAL, terms="BT-106")
needs(
    "BR-13",
    totals,
    "net",
    "Der Gesamtbetrag ohne Umsatzsteuer fehlt.",
    _LAW + _TOTAL,
    terms="BT-109",
    klass=Klass.CONTENT,
)
needs("BR-14", totals, "gross", "Der Gesamtbetrag mit Umsatzsteuer fehlt.", _TOTAL, terms="BT-112")
needs(
    "BR-15",
    totals,
    "due",
    "Der fällige Betrag fehlt.",
    "Ohne ihn ist nicht klar, was zu zahlen ist. " + _ASK,
    terms="BT-115",
)


@rule(
    "BR-16",
    document,
    "lines",
    "Die Rechnung hat keine einzige Position.",
    "Menge und Art der Leistung sind Pflichtangaben. " + _ASK,
    terms="BG-25",
    klass=Klass.CONTENT,
)
def has_lines(invoice: Invoice, _: Invoice) -> bool:
    return bool(invoice.lines)
