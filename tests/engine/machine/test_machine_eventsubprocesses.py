"""Event subprocesses: what starts them, what they replace, and when their scope is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bpmn.graph import ErrorEvent, TerminateEvent
from engine.machine.facts import (
    Cancelled,
    Ended,
    Entered,
    ErrorThrown,
    IncidentOpened,
    Left,
    Subscribed,
    TimerArmed,
    TimerClosed,
    Unsubscribed,
)
from engine.machine.triggers import (
    Cancel,
    JobThrew,
    MessageArrived,
    Retried,
    TaskCompleted,
    TimerDue,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    NOW,
    START,
    SUB,
    Play,
    boundary,
    end,
    expr,
    failing,
    graph,
    inside,
    message,
    script,
    service,
    started,
    timer,
    user,
)

CATCH_ALL = ErrorEvent(None, "code", "text")


def guarded(event: Any, *, interrupting: bool = True, work: Any = None) -> Play:
    """A process with the task `u`, and `h` in an event subprocess `es` that starts at `ss`."""
    nodes = {"s": START, "u": work or user(), "e": END, "es": EVENT_SUB}
    nodes |= {"ss": inside("es", started(event, interrupting=interrupting))}
    nodes |= {"h": inside("es", user()), "he": inside("es", END)}
    return Play(graph(nodes, "s>u>e ss>h>he"))


def test_a_process_ends_with_its_last_token_and_no_longer_listens() -> None:
    play = guarded(message("m", "key")).start()
    assert play.of(Subscribed) == [Subscribed(2, "ss", 0, "m", "key")]

    play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert play.facts[-2:] == [Unsubscribed(2, "cancelled"), Ended("completed", "e")]
    assert play.state.waits == {}
    assert play.state.waits_of_process == []


def test_an_interrupting_message_replaces_all_tokens_of_its_scope() -> None:
    play = guarded(message("m")).start()

    play.do(MessageArrived(subscription=play.local("ss"), variables={"x": 1}))
    assert [f.node for f in play.of(Cancelled)] == ["u"]
    assert play.waits() == ["h"]
    play.do(TaskCompleted(task=play.local("h"), variables={}))

    assert play.variables == {"x": 1}
    assert [f.node for f in play.of(Left)] == ["s", "ss", "h", "he", "es"]
    assert play.of(Ended) == [Ended("completed")]
    assert play.state.interrupted == []


def test_one_that_does_not_interrupt_runs_as_often_as_its_message_comes() -> None:
    play = guarded(message("m"), interrupting=False).start()
    for _ in range(3):
        play.do(MessageArrived(subscription=play.local("ss"), variables={}))
    assert sorted(play.waits("task")) == ["h", "h", "h", "u"]

    play.do(TaskCompleted(task=play.local("u"), variables={}))
    assert play.state.ended is None
    play.do(MessageArrived(subscription=play.local("ss"), variables={}))
    for _ in range(4):
        play.do(TaskCompleted(task=play.local("h"), variables={}))

    assert play.state.ended == "completed"
    assert play.state.tokens == play.state.waits == {}


@pytest.mark.parametrize("kind", [("date", "2026-03-02T10:00:00Z"), ("duration", "PT1H")])
@pytest.mark.parametrize("interrupting", [True, False])
def test_a_timer_starts_it_once(kind: tuple[str, str], interrupting: bool) -> None:
    play = guarded(timer(*kind), interrupting=interrupting).start()
    assert play.of(TimerArmed) == [TimerArmed(2, "ss", 0, NOW + timedelta(hours=1))]

    play.do(TimerDue(timer=2), timedelta(hours=1))

    assert play.waits() == (["h"] if interrupting else ["u", "h"])
    assert play.of(TimerClosed) == [TimerClosed(2, "fired")]


def test_a_cycle_starts_it_again_and_again() -> None:
    play = guarded(timer("cycle", "R3/PT1H"), interrupting=False).start()

    for _ in range(3):
        play.do(TimerDue(timer=play.local("ss", "timer")), timedelta(hours=1))

    assert play.waits() == ["u", "h", "h", "h"]
    assert [f.due - NOW for f in play.of(TimerArmed)] == [timedelta(hours=n) for n in (1, 2, 3)]


def test_an_interrupting_cycle_fires_once() -> None:
    play = guarded(timer("cycle", "R3/PT1H")).start()

    play.do(TimerDue(timer=play.local("ss")), timedelta(hours=1))

    assert play.waits() == ["h"]


def test_an_error_starts_it_with_code_and_message() -> None:
    play = guarded(CATCH_ALL, work=service()).start()

    play.do(JobThrew(job=play.local("u"), code="E", message="why", variables={"n": 1}))

    assert play.variables == {"n": 1, "code": "E", "text": "why"}
    assert play.of(ErrorThrown) == [ErrorThrown("E", "u", "ss", "why")]
    assert play.waits() == ["h"]


def test_an_error_thrown_in_an_event_subprocess_goes_to_the_boundary_of_its_scope() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", ErrorEvent("E")), "e": END, "e2": END}
    nodes |= {"t": inside("sub", end(ErrorEvent("E"))), "es": inside("sub", EVENT_SUB)}
    nodes |= {"ss": inside("es", started(CATCH_ALL)), "again": inside("es", end(ErrorEvent("E")))}
    play = Play(graph(nodes, "s>sub>e b>e2 ss>again"))

    play.start()

    assert [f.caught_by for f in play.of(ErrorThrown)] == ["ss", "b"]
    assert play.of(Ended) == [Ended("completed", "e2")]
    assert play.state.tokens == {}


def test_an_error_in_one_that_does_not_interrupt_reaches_another_of_the_same_scope() -> None:
    nodes = {"s": START, "u": user(), "a": EVENT_SUB, "b": EVENT_SUB, "h": inside("b", user())}
    nodes |= {"sa": inside("a", started(message("m"), interrupting=False))}
    nodes |= {"t": inside("a", end(ErrorEvent("E"))), "sb": inside("b", started(CATCH_ALL))}
    play = Play(graph(nodes, "s>u sa>t sb>h")).start()

    play.do(MessageArrived(subscription=play.local("sa"), variables={}))

    assert play.waits() == ["h"]
    assert [f.node for f in play.of(Cancelled)] == ["u", "a"]


def test_on_one_level_the_matching_code_comes_first_and_inner_levels_before_outer() -> None:
    nodes = {"s": START, "sub": SUB, "e": END, "t": inside("sub", end(ErrorEvent("E")))}
    for name, scope, event in (
        ("any", "sub", CATCH_ALL), ("one", "sub", ErrorEvent("E")), ("out", "p", ErrorEvent("E")),
    ):  # fmt: skip
        nodes |= {name: inside(scope, EVENT_SUB), f"s-{name}": inside(name, started(event))}
    play = Play(graph(nodes, "s>sub>e"))

    play.start()

    assert [f.caught_by for f in play.of(ErrorThrown)] == ["s-one"]
    assert play.of(Ended) == [Ended("completed", "e")]


def test_an_uncaught_error_ends_the_instance_and_all_that_listens() -> None:
    nodes = {"s": START, "f": AND, "u": user(), "t": end(ErrorEvent("E")), "es": EVENT_SUB}
    nodes |= {"ss": inside("es", started(message("m")))}
    play = Play(graph(nodes, "s>f>u f>t"))

    play.start()

    assert play.of(Ended) == [Ended("error", "t")]
    assert play.state.tokens == play.state.waits == {}


def in_a_subprocess(event: Any, *, interrupting: bool = True) -> Play:
    nodes = {"s": START, "sub": SUB, "e": END, "u": inside("sub", user())}
    nodes |= {"es": inside("sub", EVENT_SUB), "h": inside("es", user())}
    nodes |= {"ss": inside("es", started(event, interrupting=interrupting))}
    return Play(graph(nodes, "s>sub>e ss>h"))


def test_a_subprocess_waits_for_its_event_subprocess_then_no_longer_listens() -> None:
    play = in_a_subprocess(message("m"), interrupting=False).start()
    play.do(MessageArrived(subscription=play.local("ss"), variables={}))

    play.do(TaskCompleted(task=play.local("u"), variables={}))
    assert play.waits() == ["ss", "h"]
    play.do(TaskCompleted(task=play.local("h"), variables={}))

    assert [f.node for f in play.of(Left)] == ["s", "ss", "u", "h", "es", "sub", "e"]
    assert play.state.waits == {}


def test_a_subprocess_that_is_interrupted_no_longer_listens() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", message("out")), "e": END}
    nodes |= {"u": inside("sub", user()), "es": inside("sub", EVENT_SUB)}
    nodes |= {"ss": inside("es", started(message("m"))), "h": inside("es", user())}
    play = Play(graph(nodes, "s>sub>e b>e ss>h")).start()

    play.do(MessageArrived(subscription=play.local("ss"), variables={}))
    play.do(MessageArrived(subscription=play.local("b"), variables={}))

    assert [f.node for f in play.of(Cancelled)] == ["u", "h", "es", "sub"]
    assert play.state.ended == "completed"
    assert play.state.interrupted == []


def test_event_subprocesses_nest() -> None:
    nodes = {"s": START, "u": user(), "a": EVENT_SUB, "sa": inside("a", started(message("a")))}
    nodes |= {"h": inside("a", user()), "b": inside("a", EVENT_SUB), "k": inside("b", user())}
    nodes |= {"sb": inside("b", started(message("b")))}
    play = Play(graph(nodes, "s>u sa>h sb>k")).start()
    play.do(MessageArrived(subscription=play.local("sa"), variables={}))
    assert sorted(play.waits()) == ["h", "sb"]

    play.do(MessageArrived(subscription=play.local("sb"), variables={}))
    assert play.waits() == ["k"]
    play.do(TaskCompleted(task=play.local("k"), variables={}))

    assert [f.node for f in play.of(Left)] == ["s", "sa", "sb", "k", "b", "a"]
    assert play.state.ended == "completed"


def test_a_termination_in_an_event_subprocess_ends_that_alone() -> None:
    nodes = {"s": START, "u": user(), "es": EVENT_SUB, "f": inside("es", AND)}
    nodes |= {"ss": inside("es", started(message("m"), interrupting=False))}
    nodes |= {"h": inside("es", user()), "x": inside("es", end(TerminateEvent()))}
    play = Play(graph(nodes, "s>u ss>f>h f>x")).start()

    play.do(MessageArrived(subscription=play.local("ss"), variables={}))

    assert play.waits() == ["ss", "u"]
    assert [f.node for f in play.of(Cancelled)] == ["h"]


def test_it_has_inputs_and_outputs_of_its_own() -> None:
    mapped = {**EVENT_SUB, "inputs": (("x", expr(1)),), "outputs": (("y", expr(lambda v: v["x"])),)}
    nodes = {"s": START, "u": user(), "es": mapped, "ss": inside("es", started(message("m")))}
    nodes |= {"c": inside("es", script(x=lambda v: v["x"] + v["n"]))}
    play = Play(graph(nodes, "s>u ss>c")).start()

    play.do(MessageArrived(subscription=play.local("ss"), variables={"n": 4}))

    assert play.variables == {"n": 4, "y": 5}


@pytest.mark.parametrize("scope", ["p", "sub"])
def test_what_cannot_listen_stops_before_its_scope_begins(scope: str) -> None:
    nodes = {"s": START, "sub": SUB, "e": END, "u": inside("sub", user())}
    nodes |= {"a": inside(scope, EVENT_SUB), "sa": inside("a", started(message("m")))}
    nodes |= {"b": inside(scope, EVENT_SUB), "sb": inside("b", started(message("m", failing())))}
    broken = graph(nodes, "s>sub>e")
    play = Play(broken).start()
    stopped = "s" if scope == "p" else "sub"
    assert play.waits("incident") == [stopped]
    assert [f.kind for f in play.of(IncidentOpened)] == ["expression_failed"]
    assert play.of(Subscribed) == []

    mended = {**nodes, "sb": inside("b", started(message("n")))}
    play.model = graph(mended, "s>sub>e")
    play.do(Retried(incident=play.local(stopped)))

    assert [f.message for f in play.of(Subscribed)] == ["m", "n"]
    assert play.waits("task") == ["u"]


def test_a_cancelled_instance_leaves_nothing_that_listens() -> None:
    play = in_a_subprocess(timer("duration", "PT1H")).start()

    play.do(Cancel(reason="test"))

    assert play.state.waits == play.state.tokens == play.state.scopes == {}
    assert [type(f) for f in play.facts[-4:]][-1] is Ended
    assert len(play.of(Entered)) == len(play.of(Left)) + len(play.of(Cancelled))
