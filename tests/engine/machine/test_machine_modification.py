"""Modification: tokens are put and withdrawn from outside, all or none."""

from __future__ import annotations

import pytest

from engine.machine.errors import ModificationRefused
from engine.machine.facts import Cancelled, Ended, Entered
from engine.machine.triggers import (
    CancelActivity,
    Instruction,
    Modify,
    StartAfter,
    StartBefore,
    StartTransition,
    TaskCompleted,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    SUB,
    Play,
    boundary,
    graph,
    inside,
    message,
    script,
    times,
    user,
)


def modified(play: Play, *instructions: Instruction) -> Play:
    play.do(Modify(instructions=instructions))
    return play


def done(play: Play, node: str) -> None:
    play.do(TaskCompleted(task=play.local(node), variables={}))


def two_tasks() -> Play:
    nodes = {"s": START, "a": user(), "b": user(), "e": END}
    return Play(graph(nodes, "s>a>b>e")).start()


def nested() -> Play:
    """A task before a subprocess with a boundary event and a task in it."""
    nodes = {"s": START, "a": user(), "sub": SUB, "x": boundary("sub", message("m"))}
    nodes |= {"is": inside("sub", START), "i": inside("sub", user()), "e": END}
    return Play(graph(nodes, "s>a>sub>e x>e is>i")).start()


def test_a_token_jumps_from_one_task_to_the_next() -> None:
    play = modified(two_tasks(), CancelActivity(node="a"), StartBefore(node="b"))

    assert play.waits("task") == ["b"]
    assert [fact.node for fact in play.of(Cancelled)] == ["a"]


def test_a_token_is_put_after_an_activity_or_on_a_flow() -> None:
    after = modified(two_tasks(), StartAfter(node="a"))
    along = modified(two_tasks(), StartTransition(flow="a>b", variables={"x": 1}))

    assert after.waits("task") == along.waits("task") == ["a", "b"]
    assert along.variables == {"x": 1}


def test_a_subprocess_around_is_begun_and_ends_as_any_other() -> None:
    play = modified(nested(), CancelActivity(node="a"), StartBefore(node="i"))

    assert "sub" in [fact.node for fact in play.of(Entered)]
    done(play, "i")
    assert play.of(Ended) == [Ended("completed", "e")]


def test_a_subprocess_that_runs_is_not_begun_again() -> None:
    play = nested()
    done(play, "a")

    modified(play, StartBefore(node="i"))

    assert play.waits("task") == ["i", "i"]
    assert [fact.node for fact in play.of(Entered)].count("sub") == 1


def test_what_is_left_empty_ends_with_its_scope() -> None:
    play = nested()
    done(play, "a")

    modified(play, CancelActivity(node="i"))

    assert [fact.node for fact in play.of(Cancelled)] == ["i", "sub"]
    assert play.of(Ended) == [Ended("cancelled")]


def test_one_of_several_instances_is_withdrawn_and_the_others_go_on() -> None:
    nodes = {"s": START, "a": {**user(), **times(3)}, "e": END}
    play = Play(graph(nodes, "s>a>e")).start()
    second = sorted(key for key, token in play.state.tokens.items() if token.instance)[1]

    modified(play, CancelActivity(node="a", token=second))
    done(play, "a")
    done(play, "a")

    assert play.of(Ended) == [Ended("completed", "e")]


def test_a_token_that_waits_at_a_join_can_be_withdrawn() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": script(), "j": AND, "e": END}
    play = Play(graph(nodes, "s>f>a>j f>b>j j>e")).start()

    modified(play, CancelActivity(node="j"), StartTransition(flow="b>j"))
    done(play, "a")

    assert play.of(Ended) == [Ended("completed", "e")]


@pytest.mark.parametrize(
    ("instruction", "element"),
    [
        (StartBefore(node="nowhere"), "nowhere"),
        (StartBefore(node="x"), "x"),
        (StartTransition(flow="a>nowhere"), "a>nowhere"),
        (CancelActivity(node="i"), "i"),
    ],
)
def test_what_does_not_fit_changes_nothing(instruction: Instruction, element: str) -> None:
    play = nested()
    before = play.state

    with pytest.raises(ModificationRefused) as refused:
        modified(play, StartBefore(node="a"), instruction)

    assert refused.value.element == element
    assert play.state == before
