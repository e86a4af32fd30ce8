"""What runs more than once: mappings, continuations, failures, and every kind of activity."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpmn.graph import Expression, MultiInstance, TerminateEvent
from bpmn.values import Value
from engine.machine.errors import PerformerExcluded
from engine.machine.facts import (
    Cancelled,
    Ended,
    Entered,
    IncidentOpened,
    JobRequested,
    Left,
    TaskOpened,
)
from engine.machine.triggers import (
    Continue,
    JobDone,
    MessageArrived,
    Retried,
    TaskCompleted,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    SUB,
    Play,
    adhoc,
    boundary,
    each,
    end,
    expr,
    failing,
    graph,
    inside,
    receive,
    script,
    service,
    signal,
    times,
    user,
)


def looping(spec: dict[str, Any], **more: dict[str, Any]) -> Play:
    """s > a > e with `a` as given, and what else stands there (in a subprocess `a`, say)."""
    return Play(graph({"s": START, "a": spec, "e": END, **more}, "s>a>e"))


def done(play: Play, task: int, **variables: Value) -> None:
    play.do(TaskCompleted(task=task, variables=variables))


# --- mappings, continuations ---


def test_inputs_and_outputs_are_mapped_for_each_instance() -> None:
    spec = {
        **service(),
        "inputs": (("doubled", expr(lambda v: v["item"] * 2)),),
        "outputs": (("sum", expr(lambda v: v["sum"] + v["doubled"] + v["extra"])),),
        **each([1, 2]),
    }
    play = looping(spec).start(sum=0)

    for job in play.locals("a", "job"):
        play.do(JobDone(job=job, variables={}, local={"extra": 10}))

    assert play.variables == {"sum": 26}


def test_continuations_stand_around_the_host_and_around_each_instance() -> None:
    spec = {
        **script(n=lambda v: v["n"] + 1),
        **times(2, async_before=True, async_after=True),
        "async_before": True,
        "async_after": True,
    }
    play = looping(spec).start(n=0)

    counts = []
    while play.state.ended is None:
        waiting = play.locals("a", "continuation")
        counts.append((len(waiting), play.variables["n"]))
        play.do(Continue(job=waiting[0]))

    # the host before; two instances before; one of them after …; the host after
    assert counts == [(1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (1, 2)]
    assert len([f for f in play.of(JobRequested) if f.kind == "continuation"]) == 6


def test_a_failing_result_or_mapping_stops_one_instance_only() -> None:
    spec = {**user(), **each([1, 2], results="r", result=lambda v: v["item"])}
    spec["outputs"] = (("x", failing()),)
    play = looping(spec).start()

    done(play, play.locals("a", "task")[0])

    assert play.incident().kind == "expression_failed"
    assert len(play.locals("a", "task")) == 1


# --- what cannot be ---


@pytest.mark.parametrize(
    ("loop", "kind", "words"),
    [
        (each(None), "collection_invalid", "null, no list"),
        (each("x"), "collection_invalid", "str, no list"),
        (each({"a": 1}), "collection_invalid", "dict, no list"),
        (times(-1), "cardinality_invalid", "-1, no whole number"),
        (times(None), "cardinality_invalid", "null, no whole number"),
        (times(Decimal("1.5")), "cardinality_invalid", "1.5, no whole number"),
        (times(True), "cardinality_invalid", "True, no whole number"),
        (times("many"), "cardinality_invalid", "many, no whole number"),
        (times(10**9), "too_many_instances", "1000000000 instances, 100000 may be"),
        (each([1] * 100_001), "too_many_instances", "100001 instances, 100000 may be"),
    ],
)
@pytest.mark.parametrize("sequential", [False, True])
def test_an_impossible_number_of_instances_is_an_incident(
    loop: dict[str, MultiInstance], kind: str, words: str, sequential: bool
) -> None:
    stated = loop["loop"]
    made = MultiInstance(sequential, stated.cardinality, stated.collection, "item")

    play = looping({**user(), "loop": made}).start()

    assert play.incident().kind == kind
    assert words in play.incident().message
    assert play.waits() == ["a"]


def test_a_collection_is_evaluated_again_when_its_incident_is_retried() -> None:
    play = looping({**user(), **each(lambda v: v["items"])}).start(items=None)

    play.do(VariablesSet(variables={"items": [1, 2]}))
    play.do(Retried(incident=play.incident().incident))

    assert len(play.locals("a", "task")) == 2


def test_a_completion_condition_that_fails_is_asked_again_and_counts_once() -> None:
    condition = {"completion": lambda v: v["enough"], "results": "r", "result": 1}
    play = looping({**user(), **times(3, **condition)}).start(enough="maybe")
    done(play, play.locals("a", "task")[0])
    assert play.incident().kind == "not_a_boolean"

    play.do(VariablesSet(variables={"enough": False}))
    play.do(Retried(incident=play.incident().incident))
    for task in play.locals("a", "task"):
        done(play, task)

    assert play.state.ended == "completed"
    assert play.variables["r"] == [1, 1, 1]
    assert len(play.of(IncidentOpened)) == 1


def test_an_instance_whose_condition_failed_keeps_the_activity_from_completing() -> None:
    unsure = Expression("first fails", "feel", lambda v, now: 7 if v["loopCounter"] == 0 else None)
    spec = {**user(), "loop": MultiInstance(False, expr(2), completion=unsure)}
    play = looping(spec).start()

    for task in play.locals("a", "task"):
        done(play, task)

    assert play.state.ended is None
    assert play.waits() == ["a"]


# --- every kind of activity ---


@pytest.mark.parametrize("sequential", [False, True])
def test_a_subprocess_runs_once_for_each_item_in_scopes_of_its_own(sequential: bool) -> None:
    spec = {**SUB, **each([1, 2], sequential=sequential, results="r", result=lambda v: v["own"])}
    spec["inputs"] = (("own", expr(lambda v: v["item"] * 10)),)
    more = {
        "is": inside("a", START),
        "u": inside("a", user()),
        "c": inside("a", script(own=lambda v: v["own"] + 1)),
    }
    play = Play(graph({"s": START, "a": spec, "e": END, **more}, "s>a>e is>u>c")).start()
    assert len(play.locals("u", "task")) == (1 if sequential else 2)

    while tasks := play.locals("u", "task"):
        done(play, tasks[0])

    assert play.variables == {"r": [11, 21]}
    assert play.of(Ended) == [Ended("completed", "e")]


def test_a_receive_task_waits_once_for_each_item() -> None:
    play = looping({**receive("m", lambda v: v["item"]), **each(["k1", "k2"])}).start()

    for local in play.locals("a", "subscription"):
        play.do(MessageArrived(subscription=local, variables={}))

    assert play.state.ended == "completed"


def test_an_ad_hoc_subprocess_runs_once_for_each_item() -> None:
    more = {"x": inside("a", script(n=lambda v: v["n"] + v["item"])), "y": inside("a", user())}
    play = looping({**adhoc(), **each([1, 2])}, **more).start(n=0)

    for task in play.locals("y", "task"):
        done(play, task)

    assert play.variables == {"n": 3}
    assert play.state.ended == "completed"


def test_loops_stand_within_each_other() -> None:
    outer = {**SUB, **each([1, 2, 3], sequential=True, results="all", result=lambda v: v["r"])}
    outer["inputs"] = (("r", expr(None)), ("outer", expr(lambda v: v["item"])))
    inner = {
        **script(),
        **each(
            lambda v: list(range(v["item"])), results="r", result=lambda v: [v["outer"], v["item"]]
        ),
    }
    play = looping(outer, b=inside("a", inner)).start()

    assert play.variables == {"all": [[[i, j] for j in range(i)] for i in (1, 2, 3)]}


def test_the_facts_tell_each_instance_from_the_activity_itself() -> None:
    play = looping({**script(), **times(2)}).start()

    host, first, second = [f for f in play.of(Entered) if f.node == "a"]
    assert host.parent == 0
    assert first.parent == second.parent == host.token
    assert [f.token for f in play.of(Left) if f.node == "a"] == [
        first.token,
        second.token,
        host.token,
    ]


# --- scopes, persons, events ---


@pytest.mark.parametrize("sequential", [False, True])
def test_a_terminate_end_event_ends_its_own_instance_only(sequential: bool) -> None:
    loop = each([1, 2], sequential=sequential, results="r", result=lambda v: v["item"])
    more = {"f": AND, "u": user(), "k": user(), "t": end(TerminateEvent())}
    nodes = {"s": START, "a": {**SUB, **loop}, "e": END}
    nodes |= {name: inside("a", node) for name, node in more.items()}
    play = Play(graph(nodes, "s>a>e f>u f>k>t")).start()

    done(play, play.locals("k", "task")[0])
    assert play.waits("task") == ["u", "k"]
    done(play, play.locals("k", "task")[0])

    assert play.of(Ended) == [Ended("completed", "e")]
    assert [f.node for f in play.of(Cancelled)] == ["u", "u"]
    assert play.variables == {"r": [1, 2]}


def test_four_eyes_hold_over_the_instances_of_one_activity() -> None:
    spec = {**user(other_person_than=("a",)), **times(3, sequential=True)}
    nodes = {"s": START, "a": spec, "e": END}
    play = Play(graph(nodes, "s>a>e", remembered=frozenset({"a"}))).start()

    def by(person: str) -> None:
        task = play.local("a", "task")
        play.do(TaskCompleted(task=task, variables={}, performer=person))

    by("u_1")
    with pytest.raises(PerformerExcluded):
        by("u_1")
    by("u_2")
    assert [f.excluded for f in play.of(TaskOpened)] == [(), ("u_1",), ("u_1", "u_2")]
    by("u_3")

    assert play.state.ended == "completed"


def test_four_eyes_hold_over_parallel_instances_too() -> None:
    spec = {**user(other_person_than=("a",)), **times(2)}
    nodes = {"s": START, "a": spec, "e": END}
    play = Play(graph(nodes, "s>a>e", remembered=frozenset({"a"}))).start()
    first, second = play.locals("a", "task")

    play.do(TaskCompleted(task=first, variables={}, performer="u_1", on_behalf_of="u_2"))

    with pytest.raises(PerformerExcluded):
        play.do(TaskCompleted(task=second, variables={}, performer="u_2"))


def throwing(behavior: Any, *, interrupting: bool, condition: Any = None) -> Play:
    """Three tasks whose completion throws a signal to a boundary event that counts."""
    rule = None if condition is None else expr(condition)
    loop = MultiInstance(
        False, expr(3), behavior=behavior, events=((rule, signal("done")),), result=None
    )
    nodes = {"s": START, "a": {**user(), "loop": loop}, "e": END}
    nodes["b"] = boundary("a", signal("done"), interrupting=interrupting)
    nodes |= {"c": script(n=lambda v: v["n"] + 1), "f": END}
    return Play(graph(nodes, "s>a>e b>c>f")).start(n=0)


@pytest.mark.parametrize(
    ("behavior", "condition", "caught"),
    [
        ("all", None, [0, 0, 0]),
        ("one", None, [1, 1, 1]),
        ("none", None, [1, 2, 3]),
        ("complex", lambda v: v["nrOfCompletedInstances"] >= 2, [0, 1, 2]),
        ("complex", lambda v: v["loopCounter"] == 0, [1, 1, 1]),
    ],
)
def test_the_behavior_says_which_instances_throw(
    behavior: str, condition: Any, caught: list[int]
) -> None:
    play = throwing(behavior, interrupting=False, condition=condition)

    counts = []
    for task in play.locals("a", "task"):
        done(play, task)
        counts.append(play.variables["n"])

    assert counts == caught
    assert play.state.ended == "completed"


@pytest.mark.parametrize("behavior", ["none", "one"])
def test_an_interrupting_boundary_event_ends_the_rest_when_one_throws(behavior: str) -> None:
    play = throwing(behavior, interrupting=True)

    done(play, play.locals("a", "task")[1])

    assert play.of(Ended) == [Ended("completed", "f")]
    assert play.variables == {"n": 1}
    assert [f.node for f in play.of(Cancelled)] == ["a"] * 3
    assert play.state.progress == {}


def test_a_condition_of_a_complex_behavior_that_fails_can_be_retried() -> None:
    play = throwing("complex", interrupting=False, condition=lambda v: v.get("rule", 7))
    done(play, play.locals("a", "task")[0])
    assert play.incident().kind == "not_a_boolean"

    play.do(VariablesSet(variables={"rule": True}))
    play.do(Retried(incident=play.incident().incident))

    assert play.variables["n"] == 1


def test_an_instance_may_change_its_item_for_itself() -> None:
    spec = {
        **script(item=lambda v: v["item"] * 2),
        **each([1, 2], results="r", result=lambda v: v["item"]),
    }

    play = looping(spec).start(item="outer")

    assert play.variables == {"item": "outer", "r": [2, 4]}


def test_one_instance_can_be_withdrawn_and_the_last_one_completes_the_activity() -> None:
    loop = each(["a", "b", "c"], results="r", result=lambda v: v["item"])
    play = looping({**user(), **loop}).start()
    tokens = [play.state.waits[task].token for task in play.locals("a", "task")]

    play.withdraw(tokens[0])
    done(play, play.locals("a", "task")[0])
    seen = play.state.visible(tokens[2])
    assert [seen[f"nrOf{name}Instances"] for name in ("Active", "Completed", "Terminated")] == [
        1,
        1,
        1,
    ]
    play.withdraw(tokens[2])

    assert play.of(Ended) == [Ended("completed", "e")]
    assert play.variables == {"r": ["b"]}
