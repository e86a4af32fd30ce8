"""Signs at the lower edge of an activity: what of it repeats, undoes, opens (BPMN 2.0.2, 10.3).

Invariant: each sign is a path of 16 × 16, drawn for this project; their order is fixed.
"""

from __future__ import annotations

from lxml import etree

from bpmn.layout import Shape
from bpmn.model import local

EXPANDABLE = frozenset({"subProcess", "transaction", "adHocSubProcess", "subChoreography"})
_CLOSED = EXPANDABLE | {"callActivity", "callChoreography", "subConversation", "callConversation"}
_TRUE = ("true", "1")

_LOOP = "M5.500 13.500A6 6 0 1 1 10 13.700M5.500 13.500L2 13M5.500 13.500L6.500 10"
_PARALLEL = "M4 2v12M8 2v12M12 2v12"
SEVERAL = _PARALLEL
_SEQUENTIAL = "M2 4h12M2 8h12M2 12h12"
_COMPENSATION = "M8 3v10L2 8zM14 3v10L8 8z"
_AD_HOC = "M2 9c2-5 4-4 6-1s4 4 6-1"
_CLOSED_SIGN = "M1 1h14v14H1zM8 4v8M4 8h8"


def markers_of(shape: Shape) -> list[str]:
    """The paths of the signs, from left to right."""
    element = shape.element
    found = [path for part in element.iterchildren(etree.Element) if (path := _repeats(part))]
    if element.get("isForCompensation", "false") in _TRUE:
        found.append(_COMPENSATION)
    if shape.kind == "adHocSubProcess":
        found.append(_AD_HOC)
    if shape.kind in _CLOSED and not (shape.expanded and shape.kind in EXPANDABLE):
        found.append(_CLOSED_SIGN)
    return found


def _repeats(part: etree._Element) -> str:
    if local(part) == "standardLoopCharacteristics":
        return _LOOP
    if local(part) == "multiInstanceLoopCharacteristics":
        return _SEQUENTIAL if part.get("isSequential", "false") in _TRUE else _PARALLEL
    return ""
