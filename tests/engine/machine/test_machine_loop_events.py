"""Events at, in and around activities that run more than once, and in ad-hoc subprocesses."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bpmn.graph import AdHoc, CancelEvent, ErrorEvent, EscalationEvent, MultiInstance
from engine.machine.facts import Cancelled, Ended, ErrorThrown, Left
from engine.machine.triggers import JobThrew, MessageArrived, Selected, TaskCompleted, VariablesSet
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    START,
    SUB,
    TRANSACTION,
    Play,
    boundary,
    condition,
    end,
    expr,
    graph,
    inside,
    message,
    script,
    service,
    signal,
    started,
    throw,
    user,
)
from tests.engine.machine.test_machine_compensation import check, handled, log

THREE = MultiInstance(False, cardinality=expr(3))
COUNT = script(n=lambda v: v["n"] + 1)


def looped(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "loop": THREE}


def test_a_boundary_event_listens_once_and_interrupts_all_instances() -> None:
    nodes = {"s": START, "a": looped(user()), "b": boundary("a", message("m")), "e": END}
    play = Play(graph(nodes | {"e2": END}, "s>a>e b>e2")).start()
    assert Counter(play.waits()) == {"a": 3, "b": 1}

    play.do(MessageArrived(subscription=play.local("b"), variables={}))

    assert [f.node for f in play.of(Cancelled)] == ["a"] * 4
    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def test_an_error_of_one_instance_is_caught_once_and_ends_all() -> None:
    nodes = {"s": START, "a": looped(service()), "b": boundary("a", ErrorEvent("E")), "e": END}
    play = Play(graph(nodes | {"e2": END}, "s>a>e b>e2")).start()

    play.do(JobThrew(job=play.local("a", "job"), code="E"))

    assert play.of(ErrorThrown) == [ErrorThrown("E", "a", "b")]
    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def test_each_instance_of_a_subprocess_has_event_subprocesses_of_its_own() -> None:
    nodes = {"s": START, "sub": looped(SUB), "e": END, "u": inside("sub", user())}
    nodes |= {"es": inside("sub", EVENT_SUB), "ss": inside("es", started(message("m")))}
    nodes |= {"c": inside("es", COUNT)}
    play = Play(graph(nodes, "s>sub>e ss>c")).start(n=0)
    assert Counter(play.waits()) == {"ss": 3, "u": 3}

    play.do(MessageArrived(subscription=play.local("ss"), variables={}))
    assert Counter(play.waits()) == {"ss": 2, "u": 2}
    for _ in range(2):
        play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert play.variables["n"] == 1
    assert play.state.ended == "completed"
    check(play)


def test_an_escalation_of_each_instance_is_caught_beside_the_activity() -> None:
    nodes = {"s": START, "sub": looped(SUB), "e": END, "c": COUNT}
    nodes |= {"b": boundary("sub", EscalationEvent("E"), interrupting=False)}
    nodes |= {"t": inside("sub", throw(EscalationEvent("E")))}
    play = Play(graph(nodes, "s>sub>e b>c"))

    play.start(n=0)

    assert play.variables["n"] == 3
    assert play.state.ended == "completed"
    check(play)


def test_a_signal_thrown_by_one_instance_may_interrupt_them_all() -> None:
    nodes = {"s": START, "sub": looped(SUB), "b": boundary("sub", signal("stop")), "e": END}
    nodes |= {"e2": END, "t": inside("sub", end(signal("stop")))}
    play = Play(graph(nodes, "s>sub>e b>e2"))

    play.start()

    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def test_a_condition_on_the_boundary_may_interrupt_while_instances_begin() -> None:
    high = condition(lambda v: v["n"] == 2)
    nodes = {"s": START, "a": looped(COUNT), "b": boundary("a", high), "e": END, "e2": END}
    play = Play(graph(nodes, "s>a>e b>e2"))

    play.start(n=0)

    assert play.variables["n"] == 2
    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def test_a_condition_inside_sees_the_variables_of_its_instance() -> None:
    loop = MultiInstance(False, collection=expr(["a", "b"]), element="item")
    waits = condition(lambda v: v.get("go") == v["item"])
    nodes = {"s": START, "sub": {**SUB, "loop": loop}, "e": END}
    nodes |= {"u": inside("sub", user()), "b": inside("sub", boundary("u", waits))}
    play = Play(graph(nodes, "s>sub>e")).start()

    play.do(VariablesSet(variables={"go": "b"}))
    assert play.waits("task") == ["u"]
    play.do(VariablesSet(variables={"go": "a"}))

    assert play.state.ended == "completed"
    check(play)


@pytest.mark.parametrize("event", [signal("done"), message("done"), EscalationEvent("done")])
def test_an_instance_throws_its_event_into_the_boundary(event: Any) -> None:
    loop = replace(THREE, behavior="none", events=((None, event),))
    nodes = {"s": START, "a": {**user(), "loop": loop}, "e": END, "c": COUNT}
    nodes["b"] = boundary("a", event, interrupting=False)
    play = Play(graph(nodes, "s>a>e b>c")).start(n=0)

    for place in range(3):
        play.do(TaskCompleted(task=play.local("a", "task"), variables={}))
        assert play.variables["n"] == place + 1

    assert play.state.ended == "completed"
    check(play)


def test_a_cancelled_instance_of_a_transaction_cancels_the_activity() -> None:
    nodes = {"s": START, "tx": looped(TRANSACTION), "c": boundary("tx", CancelEvent())}
    nodes |= {"e": END, "e2": END, "x": inside("tx", end(CancelEvent()))}
    nodes |= handled("a", log("a"), "tx")
    play = Play(graph(nodes, "s>tx>e c>e2 a>x"))

    play.start(log=[])

    assert play.variables["log"] == ["a", "undo a"]
    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def ad_hoc(*, interrupting: bool) -> Play:
    """An ad-hoc subprocess with the task `u` that is done when `done` is true, and `h` on `m`."""
    action = AdHoc(completion=expr(lambda v: v.get("done") is True))
    nodes = {"s": START, "sub": {"kind": "adHocSubProcess", "action": action}, "e": END}
    nodes |= {"u": inside("sub", user()), "es": inside("sub", EVENT_SUB)}
    nodes |= {"ss": inside("es", started(message("m"), interrupting=interrupting))}
    nodes |= {"h": inside("es", user())}
    return Play(graph(nodes, "s>sub>e ss>h")).start()


def test_an_ad_hoc_subprocess_listens_while_it_is_open() -> None:
    play = ad_hoc(interrupting=False)
    play.do(TaskCompleted(task=play.local("u"), variables={}))
    assert sorted(play.waits()) == ["ss", "sub"]

    play.do(MessageArrived(subscription=play.local("ss"), variables={}))
    host = next(key for key, token in play.state.tokens.items() if token.node == "sub")
    play.do(Selected(token=host, node="u"))
    play.do(TaskCompleted(task=play.local("h"), variables={}))
    play.do(TaskCompleted(task=play.local("u"), variables={"done": True}))

    assert play.state.ended == "completed"
    assert [f.node for f in play.of(Left)][-2:] == ["sub", "e"]
    check(play)


def test_an_event_subprocess_can_replace_what_runs_in_an_ad_hoc_subprocess() -> None:
    play = ad_hoc(interrupting=True)

    play.do(MessageArrived(subscription=play.local("ss"), variables={}))
    assert play.waits() == ["h"]
    play.do(TaskCompleted(task=play.local("h"), variables={"done": True}))

    assert play.state.ended == "completed"
    check(play)


def test_a_loop_beside_a_fork_is_interrupted_with_its_scope() -> None:
    nodes = {"s": START, "f": AND, "a": looped(user()), "u": user(), "es": EVENT_SUB}
    nodes |= {"ss": inside("es", started(message("m"))), "h": inside("es", user())}
    play = Play(graph(nodes, "s>f>a f>u ss>h")).start()

    play.do(MessageArrived(subscription=play.local("ss"), variables={}))

    assert play.waits() == ["h"]
    assert play.state.progress == {}
