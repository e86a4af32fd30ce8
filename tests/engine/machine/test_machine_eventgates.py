"""Event-based gateways: the first event takes the token; instantiating ones begin an instance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bpmn.graph import Graph
from engine.machine.errors import StartUnknown
from engine.machine.facts import Entered, Left, Subscribed, TimerClosed, Unsubscribed, VariableSet
from engine.machine.triggers import Continue, MessageArrived, Retried, Start, TimerDue, VariablesSet
from tests.engine.machine.graphs import (
    AND,
    END,
    GATE,
    START,
    Play,
    catch,
    condition,
    expr,
    failing,
    graph,
    message,
    receive,
    several,
    signal,
    throw,
    timer,
)


def gate(**events: dict[str, Any]) -> Graph:
    flows = " ".join(f"g>{each}>{each}-end" for each in events)
    ends = {f"{each}-end": END for each in events}
    return graph({"s": START, "g": GATE, **events, **ends}, f"s>g {flows}")


def test_the_first_event_takes_the_token_and_the_others_are_no_longer_waited_for() -> None:
    model = gate(m=catch(message("m")), r=receive("r"), t=catch(timer("duration", "PT1H")))
    play = Play(model).start()
    assert play.waits() == ["m", "r", "t"]
    token = play.state.waits[play.local("m")].token

    facts = play.do(MessageArrived(subscription=play.local("m"), variables={"x": 1}))

    assert facts[:6] == [
        Unsubscribed(2, "arrived"),
        VariableSet(0, "x", 1),
        Unsubscribed(3, "cancelled"),
        TimerClosed(4, "cancelled"),
        Left("g", token),
        Entered("m", token),
    ]
    assert [f.node for f in play.of(Left)] == ["s", "g", "m", "m-end"]
    assert [f.node for f in play.of(Entered)] == ["s", "g", "m", "m-end"]
    assert play.variables == {"x": 1}


@pytest.mark.parametrize("taken", ["r", "t", "c", "x"])
def test_every_kind_of_event_can_be_the_first(taken: str) -> None:
    events = {"r": receive("r"), "t": catch(timer("duration", "PT1H"))}
    events |= {"c": catch(condition(lambda v: v.get("x") == 1)), "x": catch(signal("go"))}
    play = Play(gate(**events)).start()
    local = play.local(taken)

    match taken:
        case "t":
            play.do(TimerDue(timer=local), timedelta(hours=1))
        case "c":
            play.do(VariablesSet(variables={"x": 1}))
        case _:
            play.do(MessageArrived(subscription=local, variables={}))

    assert [f.node for f in play.of(Left)] == ["s", "g", taken, f"{taken}-end"]
    assert play.state.ended == "completed"
    assert play.state.waits == {}


def test_a_condition_that_is_true_already_is_chosen_at_once() -> None:
    play = Play(gate(m=catch(message("m")), c=catch(condition(lambda v: True))))

    play.start()

    assert [f.node for f in play.of(Left)] == ["s", "g", "c", "c-end"]


def test_a_signal_inside_the_instance_chooses() -> None:
    nodes = {"s": START, "f": AND, "g": GATE, "a": catch(signal("go")), "b": catch(message("m"))}
    nodes |= {"t": throw(signal("go")), "e": END}
    play = Play(graph(nodes, "s>f>g>a>e g>b>e f>t>e"))

    play.start()

    assert play.state.ended == "completed"
    assert "a" in [f.node for f in play.of(Left)]


def test_a_gateway_that_cannot_listen_waits_for_nothing_until_it_is_retried() -> None:
    play = Play(gate(m=catch(message("m")), b=catch(message("b", failing())))).start()
    assert play.waits() == ["g"]

    play.model = gate(m=catch(message("m")), b=catch(message("b")))
    play.do(Retried(incident=play.local("g")))

    assert play.waits() == ["m", "b"]


def test_the_chosen_node_has_its_inputs_outputs_and_continuations() -> None:
    mapped = {
        **receive("r"),
        "inputs": (("y", expr(2)),),
        "outputs": (("z", expr(lambda v: v["x"] + v["y"])),),
        "async_before": True,
    }
    play = Play(gate(r=mapped, m=catch(message("m")))).start()

    play.do(MessageArrived(subscription=play.local("r"), variables={"x": 1}))
    assert play.waits() == ["r"]
    play.do(Continue(job=play.local("r")))

    assert play.variables == {"x": 1, "z": 3}
    assert play.state.ended == "completed"


def test_a_parallel_multiple_event_is_chosen_when_all_of_it_has_come() -> None:
    both = catch(several(message("a"), message("b"), parallel=True))
    play = Play(gate(both=both, m=catch(message("m")))).start()
    a, b = (key for key, wait in play.state.waits.items() if wait.node == "both")

    play.do(MessageArrived(subscription=b, variables={}))
    assert play.waits() == ["both", "m"]
    play.do(MessageArrived(subscription=a, variables={}))

    assert [f.node for f in play.of(Left)] == ["s", "g", "both", "both-end"]


# --- gateways and tasks that begin an instance ---


def beginning(*, all_events: bool) -> Graph:
    begins = {**GATE, "instantiate": True, "all_events": all_events}
    nodes = {"g": begins, "a": catch(message("a")), "b": receive("b"), "ae": END, "be": END}
    made = graph(nodes, "g>a>ae g>b>be")
    scope = replace(made.scopes["p"], starts=(), message_starts=("a", "b"))
    return replace(made, scopes={"p": scope})


@pytest.mark.parametrize("node", ["a", "b"])
def test_an_instantiating_gateway_begins_with_the_event_that_came(node: str) -> None:
    play = Play(beginning(all_events=False))

    play.do(Start(node=node, variables={"x": 1}))

    assert [f.node for f in play.of(Left)] == ["g", node, f"{node}e"]
    assert play.variables == {"x": 1}
    assert play.state.ended == "completed"


def test_a_parallel_one_waits_for_all_of_its_events() -> None:
    play = Play(beginning(all_events=True))

    play.do(Start(node="b", variables={}))
    assert [f.message for f in play.of(Subscribed)] == ["a"]
    assert [f.node for f in play.of(Left)] == ["b", "be"]
    play.do(MessageArrived(subscription=play.local("a"), variables={"x": 1}))

    assert [f.node for f in play.of(Left)] == ["b", "be", "g", "a", "ae"]
    assert play.state.ended == "completed"
    assert play.state.tokens == {}


def test_an_instantiating_receive_task_has_its_message_already() -> None:
    nodes = {"r": {**receive("m"), "instantiate": True, "inputs": (("y", expr(1)),)}, "e": END}
    play = Play(graph(nodes, "r>e"))

    play.do(Start(node="r", variables={"x": 1}))

    assert play.of(Subscribed) == []
    assert [f.node for f in play.of(Left)] == ["r", "e"]


@pytest.mark.parametrize("node", ["e", "g", "zz", None])
def test_nothing_else_begins_an_instance(node: str | None) -> None:
    nodes = {"g": GATE, "a": catch(message("a")), "e": END}
    made = graph(nodes, "g>a>e")
    play = Play(replace(made, scopes={"p": replace(made.scopes["p"], starts=())}))

    with pytest.raises(StartUnknown):
        play.do(Start(node=node, variables={}))
