"""Static constraints of BPMN 2.0 on flows, gateways and events, one short function each.

Invariant: a process that passes can be walked by a token without surprise: every flow has both
ends in one scope, every scope one beginning, every condition a place where it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from lxml import etree

from bpmn.camunda import attribute
from bpmn.elements import ACTIVITIES, EVENT_PLACES, GATEWAYS
from bpmn.graph import ErrorEvent, MessageEvent, Node
from bpmn.model import FlowNode, ProcessModel, ScopeModel, local, reference, text_of
from bpmn.report import Report


class Breach(NamedTuple):
    """One rule broken at one element."""

    rule: str
    element: etree._Element
    message: str
    warns: bool = False


def check_process(process: ProcessModel, report: Report) -> None:
    """Report every breach of every rule."""
    for rule in RULES:
        for breach in rule(process):
            say = report.warning if breach.warns else report.error
            say(breach.rule, breach.element, breach.message)


def check_catches(process: ProcessModel, nodes: Mapping[str, Node], report: Report) -> None:
    """What two events would catch alike is ambiguous: asked of the compiled events."""
    seen: dict[tuple[str, str | None, str | None], str] = {}
    for node in nodes.values():
        place = node.attached_to or (node.scope if node.kind == "startEvent" else None)
        if place is None:
            continue
        if isinstance(node.event, ErrorEvent):
            key = (place, "error", node.event.code)
        elif isinstance(node.event, MessageEvent) and node.kind == "startEvent":
            key = (place, "message", node.event.name.text)
        else:
            continue
        if key in seen:
            element = process.nodes[node.id].element
            text = f'"{seen[key]}" catches the same {key[1]} already.'
            report.error("duplicate-catch", element, text)
        seen.setdefault(key, node.id)


def _flows_have_two_ends_in_one_scope(process: ProcessModel) -> Iterator[Breach]:
    nodes = process.nodes
    for scope in process.scopes:
        for flow in scope.flows:
            ends = {"sourceRef": flow.source, "targetRef": flow.target}
            for role, end in ends.items():
                node = nodes.get(end)
                if node is None:
                    text = f'{role} "{end}" is no flow node of this process.'
                    yield Breach("dangling-flow", flow.element, text)
                elif node.scope is not scope:
                    text = f'{role} "{end}" lies in another scope; flows do not cross its border.'
                    yield Breach("flow-crosses-scope", flow.element, text)


def _declared_flows_exist(process: ProcessModel) -> Iterator[Breach]:
    flows = {flow.id for scope in process.scopes for flow in scope.flows}
    for node in process.nodes.values():
        for part in node.element.iterchildren(etree.Element):
            if local(part) in ("incoming", "outgoing") and reference(text_of(part)) not in flows:
                text = f'{local(part)} "{text_of(part)}" is no sequence flow; it has no effect.'
                yield Breach("dangling-reference", part, text, warns=True)


def _flows_keep_their_direction(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        if node.incoming and node.kind in ("startEvent", "boundaryEvent"):
            flow = node.incoming[0].element
            rule = "flow-into-start" if node.kind == "startEvent" else "flow-into-boundary"
            yield Breach(rule, flow, f'No sequence flow may lead into "{node.label}".')
        if node.outgoing and node.kind == "endEvent":
            text = f'No sequence flow may leave the end event "{node.label}".'
            yield Breach("flow-out-of-end", node.outgoing[0].element, text)


def _ways_go_on(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        if node.outgoing or not node.executed:
            continue
        if node.kind == "startEvent":
            yield Breach("start-without-outgoing", node.element, "Nothing follows this start.")
        elif node.kind in GATEWAYS:
            yield Breach("gateway-without-outgoing", node.element, "Nothing follows this gateway.")


def _scopes_have_one_start(process: ProcessModel) -> Iterator[Breach]:
    for scope in process.scopes:
        if scope.ad_hoc or scope.on_event:
            continue
        plain = [node for node in scope.starts if not node.definitions]
        for extra in plain[1:]:
            text = f'"{plain[0].label}" is a start event without trigger already.'
            yield Breach("several-starts", extra.element, text)
        if scope.parent is not None:
            for node in scope.starts:
                if node.definitions:
                    text = "An embedded subprocess starts with a start event without trigger."
                    yield Breach("subprocess-start", node.element, text)


def _events_stand_where_they_may(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        places = EVENT_PLACES.get(node.place)
        if places is None or not node.executed:
            continue
        if not node.definitions and "" not in places:
            text = f'"{node.label}" does not say what it waits for.'
            yield Breach("event-definition-missing", node.element, text)
        for kind in sorted(node.triggers - places):
            text = f"A {node.kind} with {kind} is not executed."
            yield Breach("unsupported", node.element, text)


def _defaults_are_flows_of_their_node(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        default = reference(node.element.get("default"))
        if not default:
            continue
        chosen = next((flow for flow in node.outgoing if flow.id == default), None)
        if node.kind not in ACTIVITIES and node.kind not in _ASKING:
            text = f"A {node.kind} has no default flow."
            yield Breach("default-misplaced", node.element, text)
        elif chosen is None:
            text = f'The default "{default}" does not leave "{node.label}".'
            yield Breach("default-not-outgoing", node.element, text)
        elif chosen.condition is not None:
            text = "A default flow has no condition."
            yield Breach("default-with-condition", chosen.element, text)


def _conditions_are_asked(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        asks = node.kind in ACTIVITIES or node.kind in _ASKING
        for flow in node.outgoing:
            if flow.condition is None:
                continue
            if not asks:
                text = f"Nobody asks this condition: it leaves a {node.kind}."
                yield Breach("condition-misplaced", flow.element, text)
            elif not text_of(flow.condition):
                yield Breach("condition-empty", flow.element, "The condition is empty.")


def _exclusive_gateways_can_choose(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        if node.kind != "exclusiveGateway" or len(node.outgoing) < 2:
            continue
        default = reference(node.element.get("default"))
        for flow in node.outgoing:
            if flow.condition is None and flow.id != default:
                text = f'"{flow.id}" leaves an exclusive gateway without condition or default.'
                yield Breach("flow-without-condition", flow.element, text)


def _gateways_keep_their_direction(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        direction = node.element.get("gatewayDirection", "Unspecified")
        if (direction == "Diverging" and len(node.incoming) > 1) or (
            direction == "Converging" and len(node.outgoing) > 1
        ):
            text = f'gatewayDirection="{direction}" does not fit the flows; the flows are followed.'
            yield Breach("gateway-direction", node.element, text, warns=True)


def _boundary_events_sit_on_activities(process: ProcessModel) -> Iterator[Breach]:
    nodes = process.nodes
    for name, events in process.attached.items():
        host = nodes.get(name)
        for event in events:
            if host is None or host.kind not in ACTIVITIES:
                text = f'attachedToRef "{name}" is no activity of this process.'
                yield Breach("attached-missing", event.element, text)
            elif host.scope is not event.scope:
                text = f'attachedToRef "{name}" lies in another scope.'
                yield Breach("attached-missing", event.element, text)
            stays = event.element.get("cancelActivity", "true").strip() in ("false", "0")
            if stays and event.definition == "errorEventDefinition":
                text = "An error always interrupts: cancelActivity may not be false here."
                yield Breach("error-interrupts", event.element, text)


def _everything_can_be_reached(process: ProcessModel) -> Iterator[Breach]:
    nodes = process.nodes
    inner: dict[str, ScopeModel] = {scope.id: scope for scope in process.scopes[1:]}
    frontier = [*process.scopes[0].starts]
    # What has no flow into it, or a broken one, is reported by rules of their own.
    frontier += [n for n in nodes.values() if _begins_unexplained(n, nodes)]
    reached: set[str] = set()
    while frontier:
        node = frontier.pop()
        if node.id in reached:
            continue
        reached.add(node.id)
        frontier += [nodes[f.target] for f in node.outgoing if f.target in nodes]
        frontier += process.attached.get(node.id, [])
        if node.id in inner:
            content = inner[node.id].nodes
            frontier += [n for n in content if n.kind == "startEvent"]
    for node in nodes.values():
        if node.id not in reached and (node.kind != "boundaryEvent" or node.incoming):
            text = f'No token can ever come to "{node.label}".'
            yield Breach("unreachable", node.element, text, warns=True)


def _begins_unexplained(node: FlowNode, nodes: dict[str, FlowNode]) -> bool:
    if not node.incoming:
        return node.kind not in ("startEvent", "boundaryEvent") or node.scope.on_event
    return any(flow.source not in nodes for flow in node.incoming)


def _nobody_is_promised_a_guard(process: ProcessModel) -> Iterator[Breach]:
    for name in ("candidateStarterUsers", "candidateStarterGroups"):
        if attribute(process.element, name) is not None:
            text = (
                f"camunda:{name} is not enforced yet, and a guard that does not guard is refused."
            )
            yield Breach("unsupported", process.element, text)


def _names_fit(process: ProcessModel) -> Iterator[Breach]:
    """What stands in a row of its own must fit there on every database."""
    process_id = process.element.get("id") or ""
    if len(process_id) > LONGEST_NAME:
        yield _too_long(process.element, "id", process_id)
    for node in process.nodes.values():
        if len(node.id) > LONGEST_NAME:
            yield _too_long(node.element, "id", node.id)
        for name in ("topic", "formKey", "formRef", "decisionRef"):
            text = attribute(node.element, name) or ""
            if len(text) > LONGEST_NAME:
                yield _too_long(node.element, f"camunda:{name}", text)
        if node.kind == "userTask" and len(node.element.get("name", "")) > LONGEST_NAME:
            yield _too_long(node.element, "name", node.element.get("name", ""))


def _too_long(element: etree._Element, what: str, text: str) -> Breach:
    message = f"{what} has {len(text)} characters; at most {LONGEST_NAME} are kept."
    return Breach("too-long", element, message)


LONGEST_NAME = 255
_ASKING = frozenset({"exclusiveGateway", "inclusiveGateway", "complexGateway"})

RULES: tuple[Callable[[ProcessModel], Iterator[Breach]], ...] = (
    _flows_have_two_ends_in_one_scope,
    _declared_flows_exist,
    _flows_keep_their_direction,
    _ways_go_on,
    _scopes_have_one_start,
    _events_stand_where_they_may,
    _defaults_are_flows_of_their_node,
    _conditions_are_asked,
    _exclusive_gateways_can_choose,
    _gateways_keep_their_direction,
    _boundary_events_sit_on_activities,
    _everything_can_be_reached,
    _nobody_is_promised_a_guard,
    _names_fit,
)
