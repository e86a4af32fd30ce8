"""Ten thousand instances cost ten times what a thousand cost, in time and in state."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bpmn.graph import Graph
from bpmn.values import Value
from engine.machine.machine import advance
from engine.machine.state import State, decode, encode, encode_variables, new_state
from engine.machine.triggers import (
    AnyTrigger,
    CallEnded,
    Cancel,
    Continue,
    JobDone,
    Start,
    TaskCompleted,
)
from tests.engine.machine.graphs import (
    END,
    NOW,
    START,
    SUB,
    adhoc,
    call,
    each,
    graph,
    inside,
    script,
    service,
    undecided,
    user,
    while_,
)


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """The collector looks at ever more objects; what it costs is not the machine's."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def items(seen: Any) -> Value:
    return seen["items"]  # type: ignore[no-any-return]


def model(spec: dict[str, Any], **inner: dict[str, Any]) -> Graph:
    nodes = {name: inside("a", node) for name, node in inner.items()}
    return graph({"s": START, "a": spec, "e": END, **nodes}, "s>a>e")


def started(of: Graph, count: int, *, stored: bool = False) -> State:
    """The state when all continuations have run; `stored`: written and read back each time."""
    state = new_state(of)
    trigger: AnyTrigger = Start(variables={"items": list(range(count)), "n": 0})
    while True:
        state, _ = advance(of, state, trigger, NOW, undecided)
        if stored:
            state = decode(encode(state), encode_variables(state))
        waiting = [key for key, wait in state.waits.items() if wait.kind == "continuation"]
        if state.ended or not waiting:
            return state
        trigger = Continue(job=waiting[0])


ANSWERS: dict[str, Any] = {
    "task": lambda local: TaskCompleted(task=local, variables={}),
    "job": lambda local: JobDone(job=local, variables={}),
    "call": lambda local: CallEnded(call=local, variables={}),
    "continuation": lambda local: Continue(job=local),
}


def run(of: Graph, count: int, *, stored: bool = False) -> State:
    """To the end, whatever is waited for last: it is found at once."""
    state = started(of, count, stored=stored)
    while state.ended is None:
        local, wait = next(reversed(state.waits.items()))
        state, _ = advance(of, state, ANSWERS[wait.kind](local), NOW, undecided)
    return state


def cost(of: Graph, count: int, rounds: int, *, stored: bool = False) -> float:
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        assert run(of, count, stored=stored).ended == "completed"
        best = min(best, time.process_time() - begun)
    return best


def is_linear(of: Graph, *, bound: float = 15, stored: bool = False) -> bool:
    """Whether ten thousand cost less than `bound` times a thousand; other work on the machine may
    spoil a measurement, not five."""
    for _ in range(5):
        few = cost(of, 1_000, 3, stored=stored)
        if cost(of, 10_000, 1, stored=stored) / few < bound:
            return True
    return False


RESULTS: dict[str, Any] = {"results": "r", "result": lambda v: v["item"]}


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize(
    "activity",
    [
        pytest.param({"a": script()}, id="script"),
        pytest.param({"a": user()}, id="user task"),
        pytest.param({"a": service()}, id="service task"),
        pytest.param({"a": call()}, id="call activity"),
        pytest.param({"a": SUB, "u": user(), "v": script()}, id="subprocess"),
        pytest.param({"a": adhoc(), "u": user(), "v": script()}, id="ad-hoc subprocess"),
    ],
)
def test_ten_thousand_instances_take_ten_times_as_long_as_a_thousand(
    activity: dict[str, Any], sequential: bool
) -> None:
    inner = dict(activity)
    spec = {**inner.pop("a"), **each(items, sequential=sequential, **RESULTS)}

    assert is_linear(model(spec, **inner))


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize(
    "activity",
    [
        pytest.param({"a": script()}, id="script"),
        pytest.param({"a": SUB, "u": user(), "v": script()}, id="subprocess"),
    ],
)
def test_what_is_put_off_is_stored_so_seldom_that_this_stays_so(
    activity: dict[str, Any], sequential: bool
) -> None:
    inner = dict(activity)
    spec = {**inner.pop("a"), **each(items, sequential=sequential, **RESULTS)}

    assert is_linear(model(spec, **inner), bound=25, stored=True)


def test_ten_thousand_rounds_of_a_loop_take_ten_times_as_long_as_a_thousand() -> None:
    of = model({**script(n=lambda v: v["n"] + 1), **while_(lambda v: v["n"] < len(v["items"]))})

    assert is_linear(of)


def test_a_condition_on_the_results_does_not_make_instances_dearer() -> None:
    loop = each(items, completion=lambda v: len(v["r"]) < 0, **RESULTS)
    of = model({**script(), **loop})

    assert is_linear(of)


def withdrawn(of: Graph, count: int) -> float:
    state = started(of, count)
    begun = time.process_time()
    state, _ = advance(of, state, Cancel(reason="enough"), NOW, undecided)
    spent = time.process_time() - begun
    assert (state.tokens, state.waits, state.progress) == ({}, {}, {})
    return spent


def test_ten_thousand_subprocesses_are_withdrawn_in_ten_times_the_time_of_a_thousand() -> None:
    of = model({**SUB, **each(items)}, u=user(), v=user())

    few = min(withdrawn(of, 1_000) for _ in range(3))
    many = min(withdrawn(of, 10_000) for _ in range(2))

    assert many / few < 25


@pytest.mark.parametrize("sequential", [True, False])
def test_the_state_grows_with_what_is_open_not_with_what_was(sequential: bool) -> None:
    of = model({**user(), **each(items, sequential=sequential)})
    few, many = started(of, 100), started(of, 10_000)

    while len(many.waits) > 1:
        local = next(reversed(many.waits))
        many, _ = advance(of, many, ANSWERS["task"](local), NOW, undecided)

    assert len(encode(many)) < 500
    assert len(encode(few)) < (500 if sequential else 10_000)


def test_an_open_instance_takes_a_hundred_bytes_and_its_item() -> None:
    of = model({**user(), **each(items)})
    state = started(of, 10_000)

    assert len(encode(state)) < 10_000 * 100
    assert len(encode_variables(state)) < 10_000 * 20


def test_all_of_ten_thousand_scripts_need_a_dozen_commands() -> None:
    of = model({**script(), **each(items)})
    state, _ = advance(of, new_state(of), Start(variables={"items": [0] * 10_000}), NOW, undecided)
    commands = 1

    while state.ended is None:
        (local,) = state.waits
        state, _ = advance(of, state, Continue(job=local), NOW, undecided)
        commands += 1

    assert commands == 11
