"""Where a field stands in the source: business term, path and line.

Computed only for findings. The tables that read a syntax are the tables that are asked here, so
that a place cannot drift from what was read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from lxml import etree

from invoice import cii, ubl
from invoice.group import Element, term_of
from invoice.model import Group, Invoice, Syntax
from invoice.shapes import Names, Shape


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the invoice. `line` is that of the nearest element that is there."""

    term: str
    path: str
    line: int


def place_of(invoice: Invoice, group: Group, name: str) -> Place:
    """Where `group.name` stands, or would stand if it were there. `name` may be dotted."""
    if isinstance(group, Element) or type(group) is Group:
        assert group.source is not None  # it is nothing else
        return place_of_element(group.source, invoice.syntax, getattr(group, "attribute", ""))
    names = cii.NAMES if invoice.syntax == "cii" else ubl.NAMES
    start = group.source if group.source is not None else invoice.source
    relative, term = _resolve(invoice.syntax, cast("Any", type(group)), name)
    if start is None:
        return Place(term, "", 0)
    if group.source is None:
        relative = ""
    element, rest = _walk(start, relative, names)
    path = "/".join(part for part in (_path(element, names), rest) if part)
    return Place(term, path, _line(element))


def place_of_element(element: etree._Element, syntax: Syntax, attribute: str = "") -> Place:
    """Where an element, or an attribute of it, stands. The model need not know it: then the term
    is that of the nearest group around it."""
    path = _path(element, cii.NAMES if syntax == "cii" else ubl.NAMES)
    tags = tuple(str(each.tag) for each in (*reversed([*element.iterancestors()]), element))
    term = _term_at(syntax, tags[1:], attribute, _is_charge(element))
    return Place(term, f"{path}/@{attribute}" if attribute else path, _line(element))


@cache
def _term_at(syntax: str, tags: tuple[str, ...], attribute: str, charge: bool) -> str:
    """The business term, or group, of the deepest field of the model that holds this element."""
    shape = cii.root if syntax == "cii" else ubl.root_of(syntax)
    return _deepest(shape, tags, attribute, charge)[1]


def _deepest(
    shape: Shape, tags: tuple[str, ...], attribute: str, charge: bool
) -> tuple[float, str]:
    """How far down the model knows these elements, and the term that it has there."""
    best: tuple[float, str] = (0, "")
    cls = shape.groups[-1 if charge else 0]
    for path, name in shape.where:
        steps = tuple(shape.names.tags(path))
        named = path.partition("@")[2]
        if tags[: len(steps)] != steps or (named and (named, len(steps)) != (attribute, len(tags))):
            continue
        depth: float = len(steps) + (0.5 if named else 0)
        term = term_of(cls, name)
        if name in shape.below:
            deeper, inner = _deepest(shape.below[name], tags[len(steps) :], attribute, charge)
            depth, term = depth + deeper * bool(inner), inner or term
        if term and depth > best[0]:
            best = depth, term
    return best


def _is_charge(element: etree._Element) -> bool:
    """Whether the element stands in a charge."""
    for above in (element, *element.iterancestors()):
        for child in above:
            if str(child.tag).endswith("}ChargeIndicator"):
                said = "".join(map(str, child.itertext())).strip()
                return said in ("true", "1")
    return False


@cache
def _resolve(syntax: str, cls: Any, name: str) -> tuple[str, str]:
    """The path below the group's element, and the business term, of a dotted field."""
    shape = _shapes(syntax).get(cls)
    steps: list[str] = []
    owner, part = cls, name
    for part in name.split("."):
        if shape is None and steps:
            return "/".join(step for step in steps if step not in ("", ".")), ""
        if shape is None:
            break
        owner = cls if not steps else shape.group
        steps.append(shape.paths.get(part, ""))
        shape = shape.below.get(part)
    return "/".join(step for step in steps if step not in ("", ".")), term_of(owner, part)


_STEP = re.compile(r"/(?:[\w.-]+:)?(?P<name>[\w.-]+|\*)(?:\[(?P<number>\d{1,9})\])?")
"""A step of our own paths, and of libxml2's (`/*/*[3]`)."""


class Paths:
    """The elements of a source by their paths; each element's children are looked at once."""

    def __init__(self, root: etree._Element | None) -> None:
        self._root = root
        self._children: dict[etree._Element, dict[str, list[etree._Element]]] = {}

    def along(self, path: str) -> list[etree._Element]:
        """The elements along the path from the root on, as far as the source goes."""
        found: list[etree._Element] = []
        element, position = self._root, 0
        while element is not None and (step := _STEP.match(path, position)):
            if position:
                same = self._named(element, step["name"])
                index = int(step["number"] or 1) - 1
                if not 0 <= index < len(same):
                    break
                element = same[index]
            found.append(element)
            position = step.end()
        return found

    def _named(self, element: etree._Element, name: str) -> list[etree._Element]:
        """The children of this local name; those of all names where it is a star."""
        known = self._children.get(element)
        if known is None:
            known = self._children[element] = {"*": []}
            for child in element.iterchildren(etree.Element):
                known["*"].append(child)
                known.setdefault(etree.QName(child).localname, []).append(child)
        return known.get(name, [])


def _line(element: etree._Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) else 0


def _walk(start: etree._Element, relative: str, names: Names) -> tuple[etree._Element, str]:
    """Go down as far as the source goes; what is left is the path that is missing."""
    element = start
    steps = [step for step in relative.split("/") if step not in ("", ".")]
    for number, step in enumerate(steps):
        if step.startswith("@"):
            return element, "/".join(steps[number:])
        child = element.getparent() if step == ".." else element.find(names.tags(step)[0])
        if child is None:
            return element, "/".join(steps[number:])
        element = child
    return element, ""


def _path(element: etree._Element, names: Names) -> str:
    steps: list[str] = []
    node: etree._Element | None = element
    while node is not None:
        parent = node.getparent()
        step = names.short(str(node.tag))
        if parent is not None:
            before = sum(1 for _ in node.itersiblings(node.tag, preceding=True))
            if before or next(node.itersiblings(node.tag), None) is not None:
                step += f"[{before + 1}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))


@cache
def _shapes(syntax: str) -> dict[type[Group], Shape]:
    """The table that reads each group in this syntax."""
    found: dict[type[Group], Shape] = {}
    _collect(cii.root if syntax == "cii" else ubl.root_of(syntax), found, set())
    return found


def _collect(shape: Shape, found: dict[type[Group], Shape], seen: set[int]) -> None:
    if id(shape) in seen:
        return
    seen.add(id(shape))
    for group in shape.groups:
        found.setdefault(group, shape)
    for below in shape.below.values():
        _collect(below, found, seen)
