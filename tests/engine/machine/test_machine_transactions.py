"""Transactions: cancelled, they compensate what completed in them and leave by their boundary."""

from __future__ import annotations

from typing import Any

from bpmn.graph import CancelEvent, ErrorEvent, Graph
from engine.machine.facts import Cancelled, Ended, Left
from engine.machine.triggers import JobThrew, MessageArrived, TaskCompleted
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    START,
    SUB,
    TRANSACTION,
    Play,
    boundary,
    end,
    graph,
    inside,
    message,
    service,
    started,
    user,
)
from tests.engine.machine.test_machine_compensation import ALL, LOG, check, done, handled, log

CANCEL = CancelEvent()


def booked(flows: str, **more: Any) -> Graph:
    """A transaction `tx` with `a` and `b`, which have handlers, and a cancel end event `x`."""
    nodes = {"s": START, "tx": TRANSACTION, "c": boundary("tx", CANCEL), "e": END, "e2": END}
    nodes |= handled("a", log("a"), "tx") | handled("b", log("b"), "tx")
    nodes |= {"x": inside("tx", end(CANCEL))}
    return graph(nodes | more, f"s>tx>e c>e2 {flows}")


def test_a_cancelled_transaction_compensates_then_leaves_by_its_cancel_event() -> None:
    play = Play(booked("a>b>x"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo b", "undo a"]
    assert done(play) == ["s", "a", "b", "undo-b", "undo-a", "x", "c", "e2"]
    assert [f.node for f in play.of(Cancelled)] == ["tx"]
    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def test_what_still_runs_in_it_is_withdrawn_before_anything_is_compensated() -> None:
    play = Play(booked("f>u f>a>b>x", f=inside("tx", AND), u=inside("tx", user())))

    play.start(log=[])

    assert done(play) == ["s", "f", "a", "b", "undo-b", "undo-a", "x", "c", "e2"]
    assert [f.node for f in play.of(Cancelled)] == ["u", "tx"]
    check(play)


def test_it_waits_for_handlers_that_take_their_time() -> None:
    more: dict[str, Any] = {"es": inside("tx", EVENT_SUB)}
    more |= {"ss": inside("es", started(message("m"), interrupting=False))}
    more |= handled("d", log("d"), "tx", user())
    play = Play(booked("a>d>x", **more)).start(log=[])
    assert sorted(play.waits()) == ["undo-d", "x"]  # No event subprocess listens any more.

    play.do(TaskCompleted(task=play.local("undo-d"), variables={}))

    assert done(play)[-4:] == ["undo-a", "x", "c", "e2"]
    check(play)


def test_a_transaction_without_anything_to_compensate_is_left_at_once() -> None:
    play = Play(booked("u>x", u=inside("tx", user()))).start(log=[])

    play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert done(play)[-3:] == ["x", "c", "e2"]
    check(play)


def test_a_cancelled_transaction_without_a_cancel_event_ends_its_path() -> None:
    nodes = {"s": START, "tx": TRANSACTION, "e": END, "x": inside("tx", end(CANCEL))}
    play = Play(graph(nodes | handled("a", log("a"), "tx"), "s>tx>e a>x"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "undo a"]
    assert done(play) == ["s", "a", "undo-a", "x"]
    assert play.of(Ended) == [Ended("completed")]
    check(play)


def test_a_cancel_in_a_subprocess_cancels_the_transaction_around_it() -> None:
    more = {"sub": inside("tx", SUB), "x": inside("sub", end(CANCEL))}
    play = Play(booked("a>b>sub d>x", **more, **handled("d", log("d"), "sub")))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "d", "undo b", "undo a"]  # `sub` did not complete.
    assert play.of(Ended) == [Ended("completed", "e2")]
    check(play)


def test_an_error_leaves_a_transaction_without_compensation() -> None:
    more = {"t": inside("tx", service()), "err": boundary("tx", ErrorEvent("E"))}
    play = Play(booked("a>b>t>x err>e2", **more)).start(log=[])

    play.do(JobThrew(job=play.local("t"), code="E"))

    assert play.variables[LOG] == ["a", "b"]
    assert done(play)[-2:] == ["err", "e2"]
    check(play)


def test_a_completed_transaction_goes_on_and_can_be_compensated_later() -> None:
    nodes = {"s": START, "tx": TRANSACTION, "later": end(ALL)}
    nodes |= handled("a", log("a"), "tx") | handled("b", log("b"), "tx")
    play = Play(graph(nodes, "s>tx>later a>b"))

    play.start(log=[])

    assert play.variables[LOG] == ["a", "b", "undo b", "undo a"]
    assert "tx" in [f.node for f in play.of(Left)]
    check(play)


def test_an_error_in_a_handler_leaves_the_cancelled_transaction() -> None:
    more = {"err": boundary("tx", ErrorEvent("E")), **handled("d", log("d"), "tx", service())}
    play = Play(booked("a>d>x err>e2", **more)).start(log=[])

    play.do(JobThrew(job=play.local("undo-d"), code="E"))

    assert play.variables[LOG] == ["a", "d"]
    assert done(play)[-2:] == ["err", "e2"]
    check(play)


def test_a_boundary_event_can_interrupt_the_compensation_of_a_transaction() -> None:
    more = {"m": boundary("tx", message("m")), **handled("d", log("d"), "tx", user())}
    play = Play(booked("d>x m>e2", **more)).start(log=[])

    play.do(MessageArrived(subscription=play.local("m"), variables={}))

    assert done(play)[-2:] == ["m", "e2"]
    check(play)
