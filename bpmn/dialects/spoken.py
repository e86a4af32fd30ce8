"""Which dialects a file speaks, and their answers as one.

Invariant: an element that bears on execution is spoken about in one dialect only; a vocabulary
that is not known here has no effect, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from lxml import etree

from bpmn.context import Context
from bpmn.dialects.camunda.dialect import Camunda
from bpmn.dialects.dialect import (
    EVERY_CHANGE,
    Dialect,
    Element,
    LoopWords,
    Mappings,
    Parameters,
    ProcessWords,
    Steps,
)
from bpmn.dialects.foreign import check_foreign
from bpmn.dialects.spiff import Spiff
from bpmn.dialects.zeebe.dialect import Zeebe
from bpmn.elements import BPMN
from bpmn.graph import Call, Computation, Decision, Expression, Listener, UserTask, Work
from bpmn.model import FlowNode
from bpmn.report import Report

T = TypeVar("T")
ALL: tuple[Dialect, ...] = (Camunda(), Zeebe(), Spiff())
_BY_NAMESPACE = {space: dialect for dialect in ALL for space in dialect.namespaces}


class Spoken(Dialect):
    """The dialects of one file. What one of them says goes before what BPMN leaves unsaid."""

    def __init__(self, dialects: tuple[Dialect, ...], *, for_another: bool = False) -> None:
        self.dialects = dialects
        self.leaves_work_open = not dialects and not for_another
        plain = Dialect()
        leading = dialects[0] if dialects else plain
        self.loops_from = leading.loops_from
        self.calls_pass_all = leading.calls_pass_all
        self.names_collections = any(dialect.names_collections for dialect in dialects)

    def _first(self, ask: Callable[[Dialect], T | None]) -> T | None:
        return next((a for dialect in self.dialects if (a := ask(dialect)) is not None), None)

    def unmarked(self, text: str, *, asked: bool) -> str:
        for dialect in self.dialects:
            text = dialect.unmarked(text, asked=asked)
        return text

    def process(self, context: Context, element: Element) -> ProcessWords:
        words = [dialect.process(context, element) for dialect in self.dialects]
        return next((each for each in words if each != ProcessWords()), ProcessWords())

    def initiator(self, element: Element) -> str | None:
        return self._first(lambda d: d.initiator(element))

    def properties(self, element: Element) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for dialect in self.dialects:
            found |= dialect.properties(element)
        return found

    def steps(self, context: Context, element: Element) -> Steps | None:
        return self._first(lambda d: d.steps(context, element))

    def mappings(self, context: Context, node: FlowNode) -> Mappings | None:
        return self._first(lambda d: d.mappings(context, node))

    def listeners(self, context: Context, element: Element) -> tuple[Listener, ...]:
        return tuple(
            listener
            for dialect in self.dialects
            for listener in dialect.listeners(context, element)
        )

    def user_task(self, context: Context, element: Element) -> UserTask | None:
        return self._first(lambda d: d.user_task(context, element))

    def work(
        self, context: Context, element: Element, process: Element
    ) -> Work | Computation | None:
        for dialect in self.dialects:
            if (said := dialect.work(context, element, process)) is not None:
                return said
        return None

    def implements(self, element: Element) -> bool:
        return any(dialect.implements(element) for dialect in self.dialects)

    def script(self, context: Context, element: Element) -> Computation | None:
        return self._first(lambda d: d.script(context, element))

    def decision(self, context: Context, element: Element) -> Decision | None:
        return self._first(lambda d: d.decision(context, element))

    def call(self, context: Context, element: Element) -> Call | None:
        return self._first(lambda d: d.call(context, element))

    def loop(self, context: Context, node: FlowNode) -> LoopWords | None:
        return self._first(lambda d: d.loop(context, node))

    def chosen(self, context: Context, element: Element) -> Expression | None:
        return self._first(lambda d: d.chosen(context, element))

    def message_key(self, context: Context, element: Element) -> Expression | None:
        return self._first(lambda d: d.message_key(context, element))

    def signal_inputs(self, context: Context, definition: Element) -> Parameters | None:
        return self._first(lambda d: d.signal_inputs(context, definition))

    def error_variables(self, definition: Element) -> tuple[str | None, str | None]:
        found = self._first(lambda d: _said(d.error_variables(definition), (None, None)))
        return found or (None, None)

    def error_message(self, context: Context, error: Element) -> Expression | None:
        return self._first(lambda d: d.error_message(context, error))

    def escalation_variable(self, definition: Element) -> str | None:
        return self._first(lambda d: d.escalation_variable(definition))

    def watched(self, context: Context, definition: Element) -> tuple[str | None, frozenset[str]]:
        nothing = (None, EVERY_CHANGE)
        return self._first(lambda d: _said(d.watched(context, definition), nothing)) or nothing

    def refers_elsewhere(self, condition: Element) -> bool:
        return any(dialect.refers_elsewhere(condition) for dialect in self.dialects)

    def check(self, element: Element, report: Report) -> None:
        for dialect in self.dialects:
            dialect.check(element, report)


def _said(answer: T, nothing: T) -> T | None:
    return None if answer == nothing else answer


def dialect_of(root: Element) -> Spoken:
    """The dialects whose vocabularies are used somewhere in the file; first the most used.

    Modellers write `executionPlatform` into what is drawn for one engine, before a word of its
    dialect is used."""
    used: dict[Dialect, int] = {}
    for element in root.iter(etree.Element):
        for space in _spaces(element):
            if (dialect := _BY_NAMESPACE.get(space)) is not None:
                used[dialect] = used.get(dialect, 0) + 1
    for_another = any(str(name).endswith("}executionPlatform") for name in root.attrib)
    return Spoken(tuple(sorted(used, key=lambda each: -used[each])), for_another=for_another)


def check_extensions(root: Element, spoken: Spoken, report: Report) -> None:
    """Report what is refused or not known, at the root element and all below it."""
    for element in root.iter(etree.Element):
        if not element.tag.startswith(_OWN):
            continue
        found = {
            dialect.name: space
            for part in (element, *_extensions(element))
            for space in _spaces(part)
            if (dialect := _BY_NAMESPACE.get(space)) is not None
        }
        if len(found) > 1:
            names = " and ".join(sorted(found))
            report.error("several-dialects", element, f"Say this in one dialect, not {names}.")
        check_foreign(element, _extensions(element), _BY_NAMESPACE, report)
        spoken.check(element, report)


def _extensions(element: Element) -> list[Element]:
    holder = element.find(f"{{{BPMN}}}extensionElements")
    return [] if holder is None else [*holder.iterchildren(etree.Element)]


_OWN = f"{{{BPMN}}}"


def _spaces(element: Element) -> set[str]:
    names = map(str, element.attrib)
    spaces = {name[1:].partition("}")[0] for name in names if name.startswith("{")}
    tag = str(element.tag)
    if tag.startswith("{") and not tag.startswith(_OWN):
        spaces.add(tag[1:].partition("}")[0])
    return spaces
