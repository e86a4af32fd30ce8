"""PEPPOL-EN16931: the rules of Peppol BIS Billing 3 for allowances, prices and lines.

Amounts that people round may be a little off: see `SLACK`. Where the two syntaxes ask of other
elements (CII of the price, UBL of its allowance), each rule says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from lxml import etree

from invoice.elements import amount, ancestor, below, is_named, trimmed
from invoice.model import AllowanceCharge, Group, Invoice, Line, Period
from invoice.rules.arithmetic import ZERO, cents, total
from invoice.rules.rule import BySyntax, Klass, RuleBook, lines, nothing

book = RuleBook()
rule = book.rule

_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."
SLACK, SLACK_IN_FORINT = Decimal("0.02"), Decimal("0.5")
"""How far a computed amount may be off; forints have no smaller unit."""


def _alike(stated: Decimal, computed: Decimal, invoice: Invoice) -> bool:
    slack = SLACK_IN_FORINT if invoice.currency == "HUF" else SLACK
    return abs(stated - computed) <= slack


def _groups(found: Iterable[etree._Element]) -> list[Group]:
    return [Group(source=element) for element in found]


# Allowances and charges


def _allowances(invoice: Invoice) -> Sequence[Any]:
    return [*invoice.allowances, *(a for line in invoice.lines for a in line.allowances)]


@rule("PEPPOL-EN16931-R040", _allowances, "amount", "Ein Nachlass oder Zuschlag ist falsch "
      "gerechnet.", "Der Betrag muss der Prozentsatz vom Grundbetrag sein. " + _FIX,
      terms="BT-92 BT-99 BT-136 BT-141", klass=Klass.CONTENT)  # fmt: skip
def amount_is_its_percentage(found: AllowanceCharge, invoice: Invoice) -> bool:
    if found.percent is None or found.base is None:
        return True
    return _alike(found.amount or ZERO, found.base * found.percent / 100, invoice)


@rule("PEPPOL-EN16931-R041", _allowances, "base", "Zu einem Prozentsatz fehlt der Grundbetrag.",
      "Beide gehören zusammen. " + _FIX, terms="BT-93 BT-100 BT-137 BT-142")  # fmt: skip
def percentage_has_a_base(found: AllowanceCharge, _: Invoice) -> bool:
    return found.has("base") or not found.has("percent")


@rule("PEPPOL-EN16931-R042", _allowances, "percent", "Zu einem Grundbetrag fehlt der Prozentsatz.",
      "Beide gehören zusammen. " + _FIX, terms="BT-94 BT-101 BT-138 BT-143")  # fmt: skip
def base_has_a_percentage(found: AllowanceCharge, _: Invoice) -> bool:
    return found.has("percent") or not found.has("base")


_CII_INDICATOR, _UBL_INDICATOR = "ram:ChargeIndicator/udt:Indicator", "cbc:ChargeIndicator"


def _indicators(found: Group) -> list[str]:
    """What an allowance or charge says it is: `true` for a charge, `false` for an allowance."""
    source = found.source
    said = below(source, _CII_INDICATOR) or below(source, _UBL_INDICATOR)
    return [trimmed(each) for each in said]


def _whole_allowances(invoice: Invoice) -> Sequence[Any]:
    """Those that R041 and R042 have nothing to say of; in the standard they come first."""
    return [a for a in _allowances(invoice) if a.has("base") == a.has("percent")]


def _discounts(invoice: Invoice) -> Sequence[Any]:
    return _groups(invoice.named("ram:AppliedTradeAllowanceCharge"))


for _id, _on in (
    ("R043", BySyntax(nothing, _whole_allowances)),
    ("R043-1", BySyntax(_whole_allowances, nothing)),
    ("R043-2", BySyntax(_discounts, nothing)),
):
    rule(
        f"PEPPOL-EN16931-{_id}",
        _on,
        "",
        "Ob es ein Nachlass oder ein Zuschlag ist, steht nicht als true oder false.",
        f"0 und 1 sind hier nicht zulässig. {_FIX}",
        klass=Klass.FORMAT,
    )(lambda found, _: _indicators(found) in (["true"], ["false"]))


# Prices: CII asks of the gross price, UBL of the allowance that makes it


def _gross_prices(invoice: Invoice) -> Sequence[Any]:
    return _groups(invoice.named("ram:GrossPriceProductTradePrice"))


def _price_allowances(invoice: Invoice) -> Sequence[Any]:
    found = invoice.named("cac:AllowanceCharge")
    return _groups(each for each in found if is_named(each.getparent(), "cac:Price"))


@rule("PEPPOL-EN16931-R044", BySyntax(_gross_prices, _price_allowances), "", "Ein Preis hat einen "
      "Zuschlag.", "Zum Preis gibt es nur einen Nachlass (BT-147). " + _FIX,
      terms="BT-147")  # fmt: skip
def price_has_no_charge(found: Group, invoice: Invoice) -> bool:
    if invoice.syntax != "cii":
        return _indicators(found) == ["false"]
    discount = "ram:AppliedTradeAllowanceCharge"
    said = below(found.source, f"{discount}/{_CII_INDICATOR}")
    charged = below(found.source, f"{discount}/ram:ActualAmount")
    return not charged or any(each.text == "false" for each in said)


def _priced(invoice: Invoice) -> Iterator[Line]:
    """The lines, and those below them, whose price says what it was before a discount."""
    pending = list(reversed(invoice.lines))
    while pending:
        line = pending.pop()
        if line.price.gross is not None:
            yield line
        pending.extend(reversed(line.sublines))


@rule("PEPPOL-EN16931-R046", _priced, "price.net", "Nettopreis, Bruttopreis und Nachlass eines "
      "Artikels passen nicht zusammen.", "Der Nettopreis muss der Bruttopreis abzüglich des "
      "Nachlasses sein. " + _FIX, terms="BT-146 BT-147 BT-148", klass=Klass.CONTENT)  # fmt: skip
def net_price_is_gross_less_discount(line: Line, _: Invoice) -> bool:
    price = line.price
    assert price.gross is not None
    return price.net == price.gross - (price.discount or ZERO)


def _bases(invoice: Invoice) -> list[etree._Element]:
    """For how many units a price is, of every price."""
    if invoice.syntax == "cii":
        prices = "ram:NetPriceProductTradePrice", "ram:GrossPriceProductTradePrice"
        found = invoice.named("ram:BasisQuantity")
        return [each for each in found if is_named(each.getparent(), *prices)]
    found = invoice.named("cbc:BaseQuantity")
    return [each for each in found if is_named(each.getparent(), "cac:Price")]


def _bases_of_lines(invoice: Invoice) -> Sequence[Any]:
    """In UBL not those of lines below lines."""
    if invoice.syntax == "cii":
        return _groups(_bases(invoice))
    line = "cac:InvoiceLine", "cac:CreditNoteLine"
    return _groups(each for each in _bases(invoice) if is_named(ancestor(each, 2), *line))


@rule("PEPPOL-EN16931-R121", _bases_of_lines, "", "Die Preisbasis ist nicht größer als null.",
      "BT-149 sagt, für wie viele Einheiten der Preis gilt. " + _FIX,
      terms="BT-149")  # fmt: skip
def base_quantity_is_positive(found: Group, _: Invoice) -> bool:
    assert found.source is not None
    quantity = amount(found.source)
    return quantity is None or quantity > 0


def _units_of_bases(invoice: Invoice) -> Sequence[Any]:
    return _groups(each for each in _bases(invoice) if each.get("unitCode") is not None)


@rule("PEPPOL-EN16931-R130", _units_of_bases, "", "Die Einheit der Preisbasis ist nicht die der "
      "Menge.", "BT-150 muss BT-130 sein. " + _FIX, terms="BT-150 BT-130")  # fmt: skip
def base_is_in_the_same_unit(found: Group, invoice: Invoice) -> bool:
    assert found.source is not None
    unit = found.source.get("unitCode")
    if invoice.syntax == "cii":
        quantities = below(
            ancestor(found.source, 3), "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
        )
        return any(each.get("unitCode") == unit for each in quantities)
    line = ancestor(found.source, 2)
    invoiced, credited = below(line, "cbc:InvoicedQuantity"), below(line, "cbc:CreditedQuantity")
    if not (invoiced or credited):
        return True
    quantities = invoiced if invoice.syntax == "ubl-invoice" else credited
    return any(each.get("unitCode") == unit for each in quantities)


# Lines


def _net_fits(line: Line, invoice: Invoice) -> bool:
    quantity = Decimal(1) if line.quantity is None else line.quantity
    price = line.price.net or ZERO
    base = line.price.base_quantity or Decimal(1)
    besides = _besides(line, "true") - _besides(line, "false") if line.allowances else ZERO
    return _alike(line.net or ZERO, quantity * (price / base) + besides, invoice)


def _besides(line: Line, indicator: str) -> Decimal:
    """The sum of a line's charges or allowances, all that say so in a word."""
    found = [a.source for a in line.allowances if indicator in _indicators(a)]
    amounts = [below(a, "ram:ActualAmount") or below(a, "cbc:Amount") for a in found]
    return cents(total(amount(each) for several in amounts for each in several))


rule("PEPPOL-EN16931-R120", lines, "net", "Der Nettobetrag einer Position ist falsch gerechnet.",
     "Er muss Menge mal Preis sein, zuzüglich der Zuschläge und abzüglich der Nachlässe. " + _FIX,
     terms="BT-131 BT-129 BT-146 BT-149", severity="warning",
     klass=Klass.CONTENT)(_net_fits)  # fmt: skip


_REFERENCE = "ram:AdditionalReferencedDocument", "cac:DocumentReference"
_SETTLED = "ram:SpecifiedLineTradeSettlement"


def _lines_with_reference(invoice: Invoice) -> Sequence[Any]:
    """What of a line holds its references: in CII the settlement, in UBL the line itself."""
    cii, ubl = _REFERENCE
    above = _SETTLED, "cac:InvoiceLine", "cac:CreditNoteLine"
    references = invoice.named(cii if invoice.syntax == "cii" else ubl)
    holders = dict.fromkeys(each.getparent() for each in references)
    return _groups(each for each in holders if each is not None and is_named(each, *above))


@rule("PEPPOL-EN16931-R101", _lines_with_reference, "", "Eine Position verweist auf etwas "
      "anderes als das abgerechnete Objekt.", "Nur BT-128 (Typ 130) ist vorgesehen. " + _FIX,
      terms="BT-128")  # fmt: skip
def reference_is_the_object(found: Group, invoice: Invoice) -> bool:
    cii, ubl = (f"{_REFERENCE[0]}/ram:TypeCode", f"{_REFERENCE[1]}/cbc:DocumentTypeCode")
    codes = below(found.source, cii if invoice.syntax == "cii" else ubl)
    return any(code.text == "130" for code in codes)


# Periods


def _periods(invoice: Invoice) -> Sequence[Any]:
    """Those of lines, where the invoice has one, too."""
    if invoice.period is None:
        return ()
    return [line.period for line in invoice.lines if line.period is not None]


def _within(field: str, later: int, period: Period, invoice: Invoice) -> bool:
    """Whether a line's period ends at most, or begins at least, where the invoice's does.

    `later` is 1 for the end and -1 for the beginning. CII compares the digits as they stand, so
    also those that are no date.
    """
    assert invoice.period is not None
    if invoice.syntax == "cii":
        return _stamps_within(field, later, period, invoice.period)
    whole, part = getattr(invoice.period, field), getattr(period, field)
    return whole is None or part is None or (whole - part).days * later >= 0


def _stamps_within(field: str, later: int, period: Period, whole: Period) -> bool:
    name = f"ram:{field.title()}DateTime"
    if not (below(period.source, name) and below(whole.source, name)):
        return True
    return any(
        ((b.text or "") > (a.text or "")) - ((b.text or "") < (a.text or "")) in (0, later)
        for a in below(period.source, f"{name}/udt:DateTimeString")
        for b in below(whole.source, f"{name}/udt:DateTimeString")
    )


rule("PEPPOL-EN16931-R110", _periods, "start", "Eine Position beginnt vor dem Zeitraum der "
     "Rechnung.", _FIX, terms="BT-134 BT-73")(partial(_within, "start", -1))  # fmt: skip
rule("PEPPOL-EN16931-R111", _periods, "end", "Eine Position endet nach dem Zeitraum der "
     "Rechnung.", _FIX, terms="BT-135 BT-74")(partial(_within, "end", 1))  # fmt: skip
