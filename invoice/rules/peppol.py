"""The rules of Peppol BIS Billing 3.0 that XRechnung has made its own.

They are asked of the elements, so that each finding points at one. Binds XRechnung and Peppol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from lxml import etree

from invoice.model import Group, Invoice
from invoice.rules.arithmetic import ONE, ZERO
from invoice.rules.peppol_paths import CII, UBL, Paths, has, number, text
from invoice.rules.rule import RuleBook
from invoice.syntax.table import clark_path

book = RuleBook()
Broken = Callable[[etree._Element, Paths], Iterator[etree._Element]]
_MAY_BE_EMPTY = clark_path("ram:ApplicableHeaderTradeDelivery")
"""CII demands it even where there is nothing to say of the delivery."""
_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."


def _select(broken: Broken, syntax: str, invoice: Invoice) -> Sequence[Any]:
    root, is_cii = invoice.source, invoice.syntax == "cii"
    if root is None or (syntax and (syntax == "cii") is not is_cii):
        return ()
    return [Group(source=element) for element in broken(root, CII if is_cii else UBL)]


def _never(_: Any, __: Invoice) -> bool:
    return False


def _rule(
    name: str, said: str, hint: str, terms: str, syntax: str = ""
) -> Callable[[Broken], Broken]:
    """Enter the function below, which finds the elements that break the rule."""

    def enter(broken: Broken) -> Broken:
        book.rule(
            f"PEPPOL-EN16931-{name}", partial(_select, broken, syntax), "", said,
            f"{hint} {_FIX}", terms=terms,
        )(_never)  # fmt: skip
        return broken

    return enter


def _close(stated: Decimal, computed: Decimal, root: etree._Element, paths: Paths) -> bool:
    slack = Decimal("0.5") if text(root, paths.currency) == "HUF" else Decimal("0.02")
    return abs(stated - computed) <= slack


# Head


@_rule("R005", "Die Währung der Umsatzsteuer ist dieselbe wie die der Rechnung.",
       "BT-6 steht nur, wenn sie eine andere ist.", "BT-6 BT-5")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for code in paths.all(root, paths.tax_currency):
        if text(code) == text(root, paths.currency):
            yield code


@_rule("R008", "Die Rechnung enthält ein leeres Element.",
       "Was nichts aussagt, gehört weggelassen.", "")  # fmt: skip
def _(root: etree._Element, _: Paths) -> Iterator[etree._Element]:
    for element in root.iter(etree.Element):
        if element.tag == _MAY_BE_EMPTY:
            continue
        if not len(element) and not (element.text or "").strip(" \t\r\n"):
            yield element


def _without_address(name: str, root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for party in paths.all(root, getattr(paths, name)):
        if not has(party, paths.endpoint):
            yield party


_rule("R010", "Die elektronische Adresse des Käufers fehlt.", "BT-49 muss angegeben sein.",
      "BT-49")(partial(_without_address, "buyer"))  # fmt: skip
_rule("R020", "Die elektronische Adresse des Verkäufers fehlt.", "BT-34 muss angegeben sein.",
      "BT-34")(partial(_without_address, "seller"))  # fmt: skip


@_rule("R053", "Die Summe der Umsatzsteuer mit Aufschlüsselung steht nicht genau einmal.",
       "Genau ein cac:TaxTotal führt die Aufschlüsselung.", "BT-110 BG-23", "ubl")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    if sum(has(total, "cac:TaxSubtotal") for total in paths.all(root, "cac:TaxTotal")) != 1:
        yield root


@_rule("R054", "Die Umsatzsteuer in der Währung der Buchführung steht nicht richtig.",
       "BT-111 steht genau einmal, wenn BT-6 steht, sonst gar nicht.", "BT-111", "ubl")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    found = sum(not has(total, "cac:TaxSubtotal") for total in paths.all(root, "cac:TaxTotal"))
    if found != int(has(root, paths.tax_currency)):
        yield root


@_rule("R055", "Die beiden Summen der Umsatzsteuer haben verschiedene Vorzeichen.",
       "BT-110 und BT-111 müssen dasselbe Vorzeichen haben.", "BT-111 BT-110")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    if not has(root, paths.tax_currency):
        return
    totals = paths.all(root, paths.tax_total)
    signs: list[list[Decimal]] = []
    for currency in (text(root, paths.tax_currency), text(root, paths.currency)):
        read = [number(total) for total in totals if total.get("currencyID") == currency]
        signs.append([value for value in read if value is not None])
    if not (
        all(any(v <= 0 for v in values) for values in signs)
        or all(any(v >= 0 for v in values) for values in signs)
    ):
        yield totals[0] if totals else root


@_rule("R061", "Zur Lastschrift fehlt die Mandatsreferenz.", "BT-89 muss angegeben sein.",
       "BT-89")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for means in paths.all(root, paths.means):
        if text(means, paths.means_code) in ("49", "59"):
            below = root if paths.mandate_is_in_head else means
            if not has(below, paths.mandate):
                yield means


# Allowances and charges


@_rule("R040", "Der Betrag eines Nachlasses oder Zuschlags ist falsch gerechnet.",
       "Er muss Grundbetrag mal Prozentsatz durch 100 sein.", "BT-92 BT-99 BT-136 BT-141",
       )  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for found in paths.allowances(root):
        if not (has(found, paths.percent) and has(found, paths.base)):
            continue
        base, percent = number(found, paths.base), number(found, paths.percent)
        amount = number(found, paths.amount) if has(found, paths.amount) else ZERO
        if base is None or percent is None or amount is None:
            continue  # what is no number is the schema's
        if not _close(amount, base * percent / 100, root, paths):
            yield found


@_rule("R041", "Zum Prozentsatz eines Nachlasses oder Zuschlags fehlt der Grundbetrag.",
       "Beide stehen zusammen.", "BT-93 BT-100 BT-137 BT-142")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for found in paths.allowances(root):
        if has(found, paths.percent) and not has(found, paths.base):
            yield found


@_rule("R042", "Zum Grundbetrag eines Nachlasses oder Zuschlags fehlt der Prozentsatz.",
       "Beide stehen zusammen.", "BT-94 BT-101 BT-138 BT-143")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for found in paths.allowances(root):
        if has(found, paths.base) and not has(found, paths.percent):
            yield found


@_rule("R044", "Auf einen Preis ist ein Zuschlag angegeben.",
       "Beim Preis ist nur ein Nachlass vorgesehen.", "BT-147")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for found in paths.price_allowances(root):
        if text(found, paths.indicator) != "false":
            yield found


@_rule("R046", "Der Nettopreis ist nicht der Bruttopreis abzüglich des Nachlasses.",
       "BT-146 muss BT-148 abzüglich BT-147 sein.", "BT-146 BT-147 BT-148")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for found, net, gross, amount in paths.discounted_prices(root):
        if gross is not None and (net is None or amount is None or net != gross - amount):
            yield found


# Lines


def _outside(end: str, root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    whole = next(iter(paths.all(root, f"{paths.period}/{getattr(paths, end)}")), None)
    if whole is None:
        return
    for line in paths.lines(root):
        for day in paths.all(line, f"{paths.line_period}/{getattr(paths, end)}"):
            early, late = (day, whole) if end == "start" else (whole, day)
            if text(early) < text(late):
                yield day


_rule("R110", "Der Zeitraum einer Position beginnt vor dem der Rechnung.",
      "BT-134 darf nicht vor BT-73 liegen.", "BT-134 BT-73")(partial(_outside, "start")
      )  # fmt: skip
_rule("R111", "Der Zeitraum einer Position endet nach dem der Rechnung.",
      "BT-135 darf nicht nach BT-74 liegen.", "BT-135 BT-74")(partial(_outside, "end")
      )  # fmt: skip


@_rule("R120", "Der Nettobetrag einer Position ist falsch gerechnet.",
       "Er muss Menge mal Preis je Einheit sein, mit Zuschlägen und ohne Nachlässe.",
       "BT-131 BT-129 BT-146 BT-149")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for line in paths.lines(root):
        net = number(line, paths.line_net) or ZERO
        quantity = number(line, paths.quantity)
        price = number(line, paths.price) or ZERO
        base = number(line, paths.price_base) or ONE
        computed = (ONE if quantity is None else quantity) * price / base
        for found in paths.all(line, paths.line_allowance):
            amount = number(found, paths.amount) or ZERO
            said = text(found, paths.indicator)
            computed += amount if said == "true" else -amount if said == "false" else ZERO
        if not _close(net, computed, root, paths):
            yield line


@_rule("R121", "Die Preisbasis einer Position ist null oder negativ.",
       "BT-149 muss größer als 0 sein.", "BT-149")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for line in paths.lines(root):
        for base in paths.all(line, paths.price_bases):
            if (number(base) or ZERO) <= 0:
                yield base


@_rule("R130", "Preisbasis und Menge einer Position haben verschiedene Einheiten.",
       "BT-150 muss BT-130 gleich sein.", "BT-150 BT-130")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for line in paths.lines(root):
        quantities = paths.all(line, paths.quantity)
        units = [quantity.get("unitCode") for quantity in quantities]
        for base in paths.all(line, paths.price_bases):
            if base.get("unitCode") is not None and units and base.get("unitCode") not in units:
                yield base


@_rule("R100", "Eine Position nennt mehr als ein Objekt.", "Nur eines ist vorgesehen.",
       "BT-128", "ubl")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for line in paths.lines(root):
        yield from paths.all(line, "cac:DocumentReference")[1:2]


@_rule("R101", "Eine Position verweist auf etwas anderes als ein abgerechnetes Objekt.",
       "Der Verweis braucht die Art 130.", "BT-128", "ubl")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for line in paths.lines(root):
        references = paths.all(line, "cac:DocumentReference")
        codes = [text(r, "cbc:DocumentTypeCode", plain=False) for r in references]
        if references and "130" not in codes:
            yield references[0]


_INDICATOR = "Nur true (Zuschlag) und false (Nachlass) sind vorgesehen."


def _indicators(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for found in paths.allowances(root):
        if text(found, paths.indicator) not in ("true", "false"):
            yield found


_rule("R043", "Es ist nicht lesbar, ob ein Betrag Nachlass oder Zuschlag ist.", _INDICATOR,
      "BG-20 BG-21 BG-27 BG-28", "ubl")(_indicators)  # fmt: skip
_rule("R043-1", "Es ist nicht lesbar, ob ein Betrag Nachlass oder Zuschlag ist.", _INDICATOR,
      "BG-20 BG-21 BG-27 BG-28", "cii")(_indicators)  # fmt: skip


@_rule("R043-2", "Es ist nicht lesbar, ob auf einen Preis ein Nachlass gewährt ist.",
       "Nur false (Nachlass) und true sind vorgesehen.", "BT-147", "cii")  # fmt: skip
def _(root: etree._Element, paths: Paths) -> Iterator[etree._Element]:
    for found in paths.price_allowances(root):
        if text(found, paths.indicator) not in ("true", "false"):
            yield found
