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
from tests.engine.random_constructs import constructs, model_of

CHOICES = st.lists(st.integers(0, 99), min_size=1, max_size=20)
ANSWERABLE = {"task", "job", "continuation", "timer", "call", "subscription"}


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


def answerable(play: Play, finishing: bool) -> list[tuple[int, Wait]]:
    """What can be answered; at last only what stands in a token's own way."""
    nodes = play.model.nodes

    def in_the_way(wait: Wait) -> bool:
        node = nodes[wait.node]
        return node.attached_to is None and node.kind != "startEvent"

    return [
        (local, wait)
        for local, wait in play.state.waits.items()
        if wait.kind in ANSWERABLE and (not finishing or in_the_way(wait))
    ]


def run(play: Play, asked: bool, choices: list[int]) -> None:
    """To the end; after every step the counts agree, and the facts tell the state."""
    play.do(Start(variables={"x": asked, "again": False}))
    for step in range(500):
        check(play.state)
        balanced(play)
        assert standing(play.facts) == standing_of(play.state)
        if play.state.ended:
            return
        waits = answerable(play, finishing=step >= len(choices))
        assert waits, "something is always to do"
        local, wait = waits[choices[step % len(choices)] % len(waits)]
        play.do(answer(local, wait, again=step < len(choices) and choices[step] % 2 == 1))


def check_end(play: Play) -> None:
    """It has completed once, without a rest; parallel joins fired once for all their flows."""
    assert [fact.how for fact in play.of(Ended)] == ["completed"]
    state = play.state
    assert state.tokens == state.waits == state.joins == state.scopes == state.progress == {}
    assert state.compensables == state.resets == {}
    assert state.waits_of_process == state.interrupted == []
    assert state.variables.keys() == {0}
    nodes = play.model.nodes
    entered = Counter(fact.node for fact in play.of(Entered))
    withdrawn = Counter(fact.node for fact in play.of(Cancelled))
    for node in nodes.values():
        if node.kind == "parallelGateway" and len(node.incoming) > 1:
            joined = entered[node.id] - withdrawn[node.id]
            rounds, rest = divmod(joined, len(node.incoming))
            following = nodes[node.outgoing[0].target]
            assert rest == 0
            several = len(following.incoming) > 1 or following.loop is not None
            assert several or entered[following.id] == rounds
    assert sum(entered.values()) == len(play.of(Left)) + len(play.of(Cancelled))
    assert replay(play.model, play.steps, undecided) == (play.state, play.facts)


@settings(max_examples=150, deadline=None)
@given(blocks, st.booleans(), CHOICES)
def test_a_random_drawing_runs_to_its_end_with_tokens_conserved_and_its_ledger_true(
    block: Any, asked: bool, choices: list[int]
) -> None:
    (graph,) = compile_model(valid_model(block)).graphs
    play = Play(graph)

    run(play, asked, choices)

    check_end(play)


@settings(max_examples=250, deadline=None)
@given(constructs, st.integers(0, 7), st.booleans(), CHOICES)
def test_a_random_drawing_of_all_constructs_does_too(
    block: Any, event: int, asked: bool, choices: list[int]
) -> None:
    (graph,) = compile_model(model_of(block, event)).graphs
    play = Play(graph)

    run(play, asked, choices)

    check_end(play)
