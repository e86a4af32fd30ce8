"""BR-29 to BR-38, BR-45 to BR-57, BR-61, and the rest of BR-CO: head, payment, VAT, references."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from invoice.model import (
    AllowanceCharge,
    Breakdown,
    Delivery,
    Invoice,
    PaymentMeans,
    Period,
    PrecedingInvoice,
    TaxCategory,
    Totals,
)
from invoice.rules.arithmetic import rounded
from invoice.rules.core import totals
from invoice.rules.lines import in_order, reasoned
from invoice.rules.rule import (
    FIX,
    BySyntax,
    Klass,
    RuleBook,
    document,
    filled,
    lines,
    once,
    present,
)
from invoice.rules.vat import allowance_taxes

book = RuleBook()
rule, needs, fills = book.rule, book.needs, book.fills


# Period and tax point


def _period(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.period)


@rule("BR-29", _period, "end", "Der Abrechnungszeitraum endet vor seinem Beginn.",
      "Das Ende (BT-74) liegt nicht vor dem Beginn (BT-73). " + FIX,
      terms="BT-74 BT-73")  # fmt: skip
def period_in_order(period: Period, invoice: Invoice) -> bool:
    return in_order(period, invoice)


@rule("BR-CO-19", _period, "start", "Der Abrechnungszeitraum hat weder Beginn noch Ende.",
      "Mindestens eines von beiden muss angegeben sein. " + FIX,
      terms="BT-73 BT-74 BG-14")  # fmt: skip
def period_says_something(period: Period, invoice: Invoice) -> bool:
    dated = period.has("start") or period.has("end")
    return dated or (invoice.syntax != "cii" and period.tax_point_code is not None)


def breakdown(invoice: Invoice) -> Sequence[Any]:
    """The rows of the VAT breakdown. CII's official rules pass over some categories."""
    if invoice.syntax != "cii":
        return invoice.breakdown
    return [b for b in invoice.breakdown if not (b.category in ("L", "M", "O") and b.is_vat)]


@rule("BR-CO-03", BySyntax(breakdown, document), "tax_point_date",
      "Die Rechnung nennt sowohl ein Steuerdatum als auch einen Code dafür.",
      "BT-7 und BT-8 schließen einander aus. " + FIX, terms="BT-7 BT-8")  # fmt: skip
def one_tax_point(_: Any, invoice: Invoice) -> bool:
    if invoice.syntax != "cii":
        coded = invoice.period is not None and invoice.period.tax_point_code is not None
        return not (invoice.has("tax_point_date") and coded)
    return not _states_both_tax_points(invoice)


@once
def _states_both_tax_points(invoice: Invoice) -> bool:
    dated = any(b.has("tax_point_date") for b in invoice.breakdown)
    return dated and any(b.tax_point_code is not None for b in invoice.breakdown)


# Allowances and charges of the document


def _allowances(invoice: Invoice) -> Sequence[Any]:
    return [a for a in invoice.allowances if a.charge is False]


def _charges(invoice: Invoice) -> Sequence[Any]:
    return [a for a in invoice.allowances if a.charge is True]


def _has_category(found: AllowanceCharge, _: Invoice) -> bool:
    return any(t.is_vat and t.category is not None for t in found.taxes)


_REASON = "Ein Grund oder ein Code für den Grund muss angegeben sein. " + FIX
_CATEGORY = "Es muss angegeben sein, wie der Betrag besteuert wird. " + FIX
needs("BR-31", _allowances, "amount", "Der Betrag eines Nachlasses fehlt.",
      "Ein Nachlass ohne Betrag (BT-92) lässt sich nicht nachrechnen. " + FIX,
      terms="BT-92")  # fmt: skip
rule("BR-32", _allowances, "tax", "Zu einem Nachlass fehlt die Steuerkategorie.", _CATEGORY,
     terms="BT-95")(_has_category)  # fmt: skip
rule("BR-33", _allowances, "reason", "Zu einem Nachlass fehlt der Grund.", _REASON,
     terms="BT-97 BT-98")(reasoned)  # fmt: skip
rule("BR-CO-21", _allowances, "reason", "Ein Nachlass ist nicht begründet.", _REASON,
     terms="BT-97 BT-98")(reasoned)  # fmt: skip
needs("BR-36", _charges, "amount", "Der Betrag eines Zuschlags fehlt.",
      "Ein Zuschlag ohne Betrag (BT-99) lässt sich nicht nachrechnen. " + FIX,
      terms="BT-99")  # fmt: skip
rule("BR-37", _charges, "tax", "Zu einem Zuschlag fehlt die Steuerkategorie.", _CATEGORY,
     terms="BT-102")(_has_category)  # fmt: skip
rule("BR-38", _charges, "reason", "Zu einem Zuschlag fehlt der Grund.", _REASON,
     terms="BT-104 BT-105")(reasoned)  # fmt: skip
rule("BR-CO-22", _charges, "reason", "Ein Zuschlag ist nicht begründet.", _REASON,
     terms="BT-104 BT-105")(reasoned)  # fmt: skip


# VAT breakdown

needs(
    "BR-45",
    breakdown,
    "taxable",
    "In der Steueraufschlüsselung fehlt der Betrag ohne Steuer.",
    "Je Kategorie und Satz steht da, wovon die Steuer berechnet ist (BT-116). " + FIX,
    terms="BT-116",
    klass=Klass.CONTENT,
)
needs(
    "BR-46",
    breakdown,
    "tax",
    "In der Steueraufschlüsselung fehlt der Steuerbetrag.",
    "Je Kategorie und Satz steht da, wie viel Steuer es ist (BT-117). " + FIX,
    terms="BT-117",
    klass=Klass.CONTENT,
)


@rule("BR-47", breakdown, "category", "In der Steueraufschlüsselung fehlt die Kategorie.",
      "BT-118 nennt sie, etwa S für den Normalsatz. " + FIX,
      terms="BT-118")  # fmt: skip
def row_has_category(row: Breakdown, _: Invoice) -> bool:
    return row.is_vat and row.category is not None


@rule("BR-48", breakdown, "rate", "In der Steueraufschlüsselung fehlt der Steuersatz.",
      "Nur bei nicht steuerbaren Umsätzen (O) darf der Satz fehlen. " + FIX,
      terms="BT-119", klass=Klass.CONTENT)  # fmt: skip
def row_has_rate(row: Breakdown, _: Invoice) -> bool:
    return row.is_vat and (row.has("rate") or row.category == "O")


@rule("BR-CO-17", breakdown, "tax", "Ein Steuerbetrag ist falsch gerechnet.",
      "BT-117 muss der Betrag ohne Steuer (BT-116) mal Steuersatz (BT-119) sein. " + FIX,
      terms="BT-117 BT-116 BT-119", klass=Klass.CONTENT)  # fmt: skip
def tax_of_row(row: Breakdown, invoice: Invoice) -> bool:
    if row.tax is None:
        return False
    is_vat = (row.scheme or "").strip().upper() == "VAT"
    rate = row.rate if is_vat else None
    if rate is None or rounded(rate) == 0:
        return rounded(row.tax) == 0
    if row.taxable is None:
        return False
    expected = rounded(abs(row.taxable) * rate) / 100
    gap = abs(abs(row.tax) - expected)
    return gap <= 1 if invoice.syntax == "cii" else gap < 1


@rule("BR-CO-18", BySyntax(lines, document), "breakdown", "Die Steueraufschlüsselung fehlt.",
      "Die Rechnung muss für jede Steuerkategorie Betrag und Steuer nennen (BG-23). " + FIX,
      terms="BG-23", klass=Klass.CONTENT)  # fmt: skip
def has_breakdown(_: Any, invoice: Invoice) -> bool:
    return bool(invoice.breakdown)


@rule("BR-53", BySyntax(totals, document), "totals.tax_accounting",
      "Die Umsatzsteuer in Buchungswährung fehlt.",
      "Ist eine Buchungswährung genannt (BT-6), gehört die Umsatzsteuer auch in ihr dazu (BT-111)."
      " " + FIX, terms="BT-111 BT-6")  # fmt: skip
def tax_in_accounting_currency(_: Invoice | Totals, invoice: Invoice) -> bool:
    wanted = invoice.tax_currency
    if wanted is None:
        return True
    found = any(a.currency == wanted for a in invoice.totals.tax_amounts)
    return found and not (invoice.syntax == "cii" and wanted == invoice.currency)


# VAT categories that rule out others


def _exempt_rows(category: str, invoice: Invoice) -> list[Breakdown]:
    return [b for b in invoice.breakdown if b.category == category and b.is_vat]


def _intra_community(invoice: Invoice) -> Sequence[Any]:
    rows = _exempt_rows("K", invoice)
    return rows if invoice.syntax == "cii" else (rows and (invoice,))


@rule("BR-IC-11", _intra_community, "delivery.on",
      "Zur innergemeinschaftlichen Lieferung fehlt das Datum.",
      "Lieferdatum (BT-72) oder Abrechnungszeitraum (BG-14) muss angegeben sein. " + FIX,
      terms="BT-72 BG-14", klass=Klass.CONTENT)  # fmt: skip
def intra_community_date(_: Any, invoice: Invoice) -> bool:
    delivery, period = invoice.delivery, invoice.period
    if delivery is not None and (delivery.on is not None or filled(delivery, "on")):
        return True
    if period is None:
        return False
    dated = period.has("start") or period.has("end")
    return dated or (invoice.syntax != "cii" and period.tax_point_code is not None)


@rule("BR-IC-12", _intra_community, "delivery.address.country",
      "Zur innergemeinschaftlichen Lieferung fehlt das Bestimmungsland.",
      "BT-80 muss einen Ländercode nennen. " + FIX, terms="BT-80")  # fmt: skip
def intra_community_country(_: Any, invoice: Invoice) -> bool:
    address = invoice.delivery.address if invoice.delivery is not None else None
    if address is None or address.country is None:
        return False
    return invoice.syntax == "cii" or len(address.country) > 1


def _outside_vat(invoice: Invoice) -> Sequence[Any]:
    rows = _exempt_rows("O", invoice)
    return rows if invoice.syntax == "cii" else (rows and (invoice,))


def _only_outside(taxes: Sequence[TaxCategory], invoice: Invoice) -> bool:
    in_cii = invoice.syntax == "cii"
    if in_cii:
        return all(t.category in ("O", None) for t in taxes)
    return all(t.category == "O" for t in taxes if t.is_vat)


def _rows_outside(_: Any, invoice: Invoice) -> bool:
    in_cii = invoice.syntax == "cii"
    return _only_outside([*invoice.breakdown, *(invoice.line_taxes if in_cii else ())], invoice)


def _lines_outside(_: Any, invoice: Invoice) -> bool:
    in_cii = invoice.syntax == "cii"
    return _only_outside([*invoice.line_taxes, *(invoice.breakdown if in_cii else ())], invoice)


def _extras_outside(charge: bool, _: Any, invoice: Invoice) -> bool:
    taxes = allowance_taxes(invoice, charge)
    if invoice.syntax == "cii":
        taxes += allowance_taxes(invoice, not charge)
    return _only_outside(taxes, invoice)


_MIXED = "Nicht steuerbare und andere Umsätze gehören in getrennte Rechnungen. " + FIX
rule("BR-O-11", _outside_vat, "breakdown",
     "Neben nicht steuerbaren Umsätzen (O) sind andere Kategorien aufgeschlüsselt.", _MIXED,
     terms="BG-23 BT-118")(_rows_outside)  # fmt: skip
rule("BR-O-12", _outside_vat, "lines",
     "Neben nicht steuerbaren Umsätzen (O) gibt es anders besteuerte Positionen.", _MIXED,
     terms="BT-151")(_lines_outside)  # fmt: skip
rule("BR-O-13", _outside_vat, "allowances",
     "Neben nicht steuerbaren Umsätzen (O) gibt es anders besteuerte Nachlässe.", _MIXED,
     terms="BT-95")(partial(_extras_outside, False))  # fmt: skip
rule("BR-O-14", _outside_vat, "allowances",
     "Neben nicht steuerbaren Umsätzen (O) gibt es anders besteuerte Zuschläge.", _MIXED,
     terms="BT-102")(partial(_extras_outside, True))  # fmt: skip


# Payment


def means(invoice: Invoice) -> Sequence[Any]:
    return invoice.payment_means


def _transfers(invoice: Invoice) -> Sequence[Any]:
    found = invoice.payment_means
    return [m for m in found if m.code in ("30", "58") and m.account is not None]


needs("BR-49", means, "code", "Zur Zahlung fehlt die Zahlungsart.",
      "BT-81 muss einen Code nennen, etwa 58 für SEPA-Überweisung. " + FIX,
      terms="BT-81")  # fmt: skip


@rule("BR-50", _transfers, "account.iban", "Zur Überweisung fehlt die Kontonummer.",
      "BT-84 muss die IBAN nennen. " + FIX, terms="BT-84")  # fmt: skip
def transfer_has_account(found: PaymentMeans, _: Invoice) -> bool:
    account = found.account
    return account is not None and (filled(account, "iban") or filled(account, "proprietary"))


@rule("BR-61", BySyntax(_transfers, means), "account.iban",
      "Für die Überweisung ist kein Konto angegeben.",
      "BT-84 muss bei Zahlungsart 30 oder 58 die IBAN nennen. " + FIX,
      terms="BT-84 BT-81")  # fmt: skip
def transfer_names_account(found: PaymentMeans, _: Invoice) -> bool:
    if found.code not in ("30", "58"):
        return True
    return found.account is not None and found.account.iban is not None


def _cards(invoice: Invoice) -> Sequence[Any]:
    found = [m.card for m in invoice.payment_means if m.card is not None]
    return [c for c in found if c.number is not None]


@rule("BR-51", _cards, "number", "Die Nummer der Zahlungskarte ist zu vollständig angegeben.",
      "Zum Schutz der Karte stehen höchstens die ersten sechs und die letzten vier Ziffern da. "
      "Bitte geben Sie die Nummer nicht weiter.",
      terms="BT-87", severity="warning", cii_severity="fatal")  # fmt: skip
def card_number_short(card: Any, _: Invoice) -> bool:
    return len(" ".join(card.number.split())) <= 10


# References and delivery


def _references(invoice: Invoice) -> Sequence[Any]:
    return [*invoice.references, *(r for line in invoice.lines for r in line.references)]


fills("BR-52", _references, "reference", "Eine rechnungsbegründende Unterlage hat keine Kennung.",
      "Jede Unterlage braucht eine Kennung (BT-122). " + FIX, terms="BT-122")  # fmt: skip


def _preceding(invoice: Invoice) -> Sequence[Any]:
    return invoice.preceding


@rule("BR-55", _preceding, "number", "Die Nummer der früheren Rechnung fehlt.",
      "Ein Verweis auf eine frühere Rechnung muss deren Nummer nennen (BT-25). " + FIX,
      terms="BT-25")  # fmt: skip
def preceding_number(found: PrecedingInvoice, invoice: Invoice) -> bool:
    return filled(found, "number") if invoice.syntax == "cii" else found.number is not None


def _delivered(invoice: Invoice) -> Sequence[Any]:
    found = invoice.delivery
    return (found,) if found is not None and found.address is not None else ()


@rule("BR-57", _delivered, "address.country", "In der Lieferanschrift fehlt das Land.",
      "BT-80 muss einen zweistelligen Ländercode nennen. " + FIX, terms="BT-80")  # fmt: skip
def delivery_country(found: Delivery, invoice: Invoice) -> bool:
    address = found.address
    if address is None:
        return True
    return filled(address, "country") if invoice.syntax == "cii" else address.country is not None
