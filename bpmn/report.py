"""Collects the findings of one file. Invariant: the report is complete, not the first fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Literal

from lxml import etree

from bpmn.elements import FLOW_NODES
from bpmn.errors import Finding, Place
from bpmn.model import reference
from bpmn.reader import Document

MAX_FINDINGS = 1_000
"""A hostile file must not make the report itself a bomb."""


class Report:
    """What is wrong with, or worth knowing about, one model."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.errors = 0
        self._findings: list[Finding] = []
        self._said: set[tuple[str, str | None, str]] = set()
        self._settled: set[tuple[str, str | None]] = set()
        self._noticed: Counter[str] = Counter()
        self._first: dict[str, tuple[str, str, etree._Element, str]] = {}

    def error(
        self,
        rule: str,
        element: etree._Element,
        message: str,
        line: int = 0,
        related: Iterable[etree._Element] = (),
    ) -> None:
        self._add(rule, element, message, "error", line=line, related=related)

    def warning(
        self,
        rule: str,
        element: etree._Element,
        message: str,
        related: Iterable[etree._Element] = (),
    ) -> None:
        self._add(rule, element, message, "warning", related=related)

    def repeated(self, element: etree._Element, first: etree._Element) -> None:
        """An id that stands twice: it is the id itself that is at fault, of whatever part."""
        identifier = element.get("id", "")
        line, before = self.document.line(element), self.document.line(first)
        text = f'The id "{identifier}" is used already in line {before}.'
        place = Place(identifier, before)
        self.take(
            [Finding(self.document.file, line, identifier, "duplicate-id", "error", text, (place,))]
        )

    def settle(self) -> None:
        """What the rules have found is not to be found again, in other words, by the compiler."""
        self._settled = {(f.rule, f.element) for f in self._findings if f.severity == "error"}

    def notice(self, rule: str, element: etree._Element, message: str) -> None:
        self._add(rule, element, message, "notice")

    def notice_kind(
        self, element: etree._Element, message: str, *, rule: str = "", of: str = ""
    ) -> None:
        """Say once for all elements of a kind that they have no effect on the run."""
        kind = etree.QName(element).localname
        key = of or kind
        self._noticed[key] += 1
        self._first.setdefault(key, (rule or f"ignored-{kind}", kind, element, message))

    def take(self, findings: list[Finding]) -> None:
        self.errors += sum(f.severity == "error" for f in findings)
        self._findings += findings

    def advise(self, findings: list[Finding]) -> None:
        """Faults that there would be if something were otherwise: they hinder nobody yet."""
        said = {(found.rule, found.element) for found in self._findings}
        for found in findings:
            if found.severity == "error" and (found.rule, found.element) not in said:
                text = f"Were this executable: {found.message}"
                self._findings.append(replace(found, severity="warning", message=text))

    def findings(self) -> list[Finding]:
        """All findings by line; errors before warnings before notices on the same line."""
        notices = []
        for key, (rule, kind, element, message) in self._first.items():
            count = self._noticed[key]
            text = f"{message} ({count} × {kind})" if count > 1 and key == kind else message
            line = self.document.line(element)
            notices.append(Finding(self.document.file, line, named(element), rule, "notice", text))
        order = ("error", "warning", "notice")
        found = self._findings + notices
        return sorted(
            found, key=lambda f: (f.line, order.index(f.severity), f.rule, f.element or "")
        )

    def _add(
        self,
        rule: str,
        element: etree._Element,
        message: str,
        severity: Literal["error", "warning", "notice"],
        *,
        line: int = 0,
        related: Iterable[etree._Element] = (),
    ) -> None:
        self.errors += severity == "error"
        said = (rule, named(element), message)
        if len(self._findings) >= MAX_FINDINGS or said in self._said or said[:2] in self._settled:
            return  # two readers of one element may meet the same fault
        self._said.add(said)
        line = line or self.document.line(element)
        others = tuple(places(self.document, element, related))
        self._findings.append(
            Finding(self.document.file, line, named(element), rule, severity, message, others)
        )


def places(
    document: Document, element: etree._Element, related: Iterable[etree._Element] = ()
) -> Iterator[Place]:
    """What a finding names beside its element: parts with an id inside of it, the others that the
    fault lies between, and the flow node around."""
    said = {named(element), None}
    within = [one for one in (element, *element.iterancestors()) if one.get("id")]
    parts = next((within[:i] for i, one in enumerate(within) if one.get("id") in said), [])
    for one in parts:
        said.add(one.get("id"))
        yield Place(one.get("id", ""), document.line(one))
    around = [] if _stands_in_scopes(element) else filter(_is_node, element.iterancestors())
    for one in (*related, *islice(around, 1)):
        name = named(one)
        if name is not None and name not in said:
            said.add(name)
            yield Place(name, document.line(one))


def _stands_in_scopes(element: etree._Element) -> bool:
    return _is_node(element) or etree.QName(element).localname in _BESIDE_NODES


def _is_node(element: etree._Element) -> bool:
    return etree.QName(element).localname in FLOW_NODES


def named(element: etree._Element) -> str | None:
    """The id of the element or of what it is part of: what a modeller can click on."""
    extension = next((e for e in element.iterancestors(_EXTENSIONS)), None)
    if extension is not None:  # ids inside of extensions are not those of the diagram
        element = extension
    for one in (element, *element.iterancestors()):
        identifier = one.get("id") or _shows(one)
        if identifier and (_stands_alone(one) or etree.QName(one).localname not in _PARTS_WITH_ID):
            return identifier
    return element.get("id")


def _shows(element: etree._Element) -> str | None:
    """What a shape or edge without an id of its own draws."""
    drawn = str(element.tag).startswith("{http://www.omg.org/spec/BPMN/20100524/DI}")
    return reference(element.get("bpmnElement")) if drawn else None


def _stands_alone(element: etree._Element) -> bool:
    """Beside the processes also an event definition is an element of its own."""
    around = element.getparent()
    return around is not None and around.getparent() is None


_EXTENSIONS = "{http://www.omg.org/spec/BPMN/20100524/MODEL}extensionElements"
_BESIDE_NODES = frozenset(
    {
        "sequenceFlow", "association", "dataObject", "dataObjectReference", "dataStoreReference",
        "textAnnotation", "group", "laneSet", "lane",
    }
)  # fmt: skip
"""What stands in a subprocess as its nodes do, and is no part of it as a node."""
_PARTS_WITH_ID = frozenset(
    {
        "messageEventDefinition", "timerEventDefinition", "errorEventDefinition",
        "terminateEventDefinition", "signalEventDefinition", "escalationEventDefinition",
        "conditionalEventDefinition", "compensateEventDefinition", "cancelEventDefinition",
        "linkEventDefinition", "timeDate", "timeDuration", "timeCycle", "conditionExpression",
        "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "formField",
        "ioSpecification", "property", "formalExpression",
    }
)  # fmt: skip
