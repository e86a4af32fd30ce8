"""Loops of a scope: its strongly connected components, found in one walk (Tarjan, 1972)."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.rules.drawing import Node

After = dict[Node, list[Node]]


def loops_of(after: After) -> list[list[Node]]:
    """Each loop as its nodes, loops and nodes in order of the file."""
    place = {node: number for number, node in enumerate(after)}
    found = [sorted(loop, key=place.__getitem__) for loop in _Walk(after).loops()]
    return sorted(found, key=lambda loop: place[loop[0]])


class _Walk:
    def __init__(self, after: After) -> None:
        self.after = after
        self.index: dict[Node, int] = {}
        self.low: dict[Node, int] = {}
        self.held: list[Node] = []
        self.on_hold: set[Node] = set()
        self.stack: list[tuple[Node, Iterator[Node]]] = []

    def loops(self) -> Iterator[list[Node]]:
        for root in self.after:
            if root not in self.index:
                self.open(root)
            while self.stack:
                yield from self.step()

    def step(self) -> Iterator[list[Node]]:
        node, rest = self.stack[-1]
        following = next((n for n in rest if n in self.after), None)
        if following is None:
            self.stack.pop()
            if self.stack:
                before = self.stack[-1][0]
                self.low[before] = min(self.low[before], self.low[node])
            if self.low[node] == self.index[node]:
                component = self.close(node)
                if len(component) > 1 or node in self.after[node]:
                    yield component
        elif following not in self.index:
            self.open(following)
        elif following in self.on_hold:
            self.low[node] = min(self.low[node], self.index[following])

    def open(self, node: Node) -> None:
        self.index[node] = self.low[node] = len(self.index)
        self.held.append(node)
        self.on_hold.add(node)
        self.stack.append((node, iter(self.after[node])))

    def close(self, node: Node) -> list[Node]:
        component = []
        while True:
            member = self.held.pop()
            self.on_hold.discard(member)
            component.append(member)
            if member is node:
                return component
