"""Vocabularies that are not executed here: another engine's, which is refused, or a tool's.

Invariant: what another engine would execute is refused by name; what only a drawing tool reads
is noticed once for its namespace, and what is known to be about looks is not mentioned.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from lxml import etree

from bpmn.elements import BPMN
from bpmn.report import Report

SILENT = frozenset(
    {
        BPMN,
        "http://www.w3.org/2001/XMLSchema-instance",
        "http://www.w3.org/XML/1998/namespace",
        "http://www.omg.org/spec/BPMN/20100524/DI",
        "http://www.omg.org/spec/DD/20100524/DI",
        "http://www.omg.org/spec/DD/20100524/DC",
        "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
        "http://bpmn.io/schema/bpmn/biocolor/1.0",
        "http://bpmn.io/schema/bpmn",
        "http://camunda.org/schema/modeler/1.0",
    }
)
ENGINES: dict[str, tuple[str, frozenset[str]]] = {
    # namespace → the engine, and those of its words that are about looks and documents
    "http://www.jboss.org/drools": (
        "jBPM",
        frozenset(
            {"metaData", "metadata", "docsvg", "bgcolor", "fgcolor", "bordercolor", "fontcolor",
             "fontsize", "selectable", "dockerinfo", "color-background", "displayName"}
        ),
    ),
    "http://www.bonitasoft.org/ns/bpmn/execution": ("Bonita", frozenset()),
    "http://www.bonitasoft.com/bpmn/execution": ("Bonita", frozenset()),
    "http://xmlns.oracle.com/bpm/OracleExtensions": ("Oracle BPM", frozenset()),
    "http://www.imixs.org/bpmn2": ("Imixs-Workflow", frozenset()),
}  # fmt: skip


def check_foreign(
    element: etree._Element,
    extensions: Iterable[etree._Element],
    known: Container[str],
    report: Report,
) -> None:
    """Look at the element's attributes and extensions that no dialect reads."""
    for key in element.attrib:
        if str(key).startswith("{"):
            _look(element, str(key), known, report)
    for extension in extensions:
        if str(extension.tag).startswith("{"):
            _look(extension, str(extension.tag), known, report)


def _look(element: etree._Element, tag: str, known: Container[str], report: Report) -> None:
    space, _, name = tag[1:].partition("}")
    if space in known or space in SILENT:
        return
    engine, looks = ENGINES.get(space, ("", frozenset()))
    if engine and name not in looks:
        text = f"{name} is a word of {engine}; Camunda 7, Operaton, Zeebe and Spiff are understood."
        report.error("foreign-dialect", element, text)
    elif not engine:
        report.notice_kind(
            element,
            f"Extensions of {space} are not known here and have no effect.",
            rule="foreign-extension",
            of=space,
        )
