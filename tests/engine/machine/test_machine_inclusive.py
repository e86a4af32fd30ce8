"""Inclusive gateways: who is taken, and how long a join waits (BPMN 2.0 Table 13.3)."""

from __future__ import annotations

from typing import Any

import pytest

from bpmn.graph import ErrorEvent, LinkEvent, TerminateEvent
from engine.machine.facts import Ended, Entered, IncidentOpened, Left
from engine.machine.triggers import (
    Continue,
    JobThrew,
    MessageArrived,
    Retried,
    TaskCompleted,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    GATE,
    OR,
    START,
    SUB,
    XOR,
    Play,
    boundary,
    catch,
    end,
    expr,
    graph,
    inside,
    message,
    service,
    started,
    throw,
    user,
)


def chosen(*flows: str) -> dict[str, Any]:
    """Conditions that are true where the variable `take` has the flow's target."""
    pairs = [(flow, flow.split(">")[1]) for flow in flows]
    return {flow: expr(lambda v, to=to: to in v["take"]) for flow, to in pairs}


def complete(play: Play, *tasks: str) -> None:
    for task in tasks:
        play.do(TaskCompleted(task=play.local(task, "task"), variables={}))


def rounds(play: Play, node: str) -> int:
    return [f.node for f in play.of(Entered)].count(node)


def diamond(**fields: Any) -> Play:
    """An inclusive split into tasks a, b and c (the default), and the join before `after`."""
    nodes = {"s": START, "f": OR, "a": user(), "b": user(), "c": user(), "j": OR, "e": END}
    nodes |= {"after": user(), **fields}
    flows = "s>f>a>j f>b>j f>c>j>after>e"
    return Play(graph(nodes, flows, conditions=chosen("f>a", "f>b"), defaults=["f>c"]))


@pytest.mark.parametrize(("take", "tasks"), [(["a", "b"], ["a", "b"]), (["b"], ["b"]), ([], ["c"])])
def test_all_true_flows_are_taken_or_the_default_and_joined(
    take: list[str], tasks: list[str]
) -> None:
    play = diamond().start(take=take)
    assert play.waits() == tasks

    for task in tasks:
        assert rounds(play, "after") == 0
        complete(play, task)

    assert rounds(play, "after") == 1
    complete(play, "after")
    assert play.of(Ended) == [Ended("completed", "e")]
    assert len([f for f in play.of(Left) if f.node == "j"]) == len(tasks)
    assert play.state.joins == {}


def test_a_split_without_a_true_flow_is_an_incident_that_can_be_retried() -> None:
    nodes = {"s": START, "f": OR, "a": user(), "b": user()}
    play = Play(graph(nodes, "s>f>a f>b", conditions=chosen("f>a", "f>b"))).start(take=[])
    assert play.of(IncidentOpened)[0].kind == "no_flow"

    play.do(VariablesSet(variables={"take": ["b"]}))
    play.do(Retried(incident=play.local("f")))

    assert play.waits() == ["b"]


def test_it_forks_and_joins_at_once() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "j": OR, "x": user(), "y": user()}
    conditions = chosen("j>x", "j>y")
    play = Play(graph(nodes, "s>f>a>j f>b>j j>x j>y", conditions=conditions))
    play.start(take=["x", "y"])

    complete(play, "a", "b")

    assert play.waits() == ["x", "y"]


def test_it_does_not_wait_for_a_token_that_ended_elsewhere() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "x": XOR, "no": END, "j": OR}
    nodes |= {"e": END}
    conditions = {"x>j": expr(lambda v: v["ok"])}
    play = Play(graph(nodes, "s>f>a>j f>b>x>j x>no j>e", conditions=conditions, defaults=["x>no"]))
    play.start(ok=False)
    complete(play, "a")
    assert rounds(play, "e") == 0

    complete(play, "b")

    assert play.of(Ended) == [Ended("completed", "e")]


def test_it_does_not_wait_for_a_token_that_cannot_come() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "j": OR, "x": user(), "e": END}
    play = Play(graph(nodes, "s>f>a>j>e f>b>x f>j")).start()

    complete(play, "a")

    assert rounds(play, "e") == 1
    assert play.waits() == ["b"]


def test_a_token_can_come_by_a_boundary_event() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "t": service(), "j": OR, "e": END, "x": END}
    nodes["b"] = boundary("t", ErrorEvent("E"))
    play = Play(graph(nodes, "s>f>a>j f>t>x b>j j>e")).start()
    complete(play, "a")
    assert rounds(play, "e") == 0

    play.do(JobThrew(job=play.local("t"), code="E"))

    assert rounds(play, "e") == 1
    assert play.state.ended == "completed"


def test_a_boundary_event_is_over_with_its_activity() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "t": {**user(), "async_after": True}}
    nodes |= {"j": OR, "e": END, "x": END, "b": boundary("t", message("m"))}
    play = Play(graph(nodes, "s>f>a>j f>t>x b>j j>e")).start()
    complete(play, "a")
    assert rounds(play, "e") == 0

    complete(play, "t")

    assert play.waits() == ["t"]  # Its continuation, from where only `x` can be reached.
    assert rounds(play, "e") == 1


def test_a_token_can_come_by_a_link() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "to": catch(LinkEvent("l"))}
    nodes |= {"from": throw(LinkEvent("l", "to")), "j": OR, "e": END}
    play = Play(graph(nodes, "s>f>a>j f>b>from to>j>e")).start()
    complete(play, "a")
    assert rounds(play, "e") == 0

    complete(play, "b")

    assert rounds(play, "e") == 1


def test_a_token_can_come_from_an_event_based_gateway() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "g": GATE, "m": catch(message("m"))}
    nodes |= {"n": catch(message("n")), "j": OR, "e": END, "x": END}
    play = Play(graph(nodes, "s>f>a>j f>g>m>j g>n>x j>e")).start()
    complete(play, "a")
    assert rounds(play, "e") == 0

    play.do(MessageArrived(subscription=play.local("n"), variables={}))

    assert rounds(play, "e") == 1


def test_a_subprocess_stands_for_all_tokens_in_it() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "sub": SUB, "j": OR, "e": END}
    nodes |= {"u": inside("sub", user()), "v": inside("sub", user())}
    play = Play(graph(nodes, "s>f>a>j f>sub>j>e u>v")).start()

    complete(play, "a", "u")
    assert rounds(play, "e") == 0
    complete(play, "v")

    assert rounds(play, "e") == 1


def test_a_join_inside_a_subprocess_looks_at_its_own_scope_only() -> None:
    nodes = {"s": START, "f": AND, "sub": SUB, "u": user(), "e": END, "a": inside("sub", user())}
    nodes |= {"b": inside("sub", user()), "j": inside("sub", OR), "x": inside("sub", user())}
    play = Play(graph(nodes, "s>f>sub>e f>u>sub a>j b>j>x")).start()

    complete(play, "a", "b")

    assert rounds(play, "x") == 1


def test_an_event_subprocess_does_not_hold_a_join_of_its_scope() -> None:
    nodes = {"s": START, "f": OR, "a": user(), "b": user(), "j": OR, "after": user()}
    nodes |= {"es": EVENT_SUB, "ss": inside("es", started(message("m"), interrupting=False))}
    nodes |= {"h": inside("es", user())}
    flows = "s>f>a>j f>b>j>after ss>h"
    play = Play(graph(nodes, flows, conditions=chosen("f>a", "f>b"))).start(take=["a"])
    play.do(MessageArrived(subscription=play.local("ss"), variables={}))

    complete(play, "a")

    assert rounds(play, "after") == 1


def test_a_loop_around_the_join_that_has_to_pass_it_is_not_waited_for() -> None:
    nodes = {"s": START, "m": XOR, "f": OR, "a": user(), "b": user(), "j": OR, "x": XOR, "e": END}
    conditions = chosen("f>a", "f>b") | {"x>m": expr(lambda v: v["again"])}
    flows = "s>m>f>a>j f>b>j>x>m x>e"
    play = Play(graph(nodes, flows, conditions=conditions, defaults=["x>e"]))
    play.start(take=["a", "b"], again=True)

    complete(play, "a", "b")
    assert rounds(play, "j") == 2
    assert play.waits() == ["a", "b"]
    play.do(VariablesSet(variables={"again": False, "take": []}))
    complete(play, "a", "b")

    assert rounds(play, "x") == 2
    assert play.state.ended == "completed"


def test_a_token_that_loops_before_the_join_holds_it() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "m": XOR, "b": user(), "x": XOR, "j": OR, "e": END}
    conditions = {"x>m": expr(lambda v: v["again"])}
    flows = "s>f>a>j f>m>b>x>m x>j>e"
    play = Play(graph(nodes, flows, conditions=conditions, defaults=["x>j"])).start(again=True)

    complete(play, "a", "b", "b")
    assert rounds(play, "e") == 0
    play.do(VariablesSet(variables={"again": False}))
    complete(play, "b")

    assert rounds(play, "e") == 1


def test_a_token_that_can_come_to_a_flow_with_a_token_as_well_is_not_waited_for() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "x": XOR, "m": XOR, "j": OR}
    nodes |= {"after": user()}
    conditions = {"x>m": expr(lambda v: v["first"])}
    flows = "s>f>a>m>j f>b>x>m x>j>after"
    play = Play(graph(nodes, flows, conditions=conditions, defaults=["x>j"])).start(first=False)

    complete(play, "a")
    assert rounds(play, "after") == 1  # Table 13.3: `b` can come to m>j, which has a token.
    complete(play, "b")

    assert rounds(play, "after") == 2


def test_joins_in_a_row_wait_from_the_first_to_the_last() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "c": user(), "j": OR, "k": OR}
    nodes["after"] = user()
    play = Play(graph(nodes, "s>f>a>j f>b>j>k f>c>k>after")).start()

    complete(play, "c", "a")
    assert rounds(play, "k") == 1
    assert rounds(play, "after") == 0
    complete(play, "b")

    assert rounds(play, "after") == 1


def test_two_joins_that_wait_for_each_other_wait_for_ever() -> None:
    nodes = {"s": START, "f": AND, "j": OR, "k": OR, "x": OR, "y": OR, "e": END}
    play = Play(graph(nodes, "s>f>j f>k j>x>k k>y>j x>e y>e")).start()

    assert play.state.ended is None
    assert play.waits() == []
    assert play.state.joins[0].keys() == {"j", "k"}


def test_a_token_with_an_incident_holds_the_join_until_it_is_clear_where_it_goes() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "x": XOR, "j": OR, "e": END, "no": END}
    conditions = {"x>j": expr(lambda v: v["to"] == 1), "x>no": expr(lambda v: v["to"] == 2)}
    play = Play(graph(nodes, "s>f>a>j f>x>j x>no j>e", conditions=conditions)).start(to=0)
    complete(play, "a")
    assert rounds(play, "e") == 0

    play.do(VariablesSet(variables={"to": 2}))
    play.do(Retried(incident=play.local("x")))

    assert rounds(play, "e") == 1


def test_a_join_with_continuations_waits_for_the_tokens_before_it() -> None:
    slow = {**OR, "async_before": True, "async_after": True}
    play = diamond(j=slow).start(take=["a", "b"])
    complete(play, "a", "b")

    play.do(Continue(job=play.local("j")))
    assert rounds(play, "after") == 0
    play.do(Continue(job=play.local("j")))
    assert rounds(play, "after") == 0
    play.do(Continue(job=play.local("j")))

    assert rounds(play, "after") == 1


def test_a_termination_takes_waiting_tokens_with_it() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "j": OR, "t": end(TerminateEvent())}
    play = Play(graph(nodes, "s>f>a>j f>b>j f>t"))

    play.start()

    assert play.of(Ended) == [Ended("terminated", "t")]
    assert play.state.joins == play.state.tokens == {}


def test_two_thousand_flows_can_lead_to_one_join() -> None:
    count = 2_000
    nodes = {"s": START, "f": AND, "j": OR, "e": END, **{f"n{i}": user() for i in range(count)}}
    flows = "s>f j>e " + " ".join(f"f>n{i}>j" for i in range(count))
    play = Play(graph(nodes, flows)).start()

    for wait in [key for key, wait in play.state.waits.items() if wait.kind == "task"][:5]:
        play.do(TaskCompleted(task=wait, variables={}))

    assert len(play.state.joins[0]["j"]) == 5
