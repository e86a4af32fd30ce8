"""Blocks that are well paired are folded into one wire, until only the difficult part is left.

Invariant: a fold never hides a fault: where a split and the join that closes it do not fit, that
is reported, and the block is folded as if they did, so that faults around it are found too.
Each fold removes a wire; the work is bounded by `effort`, for graphs made to be hard.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.soundness.fault import Fault
from bpmn.soundness.net import Net, Rope, Vertex, Wire, spelled


class Effort:
    """Steps that may still be made in one file."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> bool:
        self.left -= steps
        return self.left >= 0


class Reduction:
    """Folds the net in place. `faults` holds what did not fit."""

    def __init__(self, net: Net, effort: Effort) -> None:
        self.net = net
        self.effort = effort
        self.faults: list[Fault] = []
        self._pending = list(net.vertices)
        self._waiting = set(net.vertices)

    def fold(self) -> bool:
        """True if nothing is left in which two tokens could meet or miss each other."""
        while self._pending:
            vertex = self._pending.pop()
            self._waiting.discard(vertex)
            if not self.effort.spend(1 + len(vertex.out)):
                return False
            self._series(vertex) or self._pair(vertex) or self._nest(vertex) or self._loop(vertex)
        return not any(
            vertex.kind != "xor" and vertex.out and (len(vertex.out) > 1 or vertex.is_join)
            for vertex in self.net.vertices
        )

    def _again(self, *vertices: Vertex) -> None:
        for vertex in vertices:
            if vertex not in self._waiting:
                self._waiting.add(vertex)
                self._pending.append(vertex)

    def _cut(self, wire: Wire) -> None:
        del wire.source.out[wire.number]
        del wire.target.into[wire.number]
        self._again(wire.source, wire.target)

    def _lead(self, wire: Wire, target: Vertex, names: Rope) -> None:
        """Let the wire end elsewhere."""
        del wire.target.into[wire.number]
        wire.target, wire.names = target, (wire.names, names)
        target.into[wire.number] = wire
        self._again(wire.source, target)

    def _series(self, vertex: Vertex) -> bool:
        """One way in, one way out: the two wires become one."""
        if len(vertex.into) != 1 or len(vertex.out) != 1:
            return False
        before, after = _only(vertex.into), _only(vertex.out)
        if before is after:
            return False
        target, names = after.target, after.names
        self._cut(after)
        self._lead(before, target, names)
        return True

    def _pair(self, split: Vertex) -> bool:
        """Several wires from one split to one join become one."""
        if len(split.out) < 2:
            return False
        together: dict[Vertex, list[Wire]] = {}
        for wire in split.out.values():
            together.setdefault(wire.target, []).append(wire)
        folded = False
        for join, wires in together.items():
            if len(wires) > 1 and join is not split:
                self._compare(split, join, wires)
                for wire in wires[1:]:
                    self._cut(wire)
                folded = True
        return folded

    def _compare(self, split: Vertex, join: Vertex, wires: list[Wire]) -> None:
        if join.kind in ("or", split.kind) or join.node is None:
            return
        ways = " and ".join(" → ".join(_way(wire, join)) for wire in wires[:2])
        begin = "the start" if split.node is None else f'"{split.node.label}"'
        if join.kind == "and":
            rule = "deadlock"
            some = "not all" if split.kind == "or" else "only one"
            text = f"{begin} may take {some} of the ways for which it waits: {ways}."
            message = f'"{join.node.label}" can wait for ever: {text}'
        else:
            rule = "lack-of-synchronisation"
            text = f"tokens come from {begin} on several ways: {ways}."
            message = f'"{join.node.label}" can happen more than once: {text}'
        self.faults.append(Fault(rule, join.node, message))

    def _nest(self, vertex: Vertex) -> bool:
        """A split right after a split of its kind, or a join before one, is part of it."""
        if len(vertex.into) == 1 and len(vertex.out) > 1:
            outer = _only(vertex.into).source
            if outer.kind == vertex.kind and outer is not vertex and not outer.is_join:
                return self._dissolve_split(vertex, outer)
        if len(vertex.out) == 1 and vertex.is_join:
            target = _only(vertex.out).target
            if target.is_join and target.kind == vertex.kind and target is not vertex:
                return self._dissolve_join(vertex, target)
        return False

    def _dissolve_split(self, vertex: Vertex, outer: Vertex) -> bool:
        before = _only(vertex.into)
        if not self.effort.spend(len(vertex.out)):
            return False
        for wire in list(vertex.out.values()):
            del vertex.out[wire.number]
            wire.source, wire.names = outer, (before.names, wire.names)
            outer.out[wire.number] = wire
            self._again(wire.target)
        self._cut(before)
        return True

    def _dissolve_join(self, vertex: Vertex, target: Vertex) -> bool:
        after = _only(vertex.out)
        if not self.effort.spend(len(vertex.into)):
            return False
        for wire in list(vertex.into.values()):
            self._lead(wire, target, after.names)
        self._cut(after)
        return True

    def _loop(self, join: Vertex) -> bool:
        """A wire from a split back to the join right before it is a loop."""
        if len(join.out) != 1:
            return self._self_loop(join)
        split = _only(join.out).target
        back = [wire for wire in split.out.values() if wire.target is join]
        if split is join or split.is_join or not back:
            return self._self_loop(join)
        if len(split.out) == len(back):
            return False  # no way out: another rule's
        self._judge_loop(join, split, back[0])
        for wire in back:
            self._cut(wire)
        return True

    def _self_loop(self, vertex: Vertex) -> bool:
        own = [wire for wire in vertex.out.values() if wire.target is vertex]
        if not own or len(own) == len(vertex.out):
            return False
        for wire in own:
            self._cut(wire)
        return True

    def _judge_loop(self, join: Vertex, split: Vertex, back: Wire) -> None:
        if join.node is None or split.node is None:
            return
        way = " → ".join(_way(back, join))
        if join.kind == "and":
            text = f'"{join.node.label}" can wait for ever: it waits for what follows it: {way}.'
            self.faults.append(Fault("deadlock", join.node, text))
        elif split.kind != "xor":
            text = f'"{split.node.label}" can go on and go back at once, again and again: {way}.'
            self.faults.append(Fault("lack-of-synchronisation", join.node, text))


def _only(wires: dict[int, Wire]) -> Wire:
    return next(iter(wires.values()))


def _way(wire: Wire, join: Vertex) -> Iterator[str]:
    names = spelled(wire.names)
    yield from names
    if join.node is not None and (not names or names[-1] != join.node.id):
        yield join.node.id
