"""PEPPOL-EN16931: the rules of Peppol BIS Billing 3 that XRechnung has taken over.

Here: the document, its parties, tax totals and payment. `peppol_lines` holds allowances, prices and
lines. Peppol asks some of the syntax alone (empty elements, how often a total stands); those look
at the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from invoice.elements import below
from invoice.model import Group, Invoice, PaymentMeans
from invoice.rules.rule import Klass, RuleBook, document
from invoice.shapes import BLANKS, normal

book = RuleBook()
rule = book.rule

_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."


# The document


@rule("PEPPOL-EN16931-R001", document, "business_process", "Der Geschäftsprozess fehlt.",
      "BT-23 nennt, in welchem Verfahren die Rechnung steht. " + _FIX,
      terms="BT-23")  # fmt: skip
def has_business_process(invoice: Invoice, _: Invoice) -> bool:
    return invoice.has("business_process")


@rule("PEPPOL-EN16931-R005", document, "tax_currency", "Die Währung der Umsatzsteuer ist die der "
      "Rechnung.", "BT-6 nur angeben, wenn es eine andere Währung ist. " + _FIX,
      terms="BT-6 BT-5")  # fmt: skip
def tax_currency_is_another(invoice: Invoice, _: Invoice) -> bool:
    if not invoice.has("tax_currency"):
        return True
    return normal(invoice.tax_currency or "") != normal(invoice.currency or "")


def _empty(invoice: Invoice) -> Iterator[Any]:
    for tag, found in invoice.elements.items():
        if not tag.endswith(_MAY_BE_EMPTY):
            for element in found:
                if not len(element) and not (element.text or "").strip(BLANKS):
                    yield Group(source=element)


_MAY_BE_EMPTY = "}ApplicableHeaderTradeDelivery"
"""CII's schema demands the delivery, which may have nothing to say."""

rule("PEPPOL-EN16931-R008", _empty, "", "Die Rechnung enthält ein leeres Element.",
     "Was nichts sagt, soll weggelassen werden. " + _FIX, klass=Klass.FORMAT)(
    lambda _, __: False
)  # fmt: skip


def _parties(role: str, invoice: Invoice) -> Sequence[Any]:
    """The seller or the buyer, where the element that holds it is there."""
    if invoice.syntax == "cii":
        return [Group(source=e) for e in invoice.named(f"ram:{role}TradeParty")]
    name = {"Seller": "cac:AccountingSupplierParty", "Buyer": "cac:AccountingCustomerParty"}[role]
    roles = invoice.named(name)
    return [Group(source=party) for each in roles for party in below(each, "cac:Party")]


def _is_reached(party: Group, invoice: Invoice) -> bool:
    """Whether the address is there: in CII it stands inside of a group that may lack it."""
    cii = "ram:URIUniversalCommunication/ram:URIID"
    return bool(below(party.source, cii if invoice.syntax == "cii" else "cbc:EndpointID"))


rule("PEPPOL-EN16931-R010", partial(_parties, "Buyer"), "", "Die elektronische Adresse des "
     "Erwerbers fehlt.", "BT-49 sagt, wohin die Rechnung geht. " + _FIX,
     terms="BT-49")(_is_reached)  # fmt: skip
rule("PEPPOL-EN16931-R020", partial(_parties, "Seller"), "", "Die elektronische Adresse des "
     "Verkäufers fehlt.", "BT-34 sagt, wohin Antworten gehen. " + _FIX,
     terms="BT-34")(_is_reached)  # fmt: skip


# Tax totals. CII gives all of them in one list, UBL one with the breakdown and one without.


@rule("PEPPOL-EN16931-R053", document, "breakdown", "Die Steuersumme steht nicht genau einmal.",
      "Genau eine Steuersumme in der Währung der Rechnung hat die Aufschlüsselung (BG-23). " + _FIX,
      terms="BT-110 BG-23")  # fmt: skip
def one_total_in_the_currency(invoice: Invoice, _: Invoice) -> bool:
    amounts = invoice.totals.tax_amounts
    if invoice.syntax == "cii":
        return sum(amount.currency == invoice.currency for amount in amounts) <= 1
    return sum(bool(amount.subtotals) for amount in amounts) == 1


@rule("PEPPOL-EN16931-R054", document, "totals.tax_accounting", "Die Steuersumme in der anderen "
      "Währung steht nicht genau einmal.", "Nennt die Rechnung eine Währung für die Umsatzsteuer "
      "(BT-6), gehört eine Steuersumme in ihr dazu, sonst keine. " + _FIX,
      terms="BT-111 BT-6")  # fmt: skip
def one_total_in_the_tax_currency(invoice: Invoice, _: Invoice) -> bool:
    amounts = invoice.totals.tax_amounts
    if invoice.syntax == "cii":
        here = (None, invoice.currency) if invoice.has("currency") else ()
        others = sum(amount.currency not in here for amount in amounts) if here else 0
    else:
        others = sum(not amount.subtotals for amount in amounts)
    return others == int(invoice.has("tax_currency"))


@rule("PEPPOL-EN16931-R055", document, "totals.tax_accounting", "Die Steuersummen in beiden "
      "Währungen haben verschiedene Vorzeichen.", "Beide sind positiv oder beide negativ. " + _FIX,
      terms="BT-110 BT-111")  # fmt: skip
def totals_have_one_sign(invoice: Invoice, _: Invoice) -> bool:
    cii = invoice.syntax == "cii"
    here, there = _amounts_in(invoice, invoice.currency), _amounts_in(invoice, invoice.tax_currency)
    if not invoice.has("tax_currency") or (cii and not here):
        return True
    if any(a >= 0 for a in there) and any(a >= 0 for a in here):
        return True
    if cii:
        return any(a < 0 for a in there) and any(a < 0 for a in here)
    return any(a <= 0 for a in there) and any(a <= 0 for a in here)


def _amounts_in(invoice: Invoice, currency: str | None) -> list[Decimal]:
    """The totals in this currency; CII compares its code as it stands."""
    wanted = currency if invoice.syntax == "cii" else normal(currency or "")
    amounts = invoice.totals.tax_amounts
    return [a.amount for a in amounts if a.currency == wanted and a.amount is not None]


# Payment


def _debits(invoice: Invoice) -> Sequence[Any]:
    return [m for m in invoice.payment_means if normal(m.code or "") in ("49", "59")]


@rule("PEPPOL-EN16931-R061", _debits, "mandate", "Zur Lastschrift fehlt die Mandatsreferenz.",
      "BT-89 nennt das Mandat, nach dem eingezogen wird. " + _FIX, terms="BT-89")  # fmt: skip
def debit_has_a_mandate(found: PaymentMeans, invoice: Invoice) -> bool:
    if invoice.syntax == "cii":
        return invoice.direct_debit is not None and invoice.direct_debit.has("mandate")
    return found.mandate is not None and found.mandate.has("reference")
