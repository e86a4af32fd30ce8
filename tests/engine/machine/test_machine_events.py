"""Messages, timers, errors, boundary events, four eyes and decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bpmn.graph import Decision, ErrorEvent
from engine.machine import facts
from engine.machine.errors import PerformerExcluded, PerformerMissing, SubscriptionNotOpen
from engine.machine.facts import ErrorThrown, IncidentOpened, Left, MessageThrown, Subscribed
from engine.machine.run import Decided
from engine.machine.triggers import (
    JobThrew,
    MessageArrived,
    Retried,
    Start,
    TaskCompleted,
    TaskThrew,
    TimerDue,
    VariablesSet,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    NOW,
    START,
    SUB,
    XOR,
    Play,
    boundary,
    expr,
    failing,
    graph,
    message,
    receive,
    script,
    service,
    timer,
    user,
)


def test_a_message_is_waited_for_with_its_evaluated_name_and_key() -> None:
    catch = {"kind": "intermediateCatchEvent", "event": message("paid", lambda v: v["n"])}
    play = Play(graph({"s": START, "c": catch, "r": receive("sent"), "e": END}, "s>c>r>e"))
    play.start(n=7)
    first = play.of(Subscribed)[0]

    play.do(MessageArrived(subscription=first.subscription, variables={"a": 1}))
    with pytest.raises(SubscriptionNotOpen):
        play.do(MessageArrived(subscription=first.subscription, variables={}))
    play.do(MessageArrived(subscription=play.local("r"), variables={}))

    assert (first.message, first.key) == ("paid", 7)
    assert play.variables == {"n": 7, "a": 1}
    assert play.state.ended == "completed"


def test_a_message_is_thrown_with_the_variables_of_its_input_mapping() -> None:
    end = {**END, "event": message("done", 3), "inputs": (("sum", expr(lambda v: v["n"] + 1)),)}
    play = Play(graph({"s": START, "e": end}, "s>e"))

    play.start(n=1)

    assert play.of(MessageThrown) == [MessageThrown("e", "done", 3, {"sum": 2})]
    assert play.of(facts.Ended)[0].end == "e"


def test_a_timer_that_interrupts_withdraws_the_activity() -> None:
    nodes = {"s": START, "u": user(), "b": boundary("u", timer("duration", "PT1H")), "l": user()}
    play = Play(graph({**nodes, "e": END}, "s>u>e b>l")).start()
    assert play.of(facts.TimerArmed)[0].due == NOW + timedelta(hours=1)

    play.do(TimerDue(timer=play.local("b")), timedelta(hours=1))

    assert play.waits() == ["l"]
    assert play.of(facts.TaskClosed)[0].how == "cancelled"


def test_a_recurring_timer_counts_from_when_it_was_due() -> None:
    event = timer("cycle", "R3/PT10S")
    nodes = {"s": START, "u": user(), "b": boundary("u", event, interrupting=False), "l": END}
    play = Play(graph({**nodes, "e": END}, "s>u>e b>l")).start()

    for late in (13, 13, 13):
        play.do(TimerDue(timer=play.local("b")), timedelta(seconds=late))

    dues = [(f.due - NOW).total_seconds() for f in play.of(facts.TimerArmed)]
    assert dues == [10, 20, 30]
    assert play.waits() == ["u"]
    assert [f.node for f in play.of(Left)] == ["s", "b", "l", "b", "l", "b", "l"]


def test_completing_an_activity_takes_its_boundary_events_away() -> None:
    nodes = {"s": START, "u": user(), "b": boundary("u", timer("date", "2027-01-01"))}
    nodes |= {"m": boundary("u", message("stop")), "l": END, "e": END}
    play = Play(graph(nodes, "s>u>e b>l m>l")).start()

    play.do(TaskCompleted(task=play.local("u"), variables={}))

    assert play.of(facts.TimerClosed)[0].how == "cancelled"
    assert play.of(facts.Unsubscribed)[0].how == "cancelled"
    assert play.state.ended == "completed"


def test_a_boundary_message_that_does_not_interrupt_can_come_again() -> None:
    ask = boundary("u", message("ask"), interrupting=False)
    play = Play(graph({"s": START, "u": user(), "b": ask, "a": user()}, "s>u b>a")).start()

    for n in (1, 2):
        play.do(MessageArrived(subscription=play.local("b"), variables={"n": n}))

    assert play.waits("task") == ["u", "a", "a"]


def test_a_timer_boundary_of_a_subprocess_withdraws_all_in_it() -> None:
    nodes = {"s": START, "sub": SUB, "b": boundary("sub", timer("duration", "P1D")), "l": user()}
    nodes |= {"is": {**START, "in": "sub"}, "f": {**AND, "in": "sub"}}
    nodes |= {"x": {**user(), "in": "sub"}, "y": {**service(), "in": "sub"}}
    play = Play(graph(nodes, "s>sub b>l is>f>x f>y")).start()

    play.do(TimerDue(timer=play.local("b")))

    assert play.waits() == ["l"]
    assert play.state.scopes == {0: 1}


def test_an_invalid_timer_is_an_incident() -> None:
    catch = {"kind": "intermediateCatchEvent", "event": timer("duration", "bald")}
    play = Play(graph({"s": START, "c": catch}, "s>c")).start()

    assert play.of(IncidentOpened)[0].kind == "timer_invalid"


def test_a_boundary_event_that_fails_arms_none_and_is_retried_whole() -> None:
    nodes = {"s": START, "u": user(), "b": boundary("u", timer("duration", "PT1H"))}
    late = boundary("u", timer("duration", "PT1H"))
    late["event"] = type(late["event"])("duration", expr(lambda v: v["wait"]))
    play = Play(graph({**nodes, "c": late, "l": END}, "s>u b>l c>l")).start(wait="nie")
    assert play.waits() == ["u"]

    play.do(VariablesSet(variables={"wait": "PT2H"}))
    play.do(Retried(incident=play.local("u", "incident")))

    assert play.waits() == ["b", "c", "u"]


def test_an_error_goes_to_the_most_specific_event_of_the_nearest_scope() -> None:
    nodes = {"s": START, "sub": SUB, "is": {**START, "in": "sub"}, "t": {**service(), "in": "sub"}}
    nodes |= {"any": boundary("sub", ErrorEvent(None, "code", "text")), "l": user()}
    nodes |= {"x": boundary("sub", ErrorEvent("X")), "k": user()}
    nodes |= {"y": {**boundary("t", ErrorEvent("Y")), "in": "sub"}, "m": {**user(), "in": "sub"}}
    model = graph(nodes, "s>sub is>t any>l x>k y>m")
    found = {}

    for code in "XYZ":
        play = Play(model).start()
        play.do(JobThrew(job=play.local("t"), code=code, message="why"))
        found[code] = (play.waits(), play.of(ErrorThrown)[0].caught_by, play.variables)

    assert found == {
        "X": (["k"], "x", {}),
        "Y": (["m"], "y", {}),
        "Z": (["l"], "any", {"code": "Z", "text": "why"}),
    }


def test_an_error_end_event_that_nobody_catches_ends_the_process() -> None:
    nodes = {"s": START, "f": AND, "u": user(), "e": {**END, "event": ErrorEvent("X")}}
    play = Play(graph(nodes, "s>f>u f>e"))

    play.start()

    assert play.of(facts.Ended) == [facts.Ended("error", "e")]
    assert play.state.waits == {}


def test_an_error_of_a_user_task_is_caught_or_kept() -> None:
    nodes = {"s": START, "u": user(), "b": boundary("u", ErrorEvent("X")), "e": END}
    play = Play(graph(nodes, "s>u b>e")).start()

    play.do(TaskThrew(task=play.local("u"), code="other"))
    play.do(Retried(incident=play.local("u", "incident")))
    play.do(TaskThrew(task=play.local("u", "task"), code="X"))

    assert play.state.ended == "completed"


def four_eyes() -> Play:
    nodes = {"s": START, "m": XOR, "a": user(), "b": user(other_person_than=("a",)), "g": XOR}
    again = {"g>m": expr(lambda v: v["again"])}
    return Play(
        graph(
            {**nodes, "e": END},
            "s>m>a>b>g>m g>e",
            conditions=again,
            defaults=["g>e"],
            remembered=frozenset({"a"}),
        )
    ).start(again=True)


def test_four_eyes_hold_for_actor_and_represented_over_all_rounds() -> None:
    play = four_eyes()
    play.do(
        TaskCompleted(task=play.local("a"), variables={}, performer="anna", on_behalf_of="otto")
    )
    assert play.of(facts.TaskOpened)[-1].excluded == ("anna", "otto")
    play.do(TaskCompleted(task=play.local("b"), variables={}, performer="bert"))
    play.do(TaskCompleted(task=play.local("a"), variables={}, performer="carl"))
    task = play.local("b")

    for performer, represented in (("anna", None), ("otto", None), ("eva", "carl")):
        with pytest.raises(PerformerExcluded):
            play.do(
                TaskCompleted(
                    task=task, variables={}, performer=performer, on_behalf_of=represented
                )
            )
    with pytest.raises(PerformerMissing):
        play.do(TaskCompleted(task=task, variables={}))
    play.do(TaskCompleted(task=task, variables={"again": False}, performer="bert"))

    assert play.state.ended == "completed"
    assert list(play.state.performers) == ["a"]


def test_four_eyes_see_what_was_done_after_the_task_was_opened() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(other_person_than=("a",))}
    play = Play(graph(nodes, "s>f>a f>b", remembered=frozenset({"a"}))).start()
    play.do(TaskCompleted(task=play.local("a"), variables={}, performer="anna"))

    with pytest.raises(PerformerExcluded):
        play.do(TaskCompleted(task=play.local("b"), variables={}, performer="anna"))


def test_a_user_task_is_opened_with_what_its_expressions_give() -> None:
    task = user(
        assignee=expr(lambda v: v["initiator"]),
        candidate_groups=expr("a, b"),
        candidate_users=expr(["x"]),
        due=expr("P2D"),
        follow_up=expr("2026-05-01"),
        priority=expr("70"),
        form="form_a",
    )
    play = Play(graph({"s": START, "u": task}, "s>u", initiator="initiator"))

    play.do(Start(variables={}, initiator="u_1", business_key="K-1"))

    opened = play.of(facts.TaskOpened)[0]
    assert (opened.assignee, opened.candidate_groups, opened.candidate_users) == (
        "u_1",
        ("a", "b"),
        ("x",),
    )
    assert opened.due == NOW + timedelta(days=2)
    assert opened.follow_up is not None
    assert opened.follow_up.isoformat() == "2026-04-30T22:00:00+00:00"
    assert (opened.priority, opened.form, play.state.business_key) == (70, "form_a", "K-1")


def test_a_task_whose_expression_fails_is_not_opened() -> None:
    play = Play(graph({"s": START, "u": user(due=failing())}, "s>u")).start()

    assert play.of(facts.TaskOpened) == []
    assert play.waits("incident") == ["u"]


@pytest.mark.parametrize(
    ("kind", "rows", "expected"),
    [
        ("singleEntry", [{"a": 1}], 1),
        ("singleEntry", [], None),
        ("singleEntry", [{"a": 1}, {"a": 2}], "incident"),
        ("singleEntry", [{"a": 1, "b": 2}], "incident"),
        ("singleResult", [{"a": 1, "b": 2}], {"a": 1, "b": 2}),
        ("collectEntries", [{"a": 1}, {"a": 2}], [1, 2]),
        ("resultList", [{"a": 1, "b": 2}], [{"a": 1, "b": 2}]),
    ],
)
def test_a_decision_result_is_mapped_as_the_model_says(
    kind: str, rows: list[dict[str, object]], expected: object
) -> None:
    action = Decision("d", "latest", None, "r", kind)  # type: ignore[arg-type]
    task = {"kind": "businessRuleTask", "action": action}
    model = graph({"s": START, "d": task, "e": END}, "s>d>e")

    play = Play(model, lambda *_: Decided(rows, (1,), {"n": 1}, 3)).start()  # type: ignore[arg-type]

    if expected == "incident":
        assert play.of(IncidentOpened)[0].kind == "decision_result"
    else:
        assert play.variables == {"r": expected}
        assert play.of(facts.Decided)[0].version == 3


def test_a_script_after_a_boundary_event_sees_the_message_variables() -> None:
    stop = boundary("u", message("stop"))
    nodes = {"s": START, "u": user(), "b": stop, "c": script(m=lambda v: v["n"] + 1), "e": END}
    play = Play(graph(nodes, "s>u b>c>e")).start()

    play.do(MessageArrived(subscription=play.local("b"), variables={"n": 1}))

    assert play.variables == {"n": 1, "m": 2}
