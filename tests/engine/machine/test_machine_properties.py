"""What holds for every block-structured graph, however its waits are answered."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.graph import AdHoc, Listener
from engine.machine.facts import Cancelled, Ended, Entered, Left
from engine.machine.replay import replay
from engine.machine.state import State, decode, encode, encode_variables
from engine.machine.triggers import (
    AnyTrigger,
    CallEnded,
    Cancel,
    Continue,
    JobDone,
    MessageArrived,
    TaskCompleted,
    TimerDue,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    SUB,
    XOR,
    Play,
    adhoc,
    boundary,
    call,
    expr,
    graph,
    receive,
    script,
    service,
    timer,
    times,
    undecided,
    user,
    while_,
)

LISTENERS = (Listener("start", topic="before"), Listener("end", topic="after"))

INPUTS = {"inputs": (("inner", expr(1)),)}
AROUND: dict[str, dict[str, Any]] = {
    "sub": {**SUB, **INPUTS},
    "parallel": {**SUB, **INPUTS, **times(2)},
    "sequential": {**SUB, **times(2, sequential=True, results="r", result=1)},
    "enough": {**SUB, **times(3, completion=lambda v: v["nrOfCompletedInstances"] == 1)},
    "rounds": {**SUB, **while_(lambda v: v["loopCounter"] < 2)},
    "adhoc": adhoc(),
    "adhocs": {**adhoc(parallel=False), **times(2)},
}
"""What a block can stand in, once or several times."""

LEAVES = st.sampled_from(
    [
        "user",
        "script",
        "service",
        "receive",
        "async",
        "timed",
        "call",
        "listened",
        "tasks",
        "scripts",
    ]
)
BLOCKS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("row"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("and"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("xor"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("loop"), st.lists(inner, min_size=1, max_size=1)),
        st.tuples(st.sampled_from(sorted(AROUND)), st.lists(inner, min_size=1, max_size=1)),
        st.tuples(st.just("quantity"), st.lists(inner, min_size=1, max_size=1)),
    ),
    max_leaves=8,
)


class Builder:
    """Turns a drawn block into nodes and flows, one entry and one exit a block."""

    def __init__(self, block: Any) -> None:
        self.nodes: dict[str, dict[str, Any]] = {}
        self.flows: list[str] = []
        self.conditions: dict[str, Any] = {}
        self.defaults: list[str] = []
        start = self.add(START, "p")
        begin, end = self.build(block, "p")
        self.flows += [f"{start}>{begin}", f"{end}>{self.add(END, 'p')}"]
        self.graph = graph(
            self.nodes, " ".join(self.flows), conditions=self.conditions, defaults=self.defaults
        )

    def add(self, spec: dict[str, Any], scope: str) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes[name] = {**spec, "in": scope}
        return name

    def build(self, block: Any, scope: str) -> tuple[str, str]:
        if isinstance(block, str):
            return self.leaf(block, scope)
        kind, parts = block
        if kind in AROUND:
            return self.around(AROUND[kind], parts, scope)
        return getattr(self, f"build_{kind}")(parts, scope)  # type: ignore[no-any-return]

    def leaf(self, kind: str, scope: str) -> tuple[str, str]:
        count = {"n": lambda v: v["n"] + 1}
        specs: dict[str, dict[str, Any]] = {
            "user": user(),
            "script": script(**count),
            "service": {**service(), "inputs": (("local", expr(lambda v: v["n"])),)},
            "receive": receive("m"),
            "async": {**script(**count), "async_before": True, "async_after": True},
            "timed": user(),
            "call": call(),
            "listened": {**script(**count), "listeners": LISTENERS},
            "tasks": {**user(), **times(2)},
            "scripts": {**script(**count), **times(2, async_before=True, async_after=True)},
        }
        name = self.add(specs[kind], scope)
        if kind != "timed":
            return name, name
        late = self.add(boundary(name, timer("duration", "PT1H")), scope)
        merge = self.add(XOR, scope)
        self.flows += [f"{name}>{merge}", f"{late}>{merge}"]
        return name, merge

    def build_row(self, parts: list[Any], scope: str) -> tuple[str, str]:
        ends = [self.build(part, scope) for part in parts]
        self.flows += [f"{a[1]}>{b[0]}" for a, b in pairwise(ends)]
        return ends[0][0], ends[-1][1]

    def build_and(self, parts: list[Any], scope: str) -> tuple[str, str]:
        fork, join = self.add(AND, scope), self.add(AND, scope)
        for part in parts:
            begin, end = self.build(part, scope)
            self.flows += [f"{fork}>{begin}", f"{end}>{join}"]
        after = self.add(script(), scope)
        self.flows.append(f"{join}>{after}")
        return fork, after

    def build_xor(self, parts: list[Any], scope: str) -> tuple[str, str]:
        split, merge = self.add(XOR, scope), self.add(XOR, scope)
        count = len(parts)
        for i, part in enumerate(parts):
            begin, end = self.build(part, scope)
            self.flows += [f"{split}>{begin}", f"{end}>{merge}"]
            self.conditions[f"{split}>{begin}"] = expr(lambda v, i=i, of=count: v["n"] % of == i)
        self.defaults.append(self.flows[-2])
        del self.conditions[self.flows[-2]]
        return split, merge

    def build_loop(self, parts: list[Any], scope: str) -> tuple[str, str]:
        merge, split = self.add(XOR, scope), self.add(XOR, scope)
        rounds = f"rounds_{merge}"
        count = self.add(script(**{rounds: lambda v: v.get(rounds, 0) + 1}), scope)
        begin, end = self.build(parts[0], scope)
        after = self.add(script(), scope)
        self.flows += [f"{merge}>{begin}", f"{end}>{count}>{split}>{merge}", f"{split}>{after}"]
        self.conditions[f"{split}>{merge}"] = expr(lambda v: v[rounds] % 3 != 0)
        self.defaults.append(f"{split}>{after}")
        return merge, after

    def around(self, spec: dict[str, Any], parts: list[Any], scope: str) -> tuple[str, str]:
        name = self.add(spec, scope)
        is_adhoc = isinstance(spec["action"], AdHoc)
        start = self.add(script() if is_adhoc else START, name)
        begin, _ = self.build(parts[0], name)
        self.flows.append(f"{start}>{begin}")
        return name, name

    def build_quantity(self, parts: list[Any], scope: str) -> tuple[str, str]:
        """Two tokens go through the block and come out as one."""
        two = self.add({**script(), "completion_quantity": 2}, scope)
        one = self.add({**script(), "start_quantity": 2}, scope)
        begin, end = self.build(parts[0], scope)
        self.flows += [f"{two}>{begin}", f"{end}>{one}"]
        return two, one


def answer(play: Play, choice: int) -> AnyTrigger:
    """Answer one of the open waits."""
    open_waits = list(play.state.waits.items())
    local, wait = open_waits[choice % len(open_waits)]
    match wait.kind:
        case "task":
            return TaskCompleted(task=local, variables={"n": choice})
        case "job":
            return JobDone(job=local, variables={"n": choice})
        case "continuation":
            return Continue(job=local)
        case "call":
            return CallEnded(call=local, variables={})
        case "timer":
            return TimerDue(timer=local)
        case _:
            assert wait.kind == "subscription"
            return MessageArrived(subscription=local, variables={})


def check(state: State) -> None:
    """Every count in the state agrees with its tokens, every wait with its token."""
    assert Counter(token.scope for token in state.tokens.values()) == Counter(state.scopes)
    for local, wait in state.waits.items():
        assert local in state.tokens[wait.token].waits
    assert sum(len(token.waits) for token in state.tokens.values()) == len(state.waits)
    at_joins = [
        token
        for gateways in state.joins.values()
        for flows in gateways.values()
        for tokens in flows.values()
        for token in tokens
    ]
    assert len(at_joins) == len(set(at_joins))
    for host, progress in state.progress.items():
        assert state.tokens[host].entered
        if progress.total is not None:
            assert progress.completed + progress.active <= progress.total
            assert state.scopes[host] <= progress.begun <= progress.total
    assert all(scope > 0 or -scope in state.tokens for scope in state.variables if scope)


@settings(max_examples=150, deadline=None)
@given(BLOCKS, st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_every_block_completes_with_tokens_conserved_and_replays_exactly(
    block: Any, choices: list[int]
) -> None:
    play = Play(Builder(block).graph).start(n=0)
    check(play.state)

    for step in range(20_000):
        if play.state.ended:
            break
        play.do(answer(play, choices[step % len(choices)]))
        check(play.state)

    entered = Counter(f.node for f in play.of(Entered))
    left = Counter(f.node for f in play.of(Left)) + Counter(f.node for f in play.of(Cancelled))
    assert play.of(Ended)[0].how == "completed"
    assert play.state.tokens == play.state.waits == play.state.joins == play.state.scopes == {}
    assert play.state.variables.keys() == {0}
    assert entered == left
    for node in play.model.nodes.values():
        if node.kind == "parallelGateway" and len(node.incoming) > 1:
            joined = Counter(play.left)[node.id]
            assert joined == len(node.incoming) * entered[node.outgoing[0].target]
    assert replay(play.model, play.steps, undecided) == (play.state, play.facts)


@settings(max_examples=50, deadline=None)
@given(BLOCKS, st.lists(st.integers(0, 1000), max_size=5))
def test_a_cancelled_block_leaves_nothing_open(block: Any, choices: list[int]) -> None:
    play = Play(Builder(block).graph).start(n=0)
    for choice in choices:
        if not play.state.ended:
            play.do(answer(play, choice))

    if not play.state.ended:
        play.do(Cancel(reason="test"))

    entered = Counter(f.node for f in play.of(Entered))
    left = Counter(f.node for f in play.of(Left)) + Counter(f.node for f in play.of(Cancelled))
    assert entered == left
    assert play.state.tokens == play.state.waits == play.state.joins == {}
    assert decode(encode(play.state), encode_variables(play.state)) == play.state
