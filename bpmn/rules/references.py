"""References: each points to an element of this file, and to one of a kind that fits.

Invariant: the tables hold every attribute and element of the schema that is a QName or IDREF and
names something of BPMN's own; those with a rule of their own elsewhere are left out on purpose:
the ends of sequence flows, `default` and `attachedToRef`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.elements import ACTIVITIES, EVENT_DEFINITIONS, FLOW_NODES, GLOBAL_TASKS
from bpmn.model import reference
from bpmn.rules.drawing import CHOREOGRAPHIES, Drawing, holder_of, kind_of
from bpmn.rules.rule import Breaches, rule


def _only(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


_ANY: frozenset[str] = frozenset()
_ITEM = _only("itemDefinition")
_MESSAGE = _only("message")
_DEFINITIONS = frozenset(EVENT_DEFINITIONS)
_NODES = frozenset(FLOW_NODES)
_COLLABORATIONS = _only("collaboration", "globalConversation") | CHOREOGRAPHIES
_CONVERSATIONS = _only("conversation", "subConversation", "callConversation")
_EVENTS = frozenset(kind for kind in FLOW_NODES if kind.endswith("Event"))
INTERACTION = _only("participant") | ACTIVITIES | _EVENTS
"""What messages and conversations can reach (Table 8.38)."""
ITEM_AWARE = _only(
    "dataObject", "dataObjectReference", "dataStoreReference", "property", "dataInput",
    "dataOutput", "inputDataItem", "outputDataItem",
)  # fmt: skip
"""Elements that hold an item of data (10.4.1)."""
_COLLECTIONS = ITEM_AWARE - _only("inputDataItem", "outputDataItem")

# attribute → permitted targets; where it differs by element, "element@attribute" goes first
_ATTRIBUTES: dict[str, frozenset[str]] = {
    "association@sourceRef": _ANY,
    "association@targetRef": _ANY,
    "conversationLink@sourceRef": _CONVERSATIONS | INTERACTION,
    "conversationLink@targetRef": _CONVERSATIONS | INTERACTION,
    "messageFlow@sourceRef": _ANY,  # its kind is a rule of message flows
    "messageFlow@targetRef": _ANY,
    "calledChoreographyRef": _only("choreography", "globalChoreographyTask"),
    "calledCollaborationRef": _only("collaboration", "globalConversation"),
    "initiatingParticipantRef": _only("participant"),
    "activityRef": ACTIVITIES,
    "innerConversationNodeRef": _CONVERSATIONS,
    "outerConversationNodeRef": _CONVERSATIONS,
    "correlationPropertyRef": _only("correlationProperty"),
    "correlationKeyRef": _only("correlationKey"),
    "messageRef": _MESSAGE,
    "itemRef": _ITEM,
    "itemSubjectRef": _ITEM,
    "dataObjectRef": _only("dataObject"),
    "dataStoreRef": _only("dataStore"),
    "errorRef": _only("error"),
    "escalationRef": _only("escalation"),
    "signalRef": _only("signal"),
    "operationRef": _only("operation"),
    "evaluatesToTypeRef": _ITEM,
    "error@structureRef": _ITEM,
    "escalation@structureRef": _ITEM,
    "signal@structureRef": _ITEM,
    "categoryValueRef": _only("categoryValue"),
    "inputDataRef": _only("inputSet"),
    "outputDataRef": _only("outputSet"),
    "innerMessageFlowRef": _only("messageFlow"),
    "outerMessageFlowRef": _only("messageFlow"),
    "oneBehaviorEventRef": _DEFINITIONS,
    "noneBehaviorEventRef": _DEFINITIONS,
    "processRef": _only("process"),
    "definitionalCollaborationRef": _COLLABORATIONS,
    "partitionElementRef": _ANY,
    "parameterRef": _only("resourceParameter"),
    "resourceParameter@type": _ITEM,
}
_ELEMENTS: dict[str, frozenset[str]] = {
    "incoming": _only("sequenceFlow"),
    "outgoing": _only("sequenceFlow"),
    "categoryValueRef": _only("categoryValue"),
    "supportedInterfaceRef": _only("interface"),
    "interfaceRef": _only("interface"),
    "endPointRef": _only("endPoint"),
    "eventDefinitionRef": _DEFINITIONS,
    "participantRef": _only("participant"),
    "messageFlowRef": _only("messageFlow"),
    "choreographyRef": _only("choreography", "globalChoreographyTask"),
    "correlationPropertyRef": _only("correlationProperty"),
    "sourceRef": ITEM_AWARE,
    "targetRef": ITEM_AWARE,
    "dataInputRefs": _only("dataInput"),
    "optionalInputRefs": _only("dataInput"),
    "whileExecutingInputRefs": _only("dataInput"),
    "outputSetRefs": _only("outputSet"),
    "dataOutputRefs": _only("dataOutput"),
    "optionalOutputRefs": _only("dataOutput"),
    "whileExecutingOutputRefs": _only("dataOutput"),
    "inputSetRefs": _only("inputSet"),
    "flowNodeRef": _NODES | ITEM_AWARE | _only("textAnnotation", "group"),
    "linkEventDefinition/source": _only("linkEventDefinition") | _EVENTS,
    "linkEventDefinition/target": _only("linkEventDefinition") | _EVENTS,
    "relationship/source": _ANY,
    "relationship/target": _ANY,
    "operationRef": _only("operation"),
    "loopDataInputRef": _COLLECTIONS,
    "loopDataOutputRef": _COLLECTIONS,
    "inMessageRef": _MESSAGE,
    "outMessageRef": _MESSAGE,
    "errorRef": _only("error"),
    "innerParticipantRef": _only("participant"),
    "outerParticipantRef": _only("participant"),
    "supports": _only("process"),
    "resourceRef": _only("resource"),
}  # fmt: skip


def _as_text(item: tuple[object, object]) -> tuple[str, str]:
    return str(item[0]), str(item[1])


_SHORT = ("source", "target")
_CALLABLE = _only("process", *GLOBAL_TASKS)
_SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"


@rule("dangling-reference", "8.3.1", "What is referred to stands in the file, or in one imported.")
def dangling(drawing: Drawing) -> Breaches:
    for element, text, allowed in _pointers(drawing):
        if drawing.is_foreign(element, text):
            continue
        if element.get("evaluatesToTypeRef") == text and drawing.is_lost(element, text):
            continue  # a type of another language, as typeLanguage names it
        if drawing.find(text) is None or drawing.is_lost(element, text):
            kind = next(iter(allowed)) if len(allowed) == 1 else "element"
            if allowed is _DEFINITIONS:
                kind = "event definition"
            yield element, f'There is no {_WORDS.get(kind, kind)} "{reference(text)}".'


@rule("wrong-reference", "8.3.1", "What is referred to is of a kind that the reference allows.")
def wrong(drawing: Drawing) -> Breaches:
    for element, text, allowed in _pointers(drawing):
        target = drawing.find(text)
        if target is None or not allowed or kind_of(target) in allowed:
            continue
        wanted = ", ".join(sorted(allowed)) if len(allowed) <= 5 else "an element of another kind"
        yield element, f'"{reference(text)}" is a {kind_of(target)}; needed is {wanted}.', target
    for call in drawing.all("callActivity"):
        target = drawing.referred(call, "calledElement")
        if target is not None and kind_of(target) not in _CALLABLE:
            text = "only a process or a global task can be called"
            yield call, f'"{target.get("id")}" is a {kind_of(target)}; {text}.', target


_WORDS = {
    "itemDefinition": "item definition",
    "sequenceFlow": "sequence flow",
    "messageFlow": "message flow",
    "dataObject": "data object",
    "dataStore": "data store",
}


def _pointers(drawing: Drawing) -> Iterator[tuple[etree._Element, str, frozenset[str]]]:
    """Every reference: where it stands, its text, and the kinds that it may point to."""
    spiff = _SPIFF in drawing.root.nsmap.values()
    for kind, elements in drawing.kinds.items():
        for element in elements:
            for name, text in map(_as_text, element.attrib.items()):
                allowed = _ATTRIBUTES.get(f"{kind}@{name}", _ATTRIBUTES.get(name))
                if allowed is not None and text.strip():
                    yield element, text, allowed
            where = f"{kind_of(holder_of(element))}/{kind}" if kind in _SHORT else kind
            permitted = _ELEMENTS.get(where)
            if permitted is not None and (element.text or "").strip():
                if spiff and kind.startswith("loopData"):
                    continue  # in that dialect the name of a variable
                yield element, element.text or "", permitted


@rule("must-understand", "8.3.3", "An extension that must be understood is refused if it is not.")
def must_be_understood(drawing: Drawing) -> Breaches:
    for extension in drawing.all("extension"):
        if (extension.get("mustUnderstand") or "").strip() in ("true", "1"):
            yield (
                extension,
                f'"{extension.get("definition")}" must be understood, and is not known.',
            )
