"""What the OMG schema for BPMN lets each element hold: parts in their order, and attributes.

Invariant: all of it is read from the schema's own files, once a process; nothing is listed by hand
but the few forms of XSD that those files use (extension, sequence, choice, substitution).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from bpmn.elements import BPMN

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_FILES = ("Semantic.xsd", "BPMN20.xsd")
REFERENCES = frozenset({"QName", "IDREF"})
NAMES = REFERENCES | {"ID"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """Its type's local name, and the value that it has where it is left out."""

    type: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """A child element: its place in the sequence, and its type's local name."""

    place: int
    type: str


@dataclass(frozen=True, slots=True)
class Type:
    """What an element of this type may hold, by local name."""

    parts: Mapping[str, Part]
    attributes: Mapping[str, Attribute]


class Vocabulary:
    """All types of the schema."""

    def __init__(self, roots: list[etree._Element]) -> None:
        named = [each for root in roots for each in root if each.get("name")]
        self._types = {e.get("name", ""): e for e in named if e.tag == f"{_XSD}complexType"}
        self._elements = {e.get("name", ""): e for e in named if e.tag == f"{_XSD}element"}
        self._read: dict[str, Type] = {}

    def type(self, name: str) -> Type:
        """By its local name; an empty type for the simple ones."""
        if name not in self._read:
            self._read[name] = self._flat(name)
        return self._read[name]

    @cached_property
    def attributes(self) -> Mapping[str, frozenset[str | None]]:
        """Every attribute of any type, with the values that it has where it is left out."""
        found: dict[str, frozenset[str | None]] = {}
        for name in self._types:
            for attribute, said in self.type(name).attributes.items():
                found[attribute] = found.get(attribute, frozenset()) | {said.default}
        return found

    def _flat(self, name: str) -> Type:
        """A type together with those that it extends; their parts go before its own."""
        parts: dict[str, Part] = {}
        attributes: dict[str, Attribute] = {}
        place = 0
        for each in reversed(self._ancestry(name)):
            holder = each.find(f"{_XSD}complexContent/{_XSD}extension")
            for item in (each if holder is None else holder).iter(f"{_XSD}element"):
                place += 1
                parts |= {member: Part(place, of) for member, of in self._members(item)}
            for item in (each if holder is None else holder).iterchildren(f"{_XSD}attribute"):
                kind = _local(item.get("type"))
                attributes[item.get("name", "")] = Attribute(kind, item.get("default"))
        return Type(parts, attributes)

    def _ancestry(self, name: str) -> list[etree._Element]:
        found = []
        while (each := self._types.get(name)) is not None:
            found.append(each)
            base = each.find(f"{_XSD}complexContent/{_XSD}extension")
            name = "" if base is None else _local(base.get("base"))
        return found

    def _members(self, item: etree._Element) -> list[tuple[str, str]]:
        """An element of a sequence, and all that may stand in for it."""
        name = _local(item.get("ref") or item.get("name"))
        declared = self._elements.get(name) if item.get("ref") else item
        found = [(name, "" if declared is None else _local(declared.get("type")))]
        return found + [
            member
            for each in (self._substitutes.get(name, ()) if item.get("ref") else ())
            for member in self._members(each)
        ]

    @cached_property
    def _substitutes(self) -> Mapping[str, list[etree._Element]]:
        found: dict[str, list[etree._Element]] = {}
        for each in self._elements.values():
            if head := _local(each.get("substitutionGroup")):
                asked = etree.Element(f"{_XSD}element", ref=each.get("name", ""))
                found.setdefault(head, []).append(asked)
        return found


def _local(name: str | None) -> str:
    return (name or "").rpartition(":")[2]


def schema_files() -> Path:
    """The folder that the schemas stand in."""
    package = find_spec("SpiffWorkflow")
    assert package is not None, "SpiffWorkflow is a dependency"
    assert package.origin is not None
    return Path(package.origin).parent / "bpmn" / "parser" / "schema"


@cache
def vocabulary() -> Vocabulary:
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    roots = [etree.parse(schema_files() / name, parser).getroot() for name in _FILES]
    return Vocabulary(roots)


def is_own(element: etree._Element) -> bool:
    """Whether an element is BPMN's, not a comment nor another vocabulary's."""
    return isinstance(element.tag, str) and element.tag.startswith(f"{{{BPMN}}}")
