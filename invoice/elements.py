"""Elements of an invoice by their names, for rules that ask the source and not the model.

Names have the usual prefixes (UBL: cac, cbc, ext; CII: rsm, ram, udt, qdt), steps of a path are
separated by `/`. Invariant: nothing here goes through lxml's `find`, which reads its path anew in
Python each time; children are taken by name, which is twice as fast and is most of what rules do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache

from lxml import etree

from invoice.shapes import Unreadable, normal, number

NAMESPACES: Mapping[str, str] = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "ext": "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


@cache
def clark(name: str) -> str:
    """`cbc:ID` as lxml has it."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(clark(name) for name in path.split("/"))


def below(element: etree._Element | None, path: str) -> Sequence[etree._Element]:
    """The elements at this path below one, in their order."""
    if element is None:
        return ()
    first, *rest = _steps(path)
    level = [*element.iterchildren(first)]
    for tag in rest:
        level = [child for each in level for child in each.iterchildren(tag)]
    return level


def has(element: etree._Element | None, path: str) -> bool:
    """Whether there is an element at this path."""
    return bool(below(element, path))


def text(element: etree._Element) -> str:
    """An element's text with all below it."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def texts(element: etree._Element, path: str) -> list[str]:
    return [text(each) for each in below(element, path)]


def trimmed(element: etree._Element) -> str:
    """Its text as XPath's normalize-space gives it."""
    return normal(text(element))


def amount(element: etree._Element) -> Decimal | None:
    """Its number, if it is one; else the schema says so."""
    try:
        return number(element.text or "")
    except Unreadable:
        return None


def ancestor(element: etree._Element, generations: int) -> etree._Element | None:
    """The element that many levels above this one."""
    above: etree._Element | None = element
    for _ in range(generations):
        above = None if above is None else above.getparent()
    return above


def is_named(element: etree._Element | None, *names: str) -> bool:
    return element is not None and any(element.tag == clark(name) for name in names)
