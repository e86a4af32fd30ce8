"""What follows from a graph alone, found once and kept beside it: what its instances must ask.

Invariant: nothing of an instance is here, and nothing of this goes into a state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bpmn.graph import (
    CompensateEvent,
    ConditionalEvent,
    EventDefinition,
    Flow,
    Graph,
    LinkEvent,
    MultipleEvent,
    Node,
    SimpleEvent,
    Subprocess,
)

MOST = 512
"""Graphs whose shape is remembered; the oldest goes first."""


def definitions(event: EventDefinition | None) -> tuple[SimpleEvent, ...]:
    """The definitions of an event, one or several."""
    if event is None:
        return ()
    return event.definitions if isinstance(event, MultipleEvent) else (event,)


def needs_all(event: EventDefinition | None) -> bool:
    """A parallel multiple event: every one of its definitions must come."""
    return isinstance(event, MultipleEvent) and event.parallel


@dataclass(frozen=True, slots=True)
class Reach:
    """Which incoming flows of a gateway a token can still come to without visiting it first.

    `bits` gives each incoming flow its bit, `nodes` the flows that can be reached from a node,
    `beyond` those that can be reached from its outgoing flows alone, once it is done.
    """

    bits: Mapping[str, int]
    nodes: Mapping[str, int]
    beyond: Mapping[str, int]


@dataclass(slots=True)
class Shape:
    """`plain`: nothing below makes the machine ask anything. `joins_late`: inclusive and complex
    gateways wait until nothing else is ready.
    `compensable`: activities whose completion may have to be remembered; empty where no handler
    is. `event_starts`: event subprocess → its start event. `undoing`: subprocess → the event
    subprocess in it that compensates it. `gates`: event → event-based gateway before it."""

    graph: Graph
    plain: bool = True
    joins_late: bool = False
    has_conditions: bool = False
    compensable: frozenset[str] = frozenset()
    event_starts: dict[str, Node] = field(default_factory=dict)
    undoing: dict[str, str] = field(default_factory=dict)
    gates: dict[str, Node] = field(default_factory=dict)
    _reach: dict[str, Reach] = field(default_factory=dict)

    def reach(self, gateway: str) -> Reach:
        """Made when it is needed first: a model may have gateways that are never waited at."""
        found = self._reach.get(gateway)
        if found is None:
            found = self._reach[gateway] = _reach(self.graph, gateway)
        return found


def _shape(graph: Graph) -> Shape:
    shape = Shape(graph)
    for node in graph.nodes.values():
        several = len(node.incoming) > 1
        if node.kind == "complexGateway" or (node.kind == "inclusiveGateway" and several):
            shape.joins_late = True
        if node.kind == "eventBasedGateway":
            shape.gates.update((flow.target, node) for flow in node.outgoing)
        events = definitions(node.event)
        holder = graph.nodes.get(node.scope)
        begins_instance = node.kind == "startEvent" and holder is None
        if any(isinstance(event, ConditionalEvent) for event in events) and not begins_instance:
            shape.has_conditions = True
        if node.kind == "startEvent" and holder is not None and _on_event(holder):
            shape.event_starts[holder.id] = node
            if any(isinstance(event, CompensateEvent) for event in events):
                shape.undoing[holder.scope] = holder.id
    handled = {node.id for node in graph.nodes.values() if node.compensated_by is not None}
    if handled or shape.undoing:
        shape.compensable = frozenset(handled | graph.scopes.keys())
    shape.plain = not (shape.joins_late or shape.has_conditions or shape.compensable)
    return shape


def _on_event(node: Node) -> bool:
    return isinstance(node.action, Subprocess) and node.action.on_event


def flows_of(node: Node) -> tuple[Flow, ...]:
    """All flows that leave the node."""
    return node.outgoing if node.default is None else (*node.outgoing, node.default)


def _successors(node: Node) -> Iterator[tuple[str | None, str]]:
    """Where a token at the node, or one it lets out, can go next: by flow, or without one."""
    for flow in flows_of(node):
        yield flow.id, flow.target
    for boundary in node.boundary:
        yield None, boundary
    if isinstance(node.event, LinkEvent) and node.event.target is not None:
        yield None, node.event.target


def _reach(graph: Graph, gateway: str) -> Reach:
    bits = {flow: 1 << place for place, flow in enumerate(graph.nodes[gateway].incoming)}
    before: dict[str, list[str]] = defaultdict(list)
    nodes: dict[str, int] = defaultdict(int)
    grown: list[str] = []
    for node in graph.nodes.values():
        for flow, target in _successors(node):
            if target != gateway:
                before[target].append(node.id)
            elif flow is not None and node.id != gateway:
                nodes[node.id] |= bits[flow]
                grown.append(node.id)
    while grown:
        reached = grown.pop()
        for earlier in before[reached]:
            if nodes[earlier] | nodes[reached] != nodes[earlier]:
                nodes[earlier] |= nodes[reached]
                grown.append(earlier)
    beyond: dict[str, int] = defaultdict(int)
    for node in graph.nodes.values():
        for out in flows_of(node):
            beyond[node.id] |= bits[out.id] if out.target == gateway else nodes[out.target]
    return Reach(bits, nodes, beyond)


def shape_of(graph: Graph) -> Shape:
    """The graph's shape. It holds the graph, so that no other can bear the same identity."""
    shape = KEPT.get(id(graph))
    if shape is None:
        shape = KEPT[id(graph)] = _shape(graph)
        while len(KEPT) > MOST:
            KEPT.pop(next(iter(KEPT)), None)
    return shape


KEPT: dict[int, Shape] = {}
"""Shapes by the identity of their graph."""
