"""Slips that tools write against the schema and that change no meaning, each told as a warning.

Invariant: only a copy is mended, and only for the schema's eyes: what is executed is read from the
file as it stands, by readers to whom the slip makes no difference. What could mean two things, or
would lose what somebody meant, stays as it is, and the schema refuses it.
"""

from __future__ import annotations

import difflib
import re
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from lxml import etree

from bpmn.dialects.camunda.table import READ_ATTRIBUTES
from bpmn.dialects.foreign import ENGINES
from bpmn.dialects.spoken import ALL
from bpmn.elements import BPMN
from bpmn.model import local, reference
from bpmn.vocabulary import NAMES, REFERENCES, Part, Type, is_own, vocabulary

Element = etree._Element
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_DIAGRAMS = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNDiagram"
_EXPRESSIONS = ("tExpression", "tFormalExpression")
_LOOKS = frozenset({"name", "id"})
"""Attributes of BPMN's that say nothing about a run, wherever they stand."""
_OPEN = frozenset({"extensionElements", "script", "text", "documentation"})
"""What may hold anything."""
_MEANT = frozenset(READ_ATTRIBUTES)
"""Words of a dialect: without their prefix they are not read, and somebody meant them."""
_EXECUTED = frozenset({*ENGINES, *(space for each in ALL for space in each.namespaces)})
_ONE_WORD = re.compile(r"[^\s:]+")
_NAME = re.compile(r"[^\W\d][\w.·-]*")


@dataclass(slots=True)
class Mended:
    """A copy of the file's tree without the slips. `slips` are the elements as they stand in the
    file, each with what was wrong there; `origin` leads from the copy to the file."""

    root: Element
    diagrams: Element
    origin: dict[Element, Element]
    slips: list[tuple[Element, str]] = field(default_factory=list)


def mend(root: Element) -> Mended:
    """A copy that the schema can judge; its diagrams stand apart, in `definitions` of their own."""
    copy = deepcopy(root)
    prefixes: Any = copy.nsmap  # the stub knows no default namespace
    diagrams = etree.Element(copy.tag, {"targetNamespace": "urn:diagrams"}, nsmap=prefixes)
    origin = dict(zip(copy.iter(), root.iter(), strict=True))
    mended = Mended(copy, diagrams, origin)
    _Mending(mended).element(copy, "tDefinitions")
    diagrams.extend(copy.findall(_DIAGRAMS))
    return mended


class _Mending:
    def __init__(self, mended: Mended) -> None:
        self.mended = mended
        self.vocabulary = vocabulary()
        self.own = mended.root.get("targetNamespace")

    def say(self, element: Element, text: str) -> None:
        self.mended.slips.append((self.mended.origin[element], text))

    def element(self, element: Element, declared: str) -> None:
        type_ = self.vocabulary.type(self.typed(element, declared))
        self.attributes(element, type_)
        if "outputSet" in type_.parts and "dataInput" in type_.parts:
            self.sets(element)
        elif local(element) == "conditionalEventDefinition":
            self.condition(element)
        parts = [part for part in element if isinstance(part.tag, str)]
        if local(element) in _OPEN:
            return
        for part in parts:
            known = type_.parts.get(local(part)) if is_own(part) else None
            if known is not None and known.type in REFERENCES:
                self.pointer(element, part)
            elif known is not None:
                self.element(part, known.type)
            elif not is_own(part):
                self.foreign(element, part)
            elif element is self.mended.root and local(part) in _OPEN:
                self.say(part, f"The schema has no {local(part)} here, though the standard has.")
                element.remove(part)
        self.order(element, type_)

    # --- attributes ---

    def typed(self, element: Element, declared: str) -> str:
        """The type that the element says it has; a formal expression may forget to say so, or
        say it with a prefix that is bound to nothing."""
        if declared not in _EXPRESSIONS:
            return declared
        said = (element.get(_XSI_TYPE) or "").strip()
        prefix, _, name = said.rpartition(":")
        space = element.nsmap.get(prefix or None)
        if said and (name not in _EXPRESSIONS or (prefix and space not in (None, BPMN))):
            return declared  # a type of another vocabulary
        asked = "tFormalExpression" if "language" in element.attrib else name or declared
        if (name == asked and space == BPMN) or (not said and declared == asked):
            return asked
        self.say(element, f"This {local(element)} is read as one of BPMN's type {asked}.")
        element.set(_XSI_TYPE, self._prefixed(element, etree.QName(BPMN, asked)))
        return asked

    def _prefixed(self, element: Element, name: etree.QName) -> str:
        prefixes = (p for p, space in element.nsmap.items() if space == BPMN)
        prefix = next(prefixes, None)
        return f"{prefix}:{name.localname}" if prefix else name.localname

    def attributes(self, element: Element, type_: Type) -> None:
        if element is self.mended.root and self.own is None:
            self.say(element, "definitions has no targetNamespace; this file's names are its own.")
            element.set("targetNamespace", "urn:unnamed")
        for name, value in [*element.attrib.items()]:
            key, text = str(name), str(value)
            if key.startswith("{"):
                continue
            known = type_.attributes.get(key)
            if known is None:
                self.unknown(element, key, text, type_)
            elif known.type in NAMES:
                self.name(element, key, text, known.type)

    def unknown(self, element: Element, name: str, value: str, type_: Type) -> None:
        """An attribute that the schema does not know here. One that BPMN or a dialect knows at
        another place, or that looks like a misspelt one, was meant to have an effect."""
        defaults = self.vocabulary.attributes.get(name)
        harmless = name in _LOOKS or (defaults is not None and value in defaults)
        if not harmless and (
            defaults is not None
            or name in _MEANT
            or difflib.get_close_matches(name, type_.attributes, 1, 0.75)
        ):
            return
        self.say(element, f'{local(element)} has no attribute "{name}"; it has no effect.')
        del element.attrib[name]

    def name(self, element: Element, key: str, text: str, type_: str) -> None:
        """An id or a reference."""
        said = text.strip()
        if type_ != "ID" and not said:
            self.say(element, f'{key}="" says nothing, as if it were left out.')
            del element.attrib[key]
            return
        if type_ == "IDREF" and (prefix := said.rpartition(":")[0]):
            if self.own is None or element.nsmap.get(prefix) != self.own:
                return
            self.say(element, f'{key}="{said}" is an id: it has no prefix.')
            said = reference(said)
            element.set(key, said)
        if _is_loose(said):
            if type_ == "ID":
                self.say(element, f'The id "{said}" is no name as XML has them; it is read.')
            element.set(key, _as_name(said))

    # --- parts ---

    def pointer(self, holder: Element, part: Element) -> None:
        """An element whose text is a reference."""
        said = (part.text or "").strip()
        if not said:
            self.say(holder, f"An empty {local(part)} says nothing.")
            holder.remove(part)
        elif _is_loose(said):
            part.text = _as_name(said)

    def foreign(self, holder: Element, part: Element) -> None:
        space = etree.QName(part).namespace or ""
        if part.tag == _DIAGRAMS or not space or space in _EXECUTED or space == BPMN:
            return
        if space.startswith("http://www.omg.org/spec/") and local(part) != "BPMNDiagram":
            return
        self.say(holder, f"{local(part)} of {space} stands outside of extensionElements.")
        holder.remove(part)

    def sets(self, element: Element) -> None:
        """A specification without data has no need to say which form a set."""
        for data, group in (("dataInput", "inputSet"), ("dataOutput", "outputSet")):
            held = {local(part) for part in element if is_own(part)}
            if group not in held and data not in held:
                self.say(element, f"This ioSpecification has no {group}; it is read as empty.")
                added = etree.SubElement(element, f"{{{BPMN}}}{group}")
                self.mended.origin[added] = self.mended.origin[element]

    def condition(self, element: Element) -> None:
        """An event that is only drawn need not say its condition; a rule asks an executed one."""
        if element.find(f"{{{BPMN}}}condition") is None:
            self.say(element, "This conditional event says no condition.")
            added = etree.SubElement(element, f"{{{BPMN}}}condition")
            self.mended.origin[added] = self.mended.origin[element]

    def order(self, element: Element, type_: Type) -> None:
        """Parts in the schema's order: it means nothing in BPMN, what is alike keeps its own."""
        places: list[int] = []
        for part in element:
            known: Part | None = type_.parts.get(local(part)) if _has_place(part) else None
            places.append(known.place if known else places[-1] if places else 0)
        late = next((i for i, (a, b) in enumerate(pairwise(places), 1) if b < a), None)
        if late is None:
            return
        before = local(element[late - 1])
        text = f"{local(element[late])} stands after {before}; the schema wants it before."
        self.mended.slips.append((self.mended.origin[element], text))
        parts = sorted(zip(places, element, strict=True), key=lambda pair: pair[0])
        element[:] = [part for _, part in parts]


def _is_loose(text: str) -> bool:
    """One word, but none that XML would take for a name: begins with a digit, has braces …"""
    return _ONE_WORD.fullmatch(text) is not None and _NAME.fullmatch(text) is None


def _as_name(text: str) -> str:
    return f"_{text.encode().hex()}"


def _has_place(part: Element) -> bool:
    return is_own(part) or part.tag == _DIAGRAMS
