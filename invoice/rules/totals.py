"""BR-CO-10 to BR-CO-16: the invoice adds up (EN 16931-1, 6.4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from invoice.model import Breakdown, Invoice, TaxAmount, Totals
from invoice.rules.arithmetic import cents, double_cents, plus, same, total
from invoice.rules.core import totals
from invoice.rules.rule import FIX, RuleBook, document

book = RuleBook()
rule = book.rule


@rule(
    "BR-CO-10", totals, "lines",
    "Die Summe der Positionsbeträge stimmt nicht mit den Positionen überein.",
    "BT-106 muss die Summe aller Nettobeträge der Positionen (BT-131) sein. " + FIX,
    terms="BT-106 BT-131",
)  # fmt: skip
def sum_of_lines(found: Totals, invoice: Invoice) -> bool:
    nets = [line.net for line in invoice.lines]
    if invoice.syntax == "cii":
        summed = Decimal(sum(float(net) for net in nets if net is not None))
        return same(found.lines, cents(summed))
    return same(found.lines, cents(total(nets)))


def _sum_of(invoice: Invoice, stated: Decimal | None, there: bool, *, charge: bool) -> bool:
    parts = [a for a in invoice.allowances if a.charge is charge]
    if not there and not parts:
        return True
    if stated is None:
        return False
    amounts = [a.amount for a in parts]
    if invoice.syntax == "cii":
        return float(stated) == double_cents(amounts)
    return stated == cents(total(amounts))


@rule(
    "BR-CO-11", totals, "allowances",
    "Die Summe der Nachlässe stimmt nicht mit den einzelnen Nachlässen überein.",
    "BT-107 muss die Summe der Nachlässe auf Ebene der Rechnung (BT-92) sein. " + FIX,
    terms="BT-107 BT-92",
)  # fmt: skip
def sum_of_allowances(found: Totals, invoice: Invoice) -> bool:
    return _sum_of(invoice, found.allowances, found.has("allowances"), charge=False)


@rule(
    "BR-CO-12", totals, "charges",
    "Die Summe der Zuschläge stimmt nicht mit den einzelnen Zuschlägen überein.",
    "BT-108 muss die Summe der Zuschläge auf Ebene der Rechnung (BT-99) sein. " + FIX,
    terms="BT-108 BT-99",
)  # fmt: skip
def sum_of_charges(found: Totals, invoice: Invoice) -> bool:
    return _sum_of(invoice, found.charges, found.has("charges"), charge=True)


@rule(
    "BR-CO-13", totals, "net",
    "Der Gesamtbetrag ohne Umsatzsteuer ist falsch gerechnet.",
    "BT-109 muss die Summe der Positionen abzüglich der Nachlässe und zuzüglich der Zuschläge"
    " sein. " + FIX,
    terms="BT-109 BT-106 BT-107 BT-108",
)  # fmt: skip
def net_total(found: Totals, invoice: Invoice) -> bool:
    if invoice.syntax != "cii" and found.charges is None and found.allowances is None:
        return same(found.net, found.lines)
    less = -found.allowances if found.allowances is not None else Decimal(0)
    more = found.charges if found.charges is not None else Decimal(0)
    result = plus(found.lines, less, more)
    return result is not None and same(found.net, cents(result))


def _tax_amounts(invoice: Invoice) -> Sequence[Any]:
    """In UBL every total of VAT, in CII the one in the invoice's currency."""
    amounts = invoice.totals.tax_amounts
    if invoice.syntax == "cii":
        return [a for a in amounts if a.currency == invoice.currency]
    return amounts


@rule(
    "BR-CO-14", _tax_amounts, "amount",
    "Der Gesamtbetrag der Umsatzsteuer stimmt nicht mit der Steueraufschlüsselung überein.",
    "BT-110 muss die Summe der Steuerbeträge der einzelnen Steuersätze (BT-117) sein. " + FIX,
    terms="BT-110 BT-117",
)  # fmt: skip
def tax_total(found: TaxAmount, invoice: Invoice) -> bool:
    if invoice.syntax == "cii":
        expected = double_cents(b.tax for b in invoice.breakdown)
        return found.amount is not None and float(found.amount) == expected
    parts: Sequence[Breakdown] = found.subtotals
    return not parts or same(found.amount, cents(total(b.tax for b in parts)))


@rule(
    "BR-CO-15", document, "totals.gross",
    "Der Gesamtbetrag mit Umsatzsteuer ist falsch gerechnet.",
    "BT-112 muss der Gesamtbetrag ohne Umsatzsteuer (BT-109) zuzüglich der Umsatzsteuer (BT-110)"
    " sein, und BT-110 darf in der Währung der Rechnung nur einmal stehen. " + FIX,
    terms="BT-112 BT-109 BT-110",
)  # fmt: skip
def gross_total(_: Invoice, invoice: Invoice) -> bool:
    if invoice.currency is None:
        return True
    found = invoice.totals
    amounts = [a.amount for a in found.tax_amounts if a.currency == invoice.currency]
    summed = plus(found.net, amounts[0]) if len(amounts) == 1 else None
    if summed is not None and same(found.gross, cents(summed)):
        return True
    return invoice.syntax == "cii" and same(found.gross, found.net)


@rule(
    "BR-CO-16", totals, "due",
    "Der fällige Betrag ist falsch gerechnet.",
    "BT-115 muss der Gesamtbetrag mit Umsatzsteuer (BT-112) abzüglich der Vorauszahlung (BT-113)"
    " und zuzüglich des Rundungsbetrags (BT-114) sein. " + FIX,
    terms="BT-115 BT-112 BT-113 BT-114",
)  # fmt: skip
def amount_due(found: Totals, invoice: Invoice) -> bool:
    gross, due = found.gross, found.due
    if gross is None or due is None:
        return False
    if invoice.syntax == "cii":
        return due == gross - (found.prepaid or 0) + (found.rounding or 0)
    if found.prepaid is not None:
        gross = cents(gross - found.prepaid)
    if found.rounding is not None:
        due = cents(due - found.rounding)
    return due == gross
