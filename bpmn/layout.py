"""Where the elements of a model stand: BPMN-DI, or a plain left-to-right order without it.

Invariant: coordinates are finite and small enough to draw, whatever the file says.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from lxml import etree

from bpmn.elements import BPMN, FLOW_NODES
from bpmn.model import local, reference

_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_WAY = "http://www.omg.org/spec/DD/20100524/DI"
_FAR = 100_000.0
MAX_WAYPOINTS = 200

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> Point:
        return (self.x + self.width / 2, self.y + self.height / 2)


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn element. `label` is where its name stands, if the file says so."""

    element: etree._Element
    kind: str
    box: Box
    label: Box | None = None
    horizontal: bool = True
    expanded: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    element: etree._Element
    kind: str
    points: tuple[Point, ...]
    label: Box | None = None


@dataclass(frozen=True, slots=True)
class Plane:
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]


def read_plane(root: etree._Element) -> Plane:
    """The first diagram of the file, or an order of our own where it has none."""
    elements = {
        element.get("id", ""): element
        for element in root.iter(f"{{{BPMN}}}*")
        if element.get("id") is not None
    }
    plane = root.find(f"{{{_DI}}}BPMNDiagram/{{{_DI}}}BPMNPlane")
    shapes, edges = [], []
    for part in [] if plane is None else plane.iterchildren(etree.Element):
        element = elements.get(reference(part.get("bpmnElement")))
        if element is None:
            continue
        label = _box(part.find(f"{{{_DI}}}BPMNLabel/{{{_DC}}}Bounds"))
        if local(part) == "BPMNShape" and (box := _box(part.find(f"{{{_DC}}}Bounds"))):
            horizontal = part.get("isHorizontal", "true") != "false"
            expanded = part.get("isExpanded", "true") != "false"
            shapes.append(Shape(element, local(element), box, label, horizontal, expanded))
        elif local(part) == "BPMNEdge":
            points = tuple(_point(way) for way in part.iterchildren(f"{{{_WAY}}}waypoint"))
            if len(points) > 1:
                edges.append(Edge(element, local(element), points[:MAX_WAYPOINTS], label))
    if shapes:
        return Plane(tuple(shapes), tuple(edges))
    return _ordered(root, elements)


def _number(text: str | None) -> float:
    try:
        number = float(text or "0")
    except ValueError:
        return 0.0
    return max(-_FAR, min(_FAR, number)) if math.isfinite(number) else 0.0


def _point(element: etree._Element) -> Point:
    return (_number(element.get("x")), _number(element.get("y")))


def _box(element: etree._Element | None) -> Box | None:
    if element is None:
        return None
    width, height = (max(0.0, _number(element.get(name))) for name in ("width", "height"))
    return Box(*_point(element), width, height)


def _ordered(root: etree._Element, elements: dict[str, etree._Element]) -> Plane:
    """Columns by distance from the start, rows in the order of the file."""
    nodes = {
        name: element
        for name, element in elements.items()
        if local(element) in FLOW_NODES
        and (parent := element.getparent()) is not None
        and local(parent) == "process"
    }
    flows = [
        (element, source, target)
        for element in root.iter(f"{{{BPMN}}}sequenceFlow")
        if (source := reference(element.get("sourceRef"))) in nodes
        and (target := reference(element.get("targetRef"))) in nodes
    ]
    boxes = _columns(nodes, [(source, target) for _, source, target in flows])
    shapes = [Shape(nodes[name], local(nodes[name]), box) for name, box in boxes.items()]
    edges = []
    for element, source, target in flows:
        start, end = boxes[source], boxes[target]
        points = ((start.x + start.width, start.middle[1]), (end.x, end.middle[1]))
        edges.append(Edge(element, "sequenceFlow", points))
    return Plane(tuple(shapes), tuple(edges))


def _columns(nodes: dict[str, etree._Element], flows: list[tuple[str, str]]) -> dict[str, Box]:
    following: dict[str, list[str]] = {}
    for source, target in flows:
        following.setdefault(source, []).append(target)
    for name, element in nodes.items():
        if host := reference(element.get("attachedToRef")):
            following.setdefault(host, []).append(name)
    targets = {target for _, target in flows}
    column: dict[str, int] = {}
    queue = deque(
        (n, 0) for n, e in nodes.items() if n not in targets and not e.get("attachedToRef")
    )
    while queue:
        name, depth = queue.popleft()
        if name not in column and name in nodes:
            column[name] = depth
            queue.extend((after, depth + 1) for after in following.get(name, ()))
    rows: dict[int, int] = {}
    boxes = {}
    for name, element in nodes.items():
        place = column.get(name, 0)
        row = rows[place] = rows.get(place, -1) + 1
        kind = local(element)
        width, height = (36, 36) if "Event" in kind else (100, 80)
        width, height = (50, 50) if kind.endswith("Gateway") else (width, height)
        boxes[name] = Box(place * 150 + 50 - width / 2, row * 120 + 50 - height / 2, width, height)
    return boxes
