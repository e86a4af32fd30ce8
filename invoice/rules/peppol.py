"""PEPPOL-EN16931: the rules of Peppol BIS Billing 3 that XRechnung has taken over.

Peppol asks some of them of the syntax alone (empty elements, an indicator's spelling); those look
at the source. Amounts that people round may be a little off: see `SLACK`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from invoice.cii_parties import NAMES as CII_NAMES
from invoice.model import AllowanceCharge, Group, Invoice, Line, Party, PaymentMeans, Period
from invoice.rules.arithmetic import total
from invoice.rules.rule import FIX, Klass, RuleBook, document, lines
from invoice.shapes import BLANKS, normal
from invoice.ubl_parties import NAMES as UBL_NAMES

book = RuleBook()
rule = book.rule

SLACK, SLACK_IN_FORINT = Decimal("0.02"), Decimal("0.5")
"""How far a computed amount may be off; forints have no smaller unit."""


def _slack(invoice: Invoice) -> Decimal:
    return SLACK_IN_FORINT if (invoice.currency or "").strip() == "HUF" else SLACK


def _alike(stated: Decimal, computed: Decimal, invoice: Invoice) -> bool:
    return abs(stated - computed) <= _slack(invoice)


# The document


@rule("PEPPOL-EN16931-R001", document, "business_process", "Der Geschäftsprozess fehlt.",
      "BT-23 nennt, in welchem Verfahren die Rechnung steht. " + FIX,
      terms="BT-23")  # fmt: skip
def has_business_process(invoice: Invoice, _: Invoice) -> bool:
    return invoice.has("business_process")


@rule("PEPPOL-EN16931-R005", document, "tax_currency", "Die Buchungswährung der Umsatzsteuer ist "
      "die der Rechnung.", "BT-6 steht nur da, wenn es eine andere Währung ist. " + FIX,
      terms="BT-6 BT-5")  # fmt: skip
def tax_currency_is_another(invoice: Invoice, _: Invoice) -> bool:
    if not invoice.has("tax_currency"):
        return True
    return normal(invoice.tax_currency or "") != normal(invoice.currency or "")


def _empty(invoice: Invoice) -> Iterator[Any]:
    for tag, elements in invoice.elements.items():
        if not tag.endswith(_MAY_BE_EMPTY):
            for element in elements:
                if not len(element) and not (element.text or "").strip(BLANKS):
                    yield Group(source=element)


_MAY_BE_EMPTY = "}ApplicableHeaderTradeDelivery"
"""CII's schema demands the delivery, which may have nothing to say."""

rule("PEPPOL-EN16931-R008", _empty, "", "Die Rechnung enthält eine Angabe ohne Inhalt.",
     "Was nichts sagt, muss weggelassen werden. " + FIX, klass=Klass.FORMAT)(
    lambda _, __: False
)  # fmt: skip


@rule("PEPPOL-EN16931-R010", document, "buyer.endpoint", "Die elektronische Adresse des Käufers "
      "fehlt.", "BT-49 sagt, wohin die Rechnung geht. " + FIX, terms="BT-49")  # fmt: skip
def buyer_has_address(invoice: Invoice, _: Invoice) -> bool:
    return invoice.buyer.source is None or _is_reached(invoice.buyer, invoice)


@rule("PEPPOL-EN16931-R020", document, "seller.endpoint", "Die elektronische Adresse des "
      "Verkäufers fehlt.", "BT-34 sagt, wohin Antworten gehen. " + FIX, terms="BT-34")  # fmt: skip
def seller_has_address(invoice: Invoice, _: Invoice) -> bool:
    return invoice.seller.source is None or _is_reached(invoice.seller, invoice)


def _is_reached(party: Party, invoice: Invoice) -> bool:
    """Whether the address is there: in CII it stands inside of a group that may lack it."""
    endpoint = party.endpoint
    return endpoint is not None and (invoice.syntax != "cii" or endpoint.has("value"))


# Tax totals


def _ubl(invoice: Invoice) -> Sequence[Any]:
    return (invoice,) if invoice.syntax != "cii" else ()


@rule("PEPPOL-EN16931-R053", _ubl, "breakdown", "Die Steueraufschlüsselung steht nicht genau "
      "einmal.", "Sie gehört zu genau einer Steuersumme (BT-110, BG-23). " + FIX,
      terms="BT-110 BG-23")  # fmt: skip
def one_broken_down_total(invoice: Invoice, _: Invoice) -> bool:
    return sum(bool(amount.subtotals) for amount in invoice.totals.tax_amounts) == 1


@rule("PEPPOL-EN16931-R054", document, "totals.tax_accounting", "Die Umsatzsteuer in "
      "Buchungswährung steht nicht genau einmal.", "Nennt die Rechnung eine Buchungswährung "
      "(BT-6), gehört die Umsatzsteuer in ihr dazu, sonst nicht. " + FIX,
      terms="BT-111 BT-6")  # fmt: skip
def one_total_in_the_tax_currency(invoice: Invoice, _: Invoice) -> bool:
    wanted = 1 if invoice.has("tax_currency") else 0
    amounts = invoice.totals.tax_amounts
    if invoice.syntax == "cii":
        return (
            sum(a.currency == invoice.tax_currency for a in amounts) == wanted if wanted else True
        )
    return sum(not amount.subtotals for amount in amounts) == wanted


@rule("PEPPOL-EN16931-R055", document, "totals.tax_accounting", "Die Umsatzsteuer hat in "
      "beiden Währungen verschiedene Vorzeichen.", "Beide sind positiv oder beide negativ. " + FIX,
      terms="BT-110 BT-111")  # fmt: skip
def totals_have_one_sign(invoice: Invoice, _: Invoice) -> bool:
    if not invoice.has("tax_currency"):
        return True
    there = _amounts_in(invoice, normal(invoice.tax_currency or ""))
    here = _amounts_in(invoice, normal(invoice.currency or ""))
    negative = any(a <= 0 for a in there) and any(a <= 0 for a in here)
    return negative or (any(a >= 0 for a in there) and any(a >= 0 for a in here))


def _amounts_in(invoice: Invoice, currency: str) -> list[Decimal]:
    amounts = invoice.totals.tax_amounts
    return [a.amount for a in amounts if a.currency == currency and a.amount is not None]


# Allowances and charges


def _allowances(invoice: Invoice) -> Sequence[Any]:
    return [*invoice.allowances, *(a for line in invoice.lines for a in line.allowances)]


@rule("PEPPOL-EN16931-R040", _allowances, "amount", "Ein Nachlass oder Zuschlag ist falsch "
      "gerechnet.", "Der Betrag muss der Prozentsatz vom Grundbetrag sein. " + FIX,
      terms="BT-92 BT-99 BT-136 BT-141")  # fmt: skip
def amount_is_its_percentage(found: AllowanceCharge, invoice: Invoice) -> bool:
    if found.percent is None or found.base is None:
        return True
    return _alike(found.amount or Decimal(0), found.base * found.percent / 100, invoice)


@rule(
    "PEPPOL-EN16931-R041",
    _allowances,
    "base",
    "Zu einem Prozentsatz fehlt der Grundbetrag.",
    "Prozentsatz und Grundbetrag gehören zusammen. " + FIX,
    terms="BT-93 BT-100 BT-137 BT-142",
)
def percentage_has_a_base(found: AllowanceCharge, _: Invoice) -> bool:
    return found.has("base") or not found.has("percent")


@rule(
    "PEPPOL-EN16931-R042",
    _allowances,
    "percent",
    "Zu einem Grundbetrag fehlt der Prozentsatz.",
    "Prozentsatz und Grundbetrag gehören zusammen. " + FIX,
    terms="BT-94 BT-101 BT-138 BT-143",
)
def base_has_a_percentage(found: AllowanceCharge, _: Invoice) -> bool:
    return found.has("percent") or not found.has("base")


def _indicators(parent: str, invoice: Invoice) -> Sequence[Any]:
    """What says whether something is a charge, below elements of this name."""
    names = CII_NAMES if invoice.syntax == "cii" else UBL_NAMES
    prefix = "ram" if invoice.syntax == "cii" else "cbc"
    above, name = names.tags(parent)[0], names.tags(f"{prefix}:ChargeIndicator")[0]
    return [
        Group(source=indicator)
        for element in invoice.elements.get(above, ())
        for indicator in element.findall(name)
    ]


def _words(found: Group) -> str:
    assert found.source is not None
    return normal("".join(map(str, found.source.itertext())))


def _spelled_out(found: Group, _: Invoice) -> bool:
    return _words(found) in ("true", "false")


def _of(syntax: str, parent: str, invoice: Invoice) -> Sequence[Any]:
    return _indicators(parent, invoice) if (invoice.syntax == "cii") is (syntax == "cii") else ()


for _id, _syntax, _parent in (
    ("R043", "ubl", "cac:AllowanceCharge"),
    ("R043-1", "cii", "ram:SpecifiedTradeAllowanceCharge"),
    ("R043-2", "cii", "ram:AppliedTradeAllowanceCharge"),
):
    rule(
        f"PEPPOL-EN16931-{_id}",
        partial(_of, _syntax, _parent),
        "",
        "Ob es ein Nachlass oder ein Zuschlag ist, steht nicht als true oder false.",
        f"0 und 1 sind hier nicht zulässig. {FIX}",
        klass=Klass.FORMAT,
    )(_spelled_out)


def _price_indicators(invoice: Invoice) -> Sequence[Any]:
    if invoice.syntax == "cii":
        return _indicators("ram:AppliedTradeAllowanceCharge", invoice)
    price = UBL_NAMES.tags("cac:Price")[0]
    found = _indicators("cac:AllowanceCharge", invoice)
    return [each for each in found if _grandparent(each) == price]


def _grandparent(found: Group) -> object:
    above = None if found.source is None else found.source.getparent()
    over = None if above is None else above.getparent()
    return None if over is None else over.tag


@rule("PEPPOL-EN16931-R044", _price_indicators, "", "Ein Preis hat einen Zuschlag.",
      "Zum Preis gibt es nur einen Nachlass (BT-147). " + FIX, terms="BT-147")  # fmt: skip
def price_has_no_charge(found: Group, _: Invoice) -> bool:
    return _words(found) == "false"


# Payment


def _debits(invoice: Invoice) -> Sequence[Any]:
    return [m for m in invoice.payment_means if normal(m.code or "") in ("49", "59")]


@rule("PEPPOL-EN16931-R061", _debits, "mandate", "Zur Lastschrift fehlt die Mandatsreferenz.",
      "BT-89 nennt das Mandat, nach dem eingezogen wird. " + FIX, terms="BT-89")  # fmt: skip
def debit_has_a_mandate(found: PaymentMeans, invoice: Invoice) -> bool:
    if invoice.syntax == "cii":
        return invoice.direct_debit is not None and invoice.direct_debit.has("mandate")
    return found.mandate is not None and found.mandate.has("reference")


# Lines


def _net_fits(line: Line, invoice: Invoice) -> bool:
    quantity = Decimal(1) if line.quantity is None else line.quantity
    price = line.price.net or Decimal(0)
    base = line.price.base_quantity or Decimal(1)
    besides = total(a.amount for a in line.allowances if a.charge is True)
    besides -= total(a.amount for a in line.allowances if a.charge is False)
    return _alike(line.net or Decimal(0), quantity * (price / base) + besides, invoice)


rule("PEPPOL-EN16931-R120", lines, "net", "Der Nettobetrag einer Position ist falsch gerechnet.",
     "Er muss Menge mal Preis sein, zuzüglich der Zuschläge und abzüglich der Nachlässe. " + FIX,
     terms="BT-131 BT-129 BT-146 BT-149")(_net_fits)  # fmt: skip


@rule("PEPPOL-EN16931-R121", lines, "price.base_quantity", "Die Preisbasis ist nicht größer als "
      "null.", "BT-149 sagt, für wie viele Einheiten der Preis gilt. " + FIX,
      terms="BT-149")  # fmt: skip
def base_quantity_is_positive(line: Line, _: Invoice) -> bool:
    return line.price.base_quantity is None or line.price.base_quantity > 0


@rule(
    "PEPPOL-EN16931-R130",
    lines,
    "price.base_unit",
    "Die Einheit der Preisbasis ist nicht die der Menge.",
    "Preis (BT-150) und Menge (BT-130) haben dieselbe Einheit. " + FIX,
    terms="BT-150 BT-130",
)
def base_is_in_the_same_unit(line: Line, _: Invoice) -> bool:
    return line.price.base_unit is None or line.price.base_unit == line.unit


@rule("PEPPOL-EN16931-R046", lines, "price.net", "Nettopreis, Bruttopreis und Nachlass eines "
      "Artikels passen nicht zusammen.", "Der Nettopreis muss der Bruttopreis abzüglich des "
      "Nachlasses sein. " + FIX, terms="BT-146 BT-147 BT-148")  # fmt: skip
def net_price_is_gross_less_discount(line: Line, _: Invoice) -> bool:
    price = line.price
    if price.gross is None or price.discount is None:
        return True
    return price.net == price.gross - price.discount


def _line_references(invoice: Invoice) -> Sequence[Any]:
    if invoice.syntax == "cii":
        return ()
    tag = UBL_NAMES.tags("cac:DocumentReference")[0]
    return [
        Group(source=reference)
        for line in invoice.lines
        if line.source is not None
        for reference in line.source.findall(tag)
    ]


@rule(
    "PEPPOL-EN16931-R101",
    _line_references,
    "",
    "Eine Position verweist auf etwas anderes als das abgerechnete Objekt.",
    "Vorgesehen ist nur das abgerechnete Objekt (BT-128, Typ 130). " + FIX,
    terms="BT-128",
)
def reference_is_the_object(found: Group, _: Invoice) -> bool:
    assert found.source is not None
    codes = found.source.findall(UBL_NAMES.tags("cbc:DocumentTypeCode")[0])
    return any(code.text == "130" for code in codes)


def _periods(invoice: Invoice) -> Sequence[Any]:
    return [line.period for line in invoice.lines if line.period is not None]


@rule(
    "PEPPOL-EN16931-R110",
    _periods,
    "start",
    "Der Zeitraum einer Position beginnt vor dem der Rechnung.",
    "Er liegt im Abrechnungszeitraum (BT-73, BT-74). " + FIX,
    terms="BT-134 BT-73",
)
def line_begins_within(period: Period, invoice: Invoice) -> bool:
    whole = invoice.period
    if whole is None or whole.start is None or period.start is None:
        return True
    return period.start >= whole.start


@rule(
    "PEPPOL-EN16931-R111",
    _periods,
    "end",
    "Der Zeitraum einer Position endet nach dem der Rechnung.",
    "Er liegt im Abrechnungszeitraum (BT-73, BT-74). " + FIX,
    terms="BT-135 BT-74",
)
def line_ends_within(period: Period, invoice: Invoice) -> bool:
    whole = invoice.period
    if whole is None or whole.end is None or period.end is None:
        return True
    return period.end <= whole.end
