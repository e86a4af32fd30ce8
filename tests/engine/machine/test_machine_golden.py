"""States of every format that was ever released still load.

A new format adds a file `golden/state-<n>.json`; the files of older ones are never changed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from bpmn.values import YearsMonths
from engine.machine import upgrades
from engine.machine.errors import StateTooNew
from engine.machine.state import State, decode, encode, encode_variables
from engine.machine.triggers import JobThrew, Start, TaskCompleted
from tests.engine.machine.graphs import (
    AND,
    START,
    SUB,
    Play,
    boundary,
    expr,
    graph,
    receive,
    script,
    service,
    timer,
    user,
)

GOLDEN = Path(__file__).parent / "golden"


def rich_state() -> State:
    """A state with one of everything."""
    remind = boundary("u", timer("cycle", "R3/P1D"), interrupting=False)
    nodes = {"s": START, "f": AND, "a": user(), "u": user(other_person_than=("a",)), "b": remind}
    nodes |= {"c": {**script(), "async_before": True}, "sub": {**SUB, "inputs": (("x", expr(1)),)}}
    nodes |= {"is": {**START, "in": "sub"}, "r": {**receive("m", 7), "in": "sub"}}
    nodes |= {"t": service(), "j": AND, "k": script()}
    model = graph(
        nodes, "s>f>a>u f>c f>sub f>t f>j f>k>j c>j b>c is>r", remembered=frozenset({"a"})
    )
    play = Play(model)
    values = {
        "amount": Decimal("1.50"),
        "day": date(2026, 3, 1),
        "at": datetime(2026, 3, 1, 8, tzinfo=UTC),
        "wait": timedelta(hours=1),
        "months": YearsMonths(2),
        "list": [1, "ä", None, {"k": True}],
    }
    play.do(Start(variables=values, business_key="K-1", wire={"amount": "Double"}))
    play.do(TaskCompleted(task=play.local("a"), variables={}, performer="u_1", on_behalf_of="u_2"))
    play.do(JobThrew(job=play.local("t"), code="x"))
    return play.state


@pytest.mark.parametrize("number", range(1, upgrades.FORMAT + 1))
def test_a_state_of_each_format_loads(number: int) -> None:
    state_json, variables = (GOLDEN / f"state-{number}.json").read_bytes().splitlines()

    state = decode(state_json, variables)

    assert state == rich_state()


def test_the_current_format_is_written_as_its_golden_file_says() -> None:
    state = rich_state()

    written = encode(state) + b"\n" + encode_variables(state) + b"\n"

    assert written == (GOLDEN / f"state-{upgrades.FORMAT}.json").read_bytes()
    assert len(encode(state)) < 2000


def test_an_older_state_goes_through_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    state = rich_state()
    current = msgspec.json.decode(encode(state))
    old = [upgrades.FORMAT - 2, *current[1:], "gone"]
    steps = {
        upgrades.FORMAT - 2: lambda stored: [upgrades.FORMAT - 1, *stored[1:]],
        upgrades.FORMAT - 1: lambda stored: [upgrades.FORMAT, *stored[1:-1]],
    }
    monkeypatch.setattr(upgrades, "STEPS", steps)

    upgraded = decode(msgspec.json.encode(old), encode_variables(state))

    assert upgraded == state


def test_a_state_of_a_later_version_is_refused() -> None:
    with pytest.raises(StateTooNew):
        decode(b"[%d]" % (upgrades.FORMAT + 1))
