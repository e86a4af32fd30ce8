"""Listeners run in Camunda's order, and each once."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn.errors import ExpressionFailed
from bpmn.graph import ErrorEvent, Expression, Listener
from bpmn.values import Value
from engine.machine.facts import Cancelled, Ended, Entered, IncidentOpened, JobRequested, TaskOpened
from engine.machine.triggers import Cancel, JobDone, JobThrew, Retried, TaskCompleted
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    Play,
    boundary,
    expr,
    graph,
    script,
    service,
    times,
    user,
)


def topics(*events: str) -> dict[str, Any]:
    """A listener for each event, its topic named after it."""
    return {"listeners": tuple(Listener(event, topic=f"on {event}") for event in events)}  # type: ignore[arg-type]


def one(spec: dict[str, Any], **more: Any) -> Play:
    return Play(graph({"s": START, "a": spec, "e": END}, "s>a>e", **more))


def run_job(play: Play, topic: str, **variables: Value) -> None:
    fact = next(f for f in reversed(play.of(JobRequested)) if f.topic == topic)
    play.do(JobDone(job=fact.job, variables=variables))


def test_a_task_hears_start_create_assignment_complete_and_end_in_this_order() -> None:
    heard = topics("end", "complete", "assignment", "create", "start")
    play = one({**user(assignee=expr("anna")), **heard}).start()

    for topic in ("on start", "on create", "on assignment"):
        assert play.of(JobRequested)[-1].topic == topic
        assert not play.of(TaskOpened)
        run_job(play, topic)
    play.do(TaskCompleted(task=play.local("a", "task"), variables={}))
    for topic in ("on complete", "on end"):
        assert play.of(JobRequested)[-1].topic == topic
        run_job(play, topic)

    assert play.of(Ended) == [Ended("completed", "e")]
    assert len(play.of(JobRequested)) == 5


@pytest.mark.parametrize("assignee", [None, ""])
def test_a_task_without_an_assignee_hears_of_no_assignment(assignee: Value) -> None:
    task = user() if assignee is None else user(assignee=expr(assignee))

    play = one({**task, **topics("assignment")}).start()

    assert play.waits("task") == ["a"]
    assert play.of(JobRequested) == []


def test_a_listener_sees_the_inputs_and_what_it_sets_is_seen_by_the_activity() -> None:
    spec = {
        **script(out=lambda v: v["x"] + v["y"]),
        **topics("start"),
        "inputs": (("x", expr(1)),),
    }
    play = one(spec).start()

    run_job(play, "on start", y=2)

    assert play.variables == {"y": 2, "out": 3}


def test_outputs_are_mapped_after_the_end_listener() -> None:
    spec = {**script(), **topics("end"), "outputs": (("o", expr(lambda v: v["late"])),)}
    play = one(spec).start()

    run_job(play, "on end", late=7)

    assert play.variables == {"late": 7, "o": 7}


def test_a_listener_on_a_flow_runs_between_the_two_nodes() -> None:
    play = one(script(), listeners={"a>e": (Listener("take", topic="t"),)}).start()
    assert play.left == ["s", "a"]
    assert [f.node for f in play.of(Entered)] == ["s", "a"]

    run_job(play, "t", x=1)

    assert play.left == ["s", "a", "e"]
    assert play.variables == {"x": 1}


def test_each_flow_that_is_taken_runs_its_own_listeners() -> None:
    heard = {"f>a": (Listener("take", topic="ta"),), "f>b": (Listener("take", topic="tb"),)}
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "c": user()}
    play = Play(graph(nodes, "s>f>a f>b f>c", listeners=heard)).start()
    assert [f.topic for f in play.of(JobRequested)] == ["ta", "tb"]
    assert play.waits("task") == ["c"]

    run_job(play, "tb")

    assert play.waits("task") == ["c", "b"]


def test_several_listeners_of_one_event_run_one_after_another() -> None:
    spec = {**script(), "listeners": (Listener("start", "t1"), Listener("start", "t2"))}
    play = one(spec).start()
    assert [f.topic for f in play.of(JobRequested)] == ["t1"]

    run_job(play, "t1")
    assert [f.topic for f in play.of(JobRequested)] == ["t1", "t2"]
    run_job(play, "t2")

    assert play.state.ended == "completed"


def counting(asked: list[str], name: str, *, fails: list[int] | None = None) -> Listener:
    def evaluate(seen: Any, now: Any) -> Value:
        asked.append(name)
        if fails:
            fails.pop()
            raise ExpressionFailed("not yet")
        return 1

    return Listener("start", expression=Expression(name, "juel", evaluate))


def test_an_expression_is_evaluated_at_once_and_its_value_goes_nowhere() -> None:
    asked: list[str] = []
    spec = {**script(n=1), "listeners": (counting(asked, "x"), counting(asked, "y"))}

    play = one(spec).start()

    assert asked == ["x", "y"]
    assert play.variables == {"n": 1}


def test_a_listener_that_fails_is_repeated_and_those_before_it_are_not() -> None:
    asked: list[str] = []
    spec = {**script(), "listeners": (counting(asked, "x"), counting(asked, "y", fails=[1]))}
    play = one(spec).start()
    assert play.incident().kind == "expression_failed"

    play.do(Retried(incident=play.incident().incident))

    assert asked == ["x", "y", "y"]
    assert play.state.ended == "completed"


def test_after_the_end_listeners_a_failing_output_is_retried_alone() -> None:
    fails = [1]
    asked: list[str] = []
    flaky = counting(asked, "output", fails=fails).expression
    spec = {**script(), **topics("end"), "outputs": (("o", flaky),)}
    play = one(spec).start()
    run_job(play, "on end")

    play.do(Retried(incident=play.incident().incident))

    assert play.state.ended == "completed"
    assert len(play.of(JobRequested)) == 1


def test_an_error_of_a_listener_goes_to_the_activitys_boundary() -> None:
    nodes = {"s": START, "a": {**user(), **topics("start")}, "e": END, "f": END}
    nodes["caught"] = boundary("a", ErrorEvent("E"))
    play = Play(graph(nodes, "s>a>e caught>f")).start()

    play.do(JobThrew(job=play.local("a", "job"), code="E"))

    assert play.of(Ended) == [Ended("completed", "f")]
    assert [f.node for f in play.of(Cancelled)] == ["a"]


def test_an_error_of_a_listener_that_nobody_catches_can_be_tried_again() -> None:
    play = one({**script(n=1), **topics("start")}).start()
    play.do(JobThrew(job=play.local("a", "job"), code="E"))
    assert play.of(IncidentOpened)[0].kind == "uncaught_error"

    play.do(Retried(incident=play.incident().incident))
    assert play.variables == {}
    run_job(play, "on start")

    assert play.variables == {"n": 1}


def test_each_instance_of_a_loop_has_its_listeners() -> None:
    spec = {**service(), **times(2), **topics("start", "end")}
    play = one(spec).start()

    while jobs := play.locals("a", "job"):
        play.do(JobDone(job=jobs[0], variables={}))

    asked = [f.topic for f in play.of(JobRequested)]
    assert sorted(asked) == ["on end", "on end", "on start", "on start", "work", "work"]
    assert play.state.ended == "completed"


def test_a_cancelled_listener_leaves_nothing() -> None:
    play = one({**user(), **topics("start")}).start()

    play.do(Cancel(reason="stop"))

    assert (play.state.tokens, play.state.waits) == ({}, {})
