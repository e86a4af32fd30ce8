"""Complex gateways: activation, and the reset that waits for the tokens that come late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bpmn.graph import Graph
from engine.machine.facts import Ended, Entered, IncidentOpened, Left
from engine.machine.replay import replay
from engine.machine.triggers import Continue, MessageArrived, Retried, TaskCompleted, VariablesSet
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    SUB,
    XOR,
    Play,
    boundary,
    expr,
    failing,
    graph,
    inside,
    message,
    undecided,
    user,
)

PHASE = "waitingForStart"


def cx(activation: Callable[[Any], Any], **more: Any) -> dict[str, Any]:
    return {"kind": "complexGateway", "activation": expr(activation), **more}


def at_least(count: int) -> dict[str, Any]:
    return cx(lambda v: v["activationCount"] >= count)


def three(gateway: dict[str, Any], flows: str = "", **more: Any) -> Graph:
    """Three user tasks a, b, c side by side, then the gateway `g` and the task `after`."""
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "c": user(), "e": END}
    nodes |= {"g": gateway, "after": user(), **more}
    return graph(nodes, f"s>f>a>g f>b>g f>c>g g>after>e {flows}")


def complete(play: Play, *tasks: str) -> None:
    for task in tasks:
        play.do(TaskCompleted(task=play.local(task, "task"), variables={}))


def rounds(play: Play, node: str) -> int:
    return [f.node for f in play.of(Entered)].count(node)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_it_goes_on_once_when_enough_tokens_are_there_and_swallows_the_rest(count: int) -> None:
    play = Play(three(at_least(count))).start()

    for place, task in enumerate(("b", "c", "a"), start=1):
        complete(play, task)
        assert rounds(play, "after") == (place >= count)
    complete(play, "after")

    assert play.of(Ended) == [Ended("completed", "e")]
    assert rounds(play, "after") == 1
    assert play.state.tokens == play.state.joins == play.state.resets == {}
    assert len([f for f in play.of(Left) if f.node == "g"]) == 3
    assert replay(play.model, play.steps, undecided) == (play.state, play.facts)


def test_the_scope_stays_open_for_a_token_that_comes_late() -> None:
    play = Play(three(at_least(2))).start()
    complete(play, "a", "b", "after")
    assert play.state.ended is None

    complete(play, "c")

    assert play.state.ended == "completed"


def test_it_starts_again_after_its_reset() -> None:
    nodes = {"s": START, "m": XOR, "f": AND, "a": user(), "b": user(), "g": at_least(1)}
    nodes |= {"x": user(), "again": XOR, "e": END}
    conditions = {"again>m": expr(lambda v: v["more"])}
    flows = "s>m>f>a>g f>b>g g>x>again>m again>e"
    play = Play(graph(nodes, flows, conditions=conditions, defaults=["again>e"])).start(more=True)

    complete(play, "a", "b")
    assert play.state.resets == {}
    complete(play, "x")
    play.do(VariablesSet(variables={"more": False}))
    complete(play, "b", "x", "a")

    assert play.state.ended == "completed"
    assert rounds(play, "x") == 2


def test_a_second_token_on_a_flow_stays_for_the_next_round() -> None:
    nodes = {"s": START, "f": AND, "m": XOR, "a": user(), "b": user(), "c": user(), "e": END}
    nodes |= {"g": at_least(1), "x": user()}
    play = Play(graph(nodes, "s>f>a>m f>b>m>g f>c>g g>x>e")).start()

    complete(play, "a", "b")
    assert rounds(play, "x") == 1
    complete(play, "c")

    assert rounds(play, "x") == 2
    assert play.state.resets == {}  # Nothing else can come to its flows.
    complete(play, "x", "x")
    assert play.state.ended == "completed"


def test_it_resets_when_the_missing_token_ends_elsewhere() -> None:
    nodes = {"split": XOR, "end": END, "m": boundary("c", message("m"))}
    play = Play(three(at_least(2), "m>end", **nodes)).start()
    complete(play, "a", "b")
    assert play.state.resets == {0: {"g": ["a>g", "b>g"]}}

    play.do(MessageArrived(subscription=play.local("m"), variables={}))

    assert play.state.resets == {}


def late(text: str, holds: Callable[[Any], Any]) -> dict[str, Any]:
    return {"g>late": expr(holds, text)}


def with_late(holds: Callable[[Any], Any] | None, text: str = PHASE) -> Play:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "g": at_least(1), "e": END}
    nodes |= {"first": user(), "late": user()}
    flows = "s>f>a>g f>b>g g>first>e g>late>e"
    conditions = {"g>first": expr(lambda v: v[PHASE], PHASE)}
    conditions["g>late"] = failing() if holds is None else expr(holds, text)
    return Play(graph(nodes, flows, conditions=conditions))


def test_conditions_tell_start_and_reset_apart() -> None:
    play = with_late(lambda v: not v[PHASE]).start()

    complete(play, "a")
    assert sorted(play.waits()) == ["b", "first"]
    complete(play, "b")
    assert sorted(play.waits()) == ["first", "late"]
    complete(play, "first", "late")

    assert play.state.ended == "completed"


def test_a_condition_that_does_not_ask_for_the_phase_belongs_to_the_start() -> None:
    play = with_late(lambda v: True, text="other").start()

    complete(play, "a")
    assert sorted(play.waits()) == ["b", "first", "late"]
    complete(play, "b")

    assert sorted(play.waits()) == ["first", "late"]


def test_the_reset_comes_before_its_scope_ends() -> None:
    play = with_late(lambda v: not v[PHASE])
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "g": at_least(1), "e": END}
    nodes |= {"first": user(), "late": user(), "x": END, "m": boundary("b", message("m"))}
    conditions = {
        "g>first": expr(lambda v: v[PHASE], PHASE),
        "g>late": expr(lambda v: not v[PHASE], PHASE),
    }
    flows = "s>f>a>g f>b>g g>first>e g>late>e m>x"
    play = Play(graph(nodes, flows, conditions=conditions)).start()
    complete(play, "a", "first")

    play.do(MessageArrived(subscription=play.local("m"), variables={}))
    assert play.waits() == ["late"]
    complete(play, "late")

    assert play.state.ended == "completed"
    assert play.state.tokens == play.state.scopes == {}


def test_without_a_true_condition_at_start_it_is_an_incident() -> None:
    play = with_late(lambda v: False)
    play.model = three(at_least(1), "", after=user())
    conditions = {"g>after": expr(lambda v: v["go"])}
    nodes = {"s": START, "a": user(), "g": at_least(1), "after": END}
    play = Play(graph(nodes, "s>a>g>after", conditions=conditions)).start(go=False)

    complete(play, "a")
    assert play.of(IncidentOpened)[0].kind == "no_flow"
    play.do(VariablesSet(variables={"go": True}))
    play.do(Retried(incident=play.local("g")))

    assert play.state.ended == "completed"


def test_a_default_flow_is_taken_at_start_when_no_condition_is_true() -> None:
    nodes = {"s": START, "g": at_least(1), "x": user(), "d": user()}
    conditions = {"g>x": expr(lambda v: False)}
    play = Play(graph(nodes, "s>g>x g>d", conditions=conditions, defaults=["g>d"]))

    play.start()

    assert play.waits() == ["d"]


def test_a_failing_activation_condition_stops_the_token_that_came() -> None:
    play = Play(three(cx(lambda v: v["need"] if v["activationCount"] > 1 else False)))
    play.start(need="text")
    complete(play, "a", "b")
    assert play.of(IncidentOpened)[0].kind == "not_a_boolean"

    play.do(VariablesSet(variables={"need": True}))
    assert rounds(play, "after") == 0
    play.do(Retried(incident=play.local("g", "incident")))

    assert rounds(play, "after") == 1


def test_the_activation_condition_is_asked_again_when_variables_have_changed() -> None:
    play = Play(three(cx(lambda v: v["activationCount"] >= v["need"]))).start(need=3)
    complete(play, "a", "b")
    assert rounds(play, "after") == 0

    play.do(VariablesSet(variables={"need": 2}))

    assert rounds(play, "after") == 1


def test_an_activation_condition_that_fails_later_is_an_incident_too() -> None:
    play = Play(three(cx(lambda v: "text" if v["bad"] else False))).start(bad=False)
    complete(play, "a", "b")

    play.do(VariablesSet(variables={"bad": True}))
    assert play.waits("incident") == ["g"]
    play.do(VariablesSet(variables={"bad": False}))
    play.do(Retried(incident=play.local("g", "incident")))

    assert play.waits() == ["c"]
    assert sum(map(len, play.state.joins[0]["g"].values())) == 2


def test_a_reset_that_fails_can_be_retried() -> None:
    play = with_late(lambda v: not v[PHASE] and v["ok"]).start(ok="text")
    complete(play, "a", "first", "b")
    assert play.waits("incident") == ["g"]
    assert play.state.ended is None

    play.do(VariablesSet(variables={"ok": True}))
    play.do(Retried(incident=play.local("g")))
    assert play.waits() == ["late"]
    complete(play, "late")

    assert play.state.ended == "completed"
    assert play.state.tokens == {}


def test_a_subprocess_that_ends_early_forgets_its_gateway() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", message("m")), "e": END}
    nodes |= {"f": inside("sub", AND), "a": inside("sub", user()), "c": inside("sub", user())}
    nodes |= {"g": inside("sub", at_least(1)), "ie": inside("sub", END)}
    play = Play(graph(nodes, "s>sub>e b>e f>a>g f>c>g>ie")).start()
    complete(play, "a")
    assert play.state.resets

    play.do(MessageArrived(subscription=play.local("b"), variables={}))

    assert play.state.ended == "completed"
    assert play.state.resets == play.state.joins == {}


def test_a_gateway_with_continuations_counts_a_token_when_it_goes_on() -> None:
    play = Play(three({**at_least(2), "async_before": True, "async_after": True})).start()
    complete(play, "a", "b")
    assert play.waits("continuation") == ["g", "g"]

    while play.waits("continuation"):
        play.do(Continue(job=play.local("g", "continuation")))
    assert rounds(play, "after") == 1
    complete(play, "c")
    play.do(Continue(job=play.local("g", "continuation")))
    complete(play, "after")

    assert play.state.ended == "completed"
