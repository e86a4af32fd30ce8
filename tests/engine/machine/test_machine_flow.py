"""How tokens flow: start to end, gateways, loops, several flows in and out."""

from __future__ import annotations

from time import process_time

import pytest

from bpmn.graph import Computation
from engine.machine.errors import (
    AlreadyStarted,
    InstanceEnded,
    NotStarted,
    ScopeNotOpen,
    TaskNotOpen,
)
from engine.machine.facts import Ended, Entered, IncidentOpened, JobRequested, Left
from engine.machine.state import encode
from engine.machine.triggers import Cancel, Continue, JobDone, Retried, TaskCompleted, VariablesSet
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    XOR,
    Play,
    expr,
    failing,
    graph,
    script,
    service,
    user,
)


def test_a_script_between_start_and_end_runs_at_once() -> None:
    play = Play(graph({"s": START, "x": script(a=lambda v: v["n"] + 1), "e": END}, "s>x>e"))

    play.start(n=1)

    assert play.variables == {"n": 1, "a": 2}
    assert play.of(Ended) == [Ended("completed", "e")]
    assert play.state.tokens == {}


def test_a_user_task_waits_until_it_is_completed() -> None:
    play = Play(graph({"s": START, "u": user(), "e": END}, "s>u>e")).start()
    task = play.local("u")

    play.do(TaskCompleted(task=task, variables={"ok": True}))

    assert play.variables == {"ok": True}
    assert play.state.ended == "completed"
    with pytest.raises(InstanceEnded):
        play.do(TaskCompleted(task=task, variables={}))


def test_a_service_task_waits_for_its_job() -> None:
    play = Play(graph({"s": START, "j": service("mail"), "e": END}, "s>j>e")).start()

    play.do(JobDone(job=play.local("j"), variables={"sent": 1}))

    assert play.of(JobRequested)[0].topic == "mail"
    assert play.variables == {"sent": 1}


def test_triggers_that_do_not_fit_change_nothing() -> None:
    play = Play(graph({"s": START, "u": user(), "e": END}, "s>u>e"))
    with pytest.raises(NotStarted):
        play.do(Cancel(reason="early"))
    play.start()
    before = encode(play.state)

    with pytest.raises(AlreadyStarted):
        play.start()
    with pytest.raises(TaskNotOpen):
        play.do(TaskCompleted(task=99, variables={}))

    assert encode(play.state) == before


def test_an_exclusive_gateway_takes_the_first_true_condition_in_document_order() -> None:
    nodes = {"s": START, "g": XOR, "a": END, "b": END, "c": END}
    model = graph(
        nodes,
        "s>g>c g>a g>b",
        conditions={"g>a": expr(lambda v: v["n"] > 1), "g>b": expr(lambda v: v["n"] > 0)},
        defaults=["g>c"],
    )

    ends = [Play(model).start(n=n).of(Ended)[0].end for n in (2, 1, 0)]

    assert ends == ["a", "b", "c"]


def test_a_gateway_without_a_true_condition_stops_with_an_incident_that_can_be_retried() -> None:
    condition = {"g>a": expr(lambda v: v["n"] == 1), "g>b": expr(None)}
    model = graph({"s": START, "g": XOR, "a": END, "b": END}, "s>g>a g>b", conditions=condition)
    play = Play(model).start(n=0)
    assert play.of(IncidentOpened)[0].kind == "no_flow"

    play.do(VariablesSet(variables={"n": 1}))
    play.do(Retried(incident=play.local("g", "incident")))

    assert play.state.ended == "completed"


def test_a_join_fires_once_for_each_full_set_of_tokens() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "j": AND, "z": script(), "e": END}
    play = Play(graph(nodes, "s>f>a>j>z>e f>b>j")).start()

    play.do(TaskCompleted(task=play.local("a"), variables={"x": 1}))
    assert play.state.ended is None
    play.do(TaskCompleted(task=play.local("b"), variables={"y": 2}))

    assert play.variables == {"x": 1, "y": 2}
    assert sum(isinstance(f, Entered) and f.node == "z" for f in play.facts) == 1
    assert play.state.ended == "completed"
    assert play.state.joins == {}


def test_a_join_keeps_the_second_token_of_a_flow_for_its_next_round() -> None:
    # Two tokens reach the join on flow m>j, since activity m has two incoming flows.
    nodes = {"s": START, "f": AND, "m": script(), "a": user(), "b": user(), "j": AND, "u": user()}
    play = Play(graph(nodes, "s>f>m>j f>m f>a>j>u f>b>j")).start()

    play.do(TaskCompleted(task=play.local("a"), variables={}))
    play.do(TaskCompleted(task=play.local("b"), variables={}))

    assert play.waits("task") == ["u"]
    assert list(play.state.joins[0]["j"]) == ["m>j"]
    assert len(play.state.joins[0]["j"]["m>j"]) == 1


def test_each_token_starts_an_activity_that_has_several_incoming_flows() -> None:
    nodes = {"s": START, "f": AND, "a": script(), "b": script(), "u": user(), "e": END}
    play = Play(graph(nodes, "s>f>a>u>e f>b>u")).start()

    assert play.waits("task") == ["u", "u"]


def test_an_activity_with_several_outgoing_flows_takes_all_that_hold() -> None:
    nodes = {"s": START, "x": script(), "a": user(), "b": user(), "c": user(), "d": user()}
    holds = {"x>b": expr(lambda v: v["n"] > 0), "x>c": expr(lambda v: v["n"] > 1)}
    model = graph(nodes, "s>x>a x>b x>c x>d", conditions=holds, defaults=["x>d"])

    assert Play(model).start(n=2).waits() == ["a", "b", "c"]
    assert Play(model).start(n=0).waits() == ["a"]


def test_a_default_flow_of_an_activity_is_taken_when_nothing_else_holds() -> None:
    nodes = {"s": START, "x": script(), "b": user(), "d": user()}
    model = graph(
        nodes, "s>x>b x>d", conditions={"x>b": expr(lambda v: v["n"] > 0)}, defaults=["x>d"]
    )

    assert Play(model).start(n=0).waits() == ["d"]


def test_a_branch_runs_to_its_wait_before_the_next_begins() -> None:
    nodes = {"s": START, "f": AND, "a": script(), "u": user(), "b": script(), "v": user()}
    play = Play(graph(nodes, "s>f>a>u f>b>v")).start()

    assert [f.node for f in play.of(Left)] == ["s", "f", "a", "b"]
    assert play.waits() == ["u", "v"]


def test_a_failing_expression_keeps_its_token_and_what_went_before() -> None:
    lines = Computation((("b", expr(1)), ("c", failing("no such thing"))))
    nodes = {"s": START, "a": script(a=1), "x": {"kind": "scriptTask", "action": lines}, "e": END}
    play = Play(graph(nodes, "s>a>x>e")).start()

    incident = play.of(IncidentOpened)[0]

    assert (incident.kind, incident.message) == ("expression_failed", "no such thing")
    assert play.variables == {"a": 1}
    assert play.waits() == ["x"]


def test_a_long_loop_costs_the_same_at_its_end_as_at_its_start() -> None:
    nodes = {"s": START, "m": XOR, "x": script(n=lambda v: v["n"] + 1), "g": XOR, "e": END}
    more = {"g>m": expr(lambda v: v["n"] < 10_000)}
    play = Play(graph(nodes, "s>m>x>g>m g>e", conditions=more, defaults=["g>e"])).start(n=0)
    costs = []

    while play.state.ended is None:
        begun = process_time()
        play.do(Continue(job=play.local(play.waits("continuation")[0])))
        costs.append(process_time() - begun)
        assert len(encode(play.state)) < 2000

    assert play.variables["n"] == 10_000
    assert len(costs) == 30
    assert min(costs[-10:]) < 3 * min(costs[:10])


def test_a_loop_without_a_wait_ends_in_an_incident() -> None:
    play = Play(graph({"s": START, "m": XOR, "x": script()}, "s>m>x>m")).start()
    play.state.entries = 999_500

    play.do(Continue(job=play.local(play.waits("continuation")[0])))
    assert play.of(IncidentOpened)[0].kind == "endless_loop"
    play.do(Retried(incident=play.local(play.waits("incident")[0])))

    assert play.waits() == play.waits("continuation")


def test_twelve_parallel_blocks_in_a_row_take_milliseconds() -> None:
    nodes: dict[str, dict[str, object]] = {"s": START}
    flows, last = [], "s"
    for i in range(12):
        nodes |= {f"f{i}": AND, f"a{i}": script(), f"b{i}": script(), f"j{i}": AND}
        flows += [f"{last}>f{i}>a{i}>j{i}", f"f{i}>b{i}>j{i}"]
        last = f"j{i}"
    play = Play(graph({**nodes, "e": END}, " ".join([*flows, f"{last}>e"])))
    begun = process_time()

    play.start()

    assert play.state.ended == "completed"
    assert process_time() - begun < 0.1


def test_a_cancelled_instance_leaves_nothing_open() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": service(), "j": AND, "c": script()}
    play = Play(graph(nodes, "s>f>a>j f>b>j f>c>j")).start()

    play.do(Cancel(reason="no longer needed"))

    assert play.of(Ended) == [Ended("cancelled")]
    assert (play.state.tokens, play.state.waits, play.state.joins) == ({}, {}, {})


def test_parallel_branches_that_were_put_off_still_meet_at_their_join() -> None:
    nodes = {"s": START, "m": XOR, "f": AND, "a": script(), "b": script(), "j": AND}
    nodes |= {"c": script(n=lambda v: v["n"] + 1), "g": XOR, "e": END}
    more = {"g>m": expr(lambda v: v["n"] < 1000)}
    play = Play(graph(nodes, "s>m>f>a>j>c>g>m f>b>j g>e", conditions=more, defaults=["g>e"]))
    play.start(n=0)

    while (put_off := play.waits("continuation")) and play.state.ended is None:
        play.do(Continue(job=play.local(put_off[-1])))

    assert play.state.ended == "completed"
    assert play.variables == {"n": 1000}


def test_variables_cannot_be_set_in_a_scope_that_is_not_open() -> None:
    play = Play(graph({"s": START, "u": user()}, "s>u")).start()

    with pytest.raises(ScopeNotOpen):
        play.do(VariablesSet(variables={"a": 1}, scope=77))


def test_a_join_may_stand_behind_a_continuation() -> None:
    join = {**AND, "async_before": True, "async_after": True}
    nodes = {"s": START, "f": AND, "a": script(), "b": script(), "j": join, "e": END}
    play = Play(graph(nodes, "s>f>a>j>e f>b>j")).start()
    assert play.waits("continuation") == ["j", "j"]

    play.do(Continue(job=play.local("j")))
    assert list(play.state.joins[0]["j"]) == ["a>j"]
    play.do(Continue(job=play.local("j")))
    assert play.state.joins == {}
    play.do(Continue(job=play.local("j")))

    assert play.state.ended == "completed"
