"""The contents page of the compiler: which BPMN element is executed, refused, or has no effect.

Invariant: an element that is not in these tables is refused by name; nothing is skipped silently.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


class Treatment(NamedTuple):
    """What happens with an element, and the sentence that says so where it is not executed."""

    how: Literal["executed", "refused", "noticed", "silent"]
    why: str = ""


def _refused(why: str) -> Treatment:
    return Treatment("refused", why)


def _noticed(why: str) -> Treatment:
    return Treatment("noticed", why)


EXECUTED = Treatment("executed")
SILENT = Treatment("silent")

FLOW_NODES: dict[str, Treatment] = {
    # events; which definitions they may have stands in EVENT_PLACES
    "startEvent": EXECUTED,
    "endEvent": EXECUTED,
    "intermediateCatchEvent": EXECUTED,
    "intermediateThrowEvent": EXECUTED,
    "boundaryEvent": EXECUTED,
    "event": _refused("An event without a kind of its own cannot be executed."),
    "implicitThrowEvent": _refused(
        "An implicit throw event stands in multi-instance behavior only, never among the nodes."
    ),
    # activities
    "task": EXECUTED,  # passes at once
    "manualTask": EXECUTED,  # passes at once, as in Camunda 7
    "userTask": EXECUTED,
    "serviceTask": EXECUTED,
    "sendTask": EXECUTED,
    "receiveTask": EXECUTED,
    "scriptTask": EXECUTED,  # FEEL only
    "businessRuleTask": EXECUTED,
    "subProcess": EXECUTED,  # embedded, or an event subprocess
    "transaction": EXECUTED,
    "adHocSubProcess": EXECUTED,
    "callActivity": EXECUTED,  # a process, a global task, a decision
    "subChoreography": _refused("Choreographies are not executed."),
    "callChoreography": _refused("Choreographies are not executed."),
    "choreographyTask": _refused("Choreographies are not executed."),
    # gateways
    "exclusiveGateway": EXECUTED,
    "parallelGateway": EXECUTED,
    "inclusiveGateway": EXECUTED,
    "complexGateway": EXECUTED,
    "eventBasedGateway": EXECUTED,
}

SUBPROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = SUBPROCESSES | {
    "task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
    "businessRuleTask", "callActivity",
}  # fmt: skip
GATEWAYS = frozenset(kind for kind in FLOW_NODES if kind.endswith("Gateway"))
LOOPS = frozenset({"standardLoopCharacteristics", "multiInstanceLoopCharacteristics"})
GLOBAL_TASKS = {
    # what each becomes: a process of one node
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}

EVENT_DEFINITIONS: dict[str, Treatment] = {
    "messageEventDefinition": EXECUTED,
    "timerEventDefinition": EXECUTED,
    "errorEventDefinition": EXECUTED,
    "escalationEventDefinition": EXECUTED,
    "signalEventDefinition": EXECUTED,
    "conditionalEventDefinition": EXECUTED,
    "linkEventDefinition": EXECUTED,
    "compensateEventDefinition": EXECUTED,
    "cancelEventDefinition": EXECUTED,
    "terminateEventDefinition": EXECUTED,
}

_TRIGGERS = frozenset(
    {
        "messageEventDefinition", "timerEventDefinition", "signalEventDefinition",
        "conditionalEventDefinition",
    }
)  # fmt: skip
_RAISED = frozenset({"errorEventDefinition", "escalationEventDefinition"})

EVENT_PLACES: dict[str, frozenset[str]] = {
    # where each definition may stand (BPMN 2.0 Tables 10.84, 10.86 to 10.93); "" is an event
    # without definition. "eventSubProcess" is the start event of one.
    "startEvent": _TRIGGERS | {""},
    "eventSubProcess": _TRIGGERS | _RAISED | {"compensateEventDefinition"},
    "endEvent": _RAISED
    | {
        "", "messageEventDefinition", "signalEventDefinition", "compensateEventDefinition",
        "cancelEventDefinition", "terminateEventDefinition",
    },
    "intermediateCatchEvent": _TRIGGERS | {"linkEventDefinition"},
    "intermediateThrowEvent": frozenset(
        {
            "", "messageEventDefinition", "signalEventDefinition", "escalationEventDefinition",
            "compensateEventDefinition", "linkEventDefinition",
        }
    ),
    "boundaryEvent": _TRIGGERS | _RAISED | {"compensateEventDefinition", "cancelEventDefinition"},
}  # fmt: skip

_ROLES = "Who performs an activity is said at user tasks only; here the role is drawn."
_INTERFACES = "Interfaces of a process have no effect: it is started by its id or a message."

SCOPE_PARTS: dict[str, Treatment] = {
    # what stands in a process, a subprocess or a flow node beside flow nodes
    "sequenceFlow": EXECUTED,
    "dataObject": EXECUTED,
    "dataObjectReference": EXECUTED,
    "dataStoreReference": EXECUTED,
    "property": EXECUTED,
    "ioSpecification": EXECUTED,
    "dataInputAssociation": EXECUTED,
    "dataOutputAssociation": EXECUTED,
    "dataInput": EXECUTED,
    "dataOutput": EXECUTED,
    "inputSet": SILENT,
    "outputSet": SILENT,
    "correlationSubscription": EXECUTED,
    "association": EXECUTED,
    "humanPerformer": EXECUTED,
    "potentialOwner": EXECUTED,
    "resourceRole": _noticed(_ROLES),
    "performer": _noticed(_ROLES),
    "multiInstanceLoopCharacteristics": EXECUTED,
    "standardLoopCharacteristics": EXECUTED,
    "completionCondition": EXECUTED,
    "activationCondition": EXECUTED,
    "script": EXECUTED,
    "eventDefinitionRef": EXECUTED,
    "rendering": _noticed("Renderings have no effect; a form is named by its id at the task."),
    "laneSet": _noticed("Lanes are drawn only; who may do a task stands at the task."),
    "auditing": _noticed("Auditing has no effect: every step is recorded anyway."),
    "monitoring": _noticed("Monitoring has no effect: every step is recorded anyway."),
    "supportedInterfaceRef": _noticed(_INTERFACES),
    "ioBinding": _noticed(_INTERFACES),
    "supports": _noticed("Conformance to other processes is not checked."),
    "categoryValueRef": SILENT,
    "extensionElements": SILENT,
    "documentation": SILENT,
    "incoming": SILENT,
    "outgoing": SILENT,
    "textAnnotation": SILENT,
    "group": SILENT,
    "artifact": SILENT,
}

_BETWEEN = "Choreographies and conversations are drawn only; each process runs on its own."

ROOT_PARTS: dict[str, Treatment] = {
    "process": EXECUTED,
    "collaboration": EXECUTED,
    "message": EXECUTED,
    "error": EXECUTED,
    "escalation": EXECUTED,
    "signal": EXECUTED,
    "itemDefinition": SILENT,
    "dataStore": EXECUTED,
    "interface": EXECUTED,
    "resource": EXECUTED,
    "correlationProperty": EXECUTED,
    **dict.fromkeys(EVENT_DEFINITIONS, EXECUTED),
    **dict.fromkeys(GLOBAL_TASKS, EXECUTED),
    "extension": SILENT,  # a rule refuses it where it must be understood and is not
    "extensionElements": SILENT,
    "documentation": SILENT,
    "category": SILENT,
    "endPoint": SILENT,
    "partnerRole": SILENT,
    "partnerEntity": SILENT,
    "relationship": _noticed("Relationships have no effect."),
    "import": _noticed(
        "Imports are not followed: what an executed element refers to must stand in this file."
    ),
    "choreography": _noticed(_BETWEEN),
    "globalChoreographyTask": _noticed(_BETWEEN),
    "globalConversation": _noticed(_BETWEEN),
}

COLLABORATION_PARTS: dict[str, Treatment] = {
    "participant": _noticed("Pools are drawn only; each executable process runs on its own."),
    "messageFlow": EXECUTED,
    "correlationKey": EXECUTED,
    "conversation": EXECUTED,
    "subConversation": EXECUTED,
    "callConversation": _noticed(_BETWEEN),
    "association": SILENT,
    "conversationAssociation": SILENT,
    "conversationLink": SILENT,
    "messageFlowAssociation": SILENT,
    "participantAssociation": SILENT,
    "choreographyRef": SILENT,
    "group": SILENT,
    "textAnnotation": SILENT,
    "artifact": SILENT,
    "extensionElements": SILENT,
    "documentation": SILENT,
}
