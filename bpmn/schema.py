"""The OMG's XML schemas for BPMN 2.0, as SpiffWorkflow ships them.

Invariant: the schemas are read from the installed package without importing it, once a process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import islice
from threading import Lock
from typing import Any, Literal, NamedTuple

from lxml import etree

from bpmn.errors import Finding
from bpmn.model import is_bpmn, local
from bpmn.reader import Document
from bpmn.report import named, places
from bpmn.vocabulary import schema_files

MAX_FINDINGS = 200
Severity = Literal["error", "warning"]
_ONE_AT_A_TIME = Lock()
"""The log of a validation hangs at the schema, which all threads share."""


def schema_findings(document: Document) -> list[Finding]:
    """Every place where the file breaks the schema. Errors are in the model; a drawing moves no
    token, so what is wrong with it only warns, and so do slips that have one meaning only."""
    root = document.root
    if not _faults(root):
        return []
    from bpmn.slips import mend  # noqa: PLC0415  loads the schema's vocabulary: only when needed

    mended = mend(root)
    judged = _Judged(document, mended.origin)
    for element, text in mended.slips[:MAX_FINDINGS]:
        judged.add(element, "schema-slip", "warning", text)
    if (more := len(mended.slips) - MAX_FINDINGS) > 0:
        text = f"There are {more} more slips of such kinds in the file."
        judged.add(root, "schema-slip", "warning", text)
    for fault in _faults(mended.root):
        judged.fault(mended.root, fault, "schema", "error")
    for fault in _faults(mended.diagrams):
        judged.fault(mended.diagrams, fault, "diagram-schema", "warning")
    return [*judged.found.values()]


class _Fault(NamedTuple):
    """One entry of libxml2's log."""

    path: str | None
    line: int
    message: str


def _faults(root: etree._Element) -> list[_Fault]:
    schema = _schema()
    with _ONE_AT_A_TIME:
        if schema.validate(root):
            return []
        log: Any = schema.error_log  # iterable, though its stub does not say so
        return [_Fault(e.path, e.line, e.message) for e in islice(log, MAX_FINDINGS)]


class _Judged:
    """Findings by line and text, each once."""

    def __init__(self, document: Document, origin: Mapping[etree._Element, etree._Element]) -> None:
        self.document = document
        self.origin = origin
        self.found: dict[tuple[int, str], Finding] = {}

    def fault(self, root: etree._Element, fault: _Fault, rule: str, severity: Severity) -> None:
        element = _place(root, fault.path)
        if element is not None and is_bpmn(element) and _repeats_an_id(fault.message):
            return  # the rule `duplicate-id` says where it stands first
        if _is_computed_call(fault.message):
            return  # an expression where Camunda allows one: compiled, not schema-checked
        message = _NAMESPACE.sub("", fault.message)
        self.add(self.origin.get(root if element is None else element), rule, severity, message)

    def add(
        self, element: etree._Element | None, rule: str, severity: Severity, message: str
    ) -> None:
        at = self.document.root if element is None else element
        file, line = self.document.file, self.document.line(at)
        others = tuple(places(self.document, at))
        finding = Finding(file, line, named(at), rule, severity, message, others)
        self.found.setdefault((line, message), finding)


def _place(root: etree._Element, path: str | None) -> etree._Element | None:
    """Follow libxml2's path (`/bpmn:definitions/bpmn:process/*[3]`) without its prefixes' scope."""
    element = root
    for step in (path or "").split("/")[2:]:
        match = _STEP.fullmatch(step)
        if match is None:
            break  # an attribute: its element is meant
        prefix, name, number = match.groups()
        alike = (
            part
            for part in element.iterchildren(etree.Element)
            if name == "*" or (local(part) == name and part.prefix == prefix)
        )
        following = next(islice(alike, int(number or 1) - 1, None), None)
        if following is None:
            break
        element = following
    return element if path else None


_STEP = re.compile(r"(?:([^:@]+):)?([^:@\[]+)(?:\[(\d{1,9})\])?")
_NAMESPACE = re.compile(r"\{[^}\s']*\}")
_ID = re.compile(r"'([\w.-]+)' is not a valid value")


def _repeats_an_id(message: str) -> bool:
    if "atomic type 'xs:ID'" not in message:
        return False
    match = _ID.search(message)
    return match is not None and not match[1][0].isdigit() and match[1][0] not in ".-"


def _is_computed_call(message: str) -> bool:
    return "attribute 'calledElement'" in message and "'xs:QName'" in message


@cache
def _schema() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(schema_files() / "BPMN20.xsd", parser))
