"""Data associations (BPMN 2.0.2, 10.4.2) and associations of artifacts (8.4.1)."""

from __future__ import annotations

from bpmn.model import reference
from bpmn.rules.drawing import Drawing, Element, holder_of, kind_of, named_parts, part, references
from bpmn.rules.references import ITEM_AWARE
from bpmn.rules.rule import Breaches, rule

_SCOPED = ITEM_AWARE - {"dataStoreReference"}
"""Data that lives and is seen in one scope; a store outlives the processes that it serves."""
_INTO = "dataInputAssociation"
_OUT = "dataOutputAssociation"


def _owner(data: Element) -> Element:
    """The activity, event or process whose input or output this is."""
    owner = holder_of(data)
    return holder_of(owner) if kind_of(owner) == "ioSpecification" else owner


@rule(
    "association-own-end",
    "10.4.1",
    "Data flows into inputs of the node that it is drawn at, and out of that node's outputs.",
)
def own_end_is_the_nodes(drawing: Drawing) -> Breaches:
    for kind, end, allowed in (
        (_INTO, "targetRef", ("dataInput", "inputDataItem", "property")),
        (_OUT, "sourceRef", ("dataOutput", "outputDataItem", "property")),
    ):
        for association in drawing.all(kind):
            node = holder_of(association)
            for ref in named_parts(association, end):
                data = drawing.find(ref.text)
                if data is None or kind_of(data) not in ITEM_AWARE:
                    continue
                if kind_of(data) not in allowed or not _is_within(data, node):
                    text = f'"{reference(ref.text)}" is no {allowed[0]} of this element.'
                    yield ref, text


def _is_within(data: Element, node: Element) -> bool:
    owner = _owner(data)
    if kind_of(owner).endswith("LoopCharacteristics"):
        owner = holder_of(owner)
    return owner is node


@rule(
    "association-other-end",
    "10.4.1",
    "The other end of a data association is data that the node can see.",
)
def other_end_is_visible(drawing: Drawing) -> Breaches:
    for kind, end in ((_INTO, "sourceRef"), (_OUT, "targetRef")):
        for association in drawing.all(kind):
            node = holder_of(association)
            for ref in named_parts(association, end):
                data = drawing.find(ref.text)
                if data is None or kind_of(data) not in _SCOPED:
                    continue
                owner = _owner(data)
                if kind_of(owner).endswith("LoopCharacteristics"):
                    owner = holder_of(owner)
                if owner is not node and owner not in node.iterancestors():
                    yield ref, f'"{reference(ref.text)}" is not visible from here.'


@rule(
    "association-direction",
    "10.4.1",
    "Nothing is written into the inputs of a process, and nothing read from its outputs.",
)
def process_data_keeps_its_direction(drawing: Drawing) -> Breaches:
    for kind, end, wrong in (
        (_OUT, "targetRef", "dataInput"),
        (_INTO, "sourceRef", "dataOutput"),
    ):
        for association in drawing.all(kind):
            for ref in named_parts(association, end):
                data = drawing.find(ref.text)
                if data is not None and kind_of(data) == wrong:
                    verb = "written" if wrong == "dataInput" else "read"
                    yield ref, f'"{reference(ref.text)}" is a {wrong}; it is not {verb} here.'


@rule(
    "association-several-sources",
    "10.4.2",
    "A data association with several sources says how they become one.",
)
def several_sources_are_transformed(drawing: Drawing) -> Breaches:
    for association in drawing.all(_INTO, _OUT):
        if len(references(association, "sourceRef")) < 2:
            continue
        if part(association, "transformation") is None and not named_parts(
            association, "assignment"
        ):
            yield association, "Several sources need a transformation."


@rule(
    "association-without-source",
    "10.4.2",
    "A data association into a node has a source, or assignments that say what comes in.",
    warns=True,
)
def inputs_have_a_source(drawing: Drawing) -> Breaches:
    for association in drawing.all(_INTO):
        computed = named_parts(association, "assignment", "transformation")
        if not references(association, "sourceRef") and not computed:
            yield association, "Nothing comes in here: there is no source."


@rule(
    "association-item",
    "10.4.2",
    "Data that is copied keeps its item definition.",
)
def items_are_alike(drawing: Drawing) -> Breaches:
    for association in drawing.all(_INTO, _OUT):
        if named_parts(association, "transformation", "assignment"):
            continue
        ends = named_parts(association, "sourceRef", "targetRef")
        items = {item for ref in ends if (item := _item(drawing, ref.text))}
        if len(items) > 1:
            yield association, f"Source and target differ: {', '.join(sorted(items))}."


def _item(drawing: Drawing, text: str | None) -> str:
    data = drawing.find(text)
    if (
        data is not None
        and kind_of(data) == "dataObjectReference"
        and not data.get("itemSubjectRef")
    ):
        data = drawing.referred(data, "dataObjectRef")
    if data is not None and kind_of(data) == "dataStoreReference":
        data = drawing.referred(data, "dataStoreRef")
    return "" if data is None else reference(data.get("itemSubjectRef"))


@rule(
    "association-ends",
    "8.4.1",
    "An association has an artifact or data at an end, or ties a compensation event to a handler.",
    warns=True,
)
def associations_tie_artifacts(drawing: Drawing) -> Breaches:
    artifacts = ITEM_AWARE | {"textAnnotation", "group", "message"}
    for association in drawing.all("association"):
        ends = [drawing.referred(association, name) for name in ("sourceRef", "targetRef")]
        found = [end for end in ends if end is not None]
        if len(found) < 2 or any(kind_of(end) in artifacts for end in found):
            continue
        nodes = [drawing.node_of[end] for end in found if end in drawing.node_of]
        if not any("compensate" in node.triggers for node in nodes):
            yield association, "Neither end is an artifact; a sequence flow would move the token."
