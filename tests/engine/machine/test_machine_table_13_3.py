"""Inclusive joins in random unstructured graphs, against the standard's table taken word by word.

The reference below knows no scopes, masks or caches: it plays the token game with recursion and
looks for each directed path of BPMN 2.0 Table 13.3 by walking the graph.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.graph import Flow, Graph, Node
from engine.machine.facts import Entered, Left
from engine.machine.replay import replay
from engine.machine.triggers import TaskCompleted
from tests.engine.machine.graphs import AND, END, OR, START, XOR, Play, expr, graph, undecided, user

KINDS = {"user": user(), "and": AND, "or": OR, "xor": XOR}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any flows forward, and backward from tasks, so that no loop is without a wait."""
    kinds = draw(st.lists(st.sampled_from(["user", "or", "or", "and", "xor"]), min_size=3))[:9]
    count = len(kinds)
    place = st.integers(0, count - 1)
    drawn = draw(st.lists(st.tuples(place, place), min_size=count, max_size=3 * count))
    edges = sorted({(a, b) for a, b in drawn if b > a or (kinds[a] == "user" and b != a)})
    nodes: dict[str, Any] = {"s": START, "f": AND, "e": END}
    nodes |= {f"n{i}": KINDS[kind] for i, kind in enumerate(kinds)}
    flows = ["s>f", *(f"f>n{i}" for i in draw(st.sets(place, min_size=1, max_size=4)))]
    conditions: dict[str, Any] = {}
    defaults: list[str] = []
    for i, kind in enumerate(kinds):
        targets = [f"n{b}" for a, b in edges if a == i]
        if not targets or draw(st.booleans()):
            targets.append("e")
        own = [f"n{i}>{target}" for target in targets]
        flows += own
        forks = kind == "and" and sum(b == i for _, b in edges) + (f"f>n{i}" in flows) < 2
        if kind == "and" and not forks:
            nodes[f"n{i}"] = OR  # A parallel join may wait for ever; here it forks alone.
        if kind != "user" and not forks:
            defaults.append(own[-1])
            conditions |= {
                flow: expr(lambda v, at=at: bool(v["n"] >> at & 1))
                for at, flow in enumerate(own[:-1])
            }
    return graph(nodes, " ".join(flows), conditions=conditions, defaults=defaults)


def flows_of(node: Node) -> list[Flow]:
    return [*node.outgoing, *([node.default] if node.default else [])]


class Reference:
    """Tokens in tasks, and tokens on the incoming flows of joins."""

    def __init__(self, model: Graph, n: int) -> None:
        self.model = model
        self.flows = {flow.id: flow for node in model.nodes.values() for flow in flows_of(node)}
        self.tasks: list[str] = []
        self.joins: dict[str, dict[str, int]] = {}
        self.n = n
        self.leave("s")
        self.settle()

    def complete(self, task: str, n: int) -> None:
        self.n = n
        self.tasks.remove(task)
        self.leave(task)
        self.settle()

    def arrive(self, flow: Flow) -> None:
        node = self.model.nodes[flow.target]
        if node.kind == "userTask":
            self.tasks.append(node.id)
        elif node.kind == "inclusiveGateway" and len(node.incoming) > 1:
            waiting = self.joins.setdefault(node.id, {})
            waiting[flow.id] = waiting.get(flow.id, 0) + 1
        elif node.kind != "endEvent":
            self.leave(node.id)

    def leave(self, name: str) -> None:
        node = self.model.nodes[name]
        chosen = list(node.outgoing)
        if node.default is not None:
            seen = {"n": self.n}
            chosen = [
                flow
                for flow in node.outgoing
                if flow.condition and flow.condition.evaluate(seen, None)  # type: ignore[arg-type]
            ]
            chosen = chosen or [node.default]
            if node.kind == "exclusiveGateway":
                chosen = chosen[:1]
        for flow in chosen:
            self.arrive(flow)

    def settle(self) -> None:
        while enabled := next((name for name in self.joins if self.is_activated(name)), None):
            waiting = self.joins[enabled]
            self.joins[enabled] = {flow: count - 1 for flow, count in waiting.items() if count > 1}
            if not self.joins[enabled]:
                del self.joins[enabled]
            self.leave(enabled)

    def is_activated(self, gateway: str) -> bool:
        """At least one token, and for every path (i–iii) there is a path (iv–vi) too."""
        has = set(self.joins[gateway])
        starts = [[flow] for waiting in self.joins.values() for flow in waiting]
        starts += [[flow.id for flow in flows_of(self.model.nodes[task])] for task in self.tasks]
        for start in starts:
            ends = {end for flow in start for end in self.ends(flow, gateway)}
            if ends - has and not ends & has:
                return False
        return True

    def ends(self, first: str, gateway: str) -> set[str]:
        """The gateway's incoming flows that a path from `first` ends with, not visiting it."""
        found, seen, walk = set(), set(), [first]
        while walk:
            flow = walk.pop()
            if flow in seen:
                continue
            seen.add(flow)
            target = self.flows[flow].target
            if target == gateway:
                found.add(flow)
            else:
                walk += [each.id for each in flows_of(self.model.nodes[target])]
        return found


BITS = st.integers(0, 15)
ANSWERS = st.lists(st.tuples(st.integers(0, 50), BITS), max_size=14)


@settings(max_examples=400, deadline=None)
@given(graphs(), ANSWERS, BITS)
def test_every_join_waits_exactly_as_the_table_says(
    model: Graph, answers: list[tuple[int, int]], n: int
) -> None:
    reference = Reference(model, n)
    play = Play(model).start(n=n)

    for choice, value in [(0, n), *answers]:
        waiting = {
            gateway: {flow: len(tokens) for flow, tokens in flows.items()}
            for gateway, flows in play.state.joins.get(0, {}).items()
        }
        assert waiting == reference.joins
        assert Counter(play.waits("task")) == Counter(reference.tasks)
        if not reference.tasks:
            break
        task = reference.tasks[choice % len(reference.tasks)]
        play.do(TaskCompleted(task=play.local(task), variables={"n": value}))
        reference.complete(task, value)

    entered, left = (Counter(f.node for f in play.of(kind)) for kind in (Entered, Left))
    assert entered - left == Counter(token.node for token in play.state.tokens.values())
    assert (play.state.ended is None) == bool(play.state.tokens)
    assert replay(play.model, play.steps, undecided) == (play.state, play.facts)
