"""Compensation: completed activities are undone once, the last one first, with what they saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bpmn.graph import (
    CompensateEvent,
    ErrorEvent,
    Graph,
    MultiInstance,
    SignalEvent,
    StandardLoop,
    TerminateEvent,
)
from engine.machine.facts import Cancelled, Ended, Entered, Left
from engine.machine.replay import replay
from engine.machine.triggers import (
    JobThrew,
    MessageArrived,
    Retried,
    TaskCompleted,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    START,
    SUB,
    XOR,
    Play,
    boundary,
    end,
    expr,
    failing,
    graph,
    inside,
    message,
    script,
    service,
    several,
    started,
    throw,
    undecided,
    user,
)

ALL = CompensateEvent()
LOG = "log"


def log(word: str) -> dict[str, Any]:
    return script(log=lambda v: [*v["log"], word])


def handled(name: str, spec: dict[str, Any], scope: str = "p", handler: Any = None) -> Any:
    """An activity with a compensation handler `undo-NAME`."""
    undo = {**(handler or log(f"undo {name}")), "for_compensation": True}
    return {
        name: inside(scope, {**spec, "compensated_by": f"undo-{name}"}),
        f"on-{name}": inside(scope, boundary(name, ALL)),
        f"undo-{name}": inside(scope, undo),
    }


def two(thrower: dict[str, Any], flows: str = "s>a>b>t>e", **more: Any) -> Graph:
    nodes = {"s": START, "t": thrower, "e": END}
    return graph(nodes | handled("a", log("a")) | handled("b", log("b")) | more, flows)


def done(play: Play) -> list[str]:
    return [f.node for f in play.of(Left)]


def check(play: Play) -> None:
    assert play.state.tokens == play.state.waits == play.state.compensables == {}
    assert play.state.variables.keys() <= {0}
    assert replay(play.model, play.steps, undecided) == (play.state, play.facts)


@pytest.mark.parametrize("wait", [True, False])
def test_all_of_a_scope_is_compensated_in_reverse_order_of_completion(wait: bool) -> None:
    play = Play(two(throw(CompensateEvent(wait=wait))))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo b", "undo a"]
    order = ["undo-b", "undo-a", "t", "e"] if wait else ["t", "e", "undo-b", "undo-a"]
    assert done(play) == ["s", "a", "b", *order]
    assert play.state.ended == "completed"
    check(play)


def test_an_end_event_compensates_before_it_ends() -> None:
    play = Play(two(end(ALL), "s>a>b>t"))

    play.start(log=[])

    assert done(play) == ["s", "a", "b", "undo-b", "undo-a", "t"]
    assert play.of(Ended) == [Ended("completed", "t")]
    check(play)


def test_one_activity_is_compensated_and_once_only() -> None:
    again = {"t2": throw(CompensateEvent("a")), "t3": throw(ALL), "t4": throw(ALL)}
    play = Play(two(throw(CompensateEvent("a")), "s>a>b>t>t2>t3>t4>e", **again))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo a", "undo b"]
    assert play.state.ended == "completed"
    check(play)


def test_what_has_not_completed_is_not_compensated() -> None:
    nodes = {"s": START, "f": AND, "t": throw(ALL), "e": END}
    play = Play(graph(nodes | handled("a", user()), "s>f>a>e f>t>e")).start(log=[])

    play.do(TaskCompleted(task=play.local("a"), variables={}))

    assert play.variables[LOG] == []
    assert play.state.ended == "completed"
    check(play)


def test_each_round_of_a_loop_in_the_flow_is_compensated() -> None:
    nodes = {"s": START, "m": XOR, "x": XOR, "t": throw(ALL), "e": END}
    nodes |= handled("a", script(n=lambda v: v["n"] + 1))
    conditions = {"x>m": expr(lambda v: v["n"] < 3)}
    play = Play(graph(nodes, "s>m>a>x>m x>t>e", conditions=conditions, defaults=["x>t"]))

    play.start(n=0, log=[])

    assert play.variables[LOG] == ["undo a"] * 3
    check(play)


def test_the_thrower_waits_for_handlers_that_wait_one_after_another() -> None:
    nodes = {"s": START, "t": throw(ALL), "e": END}
    nodes |= handled("a", log("a"), handler=user()) | handled("b", log("b"), handler=user())
    play = Play(graph(nodes, "s>a>b>t>e")).start(log=[])
    assert play.waits() == ["t", "undo-b"]

    play.do(TaskCompleted(task=play.local("undo-b"), variables={}))
    assert play.waits() == ["t", "undo-a"]
    play.do(TaskCompleted(task=play.local("undo-a"), variables={}))

    assert done(play) == ["s", "a", "b", "undo-b", "undo-a", "t", "e"]
    check(play)


def test_a_handler_sees_its_activity_s_own_variables_as_they_were() -> None:
    activity = {**script(x=lambda v: v["x"] + 1), "inputs": (("x", expr(lambda v: v["n"])),)}
    undo = script(log=lambda v: [*v["log"], v["x"]])
    nodes = {"s": START, "up": script(n=2), "t": throw(ALL), "e": END}
    nodes |= {"m": XOR, "again": XOR, **handled("a", activity, handler=undo)}
    conditions = {"again>up": expr(lambda v: v["n"] == 1)}
    flows = "s>m>a>again>up>m again>t>e"
    play = Play(graph(nodes, flows, conditions=conditions, defaults=["again>t"]))

    play.start(n=1, log=[])

    assert play.variables == {"n": 2, "log": [3, 2]}
    check(play)


def nested(*, thrower: Any = None, **more: Any) -> Graph:
    """A subprocess `sub` with `a` and `b`, which have handlers, then a throw of all."""
    nodes = {"s": START, "sub": SUB, "t": thrower or throw(ALL), "e": END}
    nodes |= handled("a", log("a"), "sub") | handled("b", log("b"), "sub")
    return graph(nodes | more, "s>sub>t>e a>b")


def test_a_completed_subprocess_is_compensated_by_what_completed_in_it() -> None:
    play = Play(nested())

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo b", "undo a"]
    assert done(play) == ["s", "a", "b", "sub", "undo-b", "undo-a", "t", "e"]
    check(play)


def test_a_subprocess_is_compensated_with_its_variables_as_they_were() -> None:
    sub = {**SUB, "inputs": (("x", expr(lambda v: v["n"])),)}
    nodes = {"s": START, "sub": sub, "change": script(n=9), "t": throw(ALL), "e": END}
    undo = script(log=lambda v: [*v["log"], v["x"], v["n"]], x=lambda v: v["x"] + 1)
    nodes |= handled("a", log("a"), "sub", undo) | handled("b", log("b"), "sub", undo)
    play = Play(graph(nodes, "s>sub>change>t>e a>b"))

    play.start(n=1, log=[])

    assert play.variables == {"n": 9, "log": ["a", "b", 1, 9, 2, 9]}
    check(play)


def test_subprocesses_in_subprocesses_are_compensated_from_the_inside() -> None:
    nodes = {"s": START, "outer": SUB, "inner": inside("outer", SUB), "t": throw(ALL), "e": END}
    nodes |= handled("a", log("a"), "outer") | handled("b", log("b"), "inner")
    nodes |= handled("c", log("c"), "inner") | handled("d", log("d"), "outer")
    play = Play(graph(nodes, "s>outer>t>e a>inner>d b>c"))

    play.start(log=[])

    assert play.variables[LOG][4:] == ["undo d", "undo c", "undo b", "undo a"]
    assert play.state.ended == "completed"
    check(play)


def test_a_handler_of_the_subprocess_itself_comes_instead_of_those_inside() -> None:
    nodes = {"s": START, "t": throw(CompensateEvent("sub")), "e": END}
    nodes |= handled("sub", SUB) | handled("a", log("a"), "sub")
    play = Play(graph(nodes, "s>sub>t>e"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "undo sub"]
    check(play)


def undone_by_event(*, inner_throw: bool) -> dict[str, dict[str, Any]]:
    inner = throw(ALL) if inner_throw else log("instead")
    return {
        "es": inside("sub", EVENT_SUB),
        "ss": inside("es", started(ALL)),
        "h": inside("es", log("before")),
        "it": inside("es", inner),
        "after": inside("es", log("after")),
    }


@pytest.mark.parametrize("inner_throw", [True, False])
def test_a_compensation_event_subprocess_decides_about_what_is_inside(inner_throw: bool) -> None:
    nodes = {"s": START, "sub": SUB, "t": throw(ALL), "e": END}
    nodes |= handled("a", log("a"), "sub") | handled("b", log("b"), "sub")
    nodes |= undone_by_event(inner_throw=inner_throw)
    play = Play(graph(nodes, "s>sub>t>e a>b ss>h>it>after"))

    play.start(log=[])

    middle = ["undo b", "undo a"] if inner_throw else ["instead"]
    assert play.variables[LOG] == ["a", "b", "before", *middle, "after"]
    assert play.state.ended == "completed"
    check(play)


def test_a_subprocess_without_anything_inside_has_its_event_subprocess() -> None:
    nodes = {"s": START, "sub": SUB, "t": throw(ALL), "e": END, "a": inside("sub", log("a"))}
    nodes |= undone_by_event(inner_throw=True)
    play = Play(graph(nodes, "s>sub>t>e ss>h>it>after"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "before", "after"]
    check(play)


def test_an_error_event_subprocess_compensates_what_completed_in_its_scope() -> None:
    nodes = {"s": START, "sub": SUB, "e": END, "fail": inside("sub", end(ErrorEvent("E")))}
    nodes |= handled("a", log("a"), "sub") | handled("b", log("b"), "sub")
    nodes |= {"es": inside("sub", EVENT_SUB), "ss": inside("es", started(ErrorEvent("E")))}
    nodes |= {"t": inside("es", throw(ALL)), "c": inside("es", log("c"))}
    play = Play(graph(nodes, "s>sub>e a>b>fail ss>t>c"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo b", "undo a", "c"]
    assert play.of(Ended) == [Ended("completed", "e")]
    check(play)


def test_a_subprocess_that_was_interrupted_is_not_compensated() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", message("m")), "t": throw(ALL)}
    nodes |= {"e": END, "u": inside("sub", user()), **handled("a", log("a"), "sub")}
    play = Play(graph(nodes, "s>sub>e b>t>e a>u")).start(log=[])

    play.do(MessageArrived(subscription=play.local("b"), variables={}))

    assert play.variables[LOG] == ["a"]
    assert play.state.ended == "completed"
    check(play)


def test_a_terminated_subprocess_is_compensated_for_what_completed_in_it() -> None:
    nodes = {"s": START, "sub": SUB, "t": throw(ALL), "e": END}
    nodes |= {"x": inside("sub", end(TerminateEvent())), **handled("a", log("a"), "sub")}
    play = Play(graph(nodes, "s>sub>t>e a>x"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "undo a"]
    check(play)


def test_a_handler_that_is_a_subprocess_may_take_its_time() -> None:
    nodes = {"s": START, "t": throw(ALL), "e": END, "hs": inside("undo-a", START)}
    nodes |= {"u": inside("undo-a", user()), **handled("a", log("a"), handler=SUB)}
    nodes |= handled("b", log("b"))
    play = Play(graph(nodes, "s>b>a>t>e hs>u")).start(log=[])

    play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert play.variables[LOG] == ["b", "a", "undo b"]
    assert play.state.ended == "completed"
    check(play)


def test_an_error_in_a_handler_leaves_the_scope_and_the_rest_uncompensated() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", ErrorEvent("E")), "e": END, "e2": END}
    nodes |= {"t": inside("sub", throw(ALL)), **handled("a", log("a"), "sub")}
    nodes |= handled("c", log("c"), "sub", service())
    play = Play(graph(nodes, "s>sub>e b>e2 a>c>t")).start(log=[])

    play.do(JobThrew(job=play.local("undo-c"), code="E"))

    assert play.of(Ended) == [Ended("completed", "e2")]
    assert play.variables[LOG] == ["a", "c"]
    check(play)


def test_a_handler_that_is_interrupted_on_its_boundary_counts_as_through() -> None:
    nodes = {"s": START, "t": throw(ALL), "e": END, "over": END}
    nodes |= handled("a", log("a"), handler=service())
    nodes |= {"err": boundary("undo-a", ErrorEvent("E")), "c": log("c")}
    play = Play(graph(nodes, "s>a>t>e err>c>over")).start(log=[])

    play.do(JobThrew(job=play.local("undo-a"), code="E"))

    assert play.variables[LOG] == ["a", "c"]
    assert done(play)[-2:] == ["t", "e"]
    check(play)


def test_a_handler_that_fails_can_be_retried() -> None:
    nodes = {"s": START, "t": throw(ALL), "e": END}
    broken = graph(nodes | handled("a", log("a"), handler=script(x=failing())), "s>a>t>e")
    play = Play(broken).start(log=[])
    assert play.waits("incident") == ["undo-a"]

    play.model = graph(nodes | handled("a", log("a")), "s>a>t>e")
    play.do(Retried(incident=play.local("undo-a")))

    assert play.variables[LOG] == ["a", "undo a"]
    assert play.state.ended == "completed"


def test_an_interruption_withdraws_thrower_and_handlers() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", message("m")), "e": END, "e2": END}
    nodes |= {"t": inside("sub", throw(ALL)), **handled("a", log("a"), "sub", user())}
    nodes |= handled("c", log("c"), "sub", user())
    play = Play(graph(nodes, "s>sub>e b>e2 a>c>t")).start(log=[])

    play.do(MessageArrived(subscription=play.local("b"), variables={}))

    assert sorted(f.node for f in play.of(Cancelled)) == ["sub", "t", "undo-c"]
    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def test_a_thrower_that_does_not_wait_keeps_its_scope_open() -> None:
    thrower = throw(CompensateEvent(wait=False))
    nodes = {"s": START, "sub": SUB, "e": END, "t": inside("sub", thrower)}
    nodes |= handled("a", log("a"), "sub", user()) | handled("b", log("b"), "sub", user())
    play = Play(graph(nodes, "s>sub>e a>b>t")).start(log=[])
    assert done(play) == ["s", "a", "b", "t"]

    play.do(TaskCompleted(task=play.local("undo-b"), variables={}))
    assert "sub" not in done(play)
    play.do(TaskCompleted(task=play.local("undo-a"), variables={}))

    assert done(play)[-2:] == ["sub", "e"]
    check(play)


def test_a_throw_inside_a_subprocess_does_not_reach_what_completed_around_it() -> None:
    nodes = {"s": START, "sub": SUB, "t2": throw(ALL), "e": END, "t": inside("sub", throw(ALL))}
    nodes |= handled("a", log("a")) | handled("b", log("b"), "sub")
    play = Play(graph(nodes, "s>a>sub>t2>e b>t"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo b", "undo a"]
    check(play)


def test_what_an_activity_entered_for_compensation_holds_is_not_compensated_itself() -> None:
    nodes = {"s": START, "t": throw(ALL), "t2": throw(ALL), "e": END}
    nodes |= handled("a", log("a"), handler=SUB) | handled("in", log("in"), "undo-a")
    play = Play(graph(nodes, "s>a>t>t2>e"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "in"]
    assert [f.node for f in play.of(Entered)].count("undo-a") == 1
    check(play)


def test_compensation_can_be_thrown_beside_other_definitions() -> None:
    signal = SignalEvent(expr("done"))
    play = Play(two(throw(several(ALL, signal))))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo b", "undo a"]
    assert [type(f).__name__ for f in play.facts].count("SignalThrown") == 1
    check(play)


# --- loops ---


def many(*, sequential: bool = False) -> MultiInstance:
    return MultiInstance(sequential, collection=expr([1, 2, 3]), element="item")


@pytest.mark.parametrize("sequential", [True, False])
def test_each_completed_instance_is_compensated_with_its_own_item(sequential: bool) -> None:
    activity = {**log("a"), "loop": many(sequential=sequential)}
    undo = script(log=lambda v: [*v["log"], v["item"]])
    nodes = {"s": START, "t": throw(CompensateEvent("a")), "e": END}
    play = Play(graph(nodes | handled("a", activity, handler=undo), "s>a>t>e"))

    play.start(log=[])

    assert play.variables == {"log": ["a", "a", "a", 3, 2, 1]}
    assert play.state.ended == "completed"
    check(play)


def test_instances_are_compensated_in_the_order_in_which_they_completed() -> None:
    undo = script(log=lambda v: [*v["log"], v["item"]])
    nodes = {"s": START, "t": throw(ALL), "e": END}
    play = Play(graph(nodes | handled("a", {**user(), "loop": many()}, handler=undo), "s>a>t>e"))
    play.start(log=[])

    for place in (1, 0, 0):
        tasks = [key for key, wait in play.state.waits.items() if wait.kind == "task"]
        play.do(TaskCompleted(task=tasks[place], variables={}))

    assert play.variables == {"log": [3, 1, 2]}
    check(play)


def test_instances_that_were_withdrawn_are_not_compensated() -> None:
    loop = replace(many(), completion=expr(lambda v: v["nrOfCompletedInstances"] == 1))
    undo = script(log=lambda v: [*v["log"], v["item"]])
    nodes = {"s": START, "t": throw(ALL), "e": END}
    play = Play(graph(nodes | handled("a", {**user(), "loop": loop}, handler=undo), "s>a>t>e"))
    play.start(log=[])

    tasks = [key for key, wait in play.state.waits.items() if wait.kind == "task"]
    play.do(TaskCompleted(task=tasks[1], variables={}))

    assert play.variables == {"log": [2]}
    assert play.state.ended == "completed"
    check(play)


def test_an_interrupted_loop_is_not_compensated_for_its_completed_instances() -> None:
    nodes = {"s": START, "t": throw(ALL), "e": END, "b": boundary("a", message("m"))}
    nodes |= handled("a", {**user(), "loop": many()})
    play = Play(graph(nodes, "s>a>e b>t>e")).start(log=[])
    play.do(TaskCompleted(task=play.local("a", "task"), variables={}))

    play.do(MessageArrived(subscription=play.local("b"), variables={}))

    assert play.variables == {"log": []}
    check(play)


@pytest.mark.parametrize("sequential", [True, False])
def test_each_instance_of_a_subprocess_is_compensated_by_what_it_did(sequential: bool) -> None:
    sub = {**SUB, "loop": many(sequential=sequential)}
    undo = script(log=lambda v: [*v["log"], v["item"]])
    nodes = {"s": START, "sub": sub, "t": throw(ALL), "e": END}
    nodes |= handled("a", log("a"), "sub", undo) | handled("b", log("b"), "sub")
    play = Play(graph(nodes, "s>sub>t>e a>b"))

    play.start(log=[])

    assert play.variables["log"][6:] == ["undo b", 3, "undo b", 2, "undo b", 1]
    assert play.state.ended == "completed"
    check(play)


def test_rounds_of_a_standard_loop_are_compensated() -> None:
    activity = {**log("a"), "loop": StandardLoop(expr(lambda v: len(v["log"]) < 3))}
    undo = script(log=lambda v: [*v["log"], v["loopCounter"]])
    nodes = {"s": START, "t": throw(ALL), "e": END}
    play = Play(graph(nodes | handled("a", activity, handler=undo), "s>a>t>e"))

    play.start(log=[])

    assert play.variables["log"] == ["a", "a", "a", 3, 2, 1]
    check(play)


def test_a_handler_can_be_a_loop_itself() -> None:
    nodes = {"s": START, "t": throw(ALL), "e": END}
    undo = {**script(log=lambda v: [*v["log"], v["item"]]), "loop": many()}
    play = Play(graph(nodes | handled("a", log("a"), handler=undo), "s>a>t>e"))

    play.start(log=[])

    assert play.variables["log"] == ["a", 1, 2, 3]
    assert done(play)[-2:] == ["t", "e"]
    check(play)
