"""BR-DEC: amounts have no more than two decimals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from invoice.model import Group, Invoice
from invoice.rules.arithmetic import decimals
from invoice.rules.core import totals
from invoice.rules.rule import FIX, RuleBook, Select, lines

book = RuleBook()


def _document(charge: bool, invoice: Invoice) -> Sequence[Any]:
    return [a for a in invoice.allowances if a.charge is charge]


def _line(charge: bool, invoice: Invoice) -> Sequence[Any]:
    return [a for line in invoice.lines for a in line.allowances if a.charge is charge]


def _breakdown(invoice: Invoice) -> Sequence[Any]:
    if invoice.syntax != "cii":
        return invoice.breakdown
    return [b for b in invoice.breakdown if not (b.category in ("L", "M", "O") and b.is_vat)]


_ALLOWANCE, _CHARGE = partial(_document, False), partial(_document, True)
_LINE_ALLOWANCE, _LINE_CHARGE = partial(_line, False), partial(_line, True)

AMOUNTS: tuple[tuple[str, Select, str, str, str], ...] = (
    ("01", _ALLOWANCE, "amount", "BT-92", "Der Betrag eines Nachlasses"),
    ("02", _ALLOWANCE, "base", "BT-93", "Der Grundbetrag eines Nachlasses"),
    ("05", _CHARGE, "amount", "BT-99", "Der Betrag eines Zuschlags"),
    ("06", _CHARGE, "base", "BT-100", "Der Grundbetrag eines Zuschlags"),
    ("09", totals, "lines", "BT-106", "Die Summe der Positionen"),
    ("10", totals, "allowances", "BT-107", "Die Summe der Nachlässe"),
    ("11", totals, "charges", "BT-108", "Die Summe der Zuschläge"),
    ("12", totals, "net", "BT-109", "Der Gesamtbetrag ohne Umsatzsteuer"),
    ("14", totals, "gross", "BT-112", "Der Gesamtbetrag mit Umsatzsteuer"),
    ("16", totals, "prepaid", "BT-113", "Die Vorauszahlung"),
    ("17", totals, "rounding", "BT-114", "Der Rundungsbetrag"),
    ("18", totals, "due", "BT-115", "Der fällige Betrag"),
    ("19", _breakdown, "taxable", "BT-116", "Ein Betrag ohne Steuer"),
    ("20", _breakdown, "tax", "BT-117", "Ein Steuerbetrag"),
    ("23", lines, "net", "BT-131", "Der Nettobetrag einer Position"),
    ("24", _LINE_ALLOWANCE, "amount", "BT-136", "Der Nachlass zu einer Position"),
    ("25", _LINE_ALLOWANCE, "base", "BT-137", "Der Grundbetrag eines Nachlasses zu einer Position"),
    ("27", _LINE_CHARGE, "amount", "BT-141", "Der Zuschlag zu einer Position"),
    ("28", _LINE_CHARGE, "base", "BT-142", "Der Grundbetrag eines Zuschlags zu einer Position"),
)
"""Rule, where, field, business term, what it is."""


def _at_most_two(field: str, subject: Group, _: Invoice) -> bool:
    return decimals(getattr(subject, field)) <= 2


for _number, _where, _field, _term, _what in AMOUNTS:
    book.rule(
        f"BR-DEC-{_number}",
        _where,
        _field,
        f"{_what} hat mehr als zwei Nachkommastellen.",
        "Beträge haben höchstens zwei Nachkommastellen. " + FIX,
        terms=_term,
    )(partial(_at_most_two, _field))


def _cii_totals(invoice: Invoice) -> Sequence[Any]:
    """UBL's official forms of BR-DEC-13 and 15 never fire: they look for the currency amiss."""
    return totals(invoice) if invoice.syntax == "cii" else ()


@book.rule("BR-DEC-13", _cii_totals, "tax",
           "Der Gesamtbetrag der Umsatzsteuer hat mehr als zwei Nachkommastellen.",
           "Beträge haben höchstens zwei Nachkommastellen. " + FIX,
           terms="BT-110")  # fmt: skip
def tax_total_in_cents(found: Any, invoice: Invoice) -> bool:
    amounts = found.tax_amounts
    return not amounts or any(a.currency != invoice.currency or _whole(a.amount) for a in amounts)


@book.rule("BR-DEC-15", _cii_totals, "tax_accounting",
           "Die Umsatzsteuer in Buchungswährung hat mehr als zwei Nachkommastellen.",
           "Beträge haben höchstens zwei Nachkommastellen. " + FIX,
           terms="BT-111")  # fmt: skip
def accounting_tax_in_cents(found: Any, invoice: Invoice) -> bool:
    amounts, wanted = found.tax_amounts, invoice.tax_currency
    if not amounts or wanted is None:
        return True
    return any(a.currency == wanted and _whole(a.amount) for a in amounts)


def _whole(amount: Any) -> bool:
    return amount is not None and amount == round(amount, 2)
