"""Tables that say where in a syntax the fields of the model stand, and one walk that reads them.

A `Shape` lists, for one group of the model, paths below the group's element. All shapes of a
syntax compile into nested dictionaries, so that reading visits each element once. The same
tables tell where a field stands when a finding has to point at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from invoice.group import Group

BLANKS = " \t\r\n"
"""White space as XPath's normalize-space knows it."""

Values = dict[str, Any]
Act = Callable[[etree._Element, Values], None]
Read = Callable[[str], Any]

_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)\Z", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:Z|[+-]\d\d:\d\d)?\Z", re.ASCII)
_DATE_102 = re.compile(r"(\d{4})(\d\d)(\d\d)\Z", re.ASCII)
_MAX_DIGITS = 60


class Unreadable(ValueError):
    """A text that is not of the type that its field has."""


def text(raw: str) -> str:
    """Free text, without white space around it."""
    return raw.strip(BLANKS)


def normal(raw: str) -> str:
    """A code or identifier as XPath's normalize-space gives it."""
    return " ".join(raw.split())


def exact(raw: str) -> str:
    """A code whose white space counts, because the official rules compare it as it stands."""
    return raw


def number(raw: str) -> Decimal:
    """A number in the lexical form of xs:decimal.

    White space behind a fraction is kept as zeros: BR-DEC counts whatever stands behind the point.
    """
    plain = raw.strip(BLANKS)
    if raw[-1:] in BLANKS and "." in plain:
        plain += "0" * min(len(raw) - len(raw.rstrip(BLANKS)), 3)
    if not _DECIMAL.match(plain) or len(plain) > _MAX_DIGITS:
        raise Unreadable(raw)
    return Decimal(plain)


def iso_date(raw: str) -> date:
    return _date(_DATE.match(raw.strip(BLANKS)), raw)


def date_102(raw: str) -> date:
    """A date in UN/CEFACT's format 102."""
    return _date(_DATE_102.match(raw.strip(BLANKS)), raw)


def _date(found: re.Match[str] | None, raw: str) -> date:
    if found is None:
        raise Unreadable(raw)
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise Unreadable(raw) from error


def flag(raw: str) -> bool:
    """A truth value in the lexical form of xs:boolean."""
    plain = raw.strip(BLANKS)
    if plain in ("true", "1"):
        return True
    if plain in ("false", "0"):
        return False
    raise Unreadable(raw)


@dataclass(slots=True)
class Node:
    """What to do with an element and which of its children matter."""

    acts: list[Act] = field(default_factory=list)
    children: dict[str, Node] = field(default_factory=dict)

    def down(self, steps: Iterable[str]) -> Node:
        node = self
        for step in steps:
            node = node.children.setdefault(step, Node())
        return node

    def read(self, element: etree._Element, values: Values) -> None:
        for act in self.acts:
            act(element, values)
        if self.children:
            find = self.children.get
            for child in element:
                node = find(child.tag)
                if node is not None:
                    node.read(child, values)


class Names:
    """Prefixes of a syntax, and paths in them as tags that lxml knows."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.prefixes = dict(prefixes)
        self._short = {uri: prefix for prefix, uri in prefixes.items()}

    def tags(self, path: str) -> list[str]:
        return [self._tag(step) for step in path.split("/") if step and step[0] not in "@."]

    def _tag(self, step: str) -> str:
        prefix, name = step.split(":")
        return f"{{{self.prefixes[prefix]}}}{name}"

    def short(self, tag: str) -> str:
        """`{uri}name` as `prefix:name`."""
        uri, _, name = tag[1:].rpartition("}")
        prefix = self._short.get(uri)
        return f"{prefix}:{name}" if prefix else name


Finish = Callable[[Values, etree._Element], type[Group] | None]


class Shape:
    """How one group of the model is read. Rows are added with the methods below."""

    def __init__(self, names: Names, group: type[Group], finish: Finish | None = None) -> None:
        self.names = names
        self.group = group
        self.finish = finish
        self.node = Node()
        self.paths: dict[str, str] = {}
        self.groups: list[type[Group]] = [group]
        self.below: dict[str, Shape] = {}

    def leaf(
        self, path: str, name: str, read: Read = text, only: tuple[str, str] | None = None
    ) -> Shape:
        """The first element at `path` (or its attribute after `/@`) fills the field `name`.

        With `only`, an element without this value of this attribute is there, but unreadable.
        """
        where, _, attribute = path.partition("@")
        node = self.node.down(self.names.tags(where))
        node.acts.append(
            _attribute(attribute, name, read) if attribute else _text(name, read, only)
        )
        self.paths.setdefault(name, path)
        return self

    def one(self, path: str, name: str, shape: Shape) -> Shape:
        """The first element at `path` is a group of its own."""

        def act(element: etree._Element, values: Values) -> None:
            if name not in values:
                values[name] = shape.build(element)

        self.node.down(self.names.tags(path)).acts.append(act)
        self.paths.setdefault(name, path)
        self.below.setdefault(name, shape)
        return self

    def all(self, path: str, name: str, shape: Shape) -> Shape:
        """Every element at `path` is a group of its own."""

        def act(element: etree._Element, values: Values) -> None:
            values.setdefault(name, []).append(shape.build(element))

        self.node.down(self.names.tags(path)).acts.append(act)
        self.paths.setdefault(name, path)
        self.below.setdefault(name, shape)
        return self

    def each(self, path: str, name: str) -> Shape:
        """Every element at `path`, as it is."""

        def act(element: etree._Element, values: Values) -> None:
            values.setdefault(name, []).append(element)

        self.node.down(self.names.tags(path)).acts.append(act)
        return self

    def at(self, name: str, path: str) -> Shape:
        """Say where a field stands that `finish` derives."""
        self.paths[name] = path
        return self

    def also(self, group: type[Group]) -> Shape:
        """`finish` may make another group of the element."""
        self.groups.append(group)
        return self

    def build(self, element: etree._Element) -> Any:
        """The group that this element is."""
        values: Values = {"source": element}
        self.node.read(element, values)
        cls = self.group
        if self.finish is not None:
            cls = self.finish(values, element) or cls
        for name, value in values.items():
            if value.__class__ is list:
                values[name] = tuple(value)
        # Not through __init__: absent fields stay the defaults of the class, so that a group
        # costs what it holds and not what the standard could put there.
        group = cls.__new__(cls)
        group.__dict__.update(values)
        return group


def _text(name: str, read: Read, only: tuple[str, str] | None) -> Act:
    def act(element: etree._Element, values: Values) -> None:
        if name in values:
            return
        if only is not None and element.get(only[0]) != only[1]:
            values[name] = None
            values.setdefault("unreadable", {})[name] = None
        else:
            _store(values, name, element.text or "", read)

    return act


def _attribute(attribute: str, name: str, read: Read) -> Act:
    def act(element: etree._Element, values: Values) -> None:
        raw = element.get(attribute)
        if raw is not None and name not in values:
            _store(values, name, raw, read)

    return act


def _store(values: Values, name: str, raw: str, read: Read) -> None:
    if raw[:1] in BLANKS and raw.strip(BLANKS):
        values.setdefault("indented", {})[name] = raw
    try:
        values[name] = read(raw)
    except Unreadable:
        values[name] = None
        values.setdefault("unreadable", {})[name] = raw
