"""Escalations go outwards until somebody catches them; the thrower goes on unless interrupted."""

from __future__ import annotations

import pytest

from bpmn.graph import Call, EscalationEvent
from engine.machine.facts import CallClosed, Cancelled, Ended, EscalationThrown, Left
from engine.machine.triggers import CallEnded, CallEscalated, TaskCompleted
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    START,
    SUB,
    Play,
    boundary,
    end,
    expr,
    graph,
    inside,
    started,
    throw,
    user,
)

LATE = EscalationEvent("late")
ANY = EscalationEvent(None, "code")


def test_nobody_catches_an_escalation_and_its_thrower_goes_on() -> None:
    play = Play(graph({"s": START, "t": throw(LATE), "e": end(EscalationEvent("end"))}, "s>t>e"))

    play.start()

    assert play.of(EscalationThrown) == [
        EscalationThrown("late", "t", None),
        EscalationThrown("end", "e", None),
    ]
    assert play.of(Ended) == [Ended("completed", "e")]


@pytest.mark.parametrize("interrupting", [True, False])
def test_the_boundary_event_of_a_subprocess_catches_what_is_thrown_inside(
    interrupting: bool,
) -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", ANY, interrupting=interrupting)}
    nodes |= {"e": END, "e2": END, "is": inside("sub", START), "t": inside("sub", throw(LATE))}
    nodes |= {"u": inside("sub", user())}
    play = Play(graph(nodes, "s>sub>e b>e2 is>t>u"))

    play.start()

    assert play.variables == {"code": "late"}
    assert play.waits() == ([] if interrupting else ["u"])
    assert [f.node for f in play.of(Cancelled)] == (["sub"] if interrupting else [])


def test_an_escalation_goes_out_over_levels_to_the_first_that_matches() -> None:
    nodes = {"s": START, "outer": SUB, "e": END, "e2": END}
    nodes |= {"b": boundary("outer", LATE, interrupting=False), "inner": inside("outer", SUB)}
    nodes |= {"no": inside("outer", boundary("inner", EscalationEvent("other")))}
    nodes |= {"t": inside("inner", end(LATE)), "oe": inside("outer", END)}
    play = Play(graph(nodes, "s>outer>e b>e2 inner>oe no>oe"))

    play.start()

    assert play.of(EscalationThrown) == [EscalationThrown("late", "t", "b")]
    assert [f.node for f in play.of(Left)] == ["s", "t", "inner", "oe", "outer", "e", "b", "e2"]


def test_on_one_level_the_code_comes_before_what_catches_all() -> None:
    nodes = {"s": START, "sub": SUB, "e": END, "all": boundary("sub", ANY)}
    nodes |= {"one": boundary("sub", LATE), "t": inside("sub", end(LATE))}
    play = Play(graph(nodes, "s>sub>e all>e one>e"))

    play.start()

    assert play.of(EscalationThrown)[0].caught_by == "one"


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_event_subprocess_catches_before_the_boundary_of_its_scope(interrupting: bool) -> None:
    nodes = {"s": START, "sub": SUB, "e": END, "b": boundary("sub", LATE)}
    nodes |= {"f": inside("sub", AND), "t": inside("sub", end(LATE)), "u": inside("sub", user())}
    nodes |= {"es": inside("sub", EVENT_SUB)}
    nodes |= {"ss": inside("es", started(LATE, interrupting=interrupting))}
    nodes |= {"h": inside("es", user())}
    play = Play(graph(nodes, "s>sub>e b>e f>t f>u ss>h")).start()

    assert play.of(EscalationThrown) == [EscalationThrown("late", "t", "ss")]
    assert sorted(play.waits("task")) == (["h"] if interrupting else ["h", "u"])
    for task in play.waits("task"):
        play.do(TaskCompleted(task=play.local(task), variables={}))

    assert play.of(Ended) == [Ended("completed", "e")]


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation_of_a_called_instance_is_caught_at_the_call(interrupting: bool) -> None:
    called = {"kind": "callActivity", "action": Call(expr("other"))}
    nodes = {"s": START, "c": called, "b": boundary("c", ANY, interrupting=interrupting)}
    play = Play(graph(nodes | {"e": END, "e2": END}, "s>c>e b>e2")).start()
    call = play.local("c")

    play.do(CallEscalated(call=call, code="late"))
    assert play.variables == {"code": "late"}
    assert play.of(CallClosed) == ([CallClosed(call, "cancelled")] if interrupting else [])
    if not interrupting:
        play.do(CallEnded(call=call, variables={}))

    assert play.state.ended == "completed"
    assert play.of(EscalationThrown) == [EscalationThrown("late", "c", "b")]


def test_what_an_event_subprocess_throws_goes_past_itself() -> None:
    nodes = {"s": START, "t": end(LATE), "es": EVENT_SUB}
    nodes |= {"ss": inside("es", started(LATE, interrupting=False)), "h": inside("es", end(LATE))}
    play = Play(graph(nodes, "s>t ss>h"))

    play.start()

    assert [f.caught_by for f in play.of(EscalationThrown)] == ["ss", None]
    assert play.state.ended == "completed"
