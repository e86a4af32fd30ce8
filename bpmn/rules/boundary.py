"""Boundary events (BPMN 2.0.2, 10.5.4): what they sit on, and what they interrupt."""

from __future__ import annotations

from bpmn.elements import ACTIVITIES
from bpmn.model import reference
from bpmn.rules.drawing import CHOREOGRAPHY_ACTIVITIES, Drawing, says
from bpmn.rules.rule import Breaches, both, rule


@rule("attached-missing", "10.5.4", "A boundary event sits on an activity of its own scope.")
def boundary_events_sit_on_activities(drawing: Drawing) -> Breaches:
    for event in drawing.each("boundaryEvent"):
        name = reference(event.element.get("attachedToRef"))
        if event.host is None or event.host.kind not in ACTIVITIES | CHOREOGRAPHY_ACTIVITIES:
            found = drawing.referred(event.element, "attachedToRef")
            text = f'attachedToRef "{name}" is no activity of this process.'
            yield event.element, text, *([] if found is None else [found])
        elif event.host.scope is not event.scope:
            text = f'attachedToRef "{name}" lies in another scope.'
            yield event.element, text, event.host.element


@rule("boundary-on-event-subprocess", "10.3.5", "No event sits on an event subprocess.")
def event_subprocesses_have_no_boundary(drawing: Drawing) -> Breaches:
    for event in drawing.each("boundaryEvent"):
        if event.host is not None and event.host.is_event_subprocess:
            text = f'"{event.host.label}" is begun by its event, so no event sits on it.'
            yield from both(event.element, event.host.element, text)


@rule("error-interrupts", "10.5.4", "A boundary event that catches an error interrupts.")
def errors_interrupt(drawing: Drawing) -> Breaches:
    yield from _not_interrupting(drawing, "error", "An error always interrupts")


@rule("cancel-interrupts", "10.5.4", "A boundary event that catches a cancellation interrupts.")
def cancellations_interrupt(drawing: Drawing) -> Breaches:
    yield from _not_interrupting(drawing, "cancel", "A cancellation always interrupts")


def _not_interrupting(drawing: Drawing, trigger: str, why: str) -> Breaches:
    for event in drawing.each("boundaryEvent"):
        if trigger in event.triggers and not says(event.element, "cancelActivity", default=True):
            yield event.element, f"{why}: cancelActivity may not be false here."


@rule("boundary-without-outgoing", "10.5.4", "A way leads out of each boundary event.")
def boundary_events_lead_on(drawing: Drawing) -> Breaches:
    for event in drawing.each("boundaryEvent"):
        # one that catches compensation is tied to its handler by an association
        if not event.outgoing and "compensate" not in event.triggers:
            yield event.element, f'Nothing follows "{event.label}".'
