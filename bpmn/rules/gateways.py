"""Gateways: their direction, and what may follow an event-based one (BPMN 2.0.2, 10.6)."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.elements import GATEWAYS
from bpmn.rules.drawing import CHOREOGRAPHY_ACTIVITIES, Drawing, Element, Node, part, says
from bpmn.rules.rule import Breaches, both, rule

_AWAITED = frozenset({"message", "signal", "timer", "conditional"})


@rule(
    "gateway-direction",
    "10.6.1",
    "A gateway's direction fits its flows: Diverging has one way in and several out, Converging "
    "several in and one out, Mixed several of both.",
)
def directions_fit(drawing: Drawing) -> Breaches:
    for node in drawing.each(*GATEWAYS):
        direction = node.element.get("gatewayDirection", "Unspecified")
        into, out = len(node.incoming), len(node.outgoing)
        fits = {
            "Diverging": into <= 1 and out > 1,
            "Converging": into > 1 and out <= 1,
            "Mixed": into > 1 and out > 1,
        }
        if not fits.get(direction, True):
            yield (
                node.element,
                f'gatewayDirection="{direction}" does not fit {into} ways in and {out} ways out; '
                "leave it away or say what is drawn.",
            )


@rule(
    "gateway-idle",
    "10.6.1",
    "A gateway splits or merges: it has several ways in or several ways out.",
    borne=True,
)
def gateways_do_something(drawing: Drawing) -> Breaches:
    for node in drawing.each(*GATEWAYS):
        if node.kind == "eventBasedGateway" or not node.outgoing:
            continue  # these have rules of their own
        if max(len(node.incoming), len(node.outgoing)) == 1:
            flows = [flow.element for flow in (*node.incoming, *node.outgoing)]
            text = f'"{node.label}" neither splits nor merges: a flow past it says the same.'
            yield node.element, text, *flows


@rule(
    "gateway-without-outgoing",
    "10.6.1",
    "A way leads out of each gateway, but for one that merges where no end event is drawn.",
)
def gateways_lead_on(drawing: Drawing) -> Breaches:
    for node in drawing.each(*GATEWAYS):
        merges = len(node.incoming) > 1 and node.kind != "eventBasedGateway"
        if not node.outgoing and not (merges and not node.scope.of_kind("endEvent")):
            yield node.element, "Nothing follows this gateway.", *_into(node)


@rule(
    "complex-without-activation",
    "10.6.5",
    "A complex gateway that merges says which tokens it waits for.",
    warns=True,
)
def complex_gateways_say_when(drawing: Drawing) -> Breaches:
    for node in drawing.each("complexGateway"):
        asked = part(node.element, "activationCondition") is not None
        if len(node.incoming) > 1 and not asked and node.scope.executable:
            yield node.element, f'"{node.label}" merges without an activationCondition.'


# --- event-based gateways (10.6.6) ---


@rule("event-gateway-single", "10.6.6", "At least two ways lead out of an event-based gateway.")
def event_gateways_choose(drawing: Drawing) -> Breaches:
    for node in drawing.each("eventBasedGateway"):
        if len(node.outgoing) == 1:
            yield node.element, f'"{node.label}" needs at least two events to choose from.'


@rule(
    "event-gateway-successor",
    "10.6.6",
    "What follows an event-based gateway catches messages, signals, timers or conditions, or "
    "receives.",
)
def event_gateways_wait_for_events(drawing: Drawing) -> Breaches:
    for gateway, node in _successors(drawing):
        if node.scope.is_choreography and node.kind in CHOREOGRAPHY_ACTIVITIES:
            continue
        if node.kind == "receiveTask" and not node.is_handler:
            continue
        if node.kind == "intermediateCatchEvent" and (
            not node.triggers or set(node.triggers) <= _AWAITED
        ):
            continue  # one without any definition has a rule of its own
        yield from both(
            node.element,
            gateway.element,
            f'"{node.label}" follows the event-based gateway "{gateway.label}", which chooses '
            "between message, signal, timer and conditional events and receive tasks.",
            *_ways(gateway, node),
        )


@rule(
    "event-gateway-mixed",
    "10.6.6",
    "An event-based gateway is followed by message events or by receive tasks, not by both.",
)
def event_gateways_receive_one_way(drawing: Drawing) -> Breaches:
    for gateway in drawing.each("eventBasedGateway"):
        after = [flow.target for flow in gateway.outgoing if flow.target is not None]
        receives = [node for node in after if node.kind == "receiveTask"]
        if receives and any("message" in node.triggers for node in after):
            text = f'"{gateway.label}" is followed by message events and by receive tasks.'
            for node in receives:
                yield from both(gateway.element, node.element, text)


@rule(
    "event-gateway-boundary",
    "10.6.6",
    "A receive task after an event-based gateway has no boundary events.",
)
def awaited_tasks_have_no_boundary(drawing: Drawing) -> Breaches:
    for gateway, node in _successors(drawing):
        for event in node.boundary if node.kind == "receiveTask" else ():
            text = f'"{node.label}" follows an event-based gateway, so no event sits on it.'
            yield from both(event.element, node.element, text, gateway.element)


@rule(
    "event-gateway-shared",
    "10.6.6",
    "What follows an event-based gateway is reached from that gateway only.",
)
def awaited_events_have_one_way_in(drawing: Drawing) -> Breaches:
    for gateway, node in _successors(drawing):
        if len(node.incoming) > 1:
            text = f'"{node.label}" is reached from elsewhere than "{gateway.label}".'
            for flow in node.incoming:
                if flow.source is not gateway:
                    yield from both(node.element, flow.element, text, gateway.element)
            yield gateway.element, text, node.element


@rule(
    "event-gateway-parallel",
    "10.6.6",
    "An event-based gateway that waits for all of its events begins the process.",
)
def waiting_for_all_begins(drawing: Drawing) -> Breaches:
    for node in drawing.each("eventBasedGateway"):
        waits_for_all = node.element.get("eventGatewayType") == "Parallel"
        if waits_for_all and not says(node.element, "instantiate"):
            yield node.element, "eventGatewayType Parallel is for gateways that instantiate."


@rule(
    "event-gateway-instantiate",
    "10.6.6",
    "An event-based gateway that begins a process has no way in, or one from a start event "
    "without trigger.",
)
def instantiating_gateways_come_first(drawing: Drawing) -> Breaches:
    for node in drawing.each("eventBasedGateway"):
        if says(node.element, "instantiate") and not _comes_first(node):
            text = f'"{node.label}" begins the process, so nothing leads to it.'
            yield node.element, text, *(flow.element for flow in node.incoming)


def _comes_first(node: Node) -> bool:
    sources = [flow.source for flow in node.incoming]
    if len(sources) == 1 and sources[0] is not None:
        return sources[0].kind == "startEvent" and not sources[0].definitions
    return not sources


def _into(node: Node) -> list[Element]:
    return [flow.element for flow in node.incoming]


def _ways(source: Node, target: Node) -> list[Element]:
    return [flow.element for flow in source.outgoing if flow.target is target]


def _successors(drawing: Drawing) -> Iterator[tuple[Node, Node]]:
    for gateway in drawing.each("eventBasedGateway"):
        for flow in gateway.outgoing:
            if flow.target is not None:
                yield gateway, flow.target
