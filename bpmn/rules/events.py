"""Events: which definitions may stand where, and what each must say (BPMN 2.0.2, 10.5)."""

from __future__ import annotations

from bpmn.elements import EVENT_PLACES
from bpmn.model import text_of
from bpmn.rules.drawing import CATCHES, THROWS, Drawing, Element, Node, kind_of, part, says
from bpmn.rules.rule import Breaches, both, rule

_EVERYWHERE = frozenset({"message", "timer", "conditional", "signal"})
_CHOREOGRAPHY: dict[str, frozenset[str]] = {
    # 11.6: only what no participant alone could see
    "startEvent": frozenset({"timer", "conditional", "signal"}),
    "intermediateCatchEvent": frozenset({"timer", "conditional", "signal", "link"}),
    "intermediateThrowEvent": frozenset({"link", "signal"}),
    "boundaryEvent": _EVERYWHERE | {"error", "escalation", "cancel", "compensate"},
    "endEvent": frozenset({"signal", "error", "escalation", "cancel", "terminate"}),
}
_EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent",
           "boundaryEvent")  # fmt: skip


@rule("event-place", "10.5.1", "An event's trigger or result is one that its place allows.")
def definitions_stand_where_they_may(drawing: Drawing) -> Breaches:
    for node in drawing.each(*_EVENTS):
        for trigger in () if _begins_embedded(node) else node.triggers:
            if trigger not in _places(node):
                text = f'"{node.label}": a {_where(node)} has no {trigger} definition.'
                yield node.element, text


def _begins_embedded(node: Node) -> bool:
    """At the start of an embedded subprocess another rule allows nothing at all."""
    scope = node.scope
    plain = scope.parent is not None and not (scope.is_event_subprocess or scope.is_choreography)
    return node.kind == "startEvent" and plain


def _places(node: Node) -> frozenset[str]:
    """What may stand at the event, without the common end of the names."""
    if node.scope.is_choreography:
        return _CHOREOGRAPHY[node.kind]
    begins_on_event = node.kind == "startEvent" and node.scope.is_event_subprocess
    places = EVENT_PLACES["eventSubProcess" if begins_on_event else node.kind]
    return frozenset(kind.removesuffix("EventDefinition") for kind in places)


def _where(node: Node) -> str:
    if node.kind != "startEvent":
        return node.kind
    if node.scope.is_event_subprocess:
        return "start event of an event subprocess"
    return "start event of a process"


@rule("event-definition-missing", "10.5.4", "An event that catches says what it waits for.")
def catches_wait_for_something(drawing: Drawing) -> Breaches:
    for node in drawing.each("intermediateCatchEvent", "boundaryEvent"):
        if not node.definitions and not _names_a_lost_one(node):
            yield node.element, f'"{node.label}" does not say what it waits for.'


def _names_a_lost_one(node: Node) -> bool:
    return part(node.element, "eventDefinitionRef") is not None


@rule(
    "multiple-with-link",
    "10.5.5",
    "A link stands alone in its event.",
)
def links_stand_alone(drawing: Drawing) -> Breaches:
    for node in drawing.each("intermediateCatchEvent", "intermediateThrowEvent"):
        if len(node.triggers) > 1 and "link" in node.triggers:
            yield node.element, f'"{node.label}" is a link and something else besides.'


@rule(
    "parallel-multiple-single",
    "10.5.1",
    "parallelMultiple is for events that wait for several definitions.",
    warns=True,
)
def parallel_multiple_has_several(drawing: Drawing) -> Breaches:
    for node in drawing.each(*CATCHES):
        if says(node.element, "parallelMultiple") and len(node.definitions) < 2:
            yield node.element, f'"{node.label}" has fewer than two definitions to wait for.'


@rule("condition-missing", "10.5.5", "An executed conditional event has a condition.")
def conditional_events_have_a_condition(drawing: Drawing) -> Breaches:
    for node in _executed(drawing):
        for definition in node.definitions:
            if kind_of(definition) == "conditionalEventDefinition" and not text_of(
                part(definition, "condition")
            ):
                yield node.element, f'"{node.label}" does not say on which condition.'


@rule("signal-missing", "10.5.5", "An executed signal event names its signal.")
def signal_events_have_a_signal(drawing: Drawing) -> Breaches:
    yield from _unnamed(drawing, "signal", "signalRef")


def _unnamed(drawing: Drawing, trigger: str, attribute: str) -> Breaches:
    for node in _executed(drawing):
        for kind, definition in zip(node.triggers, node.definitions, strict=True):
            if kind == trigger and not (definition.get(attribute) or "").strip():
                yield node.element, f'"{node.label}" does not say which {trigger}.'


def _executed(drawing: Drawing) -> list[Node]:
    return [node for node in drawing.each(*_EVENTS) if node.scope.executable and node.definitions]


@rule(
    "escalation-code",
    "10.5.5",
    "An escalation that an executable process throws has a code.",
)
def thrown_escalations_have_a_code(drawing: Drawing) -> Breaches:
    for node in _executed(drawing):
        for kind, definition in zip(node.triggers, node.definitions, strict=True):
            if kind != "escalation" or node.kind not in THROWS:
                continue
            escalation = drawing.referred(definition, "escalationRef")
            if escalation is None and not definition.get("escalationRef"):
                yield node.element, f'"{node.label}" does not say which escalation it throws.'
            elif escalation is not None and not (escalation.get("escalationCode") or "").strip():
                yield node.element, f'The escalation "{escalation.get("id")}" has no code.'


@rule(
    "shared-definition-place",
    "10.5.1",
    "An event definition that several events share stands beside the processes.",
)
def shared_definitions_stand_outside(drawing: Drawing) -> Breaches:
    for element in drawing.all("eventDefinitionRef"):
        definition = drawing.find(element.text)
        if definition is not None and definition.getparent() is not drawing.root:
            text = f'"{(element.text or "").strip()}" belongs to another event.'
            yield element, text, definition


@rule(
    "duplicate-catch",
    "10.5.6",
    "At one place no two events catch the same error, escalation or cancellation, and no two "
    "start events of a process the same message.",
)
def catches_are_distinct(drawing: Drawing) -> Breaches:
    seen: dict[tuple[tuple[str, Element], str, str], Node] = {}
    for node in drawing.each("boundaryEvent", "startEvent"):
        place = _caught_at(node)
        for trigger, definition in zip(node.triggers, node.definitions, strict=True):
            key = _what_is_caught(drawing, node, trigger, definition)
            if place is None or key is None:
                continue
            if (place, trigger, key) in seen:
                other = seen[place, trigger, key]
                text = f'"{other.label}" and "{node.label}" catch the same {trigger}.'
                yield from both(node.element, other.element, text, place[1])
            seen.setdefault((place, trigger, key), node)


def _caught_at(node: Node) -> tuple[str, Element] | None:
    """The activity or scope whose events this one is among. What is caught inside a subprocess may
    be caught on its boundary too: there it comes when it is thrown anew."""
    if node.kind == "boundaryEvent":
        return None if node.host is None else ("around", node.host.element)
    if node.scope.is_event_subprocess and node.scope.parent is not None:
        return "inside", node.scope.parent.element
    return "inside", node.scope.element


def _what_is_caught(drawing: Drawing, node: Node, trigger: str, definition: Element) -> str | None:
    """A code or name that tells apart; "" catches all; None where several may catch alike."""
    if trigger in ("error", "escalation"):
        thing = drawing.referred(definition, f"{trigger}Ref")
        return "" if thing is None else thing.get(f"{trigger}Code", "").strip()
    if trigger == "message" and node.kind == "startEvent" and not node.scope.is_event_subprocess:
        message = drawing.referred(definition, "messageRef")
        return None if message is None else message.get("name")
    return "" if trigger == "cancel" else None
