"""Standard loops and multi-instance activities (BPMN 2.0 §13.3.6, §13.3.7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpmn.graph import MultiInstance, StandardLoop
from bpmn.values import Value
from engine.machine.facts import (
    Cancelled,
    Ended,
    TaskClosed,
    TaskOpened,
    VariableSet,
)
from engine.machine.triggers import (
    Cancel,
    Continue,
    Retried,
    TaskCompleted,
    TimerDue,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    END,
    START,
    SUB,
    Play,
    boundary,
    each,
    expr,
    graph,
    inside,
    script,
    timer,
    times,
    user,
    while_,
)


def looping(spec: dict[str, Any], **more: dict[str, Any]) -> Play:
    """s > a > e with `a` as given, and what else stands there (in a subprocess `a`, say)."""
    return Play(graph({"s": START, "a": spec, "e": END, **more}, "s>a>e"))


def done(play: Play, task: int, **variables: Value) -> None:
    play.do(TaskCompleted(task=task, variables=variables))


# --- standard loops ---


def test_a_loop_that_asks_after_each_round_runs_at_least_once() -> None:
    play = looping({**script(n=lambda v: v["n"] + 1), **while_(lambda v: v["n"] < 3)})

    assert play.start(n=0).variables == {"n": 3}
    assert looping({**script(n=9), **while_(False)}).start().variables == {"n": 9}


def test_a_loop_that_asks_before_each_round_may_not_run_at_all() -> None:
    play = looping({**script(n=9), **while_(False, before=True)}).start()

    assert play.variables == {}
    assert play.left == ["s", "a", "e"]


@pytest.mark.parametrize("before", [False, True])
def test_the_loop_counter_counts_the_rounds_from_one(before: bool) -> None:
    spec = {
        **script(seen=lambda v: [*v["seen"], v["loopCounter"]]),
        **while_(lambda v: v["loopCounter"] < 3, before=before),
    }

    play = looping(spec).start(seen=[])

    assert play.variables == {"seen": [1, 2, 3]}


def test_a_loop_ends_at_its_maximum_whatever_its_condition_says() -> None:
    counting = script(n=lambda v: v["n"] + 1)

    with_condition = looping({**counting, **while_(True, most=4)}).start(n=0)
    without = looping({**counting, "loop": StandardLoop(None, False, 5)}).start(n=0)

    assert (with_condition.variables["n"], without.variables["n"]) == (4, 5)


def test_a_loop_opens_one_task_at_a_time_and_stands_in_its_boundary_events_all_the_while() -> None:
    late = boundary("a", timer("duration", "PT1H"))
    play = looping({**user(), **while_(lambda v: not v["ok"])}, late=late)
    play.start(ok=False)

    done(play, play.local("a", "task"))
    done(play, play.local("a", "task"))
    assert sorted(play.waits()) == ["a", "late"]
    done(play, play.local("a", "task"), ok=True)

    assert play.of(Ended) == [Ended("completed", "e")]
    assert len(play.of(TaskOpened)) == 3
    assert play.left == ["s", "a", "a", "a", "a", "e"]  # three rounds and the activity itself


def test_a_loop_condition_that_is_no_boolean_can_be_retried() -> None:
    play = looping({**script(n=1), **while_(lambda v: v["go"])}).start(go=7)
    assert play.incident().kind == "not_a_boolean"

    play.do(VariablesSet(variables={"go": False}))
    play.do(Retried(incident=play.incident().incident))

    assert play.state.ended == "completed"
    assert len([f for f in play.of(VariableSet) if f.name == "n"]) == 1


def test_a_loop_for_ever_is_stopped_and_its_state_stays_small() -> None:
    play = looping({**script(n=lambda v: v["n"] + 1), **while_(True)}).start(n=0)

    play.do(Continue(job=play.local("a", "continuation")))

    assert len(play.state.tokens) == 1
    assert play.state.entries > 1_900


# --- multi-instance: what each instance sees ---


@pytest.mark.parametrize("sequential", [False, True])
def test_each_item_has_an_instance_with_its_own_element_and_counter(sequential: bool) -> None:
    spec = {
        **script(seen=lambda v: [*v["seen"], [v["item"], v["loopCounter"]]]),
        **each(lambda v: v["items"], sequential=sequential),
    }

    play = looping(spec).start(items=["x", "y"], seen=[])

    assert play.variables == {"items": ["x", "y"], "seen": [["x", 0], ["y", 1]]}
    assert play.state.variables.keys() == {0}


def test_the_first_counter_may_be_another() -> None:
    spec = {**script(n=lambda v: v["loopCounter"]), **times(2, first_counter=1)}

    assert looping(spec).start().variables == {"n": 2}


@pytest.mark.parametrize("sequential", [False, True])
def test_instances_see_how_many_there_are(sequential: bool) -> None:
    names = ("nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances")
    spec = {
        **script(seen=lambda v: [*v["seen"], [v[name] for name in names]]),
        **times(3, sequential=sequential),
    }

    play = looping(spec).start(seen=[])

    active = [1, 1, 1] if sequential else [3, 2, 1]
    assert play.variables["seen"] == [[3, active[i], i] for i in range(3)]


def test_bpmns_own_names_of_the_counters_are_seen_too() -> None:
    names = ("Instances", "ActiveInstances", "CompletedInstances", "TerminatedInstances")
    spec = {**script(n=lambda v: [v["numberOf" + name] for name in names]), **times(2)}

    assert looping(spec).start().variables["n"] == [2, 1, 1, 0]


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("loop", ["cardinality", "collection"])
def test_without_instances_the_activity_completes_at_once(sequential: bool, loop: str) -> None:
    make = times(0, sequential=sequential, results="r", result=1)
    if loop == "collection":
        make = each([], sequential=sequential, results="r", result=1)

    play = looping({**user(), **make}).start()

    assert play.left == ["s", "a", "e"]
    assert play.variables == {"r": []}


@pytest.mark.parametrize("count", [3, Decimal(3), Decimal("3.0"), "3"])
def test_a_cardinality_is_a_whole_number_or_its_text(count: Value) -> None:
    play = looping({**user(), **times(count)}).start()

    assert len(play.locals("a", "task")) == 3


def test_items_are_those_of_the_beginning() -> None:
    spec = {**user(), **each(lambda v: v["items"], sequential=True)}
    play = looping(spec).start(items=[1, 2])

    done(play, play.local("a", "task"), items=[7, 8, 9])
    assert play.state.visible(play.state.waits[play.local("a", "task")].token)["item"] == 2
    done(play, play.local("a", "task"))

    assert play.state.ended == "completed"


# --- results ---


def test_results_stand_in_order_of_the_items_whatever_the_order_of_completion() -> None:
    spec = {**user(), **each(["a", "b", "c"], results="r", result=lambda v: v["item"] + v["x"])}
    play = looping(spec).start()

    for task in reversed(play.locals("a", "task")):
        done(play, task, x=str(task))

    assert [str(result)[0] for result in play.variables["r"]] == ["a", "b", "c"]  # type: ignore[union-attr]


def test_results_go_to_the_scope_around_the_activity_that_has_their_name() -> None:
    sub = {**SUB, "inputs": (("r", expr(None)),), "outputs": (("out", expr(lambda v: v["r"])),)}
    task = {**script(), **times(2, results="r", result=lambda v: v["loopCounter"])}

    play = Play(graph({"s": START, "sub": sub, "a": inside("sub", task)}, "s>sub")).start()

    assert play.variables == {"out": [0, 1]}


@pytest.mark.parametrize(("gaps", "results"), [(False, [1, 3]), (True, [1, None, 3])])
def test_instances_that_did_not_complete_leave_no_result_or_a_gap(
    gaps: bool, results: list[Value]
) -> None:
    loop = each([1, 2, 3], results="r", gaps=gaps)
    loop["loop"] = MultiInstance(
        False,
        collection=expr([1, 2, 3]),
        element="item",
        results="r",
        result=expr(lambda v: v["item"]),
        completion=expr(lambda v: v["nrOfCompletedInstances"] == 2),
        gaps=gaps,
    )
    play = looping({**user(), **loop}).start()
    first, _, third = play.locals("a", "task")

    done(play, third)
    done(play, first)

    assert play.variables == {"r": results}


def test_a_completion_condition_sees_the_results_so_far() -> None:
    spec = {
        **script(),
        **times(5, sequential=True, results="r", result=lambda v: v["loopCounter"]),
    }
    loop = spec["loop"]
    assert isinstance(loop, MultiInstance)
    enough = expr(lambda v: sum(v["r"]) >= 3)
    spec["loop"] = MultiInstance(
        True, loop.cardinality, results="r", result=loop.result, completion=enough
    )

    assert looping(spec).start().variables == {"r": [0, 1, 2]}


# --- completion ---


def half(v: Any) -> bool:
    return bool(v["nrOfCompletedInstances"] / v["nrOfInstances"] >= 0.5)


def test_a_completion_condition_withdraws_the_rest_of_parallel_instances() -> None:
    play = looping({**user(), **times(4, completion=half)}).start()
    tasks = play.locals("a", "task")

    done(play, tasks[2])
    assert play.state.ended is None
    done(play, tasks[1])

    assert play.of(Ended) == [Ended("completed", "e")]
    closed = {f.task: f.how for f in play.of(TaskClosed)}
    assert [closed[task] for task in tasks] == ["cancelled", "completed", "completed", "cancelled"]
    assert len(play.of(Cancelled)) == 2


def test_a_completion_condition_keeps_further_instances_from_beginning() -> None:
    sequential = looping({**script(), **times(4, sequential=True, completion=half)}).start()
    parallel = looping({**script(), **times(4, completion=half)}).start()

    assert sequential.left == parallel.left == ["s", "a", "a", "a", "e"]


def test_a_boundary_event_ends_all_instances_and_leaves_nothing_behind() -> None:
    late = boundary("a", timer("duration", "PT1H"))
    nodes = {"s": START, "a": {**user(), **each([1, 2, 3])}, "e": END, "late": late, "l": END}
    play = Play(graph(nodes, "s>a>e late>l")).start()

    play.do(TimerDue(timer=play.local("late")))

    assert play.of(Ended) == [Ended("completed", "l")]
    assert [f.node for f in play.of(Cancelled)] == ["a"] * 4
    assert play.state.variables.keys() <= {0}
    assert play.state.progress == {}


def test_boundary_events_are_armed_once_whatever_the_number_of_instances() -> None:
    late = boundary("a", timer("duration", "PT1H"))
    play = looping({**user(), **times(5)}, late=late).start()

    assert play.waits("timer") == ["late"]


def test_cancelling_the_instance_withdraws_hosts_and_their_instances() -> None:
    play = looping({**user(), **times(3)}).start()

    play.do(Cancel(reason="no more"))

    assert (play.state.tokens, play.state.waits, play.state.progress) == ({}, {}, {})
