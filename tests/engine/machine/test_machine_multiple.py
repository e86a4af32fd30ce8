"""Multiple events: one definition is enough; of parallel multiple events all must come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bpmn.graph import ErrorEvent, EscalationEvent
from engine.machine.facts import (
    ErrorThrown,
    EscalationThrown,
    Left,
    MessageThrown,
    SignalThrown,
    TimerArmed,
)
from engine.machine.triggers import (
    JobThrew,
    MessageArrived,
    Retried,
    TaskCompleted,
    TimerDue,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    END,
    EVENT_SUB,
    START,
    SUB,
    Play,
    boundary,
    catch,
    condition,
    end,
    failing,
    graph,
    inside,
    message,
    script,
    service,
    several,
    signal,
    started,
    throw,
    timer,
    user,
)

A, B, HOUR = message("a"), signal("b"), timer("duration", "PT1H")
ANY = several(A, B, HOUR)
ALL = several(A, B, HOUR, parallel=True)


def arm(event: Any, where: str, *, interrupting: bool = True) -> Play:
    """The event on its own (`catch`), on a boundary, or as start of an event subprocess; behind
    it `k` counts."""
    nodes = {"s": START, "e": END, "k": script(n=lambda v: v["n"] + 1)}
    if where == "catch":
        return Play(graph(nodes | {"x": catch(event)}, "s>x>k")).start(n=0)
    nodes["u"] = user()
    if where == "boundary":
        nodes["x"] = boundary("u", event, interrupting=interrupting)
        return Play(graph(nodes, "s>u>e x>k")).start(n=0)
    nodes |= {"es": EVENT_SUB, "x": inside("es", started(event, interrupting=interrupting))}
    nodes["k"] = inside("es", nodes["k"])
    return Play(graph(nodes, "s>u>e x>k")).start(n=0)


def come(play: Play, definition: int) -> None:
    """Let the definition of `x` happen."""
    local, wait = next(
        (key, wait)
        for key, wait in play.state.waits.items()
        if wait.node == "x" and wait.definition == definition
    )
    if wait.kind == "timer":
        play.do(TimerDue(timer=local), timedelta(hours=1))
    else:
        play.do(MessageArrived(subscription=local, variables={f"from{definition}": True}))


@pytest.mark.parametrize("where", ["catch", "boundary", "start"])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_first_definition_is_enough_and_cancels_the_others(where: str, first: int) -> None:
    play = arm(ANY, where)
    assert play.waits().count("x") == 3

    come(play, first)

    assert play.variables["n"] == 1
    assert play.state.ended == "completed"
    assert play.state.waits == {}


@pytest.mark.parametrize("where", ["catch", "boundary", "start"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_all_definitions_of_a_parallel_multiple_event_must_come(
    where: str, order: tuple[int, ...]
) -> None:
    play = arm(ALL, where)

    for definition in order[:-1]:
        come(play, definition)
        assert play.variables["n"] == 0
    come(play, order[-1])

    assert play.variables == {"n": 1, "from0": True, "from1": True}
    assert play.state.ended == "completed"


@pytest.mark.parametrize("where", ["boundary", "start"])
def test_what_does_not_interrupt_happens_with_each_of_its_definitions(where: str) -> None:
    play = arm(ANY, where, interrupting=False)

    for definition in (0, 1, 0, 2, 1):
        come(play, definition)

    assert play.variables["n"] == 5
    assert play.waits().count("x") == 2  # The timer is over.
    assert "u" in play.waits()


@pytest.mark.parametrize("where", ["boundary", "start"])
def test_a_parallel_one_that_does_not_interrupt_collects_all_of_them_anew(where: str) -> None:
    play = arm(ALL, where, interrupting=False)

    for rounds in (1, 2):
        for definition in (1, 0, 2):
            come(play, definition)
        assert play.variables["n"] == rounds
        assert play.waits().count("x") == 3
    play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert play.state.ended == "completed"
    assert len(play.of(TimerArmed)) == 3


@pytest.mark.parametrize("where", ["boundary", "start"])
def test_when_it_cannot_collect_anew_its_own_token_stops(where: str) -> None:
    two = several(A, B, parallel=True)
    play = arm(two, where, interrupting=False)
    come(play, 0)
    mended, broken = play.model, several(message("a", failing()), B, parallel=True)
    play.model = arm_model(broken, where)

    come(play, 1)
    assert sorted(play.waits()) == ["u", "x"]
    assert play.variables["n"] == 0
    play.model = mended
    play.do(Retried(incident=play.local("x")))

    assert play.variables["n"] == 1
    assert play.waits().count("x") == 2


def arm_model(event: Any, where: str) -> Any:
    nodes = {"s": START, "e": END, "k": script(n=lambda v: v["n"] + 1), "u": user()}
    if where == "boundary":
        return graph(nodes | {"x": boundary("u", event, interrupting=False)}, "s>u>e x>k")
    nodes |= {"es": EVENT_SUB, "x": inside("es", started(event, interrupting=False))}
    return graph(nodes | {"k": inside("es", nodes["k"])}, "s>u>e x>k")


@pytest.mark.parametrize("where", ["catch", "boundary", "start"])
def test_a_condition_can_be_one_of_several(where: str) -> None:
    both = several(message("a"), condition(lambda v: v.get("go") is True), parallel=True)
    play = arm(both, where)

    play.do(VariablesSet(variables={"go": True}))
    play.do(VariablesSet(variables={"go": False}))
    assert play.variables["n"] == 0
    come(play, 0)

    assert play.variables["n"] == 1
    assert play.state.ended == "completed"


def test_what_is_true_at_once_counts_for_a_parallel_one() -> None:
    both = several(message("a"), condition(lambda v: True), parallel=True)
    play = arm(both, "catch")
    assert play.waits() == ["x"]

    come(play, 0)

    assert play.state.ended == "completed"


def test_errors_and_escalations_can_be_definitions_of_a_multiple_event() -> None:
    event = several(message("a"), ErrorEvent("E", "code"))
    nodes = {"s": START, "t": service(), "x": boundary("t", event), "e": END, "e2": END}
    play = Play(graph(nodes, "s>t>e x>e2")).start()

    play.do(JobThrew(job=play.local("t"), code="E"))

    assert play.of(ErrorThrown) == [ErrorThrown("E", "t", "x")]
    assert play.variables == {"code": "E"}
    assert play.state.waits == {}


def test_a_multiple_throw_throws_all_of_its_definitions() -> None:
    event = several(EscalationEvent("late"), signal("b"), message("a"))
    play = Play(graph({"s": START, "t": throw(event), "e": END}, "s>t>e"))

    play.start()

    assert play.of(MessageThrown) == [MessageThrown("t", "a", None, {})]
    assert play.of(SignalThrown) == [SignalThrown("t", "b", {})]
    assert play.of(EscalationThrown) == [EscalationThrown("late", "t", None)]
    assert [f.node for f in play.of(Left)] == ["s", "t", "e"]


def test_a_multiple_throw_of_which_one_part_fails_throws_nothing() -> None:
    event = several(message("a"), signal(failing()))
    play = Play(graph({"s": START, "t": throw(event), "e": END}, "s>t>e"))

    play.start()

    assert play.waits("incident") == ["t"]
    assert play.of(MessageThrown) == []


def test_a_multiple_end_throws_its_error_last() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", ErrorEvent("E")), "e": END, "e2": END}
    nodes["t"] = inside("sub", end(several(ErrorEvent("E"), message("a"), signal("b"))))
    play = Play(graph(nodes, "s>sub>e b>e2"))

    play.start()

    kinds = (MessageThrown, SignalThrown, ErrorThrown)
    assert [type(f) for f in play.facts if isinstance(f, kinds)] == list(kinds)
    assert [f.node for f in play.of(Left)] == ["s", "t", "b", "e2"]
