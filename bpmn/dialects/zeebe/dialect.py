"""Zeebe's vocabulary (Camunda 8) in the graph's words.

Invariant: what the table calls "read" is compiled here; a job type is a topic that workers
elsewhere fetch. Expressions are FEEL after `=`, everything else means itself.
"""

# ruff: noqa: ARG002  (the methods have the signatures of `Dialect`)

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from bpmn.context import Context
from bpmn.dialects.dialect import (
    Dialect,
    Element,
    LoopWords,
    Mappings,
    ProcessWords,
    Steps,
)
from bpmn.dialects.zeebe.calls import binding, call
from bpmn.dialects.zeebe.mappings import mappings
from bpmn.dialects.zeebe.table import check_words
from bpmn.dialects.zeebe.words import NAMESPACE, feel, fixed, given, items, said, word, words
from bpmn.embedded_forms import embed
from bpmn.graph import (
    Call,
    Computation,
    Decision,
    Expression,
    Listener,
    Retry,
    UserTask,
    Work,
)
from bpmn.model import FlowNode, local
from bpmn.report import Report

_RETRIES = 3
"""Zeebe's own number of attempts where a task definition names none."""
_NAMED_VALUES = (("taskHeaders", "header", "key"), ("properties", "property", "name"))
_LISTENERS = (("executionListeners", "executionListener"), ("taskListeners", "taskListener"))
_TASK_EVENTS = {
    "creating": "create",
    "create": "create",
    "completing": "complete",
    "complete": "complete",
}
_UNHEARD = frozenset({"assigning", "assignment", "updating", "update", "canceling", "cancel"})


class Zeebe(Dialect):
    name = "Zeebe"
    namespaces = (NAMESPACE,)

    def process(self, context: Context, element: Element) -> ProcessWords:
        return ProcessWords(version_tag=given(word(element, "versionTag"), "value"))

    def properties(self, element: Element) -> dict[str, str]:
        """`zeebe:properties`, and the headers that a worker is given."""
        found: dict[str, str] = {}
        for holder, name, key in _NAMED_VALUES:
            if (part := word(element, holder)) is not None:
                found |= {item.get(key, ""): item.get("value", "") for item in items(part, name)}
        return found

    def steps(self, context: Context, element: Element) -> Steps | None:
        job = word(element, "taskDefinition")
        text = given(job, "retries")
        if job is None:
            return None
        attempts = int(text) if text and re.fullmatch(r"[0-9]{1,4}", text) else _RETRIES
        if text is not None and (str(attempts) != text or not 1 <= attempts <= 1000):
            context.report.error("retry", job, f'retries="{text}" is no number from 1 to 1000.')
        # Zeebe gives a failed job out again at once, unless its worker asks for a pause.
        return Steps(retry=Retry(attempts, (timedelta(),)))

    def mappings(self, context: Context, node: FlowNode) -> Mappings | None:
        found = mappings(context, node.element)
        if found is not None and found.keeps_results and _begins_elsewhere(node):
            context.report.error(
                "unsupported",
                node.element,
                f'What comes with "{node.label}" cannot be kept inside; map it at a later task.',
            )
        return found

    def listeners(self, context: Context, element: Element) -> tuple[Listener, ...]:
        found: list[Listener] = []
        for holder, name in _LISTENERS:
            part = word(element, holder)
            for item in () if part is None else items(part, name):
                event: Any = given(item, "eventType") or "start"
                if event in _UNHEARD or (event == "end" and local(element) == "process"):
                    text = f'The event "{event}" is not told to listeners here.'
                    context.report.error("unsupported", item, text)
                    continue
                event = _TASK_EVENTS.get(event) if name == "taskListener" else event
                topic = fixed(context, item, "type", name)
                if event is None or event not in _EVENTS or topic is None:
                    context.report.error(
                        "listener", item, f"A {name} needs an eventType and a type that are known."
                    )
                else:
                    found.append(Listener(event, topic=topic))
        return tuple(found)

    def user_task(self, context: Context, element: Element) -> UserTask | None:
        people, dates = word(element, "assignmentDefinition"), word(element, "taskSchedule")
        form = word(element, "formDefinition")
        brought = any((given(form, n) or "").startswith(_EMBEDDED) for n in _FORM_NAMES)
        kind, version = binding(context, form, "deployment" if brought else "latest")
        return UserTask(
            assignee=said(context, people, "assignee"),
            candidate_users=said(context, people, "candidateUsers"),
            candidate_groups=said(context, people, "candidateGroups"),
            due=said(context, dates, "dueDate"),
            follow_up=said(context, dates, "followUpDate"),
            priority=said(context, word(element, "priorityDefinition"), "priority"),
            form=_form(context, form),
            form_binding=kind,
            form_version=version,
        )

    def work(
        self, context: Context, element: Element, process: Element
    ) -> Work | Computation | None:
        job = word(_holder(element), "taskDefinition")
        if job is None:
            return None
        topic = fixed(context, job, "type", "taskDefinition")
        if topic is None:
            if given(job, "type") is None:
                context.report.error("topic-missing", job, "A task definition needs a type.")
            return Work("", external=True)
        return Work(topic, external=True)

    def implements(self, element: Element) -> bool:
        return word(_holder(element), "taskDefinition") is not None

    def script(self, context: Context, element: Element) -> Computation | None:
        holder = word(element, "script")
        if holder is None:
            return None
        compiled = feel(context, holder, "expression")
        if compiled is None:
            if given(holder, "expression") is None:
                context.report.error("script-missing", holder, "The script is empty.")
            return Computation(())
        return Computation(((given(holder, "resultVariable"), compiled),))

    def decision(self, context: Context, element: Element) -> Decision | None:
        holder = word(element, "calledDecision")
        if holder is None:
            return None
        name = fixed(context, holder, "decisionId", "calledDecision")
        kind, version = binding(context, holder, "latest")
        variable = given(holder, "resultVariable")
        if name is None or variable is None:
            context.report.error(
                "decision-missing", holder, "A called decision needs decisionId and resultVariable."
            )
        return Decision(name or "", kind, version, variable, "value")

    def call(self, context: Context, element: Element) -> Call | None:
        return call(context, element)

    def loop(self, context: Context, node: FlowNode) -> LoopWords | None:
        holder = None if node.loop is None else word(node.loop, "loopCharacteristics")
        if holder is None:
            return None
        return LoopWords(
            collection=feel(context, holder, "inputCollection"),
            element=given(holder, "inputElement"),
            results=given(holder, "outputCollection"),
            result=feel(context, holder, "outputElement"),
            gaps=True,
        )

    def chosen(self, context: Context, element: Element) -> Expression | None:
        holder = word(element, "adHoc")
        compiled = None if holder is None else feel(context, holder, "activeElementsCollection")
        if compiled is None:
            context.refuse(
                "adhoc-begin",
                element,
                "Which activities begin is not said: give zeebe:adHoc an activeElementsCollection.",
            )
        return compiled

    def message_key(self, context: Context, element: Element) -> Expression | None:
        return said(context, word(element, "subscription"), "correlationKey")

    def check(self, element: Element, report: Report) -> None:
        check_words(element, report)


def _begins_elsewhere(node: FlowNode) -> bool:
    """Whether variables come with the node's event before a token stands at it."""
    brings = node.triggers & {"messageEventDefinition", "signalEventDefinition"}
    behind = any(flow.source in node.scope.event_gateways for flow in node.incoming)
    starts = bool(brings) and (node.kind in ("startEvent", "boundaryEvent") or behind)
    return starts or (node.kind == "receiveTask" and (behind or node.instantiates))


def _holder(element: Element) -> Element:
    """Of a message event the job stands at the event itself."""
    around = element.getparent()
    return around if local(element) == "messageEventDefinition" and around is not None else element


_EVENTS = frozenset({"start", "end", *_TASK_EVENTS.values()})


def _form(context: Context, holder: Element | None) -> str | None:
    if holder is None:
        return None
    name = next((n for n in _FORM_NAMES if given(holder, n)), None)
    if name is None:
        return None
    key = fixed(context, holder, name, "formDefinition")
    if key is None or not key.startswith(_EMBEDDED):
        return key
    return _embedded(context, holder, key.removeprefix(_EMBEDDED))


_FORM_NAMES = ("formId", "formKey", "externalReference")
_EMBEDDED = "camunda-forms:bpmn:"
"""Before the id of a form that stands in the process itself."""


def _embedded(context: Context, holder: Element, identifier: str) -> str | None:
    process = next((e for e in holder.iterancestors() if local(e) == "process"), None)
    parts = [] if process is None else words(process, "userTaskForm")
    form = next((part for part in parts if part.get("id") == identifier), None)
    try:
        read = None if form is None else json.loads(form.text or "")
    except ValueError:
        read = None
    if form is None or not isinstance(read, dict):
        context.report.error("form", holder, f'The process has no form "{identifier}".')
        return None
    return embed(context, form, identifier, read)
