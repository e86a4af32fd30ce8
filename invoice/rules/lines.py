"""BR-21 to BR-28, BR-30, BR-41 to BR-44, BR-54, BR-64, BR-65, BR-CO-04, 20, 23, 24: the lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from invoice.model import AllowanceCharge, Classification, Identifier, Invoice, Line, Period
from invoice.rules.rule import FIX, Klass, RuleBook, filled, lines

book = RuleBook()
rule, needs, fills = book.rule, book.needs, book.fills


fills("BR-21", lines, "id", "Eine Position hat keine Nummer.",
      "Jede Position braucht eine Kennung (BT-126). " + FIX, terms="BT-126")  # fmt: skip
needs("BR-22", lines, "quantity", "Zu einer Position fehlt die Menge.",
      "Die Menge der Leistung ist eine Pflichtangabe. " + FIX,
      terms="BT-129", klass=Klass.CONTENT)  # fmt: skip
needs("BR-23", lines, "unit", "Zur Menge einer Position fehlt die Einheit.",
      "BT-130 muss einen Einheitencode nennen, etwa C62 für Stück. " + FIX,
      terms="BT-130")  # fmt: skip
needs("BR-24", lines, "net", "Zu einer Position fehlt der Nettobetrag.",
      "Er ist Menge mal Preis, mit Nachlässen und Zuschlägen (BT-131). " + FIX,
      terms="BT-131", klass=Klass.CONTENT)  # fmt: skip


@rule("BR-25", lines, "item.name", "Zu einer Position fehlt die Bezeichnung der Leistung.",
      "Die Art der Leistung ist nach § 14 Abs. 4 UStG Pflicht. " + FIX,
      terms="BT-153", klass=Klass.CONTENT)  # fmt: skip
def item_name(line: Line, _: Invoice) -> bool:
    return filled(line.item, "name")


@rule("BR-26", lines, "price.net", "Zu einer Position fehlt der Einzelpreis.",
      "BT-146 nennt den Preis ohne Umsatzsteuer. " + FIX,
      terms="BT-146")  # fmt: skip
def has_price(line: Line, _: Invoice) -> bool:
    return line.price.has("net")


@rule("BR-27", lines, "price.net", "Der Nettopreis einer Position fehlt oder ist negativ.",
      "Minderungen gehören in die Menge oder in einen Nachlass, nicht in den Preis. " + FIX,
      terms="BT-146")  # fmt: skip
def price_not_negative(line: Line, _: Invoice) -> bool:
    return line.price.net is not None and line.price.net >= 0


@rule("BR-28", lines, "price.gross", "Der Bruttopreis einer Position ist negativ.",
      "Minderungen gehören in die Menge oder in einen Nachlass, nicht in den Preis. " + FIX,
      terms="BT-148")  # fmt: skip
def gross_price_not_negative(line: Line, _: Invoice) -> bool:
    price = line.price
    return not price.has("gross") or (price.gross is not None and price.gross >= 0)


@rule("BR-CO-04", lines, "tax", "Zu einer Position fehlt die Steuerkategorie.",
      "Jede Position muss sagen, wie sie besteuert wird (BT-151). " + FIX,
      terms="BT-151", klass=Klass.CONTENT)  # fmt: skip
def line_has_category(line: Line, _: Invoice) -> bool:
    return any(t.is_vat and t.category is not None for t in line.taxes)


def _periods(invoice: Invoice) -> Sequence[Any]:
    return [line.period for line in invoice.lines if line.period is not None]


def in_order(period: Period, invoice: Invoice) -> bool:
    """Whether the period ends no earlier than it begins, where both are given."""
    if not (period.has("start") and period.has("end")):
        return True
    if period.start is not None and period.end is not None and not period.indented:
        return period.end >= period.start
    # CII compares texts, so that also what is no date has an order.
    if invoice.syntax != "cii":
        return bool(period.start and period.end and period.end >= period.start)
    start, end = _text_of(period, "start"), _text_of(period, "end")
    return start is not None and end is not None and end >= start


def _text_of(period: Period, name: str) -> str | None:
    """The text of a date in the form that is compared; None in another form."""
    if period.indented and name in period.indented:
        return period.indented[name]
    value = getattr(period, name)
    return f"{value:%Y%m%d}" if value is not None else (period.unreadable or {}).get(name)


@rule("BR-30", _periods, "end", "Der Zeitraum einer Position endet vor seinem Beginn.",
      "Das Ende (BT-135) liegt nicht vor dem Beginn (BT-134). " + FIX,
      terms="BT-135 BT-134")  # fmt: skip
def line_period_in_order(period: Period, invoice: Invoice) -> bool:
    return in_order(period, invoice)


@rule("BR-CO-20", _periods, "start", "Der Zeitraum einer Position hat weder Beginn noch Ende.",
      "Mindestens eines von beiden muss angegeben sein. " + FIX,
      terms="BT-134 BT-135 BG-26")  # fmt: skip
def line_period_says_something(period: Period, _: Invoice) -> bool:
    return period.has("start") or period.has("end")


def _allowances(charge: bool, invoice: Invoice) -> Sequence[Any]:
    return [a for line in invoice.lines for a in line.allowances if a.charge is charge]


def _line_allowances(invoice: Invoice) -> Sequence[Any]:
    return _allowances(False, invoice)


def _line_charges(invoice: Invoice) -> Sequence[Any]:
    return _allowances(True, invoice)


def reasoned(found: AllowanceCharge, _: Invoice) -> bool:
    """Whether a reason or its code is there."""
    return found.reason is not None or found.reason_code is not None


_REASON = "Ein Grund oder ein Code für den Grund muss angegeben sein. " + FIX
needs(
    "BR-41",
    _line_allowances,
    "amount",
    "Der Betrag eines Nachlasses zu einer Position fehlt.",
    "Ein Nachlass ohne Betrag (BT-136) lässt sich nicht nachrechnen. " + FIX,
    terms="BT-136",
)
rule("BR-42", _line_allowances, "reason", "Zum Nachlass einer Position fehlt der Grund.", _REASON,
     terms="BT-139 BT-140")(reasoned)  # fmt: skip
needs(
    "BR-43",
    _line_charges,
    "amount",
    "Der Betrag eines Zuschlags zu einer Position fehlt.",
    "Ein Zuschlag ohne Betrag (BT-141) lässt sich nicht nachrechnen. " + FIX,
    terms="BT-141",
)
rule("BR-44", _line_charges, "reason", "Zum Zuschlag einer Position fehlt der Grund.", _REASON,
     terms="BT-144 BT-145")(reasoned)  # fmt: skip
rule("BR-CO-23", _line_allowances, "reason",
     "Ein Nachlass zu einer Position ist nicht begründet.", _REASON,
     terms="BT-139 BT-140")(reasoned)  # fmt: skip
rule("BR-CO-24", _line_charges, "reason",
     "Ein Zuschlag zu einer Position ist nicht begründet.", _REASON,
     terms="BT-144 BT-145")(reasoned)  # fmt: skip


def all_lines(invoice: Invoice) -> list[Line]:
    """The lines and those below them."""
    found: list[Line] = []
    pending = list(reversed(invoice.lines))
    while pending:
        line = pending.pop()
        found.append(line)
        pending.extend(reversed(line.sublines))
    return found


def _attributes(invoice: Invoice) -> Sequence[Any]:
    return [a for line in all_lines(invoice) for a in line.item.attributes]


@rule("BR-54", _attributes, "name", "Eine Eigenschaft eines Artikels ist unvollständig.",
      "Name (BT-160) und Wert (BT-161) müssen beide angegeben sein. " + FIX,
      terms="BT-160 BT-161")  # fmt: skip
def attribute_complete(found: Any, _: Invoice) -> bool:
    return found.name is not None and found.value is not None


def _standard_ids(invoice: Invoice) -> Sequence[Any]:
    return [line.item.standard_id for line in invoice.lines if line.item.standard_id is not None]


@rule("BR-64", _standard_ids, "scheme", "Zur Artikelnummer fehlt die Art der Nummer.",
      "Die Nummer braucht das Attribut schemeID, etwa 0160 für GTIN. " + FIX,
      terms="BT-157")  # fmt: skip
def standard_id_scheme(found: Identifier, invoice: Invoice) -> bool:
    return bool(found.scheme) if invoice.syntax == "cii" else found.scheme is not None


def _classifications(invoice: Invoice) -> Sequence[Any]:
    return [c for line in invoice.lines for c in line.item.classifications]


@rule(
    "BR-65",
    _classifications,
    "scheme",
    "Zur Einordnung eines Artikels fehlt, nach welchem Verzeichnis sie gilt.",
    "Das Verzeichnis steht im Attribut listID, etwa STI für die CPV-Codes. " + FIX,
    terms="BT-158",
)
def classification_scheme(found: Classification, invoice: Invoice) -> bool:
    if invoice.syntax == "cii":
        return bool(found.scheme) or found.value is None
    return found.scheme is not None
