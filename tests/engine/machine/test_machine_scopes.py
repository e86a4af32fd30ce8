"""Subprocesses, variables and mappings."""

from __future__ import annotations

from bpmn.graph import TerminateEvent
from bpmn.values import Value
from engine.machine.facts import Cancelled, Ended, Entered, IncidentOpened, Left, VariableSet
from engine.machine.state import encode_variables
from engine.machine.triggers import (
    Continue,
    JobDone,
    JobThrew,
    Retried,
    Start,
    TaskCompleted,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    START,
    SUB,
    Play,
    expr,
    failing,
    graph,
    script,
    service,
    user,
)


def inside(spec: dict[str, object]) -> dict[str, object]:
    return {**spec, "in": "sub"}


def test_a_subprocess_completes_when_no_token_is_left_in_it() -> None:
    nodes = {"s": START, "sub": SUB, "e": END, "is": inside(START), "f": inside(AND)}
    nodes |= {"a": inside(user()), "b": inside(user()), "ie": inside(END)}
    play = Play(graph(nodes, "s>sub>e is>f>a>ie f>b")).start()

    play.do(TaskCompleted(task=play.local("b"), variables={}))
    assert play.state.ended is None
    play.do(TaskCompleted(task=play.local("a"), variables={}))

    assert [f.node for f in play.of(Left)] == ["s", "is", "f", "b", "a", "ie", "sub", "e"]
    assert play.of(Ended) == [Ended("completed", "e")]


def test_a_subprocess_keeps_its_inputs_to_itself_and_hands_out_its_outputs() -> None:
    sub = {
        **SUB,
        "inputs": (("x", expr(lambda v: v["n"] * 10)), ("y", expr(lambda v: v["x"] + 1))),
        "outputs": (("result", expr(lambda v: v["x"] + v["z"])),),
    }
    nodes = {"s": START, "sub": sub, "e": END, "is": inside(START)}
    nodes["c"] = inside(script(x=lambda v: v["x"] + v["y"], z=1))
    play = Play(graph(nodes, "s>sub>e is>c"))

    play.start(n=2, x="outer")

    # x is shadowed inside, z is not: it goes to the process.
    assert play.variables == {"n": 2, "x": "outer", "z": 1, "result": 42}


def test_a_task_maps_inputs_into_and_outputs_out_of_its_own_scope() -> None:
    task = {
        **service(),
        "inputs": (("a", expr(lambda v: v["n"])),),
        "outputs": (("sum", expr(lambda v: v["a"] + v["r"])),),
    }
    play = Play(graph({"s": START, "t": task, "e": END}, "s>t>e")).start(n=1)

    play.do(JobDone(job=play.local("t"), variables={"a": 5}, local={"r": 7}))

    assert play.variables == {"n": 1, "sum": 12}


def test_failing_mappings_stop_the_token_and_can_be_retried() -> None:
    failed = {**user(), "inputs": (("ok", expr(1)), ("a", expr(lambda v: v["n"])))}
    play = Play(
        graph(
            {"s": START, "t": {**failed, "outputs": (("o", failing()),)}, "e": END},
            "s>t>e",
        )
    ).start(n=1)

    play.do(TaskCompleted(task=play.local("t"), variables={"b": 2}))
    assert play.of(IncidentOpened)[0].kind == "expression_failed"
    assert play.variables == {"n": 1, "b": 2}
    play.do(Retried(incident=play.local("t", "incident")))

    assert len(play.of(IncidentOpened)) == 2


def test_parallel_branches_share_their_scope() -> None:
    nodes = {"s": START, "f": AND, "a": script(n=lambda v: v["n"] + 1), "j": AND, "e": END}
    nodes["b"] = script(n=lambda v: v["n"] * 10)
    play = Play(graph(nodes, "s>f>a>j>e f>b>j"))

    play.start(n=1)

    assert play.variables == {"n": 20}


def test_variables_set_from_outside_stay_in_the_scope_that_was_named() -> None:
    nodes = {"s": START, "sub": SUB, "is": inside(START), "u": inside(user())}
    play = Play(graph(nodes, "s>sub is>u")).start(a=1, b=2)
    scope = next(iter(key for key in play.state.scopes if key))

    play.do(VariablesSet(variables={"a": 9}, scope=scope))
    play.do(VariablesSet(variables={}, removed=("b",)))

    assert play.state.variables == {0: {"a": 1}, scope: {"a": 9}}


def test_stated_wire_types_are_kept_until_the_value_is_computed_anew() -> None:
    play = Play(graph({"s": START, "u": user(), "c": script(a=2), "e": END}, "s>u>c>e"))

    play.do(Start(variables={"a": 1, "b": 2}, wire={"a": "Long"}))
    assert b'"a":[1,"Long"]' in encode_variables(play.state)
    play.do(TaskCompleted(task=play.local("u"), variables={"b": 3}, wire={"b": "Short"}))

    assert play.state.wire == {0: {"b": "Short"}}
    assert [f.wire for f in play.of(VariableSet)] == ["Long", None, "Short", None]


def test_a_terminate_end_event_ends_its_own_scope_only() -> None:
    stop = {**END, "event": TerminateEvent()}
    nodes = {"s": START, "sub": SUB, "u": user(), "is": inside(START), "f": inside(AND)}
    nodes |= {"a": inside(user()), "b": inside(user()), "t": inside(stop)}
    play = Play(graph(nodes, "s>sub>u is>f>a f>b>t")).start()

    play.do(TaskCompleted(task=play.local("b"), variables={}))

    assert play.waits() == ["u"]
    assert [f.node for f in play.of(Cancelled)] == ["a"]
    assert play.state.ended is None


def test_a_terminate_end_event_of_the_process_ends_all() -> None:
    stop = {**END, "event": TerminateEvent()}
    nodes = {"s": START, "f": AND, "sub": SUB, "is": inside(START), "u": inside(user())}
    play = Play(graph({**nodes, "t": stop}, "s>f>sub f>t is>u"))

    play.start()

    assert play.of(Ended) == [Ended("terminated", "t")]
    assert [f.node for f in play.of(Cancelled)] == ["u", "sub"]
    assert (play.state.tokens, play.state.waits, play.state.scopes) == ({}, {}, {})


def test_continuations_stand_before_and_after_an_activity() -> None:
    both = {**script(a=1), "async_before": True, "async_after": True}
    play = Play(graph({"s": START, "x": both, "e": END}, "s>x>e")).start()
    assert play.variables == {}

    play.do(Continue(job=play.local("x")))
    assert play.variables == {"a": 1}
    assert [f.node for f in play.of(Left)] == ["s", "x"]
    play.do(Continue(job=play.local("x")))

    assert play.state.ended == "completed"


def test_a_loop_through_a_subprocess_leaves_nothing_behind() -> None:
    def again(seen: dict[str, Value]) -> Value:
        return seen["n"] < 50  # type: ignore[operator]

    nodes = {"s": START, "sub": {**SUB, "inputs": (("l", expr(1)),)}, "e": END}
    nodes |= {"is": inside(START), "c": inside(script(n=lambda v: v["n"] + v["l"]))}
    looping = graph(
        nodes, "s>sub>sub sub>e is>c", conditions={"sub>sub": expr(again)}, defaults=["sub>e"]
    )

    play = Play(looping).start(n=0)

    assert play.variables == {"n": 50}
    assert sum(isinstance(f, Entered) and f.node == "sub" for f in play.facts) == 50
    assert play.state.variables.keys() == {0}


def test_an_uncaught_error_of_a_job_is_kept_as_an_incident() -> None:
    play = Play(graph({"s": START, "t": service(), "e": END}, "s>t>e")).start()

    play.do(JobThrew(job=play.local("t"), code="x", variables={"why": 1}))
    assert play.of(IncidentOpened)[0].kind == "uncaught_error"
    play.do(Retried(incident=play.local("t", "incident")))
    play.do(JobDone(job=play.local("t", "job"), variables={}))

    assert play.state.ended == "completed"
    assert play.variables == {"why": 1}
