"""What holds for every nest of subprocesses, event subprocesses, boundaries and handlers."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.graph import (
    CancelEvent,
    CompensateEvent,
    ErrorEvent,
    EscalationEvent,
    MultiInstance,
    TerminateEvent,
)
from engine.machine.facts import Cancelled, Ended, Entered, Left
from engine.machine.replay import replay
from engine.machine.state import State, Wait
from engine.machine.triggers import (
    AnyTrigger,
    Cancel,
    MessageArrived,
    Start,
    TaskCompleted,
    TimerDue,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    GATE,
    OR,
    START,
    SUB,
    TRANSACTION,
    Play,
    boundary,
    catch,
    condition,
    end,
    expr,
    graph,
    inside,
    message,
    script,
    several,
    signal,
    started,
    throw,
    timer,
    undecided,
    user,
)

EVENTS: dict[str, Any] = {
    "message": message("m"),
    "signal": signal("go"),
    "timer": timer("cycle", "R2/PT1H"),
    "condition": condition(lambda v: v["n"] % 3 == 1),
    "any": several(message("a"), signal("go")),
    "all": several(message("a"), timer("duration", "PT1H"), parallel=True),
    "escalation": EscalationEvent("E"),
    "error": ErrorEvent("E"),
}
THROWS: dict[str, Any] = {
    "throw signal": throw(signal("go")),
    "throw escalation": throw(EscalationEvent("E")),
    "undo": throw(CompensateEvent()),
    "undo beside": throw(CompensateEvent(wait=False)),
}
ENDS: dict[str, Any] = {
    "end error": end(ErrorEvent("E")),
    "end signal": end(signal("go")),
    "terminate": end(TerminateEvent()),
}
LOOPED: dict[str, Any] = {**SUB, "loop": MultiInstance(False, cardinality=expr(2))}
SCOPES: dict[str, Any] = {
    "sub": SUB,
    "transaction": TRANSACTION,
    "many": LOOPED,
    "one by one": {**SUB, "loop": MultiInstance(True, cardinality=expr(2))},
}
LISTENERS = st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.booleans()), max_size=2)
LEAVES = st.one_of(
    st.sampled_from(["handled", "undo"]),
    st.sampled_from(["user", "script", "catch", "gate", "cancel", *THROWS, *ENDS]),
)


HANDLERS = st.sampled_from(["user", "handled", "undo", "undo beside", "cancel", "end error"])
"""Leaves of event subprocesses: none that could start one again, and so for ever."""


def blocks(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.just("row"), parts),
        st.tuples(st.just("and"), parts),
        st.tuples(st.just("or"), parts),
        st.tuples(
            st.sampled_from(["sub", "transaction", "many", "one by one"]),
            inner,
            LISTENERS,
            LISTENERS,
            HANDLERS,
        ),
    )


BLOCKS = st.recursive(LEAVES, blocks, max_leaves=9)


class Nest:
    """Turns a drawn block into nodes and flows, one entry and one exit a block."""

    def __init__(self, block: Any, listeners: list[tuple[str, bool]]) -> None:
        self.nodes: dict[str, dict[str, Any]] = {}
        self.flows: list[str] = []
        self.conditions: dict[str, Any] = {}
        self.fill("p", block)
        self.listen("p", listeners, "user")
        self.graph = graph(self.nodes, " ".join(self.flows), conditions=self.conditions)

    def add(self, spec: dict[str, Any], scope: str) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes[name] = inside(scope, spec)
        return name

    def fill(self, scope: str, block: Any) -> None:
        first, last = self.build(block, scope)
        self.flows += [f"{self.add(START, scope)}>{first}", f"{last}>{self.add(END, scope)}"]

    def listen(self, scope: str, listeners: list[tuple[str, bool]], block: Any) -> None:
        """Event subprocesses."""
        for kind, interrupting in listeners:
            name = self.add(EVENT_SUB, scope)
            start = started(EVENTS[kind], interrupting=interrupting or kind == "error")
            first, _ = self.build(block, name)
            self.flows.append(f"{self.add(start, name)}>{first}")

    def build(self, block: Any, scope: str) -> tuple[str, str]:
        if isinstance(block, str):
            return self.leaf(block, scope)
        if block[0] in SCOPES:
            return self.sub(block, scope)
        kind, parts = block
        built = [self.build(part, scope) for part in parts]
        if kind == "row":
            self.flows += [f"{a[1]}>{b[0]}" for a, b in pairwise(built)]
            return built[0][0], built[-1][1]
        gateway = AND if kind == "and" else OR
        fork, join = self.add(gateway, scope), self.add(OR, scope)
        for place, (first, last) in enumerate(built):
            self.flows += [f"{fork}>{first}", f"{last}>{join}"]
            if kind == "or" and place:
                holds = expr(lambda v, place=place: bool(v["n"] >> place & 1))
                self.conditions[f"{fork}>{first}"] = holds
        return fork, self.after(join, scope)

    def after(self, node: str, scope: str) -> str:
        name = self.add(script(), scope)
        self.flows.append(f"{node}>{name}")
        return name

    def leaf(self, kind: str, scope: str) -> tuple[str, str]:
        if kind == "handled":
            undo = self.add({**script(n=lambda v: v["n"] + 1), "for_compensation": True}, scope)
            name = self.add({**user(), "compensated_by": undo}, scope)
            return name, name
        if kind in ENDS or kind == "cancel":
            # The path ends here; beside it, what follows is reached by another flow.
            cancels = self.nodes.get(scope, {}).get("kind") == "transaction"
            spec = ENDS.get(kind) or (end(CancelEvent()) if cancels else END)
            fork, stop = self.add(AND, scope), self.add(spec, scope)
            task = self.add(user(), scope)
            self.flows += [f"{fork}>{task}", f"{fork}>{stop}"]
            return fork, task
        if kind == "gate":
            gate, join = self.add(GATE, scope), self.add(OR, scope)
            for event in (message("m"), timer("duration", "PT1H")):
                self.flows.append(f"{gate}>{self.add(catch(event), scope)}>{join}")
            return gate, join
        specs = {"user": user(), "script": script(n=lambda v: v["n"] + 1), **THROWS}
        specs["catch"] = catch(message("m"))
        name = self.add(specs[kind], scope)
        return name, name

    def sub(self, block: Any, scope: str) -> tuple[str, str]:
        kind, inner, listeners, boundaries, handler = block
        name = self.add(SCOPES[kind], scope)
        self.fill(name, inner)
        self.listen(name, listeners, handler)
        join = self.add(OR, scope)
        self.flows.append(f"{name}>{join}")
        for event, interrupting in boundaries:
            stops = interrupting or event == "error"
            spec = boundary(name, EVENTS[event], interrupting=stops)
            self.flows.append(f"{self.add(spec, scope)}>{join}")
        if kind == "transaction":
            self.flows.append(f"{self.add(boundary(name, CancelEvent()), scope)}>{join}")
        return name, self.after(join, scope)


def answer(local: int, wait: Wait, value: int) -> AnyTrigger:
    match wait.kind:
        case "task":
            return TaskCompleted(task=local, variables={"n": value})
        case "timer":
            return TimerDue(timer=local)
        case _:
            return MessageArrived(subscription=local, variables={})


def answerable(play: Play, *, finishing: bool) -> list[tuple[int, Wait]]:
    def on_path(wait: Wait) -> bool:
        return play.model.nodes[wait.node].kind == "intermediateCatchEvent"

    return [
        (local, wait)
        for local, wait in play.state.waits.items()
        if wait.kind == "task"
        or (wait.kind in {"timer", "subscription"} and (not finishing or on_path(wait)))
    ]


def check(state: State) -> None:
    """Every count agrees with its tokens, every wait with its token, and joins hold who waits."""
    counted = Counter(token.scope for token in state.tokens.values())
    assert counted == Counter(state.scopes)
    assert all(not scope or scope in state.tokens for scope in state.scopes)
    for local, wait in state.waits.items():
        assert local in state.waits_of(wait.token)
        assert wait.kind != "incident"
    own = sum(len(token.waits) for token in state.tokens.values())
    assert own + len(state.waits_of_process) == len(state.waits)
    assert all(scope in state.scopes for scope in (*state.interrupted, *state.joins))
    for owner in state.compensables:
        assert owner == 0 or owner in state.tokens
    kept = {scope for scope in state.variables if scope and scope not in state.tokens}
    assert kept <= set(_records(state))


def _records(state: State) -> list[int]:
    found, walk = [], [each for records in state.compensables.values() for each in records]
    while walk:
        record = walk.pop()
        found.append(record.token)
        walk += record.inner
    return found


def balanced(play: Play) -> None:
    entered, left, cancelled = (
        Counter(f.node for f in play.of(kind)) for kind in (Entered, Left, Cancelled)
    )
    standing = Counter(t.node for t in play.state.tokens.values() if t.entered)
    assert entered == left + cancelled + standing


@settings(max_examples=300, deadline=None)
@given(BLOCKS, LISTENERS, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=12))
def test_every_nest_ends_with_nothing_left_and_replays_exactly(
    block: Any, listeners: list[tuple[str, bool]], choices: list[tuple[int, int]]
) -> None:
    play = Play(Nest(block, listeners).graph)
    play.do(Start(variables={"n": 0}))

    for step in range(400):
        check(play.state)
        balanced(play)
        if play.state.ended:
            break
        if any(wait.kind == "continuation" for wait in play.state.waits.values()):
            return  # A signal sets itself off for ever: the machine puts the rest off.
        finishing = step >= len(choices)
        choice, value = (0, 0) if finishing else choices[step]
        waits = answerable(play, finishing=finishing)
        assert waits, "something is always to do"
        play.do(answer(*waits[choice % len(waits)], value))

    assert play.state.ended in {"completed", "error", "terminated"}
    assert len(play.of(Ended)) == 1
    assert play.state.tokens == play.state.waits == play.state.joins == play.state.scopes == {}
    assert play.state.compensables == play.state.resets == {}
    assert play.state.waits_of_process == play.state.interrupted == []
    assert play.state.variables.keys() == {0}
    assert replay(play.model, play.steps, undecided) == (play.state, play.facts)


@settings(max_examples=100, deadline=None)
@given(BLOCKS, LISTENERS, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=5))
def test_a_nest_that_is_cancelled_leaves_nothing_open(
    block: Any, listeners: list[tuple[str, bool]], choices: list[tuple[int, int]]
) -> None:
    play = Play(Nest(block, listeners).graph)
    play.do(Start(variables={"n": 0}))
    for choice, value in choices:
        waits = answerable(play, finishing=False)
        if waits:
            play.do(answer(*waits[choice % len(waits)], value))

    if not play.state.ended:
        play.do(Cancel(reason="test"))

    balanced(play)
    assert play.state.tokens == play.state.waits == play.state.joins == {}
    assert play.state.compensables == play.state.resets == {}
    assert play.state.variables.keys() == {0}
