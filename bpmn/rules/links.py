"""Link events (BPMN 2.0.2, 10.5.5): pairs by name within one scope."""

from __future__ import annotations

from bpmn.model import reference
from bpmn.rules.drawing import Drawing, Element, Node, Scope, kind_of, parts
from bpmn.rules.rule import Breaches, both, rule


@rule("link-without-catch", "10.5.5", "Each link that is thrown is caught in the same scope.")
def thrown_links_are_caught(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        for node, name in _links(scope, "intermediateThrowEvent"):
            if name not in scope.links:
                yield node.element, f'Nobody catches the link "{name}" in this scope.'


@rule("link-without-throw", "10.5.5", "Each link that is caught is thrown in the same scope.")
def caught_links_are_thrown(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        thrown = {name for _node, name in _links(scope, "intermediateThrowEvent")}
        for node, name in _links(scope, "intermediateCatchEvent"):
            if name not in thrown:
                yield node.element, f'Nobody throws the link "{name}" in this scope.'


@rule("link-caught-twice", "10.5.5", "A link is caught once in its scope.")
def links_are_caught_once(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        for name, nodes in scope.links.items():
            for node in nodes[1:]:
                text = f'"{nodes[0].label}" and "{node.label}" both catch the link "{name}".'
                yield from both(node.element, nodes[0].element, text)


@rule("link-unnamed", "10.5.5", "A link has a name.")
def links_have_a_name(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        for kind in ("intermediateCatchEvent", "intermediateThrowEvent"):
            for node, name in _links(scope, kind):
                if not name:
                    yield node.element, f'"{node.label}" is a link without name.'


@rule("link-flow", "10.5.4", "No flow leads to a link that is caught, none leaves a thrown one.")
def links_are_their_own_way(drawing: Drawing) -> Breaches:
    for node in drawing.each("intermediateCatchEvent", "intermediateThrowEvent"):
        if "link" not in node.triggers:
            continue
        catches = node.kind == "intermediateCatchEvent"
        for flow in node.incoming if catches else node.outgoing:
            text = "is reached by its link" if catches else "goes on at the link's other end"
            yield from both(flow.element, node.element, f'"{node.label}" {text}, not by a flow.')


@rule("link-leads-nowhere", "10.5.4", "A flow leads to a thrown link and leaves a caught one.")
def links_are_on_the_way(drawing: Drawing) -> Breaches:
    for node in drawing.each("intermediateCatchEvent", "intermediateThrowEvent"):
        if "link" in node.triggers:
            catches = node.kind == "intermediateCatchEvent"
            if not (node.outgoing if catches else node.incoming):
                text = "leaves" if catches else "leads to"
                yield node.element, f'No sequence flow {text} the link "{node.label}".'


@rule(
    "link-partner",
    "10.5.5",
    "The source of a link is thrown, its target caught, and both have the link's name.",
)
def links_name_their_partner(drawing: Drawing) -> Breaches:
    for definition in drawing.all("linkEventDefinition"):
        event = drawing.node_of.get(definition.getparent())  # type: ignore[arg-type]
        for part in parts(definition):
            if kind_of(part) not in ("source", "target"):
                continue
            partner = drawing.find(part.text)
            if partner is not None and not _is_partner(drawing, event, definition, part, partner):
                text = f'"{reference(part.text)}" is not the other end of this link.'
                yield part, text, partner


def _is_partner(
    drawing: Drawing, event: Node | None, definition: Element, part: Element, partner: Element
) -> bool:
    holder = partner.getparent() if kind_of(partner) == "linkEventDefinition" else partner
    other = None if holder is None else drawing.node_of.get(holder)
    if event is None or other is None:
        return True  # a definition beside the processes: nothing to compare
    throws, catches = "intermediateThrowEvent", "intermediateCatchEvent"
    needed = (catches, throws) if kind_of(part) == "source" else (throws, catches)
    names = [one.get("name") for one in other.definitions]
    return (event.kind, other.kind) == needed and definition.get("name") in names


def _links(scope: Scope, kind: str) -> list[tuple[Node, str]]:
    return [(node, name) for node in scope.of_kind(kind) for name in node.linked]
