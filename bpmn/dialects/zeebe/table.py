"""Which of Zeebe's extensions are read, refused, or without effect: a table and its check.

Invariant: an extension that is not in the table is reported.
"""

from __future__ import annotations

from lxml import etree

from bpmn.dialects.zeebe.words import NAMESPACE
from bpmn.elements import ACTIVITIES, EVENT_PLACES, FLOW_NODES
from bpmn.model import child, local
from bpmn.report import Report

_JOBS = frozenset(
    {
        "serviceTask", "sendTask", "scriptTask", "businessRuleTask", "intermediateThrowEvent",
        "endEvent", "userTask", "adHocSubProcess",
    }
)  # fmt: skip
_USER = frozenset({"userTask"})
_EVENTS = frozenset(EVENT_PLACES)
_NODES = frozenset(FLOW_NODES)
_ANYWHERE: frozenset[str] = frozenset()

READ: dict[str, frozenset[str]] = {
    # by the elements at which they are read; an empty set: wherever they stand
    "taskDefinition": _JOBS - {"userTask", "adHocSubProcess"},
    "taskHeaders": _ANYWHERE,
    "properties": _ANYWHERE,
    "ioMapping": ACTIVITIES | _EVENTS,
    "userTask": _USER,
    "assignmentDefinition": _USER,
    "formDefinition": _USER | {"startEvent", "process"},
    "userTaskForm": frozenset({"process"}),
    "taskSchedule": _USER,
    "priorityDefinition": _USER,
    "calledElement": frozenset({"callActivity"}),
    "calledDecision": frozenset({"businessRuleTask"}),
    "script": frozenset({"scriptTask"}),
    "loopCharacteristics": frozenset({"multiInstanceLoopCharacteristics"}),
    "subscription": frozenset({"message"}),
    "versionTag": frozenset({"process"}),
    "executionListeners": _NODES | {"process"},
    "taskListeners": _USER,
    "adHoc": frozenset({"adHocSubProcess"}),
}
SILENT = frozenset({"modelerTemplate", "modelerTemplateVersion",
                    "modelerTemplateIcon", "exampleOutputJson"})  # fmt: skip
REFUSED = {
    "linkedResources": "Linked resources are not given to workers; name them as properties.",
    "publishMessage": "zeebe:publishMessage is not executed; the message's own words are.",
    "jobPriorityDefinition": "Priorities of jobs are not read from zeebe:jobPriorityDefinition.",
    "conditionalFilter": "zeebe:conditionalFilter is not executed.",
}


def check_words(element: etree._Element, report: Report) -> None:
    """Report what the tables refuse or do not know, at the element and in its extensions."""
    for key in element.attrib:
        space, _, name = str(key)[1:].partition("}")
        if space == NAMESPACE and name not in SILENT:
            text = f"zeebe:{name} is not known here and has no effect."
            report.warning("unknown-extension", element, text)
    holder = child(element, "extensionElements")
    if holder is None:
        return
    for extension in holder.iterchildren(f"{{{NAMESPACE}}}*"):
        name = local(extension)
        places = READ.get(name)
        if name in REFUSED:
            report.error("unsupported", extension, REFUSED[name])
        elif places is None and name not in SILENT:
            report.error("unknown-extension", extension, f"zeebe:{name} is not known here.")
        elif places and local(element) not in places:
            text = f"zeebe:{name} is not executed at a {local(element)}."
            report.error("unsupported", extension, text)
