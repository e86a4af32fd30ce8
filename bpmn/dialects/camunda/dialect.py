"""Camunda 7's vocabulary (and Operaton's) in the graph's words; the contents page of this folder.

Invariant: what the table calls "read" is compiled by one of the modules named here.
"""

# ruff: noqa: ARG002  (the methods have the signatures of `Dialect`)

from __future__ import annotations

from bpmn.context import Context
from bpmn.dialects.camunda import calls, listeners, mappings, people, work
from bpmn.dialects.camunda.table import check_words
from bpmn.dialects.camunda.words import (
    ELDERS,
    NAMESPACES,
    attribute,
    extensions,
    implementations,
    properties,
    retry,
    switch,
    text,
)
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
from bpmn.graph import Call, Computation, Decision, Expression, Listener, UserTask, Work
from bpmn.model import FlowNode
from bpmn.report import Report


class Camunda(Dialect):
    name = "Camunda 7"
    namespaces = (*NAMESPACES, *ELDERS)
    loops_from = 0
    calls_pass_all = False

    def process(self, context: Context, element: Element) -> ProcessWords:
        return ProcessWords(
            attribute(element, "versionTag"), attribute(element, "historyTimeToLive")
        )

    def initiator(self, element: Element) -> str | None:
        return text(element, "initiator")

    def properties(self, element: Element) -> dict[str, str]:
        return properties(element)

    def steps(self, context: Context, element: Element) -> Steps | None:
        return Steps(
            async_before=switch(context, element, "asyncBefore", False)
            or switch(context, element, "async", False),
            async_after=switch(context, element, "asyncAfter", False),
            exclusive=switch(context, element, "exclusive", True),
            retry=retry(context, element),
        )

    def mappings(self, context: Context, node: FlowNode) -> Mappings | None:
        return mappings.input_output(context, node)

    def listeners(self, context: Context, element: Element) -> tuple[Listener, ...]:
        return listeners.listeners(context, element)

    def user_task(self, context: Context, element: Element) -> UserTask | None:
        return people.user_task(context, element)

    def work(
        self, context: Context, element: Element, process: Element
    ) -> Work | Computation | None:
        return work.work(context, element, process)

    def implements(self, element: Element) -> bool:
        return bool(implementations(element))

    def script(self, context: Context, element: Element) -> Computation | None:
        return work.script(context, element)

    def decision(self, context: Context, element: Element) -> Decision | None:
        return work.decision(context, element)

    def call(self, context: Context, element: Element) -> Call | None:
        return calls.call(context, element)

    def loop(self, context: Context, node: FlowNode) -> LoopWords | None:
        loop = node.loop
        if loop is None:
            return None
        collection = text(loop, "collection")
        compiled = None
        if collection is not None:
            # A bare word is the name of a variable; `${…}` gives the collection itself.
            plain = not (collection.startswith("=") or "${" in collection or "#{" in collection)
            compiled = (
                context.variable(collection, loop)
                if plain
                else context.expression(collection, loop)
            )
        return LoopWords(
            collection=compiled,
            element=text(loop, "elementVariable"),
            async_before=switch(context, loop, "asyncBefore", False),
            async_after=switch(context, loop, "asyncAfter", False),
        )

    def message_key(self, context: Context, element: Element) -> Expression | None:
        """The house's own property `correlation_key`: Camunda 7 correlates from outside only."""
        return context.expression(properties(element).get("correlation_key"), element)

    def signal_inputs(self, context: Context, definition: Element) -> Parameters | None:
        if any(part.get("businessKey") is not None for part in extensions(definition, "in")):
            context.refuse(
                "unsupported", definition, "A signal gives no business key to what it starts."
            )
        passed = calls.passed(context, definition, "in")
        if not passed:
            return None
        pairs: list[tuple[str, Expression]] = []
        for each in passed:
            if each.target is None or each.value is None:
                context.refuse(
                    "unsupported",
                    definition,
                    "A signal carries the variables that are named; camunda:in with "
                    'variables="all" is not executed here.',
                )
            pairs.append((each.target, each.value))
        return tuple(pairs)

    def error_variables(self, definition: Element) -> tuple[str | None, str | None]:
        return text(definition, "errorCodeVariable"), text(definition, "errorMessageVariable")

    def error_message(self, context: Context, error: Element) -> Expression | None:
        return context.expression(attribute(error, "errorMessage"), error)

    def escalation_variable(self, definition: Element) -> str | None:
        return text(definition, "escalationCodeVariable")

    def watched(self, context: Context, definition: Element) -> tuple[str | None, frozenset[str]]:
        events = text(definition, "variableEvents") or text(definition, "variableEvent")
        changes = frozenset(part.strip() for part in events.split(",")) if events else EVERY_CHANGE
        if not changes <= EVERY_CHANGE:
            context.report.error(
                "attribute",
                definition,
                f'camunda:variableEvents="{events}" may say create, update and delete.',
            )
        return text(definition, "variableName"), changes & EVERY_CHANGE

    def refers_elsewhere(self, condition: Element) -> bool:
        return attribute(condition, "resource") is not None

    def check(self, element: Element, report: Report) -> None:
        check_words(element, report)
