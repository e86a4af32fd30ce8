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
    # events
    "startEvent": EXECUTED,  # none, message, timer
    "endEvent": EXECUTED,  # none, message, error, terminate
    "intermediateCatchEvent": EXECUTED,  # message, timer
    "intermediateThrowEvent": EXECUTED,  # none, message
    "boundaryEvent": EXECUTED,  # message, timer, error
    "event": _refused("An event without a kind of its own cannot be executed."),
    "implicitThrowEvent": _refused("Implicit throw events are not executed."),
    # activities
    "task": EXECUTED,  # passes at once
    "manualTask": EXECUTED,  # passes at once, as in Camunda 7
    "userTask": EXECUTED,
    "serviceTask": EXECUTED,
    "sendTask": EXECUTED,
    "receiveTask": EXECUTED,
    "scriptTask": EXECUTED,  # FEEL only
    "businessRuleTask": EXECUTED,
    "subProcess": EXECUTED,  # embedded only
    "callActivity": _refused(
        "Calling another process is not executed yet; model it as an embedded subprocess."
    ),
    "transaction": _refused("Transactions (with cancel events) are not executed yet."),
    "adHocSubProcess": _refused("Ad-hoc subprocesses are not executed yet."),
    "subChoreography": _refused("Choreographies are not executed."),
    "callChoreography": _refused("Choreographies are not executed."),
    "choreographyTask": _refused("Choreographies are not executed."),
    # gateways
    "exclusiveGateway": EXECUTED,
    "parallelGateway": EXECUTED,
    "inclusiveGateway": _refused("Inclusive gateways are not executed yet."),
    "complexGateway": _refused("Complex gateways are not executed."),
    "eventBasedGateway": _refused("Event-based gateways are not executed yet."),
}

ACTIVITIES = frozenset(
    {
        "task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
        "businessRuleTask", "subProcess", "callActivity", "transaction", "adHocSubProcess",
    }
)  # fmt: skip
GATEWAYS = frozenset(kind for kind in FLOW_NODES if kind.endswith("Gateway"))

EVENT_DEFINITIONS: dict[str, Treatment] = {
    "messageEventDefinition": EXECUTED,
    "timerEventDefinition": EXECUTED,
    "errorEventDefinition": EXECUTED,
    "terminateEventDefinition": EXECUTED,
    "signalEventDefinition": _refused("Signal events are not executed yet."),
    "escalationEventDefinition": _refused("Escalation events are not executed yet."),
    "conditionalEventDefinition": _refused("Conditional events are not executed yet."),
    "compensateEventDefinition": _refused("Compensation is not executed yet."),
    "cancelEventDefinition": _refused("Cancel events are not executed yet."),
    "linkEventDefinition": _refused(
        "Link events are not executed yet; draw the sequence flow through instead."
    ),
}

EVENT_PLACES: dict[str, frozenset[str]] = {
    # where each executed definition may stand; "" is an event without definition
    "startEvent": frozenset({"", "messageEventDefinition", "timerEventDefinition"}),
    "endEvent": frozenset(
        {"", "messageEventDefinition", "errorEventDefinition", "terminateEventDefinition"}
    ),
    "intermediateCatchEvent": frozenset({"messageEventDefinition", "timerEventDefinition"}),
    "intermediateThrowEvent": frozenset({"", "messageEventDefinition"}),
    "boundaryEvent": frozenset(
        {"messageEventDefinition", "timerEventDefinition", "errorEventDefinition"}
    ),
}

_NO_DATA = "Data objects and associations are drawn only; process variables carry the data."
_RESOURCES = "BPMN resource roles are not executed; use camunda:candidateGroups or assignee."

SCOPE_PARTS: dict[str, Treatment] = {
    "sequenceFlow": EXECUTED,
    "extensionElements": SILENT,
    "documentation": SILENT,
    "incoming": SILENT,
    "outgoing": SILENT,
    "laneSet": _noticed("Lanes are drawn only; who may do a task stands at the task."),
    "dataObject": _noticed(_NO_DATA),
    "dataObjectReference": _noticed(_NO_DATA),
    "dataStoreReference": _noticed(_NO_DATA),
    "dataInputAssociation": _noticed(_NO_DATA),
    "dataOutputAssociation": _noticed(_NO_DATA),
    "dataInput": _noticed(_NO_DATA),
    "dataOutput": _noticed(_NO_DATA),
    "inputSet": _noticed(_NO_DATA),
    "outputSet": _noticed(_NO_DATA),
    "ioSpecification": _noticed(_NO_DATA),
    "property": _noticed("BPMN properties have no effect; process variables need no declaration."),
    "textAnnotation": SILENT,
    "association": SILENT,
    "group": SILENT,
    "auditing": _noticed("Auditing has no effect: every step is recorded anyway."),
    "monitoring": _noticed("Monitoring has no effect: every step is recorded anyway."),
    "supportedInterfaceRef": _noticed("Interfaces have no effect."),
    "ioBinding": _noticed("Interfaces have no effect."),
    "supports": _noticed("Conformance to other processes is not checked."),
    "artifact": SILENT,
    "correlationSubscription": _refused(
        "Correlation subscriptions are not executed; use the property correlation_key."
    ),
    "resourceRole": _refused(_RESOURCES),
    "performer": _refused(_RESOURCES),
    "humanPerformer": _refused(_RESOURCES),
    "potentialOwner": _refused(_RESOURCES),
    "multiInstanceLoopCharacteristics": _refused("Multi-instance is not executed yet."),
    "standardLoopCharacteristics": _refused(
        "Loop markers are not executed yet; draw the loop with an exclusive gateway."
    ),
    "script": EXECUTED,
    "rendering": _noticed("Renderings have no effect; the form stands in camunda:formKey."),
    "eventDefinitionRef": EXECUTED,
}

ROOT_PARTS: dict[str, Treatment] = {
    "process": EXECUTED,
    "message": EXECUTED,
    "error": EXECUTED,
    "collaboration": EXECUTED,
    **dict.fromkeys(EVENT_DEFINITIONS, EXECUTED),
    "extensionElements": SILENT,
    "documentation": SILENT,
    "extension": SILENT,
    "category": SILENT,
    "signal": SILENT,
    "escalation": SILENT,
    "itemDefinition": SILENT,
    "dataStore": _noticed(_NO_DATA),
    "interface": _noticed("Interfaces have no effect."),
    "endPoint": _noticed("Interfaces have no effect."),
    "partnerRole": _noticed("Partners are drawn only."),
    "partnerEntity": _noticed("Partners are drawn only."),
    "resource": _noticed("Resources have no effect; use camunda:candidateGroups."),
    "relationship": _noticed("Relationships have no effect."),
    "correlationProperty": _noticed("Correlation properties have no effect; use correlation_key."),
    "import": _refused("Imports are not followed: everything must stand in this file."),
    "choreography": _refused("Choreographies are not executed."),
    "globalChoreographyTask": _refused("Choreographies are not executed."),
    "globalConversation": _refused("Conversations are not executed."),
    "globalTask": _refused("Global tasks are not executed."),
    "globalUserTask": _refused("Global tasks are not executed."),
    "globalManualTask": _refused("Global tasks are not executed."),
    "globalScriptTask": _refused("Global tasks are not executed."),
    "globalBusinessRuleTask": _refused("Global tasks are not executed."),
}

COLLABORATION_PARTS: dict[str, Treatment] = {
    "participant": _noticed("Pools are drawn only; each executable process runs on its own."),
    "messageFlow": _noticed("Message flows are drawn only; message events carry messages."),
}
