"""The OMG's XML schemas for BPMN 2.0, as SpiffWorkflow ships them.

Invariant: the schemas are read from the installed package without importing it, once a process.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

from lxml import etree

from bpmn.errors import Finding
from bpmn.model import is_bpmn, local
from bpmn.reader import Document
from bpmn.report import named, places

MAX_FINDINGS = 200
_ONE_AT_A_TIME = Lock()
"""The log of a validation hangs at the schema, which all threads share."""


def schema_findings(document: Document) -> list[Finding]:
    """Every place where the file breaks the schema, as errors."""
    schema = _schema()
    with _ONE_AT_A_TIME:
        if schema.validate(document.root):
            return []
        log: Any = schema.error_log  # iterable, though its stub does not say so
        entries = [*islice(log, MAX_FINDINGS)]
    found: dict[tuple[int, str], Finding] = {}
    for entry in entries:
        element = _place(document, entry.path)
        if element is not None and is_bpmn(element) and _repeats_an_id(entry.message):
            continue  # the rule `duplicate-id` says where it stands first
        if _is_computed_call(entry.message):
            continue  # an expression where Camunda allows one: compiled, not schema-checked
        line = entry.line if element is None else document.line(element)
        others = () if element is None else places(document, element)
        message = _NAMESPACE.sub("", entry.message)
        identifier = None if element is None else named(element)
        found.setdefault(
            (line, message),
            Finding(document.file, line, identifier, "schema", "error", message, tuple(others)),
        )
    return list(found.values())


def _place(document: Document, path: str | None) -> etree._Element | None:
    """Follow libxml2's path (`/bpmn:definitions/bpmn:process/*[3]`) without its prefixes' scope."""
    element = document.root
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
_NAMESPACE = re.compile(r"\{[^}]*\}")
_ID = re.compile(r"'([\w.-]+)' is not a valid value")


def _repeats_an_id(message: str) -> bool:
    if "atomic type 'xs:ID'" not in message:
        return False
    match = _ID.search(message)
    return match is not None and not match[1][0].isdigit() and match[1][0] not in ".-"


def _is_computed_call(message: str) -> bool:
    return "attribute 'calledElement'" in message and "'xs:QName'" in message


def schema_files() -> Path:
    """The folder that the schemas stand in."""
    package = find_spec("SpiffWorkflow")
    assert package is not None, "SpiffWorkflow is a dependency"
    assert package.origin is not None
    return Path(package.origin).parent / "bpmn" / "parser" / "schema"


@cache
def _schema() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(schema_files() / "BPMN20.xsd", parser))
