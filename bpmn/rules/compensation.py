"""Compensation (BPMN 2.0.2, 10.7) and transactions (10.3.5): handlers, throws, cancellation."""

from __future__ import annotations

from bpmn.elements import ACTIVITIES, SUBPROCESSES
from bpmn.model import reference
from bpmn.rules.drawing import THROWS, Drawing, Node, Scope
from bpmn.rules.rule import Breaches, both, rule


def _handlers(drawing: Drawing, event: Node) -> list[Node]:
    """Activities that associations tie to a boundary event, whichever end was drawn first."""
    names = drawing.associated.get(event.id, ())
    return [drawing.nodes[name] for name in names if name in drawing.nodes]


def _catches(drawing: Drawing) -> list[Node]:
    return [event for event in drawing.each("boundaryEvent") if "compensate" in event.triggers]


@rule(
    "compensation-handler",
    "10.7.1",
    "A boundary event that catches compensation is associated with exactly one activity.",
)
def catches_have_one_handler(drawing: Drawing) -> Breaches:
    for event in _catches(drawing):
        handlers = _handlers(drawing, event)
        if not handlers:
            yield event.element, f'No association ties "{event.label}" to its handler.'
        elif len(handlers) > 1:
            text = f'"{event.label}" has {len(handlers)} handlers; it may have one.'
            yield event.element, text, *(handler.element for handler in handlers)


@rule(
    "compensation-twice",
    "10.7.1",
    "An activity is compensated in one way: by one boundary event or one event subprocess in it.",
)
def activities_are_compensated_one_way(drawing: Drawing) -> Breaches:
    for node in drawing.each(*ACTIVITIES):
        handlers = [event for event in node.boundary if "compensate" in event.triggers]
        content = drawing.content.get(node.element)
        if content is not None:
            handlers += [one for one in content.nodes if _begun_by_compensation(drawing, one)]
        for extra in handlers[1:]:
            text = f'"{handlers[0].label}" and "{extra.label}" both compensate "{node.label}".'
            yield from both(extra.element, handlers[0].element, text, node.element)
            yield node.element, text, *(handler.element for handler in handlers)


def _begun_by_compensation(drawing: Drawing, node: Node) -> bool:
    if not node.is_event_subprocess:
        return False
    starts = drawing.content[node.element].of_kind("startEvent")
    return any("compensate" in start.triggers for start in starts)


@rule(
    "compensation-marker",
    "10.7.1",
    "What is associated with a compensation event is an activity marked isForCompensation.",
)
def handlers_are_marked(drawing: Drawing) -> Breaches:
    for event in _catches(drawing):
        for handler in _handlers(drawing, event):
            if not handler.is_handler:
                text = f'"{handler.label}" handles compensation: it needs isForCompensation.'
                yield from both(handler.element, event.element, text)
            elif handler.scope is not event.scope:
                text = f'"{handler.label}" lies in another scope than "{event.label}".'
                yield from both(handler.element, event.element, text)


@rule(
    "compensation-flow",
    "10.7.1",
    "No sequence flow leads into or out of what is only there to compensate.",
)
def handlers_stand_outside_the_flow(drawing: Drawing) -> Breaches:
    for node in drawing.each(*ACTIVITIES):
        if node.is_handler:
            for flow in (*node.incoming, *node.outgoing):
                text = f'"{node.label}" is for compensation; no flow touches it.'
                yield from both(flow.element, node.element, text)
    for event in _catches(drawing):
        for flow in event.outgoing:
            text = f'No flow leaves "{event.label}": an association names its handler.'
            yield from both(flow.element, event.element, text)


@rule(
    "handler-unused",
    "10.7.1",
    "An activity that is only there to compensate is associated with a boundary event.",
    warns=True,
)
def handlers_are_used(drawing: Drawing) -> Breaches:
    used = {handler for event in _catches(drawing) for handler in _handlers(drawing, event)}
    for node in drawing.each(*ACTIVITIES):
        if node.is_handler and node not in used and not node.is_event_subprocess:
            yield node.element, f'Nothing ever asks "{node.label}" to compensate.'


@rule(
    "handler-event-subprocess",
    "10.3",
    "What is only there to compensate is begun by compensation, never by another event.",
)
def other_events_begin_no_handlers(drawing: Drawing) -> Breaches:
    for node in drawing.each(*SUBPROCESSES):
        if (
            node.is_handler
            and node.is_event_subprocess
            and not _begun_by_compensation(drawing, node)
        ):
            text = f'"{node.label}" has isForCompensation, but another event begins it.'
            yield node.element, text


@rule(
    "compensation-of-process",
    "10.7.1",
    "What an event subprocess undoes is an activity that has completed, not a whole process.",
    warns=True,
)
def processes_are_not_compensated(drawing: Drawing) -> Breaches:
    for node in drawing.each("subProcess"):
        if node.scope.parent is None and _begun_by_compensation(drawing, node):
            text = f'"{node.label}" never begins: nobody can undo a process that has ended.'
            yield node.element, text


@rule(
    "compensate-reach",
    "10.7.2",
    "The activity to compensate lies in the scope that throws, or around the event subprocess "
    "that does.",
)
def thrown_compensation_is_in_reach(drawing: Drawing) -> Breaches:
    for node, activity in _compensated(drawing):
        if activity.scope not in _reach(node.scope):
            text = f'"{activity.label}" is out of reach of "{node.label}".'
            yield node.element, text, activity.element


@rule(
    "compensate-without-handler",
    "10.7.2",
    "The activity to compensate has a handler, or things inside it have. What an executed call has "
    "done cannot be undone without one.",
)
def what_is_compensated_can_be(drawing: Drawing) -> Breaches:
    for node, activity in _compensated(drawing):
        guarded = any("compensate" in event.triggers for event in activity.boundary)
        # what a call has done ended with the called process: no run here can undo it from without
        drawn_call = activity.kind == "callActivity" and not activity.scope.executable
        if not guarded and not drawn_call and activity.kind not in SUBPROCESSES:
            text = f'"{activity.label}", which "{node.label}" compensates, has no handler.'
            yield from both(node.element, activity.element, text)


def _compensated(drawing: Drawing) -> list[tuple[Node, Node]]:
    """Throwing events and the one activity that they name."""
    found = []
    for node in drawing.each(*THROWS):
        for definition in node.definitions:
            activity = drawing.nodes.get(reference(definition.get("activityRef")))
            if activity is not None and activity.kind in ACTIVITIES:
                found.append((node, activity))
    return found


def _reach(scope: Scope) -> list[Scope]:
    scopes = [scope]
    while scope.is_event_subprocess and scope.parent is not None:
        scope = scope.parent
        scopes.append(scope)
    return scopes


@rule("cancel-end-place", "10.5.3", "A cancel end event ends a transaction.")
def cancel_ends_lie_in_transactions(drawing: Drawing) -> Breaches:
    for node in drawing.each("endEvent"):
        if "cancel" in node.triggers and node.scope.kind != "transaction":
            if node.scope.is_choreography:
                continue
            yield node.element, f'"{node.label}" does not stand in a transaction.'


@rule("cancel-boundary-place", "10.5.4", "A cancel boundary event sits on a transaction.")
def cancellations_are_caught_at_transactions(drawing: Drawing) -> Breaches:
    for event in drawing.each("boundaryEvent"):
        if "cancel" not in event.triggers or event.host is None:
            continue
        if event.host.kind != "transaction" and not event.scope.is_choreography:
            text = f'"{event.label}" sits on a {event.host.kind}, which none cancels.'
            yield event.element, text, event.host.element


@rule(
    "cancel-never-thrown",
    "10.3.5",
    "A transaction that can be cancelled has a cancel end event.",
    warns=True,
)
def cancellations_can_happen(drawing: Drawing) -> Breaches:
    for node in drawing.each("transaction"):
        content = drawing.content[node.element]
        cancels = any("cancel" in end.triggers for end in content.of_kind("endEvent"))
        for event in node.boundary:
            if "cancel" in event.triggers and not cancels:
                text = f'Nothing in "{node.label}" cancels it, so "{event.label}" never happens.'
                yield event.element, text, node.element
