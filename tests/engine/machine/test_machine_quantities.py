"""startQuantity, completionQuantity, and where tokens begin and end without events."""

from __future__ import annotations

from engine.machine.facts import Cancelled, Ended, Entered, IncidentOpened
from engine.machine.triggers import Continue, TaskCompleted, TimerDue
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    SUB,
    Play,
    boundary,
    expr,
    graph,
    script,
    timer,
    times,
    user,
)


def done(play: Play, node: str) -> None:
    play.do(TaskCompleted(task=play.local(node, "task"), variables={}))


def test_an_activity_begins_when_its_start_quantity_of_tokens_has_come() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "e": END}
    nodes["x"] = {**user(), "start_quantity": 2}
    play = Play(graph(nodes, "s>f>a>x>e f>b>x")).start()

    done(play, "a")
    assert play.waits() == ["b"]
    assert [f.node for f in play.of(Entered)].count("x") == 0
    done(play, "b")
    assert play.waits() == ["x"]
    done(play, "x")

    assert play.left == ["s", "f", "a", "b", "x", "e"]
    assert play.of(Ended) == [Ended("completed", "e")]
    assert play.state.joins == {}


def test_tokens_gather_from_one_flow_as_from_several() -> None:
    producer = {**script(), "completion_quantity": 5}
    gatherer = {**script(n=lambda v: v["n"] + 1), "start_quantity": 2}
    play = Play(graph({"s": START, "a": producer, "x": gatherer, "e": END}, "s>a>x>e"))

    play.start(n=0)

    # Two pairs go through; the fifth token waits for a sixth that never comes.
    assert play.variables == {"n": 2}
    assert play.state.ended is None
    assert len(play.state.tokens) == 1


def test_the_completion_quantity_leaves_on_every_flow_that_is_taken() -> None:
    producer = {**script(), "completion_quantity": 3}
    nodes = {"s": START, "a": producer, "x": user(), "y": user(), "z": user()}
    conditions = {"a>y": expr(False)}

    play = Play(graph(nodes, "s>a>x a>y a>z", conditions=conditions)).start()

    assert play.waits() == ["x"] * 3 + ["z"] * 3


def test_a_quantity_without_a_way_on_is_an_end_as_any_other() -> None:
    producer = {**script(), "completion_quantity": 3}

    assert Play(graph({"s": START, "a": producer}, "s>a")).start().state.ended == "completed"


def test_quantities_count_for_a_loop_as_a_whole() -> None:
    spec = {**user(), **times(2), "start_quantity": 2, "completion_quantity": 2}
    nodes = {"s": START, "f": AND, "x": spec, "y": user()}
    play = Play(graph(nodes, "s>f>x>y f>x")).start()
    assert play.waits() == ["x", "x"]

    done(play, "x")
    done(play, "x")

    assert play.waits() == ["y", "y"]


def test_gathered_tokens_go_with_their_scope() -> None:
    nodes = {"s": START, "sub": SUB, "e": END, "x": {**user(), "start_quantity": 2, "in": "sub"}}
    nodes |= {"u": {**user(), "in": "sub"}, "late": boundary("sub", timer("duration", "PT1H"))}
    nodes["g"] = {**AND, "in": "sub"}
    play = Play(graph(nodes, "s>sub>e g>x g>u late>e")).start()

    play.do(TimerDue(timer=play.local("late")))

    assert [f.node for f in play.of(Cancelled)] == ["u", "sub"]
    assert (play.state.joins, play.state.ended) == ({}, "completed")


def test_too_many_tokens_are_an_incident() -> None:
    spec = {**script(), "completion_quantity": 10**9}

    play = Play(graph({"s": START, "a": spec, "x": END}, "s>a>x")).start()

    assert play.of(IncidentOpened)[0].kind == "too_many_tokens"


def test_a_continuation_stands_before_what_has_gathered_not_before_each_token() -> None:
    spec = {**script(n=1), "start_quantity": 2, "async_before": True}
    nodes = {"s": START, "f": AND, "x": spec}
    play = Play(graph(nodes, "s>f>x f>x")).start()
    assert play.waits() == ["x"]

    play.do(Continue(job=play.local("x")))

    assert play.variables == {"n": 1}
    assert play.state.ended == "completed"


# --- implicit starts and ends (BPMN 2.0 §10.3, §13.2) ---


def test_without_a_start_event_every_node_that_no_flow_leads_to_begins() -> None:
    nodes = {"a": user(), "b": user(), "c": script(n=1)}

    play = Play(graph(nodes, "a>c")).start()

    assert play.waits() == ["a", "b"]


def test_a_subprocess_without_start_and_end_events_does_all_it_holds() -> None:
    inner = {"a": {**user(), "in": "sub"}, "b": {**user(), "in": "sub"}}
    play = Play(graph({"s": START, "sub": SUB, "e": END, **inner}, "s>sub>e")).start()

    done(play, "b")
    assert play.state.ended is None
    done(play, "a")

    assert play.of(Ended) == [Ended("completed", "e")]


def test_the_instance_ends_when_the_last_token_finds_no_way_on() -> None:
    play = Play(graph({"s": START, "f": AND, "a": user(), "b": user()}, "s>f>a f>b")).start()

    done(play, "a")
    assert play.state.ended is None
    done(play, "b")

    assert play.of(Ended) == [Ended("completed")]
