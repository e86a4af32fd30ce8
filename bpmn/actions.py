"""What an activity does, compiled from its element and Camunda's extensions.

Invariant: each `Action` is complete and literal where the graph wants literals; whatever cannot
be executed exactly is reported, and the caller gets None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from lxml import etree

from bpmn.camunda import Context, attribute, implementations, properties
from bpmn.errors import ExpressionRefused
from bpmn.events import message_event
from bpmn.expressions import expression, feel_script
from bpmn.graph import (
    Action,
    Computation,
    Decision,
    Expression,
    Receive,
    Subprocess,
    UserTask,
    Work,
)
from bpmn.model import FlowNode, ProcessModel, child, text_of
from bpmn.suggestions import suggested_feel

_BINDINGS = ("latest", "deployment", "version")
_RESULTS = ("singleEntry", "singleResult", "collectEntries", "resultList")
_DYNAMIC = ("${", "#{", "=")


def compile_action(context: Context, process: ProcessModel, node: FlowNode) -> Action | None:
    """The node's action; None for events and gateways, or where a fault was reported."""
    compiler = _COMPILERS.get(node.kind)
    return None if compiler is None else compiler(context, process, node)


def _user_task(context: Context, process: ProcessModel, node: FlowNode) -> Action:
    element = node.element

    def given(name: str) -> Expression | None:
        return context.expression(attribute(element, name), element)

    form, reference = attribute(element, "formKey"), attribute(element, "formRef")
    if form is not None and reference is not None:
        context.report.error("form", element, "Give formKey or formRef, not both.")
    form = _literal(context, element, "formRef" if reference is not None else "formKey")
    binding, version = _binding(context, element, "formRef", "deployment")
    return UserTask(
        assignee=given("assignee"),
        candidate_users=given("candidateUsers"),
        candidate_groups=given("candidateGroups"),
        due=given("dueDate"),
        follow_up=given("followUpDate"),
        priority=given("priority"),
        form=form,
        form_binding=binding,
        form_version=version,
        other_person_than=_four_eyes(context, process, node),
    )


def _four_eyes(context: Context, process: ProcessModel, node: FlowNode) -> tuple[str, ...]:
    text = properties(node.element).get("andere_person_als")
    if text is None:
        return ()
    named = tuple(part.strip() for part in text.split(",") if part.strip())
    nodes = process.nodes
    for name in named:
        other = nodes.get(name)
        if other is None or other.kind != "userTask" or other is node:
            context.report.error(
                "four-eyes",
                node.element,
                f'andere_person_als names "{name}", which is not another user task of this '
                "process.",
            )
    if not named:
        context.report.error("four-eyes", node.element, "andere_person_als names no task.")
    return tuple(dict.fromkeys(named))


def _literal(context: Context, element: etree._Element, name: str) -> str | None:
    """An attribute that must be known at deployment."""
    text = attribute(element, name)
    if text is None:
        return None
    text = text.strip()
    if text.startswith(_DYNAMIC) or "${" in text or "#{" in text:
        context.report.error(
            "dynamic-reference",
            element,
            f'camunda:{name}="{text}" must be a fixed name: references are checked at deployment.',
        )
        return None
    return text or None


def _binding(
    context: Context,
    element: etree._Element,
    name: str,
    default: Literal["latest", "deployment"],
) -> tuple[Literal["latest", "deployment", "version"], int | None]:
    text = attribute(element, f"{name}Binding") or default
    version = attribute(element, f"{name}Version")
    if text not in _BINDINGS:
        context.report.error(
            "binding",
            element,
            f'camunda:{name}Binding="{text}" is not executed; use one of {", ".join(_BINDINGS)}.',
        )
        return default, None
    if text == "version" and not re.fullmatch(r"\s*[0-9]{1,9}\s*", version or ""):
        context.report.error(
            "binding", element, f"The binding wants camunda:{name}Version as a whole number."
        )
        return default, None
    if text == "version":
        return "version", int(version or "0")
    return ("latest" if text == "latest" else "deployment"), None


def _service(context: Context, process: ProcessModel, node: FlowNode) -> Action | None:
    return _work(context, process, node.element)


def _work(
    context: Context, process: ProcessModel, element: etree._Element
) -> Work | Computation | None:
    """The implementation of a service-like element: expression, external topic or handler."""
    kinds = implementations(element)
    if not kinds:
        context.report.error(
            "implementation-missing",
            element,
            'Nothing says what to do: give camunda:type="external" with camunda:topic, '
            "camunda:topic alone for a handler of this server, or camunda:expression.",
        )
        return None
    if len(kinds) > 1:
        context.report.error(
            "several-implementations", element, f"Give only one of {', '.join(kinds)}."
        )
        return None
    if kinds == ["expression"]:
        return _computed(context, element)
    if attribute(element, "resultVariable") is not None:
        context.report.error(
            "result-variable",
            element,
            "camunda:resultVariable goes with an expression; a handler or worker returns "
            "variables by name.",
        )
    topic, external = _topic(context, element, kinds[0])
    if topic is None:
        return None
    priority = next(
        (
            text
            for holder in (element, process.element)
            for name in (("taskPriority",) if external else ("jobPriority",))
            if (text := attribute(holder, name)) is not None
        ),
        None,
    )
    return Work(topic, external, context.expression(priority, element))


def _computed(context: Context, element: etree._Element) -> Computation | None:
    text = attribute(element, "expression")
    compiled = context.expression(text, element)
    if compiled is None:
        if not (text or "").strip():
            context.report.error("expression", element, "camunda:expression is empty.")
        return None
    return Computation(((_variable(attribute(element, "resultVariable")), compiled),))


def _variable(name: str | None) -> str | None:
    return (name or "").strip() or None


def _topic(context: Context, element: etree._Element, kind: str) -> tuple[str | None, bool]:
    if kind == "type":
        if attribute(element, "type") != "external":
            context.report.error(
                "unsupported",
                element,
                f'camunda:type="{attribute(element, "type")}" is not executed; only "external" is.',
            )
            return None, True
        topic = _literal(context, element, "topic")
        if topic is None and attribute(element, "topic") is None:
            context.report.error("topic-missing", element, "An external task needs camunda:topic.")
        return topic, True
    if kind == "topic":
        return _literal(context, element, "topic"), False
    text = (attribute(element, kind) or "").strip()
    name = text[2:-1].strip() if text[:2] in ("${", "#{") and text.endswith("}") else ""
    if kind == "delegateExpression" and name.isidentifier():
        return name, False
    hint = "camunda:delegateExpression must name one handler, like ${read_invoice}"
    if kind == "class":
        hint = f'camunda:class="{text}" names Java code, which cannot run here'
    context.report.error(
        "unsupported",
        element,
        f'{hint}. Write camunda:topic="…" for a handler of this server, or '
        'camunda:type="external" with camunda:topic for a worker elsewhere.',
    )
    return None, False


def _send(context: Context, process: ProcessModel, node: FlowNode) -> Action | None:
    """A send task works as a service task, or throws the message it refers to."""
    thrown = node.element.get("messageRef") is not None and not implementations(node.element)
    return None if thrown else _work(context, process, node.element)


def _throw(context: Context, process: ProcessModel, node: FlowNode) -> Action | None:
    """A thrown message with an implementation of its own is work, as in Camunda 7."""
    if node.definition == "messageEventDefinition" and implementations(node.definitions[0]):
        return _work(context, process, node.definitions[0])
    return None


def _receive(context: Context, _process: ProcessModel, node: FlowNode) -> Action | None:
    message = message_event(context, node, node.element)
    return None if message is None else Receive(message)


def _script(context: Context, _process: ProcessModel, node: FlowNode) -> Action | None:
    element = node.element
    script = child(element, "script")
    language = (element.get("scriptFormat") or "").strip()
    if language.lower() != "feel":
        suggested = suggested_feel(text_of(script))
        hint = suggested or "lines of name = expression, or one expression and a resultVariable"
        named = f'scriptFormat="{language}" is' if language else "A script without format is"
        context.report.error(
            "script-language",
            element,
            f'{named} not executed; write scriptFormat="feel" and: {hint}',
        )
        return None
    if attribute(element, "resource") is not None:
        context.report.error(
            "unsupported", element, "camunda:resource is not followed; write the script here."
        )
        return None
    if script is None or not text_of(script):
        context.report.error("script-missing", element, "The script is empty.")
        return None
    variable = _variable(attribute(element, "resultVariable"))
    line = context.report.document.line(script)
    # The text as it stands: positions and lines of faults count from the tag.
    text = "".join(map(str, script.itertext()))
    try:
        if variable is None:
            return Computation(tuple(feel_script(text, line)))
        return Computation(((variable, expression(text, "feel", line)),))
    except ExpressionRefused as error:
        context.refuse_expression(script, text, error, line)
        return None


def _decision(context: Context, process: ProcessModel, node: FlowNode) -> Action | None:
    element = node.element
    if attribute(element, "decisionRef") is None:
        return _work(context, process, element)
    reference = _literal(context, element, "decisionRef")
    binding, version = _binding(context, element, "decisionRef", "latest")
    result = attribute(element, "mapDecisionResult") or "resultList"
    if result not in _RESULTS:
        context.report.error(
            "attribute", element, f'camunda:mapDecisionResult="{result}" is not known.'
        )
    if attribute(element, "decisionRefTenantId") is not None:
        context.report.error("unsupported", element, "Decisions of other tenants are not called.")
    if reference is None:
        return None
    mapped: Any = result
    return Decision(
        reference, binding, version, _variable(attribute(element, "resultVariable")), mapped
    )


def _subprocess(_context: Context, _process: ProcessModel, _node: FlowNode) -> Action:
    return Subprocess()


def _passes(_context: Context, _process: ProcessModel, _node: FlowNode) -> Action:
    """Undefined and manual tasks are drawn for people: the engine passes them at once."""
    return Computation(())


_COMPILERS: Mapping[str, Callable[[Context, ProcessModel, FlowNode], Action | None]] = {
    "task": _passes,
    "manualTask": _passes,
    "userTask": _user_task,
    "serviceTask": _service,
    "sendTask": _send,
    "receiveTask": _receive,
    "scriptTask": _script,
    "businessRuleTask": _decision,
    "subProcess": _subprocess,
    "intermediateThrowEvent": _throw,
    "endEvent": _throw,
}
