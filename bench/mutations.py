"""Invoices with a few faults put in at random: the same seed gives the same faults.

A mutation takes one element out, doubles, empties or moves it, or changes its text or attributes
into what is nearly right: another code of the kind, a cent more, white space.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random

from lxml import etree

MAX_TEXT = 20_000
"""Attachments are left alone: a fault in them is no question to a rule."""

TEXTS = [
    *("0", "1", "-1", "0.005", "0.01", "0.00", "12.345", "100.00", "9999999.99", "1e3", "abc"),
    *("2020-02-30", "20200230", "EUR", "DE", "VAT", "380", "381", "389", "326", "true", "false"),
    *("S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B", "  S ", "  "),
]
CODES = ["EUR", "USD", "0088", "0204", "XX", "VA", "DE", "102", "text/plain", "C62", "EM", ""]
ATTRIBUTES = [
    *("schemeID", "listID", "name", "languageID", "currencyID", "unitCode", "format"),
    *("schemeAgencyID", "mimeCode", "filename", "uri"),
]
STEPS = ("0.01", "-0.01", "0.02", "1", "-1", "0.001", "100")

Element = etree._Element
Change = Callable[[Element, list[Element], Random], None]


def mutated(documents: list[bytes], seed: int, count: int) -> Iterator[bytes]:
    """`count` documents, each one of these with one to four faults."""
    random = Random(seed)
    for _ in range(count):
        yield _mutated(random.choice(documents), random)


def _mutated(data: bytes, random: Random) -> bytes:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(data, parser)
    elements = [e for e in root.iter(etree.Element) if len(e.text or "") < MAX_TEXT]
    for _ in range(1 if random.random() < 0.7 else random.randint(2, 4)):
        element = random.choice(elements[1:])
        if element.getparent() is not None:
            random.choice(CHANGES)(element, elements, random)
    return etree.tostring(root)


def _above(element: Element) -> Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def _remove(element: Element, _: list[Element], __: Random) -> None:
    _above(element).remove(element)


def _double(element: Element, _: list[Element], __: Random) -> None:
    element.addnext(copy.deepcopy(element))


def _empty(element: Element, _: list[Element], __: Random) -> None:
    element[:] = []
    element.text = ""


def _say(element: Element, _: list[Element], random: Random) -> None:
    if not len(element):
        element.text = random.choice(TEXTS)


def _bare(element: Element, _: list[Element], random: Random) -> None:
    if element.attrib:
        del element.attrib[random.choice(sorted(map(str, element.attrib)))]


def _recode(element: Element, _: list[Element], random: Random) -> None:
    if element.attrib:
        element.set(random.choice(sorted(map(str, element.attrib))), random.choice(CODES))


def _adorn(element: Element, _: list[Element], random: Random) -> None:
    element.set(random.choice(ATTRIBUTES), "x")


def _count(element: Element, _: list[Element], random: Random) -> None:
    text = element.text or ""
    if len(element) or not text:
        return
    if not re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", text):
        element.text = text + random.choice([" ", "x", "1"])
    elif random.random() < 0.8:
        element.text = str(Decimal(text.strip()) + Decimal(random.choice(STEPS)))
    else:
        element.text = str(-Decimal(text.strip()))


def _indent(element: Element, _: list[Element], __: Random) -> None:
    if not len(element) and element.text:
        element.text = f" {element.text}\n"


def _copy_elsewhere(element: Element, elements: list[Element], random: Random) -> None:
    other = random.choice(elements).getparent()
    if other is not None:
        other.append(copy.deepcopy(element))


def _add(element: Element, elements: list[Element], random: Random) -> None:
    added = etree.SubElement(_above(element), random.choice(elements).tag)
    added.text = random.choice(["1", "x", "2024-01-01", "DE"])


def _exchange(element: Element, elements: list[Element], random: Random) -> None:
    same = [e for e in elements if e.tag == element.tag and e is not element and not len(e)]
    if same and not len(element):
        element.text = random.choice(same).text


CHANGES: tuple[Change, ...] = (
    _remove,
    _double,
    _empty,
    _say,
    _bare,
    _recode,
    _adorn,
    _count,
    _indent,
    _copy_elsewhere,
    _add,
    _exchange,
)
