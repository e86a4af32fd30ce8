"""Migration: an instance goes on in another version, all of it or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.graph import CompensateEvent, Graph
from engine.machine.errors import MigrationRefused
from engine.machine.facts import (
    Moved,
    Subscribed,
    TimerArmed,
    TimerClosed,
    Unsubscribed,
    WaitMoved,
)
from engine.machine.migration_plans import generate, validate
from engine.machine.standing import standing, standing_of
from engine.machine.triggers import (
    JobDone,
    MessageArrived,
    Migrate,
    Move,
    Retried,
    TaskCompleted,
    TimerDue,
)
from tests.engine.machine.graphs import (
    AND,
    END,
    EVENT_SUB,
    GATE,
    OR,
    START,
    SUB,
    Play,
    boundary,
    call,
    catch,
    condition,
    failing,
    graph,
    inside,
    message,
    receive,
    script,
    service,
    signal,
    started,
    throw,
    timer,
    times,
    user,
)
from tests.engine.machine.test_machine_properties import BLOCKS, Builder, answer
from tests.engine.machine.test_machine_properties import check as check_counts


def migrated(play: Play, target: Graph, *moves: Move, update: bool = False) -> Play:
    """By the stated moves, or by those that are generated."""
    plan = list(moves) or generate(play.model, target, update_triggers=update)
    assert [failures for _, failures in validate(plan, play.model, target) if failures] == []
    source, play.model = play.model, target
    try:
        play.do(Migrate(source=source, moves=tuple(plan)))
    except MigrationRefused:
        play.model = source
        raise
    assert standing(play.facts) == standing_of(play.state)
    return play


def done(play: Play, node: str) -> None:
    play.do(TaskCompleted(task=play.local(node, "task"), variables={}))


def line(*names: str, **more: Any) -> Graph:
    """start → a user task for each name → end."""
    nodes = {"s": START, **{name: user() for name in names}, "e": END, **more}
    return graph(nodes, ">".join(("s", *names, "e")))


# --- plans ---


def pairs(source: Graph, target: Graph) -> list[tuple[str, str]]:
    return [(move.source, move.target) for move in generate(source, target)]


def failures(source: Graph, target: Graph, *moves: Move) -> list[str]:
    return [text for _, found in validate(list(moves), source, target) for text in found]


def test_a_plan_maps_what_is_the_same_in_both() -> None:
    assert pairs(line("a", "b"), line("b", "c", "a")) == [("a", "a"), ("b", "b")]


def test_a_plan_leaves_out_what_changed_its_kind_or_how_often_it_runs() -> None:
    source = line("a", "b", "c")
    target = line("a", b=service(), c={**user(), **times(3)})

    assert pairs(source, target) == [("a", "a")]
    assert failures(source, target, Move(source="b", target="b")) == [
        "Activities have incompatible types (userTask is not compatible with serviceTask)"
    ]
    (text,) = failures(source, target, Move(source="c", target="c"))
    assert "differently often" in text


def test_a_plan_leaves_out_what_lies_in_another_scope_now() -> None:
    source = line("a", "b")
    target = graph(
        {"s": START, "a": inside("sub", user()), "sub": SUB, "is": inside("sub", START)},
        "s>sub is>a",
    )

    assert pairs(source, target) == []
    (text,) = failures(source, target, Move(source="a", target="a"))
    assert "scope" in text


def test_what_is_in_a_scope_that_is_not_mapped_is_not_mapped_either() -> None:
    def nested(scope: str, loop: dict[str, Any]) -> Graph:
        nodes = {"s": START, "sub": {**SUB, **loop}, "is": inside("sub", START)}
        return graph(nodes | {"a": inside("sub", user())}, "s>sub is>a")

    assert pairs(nested("sub", {}), nested("sub", {})) == [("sub", "sub"), ("a", "a")]
    assert pairs(nested("sub", {}), nested("sub", times(2))) == []


def test_a_boundary_event_goes_with_its_activity() -> None:
    late = boundary("a", timer("duration", "PT1H"))
    source = line("a", "b", x=late)
    target = line("a", "b", x=boundary("b", timer("duration", "PT1H")))

    (text,) = failures(source, target, *_same("a", "b", "x"))

    assert "event scope (a)" in text


def _same(*names: str) -> list[Move]:
    return [Move(source=name, target=name) for name in names]


def test_what_does_not_exist_or_is_mapped_twice_is_told() -> None:
    source, target = line("a"), line("b")

    assert failures(source, target, Move(source="x", target="y")) == [
        "Source activity 'x' does not exist",
        "Target activity 'y' does not exist",
    ]
    twice = failures(source, target, *[Move(source="a", target="b")] * 2)
    assert twice == ["There are multiple mappings for source activity id 'a'"] * 2


def test_only_what_has_a_trigger_can_have_it_made_anew() -> None:
    (text,) = failures(line("a"), line("a"), Move(source="a", target="a", update=True))

    assert "event trigger" in text


# --- instances ---


def test_an_open_task_goes_on_under_its_new_name() -> None:
    play = Play(line("a", "b")).start(n=1)
    task = play.local("a")

    migrated(play, line("x", "c"), Move(source="a", target="x"))

    assert (play.waits("task"), play.local("x")) == (["x"], task)
    assert [(fact.token, fact.node) for fact in play.of(Moved)] == [(1, "x")]
    assert [(fact.wait, fact.node) for fact in play.of(WaitMoved)] == [(task, "x")]
    done(play, "x")
    assert play.waits("task") == ["c"]


def test_an_activity_without_an_instruction_refuses_the_whole_instance() -> None:
    fork = {"s": START, "f": AND, "a": user(), "b": user()}
    play = Play(graph(fork, "s>f>a f>b")).start()
    before = play.state

    with pytest.raises(MigrationRefused) as refused:
        migrated(play, graph(fork, "s>f>a f>b"), Move(source="a", target="a"))

    assert {node for node, _ in refused.value.failures} == {"b"}
    assert play.state == before


def test_timers_keep_their_due_time_and_their_rounds() -> None:
    remind = boundary("a", timer("cycle", "R3/PT1H"), interrupting=False)
    play = Play(line("a", x=remind)).start()
    play.do(TimerDue(timer=play.local("x")), timedelta(hours=1))
    (first, second) = play.of(TimerArmed)

    migrated(play, line("a", x=boundary("a", timer("cycle", "R3/PT9H"), interrupting=False)))

    assert play.of(TimerArmed) == [first, second]
    play.do(TimerDue(timer=play.local("x")), timedelta(hours=1))
    assert play.of(TimerArmed)[-1].due == second.due + timedelta(hours=1)


def test_a_trigger_that_is_to_be_updated_is_made_anew() -> None:
    def model(wait: str, name: str) -> Graph:
        late = boundary("a", timer("duration", wait))
        return line("a", x=late, y=boundary("a", message(name), interrupting=False))

    play = Play(model("PT1H", "old")).start()

    migrated(play, model("PT5H", "new"), update=True)

    assert [closed.how for closed in play.of(TimerClosed)] == ["cancelled"]
    assert play.of(TimerArmed)[-1].due == play.now + timedelta(hours=5)
    assert [each.message for each in play.of(Subscribed)] == ["old", "new"]
    assert len(play.waits("subscription")) == 1


def test_boundary_events_that_are_new_listen_and_those_that_are_gone_do_not() -> None:
    play = Play(line("a", x=boundary("a", message("old")))).start()

    migrated(play, line("a", y=boundary("a", message("new"), interrupting=False)))

    assert play.waits("subscription") == ["y"]
    assert [closed.how for closed in play.of(Unsubscribed)] == ["cancelled"]
    play.do(MessageArrived(subscription=play.local("y"), variables={}))
    assert play.waits("subscription") == ["y"]


def test_a_boundary_event_that_has_fired_does_not_listen_again() -> None:
    once = boundary("a", timer("duration", "PT1H"), interrupting=False)
    play = Play(line("a", x=once)).start()
    play.do(TimerDue(timer=play.local("x")))

    migrated(play, line("a", x=once))

    assert play.waits("timer") == []


def test_boundary_events_of_what_has_not_begun_yet_wait_with_it() -> None:
    later = {**user(), "async_before": True}
    play = Play(graph({"s": START, "a": later, "e": END}, "s>a>e")).start()
    nodes = {"s": START, "a": later, "e": END, "x": boundary("a", message("m"))}

    migrated(play, graph(nodes, "s>a>e"))
    assert play.waits("subscription") == []
    play.do(answer(play, 0))

    assert play.waits("subscription") == ["x"]


def test_event_subprocesses_that_are_new_listen_in_every_open_scope() -> None:
    def model(*, listens: bool) -> Graph:
        nodes = {"s": START, "sub": SUB, "is": inside("sub", START), "a": inside("sub", user())}
        if listens:
            for scope, name in (("p", "outer"), ("sub", "inner")):
                nodes[name] = inside(scope, EVENT_SUB)
                start = started(message(name), interrupting=False)
                nodes[f"{name}_start"] = inside(name, start)
                nodes[f"{name}_task"] = inside(name, user())
        flows = "outer_start>outer_task inner_start>inner_task" if listens else ""
        return graph(nodes, f"s>sub is>a {flows}")

    play = Play(model(listens=False)).start()

    migrated(play, model(listens=True))

    assert sorted(play.waits("subscription")) == ["inner_start", "outer_start"]
    play.do(MessageArrived(subscription=play.local("inner_start"), variables={}))
    play.do(MessageArrived(subscription=play.local("outer_start"), variables={}))
    assert sorted(play.waits("task")) == ["a", "inner_task", "outer_task"]
    migrated(play, model(listens=True))
    assert sorted(play.waits("subscription")) == ["inner_start", "outer_start"]


def test_event_subprocesses_that_are_gone_listen_no_longer() -> None:
    nodes = {"s": START, "a": user(), "es": EVENT_SUB, "e": END}
    nodes |= {"est": inside("es", started(message("m"))), "t": inside("es", user())}
    play = Play(graph(nodes, "s>a>e est>t")).start()

    migrated(play, line("a"))

    assert play.waits("subscription") == []
    done(play, "a")
    assert play.state.ended == "completed"


def test_jobs_calls_signals_conditions_and_gateways_go_along() -> None:
    def model(tag: str) -> Graph:
        nodes: dict[str, Any] = {
            "s": START,
            "f": AND,
            f"job{tag}": service(),
            f"call{tag}": call(),
            f"signal{tag}": catch(signal("go")),
            f"when{tag}": catch(condition(lambda v: v["n"] > 5)),
            f"gate{tag}": GATE,
            f"one{tag}": catch(message("one")),
            f"two{tag}": receive("two"),
        }
        inner = "job", "call", "signal", "when", "gate"
        flows = " ".join(f"f>{name}{tag}" for name in inner)
        return graph(nodes, f"s>f {flows} gate{tag}>one{tag} gate{tag}>two{tag}")

    source, target = model(""), model("2")
    names = ["job", "call", "signal", "when", "gate", "one", "two"]
    play = Play(source).start(n=1)
    open_before = len(play.state.waits)

    migrated(play, target, *(Move(source=name, target=f"{name}2") for name in names))

    assert len(play.state.waits) == open_before
    assert {wait.node for wait in play.state.waits.values()} == {
        "job2", "call2", "signal2", "when2", "one2", "two2",
    }  # fmt: skip
    play.do(JobDone(job=play.local("job2"), variables={"n": 9}))
    play.do(MessageArrived(subscription=play.local("two2"), variables={}))
    assert sorted(wait.node for wait in play.state.waits.values()) == ["call2", "signal2"]


def test_a_token_at_a_join_waits_there_if_its_flow_is_there() -> None:
    nodes = {"s": START, "f": AND, "a": user(), "b": user(), "j": OR, "e": END}
    source = graph(nodes, "s>f>a>j f>b>j j>e")
    play = Play(source).start()
    done(play, "a")
    longer = graph(nodes | {"c": user()}, "s>f>a>c>j f>b>j j>e")

    with pytest.raises(MigrationRefused, match="a>j"):
        migrated(play, longer)
    other = graph({**nodes, "c": nodes["a"], "k": OR}, "s>f>c>k f>b>k k>e")
    names = {"a": "c", "b": "b", "j": "k"}
    migrated(play, other, *(Move(source=old, target=new) for old, new in names.items()))
    assert list(play.state.joins[0]["k"]) == ["c>k"]
    done(play, "b")

    assert play.state.ended == "completed"


def test_the_instances_of_a_loop_go_on_where_they_are() -> None:
    def model(name: str) -> Graph:
        task = {**user(), **times(3, sequential=True)}
        return graph({"s": START, name: task, "e": END}, f"s>{name}>e")

    play = Play(model("a")).start()
    done(play, "a")

    migrated(play, model("b"), Move(source="a", target="b"))
    done(play, "b")
    done(play, "b")

    assert play.state.ended == "completed"


def test_an_incident_is_retried_in_the_new_version() -> None:
    broken = {**script(), "inputs": (("i", failing()),)}
    source = graph({"s": START, "x": broken, "e": END}, "s>x>e")
    play = Play(source).start()

    migrated(play, graph({"s": START, "x": script(done=1), "e": END}, "s>x>e"))
    play.do(Retried(incident=play.local("x")))

    assert play.state.ended == "completed"
    assert play.variables == {"done": 1}


def test_what_can_still_be_compensated_must_be_mapped() -> None:
    def model(**undo: Any) -> Graph:
        nodes = {"s": START, "a": {**user(), **undo}, "b": user(), "x": throw(CompensateEvent())}
        nodes["undo"] = {**script(undone=1), "for_compensation": True}
        return graph(nodes, "s>a>b>x")

    play = Play(model(compensated_by="undo")).start()
    done(play, "a")

    with pytest.raises(MigrationRefused, match="compensated"):
        migrated(play, model(compensated_by="undo"), Move(source="b", target="b"))
    migrated(play, model(compensated_by="undo"))
    done(play, "b")

    assert play.variables == {"undone": 1}


class Renamed(Builder):
    """The same block with other names."""

    def add(self, spec: dict[str, Any], scope: str) -> str:
        name = f"m{len(self.nodes)}"
        self.nodes[name] = {**spec, "in": scope}
        return name


@settings(max_examples=80, deadline=None)
@given(BLOCKS, st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.integers(0, 8))
def test_any_block_goes_on_under_other_names_and_comes_to_its_end(
    block: Any, choices: list[int], steps: int
) -> None:
    source, target = Builder(block).graph, Renamed(block).graph
    play = Play(source).start(n=0)
    for choice in choices[:steps]:
        if play.state.ended is None:
            play.do(answer(play, choice))
    if play.state.ended is not None:
        return
    moves = [Move(source=node, target=f"m{node[1:]}") for node in source.nodes]

    migrated(play, target, *moves)

    check_counts(play.state)
    for step in range(20_000):
        if play.state.ended:
            break
        play.do(answer(play, choices[step % len(choices)]))
        check_counts(play.state)
    assert play.state.ended == "completed"
    assert standing(play.facts) == standing_of(play.state)
