"""A whole file as the rules look at it: every BPMN element, executed or only drawn.

Invariant: each flow node and sequence flow of every process, subprocess and choreography is here
once, in document order; a flow whose end is no flow node has None there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from bpmn.elements import ACTIVITIES, BPMN, EVENT_DEFINITIONS, FLOW_NODES, SUBPROCESSES
from bpmn.model import reference

Element = etree._Element

CHOREOGRAPHIES = frozenset({"choreography", "globalChoreographyTask", "subChoreography"})
CHOREOGRAPHY_ACTIVITIES = frozenset({"choreographyTask", "subChoreography", "callChoreography"})
CATCHES = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})
THROWS = frozenset({"endEvent", "intermediateThrowEvent", "implicitThrowEvent"})
_CONTAINERS = SUBPROCESSES | CHOREOGRAPHIES | {"process"}
_PREFIX = f"{{{BPMN}}}"


@dataclass(slots=True, eq=False)
class Flow:
    """A sequence flow."""

    element: Element
    source: Node | None
    target: Node | None
    condition: Element | None

    @property
    def id(self) -> str:
        return self.element.get("id") or f"{source_of(self.element)}->{target_of(self.element)}"


@dataclass(slots=True, eq=False)
class Node:
    """An event, activity, gateway or choreography activity."""

    id: str
    kind: str
    element: Element
    scope: Scope
    definitions: list[Element] = field(default_factory=list)
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    boundary: list[Node] = field(default_factory=list)
    host: Node | None = None

    @property
    def label(self) -> str:
        return " ".join((self.element.get("name") or "").split()) or self.id

    @property
    def triggers(self) -> list[str]:
        """Local names of the event definitions without their common end: `message`, `timer` …"""
        return [kind_of(each).removesuffix("EventDefinition") for each in self.definitions]

    @property
    def linked(self) -> list[str]:
        """Names of the links that it throws or catches."""
        links = (one for one in self.definitions if kind_of(one) == "linkEventDefinition")
        return [(one.get("name") or "").strip() for one in links]

    @property
    def is_event_subprocess(self) -> bool:
        return self.kind in SUBPROCESSES and says(self.element, "triggeredByEvent")

    @property
    def is_handler(self) -> bool:
        """Whether it only runs to compensate another activity."""
        return self.kind in ACTIVITIES and says(self.element, "isForCompensation")


@dataclass(slots=True, eq=False)
class Scope:
    """A process, subprocess or choreography. `process` is the outermost element around it."""

    element: Element
    kind: str
    parent: Scope | None
    process: Element
    executable: bool
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    links: dict[str, list[Node]] = field(default_factory=dict)
    """Events that catch a link, by its name."""

    @property
    def id(self) -> str:
        return self.element.get("id") or ""

    @property
    def is_choreography(self) -> bool:
        return self.kind in CHOREOGRAPHIES

    @property
    def is_event_subprocess(self) -> bool:
        return self.kind in SUBPROCESSES and says(self.element, "triggeredByEvent")

    def of_kind(self, kind: str) -> list[Node]:
        return [node for node in self.nodes if node.kind == kind]


class Drawing:
    """The index of one file."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.ids: dict[str, Element] = {}
        self.kinds: dict[str, list[Element]] = {}
        self.scopes: list[Scope] = []
        self.nodes: dict[str, Node] = {}
        self.node_of: dict[Element, Node] = {}
        self.scope_of: dict[Element, Scope] = {}
        self.content: dict[Element, Scope] = {}
        for element in root.iter(f"{_PREFIX}*"):
            self.kinds.setdefault(kind_of(element), []).append(element)
            if identifier := element.get("id"):
                self.ids.setdefault(identifier, element)
        for top in parts(root):
            if kind_of(top) in _CONTAINERS:
                executable = kind_of(top) == "process" and says(top, "isExecutable")
                self._scope(top, None, top, executable)
        for scope in self.scopes:
            self._flows(scope)
        self._attach()

    def all(self, *kinds: str) -> Iterator[Element]:
        """Every element with one of these local names."""
        for kind in kinds:
            yield from self.kinds.get(kind, ())

    def each(self, *kinds: str) -> Iterator[Node]:
        """Every flow node of one of these kinds; all flow nodes if none is named."""
        if not kinds:
            yield from self.node_of.values()
        for kind in kinds:
            yield from self._by_kind.get(kind, ())

    @property
    def flows(self) -> Iterator[Flow]:
        for scope in self.scopes:
            yield from scope.flows

    @cached_property
    def _by_kind(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.node_of.values():
            found.setdefault(node.kind, []).append(node)
        return found

    @cached_property
    def associated(self) -> dict[str, list[str]]:
        """What associations tie to an id, in both directions."""
        found: dict[str, list[str]] = {}
        for association in self.all("association"):
            ends = source_of(association), target_of(association)
            for one, other in (ends, ends[::-1]):
                found.setdefault(one, []).append(other)
        return found

    @cached_property
    def imported(self) -> frozenset[str]:
        """Namespaces whose elements stand in other files."""
        return frozenset(part.get("namespace", "") for part in self.all("import"))

    def referred(self, holder: Element, attribute: str) -> Element | None:
        """What an attribute of the element points to in this file."""
        return self.find(holder.get(attribute))

    def find(self, text: str | None) -> Element | None:
        return self.ids.get(reference(text))

    def top_of(self, element: Element) -> Element:
        """What of the file's root elements it stands in."""
        around = [element, *element.iterancestors()]
        return around[-2] if len(around) > 1 else element

    def touched(self, element: Element) -> Iterator[Element]:
        """What a line joins."""
        for end in (self.referred(element, "sourceRef"), self.referred(element, "targetRef")):
            if end is not None:
                yield end

    def is_foreign(self, holder: Element, text: str) -> bool:
        """Whether a name with prefix belongs to another file or to XML schema's own types."""
        namespace = _namespace(holder, text)
        return namespace in self.imported or namespace == "http://www.w3.org/2001/XMLSchema"

    def is_lost(self, holder: Element, text: str) -> bool:
        """Whether a name's prefix belongs neither to this file nor to one that is imported."""
        namespace = _namespace(holder, text)
        own = (None, BPMN, self.root.get("targetNamespace"))
        return namespace not in own and not self.is_foreign(holder, text)

    def participant_of(self, element: Element) -> Element | None:
        """The pool that the element lies in, or is."""
        if kind_of(element) == "participant":
            return element
        scope = self.scope_of.get(element)
        return None if scope is None else self._pools.get(scope.process)

    @cached_property
    def _pools(self) -> dict[Element, Element]:
        found: dict[Element, Element] = {}
        for pool in self.all("participant"):
            process = self.referred(pool, "processRef")
            if process is not None:
                found.setdefault(process, pool)
        return found

    def _scope(
        self, element: Element, parent: Scope | None, process: Element, executable: bool
    ) -> None:
        scope = Scope(element, kind_of(element), parent, process, executable)
        self.scopes.append(scope)
        self.content[element] = scope
        inner = []
        for each in parts(element):
            kind = kind_of(each)
            self.scope_of[each] = scope
            if kind in FLOW_NODES:
                node = Node(each.get("id") or "", kind, each, scope)
                node.definitions = list(self._definitions(each))
                scope.nodes.append(node)
                self.node_of[each] = node
                self.nodes.setdefault(node.id, node)
                if kind == "intermediateCatchEvent":
                    for name in node.linked:
                        scope.links.setdefault(name, []).append(node)
            if kind in _CONTAINERS:
                inner.append(each)
        for each in inner:
            self._scope(each, scope, process, executable)

    def _definitions(self, event: Element) -> Iterator[Element]:
        if not kind_of(event).endswith("Event"):
            return
        for each in parts(event):
            kind = kind_of(each)
            if kind in EVENT_DEFINITIONS:
                yield each
            elif kind == "eventDefinitionRef":
                shared = self.find(each.text)
                if shared is not None and kind_of(shared) in EVENT_DEFINITIONS:
                    yield shared

    def _flows(self, scope: Scope) -> None:
        for each in parts(scope.element):
            if kind_of(each) != "sequenceFlow":
                continue
            source = self.nodes.get(source_of(each))
            target = self.nodes.get(target_of(each))
            flow = Flow(each, source, target, part(each, "conditionExpression"))
            scope.flows.append(flow)
            if source is not None:
                source.outgoing.append(flow)
            if target is not None:
                target.incoming.append(flow)

    def _attach(self) -> None:
        for node in self.node_of.values():
            if node.kind == "boundaryEvent":
                host = self.nodes.get(reference(node.element.get("attachedToRef")))
                if host is not None:
                    node.host = host
                    host.boundary.append(node)


def _namespace(holder: Element, text: str) -> str | None:
    prefix = text.rpartition(":")[0].strip()
    return holder.nsmap.get(prefix) if prefix else None


def kind_of(element: Element) -> str:
    tag = element.tag
    return tag[len(_PREFIX) :] if tag.startswith(_PREFIX) else ""


def parts(element: Element) -> Iterator[Element]:
    """The BPMN elements directly below."""
    return element.iterchildren(f"{_PREFIX}*")


def part(element: Element, *names: str) -> Element | None:
    """What stands at the end of this way of local names."""
    return element.find("/".join(_PREFIX + name for name in names))


def named_parts(element: Element, *names: str) -> list[Element]:
    return [each for each in parts(element) if kind_of(each) in names]


def references(element: Element, name: str) -> list[str]:
    """What the child elements of that name point to."""
    return [reference(each.text) for each in parts(element) if kind_of(each) == name]


def says(element: Element, attribute: str, default: bool = False) -> bool:
    """A boolean attribute."""
    text = (element.get(attribute) or "").strip()
    return text in ("true", "1") if text else default


def source_of(flow: Element) -> str:
    return reference(flow.get("sourceRef"))


def target_of(flow: Element) -> str:
    return reference(flow.get("targetRef"))


def holder_of(element: Element) -> Element:
    """The element's parent; the element itself if it is the root."""
    parent = element.getparent()
    return element if parent is None else parent
