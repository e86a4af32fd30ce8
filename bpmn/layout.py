"""Where the elements of a model stand: BPMN-DI, or a plain left-to-right order without it.

Invariant: coordinates are finite and small enough to draw, whatever the file says.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

from lxml import etree

from bpmn.elements import BPMN, FLOW_NODES, SUBPROCESSES
from bpmn.model import local, reference

_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_WAY = "http://www.omg.org/spec/DD/20100524/DI"
_NO = ("false", "0")
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
    expanded: bool | None = None
    """None where nobody has said it yet."""
    shown: tuple[etree._Element, ...] = ()
    """What the element refers to for its looks: data object, category value, definitions."""


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


def read_plane(root: etree._Element, process: str | None = None) -> Plane:
    """The diagram of the file that shows the process, else the first; an order of our own where
    the file has none. What is drawn without a place is put where it can be seen, and what lies in
    a closed subprocess and has a diagram of its own stands below."""
    elements = {
        element.get("id", ""): element
        for element in root.iter(f"{{{BPMN}}}*")
        if element.get("id") is not None
    }
    planes = root.findall(f"{{{_DI}}}BPMNDiagram/{{{_DI}}}BPMNPlane")
    first = _plane_of(planes, elements.get(process or ""))
    drawn = Plane((), ()) if first is None else _drawn(first, elements)
    if not drawn.shapes:
        return _ordered(root, elements)
    within = {reference(plane.get("bpmnElement")): plane for plane in planes if plane is not first}
    looked = 0
    while looked < len(drawn.shapes):
        shape = drawn.shapes[looked]
        looked += 1
        inside = within.pop(shape.element.get("id", ""), None)
        if inside is not None and shape.kind in SUBPROCESSES:
            drawn = _with_content(drawn, shape.element, _drawn(inside, elements))
    return drawn


def _drawn(plane: etree._Element, elements: dict[str, etree._Element]) -> Plane:
    shapes, lines, lost = [], [], []
    for part in plane.iterchildren(etree.Element):
        element = elements.get(reference(part.get("bpmnElement")))
        if element is None:
            continue
        if local(part) == "BPMNShape":
            box = _box(part.find(f"{{{_DC}}}Bounds"))
            if box is None or not (box.width and box.height):
                lost.append(element)
            else:
                shapes.append(_shape(part, element, box, _shown(element, elements)))
        elif local(part) == "BPMNEdge":
            lines.append((part, element))
    if shapes:
        shapes += _below(shapes, lost)
    boxes = {shape.element.get("id", ""): shape.box for shape in shapes if shape.kind != "band"}
    edges = (_line(part, element, boxes) for part, element in lines)
    return Plane(_opened(shapes), tuple(edge for edge in edges if edge is not None))


def _with_content(plane: Plane, holder: etree._Element, content: Plane) -> Plane:
    """A closed subprocess's own diagram, in a frame under what is drawn already."""
    if not content.shapes:
        return plane
    low = max(shape.box.y + shape.box.height for shape in plane.shapes) + 80
    left = min(shape.box.x for shape in plane.shapes)
    around = [shape.box for shape in content.shapes]
    x, y = min(box.x for box in around), min(box.y for box in around)
    width = max(box.x + box.width for box in around) - x + 60
    height = max(box.y + box.height for box in around) - y + 90
    by = (left + 30 - x, low + 40 - y)
    frame = Shape(holder, "frame", Box(left, low, width, height))
    shapes = [
        replace(shape, box=_moved(shape.box, by), label=shape.label and _moved(shape.label, by))
        for shape in content.shapes
    ]
    edges = [
        replace(
            edge,
            points=tuple((x + by[0], y + by[1]) for x, y in edge.points),
            label=edge.label and _moved(edge.label, by),
        )
        for edge in content.edges
    ]
    return Plane((*plane.shapes, frame, *shapes), (*plane.edges, *edges))


def _moved(box: Box, by: Point) -> Box:
    return replace(box, x=box.x + by[0], y=box.y + by[1])


def _plane_of(planes: list[etree._Element], wanted: etree._Element | None) -> etree._Element | None:
    """The plane that shows the process itself, its pool, or most of what is in it."""
    if wanted is None or len(planes) < 2:
        return planes[0] if planes else None
    process = wanted.get("id")
    inside = {each.get("id") for each in wanted.iter(f"{{{BPMN}}}*")}

    def shown(plane: etree._Element) -> int:
        drawn = (reference(part.get("bpmnElement")) for part in plane.iterchildren(etree.Element))
        nodes = sum(1 for name in drawn if name in inside)
        return nodes + (reference(plane.get("bpmnElement")) == process) * len(inside)

    return max(planes, key=shown)


def _shown(
    element: etree._Element, elements: dict[str, etree._Element]
) -> tuple[etree._Element, ...]:
    names = [element.get("dataObjectRef"), element.get("categoryValueRef")]
    names += [part.text for part in element.iterchildren(f"{{{BPMN}}}eventDefinitionRef")]
    found = (elements.get(reference(name)) for name in names if name)
    return tuple(each for each in found if each is not None)


def _shape(
    part: etree._Element, element: etree._Element, box: Box, shown: tuple[etree._Element, ...]
) -> Shape:
    kind = "band" if part.get("choreographyActivityShape") else local(element)
    label = _box(part.find(f"{{{_DI}}}BPMNLabel/{{{_DC}}}Bounds"))
    horizontal = part.get("isHorizontal", "true") not in _NO
    said = part.get("isExpanded", "")
    expanded = {"true": True, "1": True, "false": False, "0": False}.get(said)
    return Shape(element, kind, box, label, horizontal, expanded, shown)


def _opened(shapes: list[Shape]) -> tuple[Shape, ...]:
    """A subprocess that does not say whether it is open is so where its parts are drawn."""
    holders = {shape.element.getparent() for shape in shapes}
    return tuple(
        replace(shape, expanded=shape.element in holders) if shape.expanded is None else shape
        for shape in shapes
    )


def _below(shapes: list[Shape], lost: list[etree._Element]) -> list[Shape]:
    """Nodes that are drawn without a place, in a row under the drawing."""
    nodes = [element for element in lost if local(element) in FLOW_NODES]
    left = min(shape.box.x for shape in shapes)
    top = max(shape.box.y + shape.box.height for shape in shapes) + 60
    return [
        Shape(element, local(element), Box(left + number * 150, top, *_size(local(element))))
        for number, element in enumerate(nodes)
    ]


def _line(part: etree._Element, element: etree._Element, boxes: dict[str, Box]) -> Edge | None:
    """An edge as it is drawn, or straight from end to end where it has no way."""
    points = tuple(_point(way) for way in part.iterchildren(f"{{{_WAY}}}waypoint"))
    if len(points) < 2:
        ends = (boxes.get(reference(element.get(name))) for name in ("sourceRef", "targetRef"))
        start, end = ends
        if start is None or end is None:
            return None
        points = (start.middle, end.middle)
    label = _box(part.find(f"{{{_DI}}}BPMNLabel/{{{_DC}}}Bounds"))
    return Edge(element, local(element), points[:MAX_WAYPOINTS], label)


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
        width, height = _size(local(element))
        boxes[name] = Box(place * 150 + 50 - width / 2, row * 120 + 50 - height / 2, width, height)
    return boxes


def _size(kind: str) -> tuple[float, float]:
    if kind.endswith("Event"):
        return 36.0, 36.0
    return (50.0, 50.0) if kind.endswith("Gateway") else (100.0, 80.0)
