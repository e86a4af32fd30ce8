"""Pools and message flows (BPMN 2.0.2, 7.6.2, 9.3, 9.4)."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.elements import ACTIVITIES
from bpmn.model import reference
from bpmn.rules.drawing import CATCHES, Drawing, Element, kind_of, named_parts, says
from bpmn.rules.references import INTERACTION
from bpmn.rules.rule import Breaches, both, rule

_CONVERSATIONS = ("conversation", "subConversation", "callConversation")
_SENDERS = ACTIVITIES | {"participant", "endEvent", "intermediateThrowEvent"}
_RECEIVERS = ACTIVITIES | {"participant", *CATCHES}


def _ends(drawing: Drawing) -> Iterator[tuple[Element, str, Element]]:
    """Each message flow with each of its ends in this file."""
    for flow in drawing.all("messageFlow"):
        for role in ("sourceRef", "targetRef"):
            end = drawing.referred(flow, role)
            if end is not None:
                yield flow, role, end


@rule("message-flow-end", "7.6.2", "A message flow leads from what sends to what receives.")
def message_flows_join_what_can_talk(drawing: Drawing) -> Breaches:
    for flow, role, end in _ends(drawing):
        if kind_of(end) not in (_SENDERS if role == "sourceRef" else _RECEIVERS):
            if kind_of(end) in (*_CONVERSATIONS, "choreographyTask"):
                continue
            verb = "send" if role == "sourceRef" else "receive"
            text = f'"{end.get("id")}" is a {kind_of(end)}, which does not {verb} messages.'
            yield from both(flow, end, text)


@rule(
    "message-flow-event",
    "7.6.2",
    "An event at the end of a message flow is a message event.",
)
def message_flows_join_message_events(drawing: Drawing) -> Breaches:
    for flow, _role, end in _ends(drawing):
        node = drawing.node_of.get(end)
        if node is not None and node.triggers and "message" not in node.triggers:
            text = f'"{node.label}" is a {node.triggers[0]} event; it has no messages.'
            yield from both(flow, end, text)


@rule(
    "message-flow-plain-event",
    "7.6.2",
    "An event at the end of a message flow says that it is a message event.",
)
def message_flows_join_no_plain_events(drawing: Drawing) -> Breaches:
    for flow, _role, end in _ends(drawing):
        node = drawing.node_of.get(end)
        if node is not None and node.kind.endswith("Event") and not node.triggers:
            yield from both(flow, end, f'"{node.label}" has no message definition.')


@rule("message-flow-within-pool", "7.6.2", "A message flow leads from one pool to another.")
def message_flows_leave_the_pool(drawing: Drawing) -> Breaches:
    for flow in drawing.all("messageFlow"):
        pools = [_pool(drawing, drawing.referred(flow, end)) for end in ("sourceRef", "targetRef")]
        if pools[0] is not None and pools[0] is pools[1]:
            yield flow, "Both ends lie in the same pool; within it sequence flows lead on."


def _pool(drawing: Drawing, end: Element | None) -> Element | None:
    """The participant that the end is or lies in; its process where no pool is drawn."""
    if end is None or kind_of(end) not in INTERACTION:
        return None
    pool = drawing.participant_of(end)
    if pool is not None:
        return pool
    scope = drawing.scope_of.get(end)
    return None if scope is None else scope.process


@rule(
    "message-flow-event-subprocess",
    "7.6.2",
    "Messages reach the start event of an event subprocess, not the subprocess itself.",
    warns=True,
)
def event_subprocesses_receive_at_their_start(drawing: Drawing) -> Breaches:
    for flow, role, end in _ends(drawing):
        node = drawing.node_of.get(end)
        if role == "targetRef" and node is not None and node.is_event_subprocess:
            yield from both(flow, end, f'"{node.label}" receives at its start event.')


@rule(
    "message-flow-message",
    "9.4",
    "A message flow carries the message of the task or event at its end.",
    warns=True,
)
def message_flows_carry_the_message(drawing: Drawing) -> Breaches:
    for flow, _role, end in _ends(drawing):
        carried = reference(flow.get("messageRef"))
        node = drawing.node_of.get(end)
        if not carried or node is None:
            continue
        holders = [node.element, *node.definitions]
        meant = {reference(holder.get("messageRef")) for holder in holders} - {""}
        if meant and carried not in meant:
            yield flow, f'"{node.label}" is about another message than "{carried}".'


@rule(
    "participant-multiplicity",
    "9.3.1",
    "Of participants there is at most one or more, and not fewer at most than at least.",
)
def multiplicities_are_possible(drawing: Drawing) -> Breaches:
    for element in drawing.all("participantMultiplicity"):
        try:
            least = int(element.get("minimum") or 0)
            most = int(element.get("maximum") or 1)
        except ValueError:
            continue  # the schema's to say
        if least < 0 or most < 1 or most < least:
            yield element, f"minimum {least} and maximum {most} do not fit."


@rule(
    "participant-shared-process",
    "9.3.1",
    "Within one collaboration a process belongs to one pool.",
    warns=True,
)
def processes_belong_to_one_pool(drawing: Drawing) -> Breaches:
    for collaboration in drawing.all("collaboration"):
        first: dict[str, str] = {}
        for pool in collaboration:
            if kind_of(pool) != "participant":
                continue
            process = reference(pool.get("processRef"))
            if process and process in first:
                yield pool, f'The process "{process}" belongs to "{first[process]}" already.'
            first.setdefault(process, pool.get("id") or "")


@rule(
    "participant-association",
    "9.3.1",
    "A participant association ties a participant of what is called to one of the caller.",
)
def participants_are_tied_across(drawing: Drawing) -> Breaches:
    for element in drawing.all("participantAssociation"):
        names = ("innerParticipantRef", "outerParticipantRef")
        ends = [drawing.find(ref.text) for ref in named_parts(element, *names)]
        found = [end for end in ends if end is not None]
        if len(found) == 2 and drawing.top_of(found[0]) is drawing.top_of(found[1]):
            text = f'"{found[0].get("id")}" and "{found[1].get("id")}" stand in one collaboration.'
            yield element, text, *found


@rule(
    "process-public-executable",
    "10.2.1",
    "A public process is not executable.",
)
def public_processes_are_drawn(drawing: Drawing) -> Breaches:
    for process in drawing.all("process"):
        if process.get("processType") == "Public" and says(process, "isExecutable"):
            yield process, "A public process shows what others see; executed is a private one."
