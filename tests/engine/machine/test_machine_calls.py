"""Call activities (BPMN 2.0 §10.3.6, §13.3.4): what goes in, comes back, and goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn.graph import Call, ErrorEvent, Passed
from bpmn.values import Value
from engine.machine.errors import CallNotOpen
from engine.machine.facts import CallClosed, Called, Cancelled, Ended, ErrorThrown, VariableSet
from engine.machine.run import Decided
from engine.machine.triggers import (
    CallEnded,
    CallThrew,
    Cancel,
    Retried,
    TimerDue,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    END,
    START,
    Play,
    boundary,
    call,
    each,
    expr,
    failing,
    graph,
    timer,
    times,
)


def passed(target: str | None, value: Any = None, *, local: bool = False) -> Passed:
    return Passed(target, None if value is None else expr(value), local)


def calling(spec: dict[str, Any], flows: str = "s>c>e", **more: dict[str, Any]) -> Play:
    return Play(graph({"s": START, "c": spec, "e": END, **more}, flows))


ALL_IN, ALL_OUT = {"inputs": (passed(None),)}, {"outputs": (passed(None),)}


def test_a_call_waits_until_the_called_process_has_ended() -> None:
    play = calling(call("child", binding="version", version=3)).start(a=1)

    (called,) = play.of(Called)
    assert (called.process, called.binding, called.version) == ("child", "version", 3)
    assert (called.business_key, called.variables) == (None, {})
    assert play.waits() == ["c"]
    play.do(CallEnded(call=called.call, variables={"b": 2}))

    assert play.of(CallClosed) == [CallClosed(called.call, "completed")]
    assert play.of(Ended) == [Ended("completed", "e")]
    assert play.variables == {"a": 1}


def test_reference_and_business_key_may_be_expressions() -> None:
    key = expr(lambda v: f"K-{v['n']}")

    play = calling(call(lambda v: v["which"], business_key=key)).start(which="x", n=7)

    assert [(f.process, f.business_key) for f in play.of(Called)] == [("x", "K-7")]


@pytest.mark.parametrize("reference", [None, "", True, ["x"], "x" * 300, "a\0b"])
def test_a_call_of_nothing_is_an_incident_that_can_be_retried(reference: Value) -> None:
    play = calling(call(lambda v: v["which"])).start(which=reference)
    assert play.incident().kind == "call_invalid"

    play.do(VariablesSet(variables={"which": "child"}))
    play.do(Retried(incident=play.incident().incident))

    assert play.waits() == ["c"]


def test_all_variables_go_in_and_come_back_where_the_model_says_so() -> None:
    play = calling(call(**ALL_IN, **ALL_OUT)).start(a=1, b=2)
    (called,) = play.of(Called)
    assert called.variables == {"a": 1, "b": 2}

    play.do(CallEnded(call=called.call, variables={"b": 3, "c": 4}, wire={"c": "Long"}))

    assert play.variables == {"a": 1, "b": 3, "c": 4}
    assert play.of(VariableSet)[-1].wire == "Long"


def test_single_variables_are_passed_under_other_names_and_by_expression() -> None:
    inputs = (passed("x", lambda v: v["a"] + 1), passed("y", lambda v: v["b"]))
    outputs = (passed("r", lambda v: v["result"]),)
    play = calling(call(inputs=inputs, outputs=outputs)).start(a=1, b=2)
    (called,) = play.of(Called)

    play.do(CallEnded(call=called.call, variables={"result": 9, "noise": 0}))

    assert called.variables == {"x": 2, "y": 2}
    assert play.variables == {"a": 1, "b": 2, "r": 9}


def test_local_passes_and_sets_only_what_the_call_activity_itself_holds() -> None:
    spec = call(inputs=(passed(None, local=True),), outputs=(passed("r", 5, local=True),))
    spec["inputs"] = (("own", expr(lambda v: v["a"] * 10)),)
    spec["outputs"] = (("seen", expr(lambda v: v["r"] + v["own"])),)
    play = calling(spec).start(a=1)
    (called,) = play.of(Called)

    play.do(CallEnded(call=called.call, variables={}))

    assert called.variables == {"own": 10}
    assert play.variables == {"a": 1, "seen": 15}


def test_a_failing_output_keeps_what_the_child_gave_until_it_is_retried() -> None:
    once = {"fails": True}

    def value(seen: Any) -> Value:
        if once["fails"]:
            failing().evaluate({}, None)  # type: ignore[arg-type]
        return seen["result"]  # type: ignore[no-any-return]

    play = calling(call(outputs=(passed("r", value),))).start()
    play.do(CallEnded(call=play.local("c", "call"), variables={"result": 9}))
    assert play.incident().kind == "expression_failed"
    assert play.variables == {}

    once["fails"] = False
    play.do(Retried(incident=play.incident().incident))

    assert play.variables == {"r": 9}
    assert play.state.variables.keys() == {0}


def test_an_error_of_the_called_process_goes_to_the_boundary_with_its_variables() -> None:
    caught = boundary("c", ErrorEvent("E1", "code", "why"))
    more = {"caught": caught, "f": END}
    play = calling(call(**ALL_OUT), "s>c>e caught>f", **more).start()
    local = play.local("c", "call")

    play.do(CallThrew(call=local, code="E1", message="broken", variables={"x": 1}))

    assert play.of(CallClosed) == [CallClosed(local, "error")]
    assert play.of(Ended) == [Ended("completed", "f")]
    assert play.variables == {"x": 1, "code": "E1", "why": "broken"}


def test_an_error_that_the_caller_does_not_catch_ends_it_so_that_its_own_caller_hears() -> None:
    play = calling(call()).start()

    play.do(CallThrew(call=play.local("c", "call"), code="E1", message="broken"))

    assert play.of(ErrorThrown) == [ErrorThrown("E1", "c", None, "broken")]
    assert play.of(Ended) == [Ended("error", "c")]
    assert (play.state.tokens, play.state.waits) == ({}, {})


def test_a_boundary_event_on_a_call_tells_the_engine_to_cancel_the_child() -> None:
    late = boundary("c", timer("duration", "PT1H"))
    play = calling(call(), "s>c>e late>f", late=late, f=END).start()
    local = play.local("c", "call")

    play.do(TimerDue(timer=play.local("late")))

    assert play.of(CallClosed) == [CallClosed(local, "cancelled")]
    assert play.of(Ended) == [Ended("completed", "f")]


def test_cancelling_the_caller_cancels_its_calls() -> None:
    play = calling({**call(), **times(2)}).start()

    play.do(Cancel(reason="stop"))

    assert [f.how for f in play.of(CallClosed)] == ["cancelled", "cancelled"]


def test_a_child_answers_once_only() -> None:
    play = calling({**call(), **times(2)}).start()
    local = play.local("c", "call")
    play.do(CallEnded(call=local, variables={}))

    with pytest.raises(CallNotOpen):
        play.do(CallEnded(call=local, variables={}))


@pytest.mark.parametrize("sequential", [False, True])
def test_a_call_is_made_for_each_item_and_its_result_collected(sequential: bool) -> None:
    loop = each(["a", "b"], sequential=sequential, results="r", result=lambda v: v["out"])
    spec = {**call(inputs=(passed("it", lambda v: v["item"]),)), **loop}
    spec["action"] = Call(
        expr("child"),
        inputs=(passed("it", lambda v: v["item"]),),
        outputs=(passed("out", lambda v: v["x"], local=True),),
    )
    play = calling(spec).start()

    while calls := play.locals("c", "call"):
        made = next(f for f in play.of(Called) if f.call == calls[-1])
        play.do(CallEnded(call=calls[-1], variables={"x": f"{made.variables['it']}!"}))

    assert play.variables == {"r": ["a!", "b!"]}


def test_an_error_in_one_instance_ends_the_others_by_the_activitys_boundary() -> None:
    caught = boundary("c", ErrorEvent(None))
    play = calling({**call(), **times(3)}, "s>c>e caught>f", caught=caught, f=END).start()

    play.do(CallThrew(call=play.locals("c", "call")[1], code="E"))

    assert play.of(Ended) == [Ended("completed", "f")]
    assert sorted(f.how for f in play.of(CallClosed)) == ["cancelled", "cancelled", "error"]
    assert [f.node for f in play.of(Cancelled)] == ["c"] * 4
    assert play.state.progress == {}


def test_a_called_decision_is_answered_at_once() -> None:
    asked = []

    def decide(decision: Any, seen: Any, now: Any) -> Decided:
        asked.append((decision.reference, decision.binding, dict(seen)))
        return Decided([{"out": 42}])

    model = {"s": START, "e": END}
    model["c"] = call("d", kind="decision", result_variable="r", result="singleEntry")
    play = Play(graph(model, "s>c>e"), decide).start(a=1)

    assert asked == [("d", "latest", {"a": 1})]
    assert play.variables == {"a": 1, "r": 42}
    assert play.state.ended == "completed"
