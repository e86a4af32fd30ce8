"""Sequence flows: their ends, their conditions, and the default one (BPMN 2.0.2, 7.6.1, 8.4.13)."""

from __future__ import annotations

from lxml import etree

from bpmn.elements import ACTIVITIES
from bpmn.model import reference, text_of
from bpmn.rules.drawing import Drawing, Node, kind_of, parts, says
from bpmn.rules.rule import Breaches, both, rule

CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway", "complexGateway"})
"""Gateways that ask the conditions on their ways out."""


@rule("dangling-flow", "7.6.1", "A sequence flow leads from a flow node to a flow node.")
def flows_have_two_ends(drawing: Drawing) -> Breaches:
    for flow in drawing.flows:
        for role, node in (("sourceRef", flow.source), ("targetRef", flow.target)):
            if node is None:
                end = reference(flow.element.get(role))
                found = drawing.ids.get(end)
                what = "no flow node of this file" if found is None else f"a {kind_of(found)}"
                yield flow.element, f'{role} "{end}" is {what}; sequence flows join flow nodes.'


@rule("flow-crosses-scope", "7.6.1", "No sequence flow crosses the border of a subprocess or pool.")
def flows_stay_in_their_scope(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        for flow in scope.flows:
            for role, node in (("sourceRef", flow.source), ("targetRef", flow.target)):
                if node is not None and node.scope is not scope:
                    text = (
                        f'{role} "{node.id}" lies in another scope; flows do not cross its border.'
                    )
                    yield flow.element, text


@rule("flow-into-start", "10.5.2", "No sequence flow leads into a start event.")
def nothing_leads_into_a_start(drawing: Drawing) -> Breaches:
    for node in drawing.each("startEvent"):
        yield from _led_into(node)


@rule("flow-into-boundary", "10.5.4", "No sequence flow leads into a boundary event.")
def nothing_leads_into_a_boundary(drawing: Drawing) -> Breaches:
    for node in drawing.each("boundaryEvent"):
        yield from _led_into(node)


def _led_into(node: Node) -> Breaches:
    for flow in node.incoming:
        text = f'No sequence flow may lead into "{node.label}".'
        yield from both(flow.element, node.element, text)


@rule("flow-out-of-end", "10.5.3", "No sequence flow leaves an end event.")
def nothing_leaves_an_end(drawing: Drawing) -> Breaches:
    for node in drawing.each("endEvent"):
        for flow in node.outgoing:
            text = f'No sequence flow may leave the end event "{node.label}".'
            yield from both(flow.element, node.element, text)


@rule(
    "flow-mismatch",
    "8.4.13",
    "A flow that a node lists as incoming or outgoing ends or begins there.",
)
def listed_flows_are_the_nodes_own(drawing: Drawing) -> Breaches:
    for node in drawing.each():
        own = {"incoming": node.incoming, "outgoing": node.outgoing}
        for part in parts(node.element):
            role = kind_of(part)
            if role not in own:
                continue
            flow = drawing.find(part.text)
            if flow is None or kind_of(flow) != "sequenceFlow":
                continue  # a dangling or wrong reference
            if all(one.element is not flow for one in own[role]):
                verb = "lead to" if role == "incoming" else "leave"
                yield part, f'"{reference(part.text)}" does not {verb} "{node.label}".', flow


@rule(
    "flow-unlisted",
    "8.4.13",
    "A node that lists incoming or outgoing flows lists every one of them.",
)
def lists_are_complete(drawing: Drawing) -> Breaches:
    for node in drawing.each():
        listed: dict[str, set[str]] = {}
        for part in parts(node.element):
            if kind_of(part) in ("incoming", "outgoing") and reference(part.text):
                listed.setdefault(kind_of(part), set()).add(reference(part.text))
        for role, names in listed.items():
            for flow in node.incoming if role == "incoming" else node.outgoing:
                identifier = flow.element.get("id")  # without one it cannot be listed
                if identifier and identifier not in names:
                    text = f'"{flow.id}" is not listed as {role} at "{node.label}".'
                    yield node.element, text, flow.element


@rule("default-misplaced", "8.4.13", "A default flow leaves an activity or a choosing gateway.")
def defaults_stand_where_they_may(drawing: Drawing) -> Breaches:
    for node in drawing.each():
        chooses = node.kind in ACTIVITIES or node.kind in CHOOSING
        if not chooses and node.element.get("default"):
            text = f"A {node.kind} has no default flow."
            yield node.element, text, *_default(drawing, node)


@rule("default-not-outgoing", "8.4.13", "A default flow leaves the node whose default it is.")
def defaults_leave_their_node(drawing: Drawing) -> Breaches:
    for node in drawing.each(*ACTIVITIES, *CHOOSING):
        default = reference(node.element.get("default"))
        if default and all(flow.element.get("id") != default for flow in node.outgoing):
            text = f'The default "{default}" does not leave "{node.label}".'
            yield node.element, text, *_default(drawing, node)


def _default(drawing: Drawing, node: Node) -> list[etree._Element]:
    found = drawing.referred(node.element, "default")
    return [] if found is None else [found]


@rule("default-with-condition", "8.4.13", "A default flow has no condition.")
def defaults_have_no_condition(drawing: Drawing) -> Breaches:
    for node in drawing.each(*ACTIVITIES, *CHOOSING):
        default = reference(node.element.get("default"))
        for flow in node.outgoing:
            if default and flow.element.get("id") == default and flow.condition is not None:
                yield from both(flow.element, node.element, "A default flow has no condition.")


@rule("condition-misplaced", "8.4.13", "Only activities and choosing gateways ask conditions.")
def conditions_are_asked(drawing: Drawing) -> Breaches:
    for flow in drawing.flows:
        node = flow.source
        if flow.condition is None or node is None or node.scope.is_choreography:
            continue
        if node.kind not in ACTIVITIES and node.kind not in CHOOSING:
            text = f"Nobody asks this condition: it leaves a {node.kind}."
            yield from both(flow.element, node.element, text)


@rule("condition-empty", "8.4.13", "A condition of an executable process says something.")
def conditions_say_something(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        for flow in scope.flows:
            if scope.executable and flow.condition is not None and not _content(flow.condition):
                yield flow.element, "The condition is empty."


def _content(condition: etree._Element) -> bool:
    """Some text, or a script that stands elsewhere."""
    return bool(text_of(condition)) or any("resource" in str(key) for key in condition.attrib)


@rule(
    "single-conditional-flow",
    "8.4.13",
    "Where a flow with a condition leaves an activity, another flow leaves it too.",
)
def conditions_leave_another_way(drawing: Drawing) -> Breaches:
    for node in drawing.each(*ACTIVITIES):
        if len(node.outgoing) == 1 and node.outgoing[0].condition is not None:
            text = f'This is the only way out of "{node.label}", so it has no condition.'
            yield from both(node.outgoing[0].element, node.element, text)


@rule(
    "flow-without-condition",
    "10.6.2",
    "Each way out of an executed exclusive gateway has a condition or is the default.",
)
def exclusive_gateways_can_choose(drawing: Drawing) -> Breaches:
    for node in drawing.each("exclusiveGateway"):
        default = reference(node.element.get("default"))
        if len(node.outgoing) < 2 or not node.scope.executable:
            continue
        for flow in node.outgoing:
            if flow.condition is None and flow.element.get("id") != default:
                text = f'"{flow.id}" leaves an exclusive gateway without condition or default.'
                yield from both(flow.element, node.element, text)


@rule(
    "unconditional-inclusive-flow",
    "10.6.3",
    "A way out of an inclusive gateway without condition is always taken.",
    warns=True,
)
def inclusive_gateways_ask(drawing: Drawing) -> Breaches:
    for node in drawing.each("inclusiveGateway"):
        default = reference(node.element.get("default"))
        if len(node.outgoing) < 2 or not node.scope.executable:
            continue
        for flow in node.outgoing:
            if flow.condition is None and flow.element.get("id") != default:
                yield flow.element, f'"{flow.id}" is always taken: it has no condition.'


@rule(
    "immediate-false",
    "8.4.13",
    "Between two nodes of an executable process nothing happens that is not drawn.",
)
def nothing_happens_between(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        for flow in scope.flows:
            if scope.executable and not says(flow.element, "isImmediate", default=True):
                yield flow.element, "isImmediate is not false in an executable process."


@rule(
    "flow-to-event-subprocess",
    "10.3.5",
    "No sequence flow leads into or out of an event subprocess.",
)
def event_subprocesses_stand_alone(drawing: Drawing) -> Breaches:
    for node in drawing.each("subProcess", "transaction", "adHocSubProcess"):
        if node.is_event_subprocess:
            for flow in (*node.incoming, *node.outgoing):
                text = f'"{node.label}" is begun by its event, not by a flow.'
                yield from both(flow.element, node.element, text)
