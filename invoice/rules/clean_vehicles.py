"""BR-DE-CVD: what XRechnung CVD demands, the CIUS for purchases of clean vehicles.

Directive 2019/1161 (SaubFahrzeugBeschG) has purchases counted by category of vehicle and by how
clean it is: a classification of the item (BT-158, list CVD) and an attribute `cva` (BT-160, 161).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from invoice.elements import below
from invoice.model import Attribute, Classification, Invoice, Item
from invoice.rules.codes import CodeLists
from invoice.rules.rule import RuleBook, document, filled
from invoice.shapes import normal

book = RuleBook()
rule, fills = book.rule, book.fills

CATEGORIES = frozenset({"M1", "M2", "M3", "N1", "N2", "N3"})
"""Vehicles by Regulation (EU) 2018/858: buses (M) and lorries (N) by weight."""
KINDS = frozenset({"clean", "zero-emission", "other"})
_LIST, _NAME = "CVD", "cva"
_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."


def _items(invoice: Invoice) -> Sequence[Any]:
    return [line.item for line in invoice.lines if line.item.source is not None]


def _classifications(invoice: Invoice) -> Sequence[Any]:
    return [c for item in _items(invoice) for c in item.classifications if c.has("value")]


def _is_kind(attribute: Attribute) -> bool:
    """Whether it says how clean the vehicle is. The name must stand there without white space."""
    said = below(attribute.source, "ram:Description") or below(attribute.source, "cbc:Name")
    return attribute.name == _NAME and any(each.text == _NAME for each in said)


def _kinds(invoice: Invoice) -> Sequence[Any]:
    return [a for item in _items(invoice) for a in item.attributes if a.name == _NAME]


def _vehicles(item: Item) -> int:
    return sum(c.scheme == _LIST and c.has("value") for c in item.classifications)


def _kinds_of(item: Item) -> int:
    return sum(_is_kind(a) for a in item.attributes)


fills("BR-DE-CVD-01", document, "contract", "Die Vertragsnummer fehlt.",
      "Bei sauberen Fahrzeugen gehört sie in die Rechnung (BT-12). " + _FIX,
      terms="BT-12")  # fmt: skip


@rule("BR-DE-CVD-02", document, "tender", "Die Vergabenummer fehlt.",
      "Bei sauberen Fahrzeugen gehört sie in die Rechnung (BT-17). " + _FIX,
      terms="BT-17")  # fmt: skip
def has_tender(invoice: Invoice, _: Invoice) -> bool:
    if invoice.syntax != "cii":
        return filled(invoice, "tender")
    tenders = [r for r in invoice.references if normal(r.type_code or "") == "50"]
    return any(filled(each, "reference") for each in tenders)


@rule("BR-DE-CVD-03", document, "lines", "Keine Position nennt ein Fahrzeug nach der CVD.",
      "Mindestens eine Position nennt die Fahrzeugkategorie (BT-158 mit der Liste CVD) und das "
      "Attribut „cva“ (BT-160). " + _FIX, terms="BT-158 BT-160")  # fmt: skip
def names_a_vehicle(invoice: Invoice, _: Invoice) -> bool:
    return any(_vehicles(item) and _kinds_of(item) for item in _items(invoice))


@rule("BR-DE-CVD-04", _classifications, "value", "Die Fahrzeugkategorie ist nicht zulässig.",
      "Zulässig sind M1, M2, M3, N1, N2 und N3. " + _FIX, terms="BT-158")  # fmt: skip
def vehicle_is_of_a_category(found: Classification, _: Invoice) -> bool:
    return normal(found.scheme or "") != _LIST or normal(found.value or "") in CATEGORIES


@rule("BR-DE-CVD-05", _kinds, "value", "Das Attribut „cva“ hat keinen zulässigen Wert.",
      "Zulässig sind clean, zero-emission und other. " + _FIX, terms="BT-161")  # fmt: skip
def kind_is_known(found: Attribute, _: Invoice) -> bool:
    return normal(found.value or "") in KINDS


@rule("BR-DE-CVD-06-a", _items, "attributes", "Zur Fahrzeugkategorie steht nicht genau ein "
      "Attribut „cva“.", "Es sagt, ob das Fahrzeug sauber ist (BT-160). " + _FIX,
      terms="BT-160 BT-158")  # fmt: skip
def category_has_a_kind(item: Item, _: Invoice) -> bool:
    return not _vehicles(item) or _kinds_of(item) == 1


@rule("BR-DE-CVD-06-b", _items, "classifications", "Zum Attribut „cva“ steht nicht genau eine "
      "Fahrzeugkategorie.", "Sie steht in BT-158 mit der Liste CVD. " + _FIX,
      terms="BT-158 BT-160")  # fmt: skip
def kind_has_a_category(item: Item, _: Invoice) -> bool:
    return not _kinds_of(item) or _vehicles(item) == 1


@rule("BR-TMP-CVD-01", _classifications, "scheme", "Das Verzeichnis der Einordnung ist nicht "
      "mit einem zulässigen Code angegeben.",
      "Der Code muss aus der Liste UNTDID 7143 stammen oder CVD sein. " + _FIX,
      terms="BT-158-1", asks="test")  # fmt: skip
def scheme_is_known(found: Classification, _: Invoice, *, codes: CodeLists) -> bool:
    scheme = normal(found.scheme or "")  # that it is missing is BR-65's
    return scheme in ("", _LIST) or scheme in codes["classifications"]
