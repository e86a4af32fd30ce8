"""Which Camunda extensions are read, refused, or without effect: a table and its check.

Invariant: an extension attribute or element that is not in the table is reported.
"""

from __future__ import annotations

from lxml import etree

from bpmn.camunda import NAMESPACES
from bpmn.elements import FLOW_NODES
from bpmn.model import local
from bpmn.report import Report

FOREIGN = {
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
}

_WORK = frozenset({"serviceTask", "sendTask", "businessRuleTask", "messageEventDefinition"})
_USER = frozenset({"userTask"})
_DECISION = frozenset({"businessRuleTask"})
_ERROR = frozenset({"errorEventDefinition"})
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
    "type": _WORK,
    "topic": _WORK,
    "expression": _WORK,
    "delegateExpression": _WORK,
    "class": _WORK,
    "taskPriority": _WORK | _PROCESS,
    "jobPriority": _WORK | _PROCESS,
    "resultVariable": _WORK | {"scriptTask"},
    "resource": frozenset({"scriptTask", "conditionExpression"}),
    "asyncBefore": _NODES,
    "asyncAfter": _NODES,
    "async": _NODES,
    "exclusive": _NODES,
    "decisionRef": _DECISION,
    "decisionRefBinding": _DECISION,
    "decisionRefVersion": _DECISION,
    "decisionRefTenantId": _DECISION,
    "mapDecisionResult": _DECISION,
    "errorCodeVariable": _ERROR,
    "errorMessageVariable": _ERROR,
    "initiator": frozenset({"startEvent"}),
    "historyTimeToLive": _PROCESS,
    "versionTag": _PROCESS,
    "candidateStarterUsers": _PROCESS,
    "candidateStarterGroups": _PROCESS,
}
"""Compiled, or refused where they stand; by the elements at which they are read."""

SILENT_ATTRIBUTES = frozenset({"isStartableInTasklist", "diagramRelationId", "modelerTemplate",
                               "modelerTemplateVersion", "modelerTemplateIcon"})  # fmt: skip

REFUSED_ATTRIBUTES = {
    "formHandlerClass": "Form handlers are Java code and do not run here.",
    "businessCalendarName": "Business calendars are not executed yet.",
    "decisionRefVersionTag": "Decisions cannot be bound by version tag yet.",
    "variableName": "Conditions on variables are not executed yet.",
    "variableEvents": "Conditions on variables are not executed yet.",
}

READ_ELEMENTS = frozenset({"properties", "inputOutput", "failedJobRetryTimeCycle"})

REFUSED_ELEMENTS = {
    "executionListener": "Execution listeners are not executed.",
    "taskListener": "Task listeners are not executed.",
    "connector": "Connectors are not executed; use a handler or an external task.",
    "formData": "Generated forms (formData) are not executed; use camunda:formRef with a form.",
    "formProperty": "Generated forms are not executed; use camunda:formRef with a form.",
    "field": "Field injection is Java's; pass values as input parameters.",
    "in": "Variable mappings into called processes are not executed yet.",
    "out": "Variable mappings out of called processes are not executed yet.",
    "errorEventDefinition": "Error conditions of external tasks are not executed; the worker "
    "reports a BPMN error itself.",
    "potentialStarter": "camunda:potentialStarter is not enforced yet, and a guard that does not "
    "guard is refused.",
    "constraint": "Generated forms are not executed; use camunda:formRef with a form.",
    "validation": "Generated forms are not executed; use camunda:formRef with a form.",
}


def check_extensions(root: etree._Element, report: Report) -> None:
    """Report what the tables refuse or do not know, for the root element and all below it."""
    for element in root.iter(etree.Element):
        _attributes(element, report)
        if local(element) == "extensionElements":
            for extension in element.iterchildren(etree.Element):
                _element(extension, report)


def _attributes(element: etree._Element, report: Report) -> None:
    for key in element.attrib:
        name = etree.QName(key)
        if name.namespace in FOREIGN:
            _foreign(element, name.namespace or "", report)
        if name.namespace not in NAMESPACES:
            continue
        if name.localname in REFUSED_ATTRIBUTES:
            report.error("unsupported", element, REFUSED_ATTRIBUTES[name.localname])
        elif name.localname not in SILENT_ATTRIBUTES:
            places = READ_ATTRIBUTES.get(name.localname)
            if places is None:
                text = f"camunda:{name.localname} is not known here and has no effect."
                report.warning("unknown-extension", element, text)
            elif local(element) not in places:
                text = f"camunda:{name.localname} has no effect at a {local(element)}."
                report.warning("misplaced-extension", element, text)


def _element(extension: etree._Element, report: Report) -> None:
    name = etree.QName(extension)
    if name.namespace in FOREIGN:
        _foreign(extension, name.namespace or "", report)
    if name.namespace not in NAMESPACES:
        return
    if name.localname in REFUSED_ELEMENTS:
        report.error("unsupported", extension, REFUSED_ELEMENTS[name.localname])
    elif name.localname == "inputOutput" and _holder(extension) in _WITHOUT_MAPPING:
        text = f"A {_holder(extension)} has no inputs and outputs; map them at an activity."
        report.error("unsupported", extension, text)
    elif name.localname not in READ_ELEMENTS:
        report.error("unknown-extension", extension, f"camunda:{name.localname} is not known here.")


_WITHOUT_MAPPING = frozenset({"process", "sequenceFlow", "message", "definitions"})


def _holder(extension: etree._Element) -> str:
    """What the extension elements belong to."""
    around = extension.getparent()
    owner = None if around is None else around.getparent()
    return "" if owner is None else local(owner)


def _foreign(element: etree._Element, namespace: str, report: Report) -> None:
    report.error(
        "foreign-dialect",
        element,
        f"This extension belongs to {FOREIGN[namespace]}; models for Camunda 7 and Operaton are "
        "understood.",
    )
