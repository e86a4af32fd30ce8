"""Random drawings, compiled and run to their end: nothing is lost, nothing is left, all replays."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.compiler import compile_model
from engine.machine.facts import Cancelled, Ended, Entered, Left
from engine.machine.replay import replay
from engine.machine.standing import standing, standing_of
from engine.machine.state import Wait
from engine.machine.triggers import (
    AnyTrigger,
    CallEnded,
    Continue,
    JobDone,
    MessageArrived,
    Start,
    TaskCompleted,
    TimerDue,
)
from tests.bpmn.random_blocks import blocks, valid_model
from tests.engine.machine.graphs import Play, undecided
from tests.engine.machine.test_machine_nests import balanced, check


def answer(local: int, wait: Wait, again: bool) -> AnyTrigger:
    match wait.kind:
        case "task":
            return TaskCompleted(task=local, variables={"again": again})
        case "job":
            return JobDone(job=local, variables={})
        case "continuation":
            return Continue(job=local)
        case "timer":
            return TimerDue(timer=local)
        case "call":
            return CallEnded(call=local, variables={})
        case _:
            return MessageArrived(subscription=local, variables={})


@settings(max_examples=150, deadline=None)
@given(blocks, st.booleans(), st.lists(st.integers(0, 99), min_size=1, max_size=20))
def test_a_random_drawing_runs_to_its_end_with_tokens_conserved_and_its_ledger_true(
    block: Any, asked: bool, choices: list[int]
) -> None:
    (graph,) = compile_model(valid_model(block)).graphs
    play = Play(graph)
    play.do(Start(variables={"x": asked, "again": False}))

    for step in range(500):
        check(play.state)
        balanced(play)
        assert standing(play.facts) == standing_of(play.state)
        if play.state.ended:
            break
        waits = list(play.state.waits.items())
        local, wait = waits[choices[step % len(choices)] % len(waits)]
        play.do(answer(local, wait, again=step < len(choices) and choices[step] % 2 == 1))

    assert [fact.how for fact in play.of(Ended)] == ["completed"]
    assert play.state.tokens == play.state.waits == play.state.joins == play.state.scopes == {}
    entered = Counter(fact.node for fact in play.of(Entered))
    for node in graph.nodes.values():
        if node.kind == "parallelGateway" and len(node.incoming) > 1:
            rounds, rest = divmod(entered[node.id], len(node.incoming))
            following = graph.nodes[node.outgoing[0].target]
            assert rest == 0
            assert len(following.incoming) > 1 or entered[following.id] == rounds
    assert sum(entered.values()) == len(play.of(Left)) + len(play.of(Cancelled))
    assert replay(graph, play.steps, undecided) == (play.state, play.facts)
