"""The drawing itself (BPMN 2.0.2, chapter 12). It moves no token, so nothing here refuses."""

from __future__ import annotations

from lxml import etree

from bpmn.model import reference
from bpmn.rules.drawing import Drawing, kind_of
from bpmn.rules.rule import Breaches, rule

_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_DRAWN = ("BPMNShape", "BPMNEdge", "BPMNPlane")
_LINES = frozenset(
    {
        "sequenceFlow", "messageFlow", "association", "conversationLink", "dataInputAssociation",
        "dataOutputAssociation",
    }
)  # fmt: skip
_PLANES = frozenset(
    {
        "process", "collaboration", "choreography", "globalConversation", "globalChoreographyTask",
        "subProcess", "transaction", "adHocSubProcess", "subChoreography", "subConversation",
    }
)  # fmt: skip


def _drawn(drawing: Drawing, *names: str) -> list[etree._Element]:
    return [element for name in names for element in drawing.root.iter(_DI + name)]


@rule("diagram-dangling", "12.2", "What is drawn stands in the model.", warns=True)
def drawings_show_something(drawing: Drawing) -> Breaches:
    for shape in _drawn(drawing, *_DRAWN):
        name = reference(shape.get("bpmnElement"))
        if name and name not in drawing.ids:
            yield shape, f'There is no element "{name}" to draw.'


@rule("diagram-id", "12.2", "An id of a drawing stands once in the file.", warns=True)
def ids_of_drawings_are_their_own(drawing: Drawing) -> Breaches:
    seen = set(drawing.ids)
    for element in drawing.root.iter(_DI + "*"):
        identifier = element.get("id")
        if identifier and identifier in seen:
            yield element, f'The id "{identifier}" is used already; a drawing has ids of its own.'
        seen.add(identifier or "")


@rule("diagram-twice", "12.2", "Within a diagram an element is drawn once.", warns=True)
def elements_are_drawn_once(drawing: Drawing) -> Breaches:
    for plane in _drawn(drawing, "BPMNPlane"):
        seen = set()
        for shape in plane.iterchildren(_DI + "BPMNShape", _DI + "BPMNEdge"):
            key = (reference(shape.get("bpmnElement")), shape.get("choreographyActivityShape"))
            if key[0] and key in seen:
                yield shape, f'"{key[0]}" is drawn already.'
            seen.add(key)


@rule(
    "diagram-kind",
    "12.2",
    "Flows and associations are drawn as edges, all else as shapes.",
    warns=True,
)
def lines_are_edges(drawing: Drawing) -> Breaches:
    for shape in _drawn(drawing, "BPMNShape", "BPMNEdge"):
        element = drawing.find(shape.get("bpmnElement"))
        is_edge = shape.tag == _DI + "BPMNEdge"
        if element is not None and is_edge != (kind_of(element) in _LINES):
            if is_edge and kind_of(element) == "message":
                continue
            yield shape, f"A {kind_of(element)} is not drawn so."


@rule(
    "diagram-plane",
    "12.2",
    "A plane shows a process, subprocess, collaboration or choreography.",
    warns=True,
)
def planes_show_scopes(drawing: Drawing) -> Breaches:
    for plane in _drawn(drawing, "BPMNPlane"):
        element = drawing.find(plane.get("bpmnElement"))
        if element is not None and kind_of(element) not in _PLANES:
            yield plane, f"A {kind_of(element)} has no plane of its own."
