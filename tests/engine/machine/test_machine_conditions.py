"""Conditional events happen when their condition turns true, by whoever changes a variable."""

from __future__ import annotations

from typing import Any

import pytest

from engine.machine.facts import Cancelled, Ended, IncidentClosed, IncidentOpened, Left
from engine.machine.triggers import JobDone, Retried, TaskCompleted, VariablesSet
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    START,
    SUB,
    Play,
    boundary,
    catch,
    condition,
    expr,
    failing,
    graph,
    inside,
    script,
    service,
    started,
    user,
)


def high(seen: Any) -> Any:
    return "no answer" if isinstance(seen["x"], str) else seen["x"] > 5


HIGH = condition(high)


def waiting(event: Any = HIGH) -> Play:
    return Play(graph({"s": START, "c": catch(event), "e": END}, "s>c>e"))


def beside(spec: dict[str, Any], **others: Any) -> Play:
    """A user task `u` with `b` on its boundary, and what else is given, which `k` counts."""
    nodes = {"s": START, "u": user(), "b": spec, "e": END, "k": script(n=lambda v: v["n"] + 1)}
    return Play(graph({**nodes, **others}, "s>u>e b>k"))


def test_a_condition_that_is_true_already_lets_the_token_pass() -> None:
    play = waiting().start(x=6)

    assert play.state.ended == "completed"


def test_a_condition_is_asked_when_a_variable_is_set_from_outside() -> None:
    play = waiting().start(x=0)

    play.do(VariablesSet(variables={"x": 5}))
    assert play.waits("condition") == ["c"]
    play.do(VariablesSet(variables={"x": 6}))

    assert play.state.ended == "completed"


def test_a_condition_is_asked_after_each_step_of_another_branch() -> None:
    nodes = {"s": START, "f": AND, "c": catch(HIGH), "up": script(x=9), "down": script(x=0)}
    play = Play(graph(nodes | {"e": END}, "s>f>c>e f>up>down>e"))

    play.start(x=0)

    assert play.state.ended == "completed"
    assert [f.node for f in play.of(Left)] == ["s", "f", "up", "down", "e", "c", "e"]


@pytest.mark.parametrize("null", [None, False])
def test_null_is_not_true(null: Any) -> None:
    play = waiting(condition(lambda v: null)).start()

    assert play.waits("condition") == ["c"]


def test_an_interrupting_boundary_condition_that_is_true_comes_before_the_activity() -> None:
    play = beside(boundary("u", HIGH)).start(x=6, n=0)

    assert play.variables["n"] == 1
    assert play.waits() == []
    assert [f.node for f in play.of(Cancelled)] == ["u"]


def test_a_boundary_condition_that_does_not_interrupt_happens_at_each_rise_only() -> None:
    play = beside(boundary("u", HIGH, interrupting=False)).start(x=6, n=0)

    for x in (7, 8, 1, 2, 9, 10):
        play.do(VariablesSet(variables={"x": x}))
    play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert play.variables["n"] == 2
    assert play.of(Ended) == [Ended("completed", "e")]


def test_a_task_s_own_result_completes_it_before_its_condition_is_asked() -> None:
    play = beside(boundary("u", HIGH)).start(x=0, n=0)

    play.do(TaskCompleted(task=play.local("u"), variables={"x": 6}))

    assert play.variables["n"] == 0
    assert play.of(Ended) == [Ended("completed", "e")]


def test_only_changes_of_the_named_variable_make_it_look() -> None:
    play = waiting(condition(lambda v: v["x"] > 5 and v.get("go"), "go")).start(x=0)

    play.do(VariablesSet(variables={"go": True}))
    play.do(VariablesSet(variables={"x": 6}))
    assert play.waits("condition") == ["c"]
    play.do(VariablesSet(variables={"go": True}))

    assert play.state.ended == "completed"


@pytest.mark.parametrize(("changes", "happens"), [("update", 0), ("delete", 1), ("create", 2)])
def test_only_changes_of_the_stated_kind_make_it_look(changes: str, happens: int) -> None:
    play = waiting(condition(lambda v: "y" in v, "x", changes)).start(x=0)
    play.do(VariablesSet(variables={"y": 0}))

    steps = [
        VariablesSet(variables={"x": 1}),
        VariablesSet(variables={}, removed=("x",)),
        VariablesSet(variables={"x": 2}),
    ]
    for step in steps[:happens]:
        play.do(step)
        assert play.state.ended is None
    play.do(steps[happens])

    assert play.state.ended == "completed"


def test_a_condition_does_not_see_what_is_local_elsewhere() -> None:
    nodes = {"s": START, "f": AND, "c": catch(condition(lambda v: v.get("y") == 1)), "e": END}
    nodes["t"] = {**service(), "inputs": (("y", expr(1)),)}
    play = Play(graph(nodes, "s>f>c>e f>t>e")).start()

    play.do(JobDone(job=play.local("t"), variables={}))

    assert play.waits() == ["c"]


def test_a_boundary_condition_sees_its_activity_s_own_variables() -> None:
    spec = boundary("t", condition(lambda v: v["y"] == 2))
    nodes = {"s": START, "t": {**service(), "inputs": (("y", expr(1)),)}, "b": spec, "e": END}
    play = Play(graph(nodes | {"e2": END}, "s>t>e b>e2")).start()
    token = play.state.waits[play.local("t")].token

    play.do(VariablesSet(variables={"y": 2}, scope=token))

    assert play.of(Ended) == [Ended("completed", "e2")]


def test_a_condition_interrupts_the_very_subprocess_that_makes_it_true() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", HIGH), "e": END, "e2": END}
    nodes |= {"c": inside("sub", script(x=9)), "never": inside("sub", script(never=1))}
    play = Play(graph(nodes, "s>sub>e b>e2 c>never"))

    play.start(x=0)

    assert play.of(Ended) == [Ended("completed", "e2")]
    assert "c" in [left.node for left in play.of(Left)]
    assert "never" not in play.variables


def guarded(*, interrupting: bool) -> Play:
    nodes = {"s": START, "u": user(), "e": END, "es": EVENT_SUB, "h": inside("es", user())}
    nodes["ss"] = inside("es", started(HIGH, interrupting=interrupting))
    return Play(graph(nodes, "s>u>e ss>h"))


@pytest.mark.parametrize("x", [0, 6])
@pytest.mark.parametrize("interrupting", [True, False])
def test_a_condition_starts_an_event_subprocess(x: int, interrupting: bool) -> None:
    play = guarded(interrupting=interrupting).start(x=x)
    if not x:
        play.do(VariablesSet(variables={"x": 6}))

    assert sorted(play.waits("task")) == (["h"] if interrupting else ["h", "u"])


def test_two_conditions_that_become_true_together_happen_in_order_of_waiting() -> None:
    nodes = {"s": START, "f": AND, "a": catch(HIGH), "b": catch(HIGH), "e": END}
    play = Play(graph(nodes, "s>f>a>e f>b>e")).start(x=0)

    play.do(VariablesSet(variables={"x": 6}))

    assert [f.node for f in play.of(Left)] == ["s", "f", "a", "e", "b", "e"]


def test_a_condition_that_fails_is_an_incident_and_is_asked_again_when_it_is_retried() -> None:
    play = waiting().start(x=0)

    play.do(VariablesSet(variables={"x": "text"}))
    assert play.waits() == ["c"]
    assert play.of(IncidentOpened)[0].kind == "not_a_boolean"
    play.do(VariablesSet(variables={"x": 6}))
    assert play.state.ended is None
    play.do(Retried(incident=play.local("c", "incident")))

    assert play.state.ended == "completed"


def test_what_a_step_has_made_true_happens_though_the_next_one_fails() -> None:
    task = {**script(x=6), "outputs": (("y", failing()),)}
    nodes = {"s": START, "f": AND, "c": catch(HIGH), "t": task, "e": END}
    play = Play(graph(nodes, "s>f>c>e f>t>e"))

    play.start(x=0)

    assert play.waits() == ["t"]
    assert "c" in [f.node for f in play.of(Left)]


def test_a_retried_condition_may_fail_again() -> None:
    play = waiting().start(x=0)
    play.do(VariablesSet(variables={"x": "text"}))

    play.do(Retried(incident=play.local("c", "incident")))

    assert [type(f) for f in play.facts[-2:]] == [IncidentClosed, IncidentOpened]
    assert play.waits() == ["c"]


def test_a_condition_that_fails_when_the_process_begins_stops_the_beginning() -> None:
    nodes = {"s": START, "u": user(), "es": EVENT_SUB}
    nodes["ss"] = inside("es", started(condition(failing())))
    play = Play(graph(nodes, "s>u")).start()

    assert play.waits() == ["s"]
    assert play.of(Left) == []
    play.do(Retried(incident=play.local("s", "incident")))

    assert play.waits() == ["s"]
