"""Choreographies (BPMN 2.0.2, chapter 11). They are drawn only; what they say must still fit."""

from __future__ import annotations

from bpmn.model import reference
from bpmn.rules.drawing import (
    CHOREOGRAPHY_ACTIVITIES,
    Drawing,
    Node,
    parts,
    references,
)
from bpmn.rules.rule import Breaches, rule


def _initiator(node: Node) -> str:
    return reference(node.element.get("initiatingParticipantRef"))


def _participants(node: Node) -> list[str]:
    return references(node.element, "participantRef")


@rule("choreography-participants", "11.5", "A choreography activity has two participants or more.")
def activities_have_participants(drawing: Drawing) -> Breaches:
    for node in drawing.each(*CHOREOGRAPHY_ACTIVITIES):
        named = _participants(node)
        if len(set(named)) < 2:
            yield node.element, f'"{node.label}" needs two different participants.'
        elif node.kind == "choreographyTask" and len(named) != 2:
            yield node.element, f'"{node.label}" is a task: exactly two take part in it.'


@rule("choreography-initiator", "11.5", "Who begins a choreography activity takes part in it.")
def initiators_take_part(drawing: Drawing) -> Breaches:
    for node in drawing.each(*CHOREOGRAPHY_ACTIVITIES):
        if _initiator(node) and _initiator(node) not in _participants(node):
            yield node.element, f'"{_initiator(node)}" does not take part in "{node.label}".'


@rule(
    "choreography-messages",
    "11.5.1",
    "The messages of a choreography task go between its participants, the first from who begins.",
)
def messages_go_between_participants(drawing: Drawing) -> Breaches:
    for node in drawing.each("choreographyTask"):
        senders = set()
        for name in references(node.element, "messageFlowRef"):
            flow = drawing.ids.get(name)
            if flow is None:
                continue
            ends = {reference(flow.get("sourceRef")), reference(flow.get("targetRef"))}
            senders.add(reference(flow.get("sourceRef")))
            if not ends <= set(_participants(node)):
                yield node.element, f'"{name}" goes to or from somebody else.'
        if senders and _initiator(node) not in senders:
            yield node.element, f'"{_initiator(node)}" begins "{node.label}" but sends nothing.'


@rule(
    "choreography-sequence",
    "11.5",
    "Who begins a choreography activity took part in the one before.",
)
def initiators_were_there_before(drawing: Drawing) -> Breaches:
    for node in drawing.each(*CHOREOGRAPHY_ACTIVITIES):
        for flow in node.incoming:
            before = flow.source
            if before is None or before.kind not in CHOREOGRAPHY_ACTIVITIES:
                continue
            if _initiator(node) not in _participants(before):
                text = f'"{_initiator(node)}" cannot know that "{before.label}" is done.'
                yield node.element, text


@rule("choreography-content", "11", "A choreography has no activities of a process in it.")
def choreographies_hold_their_own(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        for node in scope.nodes:
            is_own = node.kind in CHOREOGRAPHY_ACTIVITIES
            if is_own != scope.is_choreography and (is_own or node.kind.endswith(_ACTIVITIES)):
                where = "choreography" if scope.is_choreography else "process"
                yield node.element, f"A {node.kind} does not stand in a {where}."


_ACTIVITIES = ("ask", "ubProcess", "callActivity", "transaction")


@rule("global-choreography-task", "11", "A global choreography task has no flow elements in it.")
def global_tasks_are_flat(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.kind == "globalChoreographyTask":
            for node in scope.nodes:
                yield node.element, "A global choreography task is one interaction only."


@rule("choreography-data", "11", "A choreography has no data: there is nobody who keeps it.")
def choreographies_have_no_data(drawing: Drawing) -> Breaches:
    kinds = ("dataObject", "dataObjectReference", "dataStoreReference")
    for scope in drawing.scopes:
        if scope.is_choreography:
            for element in parts(scope.element):
                if element.tag.endswith(kinds):
                    yield element, "Data belongs to processes."
