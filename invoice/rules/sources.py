"""Where a rule asks the source and not the model: elements of an invoice by their names.

Names are written with the prefixes of the standard; the prefix tells the syntax (ram, rsm, udt,
qdt: CII; cac, cbc: UBL).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache

from lxml import etree

from invoice.cii_parties import NAMES as CII_NAMES
from invoice.model import Invoice
from invoice.shapes import Unreadable, normal, number
from invoice.ubl_parties import NAMES as UBL_NAMES


@cache
def path(names: str) -> str:
    """`cac:Price/cbc:BaseQuantity` as lxml's `findall` takes it."""
    syntax = UBL_NAMES if names.startswith(("cac:", "cbc:")) else CII_NAMES
    return "/".join(syntax.tags(names))


def elements(invoice: Invoice, name: str) -> Sequence[etree._Element]:
    """All elements of this name, wherever they stand."""
    return invoice.elements.get(path(name), ())


def below(element: etree._Element | None, names: str) -> Sequence[etree._Element]:
    """The elements at this path below one."""
    return () if element is None else element.findall(path(names))


def ancestor(element: etree._Element, generations: int) -> etree._Element | None:
    """The element that many levels above this one."""
    found: etree._Element | None = element
    for _ in range(generations):
        found = None if found is None else found.getparent()
    return found


def is_named(element: etree._Element | None, *names: str) -> bool:
    return element is not None and any(element.tag == path(name) for name in names)


def words(element: etree._Element) -> str:
    """All its text, as XPath's normalize-space gives it."""
    return normal("".join(map(str, element.itertext())))


def amount(element: etree._Element) -> Decimal | None:
    """Its number, if it is one; else the schema says so."""
    try:
        return number(element.text or "")
    except Unreadable:
        return None
