"""One walk through a document along the compiled tables of its syntax."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import Any

from lxml import etree

from invoice.model import Syntax
from invoice.rules.rule import FIX
from invoice.syntax.table import State, SyntaxBook, SyntaxRule

_UNUSED = (
    "Die Angabe gehört nicht zur EN 16931 und wird hier nicht gezeigt. Was darin steht, gehört in "
    "ein vorgesehenes Feld. "
)
_OF_EXTENSION = {"UBL-CR-470": "Zahlungen an Dritte", "UBL-CR-646": "Unterpositionen"}
"""What EN 16931 does not know, but the XRechnung Extension does; the view shows it."""
_DOUBLED = "Die Angabe darf hier nur einmal stehen. "
_NO_REASON = "Bitte beachten Sie: Das allein ist kein Grund, die Rechnung abzulehnen."
_LOOK = "Bitte sehen Sie in der Datei nach, ob dort etwas Wichtiges steht."


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """A rule that an element breaks. `attribute` is named where it is about that."""

    rule: SyntaxRule
    element: etree._Element
    attribute: str = ""
    again: bool = False
    """Whether it is about one too many of them."""

    def words(self) -> tuple[str, str]:
        """What is wrong, and what to do, in German."""
        fatal = self.rule.severity == "fatal"
        if self.rule.text:
            return self.rule.text, f"{self.rule.hint} {FIX if fatal else _NO_REASON}"
        name = f"Attribut {self.attribute}" if self.attribute else _name(self.element)
        then = FIX if fatal else _LOOK
        if of_extension := _OF_EXTENSION.get(self.rule.id):
            return (
                f"{of_extension} („{name}“) sieht nur die XRechnung Extension vor.",
                "In anderen Rechnungen gehören solche Angaben in ein vorgesehenes Feld. "
                "Bitte beachten Sie die Angabe: sie wird hier gezeigt.",
            )
        if self.again:
            return f"Die Angabe „{name}“ steht mehr als einmal.", _DOUBLED + then
        return f"Die Angabe „{name}“ ist in einer E-Rechnung nicht vorgesehen.", _UNUSED + then


def syntax_faults(root: etree._Element, syntax: Syntax) -> list[SyntaxFault]:
    """Every breach in this document, in its order. `root` is well-formed, not yet valid."""
    walk = _Walk()
    walk.at(root, book_of(syntax).state(str(root.tag)))
    return walk.faults


def book_of(syntax: Syntax) -> SyntaxBook:
    """The rules of a syntax; read when they are first needed."""
    if syntax == "cii":
        from invoice.syntax.cii import book  # noqa: PLC0415 each is read only where it is needed
    else:
        from invoice.syntax.ubl import book  # noqa: PLC0415
    return book


def _name(element: etree._Element) -> str:
    return f"{element.prefix}:{etree.QName(element).localname}".removeprefix("None:")


class _Walk:
    def __init__(self) -> None:
        self.faults: list[SyntaxFault] = []
        self._path: list[int] = []
        """The numbers of the elements from the document's element to the one above."""
        self._numbers = count(1)
        self._counted: Counter[tuple[str, int]] = Counter()

    def at(self, element: etree._Element, state: State) -> None:
        """Ask of one element what there is to ask, then of all below it."""
        if state.asks:
            self._ask(element, state)
        if attributes := state.attributes:
            for name in element.keys():  # noqa: SIM118 an element's own iteration is its children
                if name in attributes:
                    self.faults.append(SyntaxFault(attributes[name], element, str(name)))
        if not len(element):
            return
        self._path.append(next(self._numbers))
        for child in element:
            tag: Any = child.tag
            below = state.below.get(tag) or state.at(tag)
            if below.asks or below.attributes or len(child):
                self.at(child, below)
        self._path.pop()

    def _ask(self, element: etree._Element, state: State) -> None:
        for rule in state.unused:
            self.faults.append(SyntaxFault(rule, element))
        for rule, levels, attribute in state.once:
            if attribute and element.get(attribute) is None:
                continue
            counted = rule.id, self._path[-levels]
            self._counted[counted] += 1
            if self._counted[counted] == 2:
                self.faults.append(SyntaxFault(rule, element, attribute, again=True))
        self.faults += [
            SyntaxFault(rule, element) for rule, test in state.asked if not test(element)
        ]
