"""A scope as splits and joins: what is left when everything a token just passes is taken away.

Invariant: each wire leads from one vertex to one vertex; a vertex either splits or joins, never
both, so that every rule about it is local. The source is where a token begins, the sink where
tokens end; what ends the whole scope at once (terminate, error, cancel) is the `stop`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from bpmn.elements import ACTIVITIES
from bpmn.rules.drawing import Flow, Node, Scope, says

Kind = Literal["xor", "and", "or", "pass"]
Rope = tuple[object, ...]
"""Names of nodes along a wire, as nested tuples: joining two is one step."""

_STOPS = frozenset({"terminate", "error", "cancel"})


@dataclass(slots=True, eq=False)
class Vertex:
    """`kind` says how it splits or joins; a vertex with one wire in and one out is passed."""

    order: int
    kind: Kind
    node: Node | None
    into: dict[int, Wire] = field(default_factory=dict)
    out: dict[int, Wire] = field(default_factory=dict)
    aside: bool = False
    """Whether it begins a side way: what a boundary event that does not interrupt sets off."""

    @property
    def is_join(self) -> bool:
        return len(self.into) > 1


@dataclass(slots=True, eq=False)
class Wire:
    number: int
    source: Vertex
    target: Vertex
    names: Rope = ()


class Net:
    """The vertices and wires of one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.vertices: list[Vertex] = []
        self.wires = 0
        self.sink = self.vertex("or", None)
        self.stop = self.vertex("or", None)
        self._entry: dict[Node, Vertex] = {}
        begun_by_one, begins = _beginnings(scope)
        self.source = self.vertex("xor" if begun_by_one else "and", None)
        for node in begins:
            self.wire(self.source, self._entered(node))
        pending = list(begins)
        done: dict[Node, None] = {}
        while pending:
            node = pending.pop()
            if node not in done:
                done[node] = None
                pending += self._leave(node)
        self.never_come = [
            (node, flow)
            for node in done
            if node.kind == "parallelGateway"
            for flow in node.incoming
            if flow.source is not None and flow.source not in done
        ]
        """Ways for which a join waits, and which start where no token comes."""

    def vertex(self, kind: Kind, node: Node | None) -> Vertex:
        made = Vertex(len(self.vertices), kind, node)
        self.vertices.append(made)
        return made

    def wire(self, source: Vertex, target: Vertex, names: Rope = ()) -> Wire:
        made = Wire(self.wires, source, target, names)
        self.wires += 1
        source.out[made.number] = made
        target.into[made.number] = made
        return made

    def _entered(self, node: Node) -> Vertex:
        """Where tokens come in: activities and events take each token as it comes."""
        if node not in self._entry:
            kind: Kind = "xor"
            if node.kind == "parallelGateway":
                kind = "and"
            elif node.kind in ("inclusiveGateway", "complexGateway") or node.kind == "endEvent":
                kind = "or"
            if node.element.get("startQuantity", "1") != "1":
                kind = "or"
            self._entry[node] = self.vertex(kind, node)
        return self._entry[node]

    def _leave(self, node: Node) -> list[Node]:
        """Draw the wires out of the node; gives the nodes that they lead to."""
        entry = self._entered(node)
        ways = list(_ways(node))
        if not ways and node.boundary == []:
            ends = self.stop if _STOPS & set(node.triggers) else self.sink
            self.wire(entry, ends, (node.id,))
            return []
        at = self._guarded(entry, node)
        if not ways:
            self.wire(at, self.sink, (node.id,))
        elif len(ways) == 1:
            self.wire(at, self._entered(ways[0]), (node.id,))
        else:
            split = self.vertex(_split(node), node)
            self.wire(at, split)
            for target in ways:
                self.wire(split, self._entered(target), (node.id,))
        return ways + [event for event in node.boundary if _fires(event)]

    def _guarded(self, at: Vertex, node: Node) -> Vertex:
        """Boundary events: those that interrupt are a choice, others may give a token besides."""
        for event in node.boundary:
            if not _fires(event):
                continue
            if says(event.element, "cancelActivity", default=True):
                choice = self.vertex("xor", node)
                self.wire(at, choice)
                self.wire(choice, self._entered(event), (node.id,))
                at = choice
            else:
                both, perhaps = self.vertex("and", node), self.vertex("xor", event)
                perhaps.aside = True
                self.wire(at, both)
                self.wire(both, perhaps, (node.id,))
                self.wire(perhaps, self._entered(event))
                self.wire(perhaps, self.sink)
                at = both
        return at


def _fires(event: Node) -> bool:
    """A handler of compensation takes no token of the activity it guards."""
    return "compensate" not in event.triggers and event.scope is not None


def _ways(node: Node) -> Iterator[Node]:
    if node.kind == "intermediateThrowEvent" and node.linked:
        for name in node.linked:
            yield from node.scope.links.get(name, ())[:1]
        return
    for flow in node.outgoing:
        if flow.target is not None and flow.target.scope is node.scope:
            yield flow.target


def _split(node: Node) -> Kind:
    if node.kind in ("exclusiveGateway", "eventBasedGateway"):
        waits_for_all = node.element.get("eventGatewayType") == "Parallel"
        return "and" if waits_for_all else "xor"
    if node.kind in ("inclusiveGateway", "complexGateway"):
        return "or"
    asked = [flow for flow in node.outgoing if _is_asked(node, flow)]
    return "or" if asked and node.kind in ACTIVITIES else "and"


def _is_asked(node: Node, flow: Flow) -> bool:
    return flow.condition is not None or flow.element.get("id") == node.element.get("default")


def _beginnings(scope: Scope) -> tuple[bool, list[Node]]:
    """Whether one of the nodes begins the scope or all of them do, and which they are."""
    starts = scope.of_kind("startEvent")
    first = [
        node
        for node in scope.nodes
        if not node.incoming
        and node.kind not in ("startEvent", "boundaryEvent")
        and not (node.kind == "intermediateCatchEvent" and "link" in node.triggers)
        and not node.is_handler
        and not node.is_event_subprocess
    ]
    instantiating = [node for node in first if says(node.element, "instantiate")]
    if starts or instantiating:
        return True, [*starts, *instantiating]
    return False, first


def spelled(rope: Rope, most: int = 12) -> list[str]:
    """The names on a rope, in order; of a long one the last."""
    names: list[str] = []
    pending: list[object] = [rope]
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            pending += part
        elif not names or names[-1] != part:
            names.append(str(part))
            if len(names) >= most:
                break
    return names[::-1]
