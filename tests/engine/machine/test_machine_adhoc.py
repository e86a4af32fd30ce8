"""Ad-hoc subprocesses (BPMN 2.0 §10.3.5, §13.3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn.values import Value
from engine.machine.errors import AdHocNotOpen, SelectionRefused
from engine.machine.facts import Cancelled, Ended
from engine.machine.triggers import (
    Cancel,
    Continue,
    MessageArrived,
    Retried,
    Selected,
    TaskCompleted,
    TimerDue,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    START,
    Play,
    adhoc,
    boundary,
    expr,
    graph,
    inside,
    message,
    script,
    started,
    timer,
    times,
    user,
)


def free(spec: dict[str, Any], flows: str = "", scopes: Any = None, **inner: Any) -> Play:
    """s > h > e with the ad-hoc subprocess `h`, and what stands in it."""
    nodes = {"s": START, "h": spec, "e": END}
    nodes |= {name: {**node, "in": "h"} for name, node in inner.items()}
    return Play(graph(nodes, f"s>h>e {flows}", scopes=scopes))


def done(play: Play, node: str, **variables: Value) -> None:
    play.do(TaskCompleted(task=play.local(node, "task"), variables=variables))


def host(play: Play) -> int:
    return next(iter(play.state.progress))


ENOUGH = {"completion": expr(lambda v: v.get("enough"))}


def test_in_parallel_all_activities_are_offered_at_once_and_in_any_order() -> None:
    play = free(adhoc(), a=user(), b=user(), c=user()).start()
    assert play.waits() == ["a", "b", "c"]

    for node in ("c", "a", "b"):
        done(play, node)

    assert play.left == ["s", "c", "a", "b", "h", "e"]
    assert play.state.progress == {}


def test_in_sequence_one_activity_begins_when_the_one_before_has_ended() -> None:
    play = free(adhoc(parallel=False), a=user(), b=user()).start()
    assert play.waits() == ["a"]

    done(play, "a")
    assert play.waits() == ["b"]
    done(play, "b")

    assert play.of(Ended) == [Ended("completed", "e")]
    assert play.state.variables.keys() <= {0}


@pytest.mark.parametrize("parallel", [True, False])
def test_inner_flows_lead_from_one_activity_to_the_next(parallel: bool) -> None:
    play = free(adhoc(parallel=parallel), "a>b", a=script(n=1), b=user(), c=script(m=1)).start()
    assert play.waits() == ["b"]
    assert ("m" in play.variables) is parallel

    done(play, "b")

    assert play.state.ended == "completed"
    assert play.variables == {"n": 1, "m": 1}


def test_gateways_may_stand_between_inner_activities() -> None:
    play = free(adhoc(), "a>f>b f>c", a=user(), f=AND, b=user(), c=user()).start()

    done(play, "a")

    assert play.waits() == ["b", "c"]


def test_a_true_condition_completes_it_and_withdraws_what_still_runs() -> None:
    play = free(adhoc(**ENOUGH), "a>x", a=user(), b=user(), x=user()).start()

    done(play, "a", enough=True)

    assert play.of(Ended) == [Ended("completed", "e")]
    assert [f.node for f in play.of(Cancelled)] == ["b"]
    assert "x" not in play.left


def test_without_cancel_remaining_what_runs_may_end_but_nothing_new_begins() -> None:
    spec = adhoc(cancel_remaining=False, **ENOUGH)
    play = free(spec, "a>x b>y", a=user(), b=user(), x=user(), y=user()).start()

    done(play, "a", enough=True)
    assert play.waits() == ["b"]
    with pytest.raises(AdHocNotOpen):
        play.do(Selected(token=host(play), node="a"))
    done(play, "b")

    assert play.left == ["s", "a", "b", "h", "e"]


def test_in_sequence_a_true_condition_keeps_the_rest_from_beginning() -> None:
    play = free(adhoc(parallel=False, **ENOUGH), a=user(), b=user()).start()

    done(play, "a", enough=True)

    assert play.left == ["s", "a", "h", "e"]


def test_while_the_condition_is_not_true_it_waits_for_somebody_to_select() -> None:
    play = free(adhoc(**ENOUGH), a=user(), b=user()).start()
    done(play, "a")
    done(play, "b")
    assert play.waits() == ["h"]

    play.do(Selected(token=host(play), node="a"))
    assert play.waits() == ["a"]
    done(play, "a", enough=True)

    assert play.of(Ended) == [Ended("completed", "e")]
    assert play.left == ["s", "a", "b", "a", "h", "e"]


def test_an_activity_can_be_selected_once_more_while_others_run() -> None:
    play = free(adhoc(), a=user(), b=user()).start()

    play.do(Selected(token=host(play), node="a"))
    play.do(Selected(token=host(play), node="a"))

    assert play.waits() == ["a", "b", "a", "a"]


def test_only_what_was_chosen_begins_and_each_as_often_as_it_was_chosen() -> None:
    chosen = expr(lambda v: v["chosen"])
    play = free(adhoc(chosen=chosen), a=user(), b=user(), c=user()).start(chosen=["c", "a", "a"])

    assert play.waits() == ["c", "a", "a"]


def test_if_nothing_was_chosen_it_completes_unless_a_condition_lets_it_wait() -> None:
    at_once = free(adhoc(chosen=expr([])), a=user()).start()
    waiting = free(adhoc(chosen=expr([]), **ENOUGH), a=user()).start()

    assert at_once.state.ended == "completed"
    assert waiting.waits("selection") == ["h"]


@pytest.mark.parametrize("chosen", [None, "a", [1], ["nothing"], ["x"], ["e"]])
def test_choosing_what_cannot_begin_is_an_incident(chosen: Value) -> None:
    spec = adhoc(chosen=expr(lambda v: v["chosen"]))
    play = free(spec, "a>x", a=user(), x=user()).start(chosen=chosen)
    assert play.incident().kind == "chosen_invalid"

    play.do(VariablesSet(variables={"chosen": ["a"]}))
    play.do(Retried(incident=play.incident().incident))

    assert play.waits() == ["a"]


def test_selecting_what_cannot_begin_is_refused() -> None:
    play = free(adhoc(), "a>x", a=user(), x=user()).start()

    for node in ("x", "e", "nothing"):
        with pytest.raises(SelectionRefused):
            play.do(Selected(token=host(play), node=node))
    with pytest.raises(AdHocNotOpen):
        play.do(Selected(token=999, node="a"))


def test_in_sequence_what_is_selected_waits_for_its_turn() -> None:
    play = free(adhoc(parallel=False, **ENOUGH), a=user(), b=user()).start()

    play.do(Selected(token=host(play), node="b"))
    assert play.waits() == ["a"]
    done(play, "a")
    assert play.waits() == ["b"]
    done(play, "b")
    assert play.waits() == ["b"]
    done(play, "b", enough=True)

    assert play.left == ["s", "a", "b", "b", "h", "e"]


@pytest.mark.parametrize("cancel_remaining", [True, False])
def test_in_sequence_only_one_runs_though_a_flow_forks(cancel_remaining: bool) -> None:
    spec = adhoc(parallel=False, cancel_remaining=cancel_remaining)
    inner = {name: user() for name in "abcd"}
    play = free(spec, "a>f>b f>c", **inner, f=AND).start()

    order = []
    while play.state.ended is None:
        (node,) = play.waits()
        order.append(node)
        done(play, node)

    assert sorted(order) == ["a", "b", "c", "d"]
    assert order[0] == "a"


def test_in_sequence_an_interrupted_activity_makes_room_for_the_next() -> None:
    late = boundary("a", timer("duration", "PT1H"))
    play = free(adhoc(parallel=False), "late>x", a=user(), b=user(), late=late, x=user()).start()

    play.do(TimerDue(timer=play.local("late")))
    assert len(play.waits("task")) == 1
    done(play, play.waits("task")[0])
    done(play, play.waits("task")[0])

    assert play.state.ended == "completed"
    assert sorted(play.left) == sorted(["s", "late", "x", "b", "h", "e"])


def test_in_sequence_gathered_tokens_begin_once() -> None:
    gatherer = {**user(), "start_quantity": 2}
    play = free(adhoc(parallel=False), "a>x b>x", a=user(), b=user(), x=gatherer, c=user()).start()

    order = []
    while play.state.ended is None:
        (node,) = play.waits("task")
        order.append(node)
        done(play, node)

    assert sorted(order) == ["a", "b", "c", "x"]


def test_of_a_multi_instance_one_it_is_the_instance_that_selects() -> None:
    play = free({**adhoc(), **times(2)}, a=user()).start()
    activity, first, _ = sorted(play.state.progress)

    with pytest.raises(AdHocNotOpen):
        play.do(Selected(token=activity, node="a"))
    play.do(Selected(token=first, node="a"))

    assert [t.scope for t in play.state.tokens.values() if t.node == "a"].count(first) == 2


def test_a_condition_that_is_no_boolean_can_be_retried() -> None:
    play = free(adhoc(**ENOUGH), "a>x", a=user(), x=user()).start()
    done(play, "a", enough="maybe")
    assert play.incident().kind == "not_a_boolean"

    play.do(VariablesSet(variables={"enough": False}))
    play.do(Retried(incident=play.incident().incident))

    assert play.waits() == ["x"]


def test_the_condition_sees_the_subprocesses_own_variables_and_data() -> None:
    spec = adhoc(completion=expr(lambda v: v["count"] + v["start"] >= 3))
    spec["inputs"] = (("start", expr(1)),)
    data = {"h": {"data": (("count", expr(0)),)}}
    counting = script(count=lambda v: v["count"] + 1)

    play = free(spec, scopes=data, a=counting, b=counting, c=counting).start()

    assert play.left == ["s", "a", "b", "h", "e"]
    assert play.variables == {}


def test_boundary_events_and_cancellation_end_it_while_it_waits() -> None:
    for trigger in (TimerDue, Cancel):
        nodes = {"s": START, "h": adhoc(**ENOUGH), "e": END, "a": {**script(), "in": "h"}, "f": END}
        nodes["late"] = boundary("h", timer("duration", "PT1H"))
        play = Play(graph(nodes, "s>h>e late>f")).start()
        assert play.waits("selection") == ["h"]

        if trigger is TimerDue:
            play.do(TimerDue(timer=play.local("late")))
        else:
            play.do(Cancel(reason="stop"))

        assert play.state.ended
        assert (play.state.waits, play.state.progress) == ({}, {})


def test_asynchronous_inner_activities_ask_the_condition_before_their_continuation() -> None:
    after = {**script(enough=True), "async_after": True}
    play = free(adhoc(**ENOUGH), "a>b", a=after, b=script(b=1)).start()
    assert play.state.ended == "completed"

    other = free(adhoc(), "a>b", a=after, b=script(b=1)).start()
    assert other.waits() == ["a"]
    other.do(Continue(job=other.local("a")))

    assert other.variables == {"enough": True, "b": 1}


@pytest.mark.parametrize("parallel", [True, False])
def test_its_event_subprocesses_listen_until_it_completes(parallel: bool) -> None:
    nodes = {"s": START, "h": adhoc(parallel=parallel, **ENOUGH), "e": END}
    nodes |= {"a": inside("h", user()), "es": inside("h", EVENT_SUB)}
    nodes |= {"m": inside("es", started(message("m"))), "x": inside("es", user())}
    play = Play(graph(nodes, "s>h>e m>x")).start()
    done(play, "a")
    assert sorted(play.waits()) == ["h", "m"]

    play.do(MessageArrived(subscription=play.local("m"), variables={}))
    assert play.waits() == ["x"]
    done(play, "x")

    assert play.of(Ended) == [Ended("completed", "e")]
    assert (play.state.waits, play.state.interrupted) == ({}, [])
