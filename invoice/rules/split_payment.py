"""BR-B: category B (Italian split payment). A German invoice never has it."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from invoice.model import Invoice
from invoice.rules.elements import element_rule
from invoice.rules.rule import RuleBook
from invoice.syntax.table import clark

book = RuleBook()
_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."


def _categories(invoice: Invoice, code: str) -> list[etree._Element]:
    if invoice.syntax == "cii":
        return [e for e in invoice.elements.get(clark("ram:CategoryCode"), ()) if e.text == code]
    return [
        e
        for name in ("cac:TaxCategory", "cac:ClassifiedTaxCategory")
        for category in invoice.elements.get(clark(name), ())
        for e in category.findall(clark("cbc:ID"))
        if e.text == code
    ]


@element_rule(book, "BR-B-01", "Die Steuerkategorie B gilt nur für Rechnungen innerhalb Italiens.",
              f"Es muss eine andere Kategorie stehen. {_FIX}", "BT-118 BT-151")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    name = "ram:CountryID" if invoice.syntax == "cii" else "cbc:IdentificationCode"
    if any(e.text != "IT" for e in invoice.elements.get(clark(name), ())):
        yield from _categories(invoice, "B")[:1]


@element_rule(book, "BR-B-02", "Die Steuerkategorien B und S stehen nebeneinander.",
              f"Sie schließen einander aus. {_FIX}", "BT-118 BT-151")  # fmt: skip
def _(invoice: Invoice) -> Iterator[etree._Element]:
    if _categories(invoice, "S"):
        yield from _categories(invoice, "B")[:1]
