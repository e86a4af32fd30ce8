"""Data objects and properties of scopes, and instances that a receive task begins."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn.graph import Receive
from bpmn.values import Value
from engine.machine.errors import StartUnknown
from engine.machine.facts import Ended, Entered, IncidentOpened
from engine.machine.triggers import (
    Cancel,
    MessageArrived,
    Retried,
    Start,
    TaskCompleted,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    END,
    NOW,
    START,
    SUB,
    XOR,
    Play,
    adhoc,
    expr,
    failing,
    graph,
    message,
    script,
    times,
    user,
)


def fails_if_given(seen: Any) -> Value:
    return failing().evaluate(seen, NOW) if seen["given"] else False


DATA = (("a", expr(1)), ("b", expr(lambda v: v["a"] + 1)), ("c", None))


def test_a_process_begins_with_its_data_each_seeing_those_before() -> None:
    play = Play(graph({"s": START, "u": user()}, "s>u", scopes={"p": {"data": DATA}})).start()

    assert play.variables == {"a": 1, "b": 2, "c": None}


def test_what_an_instance_is_begun_with_is_not_replaced() -> None:
    play = Play(graph({"s": START, "u": user()}, "s>u", scopes={"p": {"data": DATA}})).start(a=5)

    assert play.variables == {"a": 5, "b": 6, "c": None}


def test_data_that_fail_stop_the_first_token_until_it_is_retried() -> None:
    data = (("ok", expr(1)), ("bad", expr(fails_if_given)))
    nodes = {"a": user(), "b": user()}
    play = Play(graph(nodes, "", scopes={"p": {"data": data}})).start(given=True)
    assert play.incident().kind == "expression_failed"
    assert play.variables == {"given": True}
    assert len(play.state.tokens) == 1

    play.do(VariablesSet(variables={"given": False}))
    play.do(Retried(incident=play.incident().incident))

    assert play.waits() == ["a", "b"]
    assert play.variables == {"given": False, "ok": 1, "bad": False}


def test_an_instance_whose_data_fail_can_be_cancelled() -> None:
    data = (("bad", failing()),)
    play = Play(graph({"s": START}, "", scopes={"p": {"data": data}})).start()

    play.do(Cancel(reason="stop"))

    assert play.of(Ended) == [Ended("cancelled")]


@pytest.mark.parametrize("kind", [SUB, adhoc()])
def test_a_subprocess_has_its_data_anew_each_time_and_to_itself(kind: dict[str, Any]) -> None:
    count = {**script(n=lambda v: v["n"] + 1, seen=lambda v: [*v["seen"], v["n"]]), "in": "sub"}
    nodes = {"s": START, "m": XOR, "sub": kind, "x": XOR, "e": END, "c": count}
    model = graph(
        nodes,
        "s>m>sub>x>m x>e",
        conditions={"x>m": expr(lambda v: len(v["seen"]) < 2)},
        defaults=["x>e"],
        scopes={"sub": {"data": (("n", expr(0)),)}},
    )

    play = Play(model).start(seen=[], n="outer")

    assert play.variables == {"seen": [1, 1], "n": "outer"}


def test_every_instance_of_a_subprocess_has_data_of_its_own() -> None:
    inner = {"u": {**user(), "in": "sub"}, "c": {**script(n=lambda v: v["n"] + 1), "in": "sub"}}
    model = graph(
        {"s": START, "sub": {**SUB, **times(2)}, **inner},
        "s>sub u>c",
        scopes={"sub": {"data": (("n", expr(lambda v: v["loopCounter"] * 10)),)}},
    )
    play = Play(model).start()

    assert [v["n"] for v in play.state.variables.values() if "n" in v] == [0, 10]


def test_a_subprocess_keeps_what_its_inputs_gave_before_its_data() -> None:
    sub = {**SUB, "inputs": (("n", expr(7)),)}
    model = graph(
        {"s": START, "sub": sub, "u": {**user(), "in": "sub"}},
        "s>sub",
        scopes={"sub": {"data": (("n", expr(0)), ("m", None))}},
    )

    play = Play(model).start()

    assert {"n": 7, "m": None} in play.state.variables.values()


def test_failing_data_of_a_subprocess_are_an_incident_there() -> None:
    inner = {"u": {**user(), "in": "sub"}}
    model = graph(
        {"s": START, "sub": SUB, **inner}, "s>sub", scopes={"sub": {"data": (("n", failing()),)}}
    )

    play = Play(model).start()

    assert [f.node for f in play.of(IncidentOpened)] == ["sub"]
    assert play.waits() == ["sub"]


# --- receive tasks that begin an instance (BPMN 2.0 §10.3.3, §13.2) ---

RECEIVE = {"kind": "receiveTask", "action": Receive(message("m")), "instantiate": True}


def receiving(**more: Any) -> Play:
    spec = {**RECEIVE, "outputs": (("out", expr(lambda v: v["x"] + 1)),)}
    nodes = {"r": {**spec, **more}, "u": user(), "g": XOR, "e": END}
    return Play(
        graph(
            nodes,
            "r>u>g>r g>e",
            conditions={"g>r": expr(lambda v: v.get("again"))},
            defaults=["g>e"],
            scopes={"p": {"starts": (), "message_starts": ("r",), "data": (("d", expr(1)),)}},
        )
    )


def test_a_message_begins_the_instance_with_the_receive_task_completed() -> None:
    play = receiving()

    play.do(Start(variables={"x": 1}, node="r"))

    assert play.waits() == ["u"]
    assert play.left == ["r"]
    assert [f.node for f in play.of(Entered)] == ["r", "u"]
    assert play.variables == {"x": 1, "d": 1, "out": 2}


def test_a_later_token_at_it_waits_for_a_message_as_at_any_receive_task() -> None:
    play = receiving()
    play.do(Start(variables={"x": 1}, node="r"))

    play.do(TaskCompleted(task=play.local("u"), variables={"again": True}))
    assert play.waits() == ["r"]
    play.do(MessageArrived(subscription=play.local("r"), variables={"x": 5}))

    assert play.variables["out"] == 6


def test_an_instance_begins_nowhere_else() -> None:
    for node in (None, "u", "e", "nothing"):
        with pytest.raises(StartUnknown):
            receiving().do(Start(variables={}, node=node))
