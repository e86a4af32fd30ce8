"""A model as accessible SVG, rendered on the server from BPMN-DI.

Invariant: each flow node is a group that can be focused and that names itself, its kind, its
status and what follows, so the diagram can be read without seeing it; the result holds no script,
no style attribute and no reference to anything outside, so it fits a strict CSP.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lxml import etree

from bpmn.elements import FLOW_NODES
from bpmn.layout import Box, Edge, Plane, Point, Shape, read_plane
from bpmn.model import child, local, reference
from bpmn.reader import read_document
from bpmn.symbols import KINDS, STATUS, SVG, add, draw_badge, draw_name, draw_node, name_of, write

_MARGIN = 30.0
_NAMESPACES: dict[Any, str] = {None: SVG}  # the stub knows no default namespace
Leaves = Mapping[str, Shape]
"""Shapes by the id of their element: where an edge leaves."""
_BEHIND = {"participant": 0, "lane": 1, "frame": 1, "group": 2, "band": 4}


def diagram_svg(
    source: bytes, marks: Mapping[str, str] | None = None, process: str | None = None
) -> str:
    """The diagram that shows the process, else the file's first; `marks` says "active", "incident"
    or "done" by element id.

    Raises `ModelRefused` where the source is no XML that may be read.
    """
    root = read_document(source, "model.bpmn").root
    plane = read_plane(root, process)
    svg = _canvas(plane)
    marks = marks or {}
    _describe(svg, root, plane, marks)
    flows = add(svg, "g", class_="flows", aria_hidden="true")
    nodes = add(svg, "g", class_="nodes")
    following = _following(plane)
    for shape in sorted(plane.shapes, key=_order):
        _node(nodes, shape, marks.get(shape.element.get("id", "")), following)
    leaves = {shape.element.get("id", ""): shape for shape in plane.shapes}
    for edge in plane.edges:
        _edge(flows, edge, marks.get(edge.element.get("id", "")), leaves)
    return etree.tostring(svg, encoding="unicode")


def _canvas(plane: Plane) -> etree._Element:
    xs, ys = [0.0, 100.0], [0.0, 50.0]
    boxes = [s.box for s in plane.shapes] + [s.label for s in plane.shapes if s.label]
    if boxes:
        xs = [x for b in boxes for x in (b.x, b.x + b.width)]
        ys = [y for b in boxes for y in (b.y, b.y + b.height + 20)]
    xs += [x for edge in plane.edges for x, _ in edge.points]
    ys += [y for edge in plane.edges for _, y in edge.points]
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    width, height = max(xs) - left + _MARGIN, max(ys) - top + _MARGIN
    svg = etree.Element(f"{{{SVG}}}svg", nsmap=_NAMESPACES)
    svg.set("viewBox", f"{left:g} {top:g} {width:g} {height:g}")
    svg.set("width", f"{width:g}")
    svg.set("height", f"{height:g}")
    svg.set("class", "bpmn-diagram")
    svg.set("lang", "de")
    svg.set("role", "graphics-document document")
    svg.set("aria-roledescription", "BPMN-Diagramm")
    for name, value in (
        ("fill", "none"), ("stroke", "currentColor"), ("stroke-width", "1.5"),
        ("font-size", "12"), ("font-family", "sans-serif"),
    ):  # fmt: skip
        svg.set(name, value)
    return svg


def _describe(
    svg: etree._Element, root: etree._Element, plane: Plane, marks: Mapping[str, str]
) -> None:
    named = [part for part in root if local(part) in ("process", "collaboration")]
    titles = [part.get("name") or "" for part in named] + [part.get("id") or "" for part in named]
    add(svg, "title").text = next(filter(None, titles), "Modell")
    drawn = [shape for shape in plane.shapes if shape.kind in FLOW_NODES]
    text = f"Ablauf mit {len(drawn)} Elementen."
    for status, (word, _) in STATUS.items():
        names = [_name(s) for s in drawn if marks.get(s.element.get("id", "")) == status]
        if names:
            text += f" {word.capitalize()}: {', '.join(names[:20])}."
    add(svg, "desc").text = text


def _name(shape: Shape) -> str:
    return name_of(shape) or shape.element.get("id") or ""


def _following(plane: Plane) -> dict[str, list[str]]:
    """By node: the names of what its sequence flows lead to, with the flow's own name."""
    names = {shape.element.get("id", ""): _name(shape) for shape in plane.shapes}
    found: dict[str, list[str]] = {}
    for edge in plane.edges:
        if edge.kind == "sequenceFlow":
            target = reference(edge.element.get("targetRef"))
            said = edge.element.get("name")
            text = names.get(target, target) + (f" ({said})" if said else "")
            found.setdefault(reference(edge.element.get("sourceRef")), []).append(text)
    return found


def _order(shape: Shape) -> tuple[int, float, float]:
    """Frames behind, then from left to right: the order of drawing and of the Tab key."""
    x = shape.box.middle[0] if shape.kind == "boundaryEvent" else shape.box.x
    return (_BEHIND.get(shape.kind, 3), x, shape.box.y)


def _node(
    parent: etree._Element, shape: Shape, status: str | None, following: dict[str, list[str]]
) -> None:
    identifier = shape.element.get("id", "")
    name = _name(shape)
    kind = KINDS.get(shape.kind, shape.kind)
    group = add(parent, "g", class_=" ".join(filter(None, ("node", shape.kind, status))))
    group.set("data-element", identifier)
    spoken = f"{kind}: {name}" + (f", {STATUS[status][0]}" if status else "")
    group.set("aria-label", spoken)
    if shape.kind in FLOW_NODES:
        group.set("role", "graphics-symbol img")
        group.set("tabindex", "0")
    else:
        group.set("role", "img")
    add(group, "title").text = spoken
    if after := following.get(identifier):
        add(group, "desc").text = f"Weiter zu: {', '.join(after[:20])}"
    draw_node(group, shape)
    if own := name_of(shape):
        draw_name(group, shape, own)
    if status:
        draw_badge(group, shape, status)


def _edge(parent: etree._Element, edge: Edge, status: str | None, leaves: Leaves) -> None:
    group = add(parent, "g", class_=" ".join(filter(None, ("edge", edge.kind, status))))
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in edge.points)
    line = add(group, "path", d=path)
    if edge.kind == "conversationLink":
        line.set("stroke-width", "3")
    elif edge.kind != "sequenceFlow":
        line.set("stroke-dasharray", "2 4" if "ssociation" in edge.kind else "8 4")
    if edge.kind in ("sequenceFlow", "messageFlow"):
        tip = add(group, "polygon", class_="tip", points=_arrow(edge.points[-2], edge.points[-1]))
        tip.set("fill", "currentColor" if edge.kind == "sequenceFlow" else "white")
    for before, end in _open_tips(edge):
        add(group, "polyline", class_="tip", points=_arrow(before, end, open_=True))
    _tail(group, edge, leaves)
    if name := edge.element.get("name"):
        write(group, edge.label or _beside(edge), name, "middle", centred=False)


def _tail(group: etree._Element, edge: Edge, leaves: Leaves) -> None:
    """The sign where a line begins: of a message, a condition, a default (BPMN 2.0.2, 7.3)."""
    (x, y), after = edge.points[0], edge.points[1]
    if edge.kind == "messageFlow":
        add(group, "circle", class_="tail", cx=x, cy=y, r=4.0, fill="white")
        return
    source = leaves.get(reference(edge.element.get("sourceRef")))
    if edge.kind != "sequenceFlow" or source is None:
        return
    angle = math.atan2(after[1] - y, after[0] - x)
    along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

    def at(forward: float, aside: float) -> str:
        return (
            f"{x + forward * along[0] + aside * across[0]:.1f},"
            f"{y + forward * along[1] + aside * across[1]:.1f}"
        )

    if reference(source.element.get("default")) == edge.element.get("id"):
        add(group, "polyline", class_="tail", points=f"{at(6, -6)} {at(14, 6)}")
    elif (
        not source.kind.endswith("Gateway")
        and child(edge.element, "conditionExpression") is not None
    ):
        points = f"{at(0, 0)} {at(8, -5)} {at(16, 0)} {at(8, 5)}"
        add(group, "polygon", class_="tail", points=points, fill="white")


def _open_tips(edge: Edge) -> list[tuple[Point, Point]]:
    """Directed associations end in open arrows."""
    said = edge.element.get("associationDirection", "None")
    ends = [(edge.points[-2], edge.points[-1])]
    if edge.kind.startswith("data") or (edge.kind == "association" and said == "One"):
        return ends
    if edge.kind == "association" and said == "Both":
        return [*ends, (edge.points[1], edge.points[0])]
    return []


def _arrow(before: Point, tip: Point, *, open_: bool = False) -> str:
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
    one, other = (
        (tip[0] - 10 * math.cos(angle + turn), tip[1] - 10 * math.sin(angle + turn))
        for turn in (0.4, -0.4)
    )
    corners = [one, tip, other] if open_ else [tip, one, other]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _beside(edge: Edge) -> Box:
    (x1, y1), (x2, y2) = edge.points[0], edge.points[1]
    return Box((x1 + x2) / 2 - 40, (y1 + y2) / 2 - 20, 80, 28)
