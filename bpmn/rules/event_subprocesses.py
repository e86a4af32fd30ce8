"""Event subprocesses (BPMN 2.0.2, 10.3.5, 10.5.2): one start event, with a trigger."""

from __future__ import annotations

from bpmn.rules.drawing import Drawing, Node, Scope, says
from bpmn.rules.rule import Breaches, both, rule


@rule("event-subprocess-start", "10.3.5", "An event subprocess has exactly one start event.")
def one_start(drawing: Drawing) -> Breaches:
    for scope in _event_subprocesses(drawing):
        starts = scope.of_kind("startEvent")
        if not starts and (scope.nodes or scope.executable):
            yield scope.element, f'"{scope.id}" has no start event to begin it.'
        for extra in starts[1:]:
            text = f'"{starts[0].label}" begins "{scope.id}" already, which has one start event.'
            yield from both(extra.element, scope.element, text, starts[0].element)


@rule("event-subprocess-trigger", "10.5.2", "The start of an event subprocess has a trigger.")
def starts_have_a_trigger(drawing: Drawing) -> Breaches:
    for node in _starts(drawing):
        if not node.definitions:
            text = f'"{node.label}" does not say what begins the event subprocess.'
            yield from both(node.element, node.scope.element, text)


@rule(
    "event-subprocess-interrupts",
    "10.5.2",
    "An event subprocess that an error or a compensation begins is interrupting.",
)
def errors_and_compensation_interrupt(drawing: Drawing) -> Breaches:
    for node in _starts(drawing):
        stays = not says(node.element, "isInterrupting", default=True)
        if stays and {"error", "compensate"} & set(node.triggers):
            trigger = "An error" if "error" in node.triggers else "Compensation"
            yield node.element, f"{trigger} always interrupts: isInterrupting may not be false."


@rule(
    "event-subprocess-place",
    "10.3.5",
    "What its event begins is a plain subprocess, neither transaction nor ad-hoc.",
)
def event_subprocesses_are_plain(drawing: Drawing) -> Breaches:
    for node in drawing.each("transaction", "adHocSubProcess"):
        if node.is_event_subprocess:
            yield node.element, f"A {node.kind} is not triggered by an event."


def _event_subprocesses(drawing: Drawing) -> list[Scope]:
    return [scope for scope in drawing.scopes if scope.is_event_subprocess]


def _starts(drawing: Drawing) -> list[Node]:
    return [n for scope in _event_subprocesses(drawing) for n in scope.of_kind("startEvent")]
