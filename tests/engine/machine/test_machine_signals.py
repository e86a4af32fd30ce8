"""Signals inside one instance: everybody who listens at that moment catches at once."""

from __future__ import annotations

from bpmn.graph import SignalEvent
from engine.machine.facts import Cancelled, Ended, Entered, Left, SignalThrown, Subscribed
from engine.machine.triggers import MessageArrived, Retried, TaskCompleted
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    START,
    SUB,
    Play,
    boundary,
    catch,
    end,
    expr,
    failing,
    graph,
    inside,
    script,
    signal,
    started,
    throw,
    user,
)


def test_a_thrown_signal_reaches_every_catch_event_that_waits_in_order_of_subscription() -> None:
    nodes = {"s": START, "f": AND, "a": catch(signal("go")), "b": catch(signal("go")), "e": END}
    nodes |= {"c": catch(signal("other")), "t": throw(signal("go", n=7))}
    play = Play(graph(nodes, "s>f>a>e f>b>e f>c>e f>t>e"))

    play.start()

    assert [f.node for f in play.of(Left)] == ["s", "f", "t", "e", "a", "e", "b", "e"]
    assert play.waits() == ["c"]
    assert play.variables == {"n": 7}
    assert [f.signal for f in play.of(Subscribed)] == [True] * 3
    assert play.of(SignalThrown) == [SignalThrown("t", "go", {"n": 7})]


def test_a_signal_is_not_kept_for_who_listens_later() -> None:
    nodes = {"s": START, "t": throw(signal("go")), "a": catch(signal("go")), "e": END}
    play = Play(graph(nodes, "s>t>a>e"))

    play.start()

    assert play.waits() == ["a"]


def test_a_signal_from_outside_goes_on_from_the_catch_event() -> None:
    play = Play(graph({"s": START, "a": catch(signal("go")), "e": END}, "s>a>e")).start()

    play.do(MessageArrived(subscription=play.local("a"), variables={"x": 1}))

    assert play.state.ended == "completed"
    assert play.variables == {"x": 1}


def test_an_interrupting_boundary_event_catches_a_signal_thrown_inside_its_subprocess() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", signal("stop")), "e": END, "e2": END}
    nodes |= {"is": inside("sub", START), "f": inside("sub", AND), "u": inside("sub", user())}
    nodes |= {"t": inside("sub", throw(signal("stop"))), "ie": inside("sub", END)}
    play = Play(graph(nodes, "s>sub>e b>e2 is>f>u>ie f>t>ie"))

    play.start()

    assert play.of(Ended) == [Ended("completed", "e2")]
    assert [f.node for f in play.of(Cancelled)] == ["u", "sub"]


def test_a_boundary_event_that_does_not_interrupt_catches_every_signal() -> None:
    nodes = {"s": START, "u": user(), "b": boundary("u", signal("hey"), interrupting=False)}
    nodes |= {"e": END, "c": script(n=lambda v: v["n"] + 1)}
    play = Play(graph(nodes, "s>u>e b>c")).start(n=0)

    for _ in range(3):
        play.do(MessageArrived(subscription=play.local("b"), variables={}))
    play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert play.variables == {"n": 3}
    assert play.state.ended == "completed"


def test_of_two_interrupting_listeners_on_one_activity_the_first_catches() -> None:
    nodes = {"s": START, "f": AND, "u": user(), "t": throw(signal("go")), "e": END}
    nodes |= {"b": boundary("u", signal("go")), "c": boundary("u", signal("go"))}
    play = Play(graph(nodes, "s>f>u>e f>t>e b>e c>e"))

    play.start()

    assert [f.node for f in play.of(Entered)].count("b") == 1
    assert "c" not in [f.node for f in play.of(Entered)]


def test_a_signal_end_event_starts_an_event_subprocess_that_replaces_the_rest() -> None:
    nodes = {"s": START, "f": AND, "u": user(), "t": end(signal("go", why="x")), "e": END}
    nodes |= {"es": EVENT_SUB, "ss": inside("es", started(signal("go")))}
    nodes |= {"c": inside("es", user())}
    play = Play(graph(nodes, "s>f>u>e f>t ss>c")).start()

    assert play.waits() == ["c"]
    play.do(TaskCompleted(task=play.local("c"), variables={}))

    assert play.state.ended == "completed"
    assert play.variables == {"why": "x"}


def test_a_signal_without_stated_inputs_carries_all_that_its_throw_sees() -> None:
    thrown = throw(SignalEvent(expr("go"), None))
    play = Play(graph({"s": START, "t": thrown, "e": END}, "s>t>e"))

    play.start(a=1)

    assert play.of(SignalThrown)[0].variables == {"a": 1}


def test_an_element_s_input_mapping_is_what_its_signal_carries() -> None:
    mapped = {**throw(signal("go")), "inputs": (("x", expr(lambda v: v["a"] * 2)),)}
    play = Play(graph({"s": START, "t": mapped, "e": END}, "s>t>e"))

    play.start(a=2)

    assert play.of(SignalThrown)[0].variables == {"x": 4}
    assert play.variables == {"a": 2}


def test_a_signal_whose_name_fails_is_thrown_when_it_is_retried() -> None:
    named = throw(SignalEvent(expr(lambda v: v.get("name"))))
    play = Play(graph({"s": START, "u": user(), "t": named, "e": END}, "s>u>t>e")).start()
    play.do(TaskCompleted(task=play.local("u"), variables={}))
    assert not play.of(SignalThrown)

    play.state.variables[0] = {"name": "go"}
    play.do(Retried(incident=play.local("t", "incident")))

    assert play.of(SignalThrown)[0].signal == "go"
    assert play.state.ended == "completed"


def test_a_failing_payload_throws_nothing() -> None:
    thrown = throw(SignalEvent(expr("go"), (("x", failing()),)))
    play = Play(graph({"s": START, "t": thrown, "e": END}, "s>t>e"))

    play.start()

    assert play.waits("incident") == ["t"]
    assert not play.of(SignalThrown)
