"""Where tokens can stand: the part of a scope that does not fold is walked, within limits.

Invariant: from each marking one vertex that can act is chosen and all its choices are followed;
vertices do not take each other's tokens, so no deadlock is lost by this order. The marking
counts to one: a second token on a wire is reported and then counted as the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from bpmn.soundness.fault import Fault
from bpmn.soundness.net import Net, Vertex, Wire, spelled
from bpmn.soundness.reduction import Effort

Marking = frozenset[int]
_ALL_SUBSETS = 4


class Exploration:
    """Walks the markings of a net. `is_complete` is False where the effort did not suffice."""

    def __init__(self, net: Net, effort: Effort) -> None:
        self.net = net
        self.effort = effort
        self.is_complete = True
        self.faults: dict[tuple[str, Vertex], Fault] = {}
        self._wires = {wire.number: wire for vertex in net.vertices for wire in vertex.out.values()}
        self._order = _from_the_source(net)
        self._main = _main_way(net)
        self._came: dict[Marking, tuple[Marking | None, Wire | None]] = {}
        self._before: dict[Vertex, dict[Wire, frozenset[int]]] = {}

    def walk(self) -> list[Fault]:
        pending: list[Marking] = []
        source = self.net.source
        for first in self._choices(source, source.kind) if source.out else ():
            self._go(frozenset(), frozenset(wire.number for wire in first), first[0], pending)
        while pending:
            marking = pending.pop()
            vertex = self._next(marking)
            if vertex is None:
                self._stuck(marking)
                continue
            for after, wire in self._fire(vertex, marking):
                if not self.effort.spend(1 + len(after) // 8):
                    self.is_complete = False
                    return list(self.faults.values())
                self._go(marking, after, wire, pending)
        return list(self.faults.values())

    def _go(
        self, marking: Marking, after: Marking, wire: Wire | None, pending: list[Marking]
    ) -> None:
        if after not in self._came:
            self._came[after] = (marking or None, wire)
            if after:
                pending.append(after)

    def _next(self, marking: Marking) -> Vertex | None:
        """The first vertex, seen from the source, that can act: what follows fills up then."""
        best: Vertex | None = None
        waiting: list[Vertex] = []
        self.effort.spend(len(marking) // 8)
        for vertex in dict.fromkeys(self._wires[number].target for number in sorted(marking)):
            if vertex.kind == "and" and vertex.is_join:
                if not all(wire.number in marking for wire in vertex.into.values()):
                    continue
            elif vertex.kind == "or" and vertex.is_join and vertex.out:
                waiting.append(vertex)
                continue
            if best is None or self._place(vertex) < self._place(best):
                best = vertex
        if best is not None:
            return best
        # an inclusive join acts when nothing else can bring it a token
        return next((v for v in waiting if not self._still_comes(v, marking)), None) or next(
            iter(waiting), None
        )

    def _place(self, vertex: Vertex) -> tuple[bool, int]:
        """Side ways run first: that a loop sets one off again while it runs is no fault."""
        return vertex in self._main, self._order.get(vertex, 0)

    def _still_comes(self, join: Vertex, marking: Marking) -> bool:
        before = self._before.setdefault(join, {})
        for wire in join.into.values():
            if wire.number in marking:
                continue
            if wire not in before:
                before[wire] = self._upstream(wire, join)
            if before[wire] & marking:
                return True
        return False

    def _upstream(self, wire: Wire, join: Vertex) -> frozenset[int]:
        found: set[int] = set()
        pending = [wire]
        while pending and self.effort.spend():
            for earlier in pending.pop().source.into.values():
                if earlier.number not in found and earlier.source is not join:
                    found.add(earlier.number)
                    pending.append(earlier)
        return frozenset(found)

    def _fire(self, vertex: Vertex, marking: Marking) -> Iterator[tuple[Marking, Wire | None]]:
        present = [wire for wire in vertex.into.values() if wire.number in marking]
        if vertex is self.net.stop:
            yield frozenset(), None
            return
        taken = present[:1] if vertex.kind == "xor" else present
        rest = marking - {wire.number for wire in taken}
        if not vertex.out:
            yield rest, None
            return
        kind = "and" if vertex.is_join else vertex.kind
        for wires in self._choices(vertex, kind):
            given = {wire.number for wire in wires}
            for wire in wires:
                # what is full already gets a second token
                if wire.number in rest:
                    self._overrun(wire, marking)
            yield rest | given, wires[0]
        if vertex.kind == "xor" and len(present) > 1 and vertex.node is not None:
            self._report(vertex, "lack-of-synchronisation", marking)

    def _choices(self, vertex: Vertex, kind: str) -> Iterator[list[Wire]]:
        out = list(vertex.out.values())
        if kind == "and" or len(out) == 1:
            yield out
        elif kind == "xor":
            yield from ([wire] for wire in out)
        elif len(out) <= _ALL_SUBSETS:
            for size in range(1, len(out) + 1):
                yield from (list(some) for some in combinations(out, size))
        else:
            yield from ([wire] for wire in out)
            yield out

    def _overrun(self, wire: Wire, marking: Marking) -> None:
        source = wire.source
        if source.node is not None and wire.target not in (self.net.sink, self.net.stop):
            self._report(source, "lack-of-synchronisation", marking)

    def _stuck(self, marking: Marking) -> None:
        for number in marking:
            vertex = self._wires[number].target
            if vertex.kind == "and" and vertex.is_join:
                self._report(vertex, "deadlock", marking)

    def _report(self, vertex: Vertex, rule: str, marking: Marking) -> None:
        if (rule, vertex) in self.faults or vertex.node is None:
            return
        way = " → ".join([*self._way(marking), vertex.node.id])
        if rule == "deadlock":
            missing = [w for w in vertex.into.values() if w.number not in marking]
            names = [name for wire in missing for name in spelled(wire.names, 1)]
            after = f" after {', '.join(names)}" if names else ""
            text = f'"{vertex.node.label}" can wait for ever for the way{after}: {way}.'
        else:
            text = f'"{vertex.node.label}" can happen more than once: {way}.'
        self.faults[rule, vertex] = Fault(rule, vertex.node, text)

    def _way(self, marking: Marking) -> list[str]:
        """Names of what was passed on the way to the marking, the last ones."""
        ropes: list[object] = []
        at: Marking | None = marking
        while at is not None and len(ropes) < 24:
            at, wire = self._came.get(at, (None, None))
            if wire is not None:
                ropes.append(wire.names)
        return spelled(tuple(reversed(ropes)))


def _main_way(net: Net) -> set[Vertex]:
    """What is reached from the source without a boundary event that does not interrupt."""
    reached = {net.source}
    pending = [net.source]
    while pending:
        for wire in pending.pop().out.values():
            if wire.target not in reached and not wire.target.aside:
                reached.add(wire.target)
                pending.append(wire.target)
    return reached


def _from_the_source(net: Net) -> dict[Vertex, int]:
    """Vertices in reverse postorder: what comes before stands before, loops aside."""
    done: list[Vertex] = []
    seen = {net.source}
    stack = [(net.source, iter(net.source.out.values()))]
    while stack:
        vertex, ways = stack[-1]
        for wire in ways:
            if wire.target not in seen:
                seen.add(wire.target)
                stack.append((wire.target, iter(wire.target.out.values())))
                break
        else:
            done.append(vertex)
            stack.pop()
    return {vertex: place for place, vertex in enumerate(reversed(done))}
