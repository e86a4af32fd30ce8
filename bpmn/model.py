"""A BPMN file as plain nodes and flows, before any rule is applied.

Invariant: every flow node and sequence flow of every executable process is here exactly once,
also those that are refused, so that the rules see the whole picture. `model_reading` fills it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from bpmn.elements import BPMN, EVENT_PLACES, SUBPROCESSES

_TRUE = ("true", "1")


@dataclass(slots=True, eq=False)
class SequenceFlow:
    id: str
    element: etree._Element
    source: str
    target: str
    condition: etree._Element | None


@dataclass(eq=False)
class FlowNode:
    """One event, activity or gateway. `executed` is False for what was refused by name.

    `definitions` are its event definitions, those it only refers to included, in their order.
    """

    id: str
    kind: str
    element: etree._Element
    scope: ScopeModel
    executed: bool
    definitions: list[etree._Element] = field(default_factory=list)
    loop: etree._Element | None = None
    incoming: list[SequenceFlow] = field(default_factory=list)
    outgoing: list[SequenceFlow] = field(default_factory=list)

    @property
    def definition(self) -> str:
        """Local name of the only event definition, "" for none, "multiple" for several."""
        if len(self.definitions) > 1:
            return "multiple"
        return local(self.definitions[0]) if self.definitions else ""

    @cached_property
    def triggers(self) -> frozenset[str]:
        """Local names of all its event definitions."""
        return frozenset(map(local, self.definitions))

    @property
    def label(self) -> str:
        return " ".join((self.element.get("name") or "").split()) or self.id

    @cached_property
    def place(self) -> str:
        """What `EVENT_PLACES` calls it: the kind, or "eventSubProcess" at the start of one."""
        begins = self.kind == "startEvent" and self.scope.on_event
        return "eventSubProcess" if begins else self.kind

    @property
    def is_event(self) -> bool:
        return self.kind in EVENT_PLACES

    @cached_property
    def on_event(self) -> bool:
        """An event subprocess."""
        return self.kind in SUBPROCESSES and self.flag("triggeredByEvent")

    @cached_property
    def for_compensation(self) -> bool:
        return self.flag("isForCompensation")

    @cached_property
    def instantiates(self) -> bool:
        """A receive task or event-based gateway that begins an instance of its process."""
        return self.kind in ("receiveTask", "eventBasedGateway") and self.flag("instantiate")

    @cached_property
    def interrupting(self) -> bool:
        """Of boundary events and of start events of event subprocesses."""
        name = "cancelActivity" if self.kind == "boundaryEvent" else "isInterrupting"
        return self.flag(name, default=True)

    @property
    def attached_to(self) -> str:
        return reference(self.element.get("attachedToRef"))

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean attribute of BPMN's own."""
        return self.element.get(name, "true" if default else "false").strip() in _TRUE

    def parts(self, name: str) -> Iterator[etree._Element]:
        return self.element.iterchildren(f"{{{BPMN}}}{name}")


@dataclass(eq=False)
class ScopeModel:
    """A process, or a subprocess of any kind; then `node` is the activity that it fills."""

    id: str
    element: etree._Element
    parent: ScopeModel | None
    node: FlowNode | None = None
    nodes: list[FlowNode] = field(default_factory=list)
    flows: list[SequenceFlow] = field(default_factory=list)

    @property
    def on_event(self) -> bool:
        return self.node is not None and self.node.on_event

    @property
    def ad_hoc(self) -> bool:
        return self.node is not None and self.node.kind == "adHocSubProcess"

    def parts(self, name: str) -> Iterator[etree._Element]:
        """Data objects, properties, associations and the like, by their local name."""
        return self.element.iterchildren(f"{{{BPMN}}}{name}")

    @property
    def starts(self) -> list[FlowNode]:
        """Its start events."""
        return [node for node in self.nodes if node.kind == "startEvent"]

    @cached_property
    def event_gateways(self) -> frozenset[str]:
        return frozenset(node.id for node in self.nodes if node.kind == "eventBasedGateway")

    @cached_property
    def instantiating_gateways(self) -> frozenset[str]:
        return frozenset(
            node.id for node in self.nodes if node.kind == "eventBasedGateway" and node.instantiates
        )

    @cached_property
    def caught_links(self) -> dict[str, list[FlowNode]]:
        """Catching link events by their name."""
        found: dict[str, list[FlowNode]] = {}
        for node in self.nodes:
            if node.kind == "intermediateCatchEvent" and "linkEventDefinition" in node.triggers:
                for each in node.definitions:
                    if local(each) == "linkEventDefinition":
                        found.setdefault((each.get("name") or "").strip(), []).append(node)
        return found

    @property
    def implicit_starts(self) -> list[FlowNode]:
        """Where tokens begin when nothing says so: nodes without incoming flow (BPMN 2.0 §13.2),
        in a scope without start events and without nodes that begin an instance."""
        if self.starts or any(node.instantiates and not node.incoming for node in self.nodes):
            return []
        return [node for node in self.nodes if not node.incoming and begins_unasked(node)]


def begins_unasked(node: FlowNode) -> bool:
    """Whether a node without incoming flow gets a token of its own, or waits to be called."""
    waits = node.kind in ("startEvent", "boundaryEvent") or node.on_event or node.for_compensation
    caught = node.kind == "intermediateCatchEvent" and "linkEventDefinition" in node.triggers
    return not waits and not caught


@dataclass(eq=False)
class ProcessModel:
    """An executable process with all scopes, outermost first; or a global task, which is a
    process of one node (`global_task`)."""

    id: str
    element: etree._Element
    scopes: list[ScopeModel] = field(default_factory=list)
    global_task: bool = False

    @cached_property
    def nodes(self) -> dict[str, FlowNode]:
        return {node.id: node for scope in self.scopes for node in scope.nodes}

    @cached_property
    def attached(self) -> dict[str, list[FlowNode]]:
        """Boundary events by the id of the activity they sit on."""
        found: dict[str, list[FlowNode]] = {}
        for node in self.nodes.values():
            if node.kind == "boundaryEvent":
                found.setdefault(node.attached_to, []).append(node)
        return found

    @cached_property
    def scope_of(self) -> dict[str, ScopeModel]:
        """Scopes by their id."""
        return {scope.id: scope for scope in self.scopes}

    @cached_property
    def associations(self) -> list[tuple[str, str, etree._Element]]:
        """All associations of its scopes: source, target, element."""
        return [
            (reference(part.get("sourceRef")), reference(part.get("targetRef")), part)
            for scope in self.scopes
            for part in scope.parts("association")
        ]


@dataclass(slots=True, eq=False)
class MessageFlow:
    """A message's way between two pools, or between nodes in them."""

    id: str
    element: etree._Element
    source: str
    target: str
    message: str


@dataclass(eq=False)
class Model:
    """One file: its executable processes, and all that they can refer to.

    `roots` holds root elements, operations and correlation keys: local name → id → element.
    `elements` has every BPMN element of the file that has an id.
    """

    root: etree._Element
    processes: list[ProcessModel] = field(default_factory=list)
    roots: dict[str, dict[str, etree._Element]] = field(default_factory=dict)
    elements: dict[str, etree._Element] = field(default_factory=dict)
    message_flows: list[MessageFlow] = field(default_factory=list)

    @cached_property
    def flows_at(self) -> dict[str, list[MessageFlow]]:
        """Message flows by the id of what they lead from or to."""
        found: dict[str, list[MessageFlow]] = {}
        for flow in self.message_flows:
            for end in {flow.source, flow.target}:
                found.setdefault(end, []).append(flow)
        return found

    @cached_property
    def retrievals(self) -> dict[str, dict[str, etree._Element]]:
        """Correlation property → message → how the property is read from the message."""
        return {
            name: {
                reference(part.get("messageRef")): part
                for part in children(property_, "correlationPropertyRetrievalExpression")
            }
            for name, property_ in self.roots.get("correlationProperty", {}).items()
        }

    def find(self, kind: str, name: str) -> etree._Element | None:
        """The root element of that kind and id."""
        return self.roots.get(kind, {}).get(name)

    def all(self, kind: str) -> list[etree._Element]:
        return [*self.roots.get(kind, {}).values()]

    @property
    def expression_language(self) -> str:
        return self.root.get("expressionLanguage", "")


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


def is_bpmn(element: etree._Element) -> bool:
    return etree.QName(element).namespace == BPMN


def reference(text: str | None) -> str:
    """What a QName or IDREF points to: within one file the local part is the id."""
    return (text or "").strip().rpartition(":")[2]


def child(element: etree._Element, name: str) -> etree._Element | None:
    return next(element.iterchildren(f"{{{BPMN}}}{name}"), None)


def children(element: etree._Element, name: str) -> list[etree._Element]:
    return [*element.iterchildren(f"{{{BPMN}}}{name}")]


def text_of(element: etree._Element | None) -> str:
    return "" if element is None else "".join(map(str, element.itertext())).strip()
