"""BR-DEX: what the Extension of XRechnung demands of codes, lines below lines, third parties.

Only UBL carries lines below lines and payments for third parties.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from invoice.cii_parties import NAMES as CII_NAMES
from invoice.model import Group, Invoice, Line, ThirdPartyPayment, Totals
from invoice.rules.arithmetic import cents, decimals, total
from invoice.rules.code_lists import never, outside
from invoice.rules.lines import all_lines
from invoice.rules.rule import RuleBook, filled, present

book = RuleBook()
rule, fills = book.rule, book.fills

_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."

APPLICATIONS = frozenset({"XR01", "XR02", "XR03"})
"""Schemes of the Extension beside ISO 6523 and EAS: identifiers of digital health applications."""
XML = frozenset({"application/xml"})
_WIDER: tuple[tuple[str, str, frozenset[str], str, str], ...] = (
    ("01", "24", XML, "BT-125", "Der Dateityp eines Anhangs"),
    ("04", "10", APPLICATIONS, "BT-29", "Die Art der Kennung eines Beteiligten"),
    ("05", "11", APPLICATIONS, "BT-30", "Die Art der Registernummer"),
    ("06", "21", APPLICATIONS, "BT-157", "Die Art der Artikelnummer"),
    ("07", "25", APPLICATIONS, "BT-34", "Die Art einer elektronischen Adresse"),
    ("08", "26", APPLICATIONS, "BT-71", "Die Art der Kennung des Lieferorts"),
)
"""Rule, the BR-CL that it takes the place of, the codes that the Extension adds, what is coded."""

for _number, _replaced, _more, _term, _what in _WIDER:
    rule(
        f"BR-DEX-{_number}",
        partial(outside, _replaced, more=_more),
        "",
        f"{_what} ist nicht mit einem zulässigen Code angegeben.",
        f"Zur Liste der EN 16931 kommt in der Extension nur {', '.join(sorted(_more))}. {_FIX}",
        terms=_term,
        asks="on",
    )(never)


def _invoice(invoice: Invoice) -> Sequence[Any]:
    return (invoice,) if invoice.syntax == "ubl-invoice" else ()


def _totals(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.totals) if invoice.syntax != "cii" else ()


def _payments(invoice: Invoice) -> Sequence[Any]:
    return invoice.third_party_payments


@rule("BR-DEX-02", _invoice, "lines",
      "Eine Position stimmt nicht mit der Summe ihrer Unterpositionen überein.",
      "Der Nettobetrag soll die Summe der Unterpositionen sein. Bitte nachrechnen.",
      terms="BT-131", severity="warning")  # fmt: skip
def sublines_add_up(_: Invoice, invoice: Invoice) -> bool:
    split = [line for line in all_lines(invoice) if line.sublines]
    return all(line.net == total(sub.net for sub in line.sublines) for line in split)


@rule("BR-DEX-03", _invoice, "lines", "Eine Unterposition hat nicht genau eine Steuerkategorie.",
      _FIX, terms="BT-151")  # fmt: skip
def sublines_are_taxed_once(_: Invoice, invoice: Invoice) -> bool:
    subs: list[Line] = [sub for line in all_lines(invoice) for sub in line.sublines]
    return all(len(sub.taxes) == 1 for sub in subs if sub.item.source is not None)


@rule("BR-DEX-09", _totals, "due", "Der fällige Betrag ist falsch gerechnet.",
      "BT-115 muss der Bruttobetrag abzüglich der Vorauszahlung sein, zuzüglich des Rundungsbetrags"
      " und der Zahlungen für Dritte. " + _FIX,
      terms="BT-115 BT-112 BT-113 BT-114 BT-DEX-002")  # fmt: skip
def amount_due_with_third_parties(found: Totals, invoice: Invoice) -> bool:
    if found.due is None or found.gross is None:
        return False
    third = total(payment.amount for payment in invoice.third_party_payments)
    expected = found.gross - (found.prepaid or 0) + third
    return cents(found.due - (found.rounding or 0)) == cents(expected)


fills("BR-DEX-10", _payments, "kind", "Zu einer Zahlung für Dritte fehlt die Art.", _FIX,
      terms="BT-DEX-001")  # fmt: skip
fills("BR-DEX-12", _payments, "description", "Zu einer Zahlung für Dritte fehlt die Beschreibung.",
      _FIX, terms="BT-DEX-003")  # fmt: skip


@rule("BR-DEX-11", _payments, "amount", "Zu einer Zahlung für Dritte fehlt der Betrag.", _FIX,
      terms="BT-DEX-002")  # fmt: skip
def payment_has_amount(found: ThirdPartyPayment, _: Invoice) -> bool:
    return filled(found, "amount")


@rule("BR-DEX-13", _payments, "amount",
      "Der Betrag einer Zahlung für Dritte hat mehr als zwei Nachkommastellen.", _FIX,
      terms="BT-DEX-002")  # fmt: skip
def payment_in_cents(found: ThirdPartyPayment, _: Invoice) -> bool:
    return decimals(found.amount) <= 2


@rule("BR-DEX-14", _payments, "amount",
      "Eine Zahlung für Dritte steht nicht in der Währung der Rechnung.", _FIX,
      terms="BT-DEX-002 BT-5")  # fmt: skip
def payment_in_currency(found: ThirdPartyPayment, invoice: Invoice) -> bool:
    return found.currency is not None and found.currency == invoice.currency


_PARENT, _POSITION = (
    CII_NAMES.tags("ram:ParentLineID")[0],
    CII_NAMES.tags("ram:AssociatedDocumentLineDocument")[0],
)


def _lines_of_a_tree(invoice: Invoice) -> Sequence[Any]:
    """Every line, where one of them names the line above it."""
    if invoice.syntax != "cii" or _PARENT not in invoice.elements:
        return ()
    return [Group(source=element) for element in invoice.elements.get(_POSITION, ())]


rule("BR-DEX-15", _lines_of_a_tree, "", "Die Positionen scheinen Unterpositionen zu haben.",
     "In CII kennt XRechnung keine. Bitte die Summen prüfen.",
     severity="warning")(never)  # fmt: skip
