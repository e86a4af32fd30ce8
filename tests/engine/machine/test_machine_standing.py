"""The replay of facts gives the state: where tokens stand, what is open, the variables."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.machine.standing import standing, standing_of
from engine.machine.triggers import Cancel, Retried, Start, VariablesSet
from tests.engine.machine import test_machine_nests as nests
from tests.engine.machine.graphs import (
    END,
    START,
    SUB,
    Play,
    each,
    expr,
    failing,
    graph,
    inside,
    user,
)
from tests.engine.machine.test_machine_properties import BLOCKS, Builder, answer


def check(play: Play) -> None:
    assert standing(play.facts) == standing_of(play.state)


@settings(max_examples=100, deadline=None)
@given(BLOCKS, st.lists(st.integers(0, 1000), min_size=1, max_size=25), st.booleans())
def test_the_facts_of_any_block_tell_its_state(
    block: Any, choices: list[int], cancelled: bool
) -> None:
    play = Play(Builder(block).graph).start(n=0)
    check(play)

    for choice in choices:
        if play.state.ended is None:
            play.do(answer(play, choice))
            check(play)
    if cancelled and play.state.ended is None:
        play.do(Cancel(reason="test"))
    check(play)


CHOICES = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=12)


@settings(max_examples=200, deadline=None)
@given(nests.BLOCKS, nests.LISTENERS, CHOICES)
def test_the_facts_of_any_nest_of_events_tell_its_state(
    block: Any, listeners: list[tuple[str, bool]], choices: list[tuple[int, int]]
) -> None:
    play = Play(nests.Nest(block, listeners).graph)
    play.do(Start(variables={"n": 0}))
    check(play)

    for choice, value in choices:
        waits = nests.answerable(play, finishing=False)
        if waits:
            play.do(nests.answer(*waits[choice % len(waits)], value))
            check(play)


def test_incidents_and_corrections_are_told() -> None:
    broken = {"kind": "scriptTask", "action": user()["action"], "inputs": (("x", failing()),)}
    nodes = {"s": START, "u": user(), "b": broken, "e": END}
    play = Play(graph(nodes, "s>u>e s>b>e")).start(n=0)
    check(play)
    assert standing(play.facts).open[play.local("b")][0] == "incident"

    play.do(Retried(incident=play.local("b")))
    check(play)
    play.do(VariablesSet(variables={"m": 1}, removed=("n",)))
    check(play)


def test_variables_of_a_subprocess_end_with_it() -> None:
    sub = {**SUB, "inputs": (("x", expr(1)),)}
    nodes = {"s": START, "sub": sub, "e": END, "is": inside("sub", START)}
    nodes["u"] = inside("sub", user())
    play = Play(graph(nodes, "s>sub>e is>u")).start(n=0)
    host = play.state.tokens[play.state.waits[play.local("u")].token].scope
    assert standing(play.facts).variables == {0: {"n": 0}, host: {"x": 1}}

    play.do(answer(play, 0))

    check(play)
    assert standing(play.facts).variables.keys() == {0}


def test_an_instance_of_a_loop_whose_number_or_item_was_hidden_has_it_again() -> None:
    nodes = {"s": START, "u": {**user(), **each(["A"])}}
    play = Play(graph(nodes | {"e": END}, "s>u>e")).start()
    scope = play.state.waits[play.local("u")].token
    given = {"loopCounter": 0, "item": "A"}
    play.do(VariablesSet(variables={"loopCounter": 9, "item": "Z"}, scope=scope))
    assert standing(play.facts).variables[scope] == {"loopCounter": 9, "item": "Z"}

    play.do(VariablesSet(variables={}, scope=scope, removed=("loopCounter", "item")))

    check(play)
    assert standing(play.facts).variables[scope] == play.state.local(scope) == given
