"""The drawing of one node: outline, symbol, status badge and wrapped name, as SVG elements.

Invariant: colours come from CSS classes over `currentColor`, and a status has a sign besides
its colour; there is no style attribute, no script and no reference to anything outside.
"""

from __future__ import annotations

from lxml import etree

from bpmn.layout import Box, Shape
from bpmn.markers import EXPANDABLE, SEVERAL, markers_of
from bpmn.model import child, local, text_of

SVG = "http://www.w3.org/2000/svg"
LINE_HEIGHT = 14.0
_CHARACTER = 6.4
_MAX_LINES = 8
_MAX_NAME = 400

CONVERSATIONS = frozenset({"conversation", "subConversation", "callConversation"})
STATUS = {"active": ("aktiv", "▶"), "incident": ("Störung", "!"), "done": ("erledigt", "✓")}

KINDS = {
    "startEvent": "Startereignis",
    "endEvent": "Endereignis",
    "intermediateCatchEvent": "Zwischenereignis",
    "intermediateThrowEvent": "Zwischenereignis",
    "boundaryEvent": "Angeheftetes Ereignis",
    "task": "Aufgabe",
    "manualTask": "Manuelle Aufgabe",
    "userTask": "Benutzeraufgabe",
    "serviceTask": "Serviceaufgabe",
    "sendTask": "Sendeaufgabe",
    "receiveTask": "Empfangsaufgabe",
    "scriptTask": "Skriptaufgabe",
    "businessRuleTask": "Entscheidungsaufgabe",
    "subProcess": "Teilprozess",
    "transaction": "Transaktion",
    "adHocSubProcess": "Ad-hoc-Teilprozess",
    "callActivity": "Prozessaufruf",
    "exclusiveGateway": "Exklusives Gateway",
    "parallelGateway": "Paralleles Gateway",
    "inclusiveGateway": "Inklusives Gateway",
    "complexGateway": "Komplexes Gateway",
    "eventBasedGateway": "Ereignisbasiertes Gateway",
    "participant": "Pool",
    "lane": "Bahn",
    "textAnnotation": "Anmerkung",
    "dataObjectReference": "Datenobjekt",
    "dataStoreReference": "Datenspeicher",
    "dataInput": "Dateneingang",
    "dataOutput": "Datenausgang",
    "group": "Gruppe",
    "conversation": "Konversation",
    "subConversation": "Teilkonversation",
    "callConversation": "Konversationsaufruf",
    "choreographyTask": "Choreographieaufgabe",
    "subChoreography": "Teilchoreographie",
    "callChoreography": "Choreographieaufruf",
    "band": "Beteiligte",
    "frame": "Inhalt",
}

_TASK_PATHS = {
    # 16 × 16, drawn for this project
    "userTask": "M8 2a3 3 0 1 1-.01 0zM2 14c0-4 3-5 6-5s6 1 6 5z",
    "manualTask": "M2 6h7l3 2h2v4h-2l-3 2H4z",
    "serviceTask": "M8 5a3 3 0 1 1-.01 0zM8 1v3M8 12v3M1 8h3M12 8h3"
    "M3 3l2 2M11 11l2 2M13 3l-2 2M3 13l2-2",
    "scriptTask": "M4 2h9l-2 4 2 4-2 4H3l2-4-2-4zM6 5h4M6 8h4M6 11h3",
    "businessRuleTask": "M2 3h12v10H2zM2 6h12M2 9.500h12M6 6v7",
    "sendTask": "M1 3h14v10H1zM1 3l7 6 7-6",
    "receiveTask": "M1 3h14v10H1zM1 3l7 6 7-6",
}  # fmt: skip
_EVENT_PATHS = {
    "messageEventDefinition": "M1 3h14v10H1zM1 3l7 6 7-6",
    "timerEventDefinition": "M8 1a7 7 0 1 1-.01 0zM8 3.500V8l3 2",
    "errorEventDefinition": "M2 14l3-10 4 6 4-8-3 10-4-6z",
    "signalEventDefinition": "M8 2l6 11H2z",
    "escalationEventDefinition": "M8 2l5 12-5-5-5 5z",
    "conditionalEventDefinition": "M3 2h10v12H3zM5 5h6M5 8h6M5 11h6",
    "compensateEventDefinition": "M8 3v10L2 8zM14 3v10L8 8z",
    "linkEventDefinition": "M2 6h7V3l5 5-5 5v-3H2z",
    "cancelEventDefinition": "M3 3l10 10M13 3L3 13",
    "terminateEventDefinition": "M8 2a6 6 0 1 1-.01 0z",
}
_MULTIPLE = "M8 1l7 5-3 8H4L1 6z"
_PARALLEL_MULTIPLE = "M6 1h4v5h5v4h-5v5H6v-5H1V6h5z"
_THROWN = ("endEvent", "intermediateThrowEvent", "implicitThrowEvent")
_GATEWAY_PATHS = {
    "exclusiveGateway": "M3 3l10 10M13 3L3 13",
    "parallelGateway": "M8 1v14M1 8h14",
    "inclusiveGateway": "M8 2a6 6 0 1 1-.01 0z",
    "complexGateway": "M8 1v14M1 8h14M3 3l10 10M13 3L3 13",
    "eventBasedGateway": "M8 1l7 5-3 8H4L1 6z",
}


def add(parent: etree._Element, tag: str, **attributes: object) -> etree._Element:
    """Append an SVG element; `class_` and `stroke_width` become `class` and `stroke-width`."""
    child = etree.SubElement(parent, f"{{{SVG}}}{tag}")
    for name, value in attributes.items():
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        child.set(name.rstrip("_").replace("_", "-"), text)
    return child


def draw_node(group: etree._Element, shape: Shape) -> None:
    """Outline and symbol of one element."""
    kind, box = shape.kind, shape.box
    if kind in ("participant", "lane"):
        _pool(group, shape)
    elif kind.endswith("Event"):
        _event(group, shape)
    elif kind.endswith("Gateway"):
        _gateway(group, shape)
    elif kind == "textAnnotation":
        path = f"M{box.x + 20:g} {box.y:g}H{box.x:g}V{box.y + box.height:g}H{box.x + 20:g}"
        add(group, "path", class_="annotation", d=path)
    elif kind in ("group", "frame"):
        _rectangle(group, box, kind, 8, dash="8 4" if kind == "group" else None)
    elif kind.startswith("data"):
        _data(group, shape)
    elif kind in CONVERSATIONS:
        _conversation(group, shape)
    elif kind == "band":
        _rectangle(group, box, "band", 6).set("fill", "white")
    else:
        _activity(group, shape)


def _rectangle(
    group: etree._Element, box: Box, class_: str, radius: int, dash: str | None = None
) -> etree._Element:
    drawn = add(
        group, "rect", class_=class_, x=box.x, y=box.y, width=box.width, height=box.height,
        rx=radius,
    )  # fmt: skip
    if dash:
        drawn.set("stroke-dasharray", dash)
    return drawn


def _pool(group: etree._Element, shape: Shape) -> None:
    box = shape.box
    _rectangle(group, box, shape.kind, 0)
    if shape.kind == "participant":
        path = f"M{box.x + 30:g} {box.y:g}v{box.height:g}"
        if not shape.horizontal:
            path = f"M{box.x:g} {box.y + 30:g}h{box.width:g}"
        add(group, "path", class_="border", d=path)
        several = child(shape.element, "participantMultiplicity")
        if several is not None and several.get("maximum", "1") not in ("0", "1"):
            _symbol(group, SEVERAL, box.middle[0] - 8, box.y + box.height - 18)


def _gateway(group: etree._Element, shape: Shape) -> None:
    box = shape.box
    middle_x, middle_y = box.middle
    points = (
        f"{middle_x:g},{box.y:g} {box.x + box.width:g},{middle_y:g} "
        f"{middle_x:g},{box.y + box.height:g} {box.x:g},{middle_y:g}"
    )
    add(group, "polygon", class_="outline", points=points, fill="white")
    _symbol(group, _GATEWAY_PATHS[shape.kind], middle_x - 8, middle_y - 8)
    if shape.kind == "eventBasedGateway":
        begins = shape.element.get("instantiate", "false") in ("true", "1")
        for radius in (12.0,) if begins else (12.0, 14.0):
            add(group, "circle", cx=middle_x, cy=middle_y, r=radius)


def _data(group: etree._Element, shape: Shape) -> None:
    box, kind = shape.box, shape.kind
    right, below = box.x + box.width, box.y + box.height
    if kind == "dataStoreReference":
        bow = f"a{box.width / 2:g} 6 0 0 0 {box.width:g} 0"
        path = f"M{box.x:g} {box.y + 6:g}{bow}a{box.width / 2:g} 6 0 0 0 {-box.width:g} 0"
        path += f"V{below - 6:g}{bow}V{box.y + 6:g}"
    else:
        corner = min(12.0, box.width / 3)
        path = f"M{box.x:g} {box.y:g}H{right - corner:g}V{box.y + corner:g}H{right:g}"
        path += f"M{right - corner:g} {box.y:g}L{right:g} {box.y + corner:g}V{below:g}"
        path += f"H{box.x:g}V{box.y:g}"
    add(group, "path", class_="data", d=path)
    if kind in ("dataInput", "dataOutput"):
        arrow = _symbol(group, _EVENT_PATHS["linkEventDefinition"], box.x + 2, box.y + 2)
        if kind == "dataOutput":
            arrow.set("fill", "currentColor")
    if _is_collection(shape):
        _symbol(group, SEVERAL, box.middle[0] - 8, below - 18)


def _is_collection(shape: Shape) -> bool:
    each = (shape.element, *shape.shown)
    return any(one.get("isCollection", "false") in ("true", "1") for one in each)


def _conversation(group: etree._Element, shape: Shape) -> None:
    box = shape.box
    inset, (middle_x, middle_y) = box.width / 4, box.middle
    right, below = box.x + box.width, box.y + box.height
    points = (
        f"{box.x:g},{middle_y:g} {box.x + inset:g},{box.y:g} {right - inset:g},{box.y:g} "
        f"{right:g},{middle_y:g} {right - inset:g},{below:g} {box.x + inset:g},{below:g}"
    )
    outline = add(group, "polygon", class_="outline", points=points, fill="white")
    if shape.kind == "callConversation":
        outline.set("stroke-width", "4")
    for path in markers_of(shape):
        _symbol(group, path, middle_x - 8, below - 18)


def _activity(group: etree._Element, shape: Shape) -> None:
    box, kind = shape.box, shape.kind
    is_open = shape.expanded and kind in EXPANDABLE
    outline = _rectangle(group, box, "outline", 10)
    if not is_open:
        outline.set("fill", "white")  # what lies in an open subprocess must show
    if kind in ("callActivity", "callChoreography"):
        outline.set("stroke-width", "4")
    if shape.element.get("triggeredByEvent", "false") in ("true", "1"):
        outline.set("stroke-dasharray", "2 3")
    if kind == "transaction" and min(box.width, box.height) > 8:
        inner = Box(box.x + 3, box.y + 3, box.width - 6, box.height - 6)
        _rectangle(group, inner, "inner", 8)
    if kind in _TASK_PATHS:
        symbol = _symbol(group, _TASK_PATHS[kind], box.x + 6, box.y + 6)
        if kind == "sendTask":
            symbol.set("fill", "currentColor")
            symbol.set("stroke", "white")
    signs = markers_of(shape)
    left = box.middle[0] - 9 * len(signs) + 1
    for number, path in enumerate(signs):
        _symbol(group, path, left + 18 * number, box.y + box.height - 18)


def _event(group: etree._Element, shape: Shape) -> None:
    middle_x, middle_y = shape.box.middle
    radius = min(shape.box.width, shape.box.height) / 2
    kind, element = shape.kind, shape.element
    ring = add(group, "circle", class_="outline", cx=middle_x, cy=middle_y, r=radius, fill="white")
    rings = [ring]
    if kind == "endEvent":
        ring.set("stroke-width", "4")
    elif kind != "startEvent":
        rings.append(add(group, "circle", cx=middle_x, cy=middle_y, r=max(radius - 4, 1.0)))
    if _lets_go_on(element, kind):
        for drawn in rings:
            drawn.set("stroke-dasharray", "5 3")
    definitions = _definitions(shape)
    if definitions:
        path = _EVENT_PATHS[definitions[0]]
        if len(definitions) > 1:
            both = element.get("parallelMultiple", "false") in ("true", "1")
            path = _PARALLEL_MULTIPLE if both else _MULTIPLE
        symbol = _symbol(group, path, middle_x - 8, middle_y - 8)
        if kind in _THROWN:
            symbol.set("fill", "currentColor")  # thrown, not caught (BPMN 2.0 §10.5.1)
            if definitions == ["messageEventDefinition"]:
                symbol.set("stroke", "white")


def _lets_go_on(element: etree._Element, kind: str) -> bool:
    """Whether an event does not interrupt what it is attached to, or stands in."""
    if kind == "startEvent":
        around = element.getparent()
        within = around is not None and around.get("triggeredByEvent", "false") in ("true", "1")
        return within and element.get("isInterrupting", "true") in ("false", "0")
    return element.get("cancelActivity", "true") in ("false", "0")


def _definitions(shape: Shape) -> list[str]:
    """Local names of an event's definitions, those included that it refers to."""
    parts = [*shape.element.iterchildren(etree.Element), *shape.shown]
    return [local(part) for part in parts if local(part) in _EVENT_PATHS]


def _symbol(group: etree._Element, path: str, x: float, y: float) -> etree._Element:
    return add(group, "path", class_="symbol", d=path, transform=f"translate({x:g} {y:g})")


def draw_badge(group: etree._Element, shape: Shape, status: str) -> None:
    """The sign that says the status without colour."""
    x, y = shape.box.x + shape.box.width, shape.box.y
    add(group, "circle", class_=f"badge {status}", cx=x, cy=y, r=9, fill="white")
    text = _text(group, x, y + 4, "middle")
    text.set("class", "badge-sign")
    text.text = STATUS[status][1]


def name_of(shape: Shape) -> str:
    """What is written at an element: its name, a group's category, an annotation's text."""
    element = shape.element
    if shape.kind == "textAnnotation":
        return text_of(child(element, "text"))
    if shape.kind == "group":
        return next((one.get("value", "") for one in shape.shown), "")
    state = child(element, "dataState")
    said = element.get("name", "")
    known = "" if state is None else state.get("name", "")
    return f"{said} [{known}]".strip() if known else said


def draw_name(group: etree._Element, shape: Shape, name: str) -> None:
    """The name inside an activity, at the side of a pool, else at its label or below."""
    box, kind = shape.box, shape.kind
    if kind in ("participant", "lane") and shape.horizontal:
        x, y = box.x + 15, box.middle[1]
        text = _text(group, x, y, "middle")
        text.set("transform", f"rotate(-90 {x:g} {y:g})")
        text.text = shorten(name, box.height)
    elif kind in ("participant", "lane"):
        _text(group, box.middle[0], box.y + 20, "middle").text = shorten(name, box.width)
    elif kind == "textAnnotation":
        write(group, Box(box.x + 6, box.y, box.width, box.height), name, "start", centred=False)
    elif kind in ("group", "frame") or (kind in EXPANDABLE and shape.expanded):
        write(group, Box(box.x, box.y + 4, box.width, 30), name, "middle", centred=False)
    elif kind.endswith(("Event", "Gateway")) or kind.startswith("data") or kind in CONVERSATIONS:
        label = shape.label or Box(box.middle[0] - 50, box.y + box.height + 4, 100, 42)
        wide = Box(label.middle[0] - 50, label.y, 100.0, max(label.height, 42.0))
        write(group, wide if label.width < 90 else label, name, "middle", centred=False)
    else:
        above = 10 if kind in _TASK_PATHS else 0  # room for the symbol in the corner
        inner = Box(box.x, box.y + above, box.width, box.height - above)
        write(group, inner, name, "middle", centred=True)


def _text(group: etree._Element, x: float, y: float, anchor: str) -> etree._Element:
    return add(group, "text", x=x, y=y, text_anchor=anchor, fill="currentColor", stroke="none")


def write(group: etree._Element, box: Box, text: str, anchor: str, *, centred: bool) -> None:
    """Wrapped text in a box; what does not fit ends in an ellipsis (the title has it all)."""
    room = max(1, min(_MAX_LINES, int(box.height / LINE_HEIGHT)))
    lines = wrap(text, box.width - 10, room)
    x = box.middle[0] if anchor == "middle" else box.x
    y = box.y + LINE_HEIGHT
    if centred:
        y = box.middle[1] - (len(lines) - 1) * LINE_HEIGHT / 2 + 4
    holder = _text(group, x, y, anchor)
    for number, line in enumerate(lines):
        span = add(holder, "tspan", x=x, y=y + number * LINE_HEIGHT)
        span.text = line


def shorten(text: str, width: float) -> str:
    room = max(1, int(width / _CHARACTER))
    return text if len(text) <= room else text[: room - 1] + "…"


def wrap(text: str, width: float, room: int) -> list[str]:
    """Lines of at most `width` pixels; words that are too long are broken."""
    limit = max(4, int(width / _CHARACTER))
    lines = [""]
    for whole in text[:_MAX_NAME].split():
        word = whole
        while word:
            gap = " " if lines[-1] else ""
            if len(lines[-1]) + len(gap) + len(word) <= limit:
                lines[-1] += gap + word
                break
            if not lines[-1]:
                lines[-1], word = word[: limit - 1] + "-", word[limit - 1 :]
            lines.append("")
    lines = [line for line in lines if line]
    if len(lines) > room:
        lines = [*lines[: room - 1], lines[room - 1][: limit - 1] + "…"]
    return lines or [""]
