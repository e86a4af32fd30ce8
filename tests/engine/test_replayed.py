"""The ledger tells the state: folding an instance's entries gives what is stored of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import commands, record
from engine.machine.facts import Fact
from engine.machine.scopes import is_reopened
from engine.machine.state import State
from engine.machine.triggers import AnyTrigger, Cancel, Start
from engine.replayed import Open, Standing, replayed
from storage import ledger
from storage.ledger import Entry
from tests.bpmn.drawing import file, line
from tests.engine.bureau import Bureau
from tests.engine.machine import test_machine_nests as nests
from tests.engine.machine import test_machine_properties as properties
from tests.engine.machine.graphs import NOW, Play

CHOICES = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=12)
FACTLESS = {"condition", "selection", "compensation"}
"""Kinds of waits that are the machine's own."""


def assert_told(told: list[Fact], state: State) -> None:
    found = replayed(told)
    opened = {
        local: Open(wait.kind, wait.node, wait.token)
        for local, wait in state.waits.items()
        if wait.kind not in FACTLESS
    }
    assert found.standing == {
        local: Standing(token.node, token.scope)
        for local, token in state.tokens.items()
        if token.entered
    }
    assert found.reopened == {
        local: Standing(token.node, token.scope)
        for local, token in state.tokens.items()
        if is_reopened(token)
    }
    assert {**found.open, **found.incidents} == opened
    stored = {scope: state.local(scope) for scope in (0, *state.tokens) if state.local(scope)}
    assert {scope: own for scope, own in found.variables.items() if own} == stored
    assert found.ended == state.ended


class Kept:
    """A play whose facts pass through the two parts of ledger entries."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.told: list[Fact] = []

    def do(self, trigger: AnyTrigger) -> None:
        lasting, values = record.encode(self.play.do(trigger))
        self.told += record.decode(Entry("s", 1, NOW, "u", None, "test", lasting, values))
        assert_told(self.told, self.play.state)


@settings(max_examples=150, deadline=None)
@given(nests.BLOCKS, nests.LISTENERS, CHOICES, st.booleans())
def test_the_ledger_of_every_nest_tells_its_state_after_each_step(
    block: Any, listeners: list[tuple[str, bool]], choices: list[tuple[int, int]], cancelled: bool
) -> None:
    play = Play(nests.Nest(block, listeners).graph)
    kept = Kept(play)
    kept.do(Start(variables={"n": 0}))

    for choice, value in choices:
        waits = nests.answerable(play, finishing=False)
        if waits:
            kept.do(nests.answer(*waits[choice % len(waits)], value))
    if cancelled and not play.state.ended:
        kept.do(Cancel(reason="test"))

    assert_told(kept.told, play.state)


@settings(max_examples=100, deadline=None)
@given(properties.BLOCKS, st.lists(st.integers(0, 1000), max_size=20))
def test_the_ledger_of_every_block_tells_its_state_after_each_step(
    block: Any, choices: list[int]
) -> None:
    play = Play(properties.Builder(block).graph)
    kept = Kept(play)
    kept.do(Start(variables={"n": 0}))

    for choice in choices:
        if not play.state.ended:
            kept.do(properties.answer(play, choice))

    assert_told(kept.told, play.state)


def test_the_entries_of_a_database_tell_what_is_open_and_what_is_known(bureau: Bureau) -> None:
    nodes = '<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/>'
    bureau.deploy(file(nodes + '<bpmn:endEvent id="e"/>' + line("s", "a", "b", "e")))
    started = bureau.start("p", n=5)
    bureau.run(commands.CompleteTask(bureau.task("a").id, {"seen": True}))

    with bureau.database.reading() as tx:
        entries = list(ledger.entries(tx, started.id))
    told = replayed(fact for entry in entries for fact in record.decode(entry))

    assert [each.node for each in told.open.values()] == ["b"]
    assert [each.node for each in told.standing.values()] == ["b"]
    assert told.variables == {0: bureau.values(started.id)}
    assert told.ended is None
