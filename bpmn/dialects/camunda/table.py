"""Which of Camunda 7's extensions are read, refused, or without effect: a table and its check.

Invariant: an extension attribute or element that is not in the table is reported.
"""

from __future__ import annotations

from lxml import etree

from bpmn.dialects.camunda.words import (
    ELDER_ATTRIBUTES,
    ELDER_ELEMENTS,
    ELDERS,
    NAMESPACES,
)
from bpmn.elements import FLOW_NODES
from bpmn.model import child, local
from bpmn.report import Report

_WORK = frozenset({"serviceTask", "sendTask", "businessRuleTask", "messageEventDefinition"})
_USER = frozenset({"userTask", "globalUserTask"})
_DECISION = frozenset({"businessRuleTask", "globalBusinessRuleTask"})
_CALL = frozenset({"callActivity"})
_ERROR = frozenset({"errorEventDefinition"})
_CONDITION = frozenset({"conditionalEventDefinition"})
_LOOP = frozenset({"multiInstanceLoopCharacteristics"})
_PROCESS = frozenset({"process"})
_NODES = frozenset(kind for kind, treatment in FLOW_NODES.items() if treatment.how == "executed")

READ_ATTRIBUTES: dict[str, frozenset[str]] = {
    "assignee": _USER,
    "candidateUsers": _USER,
    "candidateGroups": _USER,
    "dueDate": _USER,
    "followUpDate": _USER,
    "priority": _USER,
    "formKey": _USER,
    "formRef": _USER,
    "formRefBinding": _USER,
    "formRefVersion": _USER,
    "formRefVersionTag": _USER,
    "type": _WORK,
    "topic": _WORK,
    "expression": _WORK,
    "delegateExpression": _WORK,
    "class": _WORK,
    "taskPriority": _WORK | _PROCESS,
    "jobPriority": _WORK | _PROCESS,
    "resultVariable": _WORK | {"scriptTask"},
    "resource": frozenset({"scriptTask", "conditionExpression"}),
    "asyncBefore": _NODES | _LOOP,
    "asyncAfter": _NODES | _LOOP,
    "async": _NODES,
    "exclusive": _NODES,
    "decisionRef": _DECISION,
    "decisionRefBinding": _DECISION,
    "decisionRefVersion": _DECISION,
    "decisionRefVersionTag": _DECISION,
    "decisionRefTenantId": _DECISION,
    "calledElementBinding": _CALL,
    "calledElementVersion": _CALL,
    "calledElementVersionTag": _CALL,
    "calledElementTenantId": _CALL,
    "caseRef": _CALL,
    "variableMappingClass": _CALL,
    "variableMappingDelegateExpression": _CALL,
    "collection": _LOOP,
    "elementVariable": _LOOP,
    "variableName": _CONDITION,
    "variableEvents": _CONDITION,
    "variableEvent": _CONDITION,
    "mapDecisionResult": _DECISION,
    "errorCodeVariable": _ERROR,
    "errorMessageVariable": _ERROR,
    "errorMessage": frozenset({"error"}),
    "escalationCodeVariable": frozenset({"escalationEventDefinition"}),
    "initiator": frozenset({"startEvent"}),
    "historyTimeToLive": _PROCESS,
    "versionTag": _PROCESS,
    "candidateStarterUsers": _PROCESS,
    "candidateStarterGroups": _PROCESS,
}
"""Compiled, or refused where they stand; by the elements at which they are read."""

SILENT_ATTRIBUTES = frozenset(
    {
        "isStartableInTasklist", "diagramRelationId", "modelerTemplate", "modelerTemplateVersion",
        "modelerTemplateIcon", "caseBinding", "caseVersion", "caseTenantId",
    }
)  # fmt: skip

REFUSED_ATTRIBUTES = {
    "formHandlerClass": "Form handlers are Java code and do not run here.",
    "businessCalendarName": "Business calendars are not executed yet.",
}

READ_ELEMENTS: dict[str, frozenset[str]] = {
    # by the elements at which they are read; an empty set: wherever they stand
    "properties": frozenset(),
    "inputOutput": frozenset(),
    "failedJobRetryTimeCycle": _NODES | _LOOP,
    "executionListener": _NODES | _PROCESS | {"sequenceFlow"},
    "taskListener": _USER,
    "formData": _USER | {"startEvent"},
    "in": frozenset({"callActivity", "signalEventDefinition"}),
    "out": _CALL,
    "errorEventDefinition": frozenset({"serviceTask", "sendTask", "businessRuleTask"}),
}

_NO_FORM_DATA = (
    "Old generated forms ({}) are not executed: use camunda:formData, or camunda:formRef with a "
    "form."
)
REFUSED_ELEMENTS = {
    "connector": "Connectors are not executed; use a handler or an external task.",
    "formProperty": _NO_FORM_DATA.format("formProperty"),
    "field": "Field injection is Java's; pass values as input parameters.",
    "potentialStarter": "camunda:potentialStarter is not enforced yet, and a guard that does not "
    "guard is refused.",
}
_WITHOUT_MAPPING = frozenset({"process", "sequenceFlow", "message", "definitions"})


def check_words(element: etree._Element, report: Report) -> None:
    """Report what the tables refuse or do not know, at the element and in its extensions."""
    for key in element.attrib:
        space, _, name = str(key)[1:].partition("}")
        if space in ELDERS and name not in ELDER_ATTRIBUTES:
            _foreign(element, space, name, report)
        elif space in NAMESPACES or space in ELDERS:
            _attribute(element, name, report)
    holder = child(element, "extensionElements")
    if holder is None:
        return
    for extension in holder.iterchildren(etree.Element):
        space, _, name = str(extension.tag)[1:].partition("}")
        if space in ELDERS and name not in ELDER_ELEMENTS:
            _foreign(extension, space, name, report)
        elif space in NAMESPACES or space in ELDERS:
            _element(element, extension, name, report)


def _attribute(element: etree._Element, name: str, report: Report) -> None:
    if name in REFUSED_ATTRIBUTES:
        report.error("unsupported", element, REFUSED_ATTRIBUTES[name])
    elif name not in SILENT_ATTRIBUTES:
        places = READ_ATTRIBUTES.get(name)
        if places is None:
            text = f"camunda:{name} is not known here and has no effect."
            report.warning("unknown-extension", element, text)
        elif local(element) not in places:
            text = f"camunda:{name} has no effect at a {local(element)}."
            report.warning("misplaced-extension", element, text)


def _element(element: etree._Element, extension: etree._Element, name: str, report: Report) -> None:
    if name in REFUSED_ELEMENTS:
        report.error("unsupported", extension, REFUSED_ELEMENTS[name])
    elif name not in READ_ELEMENTS:
        report.error("unknown-extension", extension, f"camunda:{name} is not known here.")
    elif name == "inputOutput" and local(element) in _WITHOUT_MAPPING:
        text = f"A {local(element)} has no inputs and outputs; map them at an activity."
        report.error("unsupported", extension, text)
    elif (places := READ_ELEMENTS[name]) and local(element) not in places:
        text = f"camunda:{name} is not executed at a {local(element)}."
        report.error("unsupported", extension, text)


def _foreign(element: etree._Element, space: str, name: str, report: Report) -> None:
    report.error(
        "foreign-dialect",
        element,
        f"{name} is a word of {ELDERS[space]}'s own; say it in Camunda 7's.",
    )
