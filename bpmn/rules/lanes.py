"""Lanes (BPMN 2.0.2, 10.8): each sorts nodes of the process that it is drawn in."""

from __future__ import annotations

from bpmn.model import reference
from bpmn.rules.drawing import Drawing, Element, holder_of, kind_of, named_parts, part, parts
from bpmn.rules.rule import Breaches, both, rule


@rule("lane-of-others", "10.8", "A lane holds flow nodes of its own process or subprocess.")
def lanes_hold_their_own(drawing: Drawing) -> Breaches:
    for lane in drawing.all("lane"):
        scope = holder_of(lane)
        while kind_of(scope) in ("laneSet", "lane", "childLaneSet"):
            scope = holder_of(scope)
        for ref in named_parts(lane, "flowNodeRef"):
            node = drawing.node_of.get(drawing.find(ref.text))  # type: ignore[arg-type]
            if node is not None and scope not in node.element.iterancestors():
                text = f'"{reference(ref.text)}" does not lie in "{scope.get("id")}".'
                yield ref, text, node.element


@rule(
    "lane-twice",
    "10.8",
    "A flow node lies in one lane of a lane set.",
    warns=True,
)
def nodes_lie_in_one_lane(drawing: Drawing) -> Breaches:
    for lanes in drawing.all("laneSet", "childLaneSet"):
        first: dict[str, str] = {}
        for lane in parts(lanes):
            for ref in named_parts(lane, "flowNodeRef"):
                name = reference(ref.text)
                there = first.setdefault(name, lane.get("id") or "")
                if there != (lane.get("id") or ""):
                    yield ref, f'"{name}" lies in the lane "{there}" already.'


@rule(
    "lane-partition",
    "10.8",
    "What the lanes of a lane set stand for is of one kind, as resources are.",
)
def lanes_part_by_one_kind(drawing: Drawing) -> Breaches:
    for lanes in drawing.all("laneSet", "childLaneSet"):
        parted = [(lane, _partition(drawing, lane)) for lane in parts(lanes)]
        kinds = [(lane, kind) for lane, kind in parted if kind]
        for lane, kind in kinds[1:]:
            first, wanted = kinds[0]
            if kind != wanted:
                text = f'Beside "{first.get("id")}", which stands for a {wanted}, a {kind} is none.'
                yield from both(lane, first, text)


def _partition(drawing: Drawing, lane: Element) -> str:
    """The kind of element that a lane stands for."""
    inside = part(lane, "partitionElement")
    if inside is not None:
        return str(inside.get(_TYPE) or "").rpartition(":")[2]
    found = drawing.referred(lane, "partitionElementRef")
    return "" if found is None else kind_of(found)


_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@rule("lane-data", "10.8", "Lanes sort flow nodes, not data or artifacts.", warns=True)
def lanes_sort_flow_nodes(drawing: Drawing) -> Breaches:
    for ref in drawing.all("flowNodeRef"):
        element = drawing.find(ref.text)
        if element is not None and element not in drawing.node_of:
            yield ref, f'"{reference(ref.text)}" is a {kind_of(element)}; it has no effect here.'
